"""What the process that asks for a batch judges itself, in place of one worker: certificates that pass the usual way.

That way reads small texts of JSON, shallow and without escapes, and leaves everything else alone; of QR symbols nothing
is read here, since a decoder of CBOR is written in C. So no input that might end or stall a process is judged here: it
goes to a worker. Signers and status lists are learnt from certificates that a worker has found good.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from xinzheng_verifier.bulk.items import Parcel, Sent, answer, data_of
from xinzheng_verifier.match import NOTHING, Expected
from xinzheng_verifier.read import qr_cwt
from xinzheng_verifier.read.forms import Form
from xinzheng_verifier.report import Report, Verdict

if TYPE_CHECKING:
    from xinzheng_verifier.verifier import Verifier

_MOST_REST: Final = 64
_FAILURES: Final = 2
_FORMS: Final = frozenset({Form.JWT.value, Form.JSONLD.value})


class Here:
    """The judging of one batch in this process.

    Args:
        verifier: judges.
        at: the moment asked about.
        now: the present moment, where that is another one.

    Attributes:
        is_worth_it: whether what is judged here makes up for a worker.
    """

    def __init__(self, verifier: "Verifier", *, at: datetime, now: datetime | None) -> None:
        from xinzheng_verifier.verifier import Verifier  # noqa: PLC0415 - which imports the batch

        self._verifier = verifier
        self._at = at
        self._now = now
        # Nobody knows what another class does.
        is_able = type(verifier) is Verifier and verifier.usual.is_open and (now is None or now <= at)
        self._usual = verifier.usual if is_able else None
        self._is_waiting = False
        self._rest = 0
        self._failures = 0
        self.is_worth_it = is_able

    def has_time(self) -> bool:
        """Whether a chunk may be tried; a chunk of which most was left has to come back first, and pauses follow."""
        if self._usual is None or self._is_waiting:
            return False
        self._rest -= 1
        return self._rest < 0

    def answer(self, item: Sent) -> Report | None:
        """The report on a certificate that passes; None if a worker has to see the input."""
        data, expected = data_of(item), NOTHING
        if self._usual is None or not _is_alone(item):
            return None
        if isinstance(item, Parcel) and (item.identity is not None or item.number is not None):
            expected = Expected(identity=item.identity, number=item.number)
        try:
            octets = data if isinstance(data, bytes) else data.encode("utf-8")
            if octets.startswith(qr_cwt.PREFIX):
                return None
            return self._usual.report(octets, self._at, now=self._now, expected=expected)
        except (ValueError, ArithmeticError, RecursionError, MemoryError):  # no other: a caller's signal may raise it
            return None

    def note(self, left: int, tried: int) -> None:
        """Takes down of how many inputs of a chunk nothing could be said."""
        if left * 2 <= tried:
            self._failures = 0
            return
        self._failures += 1
        self._is_waiting = True
        self._rest = min(1 << self._failures, _MOST_REST)
        self.is_worth_it = self.is_worth_it and self._failures < _FAILURES

    def learn(self, answered: Iterable[tuple[Sent, Report]]) -> None:
        """Takes up what workers found of inputs that were left, as far as it teaches anything."""
        self._is_waiting = False
        misses = 0
        for item, report in answered:
            is_lesson = report.verdict is Verdict.PASSED and report.form in _FORMS and _is_alone(item)
            if is_lesson and misses < _FAILURES and self.answer(item) is None:
                answer(self._verifier, item, at=self._at, now=self._now)
                misses += self.answer(item) is None

    def lose(self) -> None:
        """Takes down that a worker came to an end: what ends them needs as many as there may be."""
        self._is_waiting = self.is_worth_it = False


def _is_alone(item: Sent) -> bool:
    """Whether an input comes without what has to be read in another way."""
    return not isinstance(item, Parcel) or (item.other is None and item.form is None)
