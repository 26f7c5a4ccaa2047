"""The court's keys at work: which key signs now, under which names, and what the trust list says of all of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from xinzheng_issuer.court import CourtConfiguration, KeysSection
from xinzheng_issuer.errors import ConfigurationError
from xinzheng_issuer.issuing.key_records import KeyEntry, read_entries, write_entries
from xinzheng_keys.controller_document import build_controller_document, build_issuer_document
from xinzheng_keys.custody import create_key, open_signer
from xinzheng_keys.errors import KeysError, KeyURIError, LifecycleError
from xinzheng_keys.lifecycle import KeyRecord, usable_key
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_keys.pkcs11_uri import parse_pkcs11_uri
from xinzheng_keys.signer import Signer
from xinzheng_keys.token_access import TokenAccess
from xinzheng_schemas.certificate import CourtIdentity
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.trust_documents import KeyState, KeyUsage

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

    @property
    def name(self) -> str:
        """The key's name within the court."""
        return self.method.rpartition("#")[2]


class KeySource(Protocol):
    """Where the court's keys come from: fixed ones, or those of a key folder as it is now."""

    def current(self) -> "CourtKeys":
        """The keys as they are now."""

    def in_use(self) -> "AbstractContextManager[CourtKeys]":
        """The keys as they stay until the block ends: whoever changes them waits for it."""


@dataclass(frozen=True, kw_only=True)
class CourtKeys:
    """All keys of one court at one moment.

    Attributes:
        court: whose.
        records: what is known of each key.
        signers: the signing ones by name.
        unopened: why the signer of an active key could not be opened, by name.
    """

    court: CourtConfiguration
    records: tuple[KeyRecord, ...]
    signers: Mapping[str, Signer]
    unopened: Mapping[str, CodedError] = field(default_factory=dict)

    @property
    def identity(self) -> CourtIdentity:
        """The court as certificates and trust lists name it."""
        return CourtIdentity(
            name=self.court.name.zh, court_code=self.court.court_code, region_code=self.court.region_code
        )

    def current(self) -> "CourtKeys":
        """As `KeySource.current`: these never change."""
        return self

    @contextmanager
    def in_use(self) -> "Iterator[CourtKeys]":
        """As `KeySource.in_use`: these never change."""
        yield self

    def require_signers(self) -> None:
        """Raise unless every active key can sign.

        Raises:
            KeyStoreError, KeyURIError: (keys) a key cannot be opened.
            ConfigurationError: `key_mismatch`.
        """
        for error in self.unopened.values():
            raise error

    def signer(self, usage: KeyUsage, *, at: datetime, dated: datetime | None = None) -> NamedSigner:
        """The key that signs for a usage at a moment; never an SM2 key.

        Args:
            usage: what is signed.
            at: the moment.
            dated: the date that it will bear. JWT and QR forms bear no other than `validFrom`, so that a certificate
                that was recorded before a newer key was activated is signed by the older one while that is active.

        Raises:
            LifecycleError: (keys) there is none.
            KeyStoreError, KeyURIError: (keys) it could not be opened.
            ConfigurationError: `key_mismatch`; `signer_missing` if the record has no signer here.
        """
        able = [record for record in self.records if dated is not None and record.covers(dated)]
        try:
            record = usable_key(able, usage=usage, at=at)
        except LifecycleError:
            record = usable_key(self.records, usage=usage, at=at)
        return self._named(record)

    def second_signer(self, *, at: datetime) -> NamedSigner | None:
        """The SM2 key that makes the second proof of the JSON-LD form; None if the court has none.

        A proof bears the moment at which it is made, so that no more than that has to lie in the key's window.

        Args:
            at: the moment.

        Raises:
            KeyStoreError, KeyURIError: (keys) it could not be opened: nothing goes out with one proof instead of two.
            ConfigurationError: `key_mismatch`; `signer_missing` if the record has no signer here.
        """
        try:
            record = usable_key(self.records, usage=KeyUsage.CERTIFICATE, at=at, national=True)
        except LifecycleError:
            return None
        return self._named(record)

    def _named(self, record: KeyRecord) -> NamedSigner:
        if record.name in self.unopened:
            raise self.unopened[record.name]
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
        record = KeyRecord(
            name=name,
            usage=usage,
            public_key_multibase=made.signer.public_key_multibase,
            state=KeyState.ACTIVE,
            valid_from=at,
        )
        entries.append(KeyEntry(record, made.uri if place else f"{name}.pem"))
    write_entries(folder, entries)


