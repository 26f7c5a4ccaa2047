"""From expanded JSON-LD to quads (JSON-LD 1.1 API §8), where whatever would be lost on the way is refused."""

from typing import Any, Final

from xinzheng_verifier.secure.rdf.rdfc import Quad
from xinzheng_verifier.secure.rdf.refusals import Refusal
from xinzheng_verifier.secure.rdf.terms import (
    RDF,
    RDF_TYPE,
    boolean_literal,
    has_twin,
    is_blank,
    is_iri,
    is_language,
    json_literal,
    number_literal,
    text_literal,
)

_FIRST, _REST, _NIL = (f"<{RDF}{name}>" for name in ("first", "rest", "nil"))
_OF_VALUES: Final = {"@value", "@type", "@language"}


def quads_of(expanded: list[Any]) -> list[Quad]:
    """The dataset that an expanded document means.

    Args:
        expanded: what Expansion gives (JSON-LD 1.1 API §5.1).

    Raises:
        Refusal: `data_loss` for what RDF would drop: IRIs that are not absolute, base directions, index names,
            properties that are blank nodes; `number_range` and `not_canonical` for values without literal.
    """
    reader = _Reader()
    for item in expanded:
        reader.node(item, "")
    return reader.quads


class _Reader:
    def __init__(self) -> None:
        self.quads: list[Quad] = []
        self._blanks = 0

    def _blank(self) -> str:
        # Labels of the document begin with `_:d`, so that none is met twice.
        self._blanks += 1
        return f"_:n{self._blanks}"

    def _resource(self, name: Any) -> str:
        if is_iri(name):
            return f"<{name}>"
        if isinstance(name, str) and is_blank(name):
            return f"_:d{name[2:]}"
        raise Refusal("data_loss")

    def node(self, item: dict[str, Any], graph: str) -> str:
        """What a node object says; gives its name."""
        subject = self._resource(item["@id"]) if "@id" in item else self._blank()
        for name in item.get("@type", ()):
            if not is_iri(name):
                raise Refusal("data_loss")
            self.quads.append((subject, RDF_TYPE, f"<{name}>", graph))
        for name, values in item.items():
            if name[:1] == "@":
                self._keyword(name, values, subject, graph)
            else:
                self._property(subject, name, values, graph)
        return subject

    def _property(self, subject: str, name: str, values: list[Any], graph: str) -> None:
        predicate = self._predicate(name)
        for value in values:
            self.quads.append((subject, predicate, self._object(value, graph), graph))

    def _predicate(self, name: str) -> str:
        if not is_iri(name):
            raise Refusal("data_loss")
        return f"<{name}>"

    def _keyword(self, name: str, values: Any, subject: str, graph: str) -> None:
        if name == "@graph":
            for value in values:
                if not value.keys() - {"@id"}:
                    # A name of which a graph says nothing leaves no trace in it.
                    raise Refusal("data_loss")
                self.node(value, subject)
        elif name == "@reverse":
            for reverse, sources in values.items():
                self.quads += [
                    (self.node(source, graph), self._predicate(reverse), subject, graph) for source in sources
                ]
        elif name not in ("@id", "@type"):
            raise Refusal("data_loss")

    def _object(self, value: dict[str, Any], graph: str) -> str:
        if "@value" in value:
            return _literal(value)
        if "@list" in value:
            return self._list(value["@list"], graph)
        return self.node(value, graph)

    def _list(self, values: list[Any], graph: str) -> str:
        rest = _NIL
        for value in reversed(values):
            cell = self._blank()
            self.quads.append((cell, _FIRST, self._object(value, graph), graph))
            self.quads.append((cell, _REST, rest, graph))
            rest = cell
        return rest


def _literal(item: dict[str, Any]) -> str:
    value, datatype = item["@value"], item.get("@type")
    if not item.keys() <= _OF_VALUES:
        raise Refusal("data_loss")
    if datatype == "@json":
        return json_literal(value)
    if datatype is not None and not is_iri(datatype):
        raise Refusal("data_loss")
    if "@language" in item:
        if not is_language(item["@language"]):
            raise Refusal("data_loss")
        return f"{text_literal(value)}@{item['@language'].lower()}"
    if isinstance(value, bool):
        return boolean_literal(value, datatype)
    if isinstance(value, int | float):
        return number_literal(value, datatype)
    if has_twin(value, datatype):
        raise Refusal("not_compacted")
    return text_literal(value, datatype)
