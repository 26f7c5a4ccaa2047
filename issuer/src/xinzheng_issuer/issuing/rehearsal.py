"""Signing a certificate's forms, and putting them before the verifier that lenders use.

Before the court's key is touched, the forms are signed with throwaway keys and must pass; afterwards the real ones must
pass with the court's published keys. Both times a status list of the throwaway status key stands in for the published
one: the certificate's place in it is clear, and nothing of the court's status key is spent on a rehearsal.
"""

import json
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from xinzheng_issuer.court import CourtConfiguration
from xinzheng_issuer.errors import IssuingError
from xinzheng_issuer.issuing.court_keys import CourtKeys, KeySource, NamedSigner
from xinzheng_issuer.issuing.forms import sign_data_integrity, sign_jwt, sign_qr
from xinzheng_issuer.issuing.suites import ALGORITHMS, DEFAULT_CRYPTOSUITE, Cryptosuite
from xinzheng_issuer.publishing.status_lists import sign_status_document, status_list_credential
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_keys.software_signer import SoftwareSigner
from xinzheng_schemas.certificate import STATUS_PURPOSES, CourtIdentity
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_schemas.trust_documents import KeyState, KeyUsage
from xinzheng_verifier import Policy, TrustStore, Verifier
from xinzheng_verifier.report import Verdict

_LIST_LIFE = timedelta(hours=1)
"""Life of a rehearsal's status list: longer than any request, shorter than any change of the clock."""

_NAMES = {KeyUsage.CERTIFICATE: "rehearsal-cert", KeyUsage.STATUS: "rehearsal-status"}


@dataclass(frozen=True)
class SignedForms:
    """One certificate in its three forms.

    Attributes:
        json_ld: application/vc, UTF-8.
        jwt: application/vc+jwt, compact.
        qr: text of the QR symbol.
        key: name of the key that signed them.
    """

    json_ld: bytes
    jwt: str
    qr: str
    key: str


def sign_forms(
    credential: dict[str, Any],
    key: NamedSigner,
    court: CourtIdentity,
    *,
    at: datetime,
    cryptosuite: Cryptosuite = DEFAULT_CRYPTOSUITE,
) -> SignedForms:
    """Sign all forms of one credential with one key.

    Args:
        credential: without proof.
        key: signs.
        court: what the trust list says of the court and the QR form leaves out.
        at: when.
        cryptosuite: of the Data Integrity proof.

    Returns:
        The forms.
    """
    json_ld = sign_data_integrity(
        credential, key.signer, verification_method=key.method, created=at, cryptosuite=cryptosuite
    )
    return SignedForms(
        json_ld=json.dumps(json_ld, ensure_ascii=False, indent=2).encode(),
        jwt=sign_jwt(credential, key.signer, kid=key.jwk_method),
        qr=sign_qr(credential, key.signer, court=court),
        key=key.name,
    )


