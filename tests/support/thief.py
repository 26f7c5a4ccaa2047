"""A court whose operator follows the pages, and a thief of the keys of its bundle's online roles."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from support.office import CourtHouse
from support.restoring import xinzheng
from xinzheng_issuer.issuing.key_records import read_entries
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_keys.public_keys import multikey

ISSUER = "courts/420683/issuer.json"
QUIET = {"XINZHENG_LOG_LEVEL": "error", "LC_ALL": "C.UTF-8"}
ONLINE = ("targets", "snapshot", "timestamp")


def done(house: CourtHouse, *arguments: str) -> str:
    said = xinzheng(house, *arguments, "--yes", **QUIET)
    assert said.exit_code == 0, said.output
    house.clock.now = datetime.now(UTC)
    return said.output


def keys(house: CourtHouse, *arguments: str) -> str:
    return done(house, "keys", *arguments, "--reason", "drill")


def folder_of(house: CourtHouse) -> Path:
    return house.issuer.settings.keys_folder


def records(house: CourtHouse) -> dict[str, KeyRecord]:
    return {entry.record.name: entry.record for entry in read_entries(folder_of(house))}


def listed(house: CourtHouse) -> dict[str, str]:
    """Names and states, as lenders are told."""
    edition = house.issuer.outbox.publisher.in_effect
    assert edition is not None
    return {key["methods"][0].rpartition("#")[2]: key["state"] for key in json.loads(edition.targets[ISSUER])["keys"]}


def thief_publishes(house: CourtHouse, document: object) -> None:
    """No matter whether any lender reads it."""
    publisher = house.issuer.outbox.publisher
    edition = publisher.in_effect
    assert edition is not None
    time.sleep(1.1)
    house.clock.now = datetime.now(UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xinzheng_issuer.publishing.bundle._check", lambda *_, **__: None)
        publisher.publish({**edition.targets, ISSUER: json.dumps(document).encode()}, at=house.clock.now)


def new_records(house: CourtHouse, *names: str) -> list[KeyRecord]:
    """Certificate keys that the court does not have."""
    like = records(house)["cert-1"]
    public = [multikey(generate_private_key(SECP256R1()).public_key()) for _ in names]
    return [replace(like, name=each, public_key_multibase=key) for each, key in zip(names, public, strict=True)]
