"""Numbers of a court's lists that a thief of its keys pushed up: they fall with those keys, and with nothing else."""

import json
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tuf.api.metadata import Targets

from support.country import Country, passphrase_of
from support.handing_in import COURT, REVOCATION, Forge, answers, thiefs_document
from support.lived_country import REVOKED, ROLE, Lenders, handed_in, publish
from xinzheng_issuer.publishing.memory import MEMORY_FILE, Memory
from xinzheng_issuer.publishing.role_keys import create_role_key
from xinzheng_issuer.publishing.trust_list.candidates import Candidate, delegated_keys
from xinzheng_issuer.publishing.trust_list.contributions import Contribution
from xinzheng_issuer.publishing.trust_list.past import Left, LeftList, Past
from xinzheng_issuer.publishing.trust_list.publisher import TrustListPublisher
from xinzheng_issuer.publishing.trust_list.shares import key_file, listed_key, open_share, public_octets
from xinzheng_schemas.timestamps import format_timestamp

THIEFS_NUMBER = 1_000_000
OTHER_LIST = f"courts/{COURT}/status/5/revocation.json"


class Fight:
    """A court, and a thief of its keys who hands in for it."""

    def __init__(self, country: Country) -> None:
        self.country, self.version = country, 3
        self.house = country.houses[COURT]

    def hands_in(self, number: int, *, key: int = 1, both: bool = False, other_list: int | None = None) -> Contribution:
        """Lists of this number, signed by the court's first or second key, or by both; and one that is new."""
        self.version += 1
        self.house.sequence = number - 1
        forge = Forge(self.country, version=self.version)
        if other_list is not None:
            made = self.house.court.status_list(
                "revocation", number=5, sequence=other_list, valid_from=forge.country.at
            )
            forge.targets[OTHER_LIST] = json.dumps(made).encode()
        keys = self.house.contributor.keys
        if key > 1:
            forge.signer = open_share(key_file(keys, f"{ROLE}-{key}"), passphrase=self.house.contributor.passphrase)
        contribution = handed_in(forge)
        if both:
            other = open_share(key_file(keys, f"{ROLE}-1"), passphrase=self.house.contributor.passphrase)
            name = f"metadata/{self.version}.{ROLE}.json"
            contribution = Contribution(source=COURT, files={**contribution.files, name: signed_by(forge, other)})
        return contribution

    def says(self, *given: Contribution) -> str:
        """What becomes of it."""
        return answers(publish(self.country, *given, court=False))[ROLE]

    def names(self, key: int) -> None:
        """The province names this key of the court in its next document."""
        record = self.country.folder / f"key-{key}.json"
        (self.country.incoming / COURT / "key.json").write_bytes(record.read_bytes())
        self.country.change("province-42")
        self.country.sign("province-42")

    def make_second_key(self) -> None:
        given = self.country.incoming / COURT / "key.json"
        (self.country.folder / "key-1.json").write_bytes(given.read_bytes())
        self.house.contributor.make_key(at=self.country.at)
        self.country.hand_in(COURT)
        (self.country.folder / "key-2.json").write_bytes(given.read_bytes())


def waits(fight: Fight, given: Contribution) -> bool:
    """Whether the province's document is held up, for the court's lists are not good under it."""
    result = answers(publish(fight.country, given, court=False))
    return result["province-42"] == "contribution_waits" and result[ROLE] != "taken"


def signed_by(forge: Forge, other: Any) -> bytes:
    name = f"metadata/{forge.version}.{ROLE}.json"
    first = forge.files()[name]
    forge.signer = other
    second = json.loads(forge.files()[name])
    content = json.loads(first)
    content["signatures"] += second["signatures"]
    return json.dumps(content).encode()


@pytest.fixture
def fight(lived: Country, lenders: Lenders) -> Fight:
    """The thief's numbers are published, and lenders believe them; the court has a second key."""
    lenders.join()
    fight = Fight(lived)
    assert fight.says(fight.hands_in(THIEFS_NUMBER)) == "taken"
    lenders.join()
    fight.make_second_key()
    return fight


