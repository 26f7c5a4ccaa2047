"""Data Integrity proofs: their options, what a cryptosuite signs, proof sets and chains.

W3C vc-data-integrity 1.0, vc-di-ecdsa 1.0, vc-di-eddsa 1.0.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from xinzheng_schemas import multibase
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.errors import RefusedError, shown
from xinzheng_verifier.limits import MAX_PROOF_VALUE_CHARACTERS, MAX_PROOFS
from xinzheng_verifier.secure.algorithms import CRYPTOSUITES, Canonicalization, Cryptosuite, HashName
from xinzheng_verifier.secure.canonical import Contexts, canonical, plain_json
from xinzheng_verifier.secure.moments import timestamp
from xinzheng_verifier.secure.sm2 import sm3

_TYPE: Final = "DataIntegrityProof"
_DIGESTS: Final[Mapping[HashName, Callable[[bytes], bytes]]] = {
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "sha384": lambda data: hashlib.sha384(data).digest(),
    "sm3": sm3,
}
_METHOD_ID: Final = re.compile(r"[^\s#]+#[^\s#]+")
_SIGNATURE_BYTES: Final = (64, 96)
_PRESENTED: Final = ("challenge", "domain")
"""Members of a proof that answers a verifier's challenge: of a presentation, which this verifier never asks for."""


@dataclass(frozen=True, kw_only=True)
class ProofOptions:
    """One proof whose members are all acceptable (vc-data-integrity 2.1).

    Attributes:
        proof: the proof as it stands in the document.
        suite: its cryptosuite.
        method_id: the `verificationMethod`.
        signature: the decoded `proofValue`, 64 or 96 bytes.
        created, expires: None where the proof does not say.
        previous: the proofs that it builds on, as they stand in the document (vc-data-integrity 2.1.2).
    """

    proof: JSONObject
    suite: Cryptosuite
    method_id: str
    signature: bytes
    created: datetime | None
    expires: datetime | None
    previous: tuple[JSONObject, ...] = ()


def hash_data(
    document: Mapping[str, object],
    proof_config: Mapping[str, object],
    *,
    hash_name: HashName,
    canonicalization: Canonicalization = "jcs",
    contexts: Contexts | None = None,
) -> bytes:
    """What a cryptosuite signs: hash of the canonical proof configuration, then hash of the canonical document.

    vc-di-ecdsa 3.2.3 to 3.2.5 and 3.3.3 to 3.3.5; vc-di-eddsa likewise.

    Args:
        document: the unsecured document, without `proof` unless it is signed over previous proofs.
        proof_config: the proof without `proofValue`, with the `@context` of the document.
        hash_name: "sha256" for P-256 and Ed25519, "sha384" for P-384, "sm3" for SM2.
        canonicalization: "jcs" or "rdfc".
        contexts: for "rdfc": JSON-LD contexts besides the bundled ones, by URL.

    Returns:
        64 bytes for sha256 and sm3, 96 for sha384.

    Raises:
        RefusedError, UndecidedError: as `canonical`.
    """
    parts = (
        canonical(part, method=canonicalization, hash_name=hash_name, contexts=contexts)
        for part in (proof_config, document)
    )
    digest_of = _DIGESTS[hash_name]
    return b"".join([digest_of(part) for part in parts])


def hash_plain(document: JSONObject, proof_config: JSONObject, *, hash_name: HashName) -> bytes:
    """As `hash_data` by JCS, of what `plain_json` takes."""
    digest_of = _DIGESTS[hash_name]
    return digest_of(plain_json(proof_config)) + digest_of(plain_json(document))


def signed_bytes(
    unsecured: JSONObject, options: ProofOptions, *, hash_name: HashName, contexts: Contexts | None = None
) -> bytes:
    """What a proof signs; previous proofs are part of the document (vc-data-integrity 4.5).

    Args:
        unsecured: the document without `proof`.
        options: the proof.
        hash_name: as for `hash_data`.
        contexts: as for `hash_data`.

    Raises:
        RefusedError, UndecidedError: as `canonical`.
    """
    config = {name: value for name, value in options.proof.items() if name != "proofValue"}
    canonicalization = options.suite.canonicalization
    if canonicalization == "rdfc":
        # vc-di-ecdsa 3.2.5; where the proof bears a context, it was found equal.
        config["@context"] = unsecured.get("@context")
    document = {**unsecured, "proof": [*options.previous]} if options.previous else unsecured
    return hash_data(document, config, hash_name=hash_name, canonicalization=canonicalization, contexts=contexts)


def split(document: JSONObject) -> tuple[JSONObject, list[JSONObject]]:
    """The unsecured document and its proofs, at least one.

    Raises:
        RefusedError: `proof_missing`, `proof_set` (more than `MAX_PROOFS`), `proof_malformed` (no object).
    """
    stated = document.get("proof")
    listed = stated if isinstance(stated, list) else [stated]
    if not listed or listed in ([None], [{}]):
        raise RefusedError("proof_missing")
    if len(listed) > MAX_PROOFS:
        raise RefusedError("proof_set", count=len(listed), limit=MAX_PROOFS)
    proofs = [proof for proof in listed if isinstance(proof, dict)]
    if len(proofs) != len(listed):
        raise RefusedError("proof_malformed", field="/proof")
    return {name: value for name, value in document.items() if name != "proof"}, proofs


