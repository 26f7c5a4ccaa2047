"""The key folder came back from a backup: nothing that was published or recorded of a key is ever taken back."""

import json
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.office import CourtHouse, application
from support.restoring import (
    CASES,
    Lender,
    backup,
    begun,
    bring_back,
    restore,
    revoke,
    run,
    snapshot,
    token,
    verdict,
    xinzheng,
)
from xinzheng_issuer.issuing.key_records import read_entries
from xinzheng_schemas.trust_documents import KeyState

NEXT_CASE = application(enforcementCaseNumber="（2022）鄂0683执131号")
CERT_2 = ("create", "cert-2", "--usage", "certificate")
STATUS_2 = ("create", "status-2", "--usage", "status")


def keys(house: CourtHouse, *arguments: str) -> None:
    said = xinzheng(house, "keys", *arguments, "--reason", "drill", "--yes", XINZHENG_LOG_LEVEL="error")
    assert said.exit_code == 0, said.output
    house.clock.now = datetime.now(UTC)


def kept_keys(house: CourtHouse) -> Path:
    """A backup of the key folder alone."""
    folder = house.issuer.settings.keys_folder
    return Path(shutil.copytree(folder, folder.with_name("keys of before")))


def restore_keys(house: CourtHouse, kept: Path) -> None:
    folder = house.issuer.settings.keys_folder
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)


def states(house: CourtHouse) -> dict[str, KeyState]:
    return {entry.record.name: entry.record.state for entry in read_entries(house.issuer.settings.keys_folder)}


def taken_over(house: CourtHouse, *arguments: str) -> str:
    said = run(house, *arguments, "--yes")
    assert said.exit_code == 0, said.output
    house.clock.now = datetime.now(UTC)
    return said.output


def hindrances(house: CourtHouse) -> list[str]:
    house.issuer.outbox.look()
    found: list[str] = house.get("/healthz", None).json()["hindrances"]
    return found


def test_a_restored_machine_does_not_take_a_compromise_back(court: CourtHouse, tmp_path: Path) -> None:
    certificate = token(court, court.certificate(CASES[0])["certificateNumber"])
    keys(court, *CERT_2)
    keys(court, "activate", "cert-2", "--now")
    lender = Lender(court, tmp_path / "lender")
    lender.fetch()
    kept = snapshot(court)
    keys(court, "compromise", "cert-1")
    lender.fetch()
    assert lender.verdict(certificate) == "key_compromised"
    bring_back(court, kept)

    said = run(court, "--bundle", lender.file(), "--dry-run").output
    assert "Key cert-1: the key folder does not know that it is compromised since" in said
    chinese = run(court, "--bundle", lender.file(), "--dry-run", LC_ALL="zh_CN.UTF-8").output
    assert "密钥 cert-1：密钥目录不知其自" in chinese
    assert states(court)["cert-1"] is KeyState.ACTIVE  # only said
    taken_over(court, "--bundle", lender.file())
    lender.fetch()
    assert lender.verdict(certificate) == "key_compromised"
    assert hindrances(court) == []
    with court.issuer.office.reading() as store:
        event = store.key_events("cert-1")[-1]
    assert (event.action, event.to_state) == ("adopt", "compromised")
    assert token(court, court.certificate(NEXT_CASE)["certificateNumber"])


@pytest.mark.parametrize("step", ["compromise", "retire"])
def test_an_older_key_folder_stops_the_court_until_it_knows(court: CourtHouse, tmp_path: Path, step: str) -> None:
    """Register and publication folder both know: a server that runs on is stopped at once, and nothing is signed."""
    certificate = token(court, court.certificate(CASES[0])["certificateNumber"])
    keys(court, *CERT_2)
    keys(court, "activate", "cert-2", "--now")
    case = court.approved(CASES[1])
    court.issuer.outbox.look()
    kept, lender = kept_keys(court), Lender(court, tmp_path / "lender")
    keys(court, step, "cert-1")
    lender.fetch()
    verdict = lender.verdict(certificate)
    listed = court.issuer.keys.current().issuer_document()["keys"]
    restore_keys(court, kept)

    # Before the next look of the server's timer: the folder is another one.
    answer = court.post(f"{case}/issuance", {}, "sealOperator")
    assert (answer.status_code, answer.json()["code"]) == (503, "keys_restored")
    state = court.issuer.outbox.renew()
    assert (state.published, state.reason) == (False, "keys_restored")
    assert hindrances(court) == ["keys_restored"]
    said = xinzheng(court, "bundle", LC_ALL="C.UTF-8").output
    assert "keys_restored" in said
    assert "xinzheng db adopt --yes" in said
    assert f"cert-1: {step}" in court.get("/readyz", None).json()["detail"]

    assert "new status list" not in taken_over(court)  # indexes were not forgotten
    assert court.issuer.keys.current().issuer_document()["keys"] == listed
    assert [change.action for change in read_entries(court.issuer.settings.keys_folder)[0].changes] == [step]
    lender.fetch()
    assert lender.verdict(certificate) == verdict
    assert hindrances(court) == []
    assert "nothing to take over" in run(court, "--dry-run").output


