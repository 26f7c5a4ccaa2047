"""The report: one verdict, ten steps, each with outcome, reason code and evidence (after ETSI EN 319 102-1, 5.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from xinzheng_schemas.errors import Language
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import NotApplicableError, RefusedError, UndecidedError, VerifierError
from xinzheng_verifier.messages import explain
from xinzheng_verifier.policy import Policy
from xinzheng_verifier.trust.digest import TrustIdentity

VERSION: Final = 1
"""Version of the JSON form."""

STEP_NAMES: Final = (
    "read",
    "mechanism",
    "issuer",
    "key",
    "signature",
    "shape",
    "time",
    "status",
    "match",
    "policy",
)
"""Names of the steps in their order; step 1 is the first."""


class Verdict(StrEnum):
    """What the report comes to; everything but `passed` means: do not rely on it."""

    PASSED = "passed"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"


class Outcome(StrEnum):
    """What one step came to."""

    PASSED = "passed"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"
    NOT_RUN = "not-run"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the procedure.

    Attributes:
        number: 1 to 10.
        name: one of `STEP_NAMES`.
        outcome: what it came to.
        code: stable reason code; "ok" when passed.
        evidence: JSON values that the outcome rests on.
    """

    number: int
    name: str
    outcome: Outcome
    code: str
    evidence: Mapping[str, JSONValue] = field(default_factory=dict)

    def message(self, language: Language = "en") -> str:
        """One line that explains the outcome."""
        return explain(_retold(self.code, self.evidence), self.evidence, language)

    def to_json(self) -> JSONObject:
        """The step as it stands in the report's JSON form."""
        return {
            "number": self.number,
            "name": self.name,
            "outcome": self.outcome.value,
            "code": self.code,
            "message": {"en": self.message("en"), "zh": self.message("zh")},
            "evidence": dict(self.evidence),
        }


_STATUS: Final = 8
_SINCE: Final = (
    (("ok", "passed"), "revokedSince", "revoked_since"),
    (("ok", "passed"), "suspendedSince", "suspended_since"),
    (("suspended",), "liftedSince", "suspended_then"),
)
"""Codes of the status step, members of its evidence that tell of a later change, and the message for both."""

Finding = tuple[Outcome, str, JSONObject]
"""What came of one step: outcome, reason code, evidence."""

Findings = tuple[Finding, ...]
"""What came of the ten steps, in order."""


class PassedSigner(NamedTuple):
    """What there is to say of the signature of a certificate that passes.

    Attributes:
        form: as in `Report`.
        mechanism: algorithm or suite.
        issuer: id of the issuer.
        keys: names of the key that signed.
    """

    form: str
    mechanism: str
    issuer: str
    keys: tuple[str, ...]


class PassedLists(NamedTuple):
    """What there is to say of the status lists in which a certificate is clear.

    Attributes:
        as_of: when the oldest of them was made.
        entries: of each list what a set bit would mean, its address, and what a report says of it.
    """

    as_of: datetime
    entries: tuple[tuple[str, str, JSONObject], ...]


class Passed(NamedTuple):
    """What the findings of a certificate that passes are made of, once somebody asks for them.

    Attributes:
        signer: who signed.
        lists: the status lists.
        octets: length of the input in bytes.
        place: place in the lists.
        at: the moment that was asked about.
        compared: evidence of what it was compared with; None if nothing was given.
    """

    signer: PassedSigner
    lists: PassedLists
    octets: int
    place: int
    at: datetime
    compared: JSONObject | None

    def findings(self) -> Findings:
        """What came of the ten steps; nothing of it is shared."""
        form, mechanism, issuer, keys = self.signer
        entries: list[JSONValue] = [
            {"purpose": purpose, "index": self.place, "list": url, "code": "ok", **evidence}
            for purpose, url, evidence in self.lists.entries
        ]
        compared: Finding = Outcome.NOT_RUN, "identity_not_given", {}
        if self.compared is not None:
            compared = Outcome.PASSED, "ok", self.compared
        passed: tuple[JSONObject, ...] = (
            {"form": form, "bytes": self.octets},
            {"mechanism": mechanism},
            {"issuer": issuer},
            {"keys": [*keys]},
            {"key": [*keys]},
            {"profile": "court"},
            {"at": format_timestamp(self.at)},
            {"entries": entries},
        )
        return (*[(Outcome.PASSED, "ok", evidence) for evidence in passed], compared, (Outcome.PASSED, "ok", {}))


