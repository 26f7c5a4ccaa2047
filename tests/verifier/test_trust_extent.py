"""Parts of the country: what a filtered bundle carries, says of itself, and can and cannot change."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.issuers import SimulatedCourt
from support.tuf_simulator import TUFSimulator, new_key, pack, status_list
from xinzheng_verifier import TrustError, TrustStore, Verifier
from xinzheng_verifier.limits import MAX_DELEGATED_ROLES
from xinzheng_verifier.trust import bundle as bundles
from xinzheng_verifier.trust.archive import Archive
from xinzheng_verifier.trust.extent import WHOLE, Extent, select
from xinzheng_verifier.trust.names import EXTENT_FILE
from xinzheng_verifier.trust.seen import NOTHING_SEEN
from xinzheng_verifier.trust.tuf_workflow import walk

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HEADS = ("metadata/timestamp.json", "metadata/1.root.json", "metadata/1.snapshot.json", "metadata/1.targets.json")


def encoded(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


@pytest.fixture(scope="module")
def courts() -> dict[str, SimulatedCourt]:
    """Courts of two provinces by code."""
    codes = {"420683": "鄂0683", "420684": "鄂0684", "110101": "京0101"}
    return {code: SimulatedCourt(region_code=code, court_code=number, now=NOW) for code, number in codes.items()}


@pytest.fixture
def simulator(courts: dict[str, SimulatedCourt]) -> TUFSimulator:
    """A whole country, with journals."""
    country = TUFSimulator(at=NOW)
    country.country(*courts)
    for code, court in courts.items():
        folder = f"courts/{code}"
        country.entrusted[f"province-{code[:2]}"].targets[f"{folder}/issuer.json"] = encoded(court.issuer_document())
        country.entrusted[f"court-{code}"].targets = {
            f"{folder}/status/1/revocation.json": encoded(court.status_list("revocation")),
            f"{folder}/status/1/revocation.changes.json": b'{"changes": []}',
            f"{folder}/status/1/suspension.json": encoded(court.status_list("suspension")),
        }
    return country


def refusal(action: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(TrustError) as caught:
        action(*arguments, **options)
    assert str(caught.value)
    assert caught.value.message("zh")
    return caught.value.code


def trusted(files: dict[str, bytes], simulator: TUFSimulator) -> TrustStore:
    return TrustStore.from_bundle(pack(files), root=simulator.root_bytes, at=NOW)


def test_a_whole_bundle_says_so(simulator: TUFSimulator) -> None:
    files = select(simulator.files())
    assert next(iter(files)) == EXTENT_FILE
    assert json.loads(files[EXTENT_FILE]) == {"version": 2, "edition": 1, "includes": {}}
    assert {*files} == {EXTENT_FILE, *simulator.files()}
    extent = Extent.parse(files[EXTENT_FILE])
    assert extent.is_whole
    assert extent.edition == 1


def test_one_province(simulator: TUFSimulator, courts: dict[str, SimulatedCourt]) -> None:
    files = select(simulator.files(), provinces=["42"])
    assert json.loads(files[EXTENT_FILE]) == {
        "version": 2,
        "edition": 1,
        "includes": {"provinces": ["42"]},
        "leftOut": {"provinces": 1, "courts": 1, "changes": 1},
    }
    assert {*HEADS, "metadata/1.province-42.json", "metadata/1.court-420683.json"} < {*files}
    assert not any("11" in name.partition(".")[2].partition("-")[2][:2] or "110101" in name for name in files)
    trust = trusted(files, simulator)
    assert {*trust.issuers} == {courts["420683"].did, courts["420684"].did}
    assert trust.status_changes(courts["420683"].status_url("revocation")) == b'{"changes": []}'


def test_single_courts(simulator: TUFSimulator, courts: dict[str, SimulatedCourt]) -> None:
    files = select(simulator.files(), courts=["420683"])
    assert json.loads(files[EXTENT_FILE])["includes"] == {"provinces": ["42"], "courts": ["420683"]}
    assert {*trusted(files, simulator).issuers} == {courts["420683"].did}
    both = select(simulator.files(), provinces=["42"], courts=["110101"])
    assert json.loads(both[EXTENT_FILE])["includes"] == {
        "provinces": ["11", "42"],
        "courts": ["110101", "420683", "420684"],
    }
    assert len(trusted(both, simulator).issuers) == 3


def test_without_journals(simulator: TUFSimulator, courts: dict[str, SimulatedCourt]) -> None:
    files = select(simulator.files(), changes=False)
    assert json.loads(files[EXTENT_FILE])["includes"] == {"changes": False}
    assert json.loads(files[EXTENT_FILE])["leftOut"] == {"provinces": 0, "courts": 0, "changes": 3}
    assert not any("changes" in name for name in files)
    trust = trusted(files, simulator)
    assert len(trust.issuers) == len(trust.status_list_urls) / 2 == 3
    assert trust.status_changes(courts["420683"].status_url("revocation")) is None
    assert trust.attested_at(courts["420683"].status_url("revocation")) == NOW


def test_a_part_of_a_part(simulator: TUFSimulator) -> None:
    part = select(simulator.files(), provinces=["42"], changes=False)
    smaller = select(part, courts=["420684"])
    extent = Extent.parse(smaller[EXTENT_FILE])
    assert (extent.provinces, extent.courts) == (frozenset({"42"}), frozenset({"420684"}))
    assert not extent.changes
    assert extent.left_out == {"provinces": 1, "courts": 2, "changes": 3}
    assert len(trusted(smaller, simulator).issuers) == 1
    assert smaller == select(simulator.files(), courts=["420684"], changes=False)
    assert select(part) == part


def test_a_court_that_runs_alone_can_be_carried_without_its_journals() -> None:
    simulator = TUFSimulator(at=NOW)
    simulator.targets["courts/420683/status/1/revocation.changes.json"] = b"{}"
    files = select(simulator.files(), courts=["420683"], changes=False)
    assert len(trusted(files, simulator).status_list_urls) == 1


def test_what_is_not_there_cannot_be_chosen(simulator: TUFSimulator) -> None:
    part = select(simulator.files(), provinces=["42"])
    whole = simulator.files()
    asked: list[tuple[dict[str, bytes], dict[str, Any], str, str]] = [
        (whole, {"courts": ["420683", "420699"]}, "court_unknown", "420699"),
        (whole, {"provinces": ["42", "43"]}, "province_unknown", "province 43"),
        (part, {"courts": ["420699"]}, "court_unknown", "420699"),
        (part, {"courts": ["110101"]}, "court_left_out", "110101"),
        (part, {"provinces": ["11"]}, "province_left_out", "province 11"),
        (select(whole, courts=["420683"]), {"provinces": ["42", "43"]}, "province_left_out", "province 43"),
    ]
    for files_there, chosen, code, named in asked:
        with pytest.raises(TrustError, match=named) as caught:
            select(files_there, **chosen)
        assert caught.value.code == code
    files = simulator.files()
    assert refusal(select, files | {"metadata/timestamp.json": b"{}"}) == "bundle_metadata"
    del files["metadata/timestamp.json"]
    assert refusal(select, files) == "bundle_incomplete"


# --- leaving out changes no verdict to the better ---------------------------------------------------------------------


def test_what_is_left_out_is_unknown_and_never_passes(
    simulator: TUFSimulator, courts: dict[str, SimulatedCourt]
) -> None:
    other = trusted(select(simulator.files(), provinces=["42"]), simulator)
    left_out = Verifier(other).report(courts["110101"].issue().jwt, at=NOW)
    assert (left_out.verdict, left_out.code) == ("indeterminate", "issuer_left_out")
    assert Verifier(other).report(courts["420683"].issue().jwt, at=NOW).code == "ok"


@pytest.mark.parametrize("kind", ["issuer", "revocation", "changes", "court-420683", "province-42", "snapshot"])
def test_what_the_extent_includes_must_be_there(simulator: TUFSimulator, kind: str) -> None:
    files = select(simulator.files(), provinces=["42"])
    gone = next(name for name in files if kind in name and ("420683" in name or "420683" not in kind))
    del files[gone]
    assert refusal(trusted, files, simulator) == "bundle_incomplete"


def test_what_the_extent_leaves_out_must_not_be_there(simulator: TUFSimulator) -> None:
    whole = simulator.files()
    part = select(whole, provinces=["42"])
    for name in whole:
        if name not in part:
            assert refusal(trusted, {**part, name: whole[name]}, simulator) == "bundle_unlisted"


def test_the_longest_extent_is_read() -> None:
    """A store remembers it too; test_trust_directory."""
    longest = Extent(edition=1, courts=frozenset(f"{number:032}" for number in range(MAX_DELEGATED_ROLES)))
    assert Extent.parse(longest.to_json()) == longest


def test_a_court_that_runs_alone_may_have_any_code() -> None:
    simulator = TUFSimulator(at=NOW)
    simulator.targets = {"courts/xz-1/status/1/revocation.json": status_list("xz-1", "revocation")}
    assert len(trusted(select(simulator.files(), courts=["xz-1"]), simulator).status_list_urls) == 1


def test_a_bundle_says_first_which_edition_it_is(simulator: TUFSimulator) -> None:
    files = select(simulator.files())
    files[EXTENT_FILE] = Extent(edition=2).to_json()
    assert refusal(trusted, files, simulator) == "bundle_mixed"
    del files[EXTENT_FILE]
    assert walk(files, root=simulator.root_bytes, seen=NOTHING_SEEN, at=NOW).extent == Extent()


def test_a_bundle_without_extent_is_none(simulator: TUFSimulator) -> None:
    from xinzheng_verifier.trust.archive import pack as pack_as_is  # noqa: PLC0415 - without what the simulator adds

    packed = pack_as_is(simulator.files())
    assert len(Archive(packed)) == len(simulator.files())
    assert refusal(bundles.load, packed, root=simulator.root_bytes, at=NOW) == "bundle_incomplete"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "bundle_extent"),
        (b"[]", "bundle_extent"),
        (b"{}", "bundle_version"),
        (b'{"version": 1, "edition": 1, "includes": {}}', "bundle_version"),
        (b'{"version": 3, "anything": true}', "bundle_version"),
        (b'{"version": 2, "includes": {}}', "bundle_extent"),
        (b'{"version": 2, "edition": 1}', "bundle_extent"),
        (b'{"version": 2, "edition": true, "includes": {}}', "bundle_extent"),
        (b'{"version": 2, "edition": -1, "includes": {}}', "bundle_extent"),
        (b'{"version": 2, "edition": 1, "includes": []}', "bundle_extent"),
        (b'{"version": 2, "edition": 1, "includes": {"provinces": "42"}}', "bundle_extent"),
        (b'{"version": 2, "edition": 1, "includes": {"courts": [420683]}}', "bundle_extent"),
        (b'{"version": 2, "edition": 1, "includes": {"changes": 0}}', "bundle_extent"),
        (b'{"version": 2, "edition": 1, "includes": {"cities": []}}', "bundle_extent"),
        (b'{"version": 2, "edition": 1, "includes": {}, "leftOut": {"courts": "7"}}', "bundle_extent"),
        (b'{"version": 2, "edition": 1, "includes": {}, "leftOut": {"cities": 7}}', "bundle_extent"),
        (b'{"version": 2, "edition": 1, "includes": {}, "more": 1}', "bundle_extent"),
        (b'{"version": 2, "edition": 1, "edition": 1, "includes": {}}', "bundle_extent"),
        (b'{"version": 2, "edition": 1, "includes": {"provinces": ["420"]}}', "bundle_extent"),
        (b'{"version": 2, "edition": 1, "includes": {"courts": ["42/683"]}}', "bundle_extent"),
        (b'{"version": 2, "edition": 1, "includes": {"courts": [""]}}', "bundle_extent"),
        (b'{"version": 2, "edition": 1, "includes": {"courts": ["%s"]}}' % (b"4" * 33), "bundle_extent"),
        (encoded({"version": 2, "edition": 1, "includes": {"courts": ["鄂" * 6]}}), "bundle_extent"),
        (
            encoded({"version": 2, "edition": 1, "includes": {"courts": [f"{n:06}" for n in range(4_097)]}}),
            "bundle_extent",
        ),
    ],
)
def test_what_is_no_extent_is_refused(simulator: TUFSimulator, content: bytes, code: str) -> None:
    assert refusal(Extent.parse, content) == code
    files = {**select(simulator.files()), EXTENT_FILE: content}
    assert refusal(trusted, files, simulator) == code


# --- what a store remembers of what it does not see -------------------------------------------------------------------


def test_what_was_seen_of_parts_left_out_is_remembered(simulator: TUFSimulator) -> None:
    simulator.next()
    root = simulator.root_bytes
    seen = walk(simulator.files(), root=root, seen=NOTHING_SEEN, at=NOW).seen
    part = select(simulator.next().files(), provinces=["42"])
    later = walk(part, root=root, seen=seen, at=NOW).seen
    assert later.metadata["court-110101.json"] == 2
    assert later.metadata["court-420683.json"] == 3
    assert {*later.keys} == {*seen.keys}
    simulator.next().entrusted["court-110101"].version = 1
    assert refusal(walk, simulator.files(), root=root, seen=later, at=NOW) == "bundle_rollback"
    # Once its key is replaced a court may start anew, whether it was looked at in between or not.
    simulator.entrusted["court-110101"].keys = [new_key()]
    simulator.entrusted["court-110101"].published_at = simulator.at
    assert walk(simulator.files(), root=root, seen=later, at=NOW).seen.metadata["court-110101.json"] == 1


# --- the object -------------------------------------------------------------------------------------------------------

codes = st.frozensets(st.sampled_from(["110101", "420683", "420684"]))
extents = st.builds(
    Extent,
    edition=st.integers(0, 2**31),
    provinces=st.none() | st.frozensets(st.sampled_from(["11", "42", "65"])),
    courts=st.none() | codes,
    changes=st.booleans(),
    left_out=st.dictionaries(st.sampled_from(["provinces", "courts", "changes"]), st.integers(0, 9)),
)


@given(extents)
def test_what_was_written_is_what_is_read(extent: Extent) -> None:
    assert Extent.parse(extent.to_json()) == extent


@given(extents, st.sampled_from(["110101", "420683", "420684", "650101"]))
def test_a_court_may_be_left_out_if_it_does_not_belong_to_the_bundle(extent: Extent, code: str) -> None:
    assert extent.leaves_out(f"did:web:xz.example%3A8443:did:{code}") == (not extent.includes_court(code))
    assert not replace(extent, provinces=None, courts=None).leaves_out(f"did:web:xz.example:{code}")


@given(st.text() | st.from_regex(r"did:[^:]*:[0-9]{2}[^:]*", fullmatch=True))
def test_a_whole_bundle_leaves_out_nobody(issuer_id: str) -> None:
    assert not WHOLE.leaves_out(issuer_id)


@given(extents, extents)
def test_one_extent_covers_another_if_every_file_of_it_belongs_to_both(one: Extent, other: Extent) -> None:
    names = [
        *(f"metadata/1.province-{code}.json" for code in ("11", "42", "65")),
        *(f"metadata/1.court-{code}.json" for code in ("110101", "420683", "420684", "650101")),
        f"targets/courts/420683/status/1/{'0' * 64}.revocation.changes.json",
        f"targets/courts/110101/{'0' * 64}.issuer.json",
    ]
    if one.covers(other):
        assert all(one.includes(name) for name in names if other.includes(name))
    assert Extent().covers(one)
    assert one.covers(one)
