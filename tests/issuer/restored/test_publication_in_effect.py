"""What stands in the publication folder: read from what is signed, made whole where it can be; nobody else is heard."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from support.office import CourtHouse
from support.restoring import CASES, Lender, bring_back, hindrances, revoke, run, snapshot, suspend, token, verdict
from xinzheng_issuer.cli import main
from xinzheng_issuer.publishing.bundle import BundlePublisher
from xinzheng_schemas import bitstring
from xinzheng_verifier.trust.archive import Archive, pack
from xinzheng_verifier.trust.names import sha256_of, target_name, target_path

REVOCATION = "courts/420683/status/1/revocation.json"
JOURNAL = "courts/420683/status/1/revocation.changes.json"
FORGED_INDEX = 777


def public(house: CourtHouse) -> Path:
    return house.issuer.settings.public_folder


def newest_bundle(house: CourtHouse) -> Path:
    version = json.loads((public(house) / "metadata" / "timestamp.json").read_bytes())["signed"]["version"]
    return public(house) / "bundles" / f"bundle-{version}.xzb"


def lengthened(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" ")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def forged(targets: Mapping[str, bytes]) -> dict[str, bytes]:
    """The targets, one more entry revoked by a list and a journal that nobody signed."""
    document, journal = json.loads(targets[REVOCATION]), json.loads(targets[JOURNAL])
    subject = document["credentialSubject"]
    bits = bytearray(bitstring.decode(subject["encodedList"], max_bytes=2**21))
    bitstring.set_bit(bits, FORGED_INDEX)
    subject["encodedList"] = bitstring.encode(bytes(bits))
    subject["sequence"] = journal["sequence"] = 10**9
    journal["changes"].append([int(datetime.now(UTC).timestamp()), FORGED_INDEX, 1])
    for each in (document, journal):
        each["proof"]["proofValue"] = "z" + "1" * 80
    made = {REVOCATION: document, JOURNAL: journal}
    return {**targets, **{path: json.dumps(each, ensure_ascii=False).encode() for path, each in made.items()}}


def published_list(house: CourtHouse) -> bytes:
    edition = house.issuer.outbox.publisher.in_effect
    assert edition is not None
    return edition.targets[REVOCATION]


# --- damage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [cut, lengthened, Path.unlink], ids=["cut", "lengthened", "gone"])
def test_a_damaged_bundle_is_made_again_and_stops_nothing(court: CourtHouse, damage: Callable[[Path], object]) -> None:
    number = court.certificate(CASES[0])["certificateNumber"]
    certificate = token(court, number)
    assert court.issuer.outbox.renew().published
    path = newest_bundle(court)
    before = path.read_bytes()
    damage(path)
    assert court.get("/bundle/latest.xzb", None).content == before
    assert path.read_bytes() == before
    damage(newest_bundle(court))
    assert "nothing to take over" in run(court, "--dry-run").output
    assert revoke(court, number)["published"]
    assert verdict(court, certificate) == "revoked"


@pytest.mark.parametrize("damage", [cut, Path.unlink], ids=["cut", "gone"])
def test_a_damaged_list_is_read_from_the_bundle_and_written_again(
    court: CourtHouse, damage: Callable[[Path], object]
) -> None:
    number = court.certificate(CASES[0])["certificateNumber"]
    assert court.issuer.outbox.renew().published
    path = public(court) / target_name(REVOCATION, sha256_of(published_list(court)))
    before = path.read_bytes()
    damage(path)
    suspend(court, number)
    assert court.state(number) == "suspended"
    assert path.read_bytes() == before
    with court.issuer.office.reading() as store:
        assert store.pending_publications() == []


def test_what_cannot_be_read_has_a_code_that_leads_on(court: CourtHouse) -> None:
    number = court.certificate(CASES[0])["certificateNumber"]
    for path in (newest_bundle(court), next((public(court) / "metadata").glob("*.targets.json"))):
        cut(path)
    shutil.rmtree(public(court) / "targets")
    publication = revoke(court, number)
    assert (publication["published"], publication["detail"]) == (False, "edition_damaged")
    for arguments in (["db", "adopt", "--yes"], ["bundle"]):
        said = CliRunner().invoke(main, [*arguments, "--data", str(court.issuer.settings.data)], env=dict(os.environ))
        assert said.exit_code == 1
        assert "edition_damaged" in said.output


def test_a_folder_that_cannot_be_written_has_a_code(court: CourtHouse) -> None:
    number = court.certificate(CASES[0])["certificateNumber"]
    bundles = public(court) / "bundles"
    shutil.rmtree(bundles)
    bundles.write_bytes(b"no folder")
    assert revoke(court, number)["detail"] == "publication_unwritable"
    bundles.unlink()
    bundles.mkdir()
    assert court.issuer.tend().published


# --- what others wrote there ------------------------------------------------------------------------------------------


def test_a_bundle_that_nobody_signed_is_not_believed(court: CourtHouse) -> None:
    """Whoever can write the folder that mirrors use gets nothing revoked."""
    assert court.issuer.outbox.renew().published
    path = newest_bundle(court)
    before = path.read_bytes()
    files = dict(Archive(before))
    targets = {each: content for name, content in files.items() if (each := target_path(name))}
    others = {name: content for name, content in files.items() if target_path(name) is None}
    made = {target_name(each, sha256_of(content)): content for each, content in forged(targets).items()}
    path.write_bytes(pack({**others, **made}))

    assert "nothing to take over" in run(court, "--yes").output
    assert court.get("/bundle/latest.xzb", None).content == before
    assert court.issuer.outbox.renew().published
    document = json.loads(published_list(court))
    assert document["credentialSubject"]["sequence"] < 10
    bits = bitstring.decode(document["credentialSubject"]["encodedList"], max_bytes=2**21)
    assert not bitstring.get_bit(bits, FORGED_INDEX)


def test_lists_that_the_court_did_not_sign_are_never_signed_again(court: CourtHouse) -> None:
    """Even where whoever wrote them had the keys of the bundle's roles: the status key was not theirs."""
    certificate = court.certificate(CASES[0])["certificateNumber"]
    publisher = court.issuer.outbox.publisher
    assert publisher.in_effect is not None
    publisher.publish(forged(publisher.in_effect.targets), at=court.clock.now)
    for arguments in (["--dry-run"], ["--yes"]):
        said = run(court, *arguments)
        assert (said.exit_code, "[list_not_own]" in said.output) == (1, True)
        assert "并非本院所签" in run(court, *arguments, LC_ALL="zh_CN.UTF-8").output
    assert revoke(court, certificate)["detail"] == "list_not_own"
    with court.issuer.office.reading() as store:
        row = store.status_list(1, "revocation")
        assert row is not None
        assert row.sequence < 10


