"""A bundle without journals, which nobody signs as such, makes no certificate fail that the whole bundle passes."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from support.doors import by_batch, by_http, by_http_batch, command
from support.histories import INDEX, Change, documents, entry
from support.issuers import SimulatedCourt
from support.tuf_simulator import TUFSimulator, pack
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import Item, Policy, TrustStore, Verifier
from xinzheng_verifier.receipt import trust_digest
from xinzheng_verifier.trust.directory import import_bundle
from xinzheng_verifier.trust.extent import select

DAY = timedelta(days=1)
NOT_KNOWN = ("indeterminate", "status_not_yet_known")


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def certificate(court: SimulatedCourt) -> str:
    """Valid for thirty days already."""
    return court.issue({"validFrom": format_timestamp(court.now - 30 * DAY)}).jwt


class Publisher:
    """The court's lists and journals, which tell of these changes, in bundles with and without the journals."""

    def __init__(
        self, court: SimulatedCourt, folder: Path, changes: dict[str, list[Change]], *, has_journals: bool = True
    ) -> None:
        self._court, self._folder, self._simulator = court, folder, TUFSimulator(at=court.now)
        told = documents(court, **changes)
        self._simulator.country("420683")
        self._simulator.entrusted["province-42"].targets["courts/420683/issuer.json"] = encoded(told["controllers"][0])
        targets = self._simulator.entrusted["court-420683"].targets = {}
        for number, purpose in enumerate(("revocation", "suspension")):
            path = f"courts/420683/status/1/{purpose}"
            targets[f"{path}.json"] = encoded(told["status_lists"][number])
            if has_journals:
                targets[f"{path}.changes.json"] = encoded(told["status_changes"][number])

    def store(self, **chosen: Any) -> Path:
        path = self._folder / f"store-{json.dumps(chosen)}"
        bundle = pack(select(self._simulator.files(), **chosen))
        import_bundle(path, bundle, root=self._simulator.root_bytes, at=self._court.now)
        return path

    def verifier(self, policy: Policy | None = None, **chosen: Any) -> Verifier:
        return Verifier(TrustStore.open(self.store(**chosen)), policy=policy or Policy())


def encoded(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


@pytest.mark.usefixtures("present")
@pytest.mark.parametrize("kind", ["revocations", "suspensions"])
def test_what_a_journal_would_tell_is_not_decided(
    court: SimulatedCourt,
    certificate: str,
    tmp_path: Path,
    kind: str,
) -> None:
    deadline = court.now - 5 * DAY
    publisher = Publisher(court, tmp_path, {kind: [(court.now - 2 * DAY, INDEX, 1)]})
    assert publisher.verifier().report(certificate, at=deadline, now=court.now).code == "ok"
    store = publisher.store(changes=False)
    verifier = Verifier(TrustStore.open(store))
    report = verifier.report(certificate, at=deadline, now=court.now)
    assert (report.verdict, report.code) == NOT_KNOWN
    assert [one["code"] for one in (entry(report, 0), entry(report, 1))] == ["status_not_yet_known"] * 2

    (file := tmp_path / "certificate.jwt").write_text(certificate, "ascii")
    printed = command(file, "--store", store, "--at", format_timestamp(deadline), "--json")
    assert printed.status == 2
    assert json.loads(printed.out) == {**report.to_json(), "file": str(file)}
    assert by_http(verifier, certificate.encode(), at=deadline, now=court.now) == report.to_json()
    assert by_http_batch(verifier, [Item(certificate)] * 2, at=deadline, now=court.now) == [report.to_json()] * 2
    for _ in range(2):  # the second time its key and lists are known
        assert by_batch(verifier, [Item(certificate)] * 3, at=deadline, now=court.now) == [report] * 3
        assert [*verifier.report_many([certificate], at=deadline, now=court.now, workers=1)] == [report]


@pytest.mark.parametrize(("kind", "code"), [("revocations", "revoked"), ("suspensions", "suspended")])
def test_a_set_bit_counts_for_the_present_with_or_without_journals(
    court: SimulatedCourt, certificate: str, tmp_path: Path, kind: str, code: str
) -> None:
    publisher = Publisher(court, tmp_path, {kind: [(court.now - 2 * DAY, INDEX, 1)]})
    made = court.now - timedelta(minutes=10)
    slow = Policy(max_clock_skew=timedelta(minutes=5))
    for verifier in (publisher.verifier(), publisher.verifier(changes=False)):
        for at in (court.now, made):
            assert verifier.report(certificate, at=at, now=court.now).code == code
    judged = Verifier(TrustStore.open(publisher.store(changes=False)), policy=slow)
    assert judged.report(certificate, at=made - timedelta(minutes=5), now=court.now).code == code
    assert judged.report(certificate, at=made - timedelta(minutes=6), now=court.now).code == "status_not_yet_known"


def test_a_moment_that_nobody_chose_is_answered_as_by_the_whole(
    court: SimulatedCourt, certificate: str, tmp_path: Path
) -> None:
    """The clock is behind: no journal is asked, and a set bit counts."""
    at = court.now - 5 * DAY
    publisher = Publisher(court, tmp_path, {"revocations": [(court.now - 2 * DAY, INDEX, 1)]})
    whole, part = publisher.verifier(), publisher.verifier(changes=False)
    for now in (None, at):
        codes = [[step.code for step in one.report(certificate, at=at, now=now).steps] for one in (whole, part)]
        assert codes[0] == codes[1]
        assert codes[0][7] == "revoked"


def test_a_court_without_journals_says_that_a_set_bit_was_always_set(
    court: SimulatedCourt, certificate: str, tmp_path: Path
) -> None:
    """Nothing was left out there; a bundle that says so may only make it less known."""
    publisher = Publisher(court, tmp_path, {"revocations": [(court.now - 2 * DAY, INDEX, 1)]}, has_journals=False)
    whole, part = publisher.verifier(), publisher.verifier(changes=False)
    codes = [one.report(certificate, at=court.now - 5 * DAY, now=court.now).code for one in (whole, part)]
    assert codes == ["revoked", "status_not_yet_known"]
    assert trust_digest(whole.trust) != trust_digest(part.trust)


def test_leaving_journals_out_never_makes_an_answer_better(
    court: SimulatedCourt, certificate: str, tmp_path: Path
) -> None:
    then, now = court.now - 5 * DAY, court.now
    histories: list[list[Change]] = [
        [],
        [(then - DAY, INDEX, 1)],
        [(then + DAY, INDEX, 1)],
        [(then - DAY, INDEX, 1), (then + DAY, INDEX, 0)],
    ]
    for number, history in enumerate(histories):
        publisher = Publisher(court, tmp_path / str(number), {"suspensions": history})
        whole, part = publisher.verifier(), publisher.verifier(changes=False)
        assert part.report(certificate, at=then, now=now).code == "status_not_yet_known"
        assert part.report(certificate, at=now).code == whole.report(certificate, at=now).code
