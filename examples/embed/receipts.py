"""Signed receipts: made at the loan desk, checked by the auditor years later.

Usage: receipts.py STORE CERTIFICATE KEY, with the passphrase in $PASSPHRASE. KEY is made if it is not there; the
receipt is written beside the certificate, and checked as an auditor would.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from xinzheng_verifier import TrustStore, Verdict, Verifier
from xinzheng_verifier.receipt import check_receipt, create_key, load_key, make_receipt


def main() -> int:
    """Makes a receipt, then checks it."""
    store, certificate, key_file = map(Path, sys.argv[1:4])
    passphrase = os.fsencode(os.environ["PASSPHRASE"])
    key = load_key(key_file, passphrase) if key_file.exists() else create_key(key_file, passphrase)

    # At the desk: the report is made with the applicant there, the receipt says what came of it.
    now, data = datetime.now(UTC), certificate.read_bytes()
    verifier = Verifier(TrustStore.open(store))
    report = verifier.report(data, at=now)
    receipt = make_receipt(report, verifier=verifier, signer=key, made_at=now)
    certificate.with_suffix(".receipt").write_text(receipt, "ascii")
    print("made:", report.verdict, report.code)

    # At the audit: the public key, the stored input, and the bundle of that day.
    check = check_receipt(receipt, key=key.public_key, data=data, verifier=verifier)
    for finding in check.findings:
        print(f"{finding.aspect}: {finding.message('en')}")
    return 0 if check.verdict is Verdict.PASSED else 1


if __name__ == "__main__":
    sys.exit(main())
