"""Whatever lines that have parted published, in whatever order: taken over, nothing is lost, and it comes to an end."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from support.office import make_office
from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.publishing.adoption import behind, take_over
from xinzheng_issuer.publishing.editions import first_row
from xinzheng_issuer.publishing.status_changes import (
    Change,
    beginning,
    effective,
    folded,
    replayed,
    status_changes_document,
)
from xinzheng_issuer.publishing.status_lists import StatusPurpose, status_list_credential
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import StatusChange

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

STEPS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3), st.booleans()), max_size=8)
"""Seconds since the beginning, entry, what it became: few of each, so that lines meet often."""

PURPOSES = st.sampled_from(("revocation", "suspension"))


def told(steps: Sequence[tuple[int, int, bool]], purpose: str) -> list[Change]:
    """Changes as a court makes them: in order of time, each of them one; nothing clears a revocation."""
    plain = [Change(BEGIN + timedelta(seconds=at), entry, is_set) for at, entry, is_set in sorted(steps)]
    return effective([each for each in plain if each.is_set or purpose == "suspension"])


def edition(office: Office, changes: Sequence[Change], purpose: StatusPurpose, sequence: int) -> Mapping[str, bytes]:
    """What a line has published of list 1."""
    court, made_at = office.court, BEGIN + timedelta(hours=1)
    url = court.status_list_url(1, purpose)
    document = status_list_credential(
        replayed(changes),
        url=url,
        issuer=court.did,
        purpose=purpose,
        sequence=sequence,
        valid_from=made_at,
        valid_until=made_at + timedelta(days=1),
    )
    since = beginning(BEGIN, made_at=made_at, years=10)
    journal = status_changes_document(folded(changes, since), url=url, issuer=court.did, sequence=sequence, since=since)
    path = f"courts/{court.id}/status/1/{purpose}"
    return {f"{path}.json": json.dumps(document).encode(), f"{path}.changes.json": json.dumps(journal).encode()}


def enter(store: Store, changes: Sequence[Change], purpose: StatusPurpose, sequence: int) -> None:
    """What the register knows: numbered by editions in turn."""
    row = first_row(store, 1, purpose, at=BEGIN)
    row.sequence, row.since = sequence, BEGIN
    store.add(row)
    for place, change in enumerate(changes):
        store.add(
            StatusChange(
                court_id=store.court_id,
                list_number=1,
                purpose=purpose,
                list_index=change.entry,
                is_set=change.is_set,
                at=change.at + timedelta(milliseconds=place),
                sequence=min(place + 1, sequence),
            )
        )


def known(store: Store, purpose: str) -> list[Change]:
    rows = store.status_changes(1, purpose)
    return effective([Change(row.at.replace(microsecond=0), row.list_index, row.is_set) for row in rows])


def of(changes: Sequence[Change], entry: int) -> list[Change]:
    return [each for each in changes if each.entry == entry]


@given(
    purpose=PURPOSES,
    lines=st.lists(STEPS, min_size=1, max_size=3),
    mine=STEPS,
    sequences=st.lists(st.integers(1, 9), min_size=4, max_size=4),
)
@settings(deadline=None)
def test_what_any_line_has_told_is_known_afterwards_and_nothing_is_left(
    purpose: StatusPurpose,
    lines: Sequence[Sequence[tuple[int, int, bool]]],
    mine: Sequence[tuple[int, int, bool]],
    sequences: Sequence[int],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        office = make_office(Path(folder))
        try:
            changes = [told(steps, purpose) for steps in lines]
            editions = [
                edition(office, each, purpose, sequence) for each, sequence in zip(changes, sequences, strict=False)
            ]
            at = BEGIN + timedelta(hours=2)
            with office.writing() as store:
                enter(store, told(mine, purpose), purpose, sequences[-1])
                take_over(store, editions, at=at)
            with office.reading() as store:
                assert behind(store, editions, at=at) == []
                row = store.status_list(1, purpose)
                assert row is not None
                assert row.sequence >= max(sequences[: len(lines)])
                found = known(store, purpose)
            assert [each.at for each in found] == sorted(each.at for each in found)
            everything = [each for line in (*changes, told(mine, purpose)) for each in line]
            if purpose == "revocation":
                earliest: dict[int, datetime] = {}
                for each in everything:
                    earliest[each.entry] = min(each.at, earliest.get(each.entry, each.at))
                assert {each.entry: each.at for each in found} == earliest
            else:
                own = told(mine, purpose)
                spoken = {entry: [line for line in (*changes, own) if of(line, entry)] for entry in range(4)}
                for entry, speaking in spoken.items():
                    ends = {entry in replayed(line) for line in speaking}
                    if len(ends) == 1:  # whoever speaks of it agrees on how it ended
                        assert (entry in replayed(found)) in ends
                if len(changes) == 1:  # a suspension of which the register knows nothing stands, whatever it has lifted
                    (line,) = changes
                    unheard = {each.entry for each in line if each.is_set and each not in own}
                    assert unheard & replayed(line) <= replayed(found)
        finally:
            office.register.engine.dispose()
