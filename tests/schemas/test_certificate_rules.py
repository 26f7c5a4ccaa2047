"""The rules across the fields of a certificate, each with a case on either side."""

from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest

from support.certificates import ZAOYANG_ID_NUMBER, company_credential, zaoyang_credential
from xinzheng_schemas.certificate import Certificate, CertificateError, check_rules
from xinzheng_schemas.certificate_rules import (
    china_day,
    has_term,
    masking_fits_listing,
    performance_expected,
    under_age,
)
from xinzheng_schemas.identity import ResidentId
from xinzheng_schemas.vocabulary import ListingGround, MaskingGround, PerformanceStatus


def broken(credential: dict[str, Any], resident_id: ResidentId | None = None) -> dict[str | None, str]:
    """Field to code of every broken rule; empty if none is."""
    try:
        check_rules(Certificate.from_credential(credential), resident_id=resident_id)
    except CertificateError as error:
        return {problem.field: problem.code for problem in error.problems}
    return {}


def masking(**members: Any) -> dict[str, Any]:
    return {**zaoyang_credential()["credentialSubject"]["masking"], **members}


@pytest.mark.parametrize("credential", [zaoyang_credential(), company_credential()])
def test_examples_break_no_rule(credential: dict[str, Any]) -> None:
    assert broken(credential) == {}


# --- who ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "at", "minor"),
    [
        (date(2004, 4, 11), date(2022, 4, 10), True),
        (date(2004, 4, 11), date(2022, 4, 11), False),
        (date(2004, 2, 29), date(2022, 2, 28), True),
        (date(2004, 2, 29), date(2022, 3, 1), False),
        (date(1990, 1, 1), date(2022, 4, 11), False),
    ],
)
def test_full_age_is_reached_on_the_eighteenth_birthday(born: date, at: date, minor: bool) -> None:
    assert under_age(born, at=at) is minor


def test_minor_is_told_by_the_full_number() -> None:
    minor = ResidentId("420683200411231234", date(2004, 11, 23))
    credential = zaoyang_credential(maskedIdNumber="4206832004****1234")
    assert broken(credential, minor) == {"/credentialSubject/listingPublishedDate": "minor_at_listing"}
    assert broken(credential) == {}  # 2004 + 18 = 2022: the masked number alone cannot tell
    assert broken(zaoyang_credential(), ResidentId.parse(ZAOYANG_ID_NUMBER)) == {}


@pytest.mark.parametrize(("masked", "minor"), [("4206832005****1234", True), ("420683********1234", False)])
def test_minor_is_told_by_the_year_of_birth_where_it_shows(masked: str, minor: bool) -> None:
    assert bool(broken(zaoyang_credential(maskedIdNumber=masked))) is minor


def test_digits_of_a_passport_are_no_year_of_birth() -> None:
    assert broken(zaoyang_credential(idType="passport", maskedIdNumber="4206832005****123")) == {}


@pytest.mark.parametrize(("kind", "id_type"), [("organization", "residentId"), ("organization", "passport")])
def test_person_documents_belong_to_persons(kind: str, id_type: str) -> None:
    assert broken(zaoyang_credential(subjectKind=kind, idType=id_type)) == {
        "/credentialSubject/idType": "id_type_contradicts_subject"
    }


def test_credit_code_belongs_to_organizations() -> None:
    assert broken(company_credential(subjectKind="naturalPerson")) == {
        "/credentialSubject/idType": "id_type_contradicts_subject"
    }


# --- listing and masking --------------------------------------------------------------------------------------------


def test_resumed_case_needs_its_original() -> None:
    assert broken(zaoyang_credential(originalCaseNumber=None)) == {
        "/credentialSubject/originalCaseNumber": "original_case_number_missing"
    }
    assert broken(zaoyang_credential(originalCaseNumber=None, enforcementCaseNumber="（2022）鄂0683执123号")) == {}


def test_term_goes_with_the_grounds_that_have_one() -> None:
    assert broken(zaoyang_credential(listingTermEnd="2024-04-11")) == {
        "/credentialSubject/listingTermEnd": "listing_term_unexpected"
    }
    assert "listing_term_missing" in broken(company_credential(listingTermEnd=None)).values()
    assert not has_term([ListingGround.ART1_1])
    assert all(has_term([ListingGround.ART1_1, ground]) for ground in ListingGround if ground.value != "art1-1")


TERM_END = date(2026, 8, 1)
BEFORE, AFTER = date(2026, 8, 1), date(2026, 8, 2)


