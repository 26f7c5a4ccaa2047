"""The client of python-tuf, which reads a publisher's folder as if it were served: another implementation."""

from collections.abc import Iterator
from pathlib import Path

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater


class FolderFetcher(FetcherInterface):
    """What python-tuf's client asks the network for comes from a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = self.folder / url.removeprefix("https://xz.example/")
        if not path.is_file():
            raise DownloadHTTPError("not found", 404)
        return iter([path.read_bytes()])


def client_of(folder: Path, cache: Path, *, root: bytes | None) -> Updater:
    for made in (cache / "metadata", cache / "targets"):
        made.mkdir(parents=True, exist_ok=True)
    return Updater(
        metadata_dir=str(cache / "metadata"),
        metadata_base_url="https://xz.example/metadata",
        target_dir=str(cache / "targets"),
        target_base_url="https://xz.example/targets",
        fetcher=FolderFetcher(folder),
        bootstrap=root,
    )
