"""Envelopes: what is inside is taken out byte for byte, and what is none is left as it is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinzheng_verifier.envelope import (
    ENVELOPE,
    LINE,
    Envelope,
    EnvelopeError,
    one_of_many,
    open_envelope,
    raw_batch,
    raw_members,
)
from xinzheng_verifier.limits import MAX_REQUEST_BYTES

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
SPACE = st.text(alphabet=" \t\r\n", max_size=3)


@given(st.dictionaries(st.text(), VALUES), SPACE, SPACE, st.booleans())
def test_members_are_cut_out_as_they_stand(members: dict[str, Any], one: str, other: str, ascii_only: bool) -> None:
    pieces = {name: json.dumps(value, ensure_ascii=ascii_only) for name, value in members.items()}
    spelt = f"{one},{other}".join(f"{json.dumps(name)}{other}:{one}{piece}" for name, piece in pieces.items())
    assert dict(raw_members(f"{one}{{{other}{spelt}{one}}}{other}")) == pieces


@given(st.lists(VALUES), SPACE, SPACE)
def test_elements_are_cut_out_as_they_stand(elements: list[Any], one: str, other: str) -> None:
    pieces = [json.dumps(element) for element in elements]
    array = f"[{other}{f'{other},{one}'.join(pieces)}{one}]"
    assert raw_batch(f'{one}{{"credentials"{other}:{one}{array}{other},"at":7}}{one}', most=len(pieces)) == (
        pieces,
        {"at": "7"},
    )


def _members(text: str) -> dict[str, str]:
    return dict(raw_members(text))


def _elements(text: str) -> list[str] | None:
    elements, others = raw_batch(f'{{"credentials":{text}}}', most=100)
    if others.keys() - {"credentials"}:
        raise ValueError("more than an array")
    return elements


@given(st.text(alphabet='{}[],:"\\ 01ae.', max_size=30))
def test_what_json_refuses_is_refused(text: str) -> None:
    """Against the reader of the standard library, which takes the same grammar but for repeated names."""
    for read, kind in ((_members, dict), (_elements, list)):
        try:
            expected = isinstance(json.loads(text), kind)
        except ValueError:
            expected = False
        try:
            is_taken = read(text) is not None
        except ValueError:
            assert not expected or "twice" in text or kind is dict
        else:
            assert is_taken is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"a":1,}',
        '{"a":1 "b":2}',
        '{"a":1}x',
        "{}{}",
        "{1:2}",
        '{"a":1,"a":2}',
        '{"a":1,"\\u0061":2}',
        '{"a"}',
        '{"a":' + "[" * 100_000,
        "[]",
    ],
)
def test_no_object(text: str) -> None:
    with pytest.raises(ValueError):
        list(raw_members(text))


@pytest.mark.parametrize("text", ["", "[", "[1,]", "[1 2]", "[1]x", "[" * 100_000, '[{"a]', "[[}]", "[[1,]]"])
def test_no_array(text: str) -> None:
    with pytest.raises(ValueError):
        _elements(text)


@pytest.mark.parametrize("text", ["", "[]", '{"credentials":[],"credentials":[]}', '{"credentials":[]}x', "{"])
def test_no_batch(text: str) -> None:
    with pytest.raises(ValueError):
        raw_batch(text, most=1)


def test_of_an_array_that_is_too_long_one_element_more_is_read() -> None:
    assert raw_batch('{"credentials":[1,{},"]",,,', most=2) == (["1", "{}", '"]"'], {})
    assert raw_batch('{"credentials":{}}', most=2) == (None, {"credentials": "{}"})


def test_what_is_longer_than_an_envelope_may_be_is_passed_over_and_not_opened() -> None:
    inside = '{"a":"]}\\"","b":[[]]},'
    long = f"[{inside * (MAX_REQUEST_BYTES // len(inside) + 1)}0 0]"  # as no JSON is: nobody reads it
    assert raw_batch(f'{{"credentials":[7,{long},8],"x":{long}}}', most=3) == (["7", long, "8"], {"x": long})
    envelope = json.dumps({"credential": "x", "id": "y" * MAX_REQUEST_BYTES})
    assert one_of_many(envelope) == Envelope(credential=envelope)
    wide = json.dumps({"credential": "x", "id": "枣" * (MAX_REQUEST_BYTES // 3)}, ensure_ascii=False)
    assert one_of_many(wide) == Envelope(credential=wide)


SPELLINGS = [
    '{"a":1.0,"b":1e2,"c":-0.0}',
    '{ "z" : "\\u0041" }',
    '{"double":1,"double":2}',
    '{"n":NaN}',
    '{"n":123456789012345678901234567890}',
    '{"n":' + "9" * 5_000 + "}",
    '{"half":"\ud800"}',
    '{"half":"\\ud800"}',
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_credential_is_what_was_sent(text: str) -> None:
    """Also what is no strict JSON: that is for the report to say."""
    envelope = open_envelope(f'{{"identity": null, "credential": {text} }}', allowed=ENVELOPE)
    assert envelope == Envelope(credential=text.encode("utf-8", "surrogatepass"))


def test_one_of_many() -> None:
    assert one_of_many('"a.b.c"') == Envelope(credential="a.b.c")
    assert one_of_many('"a.b') == Envelope(credential='"a.b')
    assert one_of_many("a.b.c") == Envelope(credential="a.b.c")
    assert one_of_many('{"@context":[],"credential":"x"}') == Envelope(credential='{"@context":[],"credential":"x"}')
    own = one_of_many('{"credential":"x","identity":"7","id":"loan"}')
    assert own == Envelope(credential="x", identity="7", label="loan")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"credential":7}', "credential"),
        ('{"credential":null}', "credential"),
        ('{"credential":[]}', "credential"),
        ('{"credential":"x","identity":7}', "identity"),
        ('{"credential":"x","id":{}}', "id"),
        ('{"credential":"x","at":"2026-11-23T08:00:00Z"}', "at"),
        ('{"credential":"x","' + "y" * 200 + '":1}', "y" * 80),
    ],
)
def test_envelope_with_something_else_in_it(text: str, field: str) -> None:
    with pytest.raises(EnvelopeError) as caught:
        open_envelope(text, allowed=LINE)
    assert (caught.value.code, caught.value.field) == ("request_malformed", field)