def test_an_earlier_moment_of_a_compromise_is_not_forgotten(court: CourtHouse) -> None:
    keys(court, *CERT_2)
    keys(court, "activate", "cert-2", "--now")
    keys(court, "compromise", "cert-1", "--at", "2026-01-02T03:04:05Z")
    kept = kept_keys(court)
    keys(court, "compromise", "cert-1", "--at", "2026-01-01T00:00:00Z")
    listed = court.issuer.keys.current().issuer_document()["keys"]
    restore_keys(court, kept)
    assert hindrances(court) == ["keys_restored"]
    assert "compromised since 2026-01-01T00:00:00Z" in run(court, "--dry-run").output
    taken_over(court)
    assert hindrances(court) == []
    assert court.issuer.keys.current().issuer_document()["keys"] == listed


def test_a_withdrawn_key_stays_withdrawn(court: CourtHouse) -> None:
    keys(court, *CERT_2)
    kept = kept_keys(court)
    time.sleep(1)  # a window has whole seconds
    keys(court, "retire", "cert-2")
    listed = court.issuer.keys.current().issuer_document()["keys"]
    restore_keys(court, kept)
    assert hindrances(court) == ["keys_restored"]
    taken_over(court)
    assert (states(court)["cert-2"], hindrances(court)) == (KeyState.RETIRED, [])
    assert court.issuer.keys.current().issuer_document()["keys"] == listed


def test_a_key_folder_that_forgot_withdraws_no_key_before_it_is_up_to_date(court: CourtHouse) -> None:
    """The key that it has as staged is the only one that signs by now."""
    keys(court, *CERT_2)
    kept = kept_keys(court)
    keys(court, "activate", "cert-2", "--now")
    time.sleep(1)
    keys(court, "retire", "cert-1")
    restore_keys(court, kept)
    for how in ("--dry-run", "--yes"):
        said = xinzheng(court, "keys", "retire", "cert-2", "--reason", "drill", how, XINZHENG_LOG_LEVEL="error")
        assert (said.exit_code, "[keys_restored]" in said.output) == (1, True), said.output
    taken_over(court)
    assert states(court) == {"cert-1": KeyState.RETIRED, "cert-2": KeyState.ACTIVE, "status-1": KeyState.ACTIVE}


def test_the_register_alone_is_witness_enough(court: CourtHouse) -> None:
    """A compromise that was recorded counts, although key folder and publication folder both came back."""
    keys(court, *CERT_2)
    keys(court, "activate", "cert-2", "--now")
    kept = snapshot(court)
    keys(court, "compromise", "cert-1", "--at", "2026-01-02T03:04:05Z")
    register = backup(court)
    bring_back(court, kept)
    restore(court, register)
    assert not court.issuer.outbox.renew().published
    assert [(each.record.name, each.step) for each in court.issuer.outbox.forgotten_keys()] == [
        ("cert-1", "compromise")
    ]
    taken_over(court)
    document = court.issuer.keys.current().issuer_document()
    found = next(key for key in document["keys"] if key["methods"][0].endswith("#cert-1"))
    assert (found["state"], found["compromisedAt"]) == ("compromised", "2026-01-02T03:04:05Z")
    edition = court.issuer.outbox.publisher.in_effect
    assert edition is not None
    assert json.loads(edition.targets["courts/420683/issuer.json"]) == document


def test_a_key_that_the_folder_forgot_stays_known_and_its_name_taken(court: CourtHouse, tmp_path: Path) -> None:
    kept = kept_keys(court)
    keys(court, *CERT_2)
    keys(court, "activate", "cert-2", "--now")
    certificate, lender = token(court, court.certificate(CASES[0])["certificateNumber"]), Lender(court, tmp_path / "l")
    lender.fetch()
    restore_keys(court, kept)
    assert hindrances(court) == ["keys_restored"]
    again = xinzheng(court, "keys", *CERT_2, "--reason", "lost", "--yes")
    assert (again.exit_code, "[keys_restored]" in again.output) == (1, True)

    said = run(court, "--dry-run").output
    assert "Its private half is not in the key folder as cert-2.pem: it is listed as closed at " in said
    taken_over(court)
    assert states(court) == {"cert-1": "active", "status-1": "active", "cert-2": "retired"}
    lender.fetch()
    assert lender.verdict(certificate) == "ok"
    newer = token(court, court.certificate(CASES[1])["certificateNumber"])  # by cert-1, which never ended
    lender.fetch()
    assert lender.verdict(newer) == "ok"


