"""The printed symbol, read back by an independent decoder, and small enough for paper."""

from io import BytesIO

import pytest
import zxingcpp
from PIL import Image

from support.issuers import SimulatedCourt
from support.office import CourtHouse, company_application
from support.samples import company_credential, zaoyang_credential
from xinzheng_issuer.errors import IssuingError
from xinzheng_issuer.issuing.forms import sign_qr
from xinzheng_issuer.issuing.qr_symbol import (
    MODULE_PIXELS,
    QUIET_ZONE_MODULES,
    TARGET_VERSION,
    draw,
    qr_png,
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
