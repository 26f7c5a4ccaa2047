"""What secures a credential, whatever the mechanism: proofs, embedded or enveloping, behind one face (VCDM 2.0, 4.12).

`mechanism.secured` checks the mechanism (step 2); the object it gives then says which issuer the credential names (3),
which keys each proof names (4), and whether one of them signed it (5). What the credential says is handed out by
`credential`, which has to be asked last.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable
from datetime import datetime
from typing import Final, NamedTuple

from xinzheng_schemas import base64url
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.errors import RefusedError, shown
from xinzheng_verifier.secure.algorithms import Algorithm
from xinzheng_verifier.secure.moments import timestamp
from xinzheng_verifier.trust.issuers import KID_BYTES, TrustedIssuer, TrustedKey, thumbprint

BASE_TYPE: Final = "VerifiableCredential"

_ABSOLUTE: Final = ("did:", "https://")
_THUMBPRINT_CHARACTERS: Final = 43


class Validity(NamedTuple):
    """Limits in time that a proof adds to those of the credential.

    Attributes:
        since: first moment, inclusive; None is open.
        until: first moment at which it is over; None is open.
        ended_code: reason code from then on.
    """

    since: datetime | None = None
    until: datetime | None = None
    ended_code: str = "expired"


NO_LIMITS: Final = Validity()


class Proof(ABC):
    """One proof over one credential."""

    name: str
    """Algorithm or suite, as the report shows it."""

    key_mismatch_code: str = "alg_not_allowed"
    """Reason code where a key is not of the mechanism's type."""

    builds_on: tuple["Proof", ...] = ()
    """The proofs that it signs over and is worth nothing without (vc-data-integrity 2.1.2)."""

    builds_on_unknown: str | None = None
    """Kind of a proof that it builds on and that this verifier does not know; None if it knows all."""

    @abstractmethod
    def algorithm_for(self, key_type: KeyType) -> Algorithm | None:
        """The one algorithm of this proof for keys of a type; None if it takes no such keys."""

    @abstractmethod
    def controller(self) -> str | None:
        """Who controls the key by the name that the proof gives it; None if the name does not say."""

    @abstractmethod
    def named_keys(self, issuer: TrustedIssuer) -> Collection[TrustedKey]:
        """The keys of `issuer` that the proof may be signed with; at least one.

        Raises:
            RefusedError: `kid_unknown`, `issuer_key_mismatch`.
        """

    @abstractmethod
    def signed_at(self) -> datetime | None:
        """When it was signed, by its own word; None if it does not say.

        Raises:
            RefusedError: `date_malformed`.
        """

    @abstractmethod
    def validity(self) -> Validity:
        """Limits in time besides `validFrom` and `validUntil`.

        Raises:
            RefusedError: `date_malformed`.
        """

    @abstractmethod
    def is_signed_by(self, key: TrustedKey, algorithm: Algorithm) -> bool:
        """Whether the signature holds under `key`.

        Raises:
            RefusedError: the document has no canonical form, such as `number_range`, `not_canonical`, `data_loss`.
            UndecidedError: `jsonld_unavailable`.
        """


class Secured(ABC):
    """One credential under the proofs that secure it."""

    unknown_proofs: tuple[str, ...] = ()
    """Kinds of proofs that this verifier does not know, and does not have to."""
    header: Hashable = None
    """What names mechanism and key, and nothing else, where all that one key signs bear the same; else None."""

    @property
    @abstractmethod
    def proofs(self) -> tuple[Proof, ...]:
        """The proofs; at least one."""

    @abstractmethod
    def issuer_id(self) -> str:
        """The issuer that the credential names.

        Raises:
            RefusedError: `issuer_untrusted` (no usable name), `issuer_mismatch` (two that differ).
        """

    @abstractmethod
    def types(self) -> frozenset[str]:
        """The credential types besides VerifiableCredential, not yet believed."""

    @abstractmethod
    def credential(self, issuer: TrustedIssuer) -> JSONObject:
        """What is signed, in the JSON-LD form without proof.

        Raises:
            RefusedError: `shape_invalid`, `claim_forbidden`, `claim_mismatch`.
        """


def stated_issuer(credential: JSONObject) -> str:
    """`issuer`, or its `id` where it is an object (VCDM 2.0, 4.7).

    Raises:
        RefusedError: `issuer_untrusted`.
    """
    issuer = credential.get("issuer")
    if isinstance(issuer, dict):
        issuer = issuer.get("id")
    if not isinstance(issuer, str):
        raise RefusedError("issuer_untrusted", issuer=shown(issuer))
    return issuer


def valid_from(credential: JSONObject) -> datetime | None:
    """`validFrom`; None if there is none.

    Raises:
        RefusedError: `date_malformed`.
    """
    if "validFrom" not in credential:
        return None
    return timestamp(credential["validFrom"], field="/validFrom")


def controller_of(method_id: JSONValue) -> str | None:
    """The controller in a DID URL or https URL of a verification method; None if it names none."""
    if not isinstance(method_id, str) or not method_id.startswith(_ABSOLUTE):
        return None
    controller, separator, _ = method_id.partition("#")
    return controller if separator else None


def assertion_key(issuer: TrustedIssuer, name: JSONValue) -> TrustedKey:
    """The key of `issuer` under this name, if the issuer vouches for credentials by it.

    A name is the URL of a verification method, its fragment with or without `#`, which is relative to the issuer (CID
    1.0, 2.2; vc-jose-cose 4.1), or the RFC 7638 thumbprint of the key; it is looked up exactly.

    Raises:
        RefusedError: `kid_unknown`, `issuer_key_mismatch`.
    """
    method_id = name if isinstance(name, str) else ""
    key = issuer.key(method_id)
    if key is None and ":" not in method_id:
        method_id = f"{issuer.id}#{method_id.removeprefix('#')}"
        key = issuer.key(method_id) or _key_by_thumbprint(issuer, name)
    if key is not None and (method_id in key.assertion_methods or method_id not in key.method_ids):
        return key
    foreign = controller_of(name) not in (None, issuer.id)
    code = "issuer_key_mismatch" if key is not None or foreign else "kid_unknown"
    raise RefusedError(code, kid=shown(name), issuer=issuer.id)


def _key_by_thumbprint(issuer: TrustedIssuer, name: JSONValue) -> TrustedKey | None:
    if not isinstance(name, str) or len(name) != _THUMBPRINT_CHARACTERS:
        return None
    try:
        wanted = base64url.decode(name)
    except CodedError:
        return None
    for key in issuer.keys_with_kid(wanted[:KID_BYTES]):
        if key.in_assertion_method and thumbprint(key.key_type, key.public_key) == wanted:
            return key
    return None
