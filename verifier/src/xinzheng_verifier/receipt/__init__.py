"""Signed receipts: what was checked, by what, and what came of it, for whoever opens the loan file later.

    from xinzheng_verifier.receipt import check_receipt, load_key, make_receipt

    key = load_key(Path("lender.pem"), passphrase)
    report = verifier.report(data, at=now)
    receipt = make_receipt(report, verifier=verifier, signer=key, made_at=now)

    check = check_receipt(receipt, key=key.public_key, data=data, verifier=verifier)
    check.verdict, [finding.code for finding in check.findings]

    make_receipt                 a receipt of a report, signed by the lender: a compact JWS (docs/reference/receipt.md)
    check_receipt                what of it holds: signature, input, trust, rules, and the outcome when judged again
    policy_of                    the rules that a receipt records
    read_receipt                 its content, once its signature holds
    Receipt, ReceiptStep         its content, with what each step came to
    ReceiptCheck, Finding        what a check of it found, aspect by aspect
    trust_digest                 how a receipt names everything that was trusted
    ReceiptSigner                what signs: an object with a public key and `sign`, so that the key may lie in an HSM
    LenderKey                    a signer whose key lies in memory
    create_key, load_key         a lender's key in an encrypted file
    read_public_key, public_jwk  the other half, for whoever checks
    ReceiptError                 a key or a receipt cannot be used

A receipt never holds an ID number that was typed, and nothing of the certificate but its number.
"""

from xinzheng_verifier.receipt.check import Finding, ReceiptCheck, check_receipt, policy_of
from xinzheng_verifier.receipt.content import Receipt, ReceiptStep
from xinzheng_verifier.receipt.errors import ReceiptError
from xinzheng_verifier.receipt.keys import LenderKey, create_key, load_key, public_jwk, read_public_key
from xinzheng_verifier.receipt.make import make_receipt
from xinzheng_verifier.receipt.token import ReceiptSigner, read_receipt
from xinzheng_verifier.trust.digest import trust_digest

__all__ = [
    "Finding",
    "LenderKey",
    "Receipt",
    "ReceiptCheck",
    "ReceiptError",
    "ReceiptSigner",
    "ReceiptStep",
    "check_receipt",
    "create_key",
    "load_key",
    "make_receipt",
    "policy_of",
    "public_jwk",
    "read_public_key",
    "read_receipt",
    "trust_digest",
]
