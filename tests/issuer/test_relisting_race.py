"""A re-listing races with issuing: whatever comes first, no certificate stands on a look-up older than the event."""

from typing import Any

import pytest

from support.office import (
    NOW,
    CourtHouse,
    application,
    code,
    fields,
    masking,
    relisting,
)
from xinzheng_verifier import TrustStore, Verifier

TODAY = relisting(publishDate=NOW.date().isoformat())
OTHER_CASE = TODAY | {"caseCode": "（2026）鄂0606执3号", "gistId": ""}


def only(answer: dict[str, Any]) -> dict[str, Any]:
    (record,) = answer["records"]
    found: dict[str, Any] = record
    return found


def codes(record: dict[str, Any]) -> list[str]:
    return [error["code"] for error in record["errors"]]


def seen_by_a_lender(house: CourtHouse, number: str) -> str:
    data = house.get(f"/api/v1/certificates/{number}/credential.json").content
    root, bundle = (house.get(f"/bundle/{name}", None).content for name in ("root.json", "latest.xzb"))
    trust = TrustStore.from_bundle(bundle, root=root, at=house.clock.now)
    return Verifier(trust).report(data, at=house.clock.now).code


def confirm_again(house: CourtHouse, case: str, **changes: Any) -> Any:
    """The judge confirms with a look-up made just now, unless `changes` say otherwise."""
    body = masking(house.clock.now, **({"listCheckedAt": house.clock.now.isoformat()} | changes))
    return house.post(f"{case}/masking-confirmation", body, "judge")


# --- a look-up does not outlive the record --------------------------------------------------------------------------


def test_an_old_look_up_does_not_bring_back_what_a_relisting_sent_back(house: CourtHouse) -> None:
    confirmation = masking(NOW, listCheckedAt="2026-11-23T07:00:00Z")
    case = house.approved(confirmation=confirmation)
    assert only(house.feed(TODAY))["effect"] == "sentBack"
    again = house.post(f"{case}/masking-confirmation", confirmation, "judge")
    assert code(again) == (422, "list_check_before_relisting")
    assert fields(again) == {"listCheckedAt": "list_check_before_relisting"}
    assert house.get(case).json()["state"] == "applied"


def test_a_record_that_came_while_the_case_was_applied_counts_too(house: CourtHouse) -> None:
    case = house.apply()
    assert codes(only(house.feed(TODAY))) == ["feed_application_open"]
    answer = house.post(f"{case}/masking-confirmation", masking(NOW), "judge")
    assert code(answer) == (422, "list_check_before_relisting")


def test_a_look_up_made_after_the_record_counts(house: CourtHouse) -> None:
    case = house.approved()
    house.feed(TODAY)
    house.clock.advance(minutes=5)
    assert confirm_again(house, case).status_code == 200
    number = house.issue(house.approve(case))["certificateNumber"]
    assert seen_by_a_lender(house, number) == "ok"


def test_a_look_up_of_the_very_moment_does_not(house: CourtHouse) -> None:
    case = house.apply()
    house.feed(TODAY)
    assert code(confirm_again(house, case)) == (422, "list_check_before_relisting")


def test_a_record_from_before_the_application_counts(house: CourtHouse) -> None:
    assert only(house.feed(TODAY))["outcome"] == "unmatched"
    case = house.apply()
    assert code(house.post(f"{case}/masking-confirmation", masking(NOW), "judge"))[1] == "list_check_before_relisting"


def test_a_record_of_the_masked_entry_itself_does_not(house: CourtHouse) -> None:
    case = house.apply()
    house.feed(relisting(publishDate="2022-03-08"))
    house.confirm(case)


def test_a_namesake_or_a_stranger_does_not(house: CourtHouse) -> None:
    case = house.apply()
    house.feed(TODAY | {"cardNum": "4206831985****1235"}, TODAY | {"iname": "李某", "cardNum": "420683198506151235"})
    house.confirm(case)


def test_a_person_with_another_name_in_the_feed_is_known_by_the_full_number(house: CourtHouse) -> None:
    # The register keeps the number masked: what it could compare must not depend on that.
    case = house.apply()
    house.feed(OTHER_CASE | {"iname": "王某某", "cardNum": application()["idNumber"]})
    assert code(house.post(f"{case}/masking-confirmation", masking(NOW), "judge"))[1] == "list_check_before_relisting"


def test_the_renewal_of_a_look_up_is_held_to_the_same_rule(house: CourtHouse) -> None:
    case = house.approved()
    with house.issuer.office.writing() as store:
        row = store.case(case.rpartition("/")[2])
    house.feed(TODAY)
    # As after a record that could not be applied: the case was not sent back, but the record is there.
    with house.issuer.office.writing() as store:
        row = store.case(row.id)
        row.state = "approved"
        store.add_case(row)
    body = {"listCheckedAt": "2026-11-23T07:59:00Z", "evidence": "网站"}
    assert code(house.post(f"{case}/list-check", body)) == (422, "list_check_before_relisting")
    assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (422, "list_check_before_relisting")


# --- repeats ----------------------------------------------------------------------------------------------------------


