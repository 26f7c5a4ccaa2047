"""What a receipt says, as a value and as the JSON object that is signed; read as strictly as it is written."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NoReturn, Self

from xinzheng_schemas.certificate_number import MAX_CHARACTERS
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_verifier.limits import MAX_RECEIPT_ISSUERS
from xinzheng_verifier.policy import Policy
from xinzheng_verifier.receipt.errors import ReceiptError
from xinzheng_verifier.report import STEP_NAMES, Outcome, Report, Verdict

VERSION: Final = 1
_MATCH: Final = 9

_DIGEST: Final = re.compile("[0-9a-f]{64}")
_CODE: Final = re.compile("[a-z0-9]+(?:_[a-z0-9]+)*")
_FORM: Final = re.compile("[a-z0-9][a-z0-9_+.-]{0,63}")
_SHORT: Final = re.compile(r"[^\x00-\x1f\x7f]{1,2048}")


@dataclass(frozen=True, kw_only=True)
class ReceiptStep:
    """What one step of the procedure came to.

    Attributes:
        name: one of the ten names of steps.
        outcome: what it came to.
        code: its reason code.
    """

    name: str
    outcome: Outcome
    code: str

    def to_json(self) -> JSONObject:
        """The step as it stands in the receipt."""
        return {"name": self.name, "outcome": self.outcome.value, "code": self.code}


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What was asked, by what it was judged, and what came of it.

    Attributes:
        made_at: when the receipt was made, by the clock of who made it.
        verifier_version: release of xinzheng-verifier that judged.
        input_sha256: SHA-256 of the input as received, lower-case hex; None if it was too large to be read.
        form: form of the input; None if it was not recognised.
        at: the moment that was asked about, to the microsecond.
        now: the present moment as the verifier was told it; None if it was told none.
        bundle_version: version of the trust bundle; None if trust came from single documents.
        trust_sha256: digest of everything that was trusted, see `trust_digest`.
        policy: the rules, as `recorded`.
        verdict, code: what the report came to.
        steps: the ten steps in order.
        status_as_of: when the oldest status data that was consulted was made; None if none was.
        issuer_id: who signed; None unless the signature holds.
        certificate_number: number of the certificate; None unless the signature holds and it bears one.
        compared: what the credential was compared with, of "identity", "number" and "other"; the ID number itself is
            nowhere.
    """

    made_at: datetime
    verifier_version: str
    input_sha256: str | None
    form: str | None
    at: datetime
    now: datetime | None
    bundle_version: int | None
    trust_sha256: str
    policy: JSONObject
    verdict: Verdict
    code: str
    steps: tuple[ReceiptStep, ...]
    status_as_of: datetime | None
    issuer_id: str | None
    certificate_number: str | None
    compared: tuple[str, ...]

    @classmethod
    def of(cls, report: Report, *, trust_sha256: str, verifier_version: str, made_at: datetime) -> Self:
        """The receipt of a report."""
        steps = tuple(ReceiptStep(name=step.name, outcome=step.outcome, code=step.code) for step in report.steps)
        return cls(
            made_at=made_at.astimezone(UTC),
            verifier_version=verifier_version,
            input_sha256=report.input_sha256,
            form=report.form,
            at=report.at.astimezone(UTC),
            now=None if report.now is None else report.now.astimezone(UTC),
            bundle_version=report.bundle_version,
            trust_sha256=trust_sha256,
            policy=recorded(report.policy),
            verdict=report.verdict,
            code=report.code,
            steps=steps,
            status_as_of=report.status_as_of,
            issuer_id=None if report.issuer is None else report.issuer.id,
            certificate_number=_number(report.claims),
            compared=_compared(report),
        )

    def to_json(self) -> JSONObject:
        """The receipt as it is signed."""
        return {
            "version": VERSION,
            "madeAt": _moment(self.made_at),
            "verifierVersion": self.verifier_version,
            "inputSha256": self.input_sha256,
            "form": self.form,
            "at": _moment(self.at),
            "now": None if self.now is None else _moment(self.now),
            "bundleVersion": self.bundle_version,
            "trustSha256": self.trust_sha256,
            "policy": self.policy,
            "verdict": self.verdict.value,
            "code": self.code,
            "steps": [step.to_json() for step in self.steps],
            "statusAsOf": None if self.status_as_of is None else _moment(self.status_as_of),
            "issuer": self.issuer_id,
            "certificateNumber": self.certificate_number,
            "compared": [*self.compared],
        }

    @classmethod
    def from_json(cls, value: JSONObject) -> Self:
        """Reads the JSON object of a receipt; every member must be there, and no other.

        Raises:
            ReceiptError: `receipt_malformed`, with the member.
        """
        if value.keys() != _MEMBERS:
            _refuse("/")
        if type(value["version"]) is not int or value["version"] != VERSION:
            _refuse("/version")
        steps = _read_steps(value["steps"])
        verdict, code = _decided(steps)
        for member, wanted in (("verdict", verdict.value), ("code", code)):
            if value[member] != wanted:
                _refuse(f"/{member}")
        return cls(
            made_at=_read_moment(value, "madeAt"),
            verifier_version=_read_text(value, "verifierVersion", _SHORT),
            input_sha256=_read_optional(value, "inputSha256", _DIGEST),
            form=_read_optional(value, "form", _FORM),
            at=_read_moment(value, "at"),
            now=None if value["now"] is None else _read_moment(value, "now"),
            bundle_version=_read_version(value),
            trust_sha256=_read_text(value, "trustSha256", _DIGEST),
            policy=_read_policy(value),
            verdict=verdict,
            code=code,
            steps=steps,
            status_as_of=None if value["statusAsOf"] is None else _read_moment(value, "statusAsOf"),
            issuer_id=_read_optional(value, "issuer", _SHORT),
            certificate_number=_read_optional(value, "certificateNumber", _SHORT),
            compared=_read_compared(value, steps),
        )


