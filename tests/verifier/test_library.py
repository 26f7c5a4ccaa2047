"""The library's contract: what is public, what is raised, what a report says."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

import xinzheng_verifier
from support.issuers import SimulatedCourt
from support.samples import WANG_ID
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.identity import ResidentId, UnifiedSocialCreditCode
from xinzheng_schemas.vocabulary import SCOPE_STATEMENT
from xinzheng_verifier import Outcome, Policy, TrustStore, Verdict, VerificationError, Verifier
from xinzheng_verifier.limits import MAX_INPUT_BYTES
from xinzheng_verifier.messages import MESSAGES, REASONS


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def trust(court: SimulatedCourt) -> TrustStore:
    return TrustStore.from_documents([court.issuer_document()], court.status_lists())


@pytest.fixture(scope="module")
def jwt(court: SimulatedCourt) -> str:
    return court.issue().jwt


def test_public_names() -> None:
    assert xinzheng_verifier.__all__ == [
        "Item",
        "Outcome",
        "Policy",
        "Report",
        "Step",
        "TrustError",
        "TrustStore",
        "Verdict",
        "VerificationError",
        "Verifier",
    ]
    assert dir(xinzheng_verifier) == xinzheng_verifier.__all__
    for name in xinzheng_verifier.__all__:
        assert getattr(xinzheng_verifier, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'notary'"):
        _ = xinzheng_verifier.notary


def test_importing_and_judging_opens_nothing(court: SimulatedCourt) -> None:
    """No module that could reach the network is loaded, not even for a judgement; python-tuf only for bundles."""
    program = f"""
import sys
before = set(sys.modules)  # what measures coverage loads modules of its own
from datetime import datetime
from xinzheng_verifier import TrustStore, Verifier
trust = TrustStore.from_documents([{court.issuer_document()!r}], {court.status_lists()!r})
report = Verifier(trust).report({court.issue().jwt!r}, at=datetime.fromisoformat({court.now.isoformat()!r}))
unwanted = {{"socket", "ssl", "http.client", "http", "urllib.request", "asyncio", "multiprocessing", "tuf"}}
print(report.code, sorted(unwanted & (sys.modules.keys() - before)))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "ok []\n"


def test_report_of_a_genuine_certificate(court: SimulatedCourt, trust: TrustStore) -> None:
    forms = court.issue()
    inputs: dict[str, bytes | str] = {"jsonld": forms.json_text, "jwt": forms.jwt, "qr": forms.qr}
    reports = {form: Verifier(trust).report(data, at=court.now) for form, data in inputs.items()}
    for form, report in reports.items():
        assert report.verdict is Verdict.PASSED
        assert report.form == form
        assert report.claims == forms.credential
        assert report.issuer is not None
        assert (report.issuer.id, report.issuer.name) == (court.did, court.name)
        assert report.scope_statement == SCOPE_STATEMENT
        assert report.status_as_of == court.now - timedelta(minutes=10)
        outcomes = [step.outcome for step in report.steps]
        assert outcomes == [*[Outcome.PASSED] * 8, Outcome.NOT_RUN, Outcome.PASSED]
        assert [step.number for step in report.steps] == [*range(1, 11)]


def test_json_form_of_a_report(court: SimulatedCourt, trust: TrustStore, jwt: str) -> None:
    report = Verifier(trust, policy=Policy(max_status_age=timedelta(hours=24))).report(jwt, at=court.now)
    document = json.loads(json.dumps(report.to_json()))
    assert document == report.to_json()
    assert list(document) == [
        "verdict",
        "code",
        "message",
        "steps",
        "form",
        "at",
        "inputSha256",
        "statusAsOf",
        "bundleVersion",
        "issuer",
        "claims",
        "scopeStatement",
        "policy",
        "version",
    ]
    assert document["policy"] == {
        "profile": "court",
        "maxStatusAgeSeconds": 86400.0,
        "requireStatus": True,
        "issuers": None,
        "types": ["CreditRepairCredential"],
        "proofs": None,
        "maxClockSkewSeconds": 0.0,
        "unsafeAcceptOtherControllers": False,
        "unsafeTrustDatesOfCompromisedKeys": False,
    }
    assert [set(step) for step in document["steps"]] == [
        {"number", "name", "outcome", "code", "message", "evidence"}
    ] * 10