@pytest.mark.parametrize(
    ("listing", "term_end", "masked_at", "allowed"),
    [
        (ListingGround.ART1_1, None, AFTER, set(MaskingGround) - {"termExpired", "art2EarlyDeletion"}),
        (ListingGround.ART1_2, TERM_END, BEFORE, {MaskingGround.ART2_EARLY_DELETION}),
        (ListingGround.ART1_6, None, AFTER, {MaskingGround.ART2_EARLY_DELETION}),
        (ListingGround.ART1_4, TERM_END, AFTER, set(MaskingGround) - {"art2EarlyDeletion"}),
    ],
)
def test_masking_grounds_that_fit_a_listing(
    listing: ListingGround, term_end: date | None, masked_at: date, allowed: set[MaskingGround]
) -> None:
    fitting = {
        ground
        for ground in MaskingGround
        if masking_fits_listing(ground, listing_grounds=[listing], listing_term_end=term_end, masked_at=masked_at)
    }
    assert fitting == allowed


def test_paid_entry_with_a_running_term_is_not_masked_on_article_10() -> None:
    credential = company_credential(
        masking=masking(ground="art10-1", maskedAt="2026-07-31"), performanceStatus="fullyPerformed"
    )
    assert broken(credential) == {"/credentialSubject/masking/ground": "masking_ground_contradicts_listing"}


@pytest.mark.parametrize(("ground", "status"), list(product(MaskingGround, PerformanceStatus)))
def test_grounds_3_to_7_never_read_as_paid(ground: MaskingGround, status: PerformanceStatus) -> None:
    unpaid = status in {PerformanceStatus.PARTLY_PERFORMED, PerformanceStatus.NOT_PERFORMED}
    if ground in {"art10-3", "art10-4", "art10-5", "art10-6", "art10-7"}:
        assert (status in performance_expected(ground)) is unpaid
    if ground in {"art10-1", "art10-2"}:
        assert not (unpaid and status in performance_expected(ground))


def test_performance_has_to_fit_the_masking_ground() -> None:
    assert broken(zaoyang_credential(masking=masking(ground="art10-4"))) == {
        "/credentialSubject/performanceStatus": "performance_contradicts_masking_ground"
    }
    assert broken(zaoyang_credential(masking=masking(ground="art10-4"), performanceStatus="notPerformed")) == {}


def test_conditional_repair_is_conditional() -> None:
    assert broken(zaoyang_credential(masking=masking(ground="conditionalRepair"))) == {
        "/credentialSubject/masking/conditional": "masking_condition_missing"
    }
    assert broken(zaoyang_credential(masking=masking(ground="conditionalRepair", conditional=True))) == {}


def test_masking_follows_the_listing_and_the_check_follows_the_masking() -> None:
    assert broken(zaoyang_credential(masking=masking(maskedAt="2022-04-10"))) == {
        "/credentialSubject/masking/maskedAt": "masking_before_listing"
    }
    assert broken(zaoyang_credential(masking=masking(maskedAt="2026-11-24"))) == {
        "/credentialSubject/listCheckedAt": "list_check_before_masking"
    }


def test_days_are_days_in_china() -> None:
    # 16:30 UTC on the 22nd is half past midnight on the 23rd.
    credential = zaoyang_credential(masking=masking(maskedAt="2026-11-23"), listCheckedAt="2026-11-22T16:30:00Z")
    assert broken(credential) == {}


# --- texts ----------------------------------------------------------------------------------------------------------


def test_other_purpose_is_put_into_words() -> None:
    assert broken(zaoyang_credential(purpose=["other"])) == {"/credentialSubject/purposeText": "purpose_text_missing"}


@pytest.mark.parametrize("member", ["name", "enforcementBasisNumber", "basisIssuingBody", "purposeText"])
def test_texts_are_composed(member: str) -> None:
    credential = zaoyang_credential()
    credential["credentialSubject"][member] = "Socie\u0301te\u0301"
    assert broken(credential) == {f"/credentialSubject/{member}": "text_not_nfc"}


@pytest.mark.parametrize(
    ("name", "code"),
    [("王\u3164某", "text_invisible"), ("\u2f00某", "text_look_alike"), ("B\u0430nk", "text_mixed_script")],
)
def test_no_court_writes_what_deceives_the_eye(name: str, code: str) -> None:
    assert broken(zaoyang_credential(name=name)) == {"/credentialSubject/name": code}


def test_every_broken_rule_is_told() -> None:
    credential = zaoyang_credential(
        originalCaseNumber=None,
        listingGround=["art1-3"],
        purpose=["other"],
        subjectKind="organization",
        performanceStatus="notPerformed",
    )
    assert len(broken(credential)) == 6


def test_calendar_day_in_china_stays_within_the_calendar() -> None:
    assert china_day(datetime(2026, 11, 22, 16, tzinfo=UTC)) == date(2026, 11, 23)
    assert china_day(datetime(9999, 12, 31, 15, 59, tzinfo=UTC)) == date(9999, 12, 31)
    assert china_day(datetime(9999, 12, 31, 16, tzinfo=UTC)) == date(9999, 12, 31)
