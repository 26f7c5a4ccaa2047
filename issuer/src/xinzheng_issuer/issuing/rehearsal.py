"""Signing a certificate's forms, and putting them before the verifier that lenders use.

Before the court's keys are touched, the forms are signed with throwaway keys and must pass; afterwards the real ones
must pass with the court's published keys. Both times a status list of the throwaway status key stands in for the
published one: the certificate's place in it is clear, and nothing of the court's status key is spent on a rehearsal.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from xinzheng_issuer.court import CourtConfiguration
from xinzheng_issuer.errors import IssuingError
from xinzheng_issuer.issuing.court_keys import CourtKeys, KeySource, NamedSigner
from xinzheng_issuer.issuing.forms import data_integrity_proof, sign_data_integrity, sign_jwt, sign_qr
from xinzheng_issuer.issuing.qr_symbol import require_fits
from xinzheng_issuer.issuing.suites import ALGORITHMS, DEFAULT_CRYPTOSUITE, SECOND_CRYPTOSUITE, Cryptosuite
from xinzheng_issuer.publishing.status_lists import sign_status_document, status_list_credential
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_keys.signer import Signer
from xinzheng_keys.sm2_signer import SM2Signer
from xinzheng_keys.software_signer import SoftwareSigner
from xinzheng_schemas.certificate import STATUS_PURPOSES, CourtIdentity
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_schemas.trust_documents import KeyState, KeyUsage
from xinzheng_verifier import Policy, TrustStore, Verifier
from xinzheng_verifier.report import Verdict

_LIST_LIFE = timedelta(hours=1)
"""Life of a rehearsal's status list: longer than any request, shorter than any change of the clock."""

_CERTIFICATE, _SECOND, _STATUS = "rehearsal-cert", "rehearsal-second", "rehearsal-status"


@dataclass(frozen=True)
class SignedForms:
    """One certificate in its three forms.

    Attributes:
        json_ld: application/vc, UTF-8.
        jwt: application/vc+jwt, compact.
        qr: text of the QR symbol.
        key: name of the key that signed them.
        second_key: name of the SM2 key whose proof stands beside that of `key` in the JSON-LD form.
    """

    json_ld: bytes
    jwt: str
    qr: str
    key: str
    second_key: str | None = None


