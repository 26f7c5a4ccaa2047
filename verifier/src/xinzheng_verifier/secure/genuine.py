"""Steps 3 to 5 for whatever is signed, certificates and status lists alike."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from xinzheng_verifier.errors import RefusedError, UndecidedError, VerifierError, raise_worst
from xinzheng_verifier.secure.algorithms import Algorithm
from xinzheng_verifier.secure.proof import Proof, Secured
from xinzheng_verifier.trust.eligibility import Usage, check_key
from xinzheng_verifier.trust.issuers import TrustedIssuer, TrustedKey
from xinzheng_verifier.trust.store import TrustStore

BoundKey = tuple[TrustedKey, Algorithm]


class SignedProof(NamedTuple):
    """A proof and who has to have signed it.

    Attributes:
        proof: the proof.
        signer: the issuer, or another controller where the policy allows it.
        keys: the keys that it may be signed with, each bound to its algorithm; at least one.
    """

    proof: Proof
    signer: TrustedIssuer
    keys: tuple[BoundKey, ...]


def trusted_issuer(secured: Secured, trust: TrustStore) -> TrustedIssuer:
    """Step 3: the issuer that is named, if it is trusted.

    Raises:
        RefusedError: `issuer_untrusted`, `issuer_mismatch`.
        UndecidedError: `issuer_left_out`.
    """
    issuer_id = secured.issuer_id()
    issuer = trust.issuer(issuer_id)
    if issuer is None:
        _refuse_left_out(issuer_id, trust)
        raise RefusedError("issuer_untrusted", issuer=issuer_id[:200])
    return issuer


def trusted_controller(proof: Proof, secured: Secured, trust: TrustStore) -> TrustedIssuer:
    """Step 3 where anybody who is trusted may sign for any issuer: who controls the key of a proof.

    Raises:
        RefusedError: `issuer_untrusted`, `issuer_mismatch`.
        UndecidedError: `issuer_left_out`, of the controller or of the issuer.
    """
    controller_id = proof.controller() or ""
    controller = trust.issuer(controller_id)
    if controller is not None:
        return controller
    _refuse_left_out(controller_id, trust)
    return trusted_issuer(secured, trust)


def _refuse_left_out(issuer_id: str, trust: TrustStore) -> None:
    if trust.extent.leaves_out(issuer_id):
        raise UndecidedError("issuer_left_out", issuer=issuer_id[:200])


def check_authority(secured: Secured, issuer: TrustedIssuer) -> None:
    """Step 3: whether the trust list lets the issuer issue every type that is borne.

    Raises:
        RefusedError: `issuer_type`.
    """
    allowed, types = issuer.credential_types, secured.types()
    if allowed is not None and not (types and types <= allowed):
        raise RefusedError("issuer_type", issuer=issuer.id, allowed=sorted(allowed))


def named_keys(proof: Proof, signer: TrustedIssuer) -> SignedProof:
    """Step 4: the keys of the signer that the proof names, of the proof's own type.

    Raises:
        RefusedError: `kid_unknown`, `issuer_key_mismatch`, or the proof's `key_mismatch_code`.
    """
    named = proof.named_keys(signer)
    keys: list[BoundKey] = []
    for key in named:
        algorithm = proof.algorithm_for(key.key_type)
        if algorithm is not None:
            keys.append((key, algorithm))
    if not keys:
        raise RefusedError(proof.key_mismatch_code, key=", ".join(sorted({key.key_type.value for key in named})))
    return SignedProof(proof=proof, signer=signer, keys=tuple(keys))


def keys_in_force(
    signed: SignedProof, *, usage: Usage, at: datetime, unsafe_trust_dates: bool = False
) -> tuple[BoundKey, ...]:
    """Step 4: those of the named keys that are for this usage, in their window, not compromised; at least one.

    Raises:
        RefusedError: `date_malformed`, or as `check_key`; of several keys the refusal of the last.
    """
    signed_at = signed.proof.signed_at()
    in_force: list[BoundKey] = []
    refusal: RefusedError | None = None
    for key, algorithm in signed.keys:
        try:
            check_key(key, usage=usage, signed_at=signed_at, at=at, unsafe_trust_dates=unsafe_trust_dates)
        except RefusedError as error:
            refusal = error
        else:
            in_force.append((key, algorithm))
    if refusal is not None and not in_force:
        raise refusal
    return tuple(in_force)


def check_signature(proof: Proof, keys: Sequence[BoundKey]) -> TrustedKey:
    """Step 5: the key that signed.

    Raises:
        RefusedError: `signature_invalid`, or why the document has no canonical form.
        UndecidedError: `jsonld_unavailable`.
    """
    for key, algorithm in keys:
        if proof.is_signed_by(key, algorithm):
            return key
    raise RefusedError("signature_invalid", mechanism=proof.name)


def check_signatures(proofs: Sequence[tuple[Proof, Sequence[BoundKey]]]) -> list[TrustedKey]:
    """Step 5 for every proof: the keys that signed.

    Raises:
        RefusedError, UndecidedError: as `check_signature`, with all problems where there are several.
    """
    signers: list[TrustedKey] = []
    errors: list[VerifierError] = []
    for proof, keys in proofs:
        try:
            signers.append(check_signature(proof, keys))
        except VerifierError as error:
            errors.append(error)
    raise_worst(errors)
    return signers
