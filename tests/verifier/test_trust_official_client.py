"""python-tuf's own client and ours before the same country: what one finds the other finds."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tuf.api.exceptions import DownloadHTTPError, RepositoryError
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from support.tuf_simulator import TUFSimulator, new_key, status_list
from xinzheng_verifier import TrustError
from xinzheng_verifier.trust.archive import Archive, pack
from xinzheng_verifier.trust.extent import select
from xinzheng_verifier.trust.seen import NOTHING_SEEN
from xinzheng_verifier.trust.tuf_workflow import walk

CODES = ("420683", "420684", "110101", "650101")
COURT = "court-420683"
PATH = "courts/420683/status/1/revocation.json"
BASE = "https://xz.example/"


class MemoryFetcher(FetcherInterface):
    """What the client asks the network for comes from a dictionary."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def _fetch(self, url: str) -> Iterator[bytes]:
        name = url.removeprefix(BASE)
        if name not in self.files:
            raise DownloadHTTPError("not found", 404)
        return iter([self.files[name]])


class Official:
    """python-tuf's client with a memory of its own, which goes by the machine's clock."""

    def __init__(self, folder: Path, root: bytes) -> None:
        self.folder, self.root = folder, root
        for name in ("metadata", "targets"):
            (folder / name).mkdir(parents=True)

    def targets(self, files: dict[str, bytes], paths: list[str]) -> dict[str, bytes | None]:
        client = Updater(
            metadata_dir=str(self.folder / "metadata"),
            metadata_base_url=f"{BASE}metadata",
            target_dir=str(self.folder / "targets"),
            target_base_url=f"{BASE}targets",
            fetcher=MemoryFetcher(files),
            bootstrap=self.root,
        )
        client.refresh()
        found: dict[str, bytes | None] = {}
        for path in paths:
            target = client.get_targetinfo(path)
            found[path] = Path(client.download_target(target)).read_bytes() if target else None
        return found


@pytest.fixture
def simulator() -> TUFSimulator:
    """A country of this very moment."""
    country = TUFSimulator(at=datetime.now(UTC).replace(microsecond=0))
    country.country(*CODES)
    for code in CODES:
        province = country.entrusted[f"province-{code[:2]}"]
        province.targets[f"courts/{code}/issuer.json"] = b'{"code": "%s"}' % code.encode()
    return country


@pytest.fixture
def official(tmp_path: Path, simulator: TUFSimulator) -> Official:
    return Official(tmp_path, simulator.root_bytes)


def test_both_find_the_same(simulator: TUFSimulator, official: Official) -> None:
    seen = NOTHING_SEEN
    for edition in range(3):
        simulator.entrusted[COURT].targets[PATH] = status_list("420683", "revocation", sequence=edition)
        files = dict(Archive(pack(select(simulator.files()))))
        ours = walk(files, root=simulator.root_bytes, seen=seen, at=simulator.at)
        seen = ours.seen
        assert len(ours.targets) == 8
        assert official.targets(files, [*ours.targets]) == ours.targets
        nowhere = ["courts/420683/status/2/revocation.json", "courts/440101/issuer.json"]
        assert official.targets(files, nowhere) == dict.fromkeys(nowhere)
        simulator.next(after=timedelta(seconds=1))


def rolled_back(simulator: TUFSimulator) -> None:
    simulator.entrusted[COURT].version = 1


def vanished(simulator: TUFSimulator) -> None:
    simulator.entrusted[COURT].listed = 0


def signed_by_another(simulator: TUFSimulator) -> None:
    simulator.entrusted[COURT].signers = [new_key()]


def one_signature_short(simulator: TUFSimulator) -> None:
    simulator.entrusted[COURT].threshold = 2
    simulator.entrusted[COURT].keys = [new_key(), new_key()]
    simulator.entrusted[COURT].signers = simulator.entrusted[COURT].keys[:1]


def mixed(simulator: TUFSimulator) -> None:
    simulator.entrusted[COURT].listed = simulator.version + 1


def older_snapshot(simulator: TUFSimulator) -> None:
    simulator.versions["snapshot"] = 1


@pytest.mark.parametrize(
    "attack", [rolled_back, vanished, signed_by_another, one_signature_short, mixed, older_snapshot]
)
def test_both_refuse_the_same(
    simulator: TUFSimulator, official: Official, attack: Callable[[TUFSimulator], None]
) -> None:
    files = simulator.next(after=timedelta(seconds=1)).files()
    seen = walk(files, root=simulator.root_bytes, seen=NOTHING_SEEN, at=simulator.at).seen
    assert official.targets(files, [PATH])[PATH] is not None
    attack(simulator.next(after=timedelta(seconds=1)))
    files = simulator.files()
    with pytest.raises(TrustError):
        walk(files, root=simulator.root_bytes, seen=seen, at=simulator.at)
    with pytest.raises(RepositoryError):
        official.targets(files, [PATH])


@pytest.mark.parametrize("path", ["courts/110101/status/1/revocation.json", "courts/420683/issuer.json"])
def test_what_was_not_entrusted_ours_refuses_and_theirs_does_not_see(
    simulator: TUFSimulator, official: Official, path: str
) -> None:
    genuine = walk(simulator.files(), root=simulator.root_bytes, seen=NOTHING_SEEN, at=simulator.at).targets[path]
    simulator.entrusted["court-420684"].targets[path] = b"forged"
    files = simulator.files()
    assert official.targets(files, [path]) == {path: genuine}
    with pytest.raises(TrustError) as caught:
        walk(files, root=simulator.root_bytes, seen=NOTHING_SEEN, at=simulator.at)
    assert caught.value.code == "bundle_delegation"


def test_an_abolished_court_ours_lets_go_and_theirs_does_not(simulator: TUFSimulator, official: Official) -> None:
    """5.5.5 to the letter keeps a name in the snapshot for ever; the publisher's way out is a new snapshot key."""
    simulator.next(after=timedelta(seconds=1))
    seen = walk(simulator.files(), root=simulator.root_bytes, seen=NOTHING_SEEN, at=simulator.at).seen
    official.targets(simulator.files(), [])
    del simulator.next(after=timedelta(seconds=1)).entrusted[COURT]
    files = simulator.files()
    assert PATH not in walk(files, root=simulator.root_bytes, seen=seen, at=simulator.at).targets
    with pytest.raises(RepositoryError):
        official.targets(files, [])
    simulator.next(after=timedelta(seconds=1)).rotate("snapshot")
    assert official.targets(simulator.files(), [PATH]) == {PATH: None}
