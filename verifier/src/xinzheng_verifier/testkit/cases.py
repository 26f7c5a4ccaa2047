"""The catalogue: what can be wrong with a credential, each time with the verdict and code that a verifier must give."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from xinzheng_schemas.strict_json import JSONValue
from xinzheng_verifier.policy import Policy
from xinzheng_verifier.report import Report, Verdict
from xinzheng_verifier.testkit.credentials import FakeCredential
from xinzheng_verifier.testkit.keys import COMPANY, OTHER_PERSON, PERSON, KeyName
from xinzheng_verifier.trust.store import TrustStore
from xinzheng_verifier.verifier import Verifier

if TYPE_CHECKING:
    from xinzheng_verifier.testkit.court import FakeCourt
    from xinzheng_verifier.testkit.issuer import FakeIssuer, FakeParty

_DAY, _YEAR = timedelta(days=1), timedelta(days=365)
_LOOK_ALIKE: Final = "1ook-alike.example"


class Situation(StrEnum):
    """What a case is about."""

    GOOD = "good"
    GOOD_COMPANY = "good-company"
    NO_STATUS = "no-status"
    IDENTITY_MATCHES = "identity-matches"
    RETIRED_KEY = "retired-key"
    TAMPERED = "tampered"
    FORGED = "forged"
    UNKNOWN_ISSUER = "unknown-issuer"
    COMPROMISED_KEY = "compromised-key"
    SIGNED_AFTER_RETIREMENT = "signed-after-retirement"
    UNEXPLAINED_MEMBER = "unexplained-member"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    REVOKED = "revoked"
    REVOKED_SINCE = "revoked-since"
    SUSPENDED_THEN = "suspended-then"
    SUSPENDED = "suspended"
    WRONG_PERSON = "wrong-person"
    ISSUER_NOT_ACCEPTED = "issuer-not-accepted"
    TYPE_NOT_ACCEPTED = "type-not-accepted"
    UNREADABLE = "unreadable"
    STATUS_STALE = "status-stale"
    STATUS_UNAVAILABLE = "status-unavailable"
    IDENTITY_MISTYPED = "identity-mistyped"


_PASSED, _FAILED, _UNDECIDED = Verdict.PASSED, Verdict.FAILED, Verdict.INDETERMINATE

EXPECTED: Final[Mapping[Situation, tuple[Verdict, str]]] = {
    Situation.GOOD: (_PASSED, "ok"),
    Situation.GOOD_COMPANY: (_PASSED, "ok"),
    Situation.NO_STATUS: (_PASSED, "ok"),
    Situation.IDENTITY_MATCHES: (_PASSED, "ok"),
    Situation.RETIRED_KEY: (_PASSED, "ok"),
    Situation.TAMPERED: (_FAILED, "signature_invalid"),
    Situation.FORGED: (_FAILED, "signature_invalid"),
    Situation.UNKNOWN_ISSUER: (_FAILED, "issuer_untrusted"),
    Situation.COMPROMISED_KEY: (_FAILED, "key_compromised"),
    Situation.SIGNED_AFTER_RETIREMENT: (_FAILED, "key_expired"),
    Situation.UNEXPLAINED_MEMBER: (_FAILED, "data_loss"),
    Situation.EXPIRED: (_FAILED, "expired"),
    Situation.NOT_YET_VALID: (_FAILED, "not_yet_valid"),
    Situation.REVOKED: (_FAILED, "revoked"),
    Situation.REVOKED_SINCE: (_PASSED, "ok"),
    Situation.SUSPENDED_THEN: (_FAILED, "suspended"),
    Situation.SUSPENDED: (_FAILED, "suspended"),
    Situation.WRONG_PERSON: (_FAILED, "identity_mismatch"),
    Situation.ISSUER_NOT_ACCEPTED: (_FAILED, "policy_issuer"),
    Situation.TYPE_NOT_ACCEPTED: (_FAILED, "policy_type"),
    Situation.UNREADABLE: (_FAILED, "form_unknown"),
    Situation.STATUS_STALE: (_UNDECIDED, "status_stale"),
    Situation.STATUS_UNAVAILABLE: (_UNDECIDED, "status_unavailable"),
    Situation.IDENTITY_MISTYPED: (_UNDECIDED, "identity_malformed"),
}
"""Verdict and code of each situation, in whatever form."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One input, what to judge it by, and the answer that it must get.

    Attributes:
        situation: what it is about.
        form: "jsonld", "jwt" or "qr"; None for an input that is no credential.
        data: the input.
        trust: whom to trust.
        policy: the rules.
        at: the moment to ask about.
        now: the present moment; later than `at` where the case is about the past.
        identity: what the person at the desk gave as their number; None if they were not asked.
        verdict, code: what the report must come to.
    """

    situation: Situation
    form: str | None
    data: bytes | str
    trust: TrustStore
    policy: Policy
    at: datetime
    now: datetime
    identity: str | None
    verdict: Verdict
    code: str

    @property
    def name(self) -> str:
        """Situation and form, to tell cases apart in the output of a test runner."""
        return self.situation.value if self.form is None else f"{self.situation.value}-{self.form}"

    def report(self) -> Report:
        """What the verifier says of it."""
        verifier = Verifier(self.trust, policy=self.policy)
        return verifier.report(self.data, at=self.at, now=self.now, identity=self.identity)


class _Issue(Protocol):
    """What `FakeCourt.certificate` and `FakeIssuer.credential` have in common."""

    def __call__(
        self,
        *,
        valid_from: datetime | None = ...,
        valid_until: datetime | None = ...,
        key: KeyName = ...,
        changes: Mapping[str, JSONValue] | None = ...,
        forged: bool = ...,
        tampered: bool = ...,
    ) -> FakeCredential: ...


@dataclass(frozen=True, kw_only=True)
class _Desk:
    """Who makes the cases.

    Attributes:
        party: the issuer that is trusted.
        issue: issues one of its credentials.
        stranger: issues one of another issuer, whose name looks alike.
        policy: the policy that lets its credentials pass.
    """

    party: "FakeParty"
    issue: _Issue
    stranger: _Issue
    policy: Policy

    @property
    def now(self) -> datetime:
        return self.party.now


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """One situation: its forms, and what is other than usual; None is the party's trust at the end, and its `now`."""

    forms: Mapping[str, bytes | str]
    trust: TrustStore | None = None
    rules: Mapping[str, object] = field(default_factory=dict)
    identity: str | None = None
    at: datetime | None = None


