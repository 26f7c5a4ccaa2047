"""One record of the public list of dishonest judgment debtors, read with all its oddities.

The field names are the list's own (`sexy` for sex is one of them). What decides about a certificate (iname, caseCode,
publishDate, and cardNum if it stands there twice) must be readable, or the record has no effect; as far as it was read
it still names its case. Everything else that cannot be read is reported beside the record's effect: an odd age or half
an emoji must not keep a revoked debtor in good standing.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from xinzheng_issuer.errors import FeedError, RefusalError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.feed import lenient_json
from xinzheng_issuer.feed.batches import RECORD_LIMITS
from xinzheng_issuer.feed.lenient_json import UNREADABLE, LenientJSONError, Members
from xinzheng_issuer.feed.personal_numbers import MAX_RECORD_CHARACTERS, without_personal_numbers
from xinzheng_issuer.register.names import folded_name
from xinzheng_schemas import strict_json
from xinzheng_schemas.case_number import AnyCaseNumber, CaseNumberError, parse_case_number
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.identity import (
    DocumentNumber,
    Identity,
    IdentityError,
    MaskedId,
    ResidentId,
    UnifiedSocialCreditCode,
)
from xinzheng_schemas.vocabulary import IdType, ListingGround


class ListPerformance(StrEnum):
    """`performance` as the public list words it."""

    NONE = "全部未履行"
    PART = "部分未履行"
    FULL = "全部已履行"


@dataclass(frozen=True)
class PartlyHidden:
    """A number with hidden places in a style of its own.

    Attributes:
        text: characters with `*` for hidden ones.
    """

    text: str

    def may_be(self, other: str) -> bool:
        """True if both have one length and agree wherever both are visible."""
        return len(self.text) == len(other) and all(
            mine == theirs or "*" in {mine, theirs} for mine, theirs in zip(self.text, other, strict=True)
        )


CardNumber: TypeAlias = Identity | MaskedId | PartlyHidden


@dataclass(frozen=True, kw_only=True)
class ListRecord:
    """A record in normal form.

    Attributes:
        name: iname; empty where only a part could be read.
        card: cardNum, full or masked; None if absent or unreadable.
        document: cardNum as it stands, if nothing in it is hidden: documents without a check digit are known by it.
        case_number: caseCode.
        original_case_numbers: originalCaseCode, which a court's own feed may add to a resumed case; not a public field.
        published_on: publishDate; the last of all days where it could not be read.
        filed_on: regDate.
        basis_number: gistId.
        grounds: disruptTypeName.
        performance: performance.
        details: the remaining fields as text; 暂无 and blanks are absent.
        remarks: what could not be read and does not matter for the effect.
    """

    name: str
    card: CardNumber | None
    document: str | None
    case_number: AnyCaseNumber
    original_case_numbers: tuple[AnyCaseNumber, ...]
    published_on: date
    filed_on: date | None
    basis_number: str | None
    grounds: tuple[ListingGround, ...]
    performance: ListPerformance | None
    details: Mapping[str, str]
    remarks: tuple[CodedError, ...]

    @property
    def identity(self) -> str:
        """Digest that knows the same record again, however it is spelled: 64 hexadecimal digits."""
        return self._identity(folded_name(self.name))

    @property
    def identities(self) -> frozenset[str]:
        """`identity`, and the digest that registers before version 0008 kept: of the name as it was spelled."""
        return frozenset({self.identity, self._identity(self.name)})

    def _identity(self, name: str) -> str:
        card = self.card.text if isinstance(self.card, MaskedId | PartlyHidden) else self.card and self.card.number
        parts = (str(self.case_number), name, card or "", self.published_on.isoformat())
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class PartlyReadError(RefusalError):
    """A record that cannot have an effect, and names its case.

    Attributes:
        records: what was read of it, once for each case number that it may be about.
    """

    def __init__(self, problems: Iterable[CodedError], records: Sequence[ListRecord]) -> None:
        super().__init__(problems)
        self.records = tuple(records)


_DETAILS = frozenset(
    {
        "sexy",
        "age",
        "businessEntity",
        "partyTypeName",
        "courtName",
        "areaName",
        "gistUnit",
        "duty",
        "performedPart",
        "unperformPart",
        "qysler",
    }
)
_READ = frozenset(
    {
        "iname",
        "cardNum",
        "caseCode",
        "originalCaseCode",
        "publishDate",
        "regDate",
        "gistId",
        "disruptTypeName",
        "performance",
    }
)
_ABSENT = frozenset({"", "暂无", "无", "-", "—"})
_SEXES = {"男": "男", "男性": "男", "女": "女", "女性": "女"}
_DATE = re.compile(
    r"([0-9]{4})(?:-|/|\.|年)?([0-9]{1,2})(?:-|/|\.|月)?([0-9]{1,2})日?"
    r"(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]+)?)?"
)
_COMPACT_DATE = re.compile(r"[0-9]{8}")
_GROUND_SEPARATOR = re.compile(r"[,，;；]")
_GROUND_WORDS = (
    (ListingGround.ART1_6, ("执行和解",)),
    (ListingGround.ART1_5, ("限制高消费", "限制消费")),
    (ListingGround.ART1_4, ("财产报告",)),
    (ListingGround.ART1_3, ("虚假诉讼", "虚假仲裁", "隐匿", "转移财产", "规避执行")),
    (ListingGround.ART1_2, ("伪造证据", "暴力", "威胁", "抗拒执行")),
    (ListingGround.ART1_1, ("有履行能力",)),
)
_BRACKETS = str.maketrans({"〔": "（", "〕": "）", "[": "（", "]": "）", "【": "（", "】": "）"})
_FULL_WIDTH = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_FULL_WIDTH |= {ord("＊"): ord("*"), ord("－"): ord("-")}
_MASKED = re.compile(r"[0-9A-Z*]{8,20}")
_WHOLE_FLOAT = re.compile(r"([0-9]+)\.0*")
# Members of a text whose syntax is broken; a nested object may hold one of the same name, which then counts as a doubt.
_SCANNED = re.compile(
    r'"(iname|caseCode|cardNum|publishDate)"\s*+:\s*+("(?:[^"\\]++|\\.)*+"|[0-9][0-9.*eE+-]*+)', re.DOTALL
)


def read_record(text: str, *, damage: CodedError | None = None) -> ListRecord:
    """Read one record; what is no strict JSON is read a second time, leniently.

    Args:
        text: JSON text.
        damage: what is known to be wrong with it.

    Returns:
        The record in normal form, with remarks on what could not be read.

    Raises:
        PartlyReadError: what keeps the record from having an effect, although it names its case.
        RefusalError: the same, and it names none.
    """
    try:
        raw: Mapping[str, object] = strict_json.loads_object(text, limits=RECORD_LIMITS)
    except CodedError as error:
        return _second_reading(text, damage or FeedError("feed_record_malformed", reason=in_both_languages(error)))
    # NUL is JSON, but no text of a database.
    return _Reader(lenient_json.read(text, max_characters=MAX_RECORD_CHARACTERS) if "\\u0000" in text else raw).record()


def _second_reading(text: str, defect: CodedError) -> ListRecord:
    try:
        members = lenient_json.read(text, max_characters=MAX_RECORD_CHARACTERS)
        reader = _Reader(members, remark=FeedError("feed_record_defective", reason=in_both_languages(defect)))
    except LenientJSONError:
        # What is found in a text without syntax has no effect, and names a case.
        scanned = Members((found[1], _scanned_value(found[2])) for found in _SCANNED.finditer(text))
        reader = _Reader(scanned, fatal=defect)
    try:
        return reader.record()
    except PartlyReadError as error:
        others = (each for each in error.problems if each is not defect)
        raise PartlyReadError([defect, *others], error.records) from None
    except RefusalError:
        raise RefusalError([defect]) from None


def _scanned_value(text: str) -> str:
    try:
        return str(lenient_json.read(text, max_characters=MAX_RECORD_CHARACTERS))
    except LenientJSONError:
        return text.strip('"')


class _Reader:
    """Reads the fields of one record; collects what it cannot read."""

    def __init__(self, raw: object, *, fatal: CodedError | None = None, remark: CodedError | None = None) -> None:
        self._raw: Mapping[str, object] = raw if isinstance(raw, Mapping) else {}
        self._fatal: list[CodedError] = [fatal] if fatal else []
        self._remarks: list[CodedError] = [remark] if remark else []

    def record(self) -> ListRecord:
        name = self._name()
        case_numbers = self._case_numbers()
        published_on = self._published_on()
        card = self._card()
        if not case_numbers:
            raise RefusalError(self._fatal)
        records = [
            ListRecord(
                name=name or "",
                card=card,
                document=self._document(),
                case_number=case_number,
                original_case_numbers=self._original_case_numbers(),
                published_on=published_on or date.max,
                filed_on=self._date("regDate", self._remarks),
                basis_number=self._text("gistId"),
                grounds=self._grounds(),
                performance=self._performance(),
                details=self._details(),
                remarks=(),
            )
            for case_number in case_numbers
        ]
        if self._fatal:
            raise PartlyReadError(self._fatal, records)
        return replace(records[0], remarks=(*self._remarks, *self._unknown_fields()))

    def _one(self, field: str) -> bool:
        """Whether a field that decides stands there with one value; two of them are for a person to look at."""
        if not isinstance(self._raw, Members) or len(self._raw.spellings(field)) <= 1:
            return True
        self._fatal.append(FeedError("feed_field_twice", field=field))
        return False

    def _text(self, field: str) -> str | None:
        """A field as text without blanks at its ends; None if absent or one of the list's words for absent."""
        value = self._raw.get(field)
        if isinstance(value, bool | list | dict):
            return None
        text = "" if value is None else str(value).replace("\0", UNREADABLE).strip()
        return None if text in _ABSENT else text

    def _name(self) -> str | None:
        if not self._one("iname"):
            return None
        name = self._text("iname")
        if name is None:
            self._fatal.append(FeedError("feed_field_missing", field="iname"))
        elif UNREADABLE in name:
            self._fatal.append(FeedError("feed_field_damaged", field="iname"))
            return None
        return name

    def _case_numbers(self) -> list[AnyCaseNumber]:
        """The case; several if the record says so, and is refused for it."""
        if isinstance(self._raw, Members) and not self._one("caseCode"):
            parsed = (self._parsed_case("caseCode", text, self._fatal) for text in self._raw.spellings("caseCode"))
            return [number for number in parsed if number is not None]
        text = self._text("caseCode")
        if text is None:
            self._fatal.append(FeedError("feed_field_missing", field="caseCode"))
            return []
        number = self._parsed_case("caseCode", text, self._fatal)
        return [] if number is None else [number]

    def _published_on(self) -> date | None:
        if not self._one("publishDate"):
            return None
        if not self._text("publishDate"):
            self._fatal.append(FeedError("feed_field_missing", field="publishDate"))
        return self._date("publishDate", self._fatal)

    def _original_case_numbers(self) -> tuple[AnyCaseNumber, ...]:
        value = self._raw.get("originalCaseCode")
        texts = value if isinstance(value, list) else [self._text("originalCaseCode")]
        numbers = (self._parsed_case("originalCaseCode", str(text), self._remarks) for text in texts if text)
        return tuple(number for number in numbers if number is not None)

    def _parsed_case(self, field: str, text: str, problems: list[CodedError]) -> AnyCaseNumber | None:
        compact = "".join(text.translate(_BRACKETS).split())
        try:
            return parse_case_number(compact, field=field)
        except CaseNumberError as error:
            problems.append(FeedError("feed_case_number_malformed", field=field, reason=in_both_languages(error)))
            return None

    def _date(self, field: str, problems: list[CodedError]) -> date | None:
        text = self._text(field)
        if text is None:
            return None
        found = _DATE.fullmatch(text.translate(_FULL_WIDTH))
        # Without separators only eight digits are one date and no other.
        if found and (_COMPACT_DATE.match(text.translate(_FULL_WIDTH)) or not text[:6].isdigit()):
            try:
                return date(int(found[1]), int(found[2]), int(found[3]))
            except ValueError:
                pass
        problems.append(FeedError("feed_date_malformed", field=field, value=without_personal_numbers(text)[:40]))
        return None

    def _card(self) -> CardNumber | None:
        if not self._one("cardNum"):
            return None
        number = self._card_text()
        if number is None:
            return None
        card = read_card(number)
        if card is None:
            self._remarks.append(FeedError("feed_card_number_malformed", field="cardNum"))
        return card

    def _document(self) -> str | None:
        number = self._card_text()
        return None if number is None or "*" in number or UNREADABLE in number else number

    def _card_text(self) -> str | None:
        text = self._text("cardNum")
        if text is None:
            return None
        number = "".join(text.translate(_FULL_WIDTH).upper().split())
        # As spreadsheets write numbers.
        whole = _WHOLE_FLOAT.fullmatch(number)
        return whole[1] if whole else number

    def _grounds(self) -> tuple[ListingGround, ...]:
        text = self._text("disruptTypeName")
        found: list[ListingGround] = []
        for part in _GROUND_SEPARATOR.split(text) if text else ():
            ground = next((ground for ground, words in _GROUND_WORDS if any(word in part for word in words)), None)
            if ground is not None:
                found.append(ground)
            elif unknown := without_personal_numbers(part.strip())[:60]:
                self._remarks.append(FeedError("feed_ground_unknown", field="disruptTypeName", value=unknown))
        return tuple(sorted(set(found)))

    def _performance(self) -> ListPerformance | None:
        text = self._text("performance")
        if text is None:
            return None
        try:
            return ListPerformance("".join(text.split()))
        except ValueError:
            self._remarks.append(
                FeedError("feed_performance_unknown", field="performance", value=without_personal_numbers(text)[:40])
            )
            return None

    def _details(self) -> dict[str, str]:
        details = {field: text for field in sorted(_DETAILS) if (text := self._text(field)) is not None}
        if "sexy" in details:
            details["sexy"] = _SEXES.get(details["sexy"], details["sexy"])
        return details

    def _unknown_fields(self) -> list[CodedError]:
        return [
            FeedError("feed_field_unknown", field=without_personal_numbers(field)[:60])
            for field in self._raw
            if field not in _READ | _DETAILS
        ]


def read_card(number: str) -> CardNumber | None:
    """Read a card number in whatever form the list shows it.

    Args:
        number: ASCII, capitals, no blanks.

    Returns:
        A resident ID, unified social credit code or organization code, a masked form of one, or None.
    """
    for parse in (_resident_id, _credit_code, _organization_code, _masked_resident_id):
        try:
            return parse(number)
        except IdentityError:
            continue
    hidden = number.replace("-", "")
    return PartlyHidden(hidden) if "*" in hidden and _MASKED.fullmatch(hidden) else None


def _resident_id(number: str) -> Identity:
    return ResidentId.parse(number)


def _credit_code(number: str) -> Identity:
    # Some codes in use fail their check. Digits alone are rather a resident ID with a slip.
    return UnifiedSocialCreditCode.parse(number, allow_failed_check=not number.isdigit())


def _organization_code(number: str) -> Identity:
    return DocumentNumber.parse(IdType.ORG_CODE, number)


def _masked_resident_id(number: str) -> MaskedId:
    return MaskedId.parse(number)
