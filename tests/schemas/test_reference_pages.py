"""The reference pages of the certificate and of its QR form say what the code does."""

import re

import pytest

from support.certificates import company_credential, zaoyang_credential
from support.repository import ROOT
from xinzheng_schemas import _qr_values, qr_profile
from xinzheng_schemas.certificate_rules import check_rules
from xinzheng_schemas.vocabulary import (
    ConsumptionRestrictionStatus,
    IdType,
    ListingGround,
    MaskingGround,
    PerformanceStatus,
    Purpose,
    SubjectKind,
)

CERTIFICATE = (ROOT / "docs" / "reference" / "certificate.md").read_text("utf-8")
QR_PROFILE = (ROOT / "docs" / "reference" / "qr-profile.md").read_text("utf-8")


def rows(text: str) -> list[list[str]]:
    """Cells of all table rows."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


def test_every_place_of_the_body_is_described() -> None:
    described = [
        cells[1].strip("`").split(".")[-1] for cells in rows(QR_PROFILE) if cells[0].isdigit() and cells[1][0] == "`"
    ]
    assert described == ["enforcementCourt", "credentialStatus", *(slot.name for slot in qr_profile._SLOTS)]


def test_cddl_has_as_many_places() -> None:
    body = re.search(r"^body = \[\n(.*?)^\]", QR_PROFILE, re.DOTALL | re.MULTILINE)
    assert body is not None
    assert len(body[1].splitlines()) == 2 + len(qr_profile._SLOTS)


def test_kinds_of_case_are_listed_in_their_order() -> None:
    listed = re.search(r"position in this list: (.*?), or a text", QR_PROFILE, re.DOTALL)
    assert listed is not None
    assert tuple(listed[1].split()) == _qr_values.CASE_TYPES


@pytest.mark.parametrize("credential", [zaoyang_credential(), company_credential()])
def test_every_member_of_the_subject_is_described(credential: dict[str, dict[str, object]]) -> None:
    described = set(re.findall(r"`(\w+)`", "".join(cells[2] for cells in rows(CERTIFICATE) if len(cells) == 5)))
    assert credential["credentialSubject"].keys() <= described


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("subjectKind", SubjectKind),
        ("idType", IdType),
        ("performanceStatus", PerformanceStatus),
        ("consumptionRestrictionStatus", ConsumptionRestrictionStatus),
        ("purpose", Purpose),
    ],
)
def test_values_stand_in_the_order_of_the_vocabulary(name: str, kind: type[SubjectKind]) -> None:
    cells = next(cells for cells in rows(CERTIFICATE) if len(cells) == 2 and cells[0] == f"`{name}`")
    assert re.findall(r"`([\w-]+)`", cells[1]) == [member.value for member in kind]


def test_numbered_grounds_are_the_first_values() -> None:
    assert [ground.value for ground in ListingGround] == [f"art1-{number}" for number in range(1, 7)]
    assert [ground.value for ground in MaskingGround][:7] == [f"art10-{number}" for number in range(1, 8)]


def test_every_rule_is_described() -> None:
    codes = re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", (check_rules.__doc__ or "").partition("Raises:")[2])
    assert [code for code in codes if f"`{code}`" not in CERTIFICATE] == []
