"""The procedure. The same ten numbers stand in the documentation, in the report and in the test vectors.

    1 read        size, form, strict syntax
    2 mechanism   algorithm or suite of every proof on the allow-list
    3 issuer      trusted, and allowed to issue this type
    4 key         of that issuer, of the mechanism's type, for assertion, in its window, not compromised
    5 signature   of every proof, over the bytes as received
    6 shape       data model, schema, no terms that nothing explains
    7 time        validity at the moment asked about
    8 status      list authentic, of this issuer and purpose, fresh enough; neither revoked nor suspended
    9 match       the identity, the number and the other form that were given are those of this credential
    10 policy     the lender's own rules

Steps 1 to 5 are a gate: what does not pass them ends the procedure, and nothing of the content is shown; a key that is
out of its window still tells whether it signed. Steps 6 to 10 all run, and each names all that is wrong. Nothing is
fetched, and no clock is read. `usual` gives the report of these steps on most certificates that pass, without going
through them one by one.
"""

import hashlib
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from xinzheng_schemas.identity import Identity
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.vocabulary import SCOPE_STATEMENT
from xinzheng_verifier.errors import RefusedError, VerificationError
from xinzheng_verifier.exact import exact_octets
from xinzheng_verifier.limits import MAX_INPUT_BYTES
from xinzheng_verifier.match import NOTHING, Expected, check_match
from xinzheng_verifier.policy import COURT_TYPE, Policy, check_policy, types_of
from xinzheng_verifier.read.detect import check_size, form_of, read
from xinzheng_verifier.read.forms import Form
from xinzheng_verifier.report import GateClosedError, Record, Report, ReportedIssuer, Verdict
from xinzheng_verifier.secure import genuine
from xinzheng_verifier.secure.algorithms import common_name
from xinzheng_verifier.secure.genuine import BoundKey, SignedProof
from xinzheng_verifier.secure.mechanism import secured
from xinzheng_verifier.secure.proof import Proof, Secured
from xinzheng_verifier.secure.validity import check_time
from xinzheng_verifier.shape import check_shape, deceptive_texts
from xinzheng_verifier.status.check import check_status
from xinzheng_verifier.trust.digest import TrustIdentity
from xinzheng_verifier.trust.issuers import TrustedIssuer, TrustedKey
from xinzheng_verifier.trust.store import TrustStore
from xinzheng_verifier.usual import UsualWay

if TYPE_CHECKING:
    from xinzheng_verifier.bulk.items import Item, Pause


@dataclass(kw_only=True)
class _Findings:
    """What the report shows besides the steps."""

    form: Form | None = None
    issuer: ReportedIssuer | None = None
    claims: JSONObject | None = None
    status_as_of: datetime | None = None


class _Genuine(NamedTuple):
    """A credential whose signatures hold, who made them, and the keys that the proofs name."""

    credential: Secured
    proofs: tuple[Proof, ...]
    issuer: TrustedIssuer
    signers: tuple[TrustedIssuer, ...]
    keys: tuple[TrustedKey, ...]


