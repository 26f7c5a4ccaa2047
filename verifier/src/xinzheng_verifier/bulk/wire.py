"""What goes between the processes of a batch: length-prefixed frames; reports as tuples that pack small.

`marshal` takes half the time of `pickle` for plain values, and both ends are the same interpreter. Nothing here reads
what another program wrote.
"""

import marshal
import pickle
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Final, cast

from xinzheng_schemas import base64url, strict_json
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_schemas.vocabulary import SCOPE_STATEMENT
from xinzheng_verifier.bulk.items import ERROR, Parcel, Sent, not_answered
from xinzheng_verifier.report import (
    STEP_NAMES,
    Findings,
    Outcome,
    Passed,
    PassedLists,
    PassedSigner,
    Report,
    ReportedIssuer,
)
from xinzheng_verifier.trust.digest import TrustIdentity

if TYPE_CHECKING:
    from xinzheng_verifier.verifier import Verifier

WHITE_SPACE: Final = b" \t\r\n"
"""What may follow a certificate."""

_LENGTH: Final = struct.Struct("<Q")
_PICKLED: Final = b"\x80"  # the first byte of a pickle, and of nothing that marshal writes
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


def pack(items: Sequence[Sent], *, with_claims: bool = False) -> bytes:
    """Inputs as they travel to a worker.

    Args:
        items: what is to be judged.
        with_claims: whether the claims of what passes will probably be read.
    """
    bodies = [item for item in items if isinstance(item, bytes)]
    head = _dumped((with_claims, [len(item) if isinstance(item, bytes) else _plain(item) for item in items]))
    return b"".join([_LENGTH.pack(len(head)), head, *bodies])  # in a tenth of the time that marshal takes


def unpack(packed: bytes) -> tuple[bool, list[Sent]]:
    """What `pack` was given: whether claims go along, and the inputs."""
    (length,) = _LENGTH.unpack_from(packed)
    end = _LENGTH.size + length
    with_claims, entries = _loaded(packed[_LENGTH.size : end])
    items: list[Sent] = []
    for entry in entries:
        if isinstance(entry, int):
            items.append(packed[end : end + entry])
            end += entry
        else:
            items.append(Parcel(*entry) if isinstance(entry, tuple) else entry)
    return with_claims, items


class Packer:
    """Packs reports without what the other end knows: policy, names of steps and issuers, moment asked about.

    Args:
        with_claims: whether claims of what passes go along that the other end could read once more from the input.
    """

    def __init__(self, *, with_claims: bool = False) -> None:
        self._with_claims = with_claims
        self._start()

    def _start(self) -> None:
        self._packed: list[object] = []
        self._before = _NOTHING
        self._signers: dict[int, tuple[int, PassedSigner]] = {}
        self._lists: dict[int, tuple[int, PassedLists]] = {}

    def add(self, answer: Report | str) -> None:
        """Packs a report, or the name of an exception's class in place of one."""
        if not isinstance(answer, str) and (passed := answer.__dict__.get("passed")) is not None:
            self._packed.append(self._passed(answer, passed))
        else:
            self._packed.append(_dumped(answer if isinstance(answer, str) else self._report(answer)))

    def frame(self) -> bytes:
        """All that was added since the last time."""
        signers = [tuple(signer) for _, signer in self._signers.values()]
        lists = [(lists.as_of.isoformat(), lists.entries) for _, lists in self._lists.values()]
        frame = marshal.dumps((signers, lists, self._packed))
        self._start()
        return frame

    def _passed(self, report: Report, passed: Passed) -> tuple[object, ...]:
        """A report that passes: what is its own, and the numbers of what others share with it."""
        signer, lists, octets, place, _, compared = passed
        known = self._signers.get(id(signer)) or self._signers.setdefault(id(signer), (len(self._signers), signer))
        kept = self._lists.get(id(lists)) or self._lists.setdefault(id(lists), (len(self._lists), lists))
        claims = marshal.dumps(report.claims) if self._with_claims or signer.form not in _READ_AGAIN else None
        return known[0], kept[0], octets, place, compared, report.input_sha256, claims

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


@dataclass(slots=True)
class Interest:
    """Whether the caller of a batch reads claims.

    Attributes:
        taken: of how many reports, since somebody began to count.
    """

    taken: int = 0

    def take(self, read: Callable[[Any], JSONObject], source: bytes | str) -> JSONObject:
        """The claims of one report, read from what holds them."""
        self.taken += 1
        return read(source)


