"""Vectors of COSE_Sign1 messages whose payload is the credential (vc-jose-cose 3.3)."""

import json
from collections.abc import Iterator
from typing import Any

import cbor2

from support.mechanisms import SimulatedSigner, sign1
from support.samples import changed
from vectors.mechanism_cases import vector
from vectors.vector import Vector, World
from xinzheng_schemas import base64url
from xinzheng_schemas.multibase import KeyType

_ALG, _CRIT, _CTY, _KID, _TYP = 1, 2, 3, 4, 16
_TYPE, _CONTENT = "application/vc+cose", "application/vc"


def cose_cases(world: World) -> Iterator[Vector]:
    """Every refusal of a message, one fault each."""
    yield from _good(world)
    yield from _tags(world)
    yield from _encoding(world)
    yield from _parts(world)
    yield from _headers(world)
    yield from _keys(world)
    yield from _signatures(world)
    yield from _payloads(world)


def _payload(world: World, **changes: Any) -> bytes:
    return json.dumps(world.genuine.credential | changes, ensure_ascii=False).encode()


def _protected(world: World, **_: Any) -> dict[Any, Any]:
    return {_ALG: -7, _CTY: _CONTENT, _KID: world.court.method("p256").encode(), _TYP: _TYPE}


def _message(world: World, protected: Any = None, **settings: Any) -> bytes:
    return sign1(_protected(world) if protected is None else protected, _payload(world), world.p256, **settings)


def _good(world: World) -> Iterator[Vector]:
    own = _protected(world)
    yield vector("good.cose", _message(world))
    yield vector("good-typ-only.cose", _message(world, _without(own, _CTY)))
    yield vector("good-cty-only.cose", _message(world, _without(own, _TYP)))
    yield vector("good-kid-relative.cose", _message(world, own | {_KID: b"#p256"}))
    yield vector(
        "good-kid-thumbprint.cose", _message(world, own | {_KID: base64url.encode(world.p256.thumbprint).encode()})
    )
    hint = {_KID: world.court.method("p256").encode()}
    yield vector("good-kid-unprotected.cose", _message(world, _without(own, _KID), unprotected=hint))
    for name, signer, identifier in (
        ("ES384", world.p384, -35),
        ("EdDSA", world.ed25519, -8),
        ("Ed25519", world.ed25519, -19),
    ):
        key = "p384" if signer is world.p384 else "ed25519"
        head = own | {_ALG: identifier, _KID: world.court.method(key).encode()}
        yield vector(f"good-{name}.cose", sign1(head, _payload(world), signer))


def _without(header: dict[Any, Any], label: int) -> dict[Any, Any]:
    return {name: value for name, value in header.items() if name != label}


def _tags(world: World) -> Iterator[Vector]:
    """RFC 9052, 2: another kind of message, or none that says what it is."""
    tags = {"none": b"", "16": b"\xd0", "17": b"\xd1", "96": b"\xd8\x60", "97": b"\xd8\x61", "98": b"\xd8\x62"}
    for name, tag in (tags | {"61": b"\xd8\x3d\xd2", "wide": b"\xd8\x12"}).items():
        attack = "tagged as another kind of message"
        yield vector(f"1-read/cose-tag-{name}.cose", _message(world, tag=tag), "form_unknown", attack)
    yield vector("1-read/cose-tag-twice.cose", _message(world, tag=b"\xd2\xd2"), "malformed", "tagged twice")


