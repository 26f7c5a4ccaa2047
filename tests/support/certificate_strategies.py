"""Hypothesis strategies for certificates: whatever a court could issue, and much that none would."""

import string
from datetime import UTC
from typing import Any

from hypothesis import strategies as st

from xinzheng_schemas.case_number import CaseNumber, LegacyCaseNumber
from xinzheng_schemas.certificate_number import DefaultNumber
from xinzheng_schemas.court_table import PROVINCES
from xinzheng_schemas.identity import IdCommitment
from xinzheng_schemas.json_schemas import CREDIT_REPAIR_SCHEMA_ID
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.vocabulary import (
    SCOPE_STATEMENT,
    ConsumptionRestrictionStatus,
    IdType,
    ListingGround,
    MaskingGround,
    PerformanceStatus,
    Purpose,
    SubjectKind,
)

DIGITS = string.digits
HAN = "一王李艾鿿枣阳市建筑工程有限公司"
PRINTABLE = HAN + "Az09·’éА𠮷（），。-&\U000e0100\ue000"
SEGMENT = st.text(string.ascii_letters + DIGITS + "-_", min_size=1, max_size=20)
LABEL = st.text(string.ascii_lowercase, min_size=1, max_size=12)
CREDIT_CODE_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def digits(length: int) -> st.SearchStrategy[str]:
    """ASCII digits."""
    return st.integers(0, 10**length - 1).map(lambda number: f"{number:0{length}d}")


def texts(maximum: int) -> st.SearchStrategy[str]:
    """Texts for people, with blanks only inside: ASCII, Chinese, private and supplementary characters."""
    inner = st.text(PRINTABLE + " ", max_size=min(maximum, 40) - 2)
    return st.builds(lambda head, body: (head + body).rstrip(), st.sampled_from(HAN), inner)


def dates() -> st.SearchStrategy[str]:
    """Calendar dates of the years 1 to 9999."""
    return st.dates().map(lambda day: day.isoformat())


def court_codes() -> st.SearchStrategy[str]:
    """Court codes of all four levels."""
    level = st.one_of(st.just(""), digits(2), digits(4))
    return st.one_of(st.just("最高法"), st.builds(str.__add__, st.sampled_from(PROVINCES), level))


