"""The kit for other people's tests: every case gets exactly its answer, and what it makes looks like the real thing."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from support.doors import by_http, command
from support.issuers import SimulatedCourt
from support.samples import ABSENT
from xinzheng_schemas import base64url
from xinzheng_schemas.certificate import Certificate
from xinzheng_schemas.certificate_rules import check_rules
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.identity import ResidentId, UnifiedSocialCreditCode
from xinzheng_schemas.json_schemas import CREDIT_REPAIR_SCHEMA_ID
from xinzheng_schemas.json_schemas import document as json_schema
from xinzheng_verifier import Policy, Verifier, testkit
from xinzheng_verifier.read import qr_cwt
from xinzheng_verifier.testkit import COMPANY, PERSON, Case, FakeCourt, FakeIssuer, Situation

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
COURT_CASES = list(FakeCourt(now=NOW).cases())
GENERIC_CASES = list(FakeIssuer(now=NOW).cases())


@pytest.fixture
def court() -> FakeCourt:
    return FakeCourt(now=NOW)


# --- the catalogue ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [*COURT_CASES, *GENERIC_CASES], ids=lambda case: f"{case.policy.profile}-{case.name}")
def test_every_case_gets_its_verdict_and_code(case: Case) -> None:
    report = case.report()
    assert (report.verdict, report.code, report.form) == (case.verdict, case.code, case.form)
    data = case.data if isinstance(case.data, bytes) else case.data.encode()
    verifier = Verifier(case.trust, policy=case.policy)
    assert by_http(verifier, data, at=case.at, now=case.now, identity=case.identity) == report.to_json()


def test_catalogue_leaves_no_situation_out() -> None:
    assert {case.situation for case in [*COURT_CASES, *GENERIC_CASES]} == set(Situation)
    assert len({case.name for case in COURT_CASES}) == len(COURT_CASES)
    forms = {form: {case.situation for case in COURT_CASES if case.form == form} for form in ("jsonld", "jwt", "qr")}
    assert forms["jsonld"] == forms["jwt"] == forms["qr"] | {Situation.UNEXPLAINED_MEMBER}
    assert {case.name for case in COURT_CASES if case.form is None} == {"unreadable"}


@pytest.mark.parametrize("now", [datetime(2020, 2, 29, 23, 59, 59, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)])
def test_cases_hold_at_any_time(now: datetime) -> None:
    for party in (FakeCourt(now=now), FakeIssuer(now=now)):
        assert [case.name for case in party.cases() if case.report().code != case.code] == []


def test_one_case_alone(court: FakeCourt) -> None:
    case = court.case(Situation.REVOKED)
    assert (case.form, case.report().code) == ("jwt", "revoked")
    assert court.case(Situation.GOOD, form="qr").report().form == "qr"
    with pytest.raises(LookupError, match="does not occur as qr"):
        court.case(Situation.UNEXPLAINED_MEMBER, form="qr")
    with pytest.raises(LookupError):
        court.case(Situation.NO_STATUS)


# --- what one builds oneself ------------------------------------------------------------------------------------------


def test_revoking_suspending_and_taking_it_back(court: FakeCourt) -> None:
    first, second = court.certificate(), court.certificate()

    def codes() -> list[str]:
        verifier = Verifier(court.trust())
        return [verifier.report(each.jwt, at=NOW).code for each in (first, second)]

    assert codes() == ["ok", "ok"]
    court.suspend(first)
    assert codes() == ["suspended", "ok"]
    court.revoke(first)
    assert codes() == ["revoked", "ok"]
    court.reinstate(first)
    assert codes() == ["ok", "ok"]


@pytest.mark.parametrize(
    "identity", [PERSON, COMPANY, ResidentId.parse(PERSON), UnifiedSocialCreditCode.parse(COMPANY)]
)
def test_person_or_company(court: FakeCourt, identity: str | ResidentId | UnifiedSocialCreditCode) -> None:
    certificate = court.certificate(name="张三", identity=identity)
    report = Verifier(court.trust()).report(certificate.json, at=NOW, identity=identity)
    assert (report.code, report.claims) == ("ok", certificate.credential)
    assert certificate.forms().keys() == {"jsonld", "jwt", "qr"}


def test_number_that_is_none_is_refused(court: FakeCourt) -> None:
    with pytest.raises(CodedError):
        court.certificate(identity="12345")


def test_credential_of_ones_own_making() -> None:
    issuer = FakeIssuer(now=NOW)
    subject: dict[str, Any] = {"memberNumber": "7", "memberName": "李某"}
    own = issuer.credential(changes={"credentialSubject": subject}, valid_until=NOW + timedelta(days=1))
    verifier = Verifier(issuer.trust(), policy=Policy(profile="vcdm"))
    assert verifier.verify(own.jwt, at=NOW)["credentialSubject"] == subject
    assert verifier.report(own.json, at=NOW + timedelta(days=2)).code == "expired"


def test_documents_serve_the_command_line(court: FakeCourt, tmp_path: Path) -> None:
    certificate = court.certificate()
    (tmp_path / "issuer.json").write_text(json.dumps(court.trust_document()), "utf-8")
    lists: list[Path] = []
    for number, status_list in enumerate(court.status_lists()):
        lists.append(tmp_path / f"list-{number}.json")
        lists[-1].write_text(json.dumps(status_list), "utf-8")
    assert certificate.qr is not None
    (tmp_path / "c.txt").write_text(certificate.qr, "ascii")
    trust: list[str | Path] = ["--controller", tmp_path / "issuer.json", "--status-list", *lists]
    assert command(tmp_path / "c.txt", *trust, "--at", "2026-11-23T09:00:00Z").status == 0


# --- never taken for real ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [FakeCourt, FakeIssuer])
def test_only_places_that_cannot_exist(kind: type[FakeCourt | FakeIssuer]) -> None:
    for host in ("court.gov.cn", "example", "example.com", "fake.example.org"):
        with pytest.raises(ValueError, match=r"\.example"):
            kind(now=NOW, host=host)
    with pytest.raises(ValueError, match="aware"):
        kind(now=datetime(2026, 11, 23))  # noqa: DTZ001 - the point
    assert kind(now=NOW).did.startswith("did:web:fake-")


def test_fake_is_written_on_it(court: FakeCourt) -> None:
    assert court.NAMES == {"zh": "虚构测试法院", "en": "Fictitious Test Court"}
    for name in testkit.__all__:
        if isinstance(getattr(testkit, name), type) and name not in ("Case", "Situation"):
            assert name.startswith("Fake")
    assert "FAKE" in (testkit.__doc__ or "")
    # No test runner takes one of these for tests.
    assert not [name for name in testkit.__all__ if name.lower().startswith("test")]


def test_keys_are_fresh_and_not_shown(court: FakeCourt) -> None:
    other = FakeCourt(now=NOW)
    assert Verifier(other.trust()).report(court.certificate().jwt, at=NOW).code == "signature_invalid"
    assert "EllipticCurve" not in repr(court._keys)


def test_kit_loads_neither_network_nor_issuer() -> None:
    program = """
