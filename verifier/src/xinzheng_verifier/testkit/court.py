"""The fake court: Credit Repair Certificates about made-up people and companies."""

import secrets
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from xinzheng_schemas.certificate import CONTEXT, CREDENTIAL_TYPE, CourtIdentity
from xinzheng_schemas.certificate_number import RANDOM_BYTES, DefaultNumber
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.identity import IdCommitment, MaskedId, ResidentId, UnifiedSocialCreditCode
from xinzheng_schemas.json_schemas import CREDIT_REPAIR_SCHEMA_ID
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_schemas.trust_documents import ControllerDocument, IssuerDocument
from xinzheng_schemas.vocabulary import SCOPE_STATEMENT
from xinzheng_verifier.testkit import credentials
from xinzheng_verifier.testkit.cases import Case, Situation, court_cases
from xinzheng_verifier.testkit.credentials import FakeCertificate
from xinzheng_verifier.testkit.issuer import FakeParty
from xinzheng_verifier.testkit.keys import PERSON, KeyName

_COURT_CODE, _REGION_CODE = "鄂9999", "999999"
_SALT_BYTES = 16


class FakeCourt(FakeParty):
    """A FAKE court for tests alone; it is in no trust list, and must never get into one.

    Args:
        now: the aware moment around which everything is made; certificates are in force then.
        host: where it would live if it were real; must end in `.example`.

    Raises:
        ValueError: the host could be a real one, or `now` has no zone.
    """

    NAMES: Final[Mapping[str, str]] = {"zh": "虚构测试法院", "en": "Fictitious Test Court"}
    """How the trust list names it."""

    def __init__(self, *, now: datetime, host: str = "fake-court.example") -> None:
        super().__init__(now=now, host=host, path=f":did:{_REGION_CODE}")
        self._court = CourtIdentity(self.NAMES["zh"], _COURT_CODE, _REGION_CODE)

    def trust_document(self) -> JSONObject:
        """The issuer document, as the trust list of a bundle bears it."""
        document = IssuerDocument(
            controller=ControllerDocument.parse(super().trust_document()),
            name=self.NAMES,
            court=self._court,
            credential_types=(CREDENTIAL_TYPE,),
            keys=tuple(key.entry(self.did) for key in (*self._keys.values(), self._status_key)),
        )
        return document.to_json()

    def certificate(
        self,
        *,
        name: str = "王某",
        identity: str | ResidentId | UnifiedSocialCreditCode = PERSON,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        key: KeyName = "active",
        changes: Mapping[str, JSONValue] | None = None,
        forged: bool = False,
        tampered: bool = False,
    ) -> FakeCertificate:
        """A certificate, signed, in all its forms.

        Args:
            name: whom it is about.
            identity: full ID number of a person or social credit code of a company. Made-up ones only.
            valid_from: first moment of validity, aware; by default an hour before `now`.
            valid_until: last moment of validity, aware; by default 182 days after `now`.
            key: which key signs.
            changes: members of the credential that are put in the place of the usual ones before it is signed; what the
                QR form cannot say then has no `qr`.
            forged: a stranger signs in the name of this court.
            tampered: one character of the certificate number is changed after the signature was made.

        Raises:
            IdentityError: `identity` is a text, and neither an ID number nor a social credit code.
        """
        index = self._new_index()
        window = self._window(valid_from, valid_until)
        begins = parse_timestamp(str(window["validFrom"]))
        number = str(DefaultNumber(_COURT_CODE, begins.year, secrets.token_bytes(RANDOM_BYTES)))
        credential: JSONObject = {
            "@context": [*CONTEXT],
            "id": uuid.uuid4().urn,
            "type": ["VerifiableCredential", CREDENTIAL_TYPE],
            "issuer": self.did,
            **window,
            "certificateNumber": number,
            "scopeStatement": {"en": SCOPE_STATEMENT["en"], "zh": SCOPE_STATEMENT["zh"]},
            "credentialSubject": {**_identity(name, identity), **self._entry(begins)},
            "credentialSchema": {"id": CREDIT_REPAIR_SCHEMA_ID, "type": "JsonSchema"},
            "credentialStatus": self._status_entries(index),
            **(changes or {}),
        }
        other = number[:-1] + ("1" if number.endswith("0") else "0")
        shown = credential | ({"certificateNumber": other} if tampered else {})
        signing_key = self._signing_key(key, forged=forged)
        try:
            qr = credentials.sign_qr(credential, signing_key, kid=self._keys[key].kid, court=self._court, shown=shown)
        except CodedError:
            qr = None
        return FakeCertificate(
            credential=credential,
            document=credentials.sign_document(credential, signing_key, did=self.did, shown=shown),
            jwt=credentials.sign_jwt(credential, signing_key, did=self.did, shown=shown),
            qr=qr,
            index=index,
        )

    def cases(self) -> Iterator[Case]:
        """Every situation of the catalogue in every form that it can occur in, with the answer that it must get."""
        return court_cases(self)

    def case(self, situation: Situation, *, form: str = "jwt") -> Case:
        """One of `cases`.

        Raises:
            LookupError: the situation does not occur in this form.
        """
        for case in court_cases(self, only=situation):
            if case.form == form:
                return case
        raise LookupError(f"{situation} does not occur as {form}")

    def _status_url(self, purpose: str) -> str:
        return f"https://{self._host}/status/{_REGION_CODE}/1/{purpose}"

    def _entry(self, begins: datetime) -> JSONObject:
        """The masked entry of the list, with dates that lead up to the certificate."""

        def days_before(days: int) -> str:
            return (begins - timedelta(days=days)).date().isoformat()

        return {
            "enforcementCourt": {
                "name": self._court.name,
                "courtCode": self._court.court_code,
                "regionCode": self._court.region_code,
            },
            "enforcementCaseNumber": f"（{(begins - timedelta(days=900)).year}）{_COURT_CODE}执123号",
            "caseFiledDate": days_before(900),
            "listingPublishedDate": days_before(800),
            "listingGround": ["art1-1"],
            "performanceStatus": "settlementPerformed",
            "masking": {
                "serial": "测试0118",
                "maskedAt": days_before(3),
                "approvedAt": days_before(3),
                "ground": "art10-2",
                "conditional": False,
            },
            "consumptionRestrictionStatus": "lifted",
            "purpose": ["financing"],
            "listCheckedAt": format_timestamp(begins - timedelta(minutes=30)),
        }


def _identity(name: str, identity: str | ResidentId | UnifiedSocialCreditCode) -> JSONObject:
    holder = _parsed(identity) if isinstance(identity, str) else identity
    commitment = IdCommitment.create(holder.id_type, holder.number, salt=secrets.token_bytes(_SALT_BYTES))
    number: JSONObject = (
        {"subjectKind": "naturalPerson", "maskedIdNumber": str(MaskedId.of(holder))}
        if isinstance(holder, ResidentId)
        else {"subjectKind": "organization", "unifiedSocialCreditCode": holder.number}
    )
    return {"name": name, "idType": holder.id_type.value, "idCommitment": str(commitment), **number}


def _parsed(text: str) -> ResidentId | UnifiedSocialCreditCode:
    try:
        return ResidentId.parse(text)
    except CodedError:
        return UnifiedSocialCreditCode.parse(text)
