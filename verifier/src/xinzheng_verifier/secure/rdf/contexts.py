"""JSON-LD contexts, compiled once into tables of terms.

What is understood is what credentials use: terms with `@id`, `@type`, the containers `@set`, `@language` and `@graph`,
contexts scoped to types and to properties, protection (JSON-LD 1.1 §4.1, §9.15). Two degrees of what is not:

- a term that is well defined, but of a kind that is not compiled (`@list`, `@index`, a null context …), is kept as odd;
  whoever meets it in a document leaves the document to the general path;
- anything else makes the whole context one for the general path: `NotCompiledError`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.secure.rdf.refusals import FamilyFullError, NotCompiledError, Refusal
from xinzheng_verifier.secure.rdf.strict import reserved
from xinzheng_verifier.secure.rdf.terms import is_iri

ID, TYPE = "@id", "@type"

_ALIASES: Final = {"id": ID, "type": TYPE}
_CONTEXT_MEMBERS: Final = {"@version", "@protected"}
_DEFINITION_MEMBERS: Final = {"@id", "@type", "@container", "@context", "@protected"}
_CONTAINERS: Final[tuple[set[str], ...]] = (
    set(),
    {"@set"},
    {"@language"},
    {"@language", "@set"},
    {"@graph"},
    {"@graph", "@set"},
)
_ODD_CONTAINERS: Final = ("@list", "@index", "@id", "@type")
_COERCIONS_OF: Final = {"@language": (None,), "@graph": (None, "@id")}
_MAKES_PREFIX: Final = tuple(":/?#[]@")
_MAX_MEMBERS: Final = 20_000
_MAX_NESTING: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """What one term stands for.

    Attributes:
        iri: the IRI; `@id` or `@type` for the two aliases.
        coercion: `@id`, `@vocab`, `@json`, the IRI of a datatype, or None.
        containers: of `@set`, `@language` and `@graph`; none means single values or arrays.
        scoped: the context that applies within, as it stands in the context document; None if there is none.
        is_odd: whether it is of a kind that is not compiled.
        is_protected: whether no other definition may take its place.
        fingerprint: equal for definitions that say the same, protection aside.
    """

    iri: str
    coercion: str | None
    containers: frozenset[str]
    scoped: "LocalContext | None"
    is_odd: bool
    is_protected: bool
    fingerprint: str


class LocalContext:
    """One context as it is written: definitions that have yet to be laid over others.

    Attributes:
        definitions: term → definition, in the order of the document.
    """

    __slots__ = ("definitions",)

    def __init__(self, context: JSONValue, *, nesting: int = 0) -> None:
        if not isinstance(context, dict) or nesting > _MAX_NESTING or len(context) > _MAX_MEMBERS:
            raise NotCompiledError
        if context.get("@version", 1.1) != 1.1:  # noqa: PLR2004 - the one version there is
            raise NotCompiledError
        protected = context.get("@protected", False)
        if not isinstance(protected, bool):
            raise NotCompiledError
        self.definitions: Final[Mapping[str, Definition]] = {
            term: _definition(term, value, protected=protected, nesting=nesting)
            for term, value in context.items()
            if term not in _CONTEXT_MEMBERS
        }


def _definition(term: str, value: JSONValue, *, protected: bool, nesting: int) -> Definition:
    """Create Term Definition (JSON-LD 1.1 API §4.2) for the forms that are understood."""
    if isinstance(value, str):
        if value.endswith(_MAKES_PREFIX):
            raise NotCompiledError
        value = {ID: value}
    if not isinstance(value, dict) or not value.keys() <= _DEFINITION_MEMBERS or not term or term[0] == "@":
        raise NotCompiledError
    own = value.get("@protected", protected)
    if not isinstance(own, bool):
        raise NotCompiledError
    coercion = _coercion(value.get(TYPE))
    containers, odd_container = _containers(value.get("@container", []), coercion)
    scoped, odd_scope = _scoped(value, term, nesting)
    return Definition(
        iri=_iri(term, value),
        coercion=coercion,
        containers=containers,
        scoped=scoped,
        is_odd=odd_container or odd_scope,
        is_protected=own,
        fingerprint=json.dumps({**value, "@protected": None}, sort_keys=True),
    )


def _iri(term: str, value: JSONObject) -> str:
    iri = value.get(ID)
    if term in _ALIASES:
        # Their names are W3C's for good (VCDM 2.0, 4.4 and 4.5); another meaning is left to the general path.
        if value.keys() - {"@protected"} == {ID} and iri == _ALIASES[term]:
            return _ALIASES[term]
        raise NotCompiledError
    if not isinstance(iri, str) or not is_iri(iri) or ":" in term:
        raise NotCompiledError
    if reserved().get(iri) != (term if term in reserved().values() else None):
        raise NotCompiledError
    return iri


def _coercion(kind: JSONValue) -> str | None:
    if kind is None or (isinstance(kind, str) and (kind in ("@id", "@vocab", "@json") or is_iri(kind))):
        return kind
    raise NotCompiledError


def _containers(value: JSONValue, coercion: str | None) -> tuple[frozenset[str], bool]:
    names = {name for name in (value if isinstance(value, list) else [value]) if isinstance(name, str)}
    if names in _CONTAINERS:
        return frozenset(names), any(coercion not in _COERCIONS_OF.get(name, (coercion,)) for name in names)
    if len(names) == 1 and names <= set(_ODD_CONTAINERS):
        return frozenset(names), True
    raise NotCompiledError


def _scoped(value: JSONObject, term: str, nesting: int) -> tuple[LocalContext | None, bool]:
    """The context within a definition; a null one is well defined, but not compiled."""
    if "@context" not in value:
        return None, False
    if value["@context"] is None:
        return None, True
    scoped = LocalContext(value["@context"], nesting=nesting + 1)
    if term in scoped.definitions:
        # A term that redefines itself within itself; processors disagree which of the two counts.
        raise NotCompiledError
    return scoped, False


class Vocabulary:
    """The terms that hold at one place of a document (an active context, JSON-LD 1.1 API §4.1).

    Attributes:
        terms: name → definition.
        outer: what holds again in nested objects, where a context scoped to a type was laid over it; else itself.
        known: IRI → the one term for it.
        table: what the compiled path makes of it, once it did.
    """

    __slots__ = ("_family", "_laid_over", "known", "outer", "table", "terms")

    def __init__(self, terms: dict[str, Definition], outer: "Vocabulary | None", family: "Family") -> None:
        self.terms: Final = terms
        self.outer: Final[Vocabulary] = self if outer is None else outer
        self.known: Final = {definition.iri: term for term, definition in terms.items()}
        if len(self.known) != len(terms):
            # Two terms for one IRI: which of them is the compact one depends on the value.
            raise NotCompiledError
        self.table: object = None
        self._family = family
        self._laid_over: dict[tuple[LocalContext, bool], Vocabulary] = {}

    def with_property(self, scoped: LocalContext | None) -> "Vocabulary":
        """What holds in the values of a property with this scoped context, which may redefine protected terms."""
        return self if scoped is None else self._with(scoped, by_type=False)

    def with_types(self, names: list[str]) -> "Vocabulary":
        """What holds in an object of these types, whose scoped contexts end at nested objects.

        Raises:
            Refusal: `context_invalid`, a protected term would be redefined.
        """
        result = self
        for name in sorted(names):
            scoped = self.terms[name].scoped
            if scoped is not None:
                result = result._with(scoped, by_type=True)
        return result

    def _with(self, scoped: LocalContext, *, by_type: bool) -> "Vocabulary":
        found = self._laid_over.get((scoped, by_type))
        if found is None:
            terms = laid_over(self.terms, scoped, override=not by_type)
            outer = None if self.outer is self else self.outer
            if by_type and outer is None:
                outer = self
            found = self._laid_over[scoped, by_type] = self._family.member(terms, outer, self)
        return found


class Family:
    """The vocabularies that one list of contexts brings about, each made once, whatever documents ask for them.

    Attributes:
        root: what holds at the top of a document.
    """

    MAX_MEMBERS: Final = 256
    """More than any one document needs. [chosen: W3C's examples need 7 at most]"""

    def __init__(self, contexts: list[LocalContext]) -> None:
        self._members: dict[tuple[frozenset[tuple[str, Definition]], Vocabulary | None], Vocabulary] = {}
        terms: dict[str, Definition] = {}
        for context in contexts:
            terms = laid_over(terms, context, override=False)
        if not _ALIASES.keys() <= terms.keys():
            raise NotCompiledError
        self.root: Final = Vocabulary(terms, None, self)

    def member(self, terms: dict[str, Definition], outer: Vocabulary | None, base: Vocabulary) -> Vocabulary:
        """The vocabulary of these terms; `base` if nothing differs from it.

        Raises:
            FamilyFullError: there is no room for another one.
        """
        if terms == base.terms:
            return base
        key = frozenset(terms.items()), outer
        found = self._members.get(key)
        if found is None:
            if len(self._members) >= self.MAX_MEMBERS:
                raise FamilyFullError
            found = self._members[key] = Vocabulary(terms, outer, self)
        return found


def laid_over(terms: Mapping[str, Definition], context: LocalContext, *, override: bool) -> dict[str, Definition]:
    """The definitions of `context` over others; one that says the same changes nothing.

    Raises:
        Refusal: `context_invalid`, a protected term would be redefined (JSON-LD 1.1 API §4.2.2 step 27).
    """
    result = dict(terms)
    for term, new in context.definitions.items():
        old = result.get(term)
        if old is not None and old.fingerprint == new.fingerprint:
            if old.is_protected or not new.is_protected:
                continue
        elif old is not None and old.is_protected and not override:
            raise _redefined(term, old, new)
        result[term] = new
    return result


def _redefined(term: str, old: Definition, new: Definition) -> Exception:
    """Plainly another meaning is refused; where only the writing differs, the general path compares."""
    if (old.iri, old.coercion, old.containers) != (new.iri, new.coercion, new.containers):
        return Refusal("context_invalid", [term])
    return NotCompiledError()
