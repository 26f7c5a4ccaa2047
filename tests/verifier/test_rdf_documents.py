"""JSON-LD is read strictly: what RDF would drop, or what JSON readers would read otherwise, is refused."""

import inspect
import json
import os
import resource
import subprocess
import sys
import time
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.rdf_paths import NOT_COMPILED, compiled, general
from support.samples import ABSENT, zaoyang_credential
from xinzheng_schemas.contexts import CREDENTIALS_V2, CREDIT_REPAIR_V1, DATA_INTEGRITY_V2
from xinzheng_verifier.errors import RefusedError, UndecidedError
from xinzheng_verifier.secure.rdf import canonical_nquads

LONGEST = 0.9  # seconds of processor time for any document
MOST_MEMORY = 200 * 2**20
OWN = "https://xinzheng.example/ns/credit-repair/v1#"
VC = "https://www.w3.org/2018/credentials#"
XSD = "http://www.w3.org/2001/XMLSchema#"


def vcdm(**members: Any) -> dict[str, Any]:
    base = {"@context": [CREDENTIALS_V2], "type": "VerifiableCredential", "issuer": "did:a:b"}
    return {**base, "credentialSubject": {"id": "urn:s"}, **members}


def court(**members: Any) -> dict[str, Any]:
    return zaoyang_credential(members)


def scope(statement: Any) -> dict[str, Any]:
    return {**zaoyang_credential(), "scopeStatement": statement}


def subject(**members: Any) -> dict[str, Any]:
    return zaoyang_credential({"credentialSubject": members})


def outcome(document: Any) -> str:
    try:
        canonical_nquads(document, contexts={}, hash_name="sha256")
    except RefusedError as refusal:
        return refusal.code
    return "ok"