def test_numbers_begin_anew_under_keys_that_are_named_anew(fight: Fight, lenders: Lenders) -> None:
    assert fight.says(fight.hands_in(5)) == "contribution_older"
    fight.names(2)
    assert fight.says(fight.hands_in(5, key=2)) == "taken"
    lenders.join()
    assert fight.says(fight.hands_in(4, key=2)) == "contribution_older"
    assert fight.says(fight.hands_in(6, key=2)) == "taken"
    assert lenders.follow() == {"revoked"}


def test_a_lender_who_slept_is_not_asked_to_go_back_under_the_first_key(fight: Fight, lenders: Lenders) -> None:
    """It has never seen another key, and would refuse the number; so the publisher does."""
    fight.names(2)
    assert fight.says(fight.hands_in(5, key=2)) == "taken"
    fight.names(1)
    assert waits(fight, fight.hands_in(7))
    assert fight.says(fight.hands_in(THIEFS_NUMBER + 1)) == "taken"
    assert lenders.follow() == {"revoked"}


def test_nor_by_what_is_published_already_and_signed_by_both(fight: Fight, lenders: Lenders) -> None:
    fight.names(2)
    assert fight.says(fight.hands_in(5, key=2, both=True)) == "taken"
    fight.names(1)
    result = publish(fight.country, court=False)
    assert answers(result)["province-42"] == "contribution_waits"
    assert lenders.follow() == {"revoked"}


def test_a_pause_forgets_no_number_under_the_same_key(fight: Fight, lenders: Lenders) -> None:
    fight.country.change("province-42", without_lists=[COURT])
    fight.country.sign("province-42")
    assert answers(publish(fight.country, court=False))["province-42"] == "taken"
    fight.country.roles["provinces.42"]["without_lists"] = []
    fight.names(1)
    assert fight.says(fight.hands_in(5)) == "contribution_older"
    fight.names(2)
    assert fight.says(fight.hands_in(5, key=2)) == "taken"
    assert lenders.follow() == {"revoked"}


def memory_of(country: Country) -> Path:
    return country.folder / "publisher" / MEMORY_FILE


def test_what_an_earlier_release_remembered_binds_until_the_keys_are_known(fight: Fight, lenders: Lenders) -> None:
    """That release wrote down one edition of each list and not under which keys."""
    path = memory_of(fight.country)
    content = json.loads(path.read_bytes())
    lists = content["past"]["lists"]
    assert [each["sequence"] for each in lists[REVOCATION]] == [THIEFS_NUMBER]
    content["past"]["lists"] = {
        name: {"sequence": each[-1]["sequence"], "sha256": each[-1]["sha256"]} for name, each in lists.items()
    }
    path.write_text(json.dumps(content), "utf-8")
    fight.names(2)
    given = fight.hands_in(5, key=2)
    assert fight.says(given) == "contribution_older"  # by what is remembered; now the keys are
    assert fight.says(given) == "taken"
    assert lenders.follow() == {"revoked"}


def test_the_repository_tells_a_publisher_without_memory_the_same(fight: Fight, lenders: Lenders) -> None:
    fight.names(2)
    assert fight.says(fight.hands_in(5, key=2)) == "taken"
    memory_of(fight.country).unlink()
    assert fight.says(fight.hands_in(4, key=2)) == "contribution_older"
    fight.names(1)
    assert waits(fight, fight.hands_in(7))
    fight.names(2)
    assert fight.says(fight.hands_in(6, key=2)) == "taken"
    assert lenders.follow() == {"revoked"}


def test_a_moment_that_has_yet_to_come_is_refused_though_no_list_bears_it(lived: Country) -> None:
    """Remembered, it would keep the honest court out for as long, under whatever key."""
    forge = Forge(lived, version=9)
    forge.targets, forge.members = {}, {"publishedAt": "2999-01-01T00:00:00Z"}
    assert answers(publish(lived, handed_in(forge), court=False))[ROLE] == "contribution_time"


def test_a_moment_that_has_yet_to_come_is_no_floor_for_who_comes_after(lived: Country) -> None:
    left = Left(keys="stolen", version=1, sha256="", published_at=lived.at + timedelta(days=300_000))
    memory = Memory.read(memory_of(lived))
    assert memory is not None
    assert memory.past is not None
    replace(memory, past=replace(memory.past, roles={ROLE: (left,)})).write(memory_of(lived))
    assert answers(publish(lived, handed_in(Forge(lived, version=9)), court=False))[ROLE] == "taken"


