"""The usual certificate, straight through: one signature, by a key and with status lists that were seen before.

This way asks for everything that the ten steps of `verifier` ask for, and never says no: whatever it does not know, or
what would not pass, is left to them. What it knows, it has from them: of each key and each pair of status lists the
answers that hold for every certificate, once a certificate that bears them has passed. What depends on the certificate
or on the moment is asked again each time. Between two signature checks most time goes into calling many functions for
little; so there are few here.
"""

import hashlib
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeVar

from xinzheng_schemas import qr_profile, strict_json
from xinzheng_schemas.base64url import decoded_or_none
from xinzheng_schemas.certificate import STATUS_PURPOSES, CourtIdentity, Outline, outline, outline_of
from xinzheng_schemas.deceptive_text import is_honest
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_schemas.vocabulary import SCOPE_STATEMENT
from xinzheng_verifier.match import NOTHING, Expected, check_match
from xinzheng_verifier.policy import Policy
from xinzheng_verifier.read import qr_cwt
from xinzheng_verifier.report import Passed, PassedLists, PassedSigner, Report, ReportedIssuer
from xinzheng_verifier.secure import data_integrity
from xinzheng_verifier.secure.algorithms import ES256, SUITE_HASHES, Algorithm
from xinzheng_verifier.secure.moments import latest_moment, timestamp
from xinzheng_verifier.secure.proof import Secured
from xinzheng_verifier.status.lists import StatusList
from xinzheng_verifier.trust.digest import TrustIdentity
from xinzheng_verifier.trust.eligibility import check_key, dates_of
from xinzheng_verifier.trust.issuers import TrustedIssuer, TrustedKey
from xinzheng_verifier.trust.store import TrustStore

_MAX_KEPT: Final = 8_192
"""Keys, and pairs of status lists, that are remembered: more than twice as many as there are courts. [chosen]"""

K = TypeVar("K")
V = TypeVar("V")

_MAX_BYTES: Final = 24_576
"""Bytes of an input that is tried: five times a certificate. [chosen]"""

_TOKEN: Final = b"ey"
_OBJECT: Final = b"{"
_JCS: Final = b"-jcs-"
_PROOF: Final = itemgetter("cryptosuite", "verificationMethod", "created", "proofValue", "type", "proofPurpose")
_PROOF_MEMBERS: Final = 7
# Its own name, names and texts of six members, and the name of `@context` with two addresses.
_PROOF_STRINGS: Final = 1 + 6 * 2 + 3
_WHITE_SPACE: Final = b" \t\r\n"


class _Signer(NamedTuple):
    """Who signs with one header; holds for every certificate of the issuer under that header.

    Attributes:
        key: of the issuer, named by the header, for assertion, of the algorithm's type.
        algorithm: bound to the key.
        dates: of issuance for which the key is good at every moment; None if the moment has a say.
        is_genuine: whether a signature over a SHA-256 was made with the key; None if its algorithm hashes otherwise.
        court: the issuer's court as the trust list has it.
        term: until when the trust list's entry of the issuer counts; None if as long as all of it.
        shown: what a report says of it.
        shared: attributes that all reports have in common.
    """

    key: TrustedKey
    algorithm: Algorithm
    dates: tuple[datetime, datetime] | None
    is_genuine: Callable[[bytes, bytes], bool] | None
    court: CourtIdentity | None
    term: datetime | None
    shown: PassedSigner
    shared: dict[str, Any]


class _Lists(NamedTuple):
    """The two status lists of a certificate; authentic, of the issuer or its delegate, right in purpose and length.

    Attributes:
        since: when the younger of them was made.
        until: until when both are current, and the trust list's entries of who signed them count; None is open.
        keys: the keys that signed them, and when, as far as the moment asked about has a say in whether they are good.
        bits: their entries, of one bit.
        shown: what a report says of them.
    """

    since: datetime
    until: datetime | None
    keys: tuple[tuple[TrustedKey, datetime | None], ...]
    bits: tuple[bytes, bytes]
    shown: PassedLists


_Found = tuple[JSONObject, str, Outline, _Signer, _Lists]
"""What a certificate says that passes, hash of the input, and what is known of it."""


