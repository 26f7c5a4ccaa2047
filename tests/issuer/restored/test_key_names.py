"""What keys are called, by an operator or a thief of the bundle's online keys: one public key is one key.

And what no court can have called a key, or said of one, stops no recovery from such a thief.
"""

import json
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, generate_private_key

from support.office import CourtHouse
from support.restoring import CASES, Lender, revoke, run, token, xinzheng
from xinzheng_issuer.issuing.key_records import KeyEntry, read_entries, write_entries
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_keys.public_keys import multikey
from xinzheng_schemas.multibase import KeyType, encode_multikey
from xinzheng_schemas.trust_documents import KeyState

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


def forgets_the_key_in_use(house: CourtHouse, tmp_path: Path) -> bytes:
    """A certificate of cert-2; keys/ comes back from before that, and somebody puts the key file beside."""
    folder = folder_of(house)
    shutil.copytree(folder, tmp_path / "kept")
    keys(house, "create", "cert-2", "--usage", "certificate")
    keys(house, "activate", "cert-2", "--now")
    certificate = token(house, house.certificate(CASES[0])["certificateNumber"])
    content = (folder / "cert-2.pem").read_bytes()
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "kept", folder)
    (folder / "found.pem").write_bytes(content)
    (folder / "found.pem").chmod(0o600)
    return certificate


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


def as_another(house: CourtHouse, name: str, other: str, **changes: Any) -> object:
    """What the court lists, with one key under another name."""
    renamed = [replace(each, name=other, **changes) if each.name == name else each for each in records(house).values()]
    return house.issuer.keys.current().issuer_document(renamed)


def test_a_key_that_was_forgotten_is_not_staged_under_another_name(court: CourtHouse, tmp_path: Path) -> None:
    certificate = forgets_the_key_in_use(court, tmp_path)
    stage = ("keys", "stage", "cert-3", "--usage", "certificate", "--uri", "found.pem", "--reason", "drill")
    before = (folder_of(court) / "keys.json").read_bytes()
    for how in ("--dry-run", "--yes"):
        said = xinzheng(court, *stage, how, **QUIET)
        assert (said.exit_code, "[keys_restored]" in said.output, "cert-2" in said.output) == (1, True, True)
        assert "xinzheng db adopt" in said.output
    assert (folder_of(court) / "keys.json").read_bytes() == before
    (folder_of(court) / "found.pem").rename(folder_of(court) / "cert-2.pem")
    done(court, "db", "adopt")
    lender = Lender(court, tmp_path / "lender")
    lender.fetch()
    assert (lender.verdict(certificate), records(court)["cert-2"].state) == ("ok", KeyState.ACTIVE)


@pytest.mark.parametrize("is_listed_twice", [False, True])
def test_a_court_whose_folder_has_one_key_under_two_names_goes_on(
    court: CourtHouse, tmp_path: Path, *, is_listed_twice: bool
) -> None:
    """It was staged under another name, and taken over beside it: it goes on under the name that lenders know."""
    certificate = forgets_the_key_in_use(court, tmp_path)
    forgotten = next(each.record for each in court.issuer.outbox.forgotten_keys())
    now = datetime.now(UTC).replace(microsecond=0)
    entries = [*read_entries(folder_of(court))]
    entries.append(KeyEntry(replace(forgotten, name="cert-3", state=KeyState.STAGED, valid_from=now), "found.pem", ()))
    if is_listed_twice:
        entries.append(KeyEntry(forgotten, "found.pem", ()))
    write_entries(folder_of(court), entries)
    assert court.issuer.outbox.renew().reason == "keys_restored"
    said = run(court, "--dry-run").output
    assert "Key cert-2: the key folder has the same key as cert-3; it goes on as cert-2 alone." in said
    assert "private half" not in said
    assert "与其为同一密钥" in run(court, "--dry-run", LC_ALL="zh_CN.UTF-8").output
    done(court, "db", "adopt")
    names = {"cert-1": "active", "status-1": "active", "cert-2": "active"}
    assert ({name: each.state for name, each in records(court).items()}, listed(court)) == (names, names)
    lender = Lender(court, tmp_path / "lender")
    lender.fetch()
    newer = token(court, court.certificate(CASES[1])["certificateNumber"])
    lender.fetch()
    assert [lender.verdict(each) for each in (certificate, newer)] == ["ok", "ok"]
    assert court.issuer.outbox.forgotten_keys() == []
    assert "nothing to take over" in run(court, "--dry-run").output
    keys(court, "create", "cert-4", "--usage", "certificate")


def test_a_thief_who_lists_a_key_under_another_name_stops_nothing(court: CourtHouse, tmp_path: Path) -> None:
    number = court.certificate(CASES[0])["certificateNumber"]
    certificate, lender = token(court, number), Lender(court, tmp_path / "lender")
    lender.fetch()
    thief_publishes(court, as_another(court, "cert-1", "cert-9"))
    lender.fetch()
    assert lender.verdict(certificate) == "kid_unknown"
    done(court, "bundle-keys", "rotate", *ONLINE, "--reason", "stolen")
    assert listed(court) == {"cert-1": "active", "status-1": "active"}
    lender.fetch()
    assert lender.verdict(certificate) == "ok"
    assert revoke(court, number)["published"]
    lender.fetch()
    assert lender.verdict(certificate) == "revoked"