def test_who_vouches_ever_again_for_a_moment_ahead_holds_nobody_back_who_comes_under_other_keys(
    lived: Country, lenders: Lenders, tmp_path: Path
) -> None:
    """A thief of the province's key named one of his own for the court, and hands in for it with every publication."""
    lenders.join()
    his = create_role_key(tmp_path / "his.pem", passphrase=passphrase_of("his"))
    key = listed_key(f"{ROLE}-7", public_octets(his.public_key))

    def rename(signed: Targets) -> None:
        assert signed.delegations is not None
        assert signed.delegations.roles is not None
        role = signed.delegations.roles[ROLE]
        del signed.delegations.keys[role.keyids[0]]
        signed.delegations.keys[key.keyid] = key
        role.keyids[:] = [key.keyid]

    province = thiefs_document(lived, "1.province-42.json", version=2, listing={}, change=rename)

    def thief(version: int) -> Contribution:
        forge = Forge(lived, version=version, days=0)
        forge.house.sequence -= 1
        forge.targets = {path: data for path, data in forge.targets.items() if path.endswith("/revocation.json")}
        forge.signer = his
        forge.members = {"publishedAt": format_timestamp(lived.at + timedelta(minutes=9, seconds=50))}
        return Contribution(source="thief", files={**province, **forge.files()})

    lived.next_day()
    assert answers(publish(lived, thief(90)))["province-42"] == "taken"
    assert lived.published.roles[ROLE].version == 90
    lenders.join()
    lived.rotate("province-42")
    lived.roles["provinces.42"]["leaving"] = []
    lived.change("targets")
    lived.sign("targets")
    lived.roles["provinces.42"]["version"] = 3
    lived.at += timedelta(minutes=5)
    lived.hand_in()
    lived.sign("province-42")
    publish(lived, thief(91))
    assert lived.published.roles["province-42"].version == 3
    assert lived.published.roles[ROLE].version < 90
    assert lenders.follow() == {"revoked"}


def test_what_was_signed_by_both_keys_once_does_not_come_back_as_the_new_one_is_named(
    fight: Fight, lenders: Lenders
) -> None:
    """Not even after a thief of the old key handed in by that alone: what the court revoked since would be gone."""
    old = fight.hands_in(THIEFS_NUMBER + 1, key=2, both=True)
    assert fight.says(old) == "taken"
    assert fight.says(fight.hands_in(THIEFS_NUMBER + 2)) == "taken"
    lenders.join()
    fight.names(2)
    assert waits(fight, old)
    assert fight.says(fight.hands_in(5, key=2)) == "taken"
    assert lenders.follow() == {"revoked"}


def test_what_was_said_last_by_clocks_that_were_ahead_is_followed_by_what_is_said_now_alone(country: Country) -> None:
    """The clocks are set right, the online keys replaced and the court's next key named, all at once."""
    fight, lenders = Fight(country), Lenders(country)
    fight.make_second_key()
    old = fight.hands_in(10, key=2, both=True)
    assert fight.says(old) == "taken"
    lenders.join()
    right = country.at + timedelta(days=1)
    country.at += timedelta(days=20)
    fight.house.revoked.add(REVOKED)
    assert fight.says(fight.hands_in(11)) == "taken"
    lenders.join()
    country.at = right
    country.rotate("timestamp")
    country.change("root")
    country.sign("root")
    fight.house.changes.clear()
    country.hand_in()
    fight.names(2)
    assert waits(fight, old)
    assert fight.says(fight.hands_in(5, key=2)) == "taken"
    assert lenders.follow() == {"revoked"}


def test_his_number_of_a_list_that_the_court_opens_later_falls_with_his_key(lived: Country, lenders: Lenders) -> None:
    """Also with lenders who follow each edition, of which one names the next key and has nothing new of the court."""
    fight = Fight(lived)
    assert fight.says(fight.hands_in(10, other_list=THIEFS_NUMBER)) == "taken"
    lenders.join()
    fight.make_second_key()
    assert fight.says(fight.hands_in(11, key=2, both=True)) == "taken"
    lenders.follow()
    fight.names(2)
    assert answers(publish(lived, court=False))["province-42"] == "taken"
    lenders.follow()
    assert fight.says(fight.hands_in(12, key=2, other_list=1)) == "taken"
    assert lenders.follow() == {"revoked"}


