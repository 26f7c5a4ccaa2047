"""The record of what other implementations answer: ours is what the verifier says, and the page shows all of it."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from interop import divergences
from interop.cases import Ours
from interop.changes import CHANGES
from interop.exchange import Exchange
from interop.run import COMMANDS, DEVIATIONS, unexpected

from support.repository import ROOT
from xinzheng_verifier import TrustStore, Verifier

PAGE = ROOT / "docs" / "how-to" / "interop.md"
AT = datetime(2026, 11, 25, tzinfo=UTC)
VECTORS = divergences.vectors()


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    exchange = Exchange(tmp_path_factory.mktemp("exchange"))
    ours = Ours(exchange)
    ours.trust_strange()
    return Verifier(TrustStore.from_documents(ours.documents, [*divergences.trust()["lists"].values()]))


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["file"] for vector in VECTORS])
def test_strange_input_gets_the_code_on_record(vector: dict[str, Any], verifier: Verifier) -> None:
    report = verifier.report((divergences.FOLDER / vector["file"]).read_bytes(), at=AT)
    assert report.code == vector["code"]
    assert (report.code == "ok") is ("ours" in vector["acceptedBy"])


def test_everybody_who_takes_part_is_on_record() -> None:
    answered = {who for vector in VECTORS for who in vector["acceptedBy"] + vector["refusedBy"]}
    assert answered == {"ours", "openvc", "pyjwt", "joserfc", "cwt", "jose-js"}
    assert answered < {"ours", *COMMANDS}


def test_page_shows_every_strange_input_and_every_answer_as_expected() -> None:
    text = PAGE.read_text("utf-8")
    for vector in VECTORS:
        [row] = re.findall(rf"^\| `{re.escape(vector['file'])}` \|.*$", text, re.MULTILINE)
        assert row.count("accepts") == len(vector["acceptedBy"])
        assert row.count("refuses") == len(vector["refusedBy"])
    checked = text.partition("<!-- checked -->")[2].partition("<!-- /checked -->")[0]
    makers = re.findall(r"^\| ([a-z-]+) \|", checked, re.MULTILINE)
    assert set(makers) >= {"ours", *COMMANDS} - {"digitalbazaar"}


def test_versions_on_the_page_are_those_that_are_pinned() -> None:
    text = PAGE.read_text("utf-8")
    pinned = "".join((ROOT / "requirements" / f"{name}.txt").read_text("utf-8") for name in ("interop", "interop-cose"))
    for package in ("openvc-core", "pyjwt", "joserfc", "cwt", "cbor2"):
        [shown] = re.findall(rf"^\| {package} \| (\S+) \|$", text, re.MULTILINE)
        assert f"\n{package}=={shown} " in f"\n{pinned}"


def test_our_own_inputs_get_the_answers_that_others_are_held_to(tmp_path_factory: pytest.TempPathFactory) -> None:
    exchange = Exchange(tmp_path_factory.mktemp("exchange"))
    ours = Ours(exchange)
    ours.add_own()
    answers = {"ours": ours.answers()}
    assert unexpected(exchange.cases, answers) == []
    assert {case.form for case in exchange.cases} == set(CHANGES)
    assert {case.change for case in exchange.cases} == {
        "",
        "content",
        "signature",
        "revocation",
        "suspension",
        "list",
        "expired",
    }


def test_an_answer_that_should_not_be_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    exchange = Exchange(tmp_path_factory.mktemp("exchange"))
    ours = Ours(exchange)
    ours.add_own()
    lax = {case.name: {"answer": "accepted", "reason": ""} for case in exchange.cases}
    wrong = unexpected(exchange.cases, {"lax": lax})
    assert len(wrong) == sum(not case.genuine for case in exchange.cases)
    assert not [line for line in wrong if "genuine" in line]


def test_known_deviations_are_told_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    assert [key for key in DEVIATIONS if not (key[1] in text and key[2] in text)] == []
