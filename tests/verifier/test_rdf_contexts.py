"""Contexts that the caller brings: compiled if simple, read by the general path if not, refused if they lie."""

import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from support.rdf_paths import NOT_COMPILED, compiled, general
from xinzheng_schemas.contexts import CREDENTIALS_V2, CREDIT_REPAIR_V1
from xinzheng_verifier.errors import RefusedError
from xinzheng_verifier.secure.rdf import canonical_nquads, readers
from xinzheng_verifier.secure.rdf.compiled import table_of
from xinzheng_verifier.secure.rdf.contexts import Family

URL = "https://a.example/context"
NS = "https://a.example/ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"
BASE = {"@context": [CREDENTIALS_V2, URL], "type": "VerifiableCredential", "issuer": "did:a:b"}


def context(**terms: Any) -> dict[str, Any]:
    return {URL: {"@context": terms}}


def credential(**subject: Any) -> dict[str, Any]:
    return {**BASE, "credentialSubject": subject}


def outcome(document: Any, contexts: dict[str, Any]) -> str:
    try:
        return canonical_nquads(document, contexts=contexts, hash_name="sha256").decode()
    except RefusedError as refusal:
        return refusal.code


COMPILED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "plain term": (context(a=f"{NS}a"), credential(a="x"), f'<{NS}a> "x" .'),
    "text of a datatype": (context(a={"@id": f"{NS}a", "@type": f"{XSD}string"}), credential(a="x"), f'<{NS}a> "x" .'),
    "numbers of a datatype": (
        context(a={"@id": f"{NS}a", "@type": f"{XSD}double"}),
        credential(a=[1, 0.5, 1e21, True]),
        f'<{NS}a> "1.0E0"^^<{XSD}double> .',
    ),
    "set": (context(a={"@id": f"{NS}a", "@container": ["@set"]}), credential(a=["x", "y"]), f'<{NS}a> "y" .'),
    "languages": (
        context(a={"@id": f"{NS}a", "@container": ["@set", "@language"]}),
        credential(a={"en": ["x", "y"], "zh-Hans": "z"}),
        f'<{NS}a> "z"@zh-hans .',
    ),
    "scoped to a property": (
        context(a={"@id": f"{NS}a", "@context": {"b": f"{NS}b"}}),
        credential(a={"b": "x", "id": "urn:n"}),
        f'<urn:n> <{NS}b> "x" .',
    ),
    "scoped to a property within one scoped to a property": (
        context(a={"@id": f"{NS}a", "@context": {"b": {"@id": f"{NS}b", "@context": {"c": f"{NS}c"}}}}),
        credential(a={"b": {"c": "x", "b": {"b": {"c": "y"}}}}),
        f'<{NS}c> "y" .',
    ),
    "scoped to a type, and ended by the next object": (
        context(A={"@id": f"{NS}A", "@context": {"b": f"{NS}b"}}, b=f"{NS}outer", c={"@id": f"{NS}c", "@type": "@id"}),
        credential(type="A", b="x", c={"b": "y", "id": "urn:n"}),
        f'<urn:n> <{NS}outer> "y" .',
    ),
    "scoped to two types, in the order of their names": (
        context(A={"@id": f"{NS}A", "@context": {"b": f"{NS}b1"}}, B={"@id": f"{NS}B", "@context": {"b": f"{NS}b2"}}),
        credential(type=["B", "A"], b="x"),
        f'<{NS}b2> "x" .',
    ),
    "protected by one definition": (
        context(a={"@id": f"{NS}a", "@protected": True}),
        credential(a="x"),
        f'<{NS}a> "x" .',
    ),
    "protected again by the same definition": (
        {URL: {"@context": {"@version": 1.1, "@protected": True, "name": "https://schema.org/name"}}},
        credential(name="x"),
        '<https://schema.org/name> "x" .',
    ),
    "not protected, then redefined for a type": (
        context(a=f"{NS}a", A={"@id": f"{NS}A", "@context": {"a": {"@id": f"{NS}a", "@protected": True}}}),
        credential(type="A", a="x"),
        f'<{NS}a> "x" .',
    ),
    "words of a vocabulary": (
        context(a={"@id": f"{NS}a", "@type": "@vocab"}, b={"@id": f"{NS}b", "@container": "@set"}),
        credential(a=["b", "https://b.example/c", "b"]),
        f"<{NS}a> <{NS}b> .",
    ),
}


