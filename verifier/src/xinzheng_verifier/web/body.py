"""What a request to `/v1/verify` submits: raw body, one file of a multipart form, or a JSON envelope.

The size is bounded while the body arrives; what is larger is refused without being read to its end.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn

from fastapi import Request
from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from xinzheng_schemas import strict_json
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONValue, Limits
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_verifier.limits import MAX_INPUT_BYTES, MAX_REQUEST_BYTES
from xinzheng_verifier.web.problems import ProblemError

_MULTIPART = "multipart/form-data"
_JSON = "application/json"
_ENVELOPE = frozenset({"credential", "identity", "at", "number", "other"})
_OTHER = "other"
_FIELDS = 3  # identity, at, number
_FILES = 2  # the credential, and its other form


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What is to be judged.

    Attributes:
        credential: the bytes or text that was sent.
        identity: full ID number or social credit code to compare; kept for this request only.
        at: the moment asked about; None is now.
        number: certificate number to compare.
        other: the same credential in another form, to compare.
    """

    credential: bytes | str
    identity: str | None = None
    at: datetime | None = None
    number: str | None = None
    other: bytes | str | None = None


async def read_submission(request: Request) -> Submission:
    """Reads one request.

    Raises:
        ProblemError: `too_large` (413) or `request_malformed` (400).
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    wrapped = media_type in (_MULTIPART, _JSON)
    body = await _bounded_body(request, MAX_REQUEST_BYTES if wrapped else MAX_INPUT_BYTES)
    if media_type == _MULTIPART:
        submission = await _from_form(request, body)
    else:
        submission = _from_envelope(body) or Submission(credential=body)
    if submission.at is None and "at" in request.query_params:
        return replace(submission, at=_moment(request.query_params["at"]))
    return submission


async def _bounded_body(request: Request, limit: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise ProblemError("too_large", status=413, limit=limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ProblemError("too_large", status=413, limit=limit)
    return bytes(body)


def _from_envelope(body: bytes) -> Submission | None:
    """The content of `{"credential": …}`; None for anything else, which is then judged as it stands."""
    try:
        envelope = strict_json.loads(body, limits=Limits(max_bytes=MAX_REQUEST_BYTES))
    except CodedError:
        return None
    if not isinstance(envelope, dict) or "credential" not in envelope or "@context" in envelope:
        return None
    for name in envelope:
        if name not in _ENVELOPE:
            _refuse(name)
    return Submission(
        credential=_credential(envelope["credential"], "credential"),
        identity=_optional_text(envelope, "identity"),
        at=None if envelope.get("at") is None else _moment(envelope["at"]),
        number=_optional_text(envelope, "number"),
        other=None if envelope.get(_OTHER) is None else _credential(envelope[_OTHER], _OTHER),
    )


def _credential(value: JSONValue, name: str) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, str) else _refuse(name)


def _optional_text(members: Mapping[str, JSONValue], name: str) -> str | None:
    value = members.get(name)
    return value if value is None or isinstance(value, str) else _refuse(name)


def _moment(value: JSONValue) -> datetime:
    try:
        return parse_timestamp(value if isinstance(value, str) else "")
    except CodedError:
        return _refuse("at")


async def _from_form(request: Request, body: bytes) -> Submission:
    """One file under any name, another form of it as the file `other`, the fields `identity`, `at` and `number`."""
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
    fields: dict[str, JSONValue] = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    for name in fields:
        if name not in _ENVELOPE - {"credential", _OTHER}:
            _refuse(name)
    return Submission(
        credential=credential,
        identity=_optional_text(fields, "identity"),
        at=_moment(fields["at"]) if "at" in fields else None,
        number=_optional_text(fields, "number"),
        other=other,
    )


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def _refuse(field: str) -> NoReturn:
    raise ProblemError("request_malformed", status=400, field=field[:80])
