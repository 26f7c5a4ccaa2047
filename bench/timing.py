"""Measuring by turns: every kind of work gets its share of each round, so that noise falls on all alike."""

import gc
import json
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from math import ceil
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
ROUNDS: Final = 60
TURN_SECONDS: Final = 0.01
"""How much processor time one turn of one kind takes."""
WARM_UP: Final = 0.25
"""Of a turn, before the clock runs: the work before it and the collector have left the processor's caches cold."""

Work = Callable[[], object]


@dataclass
class Times:
    """Microseconds of processor time of one call of one kind, one figure a round."""

    values: list[float] = field(default_factory=list)

    @property
    def middle(self) -> float:
        """Median of the rounds."""
        return median(self.values)

    @property
    def spread(self) -> float:
        """Half of the distance between the quartiles, as a share of the median."""
        if len(self.values) < 2:  # noqa: PLR2004 - no quartiles of one
            return 0.0
        low, _, high = quantiles(self.values, n=4)
        return (high - low) / 2 / self.middle

    def over(self, other: "Times") -> float:
        """Median of the ratios to another kind, round by round."""
        return median(one / two for one, two in zip(self.values, other.values, strict=True))


class Bench:
    """Kinds of work that take turns in this process.

    Args:
        work: the kinds by name; each call does one piece.
    """

    def __init__(self, work: Mapping[str, Work]) -> None:
        self.work = dict(work)
        self.times = {name: Times() for name in work}
        self._calls = {name: self._calls_for(call) for name, call in self.work.items()}

    @staticmethod
    def _calls_for(call: Work) -> int:
        """As many calls as fill a turn, after a warm-up."""
        for _ in range(20):
            call()
        began = time.process_time()
        for _ in range(5):
            call()
        return max(1, round(TURN_SECONDS / ((time.process_time() - began) / 5)))

    def round(self) -> None:
        """One turn of each kind; the cyclic collector works between turns and not in them."""
        for name, call in self.work.items():
            calls = range(self._calls[name])
            gc.collect()
            gc.disable()
            for _ in range(ceil(len(calls) * WARM_UP)):
                call()
            began = time.process_time()
            for _ in calls:
                call()
            self.times[name].values.append((time.process_time() - began) / len(calls) * 1e6)
            gc.enable()


class Child:
    """Kinds of work that take turns in another environment, one round whenever it is asked for one.

    Args:
        command: the program; it reads a JSON object from the first line of its input, answers with a line once it is
            warm, and after that with `{kind: microseconds}` for each line that it gets.
        told: the object.
    """

    def __init__(self, command: list[str], told: Mapping[str, Any]) -> None:
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.times: dict[str, Times] = {}
        self.versions: dict[str, str] = self._ask(json.dumps(told))

    def round(self) -> None:
        """One turn of each kind over there, while nothing runs here."""
        for name, microseconds in self._ask("round").items():
            self.times.setdefault(name, Times()).values.append(microseconds)

    def close(self) -> None:
        """Ends it."""
        self._process.communicate(timeout=60)

    def _ask(self, line: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def in_turn(call: Callable[[Any], object], inputs: Iterable[Any]) -> Work:
    """Work that takes another input at each call, round and round."""
    supply: Iterator[Any] = cycle(inputs)
    return lambda: call(next(supply))


def grid(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; all columns but the first are figures."""
    names = list(head)
    lines = [names, ["---", *["---:"] * (len(names) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
