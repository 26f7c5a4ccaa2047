"""Vectors of the RDF cryptosuites: what the graph would lose or say otherwise is refused before it is hashed."""

import json
from collections.abc import Iterator
from typing import Any

from support.mechanisms import proof_over
from support.samples import ABSENT, changed
from vectors.mechanism_cases import options, vector
from vectors.vector import Vector, World
from xinzheng_schemas.contexts import CREDENTIALS_V2, CREDIT_REPAIR_V1

_ECDSA, _EDDSA = "ecdsa-rdfc-2019", "eddsa-rdfc-2022"
_VC = "https://www.w3.org/2018/credentials#"
_FOREIGN = "https://look-alike.example/v1"


def rdfc_cases(world: World) -> Iterator[Vector]:
    """Good proofs of both suites, and the same graph in other JSON."""
    yield from _good(world)
    yield from _changed(world)
    yield from _other_words(world)
    yield from _poison(world)


def _proven(world: World, key: str, suite: str, credential: dict[str, Any] | None = None) -> dict[str, Any]:
    signer = {"p256": world.p256, "p384": world.p384, "ed25519": world.ed25519}[key]
    document = credential or world.genuine.credential
    return document | {"proof": proof_over(document, options(world, key, suite), signer)}


def _good(world: World) -> Iterator[Vector]:
    for key, suite in (("p256", _ECDSA), ("p384", _ECDSA), ("ed25519", _EDDSA)):
        document = _proven(world, key, suite)
        yield vector(f"good-{suite}-{key}.json", document)
        reordered = json.dumps(dict(reversed(document.items())), indent=2)
        yield vector(f"good-{suite}-{key}-reordered.json", reordered)
    both = world.genuine.credential | {
        "proof": [
            proof_over(world.genuine.credential, options(world, "p256", "ecdsa-jcs-2019"), world.p256),
            proof_over(world.genuine.credential, options(world, "ed25519", _EDDSA), world.ed25519),
        ]
    }
    yield vector("good-proof-set-of-both-kinds.json", both)


def _changed(world: World) -> Iterator[Vector]:
    genuine = _proven(world, "p256", _ECDSA)
    changes: dict[str, dict[str, Any]] = {
        "name": {"credentialSubject": {"name": "李某"}},
        "valid-until": {"validUntil": "2036-01-01T00:00:00Z"},
        "status-stripped": {"credentialStatus": ABSENT},
        "created": {"proof": {"created": "2026-11-23T08:00:01Z"}},
        "subject-id": {"credentialSubject": {"id": "did:example:other"}},
    }
    for name, change in changes.items():
        document = changed(genuine, change)
        yield vector(f"5-signature/json-rdfc-{name}.json", document, "signature_invalid", "changed after signing")
    jcs = changed(genuine, {"proof": {"cryptosuite": "ecdsa-jcs-2019"}})
    attack = "the suite renamed"
    yield vector("5-signature/json-rdfc-renamed.json", jcs, "signature_invalid", attack)
    wrong = changed(_proven(world, "ed25519", _EDDSA), {"proof": {"verificationMethod": world.court.method("p256")}})
    yield vector("4-key/json-rdfc-other-key.json", wrong, "suite_mismatch", "the suite of another type of key")


