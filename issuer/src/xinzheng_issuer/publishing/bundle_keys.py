"""The keys of a lone court's repository: which key of a role counts, where it lies, and the root that names others.

    <data>/keys/bundle/root-1.pem        signs roots; root-2 follows it
    <data>/keys/bundle/targets.pem       likewise snapshot and timestamp; targets-2 follows it
    <data>/keys/bundle/kept-roots.json   copies of the roots, out of reach of whoever can write the publication folder
    <data>/keys/bundle/published.json    which edition was published last

The newest root says which key of a role counts, by the name of its file: that this root takes its place is the one
moment at which a key takes the place of another. A key that no root names signs nothing that counts; its number is
never used again.
"""

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple, Self

from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Key, SSlibKey
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization import DeserializationError, SerializationError

from xinzheng_issuer.errors import KeyLifeError, PublishingError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.publishing.role_keys import (
    RoleCustody,
    RoleSigner,
    create_role_key,
    load_role_key,
    role_key_exists,
    role_key_names,
    role_key_uri,
    sign_metadata,
)
from xinzheng_issuer.publishing.root_chain import KEPT_ROOTS, KeptRoots
from xinzheng_keys.errors import KeysError, TokenError
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_keys.pkcs11_uri import parse_pkcs11_uri
from xinzheng_schemas.errors import CodedError, Message
from xinzheng_verifier.trust.tuf_metadata import key_set

ROOT: Final = "root"
ONLINE_ROLES: Final = ("targets", "snapshot", "timestamp")
ROLES: Final = (ROOT, *ONLINE_ROLES)

IN_FILES: Final = "file:"
"""Says of new keys that they are made in the key folder."""

KEY_MEMBER: Final = "x-xinzheng-key"
"""Member of a key in a root that names its file (TUF specification, 4.2: other members are permitted); the keys with
which an installation begins go without."""

_NAME: Final = re.compile(r"(?:root|targets|snapshot|timestamp)(?:-[1-9][0-9]{0,5})?")
_TOKEN_TRIES: Final = 16

_SECRET_WANTED: Final = frozenset({"passphrase_missing", "token_pin_unset"})
"""What a key says that was found in order, and lacks nothing but what opens it."""


class NewKey(NamedTuple):
    """A key that was just made for a role.

    Attributes:
        name: of its file, or of the record of a key elsewhere; empty for the keys with which an installation begins.
        signer: signs with it.
    """

    name: str
    signer: RoleSigner


