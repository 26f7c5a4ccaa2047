"""What was in effect and is no more: paused courts, dropped provinces, former keys, lists left out.

Whatever comes back is held to what was published of it, so that every lender follows who holds any earlier edition.
"""

import json
import shutil
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tuf.api.metadata import Metadata, TargetFile, Targets

from support.country import Country, CourtHouse, passphrase_of
from support.handing_in import COURT, REVOCATION, Forge, answers, refusal, verdict
from support.issuers import KEYS_FROM, NOW
from support.lived_country import REVOKED, ROLE, Lenders, first_lists, handed_in, publish, published_files
from xinzheng_issuer.publishing.memory import MEMORY_FILE
from xinzheng_issuer.publishing.trust_list.contributions import Contribution, read_contribution
from xinzheng_issuer.publishing.trust_list.past import Left, LeftList, Past
from xinzheng_issuer.publishing.trust_list.shares import key_file, open_share
from xinzheng_verifier.trust.delegations import _Scope
from xinzheng_verifier.trust.names import FILE_NAME, sha256_of, target_name

JOURNAL = REVOCATION.replace(".json", ".changes.json")


def edition(country: Country, version: int) -> Contribution:
    """What a mirror still has of one edition of the court's metadata: anybody can hand it in."""
    public = country.folder / "public"
    metadata = f"metadata/{version}.{ROLE}.json"
    lists = [path.relative_to(public).as_posix() for path in (public / "targets" / "courts" / COURT).rglob("*.json")]
    files = {name: (public / name).read_bytes() for name in (metadata, *lists)}
    return Contribution(source="replay", files={name: files[name] for name in files if FILE_NAME.fullmatch(name)})


def pause(country: Country) -> None:
    country.change("province-42", without_lists=[COURT])
    country.sign("province-42")
    assert answers(publish(country))["province-42"] == "taken"


def name_again(country: Country) -> None:
    """Signed, and not published yet."""
    country.change("province-42", without_lists=[])
    country.sign("province-42")


def new_key(country: Country) -> CourtHouse:
    """The court has a new key, signs with both, and hands it in for its province."""
    house = country.houses[COURT]
    house.contributor.make_key(at=country.at)
    country.hand_in(COURT)
    return house


def signed_by_new_key(forge: Forge, number: int = 2) -> Forge:
    contributor = forge.house.contributor
    forge.signer = open_share(key_file(contributor.keys, f"{ROLE}-{number}"), passphrase=contributor.passphrase)
    return forge


# --- a paused court ---------------------------------------------------------------------------------------------------


def test_what_a_court_told_before_it_was_paused_stands(lived: Country, lenders: Lenders) -> None:
    lenders.join()
    pause(lived)
    lenders.join()
    name_again(lived)
    forge = Forge(lived, version=4)
    told = forge.targets[JOURNAL]
    rewritten = [(at - timedelta(seconds=10), index, value) for at, index, value in forge.house.changes]
    text = forge.house.court.status_changes("revocation", rewritten, sequence=forge.house.sequence, since=KEYS_FROM)
    forge.targets[JOURNAL] = json.dumps(text).encode()
    result = publish(lived, handed_in(forge), court=False)
    assert (answers(result)[ROLE], answers(result)["province-42"]) == ("contribution_history", "contribution_waits")
    forge.targets[JOURNAL] = told
    assert set(answers(publish(lived, handed_in(forge), court=False)).values()) == {"taken"}
    assert lenders.follow() == {"revoked"}


@pytest.mark.parametrize("version", [1, 2])
def test_what_a_mirror_has_of_a_court_does_not_bring_it_back(lived: Country, lenders: Lenders, version: int) -> None:
    lenders.join()
    pause(lived)
    lenders.join()
    name_again(lived)
    result = publish(lived, edition(lived, version), court=False)
    assert (answers(result)[ROLE], answers(result)["province-42"]) == ("contribution_older", "contribution_waits")
    assert verdict(lived, lived.houses[COURT].court.issue().json_text) == "indeterminate:status_unavailable"
    lived.next_day()
    lived.hand_in()
    assert set(answers(publish(lived)).values()) == {"taken"}
    assert lenders.follow() == {"revoked"}


