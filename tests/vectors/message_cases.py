"""Vectors of the QR form: base45, zlib, COSE_Sign1, CWT claims."""

import zlib
from collections.abc import Iterator
from typing import Any

import base45
import cbor2

from support.issuers import forged_cose, qr_text
from vectors.vector import Vector, World
from xinzheng_schemas.qr_profile import to_claims

_ALG, _CRIT, _KID, _X5CHAIN = 1, 2, 4, 33
_ISS, _EXP, _NBF, _BODY = 1, 4, 5, -65537
_SHARED = b"\xd8\x1c\x81\xd8\x1d\x00"  # tag 28: a list that holds a reference (tag 29) to itself


def message_cases(world: World) -> Iterator[Vector]:
    """Every refusal of a symbol's text, one fault each."""
    yield from _wrapping(world)
    yield from _structure(world)
    yield from _encoding(world)
    yield from _headers(world)
    yield from _claims(world)


def _vector(name: str, text: str, code: str, attack: str, **settings: Any) -> Vector:
    return Vector(name=f"{name}.qr.txt", data=text.encode(), code=code, attack=attack, **settings)


def _message(world: World) -> bytes:
    return zlib.decompress(base45.b45decode(world.genuine.qr.removeprefix("XZ1:")))


def _protected(world: World) -> dict[Any, Any]:
    return {_ALG: -7, _KID: world.certificate_signer.kid}


def _credential_claims(world: World) -> dict[Any, Any]:
    return to_claims(world.genuine.credential, court=world.court.court)


def _wrapping(world: World) -> Iterator[Vector]:
    """RFC 9285, RFC 1950."""
    text = world.genuine.qr
    compressed = zlib.compress(_message(world), 9)
    texts = {
        "truncated": (text[:-2], "qr_malformed", "cut short"),
        "odd": (text[:-1], "qr_malformed", "cut in the middle of a group"),
        "character": (text[:100] + "a" + text[101:], "qr_malformed", "a character that base45 does not have"),
        "overflow": ("XZ1:" + "::::::", "qr_malformed", "a group beyond 65,535"),
        "empty": ("XZ1:", "qr_malformed", "nothing behind the prefix"),
        "behind": ("XZ1:" + base45.b45encode(compressed + b"x").decode(), "qr_malformed", "something behind the end"),
        "raw": ("XZ1:" + base45.b45encode(_message(world)).decode(), "qr_malformed", "not compressed"),
        "checksum": ("XZ1:" + base45.b45encode(compressed[:-1] + b"\0").decode(), "qr_malformed", "a wrong checksum"),
        "bomb": (qr_text(bytes(2_000_000)), "too_large", "two megabytes of zeros"),
        "long": ("XZ1:" + "0" * 5000, "too_large", "more than a symbol holds"),
    }
    for name, (content, code, attack) in texts.items():
        yield _vector(f"1-read/qr-{name}", content, code, attack)
    yield _vector("1-read/qr-prefix", text.replace("XZ1:", "XZ2:", 1), "form_unknown", "another prefix")
    yield _vector("1-read/qr-address", "https://look-alike.example/verify?c=1", "form_unknown", "an address to open")


def _structure(world: World) -> Iterator[Vector]:
    """RFC 9052, 2 and 4.2: one tag, four parts."""
    signer, claims = world.certificate_signer, _credential_claims(world)
    protected = _protected(world)
    for tag in (None, 16, 17, 61, 96, 97, 98):
        text = forged_cose(protected, claims, signer, tag=tag)
        yield _vector(f"1-read/qr-tag-{tag}", text, "malformed", "tagged as another kind of message")
    head, _, payload, signature = cbor2.loads(_message(world)).value
    parts: dict[str, tuple[list[Any], str]] = {
        "three-parts": ([head, {}, payload], "three parts"),
        "five-parts": ([head, {}, payload, signature, b""], "five parts"),
        "detached": ([head, {}, None, signature], "no payload"),
        "text-payload": ([head, {}, "text", signature], "a payload that is text"),
        "map-header": ([protected, {}, payload, signature], "a protected header that is no byte string"),
        "list-header": ([head, [], payload, signature], "an unprotected header that is no map"),
        "text-signature": ([head, {}, payload, "text"], "a signature that is text"),
    }
    for name, (value, attack) in parts.items():
        text = qr_text(cbor2.dumps(cbor2.CBORTag(18, value)))
        yield _vector(f"1-read/qr-{name}", text, "malformed", attack)
    text = forged_cose(cbor2.dumps([1]), claims, signer)
    yield _vector("1-read/qr-header-no-map", text, "malformed", "a protected header that holds no map")
    text = forged_cose(protected, [1], signer)
    yield _vector("1-read/qr-claims-no-map", text, "malformed", "claims that are no map")
    text = forged_cose(cbor2.dumps({True: -7}), claims, signer)
    yield _vector("1-read/qr-label-boolean", text, "malformed", "true for the label 1")


