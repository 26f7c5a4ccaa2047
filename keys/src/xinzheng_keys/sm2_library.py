"""SM2 keys in libcrypto (OpenSSL 3.0 or newer), through ctypes: the bindings of `cryptography` have none.

A private key is made, kept encrypted and used inside of the library; not one of its octets comes into Python.
"""

import ctypes
import ctypes.util
import os
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from xinzheng_keys.errors import KeyStoreError
from xinzheng_schemas.sm2_point import SM2Point

LIBRARY_VARIABLE: Final = "XINZHENG_LIBCRYPTO"
"""Environment variable with the path of libcrypto, where it is not the one that the loader finds."""

DISTINGUISHING_ID: Final = b"1234567812345678"
"""Default of GM/T 0009, 10. It is always set: OpenSSL 3.0 signs with an empty one otherwise."""

_LEAST_VERSION: Final = 3
_POINT_OCTETS: Final = 65  # the end of a SubjectPublicKeyInfo (RFC 5480, 2.2): an uncompressed point
_SPKI_HEAD: Final = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")  # what stands before it
_SALT_OCTETS: Final = 16
_SCRYPT: Final = (2**14, 8, 5)  # as xinzheng_keys.pkcs8.ScryptCost

_POINTER, _INT, _SIZE, _BYTES = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_char_p
_SIGNATURES: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "OPENSSL_version_major": (ctypes.c_uint, ()),
    "ERR_clear_error": (None, ()),
    "EVP_PKEY_CTX_new_from_name": (_POINTER, (_POINTER, _BYTES, _BYTES)),
    "EVP_PKEY_CTX_new_from_pkey": (_POINTER, (_POINTER, _POINTER, _BYTES)),
    "EVP_PKEY_CTX_set1_id": (_INT, (_POINTER, _BYTES, _INT)),
    "EVP_PKEY_CTX_free": (None, (_POINTER,)),
    "EVP_PKEY_keygen_init": (_INT, (_POINTER,)),
    "EVP_PKEY_generate": (_INT, (_POINTER, ctypes.POINTER(_POINTER))),
    "EVP_PKEY_is_a": (_INT, (_POINTER, _BYTES)),
    "EVP_PKEY_free": (None, (_POINTER,)),
    "EVP_PKEY2PKCS8": (_POINTER, (_POINTER,)),
    "EVP_PKCS82PKEY": (_POINTER, (_POINTER,)),
    "PKCS8_PRIV_KEY_INFO_free": (None, (_POINTER,)),
    "PKCS5_pbe2_set_scrypt": (
        _POINTER,
        (_POINTER, _BYTES, _INT, _BYTES, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64),
    ),
    "PKCS8_set0_pbe": (_POINTER, (_BYTES, _INT, _POINTER, _POINTER)),
    "PKCS8_decrypt": (_POINTER, (_POINTER, _BYTES, _INT)),
    "X509_ALGOR_free": (None, (_POINTER,)),
    "X509_SIG_free": (None, (_POINTER,)),
    "EVP_aes_256_cbc": (_POINTER, ()),
    "EVP_sm3": (_POINTER, ()),
    "EVP_MD_CTX_new": (_POINTER, ()),
    "EVP_MD_CTX_free": (None, (_POINTER,)),
    "EVP_MD_CTX_set_pkey_ctx": (None, (_POINTER, _POINTER)),
    "EVP_DigestSignInit": (_INT, (_POINTER, _POINTER, _POINTER, _POINTER, _POINTER)),
    "EVP_DigestSign": (_INT, (_POINTER, _BYTES, ctypes.POINTER(_SIZE), _BYTES, _SIZE)),
    "EVP_DigestVerifyInit": (_INT, (_POINTER, _POINTER, _POINTER, _POINTER, _POINTER)),
    "EVP_DigestVerify": (_INT, (_POINTER, _BYTES, _SIZE, _BYTES, _SIZE)),
    "d2i_PUBKEY": (_POINTER, (_POINTER, ctypes.POINTER(_POINTER), ctypes.c_long)),
    "d2i_X509_SIG": (_POINTER, (_POINTER, ctypes.POINTER(_POINTER), ctypes.c_long)),
    "i2d_X509_SIG": (_INT, (_POINTER, _POINTER)),
    "i2d_PUBKEY": (_INT, (_POINTER, _POINTER)),
}


class SM2Key:
    """A private key inside of libcrypto."""

    __slots__ = ("__pointer", "_library", "public_key")

    def __init__(self, library: ctypes.CDLL, pointer: int) -> None:
        self._library = library
        self.__pointer: int | None = pointer
        self.public_key = SM2Point.from_encoded(_der(library.i2d_PUBKEY, pointer)[-_POINT_OCTETS:])

    def sign(self, data: bytes) -> bytes:
        """Sign `data` with SM3 and the usual ID (GM/T 0003.2, 6.1).

        Returns:
            The signature in DER, as libcrypto gives it.

        Raises:
            KeyStoreError: `sm2_failed`.
        """
        library = self._library
        digest = _made(library.EVP_MD_CTX_new())
        context = None
        try:
            context = _made(library.EVP_PKEY_CTX_new_from_pkey(None, self.__pointer, None))
            _done(library.EVP_PKEY_CTX_set1_id(context, DISTINGUISHING_ID, len(DISTINGUISHING_ID)))
            library.EVP_MD_CTX_set_pkey_ctx(digest, context)
            _done(library.EVP_DigestSignInit(digest, None, library.EVP_sm3(), None, self.__pointer))
            size = ctypes.c_size_t()
            _done(library.EVP_DigestSign(digest, None, ctypes.byref(size), data, len(data)))
            signature = ctypes.create_string_buffer(size.value)
            _done(library.EVP_DigestSign(digest, signature, ctypes.byref(size), data, len(data)))
            return signature.raw[: size.value]
        finally:
            library.EVP_MD_CTX_free(digest)
            library.EVP_PKEY_CTX_free(context)

    def encrypted(self, passphrase: bytes) -> bytes:
        """The key as encrypted PKCS#8 in DER: PBES2 with scrypt and AES-256-CBC, as every other key file here.

        Raises:
            KeyStoreError: `sm2_failed`.
        """
        library = self._library
        info = _made(library.EVP_PKEY2PKCS8(self.__pointer))
        envelope = None
        try:
            salt = os.urandom(_SALT_OCTETS)
            scheme = _made(library.PKCS5_pbe2_set_scrypt(library.EVP_aes_256_cbc(), salt, len(salt), None, *_SCRYPT))
            envelope = library.PKCS8_set0_pbe(passphrase, len(passphrase), info, scheme)
            if not envelope:
                library.X509_ALGOR_free(scheme)
            return _der(library.i2d_X509_SIG, _made(envelope))
        finally:
            library.X509_SIG_free(envelope)
            library.PKCS8_PRIV_KEY_INFO_free(info)

    def __del__(self) -> None:
        pointer, self.__pointer = self.__pointer, None
        self._library.EVP_PKEY_free(pointer)


