"""A certificate is revoked while the one that is to replace it is on its way: nothing goes on as before."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from support.office import CourtHouse, application, code, fields, masking
from xinzheng_issuer.domain.workflow import State
from xinzheng_issuer.register.tables import Case

CHINESE = {"Accept-Language": "zh"}


def revoke(house: CourtHouse, number: str, reason: str = "fraud") -> None:
    answer = house.post(f"/api/v1/certificates/{number}/revocation", {"reason": reason}, "judge")
    assert answer.json()["state"] == "revoked", answer.text


def successor(**changes: Any) -> dict[str, Any]:
    return application(purpose=["bidding"], **changes)


def last_step(house: CourtHouse, case: str) -> tuple[str, str, str | None, str]:
    step = house.get(case).json()["log"][-1]
    return step["action"], step["actor"], step["reason"], step["note"]


@pytest.mark.parametrize("reason", ["fraud", "issuedInError", "relisted", "courtOrder", "conditionBroken"])
def test_an_approved_application_goes_back_to_the_judge(house: CourtHouse, reason: str) -> None:
    old = house.certificate()["certificateNumber"]
    case = house.approved(successor(supersedes=old))
    revoke(house, old, reason)
    assert last_step(house, case) == ("sendBack", "system", reason, f"certificate {old} revoked")
    assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (409, "not_approved")


def test_what_was_confirmed_cannot_be_approved(house: CourtHouse) -> None:
    old = house.certificate()["certificateNumber"]
    case = house.confirm(house.apply(successor(supersedes=old)))
    revoke(house, old)
    with pytest.raises(AssertionError, match="transition_not_allowed"):
        house.approve(case)
    look_up = {"listCheckedAt": house.clock.now.isoformat(), "evidence": "网站"}
    assert code(house.post(f"{case}/list-check", look_up))[0] == 409


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_judge_looks_again_and_only_then_it_goes_on(house: CourtHouse, confirmed: bool) -> None:
    old = house.certificate()["certificateNumber"]
    case = house.apply(successor(supersedes=old))
    if confirmed:
        house.confirm(case)
    revoke(house, old)
    house.clock.advance(minutes=10)
    answer = house.post(f"{case}/masking-confirmation", masking(house.clock.now), "judge", headers=CHINESE)
    assert code(answer) == (422, "list_check_before_revocation")
    assert fields(answer) == {"listCheckedAt": "list_check_before_revocation"}
    assert old in answer.json()["detail"]
    assert "以欺骗手段取得" in answer.json()["detail"]
    house.clock.advance(hours=1)
    house.issue(house.approve(house.confirm(case)))
    assert house.state(old) == "revoked"


def test_a_replaced_certificate_stops_nobody(house: CourtHouse) -> None:
    old = house.certificate()["certificateNumber"]
    case = house.approved(successor(supersedes=old))
    revoke(house, old, "superseded")
    house.issue(case)


def test_another_entry_of_the_same_person_is_left_alone(house: CourtHouse) -> None:
    old = house.certificate()["certificateNumber"]
    other = house.approved(application(enforcementCaseNumber="（2022）鄂0683执124号"))
    revoke(house, old)
    house.issue(other)


def test_a_revocation_while_the_successor_is_signed_wins(house: CourtHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    old = house.certificate()["certificateNumber"]
    case = house.approved(successor(supersedes=old))
    check = house.issuer.cycle._rehearsal.check

    def revoked_meanwhile(*args: Any, at: Any) -> None:
        check(*args, at=at)
        revoke(house, old)

    monkeypatch.setattr(house.issuer.cycle._rehearsal, "check", revoked_meanwhile)
    assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (409, "not_approved")
    assert house.get(case).json()["state"] == "applied"


@pytest.mark.parametrize(("step", "who"), [("approval", "approver"), ("issuance", "sealOperator")])
def test_what_an_older_release_left_approved_is_refused(house: CourtHouse, step: str, who: str) -> None:
    """Nobody sent it back when the certificate was revoked: it was done before this program knew of it."""
    old = house.certificate()["certificateNumber"]
    case = house.confirm(house.apply(successor(supersedes=old)))
    if step == "issuance":
        house.approve(case)
    state = house.get(case).json()["state"]
    revoke(house, old)
    with house.issuer.office.writing() as store:
        row: Case = store.case(case.rpartition("/")[2])
        row.state = State(state)
        store.add(row)
    if step == "approval":
        with pytest.raises(AssertionError, match="superseded_revoked"):
            house.approve(case)
        return
    answer = house.post(f"{case}/{step}", {}, who)
    assert code(answer) == (409, "superseded_revoked")
    assert "obtained by fraud" in answer.json()["detail"]


def test_revocation_and_seal_at_once_leave_no_certificate_in_force(shared_house: CourtHouse) -> None:
    house = shared_house
    for serial in range(1, 5):
        number = f"（2022）鄂0683执{serial}号"
        house.clock.advance(hours=1)
        old = house.certificate(application(enforcementCaseNumber=number))["certificateNumber"]
        case = house.approved(successor(enforcementCaseNumber=number, supersedes=old))
        together = threading.Barrier(2)

        def issue(case: str = case, together: threading.Barrier = together) -> int:
            together.wait()
            status: int = house.post(f"{case}/issuance", {}, "sealOperator").status_code
            return status

        def end(old: str = old, together: threading.Barrier = together) -> int:
            together.wait()
            status: int = house.post(f"/api/v1/certificates/{old}/revocation", {"reason": "fraud"}, "judge").status_code
            return status

        with ThreadPoolExecutor(2) as pool:
            issued, revoked = pool.submit(issue), pool.submit(end)
            # Either the seal came first, and the old certificate was replaced when the judge reached for it, or not.
            assert (issued.result(), revoked.result()) in {(201, 409), (409, 200)}
