"""Who does what in a batch: hands out, gathers, replaces the dead, keeps the order."""

import pickle
import time
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, cast

from xinzheng_verifier.bulk.hands import Hand
from xinzheng_verifier.bulk.here import Here
from xinzheng_verifier.bulk.items import PAUSE, WRONG_TYPE, Sent, data_of, not_answered, parcel
from xinzheng_verifier.bulk.wire import Unpacker, pack
from xinzheng_verifier.report import Report

if TYPE_CHECKING:
    from xinzheng_verifier.verifier import Verifier

_FIRST_CHUNK: Final = 4
_CHUNK: Final = 96
_CHUNK_BYTES: Final = 1_048_576
_DEPTH: Final = 2  # tasks that a process has before it: it need not wait until somebody hears that it is done
_CHUNK_SECONDS: Final = 0.05  # a slow source does not hold back what it gave already
_AHEAD: Final = 3  # chunks for each process that may be under way


@dataclass(eq=False)
class _Chunk:
    """Some inputs in a row, and their reports as they come; of how many it shows whether claims are read."""

    items: list[Sent | None] = field(default_factory=list)
    reports: list[Report | None] = field(default_factory=list)
    missing: int = 0
    counted: int = 0


@dataclass(eq=False)
class _Task:
    """What one process works on: places in a chunk, answered from the first on."""

    chunk: _Chunk
    places: list[int]
    with_claims: bool = False
    is_alone: bool = False
    is_left: bool = False
    is_sent: bool = False

    @cached_property
    def packed(self) -> bytes:
        """The inputs as they travel."""
        items = [item for place in self.places if (item := self.chunk.items[place]) is not None]
        return pack(items, with_claims=self.with_claims)


