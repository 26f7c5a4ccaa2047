"""What is in effect: every role with its expiry, so that nobody is surprised by one; and the files of the edition."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tuf.api.metadata import Snapshot

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing.repository import Repository, is_ahead, read_metadata
from xinzheng_issuer.publishing.trust_list.candidates import published, root_of
from xinzheng_issuer.publishing.trust_list.configuration import (
    COURT_PREFIX,
    PROVINCE_PREFIX,
    ROOT,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
)
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust.archive import Archive
from xinzheng_verifier.trust.names import EXTENT_FILE
from xinzheng_verifier.trust.tuf_metadata import published_at

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


def state_of(repository: Repository) -> State:
    """What is in effect in a repository.

    Raises:
        PublishingError: `repository_missing`, `repository_damaged`.
    """
    now, timestamp = published(repository), repository.timestamp()
    if timestamp is None or now.published_at is None:
        raise PublishingError("repository_missing", path=repository.folder)
    try:
        return State(version=now.version, published_at=now.published_at, roles=tuple(_roles(repository)))
    except TrustError as error:
        raise PublishingError("repository_damaged", path=repository.folder) from error


def _roles(repository: Repository) -> Iterator[RoleState]:
    now, timestamp = published(repository), repository.timestamp()
    root = root_of(now.root)
    yield RoleState(name=ROOT, version=root.version, expires=root.expires)
    if timestamp is not None:
        yield RoleState(name=TIMESTAMP, version=timestamp.version, expires=timestamp.expires)
        file = repository.metadata / f"{timestamp.snapshot_meta.version}.snapshot.json"
        snapshot = read_metadata(file, Snapshot)
        yield RoleState(name=SNAPSHOT, version=snapshot.version, expires=snapshot.expires)
    for name in sorted(now.roles, key=lambda role: (role != TARGETS, role.startswith(COURT_PREFIX), role)):
        signed = now.roles[name].targets()
        attested = published_at(signed, name=name) if name.startswith(COURT_PREFIX) else None
        yield RoleState(name=name, version=signed.version, expires=signed.expires, attested=attested)


def current_files(repository: Repository) -> dict[str, bytes]:
    """Every file of the edition in effect: name → content.

    Raises:
        PublishingError: `repository_missing`, `repository_damaged`.
    """
    latest = repository.latest()
    if latest is None:
        raise PublishingError("repository_missing", path=repository.folder)
    try:
        bundle = Archive(latest.path.read_bytes())
    except (OSError, TrustError) as error:
        raise PublishingError("repository_damaged", path=latest.path) from error
    return {name: data for name, data in bundle.items() if name != EXTENT_FILE}
