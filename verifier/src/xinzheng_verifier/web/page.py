"""`GET /`: the page for people. One HTML, one style sheet, one script, all of them from this package."""

import html
import json
from functools import cache
from pathlib import Path
from string import Template
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from xinzheng_schemas.errors import Language
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.limits import MAX_INPUT_BYTES
from xinzheng_verifier.report import Report
from xinzheng_verifier.show.sheet import Sheet, sheet
from xinzheng_verifier.web.language import language_of
from xinzheng_verifier.web.words import PAGE

_STATIC: Final = Path(__file__).parent / "static"
_LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""What the page may do: run its own script, ask its own server. Nothing else, whatever a certificate holds."""

router = APIRouter()


@router.get("/")
async def page(request: Request) -> Response:
    """The page in the language of whoever asks."""
    language = language_of(request)
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Content-Language": language,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Vary": "Accept-Language",
    }
    return Response(_page(language), media_type="text/html", headers=headers)


@router.get("/page.css")
async def style() -> Response:
    """The style sheet of the page."""
    return Response(_file("page.css"), media_type="text/css")


@router.get("/page.js")
async def script() -> Response:
    """The script of the page."""
    return Response(_file("page.js"), media_type="text/javascript")


def shown(report: Report) -> JSONObject:
    """The report, and what the page shows of it, in both languages."""
    return {"report": report.to_json(), "sheet": {language: _plain(sheet(report, language)) for language in _LANGUAGES}}


def _plain(content: Sheet) -> JSONObject:
    return {
        "verdict": content.verdict,
        "message": content.message,
        "rows": [{**row._asdict()} for row in content.rows],
        "steps": [{**step._asdict()} for step in content.steps],
    }


@cache
def _file(name: str) -> str:
    return (_STATIC / name).read_text("utf-8")


@cache
def _page(language: Language) -> str:
    words = {spoken: {word: getattr(text, spoken) for word, text in PAGE.items()} for spoken in _LANGUAGES}
    data = json.dumps({"words": words, "maxBytes": MAX_INPUT_BYTES}, ensure_ascii=False).replace("<", "\\u003c")
    texts = {word: html.escape(text) for word, text in words[language].items()}
    other = "en" if language == "zh" else "zh"
    return Template(_file("page.html")).substitute(texts, lang=language, other=other, data=data)
