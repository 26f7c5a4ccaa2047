"""After a compromise everything that the key signed is issued anew: nothing twice, nothing lost, whatever happens."""

import csv
import logging
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlmodel import select

from support.keyed import OPERATOR
from support.office import CourtHouse, StandingClock, application, relisting
from support.repository import ROOT
from xinzheng_issuer.domain.workflow import Actor, Role
from xinzheng_issuer.errors import IssuingError, KeyLifeError, PublishingError
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.issuing.cycle import IssuingCycle
from xinzheng_issuer.issuing.epoch import EPOCH_FILE
from xinzheng_issuer.keylife.desk import KeyDesk
from xinzheng_issuer.keylife.drill import COLUMNS, drill
from xinzheng_issuer.keylife.reissue import Reissue, _alone
from xinzheng_issuer.register.tables import Case, Certificate
from xinzheng_schemas import strict_json
from xinzheng_schemas.trust_documents import KeyUsage
from xinzheng_verifier import TrustStore, Verifier


def case_of(number: int) -> dict[str, Any]:
    return application(enforcementCaseNumber=f"（2022）鄂0683执{number}号")


def issued(house: CourtHouse, count: int) -> list[dict[str, Any]]:
    return [house.certificate(case_of(200 + number)) for number in range(count)]


def lose_the_key(issuer: Issuer, clock: StandingClock) -> None:
    """cert-2 takes over and cert-1 is said to be in other hands."""
    desk = KeyDesk(issuer)
    desk.create("cert-2", KeyUsage.CERTIFICATE, OPERATOR, reason="stolen")
    clock.advance(seconds=1)
    desk.activate("cert-2", OPERATOR, reason="stolen", now=True)
    desk.compromise("cert-1", clock.now - timedelta(hours=1), OPERATOR, reason="stolen")


def reissue(issuer: Issuer, **options: Any) -> Reissue:
    return Reissue(issuer, "cert-1", OPERATOR, reason="stolen", batch=3, **options)


def test_no_certificate_answers_for_a_day_before_the_theft(
    keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock
) -> None:
    """A tender's deadline between the first issue and the theft: the old one is void, the new one begins later."""
    (old,) = issued(keyed_house, 1)
    deadline = clock.advance(days=3)
    clock.advance(days=3)
    lose_the_key(keyed, clock)
    clock.advance(seconds=1)
    (new,) = reissue(keyed).run().numbers.values()
    assert keyed.outbox.publisher.latest is not None
    trust = TrustStore.from_bundle(
        keyed.outbox.publisher.latest.path.read_bytes(), root=keyed.outbox.publisher.root, at=clock.now
    )
    for name in ("credential.json", "credential.jwt", "credential.qr.txt"):
        found = {}
        for number in (old["certificateNumber"], new):
            data = keyed_house.get(f"/api/v1/certificates/{number}/{name}").content
            found[number] = [Verifier(trust).report(data, at=at, now=clock.now).code for at in (deadline, clock.now)]
        assert found[old["certificateNumber"]] == ["key_compromised"] * 2
        assert found[new] == ["not_yet_valid", "ok"], name


def code_now(house: CourtHouse, number: str, name: str = "credential.jwt") -> str:
    publisher = house.issuer.outbox.publisher
    assert publisher.latest is not None
    trust = TrustStore.from_bundle(publisher.latest.path.read_bytes(), root=publisher.root, at=house.clock.now)
    data = house.get(f"/api/v1/certificates/{number}/{name}").content
    return Verifier(trust).report(data, at=house.clock.now).code


def rows(issuer: Issuer) -> list[tuple[Certificate, Case]]:
    with issuer.office.reading() as store:
        query = select(Certificate, Case).join(Case, Case.id == Certificate.case_id)  # type: ignore[arg-type]  # a column, typed as its value
        return [(certificate, case) for certificate, case in store._session.exec(query).all()]


def check_whole(issuer: Issuer, count: int) -> None:
    """Every old certificate is replaced by exactly one of the new key; no number, index or entry is used twice."""
    found = rows(issuer)
    live = [(certificate, case) for certificate, case in found if case.state == "active" and certificate.issued_at]
    assert len(live) == count
    assert {certificate.signing_key for certificate, _ in live} == {"cert-2"}
    assert Counter(case.case_number for _, case in live).most_common(1)[0][1] == 1
    old = {case.id: case for certificate, case in found if certificate.signing_key == "cert-1"}
    assert {case.state for case in old.values()} == {"revoked"}
    assert {case.revocation_reason for case in old.values()} == {"superseded"}
    assert {case.supersedes_case_id for _, case in live} == old.keys()
    assert len({(each.list_number, each.list_index) for each, _ in found}) == len(found)
    assert not [each for each, case in found if each.issued_at is None and each.voided_at is None]


