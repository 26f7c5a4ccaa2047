"""The keys of a court in the country's trust list: only its province tells that list's lenders of a change."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result
from starlette.testclient import TestClient

from support.country import Country
from support.office import EXAMPLES, CourtHouse, StandingClock
from xinzheng_issuer.api.app import app_of
from xinzheng_issuer.cli import main
from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.installation import open_issuer
from xinzheng_issuer.keylife.country import CountryEdition
from xinzheng_issuer.keylife.desk import KeyDesk
from xinzheng_issuer.settings import Settings
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.trust.directory import import_bundle

COURT = "420683"
STATUS_2 = ("create", "status-2", "--usage", "status", "--reason", "yearly")
CERT_2 = ("create", "cert-2", "--usage", "certificate", "--reason", "stolen", "--yes")
USE_CERT_2 = ("activate", "cert-2", "--reason", "stolen", "--yes")
REISSUE = ("reissue", "cert-1", "--reason", "stolen", "--yes")
STOLEN_STATUS = ("compromise", "status-1", "--reason", "stolen")
ACTIVATE = ("activate", "status-2", "--reason", "yearly", "--yes")
ENGLISH, CHINESE = {"LC_ALL": "C.UTF-8"}, {"LC_ALL": "zh_CN.UTF-8"}


class Court:
    """A court whose new keys need not wait, and the country that it hands in to."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "var"
        config = (EXAMPLES / "court.toml").read_text("utf-8") + "\n[keys]\nlead_hours = 0\n"
        (folder / "court.toml").write_text(config, "utf-8")
        assert self.run("init", "--config", folder / "court.toml").exit_code == 0
        self.country = Country(folder / "country", at=datetime.now(UTC), courts=[COURT])

    def run(self, *arguments: object, language: dict[str, str] = ENGLISH) -> Result:
        given = [*map(str, arguments), "--data", str(self.data)]
        return CliRunner(env=language).invoke(main, given)

    def keys(self, *arguments: object, language: dict[str, str] = ENGLISH) -> Result:
        return self.run("keys", *arguments, language=language)

    def hand_in(self, *options: object) -> None:
        result = self.run("bundle", "--contribution", self.country.incoming / COURT, *options)
        assert result.exit_code == 0, result.output
        self.country.at = datetime.now(UTC)

    def listed_by_the_province(self) -> None:
        self.country.sign("province-42")

    def join(self) -> None:
        self.country.make_keys()
        self.hand_in()
        self.country.sign("root")
        self.country.sign("targets")
        self.listed_by_the_province()
        assert [answer.error for answer in self.country.publish().answers] == [None] * 4

    def show(self, language: dict[str, str] = ENGLISH) -> Result:
        root = self.country.folder / "root-to-start-with.json"
        root.write_bytes(self.country.first_root)
        arguments = ["--repository", self.country.folder / "public", "--root", root, "--take", self.country.incoming]
        return CliRunner(env=language).invoke(main, ["trust-list", "show", *map(str, arguments)])

    def edition(self) -> tuple[object, ...]:
        """Options that name the country's newest edition."""
        bundle, root = self.country.folder / "country.xzb", self.country.folder / "first-root.json"
        bundle.write_bytes(self.country.bundle)
        root.write_bytes(self.country.first_root)
        return "--listed-in", bundle, "--root", root

    def known_keys(self) -> set[str]:
        """Names of this court's keys by which the country's lenders check."""
        trust = TrustStore.from_bundle(self.country.bundle, root=self.country.first_root, at=self.country.at)
        issuer = trust.issuer(f"did:web:xz.example:did:{COURT}")
        assert issuer is not None
        return {name.rpartition("#")[2] for key in issuer.keys for name in key.method_ids if "-jwk" not in name}


@pytest.fixture
def court(tmp_path: Path) -> Court:
    return Court(tmp_path)


def test_a_court_by_itself_is_told_nothing_of_the_country(court: Court) -> None:
    made = court.keys(*STATUS_2, "--yes")
    assert (made.exit_code, "province" in made.stdout) == (0, False)
    assert court.keys(*ACTIVATE).exit_code == 0