@pytest.mark.parametrize("what", COMPILED)
def test_simple_contexts_are_compiled(what: str) -> None:
    contexts, document, line = COMPILED[what]
    answer = compiled(document, contexts)
    assert isinstance(answer, str)
    assert answer == general(document, contexts) != NOT_COMPILED
    assert line in answer


GENERAL: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "@vocab": (context(**{"@vocab": NS}), credential(a="x"), f'<{NS}a> "x" .'),
    "prefix": (context(p=NS, a="p:a"), credential(a="x"), f'<{NS}a> "x" .'),
    "ordered list": (
        context(a={"@id": f"{NS}a", "@container": "@list"}),
        credential(a=["x", ["y"], []]),
        '<http://www.w3.org/1999/02/22-rdf-syntax-ns#first> "y" .',
    ),
    "ids as keys": (
        context(a={"@id": f"{NS}a", "@container": "@id"}, b=f"{NS}b"),
        credential(a={"urn:x": {"b": "x"}}),
        "not_compacted",
    ),
    "index": (context(a={"@id": f"{NS}a", "@container": "@index"}), credential(a={"i": "x"}), "data_loss"),
    "index of objects": (
        context(a={"@id": f"{NS}a", "@container": "@index"}),
        credential(a={"i": {"name": "x"}}),
        "data_loss",
    ),
    "context that PyLD stumbles over": (
        context(**{"@propagate": True}, a=f"{NS}a"),
        {**credential(a="x"), "@context": [URL, CREDENTIALS_V2]},
        "data_loss",
    ),
    "malformed nest": (context(a={"@id": f"{NS}a", "@nest": 5}), credential(a="x"), "context_invalid"),
    "types as keys": (
        context(a={"@id": f"{NS}a", "@container": "@type"}, b=f"{NS}b", T=f"{NS}T"),
        credential(a={"T": {"b": "x"}}),
        f'<{NS}b> "x" .',
    ),
    "reverse property": (
        context(a={"@reverse": f"{NS}a"}),
        credential(id="urn:s", a={"id": "urn:o"}),
        f"<urn:o> <{NS}a> <urn:s> .",
    ),
    "two terms for one IRI": (context(a=f"{NS}a", b=f"{NS}a"), credential(a="x"), f'<{NS}a> "x" .'),
    "second term for one IRI": (context(a=f"{NS}a", b=f"{NS}a"), credential(b="x"), "not_compacted"),
    "another name of a known term": (
        context(goodUntil={"@id": "https://www.w3.org/2018/credentials#validUntil", "@type": f"{XSD}dateTime"}),
        {**credential(id="urn:s"), "goodUntil": "2027-01-01T00:00:00Z"},
        "not_compacted",
    ),
    "name of a known term, for something else": (
        context(evidence=f"{NS}evidence"),
        credential(evidence="x"),
        f'<{NS}evidence> "x" .',
    ),
    "name of a member of credentials, for something else": (
        context(evidence=f"{NS}evidence"),
        {"@context": [CREDENTIALS_V2, URL], "id": "urn:x", "evidence": "x"},
        "not_compacted",
    ),
    "alias of a keyword": (context(value="@value"), credential(name={"value": "x"}), "not_compacted"),
    "alias of @nest": (context(more="@nest"), credential(more={"name": "x"}), "not_compacted"),
    "alias of @id": (context(uri={"@id": "@id"}), credential(uri="urn:x", name="x"), "not_compacted"),
    "language of a term": (context(a={"@id": f"{NS}a", "@language": "en"}), credential(a="x"), f'<{NS}a> "x"@en .'),
    "null term": (context(a=None), credential(a="x"), "data_loss"),
    "term without IRI": (context(a="a"), credential(name="x"), "context_invalid"),
    "no object": ({URL: {"@context": "x"}}, credential(name="x"), "context_unknown"),
    "no context in the document": ({URL: {"a": 1}}, credential(name="x"), '<https://schema.org/name> "x" .'),
    "list of contexts": (
        {URL: {"@context": [{"a": f"{NS}a"}, {"b": f"{NS}b"}]}},
        credential(a="x", b="y"),
        f'<{NS}b> "y" .',
    ),
    "context that names another": (
        {
            URL: {"@context": ["https://b.example/context", {"b": f"{NS}b"}]},
            "https://b.example/context": {"@context": {"a": f"{NS}a"}},
        },
        credential(a="x", b="y"),
        f'<{NS}a> "x" .',
    ),
    "context that names an unknown one": (
        {URL: {"@context": ["https://b.example/context"]}},
        credential(name="y"),
        "context_unknown",
    ),
    "direction": (context(**{"@direction": "rtl"}, a=f"{NS}a"), credential(a="x"), "data_loss"),
    "blank node as property": (context(a="_:p"), credential(a="x"), "data_loss"),
    "blank node as datatype": (context(a={"@id": f"{NS}a", "@type": "_:t"}), credential(a="x"), "context_invalid"),
    "other version": (context(**{"@version": 1.0}), credential(name="x"), "context_invalid"),
    "protection that is no truth value": (context(**{"@protected": "yes"}), credential(name="x"), '"x" .'),
    "protection of a term that is none": (context(a={"@id": f"{NS}a", "@protected": 1}), credential(name="x"), '"x" .'),
    "unknown container": (context(a={"@id": f"{NS}a", "@container": "@none"}), credential(name="x"), "context_invalid"),
    "type that is no IRI": (context(a={"@id": f"{NS}a", "@type": "x"}), credential(name="x"), "context_invalid"),
    "keyword as term": (context(**{"@type": f"{NS}a"}), credential(name="x"), "data_loss"),
    "term scoped within itself": (
        context(a={"@id": f"{NS}a", "@context": {"a": f"{NS}b"}}),
        credential(a={"a": "x", "id": "urn:x"}),
        f'<urn:x> <{NS}b> "x" .',
    ),
    "languages of a datatype": (
        context(a={"@id": f"{NS}a", "@container": "@language", "@type": f"{XSD}string"}),
        credential(a={"en": "x"}),
        "not_compacted",
    ),
    "a language that is also a term": (
        context(a={"@id": f"{NS}a", "@container": "@language"}, p=NS),
        credential(a={"id": "x", "en": "y"}, name={"@value": "x", "@language": "ID"}),
        f'<{NS}a> "x"@id .',
    ),
    "same meaning in other words": (
        context(name={"@id": "https://schema.org/name"}, p=NS),
        credential(name="x"),
        '<https://schema.org/name> "x" .',
    ),
    "protected container, written otherwise": (
        context(
            proof={
                "@type": "@id",
                "@id": "https://w3id.org/security#proof",
                "@container": ["@graph"],
                "@protected": True,
            }
        ),
        credential(name="x"),
        '<https://schema.org/name> "x" .',
    ),
}


