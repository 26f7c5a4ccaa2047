"""What an installation says of hardware modules: which libraries it knows, where the PIN is, how long to wait."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from xinzheng_keys.errors import KeyURIError, TokenError
from xinzheng_keys.passphrase import PassphraseSource, passphrase_source
from xinzheng_keys.sm2_mechanisms import SM2Mechanisms

SOURCE_FORM: Final = r"^(|(env|credential):[A-Za-z0-9_.-]+|file:.+)$"
"""How settings name a source of a passphrase or PIN; empty for none."""


@dataclass(frozen=True, kw_only=True)
class TokenAccess:
    """How tokens are reached from here.

    Attributes:
        modules: name → absolute path of a module's library; what `module-name` of a URI may be. If there is one only,
            a URI need not name it.
        pin: asked when a URI has no `pin-source`.
        deadline: how long one operation may take, seconds.
        sessions: how many operations of one module run at once; each has a session of its own.
        sm2: name → numbers of a module that has SM2.
    """

    modules: Mapping[str, Path] = field(default_factory=dict)
    pin: PassphraseSource | None = None
    deadline: float = 5.0
    sessions: int = 4
    sm2: Mapping[str, SM2Mechanisms] = field(default_factory=dict)

    def library(self, *, module_path: str | None, module_name: str | None) -> Path:
        """The library of a URI.

        Raises:
            KeyURIError: `pkcs11_module_unknown`, for a name that the installation does not know, or none.
        """
        if module_path is not None:
            return Path(module_path)
        if module_name is None and len(self.modules) == 1:
            return next(iter(self.modules.values()))
        if module_name is None or module_name not in self.modules:
            known = ", ".join(sorted(self.modules)) or "—"
            raise KeyURIError("pkcs11_module_unknown", field="module-name", known=known)
        return self.modules[module_name]

    def sm2_of(self, library: Path) -> SM2Mechanisms | None:
        """The numbers of the module at a path; None if the installation knows none."""
        named = (self.sm2.get(name) for name, path in self.modules.items() if path == library)
        return next(filter(None, named), None)

    def pin_source(self, named: str | None) -> PassphraseSource:
        """Where the PIN of a token comes from.

        Args:
            named: the `pin-source` of a URI.
        """
        if named is not None:
            return passphrase_source(named)
        return self.pin or _no_pin


def _no_pin() -> bytes:
    raise TokenError("token_pin_unset")
