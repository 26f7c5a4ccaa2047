"""The metadata that ceremonies sign: rebuilt from the reviewed configuration and the public keys, never edited.

    root         the keys and thresholds of root, targets, snapshot and timestamp
    targets      delegates `courts/42*/…` to `province-42`, and so on
    province-42  lists `courts/420683/issuer.json`, delegates `courts/420683/status/*/*` to `court-420683`

The names of paths and roles are those of docs/reference/bundle-format.md.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from securesystemslib.signer import Key
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, Root, TargetFile, Targets
from tuf.api.serialization import DeserializationError

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.known_keys import listed_keys
from xinzheng_issuer.publishing.trust_list.configuration import (
    COURT_PREFIX,
    PROVINCE_PREFIX,
    ROOT,
    TARGETS,
    TOP_ROLES,
    ProvinceRole,
    Reviewed,
    Share,
)
from xinzheng_issuer.publishing.trust_list.shares import (
    fingerprint,
    kind_of,
    listed_key,
    public_octets,
    share_name,
)
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import loads_object
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_schemas.trust_documents import IssuerDocument
from xinzheng_verifier.limits import TRUST_DOCUMENT_JSON

CEREMONY_MEMBER: Final = "x-xinzheng-ceremony"
"""Member of the signed metadata that says by which configuration it was made, and when."""

HASHES = ["sha256"]
"""Digests in metadata that names files."""

Document = Metadata[Root] | Metadata[Targets]


@dataclass(frozen=True, kw_only=True)
class CourtEntry:
    """What a province says of one of its courts.

    Attributes:
        issuer: the court's issuer document, as a file.
        share: name of the court's share, `court-420683-1`.
        public: the public key by which the court signs its status targets, as in `PublicShare`.
    """

    issuer: bytes
    share: str
    public: bytes


@dataclass(frozen=True, kw_only=True)
class Ceremony:
    """One occasion of signing.

    Attributes:
        reviewed: the configuration.
        role: the role whose metadata is signed.
        at: moment at which the document was drawn up, aware, whole seconds; its life begins there.
    """

    reviewed: Reviewed
    role: str
    at: datetime

    def document(self, keys: Mapping[str, bytes], courts: Mapping[str, CourtEntry]) -> Document:
        """The unsigned metadata that the configuration asks for.

        Args:
            keys: name of a share → its public key.
            courts: code → entry, for a province.

        Raises:
            TrustListError: `ceremony_role`, `ceremony_section_missing`, `ceremony_key_missing`,
                `ceremony_key_unexpected`, `ceremony_key_twice`, `ceremony_court_missing`, `ceremony_issuer_invalid`.
        """
        section = self.reviewed.section(self.role)
        common: dict[str, Any] = {
            "version": section.version,
            "expires": (self.at + self.reviewed.lifetime(self.role)).astimezone(UTC),
            "unrecognized_fields": {
                CEREMONY_MEMBER: {"configuration": self.reviewed.sha256, "at": format_timestamp(self.at)}
            },
        }
        if self.role == ROOT:
            return Metadata(self._root(keys, common))
        if isinstance(section, ProvinceRole):
            return Metadata(_province(section, courts, common))
        return Metadata(self._targets(keys, common))

    def _root(self, keys: Mapping[str, bytes], common: Mapping[str, Any]) -> Root:
        root = Root(consistent_snapshot=True, **common)
        sections = dict(self.reviewed.configuration.roles())
        if missing := [role for role in TOP_ROLES if role not in sections]:
            raise TrustListError("ceremony_section_missing", field=missing[0])
        for role in TOP_ROLES:
            for share in sections[role].shares:
                root.add_key(_key(share, keys), role)
            root.roles[role].threshold = sections[role].threshold
        _each_key_once([(share.name, keys[share.name]) for role in TOP_ROLES for share in sections[role].shares])
        return root

    def _targets(self, keys: Mapping[str, bytes], common: Mapping[str, Any]) -> Targets:
        delegations = Delegations({}, {})
        for code, province in self.reviewed.configuration.provinces.items():
            patterns = [f"courts/{code}*/issuer.json", f"courts/{code}*/status/*/*"]
            listed = [_key(share, keys) for share in province.shares]
            _delegate(delegations, f"{PROVINCE_PREFIX}{code}", listed, threshold=province.threshold, paths=patterns)
        provinces = self.reviewed.configuration.provinces.values()
        _each_key_once([(share.name, keys[share.name]) for province in provinces for share in province.shares])
        return Targets(targets={}, delegations=delegations, **common)


def _province(section: ProvinceRole, courts: Mapping[str, CourtEntry], common: Mapping[str, Any]) -> Targets:
    delegations = Delegations({}, {})
    targets = {}
    named = []
    for code in section.courts:
        if code not in courts:
            raise TrustListError("ceremony_court_missing", field=code)
        entry = courts[code]
        path = issuer_path(code)
        _check_issuer(entry.issuer, code)
        targets[path] = TargetFile.from_data(path, entry.issuer, HASHES)
        if code in section.without_lists:
            continue
        if not entry.share.startswith(f"{COURT_PREFIX}{code.lower()}-"):
            raise TrustListError("ceremony_key_unexpected", field=entry.share, expected=f"{COURT_PREFIX}{code}-…")
        named.append((entry.share, entry.public))
        listed = [listed_key(entry.share, entry.public)]
        _delegate(delegations, f"{COURT_PREFIX}{code}", listed, threshold=1, paths=[f"courts/{code}/status/*/*"])
    _each_key_once(named)
    return Targets(targets=targets, delegations=delegations, **common)


def issuer_path(code: str) -> str:
    """Path of a court's issuer document."""
    return f"courts/{code}/issuer.json"


