"""Roots that nobody of the court made, in its publication folder or in a bundle: none is signed, handed out, kept."""

import json
import shutil
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from support.alone import CHINESE, changes, lender_imports, opened, run, settings_of
from support.foreign_roots import foreign_root, repacked
from support.keyed import OPERATOR
from support.office import CourtHouse, StandingClock
from support.office import code as refused
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.installation import Issuer, open_issuer, open_office
from xinzheng_issuer.keylife.role_desk import RoleDesk
from xinzheng_issuer.logs import configure_logs
from xinzheng_issuer.publishing.bundle_keys import key_names
from xinzheng_issuer.publishing.repository import Repository
from xinzheng_verifier.trust.archive import Archive, pack
from xinzheng_verifier.trust.names import sha256_of


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


@pytest.mark.usefixtures("issuer")
def test_many_foreign_roots_make_one_line_of_the_log(folder: Path) -> None:
    configure_logs("warning")
    for version in range(100, 500):
        metadata(folder, version).touch()
    with capture_logs() as logs:
        for _ in range(3):
            Repository(folder / "var" / "public").roots()
    assert [(entry["event"], entry["count"]) for entry in logs] == [("root_not_in_chain", 400)]


@pytest.mark.parametrize("version", [2, 7])
def test_a_root_that_does_not_follow_is_no_root(folder: Path, clock: StandingClock, version: int) -> None:
    watermark = folder / "elsewhere.json"
    genuine = metadata(folder, 1).read_bytes()
    settings = settings_of(folder, watermark=watermark)
    with ExitStack() as servers:
        running = servers.enter_context(closing(open_issuer(settings, clock=clock)))
        planted = metadata(folder, version)
        planted.write_bytes(foreign_root(genuine, version=version))
        for server in (running, servers.enter_context(closing(open_issuer(settings, clock=clock)))):
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
    assert ("[restore_refused]" if is_kept else "[roots_unproven]") in said
    assert not (folder / "var" / "public").exists()
    mirror(folder, genuine)
    root_key = folder / "var" / "keys" / "bundle" / "root-1.pem"
    away = root_key.rename(folder / "root-1.pem")
    if not is_kept:
        assert "[roots_unproven]" in run(folder, *arguments, group="db").stderr
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
        assert issuer.outbox.hindrances == ["roots_unproven"]
        state = issuer.outbox.renew()
        assert (state.published, state.reason) == (False, "roots_unproven")
        assert not kept(folder).exists()
        metadata(folder, 1).write_bytes(genuine)
        issuer.start()
        assert issuer.outbox.hindrances == []
    assert json.loads(kept(folder).read_bytes()) == {"roots": {"1": genuine.decode()}}
    assert kept(folder).stat().st_mode & 0o777 == 0o600


@pytest.fixture
def of_before(folder: Path, clock: StandingClock) -> bytes:
    """An installation of an earlier release that has renewed its root once, and keeps no copies; its first root."""
    with closing(opened(folder, clock)) as issuer:
        RoleDesk(issuer).renew(OPERATOR, reason="yearly")
    kept(folder).unlink()
    return metadata(folder, 1).read_bytes()


def has_said_nothing_but(folder: Path, clock: StandingClock, code: str) -> None:
    """The court starts, names one hindrance, and neither publishes, hands out, keeps nor enters anything."""
    before = changes_of(folder, clock)
    with closing(opened(folder, clock)) as issuer:
        issuer.start()
        assert issuer.outbox.hindrances == [code]
        assert issuer.outbox.renew().reason == code
        house = CourtHouse.open(issuer, clock)
        with house.client:
            for path in ("/bundle/root.json", "/bundle/latest.xzb"):
                assert refused(house.get(path, None)) == (503, code)
    assert not kept(folder).exists()
    assert changes_of(folder, clock) == before


def changes_of(folder: Path, clock: StandingClock) -> list[tuple[str, str, str | None, str, str, str]]:
    with closing(open_office(settings_of(folder), clock=clock)) as office, office.reading() as store:
        return [
            (each.key_name, each.action, each.from_state, each.to_state, each.actor_name, each.reason)
            for each in store.key_events()
        ]


def goes_on(folder: Path, clock: StandingClock) -> None:
    """With nothing foreign left the court keeps its roots and publishes, and lenders follow."""
    with closing(opened(folder, clock)) as issuer:
        issuer.start()
        assert list(issuer.outbox.hindrances) == []
        clock.now += timedelta(minutes=1)
        assert issuer.outbox.renew().published
    assert list(json.loads(kept(folder).read_bytes())["roots"]) == ["1", "2"]
    assert lender_imports(folder, clock.now) == 2


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside the court's"])
def test_of_before_no_lower_root_is_believed_either(
    folder: Path, clock: StandingClock, of_before: bytes, beside: bool
) -> None:
    metadata(folder, 1).write_bytes(foreign_root(of_before, version=1, beside=beside))
    has_said_nothing_but(folder, clock, "roots_unproven")
    metadata(folder, 1).write_bytes(of_before)
    goes_on(folder, clock)


def test_of_before_the_first_root_must_be_there(folder: Path, clock: StandingClock, of_before: bytes) -> None:
    with closing(opened(folder, clock)) as issuer:
        metadata(folder, 1).unlink()
        issuer.outbox.look()
        assert issuer.outbox.hindrances == ["repository_damaged"]
        assert not kept(folder).exists()
    metadata(folder, 1).write_bytes(of_before)
    goes_on(folder, clock)