URL = "https://a.example/x"
REFUSED: dict[str, list[tuple[Any, str]]] = {
    "L01 unknown context": [
        (court(**{"@context": [CREDENTIALS_V2, CREDIT_REPAIR_V1, "https://evil.example/v1"]}), "context_unknown"),
        (court(**{"@context": ["https://evil.example/v1"]}), "context_unknown"),
        (court(**{"@context": "https://evil.example/v1"}), "context_unknown"),
        (court(**{"@context": ABSENT}), "context_unknown"),
        (court(**{"@context": []}), "context_unknown"),
    ],
    "L03 inline context": [
        (court(**{"@context": [CREDENTIALS_V2, {"@vocab": "https://evil.example/"}]}), "context_unknown"),
        (court(**{"@context": {"@import": CREDENTIALS_V2}}), "context_unknown"),
        (court(**{"@context": [CREDENTIALS_V2, {"@propagate": False}]}), "context_unknown"),
        (court(**{"@context": [CREDENTIALS_V2, {"@base": "https://evil.example/"}]}), "context_unknown"),
        (court(**{"@context": [[CREDENTIALS_V2]]}), "context_unknown"),
    ],
    "L04 nested context": [
        (subject(**{"@context": CREDENTIALS_V2}), "context_unknown"),
        (subject(**{"@context": None}), "context_unknown"),
        (subject(masking={"@context": [CREDENTIALS_V2]}), "context_unknown"),
        (vcdm(evidence=[{"@context": {}, "type": URL}]), "context_unknown"),
    ],
    "L05 null context, protected terms": [
        (court(**{"@context": None}), "context_unknown"),
        (court(**{"@context": [CREDENTIALS_V2, None]}), "context_unknown"),
    ],
    "L06 keywords and prefixes": [
        (court(validUntil=ABSENT, **{f"{VC}validUntil": "2027-05-23T08:00:00Z"}), "not_compacted"),
        (subject(**{"schema:name": "x"}), "not_compacted"),
        (court(**{"@nest": {"validUntil": "2027-05-23T08:00:00Z"}}), "not_compacted"),
        (court(**{"@reverse": {"issuer": {"id": "urn:x"}}}), "not_compacted"),
    ],
    "L07 full IRIs": [
        (subject(name=ABSENT, **{"https://schema.org/name": "x"}), "not_compacted"),
        (subject(subjectKind=f"{OWN}naturalPerson"), "not_compacted"),
        (court(type=["VerifiableCredential", f"{OWN}CreditRepairCredential"]), "not_compacted"),
    ],
    "L08 undefined terms": [
        (subject(creditworthy=True), "data_loss"),
        (court(validUnti1="2027-05-23T08:00:00Z"), "data_loss"),
        (subject(masking={"enforcementCourt ": "x"}), "data_loss"),
        (subject(**{"": "x"}), "data_loss"),
        (subject(subjectKind="robot"), "data_loss"),
        (subject(validUntil="2027-05-23T08:00:00Z"), "data_loss"),
    ],
    "L09 nothing is defined": [
        ({"@context": [CREDENTIALS_V2], "a": "b"}, "data_loss"),
        ({"@context": [CREDENTIALS_V2], "id": "urn:x"}, "data_loss"),
        ({"@context": [CREDENTIALS_V2]}, "data_loss"),
    ],
    "L10 relative IRIs": [
        (court(id="42"), "data_loss"),
        (court(id=""), "data_loss"),
        (court(id="#list"), "data_loss"),
        (court(id="//host/x"), "data_loss"),
        (court(id="http://a b/"), "data_loss"),
        (court(id="urn:<x>"), "data_loss"),
        (court(id="_:"), "data_loss"),
        (court(id=7), "data_loss"),
        (court(id=["urn:a"]), "data_loss"),
        (court(issuer="枣阳"), "data_loss"),
        (court(issuer={"id": "x", "name": "A"}), "data_loss"),
        (vcdm(type=["VerifiableCredential", "Unknown"]), "data_loss"),
        (vcdm(type=["VerifiableCredential", "_:t"]), "data_loss"),
        (vcdm(type=["VerifiableCredential", "type"]), "data_loss"),
        (vcdm(type=["VerifiableCredential", 5]), "data_loss"),
        (vcdm(type={"a": "b"}), "data_loss"),
        (vcdm(type=[]), "data_loss"),
        (vcdm(type=5), "data_loss"),
    ],
    "L11 wrappers": [
        (court(**{"@graph": [{}]}), "not_compacted"),
        (court(**{"@included": [{}]}), "not_compacted"),
        (subject(purpose={"@set": ["financing"]}), "not_compacted"),
        (subject(purpose={"@list": ["financing"]}), "not_compacted"),
        (subject(purpose=[["financing"]]), "not_compacted"),
        (court(validUntil=["2027-05-23T08:00:00Z"]), "not_compacted"),
        (court(issuer=["did:a:b"]), "not_compacted"),
        (subject(name={"@value": "王某"}), "not_compacted"),
        (subject(name={"@value": "王某", "@language": "zh", "@index": "i"}), "not_compacted"),
        (subject(caseFiledDate={"@value": "2022-03-10", "type": f"{XSD}date"}), "not_compacted"),
        (court(validUntil={"id": "urn:x"}), "not_compacted"),
        (scope("x"), "not_compacted"),
        (scope([{"en": "x"}]), "not_compacted"),
        (court(issuer=5), "not_compacted"),
        (subject(idType=True), "not_compacted"),
        (vcdm(proof={"@value": "x"}), "not_compacted"),
    ],
    "L12 keywords beside their names": [
        (court(**{"@type": ["VerifiableCredential"]}), "not_compacted"),
        (court(id=ABSENT, **{"@id": "urn:x"}), "not_compacted"),
        (subject(**{"@foo": "x"}), "not_compacted"),
        (subject(**{"@language": "en"}), "not_compacted"),
        (court(**{"@value": "x"}), "not_compacted"),
    ],
    "L18 what RDF would drop": [
        (subject(name=None), "data_loss"),
        (subject(name=[None]), "data_loss"),
        (subject(purpose=[]), "data_loss"),
        (court(credentialStatus=[]), "data_loss"),
        (scope({}), "data_loss"),
        (scope({"en": None}), "data_loss"),
        (scope({"en": []}), "data_loss"),
        (scope({"not a tag": "x"}), "data_loss"),
        (scope(None), "data_loss"),
        (subject(name={"@value": None}), "data_loss"),
        (subject(name={"@value": "x", "@language": "not a tag"}), "data_loss"),
        (subject(name={"@value": 5, "@language": "en"}), "data_loss"),
        (subject(name={"@value": "x", "@language": "ar", "@direction": "rtl"}), "data_loss"),
        (subject(name=0.1 + 0.2), "data_loss"),
    ],
    "one resource in two places": [
        (court(credentialSubject={"id": "urn:uuid:0192f3a1-7c5e-4b8a-9d1e-3f5a7b9c1d2e"}), "not_compacted"),
        (vcdm(credentialSubject=[{"id": "urn:a", "name": "x"}, {"id": "urn:a", "description": "y"}]), "not_compacted"),
    ],
    "two spellings of one language": [
        (scope({"en": "x", "EN": "y"}), "not_compacted"),
        (scope({"@none": "x"}), "not_compacted"),
    ],
    "values that have no canonical form": [
        (subject(sequence=2**53), "number_range"),
        (subject(sequence=float("nan")), "number_range"),
        (subject(sequence=float("-inf")), "number_range"),
        (subject(name="\ud800"), "not_canonical"),
        (subject(name=b"x"), "not_canonical"),
        (subject(name={"x"}), "not_canonical"),
        ([court()], "not_canonical"),
        ("x", "not_canonical"),
    ],
}
CASES = [
    pytest.param(*case, id=f"{name}-{number}") for name, cases in REFUSED.items() for number, case in enumerate(cases)
]


