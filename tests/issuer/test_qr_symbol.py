"""The printed symbol, read back by an independent decoder, and small enough for paper."""

import secrets
from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from support.issuers import SimulatedCourt
from support.office import CourtHouse, code, company_application, masking
from support.samples import company_credential, zaoyang_credential
from xinzheng_issuer.casework.applications import draft_sha256
from xinzheng_issuer.errors import IssuingError
from xinzheng_issuer.issuing.forms import sign_qr
from xinzheng_issuer.issuing.qr_symbol import (
    MODULE_PIXELS,
    QUIET_ZONE_MODULES,
    TARGET_VERSION,
    draw,
    qr_png,
    require_fits,
    size_warning,
    version_of,
)
from xinzheng_issuer.logs import configure_logs

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
# ISO/IEC 18004 table 7: alphanumeric characters that version 13 and version 40 hold with error correction M
CAPACITY_13_M = 483
CAPACITY_40_M = 3391


def read(png: bytes) -> str:
    with Image.open(BytesIO(png)) as picture:
        [found] = zxingcpp.read_barcodes(picture)
    assert found.format == zxingcpp.BarcodeFormat.QRCode
    assert found.ec_level == "M"
    return found.text


@pytest.mark.parametrize("credential", [zaoyang_credential(), company_credential()], ids=["person", "company"])
def test_a_certificate_fits_into_version_13_and_is_read_back(credential: dict[str, object]) -> None:
    court = SimulatedCourt()
    text = sign_qr(credential, court.certificate_signer, court=court.court)
    assert len(text) <= CAPACITY_13_M
    symbol = draw(text)
    assert symbol.version <= 13
    assert size_warning(symbol.version) is None
    assert read(symbol.png) == text


def test_every_character_of_the_alphabet_survives() -> None:
    assert read(qr_png(ALPHABET)) == ALPHABET


@pytest.mark.parametrize(
    ("length", "version"),
    [(CAPACITY_13_M, TARGET_VERSION), (CAPACITY_13_M + 1, TARGET_VERSION + 1), (CAPACITY_40_M, 40)],
)
def test_the_version_is_the_smallest_that_holds_the_text(length: int, version: int) -> None:
    symbol = draw("A" * length)
    assert symbol.version == version
    assert version_of("A" * length) == version
    assert (size_warning(version) is None) is (version <= TARGET_VERSION)


def test_the_picture_has_its_quiet_zone() -> None:
    symbol = draw("XZ1:A")
    modules = 17 + 4 * symbol.version + 2 * QUIET_ZONE_MODULES
    with Image.open(BytesIO(symbol.png)) as picture:
        assert picture.format == "PNG"
        assert picture.size == (modules * MODULE_PIXELS, modules * MODULE_PIXELS)
        rim = QUIET_ZONE_MODULES * MODULE_PIXELS
        ink = picture.convert("L").point(lambda level: 255 - level).getbbox()
    assert ink == (rim, rim, modules * MODULE_PIXELS - rim, modules * MODULE_PIXELS - rim)


def test_what_no_symbol_holds_is_refused() -> None:
    with pytest.raises(IssuingError) as too_large:
        version_of("A" * (CAPACITY_40_M + 1))
    assert too_large.value.code == "qr_too_large"
    with pytest.raises(IssuingError) as unlaid:
        require_fits("A" * (CAPACITY_40_M + 1))
    assert unlaid.value.code == "qr_too_large"
    require_fits("A" * CAPACITY_40_M)
    for text in ("xz1:abc", "证明", "XZ1:A\n"):
        with pytest.raises(IssuingError) as invalid:
            draw(text)
        assert invalid.value.code == "qr_text_invalid"


