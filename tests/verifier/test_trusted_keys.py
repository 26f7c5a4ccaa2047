"""Issuers and keys as the trust list states them; steps 3 and 4 beyond the vectors."""

import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support.issuers import KEYS_FROM, NOW, SimulatedCourt, forged_cose, forged_jws
from xinzheng_issuer.issuing.forms import sign_data_integrity, sign_jwt
from xinzheng_schemas import base64url
from xinzheng_schemas.multibase import KeyType, encode_multikey
from xinzheng_schemas.qr_profile import to_claims
from xinzheng_schemas.trust_documents import ControllerDocument, IssuerDocument, KeyState
from xinzheng_verifier import Policy, TrustError, TrustStore, Verifier
from xinzheng_verifier.trust.issuers import TrustedIssuer, thumbprint


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


def issuer_of(court: SimulatedCourt) -> TrustedIssuer:
    return TrustedIssuer.from_issuer_document(IssuerDocument.parse(court.issuer_document()))


def store_of(court: SimulatedCourt, issuer: TrustedIssuer) -> TrustStore:
    documents = TrustStore.from_documents((), court.status_lists())
    return TrustStore(
        {issuer.id: issuer}, {url: documents.status_list(url) or b"" for url in documents.status_list_urls}
    )


def test_one_key_under_both_its_names(court: SimulatedCourt) -> None:
    issuer = issuer_of(court)
    key = issuer.key(court.method("cert-1"))
    assert key is not None
    assert key is issuer.key(court.method("cert-1", jwk=True))
    assert key.method_ids == {court.method("cert-1"), court.method("cert-1", jwk=True)}
    assert key.kid == court.certificate_signer.kid
    assert issuer.keys_with_kid(key.kid) == (key,)
    assert (key.usage, key.valid_from, key.valid_until) == (frozenset({"certificate"}), KEYS_FROM, None)
    assert key.in_assertion_method
    assert issuer.credential_types == frozenset({"CreditRepairCredential"})
    assert issuer.court == court.court
    assert issuer.key("#cert-1") is None


def test_either_name_serves_every_mechanism(court: SimulatedCourt) -> None:
    trust = TrustStore.from_documents([court.issuer_document()], court.status_lists())
    credential, signer = court.credential(), court.certificate_signer
    token = sign_jwt(credential, signer, kid=court.method("cert-1"))
    method = court.method("cert-1", jwk=True)
    document = sign_data_integrity(credential, signer, verification_method=method, created=NOW)
    assert Verifier(trust).report(token, at=NOW).code == "ok"
    assert Verifier(trust).report(json.dumps(document), at=NOW).code == "ok"


def test_controller_alone_says_nothing_of_windows_and_uses(court: SimulatedCourt) -> None:
    issuer = TrustedIssuer.from_controller(ControllerDocument.parse(court.controller_document()))
    key = issuer.key(court.method("status-1"))
    assert key is not None
    assert (key.usage, key.valid_from, issuer.name, issuer.court, issuer.credential_types) == (None,) * 5


def controller(**key: Any) -> dict[str, Any]:
    method = {"id": "did:web:x.example#k", "type": "Multikey", "controller": "did:web:x.example"} | key
    return {"id": "did:web:x.example", "verificationMethod": [method], "assertionMethod": [method["id"]]}


def test_off_curve_point_is_refused_when_trust_is_built() -> None:
    point = b"\x02" + (5).to_bytes(32, "big")  # x = 5 is on P-256; x = 1 is not among its abscissae
    for x in range(1, 40):
        point = b"\x02" + x.to_bytes(32, "big")
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        except ValueError:
            break
    with pytest.raises(TrustError) as caught:
        TrustStore.from_documents([controller(publicKeyMultibase=encode_multikey(KeyType.P256, point))])
    assert caught.value.code == "trust_document_malformed"