def generate() -> SM2Key:
    """A fresh key.

    Raises:
        KeyStoreError: `sm2_unavailable`, `sm2_failed`.
    """
    library = _library()
    context = _made(library.EVP_PKEY_CTX_new_from_name(None, b"SM2", None))
    pointer = ctypes.c_void_p()
    try:
        _done(library.EVP_PKEY_keygen_init(context))
        _done(library.EVP_PKEY_generate(context, ctypes.byref(pointer)))
        return SM2Key(library, _made(pointer.value))
    finally:
        library.EVP_PKEY_CTX_free(context)


def verify(public_key: SM2Point, signature: bytes, data: bytes) -> bool:
    """Whether a signature verifies, with SM3 and the usual ID (GM/T 0003.2, 7.1).

    Args:
        public_key: of the signer.
        signature: r ‖ s, 64 octets.
        data: what was signed.

    Raises:
        KeyStoreError: `sm2_unavailable`, `sm2_failed`.
    """
    library = _library()
    half = len(signature) // 2
    der = encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
    text = ctypes.create_string_buffer(_SPKI_HEAD + public_key.uncompressed())
    start = ctypes.c_void_p(ctypes.addressof(text))
    digest = context = None
    pointer = library.d2i_PUBKEY(None, ctypes.byref(start), len(text) - 1)
    try:
        digest = _made(library.EVP_MD_CTX_new())
        context = _made(library.EVP_PKEY_CTX_new_from_pkey(None, _made(pointer), None))
        _done(library.EVP_PKEY_CTX_set1_id(context, DISTINGUISHING_ID, len(DISTINGUISHING_ID)))
        library.EVP_MD_CTX_set_pkey_ctx(digest, context)
        _done(library.EVP_DigestVerifyInit(digest, None, library.EVP_sm3(), None, pointer))
        return bool(library.EVP_DigestVerify(digest, der, len(der), data, len(data)) == 1)
    finally:
        library.EVP_MD_CTX_free(digest)
        library.EVP_PKEY_CTX_free(context)
        library.EVP_PKEY_free(pointer)
        library.ERR_clear_error()


def decrypt(der: bytes, passphrase: bytes) -> SM2Key | None:
    """The key in an encrypted PKCS#8.

    Args:
        der: EncryptedPrivateKeyInfo (RFC 5958 §3).
        passphrase: opens it.

    Returns:
        The key; None if the passphrase does not open it, or it is of another kind.

    Raises:
        KeyStoreError: `sm2_unavailable`.
    """
    library = _library()
    text = ctypes.create_string_buffer(der, len(der))
    start = ctypes.c_void_p(ctypes.addressof(text))
    envelope = library.d2i_X509_SIG(None, ctypes.byref(start), len(der))
    info = library.PKCS8_decrypt(envelope, passphrase, len(passphrase)) if envelope else None
    pointer = library.EVP_PKCS82PKEY(info) if info else None
    library.PKCS8_PRIV_KEY_INFO_free(info)
    library.X509_SIG_free(envelope)
    library.ERR_clear_error()
    if pointer and library.EVP_PKEY_is_a(pointer, b"SM2") == 1:
        return SM2Key(library, pointer)
    library.EVP_PKEY_free(pointer)
    return None


@cache
def _library() -> ctypes.CDLL:
    path = os.environ.get(LIBRARY_VARIABLE) or ctypes.util.find_library("crypto")
    try:
        library = ctypes.CDLL(path or "libcrypto.so.3")
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        version = library.OPENSSL_version_major()
    except (OSError, AttributeError) as error:
        raise KeyStoreError("sm2_unavailable", variable=LIBRARY_VARIABLE) from error
    if version < _LEAST_VERSION:
        raise KeyStoreError("sm2_unavailable", variable=LIBRARY_VARIABLE)
    return library


def _made(pointer: int | None) -> int:
    if not pointer:
        raise KeyStoreError("sm2_failed")
    return pointer


def _done(result: int) -> None:
    if result != 1:
        raise KeyStoreError("sm2_failed")


def _der(write: Any, pointer: int) -> bytes:
    """What an i2d function of OpenSSL writes: asked for its length first, then with a buffer."""
    length = write(pointer, None)
    if length <= 0:
        raise KeyStoreError("sm2_failed")
    buffer = ctypes.create_string_buffer(length)
    start = ctypes.c_void_p(ctypes.addressof(buffer))
    write(pointer, ctypes.byref(start))
    return buffer.raw
