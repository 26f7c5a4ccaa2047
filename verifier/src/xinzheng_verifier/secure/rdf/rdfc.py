"""RDF Dataset Canonicalization, RDFC-1.0 (W3C Recommendation of 21 May 2024), with a bound on its work.

The standard's §7.1 asks for such a bound: blank nodes that look alike are told apart by trying their permutations, so
that a dataset of a few kilobytes could keep a processor busy for years.

Terms are in the spelling of canonical N-Quads (§5): `<iri>`, `_:label`, `"text"`, `"text"@tag`, `"text"^^<datatype>`.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import permutations
from typing import Final, Literal, NamedTuple, TypeAlias

from xinzheng_verifier.errors import RefusedError
from xinzheng_verifier.limits import MAX_RDF_RECURSION, MAX_RDF_WORK

HashName = Literal["sha256", "sha384"]
Quad: TypeAlias = tuple[str, str, str, str]
"""Subject, predicate, object, graph name; the default graph's name is the empty string."""

CANONICAL_PREFIX: Final = "_:c14n"

_POSITIONS: Final = (("s", 0), ("o", 2), ("g", 3))


class Canonical(NamedTuple):
    """A canonicalized dataset.

    Attributes:
        nquads: the canonical form, one line per quad in code point order.
        labels: blank node of the input → its canonical label, both with `_:`.
    """

    nquads: str
    labels: Mapping[str, str]


def canonicalize(quads: Iterable[Quad], *, hash_name: HashName) -> Canonical:
    """The canonical form of a dataset (§4.4).

    Args:
        quads: the dataset; repeated quads count once.
        hash_name: "sha256", or "sha384" for the P-384 suites.

    Raises:
        RefusedError: `too_complex`, its blank nodes are too much alike to be told apart within the bound.
    """
    return _Canonicalizer(quads, hash_name).run()


def nquad(quad: Quad) -> str:
    """One line of N-Quads, with its line feed."""
    subject, predicate, value, graph = quad
    return f"{subject} {predicate} {value} {graph} .\n" if graph else f"{subject} {predicate} {value} .\n"


class _Issuer:
    """Hands out labels in order (§4.5); `labels` keeps the order of issue."""

    __slots__ = ("labels", "prefix")

    def __init__(self, prefix: str, labels: dict[str, str] | None = None) -> None:
        self.prefix = prefix
        self.labels = {} if labels is None else labels

    def issue(self, blank: str) -> str:
        label = self.labels.get(blank)
        if label is None:
            label = self.labels[blank] = f"{self.prefix}{len(self.labels)}"
        return label

    def copy(self) -> "_Issuer":
        return _Issuer(self.prefix, dict(self.labels))


class _Outcome(NamedTuple):
    """Result of hashing a node's neighbourhood: the hash, and the labels given on the way."""

    digest: str
    issuer: _Issuer


