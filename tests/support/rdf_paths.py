"""Asks one of the two paths alone, to compare them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from xinzheng_verifier.errors import RefusedError
from xinzheng_verifier.secure.rdf.rdfc import HashName
from xinzheng_verifier.secure.rdf.readers import readers_for
from xinzheng_verifier.secure.rdf.refusals import NotCompiledError, Refusal
from xinzheng_verifier.secure.rdf.strict import check_single, context_urls

NOT_COMPILED = "not compiled"
NONE: Mapping[str, Any] = MappingProxyType({})
Answer = str | tuple[str]
"""Canonical N-Quads, or the code of a refusal, or `NOT_COMPILED`."""


def _answer(work: Callable[[], str]) -> Answer:
    try:
        return work()
    except (Refusal, RefusedError) as refusal:
        return (refusal.code,)
    except NotCompiledError:
        return NOT_COMPILED


def compiled(document: Any, contexts: Mapping[str, Any] = NONE, hash_name: HashName = "sha256") -> Answer:
    def work() -> str:
        path = readers_for(context_urls(document), contexts).compiled
        check_single(document)
        if path is None:
            raise NotCompiledError
        return path.nquads(document, hash_name)

    return _answer(work)


def general(document: Any, contexts: Mapping[str, Any] = NONE, hash_name: HashName = "sha256") -> Answer:
    def work() -> str:
        path = readers_for(context_urls(document), contexts).general
        check_single(document)
        return path.nquads(document, hash_name)

    return _answer(work)
