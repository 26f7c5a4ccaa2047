"""The keys of snapshot and timestamp were stolen and replaced: what a thief signs with them steers nobody any more."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata, MetaFile, Snapshot, Timestamp

from support.alone import WORDS, lender_imports, opened, run
from support.office import StandingClock
from xinzheng_issuer.publishing.role_keys import RoleSigner, load_role_key
from xinzheng_verifier.trust.directory import import_bundle


def metadata(folder: Path) -> Path:
    return folder / "var" / "public" / "metadata"


def key(folder: Path, role: str) -> RoleSigner:
    return load_role_key(folder / "var" / "keys" / "bundle" / f"{role}.pem", passphrase=lambda: WORDS)


def plant(folder: Path, first: bytes, number: int, stolen: dict[str, RoleSigner]) -> None:
    """An edition of any number, signed by the stolen keys, with what the first one said."""
    timestamp = Metadata[Timestamp].from_bytes(first)
    snapshot = Metadata[Snapshot].from_bytes((metadata(folder) / "1.snapshot.json").read_bytes())
    snapshot.signed.version = timestamp.signed.version = number
    snapshot.sign(stolen["snapshot"])
    content = snapshot.to_bytes()
    (metadata(folder) / f"{number}.snapshot.json").write_bytes(content)
    timestamp.signed.snapshot_meta = MetaFile.from_data(number, content, ["sha256"])
    timestamp.sign(stolen["timestamp"])
    (metadata(folder) / "timestamp.json").write_bytes(timestamp.to_bytes())


@pytest.mark.parametrize("remembered", ["beside the keys", "on another disk"])
def test_replaced_keys_vouch_for_nothing_that_comes_after(
    folder: Path, clock: StandingClock, tmp_path: Path, remembered: str
) -> None:
    watermark = tmp_path / "elsewhere.json"
    kept = {"XINZHENG_WATERMARK": str(watermark)}
    first = (metadata(folder) / "timestamp.json").read_bytes()
    stolen = {role: key(folder, role) for role in ("snapshot", "timestamp")}
    rotated = run(folder, "rotate", "snapshot", "timestamp", "--reason", "stolen", "--yes", settings=kept)
    assert rotated.exit_code == 0, rotated.output
    genuine = (metadata(folder) / "timestamp.json").read_bytes()
    assert lender_imports(folder, clock.now + timedelta(minutes=1)) == 2
    bundle = (folder / "var" / "public" / "bundles").glob("bundle-*.xzb")
    newest = max(int(path.stem.removeprefix("bundle-")) for path in bundle)
    plant(folder, first, 5000, stolen)
    if remembered == "on another disk":
        (folder / "var" / "keys" / "bundle" / "published.json").unlink()
    else:
        kept = {}

    said = run(folder, group="bundle", settings=kept)
    assert (said.exit_code, "Publishing failed: edition_forgotten" in said.output) == (1, True), said.output
    assert not (metadata(folder) / "5001.snapshot.json").exists()

    # The newest bundle, as the refusal says; its numbers go on.
    (metadata(folder) / "timestamp.json").unlink()
    file = folder / "var" / "public" / "bundles" / f"bundle-{newest}.xzb"
    mirrored = file.rename(tmp_path / "mirrored.xzb")
    done = run(folder, "adopt", "--bundle", str(mirrored), "--yes", group="db", settings=kept)
    assert done.exit_code == 0, done.output
    assert f"Published as version {newest + 1}." in done.output
    assert (metadata(folder) / "timestamp.json").read_bytes() != genuine
    with closing(opened(folder, clock)) as issuer:
        clock.now += timedelta(minutes=1)
        assert issuer.outbox.renew().bundle_version == newest + 2
        latest = issuer.outbox.publisher.latest
        assert latest is not None
        assert import_bundle(folder / "store", latest.path.read_bytes(), at=clock.now).bundle_version == newest + 2