class _Canonicalizer:
    def __init__(self, quads: Iterable[Quad], hash_name: HashName) -> None:
        self._quads = set(quads)
        self._hash_name = hash_name
        self._issuer = _Issuer(CANONICAL_PREFIX)
        self._work_left = MAX_RDF_WORK
        self._quads_of: dict[str, list[Quad]] = defaultdict(list)
        for quad in self._quads:
            for blank in {term for term in quad if term.startswith("_:")}:
                self._quads_of[blank].append(quad)
        self._first = {blank: self._first_degree(blank) for blank in self._quads_of}

    def run(self) -> Canonical:
        """§4.4.3: unique nodes by their first-degree hash, then the others by their neighbourhood."""
        alike = Counter(self._first.values())
        by_hash = sorted((digest, blank) for blank, digest in self._first.items())
        for digest, blank in by_hash:
            if alike[digest] == 1:
                self._issuer.issue(blank)
        groups: dict[str, list[str]] = defaultdict(list)
        for digest, blank in by_hash:
            if alike[digest] > 1:
                groups[digest].append(blank)
        for group in groups.values():
            self._label_alike(group)
        labels = self._issuer.labels
        lines = [nquad((labels.get(s, s), p, labels.get(o, o), labels.get(g, g))) for s, p, o, g in self._quads]
        return Canonical("".join(sorted(lines)), labels)

    def _label_alike(self, group: list[str]) -> None:
        """Step 5: nodes of one first-degree hash, in the order of what surrounds them."""
        outcomes: list[_Outcome] = []
        for blank in group:
            if blank not in self._issuer.labels:
                issuer = _Issuer("_:b")
                issuer.issue(blank)
                outcomes.append(self._n_degree(blank, issuer, 0))
        for outcome in sorted(outcomes, key=lambda outcome: outcome.digest):
            for blank in outcome.issuer.labels:
                self._issuer.issue(blank)

    def _hash(self, text: str) -> str:
        return hashlib.new(self._hash_name, text.encode("utf-8"), usedforsecurity=False).hexdigest()

    def _first_degree(self, blank: str) -> str:
        """§4.6: a hash of the quads around a node, in which other blank nodes are not told apart."""

        def seen(term: str) -> str:
            return ("_:a" if term == blank else "_:z") if term.startswith("_:") else term

        lines = [nquad((seen(s), p, seen(o), seen(g))) for s, p, o, g in self._quads_of[blank]]
        return self._hash("".join(sorted(lines)))

    def _related(self, blank: str, issuer: _Issuer) -> dict[str, list[str]]:
        """§4.8.3 steps 1 to 3: the neighbours of a node by the hash of their relation to it (§4.7)."""
        related: dict[str, list[str]] = defaultdict(list)
        for quad in self._quads_of[blank]:
            self._spend(1)
            for position, index in _POSITIONS:
                other = quad[index]
                if other.startswith("_:") and other != blank:
                    known = self._issuer.labels.get(other) or issuer.labels.get(other) or self._first[other]
                    predicate = "" if position == "g" else quad[1]
                    related[self._hash(f"{position}{predicate}{known}")].append(other)
        return related

    def _n_degree(self, blank: str, issuer: _Issuer, depth: int) -> _Outcome:
        """§4.8: a hash of everything that surrounds a node, over the least of all ways to walk it."""
        if depth >= MAX_RDF_RECURSION:
            raise RefusedError("too_complex", limit=MAX_RDF_RECURSION)
        data: list[str] = []
        for digest, group in sorted(self._related(blank, issuer).items()):
            path, issuer = self._least_path(group, issuer, depth)
            data += (digest, path)
        return _Outcome(self._hash("".join(data)), issuer)

    def _least_path(self, group: list[str], issuer: _Issuer, depth: int) -> tuple[str, _Issuer]:
        """§4.8.3 step 5.4: the least path over every order of a group of neighbours, and the labels it gives."""
        chosen, chosen_issuer = "", issuer
        for order in permutations(group):
            self._spend(len(order) + len(issuer.labels) // 16)
            path, trial = "", issuer
            for step, labelled in self._steps(order, issuer.copy(), depth):
                path, trial = path + step, labelled
                if chosen and len(path) >= len(chosen) and path > chosen:
                    break
            else:
                if not chosen or path < chosen:
                    chosen, chosen_issuer = path, trial
        return chosen, chosen_issuer

    def _steps(self, order: Iterable[str], issuer: _Issuer, depth: int) -> Iterator[tuple[str, _Issuer]]:
        """§4.8.3 steps 5.4.4 and 5.4.5: the parts of one path, each with the labels given so far."""
        unlabelled: list[str] = []
        for blank in order:
            label = self._issuer.labels.get(blank)
            if label is None:
                if blank not in issuer.labels:
                    unlabelled.append(blank)
                label = issuer.issue(blank)
            yield label, issuer
        for blank in unlabelled:
            outcome = self._n_degree(blank, issuer, depth + 1)
            label = issuer.issue(blank)
            issuer = outcome.issuer
            yield f"{label}<{outcome.digest}>", issuer

    def _spend(self, work: int) -> None:
        self._work_left -= work
        if self._work_left < 0:
            raise RefusedError("too_complex", limit=MAX_RDF_WORK)
