r"""The compiled path: from a document to canonical N-Quads in one walk over tables.

Every vocabulary (`contexts.Vocabulary`) becomes a table: name of a member → kind of its value → a function that
appends what the value says. The functions carry ready pieces of N-Quads, so that a literal costs one concatenation. A
node keeps what is said of it without its own name, ` <predicate> object .\n`: the same text serves for hashing (RDFC-1.0
§4.6) and for the canonical form. Blank nodes that this hash does not tell apart, and named graphs, go to `rdfc`.

The answer is that of the general path or none: what is not compiled raises `NotCompiledError`.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.limits import MAX_RDF_DEPTH, MAX_RDF_MEMBERS
from xinzheng_verifier.secure.rdf import rdfc
from xinzheng_verifier.secure.rdf.contexts import Definition, Family, Vocabulary
from xinzheng_verifier.secure.rdf.rdfc import CANONICAL_PREFIX, HashName, Quad
from xinzheng_verifier.secure.rdf.refusals import NotCompiledError, Refusal
from xinzheng_verifier.secure.rdf.terms import (
    RDF_TYPE,
    XSD_STRING,
    boolean_literal,
    escaped,
    is_blank,
    is_iri,
    is_language,
    json_literal,
    number_literal,
)

Emit: TypeAlias = "Callable[[_Walk, _Node, Any], None]"

_END: Final = " .\n"
_MAX_REMEMBERED: Final = 256
"""Lists of types that one vocabulary remembers."""


class _Node:
    r"""A subject and what is said of it.

    Attributes:
        name: `<iri>`; of a blank node its label, once it is known.
        graph: the node that names the graph in which all of this is said; None for the default graph.
        said: ` <predicate> object .\n`, for objects that are no blank nodes.
        to, by: links to and from blank nodes, with the predicate between blanks.
    """

    __slots__ = ("by", "graph", "name", "said", "to")

    def __init__(self, name: str, graph: "_Node | None") -> None:
        self.name = name
        self.graph = graph
        self.said: list[str] = []
        self.to: list[tuple[str, _Node]] = []
        self.by: list[tuple[_Node, str]] = []


class CompiledContexts:
    """A list of contexts, ready to read documents with.

    Attributes:
        family: the vocabularies behind the tables.
    """

    def __init__(self, family: Family) -> None:
        self.family: Final = family
        self._root = table_of(family.root)

    def nquads(self, document: JSONObject, hash_name: HashName) -> str:
        """The canonical N-Quads of a document whose `@context` is this list.

        Raises:
            NotCompiledError: the general path has to answer.
            RefusedError, Refusal: see `xinzheng_verifier.secure.rdf.canonical_nquads`.
        """
        members = document.copy()
        del members["@context"]
        if not members.keys() - {"id"}:
            raise Refusal("data_loss")
        walk = _Walk(hash_name)
        walk.node(members, self._root)
        return walk.canonical()


class _Table(dict[str, Mapping[type, Emit]]):
    """Member name → kind of value → what to do, filled as names are met; only defined names are kept."""

    __slots__ = ("_types", "vocabulary")

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__({"id": _NOTHING, "type": _NOTHING})
        self.vocabulary = vocabulary
        self._types: dict[str | tuple[str, ...], tuple[tuple[str, ...], _Table]] = {}

    def __missing__(self, name: str) -> Mapping[type, Emit]:
        definition = self.vocabulary.terms.get(name)
        if definition is None:
            raise _undefined(name)
        if definition.is_odd or definition.iri[0] == "@":
            raise NotCompiledError
        emits = self[name] = _emits(definition, self.vocabulary)
        return emits

    def typed(self, types: JSONValue) -> "tuple[tuple[str, ...], _Table]":
        """What is said by the types of an object, and the table for its members."""
        key: Any = tuple(types) if isinstance(types, list) else types
        try:
            return self._types[key]
        except (KeyError, TypeError):
            said, table, names = self._typed(types if isinstance(types, list) else [types])
        if len(self._types) < _MAX_REMEMBERED and all(name in self.vocabulary.terms for name in names):
            self._types[key] = said, table
        return said, table

    def _typed(self, types: list[JSONValue]) -> "tuple[tuple[str, ...], _Table, list[str]]":
        names = [name for name in types if isinstance(name, str)]
        if not types or len(names) != len(types):
            raise Refusal("data_loss", ["type"])
        said = tuple(f" {RDF_TYPE} <{self._type_iri(name)}>{_END}" for name in names)
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


def term_iri(vocabulary: Vocabulary, name: str) -> str | None:
    """The IRI that a term stands for as type or as value of a `@vocab` property; None if it is no term.

    Raises:
        NotCompiledError: the term is of a kind that compaction would not choose here.
        Refusal: `data_loss`, a keyword in the place of an IRI.
    """
    definition = vocabulary.terms.get(name)
    if definition is None:
        return None
    if definition.iri[0] == "@":
        raise Refusal("data_loss")
    if definition.containers - {"@set"} or definition.coercion not in (None, "@id", "@vocab") or definition.is_odd:
        raise NotCompiledError
    return definition.iri


def table_of(vocabulary: Vocabulary) -> _Table:
    """The one table of a vocabulary."""
    table = vocabulary.table
    if not isinstance(table, _Table):
        table = vocabulary.table = _Table(vocabulary)
    return table


def _undefined(name: object) -> Refusal:
    """Why a member that no term explains is refused."""
    if not isinstance(name, str):
        return Refusal("not_canonical")
    if name == "@context":
        return Refusal("context_unknown")
    return Refusal("not_compacted" if name.startswith("@") or ":" in name else "data_loss")


# --- the walk ---------------------------------------------------------------------------------------------------------


class _Walk:
    """One document on its way."""

    __slots__ = ("_depth", "_graph", "_has_graphs", "_hash_name", "_labelled", "_left", "_nodes", "_objects")

    def __init__(self, hash_name: HashName) -> None:
        self._hash_name: HashName = hash_name
        self._left = MAX_RDF_MEMBERS
        self._depth = 0
        self._graph: _Node | None = None
        self._has_graphs = False
        self._nodes: list[_Node] = []
        self._labelled: dict[str, _Node] = {}
        self._objects: dict[str, JSONObject] = {}

    def node(self, members: JSONObject, table: _Table) -> _Node:
        """Reads an object and everything in it (Expansion, JSON-LD 1.1 API §5.1, and §7.1)."""
        self._depth += 1
        self.spend(len(members))
        if self._depth > MAX_RDF_DEPTH:
            raise Refusal("too_complex")
        node = self._subject(members)
        if "type" in members:
            types = members["type"]
            self.spend(len(types) if isinstance(types, list) else 0)
            said, table = table.typed(types)
            node.said += said
        name = ""
        try:
            for name, value in members.items():
                table[name][value.__class__](self, node, value)
        except Refusal as refusal:
            refusal.path.append(str(name))
            raise
        self._depth -= 1
        return node

    def spend(self, members: int) -> None:
        """Counts members of objects and elements of arrays."""
        self._left -= members
        if self._left < 0:
            raise Refusal("too_complex")

    def named_graph(self, node: _Node, predicate: str, members: JSONObject, table: _Table) -> None:
        """Reads an object whose content is said in a graph of its own (JSON-LD 1.1 §4.9)."""
        if self._graph is not None or not members.keys() - {"id"}:
            raise NotCompiledError
        self._has_graphs = True
        name = self._add("")
        _link(node, predicate, name)
        self._graph = name
        self.node(members, table)
        self._graph = None

    def spend_json(self, value: JSONValue, depth: int = 1) -> None:
        """Counts what is in a JSON literal."""
        if isinstance(value, dict | list):
            self.spend(len(value))
            if self._depth + depth > MAX_RDF_DEPTH:
                raise Refusal("too_complex")
            for item in value.values() if isinstance(value, dict) else value:
                self.spend_json(item, depth + 1)

    def _add(self, name: str) -> _Node:
        node = _Node(name, self._graph)
        self._nodes.append(node)
        return node

    def _subject(self, members: JSONObject) -> _Node:
        if "id" not in members:
            return self._add("")
        name = members["id"]
        if not isinstance(name, str):
            raise Refusal("data_loss", ["id"])
        if len(members) > 1 and self._objects.setdefault(name, members) != members:
            # One resource, described in two places: the graph does not tell which member stood in which.
            raise Refusal("not_compacted", ["id"])
        if name[:2] == "_:":
            return self.labelled(name)
        if not is_iri(name):
            raise Refusal("data_loss", ["id"])
        return self._add(f"<{name}>")

    def labelled(self, label: str) -> _Node:
        """The blank node of a label of the document."""
        if self._graph is not None:
            raise NotCompiledError
        node = self._labelled.get(label)
        if node is None:
            if not is_blank(label):
                raise Refusal("data_loss")
            node = self._labelled[label] = self._add("")
        return node

    def canonical(self) -> str:
        """The canonical form (RDFC-1.0 §4.4) of what was read."""
        blanks = [node for node in self._nodes if not node.name]
        if self._has_graphs:
            return rdfc.canonicalize(self._quads(blanks), hash_name=self._hash_name).nquads
        if blanks:
            by_hash = {_first_degree(node, self._hash_name): node for node in blanks}
            if len(by_hash) != len(blanks):
                return rdfc.canonicalize(self._quads(blanks), hash_name=self._hash_name).nquads
            for number, digest in enumerate(sorted(by_hash)):
                by_hash[digest].name = f"{CANONICAL_PREFIX}{number}"
        lines: set[str] = set()
        for node in self._nodes:
            lines.update(map(node.name.__add__, node.said))
            lines.update([f"{node.name}{predicate}{other.name}{_END}" for predicate, other in node.to])
        return "".join(sorted(lines))

    def _quads(self, blanks: list[_Node]) -> list[Quad]:
        for number, node in enumerate(blanks):
            node.name = f"_:x{number}"
        quads: list[Quad] = []
        for node in self._nodes:
            graph = node.graph.name if node.graph else ""
            for said in node.said:
                predicate, _, value = said[1 : -len(_END)].partition(" ")
                quads.append((node.name, predicate, value, graph))
            quads += [(node.name, predicate.strip(), other.name, graph) for predicate, other in node.to]
        return quads


def _first_degree(node: _Node, hash_name: HashName) -> str:
    """RDFC-1.0 §4.6: the hash of what is said of a blank node, other blank nodes not told apart."""
    lines = [f"_:a{said}" for said in set(node.said)]
    # Links that become alike here are still different quads. A node that refers to itself is `_:a` in both places.
    for predicate, other in set(node.to):
        lines.append(f"_:a{predicate}{'_:a' if other is node else '_:z'}{_END}")
    for other, predicate in set(node.by):
        if other is not node:
            lines.append(f"{other.name or '_:z'}{predicate}_:a{_END}")
    data = "".join(sorted(lines)).encode("utf-8")
    return _HASHES[hash_name](data, usedforsecurity=False).hexdigest()


_HASHES: Final = {"sha256": hashlib.sha256, "sha384": hashlib.sha384}


# --- what a value says ------------------------------------------------------------------------------------------------


def _nothing(walk: _Walk, node: _Node, value: JSONValue) -> None:
    """For `id` and `type`, which are read before the other members."""


def refusing(code: str) -> Emit:
    """Refuses whatever the value is."""

    def emit(_walk: _Walk, _node: _Node, _value: JSONValue) -> None:
        raise Refusal(code)

    return emit


def leaving(_walk: _Walk, _node: _Node, _value: JSONValue) -> None:
    """Leaves the document to the general path."""
    raise NotCompiledError


class _Emits(dict[type, Emit]):
    """Kind of value → what to do; kinds that JSON does not know are refused."""

    __slots__ = ()

    def __missing__(self, kind: type) -> Emit:
        return _NOT_JSON


class _AnyKind(_Emits):
    """The same for any kind."""

    __slots__ = ("_emit",)

    def __init__(self, emit: Emit) -> None:
        super().__init__()
        self._emit = emit

    def __missing__(self, kind: type) -> Emit:
        return self._emit


_NOT_JSON: Final = refusing("not_canonical")
_NULL: Final = refusing("data_loss")
_NESTED: Final = refusing("not_compacted")
_NOTHING: Final = _AnyKind(_nothing)
_SCALARS: Final = (str, int, float, bool)


def _emits(definition: Definition, vocabulary: Vocabulary) -> _Emits:
    """What to do with the values of one term."""
    predicate = f" <{definition.iri}> "
    if definition.coercion == "@json":
        return _AnyKind(_json(predicate))
    if "@language" in definition.containers:
        return _Emits({type(None): _NULL, dict: _language_map(predicate), **dict.fromkeys((*_SCALARS, list), _NESTED)})
    single = _Emits({type(None): _NULL, list: _NESTED})
    if "@graph" in definition.containers:
        single.update({dict: _named_graph(predicate, definition, vocabulary), **dict.fromkeys(_SCALARS, leaving)})
    elif definition.coercion is None:
        _plain(single, predicate, None)
        single[dict] = _object(predicate, definition, vocabulary, value_object=_tagged(predicate))
    elif definition.coercion == "@id":
        single.update({str: _reference(predicate), int: _NESTED, float: _NESTED, bool: _NESTED})
        single[dict] = _object(predicate, definition, vocabulary, value_object=_NESTED)
    elif definition.coercion == "@vocab":
        text = _vocabulary_term(predicate, vocabulary.with_property(definition.scoped))
        single.update({str: text, int: _NESTED, float: _NESTED, bool: _NESTED, dict: leaving})
    else:
        _plain(single, predicate, definition.coercion)
        single[dict] = _NESTED
    return _Emits({**single, list: _list(single)})


def _list(single: _Emits) -> Emit:
    def emit(walk: _Walk, node: _Node, values: list[JSONValue]) -> None:
        if not values:
            raise Refusal("data_loss")
        walk.spend(len(values))
        for value in values:
            single[value.__class__](walk, node, value)

    return emit


def _plain(single: _Emits, predicate: str, datatype: str | None) -> None:
    """Texts, numbers and truth values as literals."""
    opening = f'{predicate}"'
    closing = f'"{_END}' if datatype in (None, XSD_STRING) else f'"^^<{datatype}>{_END}'

    def text(_walk: _Walk, node: _Node, value: str) -> None:
        # What is printable, quotation mark and backslash aside, needs no escape; the test is quicker than a search.
        if not value.isprintable() or '"' in value or "\\" in value:
            value = escaped(value)
        node.said.append(f"{opening}{value}{closing}")

    def number(_walk: _Walk, node: _Node, value: float) -> None:
        node.said.append(f"{predicate}{number_literal(value, datatype)}{_END}")

    truth = {value: f"{predicate}{boolean_literal(value, datatype)}{_END}" for value in (False, True)}

    def boolean(_walk: _Walk, node: _Node, value: bool) -> None:
        node.said.append(truth[value])

    single.update({str: text, int: number, float: number, bool: boolean})


def _reference(predicate: str) -> Emit:
    """A text that names a node."""

    def emit(walk: _Walk, node: _Node, value: str) -> None:
        if is_iri(value):
            node.said.append(f"{predicate}<{value}>{_END}")
        elif value[:2] == "_:":
            _link(node, predicate, walk.labelled(value))
        else:
            raise Refusal("data_loss")

    return emit


def _vocabulary_term(predicate: str, vocabulary: Vocabulary) -> Emit:
    """A text that is a term of the vocabulary, or an IRI for which it has none."""
    remembered: dict[str, str] = {}

    def emit(_walk: _Walk, node: _Node, value: str) -> None:
        said = remembered.get(value)
        if said is None:
            iri = term_iri(vocabulary, value)
            said = f"{predicate}<{_foreign(vocabulary, value) if iri is None else iri}>{_END}"
            if iri is not None:
                remembered[value] = said
        node.said.append(said)

    return emit


def _foreign(vocabulary: Vocabulary, value: str) -> str:
    if value[:2] == "_:":
        raise NotCompiledError
    if not is_iri(value):
        raise Refusal("data_loss")
    if value in vocabulary.known:
        raise Refusal("not_compacted")
    return value


def _object(predicate: str, definition: Definition, vocabulary: Vocabulary, *, value_object: Emit) -> Emit:
    """A nested object: a node, unless it holds `@value`."""
    # A context scoped to a type ends here, one scoped to the property begins (JSON-LD 1.1 API §5.1.2, steps 7 and 8).
    table: list[_Table] = []

    def emit(walk: _Walk, node: _Node, value: JSONObject) -> None:
        if "@value" in value:
            value_object(walk, node, value)
            return
        if not table:
            table.append(table_of(vocabulary.outer.with_property(definition.scoped)))
        other = walk.node(value, table[0])
        if other.name:
            node.said.append(f"{predicate}{other.name}{_END}")
        else:
            _link(node, predicate, other)

    return emit


def _named_graph(predicate: str, definition: Definition, vocabulary: Vocabulary) -> Emit:
    """A nested object that is a graph of its own."""

    def emit(walk: _Walk, node: _Node, value: JSONObject) -> None:
        if "@value" in value:
            raise Refusal("not_compacted")
        walk.named_graph(node, predicate, value, table_of(vocabulary.outer.with_property(definition.scoped)))

    return emit


def _json(predicate: str) -> Emit:
    """Any JSON value as it is (JSON-LD 1.1 §4.2.2)."""

    def emit(walk: _Walk, node: _Node, value: JSONValue) -> None:
        if isinstance(value, list):
            # PyLD flattens arrays in such arrays when it compacts; the general path has to say what becomes of them.
            raise NotCompiledError
        walk.spend_json(value)
        node.said.append(f"{predicate}{json_literal(value)}{_END}")

    return emit


def _link(node: _Node, predicate: str, other: _Node) -> None:
    node.to.append((predicate, other))
    other.by.append((node, predicate))


def _tagged(predicate: str) -> Emit:
    """`{"@value": text, "@language": tag}`; without a tag it would say no more than the value alone."""

    def emit(walk: _Walk, node: _Node, value: JSONObject) -> None:
        walk.spend(len(value))
        others = value.keys() - {"@value"}
        if value["@value"] is None or "@direction" in others:
            raise Refusal("data_loss")
        if others == {"type"}:
            raise NotCompiledError
        if others != {"@language"}:
            raise Refusal("not_compacted")
        node.said.append(_tagged_literal(predicate, value["@value"], value["@language"]))

    return emit


def _tagged_literal(predicate: str, text: JSONValue, tag: JSONValue) -> str:
    if not isinstance(text, str) or not isinstance(tag, str) or not is_language(tag):
        raise Refusal("data_loss")
    return f'{predicate}"{escaped(text)}"@{tag.lower()}{_END}'


def _language_map(predicate: str) -> Emit:
    """An object of texts by language; in an array it would be something else (JSON-LD 1.1 API §5.1.2 step 13.7)."""

    def emit(walk: _Walk, node: _Node, value: JSONObject) -> None:
        walk.spend(len(value))
        if not value:
            raise Refusal("data_loss")
        if len({str(tag).lower() for tag in value}) != len(value):
            raise Refusal("not_compacted")
        for tag, texts in value.items():
            if not isinstance(tag, str) or tag[:1] == "@" or ":" in tag:
                raise _undefined(tag)
            listed = texts if isinstance(texts, list) else [texts]
            walk.spend(len(listed) - 1)
            if not listed:
                raise Refusal("data_loss", [tag])
            node.said += [_tagged_literal(predicate, text, tag) for text in listed]

    return emit
