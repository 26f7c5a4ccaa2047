"""What the caller's own process judges of a batch, in place of one worker."""

import itertools
import signal
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from support.issuers import SimulatedCourt
from support.poison import DEADLY, RAISING, GullibleStore, WorkersAlone, of_issuer
from support.samples import WANG_ID
from xinzheng_verifier import Item, Policy, Report, TrustStore, Verifier, bulk
from xinzheng_verifier.bulk import crew, hands
from xinzheng_verifier.read import qr_cwt

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


def test_one_core_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """`None` takes one process for each core, and this one needs another for what it may not judge."""
    monkeypatch.setattr(bulk, "_cores", lambda: 1)
    things = [TOKEN, COURT.issue().qr] * 20
    assert codes(used().report_many(things, at=COURT.now)) == ["ok"] * 40


def test_exception_of_a_signal_reaches_the_caller() -> None:
    """A time limit of the caller's own works while certificates are judged in its process."""

    class TimeIsUpError(Exception):
        pass

    def interrupt(*_: object) -> None:
        raise TimeIsUpError

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        with pytest.raises(TimeIsUpError):
            codes(used().report_many(endless(), at=COURT.now, workers=2))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def endless() -> Iterator[str]:
    return itertools.repeat(TOKEN, 1_000_000)


def test_other_forms_are_not_read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    qr = COURT.issue().qr
    monkeypatch.setattr(qr_cwt, "read", lambda *_: pytest.fail("a symbol was read in the caller's process"))
    things: list[str | Item] = [Item(TOKEN, other=TOKEN), Item(TOKEN, form="jwt"), qr]
    assert codes(used().report_many(things * 100, at=COURT.now, workers=2)) == ["ok"] * 300


def test_one_more_worker_does_what_ends_workers(started: list[hands.Hand]) -> None:
    trust = GullibleStore.from_documents(DOCUMENTS, COURT.status_lists())
    things = [of_issuer(TOKEN, DEADLY), *[TOKEN] * 500] * 2
    assert codes(used(trust).report_many(things, at=COURT.now, workers=2)).count("ok") == 1_000
    assert len({hand.reason for hand in started}) == 1
    assert len(started) >= 4  # two that ended, and two that were there to the end


def test_nothing_is_tried_here_where_nothing_can_pass(started: list[hands.Hand]) -> None:
    verifier = Verifier(TRUST, policy=Policy(profile="vcdm"))
    assert codes(verifier.report_many([TOKEN] * 300, at=COURT.now, workers=2)) == ["ok"] * 300
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