# --- the whole way ----------------------------------------------------------------------------------------------------


def test_everything_in_force_is_issued_anew(keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock) -> None:
    old = issued(keyed_house, 7)
    lose_the_key(keyed, clock)
    assert {code_now(keyed_house, each["certificateNumber"]) for each in old} == {"key_compromised"}
    told: list[tuple[int, int]] = []
    result = reissue(keyed).run(lambda done, total: told.append((done, total)))
    assert result.numbers.keys() == {each["certificateNumber"] for each in old}
    assert (result.left, result.published) == ({}, True)
    assert told == [(3, 7), (6, 7), (7, 7)]
    check_whole(keyed, 7)
    ends = {each["certificateNumber"]: each["validUntil"] for each in old}
    for before, after in result.numbers.items():
        for name in ("credential.json", "credential.jwt", "credential.qr.txt"):
            assert code_now(keyed_house, after, name) == "ok"
        shown = keyed_house.get(f"/api/v1/certificates/{after}").json()
        assert shown["validUntil"] == ends[before]
        assert keyed_house.state(before) == "revoked"
    again = reissue(keyed).run()
    assert (again.numbers, again.left) == ({}, {})
    check_whole(keyed, 7)


def test_what_is_issued_anew_is_remembered_outside_of_the_register(
    keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock
) -> None:
    issued(keyed_house, 2)
    lose_the_key(keyed, clock)
    clock.advance(seconds=1)
    reissue(keyed).run()
    noted = strict_json.loads_object((keyed.settings.data / EPOCH_FILE).read_bytes())["certificate"]
    assert noted in [certificate.id for certificate, _ in rows(keyed) if certificate.signing_key == "cert-2"]


def test_nothing_is_given_out_while_something_is_taken_over_beside_it(
    keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock
) -> None:
    issued(keyed_house, 7)
    lose_the_key(keyed, clock)
    with pytest.raises(PublishingError) as refused:
        reissue(keyed).run(lambda _done, _all: keyed.outbox.epoch.doubt())
    assert refused.value.code == "register_doubted"
    assert len([each for each, _ in rows(keyed) if each.signing_key == "cert-2"]) == 3  # the batch that was under way
    assert len(rows(keyed)) == 10
    assert keyed.outbox.adopt().published
    reissue(keyed).run()
    check_whole(keyed, 7)


def test_each_is_in_the_log_by_which_a_restored_register_is_made_up_for(
    keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock
) -> None:
    issued(keyed_house, 2)
    lose_the_key(keyed, clock)
    configured = structlog.get_config()["wrapper_class"]
    with structlog.testing.capture_logs() as logged:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
        numbers = reissue(keyed).run().numbers
        structlog.configure(wrapper_class=configured)
    told = {each["replaces"]: each["number"] for each in logged if each["event"] == "certificate_issued"}
    assert len(told) == 2
    assert told == numbers


def test_the_log_says_who_ordered_it_and_what_was_replaced(
    keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock
) -> None:
    [old] = issued(keyed_house, 1)
    lose_the_key(keyed, clock)
    [(before, after)] = reissue(keyed).run().numbers.items()
    with keyed.office.reading() as store:
        _, new_case = store.issued_certificate(after)
        _, old_case = store.issued_certificate(before)
        steps = [(row.action, row.actor_name, row.reason, row.note) for row in store.transitions(new_case.id)]
        [*_, ended] = store.transitions(old_case.id)
    assert steps == [
        ("reissue", "command-line: tester", "stolen", old["certificateNumber"]),
        ("issue", "system", None, after),
    ]
    assert (ended.action, ended.reason, ended.note) == ("revoke", "superseded", f"{after}; key cert-1")


def test_one_outbox_entry_for_a_batch(keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock) -> None:
    issued(keyed_house, 5)
    lose_the_key(keyed, clock)
    before = keyed.outbox.publisher.latest
    assert before is not None
    reissue(keyed).run()
    after = keyed.outbox.publisher.latest
    assert after is not None
    assert after.version == before.version + 1


# --- what is left -----------------------------------------------------------------------------------------------------