def _encoding(world: World) -> Iterator[Vector]:
    """RFC 8949, 4.2: one encoding of every value; no tag reaches a decoder."""
    genuine = _message(world)
    head, _, payload, signature = cbor2.loads(genuine).value
    h, p, s = (cbor2.dumps(part) for part in (head, payload, signature))
    bodies: dict[str, tuple[bytes, str, str]] = {
        "behind": (genuine + b"\0", "malformed", "something behind the message"),
        "two": (genuine + genuine, "malformed", "two messages"),
        "cut": (genuine[:-1], "too_large", "cut short"),
        "only-tag": (b"\xd2", "malformed", "a tag and nothing else"),
        "indefinite-array": (
            b"\xd2\x9f" + h + b"\xa0" + p + s + b"\xff",
            "malformed",
            "an array without stated length",
        ),
        "indefinite-bytes": (
            b"\xd2\x84" + h + b"\xa0\x5f" + p + b"\xff" + s,
            "malformed",
            "a payload without stated length",
        ),
        "wide-array": (b"\xd2\x98\x04" + h + b"\xa0" + p + s, "not_canonical", "a length in more bytes than it needs"),
        "wide-bytes": (
            b"\xd2\x84" + h + b"\xa0" + p + b"\x59\x00\x40" + signature,
            "not_canonical",
            "a length in more bytes than it needs",
        ),
        "reserved": (b"\xd2\x84" + h + b"\xa0" + p + b"\x1c", "malformed", "a reserved length"),
        "simple": (b"\xd2\x84" + h + b"\xa0" + p + b"\xf8\x20", "malformed", "an unassigned simple value"),
        "undefined": (b"\xd2\x84" + h + b"\xa0" + p + b"\xf7", "malformed", "an undefined value"),
        "float": (b"\xd2\x84" + h + b"\xa0" + p + b"\xfb" + bytes(8), "malformed", "a float"),
        "break": (b"\xd2\x84" + h + b"\xa0" + p + b"\xff", "malformed", "an end of nothing"),
        "huge-bytes": (b"\xd2\x84\x5b" + b"\x7f" + b"\xff" * 7, "too_large", "a length of 2^63"),
        "huge-4-gib": (b"\xd2\x84\x5a\xff\xff\xff\xff", "too_large", "a length of 4 GiB"),
        "huge-array": (b"\xd2\x9b" + b"\x7f" + b"\xff" * 7, "too_large", "2^63 elements"),
        "huge-map": (b"\xd2\x84" + h + b"\xba\xff\xff\xff\xff", "too_large", "four thousand million pairs"),
        "deep": (b"\xd2" + b"\x81" * 20_000 + b"\x01", "too_complex", "20,000 levels"),
        "many": (b"\xd2\x99\x10\x00" + bytes(4096), "too_complex", "4,096 elements"),
        "bignum": (b"\xd2\x84\xc2\x59\x40\x00" + b"\xff" * 16_384, "malformed", "an integer of 131,072 bits"),
    }
    tags = {"shared": b"\xd8\x1c\x81\xd8\x1d\x00", "reference": b"\xd8\x1d\x00", "expression": b"\xd8\x23\x61\x28"}
    for name, tagged in (
        tags | {"set": b"\xd9\x01\x02\x80", "date": b"\xc1\x00", "deep-tags": b"\xc1" * 5000 + b"\0"}
    ).items():
        body = b"\xd2\x84" + h + b"\xa1\x18\x63" + tagged + p + s
        bodies[f"tag-{name}"] = body, "malformed", "a tag that would run a handler"
    for name, (data, code, attack) in bodies.items():
        yield vector(f"1-read/cose-{name}.cose", data, code, attack)
    kid = b"\x58" + bytes([len(world.court.method("p256"))]) + world.court.method("p256").encode()
    headers: dict[str, tuple[bytes, str, str]] = {
        "wide": (b"\xa2\x18\x01\x26\x04" + kid, "not_canonical", "an integer in more bytes than it needs"),
        "order": (b"\xa2\x04" + kid + b"\x01\x26", "not_canonical", "labels out of order"),
        "duplicate": (b"\xa3\x01\x26\x01\x38\x22\x04" + kid, "duplicate_member", "two algorithms"),
        "indefinite": (b"\xbf\x01\x26\x04" + kid + b"\xff", "malformed", "a map without stated length"),
        "empty-map": (b"\xa0", "alg_not_allowed", "an empty header"),
        "array": (b"\x80", "malformed", "a header that is no map"),
        "boolean-label": (b"\xa1\xf5\x26", "malformed", "true for the label 1"),
        "float-label": (b"\xa1\xf9\x3c\x00\x26", "malformed", "1.0 for the label 1"),
    }
    for name, (header, code, attack) in headers.items():
        step = "2-mechanism" if code == "alg_not_allowed" else "1-read"
        yield vector(f"{step}/cose-header-{name}.cose", _message(world, header), code, attack)


