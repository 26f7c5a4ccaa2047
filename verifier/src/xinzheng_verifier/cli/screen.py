"""The report on one screen: what a lender must see before lending, and what the paper does not prove."""

import json
import re
import shutil
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

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
from xinzheng_verifier.cli.words import say
from xinzheng_verifier.policy import COURT_TYPE, types_of
from xinzheng_verifier.report import Outcome, Report, ReportedIssuer

_MATCH, _STATUS, _SHAPE = 9, 8, 6
_MAX_COLUMNS = 100
_PIECE = re.compile(r"[ -~]+?(?: +|(?![ -~]))|[^ -~]")
"""What a line may be parted between: words of ASCII with the blanks behind them, and every other sign."""

Row = tuple[str, str]


def screen(report: Report, *, name: str, language: Language) -> str:
    """The report as text.

    Args:
        report: what to show.
        name: how the input was called.
        language: "en" or "zh".
    """
    lines = [
        f"{printable(name)}: {say(report.verdict.value, language)}",
        f"  {printable(report.message(language))} ({report.code})",
    ]
    rows = [*_further_findings(report, language)]
    rows += _deceptive(report, language)
    if report.claims is not None and report.issuer is not None:
        if COURT_TYPE in types_of(report.claims):
            rows += _certificate(report.claims, _compared(report, language), language)
        else:
            rows += _any(report.claims, language)
        rows += _issued(report.claims, report.issuer, language)
        rows += _in_force(report, language)
    rows.append((say("asked", language), format_timestamp(report.at)))
    if report.scope_statement is not None:
        rows.append((say("proves_not", language), report.scope_statement[language]))
    return "\n".join([*lines, table(rows), ""])


def _further_findings(report: Report, language: Language) -> Iterator[Row]:
    """What else is wrong besides what decided."""
    for step in report.steps:
        speaks = step.outcome in (Outcome.FAILED, Outcome.INDETERMINATE)
        if speaks and step is not report.deciding_step:
            yield say("also", language), f"{step.message(language)} ({step.code})"


def _deceptive(report: Report, language: Language) -> Iterator[Row]:
    """Texts that could deceive the eye, which no escaping makes visible."""
    found = report.steps[_SHAPE - 1].evidence.get("deceptive")
    for one in found if isinstance(found, list) else []:
        yield say("careful", language), _text(_object(_object(one).get("message")).get(language))


def _certificate(claims: JSONObject, compared: str | None, language: Language) -> Iterator[Row]:
    subject = _object(claims.get("credentialSubject"))
    masking, court = _object(subject.get("masking")), _object(subject.get("enforcementCourt"))
    identity = subject.get("maskedIdNumber") or subject.get("unifiedSocialCreditCode")
    yield say("whose", language), _joined(subject.get("name"), identity, compared)
    yield say("number", language), _joined(claims.get("certificateNumber"))
    published = say("published", language, date=_text(subject.get("listingPublishedDate")))
    yield say("entry", language), _joined(subject.get("enforcementCaseNumber"), court.get("name"), published)
    ground = _term(MaskingGround, masking.get("ground"), language)
    since = say("masked_since", language, date=_text(masking.get("maskedAt")), ground=ground)
    condition = say("conditional", language) if masking.get("conditional") is True else None
    yield say("masked", language), _joined(since, condition)
    yield say("performed", language), _term(PerformanceStatus, subject.get("performanceStatus"), language)
    restriction = subject.get("consumptionRestrictionStatus")
    yield say("restriction", language), _term(ConsumptionRestrictionStatus, restriction, language)
    purposes = subject.get("purpose")
    listed = purposes if isinstance(purposes, list) else []
    terms = [_term(Purpose, purpose, language) for purpose in listed]
    yield say("purpose", language), _joined(*terms, subject.get("purposeText"))


