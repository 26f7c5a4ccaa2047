"""From an approved case to the unsigned credential."""

import uuid
from datetime import datetime
from typing import Any

from xinzheng_issuer.court import CourtConfiguration
from xinzheng_issuer.domain.rules import valid_until
from xinzheng_issuer.errors import RefusalError
from xinzheng_issuer.issuing.forms import sign_qr
from xinzheng_issuer.issuing.qr_symbol import require_fits
from xinzheng_issuer.register.tables import Case
from xinzheng_keys.software_signer import SoftwareSigner
from xinzheng_schemas.certificate import (
    CONTEXT,
    CREDENTIAL_TYPE,
    STATUS_PURPOSES,
    Certificate,
    CertificateError,
    CourtIdentity,
)
from xinzheng_schemas.certificate_number import RANDOM_BYTES, DefaultNumber
from xinzheng_schemas.certificate_rules import check_rules
from xinzheng_schemas.json_schemas import CREDIT_REPAIR_SCHEMA_ID
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.vocabulary import SCOPE_STATEMENT
from xinzheng_verifier.secure.canonical import canonical_json

NUMBER_RANDOM_BYTES = RANDOM_BYTES
"""Randomness of a certificate number, bytes: it cannot be guessed or counted up."""


def certificate_number(court: CourtConfiguration, *, year: int, random: bytes) -> str:
    """A certificate number in the court's form.

    Args:
        court: the court.
        year: civil year of issue.
        random: 8 random bytes.

    Returns:
        By default court code, year and 13 characters of base32, such as 鄂0683-2026-7K3M9QW2XB4TC.
    """
    text = str(DefaultNumber(court.court_code, year, random)).rpartition("-")[2]
    return court.certificate.number_form.format(court_code=court.court_code, year=year, random=text)


def unsigned_credential(
    case: Case,
    court: CourtConfiguration,
    *,
    credential_id: str,
    number: str,
    list_number: int,
    list_index: int,
    at: datetime,
) -> dict[str, Any]:
    """The credential of an approved case, without proof, from a fixed template: no caller supplies claims.

    Args:
        case: an approved case.
        court: the court.
        credential_id: `urn:uuid:…`.
        number: certificate number.
        list_number: status list.
        list_index: place in both status lists.
        at: start of validity.

    Returns:
        A JSON object in the one spelling that certificates use.

    Raises:
        RefusalError: the case makes no certificate; every problem with its JSON pointer.
    """
    policy = court.policy.to_policy()
    until = valid_until(at, conditional=bool(case.conditional), policy=policy)
    if case.reissues_key is not None and case.valid_until is not None:
        until = case.valid_until  # a re-issue ends when the certificate that it replaces would have ended
    credential = {
        "@context": list(CONTEXT),
        "id": credential_id,
        "type": ["VerifiableCredential", CREDENTIAL_TYPE],
        "issuer": court.did,
        "validFrom": format_timestamp(at),
        "validUntil": format_timestamp(until),
        "certificateNumber": number,
        "scopeStatement": dict(SCOPE_STATEMENT),
        "credentialSubject": _subject(case, court),
        "credentialSchema": {"id": CREDIT_REPAIR_SCHEMA_ID, "type": "JsonSchema"},
        "credentialStatus": [
            {
                "type": "BitstringStatusListEntry",
                "statusPurpose": purpose,
                "statusListIndex": str(list_index),
                "statusListCredential": court.status_list_url(list_number, purpose),
            }
            for purpose in STATUS_PURPOSES
        ],
    }
    try:
        certificate = Certificate.from_credential(credential)
        check_rules(certificate)
    except CertificateError as error:
        raise RefusalError(error.problems) from error
    return certificate.to_credential()


def check_draft(case: Case, court: CourtConfiguration, *, at: datetime) -> None:
    """See early whether a case would make a certificate, with a number and an index that nobody gets.

    Args:
        case: a case whose masking is confirmed.
        court: the court.
        at: the present moment.

    Raises:
        RefusalError: every problem with its JSON pointer.
        IssuingError: `qr_too_large`; what is a few characters below it is seen when it is signed.
    """
    number = certificate_number(court, year=at.year, random=bytes(NUMBER_RANDOM_BYTES))
    nobody = uuid.UUID(int=0).urn
    draft = unsigned_credential(case, court, credential_id=nobody, number=number, list_number=1, list_index=0, at=at)
    identity = CourtIdentity(name=court.name.zh, court_code=court.court_code, region_code=court.region_code)
    require_fits(sign_qr(draft, SoftwareSigner.generate(), court=identity))


def canonical(credential: dict[str, Any]) -> bytes:
    """The credential in its canonical form (RFC 8785): what the register keeps before anything is signed."""
    return canonical_json(credential)


def _subject(case: Case, court: CourtConfiguration) -> dict[str, Any]:
    subject = {
        "name": case.name,
        "subjectKind": case.subject_kind,
        "idType": case.id_type,
        "maskedIdNumber": case.masked_id_number,
        "unifiedSocialCreditCode": case.unified_social_credit_code,
        "idCommitment": case.id_commitment,
        "enforcementCourt": {
            "name": court.name.zh,
            "courtCode": court.court_code,
            "regionCode": court.region_code,
        },
        "enforcementCaseNumber": case.case_number,
        "originalCaseNumber": list(case.original_case_numbers) or None,
        "enforcementBasisNumber": case.basis_number,
        "basisIssuingBody": case.basis_issuing_body,
        "caseFiledDate": case.filed_on.isoformat(),
        "listingPublishedDate": case.published_on.isoformat(),
        "listingGround": sorted(case.grounds),
        "listingTermEnd": case.term_end.isoformat() if case.term_end else None,
        "performanceStatus": case.performance,
        "masking": _masking(case),
        "consumptionRestrictionStatus": case.consumption_restriction,
        "purpose": sorted(case.purposes),
        "purposeText": case.purpose_text,
        "listCheckedAt": format_timestamp(case.list_checked_at) if case.list_checked_at else None,
    }
    return {name: value for name, value in subject.items() if value is not None}


def _masking(case: Case) -> dict[str, Any]:
    return {
        "serial": case.masking_serial,
        "maskedAt": case.masked_on.isoformat() if case.masked_on else None,
        "approvedAt": case.masking_approved_on.isoformat() if case.masking_approved_on else None,
        "ground": case.masking_ground,
        "conditional": bool(case.conditional),
    }