def test_a_step_says_before_and_after_who_does_not_know_of_it(court: Court) -> None:
    court.join()
    made = court.keys(*STATUS_2, "--yes")
    before, _, after = made.stdout.partition("status-2 is staged now.\n")
    for text in ("province has signed the court's new issuer.json", "xinzheng bundle --contribution"):
        assert text in before
    assert "Published as version" in after
    assert "do not know of it yet" in after
    stolen = ("compromise", "cert-1", "--reason", "stolen")
    assert "go on accepting what cert-1 signs: call the province" in court.keys(*stolen, "--dry-run").stdout
    assert "仍会接受 cert-1 签署的内容" in court.keys(*stolen, "--dry-run", language=CHINESE).stdout
    said = json.loads(court.keys(*stolen, "--yes", "--json").stdout)
    assert (said["published"], said["waitsForProvince"]) == (True, True)
    assert any("province" in effect["en"] for effect in said["effects"])


def test_a_status_key_is_listed_before_it_signs(court: Court) -> None:
    court.join()
    court.keys(*STATUS_2, "--yes")
    alone = court.keys(*ACTIVATE)
    assert (alone.exit_code, "[key_listing_needed]" in alone.stderr) == (1, True)
    listed_in, bundle, root, root_file = court.edition()
    too_early = court.keys(*ACTIVATE, listed_in, bundle, root, root_file)
    assert (too_early.exit_code, "[key_not_listed]" in too_early.stderr) == (1, True)
    own_root = court.data / "public" / "metadata" / "1.root.json"
    assert "[key_edition_refused]" in court.keys(*ACTIVATE, listed_in, bundle, root, own_root).stderr
    assert court.keys(*ACTIVATE, listed_in, bundle).exit_code == 2

    court.hand_in()
    court.country.change("province-42")
    court.listed_by_the_province()
    court.country.publish()
    assert court.known_keys() == {"cert-1", "status-1", "status-2"}
    # An edition says since when the key was listed although it has expired meanwhile.
    edition = CountryEdition(bundle=court.country.bundle, root=court.country.first_root)
    with closing(open_issuer(Settings(data=court.data), clock=lambda: court.country.at + timedelta(days=9))) as issuer:
        since = KeyDesk(issuer).check_published("status-2", edition)
    assert abs(since - court.country.at) <= timedelta(seconds=1)
    used = court.keys(*ACTIVATE, *court.edition())
    assert used.exit_code == 0, used.output
    assert "every contribution is refused" not in used.stdout
    court.hand_in()
    # What it signs is taken at once; that status-2 is in use is what the province has to sign next.
    result = court.country.publish()
    assert [answer.error for answer in result.answers if answer.role == f"court-{COURT}"] == [None]


def test_a_status_key_that_is_used_too_early_is_warned_of_and_stops_the_contribution(court: Court) -> None:
    court.join()
    court.keys(*STATUS_2, "--yes")
    used = court.keys(*ACTIVATE, "--now")
    assert used.exit_code == 0, used.output
    assert "does not name status-2, every contribution is refused (contribution_list)" in used.stdout
    court.keys("retire", "status-1", "--reason", "yearly", "--yes")
    court.hand_in()
    result = court.country.publish()
    (error,) = [answer.error for answer in result.answers if answer.role == f"court-{COURT}"]
    assert error is not None
    assert error.code == "contribution_list"
    # The refusal hides nothing: what the province has to sign is named all the same.
    assert [(each.court, each.province) for each in result.waiting] == [(COURT, "province-42")]