class Crew:
    """The processes of one batch.

    Args:
        verifier: judges.
        at: the moment asked about.
        now: the present moment, where that is another one.
        size: processes at most, with this one if it judges too.
    """

    def __init__(self, verifier: "Verifier", *, at: datetime, now: datetime | None, size: int) -> None:
        self._verifier = verifier
        self._at = at
        self._now = now
        self._size = size
        self._here = Here(verifier, at=at, now=now)
        self._unpacker = Unpacker(verifier, at=at, now=now)
        self._inbox: SimpleQueue[tuple[Hand, bytes | None]] = SimpleQueue()
        self._hands: dict[Hand, deque[_Task]] = {}
        self._again: deque[_Task] = deque()
        self._window: deque[_Chunk] = deque()
        self._head = b""
        self._chunks = 0
        self._failure: Exception | None = None
        self._is_dry = False
        self._is_paused = False
        self._with_claims = False

    def run(self, source: Iterator[object]) -> Generator[Report, None, None]:
        """The reports in the order of the inputs; an exception of the source comes after the reports before it."""
        kind, interest = type(self._verifier), self._unpacker.interest
        self._head = pickle.dumps((kind, self._verifier.trust, self._verifier.policy, self._at, self._now))
        try:
            while self._hand_out(source) or not self._is_dry:
                if not self._window:  # the source pauses, and was waited for
                    continue
                if self._window[0].missing:
                    if not self._help(source):
                        self._wait()
                    continue
                chunk = self._window.popleft()
                interest.taken = 0
                for report in cast("list[Report]", chunk.reports):
                    yield report
                    if not self._inbox.empty():
                        self._look()
                        self._hand_out(source)
                if chunk.counted:
                    self._with_claims = interest.taken * 2 > chunk.counted
        finally:
            for hand, tasks in self._hands.items():
                hand.dismiss(gently=hand.is_ready and not tasks)
            for hand in self._hands:
                hand.bury()
        if self._failure is not None:
            raise self._failure

    # --- giving ---------------------------------------------------------------------------------------------------

    def _hand_out(self, source: Iterator[object]) -> bool:
        """Gives every process that has room a task, as long as there are any; whether reports are still to come."""
        self._is_paused = False
        while (hand := self._freest()) is not None or len(self._hands) < self._workers():
            task = self._again.popleft() if self._again else self._next_task(source)
            if task is None:
                break
            hand = hand or Hand(self._head, self._inbox)
            self._hands.setdefault(hand, deque()).append(task)
            self._send(hand)
        return bool(self._window)

    def _freest(self) -> Hand | None:
        """The process that is to get the next task; None if that is one that has yet to be started, or nobody."""
        hand = min(self._hands, key=lambda one: len(self._hands[one]), default=None)
        if hand is None or len(self._hands[hand]) >= (_DEPTH if len(self._hands) >= self._workers() else 1):
            return None
        return hand

    def _workers(self) -> int:
        return max(1, self._size - self._here.is_worth_it)

    def _send(self, hand: Hand) -> None:
        """Sends what is before a process, beyond its first task only what the pipe holds: it may never read it."""
        for number, task in enumerate(self._hands[hand]):
            if hand.is_ready and not task.is_sent and (number == 0 or len(task.packed) <= hand.room):
                hand.give(task.packed)
                task.is_sent = True

    def _next_task(self, source: Iterator[object]) -> _Task | None:
        while not (self._is_dry or self._is_paused) and len(self._window) < self._size * _AHEAD:
            chunk = self._next_chunk(source)
            if chunk.items:
                self._window.append(chunk)
            if chunk.missing:
                places = [place for place, item in enumerate(chunk.items) if item is not None]
                return _Task(chunk, places, with_claims=self._with_claims)
        return None

    def _next_chunk(self, source: Iterator[object]) -> _Chunk:
        """The next inputs: few at first, so that small batches are shared, then as many as travel well together."""
        chunk, octets, began = _Chunk(), 0, time.monotonic()
        most = min(_CHUNK, _FIRST_CHUNK << min(self._chunks // self._size, 8))
        self._chunks += 1
        while len(chunk.items) < most and octets < _CHUNK_BYTES and time.monotonic() - began < _CHUNK_SECONDS:
            try:
                thing = next(source)
            except StopIteration:
                self._is_dry = True
                break
            except Exception as error:  # noqa: BLE001 - raised again once what came before is answered
                self._is_dry, self._failure = True, error
                break
            if thing is PAUSE:
                self._is_paused = True
                break
            item = parcel(thing)
            chunk.items.append(item)
            if item is None:
                chunk.reports.append(not_answered(self._verifier, None, at=self._at, now=self._now, reason=WRONG_TYPE))
            else:
                chunk.reports.append(None)
                chunk.missing += 1
                octets += len(data_of(item))
        return chunk

    # --- judging here -----------------------------------------------------------------------------------------------

    def _help(self, source: Iterator[object]) -> bool:
        """Judges a chunk in this process; False if there is none for it."""
        task = self._own_task(source)
        if task is None:
            return False
        chunk, left = task.chunk, []
        for place in task.places:
            item = cast("Sent", chunk.items[place])
            report = self._here.answer(item)
            if report is None:
                left.append(place)
            else:
                if not self._with_claims:
                    self._unpacker.put_off(report, data_of(item))
                    chunk.counted += 1
                chunk.reports[place] = report
                chunk.missing -= 1
            if not self._inbox.empty():
                self._look()
                self._hand_out(source)
        self._here.note(len(left), len(task.places))
        if left:
            self._again.append(_Task(chunk, left, with_claims=self._with_claims, is_left=True))
        return True

    def _own_task(self, source: Iterator[object]) -> _Task | None:
        """What waits for a process that is still starting comes first: a small batch waits for none."""
        if not self._here.has_time():
            return None
        for hand, tasks in self._hands.items():
            if not hand.is_ready and tasks and not (tasks[0].is_alone or tasks[0].is_left):
                return tasks.popleft()
        return self._next_task(source)

    # --- taking ---------------------------------------------------------------------------------------------------

    def _wait(self) -> None:
        """Takes what comes next; ends processes that have been silent for too long."""
        busy = (hand for hand, tasks in self._hands.items() if tasks)
        first = min(busy, key=lambda hand: hand.deadline)
        try:
            self._take(*self._inbox.get(timeout=max(first.deadline - time.monotonic(), 0.0)))
        except Empty:
            first.give_up()
        self._look()

    def _look(self) -> None:
        """Takes what is there already."""
        while not self._inbox.empty():
            self._take(*self._inbox.get())

    def _take(self, hand: Hand, frame: bytes | None) -> None:
        tasks = self._hands[hand]
        if frame is None:
            self._bury(hand, tasks)
        elif hand.is_ready:
            # Frames come from processes at work alone: one that starts has its first task waiting.
            hand.touch()
            self._note(tasks[0], frame)
            if not tasks[0].places:
                tasks.popleft()
                self._send(hand)
        else:
            hand.is_ready = True
            self._send(hand)

    def _note(self, task: _Task, frame: bytes) -> None:
        chunk, inputs = task.chunk, [cast("Sent", task.chunk.items[place]) for place in task.places]
        reports = [*self._unpacker.unpack_all(frame, map(data_of, inputs))]
        for place, report in zip(task.places, reports, strict=False):
            chunk.reports[place] = report
        chunk.missing -= len(reports)
        chunk.counted += len(reports)
        del task.places[: len(reports)]
        if task.is_left:
            self._here.learn(zip(inputs, reports, strict=False))

    def _bury(self, hand: Hand, tasks: deque[_Task]) -> None:
        """A process ended: what it had not answered is tried again, each input alone; alone it has had its chance."""
        del self._hands[hand]
        hand.bury()
        if not hand.is_ready:
            raise RuntimeError(f"a worker process did not start (exit status {hand.status})")
        if not tasks:
            return
        self._here.lose()
        task, *waiting = tasks
        self._again.extend(
            _Task(one.chunk, one.places, with_claims=one.with_claims, is_alone=one.is_alone, is_left=one.is_left)
            for one in waiting
        )
        if task.is_alone:
            (place,) = task.places
            data = data_of(cast("Sent", task.chunk.items[place]))
            task.chunk.reports[place] = not_answered(
                self._verifier, data, at=self._at, now=self._now, reason=hand.reason
            )
            task.chunk.missing -= 1
        else:
            self._again.extend(_Task(task.chunk, [place], is_alone=True) for place in task.places)
