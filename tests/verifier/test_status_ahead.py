"""Lists and changes that lie ahead of the present, by a court's clock that was wrong: nothing is still to come."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.doors import by_batch, by_http, by_http_batch, command
from support.histories import INDEX, Change, command_options, entry, set_after
from support.issuers import SimulatedCourt
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import Item, Policy, Report, TrustStore, Verdict, Verifier

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
AHEAD = (6 * MINUTE, DAY, 60 * DAY)


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def certificate(court: SimulatedCourt) -> str:
    """Valid for thirty days already."""
    return court.issue({"validFrom": format_timestamp(court.now - 30 * DAY)}).jwt


def documents_ahead(
    court: SimulatedCourt, ahead: timedelta, *, revocations: Sequence[Change] = (), suspensions: Sequence[Change] = ()
) -> dict[str, Any]:
    """Lists that were made that much ahead of the present, with journals that lead to them."""
    made = court.now + ahead
    told = {"revocation": revocations, "suspension": suspensions}
    return {
        "controllers": [court.issuer_document()],
        "status_lists": [
            court.status_list(purpose, set_after(changes), sequence=7, valid_from=made)
            for purpose, changes in told.items()
        ],
        "status_changes": [court.status_changes(purpose, changes, sequence=7) for purpose, changes in told.items()],
    }


Doors = Callable[[dict[str, Any], datetime | None], Report]


@pytest.fixture
def doors(court: SimulatedCourt, certificate: str, tmp_path: Path, present: None) -> Doors:  # noqa: ARG001 - every door is asked then
    """The report on the certificate by some trust, the same by library, batch, HTTP and command.

    Without a moment the question is about the present.
    """
    (tmp_path / "certificate.jwt").write_text(certificate, "ascii")

    def report_on(trust: dict[str, Any], at: datetime | None) -> Report:
        verifier, item = Verifier(TrustStore.from_documents(**trust)), Item(certificate)
        moment, now = at or court.now, None if at is None else court.now
        report = verifier.report(certificate, at=moment, now=now)
        expected = report.to_json()
        assert by_http(verifier, certificate.encode(), at=moment, now=court.now) == expected
        assert by_http_batch(verifier, [item], at=moment, now=court.now) == [expected]
        assert [each.to_json() for each in by_batch(verifier, [item], at=moment, now=now)] == [expected]
        asked = [] if at is None else ["--at", format_timestamp(at)]
        options = [*command_options(trust, tmp_path), *asked, "--json"]
        printed = json.loads(command(tmp_path / "certificate.jwt", *options).out)
        assert {name: value for name, value in printed.items() if name != "file"} == expected
        return report

    return report_on


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("asked", [None, 0 * DAY, 5 * DAY])
def test_what_was_revoked_by_a_clock_that_was_ahead_is_revoked(
    court: SimulatedCourt, doors: Doors, ahead: timedelta, asked: timedelta | None
) -> None:
    """Asked about the present or on purpose about the past: the journal would say that it is in force until then."""
    at = None if asked is None else court.now - asked
    for purpose, code in (("revocations", "revoked"), ("suspensions", "suspended")):
        changes = ((court.now + ahead, INDEX, 1),)
        trust = documents_ahead(court, ahead, **{purpose: changes})
        report = doors(trust, at)
        assert (report.verdict, report.code) == (Verdict.FAILED, code)
        assert all("history" not in entry(report, place) for place in (0, 1))
        assert "revokedSince" not in report.steps[7].evidence


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("asked", [None, 5 * DAY])
def test_a_clear_entry_of_a_list_that_lies_ahead_says_nothing(
    court: SimulatedCourt, doors: Doors, ahead: timedelta, asked: timedelta | None
) -> None:
    at = None if asked is None else court.now - asked
    lifted = ((court.now - DAY, INDEX, 1), (court.now + ahead, INDEX, 0))
    for suspensions in ((), lifted):
        trust = documents_ahead(court, ahead, suspensions=suspensions)
        report = doors(trust, at)
        assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "status_not_yet_known")
        assert report.deciding_step.evidence["since"] == format_timestamp(court.now + ahead)
        assert entry(report)["code"] == "status_not_yet_known"


def test_the_past_is_asked_about_on_purpose_or_not_at_all(court: SimulatedCourt, certificate: str) -> None:
    """Without a present moment beside it `at` is the present, and a list that was made later lies ahead of it."""
    deadline, revoked = court.now - 5 * DAY, court.now - 2 * DAY
    for revocations, code in (((revoked, INDEX, 1),), "revoked"), ((), "status_not_yet_known"):
        verifier = Verifier(TrustStore.from_documents(**documents_ahead(court, -MINUTE, revocations=revocations)))
        assert verifier.report(certificate, at=deadline, now=court.now).code == "ok"
        for now in (None, deadline, deadline - DAY, court.now - 2 * MINUTE):
            assert verifier.report(certificate, at=deadline, now=now).code == code


def test_the_policy_says_how_far_ahead_a_list_may_lie(court: SimulatedCourt, certificate: str) -> None:
    """A court's clock a little before the lender's is no clock that was wrong."""
    lenient = Policy(max_clock_skew=5 * MINUTE)
    for ahead, clear, set_since in ((4 * MINUTE, "ok", "ok"), (6 * MINUTE, "status_not_yet_known", "revoked")):
        trust = documents_ahead(court, ahead)
        report = Verifier(TrustStore.from_documents(**trust), policy=lenient).report(certificate, at=court.now)
        assert report.code == clear
        trust = documents_ahead(court, ahead, revocations=((court.now - DAY, INDEX, 1),))
        verifier = Verifier(TrustStore.from_documents(**trust), policy=lenient)
        assert verifier.report(certificate, at=court.now - 5 * DAY, now=court.now).code == set_since
        assert verifier.report(certificate, at=court.now).code == "revoked"


def test_what_passed_later_is_not_passed_before(court: SimulatedCourt, certificate: str) -> None:
    """What a verifier knows of lists by certificates that passed, it does not use before they were made."""
    trust = TrustStore.from_documents(**documents_ahead(court, DAY))
    verifier = Verifier(trust)
    for _ in range(2):
        assert verifier.report(certificate, at=court.now + DAY).code == "ok"
    for now in (None, court.now, court.now + 2 * DAY):
        answer, fresh = (
            each.report(certificate, at=court.now, now=now).to_json() for each in (verifier, Verifier(trust))
        )
        assert answer == fresh
        assert answer["code"] == ("status_not_yet_known" if now != court.now + 2 * DAY else "ok")
