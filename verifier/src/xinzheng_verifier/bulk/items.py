"""What may be handed in for a batch, and the report on an input that got no answer."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from xinzheng_schemas.identity import Identity
from xinzheng_verifier.errors import UndecidedError
from xinzheng_verifier.limits import MAX_INPUT_BYTES
from xinzheng_verifier.match import IDENTITY_TYPES
from xinzheng_verifier.report import GateClosedError, Record, Report

if TYPE_CHECKING:
    from xinzheng_verifier.verifier import Verifier

WRONG_TYPE: Final = "wrong_type"
"""Reason: neither bytes nor text, or an identity or form that is none."""
PROCESS_ENDED: Final = "process_ended"
"""Reason: the process that judged the input alone came to an end."""
OUT_OF_TIME: Final = "out_of_time"
"""Reason: the process that judged the input alone gave no answer in time."""
ERROR: Final = "error"
"""Reason: the judgement ended with an exception, whose class stands beside it."""


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
    """One input as it travels to a worker: plain types, and never more than is needed to see that it is too large."""

    data: bytes | str
    identity: str | Identity | None = None
    number: str | None = None
    other: bytes | str | None = None
    form: str | None = None


def parcel(thing: object) -> Parcel | None:
    """What to send for one thing of the caller's iterable; None if it is no input at all."""
    if not isinstance(thing, Item):
        data = _bounded(thing)
        return None if data is None else Parcel(data)
    data, other = _bounded(thing.data), _bounded(thing.other)
    texts = all(text is None or type(text) is str for text in (thing.number, thing.form))
    known = thing.identity is None or type(thing.identity) in IDENTITY_TYPES
    if data is None or not texts or not known or (other is None) != (thing.other is None):
        return None
    return Parcel(data, thing.identity, thing.number, other, thing.form)


def _bounded(data: object) -> bytes | str | None:
    """The beginning of an input, one byte or sign longer than is accepted; None if it is neither bytes nor text."""
    if isinstance(data, bytes):
        return bytes(data[: MAX_INPUT_BYTES + 1])
    return str.__str__(data[: MAX_INPUT_BYTES + 1]) if isinstance(data, str) else None


def not_answered(
    verifier: "Verifier", data: bytes | str | None, *, at: datetime, reason: str, error: str | None = None
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
    )


def answer(verifier: "Verifier", item: Parcel, *, at: datetime, now: datetime | None) -> Report | str:
    """The report on one input; the name of the exception's class where there came one instead."""
    try:
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
