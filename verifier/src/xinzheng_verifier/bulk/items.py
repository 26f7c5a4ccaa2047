"""What may be handed in for a batch, and the report on an input that got no answer."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, cast

from xinzheng_schemas.identity import Identity
from xinzheng_verifier.errors import UndecidedError
from xinzheng_verifier.exact import exact_data
from xinzheng_verifier.limits import MAX_INPUT_BYTES
from xinzheng_verifier.match import IDENTITY_TYPES
from xinzheng_verifier.report import GateClosedError, Record, Report
from xinzheng_verifier.trust.digest import TrustIdentity

if TYPE_CHECKING:
    from xinzheng_verifier.verifier import Verifier

_KEPT: Final = MAX_INPUT_BYTES + 1  # bytes or signs: never more than is needed to see that it is too large

WRONG_TYPE: Final = "wrong_type"
"""Reason: neither bytes nor text, or an identity or form that is none."""
PROCESS_ENDED: Final = "process_ended"
"""Reason: the process that judged the input alone came to an end."""
OUT_OF_TIME: Final = "out_of_time"
"""Reason: the process that judged the input alone gave no answer in time, or those before it in an HTTP request took
all the time that there is for one."""
ERROR: Final = "error"
"""Reason: the judgement ended with an exception, whose class stands beside it."""


class Pause(Enum):
    """The type of `PAUSE`."""

    NOTHING_YET = "nothing yet"


PAUSE: Final = Pause.NOTHING_YET
"""What a source may give in place of an input, in a short while and again and again, as long as it has none: the
answers that are ready do not wait for the next one. It gets no report."""


@dataclass(frozen=True, slots=True)
class Item:
    """One input of a batch that comes with more than its bytes.

    Attributes:
        data: a credential in any form, as `Verifier.report` takes it.
        identity: full ID number or social credit code of who presents this one.
        number: certificate number to compare.
        other: the same credential in another form, to compare.
        form: accept this form only; None detects it.
    """

    data: bytes | str
    identity: str | Identity | None = None
    number: str | None = None
    other: bytes | str | None = None
    form: str | None = None

    def __repr__(self) -> str:
        # A full number must not reach a log by way of a traceback.
        return f"Item({type(self.data).__name__}, form={self.form!r})"


class Parcel(NamedTuple):
    """An `Item` as it travels to a worker: plain types, and never more than is needed to see that it is too large."""

    data: bytes | str
    identity: str | Identity | None = None
    number: str | None = None
    other: bytes | str | None = None
    form: str | None = None


Sent: TypeAlias = bytes | str | Parcel
"""One input as it travels to a worker: a credential by itself, or with what came with it."""


def parcel(thing: object) -> Sent | None:
    """What to send for one thing of the caller's iterable; None if it is no input at all, or raises when looked at."""
    try:
        if issubclass(type(thing), Item):  # `isinstance` would ask the thing itself
            return _parcel(cast("Item", thing))
        return exact_data(thing, end=_KEPT)
    except Exception:  # noqa: BLE001 - the caller's own classes may do anything; the other inputs are answered
        return None


def _parcel(item: Item) -> Parcel | None:
    texts = all(text is None or type(text) is str for text in (item.number, item.form))
    if not texts or not (item.identity is None or type(item.identity) in IDENTITY_TYPES):
        return None
    other = None if item.other is None else exact_data(item.other, end=_KEPT)
    return Parcel(exact_data(item.data, end=_KEPT), item.identity, item.number, other, item.form)


def not_answered(
    verifier: "Verifier",
    data: bytes | str | None,
    *,
    at: datetime,
    now: datetime | None,
    reason: str,
    error: str | None = None,
) -> Report:
    """The report on an input that nothing is known of: step 1 is indeterminate, `not_answered`."""
    record, evidence = Record(), {} if error is None else {"error": error}
    with suppress(GateClosedError), record.gate(1):
        raise UndecidedError("not_answered", reason=reason, **evidence)
    octets = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return Report(
        findings=record.complete(),
        form=None,
        at=at,
        input_sha256=None if octets is None or len(octets) > MAX_INPUT_BYTES else hashlib.sha256(octets).hexdigest(),
        status_as_of=None,
        bundle_version=verifier.trust.bundle_version,
        issuer=None,
        claims=None,
        scope_statement=None,
        policy=verifier.policy,
        trust=TrustIdentity(verifier.trust),
        now=now,
    )


def data_of(item: Sent) -> bytes | str:
    """The credential itself."""
    return item.data if isinstance(item, Parcel) else item


def answer(verifier: "Verifier", item: Sent, *, at: datetime, now: datetime | None) -> Report | str:
    """The report on one input; the name of the exception's class where there came one instead."""
    try:
        if not isinstance(item, Parcel):
            return verifier.report(item, at=at, now=now)
        return verifier.report(
            item.data,
            at=at,
            identity=item.identity,
            number=item.number,
            other=item.other,
            form=item.form,
            now=now,
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the other inputs are answered
        return type(error).__name__
