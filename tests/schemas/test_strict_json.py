"""Strict JSON: what the standard's suite asks, what is refused beyond it, and that hostile texts cost nothing."""

import json
import math
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.repository import ROOT
from xinzheng_schemas import strict_json
from xinzheng_schemas.strict_json import (
    MAX_INTEGER,
    JSONValue,
    Limits,
    StrictJSONError,
    loads,
    loads_counted,
    loads_object,
)

SUITE = ROOT.parent / "shared" / "data" / "json-test-suite" / "test_parsing"
CASES = sorted(SUITE.glob("*.json")) if SUITE.is_dir() else []

needs_suite = pytest.mark.skipif(not CASES, reason="JSONTestSuite is not beside the project")

REFUSED_BY_OUR_RULES = {
    "y_object_duplicated_key.json": "duplicate_member",
    "y_object_duplicated_key_and_value.json": "duplicate_member",
}
"""Texts that RFC 8259 allows; RFC 7493 (I-JSON) section 2.3 wants unique names."""


def code_of(data: bytes | str, limits: Limits = strict_json.LIMITS) -> str:
    with pytest.raises(StrictJSONError) as caught:
        loads(data, limits=limits)
    assert caught.value.message("en") != caught.value.message("zh")
    return caught.value.code


# --- JSONTestSuite --------------------------------------------------------------------------------------------------


def named(prefix: str) -> list[Path]:
    return [path for path in CASES if path.name.startswith(prefix)]


@needs_suite
def test_suite_is_whole() -> None:
    assert [len(named(prefix)) for prefix in ("y_", "n_", "i_")] == [95, 188, 35]


@needs_suite
@pytest.mark.parametrize("path", named("y_"), ids=lambda path: path.stem)
def test_suite_must_parse(path: Path) -> None:
    data = path.read_bytes()
    if path.name in REFUSED_BY_OUR_RULES:
        assert code_of(data) == REFUSED_BY_OUR_RULES[path.name]
    else:
        assert loads(data) == json.loads(data)


@needs_suite
@pytest.mark.parametrize("path", named("n_"), ids=lambda path: path.stem)
def test_suite_must_refuse(path: Path) -> None:
    assert code_of(path.read_bytes()) in {"malformed", "too_complex"}


@needs_suite
@pytest.mark.parametrize("path", named("i_"), ids=lambda path: path.stem)
def test_suite_left_to_us(path: Path) -> None:
    expected = {
        "i_number_double_huge_neg_exp": "accepted",
        "i_number_real_underflow": "accepted",
        "i_structure_500_nested_arrays": "too_complex",
    }
    default = "number_range" if path.name.startswith("i_number") else "malformed"
    assert outcome(path.read_bytes()) == expected.get(path.stem, default)


def outcome(data: bytes) -> str:
    try:
        loads(data)
    except StrictJSONError as error:
        return error.code
    return "accepted"


# --- refused, each with its code ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "malformed"),
        (b"   ", "malformed"),
        (b"{", "malformed"),
        (b"{} {}", "malformed"),
        (b"{},", "malformed"),
        (b"\xef\xbb\xbf{}", "malformed"),
        ("\ufeff{}", "malformed"),
        ('{"a":1}'.encode("utf-16"), "malformed"),
        ('{"a":1}'.encode("utf-32-le"), "malformed"),
        (b'"\xc0\xaf"', "malformed"),
        (b'"\xed\xa0\x80"', "malformed"),
        (b"[NaN]", "malformed"),
        (b'{"a":Infinity}', "malformed"),
        (b"-Infinity", "malformed"),
        (rb'"\ud800"', "malformed"),
        (rb'{"\udc00":1}', "malformed"),
        (rb'["\ude00\ud83d"]', "malformed"),
        ('"\ud800"', "malformed"),
        (b'"a\nb"', "malformed"),
        ("\u00a0{}", "malformed"),
        ("[１]", "malformed"),
        (b'{"a":1,"a":1}', "duplicate_member"),
        (rb'{"issuer":1,"\u0069ssuer":2}', "duplicate_member"),
        (b'[{"x":{"b":1,"c":2,"b":3}}]', "duplicate_member"),
        (b"9007199254740992", "number_range"),
        (b"-9007199254740992", "number_range"),
        (b"1" * 33, "number_range"),
        (b"1e309", "number_range"),
        (b"-1e400", "number_range"),
        (b"0." + b"1" * 200, "number_range"),
    ],
)
def test_refused(data: bytes | str, code: str) -> None:
    assert code_of(data) == code


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b' \t\r\n{"a": [1, 2.5, -0, true, null]} \n', {"a": [1, 2.5, 0, True, None]}),
        (str(MAX_INTEGER).encode(), MAX_INTEGER),
        (str(-MAX_INTEGER).encode(), -MAX_INTEGER),
        (b"1e2", 100.0),
        (rb'"\ud83d\ude00\u0000\/"', "\U0001f600\0/"),
        (rb'"\\ud800"', "\\ud800"),
        ('"枣阳"', "枣阳"),
        ('{"\u00e9":1,"e\u0301":2}', {"\u00e9": 1, "e\u0301": 2}),
        (b'{"__proto__":{"constructor":1}}', {"__proto__": {"constructor": 1}}),
    ],
)
def test_accepted(data: bytes | str, value: JSONValue) -> None:
    assert loads(data) == value


