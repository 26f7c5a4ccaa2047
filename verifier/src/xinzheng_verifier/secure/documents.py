"""JSON-LD with Data Integrity proofs: one, a set or a chain."""

from collections.abc import Collection
from datetime import datetime

from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.policy import types_of
from xinzheng_verifier.secure import data_integrity
from xinzheng_verifier.secure.algorithms import SUITE_HASHES, Algorithm
from xinzheng_verifier.secure.canonical import Contexts
from xinzheng_verifier.secure.data_integrity import ProofOptions
from xinzheng_verifier.secure.proof import (
    BASE_TYPE,
    Proof,
    Secured,
    Validity,
    assertion_key,
    controller_of,
    stated_issuer,
    valid_from,
)
from xinzheng_verifier.trust.issuers import TrustedIssuer, TrustedKey


class ProvenDocument(Secured):
    """A document and its proofs.

    Args:
        document: the JSON object with `proof`.
        contexts: JSON-LD contexts besides the bundled ones, by URL.
        named: the cryptosuites whose proofs have to hold; None is all.

    Raises:
        RefusedError: as `data_integrity.split` and `parse_proofs`.
    """

    def __init__(self, document: JSONObject, contexts: Contexts, named: Collection[str] | None = None) -> None:
        self._unsecured, proofs = data_integrity.split(document)
        unknown = {id(proof): kind for proof in proofs if (kind := data_integrity.unknown_kind(proof, named=named))}
        self.unknown_proofs = tuple(unknown.values())
        known = [proof for proof in proofs if id(proof) not in unknown]
        parsed = data_integrity.parse_proofs(known, among=proofs, context=document.get("@context"))
        self._proofs = tuple(_EmbeddedProof(self._unsecured, options, contexts) for options in parsed)
        if len(parsed) == 1 and parsed[0].suite.canonicalization == "jcs":
            self.header = parsed[0].suite.name, parsed[0].method_id
        by_place = {id(options.proof): proof for options, proof in zip(parsed, self._proofs, strict=True)}
        for options, proof in zip(parsed, self._proofs, strict=True):
            places = [id(previous) for previous in options.previous]
            proof.builds_on = tuple(by_place[place] for place in places if place in by_place)
            proof.builds_on_unknown = next((unknown[place] for place in places if place in unknown), None)

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """All proofs of the document."""
        return self._proofs

    def issuer_id(self) -> str:
        """As `Secured.issuer_id`."""
        return stated_issuer(self._unsecured)

    def types(self) -> frozenset[str]:
        """As `Secured.types`."""
        return types_of(self._unsecured) - {BASE_TYPE}

    def credential(self, issuer: TrustedIssuer) -> JSONObject:  # noqa: ARG002 - part of the common face
        """As `Secured.credential`."""
        return self._unsecured


class _EmbeddedProof(Proof):
    key_mismatch_code = "suite_mismatch"

    def __init__(self, unsecured: JSONObject, options: ProofOptions, contexts: Contexts) -> None:
        self._unsecured = unsecured
        self._options = options
        self._contexts = contexts
        self.name = options.suite.name

    def algorithm_for(self, key_type: KeyType) -> Algorithm | None:
        """As `Proof.algorithm_for`."""
        return self._options.suite.algorithms.get(key_type)

    def controller(self) -> str | None:
        """As `Proof.controller`."""
        return controller_of(self._options.method_id)

    def named_keys(self, issuer: TrustedIssuer) -> Collection[TrustedKey]:
        """As `Proof.named_keys`."""
        return (assertion_key(issuer, self._options.method_id),)

    def signed_at(self) -> datetime | None:
        """As `Proof.signed_at`."""
        return self._options.created or valid_from(self._unsecured)

    def validity(self) -> Validity:
        """As `Proof.validity`."""
        return Validity(since=self._options.created, until=self._options.expires, ended_code="proof_expired")

    def is_signed_by(self, key: TrustedKey, algorithm: Algorithm) -> bool:
        """As `Proof.is_signed_by`."""
        hash_name = SUITE_HASHES[key.key_type]
        message = data_integrity.signed_bytes(
            self._unsecured, self._options, hash_name=hash_name, contexts=self._contexts
        )
        return algorithm.verify(key.public_key, signature=self._options.signature, message=message)
