"""SM2 in a hardware module, by the numbers of its maker (`sm2_mechanisms`).

A number that is wrong may name a mechanism that signs something else. So every signature is verified by libcrypto
before it leaves, and a key is tried once when it is opened.
"""

from typing import Any, Final, cast

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SM3, Hash
from pkcs11 import Attribute, Mechanism
from pkcs11 import KeyType as TokenKeyType

from xinzheng_keys import sm2_library
from xinzheng_keys.errors import KeyURIError, TokenError
from xinzheng_keys.sm2_library import DISTINGUISHING_ID
from xinzheng_keys.sm2_mechanisms import SETTING, SM2Mechanisms
from xinzheng_schemas.sm2_point import COORDINATE_BYTES, GENERATOR, A, B, SM2Point

TRIAL: Final = b"xinzheng: whether the numbers of this module's SM2 are right"
"""What a key signs when it is opened; no certificate, list or metadata begins so."""


class SM2Scheme:
    """How an SM2 key of one module signs.

    Args:
        module: the numbers of its maker.
        public_key: of the key.
    """

    def __init__(self, module: SM2Mechanisms, public_key: SM2Point) -> None:
        self._module = module
        self._public_key = public_key
        self.mechanism = mechanism_numbered(module.sign)
        self.parameter = DISTINGUISHING_ID if module.input == "message-id" else None

    def message(self, data: bytes) -> bytes:
        """What the mechanism is given for `data`."""
        if self._module.input in ("message", "message-id"):
            return data
        prefixed = identity(self._public_key) + data
        return sm3(prefixed) if self._module.input == "digest" else prefixed

    def signature(self, made: bytes, data: bytes) -> bytes:
        """What the mechanism gave as r ‖ s, 64 octets, verified.

        Raises:
            TokenError: `token_signature_wrong`.
            KeyStoreError: `sm2_unavailable`, `sm2_failed`.
        """
        try:
            r, s = _numbers(made) if self._module.signature == "raw" else decode_dss_signature(made)
            signature = r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")
        except (ValueError, OverflowError) as error:
            raise TokenError("token_signature_wrong", setting=SETTING) from error
        if not sm2_library.verify(self._public_key, signature, data):
            raise TokenError("token_signature_wrong", setting=SETTING)
        return signature


def key_pair_templates(module: SM2Mechanisms) -> tuple[Mechanism, dict[Attribute, Any], dict[Attribute, Any]]:
    """The mechanism that makes a pair, and what a new public and private key have besides what every key has.

    Raises:
        KeyURIError: `pkcs11_sm2_made_elsewhere`.
    """
    if module.generate is None:
        raise KeyURIError("pkcs11_sm2_made_elsewhere", setting=SETTING)
    private: dict[Attribute, Any] = {Attribute.KEY_TYPE: module.key_type}
    public = private if module.curve is None else {**private, Attribute.EC_PARAMS: module.curve}
    return mechanism_numbered(module.generate), public, private


def identity(key: SM2Point) -> bytes:
    """Z of GM/T 0003.2, 5.5: the usual ID, the curve and the key in one digest, 32 octets."""
    numbers = (A, B, *GENERATOR, key.x, key.y)
    length = (8 * len(DISTINGUISHING_ID)).to_bytes(2, "big")
    octets = (number.to_bytes(COORDINATE_BYTES, "big") for number in numbers)
    return sm3(length + DISTINGUISHING_ID + b"".join(octets))


def sm3(data: bytes) -> bytes:
    """The SM3 digest of `data`, 32 octets (GB/T 32905)."""
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize()


def mechanism_numbered(number: int) -> Mechanism:
    """A mechanism that python-pkcs11 has no name for: it takes members of its enumeration alone, made here by hand."""
    try:
        return Mechanism(number)
    except ValueError:
        return cast("Mechanism", _member(Mechanism, number))


def key_type_numbered(number: int) -> TokenKeyType:
    """A key type, likewise."""
    try:
        return TokenKeyType(number)
    except ValueError:
        return cast("TokenKeyType", _member(TokenKeyType, number))


def _member(kind: Any, number: int) -> Any:
    made = int.__new__(kind, number)
    made._name_, made._value_ = f"0x{number:08X}", number
    return made


def _numbers(made: bytes) -> tuple[int, int]:
    if len(made) != 2 * COORDINATE_BYTES:
        raise ValueError("no r and s")
    return int.from_bytes(made[:COORDINATE_BYTES], "big"), int.from_bytes(made[COORDINATE_BYTES:], "big")