class Rehearsal:
    """Throwaway keys of one process, and the checks made with them.

    What stays the same from one certificate to the next, lists and the trust in keys, is made anew once an hour or when
    a key of the court has changed; every form of every certificate is verified.
    """

    def __init__(self, keys: KeySource) -> None:
        self._keys = keys
        self._status_signer = SoftwareSigner.generate()
        self._certificate_signers = {key_type: SoftwareSigner.generate(key_type) for key_type in ALGORITHMS}
        self._lists: dict[int, tuple[datetime, list[bytes]]] = {}
        self._verifiers: dict[tuple[KeyType | None, int], tuple[datetime, tuple[KeyRecord, ...], Verifier]] = {}
        self._lock = threading.Lock()

    @property
    def cryptosuite(self) -> Cryptosuite:
        """The suite of the court's Data Integrity proofs."""
        return self._keys.current().court.certificate.cryptosuite

    def lint(self, credential: dict[str, Any], *, key_type: KeyType) -> None:
        """Sign with a throwaway key and verify.

        Args:
            credential: without proof.
            key_type: the kind of the court's key.

        Raises:
            IssuingError: `lint_failed`, with the form and the verifier's reason.
        """
        at = parse_timestamp(credential["validFrom"])
        keys = self._keys.current()
        signer = self._certificate_signers[key_type]
        key = self._named(KeyUsage.CERTIFICATE, signer)
        forms = sign_forms(credential, key, keys.identity, at=at, cryptosuite=self.cryptosuite)
        self._check(forms, credential, keys, signer, "lint_failed", at=at)

    def check(self, forms: SignedForms, credential: dict[str, Any], *, at: datetime) -> None:
        """Verify what the court's key signed, with the court's published keys.

        Args:
            forms: signed forms.
            credential: what they must say.
            at: when they were signed; after a crash that is later than `validFrom`.

        Raises:
            IssuingError: `self_check_failed`, with the form and the verifier's reason.
        """
        self._check(forms, credential, self._keys.current(), None, "self_check_failed", at=at)

    def _check(
        self,
        forms: SignedForms,
        credential: dict[str, Any],
        keys: CourtKeys,
        signer: SoftwareSigner | None,
        code: str,
        *,
        at: datetime,
    ) -> None:
        list_number = int(credential["credentialStatus"][0]["statusListCredential"].split("/")[-2])
        verifier = self._verifier(list_number, keys, signer, at=at)
        for form, data in (("json", forms.json_ld), ("jwt", forms.jwt), ("qr", forms.qr)):
            report = verifier.report(data, at=at)
            if report.verdict is not Verdict.PASSED:
                raise IssuingError(code, form=form, reason=report.code)
            if report.claims != credential:
                raise IssuingError(code, form=form, reason="claims")

    def _verifier(self, list_number: int, keys: CourtKeys, signer: SoftwareSigner | None, *, at: datetime) -> Verifier:
        """The verifier that trusts a throwaway key or the court's own ones, and the throwaway status key."""
        made_at, lists = self._status_lists(list_number, at=at)
        if signer is None:
            records = tuple(record for record in keys.records if record.usage is KeyUsage.CERTIFICATE)
        else:
            records = (self._record(KeyUsage.CERTIFICATE, signer, at=made_at),)
        place = (signer.key_type if signer else None), list_number
        known = self._verifiers.get(place)
        if known is not None and known[:2] == (made_at, records):
            return known[2]
        document = keys.issuer_document([*records, self._status_record(at=made_at)])
        verifier = Verifier(TrustStore.from_documents([document], lists), policy=Policy())
        self._verifiers[place] = made_at, records, verifier
        return verifier

    def _status_lists(self, number: int, *, at: datetime) -> tuple[datetime, list[bytes]]:
        with self._lock:
            made_at, documents = self._lists.get(number, (None, []))
            if made_at is None or not made_at <= at < made_at + _LIST_LIFE:
                made_at, documents = at, [self._status_list(number, purpose, at=at) for purpose in STATUS_PURPOSES]
                self._lists[number] = made_at, documents
            return made_at, documents

    def _status_list(self, number: int, purpose: Any, *, at: datetime) -> bytes:
        court: CourtConfiguration = self._keys.current().court
        unsigned = status_list_credential(
            [],
            url=court.status_list_url(number, purpose),
            issuer=court.did,
            purpose=purpose,
            sequence=1,
            valid_from=at,
            valid_until=at + _LIST_LIFE,
        )
        key = self._named(KeyUsage.STATUS, self._status_signer)
        return sign_status_document(unsigned, key.signer, verification_method=key.method, created=at)

    def _named(self, usage: KeyUsage, signer: SoftwareSigner) -> NamedSigner:
        method = f"{self._keys.current().court.did}#{_NAMES[usage]}"
        return NamedSigner(signer, method, f"{method}-jwk")

    def _status_record(self, *, at: datetime) -> KeyRecord:
        return self._record(KeyUsage.STATUS, self._status_signer, at=at)

    def _record(self, usage: KeyUsage, signer: SoftwareSigner, *, at: datetime) -> KeyRecord:
        return KeyRecord(
            name=_NAMES[usage],
            usage=usage,
            public_key_multibase=signer.public_key_multibase,
            state=KeyState.ACTIVE,
            valid_from=at - _LIST_LIFE,
        )
