"""A bundle begins anew after the edition that was published last, or after one that is said to be given up."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.office import CourtHouse, StandingClock
from support.restoring import (
    CASES,
    Lender,
    backup,
    begin_anew,
    begun,
    bring_back,
    new_store,
    restore,
    revoke,
    run,
    snapshot,
    token,
    xinzheng,
)


@dataclass(frozen=True)
class Older:
    """A court without its root key, of which register and publication came back from before a revocation.

    Attributes:
        court: the court.
        certificate: that was revoked.
        lender: who has the edition that says so.
        before: the publication folder as it came back, moved away.
        last: what the court remembers, wherever that is.
        environment: of every command.
    """

    court: CourtHouse
    certificate: bytes
    lender: Lender
    before: Path
    last: Path
    environment: dict[str, str]

    @property
    def public(self) -> Path:
        return self.court.issuer.settings.public_folder

    @property
    def keys(self) -> Path:
        return self.court.issuer.settings.keys_folder / "bundle"

    def adopt(self, *arguments: str) -> str:
        said = run(self.court, *arguments, **self.environment)
        assert said.exit_code == 0, said.output
        self.court.clock.now = datetime.now(UTC)
        return said.output


@pytest.fixture(params=["beside the keys", "watermark"])
def older(request: pytest.FixtureRequest, tmp_path: Path, clock: StandingClock) -> Iterator[Older]:
    """What is remembered lies beside the keys, which did not come back, or else on another disk alone."""
    watermark = tmp_path / "elsewhere.json" if request.param == "watermark" else None
    court = begun(tmp_path / "var", clock, watermark)
    environment = {"LC_ALL": "C.UTF-8"} | ({} if watermark is None else {"XINZHENG_WATERMARK": str(watermark)})
    settings = court.issuer.settings
    before = tmp_path / "before"
    with court.client:
        number = court.certificate(CASES[0])["certificateNumber"]
        certificate, lender = token(court, number), Lender(court, tmp_path / "lender")
        register, whole = backup(court), snapshot(court)
        clock.advance(seconds=1)
        assert revoke(court, number)["published"]
        lender.fetch()
        assert lender.verdict(certificate) == "revoked"
        if watermark is None:
            restore(court, register)
            shutil.rmtree(settings.public_folder)
            shutil.copytree(whole / "public", before)
        else:
            bring_back(court, whole)
            settings.public_folder.rename(before)
        last = settings.keys_folder / "bundle" / "published.json" if watermark is None else watermark
        (settings.keys_folder / "bundle" / "root-1.pem").unlink()
        yield Older(court, certificate, lender, before, last, environment)


def test_a_line_does_not_begin_after_an_edition_that_was_not_the_last(older: Older) -> None:
    """The last one revoked a certificate, and nobody but the lenders says so any more."""
    told, keys = older.last.read_bytes(), sorted(older.keys.iterdir())
    for how in ("--yes", "--dry-run"):
        for language, words in (("C.UTF-8", "but edition 3 was published from here"), ("zh_CN.UTF-8", "曾发布第 3 版")):
            said = begin_anew(older.court, older.before, how, **{**older.environment, "LC_ALL": language})
            assert (said.exit_code, "[edition_forgotten]" in said.output) == (1, True), said.output
            assert words in said.output
    assert not older.public.exists()
    assert (older.last.read_bytes(), sorted(older.keys.iterdir())) == (told, keys)

    # As the refusal says: the newest bundle that a lender has.
    assert "[line_forgets]" in begin_anew(older.court, Path(older.lender.file()), **older.environment).output
    older.before.rename(older.public)
    older.adopt("--bundle", older.lender.file(), "--revoke-again", "fraud", "--yes")
    older.public.rename(older.before)
    done = begin_anew(older.court, older.before, **older.environment)
    assert (done.exit_code, "is given up" in done.output) == (0, False), done.output
    assert new_store(older.court, older.before.with_name("store"), older.certificate) == "revoked"


@pytest.mark.parametrize("has_keys", [True, False], ids=["root key lost", "all keys lost"])
def test_a_line_begins_where_nobody_has_the_last_edition_once_it_was_given_up(older: Older, has_keys: bool) -> None:
    if not has_keys:
        for path in older.keys.glob("*.pem"):
            path.unlink()
    older.before.rename(older.public)
    said = run(older.court, "--yes", **older.environment)
    assert "Edition 3 was published from here, and this is edition 2" in said.output
    assert said.exit_code == (0 if has_keys else 1), said.output
    older.court.clock.now = datetime.now(UTC)
    older.public.rename(older.before)
    done = begin_anew(older.court, older.before, "--dry-run", **older.environment)
    assert (done.exit_code, "Edition 3 was published from here, and is given up" in done.output) == (0, not has_keys)
    chinese = begin_anew(older.court, older.before, "--dry-run", **{**older.environment, "LC_ALL": "zh_CN.UTF-8"})
    assert ("此处曾发布第 3 版，现予放弃" in chinese.output) is not has_keys
    done = begin_anew(older.court, older.before, **older.environment)
    assert done.exit_code == 0, done.output
    older.adopt("--yes")
    older.court.clock.now = datetime.now(UTC)
    assert new_store(older.court, older.before.with_name("store"), older.certificate) == "ok"


def test_whoever_says_that_nobody_has_anything_is_told_what_is_given_up(older: Older) -> None:
    shutil.rmtree(older.before)
    given = ("bundle-keys", "begin", "--nothing-before", "--reason", "lost")
    said = xinzheng(older.court, *given, "--dry-run", **older.environment)
    assert (said.exit_code, "Edition 3 was published from here, and is given up" in said.output) == (0, True)
    done = xinzheng(older.court, *given, "--yes", **older.environment)
    assert "Edition 3 was published from here, and is given up" in done.output
