"""A hardware module with SM2: `sm2_module.c`, compiled here. No public module has SM2, and makers differ.

What differs is said twice, as it is in reality: to the module by environment variables (its maker's choice), and to the
program by XINZHENG_PKCS11_SM2 (what the installation says of it).
"""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from support.softhsm import PIN
from xinzheng_keys.sm2_mechanisms import read_sm2_setting
from xinzheng_keys.token_access import TokenAccess

SIGN, KEY_TYPE, GENERATE = 0x80008105, 0x80000004, 0x80008001
"""Numbers that one maker uses; any others would do."""

_SOURCE = Path(__file__).with_suffix(".c")


@cache
def library() -> Path | None:
    """The compiled module; None where it cannot be compiled."""
    if shutil.which("gcc") is None or not Path("/usr/include/openssl/evp.h").exists():
        return None
    made = Path(tempfile.mkdtemp(prefix="sm2-module-")) / "libsm2module.so"
    command = ["gcc", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o", str(made), str(_SOURCE)]
    subprocess.run([*command, "-lcrypto", "-lpthread"], check=True, timeout=60)
    return made


needs_compiler = pytest.mark.skipif(library() is None, reason="this machine has no gcc with libssl-dev")


@dataclass
class Maker:
    """How a maker has built the module.

    Attributes:
        sign, key_type, generate: numbers; 0 for no generation.
        curve: `oid` or `none`.
        input: of the signing mechanism.
        signature: `raw` or `der`.
    """

    sign: int = SIGN
    key_type: int = KEY_TYPE
    generate: int = GENERATE
    curve: str = "oid"
    input: str = "digest"
    signature: str = "raw"

    @property
    def setting(self) -> str:
        """What the installation has to say of it, were the module named `maker`."""
        generate = f"generate:0x{self.generate:X}," if self.generate else ""
        curve = "curve:none," if self.curve == "none" else ""
        return (
            f"maker=sign:0x{self.sign:X},key-type:{self.key_type},{generate}{curve}"
            f"input:{self.input},signature:{self.signature}"
        )


@dataclass(frozen=True)
class SM2Token:
    """A token of the module.

    Attributes:
        place: its folder.
        label: its label.
        pin_file: a file with its PIN, mode 0600.
        maker: how the module is built.
    """

    place: Path
    label: str
    pin_file: Path
    maker: Maker = field(default_factory=Maker)

    def uri(self, name: str | None = None) -> str:
        """Where a key is; the module goes by its name, the PIN by file."""
        key = "" if name is None else f";object={name}"
        return f"pkcs11:token={self.label}{key}?module-name=maker&pin-source=file:{self.pin_file}"

    @property
    def modules(self) -> str:
        """Value of XINZHENG_PKCS11_MODULES."""
        return f"maker={library()}"

    def access(self, setting: str | None = None) -> TokenAccess:
        """How it is reached, its numbers as the maker's or as given."""
        path = library()
        assert path is not None
        numbers = read_sm2_setting(self.maker.setting if setting is None else setting)
        return TokenAccess(modules={"maker": path}, sm2=numbers)

    def put_in(self) -> None:
        """Put the token, of this maker, where the module looks."""
        os.environ["SM2_MODULE_TOKEN"] = str(self.place)
        for name in ("sign", "key_type", "generate", "curve", "input", "signature"):
            os.environ[f"SM2_MODULE_{name.upper()}"] = str(getattr(self.maker, name))

    @contextmanager
    def taken_away(self) -> Iterator[None]:
        """Without this token in its slot."""
        away = self.place.with_name("away")
        self.place.rename(away)
        try:
            yield
        finally:
            away.rename(self.place)


def make_token(folder: Path, maker: Maker | None = None) -> SM2Token:
    """A fresh token, put in."""
    label = f"sm2-{secrets.token_hex(4)}"
    place = folder / "token"
    place.mkdir()
    (place / "label").write_text(label)
    (place / "pin").write_text(PIN)
    pin_file = folder / "pin"
    pin_file.touch(mode=0o600)
    pin_file.write_text(PIN)
    token = SM2Token(place, label, pin_file, maker or Maker())
    token.put_in()
    return token
