"""A court whose keys lie in a hardware module: SoftHSM 2, which goes, comes, locks and dawdles while it serves."""

import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlmodel import select

from support.office import EXAMPLES, NOW, CourtHouse, StandingClock, application, code
from support.repository import ROOT
from support.softhsm import PIN, Token, library, make_token, needs_softhsm, replaced
from xinzheng_issuer.cli import main
from xinzheng_issuer.errors import ConfigurationError, PublishingError
from xinzheng_issuer.installation import initialise, open_issuer
from xinzheng_issuer.issuing import readiness
from xinzheng_issuer.issuing.key_records import read_entries
from xinzheng_issuer.publishing import role_keys
from xinzheng_issuer.register.tables import Certificate
from xinzheng_issuer.settings import Settings, load_settings
from xinzheng_keys.errors import KeyStoreError, KeyURIError, TokenError
from xinzheng_schemas.multibase import KeyType
from xinzheng_verifier import TrustStore, Verifier

pytestmark = needs_softhsm

CKR_PIN_LOCKED = 0xA4


@pytest.fixture
def token() -> Iterator[Token]:
    token = make_token()
    yield token
    token.destroy()


def settings_of(folder: Path, token: Token, **changes: Any) -> Settings:
    given = {"pkcs11_modules": f"soft={library()}", "pkcs11_pin_from": f"file:{token.pin_file}"} | changes
    return load_settings(data=folder / "var", **given)


def bare(token: Token) -> str:
    return f"pkcs11:token={token.label}"


@pytest.fixture
def settings(tmp_path: Path, token: Token) -> Settings:
    """A data folder whose keys are all in the token."""
    settings = settings_of(tmp_path, token)
    initialise(settings, EXAMPLES / "court.toml", keys=bare(token), clock=StandingClock())
    return settings


@pytest.fixture
def house(settings: Settings) -> Iterator[CourtHouse]:
    clock = StandingClock()
    issuer = open_issuer(settings, clock=clock)
    issuer.start()
    house = CourtHouse.open(issuer, clock)
    with house.client:
        yield house


def recorded(house: CourtHouse) -> list[Certificate]:
    with house.issuer.office.reading() as store:
        return list(store._session.exec(select(Certificate)).all())


def trust_of(house: CourtHouse) -> TrustStore:
    root, bundle = (house.get(f"/bundle/{name}", None).content for name in ("root.json", "latest.xzb"))
    return TrustStore.from_bundle(bundle, root=root, at=house.clock.now)


# --- the keys ---------------------------------------------------------------------------------------------------------


def key_records(settings: Settings) -> list[Path]:
    """Records of keys that lie elsewhere; copies of the roots are beside them."""
    remembered = {"kept-roots.json", "published.json"}
    return [path for path in (settings.keys_folder / "bundle").glob("*.json") if path.name not in remembered]


def test_no_private_key_lies_in_the_data_folder(settings: Settings, token: Token) -> None:
    assert list(settings.data.rglob("*.pem")) == []
    records = json.loads((settings.keys_folder / "keys.json").read_text())
    roles = {path.stem: json.loads(path.read_text()) for path in key_records(settings)}
    assert sorted(roles) == ["court-420683-1", "root-1", "snapshot", "targets", "timestamp"]
    for entry in (*records, *roles.values()):
        assert re.match(f"pkcs11:token={token.label};object=(420683-|court-420683-1;)", entry["uri"])
    everything = b"".join(path.read_bytes() for path in settings.data.rglob("*") if path.is_file())
    assert PIN.encode() not in everything
    assert b"PRIVATE KEY" not in everything


