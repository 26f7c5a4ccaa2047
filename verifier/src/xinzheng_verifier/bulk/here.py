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
_FAILURES: Final = 3
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
        self._usual = verifier.usual
        self._at = at
        self._now = now
        # Nobody knows what another class does.
        self._is_able = type(verifier) is Verifier and (now is None or now <= at)
        self._rest = 0
        self._failures = 0
        self.is_worth_it = self._is_able

    def has_time(self) -> bool:
        """Whether a chunk may be tried; longer and longer pauses follow on chunks of which most was left."""
        self._rest -= 1
        return self._is_able and self._rest < 0

    def answer(self, item: Sent) -> Report | None:
        """The report on a certificate that passes; None if a worker has to see the input."""
        data, expected = data_of(item), NOTHING
        if isinstance(item, Parcel):
            if item.other is not None or item.form is not None:
                return None
            if item.identity is not None or item.number is not None:
                expected = Expected(identity=item.identity, number=item.number)
        try:
            octets = data if isinstance(data, bytes) else data.encode("utf-8")
            if octets.startswith(qr_cwt.PREFIX):
                return None
            return self._usual.report(octets, self._at, now=self._now, expected=expected)
        except Exception:  # noqa: BLE001 - a worker says what it is
            return None

    def note(self, left: int, tried: int) -> None:
        """Takes down of how many inputs of a chunk nothing could be said."""
        if left * 2 <= tried:
            self._failures = 0
            return
        self._failures += 1
        self._rest = min(2 << self._failures, _MOST_REST)
        self.is_worth_it = self.is_worth_it and self._failures < _FAILURES

    def learn(self, answered: Iterable[tuple[Sent, Report]]) -> None:
        """Takes up what workers found of inputs that were left, until one teaches nothing."""
        for item, report in answered:
            if report.verdict is Verdict.PASSED and report.form in _FORMS and self.answer(item) is None:
                answer(self._verifier, item, at=self._at, now=self._now)
                if self.answer(item) is None:
                    return
                self._rest = self._failures = 0