class UsualWay:
    """What one verifier knows of keys and lists.

    Args:
        trust, policy: of the verifier; neither changes in its life.
        identity: of the trust, for the reports.
    """

    def __init__(self, trust: TrustStore, policy: Policy, identity: TrustIdentity) -> None:
        self._trust = trust
        self._identity = identity
        self._policy = policy
        self._is_open = policy.profile == "court" and not policy.unsafe_accept_other_controllers
        self._floor, self._expires = trust.issued_floor, trust.bundle_expires
        self._headers: dict[Hashable, None] = {}
        self._signers: dict[Hashable, _Signer] = {}
        self._lists: dict[tuple[str, tuple[str, str]], _Lists] = {}

    @property
    def is_open(self) -> bool:
        """Whether any certificate can pass this way under the policy."""
        return self._is_open

    def report(
        self, data: bytes, at: datetime, *, now: datetime | None = None, expected: Expected = NOTHING
    ) -> Report | None:
        """The report on a certificate that passes; None if only the ten steps can tell.

        Args:
            data: an input in any form.
            at: the moment asked about.
            now: the present moment, if it is told: no later one.
            expected: what to compare the certificate with.
        """
        if not self._is_open or len(data) > _MAX_BYTES:
            return None
        try:
            if data.startswith(_TOKEN):
                found = self._token(data, at)
            elif data.startswith(_OBJECT) and _JCS in data:
                found = self._document(data, at)
            elif data.startswith(qr_cwt.PREFIX):
                found = self._symbol(data, at)
            else:
                return None
            if found is None:
                return None
            claims, sha256, outlined, signer, lists = found
            compared: JSONObject | None = None
            if expected is not NOTHING:
                compared = {}
                check_match(claims, expected, compared)
        except (CodedError, ValueError, LookupError, TypeError, AttributeError):
            return None
        passed = Passed(signer.shown, lists.shown, len(data), outlined.place, at, compared)
        return Report.of_passed(
            {
                **signer.shared,
                "passed": passed,
                "at": at,
                "now": now,
                "input_sha256": sha256,
                "status_as_of": lists.shown.as_of,
                "claims": claims,
            }
        )

    def _token(self, data: bytes, at: datetime) -> _Found | None:
        signed, _, signature = data.rstrip(_WHITE_SPACE).rpartition(b".")
        header, _, payload = signed.partition(b".")
        if ("jwt", header) not in self._headers:
            return None
        # The short one first: once used to the decoder, the processor is twice as fast on the long one.
        octets, text = decoded_or_none(signature), decoded_or_none(payload)
        read = None if text is None else strict_json.loads_counted(text)
        if octets is None or read is None:
            return None
        claims: Any = read[0]
        outlined = outline_of(claims, self._lists)
        if outlined is None or outlined.strings != read[1]:
            return None
        signer = self._signers.get(("jwt", header, outlined.issuer))
        lists = self._lists.get((outlined.issuer, outlined.lists))
        if signer is None or lists is None or not self._stands(outlined, signer, lists, outlined.valid_from, at):
            return None
        digest = hashlib.sha256(signed)
        if signer.is_genuine is not None:
            is_genuine = signer.is_genuine(octets, digest.digest())
        else:
            is_genuine = signer.algorithm.verify(signer.key.public_key, signature=octets, message=signed)
        if not is_genuine:
            return None
        digest.update(data[len(signed) :])
        return claims, digest.hexdigest(), outlined, signer, lists

    def _document(self, data: bytes, at: datetime) -> _Found | None:
        """A certificate with one proof by JCS, of the seven members that a court gives it."""
        read = strict_json.loads_counted(data.rstrip(_WHITE_SPACE))
        claims: Any = read and read[0]
        config = claims.pop("proof")
        outlined = outline_of(claims, self._lists)
        if read is None or outlined is None or len(config) != _PROOF_MEMBERS:
            return None
        if outlined.strings + _PROOF_STRINGS != read[1]:
            return None
        suite, method, created, value, kind, purpose = _PROOF(config)
        if kind != "DataIntegrityProof" or purpose != "assertionMethod" or config["@context"] != claims["@context"]:
            return None
        signer = self._signers.get(("jsonld", (suite, method), outlined.issuer))
        lists = self._lists.get((outlined.issuer, outlined.lists))
        signed_at = timestamp(created, field="/proof/created")
        if signer is None or lists is None or not self._stands(outlined, signer, lists, signed_at, at):
            return None
        signature = data_integrity.signature_of(value)
        del config["proofValue"]
        message = data_integrity.hash_plain(claims, config, hash_name=SUITE_HASHES[signer.key.key_type])
        if not signer.algorithm.verify(signer.key.public_key, signature=signature, message=message):
            return None
        return claims, hashlib.sha256(data).hexdigest(), outlined, signer, lists

    def _symbol(self, data: bytes, at: datetime) -> _Found | None:
        message, carried = qr_cwt.read(data)
        signer = self._signers.get(("qr", message.protected_bytes, carried[qr_profile.ISSUER]))
        if signer is None or message.unprotected:
            return None
        claims = qr_profile.from_claims(carried, court=signer.court)
        outlined = outline_of(claims, self._lists)
        lists = None if outlined is None else self._lists.get((outlined.issuer, outlined.lists))
        if outlined is None or lists is None or not self._stands(outlined, signer, lists, outlined.valid_from, at):
            return None
        key, signature, signed = signer.key.public_key, message.signature, message.to_be_signed
        if not signer.algorithm.verify(key, signature=signature, message=signed):
            return None
        return claims, hashlib.sha256(data).hexdigest(), outlined, signer, lists

    def _stands(self, outlined: Outline, signer: _Signer, lists: _Lists, signed_at: datetime, at: datetime) -> bool:
        """Whether key, validity, status lists and status are as they have to be at the moment."""
        policy = self._policy
        latest = latest_moment(at, policy.max_clock_skew) if policy.max_clock_skew else at
        if self._floor is not None and latest < self._floor:
            return False
        if (self._expires is not None and at >= self._expires) or (signer.term is not None and at >= signer.term):
            return False
        if latest < outlined.valid_from or at > outlined.valid_until or not is_honest("\n".join(outlined.texts)):
            return False
        if latest < signed_at or latest < lists.since or (lists.until is not None and at > lists.until):
            return False
        if signer.dates is None:
            trust_dates = policy.unsafe_trust_dates_of_compromised_keys
            check_key(signer.key, usage="certificate", signed_at=signed_at, at=at, unsafe_trust_dates=trust_dates)
        elif not signer.dates[0] <= signed_at <= signer.dates[1]:
            return False
        for key, made in lists.keys:
            check_key(key, usage="status", signed_at=made, at=at)
        revocation, suspension = lists.bits
        octet, bit = outlined.place >> 3, 0x80 >> (outlined.place & 7)
        return not (revocation[octet] & bit or suspension[octet] & bit)

    def learn(self, form: str, secured: Secured, keys: Sequence[TrustedKey], issuer: TrustedIssuer) -> None:
        """Takes up what a certificate has shown that passed all ten steps.

        Args:
            form: of the input.
            secured: the certificate.
            keys: the keys that its one proof names.
            issuer: who issued it.
        """
        header = secured.header
        if header is None or not self._is_open or len(keys) != 1:
            return
        outlined = outline(secured.credential(issuer))
        if outlined is None:
            return
        [key], [proof] = keys, secured.proofs
        algorithm = proof.algorithm_for(key.key_type)
        lists = _lists(self._trust, outlined.lists, self._policy)
        if algorithm is None or lists is None:
            return
        shown = PassedSigner(form, proof.name, issuer.id, key.names)
        shared = {
            "form": form,
            "bundle_version": self._trust.bundle_version,
            "issuer": ReportedIssuer(id=issuer.id, name=issuer.name),
            "scope_statement": SCOPE_STATEMENT,
            "policy": self._policy,
            "trust": self._identity,
        }
        _keep(self._headers, (form, header), None)
        term = self._trust.issuer_term(issuer.id)
        by_digest = ES256.verify_digests_of(key.public_key) if algorithm is ES256 else None
        dates = dates_of(key, usage="certificate")
        signer = _Signer(key, algorithm, dates, by_digest, issuer.court, term and term.expires, shown, shared)
        _keep(self._signers, (form, header, issuer.id), signer)
        _keep(self._lists, (issuer.id, outlined.lists), lists)


