"""Both paths from JSON-LD to canonical N-Quads give the same bytes, and those of other implementations.

`make test` takes some sixteen hundred documents; XINZHENG_RDF_DOCUMENTS=50000 takes more.
"""

import json
import os
from typing import Any

import pyoxigraph
import pytest
from pyld import jsonld

from support.issuers import SimulatedCourt
from support.rdf_documents import honest, hostile
from support.rdf_paths import NOT_COMPILED, compiled, general
from xinzheng_schemas.contexts import BUNDLED
from xinzheng_verifier.secure.rdf import canonical_nquads

DOCUMENTS = int(os.environ.get("XINZHENG_RDF_DOCUMENTS", "1200"))
PARTS = 8


def numbers(part: int, *, of: int) -> range:
    return range(part, of, PARTS)


@pytest.mark.parametrize("part", range(PARTS))
def test_honest_documents_are_compiled_and_give_the_bytes_of_the_general_path(part: int) -> None:
    for number in numbers(part, of=DOCUMENTS // 4):
        document = honest(number)
        answer = compiled(document)
        assert isinstance(answer, str), (number, document, answer)
        assert answer != NOT_COMPILED, (number, document)
        assert answer == general(document), (number, document)


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_is_done_to_a_document_the_paths_agree(part: int) -> None:
    for number in numbers(part, of=DOCUMENTS):
        document = hostile(1_000_000 + number)
        short = compiled(document)
        if short != NOT_COMPILED:
            long = general(document)
            assert short == long or (isinstance(short, tuple) and isinstance(long, tuple)), (
                number,
                document,
                short,
                long,
            )


def reference(document: dict[str, Any]) -> bytes:
    """PyLD to RDF, pyoxigraph to the canonical form: neither is ours."""

    def load(url: str, _options: Any) -> dict[str, Any]:
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": url,
            "document": BUNDLED[url].document(),
        }

    triples: dict[str, Any] = jsonld.to_rdf(document, {"documentLoader": load})
    dataset = pyoxigraph.Dataset(quad for graph, found in triples.items() for quad in oxigraph_quads(graph, found))
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    lines = (pyoxigraph.serialize(dataset, format=pyoxigraph.RdfFormat.N_QUADS) or b"").split(b"\n")
    return b"".join(sorted(line + b"\n" for line in lines if line))


def oxigraph_quads(graph: str, triples: list[dict[str, Any]]) -> list[pyoxigraph.Quad]:
    assert graph == "@default"
    return [pyoxigraph.Quad(*(term(triple[part]) for part in ("subject", "predicate", "object"))) for triple in triples]


def term(item: dict[str, str]) -> Any:
    if item["type"] == "IRI":
        return pyoxigraph.NamedNode(item["value"])
    if item["type"] == "blank node":
        return pyoxigraph.BlankNode(item["value"].removeprefix("_:"))
    if "language" in item:
        return pyoxigraph.Literal(item["value"], language=item["language"])
    return pyoxigraph.Literal(item["value"], datatype=pyoxigraph.NamedNode(item["datatype"]))


@pytest.mark.parametrize("part", range(PARTS))
def test_the_bytes_are_those_of_other_implementations(part: int) -> None:
    for number in numbers(part, of=DOCUMENTS // 8):
        document = honest(2_000_000 + number)
        assert canonical_nquads(document, contexts={}, hash_name="sha256") == reference(document), (number, document)


@pytest.mark.parametrize("hash_name", ["sha256", "sha384"])
def test_what_a_court_signs_is_compiled(hash_name: Any) -> None:
    court = SimulatedCourt()
    for signed in (court.issue().json_ld, *court.status_lists(revoked=[1, 5])):
        document = {name: value for name, value in signed.items() if name != "proof"}
        config = {name: value for name, value in signed["proof"].items() if name != "proofValue"}
        for part in (document, config):
            assert compiled(part, hash_name=hash_name) == general(part, hash_name=hash_name) != NOT_COMPILED
    assert json.loads(json.dumps(signed)) == signed
