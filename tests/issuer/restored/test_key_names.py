"""What keys are called, by an operator or a thief of the bundle's online keys: a public key has the court's own name.

And what no court can have called a key, or said of one, stops no recovery from such a thief.
"""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, generate_private_key

from support.office import CourtHouse
from support.restoring import CASES, Lender, revoke, run, token, xinzheng
from support.thief import (
    ISSUER,
    ONLINE,
    QUIET,
    done,
    folder_of,
    keys,
    listed,
    new_records,
    records,
    thief_publishes,
)
from xinzheng_keys.public_keys import multikey
from xinzheng_schemas.multibase import KeyType, encode_multikey
from xinzheng_schemas.trust_documents import KeyState, KeyUsage


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


def test_names_that_a_thief_exchanges_move_no_key(court: CourtHouse) -> None:
    """That of a key in use is passed over; of keys that wait nobody can tell, and nothing is taken over."""
    for name, usage in (("cert-2", "certificate"), ("status-2", "status")):
        keys(court, "create", name, "--usage", usage)
    mine, before = records(court), (folder_of(court) / "keys.json").read_bytes()
    pairs = (("cert-2", "status-2"), ("status-2", "cert-2"))
    swapped = [replace(mine[a], name=b, state=KeyState.ACTIVE) for a, b in pairs]
    in_use = [mine["cert-1"], mine["status-1"]]
    for listing, said in (
        ([replace(mine["status-1"], name="cert-1")], "nothing to take over"),
        ([*in_use, *swapped], "[key_name_twice]"),
    ):
        thief_publishes(court, court.issuer.keys.current().issuer_document(listing))
        assert said in run(court, "--yes").output
        assert (folder_of(court) / "keys.json").read_bytes() == before
        court.clock.now = datetime.now(UTC)


@pytest.mark.parametrize("name", ["cert-1", "cert-9"])
def test_a_name_that_a_thief_gives_a_key_takes_no_compromise_back(court: CourtHouse, tmp_path: Path, name: str) -> None:
    """The key folder came back from before it; the register knows."""
    keys(court, "create", "status-2", "--usage", "status")
    keys(court, "activate", "status-2", "--now")
    shutil.copytree(folder_of(court), tmp_path / "kept")
    listing = [replace(records(court)["status-1"], name=name), records(court)["status-2"]]
    keys(court, "compromise", "status-1")
    document = court.issuer.keys.current().issuer_document(listing)
    shutil.rmtree(folder_of(court))
    shutil.copytree(tmp_path / "kept", folder_of(court))
    thief_publishes(court, document)
    assert [(each.record.name, each.step) for each in court.issuer.outbox.forgotten_keys()] == [
        ("status-1", "compromise")
    ]
    assert "keys_restored" in xinzheng(court, "bundle", **QUIET).output
    done(court, "db", "adopt")
    assert (listed(court)["status-1"], records(court)["status-1"].state) == ("compromised", KeyState.COMPROMISED)


@pytest.mark.parametrize("is_compromised", [False, True])
def test_a_key_that_the_folder_forgot_comes_back_by_the_register_whatever_a_thief_calls_so(
    court: CourtHouse, tmp_path: Path, *, is_compromised: bool
) -> None:
    certificate = forgets_the_key_in_use(court, tmp_path)
    (folder_of(court) / "found.pem").rename(folder_of(court) / "cert-2.pem")
    if is_compromised:
        done(court, "db", "adopt")
        shutil.copytree(folder_of(court), tmp_path / "active")
        keys(court, "compromise", "cert-2")
        shutil.rmtree(folder_of(court))
        shutil.copytree(tmp_path / "active", folder_of(court))
    listing = [records(court)["cert-1"], replace(records(court)["status-1"], name="cert-2")]
    thief_publishes(court, court.issuer.keys.current().issuer_document(listing))
    done(court, "db", "adopt")
    done(court, "bundle-keys", "rotate", *ONLINE, "--reason", "stolen")
    lender = Lender(court, tmp_path / "lender")
    lender.fetch()
    assert lender.verdict(certificate) == ("key_compromised" if is_compromised else "ok")