def test_certificates_lists_and_bundle_are_signed_in_the_token(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    for form in ("json", "jwt", "qr.txt"):
        data = house.get(f"/api/v1/certificates/{number}/credential.{form}").content
        assert Verifier(trust_of(house)).report(data, at=house.clock.now).verdict.value == "passed"
    house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge")
    assert Verifier(trust_of(house)).report(data, at=house.clock.now).code == "revoked"


@pytest.mark.parametrize(
    ("section", "elsewhere"),
    [
        ("certificate", {"cert-1.pem"}),
        ("status", {"status-1.pem"}),
        ("bundle", {"targets.pem", "root-1.pem"}),
        ("contribution", {"court-420683-1.pem"}),
    ],
)
def test_each_role_may_have_its_key_elsewhere(tmp_path: Path, token: Token, section: str, elsewhere: set[str]) -> None:
    text = (EXAMPLES / "court.toml").read_text("utf-8")
    (tmp_path / "court.toml").write_text(
        f'{text}\n[keys]\n{section} = "{bare(token)}"\nbundle_type = "P-256"\n', "utf-8"
    )
    settings = settings_of(tmp_path, token)
    initialise(settings, tmp_path / "court.toml", clock=StandingClock())
    files = {path.name for path in settings.keys_folder.rglob("*.pem")}
    assert not files & elsewhere
    assert len(files) == {"certificate": 6, "status": 6, "bundle": 3, "contribution": 6}[section]
    kinds = {"bundle": "zDn", "contribution": "zDn"}  # P-256, as said of the bundle's roles
    for path in key_records(settings):
        assert json.loads(path.read_text())["publicKeyMultibase"].startswith(kinds[section])
    issuer = open_issuer(settings, clock=StandingClock())
    assert issuer.start()[1].published
    issuer.close()


def test_a_data_folder_can_be_moved(settings: Settings, tmp_path: Path) -> None:
    shutil.move(settings.data, tmp_path / "moved")
    moved = settings.model_copy(update={"data": tmp_path / "moved"})
    open_issuer(moved, clock=StandingClock()).close()


def test_two_courts_share_a_token(settings: Settings, token: Token, tmp_path: Path) -> None:
    text = (EXAMPLES / "court.toml").read_text("utf-8").replace("420683", "420684")
    (tmp_path / "court.toml").write_text(text, "utf-8")
    other = settings.model_copy(update={"data": tmp_path / "other"})
    initialise(other, tmp_path / "court.toml", keys=bare(token), clock=StandingClock())
    keys = [json.loads((each.keys_folder / "keys.json").read_text()) for each in (settings, other)]
    assert len({entry["publicKeyMultibase"] for entries in keys for entry in entries}) == 4
    # Made once: names are not given again.
    again = settings.model_copy(update={"data": tmp_path / "again"})
    with pytest.raises(TokenError) as refused:
        initialise(again, tmp_path / "court.toml", keys=bare(token))
    assert refused.value.code == "token_key_exists"
    assert not again.data.exists()


def test_a_uri_that_leads_to_another_key_is_refused(settings: Settings) -> None:
    path = settings.keys_folder / "keys.json"
    records = json.loads(path.read_text())
    records[0]["uri"] = records[1]["uri"]
    path.write_text(json.dumps(records))
    with pytest.raises(ConfigurationError) as refused:
        open_issuer(settings)
    assert (refused.value.code, refused.value.field) == ("key_mismatch", "cert-1")


@pytest.mark.parametrize("damage", ["{", '{"uri": "pkcs11:token=x"}', "other"])
def test_a_record_of_a_role_key_that_says_another_is_damage(settings: Settings, damage: str) -> None:
    folder = settings.keys_folder / "bundle"
    other = (folder / "snapshot.json").read_text()
    mine = json.loads((folder / "targets.json").read_text()) | {"uri": json.loads(other)["uri"]}
    (folder / "targets.json").write_text(json.dumps(mine) if damage == "other" else damage)
    with pytest.raises(PublishingError) as refused:
        open_issuer(settings)
    assert refused.value.code == "role_key_record"


def test_a_role_key_keeps_to_itself_and_to_its_record(tmp_path: Path, token: Token) -> None:
    custody = role_keys.RoleCustody(place=token.uri(), key_type=KeyType.P384)
    signer = role_keys.create_role_key(tmp_path / "targets.pem", passphrase=bytes, custody=custody)
    found = role_keys.load_role_key(tmp_path / "targets.pem", passphrase=bytes, custody=custody)
    assert found.public_key == signer.public_key
    found.public_key.verify_signature(found.sign(b"metadata"), b"metadata")
    assert (tmp_path / "targets.json").stat().st_mode & 0o077 == 0
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        pickle.dumps(found)
    with pytest.raises(NotImplementedError):
        role_keys.CustodySigner.from_priv_key_uri(token.uri(), found.public_key)
    nowhere = tmp_path / "none" / "snapshot.pem"
    with pytest.raises(KeyStoreError) as refused:
        role_keys.create_role_key(nowhere, passphrase=bytes, custody=custody)
    assert refused.value.code == "key_file_not_written"


def test_a_pin_in_the_configuration_is_refused_unrepeated(tmp_path: Path, token: Token) -> None:
    with pytest.raises(KeyURIError) as refused:
        initialise(settings_of(tmp_path, token), EXAMPLES / "court.toml", keys=f"{bare(token)}?pin-value={PIN}")
    assert refused.value.code == "pkcs11_pin_value"
    assert PIN not in refused.value.message("en") + refused.value.message("zh")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pkcs11_modules", "soft"),
        ("pkcs11_modules", "soft=libsofthsm2.so"),
        ("pkcs11_modules", "soft=/a.so;=/b.so"),
        ("pkcs11_pin_from", "4206"),
        ("pkcs11_sm2", "maker=key-type:3"),
        ("pkcs11_timeout_seconds", "0"),
        ("pkcs11_sessions", "0"),
    ],
)
def test_settings_of_another_form_are_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(**{name: value})
    assert (refused.value.code, refused.value.field) == ("setting_invalid", name)


