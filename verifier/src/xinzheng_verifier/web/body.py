"""What a request to `/v1/verify` submits: raw body, one file of a multipart form, or a JSON envelope.

The size is bounded while the body arrives; what is larger is refused without being read to its end.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import NoReturn

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from xinzheng_verifier.envelope import ENVELOPE, Envelope, moment, open_envelope
from xinzheng_verifier.limits import BODY_SECONDS, MAX_INPUT_BYTES, MAX_REQUEST_BYTES
from xinzheng_verifier.web.problems import ProblemError

_MULTIPART = "multipart/form-data"
_JSON = "application/json"
_OTHER = "other"
_FIELDS = 3  # identity, at, number
_FILES = 2  # the credential, and its other form


async def read_submission(request: Request) -> Envelope:
    """Reads one request.

    Raises:
        EnvelopeError: `request_malformed`.
        ProblemError: `request_malformed` (400), or as `bounded_body`.
    """
    check_query(request)
    kind = media_type(request)
    wrapped = kind in (_MULTIPART, _JSON)
    body = await bounded_body(request, MAX_REQUEST_BYTES if wrapped else MAX_INPUT_BYTES)
    if kind == _MULTIPART:
        submission = await _from_form(request, body)
    else:
        submission = _from_envelope(body) or Envelope(credential=body)
    return submission if submission.at else replace(submission, at=moment(request.query_params.get("at")))


def check_query(request: Request) -> None:
    """Refuses parameters that would not be looked at, such as a number that somebody takes for compared.

    Raises:
        ProblemError: `request_malformed` (400), a name other than `at`, or `at` twice.
    """
    names = [name for name, _ in request.query_params.multi_items()]
    for name in names:
        if name != "at" or len(names) > 1:
            _refuse(name)


def media_type(request: Request) -> str:
    """The media type of the body without its parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def bounded_body(request: Request, limit: int) -> bytes:
    """The body, read no further than `limit` bytes and no longer than `BODY_SECONDS`.

    Raises:
        ProblemError: `encoding_unsupported` (415), `too_large` (413), `request_timeout` (408).
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise ProblemError("encoding_unsupported", status=415, encoding=encoding[:80])
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise ProblemError("too_large", status=413, limit=limit)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _received(request, limit)
    except TimeoutError as error:
        raise ProblemError("request_timeout", status=408, limit=round(BODY_SECONDS)) from error


async def _received(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ProblemError("too_large", status=413, limit=limit)
    return bytes(body)


def _from_envelope(body: bytes) -> Envelope | None:
    try:
        return open_envelope(body.decode("utf-8"), allowed=ENVELOPE)
    except UnicodeDecodeError:
        return None


async def _from_form(request: Request, body: bytes) -> Envelope:
    """One file under any name, another form of it as the file `other`, the fields `identity`, `at` and `number`.

    A charset other than UTF-8 has no meaning here (RFC 7578, 4.6), and some cannot be decoded at all.
    """
    _, parameters = parse_options_header(request.headers["content-type"])
    if parameters.get(b"charset", b"utf-8").lower() != b"utf-8":
        _refuse("content-type")
    parser = MultiPartParser(request.headers, _once(body), max_files=_FILES, max_fields=_FIELDS)
    try:
        form = await parser.parse()
    except (MultiPartException, FormParserError):
        _refuse("content-type")
    try:
        files = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]
        others = [file for name, file in files if name == _OTHER]
        credentials = [file for name, file in files if name != _OTHER]
        if len(credentials) != 1 or len(others) > 1:
            _refuse("file")
        credential = await credentials[0].read()
        other = await others[0].read() if others else None
    finally:
        await form.close()
    listed = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    fields = dict(listed)
    for name, _ in listed:
        if name not in ENVELOPE - {"credential", _OTHER} or len(fields) != len(listed):
            _refuse(name)
    return Envelope(
        credential=credential,
        identity=fields.get("identity"),
        at=moment(fields.get("at")),
        number=fields.get("number"),
        other=other,
    )


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def _refuse(field: str) -> NoReturn:
    raise ProblemError("request_malformed", status=400, field=field[:80])
