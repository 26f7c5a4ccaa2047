"""A second proof by an SM2 key: turned on, issued, verified, tampered with, compromised, out of reach, turned off."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from support.keyed import OPERATOR, WORDS_THAT_OPEN, keyed_issuer
from support.office import (
    EXAMPLES,
    CourtHouse,
    PublisherTemplate,
    StandingClock,
    application,
    code,
    make_office,
    zaoyang_court,
)
from xinzheng_issuer.api.app import app_of
from xinzheng_issuer.court import load_court
from xinzheng_issuer.errors import ConfigurationError, KeyLifeError
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.issuing.key_records import read_entries
from xinzheng_issuer.issuing.rehearsal import Rehearsal
from xinzheng_issuer.keylife.desk import KeyDesk
from xinzheng_issuer.keylife.drill import drill
from xinzheng_issuer.keylife.effects import Effects
from xinzheng_issuer.keylife.reissue import Reissue
from xinzheng_keys import sm2_library
from xinzheng_keys.custody import create_key
from xinzheng_keys.errors import KeyStoreError
from xinzheng_keys.sm2_signer import SM2Signer
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.trust_documents import KeyUsage
from xinzheng_verifier import Policy, TrustStore, Verifier

try:
    SM2Signer.generate()
except KeyStoreError as error:
    pytest.skip(f"{error} [{error.code}]", allow_module_level=True)

ECDSA, SM2 = "ecdsa-jcs-2019", "xinzheng-sm2-jcs-2026"
FORMS = ("credential.json", "credential.jwt", "credential.qr.txt")
LEAD = timedelta(hours=168)


@pytest.fixture
def desk(keyed: Issuer) -> KeyDesk:
    return KeyDesk(keyed)


@pytest.fixture
def national(keyed_house: CourtHouse, desk: KeyDesk) -> CourtHouse:
    """A court that signs with sm2-1 besides cert-1."""
    turn_on(keyed_house, desk)
    return keyed_house


def turn_on(house: CourtHouse, desk: KeyDesk, name: str = "sm2-1") -> None:
    desk.create(name, KeyUsage.CERTIFICATE, OPERATOR, reason="national algorithms", key_type=KeyType.SM2)
    house.clock.now += LEAD
    desk.activate(name, OPERATOR, reason="national algorithms")


def other_case(number: int = 124) -> dict[str, Any]:
    return application(enforcementCaseNumber=f"（2022）鄂0683执{number}号")


def form(house: CourtHouse, number: str, name: str = "credential.json") -> bytes:
    content: bytes = house.get(f"/api/v1/certificates/{number}/{name}").content
    return content


def proofs(house: CourtHouse, number: str) -> list[dict[str, Any]]:
    proof = json.loads(form(house, number))["proof"]
    return proof if isinstance(proof, list) else [proof]


def signers(house: CourtHouse, number: str) -> list[str]:
    return [proof["verificationMethod"].rpartition("#")[2] for proof in proofs(house, number)]


def verdict(house: CourtHouse, data: bytes, **policy: Any) -> str:
    publisher = house.issuer.outbox.publisher
    assert publisher.latest is not None
    trust = TrustStore.from_bundle(publisher.latest.path.read_bytes(), root=publisher.root, at=house.clock.now)
    return Verifier(trust, policy=Policy(**policy)).report(data, at=house.clock.now).code


def verdicts(house: CourtHouse, number: str, **policy: Any) -> list[str]:
    return [verdict(house, form(house, number, name), **policy) for name in FORMS]


def keys_of_rows(house: CourtHouse, number: str) -> tuple[str | None, str | None]:
    with house.issuer.office.reading() as store:
        certificate, _ = store.issued_certificate(number)
    return certificate.signing_key, certificate.second_key


# --- issued and verified ----------------------------------------------------------------------------------------------


def test_the_json_form_bears_a_proof_of_each_key_and_either_policy_takes_it(national: CourtHouse) -> None:
    number = national.certificate()["certificateNumber"]
    first, second = proofs(national, number)
    assert (first["cryptosuite"], second["cryptosuite"]) == (ECDSA, SM2)
    assert signers(national, number) == ["cert-1", "sm2-1"]
    assert keys_of_rows(national, number) == ("cert-1", "sm2-1")
    assert verdicts(national, number) == ["ok"] * 3
    for asked in ((ECDSA,), (SM2,), (ECDSA, SM2)):
        assert verdict(national, form(national, number), proofs=asked) == "ok", asked
    # Interfaces and paper have no second proof: who asks for SM2 takes the JSON-LD form alone.
    assert verdicts(national, number, proofs=(SM2,)) == ["ok", "proof_required", "proof_required"]


@pytest.mark.parametrize("which", [0, 1])
def test_a_set_with_one_bad_proof_is_refused(national: CourtHouse, which: int) -> None:
    document = json.loads(form(national, national.certificate()["certificateNumber"]))
    good, bad = document["proof"][1 - which], document["proof"][which]
    value = bad["proofValue"]
    bad["proofValue"] = value[:-1] + ("2" if value[-1] != "2" else "3")
    tampered = json.dumps(document).encode()
    assert verdict(national, tampered) == "signature_invalid"
    assert verdict(national, tampered, proofs=(bad["cryptosuite"],)) == "signature_invalid"
    assert verdict(national, tampered, proofs=(good["cryptosuite"],)) == "ok"
    # Each proof alone is over the whole certificate.
    changed = {**document, "certificateNumber": "鄂0683-2026-0000000000000"}
    for proof in document["proof"]:
        assert verdict(national, json.dumps({**changed, "proof": proof}).encode()) == "signature_invalid"
    assert verdict(national, json.dumps({**document, "proof": good}).encode()) == "ok"


def test_certificates_of_before_have_one_proof_and_still_pass(keyed_house: CourtHouse, desk: KeyDesk) -> None:
    before = keyed_house.certificate()["certificateNumber"]
    desk.create("sm2-1", KeyUsage.CERTIFICATE, OPERATOR, reason="-", key_type=KeyType.SM2)
    staged = keyed_house.certificate(other_case())["certificateNumber"]
    keyed_house.clock.now += LEAD
    desk.activate("sm2-1", OPERATOR, reason="-")
    after = keyed_house.certificate(other_case(125))["certificateNumber"]
    assert [signers(keyed_house, each) for each in (before, staged, after)] == [
        ["cert-1"],
        ["cert-1"],
        ["cert-1", "sm2-1"],
    ]
    for number in (before, staged, after):
        assert verdicts(keyed_house, number) == ["ok"] * 3
    assert verdict(keyed_house, form(keyed_house, before), proofs=(SM2,)) == "proof_required"
    with keyed_house.issuer.office.reading() as store:
        now = keyed_house.clock.now
        counts = {name: store.signed_count(name, since=now, at=now).live for name in ("cert-1", "sm2-1", "none")}
    assert counts == {"cert-1": 3, "sm2-1": 1, "none": 0}


def test_lists_and_other_forms_stay_with_the_main_keys(national: CourtHouse, desk: KeyDesk) -> None:
    number = national.certificate()["certificateNumber"]
    listed = national.get("/status/420683/1/revocation", None).json()
    assert listed["proof"]["verificationMethod"].endswith("#status-1")
    national.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge")
    assert verdicts(national, number) == ["revoked"] * 3
    # A newer main key takes over from a main key, not from the SM2 key.
    desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="rotation")
    national.clock.now += LEAD
    desk.activate("cert-2", OPERATOR, reason="rotation")
    assert signers(national, national.certificate(other_case())["certificateNumber"]) == ["cert-2", "sm2-1"]


def test_the_second_proof_stands_beside_an_rdf_proof_too(
    tmp_path: Path, publisher_template: PublisherTemplate, key_folder: Path, clock: StandingClock
) -> None:
    suite = "ecdsa-rdfc-2019"
    office = make_office(tmp_path, clock=clock, court=zaoyang_court(certificate={"cryptosuite": suite}))
    issuer = keyed_issuer(tmp_path, publisher_template, key_folder, office=office)
    house = CourtHouse.open(issuer, clock)
    with house.client, closing(issuer):
        turn_on(house, KeyDesk(issuer))
        number = house.certificate()["certificateNumber"]
        assert [proof["cryptosuite"] for proof in proofs(house, number)] == [suite, SM2]
        assert verdicts(house, number) == ["ok"] * 3


def test_the_rehearsal_finds_what_spoils_the_second_proof(
    national: CourtHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A libcrypto whose signatures are wrong: nothing that it signed is handed over."""
    case = national.approved()
    sign = SM2Signer.sign
    with monkeypatch.context() as patch:
        patch.setattr(SM2Signer, "sign", lambda self, data: sign(self, data + b"\0"))
        answer = national.post(f"{case}/issuance", {}, "sealOperator")
        assert code(answer) == (500, "lint_failed")
        patch.setattr(Rehearsal, "lint", lambda *_, **__: None)
        assert code(national.post(f"{case}/issuance", {}, "sealOperator")) == (500, "self_check_failed")
    assert signers(national, national.issue(case)["certificateNumber"]) == ["cert-1", "sm2-1"]