def test_disowned_key_is_compromised(court: SimulatedCourt) -> None:
    document = court.controller_document()
    for method in document["verificationMethod"]:
        method["revoked"] = "2026-12-01T00:00:00Z"
    issuer = TrustedIssuer.from_controller(ControllerDocument.parse(document))
    assert {key.compromised_at for key in issuer.keys} == {datetime(2026, 12, 1, tzinfo=UTC)}
    report = Verifier(store_of(court, issuer)).report(court.issue().jwt, at=NOW)
    assert report.code == "key_compromised"


def test_dates_of_a_compromised_key_count_only_if_that_is_asked_for(court: SimulatedCourt) -> None:
    record = court.records["cert-1"].compromise(at=NOW)
    known = replace(court, records=court.records | {"cert-1": record})
    trust = store_of(known, issuer_of(known))
    before, after = court.issue(), court.issue({"validFrom": "2026-11-23T09:00:00Z"})
    unsafe = Verifier(trust, policy=Policy(unsafe_trust_dates_of_compromised_keys=True))
    for form in ("jwt", "qr"):
        assert Verifier(trust).report(getattr(before, form), at=NOW).code == "key_compromised"
        assert unsafe.report(getattr(before, form), at=NOW).code == "ok"
        assert unsafe.report(getattr(after, form), at=NOW).code == "key_compromised"
    undated = court.secure({name: value for name, value in court.credential().items() if name != "validFrom"})
    del undated["proof"]["created"]
    assert unsafe.report(json.dumps(undated), at=NOW).code == "key_compromised"


def test_undated_credential_cannot_be_placed_in_the_life_of_a_retired_key(court: SimulatedCourt) -> None:
    record = replace(court.records["cert-1"], state=KeyState.RETIRED, valid_until=NOW)
    retired = replace(court, records=court.records | {"cert-1": record})
    credential = {name: value for name, value in court.credential().items() if name != "validFrom"}
    header = {"alg": "ES256", "typ": "vc+jwt", "kid": court.method("cert-1")}
    token = forged_jws(header, credential, court.certificate_signer)
    policy = Policy(profile="vcdm")
    assert Verifier(store_of(retired, issuer_of(retired)), policy=policy).report(token, at=NOW).code == (
        "signing_time_missing"
    )
    assert Verifier(store_of(court, issuer_of(court)), policy=policy).report(token, at=NOW).code == "ok"


def test_key_outside_assertion_method_vouches_for_nothing(court: SimulatedCourt) -> None:
    document = court.controller_document()
    document["assertionMethod"] = [court.method("status-1")]
    trust = store_of(court, TrustedIssuer.from_controller(ControllerDocument.parse(document)))
    forms = court.issue()
    for data in (forms.json_text, forms.jwt, forms.qr):
        assert Verifier(trust).report(data, at=NOW).code == "issuer_key_mismatch"


def test_key_of_another_type_is_refused_by_every_mechanism(court: SimulatedCourt) -> None:
    """The header's algorithm is on the list, the key is not of its kind (CVE-2026-48523 and its kin)."""
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    multikey = encode_multikey(KeyType.ED25519, public.public_bytes(Encoding.Raw, PublicFormat.Raw))
    document = court.controller_document()
    document["verificationMethod"] = [
        {"id": method, "type": "Multikey", "controller": court.did, "publicKeyMultibase": multikey}
        for method in (court.method("cert-1"), court.method("cert-1", jwk=True))
    ]
    document["assertionMethod"] = [court.method("cert-1"), court.method("cert-1", jwk=True)]
    issuer = TrustedIssuer.from_controller(ControllerDocument.parse(document))
    trust, forms = store_of(court, issuer), court.issue()
    assert Verifier(trust).report(forms.jwt, at=NOW).code == "alg_not_allowed"
    assert Verifier(trust).report(forms.json_text, at=NOW).code == "suite_mismatch"
    (key,) = issuer.keys
    assert key.kid == thumbprint(KeyType.ED25519, public)[:8]
    claims = to_claims(forms.credential, court=None)
    text = forged_cose({1: -7, 4: key.kid}, claims, court.certificate_signer)
    assert Verifier(trust).report(text, at=NOW).code == "alg_not_allowed"


