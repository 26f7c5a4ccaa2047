"""Answers in JSON."""

import json

from fastapi.responses import JSONResponse


def json_bytes(value: object) -> bytes:
    """JSON in UTF-8. Half a character that somebody sent as an escape is written as that escape: UTF-8 has none."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


class JSONAnswer(JSONResponse):
    """An answer that can be written whatever was sent."""

    def render(self, content: object) -> bytes:
        """The body."""
        return json_bytes(content)
