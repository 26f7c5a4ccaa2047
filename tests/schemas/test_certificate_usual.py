"""The fast way of reading a certificate never accepts more than the exact one, and gives the same."""

import copy
import itertools
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.certificate_strategies import credentials
from support.certificates import company_credential, zaoyang_credential
from xinzheng_schemas import _certificate_form as form
from xinzheng_schemas import _certificate_usual as usual
from xinzheng_schemas.certificate import Certificate, CertificateError


def exact(credential: Any) -> dict[str, Any] | None:
    """What the exact way gives; None for a refusal."""
    try:
        return form.read(credential)
    except CertificateError:
        return None


@pytest.mark.parametrize(
    "credential",
    [
        zaoyang_credential(),
        company_credential(),
        zaoyang_credential(originalCaseNumber=None, enforcementBasisNumber=None, basisIssuingBody=None),
        zaoyang_credential(name="王\U000e0100某", maskedIdNumber="420683********001X"),
        zaoyang_credential(idType="passport", maskedIdNumber="E12****789", purposeText="出国"),
        zaoyang_credential(validUntil="2026-11-23T08:00:00Z"),
    ],
)
def test_usual_certificates_go_the_fast_way(credential: dict[str, Any]) -> None:
    assert usual.read(credential) == form.read(credential)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(credentials())
def test_both_ways_give_the_same(credential: dict[str, Any]) -> None:
    assert usual.read(credential) in (None, form.read(credential))
    assert Certificate.problems_of(credential) == ()


def strings_in(value: object) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(strings_in, value.values()))
    return sum(map(strings_in, value)) if isinstance(value, list) else isinstance(value, str)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(credentials())
def test_outline_says_what_the_certificate_says(credential: dict[str, Any]) -> None:
    outline = usual.outline(credential)
    if outline is None:
        return
    exact = form.read(credential)
    subject = exact["subject"]
    assert outline.strings == strings_in(credential)
    assert (outline.issuer, outline.valid_from) == (exact["issuer"], exact["valid_from"])
    assert outline.valid_until == exact["valid_until"]
    assert [(outline.place, url) for url in outline.lists] == [(e["index"], e["list_url"]) for e in exact["status"]]
    free = ("name", "enforcement_basis_number", "basis_issuing_body", "purpose_text")
    texts = [subject[name] for name in free] + [subject["enforcement_court"]["name"], subject["masking"]["serial"]]
    assert sorted(outline.texts) == sorted(text for text in texts if text is not None)


@pytest.mark.parametrize("year", ["0000", "0999", "1000", "1900", "2023", "2024", "9999"])
def test_days_are_those_of_the_calendar(year: str) -> None:
    """But those before the year 1000, which are left to the exact way."""
    for month, day in itertools.product(range(14), range(33)):
        text = f"{year}-{month:02}-{day:02}"
        assert (re.fullmatch(usual._DAY, text) is not None) is (year >= "1000" and is_date(text))


def test_leap_days_are_those_of_the_calendar() -> None:
    for year in range(1000, 10_000):
        text = f"{year}-02-29"
        assert (re.fullmatch(usual._DAY, text) is not None) is is_date(text)


def is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def test_addresses_that_are_known_are_not_matched_again() -> None:
    credential = zaoyang_credential()
    outline = usual.outline_of(credential)
    assert outline is not None
    known = {(outline.issuer, outline.lists)}
    assert usual.outline_of(credential, known) == outline
    for issuer in ("no DID", "did:web:" + "x" * form.MAX_URL):
        strange = credential | {"issuer": issuer}
        assert usual.outline_of(strange, known) is None
        assert exact(strange) is None


def test_unusual_certificates_are_none_the_worse() -> None:
    credential = zaoyang_credential(enforcementCaseNumber="（2014）鄂枣阳执字第1号")  # of the numbering before 2016
    assert not usual.fits(credential)
    assert Certificate.problems_of(credential) == ()


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path to every value below an object or array."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for step, item in steps for found in [(*path, step), *places(item, (*path, step))]]


TEMPLATES = [zaoyang_credential(), company_credential()]
PLACES = [(number, path) for number, template in enumerate(TEMPLATES) for path in places(template)]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 3),
    st.text(max_size=6),
    st.sampled_from(
        [
            *("", "\n", " ", "0", "94567", "2026-02-30", "2026-02-28", "2026-02-30T08:00:00Z", "2020-11-23T08:00:00Z"),
            *("other", "uscc", "residentId", "art1-1", "art10-2", "revocation", "[]"),
            *("（2022）鄂0683执1号", "（2014）鄂枣阳执字第1号", "（2022）鄂0683民初1号", "9142****007M"),
            *([], {}, ["art1-1"], ["art1-1", "art1-1"], ["financing", "x"], [{}, {}], {"en": "x"}),
        ]
    ),
)


def holder(credential: Any, path: tuple[str | int, ...]) -> Any:
    for step in path[:-1]:
        credential = credential[step]
    return credential


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PLACES), VALUES)
def test_one_other_value(place: tuple[int, tuple[str | int, ...]], value: object) -> None:
    number, path = place
    credential = copy.deepcopy(TEMPLATES[number])
    holder(credential, path)[path[-1]] = value
    assert usual.read(credential) in (None, exact(credential))


@pytest.mark.parametrize(("number", "path"), PLACES)
def test_one_value_broken_in_small_ways(number: int, path: tuple[str | int, ...]) -> None:
    original = holder(TEMPLATES[number], path)[path[-1]]
    for value in [f"{original}\n", f"\n{original}", f"{original} ", f"{original}x", [original], {str(original): 1}]:
        credential = copy.deepcopy(TEMPLATES[number])
        holder(credential, path)[path[-1]] = value
        assert usual.read(credential) in (None, exact(credential))


@pytest.mark.parametrize(("number", "path"), PLACES)
def test_one_member_more_or_less(number: int, path: tuple[str | int, ...]) -> None:
    for change in ("delete", "add", "rename"):
        credential = copy.deepcopy(TEMPLATES[number])
        place = holder(credential, path)
        if isinstance(place, dict):
            value = place.pop(path[-1]) if change != "add" else place[path[-1]]
            if change != "delete":
                place[f"{path[-1]}2"] = value
        elif change == "delete":
            place.pop()
        else:
            place.append(place[-1])
        assert usual.read(credential) in (None, exact(credential))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from(PLACES))
def test_two_values_exchanged(one: tuple[int, tuple[str | int, ...]], other: tuple[int, tuple[str | int, ...]]) -> None:
    credential = copy.deepcopy(TEMPLATES[one[0]])
    value = copy.deepcopy(holder(TEMPLATES[other[0]], other[1])[other[1][-1]])
    holder(credential, one[1])[one[1][-1]] = value
    assert usual.read(credential) in (None, exact(credential))


def test_shifted_lines_are_no_certificate() -> None:
    credential = zaoyang_credential()
    credential["id"] += "\n" + credential["issuer"]
    credential["issuer"] = credential["certificateNumber"]
    assert usual.read(credential) is None


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, {"credentialSubject": [], "credentialStatus": 5}])
def test_anything_else_is_left_to_the_exact_way(value: object) -> None:
    assert usual.read(value) is None


def test_sizes_are_those_of_the_tables() -> None:
    required = [member for member in form.SUBJECT.members if member.required]
    assert len(required) + 1 == usual._SUBJECT_MEMBERS
    optional = {member.name for member in form.SUBJECT.members if not member.required}
    assert {name for name, _, _ in usual._OPTIONAL} == optional - {"maskedIdNumber", "unifiedSocialCreditCode"}