@pytest.mark.parametrize("is_foreign", [True, False], ids=["foreign", "the court's"])
def test_of_before_a_root_key_must_be_there_once(
    folder: Path, clock: StandingClock, of_before: bytes, is_foreign: bool
) -> None:
    key = folder / "var" / "keys" / "bundle" / "root-1.pem"
    away = key.rename(folder / "root-1.pem")
    if is_foreign:
        metadata(folder, 2).unlink()
        metadata(folder, 1).write_bytes(foreign_root(of_before, version=1))
    has_said_nothing_but(folder, clock, "roots_unproven")
    away.rename(key)
    if not is_foreign:
        goes_on(folder, clock)
        key.rename(away)  # and is needed no more
        goes_on(folder, clock)


def test_of_before_a_root_counts_that_a_retired_key_signed(
    folder: Path, clock: StandingClock, of_before: bytes
) -> None:
    with closing(opened(folder, clock)) as issuer:
        RoleDesk(issuer).rotate(("root",), OPERATOR, reason="yearly")
    kept(folder).unlink()
    key = folder / "var" / "keys" / "bundle" / "root-1.pem"
    away = key.rename(folder / "root-1.pem")
    has_said_nothing_but(folder, clock, "roots_unproven")
    away.rename(key)
    with closing(opened(folder, clock)) as issuer:
        issuer.start()
        assert list(issuer.outbox.hindrances) == []
    assert json.loads(kept(folder).read_bytes())["roots"]["1"].encode() == of_before


def test_of_before_the_first_root_can_be_vouched_for(folder: Path, clock: StandingClock, of_before: bytes) -> None:
    """The key that signed it is destroyed, as the step that replaced it has told to."""
    with closing(opened(folder, clock)) as issuer:
        RoleDesk(issuer).rotate(("root",), OPERATOR, reason="yearly")
    kept(folder).unlink()
    (folder / "var" / "keys" / "bundle" / "root-1.pem").unlink()
    first = folder / "handed-out.json"
    metadata(folder, 1).write_bytes(foreign_root(of_before, version=1, beside=True))
    has_said_nothing_but(folder, clock, "roots_unproven")
    first.write_bytes(foreign_root(of_before, version=1))
    assert "[roots_unproven]" in run(folder, "keep", str(first), "--yes").stderr
    first.write_bytes(of_before)
    assert "[confirmation_needed]" in run(folder, "keep", str(first)).stderr
    assert sha256_of(of_before) in run(folder, "keep", str(first), "--dry-run").stdout
    assert "请与当初以其他途径告知各机构的核对" in run(folder, "keep", str(first), "--dry-run", language=CHINESE).stdout
    assert not kept(folder).exists()
    done = run(folder, "keep", str(first), "--yes", "--json")
    assert json.loads(done.stdout)["roots"] == [1, 2, 3]
    with closing(opened(folder, clock)) as issuer:
        issuer.start()
        assert list(issuer.outbox.hindrances) == []
        clock.now += timedelta(minutes=1)
        assert issuer.outbox.renew().published
    assert metadata(folder, 1).read_bytes() == of_before
    assert lender_imports(folder, clock.now) == 3
    assert "[roots_unproven]" in run(folder, "keep", str(mirror(folder, b"{}")), "--yes").stderr


def test_what_is_kept_is_only_added_to(folder: Path, clock: StandingClock, of_before: bytes) -> None:
    with closing(opened(folder, clock)) as issuer:
        issuer.start()
        before = json.loads(kept(folder).read_bytes())
        metadata(folder, 1).write_bytes(foreign_root(of_before, version=1))
        assert issuer.outbox.renew().published
        assert json.loads(kept(folder).read_bytes()) == before
        assert RoleDesk(issuer).renew(OPERATOR, reason="again").version == 3
    after = json.loads(kept(folder).read_bytes())["roots"]
    assert {version: after[version] for version in before["roots"]} == before["roots"]
    assert metadata(folder, 1).read_bytes() == of_before


@pytest.mark.parametrize("missing", [True, False], ids=["without the first", "with another first"])
def test_of_before_a_mirrors_bundle_is_judged_by_all_its_roots(
    folder: Path, clock: StandingClock, of_before: bytes, missing: bool
) -> None:
    bundle = (folder / "var" / "public" / "bundles" / "bundle-2.xzb").read_bytes()
    shutil.rmtree(folder / "var" / "public")
    if missing:
        files = {name: content for name, content in Archive(bundle).items() if name != "metadata/1.root.json"}
        path = mirror(folder, pack(files))
    else:
        path = mirror(folder, repacked(bundle, root_1=foreign_root(of_before, version=1, beside=True)))
    refused = run(folder, "adopt", "--bundle", str(path), "--yes", group="db")
    assert (refused.exit_code, not (folder / "var" / "public").exists(), kept(folder).exists()) == (1, True, False)
    assert ("[restore_refused]" if missing else "[roots_unproven]") in refused.stderr
    done = run(folder, "adopt", "--bundle", str(mirror(folder, bundle)), "--yes", group="db")
    assert done.exit_code == 0, done.output
    goes_on(folder, clock)


def test_copies_that_cannot_be_read_are_named(folder: Path) -> None:
    kept(folder).write_bytes(b'{"roots": {"1": "{}"}}')
    said = run(folder, "show")
    assert (said.exit_code, "kept-roots.json" in said.stderr, "[kept_roots_damaged]" in said.stderr) == (1, True, True)


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
