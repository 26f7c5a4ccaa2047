"""A register that came back lacks certificates that were only issued: it is noticed, and stays so until all is done."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from support.office import CourtHouse, application, code
from support.restoring import CASES, backup, hindrances, restore, run
from xinzheng_issuer.api.app import app_of
from xinzheng_issuer.installation import open_issuer
from xinzheng_issuer.issuing.epoch import EPOCH_FILE

CHINESE = {"LC_ALL": "zh_CN.UTF-8"}


def another(number: int) -> dict[str, object]:
    return application(enforcementCaseNumber=f"（2022）鄂0683执{number}号")


def list_of_the_next(house: CourtHouse) -> int:
    number: int = house.certificate(another(200))["statusListNumber"]
    return number


def issued_since(house: CourtHouse) -> bytes:
    """A backup of the register, after which a certificate was issued and nothing else."""
    house.certificate(CASES[0])
    assert house.issuer.outbox.renew().published
    content = backup(house)
    house.certificate(another(199))
    return content


@pytest.mark.parametrize("ahead", [{"days": 1}, {"hours": 1}])
def test_a_clock_that_was_ahead_hides_nothing(court: CourtHouse, ahead: dict[str, float]) -> None:
    """Wrong by a day, or set back by an hour: what is recorded next is later than what was before."""
    right = court.clock.now
    court.clock.advance(**ahead)
    court.certificate(CASES[0])
    court.clock.now = right
    content = backup(court)
    court.certificate(another(151))
    restore(court, content)
    assert "register_forgetful" in hindrances(court)


def test_an_older_certificate_that_is_finished_last_hides_nothing(court: CourtHouse) -> None:
    """The last to be noted is one that the backup knows: the register has fewer than were recorded."""
    known = court.certificate(CASES[0])["certificateNumber"]
    content = backup(court)
    court.certificate(another(150))
    with court.issuer.office.reading() as store:
        court.issuer.cycle.note(store.issued_certificate(known)[0].id)
    restore(court, content)
    assert "register_forgetful" in hindrances(court)


def test_what_was_adopted_and_not_published_is_noticed_again(court: CourtHouse) -> None:
    """A full disk at that moment: the same backup restored once more must not issue on the old list."""
    content = issued_since(court)
    restore(court, content)
    bundles = court.issuer.settings.public_folder / "bundles"
    kept = bundles.rename(bundles.with_name("kept"))
    bundles.write_bytes(b"cannot be written")
    said = run(court, "--yes")
    assert (said.exit_code, "publication_unwritable" in said.output) == (1, True), said.output
    bundles.unlink()
    kept.rename(bundles)
    restore(court, content)
    assert hindrances(court) == ["register_doubted"]
    with closing(open_issuer(court.issuer.settings, clock=court.clock)) as issuer:
        assert code(TestClient(app_of(issuer)).get("/readyz")) == (503, "register_doubted")
    assert run(court, "--yes").exit_code == 0
    assert hindrances(court) == []
    assert list_of_the_next(court) == 2


def test_a_take_over_that_was_stopped_between_files_and_register_is_finished(court: CourtHouse, tmp_path: Path) -> None:
    settings = court.issuer.settings
    court.certificate(CASES[0])
    assert court.issuer.outbox.renew().published
    court.issuer.office.register.engine.dispose()
    snapshot = shutil.copytree(settings.data, tmp_path / "snapshot")
    court.certificate(another(199))
    bundle = tmp_path / "newest.xzb"
    bundle.write_bytes(court.get("/bundle/latest.xzb", None).content)
    court.issuer.office.register.engine.dispose()
    shutil.rmtree(settings.data)
    shutil.copytree(snapshot, settings.data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xinzheng_issuer.cli.db.open_issuer", lambda *_given, **_more: 1 / 0)
        assert isinstance(run(court, "--bundle", str(bundle), "--yes").exception, ZeroDivisionError)
    assert hindrances(court) == ["register_doubted"]
    assert "being taken over" in run(court, "--dry-run").stdout
    assert "接管" in run(court, "--dry-run", **CHINESE).stdout
    assert run(court, "--yes").exit_code == 0
    assert hindrances(court) == []
    assert list_of_the_next(court) == 2


def test_a_lost_epoch_is_told_of_and_the_next_list_opened_on_demand(court: CourtHouse) -> None:
    content = issued_since(court)
    restore(court, content)
    shutil.rmtree((court.issuer.settings.data / EPOCH_FILE).parent)
    assert "--open-next-list" in run(court, "--dry-run").stdout
    assert "--open-next-list" in run(court, "--dry-run", **CHINESE).stdout
    assert "new status list" in run(court, "--open-next-list", "--dry-run").stdout
    assert run(court, "--open-next-list", "--yes").exit_code == 0
    assert list_of_the_next(court) == 2
    assert "--open-next-list" not in run(court, "--dry-run").stdout


def test_what_lies_in_the_way_of_the_epoch_is_named_before_anything_is_done(court: CourtHouse) -> None:
    court.certificate(CASES[0])
    folder = (court.issuer.settings.data / EPOCH_FILE).parent
    shutil.rmtree(folder)
    folder.write_bytes(b"in the way")
    said = run(court, "--yes")
    assert (said.exit_code, "[epoch_unwritable]" in said.output) == (1, True), said.output
    assert "take away what lies in its place" in said.output
    folder.unlink()
    folder.mkdir()
    (folder / "recorded.json").write_bytes(b"{")
    assert run(court, "--yes").exit_code == 0
    assert list_of_the_next(court) == 2
    assert json.loads((folder / "recorded.json").read_bytes())["taken"] == 1
