"""The sheet: what a lender must see of a report before lending, and what the paper does not prove.

One content for the terminal, the page and the print-out. Every text is made printable: what a credential holds cannot
move a cursor, reverse the direction of writing or hide.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from xinzheng_schemas.errors import Language
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.vocabulary import (
    ConsumptionRestrictionStatus,
    MaskingGround,
    PerformanceStatus,
    Purpose,
    label,
)
from xinzheng_verifier.policy import COURT_TYPE, types_of
from xinzheng_verifier.report import Outcome, Report, ReportedIssuer, Step
from xinzheng_verifier.show.words import OUTCOMES, SHEET, SINCE, STEPS, say

_MATCH, _STATUS, _SHAPE = 9, 8, 6


class Row(NamedTuple):
    """One line of the sheet.

    Attributes:
        key: which it is, in `words.SHEET`; "also" and "careful" may come more than once.
        head: what it is about.
        text: what there is to say.
    """

    key: str
    head: str
    text: str


class StepLine(NamedTuple):
    """One step of the procedure in words.

    Attributes:
        number: 1 to 10.
        name: of the step.
        outcome: in words.
        message: the explanation.
    """

    number: int
    name: str
    outcome: str
    message: str


class Sheet(NamedTuple):
    """A report in words.

    Attributes:
        verdict: in words.
        message: the explanation of the verdict.
        rows: what a lender must see.
        steps: the ten steps.
    """

    verdict: str
    message: str
    rows: tuple[Row, ...]
    steps: tuple[StepLine, ...]


def sheet(report: Report, language: Language) -> Sheet:
    """The report in the words of one language.

    Args:
        report: what to show.
        language: "en" or "zh".
    """
    return Sheet(
        verdict=say(SHEET, report.verdict.value, language),
        message=printable(report.message(language)),
        rows=tuple(Row(key, say(SHEET, key, language), printable(text)) for key, text in _rows(report, language)),
        steps=tuple(
            StepLine(
                step.number,
                say(STEPS, step.name, language),
                say(OUTCOMES, step.outcome.value, language),
                printable(step.message(language)),
            )
            for step in report.steps
        ),
    )


def printable(text: str) -> str:
    """A text that cannot move the cursor, reverse the direction of writing or hide: everything else is escaped."""
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in text)


def _rows(report: Report, language: Language) -> Iterator[tuple[str, str]]:
    yield from _further_findings(report, language)
    yield from _deceptive(report, language)
    if report.claims is not None and report.issuer is not None:
        if COURT_TYPE in types_of(report.claims):
            yield from _certificate(report.claims, _compared(report, language), language)
        else:
            yield from _any(report.claims)
        yield from _issued(report.claims, report.issuer, language)
        yield from _in_force(report, language)
    yield "asked", format_timestamp(report.at)
    if report.scope_statement is not None:
        yield "proves_not", report.scope_statement[language]


def _further_findings(report: Report, language: Language) -> Iterator[tuple[str, str]]:
    """What else is wrong besides what decided."""
    for step in report.steps:
        speaks = step.outcome in (Outcome.FAILED, Outcome.INDETERMINATE)
        if speaks and step is not report.deciding_step:
            yield "also", f"{step.message(language)} ({step.code})"


def _deceptive(report: Report, language: Language) -> Iterator[tuple[str, str]]:
    """Texts that could deceive the eye, which no escaping makes visible."""
    found = report.steps[_SHAPE - 1].evidence.get("deceptive")
    for one in found if isinstance(found, list) else []:
        yield "careful", _text(_object(_object(one).get("message")).get(language))


def _certificate(claims: JSONObject, compared: str | None, language: Language) -> Iterator[tuple[str, str]]:
    subject = _object(claims.get("credentialSubject"))
    masking, court = _object(subject.get("masking")), _object(subject.get("enforcementCourt"))
    identity = subject.get("maskedIdNumber") or subject.get("unifiedSocialCreditCode")
    yield "whose", _joined(subject.get("name"), identity, compared)
    yield "number", _joined(claims.get("certificateNumber"))
    published = say(SHEET, "published", language, date=_text(subject.get("listingPublishedDate")))
    yield "entry", _joined(subject.get("enforcementCaseNumber"), court.get("name"), published)
    ground = _term(MaskingGround, masking.get("ground"), language)
    since = say(SHEET, "masked_since", language, date=_text(masking.get("maskedAt")), ground=ground)
    condition = say(SHEET, "conditional", language) if masking.get("conditional") is True else None
    yield "masked", _joined(since, condition)
    yield "performed", _term(PerformanceStatus, subject.get("performanceStatus"), language)
    restriction = subject.get("consumptionRestrictionStatus")
    yield "restriction", _term(ConsumptionRestrictionStatus, restriction, language)
    purposes = subject.get("purpose")
    listed = purposes if isinstance(purposes, list) else []
    terms = [_term(Purpose, purpose, language) for purpose in listed]
    yield "purpose", _joined(*terms, subject.get("purposeText"))


def _any(claims: JSONObject) -> Iterator[tuple[str, str]]:
    yield "types", _joined(*sorted(types_of(claims)))
    yield "subject", _joined(_object(claims.get("credentialSubject")).get("id"))


def _issued(claims: JSONObject, issuer: ReportedIssuer, language: Language) -> Iterator[tuple[str, str]]:
    """Who issued it, by the trust list, and for how long."""
    name: Mapping[str, str] = issuer.name or {}
    yield "issued_by", _joined(name.get(language), issuer.id)
    since, until = (_text(claims.get(member)) or "…" for member in ("validFrom", "validUntil"))
    yield "valid", say(SHEET, "from_until", language, since=since, until=until)


def _in_force(report: Report, language: Language) -> Iterator[tuple[str, str]]:
    step = report.steps[_STATUS - 1]
    if report.status_as_of is None:
        yield "status", step.message(language)
        return
    as_of = format_timestamp(report.status_as_of)
    if any("history" in _object(entry) for entry in _list(step.evidence.get("entries"))):
        yield "status", _joined(*_then(step, language), say(SHEET, "as_of", language, as_of=as_of))
        return
    age = report.at - report.status_as_of
    told = say(SHEET, "age", language, age=age_words(age, language)) if age >= timedelta(0) else None
    if step.outcome is Outcome.PASSED:
        yield "status", _joined(say(SHEET, "in_force", language, as_of=as_of), told)
    else:
        yield "status", _joined(step.message(language), say(SHEET, "as_of", language, as_of=as_of), told)


def _then(step: Step, language: Language) -> Iterator[str]:
    """The status at a moment in the past, and what has come of the credential since."""
    if step.outcome is not Outcome.PASSED:
        yield step.message(language)
        return
    yield say(SHEET, "in_force_then", language)
    for member in SINCE:
        if member in step.evidence:
            yield say(SHEET, member, language, since=_text(step.evidence[member]))


def _compared(report: Report, language: Language) -> str | None:
    """Whether the person was compared; a mismatch is said where the verdict is."""
    outcome = report.steps[_MATCH - 1].outcome
    if outcome is Outcome.PASSED:
        return say(SHEET, "matches", language)
    return say(SHEET, "not_compared", language) if outcome is Outcome.NOT_RUN else None


def age_words(age: timedelta, language: Language) -> str:
    """How long something takes or is ago: days and hours, hours and minutes, or minutes."""
    minutes = int(age.total_seconds()) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{say(SHEET, 'days', language, count=days)} {say(SHEET, 'hours', language, count=hours)}"
    if hours:
        return f"{say(SHEET, 'hours', language, count=hours)} {say(SHEET, 'minutes', language, count=minutes % 60)}"
    return say(SHEET, "minutes", language, count=minutes)


def _term(kind: type[StrEnum], value: JSONValue, language: Language) -> str:
    """The words for a value of the vocabulary; any other value as it stands."""
    try:
        return label(kind(value), language)  # type: ignore[arg-type]
    except ValueError:
        return _text(value)


def _object(value: JSONValue) -> JSONObject:
    return value if isinstance(value, dict) else {}


def _list(value: JSONValue) -> list[JSONValue]:
    return value if isinstance(value, list) else []


def _text(value: JSONValue) -> str:
    return value if isinstance(value, str) else ""


def _joined(*parts: JSONValue) -> str:
    return " · ".join(part for part in parts if isinstance(part, str) and part)