_Recipe = Callable[[_Desk], _Plan]


def _plain(desk: _Desk) -> _Plan:
    return _Plan(forms=desk.issue().forms())


def _tampered(desk: _Desk) -> _Plan:
    return _Plan(forms=desk.issue(tampered=True).forms())


def _forged(desk: _Desk) -> _Plan:
    return _Plan(forms=desk.issue(forged=True).forms())


def _unknown_issuer(desk: _Desk) -> _Plan:
    return _Plan(forms=desk.stranger().forms())


def _expired(desk: _Desk) -> _Plan:
    issued = desk.issue(valid_from=desk.now - 200 * _DAY, valid_until=desk.now - _DAY)
    return _Plan(forms=issued.forms())


def _not_yet_valid(desk: _Desk) -> _Plan:
    return _Plan(forms=desk.issue(valid_from=desk.now + _DAY).forms())


def _revoked(desk: _Desk) -> _Plan:
    issued = desk.issue()
    desk.party.revoke(issued)
    return _Plan(forms=issued.forms())


def _suspended(desk: _Desk) -> _Plan:
    issued = desk.issue()
    desk.party.suspend(issued)
    return _Plan(forms=issued.forms())


def _revoked_since(desk: _Desk) -> _Plan:
    issued = desk.issue(valid_from=desk.now - 30 * _DAY)
    desk.party.revoke(issued, at=desk.now - _DAY)
    return _Plan(forms=issued.forms(), at=desk.now - 10 * _DAY)


def _suspended_then(desk: _Desk) -> _Plan:
    issued = desk.issue(valid_from=desk.now - 30 * _DAY)
    desk.party.suspend(issued, at=desk.now - 12 * _DAY)
    desk.party.reinstate(issued, at=desk.now - 8 * _DAY)
    return _Plan(forms=issued.forms(), at=desk.now - 10 * _DAY)


def _status_stale(desk: _Desk) -> _Plan:
    issued, trust = desk.issue(), desk.party.trust(status_made_at=desk.now - 2 * _DAY)
    return _Plan(forms=issued.forms(), trust=trust, rules={"max_status_age": _DAY})


def _status_unavailable(desk: _Desk) -> _Plan:
    return _Plan(forms=desk.issue().forms(), trust=desk.party.trust(without_status=True))


def _compromised_key(desk: _Desk) -> _Plan:
    return _Plan(forms=desk.issue(key="compromised").forms())


def _issuer_not_accepted(desk: _Desk) -> _Plan:
    return _Plan(forms=desk.issue().forms(), rules={"issuers": frozenset({f"did:web:{_LOOK_ALIKE}"})})


