"""What of the documents before has to be at hand in a ceremony: what is not there cannot be held against the next."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from support.country import Country, passphrase_of
from support.handing_in import COURT
from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.trust_list.work_folder import WorkFolder
from xinzheng_schemas.trust_documents import KeyState

PROVINCE = "province-42"


def refused(country: Country) -> tuple[str, str]:
    """Code, and the court or the file that it names."""
    with pytest.raises(TrustListError) as caught:
        country.sign(PROVINCE)
    assert caught.value.message("en") != caught.value.message("zh")
    return caught.value.code, str(caught.value.field or caught.value.params["name"])


def replace_provinces_key(country: Country) -> None:
    country.rotate(PROVINCE)
    country.roles["provinces.42"]["leaving"] = []
    country.change("targets")
    country.sign("targets")


def sign_beside(country: Country, published: Path) -> None:
    """As `Country.sign`, with a new folder of work and a copy of what is published from somewhere."""
    work = country.folder / f"work-beside-{published.name}"
    for part in ("shares", "courts"):
        shutil.copytree(country.work / part, work / part)
    step = country.step(folder=WorkFolder(path=work, published=published))
    name = country.roles["provinces.42"]["shares"][0]["name"]
    step.draw_up(PROVINCE)
    step.sign(PROVINCE, name, passphrase=passphrase_of(name))
    step.assemble(PROVINCE)


def test_an_older_copy_of_what_is_published_hides_no_compromise(country: Country) -> None:
    """The province's own medium carries it: the court's key folder came back from a backup, and nobody would notice."""
    country.publish()
    older = shutil.copytree(country.folder / "public", country.folder / "older")
    court = country.houses[COURT].court
    backup = dict(court.records)
    at = backup["cert-1"].valid_from + timedelta(days=1)
    court.records["cert-1"] = replace(backup["cert-1"], state=KeyState.COMPROMISED, compromised_at=at)
    country.next_day()
    country.hand_in()
    country.change(PROVINCE)
    country.sign(PROVINCE)
    country.publish()
    court.records |= backup
    country.next_day()
    country.hand_in()
    country.change(PROVINCE)
    country.take_from_courts(PROVINCE)
    for place, code in ((older, "ceremony_previous_missing"), (country.folder / "public", "ceremony_keys_forgotten")):
        with pytest.raises(TrustListError) as caught:
            sign_beside(country, place)
        assert caught.value.code == code
        assert caught.value.params.get("name") in {f"2.{PROVINCE}.json", None}


def test_a_number_that_was_left_out_is_taken_as_the_refusal_says(country: Country) -> None:
    country.roles["provinces.42"]["version"] = 7
    assert refused(country) == ("ceremony_previous_missing", f"6.{PROVINCE}.json")
    country.roles["provinces.42"]["version"] = 2
    country.sign(PROVINCE)
    country.publish()
    assert country.published.roles[PROVINCE].version == 2


def test_a_document_whose_delegator_was_taken_away_is_not_passed_over(country: Country) -> None:
    """Its key is named by former `targets` alone: with these it counts."""
    replace_provinces_key(country)
    country.change(PROVINCE)
    country.sign(PROVINCE)
    country.publish()
    country.change(PROVINCE)
    former = {place: place / "metadata" / "1.targets.json" for place in (country.work, country.folder / "public")}
    mirror = shutil.copy(former[country.work], country.folder / "mirror.json")
    for file in former.values():
        file.unlink(missing_ok=True)
    assert refused(country) == ("ceremony_unsigned", f"1.{PROVINCE}.json")
    shutil.copy(mirror, former[country.work])
    country.sign(PROVINCE)


def test_older_editions_that_were_deleted_together_are_not_missed(country: Country) -> None:
    """From the oldest up, and only what no edition in effect needs."""
    country.publish()
    for _ in range(2):
        country.change(PROVINCE)
        country.sign(PROVINCE)
    country.publish()
    for place in (country.work, country.folder / "public"):
        (place / "metadata" / f"1.{PROVINCE}.json").unlink(missing_ok=True)
    country.change(PROVINCE)
    country.sign(PROVINCE)