def load_court_keys(
    folder: Path,
    court: CourtConfiguration,
    *,
    passphrase: PassphraseSource,
    tokens: TokenAccess | None = None,
    opened: Mapping[str, Signer] | None = None,
    when_needed: bool = False,
) -> CourtKeys:
    """Open the court's keys.

    Args:
        folder: the key folder.
        court: whose.
        passphrase: opens the key files.
        tokens: how hardware modules are reached.
        opened: signers by name that are open already; those of an unchanged key go on.
        when_needed: open each when it is to sign, and raise there what keeps it from being opened.

    Returns:
        Records of all keys, signers for the active ones, and why those that could not be opened could not.

    Raises:
        ConfigurationError: `key_records_damaged`.
    """
    entries = read_entries(folder)
    signers = SignersWhenNeeded(
        [entry for entry in entries if entry.record.state is KeyState.ACTIVE],
        lambda entry: open_entry(entry, folder, passphrase=passphrase, tokens=tokens),
        opened={} if opened is None else opened,
    )
    records = tuple(entry.record for entry in entries)
    if when_needed:
        return CourtKeys(court=court, records=records, signers=signers)
    found: dict[str, Signer] = {}
    unopened: dict[str, CodedError] = {}
    for name in signers:
        try:
            found[name] = signers[name]
        except (KeysError, ConfigurationError) as error:
            unopened[name] = error
    return CourtKeys(court=court, records=records, signers=found, unopened=unopened)


class SignersWhenNeeded(Mapping[str, Signer]):
    """Signers by name, each opened when it is first asked for; what keeps it from being opened is raised then.

    Args:
        entries: the keys.
        open_key: opens one.
        opened: signers that are open already; those of an unchanged key go on.
    """

    def __init__(
        self, entries: Iterable[KeyEntry], open_key: Callable[[KeyEntry], Signer], *, opened: Mapping[str, Signer]
    ) -> None:
        self._entries = {entry.record.name: entry for entry in entries}
        self._open_key = open_key
        self.opened: dict[str, Signer] = {
            name: signer
            for name, signer in (opened.opened if isinstance(opened, SignersWhenNeeded) else opened).items()
            if name in self._entries and signer.public_key_multibase == self._entries[name].record.public_key_multibase
        }

    def __getitem__(self, name: str) -> Signer:
        if name not in self.opened:
            self.opened[name] = self._open_key(self._entries[name])
        return self.opened[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def open_entry(
    entry: KeyEntry, folder: Path, *, passphrase: PassphraseSource, tokens: TokenAccess | None = None
) -> Signer:
    """The signer of one key.

    Raises:
        ConfigurationError: `key_mismatch` if another key is found there than the records say.
        KeysError: (keys) it cannot be opened.
    """
    signer = open_signer(absolute_uri(entry.uri, folder), passphrase=passphrase, tokens=tokens)
    if signer.public_key_multibase != entry.record.public_key_multibase:
        raise ConfigurationError("key_mismatch", field=entry.record.name)
    return signer


def shown_uri(uri: str) -> str:
    """Where a key lies, for people: a file, or what names token and key; nothing by which either is opened."""
    scheme, colon, _ = uri.partition(":")
    try:
        return str(parse_pkcs11_uri(uri).without_way()) if colon and scheme.lower() != "file" else uri
    except KeyURIError:
        return f"{scheme}:…"


def absolute_uri(uri: str, folder: Path) -> str:
    """A key URI; a bare file name lies in the key folder, so that the data folder can be moved."""
    return uri if ":" in uri else (folder.absolute() / uri).as_uri()