def _parts(world: World) -> Iterator[Vector]:
    """RFC 9052, 4.1 and 4.2."""
    head, _, payload, signature = cbor2.loads(_message(world)).value
    parts: dict[str, tuple[Any, str]] = {
        "three": ([head, {}, payload], "three parts"),
        "five": ([head, {}, payload, signature, b""], "five parts"),
        "detached": ([head, {}, None, signature], "no payload"),
        "text-payload": ([head, {}, payload.decode(), signature], "a payload that is text"),
        "map-header": ([_protected(world), {}, payload, signature], "a protected header that is no byte string"),
        "list-header": ([head, [], payload, signature], "an unprotected header that is no map"),
        "null-signature": ([head, {}, payload, None], "no signature"),
        "map": ({1: head}, "a map"),
        "signers": ([head, {}, payload, [[head, {}, signature]]], "a COSE_Sign message under the tag of COSE_Sign1"),
    }
    for name, (value, attack) in parts.items():
        data = b"\xd2" + cbor2.dumps(value, canonical=True)
        yield vector(f"1-read/cose-{name}.cose", data, "malformed", attack)


def _headers(world: World) -> Iterator[Vector]:
    """RFC 9052, 3.1: allow-lists for both headers."""
    own = _protected(world)

    def case(name: str, code: str, attack: str, protected: dict[Any, Any], unprotected: Any = None) -> Vector:
        return vector(
            f"2-mechanism/cose-{name}.cose", _message(world, protected, unprotected=unprotected), code, attack
        )

    attack = "an algorithm that is not signed"
    yield case("alg-unprotected", "alg_not_protected", attack, _without(own, _ALG), {_ALG: -7})
    yield case("alg-both", "duplicate_member", "two algorithms", own, {_ALG: -35})
    for name, algorithm in {
        "ES512": -36,
        "RS256": -257,
        "HMAC": 5,
        "direct": -6,
        "text": "ES256",
        "null": None,
        "list": [-7],
        "true": True,
    }.items():
        yield case(f"alg-{name}", "alg_not_allowed", "another algorithm", own | {_ALG: algorithm})
    yield case("crit", "crit_unknown", "an unknown extension", own | {_CRIT: [99], 99: 1})
    yield case("crit-empty", "crit_unknown", "an empty list of extensions", own | {_CRIT: []})
    yield case("crit-unprotected", "crit_unknown", "an unknown extension, not signed", own, {_CRIT: [99]})
    for name, label in {"x5bag": 32, "x5chain": 33, "x5t": 34, "x5u": 35, "content": 99, "key": "jwk"}.items():
        attack = "a key or certificate brought along"
        yield case(f"{name}", "header_forbidden", attack, own | {label: b"0"})
        yield case(f"{name}-unprotected", "header_forbidden", attack, own, {label: b"0"})
    yield case("typ-other", "typ_unexpected", "a message of another kind", own | {_TYP: "application/vp+cose"})
    yield case("typ-number", "typ_unexpected", "a message of another kind", own | {_TYP: 61})
    yield case("cty-other", "typ_unexpected", "a message of another kind", own | {_CTY: "application/vp"})
    yield case("typ-none", "typ_unexpected", "a message of no kind", _without(_without(own, _TYP), _CTY))
    yield case("kid-none", "kid_unknown", "no key name", _without(own, _KID))
    yield case("kid-text", "kid_unknown", "a key name that is text", own | {_KID: world.court.method("p256")})
    yield case("kid-both", "duplicate_member", "two key names", own, {_KID: b"#cert-1"})


