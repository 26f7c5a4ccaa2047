"""A credential as the payload of a signed message: vc+jwt and vc+cose (vc-jose-cose 3.1 and 3.3)."""

from abc import abstractmethod
from collections.abc import Collection
from datetime import datetime
from typing import Final

from xinzheng_schemas import strict_json
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.strict_json import JSONObject, JSONValue, Limits
from xinzheng_verifier.errors import RefusedError, shown
from xinzheng_verifier.policy import types_of
from xinzheng_verifier.secure import cose, jws
from xinzheng_verifier.secure.algorithms import Algorithm
from xinzheng_verifier.secure.cose import Sign1
from xinzheng_verifier.secure.jws import CompactJWS
from xinzheng_verifier.secure.moments import numeric_date
from xinzheng_verifier.secure.proof import (
    BASE_TYPE,
    NO_LIMITS,
    Proof,
    Secured,
    Validity,
    assertion_key,
    controller_of,
    stated_issuer,
    valid_from,
)
from xinzheng_verifier.trust.issuers import TrustedIssuer, TrustedKey

_FORBIDDEN: Final = ("vc", "vp", "aud", "proof")
"""Claims that make another thing of the payload than a credential (vc-jose-cose 3.1.3), or an unchecked proof."""


class _Enveloped(Secured, Proof):
    """One payload under one signature: the credential and its proof are one."""

    _payload: JSONObject
    _algorithm: Algorithm

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """The signature itself; kept nowhere, or every report would leave a cycle to the collector."""
        return (self,)

    @abstractmethod
    def _key_name(self) -> JSONValue:
        """How the header names the key."""

    def algorithm_for(self, key_type: KeyType) -> Algorithm | None:
        """As `Proof.algorithm_for`."""
        return self._algorithm if self._algorithm.key_type is key_type else None

    def controller(self) -> str | None:
        """As `Proof.controller`."""
        return controller_of(self._key_name())

    def issuer_id(self) -> str:
        """As `Secured.issuer_id`."""
        return stated_issuer(self._payload)

    def types(self) -> frozenset[str]:
        """As `Secured.types`."""
        return types_of(self._payload) - {BASE_TYPE}

    def named_keys(self, issuer: TrustedIssuer) -> Collection[TrustedKey]:
        """As `Proof.named_keys`."""
        return (assertion_key(issuer, self._key_name()),)

    def signed_at(self) -> datetime | None:
        """As `Proof.signed_at`."""
        return valid_from(self._payload)

    def validity(self) -> Validity:
        """As `Proof.validity`."""
        return NO_LIMITS

    def credential(self, issuer: TrustedIssuer) -> JSONObject:  # noqa: ARG002 - part of the common face
        """As `Secured.credential`."""
        for claim in _FORBIDDEN:
            if claim in self._payload:
                raise RefusedError("claim_forbidden", field=f"/{claim}")
        return self._payload


class Token(_Enveloped):
    """vc+jwt: the payload is the credential; registered claims may stand beside it (vc-jose-cose 3.1.3).

    Args:
        token: the compact JWS.

    Raises:
        RefusedError: as `jws.algorithm_of`.
    """

    _REGISTERED = frozenset({"iss", "sub", "exp", "nbf", "iat", "jti"})

    def __init__(self, token: CompactJWS) -> None:
        self._algorithm = jws.algorithm_of(token.header)
        self._jws = token
        self.header = token.signing_input.partition(b".")[0]
        self._payload = token.payload
        self.name = str(token.header["alg"])

    def _key_name(self) -> JSONValue:
        return self._jws.header.get("kid")

    def issuer_id(self) -> str:
        """As `Secured.issuer_id`."""
        issuer = super().issuer_id()
        for stated in (self._jws.header, self._payload):
            if stated.get("iss", issuer) != issuer:
                raise RefusedError("issuer_mismatch", issuer=shown(issuer), other=shown(stated["iss"]))
        return issuer

    def signed_at(self) -> datetime | None:
        """As `Proof.signed_at`."""
        for claim in ("iat", "nbf"):
            if claim in self._payload:
                return numeric_date(self._payload[claim], field=f"/{claim}")
        return super().signed_at()

    def validity(self) -> Validity:
        """As `Proof.validity`."""
        payload = self._payload
        claims = [claim for claim in ("iat", "nbf", "exp") if claim in payload]
        stated = {claim: numeric_date(payload[claim], field=f"/{claim}") for claim in claims}
        if not stated:
            return NO_LIMITS
        # What was issued later than now was not issued: as the `created` of a proof (vc-data-integrity 2.1).
        since = max((stated[claim] for claim in ("iat", "nbf") if claim in stated), default=None)
        return Validity(since=since, until=stated.get("exp"))

    def is_signed_by(self, key: TrustedKey, algorithm: Algorithm) -> bool:
        """As `Proof.is_signed_by`."""
        return algorithm.verify(key.public_key, signature=self._jws.signature, message=self._jws.signing_input)

    def credential(self, issuer: TrustedIssuer) -> JSONObject:
        """As `Secured.credential`."""
        payload = super().credential(issuer)
        registered = self._REGISTERED.intersection(payload)
        if not registered:
            return payload
        subject = payload.get("credentialSubject")
        self._check_same("jti", "/id", payload.get("id"))
        self._check_same("sub", "/credentialSubject/id", subject.get("id") if isinstance(subject, dict) else None)
        return {name: value for name, value in payload.items() if name not in registered}

    def _check_same(self, claim: str, field: str, value: JSONValue) -> None:
        if claim in self._payload and self._payload[claim] != value:
            raise RefusedError("claim_mismatch", field=field)


class Message(_Enveloped):
    """vc+cose: a COSE_Sign1 message whose payload is the credential as JSON (vc-jose-cose 3.3.1).

    Args:
        message: the COSE_Sign1 message.

    Raises:
        RefusedError: as `cose.credential_header` and `strict_json.loads_object`.
    """

    def __init__(self, message: Sign1, limits: Limits) -> None:
        header = cose.credential_header(message)
        self._algorithm, self._kid = header.algorithm, header.kid
        self._message = message
        try:
            self._payload = strict_json.loads_object(message.payload, limits=limits)
        except CodedError as error:
            raise RefusedError.wrapping(error) from error
        self.name = header.name

    def _key_name(self) -> JSONValue:
        # vc-jose-cose 3.3.1 leaves the form of a kid open; it is taken for the same names as in a token.
        return self._kid.decode("utf-8", "replace")

    def is_signed_by(self, key: TrustedKey, algorithm: Algorithm) -> bool:
        """As `Proof.is_signed_by`."""
        message = self._message.to_be_signed
        return algorithm.verify(key.public_key, signature=self._message.signature, message=message)
