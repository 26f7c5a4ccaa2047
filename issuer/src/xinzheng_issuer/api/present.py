"""From rows to wire types. No row reaches the wire by itself."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from xinzheng_issuer.api.problems import error_detail
from xinzheng_issuer.api.wire import (
    Agent,
    ApplicationOut,
    ApplicationWithLogOut,
    CaseEffectOut,
    CertificateOut,
    FeedBatchOut,
    FeedRecordOut,
    KeptBatchOut,
    KeptRecordOut,
    MaskingOut,
    PublicationOut,
    RecordErrorOut,
    RefusedStepOut,
    StepOut,
)
from xinzheng_issuer.casework.applications import draft_sha256, masking_of
from xinzheng_issuer.casework.steps import shown_state
from xinzheng_issuer.domain.workflow import State
from xinzheng_issuer.errors import IssuingError
from xinzheng_issuer.feed.intake import BatchResult, RecordResult
from xinzheng_issuer.issuing.qr_symbol import size_warning, version_of
from xinzheng_issuer.publishing.outbox import PublicationState
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import Case, Certificate, FeedBatch, FeedRecord, RefusalRecord, TransitionRecord
from xinzheng_schemas import strict_json
from xinzheng_schemas.errors import Language
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_schemas.vocabulary import IdType, ListingGround, Purpose, RevocationReason, SubjectKind

FORM_NAMES = ("credential.json", "credential.jwt", "credential.qr.txt", "credential.qr.png")
"""Last parts of the addresses of a certificate's forms."""


def application_out(case: Case, store: Store, *, at: datetime) -> ApplicationOut:
    """A case as a resource."""
    certificate = store.certificate_of(case.id)
    old = store.certificate_of(case.supersedes_case_id) if case.supersedes_case_id else None
    agent = Agent(name=case.agent_name, authority=case.agent_authority or "") if case.agent_name else None
    return ApplicationOut(
        id=case.id,
        state=shown_state(case, at=at),
        registered_at=case.registered_at,
        name=case.name,
        subject_kind=SubjectKind(case.subject_kind),
        id_type=IdType(case.id_type),
        masked_id_number=case.masked_id_number,
        unified_social_credit_code=case.unified_social_credit_code,
        check_digit_override=case.check_digit_override,
        enforcement_case_number=case.case_number,
        original_case_number=case.original_case_numbers,
        enforcement_basis_number=case.basis_number,
        basis_issuing_body=case.basis_issuing_body,
        case_filed_date=case.filed_on,
        listing_published_date=case.published_on,
        listing_ground=[ListingGround(ground) for ground in case.grounds],
        listing_term_end=case.term_end,
        purpose=[Purpose(purpose) for purpose in case.purposes],
        purpose_text=case.purpose_text,
        agent=agent,
        papers=case.papers,
        masking=_masking_out(case),
        draft_sha256=draft_sha256(case) if case.masking_serial is not None else None,
        certificate_number=certificate.number if certificate and certificate.issued_at else None,
        supersedes=old.number if old else None,
    )


def application_with_log_out(case: Case, store: Store, *, at: datetime) -> ApplicationWithLogOut:
    """A case as a resource, with its log."""
    return ApplicationWithLogOut(
        **application_out(case, store, at=at).model_dump(),
        log=[_step_out(row) for row in store.transitions(case.id)],
        refused=[_refused_out(row) for row in store.refusals(case.id)],
    )


def certificate_out(
    certificate: Certificate,
    case: Case,
    language: Language,
    *,
    at: datetime,
    publication: PublicationState | None = None,
) -> CertificateOut:
    """An issued certificate as a resource."""
    version, warning = _qr_size(certificate.credential_qr or "")
    credential = strict_json.loads_object(certificate.unsigned)
    return CertificateOut(
        certificate_number=certificate.number,
        id=certificate.id,
        application_id=case.id,
        state=shown_state(case, at=at),
        name=case.name,
        enforcement_case_number=case.case_number,
        valid_from=parse_timestamp(str(credential["validFrom"])),
        valid_until=parse_timestamp(str(credential["validUntil"])),
        issued_at=certificate.issued_at or certificate.recorded_at,
        status_list_number=certificate.list_number,
        status_list_index=certificate.list_index,
        reinstatement_proposed=case.reinstatement_proposed_by is not None,
        revocation_reason=RevocationReason(case.revocation_reason) if case.revocation_reason else None,
        forms={name: f"/api/v1/certificates/{quote(certificate.number)}/{name}" for name in FORM_NAMES},
        qr_version=version,
        warnings=[RecordErrorOut(**error_detail(warning, language).model_dump())] if warning else [],
        publication=publication_out(publication) if publication else None,
    )


