"""Vectors of proof sets and chains, of policies that name a suite, and of other controllers."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from support.issuers import NOW
from support.mechanisms import SimulatedSigner, compact, proof_over, sign1
from support.samples import ABSENT, changed
from vectors.mechanism_cases import options, vector
from vectors.vector import Vector, World
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.timestamps import format_timestamp

_ECDSA, _EDDSA = "ecdsa-jcs-2019", "eddsa-jcs-2022"
_FIRST, _SECOND, _THIRD = (f"urn:uuid:00000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))


def proof_cases(world: World) -> Iterator[Vector]:
    """vc-data-integrity 4.5: every proof must hold, and what a proof builds on must be there."""
    yield from _sets(world)
    yield from _chains(world)
    yield from _policies(world)
    yield from _presented(world)
    yield from _controllers(world)


def _two(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """One proof of each kind of key, both of the court."""
    genuine = world.genuine.credential
    first = proof_over(genuine, options(world, "p256", _ECDSA), world.p256)
    return first, proof_over(genuine, options(world, "ed25519", _EDDSA), world.ed25519)


def _sets(world: World) -> Iterator[Vector]:
    genuine, (first, second) = world.genuine.credential, _two(world)
    third = proof_over(genuine, options(world, "p384", _ECDSA), world.p384)
    yield vector("good-proof-set.json", genuine | {"proof": [first, second]})
    yield vector("good-proof-set-of-four.json", genuine | {"proof": [first, second, third, first]})
    yield vector("good-proof-list-of-one.json", genuine | {"proof": [first]})
    attack = "five proofs"
    yield vector("2-mechanism/json-proof-five.json", genuine | {"proof": [first] * 5}, "proof_set", attack)
    attack = "300 proofs"
    yield vector("2-mechanism/json-proof-hundreds.json", genuine | {"proof": [first] * 300}, "proof_set", attack)
    broken = second | {"created": format_timestamp(NOW - timedelta(hours=2))}
    for name, proofs in {"second": [first, broken], "first": [broken, first]}.items():
        attack = "a good proof beside one that does not hold"
        yield vector(f"5-signature/json-set-{name}.json", genuine | {"proof": proofs}, "signature_invalid", attack)
    stranger = SimulatedSigner.generate(KeyType.P256)
    under = world.stranger.method("cert-1")
    theirs = proof_over(genuine, options(world, "p256", _ECDSA, verificationMethod=under), stranger)
    attack = "a good proof beside a stranger's"
    yield vector("4-key/json-set-stranger.json", genuine | {"proof": [first, theirs]}, "issuer_key_mismatch", attack)
    renamed = changed(genuine, {"credentialSubject": {"name": "李某"}})
    theirs = proof_over(renamed, options(world, "p256", _ECDSA, verificationMethod=under), stranger)
    attack = "the court's proof beside a stranger's over changed claims"
    yield vector("4-key/json-set-changed.json", renamed | {"proof": [first, theirs]}, "issuer_key_mismatch", attack)
    named = proof_over(renamed, options(world, "p256", _ECDSA), stranger)
    attack = "the court's proof beside a stranger's in its name, over changed claims"
    document = renamed | {"proof": [first, named]}
    yield vector("5-signature/json-set-changed.json", document, "signature_invalid", attack)
    for name, odd in {"null": None, "text": "proof"}.items():
        document = genuine | {"proof": [first, odd]}
        yield vector(f"2-mechanism/json-set-{name}.json", document, "proof_malformed", "a proof that is no object")
    document = genuine | {"proof": [first, {"type": "JwtProof2020", "jwt": world.genuine.jwt}]}
    yield vector(
        "2-mechanism/json-set-jwt.json", document, "suite_mismatch", "a proof of another kind beside a good one"
    )


def _chain(world: World, **first_options: Any) -> list[dict[str, Any]]:
    """The second proof builds on the first."""
    genuine = world.genuine.credential
    first = proof_over(genuine, options(world, "p256", _ECDSA, id=_FIRST, **first_options), world.p256)
    over = options(world, "ed25519", _EDDSA, id=_SECOND, previousProof=_FIRST)
    return [first, proof_over(genuine, over, world.ed25519, previous=[first])]


def _chains(world: World) -> Iterator[Vector]:
    genuine = world.genuine.credential
    first, second = _chain(world)
    yield vector("good-proof-chain.json", genuine | {"proof": [first, second]})
    yield vector("good-proof-chain-reversed.json", genuine | {"proof": [second, first]})
    over = options(world, "p384", _ECDSA, id=_THIRD, previousProof=[_FIRST, _SECOND])
    third = proof_over(genuine, over, world.p384, previous=[first, second])
    yield vector("good-proof-chain-of-three.json", genuine | {"proof": [first, second, third]})

    def refused(name: str, attack: str, *proofs: dict[str, Any]) -> Vector:
        return vector(f"2-mechanism/json-chain-{name}.json", genuine | {"proof": [*proofs]}, "proof_chain", attack)

    yield refused("missing", "the previous proof was taken out", second)
    yield refused("self", "a proof that builds on itself", first | {"previousProof": _FIRST})
    yield refused("cycle", "two proofs that build on one another", first | {"previousProof": _SECOND}, second)
    yield refused("same-id", "two proofs of one id", first, changed(second, {"id": _FIRST, "previousProof": ABSENT}))
    odd: dict[str, Any] = {"number": 1, "null": None, "object": {}, "twice": [_FIRST, _FIRST], "mixed": [1]}
    for name, previous in odd.items():
        yield refused(name, "a reference to no proof", first, second | {"previousProof": previous})
    resigned, _ = _chain(world, nonce="2")
    document = genuine | {"proof": [resigned, second]}
    attack = "the previous proof was replaced by another genuine one"
    yield vector("5-signature/json-chain-replaced.json", document, "signature_invalid", attack)
    unchained = {name: value for name, value in second.items() if name != "previousProof"}
    attack = "the reference to the previous proof was taken out"
    yield vector("5-signature/json-chain-cut.json", genuine | {"proof": [unchained]}, "signature_invalid", attack)


def _policies(world: World) -> Iterator[Vector]:
    genuine, (first, second) = world.genuine.credential, _two(world)
    broken = second | {"created": format_timestamp(NOW - timedelta(hours=2))}
    document = genuine | {"proof": [first, broken]}
    yield vector("good-policy-names-a-suite.json", document, proofs=(_ECDSA,))
    attack = "the proof that the policy names does not hold"
    settings: dict[str, Any] = {"proofs": (_EDDSA,)}
    yield vector("5-signature/json-policy-suite.json", document, "signature_invalid", attack, **settings)
    yield vector("good-policy-names-both.json", genuine | {"proof": [first, second]}, proofs=(_ECDSA, _EDDSA))
    attack = "one of the proofs that the policy names is not there"
    document, settings = genuine | {"proof": [first]}, {"proofs": (_ECDSA, _EDDSA)}
    yield vector("2-mechanism/json-policy-suite-missing.json", document, "proof_required", attack, **settings)
    inputs = {"jwt": world.genuine.jwt, "qr.txt": world.genuine.qr}
    for suffix, text in inputs.items():
        settings = {"proofs": ("ES384",)}
        attack = "not signed by the algorithm that the policy names"
        yield vector(f"2-mechanism/policy-algorithm.{suffix}", text, "proof_required", attack, **settings)
    yield vector("good-policy-names-its-algorithm.jwt", world.genuine.jwt, proofs=("ES256",))
    yield vector("good-policy-names-its-algorithm.qr.txt", world.genuine.qr, proofs=("ES256",))
    payload, kid = json.dumps(genuine).encode(), world.court.method("ed25519").encode()
    for identifier, name in ((-8, "Ed25519"), (-19, "EdDSA")):
        message = sign1({1: identifier, 4: kid, 16: "application/vc+cose"}, payload, world.ed25519)
        yield vector(f"good-policy-names-its-algorithm{identifier}.cose", message, proofs=(name,))
    yield from _unknown(world)
    stranger = SimulatedSigner.generate(KeyType.ED25519)
    method = f"{stranger.did_key}#{stranger.did_key.removeprefix('did:key:')}"
    theirs = proof_over(genuine, options(world, "", _EDDSA, verificationMethod=method), stranger)
    document, settings = genuine | {"proof": [first, theirs]}, {"proofs": (_EDDSA,)}
    attack = "the suite that the policy names, by a stranger's key"
    yield vector("4-key/json-policy-stranger.json", document, "issuer_key_mismatch", attack, **settings)


def _unknown(world: World) -> Iterator[Vector]:
    """Proofs of kinds that this verifier does not know, beside one that the policy names."""
    genuine, (first, _) = world.genuine.credential, _two(world)
    unheard = options(world, "p256", "bbs-2099", proofValue="u2V0C", id=_THIRD)
    older = {"type": "Ed25519Signature2020", "proofValue": "z1", "verificationMethod": world.court.method("ed25519")}
    settings: dict[str, Any] = {"proofs": (_ECDSA,)}
    document = genuine | {"proof": [unheard, first, older]}
    yield vector("good-policy-beside-unknown.json", document, **settings)
    attack = "a suite that nobody knows beside a good one, and no policy that says which counts"
    yield vector("2-mechanism/json-unknown-beside.json", document, "suite_mismatch", attack)
    attack = "only suites that nobody knows"
    document = genuine | {"proof": [unheard, older]}
    yield vector("2-mechanism/json-policy-unknown-only.json", document, "proof_required", attack, **settings)
    over = options(world, "p256", _ECDSA, previousProof=_THIRD)
    chained = proof_over(genuine, over, world.p256, previous=[unheard])
    attack = "the named proof builds on one of a suite that nobody knows"
    document = genuine | {"proof": [unheard, chained]}
    yield vector("2-mechanism/json-policy-on-unknown.json", document, "suite_mismatch", attack, **settings)
    over = options(world, "ed25519", _EDDSA, previousProof=_THIRD)
    unneeded = proof_over(genuine, over, world.ed25519, previous=[unheard])
    document = genuine | {"proof": [unheard, unneeded, first]}
    yield vector("good-policy-beside-chain-on-unknown.json", document, **settings)


def _presented(world: World) -> Iterator[Vector]:
    """Made in answer to somebody's question, or for one recipient (vc-data-integrity 4.4)."""
    genuine = world.genuine.credential
    for member, value in {"challenge": "1f44d55f", "domain": "https://other.example"}.items():
        proof = proof_over(genuine, options(world, "p256", _ECDSA, **{member: value}), world.p256)
        document = genuine | {"proof": proof}
        attack = "a proof that answers somebody else"
        yield vector(f"2-mechanism/json-{member}.json", document, f"{member}_mismatch", attack)


