"""Fresh P-256 keys in memory, and the documents by which a verifier knows them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from xinzheng_schemas import base64url, multibase
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.trust_documents import IssuerKey, KeyState, KeyUsage
from xinzheng_verifier.trust.issuers import KID_BYTES, thumbprint

KeyName = Literal["active", "retired", "compromised"]
"""The certificate keys that every fake issuer has: one in use, one that was retired a year before `now`, and one that
fell into other hands a month before `now`."""

PERSON: Final = "42068319900101001X"
"""Well-formed number of a made-up person, to whom certificates are issued by default."""

OTHER_PERSON: Final = "420683198506151235"
"""Well-formed number of another made-up person."""

COMPANY: Final = "91420683MA0000007M"
"""Well-formed social credit code of a made-up company."""

_COORDINATE_BYTES = 32
_DID_CONTEXTS: tuple[JSONValue, ...] = (
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/multikey/v1",
    "https://w3id.org/security/jwk/v1",
)


@dataclass(frozen=True, kw_only=True)
class FakeKey:
    """One key of a fake issuer.

    Attributes:
        name: fragment of its Multikey method; its JsonWebKey method ends in `-jwk`.
        usage: what it may sign.
        valid_from, valid_until: moments of issuance for which it is good, inclusive; None is open.
        compromised_at: from when it is known to be in other hands; None if it is not.
    """

    name: str
    usage: KeyUsage
    valid_from: datetime
    valid_until: datetime | None = None
    compromised_at: datetime | None = None
    _private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1()), repr=False, compare=False
    )

    @property
    def kid(self) -> bytes:
        """The key's name in a COSE header: first 8 bytes of the RFC 7638 thumbprint."""
        return thumbprint(KeyType.P256, self._private.public_key())[:KID_BYTES]

    def sign(self, message: bytes) -> bytes:
        """ECDSA with SHA-256: 64 bytes r‖s (RFC 7518, 3.4)."""
        r, s = decode_dss_signature(self._private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")

    def methods(self, did: str) -> list[JSONObject]:
        """Its two verification methods (CID 1.0, 2.2.2 and 2.2.3); a compromised key is `revoked` in both."""
        public = self._private.public_key()
        numbers = public.public_numbers()
        x, y = (base64url.encode(number.to_bytes(_COORDINATE_BYTES, "big")) for number in (numbers.x, numbers.y))
        point = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        methods: list[JSONObject] = [
            {"type": "Multikey", "publicKeyMultibase": multibase.encode_multikey(KeyType.P256, point)},
            {"type": "JsonWebKey", "publicKeyJwk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}},
        ]
        revoked: JSONObject = {} if self.compromised_at is None else {"revoked": format_timestamp(self.compromised_at)}
        names = (method_id(did, self.name), method_id(did, self.name, jwk=True))
        return [
            {"id": name, "controller": did, **method, **revoked} for name, method in zip(names, methods, strict=True)
        ]

    def entry(self, did: str) -> IssuerKey:
        """What the trust list says of it."""
        state = KeyState.ACTIVE if self.valid_until is None else KeyState.RETIRED
        return IssuerKey(
            methods=(method_id(did, self.name), method_id(did, self.name, jwk=True)),
            usage=self.usage,
            state=state if self.compromised_at is None else KeyState.COMPROMISED,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            compromised_at=self.compromised_at,
        )


def method_id(did: str, key: str, *, jwk: bool = False) -> str:
    """DID URL of the Multikey method of a key, or of its JsonWebKey method."""
    return f"{did}#{key}-jwk" if jwk else f"{did}#{key}"


def controller_document(did: str, keys: Iterable[FakeKey]) -> JSONObject:
    """The DID document that makes `keys` known."""
    methods: list[JSONObject] = [method for key in keys for method in key.methods(did)]
    return {
        "@context": [*_DID_CONTEXTS],
        "id": did,
        "verificationMethod": [*methods],
        "assertionMethod": [method["id"] for method in methods],
    }
