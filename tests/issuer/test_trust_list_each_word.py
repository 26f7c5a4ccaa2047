"""Each document's word on a court's key stands by itself, falls by its own line, and is told with all others."""

import json
import re
import shutil
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import Targets

from support.country import Country, CourtHouse
from support.handing_in import COURT, answers, thiefs_document, verdict
from support.issuers import SimulatedCourt, key_record
from support.lived_country import Lenders, publish
from support.stolen_province import PROVINCE, Compromised, Thief, list_issuer, replace_provinces_key
from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.trust_list.contributions import Contribution
from xinzheng_issuer.publishing.trust_list.work_folder import WorkFolder
from xinzheng_keys import SoftwareSigner
from xinzheng_schemas.trust_documents import KeyState, KeyUsage

LINE = re.compile(rf"[\w./-]+ in [0-9]+\.{PROVINCE}\.json")


def drawn_up(country: Country) -> TrustListError:
    """The refusal of the draft."""
    country.take_from_courts(PROVINCE)
    with pytest.raises(TrustListError) as caught:
        country.step().draw_up(PROVINCE)
    assert caught.value.message("en") != caught.value.message("zh")
    return caught.value


def copy_the_lines(country: Country, error: TrustListError) -> None:
    """As somebody does who reads the refusal and nothing else."""
    country.disowned += LINE.findall(error.message("zh").rpartition("：")[2])


@pytest.fixture
def thief(country: Country) -> Thief:
    country.publish()
    country.next_day()
    country.hand_in()
    return Thief(country)


def test_a_document_of_a_higher_number_stays_said_too(country: Country) -> None:
    """A thief pushed the number up, the province went on from there, and begins low again with its new key."""
    country.publish()
    given = Contribution(source="thief", files=thiefs_document(country, f"1.{PROVINCE}.json", version=19, listing={}))
    assert answers(publish(country, given))[PROVINCE] == "taken"
    country.roles["provinces.42"]["version"] = 19
    compromised = Compromised(country)
    lenders = Lenders(country)
    lenders.join()
    compromised.restore()
    replace_provinces_key(country, version=2)
    error = drawn_up(country)
    assert (error.code, error.field) == ("ceremony_keys_forgotten", COURT)
    assert error.params["keys"] == f"{COURT}/cert-1 in 20.{PROVINCE}.json (compromise)"
    country.publish()
    assert verdict(country, compromised.certificate) == "failed:key_compromised"
    assert lenders.follow() != {"ok"}


def test_what_is_disowned_in_the_thiefs_document_stands_in_an_honest_one(country: Country) -> None:
    """He copied what was signed and added his key; the court, asked, does not know of its own compromise any more."""
    compromised = Compromised(country)
    thief = Thief(country)
    thief.adds_a_key(COURT)
    compromised.restore()
    replace_provinces_key(country, version=4)
    error = drawn_up(country)
    his = [f"{COURT}/{key} in 3.{PROVINCE}.json" for key in ("cert-1", "cert-3")]
    honest = f"{COURT}/cert-1 in 2.{PROVINCE}.json (compromise)"
    assert error.params["keys"] == f"{his[0]} (compromise), {his[1]} (activate), {honest}"
    country.disowned = his
    assert drawn_up(country).params["keys"] == honest
    key = compromised.backup["cert-1"]
    at = key.valid_from + timedelta(days=1)
    compromised.court.records["cert-1"] = replace(key, state=KeyState.COMPROMISED, compromised_at=at)
    country.hand_in()
    country.sign(PROVINCE)
    country.publish()
    assert verdict(country, compromised.certificate) == "failed:key_compromised"
    assert verdict(country, thief.certificate()) == "failed:kid_unknown"


def test_what_an_older_document_lists_is_missed_whatever_a_newer_one_says(country: Country) -> None:
    """The thief's document says less than the honest one before, whose list of keys he has taken away."""
    compromised = Compromised(country)
    thief = Thief(country)
    compromised.restore()
    records = {**compromised.court.records, "cert-3": key_record("cert-3", KeyUsage.CERTIFICATE, thief.signer)}
    pretended = SimulatedCourt(name=compromised.court.name, region_code=COURT, records=records)
    issuer = json.dumps(pretended.issuer_document()).encode()
    thief.publishes(lambda targets, files: list_issuer(targets, files, COURT, issuer))
    replace_provinces_key(country, version=4)
    country.disowned = [f"{COURT}/cert-3 in 3.{PROVINCE}.json"]
    assert drawn_up(country).params["keys"] == f"{COURT}/cert-1 in 2.{PROVINCE}.json (compromise)"
    for place in (country.work, country.folder / "public"):
        for file in (place / "targets" / "courts" / COURT).glob("*.issuer.json"):
            if file.read_bytes() != issuer:
                file.unlink()
    error = drawn_up(country)
    assert error.code == "ceremony_issuer_missing"
    assert str(error.params["name"]).endswith(f" in 2.{PROVINCE}.json")


