"""A repository that came back from a backup, or was lost: the newest bundle that lenders or mirrors have counts.

A bundle holds everything that a repository needs to go on. It is judged before it is taken: the country's by the root
that is there, a lone court's by its key folder too, for its root may have been lost with the rest: by the copies of its
roots, and by its keys.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from tuf.api.metadata import Metadata, Root, Targets

from xinzheng_issuer.errors import PublishingError, TrustListError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.issuing.court_keys import CourtKeys
from xinzheng_issuer.publishing.bundle_keys import ONLINE_ROLES, BundleKeys, key_names
from xinzheng_issuer.publishing.in_effect import AT_ANY_TIME, EditionInEffect, edition_of
from xinzheng_issuer.publishing.last_edition import LastEdition
from xinzheng_issuer.publishing.own_lists import check_own, own_list_paths
from xinzheng_issuer.publishing.reading import read_published
from xinzheng_issuer.publishing.repository import TIMESTAMP_FILE, Publication, Repository
from xinzheng_issuer.publishing.root_chain import require_chain
from xinzheng_issuer.publishing.trust_list.candidates import root_of
from xinzheng_keys.errors import TokenError
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import TARGETS_JSON
from xinzheng_verifier.trust import bundle as bundles
from xinzheng_verifier.trust.archive import Archive
from xinzheng_verifier.trust.names import EXTENT_FILE, sha256_of
from xinzheng_verifier.trust.seen import NOTHING_SEEN, Seen
from xinzheng_verifier.trust.tuf_metadata import check_threshold, parsed
from xinzheng_verifier.trust.tuf_workflow import TrustedRepository

_log = structlog.get_logger("xinzheng.publishing")


def judged(bundle: bytes, *, root: bytes, seen: Seen, at: datetime) -> TrustedRepository:
    """What a whole bundle says, judged as a lender does.

    Args:
        bundle: the file.
        root: the root that is trusted.
        seen: what is there already; nothing older is taken.
        at: the moment of judgement, aware.

    Raises:
        TrustListError: `restore_partial`, the bundle leaves things out; `restore_refused` by the verifier.
    """
    try:
        repository = bundles.read(bundle, root=root, seen=seen, at=at)
    except TrustError as error:
        raise _refused(error) from error
    if not repository.extent.is_whole:
        raise TrustListError("restore_partial")
    return repository


def own_edition(bundle: bytes) -> EditionInEffect:
    """What a whole bundle says by its own roots, for which nobody vouches.

    Raises:
        TrustListError: as `judged`.
    """
    roots = _roots_in(bundle)
    found = judged(bundle, root=roots[min(roots)], seen=NOTHING_SEEN, at=AT_ANY_TIME)
    return EditionInEffect(
        seen=found.seen,
        root=found.root,
        vouching=found.root_version,
        targets=found.targets,
        files=bundles.opened(bundle),
        bundle=bundle,
        is_bundled=True,
    )


def take_over(repository: Repository, bundle: bytes, version: int) -> Publication:
    """Write the files of a judged bundle; whoever does holds the repository's lock.

    The verifier looks at roots above the one that is trusted alone. Those below are compared here: what lenders hold is
    theirs to be led on from. The first root comes last but for the timestamp: a repository that was lost is not there
    before its edition is.

    Raises:
        TrustListError: `restore_refused`, its roots are not those that are there, or do not follow one another.
        OSError: the folder cannot be written.
    """
    files = {name: content for name, content in Archive(bundle).items() if name != EXTENT_FILE}
    require_roots(Repository.roots_among(files), roots_of(repository))
    roots = {name: files.pop(name) for name in sorted(files, key=len, reverse=True) if name.endswith(".root.json")}
    path = repository.bundle_path(version)
    repository.write(
        {**files, f"bundles/{path.name}": bundle, **roots, TIMESTAMP_FILE: files[TIMESTAMP_FILE]}, anew=True
    )
    return Publication(version=version, sha256=sha256_of(bundle), path=path)


def roots_of(repository: Repository) -> dict[int, bytes]:
    """The roots of a repository that may be damaged or lost; none where even the lowest cannot be read."""
    try:
        return repository.roots()
    except PublishingError as error:
        _log.warning("roots_unreadable", reason=str(error))
        return {}


def require_roots(carried: Mapping[int, bytes], there: Mapping[int, bytes]) -> None:
    """Raise unless the roots of a bundle are one chain with those that are there.

    Raises:
        TrustListError: `restore_refused`.
    """
    try:
        require_chain(carried, there)
    except TrustError as error:
        raise _refused(error) from error


@dataclass(frozen=True, kw_only=True)
class FoundEdition:
    """An edition that was found elsewhere.

    Attributes:
        version: its number.
        published_at: when it was made, by its timestamp's word; None if that does not say.
        targets: path of each published file → its content.
        bundle: its one-file form.
        roots: version → root, of the bundle and of the repository: one chain, judged.
        remembered: the highest number that is remembered of an edition from here; 0 of none.
        other_line: the same under roots that are neither here nor in the bundle.
        here: the edition that is in effect in the repository; None if there is none.
        is_before: whether it was published from the repository, and what is in effect there came after it.
        has_parted: whether another edition was published from there under its number.
        is_taken: whether its files take the place of those in the repository. Else only what it tells is taken over.
        roles_gone: the roles whose keys, which its root names, are not here: nothing can be published above it.
    """

    version: int
    published_at: datetime | None
    targets: Mapping[str, bytes] = field(repr=False)
    bundle: bytes = field(repr=False)
    roots: Mapping[int, bytes] = field(repr=False)
    remembered: int
    other_line: int
    here: EditionInEffect | None = field(repr=False)
    is_before: bool
    has_parted: bool
    is_taken: bool
    roles_gone: tuple[str, ...]

    @property
    def beside(self) -> EditionInEffect | None:
        """The edition here if it is another one: it may tell what this does not."""
        return self.here if self.here is not None and self.here.targets != self.targets else None


@dataclass(frozen=True, kw_only=True)
class CourtRepository:
    """The repository of a court that runs alone, whole, damaged, or gone.

    Attributes:
        court: id of the court.
        repository: where it is, or was.
        role_keys: keys of its roles.
        keys: keys of the court.
        last: which edition was published last, as the court remembers.
        first_root: for which somebody vouches who was there, where nothing else tells whose roots a bundle has.
    """

    court: str
    repository: Repository
    role_keys: BundleKeys
    keys: CourtKeys
    last: LastEdition
    first_root: bytes | None = field(default=None, repr=False)

    def judge(self, bundle: bytes, *, at: datetime) -> FoundEdition:
        """Judge a bundle: by the roots that are here, its lists by the court's own keys or those that it names itself.

        Nothing takes the place of what is newer. Keys of its roles that came after the backup are gone with
        the machine; what they signed is known all the same, and the roots vouch for it.

        Args:
            bundle: the file, from a lender or a mirror.
            at: the present moment, aware.

        Raises:
            TrustListError: `restore_partial`; `restore_refused` by the verifier.
            PublishingError: `role_key_unknown`, other keys lie here for its roles; `roots_unproven`, there is neither
                a copy of the roots nor a root key by which to tell, or its first root is not `first_root`;
                `bundle_list_not_own`; `role_key_record`.
            KeysError: (keys) a key of a role cannot be opened.
        """
        carried, there = _roots_in(bundle), roots_of(self.repository)
        require_roots(carried, there)
        roots = {**there, **carried}
        newest = _read(roots[max(roots)])
        gone = self._roles_gone(newest)
        if 1 not in roots:
            raise _refused(TrustError("bundle_root", version=1))
        if self.first_root not in {None, roots[1]}:
            raise PublishingError("roots_unproven", path=self.repository.root_path(1))
        if self.first_root is None and not self.repository.kept_roots():
            self.role_keys.require_own_roots(roots, self.repository.metadata)
        first = carried[max(carried.keys() & there.keys(), default=min(carried))]
        found = judged(bundle, root=first, seen=NOTHING_SEEN, at=AT_ANY_TIME)
        version, here = found.seen.timestamp, self._in_effect(roots, at=at)
        was_here = None if here is None or version > here.version else self._was_here(version, bundle, roots)
        is_older = here is not None and version < here.version
        is_before = is_older and was_here is True and carried.keys() <= there.keys()
        is_beside = was_here is False or (is_older and was_here is None)  # of another line, or skipped over by this one
        if here is not None and not is_before and not is_beside:
            judged(bundle, root=first, seen=here.seen, at=AT_ANY_TIME)
        # Under another root nothing can follow what was published from here.
        is_taken = bool(gone) if was_here is False else not is_older
        self._check_own(found.targets, at=at)
        return FoundEdition(
            version=version,
            published_at=found.seen.published_at,
            targets=found.targets,
            bundle=bundle,
            roots=roots,
            remembered=self.last.number(newest),
            other_line=self.last.of_other_line(map(_read, roots.values())),
            here=here,
            is_before=is_before,
            has_parted=was_here is False,
            is_taken=is_taken,
            roles_gone=gone,
        )

    def _check_own(self, targets: Mapping[str, bytes], *, at: datetime) -> None:
        check_own(own_list_paths(targets, self.court), targets, self.keys, at=at, in_bundle=True)

    def _roles_gone(self, root: Root) -> tuple[str, ...]:
        """The online roles that have no key here; a key that lies here is the one that the root names.

        A module that is away or dead holds none.
        """
        for role in ONLINE_ROLES:
            if len(root.roles[role].keyids) != 1 or len(key_names(root, role)) != 1:
                raise PublishingError("role_key_unknown", role=role)
        gone = self.role_keys.lost_roles(root)
        for role in (each for each in ONLINE_ROLES if each not in gone):
            try:
                self.role_keys.open(root, role)
            except TokenError:
                gone = (*gone, role)
        return gone

    def _in_effect(self, roots: Mapping[int, bytes], *, at: datetime) -> EditionInEffect | None:
        """What is here; None of an edition that cannot be read, by whatever number somebody says that it has.

        Nor does one count of somebody who has stolen the keys of its roles: the court has not signed its lists.
        """
        try:
            timestamp = self.repository.timestamp_bytes()
            edition = None if timestamp is None else edition_of(self.repository, timestamp, roots)
            if edition is not None:
                self._check_own(edition.targets, at=at)
        except PublishingError as error:
            _log.warning("edition_passed_over", reason=str(error))
            return None
        return edition

    def _was_here(self, version: int, bundle: bytes, roots: Mapping[int, bytes]) -> bool | None:
        """Whether this edition was published from here under its number; None if no signed one of it is here.

        It was not where a backup was restored: another one bears its number.
        """
        name = f"{version}.targets.json"
        try:
            content = read_published(self.repository.metadata / name, max_bytes=TARGETS_JSON.max_bytes)
            other = parsed(content, Targets, name=name, limits=TARGETS_JSON)
        except (OSError, TrustError):
            return None
        if content == Archive(bundle).get(f"metadata/{name}"):
            return True
        is_signed = any(_vouches(_read(root), other, name) for root in roots.values())
        return False if is_signed and other.signed.version == version else None

    def take(self, found: FoundEdition) -> None:
        """Let a judged edition be the one in effect; whoever does keeps others from publishing.

        Raises:
            OSError: the folder cannot be written.
        """
        self.repository.make_folders()
        self.role_keys.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.repository.locked():
            self.role_keys.kept_roots.write(found.roots)
            take_over(self.repository, found.bundle, found.version)


def _roots_in(bundle: bytes) -> Mapping[int, bytes]:
    try:
        roots = Repository.roots_among(bundles.opened(bundle))
    except TrustError as error:
        raise _refused(error) from error
    if not roots:
        raise _refused(TrustError("bundle_root", version=1))
    return roots


def _refused(error: TrustError) -> TrustListError:
    return TrustListError("restore_refused", refusal=error.code, reason=in_both_languages(error))


def _vouches(root: Root, targets: Metadata[Targets], name: str) -> bool:
    """Whether a root names the keys that signed targets metadata."""
    with suppress(TrustError):
        check_threshold(targets, role=root.roles["targets"], keys=root.keys, name=name)
        return True
    return False


def _read(root: bytes) -> Root:
    try:
        return root_of(root)
    except TrustError as error:
        raise _refused(error) from error
