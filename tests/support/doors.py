"""The three doors of the verifier, each asked the same: library, command line, HTTP."""

import contextlib
import io
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from starlette.testclient import TestClient

from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import Verifier
from xinzheng_verifier.cli import main
from xinzheng_verifier.web import create_app


class Printed(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str


def command(*arguments: str | Path, stdin: bytes = b"") -> Printed:
    """Runs `xinzheng-verify` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8")),
    ):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = int(end.code or 0)
    return Printed(status, out.getvalue(), err.getvalue())


def by_http(
    verifier: Verifier,
    data: bytes,
    *,
    at: datetime,
    identity: str | None = None,
    number: str | None = None,
    other: bytes | None = None,
) -> dict[str, Any]:
    """The report that the endpoint gives: raw, or as a file of a form where there is something to send along."""
    client = TestClient(create_app(verifier))
    moment = format_timestamp(at)
    fields = {name: value for name, value in (("identity", identity), ("number", number)) if value is not None}
    if not fields and other is None:
        response = client.post("/v1/verify", content=data, params={"at": moment})
    else:
        files = {"file": data} | ({} if other is None else {"other": other})
        response = client.post("/v1/verify", files=files, data=fields | {"at": moment})
    assert response.status_code == 200, response.text
    report: dict[str, Any] = response.json()
    return report