def test_what_a_thief_says_of_the_end_of_a_key_counts_under_whatever_name(court: CourtHouse, tmp_path: Path) -> None:
    """Lenders were told so: nobody knows that it was not the court."""
    certificate = token(court, court.certificate(CASES[0])["certificateNumber"])
    said = {"state": KeyState.COMPROMISED, "compromised_at": court.clock.now.replace(microsecond=0)}
    thief_publishes(court, as_another(court, "cert-1", "cert-9", **said))
    assert "Key cert-1: the key folder does not know that it is compromised" in run(court, "--dry-run").output
    done(court, "db", "adopt")
    assert listed(court) == {"cert-1": "compromised", "status-1": "active"}
    lender = Lender(court, tmp_path / "lender")
    lender.fetch()
    assert lender.verdict(certificate) == "key_compromised"


@pytest.mark.parametrize("name", ["cert-1", "status-1"])
def test_a_key_of_a_thief_that_was_taken_over_beside_the_courts_own_is_none(
    court: CourtHouse, tmp_path: Path, name: str
) -> None:
    """As `db adopt` once did, which left the court without a list that anybody could read."""
    certificate = token(court, court.certificate(CASES[0])["certificateNumber"])
    thief_publishes(court, as_another(court, name, "key-9"))
    entries, now = [*read_entries(folder_of(court))], datetime.now(UTC).replace(microsecond=0)
    mine = records(court)[name]
    second = replace(mine, name="key-9", state=KeyState.RETIRED, valid_until=now + timedelta(seconds=1))
    write_entries(folder_of(court), [*entries, KeyEntry(second, "key-9.pem", ())])
    time.sleep(2)
    said = xinzheng(court, "db", "adopt", "--yes", **QUIET)
    assert f"the key folder has the same key as key-9; it goes on as {name} alone" in said.output, said.output
    assert ("No key is left" in said.output, list(records(court))) == (True, ["cert-1", "status-1"])
    usage = "certificate" if name == "cert-1" else "status"
    xinzheng(court, "keys", "create", "new-2", "--usage", usage, "--reason", "drill", "--yes", **QUIET)
    keys(court, "activate", "new-2", "--now")
    done(court, "bundle-keys", "rotate", *ONLINE, "--reason", "stolen")
    lender = Lender(court, tmp_path / "lender")
    lender.fetch()
    newer = token(court, court.certificate(CASES[1])["certificateNumber"])
    lender.fetch()
    assert [lender.verdict(each) for each in (certificate, newer)] == ["ok", "ok"]


def no_point(document: dict[str, Any]) -> dict[str, Any]:
    """The first key is listed as Multikey alone, with an x that no point of the curve has."""
    octets = next(each for each in (n.to_bytes(32) for n in range(1, 99)) if not is_on_curve(each))
    controller = document["controllerDocument"]
    first, second = controller["verificationMethod"][:2]
    first["publicKeyMultibase"] = encode_multikey(KeyType.P256, b"\x02" + octets)
    controller["verificationMethod"].remove(second)
    controller["assertionMethod"].remove(second["id"])
    document["keys"][0]["methods"].remove(second["id"])
    return document


def is_on_curve(x: bytes) -> bool:
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), b"\x02" + x)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("what", ["a name", "no point", "no document"])
def test_what_no_court_can_have_published_does_not_keep_it_from_replacing_the_stolen_keys(
    court: CourtHouse, tmp_path: Path, what: str
) -> None:
    number = court.certificate(CASES[0])["certificateNumber"]
    certificate, lender = token(court, number), Lender(court, tmp_path / "lender")
    lender.fetch()
    document = court.issuer.keys.current().issuer_document()
    if what == "a name":
        document = json.loads(json.dumps(document).replace("#cert-1", "#Cert_X"))
    elif what == "no point":
        document = no_point(document)
    else:
        document = {"x": 1}
    thief_publishes(court, document)
    assert "nothing to take over" in run(court, "--dry-run").output
    if what != "a name":  # what no lender reads is replaced first
        assert xinzheng(court, "bundle", **QUIET).exit_code == 0
        court.clock.now = datetime.now(UTC)
    done(court, "bundle-keys", "rotate", *ONLINE, "--reason", "stolen")
    assert listed(court) == {"cert-1": "active", "status-1": "active"}
    lender.fetch()
    assert lender.verdict(certificate) == "ok"
    assert revoke(court, number)["published"]
    court.certificate(CASES[1])


@pytest.mark.parametrize("what", ["begins after all time", "staged, and ended before it began"])
def test_windows_that_no_court_gave_a_key_are_taken_over(court: CourtHouse, tmp_path: Path, what: str) -> None:
    """They were published under a good name, so that lenders were told so."""
    if what == "begins after all time":
        key = generate_private_key(SECP256R1()).public_key()
        said: dict[str, Any] = {"public_key_multibase": multikey(key), "valid_from": datetime.max.replace(tzinfo=UTC)}
        thief_publishes(court, as_another(court, "cert-1", "cert-9", **said))
    else:
        began = court.clock.now.replace(microsecond=0) - timedelta(days=9)
        said = {"state": KeyState.STAGED, "valid_from": began, "valid_until": began + timedelta(days=1)}
        thief_publishes(court, as_another(court, "cert-1", "cert-1", **said))
    done(court, "db", "adopt")
    if what == "begins after all time":
        keys(court, "compromise", "cert-9")
    done(court, "bundle-keys", "rotate", *ONLINE, "--reason", "stolen")
    keys(court, "create", "cert-2", "--usage", "certificate")
    keys(court, "activate", "cert-2", "--now")
    certificate, lender = token(court, court.certificate(CASES[0])["certificateNumber"]), Lender(court, tmp_path / "l")
    lender.fetch()
    assert lender.verdict(certificate) == "ok"
