"""The root and the role keys of a court's own bundle: the root renewed, keys replaced, root keys too.

A step is a root of the next version. Whatever stops it, the repository stays readable, and nothing is half:

    1  new keys are made; no root names them
    2  an edition is published that old and new keys sign: it is good under the root before and under the next
    3  the next root takes its place, with the step in the register
    4  an edition is published that the new keys alone sign, and that carries every root

Lenders who hold any root are led to the newest by the bundle itself. Step 2 needs the old keys: where they are lost,
whoever reads the folder file by file is refused between 3 and 4, and nobody else. A run that was stopped after 3 is
finished by the next one, by `xinzheng bundle`, and by the running server; what it did not enter in the register
`keylife.root_trail` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from tuf.api.metadata import Root

from xinzheng_issuer.domain.workflow import Actor
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.installation import Issuer, open_bundle_keys
from xinzheng_issuer.keylife.root_trail import Told, enter
from xinzheng_issuer.publishing.bundle_keys import (
    ONLINE_ROLES,
    NewKey,
    differing_roles,
    following_root,
    key_names,
)
from xinzheng_issuer.publishing.outbox import PublicationState
from xinzheng_issuer.publishing.repository import root_of
from xinzheng_issuer.publishing.role_keys import RoleSigner
from xinzheng_schemas.errors import CodedError
from xinzheng_verifier.trust.names import sha256_of

_log = structlog.get_logger("xinzheng.keys")

_New = Mapping[str, Sequence[NewKey]]


@dataclass(frozen=True, kw_only=True)
class RootStep:
    """What a step made.

    Attributes:
        version: of the newest root.
        sha256: digest of its file, lower-case hexadecimal.
        expires: when it ends.
        replaced: name of each key that signs no more → name of the one in its place.
        publication: whether lenders can see it.
    """

    version: int
    sha256: str
    expires: datetime
    replaced: Mapping[str, str] = field(default_factory=dict)
    publication: PublicationState


class RoleDesk:
    """Where the root and the role keys of one court's own bundle are looked after.

    Args:
        issuer: open; signers that cannot be opened may be missing.
    """

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self._office = issuer.office
        self._outbox = issuer.outbox
        self._publisher = issuer.outbox.publisher
        self._keys = open_bundle_keys(issuer.settings, issuer.office.court)

    @property
    def root(self) -> Root:
        """What the newest root says."""
        return self._publisher.signed_root

    def is_in_file(self, name: str) -> bool:
        """Whether a key lies in a file, not in a hardware module."""
        return self._keys.is_in_file(name)

    def place_after(self, role: str) -> str:
        """Where keys that follow those of a role are made unless told otherwise, as of `BundleKeys.place_after`."""
        return self._keys.place_after(self.root, role)

    def unusable_keys(self, *, closed: bool = False) -> Mapping[str, CodedError]:
        """Why keys that the newest root names cannot sign, root keys too; argument as for `BundleKeys.unusable`."""
        return self._keys.unusable(self.root, closed=closed)

    @property
    def ahead(self) -> PublishingError | None:
        """Why lenders wait for a moment to come, as of `Outbox.ahead`."""
        return self._outbox.ahead()

    def check(self, roles: Sequence[str] = ()) -> None:
        """See before anything is done whether a root can follow that replaces the keys of these roles.

        Args:
            roles: whose keys; none for a root that is only renewed.

        Raises:
            PublishingError: `root_foreign`; `root_keys_missing`; `role_keys_left`, keys of other roles are missing,
                without which nothing could be published under the new root; `edition_forgotten`, `register_restored`,
                what came back from a backup is to be brought up to date first, or the roots would part for good.
        """
        self._publisher.require_room_for_root()
        self._outbox.require_nothing_missed()
        self._keys.open_root(self.root)
        left = [role for role in self._publisher.missing_roles if role not in roles]
        if left:
            raise PublishingError("role_keys_left", roles=", ".join(left), command=" ".join([*roles, *left]))

    def old_keys_sign(self, roles: Sequence[str]) -> bool:
        """Whether an edition can be published that old and new keys sign, so that nobody is refused for a moment."""
        publisher, now = self._publisher, self._office.clock()
        online = any(role in ONLINE_ROLES for role in roles)
        return online and not publisher.missing_roles and not self._is_closed(now)

    def was_stopped_after(self, roles: Sequence[str]) -> bool:
        """Whether the newest root, which no edition carries yet, is what is asked for."""
        bundled = self._publisher.bundled_root
        lost = not set(roles).isdisjoint(self._publisher.missing_roles)
        if bundled is None or lost or not self._publisher.root_waits:
            return False
        return set(differing_roles(bundled, self.root)) >= set(roles)

    def renew(self, actor: Actor, *, reason: str) -> RootStep:
        """A root of the next version under the same keys, with a whole life before it.

        Args:
            actor: who does it.
            reason: why.

        Raises:
            PublishingError: as `check`; `publication_refused`, `publication_clock`: nothing was changed.
            KeysError: (keys) a root key does not sign.
            OSError: the root cannot be written; the one before stays.
            SQLAlchemyError: the register cannot enter it. If it fails at the very end the root stands, and whoever
                opens the register next enters it: run the step again, which finishes it.
        """
        return self._step("renew", (), Told(actor, reason))

    def rotate(self, roles: Sequence[str], actor: Actor, *, reason: str, place: str | None = None) -> RootStep:
        """New keys for these roles, by one root.

        Args:
            roles: some of root, targets, snapshot, timestamp.
            actor: who does it.
            reason: why.
            place: where the keys are made, as for `BundleKeys.make_next`.

        Raises:
            PublishingError: as `check`; `publication_refused`, `publication_clock`, `edition_before_failed`: the root
                before stays, and new keys that were made are named by nothing.
            KeysError: (keys) a key cannot be made, or does not sign.
            OSError: the root cannot be written; the one before stays.
            SQLAlchemyError: as of `renew`.
        """
        return self._step("rotate", roles, Told(actor, reason), place=place)

    def publish(self) -> RootStep:
        """Publish under the newest root, which may be the first."""
        return self._done({}, self._outbox.renew())

    # ── a step ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _step(self, action: str, roles: Sequence[str], told: Told, *, place: str | None = None) -> RootStep:
        with self._outbox.alone():
            self.check(roles)
            stopped = self.was_stopped_after(roles)
            if stopped:
                with self._office.writing() as store:
                    enter(store, self._publisher.signed_roots, told, at=self._office.clock())
                return self._done({}, self._outbox.renew_alone())
            root, now = self.root, self._office.clock()
            new = {role: self._keys.make_next(root, role, place=place) for role in roles}
            expires = now + self._publisher.lifetimes.root
            following = following_root(root, self._keys.open_root(root), expires=expires, new=new)
            online = {role: keys[0].signer for role, keys in new.items() if role in ONLINE_ROLES}
            self._publisher.rehearse(following, online, at=now)
            if self.old_keys_sign(roles):
                self._publish_before(online)
            replaced = _replaced(root, new)
            self._take(following, told, at=now)
            _log.warning(
                "root_changed",
                action=action,
                root=root.version + 1,
                keys=replaced,
                actor=told.actor.name,
                reason=told.reason,
            )
            return self._done(replaced, self._outbox.renew_alone())

    def _is_closed(self, now: datetime) -> bool:
        """Whether no edition can be published under the present root."""
        publisher = self._publisher
        if publisher.latest is None or now >= self.root.expires:
            return True
        return publisher.is_ahead(now) or publisher.has_no_number

    def _publish_before(self, online: Mapping[str, RoleSigner]) -> None:
        state = self._outbox.renew_alone(beside=online)
        if not state.published:
            raise PublishingError("edition_before_failed", reason=state.reason)

    def _take(self, following: bytes, told: Told, *, at: datetime) -> None:
        """The register first, the root last within its transaction: what cannot be logged is not done (A30).

        What the commit itself may still lose the roots tell, and whoever is next enters.
        """
        root = root_of(following, self._publisher.root_path)
        with self._office.writing() as store:
            enter(store, [*self._publisher.signed_roots, root], told, at=at)
            self._publisher.take_root(following)

    def _done(self, replaced: Mapping[str, str], publication: PublicationState) -> RootStep:
        root = self.root
        return RootStep(
            version=root.version,
            sha256=sha256_of(self._publisher.root),
            expires=root.expires,
            replaced=replaced,
            publication=publication,
        )


def _replaced(root: Root, new: _New) -> dict[str, str]:
    return {
        before: key.name for role, keys in new.items() for before, key in zip(key_names(root, role), keys, strict=True)
    }
