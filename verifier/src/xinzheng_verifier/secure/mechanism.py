"""Steps 2 to 5 of one credential, whatever secures it: mechanism, stated issuer, named keys, signature.

Three mechanisms behind one face. `secured` picks and checks the mechanism (step 2); the object it gives then says which
issuer the credential names (3), which of that issuer's keys it names (4), and whether one of them signed it (5). What
the credential says is handed out by `credential`, which has to be asked last.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from xinzheng_schemas import qr_profile
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.errors import RefusedError, shown
from xinzheng_verifier.policy import COURT_TYPE, types_of
from xinzheng_verifier.read.forms import Presented, PresentedDocument, PresentedToken
from xinzheng_verifier.secure import cose, data_integrity, jws
from xinzheng_verifier.secure.algorithms import ECDSAAlgorithm
from xinzheng_verifier.secure.cose import Sign1
from xinzheng_verifier.secure.data_integrity import Proof
from xinzheng_verifier.secure.jws import CompactJWS
from xinzheng_verifier.secure.moments import numeric_date, timestamp
from xinzheng_verifier.trust.issuers import TrustedIssuer, TrustedKey

BASE_TYPE: Final = "VerifiableCredential"

_CWT_ISS, _CWT_NBF = 1, 5
_ABSOLUTE: Final = ("did:", "https://")


@dataclass(frozen=True, kw_only=True)
class Validity:
    """Limits in time that the securing adds to those of the credential.

    Attributes:
        since: first moment, inclusive; None is open.
        until: first moment at which it is over; None is open.
        ended_code: reason code from then on.
    """

    since: datetime | None = None
    until: datetime | None = None
    ended_code: str = "expired"


class Secured(ABC):
    """One credential under the mechanism that secures it."""

    name: str
    """Algorithm or suite, as the report shows it."""

    key_mismatch_code: str = "alg_not_allowed"
    """Reason code where a key is not of the mechanism's type."""

    @abstractmethod
    def algorithm_for(self, key_type: KeyType) -> ECDSAAlgorithm | None:
        """The one algorithm of this mechanism for keys of a type; None if it takes no such keys."""

    @abstractmethod
    def issuer_id(self) -> str:
        """The issuer that the credential names.

        Raises:
            RefusedError: `issuer_untrusted` (no usable name), `issuer_mismatch` (two that differ).
        """

    @abstractmethod
    def types(self) -> frozenset[str]:
        """The credential types besides VerifiableCredential, not yet believed."""

    @abstractmethod
    def named_keys(self, issuer: TrustedIssuer) -> Collection[TrustedKey]:
        """The keys of `issuer` that the credential may be signed with; at least one.

        Raises:
            RefusedError: `kid_unknown`, `issuer_key_mismatch`.
        """

    @abstractmethod
    def signed_at(self) -> datetime | None:
        """When the credential says it was signed; None if it does not say.

        Raises:
            RefusedError: `date_malformed`.
        """

    @abstractmethod
    def validity(self) -> Validity:
        """Limits in time besides `validFrom` and `validUntil`.

        Raises:
            RefusedError: `date_malformed`.
        """

    @abstractmethod
    def is_signed_by(self, key: TrustedKey, algorithm: ECDSAAlgorithm) -> bool:
        """Whether the signature holds under `key`.

        Raises:
            RefusedError: `number_range`, `not_canonical` (the document has no canonical form).
        """

    @abstractmethod
    def credential(self, issuer: TrustedIssuer) -> JSONObject:
        """What is signed, in the JSON-LD form without proof.

        Raises:
            RefusedError: `shape_invalid`, `claim_forbidden`, `claim_mismatch`.
        """