class Slandered:
    """A court's new key is handed in; before the province has listed it the thief says that it is compromised."""

    def __init__(self, country: Country, thief: Thief, *, documents: int) -> None:
        self.country, self.court = country, country.houses[COURT].court
        signer = SoftwareSigner.generate()
        self.court.records["cert-2"] = key_record("cert-2", KeyUsage.CERTIFICATE, signer)
        self.certificate = json.dumps(self.court.secure(self.court.credential(), signer=signer, key="cert-2")).encode()
        country.hand_in()
        key = self.court.records["cert-2"]
        false = replace(key, state=KeyState.COMPROMISED, compromised_at=key.valid_from + timedelta(days=1))
        his = {"cert-3": key_record("cert-3", KeyUsage.CERTIFICATE, thief.signer)}
        records = {**self.court.records, **his, "cert-2": false}
        pretended = SimulatedCourt(name=self.court.name, region_code=COURT, records=records)
        self.issuer = json.dumps(pretended.issuer_document()).encode()
        for _ in range(documents):
            thief.publishes(lambda targets, files: list_issuer(targets, files, COURT, self.issuer))
        replace_provinces_key(country, version=2 + documents)


@pytest.mark.parametrize("documents", [1, 2])
def test_a_thiefs_word_about_a_new_key_of_the_court_is_disowned_in_the_words_of_the_refusal(
    country: Country, thief: Thief, documents: int
) -> None:
    slandered = Slandered(country, thief, documents=documents)
    error = drawn_up(country)
    lines = [
        line
        for version in range(1 + documents, 1, -1)
        for line in (
            f"{COURT}/issuer.json in {version}.{PROVINCE}.json (cert-2: compromise)",
            f"{COURT}/cert-3 in {version}.{PROVINCE}.json (activate)",
        )
    ]
    assert sorted(str(error.params["keys"]).split(", ")) == sorted(lines)
    copy_the_lines(country, error)
    house = country.houses[COURT]
    records = {**house.court.records, "cert-3": key_record("cert-3", KeyUsage.CERTIFICATE, thief.signer)}
    pretended = SimulatedCourt(name=house.court.name, region_code=COURT, records=records)
    house.vouch(country.incoming / COURT, json.dumps(pretended.issuer_document()).encode())
    error = drawn_up(country)
    assert (error.code, error.field) == ("ceremony_court_key_disowned", f"{COURT}/cert-3")
    country.hand_in()
    country.sign(PROVINCE)
    country.publish()
    assert verdict(country, slandered.certificate) == "passed:ok"
    assert verdict(country, thief.certificate()) == "failed:kid_unknown"


def test_who_disowned_the_key_instead_is_told_the_line_to_put_in_its_place(country: Country, thief: Thief) -> None:
    slandered = Slandered(country, thief, documents=1)
    country.disowned = [f"{COURT}/{key} in 2.{PROVINCE}.json" for key in ("cert-2", "cert-3")]
    error = drawn_up(country)
    assert (error.code, error.field) == ("ceremony_court_key_disowned", f"{COURT}/cert-2")
    assert error.params["instead"] == f"{COURT}/issuer.json in 2.{PROVINCE}.json"
    country.disowned[0] = str(error.params["instead"])
    country.sign(PROVINCE)
    country.publish()
    assert verdict(country, slandered.certificate) == "passed:ok"


def test_all_documents_of_a_thief_are_told_at_once(country: Country, thief: Thief) -> None:
    for _ in range(3):
        thief.signer = SoftwareSigner.generate()
        thief.adds_a_key(COURT)
    replace_provinces_key(country, version=5)
    error = drawn_up(country)
    assert len(LINE.findall(str(error.params["keys"]))) == 3
    copy_the_lines(country, error)
    country.sign(PROVINCE)
    country.publish()
    assert verdict(country, thief.certificate()) == "failed:kid_unknown"


def test_a_court_that_begins_anew_is_listed_after_two_refusals_of_the_draft(country: Country) -> None:
    """Its machine and its backups burned; nothing further is asked when the document is signed."""
    house = country.houses[COURT]
    for state in (KeyState.STAGED, KeyState.ACTIVE):
        record = key_record("cert-2", KeyUsage.CERTIFICATE, SoftwareSigner.generate())
        house.court.records["cert-2"] = replace(house.court.records.get("cert-2", record), state=state)
        country.next_day()
        country.hand_in()
        country.change(PROVINCE)
        country.sign(PROVINCE)
        country.publish()
    for place in (country.folder / "courts", country.incoming):
        shutil.rmtree(place / COURT)
    country.houses[COURT] = CourtHouse.make(country.folder / "courts" / COURT, COURT, "枣阳市人民法院", at=country.at)
    country.next_day()
    country.hand_in()
    country.change(PROVINCE)
    for code in ("ceremony_share_changed", "ceremony_keys_forgotten"):
        error = drawn_up(country)
        assert error.code == code
        copy_the_lines(country, error)
    assert {line.rpartition(" in ")[2][0] for line in country.disowned} == {"1", "2", "3"}
    country.sign(PROVINCE)


