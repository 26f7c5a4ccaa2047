"""How the two paths end early: with a refusal that knows its place, or because a document is not theirs."""

from collections.abc import Iterable

from xinzheng_verifier.errors import RefusedError

_MAX_FIELD = 200
"""Characters of a JSON Pointer in the evidence."""


class NotCompiledError(Exception):
    """A document or context is not one for the compiled path; the general path has to answer."""


class FamilyFullError(Exception):
    """The vocabularies that are kept for a list of contexts are as many as may be."""


class Refusal(Exception):  # noqa: N818 - the word of the field; it never leaves the package
    """A refusal on its way up; each level that it passes adds the name of its member.

    Attributes:
        code: reason code.
        path: names of members from the innermost to the outermost.
    """

    def __init__(self, code: str, path: Iterable[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.path = list(path)

    def error(self) -> RefusedError:
        """The refusal as the package's callers see it, with the place as JSON Pointer (RFC 6901)."""
        if not self.path:
            return RefusedError(self.code)
        names = (name.replace("~", "~0").replace("/", "~1") for name in reversed(self.path))
        return RefusedError(self.code, field="".join(f"/{name}" for name in names)[:_MAX_FIELD])
