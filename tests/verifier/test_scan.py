"""Pictures of a QR symbol, as a lender's camera or scanner makes them (extra `scan`)."""

import io
import struct
import sys
import zlib

import pytest
import qrcode
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from support.issuers import SimulatedCourt
from xinzheng_verifier import TrustStore, Verdict, Verifier
from xinzheng_verifier.limits import MAX_IMAGE_PIXELS, MAX_INPUT_BYTES


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def verifier(court: SimulatedCourt) -> Verifier:
    return Verifier(TrustStore.from_documents([court.issuer_document()], court.status_lists()))


def symbol(text: str, *, pixels: int = 4) -> Image.Image:
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, box_size=pixels, border=4)
    code.add_data(text)
    picture: Image.Image = code.make_image().get_image().convert("L")
    return picture


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def side_by_side(*pictures: Image.Image) -> Image.Image:
    page = Image.new("L", (sum(p.width for p in pictures), max(p.height for p in pictures)), 255)
    left = 0
    for picture in pictures:
        page.paste(picture, (left, 0))
        left += picture.width
    return page


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_picture_gives_the_same_answer_as_its_text(court: SimulatedCourt, verifier: Verifier, kind: str) -> None:
    text = court.issue().qr
    report = verifier.report(encoded(symbol(text), kind), at=court.now)
    assert (report.code, report.form) == ("ok", "qr")
    assert report.claims == verifier.report(text, at=court.now).claims


def test_tilted_blurred_and_inverted(court: SimulatedCourt, verifier: Verifier) -> None:
    picture = symbol(court.issue().qr, pixels=6)
    tilted = picture.rotate(17, expand=True, fillcolor=255).filter(ImageFilter.GaussianBlur(1))
    inverted = picture.point(lambda value: 255 - value)
    for worse in (tilted, picture.rotate(180), inverted, picture.convert("RGBA"), picture.convert("1")):
        assert verifier.report(encoded(worse), at=court.now).code == "ok"


def test_page_of_print_with_a_symbol_of_48_mm(court: SimulatedCourt, verifier: Verifier) -> None:
    page = Image.new("L", (2480, 3508), 255)  # A4 at 300 dpi
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(36)
    for line in range(60):
        draw.text((200, 200 + 45 * line), "The entry named above was masked on 2026-11-20. " * 2, fill=0, font=font)
    page.paste(symbol(court.issue().qr, pixels=7).resize((567, 567)), (1700, 2850))
    for scan in (page, page.rotate(90, expand=True), page.resize((1240, 1754))):
        assert verifier.report(encoded(scan.convert("1", dither=Image.Dither.NONE)), at=court.now).code == "ok"


def test_grainy_photograph(court: SimulatedCourt, verifier: Verifier) -> None:
    picture = symbol(court.issue().qr, pixels=9)
    grain = Image.effect_noise(picture.size, 60)
    assert verifier.report(encoded(Image.blend(picture, grain, 0.3), "JPEG"), at=court.now).code == "ok"


def test_page_of_finder_patterns_is_answered(court: SimulatedCourt, verifier: Verifier) -> None:
    """Six kilobytes that would keep the scanner busy for more than a minute."""
    pattern = Image.new("L", (9, 9), 255)
    for square, shade in ((range(1, 8), 0), (range(2, 7), 255), (range(3, 6), 0)):
        pattern.paste(shade, (square.start, square.start, square.stop, square.stop))
    page = Image.new("L", (2997, 2997), 255)
    for left in range(0, 2997, 9):
        page.paste(pattern, (left, 0))
    strip = page.crop((0, 0, 2997, 9))
    for top in range(9, 2997, 9):
        page.paste(strip, (0, top))
    assert verifier.report(encoded(page), at=court.now).code == "qr_not_found"


def test_twice_the_same_is_one(court: SimulatedCourt, verifier: Verifier) -> None:
    picture = symbol(court.issue().qr)
    assert verifier.report(encoded(side_by_side(picture, picture)), at=court.now).code == "ok"