# --- compromised ------------------------------------------------------------------------------------------------------


def test_what_a_compromised_sm2_key_signed_is_counted_refused_and_issued_anew(
    keyed_house: CourtHouse, desk: KeyDesk, keyed: Issuer, tmp_path: Path
) -> None:
    before = keyed_house.certificate()["certificateNumber"]
    turn_on(keyed_house, desk)
    signed = [keyed_house.certificate(other_case(number))["certificateNumber"] for number in (124, 125)]
    moment = keyed_house.clock.advance(hours=1)
    signed.append(keyed_house.certificate(other_case(126))["certificateNumber"])
    keyed_house.clock.advance(seconds=1)
    found = drill(keyed, "sm2-1", moment, out=tmp_path / "signed.csv")
    assert (found.signed, found.count.live, found.count.since, found.to_reissue) == (3, 3, 1, 3)
    assert found.duration is not None
    listed = (tmp_path / "signed.csv").read_text("utf-8-sig")
    assert [number in listed for number in (*signed, before)] == [True, True, True, False]
    said = [text.en for text in Effects(desk).of_compromise("sm2-1", moment)]
    assert said[0].startswith("After this the JSON-LD form of 3 certificate(s) with a second proof by sm2-1")
    assert "1 signed since" in said[0]
    assert any(text.startswith("No SM2 key is left") for text in said)
    desk.compromise("sm2-1", moment, OPERATOR, reason="stolen")
    for number in signed:
        assert verdicts(keyed_house, number) == ["key_compromised", "ok", "ok"]
        assert verdict(keyed_house, form(keyed_house, number), proofs=(ECDSA,)) == "ok"
    assert verdicts(keyed_house, before) == ["ok"] * 3
    # The next SM2 key, and what was signed by the first one is made anew by both.
    keyed_house.clock.advance(seconds=1)
    desk.create("sm2-2", KeyUsage.CERTIFICATE, OPERATOR, reason="stolen", key_type=KeyType.SM2)
    desk.activate("sm2-2", OPERATOR, reason="stolen", now=True)
    result = Reissue(keyed, "sm2-1", OPERATOR, reason="stolen", batch=2).run()
    assert result.numbers.keys() == set(signed)
    assert (result.left, result.published) == ({}, True)
    for old, new in result.numbers.items():
        assert keyed_house.state(old) == "revoked"
        assert keys_of_rows(keyed_house, new) == ("cert-1", "sm2-2")
        assert verdicts(keyed_house, new) == ["ok"] * 3
        assert verdict(keyed_house, form(keyed_house, new), proofs=(ECDSA, SM2)) == "ok"
    assert keyed_house.state(before) == "active"


