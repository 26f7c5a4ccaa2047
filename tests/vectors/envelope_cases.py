"""Vectors of enveloped credentials (VCDM 2.0, 4.13.1), and of issuers whose DID is its own document."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from support.mechanisms import SimulatedSigner, compact, proof_over, sign1
from support.samples import ABSENT, changed
from vectors.mechanism_cases import options, vector
from vectors.vector import Vector, World
from xinzheng_schemas import base64url
from xinzheng_schemas.contexts import CREDENTIALS_V2
from xinzheng_schemas.multibase import KeyType

_TYPE = "EnvelopedVerifiableCredential"
_JWT, _COSE = "data:application/vc+jwt,", "data:application/vc+cose;base64,"


def envelope_cases(world: World) -> Iterator[Vector]:
    """Good envelopes, and everything that is not the one spelling of one."""
    yield from _good(world)
    yield from _urls(world)
    yield from _objects(world)
    yield from _around(world)
    yield from _self_contained(world)


def _message(world: World) -> bytes:
    head = {1: -7, 4: b"#p256", 16: "application/vc+cose"}
    return sign1(head, json.dumps(world.genuine.credential, ensure_ascii=False).encode(), world.p256)


def _envelope(url: Any, **members: Any) -> dict[str, Any]:
    return changed({"@context": CREDENTIALS_V2, "id": url, "type": _TYPE}, members)


def _good(world: World) -> Iterator[Vector]:
    urls = {"jwt": _JWT + world.genuine.jwt, "cose": _COSE + b64encode(_message(world)).decode()}
    for name, url in urls.items():
        yield vector(f"good-envelope-{name}.txt", url + "\n")
        yield vector(f"good-envelope-{name}.json", _envelope(url))
    listed = _envelope(urls["jwt"], **{"@context": [CREDENTIALS_V2], "type": [_TYPE]})
    yield vector("good-envelope-lists.json", listed)


def _urls(world: World) -> Iterator[Vector]:
    token, message = world.genuine.jwt, b64encode(_message(world)).decode()
    attack = "an address of something else"
    other = {
        "presentation": f"data:application/vp+jwt,{token}",
        "json": "data:application/vc,{}",
        "text": f"data:,{token}",
        "upper": f"data:APPLICATION/VC+JWT,{token}",
        "parameter": f"data:application/vc+jwt;charset=utf-8,{token}",
        "jwt-base64": f"data:application/vc+jwt;base64,{b64encode(token.encode()).decode()}",
        "cose-plain": f"data:application/vc+cose,{message}",
        "sd-jwt": f"data:application/vc+sd-jwt,{token}~",
        "nothing": "data:",
    }
    for name, url in other.items():
        yield vector(f"1-read/envelope-url-{name}.txt", url, "envelope_malformed", attack)
        yield vector(f"1-read/envelope-object-{name}.json", _envelope(url), "envelope_malformed", attack)
    yield vector("1-read/envelope-url-scheme.txt", f"DATA:application/vc+jwt,{token}", "form_unknown", attack)
    yield vector("1-read/envelope-object-http.json", _envelope("https://x.example/vc"), "envelope_malformed", attack)
    spelled = {
        "white-space": f"{_COSE}{message[:60]} {message[60:]}",
        "line-feed": f"{_COSE}{message[:60]}\n{message[60:]}",
        "alphabet": _COSE + base64url.encode(_message(world)) + "-_",
        "padding": _COSE + message.rstrip("=") + "===",
        "unused-bits": _COSE + b64encode(b"\xd2\x01").decode().replace("AQ==", "AR==").replace("0gE=", "0gF="),
        "percent": _COSE + message.replace("=", "%3D") + "%3D",
        "jwt-white-space": f"{_JWT} {token}",
        "jwt-percent": _JWT + token.replace(".", "%2E", 1) + ".x",
    }
    for name, url in spelled.items():
        yield vector(f"1-read/envelope-{name}.txt", url, "not_canonical", "another spelling")
    yield vector("1-read/envelope-jwt-empty.txt", _JWT, "malformed", "nothing inside")
    yield vector("1-read/envelope-cose-empty.txt", _COSE, "malformed", "nothing inside")
    yield vector(
        "1-read/envelope-nested.txt", f"{_JWT}{_JWT}{token}", "not_canonical", "an envelope inside an envelope"
    )
    long = _JWT + "A" * 20_000
    yield vector("1-read/envelope-long.txt", long, "malformed", "20,000 characters of nothing")


def _objects(world: World) -> Iterator[Vector]:
    url = _JWT + world.genuine.jwt
    members: dict[str, tuple[dict[str, Any], str]] = {
        "issuer": ({"issuer": world.court.did}, "an issuer outside the signature"),
        "subject": ({"credentialSubject": {"name": "李某"}}, "a subject outside the signature"),
        "proof": ({"proof": world.genuine.json_ld["proof"]}, "a proof besides"),
        "context": ({"@context": [CREDENTIALS_V2, "https://x.example/v1"]}, "a further context"),
        "context-inline": ({"@context": {"id": "@type"}}, "a context of its own"),
        "context-none": ({"@context": ABSENT}, "no context"),
        "id-none": ({"id": ABSENT}, "no content"),
        "id-number": ({"id": 1}, "a content that is no text"),
        "id-list": ({"id": [url]}, "two contents, perhaps"),
    }
    for name, (change, attack) in members.items():
        document = _envelope(url, **change)
        yield vector(f"1-read/envelope-member-{name}.json", document, "envelope_malformed", attack)
    doubled = json.dumps(_envelope(url))[:-1] + ',"id":"data:application/vc+jwt,x"}'
    yield vector("1-read/envelope-duplicate.json", doubled, "duplicate_member", "two contents")
    for name, types in {
        "two": [_TYPE, "VerifiableCredential"],
        "presentation": "EnvelopedVerifiablePresentation",
    }.items():
        document = _envelope(url, type=types)
        attack = "an object that is not plainly an envelope"
        yield vector(f"2-mechanism/envelope-type-{name}.json", document, "proof_missing", attack)


def _around(world: World) -> Iterator[Vector]:
    """Whatever is written around a credential raises no trust."""
    own = {"alg": "ES256", "typ": "vc+jwt", "kid": "#p256"}
    inner = _envelope(_JWT + world.genuine.jwt)
    token = compact(own, inner, world.p256)
    yield vector(
        "3-issuer/envelope-inside.jwt", token, "issuer_untrusted", "an envelope that was signed like a credential"
    )
    token = compact(own, changed(inner, {"issuer": world.court.did}), world.p256)
    yield vector("3-issuer/envelope-inside-issuer.jwt", token, "issuer_type", "an envelope signed in the court's name")
    genuine = world.genuine.json_ld
    around: dict[str, dict[str, Any]] = {
        "presentation": {"type": ["VerifiablePresentation"], "verifiableCredential": [genuine]},
        "verdict": {"verified": True, "verifiableCredential": genuine},
        "report": {"verdict": "passed", "code": "ok", "claims": genuine},
    }
    for name, document in around.items():
        attack = "a genuine certificate inside something that nobody signed"
        yield vector(f"2-mechanism/json-around-{name}.json", document, "proof_missing", attack)


def _self_contained(world: World) -> Iterator[Vector]:
    """did:key and did:jwk: whoever is named is trusted, and nobody else."""
    for key_type, algorithm, suite in (
        (KeyType.P256, "ES256", "ecdsa-jcs-2019"),
        (KeyType.P384, "ES384", "ecdsa-jcs-2019"),
        (KeyType.ED25519, "EdDSA", "eddsa-jcs-2022"),
    ):
        signer = SimulatedSigner.generate(key_type)
        methods = {
            "key": (signer.did_key, f"{signer.did_key}#{signer.public_key_multibase}"),
            "jwk": (signer.did_jwk, f"{signer.did_jwk}#0"),
        }
        for name, (did, method) in methods.items():
            credential = changed(world.genuine.credential, {"issuer": did, "credentialStatus": ABSENT})
            token = compact({"alg": algorithm, "typ": "vc+jwt", "kid": method}, credential, signer)
            proof = proof_over(credential, options(world, "", suite, verificationMethod=method), signer)
            document = credential | {"proof": proof}
            settings: dict[str, Any] = {"controllers": (did,), "profile": "vcdm", "status_lists": ()}
            yield vector(f"good-did-{name}-{key_type}.jwt", token, **settings)
            yield vector(f"good-did-{name}-{key_type}.json", document, **settings)
            stranger = settings | {"controllers": KEYS_OF_THE_COURT}
            attack = "a DID that nobody named as trusted"
            yield vector(f"3-issuer/did-{name}-{key_type}.jwt", token, "issuer_untrusted", attack, **stranger)


KEYS_OF_THE_COURT = ("issuer-keys",)
