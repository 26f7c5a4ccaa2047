"""What a court's next key signed before its province named it: both sign for a while, and only what is later counts.

Whoever has the keys of snapshot and timestamp waits until the key is replaced, or until the court is gone.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.issuers import SimulatedCourt
from support.tuf_simulator import Entrusted, TUFSimulator, new_key, status_list
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import TrustError, TrustStore, Verifier
from xinzheng_verifier.trust.directory import import_bundle

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROLE, INDEX = "court-420683", 94567


class Story:
    """A court whose two keys sign, a certificate of it, and a lender who has seen it valid and then revoked."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._house = SimulatedCourt(now=NOW)
        self._certificate = self._house.issue().json_text
        self._country = TUFSimulator(at=NOW)
        self._country.country("420683")
        issuer = json.dumps(self._house.issuer_document(), ensure_ascii=False).encode()
        self._country.entrusted["province-42"].targets["courts/420683/issuer.json"] = issuer
        self.next_key = new_key()
        self.court.signers = [*self.court.keys, self.next_key]
        self.publish(revoked=False)
        assert self.lender() == "ok"
        self._both = dict(self.court.targets), self.court.published_at, self.court.version
        self.publish(revoked=True)
        assert self.lender() == "revoked"

    @property
    def court(self) -> Entrusted:
        return self._country.entrusted[ROLE]

    def publish(self, *, revoked: bool, after: timedelta = HOUR) -> None:
        self._country.next(after=after)
        self.court.published_at, self.court.version = self._country.at, self._country.version
        for number, purpose in enumerate(("revocation", "suspension")):
            bits = (INDEX,) if revoked and not number else ()
            made = self._house.status_list(purpose, bits, sequence=self._country.version, valid_from=NOW)
            self.court.targets[f"courts/420683/status/1/{purpose}.json"] = json.dumps(made, ensure_ascii=False).encode()

    def replay(self) -> None:
        """The next edition, with what the court said before the revocation."""
        self._country.next()
        targets, self.court.published_at, self.court.version = self._both
        self.court.targets.update(targets)

    def names_next_key(self, *, stays: bool) -> None:
        """Alone, or beside the first one, which stays."""
        self.court.keys = [*(self.court.keys if stays else ()), self.next_key]

    def dates_an_edition_back(self) -> None:
        """As whoever has the key of timestamp can: it is taken, for its number is higher."""
        self._country.next().extra["timestamp"] = {"publishedAt": "2001-01-01T00:00:00Z"}
        assert self.lender() == "revoked"
        self._country.extra.clear()

    def dates_the_revocation_back(self, by: timedelta = HOUR) -> None:
        """A document of both keys that was signed in between is later than that."""
        self.publish(revoked=False)
        self._both = dict(self.court.targets), self.court.published_at, self.court.version
        self.publish(revoked=True, after=by)
        moment = self._country.at - by - timedelta(minutes=1)
        self._country.extra["timestamp"] = {"publishedAt": format_timestamp(moment)}
        assert self.lender() == "revoked"
        self._country.extra.clear()

    def dates_the_revocation_back_by_minutes(self) -> None:
        """By less than clocks may differ."""
        self.dates_the_revocation_back(timedelta(minutes=2))

    def leaves_out_court(self) -> None:
        """For an edition."""
        court = self._country.entrusted.pop(ROLE)
        assert self.lender(self._country.next()) != "ok"
        self._country.entrusted[ROLE] = court

    def lender(self, country: TUFSimulator | None = None) -> str:
        """What a store says that takes in the newest edition."""
        country = country or self._country
        root = None if self._store.exists() else country.root_bytes
        import_bundle(self._store, country.bundle(), root=root, at=country.at)
        return Verifier(TrustStore.open(self._store)).report(self._certificate, at=country.at).code


@pytest.mark.parametrize("stays", [False, True], ids=["alone", "beside the first"])
@pytest.mark.parametrize(
    "before",
    [
        None,
        Story.leaves_out_court,
        Story.dates_an_edition_back,
        Story.dates_the_revocation_back,
        Story.dates_the_revocation_back_by_minutes,
    ],
)
def test_no_list_from_before_a_revocation_comes_back(
    tmp_path: Path, before: Callable[[Story], None] | None, *, stays: bool
) -> None:
    story = Story(tmp_path / "store")
    if before is not None:
        before(story)
    story.names_next_key(stays=stays)
    story.replay()
    with pytest.raises(TrustError) as caught:
        story.lender()
    assert caught.value.code == "bundle_rollback"
    story.publish(revoked=True)
    assert story.lender() == "revoked"


