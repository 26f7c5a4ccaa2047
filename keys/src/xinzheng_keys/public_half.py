"""The half of a signer that everybody may see: the public key and its written forms."""

from typing import Generic, NoReturn, TypeVar

from xinzheng_keys import public_keys
from xinzheng_keys.public_keys import PublicKey

_Key = TypeVar("_Key", bound=PublicKey)


class PublicHalf(Generic[_Key]):
    """Base of the signers. Whatever holds the private key, it cannot be shown, copied or pickled.

    Attributes:
        public_key: the public key.
        key_type: its kind.
    """

    __slots__ = ("key_type", "public_key")

    def __init__(self, public_key: _Key) -> None:
        """Take the public key.

        Raises:
            KeyStoreError: `key_type_unsupported` for a key on another curve or of another kind.
        """
        self.public_key: _Key = public_key
        self.key_type = public_keys.key_type_of(public_key)

    @property
    def public_key_multibase(self) -> str:
        """The public key as Multikey."""
        return public_keys.multikey(self.public_key)

    @property
    def public_jwk(self) -> public_keys.JSONWebKey:
        """The public key as JWK; the curve of SM2 has the private name SM2-P-256."""
        return public_keys.json_web_key(self.public_key)

    @property
    def kid(self) -> bytes:
        """The first 8 octets of the RFC 7638 thumbprint."""
        return public_keys.key_identifier(self.public_key)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.public_key_multibase}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a signer is neither copied nor pickled")