class Verifier:
    """Judges credentials by one trust store and one policy.

    Args:
        trust: whom to trust.
        policy: what to ask beyond a genuine signature; the default is the strict court profile.
    """

    def __init__(self, trust: TrustStore, *, policy: Policy | None = None) -> None:
        self._trust = trust
        self._trust_identity = TrustIdentity(trust)
        self._policy = policy or Policy()
        self._usual = UsualWay(trust, self._policy, self._trust_identity)

    @property
    def trust(self) -> TrustStore:
        """Whom this verifier trusts."""
        return self._trust

    @property
    def policy(self) -> Policy:
        """The rules it applies."""
        return self._policy

    @property
    def usual(self) -> UsualWay:
        """What it knows of keys and status lists, for who judges certificates that pass and nothing else."""
        return self._usual

    def verify(
        self,
        data: bytes | str,
        *,
        at: datetime,
        identity: str | Identity | None = None,
        number: str | None = None,
        other: bytes | str | None = None,
        form: str | None = None,
        now: datetime | None = None,
    ) -> JSONObject:
        """The credential, if everything passes; arguments as for `report`.

        Returns:
            The credential as signed, in its JSON-LD form without proof.

        Raises:
            VerificationError: it did not pass; carries the report.
            TypeError, ValueError: the arguments are misused, see `report`.
        """
        report = self.report(data, at=at, identity=identity, number=number, other=other, form=form, now=now)
        if report.code != "ok" or report.claims is None:
            raise VerificationError(report)
        return report.claims

    def report(
        self,
        data: bytes | str,
        *,
        at: datetime,
        identity: str | Identity | None = None,
        number: str | None = None,
        other: bytes | str | None = None,
        form: str | None = None,
        now: datetime | None = None,
    ) -> Report:
        """Everything there is to say about one input; never raises because of what the input holds.

        Args:
            data: a credential in any form: JSON-LD, compact JWT, COSE message, text of a QR symbol, picture of one
                (PNG, JPEG), enveloped credential (`data:` URL, or the JSON object around one).
            at: the aware moment that the question is about.
            identity: full ID number or social credit code of who presents the credential, to be compared.
            number: certificate number to be compared.
            other: the same credential in another form, which has to be genuine and to say the same.
            form: "jsonld", "jwt", "cose", "qr" or "enveloped" to accept this form only; None detects it.
            now: the aware present moment, where `at` is another one that somebody chose, such as the deadline of a
                tender that is over. A clock that is behind the trust data is told by it. None says that `at` is the
                present moment; what lies before the trust data was made is then taken for a clock that is behind, and
                nobody looks back.

        Raises:
            TypeError: an argument of a wrong type.
            ValueError: `at` or `now` has no zone or lies outside the years 1 to 9999, or `form` is unknown.
            TrustError: `bundle_unavailable`, the store on disk that the trust is from can no longer be read.
        """
        is_alone = identity is None and number is None and other is None
        if (
            is_alone
            and form is None
            and now is None
            and type(data) is bytes
            and type(at) is datetime
            and at.tzinfo is UTC
        ):
            usual = self._usual.report(data, at)
            return usual or self._ten_steps(data, at=at, now=None, expected=NOTHING, pinned=None)
        pinned = _check_arguments(at, form, now)
        octets, expected = exact_octets(data), NOTHING
        if not is_alone:
            other_claims = None if other is None else partial(self._other_claims, exact_octets(other), at)
            expected = Expected(identity=identity, number=number, other=other_claims)
        is_present = now is None or now <= at
        report = self._usual.report(octets, at, now=now, expected=expected) if pinned is None and is_present else None
        return report or self._ten_steps(octets, at=at, now=now, expected=expected, pinned=pinned)

    def _ten_steps(
        self, data: bytes, *, at: datetime, now: datetime | None, expected: Expected, pinned: Form | None
    ) -> Report:
        record, findings, found = Record(), _Findings(), None
        with suppress(GateClosedError):
            found = self._gate(record, findings, data, at=at, pinned=pinned)
            self._judge(record, findings, found, at=at, now=now, expected=expected)
        report = self._report(record, findings, data, at=at, now=now)
        if found is not None and found.credential.header is not None and report.verdict is Verdict.PASSED:
            self._usual.learn(report.form or "", found.credential, found.keys, found.issuer)
        return report

    def report_many(
        self,
        inputs: "Iterable[bytes | str | Item | Pause]",
        *,
        at: datetime,
        workers: int | None = None,
        now: datetime | None = None,
    ) -> Generator[Report, None, None]:
        """The reports on many inputs, in their order, as `report` would give them one by one.

        The iterable is read as it is needed, a few hundred inputs ahead of the reports; neither inputs nor reports pile
        up. An exception that it raises comes after the reports on what it gave before. Closing the generator ends the
        processes.

        Args:
            inputs: credentials in any form, or an `Item` where one comes with more, such as an identity of its own. An
                input that is neither, or that ends or stalls the process that judges it, alone and for 10 s, gets the
                report `not_answered`, which is indeterminate; all others are answered.
            at: the aware moment that the question is about.
            workers: processes to judge with; None takes one for each core. This process is one of them as long as
                there are tokens and JSON-LD of signers that are known already; everything else is judged in processes
                of its own. 1 judges all in this process, where nothing can be done about an input that stalls.
            now: as for `report`.

        Returns:
            A generator; the processes start with its first `next`.

        Raises:
            TypeError, ValueError: `at` is misused, see `report`, or `workers` is below 1.
            RuntimeError: this program has no interpreter to start, or (while iterating) one does not start.
        """
        from xinzheng_verifier.bulk import report_many  # noqa: PLC0415 - starts processes; nothing else needs it

        _check_arguments(at, None, now)
        return report_many(self, inputs, at=at, now=now, workers=workers)

    def _gate(self, record: Record, findings: _Findings, data: bytes, *, at: datetime, pinned: Form | None) -> _Genuine:
        trust, policy = self._trust, self._policy

        with record.gate(1) as evidence:  # read
            check_size(data)
            findings.form = pinned or form_of(data)
            findings.form, presented = read(data, findings.form, unwrap=pinned is None)
            evidence |= {"form": findings.form.value, "bytes": len(data)}

        with record.gate(2) as evidence:  # mechanism
            credential = secured(presented, contexts=trust.contexts, named=policy.proofs)
            if credential.unknown_proofs:
                evidence["unknownProofs"] = [*credential.unknown_proofs]
            proofs = _required(credential, policy)
            evidence["mechanism"] = ", ".join(proof.name for proof in proofs)

        with record.gate(3) as evidence:  # issuer
            signers = self._signers(credential, proofs)
            for signer in signers:
                genuine.check_authority(credential, signer)
            issuer = signers[0]
            evidence["issuer"] = issuer.id

        named: list[SignedProof] = []
        in_force: list[Sequence[BoundKey]] = []
        with record.step(4) as evidence:  # key
            named = [genuine.named_keys(proof, signer) for proof, signer in zip(proofs, signers, strict=True)]
            evidence["keys"] = [name for signed in named for key, _ in signed.keys for name in key.names]
            trust_dates = policy.unsafe_trust_dates_of_compromised_keys
            in_force = [
                genuine.keys_in_force(signed, usage="certificate", at=at, unsafe_trust_dates=trust_dates)
                for signed in named
            ]
        if not named:
            raise GateClosedError

        with record.gate(5) as evidence:  # signature
            keys = in_force or [signed.keys for signed in named]
            signed_by = genuine.check_signatures([*zip(proofs, keys, strict=True)])
            evidence["key"] = [name for key in signed_by for name in key.names]
        if not in_force:
            raise GateClosedError

        named_keys = tuple(key for signed in named for key, _ in signed.keys)
        return _Genuine(credential, proofs, issuer, tuple(signers), named_keys)

    def _signers(self, credential: Secured, proofs: Sequence[Proof]) -> list[TrustedIssuer]:
        """Who has to have signed each proof."""
        if self._policy.unsafe_accept_other_controllers:
            return [genuine.trusted_controller(proof, credential, self._trust) for proof in proofs]
        return [genuine.trusted_issuer(credential, self._trust)] * len(proofs)

    def _judge(
        self,
        record: Record,
        findings: _Findings,
        found: _Genuine,
        *,
        at: datetime,
        now: datetime | None,
        expected: Expected,
    ) -> None:
        trust, policy, issuer = self._trust, self._policy, found.issuer
        findings.issuer = ReportedIssuer(id=issuer.id, name=issuer.name)

        with record.step(6) as evidence:  # shape
            evidence["profile"] = policy.profile
            findings.claims = found.credential.credential(issuer)
            if deceptive := deceptive_texts(findings.claims, profile=policy.profile):
                evidence["deceptive"] = deceptive
            check_shape(findings.claims, profile=policy.profile, contexts=trust.contexts)
        claims = findings.claims
        if claims is None:
            return

        with record.step(7) as evidence:  # time
            evidence["at"] = format_timestamp(at)
            check_time(claims, found.proofs, at=at, skew=policy.max_clock_skew, floor=trust.issued_floor, now=now)

        with record.step(8) as evidence:  # status
            status = check_status(claims, issuer=issuer, trust=trust, at=at, policy=policy, now=now)
            findings.status_as_of = status.as_of
            evidence["entries"] = status.entries
            evidence.update(status.later)
            if status.error is not None:
                raise status.error

        if expected.is_nothing:  # match
            record.pass_over(9, "identity_not_given")
        else:
            with record.step(9) as evidence:
                check_match(claims, expected, evidence)

        with record.step(10):  # policy
            check_policy(claims, issuer_ids=[signer.id for signer in found.signers], policy=policy)

    def _other_claims(self, data: bytes, at: datetime) -> JSONObject:
        """What another form of a credential says.

        Raises:
            RefusedError: `other_form_refused`, it is not genuine.
        """
        record = Record()
        try:
            found = self._gate(record, _Findings(), data, at=at, pinned=None)
            return found.credential.credential(found.issuer)
        except GateClosedError as error:
            raise RefusedError("other_form_refused", reason=record.failing_code()) from error
        except RefusedError as error:
            raise RefusedError("other_form_refused", reason=error.code) from error

    def _report(
        self, record: Record, findings: _Findings, data: bytes, *, at: datetime, now: datetime | None
    ) -> Report:
        is_certificate = findings.claims is not None and COURT_TYPE in types_of(findings.claims)
        return Report(
            findings=record.complete(),
            form=None if findings.form is None else findings.form.value,
            at=at,
            input_sha256=hashlib.sha256(data).hexdigest() if len(data) <= MAX_INPUT_BYTES else None,
            status_as_of=findings.status_as_of,
            bundle_version=self._trust.bundle_version,
            issuer=findings.issuer,
            claims=findings.claims,
            scope_statement=SCOPE_STATEMENT if is_certificate else None,
            policy=self._policy,
            trust=self._trust_identity,
            now=now,
        )