def _encoding(world: World) -> Iterator[Vector]:
    """RFC 8949, 4.2: one encoding of every value; no tag reaches a decoder."""
    signer, claims = world.certificate_signer, _credential_claims(world)
    kid = b"\x48" + signer.kid
    message = _message(world)
    headers: dict[str, tuple[bytes, str, str]] = {
        "wide-integer": (b"\xa2\x18\x01\x26\x04" + kid, "not_canonical", "an integer in more bytes than it needs"),
        "order": (b"\xa2\x04" + kid + b"\x01\x26", "not_canonical", "labels out of order"),
        "duplicate": (b"\xa3\x01\x26\x01\x27\x04" + kid, "duplicate_member", "two algorithms"),
        "indefinite": (b"\xbf\x01\x26\x04" + kid + b"\xff", "malformed", "a map without stated length"),
        "float": (b"\xa2\x01\xf9\xc7\x00\x04" + kid, "malformed", "a float for an integer"),
        "undefined": (b"\xa1\x01\xf7", "malformed", "an undefined value"),
        "reserved": (b"\xa1\x01\x1c", "malformed", "a reserved length"),
        "cut": (b"\xa2\x01\x26", "malformed", "a map that ends early"),
        "cut-head": (b"\xa1\x01\x19\x01", "malformed", "a number that ends early"),
        "text-broken": (b"\xa1\x01\x61\xff", "malformed", "a text that is not UTF-8"),
        "huge": (b"\xa1\x01\x5b" + b"\x7f" + b"\xff" * 7, "too_large", "a length of 2^63"),
        "huge-array": (b"\xa1\x01\x9a\xff\xff\xff\xff", "too_large", "four thousand million elements"),
        "deep": (b"\xa1\x01" + b"\x81" * 2000 + b"\x01", "too_complex", "2,000 levels"),
        "many": (b"\xa1\x01\x99\x08\x00" + b"\x00" * 2048, "too_complex", "2,048 elements"),
    }
    for name, (head, code, attack) in headers.items():
        yield _vector(f"1-read/qr-cbor-{name}", forged_cose(head, claims, signer), code, attack)
    tags = {"shared": _SHARED, "expression": b"\xd8\x23\x61\x28", "set": b"\xd9\x01\x02\x80", "bignum": b"\xc2\x41\x01"}
    for name, tagged in tags.items():
        text = forged_cose(_protected(world), b"\xa1\x01" + tagged, signer)
        yield _vector(f"1-read/qr-cbor-{name}", text, "malformed", "a tag that would run a handler")
    yield _vector("1-read/qr-cbor-behind", qr_text(message + b"\0"), "malformed", "something behind the message")
    yield _vector("1-read/qr-cbor-two", qr_text(message + message), "malformed", "two messages")


