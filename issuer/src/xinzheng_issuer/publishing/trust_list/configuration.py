"""The reviewed configuration file of a trust list (TOML): roles, thresholds, lifetimes, who holds which share where.

Whatever a ceremony signs is rebuilt from this file and compared, so that people review one text, once. A province may
keep a file of its own with its one section; a file for the root needs the sections `root`, `targets`, `snapshot` and
`timestamp`.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.expectations import expected_of
from xinzheng_keys.errors import KeyURIError
from xinzheng_keys.pkcs11_uri import parse_pkcs11_uri
from xinzheng_schemas.multibase import KeyType

ROOT, TARGETS, SNAPSHOT, TIMESTAMP = "root", "targets", "snapshot", "timestamp"
ONLINE_ROLES = (SNAPSHOT, TIMESTAMP)
TOP_ROLES = (ROOT, TARGETS, *ONLINE_ROLES)
PROVINCE_PREFIX = "province-"
COURT_PREFIX = "court-"

_SHARE_NAME = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_PROVINCE = re.compile(r"[0-9]{2}")
_COURT = re.compile(r"[0-9]{2}[0-9A-Za-z._-]{0,30}")
_FINGERPRINT = r"^[0-9a-f]{64}$"
_DISOWNED = r"^[^\s,]{1,2048} in [1-9][0-9]{0,8}\.[a-z0-9-]{1,64}\.json$"

MAX_CONFIGURATION_BYTES = 4_194_304
"""Octets of a configuration file: 3,500 courts with their fingerprints take some 400 kB."""


def _kind_of_share(kind: KeyType) -> KeyType:
    if kind is KeyType.SM2:
        known = ", ".join(each for each in KeyType if each is not KeyType.SM2)
        raise TrustListError("share_key_kind", found=kind.value, expected=known)
    return kind


_Kind = Annotated[KeyType, AfterValidator(_kind_of_share)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Share(_Section):
    """One key of a role: who holds it, and where it is kept."""

    name: Annotated[
        str, Field(pattern=_SHARE_NAME, max_length=64, description="Name of the share; never used for another key.")
    ]
    holder: Annotated[str, Field(min_length=1, max_length=200, description="Who holds it: office and person.")]
    medium: Annotated[str, Field(min_length=1, description="Folder of the medium that the key is made and used on.")]
    token: Annotated[
        str,
        Field(
            description="Hardware token that the key is made in: `pkcs11:token=…` (RFC 7512), without a PIN. The "
            "medium then holds the record of where it is. Unset: a key file on the medium."
        ),
    ] = ""
    key_type: Annotated[
        _Kind, Field(description="Kind of the key: Ed25519, P-256 or P-384; not every module knows Ed25519.")
    ] = KeyType.ED25519
    fingerprint: Annotated[
        str | None,
        Field(
            pattern=_FINGERPRINT, description="SHA-256 of the public key, where it is known when the file is written."
        ),
    ] = None

    @field_validator("token")
    @classmethod
    def _names_a_token(cls, uri: str) -> str:
        """Read it now: a file with a PIN in it is refused before anybody reviews it."""
        require_own_module(uri)
        if uri and not parse_pkcs11_uri(uri).names_token:
            raise KeyURIError("pkcs11_uri_incomplete", field="token")
        return uri


class _Role(_Section):
    threshold: Annotated[int, Field(ge=1, le=32, description="How many shares must sign.")] = 1
    shares: Annotated[tuple[Share, ...], Field(min_length=1, max_length=32, description="The keys of the role.")]
    leaving: Annotated[
        tuple[Share, ...],
        Field(description="Shares that sign this edition for the keys before it, and are keys of the role no more."),
    ] = ()

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.threshold > len(self.shares):
            raise TrustListError("ceremony_threshold", field="threshold", shares=len(self.shares))
        return self


class OfflineRole(_Role):
    """A role whose metadata is signed in a ceremony."""

    version: Annotated[int, Field(ge=1, le=999_999_999, description="Version of the metadata that is to be signed.")]
    valid_days: Annotated[int, Field(ge=1, le=3660, description="Life of the metadata, days.")]


class OnlineRole(_Role):
    """A role whose keys the publisher has at hand."""

    valid_hours: Annotated[int, Field(ge=1, le=24 * 90, description="Life of the metadata, hours.")]


class ProvinceRole(OfflineRole):
    """A province: its own shares, and its courts."""

    courts: Annotated[tuple[str, ...], Field(max_length=1000, description="Codes of its courts, such as 420683.")] = ()
    without_lists: Annotated[
        tuple[str, ...],
        Field(description="Courts among them whose status is not published: their key is lost, or nothing came yet."),
    ] = ()


class Configuration(_Section):
    """What the file says."""

    title: Annotated[
        str, Field(min_length=1, max_length=200, description="Name of the trust list, shown at each step.")
    ]
    disowned: Annotated[
        tuple[Annotated[str, Field(pattern=_DISOWNED)], ...],
        Field(
            description="What signed documents say of a key and is nobody's, a thief's say, in the words of the "
            "refusal: `420683/cert-3 in 2.province-42.json`. It binds nothing that follows."
        ),
    ] = ()
    root: OfflineRole | None = None
    targets: OfflineRole | None = None
    snapshot: OnlineRole | None = None
    timestamp: OnlineRole | None = None
    provinces: Annotated[
        Mapping[str, ProvinceRole], Field(description="Two-digit code (GB/T 2260) of a province → its role.")
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _each_once("name", (share.name for _, share in self.all_shares()))
        offline = [share.medium for role, share in self.all_shares() if role not in ONLINE_ROLES]
        online = [share.medium for role, share in self.all_shares() if role in ONLINE_ROLES]
        _each_once("medium", (*offline, *set(online)))
        for code, province in self.provinces.items():
            if not _PROVINCE.fullmatch(code):
                raise TrustListError("ceremony_code", field="provinces", found=code)
            for court in province.courts:
                if not _COURT.fullmatch(court) or not court.startswith(code):
                    raise TrustListError("ceremony_code", field=f"provinces.{code}.courts", found=court)
            if unknown := sorted(set(province.without_lists) - set(province.courts)):
                raise TrustListError("ceremony_code", field=f"provinces.{code}.without_lists", found=unknown[0])
        _each_once("courts", (court for province in self.provinces.values() for court in province.courts))
        return self

    def roles(self) -> Iterator[tuple[str, OfflineRole | OnlineRole]]:
        """Name → section of every role that the file configures."""
        for name in TOP_ROLES:
            section = getattr(self, name)
            if section is not None:
                yield name, section
        for code, province in self.provinces.items():
            yield f"{PROVINCE_PREFIX}{code}", province

    def all_shares(self) -> Iterator[tuple[str, Share]]:
        """Role and share of every key, those that leave included."""
        for name, section in self.roles():
            for share in (*section.shares, *section.leaving):
                yield name, share


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """A configuration file as it was reviewed.

    Attributes:
        configuration: what it says.
        sha256: digest of the file, lower-case hexadecimal; recorded in all that is signed by it.
        path: where it was read; relative media are relative to its folder.
    """

    configuration: Configuration
    sha256: str
    path: Path

    def section(self, role: str) -> OfflineRole:
        """The section of a role that is signed in a ceremony.

        Raises:
            TrustListError: `ceremony_role`, the file has no such role.
        """
        section = dict(self.configuration.roles()).get(role)
        if not isinstance(section, OfflineRole):
            known = ", ".join(name for name, found in self.configuration.roles() if isinstance(found, OfflineRole))
            raise TrustListError("ceremony_role", field="role", found=role, known=known)
        return section

    def share(self, name: str) -> tuple[str, Share]:
        """Role and share of this name.

        Raises:
            TrustListError: `ceremony_share_unknown`.
        """
        for role, share in self.configuration.all_shares():
            if share.name == name:
                return role, share
        raise TrustListError("ceremony_share_unknown", field="share", found=name)

    def medium(self, share: Share) -> Path:
        """The folder of a share's medium."""
        return self.path.parent / share.medium

    def lifetime(self, role: str) -> timedelta:
        """How long the metadata of a role may be relied on.

        Raises:
            TrustListError: `ceremony_role`.
        """
        section = dict(self.configuration.roles()).get(role)
        if isinstance(section, OnlineRole):
            return timedelta(hours=section.valid_hours)
        return timedelta(days=self.section(role).valid_days)


