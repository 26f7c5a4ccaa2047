"""An issuing court in memory: fresh keys, real signing code, and everything a lender would receive from it.

    court = SimulatedCourt()
    forms = court.issue({"credentialSubject": {"name": "李某"}})
    trust = TrustStore.from_documents([court.issuer_document()], [court.status_list("revocation")])
    report = Verifier(trust).report(forms.jwt, at=court.now)

Bad ones are made by the same means: another signer, another method, or `forged_jws`, `forged_proof` and `forged_cose`,
which sign genuinely whatever header, options or message they are given.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import base45
import cbor2

from support.samples import changed, zaoyang_credential
from xinzheng_issuer.issuing.forms import QR_PREFIX, sign_data_integrity, sign_jwt, sign_qr
from xinzheng_keys import Signer, SoftwareSigner
from xinzheng_keys.controller_document import build_controller_document, build_issuer_document
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_schemas import base64url, bitstring, multibase
from xinzheng_schemas.certificate import CourtIdentity
from xinzheng_schemas.contexts import CREDENTIALS_V2, CREDIT_REPAIR_V1
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_schemas.trust_documents import KeyState, KeyUsage
from xinzheng_verifier.secure.data_integrity import hash_data

HOST = "xz.example"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEYS_FROM = datetime(2026, 1, 1, tzinfo=UTC)
FAR_OFF = datetime(2126, 1, 1, tzinfo=UTC)
"""End of lists that are read by programs on their own, whose clock no test can hold still."""
LIST_ENTRIES = 131_072


class IssuedForms(NamedTuple):
    """One credential and its forms."""

    credential: dict[str, Any]
    json_ld: dict[str, Any]
    jwt: str
    qr: str

    @property
    def json_text(self) -> bytes:
        """The JSON-LD form as a file would hold it."""
        return json.dumps(self.json_ld, ensure_ascii=False, indent=2).encode("utf-8")


@dataclass(kw_only=True)
class SimulatedCourt:
    """A court with one certificate key (`cert-1`) and one status key (`status-1`).

    Attributes:
        now: a moment at which everything it issues by default is in force.
        records: what the documents say of its keys; replace members to retire or compromise a key.
    """

    name: Mapping[str, str] = field(default_factory=lambda: {"zh": "枣阳市人民法院", "en": "Zaoyang People's Court"})
    court_code: str = "鄂0683"
    region_code: str = "420683"
    host: str = HOST
    now: datetime = NOW
    certificate_signer: SoftwareSigner = field(default_factory=SoftwareSigner.generate)
    status_signer: SoftwareSigner = field(default_factory=SoftwareSigner.generate)
    records: dict[str, KeyRecord] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, usage, signer in (
            ("cert-1", KeyUsage.CERTIFICATE, self.certificate_signer),
            ("status-1", KeyUsage.STATUS, self.status_signer),
        ):
            self.records.setdefault(name, key_record(name, usage, signer))

    # --- who it is ----------------------------------------------------------------------------------------------------

    @property
    def did(self) -> str:
        return f"did:web:{self.host}:did:{self.region_code}"

    @property
    def court(self) -> CourtIdentity:
        return CourtIdentity(name=self.name["zh"], court_code=self.court_code, region_code=self.region_code)

    def method(self, key: str, *, jwk: bool = False) -> str:
        """DID URL of the Multikey method of a key, or of its JsonWebKey method."""
        return f"{self.did}#{key}-jwk" if jwk else f"{self.did}#{key}"

    def controller_document(self) -> dict[str, Any]:
        return dict(build_controller_document(self.did, self.records.values()).document)

    def issuer_document(self, **overrides: Any) -> dict[str, Any]:
        document = build_issuer_document(
            self.did,
            self.records.values(),
            court=self.court,
            name=self.name,
        ).to_json()
        return changed(document, overrides)

    # --- certificates -------------------------------------------------------------------------------------------------

    def credential(self, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """An unsigned certificate of this court, valid for half a year from an hour before `now`."""
        status = [
            {
                "type": "BitstringStatusListEntry",
                "statusPurpose": purpose,
                "statusListIndex": "94567",
                "statusListCredential": self.status_url(purpose),
            }
            for purpose in ("revocation", "suspension")
        ]
        own = {
            "issuer": self.did,
            "certificateNumber": f"{self.court_code}-2026-7K3M9QW2XB4TC",
            "validFrom": format_timestamp(self.now - timedelta(hours=1)),
            "validUntil": format_timestamp(self.now + timedelta(days=181)),
            "credentialSubject": {
                "enforcementCourt": {
                    "name": self.name["zh"],
                    "courtCode": self.court_code,
                    "regionCode": self.region_code,
                },
                "enforcementCaseNumber": f"（2022）{self.court_code}执123号",
            },
            "credentialStatus": status,
        }
        return changed(zaoyang_credential(own), overrides or {})

    def issue(
        self,
        overrides: Mapping[str, Any] | None = None,
        *,
        signer: Signer | None = None,
        key: str = "cert-1",
    ) -> IssuedForms:
        """The three forms of one certificate.

        Args:
            overrides: laid over `credential()`; `ABSENT` takes a member out.
            signer: signs instead of the court's own key.
            key: name of the key that the forms claim to be signed with.
        """
        credential = self.credential(overrides)
        return IssuedForms(
            credential,
            self.secure(credential, signer=signer, key=key),
            sign_jwt(credential, signer or self._signer(key), kid=self.method(key, jwk=True)),
            sign_qr(credential, signer or self._signer(key), court=self.court),
        )

    def secure(
        self,
        credential: Mapping[str, Any],
        *,
        signer: Signer | None = None,
        key: str = "cert-1",
        created: datetime | None = None,
    ) -> dict[str, Any]:
        """Any credential with a Data Integrity proof of this court, created at its `validFrom` unless told."""
        if created is None:
            valid_from = credential.get("validFrom")
            created = parse_timestamp(valid_from) if isinstance(valid_from, str) else self.now
        return sign_data_integrity(
            credential, signer or self._signer(key), verification_method=self.method(key), created=created
        )

    def _signer(self, key: str) -> SoftwareSigner:
        signers = (self.certificate_signer, self.status_signer)
        wanted = self.records[key].public_key_multibase
        return next(signer for signer in signers if signer.public_key_multibase == wanted)

    # --- status lists -------------------------------------------------------------------------------------------------

    def status_url(self, purpose: str, *, number: int = 1) -> str:
        return f"https://{self.host}/status/{self.region_code}/{number}/{purpose}"

    def status_list(
        self,
        purpose: str = "revocation",
        set_indexes: Iterable[int] = (),
        *,
        number: int = 1,
        sequence: int = 1,
        entries: int = LIST_ENTRIES,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        overrides: Mapping[str, Any] | None = None,
        signer: Signer | None = None,
        key: str = "status-1",
    ) -> dict[str, Any]:
        """A signed status list; made ten minutes before `now` and good for seven days, unless told."""
        bits = bytearray(entries // 8)
        for index in set_indexes:
            bitstring.set_bit(bits, index)
        made_at = valid_from or self.now - timedelta(minutes=10)
        url = self.status_url(purpose, number=number)
        unsigned = {
            "@context": [CREDENTIALS_V2, CREDIT_REPAIR_V1],
            "id": url,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": self.did,
            "validFrom": format_timestamp(made_at),
            "validUntil": format_timestamp(valid_until or made_at + timedelta(days=7)),
            "credentialSubject": {
                "id": f"{url}#list",
                "type": "BitstringStatusList",
                "statusPurpose": purpose,
                "encodedList": bitstring.encode(bits),
                "sequence": sequence,
            },
        }
        return self.secure(changed(unsigned, overrides or {}), signer=signer, key=key)

    def status_lists(
        self, *, revoked: Iterable[int] = (), suspended: Iterable[int] = (), **settings: Any
    ) -> list[dict[str, Any]]:
        """Both lists that the court's certificates point to."""
        return [
            self.status_list("revocation", revoked, **settings),
            self.status_list("suspension", suspended, **settings),
        ]

    def status_changes(
        self,
        purpose: str = "revocation",
        changes: Iterable[tuple[datetime, int, int]] = (),
        *,
        number: int = 1,
        sequence: int = 1,
        since: datetime | None = None,
        overrides: Mapping[str, Any] | None = None,
        signer: Signer | None = None,
        key: str = "status-1",
    ) -> dict[str, Any]:
        """The signed journal of a status list: moment, index and value of each change; complete for a year."""
        url = self.status_url(purpose, number=number)
        unsigned = {
            "@context": [CREDENTIALS_V2, CREDIT_REPAIR_V1],
            "id": f"{url}#changes",
            "type": "StatusListChanges",
            "issuer": self.did,
            "list": url,
            "sequence": sequence,
            "since": format_timestamp(since or self.now - timedelta(days=365)),
            "changes": [[int(moment.timestamp()), index, value] for moment, index, value in changes],
        }
        return self.secure(changed(unsigned, overrides or {}), signer=signer, key=key, created=self.now)


