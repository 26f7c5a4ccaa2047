"""The HTTP endpoint over many inputs, its limits, its gate, and every way to be refused."""

import hashlib
import json
import socket
import threading
import time
import tracemalloc
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from support.doors import command
from support.issuers import SimulatedCourt
from support.poison import RAISING, GullibleStore, of_issuer
from support.samples import WANG_ID
from support.served import served
from xinzheng_verifier import Report, TrustStore, Verifier
from xinzheng_verifier.limits import MAX_BATCH_BYTES, MAX_BATCH_ITEMS, MAX_INPUT_BYTES
from xinzheng_verifier.messages import MESSAGES
from xinzheng_verifier.web import batch, body, create_app, gate

OTHER_ID = "420683198506151235"
BATCH = "/v1/verify/batch"


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def verifier(court: SimulatedCourt) -> Verifier:
    return Verifier(GullibleStore.from_documents([court.issuer_document()], court.status_lists()))


@pytest.fixture(scope="module")
def app(verifier: Verifier, court: SimulatedCourt) -> FastAPI:
    return create_app(verifier, clock=lambda: court.now)


@pytest.fixture(scope="module")
def client(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    document: dict[str, Any] = response.json()
    assert (document["status"], document["code"], document["type"].rpartition("/")[2]) == (status, code, code)
    assert document["title"]
    return document


# --- batches ----------------------------------------------------------------------------------------------------------


def test_reports_in_order_and_counts(client: TestClient, court: SimulatedCourt, verifier: Verifier) -> None:
    forms = court.issue()
    doubled = '{"@context":[],"a":1,"a":2}'
    pieces = [
        json.dumps(forms.jwt),
        json.dumps(forms.json_ld, indent=1),
        json.dumps(forms.qr),
        doubled,
        "7",
        json.dumps({"credential": forms.json_ld, "identity": OTHER_ID, "id": "loan 7"}),
        json.dumps({"credential": forms.jwt, "identity": WANG_ID}),
        json.dumps(of_issuer(forms.jwt, RAISING)),
    ]
    response = client.post(BATCH, content='{"credentials":[' + ",".join(pieces) + "]}")
    assert response.status_code == 200
    answer = response.json()
    codes = ["ok", "ok", "ok", "duplicate_member", "form_unknown", "identity_mismatch", "ok", "not_answered"]
    assert [report["code"] for report in answer["reports"]] == codes
    assert answer["counts"] == {"total": 8, "passed": 4, "failed": 3, "indeterminate": 1}
    assert [report.get("id") for report in answer["reports"]] == [None] * 5 + ["loan 7", None, None]
    assert answer["reports"][1] == verifier.report(pieces[1], at=court.now).to_json()
    assert answer["reports"][3] == verifier.report(doubled, at=court.now).to_json()
    assert WANG_ID not in response.text


@pytest.mark.parametrize("media_type", ["application/jsonl", "application/x-ndjson; charset=utf-8"])
def test_json_lines(client: TestClient, court: SimulatedCourt, media_type: str) -> None:
    forms = court.issue()
    lines = [forms.jwt, json.dumps(forms.qr), "", json.dumps(forms.json_ld), '{"credential":"x","id":"\\ud800"}']
    text = "\r\n".join(lines)
    response = client.post(BATCH, content=text.encode(), headers={"content-type": media_type})
    assert [report["code"] for report in response.json()["reports"]] == ["ok", "ok", "ok", "form_unknown"]
    assert response.json()["reports"][3]["id"] == "\ud800"
    assert client.post(BATCH, content=b"", headers={"content-type": media_type}).json() == {
        "reports": [],
        "counts": {"total": 0, "passed": 0, "failed": 0, "indeterminate": 0},
    }


def test_lines_are_those_of_the_command_line(client: TestClient, court: SimulatedCourt, tmp_path: Path) -> None:
    lines = ["", " \t\r", "\u3000", "\u00a0x", "\u0085", "\x1c", "\x0b", "\x0cx\x0c", "\u2028", " x\t\r"]
    content = "\n".join(lines).encode()
    (tmp_path / "lines").write_bytes(content)
    (tmp_path / "issuer").write_bytes(json.dumps(court.issuer_document()).encode())
    printed = command("--jsonl", tmp_path / "lines", "--json", "--controller", tmp_path / "issuer")
    response = client.post(BATCH, content=content, headers={"content-type": "application/jsonl"})
    at_the_desk = [report["inputSha256"] for report in response.json()["reports"]]
    assert at_the_desk == [hashlib.sha256(line.strip(" \t\r").encode()).hexdigest() for line in lines[2:]]
    assert [json.loads(line)["inputSha256"] for line in printed.out.splitlines()] == at_the_desk


def test_moment_of_a_batch(client: TestClient, court: SimulatedCourt) -> None:
    jwt, at = court.issue().jwt, "2028-01-01T00:00:00Z"
    inside = client.post(BATCH, json={"credentials": [jwt], "at": at})
    beside = client.post(BATCH, json={"credentials": [jwt], "at": None}, params={"at": at})
    lines = client.post(BATCH, content=jwt, params={"at": at}, headers={"content-type": "application/jsonl"})
    for response in (inside, beside, lines):
        assert response.json()["reports"][0]["code"] == "expired"


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        (b"", "batch_malformed", "body"),
        (b"\xff", "batch_malformed", "utf-8"),
        (b"[]", "batch_malformed", "body"),
        (b"{}", "batch_malformed", "credentials"),
        (b'{"credentials":"a.b.c"}', "batch_malformed", "credentials"),
        (b'{"credentials":[1,]}', "batch_malformed", "body"),
        (b'{"credentials":[],"credentials":[]}', "batch_malformed", "body"),
        (b'{"credentials":[],"policy":{}}', "batch_malformed", "policy"),
        (b'{"credentials":[],"at":7}', "batch_malformed", "at"),
        (b'{"credentials":[],"at":"now"}', "request_malformed", "at"),
        (b'{"credentials":[{"credential":7}]}', "request_malformed", "credential"),
        (b'{"credentials":' + b"[" * 100_000, "batch_malformed", "body"),
    ],
)
def test_batch_that_is_none(client: TestClient, content: bytes, code: str, field: str) -> None:
    assert problem(client.post(BATCH, content=content), 400, code)["errors"] == [{"field": field, "code": code}]


