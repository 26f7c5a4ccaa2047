"""The register's promises on both databases: constraints, tenants, moments, transactions, migrations."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import SQLModel

from support.office import (
    NOW,
    CourtHouse,
    StandingClock,
    application,
    code,
    company_application,
    make_office,
    neighbour_court,
    relisting,
)
from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.domain.workflow import State
from xinzheng_issuer.errors import RegisterError
from xinzheng_issuer.issuing.cycle import IssuingCycle
from xinzheng_issuer.logs import configure_logs
from xinzheng_issuer.register.engine import open_engine
from xinzheng_issuer.register.migration import require_current, upgrade
from xinzheng_issuer.register.migrations.versions import (
    v0001_first_register,
    v0002_feed_against_look_ups,
    v0003_disabled_users,
    v0004_status_changes,
    v0005_key_life,
    v0006_second_key,
    v0007_contributions,
    v0008_feed_likeness,
)
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import Case, Certificate, TransitionRecord, UTCDateTime

MIGRATIONS = (
    v0001_first_register,
    v0002_feed_against_look_ups,
    v0003_disabled_users,
    v0004_status_changes,
    v0005_key_life,
    v0006_second_key,
    v0007_contributions,
    v0008_feed_likeness,
)


def case_row(**changes: Any) -> Case:
    values: dict[str, Any] = {
        "court_id": "420683",
        "state": State.APPLIED,
        "version": 1,
        "registered_at": NOW,
        "name": "王某",
        "subject_kind": "naturalPerson",
        "id_type": "residentId",
        "id_commitment": "",
        "identity_key": "a",
        "alias_key": "b",
        "papers": [],
        "case_number": "（2022）鄂0683执123号",
        "original_case_numbers": [],
        "filed_on": date(2022, 1, 17),
        "published_on": date(2022, 3, 8),
        "grounds": ["art1-1"],
        "purposes": ["financing"],
    }
    return Case(**{**values, **changes})


def certificate_row(case: Case, **changes: Any) -> Certificate:
    values: dict[str, Any] = {
        "id": uuid4().urn,
        "court_id": case.court_id,
        "case_id": case.id,
        "number": uuid4().hex,
        "list_number": 1,
        "list_index": int(uuid4()) % 131_072,
        "unsigned_sha256": "",
        "unsigned": b"",
        "recorded_at": NOW,
        "recorded_by": "seal",
    }
    return Certificate(**{**values, **changes})


# --- constraints ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [(State.APPLIED, State.APPROVED), (State.ACTIVE, State.SUSPENDED), (State.APPROVED, State.MASKING_CONFIRMED)],
)
def test_one_open_and_one_live_case_per_entry(shared_office: Office, first: State, second: State) -> None:
    with shared_office.writing() as store:
        store.add_case(case_row(state=first))
        with pytest.raises(RegisterError) as refusal:
            store.add_case(case_row(state=second))
        assert refusal.value.code == "case_taken"
        store.add_case(case_row(state=second, identity_key="c"))
        store.add_case(case_row(state=second, case_number="（2022）鄂0683执124号"))
        store.add_case(case_row(state=State.REVOKED))


@pytest.mark.parametrize("twin", [{"number": "N"}, {"list_index": 7}, {"case_id": None}])
def test_numbers_indexes_and_cases_are_taken_once(shared_office: Office, twin: dict[str, Any]) -> None:
    with shared_office.writing() as store:
        case = case_row()
        other = case_row(state=State.REVOKED)
        store.add_case(case)
        store.add_case(other)
        taken = certificate_row(case, number="N", list_index=7)
        assert store.add_unless_taken(taken)
        changes = {"case_id": other.id, **twin}
        changes["case_id"] = changes["case_id"] or case.id
        assert not store.add_unless_taken(certificate_row(case, **changes))
        assert store.add_unless_taken(certificate_row(other, number="M", list_index=8))


def test_a_voided_certificate_frees_its_case_but_neither_number_nor_index(shared_office: Office) -> None:
    with shared_office.writing() as store:
        case = case_row()
        store.add_case(case)
        voided = certificate_row(case, number="N", list_index=7, voided_at=NOW)
        assert store.add_unless_taken(voided)
        assert not store.add_unless_taken(certificate_row(case, number="N"))
        assert not store.add_unless_taken(certificate_row(case, list_index=7))
        assert store.add_unless_taken(certificate_row(case, number="M", list_index=8))
        assert list(store.set_indexes(1, "revocation")) == [7]


def test_issued_and_voided_exclude_each_other(shared_office: Office) -> None:
    with shared_office.writing() as store:
        case = case_row()
        store.add_case(case)
        assert not store.add_unless_taken(certificate_row(case, issued_at=NOW, voided_at=NOW))


def test_foreign_keys_hold(shared_office: Office) -> None:
    orphan = TransitionRecord(
        court_id="420683", case_id="nobody", action="x", to_state="x", actor_id="x", actor_name="x", at=NOW
    )
    with pytest.raises(IntegrityError), shared_office.writing() as store:
        store.add(orphan)


def test_two_courts_may_use_the_same_numbers(tmp_path: Path, url: str, clock: StandingClock) -> None:
    offices = [
        make_office(tmp_path, url=url, clock=clock),
        make_office(tmp_path, url=url, clock=clock, court=neighbour_court()),
    ]
    for office in offices:
        with office.writing() as store:
            case = case_row(court_id=office.court.id)
            store.add_case(case)
            assert store.add_unless_taken(certificate_row(case, number="N", list_index=7, issued_at=NOW))
    with offices[0].reading() as store:
        assert len(store.issued_certificates()) == len(store.cases()) == 1
        assert store.case(store.cases()[0].id).court_id == "420683"
    for office in offices:
        office.register.engine.dispose()


# --- transactions -----------------------------------------------------------------------------------------------------


def test_an_exception_undoes_the_transaction(shared_office: Office) -> None:
    def fail() -> None:
        with shared_office.writing() as store:
            store.add_case(case_row())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with shared_office.reading() as store:
        assert store.cases() == []


def test_a_savepoint_is_undone_alone(shared_office: Office) -> None:
    def fail(store: Store) -> None:
        with store.savepoint():
            store.add_case(case_row(identity_key="c"))
            raise RuntimeError

    with shared_office.writing() as store:
        store.add_case(case_row())
        with pytest.raises(RuntimeError):
            fail(store)
    with shared_office.reading() as store:
        assert [case.identity_key for case in store.cases()] == ["a"]


def test_writers_wait_for_each_other_and_lose_no_change(shared_office: Office) -> None:
    with shared_office.writing() as store:
        case = case_row()
        store.add_case(case)

    def step(_: int) -> None:
        with shared_office.writing() as store:
            row = store.case(case.id, lock=True)
            row.version += 1
            store.add_case(row)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(step, range(20)))
    with shared_office.reading() as store:
        assert store.case(case.id).version == 21


def test_readers_do_not_wait_for_a_writer(shared_office: Office) -> None:
    with shared_office.writing() as store:
        store.add_case(case_row())
    with shared_office.writing() as writer:
        writer.cases()
        with shared_office.reading() as reader:
            assert len(reader.cases()) == 1


def test_sqlite_is_set_to_survive_a_power_cut(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'register.sqlite'}")
    with engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    engine.dispose()
    assert settings == {"journal_mode": "delete", "synchronous": 2, "foreign_keys": 1}


# --- moments ----------------------------------------------------------------------------------------------------------


def test_an_error_does_not_repeat_whom_a_statement_is_about(engine: Engine) -> None:
    statement = text("SELECT :name, :commitment FROM nowhere")
    with pytest.raises(DBAPIError) as error, engine.connect() as connection:
        connection.execute(statement, {"name": "欧阳测试", "commitment": "salted"})
    assert "nowhere" in str(error.value)
    assert "欧阳测试" not in str(error.value)
    assert "salted" not in str(error.value)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_what_the_database_refuses_puts_nobody_into_the_log(shared_house: CourtHouse) -> None:
    log = StringIO()
    configure_logs("info", stream=log)
    with shared_house.issuer.office.register.engine.begin() as connection:
        connection.execute(text("ALTER TABLE case_file ALTER COLUMN agent_name TYPE varchar(1)"))
    body = application(name="欧阳测试", agent={"name": "代理人甲", "authority": "授权委托书"})
    answer = shared_house.post("/api/v1/applications", body)
    assert code(answer) == (500, "internal_error")
    assert "INSERT INTO case_file" in log.getvalue()
    for secret in ("欧阳测试", "代理人甲", "授权委托书", "4206831990"):
        assert secret not in log.getvalue()


def test_moments_come_back_in_utc(shared_office: Office) -> None:
    beijing = datetime(2026, 11, 23, 16, 0, tzinfo=timezone(timedelta(hours=8)))
    with shared_office.writing() as store:
        store.add_case(case_row(registered_at=beijing))
    with shared_office.reading() as store:
        moment = store.cases()[0].registered_at
    assert moment == NOW
    assert moment.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(shared_office: Office) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(Exception, match="without a zone"), shared_office.writing() as store:
        store.add_case(case_row(registered_at=naive))
    assert UTCDateTime().process_result_value(None, shared_office.register.engine.dialect) is None


# --- the whole path on both databases ---------------------------------------------------------------------------------


def test_the_path_and_the_feed(shared_house: CourtHouse) -> None:
    number = shared_house.certificate()["certificateNumber"]
    company = shared_house.certificate(company_application())["certificateNumber"]
    shared_house.feed(relisting(), relisting(iname=None))
    assert shared_house.state(number) == "revoked"
    assert shared_house.state(company) == "active"
    shared_house.clock.advance(days=200)
    assert shared_house.state(company) == "expired"
    assert shared_house.issuer.tend().published


def test_racing_issuers_on_a_real_database(shared_house: CourtHouse) -> None:
    office = shared_house.issuer.office
    drawn: Iterator[int] = iter([0, 0, 1, 1, 0, 2, 2, 1, 3, 3, 4, *range(5, 30)])
    lock = threading.Lock()

    def draw(_entries: int) -> int:
        with lock:
            return next(drawn)

    racing = IssuingCycle(office, shared_house.issuer.keys, draw_index=draw)
    house = replace(shared_house, issuer=replace(shared_house.issuer, cycle=racing))
    shared_house.client.app.state.issuer = house.issuer  # type: ignore[attr-defined]
    cases = [house.approved(application(enforcementCaseNumber=f"（2022）鄂0683执{n}号")) for n in range(1, 5)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda case: house.post(f"{case}/issuance", {}, "sealOperator"), [*cases, *cases]))
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [409] * 4
    with office.reading() as store:
        issued = [certificate for certificate, _ in store.issued_certificates()]
    assert len({row.list_index for row in issued}) == len({row.number for row in issued}) == 4


def test_a_relisting_and_the_seal_at_once_leave_no_certificate_in_force(shared_house: CourtHouse) -> None:
    house = shared_house
    for serial in range(1, 7):
        number = f"（2022）鄂0683执{serial}号"
        house.clock.advance(hours=1)
        case = house.approved(application(enforcementCaseNumber=number))
        record = relisting(caseCode=number, gistId="", publishDate=NOW.date().isoformat())
        together = threading.Barrier(2)

        def issue(case: str = case, together: threading.Barrier = together) -> int:
            together.wait()
            status: int = house.post(f"{case}/issuance", {}, "sealOperator").status_code
            return status

        def feed(record: dict[str, Any] = record, together: threading.Barrier = together) -> None:
            together.wait()
            house.feed(record)

        with ThreadPoolExecutor(2) as pool:
            issued, delivered = pool.submit(issue), pool.submit(feed)
            delivered.result()
            assert issued.result() in {201, 409, 422}
        assert house.get(case).json()["state"] in {"applied", "revoked"}


# --- migrations -------------------------------------------------------------------------------------------------------


def test_the_migrations_make_exactly_the_tables_of_the_code(engine: Engine) -> None:
    upgrade(engine)
    upgrade(engine)
    with engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    assert difference == []


def test_another_version_is_refused(engine: Engine) -> None:
    with pytest.raises(RegisterError) as refusal:
        require_current(engine)
    assert refusal.value.code == "register_missing"
    upgrade(engine)
    require_current(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(RegisterError) as refusal:
        require_current(engine)
    assert (refusal.value.code, refusal.value.params["found"]) == ("register_outdated", "0001")


def _migrate(engine: Engine, function: Callable[[], None]) -> None:
    from alembic.operations import Operations  # noqa: PLC0415

    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        function()


def test_the_migrations_can_be_undone(engine: Engine) -> None:
    upgrade(engine)
    for migration in reversed(MIGRATIONS):
        _migrate(engine, migration.downgrade)
    with engine.connect() as connection:
        tables = MigrationContext.configure(connection).dialect.get_table_names(connection)
    assert tables == ["alembic_version"]


def test_feed_records_of_the_first_version_keep_the_moment_of_their_batch(shared_office: Office) -> None:
    engine = shared_office.register.engine
    for migration in reversed(MIGRATIONS[1:]):
        _migrate(engine, migration.downgrade)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        moment = "2026-11-23 08:00:00.000000" + ("+00:00" if engine.dialect.name == "postgresql" else "")
        connection.execute(text("INSERT INTO feed_batch VALUES ('b', '420683', :at, 'clerk', 1)"), {"at": moment})
        connection.execute(
            text(
                "INSERT INTO feed_record (court_id, batch_id, line, raw, identity, outcome, effect, codes) "
                "VALUES ('420683', 'b', 1, '{}', 'x', 'unmatched', 'none', '[]')"
            )
        )
    upgrade(engine)
    with shared_office.reading() as store:
        [row] = store.feed_records(batch_id="b")
    assert (row.received_at, row.name, row.effects) == (NOW, None, None)


def test_the_signing_key_of_older_certificates_is_read_from_their_stored_form(shared_office: Office) -> None:
    engine = shared_office.register.engine
    names = ("cert-7", "sm2-1")
    first, second = ({"verificationMethod": f"did:web:xz.example:did:420683#{name}"} for name in names)
    stored, stored_set = (json.dumps({"proof": proof}).encode() for proof in (first, [first, second]))
    with shared_office.writing() as store:
        case = case_row()
        store.add_case(case)
        store.add(certificate_row(case, id="urn:uuid:n1", credential_json=stored, issued_at=NOW))
        store.add(certificate_row(case, id="urn:uuid:n2", voided_at=NOW))
        store.add(certificate_row(case, id="urn:uuid:n3", credential_json=stored_set, voided_at=NOW))
    for migration in reversed(MIGRATIONS[3:]):
        _migrate(engine, migration.downgrade)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    upgrade(engine)
    with shared_office.reading() as store:
        found = {number: store.certificate(f"urn:uuid:{number}").signing_key for number in ("n1", "n2", "n3")}
    assert found == {"n1": "cert-7", "n2": None, "n3": "cert-7"}


def test_dates_and_lists_keep_their_types(shared_office: Office) -> None:
    with shared_office.writing() as store:
        store.add_case(case_row(term_end=date(2027, 1, 1), masked_on=date(2026, 9, 20), valid_until=NOW))
    with shared_office.reading() as store:
        row = store.cases()[0]
    assert (row.term_end, row.grounds, row.valid_until) == (date(2027, 1, 1), ["art1-1"], NOW.astimezone(UTC))
