"""Record, lint, sign, verify, hand over: races, crashes and failures never give a number or an index twice."""

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlmodel import select

from support.killed_issuer import kept_signer
from support.office import (
    CourtHouse,
    PublisherTemplate,
    StandingClock,
    application,
    code,
    court_keys,
    make_issuer,
    make_office,
    relisting,
    zaoyang_court,
)
from support.repository import ROOT
from xinzheng_issuer.court import STATUS_LIST_ENTRIES
from xinzheng_issuer.domain.workflow import Actor, Role
from xinzheng_issuer.errors import IssuingError
from xinzheng_issuer.installation import ABANDONED_AFTER, Issuer
from xinzheng_issuer.issuing.credential import NUMBER_RANDOM_BYTES
from xinzheng_issuer.issuing.cycle import IssuingCycle
from xinzheng_issuer.register.tables import Certificate
from xinzheng_keys.software_signer import SoftwareSigner
from xinzheng_schemas import bitstring
from xinzheng_schemas.multibase import KeyType
from xinzheng_verifier import TrustStore, Verifier

SEAL = Actor("seal", "seal", frozenset({Role.SEAL_OPERATOR}))


class UnpluggedSigner(SoftwareSigner):
    """A module that was pulled out."""

    plugged = False

    def sign(self, data: bytes) -> bytes:
        if self.plugged:
            return super().sign(data)
        raise ConnectionError(f"session lost after {len(data)} octets")


class FlippingSigner(SoftwareSigner):
    """A module with a fault: one bit of every signature is wrong."""

    def sign(self, data: bytes) -> bytes:
        signature = bytearray(super().sign(data))
        signature[40] ^= 1
        return bytes(signature)


def house_with(issuer: Issuer, clock: StandingClock, signer: SoftwareSigner) -> CourtHouse:
    """The same court with another certificate key."""
    keys = court_keys(issuer.office.court, signer, issuer.keys.current().signers["status-1"])
    cycle = IssuingCycle(issuer.office, keys)
    return CourtHouse.open(replace(issuer, keys=keys, cycle=cycle), clock)


def certificates(issuer: Issuer) -> list[Certificate]:
    with issuer.office.reading() as store:
        return list(store._session.exec(select(Certificate)).all())


def revoked_bits(house: CourtHouse, number: int = 1) -> bytes:
    document = house.get(f"/status/420683/{number}/revocation", None).json()
    return bitstring.decode(document["credentialSubject"]["encodedList"], max_bytes=2**21)


# --- races ------------------------------------------------------------------------------------------------------------


def test_two_clerks_issue_one_case_at_once(house: CourtHouse) -> None:
    case = house.approved()
    together = threading.Barrier(2)

    def issue(_: int) -> int:
        together.wait()
        status: int = house.post(f"{case}/issuance", {}, "sealOperator").status_code
        return status

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(issue, range(2)))
    assert statuses == [201, 409]
    assert len(certificates(house.issuer)) == 1


def test_many_cases_at_once_never_share_a_number_or_an_index(
    tmp_path: Path, publisher_template: PublisherTemplate, clock: StandingClock
) -> None:
    # Eight places for eight certificates: threads must collide on the way.
    office = make_office(tmp_path, clock=clock)
    issuer = make_issuer(tmp_path, publisher_template, office=office)
    drawn: Iterator[int] = iter([0, 0, 0, 1, 1, 2, 1, 2, 3, 3, 4, 4, 5, 0, 5, 6, 6, 7, *range(8, 40)])
    lock = threading.Lock()

    def draw(_entries: int) -> int:
        with lock:
            return next(drawn)

    issuer = replace(issuer, cycle=IssuingCycle(office, issuer.keys, draw_index=draw))
    house = CourtHouse.open(issuer, clock)
    with house.client:
        cases = [house.approved(application(enforcementCaseNumber=f"（2022）鄂0683执{n}号")) for n in range(1, 9)]
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(house.issue, cases))
    assert len({each["certificateNumber"] for each in made}) == len(cases)
    assert len({(each["statusListNumber"], each["statusListIndex"]) for each in made}) == len(cases)


def test_two_applications_for_one_entry_at_once(house: CourtHouse) -> None:
    together = threading.Barrier(2)

    def apply(_: int) -> int:
        together.wait()
        status: int = house.post("/api/v1/applications", application()).status_code
        return status

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(apply, range(2))) == [201, 409]