def test_a_thiefs_number_falls_with_his_key_though_the_next_one_is_named_before_it_says_anything_new(
    tmp_path: Path,
) -> None:
    """As the runbook has it: both sign, that is published, and then the province names the next key alone."""
    country, store, path = TUFSimulator(at=NOW), tmp_path / "store", "courts/420683/status/5/revocation.json"
    country.country("420683")
    court = country.entrusted[ROLE]

    def follows(number: int | None) -> None:
        court.targets.pop(path, None)
        if number is not None:
            address = "https://xz.example/status/420683/5/revocation"
            court.targets[path] = status_list(
                "420683", "revocation", id=address, credentialSubject={"sequence": number}
            )
        import_bundle(store, country.bundle(), root=None if store.exists() else country.root_bytes, at=country.at)

    def hands_in() -> None:
        country.next()
        court.published_at, court.version = country.at, country.version

    hands_in()
    follows(1_000_000)
    thiefs, following = court.keys, new_key()
    hands_in()
    court.signers = [*thiefs, following]
    follows(None)
    country.next()
    court.keys = [following]
    follows(None)
    with pytest.raises(TrustError) as caught:
        follows(1)
    assert caught.value.code == "bundle_rollback"
    hands_in()
    court.signers = [following]
    follows(1)


@pytest.mark.parametrize("named", ["the first key", "a third key"])
@pytest.mark.parametrize("pushed", ["version", "number"])
def test_what_a_thief_says_under_a_key_of_his_own_falls_with_it_though_it_was_not_later(
    tmp_path: Path, pushed: str, named: str
) -> None:
    """With the province's key he names his own, and repeats the court's last moment; the province names the court's."""
    country, store, path = TUFSimulator(at=NOW), tmp_path / "store", "courts/420683/status/1/revocation.json"
    country.country("420683")
    court = country.entrusted[ROLE]

    def follows(version: int, number: int) -> None:
        court.version = version
        court.targets[path] = status_list("420683", "revocation", credentialSubject={"sequence": number})
        import_bundle(store, country.bundle(), root=None if store.exists() else country.root_bytes, at=country.at)

    court.published_at, own = country.at, court.keys
    follows(10, 10)
    for edition in (1, 2):
        country.next()
        court.keys = [new_key()]
        follows(*(1_000_000 + edition, 10) if pushed == "version" else (10 + edition, 1_000_000 + edition))
    country.next()
    court.keys = own if named == "the first key" else [new_key()]
    with pytest.raises(TrustError) as caught:
        follows(11, 11)
    assert caught.value.code == "bundle_rollback"
    country.next()
    court.published_at = country.at
    follows(11, 11)


@pytest.mark.parametrize("editions", [1, 2])
def test_what_a_thief_put_off_keeps_nobody_from_recovering(tmp_path: Path, editions: int) -> None:
    """With the online keys and a court's he made editions that lie ahead; both are replaced, and a lender sleeps."""
    country, store = TUFSimulator(at=NOW), tmp_path / "store"
    country.country("420683")
    court, day = country.entrusted[ROLE], timedelta(days=1)
    import_bundle(store, country.bundle(), root=country.root_bytes, at=NOW)

    def numbered(number: int) -> None:
        made = status_list("420683", "revocation", credentialSubject={"sequence": number})
        court.targets["courts/420683/status/1/revocation.json"] = made

    for edition in range(editions):
        country.next().at = NOW + timedelta(days=60, hours=edition)
        court.published_at = country.at + 30 * day
        numbered(2**53 - 1)
        import_bundle(store, country.bundle(), at=NOW + day)
    country.next().rotate("timestamp", "snapshot")
    court.keys = [new_key()]
    country.at = court.published_at = NOW + 2 * day
    numbered(6)
    assert import_bundle(store, country.bundle(), at=country.at).changed
