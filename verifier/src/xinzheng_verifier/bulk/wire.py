"""What goes between the processes of a batch: length-prefixed frames; reports as tuples that pack small.

`marshal` takes half the time of `pickle` for plain values, and both ends are the same interpreter. Nothing here reads
what another program wrote.
"""

import marshal
import pickle
import struct
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, Final, cast

from xinzheng_schemas.strict_json import JSONObject
from xinzheng_schemas.vocabulary import SCOPE_STATEMENT
from xinzheng_verifier.bulk.items import ERROR, not_answered
from xinzheng_verifier.report import STEP_NAMES, Findings, Outcome, Report, ReportedIssuer
from xinzheng_verifier.trust.digest import TrustIdentity

if TYPE_CHECKING:
    from xinzheng_verifier.verifier import Verifier

_LENGTH: Final = struct.Struct("<Q")
_PICKLED: Final = b"\x80"  # the first byte of a pickle, and of nothing that marshal writes
_PLAIN: Final = 2  # the last version of marshal that looks for no object twice
_NOTHING: Final[Findings] = ((Outcome.NOT_RUN, "", {}),) * len(STEP_NAMES)
_OUTCOMES: Final = {outcome.value: outcome for outcome in Outcome}
_PLAIN_TYPES: Final = frozenset({str, int, bool, type(None)})
_Changes = Sequence[tuple[int, str, str, JSONObject]]


def write_frame(stream: IO[bytes], payload: bytes) -> None:
    """Writes one frame and sees it off.

    Raises:
        OSError: the other end is gone.
    """
    left = memoryview(_LENGTH.pack(len(payload)) + payload)
    while left:  # a stream without buffer may take a part only
        left = left[stream.write(left) :]
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next frame; None when the other end is gone, in the middle of a frame or between two."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    payload = stream.read(length)
    return payload if len(payload) == length else None


class Packer:
    """Packs reports without what the other end knows: policy, names of steps and issuers, moment asked about."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._before = _NOTHING

    def add(self, answer: Report | str) -> None:
        """Packs a report, or the name of an exception's class in place of one."""
        self._packed.append(_dumped(answer if isinstance(answer, str) else self._report(answer)))

    def frame(self) -> bytes:
        """All that was added since the last time."""
        frame, self._packed, self._before = marshal.dumps(self._packed, _PLAIN), [], _NOTHING
        return frame

    def _report(self, report: Report) -> tuple[object, ...]:
        """One report; of its findings only those that differ from the report before."""
        as_of, issuer = report.status_as_of, report.issuer
        before, findings = self._before, report.findings
        self._before = findings
        return (
            [(place, step[0].value, step[1], step[2]) for place, step in enumerate(findings) if step != before[place]],
            report.form,
            report.input_sha256,
            None if as_of is None else as_of.isoformat(),
            None if issuer is None else issuer.id,
            report.claims,
            report.scope_statement is not None,
        )


class Unpacker:
    """Makes reports of what a `Packer` left; steps that are alike are kept once.

    Args:
        verifier: whose reports they are.
        at: the moment asked about.
    """

    def __init__(self, verifier: "Verifier", *, at: datetime) -> None:
        self._verifier = verifier
        self._at = at
        self._shared = {
            "at": at,
            "bundle_version": verifier.trust.bundle_version,
            "policy": verifier.policy,
            "trust": TrustIdentity(verifier.trust),
        }
        self._findings = [*_NOTHING]
        self._issuers: dict[str, ReportedIssuer] = {}
        self._moments: dict[str, datetime] = {}

    def unpack_all(self, frame: bytes, inputs: Iterable[bytes | str]) -> Iterator[Report]:
        """The reports as the worker had them; `not_answered` where it had an exception."""
        for blob, data in zip(marshal.loads(frame), inputs, strict=False):  # noqa: S302 - our own process wrote it
            packed = _loaded(blob)
            if isinstance(packed, str):
                yield not_answered(self._verifier, data, at=self._at, reason=ERROR, error=packed)
            else:
                yield self._report(packed)

    def _report(
        self,
        packed: tuple[_Changes, str | None, str | None, str | None, str | None, JSONObject | None, bool],
    ) -> Report:
        changed, form, sha256, as_of, issuer, claims, is_scoped = packed
        report = object.__new__(Report)
        # As pickle does: the constructor of a frozen class takes three times as long.
        report.__dict__.update(
            self._shared,
            findings=self._all_findings(changed),
            form=form,
            input_sha256=sha256,
            status_as_of=None if as_of is None else self._moment(as_of),
            issuer=None if issuer is None else self._issuer(issuer),
            claims=claims,
            scope_statement=SCOPE_STATEMENT if is_scoped else None,
        )
        return report

    def _all_findings(self, changed: _Changes) -> Findings:
        """The findings of the report before with what changed; the first report of a frame brings all ten."""
        for place, outcome, code, evidence in changed:
            self._findings[place] = _OUTCOMES[outcome], code, evidence
        return tuple([(outcome, code, _own(evidence)) for outcome, code, evidence in self._findings])

    def _issuer(self, issuer_id: str) -> ReportedIssuer:
        if issuer_id not in self._issuers:
            trusted = self._verifier.trust.issuer(issuer_id)
            name = None if trusted is None else trusted.name
            self._issuers[issuer_id] = ReportedIssuer(id=issuer_id, name=name)
        return self._issuers[issuer_id]

    def _moment(self, text: str) -> datetime:
        if text not in self._moments:
            self._moments[text] = datetime.fromisoformat(text)
        return self._moments[text]


def _own(evidence: JSONObject) -> JSONObject:
    """Evidence that no other report shares: what a caller does to one report changes no other."""
    return {name: value if type(value) in _PLAIN_TYPES else deepcopy(value) for name, value in evidence.items()}


def _dumped(value: object) -> bytes:
    try:
        return marshal.dumps(cast("bytes", value))  # what it cannot take is pickled
    except ValueError:
        return pickle.dumps(value)


def _loaded(blob: bytes) -> Any:
    return pickle.loads(blob) if blob[:1] == _PICKLED else marshal.loads(blob)  # noqa: S301, S302 - our own process wrote it
