"""The trade's acceptance scenarios, through HTTP: what a clerk, a judge and an approver meet."""

import json
from typing import Any

import pytest

from support.office import (
    NOW,
    OTHER_ID_NUMBER,
    CourtHouse,
    application,
    code,
    company_application,
    fields,
    masking,
    relisting,
)
from xinzheng_issuer.api.present import FORM_NAMES
from xinzheng_issuer.domain.workflow import Role
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.report import Report

EARLY_GROUND = {
    "listingGround": ["art1-5"],
    "listingTermEnd": "2027-03-08",
}


def report(house: CourtHouse, number: str, *, form: str = "credential.json", identity: str | None = None) -> Report:
    """What a lender with today's bundle finds."""
    data = house.get(f"/api/v1/certificates/{number}/{form}").content
    root = house.get("/bundle/root.json", None).content
    bundle = house.get("/bundle/latest.xzb", None).content
    trust = TrustStore.from_bundle(bundle, root=root, at=house.clock.now)
    return Verifier(trust).report(data, at=house.clock.now, identity=identity)


def verdict(house: CourtHouse, number: str, **options: str) -> tuple[str, str]:
    found = report(house, number, **options)
    return found.verdict.value, found.code


# --- 1 to 8: the clerk ------------------------------------------------------------------------------------------------


def test_1_from_application_to_certificate(house: CourtHouse) -> None:
    case = house.approved()
    certificate = house.issue(case)
    number = certificate["certificateNumber"]
    assert certificate["state"] == "active"
    assert (certificate["validFrom"], certificate["validUntil"]) == ("2026-11-23T08:00:00Z", "2027-05-23T08:00:00Z")
    assert certificate["publication"] == {"published": True, "bundleVersion": 2, "detail": None}
    for form in FORM_NAMES[:3]:
        assert verdict(house, number, form=form) == ("passed", "ok")
    assert verdict(house, number, identity=application()["idNumber"]) == ("passed", "ok")
    assert verdict(house, number, identity=OTHER_ID_NUMBER) == ("failed", "identity_mismatch")
    read = house.get(case).json()
    assert [(step["action"], step["toState"], step["actor"]) for step in read["log"]] == [
        ("register", "applied", "the-clerk"),
        ("confirmMasking", "maskingConfirmed", "the-judge"),
        ("approve", "approved", "the-approver"),
        ("issue", "active", "the-sealOperator"),
    ]
    assert read["certificateNumber"] == number


