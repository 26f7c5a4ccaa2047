"""What becomes of contributions to the country's list, and a court that signs anything."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from tuf.api.metadata import Delegations, Metadata, TargetFile, Targets

from support.country import Country, passphrase_of
from xinzheng_issuer.errors import PublishingError, TrustListError
from xinzheng_issuer.publishing.trust_list.publisher import Result
from xinzheng_issuer.publishing.trust_list.shares import key_file, open_share
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.trust.names import sha256_of, target_name

COURT = "420683"
REVOCATION = f"courts/{COURT}/status/1/revocation.json"


def answers(result: Result) -> dict[str, str]:
    """Role → what became of its newest metadata."""
    return {answer.role: answer.error.code if answer.error else "taken" for answer in result.answers}


def refusal(action: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    with pytest.raises((TrustListError, PublishingError)) as caught:
        action(*arguments, **options)
    assert caught.value.message("en") != caught.value.message("zh")
    return caught.value.code


def trust(country: Country) -> TrustStore:
    return TrustStore.from_bundle(country.bundle, root=country.first_root, at=country.at)


def verdict(country: Country, certificate: bytes) -> str:
    report = Verifier(trust(country)).report(certificate, at=country.at)
    return f"{report.verdict}:{report.code}"


class Forge:
    """Signs anything as a court would, and hands it in beside what the others do."""

    def __init__(self, country: Country, court: str = COURT, *, version: int = 2, days: int = 1) -> None:
        country.next_day(days)
        self.country, self.court, self.version = country, court, version
        self.house = country.houses[court]
        self.targets = self.house.targets(country.at)
        self.issuer = self.targets.pop(f"courts/{court}/issuer.json")
        self.members: dict[str, Any] = {"publishedAt": format_timestamp(country.at)}
        self.expires = country.at + timedelta(days=7)
        self.delegations: Delegations | None = None
        self.signer = open_share(
            key_file(self.house.contributor.keys, f"court-{court}-1"), passphrase=self.house.contributor.passphrase
        )

    def files(self) -> dict[str, bytes]:
        listed = {path: TargetFile.from_data(path, content, ["sha256"]) for path, content in self.targets.items()}
        signed = Targets(
            version=self.version,
            expires=self.expires,
            targets=listed,
            unrecognized_fields=self.members,
            delegations=self.delegations,
        )
        metadata = Metadata(signed)
        metadata.sign(self.signer)
        files = {target_name(path, sha256_of(content)): content for path, content in self.targets.items()}
        return {f"metadata/{self.version}.court-{self.court}.json": metadata.to_bytes(), **files}


def thiefs_document(
    country: Country, file: str, *, version: int, listing: Mapping[str, bytes], change: Callable[[Targets], Any] = id
) -> dict[str, bytes]:
    """What a thief of all keys of `targets` or a province makes of its published document: he lists more, and the like.

    Args:
        country: whose public folder and media.
        file: name of the published metadata.
        version: number of his.
        listing: path → content of what he lists besides.
        change: does anything else to it.
    """
    role = file.split(".")[1]
    document: Metadata[Targets] = Metadata.from_bytes((country.folder / "public" / "metadata" / file).read_bytes())
    document.signed.version = version
    document.signed.targets |= {path: TargetFile.from_data(path, data, ["sha256"]) for path, data in listing.items()}
    change(document.signed)
    document.signatures.clear()
    for share in country.roles[role.replace("province-", "provinces.")]["shares"]:
        key = key_file(country.folder / share["medium"], share["name"])
        document.sign(open_share(key, passphrase=passphrase_of(share["name"])), append=True)
    files = {target_name(path, sha256_of(data)): data for path, data in listing.items()}
    return {f"metadata/{version}.{role}.json": document.to_bytes(), **files}
