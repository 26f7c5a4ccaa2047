"""The receipt as a compact JWS (RFC 7515): `{"alg": …, "kid": …, "typ": "xinzheng-receipt+jwt"}`.

A type of its own (RFC 8725, 3.11): neither can a receipt be taken for a credential, nor a credential for a receipt.
"""

import json
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from xinzheng_schemas import base64url
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.limits import MAX_RECEIPT_BYTES
from xinzheng_verifier.receipt.content import Receipt
from xinzheng_verifier.receipt.errors import ReceiptError
from xinzheng_verifier.secure import jws
from xinzheng_verifier.secure.algorithms import ES256
from xinzheng_verifier.trust.issuers import OpenSSLKey, thumbprint

TYP: Final = "xinzheng-receipt+jwt"

_ED25519: Final = "Ed25519"  # RFC 9864, 2.2
_WHITE_SPACE: Final = b" \t\r\n"


class ReceiptSigner(Protocol):
    """What signs receipts, in this process or in an HSM."""

    @property
    def public_key(self) -> OpenSSLKey:
        """The public half, a key object of `cryptography`: P-256 or Ed25519."""

    def sign(self, message: bytes, /) -> bytes:
        """The signature: 64 bytes, for P-256 r‖s of ECDSA with SHA-256 (RFC 7518, 3.4)."""


def sign(receipt: Receipt, signer: ReceiptSigner) -> str:
    """The receipt as a compact JWS.

    Raises:
        ReceiptError: `receipt_key_malformed` (a key of another type), `receipt_signature_invalid` (the signer made a
            signature that does not fit its own public key), `receipt_unreadable` (nobody could read it again).
    """
    key = signer.public_key
    header: JSONObject = {"alg": algorithm_of(key), "kid": kid_of(key), "typ": TYP}
    signing_input = f"{_segment(header)}.{_segment(receipt.to_json())}".encode("ascii")
    signature = signer.sign(signing_input)
    if not _holds(key, signature=signature, message=signing_input):
        raise ReceiptError("receipt_signature_invalid")
    signed = f"{signing_input.decode('ascii')}.{base64url.encode(signature)}"
    try:
        Receipt.from_json(parse(signed).payload)
    except ReceiptError as error:
        raise ReceiptError("receipt_unreadable", field=error.field or error.code) from error
    return signed


def read_receipt(receipt: bytes | str, *, key: OpenSSLKey) -> Receipt:
    """The content of a receipt, once its signature holds.

    Args:
        receipt: the compact JWS; white space around it belongs to the file.
        key: the public key of the lender that it is said to be of.

    Raises:
        ReceiptError: `receipt_malformed`, `receipt_typ`, `receipt_key_other`, `receipt_key_malformed`,
            `receipt_signature_invalid`.
    """
    return verified(parse(receipt), key=key)


def parse(receipt: bytes | str) -> jws.CompactJWS:
    """Takes a receipt apart, nothing of it believed yet.

    Raises:
        ReceiptError: `receipt_malformed`, `receipt_typ`.
    """
    octets = receipt.encode("utf-8", "surrogatepass") if isinstance(receipt, str) else receipt
    if len(octets) > MAX_RECEIPT_BYTES:
        raise ReceiptError("receipt_malformed", field="/")
    try:
        token = jws.parse(octets.strip(_WHITE_SPACE))
    except CodedError as error:
        raise ReceiptError("receipt_malformed", field=error.code) from error
    if token.header.get("typ") != TYP:
        raise ReceiptError("receipt_typ", expected=TYP)
    if token.header.keys() != {"alg", "kid", "typ"}:
        raise ReceiptError("receipt_malformed", field="header")
    return token


def verified(token: jws.CompactJWS, *, key: OpenSSLKey) -> Receipt:
    """The content, if `key` signed it; the algorithm is the key's, not the header's choice (RFC 8725, 3.1).

    Raises:
        ReceiptError: `receipt_key_other`, `receipt_key_malformed`, `receipt_signature_invalid`, `receipt_malformed`.
    """
    if token.header["alg"] != algorithm_of(key) or token.header["kid"] != kid_of(key):
        raise ReceiptError("receipt_key_other")
    if not _holds(key, signature=token.signature, message=token.signing_input):
        raise ReceiptError("receipt_signature_invalid")
    return Receipt.from_json(token.payload)


def algorithm_of(key: OpenSSLKey) -> str:
    """The one algorithm that a key is used with.

    Raises:
        ReceiptError: `receipt_key_malformed`.
    """
    if isinstance(key, ed25519.Ed25519PublicKey):
        return _ED25519
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return "ES256"
    raise ReceiptError("receipt_key_malformed", path=type(key).__name__)


def kid_of(key: OpenSSLKey) -> str:
    """The RFC 7638 thumbprint of a key in base64url."""
    key_type = KeyType.ED25519 if isinstance(key, ed25519.Ed25519PublicKey) else KeyType.P256
    return base64url.encode(thumbprint(key_type, key))


def _holds(key: OpenSSLKey, *, signature: bytes, message: bytes) -> bool:
    if isinstance(key, ed25519.Ed25519PublicKey):
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True
    return ES256.verify(key, signature=signature, message=message)


def _segment(value: JSONObject) -> str:
    return base64url.encode(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8"))