def test_batches_are_bounded(client: TestClient) -> None:
    assert len(client.post(BATCH, json={"credentials": ["x"] * MAX_BATCH_ITEMS}).json()["reports"]) == MAX_BATCH_ITEMS
    problem(client.post(BATCH, json={"credentials": ["x"] * (MAX_BATCH_ITEMS + 1)}), 413, "too_many")
    lines = {"content-type": "application/jsonl"}
    problem(client.post(BATCH, content="x\n" * (MAX_BATCH_ITEMS + 1), headers=lines), 413, "too_many")
    problem(client.post(BATCH, content=b" " * (MAX_BATCH_BYTES + 1)), 413, "too_large")
    large = client.post(BATCH, json={"credentials": ["x" * (MAX_INPUT_BYTES + 1), "x"]})
    assert [report["code"] for report in large.json()["reports"]] == ["too_large", "form_unknown"]


def test_what_takes_long_costs_others_nothing_and_its_own_batch_an_answer(
    client: TestClient, court: SimulatedCourt, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = json.loads(court.issue().json_text)
    forged["proof"]["cryptosuite"] = "ecdsa-rdfc-2019"  # its canonical form is made before its signature can be told
    forged["evidence"] = [{"type": "VerifiableCredential"}] * 80
    items = [{"credential": court.issue().jwt, "id": "first"}, *[forged] * 200, {"credential": "x", "id": "last"}]
    monkeypatch.setattr(batch, "BATCH_SECONDS", 0.3)
    began = time.thread_time()
    answer = client.post(BATCH, json={"credentials": items}).json()
    reports = answer["reports"]
    assert time.thread_time() - began < 5
    assert [reports[0]["code"], reports[0]["id"], reports[-1]["id"]] == ["ok", "first", "last"]
    answered = [report["code"] for report in reports].index("not_answered")
    assert 1 < answered < 200
    for report in reports[answered:]:
        assert (report["verdict"], report["code"]) == ("indeterminate", "not_answered")
        assert report["steps"][0]["evidence"] == {"reason": "out_of_time"}
    assert reports[-1]["inputSha256"] == hashlib.sha256(b"x").hexdigest()
    assert answer["counts"] == {
        "total": len(items),
        "passed": 1,
        "failed": answered - 1,
        "indeterminate": len(items) - answered,
    }


@pytest.mark.parametrize("unit", ['{"a":0}', "[[]]", "0"])
@pytest.mark.parametrize("nested", [False, True])
def test_memory_of_a_body_is_bounded(client: TestClient, unit: str, nested: bool) -> None:
    many = ",".join([unit] * (MAX_BATCH_BYTES // (len(unit) + 1) - 20))
    content = f'{{"credentials":[[{many}]]}}' if nested else f'{{"credentials":[{many}]}}'
    lines = {"content-type": "application/jsonl"} if nested else {}
    content = f'{{"credential":[{many}]}}' if lines else content
    tracemalloc.start()
    try:
        response = client.post(BATCH, content=content, headers=lines)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    if nested:
        assert [report["code"] for report in response.json()["reports"]] == ["too_large"]
    else:
        problem(response, 413, "too_many")
    assert peak < 8 * MAX_BATCH_BYTES


# --- embedded objects -------------------------------------------------------------------------------------------------


def test_embedded_object_is_judged_by_the_bytes_that_were_sent(
    client: TestClient, court: SimulatedCourt, verifier: Verifier
) -> None:
    document = court.issue().json_text.decode()
    spellings = {
        "as it was signed": document,
        "number with a fraction": document.replace("{", '{"extra": 1.0,', 1),
        "number with an exponent": document.replace("{", '{"extra": 1E2,', 1),
        "negative zero": document.replace("{", '{"extra": -0.0,', 1),
        "number beyond every double": document.replace("{", '{"extra": 1e999,', 1),
        "name that stands twice": document.replace("{", '{"type": [],', 1),
        "half a character": document.replace("{", '{"extra": "\\ud800",', 1),
        "as deep as it may be": document.replace("{", '{"extra": ' + "[" * 31 + "]" * 31 + ",", 1),
        "deeper": document.replace("{", '{"extra": ' + "[" * 32 + "]" * 32 + ",", 1),
        "escapes": document.replace("枣", "\\u67a3"),
    }
    codes = {}
    for name, text in spellings.items():
        alone = client.post("/v1/verify", content=text.encode()).json()
        wrapped = client.post("/v1/verify", content=f'{{"credential": {text}}}'.encode()).json()
        batched = client.post(BATCH, content=f'{{"credentials": [{text}]}}'.encode()).json()["reports"][0]
        assert alone == wrapped == batched == verifier.report(text, at=court.now).to_json(), name
        codes[name] = alone["code"]
    assert codes["as it was signed"] == codes["escapes"] == "ok"
    assert codes["name that stands twice"] == "duplicate_member"
    assert codes["deeper"] == "too_complex"


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/verify", BATCH, "/page/verify"])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, identity"])
def test_compressed_bodies_are_refused(client: TestClient, path: str, encoding: str) -> None:
    problem(client.post(path, content=b"x", headers={"content-encoding": encoding}), 415, "encoding_unsupported")


def test_uncompressed_body_may_say_so(client: TestClient) -> None:
    assert client.post("/v1/verify", content=b"x", headers={"content-encoding": "identity"}).status_code == 200


def test_unknown_addresses_and_methods(client: TestClient) -> None:
    problem(client.get("/nowhere"), 404, "not_found")
    problem(client.post("/v1"), 404, "not_found")
    assert client.get("/v1/verify").headers["allow"] == "POST"
    problem(client.get("/v1/verify"), 405, "method_not_allowed")
    problem(client.delete("/"), 405, "method_not_allowed")


def test_fault_of_the_program_is_no_verdict_and_says_nothing(client: TestClient, court: SimulatedCourt) -> None:
    response = client.post("/v1/verify", content=of_issuer(court.issue().jwt, RAISING))
    assert response.status_code == 500
    assert response.json()["code"] == "internal_error"
    assert "verifier" not in response.text.replace("xinzheng", "")


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("en;q=0.5, zh-Hans", "zh"),
        ("fr, zh;q=0.1", "zh"),
        ("zh;q=0", "en"),
        ("fr;q=x,*", "en"),
        ("zh;q=0.5,en;q=0.5", "zh"),
    ],
)
def test_language_of_a_problem(client: TestClient, wish: str, language: str) -> None:
    document = client.get("/nowhere", headers={"accept-language": wish}).json()
    assert document["title"] == getattr(MESSAGES["not_found"], language)


