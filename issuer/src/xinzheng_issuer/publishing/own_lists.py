"""Whether published status lists and journals are the court's own: signed by one of its status keys.

Whoever serves the publication folder may write to it. What is found there is signed again once it is taken over, and
so it has to be what the court said before. Its keys are those of its key folder, and those that `issuer.json` of the
same edition names, for a key folder that came back from a backup may have forgotten them: the keys of the bundle's
roles signed that, and whoever takes the lists over has the keys entered first.
"""

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
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
from xinzheng_verifier.trust.names import CHANGES, ISSUER_FILE
from xinzheng_verifier.trust.store import TrustStore


def own_list_paths(published: Mapping[str, bytes], court: str) -> list[str]:
    """Paths of the status lists of a court, in order.

    Args:
        published: path → content.
        court: its id.
    """
    endings = tuple(f"/{purpose}.json" for purpose in STATUS_PURPOSES)
    return sorted(path for path in published if path.startswith(f"courts/{court}/status/") and path.endswith(endings))


def check_own(
    paths: Collection[str], published: Mapping[str, bytes], keys: CourtKeys, *, at: datetime, in_bundle: bool = False
) -> None:
    """Refuses lists that the court has not signed, or whose journals it has not signed or lead elsewhere.

    A key that was retired or compromised since counts like any other: the keys of the bundle vouched for what it
    signed when it was published.

    Args:
        paths: of the lists.
        published: path → content; its targets' signature has been judged.
        keys: the court's own, by its key folder.
        at: the present moment.
        in_bundle: whether a bundle is looked at, not the publication folder.

    Raises:
        PublishingError: `list_not_own`, `bundle_list_not_own`.
    """
    if not paths:
        return
    issuers = [_issuer(json.dumps(keys.issuer_document(), ensure_ascii=False).encode())]
    listed = published.get(f"courts/{keys.court.id}/{ISSUER_FILE}")
    with suppress(CodedError):  # what names no keys adds none
        issuers += [] if listed is None else [_issuer(listed)]
    for path in paths:
        journal = published.get(path.removesuffix(".json") + CHANGES)
        refusals = [_refusal(issuer, published[path], journal, at=at) for issuer in issuers]
        if all(refusals) and (first := refusals[0]) is not None:
            raise PublishingError(
                "bundle_list_not_own" if in_bundle else "list_not_own",
                list=path,
                refusal=first.code,
                reason=in_both_languages(first),
            ) from first


def _refusal(issuer: TrustedIssuer, document: bytes, journal: bytes | None, *, at: datetime) -> CodedError | None:
    try:
        _check(issuer, document, journal, at=at)
    except CodedError as error:
        return error
    return None


def _check(issuer: TrustedIssuer, document: bytes, journal: bytes | None, *, at: datetime) -> None:
    """One list and its journal, by the verifier's own judgement; nothing but the court's keys is trusted."""
    stated = TrustStore.from_documents((), [document]).status_list_urls[0]
    changes = {} if journal is None else {stated: journal}
    trust = TrustStore({issuer.id: issuer}, {stated: document}, status_changes=changes)
    if authentic_journal(authentic_list(stated, trust, at=at), trust, at=at) is None:
        raise UndecidedError("status_changes_unavailable", list=stated, reason="none")


def _issuer(document: bytes) -> TrustedIssuer:
    issuer = read_issuer(ISSUER_FILE, document)
    always = tuple(replace(key, valid_from=None, valid_until=None, compromised_at=None) for key in issuer.keys)
    return replace(issuer, keys=always)
