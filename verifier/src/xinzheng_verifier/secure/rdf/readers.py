"""Contexts made ready once and kept, so that a document is only read."""

from collections.abc import Mapping
from functools import cache
from threading import Lock
from typing import Any, Final, TypeAlias

from xinzheng_schemas.contexts import BUNDLED
from xinzheng_schemas.strict_json import JSONValue
from xinzheng_verifier.secure.rdf.compiled import CompiledContexts
from xinzheng_verifier.secure.rdf.contexts import LocalContext
from xinzheng_verifier.secure.rdf.general import GeneralContexts
from xinzheng_verifier.secure.rdf.refusals import NotCompiledError, Refusal

Contexts: TypeAlias = Mapping[str, Mapping[str, JSONValue]]

_MAX_KEPT: Final = 64
"""Lists of contexts that are kept ready."""


class Readers:
    """Both paths for one list of contexts.

    Attributes:
        compiled: None if these contexts are not compiled.
        general: the other path.
        documents: every context document of the caller; keeps them alive, so that `id` tells them apart.
        is_used: whether anybody came back for it since that was last asked.
    """

    def __init__(self, urls: tuple[str, ...], contexts: Contexts) -> None:
        self.documents: Final = {**contexts, **_bundled_documents()}
        self.general: Final = GeneralContexts(urls, self.documents)
        self.compiled: Final = _compiled([self.documents[url] for url in urls], urls)
        self.is_used = False


_Key: TypeAlias = tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]]
_kept: Final[dict[_Key, Readers]] = {}
_keeping: Final = Lock()


def readers_for(urls: tuple[str, ...], contexts: Contexts) -> Readers:
    """The two paths for a list of contexts.

    Raises:
        Refusal: `context_unknown`, `context_invalid`.
    """
    own = not all(url in BUNDLED for url in urls)
    key: _Key = (urls, tuple(contexts), tuple(map(id, contexts.values()))) if own else (urls, (), ())
    readers = _kept.get(key)
    if readers is None:
        if not all(url in BUNDLED or url in contexts for url in urls):
            raise Refusal("context_unknown", ["@context"])
        readers = Readers(urls, contexts if own else {})
        with _keeping:
            while len(_kept) >= _MAX_KEPT:
                _pass_or_drop(next(iter(_kept)))
            _kept[key] = readers
    else:
        readers.is_used = True
    return readers


def _pass_or_drop(key: _Key) -> None:
    """Second chance: documents that each name another list push one another out, not what is in use all the time."""
    readers = _kept.pop(key)
    if readers.is_used:
        readers.is_used = False
        _kept[key] = readers


def _compiled(documents: list[Mapping[str, Any]], urls: tuple[str, ...]) -> CompiledContexts | None:
    try:
        return CompiledContexts(
            [
                _bundled_local(url) if url in BUNDLED else LocalContext(document.get("@context"))
                for url, document in zip(urls, documents, strict=True)
            ]
        )
    except NotCompiledError:
        return None


@cache
def _bundled_local(url: str) -> LocalContext:
    return LocalContext(_bundled_documents()[url]["@context"])


@cache
def _bundled_documents() -> Mapping[str, Mapping[str, Any]]:
    return {url: context.document() for url, context in BUNDLED.items()}