@pytest.mark.parametrize("what", GENERAL)
def test_others_are_left_to_the_general_path(what: str) -> None:
    contexts, document, wanted = GENERAL[what]
    assert compiled(document, contexts) == NOT_COMPILED
    answer = outcome(document, contexts)
    assert wanted in answer if wanted.endswith(".") else answer == wanted


REDEFINED = {
    "of the base context": context(name=f"{NS}name"),
    "of the aliases": context(id="@type"),
    "within the types of a credential": {
        URL: {"@context": {"A": {"@id": f"{NS}A", "@context": {"description": f"{NS}description"}}}}
    },
    "another datatype": context(digestSRI={"@id": "https://www.w3.org/2018/credentials#digestSRI"}),
}


@pytest.mark.parametrize("what", REDEFINED)
def test_protected_terms_are_not_redefined(what: str) -> None:
    document = {
        **credential(name="x"),
        "type": ["VerifiableCredential", "A"] if "types" in what else "VerifiableCredential",
    }
    assert outcome(document, REDEFINED[what]) == "context_invalid"
    answer = compiled(document, REDEFINED[what])
    assert answer in (NOT_COMPILED, ("context_invalid",))


def test_bundled_contexts_cannot_be_replaced() -> None:
    document = {**BASE, "@context": [CREDENTIALS_V2], "credentialSubject": {"a": "x"}}
    assert (
        outcome(document, {CREDENTIALS_V2: {"@context": {"@vocab": NS, "id": "@id", "type": "@type"}}}) == "data_loss"
    )


def test_context_without_the_aliases_is_no_basis() -> None:
    document = {**BASE, "@context": [URL], "credentialSubject": {"a": "x"}}
    assert compiled(document, context(a=f"{NS}a")) == NOT_COMPILED
    assert outcome(document, context(a=f"{NS}a")) == "data_loss"


def test_callers_do_not_see_each_others_contexts() -> None:
    document = credential(a="x")
    one, other = context(a=f"{NS}one"), context(a=f"{NS}other", **{"@vocab": NS})
    for _ in range(2):
        assert f"<{NS}one>" in outcome(document, one)
        assert f"<{NS}other>" in outcome(document, other)
        assert outcome(document, {}) == "context_unknown"