def test_what_a_court_handed_in_last_before_it_was_paused_may_be_taken_again(lived: Country, lenders: Lenders) -> None:
    lenders.join()
    pause(lived)
    lenders.join()
    name_again(lived)
    assert answers(publish(lived, edition(lived, 3), court=False))[ROLE] == "taken"
    assert lenders.follow() == {"revoked"}


def test_two_files_of_one_version_are_a_conflict_before_and_after_a_pause(lived: Country) -> None:
    pause(lived)
    name_again(lived)
    assert answers(publish(lived, handed_in(Forge(lived, version=3)), court=False))[ROLE] == "contribution_conflict"


def test_a_court_with_a_new_key_after_a_pause_begins_anew_and_not_earlier(lived: Country, lenders: Lenders) -> None:
    lenders.join()
    pause(lived)
    lenders.join()
    name_again(lived)
    older = Forge(lived, version=4)
    older.targets |= {path: data for path, data in first_lists(older.house).items() if "status" in path}
    assert answers(publish(lived, handed_in(older), court=False))[ROLE] == "contribution_older"
    house = new_key(lived)
    name_again(lived)
    earlier = signed_by_new_key(Forge(lived, version=6))
    earlier.members = {"publishedAt": "2026-11-24T09:00:00Z"}
    assert answers(publish(lived, handed_in(earlier), court=False))[ROLE] == "contribution_older"
    anew = signed_by_new_key(Forge(lived, version=7))
    text = house.court.status_changes("revocation", [(lived.at, REVOKED, 1)], sequence=house.sequence, since=lived.at)
    anew.targets[JOURNAL] = json.dumps(text).encode()
    assert set(answers(publish(lived, handed_in(anew), court=False)).values()) == {"taken"}
    assert lenders.follow() == {"revoked"}


# --- other keys, and back ---------------------------------------------------------------------------------------------


def test_under_a_former_key_versions_go_on_where_it_left_them(lived: Country, lenders: Lenders) -> None:
    """A lender who slept through the editions of the other key still knows what it saw under this one."""
    lenders.join()
    new_key(lived)
    (lived.work / "courts" / COURT / "key.json").rename(lived.folder / "first-key.json")
    lived.change("province-42")
    lived.sign("province-42")
    other = signed_by_new_key(Forge(lived, version=5))
    assert set(answers(publish(lived, handed_in(other), court=False)).values()) == {"taken"}
    lenders.join()
    first = lived.folder / "first-key.json"
    shutil.copy(first, lived.incoming / COURT / "key.json")
    lived.change("province-42")
    lived.sign("province-42")
    for _ in range(2):
        lived.next_day()
    low = Forge(lived, version=2)
    result = publish(lived, handed_in(low), court=False)
    assert (answers(result)[ROLE], answers(result)["province-42"]) == ("contribution_older", "contribution_waits")
    assert set(answers(publish(lived, handed_in(Forge(lived, version=6)), court=False)).values()) == {"taken"}
    assert lenders.follow() == {"revoked"}


def test_a_number_that_was_given_under_the_old_key_is_not_given_again_under_the_new_one(
    lived: Country, lenders: Lenders
) -> None:
    """The published files are one tree, in which a name never changes its content."""
    lenders.join()
    new_key(lived)
    lived.change("province-42")
    lived.sign("province-42")
    again = signed_by_new_key(Forge(lived, version=1))
    result = publish(lived, handed_in(again), court=False)
    assert (answers(result)[ROLE], answers(result)["province-42"]) == ("contribution_conflict", "contribution_waits")
    assert set(
        answers(publish(lived, handed_in(signed_by_new_key(Forge(lived, version=4))), court=False)).values()
    ) == {"taken"}
    lived.next_day()
    publish(lived, court=False)
    assert lenders.follow() == {"revoked"}


