"""Status lists in every form that W3C publishes them in, each put through steps 1 to 6 like any credential."""

import base64
import json
import random
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from support.doors import command
from support.issuers import NOW, SimulatedCourt
from support.mechanisms import compact, sign1
from support.samples import ABSENT, changed
from support.tuf_simulator import TUFSimulator
from xinzheng_schemas import bitstring
from xinzheng_schemas.contexts import CREDENTIALS_V2, CREDIT_REPAIR_V1
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import Report, TrustError, TrustStore, Verdict, Verifier
from xinzheng_verifier.limits import MAX_INPUT_BYTES, STATUS_LIST_JSON

INDEX = 94567
CONTEXT = "https://a.example/context"


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def jwt(court: SimulatedCourt) -> str:
    return court.issue().jwt


def unsigned(court: SimulatedCourt, purpose: str = "revocation", *indexes: int, **settings: Any) -> dict[str, Any]:
    document = court.status_list(purpose, indexes, **settings)
    return {name: value for name, value in document.items() if name != "proof"}


def as_jwt(court: SimulatedCourt, document: dict[str, Any], **header: Any) -> bytes:
    head = {"alg": "ES256", "typ": "vc+jwt", "kid": court.method("status-1")} | header
    return compact(head, document, court.status_signer).encode()


def as_cose(court: SimulatedCourt, document: dict[str, Any]) -> bytes:
    head = {1: -7, 4: court.method("status-1").encode(), 16: "application/vc+cose"}
    return sign1(head, json.dumps(document).encode(), court.status_signer)


def as_jsonld(court: SimulatedCourt, document: dict[str, Any]) -> bytes:
    return json.dumps(court.secure(document, key="status-1")).encode()


def in_envelope(court: SimulatedCourt, document: dict[str, Any]) -> bytes:
    url = f"data:application/vc+jwt,{as_jwt(court, document).decode()}"
    envelope = {"@context": CREDENTIALS_V2, "type": "EnvelopedVerifiableCredential", "id": url}
    return json.dumps(envelope).encode()


def as_data_url(court: SimulatedCourt, document: dict[str, Any]) -> bytes:
    return b"data:application/vc+cose;base64," + base64.b64encode(as_cose(court, document))


Form = Callable[[SimulatedCourt, dict[str, Any]], bytes]
FORMS: dict[str, Form] = {
    "jsonld": as_jsonld,
    "jwt": as_jwt,
    "cose": as_cose,
    "enveloped": in_envelope,
    "data-url": as_data_url,
}
EACH_FORM = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def judged(court: SimulatedCourt, jwt: str, *lists: bytes, **settings: Any) -> Report:
    trust = TrustStore.from_documents([court.issuer_document()], lists, **settings)
    return Verifier(trust).report(jwt, at=NOW)


def reason(report: Report) -> object:
    return report.steps[7].evidence.get("reason")


# --- taken ------------------------------------------------------------------------------------------------------------


@EACH_FORM
def test_list_is_taken_in_every_form(court: SimulatedCourt, jwt: str, form: Form) -> None:
    suspension = form(court, unsigned(court, "suspension"))
    clear = judged(court, jwt, form(court, unsigned(court)), suspension)
    assert (clear.code, clear.status_as_of) == ("ok", NOW - timedelta(minutes=10))
    revoked = judged(court, jwt, form(court, unsigned(court, "revocation", INDEX)), suspension)
    assert (revoked.code, revoked.verdict) == ("revoked", Verdict.FAILED)
    stale = form(court, unsigned(court, "revocation", valid_from=NOW - timedelta(days=30)))
    assert judged(court, jwt, stale, suspension).code == "status_stale"


@pytest.mark.parametrize("suffix", ["json", "jwt", "cose"])
def test_list_of_any_form_in_bundle_and_store(
    court: SimulatedCourt, jwt: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"json": as_jsonld, "jwt": as_jwt, "cose": as_cose}[suffix]
    simulator = TUFSimulator(at=court.now)
    folder = "courts/420683/status/1"
    simulator.targets = {
        "courts/420683/issuer.json": json.dumps(court.issuer_document()).encode(),
        f"{folder}/revocation.{suffix}": form(court, unsigned(court, "revocation", INDEX)),
        f"{folder}/suspension.json": as_jsonld(court, unsigned(court, "suspension")),
    }
    trust = TrustStore.from_bundle(simulator.bundle(), root=simulator.root_bytes, at=NOW)
    assert Verifier(trust).report(jwt, at=NOW).code == "revoked"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.xzb").write_bytes(simulator.bundle())
    (tmp_path / "r.json").write_bytes(simulator.root_bytes)
    (tmp_path / "c.jwt").write_text(jwt, "ascii")
    at = ("--at", format_timestamp(NOW))
    assert command("store", "import", "b.xzb", "--root", "r.json", "--store", "s", *at).status == 0
    assert json.loads(command("c.jwt", "--store", "s", *at, "--json").out)["code"] == "revoked"
    shown = json.loads(command("store", "show", "--court", "420683", "--store", "s", *at, "--json").out)
    stated = {one["url"].rpartition("/")[2]: one["validUntil"] for one in shown["statusLists"]}
    until = unsigned(court)["validUntil"]
    assert stated == {"revocation": until, "suspension": until}
    assert until in command("store", "show", "--court", "420683", "--store", "s", *at).out