def test_a_compromised_main_key_takes_the_certificates_with_two_proofs_along(
    national: CourtHouse, desk: KeyDesk, keyed: Issuer
) -> None:
    number = national.certificate()["certificateNumber"]
    national.clock.advance(seconds=1)
    with pytest.raises(KeyLifeError) as last:
        desk.retire("cert-1", OPERATOR, reason="end")
    assert last.value.code == "key_last"  # the SM2 key signs nothing in its place
    desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="stolen")
    desk.activate("cert-2", OPERATOR, reason="stolen", now=True)
    desk.compromise("cert-1", national.clock.now, OPERATOR, reason="stolen")
    assert verdicts(national, number) == ["key_compromised"] * 3
    [(_, new)] = Reissue(keyed, "cert-1", OPERATOR, reason="stolen").run().numbers.items()
    assert keys_of_rows(national, new) == ("cert-2", "sm2-1")
    assert verdicts(national, new) == ["ok"] * 3


# --- turned off -------------------------------------------------------------------------------------------------------


def test_the_last_sm2_key_may_be_retired_and_certificates_have_one_proof_then(
    national: CourtHouse, desk: KeyDesk
) -> None:
    number = national.certificate()["certificateNumber"]
    national.clock.advance(seconds=1)
    planned = desk.rehearsal().retire("sm2-1", OPERATOR, reason="no longer asked for").entry
    said = list(Effects(desk).of_retirement(planned, leave_none=False))
    assert said[-1].en.startswith("No SM2 key is left: the JSON-LD form of new certificates has one proof again")
    assert said[-1].zh.startswith("将没有 SM2 密钥")
    desk.retire("sm2-1", OPERATOR, reason="no longer asked for")
    assert verdict(national, form(national, number), proofs=(ECDSA, SM2)) == "ok"
    new = national.certificate(other_case())["certificateNumber"]
    assert (signers(national, new), keys_of_rows(national, new)) == (["cert-1"], ("cert-1", None))
    assert verdicts(national, new) == ["ok"] * 3