import sys
before = set(sys.modules)
import xinzheng_verifier.testkit
names = {"socket", "ssl", "http", "asyncio", "multiprocessing", "tuf", "pytest", "xinzheng_keys", "xinzheng_issuer"}
print(sorted(names & (sys.modules.keys() - before)))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


# --- as the issuer makes it -------------------------------------------------------------------------------------------

CERTIFICATE_SCHEMA = Draft202012Validator(json_schema(CREDIT_REPAIR_SCHEMA_ID))


@pytest.mark.parametrize("identity", [PERSON, COMPANY])
def test_certificate_follows_schema_and_rules(court: FakeCourt, identity: str) -> None:
    certificate = court.certificate(identity=identity)
    assert [error.message for error in CERTIFICATE_SCHEMA.iter_errors(certificate.document)] == []
    check_rules(Certificate.from_credential(certificate.credential))


def shape(value: Any) -> Any:
    """Names and kinds, without the values."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


def test_forms_agree_with_those_of_the_issuer(court: FakeCourt) -> None:
    fake = court.certificate()
    issued = SimulatedCourt().issue(
        {"credentialSubject": {"enforcementBasisNumber": ABSENT, "basisIssuingBody": ABSENT}}
    )
    assert shape(fake.document) == shape(issued.json_ld)

    def header(token: str) -> Any:
        return json.loads(base64url.decode(token.split(".", 1)[0]))

    assert shape(header(fake.jwt)) == shape(header(issued.jwt))
    assert {**header(fake.jwt), "kid": ""} == {**header(issued.jwt), "kid": ""}
    assert fake.qr is not None
    symbols = [qr_cwt.read(text.encode("ascii")) for text in (fake.qr, issued.qr)]
    ours, theirs = (symbol.message for symbol in symbols)
    assert symbols[0].claims.keys() == symbols[1].claims.keys()
    assert ours.protected.keys() == theirs.protected.keys()
    assert ours.unprotected == theirs.unprotected
    assert len(ours.signature) == len(theirs.signature)


def test_documents_agree_with_those_of_the_issuer(court: FakeCourt) -> None:
    real = SimulatedCourt()
    theirs: Any = real.issuer_document()
    ours: Any = court.trust_document()
    for document in (ours, theirs):
        # One certificate key of the court's, in use.
        del document["keys"][1:]
        del document["controllerDocument"]["verificationMethod"][2:]
        del document["controllerDocument"]["assertionMethod"][2:]
    assert shape(ours) == shape(theirs)
    assert ours["controllerDocument"]["@context"] == theirs["controllerDocument"]["@context"]
    assert shape(court.status_lists()) == shape(real.status_lists())