def _delegate(delegations: Delegations, role: str, keys: list[Key], *, threshold: int, paths: list[str]) -> None:
    roles = delegations.roles
    if roles is None:
        raise TypeError("delegations by name are needed")
    delegations.keys.update({key.keyid: key for key in keys})
    roles[role] = DelegatedRole(role, [key.keyid for key in keys], threshold, terminating=True, paths=paths)


def _key(share: Share, keys: Mapping[str, bytes]) -> Key:
    public = keys.get(share.name)
    if public is None:
        raise TrustListError("ceremony_key_missing", field=share.name)
    if kind_of(public) is not share.key_type:
        raise TrustListError("ceremony_key_unexpected", field=share.name, expected=share.key_type.value)
    if share.fingerprint not in {None, fingerprint(public)}:
        raise TrustListError("ceremony_key_unexpected", field=share.name, expected=share.fingerprint)
    return listed_key(share.name, public)


def _each_key_once(named: Sequence[tuple[str, bytes]]) -> None:
    """One key in two roles would let a signature for one pass for the other: metadata of targets bears no role."""
    listed = Counter(public for _, public in named)
    if twice := [share for share, public in named if listed[public] > 1]:
        raise TrustListError("ceremony_key_twice", field=", ".join(twice))


def _check_issuer(issuer: bytes, code: str) -> None:
    try:
        document = IssuerDocument.parse(loads_object(issuer, limits=TRUST_DOCUMENT_JSON))
        listed_keys(issuer)
    except CodedError as error:
        raise TrustListError("ceremony_issuer_invalid", field=code, reason=error.code) from error
    if document.controller.id.rpartition(":")[2] != code:
        raise TrustListError("ceremony_issuer_invalid", field=code, reason=document.controller.id)


# --- reading ----------------------------------------------------------------------------------------------------------


def parse_document(data: bytes, *, name: str) -> Document:
    """Metadata of a role that is signed in a ceremony or by a court.

    Raises:
        TrustListError: `metadata_invalid`.
    """
    try:
        metadata: Metadata[Any] = Metadata.from_bytes(data)
    except DeserializationError as error:
        raise TrustListError("metadata_invalid", name=name) from error
    if not isinstance(metadata.signed, Root | Targets):
        raise TrustListError("metadata_invalid", name=name)
    return metadata


def drawn_up_at(document: Document, *, name: str) -> datetime:
    """When a document of a ceremony was drawn up, by its own word.

    Raises:
        TrustListError: `metadata_invalid`.
    """
    try:
        return parse_timestamp(document.signed.unrecognized_fields[CEREMONY_MEMBER]["at"])
    except (CodedError, LookupError, TypeError) as error:
        raise TrustListError("metadata_invalid", name=name) from error


def listed_shares(signed: Root | Targets) -> Iterator[tuple[str, str, bytes]]:
    """Role, share and public key of every key that metadata lists for a role.

    What is no key of a kind that a share can have is passed over: a thief's document names what he likes, and stays.
    """
    if isinstance(signed, Root):
        roles: Mapping[str, Any] = signed.roles
        keys = signed.keys
    elif signed.delegations is not None:
        roles, keys = signed.delegations.roles or {}, signed.delegations.keys
    else:
        return
    for name, role in roles.items():
        for key_id in role.keyids:
            with suppress(TrustListError):
                if key_id in keys:
                    yield name, share_name(keys[key_id]), public_octets(keys[key_id])


def keys_of_shares(signed: Root | Targets) -> dict[str, bytes]:
    """Name of each share that metadata lists → its public key."""
    return {share: public for _, share, public in listed_shares(signed)}


def file_role(document: Document, role: str) -> str:
    """Name of a metadata file without its folder: `2.root.json`, `7.court-420683.json`."""
    return f"{document.signed.version}.{role}.json"


def is_delegated(role: str) -> bool:
    """Whether a role is below `targets`."""
    return role.startswith((PROVINCE_PREFIX, COURT_PREFIX))


def delegator(role: str) -> str:
    """The role whose metadata names the keys of `role`.

    Raises:
        TrustListError: `metadata_role`.
    """
    if role in TOP_ROLES:
        return ROOT
    if role.startswith(PROVINCE_PREFIX):
        return TARGETS
    code = role.removeprefix(COURT_PREFIX)
    if code != role and code[:2].isdecimal():
        return f"{PROVINCE_PREFIX}{code[:2]}"
    raise TrustListError("metadata_role", name=role)
