"""A court whose clock was ahead once: what it published and revoked then, and how all of it begins again."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.alone import CHINESE, ENGLISH, lender_imports, opened, run, settings_of
from support.country import Country
from support.keyed import OPERATOR
from support.office import CourtHouse, StandingClock, application, relisting
from support.restoring import CASES, revoke, suspend, token
from xinzheng_issuer.installation import Issuer, open_contributor
from xinzheng_issuer.keylife.desk import KeyDesk
from xinzheng_issuer.keylife.new_line import NewLine
from xinzheng_issuer.keylife.role_desk import RoleDesk
from xinzheng_issuer.keylife.root_trail import Told
from xinzheng_issuer.publishing.bundle import BundlePublisher
from xinzheng_schemas.trust_documents import KeyUsage
from xinzheng_verifier import Report, TrustStore, Verifier
from xinzheng_verifier.trust.directory import import_bundle

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
COURT = "420683"


@pytest.fixture
def house(issuer: Issuer, clock: StandingClock) -> Iterator[CourtHouse]:
    house = CourtHouse.open(issuer, clock)
    with house.client:
        yield house


@pytest.fixture
def numbers(house: CourtHouse) -> list[str]:
    return [house.certificate(body)["certificateNumber"] for body in CASES]


def report(store: Path, certificate: bytes, at: datetime, now: datetime | None = None) -> Report:
    """What a lender's store says."""
    return Verifier(TrustStore.open(store)).report(certificate, at=at, now=now)


def hindrances(house: CourtHouse) -> Sequence[str]:
    """After a round of the timer."""
    house.issuer.tend()
    found: list[str] = house.get("/healthz", None).json()["hindrances"]
    return found


def told(house: CourtHouse, purpose: str = "revocation") -> list[int]:
    """The moments that the journal tells, seconds since 1970."""
    journal: dict[str, Any] = house.get(f"/status/{COURT}/1/{purpose}/changes", None).json()
    return [moment for moment, _, _ in journal["changes"]]


def begin_again(house: CourtHouse) -> None:
    """What the runbook says."""
    step = RoleDesk(house.issuer).rotate(("snapshot", "timestamp"), OPERATOR, reason="the clock was ahead")
    assert step.publication.published


@pytest.mark.parametrize("ahead", [10 * MINUTE, DAY, 60 * DAY])
def test_revocations_count_whenever_they_were_made(
    house: CourtHouse, folder: Path, numbers: list[str], ahead: timedelta
) -> None:
    """Revoked while the clock was ahead, after it was set right, and after all has begun again."""
    store, clock, tokens = folder / "store", house.clock, [token(house, number) for number in numbers]
    lender_imports(folder, clock.now)
    clock.now += ahead
    assert revoke(house, numbers[0])["published"]
    clock.now -= ahead - MINUTE
    lender_imports(folder, clock.now)
    assert [report(store, each, clock.now).code for each in tokens] == ["revoked", *["clock_implausible"] * 2]
    assert hindrances(house) == ["publication_ahead"]
    revoke(house, numbers[1])

    clock.now += MINUTE
    begin_again(house)
    assert hindrances(house) == []
    newcomer = folder / "newcomer"
    bundle, first = house.issuer.outbox.publisher.latest, folder / "var/public/metadata/1.root.json"
    assert bundle is not None
    import_bundle(newcomer, bundle.path.read_bytes(), root=first.read_bytes(), at=clock.now)
    lender_imports(folder, clock.now)
    for each in (store, newcomer):
        assert [report(each, one, clock.now).code for one in tokens] == ["revoked", "revoked", "ok"]
    assert told(house) == [int(clock.now.timestamp())] * 2

    clock.now += MINUTE
    assert revoke(house, numbers[2])["published"]
    assert told(house)[-1] == int(clock.now.timestamp())
    lender_imports(folder, clock.now)
    assert [report(store, each, clock.now).code for each in tokens] == ["revoked"] * 3
    before = report(store, tokens[2], clock.now - MINUTE, clock.now)
    assert (before.code, "revokedSince" in before.steps[7].evidence) == ("ok", True)


def test_a_suspension_that_was_lifted_stays_so(house: CourtHouse, folder: Path, numbers: list[str]) -> None:
    clock, certificate = house.clock, token(house, numbers[0])
    clock.now += DAY
    suspend(house, numbers[0])
    clock.now -= DAY - MINUTE
    for who in ("judge", "approver"):
        body = {"reason": "查明"}
        assert house.post(f"/api/v1/certificates/{numbers[0]}/reinstatement", body, who).status_code == 200
    begin_again(house)
    lender_imports(folder, clock.now)
    assert report(folder / "store", certificate, clock.now).code == "ok"
    assert told(house, "suspension") == [int(clock.now.timestamp())] * 2
    assert hindrances(house) == []