def test_language_by_address(client: TestClient) -> None:
    headers = {"accept-language": "zh"}
    assert client.get("/nowhere?lang=en", headers=headers).json()["title"] == MESSAGES["not_found"].en
    assert client.get("/nowhere?lang=zh").json()["title"] == MESSAGES["not_found"].zh
    assert client.get("/nowhere?lang=fr").json()["title"] == MESSAGES["not_found"].en


# --- the page ---------------------------------------------------------------------------------------------------------


def test_page_and_its_parts(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "信用修复证明核验" in client.get("/", headers={"accept-language": "zh-CN"}).text
    for text in (page.text, client.get("/page.js").text, client.get("/page.css").text):
        assert "http:" not in text
        assert "https:" not in text
        assert "innerHTML" not in text
    assert client.get("/page.js").headers["content-type"].startswith("text/javascript")
    assert client.get("/page.css").headers["content-type"].startswith("text/css")
    for path in ("/", "/page.js", "/page.css", "/healthz"):
        headers = client.get(path).headers
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_page_is_told_what_the_report_says(client: TestClient, court: SimulatedCourt, verifier: Verifier) -> None:
    jwt = court.issue().jwt.encode()
    answer = client.post("/page/verify", files={"file": jwt}, data={"identity": WANG_ID}).json()
    assert answer["report"] == verifier.report(jwt, at=court.now, identity=WANG_ID).to_json()
    assert {language: sheet["verdict"] for language, sheet in answer["sheet"].items()} == {"en": "PASSED", "zh": "通过"}
    assert [row["key"] for row in answer["sheet"]["zh"]["rows"]][-2:] == ["asked", "proves_not"]
    assert len(answer["sheet"]["en"]["steps"]) == 10


# --- the gate ---------------------------------------------------------------------------------------------------------


class SlowVerifier(Verifier):
    """Holds every judgement until it is released; counts those under way."""

    def __init__(self) -> None:
        super().__init__(TrustStore.from_documents())
        self.release = threading.Event()
        self.lock = threading.Lock()
        self.at_work = self.most_at_work = 0

    def report(self, data: bytes | str, *, at: datetime, **others: Any) -> Report:
        with self.lock:
            self.at_work += 1
            self.most_at_work = max(self.most_at_work, self.at_work)
        self.release.wait(20)
        with self.lock:
            self.at_work -= 1
        return super().report(data, at=at, **others)


def post(url: str, content: bytes = b"x") -> tuple[int, str | None, Any]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, content), timeout=30) as response:  # noqa: S310
            return response.status, None, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["retry-after"], json.load(error)


