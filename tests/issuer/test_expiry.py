"""The clock's step beside the steps of people, on both databases: a certificate ends once."""

import threading
from collections.abc import Callable

from support.office import CourtHouse, code
from xinzheng_issuer.casework.certificates import revoke_case
from xinzheng_issuer.casework.ends import expire_due
from xinzheng_issuer.domain.workflow import Actor, Role
from xinzheng_issuer.register.store import Store
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_schemas.vocabulary import RevocationReason

JUDGE = Actor("judge", "judge", frozenset({Role.JUDGE}))


def beside_the_timer(house: CourtHouse, work: Callable[[Store], None]) -> None:
    """Does the work in one transaction; before that ends, the timer looks in another for what is due."""
    office = house.issuer.office

    def look() -> None:
        with office.writing() as store:
            expire_due(store, office, at=house.clock.now)

    timer = threading.Thread(target=look)
    with office.writing() as store:
        work(store)
        house.clock.advance(seconds=1)
        timer.start()
        timer.join(timeout=1)  # SQLite has one writer: there the timer waits
    timer.join()


def steps_of(house: CourtHouse, number: str) -> list[tuple[str, str]]:
    with house.issuer.office.reading() as store:
        case = store.issued_certificate(number)[1]
        return [(row.action, row.to_state) for row in store.transitions(case.id)]


def test_a_revocation_in_the_last_second_stands(shared_house: CourtHouse) -> None:
    house = shared_house
    certificate = house.certificate()
    number = certificate["certificateNumber"]
    house.clock.now = parse_timestamp(certificate["validUntil"])

    def revoke(store: Store) -> None:
        case = store.issued_certificate(number, lock=True)[1]
        revoke_case(store, case, JUDGE, reason=RevocationReason.FRAUD, at=house.clock.now, note="伪造收据")

    beside_the_timer(house, revoke)
    assert steps_of(house, number)[-2:] == [("issue", "active"), ("revoke", "revoked")]
    with house.issuer.office.reading() as store:
        assert list(store.set_indexes(1, "revocation")) == [certificate["statusListIndex"]]


def test_two_timers_at_once_take_one_step(shared_house: CourtHouse) -> None:
    house = shared_house
    certificate = house.certificate()
    number = certificate["certificateNumber"]
    house.post(f"/api/v1/certificates/{number}/suspension", {"reason": "举报"})
    house.clock.now = parse_timestamp(certificate["validUntil"])
    house.clock.advance(seconds=1)
    beside_the_timer(house, lambda store: assert_one_due(store, house))
    assert steps_of(house, number)[-2:] == [("suspend", "suspended"), ("expire", "expired")]
    with house.issuer.office.reading() as store:
        assert [row.is_set for row in store.status_changes(1, "suspension")] == [True, False]
    assert house.issuer.tend().published


def assert_one_due(store: Store, house: CourtHouse) -> None:
    assert expire_due(store, house.issuer.office, at=house.clock.now) == 1


def test_what_another_step_held_when_it_ended_is_not_acted_upon(shared_house: CourtHouse) -> None:
    """The clock left out a row that was held; the step that waited for it finds the end all the same."""
    house = shared_house
    certificate = house.certificate()
    number = certificate["certificateNumber"]
    house.clock.now = parse_timestamp(certificate["validUntil"])
    house.clock.advance(seconds=1)
    office = house.issuer.office
    answers = []

    def revoke() -> None:
        body = {"reason": "fraud"}
        answers.append(house.post(f"/api/v1/certificates/{number}/revocation", body, "judge"))

    late = threading.Thread(target=revoke)
    with office.writing() as store:
        store.issued_certificate(number, lock=True)
        late.start()
        late.join(timeout=1)
    late.join()
    assert code(answers[0]) == (409, "transition_not_allowed")
    assert house.issuer.tend().published
    assert steps_of(house, number)[-1] == ("expire", "expired")
