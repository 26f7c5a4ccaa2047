"""The issuer's one source of time."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment as an aware datetime in UTC, whole seconds."""


def system_clock() -> datetime:
    """The machine's clock in UTC; whole seconds, the resolution of every timestamp in a certificate."""
    return datetime.now(UTC).replace(microsecond=0)
