"""`report_many`: the same answers as one by one, in order, lazily; nothing stops or stalls the rest."""

import contextlib
import hashlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from support.issuers import SimulatedCourt
from support.poison import DEADLY, RAISING, STALLING, GullibleStore, SlowStore, UnloadableStore, WorkersAlone, of_issuer
from support.samples import WANG_ID
from xinzheng_schemas.identity import ResidentId
from xinzheng_verifier import Item, Policy, Report, TrustStore, Verdict, Verifier
from xinzheng_verifier.bulk import crew, hands
from xinzheng_verifier.bulk.wire import Packer, Unpacker
from xinzheng_verifier.limits import MAX_INPUT_BYTES
from xinzheng_verifier.report import Outcome

OTHER_ID = "420683198506151235"


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def jwt(court: SimulatedCourt) -> str:
    return court.issue().jwt


@pytest.fixture(scope="module")
def verifier(court: SimulatedCourt) -> Verifier:
    return Verifier(TrustStore.from_documents([court.issuer_document()], court.status_lists(revoked=[7])))


def with_store(kind: type[TrustStore], court: SimulatedCourt) -> Verifier:
    return Verifier(kind.from_documents([court.issuer_document()], court.status_lists()))


def codes(reports: Iterable[Report]) -> list[str]:
    return [report.code for report in reports]


def reasons(reports: Iterable[Report]) -> list[Any]:
    return [report.steps[0].evidence.get("reason") for report in reports]


def living_children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split())


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    before = living_children()
    yield
    assert living_children() <= before
    assert not [thread for thread in threading.enumerate() if thread.name == "xinzheng-batch"]


def mixed(court: SimulatedCourt, count: int) -> list[bytes | str | Item]:
    """Good ones in every form, bad ones of every kind."""
    forms = court.issue()
    status = [entry | {"statusListIndex": "7"} for entry in court.credential()["credentialStatus"]]
    revoked = court.issue({"credentialStatus": status})
    kinds: list[bytes | str | Item] = [
        forms.jwt,
        forms.json_text,
        forms.json_text + b"\n",
        forms.jwt + "\r\n",
        forms.qr,
        b"",
        "\ud800",
        revoked.jwt,
        court.issue(signer=SimulatedCourt().certificate_signer).jwt,
        b"x" * (MAX_INPUT_BYTES + 1),
        "王" * (MAX_INPUT_BYTES + 1),
        Item(forms.jwt, identity=WANG_ID),
        Item(forms.jwt, identity=ResidentId.parse(OTHER_ID)),
        Item(forms.jwt, form="qr"),
        Item(forms.jwt, number="鄂0683-2026-0000000000000", other=forms.qr),
        Item(forms.jwt, number=forms.credential["certificateNumber"], other=forms.json_text),
    ]
    return list(itertools.islice(itertools.cycle(kinds), count))


def one_by_one(verifier: Verifier, things: Iterable[bytes | str | Item], at: datetime) -> list[Report]:
    items = (thing if isinstance(thing, Item) else Item(thing) for thing in things)
    return [
        verifier.report(i.data, at=at, identity=i.identity, number=i.number, other=i.other, form=i.form) for i in items
    ]


# --- the same answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_reports_are_those_of_report_in_the_same_order(court: SimulatedCourt, verifier: Verifier, workers: int) -> None:
    things = mixed(court, 300)
    expected = one_by_one(verifier, things, court.now)
    reports = list(verifier.report_many(iter(things), at=court.now, workers=workers))
    assert reports == expected
    assert [report.to_json() for report in reports] == [report.to_json() for report in expected]


