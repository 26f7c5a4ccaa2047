"""The steps of a ceremony: each is made of one share on its own medium, and of the folder that travels.

    make_key   on every new medium: the key is made there, or in a token of which the medium keeps the record, and
               stays there; its public record travels
    draw_up    anywhere: the document that the configuration asks for, from public records and what is published
    sign       on every medium: the document is rebuilt from the configuration, compared, and signed
    assemble   anywhere: signatures are put together and judged as lenders will judge them

Every later root, and every later document of a role, goes the same way: shares that stay keep their key, shares that
leave sign once more for the keys before. With `dry_run` a step makes all its checks and writes nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tuf.api.metadata import Root, Targets

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.role_keys import RoleCustody, role_key_exists, role_key_names, role_key_uri
from xinzheng_issuer.publishing.trust_list import checks
from xinzheng_issuer.publishing.trust_list.configuration import (
    COURT_PREFIX,
    ONLINE_ROLES,
    ROOT,
    ProvinceRole,
    Reviewed,
    Share,
    require_own_module,
)
from xinzheng_issuer.publishing.trust_list.documents import (
    Ceremony,
    CourtEntry,
    Document,
    delegator,
    drawn_up_at,
    file_role,
    issuer_path,
    keys_of_shares,
    listed_shares,
)
from xinzheng_issuer.publishing.trust_list.shares import (
    PublicShare,
    fingerprint,
    key_file,
    make_share,
    open_share,
    public_octets,
)
from xinzheng_issuer.publishing.trust_list.transcript import Entry, record
from xinzheng_issuer.publishing.trust_list.work_folder import ShareSignature, WorkFolder, metadata_name, sha256
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_keys.token_access import TokenAccess
from xinzheng_verifier.trust.names import target_name

CLOCK_SKEW = timedelta(days=1)
"""How far the clocks of two offline machines may lie apart [ours]."""

_IN_MODULE = "in a hardware token 在硬件令牌中"
_IN_FILE = "in an encrypted file 在加密文件中"


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where and by whom a step is made.

    Attributes:
        reviewed: the configuration.
        folder: the folder that travels.
        at: the moment, aware, whole seconds.
        witnesses: who is present; goes into the transcript.
        dry_run: check everything, write nothing.
        tokens: how hardware tokens are reached.
    """

    reviewed: Reviewed
    folder: WorkFolder
    at: datetime
    witnesses: tuple[str, ...] = ()
    dry_run: bool = False
    tokens: TokenAccess | None = None

    # --- keys ---------------------------------------------------------------------------------------------------------

    def make_key(
        self, name: str, *, medium: Path | None = None, token: str = "", passphrase: PassphraseSource
    ) -> PublicShare | None:
        """Make the key of a share on its medium, or in a token of which the medium then keeps the record.

        Args:
            name: of the share.
            medium: where the medium is, if not where the configuration says.
            token: `pkcs11:` URI of the token, if not as the configuration says; what is to be made in one is never
                made in a file.
            passphrase: encrypts a key file.

        Returns:
            The public record; None for a dry run.

        Raises:
            TrustListError: `ceremony_share_unknown`, `ceremony_share_leaves`, `medium_missing`, `medium_taken`,
                `share_record_exists`, `share_module_path`.
            KeyStoreError: (keys) the key file is there already or cannot be written.
            KeyURIError, TokenError: (keys) the token cannot be used.
        """
        require_own_module(token)
        role, share = self.reviewed.share(name)
        if name not in {kept.name for kept in dict(self.reviewed.configuration.roles())[role].shares}:
            raise TrustListError("ceremony_share_leaves", field=name)
        place = self._medium(share, medium, role=role)
        if (self.folder.path / "shares" / f"{name}.json").exists() or role_key_exists(key_file(place, name)):
            raise TrustListError("share_record_exists", field=name)
        if self.dry_run:
            return None
        custody = RoleCustody(place=token or share.token, prefix="", key_type=share.key_type, tokens=self.tokens)
        made = make_share(
            key_file(place, name),
            name=name,
            role=role,
            holder=share.holder,
            configuration=self.reviewed.sha256,
            at=self.at,
            passphrase=passphrase,
            custody=custody,
        )
        written = {f"shares/{name}.json": made.to_bytes()}
        prints = {name: made.fingerprint}
        where = f"{share.key_type.value}, {_IN_MODULE if custody.place else _IN_FILE}"
        self._record("keys", name, share=share, written=written, fingerprints=prints, result=where)
        return made

    # --- the document -------------------------------------------------------------------------------------------------

    def draw_up(self, role: str) -> Document:
        """Draw up the document of a role.

        Raises:
            TrustListError: what the configuration asks for cannot be made, or does not follow what is published.
        """
        ceremony = Ceremony(reviewed=self.reviewed, role=role, at=self.at)
        courts = self._court_entries(role)
        read = {f"courts/{code}/issuer.json": entry.issuer for code, entry in courts.items()}
        document = ceremony.document(self._public_keys(role), courts)
        self._check_follows(document, role)
        if (self.folder.path / metadata_name(document, role)).exists():
            raise TrustListError("ceremony_signed_already", name=file_role(document, role))
        written = {f"documents/{file_role(document, role)}": document.to_bytes()}
        prints = {share: fingerprint(public) for _, share, public in listed_shares(document.signed)}
        self._record("draft", file_role(document, role), read=read, written=written, fingerprints=prints)
        return document

    def sign(
        self, role: str, name: str, *, medium: Path | None = None, passphrase: PassphraseSource
    ) -> ShareSignature | None:
        """Sign the document of a role with one share.

        Args:
            role: whose document.
            name: of the share.
            medium: where the medium is, if not where the configuration says.
            passphrase: opens the key file.

        Returns:
            The signature; None for a dry run.

        Raises:
            TrustListError: `ceremony_document_differs` and others: the document is not what the configuration says;
                `ceremony_share_role`, `ceremony_key_unexpected`: the share does not sign for this role;
                `share_module_path`.
            KeyStoreError: (keys) the key file cannot be opened.
            KeyURIError, TokenError: (keys) the token cannot be used.
        """
        share_role, share = self.reviewed.share(name)
        if share_role != role:
            raise TrustListError("ceremony_share_role", field=name, role=share_role)
        document, data = self._conforming(role)
        place = self._medium(share, medium)
        require_own_module(role_key_uri(key_file(place, name)))
        signer = open_share(key_file(place, name), passphrase=passphrase, custody=RoleCustody(tokens=self.tokens))
        if public_octets(signer.public_key) not in self._keys_of_role(document, role, name):
            raise TrustListError("ceremony_key_unexpected", field=name, expected=role)
        if self.dry_run:
            return None
        made = signer.sign(document.signed_bytes)
        signature = ShareSignature(
            share=name,
            key_id=made.keyid,
            signature=bytes.fromhex(made.signature),
            document=sha256(data),
            configuration=self.reviewed.sha256,
            at=self.at,
        )
        subject = f"{document.signed.version}.{role}"
        self._record(
            "sign",
            f"{subject}.json",
            share=share,
            read={f"documents/{subject}.json": data},
            written={f"signatures/{subject}/{name}.json": signature.to_bytes()},
            fingerprints={name: fingerprint(public_octets(signer.public_key))},
        )
        return signature

    def assemble(self, role: str) -> Document:
        """Put the signatures together, and judge the result as lenders will.

        Raises:
            TrustListError: `signature_of_other_document`, `ceremony_threshold_missed`, or as `sign`.
        """
        document, data = self._conforming(role)
        version = document.signed.version
        read = {f"documents/{version}.{role}.json": data}
        for name, signature, content in self.folder.signatures(role, version):
            if signature.document != sha256(data):
                raise TrustListError("signature_of_other_document", name=name)
            read[name] = content
            checks.add_signature(document, key_id=signature.key_id, signature=signature.signature)
        result = checks.check_signed(document, role, by=list(self._judges(document, role)))
        written = {metadata_name(document, role): document.to_bytes()}
        if isinstance(self.reviewed.section(role), ProvinceRole):
            written |= self._issuer_targets(role)
        self._record("assemble", file_role(document, role), read=read, written=written, result=result)
        return document

    # --- what a document must be --------------------------------------------------------------------------------------

    def _conforming(self, role: str) -> tuple[Document, bytes]:
        """The document of a role, which must be the one that the configuration asks for, to the last member."""
        version = self.reviewed.section(role).version
        document, data = self.folder.document(role, version)
        name = file_role(document, role)
        drawn_up = drawn_up_at(document, name=name)
        expected = Ceremony(reviewed=self.reviewed, role=role, at=drawn_up).document(
            keys_of_shares(document.signed), self._signed_court_entries(document, role)
        )
        found, wanted = document.signed.to_dict(), expected.signed.to_dict()
        if found != wanted or document.signatures:
            differing = sorted(key for key in {*found, *wanted} if found.get(key) != wanted.get(key))
            raise TrustListError("ceremony_document_differs", name=name, members=", ".join(differing) or "signatures")
        if drawn_up > self.at + CLOCK_SKEW or self.at >= document.signed.expires:
            raise TrustListError("ceremony_document_time", name=name)
        self._check_follows(document, role)
        return document, data

    def _check_follows(self, document: Document, role: str) -> None:
        """Versions go up, shares that stay keep their keys, and every other key has a public record of its own."""
        version = document.signed.version
        previous = self.folder.newest(role, below=version)
        if previous is None and version > 1:
            raise TrustListError("ceremony_previous_missing", name=f"{version - 1}.{role}.json")
        if role == ROOT and previous is not None and previous[0].signed.version != version - 1:
            raise TrustListError("ceremony_previous_missing", name=f"{version - 1}.{role}.json")
        before = keys_of_shares(previous[0].signed) if previous else {}
        records = self.folder.shares()
        for owner, share, public in listed_shares(document.signed):
            if share in before:
                if before[share] != public:
                    raise TrustListError("ceremony_share_changed", field=share)
            elif not owner.startswith(COURT_PREFIX):
                self._check_record(records.get(share), owner=owner, share=share, public=public)

    def _check_record(self, made: PublicShare | None, *, owner: str, share: str, public: bytes) -> None:
        if made is None:
            raise TrustListError("ceremony_key_missing", field=share)
        if (made.role, made.holder, made.public) != (owner, self.reviewed.share(share)[1].holder, public):
            raise TrustListError("ceremony_key_unexpected", field=share, expected=f"{owner}, {made.holder}")

    def _public_keys(self, role: str) -> dict[str, bytes]:
        """Share → public key: as published for shares that stay, from their public record for new ones."""
        previous = self.folder.newest(role, below=self.reviewed.section(role).version)
        records = {name: made.public for name, made in self.folder.shares().items()}
        return {**records, **(keys_of_shares(previous[0].signed) if previous else {})}

    def _court_entries(self, role: str) -> dict[str, CourtEntry]:
        section = self.reviewed.section(role)
        entries = {}
        for code in section.courts if isinstance(section, ProvinceRole) else ():
            issuer, made = self.folder.court_files(code)
            if made.role != f"{COURT_PREFIX}{code}":
                raise TrustListError("ceremony_key_unexpected", field=code, expected=f"{COURT_PREFIX}{code}")
            entries[code] = CourtEntry(issuer=issuer, share=made.name, public=made.public)
        return entries

    def _signed_court_entries(self, document: Document, role: str) -> dict[str, CourtEntry]:
        """Courts of the configuration by the keys that the document names, and the issuer documents beside it."""
        section = self.reviewed.section(role)
        named = {owner: (share, public) for owner, share, public in listed_shares(document.signed)}
        entries = {}
        for code in section.courts if isinstance(section, ProvinceRole) else ():
            share, public = named.get(f"{COURT_PREFIX}{code}", ("", b""))
            entries[code] = CourtEntry(issuer=self.folder.issuer(code), share=share, public=public)
        return entries

    def _issuer_targets(self, role: str) -> dict[str, bytes]:
        section = self.reviewed.section(role)
        issuers = {code: self.folder.issuer(code) for code in getattr(section, "courts", ())}
        return {target_name(issuer_path(code), sha256(issuer)): issuer for code, issuer in issuers.items()}

    # --- who may sign -------------------------------------------------------------------------------------------------

    def _judges(self, document: Document, role: str) -> Iterator[Root | Targets]:
        """Whose thresholds the document must reach: for a root its own and the one before; else its delegator's."""
        if role == ROOT:
            previous = self.folder.newest(ROOT, below=document.signed.version)
            yield from (found.signed for found in (previous[0] if previous else None, document) if found)
            return
        above = self.folder.newest(delegator(role))
        if above is None:
            raise TrustListError("ceremony_previous_missing", name=f"{delegator(role)}.json")
        yield above[0].signed

    def _keys_of_role(self, document: Document, role: str, share: str) -> set[bytes]:
        """The public keys that metadata has named for a share of a role, now or before."""
        judges: list[Root | Targets] = [found.signed for found, _ in self.folder.known(delegator(role)).values()]
        if role == ROOT:
            judges.append(document.signed)
        if not judges:
            raise TrustListError("ceremony_previous_missing", name=f"{delegator(role)}.json")
        return {
            public for judge in judges for owner, name, public in listed_shares(judge) if (owner, name) == (role, share)
        }

    # --- media and transcript -----------------------------------------------------------------------------------------

    def _medium(self, share: Share, given: Path | None, *, role: str | None = None) -> Path:
        """The folder of a medium; a new key goes onto no medium that holds another's."""
        place = given or self.reviewed.medium(share)
        if not place.is_dir():
            raise TrustListError("medium_missing", path=place, share=share.name)
        foreign = [found for found in role_key_names(place) if not self._may_lie_on(share.medium, found)]
        if role is not None and foreign:
            raise TrustListError("medium_taken", path=place, found=foreign[0])
        return place

    def _may_lie_on(self, medium: str, name: str) -> bool:
        """Whether the key of a share may lie on a medium; the publisher's own holds all its keys, old ones too."""
        shares = {share.name: (role, share) for role, share in self.reviewed.configuration.all_shares()}
        if name in shares:
            return shares[name][1].medium == medium
        return any(role in ONLINE_ROLES and share.medium == medium for role, share in shares.values())

    def other_media(self, name: str) -> tuple[str, ...]:
        """Shares whose media can be seen from here besides the one at work: worth a line in the transcript.

        Raises:
            TrustListError: `ceremony_share_unknown`.
        """
        _, share = self.reviewed.share(name)
        return tuple(
            other.name
            for _, other in self.reviewed.configuration.all_shares()
            if other.medium != share.medium and role_key_exists(key_file(self.reviewed.medium(other), other.name))
        )

    def _record(
        self,
        step: str,
        subject: str,
        *,
        written: Mapping[str, bytes],
        share: Share | None = None,
        read: Mapping[str, bytes] | None = None,
        fingerprints: Mapping[str, str] | None = None,
        result: str = "",
    ) -> None:
        if self.dry_run:
            return
        entry = Entry(
            step=step,
            subject=subject,
            at=self.at,
            title=self.reviewed.configuration.title,
            configuration=self.reviewed.sha256,
            share=share.name if share else "",
            holder=share.holder if share else "",
            witnesses=self.witnesses,
            read=read or {},
            written=written,
            fingerprints=fingerprints or {},
            other_media=self.other_media(share.name) if share else (),
            result=result,
        )
        record(self.folder, entry)