def test_everything_wrong_shows_at_once(court: SimulatedCourt, jwt: str) -> None:
    revoked = TrustStore.from_documents([court.issuer_document()], court.status_lists(revoked=[94567]))
    policy = Policy(issuers=frozenset({"did:web:elsewhere.example"}))
    report = Verifier(revoked, policy=policy).report(
        jwt, at=court.now + timedelta(days=400), identity="420683198506151235"
    )
    assert report.verdict is Verdict.FAILED
    assert [step.code for step in report.steps[5:]] == [
        "ok",
        "expired",
        "revoked",
        "identity_mismatch",
        "policy_issuer",
    ]
    assert report.code == "expired"


def test_failure_outweighs_what_is_undecided(court: SimulatedCourt, jwt: str) -> None:
    unknown = TrustStore.from_documents([court.issuer_document()])
    report = Verifier(unknown).report(jwt, at=court.now, identity="420683198506151235")
    assert (report.verdict, report.code) == (Verdict.FAILED, "identity_mismatch")
    assert Verifier(unknown).report(jwt, at=court.now).verdict is Verdict.INDETERMINATE


def test_nothing_is_shown_unless_the_signature_holds(court: SimulatedCourt, trust: TrustStore) -> None:
    forged = court.issue(signer=SimulatedCourt().certificate_signer)
    report = Verifier(trust).report(forged.jwt, at=court.now)
    assert report.code == "signature_invalid"
    assert (report.claims, report.issuer, report.scope_statement, report.status_as_of) == (None, None, None, None)
    assert [step.outcome for step in report.steps[5:]] == [Outcome.NOT_RUN] * 5
    assert "王某" not in json.dumps(report.to_json(), ensure_ascii=False)


def test_verify_returns_what_was_signed_or_raises_the_report(court: SimulatedCourt, trust: TrustStore) -> None:
    forms = court.issue()
    verifier = Verifier(trust)
    assert verifier.verify(forms.qr, at=court.now, identity=WANG_ID) == forms.credential
    with pytest.raises(VerificationError) as caught:
        verifier.verify(forms.qr, at=court.now + timedelta(days=400))
    assert caught.value.code == "expired"
    assert caught.value.report.verdict is Verdict.FAILED
    assert "2027-05-23T09:00:00Z" in str(caught.value)
    assert "2027-05-23T09:00:00Z" in caught.value.message("zh")
    assert isinstance(caught.value, CodedError)


def test_verify_raises_for_what_is_undecided(court: SimulatedCourt, jwt: str) -> None:
    with pytest.raises(VerificationError) as caught:
        Verifier(TrustStore.from_documents([court.issuer_document()])).verify(jwt, at=court.now)
    assert caught.value.code == "status_unavailable"


def test_error_carries_the_field(court: SimulatedCourt, trust: TrustStore) -> None:
    document = court.secure(court.credential({"creditScore": 1}))
    with pytest.raises(VerificationError) as caught:
        Verifier(trust).verify(json.dumps(document), at=court.now)
    assert (caught.value.code, caught.value.field) == ("data_loss", "/creditScore")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"data": None}, TypeError),
        ({"data": bytearray(b"{}")}, TypeError),
        ({"at": "2026-11-23T09:00:00Z"}, TypeError),
        ({"at": None}, TypeError),
        ({"at": datetime(2026, 11, 23, 9)}, ValueError),  # noqa: DTZ001 - the point
        ({"at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8)))}, ValueError),
        ({"identity": 420683}, TypeError),
        ({"number": 2026}, TypeError),
        ({"other": 1}, TypeError),
        ({"form": "pdf"}, ValueError),
        ({"form": 1}, TypeError),
    ],
)
def test_misuse_is_an_exception_not_a_verdict(
    trust: TrustStore, court: SimulatedCourt, jwt: str, arguments: dict[str, object], error: type[Exception]
) -> None:
    given: dict[str, object] = {"data": jwt, "at": court.now} | arguments
    with pytest.raises(error):
        Verifier(trust).report(given.pop("data"), **given)  # type: ignore[arg-type]