def test_every_key_of_a_short_name_is_tried(court: SimulatedCourt) -> None:
    """Eight bytes may collide: the right key is found, wherever it stands."""
    issuer = issuer_of(court)
    right = issuer.key(court.method("cert-1"))
    assert right is not None
    stranger = issuer_of(SimulatedCourt()).keys[0]
    forms = court.issue()
    names = frozenset({court.method("twin")})
    twin = replace(stranger, kid=right.kid, method_ids=names, assertion_methods=names)
    for keys in ((twin, right), (right, twin)):
        trust = store_of(court, replace(issuer, keys=keys + issuer.keys[1:]))
        assert Verifier(trust).report(forms.qr, at=NOW).code == "ok" or keys[0] is twin
    status = replace(twin, usage=frozenset({"status"}))
    trust = store_of(court, replace(issuer, keys=(right, status, *issuer.keys[1:])))
    assert Verifier(trust).report(forms.qr, at=NOW).code == "ok"


def test_one_name_for_two_keys_is_refused(court: SimulatedCourt) -> None:
    issuer = issuer_of(court)
    with pytest.raises(TrustError) as caught:
        replace(issuer, keys=(*issuer.keys, replace(issuer.keys[0], kid=b"12345678")))
    assert caught.value.code == "key_ambiguous"


def test_expiry_of_a_key_is_a_matter_of_the_moment_asked_about(court: SimulatedCourt) -> None:
    document = court.controller_document()
    for method in document["verificationMethod"]:
        method["expires"] = "2026-12-01T00:00:00Z"
    trust = store_of(court, TrustedIssuer.from_controller(ControllerDocument.parse(document)))
    jwt = court.issue().jwt
    assert Verifier(trust).report(jwt, at=datetime(2026, 11, 30, tzinfo=UTC)).code == "ok"
    assert Verifier(trust).report(jwt, at=datetime(2026, 12, 1, tzinfo=UTC)).code == "key_expired"


def test_thumbprint_of_rfc_8037() -> None:
    """RFC 8037, appendix A.3."""
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    key = ed25519.Ed25519PublicKey.from_public_bytes(public)
    digest = thumbprint(KeyType.ED25519, key)
    assert digest.hex() == "90facafea9b1556698540f70c0117a22ea37bd5cf3ed3c47093c1707282b4b89"


@pytest.mark.parametrize(
    ("documents", "code"),
    [
        ([b"\xff"], "trust_document_malformed"),
        (["[]"], "trust_document_malformed"),
        ([{"id": "did:web:x.example", "verificationMethod": 7}], "trust_document_malformed"),
        ([{"controllerDocument": {}}], "trust_document_malformed"),
        (["\ud800"], "trust_document_malformed"),
    ],
)
def test_documents_that_are_none(documents: list[Any], code: str) -> None:
    with pytest.raises(TrustError) as caught:
        TrustStore.from_documents(documents)
    assert caught.value.code == code


def test_issuer_told_twice(court: SimulatedCourt) -> None:
    with pytest.raises(TrustError) as caught:
        TrustStore.from_documents([court.controller_document(), json.dumps(court.issuer_document())])
    assert caught.value.code == "issuer_ambiguous"


def test_status_list_without_address() -> None:
    with pytest.raises(TrustError) as caught:
        TrustStore.from_documents((), [{"type": "BitstringStatusListCredential"}])
    assert caught.value.code == "trust_document_malformed"


