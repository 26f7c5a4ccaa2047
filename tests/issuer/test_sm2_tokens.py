"""A court whose second proof comes from an SM2 key in a hardware module: made or brought, missed, misconfigured.

The module is the one of the tests (`support.sm2_module`); the court's other keys are files.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from support.keyed import OPERATOR
from support.office import EXAMPLES, CourtHouse, StandingClock, application, code
from support.sm2_module import SIGN, Maker, SM2Token, make_token, needs_compiler
from xinzheng_issuer.cli import main
from xinzheng_issuer.installation import Issuer, initialise, open_issuer
from xinzheng_issuer.issuing.key_records import read_entries
from xinzheng_issuer.keylife.desk import KeyDesk
from xinzheng_issuer.settings import Settings, load_settings
from xinzheng_keys.custody import create_key
from xinzheng_keys.errors import KeysError
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.trust_documents import KeyUsage
from xinzheng_verifier import Policy, TrustStore, Verifier

pytestmark = needs_compiler

ECDSA, SM2 = "ecdsa-jcs-2019", "xinzheng-sm2-jcs-2026"


@pytest.fixture
def token(tmp_path: Path) -> SM2Token:
    return make_token(tmp_path)


def settings_of(folder: Path, token: SM2Token, numbers: str | None = None) -> Settings:
    setting = token.maker.setting if numbers is None else numbers
    return load_settings(data=folder / "var", pkcs11_modules=token.modules, pkcs11_sm2=setting)


@pytest.fixture
def settings(tmp_path: Path, token: SM2Token) -> Settings:
    text = (EXAMPLES / "court.toml").read_text("utf-8")
    (tmp_path / "court.toml").write_text(f"{text}\n[keys]\nlead_hours = 0\n", "utf-8")
    settings = settings_of(tmp_path, token)
    initialise(settings, tmp_path / "court.toml", clock=StandingClock())
    return settings


@pytest.fixture
def issuer(settings: Settings, clock: StandingClock) -> Iterator[Issuer]:
    issuer = open_issuer(settings, clock=clock)
    issuer.start()
    yield issuer
    issuer.close()


@pytest.fixture
def house(issuer: Issuer, clock: StandingClock) -> Iterator[CourtHouse]:
    house = CourtHouse.open(issuer, clock)
    with house.client:
        yield house


def place(token: SM2Token) -> str:
    return f"pkcs11:token={token.label}?pin-source=file:{token.pin_file}"


def turn_on(issuer: Issuer, token: SM2Token) -> None:
    desk = KeyDesk(issuer)
    desk.create(
        "sm2-1", KeyUsage.CERTIFICATE, OPERATOR, reason="national algorithms", uri=place(token), key_type=KeyType.SM2
    )
    desk.activate("sm2-1", OPERATOR, reason="national algorithms")


def suites(house: CourtHouse, number: str) -> list[str]:
    proof = json.loads(house.get(f"/api/v1/certificates/{number}/credential.json").content)["proof"]
    return [each["cryptosuite"] for each in (proof if isinstance(proof, list) else [proof])]


def verdict(house: CourtHouse, number: str, **policy: Any) -> str:
    root, bundle = (house.get(f"/bundle/{name}", None).content for name in ("root.json", "latest.xzb"))
    trust = TrustStore.from_bundle(bundle, root=root, at=house.clock.now)
    data = house.get(f"/api/v1/certificates/{number}/credential.json").content
    return Verifier(trust, policy=Policy(**policy)).report(data, at=house.clock.now).code


def command(settings: Settings, *arguments: str, **environment: str) -> Result:
    given = {
        "LC_ALL": "C.UTF-8",
        "XINZHENG_PKCS11_MODULES": settings.pkcs11_modules,
        "XINZHENG_PKCS11_SM2": settings.pkcs11_sm2,
    }
    return CliRunner(env=given | environment).invoke(main, ["keys", *arguments, "--data", str(settings.data)])


CREATE = ("create", "sm2-1", "--usage", "certificate", "--reason", "-", "--yes", "--type", "SM2-P-256", "--uri")


def test_a_certificate_bears_a_proof_of_the_modules_key_and_lenders_take_it(
    house: CourtHouse, issuer: Issuer, token: SM2Token
) -> None:
    before = house.certificate()["certificateNumber"]
    turn_on(issuer, token)
    number = house.certificate(application(enforcementCaseNumber="（2022）鄂0683执124号"))["certificateNumber"]
    assert (suites(house, before), suites(house, number)) == ([ECDSA], [ECDSA, SM2])
    for asked in ((), (ECDSA,), (SM2,), (ECDSA, SM2)):
        assert verdict(house, number, proofs=asked or None) == "ok", asked
    (entry,) = [entry for entry in read_entries(issuer.settings.keys_folder) if entry.record.name == "sm2-1"]
    assert entry.uri.startswith(f"pkcs11:token={token.label};object=420683-sm2-1;id=")
    house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge")
    assert verdict(house, number, proofs=(SM2,)) == "revoked"


def test_a_token_taken_away_loses_nothing(house: CourtHouse, issuer: Issuer, token: SM2Token) -> None:
    turn_on(issuer, token)
    case = house.approved()
    with token.taken_away():
        assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (503, "token_missing")
        assert house.get(case).json()["state"] == "approved"
    number = house.issue(case)["certificateNumber"]
    assert (suites(house, number), verdict(house, number, proofs=(ECDSA, SM2))) == ([ECDSA, SM2], "ok")


def test_numbers_that_do_not_fit_give_no_certificate(
    house: CourtHouse, issuer: Issuer, token: SM2Token, clock: StandingClock
) -> None:
    turn_on(issuer, token)
    case = house.approved()
    SM2Token(token.place, token.label, token.pin_file, Maker(sign=SIGN - 1)).put_in()
    assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (503, "token_signature_wrong")
    folder = issuer.settings.data.parent
    for numbers, expected in ((None, "token_signature_wrong"), ("", "pkcs11_sm2_unset")):
        with pytest.raises(KeysError) as refused:
            open_issuer(settings_of(folder, token, numbers), clock=clock)
        assert refused.value.code == expected
    token.put_in()
    assert suites(house, house.issue(case)["certificateNumber"]) == [ECDSA, SM2]


def test_a_server_that_was_started_without_the_numbers_waits_for_them(
    issuer: Issuer, token: SM2Token, clock: StandingClock
) -> None:
    unaware = open_issuer(settings_of(issuer.settings.data.parent, token, ""), clock=clock)
    house = CourtHouse.open(unaware, clock)
    turn_on(issuer, token)
    with house.client:
        case = house.approved()
        assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (503, "pkcs11_sm2_unset")
        assert house.get(case).json()["state"] == "approved"
    unaware.close()
    with issuer.office.reading() as store:
        (left,) = store.pending_certificates()
    assert issuer.start()[0].finished == (left.number,)


def test_commands_make_bring_and_refuse_such_keys(settings: Settings, token: SM2Token) -> None:
    unset = command(settings, *CREATE, place(token), XINZHENG_PKCS11_SM2="", LC_ALL="zh_CN.UTF-8")
    assert (unset.exit_code, "[pkcs11_sm2_unset]" in unset.stderr) == (1, True)
    bought = Maker(generate=0).setting
    elsewhere = command(settings, *CREATE, place(token), XINZHENG_PKCS11_SM2=bought)
    assert "make one with the maker's own tool and stage it" in elsewhere.stderr
    wrong = command(settings, *CREATE, place(token), XINZHENG_PKCS11_SM2="maker=sign:x")
    assert "[setting_invalid]" in wrong.stderr
    assert "sign is needed" in wrong.stderr
    made = command(settings, *CREATE, place(token))
    assert (made.exit_code, "sm2-1 is staged now." in made.stdout) == (0, True), made.output
    assert "SM2-P-256" in command(settings, "list").stdout
    # One that is there already, as of the maker's own tool.
    create_key(token.uri(), name="bought", key_type=KeyType.SM2, passphrase=bytes, tokens=token.access())
    uri = f"pkcs11:token={token.label};object=bought?pin-source=file:{token.pin_file}"
    staging = ("stage", "sm2-2", "--usage", "certificate", "--reason", "-", "--yes", "--uri", uri)
    assert "sm2-2 is staged now." in command(settings, *staging, XINZHENG_PKCS11_SM2=bought).stdout