@dataclass(frozen=True, kw_only=True)
class BundleKeys:
    """The key folder of one repository.

    Attributes:
        folder: where the key files lie.
        passphrase: opens them.
        custody: kind of new keys, and how hardware modules are reached.
    """

    folder: Path
    passphrase: PassphraseSource = field(repr=False)
    custody: RoleCustody | None = None

    def first(self, name: str) -> NewKey:
        """A key of a new installation; one that a broken-off start left is taken over.

        Raises:
            KeysError: (keys) it cannot be made or opened.
        """
        make_or_load = load_role_key if role_key_exists(self._path(name)) else create_role_key
        return NewKey("", make_or_load(self._path(name), passphrase=self.passphrase, custody=self.custody))

    def open(self, root: Root, role: str) -> RoleSigner:
        """The key of an online role, which the root names.

        Raises:
            PublishingError: `role_key_unknown`, another key lies there; `role_key_record`, `repository_damaged`.
            KeysError: (keys) it cannot be opened.
        """
        (name,) = key_names(root, role)
        return self.open_named(root, role, name)

    def open_named(self, root: Root, role: str, name: str) -> RoleSigner:
        """One key of a role; raises as `open`."""
        signer = load_role_key(self._path(name), passphrase=self.passphrase, custody=self.custody)
        if signer.public_key.keyid not in root.roles[role].keyids:
            raise PublishingError("role_key_unknown", role=role)
        return signer

    def open_root(self, root: Root) -> list[RoleSigner]:
        """The root's own keys, at least as many as must sign.

        Raises:
            PublishingError: `root_keys_missing`; `role_key_unknown`, `role_key_record`, `repository_damaged`.
        """
        signers: list[RoleSigner] = []
        lost: list[PublishingError] = []
        for name in key_names(root, ROOT):
            try:
                signers.append(self.open_named(root, ROOT, name))
            except KeysError as error:
                reason = in_both_languages(error)
                lost.append(PublishingError("root_keys_missing", name=name, cause=error.code, reason=reason))
        if len(signers) < root.roles[ROOT].threshold:
            raise lost[0]
        return signers

    @property
    def kept_roots(self) -> KeptRoots:
        """Where copies of the roots are kept."""
        return KeptRoots(self.folder / KEPT_ROOTS)

    def require_own_roots(self, roots: Mapping[int, bytes], folder: Path) -> None:
        """Whether root keys that lie here signed each root: by the public keys that it names anybody could have.

        Args:
            roots: version → root metadata.
            folder: where they are from.

        Raises:
            PublishingError: `roots_unproven`, one is not; `role_key_record`, `repository_damaged`.
        """
        keys = self._root_keys_here()
        for version, content in sorted(roots.items()):
            path = folder / f"{version}.root.json"
            try:
                metadata = Metadata[Root].from_bytes(content)
                named, payload = metadata.signed.roles[ROOT].keyids, metadata.signed_bytes
            except (DeserializationError, SerializationError) as error:
                raise PublishingError("repository_damaged", path=path) from error
            if not any(key.keyid in named and _signed_by(key, metadata, payload) for key in keys):
                raise PublishingError("roots_unproven", path=path)

    def _root_keys_here(self) -> list[Key]:
        """The public keys of all root keys that lie here and can be opened, whether a root names them or not."""
        found: list[Key] = []
        for name in (each for each in self.lying_here() if each.partition("-")[0] == ROOT):
            with suppress(KeysError):
                signer = load_role_key(self._path(name), passphrase=self.passphrase, custody=self.custody)
                found.append(signer.public_key)
        return found

    def unusable(self, root: Root, *, closed: bool = False) -> dict[str, CodedError]:
        """What keeps the keys that a root names from signing, root keys too: name → why; nothing of a sound key.

        Args:
            root: the newest root.
            closed: do not open them: key files are only looked at (there, for their owner alone, encrypted), tokens
                only looked for. That needs neither passphrase nor PIN, and sees no key that is another one.

        Raises:
            PublishingError: `repository_damaged`.
        """
        keys = self._without_secrets() if closed else self
        found: dict[str, CodedError] = {}
        for role in ROLES:
            for name in key_names(root, role):
                try:
                    keys.open_named(root, role, name)
                except (KeysError, PublishingError) as error:
                    if not (closed and error.code in _SECRET_WANTED):
                        found[name] = error
        return found

    def _without_secrets(self) -> Self:
        custody = self.custody or RoleCustody()
        tokens = replace(custody.tokens, pin=None) if custody.tokens else None
        return replace(self, passphrase=bytes, custody=replace(custody, tokens=tokens))

    def make_next(self, root: Root, role: str, *, place: str | None = None) -> list[NewKey]:
        """Make the keys that are to follow those of a role, as many as there are.

        Args:
            root: the newest root.
            role: whose keys.
            place: a `pkcs11:` URI that names a token, or `file:`; by default as `place_after`.

        Raises:
            KeysError: (keys) a key cannot be made.
            PublishingError: `repository_damaged`; `role_key_record`.
        """
        names = key_names(root, role)
        place = self.place_after(root, role) if place is None else place
        return [self.make(role, place=place, known=names) for _ in names]

    def place_after(self, root: Root, role: str) -> str:
        """Where keys that follow those of a role are made unless told otherwise: where the first of them lies.

        Returns:
            A `pkcs11:` URI that names a token, or `file:`.

        Raises:
            PublishingError: `repository_damaged`; `role_key_record`.
        """
        return self._place(key_names(root, role)[0])

    def make(self, role: str, *, place: str | None = None, known: Iterable[str] = ()) -> NewKey:
        """Make a key under a number that no key of the role ever had.

        Args:
            role: whose key.
            place: as for `make_next`; by default `usual_place`.
            known: names that were given, besides those of the keys that lie here.

        Raises:
            KeyLifeError: `key_place_missing`, the token where it is usually made is not there.
            KeysError: (keys) it cannot be made.
            PublishingError: `role_key_record`.
        """
        there = self.usual_place if place is None else place
        custody = replace(self.custody or RoleCustody(), place="" if there == IN_FILES else there)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return self._make(role, 1 + self._last_number(role, known), custody)
        except TokenError as error:
            if place is not None or error.code != "token_missing":
                raise
            raise KeyLifeError("key_place_missing", place=parse_pkcs11_uri(there).without_way()) from error

    def lying_here(self) -> list[str]:
        """Names of all keys of the roles in the folder, whether a root names them or not, in alphabetical order."""
        return [name for name in role_key_names(self.folder) if _NAME.fullmatch(name)]

    @property
    def usual_place(self) -> str:
        """Where the court keeps the keys of its bundle, as for `place_after`.

        That is where its configuration says, and where it says nothing, the token in which the newest key of a role
        lies: no court whose keys are in a module, by `init --keys` say, gets them in files unawares.

        Raises:
            PublishingError: `role_key_record`.
        """
        if self.custody and self.custody.place:
            return self.custody.place
        newest = {name.partition("-")[0]: name for name in sorted(self.lying_here(), key=_number)}
        places = [self._place(name) for name in newest.values()]
        return next((place for place in places if place != IN_FILES), IN_FILES)

    def lost_roles(self, root: Root) -> tuple[str, ...]:
        """The online roles whose key files, or records of a key elsewhere, are gone.

        Args:
            root: the newest root, which names them.

        Raises:
            PublishingError: `repository_damaged`.
        """
        return tuple(
            role for role in ONLINE_ROLES for name in key_names(root, role) if not role_key_exists(self._path(name))
        )

    def is_in_file(self, name: str) -> bool:
        """Whether a key lies in a file of its own, not in a hardware module.

        Raises:
            PublishingError: `role_key_record`.
        """
        return self._place(name) == IN_FILES

    def _make(self, role: str, number: int, custody: RoleCustody) -> NewKey:
        """A token may hold a key of that label whose record a crash kept from being written: the next number then."""
        for label in range(number, number + _TOKEN_TRIES):
            name = f"{role}-{label}"
            try:
                return NewKey(name, create_role_key(self._path(name), passphrase=self.passphrase, custody=custody))
            except TokenError as error:
                if error.code != "token_key_exists" or label == number + _TOKEN_TRIES - 1:
                    raise
        raise AssertionError("a label was free or refused")

    def _last_number(self, role: str, names: Iterable[str]) -> int:
        """Of all that are known and all that lie there, also those that an interrupted run left; `init` gave the 1."""
        there = {path.stem for path in self.folder.iterdir() if path.suffix in {".pem", ".json"}}
        numbered = (re.fullmatch(rf"{role}(?:-([0-9]+))?", name) for name in {*there, *names})
        return max((int(match[1] or 1) for match in numbered if match), default=1)

    def _place(self, name: str) -> str:
        """The token of a key, or `file:`; of a key without file or record where the court keeps its keys."""
        path = self._path(name)
        if not role_key_exists(path):
            return self.usual_place
        uri = role_key_uri(path)
        return str(parse_pkcs11_uri(uri).without_key()) if uri else IN_FILES

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.pem"


