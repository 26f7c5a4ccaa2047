"""Inputs in, answers out, one after the other: nothing is held but what is under way."""

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final, Literal

from xinzheng_schemas.errors import Language
from xinzheng_verifier.bulk.items import PAUSE, Item, Pause
from xinzheng_verifier.cli.exits import MISUSED, OF_VERDICT
from xinzheng_verifier.cli.inputs import Input, Inputs
from xinzheng_verifier.cli.output import complain, flush, put
from xinzheng_verifier.cli.progress import Progress, counted
from xinzheng_verifier.cli.screen import line, printable_json, screen
from xinzheng_verifier.cli.summary import Summary, row, unread_row
from xinzheng_verifier.cli.words import say
from xinzheng_verifier.report import Report
from xinzheng_verifier.show.sheet import printable
from xinzheng_verifier.verifier import Verifier

Style = Literal["screen", "brief", "json"]

FEW: Final = 200
"""Inputs that are judged sooner than processes are started."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What credentials are compared with; None is not compared.

    Attributes:
        identity: full ID number or social credit code.
        number: certificate number.
        other: the same credential in another form.
    """

    identity: str | None = None
    number: str | None = None
    other: bytes | None = None


class Batch:
    """One run over many inputs.

    Args:
        verifier: judges.
        at: the moment asked about.
        now: the present moment.
        expected: compared with every credential that brings nothing of its own to compare.
        form: accept this form only.
        style: how reports are printed.
        summary: where rows go; None keeps none.
        language: "en" or "zh".

    Attributes:
        summary: as given.
        counts: inputs by verdict, and "unreadable".
        statuses: the exit statuses that occurred.
    """

    def __init__(
        self,
        verifier: Verifier,
        *,
        at: datetime,
        now: datetime,
        expected: Expected,
        form: str | None,
        style: Style,
        summary: Summary | None,
        language: Language,
    ) -> None:
        self._verifier = verifier
        self._at = at
        self._now = now
        self._expected = expected
        self._form = form
        self._style = style
        self.summary = summary
        self._language = language
        self._waiting: deque[Input] = deque()
        self.counts: Counter[str] = Counter()
        self.statuses: set[int] = set()

    def run(self, inputs: Inputs, *, workers: int | None, progress: Progress) -> None:
        """Judges everything in order and prints as it goes.

        Args:
            inputs: what to check.
            workers: processes; None takes this one for a few inputs, and one for each core for more.
            progress: the line on the terminal.

        Raises:
            UsageError: a file of lines cannot be read.
        """
        source = iter(inputs)
        if workers is None:
            first, is_all = self._few(source, progress)
            source, workers = chain(first, source), 1 if is_all else None
        self._judge(source, workers, progress)
        progress.clear()

    def _few(self, source: Iterator[Input | Pause], progress: Progress) -> tuple[list[Input], bool]:
        """Judges in this process, pause by pause, what is too little for more.

        Returns:
            What has come since the last pause, and whether that is all.
        """
        judged, waiting = 0, list[Input]()
        for given in source:
            if given is PAUSE:
                self._judge(iter(waiting), 1, progress)
                flush()
                judged, waiting = judged + len(waiting), []
                continue
            waiting.append(given)
            if judged + len(waiting) > FEW:
                return waiting, False
        return waiting, True

    def _judge(self, source: Iterator[Input | Pause], workers: int | None, progress: Progress) -> None:
        reports = self._verifier.report_many(self._items(source, progress), at=self._at, now=self._now, workers=workers)
        with closing(reports):
            for report in reports:
                self._unread(progress)
                self._answer(self._waiting.popleft(), report, progress)
        self._unread(progress)

    def _items(self, inputs: Iterator[Input | Pause], progress: Progress) -> Iterator[Item | Pause]:
        for given in inputs:
            if given is PAUSE:
                self._unread(progress)
                flush()
                yield PAUSE
                continue
            self._waiting.append(given)
            if given.fault is None:
                expected = self._expected
                yield Item(
                    given.data,
                    # An empty cell of somebody's list is something to compare with, and does not match.
                    identity=expected.identity if given.identity is None else given.identity,
                    number=expected.number if given.number is None else given.number,
                    other=expected.other if given.other is None else given.other,
                    form=self._form,
                )

    def _unread(self, progress: Progress) -> None:
        """What could not be read comes in its turn."""
        while self._waiting and self._waiting[0].fault is not None:
            given = self._waiting.popleft()
            message = say(str(given.fault), self._language, file=printable(given.name), reason=given.reason)
            progress.clear()
            complain(message)
            self.statuses.add(MISUSED)
            self.counts["unreadable"] += 1
            if self.summary is not None:
                code = str(given.fault)
                self.summary.add(unread_row(name=given.name, label=given.label, code=code, message=message))

    def _answer(self, given: Input, report: Report, progress: Progress) -> None:
        self.statuses.add(OF_VERDICT[report.verdict])
        self.counts[report.verdict.value] += 1
        progress.clear()
        put(self._printed(given, report))
        if self.summary is not None:
            self.summary.add(row(report, name=given.name, label=given.label, language=self._language))
        progress.show(self.counts)

    def _printed(self, given: Input, report: Report) -> str:
        if self._style == "json":
            label = {} if given.label is None else {"id": given.label}
            return printable_json({"file": given.name, **label, **report.to_json()})
        write = screen if self._style == "screen" else line
        return write(report, name=given.label or given.name, language=self._language)


def closing_lines(batch: Batch, inputs: Inputs, language: Language) -> Iterator[str]:
    """How many of what, and how many files of folders were not looked at and why."""
    yield counted(batch.counts, language)
    for reason, count in sorted(inputs.left_out.items()):
        yield say(f"left_out_{reason}", language, count=count)