def test_who_was_listed_again_meanwhile_does_not_get_the_certificate_back(
    house: CourtHouse, folder: Path, numbers: list[str]
) -> None:
    """The feed found no certificate, for that clock had ended them; others, a namesake's too, are in force again."""
    clock, tokens = house.clock, [token(house, number) for number in numbers]
    namesake = relisting(iname="李某", cardNum="4206831986****1230")
    clock.now += 200 * DAY
    answers = house.feed(relisting(), namesake)["records"]
    assert [house.state(number) for number in numbers] == ["expired"] * 3
    assert [answer["outcome"] for answer in answers] == ["unmatched"] * 2
    clock.now -= 200 * DAY - MINUTE
    assert hindrances(house) == ["publication_ahead"]
    assert [house.state(number) for number in numbers] == ["expired"] * 3
    begin_again(house)
    # The second one is another person's, and so is the record of his name; the third is the same person's.
    assert [house.state(number) for number in numbers] == ["suspended", "active", "suspended"]
    lender_imports(folder, clock.now)
    assert [report(folder / "store", each, clock.now).code for each in tokens] == ["suspended", "ok", "suspended"]
    assert hindrances(house) == []
    with house.issuer.office.reading() as store:
        last = store.transitions(store.issued_certificate(numbers[0])[1].id)[-1]
        assert (last.action, last.actor_name, last.reason) == ("suspend", "system", "relisted")
    # Whoever delivers it once more gets what the court's rules say of it.
    assert house.feed(relisting())["records"][0]["effect"] == "revoked"
    assert house.state(numbers[0]) == "revoked"


def test_the_first_edition_of_a_new_line_passes_nobody_whom_that_clock_freed(
    house: CourtHouse, folder: Path, numbers: list[str]
) -> None:
    clock, tokens = house.clock, [token(house, number) for number in numbers]
    suspend(house, numbers[0])
    clock.now += 200 * DAY
    house.issuer.tend()
    assert house.state(numbers[0]) == "expired"
    clock.now -= 200 * DAY - MINUTE
    (folder / "var" / "public").rename(folder / "before")
    NewLine(house.issuer.settings, house.issuer.office, before=None).begin(Told(OPERATOR, "lost"))
    with closing(opened(folder, clock)) as issuer:
        assert issuer.outbox.renew().bundle_version == 1
    public = folder / "var" / "public"
    bundle, root = ((public / name).read_bytes() for name in ("bundles/bundle-1.xzb", "metadata/1.root.json"))
    import_bundle(folder / "new-store", bundle, root=root, at=clock.now)
    assert report(folder / "new-store", tokens[0], clock.now).code == "suspended"


def test_a_listing_that_people_have_judged_counts_no_more(house: CourtHouse, numbers: list[str]) -> None:
    clock = house.clock
    record = relisting(caseCode="(2022)鄂0683执124号", iname="李某", cardNum="")
    assert house.feed(record)["records"][0]["effect"] == "suspended"
    for who in ("judge", "approver"):
        body = {"reason": "查明"}
        assert house.post(f"/api/v1/certificates/{numbers[1]}/reinstatement", body, who).status_code == 200
    clock.now += 200 * DAY
    house.feed(record)
    assert house.state(numbers[1]) == "expired"
    clock.now -= 200 * DAY - MINUTE
    begin_again(house)
    assert (hindrances(house), house.state(numbers[1])) == ([], "active")


def test_what_people_decide_counts_before_all_begins_again(house: CourtHouse, folder: Path, numbers: list[str]) -> None:
    """A revocation is taken although that clock ended the certificate and nobody has said yet which clock is wrong."""
    clock, tokens = house.clock, [token(house, number) for number in numbers]
    suspend(house, numbers[1])
    clock.now += 200 * DAY
    house.issuer.tend()
    assert [house.state(number) for number in numbers] == ["expired"] * 3
    clock.now -= 200 * DAY - MINUTE
    house.issuer.tend()
    assert house.post(f"/api/v1/certificates/{numbers[0]}/revocation", {"reason": "fraud"}, "judge").status_code == 200
    assert [house.state(number) for number in numbers] == ["revoked", "expired", "expired"]
    begin_again(house)
    assert [house.state(number) for number in numbers] == ["revoked", "suspended", "active"]
    lender_imports(folder, clock.now)
    assert [report(folder / "store", each, clock.now).code for each in tokens] == ["revoked", "suspended", "ok"]