@pytest.mark.parametrize(("document", "code"), CASES)
def test_refused(document: Any, code: str) -> None:
    assert outcome(document) == code


@pytest.mark.parametrize(("document", "code"), CASES)
def test_refused_by_the_general_path_alone_too(document: Any, code: str) -> None:
    if isinstance(document, dict):
        assert isinstance(general(document), tuple), code


def test_members_that_are_no_text_are_refused() -> None:
    document: Any = {**court(), 5: "x"}
    assert outcome(document) == "not_canonical"
    assert general(document) == ("not_canonical",)


def test_the_place_is_named() -> None:
    for document, field in (
        (subject(masking={"a/b~c": 1}), "/credentialSubject/masking/a~1b~0c"),
        (subject(**{"x" * 500: 1}), f"/credentialSubject/{'x' * 181}"),
        (court(validUntil=["x"]), "/validUntil"),
        (court(**{"@context": "urn:x"}), "/@context"),
    ):
        with pytest.raises(RefusedError) as refused:
            canonical_nquads(document, contexts={}, hash_name="sha256")
        assert refused.value.field == field


SAME = {
    "order of members": (court(), dict(reversed(court().items()))),
    "order of types": (court(), court(type=["CreditRepairCredential", "VerifiableCredential"])),
    "one value, or an array of it": (subject(purpose=["financing"]), subject(purpose="financing")),
    "repeated value": (subject(purpose=["financing"]), subject(purpose=["financing", "financing"])),
    "name, or object of only that name": (court(issuer="did:a:b"), court(issuer={"id": "did:a:b"})),
    "case of a language tag": (
        subject(name={"@value": "x", "@language": "zh-CN"}),
        subject(name={"@value": "x", "@language": "zh-cn"}),
    ),
    "integral number": (subject(sequence=1), subject(sequence=1.0)),
    "context alone": (vcdm(), vcdm(**{"@context": CREDENTIALS_V2})),
    "context named twice": (vcdm(), vcdm(**{"@context": [CREDENTIALS_V2, CREDENTIALS_V2]})),
    "everything has a name": (vcdm(id="urn:c"), vcdm(id="urn:c", issuer={"id": "did:a:b"})),
    "blank node that refers to itself": (vcdm(id="_:a", evidence=["_:a"]), vcdm(id="_:b", evidence="_:b")),
    "labels of blank nodes": (vcdm(id="_:a", evidence="_:b"), vcdm(id="_:x9", evidence="_:y.z")),
    "the data integrity context beside the base context": (
        vcdm(),
        vcdm(**{"@context": [CREDENTIALS_V2, DATA_INTEGRITY_V2]}),
    ),
}


@pytest.mark.parametrize("what", SAME)
def test_same_bytes_however_it_is_written(what: str) -> None:
    answers = {answer for document in SAME[what] for answer in (compiled(document), general(document))}
    assert len(answers) == 1
    assert isinstance(answers.pop(), str)


def test_resource_in_two_places_with_the_same_members_is_one() -> None:
    issuer = {"id": "did:a:b", "name": "A"}
    document = vcdm(issuer=issuer, evidence=[{"type": URL, "name": "e"}, issuer])
    assert compiled(document) == general(document)
    assert outcome(document) == "ok"


# --- rare things ----------------------------------------------------------------------------------------------------

PROOF = {"type": "DataIntegrityProof", "cryptosuite": "x", "proofValue": "z1"}
RARE = {
    "JSON literal": vcdm(
        credentialSchema={"type": "JsonSchema", "jsonSchema": {"b": [1, None, "é"], "a": {"@id": []}}}
    ),
    "proof of a chain": vcdm(proof={**PROOF, "id": "urn:p", "created": "2026-11-23T08:00:00Z"}),
    "proofs of a chain": vcdm(proof=[PROOF, {**PROOF, "previousProof": "urn:p", "nonce": "n"}], evidence=[{}, {}]),
}


@pytest.mark.parametrize("what", RARE)
def test_rare_and_compiled_all_the_same(what: str) -> None:
    answer = compiled(RARE[what])
    assert isinstance(answer, str)
    assert answer == general(RARE[what]) != NOT_COMPILED