@dataclass(frozen=True, kw_only=True)
class CountingFolder(WorkFolder):
    """Counts how often an issuer document is read."""

    reads: Counter[tuple[str, str]] = field(default_factory=Counter)

    def target(self, path: str, digest: str) -> bytes | None:
        self.reads[path, digest] += 1
        return super().target(path, digest)


def test_an_issuer_document_is_read_once_however_many_documents_list_it(country: Country) -> None:
    """A province signs perhaps 300 a year, and each step of each of them compares all before."""
    for _ in range(4):
        country.change(PROVINCE)
        country.sign(PROVINCE)
    court = country.houses[COURT].court
    court.records["cert-2"] = key_record("cert-2", KeyUsage.CERTIFICATE, SoftwareSigner.generate())
    country.next_day()
    country.hand_in(COURT)
    country.change(PROVINCE)
    country.take_from_courts(PROVINCE)
    folder = CountingFolder(path=country.work)
    country.step(folder=folder).draw_up(PROVINCE)
    assert [path for path, _ in folder.reads] == [f"courts/{COURT}/issuer.json"]
    assert set(folder.reads.values()) == {1}


@pytest.mark.parametrize(
    ("scheme", "public"), [("rsassa-pss-sha256", "-----BEGIN PUBLIC KEY-----\nx"), ("ed25519", "zz")]
)
def test_a_key_of_no_kind_in_a_thiefs_document_stops_no_later_one(country: Country, scheme: str, public: str) -> None:
    """It stays in the published folder for good, and the number after it needs it there."""

    def names(signed: Targets, files: dict[str, bytes]) -> None:
        del files
        assert signed.delegations is not None
        assert signed.delegations.roles is not None
        kind = scheme.partition("-")[0].replace("rsassa", "rsa")
        key = SSlibKey("ab" * 32, kind, scheme, {"public": public}, {"x-xinzheng-share": f"court-{COURT}-9"})
        signed.delegations.keys[key.keyid] = key
        signed.delegations.roles[f"court-{COURT}"].keyids.append(key.keyid)

    Thief(country).publishes(names)
    replace_provinces_key(country, version=3)
    country.next_day()
    country.hand_in()
    country.sign(PROVINCE)
    assert {*answers(publish(country)).values()} == {"taken"}
    assert country.published.roles[PROVINCE].version == 3


@pytest.mark.parametrize("length", [129, 1_900])
def test_the_line_of_a_key_with_a_long_name_can_be_copied_too(thief: Thief, length: int) -> None:
    name = "cert-" + "x" * (length - 5)
    thief.adds_a_key(COURT, name=name)
    replace_provinces_key(thief.country, version=3)
    error = drawn_up(thief.country)
    assert error.params["keys"] == f"{COURT}/{name} in 2.{PROVINCE}.json (activate)"
    copy_the_lines(thief.country, error)
    thief.country.sign(PROVINCE)
    assert {*answers(publish(thief.country)).values()} == {"taken"}


def test_a_document_that_fits_as_it_was_published_is_signed_although_written_anew_it_would_be_too_long(
    thief: Thief,
) -> None:
    """Octets of UTF-8 count, three of a Chinese character; as an escape it has six."""

    def tells_a_story(signed: Targets, files: dict[str, bytes]) -> None:
        del files
        signed.unrecognized_fields["x-story"] = "汉" * 900_000

    thief.publishes(tells_a_story)
    replace_provinces_key(thief.country, version=3)
    thief.country.sign(PROVINCE)
    assert {*answers(publish(thief.country)).values()} == {"taken"}


@pytest.mark.parametrize("digest", ["a" * 300, "A" * 64])
def test_a_planted_document_that_lists_what_no_file_can_be_called_is_named(thief: Thief, digest: str) -> None:
    country = thief.country

    def lists_it(signed: Targets, files: dict[str, bytes]) -> None:
        del files
        signed.targets[f"courts/{COURT}/issuer.json"].hashes = {"sha256": digest}

    (name, data), *_ = thief.signs(lists_it).items()
    (country.folder / "public" / name).write_bytes(data)
    replace_provinces_key(country, version=3)
    error = drawn_up(country)
    missing = f"targets/courts/{COURT}/{digest}.issuer.json in 2.{PROVINCE}.json"
    assert (error.code, error.params["name"]) == ("ceremony_issuer_missing", missing)
    country.disowned = [f"{COURT}/issuer.json in 2.{PROVINCE}.json"]
    country.sign(PROVINCE)
