"""The clock of the command line. The core reads none."""

from datetime import UTC, datetime


def now(*, asked: datetime | None) -> datetime:
    """What the clock shows.

    Args:
        asked: the moment that somebody asks about; None where it is the present one. It changes nothing here: whoever
            lets a clock of their own stand in, as tests do, may let it stand still at that moment.
    """
    del asked
    return datetime.now(UTC)
