"""No input hangs or grows: 256 KiB are answered in a second and 200 MB, and what is larger is refused unread."""

import asyncio
import gzip
import json
import os
import resource
import subprocess
import sys
from typing import Any

import pytest
from starlette.testclient import TestClient

from support.doors import command
from support.issuers import SimulatedCourt
from support.limited import MAX_SECONDS
from support.repository import ROOT
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.limits import MAX_INPUT_BYTES, MAX_REQUEST_BYTES
from xinzheng_verifier.web import create_app

ANSWERED = 110
"""Worst inputs that there are, at least."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the address space is bounded as Linux does it")


def _bounded() -> None:
    """Whatever happens, the child ends."""
    resource.setrlimit(resource.RLIMIT_CPU, (240, 240))


@pytest.mark.parametrize("door", ["library", "command", "http"])
def test_worst_inputs_are_answered_in_a_second_and_200_mb(door: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    # One arena: each thread would reserve 64 MB of addresses, of which it uses next to nothing.
    environment |= {"PYTHONPATH": str(ROOT / "tests"), "MALLOC_ARENA_MAX": "1"}
    command = [sys.executable, "-W", "error", "-m", "support.limited", door]
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, preexec_fn=_bounded
    )
    assert result.returncode == 0, result.stderr[-4000:]
    answers: dict[str, tuple[float, str]] = json.loads(result.stdout.splitlines()[-1])
    assert len(answers) > ANSWERED
    assert {name: seconds for name, (seconds, _) in answers.items() if seconds > MAX_SECONDS} == {}
    genuine = {name for name, (_, code) in answers.items() if code == "ok"}
    assert {
        name for name in genuine if not name.startswith(("token with", "message with", "enveloped", "token of"))
    } == set()


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    court = SimulatedCourt()
    return Verifier(TrustStore.from_documents([court.issuer_document()], court.status_lists()))


def test_library_refuses_what_is_larger_by_a_byte(verifier: Verifier) -> None:
    at = SimulatedCourt().now
    assert verifier.report(b"{" * MAX_INPUT_BYTES, at=at).code == "too_complex"
    report = verifier.report(b"{" * (MAX_INPUT_BYTES + 1), at=at)
    assert (report.code, report.input_sha256, report.form) == ("too_large", None, None)


def test_command_reads_no_more_than_a_byte_beyond(tmp_path: Any) -> None:
    (tmp_path / "issuer").write_text(json.dumps(SimulatedCourt().issuer_document()), "utf-8")
    printed = command("/dev/zero", "--controller", tmp_path / "issuer", "--json")  # it never ends
    assert printed.status == 1
    assert json.loads(printed.out)["code"] == "too_large"


@pytest.mark.parametrize("media_type", ["application/jwt", "application/json", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("announced", [None, "100000000000", "12"])
def test_http_stops_reading(verifier: Verifier, media_type: str, announced: str | None) -> None:
    """A body without end, in pieces of 64 KiB, whatever length is announced."""
    taken = 0
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 65_536
        return {"type": "http.request", "body": bytes(65_536), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", media_type.encode())]
    headers += [] if announced is None else [(b"content-length", announced.encode())]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/verify",
        "raw_path": b"/v1/verify",
        "query_string": b"",
        "headers": headers,
    }
    asyncio.run(create_app(verifier)(scope, receive, send))
    assert sent[0]["status"] == 413
    assert taken <= MAX_REQUEST_BYTES + 65_536
    assert announced != "100000000000" or taken == 0


def test_compressed_body_is_not_inflated(verifier: Verifier) -> None:
    """V02: what is not asked for is not unpacked, whatever the request says of it."""
    body = gzip.compress(bytes(64_000_000))
    response = TestClient(create_app(verifier)).post("/v1/verify", content=body, headers={"content-encoding": "gzip"})
    assert (response.status_code, response.json()["code"]) == (415, "encoding_unsupported")
    response = TestClient(create_app(verifier)).post("/v1/verify", content=body)
    assert (response.status_code, response.json()["code"]) == (200, "form_unknown")