def recorded(policy: Policy) -> JSONObject:
    """The rules as in the report; of more than `MAX_RECEIPT_ISSUERS` issuers their number and a digest.

    Args:
        policy: the rules.

    Returns:
        Its JSON. The digest is the SHA-256 of the JSON array of the sorted ids, without white space, in ASCII.
    """
    rules = policy.to_json()
    issuers = rules["issuers"]
    if isinstance(issuers, list) and len(issuers) > MAX_RECEIPT_ISSUERS:
        text = json.dumps(issuers, separators=(",", ":"))
        rules["issuers"] = {"count": len(issuers), "sha256": hashlib.sha256(text.encode("ascii")).hexdigest()}
    return rules


_COMPARABLE: Final = ("identity", "number", "other")
_MEMBERS: Final = {
    "version",
    "madeAt",
    "verifierVersion",
    "inputSha256",
    "form",
    "at",
    "now",
    "bundleVersion",
    "trustSha256",
    "policy",
    "verdict",
    "code",
    "steps",
    "statusAsOf",
    "issuer",
    "certificateNumber",
    "compared",
}


def _decided(steps: Sequence[ReceiptStep]) -> tuple[Verdict, str]:
    """Verdict and code that the steps come to, as `Report` has them."""
    for verdict in (Verdict.FAILED, Verdict.INDETERMINATE):
        for step in steps:
            if step.outcome.value == verdict.value:
                return verdict, step.code
    return Verdict.PASSED, "ok"


def _compared(report: Report) -> tuple[str, ...]:
    stated = report.steps[_MATCH - 1].evidence.get("compared", [])
    return tuple(name for name in _COMPARABLE if isinstance(stated, list) and name in stated)


def _read_compared(value: Mapping[str, JSONValue], steps: Sequence[ReceiptStep]) -> tuple[str, ...]:
    """What was compared; nothing, if and only if the step had nothing to examine."""
    stated = value["compared"]
    known = tuple(name for name in _COMPARABLE if isinstance(stated, list) and name in stated)
    if [*known] != stated or bool(known) is (steps[_MATCH - 1].outcome is Outcome.NOT_RUN):
        _refuse("/compared")
    return known


def _number(claims: JSONObject | None) -> str | None:
    """The certificate number; whatever else an issuer may have put in its place is left out."""
    number = (claims or {}).get("certificateNumber")
    return number if isinstance(number, str) and len(number) <= MAX_CHARACTERS and _SHORT.fullmatch(number) else None


def _moment(moment: datetime) -> str:
    """XSD dateTimeStamp in UTC, to the microsecond: a moment cut to seconds could lie in another validity."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def _refuse(field: str) -> NoReturn:
    raise ReceiptError("receipt_malformed", field=field)


def _read_moment(value: Mapping[str, JSONValue], member: str) -> datetime:
    text = value[member]
    try:
        return parse_timestamp(text if isinstance(text, str) else "")
    except CodedError as error:
        raise ReceiptError("receipt_malformed", field=f"/{member}") from error


def _read_text(value: Mapping[str, JSONValue], member: str, pattern: re.Pattern[str]) -> str:
    text = value[member]
    return text if isinstance(text, str) and pattern.fullmatch(text) else _refuse(f"/{member}")


def _read_optional(value: Mapping[str, JSONValue], member: str, pattern: re.Pattern[str]) -> str | None:
    return None if value[member] is None else _read_text(value, member, pattern)


def _read_version(value: Mapping[str, JSONValue]) -> int | None:
    number = value["bundleVersion"]
    if number is None or (type(number) is int and number >= 0):
        return number
    _refuse("/bundleVersion")


def _read_policy(value: Mapping[str, JSONValue]) -> JSONObject:
    policy = value["policy"]
    return policy if isinstance(policy, dict) else _refuse("/policy")


def _read_steps(value: JSONValue) -> tuple[ReceiptStep, ...]:
    if not isinstance(value, list) or len(value) != len(STEP_NAMES):
        _refuse("/steps")
    return tuple(_read_step(step, number) for number, step in enumerate(value))


def _read_step(value: JSONValue, number: int) -> ReceiptStep:
    field = f"/steps/{number}"
    if not isinstance(value, dict) or value.keys() != {"name", "outcome", "code"}:
        _refuse(field)
    name, outcome, code = value["name"], value["outcome"], value["code"]
    if name != STEP_NAMES[number] or not isinstance(outcome, str) or outcome not in [*Outcome]:
        _refuse(field)
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        _refuse(f"{field}/code")
    return ReceiptStep(name=STEP_NAMES[number], outcome=Outcome(outcome), code=code)
