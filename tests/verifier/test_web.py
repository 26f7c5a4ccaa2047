"""The HTTP endpoint beyond the vectors: bodies of every shape, limits, problems, no traces."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from support.doors import command
from support.issuers import SimulatedCourt
from support.samples import WANG_ID
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.limits import MAX_INPUT_BYTES, MAX_REQUEST_BYTES
from xinzheng_verifier.web import create_app


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def client(court: SimulatedCourt) -> TestClient:
    trust = TrustStore.from_documents([court.issuer_document()], court.status_lists())
    return TestClient(create_app(Verifier(trust), clock=lambda: court.now))


def code_of(response: Any) -> str:
    assert response.status_code == 200, response.text
    code: str = response.json()["code"]
    return code


def test_raw_body_of_any_media_type(client: TestClient, court: SimulatedCourt) -> None:
    forms = court.issue()
    for data in (forms.json_text, forms.jwt.encode(), forms.qr.encode()):
        for media_type in ("application/json", "application/vc", "text/plain", "application/octet-stream", None):
            headers = {"content-type": media_type} if media_type else {}
            assert code_of(client.post("/v1/verify", content=data, headers=headers)) == "ok"


def test_envelope(client: TestClient, court: SimulatedCourt) -> None:
    forms = court.issue()
    for credential in (forms.json_ld, forms.json_text.decode(), forms.jwt, forms.qr):
        assert code_of(client.post("/v1/verify", json={"credential": credential})) == "ok"
        asked = {"credential": credential, "identity": WANG_ID, "at": "2026-11-23T09:30:00Z"}
        report = client.post("/v1/verify", json=asked).json()
        assert (report["code"], report["at"]) == ("ok", "2026-11-23T09:30:00Z")
        assert report["steps"][8]["outcome"] == "passed"
        wrong = {"credential": credential, "identity": "420683198506151235", "at": None}
        assert code_of(client.post("/v1/verify", json=wrong)) == "identity_mismatch"


def test_file_of_a_form(client: TestClient, court: SimulatedCourt) -> None:
    jwt = court.issue().jwt.encode()
    assert code_of(client.post("/v1/verify", files={"file": ("c.jwt", jwt)})) == "ok"
    fields = {"identity": WANG_ID, "at": "2026-11-23T08:00:00Z"}
    assert code_of(client.post("/v1/verify", files={"any": jwt}, data=fields)) == "status_not_yet_known"


def test_report_is_given_whatever_the_verdict(client: TestClient) -> None:
    for data, code in ((b"", "form_unknown"), (b"{", "malformed"), (b"[]", "malformed"), (b"{}", "proof_missing")):
        assert code_of(client.post("/v1/verify", content=data)) == code
    doubled = b'{"credential":"a.b.c","credential":"d.e.f"}'
    assert code_of(client.post("/v1/verify", content=doubled)) == "duplicate_member"
    with_context = json.dumps({"@context": [], "credential": "a.b.c"})
    assert code_of(client.post("/v1/verify", content=with_context)) == "proof_missing"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"credential": 7}, "credential"),
        ({"credential": None}, "credential"),
        ({"credential": "a.b.c", "identity": 7}, "identity"),
        ({"credential": "a.b.c", "at": "tomorrow"}, "at"),
        ({"credential": "a.b.c", "at": 7}, "at"),
        ({"credential": "a.b.c", "policy": {}}, "policy"),
    ],
)
def test_envelope_that_is_none(client: TestClient, body: dict[str, Any], field: str) -> None:
    response = client.post("/v1/verify", json=body)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "https://xinzheng.example/problems/request_malformed"
    assert (problem["status"], problem["code"]) == (400, "request_malformed")
    assert problem["errors"] == [{"field": field, "code": "request_malformed"}]


def test_moment_as_query(client: TestClient, court: SimulatedCourt) -> None:
    jwt = court.issue().jwt
    assert code_of(client.post("/v1/verify", content=jwt, params={"at": "2028-01-01T00:00:00Z"})) == "expired"
    assert client.post("/v1/verify", content=jwt, params={"at": "now"}).status_code == 400


@pytest.mark.parametrize(
    ("files", "fields"),
    [
        ([], {"identity": "x"}),
        ([("a", b"x"), ("b", b"y")], {}),
        ([("a", b"x")], {"policy": "x"}),
        ([("a", b"x")], {"at": "now"}),
        ([("a", b"x")], {"a1": "x", "a2": "x", "a3": "x"}),
    ],
)
def test_form_that_is_none(client: TestClient, files: list[tuple[str, bytes]], fields: dict[str, str]) -> None:
    boundary = "boundary"
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    parts += [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="f"\r\n\r\n{data.decode()}\r\n'
        for name, data in files
    ]
    body = "".join(parts) + f"--{boundary}--\r\n"
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    response = client.post("/v1/verify", content=body.encode(), headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, "request_malformed")


@pytest.mark.parametrize("charset", ["undefined", "punycode", "idna", "unicode_escape", "utf-16", "zlib", "x", '"'])
def test_form_is_written_in_utf_8(client: TestClient, charset: str) -> None:
    body = '--b\r\nContent-Disposition: form-data; name="{}"; filename="f"\r\n\r\nx\r\n--b--\r\n'
    for name in ("file", "\\ud800"):
        headers = {"content-type": f"multipart/form-data; boundary=b; charset={charset}"}
        response = client.post("/v1/verify", content=body.format(name), headers=headers)
        assert response.status_code == 400
        assert response.json()["errors"] == [{"field": "content-type", "code": "request_malformed"}]
    headers = {"content-type": "multipart/form-data; boundary=b; charset=UTF-8"}
    assert code_of(client.post("/v1/verify", content=body.format("file"), headers=headers)) == "form_unknown"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/verify", '{"credential":"x","\\ud800":1}'),
        ("/v1/verify/batch", '{"credentials":[],"\\ud800":1}'),
        ("/v1/verify/batch", '{"credentials":[{"credential":"x","\\ud800":1}]}'),
    ],
)
def test_half_a_character_is_answered_as_the_escape_it_came_as(client: TestClient, path: str, body: str) -> None:
    response = client.post(path, content=body)
    assert response.status_code == 400
    assert b'"field":"\\ud800"' in response.content
    assert response.json()["errors"][0]["field"] == "\ud800"


def test_half_a_character_to_compare_is_no_fault_of_the_program(client: TestClient, court: SimulatedCourt) -> None:
    body = json.dumps({"credential": court.issue().jwt, "number": "\ud800", "identity": "\ud800"})
    assert code_of(client.post("/v1/verify", content=body)) in {"identity_mismatch", "number_mismatch"}


@pytest.mark.parametrize("media_type", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_broken_form(client: TestClient, media_type: str) -> None:
    for body in (b"", b"x", b"--x\r\n\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n"):
        response = client.post("/v1/verify", content=body, headers={"content-type": media_type})
        assert response.status_code == 400


def test_larger_bodies_are_refused_unread(client: TestClient) -> None:
    response = client.post("/v1/verify", content=b"x" * (MAX_INPUT_BYTES + 1))
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert client.post("/v1/verify", content=b"x" * MAX_INPUT_BYTES).status_code == 200
    large = {"credential": "x" * (MAX_INPUT_BYTES + 1)}
    assert code_of(client.post("/v1/verify", json=large)) == "too_large"
    assert client.post("/v1/verify", json={"credential": "x" * MAX_REQUEST_BYTES}).status_code == 413


def test_body_without_stated_length_is_bounded_too(client: TestClient) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 100 * MAX_INPUT_BYTES:
            sent += 65_536
            yield b"x" * 65_536

    assert client.post("/v1/verify", content=endless()).status_code == 413


def test_stated_length_that_is_no_number_is_not_believed(client: TestClient) -> None:
    headers = {"content-length": "many", "transfer-encoding": "chunked"}
    assert client.post("/v1/verify", content=b"", headers=headers).status_code == 200


def test_problem_in_the_language_of_the_request(client: TestClient) -> None:
    headers = {"accept-language": "zh-CN,zh;q=0.9"}
    assert "请求应为" in client.post("/v1/verify", json={"credential": 7}, headers=headers).json()["title"]
    assert "The request is not" in client.post("/v1/verify", json={"credential": 7}).json()["title"]


def test_answers_are_not_kept(client: TestClient, court: SimulatedCourt) -> None:
    assert client.post("/v1/verify", content=court.issue().jwt).headers["cache-control"] == "no-store"


def test_health(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok", "bundleVersion": None}
    assert client.get("/docs").status_code == 404


def test_machine_clock_is_the_default(court: SimulatedCourt) -> None:
    trust = TrustStore.from_documents([court.issuer_document()], court.status_lists())
    report = TestClient(create_app(Verifier(trust))).post("/v1/verify", content=court.issue().jwt).json()
    at = datetime.fromisoformat(report["at"])
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)


def test_served_by_the_command(court: SimulatedCourt, tmp_path: Path) -> None:
    (tmp_path / "issuer.json").write_text(json.dumps(court.issuer_document()), "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["serve", "--controller", str(tmp_path / "issuer.json"), "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-m", "xinzheng_verifier", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        assert health(f"http://127.0.0.1:{port}/healthz") == {"status": "ok", "bundleVersion": None}
    finally:
        process.send_signal(signal.SIGINT)
        status = process.wait(timeout=10)
    assert status == 0


def health(url: str) -> Any:
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - loopback
                return json.load(response)
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


def test_serving_needs_the_extra(court: SimulatedCourt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "issuer.json").write_text(json.dumps(court.issuer_document()), "utf-8")
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    printed = command("serve", "--controller", tmp_path / "issuer.json")
    assert printed.status == 64
    assert "xinzheng-verifier[server]" in printed.err
