"""The compiled path: from a document to canonical N-Quads in one walk over tables.

Every vocabulary (`contexts.Vocabulary`) becomes a table: name of a member → kind of its value → what that says. The
answer is that of the general path or none: what is not compiled raises `NotCompiledError`.
"""

from collections.abc import Mapping
from typing import Any, Final

from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.secure.rdf.contexts import Family, LocalContext, Vocabulary
from xinzheng_verifier.secure.rdf.rdfc import HashName
from xinzheng_verifier.secure.rdf.refusals import FamilyFullError, NotCompiledError, Refusal
from xinzheng_verifier.secure.rdf.terms import RDF_TYPE, is_iri
from xinzheng_verifier.secure.rdf.values import NOTHING, emits_of, term_iri, undefined
from xinzheng_verifier.secure.rdf.walk import END, Emit, Walk

_MAX_REMEMBERED: Final = 256
"""Lists of types that one vocabulary remembers."""


class CompiledContexts:
    """A list of contexts, ready to read documents with.

    Args:
        contexts: the contexts, in their order.

    Raises:
        NotCompiledError: they are not of the kind that is compiled.
        Refusal: `context_invalid`.
    """

    def __init__(self, contexts: list[LocalContext]) -> None:
        self._contexts = contexts
        self._root = table_of(Family(contexts).root)

    def nquads(self, document: JSONObject, hash_name: HashName) -> str:
        """The canonical N-Quads of a document whose `@context` is this list.

        Raises:
            NotCompiledError: the general path has to answer.
            RefusedError, Refusal: see `xinzheng_verifier.secure.rdf.canonical_nquads`.
        """
        try:
            return _nquads(document, self._root, hash_name)
        except FamilyFullError:
            pass
        # What other documents left behind refuses none: this one gets tables of its own, which the next ones share.
        root = table_of(Family(self._contexts).root)
        try:
            nquads = _nquads(document, root, hash_name)
        except FamilyFullError:
            raise Refusal("too_complex") from None
        self._root = root
        return nquads


def _nquads(document: JSONObject, root: "Table", hash_name: HashName) -> str:
    members = document.copy()
    del members["@context"]
    if not members.keys() - {"id"}:
        raise Refusal("data_loss")
    walk = Walk(hash_name)
    walk.node(members, root)
    return walk.canonical()


class Table(dict[str, Mapping[type, Emit]]):
    """Member name → kind of value → what to do, filled as names are met; only defined names are kept."""

    __slots__ = ("_types", "vocabulary")

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__({"id": NOTHING, "type": NOTHING})
        self.vocabulary = vocabulary
        self._types: dict[str | tuple[str, ...], tuple[tuple[str, ...], Table]] = {}

    def __missing__(self, name: str) -> Mapping[type, Emit]:
        definition = self.vocabulary.terms.get(name)
        if definition is None:
            raise undefined(name)
        if definition.is_odd or definition.iri[0] == "@":
            raise NotCompiledError
        emits = self[name] = emits_of(definition, self.vocabulary, table_of)
        return emits

    def typed(self, types: JSONValue) -> "tuple[tuple[str, ...], Table]":
        """What is said by the types of an object, and the table for its members."""
        key: Any = tuple(types) if isinstance(types, list) else types
        try:
            return self._types[key]
        except (KeyError, TypeError):
            said, table, names = self._typed(types if isinstance(types, list) else [types])
        if all(name in self.vocabulary.terms for name in names):
            if len(self._types) >= _MAX_REMEMBERED:
                self._types.clear()  # what one document filled must not stay in the way of others
            self._types[key] = said, table
        return said, table

    def _typed(self, types: list[JSONValue]) -> "tuple[tuple[str, ...], Table, list[str]]":
        names = [name for name in types if isinstance(name, str)]
        if not types or len(names) != len(types):
            raise Refusal("data_loss", ["type"])
        said = tuple(f" {RDF_TYPE} <{self._type_iri(name)}>{END}" for name in names)
        inner = self.vocabulary.with_types([name for name in names if name in self.vocabulary.terms])
        return said, table_of(inner), names

    def _type_iri(self, name: str) -> str:
        iri = term_iri(self.vocabulary, name)
        if iri is None:
            if not is_iri(name):
                raise Refusal("data_loss", ["type"])
            if name in self.vocabulary.known:
                raise Refusal("not_compacted", ["type"])
            return name
        return iri


def table_of(vocabulary: Vocabulary) -> Table:
    """The one table of a vocabulary."""
    table = vocabulary.table
    if not isinstance(table, Table):
        table = vocabulary.table = Table(vocabulary)
    return table