def test_a_certificate_key_is_listed_before_it_signs_or_issues_anew(court: Court) -> None:
    court.join()
    court.keys(*CERT_2)
    alone = court.keys(*USE_CERT_2)
    assert (alone.exit_code, "[key_listing_needed]" in alone.stderr) == (1, True)
    assert "kid_unknown" in alone.stderr
    too_early = court.edition()
    assert "[key_not_listed]" in court.keys(*USE_CERT_2, *too_early).stderr
    used = court.keys(*USE_CERT_2, "--now")
    assert used.exit_code == 0, used.output
    assert "its lenders refuse new certificates (kid_unknown)" in used.stdout
    court.keys("compromise", "cert-1", "--reason", "stolen", "--yes")

    refused = court.keys(*REISSUE)
    assert (refused.exit_code, "[key_listing_needed]" in refused.stderr) == (1, True)
    assert "[key_not_listed]" in court.keys(*REISSUE, *too_early).stderr
    assert court.keys(*REISSUE, *too_early[:2]).exit_code == 2
    all_the_same = court.keys(*REISSUE, "--now", "--dry-run")
    assert (all_the_same.exit_code, "kid_unknown" in all_the_same.stdout) == (0, True)

    court.hand_in()
    court.country.change("province-42")
    court.listed_by_the_province()
    court.country.publish()
    done = court.keys(*REISSUE, *court.edition())
    assert (done.exit_code, "kid_unknown" in done.stdout) == (0, False), done.output


# --- a restored backup ------------------------------------------------------------------------------------------------


def says_country(court: Court, language: dict[str, str] = ENGLISH) -> str:
    return court.keys("retire", "cert-1", "--leave-none", "--reason", "-", "--dry-run", language=language).stdout


def test_a_court_whose_folder_of_contributions_is_lost_stays_in_the_country(court: Court) -> None:
    court.join()
    court.hand_in()
    shutil.rmtree(court.data / "contribution")
    said = says_country(court)
    assert "hands in to the country's trust list" in said
    assert "copy of its last contribution (contribution/) is gone" in said
    assert "报送将接续编号" in says_country(court, CHINESE)
    court.keys(*CERT_2)
    assert "[key_listing_needed]" in court.keys(*USE_CERT_2).stderr
    with closing(open_issuer(Settings(data=court.data))) as issuer, structlog.testing.capture_logs() as logs:
        issuer.start()
    assert [(each["kept"], each["noted"]) for each in logs if each["event"] == "contribution_older"] == [(0, 2)]
    # The number goes on by itself: nothing is refused as older.
    court.hand_in()
    assert [answer.error for answer in court.country.publish().answers if answer.role == f"court-{COURT}"] == [None]
    assert (court.data / "contribution" / "metadata" / f"3.court-{COURT}.json").exists()
    assert "is gone" not in says_country(court)


def test_a_register_from_before_the_first_contribution_learns_it_from_the_folder(court: Court) -> None:
    backup = (court.data / "register.sqlite").read_bytes()
    court.join()
    (court.data / "register.sqlite").write_bytes(backup)
    assert "hands in to the country's trust list" in says_country(court)
    with closing(open_issuer(Settings(data=court.data))) as issuer:
        issuer.start()
        with issuer.office.reading() as store:
            assert store.contribution_version() == 1
    shutil.rmtree(court.data / "contribution")
    assert "hands in to the country's trust list" in says_country(court)


def test_the_publisher_says_what_waits_for_the_province(court: Court) -> None:
    court.join()
    assert court.country.publish().waiting == ()
    assert court.show().exit_code == 0
    court.keys("compromise", "cert-1", "--reason", "stolen", "--yes")
    court.hand_in()
    (waiting,) = court.country.publish().waiting
    assert (waiting.court, waiting.province, waiting.source) == (COURT, "province-42", COURT)
    shown = court.show()
    assert (shown.exit_code, f"waits for province-42: issuer.json of {COURT}" in shown.stdout) == (1, True)
    assert f"待 province-42 签署：{COURT}" in court.show(CHINESE).stdout
    court.country.change("province-42")
    court.listed_by_the_province()
    assert court.country.publish().waiting == ()
    assert court.show().exit_code == 0


