"""The three doors of the verifier, each asked the same: library, command line, HTTP; one by one and in batches."""

import contextlib
import io
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from starlette.testclient import TestClient

from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import Item, Report, Verifier
from xinzheng_verifier.cli import main
from xinzheng_verifier.envelope import raw_members
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
    now: datetime | None = None,
    identity: str | None = None,
    number: str | None = None,
    other: bytes | None = None,
) -> dict[str, Any]:
    """The report that the endpoint gives: raw, or as a file of a form where there is something to send along."""
    client = TestClient(create_app(verifier, clock=lambda: now or at))
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


def by_batch(verifier: Verifier, items: Sequence[Item], *, at: datetime, now: datetime | None = None) -> list[Report]:
    """The reports of `report_many`, over two processes."""
    return list(verifier.report_many(iter(items), at=at, now=now, workers=2))


def by_http_batch(
    verifier: Verifier, items: Sequence[Item], *, at: datetime, now: datetime | None = None
) -> list[dict[str, Any] | None]:
    """The reports of the batch endpoint, objects sent as they stand and texts as strings; None for what is no text."""
    pieces = [_piece(item) for item in items]
    credentials = ",".join(piece for piece in pieces if piece is not None)
    content = f'{{"at":"{format_timestamp(at)}","credentials":[{credentials}]}}'
    response = TestClient(create_app(verifier, clock=lambda: now or at)).post(
        "/v1/verify/batch", content=content.encode("utf-8")
    )
    assert response.status_code == 200, response.text
    reports = iter(response.json()["reports"])
    return [None if piece is None else next(reports) for piece in pieces]


def _piece(item: Item) -> str | None:
    try:
        members = {"credential": _spelt(item.data), "other": None if item.other is None else _spelt(item.other)}
    except UnicodeDecodeError:
        return None
    members |= {"identity": json.dumps(item.identity), "number": json.dumps(item.number)}
    given = {name: value for name, value in members.items() if value not in (None, "null")}
    return members["credential"] if len(given) == 1 else "{" + ",".join(f'"{n}":{v}' for n, v in given.items()) + "}"


def _spelt(data: bytes | str) -> str:
    text = data if isinstance(data, str) else data.decode("utf-8")
    return text if _is_object(text) else json.dumps(text)


def _is_object(text: str) -> bool:
    """Whether a credential can stand in a batch as an object; blanks around one would be lost."""
    try:
        return text.startswith("{") and text.endswith("}") and bool(dict(raw_members(text)))
    except ValueError:
        return False
