"""The key by which a court hands in to the country's list: the oldest goes once the country names the newest.

The publisher judges a contribution by the keys that the province's document names. If the only one of them is deleted,
nothing that the court hands in is taken any more, and its status stands still until the province signs.
"""

import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import structlog
from tuf.api.metadata import Targets

from xinzheng_issuer.domain.workflow import Actor
from xinzheng_issuer.errors import KeyLifeError
from xinzheng_issuer.installation import open_contributor, open_office
from xinzheng_issuer.keylife.country import CountryEdition, judged
from xinzheng_issuer.publishing.trust_list.configuration import TARGETS
from xinzheng_issuer.publishing.trust_list.documents import delegator
from xinzheng_issuer.register.tables import KeyEvent
from xinzheng_issuer.settings import Settings
from xinzheng_keys.errors import KeysError
from xinzheng_schemas.errors import Message
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.trust_documents import KeyState
from xinzheng_verifier.limits import TARGETS_JSON
from xinzheng_verifier.trust.bundle import opened
from xinzheng_verifier.trust.tuf_metadata import key_material, key_set, parsed

COUNTRY_PREFIX = "country/"
"""How the names of these keys begin in the register's trail of keys."""

COURT_KEY_WORDS: dict[str, Message] = {
    "listed": Message(
        "Edition {edition} of the country's list, published {published}, names {kept}: what it signs alone is taken.",
        "全国名单第 {edition} 版（发布于 {published}）已列入 {kept}：仅由其签名的报送可被采用。",
    ),
    "deleted": Message(
        "{gone} is deleted and cannot be brought back. From now on what this court hands in is signed by {kept} alone. "
        "Certificates and status lists are not touched.",
        "{gone} 将被删除，无法恢复。今后本院的报送仅由 {kept} 签名。证明和状态列表不受影响。",
    ),
    "put_away": Message(
        "{gone} is used no more; it stays in its token until the module's own tool deletes it. From now on what this "
        "court hands in is signed by {kept} alone. Certificates and status lists are not touched.",
        "{gone} 不再使用；在用模块自带工具删除之前，它仍在令牌中。今后本院的报送仅由 {kept} 签名。"
        "证明和状态列表不受影响。",
    ),
}

_log = structlog.get_logger("xinzheng.keys")


@dataclass(frozen=True, kw_only=True)
class Retired:
    """What the step made.

    Attributes:
        name: of the key that is gone.
        uri: where it stays in its token; empty for a key file, which is deleted.
        kept: names of the keys that sign from now on.
    """

    name: str
    uri: str
    kept: str


class CourtKeyDesk:
    """Where the oldest of a court's keys for the country's list is taken out of use.

    Args:
        settings: of this process.
        edition: of the country's list, which should name the newest key; None if nobody gave one.
        at: the present moment, aware.
    """

    def __init__(self, settings: Settings, edition: CountryEdition | None, *, at: datetime) -> None:
        self._settings, self._edition, self._at = settings, edition, at
        self._contributor = open_contributor(settings)

    def check(self) -> Iterator[Message]:
        """See before anything is done whether the newest key is enough, and say what will happen.

        Raises:
            TrustListError: `court_keys_one`.
            KeyLifeError: `court_key_listing_needed`, `key_edition_refused`, `court_key_not_listed`.
            KeyStoreError, KeyURIError, TokenError: (keys) the newest key cannot be opened.
        """
        gone, newest = self._contributor.two_keys()
        if self._edition is None:
            raise KeyLifeError("court_key_listing_needed", name=newest)
        number, published = self._listed(newest, self._edition)
        yield _says("listed", edition=number, published=published, kept=newest)
        in_token = self._contributor.place_of(gone).startswith("pkcs11:")
        yield _says("put_away" if in_token else "deleted", gone=gone, kept=self._kept())

    def retire(self, actor: Actor, *, reason: str) -> Retired:
        """Take the oldest key out of use.

        Args:
            actor: who does it.
            reason: why.

        Raises:
            As `check`; ConfigurationError, RegisterError: the register cannot be opened, and nothing is done.
        """
        [*self.check()]
        gone, kept = self._contributor.two_keys()[0], self._kept()
        with closing(open_office(self._settings)) as office:
            event = KeyEvent(
                id=str(uuid.uuid4()),
                court_id=office.court.id,
                key_name=f"{COUNTRY_PREFIX}{gone}",
                public_key=self._key_id(gone),
                action="retire",
                from_state=KeyState.ACTIVE,
                to_state=KeyState.RETIRED,
                at=self._at,
                actor_id=actor.id,
                actor_name=actor.name,
                reason=reason,
            )
            with office.writing() as store:
                store.add(event)
                name, uri = self._contributor.retire_key()
        _log.warning("court_key_retired", key=name, kept=kept, actor=actor.name, reason=reason)
        return Retired(name=name, uri=uri, kept=kept)

    def _kept(self) -> str:
        return ", ".join(self._contributor.shares()[1:])

    def _key_id(self, name: str) -> str:
        """The TUF key id; empty for a key that is lost, which may go all the same."""
        try:
            return self._contributor.public_key(name).keyid
        except KeysError:
            return ""

    def _listed(self, name: str, edition: CountryEdition) -> tuple[int, str]:
        """Number and moment of the edition, which lets this key sign alone."""
        role = self._contributor.role
        repository = judged(edition, at=self._at)
        files, key = opened(edition.bundle), key_material(self._contributor.public_key(name))
        for over in (delegator(role), TARGETS):
            version = repository.seen.metadata.get(f"{over}.json")
            file = f"metadata/{version}.{over}.json"
            if file not in files:
                continue
            delegations = parsed(files[file], Targets, name=file, limits=TARGETS_JSON).signed.delegations
            named = ((delegations and delegations.roles) or {}).get(role)
            if delegations and named and named.threshold == 1 and key in key_set(named, delegations.keys):
                published = repository.seen.published_at
                return repository.seen.timestamp, format_timestamp(published) if published else "–"
        raise KeyLifeError("court_key_not_listed", name=name, edition=repository.seen.timestamp)


def _says(key: str, **facts: object) -> Message:
    text = COURT_KEY_WORDS[key]
    return Message(text.en.format_map(facts), text.zh.format_map(facts))