def test_a_restored_court_is_not_listed_with_less_than_before(court: Court) -> None:
    """The whole machine came back: the country's list alone knows of the compromise, and the province sees it."""
    court.join()
    kept = Path(shutil.copytree(court.data, court.data.with_name("kept")))
    assert court.keys(*CERT_2).exit_code == 0
    assert court.keys("compromise", "cert-1", "--reason", "stolen", "--yes").exit_code == 0
    court.hand_in()
    court.country.change("province-42")
    court.listed_by_the_province()
    court.country.publish()
    shutil.rmtree(court.data)
    shutil.copytree(kept, court.data)

    court.hand_in()
    court.country.change("province-42")
    with pytest.raises(TrustListError) as refused:
        court.listed_by_the_province()
    assert (refused.value.code, refused.value.field) == ("ceremony_keys_forgotten", COURT)
    missing = [f"{COURT}/{key} in 2.province-42.json" for key in ("cert-1", "cert-2")]
    assert refused.value.params["keys"] == f"{missing[0]} (compromise), {missing[1]} (create)"
    assert court.run("db", "adopt", *court.edition()[:2], "--dry-run").exit_code == 2
    own_root = court.data / "public" / "metadata" / "1.root.json"
    foreign = court.run("db", "adopt", *court.edition()[:3], own_root, "--yes")
    assert (foreign.exit_code, "[key_edition_refused]" in foreign.output) == (1, True)
    said = court.run("db", "adopt", *court.edition(), "--dry-run").stdout
    assert "Key cert-1: the key folder does not know that it is compromised" in said
    assert court.run("db", "adopt", *court.edition(), "--yes").exit_code == 0

    court.hand_in()
    court.listed_by_the_province()
    court.country.publish()
    trust = TrustStore.from_bundle(court.country.bundle, root=court.country.first_root, at=court.country.at)
    issuer = trust.issuer(f"did:web:xz.example:did:{COURT}")
    assert issuer is not None
    key = issuer.key(f"did:web:xz.example:did:{COURT}#cert-1")
    assert key is not None
    assert key.compromised_at is not None
    assert court.known_keys() == {"cert-1", "status-1", "cert-2"}


def test_a_court_that_is_told_that_it_is_older_does_what_it_is_told_and_what_it_revoked_stays_revoked(
    court: Court, tmp_path: Path
) -> None:
    """The whole data folder came back: what lies there agrees, and its own bundle, which a lender has, knows better."""
    court.join()
    people = People(court)
    number, certificate = people.issue()
    court.hand_in()
    court.country.publish()
    backup = Path(shutil.copytree(court.data, tmp_path / "backup"))
    people.revoke(number)
    court.hand_in()
    assert answers_for_court(court)[COURT] is None
    lender = Lender(court.country, tmp_path / "lender")
    assert lender.says(certificate) == "revoked"
    own = tmp_path / "own"
    assert court.run("bundle", "--out", own).exit_code == 0
    shutil.rmtree(court.data)
    shutil.copytree(backup, court.data)

    refused = []
    for above in ((), ("--above", 9)):
        court.hand_in(*above)
        refused += [each.error for each in court.country.publish().answers if each.role == f"court-{COURT}"]
    assert [error and error.code for error in refused] == ["contribution_conflict", "contribution_older"]
    assert all(
        "first takes over what was published (`xinzheng db adopt --bundle FILE`" in str(each) for each in refused
    )
    assert "nothing to take over" in court.run("db", "adopt", "--dry-run").stdout
    taken_over = court.run("db", "adopt", "--bundle", own / "bundle.xzb", "--revoke-again", "fraud", "--yes")
    assert taken_over.exit_code == 0, taken_over.output
    court.hand_in()
    assert answers_for_court(court)[COURT] is None
    lender.follow()
    assert lender.says(certificate) == "revoked"
    assert Lender(court.country, tmp_path / "new").says(certificate) == "revoked"


# --- a stolen data folder ---------------------------------------------------------------------------------------------

THIEFS_NUMBER = 10**12


class Lender:
    """A store that believes what the country has published, and is then left alone until it is asked to follow."""

    def __init__(self, country: Country, folder: Path) -> None:
        self.country, self.store = country, folder
        import_bundle(folder, country.bundle, root=country.first_root, at=datetime.now(UTC))

    def follow(self) -> None:
        import_bundle(self.store, self.country.bundle, at=datetime.now(UTC))

    def says(self, certificate: bytes) -> str:
        return Verifier(TrustStore.open(self.store)).report(certificate, at=datetime.now(UTC)).code