def _required(credential: Secured, policy: Policy) -> tuple[Proof, ...]:
    """The proofs that have to hold.

    Raises:
        RefusedError: `proof_required`, one that the policy names is not there; `suite_mismatch`, it builds on one that
            nobody knows here.
    """
    if policy.proofs is None:
        return credential.proofs
    named = {*map(common_name, policy.proofs)}
    there = {common_name(proof.name) for proof in credential.proofs}
    if not named or not named <= there:
        missing = (name for name in policy.proofs if common_name(name) not in there)
        raise RefusedError("proof_required", proofs=", ".join(sorted(missing)))
    required = [proof for proof in credential.proofs if common_name(proof.name) in named]
    for proof in required:  # grows as it goes: a proof is worth no more than those that it builds on
        required += [previous for previous in proof.builds_on if previous not in required]
        if proof.builds_on_unknown is not None:
            raise RefusedError("suite_mismatch", suite=proof.builds_on_unknown)
    return tuple(proof for proof in credential.proofs if proof in required)


def _check_arguments(at: object, form: object, now: object) -> Form | None:
    """Misuse by the caller, which must not look like a verdict."""
    _check_moment(at, "at")
    if now is not None:
        _check_moment(now, "now")
    if form is not None and not isinstance(form, str):
        raise TypeError("form must be a text")
    return None if form is None else Form(form)


def _check_moment(moment: object, name: str) -> None:
    if not isinstance(moment, datetime):
        raise TypeError(f"{name} must be a datetime")
    if moment.utcoffset() is None:
        raise ValueError(f"{name} must be an aware datetime")
    try:
        if moment.tzinfo is not UTC:
            moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{name} must lie in the years 1 to 9999, in UTC") from error