def test_position_points_at_the_fault() -> None:
    for data, position in (
        (b'  {"a":x}', 7),
        (b"[1] x", 3),
        (b'"ab\xff"', 3),
        ("\U0001f600\ud800", 1),
        (rb'["NaN \" Infinity", -Infinity]', 21),
        (rb'{"a":NaN}', 5),
        (rb'["\\ud800 \ud83d\ude00 \n\u0061\ud83dx"]', 31),
        (rb'["\udc00\ud800"]', 2),
    ):
        with pytest.raises(StrictJSONError) as caught:
            loads(data)
        assert caught.value.params["position"] == position


def test_member_order_is_kept() -> None:
    assert list(loads_object(b'{"b":1,"a":2,"c":3}')) == ["b", "a", "c"]


@pytest.mark.parametrize("data", [b"[]", b'"{}"', b"1", b"null", b"true"])
def test_object_wanted(data: bytes) -> None:
    with pytest.raises(StrictJSONError, match="not strict JSON"):
        loads_object(data)


def test_repeated_name_is_shown_only_if_it_is_a_word() -> None:
    with pytest.raises(StrictJSONError, match="name validUntil occurs twice"):
        loads(b'{"validUntil":1,"validUntil":2}')
    number = "42068319900101001X"
    with pytest.raises(StrictJSONError) as caught:
        loads(f'{{"{number}":1,"{number}":2}}')
    assert number not in f"{caught.value} {caught.value!r} {caught.value.message('zh')}"


# --- limits ---------------------------------------------------------------------------------------------------------


def test_depth_is_exact() -> None:
    limits = Limits(max_depth=3)
    assert loads(b'{"a":[{}]}', limits=limits) == {"a": [{}]}
    assert code_of(b'{"a":[{"b":[]}]}', limits) == "too_complex"
    assert loads(b"[[[]],[[]],{}]", limits=limits) == [[[]], [[]], {}]


def test_brackets_inside_strings_are_no_nesting() -> None:
    text = json.dumps(["[" * 50, '\\"' + "{" * 50, "]" * 50])
    assert loads(text) == json.loads(text)
    assert code_of('["\\"' + "[" * 50) == "malformed"
    assert code_of('["' + "[" * 50 + "\\") == "malformed"


def test_members_are_exact() -> None:
    limits = Limits(max_members=4)
    assert loads(b"[1,2,3,4]", limits=limits) == [1, 2, 3, 4]
    assert loads(b'["a,b,c,d,e,f"]', limits=limits) == ["a,b,c,d,e,f"]
    assert code_of(b"[1,2,3,4,5]", limits) == "too_complex"
    assert code_of(b'{"a":[1,2],"b":{"c":1}}', limits) == "too_complex"


def test_size_counts_octets() -> None:
    limits = Limits(max_bytes=8)
    assert loads("[111111]", limits=limits) == [111111]
    assert loads('"枣阳"', limits=limits) == "枣阳"
    for data in (b"[1111111]", "[1111111]", '"枣阳市"', '"枣阳市"'.encode()):
        assert code_of(data, limits) == "too_large"


