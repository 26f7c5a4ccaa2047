"""openvc-core: Data Integrity proofs and Bitstring Status Lists.

Usage: python peer_openvc.py FOLDER make|check.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from openvc import VerificationPolicy, verify_credential
from openvc.did.base import DidDocument, parse_did_document
from openvc.keys import Ed25519SigningKey, P256SigningKey, P384SigningKey
from openvc.multibase import encode_multibase
from openvc.proof.data_integrity import DataIntegrityProofSuite
from openvc.proof.di_ecdsa_rdfc import EcdsaRdfcProofSuite
from openvc.proof.di_jcs import EcdsaJcsProofSuite, EddsaJcsProofSuite
from openvc.status.bitstring import new_bitstring, set_status_bit
from openvc.status.issue import build_status_list_credential, build_status_list_entry

from folder import JSON, Folder, Unsupported, controller_document, main

FOLDER = Folder(sys.argv[1], "openvc")
DID = "did:web:openvc.interop.example:did:420683"
PURPOSES = ("revocation", "suspension")
INDEXES = {"": 94567, "revocation": 4211, "suspension": 4212}
SUITES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "ecdsa-jcs-2019": (EcdsaJcsProofSuite, ("P-256", "P-384")),
    "eddsa-jcs-2022": (EddsaJcsProofSuite, ("Ed25519",)),
    "ecdsa-rdfc-2019": (EcdsaRdfcProofSuite, ("P-256", "P-384")),
    "eddsa-rdfc-2022": (DataIntegrityProofSuite, ("Ed25519",)),
}
KINDS: dict[str, tuple[Any, bytes]] = {
    "P-256": (P256SigningKey, b"\x80\x24"),
    "P-384": (P384SigningKey, b"\x81\x24"),
    "Ed25519": (Ed25519SigningKey, b"\xed\x01"),
}


class Trusted:
    """Resolves what the folder trusts, and nothing else."""

    def __init__(self, controllers: JSON) -> None:
        self._controllers = controllers

    def supports(self, did: str) -> bool:
        """Whether the folder trusts it."""
        return did in self._controllers

    def resolve(self, did: str) -> DidDocument:
        """Its document."""
        return parse_did_document(self._controllers[did])


def status_url(purpose: str) -> str:
    """Where the list of a purpose would be."""
    return f"https://openvc.interop.example/status/420683/1/{purpose}"


def proven(credential: JSON, suite: str, key: Any, name: str, contexts: JSON) -> JSON:
    """The credential with a proof."""
    further = {"extra_contexts": contexts} if "rdfc" in suite else {}
    signed: JSON = SUITES[suite][0]().add_proof(
        credential, signing_key=key, verification_method=f"{DID}#{name}", created=datetime.now(UTC), **further
    )
    if "jcs" in suite:
        # vc-di-ecdsa 3.3.1, step 2: the proof bears the context that it was signed with; the library leaves it out.
        signed["proof"]["@context"] = credential["@context"]
    return signed


def make() -> None:
    """Signs the credential with every suite, clear, revoked and suspended, and the lists that say so."""
    contexts = FOLDER.read("contexts.json")
    names = {**{key_type: key_type for key_type in KINDS}, "status": "P-256"}
    keys = {name: KINDS[key_type][0].generate(kid=f"{DID}#{name}") for name, key_type in names.items()}
    multikeys = {name: encode_multibase(KINDS[names[name]][1] + key.public_key_raw()) for name, key in keys.items()}
    credential = FOLDER.read("material.json")["credential"] | {"issuer": DID}
    made: list[JSON] = []
    for suite, (_, key_types) in SUITES.items():
        for key_type in key_types:
            for change, index in INDEXES.items():
                entries = [
                    build_status_list_entry(
                        status_list_credential=status_url(purpose), index=index, status_purpose=purpose
                    )
                    for purpose in PURPOSES
                ]
                signed = proven({**credential, "credentialStatus": entries}, suite, keys[key_type], key_type, contexts)
                made.append(
                    {
                        "form": "document",
                        "mechanism": suite,
                        "key_type": key_type,
                        "method": f"{DID}#{key_type}",
                        "change": change,
                        "text": json.dumps(signed, ensure_ascii=False),
                    }
                )
    lists = {status_url(purpose): status_list(purpose, keys["status"], contexts) for purpose in PURPOSES}
    jwks = {name: key.public_jwk() for name, key in keys.items()}
    FOLDER.made(controller_document(DID, jwks, multikeys=multikeys), made, lists=lists)


def status_list(purpose: str, key: Any, contexts: JSON) -> JSON:
    """A signed list with one bit set."""
    bits = new_bitstring(131_072)
    set_status_bit(bits, INDEXES[purpose], 1)
    now = datetime.now(UTC)
    unsigned = build_status_list_credential(
        id=status_url(purpose),
        issuer=DID,
        bitstring=bits,
        status_purpose=purpose,
        valid_from=now - timedelta(minutes=5),
        valid_until=now + timedelta(days=7),
    )
    return proven(unsigned, "ecdsa-jcs-2019", key, "status", contexts)


def check() -> None:
    """Verifies every document with trust and status, and every token as the VC-JWT that it understands."""
    contexts, lists = FOLDER.read("contexts.json"), FOLDER.read("lists.json")
    resolver = Trusted(FOLDER.read("controllers.json"))
    # The makers without lists of their own point to the court's, which are trusted to speak for them.
    speakers = frozenset(document["issuer"] for document in lists.values())
    policy = VerificationPolicy(require_status_issuer_binding=True, status_issuer_allowlist=speakers)

    def resolve_list(url: str) -> JSON:
        listed: JSON = lists[url]
        verify_credential(listed, resolver=resolver, extra_contexts=contexts)
        return listed

    def verify(case: JSON) -> None:
        if case["form"] in ("message", "symbol"):
            raise Unsupported("no COSE credentials")
        if case["form"] == "token":
            raise Unsupported("reads the vc claim of VC-JWT 1.1, not vc+jwt")
        verify_credential(
            json.loads(FOLDER.data(case)),
            policy=policy,
            resolver=resolver,
            resolve_status_list=resolve_list,
            extra_contexts=contexts,
        )

    FOLDER.answer(verify, ("openvc-core",))


if __name__ == "__main__":
    main(make, check)