def _qr_size(text: str) -> tuple[int | None, IssuingError | None]:
    """Version and warning; no version, and why, of one that no symbol holds, from releases that did not look first."""
    try:
        version = version_of(text)
    except IssuingError as error:
        return None, error
    return version, size_warning(version)


def publication_out(state: PublicationState) -> PublicationOut:
    """Whether lenders can see a change."""
    return PublicationOut(published=state.published, bundle_version=state.bundle_version, detail=state.reason)


def batch_out(result: BatchResult, publication: PublicationState, language: Language) -> FeedBatchOut:
    """What became of a delivery."""
    return FeedBatchOut(
        batch=result.batch_id,
        records=[_record_out(record, language) for record in result.records],
        publication=publication_out(publication),
    )


def _record_out(result: RecordResult, language: Language) -> FeedRecordOut:
    details = [error_detail(error, language) for error in result.errors]
    return FeedRecordOut(
        line=result.line,
        outcome=result.outcome,
        effect=result.effect,
        certificate_number=result.certificate_number,
        effects=[CaseEffectOut(label=each.label, effect=each.effect) for each in result.effects],
        repeated=result.repeated,
        errors=[RecordErrorOut(**detail.model_dump()) for detail in details],
    )


def kept_record_out(row: FeedRecord, language: Language, *, readable: bool = True) -> KeptRecordOut:
    """A record of the register; without its text, and what was said of it, for whoever may not read records."""
    kept = row.problems if row.problems is not None else [{"code": code} for code in row.codes]
    return KeptRecordOut(
        batch=row.batch_id,
        received_at=row.received_at or datetime.min.replace(tzinfo=UTC),
        raw=row.raw if readable else None,
        id=row.id or 0,
        reviewed_at=row.reviewed_at,
        reviewed_by=row.reviewed_by,
        review_note=row.review_note,
        line=row.line,
        outcome=row.outcome,
        effect=row.effect,
        certificate_number=row.certificate_number,
        effects=[CaseEffectOut(label=each["label"], effect=each["effect"]) for each in row.effects or ()],
        repeated=bool(row.repeated),
        errors=[
            RecordErrorOut(field=each.get("field"), code=each["code"] or "", detail=each.get(language) or "")
            for each in kept
            if readable
        ],
    )


def kept_batch_out(batch: FeedBatch, names: Mapping[str, str], outcomes: Mapping[str, int]) -> KeptBatchOut:
    """A delivery of the register; `names` are people by id."""
    return KeptBatchOut(
        batch=batch.id,
        received_at=batch.received_at,
        received_by=names.get(batch.received_by, batch.received_by),
        records=batch.records,
        outcomes=dict(outcomes),
    )


def _masking_out(case: Case) -> MaskingOut | None:
    if case.masking_serial is None:
        return None
    masking = masking_of(case)
    return MaskingOut(
        serial=masking.serial,
        masked_at=masking.masked_on,
        approved_at=masking.approved_on,
        ground=masking.ground,
        conditional=masking.conditional,
        performance_status=masking.performance,
        consumption_restriction_status=masking.consumption_restriction,
        evidence=masking.evidence,
        list_checked_at=masking.list_checked_at,
    )


def _step_out(row: TransitionRecord) -> StepOut:
    return StepOut(
        action=row.action,
        from_state=State(row.from_state) if row.from_state else None,
        to_state=State(row.to_state),
        actor=row.actor_name,
        at=row.at,
        reason=row.reason,
        note=row.note,
    )


def _refused_out(row: RefusalRecord) -> RefusedStepOut:
    return RefusedStepOut(action=row.action, code=row.code, actor=row.actor_name, at=row.at)
