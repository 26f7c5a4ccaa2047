"""A court that runs alone, from `init` on, and a lender who began with its first root; role keys that cost nothing."""

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from support.office import EXAMPLES, StandingClock
from xinzheng_issuer.cli import main
from xinzheng_issuer.installation import Issuer, initialise, open_issuer
from xinzheng_issuer.settings import Settings, load_settings
from xinzheng_keys import file_keystore
from xinzheng_keys.pkcs8 import ScryptCost, encrypt_private_key
from xinzheng_verifier.trust.directory import import_bundle

WORDS = b"of the tests, twelve and more"
ENGLISH, CHINESE = {"LC_ALL": "C.UTF-8"}, {"LC_ALL": "zh_CN.UTF-8"}
NO_OTHERS: Mapping[str, str | None] = {}


@contextmanager
def cheap_passphrases() -> Iterator[None]:
    """Key files that are made meanwhile cost nothing to open."""
    quick = functools.partial(encrypt_private_key, cost=ScryptCost(n=2, r=8, p=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_keystore, "encrypt_private_key", quick)
        yield


def begin(folder: Path) -> Path:
    """A court after its first publication, and a lender who imported it; python-tuf's client reads the true clock."""
    initialise(settings_of(folder), EXAMPLES / "court.toml", clock=StandingClock(datetime.now(UTC)))
    root, bundle = (folder / "var" / "public" / name for name in ("metadata/1.root.json", "bundles/bundle-1.xzb"))
    import_bundle(folder / "store", bundle.read_bytes(), root=root.read_bytes(), at=datetime.now(UTC))
    return folder


def settings_of(folder: Path, **changes: Any) -> Settings:
    return load_settings(data=folder / "var", key_passphrase=WORDS.decode(), **changes)


def opened(folder: Path, clock: StandingClock, **options: Any) -> Issuer:
    return open_issuer(settings_of(folder), clock=clock, **options)


def lender_imports(folder: Path, at: datetime, *, number: int | None = None) -> int:
    """The lender's store, which began with root 1, takes the newest bundle or one by number; the root that it holds."""
    bundles = folder / "var" / "public" / "bundles"
    newest = max(int(path.stem.removeprefix("bundle-")) for path in bundles.glob("bundle-*.xzb"))
    bundle = (bundles / f"bundle-{number or newest}.xzb").read_bytes()
    return import_bundle(folder / "store", bundle, at=at).root_version


def changes(issuer: Issuer) -> list[tuple[str, str, str | None, str, str, str]]:
    """What the register's trail says of the keys of the bundle."""
    with issuer.office.reading() as store:
        rows = store.key_events()
    found = [(row.key_name, row.action, row.from_state, row.to_state, row.actor_name, row.reason) for row in rows]
    return sorted((each for each in found if each[0].startswith("bundle/")), key=str)


def run(
    folder: Path,
    *arguments: str,
    group: str = "bundle-keys",
    language: Mapping[str, str] = ENGLISH,
    settings: Mapping[str, str | None] = NO_OTHERS,
) -> Result:
    """`xinzheng bundle-keys`, or another command, on the court's folder."""
    usual = {"XINZHENG_KEY_PASSPHRASE": WORDS.decode(), "XINZHENG_LOG_LEVEL": "error"}
    given = [group, *arguments, "--data", str(folder / "var")]
    return CliRunner(env={**usual, **language, **settings}).invoke(main, given)
