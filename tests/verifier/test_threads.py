"""One verifier in several threads gives each the answers that it gives one alone."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from support.rdf_paths import general
from support.vector_files import MANIFEST, SETTING, VECTORS, verifier_for
from xinzheng_schemas.contexts import CREDENTIALS_V2
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_verifier import Verifier

THREADS = 6
EVERY = 6


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that take turns within a function and not between two of them, once all of them have been started."""
    before, all_there = sys.getswitchinterval(), Barrier(THREADS)
    with ThreadPoolExecutor(THREADS) as threads:
        for started in [threads.submit(all_there.wait, 60) for _ in range(THREADS)]:
            started.result()
        sys.setswitchinterval(1e-5)
        yield threads
    sys.setswitchinterval(before)


def test_general_path_of_linked_data_in_several_threads(pool: ThreadPoolExecutor) -> None:
    kinds: list[dict[str, Any]] = [
        {"name": "A"},
        {"evidence": [{"type": "DataIntegrityProof", "proofPurpose": "authentication"}]},
        {"name": {"@value": "甲", "@language": "zh"}},
        {"relatedResource": {"id": "urn:a", "digestSRI": "sha256-a"}},
    ]
    common: JSONObject = {"@context": [CREDENTIALS_V2], "type": "VerifiableCredential", "issuer": "did:a:b"}
    documents: list[JSONObject] = [{**common, "credentialSubject": {"id": "urn:b"}, **kind} for kind in kinds]
    alone = [general(document) for document in documents]
    assert all(isinstance(answer, str) for answer in alone)
    found = list(pool.map(lambda _: [general(document) for document in documents], range(60 * THREADS)))
    assert all(answers == alone for answers in found)


def test_vectors_in_several_threads(pool: ThreadPoolExecutor) -> None:
    verifiers: dict[str, Verifier] = {}

    def answer(vector: dict[str, Any], verifier: Verifier) -> JSONObject:
        data, other = ((VECTORS / "files" / name).read_bytes() if name else b"" for name in _files(vector))
        return verifier.report(
            data,
            at=parse_timestamp(vector["at"]),
            identity=vector["identity"],
            number=vector["number"],
            other=other or None,
        ).to_json()

    vectors = MANIFEST[::EVERY]
    for vector in vectors:
        verifiers.setdefault(_setting(vector), verifier_for(vector))
    alone = [answer(vector, verifier_for(vector)) for vector in vectors]
    turns = [[*range(turn, len(vectors)), *range(turn)] for turn in range(0, len(vectors), len(vectors) // THREADS)]
    rounds = pool.map(lambda turn: [answer(vectors[n], verifiers[_setting(vectors[n])]) for n in turn], turns)
    for turn, found in zip(turns, rounds, strict=True):
        assert found == [alone[number] for number in turn]


def _files(vector: dict[str, Any]) -> tuple[str, str | None]:
    return vector["file"], vector["other"]


def _setting(vector: dict[str, Any]) -> str:
    return str([vector[name] for name in SETTING])
