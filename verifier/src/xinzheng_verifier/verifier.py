"""The procedure. The same ten numbers stand in the documentation, in the report and in the test vectors.

    1 read        size, form, strict syntax
    2 mechanism   algorithm or suite on the allow-list
    3 issuer      trusted, and allowed to issue this type
    4 key         of that issuer, of the mechanism's type, for assertion, in its window, not compromised
    5 signature   over the bytes as received
    6 shape       data model, schema, no terms that nothing explains
    7 time        validity at the moment asked about
    8 status      list authentic, of this issuer and purpose, fresh enough; neither revoked nor suspended
    9 match       the identity given is the one committed to
    10 policy     the lender's own rules

Steps 1 to 5 are a gate: the first that does not pass ends the procedure, and nothing of the content is shown. Steps 6
to 10 all run, so that the report shows everything that is wrong. Nothing is fetched, and no clock is read.
"""

import hashlib
from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from xinzheng_schemas.identity import Identity
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.vocabulary import SCOPE_STATEMENT
from xinzheng_verifier.errors import VerificationError
from xinzheng_verifier.limits import MAX_INPUT_BYTES
from xinzheng_verifier.match import IDENTITY_TYPES, check_identity
from xinzheng_verifier.policy import COURT_TYPE, Policy, check_policy, types_of
from xinzheng_verifier.read.detect import check_size, form_of, read
from xinzheng_verifier.read.forms import Form
from xinzheng_verifier.report import GateClosedError, Record, Report, ReportedIssuer
from xinzheng_verifier.secure.genuine import check_authority, check_signature, eligible_keys, trusted_issuer
from xinzheng_verifier.secure.mechanism import Secured, secured
from xinzheng_verifier.secure.validity import check_time
from xinzheng_verifier.shape import check_shape
from xinzheng_verifier.status.check import check_status
from xinzheng_verifier.trust.issuers import TrustedIssuer, TrustedKey
from xinzheng_verifier.trust.store import TrustStore

if TYPE_CHECKING:
    from xinzheng_verifier.bulk.items import Item


@dataclass(kw_only=True)
class _Findings:
    """What the report shows besides the steps."""

    form: Form | None = None
    issuer: ReportedIssuer | None = None
    claims: JSONObject | None = None
    status_as_of: datetime | None = None


