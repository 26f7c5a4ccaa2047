"""Canonical forms of a document: its text by JCS (RFC 8785), its graph by RDFC-1.0."""

import json
from collections.abc import Mapping
from typing import Final, TypeAlias, cast

import rfc8785

from xinzheng_schemas.strict_json import MAX_INTEGER, JSONObject, JSONValue
from xinzheng_verifier.errors import RefusedError
from xinzheng_verifier.secure.algorithms import Canonicalization, HashName

Contexts: TypeAlias = Mapping[str, Mapping[str, JSONValue]]
"""JSON-LD context documents by URL, besides the bundled ones."""


def canonical(
    value: Mapping[str, object], *, method: Canonicalization, hash_name: HashName, contexts: Contexts | None = None
) -> bytes:
    """The canonical form of a document.

    Args:
        value: the document.
        method: "jcs" or "rdfc".
        hash_name: hash with which "rdfc" tells blank nodes apart.
        contexts: for "rdfc".

    Raises:
        RefusedError: as `canonical_json`, or as `rdf.canonical_nquads`.
        UndecidedError: `jsonld_unavailable`.
    """
    if method == "jcs" or hash_name == "sm3":  # no suite has SM3 over RDF
        return canonical_json(dict(value))
    from xinzheng_verifier.secure.rdf import canonical_nquads  # noqa: PLC0415 - compiles contexts, which few need

    return canonical_nquads(cast("JSONObject", dict(value)), contexts=contexts or {}, hash_name=hash_name)


def canonical_json(value: object) -> bytes:
    """The one canonical UTF-8 text of a JSON value.

    Args:
        value: None, bool, int, float, str, list or dict with str keys, nested.

    Raises:
        RefusedError: `number_range` (integer beyond ±(2^53 − 1), NaN, Infinity) or `not_canonical` (lone surrogate,
            foreign type, key that is no string).
    """
    try:
        if _is_plain(value):
            return plain_json(value)
        return rfc8785.dumps(value)  # type: ignore[arg-type]
    except (rfc8785.IntegerDomainError, rfc8785.FloatDomainError) as error:
        raise RefusedError("number_range") from error
    # A lone surrogate in a key leaks as UnicodeEncodeError; deep nesting of a hand-made value as RecursionError.
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise RefusedError("not_canonical") from error


def plain_json(value: object) -> bytes:
    """As `canonical_json`, for a value that is known to hold texts, booleans and null alone, under names in ASCII."""
    return _ENCODER.encode(value).encode("utf-8")


def _is_plain(value: object) -> bool:
    """Whether the encoder of `json`, which runs in C, writes what RFC 8785 asks for.

    It escapes as ECMAScript does (3.2.2.2). It prints floats as Python does, so that there may be none (3.2.2.3), and
    sorts names by code points, which is by UTF-16 units as long as no name leaves ASCII (3.2.3).
    """
    kind = type(value)
    if kind is str:
        return True
    if kind is dict:
        members: dict[object, object] = value  # type: ignore[assignment]
        for name, member in members.items():
            if type(name) is not str or not name.isascii() or not (type(member) is str or _is_plain(member)):
                return False
        return True
    if kind is list:
        elements: list[object] = value  # type: ignore[assignment]
        return all(type(element) is str or _is_plain(element) for element in elements)
    return value is None or kind is bool or (kind is int and -MAX_INTEGER <= value <= MAX_INTEGER)  # type: ignore[operator]


_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
)
