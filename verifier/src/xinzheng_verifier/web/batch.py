"""What a request to `/v1/verify/batch` submits, and the answer to it."""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from fastapi import Request

from xinzheng_verifier.bulk.items import OUT_OF_TIME, Item, not_answered
from xinzheng_verifier.envelope import LINE_SPACE, Envelope, moment, one_of_many, raw_batch
from xinzheng_verifier.limits import BATCH_SECONDS, MAX_BATCH_BYTES, MAX_BATCH_ITEMS
from xinzheng_verifier.report import Report, Verdict
from xinzheng_verifier.verifier import Verifier
from xinzheng_verifier.web.answers import json_bytes
from xinzheng_verifier.web.body import bounded_body, check_query, media_type
from xinzheng_verifier.web.problems import ProblemError

_LINE = re.compile(r"[^\n]+")
_LINES = frozenset({"application/jsonl", "application/x-ndjson", "application/x-jsonlines"})


async def read_body(request: Request) -> tuple[str, bool]:
    """The body as text, and whether it is JSON lines.

    Raises:
        ProblemError: `batch_malformed` (400: no UTF-8), or as `bounded_body`.
    """
    check_query(request)
    body = await bounded_body(request, MAX_BATCH_BYTES)
    try:
        return body.decode("utf-8"), media_type(request) in _LINES
    except UnicodeDecodeError as error:
        raise _malformed("utf-8") from error


def answer(current: Callable[[], Verifier], text: str, *, lines: bool, at: str | None, now: datetime) -> bytes:
    """The reports on all credentials of a body, and how many there are of each verdict, as JSON.

    Raises:
        ProblemError: `batch_malformed` (400), `too_many` (413).
        EnvelopeError: `request_malformed`.
    """
    if lines:
        asked = moment(at)
        pieces = (line[0].strip(LINE_SPACE) for line in _LINE.finditer(text))
        envelopes = _bounded(piece for piece in pieces if piece)
    else:
        envelopes, asked = _of_object(text)
        asked = asked or moment(at)
    counts: Counter[str] = Counter(total=len(envelopes), **dict.fromkeys(Verdict, 0))
    reports = []
    answers = _judged(current(), envelopes, at=asked or now, now=now)
    for envelope, report in zip(envelopes, answers, strict=True):
        counts[report.verdict.value] += 1
        label = {} if envelope.label is None else {"id": envelope.label}
        reports.append({**label, **report.to_json()})
    return json_bytes({"reports": reports, "counts": counts})


def _judged(verifier: Verifier, envelopes: Sequence[Envelope], *, at: datetime, now: datetime) -> Iterator[Report]:
    """The reports in order. Time counts while this thread is at work: others take none of it away."""
    items = (Item(envelope.credential, envelope.identity, envelope.number, envelope.other) for envelope in envelopes)
    reports = verifier.report_many(items, at=at, now=now, workers=1)
    began = time.thread_time()
    for envelope in envelopes:
        if time.thread_time() - began < BATCH_SECONDS:
            yield next(reports)
        else:
            yield not_answered(verifier, envelope.credential, at=at, now=now, reason=OUT_OF_TIME)


def _of_object(text: str) -> tuple[list[Envelope], datetime | None]:
    """The content of `{"credentials": […], "at": …}`; what is wrong inside of a credential is for its report to say."""
    try:
        elements, members = raw_batch(text, most=MAX_BATCH_ITEMS)
        asked = json.loads(members.pop("at", "null"))
    except ValueError as error:
        raise _malformed("body") from error
    for name in members:
        raise _malformed(name[:80])
    if elements is None:
        raise _malformed("credentials")
    envelopes = _bounded(elements)
    if not (asked is None or isinstance(asked, str)):
        raise _malformed("at")
    return envelopes, moment(asked)


def _bounded(pieces: Iterable[str]) -> list[Envelope]:
    envelopes = [one_of_many(piece) for piece in islice(pieces, MAX_BATCH_ITEMS + 1)]
    if len(envelopes) > MAX_BATCH_ITEMS:
        raise ProblemError("too_many", status=413, limit=MAX_BATCH_ITEMS)
    return envelopes


def _malformed(field: str) -> ProblemError:
    return ProblemError("batch_malformed", status=400, field=field)