@pytest.mark.parametrize("brought", ["what is here", "a bundle", "nothing but the register"])
def test_a_clock_that_is_behind_closes_no_key_before_it_signed(court: CourtHouse, tmp_path: Path, brought: str) -> None:
    """The end of a key is published, and the earlier one counts for good: what it signed honestly would never pass."""
    kept, before = kept_keys(court), snapshot(court)
    keys(court, *CERT_2)
    keys(court, "activate", "cert-2", "--now")
    court.clock.advance(days=2)  # the command line reads the machine's clock, which is two days behind from here on
    if brought != "nothing but the register":
        court.certificate(CASES[1])
    certificate, lender = token(court, court.certificate(CASES[0])["certificateNumber"]), Lender(court, tmp_path / "l")
    if brought != "nothing but the register":
        assert court.issuer.outbox.renew().published
    lender.fetch()
    assert lender.verdict(certificate) == "ok"
    restore_keys(court, kept)
    given = []
    if brought == "a bundle":
        bring_back(court, before)
        given = ["--bundle", lender.file()]
    said = run(court, *given, "--dry-run").output
    assert f"it is listed as closed at {court.clock.now:%Y-%m-%d}" in said
    done = run(court, *given, "--yes")
    assert done.exit_code == 0, done.output
    court.clock.advance(minutes=1)  # the clock is set right
    assert court.issuer.outbox.renew().published
    assert states(court)["cert-2"] is KeyState.RETIRED
    lender.fetch()
    assert lender.verdict(certificate) == "ok"


def test_a_private_half_that_is_there_signs_on(court: CourtHouse) -> None:
    """keys.json alone came back: the key file lies where it was made."""
    folder = court.issuer.settings.keys_folder
    records = (folder / "keys.json").read_bytes()
    keys(court, *CERT_2)
    keys(court, "activate", "cert-2", "--now")
    (folder / "keys.json").write_bytes(records)
    assert "private half" not in taken_over(court)
    assert states(court)["cert-2"] is KeyState.ACTIVE
    court.certificate(CASES[0])
    with court.issuer.office.reading() as store:
        assert store.signed_count("cert-2", since=court.clock.now, at=court.clock.now).live == 1


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("mode", "key_file_permissions"),
        ("passphrase", "passphrase_wrong"),
        ("link", "key_file_permissions"),
        ("other", "key_mismatch"),
    ],
)
def test_a_private_half_that_cannot_be_opened_is_not_taken_for_lost(court: CourtHouse, what: str, code: str) -> None:
    """The folder came back, and the newest key from another medium: the key would be closed for good."""
    folder = court.issuer.settings.keys_folder
    kept, file, secret = kept_keys(court), folder / "cert-2.pem", folder / "passphrase"
    keys(court, *CERT_2)
    keys(court, "activate", "cert-2", "--now")
    certificate, content = token(court, court.certificate(CASES[0])["certificateNumber"]), file.read_bytes()
    restore_keys(court, kept)
    right = secret.read_bytes()
    file.write_bytes(content if what != "other" else (folder / "cert-1.pem").read_bytes())
    file.chmod(0o644 if what == "mode" else 0o600)
    if what == "passphrase":
        secret.write_bytes(b"another passphrase than the court's")
    if what == "link":
        file.unlink()
        file.symlink_to(folder / "a medium that is away" / "cert-2.pem")

    records = (folder / "keys.json").read_bytes()
    for how in ("--dry-run", "--yes"):
        said = run(court, how)
        assert (said.exit_code, f"[{code}]" in said.output) == (1, True), said.output
    assert (folder / "keys.json").read_bytes() == records
    assert hindrances(court)[0] == "keys_restored"

    file.unlink()
    file.write_bytes(content)
    file.chmod(0o600)
    secret.write_bytes(right)
    taken_over(court)
    assert states(court)["cert-2"] is KeyState.ACTIVE
    assert verdict(court, certificate) == "ok"