def test_what_lenders_have_takes_the_place_of_lists_that_the_court_did_not_sign(
    court: CourtHouse, tmp_path: Path
) -> None:
    """As the refusal says, though the forged edition has the higher number."""
    number = court.certificate(CASES[0])["certificateNumber"]
    assert revoke(court, number)["published"]
    publisher, lender = court.issuer.outbox.publisher, Lender(court, tmp_path / "lender")
    lender.fetch()
    assert publisher.in_effect is not None
    publisher.publish(forged(publisher.in_effect.targets), at=court.clock.now)
    forgery = publisher.latest
    assert forgery is not None
    assert "xinzheng db adopt --bundle" in run(court, "--yes").output
    done = run(court, "--bundle", lender.file(), "--yes")
    assert (done.exit_code, f"Published as version {forgery.version + 1}" in done.output) == (0, True), done.output
    bits = bitstring.decode(json.loads(published_list(court))["credentialSubject"]["encodedList"], max_bytes=2**21)
    assert not bitstring.get_bit(bits, FORGED_INDEX)
    court.clock.now = max(court.clock.now, datetime.now(UTC))
    lender.fetch()
    assert lender.verdict(token(court, number)) == "revoked"


def test_a_bundle_with_lists_that_no_status_key_signed_is_called_a_bundle(court: CourtHouse, tmp_path: Path) -> None:
    """Not even the keys that its own issuer.json names: the keys of the roles alone make no list the court's."""
    court.certificate(CASES[0])
    kept = snapshot(court)
    publisher = court.issuer.outbox.publisher
    assert publisher.in_effect is not None
    publisher.publish(forged(publisher.in_effect.targets), at=court.clock.now)
    bundle = str(shutil.copy(newest_bundle(court), tmp_path / "newest.xzb"))
    bring_back(court, kept)
    before = published_list(court)
    said = run(court, "--bundle", bundle, "--yes")
    assert (said.exit_code, "[bundle_list_not_own]" in said.output) == (1, True)
    assert "in the bundle is signed by no status key" in said.output
    assert "信任包中的" in run(court, "--bundle", bundle, "--yes", LC_ALL="zh_CN.UTF-8").output
    assert published_list(court) == before


@pytest.mark.parametrize(("is_kept", "code"), [(True, "line_forgotten"), (False, "roots_unproven")])
def test_another_repository_in_its_place_is_refused(
    court: CourtHouse, tmp_path: Path, is_kept: bool, code: str
) -> None:
    number = court.certificate(CASES[0])["certificateNumber"]
    publisher = court.issuer.outbox.publisher
    assert publisher.in_effect is not None
    targets = forged(publisher.in_effect.targets)
    newest = tmp_path / "newest.xzb"
    newest.write_bytes(publisher.in_effect.bundle)
    other = BundlePublisher.create(
        tmp_path / "other", keys=tmp_path / "keys", passphrase=lambda: b"a passphrase of the tests", at=court.clock.now
    )
    other.publish(targets, at=court.clock.now)
    shutil.rmtree(public(court))
    shutil.copytree(tmp_path / "other", public(court))
    if not is_kept:
        (court.issuer.settings.keys_folder / "bundle" / "kept-roots.json").unlink()
    said = run(court, "--yes")
    assert (said.exit_code, f"[{code}]" in said.output) == (1, True)
    assert not revoke(court, number)["published"]
    if is_kept:  # As the refusal says of roots that are not the court's.
        done = run(court, "--bundle", str(newest), "--yes")
        assert done.exit_code == 0, done.output
        assert hindrances(court) == []


def test_keys_that_were_retired_or_compromised_since_still_count(court: CourtHouse) -> None:
    """A register that forgets cannot be brought up to date else, once the status key had to go."""
    number = court.certificate(CASES[0])["certificateNumber"]
    revoke(court, number)
    edition = court.issuer.outbox.publisher.in_effect
    assert edition is not None
    for arguments in (
        ["create", "status-2", "--usage", "status"],
        ["activate", "status-2", "--now"],
        ["compromise", "status-1", "--at", "2026-01-01T00:00:00Z"],
    ):
        arguments += ["--data", str(court.issuer.settings.data), "--reason", "drill", "--yes"]
        said = CliRunner().invoke(main, ["keys", *arguments], env=dict(os.environ))
        assert said.exit_code == 0, said.output
    court.clock.now = datetime.now(UTC)
    court.issuer.outbox.publisher.publish(edition.targets, at=court.clock.now)  # as if the step had not been published
    assert run(court, "--dry-run").exit_code == 0
    state = court.issuer.outbox.renew()
    assert (state.published, state.reason) == (True, None)
    assert published_list(court) != edition.targets[REVOCATION]