def _keys(world: World) -> Iterator[Vector]:
    own = _protected(world)
    attack = "a key that the court does not have"
    for name, kid in {"unknown": b"#cert-9", "binary": b"\xff\xfe", "short": world.p256.thumbprint[:8]}.items():
        yield vector(f"4-key/cose-kid-{name}.cose", _message(world, own | {_KID: kid}), "kid_unknown", attack)
    bare, other = _without(own, _KID), world.other.method("cert-1").encode()
    attack = "the key name, which is not signed, was changed"
    settings: dict[str, Any] = {"controllers": ("issuer-keys", "issuer-other")}
    message = _message(world, bare, unprotected={_KID: other})
    yield vector("4-key/cose-kid-changed.cose", message, "issuer_key_mismatch", attack, **settings)
    message = _message(world, bare, unprotected={_KID: b"#cert-1"})
    yield vector("5-signature/cose-kid-changed.cose", message, "signature_invalid", attack)
    head = own | {_KID: world.court.method("status-1").encode()}
    message = sign1(head, _payload(world), world.court.status_signer)
    yield vector("4-key/cose-status-key.cose", message, "key_usage", "signed with the key for status lists")
    message = _message(world, own | {_ALG: -35})
    yield vector("4-key/cose-alg-other.cose", message, "alg_not_allowed", "the algorithm of another type of key")
    stranger = changed(world.genuine.credential, {"issuer": world.stranger.did})
    message = sign1(own, json.dumps(stranger).encode(), world.p256)
    yield vector("3-issuer/cose-stranger.cose", message, "issuer_untrusted", "a look-alike court")


def _signatures(world: World) -> Iterator[Vector]:
    """RFC 9052, 4.4: over context, protected header and payload as received."""
    own, payload = _protected(world), _payload(world)
    head, _, body, signature = cbor2.loads(_message(world)).value

    def parts(*values: Any) -> bytes:
        return b"\xd2" + cbor2.dumps([*values], canonical=True)

    changes: dict[str, tuple[bytes, str]] = {
        "payload": (parts(head, {}, body.replace("王某".encode(), "李某".encode()), signature), "another name"),
        "header": (parts(cbor2.dumps(_without(own, _CTY), canonical=True), {}, body, signature), "another header"),
        "sign-context": (_message(world, context="Signature"), "a signature of a COSE_Sign message"),
        "mac-context": (_message(world, context="MAC0"), "a signature over the text for a MAC"),
        "external": (_message(world, external=b"aad"), "a signature over data that is not here"),
        "length": (parts(head, {}, body, signature + b"\0"), "a signature of 65 bytes"),
        "empty": (parts(head, {}, body, b""), "no signature"),
        "stranger": (sign1(own, payload, SimulatedSigner.generate(KeyType.P256)), "signed by a stranger"),
    }
    for name, (data, attack) in changes.items():
        yield vector(f"5-signature/cose-{name}.cose", data, "signature_invalid", attack)


def _payloads(world: World) -> Iterator[Vector]:
    own, signer, genuine = _protected(world), world.p256, _payload(world)
    payloads: dict[str, tuple[bytes, str, str]] = {
        "empty": (b"", "malformed", "an empty payload"),
        "array": (b"[]", "malformed", "an array"),
        "cbor": (cbor2.dumps({"type": "VerifiableCredential"}), "malformed", "CBOR for JSON"),
        "mark": (b"\xef\xbb\xbf" + genuine, "malformed", "a byte order mark"),
        "duplicate": (genuine[:-1] + b',"issuer":"x"}', "duplicate_member", "the issuer twice"),
        "deep": (b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", "too_complex", "5,000 levels"),
        "token": (world.genuine.jwt.encode(), "malformed", "a token inside a message"),
    }
    for name, (payload, code, attack) in payloads.items():
        yield vector(f"2-mechanism/cose-payload-{name}.cose", sign1(own, payload, signer), code, attack)
    members = {
        "vc": ({}, "claim_forbidden"),
        "aud": ("x", "claim_forbidden"),
        "proof": ({}, "claim_forbidden"),
        "exp": (1, "data_loss"),
    }
    for name, (value, code) in members.items():
        data = sign1(own, _payload(world, **{name: value}), signer)
        yield vector(f"6-shape/cose-{name}.cose", data, code, "a member that a credential must not bear")
