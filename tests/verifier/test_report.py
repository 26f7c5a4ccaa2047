"""How steps become a report."""

import pytest

from xinzheng_verifier import Outcome
from xinzheng_verifier.errors import NotApplicableError, RefusedError, UndecidedError
from xinzheng_verifier.messages import explain
from xinzheng_verifier.report import STEP_NAMES, GateClosedError, Record


def test_steps_are_noted_as_they_end() -> None:
    record = Record()
    with record.gate(1) as evidence:
        evidence["form"] = "jwt"
    with record.step(6) as evidence:
        evidence["profile"] = "court"
        raise RefusedError("data_loss", field="/x", problems=[])
    with record.step(8):
        raise UndecidedError("status_unavailable")
    record.pass_over(9, "identity_not_given")
    with record.step(10):
        raise NotApplicableError("status_not_stated")
    findings = record.complete()
    assert len(findings) == len(STEP_NAMES)
    assert {number: (outcome, code) for number, (outcome, code, _) in enumerate(findings, start=1)} == {
        1: (Outcome.PASSED, "ok"),
        2: (Outcome.NOT_RUN, "not_run"),
        3: (Outcome.NOT_RUN, "not_run"),
        4: (Outcome.NOT_RUN, "not_run"),
        5: (Outcome.NOT_RUN, "not_run"),
        6: (Outcome.FAILED, "data_loss"),
        7: (Outcome.NOT_RUN, "not_run"),
        8: (Outcome.INDETERMINATE, "status_unavailable"),
        9: (Outcome.NOT_RUN, "identity_not_given"),
        10: (Outcome.NOT_RUN, "status_not_stated"),
    }
    assert findings[5][2] == {"profile": "court", "problems": [], "field": "/x"}


@pytest.mark.parametrize("error", [RefusedError("malformed"), UndecidedError("scan_unavailable")])
def test_gate_ends_the_procedure(error: Exception) -> None:
    record = Record()
    with pytest.raises(GateClosedError), record.gate(2):
        raise error
    assert record.complete()[1][0] is not Outcome.PASSED


@pytest.mark.parametrize("number", [1, 6])
def test_what_is_no_finding_is_not_swallowed(number: int) -> None:
    """A fault of the program is not a verdict on a credential."""
    record = Record()
    with pytest.raises(ZeroDivisionError), record.step(number):
        raise ZeroDivisionError
    assert record.complete()[number - 1][0] is Outcome.NOT_RUN


def test_text_without_its_parameters_is_still_a_text() -> None:
    assert explain("expired", {}, "en") == "Genuine, but no longer valid: it ended ."
    assert "{" not in explain("shape_invalid", {"field": None}, "zh")
