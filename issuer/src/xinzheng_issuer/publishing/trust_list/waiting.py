"""Issuer documents that courts handed in and that their province has not signed: new keys, and stolen ones.

The publisher does not take them, for only the province's document names a court's keys. It says so, lest nobody knows.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from xinzheng_issuer.publishing.trust_list.candidates import Candidate
from xinzheng_issuer.publishing.trust_list.configuration import COURT_PREFIX, PROVINCE_PREFIX
from xinzheng_issuer.publishing.trust_list.contributions import ISSUER_FILE, Contribution
from xinzheng_issuer.publishing.trust_list.documents import issuer_path
from xinzheng_verifier.trust.names import sha256_of, target_name


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One issuer document that waits.

    Attributes:
        court: code of the court.
        province: the role that has to sign.
        source: with what it was handed in.
    """

    court: str
    province: str
    source: str


def waiting_for_province(contributions: Iterable[Contribution], roles: Mapping[str, Candidate]) -> Iterator[Waiting]:
    """What courts handed in with metadata that is not older than what is in effect, and differs from what is listed.

    Args:
        contributions: what was handed in; that a part of it is refused does not matter.
        roles: role → metadata that is in effect.
    """
    for contribution in contributions:
        issuer = contribution.files.get(ISSUER_FILE)
        courts = {offer.role: offer.version for offer in contribution.offers() if offer.role.startswith(COURT_PREFIX)}
        if issuer is None or len(courts) != 1:
            continue
        ((role, version),) = courts.items()
        court = role.removeprefix(COURT_PREFIX)
        path, province = issuer_path(court), f"{PROVINCE_PREFIX}{court[:2]}"
        listed = roles[province].target_names().get(path) if province in roles else None
        outdated = role in roles and version < roles[role].version
        if listed != target_name(path, sha256_of(issuer)) and not outdated:
            yield Waiting(court=court, province=province, source=contribution.source)
