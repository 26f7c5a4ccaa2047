"""The steps of a ceremony: each is made of one share on its own medium, and of the folder that travels.

    make_key   on every new medium: the key is made there, or in a token of which the medium keeps the record, and
               stays there; its public record travels
    draw_up    anywhere: the document that the configuration asks for, from public records and what is published
    sign       on every medium: the document is rebuilt from the configuration, compared, and signed
    assemble   anywhere: signatures are put together and judged as lenders will judge them

Every later root, and every later document of a role, goes the same way: shares that stay keep their key, shares that
leave sign once more for the keys before. No share signs for a key that it does not know (`known`). With `dry_run` a
step makes all its checks and writes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from securesystemslib.signer import Signature
from tuf.api.metadata import Root, Targets

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.role_keys import (
    RoleCustody,
    create_role_key,
    role_key_exists,
    role_key_names,
    role_key_uri,
)
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
from xinzheng_issuer.publishing.trust_list.known import Compared, Known, Proof, Signatory
from xinzheng_issuer.publishing.trust_list.said_before import check_said
from xinzheng_issuer.publishing.trust_list.shares import (
    PublicShare,
    fingerprint,
    key_file,
    listed_key,
    open_share,
    public_octets,
    public_share,
)
from xinzheng_issuer.publishing.trust_list.transcript import Entry, check_transcript, record
from xinzheng_issuer.publishing.trust_list.work_folder import ShareSignature, WorkFolder, metadata_name, sha256
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_keys.token_access import TokenAccess
from xinzheng_verifier.trust.names import target_name

CLOCK_SKEW = timedelta(days=1)
"""How far the clocks of two offline machines may lie apart [ours]."""

_IN_MODULE = "in a hardware token 在硬件令牌中"
_IN_FILE = "in an encrypted file 在加密文件中"
_BEFORE = ", made before; its record was missing 此前已生成，补作其公开记录"


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
        root_sha256: SHA-256 of the file of a root that is known to be genuine, hexadecimal; empty for none.
        told: is told by what each key of a document is known, dry run or not.
    """

    reviewed: Reviewed
    folder: WorkFolder
    at: datetime
    witnesses: tuple[str, ...] = ()
    dry_run: bool = False
    tokens: TokenAccess | None = None
    root_sha256: str = ""
    told: Callable[[Iterable[Compared]], object] = list

    # --- keys ---------------------------------------------------------------------------------------------------------

    def make_key(
        self, name: str, *, medium: Path | None = None, token: str = "", passphrase: PassphraseSource
    ) -> PublicShare | None:
        """Make the key of a share on its medium, or in a token of which the medium then keeps the record.

        Of a key that is there already and has no public record, for an earlier step was stopped, the record is made.

        Args:
            name: of the share.
            medium: where the medium is, if not where the configuration says.
            token: `pkcs11:` URI of the token, if not as the configuration says; what is to be made in one is never
                made in a file.
            passphrase: encrypts a key file, or opens the one that is there.

        Returns:
            The public record; None for a dry run.

        Raises:
            TrustListError: `ceremony_share_unknown`, `ceremony_share_leaves`, `medium_missing`, `medium_taken`,
                `share_record_exists`, `share_module_path`.
            KeyStoreError: (keys) the key file cannot be written, or cannot be opened.
            KeyURIError, TokenError: (keys) the token cannot be used.
        """
        require_own_module(token)
        role, share = self.reviewed.share(name)
        if name not in {kept.name for kept in dict(self.reviewed.configuration.roles())[role].shares}:
            raise TrustListError("ceremony_share_leaves", field=name)
        place = self._medium(share, medium, role=role)
        path, token = key_file(place, name), token or share.token
        is_there, uri = role_key_exists(path), role_key_uri(path)
        if (self.folder.path / "shares" / f"{name}.json").exists() or (is_there and bool(uri) != bool(token)):
            raise TrustListError("share_record_exists", field=name)
        require_own_module(uri)
        check_transcript(self.folder)
        if self.dry_run:
            return None
        custody = RoleCustody(place=token, prefix="", key_type=share.key_type, tokens=self.tokens)
        get_key = open_share if is_there else create_role_key
        signer = get_key(path, passphrase=passphrase, custody=custody)
        facts = {"name": name, "role": role, "holder": share.holder, "configuration": self.reviewed.sha256}
        made = public_share(signer, **facts, at=self.at)
        written = {f"shares/{name}.json": made.to_bytes()}
        prints = {name: made.fingerprint}
        where = f"{share.key_type.value}, {_IN_MODULE if token else _IN_FILE}{_BEFORE if is_there else ''}"
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
        known = self._known()
        document = ceremony.document(self._public_keys(known, role), courts)
        _check_number(known, role, document.signed.version)
        compared = self._check_follows(known, document, role)
        written = {f"documents/{file_role(document, role)}": document.to_bytes()}
        prints = {share: fingerprint(public) for _, share, public in listed_shares(document.signed)}
        subject = file_role(document, role)
        self._record("draft", subject, read=read, written=written, fingerprints=prints, compared=compared)
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
                `ceremony_key_unproven`: it does not know a key that the document names; `share_module_path`.
            KeyStoreError: (keys) the key file cannot be opened.
            KeyURIError, TokenError: (keys) the token cannot be used.
        """
        share_role, share = self.reviewed.share(name)
        if share_role != role:
            raise TrustListError("ceremony_share_role", field=name, role=share_role)
        document, data = self._conforming(role)
        known = self._known()
        place = self._medium(share, medium)
        require_own_module(role_key_uri(key_file(place, name)))
        signer = open_share(key_file(place, name), passphrase=passphrase, custody=RoleCustody(tokens=self.tokens))
        if public_octets(signer.public_key) not in self._keys_of_role(known, document, role, name):
            raise TrustListError("ceremony_key_unexpected", field=name, expected=role)
        compared = self._check_follows(known, document, role, by=Signatory(name, signer.public_key))
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
            compared=compared,
        )
        return signature

    def assemble(self, role: str) -> Document:
        """Put the signatures together, and judge the result as lenders will.

        Raises:
            TrustListError: `ceremony_refused`; `signature_of_other_document`, some are missing, and those there are of
                a document that was drawn up before; `signature_invalid`; or as `sign`.
        """
        document, data = self._conforming(role)
        known = self._known()
        compared = self._check_follows(known, document, role)
        signatures, others = self._put_to(known, document, role, data)
        signed = document.to_bytes()
        try:
            result = checks.check_signed(document, signed, role, by=list(self._judges(known, document, role)))
        except TrustListError as error:
            if not others:
                raise
            raise TrustListError("signature_of_other_document", name=", ".join(others)) from error
        read = {f"documents/{file_role(document, role)}": data, **signatures}
        written = {metadata_name(document, role): signed}
        written |= self._issuer_targets(role)
        subject = file_role(document, role)
        self._record("assemble", subject, read=read, written=written, result=result, compared=compared)
        return document

    def _put_to(self, known: Known, document: Document, role: str, data: bytes) -> tuple[dict[str, bytes], list[str]]:
        """Put the signatures to a document that are of it; their files, and the names of those of another document."""
        put, others = {}, []
        for name, found, content in self.folder.signatures(role, document.signed.version):
            if found.document != sha256(data):
                others.append(name)
                continue
            share = Path(name).stem
            keys = [listed_key(share, public) for public in self._keys_of_role(known, document, role, share)]
            signature = Signature(found.key_id, found.signature.hex())
            checks.add_signature(document, signature=signature, keys=keys, name=name)
            put[name] = content
        return put, others

    # --- what a document must be --------------------------------------------------------------------------------------

    def _conforming(self, role: str) -> tuple[Document, bytes]:
        """The document of a role, which must be the one that the configuration asks for, to the last member."""
        version = self.reviewed.section(role).version
        document, data = self.folder.document(role, version)
        name = file_role(document, role)
        drawn_up = drawn_up_at(document, name=name)
        expected = Ceremony(reviewed=self.reviewed, role=role, at=drawn_up).document(
            keys_of_shares(document.signed), self._court_entries(role)
        )
        found, wanted = document.signed.to_dict(), expected.signed.to_dict()
        if found != wanted or document.signatures:
            differing = sorted(key for key in {*found, *wanted} if found.get(key) != wanted.get(key))
            raise TrustListError("ceremony_document_differs", name=name, members=", ".join(differing) or "signatures")
        if drawn_up > self.at + CLOCK_SKEW or self.at >= document.signed.expires:
            raise TrustListError("ceremony_document_time", name=name)
        return document, data

    def _check_follows(
        self, known: Known, document: Document, role: str, *, by: Signatory | None = None
    ) -> tuple[Compared, ...]:
        """Versions are given once and in turn, no share has another key than before, and whoever signs knows every key.

        What said something before is at hand then: an older copy of what is published is not taken for the newest.

        Args:
            known: what is signed already.
            document: the document at hand.
            role: whose it is.
            by: the share that is to sign; None while nobody is.

        Raises:
            TrustListError: `ceremony_signed_already`, `ceremony_previous_missing`, `ceremony_share_changed`,
                `ceremony_key_missing`, `ceremony_key_unexpected`, `ceremony_key_unproven`; others as `Known.signed`
                and `check_said`.
        """
        version = document.signed.version
        _check_number(known, role, version, document)
        if version > 1 and known.of_version(role, version - 1) is None:
            raise TrustListError("ceremony_previous_missing", name=f"{version - 1}.{role}.json")
        records = self._records(role)
        found = known.compare(
            keys_of_shares(document.signed),
            role,
            version=version,
            records=records,
            reviewed={share.name for _, share in self.reviewed.configuration.all_shares() if share.fingerprint},
            by=by,
        )
        found += known.compare_issuers(document, role, records=records, by=by)
        issuers = {code: entry.issuer for code, entry in self._court_entries(role).items()}
        found += check_said(issuers, known.others(role, than=version), folder=self.folder, disowned=known.disowned)
        self.told(found)
        compared = {each.share: each for each in found}
        before = known.keys_before(role, than=version)
        for owner, share, public in listed_shares(document.signed):
            if owner.startswith(COURT_PREFIX):
                continue
            if share not in before:
                made = records.get(f"shares/{share}.json")
                self._check_record(made, owner=owner, share=share, public=public)
            if by is not None and compared[share].proof is Proof.DOCUMENT:
                raise TrustListError("ceremony_key_unproven", field=share, name=compared[share].source)
        return tuple(found)

    def _check_record(self, made: PublicShare | None, *, owner: str, share: str, public: bytes) -> None:
        if made is None:
            raise TrustListError("ceremony_key_missing", field=share)
        if (made.role, made.holder, made.public) != (owner, self.reviewed.share(share)[1].holder, public):
            raise TrustListError("ceremony_key_unexpected", field=share, expected=f"{owner}, {made.holder}")

    def _known(self) -> Known:
        disowned = self.reviewed.configuration.disowned
        return Known(self.folder, root_sha256=self.root_sha256, disowned=disowned)

    def _records(self, role: str) -> dict[str, PublicShare]:
        """File → public record in it: of the shares, and of the courts of a province."""
        section = self.reviewed.section(role)
        courts = section.courts if isinstance(section, ProvinceRole) else ()
        shares = {f"shares/{name}.json": made for name, made in self.folder.shares().items()}
        return shares | {f"courts/{code}/key.json": self.folder.court_files(code)[1] for code in courts}

    def _public_keys(self, known: Known, role: str) -> dict[str, bytes]:
        """Share → public key: from its public record, or from the document before; `_check_follows` compares them."""
        records = {name: made.public for name, made in self.folder.shares().items()}
        return {**known.keys_before(role, than=self.reviewed.section(role).version), **records}

    def _court_entries(self, role: str) -> dict[str, CourtEntry]:
        """Code → what each court of a province handed in, and vouches for."""
        section = self.reviewed.section(role)
        entries = {}
        for code in section.courts if isinstance(section, ProvinceRole) else ():
            issuer, made = self.folder.court_files(code)
            if made.role != f"{COURT_PREFIX}{code}":
                raise TrustListError("ceremony_key_unexpected", field=code, expected=f"{COURT_PREFIX}{code}")
            entries[code] = CourtEntry(issuer=issuer, share=made.name, public=made.public)
        return entries

    def _issuer_targets(self, role: str) -> dict[str, bytes]:
        issuers = {code: entry.issuer for code, entry in self._court_entries(role).items()}
        return {target_name(issuer_path(code), sha256(issuer)): issuer for code, issuer in issuers.items()}

    # --- who may sign -------------------------------------------------------------------------------------------------

    def _judges(self, known: Known, document: Document, role: str) -> Iterator[Root | Targets]:
        """Whose thresholds the document must reach: for a root its own and the one before; else its delegator's now."""
        if role == ROOT:
            previous = known.of_version(ROOT, document.signed.version - 1)
            yield from (found.signed for found in (previous, document) if found)
            return
        above = known.in_force(delegator(role))
        if above is None:
            raise TrustListError("ceremony_previous_missing", name=f"{delegator(role)}.json")
        yield above.signed

    def _keys_of_role(self, known: Known, document: Document, role: str, share: str) -> set[bytes]:
        """The public keys that metadata has named for a share of a role, now or before."""
        judges: list[Root | Targets] = [found.signed for found in known.signed(delegator(role)).values()]
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
        compared: tuple[Compared, ...] = (),
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
            compared=compared,
        )
        record(self.folder, entry)


def _check_number(known: Known, role: str, version: int, document: Document | None = None) -> None:
    """A number that anybody was given is given to nothing else.

    Args:
        known: what is signed already.
        role: whose document it is.
        version: its number.
        document: which may be there already; None while it is drawn up.

    Raises:
        TrustListError: `ceremony_signed_already`; others as `Known.signed`.
    """
    there = known.of_version(role, version)
    if there is not None and (document is None or there.signed != document.signed):
        free = next(number for number in count(version) if known.of_version(role, number) is None)
        raise TrustListError("ceremony_signed_already", name=f"{version}.{role}.json", free=free)
