"""Calls that may never return, made by a few threads of their own, each under a deadline.

A call into a library cannot be broken off: who waits goes away when the time is over, and the thread stays behind with
the call. When every thread is left behind like that, calls are refused at once.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, TypeVar

_T = TypeVar("_T")


class Crew:
    """A bounded number of threads; they are daemons, so that none of them keeps the process alive."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._lock = threading.RLock()  # a call that ends meanwhile calls back at once
        self._threads = 0
        self._left_behind = 0

    def run(self, job: Callable[[], _T], *, deadline: float) -> _T:
        """What `job` returns or raises, made in one of the threads.

        Args:
            job: the call.
            deadline: how long to wait for its end, its turn included, seconds.

        Raises:
            TimeoutError: it did not end in time, or no thread is left; a call that had not begun is never made.
        """
        future: Future[_T] = Future()
        with self._lock:
            if self._left_behind >= self._size:
                raise TimeoutError
            if self._threads < self._size:
                self._threads += 1
                threading.Thread(target=self._work, name=f"token-{self._threads}", daemon=True).start()
        self._jobs.put((future, job))
        try:
            return future.result(deadline)
        except TimeoutError:
            if future.cancel():
                raise
            return self._ended_or_left(future)

    def _ended_or_left(self, future: Future[_T]) -> _T:
        with self._lock:
            if not future.done():
                self._left_behind += 1
                future.add_done_callback(self._back)
                raise TimeoutError
        return future.result()

    def _back(self, _: Future[Any]) -> None:
        with self._lock:
            self._left_behind -= 1

    def _work(self) -> None:
        while True:
            future, job = self._jobs.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = job()
            except BaseException as error:  # noqa: BLE001 - handed to the one who waits
                future.set_exception(error)
            else:
                future.set_result(result)
                del result
            del future, job


class Gate:
    """Many may pass at once, or one alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._alone = False

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Pass with others."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self, *, deadline: float) -> Iterator[None]:
        """Pass when nobody else is inside, and keep the others out.

        Raises:
            TimeoutError: somebody stays inside.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: not self._alone and self._inside == 0, deadline):
                raise TimeoutError
            self._alone = True
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()
