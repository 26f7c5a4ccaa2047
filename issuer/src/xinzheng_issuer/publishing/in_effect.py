"""The publication in effect, judged: by the roots of the repository and its own files, whoever can write the folder.

What is signed lies in `metadata/` and `targets/`; a bundle is made of it. So the edition is read from there, and its
bundle is worth a look only where a file there is gone. The timestamp says which files to read, each once, and only
after its signature was found good; number, moment and names of an edition are those of the bytes that were judged.
Whether it has ended since is not asked: what lenders were told counts as told.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Final

from tuf.api.metadata import Metadata, Snapshot, Targets, Timestamp

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.publishing.reading import read_published
from xinzheng_issuer.publishing.repository import TIMESTAMP_FILE, Repository, root_of, stated
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import MAX_BUNDLE_BYTES, SNAPSHOT_JSON, TARGETS_JSON, TIMESTAMP_JSON
from xinzheng_verifier.trust import bundle as bundles
from xinzheng_verifier.trust.archive import pack
from xinzheng_verifier.trust.extent import select
from xinzheng_verifier.trust.names import EXTENT_FILE, FILE_NAME, sha256_of, target_name
from xinzheng_verifier.trust.seen import NOTHING_SEEN, Seen
from xinzheng_verifier.trust.tuf_metadata import check_digest, check_threshold, parsed, required
from xinzheng_verifier.trust.tuf_workflow import TrustedRepository, walk

AT_ANY_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""As of when one's own publication is judged where it is not asked whether it has ended."""

_TARGETS: Final = "targets.json"


@dataclass(frozen=True, kw_only=True)
class EditionInEffect:
    """One edition, all of which the root vouches for.

    Attributes:
        seen: what a lender remembers who holds it.
        root: the newest root that a lender can know by it.
        vouching: version of the newest root whose keys signed it; a bundle may carry one that follows.
        targets: path of each published file → its content.
        files: name in a bundle → content; roots up to that one among them.
        bundle: the one-file form.
        is_bundled: whether that lies in the repository; else what lies there is something else, or nothing.
    """

    seen: Seen
    root: bytes = field(repr=False)
    vouching: int
    targets: Mapping[str, bytes] = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)
    bundle: bytes = field(repr=False)
    is_bundled: bool

    @property
    def version(self) -> int:
        """Number of its timestamp."""
        return self.seen.timestamp

    @property
    def timestamp_sha256(self) -> str:
        """Digest of its timestamp, lower-case hexadecimal."""
        return self.seen.timestamp_sha256

    @property
    def published_at(self) -> datetime | None:
        """When it was made, by its timestamp's word; None if that does not say."""
        return self.seen.published_at

    @cached_property
    def sha256(self) -> str:
        """Digest of the one-file form, lower-case hexadecimal."""
        return sha256_of(self.bundle)


def edition_in_effect(repository: Repository) -> EditionInEffect | None:
    """The edition in effect; None before the first publication.

    Args:
        repository: of a court that runs alone. Its roots are believed as far as they follow one another.

    Raises:
        PublishingError: `repository_damaged`, there is no telling which edition it is; `edition_damaged`, neither its
            files nor its bundle hold what was signed.
    """
    timestamp = repository.timestamp_bytes()
    return None if timestamp is None else edition_of(repository, timestamp, repository.roots())


def edition_of(repository: Repository, timestamp: bytes, roots: Mapping[int, bytes]) -> EditionInEffect:
    """The edition of a timestamp.

    Args:
        repository: where its files lie.
        timestamp: the file as it was read.
        roots: version → root metadata that is trusted.

    Raises:
        PublishingError: as `edition_in_effect`.
    """
    number = stated(timestamp, Timestamp, repository.folder / TIMESTAMP_FILE).version
    packed, bundled = _bundled(repository.bundle_path(number))
    refusals: list[TrustError] = []
    for is_packed in (False, True):
        try:
            files = _without_roots(bundled) if is_packed else _files(repository.folder, timestamp, roots)
            root, found = _judged(files, roots, version=number)
        except TrustError as error:
            refusals.append(error)
        else:
            return _edition(found, root, files, roots, packed=packed, bundled=bundled)
    first = refusals[0]
    raise PublishingError(
        "edition_damaged", version=number, refusal=first.code, reason=in_both_languages(first)
    ) from first


