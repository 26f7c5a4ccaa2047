"""A country that has lived for some days, what is handed in to it then, and lenders who slept through its editions."""

import json
from collections.abc import Iterable
from pathlib import Path

from support.country import Country, CourtHouse
from support.handing_in import COURT, Forge
from xinzheng_issuer.publishing.trust_list.contributions import Contribution, read_contribution
from xinzheng_issuer.publishing.trust_list.publisher import Result
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.trust.directory import import_bundle

ROLE = f"court-{COURT}"
REVOKED = 94567
"""Index of the certificates that these courts issue."""


def live_for_two_days(country: Country) -> None:
    """On the first the court hands in, on the second it has revoked a certificate."""
    for revoked in (set[int](), {REVOKED}):
        country.next_day()
        country.houses[COURT].revoked = revoked
        country.hand_in()
        publish(country)


def publish(country: Country, *given: Contribution, court: bool = True) -> Result:
    """What ceremonies and courts have handed in, but of the one court, if it is not to, only what is given."""
    courts = [code for code in country.houses if court or code != COURT]
    found = [read_contribution(country.incoming / code) for code in courts]
    return country.publisher.publish([read_contribution(country.work), *found, *given], at=country.at)


def handed_in(forge: Forge) -> Contribution:
    return Contribution(source=COURT, files=forge.files())


def first_lists(house: CourtHouse) -> dict[str, bytes]:
    sequence, house.sequence = house.sequence, 0
    targets = house.targets(house.court.now)
    house.sequence = sequence
    return targets


def published_files(country: Country, endings: Iterable[str]) -> list[Path]:
    """The newest files of the court in the repository whose names end so."""
    listed = json.loads((country.folder / "public" / "metadata" / f"3.{ROLE}.json").read_bytes())["signed"]["targets"]
    return [
        country.folder / "public" / "targets" / Path(path).parent / f"{entry['hashes']['sha256']}.{Path(path).name}"
        for path, entry in listed.items()
        if path.endswith(tuple(endings))
    ]


class Lenders:
    """One of each edition, who then sleeps until it is asked to follow."""

    def __init__(self, country: Country) -> None:
        self.country = country
        self.stores: list[Path] = []

    def join(self) -> None:
        store = self.country.folder / "stores" / str(len(self.stores))
        import_bundle(store, self.country.bundle, root=self.country.first_root, at=self.country.at)
        self.stores.append(store)

    def follow(self) -> set[str]:
        """What all of them, and a new one, say of a certificate of the court."""
        self.join()
        certificate = self.country.houses[COURT].court.issue().json_text
        for store in self.stores:
            import_bundle(store, self.country.bundle, at=self.country.at)
        verifiers = [Verifier(TrustStore.open(store)) for store in self.stores]
        return {verifier.report(certificate, at=self.country.at).code for verifier in verifiers}
