"""A file of the data folder is gone: what the operator reads names it, and doing what it says works."""

import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from support.alone import CHINESE
from support.office import EXAMPLES, CourtHouse, make_office, neighbour_court
from support.restoring import CASES, Lender, bring_back, revoke, snapshot, token, xinzheng
from xinzheng_issuer.api.app import app_of
from xinzheng_issuer.installation import open_issuer

COMMANDS = (("bundle",), ("keys", "list"), ("users", "list"), ("db", "adopt", "--dry-run"))


def refused(house: CourtHouse, code: str, path: Path, *commands: tuple[str, ...]) -> None:
    """Every command says the same, in both languages, and names the file."""
    for command in commands or COMMANDS:
        for language in ({"LC_ALL": "C.UTF-8"}, CHINESE):
            said = xinzheng(house, *command, **language, XINZHENG_LOG_LEVEL="error")
            assert (said.exit_code, f"[{code}]" in said.output, str(path) in said.output) == (1, True, True), (
                said.output
            )


def again(house: CourtHouse) -> CourtHouse:
    """A server on what is there now."""
    return CourtHouse.open(open_issuer(house.issuer.settings, clock=house.clock), house.clock)


@pytest.mark.parametrize("name", ["court.toml", "register.secret"])
def test_a_lost_file_is_put_back_and_nothing_is_emptied(court: CourtHouse, tmp_path: Path, name: str) -> None:
    number = court.certificate(CASES[0])["certificateNumber"]
    revoke(court, number)
    path = court.issuer.settings.data / name
    lost = shutil.move(path, tmp_path / "lost")
    refused(court, "data_file_missing", path)
    begin = ("init", "--config", str(EXAMPLES / "court.toml"))
    said = xinzheng(court, *begin)
    assert said.exit_code == 1
    if name == "court.toml":
        refused(court, "data_file_missing", path, begin)
        # As it says: the file that `init` was given.
        shutil.copy(EXAMPLES / "court.toml", path)
    else:
        shutil.move(lost, path)
    assert xinzheng(court, "bundle").exit_code == 0
    assert court.state(number) == "revoked"


def test_a_new_court_is_made_beside_the_rest_of_another_one_never(court: CourtHouse) -> None:
    """Whatever is left: a key, the register, what was published."""
    data = court.issuer.settings.data
    for gone in ("court.toml", "register.secret", "keys", "register.sqlite"):
        path = data / gone
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        said = xinzheng(court, "init", "--config", str(EXAMPLES / "court.toml"))
        assert (said.exit_code, "[data_file_missing]" in said.output) == (1, True), said.output


def test_a_lost_register_comes_from_its_backup(court: CourtHouse, tmp_path: Path) -> None:
    lender = Lender(court, tmp_path / "store")
    number = court.certificate(CASES[0])["certificateNumber"]
    certificate, kept = token(court, number), snapshot(court)
    assert revoke(court, number)["published"]
    lender.fetch()
    court.issuer.office.register.engine.dispose()
    path = court.issuer.settings.register_file
    path.unlink()
    refused(court, "register_missing", path)
    refused(court, "register_missing", path, ("db", "upgrade"))
    assert not path.exists()
    path.write_bytes(b"no database, but what a failing disk left" * 1000)
    refused(court, "register_missing", path)
    refused(court, "register_missing", path, ("db", "upgrade"), ("db", "upgrade", "--anew"))
    assert path.read_bytes().startswith(b"no database")
    shutil.copy(kept / "register.sqlite", path)
    assert "[steps_to_repeat]" in xinzheng(court, "db", "adopt", "--yes").output
    court.clock.advance(seconds=1)
    revoke(court, number)
    assert xinzheng(court, "db", "adopt", "--yes").exit_code == 0
    court.clock.advance(minutes=1)
    lender.fetch()
    assert (lender.verdict(certificate), court.state(number)) == ("revoked", "revoked")


def test_without_a_backup_the_court_goes_on_and_nothing_published_falls_back(court: CourtHouse, tmp_path: Path) -> None:
    lender = Lender(court, tmp_path / "store")
    numbers = [court.certificate(case)["certificateNumber"] for case in CASES[:2]]
    tokens = [token(court, number) for number in numbers]
    assert revoke(court, numbers[0])["published"]
    lender.fetch()
    court.issuer.office.register.engine.dispose()
    court.issuer.settings.register_file.unlink()
    said = xinzheng(court, "db", "upgrade", "--anew")
    assert (said.exit_code, "xinzheng db adopt" in said.output) == (0, True), said.output
    court.clock.advance(seconds=1)
    with closing(open_issuer(court.issuer.settings, clock=court.clock)) as issuer:
        issuer.start()
        assert set(issuer.outbox.hindrances) >= {"register_restored"}
    done = xinzheng(court, "db", "adopt", "--yes")
    assert done.exit_code == 0, done.output
    court.clock.advance(minutes=1)
    new = again(court)
    with new.client:
        certificate = new.certificate(CASES[2])
        assert certificate["statusListNumber"] == 2
        lender.house = new
        lender.fetch()
        assert [lender.verdict(each) for each in (*tokens, token(new, certificate["certificateNumber"]))] == [
            "revoked",
            "ok",
            "ok",
        ]
    # Where a register is, nothing is made anew.
    assert xinzheng(court, "db", "upgrade", "--anew").exit_code == 0
    with closing(open_issuer(court.issuer.settings, clock=court.clock)) as issuer, issuer.office.reading() as store:
        assert store.issued_certificate(certificate["certificateNumber"])


def test_the_register_of_somebody_else_is_not_taken_for_the_courts(court: CourtHouse, tmp_path: Path) -> None:
    """An empty one that was made by hand, or a wrong database: it would issue on the old indexes."""
    other = make_office(tmp_path, court=neighbour_court())
    other.close()
    court.issuer.office.register.engine.dispose()
    shutil.copy(tmp_path / "register.sqlite", court.issuer.settings.register_file)
    refused(court, "register_missing", court.issuer.settings.register_file)


def test_a_key_folder_that_is_gone_is_looked_for_in_its_newest_backup(court: CourtHouse, tmp_path: Path) -> None:
    lender, data = Lender(court, tmp_path / "store"), court.issuer.settings.data
    number = court.certificate(CASES[0])["certificateNumber"]
    certificate, kept = token(court, number), snapshot(court)
    court.clock.now = datetime.now(UTC)
    step = xinzheng(court, "bundle-keys", "rotate", "targets", "snapshot", "timestamp", "--reason", "yearly", "--yes")
    assert step.exit_code == 0, step.output
    court.clock.now = datetime.now(UTC)
    assert revoke(court, number)["published"]
    lender.fetch()
    newest = shutil.copytree(data / "keys", tmp_path / "keys-newest")
    bring_back(court, kept)
    shutil.rmtree(data / "public")
    adopt = ("db", "adopt", "--bundle", lender.file(), "--yes")
    shutil.rmtree(data / "keys")
    refused(court, "key_records_damaged", data / "keys" / "keys.json", adopt, ("keys", "list"))
    shutil.copytree(newest, data / "keys")
    assert "[steps_to_repeat]" in xinzheng(court, *adopt).output
    court.clock.now = datetime.now(UTC)
    with closing(open_issuer(court.issuer.settings, clock=court.clock)) as issuer:
        new = CourtHouse(issuer, TestClient(app_of(issuer)), court.clock, court.tokens)
        revoke(new, number)
        done = xinzheng(court, *adopt)
        assert done.exit_code == 0, done.output
        court.clock.now = datetime.now(UTC)
        lender.house = new
        lender.fetch()
    assert lender.verdict(certificate) == "revoked"