def test_one_sm2_key_takes_over_from_another(national: CourtHouse, desk: KeyDesk) -> None:
    national.clock.advance(seconds=1)
    desk.create("sm2-2", KeyUsage.CERTIFICATE, OPERATOR, reason="rotation", key_type=KeyType.SM2)
    said = [text.en for text in Effects(desk).of_activation("sm2-2")]
    assert said[0].startswith("From now on sm2-2 adds a second proof (SM2)")
    assert "signed by cert-1 as before" in said[0]
    assert [text for text in said if "stays active" in text] == [
        "sm2-1 stays active but signs nothing as long as a newer key is active; then: xinzheng keys retire sm2-1."
    ]
    desk.activate("sm2-2", OPERATOR, reason="rotation", now=True)
    assert desk.check_others("sm2-1", leave_none=False) == ("sm2-2",)
    assert signers(national, national.certificate()["certificateNumber"]) == ["cert-1", "sm2-2"]


# --- what is refused --------------------------------------------------------------------------------------------------


def test_an_sm2_key_signs_no_status_lists(desk: KeyDesk, keyed: Issuer) -> None:
    with pytest.raises(KeyLifeError) as refused:
        desk.create("status-2", KeyUsage.STATUS, OPERATOR, reason="-", key_type=KeyType.SM2)
    assert (refused.value.code, refused.value.field) == ("sm2_second_proof_only", "type")
    folder = keyed.settings.keys_folder
    assert not (folder / "status-2.pem").exists()
    create_key(
        f"{folder.as_uri()}/status-2.pem", name="status-2", key_type=KeyType.SM2, passphrase=WORDS_THAT_OPEN.encode
    )
    with pytest.raises(KeyLifeError) as staged:
        desk.stage("status-2", KeyUsage.STATUS, "status-2.pem", OPERATOR, reason="-")
    assert staged.value.code == "sm2_second_proof_only"
    assert len(read_entries(folder)) == 2


@pytest.mark.parametrize("field", ["certificate_type", "status_type", "bundle_type", "contribution_type"])
def test_court_toml_names_no_sm2_key(tmp_path: Path, field: str) -> None:
    text = (EXAMPLES / "court.toml").read_text("utf-8")
    (tmp_path / "court.toml").write_text(f'{text}\n[keys]\n{field} = "SM2-P-256"\n', "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_court(tmp_path / "court.toml")
    assert (refused.value.code, refused.value.field) == ("court_file_invalid", f"keys.{field}")
    assert "--type SM2-P-256" in refused.value.message("en")
    assert "第二个签名" in refused.value.message("zh")


@pytest.mark.parametrize("kinds", [(KeyType.SM2, None), (None, KeyType.SM2)])
def test_no_suite_is_right_for_an_sm2_key_alone(kinds: tuple[KeyType | None, KeyType | None]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        zaoyang_court().require_suites(certificate=kinds[0], status=kinds[1])
    assert refused.value.code == "sm2_second_proof_only"


# --- libcrypto out of reach -------------------------------------------------------------------------------------------


@contextmanager
def without_libcrypto() -> Iterator[None]:
    sm2_library._library.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(sm2_library.LIBRARY_VARIABLE, "/nowhere")
        yield
    sm2_library._library.cache_clear()


def test_without_libcrypto_nothing_goes_out_with_one_proof_and_nothing_is_lost(
    national: CourtHouse, publisher_template: PublisherTemplate, key_folder: Path, clock: StandingClock
) -> None:
    case = national.approved()
    data = national.issuer.settings.data
    with without_libcrypto(), closing(keyed_issuer(data, publisher_template, key_folder, clock=clock)) as issuer:
        with pytest.raises(KeyStoreError) as closed:
            issuer.keys.current().require_signers()
        assert closed.value.code == "sm2_unavailable"
        restarted = CourtHouse(issuer, TestClient(app_of(issuer)), clock, national.tokens)
        with restarted.client:
            for _ in range(2):
                answer = restarted.post(f"{case}/issuance", {}, "sealOperator", headers={"Accept-Language": "zh-CN"})
                assert code(answer) == (503, "sm2_unavailable")
                assert "libcrypto" in answer.json()["detail"]
            assert restarted.get(case).json()["state"] == "approved"
            # What needs no SM2 key goes on.
            assert restarted.get("/status/420683/1/revocation", None).status_code == 200
            restarted.apply(other_case())
            issuer.tend()
        with issuer.office.reading() as store:
            [left] = store.pending_certificates()
        # A drill needs no signer.
        assert drill(issuer, "sm2-1", clock.now).signed == 0
    with closing(keyed_issuer(data, publisher_template, key_folder, clock=clock)) as issuer:
        assert issuer.start()[0].finished == (left.number,)
    assert national.get(case).json()["state"] == "active"
    assert signers(national, left.number) == ["cert-1", "sm2-1"]
    assert verdicts(national, left.number) == ["ok"] * 3
