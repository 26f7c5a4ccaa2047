"""What a lender asked for cannot be got around: by an empty cell, unknown parameters, another order, shared objects."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from support.doors import command
from support.issuers import NOW, SimulatedCourt, forged_jws
from support.samples import changed
from xinzheng_schemas import multibase
from xinzheng_schemas.contexts import CREDENTIALS_V2
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import Policy, TrustStore, Verdict, Verifier
from xinzheng_verifier.secure.data_integrity import hash_data
from xinzheng_verifier.testkit import PERSON
from xinzheng_verifier.web import create_app


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def trust(court: SimulatedCourt) -> TrustStore:
    return TrustStore.from_documents([court.issuer_document()], court.status_lists())


@pytest.mark.parametrize("name", ["unsafe_accept_other_controllers", "unsafe_trust_dates_of_compromised_keys"])
@pytest.mark.parametrize("value", ["false", "no", 0, 1, None])
def test_relaxation_is_a_bool_and_nothing_like_it(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=name):
        Policy(**{name: value})


def test_required_status_is_a_bool_or_left_open() -> None:
    with pytest.raises(TypeError, match="require_status"):
        Policy(require_status="no")  # type: ignore[arg-type]
    assert Policy(require_status=None).status_is_required


@pytest.mark.parametrize(
    ("member", "code"),
    [("identity", "identity_malformed"), ("number", "number_mismatch"), ("other", "other_form_refused")],
)
def test_empty_cell_of_a_list_is_compared(
    court: SimulatedCourt, trust: TrustStore, tmp_path: Path, member: str, code: str
) -> None:
    line = {"credential": court.issue().jwt, member: ""}
    (tmp_path / "lines.jsonl").write_text(json.dumps(line) + "\n", "ascii")
    documents = {"issuer": court.issuer_document()}
    documents |= {one["credentialSubject"]["statusPurpose"]: one for one in court.status_lists()}
    for name, document in documents.items():
        (tmp_path / name).write_text(json.dumps(document), "utf-8")
    trusted = ("--controller", tmp_path / "issuer", "--status-list", tmp_path / "revocation", tmp_path / "suspension")
    printed = command("--jsonl", tmp_path / "lines.jsonl", *trusted, "--at", format_timestamp(NOW), "--json")
    assert json.loads(printed.out.splitlines()[0])["code"] == code
    client = TestClient(create_app(Verifier(trust), clock=lambda: NOW))
    answer = client.post("/v1/verify/batch", json={"credentials": [line]}).json()
    assert answer["reports"][0]["code"] == code


@pytest.mark.parametrize(
    "query", ["identity=" + PERSON, "number=1", "profile=vcdm", "at=2026-11-23T09:00:00Z&at=2026-11-24T09:00:00Z"]
)
@pytest.mark.parametrize("path", ["/v1/verify", "/v1/verify/batch"])
def test_parameter_that_would_not_be_looked_at_is_refused(
    court: SimulatedCourt, trust: TrustStore, query: str, path: str
) -> None:
    client = TestClient(create_app(Verifier(trust), clock=lambda: NOW))
    response = client.post(f"{path}?{query}", content=court.issue().jwt)
    assert (response.status_code, response.json()["code"]) == (400, "request_malformed")
    assert PERSON not in response.text


def test_field_that_stands_twice_is_refused(court: SimulatedCourt, trust: TrustStore) -> None:
    client = TestClient(create_app(Verifier(trust), clock=lambda: NOW))
    data = {"identity": ["420683198506151235", PERSON]}
    response = client.post("/v1/verify", files={"file": court.issue().jwt.encode()}, data=data)
    assert (response.status_code, response.json()["code"]) == (400, "request_malformed")


def test_reports_of_a_batch_share_nothing(court: SimulatedCourt, trust: TrustStore) -> None:
    token = court.issue().jwt
    for workers in (1, 2):
        reports = [*Verifier(trust).report_many([token] * 40, at=court.now, workers=workers)]
        spoiled: Any = reports[10].steps[7].evidence
        spoiled["entries"][0]["code"] = "spoiled"
        assert reports[10].claims is not None
        reports[10].claims["id"] = "spoiled"
        for number, report in enumerate(reports):
            if number != 10:
                assert "spoiled" not in json.dumps(report.to_json())


def _signed(
    court: SimulatedCourt, document: Mapping[str, Any], config: Mapping[str, Any], *, good: bool = True
) -> dict[str, Any]:
    signature = court.certificate_signer.sign(hash_data(document, config, hash_name="sha256"))
    return {**config, "proofValue": multibase.encode(signature if good else signature[:-1] + b"\0")}


@pytest.mark.parametrize("good", [True, False])
def test_proof_is_worth_no_more_than_what_it_builds_on(court: SimulatedCourt, good: bool) -> None:
    """The named proof signs over the other one; a policy that names it asks for both."""
    jwt_like = {"@context": [CREDENTIALS_V2], "type": ["VerifiableCredential"], "issuer": court.did}
    credential = {**jwt_like, "validFrom": format_timestamp(NOW), "credentialSubject": {"id": "did:example:a"}}
    base = {
        "type": "DataIntegrityProof",
        "created": format_timestamp(NOW),
        "verificationMethod": court.method("cert-1"),
        "proofPurpose": "assertionMethod",
        "@context": credential["@context"],
    }
    first_config = {**base, "id": "urn:uuid:1", "cryptosuite": "ecdsa-rdfc-2019"}
    document_hash = hash_data(credential, first_config, hash_name="sha256", canonicalization="rdfc")
    signature = court.certificate_signer.sign(document_hash)
    first = {
        **first_config,
        "proofValue": multibase.encode(signature if good else signature[:-1] + bytes([signature[-1] ^ 1])),
    }
    second_config = {**base, "cryptosuite": "ecdsa-jcs-2019", "previousProof": "urn:uuid:1"}
    second = _signed(court, {**credential, "proof": [first]}, second_config)
    document = json.dumps({**credential, "proof": [first, second]})
    trust = TrustStore.from_documents([court.controller_document()])
    policy = Policy(profile="vcdm", proofs=frozenset({"ecdsa-jcs-2019"}))
    report = Verifier(trust, policy=policy).report(document, at=NOW)
    assert report.code == ("ok" if good else "signature_invalid")
    assert report.steps[1].evidence["mechanism"] == "ecdsa-rdfc-2019, ecdsa-jcs-2019"


@pytest.mark.parametrize("purpose", ["message", "refresh"])
def test_required_status_is_one_that_can_end_the_credential(court: SimulatedCourt, purpose: str) -> None:
    entry = changed(court.credential()["credentialStatus"][0], {"statusPurpose": purpose})
    entry["statusListCredential"] = court.status_url(purpose)
    document = json.dumps(court.secure(court.credential({"credentialStatus": entry})))
    trust = TrustStore.from_documents([court.issuer_document()], [court.status_list(purpose)])
    asked = Policy(profile="vcdm", require_status=True)
    assert Verifier(trust, policy=asked).report(document, at=NOW).code == "status_required"
    assert Verifier(trust, policy=Policy(profile="vcdm")).report(document, at=NOW).code == "ok"


def test_accepted_issuers_hold_for_every_signer(court: SimulatedCourt) -> None:
    other = SimulatedCourt(host="other.example")
    credential = {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiableCredential"],
        "issuer": "https://somebody.example/",
        "validFrom": format_timestamp(NOW),
        "credentialSubject": {"id": "did:example:a"},
    }
    proofs = [one.secure(credential, created=NOW)["proof"] for one in (court, other)]
    trust = TrustStore.from_documents([court.controller_document(), other.controller_document()])
    policy = Policy(profile="vcdm", issuers=frozenset({court.did}), unsafe_accept_other_controllers=True)
    for order in (proofs, proofs[::-1]):
        report = Verifier(trust, policy=policy).report(json.dumps({**credential, "proof": order}), at=NOW)
        assert (report.verdict, report.code) == (Verdict.FAILED, "policy_issuer")
        assert report.deciding_step.evidence["issuer"] == other.did
    both = Policy(profile="vcdm", issuers=frozenset({court.did, other.did}), unsafe_accept_other_controllers=True)
    assert Verifier(trust, policy=both).report(json.dumps({**credential, "proof": proofs}), at=NOW).code == "ok"


def test_contexts_are_as_they_were_handed_over(court: SimulatedCourt) -> None:
    url = "https://contexts.example/v1"
    context: dict[str, Any] = {"@context": {"nickname": "https://contexts.example/v1#nickname"}}
    credential = {
        "@context": [CREDENTIALS_V2, url],
        "type": ["VerifiableCredential"],
        "issuer": court.did,
        "validFrom": format_timestamp(NOW),
        "credentialSubject": {"id": "did:example:a", "nickname": "A"},
    }
    document, policy = json.dumps(court.secure(credential)), Policy(profile="vcdm")
    before = TrustStore.from_documents([court.controller_document()], contexts={url: context})
    assert Verifier(before, policy=policy).report(document, at=NOW).code == "ok"
    del context["@context"]["nickname"]
    assert Verifier(before, policy=policy).report(document, at=NOW).code == "ok"
    after = TrustStore.from_documents([court.controller_document()], contexts={url: context})
    assert Verifier(after, policy=policy).report(document, at=NOW).code == "data_loss"


def test_token_of_tomorrow_is_not_valid_today(court: SimulatedCourt, trust: TrustStore) -> None:
    header = {"alg": "ES256", "typ": "vc+jwt", "kid": court.method("cert-1")}
    for claims, code in (
        ({"iat": int(NOW.timestamp()) + 1}, "not_yet_valid"),
        ({"iat": int(NOW.timestamp())}, "ok"),
        ({"iat": int(NOW.timestamp()) - 9, "nbf": int(NOW.timestamp()) + 1}, "not_yet_valid"),
    ):
        token = forged_jws(header, court.credential() | claims, court.certificate_signer)
        assert Verifier(trust).report(token, at=NOW).code == code
        later = Verifier(trust).report(token, at=NOW + timedelta(seconds=1))
        assert later.code == "ok"


def test_contexts_by_command_line(court: SimulatedCourt, tmp_path: Path) -> None:
    url = "https://contexts.example/v1?a=b"
    credential = {
        "@context": [CREDENTIALS_V2, url],
        "type": ["VerifiableCredential"],
        "issuer": court.did,
        "validFrom": format_timestamp(NOW),
        "credentialSubject": {"id": "did:example:a", "nickname": "A"},
    }
    (tmp_path / "c").write_text(json.dumps(court.secure(credential)), "utf-8")
    (tmp_path / "controller").write_text(json.dumps(court.controller_document()), "utf-8")
    (tmp_path / "context").write_text('{"@context": {"nickname": "https://contexts.example/v1#nickname"}}', "utf-8")
    (tmp_path / "broken").write_text("{", "utf-8")
    arguments: list[str | Path] = [
        tmp_path / "c",
        "--controller",
        tmp_path / "controller",
        "--profile",
        "vcdm",
        "--at",
        format_timestamp(NOW),
    ]
    assert command(*arguments, "--context", f"{url}={tmp_path / 'context'}").status == 0
    assert command(*arguments).status == 1
    assert command(*arguments, "--context", str(tmp_path / "context")).status == 64
    printed = command(*arguments, "--context", f"{url}={tmp_path / 'broken'}")
    assert printed.status == 2
    assert "trust_document_malformed" in printed.err
