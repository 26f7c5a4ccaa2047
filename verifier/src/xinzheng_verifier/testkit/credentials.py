"""What a fake issuer hands over: one credential, signed, in all its forms."""

import json
import zlib
from dataclasses import dataclass

import base45
import cbor2

from xinzheng_schemas import base64url, multibase, qr_profile
from xinzheng_schemas.certificate import CourtIdentity
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.read.qr_cwt import PREFIX
from xinzheng_verifier.secure.data_integrity import hash_data
from xinzheng_verifier.testkit.keys import FakeKey, method_id

_ALG, _KID, _ES256, _SIGN1 = 1, 4, -7, 18  # RFC 9052, 3.1 and 4.2; RFC 9053, 2.1


@dataclass(frozen=True, kw_only=True)
class FakeCredential:
    """One credential of a fake issuer in its forms.

    Attributes:
        credential: the credential as a JSON object, without proof.
        document: the same with a Data Integrity proof (ecdsa-jcs-2019).
        jwt: the same as vc+jwt (ES256).
        index: its place in the issuer's status lists.
    """

    credential: JSONObject
    document: JSONObject
    jwt: str
    index: int

    @property
    def json(self) -> bytes:
        """The JSON-LD form as a file holds it."""
        return json.dumps(self.document, ensure_ascii=False, indent=2).encode("utf-8")

    def forms(self) -> dict[str, bytes | str]:
        """Name of the form, as `Report.form` says it → what to hand to the verifier."""
        return {"jsonld": self.json, "jwt": self.jwt}


@dataclass(frozen=True, kw_only=True)
class FakeCertificate(FakeCredential):
    """One Credit Repair Certificate of a fake court in its forms.

    Attributes:
        qr: the text of its QR symbol (`XZ1:…`); None for what the QR form cannot say, such as a foreign member.
    """

    qr: str | None

    def forms(self) -> dict[str, bytes | str]:
        """Name of the form → what to hand to the verifier."""
        return super().forms() | ({} if self.qr is None else {"qr": self.qr})


def sign_document(
    credential: JSONObject, key: FakeKey, *, did: str, shown: JSONObject, created: str | None = None
) -> JSONObject:
    """`shown` with the ecdsa-jcs-2019 proof of `credential` (vc-di-ecdsa 3.3), made when its validity begins."""
    proof: JSONObject = {
        "type": "DataIntegrityProof",
        "cryptosuite": "ecdsa-jcs-2019",
        "created": credential["validFrom"] if created is None else created,
        "verificationMethod": method_id(did, key.name),
        "proofPurpose": "assertionMethod",
        "@context": credential["@context"],
    }
    signature = key.sign(hash_data(credential, proof, hash_name="sha256"))
    return {**shown, "proof": {**proof, "proofValue": multibase.encode(signature)}}


def sign_jwt(credential: JSONObject, key: FakeKey, *, did: str, shown: JSONObject) -> str:
    """`shown` as a JWT under the signature of `credential` (vc-jose-cose 3.1.1)."""
    header: JSONObject = {"alg": "ES256", "typ": "vc+jwt", "cty": "vc", "kid": method_id(did, key.name, jwk=True)}
    signature = key.sign(_signing_input(header, credential).encode("ascii"))
    return f"{_signing_input(header, shown)}.{base64url.encode(signature)}"


def sign_qr(credential: JSONObject, key: FakeKey, *, kid: bytes, court: CourtIdentity, shown: JSONObject) -> str:
    """`shown` as the text of a QR symbol under the signature of `credential` (docs/reference/qr-profile.md)."""
    protected = _deterministic({_ALG: _ES256, _KID: kid})
    claims, shown_claims = (_deterministic(qr_profile.to_claims(each, court=court)) for each in (credential, shown))
    signature = key.sign(_deterministic(["Signature1", protected, b"", claims]))
    message = _deterministic(cbor2.CBORTag(_SIGN1, [protected, {}, shown_claims, signature]))
    text: bytes = base45.b45encode(zlib.compress(message, 9))
    return (PREFIX + text).decode("ascii")


def _signing_input(header: JSONObject, payload: JSONObject) -> str:
    return f"{_segment(header)}.{_segment(payload)}"


def _segment(value: JSONValue) -> str:
    return base64url.encode(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8"))


def _deterministic(value: object) -> bytes:
    return cbor2.dumps(value, canonical=True)