def secured(presented: Presented) -> Secured:
    """Step 2: the mechanism, if it is on the allow-list and everything about it is in order.

    Raises:
        RefusedError: see `jws.algorithm_of`, `data_integrity.parse_proof`, `cose.header_of`.
    """
    if isinstance(presented, PresentedDocument):
        return _ProvenDocument(presented.document)
    if isinstance(presented, PresentedToken):
        return _Token(presented.jws)
    return _Message(presented.message)


class _ProvenDocument(Secured):
    """JSON-LD with one Data Integrity proof."""

    key_mismatch_code = "suite_mismatch"

    def __init__(self, document: JSONObject) -> None:
        self._unsecured, proof = data_integrity.split(document)
        self._proof: Proof = data_integrity.parse_proof(proof, context=document.get("@context"))
        self.name = self._proof.suite_name

    def algorithm_for(self, key_type: KeyType) -> ECDSAAlgorithm | None:
        return self._proof.suite.get(key_type)

    def issuer_id(self) -> str:
        return _issuer_id(self._unsecured)

    def types(self) -> frozenset[str]:
        return types_of(self._unsecured) - {BASE_TYPE}

    def named_keys(self, issuer: TrustedIssuer) -> Collection[TrustedKey]:
        return (_assertion_key(issuer, self._proof.method_id),)

    def signed_at(self) -> datetime | None:
        return self._proof.created or _valid_from(self._unsecured)

    def validity(self) -> Validity:
        return Validity(since=self._proof.created, until=self._proof.expires, ended_code="proof_expired")

    def is_signed_by(self, key: TrustedKey, algorithm: ECDSAAlgorithm) -> bool:
        message = data_integrity.signed_bytes(self._unsecured, self._proof, key.key_type)
        return algorithm.verify(key.public_key, signature=self._proof.signature, message=message)

    def credential(self, issuer: TrustedIssuer) -> JSONObject:  # noqa: ARG002 - part of the common face
        return self._unsecured


class _Token(Secured):
    """vc+jwt: the payload is the credential; registered claims may stand beside it (vc-jose-cose 3.1.3)."""

    _REGISTERED = frozenset({"iss", "sub", "exp", "nbf", "iat", "jti"})
    _FORBIDDEN = ("vc", "vp", "aud")

    def __init__(self, token: CompactJWS) -> None:
        self._algorithm = jws.algorithm_of(token.header)
        self._jws = token
        self._payload = token.payload
        self.name = str(token.header["alg"])

    def algorithm_for(self, key_type: KeyType) -> ECDSAAlgorithm | None:
        return self._algorithm if self._algorithm.key_type is key_type else None

    def issuer_id(self) -> str:
        issuer = _issuer_id(self._payload)
        for stated in (self._jws.header, self._payload):
            if stated.get("iss", issuer) != issuer:
                raise RefusedError("issuer_mismatch", issuer=shown(issuer), other=shown(stated["iss"]))
        return issuer

    def types(self) -> frozenset[str]:
        return types_of(self._payload) - {BASE_TYPE}

    def named_keys(self, issuer: TrustedIssuer) -> Collection[TrustedKey]:
        return (_assertion_key(issuer, self._jws.header.get("kid")),)

    def signed_at(self) -> datetime | None:
        for claim in ("iat", "nbf"):
            if claim in self._payload:
                return numeric_date(self._payload[claim], field=f"/{claim}")
        return _valid_from(self._payload)

    def validity(self) -> Validity:
        since, until = (
            numeric_date(self._payload[claim], field=f"/{claim}") if claim in self._payload else None
            for claim in ("nbf", "exp")
        )
        return Validity(since=since, until=until)

    def is_signed_by(self, key: TrustedKey, algorithm: ECDSAAlgorithm) -> bool:
        return algorithm.verify(key.public_key, signature=self._jws.signature, message=self._jws.signing_input)

    def credential(self, issuer: TrustedIssuer) -> JSONObject:  # noqa: ARG002 - part of the common face
        payload = self._payload
        for claim in self._FORBIDDEN:
            if claim in payload:
                raise RefusedError("claim_forbidden", field=f"/{claim}")
        subject = payload.get("credentialSubject")
        self._check_same("jti", "/id", payload.get("id"))
        self._check_same("sub", "/credentialSubject/id", subject.get("id") if isinstance(subject, dict) else None)
        return {name: value for name, value in payload.items() if name not in self._REGISTERED}

    def _check_same(self, claim: str, field: str, value: JSONValue) -> None:
        if claim in self._payload and self._payload[claim] != value:
            raise RefusedError("claim_mismatch", field=field)


