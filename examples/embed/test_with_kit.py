"""Tests of the loan desk (loan_desk.py) with fake certificates: no court, no files, no network.

Usage: python -m unittest test_with_kit, or pytest test_with_kit.py.
"""

import json
import unittest
from datetime import UTC, datetime, timedelta

from loan_desk import decide
from xinzheng_verifier import Policy, Verdict
from xinzheng_verifier.testkit import OTHER_PERSON, PERSON, FakeCourt

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ACTIONS = {Verdict.PASSED: "go on", Verdict.FAILED: "refuse", Verdict.INDETERMINATE: "find out more"}


class LoanDeskTest(unittest.TestCase):
    """What the desk does with everything that can be handed in."""

    def setUp(self) -> None:
        """A court of our own for each test."""
        self.court = FakeCourt(now=NOW)

    def test_whatever_is_handed_in(self) -> None:
        """All of the kit's cases but those that need a policy of their own, and questions about the past."""
        for case in self.court.cases():
            if case.policy == Policy() and case.at == case.now:
                with self.subTest(case.name):
                    decision = decide(case.data, case.identity or PERSON, trust=case.trust, now=case.now)
                    assert decision.action == ACTIONS[case.verdict]
                    assert json.loads(decision.stored)["code"] == case.code

    def test_another_persons_certificate(self) -> None:
        """A genuine certificate is of no use to somebody else, and nobody's number is stored."""
        certificate = self.court.certificate(name="李某", identity=OTHER_PERSON)
        decision = decide(certificate.jwt, PERSON, trust=self.court.trust(), now=NOW)
        assert decision.action == "refuse"
        assert PERSON not in decision.stored
        assert OTHER_PERSON not in decision.stored

    def test_news_of_four_days_ago(self) -> None:
        """Our rule is three days; the officer is told what to do."""
        old = self.court.trust(status_made_at=NOW - timedelta(days=4))
        decision = decide(self.court.certificate().jwt, PERSON, trust=old, now=NOW)
        assert decision.action == "find out more"
        assert "current trust bundle" in decision.reason

    def test_revoked_between_two_visits(self) -> None:
        """The same file is refused once the court has revoked it."""
        certificate = self.court.certificate()
        before = decide(certificate.json, PERSON, trust=self.court.trust(), now=NOW)
        self.court.revoke(certificate)
        after = decide(certificate.json, PERSON, trust=self.court.trust(), now=NOW)
        assert [before.action, after.action] == ["go on", "refuse"]


if __name__ == "__main__":
    unittest.main()