# --- it goes and comes while it serves --------------------------------------------------------------------------------


def test_a_token_taken_away_while_serving_loses_nothing(house: CourtHouse, token: Token) -> None:
    cases = [house.approved(application(enforcementCaseNumber=f"（2022）鄂0683执{n}号")) for n in (1, 2)]
    with token.taken_away():
        for case in cases:
            for _ in range(2):
                answer = house.post(f"{case}/issuance", {}, "sealOperator", headers={"Accept-Language": "zh-CN"})
                assert code(answer) == (503, "token_missing")
                assert "硬件令牌" in answer.json()["detail"]
            assert house.get(case).json()["state"] == "approved"
        # What needs no key goes on: lists as they are, decisions, further cases.
        assert house.get("/status/420683/1/revocation", None).status_code == 200
        house.apply(application(enforcementCaseNumber="（2022）鄂0683执3号"))
        assert house.issuer.outbox.renew().reason == "token_missing"
        house.issuer.tend()
        left = recorded(house)
        assert [row.voided_at for row in left] == [None, None]
    assert house.issue(cases[0])["certificateNumber"] == left[0].number
    assert house.issuer.tend().published
    assert [house.get(case).json()["state"] for case in cases] == ["active", "active"]
    assert {row.number for row in recorded(house)} == {row.number for row in left}
    data = house.get(f"/api/v1/certificates/{left[1].number}/credential.jwt").content
    assert Verifier(trust_of(house)).report(data, at=house.clock.now).verdict.value == "passed"


def test_readiness_goes_and_comes_with_the_token_and_health_stays(
    house: CourtHouse, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 0.0)
    assert house.get("/readyz", None).json() == {"status": "ready"}
    with token.taken_away():
        answer = house.get("/readyz", None, headers={"Accept-Language": "zh-CN"})
        assert code(answer) == (503, "token_missing")
        assert answer.headers["content-type"] == "application/problem+json"
        assert "硬件令牌" in answer.json()["detail"]
        assert house.get("/healthz", None).json()["status"] == "ok"
    assert house.get("/readyz", None).json() == {"status": "ready"}


