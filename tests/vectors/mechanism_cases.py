"""Vectors of the further algorithms and suites: P-384, Ed25519, and the names by which a key may be called."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import cbor2

from support.issuers import NOW, qr_text
from support.mechanisms import Signs, SimulatedSigner, compact, proof_over, sign1
from vectors.vector import Vector, World
from xinzheng_schemas import base64url, multibase
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.qr_profile import to_claims
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.secure.data_integrity import hash_data
from xinzheng_verifier.trust.issuers import thumbprint

KEYS = ("issuer-keys",)
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def mechanism_cases(world: World) -> Iterator[Vector]:
    """Good and bad signatures of every algorithm besides ES256, and good and bad names of keys."""
    yield from _good(world)
    yield from _other_keys(world)
    yield from _signatures(world)
    yield from _names(world)


def vector(
    name: str, data: str | bytes | dict[str, Any], code: str = "ok", attack: str = "", **settings: Any
) -> Vector:
    """A vector over the trust document with keys of every type, unless told otherwise."""
    if isinstance(data, dict):
        data = json.dumps(data, ensure_ascii=False)
    settings = {"controllers": KEYS, "verdict": "passed" if code == "ok" else "failed"} | settings
    octets = data.encode() if isinstance(data, str) else data
    return Vector(name=name, data=octets, code=code, attack=attack, **settings)


def options(world: World, key: str, suite: str, **changes: Any) -> dict[str, Any]:
    """Options of a proof by a key of the court."""
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": suite,
        "created": format_timestamp(NOW - timedelta(hours=1)),
        "verificationMethod": world.court.method(key),
        "proofPurpose": "assertionMethod",
    } | changes


def token(world: World, signer: Signs, algorithm: str, kid: Any, **changes: Any) -> str:
    """The genuine certificate as vc+jwt under a header of one's own."""
    header = {"alg": algorithm, "typ": "vc+jwt", "cty": "vc", "kid": kid}
    return compact(header, world.genuine.credential | changes, signer)


def symbol(world: World, signer: SimulatedSigner, algorithm: int) -> str:
    """The genuine certificate as QR text under another algorithm."""
    claims = cbor2.dumps(to_claims(world.genuine.credential, court=world.court.court), canonical=True)
    return qr_text(sign1({1: algorithm, 4: signer.thumbprint[:8]}, claims, signer))


def _good(world: World) -> Iterator[Vector]:
    genuine, p384, ed = world.genuine.credential, world.p384, world.ed25519
    yield vector("good-ES384.jwt", token(world, p384, "ES384", world.court.method("p384")))
    for algorithm in ("EdDSA", "Ed25519"):
        yield vector(f"good-{algorithm}.jwt", token(world, ed, algorithm, world.court.method("ed25519")))
    symbols = {
        "ESP256": (world.p256, -9),
        "ES384": (p384, -35),
        "ESP384": (p384, -51),
        "EdDSA": (ed, -8),
        "Ed25519": (ed, -19),
    }
    for name, (signer, identifier) in symbols.items():
        yield vector(f"good-{name}.qr.txt", symbol(world, signer, identifier))
    for key, signer, suite in (("p384", p384, "ecdsa-jcs-2019"), ("ed25519", ed, "eddsa-jcs-2022")):
        proof = proof_over(genuine, options(world, key, suite), signer)
        yield vector(f"good-{suite}-{key}.json", genuine | {"proof": proof})


def _other_keys(world: World) -> Iterator[Vector]:
    """One key, one algorithm: the mechanism is known, and the key is of another type."""
    genuine = world.genuine.credential
    attack = "the algorithm of another type of key"
    for name, algorithm, signer in (("p384", "ES256", world.p384), ("ed25519", "ES384", world.ed25519)):
        forged = token(world, signer, algorithm, world.court.method(name))
        yield vector(f"4-key/jwt-{algorithm}-by-{name}.jwt", forged, "alg_not_allowed", attack)
        suite = "ecdsa-jcs-2019" if name == "ed25519" else "eddsa-jcs-2022"
        proof = proof_over(genuine, options(world, name, suite), signer)
        yield vector(f"4-key/json-{suite}-by-{name}.json", genuine | {"proof": proof}, "suite_mismatch", attack)
    yield vector("4-key/qr-ES256-by-p384.qr.txt", symbol(world, world.p384, -7), "alg_not_allowed", attack)


