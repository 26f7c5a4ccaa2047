"""Who has stolen a threshold of the keys of `targets`: all that he pushed up falls with them, as the runbook says."""

import json
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata, Targets

from support.country import Country, CourtHouse, passphrase_of
from support.handing_in import COURT, answers, thiefs_document, verdict
from support.lived_country import ROLE, Lenders, publish
from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.role_keys import create_role_key
from xinzheng_issuer.publishing.trust_list.contributions import Contribution
from xinzheng_issuer.publishing.trust_list.publisher import Result
from xinzheng_issuer.publishing.trust_list.shares import listed_key, public_octets
from xinzheng_verifier.trust.names import MAX_VERSION

NOBODY = "990001"


def thief(country: Country, house: CourtHouse, *, version: int = 2, lists: bool, alone: bool = False) -> Contribution:
    """The next `targets` by his keys: it lists this court as well, or this court alone and entrusts nobody."""
    listing = {path: data for path, data in house.targets(country.at).items() if lists or path.endswith("issuer.json")}
    files = thiefs_document(
        country,
        "1.targets.json",
        version=version,
        listing=listing,
        change=lambda signed: setattr(signed, "delegations", None) if alone else None,
    )
    return Contribution(source="thief", files=files)


def names_a_key(country: Country, folder: Path, *, version: int = 2) -> Contribution:
    """The next `targets` by the thief's keys names one of his own for a province, by which he has signed version 90."""
    his = create_role_key(folder / "his.pem", passphrase=passphrase_of("his"))
    key = listed_key("province-42-7", public_octets(his.public_key))

    def rename(signed: Targets) -> None:
        assert signed.delegations is not None
        assert signed.delegations.roles is not None
        role = signed.delegations.roles["province-42"]
        del signed.delegations.keys[role.keyids[0]]
        signed.delegations.keys[key.keyid] = key
        role.keyids[:] = [key.keyid]

    files = thiefs_document(country, "1.targets.json", version=version, listing={}, change=rename)
    document: Metadata[Targets] = Metadata.from_bytes((country.work / "metadata/1.province-42.json").read_bytes())
    document.signed.version = 90
    document.sign(his)
    files["metadata/90.province-42.json"] = document.to_bytes()
    return Contribution(source="thief", files=files)


def follow_the_runbook(country: Country, *, version: int) -> Result:
    """Other keys of `targets`, and other online keys; the next root names them."""
    country.next_day()
    country.hand_in()
    sign_other_keys(country, version=version)
    return publish(country)


def sign_other_keys(country: Country, *, version: int) -> None:
    for role in ("targets", "snapshot", "timestamp"):
        country.rotate(role)
    country.roles["targets"] |= {"leaving": [], "version": version}
    country.change("root")
    country.sign("root")
    country.sign("targets")


@pytest.fixture
def nobody(lived: Country, tmp_path: Path) -> CourtHouse:
    """A court that does not exist."""
    return CourtHouse.make(tmp_path / "nobody", NOBODY, "不存在的法院", at=lived.at)


def test_a_court_that_he_made_up_is_gone_with_his_keys(lived: Country, lenders: Lenders, nobody: CourtHouse) -> None:
    lenders.join()
    certificate = json.dumps(nobody.court.secure(nobody.court.credential())).encode()
    assert answers(publish(lived, thief(lived, nobody, lists=True)))["targets"] == "bundle_delegation"
    assert answers(publish(lived, thief(lived, nobody, lists=False)))["targets"] == "taken"
    assert verdict(lived, certificate) != "failed:issuer_untrusted"
    lenders.join()
    assert set(answers(follow_the_runbook(lived, version=3)).values()) == {"taken"}
    assert verdict(lived, certificate) == "failed:issuer_untrusted"
    assert lenders.follow() == {"revoked"}


def test_journals_and_numbers_that_he_listed_himself_keep_nobody_out(lived: Country, lenders: Lenders) -> None:
    """He entrusts nobody any more, and lists the court with lists of high numbers."""
    lenders.join()
    house = lived.houses[COURT]
    number, house.sequence = house.sequence, 10**6
    given = thief(lived, house, lists=True, alone=True)
    house.sequence = number
    assert answers(publish(lived, given, court=False))["targets"] == "taken"
    lenders.join()
    lived.next_day()
    house.contributor.make_key(at=lived.at)  # the numbers stand as long as the court's own key does
    lived.hand_in()
    sign_other_keys(lived, version=3)
    lived.change("province-42")
    lived.sign("province-42")
    assert set(answers(publish(lived)).values()) == {"taken"}
    assert lenders.follow() == {"revoked"}


