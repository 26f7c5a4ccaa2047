"""JSON Canonicalization Scheme (RFC 8785)."""

import rfc8785

from xinzheng_verifier.errors import RefusedError


def canonical_json(value: object) -> bytes:
    """The one canonical UTF-8 text of a JSON value.

    Args:
        value: None, bool, int, float, str, list or dict with str keys, nested.

    Raises:
        RefusedError: `number_range` (integer beyond ±(2^53 − 1), NaN, Infinity) or `not_canonical` (lone surrogate,
            foreign type, key that is no string).
    """
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]
    except (rfc8785.IntegerDomainError, rfc8785.FloatDomainError) as error:
        raise RefusedError("number_range") from error
    # A lone surrogate in a key leaks as UnicodeEncodeError; deep nesting of a hand-made value as RecursionError.
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise RefusedError("not_canonical") from error