def in_threads(count: int, call: Callable[[], Any]) -> tuple[list[threading.Thread], list[Any]]:
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(call())) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads, answers


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_too_many_requests_are_sent_away_and_the_others_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MAX_REQUESTS_AT_WORK", 2)
    monkeypatch.setattr(gate, "MAX_REQUESTS_INSIDE", 5)
    verifier = SlowVerifier()
    with served(create_app(verifier)) as url:
        threads, answers = in_threads(9, lambda: post(f"{url}/v1/verify"))
        wait_until(lambda: len(answers) == 4)
        assert {(status, retry, document["code"]) for status, retry, document in answers} == {(503, "1", "busy")}
        assert verifier.at_work == 2
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as alive:  # noqa: S310
            assert alive.status == 200
        verifier.release.set()
        for thread in threads:
            thread.join()
        assert sorted(status for status, _, _ in answers) == [200] * 5 + [503] * 4
        assert verifier.most_at_work == 2
        assert post(f"{url}/v1/verify")[0] == 200


def test_batches_do_not_crowd_out_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MAX_BATCHES_INSIDE", 1)
    verifier = SlowVerifier()
    with served(create_app(verifier)) as url:
        first, _ = in_threads(1, lambda: post(f"{url}{BATCH}", b'{"credentials":["x"]}'))
        wait_until(lambda: verifier.at_work == 1)
        assert post(f"{url}{BATCH}", b'{"credentials":["x"]}')[0] == 503
        second, answers = in_threads(1, lambda: post(f"{url}/v1/verify"))
        wait_until(lambda: verifier.at_work == 2)
        verifier.release.set()
        for thread in first + second:
            thread.join()
        assert answers[0][0] == 200


def test_single_request_waits_for_no_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MAX_REQUESTS_AT_WORK", 1)
    monkeypatch.setattr(gate, "MAX_BATCHES_AT_WORK", 2)
    verifier = SlowVerifier()
    with served(create_app(verifier)) as url:
        batches, _ = in_threads(5, lambda: post(f"{url}{BATCH}", b'{"credentials":["x"]}'))
        wait_until(lambda: verifier.at_work == 2)
        single, answers = in_threads(1, lambda: post(f"{url}/v1/verify"))
        wait_until(lambda: verifier.at_work == 3)
        verifier.release.set()
        for thread in batches + single:
            thread.join()
    assert answers[0][0] == 200
    assert verifier.most_at_work == 3


def test_body_that_drips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, app: FastAPI) -> None:
    monkeypatch.setattr(body, "BODY_SECONDS", 0.3)
    with served(app) as url, socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=10) as line:
        line.sendall(b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
        answer = line.recv(65_536)
        while b"\r\n\r\n{" not in answer:
            answer += line.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in answer
