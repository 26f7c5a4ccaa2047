"""Refusals of the signing side.

    KeysError
    ├── KeyURIError         a key URI that names no signer
    ├── KeyStoreError       a key file or passphrase that cannot be used
    ├── TokenError          a hardware module that does not do what it is asked
    ├── LifecycleError      a step or window that the life of a key does not know
    └── DocumentError       keys that make no controller document

No message of this package bears private key material or a passphrase.
"""

from collections.abc import Mapping
from typing import ClassVar

from xinzheng_keys.messages import MESSAGES
from xinzheng_schemas.errors import CodedError, Message


class KeysError(CodedError):
    """Base of every refusal of `xinzheng_keys`."""

    catalogue: ClassVar[Mapping[str, Message]] = MESSAGES


class KeyURIError(KeysError):
    """A key URI that names no signer of this installation."""


class KeyStoreError(KeysError):
    """A key file or passphrase that cannot be used."""


class TokenError(KeysError):
    """A hardware module that does not do what it is asked. Nothing was handed out, and another try may succeed."""


class LifecycleError(KeysError):
    """A step or window that the life of a key does not know."""


class DocumentError(KeysError):
    """Keys that make no controller document."""
