"""One file, one fault: each vector gets its verdict and code from the library, the command line and HTTP alike."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from support.doors import by_batch, by_http, by_http_batch, command
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_verifier import Item, Policy, TrustStore, Verifier

VECTORS = Path(__file__).parents[1] / "vectors"
MANIFEST: list[dict[str, Any]] = json.loads((VECTORS / "manifest.json").read_text("utf-8"))
EXIT_STATUS = {"passed": 0, "failed": 1, "indeterminate": 2}


def trust_files(names: list[str]) -> list[Path]:
    return [VECTORS / "trust" / f"{name}.json" for name in names]


def verifier_for(vector: dict[str, Any]) -> Verifier:
    trust = TrustStore.from_documents(
        [path.read_bytes() for path in trust_files(vector["controllers"])],
        [path.read_bytes() for path in trust_files(vector["statusLists"])],
    )
    age = timedelta(hours=24) if vector["maxStatusAge"] else None
    return Verifier(trust, policy=Policy(profile=vector["profile"], max_status_age=age))


@pytest.mark.parametrize("vector", MANIFEST, ids=lambda vector: vector["file"])
def test_all_doors_answer_as_the_manifest_says(vector: dict[str, Any]) -> None:
    path = VECTORS / "files" / vector["file"]
    at, identity = parse_timestamp(vector["at"]), vector["identity"]
    verifier = verifier_for(vector)

    report = verifier.report(path.read_bytes(), at=at, identity=identity)

    assert (report.verdict, report.code) == (vector["verdict"], vector["code"])
    if vector["step"] is not None:
        assert report.deciding_step.number == vector["step"]
    if report.deciding_step.number <= 5 and report.code != "ok":
        assert (report.claims, report.issuer) == (None, None)

    arguments = ["--controller", *trust_files(vector["controllers"]), "--at", vector["at"], "--json"]
    arguments += ["--status-list", *trust_files(vector["statusLists"]), "--profile", vector["profile"]]
    arguments += ["--max-status-age", vector["maxStatusAge"]] if vector["maxStatusAge"] else []
    arguments += ["--id-number", "-"] if identity else []
    printed = command(path, *arguments, stdin=(identity or "").encode())
    answer = json.loads(printed.out)
    assert printed.status == EXIT_STATUS[vector["verdict"]]
    assert answer.pop("file") == str(path)
    assert answer == report.to_json()

    assert by_http(verifier, path.read_bytes(), at=at, identity=identity) == report.to_json()


def setting(vector: dict[str, Any]) -> str:
    """What vectors must share to be one batch."""
    return json.dumps([vector[name] for name in ("controllers", "statusLists", "profile", "maxStatusAge", "at")])


@pytest.mark.parametrize("shared", sorted({setting(vector) for vector in MANIFEST}))
def test_batches_answer_as_one_by_one(shared: str) -> None:
    vectors = [vector for vector in MANIFEST if setting(vector) == shared]
    verifier, at = verifier_for(vectors[0]), parse_timestamp(vectors[0]["at"])
    items = [Item((VECTORS / "files" / vector["file"]).read_bytes(), vector["identity"]) for vector in vectors]

    expected = [verifier.report(item.data, at=at, identity=item.identity) for item in items]

    assert by_batch(verifier, items, at=at) == expected
    answers = by_http_batch(verifier, items, at=at)
    assert [answer or report.to_json() for answer, report in zip(answers, expected, strict=True)] == [
        report.to_json() for report in expected
    ]


def test_every_file_is_in_the_manifest() -> None:
    files = {
        path.relative_to(VECTORS / "files").as_posix() for path in (VECTORS / "files").rglob("*") if path.is_file()
    }
    assert files == {vector["file"] for vector in MANIFEST}
    documents = {path.stem for path in (VECTORS / "trust").iterdir()}
    assert documents == {name for vector in MANIFEST for name in vector["controllers"] + vector["statusLists"]}


def test_nothing_private_is_among_the_vectors() -> None:
    for path in (VECTORS / "trust").iterdir():
        assert "privateKey" not in path.read_text("utf-8")
        assert '"d"' not in path.read_text("utf-8")
