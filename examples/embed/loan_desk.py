"""A loan desk: one certificate, one applicant, one decision, and what goes into the loan file.

Usage: loan_desk.py STORE CERTIFICATE < FILE-WITH-THE-ID-NUMBER. Exit status 0 go on, 1 refuse, 2 find out more.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from xinzheng_verifier import Policy, Report, TrustStore, Verdict, Verifier

POLICY: Final = Policy(max_status_age=timedelta(hours=72))
"""Our credit department's rule: news about revocations may be three days old."""

ASK_AGAIN: Final[Mapping[str, str]] = {
    "status_stale": "Import the court's current trust bundle, then check again.",
    "status_unavailable": "Import the court's current trust bundle, then check again.",
    "bundle_expired": "Import the court's current trust bundle, then check again.",
    "identity_malformed": "The ID number is mistyped: read it from the card once more.",
    "clock_implausible": "The clock of this machine is wrong: tell the help desk.",
}


@dataclass(frozen=True)
class Decision:
    """What the officer sees.

    Attributes:
        action: "go on", "refuse" or "find out more".
        reason: one line for the officer.
        stored: what the loan file keeps, as JSON.
    """

    action: str
    reason: str
    stored: str


def decide(data: bytes | str, id_number: str, *, trust: TrustStore, now: datetime) -> Decision:
    """Decides about one certificate that an applicant hands in.

    Args:
        data: the file or the text of the QR symbol as it was handed in.
        id_number: the applicant's full number, from the ID card on the desk and not from the certificate.
        trust: whom we trust.
        now: the present moment, aware.
    """
    report = Verifier(trust, policy=POLICY).report(data, at=now, identity=id_number)
    # Three answers and no fourth; whoever asks "is it failed?" lets the undecided pass.
    match report.verdict:
        case Verdict.PASSED:
            return Decision("go on", _summary(report), _stored(report))
        case Verdict.FAILED:
            return Decision("refuse", report.message("en"), _stored(report))
        case Verdict.INDETERMINATE:
            return Decision("find out more", ASK_AGAIN.get(report.code, report.message("en")), _stored(report))


def _summary(report: Report) -> str:
    """Court from the trust list, name and number from what is signed, and the age of the news."""
    claims, issuer = report.claims or {}, report.issuer
    court = issuer.name["zh"] if issuer and issuer.name else ""
    subject = claims.get("credentialSubject")
    name = subject.get("name") if isinstance(subject, dict) else ""
    return f"{name} · {court} · {claims.get('certificateNumber')} · status as of {report.status_as_of}"


def _stored(report: Report) -> str:
    """The whole report: it ties itself to the input by its digest, and holds no ID number that was typed."""
    return json.dumps(report.to_json(), ensure_ascii=False)


def main() -> int:
    """One check at the command line."""
    store, certificate = map(Path, sys.argv[1:3])
    trust = TrustStore.open(store)
    decision = decide(certificate.read_bytes(), sys.stdin.readline(), trust=trust, now=datetime.now(UTC))
    print(decision.action)
    print(decision.reason)
    return {"go on": 0, "refuse": 1, "find out more": 2}[decision.action]


if __name__ == "__main__":
    sys.exit(main())
