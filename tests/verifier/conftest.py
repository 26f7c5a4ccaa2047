"""The clock of the doors stands still at the moment that is asked about: what a test means today it means next year."""

from datetime import UTC, datetime

import pytest

from xinzheng_verifier.cli import clock


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda *, asked: asked or datetime.now(UTC))