def _keep(table: dict[K, V], place: K, known: V) -> None:
    if len(table) >= _MAX_KEPT:
        table.clear()
    table[place] = known


def _lists(trust: TrustStore, urls: tuple[str, str], policy: Policy) -> _Lists | None:
    """What is known of two lists that were found good already; None if a limit lies beyond all moments."""
    lists: list[StatusList] = [trust.decoded_status_lists[url] for url in urls]
    revocation, suspension = lists
    made, as_of = [one.valid_from for one in lists], min(one.as_of for one in lists)
    ends = [one.valid_until for one in lists if one.valid_until is not None]
    terms = [term for one in lists if (term := trust.issuer_term(one.issuer_id)) is not None]
    try:
        ends += [] if policy.max_status_age is None else [as_of + policy.max_status_age]
        ends += [term.expires - datetime.resolution for term in terms]  # with that moment an entry has ended
    except OverflowError:
        return None
    signatures = [*revocation.signatures, *suspension.signatures]
    return _Lists(
        since=max(made),
        until=min(ends, default=None),
        keys=tuple((key, signed_at) for key, signed_at in signatures if key.expires is not None or signed_at is None),
        bits=(revocation.bits, suspension.bits),
        shown=PassedLists(as_of, tuple(zip(STATUS_PURPOSES, urls, [one.evidence for one in lists], strict=True))),
    )