def _headers(world: World) -> Iterator[Vector]:
    """RFC 9052, 3.1: what the protected header may say, and nothing else."""
    signer, claims = world.certificate_signer, _credential_claims(world)

    def case(
        name: str, code: str, attack: str, protected: dict[Any, Any], unprotected: dict[Any, Any] | None = None
    ) -> Vector:
        head = cbor2.dumps(protected, canonical=True)
        return _vector(name, forged_cose(head, claims, signer, unprotected=unprotected), code, attack)

    own = _protected(world)
    attack = "an algorithm that is not signed"
    yield case("2-mechanism/qr-alg-unprotected", "alg_not_protected", attack, {_KID: signer.kid}, {_ALG: -7})
    for name, algorithm in {"ES512": -36, "HMAC": 5, "text": "ES256", "null": None, "true": True}.items():
        protected = own | {_ALG: algorithm}
        yield case(f"2-mechanism/qr-alg-{name}", "alg_not_allowed", "another algorithm", protected)
    for name, algorithm in {"ES384": -35, "EdDSA": -8, "Ed25519": -19}.items():
        attack = "the algorithm of another type of key"
        yield case(f"4-key/qr-alg-{name}", "alg_not_allowed", attack, own | {_ALG: algorithm})
    yield case("2-mechanism/qr-empty", "alg_not_allowed", "an empty header", {})
    yield _vector(
        "2-mechanism/qr-empty-string", forged_cose(b"", claims, signer), "alg_not_allowed", "a header of no bytes"
    )
    yield case("2-mechanism/qr-crit", "crit_unknown", "an unknown extension", own | {_CRIT: [99], 99: 1})
    yield case("2-mechanism/qr-crit-empty", "crit_unknown", "an empty list of extensions", own | {_CRIT: []})
    yield case("2-mechanism/qr-x5chain", "header_forbidden", "a certificate brought along", own | {_X5CHAIN: b"0"})
    attack = "another key name outside the signature"
    yield case("2-mechanism/qr-kid-both", "duplicate_member", attack, own, {_KID: b"12345678"})
    attack = "a key name outside the signature alone"
    yield case("2-mechanism/qr-kid-unprotected", "header_forbidden", attack, {_ALG: -7}, {_KID: signer.kid})
    for name, kid in {"short": b"1234", "text": "12345678", "number": 1}.items():
        yield case(f"2-mechanism/qr-kid-{name}", "kid_unknown", "no key name of 8 bytes", own | {_KID: kid})
    attack = "a key that the court does not have"
    yield case("4-key/qr-unknown", "kid_unknown", attack, own | {_KID: b"12345678"})


def _claims(world: World) -> Iterator[Vector]:
    signer, claims, own = world.certificate_signer, _credential_claims(world), _protected(world)
    stranger = world.stranger
    yield _vector("3-issuer/qr-stranger", stranger.issue().qr, "issuer_untrusted", "a look-alike court")
    for name, issuer in {"number": 1, "bytes": world.court.did.encode()}.items():
        text = forged_cose(own, claims | {_ISS: issuer}, signer)
        yield _vector(f"3-issuer/qr-{name}", text, "issuer_untrusted", "no usable issuer")
    text = forged_cose({_ALG: -7, _KID: world.court.status_signer.kid}, claims, world.court.status_signer)
    yield _vector("4-key/qr-status-key", text, "key_usage", "signed with the key for status lists")
    text = forged_cose(own, claims | {_NBF: "2026"}, signer)
    yield _vector("4-key/qr-date", text, "date_malformed", "a beginning that is no moment")
    text = forged_cose(own, claims, stranger.certificate_signer)
    yield _vector("5-signature/qr-stranger", text, "signature_invalid", "signed under the court's name")
    parts = cbor2.loads(_message(world)).value
    prolonged = cbor2.dumps(claims | {_EXP: claims[_EXP] + 86_400}, canonical=True)
    text = qr_text(cbor2.dumps(cbor2.CBORTag(18, [parts[0], {}, prolonged, parts[3]])))
    yield _vector("5-signature/qr-changed", text, "signature_invalid", "valid a day longer")
    text = qr_text(cbor2.dumps(cbor2.CBORTag(18, [*parts[:3], parts[3] + b"\0"])))
    yield _vector("5-signature/qr-length", text, "signature_invalid", "a signature of 65 bytes")
    text = forged_cose(own, {label: value for label, value in claims.items() if label != _BODY}, signer)
    yield _vector("6-shape/qr-no-body", text, "shape_invalid", "signed, but nothing said")
    text = forged_cose(own, claims | {_BODY: [1, 2, 3]}, signer)
    yield _vector("6-shape/qr-body", text, "shape_invalid", "signed, but no certificate")