def test_every_core_is_the_default(court: SimulatedCourt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    started: list[hands.Hand] = []

    class Counted(hands.Hand):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            started.append(self)

    monkeypatch.setattr(crew, "Hand", Counted)
    verifier = WorkersAlone(with_store(TrustStore, court).trust)
    assert len(list(verifier.report_many(mixed(court, 100), at=court.now))) == 100
    assert len(started) == 3


def test_no_more_processes_than_there_is_work_for(
    court: SimulatedCourt, verifier: Verifier, jwt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[bytes] = []
    real = hands.Hand

    def counted(head: bytes, inbox: Any) -> hands.Hand:
        started.append(head)
        return real(head, inbox)

    monkeypatch.setattr(crew, "Hand", counted)
    assert codes(verifier.report_many([jwt] * 3, at=court.now, workers=8)) == ["ok"] * 3
    assert len(started) == 1
    assert codes(verifier.report_many([], at=court.now, workers=8)) == []
    assert len(started) == 1


def test_policy_and_trust_travel_whole(court: SimulatedCourt, jwt: str) -> None:
    trust = TrustStore.from_documents([court.issuer_document()], court.status_lists())
    strict = Verifier(trust, policy=Policy(issuers=frozenset({"did:web:elsewhere.example"})))
    (report,) = strict.report_many([jwt], at=court.now, workers=2)
    assert report == strict.report(jwt, at=court.now)
    assert report.code == "policy_issuer"


def test_evidence_of_any_kind_travels(court: SimulatedCourt, verifier: Verifier) -> None:
    """What `marshal` cannot write goes by the slower way; an issuer that this end does not know has no name."""
    issued = court.issue().jwt
    report = verifier.report(issued, at=court.now)
    odd = replace(report, findings=((Outcome.PASSED, "ok", {"kind": Outcome.PASSED}), *report.findings[1:]))
    packer = Packer()
    for answer in (odd, report, "ZeroDivisionError", report):
        packer.add(answer)
    inputs = [issued] * 4
    arrived = list(Unpacker(verifier, at=court.now, now=None).unpack_all(packer.frame(), inputs))
    assert [arrived[0], arrived[1], arrived[3]] == [odd, report, report]
    assert arrived[2].code == "not_answered"
    stranger = Verifier(TrustStore.from_documents())
    packer.add(report)
    (unnamed,) = Unpacker(stranger, at=court.now, now=None).unpack_all(packer.frame(), inputs)
    assert unnamed.issuer is not None
    assert (unnamed.issuer.id, unnamed.issuer.name) == (court.did, None)


@pytest.mark.parametrize("with_claims", [False, True])
def test_claims_are_the_same_sent_along_or_read_once_more(
    court: SimulatedCourt, verifier: Verifier, *, with_claims: bool
) -> None:
    forms = court.issue()
    inputs: list[bytes | str] = [forms.jwt.encode(), forms.jwt + "\n", forms.json_text, forms.qr]
    packer = Packer(with_claims=with_claims)
    expected = [verifier.report(data, at=court.now) for data in 2 * inputs][len(inputs) :]
    for report in expected:
        packer.add(report)
    frame, unpacker = packer.frame(), Unpacker(verifier, at=court.now, now=None)
    arrived = list(unpacker.unpack_all(frame, inputs))
    assert arrived == deepcopy(arrived) == expected
    assert unpacker.interest.taken >= len(inputs)


@pytest.mark.parametrize("is_read", [False, True])
def test_claims_travel_once_a_caller_reads_them(
    court: SimulatedCourt, verifier: Verifier, jwt: str, monkeypatch: pytest.MonkeyPatch, *, is_read: bool
) -> None:
    sent: list[bool] = []

    class Noted(crew._Task):
        @cached_property
        def packed(self) -> bytes:
            sent.append(self.with_claims)
            return super().packed

    monkeypatch.setattr(crew, "_Task", Noted)
    for report in verifier.report_many([jwt] * 3_000, at=court.now, workers=2):
        assert not is_read or report.claims
    assert sent[-1] is is_read
    assert is_read or not any(sent)


# --- lazily -----------------------------------------------------------------------------------------------------------


def test_millions_are_not_held(court: SimulatedCourt, verifier: Verifier, jwt: str) -> None:
    asked = 0

    def endless() -> Iterator[str]:
        nonlocal asked
        while True:
            asked += 1
            yield jwt

    reports = verifier.report_many(endless(), at=court.now, workers=2)
    for number, report in enumerate(itertools.islice(reports, 1500), start=1):
        assert report.code == "ok"
        assert asked - number <= 2 * 3 * 96 + 96
    reports.close()
    assert next(reports, None) is None


def test_nothing_is_asked_before_the_first_report_is(court: SimulatedCourt, verifier: Verifier) -> None:
    source = iter(["read too early"])
    for workers in (1, 2):
        verifier.report_many(source, at=court.now, workers=workers)
    assert next(source) == "read too early"


def test_slow_source_is_not_waited_for(court: SimulatedCourt, verifier: Verifier, jwt: str) -> None:
    """What a source has given is answered although it takes its time over the next."""
    answered = False

    def slow() -> Iterator[str]:
        for _ in range(600):
            if answered:
                return
            time.sleep(0.05)
            yield jwt
        pytest.fail("nothing was answered in half a minute")

    reports = verifier.report_many(slow(), at=court.now, workers=2)
    next(reports)
    answered = True
    assert {report.code for report in reports} == {"ok"}


@pytest.mark.parametrize("workers", [1, 2])
def test_fault_of_the_source_comes_after_the_reports_before_it(
    court: SimulatedCourt, verifier: Verifier, jwt: str, workers: int
) -> None:
    def broken() -> Iterator[str]:
        for _ in range(10):
            yield jwt
        raise KeyError("the database went away")

    reports = verifier.report_many(broken(), at=court.now, workers=workers)
    assert codes(itertools.islice(reports, 10)) == ["ok"] * 10
    with pytest.raises(KeyError, match="database"):
        next(reports)


# --- poisoned inputs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
def test_things_that_are_no_inputs_are_reported_not_raised(
    court: SimulatedCourt, verifier: Verifier, jwt: str, workers: int
) -> None:
    item: Any = Item
    odd = [item(jwt, identity=7), item(jwt, form=7), item(None), item(jwt, number=7), item(jwt, other=7)]
    things: list[Any] = [None, jwt, 7, bytearray(b"{}"), *odd, jwt]
    reports = list(verifier.report_many(things, at=court.now, workers=workers))
    assert [report.code == "ok" for report in reports] == [False, True, *[False] * 7, True]
    for report in reports[2:9]:
        assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "not_answered")
        assert report.steps[0].evidence == {"reason": "wrong_type"}
        assert (report.claims, report.issuer, report.input_sha256) == (None, None, None)
        assert "wrong_type" in report.message("zh")


@pytest.mark.parametrize("workers", [1, 2])
def test_fault_in_the_verifier_costs_one_input(court: SimulatedCourt, jwt: str, workers: int) -> None:
    verifier = with_store(GullibleStore, court)
    things: list[Any] = [jwt, of_issuer(jwt, RAISING), Item(jwt, form="pdf"), jwt]
    reports = list(verifier.report_many(things, at=court.now, workers=workers))
    assert codes(reports) == ["ok", "not_answered", "not_answered", "ok"]
    assert reports[1].steps[0].evidence == {"reason": "error", "error": "ZeroDivisionError"}
    assert reports[1].input_sha256 == hashlib.sha256(of_issuer(jwt, RAISING).encode()).hexdigest()
    assert reports[2].steps[0].evidence == {"reason": "error", "error": "ValueError"}


def test_input_that_ends_its_process_costs_itself_alone(court: SimulatedCourt, jwt: str) -> None:
    verifier = with_store(GullibleStore, court)
    things = [jwt] * 150
    for place in (0, 70, 71, 149):
        things[place] = of_issuer(jwt, DEADLY)
    reports = list(verifier.report_many(things, at=court.now, workers=2))
    assert [place for place, code in enumerate(codes(reports)) if code != "ok"] == [0, 70, 71, 149]
    assert {reason for reason in reasons(reports) if reason} == {"process_ended"}
    assert reports[0].input_sha256 is not None


def test_input_that_stalls_its_process_costs_itself_alone(
    court: SimulatedCourt, jwt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands, "ITEM_SECONDS", 1.0)
    verifier = with_store(GullibleStore, court)
    things = [jwt] * 40
    things[21] = of_issuer(jwt, STALLING)
    began = time.monotonic()
    reports = list(verifier.report_many(things, at=court.now, workers=2))
    assert [(place, reasons([report])) for place, report in enumerate(reports) if report.code != "ok"] == [
        (21, ["out_of_time"])
    ]
    assert time.monotonic() - began < 20


def test_slow_inputs_are_no_stall(court: SimulatedCourt, jwt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four inputs take longer together than one may take, and yet each is answered."""
    monkeypatch.setattr(hands, "ITEM_SECONDS", 1.1)
    monkeypatch.setattr(crew, "_FIRST_CHUNK", 6)
    verifier = with_store(SlowStore, court)
    assert codes(verifier.report_many([jwt] * 6, at=court.now, workers=2)) == ["ok"] * 6


@pytest.mark.parametrize("pause", [0.0, 1.0])  # while they work, and when they have nothing to do
def test_process_ended_from_outside_is_replaced(court: SimulatedCourt, jwt: str, pause: float) -> None:
    before = living_children()
    verifier = WorkersAlone(with_store(TrustStore, court).trust)
    reports = verifier.report_many([jwt] * 2000, at=court.now, workers=2)
    seen = codes(itertools.islice(reports, 100))
    time.sleep(pause)
    for pid in living_children() - before:
        os.kill(int(pid), signal.SIGKILL)
    time.sleep(pause)
    seen += codes(reports)
    assert seen == ["ok"] * 2000


def test_process_that_does_not_start_is_an_error_not_a_verdict(court: SimulatedCourt, jwt: str) -> None:
    verifier = with_store(UnloadableStore, court)
    with pytest.raises(RuntimeError, match="did not start"):
        list(verifier.report_many([jwt], at=court.now, workers=2))


def test_process_that_takes_for_ever_to_start_is_an_error(
    court: SimulatedCourt, jwt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands, "START_SECONDS", 0.0)
    verifier = with_store(TrustStore, court)
    with pytest.raises(RuntimeError, match="did not start"):
        list(verifier.report_many([jwt], at=court.now, workers=2))


# --- its end ----------------------------------------------------------------------------------------------------------


def test_closing_early_ends_the_processes(court: SimulatedCourt, jwt: str) -> None:
    verifier = with_store(GullibleStore, court)
    things = [jwt] * 20 + [of_issuer(jwt, STALLING)] * 200
    reports = verifier.report_many(things, at=court.now, workers=2)
    assert next(reports).code == "ok"
    began = time.monotonic()
    reports.close()
    assert time.monotonic() - began < 3


def test_process_that_will_not_go_is_ended(court: SimulatedCourt, jwt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An idle process that does not see that it is dismissed."""
    monkeypatch.setattr(hands, "_END_SECONDS", 0.2)
    monkeypatch.setattr(hands, "_PROGRAM", hands._PROGRAM + "; import time; time.sleep(60)")
    verifier = with_store(GullibleStore, court)
    began = time.monotonic()
    assert codes(verifier.report_many([jwt], at=court.now, workers=2)) == ["ok"]
    assert time.monotonic() - began < 20


PROGRAM = """
import signal
import sys
from datetime import datetime
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs in the background inherits that it is ignored
sys.path.insert(0, {tests!r})
from support.poison import STALLING, GullibleStore, of_issuer
from xinzheng_verifier import Verifier
trust = GullibleStore.from_documents([{issuer!r}], {lists!r})
things = [{jwt!r}] * 20 + [of_issuer({jwt!r}, STALLING)] * 40
for report in Verifier(trust).report_many(things, at=datetime.fromisoformat({now!r}), workers=2):
    print(report.code, flush=True)
"""


def program(court: SimulatedCourt, jwt: str, path: Path) -> Path:
    text = PROGRAM.format(
        tests=str(Path(__file__).parents[1]),
        issuer=court.issuer_document(),
        lists=court.status_lists(),
        jwt=jwt,
        now=court.now.isoformat(),
    )
    path.write_text(text, "utf-8")
    return path


def processes_in(session: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == session and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_or_killed_program_leaves_nothing_behind(
    court: SimulatedCourt, jwt: str, tmp_path: Path, how: signal.Signals
) -> None:
    """A plain script without a guard around its main part: the workers are no copies of it."""
    script = program(court, jwt, tmp_path / "script.py")
    running = subprocess.Popen(
        [sys.executable, "-W", "error", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # An interruption inside of coverage leaves its lock held for ever.
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},
    )
    assert running.stderr is not None
    assert running.stdout is not None
    assert running.stdout.readline() == "ok\n"
    workers = processes_in(running.pid)
    assert workers
    running.send_signal(how)
    running.wait(timeout=20)
    if how is signal.SIGKILL:
        for pid in workers:  # those stalled over an input end themselves, but only after a minute
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    error = running.stderr.read()
    assert error.count("Traceback") == (how is signal.SIGINT)
    assert ("KeyboardInterrupt" in error) == (how is signal.SIGINT)
    gone = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < gone:
        time.sleep(0.05)
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    running.stdout.close()
    running.stderr.close()


# --- misuse -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"workers": 0}, ValueError),
        ({"at": datetime(2026, 11, 23)}, ValueError),  # noqa: DTZ001 - the point
        ({"at": None}, TypeError),
    ],
)
def test_misuse_is_raised_at_once(verifier: Verifier, arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        verifier.report_many([], **({"at": datetime.now(UTC)} | arguments))


def test_program_without_an_interpreter_is_told_so(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(RuntimeError, match="workers=1"):
        verifier.report_many([], at=datetime.now(UTC))
    assert list(verifier.report_many([], at=datetime.now(UTC), workers=1)) == []


def test_item_does_not_show_its_number() -> None:
    assert WANG_ID not in repr(Item(b"x", identity=WANG_ID))
