"""Roots that nobody of the court made, in its publication folder or in a bundle: none is signed, handed out, kept."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from support.alone import CHINESE, changes, lender_imports, opened, run
from support.foreign_roots import foreign_root, repacked
from support.keyed import OPERATOR
from support.office import StandingClock
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.keylife.role_desk import RoleDesk
from xinzheng_verifier.trust.archive import Archive


def metadata(folder: Path, version: int) -> Path:
    return folder / "var" / "public" / "metadata" / f"{version}.root.json"


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


# --- damaged ----------------------------------------------------------------------------------------------------------


def test_a_damaged_root_below_the_newest_is_published_by_nobody(folder: Path, clock: StandingClock) -> None:
    with closing(opened(folder, clock)) as issuer:
        RoleDesk(issuer).renew(OPERATOR, reason="yearly")
        metadata(folder, 1).unlink()
        with pytest.raises(PublishingError) as caught:
            issuer.outbox.publisher.publish({}, at=clock.now)
        assert (caught.value.code, caught.value.params["path"]) == ("repository_damaged", metadata(folder, 1))
