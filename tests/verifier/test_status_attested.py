"""Lists that a publication vouches for: as fresh as its word, and no longer good than they say."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from support.histories import entry
from support.issuers import SimulatedCourt
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import Policy, TrustStore, Verifier

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def certificate(court: SimulatedCourt) -> str:
    """Valid for thirty days already."""
    return court.issue({"validFrom": format_timestamp(court.now - 30 * DAY)}).jwt


def _attested(court: SimulatedCourt, attested_at: datetime | None, **lists: Any) -> TrustStore:
    plain = TrustStore.from_documents([court.issuer_document()], court.status_lists(**lists))
    documents_of = {url: plain.status_list(url) or b"" for url in plain.status_list_urls}
    attested = {} if attested_at is None else dict.fromkeys(documents_of, attested_at)
    return TrustStore(plain.issuers, documents_of, attested=attested)


def test_a_list_that_is_vouched_for_is_as_fresh_as_the_word(court: SimulatedCourt, certificate: str) -> None:
    made, until = court.now - 5 * DAY, court.now + 2 * DAY
    day = Policy(max_status_age=DAY)
    vouched = court.now - HOUR
    for attested_at, code in ((None, "status_stale"), (made - DAY, "status_stale"), (vouched, "ok")):
        verifier = Verifier(_attested(court, attested_at, valid_from=made, valid_until=until), policy=day)
        report = verifier.report(certificate, at=court.now)
        assert report.code == code
    assert report.status_as_of == vouched
    shown = {name: entry(report)[name] for name in ("asOf", "madeAt", "attestedAt", "validUntil")}
    assert shown == {
        "asOf": format_timestamp(vouched),
        "madeAt": format_timestamp(made),
        "attestedAt": format_timestamp(vouched),
        "validUntil": format_timestamp(until),
    }
    assert verifier.report(certificate, at=vouched + DAY).code == "ok"
    assert verifier.report(certificate, at=vouched + DAY + timedelta(seconds=1)).code == "status_stale"


def test_no_word_prolongs_a_list(court: SimulatedCourt, certificate: str) -> None:
    made, until = court.now - 5 * DAY, court.now - HOUR
    verifier = Verifier(_attested(court, court.now, valid_from=made, valid_until=until))
    report = verifier.report(certificate, at=court.now)
    assert (report.code, report.status_as_of) == ("status_stale", until)
    assert verifier.report(certificate, at=until).code == "ok"


def test_a_word_makes_no_clear_bit_of_a_moment_before_the_list(court: SimulatedCourt, certificate: str) -> None:
    verifier = Verifier(_attested(court, court.now, valid_from=court.now - HOUR))
    report = verifier.report(certificate, at=court.now - 2 * HOUR)
    assert report.code == "status_not_yet_known"
    assert report.deciding_step.evidence["since"] == format_timestamp(court.now - HOUR)
