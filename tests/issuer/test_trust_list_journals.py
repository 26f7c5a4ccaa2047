"""Journals of status changes that courts hand in: judged as lenders judge them, and held to what was published."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tuf.api.metadata import Metadata, TargetFile, Targets

from support.country import Country
from support.handing_in import COURT, REVOCATION, Forge, answers, trust, verdict
from support.issuers import KEYS_FROM, NOW
from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.status_changes import Change, folded
from xinzheng_issuer.publishing.trust_list.candidates import Candidate
from xinzheng_issuer.publishing.trust_list.contributions import Contribution, read_contribution
from xinzheng_issuer.publishing.trust_list.journals import check_history
from xinzheng_issuer.publishing.trust_list.publisher import Result
from xinzheng_issuer.publishing.trust_list.shares import key_file, open_share
from xinzheng_issuer.publishing.trust_list.state import state_of
from xinzheng_keys import SoftwareSigner
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import Verifier
from xinzheng_verifier.trust.names import sha256_of, target_name

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JOURNAL = REVOCATION.replace(".json", ".changes.json")
BACK = 9
"""Index of a certificate that was revoked by mistake, and is in force again."""


def lived(country: Country) -> Country:
    """The same country two days later: a certificate is revoked, another one was for a day."""
    house = country.houses[COURT]
    for revoked in ({5, BACK}, {5}):
        country.next_day()
        house.revoked = set(revoked)
        country.hand_in()
        assert set(answers(country.publish()).values()) == {"taken"}
    return country


def forge_of(country: Country, **settings: Any) -> Forge:
    """The court of the day after, about to publish its fourth edition."""
    return Forge(lived(country), version=4, **settings)


def write(forge: Forge, changes: Iterable[tuple[datetime, int, int]] | None = None, **settings: Any) -> None:
    """Another journal of the revocation list in the place of the right one, signed by the court."""
    house = forge.house
    told = house.changes if changes is None else changes
    given: dict[str, Any] = {"sequence": house.sequence, "since": KEYS_FROM} | settings
    forge.targets[JOURNAL] = json.dumps(house.court.status_changes("revocation", told, **given)).encode()


def answer(country: Country, forge: Forge) -> Result:
    """What becomes of it beside what the others hand in that day."""
    country.hand_in("420684", "440106")
    good = [read_contribution(country.incoming / court) for court in ("420684", "440106")]
    return country.publisher.publish([Contribution(source="bad", files=forge.files()), *good], at=country.at)


def answer_alone(country: Country, forge: Forge) -> Result:
    return country.publisher.publish([Contribution(source="court", files=forge.files())], at=country.at)


# --- not what a lender could look back by -----------------------------------------------------------------------------


def signed_by_a_stranger(forge: Forge) -> None:
    write(forge, signer=SoftwareSigner.generate())


def signed_by_the_certificate_key(forge: Forge) -> None:
    write(forge, key="cert-1")


def of_the_other_list(forge: Forge) -> None:
    forge.targets[JOURNAL] = forge.targets[JOURNAL.replace("revocation", "suspension")]


def of_the_edition_before(forge: Forge) -> None:
    write(forge, sequence=forge.house.sequence - 1)


def of_a_list_that_is_not_there(forge: Forge) -> None:
    del forge.targets[REVOCATION]


def out_of_order(forge: Forge) -> None:
    write(forge, [*forge.house.changes[1:], forge.house.changes[0]])


def later_than_its_list(forge: Forge) -> None:
    later = forge.country.at + HOUR
    write(forge, [*forge.house.changes, (later, 7, 1), (later, 7, 0)])


def against_its_list(forge: Forge) -> None:
    write(forge, [change for change in forge.house.changes if change[1] != 5])


def no_json(forge: Forge) -> None:
    forge.targets[JOURNAL] = b"\xff"


NO_JOURNALS: dict[Callable[[Forge], None], str] = {
    signed_by_a_stranger: "status_changes_issuer",
    signed_by_the_certificate_key: "status_changes_issuer",
    of_the_other_list: "status_changes_list",
    of_the_edition_before: "status_changes_list",
    of_a_list_that_is_not_there: "status_changes_list",
    out_of_order: "status_changes_malformed",
    later_than_its_list: "status_changes_malformed",
    against_its_list: "status_changes_contradict",
    no_json: "status_changes_unavailable",
}


# --- other than what was published ------------------------------------------------------------------------------------


def an_entry_dropped(forge: Forge) -> None:
    write(forge, [change for change in forge.house.changes if change[1] != BACK])


def a_moment_changed(forge: Forge) -> None:
    write(forge, [(at - HOUR if index == 5 else at, index, value) for at, index, value in forge.house.changes])


def a_revocation_dated_back(forge: Forge) -> None:
    house, before = forge.house, forge.country.at - DAY
    house.revoked.add(7)
    forge.targets |= {path: data for path, data in house.targets(forge.country.at).items() if "status" in path}
    write(forge, sorted([*house.changes[:-1], (before - timedelta(seconds=1), 7, 1)]))


def an_interruption_invented(forge: Forge) -> None:
    since = forge.country.at - DAY - HOUR
    write(forge, [*forge.house.changes[:2], (since, 11, 1), (since, 11, 0), *forge.house.changes[2:]])


def no_journal(forge: Forge) -> None:
    del forge.targets[JOURNAL]


def neither_list_nor_journal(forge: Forge) -> None:
    del forge.targets[JOURNAL], forge.targets[REVOCATION]


def only_what_is_young(forge: Forge) -> None:
    since = forge.country.at - DAY
    write(forge, [(since, 5, 1)], since=since)


OTHER_HISTORIES: dict[Callable[[Forge], None], str] = {
    an_entry_dropped: "of the entry 9 ",
    a_moment_changed: "of the entry 5 ",
    a_revocation_dated_back: "of the entry 7 ",
    an_interruption_invented: "of the entry 11 ",
    no_journal: "there is none any more",
    neither_list_nor_journal: "there is none any more",
    only_what_is_young: "begins later than before",
}


@pytest.mark.parametrize("spoil", [*NO_JOURNALS, *OTHER_HISTORIES], ids=lambda spoil: spoil.__name__)
def test_a_bad_journal_keeps_its_court_as_it_was_and_nobody_else(
    country: Country, spoil: Callable[[Forge], None]
) -> None:
    forge = forge_of(country)
    spoil(forge)
    result = answer(country, forge)
    code = "contribution_changes" if spoil in NO_JOURNALS else "contribution_history"
    assert answers(result) == {f"court-{COURT}": code, "court-420684": "taken", "court-440106": "taken"}
    versions = {role.name: role.version for role in state_of(country.published).roles}
    assert (versions[f"court-{COURT}"], versions["court-420684"]) == (3, 4)
    assert verdict(country, forge.house.court.issue().json_text) == "passed:ok"
    (error,) = [each.error for each in result.answers if each.error]
    assert error.field == JOURNAL
    english, chinese = error.message("en"), error.message("zh")
    assert (NO_JOURNALS | OTHER_HISTORIES)[spoil] in english
    assert english != chinese
    assert not any(word in chinese for word in ("journal", "the ", " is "))


# --- what is right ----------------------------------------------------------------------------------------------------


def test_what_a_court_adds_is_taken_and_answers_for_the_past(country: Country) -> None:
    forge = forge_of(country)
    assert set(answers(answer(country, forge)).values()) == {"taken"}
    certificate = forge.house.court.issue(
        {
            "validFrom": format_timestamp(NOW),
            "credentialStatus": [
                entry | {"statusListIndex": str(BACK)} for entry in forge.house.court.credential()["credentialStatus"]
            ],
        }
    ).jwt
    verifier = Verifier(trust(country))
    asked = {day: verifier.report(certificate, at=NOW + day * DAY + HOUR, now=country.at).code for day in (0, 1, 2)}
    assert asked == {0: "ok", 1: "revoked", 2: "ok"}


def test_a_journal_that_reaches_further_back_is_taken(country: Country) -> None:
    forge = forge_of(country)
    old = KEYS_FROM - 300 * DAY
    write(forge, [(old, 11, 1), (old + DAY, 11, 0), *forge.house.changes], since=KEYS_FROM - 365 * DAY)
    assert answers(answer(country, forge))[f"court-{COURT}"] == "taken"


@pytest.mark.parametrize(("told", "expected"), [(0, "taken"), (40, "contribution_history")])
def test_what_is_older_than_full_years_may_be_folded_up_and_not_changed(
    country: Country, told: int, expected: str
) -> None:
    """Two years later the journal begins with the first of January in between."""
    forge = forge_of(country, days=300)
    assert set(answers(answer_alone(country, forge)).values()) == {"taken"}
    later = Forge(country, version=5, days=170)
    since = datetime(2027, 1, 1, tzinfo=UTC)
    write(later, [(since + told * DAY, 5, 1)], since=since)
    assert answers(answer_alone(country, later))[f"court-{COURT}"] == expected


def test_under_keys_that_the_province_names_anew_history_may_begin_anew(country: Country) -> None:
    """So does a court whose register was restored from a backup, or whose keys a thief had."""
    forge = forge_of(country)
    write(forge, [(forge.country.at, 5, 1)], since=forge.country.at)
    assert answers(answer(country, forge))[f"court-{COURT}"] == "contribution_history"
    contributor = forge.house.contributor
    contributor.make_key(at=country.at)
    country.hand_in(COURT)
    country.change("province-42")
    country.sign("province-42")
    forge.signer = open_share(key_file(contributor.keys, f"court-{COURT}-2"), passphrase=contributor.passphrase)
    given = [read_contribution(country.work), Contribution(source="anew", files=forge.files())]
    result = answers(country.publisher.publish(given, at=country.at))
    assert (result["province-42"], result[f"court-{COURT}"]) == ("taken", "taken")


def test_what_was_published_before_journals_were_judged_binds_nobody(country: Country) -> None:
    forge = forge_of(country)
    for before in (b"{}", b'{"since": "2026-01-01T00:00:00Z", "changes": [["x"]]}', None):
        files = listed({JOURNAL: before} if before else {}, version=1, vouched=NOW)
        now = listed({JOURNAL: forge.targets[JOURNAL]}, version=2, vouched=NOW)
        check_history(files[0], now[0], {**files[1], **now[1]}, at=NOW)


# --- any two journals -------------------------------------------------------------------------------------------------

START = int(datetime(2025, 12, 31, 23, 59, 50, tzinfo=UTC).timestamp())
"""Ten seconds before a new year."""


def listed(targets: dict[str, bytes], *, version: int, vouched: datetime | None) -> tuple[Candidate, dict[str, bytes]]:
    """Metadata of a court that lists these files, and the files."""
    signed = Targets(
        version=version,
        targets={path: TargetFile.from_data(path, content, ["sha256"]) for path, content in targets.items()},
        unrecognized_fields={"publishedAt": format_timestamp(vouched)} if vouched else {},
    )
    files = {target_name(path, sha256_of(content)): content for path, content in targets.items()}
    return Candidate(role=f"court-{COURT}", version=version, data=Metadata(signed).to_bytes()), files


def moment(second: int) -> datetime:
    return datetime.fromtimestamp(START + second, UTC)


def journal(turns: Sequence[tuple[int, int]], *, since: int, until: int = 99) -> bytes:
    """What a register that knows these turns (second, index) tells from a second on."""
    changes, is_set = [], dict.fromkeys(range(3), False)
    for second, index in turns:
        is_set[index] = not is_set[index]
        if second <= until:
            changes.append(Change(moment(second), index, is_set[index]))
    told = folded(changes, moment(since))
    content = {"since": format_timestamp(moment(since)), "changes": [[*_row(change)] for change in told]}
    return json.dumps(content).encode()


def _row(change: Change) -> tuple[int, int, int]:
    return int(change.at.timestamp()), change.entry, int(change.is_set)


def state(turns: Sequence[tuple[int, int]], second: int) -> list[int]:
    return [sum(when <= second and which == index for when, which in turns) % 2 for index in range(3)]


TURNS = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 2)), max_size=8).map(sorted)
SINCE = st.sampled_from([0, 3, 10])
"""The last is the first of January."""


def refused(before: bytes, now: bytes, *, vouched: int) -> bool:
    old, old_files = listed({JOURNAL: before}, version=1, vouched=moment(vouched))
    new, new_files = listed({JOURNAL: now}, version=2, vouched=moment(30))
    try:
        check_history(old, new, {**old_files, **new_files}, at=datetime(2027, 6, 1, tzinfo=UTC))
    except TrustListError as error:
        return error.code == "contribution_history"
    return False


@given(TURNS, TURNS, SINCE, SINCE, st.integers(0, 20))
def test_whatever_a_register_does_next_its_journal_is_taken(
    turns: list[tuple[int, int]], later: list[tuple[int, int]], first: int, second: int, vouched: int
) -> None:
    turns = [turn for turn in turns if turn[0] <= vouched]
    grown = [*turns, *((max(when, vouched), index) for when, index in later)]
    assert not refused(journal(turns, since=first), journal(grown, since=second), vouched=vouched)


@given(TURNS, TURNS, SINCE, SINCE, st.integers(0, 20))
def test_a_journal_is_taken_only_if_it_answers_as_before_for_every_moment_vouched_for(
    turns: list[tuple[int, int]], other: list[tuple[int, int]], first: int, second: int, vouched: int
) -> None:
    turns = [turn for turn in turns if turn[0] <= vouched]
    moments = range(max(first, second), vouched)
    differs = any(state(turns, each) != state(other, each) for each in moments)
    if not refused(journal(turns, since=first), journal(other, since=second), vouched=vouched):
        assert not differs
