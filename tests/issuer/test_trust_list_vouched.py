"""What a province signs of its courts: only what the court's own key vouches for, or what people have compared.

The attacker has no key of the country. He can write where courts hand in, or on the stick of the ceremony.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tuf.api.metadata import TargetFile

from support.country import Country, passphrase_of
from support.handing_in import COURT, verdict
from support.issuers import NOW, SimulatedCourt, key_record
from support.lived_country import Lenders
from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.role_keys import create_role_key
from xinzheng_issuer.publishing.trust_list.contributions import find_contributions, read_contribution
from xinzheng_issuer.publishing.trust_list.known import Compared, Proof
from xinzheng_issuer.publishing.trust_list.shares import key_file, open_share, public_share
from xinzheng_issuer.publishing.trust_list.work_folder import WorkFolder, sha256
from xinzheng_keys import SoftwareSigner
from xinzheng_schemas.trust_documents import KeyState, KeyUsage

ISSUER = f"courts/{COURT}/issuer.json"
PROVINCE = "province-42"


def refusal(action: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[str, str | None]:
    with pytest.raises(TrustListError) as caught:
        action(*arguments, **options)
    assert caught.value.message("en") != caught.value.message("zh")
    return caught.value.code, caught.value.field


def province_signs(country: Country, **options: Any) -> None:
    country.step(**options).sign(PROVINCE, f"{PROVINCE}-1", passphrase=passphrase_of(f"{PROVINCE}-1"))


def compared(country: Country) -> dict[str, Compared]:
    """What the province is told before it signs."""
    told: list[Compared] = []
    province_signs(country, dry_run=True, told=told.extend)
    return {each.share: each for each in told}


class Attacker:
    """Adds a certificate key of his own to what the court hands in."""

    def __init__(self, country: Country) -> None:
        self.court, self.signer = country.houses[COURT].court, SoftwareSigner.generate()

    def issuer(self) -> bytes:
        records = {**self.court.records, "cert-3": key_record("cert-3", KeyUsage.CERTIFICATE, self.signer)}
        pretended = SimulatedCourt(name=self.court.name, records=records)
        return json.dumps(pretended.issuer_document()).encode()

    def certificate(self) -> bytes:
        forged = self.court.secure(self.court.credential(), signer=self.signer, key="cert-3")
        return json.dumps(forged).encode()

    def hands_in(self, country: Country, share: str) -> None:
        """His document, vouched for by a contribution key of his own under a name of the court's."""
        path, passphrase = country.folder / "his.pem", passphrase_of("nobody")
        signer = create_role_key(path, passphrase=passphrase)
        country.houses[COURT].vouch(country.incoming / COURT, self.issuer(), by=signer, name=share)


@pytest.fixture
def renewing(country: Country) -> Country:
    """A day after the first edition the court hands in again, and the province is to sign its next document."""
    country.next_day()
    country.hand_in()
    country.change(PROVINCE)
    return country


@pytest.fixture
def attacker(renewing: Country) -> Attacker:
    return Attacker(renewing)


def test_a_key_that_was_added_where_courts_hand_in_is_not_signed_and_certifies_nothing(
    renewing: Country, attacker: Attacker
) -> None:
    (renewing.incoming / COURT / "issuer.json").write_bytes(attacker.issuer())
    assert refusal(renewing.sign, PROVINCE) == ("ceremony_issuer_unvouched", COURT)
    renewing.publish()
    assert verdict(renewing, attacker.certificate()) == "failed:kid_unknown"
    renewing.hand_in(COURT)  # what the refusal says: the court hands in again, both files are taken from there
    renewing.sign(PROVINCE)
    assert [answer.error for answer in renewing.publish().answers if answer.role == PROVINCE] == [None]
    assert verdict(renewing, attacker.certificate()) == "failed:kid_unknown"
    assert verdict(renewing, renewing.houses[COURT].court.issue().json_text) == "passed:ok"


