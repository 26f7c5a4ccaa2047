"""One walk over a document: its nodes, what is said of each, and the canonical form of it all.

A node keeps what is said of it without its own name, ` <predicate> object .` and a line feed: the same text serves for
hashing (RDFC-1.0 §4.6) and for the canonical form. Blank nodes that this hash does not tell apart, and named graphs, go
to `rdfc`.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias

from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.limits import MAX_RDF_DEPTH, MAX_RDF_MEMBERS
from xinzheng_verifier.secure.rdf import rdfc
from xinzheng_verifier.secure.rdf.rdfc import CANONICAL_PREFIX, HashName, Quad
from xinzheng_verifier.secure.rdf.refusals import NotCompiledError, Refusal
from xinzheng_verifier.secure.rdf.terms import is_blank, is_iri

END: Final = " .\n"


class Node:
    r"""A subject and what is said of it.

    Attributes:
        name: `<iri>`; of a blank node its label, once it is known.
        graph: the node that names the graph in which all of this is said; None for the default graph.
        said: ` <predicate> object .\n`, for objects that are no blank nodes.
        to, by: links to and from blank nodes, with the predicate between blanks.
    """

    __slots__ = ("by", "graph", "name", "said", "to")

    def __init__(self, name: str, graph: "Node | None") -> None:
        self.name = name
        self.graph = graph
        self.said: list[str] = []
        self.to: list[tuple[str, Node]] = []
        self.by: list[tuple[Node, str]] = []


Emit: TypeAlias = "Callable[[Walk, Node, Any], None]"
"""Says in the graph what the value of a member says."""


class Table(Protocol):
    """What the members of an object say at one place of a document."""

    def __getitem__(self, name: str, /) -> Mapping[type, Emit]:
        """Kind of value → what to do with it."""

    def typed(self, types: JSONValue) -> "tuple[tuple[str, ...], Table]":
        """What the types of an object say, and the table for its members."""


class Walk:
    """One document on its way."""

    __slots__ = ("_depth", "_graph", "_has_graphs", "_hash_name", "_labelled", "_left", "_nodes", "_objects")

    def __init__(self, hash_name: HashName) -> None:
        self._hash_name: HashName = hash_name
        self._left = MAX_RDF_MEMBERS
        self._depth = 0
        self._graph: Node | None = None
        self._has_graphs = False
        self._nodes: list[Node] = []
        self._labelled: dict[str, Node] = {}
        self._objects: dict[str, JSONObject] = {}

    def node(self, members: JSONObject, table: Table) -> Node:
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

    def named_graph(self, node: Node, predicate: str, members: JSONObject, table: Table) -> None:
        """Reads an object whose content is said in a graph of its own (JSON-LD 1.1 §4.9)."""
        if self._graph is not None or not members.keys() - {"id"}:
            raise NotCompiledError
        self._has_graphs = True
        name = self._add("")
        link(node, predicate, name)
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

    def _add(self, name: str) -> Node:
        node = Node(name, self._graph)
        self._nodes.append(node)
        return node

    def _subject(self, members: JSONObject) -> Node:
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

    def labelled(self, label: str) -> Node:
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
            lines.update([f"{node.name}{predicate}{other.name}{END}" for predicate, other in node.to])
        return "".join(sorted(lines))

    def _quads(self, blanks: list[Node]) -> list[Quad]:
        for number, node in enumerate(blanks):
            node.name = f"_:x{number}"
        quads: list[Quad] = []
        for node in self._nodes:
            graph = node.graph.name if node.graph else ""
            for said in node.said:
                predicate, _, value = said[1 : -len(END)].partition(" ")
                quads.append((node.name, predicate, value, graph))
            quads += [(node.name, predicate.strip(), other.name, graph) for predicate, other in node.to]
        return quads


def _first_degree(node: Node, hash_name: HashName) -> str:
    """RDFC-1.0 §4.6: the hash of what is said of a blank node, other blank nodes not told apart."""
    lines = [f"_:a{said}" for said in set(node.said)]
    # Links that become alike here are still different quads. A node that refers to itself is `_:a` in both places.
    for predicate, other in set(node.to):
        lines.append(f"_:a{predicate}{'_:a' if other is node else '_:z'}{END}")
    for other, predicate in set(node.by):
        if other is not node:
            lines.append(f"{other.name or '_:z'}{predicate}_:a{END}")
    data = "".join(sorted(lines)).encode("utf-8")
    return _HASHES[hash_name](data, usedforsecurity=False).hexdigest()


_HASHES: Final = {"sha256": hashlib.sha256, "sha384": hashlib.sha384}


def link(node: Node, predicate: str, other: Node) -> None:
    """Says that one node refers to a blank one."""
    node.to.append((predicate, other))
    other.by.append((node, predicate))