def test_1_all_forms_say_the_same(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    claims = [report(house, number, form=form).claims for form in FORM_NAMES[:3]]
    assert claims[0] == claims[1] == claims[2]
    png = house.get(f"/api/v1/certificates/{number}/credential.qr.png")
    assert png.headers["content-type"] == "image/png"
    assert png.content.startswith(b"\x89PNG")


def test_2_a_company_and_one_wrong_check_character(house: CourtHouse) -> None:
    wrong = house.post("/api/v1/applications", company_application(idNumber="91420683MA0000007N"))
    assert code(wrong) == (422, "uscc_check_character")
    assert fields(wrong) == {"idNumber": "uscc_check_character"}
    number = house.certificate(company_application())["certificateNumber"]
    assert verdict(house, number, identity="91420683MA0000007M") == ("passed", "ok")


def test_2_a_failing_check_can_be_overridden_and_is_recorded(house: CourtHouse) -> None:
    body = company_application(idNumber="91420683MA0000007N", checkDigitOverride="市场监管局核实")
    case = house.apply(body)
    assert house.get(case).json()["checkDigitOverride"] == "市场监管局核实"


def test_3_a_half_width_number_is_stored_full_width(house: CourtHouse) -> None:
    case = house.apply(application(enforcementCaseNumber="(2022)鄂0683执123号"))
    assert house.get(case).json()["enforcementCaseNumber"] == "（2022）鄂0683执123号"


def test_3_a_resumed_case_needs_its_original(house: CourtHouse) -> None:
    resumed = application(enforcementCaseNumber="（2022）鄂0683执恢7号")
    refused = house.post("/api/v1/applications", resumed)
    assert code(refused) == (422, "original_case_number_missing")
    assert fields(refused) == {"originalCaseNumber": "original_case_number_missing"}
    number = house.certificate(resumed | {"originalCaseNumber": ["(2021)鄂0683执46号"]})["certificateNumber"]
    assert verdict(house, number) == ("passed", "ok")


def test_3_only_a_resumed_case_has_an_original(house: CourtHouse) -> None:
    refused = house.post("/api/v1/applications", application(originalCaseNumber=["（2021）鄂0683执46号"]))
    assert code(refused) == (422, "original_case_number_unexpected")


def test_4_each_bad_case_number_has_its_own_message(house: CourtHouse) -> None:
    bad = ("（2022）鄂0683执0123号", "（2022）鄂683执1号", "（2022）鄂0683执1", "（2015）鄂0683执1号")
    answers = [house.post("/api/v1/applications", application(enforcementCaseNumber=number)) for number in bad]
    assert {answer.status_code for answer in answers} == {422}
    assert len({answer.json()["code"] for answer in answers}) == len(bad)
    assert len({answer.json()["detail"] for answer in answers}) == len(bad)
    assert all(fields(answer).keys() == {"enforcementCaseNumber"} for answer in answers)


@pytest.mark.parametrize(("filed", "status"), [("2022-01-01", 201), ("2023-01-31", 201), ("2023-02-01", 422)])
def test_4_a_case_that_came_in_at_the_end_of_a_year_may_be_filed_in_the_next(
    house: CourtHouse, filed: str, status: int
) -> None:
    body = application(caseFiledDate=filed, listingPublishedDate="2023-03-08")
    assert house.post("/api/v1/applications", body).status_code == status


def test_4_another_courts_case_is_refused(house: CourtHouse) -> None:
    answer = house.post("/api/v1/applications", application(enforcementCaseNumber="（2022）鄂0684执1号"))
    assert code(answer) == (422, "case_number_other_court")


def test_5_nothing_is_issued_before_masking_is_confirmed_and_approved(house: CourtHouse) -> None:
    case = house.apply()
    assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (409, "not_approved")
    house.confirm(case)
    assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (409, "not_approved")
    assert house.get("/api/v1/certificates").json()["items"] == []
    refused = house.get(case).json()["refused"]
    assert [(step["action"], step["code"], step["actor"]) for step in refused] == [
        ("issue", "not_approved", "the-sealOperator")
    ] * 2


def test_6_a_minor_is_pointed_to_annulment(house: CourtHouse) -> None:
    body = application(
        enforcementCaseNumber="（2007）枣执字第12号", listingPublishedDate="2007-12-31", caseFiledDate="2007-12-01"
    )
    answer = house.post("/api/v1/applications", body, headers={"Accept-Language": "zh"})
    assert code(answer) == (422, "minor_at_listing")
    assert "撤销纳入" in answer.json()["detail"]
    birthday = body | {"listingPublishedDate": "2008-01-01"}
    assert house.post("/api/v1/applications", birthday).status_code == 201


def test_7_a_second_application_is_shown_the_active_certificate(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    again = house.post("/api/v1/applications", application())
    assert code(again) == (409, "certificate_active")
    assert number in again.json()["detail"]


def test_7_a_second_open_application_is_refused(house: CourtHouse) -> None:
    house.apply()
    assert code(house.post("/api/v1/applications", application())) == (409, "application_open")


def test_7_a_new_purpose_supersedes(house: CourtHouse) -> None:
    old = house.certificate()["certificateNumber"]
    bidding = application(purpose=["bidding"], purposeText=None, supersedes=old)
    new = house.certificate(bidding)["certificateNumber"]
    assert new != old
    assert verdict(house, old) == ("failed", "revoked")
    assert verdict(house, new) == ("passed", "ok")
    assert house.get(f"/api/v1/certificates/{old}").json()["revocationReason"] == "superseded"


def test_7_superseding_needs_the_right_number_and_a_new_purpose(house: CourtHouse) -> None:
    first = application(supersedes="鄂0683-2026-0000000000000", purpose=["bidding"])
    assert code(house.post("/api/v1/applications", first)) == (409, "supersede_mismatch")
    number = house.certificate()["certificateNumber"]
    assert code(house.post("/api/v1/applications", first)) == (409, "supersede_mismatch")
    assert code(house.post("/api/v1/applications", application(supersedes=number))) == (409, "supersede_same_purpose")
    other_words = application(supersedes=number, purpose=["other"], purposeText="出国留学")
    house.post(f"/api/v1/certificates/{number}/suspension", {"reason": "举报"})
    assert code(house.post("/api/v1/applications", other_words)) == (409, "certificate_suspended")


def test_7_a_certificate_that_has_ended_does_not_stand_in_the_way(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    house.clock.advance(days=182)
    assert house.state(number) == "expired"
    assert house.certificate()["certificateNumber"] != number
    assert [step["action"] for step in _log_of(house, number)][-1] == "expire"


def test_8_an_agents_data_is_not_in_the_certificate(house: CourtHouse) -> None:
    agent = {"name": "张代理", "authority": "授权委托书，2026年11月20日"}
    case = house.approved(application(agent=agent))
    number = house.issue(case)["certificateNumber"]
    assert house.get(case).json()["agent"] == agent
    found = report(house, number).claims
    assert "张代理" not in json.dumps(found, ensure_ascii=False)


# --- 9 to 16: the judge and the approver ------------------------------------------------------------------------------


def test_9_nobody_approves_what_they_confirmed(house: CourtHouse) -> None:
    both = house.hire("ada", Role.JUDGE, Role.APPROVER)
    case = house.apply()
    assert house.post(f"{case}/masking-confirmation", masking(), both).status_code == 200
    answer = house.post(f"{case}/approval", house.opinion(case), both)
    assert code(answer) == (403, "self_approval")
    refused = house.get(case).json()["refused"]
    assert [(step["code"], step["actor"]) for step in refused] == [("self_approval", "ada")]
    house.approve(case)


def test_9_an_approval_is_of_what_was_read(house: CourtHouse) -> None:
    house.hire("second", Role.APPROVER)
    case = house.confirm(house.apply())
    read = house.opinion(case)
    assert house.post(f"{case}/send-back", {"reason": "文号有误"}, "second").status_code == 200
    other = masking(house.clock.now, maskingSerial="（2026）鄂0683屏蔽48号", consumptionRestrictionStatus="inForce")
    house.confirm(case, other)
    late = house.post(f"{case}/approval", read, "approver", headers={"Accept-Language": "zh"})
    assert code(late) == (409, "draft_changed")
    assert "请重新读取" in late.json()["detail"]
    assert [step["code"] for step in house.get(case).json()["refused"]] == ["draft_changed"]
    assert house.get(case).json()["state"] == "maskingConfirmed"
    missing = house.post(f"{case}/approval", {"opinion": "同意"}, "approver")
    assert fields(missing) == {"draftSha256": "field_missing"}
    house.issue(house.approve(case))


def test_9_a_renewed_look_up_is_the_same_draft(house: CourtHouse) -> None:
    case = house.apply()
    assert house.get(case).json()["draftSha256"] is None
    read = house.opinion(house.confirm(case))
    look_up = {"listCheckedAt": house.clock.now.isoformat(), "evidence": "网站"}
    assert house.post(f"{case}/list-check", look_up).status_code == 200
    assert house.post(f"{case}/approval", read, "approver").json()["draftSha256"] == read["draftSha256"]


def test_10_ground_art10_4_stays_not_performed(house: CourtHouse) -> None:
    case = house.apply()
    paid = masking(maskingGround="art10-4", performanceStatus="fullyPerformed")
    assert code(house.post(f"{case}/masking-confirmation", paid, "judge")) == (422, "performance_contradicts_ground")
    house.confirm(case, masking(maskingGround="art10-4", performanceStatus="notPerformed"))
    number = house.issue(house.approve(case))["certificateNumber"]
    claims = report(house, number).claims
    assert claims is not None
    assert claims["credentialSubject"]["performanceStatus"] == "notPerformed"  # type: ignore[call-overload, index]
    assert "已履行" not in json.dumps(claims, ensure_ascii=False)


def test_11_a_running_term_ends_early_only_by_article_2_and_the_vice_president(house: CourtHouse) -> None:
    case = house.apply(application(**EARLY_GROUND))
    by_art10 = masking(maskingGround="art10-1", performanceStatus="fullyPerformed")
    answer = house.post(f"{case}/masking-confirmation", by_art10, "judge")
    assert code(answer) == (422, "masking_ground_contradicts_listing")
    assert "art2EarlyDeletion" in answer.json()["detail"]
    house.confirm(case, masking(maskingGround="art2EarlyDeletion", performanceStatus="fullyPerformed"))
    assert code(house.post(f"{case}/approval", house.opinion(case), "approver")) == (403, "senior_approval_required")
    number = house.issue(house.approve(case, "vicePresident"))["certificateNumber"]
    assert verdict(house, number) == ("passed", "ok")


def test_12_a_conditional_masking_is_shorter_and_a_broken_condition_revokes(house: CourtHouse) -> None:
    case = house.apply()
    without_condition = masking(maskingGround="conditionalRepair", performanceStatus="partlyPerformed")
    answer = house.post(f"{case}/masking-confirmation", without_condition, "judge")
    assert code(answer) == (422, "conditional_expected")
    house.confirm(case, without_condition | {"conditional": True})
    certificate = house.issue(house.approve(case, "vicePresident"))
    number = certificate["certificateNumber"]
    assert certificate["validUntil"] == "2027-02-23T08:00:00Z"
    body = {"reason": "conditionBroken", "note": "第二期未付"}
    assert house.post(f"/api/v1/certificates/{number}/revocation", body, "judge").status_code == 200
    assert verdict(house, number) == ("failed", "revoked")


def test_13_a_relisting_revokes_and_the_next_list_shows_it(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    house.clock.advance(days=5)
    answer = house.feed(relisting())
    assert answer["records"][0]["outcome"] == "applied"
    assert answer["records"][0]["effect"] == "revoked"
    assert answer["records"][0]["certificateNumber"] == number
    assert answer["publication"]["published"] is True
    assert verdict(house, number) == ("failed", "revoked")
    assert house.get(f"/api/v1/certificates/{number}").json()["revocationReason"] == "relisted"


def test_13_in_the_resumed_case_of_the_same_basis(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    answer = house.feed(relisting(caseCode="（2026）鄂0683执恢9号"))
    assert answer["records"][0]["effect"] == "revoked"
    assert house.state(number) == "revoked"


def test_14_a_namesake_has_no_effect_and_is_flagged(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    namesake = relisting(caseCode="（2026）鄂0683执88号", cardNum="4206831985****1235")
    answer = house.feed(namesake)
    assert answer["records"][0]["outcome"] == "flagged"
    assert [error["code"] for error in answer["records"][0]["errors"]] == ["feed_namesake"]
    assert house.state(number) == "active"
    assert verdict(house, number) == ("passed", "ok")


def test_14_another_case_of_the_same_person_suspends_and_two_people_reinstate(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    address = f"/api/v1/certificates/{number}"
    answer = house.feed(relisting(caseCode="（2026）鄂0606执88号", gistId="（2025）鄂0606民初1号"))
    assert answer["records"][0]["effect"] == "suspended"
    assert verdict(house, number) == ("failed", "suspended")
    body = {"reason": "另案，与本案无关"}
    assert code(house.post(f"{address}/reinstatement", body, "approver")) == (409, "reinstatement_not_proposed")
    proposed = house.post(f"{address}/reinstatement", body, "judge").json()
    assert (proposed["state"], proposed["reinstatementProposed"]) == ("suspended", True)
    assert verdict(house, number) == ("failed", "suspended")
    confirmed = house.post(f"{address}/reinstatement", body, "approver").json()
    assert (confirmed["state"], confirmed["reinstatementProposed"]) == ("active", False)
    assert verdict(house, number) == ("passed", "ok")


def test_14_nobody_reinstates_alone(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    address = f"/api/v1/certificates/{number}"
    both = house.hire("ada", Role.JUDGE, Role.APPROVER)
    house.post(f"{address}/suspension", {"reason": "举报"})
    # Who may confirm is taken to confirm: then a judge alone must have proposed before.
    assert code(house.post(f"{address}/reinstatement", {"reason": "查明"}, both)) == (409, "reinstatement_not_proposed")
    assert house.state(number) == "suspended"


def test_15_a_wrong_name_is_revoked_and_issued_anew_under_another_number(house: CourtHouse) -> None:
    wrong = house.certificate(application(name="汪某"))["certificateNumber"]
    body = {"reason": "issuedInError"}
    assert house.post(f"/api/v1/certificates/{wrong}/revocation", body, "judge").status_code == 200
    right = house.certificate()
    assert right["certificateNumber"] != wrong
    assert verdict(house, wrong) == ("failed", "revoked")
    assert verdict(house, right["certificateNumber"]) == ("passed", "ok")


def test_16_a_forged_receipt_is_revoked_without_a_public_reason(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    body = {"reason": "fraud", "note": "伪造收条"}
    assert house.post(f"/api/v1/certificates/{number}/revocation", body, "approver").status_code == 200
    public = house.get("/status/420683/1/revocation", None).text
    assert "fraud" not in public
    assert "伪造" not in public
    assert "王某" not in public
    assert verdict(house, number) == ("failed", "revoked")


def test_revoked_is_final(house: CourtHouse) -> None:
    number = house.certificate()["certificateNumber"]
    address = f"/api/v1/certificates/{number}"
    house.post(f"{address}/revocation", {"reason": "courtOrder"}, "judge")
    for step, body in (("suspension", {"reason": "x"}), ("revocation", {"reason": "fraud"})):
        assert code(house.post(f"{address}/{step}", body, "judge")) == (409, "transition_not_allowed")
    assert code(house.post(f"{address}/reinstatement", {"reason": "x"}, "judge")) == (409, "transition_not_allowed")


# --- the ways back ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "who", "state"),
    [("return", "clerk", "returned"), ("withdrawal", "clerk", "withdrawn"), ("rejection", "judge", "rejected")],
)
def test_an_application_can_end_before_it_is_confirmed(house: CourtHouse, step: str, who: str, state: str) -> None:
    case = house.apply()
    assert code(house.post(f"{case}/{step}", {"reason": " "}, who)) == (422, "reason_missing")
    assert house.post(f"{case}/{step}", {"reason": "材料不全"}, who).json()["state"] == state
    assert code(house.post(f"{case}/{step}", {"reason": "再次"}, who)) == (409, "transition_not_allowed")
    house.apply()


def test_sent_back_and_confirmed_anew(house: CourtHouse) -> None:
    case = house.approved()
    assert house.post(f"{case}/send-back", {"reason": "核对日期"}, "approver").json()["state"] == "applied"
    assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (409, "not_approved")
    house.issue(house.approve(house.confirm(case)))


def test_an_old_look_up_must_be_renewed_before_the_seal(house: CourtHouse) -> None:
    case = house.approved()
    house.clock.advance(hours=24)
    answer = house.post(f"{case}/issuance", {}, "sealOperator")
    assert code(answer) == (422, "list_check_stale")
    assert fields(answer) == {"listCheckedAt": "list_check_stale"}
    old = {"listCheckedAt": NOW.isoformat(), "evidence": "网站"}
    house.clock.advance(hours=1)
    assert code(house.post(f"{case}/list-check", old)) == (422, "list_check_stale")
    new = {"listCheckedAt": house.clock.now.isoformat(), "evidence": "网站截图"}
    assert house.post(f"{case}/list-check", new).json()["state"] == "approved"
    house.issue(case)


def test_a_renewed_look_up_is_newer_and_after_the_masking(house: CourtHouse) -> None:
    house.clock.now = NOW.replace(hour=2)  # ten o'clock at the court
    today = NOW.date().isoformat()
    body = masking(house.clock.now, maskedAt=today, approvedAt=today)
    case = house.confirm(house.apply(), body)

    def renew(moment: str) -> Any:
        return house.post(f"{case}/list-check", {"listCheckedAt": moment, "evidence": "网站"})

    # 2026-11-22T15:59:59Z is the last second of the day before at the court
    assert code(renew("2026-11-22T15:59:59Z")) == (422, "list_check_before_masking")
    assert code(renew("2026-11-22T16:00:00Z")) == (422, "list_check_not_newer")
    assert code(renew(body["listCheckedAt"])) == (422, "list_check_not_newer")
    assert renew("2026-11-23T01:31:00Z").status_code == 200
    house.issue(house.approve(case))


def test_a_look_up_in_the_future_is_none(house: CourtHouse) -> None:
    case = house.apply()
    body = masking(listCheckedAt="2026-11-23T08:00:01Z")
    assert code(house.post(f"{case}/masking-confirmation", body, "judge")) == (422, "list_check_in_future")


def test_the_entry_on_the_list_again_sends_an_approved_case_back(house: CourtHouse) -> None:
    case = house.approved()
    answer = house.feed(relisting())
    assert answer["records"][0]["effect"] == "sentBack"
    assert answer["records"][0]["certificateNumber"] is None
    assert house.get(case).json()["state"] == "applied"
    assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (409, "not_approved")


def _log_of(house: CourtHouse, number: str) -> list[dict[str, str]]:
    case = house.get(f"/api/v1/certificates/{number}").json()["applicationId"]
    log: list[dict[str, str]] = house.get(f"/api/v1/applications/{case}").json()["log"]
    return log


@pytest.mark.parametrize(
    ("identity", "shown"),
    [
        ({"idType": "passport", "idNumber": "E12345678"}, "E1****78"),
        ({"idType": "other", "idNumber": "H1234"}, "****"),
        (
            {"subjectKind": "organization", "idType": "orgCode", "idNumber": "MA000000-7", "name": "枣阳某厂"},
            "MA****07",
        ),
    ],
)
def test_other_documents_show_little_and_match_the_full_number(
    house: CourtHouse, identity: dict[str, str], shown: str
) -> None:
    number = house.certificate(application(**identity))["certificateNumber"]
    for form in FORM_NAMES[:3]:
        found = report(house, number, form=form, identity=identity["idNumber"])
        assert (found.verdict.value, found.code) == ("passed", "ok")
    subject = house.get(f"/api/v1/certificates/{number}/credential.json").json()["credentialSubject"]
    assert subject["maskedIdNumber"] == shown
    assert identity["idNumber"] not in json.dumps(subject)
