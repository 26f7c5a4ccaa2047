"""Some shares of a role leave and others stay: what those who stay signed long ago must not come back."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata, Targets

from support.country import Country, passphrase_of
from xinzheng_issuer.publishing.trust_list.contributions import Contribution
from xinzheng_issuer.publishing.trust_list.publisher import Result
from xinzheng_issuer.publishing.trust_list.shares import key_file, open_share
from xinzheng_schemas.trust_documents import KeyState
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.trust.directory import import_bundle
from xinzheng_verifier.trust.names import MAX_VERSION

COURT = "420683"
PROVINCE = "province-42"


class Changing:
    """A country in which a key of a court was published as compromised by the second document of its province."""

    def __init__(self, folder: Path, *, shares: int, threshold: int) -> None:
        self.country = Country(folder / "country")
        courts = self.country.roles["provinces.42"]["courts"]
        self.country.roles["provinces.42"] = self.country.role(
            shares, PROVINCE, threshold=threshold, version=1, valid_days=90, courts=courts
        )
        self.country.found()
        self.country.publish()
        self.house = self.country.houses[COURT]
        self.certificate = self.house.court.issue().json_text
        self.store = self.country.folder / "store"
        import_bundle(self.store, self.country.bundle, root=self.country.first_root, at=self.country.at)

    def compromised(self, shares: tuple[str, ...]) -> None:
        self.country.next_day(10)
        record = self.house.court.records["cert-1"]
        since = record.valid_from + timedelta(days=1)
        self.house.court.records["cert-1"] = replace(record, state=KeyState.COMPROMISED, compromised_at=since)
        self.country.hand_in()
        self.country.change(PROVINCE)
        self.country.sign(PROVINCE, shares=shares)
        assert self.answers(self.country.publish())[f"{PROVINCE} 2"] == "taken"

    def replaced(self, section: str, old: str, new: str) -> None:
        """One share is another one from now on; the others stay."""
        role = self.country.roles[section]
        role["shares"] = [*(each for each in role["shares"] if each["name"] != old), self.country.share(new)]
        self.country.make_keys()

    def answers(self, result: Result) -> dict[str, str]:
        return {f"{each.role} {each.version}": each.error.code if each.error else "taken" for each in result.answers}

    def told(self) -> set[str]:
        """What a lender who begins today says of the certificate, and one who has followed."""
        new = TrustStore.from_bundle(self.country.bundle, root=self.country.first_root, at=self.country.at)
        import_bundle(self.store, self.country.bundle, at=self.country.at)
        return {
            Verifier(trust).report(self.certificate, at=self.country.at).code
            for trust in (new, TrustStore.open(self.store))
        }


@pytest.mark.parametrize(
    ("shares", "threshold", "leaver"), [(3, 2, 3), (2, 1, 2)], ids=["two of three", "one, and a spare"]
)
def test_a_document_of_before_does_not_come_back_when_a_share_of_the_province_leaves(
    tmp_path: Path, shares: int, threshold: int, leaver: int
) -> None:
    """Those who stay signed the first document; the second bears the share that leaves."""
    changing = Changing(tmp_path, shares=shares, threshold=threshold)
    country, leaving = changing.country, f"{PROVINCE}-{leaver}"
    changing.compromised(tuple(f"{PROVINCE}-{each}" for each in range(shares, shares - threshold, -1)))
    country.next_day(20)
    country.hand_in()
    changing.replaced("provinces.42", leaving, f"{PROVINCE}-9")
    country.change("targets")
    country.sign("targets")
    answers = changing.answers(country.publish())
    assert answers["targets 2"] == "contribution_waits"
    assert country.published.roles[PROVINCE].version == 2
    assert changing.told() == {"key_compromised"}

    country.next_day()
    country.hand_in()
    country.change(PROVINCE)
    country.sign(PROVINCE)
    assert set(changing.answers(country.publish()).values()) == {"taken"}
    assert changing.told() == {"key_compromised"}


def test_targets_of_before_do_not_come_back_when_one_of_their_shares_leaves_with_the_online_keys(
    tmp_path: Path,
) -> None:
    """They would name a province's old key, and with it its old document."""
    changing = Changing(tmp_path, shares=1, threshold=1)
    country = changing.country
    changing.compromised((f"{PROVINCE}-1",))
    country.rotate(PROVINCE)
    country.roles["provinces.42"]["leaving"] = []
    country.change("targets")
    country.sign("targets", shares=("targets-2", "targets-3"))
    country.change(PROVINCE)
    country.sign(PROVINCE)
    assert set(changing.answers(country.publish()).values()) == {"taken"}

    country.next_day(20)
    country.hand_in()
    changing.replaced("targets", "targets-3", "targets-4")
    for role in ("snapshot", "timestamp"):
        country.rotate(role)
    country.change("root")
    country.sign("root")
    answers = changing.answers(country.publish())
    assert answers["root 2"] == "contribution_waits"
    assert country.published.roles["targets"].version == 2
    assert changing.told() == {"key_compromised"}

    country.next_day()
    country.hand_in()
    country.change("targets")
    country.sign("targets")
    assert set(changing.answers(country.publish()).values()) == {"taken"}
    assert changing.told() == {"key_compromised"}


def test_a_new_share_begins_below_the_number_that_a_thief_gave(tmp_path: Path) -> None:
    """Two of three keys are stolen: what the third signs with a new one is later than all that the thief signed."""
    changing = Changing(tmp_path, shares=3, threshold=2)
    country = changing.country
    changing.compromised((f"{PROVINCE}-2", f"{PROVINCE}-3"))
    forged = Metadata[Targets].from_bytes(country.published.roles[PROVINCE].data)
    forged.signed.version = MAX_VERSION
    forged.signatures.clear()
    for share in (f"{PROVINCE}-2", f"{PROVINCE}-3"):
        path = key_file(country.folder / "media" / share, share)
        forged.sign(open_share(path, passphrase=passphrase_of(share)), append=True)
    thiefs = Contribution(source="thief", files={f"metadata/{MAX_VERSION}.{PROVINCE}.json": forged.to_bytes()})
    assert changing.answers(country.publisher.publish([thiefs], at=country.at)) == {
        f"{PROVINCE} {MAX_VERSION}": "taken"
    }

    country.next_day()
    country.hand_in()
    for each in (2, 3):
        changing.replaced("provinces.42", f"{PROVINCE}-{each}", f"{PROVINCE}-{each + 2}")
    country.change("targets")
    country.sign("targets")
    country.change(PROVINCE, version=2)
    country.sign(PROVINCE, shares=(f"{PROVINCE}-1", f"{PROVINCE}-4"))
    country.publish()
    assert country.published.roles[PROVINCE].version == 3
    assert changing.told() == {"key_compromised"}
