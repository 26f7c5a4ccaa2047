"""The general path: any JSON-LD 1.1 that the known contexts allow, by way of PyLD (extra `jsonld`).

PyLD drops what it does not understand, and takes many spellings for one meaning. So what it made of a document is
compacted again and compared with the document: only what comes back the same is accepted (VCDM 2.0, 6.1.1).
"""

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.errors import UndecidedError
from xinzheng_verifier.secure.rdf import rdfc
from xinzheng_verifier.secure.rdf.expanded import quads_of
from xinzheng_verifier.secure.rdf.rdfc import HashName
from xinzheng_verifier.secure.rdf.refusals import Refusal
from xinzheng_verifier.secure.rdf.strict import Inspection, SpecialTerms, check_names

_LANGUAGE_NAME: Final = re.compile(r"[a-z]{1,8}(-[a-z0-9]{1,8})*")
_CONTEXT_FAULTS: Final = re.compile(
    r"context|term|protected|mapping|container|prefix|cyclic|vocab|base|import|version|propagate|nest|default language"
)

# PyLD keeps what it made of contexts in caches of its modules that two threads at once destroy.
_PYLD: Final = threading.Lock()


class GeneralContexts:
    """A list of contexts for the general path.

    Attributes:
        documents: context documents by URL; the only ones that exist.
    """

    def __init__(self, urls: tuple[str, ...], documents: Mapping[str, Mapping[str, JSONValue]]) -> None:
        self._urls = urls
        self.documents = documents
        self._special = SpecialTerms.of(urls, documents)
        self._processor: _Processor | None = None

    def nquads(self, document: JSONObject, hash_name: HashName) -> str:
        """The canonical N-Quads of a document whose `@context` is this list.

        Raises:
            UndecidedError: `jsonld_unavailable`.
            RefusedError, Refusal: see `xinzheng_verifier.secure.rdf.canonical_nquads`.
        """
        Inspection(document, self._special)
        if self._processor is None:
            self._processor = _Processor(self._urls, self.documents)
        expanded = self._processor.expanded(document)
        quads = quads_of(expanded)
        if not quads:
            raise Refusal("data_loss")
        check_names(document, expanded[0])
        compacted = self._processor.compacted(expanded)
        members = {name: value for name, value in document.items() if name != "@context"}
        compacted.pop("@context", None)
        if not same(members, compacted):
            raise Refusal("not_compacted")
        return rdfc.canonicalize(quads, hash_name=hash_name).nquads


class _Processor:
    """PyLD over fixed contexts: no loader of it can fetch."""

    def __init__(self, urls: tuple[str, ...], documents: Mapping[str, Mapping[str, JSONValue]]) -> None:
        try:
            import pyld  # noqa: PLC0415 - an extra, and slow to load
        except ImportError:
            raise UndecidedError("jsonld_unavailable") from None
        self._jsonld: Any = pyld.jsonld
        self._urls = list(urls)
        loader = _loader(documents)
        # A resolver of our own: PyLD's shares one cache by URL between all callers.
        self._options: dict[str, Any] = {
            "documentLoader": loader,
            "contextResolver": pyld.ContextResolver({}, loader),
            "base": "",
        }

    def expanded(self, document: JSONObject) -> list[Any]:
        """Expansion; refuses a document of which a member would be dropped."""
        dropped: list[str | None] = []
        expanded: list[Any] = self._guarded(
            lambda: self._jsonld.expand(document, dict(self._options), on_property_dropped=dropped.append)
        )
        if dropped:
            raise Refusal("data_loss")
        return expanded

    def compacted(self, expanded: list[Any]) -> dict[str, Any]:
        """Compaction with the same contexts."""
        options = {**self._options, "skipExpansion": True}
        compacted: dict[str, Any] = self._guarded(lambda: self._jsonld.compact(expanded, self._urls, options))
        return compacted

    def _guarded(self, work: Callable[[], Any]) -> Any:
        try:
            with _PYLD:
                return work()
        except self._jsonld.JsonLdError as error:
            raise Refusal(_code(error)) from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # PyLD meets malformed contexts and values with whatever its own code stumbles over.
            raise Refusal("data_loss") from error


def _loader(documents: Mapping[str, Mapping[str, JSONValue]]) -> Callable[[str, Any], dict[str, Any]]:
    def load(url: str, _options: Any) -> dict[str, Any]:
        if url not in documents:
            raise Refusal("context_unknown", ["@context"])
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": url,
            "document": documents[url],
        }

    return load


def _code(error: BaseException) -> str:
    """The reason code for an error of PyLD, by the code of JSON-LD 1.1 API §9.1 at its root."""
    code = ""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, Refusal):
            return cause.code
        code = getattr(cause, "code", None) or code
        cause = cause.__cause__
    return "context_invalid" if _CONTEXT_FAULTS.search(code) else "data_loss"


def same(written: JSONValue, compacted: JSONValue) -> bool:
    """Whether a document is what its graph compacts to, up to what JSON readers of credentials hold equal.

    Those are: one value and an array of it, a name of a resource and an object of only that `id`, the case of language
    tags (RFC 5646 §2.1.1), the order of members.
    """
    written, compacted = _single(written), _single(compacted)
    if isinstance(written, dict) and isinstance(compacted, dict):
        return _same_members(written, compacted)
    if isinstance(written, list) and isinstance(compacted, list):
        return len(written) == len(compacted) and all(map(same, written, compacted))
    return type(written) is type(compacted) and written == compacted


def _single(value: JSONValue) -> JSONValue:
    if isinstance(value, list) and len(value) == 1:
        return _single(value[0])
    if isinstance(value, dict) and value.keys() == {"id"}:
        return value["id"]
    return value


def _same_members(written: JSONObject, compacted: JSONObject) -> bool:
    if written.keys() == compacted.keys() == {"@value", "@language"}:
        return written["@value"] == compacted["@value"] and _lowered(written) == _lowered(compacted)
    if written.keys() != compacted.keys() and all(_LANGUAGE_NAME.fullmatch(name) for name in compacted):
        lowered = {name.lower(): value for name, value in written.items()}
        written = lowered if len(lowered) == len(written) else written
    return written.keys() == compacted.keys() and all(same(value, compacted[name]) for name, value in written.items())


def _lowered(value_object: JSONObject) -> str:
    return str(value_object["@language"]).lower()
