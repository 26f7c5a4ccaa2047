"""The court's keys at work: which key signs now, under which names, and what the trust list says of all of them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from xinzheng_issuer.court import CourtConfiguration, KeysSection
from xinzheng_issuer.errors import ConfigurationError
from xinzheng_keys.controller_document import build_controller_document, build_issuer_document
from xinzheng_keys.custody import create_key, open_signer
from xinzheng_keys.errors import LifecycleError
from xinzheng_keys.lifecycle import KeyRecord, usable_key
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_keys.signer import Signer
from xinzheng_keys.token_access import TokenAccess
from xinzheng_schemas import strict_json
from xinzheng_schemas.certificate import CourtIdentity
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_schemas.trust_documents import KeyState, KeyUsage

RECORDS_FILE = "keys.json"
"""What the court knows of its keys, beside the key files: no secrets."""

_FIRST_KEYS = (("cert-1", KeyUsage.CERTIFICATE), ("status-1", KeyUsage.STATUS))


@dataclass(frozen=True)
class NamedSigner:
    """A signer with its two names in the controller document.

    Attributes:
        signer: signs.
        method: DID URL of the Multikey method.
        jwk_method: DID URL of the JsonWebKey method.
    """

    signer: Signer
    method: str
    jwk_method: str


@dataclass(frozen=True, kw_only=True)
class CourtKeys:
    """All keys of one court.

    Attributes:
        court: whose.
        records: what is known of each key.
        signers: the signing ones by name.
    """

    court: CourtConfiguration
    records: tuple[KeyRecord, ...]
    signers: Mapping[str, Signer]

    @property
    def identity(self) -> CourtIdentity:
        """The court as certificates and trust lists name it."""
        return CourtIdentity(
            name=self.court.name.zh, court_code=self.court.court_code, region_code=self.court.region_code
        )

    def signer(self, usage: KeyUsage, *, at: datetime) -> NamedSigner:
        """The key that signs for a usage at a moment.

        Raises:
            LifecycleError: (keys) there is none.
            ConfigurationError: `signer_missing` if the record has no signer here.
        """
        record = usable_key(self.records, usage=usage, at=at)
        if record.name not in self.signers:
            raise ConfigurationError("signer_missing", field=record.name)
        method = f"{self.court.did}#{record.name}"
        return NamedSigner(self.signers[record.name], method, f"{method}-jwk")

    def require_suites(self, *, at: datetime) -> None:
        """See at the start whether the keys that sign can do what the court has chosen.

        Args:
            at: the moment for which the keys are picked; a usage without a key is not looked at.

        Raises:
            ConfigurationError: `suite_unsuitable` with the field of `court.toml`.
        """
        kinds = {usage: self._kind(usage, at=at) for usage in KeyUsage}
        self.court.require_suites(certificate=kinds[KeyUsage.CERTIFICATE], status=kinds[KeyUsage.STATUS])

    def _kind(self, usage: KeyUsage, *, at: datetime) -> KeyType | None:
        try:
            return self.signer(usage, at=at).signer.key_type
        except LifecycleError:
            return None

    def controller_document(self) -> dict[str, Any]:
        """The DID document, as served."""
        return dict(build_controller_document(self.court.did, self.records).document)

    def issuer_document(self, records: Iterable[KeyRecord] | None = None) -> dict[str, Any]:
        """The court's entry of the trust list.

        Args:
            records: other keys than the court's own, for a rehearsal.
        """
        return build_issuer_document(
            self.court.did,
            self.records if records is None else tuple(records),
            court=self.identity,
            name=self.court.name.model_dump(),
        ).to_json()


def create_court_keys(
    folder: Path,
    *,
    passphrase: PassphraseSource,
    at: datetime,
    court: CourtConfiguration | None = None,
    tokens: TokenAccess | None = None,
) -> None:
    """Make the first certificate key and the first status key.

    Args:
        folder: an empty folder, mode 0700.
        passphrase: encrypts the key files.
        at: start of the keys' windows.
        court: says in `[keys]` where they are made and of which kind; by default in files, on P-256. In a token their
            names begin with the court's id, for courts may share one.
        tokens: how hardware modules are reached.

    Raises:
        KeysError: (keys) a key is there already or cannot be made.
    """
    section = court.keys if court else KeysSection()
    entries = []
    for name, usage in _FIRST_KEYS:
        place: str = getattr(section, usage.value)
        made = create_key(
            place or f"{folder.absolute().as_uri()}/",
            name=f"{court.id}-{name}" if court and place else name,
            key_type=getattr(section, f"{usage.value}_type"),
            passphrase=passphrase,
            tokens=tokens,
        )
        entries.append(
            {
                "name": name,
                "usage": usage,
                "uri": made.uri if place else f"{name}.pem",
                "publicKeyMultibase": made.signer.public_key_multibase,
                "state": KeyState.ACTIVE,
                "validFrom": format_timestamp(at),
            }
        )
    (folder / RECORDS_FILE).write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def load_court_keys(
    folder: Path, court: CourtConfiguration, *, passphrase: PassphraseSource, tokens: TokenAccess | None = None
) -> CourtKeys:
    """Open the court's keys.

    Args:
        folder: the key folder.
        court: whose.
        passphrase: opens the key files.
        tokens: how hardware modules are reached.

    Returns:
        Records of all keys, signers for the active ones.

    Raises:
        ConfigurationError: `key_records_damaged`, or `key_mismatch` if a URI leads to another key than its record's.
        KeysError: (keys) a file or token cannot be opened.
    """
    path = folder / RECORDS_FILE
    try:
        entries: Any = strict_json.loads(path.read_bytes())
        pairs = [(_record(entry), str(entry["uri"])) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError("key_records_damaged", path=path, reason=str(error)) from error
    signers = {}
    for record, uri in pairs:
        if record.state is KeyState.ACTIVE:
            signer = open_signer(_absolute(uri, folder), passphrase=passphrase, tokens=tokens)
            if signer.public_key_multibase != record.public_key_multibase:
                raise ConfigurationError("key_mismatch", field=record.name)
            signers[record.name] = signer
    return CourtKeys(court=court, records=tuple(record for record, _ in pairs), signers=signers)


def _absolute(uri: str, folder: Path) -> str:
    """A key URI; a bare file name lies in the key folder, so that the data folder can be moved."""
    return uri if ":" in uri else (folder.absolute() / uri).as_uri()


def _record(entry: Any) -> KeyRecord:
    moments = {
        field: parse_timestamp(entry[name]) if name in entry else None
        for field, name in (("valid_until", "validUntil"), ("compromised_at", "compromisedAt"))
    }
    return KeyRecord(
        name=entry["name"],
        usage=KeyUsage(entry["usage"]),
        public_key_multibase=entry["publicKeyMultibase"],
        state=KeyState(entry["state"]),
        valid_from=parse_timestamp(entry["validFrom"]),
        **moments,
    )
