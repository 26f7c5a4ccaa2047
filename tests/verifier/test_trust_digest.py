"""The digest of trust in receipts: the same for the same trust, other as soon as anything in it is."""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

from xinzheng_verifier import TrustStore
from xinzheng_verifier.receipt import trust_digest
from xinzheng_verifier.testkit import FakeCourt
from xinzheng_verifier.trust.issuers import TrustedIssuer, TrustedKey
from xinzheng_verifier.trust.store import IssuerTerm

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
COURT = FakeCourt(now=NOW)


def variants() -> dict[str, TrustStore]:
    document = COURT.trust_document()
    lists = COURT.status_lists()
    context: dict[str, Any] = {"https://a.example/c": {"@context": {}}}
    issuers = TrustStore.from_documents([document]).issuers
    [issuer] = issuers.values()
    return {
        "plain": TrustStore(issuers, {}),
        "lists": TrustStore.from_documents([document], lists),
        "one list": TrustStore.from_documents([document], lists[:1]),
        "controller": TrustStore.from_documents([document["controllerDocument"]]),  # type: ignore[list-item]
        "contexts": TrustStore.from_documents([document], [], context),
        "version": TrustStore(issuers, {}, bundle_version=1),
        "list": TrustStore(issuers, {"l": b"{}"}),
        "changes": TrustStore(issuers, {"l": b"{}"}, status_changes={"l": b"{}"}),
        "attested": TrustStore(issuers, {"l": b"{}"}, attested={"l": NOW}),
        "term": TrustStore(issuers, {}, issuer_terms={issuer.id: IssuerTerm("province-42", NOW)}),
        "term of another": TrustStore(issuers, {}, issuer_terms={issuer.id: IssuerTerm("province-43", NOW)}),
        "expires": TrustStore(issuers, {}, bundle_expires=NOW),
        "floor": TrustStore(issuers, {}, issued_floor=NOW),
        **{
            f"key {name}": TrustStore({issuer.id: dataclasses.replace(issuer, keys=(key, *issuer.keys[1:]))}, {})
            for name, key in changed_keys(issuer.keys[0]).items()
        },
        "types": TrustStore({issuer.id: dataclasses.replace(issuer, credential_types=None)}, {}),
        "name": TrustStore({issuer.id: dataclasses.replace(issuer, name=None)}, {}),
        "court": TrustStore({issuer.id: dataclasses.replace(issuer, court=None)}, {}),
        "keys": TrustStore({issuer.id: dataclasses.replace(issuer, keys=())}, {}),
    }


def changed_keys(key: TrustedKey) -> dict[str, TrustedKey]:
    changes: dict[str, Any] = {
        "methods": {"method_ids": frozenset({"did:web:a.example#k"})},
        "assertion": {"assertion_methods": frozenset()},
        "usage": {"usage": None},
        "from": {"valid_from": NOW},
        "until": {"valid_until": NOW},
        "compromised": {"compromised_at": NOW},
        "expires": {"expires": NOW},
    }
    return {name: dataclasses.replace(key, **change) for name, change in changes.items()}


def test_digest_is_other_as_soon_as_anything_is() -> None:
    digests = {name: trust_digest(trust) for name, trust in variants().items()}
    assert len(set(digests.values())) == len(digests)


def test_digest_is_the_same_for_the_same_trust() -> None:
    document, lists = COURT.trust_document(), COURT.status_lists()
    one = TrustStore.from_documents([json.dumps(document)], [json.dumps(each) for each in lists])
    two = TrustStore.from_documents([json.dumps(document, indent=2)], [json.dumps(each) for each in lists[::-1]])
    assert trust_digest(one) == trust_digest(two) == trust_digest(one)


def test_digest_knows_every_field_of_trust() -> None:
    """A field that is added must be put into the digest, under a new `format`, or left out on purpose."""
    assert {field.name for field in dataclasses.fields(TrustedKey)} == {
        "method_ids",
        "assertion_methods",
        "key_type",
        "public_key",
        "kid",
        "usage",
        "valid_from",
        "valid_until",
        "compromised_at",
        "expires",
    }
    names = {field.name for field in dataclasses.fields(TrustedIssuer)}
    assert names == {"id", "name", "court", "credential_types", "keys", "status_list_issuers", "_by_method"}
