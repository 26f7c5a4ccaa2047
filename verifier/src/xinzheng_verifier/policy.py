"""What a lender asks beyond a genuine signature."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, get_args

from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.errors import RefusedError, raise_worst

Profile = Literal["court", "vcdm"]

COURT_TYPE: Final = "CreditRepairCredential"
"""The type that the court profile asks for."""

MAX_CLOCK_SKEW: Final = timedelta(minutes=5)
"""Most that a policy may excuse. [chosen: what JWT libraries commonly allow; RFC 7519 4.1.4 asks for a few minutes]"""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The rules of one verifier; every default is the strict one.

    Attributes:
        profile: "court" asks for a Credit Repair Certificate in the exact shape of its schema; "vcdm" for any
            credential of the VC Data Model 2.0.
        max_status_age: oldest status data that still counts as current; None leaves it to the status list's own
            `validUntil` and to the expiry of the trust bundle.
        require_status: whether a credential without status is refused; None asks the profile (court: yes, vcdm: no).
        issuers: the only issuer ids that are accepted; None accepts every trusted issuer, an empty set none.
        types: credential types of which one must be borne; None asks the profile (court: CreditRepairCredential, vcdm:
            any), an empty set accepts none.
        proofs: cryptosuites (`ecdsa-jcs-2019`) or algorithms (`ES256`, of JWT and COSE alike) whose proofs have to
            hold, while others are not looked at and need not be known; None asks that every proof be known and hold.
            Each name that is given has to be there.
        max_clock_skew: how far the clock behind `at` may be slow, at most five minutes; it excuses what seems to lie in
            the future and prolongs nothing.
        unsafe_accept_other_controllers: accept a credential of any issuer if its proofs are by keys of controllers that
            are trusted; the issuer's name is then nothing but a claim.
        unsafe_trust_dates_of_compromised_keys: accept what a compromised key signed, if it is dated before the
            compromise. Whoever holds the key can write any date.

    Raises:
        TypeError: a text where a collection of texts is due, or a wrong type.
        ValueError: an unknown profile, a negative age, a skew that is negative or longer than `MAX_CLOCK_SKEW`.
    """

    profile: Profile = "court"
    max_status_age: timedelta | None = None
    require_status: bool | None = None
    issuers: frozenset[str] | None = None
    types: frozenset[str] | None = None
    proofs: frozenset[str] | None = None
    max_clock_skew: timedelta = timedelta(0)
    unsafe_accept_other_controllers: bool = False
    unsafe_trust_dates_of_compromised_keys: bool = False

    def __post_init__(self) -> None:
        for name in ("unsafe_accept_other_controllers", "unsafe_trust_dates_of_compromised_keys"):
            if not isinstance(getattr(self, name), bool):  # "false", as a settings file may have it, counts as true
                raise TypeError(f"{name} must be a bool")
        if not isinstance(self.require_status, bool | None):
            raise TypeError("require_status must be a bool or None")
        if self.profile not in get_args(Profile):
            raise ValueError(f"profile must be one of {', '.join(get_args(Profile))}")
        if self.max_status_age is not None and self.max_status_age < timedelta(0):
            raise ValueError("max_status_age must not be negative")
        if not timedelta(0) <= self.max_clock_skew <= MAX_CLOCK_SKEW:
            raise ValueError(f"max_clock_skew must be between 0 and {MAX_CLOCK_SKEW}")
        object.__setattr__(self, "proofs", _set_of_texts(self.proofs, "proofs"))
        object.__setattr__(self, "issuers", _set_of_texts(self.issuers, "issuers"))
        object.__setattr__(self, "types", _set_of_texts(self.types, "types"))

    @property
    def status_is_required(self) -> bool:
        """Whether a credential without status is refused."""
        return self.profile == "court" if self.require_status is None else self.require_status

    @property
    def accepted_types(self) -> frozenset[str] | None:
        """The types of which a credential must bear one; None accepts any."""
        if self.types is not None:
            return self.types
        return frozenset({COURT_TYPE}) if self.profile == "court" else None

    def to_json(self) -> dict[str, JSONValue]:
        """The policy as the report shows it, with the profile's defaults filled in."""
        age = self.max_status_age
        return {
            "profile": self.profile,
            "maxStatusAgeSeconds": None if age is None else age.total_seconds(),
            "requireStatus": self.status_is_required,
            "issuers": None if self.issuers is None else [*sorted(self.issuers)],
            "types": None if self.accepted_types is None else [*sorted(self.accepted_types)],
            "proofs": None if self.proofs is None else [*sorted(self.proofs)],
            "maxClockSkewSeconds": self.max_clock_skew.total_seconds(),
            "unsafeAcceptOtherControllers": self.unsafe_accept_other_controllers,
            "unsafeTrustDatesOfCompromisedKeys": self.unsafe_trust_dates_of_compromised_keys,
        }


def _set_of_texts(values: Iterable[str] | None, name: str) -> frozenset[str] | None:
    if values is None:
        return None
    texts = frozenset(values)
    if isinstance(values, str) or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"{name} must be a collection of texts")
    return texts


def check_policy(credential: JSONObject, *, issuer_ids: Sequence[str], policy: Policy) -> None:
    """Step 10: the lender's own rules.

    Args:
        credential: the credential without proof, its signature verified.
        issuer_ids: who signed it, one for each proof.
        policy: the rules.

    Raises:
        RefusedError: `policy_issuer`, `policy_type`.
    """
    accepted = policy.accepted_types
    foreign_issuer = None if policy.issuers is None else next((i for i in issuer_ids if i not in policy.issuers), None)
    foreign_type = accepted is not None and not accepted & types_of(credential)
    if foreign_issuer is not None or foreign_type:
        raise_worst(
            (
                RefusedError("policy_issuer", issuer=foreign_issuer) if foreign_issuer is not None else None,
                RefusedError("policy_type", accepted=sorted(accepted or ())) if foreign_type else None,
            )
        )


def types_of(credential: JSONObject) -> frozenset[str]:
    """The types that a credential bears, VerifiableCredential included; whatever is no text is left out."""
    types = credential.get("type")
    listed = types if isinstance(types, list) else [types]
    return frozenset(name for name in listed if isinstance(name, str))
