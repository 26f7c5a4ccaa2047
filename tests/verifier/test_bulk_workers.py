"""The worker processes of a batch by themselves: frames, orders that come too late, parents that are gone."""

import fcntl
import io
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from support.issuers import SimulatedCourt
from support.poison import STALLING, GullibleStore, of_issuer
from xinzheng_verifier import Policy, TrustStore, Verifier
from xinzheng_verifier.bulk import hands, worker
from xinzheng_verifier.bulk.items import Parcel
from xinzheng_verifier.bulk.wire import Packer, pack, read_frame, write_frame


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def jwt(court: SimulatedCourt) -> str:
    return court.issue().jwt


@pytest.fixture(scope="module")
def verifier(court: SimulatedCourt) -> Verifier:
    return Verifier(TrustStore.from_documents([court.issuer_document()], court.status_lists()))


def test_orders_to_a_process_that_is_gone_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "_PROGRAM", "pass")
    inbox: SimpleQueue[tuple[hands.Hand, bytes | None]] = SimpleQueue()
    hand = hands.Hand(b"head", inbox)
    assert inbox.get(timeout=20) == (hand, None)
    hand._process.wait()  # its pipes are closed one after the other
    hand.give(b"")
    hand.give(b"")
    hand.bury()
    assert hand.status == 0


def test_process_that_lost_its_parent_does_not_stall_for_ever(court: SimulatedCourt, jwt: str) -> None:
    trust = GullibleStore.from_documents([court.issuer_document()], court.status_lists())
    program = "from xinzheng_verifier.bulk import worker; worker.STALL_SECONDS = 0.5; worker.main()"
    orders = io.BytesIO()
    write_frame(orders, pickle.dumps((Verifier, trust, Policy(), court.now, None)))
    write_frame(orders, pack([Parcel(of_issuer(jwt, STALLING))]))
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    ended = subprocess.run(
        [sys.executable, "-c", program],
        input=orders.getvalue(),
        env=environment,
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 1


def in_worker(frames: Callable[[Any], None], tmp_path: Path) -> list[bytes]:
    """What a worker writes that is given these frames."""
    with (tmp_path / "orders").open("wb") as orders:
        frames(orders)
    with (tmp_path / "orders").open("rb") as orders, (tmp_path / "answers").open("wb") as answers:
        worker.work(orders, answers)
    with (tmp_path / "answers").open("rb") as answers:
        return list(iter(lambda: read_frame(answers), None))


def test_worker_that_is_told_nothing_ends(tmp_path: Path) -> None:
    assert in_worker(lambda _: None, tmp_path) == []


def test_frame_that_is_cut_off_is_none(tmp_path: Path) -> None:
    with (tmp_path / "frame").open("wb") as stream:
        write_frame(stream, b"whole")
        write_frame(stream, b"not whole")
    content = (tmp_path / "frame").read_bytes()
    for length in range(len(content)):
        (tmp_path / "cut").write_bytes(content[:length])
        with (tmp_path / "cut").open("rb") as stream:
            assert list(iter(lambda: read_frame(stream), None)) == ([b"whole"] if length >= 13 else [])


def test_worker_whose_parent_is_gone_ends_quietly(court: SimulatedCourt, verifier: Verifier, jwt: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from xinzheng_verifier.bulk.worker import main; main()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    write_frame(process.stdin, pickle.dumps((Verifier, verifier.trust, verifier.policy, court.now, None)))
    assert read_frame(process.stdout) == worker.READY
    process.stdout.close()
    write_frame(process.stdin, pack([Parcel(jwt)]))
    process.stdin.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(timeout=20) == 0
    process.stderr.close()


def test_reports_of_a_frame_are_small(court: SimulatedCourt, verifier: Verifier, jwt: str) -> None:
    packer = Packer()
    report = verifier.report(jwt, at=court.now)
    for _ in range(64):
        packer.add(report)
    assert len(packer.frame()) / 64 < len(json.dumps(report.to_json())) / 2


def test_pipe_that_cannot_be_widened_serves_as_it_is(
    court: SimulatedCourt, verifier: Verifier, jwt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(fcntl, "F_SETPIPE_SZ")
    assert [r.code for r in verifier.report_many([jwt] * 200, at=court.now, workers=2)] == ["ok"] * 200
