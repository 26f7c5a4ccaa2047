"""One digest of everything that a verifier trusted, whatever files it came in."""

import hashlib
import json
from datetime import datetime
from typing import Final
from weakref import WeakKeyDictionary

from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.trust.issuers import TrustedIssuer, TrustedKey, thumbprint
from xinzheng_verifier.trust.store import TrustStore

_FORMAT: Final = "xinzheng-trust-1"
_KNOWN: Final[WeakKeyDictionary[TrustStore, str]] = WeakKeyDictionary()


def trust_digest(trust: TrustStore) -> str:
    """SHA-256 over issuers, keys, status lists, contexts and times of a store, lower-case hex.

    The same for the same trust, whether it came from a bundle, a store on disk or single documents in any order; other
    as soon as anything in it is. Taken once in the life of a store, which is immutable.
    """
    if trust not in _KNOWN:
        text = json.dumps(_content(trust), sort_keys=True, separators=(",", ":"))
        _KNOWN[trust] = hashlib.sha256(text.encode("ascii")).hexdigest()
    return _KNOWN[trust]


def _content(trust: TrustStore) -> JSONObject:
    lists = {url: hashlib.sha256(trust.status_list(url) or b"").hexdigest() for url in trust.status_list_urls}
    changes = {url: data for url in trust.status_list_urls if (data := trust.status_changes(url)) is not None}
    attested = {url: _moment(moment) for url in trust.status_list_urls if (moment := trust.attested_at(url))}
    return {
        "format": _FORMAT,
        "bundleVersion": trust.bundle_version,
        "bundleExpires": _moment(trust.bundle_expires),
        "issuedFloor": _moment(trust.issued_floor),
        "issuers": {issuer.id: _issuer(issuer) for issuer in trust.issuers.values()},
        "statusLists": {**lists},
        **(
            {"statusChanges": {url: hashlib.sha256(data).hexdigest() for url, data in changes.items()}}
            if changes
            else {}
        ),
        **({"attested": {**attested}} if attested else {}),
        "contexts": {url: dict(document) for url, document in trust.contexts.items()},
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