def test_contexts_are_made_ready_once_and_no_more_are_kept_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_kept", {})
    contexts = context(a=f"{NS}a")
    first = readers.readers_for((CREDENTIALS_V2, URL), contexts)
    assert readers.readers_for((CREDENTIALS_V2, URL), dict(contexts)) is first
    assert readers.readers_for((CREDENTIALS_V2, URL), copy.deepcopy(contexts)) is not first
    for number in range(100):
        (
            readers.readers_for((CREDENTIALS_V2,), {}),
            readers.readers_for((URL, CREDENTIALS_V2), context(a=f"{NS}{number}")),
        )
    assert len(readers._kept) == readers._MAX_KEPT


def many_types(count: int) -> dict[str, Any]:
    return context(
        **{f"T{n}": {"@id": f"{NS}T{n}", "@context": {"x": f"{NS}x{n}"}} for n in range(count)}, e={"@id": f"{NS}e"}
    )


PROPERTIES = 10
EXPLOSIVE = context(
    **{f"p{n}": {"@id": f"{NS}p{n}", "@context": {f"x{n}": f"{NS}x{n}"}} for n in range(PROPERTIES)},
    e={"@id": f"{NS}e"},
)


def explosion(vocabularies: int) -> dict[str, Any]:
    """A document that needs so many vocabularies and no more."""
    value: list[Any] = [{"name": "x"}]
    for number in range(PROPERTIES):
        value = [{f"p{number}": inner} for inner in value] + value
    return credential(e=sorted(value, key=lambda item: len(str(item)))[: vocabularies + 1])


DEEP = credential(p0={"x0": "a"})
for _n in range(1, PROPERTIES):
    DEEP = credential(**{f"p{_n}": DEEP["credentialSubject"]})


def members(contexts: dict[str, Any]) -> int:
    """How many vocabularies are kept for these contexts."""
    path = readers.readers_for((CREDENTIALS_V2, URL), contexts).compiled
    assert path is not None
    return len(path._root.vocabulary._family._members)


def test_explosion_of_scoped_contexts_is_refused_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_kept", {})
    assert compiled(explosion(Family.MAX_MEMBERS * 2), EXPLOSIVE) == ("too_complex",)
    assert members(EXPLOSIVE) == Family.MAX_MEMBERS
    assert f'<{NS}x0> "a"' in outcome(DEEP, EXPLOSIVE)
    assert members(EXPLOSIVE) < 20