def test_a_caller_deep_in_the_stack_gets_a_coded_error() -> None:
    deep = Limits(max_depth=1_000_000, max_members=1_000_000)
    assert code_of(b"[" * 100_000, deep) == "too_complex"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"[" * 100_000, "too_complex"),
        (b'{"a":' * 50_000, "too_complex"),
        (b'[{"":' * 33, "too_complex"),
        (b"[" + b"1" * 5_000 + b"]", "number_range"),
        (b"[" + b"-" + b"9" * 200_000 + b"]", "number_range"),
        (b"1e" + b"9" * 200_000, "number_range"),
        (b'"' * 262_143, "malformed"),
        (b'[["' + rb"\"" * 131_000, "malformed"),
        (b"[" * 33 + rb'"\"' * 80_000, "too_complex"),
        (b"\\" * 262_144, "malformed"),
        (b"[[[[,,,,]]]]" * 20_000, "too_complex"),
        (b" " * 5_000_000, "too_large"),
        (b'{"a":1,' * 2 + rb'"\ud800' * 20_000, "malformed"),
    ],
    ids=range(13),
)
def test_hostile_texts_cost_little(data: bytes, code: str) -> None:
    started = time.perf_counter()
    assert code_of(data) == code
    assert time.perf_counter() - started < 1.0


# --- properties -----------------------------------------------------------------------------------------------------

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(VALUES, st.booleans(), st.sampled_from([None, 2]))
def test_round_trip(value: JSONValue, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert loads(text) == loads(text.encode()) == value


@given(st.binary(max_size=200))
def test_random_bytes_give_a_value_or_a_coded_error(data: bytes) -> None:
    outcome(data)


FRAGMENTS = st.sampled_from(
    [
        *'{}[],:" \n\\',
        '"a"',
        '"a":',
        "1",
        "-",
        "0",
        ".5",
        "e9",
        "true",
        "null",
        "NaN",
        "\\u0061",
        "\\ud800",
        "\\udc00",
        "é",
    ]
)


@given(st.lists(FRAGMENTS, max_size=14).map("".join))
@example('{"a":1,"\\u0061":1}')
def test_never_more_lenient_than_the_library_and_never_different(text: str) -> None:
    try:
        value = loads(text)
    except StrictJSONError:
        return
    assert value == json.loads(text)
    json.dumps(value, ensure_ascii=False).encode()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_survive(number: float) -> None:
    assert math.copysign(1, number) * abs(number) == loads(repr(number))


# --- for a reader who counts ------------------------------------------------------------------------------------------


def strings_in(value: object) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(strings_in, value.values()))
    return sum(map(strings_in, value)) if isinstance(value, list) else isinstance(value, str)


def agrees(data: bytes) -> bool:
    """Whether a text is read by counting; then `loads` must give the same, unless the count shows a repeated name."""
    counted = loads_counted(data)
    if counted is None:
        return False
    value, strings = counted
    if strings == strings_in(value):
        assert loads(data) == value
    else:
        assert strings > strings_in(value)
        assert code_of(data) == "duplicate_member"
    return True


TEXTS = st.text(st.characters(exclude_characters='"\\', exclude_categories=("Cc", "Cs")), max_size=6)
PLAIN = st.recursive(
    st.none() | st.booleans() | TEXTS | st.integers(-5, 5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(PLAIN)
def test_counting_gives_what_loads_gives(value: object) -> None:
    assert agrees(json.dumps(value, ensure_ascii=False).encode())


@given(PLAIN, st.sampled_from('{}[]",:0 \\\n\0') | st.text(max_size=2), st.integers(0, 60))
def test_counting_takes_nothing_that_loads_refuses(value: object, new: str, place: int) -> None:
    text = json.dumps(value, ensure_ascii=False)
    place %= len(text) + 1
    agrees((text[:place] + new + text[place:]).encode("utf-8", "surrogatepass"))


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d"]), PLAIN), min_size=2, max_size=5))
def test_repeated_names_show_by_the_count(members: list[tuple[str, object]]) -> None:
    pairs = ",".join(f'"{name}":{json.dumps(value, ensure_ascii=False)}' for name, value in members)
    assert agrees(b"{" + pairs.encode() + b"}")
    assert agrees(b'["",{' + pairs.encode() + b"}]")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" {}",
        b"{} ",
        b'{"a":1,"\\u0061":2}',
        b"[" * 33 + b"]" * 33,
        b"[" * 5000,
        b'["' + b"a" * 16_384 + b'"]',
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":9007199254740993}',
        b'{"a":"\xff"}',
        b"\xef\xbb\xbf{}",
        b'{"a":"\n"}',
    ],
)
def test_whatever_is_not_plain_is_left_to_loads(data: bytes) -> None:
    assert loads_counted(data) is None


@needs_suite
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_suite_is_answered_alike(path: Path) -> None:
    agrees(path.read_bytes())
