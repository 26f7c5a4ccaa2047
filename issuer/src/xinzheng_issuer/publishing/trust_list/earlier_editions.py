"""The past as the editions tell it that lie in a repository: asked where the publisher's memory does not know it.

What is told is remembered for good: of the editions and their roles those count that are signed (`signed_roles`).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing.repository import Repository
from xinzheng_issuer.publishing.trust_list.candidates import Candidate
from xinzheng_issuer.publishing.trust_list.configuration import SNAPSHOT
from xinzheng_issuer.publishing.trust_list.past import Past
from xinzheng_issuer.publishing.trust_list.published import Published
from xinzheng_issuer.publishing.trust_list.signed_roles import SignedRoles
from xinzheng_verifier.errors import TrustError

_SNAPSHOT_FILE: Final = re.compile(rf"([1-9][0-9]{{0,8}})\.{SNAPSHOT}\.json")


def told_by(
    repository: Repository, now: Published, files: Mapping[str, bytes], *, known: Past, since: int, at: datetime
) -> Past:
    """The past as the editions tell it that lie in a repository, for as much of them as is still there and signed.

    Args:
        repository: the folder.
        now: the edition in effect.
        files: name → content of files in the repository.
        known: the past as it was when an edition was published.
        since: that edition; 0 to ask every one that is there.
        at: the moment of judgement, aware.

    Raises:
        PublishingError: `repository_damaged`, of the edition in effect.
    """
    told = SignedRoles(files, now.judges())
    past, before = known, dict[str, Candidate]()
    for number in _editions(repository, since, now.version):
        roles = told.of_edition(number)
        if roles is not None:
            past, before = past.after(before, roles, files, latest=now.published_at, at=at), dict(roles)
    try:
        return past.after(before, now.roles, files, latest=now.published_at, at=at)
    except TrustError as error:
        raise PublishingError("repository_damaged", path=repository.metadata) from error


def _editions(repository: Repository, first: int, end: int) -> list[int]:
    """Numbers of earlier editions from one on; under new online keys they may have begun anew below it."""
    names = (path.name for path in repository.metadata.glob(f"*.{SNAPSHOT}.json"))
    numbers = (int(match[1]) for name in names if (match := _SNAPSHOT_FILE.fullmatch(name)))
    return sorted(number for number in numbers if number == first != end or first <= number < end)