class _Message(Secured):
    """The CWT of a QR symbol: a certificate in the profile of `xinzheng_schemas.qr_profile`."""

    name = "COSE -7"

    def __init__(self, message: Sign1) -> None:
        self._algorithm, self._kid = cose.header_of(message)
        self._message = message

    def algorithm_for(self, key_type: KeyType) -> ECDSAAlgorithm | None:
        return self._algorithm if self._algorithm.key_type is key_type else None

    def issuer_id(self) -> str:
        issuer = self._message.claims.get(_CWT_ISS)
        if not isinstance(issuer, str):
            raise RefusedError("issuer_untrusted", issuer=shown(issuer))
        return issuer

    def types(self) -> frozenset[str]:
        return frozenset({COURT_TYPE})

    def named_keys(self, issuer: TrustedIssuer) -> Collection[TrustedKey]:
        # Short names may collide (hcert_spec 3.3.3): every key of that name is tried.
        keys = issuer.keys_with_kid(self._kid)
        if not keys:
            raise RefusedError("kid_unknown", kid=self._kid.hex())
        if not any(key.in_assertion_method for key in keys):
            raise RefusedError("issuer_key_mismatch", kid=self._kid.hex())
        return tuple(key for key in keys if key.in_assertion_method)

    def signed_at(self) -> datetime | None:
        claims = self._message.claims
        return numeric_date(claims[_CWT_NBF], field=f"/{_CWT_NBF}") if _CWT_NBF in claims else None

    def validity(self) -> Validity:
        # Claims 4 and 5 of the profile are validUntil and validFrom themselves.
        return Validity()

    def is_signed_by(self, key: TrustedKey, algorithm: ECDSAAlgorithm) -> bool:
        message = self._message.to_be_signed
        return algorithm.verify(key.public_key, signature=self._message.signature, message=message)

    def credential(self, issuer: TrustedIssuer) -> JSONObject:
        try:
            return qr_profile.from_claims(self._message.claims, court=issuer.court)
        except CodedError as error:
            raise RefusedError("shape_invalid", field=error.field, problem=error.code) from error


def _issuer_id(credential: JSONObject) -> str:
    """`issuer`, or its `id` where it is an object (VCDM 2.0, 4.7)."""
    issuer = credential.get("issuer")
    if isinstance(issuer, dict):
        issuer = issuer.get("id")
    if not isinstance(issuer, str):
        raise RefusedError("issuer_untrusted", issuer=shown(issuer))
    return issuer


def _valid_from(credential: JSONObject) -> datetime | None:
    if "validFrom" not in credential:
        return None
    return timestamp(credential["validFrom"], field="/validFrom")


def _assertion_key(issuer: TrustedIssuer, method_id: JSONValue) -> TrustedKey:
    """The key of `issuer` under exactly this name, if the issuer vouches for credentials by it."""
    key = issuer.key(method_id) if isinstance(method_id, str) else None
    if key is not None and isinstance(method_id, str) and method_id in key.assertion_methods:
        return key
    controller, separator, _ = method_id.partition("#") if isinstance(method_id, str) else ("", "", "")
    foreign = bool(separator) and controller != issuer.id and controller.startswith(_ABSOLUTE)
    code = "issuer_key_mismatch" if key is not None or foreign else "kid_unknown"
    raise RefusedError(code, kid=shown(method_id), issuer=issuer.id)
