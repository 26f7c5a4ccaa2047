"""The register came back from a backup: nothing goes out that forgets, and one command leads on."""

import json
from datetime import UTC, datetime

import pytest

from support.office import CourtHouse, application
from support.restoring import CASES, backup, restore, revoke, run, suspend, token, verdict
from xinzheng_issuer.errors import PublishingError


def journal(house: CourtHouse) -> list[list[int]]:
    changes: list[list[int]] = house.get("/status/420683/1/revocation/changes", None).json()["changes"]
    return changes


def test_what_was_forgotten_is_never_outrun(court: CourtHouse) -> None:
    """A08: the editions of a restored register reach the old numbers again; they go out with the revocations or not."""
    first, second, third = (court.certificate(case)["certificateNumber"] for case in CASES)
    certificate = token(court, second)
    assert court.issuer.outbox.settle().published
    content = backup(court)
    revoke(court, second)
    restore(court, content)
    for number in (first, third):
        court.clock.advance(seconds=5)
        assert revoke(court, number)["published"] is False
    for _ in range(4):
        court.clock.advance(hours=25)
        assert not court.issuer.tend().published
    assert verdict(court, certificate) == "revoked"
    with court.issuer.office.reading() as store:
        row = store.status_list(1, "revocation")
        assert row is not None
        assert row.sequence == 1


def test_one_command_takes_over_what_was_published(court: CourtHouse) -> None:
    known, ordinary = (court.certificate(case)["certificateNumber"] for case in CASES[:2])
    court.issuer.outbox.settle()
    content = backup(court)
    made = court.clock.advance(seconds=60)
    lost = court.certificate(CASES[2])
    held = {number: token(court, number) for number in (known, ordinary, lost["certificateNumber"])}
    court.clock.advance(seconds=60)
    for number in (known, lost["certificateNumber"]):
        assert revoke(court, number)["published"]
    told = journal(court)
    restore(court, content)
    court.clock.advance(seconds=60)

    said = run(court, "--dry-run")
    assert said.exit_code == 0
    assert f"Certificate {known} was published" in said.output
    assert "1 set entry(ies) belong to certificates that the register does not know" in said.output
    assert f"证明 {known} 已在列表" in run(court, "--dry-run", LC_ALL="zh_CN.UTF-8").output
    early = run(court, "--yes")
    assert (early.exit_code, "[steps_to_repeat]" in early.output) == (1, True)

    assert revoke(court, known)["published"] is False
    done = run(court, "--yes", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output.splitlines()[-1])["action"] == "adopt"
    court.clock.now = max(court.clock.now, datetime.now(UTC))
    assert [verdict(court, each) for each in held.values()] == ["revoked", "ok", "revoked"]
    assert verdict(court, held[known], at=made) == "ok"

    # It goes on from there: what is unknown stays revoked, and nothing is given out on the old list.
    court.clock.advance(seconds=60)
    assert revoke(court, ordinary)["published"]
    assert [verdict(court, each) for each in held.values()] == ["revoked"] * 3
    assert journal(court)[:-1] == told  # the country's publisher takes nothing else
    assert court.certificate(application(enforcementCaseNumber="（2022）鄂0683执126号"))["statusListNumber"] == 2
    assert court.issuer.outbox.behind() == []
    assert "nothing to take over" in run(court, "--yes").output


def test_what_was_suspended_and_is_unknown_stays_so(court: CourtHouse) -> None:
    content = backup(court)
    lost = court.certificate(CASES[0])["certificateNumber"]
    certificate = token(court, lost)
    suspend(court, lost)
    restore(court, content)
    assert not court.issuer.outbox.renew().published
    assert court.issuer.outbox.adopt().published
    assert verdict(court, certificate) == "suspended"
    court.clock.advance(hours=25)
    assert court.issuer.tend().published
    assert verdict(court, certificate) == "suspended"


def test_a_forgotten_suspension_is_repeated_first(court: CourtHouse) -> None:
    number = court.certificate(CASES[0])["certificateNumber"]
    content = backup(court)
    suspend(court, number)
    restore(court, content)
    with pytest.raises(PublishingError) as refused:
        court.issuer.outbox.adopt()
    assert (refused.value.code, refused.value.params["numbers"]) == ("steps_to_repeat", number)
    suspend(court, number)
    assert court.issuer.outbox.adopt().published


def test_what_was_published_as_revoked_is_revoked_again_in_one_step(court: CourtHouse) -> None:
    """A restore in the middle of a re-issue: too many for one by one."""
    numbers = [court.certificate(case)["certificateNumber"] for case in CASES]
    certificates = [token(court, number) for number in numbers]
    content = backup(court)
    for number in numbers[:2]:
        revoke(court, number)
    suspend(court, numbers[2])
    restore(court, content)
    again = ("--revoke-again", "superseded")
    assert run(court, "--revoke-again", "because", "--yes").exit_code == 2
    said = run(court, *again, "--dry-run").stdout
    assert "2 certificate(s) that were published in it as revoked are revoked again" in said
    assert "2 份证明将重新撤销" in run(court, *again, "--dry-run", LC_ALL="zh_CN.UTF-8").stdout
    assert "1 certificate(s) that were published in it as suspended are suspended again" in said
    assert "1 份证明将重新暂停" in run(court, *again, "--dry-run", LC_ALL="zh_CN.UTF-8").stdout
    assert court.state(numbers[0]) == "active"  # nothing was done
    done = run(court, *again, "--yes")
    assert done.exit_code == 0, done.output
    found = court.get(f"/api/v1/certificates/{numbers[0]}").json()
    assert (found["state"], found["revocationReason"]) == ("revoked", "superseded")
    application_read = court.get(f"/api/v1/applications/{found['applicationId']}").text
    assert "published as revoked; taken over by command-line" in application_read
    court.clock.now = max(court.clock.now, datetime.now(UTC))
    assert [verdict(court, each) for each in certificates] == ["revoked", "revoked", "suspended"]