def test_list_of_a_file_at_the_command_line(
    court: SimulatedCourt, jwt: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "issuer").write_text(json.dumps(court.issuer_document()), "utf-8")
    (tmp_path / "r").write_bytes(as_jwt(court, unsigned(court)) + b"\n")
    (tmp_path / "s").write_bytes(as_cose(court, unsigned(court, "suspension")))
    (tmp_path / "c.jwt").write_text(jwt, "ascii")
    trust = ("--controller", "issuer", "--status-list", "r", "s", "--at", format_timestamp(NOW))
    assert command("c.jwt", *trust).status == 0


@EACH_FORM
def test_list_larger_than_any_certificate(court: SimulatedCourt, jwt: str, form: Form) -> None:
    noise = bytearray(random.Random(7).randbytes(MAX_INPUT_BYTES * 2))  # noqa: S311 - does not compress
    noise[INDEX // 8] = 0
    large = unsigned(court, overrides={"credentialSubject": {"encodedList": bitstring.encode(noise)}})
    data = form(court, large)
    assert len(data) > 2 * MAX_INPUT_BYTES
    assert judged(court, jwt, data, form(court, unsigned(court, "suspension"))).code == "ok"


def test_list_beyond_the_bounds_is_refused_unread(court: SimulatedCourt) -> None:
    beyond = "A" * (STATUS_LIST_JSON.max_bytes + 1)
    for form in (as_jwt, as_cose):
        data = form(court, unsigned(court, overrides={"credentialSubject": {"encodedList": beyond}}))
        with pytest.raises(TrustError) as refused:
            TrustStore.from_documents([court.issuer_document()], [data])
        assert refused.value.code == "trust_document_malformed"
    with pytest.raises(TrustError):
        TrustStore.from_documents([], [b"{" + b" " * STATUS_LIST_JSON.max_bytes * 2])


@pytest.mark.parametrize("name", ["id", "jti"])
def test_list_without_an_address_is_none(court: SimulatedCourt, name: str) -> None:
    document = changed(unsigned(court), {"id": ABSENT}) | {name: 7}
    for form in FORMS.values():
        with pytest.raises(TrustError) as refused:
            TrustStore.from_documents([court.issuer_document()], [form(court, document)])
        assert refused.value.code == "trust_document_malformed"


NO_LISTS: list[bytes | str] = [
    "",
    "XZ1:ABC",
    b"\xd2",
    b"\xd2\x84",
    "eyJ.eyJ.",
    "data:text/plain,x",
    b"\x89PNG\r\n\x1a\n",
]


@pytest.mark.parametrize("data", NO_LISTS)
def test_what_is_no_list_is_refused_when_it_is_given(data: bytes | str) -> None:
    with pytest.raises(TrustError) as refused:
        TrustStore.from_documents([], [data])
    assert refused.value.code == "trust_document_malformed"


def test_message_without_a_credential_is_no_list(court: SimulatedCourt) -> None:
    head = {1: -7, 4: court.method("status-1").encode(), 16: "application/vc+cose"}
    with pytest.raises(TrustError) as refused:
        TrustStore.from_documents([], [sign1(head, b"[]", court.status_signer)])
    assert refused.value.code == "trust_document_malformed"


# --- not believed -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [as_jwt, as_cose, in_envelope, as_data_url])
def test_list_that_somebody_else_signed(court: SimulatedCourt, jwt: str, form: Form) -> None:
    """Nothing but the key differs."""
    thief = SimulatedCourt()
    report = judged(court, jwt, form(thief, unsigned(court)), as_jsonld(court, unsigned(court, "suspension")))
    assert (report.verdict, report.code, reason(report)) == (
        Verdict.INDETERMINATE,
        "status_issuer",
        "signature_invalid",
    )


def test_list_by_a_key_that_is_not_for_lists(court: SimulatedCourt, jwt: str) -> None:
    head = {"alg": "ES256", "typ": "vc+jwt", "kid": court.method("cert-1")}
    data = compact(head, unsigned(court), court.certificate_signer).encode()
    report = judged(court, jwt, data, as_jsonld(court, unsigned(court, "suspension")))
    assert (report.code, reason(report)) == ("status_issuer", "key_usage")


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"alg": "none"}, "alg_not_allowed"),
        ({"typ": "JWT"}, "typ_unexpected"),
        ({"jwk": {}}, "header_forbidden"),
        ({"crit": ["exp"]}, "crit_unknown"),
    ],
)
def test_list_under_a_header_that_no_credential_may_bear(
    court: SimulatedCourt, jwt: str, header: dict[str, Any], why: str
) -> None:
    suspension = as_jsonld(court, unsigned(court, "suspension"))
    report = judged(court, jwt, as_jwt(court, unsigned(court), **header), suspension)
    assert (report.verdict, report.code, reason(report)) == (Verdict.INDETERMINATE, "status_unavailable", why)


