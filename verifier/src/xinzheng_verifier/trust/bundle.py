"""The one-file trust bundle (.xzb): a TUF repository in a `.tar.xz` archive, read in memory.

    bytes → Archive (strict tar, one xz stream) → tuf_workflow.walk (signatures, versions, digests) → TrustStore

Only files whose names are known are let in; what they are for is in docs/reference/bundle-format.md.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust.archive import Archive
from xinzheng_verifier.trust.contents import Contents
from xinzheng_verifier.trust.names import EXTENT_FILE
from xinzheng_verifier.trust.seen import NOTHING_SEEN, Seen
from xinzheng_verifier.trust.store import TrustStore

if TYPE_CHECKING:
    from xinzheng_verifier.trust.tuf_workflow import TrustedRepository


def load(bundle: bytes, *, root: bytes, at: datetime) -> TrustStore:
    """The content of one bundle, judged from `root` alone, with nothing remembered.

    Args:
        bundle: the file.
        root: TUF root metadata that was obtained and compared by another way.
        at: moment of judgement, aware.

    Raises:
        TrustError: a `bundle_…` code, `trust_document_malformed`, `issuer_ambiguous`.
    """
    repository = read(bundle, root=root, seen=NOTHING_SEEN, at=at)
    return Contents.read(repository).store()


def read(bundle: bytes, *, root: bytes, seen: Seen, at: datetime) -> "TrustedRepository":
    """The repository in one bundle, judged from `root` and from what was seen before.

    Args:
        bundle: the file.
        root: TUF root metadata that is trusted.
        seen: versions below which nothing is believed.
        at: moment of judgement, aware.

    Raises:
        TrustError: a `bundle_…` code.
    """
    from xinzheng_verifier.trust.tuf_workflow import walk  # noqa: PLC0415 - python-tuf takes a while to import

    return walk(opened(bundle), root=root, seen=seen, at=at)


def opened(bundle: bytes) -> Archive:
    """The files of a bundle, before they are judged.

    Raises:
        TrustError: as `Archive`; bundle_incomplete, it does not begin with what it says of itself.
    """
    archive = Archive(bundle)
    if next(iter(archive), None) != EXTENT_FILE:
        raise TrustError("bundle_incomplete", name=EXTENT_FILE)
    return archive