def test_a_key_that_was_added_on_the_stick_between_draft_and_signature_is_not_signed(
    renewing: Country, attacker: Attacker
) -> None:
    renewing.take_from_courts(PROVINCE)
    renewing.step().draw_up(PROVINCE)
    issuer, document = renewing.work / ISSUER, renewing.work / "documents" / f"2.{PROVINCE}.json"
    genuine = issuer.read_bytes()
    exchanged = document.read_bytes().replace(sha256(genuine).encode(), sha256(attacker.issuer()).encode())
    issuer.write_bytes(attacker.issuer())
    for drawn_up in (document.read_bytes(), exchanged):
        document.write_bytes(drawn_up)
        assert refusal(province_signs, renewing) == ("ceremony_issuer_unvouched", COURT)
        (issuer.parent / "key.json").rename(renewing.folder / "key.json")
        assert refusal(province_signs, renewing) == ("ceremony_court_missing", COURT)
        (renewing.folder / "key.json").rename(issuer.parent / "key.json")
    issuer.write_bytes(genuine)
    assert refusal(province_signs, renewing) == ("ceremony_document_differs", None)
    assert refusal(renewing.step().assemble, PROVINCE) == ("ceremony_document_differs", None)


def test_a_contribution_key_of_his_own_is_refused_under_the_name_of_the_courts(
    renewing: Country, attacker: Attacker
) -> None:
    attacker.hands_in(renewing, f"court-{COURT}-1")
    assert refusal(renewing.sign, PROVINCE) == ("ceremony_share_changed", f"court-{COURT}-1")


def test_what_no_earlier_signature_vouches_for_is_what_both_sides_can_read_out(
    renewing: Country, attacker: Attacker
) -> None:
    """Under a new name his key is no other than a new one of the court: by telephone it is, key and digest."""
    said = renewing.houses[COURT].contributor.handed_in()
    attacker.hands_in(renewing, f"court-{COURT}-2")
    renewing.take_from_courts(PROVINCE)
    renewing.step().draw_up(PROVINCE)
    found = compared(renewing)
    for name, read_out in ((f"court-{COURT}-2", said.fingerprint), (ISSUER, said.issuer)):
        assert (found[name].proof, found[name].source) == (Proof.RECORD, f"courts/{COURT}/key.json")
        assert found[name].fingerprint != read_out


def test_a_court_that_hands_in_the_same_again_needs_no_call_and_a_new_document_under_its_key_is_told(
    renewing: Country,
) -> None:
    renewing.take_from_courts(PROVINCE)
    renewing.step().draw_up(PROVINCE)
    found = compared(renewing)
    listed = f"1.{PROVINCE}.json"
    assert {found[name].source for name in (ISSUER, f"court-{COURT}-1", "courts/420684/issuer.json")} == {listed}
    court = renewing.houses[COURT]
    court.court.records["cert-2"] = key_record("cert-2", KeyUsage.CERTIFICATE, SoftwareSigner.generate())
    renewing.next_day()
    renewing.hand_in(COURT)
    renewing.sign(PROVINCE)
    found = compared(renewing)
    assert (found[ISSUER].proof, found[ISSUER].fingerprint) == (Proof.RECORD, court.contributor.handed_in().issuer)
    assert {found[name].source for name in (f"court-{COURT}-1", "courts/420684/issuer.json")} == {listed}
    entries = json.loads((renewing.work / "transcript.json").read_text("utf-8"))["entries"]
    told = [each for entry in entries if entry["subject"] == f"2.{PROVINCE}.json" for each in entry["compared"]]
    assert {"share": ISSUER, "by": "record"}.items() <= next(each for each in told if each["share"] == ISSUER).items()