def test_list_is_over_when_its_token_is(court: SimulatedCourt, jwt: str) -> None:
    suspension = as_jsonld(court, unsigned(court, "suspension"))
    for end, code in ((NOW - timedelta(minutes=1), "status_stale"), (NOW + timedelta(minutes=1), "ok")):
        token = as_jwt(court, unsigned(court) | {"exp": int(end.timestamp())})
        assert judged(court, jwt, token, suspension).code == code


@pytest.mark.parametrize(
    ("claims", "code"),
    [({"vc": {}}, "claim_forbidden"), ({"aud": "a"}, "claim_forbidden"), ({"jti": "urn:uuid:1"}, "claim_mismatch")],
)
def test_list_under_claims_that_no_credential_may_bear(
    court: SimulatedCourt, jwt: str, claims: dict[str, Any], code: str
) -> None:
    suspension = as_jsonld(court, unsigned(court, "suspension"))
    report = judged(court, jwt, as_jwt(court, unsigned(court) | claims), suspension)
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, code)


# --- step 6 -----------------------------------------------------------------------------------------------------------

SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "undefined term": ({"validity": "for ever"}, "data_loss"),
    "undefined term of the list": ({"credentialSubject": {"entries": 131_072}}, "data_loss"),
    "null": ({"name": None}, "data_loss"),
    "no base type": ({"type": ["BitstringStatusListCredential"]}, "type_unexpected"),
    "undefined type": ({"type": ["VerifiableCredential", "BitstringStatusListCredential", "Odd"]}, "data_loss"),
    "no base context": ({"@context": [CREDIT_REPAIR_V1]}, "context_unknown"),
    "unknown context": ({"@context": [CREDENTIALS_V2, CREDIT_REPAIR_V1, "https://b.example/"]}, "context_unknown"),
    "inline context": ({"@context": [CREDENTIALS_V2, CREDIT_REPAIR_V1, {"x": "urn:x"}]}, "context_unknown"),
    "context within": ({"credentialSubject": {"@context": {}}}, "context_unknown"),
    "expanded key": ({"https://a.example/x": "y"}, "not_compacted"),
    "issuer of an odd name": ({"termsOfUse": {"id": "urn:x"}}, "shape_invalid"),
    "dates turned round": ({"validUntil": "2020-01-01T00:00:00Z"}, "shape_invalid"),
}


@pytest.mark.parametrize("form", [as_jsonld, as_jwt, as_cose])
@pytest.mark.parametrize(("overrides", "why"), SHAPES.values(), ids=SHAPES)
def test_list_goes_through_the_step_of_shape(
    court: SimulatedCourt, jwt: str, form: Form, overrides: dict[str, Any], why: str
) -> None:
    """Even if it says that the certificate is revoked: what is not well-formed says nothing."""
    suspension = as_jsonld(court, unsigned(court, "suspension"))
    for indexes in ((), (INDEX,)):
        odd = changed(unsigned(court, "revocation", *indexes), overrides)
        report = judged(court, jwt, form(court, odd), suspension)
        assert (report.verdict, report.code, reason(report)) == (Verdict.INDETERMINATE, "status_shape", why)
        assert "well-formed" in report.message("en")
        assert "格式" in report.message("zh")


def test_size_of_entries_is_read_although_no_context_has_it(court: SimulatedCourt, jwt: str) -> None:
    sized = unsigned(court, overrides={"credentialSubject": {"statusSize": 1, "ttl": 86_400_000}})
    assert judged(court, jwt, as_jwt(court, sized), as_jwt(court, unsigned(court, "suspension"))).code == "ok"


def test_context_that_is_given_explains_terms_of_lists_too(
    court: SimulatedCourt, jwt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    context: Any = {"@context": {"@vocab": "https://a.example/terms#"}}
    listed = [CREDENTIALS_V2, CREDIT_REPAIR_V1, CONTEXT]
    odd = as_jwt(court, changed(unsigned(court), {"@context": listed, "remark": "x"}))
    suspension = as_jwt(court, unsigned(court, "suspension"))
    assert judged(court, jwt, odd, suspension, contexts={CONTEXT: context}).code == "ok"
    monkeypatch.setitem(sys.modules, "pyld", None)
    report = judged(court, jwt, odd, suspension, contexts={CONTEXT: {"@context": {"@vocab": "https://b.example/#"}}})
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "jsonld_unavailable")
