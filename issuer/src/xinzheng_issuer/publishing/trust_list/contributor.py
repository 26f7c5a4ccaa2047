"""The court's side of the country's trust list: what it publishes for itself, signed for the country's publisher.

    <data>/keys/bundle/court-420683-1.pem   its key as a role of the country, apart from those of its own repository;
                                            `.json` is the record of one in a hardware token
    <data>/contribution/                    what it handed in last: the number of the next one is one above

The metadata says which status lists are current as of when (`publishedAt`). While a court changes its key, it signs by
all keys that it has, so that it does not matter when the province names the new one; nor, where that was spoiled before
it was named, that another follows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from securesystemslib.signer import Key
from tuf.api.metadata import Metadata, TargetFile, Targets

from xinzheng_issuer.errors import PublishingError, TrustListError
from xinzheng_issuer.publishing.in_effect import edition_in_effect
from xinzheng_issuer.publishing.repository import HASHES, Repository
from xinzheng_issuer.publishing.role_keys import (
    RoleCustody,
    RoleSigner,
    forget_role_key,
    role_key_names,
    role_key_uri,
    sign_metadata,
)
from xinzheng_issuer.publishing.trust_list.configuration import COURT_PREFIX
from xinzheng_issuer.publishing.trust_list.contributions import ISSUER_FILE, KEY_FILE, write_contribution
from xinzheng_issuer.publishing.trust_list.documents import issuer_path
from xinzheng_issuer.publishing.trust_list.shares import PublicShare, key_file, make_share, open_share, public_share
from xinzheng_issuer.publishing.trust_list.work_folder import read_file, versions
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.trust.files import locked
from xinzheng_verifier.trust.names import sha256_of, target_name
from xinzheng_verifier.trust.tuf_metadata import PUBLISHED_AT


@dataclass(frozen=True, kw_only=True)
class Contributor:
    """Makes the contributions of one court.

    Attributes:
        court: its code, the last segment of its DID.
        name: of the court, shown to the province as the holder of the key.
        keys: folder of the key files.
        folder: where the last contribution is kept.
        repository: what the court publishes for itself.
        lifetime: how long a contribution may be relied on.
        passphrase: opens the key files.
        custody: where the next key is made, and how hardware tokens are reached.
    """

    court: str
    name: str
    keys: Path
    folder: Path
    repository: Repository
    lifetime: timedelta
    passphrase: PassphraseSource
    custody: RoleCustody = field(default_factory=lambda: RoleCustody(prefix=""))

    @property
    def role(self) -> str:
        """The court as a role of the country's trust list."""
        return f"{COURT_PREFIX}{self.court}"

    def shares(self) -> list[str]:
        """Names of the court's keys, oldest first."""
        prefix = f"{self.role.lower()}-"
        names = [name for name in role_key_names(self.keys) if name.startswith(prefix)]
        numbers = [name.removeprefix(prefix) for name in names]
        return [f"{prefix}{number}" for number in sorted(int(text) for text in numbers if text.isdecimal())]

    def make_key(self, *, at: datetime) -> PublicShare:
        """Make the court's first key, or the one that is to follow the present ones.

        Raises:
            KeyStoreError: (keys) the file cannot be written.
            KeyURIError, TokenError: (keys) the token cannot be used.
        """
        present = self.shares()
        number = int(present[-1].rpartition("-")[2]) + 1 if present else 1
        name = f"{self.role.lower()}-{number}"
        self.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        return make_share(
            key_file(self.keys, name),
            name=name,
            role=self.role,
            holder=self.name,
            configuration="",
            at=at,
            passphrase=self.passphrase,
            custody=self.custody,
        )

    def place_of(self, name: str) -> str:
        """Where one of the court's keys lies: the path of its file, or the URI of the token's key.

        Raises:
            PublishingError: `role_key_record`.
        """
        path = key_file(self.keys, name)
        return role_key_uri(path) or str(path)

    def made_in(self, place: str) -> Self:
        """The same, but that the next key is made in another place.

        Args:
            place: a `pkcs11:` URI that names a token.
        """
        return replace(self, custody=replace(self.custody, place=place))

    def retire_key(self) -> tuple[str, str]:
        """Take the oldest of several keys out of use: its file is deleted, or the record of the token's key.

        Returns:
            The name of its share; the URI of a key that stays in its token, else empty.

        Raises:
            TrustListError: `court_keys_one`: there is but one.
        """
        older, _ = self.two_keys()
        return older, forget_role_key(key_file(self.keys, older))

    def two_keys(self) -> tuple[str, str]:
        """Names of the oldest and of the newest of the court's keys.

        Raises:
            TrustListError: `court_keys_one`: there is but one.
        """
        present = self.shares()
        if len(present) < 2:  # noqa: PLR2004 - one must remain
            raise TrustListError("court_keys_one", name=self.role)
        return present[0], present[-1]

    def public_key(self, name: str) -> Key:
        """The public key of one of the court's keys.

        Raises:
            KeyStoreError, KeyURIError, TokenError: (keys) it cannot be opened.
        """
        return self._open(name).public_key

    def contribute(self, out: Path | None, *, at: datetime, above: int = 0) -> int:
        """Sign what the court publishes now, and hand it over.

        Args:
            out: folder or file (`.xzc`) that is written besides the court's own copy.
            at: the moment, aware.
            above: the version is higher than this; for a court whose data folder was restored from a backup.

        Returns:
            The version of the court's metadata.

        Raises:
            PublishingError: `repository_missing`, the court has published nothing yet; `repository_damaged`,
                `edition_damaged`.
            TrustListError: `ceremony_not_written`.
            KeyStoreError: (keys) a key file cannot be opened.
            KeyURIError, TokenError: (keys) a token cannot be used; what was handed in before stays.
        """
        if not self.shares():
            self.make_key(at=at)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self.folder):
            version = 1 + max([above, *versions(self.folder / "metadata", self.role)])
            files = self._files(version, at=at)
            write_contribution(self.folder, files)
            self._prune(files)
        if out is not None:
            write_contribution(out, files)
        return version

    def handed_in(self) -> PublicShare:
        """The record of the last contribution: the key that its province lists, and the issuer document's digest.

        Raises:
            TrustListError: `ceremony_not_read`, `share_record_invalid`.
        """
        return PublicShare.parse(read_file(self.folder / KEY_FILE), name=KEY_FILE)

    def _files(self, version: int, *, at: datetime) -> dict[str, bytes]:
        edition = edition_in_effect(self.repository)
        if edition is None or edition.published_at is None:
            raise PublishingError("repository_missing", path=self.repository.folder)
        published = dict(edition.targets)
        issuer = published.pop(issuer_path(self.court))
        signers = [self._open(name) for name in self.shares()]
        attested = {PUBLISHED_AT: format_timestamp(edition.published_at)}
        signed = Targets(
            version=version,
            expires=(at + self.lifetime).astimezone(UTC),
            targets={path: TargetFile.from_data(path, content, HASHES) for path, content in published.items()},
            unrecognized_fields=attested,
        )
        return {
            ISSUER_FILE: issuer,
            KEY_FILE: self._record(signers[-1], issuer, at=at),
            **{target_name(path, sha256_of(content)): content for path, content in published.items()},
            f"metadata/{version}.{self.role}.json": _signed(signed, signers),
        }

    def _open(self, name: str) -> RoleSigner:
        return open_share(key_file(self.keys, name), passphrase=self.passphrase, custody=self.custody)

    def _record(self, signer: RoleSigner, issuer: bytes, *, at: datetime) -> bytes:
        """The public record of the newest key, which vouches for the issuer document that is handed in with it."""
        made = public_share(
            signer,
            name=self.shares()[-1],
            role=self.role,
            holder=self.name,
            configuration="",
            at=at,
            issuer=sha256_of(issuer),
        )
        return made.to_bytes()

    def _prune(self, files: Mapping[str, bytes]) -> None:
        """What the contribution before consisted of."""
        for path in self.folder.rglob("*.json"):
            if path.relative_to(self.folder).as_posix() not in files:
                path.unlink()


def _signed(signed: Targets, signers: list[RoleSigner]) -> bytes:
    metadata = Metadata(signed)
    for signer in signers:
        sign_metadata(metadata, signer, append=True)
    return metadata.to_bytes()