def test_only_what_is_in_force_is_issued_anew(keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock) -> None:
    suspended, revoked, renewed, plain = issued(keyed_house, 4)
    number = suspended["certificateNumber"]
    suspension = keyed_house.post(f"/api/v1/certificates/{number}/suspension", {"reason": "a doubt"}, "judge")
    assert suspension.status_code == 200, suspension.text
    keyed_house.post(f"/api/v1/certificates/{revoked['certificateNumber']}/revocation", {"reason": "fraud"}, "judge")
    other_purpose = {"purpose": ["bidding"], "supersedes": renewed["certificateNumber"], "purposeText": None}
    keyed_house.apply({k: v for k, v in {**case_of(202), **other_purpose}.items() if v is not None})
    lose_the_key(keyed, clock)
    result = reissue(keyed).run()
    assert result.numbers.keys() == {plain["certificateNumber"]}
    assert (result.left, result.suspended) == ({renewed["certificateNumber"]: "case_taken"}, [number])
    assert keyed_house.state(number) == "suspended"
    for step, who in (("reinstatement", "judge"), ("reinstatement", "approver")):
        answer = keyed_house.post(f"/api/v1/certificates/{number}/{step}", {"reason": "no doubt"}, who)
        assert answer.status_code == 200, answer.text
    again = reissue(keyed).run()
    assert (list(again.numbers), again.suspended) == ([number], [])


@pytest.mark.parametrize("effect", ["revoked", "suspended"])
def test_a_relisting_meanwhile_ends_both(
    keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock, monkeypatch: pytest.MonkeyPatch, effect: str
) -> None:
    """The record comes in while the new certificate is being signed: no certificate is in force after it."""
    [old] = issued(keyed_house, 1)
    lose_the_key(keyed, clock)
    check = keyed.cycle._rehearsal.check
    record = relisting(caseCode="(2022)鄂0683执200号" if effect == "revoked" else "(2022)鄂0683执999号")

    def listed_meanwhile(*arguments: Any, **named: Any) -> None:
        keyed_house.feed(record)
        check(*arguments, **named)

    monkeypatch.setattr(keyed.cycle._rehearsal, "check", listed_meanwhile)
    result = reissue(keyed).run()
    assert result.numbers == {}
    assert result.left.keys() == {old["certificateNumber"]}
    assert keyed_house.state(old["certificateNumber"]) == effect
    assert not [case for _, case in rows(keyed) if case.state in {"active", "approved", "applied"}]
    assert [each.voided_at is not None for each, _ in rows(keyed)] == [False, True]


