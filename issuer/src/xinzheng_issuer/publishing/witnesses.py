"""What a court that runs alone has published, wherever it is at hand: nothing of it may be forgotten.

That is the edition in effect, and the bundles beside the epoch, each of which was judged before it was kept.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from xinzheng_issuer.errors import PublishingError, TrustListError
from xinzheng_issuer.issuing.court_keys import KeySource
from xinzheng_issuer.issuing.epoch import Epoch
from xinzheng_issuer.publishing.bundle import BundlePublisher
from xinzheng_issuer.publishing.own_lists import check_own, own_list_paths
from xinzheng_issuer.publishing.restoring import own_edition
from xinzheng_issuer.publishing.trust_list.documents import issuer_path


class Witnesses:
    """The editions of one court; each a mapping of path → content.

    Args:
        court: its id.
        keys: its keys.
        publisher: of its bundle.
        epoch: of its register.
    """

    def __init__(self, court: str, keys: KeySource, publisher: BundlePublisher, epoch: Epoch) -> None:
        self._court = court
        self._keys = keys
        self._publisher = publisher
        self._epoch = epoch

    @property
    def in_effect(self) -> Mapping[str, bytes]:
        """The edition in effect; nothing before the first.

        Raises:
            PublishingError: `repository_damaged`, `edition_damaged`.
        """
        edition = self._publisher.in_effect
        return edition.targets if edition is not None else {}

    @property
    def kept(self) -> list[Mapping[str, bytes]]:
        """What is to be taken over yet; raises as `kept_editions`."""
        return kept_editions(self._epoch)

    @property
    def issuer_documents(self) -> list[bytes]:
        """What all of them say of the court's keys; raises as `in_effect` and `kept`."""
        path = issuer_path(self._court)
        return [edition[path] for edition in (self.in_effect, *self.kept) if path in edition]

    def heard(self, *, at: datetime) -> list[Mapping[str, bytes]]:
        """All of them, after a look at who signed what is in effect: it is about to be taken over.

        Raises:
            PublishingError: as `in_effect` and `kept`; `list_not_own`.
        """
        published = self.in_effect
        self.check_own(published, at=at)
        return [published, *(found for found in self.kept if found != published)]

    def check_own(self, published: Mapping[str, bytes], *, at: datetime) -> None:
        """Raise unless the court signed the lists of the edition in effect.

        Raises:
            PublishingError: `list_not_own`.
        """
        check_own(own_list_paths(published, self._court), published, self._keys.current(), at=at)


def kept_editions(epoch: Epoch) -> list[Mapping[str, bytes]]:
    """What the bundles beside an epoch say, each path → content.

    Raises:
        PublishingError: `found_damaged`.
    """
    editions, damaged = readable_editions(epoch)
    for refusal in damaged:
        raise refusal
    return editions


def readable_editions(epoch: Epoch) -> tuple[list[Mapping[str, bytes]], list[PublishingError]]:
    """As `kept_editions`, of those that can be read; and why the others cannot."""
    editions, damaged = [], []
    for path in epoch.found():
        try:
            editions.append(_told_by(path))
        except PublishingError as error:
            damaged.append(error)
    return editions, damaged


def _told_by(bundle: Path) -> Mapping[str, bytes]:
    try:
        return own_edition(bundle.read_bytes()).targets
    except (OSError, TrustListError) as error:
        raise PublishingError("found_damaged", path=bundle) from error