def test_a_revocation_without_the_token_is_published_when_it_is_back(house: CourtHouse, token: Token) -> None:
    number = house.certificate()["certificateNumber"]
    data = house.get(f"/api/v1/certificates/{number}/credential.jwt").content
    with token.taken_away():
        answer = house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge")
        assert answer.status_code == 200, answer.text
        assert (answer.json()["publication"]["published"], answer.json()["publication"]["detail"]) == (
            False,
            "token_missing",
        )
        assert Verifier(trust_of(house)).report(data, at=house.clock.now).code == "ok"
    assert house.issuer.tend().published
    assert Verifier(trust_of(house)).report(data, at=house.clock.now).code == "revoked"


def test_a_token_gone_over_a_restart_is_finished_by_the_next_start(
    house: CourtHouse, settings: Settings, token: Token
) -> None:
    case = house.approved()
    with token.taken_away():
        assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (503, "token_missing")
        with pytest.raises(TokenError) as refused:
            open_issuer(settings, clock=house.clock)
        assert refused.value.code == "token_missing"
    (left,) = recorded(house)
    started = open_issuer(settings, clock=house.clock)
    assert started.start()[0].finished == (left.number,)
    started.close()
    assert house.get(case).json()["state"] == "active"


def test_a_pin_that_no_longer_opens_is_tried_once(house: CourtHouse, token: Token) -> None:
    case = house.approved()
    with token.taken_away():
        assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (503, "token_missing")
    token.write_pin("000000")
    tried: list[int] = []

    def count(original: Callable[..., int], *given: Any) -> int:
        tried.append(original(*given))
        return tried[-1]

    with replaced("C_Login", count, 4):
        for _ in range(3):
            assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (503, "token_pin_wrong")
        house.issuer.tend()
    assert len(tried) == 1
    token.write_pin(PIN)
    house.issue(case)


def test_a_locked_pin_is_a_503_of_its_own(house: CourtHouse, token: Token) -> None:
    case = house.approved()
    with token.taken_away():
        assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (503, "token_missing")
    with replaced("C_Login", lambda _original, *_: CKR_PIN_LOCKED, 4):
        assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (503, "token_pin_locked")
    house.issue(case)


def test_a_slow_token_is_a_503_in_time(tmp_path: Path, token: Token) -> None:
    settings = settings_of(tmp_path, token, pkcs11_timeout_seconds=0.5)
    initialise(settings, EXAMPLES / "court.toml", keys=bare(token), clock=StandingClock())
    clock = StandingClock()
    issuer = open_issuer(settings, clock=clock)
    house = CourtHouse.open(issuer, clock)
    held = threading.Event()

    def slow(original: Callable[..., int], *given: Any) -> int:
        held.wait(20)
        return original(*given)

    with house.client:
        issuer.start()
        case = house.approved()
        with replaced("C_Sign", slow, 5):
            began = time.monotonic()
            assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (503, "token_slow")
            assert time.monotonic() - began < 5
            held.set()
            time.sleep(0.2)
        (left,) = recorded(house)
        assert house.issue(case)["certificateNumber"] == left.number


def test_there_is_no_way_around_the_token(house: CourtHouse, settings: Settings, token: Token) -> None:
    # A key file of the right name lies ready, and is not taken.
    from xinzheng_keys.file_keystore import create_key_file  # noqa: PLC0415

    create_key_file(settings.keys_folder / "cert-1.pem", passphrase=lambda: b"a passphrase of the tests")
    case = house.approved()
    with token.taken_away():
        assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (503, "token_missing")


# --- the module is lost -----------------------------------------------------------------------------------------------


def command(settings: Settings, *arguments: str, language: str = "C.UTF-8") -> Result:
    environment = {
        "LC_ALL": language,
        "XINZHENG_PKCS11_MODULES": settings.pkcs11_modules,
        "XINZHENG_PKCS11_PIN_FROM": settings.pkcs11_pin_from,
    }
    given = ["keys", *arguments, "--data", str(settings.data)]
    return CliRunner(env=environment).invoke(main, given)