def _signed_by(key: Key, metadata: Metadata[Root], payload: bytes) -> bool:
    signature = metadata.signatures.get(key.keyid)
    try:
        if signature is not None:
            key.verify_signature(signature, payload)
    except UnverifiedSignatureError:
        return False
    return signature is not None


def _number(name: str) -> int:
    return int(name.partition("-")[2] or 1)


def key_names(root: Root, role: str) -> tuple[str, ...]:
    """The names of the keys of a role.

    Raises:
        PublishingError: `repository_damaged`, a name that is none, or a key that the root lacks.
    """
    names = []
    for number, key_id in enumerate(root.roles[role].keyids, 1):
        if key_id not in root.keys:
            raise PublishingError("repository_damaged", path=f"{root.version}.root.json")
        name = root.keys[key_id].unrecognized_fields.get(KEY_MEMBER)
        names.append(name or (f"{ROOT}-{number}" if role == ROOT else role))
    if not all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
        raise PublishingError("repository_damaged", path=f"{root.version}.root.json")
    return tuple(names)


def first_root(keys: Mapping[str, Sequence[NewKey]], *, threshold: int = 1, expires: datetime) -> bytes:
    """The root with which a repository begins, signed.

    Args:
        keys: role → its keys; one for each online role.
        threshold: how many root keys must sign a root.
        expires: its expiry, aware.
    """
    root = Root(version=1, expires=expires.astimezone(UTC), consistent_snapshot=True)
    for role in ROLES:
        for key in keys[role]:
            root.add_key(_named(key), role)
    root.roles[ROOT].threshold = threshold
    return _signed(root, [key.signer for key in keys[ROOT]])