def test_a_document_that_changes_between_hand_in_and_ceremony_is_taken_by_handing_in_again(renewing: Country) -> None:
    renewing.take_from_courts(PROVINCE)
    renewing.step().draw_up(PROVINCE)
    court = renewing.houses[COURT]
    court.court.records["cert-2"] = key_record("cert-2", KeyUsage.CERTIFICATE, SoftwareSigner.generate())
    court.contributor.make_key(at=renewing.at)
    renewing.next_day()
    renewing.hand_in(COURT)
    shutil.copy(renewing.incoming / ISSUER.removeprefix("courts/"), renewing.work / ISSUER)
    assert refusal(province_signs, renewing) == ("ceremony_issuer_unvouched", COURT)  # one file of two
    renewing.take_from_courts(PROVINCE)
    assert refusal(province_signs, renewing) == ("ceremony_document_differs", None)
    renewing.sign(PROVINCE)
    found, said = compared(renewing), court.contributor.handed_in()
    assert (found[said.name].fingerprint, found[ISSUER].fingerprint) == (said.fingerprint, said.issuer)
    assert said.name == f"court-{COURT}-2"
    assert [answer.error for answer in renewing.publish().answers if answer.role == PROVINCE] == [None]


@pytest.fixture
def earlier(renewing: Country) -> Country:
    """The court handed in by an earlier release: its record vouches for the key alone."""
    court, name = renewing.houses[COURT].contributor, f"court-{COURT}-1"
    signer = open_share(key_file(court.keys, name), passphrase=court.passphrase)
    facts = {"name": name, "role": court.role, "holder": court.name, "configuration": ""}
    record = public_share(signer, **facts, at=renewing.at).to_bytes()
    assert "issuer" not in json.loads(record)
    (renewing.incoming / COURT / "key.json").write_bytes(record)
    return renewing


def test_what_a_court_of_an_earlier_release_handed_in_is_signed_while_nothing_has_changed(earlier: Country) -> None:
    """A province can act at once, although one of its courts is paused and hands nothing in."""
    earlier.roles["provinces.42"]["without_lists"] = [COURT]
    earlier.sign(PROVINCE)
    found = compared(earlier)[ISSUER]
    assert (found.proof, found.source) == (Proof.SIGNED, f"1.{PROVINCE}.json")
    earlier.rotate(PROVINCE)  # to a new share it is nothing that it knows
    earlier.roles["provinces.42"]["leaving"] = []
    earlier.change("targets")
    earlier.sign("targets")
    earlier.change(PROVINCE)
    assert refusal(earlier.sign, PROVINCE) == ("ceremony_issuer_unvouched", COURT)
    earlier.hand_in(COURT)
    earlier.sign(PROVINCE)


def test_what_a_court_of_an_earlier_release_handed_in_is_not_signed_if_it_is_new(
    earlier: Country, attacker: Attacker
) -> None:
    genuine = (earlier.incoming / COURT / "issuer.json").read_bytes()
    (earlier.incoming / COURT / "issuer.json").write_bytes(attacker.issuer())
    assert refusal(earlier.sign, PROVINCE) == ("ceremony_issuer_unvouched", COURT)
    (earlier.incoming / COURT / "issuer.json").write_bytes(genuine)
    earlier.take_from_courts(PROVINCE)
    earlier.step().draw_up(PROVINCE)
    path = earlier.work / "documents" / f"2.{PROVINCE}.json"
    document = json.loads(path.read_bytes())
    his = TargetFile.from_data(ISSUER, attacker.issuer(), ["sha256"])
    document["signed"]["targets"][ISSUER] = his.to_dict()
    path.write_text(json.dumps(document), "utf-8")
    (earlier.work / ISSUER).write_bytes(attacker.issuer())
    assert refusal(province_signs, earlier) == ("ceremony_issuer_unvouched", COURT)
    earlier.hand_in(COURT)
    earlier.sign(PROVINCE)


# --- the province's key was stolen, and used --------------------------------------------------------------------------


