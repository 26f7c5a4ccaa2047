"""Whoever can write the publication folder of a lone court, at any moment: what he may stop, and what he never gets.

He has no key. While his files lie there he may keep the court from publishing. No number and no moment of his is
signed, nothing of his is remembered or written elsewhere, and lenders follow again once his files are gone.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from support.alone import CHINESE, lender_imports, opened, run, settings_of
from support.keyed import OPERATOR
from support.meddling import other_at_reading, put_back_after_writing, within
from support.office import StandingClock
from support.tuf_client import client_of
from xinzheng_issuer.installation import Issuer, open_issuer
from xinzheng_issuer.keylife.new_line import NewLine
from xinzheng_issuer.keylife.role_desk import RoleDesk
from xinzheng_issuer.keylife.root_trail import Told
from xinzheng_issuer.publishing.memory import MEMORY_FILE
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust.directory import import_bundle
from xinzheng_verifier.trust.files import locked


def public(folder: Path) -> Path:
    return folder / "var" / "public"


def timestamp(folder: Path) -> Path:
    return public(folder) / "metadata" / "timestamp.json"


def in_effect(folder: Path) -> int:
    return int(json.loads(timestamp(folder).read_bytes())["signed"]["version"])


def remembered(folder: Path) -> int:
    return int(json.loads((folder / "var" / "keys" / "bundle" / MEMORY_FILE).read_bytes())["version"])


def follows(folder: Path, clock: StandingClock) -> bool:
    """Whether the lender takes the edition in effect; its number."""
    bundle = (public(folder) / "bundles" / f"bundle-{in_effect(folder)}.xzb").read_bytes()
    return import_bundle(folder / "store", bundle, at=clock.now).bundle_version == in_effect(folder)


def emptied(folder: Path) -> None:
    """All that was published, but for the roots."""
    for path in public(folder).rglob("*"):
        if path.is_file() and not path.name.endswith("root.json"):
            path.unlink()


# --- read more than once ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("member", ["version", "publishedAt"])
def test_nothing_unsigned_is_signed_whenever_it_is_read(
    folder: Path, clock: StandingClock, issuer: Issuer, member: str, turn: int
) -> None:
    ahead = format_timestamp(clock.now.replace(microsecond=0) + timedelta(days=6, hours=23))
    lie = json.loads(timestamp(folder).read_bytes())
    lie["signed"][member] = {"version": 999_999_997, "publishedAt": ahead}[member]
    with other_at_reading(timestamp(folder), json.dumps(lie).encode(), turn=turn):
        issuer.outbox.renew()
    assert issuer.outbox.renew().published
    assert in_effect(folder) == remembered(folder) <= 3
    assert json.loads(timestamp(folder).read_bytes())["signed"]["publishedAt"] < ahead
    assert follows(folder, clock)


@pytest.mark.parametrize("turn", range(1, 9))
def test_an_older_edition_in_between_gives_no_number_twice(
    folder: Path, clock: StandingClock, issuer: Issuer, turn: int
) -> None:
    older = timestamp(folder).read_bytes()
    for _ in range(2):
        clock.now += timedelta(minutes=1)
        assert issuer.outbox.renew().published
    assert follows(folder, clock)
    with other_at_reading(timestamp(folder), older, turn=turn):
        issuer.outbox.renew()
    clock.now += timedelta(minutes=1)
    assert issuer.outbox.renew().published
    assert in_effect(folder) in {4, 5}
    assert follows(folder, clock)


def test_what_is_remembered_is_what_was_written(folder: Path, clock: StandingClock) -> None:
    watermark = folder / "elsewhere.json"
    with closing(open_issuer(settings_of(folder, watermark=watermark), clock=clock)) as issuer:
        older = timestamp(folder).read_bytes()
        with put_back_after_writing("timestamp.json", older, timestamp(folder).parent):
            issuer.outbox.renew()
        assert (in_effect(folder), remembered(folder)) == (1, 2)
        assert json.loads(watermark.read_bytes())["version"] == 2
        assert issuer.outbox.renew().reason == "edition_forgotten"


# --- pipes, links -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["metadata/9.root.json", "metadata/2.root.json", "metadata/timestamp.json", "bundles/bundle-1.xzb"]
    + [f"metadata/.new-{name}" for name in ("timestamp.json", "2.targets.json")],
)
def test_a_pipe_that_nobody_writes_holds_nobody_up(
    folder: Path, clock: StandingClock, issuer: Issuer, name: str
) -> None:
    path = public(folder) / name
    before = path.read_bytes() if path.exists() else None
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    state = within(60, issuer.outbox.renew)
    assert state.reason in {None, "repository_damaged"}
    path.unlink(missing_ok=True)
    if before is not None and not state.published:
        path.write_bytes(before)
    within(60, issuer.outbox.look)
    assert list(issuer.outbox.hindrances) == []
    assert within(60, issuer.outbox.renew).published
    assert follows(folder, clock)


def test_a_lock_that_somebody_holds_in_the_folder_stops_nobody(
    folder: Path, clock: StandingClock, lived: Issuer
) -> None:
    clock.now += timedelta(days=4)
    with locked(public(folder)):
        assert within(60, lived.outbox.renew).published
    assert follows(folder, clock)


@pytest.mark.parametrize("name", ["metadata", "bundles", "targets", "targets/courts"])
def test_a_folder_that_is_a_link_leads_nowhere(folder: Path, clock: StandingClock, name: str) -> None:
    keys = folder / "var" / "keys" / "bundle"
    with closing(opened(folder, clock)) as issuer:
        before = {path.name: path.read_bytes() for path in keys.iterdir()}
        place = public(folder) / name
        away = place.rename(folder / "away")
        place.symlink_to(keys)
        clock.now += timedelta(days=4)  # the lists are signed anew, and so have other names
        state = issuer.outbox.renew()
        assert state.reason in {"publication_unwritable", "edition_forgotten", "edition_damaged"}
        assert {path.name: path.read_bytes() for path in keys.iterdir()} == before
        place.unlink()
        away.rename(place)
    with closing(opened(folder, clock)) as issuer:
        assert issuer.start()[1].published
        assert follows(folder, clock)


# --- emptied, rolled back ---------------------------------------------------------------------------------------------


def rolled_back(folder: Path) -> None:
    shutil.rmtree(public(folder))
    shutil.copytree(folder / "old", public(folder))


def without_timestamp(folder: Path) -> None:
    timestamp(folder).unlink()


@pytest.fixture
def lived(folder: Path, clock: StandingClock) -> Iterator[Issuer]:
    """Six editions, of which the lender has the last; the state after the second is at hand."""
    with closing(opened(folder, clock)) as issuer:
        issuer.start()
        for number in range(2, 7):
            clock.now += timedelta(minutes=1)
            with issuer.office.writing() as store:
                store.enqueue_publication("a change", at=clock.now)
            assert issuer.outbox.settle().bundle_version == number
            if number == 2:
                shutil.copytree(public(folder), folder / "old")
        assert follows(folder, clock)
        shutil.copy(public(folder) / "bundles" / "bundle-6.xzb", folder / "mirror.xzb")
        yield issuer


@pytest.mark.parametrize("is_remembered", [True, False], ids=["remembered", "of before"])
@pytest.mark.parametrize("attack", [without_timestamp, emptied, rolled_back])
def test_a_folder_that_was_emptied_gives_no_number_again(
    folder: Path, clock: StandingClock, lived: Issuer, attack: Callable[[Path], None], is_remembered: bool
) -> None:
    """A court of an earlier release remembers nothing beside its keys; its register does."""
    attack(folder)
    if not is_remembered:
        (folder / "var" / "keys" / "bundle" / MEMORY_FILE).unlink()
    lived.outbox.look()
    assert lived.outbox.hindrances == ["edition_forgotten"]
    state = lived.outbox.renew()
    assert (state.published, state.reason) == (False, "edition_forgotten")
    done = run(folder, "adopt", "--bundle", str(folder / "mirror.xzb"), "--yes", group="db")
    assert done.exit_code == 0, done.output
    assert in_effect(folder) == 7
    assert follows(folder, clock)


def test_editions_that_nobody_has_any_more_are_given_up(folder: Path, clock: StandingClock, lived: Issuer) -> None:
    emptied(folder)
    said = run(folder, "adopt", "--dry-run", group="db")
    assert "Edition 6 was published from here, and this is edition 0" in said.output
    assert (
        "此处曾发布第 6 版，而现有的是第 0 版" in run(folder, "adopt", "--dry-run", group="db", language=CHINESE).output
    )
    refused = run(folder, group="bundle")
    assert (refused.exit_code, "edition_forgotten" in refused.output) == (1, True)
    done = run(folder, "adopt", "--yes", group="db")
    assert done.exit_code == 0, done.output
    assert in_effect(folder) == 7
    assert follows(folder, clock)
    assert lived.outbox.renew().published


def test_an_older_bundle_is_taken_over_with_a_word_and_numbers_go_on(
    folder: Path, clock: StandingClock, lived: Issuer
) -> None:
    older = shutil.copy(folder / "old" / "bundles" / "bundle-2.xzb", folder / "older.xzb")
    shutil.rmtree(public(folder))
    said = run(folder, "adopt", "--bundle", str(older), "--yes", group="db")
    assert said.exit_code == 0, said.output
    assert "Edition 6 was published from here, and this is edition 2" in said.output
    assert in_effect(folder) == 7
    assert follows(folder, clock)
    assert lived.outbox.renew().published


def test_a_new_line_begins_with_number_one_again(folder: Path, clock: StandingClock, lived: Issuer) -> None:
    """Of the numbers before it neither the register nor what is remembered tells."""
    public(folder).rename(folder / "before")
    clock.now += timedelta(minutes=1)
    NewLine(lived.settings, lived.office, before=None).begin(Told(OPERATOR, "lost"))
    with closing(opened(folder, clock)) as issuer:
        issuer.start()
        assert issuer.outbox.renew().bundle_version == 1
        assert remembered(folder) == 1
        assert list(issuer.outbox.hindrances) == []


# --- numbers that are used up -----------------------------------------------------------------------------------------


def test_numbers_begin_anew_under_other_keys_once_they_are_used_up(
    folder: Path, clock: StandingClock, issuer: Issuer
) -> None:
    publisher = issuer.outbox.publisher
    edition = publisher.in_effect
    assert edition is not None
    publisher.publish(edition.targets, at=clock.now, above=999_999_998)
    assert in_effect(folder) == 999_999_999
    assert follows(folder, clock)
    client_of(public(folder), folder / "client", root=publisher.root).refresh()
    before = {path.name for path in public(folder).rglob("*")}
    state = issuer.outbox.renew()
    assert (state.published, state.reason) == (False, "versions_used_up")
    desk = RoleDesk(issuer)
    for roles in ((), ("timestamp",), ("targets",)):
        with pytest.raises(ValueError, match=r"xinzheng bundle-keys rotate snapshot timestamp"):
            desk.rotate(roles, OPERATOR, reason="-")
    assert {path.name for path in public(folder).rglob("*")} == before
    step = desk.rotate(("snapshot", "timestamp"), OPERATOR, reason="numbers are used up")
    assert (step.publication.published, step.publication.bundle_version) == (True, 2)
    assert follows(folder, clock)
    client_of(public(folder), folder / "client", root=None).refresh()
    issuer.outbox.look()
    assert list(issuer.outbox.hindrances) == []
    assert issuer.outbox.renew().bundle_version == 3
    assert follows(folder, clock)


# --- a bundle that an operator is handed ------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"{}", None], ids=["empty", "no metadata", "unsigned"])
def test_an_old_bundle_is_no_fork_for_a_planted_file(
    folder: Path, clock: StandingClock, lived: Issuer, content: bytes | None
) -> None:
    older = shutil.copy(public(folder) / "bundles" / "bundle-5.xzb", folder / "older.xzb")
    planted = public(folder) / "metadata" / "5.targets.json"
    if content is None:
        lie = json.loads(planted.read_bytes())
        lie["signed"]["expires"] = "2040-01-01T00:00:00Z"
        content = json.dumps(lie).encode()
    planted.write_bytes(content)
    edition = lived.outbox.publisher.latest
    assert edition is not None
    said = run(folder, "adopt", "--bundle", str(older), "--yes", group="db")
    # What lies there is nobody's word: the bundle is a witness like any other, and the folder stays as it is.
    assert (said.exit_code, "was never in this folder" in said.output) == (0, True), said.output
    assert in_effect(folder) == edition.version + 1
    assert follows(folder, clock)


def test_a_number_that_nobody_signed_keeps_no_bundle_out(folder: Path, clock: StandingClock, lived: Issuer) -> None:
    lie = json.loads(timestamp(folder).read_bytes())
    lie["signed"]["version"] = 999_999_997
    timestamp(folder).write_text(json.dumps(lie), "utf-8")
    (public(folder) / "bundles" / "bundle-999999998.xzb").touch()
    assert lived.outbox.renew().reason == "edition_damaged"
    done = run(folder, "adopt", "--bundle", str(folder / "mirror.xzb"), "--yes", group="db")
    assert done.exit_code == 0, done.output
    assert in_effect(folder) == 7
    assert follows(folder, clock)
    with pytest.raises(TrustError):
        lender_imports(folder, clock.now, number=999_999_998)
