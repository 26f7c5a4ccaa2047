"""One digest of everything that a verifier trusted, whatever files it came in."""

import hashlib
import json
from datetime import datetime
from typing import Final, Self
from weakref import WeakKeyDictionary

from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.trust.issuers import TrustedIssuer, TrustedKey, thumbprint
from xinzheng_verifier.trust.store import TrustStore

FORMAT: Final = "xinzheng-trust-1"
"""Name of how the digest is taken."""
_KNOWN: Final[WeakKeyDictionary[TrustStore, str]] = WeakKeyDictionary()


def trust_digest(trust: TrustStore) -> str:
    """SHA-256 over issuers, keys, status lists, contexts and times of a store, lower-case hex.

    The same for the same trust, whether it came from a bundle, a store on disk or single documents in any order; other
    as soon as anything in it is. Taken once in the life of a store, which is immutable; of a store on disk, when it
    was imported.
    """
    if FORMAT in trust.digests:
        return trust.digests[FORMAT]
    if trust not in _KNOWN:
        text = json.dumps(_content(trust), sort_keys=True, separators=(",", ":"))
        _KNOWN[trust] = hashlib.sha256(text.encode("ascii")).hexdigest()
    return _KNOWN[trust]


class TrustIdentity:
    """By what trust a report was made: its digest, taken when somebody asks for it, since few do.

    Copies share it; where a report is pickled the digest travels, and not the trust.

    Args:
        trust: whom the verifier trusted, or the digest of it.
    """

    __slots__ = ("_trust",)

    def __init__(self, trust: TrustStore | str) -> None:
        # What is known already holds no store open for a report that somebody keeps.
        self._trust = trust if isinstance(trust, str) else trust.digests.get(FORMAT, trust)

    @property
    def sha256(self) -> str:
        """As `trust_digest`."""
        return self._trust if isinstance(self._trust, str) else trust_digest(self._trust)

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[type["TrustIdentity"], tuple[str]]:
        return type(self), (self.sha256,)


def _content(trust: TrustStore) -> JSONObject:
    urls = trust.status_list_urls
    lists = {url: hashlib.sha256(trust.status_list(url) or b"").hexdigest() for url in urls}
    changes = {url: hashlib.sha256(text).hexdigest() for url in urls if (text := trust.status_changes(url))}
    attested = {url: _moment(trust.attested_at(url)) for url in urls if trust.attested_at(url)}
    named = {issuer: term for issuer in trust.issuers if (term := trust.issuer_term(issuer))}
    terms: JSONObject = {issuer: [term.role, _moment(term.expires)] for issuer, term in named.items()}
    codes = {"provinces": trust.extent.provinces, "courts": trust.extent.courts}
    part: JSONObject = {name: [*sorted(value)] for name, value in codes.items() if value is not None}
    if not trust.extent.changes:
        part["changes"] = False
    later: JSONObject = {"statusChanges": {**changes}, "attested": {**attested}, "issuerTerms": terms, "extent": part}
    return {
        "format": FORMAT,
        "bundleVersion": trust.bundle_version,
        "bundleExpires": _moment(trust.bundle_expires),
        "issuedFloor": _moment(trust.issued_floor),
        "issuers": {issuer.id: _issuer(issuer) for issuer in trust.issuers.values()},
        "statusLists": {**lists},
        "contexts": {url: dict(document) for url, document in trust.contexts.items()},
        # Stores without them keep the digest that older releases took.
        **{name: value for name, value in later.items() if value},
    }


def _issuer(issuer: TrustedIssuer) -> JSONObject:
    court, types = issuer.court, issuer.credential_types
    return {
        "name": None if issuer.name is None else dict(issuer.name),
        "court": None if court is None else [court.name, court.court_code, court.region_code],
        "credentialTypes": None if types is None else [*sorted(types)],
        "statusListIssuers": [*sorted(issuer.status_list_issuers)],
        "keys": {thumbprint(key.key_type, key.public_key).hex(): _key(key) for key in issuer.keys},
    }


def _key(key: TrustedKey) -> JSONObject:
    return {
        "methods": [*sorted(key.method_ids)],
        "assertionMethods": [*sorted(key.assertion_methods)],
        "usage": None if key.usage is None else [*sorted(key.usage)],
        "validFrom": _moment(key.valid_from),
        "validUntil": _moment(key.valid_until),
        "compromisedAt": _moment(key.compromised_at),
        "expires": _moment(key.expires),
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