def load_configuration(path: Path) -> Reviewed:
    """Read a configuration file.

    Raises:
        TrustListError: `ceremony_file_missing`, or `ceremony_file_invalid` with the first field at fault.
    """
    try:
        data = path.read_bytes()
        if len(data) > MAX_CONFIGURATION_BYTES:
            raise TrustListError("ceremony_file_invalid", field="(TOML)", path=path, reason=MAX_CONFIGURATION_BYTES)
        values = tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise TrustListError("ceremony_file_missing", path=path, reason=error.strerror) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrustListError("ceremony_file_invalid", field="(TOML)", path=path, reason=f"TOML ({error})") from error
    try:
        configuration = Configuration.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "(TOML)"
        raise TrustListError("ceremony_file_invalid", field=field, path=path, reason=expected_of(first)) from error
    return Reviewed(configuration=configuration, sha256=hashlib.sha256(data).hexdigest(), path=path)


def require_own_module(uri: str) -> None:
    """Refuse a `pkcs11:` URI that says by its path which library is loaded: media travel, and one may lie on them.

    Args:
        uri: where a share is, by a file or a medium; empty for a key file.

    Raises:
        KeyURIError: (keys) it is malformed.
        TrustListError: `share_module_path`.
    """
    if uri and parse_pkcs11_uri(uri).module_path is not None:
        raise TrustListError("share_module_path", field="module-path")


def _each_once(field: str, values: Iterator[str] | tuple[str, ...]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise TrustListError("ceremony_twice", field=field, found=value)
        seen.add(value)