def unknown_kind(proof: JSONObject, *, named: Collection[str] | None) -> str | None:
    """What kind of proof it is, if that is none of the allow-list and nobody asks for it; else None.

    Args:
        proof: the proof.
        named: the cryptosuites whose proofs have to hold; None is all, so that every proof has to be known.
    """
    if named is None:
        return None
    kind, suite = proof.get("type"), proof.get("cryptosuite")
    if kind != _TYPE or not isinstance(suite, str):
        return shown(kind)
    return None if suite in CRYPTOSUITES or suite in named else shown(suite)


def parse_proofs(
    proofs: Sequence[JSONObject], *, context: JSONValue, among: Sequence[JSONObject] | None = None
) -> tuple[ProofOptions, ...]:
    """Reads proofs of a document, chains included (vc-data-integrity 4.5).

    Args:
        proofs: the proof objects to read.
        among: all proof objects of the document; None is those.
        context: `@context` of the document. The JCS suites only ask that it begin with the proof's; here they are
            equal, or terms could be appended without breaking the signature.

    Raises:
        RefusedError: as `_parse_proof`, or `proof_chain` (a previous proof is missing, stands twice or leads back).
    """
    by_id: dict[str, JSONObject] = {}
    for proof in proofs if among is None else among:
        identifier = proof.get("id")
        if isinstance(identifier, str):
            if identifier in by_id:
                raise RefusedError("proof_chain")
            by_id[identifier] = proof
    _check_no_cycle({name: _previous_ids(proof) for name, proof in by_id.items()})
    return tuple(_parse_proof(proof, context=context, by_id=by_id) for proof in proofs)


def _previous_ids(proof: JSONObject) -> tuple[str, ...]:
    if "previousProof" not in proof:
        return ()
    previous = proof["previousProof"]
    listed = previous if isinstance(previous, list) else [previous]
    names = tuple(name for name in listed if isinstance(name, str))
    if len(names) != len(listed) or len(set(names)) != len(names) or len(names) > MAX_PROOFS:
        raise RefusedError("proof_chain")
    return names


def _check_no_cycle(previous: Mapping[str, Sequence[str]]) -> None:
    """A proof cannot be signed before itself; whoever says so has written the chain by hand."""
    ended: set[str] = set()
    while len(ended) < len(previous):
        ends = {
            name
            for name, names in previous.items()
            if name not in ended and all(other in ended or other not in previous for other in names)
        }
        if not ends:
            raise RefusedError("proof_chain")
        ended |= ends


def _parse_proof(proof: JSONObject, *, context: JSONValue, by_id: Mapping[str, JSONObject]) -> ProofOptions:
    """Reads one proof (vc-data-integrity 4.4; vc-di-ecdsa 3.2.2, 3.3.2).

    Raises:
        RefusedError: `suite_mismatch`, `purpose_mismatch`, `context_mismatch`, `challenge_mismatch`, `domain_mismatch`,
            `proof_chain`, `proof_malformed`, `date_malformed`, `too_large`.
    """
    name = proof.get("cryptosuite")
    suite = CRYPTOSUITES.get(name) if isinstance(name, str) else None
    if proof.get("type") != _TYPE or suite is None:
        raise RefusedError("suite_mismatch", suite=shown(name))
    if proof.get("proofPurpose") != "assertionMethod":
        raise RefusedError("purpose_mismatch", purpose=shown(proof.get("proofPurpose")))
    if proof.get("@context", context) != context:
        raise RefusedError("context_mismatch")
    for member in _PRESENTED:
        if member in proof:
            raise RefusedError(f"{member}_mismatch", field=f"/proof/{member}")
    method_id = proof.get("verificationMethod")
    if not isinstance(method_id, str) or not _METHOD_ID.fullmatch(method_id):
        raise RefusedError("proof_malformed", field="/proof/verificationMethod")
    previous = _previous_ids(proof)
    if not all(name in by_id for name in previous):
        raise RefusedError("proof_chain")
    return ProofOptions(
        proof=proof,
        suite=suite,
        method_id=method_id,
        signature=signature_of(proof.get("proofValue")),
        created=_moment(proof, "created"),
        expires=_moment(proof, "expires"),
        previous=tuple(by_id[name] for name in previous),
    )


def signature_of(proof_value: JSONValue) -> bytes:
    """The signature in base58-btc multibase (vc-di-ecdsa 3.3.2); its length is bounded before it is decoded.

    Args:
        proof_value: `proofValue` of a proof.

    Returns:
        64 or 96 bytes.

    Raises:
        RefusedError: `proof_malformed`, `too_large`.
    """
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