def test_json_literals_are_canonical_and_graphs_have_names() -> None:
    schema, graph = (compiled(RARE[what]) for what in ("JSON literal", "proof of a chain"))
    literal = r'"{\"a\":{\"@id\":[]},\"b\":[1,null,\"é\"]}"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON>'
    assert f"<{VC}jsonSchema> {literal} .\n" in schema
    assert '<https://w3id.org/security#cryptosuite> "x"^^<https://w3id.org/security#cryptosuiteString> _:c14n' in graph


GENERAL_ONLY: dict[str, tuple[dict[str, Any], Any]] = {
    "typed value": (vcdm(name={"@value": "2026", "type": f"{XSD}gYear"}), f'"2026"^^<{XSD}gYear>'),
    "typed value of a relative type": (vcdm(name={"@value": "x", "type": "urn:<x>"}), ("data_loss",)),
    "graph in a graph": (vcdm(proof={"type": "VerifiableCredential", "proof": PROOF}), "_:c14n"),
    "graph of nothing": (vcdm(proof={"id": "urn:p"}), ("data_loss",)),
    "graph by its name": (vcdm(proof="urn:p"), ("data_loss",)),
    "JSON array": (vcdm(credentialSchema={"type": "JsonSchema", "jsonSchema": [1, "x"]}), '"[1,\\"x\\"]"'),
    "blank node in a graph": (vcdm(proof={**PROOF, "id": "_:p"}), "cryptosuiteString> _:c14n"),
    "blank node of a vocabulary": (subject(subjectKind="_:k"), "#subjectKind> _:c14n"),
    "property as type": (vcdm(evidence={"type": "_sd"}), ("not_compacted",)),
    "null context": (
        {"@context": CREDENTIALS_V2, "type": "VerifiablePresentation", "verifiableCredential": {"type": URL}},
        ("data_loss",),
    ),
}


@pytest.mark.parametrize("what", GENERAL_ONLY)
def test_general_path_answers_where_the_compiled_one_does_not(what: str) -> None:
    document, wanted = GENERAL_ONLY[what]
    assert compiled(document) == NOT_COMPILED
    answer = general(document)
    assert wanted == answer or wanted in answer
    assert outcome(document) == ("ok" if isinstance(answer, str) else answer[0])


@pytest.mark.parametrize("what", GENERAL_ONLY)
def test_without_the_extra_only_the_general_path_is_missing(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xinzheng_verifier.secure.rdf.readers._kept", {})
    monkeypatch.setitem(sys.modules, "pyld", None)
    document = GENERAL_ONLY[what][0]
    with pytest.raises(UndecidedError) as undecided:
        canonical_nquads(document, contexts={}, hash_name="sha256")
    assert undecided.value.code == "jsonld_unavailable"
    assert "xinzheng-verifier[jsonld]" in undecided.value.message("zh")
    assert outcome(court()) == "ok"
    # What no processor could accept is refused all the same.
    assert outcome({**document, "evidence": {"@context": {}}}) == "context_unknown"


def test_caller_deep_in_its_own_stack_gets_a_refusal() -> None:
    def called(levels: int) -> str:
        return outcome(vcdm(evidence=[nested(20)])) if levels == 0 else called(levels - 1)

    depth = len(inspect.stack())
    assert called(0) == "ok"
    assert called(sys.getrecursionlimit() - depth - 40) == "too_complex"


# --- hostile ----------------------------------------------------------------------------------------------------------


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"type": URL}
    for level in range(levels):
        value = {"type": "VerifiableCredential", "id": f"urn:{level}", "evidence": value}
    return value


def linked(pairs: dict[int, list[int]]) -> list[dict[str, Any]]:
    return [
        {"type": "VerifiableCredential", "id": f"_:n{number}", "evidence": [f"_:n{other}" for other in others]}
        for number, others in pairs.items()
    ]