def test_a_full_list_opens_the_next_one(
    tmp_path: Path, publisher_template: PublisherTemplate, clock: StandingClock
) -> None:
    court = zaoyang_court(status={"open_next_list_at": 2})
    issuer = make_issuer(tmp_path, publisher_template, office=make_office(tmp_path, clock=clock, court=court))
    house = CourtHouse.open(issuer, clock)
    with house.client:
        numbers = [f"（2022）鄂0683执{serial}号" for serial in range(1, 4)]
        made = [house.certificate(application(enforcementCaseNumber=number)) for number in numbers]
        assert [each["statusListNumber"] for each in made] == [1, 1, 2]
        last = made[-1]["certificateNumber"]
        house.post(f"/api/v1/certificates/{last}/revocation", {"reason": "fraud"}, "judge")
        assert bitstring.get_bit(revoked_bits(house, 2), made[-1]["statusListIndex"])
        data = house.get(f"/api/v1/certificates/{last}/credential.jwt").content
        root, bundle = (house.get(f"/bundle/{name}", None).content for name in ("root.json", "latest.xzb"))
        trust = TrustStore.from_bundle(bundle, root=root, at=clock.now)
        assert Verifier(trust).report(data, at=clock.now).code == "revoked"


def test_when_no_index_is_found_nothing_is_left_behind(issuer: Issuer, clock: StandingClock) -> None:
    def drawn(length: int) -> bytes:
        """The same number every time."""
        return bytes(length) if length == NUMBER_RANDOM_BYTES else secrets.token_bytes(length)

    stuck = IssuingCycle(replace(issuer.office, random_bytes=drawn), issuer.keys)
    house = CourtHouse.open(replace(issuer, cycle=stuck), clock)
    with house.client:
        house.certificate()
        case = house.approved(application(enforcementCaseNumber="（2022）鄂0683执9号"))
        assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (500, "status_list_exhausted")
        assert house.get(case).json()["state"] == "approved"
        assert len(certificates(issuer)) == 1


def test_a_list_of_which_all_is_taken_opens_the_next_one(
    tmp_path: Path, publisher_template: PublisherTemplate, clock: StandingClock
) -> None:
    """`open_next_list_at` may be as high as a list is long."""
    court = zaoyang_court(status={"open_next_list_at": STATUS_LIST_ENTRIES})
    issuer = make_issuer(tmp_path, publisher_template, office=make_office(tmp_path, clock=clock, court=court))
    house = CourtHouse.open(issuer, clock)
    with house.client:
        case = house.approved()
        burned = {
            "court_id": issuer.office.court.id,
            "case_id": case.rpartition("/")[2],
            "list_number": 1,
            "unsigned_sha256": "",
            "unsigned": b"",
            "recorded_at": clock.now,
            "recorded_by": "x",
            "voided_at": clock.now,
        }
        rows = [{**burned, "id": f"urn:uuid:{n}", "number": str(n), "list_index": n} for n in range(131_060)]
        with issuer.office.register.engine.begin() as connection:
            connection.execute(insert(Certificate), rows)
        cases = [case, house.approved(application(enforcementCaseNumber="（2022）鄂0683执9号"))]
        assert [house.issue(each)["statusListNumber"] for each in cases] == [2, 2]


# --- crashes ----------------------------------------------------------------------------------------------------------


def begun(folder: Path, template: PublisherTemplate, clock: StandingClock) -> Issuer:
    """An issuer on a folder that outlives it."""
    office = make_office(folder, url=f"sqlite:///{folder / 'register.sqlite'}", clock=clock)
    keys = court_keys(office.court, kept_signer(folder, "cert"), kept_signer(folder, "status"))
    return make_issuer(folder, template, office=office, keys=keys)


