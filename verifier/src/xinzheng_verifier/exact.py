"""Bytes and texts as they are, whatever a caller's own subclass of them does when it is asked."""

from typing import cast


def exact_data(data: object, *, end: int | None = None) -> bytes | str:
    """The content of an input as plain `bytes` or `str`; no method of a subclass is called.

    Args:
        data: bytes or str, or an instance of a subclass.
        end: how many bytes or signs to take at most; None takes all.

    Raises:
        TypeError: it is neither, even if it says so.
    """
    if issubclass(type(data), bytes):
        return bytes.__getitem__(cast("bytes", data), slice(end))
    return exact_text(data)[:end]


def exact_octets(data: object) -> bytes:
    """As `exact_data`; a text in UTF-8, lone surrogates passed on.

    Raises:
        TypeError: it is neither bytes nor str.
    """
    exact = exact_data(data)
    return exact.encode("utf-8", "surrogatepass") if isinstance(exact, str) else exact


def exact_text(text: object) -> str:
    """The content of a text as plain `str`.

    Raises:
        TypeError: it is no text.
    """
    if not issubclass(type(text), str):
        raise TypeError("data must be bytes or str")
    return str.__str__(cast("str", text))