def test_what_no_edition_has_shown_is_not_dated_above_the_clock(
    house: CourtHouse, numbers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Revoked while the clock was ahead, and published by the clock that is right."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    clock = house.clock
    clock.now += DAY
    with monkeypatch.context() as full_disk:
        full_disk.setattr(BundlePublisher, "publish", fail)
        full_disk.setattr("xinzheng_issuer.publishing.outbox.editions", fail)
        assert not revoke(house, numbers[0])["published"]
    clock.now -= DAY - MINUTE
    assert house.issuer.outbox.settle().published
    assert told(house) == [int(clock.now.timestamp())]
    assert hindrances(house) == []


def test_moments_ahead_by_no_more_than_clocks_differ_stay(house: CourtHouse, numbers: list[str]) -> None:
    """They were vouched for, and the country holds a court to them."""
    clock = house.clock
    clock.now += 4 * MINUTE
    revoke(house, numbers[0])
    before = told(house)
    clock.now -= 4 * MINUTE
    assert hindrances(house) == []
    begin_again(house)
    assert told(house) == before


def test_key_steps_of_such_a_clock_are_made_good_by_other_keys(
    house: CourtHouse, folder: Path, numbers: list[str]
) -> None:
    """Keys that are active from a day ahead sign nothing until then: others are made, and used at once."""
    clock, keys = house.clock, KeyDesk(house.issuer)
    usages = (("cert", KeyUsage.CERTIFICATE), ("status", KeyUsage.STATUS))
    for name, usage in usages:
        keys.create(f"{name}-2", usage, OPERATOR, reason="yearly")
    clock.now += 3 * DAY
    for name, _ in usages:
        keys.activate(f"{name}-2", OPERATOR, reason="yearly", now=True)
        keys.retire(f"{name}-1", OPERATOR, reason="yearly")
    clock.now -= 3 * DAY - MINUTE
    assert revoke(house, numbers[0])["detail"] == "key_missing"
    refused = house.post(
        f"{house.approved(application(enforcementCaseNumber='（2022）鄂0683执127号'))}/issuance", {}, "sealOperator"
    ).json()
    assert (refused["code"], "xinzheng keys activate" in refused["detail"]) == ("key_missing", True)
    for name, usage in usages:
        keys.create(f"{name}-3", usage, OPERATOR, reason="the clock was ahead")
        keys.activate(f"{name}-3", OPERATOR, reason="the clock was ahead", now=True)
    begin_again(house)
    assert hindrances(house) == []
    lender_imports(folder, clock.now)
    tokens = [token(house, number) for number in numbers]
    assert [report(folder / "store", each, clock.now).code for each in tokens] == ["revoked", "ok", "ok"]
    new = house.certificate(application(enforcementCaseNumber="（2022）鄂0683执126号"))["certificateNumber"]
    lender_imports(folder, clock.now)
    assert report(folder / "store", token(house, new), clock.now).code == "ok"


def test_words_say_what_is_and_what_to_do(folder: Path, clock: StandingClock) -> None:
    with closing(opened(folder, clock)) as issuer:
        assert run(folder, "show").exit_code == 0
        clock.now += DAY
        assert issuer.outbox.renew().published
    for language, text in (
        (ENGLISH, "If this clock is behind, set it right."),
        (CHINESE, "请校准"),
    ):
        shown = run(folder, "show", language=language)
        assert (shown.exit_code, text in shown.stderr, "[publication_ahead]" in shown.stderr) == (1, True, True)
        assert "xinzheng bundle-keys rotate snapshot timestamp" in shown.stderr
    ahead = json.loads(run(folder, "show", "--json").stdout)["ahead"]
    assert ahead == clock.now.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    published = run(folder, group="bundle")
    assert (published.exit_code, "[publication_ahead]" in published.stderr) == (0, True)
    step = ("rotate", "snapshot", "timestamp", "--reason", "the clock was ahead")
    assert f"up to {ahead}, begins again" in run(folder, *step, "--dry-run").stdout
    assert "自此刻重新计时" in run(folder, *step, "--dry-run", language=CHINESE).stdout
    assert run(folder, *step, "--yes").exit_code == 0
    after = run(folder, "show")
    assert (after.exit_code, after.stderr) == (0, "")
    assert "begins again" not in run(folder, *step, "--dry-run").stdout


def test_the_countrys_lenders_are_told_too(house: CourtHouse, folder: Path, numbers: list[str]) -> None:
    """The country takes nothing that lies ahead, and takes what has begun again: its own past is not told otherwise."""
    clock, tokens = house.clock, [token(house, number) for number in numbers]
    country = Country(folder / "country", at=clock.now, courts=[COURT])

    def hand_in() -> list[str]:
        open_contributor(settings_of(folder)).contribute(country.incoming / COURT, at=clock.now)
        country.at = clock.now
        return [answer.error.code for answer in country.publish().answers if answer.error]

    country.make_keys()
    open_contributor(settings_of(folder)).contribute(country.incoming / COURT, at=clock.now)
    for role in ("root", "targets", "province-42"):
        country.sign(role)
    assert country.publish().answers
    clock.now += MINUTE
    revoke(house, numbers[0])
    assert hand_in() == []
    clock.now += DAY
    revoke(house, numbers[1])
    clock.now -= DAY - MINUTE
    assert hand_in() == ["contribution_time"]
    begin_again(house)
    assert hand_in() == []
    clock.now += MINUTE
    revoke(house, numbers[2])
    assert hand_in() == []
    store = folder / "countrys-lender"
    import_bundle(store, country.bundle, root=country.first_root, at=clock.now)
    assert [report(store, each, clock.now).code for each in tokens] == ["revoked"] * 3
