"""The issuing cycle: record, lint, sign, verify, hand over.

    1 record   number, id, random status index and the digest of the unsigned credential are committed; from here on
               they are taken for ever, and the id is noted outside of the register
    2 lint     the shipped verifier passes the forms signed with throwaway keys
    3 sign     the court's key signs all forms
    4 verify   the shipped verifier passes them with the court's published keys
    5 store    forms, state `active`, log row and outbox entry are committed together; a superseded certificate ends
    6 hand over

A crash before 5 leaves a recorded certificate, and so does a key that cannot be reached. At the next start, when the
step is repeated, or by the running server's timer it is finished, or voided if the case no longer allows it: its number
and index stay burned and its revocation bit is set, so that a signature that may have been made is worth nothing. No
signature exists without a record, and no index is used twice.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import OperationalError

from xinzheng_issuer.casework.applications import draft_sha256
from xinzheng_issuer.casework.certificates import revoke_case, void_certificate
from xinzheng_issuer.casework.ends import expire_due
from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.casework.replaced import require_confirmed_since
from xinzheng_issuer.casework.steps import refusals_logged, take_step
from xinzheng_issuer.domain.labels import STATES
from xinzheng_issuer.domain.rules import check_list_check
from xinzheng_issuer.domain.workflow import LIVE_STATES, SYSTEM, Action, Actor, Role, State, follow
from xinzheng_issuer.errors import IssuingError, RefusalError, RegisterError, WorkflowError
from xinzheng_issuer.feed.matching import look_up_problems
from xinzheng_issuer.issuing.court_keys import KeySource
from xinzheng_issuer.issuing.credential import canonical, unsigned_credential
from xinzheng_issuer.issuing.numbering import Numbering
from xinzheng_issuer.issuing.qr_symbol import TARGET_VERSION, size_warning, version_of
from xinzheng_issuer.issuing.rehearsal import Rehearsal, SignedForms, sign_forms
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import Case, Certificate
from xinzheng_keys.errors import TokenError
from xinzheng_schemas import strict_json
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_schemas.trust_documents import KeyUsage
from xinzheng_schemas.vocabulary import RevocationReason

_log = structlog.get_logger("xinzheng.issuing")

_OUT_OF_REACH = {
    "signer_unavailable",
    "epoch_unwritable",
    "register_doubted",
    "issuing_unfinished",
    "sm2_unavailable",
    "sm2_failed",
    "pkcs11_sm2_unset",
}
"""Codes of what keeps a certificate from being finished and can be mended outside."""


@dataclass(frozen=True)
class Recovery:
    """What a start found and did.

    Attributes:
        finished, voided: numbers of certificates.
        waiting: numbers of those whose key still cannot be reached.
    """

    finished: tuple[str, ...]
    voided: tuple[str, ...]
    waiting: tuple[str, ...] = ()


class IssuingCycle:
    """Issues the certificates of one court.

    Args:
        office: the court.
        keys: its keys.
        draw_index: a random number below another, for status indexes.
        require_knowledge: raises while the register does not know what numbers and indexes it has given out.
        note: remembers outside of the register a certificate that was recorded, and how many were by then, before it
            is signed.
    """

    def __init__(
        self,
        office: Office,
        keys: KeySource,
        *,
        draw_index: Callable[[int], int] = secrets.randbelow,
        require_knowledge: Callable[[], None] = lambda: None,
        note: Callable[[str, tuple[int, int]], None] = lambda _id, _fill: None,
    ) -> None:
        self._office = office
        self._note = note
        self._require_knowledge = require_knowledge
        self._keys = keys
        self._rehearsal = Rehearsal(keys)
        self._numbering = Numbering(office, draw_index=draw_index)
        self._waiting: set[str] = set()
        self._waiting_lock = threading.Lock()

    def issue(self, case_id: str, actor: Actor) -> tuple[Certificate, Case]:
        """Issue the certificate of an approved case.

        Args:
            case_id: the case.
            actor: the seal operator.

        Returns:
            The issued certificate and its case.

        Raises:
            RegisterError: `application_not_found`, `certificate_suspended`, `superseded_revoked`.
            WorkflowError: state (`not_approved`, `already_issued`) or role.
            RefusalError: `list_check_stale`, `list_check_before_relisting`, or the case makes no certificate.
            IssuingError: `issuing_in_progress`, `draft_changed`, `lint_failed`, `self_check_failed`, `qr_too_large`,
                `status_list_exhausted`; `signer_unavailable`, `epoch_unwritable`, `register_doubted`,
                `issuing_unfinished`, after which the same step finishes what it began.
            TokenError, KeyStoreError: (keys) the key's hardware module does not sign, or libcrypto with an SM2 key
                (`sm2_unavailable`, `sm2_failed`); likewise.
            PublishingError: `register_restored`, `register_forgetful`, `register_doubted`: nothing was begun.
        """
        self._require_knowledge()
        with refusals_logged(self._office, case_id, Action.ISSUE, actor):
            certificate = self._record(case_id, actor)
            return self._finish(certificate, actor)

    def recover(self, *, minimum_age: timedelta = timedelta(0)) -> Recovery:
        """Finish or void what was left behind; to be called at every start, before anything is issued.

        Of a register that came back from a backup all waits: what it believes unfinished may have been handed over.

        Args:
            minimum_age: leave younger records to the request that is working on them, unless it has let go of them.

        Returns:
            What was found and done.
        """
        before = self._office.clock() - minimum_age
        with self._office.reading() as store:
            pending = store.pending_certificates()
            names = {user.id: user.name for user in store.users()}
        found: dict[str, list[str]] = {"finished": [], "voided": [], "waiting": []}
        if pending and (hindrance := self._hindrance()) is not None:
            _log.warning("recovery_put_off", certificates=len(pending), reason=str(hindrance))
            return Recovery((), (), waiting=tuple(certificate.number for certificate in pending))
        for certificate in pending:
            if not (self._take_up(certificate.id) or certificate.recorded_at <= before):
                continue
            operator = certificate.recorded_by
            actor = Actor(operator, names.get(operator, operator), frozenset({Role.SEAL_OPERATOR}))
            outcome = self._recovered(certificate, actor)
            found[outcome].append(certificate.number)
            if outcome == "waiting":
                break  # the others need the same key
        return Recovery(**{outcome: tuple(numbers) for outcome, numbers in found.items()})

    def _hindrance(self) -> CodedError | None:
        try:
            self._require_knowledge()
        except CodedError as error:
            return error
        return None

    def _recovered(self, certificate: Certificate, actor: Actor) -> str:
        try:
            self._finish(certificate, actor)
        except (CodedError, RefusalError) as error:
            outcome = "waiting" if _may_pass(error) else "voided"
            _log.warning(f"recovery_{outcome}", number=certificate.number, reason=str(error))
            return outcome
        return "finished"

    def _take_up(self, certificate_id: str) -> bool:
        """Whether this process had let go of a record; from here on it is the caller's."""
        with self._waiting_lock:
            known = certificate_id in self._waiting
            self._waiting.discard(certificate_id)
            return known

    def _let_go(self, certificate_id: str) -> None:
        with self._waiting_lock:
            self._waiting.add(certificate_id)

    # ── 1 record ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _record(self, case_id: str, actor: Actor) -> Certificate:
        office = self._office
        now = office.clock()
        with office.writing() as store:
            store.hold_feed_still()
            expire_due(store, office, at=now)
            case = store.case(case_id, lock=True)
            self._require_issuable(store, case, actor, now)
            left = store.certificate_of(case.id)
            if left is None:
                return self._numbering.take(store, case, actor, now)
        if not self._take_up(left.id):
            raise IssuingError("issuing_in_progress", field="id")
        return left

    def _require_issuable(self, store: Store, case: Case, actor: Actor, now: datetime) -> None:
        self._require_not_issued(store, case, actor)
        follow(Action.ISSUE, state=State(case.state), actor=actor)
        if case.approved_draft_sha256 != draft_sha256(case):
            raise IssuingError("draft_changed", field="id")
        require_confirmed_since(store, case)
        self._require_good_look_up(store, case, now)

    def _require_not_issued(self, store: Store, case: Case, actor: Actor) -> None:
        certificate = store.certificate_of(case.id)
        if Role.SEAL_OPERATOR in actor.roles and certificate is not None and certificate.issued_at is not None:
            raise WorkflowError("already_issued", field="state", number=certificate.number, state=STATES[case.state])

    def _require_good_look_up(self, store: Store, case: Case, now: datetime) -> None:
        """The look-up is fresh, and no record that came in since speaks against it."""
        checked_at = case.list_checked_at or datetime.min.replace(tzinfo=now.tzinfo)
        problems = check_list_check(checked_at, self._office.policy, now=now)
        if problems := problems or look_up_problems(store, case, self._office, checked_at=checked_at):
            raise RefusalError(problems)

    def _require_same_case(self, case: Case, certificate: Certificate) -> None:
        """What was recorded and signed is what the case says now, after whatever was done to it meanwhile."""
        credential = strict_json.loads_object(certificate.unsigned)
        again = unsigned_credential(
            case,
            self._office.court,
            credential_id=certificate.id,
            number=certificate.number,
            list_number=certificate.list_number,
            list_index=certificate.list_index,
            at=parse_timestamp(str(credential["validFrom"])),
        )
        if canonical(again) != certificate.unsigned:
            raise IssuingError("draft_changed", field="id")

    # ── 2 to 6 ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _finish(self, certificate: Certificate, actor: Actor) -> tuple[Certificate, Case]:
        try:
            return self._finish_or_void(certificate, actor)
        except OperationalError as error:
            _log.error("certificate_waits_for_register", number=certificate.number, reason=str(error.orig))
            self._let_go(certificate.id)
            raise IssuingError("issuing_unfinished", number=certificate.number) from error

    def _finish_or_void(self, certificate: Certificate, actor: Actor) -> tuple[Certificate, Case]:
        try:
            self.note(certificate.id)
            forms = self.sign(certificate)
            return self._activate(certificate.id, forms, actor)
        except (CodedError, RefusalError) as error:
            if _may_pass(error):
                _log.warning("certificate_waits_for_key", number=certificate.number, reason=str(error))
                self._let_go(certificate.id)
            else:
                self.void(certificate.id, reason=getattr(error, "code", "refused"))
            raise

    def note(self, certificate_id: str) -> None:
        """Remember outside of the register a certificate that was recorded, before it is signed.

        Args:
            certificate_id: its id; of several that were recorded together that of any.

        Raises:
            IssuingError: `epoch_unwritable`, `register_doubted`.
        """
        with self._office.reading() as store:
            fill = store.list_fill()
        self._note(certificate_id, fill)

    def sign(self, certificate: Certificate) -> SignedForms:
        """Steps 2 to 4 for a recorded certificate: lint, sign, verify.

        Raises:
            IssuingError: `draft_changed`, `lint_failed`, `qr_too_large`, `signer_unavailable`, `self_check_failed`.
            LifecycleError: (keys) no key signs now.
        """
        if hashlib.sha256(certificate.unsigned).hexdigest() != certificate.unsigned_sha256:
            raise IssuingError("draft_changed", field="id")
        credential: dict[str, Any] = strict_json.loads_object(certificate.unsigned)
        dated = parse_timestamp(str(credential["validFrom"]))
        now, keys = self._office.clock(), self._keys.current()
        key, second = keys.signer(KeyUsage.CERTIFICATE, at=now, dated=dated), keys.second_signer(at=now)
        self._rehearsal.lint(credential, key_type=key.signer.key_type, national=second is not None)
        # Until the block ends nobody retires the keys.
        with self._keys.in_use() as keys:
            now = self._office.clock()
            key, second = keys.signer(KeyUsage.CERTIFICATE, at=now, dated=dated), keys.second_signer(at=now)
            suite = self._rehearsal.cryptosuite
            try:
                forms = sign_forms(credential, key, keys.identity, at=now, cryptosuite=suite, second=second)
            except CodedError:
                raise
            except Exception as error:  # a signer may fail in ways of its own: module gone, session lost
                _log.exception("signer_failed", number=certificate.number)
                raise IssuingError("signer_unavailable", reason=type(error).__name__) from error
        self._rehearsal.check(forms, credential, at=now)
        return forms

    def _activate(self, certificate_id: str, forms: SignedForms, actor: Actor) -> tuple[Certificate, Case]:
        now, version = self._office.clock(), version_of(forms.qr)
        with self._office.writing() as store:
            store.hold_feed_still()
            certificate, case = self.enter(store, certificate_id, forms, actor, now)
        _log.info("certificate_issued", number=certificate.number, case=case.id)
        if size_warning(version):
            _log.warning("qr_large", number=certificate.number, version=version, target=TARGET_VERSION)
        return certificate, case

    def enter(
        self,
        store: Store,
        certificate_id: str,
        forms: SignedForms,
        actor: Actor,
        now: datetime,
        *,
        publish: bool = True,
    ) -> tuple[Certificate, Case]:
        """Step 5 within an open transaction that holds the feed still: what was signed is stored and in force.

        Args:
            store: the open transaction.
            certificate_id: of the recorded certificate.
            forms: what was signed and verified.
            actor: who issues.
            now: the present moment.
            publish: False if the caller makes one outbox entry for many certificates.

        Raises:
            WorkflowError: `case_changed`, or the case is not approved any more.
            RefusalError: `list_check_stale`, `list_check_before_relisting`.
            RegisterError: `certificate_suspended`, `superseded_revoked`, `reissue_ended`.
            IssuingError: `draft_changed`.
        """
        certificate = store.certificate(certificate_id, lock=True)
        case = store.case(certificate.case_id, lock=True)
        if certificate.voided_at is not None or certificate.issued_at is not None:
            raise WorkflowError("case_changed", field="id")
        # A re-listing that came in meanwhile has sent the case back: then this step is refused. If the case was
        # confirmed and approved anew since, the look-up that was signed is not the one that counts.
        follow(Action.ISSUE, state=State(case.state), actor=actor)
        if case.reissues_key is None:
            self._require_good_look_up(store, case, now)
        self._require_same_case(case, certificate)
        self._end_superseded(store, case, certificate.number, at=now, publish=publish)
        credential = strict_json.loads_object(certificate.unsigned)
        case.valid_until = parse_timestamp(str(credential["validUntil"]))
        take_step(store, case, Action.ISSUE, actor, at=now, note=certificate.number, publish=publish)
        certificate.issued_at = now
        certificate.credential_json = forms.json_ld
        certificate.credential_jwt = forms.jwt
        certificate.credential_qr = forms.qr
        certificate.signing_key = forms.key
        certificate.second_key = forms.second_key
        return certificate, case

    def _end_superseded(self, store: Store, case: Case, number: str, *, at: datetime, publish: bool) -> None:
        if case.supersedes_case_id is None:
            return
        old = store.case(case.supersedes_case_id, lock=True)
        if old.state == State.SUSPENDED:
            raise RegisterError("certificate_suspended", field="supersedes", number=old.id)
        require_confirmed_since(store, case)
        if old.state in LIVE_STATES:
            note = number if case.reissues_key is None else f"{number}; key {case.reissues_key}"
            revoke_case(store, old, SYSTEM, reason=RevocationReason.SUPERSEDED, at=at, note=note, publish=publish)
        elif case.reissues_key is not None:
            # It is re-issued because it was in force, not because somebody looked the list up again.
            raise RegisterError("reissue_ended", field="supersedes", state=STATES[old.state])

    def void(self, certificate_id: str, *, reason: str) -> None:
        """Burn a recorded number and index; the revocation bit of the index is set from here on.

        Args:
            certificate_id: of the certificate; one that is issued or voided stays as it is.
            reason: a code.
        """
        now = self._office.clock()
        with self._office.writing() as store:
            void_certificate(store, certificate_id, reason=reason, at=now)


def _may_pass(error: Exception) -> bool:
    """Whether the same certificate can be finished later: nothing is wrong with it, key or register were away."""
    return isinstance(error, TokenError) or getattr(error, "code", "") in _OUT_OF_REACH