@pytest.fixture
def robbed(renewing: Country, attacker: Attacker) -> Country:
    """Somebody with the province's key has listed his certificate key as the court's: edition 2."""
    thief = renewing.copy(renewing.folder.with_name("thief"))
    thief.houses[COURT].vouch(thief.incoming / COURT, attacker.issuer())
    thief.sign(PROVINCE)
    found = [read_contribution(path) for path in (thief.work, *find_contributions(renewing.incoming))]
    renewing.publisher.publish(found, at=renewing.at)
    assert verdict(renewing, attacker.certificate()) == "passed:ok"
    renewing.next_day()
    renewing.hand_in()
    return renewing


HIS_KEY = f"{COURT}/cert-3 in 2.{PROVINCE}.json"


def disown_his_key(country: Country, version: int) -> None:
    """The way on where the document before names a key that the court never had."""
    country.roles["provinces.42"]["version"] = version
    country.disowned = [HIS_KEY]
    country.sign(PROVINCE)


def test_the_runbook_of_a_stolen_provinces_key_holds_where_the_thief_has_used_it(
    robbed: Country, attacker: Attacker
) -> None:
    """Number 2 is the thief's; what he listed is asked about, and his key is gone from the next edition."""
    lenders = Lenders(robbed)
    lenders.join()
    robbed.rotate(PROVINCE)
    robbed.roles["provinces.42"]["leaving"] = []
    robbed.change("targets")
    robbed.sign("targets")
    robbed.take_from_courts(PROVINCE)
    with pytest.raises(TrustListError) as refused:
        robbed.step().draw_up(PROVINCE)
    assert (refused.value.code, refused.value.params["free"]) == ("ceremony_signed_already", 3)
    assert not (robbed.work / "documents" / f"2.{PROVINCE}.json").exists()
    robbed.roles["provinces.42"]["version"] = 3
    assert refusal(robbed.sign, PROVINCE) == ("ceremony_keys_forgotten", COURT)
    disown_his_key(robbed, 3)
    assert "不予承认" in (robbed.work / "transcript.md").read_text("utf-8")
    errors = {(each.role, each.version): each.error for each in robbed.publish().answers if each.version > 1}
    assert {errors["targets", 2], errors[PROVINCE, 3]} == {None}
    assert verdict(robbed, attacker.certificate()) == "failed:kid_unknown"
    assert lenders.follow() == {"ok"}


def test_to_the_new_share_of_a_province_all_of_its_courts_are_new(robbed: Country) -> None:
    robbed.rotate(PROVINCE)
    robbed.roles["provinces.42"]["leaving"] = []
    robbed.change("targets")
    robbed.sign("targets")
    share = f"{PROVINCE}-2"
    told: list[Compared] = []
    disown_his_key(robbed, 3)
    robbed.step(dry_run=True, told=told.extend).sign(PROVINCE, share, passphrase=passphrase_of(share))
    assert [(each.share, each.source) for each in told if each.proof is Proof.DISOWNED] == [
        (f"{COURT}/cert-3", f"2.{PROVINCE}.json")
    ]
    new = {each.share for each in told if each.proof is Proof.RECORD}
    assert {ISSUER, "courts/420684/issuer.json", f"court-{COURT}-1"} <= new


def test_of_two_documents_of_one_number_the_published_one_stays_and_the_refusal_leads_on(
    robbed: Country, attacker: Attacker
) -> None:
    """The province had put its own number 2 together, as an earlier release let it."""
    own = WorkFolder(path=robbed.work)
    robbed.take_from_courts(PROVINCE)
    for step in ("draw_up", "sign", "assemble"):
        share = (f"{PROVINCE}-1",) if step == "sign" else ()
        options = {"passphrase": passphrase_of(f"{PROVINCE}-1")} if share else {}
        getattr(robbed.step(folder=own), step)(PROVINCE, *share, **options)
    assert refusal(robbed.step().draw_up, PROVINCE)[0] == "metadata_conflict"
    robbed.change(PROVINCE)
    assert refusal(robbed.step().draw_up, PROVINCE)[0] == "metadata_conflict"
    for name in ("metadata", "documents"):
        (robbed.work / name / f"2.{PROVINCE}.json").unlink()
    shutil.rmtree(robbed.work / "signatures" / f"2.{PROVINCE}")
    robbed.roles["provinces.42"]["version"] = 2
    assert refusal(robbed.step().draw_up, PROVINCE)[0] == "ceremony_signed_already"
    robbed.rotate(PROVINCE)
    robbed.roles["provinces.42"]["leaving"] = []
    robbed.change("targets")
    robbed.sign("targets")
    disown_his_key(robbed, 3)
    robbed.publish()
    assert verdict(robbed, attacker.certificate()) == "failed:kid_unknown"