def following_root(
    root: Root, signers: Sequence[RoleSigner], *, expires: datetime, new: Mapping[str, Sequence[NewKey]]
) -> bytes:
    """The root of the next version, signed by the keys before and by its own (TUF specification, 5.3.4, 5.3.5, 6.1).

    Args:
        root: the newest root.
        signers: its own keys, as many as must sign.
        expires: expiry of the next, aware.
        new: role → keys that take the place of all it has; no role for a root that is only renewed.
    """
    following = copy.deepcopy(root)
    following.version, following.expires = root.version + 1, expires.astimezone(UTC)
    for role, keys in new.items():
        for key_id in root.roles[role].keyids:
            following.revoke_key(key_id, role)
        for key in keys:
            following.add_key(_named(key), role)
    return _signed(following, [*signers, *(key.signer for key in new.get(ROOT, ()))])


def shown_place(place: str) -> Message:
    """Where keys are made, for people; of a `pkcs11:` URI what names the token.

    Raises:
        KeyURIError: (keys) as `parse_pkcs11_uri`.
    """
    if place == IN_FILES:
        return Message("the key folder (encrypted files)", "密钥目录（加密文件）")
    bare = parse_pkcs11_uri(place).without_key().without_way()
    return Message(f"the hardware module ({bare})", f"硬件模块（{bare}）")


def named_keys(root: Root) -> list[tuple[str, str]]:
    """Name and key id of the keys that a root calls by name: of a first root none, unless the bundle was begun anew."""
    return [
        (name, key_id)
        for role in ROLES
        for name, key_id in zip(key_names(root, role), root.roles[role].keyids, strict=True)
        if KEY_MEMBER in root.keys[key_id].unrecognized_fields
    ]


def differing_roles(first: Root, second: Root) -> tuple[str, ...]:
    """The roles that have other keys in one root than in the other."""
    return tuple(
        role for role in ROLES if key_set(first.roles[role], first.keys) != key_set(second.roles[role], second.keys)
    )


def _named(key: NewKey) -> Key:
    plain = key.signer.public_key
    members = {KEY_MEMBER: key.name} if key.name else {}
    return SSlibKey(plain.keyid, plain.keytype, plain.scheme, plain.keyval, members)


def _signed(root: Root, signers: Iterable[RoleSigner]) -> bytes:
    metadata = Metadata(root)
    for signer in signers:
        sign_metadata(metadata, signer, append=True)
    return metadata.to_bytes()