SCOPED_TYPES = [
    "VerifiableCredential",
    "BitstringStatusList",
    "BitstringStatusListEntry",
    "DataIntegrityProof",
    "JsonSchema",
]
HOSTILE = {
    "clique of blank nodes": (
        vcdm(evidence=linked({a: [b for b in range(9) if a != b] for a in range(9)})),
        "too_complex",
    ),
    "ring of blank nodes": (vcdm(evidence=linked({a: [(a + 1) % 300] for a in range(300)})), "too_complex"),
    "equal blank nodes": (vcdm(evidence=[{} for _ in range(4000)]), "ok"),
    "bushes of equal blank nodes": (
        vcdm(evidence=[{"type": "VerifiableCredential", "evidence": [{}] * 40}] * 40),
        "too_complex",
    ),
    "many members": (vcdm(evidence=[{"name": f"{number}"} for number in range(4000)]), "too_complex"),
    "many types": (vcdm(type=["VerifiableCredential", *(f"urn:{number}" for number in range(5000))]), "too_complex"),
    "many scoped contexts": (
        vcdm(evidence=[{"type": "DataIntegrityProof", "proofPurpose": "authentication"}] * 1300),
        "ok",
    ),
    "many combinations of types": (
        vcdm(evidence=[{"type": list(types)} for types in list(permutations(SCOPED_TYPES)) * 4]),
        "ok",
    ),
    "deep": (vcdm(evidence=nested(400)), "too_complex"),
    "very deep": (vcdm(evidence=nested(20_000)), "too_complex"),
    "deep and repeated": (vcdm(evidence=[nested(900), nested(901)]), "too_complex"),
    "list of lists": (vcdm(evidence=[[[[[]]]]]), "not_compacted"),
    "a thousand contexts": (vcdm(**{"@context": [CREDENTIALS_V2] * 1000}), "too_complex"),
    "text of controls": (subject(name="\x01" * 250_000), "ok"),
    "long name": (subject(**{"n" * 250_000: "x"}), "data_loss"),
    "long IRI": (court(id="urn:" + "a" * 250_000), "ok"),
    "long language map": (scope({f"a-{number}": "x" for number in range(4000)}), "ok"),
    "deep JSON literal": (vcdm(evidence={"type": "JsonSchema", "jsonSchema": nested(100)}), "too_complex"),
}


def measured() -> dict[str, tuple[float, int]]:
    """Seconds of processor time for each hostile document, by the slower of the two paths, and bytes it took."""
    found = {}
    for what, (document, _) in HOSTILE.items():
        before, seconds = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, []
        for path in (outcome, general)[: 1 if "deep" in what else 2]:
            began = time.process_time()
            path(document)
            seconds.append(time.process_time() - began)
        found[what] = max(seconds), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    return found


@pytest.fixture(scope="module")
def alone() -> dict[str, tuple[float, int]]:
    """`measured`, in a process of its own: nothing is traced there, and no other test has left anything."""
    paths = [str(Path(__file__).parents[1]), *sys.path]
    program = "import json; from verifier.test_rdf_documents import measured; print(json.dumps(measured()))"
    untraced = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    environment = untraced | {"PYTHONPATH": os.pathsep.join(paths)}
    printed = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    found: dict[str, tuple[float, int]] = json.loads(printed.stdout)
    return found


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_document_is_answered_in_time(what: str, alone: dict[str, tuple[float, int]]) -> None:
    document, code = HOSTILE[what]
    assert outcome(document) == code
    if "deep" not in what:
        answer = general(document)
        assert isinstance(answer, tuple) or answer == compiled(document)
    seconds, octets = alone[what]
    assert seconds < LONGEST
    assert octets < MOST_MEMORY


NAMES = st.one_of(
    st.sampled_from(
        ["id", "type", "@context", "@value", "@language", "name", "evidence", "issuer", "proof", "scopeStatement"]
    ),
    st.sampled_from(
        ["credentialSubject", "idType", "jsonSchema", "@list", "@graph", "purpose", "validFrom", "cnf", "_sd"]
    ),
    st.text(max_size=4),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
    st.characters(categories=["Cs"]),
    st.sampled_from(
        [
            CREDENTIALS_V2,
            CREDIT_REPAIR_V1,
            "VerifiableCredential",
            "JsonSchema",
            "DataIntegrityProof",
            "_:a",
            "urn:x",
            "en",
        ]
    ),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
LISTS = st.sampled_from([CREDENTIALS_V2, [CREDENTIALS_V2], [CREDENTIALS_V2, CREDIT_REPAIR_V1], [DATA_INTEGRITY_V2]])
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=6).flatmap(
    lambda members: st.one_of(LISTS, VALUES).map(lambda context: {**members, "@context": context})
)


CODES = {"ok", "context_unknown", "data_loss", "not_compacted", "number_range", "not_canonical", "too_complex"}


@given(st.one_of(DOCUMENTS, VALUES))
def test_any_json_value_is_answered_or_refused(value: Any) -> None:
    assert outcome(value) in CODES


@given(DOCUMENTS)
def test_both_paths_agree_on_any_json(document: Any) -> None:
    short = compiled(document)
    if short != NOT_COMPILED:
        long = general(document)
        assert short == long or (isinstance(short, tuple) and isinstance(long, tuple))
