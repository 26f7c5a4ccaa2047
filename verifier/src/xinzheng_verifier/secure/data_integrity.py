"""Data Integrity proofs with JCS cryptosuites (W3C vc-data-integrity 1.0, vc-di-ecdsa 1.0)."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from xinzheng_schemas import multibase
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.errors import RefusedError, shown
from xinzheng_verifier.limits import MAX_PROOF_VALUE_CHARACTERS
from xinzheng_verifier.secure import algorithms
from xinzheng_verifier.secure.algorithms import ECDSAAlgorithm
from xinzheng_verifier.secure.canonical import canonical_json
from xinzheng_verifier.secure.moments import timestamp

HashName = Literal["sha256", "sha384"]

_HASHES: Final[Mapping[KeyType, HashName]] = {KeyType.P256: "sha256"}
_METHOD_ID: Final = re.compile(r"[^\s#]+#[^\s#]+")
_SIGNATURE_BYTES: Final = (64, 96)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One proof whose members are all acceptable (vc-data-integrity 2.1).

    Attributes:
        config: the proof without `proofValue`.
        suite: the algorithm for each type of key that the cryptosuite takes.
        suite_name: the `cryptosuite`.
        method_id: the `verificationMethod`.
        signature: the decoded `proofValue`, 64 or 96 bytes.
        created, expires: None where the proof does not say.
    """

    config: JSONObject
    suite: Mapping[KeyType, ECDSAAlgorithm]
    suite_name: str
    method_id: str
    signature: bytes
    created: datetime | None
    expires: datetime | None


def hash_data(document: Mapping[str, object], proof_config: Mapping[str, object], *, hash_name: HashName) -> bytes:
    """What a JCS cryptosuite signs: hash of the canonical proof configuration, then hash of the canonical document.

    vc-di-ecdsa 3.3.3 (transformation), 3.3.4 (hashing), 3.3.5 (proof configuration).

    Args:
        document: the unsecured document, without `proof`.
        proof_config: the proof without `proofValue`, with the `@context` of the document.
        hash_name: "sha256" for P-256 and Ed25519, "sha384" for P-384.

    Returns:
        64 bytes for sha256, 96 for sha384.

    Raises:
        RefusedError: `number_range` or `not_canonical`, see `canonical_json`.
    """
    hashes = (hashlib.new(hash_name, canonical_json(dict(part))).digest() for part in (proof_config, document))
    return b"".join(hashes)


def signed_bytes(unsecured: JSONObject, proof: Proof, key_type: KeyType) -> bytes:
    """What the proof's suite signs with a key of `key_type`; as `hash_data`."""
    return hash_data(unsecured, proof.config, hash_name=_HASHES[key_type])


def split(document: JSONObject) -> tuple[JSONObject, JSONObject]:
    """The unsecured document and its one proof.

    Raises:
        RefusedError: `proof_missing`, `proof_set` (more than one), `proof_malformed` (no object).
    """
    proof = document.get("proof")
    if isinstance(proof, list):
        if len(proof) > 1:
            raise RefusedError("proof_set", count=len(proof))
        proof = proof[0] if proof else None
    if proof is None or proof == {}:
        raise RefusedError("proof_missing")
    if not isinstance(proof, dict):
        raise RefusedError("proof_malformed", field="/proof")
    return {name: value for name, value in document.items() if name != "proof"}, proof


def parse_proof(proof: JSONObject, *, context: JSONValue) -> Proof:
    """Reads a proof (vc-data-integrity 4.4; vc-di-ecdsa 3.3.2).

    Args:
        proof: the proof object.
        context: `@context` of the document. The suite only asks that it begin with the proof's; here they are equal, or
            terms could be appended without breaking the signature.

    Raises:
        RefusedError: `suite_mismatch`, `purpose_mismatch`, `context_mismatch`, `proof_chain`, `proof_malformed`,
            `date_malformed`, `too_large`.
    """
    name = proof.get("cryptosuite")
    suite = algorithms.JCS_SUITES.get(name) if isinstance(name, str) else None
    if proof.get("type") != "DataIntegrityProof" or suite is None or not isinstance(name, str):
        raise RefusedError("suite_mismatch", suite=shown(name))
    if proof.get("proofPurpose") != "assertionMethod":
        raise RefusedError("purpose_mismatch", purpose=shown(proof.get("proofPurpose")))
    if proof.get("@context") != context:
        raise RefusedError("context_mismatch")
    if "previousProof" in proof:
        raise RefusedError("proof_chain")
    method_id = proof.get("verificationMethod")
    if not isinstance(method_id, str) or not _METHOD_ID.fullmatch(method_id):
        raise RefusedError("proof_malformed", field="/proof/verificationMethod")
    return Proof(
        config={member: value for member, value in proof.items() if member != "proofValue"},
        suite=suite,
        suite_name=name,
        method_id=method_id,
        signature=_signature(proof.get("proofValue")),
        created=_moment(proof, "created"),
        expires=_moment(proof, "expires"),
    )


def _signature(proof_value: JSONValue) -> bytes:
    """r‖s in base58-btc multibase (vc-di-ecdsa 3.3.2); the length is bounded before the quadratic decoding."""
    if not isinstance(proof_value, str):
        raise RefusedError("proof_malformed", field="/proof/proofValue")
    if len(proof_value) > MAX_PROOF_VALUE_CHARACTERS:
        raise RefusedError("too_large", limit=MAX_PROOF_VALUE_CHARACTERS, field="/proof/proofValue")
    try:
        signature = multibase.decode(proof_value, max_characters=MAX_PROOF_VALUE_CHARACTERS)
    except CodedError as error:
        raise RefusedError("proof_malformed", field="/proof/proofValue") from error
    if len(signature) not in _SIGNATURE_BYTES:
        raise RefusedError("proof_malformed", field="/proof/proofValue")
    return signature


def _moment(proof: JSONObject, member: str) -> datetime | None:
    if member not in proof:
        return None
    return timestamp(proof[member], field=f"/proof/{member}")