@pytest.mark.parametrize("left", [0, 1, 3])
def test_room_that_one_document_took_refuses_no_other(left: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much of it a document before has taken, and whether that was refused or not."""
    monkeypatch.setattr(readers, "_kept", {})
    alone = outcome(DEEP, EXPLOSIVE)
    readers._kept.clear()
    filling = explosion(Family.MAX_MEMBERS)
    while outcome(filling, EXPLOSIVE) == "too_complex" or members(EXPLOSIVE) > Family.MAX_MEMBERS - left:
        filling["credentialSubject"]["e"].pop()
        readers._kept.clear()
    assert members(EXPLOSIVE) == Family.MAX_MEMBERS - left
    assert outcome(DEEP, EXPLOSIVE) == alone
    assert outcome(filling, EXPLOSIVE) == outcome(filling, EXPLOSIVE) != "too_complex"
    assert outcome(DEEP, EXPLOSIVE) == alone


def test_documents_at_once_do_not_refuse_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_kept", {})
    filling = explosion(Family.MAX_MEMBERS * 2)
    honest = [credential(**{f"p{n}": {f"p{m}": {f"x{m}": "a"}}}) for n in range(PROPERTIES) for m in range(PROPERTIES)]
    expected = [outcome(document, EXPLOSIVE) for document in honest]
    assert "too_complex" not in expected
    done = threading.Event()

    def fill() -> None:
        while not done.is_set():
            assert outcome(filling, EXPLOSIVE) == "too_complex"

    with ThreadPoolExecutor(2) as pool:
        hostile = [pool.submit(fill) for _ in range(2)]
        answers = [[outcome(document, EXPLOSIVE) for document in honest] for _ in range(2)]
        done.set()
        for one in hostile:
            one.result()
    assert answers == [expected] * 2


def test_list_in_use_outlives_any_number_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_kept", {})
    ours = (CREDENTIALS_V2, CREDIT_REPAIR_V1)
    first = readers.readers_for(ours, {})
    for number in range(readers._MAX_KEPT * 3):
        junk = tuple(CREDIT_REPAIR_V1 if number >> bit & 1 else CREDENTIALS_V2 for bit in range(8))
        readers.readers_for((CREDENTIALS_V2, *junk), {})
        if not number % 8:
            assert readers.readers_for(ours, {}) is first
    assert len(readers._kept) == readers._MAX_KEPT
    for number in range(readers._MAX_KEPT * 3):  # what is in use no more goes
        readers.readers_for((CREDENTIALS_V2, URL), context(a=f"{NS}{number}"))
    assert readers.readers_for(ours, {}) is not first


def test_types_are_remembered_up_to_a_limit() -> None:
    contexts = many_types(20)
    objects = [{"type": [f"T{a}", f"T{b}"], "x": "y"} for a in range(20) for b in range(20)]
    document = credential(e=objects)
    assert outcome(document, contexts) == outcome(document, contexts)
    few = credential(e=objects[:30])
    assert compiled(few, contexts) == general(few, contexts)


def test_types_of_one_document_leave_room_for_those_of_others() -> None:
    contexts = many_types(20)
    outcome(credential(e=[{"type": [f"T{a}", f"T{b}"], "x": "y"} for a in range(20) for b in range(20)]), contexts)
    honest = credential(e={"type": ["T3", "T4", "T5"], "x": "y"})
    assert "T5" in outcome(honest, contexts)
    path = readers.readers_for((CREDENTIALS_V2, URL), contexts).compiled
    assert path is not None
    _, table = path._root.typed("VerifiableCredential")
    for name in ("credentialSubject", "e"):
        within = table.vocabulary
        table = table_of(within.outer.with_property(within.terms[name].scoped))
    assert ("T3", "T4", "T5") in table._types
    assert len(table._types) <= 256


TWINS = (
    ("boolean", "false", False),
    ("boolean", "true", True),
    ("boolean", "1", 1),
    ("integer", "5", 5),
    ("integer", "-7", -7),
    ("positiveInteger", "2", 2),
    ("unsignedByte", "0", 0),
    ("integer", "true", True),
    ("integer", "100000000000000000000", 1e20),
    ("double", "-0.0E0", -0.0),
    ("decimal", "5.5E0", 5.5),
    ("double", "5.0E0", 5),
    ("double", "1.0E21", 1e21),
    ("float", "1.25E-3", 0.00125),
)


@pytest.mark.parametrize(("datatype", "text", "native"), TWINS)
def test_text_in_place_of_a_number_or_truth_value_is_refused(datatype: str, text: str, native: Any) -> None:
    """It would be the same graph under the same signature, and something else to whoever reads the JSON."""
    simple = context(a={"@id": f"{NS}a", "@type": XSD + datatype})
    odd = context(a={"@id": f"{NS}a", "@type": XSD + datatype}, b={"@id": f"{NS}b", "@container": "@list"})
    said = f'<{NS}a> "{text}"^^<{XSD}{datatype}> .'
    assert said in outcome(credential(a=native), simple)
    assert said in outcome(credential(a=native, b=["x"]), odd)
    for value in (text, ["x", text], {"@value": text, "type": XSD + datatype}):
        assert outcome(credential(a=value), simple) == "not_compacted"
        assert outcome(credential(a=value, b=["x"]), odd) == "not_compacted"
    plain = context(a=f"{NS}a")
    assert outcome(credential(a={"@value": text, "type": XSD + datatype}), plain) == "not_compacted"


@pytest.mark.parametrize(
    ("datatype", "text"),
    [
        ("integer", "05"),
        ("integer", "9007199254740993"),
        ("integer", "-0"),
        ("integer", "1000000000000000000000"),
        ("integer", "+5"),
        ("integer", "five"),
        ("integer", "5.0E0"),
        ("decimal", "5.50"),
        ("decimal", "5.0E0"),
        ("double", "5"),
        ("double", "INF"),
        ("double", "1.0E999"),
        ("double", "0.1E1"),
        ("boolean", "TRUE"),
        ("string", "5"),
        ("date", "2026"),
        ("string", "true"),
    ],
)
def test_text_that_no_number_or_truth_value_says_is_a_text(datatype: str, text: str) -> None:
    contexts = context(a={"@id": f"{NS}a", "@type": XSD + datatype})
    document = credential(a=text)
    assert f'<{NS}a> "{text}"' in outcome(document, contexts)
    assert compiled(document, contexts) == general(document, contexts)