def test_store_tells_what_it_holds(court: SimulatedCourt) -> None:
    trust = TrustStore.from_documents([court.controller_document()], court.status_lists(), {"https://x.example": {}})
    assert list(trust.issuers) == [court.did]
    assert set(trust.status_list_urls) == {court.status_url("revocation"), court.status_url("suspension")}
    assert list(trust.contexts) == ["https://x.example"]
    assert (trust.bundle_version, trust.bundle_expires, trust.issued_floor) == (None, None, None)
    assert trust.issuer("did:web:other.example") is None
    assert Verifier(trust).trust is trust
    assert Verifier(trust).policy == Policy()


def test_signed_before_its_key_existed(court: SimulatedCourt) -> None:
    late = replace(court.records["cert-1"], valid_from=NOW + timedelta(days=1))
    known = replace(court, records=court.records | {"cert-1": late})
    report = Verifier(store_of(known, issuer_of(known))).report(court.issue().qr, at=NOW)
    assert report.code == "key_not_yet_valid"
    assert "2026-11-24T09:00:00Z" in report.message("zh")


def test_trust_travels_to_another_process(court: SimulatedCourt) -> None:
    """Keys of every type, names and contexts arrive as they were; what is kept for speed is made anew."""
    ed = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    p384 = ec.generate_private_key(ec.SECP384R1()).public_key()
    keys = {
        "ed": encode_multikey(KeyType.ED25519, ed),
        "p384": encode_multikey(KeyType.P384, p384.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)),
    }
    did = "did:web:keys.example"
    controller: dict[str, Any] = {
        "id": did,
        "verificationMethod": [
            {"id": f"{did}#{name}", "type": "Multikey", "controller": did, "publicKeyMultibase": key}
            for name, key in keys.items()
        ],
        "assertionMethod": [f"{did}#{name}" for name in keys],
    }
    contexts: dict[str, dict[str, Any]] = {"https://example.org/context": {"@context": {}}}
    store = TrustStore.from_documents([court.issuer_document(), controller], court.status_lists(), contexts)
    jwt = court.issue().jwt
    before = Verifier(store).report(jwt, at=NOW)
    arrived = pickle.loads(pickle.dumps(store))  # noqa: S301 - our own
    assert dict(arrived.issuers) == dict(store.issuers)
    assert arrived.issuer(did).keys_with_kid(thumbprint(KeyType.P384, p384)[:8])[0].public_key == p384
    assert {name: arrived.issuer(did).key(f"{did}#{name}").multikey for name in keys} == keys
    assert arrived.contexts == store.contexts
    assert Verifier(arrived).report(jwt, at=NOW) == before
    for views in (arrived.issuers, arrived.contexts, arrived.issuer(court.did).name):
        with pytest.raises(TypeError):
            views["new"] = None


def test_thumbprint_of_a_key_outside_assertion_method_names_nothing(court: SimulatedCourt) -> None:
    document = court.controller_document()
    document["assertionMethod"] = []
    trust = TrustStore.from_documents([document])
    key = court.certificate_signer
    kid = base64url.encode(thumbprint(KeyType.P256, key.public_key))
    token = forged_jws({"alg": "ES256", "typ": "vc+jwt", "kid": kid}, court.credential(), key)
    assert Verifier(trust).report(token, at=NOW).code == "kid_unknown"


@pytest.mark.parametrize(
    ("did", "code"),
    [
        ("did:web:xz.example", "did_malformed"),
        ("did:key:", "trust_document_malformed"),
        ("did:key:z6Mk", "did_malformed"),
        ("did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme", "did_malformed"),  # secp256k1
        ("did:jwk:", "did_malformed"),
        ("did:jwk:e30=", "did_malformed"),
        ("did:jwk:e30", "did_malformed"),
        ("did:jwk:" + base64url.encode(b'{"kty":"EC","crv":"secp256k1"}'), "did_malformed"),
        ("did:jwk:" + "A" * 1_017, "did_malformed"),
        ("did:", "did_malformed"),
    ],
)
def test_dids_that_are_not_their_own_document(did: str, code: str) -> None:
    with pytest.raises(TrustError) as caught:
        TrustStore.from_documents([did])
    assert caught.value.code == code
