"""What the caller's own process judges of a batch, in place of one worker."""

import itertools
from collections.abc import Iterable
from typing import Any

import pytest

from support.issuers import SimulatedCourt
from support.poison import DEADLY, RAISING, GullibleStore, WorkersAlone, of_issuer
from support.samples import WANG_ID
from xinzheng_verifier import Item, Report, TrustStore, Verifier
from xinzheng_verifier.bulk import crew, hands

COURT = SimulatedCourt()
TOKEN = COURT.issue().jwt
DOCUMENTS = [COURT.issuer_document()]
TRUST = TrustStore.from_documents(DOCUMENTS, COURT.status_lists())


def used(trust: TrustStore = TRUST) -> Verifier:
    """A verifier that has seen a certificate of the court."""
    verifier = Verifier(trust)
    verifier.report(TOKEN, at=COURT.now)
    return verifier


def codes(reports: Iterable[Report]) -> list[str]:
    return [report.code for report in reports]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[hands.Hand]:
    """The processes that a batch starts."""
    seen: list[hands.Hand] = []

    class Counted(hands.Hand):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            seen.append(self)

    monkeypatch.setattr(crew, "Hand", Counted)
    return seen


@pytest.fixture
def no_worker_gets_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "_PROGRAM", "import time; time.sleep(60)")


@pytest.mark.usefixtures("no_worker_gets_ready")
@pytest.mark.parametrize("count", [1, 10, 1_000])
def test_certificates_of_known_signers_wait_for_no_process(count: int) -> None:
    things: list[str | bytes | Item] = [TOKEN, TOKEN.encode(), Item(TOKEN), Item(TOKEN, identity=WANG_ID)]
    reports = used().report_many(itertools.islice(itertools.cycle(things), count), at=COURT.now, workers=2)
    expected = [used().report(TOKEN, at=COURT.now), used().report(TOKEN, at=COURT.now, identity=WANG_ID)]
    for number, report in enumerate(reports):
        assert report == expected[number % 4 == 3]


def test_this_process_is_one_of_those_that_judge(started: list[hands.Hand]) -> None:
    assert codes(used().report_many([TOKEN] * 2_000, at=COURT.now, workers=3)) == ["ok"] * 2_000
    assert len(started) == 2


def test_what_is_not_known_yet_is_learnt_from_workers(started: list[hands.Hand]) -> None:
    verifier = Verifier(TRUST)
    assert verifier.usual.report(TOKEN.encode(), COURT.now) is None
    assert codes(verifier.report_many([TOKEN] * 3_000, at=COURT.now, workers=2)) == ["ok"] * 3_000
    assert verifier.usual.report(TOKEN.encode(), COURT.now) == verifier.report(TOKEN, at=COURT.now)
    assert len(started) == 1


def test_one_more_worker_does_what_cannot_be_judged_here(started: list[hands.Hand]) -> None:
    verifier, issued = used(), COURT.issue()
    assert verifier.report(issued.qr, at=COURT.now).code == verifier.report(issued.qr, at=COURT.now).code == "ok"
    things = [thing.format(issued) for thing in ("{0.qr}", "data:application/vc+jwt,{0.jwt}")]
    assert codes(verifier.report_many(things * 500, at=COURT.now, workers=2)) == ["ok"] * 1_000
    assert len(started) == 2


def test_verifier_of_its_own_class_judges_in_workers_alone(started: list[hands.Hand]) -> None:
    verifier = WorkersAlone(TRUST)
    verifier.report(TOKEN, at=COURT.now)
    assert codes(verifier.report_many([TOKEN] * 500, at=COURT.now, workers=2)) == ["ok"] * 500
    assert len(started) == 2


def test_input_that_ends_a_process_does_not_end_this_one() -> None:
    trust = GullibleStore.from_documents(DOCUMENTS, COURT.status_lists())
    bad = dict.fromkeys((0, 3, 5, 150, 299), DEADLY) | dict.fromkeys((4, 298), RAISING)
    things = [of_issuer(TOKEN, bad[place]) if place in bad else TOKEN for place in range(300)]
    reports = [*used(trust).report_many(things, at=COURT.now, workers=2)]
    assert {place for place, code in enumerate(codes(reports)) if code == "not_answered"} == {*bad}


def test_store_that_can_no_longer_be_read_teaches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong in this process is left to the workers, which have what they need."""
    verifier = Verifier(TRUST)
    monkeypatch.setattr(Verifier, "report", lambda *_, **__: 1 / 0)
    assert codes(verifier.report_many([TOKEN] * 300, at=COURT.now, workers=2)) == ["ok"] * 300


def test_claims_can_be_read_before_and_after_their_turn() -> None:
    """Claims that wait for their turn are put off, unless the caller reads them anyhow."""
    claims = used().report(TOKEN, at=COURT.now).claims
    document = COURT.issue().json_text
    of_document = used().report(document, at=COURT.now).claims
    verifier = used()
    verifier.report(document, at=COURT.now)
    for is_read in (False, True):
        reports = []
        for report in verifier.report_many([TOKEN, document] * 300, at=COURT.now, workers=2):
            assert not is_read or report.claims
            reports.append(report)
        assert [report.claims for report in reports] == [claims, of_document] * 300
