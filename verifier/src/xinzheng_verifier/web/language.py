"""The language of whoever asks."""

import re
from typing import Final

from fastapi import Request

from xinzheng_schemas.errors import Language

_WISH: Final = re.compile(r"\s*(zh|en)(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?))?\s*", re.IGNORECASE)


def language_of(request: Request) -> Language:
    """The language asked for by `?lang=`, else the one that `Accept-Language` (RFC 9110, 12.5.4) ranks first.

    Returns:
        "zh" or "en"; "en" where neither is asked for.
    """
    asked = request.query_params.get("lang")
    if asked in ("zh", "en"):
        return "zh" if asked == "zh" else "en"
    wishes = map(_WISH.fullmatch, request.headers.get("accept-language", "").split(","))
    ranked = {match[1].lower(): float(match[2] or 1) for match in reversed([*wishes]) if match is not None}
    return "zh" if ranked.get("zh", 0) > 0 and ranked["zh"] >= ranked.get("en", 0) else "en"
