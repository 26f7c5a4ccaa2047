"""Which of what was handed in makes up the next edition: the newest that a lender would accept, role by role.

A role's metadata is taken if every role that it entrusts has metadata that is good under it; what is refused, or waits
for others, leaves the published metadata in its place. Nothing that one court hands in keeps the others out.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.root_chain import check_root_follows
from xinzheng_issuer.publishing.trust_list.candidates import Candidate, Entrusted, Files, entrusted_roles, root_of
from xinzheng_issuer.publishing.trust_list.configuration import PROVINCE_PREFIX, ROOT, TARGETS
from xinzheng_issuer.publishing.trust_list.continuation import Continuation, keys_over_targets
from xinzheng_issuer.publishing.trust_list.contributions import Offer
from xinzheng_issuer.publishing.trust_list.past import Past
from xinzheng_issuer.publishing.trust_list.published import Published
from xinzheng_issuer.publishing.trust_list.rehearsal import Rehearsal
from xinzheng_schemas.errors import CodedError
from xinzheng_verifier.errors import TrustError


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of one metadata file that was handed in.

    Attributes:
        source: with what it was handed in.
        role: whose it is.
        version: its number.
        error: why it was not taken; None if it is part of the edition.
    """

    source: str
    role: str
    version: int
    error: CodedError | None = None


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What the next edition consists of.

    Attributes:
        roots: version → new root, to be published with it.
        root: the root in force.
        roles: role → metadata.
        answers: what became of each file that was handed in.
    """

    roots: Mapping[int, bytes]
    root: bytes
    roles: Mapping[str, Candidate]
    answers: tuple[Answer, ...]


class _Entrusted(NamedTuple):
    """How a role is entrusted.

    Attributes:
        keys: short digest of the keys that are named for it; of `targets`, of the online keys: as those change, lenders
            forget its version.
        by: the keys themselves, of `targets` too.
        changed: whether it is entrusted otherwise than in the edition in effect; then its metadata is judged although
            it is published.
    """

    keys: str
    by: Entrusted
    changed: bool


class Selection:
    """Chooses from what is published and what was handed in.

    Args:
        now: the edition in effect.
        past: what was in effect before it, and is no more.
        offers: what was handed in.
        files: name → content of files that metadata may list.
        at: the moment of judgement, aware.
    """

    def __init__(
        self,
        now: Published,
        *,
        past: Past,
        offers: Iterable[Offer],
        files: Files,
        at: datetime,
    ) -> None:
        self._now, self._files, self._at = now, files, at
        self._continuation = Continuation(now, past, files, at=at)
        self._roots = dict(now.roots)
        self._offers = tuple(offers)
        self._errors: dict[tuple[str, int, bytes], CodedError] = {}
        self._root = b""
        self._new_roots: dict[int, bytes] = {}
        self._rehearsal: Rehearsal | None = None

    def choose(self) -> Chosen:
        """The next edition.

        Raises:
            TrustListError: `publication_impossible`: not even what is published stands; the first answer says why.
        """
        for new_roots in self._root_chains():
            self._new_roots = new_roots
            roots = {**self._roots, **new_roots}
            if not roots:
                break
            self._root = roots[max(roots)]
            self._rehearsal = Rehearsal(root_of(self._root), self._files, at=self._at)
            roles = self._targets()
            if roles is not None:
                return Chosen(roots=new_roots, root=self._root, roles=roles, answers=tuple(self._answers(roles)))
            self._refuse_roots(new_roots)
        reasons = [f"{role} {version}: {error}" for (role, version, _), error in self._errors.items()]
        raise TrustListError("publication_impossible", reason="; ".join(reasons[:3]) or ROOT)

    # --- roots --------------------------------------------------------------------------------------------------------

    def _root_chains(self) -> Iterator[dict[int, bytes]]:
        """New roots that follow from the newest known one, all of them first, then ever fewer."""
        last = max(self._roots, default=0)
        newest = self._roots.get(last)
        chain: dict[int, bytes] = {}
        while (following := self._root_after(last, newest)) is not None:
            last, newest = last + 1, following
            chain[last] = following
        for count in range(len(chain), -1, -1):
            yield dict(list(chain.items())[:count])

    def _root_after(self, last: int, newest: bytes | None) -> bytes | None:
        """The first root that was handed in and follows; None if there is none."""
        version = last + 1
        for data in (offer.data for offer in self._offers if (offer.role, offer.version) == (ROOT, version)):
            try:
                check_root_follows(data, newest, name=f"{version}.root.json")
            except TrustError as error:
                self._errors[ROOT, version, data] = error
            else:
                return data
        return None

    def _refuse_roots(self, roots: Mapping[int, bytes]) -> None:
        for version, data in roots.items():
            self._errors[ROOT, version, data] = TrustListError(
                "contribution_waits", name=f"{version}.root.json", field=TARGETS
            )

    # --- targets, provinces, courts -----------------------------------------------------------------------------------

    def _targets(self) -> dict[str, Candidate] | None:
        root = root_of(self._root)
        by_root = _Entrusted(keys_over_targets(root), Entrusted(root.roles[TARGETS], root.keys), changed=True)
        for option in self._options(TARGETS, by_root):
            chosen = self._attempt(option, (), by_root)
            if chosen is not None:
                return chosen
        return None

    def _attempt(
        self, option: Candidate, above: tuple[Candidate, ...], entrusted: _Entrusted
    ) -> dict[str, Candidate] | None:
        """The option with what it entrusts, if all of that stands; what does not is noted.

        Args:
            option: `targets` or a province.
            above: who entrusts it.
            entrusted: how they do.
        """
        if not self._stands(option, above, entrusted):
            return None
        below = self._provinces if option.role == TARGETS else self._courts
        chosen = below(option, above)
        return None if chosen is None else {option.role: option, **chosen}

    def _provinces(self, option: Candidate, above: tuple[Candidate, ...]) -> dict[str, Candidate] | None:
        chosen: dict[str, Candidate] = {}
        for role, entrusted in self._entrusted(option):
            attempts = (self._attempt(each, (*above, option), entrusted) for each in self._options(role, entrusted))
            found = next((attempt for attempt in attempts if attempt is not None), None)
            if found is None:
                self._note(option, TrustListError("contribution_waits", name=option.file, field=role))
                return None
            chosen |= found
        return chosen

    def _courts(self, option: Candidate, above: tuple[Candidate, ...]) -> dict[str, Candidate] | None:
        """The courts of a province: judged together, and one by one only if something is wrong with one of them."""
        entrusted = dict(self._entrusted(option))
        newest = {role: next(self._options(role, entrusted[role]), None) for role in entrusted}
        kept = {
            role: candidate
            for role, candidate in newest.items()
            if candidate is not None and not candidate.is_new and not entrusted[role].changed
        }
        fresh = [candidate for role, candidate in newest.items() if candidate is not None and role not in kept]
        if None not in newest.values() and self._all_stand(fresh, (*above, option), entrusted):
            return {**kept, **{candidate.role: candidate for candidate in fresh}}
        chosen: dict[str, Candidate] = {}
        for role, how in entrusted.items():
            found = next((each for each in self._options(role, how) if self._stands(each, (*above, option), how)), None)
            if found is None:
                self._note(option, TrustListError("contribution_waits", name=option.file, field=role))
                return None
            chosen[role] = found
        return chosen

    def _all_stand(
        self, courts: Collection[Candidate], above: tuple[Candidate, ...], entrusted: Mapping[str, _Entrusted]
    ) -> bool:
        try:
            for court in courts:
                self._continuation.check(court, *entrusted[court.role][:2])
            if courts:
                self._judge((*above, *courts))
            for court in courts:
                self._continuation.check_history(court, entrusted[court.role].keys)
        except CodedError:
            return False
        return True

    def _stands(self, option: Candidate, above: tuple[Candidate, ...], entrusted: _Entrusted) -> bool:
        """Whether an option is good by itself; why it is not is noted."""
        if not option.is_new and not entrusted.changed:
            return True
        try:
            self._continuation.check(option, entrusted.keys, entrusted.by)
            self._judge((*above, option))
            self._continuation.check_history(option, entrusted.keys)
        except CodedError as error:
            self._note(option, error)
            return False
        return True

    def _entrusted(self, option: Candidate) -> Iterator[tuple[str, _Entrusted]]:
        """Every role that is entrusted, and how."""
        before = self._now.roles.get(option.role)
        known = entrusted_roles({before.role: before}) if before else {}
        for role, by in entrusted_roles({option.role: option}).items():
            changed = role not in known or _terms(known[role]) != _terms(by)
            yield role, _Entrusted(by.digest, by, changed=changed)

    # --- judging ------------------------------------------------------------------------------------------------------

    def _options(self, role: str, entrusted: _Entrusted) -> Iterator[Candidate]:
        """What was handed in for a role and is newer than what is published, newest first; then what is published.

        Of one version there can be several, for anybody can give a file any name: each is judged. Of what too few of
        the keys have signed there can be any number: it is noted, and no option.

        Args:
            role: whose metadata.
            entrusted: how others entrust it now: under other keys a lower version may stand.
        """
        published = self._now.roles.get(role)
        floor = published.version if published else 0
        lower_too = self._continuation.is_rekeyed(role, entrusted.keys)
        offered = {
            (offer.version, offer.data): Candidate(
                role=role, version=offer.version, data=offer.data, source=offer.source
            )
            for offer in sorted(self._offers, key=lambda offer: offer.version, reverse=True)
            if offer.role == role and (offer.version > floor or (lower_too and offer.version < floor))
        }
        newer = [candidate for candidate in offered.values() if candidate.version > floor]
        lower = [candidate for candidate in offered.values() if candidate.version < floor]
        for candidate in (*newer, *([published] if published else []), *lower):
            try:
                if candidate.is_new:
                    entrusted.by.check_signed(candidate)
            except CodedError as error:
                self._note(candidate, error)
            else:
                yield candidate

    def _judge(self, candidates: Sequence[Candidate]) -> None:
        if self._rehearsal is None:
            raise TypeError("a root is needed first")
        self._rehearsal.judge(candidates)

    def _note(self, option: Candidate, error: CodedError) -> None:
        # The first word counts, under the newest root and delegator: what is said under older ones misleads.
        self._errors.setdefault((option.role, option.version, option.data), error)

    def _answers(self, roles: Mapping[str, Candidate]) -> Iterator[Answer]:
        """For the newest of each source, and for an older one that was taken instead."""
        newest = {(offer.source, offer.role): offer.version for offer in sorted(self._offers, key=lambda o: o.version)}
        for offer in sorted(self._offers, key=_place):
            chosen = roles.get(offer.role)
            taken = chosen is not None and chosen.is_new and chosen.data == offer.data
            if offer.role != ROOT and offer.version < newest[offer.source, offer.role] and not taken:
                continue
            error = self._answer(offer, roles)
            yield Answer(source=offer.source, role=offer.role, version=offer.version, error=error)

    def _answer(self, offer: Offer, roles: Mapping[str, Candidate]) -> CodedError | None:
        if offer.role == ROOT:
            known = self._roots.get(offer.version) or self._new_roots.get(offer.version)
            refused: CodedError = TrustListError("contribution_conflict", name=f"{offer.version}.root.json")
            return None if known == offer.data else self._errors.get((ROOT, offer.version, offer.data), refused)
        chosen = roles.get(offer.role)
        name = f"{offer.version}.{offer.role}.json"
        if chosen is not None and (chosen.version, chosen.data) == (offer.version, offer.data):
            return None
        if (error := self._errors.get((offer.role, offer.version, offer.data))) is not None:
            return error
        if chosen is None:
            return TrustListError("contribution_undelegated", name=name)
        code = "contribution_conflict" if chosen.version == offer.version else "contribution_older"
        return TrustListError(code, name=name)


def _place(offer: Offer) -> tuple[int, str, int]:
    """Root, targets, provinces, courts."""
    kinds = (ROOT, TARGETS, PROVINCE_PREFIX)
    kind = next((number for number, prefix in enumerate(kinds) if offer.role.startswith(prefix)), len(kinds))
    return kind, offer.role, offer.version


def _terms(by: Entrusted) -> tuple[str, int, tuple[str, ...]]:
    """To which keys a role is entrusted, how many of them must sign, and what it is entrusted with."""
    return by.digest, by.role.threshold, by.paths
