"""The root key is lost, and the register came back from a backup: a new line must not begin where it knows less."""

import os
import shutil
from pathlib import Path

from click.testing import CliRunner, Result

from support.office import CourtHouse
from support.restoring import CASES, backup, begun, restore, revoke, run, token
from xinzheng_issuer.cli import main
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.trust.directory import import_bundle


def begin(house: CourtHouse, before: Path) -> Result:
    data = str(house.issuer.settings.data)
    given = ["bundle-keys", "begin", "--before", str(before), "--reason", "lost", "--yes", "--data", data]
    return CliRunner().invoke(main, given, env={**os.environ, "XINZHENG_LOG_LEVEL": "error"})


def new_store(house: CourtHouse, folder: Path, certificate: bytes) -> str:
    """What a lender says who begins with the root of today."""
    bundle, root = (house.get(f"/bundle/{name}", None).content for name in ("latest.xzb", "root.json"))
    import_bundle(folder, bundle, root=root, at=house.clock.now)
    return Verifier(TrustStore.open(folder)).report(certificate, at=house.clock.now, now=house.clock.now).code


def test_a_new_line_tells_new_stores_what_the_old_one_told(court: CourtHouse, tmp_path: Path) -> None:
    settings = court.issuer.settings
    number = court.certificate(CASES[0])["certificateNumber"]
    certificate, content = token(court, number), backup(court)
    court.clock.advance(seconds=1)
    assert revoke(court, number)["published"]
    newest = tmp_path / "newest.xzb"
    newest.write_bytes(court.get("/bundle/latest.xzb", None).content)
    restore(court, content)
    (settings.keys_folder / "bundle" / "root-1.pem").unlink()
    moved = settings.public_folder.rename(tmp_path / "public-before")
    for before in (moved, newest):
        said = begin(court, before)
        assert (said.exit_code, "[line_forgets]" in said.output) == (1, True), said.output
        assert "1/revocation" in said.output
    assert not settings.public_folder.exists()

    # As the refusal says: back to its place, up to date, away again.
    moved.rename(settings.public_folder)
    assert "[steps_to_repeat]" in run(court, "--yes").output
    court.clock.advance(seconds=1)
    revoke(court, number)
    done = run(court, "--yes")
    assert done.exit_code == 0, done.output
    settings.public_folder.rename(moved)
    done = begin(court, moved)
    assert done.exit_code == 0, done.output
    court.clock.advance(minutes=2)
    assert new_store(court, tmp_path / "store", certificate) == "revoked"


def test_what_is_of_another_court_or_none_is_not_taken_for_the_line_before(court: CourtHouse, tmp_path: Path) -> None:
    moved = court.issuer.settings.public_folder.rename(tmp_path / "public-before")
    other = begun(tmp_path / "other", court.clock)
    assert "[line_forgets]" in begin(court, other.issuer.settings.public_folder).output
    assert "[repository_missing]" in begin(court, tmp_path / "other").output
    file = tmp_path / "file.xzb"
    file.write_bytes(b"no bundle")
    assert "[restore_refused]" in begin(court, file).output
    assert begin(court, moved).exit_code == 0


def test_without_the_keys_of_the_roles_the_register_is_brought_up_to_date_all_the_same(court: CourtHouse) -> None:
    """They went with the root key: nothing can be published any more, and the new line must begin with all."""
    settings = court.issuer.settings
    court.certificate(CASES[0])
    content = backup(court)
    number = court.certificate(CASES[1])["certificateNumber"]
    assert revoke(court, number)["published"]
    restore(court, content)
    for path in (settings.keys_folder / "bundle").glob("*.pem"):
        path.unlink()
    said = run(court, "--yes")
    assert (said.exit_code, "role_keys_missing" in said.output) == (1, True), said.output
    moved = settings.public_folder.rename(settings.data.with_name("public-before"))
    done = begin(court, moved)
    assert done.exit_code == 0, done.output
    assert run(court, "--yes").exit_code == 0
    shutil.rmtree(moved)


def test_a_line_begins_anew_after_a_clock_that_was_ahead(court: CourtHouse) -> None:
    """Numbers of the line before are not taken for numbers of this one, though they were given out "later"."""
    settings = court.issuer.settings
    court.clock.advance(hours=3)
    assert revoke(court, court.certificate(CASES[0])["certificateNumber"])["published"]
    moved = settings.public_folder.rename(settings.data.with_name("public-before"))
    done = begin(court, moved)
    assert done.exit_code == 0, done.output
    assert "edition_forgotten" not in run(court, "--dry-run").output
