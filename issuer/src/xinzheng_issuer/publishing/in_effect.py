"""The publication in effect, judged: by the roots of the repository and its own files, whoever can write the folder.

What is signed lies in `metadata/` and `targets/`; a bundle is made of it. So the edition is read from there, and its
bundle is worth a look only where a file there is gone. Whether the edition has ended since is not asked: what lenders
were told counts as told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Final

from tuf.api.metadata import Snapshot, Targets, Timestamp

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.publishing.repository import TIMESTAMP_FILE, Repository
from xinzheng_issuer.publishing.trust_list.candidates import Files
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import SNAPSHOT_JSON, TARGETS_JSON
from xinzheng_verifier.trust import bundle as bundles
from xinzheng_verifier.trust.archive import pack
from xinzheng_verifier.trust.extent import select
from xinzheng_verifier.trust.names import EXTENT_FILE, sha256_of, target_name
from xinzheng_verifier.trust.seen import NOTHING_SEEN
from xinzheng_verifier.trust.tuf_metadata import parsed
from xinzheng_verifier.trust.tuf_workflow import walk

AT_ANY_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""As of when one's own publication is judged where it is not asked whether it has ended."""

_TARGETS: Final = "targets.json"


@dataclass(frozen=True, kw_only=True)
class EditionInEffect:
    """One edition, all of which the root vouches for.

    Attributes:
        version: of its timestamp.
        root: the newest root that a lender can know by it.
        targets: path of each published file → its content.
        files: name in a bundle → content; roots up to that one among them.
        bundle: the one-file form.
        is_bundled: whether that lies in the repository; else what lies there is something else, or nothing.
    """

    version: int
    root: bytes = field(repr=False)
    targets: Mapping[str, bytes] = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)
    bundle: bytes = field(repr=False)
    is_bundled: bool

    @cached_property
    def sha256(self) -> str:
        """Digest of the one-file form, lower-case hexadecimal."""
        return sha256_of(self.bundle)


def edition_in_effect(repository: Repository) -> EditionInEffect | None:
    """The edition in effect; None before the first publication.

    Args:
        repository: of a court that runs alone. Its roots are believed as far as they follow one another: whoever opens
            the keys that the newest names has compared it with them.

    Raises:
        PublishingError: `repository_damaged`, there is no telling which edition it is; `edition_damaged`, neither its
            files nor its bundle hold what was signed.
    """
    timestamp = repository.timestamp()
    if timestamp is None:
        return None
    roots = repository.roots()
    path = repository.bundle_path(timestamp.version)
    bundled = _bundled(path)
    refusals: list[TrustError] = []
    for files in (dict(_files(repository, timestamp)), _without_roots(bundled)):
        try:
            number, targets = _judged(files, roots, version=timestamp.version)
        except TrustError as error:
            refusals.append(error)
        else:
            return _edition(timestamp.version, number, files, roots, targets, path=path, bundled=bundled)
    first = refusals[0]
    raise PublishingError(
        "edition_damaged", version=timestamp.version, refusal=first.code, reason=in_both_languages(first)
    ) from first


def _edition(
    version: int,
    number: int,
    files: Mapping[str, bytes],
    roots: Mapping[int, bytes],
    targets: Mapping[str, bytes],
    *,
    path: Path,
    bundled: Mapping[str, bytes],
) -> EditionInEffect:
    """The edition, with its bundle as it lies there, if that is what it should be; with one made anew otherwise."""
    carried = Repository.roots_among(bundled)
    led = {each: content for each, content in roots.items() if each <= max(carried, default=0)}
    is_known = bool(carried) and carried == led
    is_bundled = is_known and bundled == select({**files, **Repository.named_roots(carried)})
    if not is_bundled:
        carried = {each: content for each, content in roots.items() if each <= number}
    whole = {**files, **Repository.named_roots(carried)}
    return EditionInEffect(
        version=version,
        root=carried[max(carried)],
        targets=targets,
        files=whole,
        bundle=path.read_bytes() if is_bundled else pack(select(whole)),
        is_bundled=is_bundled,
    )


def _judged(files: Mapping[str, bytes], roots: Mapping[int, bytes], *, version: int) -> tuple[int, Mapping[str, bytes]]:
    """The newest root that vouches for the files, and the targets; an edition may be older than the newest root.

    Raises:
        TrustError: none does.
    """
    refusal = TrustError("bundle_root", version=0)
    for number in sorted(roots, reverse=True):
        try:
            found = walk(files, root=roots[number], seen=NOTHING_SEEN, at=AT_ANY_TIME)
        except TrustError as error:
            refusal = error if number == max(roots) else refusal
            continue
        if found.seen.timestamp != version:
            raise TrustError("bundle_mixed", name="timestamp.json", version=found.seen.timestamp, expected=version)
        return number, found.targets
    raise refusal


def _files(repository: Repository, timestamp: Timestamp) -> Iterator[tuple[str, bytes]]:
    """What the metadata in effect names, as far as it is there: name → content, in the order of a bundle."""
    there = Files(repository.folder, ())
    names = [TIMESTAMP_FILE, f"metadata/{timestamp.snapshot_meta.version}.snapshot.json"]
    try:
        snapshot = parsed(there[names[-1]], Snapshot, name=names[-1], limits=SNAPSHOT_JSON).signed
        names.append(f"metadata/{snapshot.meta[_TARGETS].version}.{_TARGETS}")
        listed = parsed(there[names[-1]], Targets, name=names[-1], limits=TARGETS_JSON).signed.targets
        for path, entry in listed.items():
            yield from _present(there, target_name(path, entry.hashes.get("sha256", "")))
    except (TrustError, KeyError):
        pass  # whoever judges what there is says what is missing
    for name in names[1:] + names[:1]:
        yield from _present(there, name)


def _present(there: Mapping[str, bytes], name: str) -> Iterator[tuple[str, bytes]]:
    content = there.get(name)
    if content is not None:
        yield name, content


def _bundled(path: Path) -> dict[str, bytes]:
    """The files of a bundle; none of one that cannot be read."""
    try:
        return dict(bundles.opened(path.read_bytes()))
    except (OSError, TrustError):
        return {}


def _without_roots(bundled: Mapping[str, bytes]) -> dict[str, bytes]:
    """What it carries but roots, which are the repository's own, and what it says of itself."""
    named = Repository.named_roots(Repository.roots_among(bundled))
    return {name: content for name, content in bundled.items() if name != EXTENT_FILE and name not in named}