def test_two_certificates_are_not_chosen_between(court: SimulatedCourt, verifier: Verifier) -> None:
    other = {"id": "urn:uuid:0192f3a1-7c5e-4b8a-9d1e-3f5a7b9c1d2f"}
    pictures = [symbol(court.issue().qr), symbol(court.issue(other).qr)]
    report = verifier.report(encoded(side_by_side(*pictures)), at=court.now)
    assert report.code == "qr_ambiguous"


def test_other_symbols_are_left_alone(court: SimulatedCourt, verifier: Verifier) -> None:
    address = symbol("https://look-alike.example/verify")
    assert verifier.report(encoded(address), at=court.now).code == "qr_not_found"
    both = side_by_side(address, symbol(court.issue().qr))
    assert verifier.report(encoded(both), at=court.now).code == "ok"
    assert verifier.report(encoded(Image.new("L", (50, 50))), at=court.now).code == "qr_not_found"


def test_damaged_pictures(court: SimulatedCourt, verifier: Verifier) -> None:
    png, jpeg = encoded(symbol("XZ1:")), encoded(symbol("XZ1:"), "JPEG")
    for damaged in (png[:8], png[:40], png[:-300], jpeg[:3], jpeg[:200], png[:60] + bytes(60) + png[120:]):
        assert verifier.report(damaged, at=court.now).code == "image_malformed"


def test_scans_of_a_picture_are_counted_before_any_is_decoded(court: SimulatedCourt, verifier: Verifier) -> None:
    """Ten thousand scans of 23 bytes, each of which passes over nine million pixels: a minute's work."""
    file = io.BytesIO()
    Image.new("L", (3000, 3000), 255).save(file, "JPEG", progressive=True, quality=50)
    picture = file.getvalue()
    last = picture[picture.rindex(b"\xff\xda") : -2]
    bomb = picture[:-2] + last * ((MAX_INPUT_BYTES - len(picture)) // len(last)) + b"\xff\xd9"
    assert verifier.report(bomb, at=court.now).code == "too_complex"
    progressive = io.BytesIO()
    symbol(court.issue().qr).convert("RGB").save(progressive, "JPEG", progressive=True)
    assert verifier.report(progressive.getvalue(), at=court.now).code == "ok"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def empty_png(width: int, height: int) -> bytes:
    head = chunk(b"IHDR", struct.pack(">2I5B", width, height, 1, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + head + rows + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [3001, 10_000, 100_000])
def test_size_is_looked_at_before_any_pixel(court: SimulatedCourt, verifier: Verifier, side: int) -> None:
    assert side * side > MAX_IMAGE_PIXELS
    assert verifier.report(empty_png(side, side), at=court.now).code == "too_large"


@pytest.mark.parametrize("size", [(65_536, 1), (1, 65_536), (9_000_000, 1)])
def test_picture_longer_than_the_scanner_takes(
    court: SimulatedCourt, verifier: Verifier, size: tuple[int, int]
) -> None:
    assert verifier.report(encoded(Image.new("L", size)), at=court.now).code == "too_large"


def test_large_files_are_refused_unread(court: SimulatedCourt, verifier: Verifier) -> None:
    assert verifier.report(encoded(symbol("XZ1:")) + bytes(MAX_INPUT_BYTES), at=court.now).code == "too_large"


@pytest.mark.parametrize("missing", ["zxingcpp", "PIL"])
def test_without_the_extra_the_picture_is_not_judged(
    court: SimulatedCourt, verifier: Verifier, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    picture = encoded(symbol(court.issue().qr))
    monkeypatch.setitem(sys.modules, missing, None)
    report = verifier.report(picture, at=court.now)
    assert (report.verdict, report.code) == (Verdict.INDETERMINATE, "scan_unavailable")
    assert "xinzheng-verifier[scan]" in report.message()
    assert report.claims is None
