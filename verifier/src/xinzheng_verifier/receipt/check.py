"""The check of a receipt by a later reader: what of it holds, and what cannot be told."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from xinzheng_schemas.errors import Language
from xinzheng_schemas.identity import Identity
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.exact import exact_octets
from xinzheng_verifier.limits import MAX_INPUT_BYTES
from xinzheng_verifier.messages import explain
from xinzheng_verifier.policy import Policy
from xinzheng_verifier.read.forms import Form
from xinzheng_verifier.receipt import token
from xinzheng_verifier.receipt.content import Receipt, recorded
from xinzheng_verifier.receipt.errors import ReceiptError
from xinzheng_verifier.report import Outcome, Verdict
from xinzheng_verifier.trust.digest import trust_digest
from xinzheng_verifier.trust.issuers import OpenSSLKey
from xinzheng_verifier.verifier import Verifier

ASPECTS: Final = ("form", "signature", "input", "trust", "policy", "outcome")
"""What is looked at, in this order."""

_MATCH: Final = "match"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What came of one aspect.

    Attributes:
        aspect: one of `ASPECTS`.
        outcome: whether it holds; indeterminate where it cannot be told, not-run where there was nothing to compare.
        code: "ok", or a `receipt_…` code.
        evidence: JSON values that the outcome rests on.
    """

    aspect: str
    outcome: Outcome
    code: str = "ok"
    evidence: Mapping[str, JSONValue] = field(default_factory=dict)

    def message(self, language: Language = "en") -> str:
        """One line that explains it."""
        return explain(self.code, self.evidence, language)

    def to_json(self) -> JSONObject:
        """The finding as JSON."""
        return {
            "aspect": self.aspect,
            "outcome": self.outcome.value,
            "code": self.code,
            "message": {"en": self.message("en"), "zh": self.message("zh")},
            "evidence": dict(self.evidence),
        }


@dataclass(frozen=True, kw_only=True)
class ReceiptCheck:
    """What a check of a receipt found.

    Attributes:
        receipt: its content; None unless its signature holds.
        findings: one for each of `ASPECTS`, in their order.
    """

    receipt: Receipt | None
    findings: tuple[Finding, ...]

    @property
    def deciding(self) -> Finding:
        """The first failed finding, else the first undecided one, else the last that passed."""
        passed = [finding for finding in self.findings if finding.outcome is Outcome.PASSED]
        for outcome in (Outcome.FAILED, Outcome.INDETERMINATE):
            for finding in self.findings:
                if finding.outcome is outcome:
                    return finding
        return passed[-1]

    @property
    def verdict(self) -> Verdict:
        """Failed if anything does not hold, else indeterminate if anything cannot be told, else passed.

        Passed covers what was compared; look at `findings` for what was not.
        """
        return Verdict(self.deciding.outcome.value)

    @property
    def code(self) -> str:
        """The code that decides; "ok" when passed."""
        return self.deciding.code

    def to_json(self) -> JSONObject:
        """The check as JSON."""
        return {
            "verdict": self.verdict.value,
            "code": self.code,
            "findings": [finding.to_json() for finding in self.findings],
            "receipt": None if self.receipt is None else self.receipt.to_json(),
        }


def check_receipt(
    receipt: bytes | str,
    *,
    key: OpenSSLKey,
    data: bytes | str | None = None,
    verifier: Verifier | None = None,
    identity: str | Identity | None = None,
    number: str | None = None,
    other: bytes | str | None = None,
) -> ReceiptCheck:
    """Checks a receipt as far as what is at hand allows; never raises because of what the receipt holds.

    Args:
        receipt: the compact JWS.
        key: public key of the lender that it is said to be of.
        data: the input that it is said to be about; None compares nothing.
        verifier: trust and rules by which to judge the input again at the receipt's moment; None judges nothing.
        identity: the ID number that was compared then, to be compared again.
        number: likewise the certificate number.
        other: likewise the other form.

    Raises:
        ReceiptError: `receipt_key_malformed`, the key is of a type that signs no receipts.
    """
    token.algorithm_of(key)
    found: dict[str, Finding] = {}
    try:
        parsed = token.parse(receipt)
        found["form"] = Finding(aspect="form", outcome=Outcome.PASSED)
        content = token.verified(parsed, key=key)
    except ReceiptError as error:
        aspect = "form" if error.code in ("receipt_malformed", "receipt_typ") else "signature"
        found[aspect] = Finding(aspect=aspect, outcome=Outcome.FAILED, code=error.code, evidence=error.evidence)
        return ReceiptCheck(receipt=None, findings=_complete(found))
    found["signature"] = Finding(aspect="signature", outcome=Outcome.PASSED)
    found["input"] = _input(content, data)
    if verifier is None:
        for aspect in ("trust", "policy", "outcome"):
            found[aspect] = Finding(aspect=aspect, outcome=Outcome.NOT_RUN, code="receipt_trust_not_given")
    else:
        found["trust"] = _trust(content, verifier)
        found["policy"] = _policy(content, verifier)
        given = {"identity": identity, "number": number, "other": other}
        # What was not compared then has no part in the question now.
        expected = {name: value for name, value in given.items() if name in content.compared and value is not None}
        found["outcome"] = _outcome(content, found, data=data, verifier=verifier, expected=expected)
    return ReceiptCheck(receipt=content, findings=_complete(found))