# --- a dropped province -----------------------------------------------------------------------------------------------


def test_a_province_that_is_named_again_goes_on_where_it_was(lived: Country, lenders: Lenders) -> None:
    lived.change("province-42")
    lived.sign("province-42")
    publish(lived)
    lenders.join()
    first = read_contribution(lived.work).files
    section = lived.roles.pop("provinces.42")
    lived.change("targets")
    lived.sign("targets")
    assert answers(publish(lived))["targets"] == "taken"
    lenders.join()
    lived.roles["provinces.42"] = section
    lived.change("targets")
    lived.sign("targets")
    targets = "metadata/3.targets.json"
    old = {name: data for name, data in first.items() if name != "metadata/2.province-42.json"}
    replay = Contribution(source="replay", files={**old, targets: (lived.work / targets).read_bytes()})
    courts = [read_contribution(lived.incoming / court) for court in lived.houses]
    result = answers(lived.publisher.publish([replay, *courts], at=lived.at))
    assert (result["province-42"], result["targets"]) == ("contribution_older", "contribution_waits")
    result = answers(publish(lived, edition(lived, 2), court=False))
    assert (result[ROLE], result["targets"]) == ("contribution_older", "contribution_waits")
    assert set(answers(publish(lived)).values()) == {"taken"}
    assert lenders.follow() == {"revoked"}


# --- a list that is left out ------------------------------------------------------------------------------------------


def test_a_list_that_was_left_out_comes_back_with_no_lower_number(lived: Country, lenders: Lenders) -> None:
    path = f"courts/{COURT}/status/2/revocation.json"

    def second(version: int, sequence: int | None) -> Contribution:
        forge = Forge(lived, version=version)
        if sequence is not None:
            text = forge.house.court.status_list("revocation", number=2, sequence=sequence, valid_from=lived.at)
            forge.targets[path] = json.dumps(text).encode()
        return handed_in(forge)

    assert answers(publish(lived, second(4, 7), court=False))[ROLE] == "taken"
    lenders.join()
    assert answers(publish(lived, second(5, None), court=False))[ROLE] == "taken"
    assert answers(publish(lived, second(6, 6), court=False))[ROLE] == "contribution_older"
    assert answers(publish(lived, second(7, 7), court=False))[ROLE] == "contribution_older"
    assert answers(publish(lived, second(8, 8), court=False))[ROLE] == "taken"
    assert lenders.follow() == {"revoked"}


def test_a_list_that_its_province_lists_itself_is_not_taken(lived: Country, lenders: Lenders) -> None:
    """Its numbers would fall with nobody's keys: a thief of the province's key could push them up for good."""
    path = f"courts/{COURT}/status/2/revocation.json"
    content = json.dumps(lived.houses[COURT].court.status_list("revocation", number=2, sequence=10**6)).encode()
    given = by_its_province(lived, 2, {path: content})
    assert answers(publish(lived, given))["province-42"] == "bundle_delegation"
    assert answers(publish(lived, by_its_province(lived, 3, {})))["province-42"] == "taken"
    assert lenders.follow() == {"revoked"}