def test_a_thiefs_own_key_never_takes_the_name_of_one_that_the_folder_forgot(court: CourtHouse, tmp_path: Path) -> None:
    """The register knows which key it was: what he signs would pass, and what the court signed would not."""
    forgets_the_key_in_use(court, tmp_path)
    public = multikey(generate_private_key(SECP256R1()).public_key())
    thief_publishes(court, as_another(court, "cert-1", "cert-2", public_key_multibase=public))
    before = (folder_of(court) / "keys.json").read_bytes()
    for how in ("--dry-run", "--yes"):
        assert "[key_name_twice]" in run(court, how).output
    assert (folder_of(court) / "keys.json").read_bytes() == before


def listing_of(house: CourtHouse) -> dict[str, Any]:
    """What lenders are told."""
    edition = house.issuer.outbox.publisher.in_effect
    assert edition is not None
    document: dict[str, Any] = json.loads(edition.targets[ISSUER])
    return document


def test_what_a_key_signed_says_its_use_whatever_a_thief_publishes(court: CourtHouse, tmp_path: Path) -> None:
    certificate = forgets_the_key_in_use(court, tmp_path)
    (folder_of(court) / "found.pem").rename(folder_of(court) / "cert-2.pem")
    document = listing_of(court)
    [key] = [each for each in document["keys"] if each["methods"][0].endswith("#cert-2")]
    key["usage"] = "status"
    thief_publishes(court, document)
    done(court, "db", "adopt")
    done(court, "bundle-keys", "rotate", *ONLINE, "--reason", "stolen")
    lender = Lender(court, tmp_path / "lender")
    lender.fetch()
    assert (lender.verdict(certificate), records(court)["cert-2"].usage) == ("ok", KeyUsage.CERTIFICATE)


def test_the_register_knows_a_key_by_another_name_where_nothing_published_can_be_read(
    court: CourtHouse, tmp_path: Path
) -> None:
    forgets_the_key_in_use(court, tmp_path)
    (court.issuer.settings.public_folder / "metadata" / "timestamp.json").write_bytes(b"{")
    before = (folder_of(court) / "keys.json").read_bytes()
    for how in ("--dry-run", "--yes"):
        stage = ("keys", "stage", "cert-3", "--usage", "certificate", "--uri", "found.pem", "--reason", "drill", how)
        said = xinzheng(court, *stage, **QUIET)
        assert (said.exit_code, "[keys_restored]" in said.output, "cert-2" in said.output) == (1, True, True)
    assert (folder_of(court) / "keys.json").read_bytes() == before


@pytest.mark.parametrize("what", ["one key under two names", "more keys than fit"])
def test_what_cannot_be_taken_over_is_refused_before_anything_is_changed(
    court: CourtHouse, tmp_path: Path, what: str
) -> None:
    """A thief of the bundle's online keys names keys of his own; the way out is a bundle of before him."""
    certificate = token(court, court.certificate(CASES[0])["certificateNumber"])
    lender, issue = Lender(court, tmp_path / "lender"), court.issuer.keys.current().issuer_document
    lender.fetch()
    before, public = lender.file(), court.issuer.settings.public_folder
    if what == "one key under two names":
        [his] = new_records(court, "cert-8")
        thief_publishes(court, issue([*records(court).values(), his]))
        second = issue([*records(court).values(), replace(his, name="cert-9")])
    else:
        second = issue(new_records(court, *(f"cert-{number}" for number in range(8, 135))))
    shutil.copytree(public, tmp_path / "kept")
    thief_publishes(court, second)
    (tmp_path / "his.xzb").write_bytes(court.get("/bundle/latest.xzb", None).content)
    shutil.rmtree(public)
    shutil.copytree(tmp_path / "kept", public)
    files = {path: path.read_bytes() for path in court.issuer.settings.data.rglob("*") if path.is_file()}
    for how in ("--dry-run", "--yes"):
        said = run(court, "--bundle", str(tmp_path / "his.xzb"), how)
        assert (said.exit_code, "[keys_foreign]" in said.output) == (1, True), said.output
        assert {path: path.read_bytes() for path in files} == files
    public.rename(tmp_path / "away")
    done(court, "db", "adopt", "--bundle", before)
    done(court, "bundle-keys", "rotate", *ONLINE, "--reason", "stolen")
    assert listed(court) == {"cert-1": "active", "status-1": "active"}
    lender.fetch()
    assert lender.verdict(certificate) == "ok"


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
