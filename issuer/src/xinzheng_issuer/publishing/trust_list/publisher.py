"""The country's publisher: puts together what ceremonies, provinces and courts signed, and signs what is current.

It holds the keys of snapshot and timestamp and no others: whoever takes the machine can hold back what is new, and can
neither name a court nor say what a court has revoked. What it writes are static files (`publishing.repository`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog
from tuf.api.metadata import Metadata, Root

from xinzheng_issuer.errors import PublishingError, TrustListError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.publishing.memory import MEMORY_FILE, Memory, online_keys
from xinzheng_issuer.publishing.reading import read_published
from xinzheng_issuer.publishing.repository import (
    LEFTOVERS,
    TIMESTAMP_FILE,
    Edition,
    Publication,
    Repository,
    Signed,
    following_moment,
)
from xinzheng_issuer.publishing.restoring import judged, take_over
from xinzheng_issuer.publishing.role_keys import (
    RoleCustody,
    RoleSigner,
    role_key_exists,
    role_key_uri,
    sign_metadata,
)
from xinzheng_issuer.publishing.root_chain import KEPT_ROOTS, KeptRoots
from xinzheng_issuer.publishing.trust_list.candidates import Files, listed_files, root_of
from xinzheng_issuer.publishing.trust_list.configuration import (
    ONLINE_ROLES,
    ROOT,
    SNAPSHOT,
    TIMESTAMP,
    Reviewed,
    require_own_module,
)
from xinzheng_issuer.publishing.trust_list.contributions import Contribution
from xinzheng_issuer.publishing.trust_list.earlier_editions import told_by
from xinzheng_issuer.publishing.trust_list.first_root import trusted_roots
from xinzheng_issuer.publishing.trust_list.past import Past, is_list
from xinzheng_issuer.publishing.trust_list.published import Published, published
from xinzheng_issuer.publishing.trust_list.rehearsal import meta_of, sequence_of
from xinzheng_issuer.publishing.trust_list.selection import Answer, Chosen, Selection
from xinzheng_issuer.publishing.trust_list.shares import key_file, open_share
from xinzheng_issuer.publishing.trust_list.waiting import Waiting, waiting_for_province
from xinzheng_keys.errors import TokenError
from xinzheng_keys.passphrase import PassphraseSource
from xinzheng_keys.token_access import TokenAccess
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust import updates
from xinzheng_verifier.trust.archive import Archive, pack
from xinzheng_verifier.trust.contents import Contents
from xinzheng_verifier.trust.extent import select
from xinzheng_verifier.trust.floor import refuse_older_lists
from xinzheng_verifier.trust.names import MAX_VERSION, sha256_of
from xinzheng_verifier.trust.seen import Seen
from xinzheng_verifier.trust.tuf_workflow import walk

_log = structlog.get_logger("xinzheng.publishing")

UPDATE_EDITIONS = 14
"""How many editions back an update leads from: two weeks of daily ones."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a publication did.

    Attributes:
        publication: the new edition; None for a dry run.
        version: its number, or the one that it would have.
        answers: what became of each metadata file that was handed in.
        courts: how many courts publish their status.
        waiting: issuer documents that were handed in and that no province has signed.
    """

    publication: Publication | None
    version: int
    answers: tuple[Answer, ...]
    courts: int
    waiting: tuple[Waiting, ...] = ()


class TrustListPublisher:
    """Publishes the country's trust list in one folder.

    Args:
        folder: the repository; made if there is none.
        reviewed: the configuration: who holds the online keys, and how long their metadata lasts.
        passphrases: name of an online key → what opens its file.
        tokens: how the hardware tokens of online keys are reached.
    """

    def __init__(
        self,
        folder: Path,
        *,
        reviewed: Reviewed,
        passphrases: Callable[[str], PassphraseSource],
        tokens: TokenAccess | None = None,
    ) -> None:
        self._reviewed = reviewed
        self._repository = Repository(folder, kept_roots(reviewed))
        self._passphrases = passphrases
        self._custody = RoleCustody(tokens=tokens)

    @property
    def repository(self) -> Repository:
        """The folder of static files."""
        return self._repository

    def publish(
        self, contributions: Iterable[Contribution], *, at: datetime, last_is_lost: bool = False, dry_run: bool = False
    ) -> Result:
        """Publish the next edition: what was handed in where it is good, what was published before elsewhere.

        Args:
            contributions: what was handed in; to hand in the same again changes nothing.
            at: moment of publication, aware.
            last_is_lost: nobody has the last edition any more: under other online keys what is there is gone on from.
            dry_run: judge everything, write nothing.

        Raises:
            TrustListError: `repository_restored`, `publication_impossible`, `online_key_missing`; of a repository whose
                roots are not kept yet `first_root_missing`, `first_root_differs`.
            PublishingError: `publication_refused` (by the verifier), `repository_damaged`, `publication_clock`,
                `versions_used_up`.
            KeysError: (keys) an online key cannot be used; nothing is written, and the next run makes the edition.
            OSError: the folder cannot be written; the edition before stays in effect.
        """
        given = tuple(contributions)
        self._repository.make_folders()
        with self._repository.locked():
            offers = [offer for contribution in given for offer in contribution.offers()]
            first = [(offer.source, offer.data) for offer in offers if (offer.role, offer.version) == (ROOT, 1)]
            now = published(self._repository, trusted_roots(self._repository, first))
            files = Files(self._repository.folder, given, bundle=self._repository.bundle_path(now.version))
            memory = Memory.read(self._memory_path(), with_past=True)
            if not last_is_lost:  # new online keys alone are no reason to go on from less
                _require_last(memory, now, root=now.root)
            past = self._past(memory, now, files, at=at)
            chosen = Selection(now, past=past, offers=offers, files=files, at=at).choose()
            _require_last(memory, now, root=chosen.root)
            version, moment = self._following(now, chosen, at=at.astimezone(UTC))
            edition = self._edition(chosen, files, now.roots, version=version, at=at, moment=moment)
            self._judge(edition, now, past.added_to(_seen(now, edition, files, at=at), now=now.roles), at=at)
            following = past.after(now.roles, chosen.roles, files, latest=now.published_at, at=at).holding(
                chosen.roles, files
            )
            made = Published(
                version=version,
                roots={**now.roots, **chosen.roots},
                root=chosen.root,
                timestamp=edition[TIMESTAMP_FILE],
                roles=chosen.roles,
            )
            publication = None if dry_run else self._write(edition, now, made, following)
        courts = sum(role.startswith("court-") for role in chosen.roles)
        return Result(
            publication=publication,
            version=version,
            answers=chosen.answers,
            courts=courts,
            waiting=tuple(waiting_for_province(given, chosen.roles)),
        )

    def restore(self, bundle: bytes, *, at: datetime, first: Iterable[tuple[str, bytes]] = ()) -> Publication:
        """Take over a newer edition of this very repository, from a mirror or a lender, after a backup was restored.

        Args:
            bundle: a whole bundle.
            at: the moment of judgement, aware.
            first: source and content of the first root, where no copies of the roots are kept.

        Raises:
            TrustListError: `restore_partial`, the bundle leaves things out; `restore_refused` by the verifier;
                `first_root_missing`, `first_root_differs`.
            PublishingError: `repository_damaged`.
            OSError: the folder cannot be written.
        """
        self._repository.make_folders()
        with self._repository.locked():
            roots = trusted_roots(self._repository, first)
            if not roots:
                raise TrustListError("first_root_missing", path=self._repository.root_path(1))
            root, seen = self._floor(roots, at=at)
            found = judged(bundle, root=root, seen=seen, at=at)
            self._keep(roots)
            return take_over(self._repository, bundle, found.seen.timestamp)

    def _floor(self, roots: Mapping[int, bytes], *, at: datetime) -> tuple[bytes, Seen]:
        """The root from which a bundle is judged, and what it must not fall below, as it is there or remembered.

        What is remembered counts more than what is there: a signature holds whatever white space follows it.
        """
        memory = Memory.read(self._memory_path(), with_past=True)
        try:
            now = published(self._repository, roots)
        except PublishingError as error:
            _log.warning("repository_damaged", reason=str(error))
            now = Published(roots=roots, root=roots[max(roots)])
        last = None if memory is None else roots.get(memory.root or max(roots))
        if memory is None or last is None or memory.keys != online_keys(root_of(last)):
            return now.root, now.seen(at=at)
        if not memory.is_ahead_of(now, next_root=root_of(now.root)):
            return now.root, now.seen(at=at)
        number = memory.version
        return last, Seen(timestamp=number, timestamp_sha256=memory.timestamp_sha256, snapshot=number)

    # --- an edition ---------------------------------------------------------------------------------------------------

    def _edition(
        self, chosen: Chosen, files: Files, roots: Mapping[int, bytes], *, version: int, at: datetime, moment: str
    ) -> dict[str, bytes]:
        """Every file of the repository as it will be published: name → content, `timestamp.json` last.

        Raises:
            PublishingError: `repository_damaged`, there is no first root: whichever root a lender holds, it is led on.
        """
        root, carried = root_of(chosen.root), {**roots, **chosen.roots}
        if 1 not in carried:
            raise PublishingError("repository_damaged", path=self._repository.root_path(1))
        edition = Edition(
            version=version,
            published_at=moment,
            snapshot_expires=at + self._reviewed.lifetime(SNAPSHOT),
            timestamp_expires=at + self._reviewed.lifetime(TIMESTAMP),
        )
        signers = self._signers(root)
        meta = {f"{role}.json": meta_of(candidate) for role, candidate in chosen.roles.items()}
        snapshot = _signed(edition.snapshot(meta), signers)
        return {
            **dict(listed_files(chosen.roles.values(), files)),
            **{candidate.name: candidate.data for candidate in chosen.roles.values()},
            f"metadata/{version}.snapshot.json": snapshot,
            **Repository.named_roots(carried),
            TIMESTAMP_FILE: _signed(edition.timestamp(snapshot), signers),
        }

    def _following(self, now: Published, chosen: Chosen, *, at: datetime) -> tuple[int, str]:
        """Number and moment of the next edition.

        With other online keys lenders forget what the old ones said: time begins anew, and so do numbers, if they were
        pushed up so far that none are left.
        """
        is_anew = bool(now.version) and online_keys(root_of(now.root)) != online_keys(root_of(chosen.root))
        is_used_up = now.version + LEFTOVERS > MAX_VERSION
        version = self._repository.next_version(SNAPSHOT, after=0 if is_anew and is_used_up else now.version)
        return version, format_timestamp(at) if is_anew else following_moment(now.published_at, at=at)

    def _signers(self, root: Root) -> dict[str, list[RoleSigner]]:
        """The online keys that the root names, as far as their media and tokens are here.

        Raises:
            TrustListError: `online_key_missing`, `share_module_path`.
            KeysError: (keys) a key cannot be opened; `token_missing` only if too few are left without its token.
        """
        signers: dict[str, list[RoleSigner]] = {}
        for role in ONLINE_ROLES:
            opened, away = self._open_online(role)
            named = [signer for signer in opened if signer.public_key.keyid in root.roles[role].keyids]
            if len(named) < root.roles[role].threshold:
                raise away or TrustListError("online_key_missing", role=role, version=root.version)
            signers[role] = named
        return signers

    def _open_online(self, role: str) -> tuple[list[RoleSigner], TokenError | None]:
        """The keys of an online role that are here, and why one is not whose token is away."""
        opened: list[RoleSigner] = []
        away: TokenError | None = None
        for path in filter(role_key_exists, _key_files(self._reviewed, role)):
            require_own_module(role_key_uri(path))
            try:
                opened.append(open_share(path, passphrase=self._passphrases(path.stem), custody=self._custody))
            except TokenError as error:
                if error.code != "token_missing":
                    raise
                away = error
        return opened, away

    def _judge(self, edition: Mapping[str, bytes], now: Published, seen: Seen, *, at: datetime) -> None:
        """As a lender does who holds the edition before: the whole of it, by the verifier."""
        first = now.root or edition["metadata/1.root.json"]
        try:
            repository = walk(edition, root=first, seen=seen, at=at)
            refuse_older_lists(Contents.read(repository).sequences, seen=repository.seen)
        except TrustError as error:
            raise PublishingError("publication_refused", refusal=error.code, reason=in_both_languages(error)) from error

    def _write(self, edition: Mapping[str, bytes], now: Published, made: Published, past: Past) -> Publication:
        """New files, the bundle, the updates, copies of roots, `timestamp.json`; the memory of it after all that."""
        content = select(edition)
        bundle = pack(content)
        path = self._repository.bundle_path(made.version)
        others = {name: data for name, data in edition.items() if name != TIMESTAMP_FILE}
        one_file = {f"bundles/{path.name}": bundle}
        updates_to = self._updates(content, now.version, made.version)
        self._keep(made.roots)
        self._repository.write({**others, **one_file, **updates_to, TIMESTAMP_FILE: edition[TIMESTAMP_FILE]})
        Memory.of(made, past).write(self._memory_path())
        self._prune(made.version)
        return Publication(version=made.version, sha256=sha256_of(bundle), path=path)

    def _keep(self, roots: Mapping[int, bytes]) -> None:
        if self._repository.kept:
            self._repository.kept.write(roots)

    def _updates(self, content: Mapping[str, bytes], newest: int, version: int) -> dict[str, bytes]:
        """What leads here from each of the last editions."""
        made = {}
        for before in range(max(1, newest - UPDATE_EDITIONS + 1), newest + 1):
            path = self._repository.bundle_path(before)
            try:
                old = Archive(read_published(path))
            except FileNotFoundError:
                continue
            except (OSError, TrustError) as error:  # who has that edition fetches the new one whole
                _log.warning("bundle_damaged", path=str(path), reason=str(error))
                continue
            made[f"updates/{before}-{version}.xzu"] = updates.make(old, content, first=before, last=version)
        return made

    def _prune(self, version: int) -> None:
        """Updates that lead to older editions than the one before are not asked for any more."""
        for path in (self._repository.folder / "updates").glob("*-*.xzu"):
            last = path.stem.partition("-")[2]
            if last.isdecimal() and int(last) < version - 1:
                path.unlink(missing_ok=True)

    # --- memory -------------------------------------------------------------------------------------------------------

    def _memory_path(self) -> Path:
        section = self._reviewed.configuration.timestamp
        if section is None:
            raise TrustListError("ceremony_section_missing", field=TIMESTAMP)
        return self._reviewed.medium(section.shares[0]) / MEMORY_FILE

    def _past(self, memory: Memory | None, now: Published, files: Files, *, at: datetime) -> Past:
        """What was in effect before, and is no more.

        The repository is asked for what the memory does not know: it may be of an earlier release, or lost, or older
        than the repository, for it is written last.
        """
        known, since = Past(), 0
        if memory is not None and memory.past is not None:
            is_anew = bool(now.version) and memory.keys != online_keys(root_of(now.root))
            if memory.version >= now.version and not is_anew:
                return memory.past
            known, since = memory.past, memory.version
        return told_by(self._repository, now, files, known=known, since=since, at=at)


def kept_roots(reviewed: Reviewed) -> KeptRoots | None:
    """Where copies of the roots lie: beside the publisher's memory; None without a publisher's section."""
    section = reviewed.configuration.timestamp
    return KeptRoots(reviewed.medium(section.shares[0]) / KEPT_ROOTS) if section else None


def online_tokens(reviewed: Reviewed) -> list[str]:
    """URIs of the online keys that lie in hardware tokens, as far as their media are here.

    Raises:
        PublishingError: `role_key_record`.
    """
    paths = (path for role in ONLINE_ROLES for path in _key_files(reviewed, role))
    return [uri for uri in map(role_key_uri, paths) if uri]


def _key_files(reviewed: Reviewed, role: str) -> list[Path]:
    section = dict(reviewed.configuration.roles()).get(role)
    shares = (*section.shares, *section.leaving) if section else ()
    return [key_file(reviewed.medium(share), share.name) for share in shares]


def _signed(signed: Signed, signers: Mapping[str, Iterable[RoleSigner]]) -> bytes:
    metadata = Metadata(signed)
    for signer in signers[signed.type]:
        sign_metadata(metadata, signer, append=True)
    return metadata.to_bytes()


def _seen(now: Published, edition: Mapping[str, bytes], files: Files, *, at: datetime) -> Seen:
    """What a lender remembers who holds the edition in effect, with the numbers of lists that the next one replaces."""
    seen = now.seen(at=at)
    names = (each for candidate in now.roles.values() for each in candidate.target_names().items())
    replaced = {path: files.get(name) for path, name in names if name not in edition and is_list(path)}
    numbers = {path: sequence_of(data) for path, data in replaced.items() if data is not None}
    return replace(seen, sequences=numbers)


def _require_last(memory: Memory | None, now: Published, *, root: bytes) -> None:
    """Refuse to go on from less than was published last.

    Args:
        memory: of the last publication.
        now: the edition that is there.
        root: by whose online keys it is compared; empty for none.

    Raises:
        TrustListError: `repository_restored`.
    """
    if memory is not None and (not root or memory.is_ahead_of(now, next_root=root_of(root))):
        raise TrustListError("repository_restored", found=now.version, expected=memory.version)