def _type_not_accepted(desk: _Desk) -> _Plan:
    return _Plan(forms=desk.issue().forms(), rules={"types": frozenset({"DegreeCredential"})})


def _unreadable(_: _Desk) -> _Plan:
    return _Plan(forms={"": b"Dear bank, I have repaid everything. Yours, Wang"})


_COMMON: Final[Mapping[Situation, _Recipe]] = {
    Situation.GOOD: _plain,
    Situation.TAMPERED: _tampered,
    Situation.FORGED: _forged,
    Situation.UNKNOWN_ISSUER: _unknown_issuer,
    Situation.COMPROMISED_KEY: _compromised_key,
    Situation.EXPIRED: _expired,
    Situation.NOT_YET_VALID: _not_yet_valid,
    Situation.REVOKED: _revoked,
    Situation.REVOKED_SINCE: _revoked_since,
    Situation.SUSPENDED_THEN: _suspended_then,
    Situation.SUSPENDED: _suspended,
    Situation.ISSUER_NOT_ACCEPTED: _issuer_not_accepted,
    Situation.TYPE_NOT_ACCEPTED: _type_not_accepted,
    Situation.UNREADABLE: _unreadable,
    Situation.STATUS_STALE: _status_stale,
    Situation.STATUS_UNAVAILABLE: _status_unavailable,
}


def court_cases(court: "FakeCourt", *, only: Situation | None = None) -> Iterator[Case]:
    """The cases of a court: those of `_COMMON`, and what concerns certificates alone.

    Args:
        court: signs them.
        only: this situation alone.

    Raises:
        LookupError: a court has no such situation.
    """

    def identity(number: str) -> _Recipe:
        return lambda desk: _Plan(forms=desk.issue().forms(), identity=number)

    def after_retirement(desk: _Desk) -> _Plan:
        return _Plan(forms=desk.issue(key="retired").forms())

    def before_retirement(desk: _Desk) -> _Plan:
        issued = desk.issue(key="retired", valid_from=desk.now - _YEAR - _DAY)
        return _Plan(forms=issued.forms())

    def company(_: _Desk) -> _Plan:
        issued = court.certificate(name="虚构测试有限公司", identity=COMPANY)
        return _Plan(forms=issued.forms(), identity=COMPANY)

    def unexplained(desk: _Desk) -> _Plan:
        return _Plan(forms=desk.issue(changes={"creditScore": 780}).forms())

    recipes: dict[Situation, _Recipe] = {
        **_COMMON,
        Situation.GOOD_COMPANY: company,
        Situation.IDENTITY_MATCHES: identity(PERSON),
        Situation.RETIRED_KEY: before_retirement,
        Situation.SIGNED_AFTER_RETIREMENT: after_retirement,
        Situation.UNEXPLAINED_MEMBER: unexplained,
        Situation.WRONG_PERSON: identity(OTHER_PERSON),
        Situation.IDENTITY_MISTYPED: identity(PERSON[:-1] + "1"),
    }
    stranger = type(court)(now=court.now, host=_LOOK_ALIKE)
    desk = _Desk(party=court, issue=court.certificate, stranger=stranger.certificate, policy=Policy())
    return _served(desk, recipes if only is None else {only: recipes[only]})


def generic_cases(issuer: "FakeIssuer") -> Iterator[Case]:
    """The cases of an issuer of other credentials."""

    def no_status(_: _Desk) -> _Plan:
        return _Plan(forms=issuer.credential(with_status=False).forms())

    stranger = type(issuer)(now=issuer.now, host=_LOOK_ALIKE)
    policy = Policy(profile="vcdm")
    desk = _Desk(party=issuer, issue=issuer.credential, stranger=stranger.credential, policy=policy)
    return _served(desk, {**_COMMON, Situation.NO_STATUS: no_status})


def _served(desk: _Desk, recipes: Mapping[Situation, _Recipe]) -> Iterator[Case]:
    plans = {situation: recipe(desk) for situation, recipe in recipes.items()}
    current = desk.party.trust()
    for situation, plan in plans.items():
        verdict, code = EXPECTED[situation]
        for form, data in plan.forms.items():
            yield Case(
                situation=situation,
                form=form or None,
                data=data,
                trust=plan.trust or current,
                policy=Policy(**{"profile": desk.policy.profile, **plan.rules}),  # type: ignore[arg-type]
                at=plan.at or desk.now,
                now=desk.now,
                identity=plan.identity,
                verdict=verdict,
                code=code,
            )