def case_numbers(kinds: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Case numbers of both forms, as they are stored."""
    suffix = st.one_of(st.none(), st.text("一二三四五六七八九十", min_size=1, max_size=3))
    present = st.builds(CaseNumber, st.integers(2016, 9999), court_codes(), kinds, st.integers(1, 99_999_999), suffix)
    court = st.text(HAN, max_size=6)
    legacy = st.builds(
        LegacyCaseNumber,
        st.integers(1000, 2015),
        st.builds(str.__add__, court, kinds),
        st.integers(0, 99_999_999),
        st.one_of(st.none(), st.integers(0, 99)),
    )
    return st.one_of(present, legacy.filter(lambda number: "字第" not in number.court_and_type)).map(str)


def enforcement_case_numbers() -> st.SearchStrategy[str]:
    """Case numbers that a listing can belong to."""
    return case_numbers(st.sampled_from(["执", "执恢"]))


def any_case_numbers() -> st.SearchStrategy[str]:
    """Case numbers of any kind."""
    rare = st.text(HAN, min_size=1, max_size=3).filter(lambda kind: "字第" not in kind)
    return case_numbers(st.one_of(st.sampled_from(["执", "民初", "执恢"]), rare))


def masked_numbers(id_type: IdType) -> st.SearchStrategy[str]:
    """Masked numbers as the ID type allows them."""
    shown = st.sampled_from([(10, 4), (6, 8)])
    check = st.sampled_from(DIGITS + "X")
    resident = st.builds(
        lambda mask, number, end: f"{number[: mask[0]]}{'*' * mask[1]}{number[-3:]}{end}", shown, digits(18), check
    )
    letters = st.text(DIGITS + "AZ()-", max_size=4)
    stars = st.integers(4, 16).map(lambda count: "*" * count)
    other = st.builds(lambda start, middle, end: start + middle + end, letters, stars, letters)
    return resident if id_type is IdType.RESIDENT_ID else st.one_of(resident, other)


def commitments() -> st.SearchStrategy[str]:
    """Identity commitments, true or not."""
    half = st.binary(min_size=16, max_size=16)
    return st.builds(IdCommitment, half, half).map(str)


def _letters(length: int) -> st.SearchStrategy[str]:
    return st.text(CREDIT_CODE_LETTERS, min_size=length, max_size=length)


@st.composite
def credit_codes_with_commitments(draw: st.DrawFn) -> dict[str, str]:
    """A unified social credit code, mostly with the commitment to it."""
    start, region, rest = (draw(part) for part in (_letters(2), digits(6), _letters(10)))
    code = start + region + rest
    true = st.binary(min_size=16, max_size=16).map(lambda salt: str(IdCommitment.create(IdType.USCC, code, salt=salt)))
    return {"unifiedSocialCreditCode": code, "idCommitment": draw(st.one_of(true, commitments()))}


@st.composite
def subjects(draw: st.DrawFn) -> dict[str, Any]:
    """`credentialSubject` with any subset of its optional members."""
    id_type = draw(st.sampled_from(IdType))
    if id_type is IdType.USCC:
        identity = draw(credit_codes_with_commitments())
    else:
        identity = {"maskedIdNumber": draw(masked_numbers(id_type)), "idCommitment": draw(commitments())}
    required = {
        "name": texts(200),
        "subjectKind": st.sampled_from([kind.value for kind in SubjectKind]),
        "enforcementCourt": st.fixed_dictionaries(
            {
                "name": texts(200),
                "courtCode": court_codes(),
                "regionCode": digits(6),
            }
        ),
        "enforcementCaseNumber": enforcement_case_numbers(),
        "caseFiledDate": dates(),
        "listingPublishedDate": dates(),
        "listingGround": st.lists(st.sampled_from([ground.value for ground in ListingGround]), min_size=1, unique=True),
        "performanceStatus": st.sampled_from([status.value for status in PerformanceStatus]),
        "masking": st.fixed_dictionaries(
            {
                "serial": texts(100),
                "maskedAt": dates(),
                "approvedAt": dates(),
                "ground": st.sampled_from([ground.value for ground in MaskingGround]),
                "conditional": st.booleans(),
            }
        ),
        "consumptionRestrictionStatus": st.sampled_from([status.value for status in ConsumptionRestrictionStatus]),
        "purpose": st.lists(st.sampled_from([purpose.value for purpose in Purpose]), min_size=1, unique=True),
        "listCheckedAt": timestamps(),
    }
    optional = {
        "originalCaseNumber": st.lists(any_case_numbers(), min_size=1, max_size=4, unique=True),
        "enforcementBasisNumber": st.one_of(any_case_numbers(), texts(100)),
        "basisIssuingBody": texts(100),
        "listingTermEnd": dates(),
        "purposeText": texts(200),
    }
    return {"idType": id_type.value, **identity, **draw(st.fixed_dictionaries(required, optional=optional))}


def timestamps() -> st.SearchStrategy[str]:
    """Timestamps in the one spelling of certificates."""
    return st.datetimes(timezones=st.just(UTC)).map(format_timestamp)


@st.composite
def credentials(draw: st.DrawFn) -> dict[str, Any]:
    """Credentials that `Certificate.from_credential` accepts."""
    subject = draw(subjects())
    host, segment = ".".join(draw(st.lists(LABEL, min_size=1, max_size=3))), draw(SEGMENT)
    issuer = draw(
        st.sampled_from([f"did:web:{host}:did:{segment}", f"did:web:{host}%3A8443:{segment}", f"did:web:{host}"])
    )
    list_number = draw(st.integers(0, 1_000_000))
    usual = {purpose: f"https://{host}/status/{segment}/{list_number}/{purpose}" for purpose in PURPOSES}
    other = {purpose: f"https://{draw(LABEL)}.example:8443/{draw(SEGMENT)}" for purpose in PURPOSES}
    urls = draw(st.sampled_from([usual, other]))
    index = str(draw(st.integers(0, 10**10 - 1)))
    valid_from, valid_until = sorted(draw(st.lists(timestamps(), min_size=2, max_size=2)))
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://xinzheng.example/ns/credit-repair/v1"],
        "id": draw(st.uuids()).urn,
        "type": ["VerifiableCredential", "CreditRepairCredential"],
        "issuer": issuer,
        "validFrom": valid_from,
        "validUntil": valid_until,
        "certificateNumber": draw(_numbers(subject["enforcementCourt"]["courtCode"], int(valid_from[:4]))),
        "scopeStatement": dict(SCOPE_STATEMENT),
        "credentialSubject": subject,
        "credentialSchema": {"id": CREDIT_REPAIR_SCHEMA_ID, "type": "JsonSchema"},
        "credentialStatus": [
            {
                "type": "BitstringStatusListEntry",
                "statusPurpose": purpose,
                "statusListIndex": index,
                "statusListCredential": urls[purpose],
            }
            for purpose in PURPOSES
        ],
    }


PURPOSES = ("revocation", "suspension")


def _numbers(court_code: str, year: int) -> st.SearchStrategy[str]:
    """Certificate numbers: of the default form, with the court's code and year or others, and of other forms."""
    random = st.binary(min_size=8, max_size=8)
    default = st.builds(
        DefaultNumber,
        st.one_of(st.just(court_code), court_codes()),
        st.one_of(st.just(year), st.integers(0, 9999)),
        random,
    ).map(str)
    return st.one_of(default, st.text(HAN + "09Az（）〔〕()._/-", min_size=4, max_size=64))