_NUMBERS: Final = range(1, len(STEP_NAMES) + 1)
_NOT_REACHED: Final[Finding] = (Outcome.NOT_RUN, "not_run", {})


@dataclass(frozen=True, kw_only=True)
class ReportedIssuer:
    """Who signed, as the trust list knows it.

    Attributes:
        id: DID or URL.
        name: {"zh": …, "en": …} from the trust list, never from the credential; None if it bears none.
    """

    id: str
    name: Mapping[str, str] | None

    def to_json(self) -> JSONObject:
        """The issuer as it stands in the report's JSON form."""
        return {"id": self.id, "name": None if self.name is None else dict(self.name)}

    def __getstate__(self) -> dict[str, object]:
        return _without_views(self.__dict__)


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything there is to say about one input at one moment.

    Attributes:
        findings: what came of the ten steps; `steps` shows it.
        form: "jsonld", "jwt", "cose", "qr" or "enveloped"; None if the form was not recognised.
        at: the moment that was asked about.
        input_sha256: SHA-256 of the input as received, lower-case hex; None if it was too large to be read.
        status_as_of: when the oldest status data that was consulted was made; None if none was.
        bundle_version: version of the trust bundle; None if trust came from single documents.
        issuer: who signed; None unless the signature holds.
        claims: the credential as signed, in its JSON-LD form without proof; None unless the signature holds.
        scope_statement: what the credential does not prove, {"zh": …, "en": …}; None for types without one.
        policy: the rules that were applied.
        trust: by what trust it was made; reports that say the same are equal all the same.
        now: the present moment as the verifier was told it; None if it was told none. Likewise.
    """

    findings: Findings
    form: str | None
    at: datetime
    input_sha256: str | None
    status_as_of: datetime | None
    bundle_version: int | None
    issuer: ReportedIssuer | None
    claims: JSONObject | None
    scope_statement: Mapping[Language, str] | None
    policy: Policy
    trust: TrustIdentity = field(repr=False, compare=False)
    now: datetime | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of_passed(cls, values: dict[str, Any]) -> Self:
        """A report on a certificate that passes; as pickle does, since the constructor takes three times as long.

        Args:
            values: its attributes, not copied: in place of `findings` the `Passed` that they are made of once somebody
                asks, as `passed`; in place of `claims` possibly what makes them, as `make_claims`.
        """
        report = object.__new__(cls)
        object.__setattr__(report, "__dict__", values)
        return report

    if not TYPE_CHECKING:  # or it would know every name

        def __getattr__(self, name: str) -> Any:
            """What `of_passed` left to be made when it is asked for; only called for what is not there."""
            known = self.__dict__
            if name == "findings" and "passed" in known:
                known[name] = known["passed"].findings()
            elif name == "claims" and (make := known.get("make_claims")) is not None:
                known[name] = make()
                known["make_claims"] = None
            elif name not in known:  # another thread may have made it since
                raise AttributeError(name)
            return known[name]

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The ten steps in order."""
        return tuple(
            Step(number=number, name=name, outcome=outcome, code=code, evidence=evidence)
            for number, (name, (outcome, code, evidence)) in enumerate(zip(STEP_NAMES, self.findings, strict=True), 1)
        )

    @property
    def verdict(self) -> Verdict:
        """Failed if any step failed, else indeterminate if any could not be decided, else passed."""
        if "passed" in self.__dict__:
            return Verdict.PASSED
        outcomes = {outcome for outcome, _, _ in self.findings}
        if Outcome.FAILED in outcomes:
            return Verdict.FAILED
        if Outcome.INDETERMINATE in outcomes:
            return Verdict.INDETERMINATE
        return Verdict.PASSED

    @property
    def deciding_step(self) -> Step:
        """The first step of the outcome that decides the verdict; of a passed report the last step."""
        for outcome in (Outcome.FAILED, Outcome.INDETERMINATE):
            for step in self.steps:
                if step.outcome is outcome:
                    return step
        return self.steps[-1]

    @property
    def code(self) -> str:
        """Reason code of the deciding step; "ok" when passed."""
        return "ok" if self.verdict is Verdict.PASSED else self.deciding_step.code

    def message(self, language: Language = "en") -> str:
        """One line that explains the verdict; of a moment in the past also what has come of the credential since."""
        if self.verdict is Verdict.PASSED:
            evidence = self.steps[_STATUS - 1].evidence
            return explain(_retold("passed", evidence), evidence, language)
        return self.deciding_step.message(language)

    def to_json(self) -> JSONObject:
        """The report as JSON, in the shape of the JSON Schema `xinzheng_schemas.json_schemas.REPORT_SCHEMA_ID`."""
        return {
            "verdict": self.verdict.value,
            "code": self.code,
            "message": {"en": self.message("en"), "zh": self.message("zh")},
            "steps": [step.to_json() for step in self.steps],
            "form": self.form,
            "at": format_timestamp(self.at),
            "inputSha256": self.input_sha256,
            "statusAsOf": None if self.status_as_of is None else format_timestamp(self.status_as_of),
            "bundleVersion": self.bundle_version,
            "issuer": None if self.issuer is None else self.issuer.to_json(),
            "claims": self.claims,
            "scopeStatement": None if self.scope_statement is None else _plain(self.scope_statement),
            "policy": self.policy.to_json(),
            "version": VERSION,
        }

    def __getstate__(self) -> dict[str, object]:
        return _without_views(self.__dict__)


