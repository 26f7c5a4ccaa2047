"""Receipts of lenders with long rules: short all the same, or not made."""

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from xinzheng_verifier import Policy, Verifier
from xinzheng_verifier.receipt import (
    LenderKey,
    ReceiptCheck,
    ReceiptError,
    check_receipt,
    make_receipt,
    policy_of,
    read_receipt,
    token,
)
from xinzheng_verifier.testkit import FakeCourt

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
COURT = FakeCourt(now=NOW)
CERTIFICATE = COURT.certificate()
TRUST = COURT.trust()
KEY = LenderKey.generate()
PUBLIC = KEY.public_key


def receipt_of(*, verifier: Verifier) -> str:
    report = verifier.report(CERTIFICATE.jwt, at=NOW)
    return make_receipt(report, verifier=verifier, signer=KEY, made_at=NOW + timedelta(minutes=3))


def codes(check: ReceiptCheck) -> list[str]:
    return [finding.code for finding in check.findings]


def test_long_set_of_issuers_is_recorded_by_its_digest() -> None:
    issuers = frozenset({*(f"did:web:court-{number}.court.example:{number}" for number in range(3_500)), COURT.did})
    lender = Verifier(TRUST, policy=Policy(issuers=issuers))
    receipt = receipt_of(verifier=lender)
    assert len(receipt) < 4_000
    content = read_receipt(receipt, key=PUBLIC)
    text = "[" + ",".join(f'"{name}"' for name in sorted(issuers)) + "]"
    assert content.policy["issuers"] == {"count": 3_501, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    assert policy_of(content, issuers=issuers).to_json() == lender.policy.to_json()
    assert policy_of(content).issuers is None
    assert codes(check_receipt(receipt, key=PUBLIC, data=CERTIFICATE.jwt, verifier=lender)) == ["ok"] * 6
    for other in (issuers - {COURT.did}, issuers - {min(issuers)}, None):
        judge = Verifier(TRUST, policy=Policy(issuers=other))
        found = check_receipt(receipt, key=PUBLIC, data=CERTIFICATE.jwt, verifier=judge)
        assert found.code == "receipt_policy_differs"
        assert found.findings[4].evidence == {"differs": ["issuers"]}


def test_receipt_of_an_earlier_release_names_all_issuers() -> None:
    lender = Verifier(TRUST, policy=Policy(issuers=frozenset({*map(str, range(100)), COURT.did})))
    then = read_receipt(receipt_of(verifier=lender), key=PUBLIC)
    receipt = token.sign(dataclasses.replace(then, policy=lender.policy.to_json()), KEY)
    assert codes(check_receipt(receipt, key=PUBLIC, data=CERTIFICATE.jwt, verifier=lender)) == ["ok"] * 6


def test_receipt_that_nobody_could_read_is_not_made() -> None:
    lender = Verifier(TRUST, policy=Policy(types=frozenset(f"Type{number:030}" for number in range(8_000))))
    with pytest.raises(ReceiptError) as caught:
        receipt_of(verifier=lender)
    assert caught.value.code == "receipt_unreadable"
