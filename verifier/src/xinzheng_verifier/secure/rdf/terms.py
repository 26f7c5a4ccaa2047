"""RDF terms in the spelling of canonical N-Quads (RDFC-1.0 §5), from the values of JSON."""

import re
from typing import Final

from xinzheng_schemas.strict_json import MAX_INTEGER, JSONValue
from xinzheng_verifier.secure.canonical import canonical_json
from xinzheng_verifier.secure.rdf.refusals import Refusal

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD_BOOLEAN: Final = XSD + "boolean"
XSD_DOUBLE: Final = XSD + "double"
XSD_INTEGER: Final = XSD + "integer"
NATIVE: Final = frozenset(
    XSD + name
    for name in (
        *("boolean", "decimal", "double", "float", "integer", "long", "int", "short", "byte", "nonNegativeInteger"),
        *("positiveInteger", "nonPositiveInteger", "negativeInteger"),
        *("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
    )
)
"""Datatypes whose values JSON has itself (XML Schema 1.1 part 2, 3.3.2 to 3.3.5 and what is derived from them)."""
XSD_STRING: Final = XSD + "string"
RDF_TYPE: Final = f"<{RDF}type>"

# RFC 3987 §2.2 as far as N-Quads can hold it: a scheme, and none of the characters that IRIREF excludes.
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20<>\"{}|^`\\\ud800-\udfff]*")
_BLANK: Final = re.compile(r"_:[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_\-])?")
# RFC 5646 §2.1, as loosely as RDF 1.1 and Turtle read it.
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")

_ECHAR: Final = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_UCHAR: Final = (*range(0x20), 0x7F, 0xFFFE, 0xFFFF)
_ESCAPES: Final = str.maketrans({chr(code): f"\\u{code:04X}" for code in _UCHAR} | _ECHAR)
_NUMBER: Final = re.compile(r"-?[0-9]{1,21}|-?[0-9]\.[0-9]{1,16}E-?[0-9]{1,3}")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_INTEGER_BELOW: Final = 1e21
"""From here on JSON-LD writes an integral number as a double (JSON-LD 1.1 API §8.6)."""


def is_iri(text: object) -> bool:
    """Whether `text` is absolute, and fit to stand between angle brackets."""
    return isinstance(text, str) and _IRI.fullmatch(text) is not None


def is_blank(text: str) -> bool:
    """Whether `text` is a blank node label with its `_:`."""
    return _BLANK.fullmatch(text) is not None


def is_language(text: str) -> bool:
    """Whether `text` is written like a language tag."""
    return _LANGUAGE.fullmatch(text) is not None


def escaped(text: str) -> str:
    """A literal's text as it stands between the quotation marks.

    Raises:
        Refusal: `not_canonical`, half of a surrogate pair has no UTF-8 form.
    """
    if not text.isascii() and _SURROGATE.search(text):
        raise Refusal("not_canonical")
    return text.translate(_ESCAPES)


def number_literal(value: float, datatype: str | None = None) -> str:
    """The literal of a JSON number that is no bool (JSON-LD 1.1 API §8.6).

    Args:
        value: int or float.
        datatype: IRI that the term gives its values; None for that of the number.

    Raises:
        Refusal: `number_range` (integer beyond ±(2^53 − 1), NaN, infinite), `data_loss` (a double that the 16
            digits of the canonical form do not keep).
    """
    if isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise Refusal("number_range")
        integral = datatype != XSD_DOUBLE
    else:
        if value - value != 0:
            raise Refusal("number_range")
        integral = value.is_integer() and abs(value) < _INTEGER_BELOW and datatype != XSD_DOUBLE
    if integral:
        return f'"{int(value)}"^^<{datatype or XSD_INTEGER}>'
    return f'"{_double(float(value))}"^^<{datatype or XSD_DOUBLE}>'


def _double(value: float) -> str:
    """The canonical lexical form of xsd:double, of at most 16 digits (JSON-LD 1.1 API §8.6)."""
    digits, exponent = f"{value:.15E}".split("E")
    whole, fraction = digits.split(".")
    lexical = f"{whole}.{fraction.rstrip('0') or '0'}E{int(exponent)}"
    if float(lexical) != value:
        raise Refusal("data_loss")
    return lexical


def has_twin(text: str, datatype: str | None) -> bool:
    """Whether a number or truth value of JSON gives the very literal that a text gives under this datatype.

    Args:
        text: the text.
        datatype: IRI; only those of numbers and truth values are looked at, a text is due under all others.
    """
    if datatype not in NATIVE:
        return False
    if text in ("true", "false"):
        return True
    if not _NUMBER.fullmatch(text):
        return False
    value = int(text) if "E" not in text and abs(int(text)) <= MAX_INTEGER else float(text)
    try:
        return number_literal(value, datatype) == f'"{text}"^^<{datatype}>'
    except Refusal:
        return False


def boolean_literal(value: bool, datatype: str | None = None) -> str:
    """The literal of true or false."""
    return f'"{"true" if value else "false"}"^^<{datatype or XSD_BOOLEAN}>'


def text_literal(text: str, datatype: str | None = None) -> str:
    """The literal of a text; xsd:string is not written.

    Raises:
        Refusal: `not_canonical`, see `escaped`.
    """
    return f'"{escaped(text)}"' if datatype in (None, XSD_STRING) else f'"{escaped(text)}"^^<{datatype}>'


def json_literal(value: JSONValue) -> str:
    """The literal of a JSON value of type rdf:JSON (JSON-LD 1.1 API §8.6, RFC 8785).

    Raises:
        RefusedError: `number_range` or `not_canonical`, see `canonical_json`.
    """
    return f'"{escaped(canonical_json(value).decode("utf-8"))}"^^<{RDF}JSON>'
