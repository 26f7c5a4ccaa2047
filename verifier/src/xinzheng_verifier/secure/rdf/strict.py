"""What is asked of a document before any of its terms is looked up, by both paths or for the general one."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from xinzheng_schemas.contexts import BUNDLED, CREDENTIALS_V2
from xinzheng_schemas.strict_json import MAX_INTEGER, JSONObject, JSONValue
from xinzheng_verifier.limits import MAX_JSONLD_SCOPING, MAX_RDF_CONTEXTS, MAX_RDF_DEPTH, MAX_RDF_MEMBERS
from xinzheng_verifier.secure.rdf.refusals import Refusal

_SINGLE: Final = (
    *("issuer", "validFrom", "validUntil"),
    *("created", "cryptosuite", "expires", "proofPurpose", "verificationMethod"),
)
"""Members of a credential or a proof that hold one value (VCDM 2.0, 4.7, 4.9; vc-data-integrity 2.1). In an array they
mean the same graph, and something else to whoever reads the JSON."""
_KEYWORDS_OF_VALUES: Final = {"@value", "@language", "@direction"}


@cache
def reserved() -> Mapping[str, str]:
    """IRI → the one name under which a credential's own members are read.

    What W3C's base context scopes to `VerifiableCredential`; `name` and `description` aside, which are anybody's.
    """
    scoped = BUNDLED[CREDENTIALS_V2].document()["@context"]["VerifiableCredential"]["@context"]
    return {definition["@id"]: name for name, definition in scoped.items() if isinstance(definition, dict)}


def check_names(document: JSONObject, iris: Collection[str]) -> None:
    """Refuses members of a credential under other names, by a term that a context defines for the same IRI.

    Args:
        document: the document.
        iris: the IRIs of its members.

    Raises:
        Refusal: `not_compacted`.
    """
    for iri, name in reserved().items():
        if (iri in iris) != (name in document):
            raise Refusal("not_compacted", [name])


def context_urls(document: JSONObject) -> tuple[str, ...]:
    """The contexts that a document names; one alone may stand without an array.

    Raises:
        Refusal: `context_unknown` (none, or anything but URLs), `too_complex` (too many).
    """
    listed = document.get("@context")
    if isinstance(listed, str):
        listed = [listed]
    if not isinstance(listed, list) or not listed:
        raise Refusal("context_unknown", ["@context"])
    if len(listed) > MAX_RDF_CONTEXTS:
        raise Refusal("too_complex", ["@context"])
    urls = tuple(url for url in listed if isinstance(url, str))
    if len(urls) != len(listed):
        raise Refusal("context_unknown", ["@context"])
    return urls


def check_single(document: JSONObject) -> None:
    """Refuses an array around a value that stands alone: `not_compacted`."""
    for name in _SINGLE:
        if document.get(name).__class__ is list:
            raise Refusal("not_compacted", [name])


@dataclass(frozen=True)
class SpecialTerms:
    """Names that contexts give a meaning that changes how JSON is read.

    Attributes:
        aliases: names of keywords, `id` and `type` aside.
        json: names whose values are JSON literals, wherever they are defined.
        lists: names whose values are ordered lists.
        languages: names whose values are language maps.
        scoped: names that bring a context of their own, as member or as type.
        terms: how many terms there are; what it costs to lay a scoped context over them.
    """

    aliases: frozenset[str]
    json: frozenset[str]
    lists: frozenset[str]
    languages: frozenset[str]
    scoped: frozenset[str]
    terms: int

    @classmethod
    def of(cls, urls: Iterable[str], documents: Mapping[str, Mapping[str, JSONValue]]) -> "SpecialTerms":
        """Gathers the names from the contexts of these URLs, scoped and referenced contexts included."""
        kinds: dict[str, set[str]] = {}
        scoped: set[str] = set()
        seen: set[str] = set()
        waiting: list[JSONValue] = list(urls)
        while waiting:
            context = waiting.pop()
            if isinstance(context, str) and context not in seen:
                seen.add(context)
                waiting.append(dict(documents.get(context, {})))
            elif isinstance(context, list):
                waiting += context
            elif isinstance(context, dict):
                for term, definition in context.items():
                    if term == "@context":
                        waiting.append(definition)
                    elif term[:1] != "@":
                        kinds.setdefault(term, set()).add(_kind(term, definition))
                        if isinstance(definition, dict) and "@context" in definition:
                            scoped.add(term)
                            waiting.append(definition["@context"])
        names = {kind: frozenset(term for term in kinds if kinds[term] == {kind}) for kind in _KINDS}
        aliases = frozenset(term for term in kinds if "alias" in kinds[term])
        return cls(aliases, names["json"], names["list"], names["language"], frozenset(scoped), len(kinds))


_KINDS: Final = ("json", "list", "language")


def _kind(term: str, definition: JSONValue) -> str:
    """How a definition changes the reading of its term's values."""
    members: Mapping[str, JSONValue] = definition if isinstance(definition, dict) else {"@id": definition}
    iri = members.get("@id")
    if isinstance(iri, str) and iri[:1] == "@":
        return "plain" if (term, iri) in (("id", "@id"), ("type", "@type")) else "alias"
    container = members.get("@container")
    if members.get("@type") == "@json":
        return "json"
    for kind in ("list", "language"):
        if container == f"@{kind}" or (isinstance(container, list) and f"@{kind}" in container):
            return kind
    return "plain"