class Unpacker:
    """Makes reports of what a `Packer` left; steps that are alike are kept once.

    Args:
        verifier: whose reports they are.
        at: the moment asked about.
        now: the present moment, if it was told.

    Attributes:
        interest: in the claims of these reports.
    """

    def __init__(self, verifier: "Verifier", *, at: datetime, now: datetime | None) -> None:
        self.interest = Interest()
        self._verifier = verifier
        self._at = at
        self._now = now
        self._shared = {
            "at": at,
            "now": now,
            "bundle_version": verifier.trust.bundle_version,
            "policy": verifier.policy,
            "trust": TrustIdentity(verifier.trust),
        }
        self._findings = [*_NOTHING]
        self._issuers: dict[str, ReportedIssuer] = {}
        self._moments: dict[str, datetime] = {}

    def unpack_all(self, frame: bytes, inputs: Iterable[bytes | str]) -> Iterator[Report]:
        """The reports as the worker had them; `not_answered` where it had an exception."""
        signers, lists, answers = marshal.loads(frame)  # noqa: S302 - our own process wrote it
        known = [self._signer(*signer) for signer in signers]
        kept = [PassedLists(self._moment(as_of), entries) for as_of, entries in lists]
        take = self.interest.take
        for answer, data in zip(answers, inputs, strict=False):
            if type(answer) is tuple:
                signer, pair, octets, place, compared, sha256, claims = answer
                shown, shared, read_again = known[signer]
                pair = kept[pair]
                own = shared.copy()
                own["passed"] = Passed(shown, pair, octets, place, self._at, compared)
                own["input_sha256"] = sha256
                own["status_as_of"] = pair.as_of
                read, source = (read_again, data) if claims is None else (marshal.loads, claims)
                own["make_claims"] = partial(take, read, source)
                yield Report.of_passed(own)
                continue
            packed = _loaded(answer)
            if isinstance(packed, str):
                yield not_answered(self._verifier, data, at=self._at, now=self._now, reason=ERROR, error=packed)
            else:
                yield self._report(packed)

    def put_off(self, report: Report, data: bytes | str) -> None:
        """Lets go of the claims of a report that passes: they are read once more from the input if they are asked for.

        Claims of a whole chunk that wait for their turn take the processor's caches from the work.

        Args:
            report: of `usual`, on a token or a JSON-LD document.
            data: the input.
        """
        own = report.__dict__
        del own["claims"]
        own["make_claims"] = partial(self.interest.take, _READ_AGAIN[own["form"]], data)

    def _signer(self, *shown: Any) -> tuple[PassedSigner, dict[str, Any], Callable[[Any], JSONObject]]:
        signer = PassedSigner(*shown)
        issuer = self._issuer(signer.issuer)
        shared = {**self._shared, "form": signer.form, "issuer": issuer, "scope_statement": SCOPE_STATEMENT}
        return signer, shared, _READ_AGAIN.get(signer.form, marshal.loads)

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


def _plain(item: str | Parcel) -> object:
    return item if isinstance(item, str) else tuple(item)


def _own(evidence: JSONObject) -> JSONObject:
    """Evidence that no other report shares: what a caller does to one report changes no other."""
    return {name: value if type(value) in _PLAIN_TYPES else deepcopy(value) for name, value in evidence.items()}


def _claims_of_token(data: bytes | str) -> JSONObject:
    _, payload, _ = _octets(data).split(b".")
    return _read(base64url.decode(payload))


def _claims_of_document(data: bytes | str) -> JSONObject:
    claims = _read(_octets(data).rstrip(WHITE_SPACE))
    del claims["proof"]
    return claims


def _read(text: bytes) -> JSONObject:
    """The claims of a text that was found good; `usual` reads no other way."""
    claims, _ = cast("tuple[JSONObject, int]", strict_json.loads_counted(text))
    return claims


def _octets(data: bytes | str) -> bytes:
    return data.encode("utf-8") if isinstance(data, str) else data


_READ_AGAIN: Final[Mapping[str, Callable[[bytes | str], JSONObject]]] = {
    "jsonld": _claims_of_document,
    "jwt": _claims_of_token,
}
"""How the claims of a certificate that passed are read once more from the input, if they are asked for after all."""


def _dumped(value: object) -> bytes:
    try:
        return marshal.dumps(cast("bytes", value))  # what it cannot take is pickled
    except ValueError:
        return pickle.dumps(value)


def _loaded(blob: bytes) -> Any:
    return pickle.loads(blob) if blob[:1] == _PICKLED else marshal.loads(blob)  # noqa: S301, S302 - our own process wrote it