class People:
    """Who decides at the court, from day to day."""

    def __init__(self, court: Court) -> None:
        self.settings = Settings(data=court.data)
        self.tokens: dict[str, str] = {}

    def issue(self) -> tuple[str, bytes]:
        """Number and JWT of a certificate."""
        with closing(open_issuer(self.settings)) as issuer:
            house = CourtHouse.open(issuer, StandingClock(datetime.now(UTC)))
            self.tokens = house.tokens
            with house.client:
                number = str(house.certificate()["certificateNumber"])
                return number, house.get(f"/api/v1/certificates/{number}/credential.jwt").content

    def revoke(self, number: str) -> None:
        with closing(open_issuer(self.settings)) as issuer, TestClient(app_of(issuer)) as client:
            house = CourtHouse(issuer, client, StandingClock(), tokens=self.tokens)
            answer = house.post(f"/api/v1/certificates/{number}/revocation", {"reason": "fraud"}, "judge")
            assert answer.status_code == 200, answer.text


def answers_for_court(court: Court) -> dict[str, str | None]:
    """Source of each contribution of the court → why it was not taken."""
    result = court.country.publish()
    answers = (each for each in result.answers if each.role == f"court-{COURT}")
    return {each.source: each.error.code if each.error else None for each in answers}


def hand_in_as_a_thief(court: Court, stolen: Path) -> None:
    """Whoever has a copy of the whole data folder pushes up the number of each list and of the contribution."""
    with closing(sqlite3.connect(stolen / "register.sqlite")) as register:
        register.execute("UPDATE status_list SET sequence = ?, document = NULL", (THIEFS_NUMBER,))
        register.commit()
    out = court.country.incoming / "thief"
    for arguments in ((), ("--contribution", str(out), "--above", "999999990")):
        made = CliRunner(env=ENGLISH).invoke(main, ["bundle", *arguments, "--data", str(stolen)])
        assert made.exit_code == 0, made.output
    assert answers_for_court(court)["thief"] is None


def test_a_court_whose_data_folder_was_stolen_is_back_by_the_runbook(court: Court, tmp_path: Path) -> None:
    """The thief had its status key and the key of its contributions, and pushed up the numbers of its lists."""
    court.join()
    people = People(court)
    number, certificate = people.issue()
    stolen = Path(shutil.copytree(court.data, tmp_path / "stolen"))
    asleep = Lender(court.country, tmp_path / "asleep")
    hand_in_as_a_thief(court, stolen)
    deceived = Lender(court.country, tmp_path / "deceived")
    people.revoke(number)
    court.hand_in()
    assert answers_for_court(court)[COURT] == "contribution_older"
    assert deceived.says(certificate) == "ok"

    for step in (STATUS_2, ("activate", "status-2", "--now", "--reason", "stolen"), STOLEN_STATUS):
        assert court.keys(*step, "--yes").exit_code == 0
    # Under the key that the thief has too no number goes back. The province's word does not wait for that.
    court.hand_in()
    court.country.change("province-42")
    court.listed_by_the_province()
    assert answers_for_court(court)[COURT] == "contribution_older"
    assert court.known_keys() >= {"status-2"}
    deceived.follow()
    assert deceived.says(certificate) == "status_issuer"

    assert court.run("trust-list", "court-key", "new").exit_code == 0
    court.hand_in()
    court.country.change("province-42")
    court.listed_by_the_province()
    assert answers_for_court(court) == {COURT: None, "thief": "bundle_threshold"}
    for lender in (asleep, deceived):
        lender.follow()
        assert lender.says(certificate) == "revoked"

    # The certificate key lay in the same folder.
    assert court.keys(*CERT_2).exit_code == 0
    assert court.keys(*USE_CERT_2, "--now").exit_code == 0
    assert court.keys("compromise", "cert-1", "--reason", "stolen", "--yes").exit_code == 0
    retired = court.run("trust-list", "court-key", "retire", *court.edition(), "--reason", "stolen", "--yes")
    assert retired.exit_code == 0, retired.output
    court.hand_in()
    court.country.change("province-42")
    court.listed_by_the_province()
    assert answers_for_court(court)[COURT] is None
    for lender in (asleep, deceived):
        lender.follow()
        assert lender.says(certificate) == "key_compromised"
