"""The most work that 262,144 bytes can ask for, form by form: what a verifier must answer in a second.

Genuinely signed where the work comes after the signature: then only the court itself could be so unkind, and the answer
has to come in time all the same.
"""

import io
import json
import struct
import zlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import base45
import cbor2
from PIL import Image

from support.issuers import SimulatedCourt, qr_text
from support.mechanisms import SimulatedSigner, compact, proof_over, sign1, with_keys
from support.samples import ABSENT, changed
from support.signatures import TYPES
from xinzheng_schemas import base64url, multibase
from xinzheng_schemas.contexts import CREDENTIALS_V2, CREDIT_REPAIR_V1
from xinzheng_schemas.multibase import KeyType
from xinzheng_verifier.limits import MAX_INPUT_BYTES

_ENTRIES = 131_072


@dataclass
class WorstInputs:
    """A court with keys of every type, and what can be made of them.

    Attributes:
        trust: controllers and status lists, for `TrustStore.from_documents`.
    """

    court: SimulatedCourt = field(default_factory=SimulatedCourt)

    def __post_init__(self) -> None:
        self.keys = {kind: SimulatedSigner.generate(kind) for kind in TYPES}
        names = {
            "p256": self.keys[KeyType.P256],
            "p384": self.keys[KeyType.P384],
            "ed25519": self.keys[KeyType.ED25519],
        }
        lists = [
            *self.court.status_lists(),
            *(
                self.court.status_list("message", number=number, entries=_ENTRIES * 8, set_indexes=range(0, 999_000, 7))
                for number in range(1, 9)
            ),
        ]
        self.trust = ([with_keys(self.court.issuer_document(), names)], lists)
        self.credential = self.court.credential()

    def inputs(self) -> Iterator[tuple[str, bytes]]:
        """Names and inputs, none of them longer than what is read."""
        for part in (self._json, self._tokens, self._messages, self._symbols, self._documents, self._pictures):
            for name, data in part():
                assert len(data) <= MAX_INPUT_BYTES, (name, len(data))
                yield name, data

    # --- unsigned -----------------------------------------------------------------------------------------------------

    def _json(self) -> Iterator[tuple[str, bytes]]:
        size = MAX_INPUT_BYTES
        yield "deep arrays", b"[" * size
        yield "deep objects", b'{"a":' * (size // 5)
        yield "deep and closed", b'{"a":' + b"[" * 130_000 + b"]" * 130_000 + b"}"
        yield "wide array", b'{"a":[' + b"0," * 131_000 + b"0]}"
        yield "wide object", b"{" + b",".join(b'"%d":0' % number for number in range(9_000)) + b"}"
        yield "same name", b"{" + b",".join([b'"a":0'] * 9_000) + b"}"
        yield "long integer", b'{"a":' + b"9" * (size - 7) + b"}"
        yield "long fraction", b'{"a":0.' + b"9" * (size - 9) + b"}"
        yield "long exponent", b'{"a":1e' + b"9" * (size - 9) + b"}"
        yield "numbers", b'{"a":[' + b",".join([b"1.7976931348623157e308"] * 9_000) + b"]}"
        yield "long string", b'{"a":"' + b"x" * (size - 9) + b'"}'
        yield "long name", b'{"' + b"x" * (size - 9) + b'":0}'
        yield "open string", b'{"a":"' + b"\\" * (size - 7)
        yield "quotes", b'"' * size
        yield "escapes", b'{"a":"' + b"\\u0041" * 43_000 + b'"}'
        yield "pairs", b'{"a":"' + b"\\ud83d\\ude00" * 21_000 + b'"}'
        yield "half pairs", b'{"a":"' + b"\\ud83d" * 43_000 + b'"}'
        yield "backslashes", b'{"a":"' + b"\\\\" * 131_000 + b'"}'
        yield "brackets in a string", b'{"a":"' + b"[{," * 87_000 + b'"}'
        yield "white space", b" " * (size - 2) + b"{}"
        yield "white space behind", b"{}" + b" " * (size - 2)
        yield "not a number", b'{"a":' + b"NaN," * 60_000
        yield "broken at the end", b'{"a":"' + "王".encode() * 80_000 + b"\xff"
        yield "zeros", bytes(size)
        yield "high bytes", b"\xff" * size
        yield "dots", b"." * size
        yield "token dots", b"e" + b"y." * 131_000
        yield "token of one segment", b"ey" + b"A" * (size - 2)
        yield "base58", self._proof_value("z" + "1" * 250_000)
        yield "base58 within its limit", self._proof_value("z" + "z" * 255)
        yield "proofs", json.dumps({"proof": [{"id": f"urn:{n}"} for n in range(9_000)]}).encode()
        yield "previous proofs", json.dumps({"proof": [{"id": "a", "previousProof": ["a"] * 50_000}]}).encode()
        yield "moment", self._with_proof(created="2026-" * 50_000)
        yield "method", self._with_proof(verificationMethod="#" * 250_000)
        yield "issuer", json.dumps({"issuer": "did:web:" + "x" * 250_000, "proof": self._proof()}).encode()
        yield "envelope", b"data:application/vc+jwt," + b"A" * (size - 24)
        yield "envelope of base64", b"data:application/vc+cose;base64," + b"A" * (size - 40)
        yield "form feed", b"\x0c" * size

    def _proof(self) -> dict[str, Any]:
        return {
            "type": "DataIntegrityProof",
            "cryptosuite": "ecdsa-jcs-2019",
            "created": "2026-11-23T08:00:00Z",
            "verificationMethod": f"{self.court.did}#p256",
            "proofPurpose": "assertionMethod",
        }

    def _with_proof(self, **changes: Any) -> bytes:
        document = self.credential | {
            "proof": proof_over(self.credential, self._proof(), self.keys[KeyType.P256]) | changes
        }
        return json.dumps(document, ensure_ascii=False).encode()

    def _proof_value(self, value: str) -> bytes:
        return self._with_proof(proofValue=value)

    # --- signed -------------------------------------------------------------------------------------------------------

    def _tokens(self) -> Iterator[tuple[str, bytes]]:
        header = {"alg": "ES256", "typ": "vc+jwt", "kid": "#p256"}
        status = [self._message_entry(number) for number in range(1, 9)]
        members: dict[str, dict[str, Any]] = {
            "8 entries with 256 words each": {"credentialStatus": status},
            "9,000 unknown members": {f"m{n}": n for n in range(9_000)},
            "9,000 types": {"type": [f"Type{n}" for n in range(9_000)]},
            "9,000 subjects": {"credentialSubject": [{"id": f"did:example:{n}"} for n in range(4_000)]},
            "a long text": {
                "credentialSubject": changed(self.credential["credentialSubject"], {"name": "王" * 60_000})
            },
            "a long date": {"validUntil": "9" * 190_000},
            "a far date": {"exp": 9.9e307},
        }
        for name, claims in members.items():
            token = compact(header, self.credential | claims, self.keys[KeyType.P256])
            yield f"token with {name}", token.encode()
        yield "token with a long header", compact(header | {"kid": "x" * 180_000}, {}, self.keys[KeyType.P256]).encode()
        nested: Any = 0
        for _ in range(28):
            nested = {"n": nested, "m": ["王\u0301" * 80] * 3}
        yield "token of deep texts", compact(header, self.credential | {"x": nested}, self.keys[KeyType.P256]).encode()
        rest = base64url.encode(b"{" + b'"a":' * 40_000)
        yield "token of half an object", f"{base64url.encode(json.dumps(header).encode())}.{rest}.AA".encode()

    def _message_entry(self, number: int) -> dict[str, Any]:
        words = [{"status": f"0x{value:x}", "message": f"word {value}" * 4} for value in range(256)]
        return {
            "type": "BitstringStatusListEntry",
            "statusPurpose": "message",
            "statusListIndex": str(_ENTRIES - number),
            "statusListCredential": self.court.status_url("message", number=number),
            "statusSize": 8,
            "statusMessage": words,
        }

    def _messages(self) -> Iterator[tuple[str, bytes]]:
        head, key = {1: -7, 4: b"#p256", 16: "application/vc+cose"}, self.keys[KeyType.P256]
        members = json.dumps(self.credential | {f"m{n}": n for n in range(9_000)}, ensure_ascii=False).encode()
        yield "message with 9,000 members", sign1(head, members, key)
        yield "message of zeros", sign1(head, bytes(250_000), key)
        yield "enveloped message", b"data:application/vc+cose;base64," + b64encode(sign1(head, members[:180_000], key))
        yield "heads", b"\xd2" + b"\x84" * 262_000
        yield "integers", b"\xd2\x99\xff\xff" + b"\x1b" * 262_000
        yield "tags", b"\xd2" * 262_000
        yield "maps", b"\xd2\x84" + b"\xa1\x00" * 131_000
        yield "text", b"\xd2\x84\x5a\x00\x03\xff\x00" + b"\xff" * 261_888

    def _symbols(self) -> Iterator[tuple[str, bytes]]:
        yield "symbol of zeros", qr_text(bytes(10_000_000)).encode()[:4296]
        yield "symbol that inflates to its limit", qr_text(b"\xd2" + bytes(16_000)).encode()
        yield "symbol of nothing but colons", b"XZ1:" + b":" * 4292
        yield "symbol too long", b"XZ1:" + b"0" * 262_000
        blocks = zlib.compress(b"")[:2] + b"\x00\x00\x00\xff\xff" * 500
        yield "symbol of empty blocks", b"XZ1:" + base45.b45encode(blocks)
        deep = cbor2.dumps({1: -7, 4: bytes(8)})
        yield "symbol of depth", qr_text(b"\xd2\x84" + cbor2.dumps(deep) + b"\x81" * 16_000).encode()

    # --- JSON-LD ------------------------------------------------------------------------------------------------------

    def _documents(self) -> Iterator[tuple[str, bytes]]:
        leaf = {"type": "VerifiableCredential"}
        subject = self.credential["credentialSubject"]
        types = [f"https://x.example/{n}" for n in range(3_000)]
        own = [CREDENTIALS_V2, CREDIT_REPAIR_V1]
        deep: Any = leaf
        for _ in range(28):
            deep = leaf | {"evidence": [deep, leaf]}
        changes: dict[str, dict[str, Any]] = {
            "numbers": {"x": [1e-7 + n for n in range(9_000)]},
            "names": {f"\U0001f600{n}": n for n in range(9_000)},
            "4,000 leaves": {"evidence": [leaf] * 4_000},
            "40 bushes of 40": {"evidence": [leaf | {"evidence": [leaf] * 40}] * 40},
            "2 bushes of 1,900": {"evidence": [leaf | {"evidence": [leaf] * 1_900}] * 2},
            "a deep tree": {"evidence": deep},
            "200 subjects": {"credentialSubject": [changed(subject, {"idCommitment": ABSENT})] * 200},
            "3,000 types": {"type": ["VerifiableCredential", "CreditRepairCredential", *types]},
            "1,000 contexts": {"@context": own * 500},
            "16 contexts": {"@context": own * 8},
            "a long text": {"credentialSubject": changed(subject, {"name": '"\n\\' * 60_000})},
            "a long IRI": {"id": "urn:uuid:" + "x" * 200_000},
            "4,000 languages": {"name": [{"@value": "x", "@language": f"x-{n}"} for n in range(4_000)]},
            "JSON": {"credentialSubject": changed(subject, {"jsonSchema": [[0] * 90] * 90})},
        }
        for suite, key in (("ecdsa-jcs-2019", "p256"), ("ecdsa-rdfc-2019", "p384"), ("eddsa-rdfc-2022", "ed25519")):
            proof = self._proof() | {"cryptosuite": suite, "verificationMethod": f"{self.court.did}#{key}"}
            proof |= {"proofValue": multibase.encode(b"\1" * (96 if key == "p384" else 64))}
            for name, change in changes.items():
                text = json.dumps(self.credential | change | {"proof": [proof] * 4}, ensure_ascii=False).encode()
                if len(text) <= MAX_INPUT_BYTES:
                    yield f"{suite} over {name}", text

    # --- pictures -----------------------------------------------------------------------------------------------------

    def _pictures(self) -> Iterator[tuple[str, bytes]]:
        for mode in ("1", "L", "RGBA"):
            yield f"9 million pixels of mode {mode}", _png(Image.new(mode, (3000, 3000)))
        yield "16 bits a channel", _raw_png(2990, 2990, depth=16, colour=6)
        yield "interlaced", _raw_png(2990, 2990, depth=16, colour=6, interlace=1)
        yield "one row", _png(Image.new("L", (9_000_000, 1)))
        yield "finder patterns", _png(_finders(2997))
        yield "finder patterns within a million pixels", _png(_finders(999))
        yield "stripes", _png(_tiled(Image.frombytes("L", (2, 1), b"\0\xff"), 3000))
        yield "checks", _png(_tiled(Image.frombytes("L", (2, 2), b"\0\xff\xff\0"), 3000))
        yield "checks within a million pixels", _png(_tiled(Image.frombytes("L", (2, 2), b"\0\xff\xff\0"), 1000))
        noise = Image.effect_noise((500, 500), 200)
        yield "noise", _png(noise)
        yield "tiled noise", _png(_tiled(Image.effect_noise((60, 60), 200), 999))
        text = b"k\0\0" + zlib.compress(bytes(1_000_000), 9)
        chunks = [(b"zTXt", text)] * (250_000 // (len(text) + 12))
        yield "texts that inflate", _raw_png(10, 10, before=chunks)
        yield (
            "a colour profile that inflates",
            _raw_png(10, 10, before=[(b"iCCP", b"k\0\0" + zlib.compress(bytes(200_000_000), 9))]),
        )
        file = io.BytesIO()
        Image.new("RGB", (3000, 3000), (255, 255, 255)).save(file, "JPEG", progressive=True, quality=10)
        yield "progressive picture", file.getvalue()
        grey = io.BytesIO()
        Image.new("L", (3000, 3000), 255).save(grey, "JPEG", progressive=True, quality=50)
        picture = grey.getvalue()
        last = picture[picture.rindex(b"\xff\xda") : -2]
        yield "10,000 scans", picture[:-2] + last * ((MAX_INPUT_BYTES - len(picture)) // len(last)) + b"\xff\xd9"
        yield "20 scans", picture[:-2] + last * 20 + b"\xff\xd9"


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=9)
    return file.getvalue()


def _raw_png(
    width: int,
    height: int,
    *,
    depth: int = 8,
    colour: int = 0,
    interlace: int = 0,
    before: list[tuple[bytes, bytes]] | None = None,
) -> bytes:
    """A picture of zeros with any header and any chunks."""
    channels = {0: 1, 6: 4}[colour]
    rows = (1 + width * channels * depth // 8) * height
    parts = [(b"IHDR", struct.pack(">2I5B", width, height, depth, colour, 0, 0, interlace)), *(before or ())]
    parts += [(b"IDAT", zlib.compress(bytes(rows + 4 * height), 9)), (b"IEND", b"")]
    chunks = (struct.pack(">I", len(d)) + kind + d + struct.pack(">I", zlib.crc32(kind + d)) for kind, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _tiled(tile: Image.Image, side: int) -> Image.Image:
    row = Image.new("L", (side, tile.height))
    for left in range(0, side, tile.width):
        row.paste(tile, (left, 0))
    page = Image.new("L", (side, side))
    for top in range(0, side, tile.height):
        page.paste(row, (0, top))
    return page


def _finders(side: int) -> Image.Image:
    pattern = Image.new("L", (9, 9), 255)
    for square, shade in ((range(1, 8), 0), (range(2, 7), 255), (range(3, 6), 0)):
        pattern.paste(shade, (square.start, square.start, square.stop, square.stop))
    return _tiled(pattern, side)
