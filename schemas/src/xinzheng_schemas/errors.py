"""Coded errors: what every refusal of the four distributions is made of.

    CodedError                 a stable code, the field at fault, parameters; text in English and Chinese
    ├── schemas: StrictJSONError, TimestampError, CaseNumberError, IdentityError, CertificateError …
    ├── verifier: VerificationError, TrustError …
    └── keys, issuer: KeyStoreError, WorkflowError …

Each subclass names the catalogue of its distribution; the text is built from the fields, so that no message can
say something else than its code.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple

Language = Literal["en", "zh"]


class Message(NamedTuple):
    """One explanation in both languages; `str.format` templates over the parameters of the error."""

    en: str
    zh: str


class CodedError(ValueError):
    """A refusal with a stable code.

    Attributes:
        code: snake_case reason code; part of the public contract.
        field: JSON pointer (`/credentialSubject/name`) or name of the input field at fault, if there is one.
        params: what the message is built from, a `Message` where the words depend on the language; never a full ID
            number.

    Raises:
        LookupError: (on construction) the code is not in the catalogue of the class.
    """

    catalogue: ClassVar[Mapping[str, Message]] = {}

    def __init__(self, code: str, *, field: str | None = None, **params: object) -> None:
        if code not in self.catalogue:
            raise LookupError(f"{type(self).__name__} has no message for code {code!r}")
        self.code = code
        self.field = field
        self.params: Mapping[str, object] = params
        super().__init__(code, field, params)

    def message(self, language: Language = "en") -> str:
        """One line that says what is wrong and what was expected, in `language`."""
        text: str = getattr(self.catalogue[self.code], language)
        params = {name: getattr(v, language) if isinstance(v, Message) else v for name, v in self.params.items()}
        return text.format_map({"field": self.field or "", **params})

    def __str__(self) -> str:
        return self.message()

    def __reduce__(self) -> tuple[object, ...]:
        # An exception is unpickled by calling its class with `args`, which knows no keyword-only parameters.
        return _blank, (type(self), *self.args), self.__dict__


def _blank(kind: type[CodedError], *args: object) -> CodedError:
    return kind.__new__(kind, *args)


def language_from(environ: Mapping[str, str]) -> Language:
    """The language a person reads, by the variables that gettext asks, in its order.

    Args:
        environ: environment variables, name to value: `LANGUAGE`, a list with colons between, before the locale
            variables of POSIX (`LC_ALL`, `LC_MESSAGES`, `LANG`).

    Returns:
        "zh" for any Chinese locale, "en" otherwise; of a list, the first of the two that it names.
    """
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name):
            spoken = (language[:2] for language in value.lower().split(":"))
            return "zh" if next((each for each in spoken if each in {"zh", "en"}), "en") == "zh" else "en"
    return "en"
