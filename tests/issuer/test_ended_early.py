"""Certificates that a clock that was ahead took for ended: none of them passes at lenders beyond the court's reach."""

from datetime import timedelta

import pytest

from support.office import CourtHouse, application, company_application, relisting
from xinzheng_issuer.casework.ends import expire_due, take_back_early
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_verifier import TrustStore, Verifier

AHEAD = timedelta(days=210)


def passes(house: CourtHouse, token: bytes) -> str:
    """What a lender with the newest bundle says now."""
    publisher = house.issuer.outbox.publisher
    assert publisher.latest is not None
    trust = TrustStore.from_bundle(publisher.latest.path.read_bytes(), root=publisher.root, at=house.clock.now)
    return Verifier(trust).report(token, at=house.clock.now).code


def jwt(house: CourtHouse, number: str) -> bytes:
    content: bytes = house.get(f"/api/v1/certificates/{number}/credential.jwt").content
    return content


def ahead_for_a_round(house: CourtHouse) -> None:
    """What is due is done, and the clock is right again before anything is published."""
    house.clock.now += AHEAD
    with house.issuer.office.writing() as store:
        assert expire_due(store, house.issuer.office, at=house.clock.now) > 0
    house.clock.now -= AHEAD


def the_clock_is_right(house: CourtHouse) -> None:
    """What publishing does under the new online keys by which a person says so."""
    office = house.issuer.office
    with office.writing() as store:
        assert take_back_early(store, office, at=house.clock.now) > 0


def steps_of(house: CourtHouse, number: str) -> list[tuple[str, str, str]]:
    with house.issuer.office.reading() as store:
        case = store.issued_certificate(number)[1]
        return [(row.action, row.to_state, row.actor_name) for row in store.transitions(case.id)]


def test_it_is_in_force_again_and_can_be_revoked(shared_house: CourtHouse) -> None:
    house = shared_house
    number = house.certificate()["certificateNumber"]
    token = jwt(house, number)
    ahead_for_a_round(house)
    assert house.state(number) == "expired"
    assert (passes(house, token), house.issuer.tend().published) == ("ok", True)
    assert house.state(number) == "active"
    assert steps_of(house, number)[-2:] == [("expire", "expired", "clock"), ("resume", "active", "clock")]
    ahead_for_a_round(house)
    answer = house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge")
    assert (answer.status_code, house.state(number), passes(house, token)) == (200, "revoked", "revoked")


def test_what_was_suspended_is_suspended_again(shared_house: CourtHouse) -> None:
    """The end cleared its bit, and lenders would pass it."""
    house = shared_house
    number = house.certificate()["certificateNumber"]
    token = jwt(house, number)
    assert house.post(f"/api/v1/certificates/{number}/suspension", {"reason": "举报"}).status_code == 200
    ahead_for_a_round(house)
    assert house.issuer.tend().published
    assert (house.state(number), passes(house, token)) == ("suspended", "suspended")
    with house.issuer.office.reading() as store:
        case = store.issued_certificate(number)[1]
        assert (store.transitions(case.id)[-1].reason, case.reinstatement_proposed_by) == ("举报", None)
    for who in ("judge", "approver"):
        body = {"reason": "查明"}
        assert house.post(f"/api/v1/certificates/{number}/reinstatement", body, who).status_code == 200
    assert passes(house, token) == "ok"


def test_the_feed_reaches_it(shared_house: CourtHouse) -> None:
    house = shared_house
    number = house.certificate()["certificateNumber"]
    token = jwt(house, number)
    ahead_for_a_round(house)
    house.feed(relisting(publishDate=f"{house.clock.now:%Y%m%d}"))
    assert (house.state(number), passes(house, token)) == ("revoked", "revoked")


def test_another_certificate_of_the_entry_has_replaced_it(shared_house: CourtHouse) -> None:
    """It was issued while nobody knew of the first: two of one entry are never in force."""
    house = shared_house
    first = house.certificate()["certificateNumber"]
    token = jwt(house, first)
    house.clock.now += AHEAD
    second = house.certificate(application())
    house.clock.now -= AHEAD
    house.clock.advance(minutes=1)
    the_clock_is_right(house)
    assert (house.state(first), house.state(second["certificateNumber"])) == ("revoked", "active")
    assert steps_of(house, first)[-1] == ("supersede", "revoked", "system")
    with house.issuer.office.reading() as store:
        certificate, case = store.issued_certificate(first)
        assert case.revocation_reason == "superseded"
        assert certificate.list_index in store.set_indexes(1, "revocation")
    assert house.issuer.outbox.renew().reason == "publication_clock"
    assert passes(house, token) in {"clock_implausible", "revoked"}


def test_of_two_the_newer_one_is_in_force_again(shared_house: CourtHouse) -> None:
    """Both of an entry were ended before their time; case ids say nothing of which came first."""
    house = shared_house
    entries = [application(enforcementCaseNumber=f"（2022）鄂0683执{number}号") for number in range(201, 205)]
    first = [house.certificate(entry)["certificateNumber"] for entry in entries]
    house.clock.now += AHEAD
    second = [house.certificate(entry)["certificateNumber"] for entry in entries]
    house.clock.now += AHEAD
    house.issuer.tend()
    assert {house.state(number) for number in first + second} == {"expired"}
    house.clock.now -= 2 * AHEAD
    the_clock_is_right(house)
    assert [house.state(number) for number in first] == ["revoked"] * 4
    assert [house.state(number) for number in second] == ["active"] * 4


@pytest.mark.parametrize("days", [2, 30])
def test_a_clock_that_is_behind_brings_nothing_back(shared_house: CourtHouse, days: int) -> None:
    """What was published shows that it may be behind: what ended rightly is neither in force nor revoked by it."""
    house = shared_house
    certificate = house.certificate()
    first, token = certificate["certificateNumber"], jwt(house, certificate["certificateNumber"])
    house.clock.now = parse_timestamp(certificate["validUntil"]) + timedelta(hours=1)
    assert house.issuer.tend().published
    second = house.certificate(application())["certificateNumber"]
    other = house.certificate(company_application())["certificateNumber"]
    house.clock.now -= timedelta(days=days)
    house.issuer.tend()
    house.feed(relisting(iname="张某", cardNum=""))
    assert [house.state(number) for number in (first, second, other)] == ["expired", "active", "active"]
    house.clock.now += timedelta(days=days, minutes=1)
    assert house.issuer.tend().published
    assert [house.state(number) for number in (first, second, other)] == ["expired", "active", "active"]
    assert steps_of(house, first)[-1] == ("expire", "expired", "clock")
    assert passes(house, token) == "expired"
    with house.issuer.office.reading() as store:
        assert list(store.set_indexes(1, "revocation")) == []


def test_an_end_that_has_come_is_final(shared_house: CourtHouse) -> None:
    """Nor do two machines whose clocks differ by minutes undo each other's steps."""
    house = shared_house
    certificate = house.certificate()
    number = certificate["certificateNumber"]
    house.clock.now = parse_timestamp(certificate["validUntil"])
    house.clock.advance(seconds=1)
    house.issuer.tend()
    for back in (timedelta(0), timedelta(minutes=4)):
        house.clock.now -= back
        house.issuer.tend()
        assert house.state(number) == "expired"
    answer = house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge")
    assert (answer.status_code, answer.json()["code"]) == (409, "transition_not_allowed")
    assert steps_of(house, number)[-1] == ("expire", "expired", "clock")