def test_a_certificate_that_fails_the_check_is_left_and_burned(
    keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = issued(keyed_house, 4)
    lose_the_key(keyed, clock)
    lint = keyed.cycle._rehearsal.lint
    bad = "（2022）鄂0683执201号"

    def picky(credential: dict[str, Any], **named: Any) -> None:
        if credential["credentialSubject"]["enforcementCaseNumber"] == bad:
            raise IssuingError("lint_failed", form="json", reason="test")
        lint(credential, **named)

    with monkeypatch.context() as patch:
        patch.setattr(keyed.cycle._rehearsal, "lint", picky)
        result = reissue(keyed).run()
    assert result.left == {old[1]["certificateNumber"]: "lint_failed"}
    assert len(result.numbers) == 3
    assert keyed_house.state(old[1]["certificateNumber"]) == "active"
    assert reissue(keyed).run().numbers.keys() == {old[1]["certificateNumber"]}
    found = rows(keyed)
    assert sum(each.voided_at is not None for each, _ in found) == 1


# --- interrupted ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "where",
    [
        "in the first signature",
        "in the middle of the second batch",
        "while the first batch is stored",
        "after the first batch",
        "before the publication",
    ],
)
@pytest.mark.parametrize("server_first", [False, True], ids=["reissue again", "server starts first"])
def test_a_kill_loses_nothing_and_repeats_nothing(
    keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock, where: str, server_first: bool
) -> None:
    old = issued(keyed_house, 7)
    lose_the_key(keyed, clock)
    command = [sys.executable, "-m", "support.killed_reissue", str(keyed.settings.data), where]
    paths = os.pathsep.join([str(ROOT / "tests"), *sys.path])
    killed = subprocess.run(command, check=False, env=os.environ | {"PYTHONPATH": paths}, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    if server_first:
        keyed.start()
    result = reissue(keyed).run()
    assert result.left == {}
    check_whole(keyed, 7)
    replaced = {case.supersedes_case_id for _, case in rows(keyed) if case.reissues_key}
    assert len(replaced) == 7
    assert {keyed_house.state(each["certificateNumber"]) for each in old} == {"revoked"}
    assert sum(each.issued_at is not None for each, _ in rows(keyed)) == 14


def test_a_module_that_fails_ends_the_run_and_the_next_goes_on(
    keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued(keyed_house, 5)
    lose_the_key(keyed, clock)
    sign, calls = keyed.cycle.sign, iter(range(100))

    def unplugged(certificate: Certificate) -> Any:
        if next(calls) == 4:
            raise IssuingError("signer_unavailable", reason="ConnectionError")
        return sign(certificate)

    with monkeypatch.context() as patch:
        patch.setattr(IssuingCycle, "sign", lambda _cycle, certificate: unplugged(certificate))
        with pytest.raises(IssuingError) as refusal:
            reissue(keyed).run()
    assert refusal.value.code == "signer_unavailable"
    assert reissue(keyed).run().left == {}
    check_whole(keyed, 5)


def test_a_run_that_is_taken_up_with_yet_another_key(
    keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was recorded before the window of the key that signs now gets a new number; the old one is burned."""
    issued(keyed_house, 2)
    lose_the_key(keyed, clock)
    with monkeypatch.context() as patch:
        patch.setattr(Reissue, "_finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            reissue(keyed).run()
    desk = KeyDesk(keyed)
    desk.create("cert-3", KeyUsage.CERTIFICATE, OPERATOR, reason="-")
    clock.advance(seconds=5)
    desk.activate("cert-3", OPERATOR, reason="-", now=True)
    desk.retire("cert-2", OPERATOR, reason="-")
    result = reissue(keyed).run()
    assert (len(result.numbers), result.left) == (2, {})
    live = [each for each, case in rows(keyed) if case.state == "active" and each.issued_at]
    assert [each.signing_key for each in live] == ["cert-3"] * 2
    assert sum(each.voided_at is not None for each, _ in rows(keyed)) == 2


def test_one_run_at_a_time(keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock) -> None:
    lose_the_key(keyed, clock)
    with _alone(keyed.settings.keys_folder), pytest.raises(KeyLifeError) as refusal:
        reissue(keyed).run()
    assert refusal.value.code == "reissue_running"
    assert keyed_house.get("/healthz", None).status_code == 200


def test_only_a_compromised_keys_work_is_done_again(keyed: Issuer) -> None:
    with pytest.raises(KeyLifeError) as sound:
        reissue(keyed).run()
    with pytest.raises(KeyLifeError) as unknown:
        Reissue(keyed, "cert-9", OPERATOR, reason="-").run()
    assert (sound.value.code, unknown.value.code) == ("key_not_compromised", "key_unknown")


def test_nobody_else_may_order_it(keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock) -> None:
    issued(keyed_house, 1)
    lose_the_key(keyed, clock)
    clerk = Actor("c", "c", frozenset({Role.CLERK}))
    result = Reissue(keyed, "cert-1", clerk, reason="-").run()
    assert list(result.left.values()) == ["role_not_allowed"]


# --- the drill --------------------------------------------------------------------------------------------------------


def test_the_drill_lists_what_the_key_signed_and_changes_nothing(
    keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock, tmp_path: Path
) -> None:
    early = issued(keyed_house, 2)
    since = clock.advance(hours=1)
    late = [keyed_house.certificate(case_of(300))]
    keyed_house.post(f"/api/v1/certificates/{early[0]['certificateNumber']}/revocation", {"reason": "fraud"}, "judge")
    before = [(each.model_dump(), case.model_dump()) for each, case in rows(keyed)]
    found = drill(keyed, "cert-1", since, out=tmp_path / "list.csv")
    assert [(each.model_dump(), case.model_dump()) for each, case in rows(keyed)] == before
    assert (found.signed, found.count.live, found.count.since, found.to_reissue) == (3, 2, 1, 2)
    assert found.duration is not None
    assert found.duration > timedelta(0)
    with (tmp_path / "list.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == COLUMNS
    assert {row["certificateNumber"]: (row["state"], row["sinceMoment"]) for row in table} == {
        early[0]["certificateNumber"]: ("revoked", "no"),
        early[1]["certificateNumber"]: ("active", "no"),
        late[0]["certificateNumber"]: ("active", "yes"),
    }
    assert "王某" not in (tmp_path / "list.csv").read_text("utf-8-sig")
    with pytest.raises(FileExistsError):
        drill(keyed, "cert-1", since, out=tmp_path / "list.csv")
    assert drill(keyed, "status-1", since).duration is None


def test_the_re_issued_certificate_says_the_same_but_for_number_index_and_start(
    keyed_house: CourtHouse, keyed: Issuer, clock: StandingClock
) -> None:
    issued(keyed_house, 1)
    lose_the_key(keyed, clock)
    [(before, after)] = reissue(keyed).run().numbers.items()
    with keyed.office.reading() as store:
        old, new = (
            strict_json.loads_object(store.issued_certificate(number)[0].unsigned) for number in (before, after)
        )
    differing = {name for name in old if old[name] != new[name]}
    assert differing == {"id", "certificateNumber", "validFrom", "credentialStatus"}
