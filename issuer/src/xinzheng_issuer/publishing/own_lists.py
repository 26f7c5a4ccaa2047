"""Whether published status lists and journals are the court's own: signed by a key that its key folder knows.

Whoever serves the publication folder may write to it. What is found there is signed again once it is taken over, and
so it has to be what the court said before.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.issuing.court_keys import CourtKeys
from xinzheng_schemas.certificate import STATUS_PURPOSES
from xinzheng_schemas.errors import CodedError
from xinzheng_verifier.errors import UndecidedError
from xinzheng_verifier.status.changes import authentic_journal
from xinzheng_verifier.status.lists import authentic_list
from xinzheng_verifier.trust.contents import read_issuer
from xinzheng_verifier.trust.issuers import TrustedIssuer
from xinzheng_verifier.trust.names import CHANGES
from xinzheng_verifier.trust.store import TrustStore


def own_list_paths(published: Mapping[str, bytes], court: str) -> list[str]:
    """Paths of the status lists of a court, in order.

    Args:
        published: path → content.
        court: its id.
    """
    endings = tuple(f"/{purpose}.json" for purpose in STATUS_PURPOSES)
    return sorted(path for path in published if path.startswith(f"courts/{court}/status/") and path.endswith(endings))


def check_own(paths: Collection[str], published: Mapping[str, bytes], keys: CourtKeys, *, at: datetime) -> None:
    """Refuses lists that the court has not signed, or whose journals it has not signed or lead elsewhere.

    A key that was retired or compromised since counts like any other: the keys of the bundle vouched for what it
    signed when it was published.

    Args:
        paths: of the lists.
        published: path → content.
        keys: the court's own, by its key folder.
        at: the present moment.

    Raises:
        PublishingError: `list_not_own`.
    """
    if not paths:
        return
    issuer = _issuer(keys)
    for path in paths:
        try:
            _check(issuer, published[path], published.get(path.removesuffix(".json") + CHANGES), at=at)
        except CodedError as error:
            raise PublishingError(
                "list_not_own", list=path, refusal=error.code, reason=in_both_languages(error)
            ) from error


def _check(issuer: TrustedIssuer, document: bytes, journal: bytes | None, *, at: datetime) -> None:
    """One list and its journal, by the verifier's own judgement; nothing but the court's keys is trusted."""
    stated = TrustStore.from_documents((), [document]).status_list_urls[0]
    changes = {} if journal is None else {stated: journal}
    trust = TrustStore({issuer.id: issuer}, {stated: document}, status_changes=changes)
    if authentic_journal(authentic_list(stated, trust, at=at), trust, at=at) is None:
        raise UndecidedError("status_changes_unavailable", list=stated, reason="none")


def _issuer(keys: CourtKeys) -> TrustedIssuer:
    document = json.dumps(keys.issuer_document(), ensure_ascii=False).encode()
    issuer = read_issuer("issuer.json", document)
    always = tuple(replace(key, valid_from=None, valid_until=None, compromised_at=None) for key in issuer.keys)
    return replace(issuer, keys=always)
