"""Inputs of a caller's own classes: whatever they do when asked, they are judged by what they hold, or refused."""

from datetime import UTC, datetime
from typing import Any, NoReturn

import pytest

from xinzheng_verifier import Item, Verifier
from xinzheng_verifier.exact import exact_data, exact_octets, exact_text
from xinzheng_verifier.limits import MAX_INPUT_BYTES
from xinzheng_verifier.receipt import LenderKey, check_receipt, make_receipt
from xinzheng_verifier.testkit import OTHER_PERSON, PERSON, FakeCourt

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
COURT = FakeCourt(now=NOW)
CERTIFICATE = COURT.certificate()
VERIFIER = Verifier(COURT.trust())
_METHODS = (
    *("__len__", "__getitem__", "__iter__", "__contains__", "__eq__", "__ne__", "__lt__", "__add__", "__radd__"),
    *(
        "__bytes__",
        "__buffer__",
        "__str__",
        "__repr__",
        "__format__",
        "__reduce__",
        "__reduce_ex__",
        "__getattribute__",
    ),
    *("startswith", "encode", "decode", "lstrip", "strip", "split", "removeprefix", "__bool__", "__getattribute__"),
)


class _OwnError(Exception):
    pass


def _raise(*_: Any) -> NoReturn:
    raise _OwnError


def raising(kind: type) -> type:
    """A subclass whose every method raises, and whose hash and truth too."""
    methods = dict.fromkeys((*_METHODS, "__hash__"), _raise)
    return type(f"Raising{kind.__name__}", (kind,), {**methods, "__class__": property(_raise)})


class LyingBytes(bytes):
    """Says that it is short, empty, and whatever begins it is asked for."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, _: Any) -> Any:
        return b"{}"

    def startswith(self, *_: Any) -> bool:
        return True

    def __bytes__(self) -> bytes:
        return CERTIFICATE.json


class LyingText(str):
    """Says that it is whatever it is compared with."""

    __slots__ = ()

    def __len__(self) -> int:
        return 2

    def __getitem__(self, _: Any) -> str:
        return CERTIFICATE.jwt

    def __str__(self) -> str:
        return CERTIFICATE.jwt

    def encode(self, *_: Any) -> bytes:
        return CERTIFICATE.jwt.encode()

    def __eq__(self, _: object) -> bool:
        return True

    def __ne__(self, _: object) -> bool:
        return False

    def __hash__(self) -> int:
        return hash(CERTIFICATE.credential["certificateNumber"])

    def strip(self, *_: Any) -> str:
        return PERSON


class Impostor:
    """Says that it is bytes."""

    __class__ = bytes  # type: ignore[assignment]


HONEST = ((CERTIFICATE.jwt, "ok"), (CERTIFICATE.json, "ok"), (b"{}", "proof_missing"), ("x", "form_unknown"))


@pytest.mark.parametrize(("data", "code"), HONEST)
def test_input_that_raises_is_judged_by_what_it_holds(data: bytes | str, code: str) -> None:
    hostile = raising(type(data))(data)
    expected = VERIFIER.report(data, at=NOW)
    report = VERIFIER.report(hostile, at=NOW)
    assert (report, report.code) == (expected, code)
    assert type(report.input_sha256) is str


def test_input_that_lies_is_judged_by_what_it_holds() -> None:
    forged = CERTIFICATE.jwt[:-1] + ("A" if CERTIFICATE.jwt[-1] != "A" else "B")
    assert VERIFIER.report(LyingText(forged), at=NOW) == VERIFIER.report(forged, at=NOW)
    assert VERIFIER.report(LyingBytes(b"x"), at=NOW) == VERIFIER.report(b"x", at=NOW)
    large = LyingBytes(b" " * (MAX_INPUT_BYTES + 1))
    assert VERIFIER.report(large, at=NOW).code == "too_large"
    same = VERIFIER.report(CERTIFICATE.jwt, at=NOW, other=LyingBytes(b"x"))
    assert same.code == "other_form_refused"


def test_number_that_lies_is_compared_by_what_it_holds() -> None:
    report = VERIFIER.report(CERTIFICATE.jwt, at=NOW, number=LyingText("another"), identity=LyingText(OTHER_PERSON))
    problems: Any = report.steps[8].evidence["problems"]
    assert [problem["code"] for problem in problems] == ["identity_mismatch", "number_mismatch"]


def test_receipt_is_compared_with_what_an_input_holds() -> None:
    key = LenderKey.generate()
    receipt = make_receipt(VERIFIER.report(CERTIFICATE.jwt, at=NOW), verifier=VERIFIER, signer=key, made_at=NOW)
    check = check_receipt(receipt, key=key.public_key, data=LyingText("x"))
    assert check.code == "receipt_input_differs"


@pytest.mark.parametrize("workers", [1, 2])
def test_no_class_of_a_caller_stops_a_batch(workers: int) -> None:
    class OwnItem(Item):
        """An item that cannot be looked at."""

        data = property(_raise)

    class Unlooked:
        __class__ = property(_raise)

    things = [
        *(raising(type(data))(data) for data, _ in HONEST),
        LyingBytes(b"x"),
        Item(raising(bytes)(CERTIFICATE.json), other=raising(str)(CERTIFICATE.jwt)),
        object.__new__(OwnItem),
        Unlooked(),
        Impostor(),
        Item(Impostor()),  # type: ignore[arg-type]
        Item(CERTIFICATE.jwt, identity=LyingText(PERSON)),
        CERTIFICATE.jwt,
    ]
    codes = [report.code for report in VERIFIER.report_many(iter(things), at=NOW, workers=workers)]
    assert codes == [*(code for _, code in HONEST), "form_unknown", "ok", *["not_answered"] * 5, "ok"]


@pytest.mark.parametrize(
    "thing", [pytest.param(Impostor(), id="impostor"), 7, None, bytearray(b"{}"), memoryview(b"{}"), ["{}"]]
)
def test_what_is_neither_bytes_nor_text_is_misuse(thing: Any) -> None:
    for exact in (exact_data, exact_octets, exact_text):
        with pytest.raises(TypeError):
            exact(thing)
    with pytest.raises(TypeError):
        VERIFIER.report(thing, at=NOW)


def test_content_is_plain() -> None:
    for data in (raising(bytes)(b"abc"), b"abc"):
        assert (type(exact_data(data)), exact_data(data), exact_data(data, end=2)) == (bytes, b"abc", b"ab")
    for text in (raising(str)("王\ud800"), "王\ud800"):
        assert (type(exact_data(text)), exact_data(text), exact_data(text, end=1)) == (str, "王\ud800", "王")
        assert exact_octets(text) == b"\xe7\x8e\x8b\xed\xa0\x80"
