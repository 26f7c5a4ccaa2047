"""Updates between editions: what they make is what was published; hostile ones are bounded, refused or caught."""

import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.tuf_simulator import TUFSimulator, new_key
from xinzheng_schemas import base64url, bitstring
from xinzheng_verifier import TrustError
from xinzheng_verifier.trust import updates
from xinzheng_verifier.trust.archive import Archive, pack
from xinzheng_verifier.trust.extent import Extent, select
from xinzheng_verifier.trust.names import EXTENT_FILE, FILE_NAME, sha256_of, target_name
from xinzheng_verifier.trust.seen import NOTHING_SEEN
from xinzheng_verifier.trust.tuf_workflow import walk

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CODES = ("420683", "420684", "110101")
LIST = "courts/420683/status/1/revocation.json"
JOURNAL = "courts/420683/status/1/revocation.changes.json"
COURT = "court-420683"


def status_list(code: str, indexes: list[int], *, sequence: int = 1) -> bytes:
    """A list as courts publish it; what stands for its signature differs every time."""
    bits = bytearray(16_384)
    for index in indexes:
        bitstring.set_bit(bits, index)
    document = {
        "id": f"https://xz.example/status/{code}/1/revocation",
        "credentialSubject": {"encodedList": bitstring.encode(bits), "sequence": sequence},
        "proof": {"proofValue": sha256_of(repr((code, indexes, sequence)).encode())},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def journal(indexes: list[int]) -> bytes:
    """A journal as courts write it."""
    changes = [[int(NOW.timestamp()) - 90_000 + number, index, 1] for number, index in enumerate(indexes)]
    content = {"sequence": len(indexes), "changes": changes, "proof": sha256_of(repr(indexes).encode())}
    return json.dumps(content, separators=(",", ":")).encode()


def publish(simulator: TUFSimulator, code: str, indexes: list[int]) -> None:
    folder = f"courts/{code}/status/1"
    simulator.entrusted[f"court-{code}"].targets = {
        f"{folder}/revocation.json": status_list(code, indexes, sequence=len(indexes)),
        f"{folder}/revocation.changes.json": journal(indexes),
    }


@pytest.fixture
def simulator() -> TUFSimulator:
    return new_country()


def new_country() -> TUFSimulator:
    country = TUFSimulator(at=NOW)
    country.country(*CODES)
    for code in CODES:
        province = country.entrusted[f"province-{code[:2]}"]
        province.targets[f"courts/{code}/issuer.json"] = b'{"name": "%s"}' % code.encode()
        publish(country, code, [*range(3, 131_072, 700)])
    return country


def encoded_list(files: dict[str, bytes]) -> tuple[str, int]:
    """Name of a court's list, and which of its tokens is the encoded one."""
    name = next(name for name in files if "420683" in name and name.endswith(".revocation.json"))
    tokens = updates._TOKEN.findall(files[name].decode())
    return name, next(number for number, token in enumerate(tokens) if updates._ENCODED_LIST.fullmatch(token))


@pytest.fixture
def old(simulator: TUFSimulator) -> dict[str, bytes]:
    return select(simulator.files())


@pytest.fixture
def new(simulator: TUFSimulator, old: dict[str, bytes]) -> dict[str, bytes]:
    """A day later: one court has revoked two certificates; every court attests anew."""
    assert old
    simulator.next(after=DAY)
    publish(simulator, "420683", [*range(3, 131_072, 700), 94_567, 5])
    for role in simulator.entrusted.values():
        role.published_at = simulator.at
    return select(simulator.files())


def refusal(action: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(TrustError) as caught:
        action(*arguments, **options)
    assert str(caught.value)
    assert caught.value.message("zh")
    return caught.value.code


def packed(*patches: Any, first: Any = 1, last: Any = 2, files: dict[str, bytes] | None = None, **head: Any) -> bytes:
    """An update of any content."""
    stated = {"version": 3, "first": first, "last": last, "removed": [], **head}
    parts = {"update.json": json.dumps(stated).encode()}
    if patches:
        parts["patches/1.json"] = json.dumps([*patches]).encode()
    return pack(parts | (files or {}))


def judged(files: dict[str, bytes], simulator: TUFSimulator) -> str:
    return refusal(walk, files, root=simulator.root_bytes, seen=NOTHING_SEEN, at=simulator.at)


# --- what was published is what is made -------------------------------------------------------------------------------


def test_an_update_makes_the_later_edition(
    simulator: TUFSimulator, old: dict[str, bytes], new: dict[str, bytes]
) -> None:
    update = updates.make(old, new, first=1, last=2)
    assert updates.apply(old, update) == new
    assert len(update) < len(pack(new)) / 2
    found = walk(updates.apply(old, update), root=simulator.root_bytes, seen=NOTHING_SEEN, at=simulator.at)
    assert found.extent.edition == 2


def test_a_list_travels_as_the_indexes_that_changed(old: dict[str, bytes], new: dict[str, bytes]) -> None:
    update = Archive(updates.make(old, new, first=1, last=2), names=updates._NAMES)
    assert [*update] == ["update.json", "patches/1.json"] or {*update} == {"update.json", "patches/1.json"}
    [patch] = [patch for patch in json.loads(update["patches/1.json"]) if patch[0] == LIST]
    assert {"flip": [5, 94_567]} in patch[1]
    assert b"uH4s" not in update["patches/1.json"]


def test_roots_courts_and_keys_come_and_go(simulator: TUFSimulator, old: dict[str, bytes]) -> None:
    simulator.next().rotate("root", "timestamp")
    del simulator.entrusted["court-420684"]
    del simulator.entrusted["province-42"].targets["courts/420684/issuer.json"]
    simulator.entrust("court-420685", by="province-42").targets["courts/420685/status/1/revocation.json"] = status_list(
        "420685", [7]
    )
    simulator.entrusted["court-110101"].keys = [new_key()]
    new = select(simulator.files())
    assert updates.apply(old, updates.make(old, new, first=1, last=2)) == new


@pytest.mark.parametrize(
    "part",
    [{"provinces": ["42"]}, {"courts": ["110101"]}, {"changes": False}, {"provinces": ["42"], "changes": False}],
    ids=str,
)
def test_an_update_of_the_whole_updates_a_part(
    simulator: TUFSimulator, old: dict[str, bytes], new: dict[str, bytes], part: dict[str, Any]
) -> None:
    update = updates.make(old, new, first=1, last=2)
    made = updates.apply(select(old, **part), update)
    assert made == select(new, **part)
    assert walk(made, root=simulator.root_bytes, seen=NOTHING_SEEN, at=simulator.at).extent.edition == 2
    # Or of the whole, which keeps a part from then on.
    extent = Extent.parse(select(old, **part)[EXTENT_FILE])
    assert updates.apply(old, update, extent=extent) == made


def test_a_machine_whose_zlib_writes_otherwise_gets_lists_whole_or_says_so(
    old: dict[str, bytes], new: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = bitstring.encode
    update = updates.make(old, new, first=1, last=2)

    def other(bits: bytes | bytearray) -> str:
        text = usual(bits)
        body = zlib.compress(bytes(bits), 1)[2:-4]
        return "u" + base64url.encode(bitstring._HEADER + body + base64url.decode(text[1:])[-8:])

    monkeypatch.setattr(bitstring, "encode", other)
    assert refusal(updates.apply, old, update) == "update_encoding"
    elsewhere = updates.make(old, new, first=1, last=2)
    assert updates.apply(old, elsewhere) == new
    assert len(elsewhere) > len(update)


def test_what_is_no_text_travels_whole(old: dict[str, bytes]) -> None:
    name = target_name(LIST, sha256_of(b"\xff" * 50))
    before = next(name for name in old if "420683" in name and name.endswith(".revocation.json"))
    new = {name: content for name, content in old.items() if name != before} | {name: b"\xff" * 50}
    new[EXTENT_FILE] = Extent(edition=2).to_json()
    assert updates.apply(old, updates.make(old, new, first=1, last=2)) == new
    assert updates.apply(new, updates.make(new, old, first=2, last=3))[before] == old[before]


@pytest.mark.parametrize(
    "encoded",
    [
        bitstring.encode(bytes(32_768)),  # of another length
        bitstring.encode(bytes(range(256)) * 64),  # more flips than are worth it
        "u" + "A" * 50,  # none
    ],
    ids=["longer", "other", "broken"],
)
def test_a_list_that_has_little_in_common_travels_as_text(encoded: str) -> None:
    contents = [json.dumps({"encodedList": text}).encode() for text in (bitstring.encode(bytes(16_384)), encoded)]
    old, new = ({target_name(LIST, sha256_of(content)): content} for content in contents)
    made = updates.apply(old, updates.make(old, new, first=1, last=2))
    assert {name: content for name, content in made.items() if name != EXTENT_FILE} == new


def test_a_text_that_has_nothing_in_common_is_put_whole() -> None:
    name = "metadata/timestamp.json"
    old, new = {name: b'"a",1,' * 300 + b"x" * 5_000}, {name: b'"b":2;' * 300}
    made = updates.apply(old, updates.make(old, new, first=1, last=2))
    assert made[name] == new[name]


# The alphabet makes repetitions likely, and strings that are not closed.
documents = st.lists(st.text('ab":,[]', max_size=6), max_size=60).map("".join)


@given(documents, documents)
@settings(deadline=None)
def test_any_text_is_made_of_any_other(one: str, other: str) -> None:
    name = "metadata/timestamp.json"
    old = {name: one.encode() * 2}
    new = {name: other.encode() * 2}
    made = updates.apply(old, updates.make(old, new, first=1, last=2))
    assert made[name] == new[name]


@settings(deadline=None)
@given(st.lists(st.integers(0, 131_071), max_size=40), st.lists(st.integers(0, 131_071), max_size=40))
def test_any_list_is_made_of_any_other(one: list[int], other: list[int]) -> None:
    contents = [status_list("420683", indexes, sequence=number) for number, indexes in enumerate((one, other))]
    old, new = ({target_name(LIST, sha256_of(content)): content} for content in contents)
    made = updates.apply(old, updates.make(old, new, first=1, last=2))
    assert {name: content for name, content in made.items() if name != EXTENT_FILE} == new


# --- the wrong place --------------------------------------------------------------------------------------------------


def test_an_update_from_another_edition_is_refused(old: dict[str, bytes], new: dict[str, bytes]) -> None:
    assert refusal(updates.apply, old, updates.make(new, old, first=2, last=3)) == "update_base"
    later = updates.make(old, new, first=1, last=2)
    assert refusal(updates.apply, updates.apply(old, later), later) == "update_base"


def test_an_update_from_other_files_is_caught_by_the_walk(
    simulator: TUFSimulator, old: dict[str, bytes], new: dict[str, bytes]
) -> None:
    update = updates.make(old, new, first=1, last=2)
    made = updates.apply(select(new_country().files()), update)
    assert judged(made, simulator) == "bundle_threshold"


@pytest.mark.parametrize("spoil", ["flip", "text", "version", "removed", "whole"])
def test_a_result_that_differs_is_caught_by_the_walk(
    simulator: TUFSimulator, old: dict[str, bytes], new: dict[str, bytes], spoil: str
) -> None:
    archive = dict(Archive(updates.make(old, new, first=1, last=2), names=updates._NAMES))
    head, patches = json.loads(archive["update.json"]), json.loads(archive["patches/1.json"])
    by_place = {patch[0]: patch for patch in patches}
    if spoil == "flip":  # one more bit, and no check
        place = next(put for put in by_place[LIST][1] if isinstance(put, dict))
        place["flip"] = [94_567]
        by_place[LIST][2] = None
    elif spoil == "text":
        by_place["snapshot"][1][2] += " "
    elif spoil == "version":
        by_place[COURT][2] = 7
    elif spoil == "removed":
        head["removed"] = ["courts/420684/issuer.json"]
    else:
        archive[f"metadata/2.{COURT}.json"] = b"{}"
    archive |= {"update.json": json.dumps(head).encode(), "patches/1.json": json.dumps(patches).encode()}
    made = updates.apply(old, pack(archive))
    assert judged(made, simulator) in {"bundle_incomplete", "bundle_threshold", "bundle_hash", "bundle_metadata"}


# --- hostile ones -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "patch",
    [
        [COURT, [10_000_000, 1, ""], 2],  # copies what is not there
        [COURT, [0, 10_000_000, ""], 2],
        [COURT, [-1, 1, ""], 2],
        [COURT, [5, -5, ""], 2],
        [COURT, [0, 0, 7], 2],
        [COURT, [0, 0, None], 2],
        [COURT, [0, 0, ["x"]], 2],
        [COURT, [0, 0], 2],
        [COURT, [True, 0, ""], 2],
        [COURT, [1.5, 0, ""], 2],
        [COURT, [0, 0, {}], 2],
        [COURT, [0, 0, {"copy": [0, 100]}], 2],
        [COURT, [0, 1, {"flip": [1]}], 2],  # not a list
        [COURT, [0, 0, {"sha256": 1}], 2],  # nothing was made yet
        [COURT, [0, 0, {"sha256": 0}], 2],
        [COURT, [0, 0, {"sha256": -1}], 2],
        [COURT, [0, 0, {"sha256": "1"}], 2],
        [COURT, {"0": 1}, 2],
        [COURT, "text", 2],
        [COURT, 3, 2],
        [COURT, []],
        [COURT, [], None],  # metadata without version
        [COURT, [], 0],
        [COURT, [], "2"],
        [COURT, [], "../../x"],
        [["a"], [], 2],
        [7, [], 2],
        ["court-420699", [], 2],
        ["bundle.json", [], None],
        ["metadata/1.root.json", [], None],
        ["../../etc/passwd", [], None],
        ["courts/../x", [], None],
        "patch",
        None,
    ],
    ids=repr,
)
def test_a_patch_that_does_not_fit_is_refused(old: dict[str, bytes], patch: Any) -> None:
    if isinstance(patch, list) and patch[2:] == ["2"]:
        patch[1] = [0, 0, "\ud800"]
    assert refusal(updates.apply, old, packed(patch)) == "update_malformed"


def test_one_file_patched_twice_is_refused(old: dict[str, bytes]) -> None:
    assert refusal(updates.apply, old, packed([COURT, [], 2], [COURT, [], 3])) == "update_malformed"


def test_no_more_is_patched_than_a_bundle_holds(old: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a part does not keep is not made, but has to be remembered: no file is patched twice."""
    part = select(old, provinces=["42"])
    others: list[Any] = [[f"court-11{number:04}", [], None] for number in range(30)]
    monkeypatch.setattr(updates, "MAX_BUNDLE_FILES", 30)
    assert len(updates.apply(part, packed(*others))) == len(part)
    assert refusal(updates.apply, part, packed(*others, ["court-119999", [], None])) == "update_malformed"


@pytest.mark.parametrize(
    "flips", [[131_072], [-1], ["1"], [1.0], [None], "12", 7, [*range(2_000)]], ids=lambda value: str(value)[:20]
)
def test_flips_outside_the_list_are_refused(old: dict[str, bytes], flips: Any) -> None:
    _, where = encoded_list(old)
    assert updates.apply(old, packed([LIST, [where, 1, {"flip": [1]}], None]))
    assert refusal(updates.apply, old, packed([LIST, [where, 1, {"flip": flips}], None])) == "update_malformed"


def test_a_list_that_is_a_bomb_is_not_inflated(old: dict[str, bytes]) -> None:
    bomb = bitstring.encode(bytes(64 << 20))
    spoiled = {**old, encoded_list(old)[0]: json.dumps({"encodedList": bomb}).encode()}
    _, where = encoded_list(spoiled)
    assert refusal(updates.apply, spoiled, packed([LIST, [where, 1, {"flip": [1]}], None])) == "update_malformed"


@pytest.mark.parametrize(
    "head",
    [
        {"first": 2, "last": 2}, {"first": 1, "last": 1}, {"first": 3, "last": 2}, {"first": "1"}, {"first": True},
        {"last": None}, {"last": 2.5}, {"removed": 7}, {"removed": [[]]}, {"removed": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_head_that_is_none_is_refused(old: dict[str, bytes], head: dict[str, Any]) -> None:
    assert refusal(updates.apply, old, packed(**head)) in {"update_malformed", "update_base"}


def test_of_a_journal_only_what_was_added_is_sent(old: dict[str, bytes], new: dict[str, bytes]) -> None:
    archive = Archive(updates.make(old, new, first=1, last=2), names=updates._NAMES)
    (patch,) = [patch for patch in json.loads(archive["patches/1.json"]) if patch[0] == JOURNAL]
    put = [text for text in patch[1] if isinstance(text, str)]
    (name,) = [name for name in new if name.endswith(".revocation.changes.json") and "420683" in name]
    added = json.loads(new[name])["changes"][-2:]
    assert [json.loads(f"[{text.strip(',')}]") for text in put if "[" in text] == [added]
    assert sum(map(len, put)) < 200


def test_another_format_is_refused(old: dict[str, bytes]) -> None:
    assert refusal(updates.apply, old, packed(version=2)) == "bundle_version"
    assert refusal(updates.apply, old, pack({"patches/1.json": b"[]"})) == "update_malformed"
    assert refusal(updates.apply, old, pack({"update.json": b"[]"})) == "update_malformed"
    assert refusal(updates.apply, old, pack(old)) == "bundle_file_name"  # a bundle is no update
    assert refusal(updates.apply, old, b"PK\3\4") == "bundle_malformed"


@pytest.mark.parametrize(
    "name", ["bundle.json", "patches/0.json", "patches/10000.json", "patches/../x", "../evil", "metadata/x.json", "a/b"]
)
def test_unknown_names_are_refused(old: dict[str, bytes], name: str) -> None:
    assert refusal(updates.apply, old, packed(files={name: b"{}"})) == "bundle_file_name"


def test_what_an_update_makes_is_bounded(old: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(map(len, old.values())) - len(old[EXTENT_FILE])
    monkeypatch.setattr(updates, "MAX_BUNDLE_INFLATED_BYTES", size + 100)
    assert updates.apply(old, packed(["snapshot", [0, 0, " " * 100], 2]))
    assert refusal(updates.apply, old, packed(["snapshot", [0, 0, " " * 101], 2])) == "bundle_too_large"


hostile: Callable[[], Any] = lambda: st.recursive(  # noqa: E731
    st.none() | st.booleans() | st.integers(-3, 40) | st.sampled_from([COURT, LIST, "snapshot", "x", "flip", "sha256"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["flip", "sha256", "x"]), inner),
    max_leaves=12,
)


@given(st.data())
@settings(deadline=None)
def test_whatever_the_patches_say_only_known_errors_come_out(data: st.DataObject) -> None:
    simulator = TUFSimulator(at=NOW)
    simulator.country("420683")
    old = select(simulator.files())
    place = data.draw(st.sampled_from([COURT, LIST, "snapshot", "timestamp"]))
    patch = data.draw(st.one_of(hostile(), st.tuples(st.just(place), hostile(), hostile())))
    try:
        made = updates.apply(old, packed(patch))
    except TrustError:
        return
    assert all(FILE_NAME.fullmatch(name) for name in made)
