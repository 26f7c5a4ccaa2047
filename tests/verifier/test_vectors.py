"""One file, one fault: each vector gets its verdict and code from the library, the command line and HTTP alike."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from support.doors import by_batch, by_http, by_http_batch, command
from support.vector_files import MANIFEST, SETTING, VECTORS, trust_files, verifier_for
from xinzheng_schemas.json_schemas import REPORT_SCHEMA_ID
from xinzheng_schemas.json_schemas import document as json_schema
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_verifier import Item

REPORT_SCHEMA = Draft202012Validator(json_schema(REPORT_SCHEMA_ID))
EXIT_STATUS = {"passed": 0, "failed": 1, "indeterminate": 2}


def arguments_for(vector: dict[str, Any]) -> list[str | Path]:
    """The same as options of the command."""
    options: list[str | Path] = ["--controller", *trust_files(vector["controllers"]), "--at", vector["at"], "--json"]
    options += ["--status-list", *trust_files(vector["statusLists"])] if vector["statusLists"] else []
    options += ["--profile", vector["profile"]]
    for option, value in {
        "--max-status-age": vector["maxStatusAge"],
        "--max-clock-skew": vector["maxClockSkew"],
        "--number": vector["number"],
        "--same-as": vector["other"] and VECTORS / "files" / vector["other"],
        "--id-number": vector["identity"] and "-",
    }.items():
        options += [] if value is None else [option, value]
    for name in vector["proofs"] or ():
        options += ["--proofs", name]
    return options + (["--unsafe-accept-other-controllers"] if vector["unsafeAcceptOtherControllers"] else [])


@pytest.mark.parametrize("vector", MANIFEST, ids=lambda vector: vector["file"])
def test_all_doors_answer_as_the_manifest_says(vector: dict[str, Any]) -> None:
    path = VECTORS / "files" / vector["file"]
    at, identity = parse_timestamp(vector["at"]), vector["identity"]
    verifier = verifier_for(vector)

    data = path.read_bytes()
    other = None if vector["other"] is None else (VECTORS / "files" / vector["other"]).read_bytes()
    report = verifier.report(data, at=at, identity=identity, number=vector["number"], other=other)

    assert (report.verdict, report.code) == (vector["verdict"], vector["code"])
    if vector["step"] is not None:
        assert report.deciding_step.number == vector["step"]
    if report.deciding_step.number <= 5 and report.code != "ok":
        assert (report.claims, report.issuer) == (None, None)

    assert [error.message for error in REPORT_SCHEMA.iter_errors(report.to_json())] == []

    printed = command(path, *arguments_for(vector), stdin=(identity or "").encode())
    answer = json.loads(printed.out)
    assert printed.status == EXIT_STATUS[vector["verdict"]]
    assert answer.pop("file") == str(path)
    assert answer == report.to_json()

    answer = by_http(verifier, data, at=at, identity=identity, number=vector["number"], other=other)
    assert answer == report.to_json()


def setting(vector: dict[str, Any]) -> str:
    """What vectors must share to be one batch."""
    return json.dumps([vector[name] for name in SETTING])


@pytest.mark.parametrize("shared", sorted({setting(vector) for vector in MANIFEST}))
def test_batches_answer_as_one_by_one(shared: str) -> None:
    vectors = [vector for vector in MANIFEST if setting(vector) == shared]
    verifier, at = verifier_for(vectors[0]), parse_timestamp(vectors[0]["at"])
    files = VECTORS / "files"
    items = [
        Item(
            (files / vector["file"]).read_bytes(),
            identity=vector["identity"],
            number=vector["number"],
            other=vector["other"] and (files / vector["other"]).read_bytes(),
        )
        for vector in vectors
    ]

    expected = [
        verifier.report(item.data, at=at, identity=item.identity, number=item.number, other=item.other)
        for item in items
    ]

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
    named = {name for vector in MANIFEST for name in vector["controllers"] + vector["statusLists"]}
    assert documents == {name for name in named if not name.startswith("did:")}


def test_nothing_private_is_among_the_vectors() -> None:
    for path in (VECTORS / "trust").iterdir():
        assert "privateKey" not in path.read_text("utf-8")
        assert '"d"' not in path.read_text("utf-8")