def _other_words(world: World) -> Iterator[Vector]:
    """Over a genuine proof: a reader by name would be told something else, or nothing (VCDM 2.0, 6.1.1)."""
    genuine = _proven(world, "p256", _ECDSA)
    until, status = genuine["validUntil"], genuine["credentialStatus"]
    own = [CREDENTIALS_V2, CREDIT_REPAIR_V1]
    changes: dict[str, tuple[dict[str, Any], str]] = {
        "undefined": ({"creditScore": 999}, "data_loss"),
        "undefined-inside": ({"credentialSubject": {"creditScore": 999}}, "data_loss"),
        "null": ({"credentialSubject": {"serial": None}}, "data_loss"),
        "id-relative": ({"id": "certificate"}, "data_loss"),
        "id-empty": ({"id": ""}, "data_loss"),
        "id-fragment": ({"id": "#list"}, "data_loss"),
        "type-unknown": ({"type": [*genuine["type"], "Unheard"]}, "issuer_type"),
        "until-iri": ({"validUntil": ABSENT, f"{_VC}validUntil": until}, "not_compacted"),
        "until-list": ({"validUntil": [until]}, "not_compacted"),
        "status-iri": ({"credentialStatus": ABSENT, f"{_VC}credentialStatus": status}, "not_compacted"),
        "at-type": ({"@type": genuine["type"]}, "not_compacted"),
        "at-id": ({"@id": genuine["id"]}, "not_compacted"),
        "keyword": ({"@foo": 1}, "not_compacted"),
        "graph": ({"@graph": []}, "not_compacted"),
        "included": ({"@included": []}, "not_compacted"),
        "nest": ({"@nest": {"validUntil": until}}, "not_compacted"),
        "reverse": ({"@reverse": {}}, "not_compacted"),
        "context-first": ({"@context": [_FOREIGN, *own]}, "context_unknown"),
        "context-appended": ({"@context": [*own, _FOREIGN]}, "context_unknown"),
        "context-only": ({"@context": [_FOREIGN]}, "context_unknown"),
        "context-inline": ({"@context": [*own, {"@vocab": "https://look-alike.example/#"}]}, "context_unknown"),
        "context-inside": ({"credentialSubject": {"@context": {}}}, "context_unknown"),
        "context-none": ({"@context": ABSENT}, "context_unknown"),
        "contexts": ({"@context": [*own, *[CREDENTIALS_V2] * 1000]}, "too_complex"),
        "empty-array": ({"credentialSubject": {"purpose": []}}, "data_loss"),
        "number": ({"credentialSubject": {"name": 1e400}}, "number_range"),
    }
    for name, (change, code) in changes.items():
        step = {"issuer_type": "3-issuer", "number_range": "1-read"}.get(code, "5-signature")
        attack = "another text over the proof of a graph"
        text = json.dumps(changed(genuine, change), ensure_ascii=False).replace("Infinity", "1e400")
        yield vector(f"{step}/json-rdfc-{name}.json", text, code, attack)
    dropped = changed(
        genuine, {"type": ["VerifiableCredential"], "credentialSubject": {"x": "y"}, "@context": [_FOREIGN]}
    )
    attack = "a document in which nothing is defined any more"
    yield vector("3-issuer/json-rdfc-undefined.json", dropped, "issuer_type", attack)


def _poison(world: World) -> Iterator[Vector]:
    """RDFC-1.0, 7.1: blank nodes that look alike keep a processor busy for years, if it lets them."""
    subject = changed(world.genuine.credential["credentialSubject"], {"idCommitment": ABSENT})
    leaf = {"type": "VerifiableCredential"}
    nodes = [f"_:b{number}" for number in range(8)]
    clique = [{"id": one, "evidence": [{"id": other} for other in nodes if other != one]} for one in nodes]
    cases: dict[str, tuple[dict[str, Any], str]] = {
        "clique": ({"evidence": clique}, "data_loss"),  # names of blank nodes mean nothing outside their document
        "many": ({"credentialSubject": [subject] * 200}, "too_complex"),
        "bush": ({"evidence": [leaf | {"evidence": [leaf] * 40}] * 40}, "too_complex"),
        "leaves": ({"evidence": [leaf] * 4000}, "too_complex"),
    }
    for name, (change, code) in cases.items():
        document = _proven(world, "p256", _ECDSA) | change
        settings: dict[str, Any] = {"profile": "vcdm"}
        attack = "blank nodes that look alike"
        yield vector(f"5-signature/json-rdfc-poison-{name}.json", document, code, attack, **settings)
