"""What is in effect: every role with its expiry, so that nobody is surprised by one; and the files of the edition."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tuf.api.metadata import Snapshot, Timestamp

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing.in_effect import AT_ANY_TIME
from xinzheng_issuer.publishing.repository import TIMESTAMP_FILE, Repository, is_ahead
from xinzheng_issuer.publishing.trust_list.candidates import Files, listed_files, root_of
from xinzheng_issuer.publishing.trust_list.configuration import (
    COURT_PREFIX,
    PROVINCE_PREFIX,
    ROOT,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
)
from xinzheng_issuer.publishing.trust_list.published import Published
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import SNAPSHOT_JSON, TIMESTAMP_JSON
from xinzheng_verifier.trust.seen import NOTHING_SEEN
from xinzheng_verifier.trust.tuf_metadata import parsed, published_at
from xinzheng_verifier.trust.tuf_workflow import walk

_NOTICE: Final = {ROOT: timedelta(days=60), TARGETS: timedelta(days=60), PROVINCE_PREFIX: timedelta(days=21)}
_SHORT_NOTICE: Final = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class RoleState:
    """One role of the edition in effect.

    Attributes:
        name: of the role.
        version: of its metadata.
        expires: when that expires.
        attested: as of when a court says that its lists are current; None for other roles.
    """

    name: str
    version: int
    expires: datetime
    attested: datetime | None = None

    def due(self, now: datetime) -> bool:
        """Whether it is time to renew: a ceremony takes weeks, a province days, the online roles hours [ours]."""
        kind = PROVINCE_PREFIX if self.name.startswith(PROVINCE_PREFIX) else self.name
        return now >= self.expires - _NOTICE.get(kind, _SHORT_NOTICE)


@dataclass(frozen=True, kw_only=True)
class State:
    """The edition in effect.

    Attributes:
        version: its number.
        published_at: when it was made.
        roles: root, targets, snapshot, timestamp, then provinces and courts.
    """

    version: int
    published_at: datetime
    roles: tuple[RoleState, ...]

    def is_ahead(self, now: datetime) -> bool:
        """Whether it says that it was made in the future: nothing can be published until then under these keys."""
        return is_ahead(self.published_at, at=now)


def state_of(now: Published) -> State:
    """What is in effect.

    Args:
        now: the edition in effect, judged.

    Raises:
        PublishingError: `repository_missing`, nothing was published; `repository_damaged`.
    """
    if now.published_at is None:
        raise PublishingError("repository_missing", path=TIMESTAMP_FILE)
    try:
        return State(version=now.version, published_at=now.published_at, roles=tuple(_roles(now)))
    except TrustError as error:
        raise PublishingError("repository_damaged", path=error.params.get("name", TIMESTAMP_FILE)) from error


def _roles(now: Published) -> Iterator[RoleState]:
    root = root_of(now.root)
    timestamp = parsed(now.timestamp, Timestamp, name=TIMESTAMP, limits=TIMESTAMP_JSON).signed
    snapshot = parsed(now.snapshot, Snapshot, name=SNAPSHOT, limits=SNAPSHOT_JSON).signed
    yield RoleState(name=ROOT, version=root.version, expires=root.expires)
    yield RoleState(name=TIMESTAMP, version=timestamp.version, expires=timestamp.expires)
    yield RoleState(name=SNAPSHOT, version=snapshot.version, expires=snapshot.expires)
    for name in sorted(now.roles, key=lambda role: (role != TARGETS, role.startswith(COURT_PREFIX), role)):
        signed = now.roles[name].targets()
        attested = published_at(signed, name=name) if name.startswith(COURT_PREFIX) else None
        yield RoleState(name=name, version=signed.version, expires=signed.expires, attested=attested)


def current_files(repository: Repository, now: Published) -> dict[str, bytes]:
    """Every file of the edition in effect, judged as a lender of the first root does: name → content.

    Args:
        repository: where they lie.
        now: the edition in effect.

    Raises:
        PublishingError: `repository_missing`; `repository_damaged`, a file is not what was published.
    """
    if not now.version:
        raise PublishingError("repository_missing", path=repository.folder)
    files = Files(repository.folder, bundle=repository.bundle_path(now.version))
    known = {version: data for version, data in now.roots.items() if version <= root_of(now.root).version}
    edition = {
        **dict(listed_files(now.roles.values(), files)),
        **{candidate.name: candidate.data for candidate in now.roles.values()},
        **Repository.named_roots(known),
        f"metadata/{now.version}.snapshot.json": now.snapshot,
        TIMESTAMP_FILE: now.timestamp,
    }
    try:
        walk(edition, root=known[min(known)], seen=NOTHING_SEEN, at=AT_ANY_TIME)
    except TrustError as error:
        raise PublishingError("repository_damaged", path=error.params.get("name", repository.folder)) from error
    return edition
