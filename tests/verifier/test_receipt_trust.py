"""A receipt is of the trust that its report was made by, and of no other, whatever became of the report meanwhile."""

import copy
import dataclasses
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from xinzheng_verifier import Report, TrustStore, Verifier
from xinzheng_verifier.receipt import LenderKey, make_receipt, read_receipt, trust_digest
from xinzheng_verifier.testkit import FakeCourt

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=3)
COURT = FakeCourt(now=NOW)
CERTIFICATE = COURT.certificate()
VERIFIER = Verifier(COURT.trust())
KEY = LenderKey.generate()
PUBLIC = KEY.public_key


@pytest.mark.parametrize("workers", [None, 1, 2])
def test_receipt_of_other_trust_is_refused_where_it_came_from_documents(workers: int | None) -> None:
    court = FakeCourt(now=NOW)
    document, lists = court.trust_document(), court.status_lists()
    certificate = court.certificate().jwt
    judge = Verifier(TrustStore.from_documents([document], lists))
    if workers is None:
        reports = [judge.report(certificate, at=NOW)]
    else:
        odd: Any = 7
        reports = [*judge.report_many([certificate, odd], at=NOW, workers=workers)]
    for made in reports:
        for report in (made, copy.deepcopy(made), pickled(made), dataclasses.replace(made)):
            for others in ([], lists[:1], court.status_lists(made_at=LATER)):
                with pytest.raises(ValueError, match="another verifier"):
                    receipt_of_report(report, Verifier(TrustStore.from_documents([document], others)))
            same = Verifier(TrustStore.from_documents([document], lists[::-1]))
            content = read_receipt(receipt_of_report(report, same), key=PUBLIC)
            assert content.trust_sha256 == trust_digest(judge.trust)


def test_pickled_report_does_not_carry_the_trust_along() -> None:
    report = VERIFIER.report(CERTIFICATE.jwt, at=NOW)
    again = pickled(report)
    assert again == report
    assert again.to_json() == report.to_json()
    assert again.trust.sha256 == report.trust.sha256
    assert b"TrustStore" not in pickle.dumps(report)
    assert copy.deepcopy(report).trust is report.trust


def pickled(report: Report) -> Report:
    again: Report = pickle.loads(pickle.dumps(report))  # noqa: S301 - our own
    return again


def receipt_of_report(report: Report, verifier: Verifier) -> str:
    return make_receipt(report, verifier=verifier, signer=KEY, made_at=LATER)