class Inspection:
    """One look over a whole document, its terms unresolved: what no context could make acceptable.

    Raises:
        Refusal: `context_unknown`, `not_compacted`, `data_loss`, `too_complex`, `number_range`, `not_canonical`.
    """

    def __init__(self, document: JSONObject, special: SpecialTerms) -> None:
        self._special = special
        self._left = MAX_RDF_MEMBERS
        self._scoping_left = MAX_JSONLD_SCOPING
        self._objects: dict[str, JSONObject] = {}
        members = {name: value for name, value in document.items() if name != "@context"}
        self._check_described_once(members)
        self._object(members, 1)

    def _spend(self, members: int, depth: int) -> None:
        self._left -= members
        if self._left < 0 or depth > MAX_RDF_DEPTH:
            raise Refusal("too_complex")

    def _object(self, members: JSONObject, depth: int) -> None:
        self._spend(len(members), depth)
        allowed: set[str] = _KEYWORDS_OF_VALUES if "@value" in members else set()
        if "@direction" in members and allowed:
            raise Refusal("data_loss")
        for name, value in members.items():
            try:
                if name not in allowed:
                    self._check_name(name)
                self._member(name, value, depth)
            except Refusal as refusal:
                refusal.path.append(str(name))
                raise

    def _check_name(self, name: str) -> None:
        if not isinstance(name, str):
            raise Refusal("not_canonical")
        if name == "@context":
            raise Refusal("context_unknown")
        if name[:1] == "@" or ":" in name or name in self._special.aliases:
            raise Refusal("not_compacted")
        self._text(name)

    def _member(self, name: str, value: JSONValue, depth: int) -> None:
        types = [value] if isinstance(value, str) else value
        self._scope([name, *types] if name == "type" and isinstance(types, list) else [name])
        if name in self._special.json:
            self._json(value, depth)
        elif isinstance(value, list):
            self._array(name, value, depth)
        else:
            self._value(name, value, depth)

    def _scope(self, names: list[JSONValue]) -> None:
        """PyLD lays a scoped context over the others anew each time that it is met."""
        met = sum(isinstance(name, str) and name in self._special.scoped for name in names)
        self._scoping_left -= met * self._special.terms
        if self._scoping_left < 0:
            raise Refusal("too_complex")

    def _array(self, name: str, values: list[JSONValue], depth: int) -> None:
        self._spend(len(values), depth)
        is_list = name in self._special.lists
        if not values and not is_list:
            raise Refusal("data_loss")
        for value in values:
            if isinstance(value, list):
                if not is_list:
                    raise Refusal("not_compacted")
                self._array(name, value, depth + 1)
            else:
                self._value(name, value, depth)

    def _value(self, name: str, value: JSONValue, depth: int) -> None:
        if isinstance(value, dict):
            if name not in self._special.languages:
                self._check_described_once(value)
            self._object(value, depth + 1)
        else:
            self._scalar(value)

    def _check_described_once(self, members: JSONObject) -> None:
        identifier = members.get("id")
        named = isinstance(identifier, str) and len(members) > 1
        if named and self._objects.setdefault(str(identifier), members) != members:
            raise Refusal("not_compacted", ["id"])

    def _json(self, value: JSONValue, depth: int) -> None:
        """A JSON literal: only its size counts, its content is anybody's."""
        if isinstance(value, dict | list):
            self._spend(len(value), depth + 1)
            for item in value.values() if isinstance(value, dict) else value:
                self._json(item, depth + 1)

    def _scalar(self, value: JSONValue) -> None:
        if value is None:
            raise Refusal("data_loss")
        if isinstance(value, str):
            self._text(value)
        elif not isinstance(value, int | float):
            raise Refusal("not_canonical")
        elif value - value != 0 or (isinstance(value, int) and abs(value) > MAX_INTEGER):
            raise Refusal("number_range")

    def _text(self, text: str) -> None:
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise Refusal("not_canonical")