def _any(claims: JSONObject, language: Language) -> Iterator[Row]:
    yield say("types", language), _joined(*sorted(types_of(claims)))
    yield say("subject", language), _joined(_object(claims.get("credentialSubject")).get("id"))


def _issued(claims: JSONObject, issuer: ReportedIssuer, language: Language) -> Iterator[Row]:
    """Who issued it, by the trust list, and for how long."""
    name: Mapping[str, str] = issuer.name or {}
    yield say("issued_by", language), _joined(name.get(language), issuer.id)
    since, until = (_text(claims.get(member)) or "…" for member in ("validFrom", "validUntil"))
    yield say("valid", language), say("from_until", language, since=since, until=until)


def _in_force(report: Report, language: Language) -> Iterator[Row]:
    step = report.steps[_STATUS - 1]
    if report.status_as_of is None:
        yield say("status", language), step.message(language)
        return
    as_of = format_timestamp(report.status_as_of)
    age = report.at - report.status_as_of
    told = say("age", language, age=_age(age, language)) if age >= timedelta(0) else None
    if step.outcome is Outcome.PASSED:
        yield say("status", language), _joined(say("in_force", language, as_of=as_of), told)
    else:
        yield say("status", language), _joined(step.message(language), say("as_of", language, as_of=as_of), told)


def _compared(report: Report, language: Language) -> str | None:
    """Whether the person was compared; a mismatch is said where the verdict is."""
    outcome = report.steps[_MATCH - 1].outcome
    if outcome is Outcome.PASSED:
        return say("matches", language)
    return say("not_compared", language) if outcome is Outcome.NOT_RUN else None


def _age(age: timedelta, language: Language) -> str:
    minutes = int(age.total_seconds()) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{say('days', language, count=days)} {say('hours', language, count=hours)}"
    if hours:
        return f"{say('hours', language, count=hours)} {say('minutes', language, count=minutes % 60)}"
    return say("minutes", language, count=minutes)


def _term(kind: type[StrEnum], value: JSONValue, language: Language) -> str:
    """The words for a value of the vocabulary; any other value as it stands."""
    try:
        return label(kind(value), language)  # type: ignore[arg-type]
    except ValueError:
        return _text(value)


def _object(value: JSONValue) -> JSONObject:
    return value if isinstance(value, dict) else {}


def _text(value: JSONValue) -> str:
    return value if isinstance(value, str) else ""


def _joined(*parts: JSONValue) -> str:
    return " · ".join(part for part in parts if isinstance(part, str) and part)


def printable(text: str) -> str:
    """A text that cannot move the cursor, reverse the direction of writing or hide: everything else is escaped."""
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in text)


def printable_json(value: JSONObject) -> str:
    """JSON of one line that is as harmless on a terminal: JSON itself lets most invisible signs stand as they are."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    """The escape of a sign in JSON (RFC 8259, 7): of UTF-16 units, of which a sign beyond U+FFFF has two."""
    units = sign.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def table(rows: Sequence[Row]) -> str:
    """Two columns, the second wrapped to the terminal; both are made printable.

    Args:
        rows: heading and text; line breaks in the text are kept.
    """
    width = max((_columns(head) for head, _ in rows), default=0) + 2
    available = max(30, min(shutil.get_terminal_size().columns, _MAX_COLUMNS) - width - 2)
    lines = []
    for head, text in rows:
        wrapped = [line for part in text.split("\n") for line in _wrap(printable(part), available) or [""]]
        gap = " " * (width - _columns(head))
        lines += [f"  {head}{gap}{wrapped[0]}", *(" " * (width + 2) + line for line in wrapped[1:])]
    return "\n".join(lines)


def _wrap(text: str, columns: int) -> list[str]:
    """Lines of at most that many columns; East Asian wide signs take two (UAX 11) and may be parted anywhere."""
    lines, line = [], ""
    for piece in _PIECE.findall(text):
        if _columns(line + piece) > columns and line:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()]


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