def key_record(name: str, usage: KeyUsage, signer: Signer) -> KeyRecord:
    """An active key since 2026-01-01, open-ended."""
    return KeyRecord(
        name=name,
        usage=usage,
        public_key_multibase=signer.public_key_multibase,
        state=KeyState.ACTIVE,
        valid_from=KEYS_FROM,
    )


# --- genuinely signed, and wrong --------------------------------------------------------------------------------------


def forged_jws(header: Mapping[str, Any] | bytes, payload: Mapping[str, Any] | bytes, signer: Signer) -> str:
    """A compact JWS with exactly this header and payload; bytes are taken as they are."""
    parts = (part if isinstance(part, bytes) else _json(part) for part in (header, payload))
    signing_input = ".".join(base64url.encode(part) for part in parts)
    return f"{signing_input}.{base64url.encode(signer.sign(signing_input.encode('ascii')))}"


def forged_proof(document: Mapping[str, Any], options: Mapping[str, Any], signer: Signer) -> dict[str, Any]:
    """`document` with a proof of exactly these options, and a proof value that is right for them."""
    signature = signer.sign(hash_data(document, options, hash_name="sha256"))
    return {**document, "proof": {**options, "proofValue": multibase.encode(signature)}}


def forged_cose(
    protected: Mapping[Any, Any] | bytes,
    payload: Any,
    signer: Signer,
    *,
    unprotected: Mapping[Any, Any] | None = None,
    tag: int | None = 18,
) -> str:
    """QR text of a COSE_Sign1 message with exactly these parts; bytes are taken as they are."""
    head = protected if isinstance(protected, bytes) else cbor2.dumps(protected)
    body = payload if isinstance(payload, bytes) else cbor2.dumps(payload, canonical=True)
    signature = signer.sign(cbor2.dumps(["Signature1", head, b"", body]))
    message: Any = [head, dict(unprotected or {}), body, signature]
    return qr_text(cbor2.dumps(message if tag is None else cbor2.CBORTag(tag, message)))


def qr_text(message: bytes) -> str:
    """The QR text around any message."""
    text: bytes = base45.b45encode(zlib.compress(message, 9))
    return QR_PREFIX + text.decode("ascii")


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