def test_a_number_that_is_published_while_the_document_goes_round_is_signed_no_more(
    renewing: Country, attacker: Attacker
) -> None:
    renewing.take_from_courts(PROVINCE)
    renewing.step().draw_up(PROVINCE)
    thief = renewing.copy(renewing.folder.with_name("thief"))
    thief.houses[COURT].vouch(thief.incoming / COURT, attacker.issuer())
    thief.sign(PROVINCE)
    shutil.copy(thief.work / "metadata" / f"2.{PROVINCE}.json", renewing.folder / "public" / "metadata")
    assert refusal(province_signs, renewing)[0] == "ceremony_signed_already"
    assert refusal(renewing.step().assemble, PROVINCE)[0] == "ceremony_signed_already"


def test_a_key_that_the_province_signed_by_mistake_is_taken_back_and_the_court_is_missing_in_no_edition(
    robbed: Country, attacker: Attacker
) -> None:
    """Its key is its own still: the document before binds, but for what the configuration disowns."""
    robbed.change(PROVINCE)
    assert refusal(robbed.sign, PROVINCE) == ("ceremony_keys_forgotten", COURT)
    disown_his_key(robbed, 3)
    taken = {answer.version for answer in robbed.publish().answers if answer.role == PROVINCE and not answer.error}
    assert 3 in taken
    assert verdict(robbed, attacker.certificate()) == "failed:kid_unknown"
    assert verdict(robbed, robbed.houses[COURT].court.issue().json_text) == "passed:ok"


def test_new_keys_of_a_province_are_no_reason_to_forget_what_the_list_said_of_a_courts_keys(country: Country) -> None:
    """The court's folder came back from a backup, and the province's share is renewed at the same time."""
    court = country.houses[COURT].court
    before = dict(court.records)
    court.records["cert-1"] = replace(
        before["cert-1"], state=KeyState.COMPROMISED, compromised_at=NOW - timedelta(days=10)
    )
    country.next_day()
    country.hand_in()
    country.change(PROVINCE)
    country.sign(PROVINCE)
    country.publish()
    court.records |= before
    country.next_day()
    country.hand_in()
    country.rotate(PROVINCE)
    country.change("targets")
    country.sign("targets")
    country.change(PROVINCE)
    assert refusal(country.sign, PROVINCE) == ("ceremony_keys_forgotten", COURT)


def test_no_other_record_vouches_for_a_courts_issuer_document(renewing: Country, attacker: Attacker) -> None:
    """A record in shares/ that says of itself that it is the court's, made with the attacker's own key."""
    house = renewing.houses[COURT].contributor
    own = open_share(key_file(house.keys, f"court-{COURT}-1"), passphrase=house.passphrase)
    his = create_role_key(renewing.folder / "his.pem", passphrase=passphrase_of("nobody"))
    told = {"role": f"court-{COURT}", "holder": "-", "configuration": ""}
    of_before = public_share(own, name=f"court-{COURT}-1", **told, at=renewing.at)
    note = public_share(his, name="note", **told, at=renewing.at, issuer=sha256(attacker.issuer()))
    (renewing.incoming / COURT / "issuer.json").write_bytes(attacker.issuer())
    (renewing.incoming / COURT / "key.json").write_bytes(of_before.to_bytes())
    (renewing.work / "shares" / "note.json").write_bytes(note.to_bytes())
    assert refusal(renewing.sign, PROVINCE) == ("ceremony_issuer_unvouched", COURT)
