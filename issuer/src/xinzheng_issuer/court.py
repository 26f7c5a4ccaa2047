"""The court's configuration file (TOML): who it is, and everything that no law fixes."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from xinzheng_issuer.domain.policy import CourtPolicy, RelistingEffect
from xinzheng_issuer.errors import ConfigurationError
from xinzheng_issuer.expectations import expected_of
from xinzheng_issuer.issuing.suites import ALGORITHMS, DEFAULT_CRYPTOSUITE, Cryptosuite, JWTAlgorithm
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.vocabulary import MaskingGround

STATUS_LIST_ENTRIES = 131_072
"""Bits of one status list: the smallest length that the Bitstring Status List specification allows (16 KiB)."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CourtName(_Section):
    """The court's name as the trust list shows it."""

    zh: Annotated[str, Field(min_length=1, max_length=100)]
    en: Annotated[str, Field(min_length=1, max_length=200)]


class PolicySection(_Section):
    """`[policy]`: the court's own rules."""

    validity_months: Annotated[
        int, Field(ge=1, le=60, description="Life of a certificate in calendar months of the court's civil time.")
    ] = 6
    conditional_validity_months: Annotated[
        int, Field(ge=1, le=60, description="Life after a conditional or temporary masking, in calendar months.")
    ] = 3
    list_check_hours: Annotated[
        int,
        Field(ge=1, le=168, description="How old the look-up of the public list may be when the seal is set, hours."),
    ] = 24
    senior_approval_grounds: Annotated[
        tuple[MaskingGround, ...], Field(description="Masking grounds that only the vice-president approves.")
    ] = (MaskingGround.ART2_EARLY_DELETION, MaskingGround.CONDITIONAL_REPAIR)
    senior_approval_if_conditional: Annotated[
        bool, Field(description="Whether only the vice-president approves conditional maskings.")
    ] = True
    same_case_relisting: Annotated[
        RelistingEffect,
        Field(description="Effect of a listing in the certificate's own case or its 执恢: revoke or suspend."),
    ] = RelistingEffect.REVOKE
    other_case_relisting: Annotated[
        RelistingEffect,
        Field(description="Effect of a listing of the same identity in another case: suspend or revoke."),
    ] = RelistingEffect.SUSPEND
    own_cases_only: Annotated[
        bool, Field(description="Whether the enforcement case number must bear the court's own code.")
    ] = True
    filing_grace_days: Annotated[
        int,
        Field(
            ge=0,
            le=366,
            description="Days of the next year in which a case numbered in the old one may still be filed.",
        ),
    ] = 31
    utc_offset_hours: Annotated[int, Field(ge=-12, le=14, description="The court's civil time, hours east of UTC.")] = 8

    @model_validator(mode="after")
    def _conditional_is_shorter(self) -> Self:
        if self.conditional_validity_months > self.validity_months:
            raise ConfigurationError(
                "setting_order",
                field="conditional_validity_months",
                limit=self.validity_months,
                other="validity_months",
            )
        return self

    def to_policy(self) -> CourtPolicy:
        """The domain's view of this section."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return CourtPolicy(**{**values, "senior_approval_grounds": frozenset(self.senior_approval_grounds)})


class StatusSection(_Section):
    """`[status]`: the published status lists."""

    validity_hours: Annotated[
        int, Field(ge=1, le=24 * 90, description="Life of a signed status list and of the bundle around it, hours.")
    ] = 168
    refresh_hours: Annotated[
        int,
        Field(
            ge=1, le=24 * 30, description="What is published is vouched for anew after this time at the latest, hours."
        ),
    ] = 24
    open_next_list_at: Annotated[
        int,
        Field(ge=1, le=STATUS_LIST_ENTRIES, description="Taken indexes of a list at which the next one is opened."),
    ] = STATUS_LIST_ENTRIES // 2

    history_years: Annotated[
        int,
        Field(
            ge=1, le=100, description="Years for which journals of changes say when; of what is older they say that."
        ),
    ] = 10
    cryptosuite: Annotated[
        Cryptosuite,
        Field(description="Data Integrity cryptosuite of status lists: as for certificates, by the kind of the key."),
    ] = DEFAULT_CRYPTOSUITE

    @model_validator(mode="after")
    def _refreshed_in_time(self) -> Self:
        if self.refresh_hours >= self.validity_hours:
            raise ConfigurationError(
                "setting_order", field="refresh_hours", limit=self.validity_hours - 1, other="validity_hours − 1"
            )
        return self


class CertificateSection(_Section):
    """`[certificate]`: how certificates look."""

    number_form: Annotated[
        str,
        Field(
            pattern=r"^[^{}/?#%\s]*(\{(court_code|year)\}[^{}/?#%\s]*)*\{random\}[^{}/?#%\s]*$",
            description="Form of a certificate number from {court_code}, {year} and {random} (64 random bits).",
        ),
    ] = "{court_code}-{year}-{random}"
    masked_id_style: Annotated[
        Literal["publicList", "strict"],
        Field(
            description="Masking of personal ID numbers: 10 + **** + 4 as the public list, or strict 6 + 8 stars + 4."
        ),
    ] = "publicList"
    cryptosuite: Annotated[
        Cryptosuite,
        Field(
            description="Data Integrity cryptosuite of certificates: ecdsa-jcs-2019 or ecdsa-rdfc-2019 with a key on "
            "P-256 or P-384, eddsa-jcs-2022 or eddsa-rdfc-2022 with one on Ed25519."
        ),
    ] = DEFAULT_CRYPTOSUITE
    jwt_algorithm: Annotated[
        JWTAlgorithm,
        Field(
            description="Algorithm of the JWT form, if it is to be insisted on: ES256 (P-256), ES384 (P-384) or EdDSA "
            "(Ed25519). Unset: that of the key, as in the QR form (COSE −7, −35, −8)."
        ),
    ] = ""


_PLACE_PATTERN = r"^(|pkcs11:.+)$"


def _main_kind(kind: KeyType) -> KeyType:
    if kind is KeyType.SM2:
        raise ConfigurationError("sm2_second_proof_only")
    return kind


_MainKind = Annotated[KeyType, AfterValidator(_main_kind)]
"""A kind of key that signs by itself."""


class KeysSection(_Section):
    """`[keys]`: where keys are made and of which kind, at `xinzheng init` and after, and how long a new one waits.

    Which key serves then says `keys.json`.
    """

    certificate: Annotated[
        str,
        Field(
            pattern=_PLACE_PATTERN,
            description="Token for the certificate key: `pkcs11:token=…` (RFC 7512). Unset: a file in the data folder.",
        ),
    ] = ""
    status: Annotated[str, Field(pattern=_PLACE_PATTERN, description="Token for the status key, likewise.")] = ""
    bundle: Annotated[
        str, Field(pattern=_PLACE_PATTERN, description="Token for the keys of the bundle's roles, likewise.")
    ] = ""
    certificate_type: Annotated[
        _MainKind, Field(description="Kind of the certificate key: P-256, P-384 or Ed25519.")
    ] = KeyType.P256
    status_type: Annotated[_MainKind, Field(description="Kind of the status key, likewise.")] = KeyType.P256
    bundle_type: Annotated[
        _MainKind, Field(description="Kind of the keys of the bundle's roles; not every module knows Ed25519.")
    ] = KeyType.ED25519
    contribution: Annotated[
        str,
        Field(
            pattern=_PLACE_PATTERN,
            description="Token for the key by which the court hands in to the country's trust list, likewise.",
        ),
    ] = ""
    contribution_type: Annotated[
        _MainKind | None, Field(description="Kind of that key. Unset: that of the bundle's roles.")
    ] = None
    lead_hours: Annotated[
        int,
        Field(
            ge=0,
            le=24 * 90,
            description="How long a new key must have been published before it may sign, hours; as long as a bundle "
            "lives, every bundle in use carries the key.",
        ),
    ] = 168

    def moved_to(self, place: str) -> Self:
        """The same with every key in one token."""
        uses = ("certificate", "status", "bundle", "contribution")
        return type(self).model_validate(self.model_dump() | dict.fromkeys(uses, place))


class CourtConfiguration(_Section):
    """One court."""

    did: Annotated[
        str,
        Field(
            pattern=r"^did:web:[a-z0-9.-]+(%3A[0-9]{1,5})?(:[A-Za-z0-9._-]+)+$",
            description="The court's did:web identifier; its last segment names the court in every path.",
        ),
    ]
    court_code: Annotated[
        str, Field(min_length=1, max_length=8, description="Court code of case numbers (法院代字), such as 鄂0683.")
    ]
    region_code: Annotated[
        str, Field(pattern=r"^[0-9]{6}$", description="GB/T 2260 code of the court's seat, six digits.")
    ]
    public_url: Annotated[
        str,
        Field(
            pattern=r"^(https://[^\s/?#]+)?$",
            description="Base of the public addresses in certificates; by default the host of the DID.",
        ),
    ] = ""
    courts_table: Annotated[
        Path | None,
        Field(
            description="CSV of known courts (code, nameZh, nameEn, regionCode) that case numbers are checked against."
        ),
    ] = None
    watermark: Annotated[
        str,
        Field(
            pattern=r"^(|/.+)$",
            description="File that remembers the last edition published, by its absolute path, on another disk than "
            "the data folder and in no backup: nothing is published while the publication folder is older than it "
            "([what it is for](../how-to/restored-backup.md#a-watermark)). Unset: none.",
        ),
    ] = ""
    name: CourtName
    policy: PolicySection = PolicySection()
    status: StatusSection = StatusSection()
    certificate: CertificateSection = CertificateSection()
    keys: KeysSection = KeysSection()

    def require_suites(self, *, certificate: KeyType | None, status: KeyType | None) -> None:
        """Refuse a choice of suites that the court's keys cannot bear.

        Args:
            certificate: kind of the key that signs certificates; None leaves them out.
            status: kind of the key that signs status lists.

        Raises:
            ConfigurationError: `suite_unsuitable` with the field; `sm2_second_proof_only`.
        """
        if KeyType.SM2 in {certificate, status}:
            raise ConfigurationError("sm2_second_proof_only")
        if certificate is not None:
            able = ALGORITHMS[certificate]
            _require_able("certificate.cryptosuite", self.certificate.cryptosuite, able.cryptosuites)
            _require_able("certificate.jwt_algorithm", self.certificate.jwt_algorithm, ("", able.jose))
        if status is not None:
            _require_able("status.cryptosuite", self.status.cryptosuite, ALGORITHMS[status].cryptosuites)

    @property
    def id(self) -> str:
        """Last segment of the DID: the tenant's id, and the court's place in public paths."""
        return self.did.rpartition(":")[2]

    @property
    def base_url(self) -> str:
        """Base of the public addresses, without a trailing slash."""
        if self.public_url:
            return self.public_url
        return "https://" + self.did.split(":")[2].replace("%3A", ":")

    def status_list_url(self, number: int, purpose: str) -> str:
        """Where a status list is published."""
        return f"{self.base_url}/status/{self.id}/{number}/{purpose}"


def _require_able(field: str, chosen: str, able: tuple[str, ...]) -> None:
    if chosen not in able:
        raise ConfigurationError("suite_unsuitable", field=field, found=chosen, expected=", ".join(filter(None, able)))


def load_court(path: Path) -> CourtConfiguration:
    """Read a court's configuration file.

    Args:
        path: TOML file; a relative `courts_table` is relative to it.

    Returns:
        The configuration.

    Raises:
        ConfigurationError: `court_file_missing`, or `court_file_invalid` with the first field at fault.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError("court_file_missing", path=path, reason=error.strerror) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError("court_file_invalid", field="(TOML)", path=path, reason=f"TOML ({error})") from error
    try:
        court = CourtConfiguration.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "(TOML)"
        raise ConfigurationError("court_file_invalid", field=field, path=path, reason=expected_of(first)) from error
    if court.courts_table is not None and not court.courts_table.is_absolute():
        return court.model_copy(update={"courts_table": path.parent / court.courts_table})
    return court
