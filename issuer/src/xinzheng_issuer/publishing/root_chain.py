"""Which root files of a publication folder are roots: those that follow one another, as a lender follows them.

Whoever can write the folder can put a root there that names keys of his own and, for the roles that are online, the
court's: their public halves are public. Such a file signs itself and nothing leads to it. It is no root, whatever its
number; it is named in the log, and stands in nobody's way but where a root of that number is to be made.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import structlog
from tuf.api.metadata import Root

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing.reading import read_published
from xinzheng_schemas.strict_json import Limits, loads_object
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import ROOT_JSON
from xinzheng_verifier.trust.files import replace_file
from xinzheng_verifier.trust.tuf_metadata import check_threshold, parsed

KEPT_ROOTS: Final = "kept-roots.json"
"""Name of the file beside the keys of a court's bundle, or beside the country's online keys."""

_KEPT_JSON: Final = Limits(max_bytes=67_108_864, max_members=1_000)
_log = structlog.get_logger("xinzheng.publishing")


def check_root_follows(data: bytes, before: bytes | None, *, name: str) -> None:
    """Whether a lender who trusts `before` takes `data` for the next root (TUF specification, 5.3.4 and 5.3.5).

    Args:
        data: the root.
        before: the root before it; None for the first, which vouches for itself.
        name: how to call it in a refusal.

    Raises:
        TrustError: bundle_root, bundle_threshold, bundle_metadata.
    """
    last = parsed(before, Root, name="root.json", limits=ROOT_JSON).signed if before is not None else None
    _check(data, last, version=(last.version if last else 0) + 1, name=name)


def chain_of(roots: Mapping[int, bytes]) -> dict[int, bytes]:
    """The roots that follow one another, from the lowest up.

    Args:
        roots: version → root metadata; the lowest is trusted if it is signed by its own keys.

    Returns:
        Version → root metadata, ascending and without a gap; empty if there is none.

    Raises:
        TrustError: bundle_root, bundle_threshold, bundle_metadata: the lowest is no root of its number.
    """
    chain: dict[int, bytes] = {}
    for version in sorted(roots):
        error = _refusal(roots[version], chain.get(version - 1), version)
        if error is not None and not chain:
            raise error
        if error is not None or (chain and version - 1 not in chain):
            break
        chain[version] = roots[version]
    return chain


def require_chain(carried: Mapping[int, bytes], there: Mapping[int, bytes]) -> None:
    """Refuse roots of a foreign bundle that are not those of the folder, or do not follow one another.

    Args:
        carried: the bundle's, at least one.
        there: the folder's, in their chain; none where they were lost.

    Raises:
        TrustError: bundle_root, bundle_threshold, bundle_metadata.
    """
    strange = [version for version, content in carried.items() if there.get(version, content) != content]
    strange += sorted(carried.keys() - chain_of(carried).keys())
    if not strange and there and carried.keys().isdisjoint(there):
        strange = [max(carried)]
    if strange:
        raise TrustError("bundle_root", version=strange[0])


@dataclass(frozen=True)
class KeptRoots:
    """Copies of the roots beside the keys, out of reach of whoever can write the publication folder.

    What is kept is what the court itself made: a file of such a version in the folder is the same, or none. The copies
    also stand in for files that are gone.

    Attributes:
        path: the file.
    """

    path: Path

    def read(self) -> dict[int, bytes]:
        """Version → root metadata, ascending; empty where nothing was kept yet.

        Raises:
            PublishingError: `kept_roots_damaged`.
        """
        try:
            return dict(_kept(self.path.read_bytes()))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, LookupError, TypeError, AttributeError, TrustError) as error:
            raise PublishingError("kept_roots_damaged", path=self.path) from error

    def write(self, roots: Mapping[int, bytes]) -> None:
        """Keep these, and no others.

        Raises:
            OSError: the file cannot be written.
        """
        members = {"roots": {str(version): content.decode() for version, content in sorted(roots.items())}}
        replace_file(self.path, json.dumps(members, ensure_ascii=False).encode(), mode=0o600)


def roots_there(files: Mapping[int, Path], kept: Mapping[int, bytes]) -> dict[int, bytes]:
    """The roots that are kept, and those among root files that follow them; files that are none are logged.

    Args:
        files: version → file.
        kept: version → root metadata from the first on, which counts whatever lies in the files; where nothing is kept
            the lowest file counts if it is signed by its own keys.

    Returns:
        Version → root metadata, ascending and without a gap.

    Raises:
        PublishingError: `repository_damaged`: nothing is kept, and the lowest file is no root or cannot be read.
    """
    chain = dict(kept) or _lowest(files)
    newest = max(chain, default=0)
    while (path := files.get(newest + 1)) is not None:
        content = _content(path)
        if content is None or _refusal(content, chain[newest], newest + 1) is not None:
            break
        newest += 1
        chain[newest] = content
    if strangers := files.keys() - chain.keys():
        _warn(files[min(strangers)], len(strangers))
    return chain


def _lowest(files: Mapping[int, Path]) -> dict[int, bytes]:
    if not files:
        return {}
    version = min(files)
    content = _content(files[version])
    if content is None or _refusal(content, None, version) is not None:
        raise PublishingError("repository_damaged", path=files[version])
    return {version: content}


@lru_cache(maxsize=8)
def _kept(data: bytes) -> Mapping[int, bytes]:
    content: Any = loads_object(data, limits=_KEPT_JSON)
    kept = {int(version): str(text).encode() for version, text in content["roots"].items()}
    if chain_of(kept) != kept or (kept and 1 not in kept):
        raise ValueError("the roots that were kept do not follow one another from the first on")
    return kept


@lru_cache(maxsize=256)
def _refusal(data: bytes, before: bytes | None, version: int) -> TrustError | None:
    """Why a root does not follow, or is not signed by its own keys where none came before it."""
    name = f"{version}.root.json"
    try:
        last = parsed(before, Root, name=name, limits=ROOT_JSON).signed if before is not None else None
        _check(data, last, version=version, name=name)
    except TrustError as error:
        return error
    return None


def _check(data: bytes, last: Root | None, *, version: int, name: str) -> None:
    following = parsed(data, Root, name=name, limits=ROOT_JSON)
    if following.signed.version != version:
        raise TrustError("bundle_root", version=following.signed.version)
    for judge in filter(None, (last, following.signed)):
        check_threshold(following, role=judge.roles["root"], keys=judge.keys, name=name)


def _content(path: Path) -> bytes | None:
    """What a root file holds; None if it cannot be read."""
    try:
        return read_published(path, max_bytes=ROOT_JSON.max_bytes)
    except OSError:
        return None


@lru_cache(maxsize=256)
def _warn(first: Path, count: int) -> None:
    """Once for the same files: roots are read with every answer."""
    _log.warning("root_not_in_chain", path=str(first), count=count)