def test_the_seal_operator_is_told_of_a_symbol_that_is_too_large(
    house: CourtHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("warning")
    small = house.issue(house.approved())
    assert (small["qrVersion"], small["warnings"]) == (13, [])
    long = company_application(
        name="湖北省枣阳市华兴建筑工程有限责任公司",
        purpose=["bidding"],
        purposeText="参加襄阳市某道路改造工程施工招标的投标人资格审查",
    )
    case = house.approved(long)
    chinese = {"Accept-Language": "zh"}
    large = house.post(f"{case}/issuance", {}, "sealOperator", headers=chinese).json()
    assert large["qrVersion"] == 15
    [warning] = large["warnings"]
    assert (warning["code"], warning["field"]) == ("qr_large", "credential.qr.png")
    assert "二维码版本为 15" in warning["detail"]
    number = large["certificateNumber"]
    assert '"event": "qr_large"' in capsys.readouterr().err
    assert house.get(f"/api/v1/certificates/{number}").json()["qrVersion"] == 15
    png = house.get(f"/api/v1/certificates/{number}/credential.qr.png").content
    assert read(png) == house.get(f"/api/v1/certificates/{number}/credential.qr.txt").text


def rare(length: int) -> str:
    """Names of rare characters (CJK Extension B), which no compression makes shorter."""
    return "".join(chr(0x20000 + secrets.randbelow(0xA6D7)) for _ in range(length))


def overlong() -> dict[str, Any]:
    return company_application(
        name=rare(200),
        purpose=["financing", "bidding", "other"],
        purposeText=rare(199),
        enforcementBasisNumber=rare(100),
        basisIssuingBody=rare(99),
        enforcementCaseNumber="（2022）鄂0683执恢2088号",
        originalCaseNumber=[f"（2021）鄂{place}01执{place}77{place}号" for place in range(10, 26)],
    )


def test_a_certificate_that_no_symbol_holds_is_refused_when_it_is_confirmed(house: CourtHouse) -> None:
    case = house.apply(overlong())
    body = masking(house.clock.now, maskingSerial=rare(98))
    answer = house.post(f"{case}/masking-confirmation", body, "judge", headers={"Accept-Language": "zh"})
    assert code(answer) == (422, "qr_too_large")
    assert "3391" in answer.json()["detail"]
    assert house.get(case).json()["state"] == "applied"


def test_nothing_that_no_symbol_holds_is_signed(house: CourtHouse) -> None:
    """An older release confirmed and approved it."""
    case = house.approved(company_application())
    with house.issuer.office.writing() as store:
        row = store.case(case.rpartition("/")[2])
        row.name, row.purpose_text, row.basis_number, row.masking_serial = rare(200), rare(199), rare(100), rare(98)
        row.basis_issuing_body = rare(99)
        row.original_case_numbers = overlong()["originalCaseNumber"]
        row.case_number = "（2022）鄂0683执恢2088号"
        row.approved_draft_sha256 = draft_sha256(row)
        store.add(row)
    assert code(house.post(f"{case}/issuance", {}, "sealOperator")) == (422, "qr_too_large")
    assert house.get(case).json()["state"] == "approved"
    assert house.get("/api/v1/certificates").json()["items"] == []
    with house.issuer.office.reading() as store:
        assert len(store.set_indexes(1, "revocation")) == 1


def test_one_certificate_without_a_symbol_hides_no_other(house: CourtHouse) -> None:
    """Releases that looked at the symbol too late left such a one in force."""
    number = house.certificate()["certificateNumber"]
    other = house.certificate(company_application())["certificateNumber"]
    with house.issuer.office.writing() as store:
        row = store.issued_certificate(number)[0]
        row.credential_qr = "XZ1:" + "A" * CAPACITY_40_M
        store.add(row)
    shown = {each["certificateNumber"]: each for each in house.get("/api/v1/certificates").json()["items"]}
    assert shown[number]["qrVersion"] is None
    assert [warning["code"] for warning in shown[number]["warnings"]] == ["qr_too_large"]
    assert shown[other]["qrVersion"] == 13
    assert house.get(f"/api/v1/certificates/{number}").status_code == 200