def _edition(
    found: TrustedRepository,
    root: int,
    files: Mapping[str, bytes],
    roots: Mapping[int, bytes],
    *,
    packed: bytes,
    bundled: Mapping[str, bytes],
) -> EditionInEffect:
    """The edition, with its bundle as it lies there, if that is what it should be; with one made anew otherwise."""
    carried = Repository.roots_among(bundled)
    led = {each: content for each, content in roots.items() if each <= max(carried, default=0)}
    is_known = bool(carried) and carried == led
    is_bundled = is_known and bundled == select({**files, **Repository.named_roots(carried)})
    if not is_bundled:
        carried = {each: content for each, content in roots.items() if each <= root}
    whole = {**files, **Repository.named_roots(carried)}
    return EditionInEffect(
        seen=found.seen,
        root=carried[max(carried)],
        vouching=root,
        targets=found.targets,
        files=whole,
        bundle=packed if is_bundled else pack(select(whole)),
        is_bundled=is_bundled,
    )


def _judged(files: Mapping[str, bytes], roots: Mapping[int, bytes], *, version: int) -> tuple[int, TrustedRepository]:
    """The newest root that vouches for the files, and what they say; an edition may be older than the newest root.

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
        return number, found
    raise refusal


def _files(folder: Path, timestamp: bytes, roots: Mapping[int, bytes]) -> dict[str, bytes]:
    """What a timestamp that is signed leads to: name → content, in the order of a bundle.

    Raises:
        TrustError: nobody has signed it, or a file is not what it must be.
    """
    signed = parsed(timestamp, Timestamp, name=TIMESTAMP_FILE, limits=TIMESTAMP_JSON)
    _require_signed(signed, roots)
    listed = signed.signed.snapshot_meta
    snapshot_name = f"metadata/{listed.version}.snapshot.json"
    snapshot = _content(folder, snapshot_name, length=listed.length)
    check_digest(snapshot, length=listed.length, hashes=listed.hashes, name=snapshot_name)
    told = parsed(snapshot, Snapshot, name=snapshot_name, limits=SNAPSHOT_JSON).signed.meta.get(_TARGETS)
    if told is None:
        raise TrustError("bundle_incomplete", name=_TARGETS)
    targets_name = f"metadata/{told.version}.{_TARGETS}"
    targets = _content(folder, targets_name, length=told.length)
    check_digest(targets, length=told.length, hashes=told.hashes, name=targets_name)
    entries = parsed(targets, Targets, name=targets_name, limits=TARGETS_JSON).signed.targets.items()
    names = {target_name(path, entry.hashes.get("sha256", "")): entry.length for path, entry in entries}
    return {
        **{name: _content(folder, name, length=length) for name, length in names.items()},
        snapshot_name: snapshot,
        targets_name: targets,
        TIMESTAMP_FILE: timestamp,
    }


def _require_signed(timestamp: Metadata[Timestamp], roots: Mapping[int, bytes]) -> None:
    """Raise unless one of the roots names who signed it; which one is judged with the rest."""
    refusal = TrustError("bundle_root", version=0)
    for number, content in sorted(roots.items(), reverse=True):
        root = root_of(content, Path(f"{number}.root.json"))
        try:
            check_threshold(timestamp, role=root.roles["timestamp"], keys=root.keys, name=TIMESTAMP_FILE)
        except TrustError as error:
            refusal = error if number == max(roots) else refusal
        else:
            return
    raise refusal


def _content(folder: Path, name: str, *, length: int | None) -> bytes:
    """One file, of which something signed says how long it is; no name leads out of the folder.

    Raises:
        TrustError: bundle_incomplete.
    """
    found: dict[str, bytes] = {}
    if FILE_NAME.fullmatch(name):
        with suppress(OSError):  # as if it were not there
            found[name] = read_published(folder / name, max_bytes=MAX_BUNDLE_BYTES if length is None else length)
    return required(found, name)


def _bundled(path: Path) -> tuple[bytes, Mapping[str, bytes]]:
    """A bundle as it lies there, and its files; nothing of one that cannot be read."""
    try:
        packed = read_published(path)
        return packed, dict(bundles.opened(packed))
    except (OSError, TrustError):
        return b"", {}


def _without_roots(bundled: Mapping[str, bytes]) -> dict[str, bytes]:
    """What it carries but roots, which are the repository's own, and what it says of itself."""
    named = Repository.named_roots(Repository.roots_among(bundled))
    return {name: content for name, content in bundled.items() if name != EXTENT_FILE and name not in named}