def sign_forms(
    credential: dict[str, Any],
    key: NamedSigner,
    court: CourtIdentity,
    *,
    at: datetime,
    cryptosuite: Cryptosuite = DEFAULT_CRYPTOSUITE,
    second: NamedSigner | None = None,
) -> SignedForms:
    """Sign all forms of one credential with one key, and the JSON-LD form with an SM2 key besides.

    Args:
        credential: without proof.
        key: signs.
        court: what the trust list says of the court and the QR form leaves out.
        at: when.
        cryptosuite: of the Data Integrity proof.
        second: makes the second one, of a proof set (vc-data-integrity 1.0 §2.1.1).

    Returns:
        The forms.
    """
    json_ld = sign_data_integrity(
        credential, key.signer, verification_method=key.method, created=at, cryptosuite=cryptosuite
    )
    if second is not None:
        beside = data_integrity_proof(
            credential,
            second.signer,
            verification_method=second.method,
            created=at,
            cryptosuite=SECOND_CRYPTOSUITE,
        )
        json_ld["proof"] = [json_ld["proof"], beside]
    return SignedForms(
        json_ld=json.dumps(json_ld, ensure_ascii=False, indent=2).encode(),
        jwt=sign_jwt(credential, key.signer, kid=key.jwk_method),
        qr=sign_qr(credential, key.signer, court=court),
        key=key.name,
        second_key=second.name if second else None,
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
        self._second_signer: SM2Signer | None = None
        self._lists: dict[int, tuple[datetime, list[bytes]]] = {}
        self._verifiers: dict[tuple[tuple[KeyType, ...], int], tuple[datetime, tuple[KeyRecord, ...], Verifier]] = {}
        self._lock = threading.Lock()

    @property
    def cryptosuite(self) -> Cryptosuite:
        """The suite of the court's Data Integrity proofs."""
        return self._keys.current().court.certificate.cryptosuite

    def lint(self, credential: dict[str, Any], *, key_type: KeyType, national: bool = False) -> None:
        """Sign with throwaway keys and verify.

        Args:
            credential: without proof.
            key_type: the kind of the court's key.
            national: whether an SM2 key makes a second proof.

        Raises:
            IssuingError: `lint_failed`, with the form and the verifier's reason; `qr_too_large`.
            KeyStoreError: (keys) `sm2_unavailable`, `sm2_failed`.
        """
        at = parse_timestamp(credential["validFrom"])
        keys = self._keys.current()
        signers: dict[str, Signer] = {_CERTIFICATE: self._certificate_signers[key_type]}
        if national:
            signers[_SECOND] = self._throwaway_second()
        named = {name: self._named(name, signer) for name, signer in signers.items()}
        forms = sign_forms(
            credential,
            named[_CERTIFICATE],
            keys.identity,
            at=at,
            cryptosuite=self.cryptosuite,
            second=named.get(_SECOND),
        )
        self._check(forms, credential, keys, signers, "lint_failed", at=at)

    def check(self, forms: SignedForms, credential: dict[str, Any], *, at: datetime) -> None:
        """Verify what the court's key signed, with the court's published keys.

        Args:
            forms: signed forms.
            credential: what they must say.
            at: when they were signed; after a crash that is later than `validFrom`.

        Raises:
            IssuingError: `self_check_failed`, with the form and the verifier's reason; `qr_too_large`.
        """
        self._check(forms, credential, self._keys.current(), {}, "self_check_failed", at=at)

    def _throwaway_second(self) -> SM2Signer:
        with self._lock:
            self._second_signer = self._second_signer or SM2Signer.generate()
            return self._second_signer

    def _check(
        self,
        forms: SignedForms,
        credential: dict[str, Any],
        keys: CourtKeys,
        signers: Mapping[str, Signer],
        code: str,
        *,
        at: datetime,
    ) -> None:
        require_fits(forms.qr)
        list_number = int(credential["credentialStatus"][0]["statusListCredential"].split("/")[-2])
        verifier = self._verifier(list_number, keys, signers, at=at)
        for form, data in (("json", forms.json_ld), ("jwt", forms.jwt), ("qr", forms.qr)):
            report = verifier.report(data, at=at)
            if report.verdict is not Verdict.PASSED:
                raise IssuingError(code, form=form, reason=report.code)
            if report.claims != credential:
                raise IssuingError(code, form=form, reason="claims")

    def _verifier(self, list_number: int, keys: CourtKeys, signers: Mapping[str, Signer], *, at: datetime) -> Verifier:
        """The verifier that trusts throwaway keys or else the court's own ones, and the throwaway status key."""
        made_at, lists = self._status_lists(list_number, at=at)
        if signers:
            records = tuple(
                self._record(name, KeyUsage.CERTIFICATE, signer, at=made_at) for name, signer in signers.items()
            )
        else:
            records = tuple(record for record in keys.records if record.usage is KeyUsage.CERTIFICATE)
        place = tuple(signer.key_type for signer in signers.values()), list_number
        known = self._verifiers.get(place)
        if known is not None and known[:2] == (made_at, records):
            return known[2]
        status = self._record(_STATUS, KeyUsage.STATUS, self._status_signer, at=made_at)
        document = keys.issuer_document([*records, status])
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
        key = self._named(_STATUS, self._status_signer)
        return sign_status_document(unsigned, key.signer, verification_method=key.method, created=at)

    def _named(self, name: str, signer: Signer) -> NamedSigner:
        method = f"{self._keys.current().court.did}#{name}"
        return NamedSigner(signer, method, f"{method}-jwk")

    def _record(self, name: str, usage: KeyUsage, signer: Signer, *, at: datetime) -> KeyRecord:
        return KeyRecord(
            name=name,
            usage=usage,
            public_key_multibase=signer.public_key_multibase,
            state=KeyState.ACTIVE,
            valid_from=at - _LIST_LIFE,
        )
