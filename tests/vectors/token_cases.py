"""Vectors of the form vc+jwt."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from support.issuers import NOW, forged_jws
from vectors.vector import Vector, World
from xinzheng_keys import SoftwareSigner
from xinzheng_schemas import base64url
from xinzheng_schemas.timestamps import format_timestamp


def token_cases(world: World) -> Iterator[Vector]:
    """Every refusal of a token, one fault each."""
    yield from _spelling(world)
    yield from _content_syntax(world)
    yield from _header(world)
    yield from _issuer_and_key(world)
    yield from _signature(world)
    yield from _claims(world)


def _vector(name: str, token: str | bytes, code: str, attack: str, **settings: Any) -> Vector:
    data = token.encode() if isinstance(token, str) else token
    return Vector(name=f"{name}.jwt", data=data, code=code, attack=attack, **settings)


def _header_of(world: World, **changes: Any) -> dict[str, Any]:
    header = {"alg": "ES256", "typ": "vc+jwt", "cty": "vc", "kid": world.court.method("cert-1", jwk=True)}
    return {name: value for name, value in (header | changes).items() if value is not None}


def _spelling(world: World) -> Iterator[Vector]:
    """RFC 7515, 2 and 5.2: one spelling of every token."""
    head, payload, signature = world.genuine.jwt.split(".")

    def case(name: str, token: str, code: str, attack: str) -> Vector:
        return _vector(f"1-read/jwt-{name}", token, code, attack)

    yield case("padding", f"{head}==.{payload}.{signature}", "not_canonical", "padding behind a segment")
    yield case("white-space", f"{head}.{payload[:40]}\n{payload[40:]}.{signature}", "not_canonical", "a line break")
    yield case("standard-alphabet", f"{head}.{payload}.+/{signature[2:]}", "not_canonical", "+ and / for - and _")
    yield case("foreign-character", f"{head}.{payload[:9]}~{payload[10:]}.{signature}", "not_canonical", "a tilde")
    yield case("length", f"{head}.{payload}.{signature}AAA", "not_canonical", "a length of 1 mod 4")
    unused = signature[:-1] + chr(ord(signature[-1]) + 1)
    yield case("unused-bits", f"{head}.{payload}.{unused}", "not_canonical", "set bits that decode to nothing")
    yield case("two-segments", f"{head}.{payload}", "malformed", "two segments")
    yield case("four-segments", f"{world.genuine.jwt}.{signature}", "malformed", "four segments")
    yield case("five-segments", f"{head}..{payload}.{signature}.{signature}", "malformed", "encrypted, by its shape")
    yield case("two-tokens", f"{world.genuine.jwt}\n{world.genuine.jwt}", "malformed", "two tokens")
    yield case("detached", f"{head}..{signature}", "malformed", "no payload")
    members = {"payload": payload, "signatures": [{"protected": head, "signature": signature}]}
    data = json.dumps(members).encode()
    yield Vector(name="1-read/jwt-json-serialization.json", data=data, code="malformed", attack="JSON serialization")


def _content_syntax(world: World) -> Iterator[Vector]:
    """Genuinely signed, but header or payload are no strict JSON."""
    header = json.dumps(_header_of(world)).encode()
    credential = json.dumps(world.genuine.credential, ensure_ascii=False).encode()
    doubled = credential[:-1] + b',"issuer":"did:web:look-alike.example"}'
    payloads = {
        "payload-array": (b"[]", "malformed", "an array"),
        "payload-text": (b'"text"', "malformed", "a string"),
        "payload-null": (b"null", "malformed", "null"),
        "payload-mark": (b"\xef\xbb\xbf" + credential, "malformed", "a byte order mark"),
        "payload-latin": (b'{"name":"\xe9"}', "malformed", "not UTF-8"),
        "payload-duplicate": (doubled, "duplicate_member", "the issuer twice"),
        "payload-escaped-duplicate": (
            credential[:-1] + rb',"\u0069ssuer":"did:web:look-alike.example"}',
            "duplicate_member",
            "the issuer twice, once in escapes",
        ),
        "payload-deep": (b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", "too_complex", "5,000 levels"),
        "payload-number": (b'{"exp":' + b"9" * 5000 + b"}", "number_range", "an integer of 5,000 digits"),
        "payload-exponent": (b'{"exp":1e400}', "number_range", "a number beyond every double"),
        "payload-nan": (b'{"exp":NaN}', "malformed", "NaN"),
        "payload-nested-token": (world.genuine.jwt.encode(), "malformed", "a token inside a token"),
    }
    for name, (payload, code, attack) in payloads.items():
        token = forged_jws(header, payload, world.certificate_signer)
        yield _vector(f"1-read/jwt-{name}", token, code, attack)
    headers = {
        "header-duplicate": (header[:-1] + b',"alg":"none"}', "duplicate_member", "two algorithms"),
        "header-array": (b"[]", "malformed", "a header that is no object"),
    }
    for name, (head, code, attack) in headers.items():
        yield _vector(f"1-read/jwt-{name}", forged_jws(head, credential, world.certificate_signer), code, attack)


def _header(world: World) -> Iterator[Vector]:
    """RFC 8725: whatever the header asks for, the verifier decides."""

    def case(name: str, code: str, attack: str, **changes: Any) -> Vector:
        token = forged_jws(_header_of(world, **changes), world.genuine.credential, world.certificate_signer)
        return _vector(f"2-mechanism/jwt-{name}", token, code, attack)

    for spelling in ("none", "None", "NONE"):
        token = forged_jws(_header_of(world, alg=spelling), world.genuine.credential, world.certificate_signer)
        unsigned = token[: token.rindex(".") + 1]
        attack = "no algorithm and no signature"
        yield _vector(f"2-mechanism/jwt-alg-{spelling}-unsigned", unsigned, "alg_not_allowed", attack)
    yield _vector("2-mechanism/jwt-alg-HS256", _hmac(world), "alg_not_allowed", "the public key taken for a secret")
    for algorithm in ("ES512", "ES256K", "Ed448", "RS256", "PS256", "es256"):
        yield case(f"alg-{algorithm}", "alg_not_allowed", "another algorithm", alg=algorithm)
    yield case("alg-list", "alg_not_allowed", "an algorithm that is no string", alg=["ES256"])
    yield case("alg-number", "alg_not_allowed", "an algorithm that is no string", alg=-7)
    yield case("jwk", "header_forbidden", "a key brought along", jwk={"kty": "EC"})
    yield case("jku", "header_forbidden", "an address of keys", jku="https://look-alike.example/keys")
    yield case("x5u", "header_forbidden", "an address of certificates", x5u="file:///etc/passwd")
    yield case("x5c", "header_forbidden", "a certificate brought along", x5c=["MIIB"])
    yield case("b64", "header_forbidden", "an unencoded payload", b64=False)
    yield case("crit", "crit_unknown", "an unknown extension that must be understood", crit=["exp"], exp=1)
    yield case("crit-empty", "crit_unknown", "an empty list of extensions", crit=[])
    for typ in ("JWT", "vp+jwt", "kb+jwt", "statuslist+jwt", "dc+sd-jwt", "VC+JWT"):
        name = f"typ-{typ.replace('+', '-')}"
        yield case(name, "typ_unexpected", "a token of another kind", typ=typ)
    yield case("typ-missing", "typ_unexpected", "a token of no kind", typ=None)
    yield case("cty-JWT", "typ_unexpected", "a nested token, by its content type", cty="JWT")


def _hmac(world: World) -> str:
    """A token under HS256 with the public key as secret (RFC 8725, 2.1)."""
    token = forged_jws(_header_of(world, alg="HS256"), world.genuine.credential, world.certificate_signer)
    signing_input = token[: token.rindex(".")]
    secret = world.certificate_signer.public_key_multibase.encode()
    return f"{signing_input}.{base64url.encode(hmac.digest(secret, signing_input.encode(), hashlib.sha256))}"


def _issuer_and_key(world: World) -> Iterator[Vector]:
    court, other, stranger = world.court, world.other, world.stranger

    def case(
        name: str, code: str, attack: str, *, payload: dict[str, Any], signer: SoftwareSigner, **changes: Any
    ) -> Vector:
        return _vector(name, forged_jws(_header_of(world, **changes), payload, signer), code, attack)

    genuine, own = world.genuine.credential, world.certificate_signer
    attack = "a look-alike court, all its own work"
    yield _vector("3-issuer/jwt-stranger", stranger.issue().jwt, "issuer_untrusted", attack)
    for name, issuer in {
        "prefix": court.did + "0",
        "other-case": court.did.upper(),
        "number": 1,
        "list": [court.did],
    }.items():
        credential = genuine | {"issuer": issuer}
        attack = "an issuer that only resembles the court"
        yield case(f"3-issuer/jwt-{name}", "issuer_untrusted", attack, payload=credential, signer=own)
    named = {"id": stranger.did, "name": court.name["zh"]}
    attack = "a stranger under the name of the court"
    yield case("3-issuer/jwt-named", "issuer_untrusted", attack, payload=genuine | {"issuer": named}, signer=own)
    attack = "iss says another court"
    yield case("3-issuer/jwt-iss", "issuer_mismatch", attack, payload=genuine | {"iss": other.did}, signer=own)
    attack = "iss in the header says another court"
    yield case("3-issuer/jwt-header-iss", "issuer_mismatch", attack, payload=genuine, signer=own, iss=other.did)
    attack = "a type that the court may not issue"
    types = {"type": ["VerifiableCredential", "DiplomaCredential"]}
    yield case("3-issuer/jwt-type", "issuer_type", attack, payload=genuine | types, signer=own)

    kids = {
        "traversal": "../../../../etc/passwd",
        "query": "' OR 1=1 --",
        "nul": court.method("cert-1") + "\0",
        "unknown": court.method("cert-2"),
        "number": 1,
        "list": [court.method("cert-1")],
        "missing": None,
        "relative": "#cert-9",
        "thumbprint": "A" * 43,
        "thumbprint-broken": "?" * 43,
        "empty": "",
        "long": "x" * 10_000,
    }
    for name, kid in kids.items():
        attack = "a key name that the court does not have"
        yield case(f"4-key/jwt-kid-{name}", "kid_unknown", attack, payload=genuine, signer=own, kid=kid)
    for algorithm in ("ES384", "EdDSA", "Ed25519"):
        attack = "the algorithm of another type of key"
        yield case(f"4-key/jwt-alg-{algorithm}", "alg_not_allowed", attack, payload=genuine, signer=own, alg=algorithm)
    attack = "the key of another trusted court"
    signer = other.certificate_signer
    method = other.method("cert-1")
    yield case("4-key/jwt-other-court", "issuer_key_mismatch", attack, payload=genuine, signer=signer, kid=method)
    attack = "the key of a stranger"
    method = stranger.method("cert-1")
    signer = stranger.certificate_signer
    yield case("4-key/jwt-stranger", "issuer_key_mismatch", attack, payload=genuine, signer=signer, kid=method)
    attack = "signed with the key for status lists"
    method = court.method("status-1")
    yield case("4-key/jwt-status-key", "key_usage", attack, payload=genuine, signer=court.status_signer, kid=method)


def _signature(world: World) -> Iterator[Vector]:
    """RFC 7518, 3.4: r‖s in exactly 64 octets, of this key, over these bytes."""
    head, payload, signature = world.genuine.jwt.split(".")
    raw = base64url.decode(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    signatures = {
        "der": encode_dss_signature(r, s),
        "65-bytes": b"\0" + raw,
        "63-bytes": raw[:-1],
        "empty": b"",
        "zero": bytes(64),
        "r-zero": bytes(32) + raw[32:],
        "s-order": raw[:32] + bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
        "all-ones": b"\xff" * 64,
        "swapped": raw[32:] + raw[:32],
    }
    for name, forged in signatures.items():
        token = f"{head}.{payload}.{base64url.encode(forged)}"
        yield _vector(f"5-signature/jwt-{name}", token, "signature_invalid", "a signature that is none")
    changed = base64url.encode(base64url.decode(payload).replace("王某".encode(), "李某".encode()))
    yield _vector("5-signature/jwt-changed", f"{head}.{changed}.{signature}", "signature_invalid", "another name")
    token = world.court.issue(signer=world.stranger.certificate_signer).jwt
    yield _vector("5-signature/jwt-stranger", token, "signature_invalid", "signed by a stranger under the court's name")


def _claims(world: World) -> Iterator[Vector]:
    """vc-jose-cose 3.1.3, RFC 7519: what may stand beside the credential."""
    late = format_timestamp(NOW + timedelta(days=1))

    def case(name: str, code: str, attack: str, **members: Any) -> Vector:
        token = forged_jws(_header_of(world), world.genuine.credential | members, world.certificate_signer)
        return _vector(name, token, code, attack)

    yield case("6-shape/jwt-vc", "claim_forbidden", "a second credential in vc", vc={"type": ["VerifiableCredential"]})
    yield case("6-shape/jwt-vp", "claim_forbidden", "a presentation in vp", vp={})
    yield case("6-shape/jwt-aud", "claim_forbidden", "meant for somebody else", aud="https://other.example")
    yield case("6-shape/jwt-jti", "claim_mismatch", "another identifier in jti", jti="urn:uuid:0")
    yield case("6-shape/jwt-sub", "claim_mismatch", "another subject in sub", sub="did:example:other")
    yield case("6-shape/jwt-unknown", "data_loss", "a member that no term explains", creditScore=999)
    yield case("6-shape/jwt-proof", "claim_forbidden", "a token with a proof inside", proof={"jwt": world.genuine.jwt})
    seconds = int(NOW.timestamp())
    yield case("7-time/jwt-exp", "expired", "exp earlier than validUntil", exp=seconds)
    yield case("7-time/jwt-nbf", "not_yet_valid", "nbf later than validFrom", nbf=seconds + 1)
    for name, value in {
        "text": str(seconds + 9),
        "boolean": True,
        "list": [seconds],
        "negative": -1,
        "milliseconds": seconds * 1000,
        "null": None,
    }.items():
        attack = "an exp that is no moment"
        yield case(f"7-time/jwt-exp-{name}", "date_malformed", attack, exp=value)
    yield case("7-time/jwt-not-yet", "not_yet_valid", "valid from tomorrow", validFrom=late)