@pytest.mark.parametrize("is_told", [True, False], ids=["remembered", "told by the editions"])
def test_numbers_that_a_province_listed_under_the_release_before_fall_with_the_courts_keys(
    lived: Country, lenders: Lenders, monkeypatch: pytest.MonkeyPatch, *, is_told: bool
) -> None:
    """A thief of its key listed the court's lists himself, of a high number, and entrusted nobody with them."""
    lenders.join()
    house = lived.houses[COURT]
    number, house.sequence = house.sequence, 10**6
    lists = {path: data for path, data in house.targets(lived.at).items() if "status" in path}
    house.sequence = number
    with monkeypatch.context() as before:
        before.setattr(_Scope, "lists", lambda scope, path, **_: scope.holds(path))
        given = by_its_province(lived, 2, lists, without={ROLE})
        assert answers(publish(lived, given, court=False))["province-42"] == "taken"
        lenders.join()
    if not is_told:
        memory_of(lived).unlink()
    lived.next_day()
    lived.hand_in()
    assert refusal(publish, lived) == "publication_refused"  # until its document is replaced
    courts = lived.roles["provinces.42"]["courts"]
    lived.roles["provinces.42"] |= {"version": 3, "courts": [code for code in courts if code != COURT]}
    lived.sign("province-42")
    assert answers(publish(lived))["province-42"] == "taken"
    lenders.join()
    lived.change("province-42", courts=courts)
    lived.sign("province-42")
    given_back = answers(publish(lived))
    assert (given_back[ROLE], given_back["province-42"]) == ("contribution_older", "contribution_waits")
    new_key(lived)
    lived.change("province-42")
    lived.sign("province-42")
    assert set(answers(publish(lived)).values()) == {"taken"}
    assert lenders.follow() == {"revoked"}


def by_its_province(
    country: Country, version: int, lists: dict[str, bytes], *, without: Iterable[str] = ()
) -> Contribution:
    """The province's next document, made by other tools, which lists status lists itself and does not name some."""
    first: Metadata[Targets] = Metadata.from_bytes((country.work / "metadata" / "1.province-42.json").read_bytes())
    signed = first.signed
    signed.version = version
    signed.targets |= {path: TargetFile.from_data(path, content, ["sha256"]) for path, content in lists.items()}
    assert signed.delegations is not None
    assert signed.delegations.roles is not None
    for role in without:
        del signed.delegations.keys[signed.delegations.roles.pop(role).keyids[0]]
    metadata = Metadata(signed)
    name = "province-42-1"
    metadata.sign(open_share(key_file(country.folder / "media" / name, name), passphrase=passphrase_of(name)))
    files = {target_name(path, sha256_of(content)): content for path, content in lists.items()}
    issuers = {name: data for name, data in read_contribution(country.work).files.items() if "issuer" in name}
    return Contribution(
        source="province", files={f"metadata/{version}.province-42.json": metadata.to_bytes(), **files, **issuers}
    )


