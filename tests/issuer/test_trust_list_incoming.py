"""What lies in the folder into which everybody uploads: it holds nobody up, and takes no more memory than is needed."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from support.country import Country, publishers_passphrase
from support.handing_in import COURT, answers, refusal, verdict
from xinzheng_issuer.publishing.trust_list import contributions
from xinzheng_issuer.publishing.trust_list.candidates import Candidate
from xinzheng_issuer.publishing.trust_list.contributions import find_contributions, read_contribution
from xinzheng_issuer.publishing.trust_list.rehearsal import Rehearsal
from xinzheng_verifier.limits import MAX_BUNDLE_FILE_BYTES
from xinzheng_verifier.trust.archive import pack

TESTS = Path(__file__).parents[1]
OTHER = "420684"
ENOUGH = 1_500_000_000


def publish(country: Country, *, octets: int = ENOUGH) -> subprocess.CompletedProcess[str]:
    """The publisher's command, as an account that may not read everything."""
    secret = country.folder / "passphrase"
    secret.touch(mode=0o600)
    secret.write_bytes(publishers_passphrase())
    return subprocess.run(
        [
            *(sys.executable, "-m", "support.confined", str(octets), "trust-list", "publish", "--dry-run"),
            *("--config", country.folder / "trust-list.toml", "--repository", country.folder / "public"),
            *("--take", country.work, "--take", country.incoming, "--passphrase-from", f"file:{secret}"),
        ],
        env={"PYTHONPATH": str(TESTS), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def shut_the_folder(folder: Path) -> Path:
    return folder


def shut_its_metadata(folder: Path) -> Path:
    return folder / "metadata"


def shut_its_targets(folder: Path) -> Path:
    return folder / "targets"


def shut_a_file(folder: Path) -> Path:
    return next((folder / "metadata").glob("*.json"))


@pytest.mark.parametrize(
    "shut", [shut_the_folder, shut_its_metadata, shut_its_targets, shut_a_file], ids=lambda shut: shut.__name__
)
def test_an_upload_that_the_publisher_may_not_read_is_named_and_holds_nobody_up(
    todays: Country, shut: Callable[[Path], Path]
) -> None:
    shutil.copytree(todays.incoming / OTHER, todays.incoming / "upload")
    place = shut(todays.incoming / "upload")
    mode = place.stat().st_mode
    place.chmod(0)
    try:
        done = publish(todays)
    finally:
        place.chmod(mode)
    (unread,) = [line for line in done.stdout.splitlines() if line.startswith("not taken: upload")]
    assert "Permission denied" in unread
    assert unread.endswith(("[contribution_unreadable]", "[ceremony_not_read]"))
    assert (done.returncode, "edition 2 with 3 courts would be good" in done.stdout) == (1, True), done


def test_files_that_nobody_lists_take_no_memory(todays: Country) -> None:
    folder = todays.incoming / COURT / "targets" / "courts" / COURT / "status" / "1"
    for number in range(400):
        with (folder / f"{number:064x}.revocation.json").open("wb") as file:
            file.truncate(MAX_BUNDLE_FILE_BYTES)
    done = publish(todays)
    assert "edition 2 with 3 courts would be good" in done.stdout, done
    assert "Traceback" not in done.stderr


def test_what_is_more_than_an_archive_may_hold_is_not_read(country: Country, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = country.houses[COURT].court.issue().json_text
    country.next_day()
    country.houses[COURT].revoked.add(94567)
    country.hand_in(COURT, OTHER)
    size = (country.incoming / COURT / "metadata" / f"2.court-{COURT}.json").stat().st_size
    monkeypatch.setattr(contributions, "MAX_BUNDLE_INFLATED_BYTES", size + 100)
    large = read_contribution(country.incoming / COURT)
    monkeypatch.undo()
    result = country.publisher.publish([large, read_contribution(country.incoming / OTHER)], at=country.at)
    assert answers(result) == {f"court-{COURT}": "bundle_incomplete", f"court-{OTHER}": "taken"}
    country.publish()
    assert verdict(country, certificate) == "failed:revoked"


def test_more_files_than_an_archive_may_hold_are_not_read(country: Country, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contributions, "MAX_BUNDLE_FILES", 5)
    assert refusal(read_contribution, country.incoming / COURT) == "contribution_unreadable"
    monkeypatch.setattr(contributions, "MAX_BUNDLE_FILES", 100)
    assert len(read_contribution(country.incoming / COURT).files) > 5


@pytest.mark.parametrize("role", ["targets", "province-42", f"court-{COURT}"])
def test_thousands_of_documents_that_nobody_signed_are_not_rehearsed(
    country: Country, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rehearsal takes tens of milliseconds, and a small archive can hold tens of thousands of documents."""
    country.next_day()
    country.hand_in()
    judge, judged = Rehearsal.judge, Counter[str]()

    def count(rehearsal: Rehearsal, candidates: Sequence[Candidate]) -> None:
        judged["rehearsals"] += 1
        judge(rehearsal, candidates)

    monkeypatch.setattr(Rehearsal, "judge", count)
    country.publish(dry_run=True)
    honest = judged.pop("rehearsals")
    genuine = (country.folder / "public" / "metadata" / f"1.{role}.json").read_bytes()
    document = json.loads(genuine)
    files = {}
    for version in range(100, 400):
        document["signed"]["version"] = version
        files[f"metadata/{version}.{role}.json"] = json.dumps(document).encode()
        files[f"metadata/{version + 300}.{role}.json"] = genuine
    (country.incoming / "upload.xzc").write_bytes(pack(files))
    result = country.publish(dry_run=True)
    assert judged["rehearsals"] == honest
    refused = {answer.source: answer.error.code for answer in result.answers if answer.error}
    assert refused == {"upload.xzc": "bundle_mixed"}  # of the newest; its signatures are genuine


def test_what_was_judged_is_what_is_published_whatever_becomes_of_the_upload(country: Country) -> None:
    certificate = country.houses[COURT].court.issue().json_text
    country.next_day()
    country.houses[COURT].revoked.add(94567)
    country.hand_in(COURT)
    given = read_contribution(country.incoming / COURT)
    country.publisher.publish([given], at=country.at, dry_run=True)
    for path in (country.incoming / COURT).rglob("*.json"):
        path.write_bytes(b"{}")
    assert answers(country.publisher.publish([given], at=country.at)) == {f"court-{COURT}": "taken"}
    assert verdict(country, certificate) == "failed:revoked"


def test_what_leads_nowhere_is_named_and_what_is_none_is_passed_over(country: Country) -> None:
    (country.incoming / "loop").symlink_to("loop")
    (country.incoming / "lost+found").symlink_to("lost+found")  # of a file system: nobody else may look into it
    (country.incoming / "notes.txt").write_text("", "utf-8")
    os.mkfifo(country.incoming / "pipe.xzc")
    found = [path.name for path in find_contributions(country.incoming)]
    assert found == [*sorted(country.houses), "loop"]
    assert refusal(read_contribution, country.incoming / "loop") in {"contribution_unreadable", "ceremony_not_read"}