def test_lists_of_a_status_key_that_came_after_the_backup_are_taken_over(court: CourtHouse, tmp_path: Path) -> None:
    first, second = (court.certificate(case)["certificateNumber"] for case in CASES[:2])
    held = [token(court, number) for number in (first, second)]
    lender = Lender(court, tmp_path / "lender")
    lender.fetch()
    kept = snapshot(court)
    keys(court, *STATUS_2)
    keys(court, "activate", "status-2", "--now")
    keys(court, "retire", "status-1")
    assert revoke(court, first)["published"]
    lender.fetch()
    assert lender.verdict(held[0]) == "revoked"
    bring_back(court, kept)

    said = run(court, "--bundle", lender.file(), "--dry-run")
    assert said.exit_code == 0, said.output
    assert "Key status-2: the key folder does not know it" in said.output
    assert "No key is left that signs status lists" in said.output
    early = run(court, "--bundle", lender.file(), "--yes")
    assert (early.exit_code, "[steps_to_repeat]" in early.output) == (1, True)
    assert states(court) == {"cert-1": "active", "status-1": "retired", "status-2": "retired"}
    court.clock.now = datetime.now(UTC)
    assert not revoke(court, first)["published"]
    done = run(court, "--bundle", lender.file(), "--yes")
    assert (done.exit_code, "Publishing failed: key_missing" in done.output) == (1, True)
    assert "up to date" not in done.output
    lines = done.output.splitlines()
    assert ["taken over into the register" in lines[-4], "xinzheng keys create" in lines[-2]] == [True, True]
    assert "run xinzheng db adopt once more" in lines[-1]
    chinese = run(court, "--yes", LC_ALL="zh_CN.UTF-8").output.splitlines()
    assert ["已接管入库" in chinese[-4], "再次执行 xinzheng db adopt" in chinese[-1]] == [True, True]
    created = xinzheng(court, "keys", "create", "status-3", "--usage", "status", "--reason", "lost", "--yes")
    assert "Publishing failed: key_missing" in created.output
    keys(court, "activate", "status-3", "--now")

    lender.fetch()
    assert [lender.verdict(each) for each in held] == ["revoked", "ok"]
    assert revoke(court, second)["published"]
    lender.fetch()
    assert [lender.verdict(each) for each in held] == ["revoked", "revoked"]
    assert hindrances(court) == []  # what was taken over is published
    assert "nothing to take over" in run(court, "--dry-run").output
    assert court.certificate(NEXT_CASE)["statusListNumber"] == 2  # the first run alone has opened one


def test_one_name_for_two_certificate_keys_is_refused_with_a_way_on(court: CourtHouse, tmp_path: Path) -> None:
    """After a restore nobody noticed, a key was made under a name that lenders know for another."""
    kept = snapshot(court)
    keys(court, *CERT_2)
    keys(court, "activate", "cert-2", "--now")
    certificate, lender = token(court, court.certificate(CASES[0])["certificateNumber"]), Lender(court, tmp_path / "l")
    lender.fetch()
    bring_back(court, kept)
    before = kept_keys(court)
    keys(court, *CERT_2)
    said = run(court, "--bundle", lender.file(), "--yes")
    assert (said.exit_code, "[key_name_twice]" in said.output) == (1, True)
    assert "名称 cert-2 在密钥目录中" in run(court, "--bundle", lender.file(), "--yes", LC_ALL="zh_CN.UTF-8").output

    restore_keys(court, before)
    public = court.issuer.settings.public_folder
    public.rename(public.with_name("public-before"))
    taken_over(court, "--bundle", lender.file())
    lender.fetch()
    assert lender.verdict(certificate) == "ok"
    keys(court, "create", "cert-3", "--usage", "certificate")


def test_a_key_that_a_thief_of_the_roles_published_is_disowned_as_the_words_say(
    court: CourtHouse, tmp_path: Path
) -> None:
    """Lenders know it: it is listed as compromised, and what it signed counts for nothing."""
    thief = begun(tmp_path / "thief", court.clock)
    keys(thief, *CERT_2)
    keys(thief, "activate", "cert-2", "--now")
    document = thief.issuer.keys.current().issuer_document()
    certificate = token(thief, thief.certificate(CASES[0])["certificateNumber"])
    thief.issuer.close()
    publisher, lender = court.issuer.outbox.publisher, Lender(court, tmp_path / "lender")
    assert publisher.in_effect is not None
    path = "courts/420683/issuer.json"
    own = json.loads(publisher.in_effect.targets[path])
    for members, name in ((own, "keys"), (own["controllerDocument"], "verificationMethod")):
        theirs = document if name == "keys" else document["controllerDocument"]
        members[name] += [each for each in theirs[name] if "#cert-2" in json.dumps(each)]
    own["controllerDocument"]["assertionMethod"] = [m["id"] for m in own["controllerDocument"]["verificationMethod"]]
    publisher.publish({**publisher.in_effect.targets, path: json.dumps(own).encode()}, at=court.clock.now)
    lender.fetch()
    assert lender.verdict(certificate) == "ok"
    assert hindrances(court) == ["keys_restored"]
    taken_over(court)
    keys(court, "compromise", "cert-2")
    said = xinzheng(court, "bundle-keys", "rotate", "targets", "snapshot", "timestamp", "--reason", "stolen", "--yes")
    assert said.exit_code == 0, said.output
    lender.fetch()
    assert lender.verdict(certificate) == "key_compromised"
