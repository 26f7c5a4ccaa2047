"""How many requests may be inside, and how many at work: what is beyond is sent away at once, not kept waiting.

Batches have places at work of their own, so that a single request waits for single ones alone.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

from xinzheng_verifier.limits import (
    MAX_BATCHES_AT_WORK,
    MAX_BATCHES_INSIDE,
    MAX_REQUESTS_AT_WORK,
    MAX_REQUESTS_INSIDE,
)
from xinzheng_verifier.web.problems import ProblemError

P = ParamSpec("P")
T = TypeVar("T")


class Gate:
    """The gate of one application."""

    def __init__(self) -> None:
        self._single = asyncio.Semaphore(MAX_REQUESTS_AT_WORK)
        self._many = asyncio.Semaphore(MAX_BATCHES_AT_WORK)
        self._inside = 0
        self._batches = 0

    @asynccontextmanager
    async def admitted(self, *, batch: bool = False) -> AsyncIterator[None]:
        """A place inside for the time of the block.

        Args:
            batch: whether the request may be a large one.

        Raises:
            ProblemError: `busy` (503).
        """
        if self._inside >= MAX_REQUESTS_INSIDE or (batch and self._batches >= MAX_BATCHES_INSIDE):
            raise ProblemError("busy", status=503, headers={"Retry-After": "1"})
        self._inside += 1
        self._batches += batch
        try:
            yield
        finally:
            self._inside -= 1
            self._batches -= batch

    async def work(self, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """What `function` returns, called in a thread when there is a place at work for a single credential."""
        async with self._single:
            return await run_in_threadpool(function, *arguments, **options)

    async def work_on_batch(self, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """What `function` returns, called in a thread when there is a place at work for a batch."""
        async with self._many:
            return await run_in_threadpool(function, *arguments, **options)
