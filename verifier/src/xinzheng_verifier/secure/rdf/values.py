"""What a value says: for each term a table, kind of JSON value → a function that appends to the node.

The functions carry ready pieces of N-Quads, so that a literal costs one concatenation.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.secure.rdf.contexts import Definition, Vocabulary
from xinzheng_verifier.secure.rdf.refusals import NotCompiledError, Refusal
from xinzheng_verifier.secure.rdf.terms import (
    NATIVE,
    XSD_STRING,
    boolean_literal,
    escaped,
    has_twin,
    is_iri,
    is_language,
    json_literal,
    number_literal,
)
from xinzheng_verifier.secure.rdf.walk import END, Emit, Node, Table, Walk, link

Tables: TypeAlias = Callable[[Vocabulary], Table]
"""Gives the one table of a vocabulary."""


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


def undefined(name: object) -> Refusal:
    """Why a member that no term explains is refused."""
    if not isinstance(name, str):
        return Refusal("not_canonical")
    if name == "@context":
        return Refusal("context_unknown")
    return Refusal("not_compacted" if name.startswith("@") or ":" in name else "data_loss")


def _nothing(walk: Walk, node: Node, value: JSONValue) -> None:
    """For `id` and `type`, which are read before the other members."""


def refusing(code: str) -> Emit:
    """Refuses whatever the value is."""

    def emit(_walk: Walk, _node: Node, _value: JSONValue) -> None:
        raise Refusal(code)

    return emit


def leaving(_walk: Walk, _node: Node, _value: JSONValue) -> None:
    """Leaves the document to the general path."""
    raise NotCompiledError


class Emits(dict[type, Emit]):
    """Kind of value → what to do; kinds that JSON does not know are refused."""

    __slots__ = ()

    def __missing__(self, kind: type) -> Emit:
        return _NOT_JSON


class _AnyKind(Emits):
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
NOTHING: Final = _AnyKind(_nothing)
_SCALARS: Final = (str, int, float, bool)


def emits_of(definition: Definition, vocabulary: Vocabulary, tables: Tables) -> Emits:
    """What to do with the values of one term."""
    predicate = f" <{definition.iri}> "
    if definition.coercion == "@json":
        return _AnyKind(_json(predicate))
    if "@language" in definition.containers:
        return Emits({type(None): _NULL, dict: _language_map(predicate), **dict.fromkeys((*_SCALARS, list), _NESTED)})
    single = Emits({type(None): _NULL, list: _NESTED})
    if "@graph" in definition.containers:
        single.update(
            {dict: _named_graph(predicate, definition, vocabulary, tables), **dict.fromkeys(_SCALARS, leaving)}
        )
    elif definition.coercion is None:
        _plain(single, predicate, None)
        single[dict] = _object(predicate, definition, vocabulary, tables, value_object=_tagged(predicate))
    elif definition.coercion == "@id":
        single.update({str: _reference(predicate), int: _NESTED, float: _NESTED, bool: _NESTED})
        single[dict] = _object(predicate, definition, vocabulary, tables, value_object=_NESTED)
    elif definition.coercion == "@vocab":
        text = _vocabulary_term(predicate, vocabulary.with_property(definition.scoped))
        single.update({str: text, int: _NESTED, float: _NESTED, bool: _NESTED, dict: leaving})
    else:
        _plain(single, predicate, definition.coercion)
        single[dict] = _NESTED
    return Emits({**single, list: _list(single)})


def _list(single: Emits) -> Emit:
    def emit(walk: Walk, node: Node, values: list[JSONValue]) -> None:
        if not values:
            raise Refusal("data_loss")
        walk.spend(len(values))
        for value in values:
            single[value.__class__](walk, node, value)

    return emit


def _plain(single: Emits, predicate: str, datatype: str | None) -> None:
    """Texts, numbers and truth values as literals."""
    opening = f'{predicate}"'
    closing = f'"{END}' if datatype in (None, XSD_STRING) else f'"^^<{datatype}>{END}'

    def text(_walk: Walk, node: Node, value: str) -> None:
        # What is printable, quotation mark and backslash aside, needs no escape; the test is quicker than a search.
        if not value.isprintable() or '"' in value or "\\" in value:
            value = escaped(value)
        node.said.append(f"{opening}{value}{closing}")

    def text_of_native(walk: Walk, node: Node, value: str) -> None:
        if has_twin(value, datatype):
            raise Refusal("not_compacted")
        text(walk, node, value)

    def number(_walk: Walk, node: Node, value: float) -> None:
        node.said.append(f"{predicate}{number_literal(value, datatype)}{END}")

    truth = {value: f"{predicate}{boolean_literal(value, datatype)}{END}" for value in (False, True)}

    def boolean(_walk: Walk, node: Node, value: bool) -> None:
        node.said.append(truth[value])

    single.update({str: text_of_native if datatype in NATIVE else text, int: number, float: number, bool: boolean})


def _reference(predicate: str) -> Emit:
    """A text that names a node."""

    def emit(walk: Walk, node: Node, value: str) -> None:
        if is_iri(value):
            node.said.append(f"{predicate}<{value}>{END}")
        elif value[:2] == "_:":
            link(node, predicate, walk.labelled(value))
        else:
            raise Refusal("data_loss")

    return emit


def _vocabulary_term(predicate: str, vocabulary: Vocabulary) -> Emit:
    """A text that is a term of the vocabulary, or an IRI for which it has none."""
    remembered: dict[str, str] = {}

    def emit(_walk: Walk, node: Node, value: str) -> None:
        said = remembered.get(value)
        if said is None:
            iri = term_iri(vocabulary, value)
            said = f"{predicate}<{_foreign(vocabulary, value) if iri is None else iri}>{END}"
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


def _object(
    predicate: str, definition: Definition, vocabulary: Vocabulary, tables: Tables, *, value_object: Emit
) -> Emit:
    """A nested object: a node, unless it holds `@value`."""
    # A context scoped to a type ends here, one scoped to the property begins (JSON-LD 1.1 API §5.1.2, steps 7 and 8).
    table: list[Table] = []

    def emit(walk: Walk, node: Node, value: JSONObject) -> None:
        if "@value" in value:
            value_object(walk, node, value)
            return
        if not table:
            table.append(tables(vocabulary.outer.with_property(definition.scoped)))
        other = walk.node(value, table[0])
        if other.name:
            node.said.append(f"{predicate}{other.name}{END}")
        else:
            link(node, predicate, other)

    return emit


def _named_graph(predicate: str, definition: Definition, vocabulary: Vocabulary, tables: Tables) -> Emit:
    """A nested object that is a graph of its own."""

    def emit(walk: Walk, node: Node, value: JSONObject) -> None:
        if "@value" in value:
            raise Refusal("not_compacted")
        walk.named_graph(node, predicate, value, tables(vocabulary.outer.with_property(definition.scoped)))

    return emit


def _json(predicate: str) -> Emit:
    """Any JSON value as it is (JSON-LD 1.1 §4.2.2)."""

    def emit(walk: Walk, node: Node, value: JSONValue) -> None:
        if isinstance(value, list):
            # PyLD flattens arrays in such arrays when it compacts; the general path has to say what becomes of them.
            raise NotCompiledError
        walk.spend_json(value)
        node.said.append(f"{predicate}{json_literal(value)}{END}")

    return emit


def _tagged(predicate: str) -> Emit:
    """`{"@value": text, "@language": tag}`; without a tag it would say no more than the value alone."""

    def emit(walk: Walk, node: Node, value: JSONObject) -> None:
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
    return f'{predicate}"{escaped(text)}"@{tag.lower()}{END}'


def _language_map(predicate: str) -> Emit:
    """An object of texts by language; in an array it would be something else (JSON-LD 1.1 API §5.1.2 step 13.7)."""

    def emit(walk: Walk, node: Node, value: JSONObject) -> None:
        walk.spend(len(value))
        if not value:
            raise Refusal("data_loss")
        if len({str(tag).lower() for tag in value}) != len(value):
            raise Refusal("not_compacted")
        for tag, texts in value.items():
            if not isinstance(tag, str) or tag[:1] == "@" or ":" in tag:
                raise undefined(tag)
            listed = texts if isinstance(texts, list) else [texts]
            walk.spend(len(listed) - 1)
            if not listed:
                raise Refusal("data_loss", [tag])
            node.said += [_tagged_literal(predicate, text, tag) for text in listed]

    return emit