def _controllers(world: World) -> Iterator[Vector]:
    """The issuer is nothing but a claim where the policy says so, and only there."""
    foreign = changed(world.genuine.credential, {"issuer": "did:web:unknown.example", "credentialStatus": ABSENT})
    document = foreign | {"proof": proof_over(foreign, options(world, "p256", _ECDSA), world.p256)}
    settings: dict[str, Any] = {"profile": "vcdm", "unsafe_accept_other_controllers": True}
    yield vector("good-other-controller.json", document, **settings)
    kid = world.court.method("p256")
    token = compact({"alg": "ES256", "typ": "vc+jwt", "kid": kid}, foreign, world.p256)
    yield vector("good-other-controller.jwt", token, **settings)
    head = {1: -7, 4: kid.encode(), 16: "application/vc+cose"}
    yield vector("good-other-controller.cose", sign1(head, json.dumps(foreign).encode(), world.p256), **settings)
    own: dict[str, Any] = {"unsafe_accept_other_controllers": True}
    yield vector("good-own-controller.qr.txt", world.genuine.qr, **own)  # its key has a short name only
    attack = "an issuer who is not the controller of the key"
    yield vector("3-issuer/json-controller.json", document, "issuer_untrusted", attack, profile="vcdm")
    stranger = SimulatedSigner.generate(KeyType.P256)
    method = f"{stranger.did_key}#{stranger.did_key.removeprefix('did:key:')}"
    theirs = foreign | {"proof": proof_over(foreign, options(world, "", _ECDSA, verificationMethod=method), stranger)}
    attack = "neither the issuer nor the controller is trusted"
    yield vector("3-issuer/json-controller-stranger.json", theirs, "issuer_untrusted", attack, **settings)