def test_moments_of_any_zone_are_the_same_moment(trust: TrustStore, court: SimulatedCourt, jwt: str) -> None:
    in_china = court.now.astimezone(timezone(timedelta(hours=8)))
    assert Verifier(trust).report(jwt, at=in_china).to_json() == Verifier(trust).report(jwt, at=court.now).to_json()


def test_form_can_be_pinned(trust: TrustStore, court: SimulatedCourt, jwt: str) -> None:
    assert Verifier(trust).report(jwt, at=court.now, form="jwt").code == "ok"
    assert Verifier(trust).report(jwt, at=court.now, form="jsonld").code == "malformed"
    assert Verifier(trust).report(jwt, at=court.now, form="qr").code == "qr_malformed"


def test_pinned_envelope_has_to_say_that_it_is_one(trust: TrustStore, court: SimulatedCourt) -> None:
    document = {
        "@context": "https://www.w3.org/ns/credentials/v2",
        "id": f"data:application/vc+jwt,{court.issue().jwt}",
    }
    report = Verifier(trust).report(json.dumps(document), at=court.now, form="enveloped")
    assert (report.code, report.steps[0].evidence["field"]) == ("envelope_malformed", "/type")


@pytest.mark.parametrize("data", [b" " * (MAX_INPUT_BYTES + 1), "{" * (MAX_INPUT_BYTES + 1), "王" * MAX_INPUT_BYTES])
def test_larger_input_is_refused_unread(trust: TrustStore, court: SimulatedCourt, data: bytes | str) -> None:
    report = Verifier(trust).report(data, at=court.now)
    assert (report.code, report.input_sha256, report.form) == ("too_large", None, None)


def test_half_characters_in_text_are_no_crash(trust: TrustStore, court: SimulatedCourt) -> None:
    for text in ("\ud800", '{"a":"\ud800"}', "ey\ud800.a.b", "XZ1:\ud800"):
        assert Verifier(trust).report(text, at=court.now).verdict is Verdict.FAILED


def test_identity_may_be_parsed_already(trust: TrustStore, court: SimulatedCourt, jwt: str) -> None:
    verifier = Verifier(trust)
    assert verifier.report(jwt, at=court.now, identity=ResidentId.parse(WANG_ID)).code == "ok"
    assert verifier.report(jwt, at=court.now, identity=f" {WANG_ID.lower()}\n").code == "ok"
    company = UnifiedSocialCreditCode.parse("91420683MA0000007M")
    assert verifier.report(jwt, at=court.now, identity=company).code == "identity_mismatch"


@pytest.mark.parametrize("identity", [WANG_ID, "420683198506151235", "420683199001010019"])
def test_no_report_holds_the_number_that_was_typed(
    trust: TrustStore, court: SimulatedCourt, jwt: str, identity: str
) -> None:
    report = Verifier(trust).report(jwt, at=court.now, identity=identity)
    assert identity not in json.dumps(report.to_json())
    assert identity not in repr(report)


def test_every_code_explains_itself_in_both_languages() -> None:
    for code, message in REASONS.items():
        assert MESSAGES[code] is message
        assert message.en.endswith(".")
        assert message.zh.endswith("。")


def test_now_is_never_asked(trust: TrustStore, court: SimulatedCourt, jwt: str) -> None:
    first = Verifier(trust).report(jwt, at=court.now)
    assert first == Verifier(trust).report(jwt, at=court.now)
    assert first.at == court.now
    assert court.now != datetime.now(UTC)
