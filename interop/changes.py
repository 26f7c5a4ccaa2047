"""One byte of a signed input changed, so that its syntax stays right and only its signature is wrong."""

import json
import zlib
from collections.abc import Callable, Mapping
from typing import Final

import base45
import cbor2

from xinzheng_schemas import base64url, multibase


def _flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def _last_digit(data: bytes) -> bytes:
    """`data` with the last digit of its certificate number changed, or else its last letter or digit."""
    place = max(place for place, byte in enumerate(data) if byte in b"23456789")
    return _flipped(data, place)


def _document_content(data: bytes) -> bytes:
    document = json.loads(data)
    number = document["certificateNumber"]
    document["certificateNumber"] = number[:-1] + ("3" if number[-1] != "3" else "4")
    return json.dumps(document, ensure_ascii=False).encode()


def _document_signature(data: bytes) -> bytes:
    document = json.loads(data)
    signature = multibase.decode(document["proof"]["proofValue"])
    document["proof"]["proofValue"] = multibase.encode(_flipped(signature, len(signature) - 1))
    return json.dumps(document, ensure_ascii=False).encode()


def _token_content(data: bytes) -> bytes:
    header, payload, signature = data.split(b".")
    changed = base64url.encode(_last_digit(base64url.decode(payload))).encode()
    return b".".join((header, changed, signature))


def _token_signature(data: bytes) -> bytes:
    header, payload, signature = data.split(b".")
    octets = base64url.decode(signature)
    return b".".join((header, payload, base64url.encode(_flipped(octets, len(octets) - 1)).encode()))


def _message_part(data: bytes, part: int) -> bytes:
    message = cbor2.loads(data)
    parts = list(message.value)
    parts[part] = _last_digit(parts[part]) if part == 2 else _flipped(parts[part], len(parts[part]) - 1)  # noqa: PLR2004 - payload
    return cbor2.dumps(cbor2.CBORTag(18, parts))


def _symbol(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    prefix, text = data[:4], data[4:]
    message = change(zlib.decompress(base45.b45decode(text)))
    symbol: bytes = base45.b45encode(zlib.compress(message, 9))
    return prefix + symbol


CHANGES: Final[Mapping[str, Mapping[str, Callable[[bytes], bytes]]]] = {
    "document": {"content": _document_content, "signature": _document_signature},
    "token": {"content": _token_content, "signature": _token_signature},
    "message": {"content": lambda data: _message_part(data, 2), "signature": lambda data: _message_part(data, 3)},
    "symbol": {
        "content": lambda data: _symbol(data, lambda message: _message_part(message, 2)),
        "signature": lambda data: _symbol(data, lambda message: _message_part(message, 3)),
    },
}
"""By form: what is changed, and how."""
