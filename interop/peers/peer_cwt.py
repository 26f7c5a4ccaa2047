"""python-cwt: COSE_Sign1 messages, as vc+cose and as the QR symbol.

Usage: python peer_cwt.py FOLDER make|check. The library verifies signatures; base45 and the rules of the profile are
read here from its page, not from our code.
"""

import json
import sys
import zlib
from datetime import UTC, datetime
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cwt import COSE, COSEKey

from folder import JSON, Folder, Unsupported, controller_document, decoded, encoded, key_of, main, thumbprint

FOLDER = Folder(sys.argv[1], "cwt")
DID = "did:web:cwt.interop.example:did:420683"
IDENTIFIERS = {"P-256": ("ES256", -7), "P-384": ("ES384", -35), "Ed25519": ("EdDSA", -8)}
CURVES = {"P-256": 1, "P-384": 2, "Ed25519": 6}
ALG, KID, TYP = 1, 4, 16
SIGN, VERIFY = 1, 2
PREFIX = "XZ1:"
BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def make() -> None:
    """Signs the credential with each algorithm as vc+cose, and its claims as a symbol."""
    material = FOLDER.read("material.json")
    credential = material["credential"] | {"issuer": DID}
    keys: dict[str, Any] = {
        "P-256": ec.generate_private_key(ec.SECP256R1()),
        "P-384": ec.generate_private_key(ec.SECP384R1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate(),
    }
    jwks = {key_type: public_jwk(private) for key_type, private in keys.items()}
    made: list[JSON] = []
    for key_type, (name, identifier) in IDENTIFIERS.items():
        method = f"{DID}#{key_type}"
        header = {ALG: identifier, KID: method.encode(), TYP: "application/vc+cose"}
        text = json.dumps(credential, ensure_ascii=False).encode()
        message = sign1(header, text, jwks[key_type] | private_part(keys[key_type]))
        made.append(entry("message", name, key_type, method, message.hex()))
    claims = cbor2.loads(bytes.fromhex(material["claims"])) | {1: DID}
    kid = thumbprint(jwks["P-256"])[:8]
    signing = jwks["P-256"] | private_part(keys["P-256"])
    message = sign1({ALG: -7, KID: kid}, cbor2.dumps(claims, canonical=True), signing)
    symbol = PREFIX + base45(zlib.compress(message, 9))
    made.append(entry("symbol", "ES256", "P-256", kid.hex(), symbol.encode().hex()))
    FOLDER.made(controller_document(DID, jwks), made)


def entry(form: str, mechanism: str, key_type: str, method: str, octets: str) -> JSON:
    """One input as `made.json` holds it."""
    return {"form": form, "mechanism": mechanism, "key_type": key_type, "method": method, "hex": octets}


def sign1(header: dict[int, Any], payload: bytes, jwk: JSON) -> bytes:
    """A tagged COSE_Sign1 message, everything in its protected header, deterministic."""
    sender = COSE.new(alg_auto_inclusion=False, kid_auto_inclusion=False, deterministic_header=True)
    message: bytes = sender.encode(payload, cose_key(jwk, SIGN, header[KID]), protected=header)
    return message


def cose_key(jwk: JSON, operation: int, kid: bytes) -> Any:
    """A key of the library, which looks keys up by name (RFC 9053, 7.1 and 7.2)."""
    x = decoded(jwk["x"])
    curve = {-1: CURVES[jwk["crv"]], -2: x, **({-3: decoded(jwk["y"])} if "y" in jwk else {})}
    secret = {-4: decoded(jwk["d"])} if "d" in jwk else {}
    kind = {1: 1 if jwk["kty"] == "OKP" else 2, 2: kid, 3: IDENTIFIERS[jwk["crv"]][1], 4: [operation]}
    return COSEKey.new({**kind, **curve, **secret})


def public_jwk(private: Any) -> JSON:
    """The public half as JWK."""
    public = private.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": encoded(public.public_bytes_raw())}
    curve = {256: "P-256", 384: "P-384"}[public.key_size]
    numbers, size = public.public_numbers(), public.key_size // 8
    x, y = (encoded(number.to_bytes(size, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": curve, "x": x, "y": y}


def private_part(private: Any) -> JSON:
    """The private member of a JWK; it stays in this process."""
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return {"d": encoded(private.private_bytes_raw())}
    return {"d": encoded(private.private_numbers().private_value.to_bytes(private.key_size // 8, "big"))}


def check() -> None:
    """Verifies every message and symbol."""
    controllers = FOLDER.read("controllers.json")

    def verify(case: JSON) -> None:
        if case["form"] == "message":
            payload, header = verified(FOLDER.data(case), controllers, case)
            if header.get(TYP) != "application/vc+cose":
                raise ValueError("typ")
            credential = json.loads(payload)
            check_time(*(datetime.fromisoformat(credential[name]) for name in ("validFrom", "validUntil")))
        elif case["form"] == "symbol":
            text = FOLDER.data(case).decode("ascii").strip("\r\n\t")
            message = zlib.decompress(from_base45(text.removeprefix(PREFIX)))
            payload, header = verified(message, controllers, case)
            claims = cbor2.loads(payload)
            if header[KID].hex() != case["method"] or claims[1] != case["controller"]:
                raise ValueError("kid or iss")
            check_time(*(datetime.fromtimestamp(claims[name], UTC) for name in (5, 4)))
        else:
            raise Unsupported("COSE alone")

    FOLDER.answer(verify, ("cwt", "cbor2"))


def verified(message: bytes, controllers: JSON, case: JSON) -> tuple[bytes, dict[int, Any]]:
    """Payload and headers, if the signature is right."""
    jwk = key_of(controllers, case)
    protected, unprotected, _, _ = cbor2.loads(message).value
    header = unprotected | cbor2.loads(protected)
    payload: bytes = COSE.new().decode(message, cose_key(jwk, VERIFY, header[KID]))
    return payload, header


def check_time(begins: datetime, ends: datetime) -> None:
    """The validity, which the library does not know of."""
    if not begins <= datetime.now(UTC) <= ends:
        raise ValueError("time")


def base45(data: bytes) -> str:
    """RFC 9285."""
    text = ""
    for place in range(0, len(data), 2):
        pair = data[place : place + 2]
        number = int.from_bytes(pair, "big")
        for _ in range(3 if len(pair) == 2 else 2):  # noqa: PLR2004 - two bytes are three characters
            number, digit = divmod(number, 45)
            text += BASE45[digit]
    return text


def from_base45(text: str) -> bytes:
    """RFC 9285."""
    data = b""
    for place in range(0, len(text), 3):
        digits = [BASE45.index(character) for character in text[place : place + 3]]
        number = sum(digit * 45**power for power, digit in enumerate(digits))
        data += number.to_bytes(len(digits) - 1, "big")
    return data


if __name__ == "__main__":
    main(make, check)
