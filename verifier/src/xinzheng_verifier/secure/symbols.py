"""The CWT of a QR symbol: a certificate in the profile of `xinzheng_schemas.qr_profile`."""

from collections.abc import Collection
from datetime import datetime

from xinzheng_schemas import qr_profile
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.errors import RefusedError, shown
from xinzheng_verifier.policy import COURT_TYPE
from xinzheng_verifier.secure import cose
from xinzheng_verifier.secure.algorithms import Algorithm
from xinzheng_verifier.secure.cose import Claims, Sign1
from xinzheng_verifier.secure.moments import numeric_date
from xinzheng_verifier.secure.proof import NO_LIMITS, Proof, Secured, Validity
from xinzheng_verifier.trust.issuers import TrustedIssuer, TrustedKey

_ISS, _NBF = 1, 5


class Symbol(Secured, Proof):
    """A certificate as claims.

    Args:
        message: the COSE_Sign1 message.
        claims: the CWT claims set that it signs.

    Raises:
        RefusedError: as `cose.claims_header`.
    """

    def __init__(self, message: Sign1, claims: Claims) -> None:
        header = cose.claims_header(message)
        self._algorithm, self._kid = header.algorithm, header.kid
        self._message = message
        self._claims = claims
        self.name = header.name
        self.header = message.protected_bytes

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """The signature itself."""
        return (self,)

    def algorithm_for(self, key_type: KeyType) -> Algorithm | None:
        """As `Proof.algorithm_for`."""
        return self._algorithm if self._algorithm.key_type is key_type else None

    def controller(self) -> str | None:
        """As `Proof.controller`."""
        return None

    def issuer_id(self) -> str:
        """As `Secured.issuer_id`."""
        issuer = self._claims.get(_ISS)
        if not isinstance(issuer, str):
            raise RefusedError("issuer_untrusted", issuer=shown(issuer))
        return issuer

    def types(self) -> frozenset[str]:
        """As `Secured.types`."""
        return frozenset({COURT_TYPE})

    def named_keys(self, issuer: TrustedIssuer) -> Collection[TrustedKey]:
        """As `Proof.named_keys`."""
        # Short names may collide (hcert_spec 3.3.3): every key of that name is tried.
        keys = issuer.keys_with_kid(self._kid)
        if not keys:
            raise RefusedError("kid_unknown", kid=self._kid.hex())
        if not any(key.in_assertion_method for key in keys):
            raise RefusedError("issuer_key_mismatch", kid=self._kid.hex())
        return tuple(key for key in keys if key.in_assertion_method)

    def signed_at(self) -> datetime | None:
        """As `Proof.signed_at`."""
        return numeric_date(self._claims[_NBF], field=f"/{_NBF}") if _NBF in self._claims else None

    def validity(self) -> Validity:
        """As `Proof.validity`."""
        # Claims 4 and 5 of the profile are validUntil and validFrom themselves.
        return NO_LIMITS

    def is_signed_by(self, key: TrustedKey, algorithm: Algorithm) -> bool:
        """As `Proof.is_signed_by`."""
        message = self._message.to_be_signed
        return algorithm.verify(key.public_key, signature=self._message.signature, message=message)

    def credential(self, issuer: TrustedIssuer) -> JSONObject:
        """As `Secured.credential`."""
        try:
            return qr_profile.from_claims(self._claims, court=issuer.court)
        except CodedError as error:
            raise RefusedError("shape_invalid", field=error.field, problem=error.code) from error
