"""A thief of a province's key, what he publishes by it, and the runbook that follows."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tuf.api.metadata import Metadata, TargetFile, Targets

from support.country import Country, passphrase_of
from support.handing_in import COURT, verdict
from support.issuers import SimulatedCourt, key_record
from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.role_keys import sign_metadata
from xinzheng_issuer.publishing.trust_list.contributions import Contribution, find_contributions, read_contribution
from xinzheng_issuer.publishing.trust_list.shares import key_file, open_share
from xinzheng_keys import SoftwareSigner
from xinzheng_schemas.trust_documents import KeyState, KeyUsage
from xinzheng_verifier.trust.names import sha256_of, target_name

PROVINCE = "province-42"


def refused(country: Country, role: str = PROVINCE) -> TrustListError:
    with pytest.raises(TrustListError) as caught:
        country.sign(role)
    assert caught.value.message("en") != caught.value.message("zh")
    return caught.value


def replace_provinces_key(country: Country, *, version: int) -> None:
    """The runbook of a stolen province's key, up to the province's own document."""
    country.rotate(PROVINCE)
    country.roles["provinces.42"]["leaving"] = []
    country.change("targets")
    country.sign("targets")
    country.roles["provinces.42"]["version"] = version


class Thief:
    """Has the province's key; what he has signed is published at once."""

    def __init__(self, country: Country) -> None:
        self.country, self.signer = country, SoftwareSigner.generate()
        self.version = country.roles["provinces.42"]["version"]

    def publishes(self, change: Callable[[Targets, dict[str, bytes]], None]) -> None:
        honest = [read_contribution(path) for path in find_contributions(self.country.incoming)]
        found = [Contribution(source="thief", files=self.signs(change)), *honest]
        answers = self.country.publisher.publish(found, at=self.country.at).answers
        assert {each.error for each in answers if each.source == "thief"} == {None}

    def signs(self, change: Callable[[Targets, dict[str, bytes]], None]) -> dict[str, bytes]:
        """The province's document as he changes it; and then what it lists."""
        public = self.country.folder / "public" / "metadata"
        document = Metadata[Targets].from_bytes((public / f"{self.version}.{PROVINCE}.json").read_bytes())
        self.version += 1
        document.signed.version = self.version
        name = f"metadata/{self.version}.{PROVINCE}.json"
        files: dict[str, bytes] = {}
        change(document.signed, files)
        document.signatures.clear()
        medium = self.country.folder / "media" / f"{PROVINCE}-1"
        share = open_share(key_file(medium, f"{PROVINCE}-1"), passphrase=passphrase_of(f"{PROVINCE}-1"))
        sign_metadata(document, share, append=True)
        return {name: json.dumps(document.to_dict(), ensure_ascii=False).encode(), **files}

    def adds_a_key(self, *courts: str, name: str = "cert-3") -> None:
        """His certificate key as one of these courts'."""

        def change(targets: Targets, files: dict[str, bytes]) -> None:
            for code in courts:
                list_issuer(targets, files, code, self.issuer(code, name))

        self.publishes(change)

    def issuer(self, code: str, name: str) -> bytes:
        court = self.country.houses[code].court
        records = {**court.records, "cert-3": key_record("cert-3", KeyUsage.CERTIFICATE, self.signer)}
        pretended = SimulatedCourt(name=court.name, region_code=code, records=records)
        return json.dumps(pretended.issuer_document()).encode().replace(b"#cert-3", f"#{name}".encode())

    def certificate(self) -> bytes:
        court = self.country.houses[COURT].court
        return json.dumps(court.secure(court.credential(), signer=self.signer, key="cert-3")).encode()


def list_issuer(targets: Targets, files: dict[str, bytes], code: str, issuer: bytes) -> None:
    path = f"courts/{code}/issuer.json"
    targets.targets[path] = TargetFile.from_data(path, issuer, ["sha256"])
    files[target_name(path, sha256_of(issuer))] = issuer


class Compromised:
    """The compromise of the court's certificate key is published; then its key folder comes back from a backup."""

    def __init__(self, country: Country) -> None:
        country.publish()
        self.country, self.court = country, country.houses[COURT].court
        self.certificate = self.court.issue().json_text
        self.backup = dict(self.court.records)
        key = self.backup["cert-1"]
        at = key.valid_from + timedelta(days=1)
        self.court.records["cert-1"] = replace(key, state=KeyState.COMPROMISED, compromised_at=at)
        country.next_day()
        country.hand_in()
        country.change(PROVINCE)
        country.sign(PROVINCE)
        country.publish()
        assert verdict(country, self.certificate) == "failed:key_compromised"
        country.next_day()

    def restore(self) -> None:
        self.court.records |= self.backup
        self.country.hand_in()
