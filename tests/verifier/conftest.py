"""The clock of the doors stands still at the moment that is asked about: what a test means today it means next year."""

from datetime import UTC, datetime

import pytest

from support.issuers import NOW
from xinzheng_verifier.cli import clock


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda *, asked: asked or datetime.now(UTC))


@pytest.fixture
def present(standing_clock: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - it comes first
    """The clock stands still at the simulated courts' present instead, so that a moment in the past is one."""
    monkeypatch.setattr(clock, "now", lambda *, asked: NOW)  # noqa: ARG005 - as the clock's own