@pytest.fixture
def kill(tmp_path: Path, publisher_template: PublisherTemplate) -> Callable[[str], str]:
    """Prepares an approved case on disk, and has it issued by a process that dies at the given place."""

    def run(where: str) -> str:
        house = CourtHouse.open(begun(tmp_path, publisher_template, StandingClock()), StandingClock())
        with house.client:
            case = house.approved()
        process = subprocess.run(
            [sys.executable, "-m", "support.killed_issuer", str(tmp_path), case.rpartition("/")[2], where],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert process.returncode == -signal.SIGKILL, process.stderr
        return case

    return run


@pytest.mark.parametrize(
    "where",
    [
        "before the first signature",
        "before the last signature",
        "before the check",
        "before the publication",
    ],
)
def test_killed_on_the_way_the_next_start_finishes(
    where: str,
    kill: Callable[[str], str],
    tmp_path: Path,
    publisher_template: PublisherTemplate,
    clock: StandingClock,
) -> None:
    case_id = kill(where).rpartition("/")[2]
    issuer = begun(tmp_path, publisher_template, clock)
    office = issuer.office
    (recorded,) = certificates(issuer)
    assert (recorded.issued_at is None) == (where != "before the publication")
    recovery, publication = issuer.start()
    assert recovery.voided == ()
    assert publication.published
    (finished,) = certificates(issuer)
    assert (finished.number, finished.list_index) == (recorded.number, recorded.list_index)
    assert finished.credential_jwt is not None
    with office.reading() as store:
        assert store.case(case_id).state == "active"
        assert store.pending_publications() == []
        assert [step.action for step in store.transitions(case_id)].count("issue") == 1
        assert store.transitions(case_id)[-1].actor_name == "the-sealOperator"
    assert issuer.cycle.recover().finished == ()
    issuer.close()


def test_killed_and_started_too_late_the_number_is_burned(
    kill: Callable[[str], str], tmp_path: Path, publisher_template: PublisherTemplate, clock: StandingClock
) -> None:
    case = kill("before the check")
    clock.advance(hours=25)
    issuer = begun(tmp_path, publisher_template, clock)
    office = issuer.office
    (recorded,) = certificates(issuer)
    recovery, _ = issuer.start()
    assert recovery.voided == (recorded.number,)
    (voided,) = certificates(issuer)
    assert voided.credential_jwt is None
    with office.reading() as store:
        assert store.case(case.rpartition("/")[2]).state == "approved"
        assert list(store.set_indexes(1, "revocation")) == [recorded.list_index]
        row = store.status_list(1, "revocation")
        assert row is not None
        assert row.document is not None
    issuer.close()


# --- failures ---------------------------------------------------------------------------------------------------------


def test_a_faulty_key_burns_the_number_and_the_case_can_be_issued_later(issuer: Issuer, clock: StandingClock) -> None:
    broken = house_with(issuer, clock, FlippingSigner.generate())
    with broken.client:
        case = broken.approved()
        assert code(broken.post(f"{case}/issuance", {}, "sealOperator")) == (500, "self_check_failed")
        (voided,) = certificates(issuer)
        assert voided.void_reason == "self_check_failed"
        assert broken.get(case).json()["certificateNumber"] is None
        assert broken.get(f"/api/v1/certificates/{voided.number}").status_code == 404
        assert [step["action"] for step in broken.get(case).json()["log"]][-1] == "void"
        issuer.outbox.settle()
        assert bitstring.get_bit(revoked_bits(broken), voided.list_index)
    certificate, _ = IssuingCycle(issuer.office, issuer.keys).issue(case.rpartition("/")[2], SEAL)
    assert certificate.number != voided.number
    assert certificate.list_index != voided.list_index


def test_a_key_out_of_reach_loses_nothing(issuer: Issuer, clock: StandingClock) -> None:
    signer = UnpluggedSigner.generate()
    house = house_with(issuer, clock, signer)
    with house.client:
        cases = [house.approved(application(enforcementCaseNumber=f"（2022）鄂0683执{n}号")) for n in (1, 2)]
        for case in cases:
            for _ in range(2):  # asked again, the same record is taken up again
                assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (503, "signer_unavailable")
            assert house.get(case).json()["state"] == "approved"
            assert house.get(case).json()["certificateNumber"] is None
        recorded = certificates(issuer)
        assert [row.voided_at for row in recorded] == [None, None]
        assert house.issuer.cycle.recover(minimum_age=ABANDONED_AFTER).waiting == (recorded[0].number,)
        signer.plugged = True
        # One by the person who tries again, one by the server's timer.
        assert house.issue(cases[1])["certificateNumber"] == recorded[1].number
        assert house.issuer.tend().published
        assert house.state(recorded[0].number) == "active"
        assert [house.get(case).json()["state"] for case in cases] == ["active", "active"]
        assert len(certificates(issuer)) == 2


def test_a_key_that_comes_back_too_late_finds_the_case_changed(issuer: Issuer, clock: StandingClock) -> None:
    signer = UnpluggedSigner.generate()
    house = house_with(issuer, clock, signer)
    with house.client:
        case = house.approved()
        assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (503, "signer_unavailable")
        house.feed(relisting())
        signer.plugged = True
        assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (409, "not_approved")
        (left,) = certificates(issuer)
        assert house.issuer.cycle.recover(minimum_age=ABANDONED_AFTER).voided == (left.number,)


def test_what_the_verifier_refuses_is_not_signed(house: CourtHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def other_claims(credential: dict[str, object], *args: object, **options: object) -> str:
        return sign_jwt({**credential, "certificateNumber": "鄂0683-2026-0000000000000"}, *args, **options)  # type: ignore[arg-type]

    from xinzheng_issuer.issuing.forms import sign_jwt  # noqa: PLC0415

    case = house.approved()
    monkeypatch.setattr("xinzheng_issuer.issuing.rehearsal.sign_jwt", other_claims)
    signer = house.issuer.keys.current().signers["cert-1"]
    used: list[bytes] = []
    monkeypatch.setattr(type(signer), "sign", _counting(type(signer).sign, signer, used))
    assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (500, "lint_failed")
    assert used == []


def _counting(sign: Callable[..., bytes], watched: object, used: list[bytes]) -> Callable[..., bytes]:
    def counted(self: object, data: bytes) -> bytes:
        if self is watched:
            used.append(data)
        return sign(self, data)

    return counted


def test_a_case_changed_behind_the_approval_is_not_issued(house: CourtHouse) -> None:
    case = house.approved()
    with house.issuer.office.writing() as store:
        row = store.case(case.rpartition("/")[2])
        row.name = "李某"
        store.add_case(row)
    assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (409, "draft_changed")


def test_a_relisting_while_the_signature_is_made_wins(house: CourtHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    case = house.approved()
    check = house.issuer.cycle._rehearsal.check

    def relisted_meanwhile(*args: Any, at: datetime) -> None:
        check(*args, at=at)
        house.feed(relisting())

    monkeypatch.setattr(house.issuer.cycle._rehearsal, "check", relisted_meanwhile)
    assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (409, "not_approved")
    (voided,) = certificates(house.issuer)
    assert voided.voided_at is not None
    assert house.get(case).json()["state"] == "applied"


def test_a_suspension_while_the_successor_is_signed_wins(house: CourtHouse) -> None:
    old = house.certificate()["certificateNumber"]
    case = house.approved(application(purpose=["bidding"], supersedes=old))
    house.post(f"/api/v1/certificates/{old}/suspension", {"reason": "举报"})
    assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (409, "certificate_suspended")
    assert house.state(old) == "suspended"


def test_an_abandoned_record_is_finished_while_the_server_runs(
    house: CourtHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = house.approved()
    with monkeypatch.context() as patch:
        patch.setattr(house.issuer.cycle, "_finish", _interrupted)
        assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (500, "internal_error")
    assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (409, "issuing_in_progress")
    house.issuer.tend()
    assert house.get(case).json()["state"] == "approved"
    house.clock.advance(minutes=10)
    assert house.issuer.tend().published
    assert house.get(case).json()["state"] == "active"


def _interrupted(*_: object) -> None:
    raise MemoryError


def test_a_damaged_record_is_voided(house: CourtHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    case = house.approved()
    with monkeypatch.context() as patch:
        patch.setattr(house.issuer.cycle, "_finish", _interrupted)
        house.post(f"{case}/issuance", {}, "sealOperator")
    with house.issuer.office.writing() as store:
        (pending,) = store.pending_certificates()
        pending.unsigned = pending.unsigned.replace("王某".encode(), "李某".encode())
        store.add(pending)
    assert house.issuer.cycle.recover().voided == (pending.number,)


def test_the_register_keeps_no_full_number(house: CourtHouse, tmp_path: Path) -> None:
    house.certificate()
    house.feed(relisting(cardNum="42068319900101001X"))
    with house.issuer.office.reading() as store:
        assert len(store.cases()) == 1
    assert b"42068319900101001X" not in (tmp_path / "register.sqlite").read_bytes()


def test_a_form_that_is_no_certificate_is_refused(issuer: Issuer) -> None:
    with pytest.raises(IssuingError) as refusal:
        issuer.cycle._rehearsal.lint(
            {
                "validFrom": "2026-11-23T08:00:00Z",
                "credentialStatus": [{"statusListCredential": "https://xz.example/status/420683/1/revocation"}],
                "proof": {},
            },
            key_type=KeyType.P256,
        )
    assert refusal.value.code == "already_secured"