def test_every_arrival_after_the_look_up_sends_back(house: CourtHouse) -> None:
    case = house.approved()
    assert only(house.feed(TODAY))["effect"] == "sentBack"
    again = only(house.feed(TODAY))
    assert (again["effect"], again["repeated"]) == ("sentBack", True)
    house.clock.advance(minutes=5)
    confirm_again(house, case)
    house.approve(case)
    again = only(house.feed(TODAY))
    assert (again["effect"], again["repeated"]) == ("sentBack", False)
    assert house.get(case).json()["state"] == "applied"


def test_a_record_that_was_answered_and_comes_again_suspends_once(house: CourtHouse) -> None:
    case = house.approved()
    house.feed(TODAY)
    house.clock.advance(minutes=5)
    confirm_again(house, case)
    number = house.issue(house.approve(case))["certificateNumber"]
    again = only(house.feed(TODAY))
    assert (again["effect"], again["repeated"], codes(again)) == ("suspended", False, ["feed_answered"])
    assert seen_by_a_lender(house, number) == "suspended"
    address = f"/api/v1/certificates/{number}/reinstatement"
    for who in ("judge", "approver"):
        assert house.post(address, {"reason": "撤销纳入后的重复推送"}, who).status_code == 200
    third = only(house.feed(TODAY))
    assert (third["effect"], third["repeated"], house.state(number)) == ("suspended", True, "active")


def test_a_record_that_comes_late_revokes(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    house.clock.advance(days=3)
    assert only(house.feed(TODAY))["effect"] == "revoked"
    assert seen_by_a_lender(house, number) == "revoked"


# --- while it is being issued -----------------------------------------------------------------------------------------


def test_confirmed_and_approved_anew_between_record_and_store_is_not_what_was_signed(
    house: CourtHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = house.approved()
    cycle = house.issuer.cycle
    signed = cycle.sign

    def meanwhile(certificate: Any) -> Any:
        forms = signed(certificate)
        assert only(house.feed(TODAY))["effect"] == "sentBack"
        house.clock.advance(minutes=5)
        assert confirm_again(house, case).status_code == 200
        house.approve(case)
        return forms

    monkeypatch.setattr(cycle, "sign", meanwhile)
    assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (409, "draft_changed")
    monkeypatch.undo()
    number = house.issue(case)["certificateNumber"]
    claims = house.get(f"/api/v1/certificates/{number}/credential.json").json()["credentialSubject"]
    assert claims["listCheckedAt"] == "2026-11-23T08:05:00Z"


# --- two cases of one person ------------------------------------------------------------------------------------------


def test_a_listing_in_another_case_holds_up_an_application_as_it_suspends_a_certificate(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    second = house.approved(application(enforcementCaseNumber="（2022）鄂0683执124号"))
    record = only(house.feed(OTHER_CASE))
    assert {each["label"]: each["effect"] for each in record["effects"]} == {
        number: "suspended",
        second.rpartition("/")[2]: "sentBack",
    }
    old = masking(NOW, listCheckedAt="2026-11-23T07:30:00Z")
    assert code(house.post(f"{second}/masking-confirmation", old, "judge"))[1] == "list_check_before_relisting"
    house.clock.advance(minutes=5)
    assert confirm_again(house, second).status_code == 200


def test_a_record_of_one_case_revokes_its_certificate_and_holds_up_the_one_that_would_replace_it(
    house: CourtHouse,
) -> None:
    number = house.certificate()["certificateNumber"]
    case = house.approved(application(purpose=["bidding"], supersedes=number))
    record = only(house.feed(TODAY))
    assert {each["effect"] for each in record["effects"]} == {"revoked", "sentBack"}
    assert house.get(case).json()["state"] == "applied"


def test_a_listing_that_comes_after_the_judge_proposed_to_reinstate_sets_the_proposal_aside(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    address = f"/api/v1/certificates/{number}"
    house.feed(OTHER_CASE)
    house.post(f"{address}/reinstatement", {"reason": "另案"}, "judge")
    house.feed(OTHER_CASE)
    assert house.get(address).json()["reinstatementProposed"] is True
    assert codes(only(house.feed(OTHER_CASE | {"caseCode": "（2026）鄂0606执4号"}))) == ["feed_suspended_already"]
    answer = house.post(f"{address}/reinstatement", {"reason": "另案"}, "approver")
    assert code(answer) == (409, "reinstatement_not_proposed")
    case = house.get(address).json()["applicationId"]
    log = house.get(f"/api/v1/applications/{case}").json()["log"]
    assert [step["action"] for step in log][-2:] == ["proposeReinstatement", "setProposalAside"]


def test_a_register_of_the_first_version_is_brought_up_with_its_records(house: CourtHouse) -> None:
    case = house.apply()
    batch = house.feed(TODAY)["batch"]
    with house.issuer.office.writing() as store:
        [row] = store.feed_records(batch_id=batch)
        row.name = row.case_number = row.identity_key = row.alias_key = row.effects = None
        store.add(row)
    assert code(house.post(f"{case}/masking-confirmation", masking(NOW), "judge"))[1] == "list_check_before_relisting"