def policy_of(receipt: Receipt, *, issuers: Collection[str] | None = None) -> Policy:
    """The rules that a receipt records, to judge by them again; the default ones where this release cannot read them.

    Whether they are the same is for `check_receipt` to say, in the finding `policy`.

    Args:
        receipt: the receipt.
        issuers: the issuers of the policy, where the receipt has no more than a digest of them; None accepts all.
    """
    rules: Mapping[str, Any] = receipt.policy
    try:
        age = rules["maxStatusAgeSeconds"]
        return Policy(
            profile=rules["profile"],
            max_status_age=None if age is None else timedelta(seconds=age),
            require_status=rules["requireStatus"],
            issuers=issuers if isinstance(rules["issuers"], dict) else rules["issuers"],  # type: ignore[arg-type]
            types=rules["types"],
            proofs=rules["proofs"],
            max_clock_skew=timedelta(seconds=rules["maxClockSkewSeconds"]),
            unsafe_accept_other_controllers=rules["unsafeAcceptOtherControllers"],
            unsafe_trust_dates_of_compromised_keys=rules["unsafeTrustDatesOfCompromisedKeys"],
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return Policy()


def _complete(found: Mapping[str, Finding]) -> tuple[Finding, ...]:
    return tuple(
        found.get(aspect, Finding(aspect=aspect, outcome=Outcome.NOT_RUN, code="receipt_not_reached"))
        for aspect in ASPECTS
    )


def _input(receipt: Receipt, data: bytes | str | None) -> Finding:
    if data is None:
        return Finding(aspect="input", outcome=Outcome.NOT_RUN, code="receipt_input_not_given")
    if receipt.input_sha256 is None:
        return Finding(aspect="input", outcome=Outcome.INDETERMINATE, code="receipt_input_not_recorded")
    octets = exact_octets(data)
    digest = hashlib.sha256(octets).hexdigest() if len(octets) <= MAX_INPUT_BYTES else None
    if digest == receipt.input_sha256:
        return Finding(aspect="input", outcome=Outcome.PASSED, evidence={"sha256": digest})
    evidence: JSONObject = {"recorded": receipt.input_sha256, "found": digest}
    return Finding(aspect="input", outcome=Outcome.FAILED, code="receipt_input_differs", evidence=evidence)


def _trust(receipt: Receipt, verifier: Verifier) -> Finding:
    digest = trust_digest(verifier.trust)
    if digest == receipt.trust_sha256:
        return Finding(aspect="trust", outcome=Outcome.PASSED, evidence={"sha256": digest})
    evidence: JSONObject = {
        "recorded": receipt.trust_sha256,
        "found": digest,
        "recordedBundleVersion": receipt.bundle_version,
        "foundBundleVersion": verifier.trust.bundle_version,
    }
    return Finding(aspect="trust", outcome=Outcome.INDETERMINATE, code="receipt_trust_differs", evidence=evidence)


def _policy(receipt: Receipt, verifier: Verifier) -> Finding:
    # Receipts of earlier releases name all issuers, however many.
    names_all = isinstance(receipt.policy.get("issuers"), list)
    policy = verifier.policy.to_json() if names_all else recorded(verifier.policy)
    if policy == receipt.policy:
        return Finding(aspect="policy", outcome=Outcome.PASSED)
    names = sorted(
        name for name in policy.keys() | receipt.policy.keys() if policy.get(name) != receipt.policy.get(name)
    )
    evidence: JSONObject = {"differs": [*names]}
    return Finding(aspect="policy", outcome=Outcome.INDETERMINATE, code="receipt_policy_differs", evidence=evidence)


def _outcome(
    receipt: Receipt,
    found: Mapping[str, Finding],
    *,
    data: bytes | str | None,
    verifier: Verifier,
    expected: Mapping[str, Any],
) -> Finding:
    """Judges the input again, read as the form that it was read as then."""
    if data is None or found["input"].outcome is not Outcome.PASSED:
        code = "receipt_input_not_given" if data is None else "receipt_not_reached"
        return Finding(aspect="outcome", outcome=Outcome.NOT_RUN, code=code)
    form = receipt.form if receipt.form in [*Form] else None
    report = verifier.report(data, at=receipt.at, form=form, now=receipt.now, **expected)
    again = Receipt.of(
        report,
        trust_sha256=receipt.trust_sha256,
        verifier_version=receipt.verifier_version,
        made_at=receipt.made_at,
    )
    missing = [name for name in receipt.compared if name not in expected]
    differs = _differences(receipt, again, leave_out_match=bool(missing))
    if differs:
        same_basis = found["trust"].outcome is found["policy"].outcome is Outcome.PASSED
        return Finding(
            aspect="outcome",
            outcome=Outcome.FAILED if same_basis else Outcome.INDETERMINATE,
            code="receipt_outcome_differs" if same_basis else "receipt_outcome_not_comparable",
            evidence={"differs": ", ".join(differs), "verdict": again.verdict.value, "code": again.code},
        )
    if missing:
        evidence: JSONObject = {"missing": ", ".join(missing)}
        code = "receipt_comparison_needed"
        return Finding(aspect="outcome", outcome=Outcome.INDETERMINATE, code=code, evidence=evidence)
    return Finding(aspect="outcome", outcome=Outcome.PASSED)


def _differences(then: Receipt, now: Receipt, *, leave_out_match: bool) -> list[str]:
    """Steps and facts that come out differently, as `status: ok → revoked`."""
    steps = [
        f"{before.name}: {before.code} → {after.code}"
        for before, after in zip(then.steps, now.steps, strict=True)
        if before != after and not (leave_out_match and before.name == _MATCH)
    ]
    facts = [
        name for name in ("statusAsOf", "issuer", "certificateNumber") if then.to_json()[name] != now.to_json()[name]
    ]
    return steps + facts
