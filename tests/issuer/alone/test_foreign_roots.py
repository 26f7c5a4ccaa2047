"""Roots that nobody of the court made, in its publication folder or in a bundle: none is signed, handed out, kept."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from support.alone import CHINESE, changes, lender_imports, opened, run
from support.foreign_roots import foreign_root, repacked
from support.keyed import OPERATOR
from support.office import StandingClock
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.keylife.role_desk import RoleDesk
from xinzheng_issuer.publishing.bundle_keys import key_names
from xinzheng_verifier.trust.archive import Archive


def metadata(folder: Path, version: int) -> Path:
    return folder / "var" / "public" / "metadata" / f"{version}.root.json"


def kept(folder: Path) -> Path:
    return folder / "var" / "keys" / "bundle" / "kept-roots.json"


def newest_bundle(issuer: Issuer) -> bytes:
    latest = issuer.outbox.publisher.latest
    assert latest is not None
    return latest.path.read_bytes()


def mirror(folder: Path, content: bytes) -> Path:
    path = folder / "mirror.xzb"
    path.write_bytes(content)
    return path


# --- planted in the folder --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [2, 7])
def test_a_root_that_does_not_follow_is_no_root(folder: Path, clock: StandingClock, version: int) -> None:
    watermark = folder / "elsewhere.json"
    genuine = metadata(folder, 1).read_bytes()
    with closing(opened(folder, clock)) as running:
        planted = metadata(folder, version)
        planted.write_bytes(foreign_root(genuine, version=version))
        for server in (running, opened(folder, clock)):
            server.outbox._watermark = watermark
            server.start()
            server.tend()
            assert server.outbox.renew().published
            assert server.outbox.publisher.root == genuine
            assert changes(server) == []
            assert planted.name not in "".join(Archive(newest_bundle(server)))
            assert json.loads(watermark.read_bytes())["root"] == 1
        assert lender_imports(folder, clock.now) == 1
    assert json.loads(run(folder, "show", "--json").stdout)["root"]["version"] == 1
    assert run(folder, "--out", str(folder / "out"), group="bundle").exit_code == 0
    assert (folder / "out" / "root.json").read_bytes() == genuine


def test_a_step_waits_until_the_foreign_root_is_gone(folder: Path, clock: StandingClock, issuer: Issuer) -> None:
    metadata(folder, 2).write_bytes(foreign_root(metadata(folder, 1).read_bytes(), version=2))
    refused = run(folder, "renew", "--reason", "yearly", "--yes")
    assert (refused.exit_code, "2.root.json does not follow" in refused.stderr) == (1, True)
    assert "[root_foreign]" in run(folder, "renew", "--reason", "-", "--yes", language=CHINESE).stderr
    metadata(folder, 2).unlink()
    assert RoleDesk(issuer).renew(OPERATOR, reason="yearly").version == 2
    assert lender_imports(folder, clock.now) == 2
    assert [each[:2] for each in changes(issuer)] == [("bundle/root-1", "renew")]


# --- in a bundle ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [False, True], ids=["there", "lost"])
@pytest.mark.parametrize("version", [1, 2])
def test_roots_below_the_trusted_one_are_compared(
    folder: Path, clock: StandingClock, issuer: Issuer, lost: bool, version: int
) -> None:
    """The verifier looks above the trusted root alone; whoever holds an older one would be refused for ever."""
    for _ in range(2):
        RoleDesk(issuer).renew(OPERATOR, reason="yearly")
    genuine = newest_bundle(issuer)
    if lost:
        shutil.rmtree(folder / "var" / "public")
    bundle = repacked(genuine, **{f"root_{version}": b"{}"})
    arguments = ("adopt", "--bundle", str(mirror(folder, bundle)), "--yes")
    assert "[restore_refused]" in run(folder, *arguments, group="db").stderr
    assert metadata(folder, version).exists() is not lost
    assert lost or metadata(folder, version).read_bytes() == dict(Archive(genuine))[f"metadata/{version}.root.json"]
    mirror(folder, genuine)
    done = run(folder, *arguments, group="db")
    assert done.exit_code == 0, done.output
    assert lender_imports(folder, clock.now) == 3


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside the court's"])
@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "of before"])
def test_a_bundle_under_the_root_of_a_mirror_is_not_taken_for_a_lost_one(
    folder: Path, clock: StandingClock, issuer: Issuer, beside: bool, is_kept: bool
) -> None:
    genuine, first = newest_bundle(issuer), metadata(folder, 1).read_bytes()
    shutil.rmtree(folder / "var" / "public")
    if not is_kept:
        kept(folder).unlink()
    bundle = repacked(genuine, root_1=foreign_root(first, version=1, beside=beside))
    arguments = ("adopt", "--bundle", str(mirror(folder, bundle)), "--yes")
    said = run(folder, *arguments, group="db").stderr
    assert ("[restore_refused]" if is_kept else "[role_key_unknown]") in said
    assert not (folder / "var" / "public").exists()
    mirror(folder, genuine)
    root_key = folder / "var" / "keys" / "bundle" / "root-1.pem"
    away = root_key.rename(folder / "root-1.pem")
    if not is_kept:
        assert "[root_keys_missing]" in run(folder, *arguments, group="db").stderr
        away.rename(root_key)
    done = run(folder, *arguments, group="db")
    assert done.exit_code == 0, done.output
    assert lender_imports(folder, clock.now) == 1
    assert kept(folder).exists()


def test_copies_of_the_roots_outlast_the_folder(folder: Path, clock: StandingClock, issuer: Issuer) -> None:
    """What lenders hold and no bundle at hand has: the root that was made last."""
    older = newest_bundle(issuer)
    RoleDesk(issuer).renew(OPERATOR, reason="yearly")
    assert lender_imports(folder, clock.now) == 2
    shutil.rmtree(folder / "var" / "public")
    done = run(folder, "adopt", "--bundle", str(mirror(folder, older)), "--yes", group="db")
    assert done.exit_code == 0, done.output
    assert json.loads(run(folder, "show", "--json").stdout)["root"]["version"] == 2
    for _ in range(2):  # the editions that lenders hold have higher numbers
        clock.now += timedelta(minutes=1)
        assert issuer.outbox.renew().published
    assert lender_imports(folder, clock.now) == 2


# --- in the place of the court's own ----------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"{")])
@pytest.mark.parametrize("version", [1, 2])
def test_a_root_of_which_a_copy_is_kept_is_written_again(
    folder: Path, clock: StandingClock, issuer: Issuer, damage: Callable[[Path], object], version: int
) -> None:
    RoleDesk(issuer).renew(OPERATOR, reason="yearly")
    before = metadata(folder, version).read_bytes()
    damage(metadata(folder, version))
    assert issuer.outbox.renew().published
    assert metadata(folder, version).read_bytes() == before
    assert lender_imports(folder, clock.now) == 2


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside the court's"])
def test_another_first_root_in_its_place_is_not_believed(folder: Path, clock: StandingClock, beside: bool) -> None:
    genuine = metadata(folder, 1).read_bytes()
    metadata(folder, 1).write_bytes(foreign_root(genuine, version=1, beside=beside))
    with closing(opened(folder, clock)) as issuer:
        assert issuer.outbox.publisher.root == genuine
        assert issuer.start()[1].published
        assert issuer.outbox.renew().published
    assert metadata(folder, 1).read_bytes() == genuine
    assert lender_imports(folder, clock.now) == 1


def test_an_installation_of_before_keeps_its_roots_from_its_next_start_on(folder: Path, clock: StandingClock) -> None:
    genuine = metadata(folder, 1).read_bytes()
    kept(folder).unlink()
    with closing(opened(folder, clock)) as issuer:
        metadata(folder, 1).write_bytes(foreign_root(genuine, version=1, beside=True, name="root-9"))
        issuer.start()
        assert changes(issuer) == []
        assert issuer.outbox.hindrances == ["role_key_unknown"]
        state = issuer.outbox.renew()
        assert (state.published, state.reason) == (False, "role_key_unknown")
        assert not kept(folder).exists()
        metadata(folder, 1).write_bytes(genuine)
        issuer.start()
        assert issuer.outbox.hindrances == []
    assert json.loads(kept(folder).read_bytes()) == {"roots": {"1": genuine.decode()}}
    assert kept(folder).stat().st_mode & 0o777 == 0o600


def test_copies_that_cannot_be_read_are_named(folder: Path) -> None:
    kept(folder).write_bytes(b'{"roots": {"1": "{}"}}')
    said = run(folder, "show")
    assert (said.exit_code, "kept-roots.json" in said.stderr, "[repository_damaged]" in said.stderr) == (1, True, True)


# --- damaged, and no copy ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["newest", "middle"])
def test_the_newest_bundle_mends_roots_that_were_damaged(
    folder: Path, clock: StandingClock, issuer: Issuer, damage: str
) -> None:
    bundles = [newest_bundle(issuer)]
    for _ in range(2):
        RoleDesk(issuer).renew(OPERATOR, reason="yearly")
        bundles.append(newest_bundle(issuer))
    before = metadata(folder, 3).read_bytes()
    kept(folder).unlink()
    if damage == "newest":
        metadata(folder, 3).write_bytes(b"{")
    else:
        metadata(folder, 2).unlink()
        bundle = mirror(folder, bundles[1])
        assert "[restore_refused]" in run(folder, "adopt", "--bundle", str(bundle), "--yes", group="db").stderr
    done = run(folder, "adopt", "--bundle", str(mirror(folder, bundles[2])), "--yes", group="db")
    assert done.exit_code == 0, done.output
    assert metadata(folder, 3).read_bytes() == before
    assert lender_imports(folder, clock.now) == 3


def test_a_root_that_cannot_be_read_has_a_code(folder: Path, issuer: Issuer) -> None:
    kept(folder).unlink()
    metadata(folder, 1).unlink()
    metadata(folder, 1).mkdir()
    for _ in range(2):
        issuer.start()
        assert issuer.outbox.renew().reason == "repository_damaged"
    with pytest.raises(PublishingError) as caught:
        _ = issuer.outbox.publisher.signed_roots
    assert (caught.value.code, caught.value.params["path"]) == ("repository_damaged", metadata(folder, 1))


def test_a_root_that_lacks_a_key_which_it_names_has_a_code(issuer: Issuer) -> None:
    root = issuer.outbox.publisher.signed_root
    del root.keys[root.roles["targets"].keyids[0]]
    with pytest.raises(PublishingError) as caught:
        key_names(root, "targets")
    assert caught.value.code == "repository_damaged"


def test_a_damaged_root_below_the_newest_is_published_by_nobody(folder: Path, clock: StandingClock) -> None:
    with closing(opened(folder, clock)) as issuer:
        RoleDesk(issuer).renew(OPERATOR, reason="yearly")
        kept(folder).unlink()
        metadata(folder, 1).unlink()
        with pytest.raises(PublishingError) as caught:
            issuer.outbox.publisher.publish({}, at=clock.now)
        assert (caught.value.code, caught.value.params["path"]) == ("repository_damaged", metadata(folder, 1))
