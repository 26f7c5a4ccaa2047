"""Where the passphrase of a key file comes from; each source is a callback that is asked only when it is needed."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from xinzheng_keys.errors import KeyStoreError
from xinzheng_keys.private_files import Guard, UnsafeFileError, read_private_file

PassphraseSource = Callable[[], bytes]
"""Gives the passphrase as octets (UTF-8 for text)."""

MAX_PASSPHRASE_OCTETS = 1024
"""Octets of a passphrase file; ours: far above any passphrase, so that a wrong file is noticed."""

# systemd.exec(5): credentials belong to root and reach the service's user by an access control list, which shows as
# read permission of the group. Nobody else may read them, and only root may write them.
_CREDENTIAL_FORBIDDEN_BITS = 0o027


def passphrase_from_environment(name: str, *, environ: Mapping[str, str] | None = None) -> PassphraseSource:
    """A source that reads the environment variable `name` (of `environ`, or of this process).

    The callback raises `KeyStoreError` `passphrase_missing` when the variable is not set or empty.
    """

    def read() -> bytes:
        value = (os.environ if environ is None else environ).get(name, "")
        return _present(os.fsencode(value), source=f"${name}")

    return read


def passphrase_from_file(path: Path) -> PassphraseSource:
    """A source that reads the file at `path`, without one line end after it.

    The callback raises `KeyStoreError` `passphrase_file_missing`, `passphrase_file_permissions` (the rule is that of
    key files), `passphrase_file_too_large` or `passphrase_missing`.
    """
    return lambda: _read_file(path, Guard.of_this_user())


def passphrase_from_credential(name: str, *, environ: Mapping[str, str] | None = None) -> PassphraseSource:
    """A source that reads the systemd credential `name` (`LoadCredential=`, `LoadCredentialEncrypted=`).

    The callback raises as `passphrase_from_file` does, and `passphrase_missing` outside a service with credentials.
    """

    def read() -> bytes:
        folder = (os.environ if environ is None else environ).get("CREDENTIALS_DIRECTORY", "")
        _present(os.fsencode(folder), source="$CREDENTIALS_DIRECTORY")
        guard = Guard(frozenset({0, os.geteuid()}), _CREDENTIAL_FORBIDDEN_BITS)
        return _read_file(Path(folder) / name, guard)

    return read


def passphrase_source(text: str) -> PassphraseSource:
    """The source that a setting names.

    Args:
        text: `env:NAME`, `credential:NAME` or `file:PATH`.

    Raises:
        KeyStoreError: `passphrase_source_malformed`.
    """
    kind, _, name = text.partition(":")
    makers: dict[str, Callable[[str], PassphraseSource]] = {
        "env": passphrase_from_environment,
        "credential": passphrase_from_credential,
        "file": lambda path: passphrase_from_file(Path(path)),
    }
    if not name or kind not in makers:
        raise KeyStoreError("passphrase_source_malformed", field="passphrase_from")
    return makers[kind](name)


def _read_file(path: Path, guard: Guard) -> bytes:
    try:
        content = read_private_file(path, guard=guard, max_octets=MAX_PASSPHRASE_OCTETS)
    except UnsafeFileError as error:
        raise KeyStoreError("passphrase_file_permissions", path=path, found=error.found) from error
    except OSError as error:
        raise KeyStoreError("passphrase_file_missing", path=path, reason=error.strerror) from error
    if len(content) > MAX_PASSPHRASE_OCTETS:
        raise KeyStoreError("passphrase_file_too_large", path=path, maximum=MAX_PASSPHRASE_OCTETS)
    return _present(content.removesuffix(b"\n").removesuffix(b"\r"), source=str(path))


def _present(value: bytes, *, source: str) -> bytes:
    if not value:
        raise KeyStoreError("passphrase_missing", source=source)
    return value
