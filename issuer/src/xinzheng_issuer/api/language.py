"""Which language a reader asks for (RFC 9110 §12.5.4)."""

from fastapi import Request

from xinzheng_schemas.errors import Language


def preferred_language(request: Request) -> Language:
    """Chinese if `Accept-Language` prefers any `zh` over any `en`; English otherwise."""
    best: Language = "en"
    weight = 0.0
    for part in request.headers.get("accept-language", "").split(","):
        tag, _, parameters = part.strip().lower().partition(";")
        language = tag.partition("-")[0]
        quality = _quality(parameters)
        if language in {"zh", "en"} and quality > weight:
            best, weight = ("zh" if language == "zh" else "en"), quality
    return best


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