def _signatures(world: World) -> Iterator[Vector]:
    """FIPS 186-5 and RFC 8032, 5.1.7: one length, one range, one hash."""
    genuine, p384, ed = world.genuine.credential, world.p384, world.ed25519
    head, payload, signature = token(world, p384, "ES384", world.court.method("p384")).split(".")
    raw = base64url.decode(signature)
    for name, changed in {
        "short": raw[:64],
        "long": b"\0" + raw,
        "zero": bytes(96),
        "twin-halves": raw[:48] * 2,
    }.items():
        forged = f"{head}.{payload}.{base64url.encode(changed)}"
        yield vector(f"5-signature/jwt-ES384-{name}.jwt", forged, "signature_invalid", "a signature that is none")
    head, payload, signature = token(world, ed, "EdDSA", world.court.method("ed25519")).split(".")
    raw = base64url.decode(signature)
    larger = (int.from_bytes(raw[32:], "little") + ED25519_ORDER).to_bytes(32, "little")
    forgeries = {
        "s-not-reduced": raw[:32] + larger,
        "neutral": b"\1" + bytes(63),
        "r-not-reduced": b"\xee" + b"\xff" * 30 + b"\x7f" + raw[32:],
        "short": raw[:-1],
        "long": raw + b"\0",
        "empty": b"",
        "zero": bytes(64),
    }
    for name, changed in forgeries.items():
        forged = f"{head}.{payload}.{base64url.encode(changed)}"
        yield vector(f"5-signature/jwt-EdDSA-{name}.jwt", forged, "signature_invalid", "a signature that is none")
    yield vector("5-signature/json-p384-sha256.json", _half_hashed(world), "signature_invalid", "SHA-256 with P-384")
    proof = proof_over(genuine, options(world, "ed25519", "eddsa-jcs-2022"), ed)
    changed_name = genuine | {"certificateNumber": "鄂0683-2026-000000000000C", "proof": proof}
    yield vector("5-signature/json-eddsa-changed.json", changed_name, "signature_invalid", "another number")


def _half_hashed(world: World) -> dict[str, Any]:
    """vc-di-ecdsa 3.3.4: a P-384 key hashes with SHA-384 throughout, document and proof included."""
    genuine = world.genuine.credential
    config = options(world, "p384", "ecdsa-jcs-2019") | {"@context": genuine["@context"]}
    signature = world.p384.sign(hash_data(genuine, config, hash_name="sha256"))
    return genuine | {"proof": config | {"proofValue": multibase.encode(signature)}}


def _names(world: World) -> Iterator[Vector]:
    """vc-jose-cose 4.1, CID 2.2: the whole name, its fragment, or the thumbprint of the key; looked up exactly."""
    p256, status = world.p256, world.court.status_signer
    names = {"relative": "#p256", "fragment": "p256", "thumbprint": base64url.encode(p256.thumbprint)}
    for name, kid in names.items():
        yield vector(f"good-kid-{name}.jwt", token(world, p256, "ES256", kid))
    attack = "the thumbprint of the key for status lists"
    forged = token(world, status, "ES256", base64url.encode(thumbprint(KeyType.P256, status.public_key)))
    yield vector("4-key/jwt-thumbprint-status-key.jwt", forged, "key_usage", attack)
    attack = "the thumbprint of a stranger's key"
    stranger = SimulatedSigner.generate(KeyType.P256)
    forged = token(world, stranger, "ES256", base64url.encode(stranger.thumbprint))
    yield vector("4-key/jwt-thumbprint-stranger.jwt", forged, "kid_unknown", attack)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    head, payload, signature = token(world, p256, "ES256", "#p256").split(".")
    raw = base64url.decode(signature)
    twin = raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    yield vector("good-twin-signature.jwt", f"{head}.{payload}.{base64url.encode(twin)}")
    for name, value in {"r-order": order, "r-above": order + 1}.items():
        forged = f"{head}.{payload}.{base64url.encode(value.to_bytes(32, 'big') + raw[32:])}"
        yield vector(f"5-signature/jwt-{name}.jwt", forged, "signature_invalid", "r outside its range")
