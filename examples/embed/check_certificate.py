"""Checks a certificate against a trust bundle, offline. Usage: check_certificate.py FOLDER."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from xinzheng_verifier import Policy, TrustStore, Verifier

folder, now = Path(sys.argv[1]), datetime.now(UTC)
bundle, root = (folder / "bundle-1.xzb").read_bytes(), (folder / "root.json").read_bytes()
trust = TrustStore.from_bundle(bundle, root=root, at=now)
verifier = Verifier(trust, policy=Policy(max_status_age=timedelta(hours=24)))
report = verifier.report((folder / "certificate.json").read_bytes(), at=now, identity="42068319900101001X")
print(report.verdict, report.code, report.message("en"), report.message("zh"), sep="\n")
if report.issuer and report.issuer.name:
    print(report.issuer.name["zh"], report.status_as_of)
sys.exit({"passed": 0, "failed": 1, "indeterminate": 2}[report.verdict])