def test_the_desk_opens_without_the_module_and_says_that_nothing_is_published(settings: Settings, token: Token) -> None:
    making = ("--usage", "certificate", "--reason", "module stolen", "--yes")
    with token.taken_away():
        assert command(settings, "list").stdout.count("active") == 2
        for looking in (("show", "cert-1"), ("drill", "cert-1")):
            assert command(settings, *looking).exit_code == 0
        stolen = ("compromise", "cert-1", "--reason", "module stolen")
        dry = command(settings, *stolen, "--dry-run")
        assert (dry.exit_code, "nothing of it is published until they are back" in dry.stdout) == (0, True)
        said = command(settings, *stolen, "--yes")
        assert said.exit_code == 1
        assert "cert-1 is compromised now." in said.stdout
        assert "Publishing failed: role_keys_missing" in said.stderr
        assert "Nothing is published until the keys of the bundle's roles are back" in said.stderr
        nowhere = command(settings, "create", "cert-2", *making)
        assert (nowhere.exit_code, "[key_place_missing]" in nowhere.stderr) == (1, True)
        elsewhere = ("create", "cert-2", "--uri", "file:", *making)
        assert "不会发布任何内容" in command(settings, *elsewhere, language="zh_CN.UTF-8").stderr
        assert command(settings, "list").stdout.count("compromised\t") == 1
        with pytest.raises(TokenError):
            open_issuer(settings)
    issuer = open_issuer(settings, without_signers=True)
    assert issuer.start()[1].published
    with issuer.office.reading() as store:
        (cert_2,) = [entry for entry in read_entries(settings.keys_folder) if entry.record.name == "cert-2"]
        assert store.published_key(cert_2.record.public_key_multibase) is not None
    issuer.close()


def test_keys_made_later_bear_the_courts_id_too(settings: Settings, token: Token) -> None:
    reason = ("--reason", "yearly", "--yes")
    made = command(settings, "create", "cert-2", "--usage", "certificate", "--uri", bare(token), *reason)
    assert made.exit_code == 0, made.output
    entry = next(entry for entry in read_entries(settings.keys_folder) if entry.record.name == "cert-2")
    assert "object=420683-cert-2" in entry.uri
    assert command(settings, "activate", "cert-2", "--now", *reason).exit_code == 0


# --- two processes ----------------------------------------------------------------------------------------------------

ISSUING = """
import sys
from pathlib import Path
from support.office import StandingClock
from xinzheng_issuer.domain.workflow import Actor, Role
from xinzheng_issuer.installation import open_issuer
from xinzheng_issuer.settings import Settings

issuer = open_issuer(Settings(data=Path(sys.argv[1])), clock=StandingClock())
for case in sys.argv[2:]:
    certificate, _ = issuer.cycle.issue(case, Actor("seal", "seal", frozenset({Role.SEAL_OPERATOR})))
    print("number", certificate.number)
"""


def test_two_processes_issue_with_one_token(house: CourtHouse, settings: Settings) -> None:
    cases = [house.approved(application(enforcementCaseNumber=f"（2022）鄂0683执{n}号")) for n in range(1, 7)]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]),
        "XINZHENG_PKCS11_MODULES": settings.pkcs11_modules,
        "XINZHENG_PKCS11_PIN_FROM": settings.pkcs11_pin_from,
    }
    ids = [case.rpartition("/")[2] for case in cases]
    command = [sys.executable, "-c", ISSUING, str(settings.data), *ids[:3]]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as other:
        mine = [house.issue(case)["certificateNumber"] for case in cases[3:]]
        printed = other.communicate(timeout=120)[0].splitlines()
    theirs = [line.split()[1] for line in printed if line.startswith("number ")]
    assert other.returncode == 0
    assert len({*mine, *theirs}) == 6
    house.issuer.outbox.settle()
    for number in (*mine, *theirs):
        data = house.get(f"/api/v1/certificates/{number}/credential.jwt").content
        assert Verifier(trust_of(house)).report(data, at=NOW).verdict.value == "passed"
