"""Steps 3 to 5 for whatever is signed, certificates and status lists alike."""

from collections.abc import Sequence
from datetime import datetime

from xinzheng_verifier.errors import RefusedError
from xinzheng_verifier.secure.algorithms import ECDSAAlgorithm
from xinzheng_verifier.secure.mechanism import Secured
from xinzheng_verifier.trust.eligibility import Usage, check_key
from xinzheng_verifier.trust.issuers import TrustedIssuer, TrustedKey
from xinzheng_verifier.trust.store import TrustStore

EligibleKey = tuple[TrustedKey, ECDSAAlgorithm]


def trusted_issuer(secured: Secured, trust: TrustStore) -> TrustedIssuer:
    """Step 3: the issuer that is named, if it is trusted.

    Raises:
        RefusedError: `issuer_untrusted`, `issuer_mismatch`.
    """
    issuer_id = secured.issuer_id()
    issuer = trust.issuer(issuer_id)
    if issuer is None:
        raise RefusedError("issuer_untrusted", issuer=issuer_id[:200])
    return issuer


def check_authority(secured: Secured, issuer: TrustedIssuer) -> None:
    """Step 3: whether the trust list lets the issuer issue every type that is borne.

    Raises:
        RefusedError: `issuer_type`.
    """
    allowed, types = issuer.credential_types, secured.types()
    if allowed is not None and not (types and types <= allowed):
        raise RefusedError("issuer_type", issuer=issuer.id, allowed=sorted(allowed))


def eligible_keys(
    secured: Secured, issuer: TrustedIssuer, *, usage: Usage, at: datetime, unsafe_trust_dates: bool = False
) -> Sequence[EligibleKey]:
    """Step 4: the keys that are named, of the mechanism's type, for this usage, in their window; at least one.

    Raises:
        RefusedError: `kid_unknown`, `issuer_key_mismatch`, `date_malformed`, the mechanism's `key_mismatch_code`, or as
            `check_key`; of several named keys the refusal of the last.
    """
    signed_at = secured.signed_at()
    eligible: list[EligibleKey] = []
    refusal: RefusedError | None = None
    for key in secured.named_keys(issuer):
        try:
            algorithm = _algorithm(secured, key)
            check_key(key, usage=usage, signed_at=signed_at, at=at, unsafe_trust_dates=unsafe_trust_dates)
        except RefusedError as error:
            refusal = error
        else:
            eligible.append((key, algorithm))
    if refusal is not None and not eligible:
        raise refusal
    return eligible


def _algorithm(secured: Secured, key: TrustedKey) -> ECDSAAlgorithm:
    """The one algorithm to which key and mechanism are bound."""
    algorithm = secured.algorithm_for(key.key_type)
    if algorithm is None:
        raise RefusedError(secured.key_mismatch_code, key=key.key_type.value)
    return algorithm


def check_signature(secured: Secured, keys: Sequence[EligibleKey]) -> TrustedKey:
    """Step 5: the key that signed.

    Raises:
        RefusedError: `signature_invalid`, or `number_range` and `not_canonical` of a document without canonical form.
    """
    for key, algorithm in keys:
        if secured.is_signed_by(key, algorithm):
            return key
    raise RefusedError("signature_invalid")