class Verifier:
    """Judges credentials by one trust store and one policy.

    Args:
        trust: whom to trust.
        policy: what to ask beyond a genuine signature; the default is the strict court profile.
    """

    def __init__(self, trust: TrustStore, *, policy: Policy | None = None) -> None:
        self._trust = trust
        self._policy = policy or Policy()

    @property
    def trust(self) -> TrustStore:
        """Whom this verifier trusts."""
        return self._trust

    @property
    def policy(self) -> Policy:
        """The rules it applies."""
        return self._policy

    def verify(
        self, data: bytes | str, *, at: datetime, identity: str | Identity | None = None, form: str | None = None
    ) -> JSONObject:
        """The credential, if everything passes; arguments as for `report`.

        Returns:
            The credential as signed, in its JSON-LD form without proof.

        Raises:
            VerificationError: it did not pass; carries the report.
            TypeError, ValueError: the arguments are misused, see `report`.
        """
        report = self.report(data, at=at, identity=identity, form=form)
        if report.code != "ok" or report.claims is None:
            raise VerificationError(report)
        return report.claims

    def report(
        self, data: bytes | str, *, at: datetime, identity: str | Identity | None = None, form: str | None = None
    ) -> Report:
        """Everything there is to say about one input; never raises because of what the input holds.

        Args:
            data: a credential in any form: JSON-LD, compact JWT, text of a QR symbol, picture of one (PNG, JPEG).
            at: the aware moment that the question is about.
            identity: full ID number or social credit code of who presents the credential, to be compared.
            form: "jsonld", "jwt" or "qr" to accept this form only; None detects it.

        Raises:
            TypeError: an argument of a wrong type.
            ValueError: `at` has no zone or lies outside the years 1 to 9999, or `form` is unknown.
        """
        pinned = _check_arguments(data, at, identity, form)
        record, findings = Record(), _Findings()
        octets = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        with suppress(GateClosedError):
            genuine = self._gate(record, findings, octets, at=at, pinned=pinned)
            self._judge(record, findings, genuine, at=at, identity=identity)
        return self._report(record, findings, octets, at)

    def report_many(
        self, inputs: "Iterable[bytes | str | Item]", *, at: datetime, workers: int | None = None
    ) -> Generator[Report, None, None]:
        """The reports on many inputs, in their order, as `report` would give them one by one.

        The iterable is read as it is needed, a few hundred inputs ahead of the reports; neither inputs nor reports pile
        up. An exception that it raises comes after the reports on what it gave before. Closing the generator ends the
        processes.

        Args:
            inputs: credentials in any form, or an `Item` where one comes with an identity or a form of its own. An
                input that is neither, or that ends or stalls the process that judges it, alone and for 10 s, gets the
                report `not_answered`, which is indeterminate; all others are answered.
            at: the aware moment that the question is about.
            workers: processes to judge with; None takes one for each core. 1 judges in this process, where nothing can
                be done about an input that stalls.

        Returns:
            A generator; the processes start with its first `next`.

        Raises:
            TypeError, ValueError: `at` is misused, see `report`, or `workers` is below 1.
            RuntimeError: this program has no interpreter to start, or (while iterating) one does not start.
        """
        from xinzheng_verifier.bulk import report_many  # noqa: PLC0415 - starts processes; nothing else needs it

        _check_arguments(b"", at, None, None)
        return report_many(self, inputs, at=at, workers=workers)

    def _gate(
        self, record: Record, findings: _Findings, data: bytes, *, at: datetime, pinned: Form | None
    ) -> tuple[Secured, TrustedIssuer]:
        with record.gate(1) as evidence:  # read
            check_size(data)
            findings.form = pinned or form_of(data)
            presented = read(data, findings.form)
            evidence |= {"form": findings.form.value, "bytes": len(data)}

        with record.gate(2) as evidence:  # mechanism
            credential = secured(presented)
            evidence["mechanism"] = credential.name

        with record.gate(3) as evidence:  # issuer
            issuer = trusted_issuer(credential, self._trust)
            check_authority(credential, issuer)
            evidence["issuer"] = issuer.id

        with record.gate(4) as evidence:  # key
            trust_dates = self._policy.unsafe_trust_dates_of_compromised_keys
            keys = eligible_keys(credential, issuer, usage="certificate", at=at, unsafe_trust_dates=trust_dates)
            evidence["keys"] = _names(key for key, _ in keys)

        with record.gate(5) as evidence:  # signature
            evidence["key"] = _names([check_signature(credential, keys)])

        return credential, issuer

    def _judge(
        self,
        record: Record,
        findings: _Findings,
        genuine: tuple[Secured, TrustedIssuer],
        *,
        at: datetime,
        identity: str | Identity | None,
    ) -> None:
        (credential, issuer), trust, policy = genuine, self._trust, self._policy
        findings.issuer = ReportedIssuer(id=issuer.id, name=issuer.name)

        with record.step(6) as evidence:  # shape
            evidence["profile"] = policy.profile
            findings.claims = credential.credential(issuer)
            check_shape(findings.claims, profile=policy.profile, contexts=trust.contexts)
        claims = findings.claims
        if claims is None:
            return

        with record.step(7) as evidence:  # time
            evidence["at"] = format_timestamp(at)
            check_time(claims, credential, at=at, floor=trust.issued_floor)

        with record.step(8) as evidence:  # status
            status = check_status(claims, issuer_id=issuer.id, trust=trust, at=at, policy=policy)
            findings.status_as_of = status.as_of
            evidence["entries"] = status.entries
            if status.error is not None:
                raise status.error

        with record.step(9):  # match
            check_identity(claims, identity)

        with record.step(10):  # policy
            check_policy(claims, issuer_id=issuer.id, policy=policy)

    def _report(self, record: Record, findings: _Findings, data: bytes, at: datetime) -> Report:
        is_certificate = findings.claims is not None and COURT_TYPE in types_of(findings.claims)
        return Report(
            steps=record.complete(),
            form=None if findings.form is None else findings.form.value,
            at=at,
            input_sha256=hashlib.sha256(data).hexdigest() if len(data) <= MAX_INPUT_BYTES else None,
            status_as_of=findings.status_as_of,
            bundle_version=self._trust.bundle_version,
            issuer=findings.issuer,
            claims=findings.claims,
            scope_statement=SCOPE_STATEMENT if is_certificate else None,
            policy=self._policy,
        )


def _names(keys: Iterable[TrustedKey]) -> list[JSONValue]:
    return [*sorted(method for key in keys for method in key.method_ids)]


def _check_arguments(data: object, at: object, identity: object, form: object) -> Form | None:
    """Misuse by the caller, which must not look like a verdict."""
    if not isinstance(data, bytes | str):
        raise TypeError("data must be bytes or str")
    if not isinstance(at, datetime):
        raise TypeError("at must be a datetime")
    if at.utcoffset() is None:
        raise ValueError("at must be an aware datetime")
    try:
        at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("at must lie in the years 1 to 9999, in UTC") from error
    if identity is not None and not isinstance(identity, IDENTITY_TYPES):
        raise TypeError("identity must be a text or a parsed identity")
    if form is not None and not isinstance(form, str):
        raise TypeError("form must be a text")
    return None if form is None else Form(form)