def _without_views(state: Mapping[str, object]) -> dict[str, object]:
    """Views of mappings do not pickle and cannot be copied; the mappings can."""
    return {name: dict(value) if isinstance(value, MappingProxyType) else value for name, value in state.items()}


def _retold(code: str, evidence: Mapping[str, JSONValue]) -> str:
    """The message of a code where the status at the moment asked about is not the status now."""
    for told, member, message in _SINCE:
        if member in evidence and code in told:
            return message
    return code


def _plain(texts: Mapping[Language, str]) -> JSONObject:
    return {"en": texts["en"], "zh": texts["zh"]}


class GateClosedError(Exception):
    """A step of the gate did not pass; never leaves the procedure."""


_OUTCOMES: Final[Mapping[type[VerifierError], Outcome]] = {
    RefusedError: Outcome.FAILED,
    UndecidedError: Outcome.INDETERMINATE,
    NotApplicableError: Outcome.NOT_RUN,
}


class Record:
    """The steps of one run, as they happen; the context manager of whichever of them runs."""

    def __init__(self) -> None:
        self._findings: dict[int, Finding] = {}
        self._number = 0
        self._is_gate = False
        self._evidence: JSONObject = {}

    def step(self, number: int) -> "Record":
        """A context for the work of one step; what comes of the block is noted, and its refusal goes no further.

        Args:
            number: 1 to 10.

        Returns:
            A context manager that gives an object; what is put into it becomes evidence, whatever comes of the block.
        """
        self._number, self._is_gate = number, False
        return self

    def gate(self, number: int) -> "Record":
        """As `step`, but unless the step passes, leaving the block raises GateClosedError."""
        self._number, self._is_gate = number, True
        return self

    def __enter__(self) -> JSONObject:
        evidence: JSONObject = {}
        self._evidence = evidence
        return evidence

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if error is None:
            self._findings[self._number] = Outcome.PASSED, "ok", self._evidence
            return False
        if not isinstance(error, RefusedError | UndecidedError | NotApplicableError):
            return False
        self._findings[self._number] = _OUTCOMES[type(error)], error.code, {**self._evidence, **error.evidence}
        if self._is_gate:
            raise GateClosedError from error
        return True

    def pass_over(self, number: int, code: str) -> None:
        """Notes a step that has nothing to examine."""
        self._findings[number] = Outcome.NOT_RUN, code, {}

    def failing_code(self) -> str:
        """Reason code of the first step that did not pass; there is one once a gate has closed."""
        return next(code for _, (outcome, code, _) in sorted(self._findings.items()) if outcome is not Outcome.PASSED)

    def complete(self) -> Findings:
        """What came of all ten steps; those that were not reached are not-run."""
        found = self._findings
        return tuple([found.get(number, _NOT_REACHED) for number in _NUMBERS])