def test_an_edition_that_any_lender_would_refuse_is_not_published(
    lived: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the judges of single parts let through."""
    pause(lived)
    name_again(lived)
    monkeypatch.setattr("xinzheng_issuer.publishing.trust_list.selection.Continuation.check", lambda *_: None)
    monkeypatch.setattr("xinzheng_issuer.publishing.trust_list.selection.Continuation.check_history", lambda *_: None)
    assert refusal(publish, lived, edition(lived, 1), court=False) == "publication_refused"
    forge = Forge(lived, version=4)
    forge.targets |= {path: data for path, data in first_lists(forge.house).items() if "status" in path}
    assert refusal(publish, lived, handed_in(forge), court=False) == "publication_refused"


# --- what the publisher remembers it by -------------------------------------------------------------------------------


def memory_of(country: Country) -> Path:
    return country.folder / "publisher" / MEMORY_FILE


def of_an_earlier_release(country: Country) -> None:
    path = memory_of(country)
    path.write_text(
        json.dumps({name: value for name, value in json.loads(path.read_bytes()).items() if name != "past"})
    )


def lost(country: Country) -> None:
    memory_of(country).unlink()


def of_the_edition_before_the_pause(country: Country) -> None:
    """A crash after `timestamp.json` took effect leaves it so."""
    shutil.copy(country.folder / "before-the-pause.json", memory_of(country))


@pytest.mark.parametrize(
    "forget", [of_an_earlier_release, lost, of_the_edition_before_the_pause], ids=lambda forget: forget.__name__
)
def test_the_repository_tells_what_the_memory_does_not(
    lived: Country, lenders: Lenders, forget: Callable[[Country], None]
) -> None:
    shutil.copy(memory_of(lived), lived.folder / "before-the-pause.json")
    lenders.join()
    pause(lived)
    known = json.loads(memory_of(lived).read_bytes())["past"]
    assert set(known["roles"]) == {ROLE}
    forget(lived)
    lived.next_day()
    publish(lived, court=False)
    assert json.loads(memory_of(lived).read_bytes())["past"] == known
    forget(lived)
    name_again(lived)
    assert answers(publish(lived, edition(lived, 1), court=False))[ROLE] == "contribution_older"


def test_a_restored_publisher_still_knows_who_was_paused(lived: Country, lenders: Lenders) -> None:
    backup = shutil.copytree(lived.folder / "public", lived.folder / "backup")
    lived.next_day()
    lived.hand_in()
    publish(lived)
    lenders.join()
    pause(lived)
    newest = lived.bundle
    shutil.rmtree(lived.folder / "public")
    backup.rename(lived.folder / "public")
    assert refusal(publish, lived) == "repository_restored"
    lived.publisher.restore(newest, at=lived.at)
    name_again(lived)
    assert answers(publish(lived, edition(lived, 3), court=False))[ROLE] == "contribution_older"
    assert answers(publish(lived, handed_in(Forge(lived, version=4)), court=False))[ROLE] == "contribution_conflict"
    lived.hand_in()
    result = publish(lived)
    # What it told last lies in no backup: nobody can say whether this goes on from it.
    assert answers(result)[ROLE] == "contribution_history"
    (error,) = [each.error for each in result.answers if each.role == ROLE]
    assert error is not None
    assert f"metadata/4.{ROLE}.json is missing from the repository" in error.message("en")
    assert "缺失" in error.message("zh")
    new_key(lived)
    name_again(lived)
    assert set(answers(publish(lived)).values()) == {"taken"}
    assert lenders.follow() == {"revoked"}


@pytest.mark.parametrize(
    "content",
    [
        {"roles": {ROLE: [{"keys": "", "version": "3", "sha256": "", "publishedAt": None}]}, "lists": {}},
        {"roles": {ROLE: [{"keys": "", "version": 3, "sha256": "", "publishedAt": "yesterday"}]}, "lists": {}},
        {"roles": {ROLE: None}, "lists": {}},
        {"roles": {}, "lists": {REVOCATION: {"sequence": 1.5, "sha256": ""}}},
        {"roles": []},
        {},
    ],
)
def test_a_damaged_memory_is_not_taken_for_an_empty_one(country: Country, content: Any) -> None:
    path = memory_of(country)
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "past": content}), "utf-8")
    assert refusal(country.publish) == "memory_damaged"
    path.unlink()  # as the refusal says, where there is no copy
    assert country.publish().publication is not None


MOMENTS = st.none() | st.integers(0, 10_000).map(lambda seconds: NOW + timedelta(seconds=seconds))
WORDS = st.text("0123456789abcdef", max_size=8)
LEFT = st.builds(Left, keys=WORDS, version=st.integers(1), sha256=WORDS, published_at=MOMENTS)


@given(
    st.dictionaries(
        WORDS,
        st.lists(LEFT).map(tuple),
    ),
    st.dictionaries(
        WORDS,
        st.lists(st.builds(LeftList, keys=st.none() | WORDS, sequence=st.integers(0), sha256=WORDS)).map(tuple),
    ),
)
def test_what_is_written_down_is_what_is_read(
    roles: dict[str, tuple[Left, ...]], lists: dict[str, tuple[LeftList, ...]]
) -> None:
    past = Past(roles=roles, lists=lists)
    assert Past.parse(json.loads(json.dumps(past.to_json()))) == past


def test_a_journal_that_was_removed_after_a_pause_is_missed(lived: Country) -> None:
    pause(lived)
    for path in published_files(lived, ["/revocation.changes.json"]):
        path.unlink()
    name_again(lived)
    result = publish(lived, handed_in(Forge(lived, version=4)), court=False)
    assert answers(result)[ROLE] == "contribution_history"