def test_a_court_that_he_listed_himself_holds_nothing_up_as_the_refusal_and_the_runbook_say(
    lived: Country, lenders: Lenders
) -> None:
    """The court makes its new key when it can; until then its status alone is unknown."""
    lenders.join()
    house, other = lived.houses[COURT], lived.houses["420684"].court
    number, house.sequence = house.sequence, 10**6
    given = thief(lived, house, lists=True, alone=True)
    house.sequence = number
    assert answers(publish(lived, given, court=False))["targets"] == "taken"
    lenders.join()
    result = follow_the_runbook(lived, version=3)
    found = {answer.role: answer.error for answer in result.answers}
    assert {code for role, code in answers(result).items() if role in {"root", "targets"}} == {"contribution_waits"}
    error = found[ROLE]
    assert error is not None
    assert error.code == "contribution_older"
    for language in ("en", "zh"):
        assert "without_lists" in error.message(language)
        assert "trust-list court-key new" in error.message(language)
    lived.change("province-42", without_lists=[COURT])
    lived.sign("province-42")
    assert {role for role, code in answers(publish(lived)).items() if code != "taken"} == {ROLE}
    assert verdict(lived, other.issue().json_text) == "passed:ok"
    assert lenders.follow() == {"status_unavailable"}
    house.contributor.make_key(at=lived.at)
    lived.next_day()
    lived.hand_in()
    lived.change("province-42", without_lists=[])
    lived.sign("province-42")
    assert set(answers(publish(lived)).values()) == {"taken"}
    assert lenders.follow() == {"revoked"}


def test_a_version_that_he_pushed_up_is_forgotten_with_the_online_keys(
    lived: Country, lenders: Lenders, nobody: CourtHouse
) -> None:
    """As lenders forget it (TUF specification, 5.3.11)."""
    given = thief(lived, nobody, version=MAX_VERSION, lists=False)
    assert answers(publish(lived, given))["targets"] == "taken"
    lenders.join()
    assert set(answers(follow_the_runbook(lived, version=2)).values()) == {"taken"}
    assert lenders.follow() == {"revoked"}
    lived.next_day()
    lived.hand_in()
    assert answers(publish(lived))[ROLE] == "taken"
    assert lenders.follow() == {"revoked"}


def test_what_waits_is_told_why_under_the_root_that_was_to_take_it(
    lived: Country, lenders: Lenders, nobody: CourtHouse
) -> None:
    """Not that its signatures are not those of the keys of before: that is as it should be."""
    assert answers(publish(lived, thief(lived, nobody, version=700, lists=False)))["targets"] == "taken"
    lenders.join()
    lived.rotate("targets")
    lived.roles["targets"] |= {"leaving": [], "version": 2}
    lived.change("root")
    lived.sign("root")
    lived.sign("targets")
    result = publish(lived)
    assert (answers(result)["root"], answers(result)["targets"]) == ("contribution_waits", "contribution_older")
    lived.rotate("snapshot")
    lived.rotate("timestamp")
    lived.change("root")
    lived.sign("root")
    assert answers(publish(lived))["targets"] == "taken"
    assert lenders.follow() == {"revoked"}


def test_a_province_that_he_gave_other_keys_comes_back_with_its_own_last_document(
    lived: Country, lenders: Lenders, tmp_path: Path
) -> None:
    lenders.join()
    result = answers(publish(lived, names_a_key(lived, tmp_path)))
    assert result["targets"] == "taken"
    assert lived.published.roles["province-42"].version == 90
    lenders.join()
    assert set(answers(follow_the_runbook(lived, version=3)).values()) == {"taken"}
    assert lived.published.roles["province-42"].version == 1
    assert lenders.follow() == {"revoked"}


@pytest.mark.parametrize("version", [700, MAX_VERSION])
def test_a_number_below_his_lets_every_province_go_on(
    lived: Country, lenders: Lenders, tmp_path: Path, version: int
) -> None:
    """What he signed lies in the published folder for good: it names no key that judges a province's document."""
    assert answers(publish(lived, names_a_key(lived, tmp_path, version=version)))["province-42"] == "taken"
    lenders.join()
    assert set(answers(follow_the_runbook(lived, version=2)).values()) == {"taken"}
    lived.next_day()
    lived.hand_in()
    lived.change("province-42")
    lived.sign("province-42")
    assert set(answers(publish(lived)).values()) == {"taken"}
    lived.next_day()
    lived.hand_in()
    lived.rotate("province-42")
    lived.roles["provinces.42"]["leaving"] = []
    lived.change("targets")
    lived.sign("targets")
    lived.change("province-42")
    lived.sign("province-42")
    assert set(answers(publish(lived)).values()) == {"taken"}
    assert (lived.published.roles["targets"].version, lived.published.roles["province-42"].version) == (3, 3)
    assert (lived.folder / "public" / "metadata" / f"{version}.targets.json").exists()
    assert lenders.follow() == {"revoked"}


def test_a_key_that_his_document_still_names_is_a_provinces_key_no_more(lived: Country, nobody: CourtHouse) -> None:
    """His number is the higher one; `targets` in force give the province another key."""
    assert answers(publish(lived, thief(lived, nobody, version=700, lists=False)))["targets"] == "taken"
    former = list(lived.roles["provinces.42"]["shares"])
    lived.rotate("province-42")
    lived.roles["provinces.42"]["leaving"] = []
    sign_other_keys(lived, version=2)
    lived.change("province-42")
    current, lived.roles["provinces.42"]["shares"] = lived.roles["provinces.42"]["shares"], former
    with pytest.raises(TrustListError) as caught:
        lived.sign("province-42")
    assert caught.value.code == "ceremony_refused"
    lived.roles["provinces.42"]["shares"] = current
    lived.sign("province-42")
    assert answers(publish(lived))["province-42"] == "taken"