def test_who_dates_an_edition_back_takes_no_moment_from_a_publisher_who_restores_it(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the online keys: the newest bundle that anybody has of a folder that was lost is the thief's."""
    fight, lenders = Fight(country), Lenders(country)
    fight.make_second_key()
    assert fight.says(fight.hands_in(9, key=2, both=True)) == "taken"
    back = country.at
    old = fight.hands_in(10, key=2, both=True)
    assert fight.says(old) == "taken"
    fight.house.revoked.add(REVOKED)
    assert fight.says(fight.hands_in(11)) == "taken"
    lenders.join()
    his, following = country.copy(country.folder.parent / "his"), TrustListPublisher._following

    def dated_back(self: TrustListPublisher, *given: Any, at: datetime) -> tuple[int, str]:
        return following(self, *given, at=at)[0], format_timestamp(back)

    with monkeypatch.context() as patch:
        patch.setattr(TrustListPublisher, "_following", dated_back)
        publish(his, court=False)
    shutil.rmtree(country.folder / "public")
    country.publisher.restore(his.bundle, at=country.at)
    country.next_day()
    fight.names(2)
    assert waits(fight, old)
    assert lenders.follow() == {"revoked"}


def test_what_an_earlier_release_remembered_of_a_court_that_is_gone_was_under_its_last_keys() -> None:
    left = Left(keys="last", version=1, sha256="", published_at=None)
    number = LeftList(keys=None, sequence=1_000_000, sha256="")
    past = Past(roles={ROLE: (left,)}, lists={REVOCATION: (number,)}).holding({}, {})
    [kept] = past.lists[REVOCATION]
    assert kept == replace(number, keys="last")
    assert not kept.binds_under("new")


@pytest.mark.parametrize("was_entrusted", [False, True], ids=["never", "once"])
def test_a_number_from_before_a_court_was_entrusted_binds_under_none_of_its_keys(*, was_entrusted: bool) -> None:
    """As at lenders, who forget it once the court is entrusted: neither its first pause nor its last makes it bind."""
    left = Left(keys="last", version=1, sha256="", published_at=None)
    number = LeftList(keys="", sequence=1_000_000, sha256="")
    past = Past(roles={ROLE: (left,)} if was_entrusted else {}, lists={OTHER_LIST: (number,)})
    [kept] = past.holding({}, {}).lists[OTHER_LIST]
    assert not kept.binds_under("last")
    assert not kept.binds_under("new")


def test_nor_is_it_guessed_under_which_keys_a_court_that_is_there_left_a_list_out(lived: Country) -> None:
    """A lender who saw the number under the keys of today would refuse a lower one, with the whole country's bundle."""
    left = Left(keys="before", version=1, sha256="", published_at=None)
    number = LeftList(keys=None, sequence=7, sha256="")
    roles = {role: each for role, each in lived.published.roles.items() if role == ROLE}
    past = Past(roles={ROLE: (left,)}, lists={OTHER_LIST: (number,)}).holding(roles, {})
    [kept] = past.lists[OTHER_LIST]
    assert kept.binds_under(delegated_keys(lived.published.roles)[ROLE])


class Counted(Candidate):
    """Metadata that counts how often it is read."""

    reads: ClassVar[int] = 0

    def target_names(self) -> dict[str, str]:
        type(self).reads += 1
        return super().target_names()


def test_remembering_reads_the_metadata_of_a_court_once_however_many_lists_are_known(lived: Country) -> None:
    """3,500 courts with two lists each made a publication eight minutes longer."""
    court = lived.published.roles[ROLE]
    counted = Counted(role=ROLE, version=court.version, data=court.data)
    known = LeftList(keys="these", sequence=1, sha256="")
    lists = {f"courts/{COURT}/status/{number}/revocation.json": (known,) for number in range(1, 50)}
    Past(lists=lists).holding({ROLE: counted}, {})
    assert Counted.reads == 1
