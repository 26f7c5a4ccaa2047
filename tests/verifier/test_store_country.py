"""A store of many courts: parts of the country, numbers of lists, workers, threads, media that cannot be written."""

import errno
import json
import os
import pickle
import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.issuers import SimulatedCourt
from support.power_cut import stopping
from support.tuf_simulator import TUFSimulator, new_key, pack, status_list
from xinzheng_verifier import TrustError, TrustStore, Verifier
from xinzheng_verifier.bulk import Item
from xinzheng_verifier.trust import digest, directory, files, indexed
from xinzheng_verifier.trust.directory import export_bundle, import_bundle, load
from xinzheng_verifier.trust.extent import select
from xinzheng_verifier.trust.state import read_seen, read_state

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
COURTS = ("420683", "420684", "430101")
REVOCATION = "courts/420683/status/1/revocation.json"


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt(now=NOW)


@pytest.fixture
def simulator(court: SimulatedCourt) -> TUFSimulator:
    """Three courts in two provinces; one of them issues certificates."""
    simulator = TUFSimulator(at=NOW)
    simulator.country(*COURTS)
    simulator.entrusted["province-42"].targets["courts/420683/issuer.json"] = encoded(court.issuer_document())
    for document in court.status_lists():
        purpose = document["credentialSubject"]["statusPurpose"]
        simulator.entrusted["court-420683"].targets[f"courts/420683/status/1/{purpose}.json"] = encoded(document)
    for code in COURTS:
        simulator.entrusted[f"court-{code}"].targets[f"courts/{code}/status/1/revocation.changes.json"] = b"{}"
    return simulator


@pytest.fixture
def store(tmp_path: Path, simulator: TUFSimulator) -> Path:
    import_bundle(tmp_path / "store", simulator.bundle(), root=simulator.root_bytes, at=NOW)
    return tmp_path / "store"


def encoded(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def code(action: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(TrustError) as caught:
        action(*arguments, **options)
    assert str(caught.value)
    assert caught.value.message("zh")
    return caught.value.code


def part(simulator: TUFSimulator, **chosen: Any) -> bytes:
    return pack(select(simulator.files(), **chosen))


def lists_of(trust: TrustStore) -> set[str]:
    return {url.split("/")[-3] for url in trust.status_list_urls}


# --- read by look-up --------------------------------------------------------------------------------------------------


def test_a_store_on_disk_is_the_trust_of_the_bundle(
    store: Path, simulator: TUFSimulator, court: SimulatedCourt
) -> None:
    opened = TrustStore.open(store)
    memory = TrustStore.from_bundle(simulator.bundle(), root=simulator.root_bytes, at=NOW)
    assert dict(opened.issuers) == dict(memory.issuers)
    assert {*opened.status_list_urls} == {*memory.status_list_urls}
    for url in (*memory.status_list_urls, "https://xz.example/none"):
        assert opened.status_list(url) == memory.status_list(url)
        assert opened.status_changes(url) == memory.status_changes(url)
        assert opened.attested_at(url) == memory.attested_at(url)
    assert opened.status_changes(court.status_url("revocation")) == b"{}"
    assert opened.attested_at(court.status_url("revocation")) == NOW
    assert (opened.bundle_version, opened.bundle_expires, opened.issued_floor) == (1, NOW + 7 * DAY, NOW)


def test_an_issuer_is_read_once(store: Path, court: SimulatedCourt) -> None:
    trust = load(store)
    assert trust.issuer(court.did) is trust.issuer(court.did)


def test_the_digest_for_receipts_is_that_of_the_bundle_and_reads_nothing(
    store: Path, simulator: TUFSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = TrustStore.from_bundle(simulator.bundle(), root=simulator.root_bytes, at=NOW)
    opened = load(store)
    monkeypatch.setattr(os, "pread", lambda *_: pytest.fail("the country was read"))
    assert digest.trust_digest(opened) == digest.trust_digest(memory)


def test_a_damaged_index_answers_nothing(store: Path, court: SimulatedCourt) -> None:
    (index,) = store.glob("index-*")
    whole = index.read_bytes()
    place = whole.index(b'"encodedList"')
    index.write_bytes(whole[:place] + b"x" + whole[place + 1 :])
    token, verifier = court.issue().jwt, Verifier(load(store))
    assert code(verifier.report, token, at=NOW) == "bundle_unavailable"


def test_workers_and_threads_read_the_same_store(store: Path, court: SimulatedCourt) -> None:
    verifier = Verifier(load(store))
    tokens = [court.issue().jwt for _ in range(6)]
    assert len(pickle.dumps(verifier)) < 4_000  # the country does not travel
    found = [*verifier.report_many([Item(token) for token in tokens], at=NOW, workers=2)]
    assert [report.code for report in found] == ["ok"] * 6
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda token=token: answers.append(verifier.report(token, at=NOW).code))
        for token in tokens
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["ok"] * 6


def test_a_reader_goes_on_with_what_it_opened(store: Path, simulator: TUFSimulator, court: SimulatedCourt) -> None:
    opened = load(store)
    for _ in range(3):
        import_bundle(store, simulator.next().bundle(), at=NOW)
    assert opened.issuer(court.did) is not None
    assert opened.status_list(court.status_url("revocation")) is not None


# --- parts of the country ---------------------------------------------------------------------------------------------


def test_a_part_takes_the_place_of_the_whole_and_what_is_gone_is_said(store: Path, simulator: TUFSimulator) -> None:
    simulator.next()
    result = import_bundle(store, part(simulator, courts=["420683"], changes=False), at=NOW)
    assert result.no_longer == ("420684", "430101")
    assert result.extent.courts == frozenset({"420683"})
    assert not result.extent.changes
    trust = load(store)
    assert lists_of(trust) == {"420683"}
    assert [trust.status_changes(url) for url in trust.status_list_urls] == [None, None]
    assert import_bundle(store, simulator.next().bundle(), at=NOW).no_longer == ()
    assert lists_of(load(store)) == {*COURTS}


def test_what_was_seen_outlasts_a_part(store: Path, simulator: TUFSimulator) -> None:
    """Versions of roles and numbers of lists that a part leaves out stay the floor for the whole that comes later."""
    outside = "courts/430101/status/1/revocation.json"
    court = simulator.entrusted["court-430101"]
    simulator.next().entrusted["court-430101"].targets[outside] = status_list("430101", "revocation", **numbered(9))
    import_bundle(store, simulator.bundle(), at=NOW)
    import_bundle(store, part(simulator.next(), provinces=["42"]), at=NOW)
    seen = read_seen(store, read_state(store))
    assert (seen.metadata["court-430101.json"], seen.sequences[outside]) == (2, 9)
    court.version = 1
    assert code(import_bundle, store, simulator.next().bundle(), at=NOW) == "bundle_rollback"
    court.version = None
    court.targets[outside] = status_list("430101", "revocation", **numbered(8))
    assert code(import_bundle, store, simulator.bundle(), at=NOW) == "bundle_rollback"
    court.targets[outside] = status_list("430101", "revocation", **numbered(9))
    assert import_bundle(store, simulator.bundle(), at=NOW).bundle_version == simulator.version


def test_a_store_opens_another_with_what_it_holds(store: Path, simulator: TUFSimulator, tmp_path: Path) -> None:
    assert export_bundle(store).bundle == simulator.bundle()
    carried = export_bundle(store, provinces=["42"], changes=False).bundle
    result = import_bundle(tmp_path / "room", carried, root=simulator.root_bytes, at=NOW)
    assert (result.bundle_version, result.extent.provinces, result.extent.changes) == (1, frozenset({"42"}), False)
    assert lists_of(load(tmp_path / "room")) == {"420683", "420684"}
    again = export_bundle(tmp_path / "room", courts=["420684"]).bundle
    import_bundle(tmp_path / "desk", again, root=simulator.root_bytes, at=NOW)
    assert lists_of(load(tmp_path / "desk")) == {"420684"}


def test_what_a_store_does_not_hold_cannot_be_exported(store: Path, simulator: TUFSimulator) -> None:
    assert code(export_bundle, store, courts=["440101"]) == "court_unknown"
    assert code(export_bundle, store, provinces=["44"]) == "province_unknown"
    import_bundle(store, part(simulator.next(), provinces=["42"]), at=NOW)
    assert code(export_bundle, store, courts=["430101"]) == "court_left_out"


# --- numbers of status lists ------------------------------------------------------------------------------------------


def numbered(number: int | None) -> dict[str, Any]:
    return {} if number is None else {"credentialSubject": {"sequence": number}}


def republished(simulator: TUFSimulator, number: int | None) -> bytes:
    court = simulator.next().entrusted["court-420684"]
    court.targets["courts/420684/status/1/revocation.json"] = status_list("420684", "revocation", **numbered(number))
    court.published_at = simulator.at
    return simulator.bundle()


@pytest.mark.parametrize("number", [1, None])
def test_an_old_list_in_a_new_bundle_is_refused(store: Path, simulator: TUFSimulator, number: int | None) -> None:
    import_bundle(store, republished(simulator, 2), at=NOW)
    with pytest.raises(TrustError) as caught:
        import_bundle(store, republished(simulator, number), at=NOW)
    assert caught.value.code == "bundle_rollback"
    assert caught.value.params == {
        "name": "courts/420684/status/1/revocation.json", "version": number or 0, "seen": 2,
    }  # fmt: skip
    assert import_bundle(store, republished(simulator, 2), at=NOW).changed  # signed anew, the same entries
    assert import_bundle(store, republished(simulator, 3), at=NOW).changed


def test_a_list_that_vanished_comes_back_no_older(store: Path, simulator: TUFSimulator) -> None:
    import_bundle(store, republished(simulator, 5), at=NOW)
    targets = simulator.next().entrusted["court-420684"].targets
    kept = targets.pop("courts/420684/status/1/revocation.json")
    targets.pop("courts/420684/status/1/revocation.changes.json")
    import_bundle(store, simulator.bundle(), at=NOW)
    assert code(import_bundle, store, republished(simulator, 4), at=NOW) == "bundle_rollback"
    targets["courts/420684/status/1/revocation.json"] = kept
    assert import_bundle(store, simulator.next().bundle(), at=NOW).changed


def test_numbers_that_a_thief_pushed_up_fall_with_the_thief_s_keys(store: Path, simulator: TUFSimulator) -> None:
    import_bundle(store, republished(simulator, 2**53 - 1), at=NOW)
    assert code(import_bundle, store, republished(simulator, 3), at=NOW) == "bundle_rollback"
    simulator.entrusted["court-420684"].keys = [new_key()]
    assert import_bundle(store, republished(simulator, 3), at=NOW).changed
    assert code(import_bundle, store, republished(simulator, 2), at=NOW) == "bundle_rollback"


def test_numbers_are_forgotten_with_the_keys_at_the_top(tmp_path: Path) -> None:
    alone = TUFSimulator(at=NOW)
    alone.targets[REVOCATION] = status_list("420683", "revocation", **numbered(2**53 - 1))
    import_bundle(tmp_path / "store", alone.bundle(), root=alone.root_bytes, at=NOW)
    alone.next().targets[REVOCATION] = status_list("420683", "revocation", **numbered(7))
    assert code(import_bundle, tmp_path / "store", alone.bundle(), at=NOW) == "bundle_rollback"
    alone.rotate("timestamp")
    assert import_bundle(tmp_path / "store", alone.bundle(), at=NOW).changed


def test_a_court_that_left_and_came_back_under_its_keys_has_no_older_lists(
    store: Path, simulator: TUFSimulator
) -> None:
    import_bundle(store, republished(simulator, 5), at=NOW)
    court = simulator.entrusted.pop("court-420684")
    import_bundle(store, simulator.next().bundle(), at=NOW)
    simulator.entrusted["court-420684"] = court
    court.version = 1
    assert code(import_bundle, store, republished(simulator, 4), at=NOW) == "bundle_rollback"
    assert import_bundle(store, republished(simulator, 5), at=NOW).changed  # versions of its metadata begin anew


def test_a_court_that_left_and_came_back_under_other_keys_begins_anew(store: Path, simulator: TUFSimulator) -> None:
    import_bundle(store, republished(simulator, 2**53 - 1), at=NOW)
    court = simulator.entrusted.pop("court-420684")
    import_bundle(store, simulator.next().bundle(), at=NOW)
    simulator.entrusted["court-420684"] = court
    court.keys = [new_key()]
    assert import_bundle(store, republished(simulator, 1), at=NOW).changed


def test_numbers_that_a_thief_listed_at_the_top_fall_once_anybody_is_entrusted_with_them(tmp_path: Path) -> None:
    simulator, path = TUFSimulator(at=NOW), "courts/420684/status/1/revocation.json"
    simulator.targets[path] = status_list("420684", "revocation", **numbered(2**53 - 1))
    import_bundle(tmp_path / "store", simulator.bundle(), root=simulator.root_bytes, at=NOW)
    simulator.country("420684")
    simulator.entrusted["court-420684"].targets[path] = status_list("420684", "revocation", **numbered(1))
    assert import_bundle(tmp_path / "store", simulator.next().bundle(), at=NOW).changed


def test_numbers_of_courts_outlast_new_keys_of_the_publisher(store: Path, simulator: TUFSimulator) -> None:
    import_bundle(store, republished(simulator, 6), at=NOW)
    import_bundle(store, part(simulator.next(), provinces=["43"]), at=NOW)
    simulator.rotate("timestamp", "snapshot")
    import_bundle(store, part(simulator.next(), provinces=["43"]), at=NOW)
    simulator.entrusted["court-420684"].version = 1
    assert code(import_bundle, store, republished(simulator, 5), at=NOW) == "bundle_rollback"
    assert import_bundle(store, republished(simulator, 6), at=NOW).changed


# --- how long a province's word of its courts counts ------------------------------------------------------------------


def test_certificates_of_a_province_whose_document_has_expired_are_indeterminate(
    tmp_path: Path, simulator: TUFSimulator, court: SimulatedCourt
) -> None:
    other = SimulatedCourt(region_code="430101", now=NOW)
    simulator.entrusted["province-43"].targets["courts/430101/issuer.json"] = encoded(other.issuer_document())
    for document in other.status_lists():
        path = f"courts/430101/status/1/{document['credentialSubject']['statusPurpose']}.json"
        simulator.entrusted["court-430101"].targets[path] = encoded(document)
    simulator.entrusted["province-42"].lifetime = DAY
    import_bundle(tmp_path / "store", simulator.bundle(), root=simulator.root_bytes, at=NOW)
    opened = load(tmp_path / "store")
    memory = TrustStore.from_bundle(simulator.bundle(), root=simulator.root_bytes, at=NOW)
    assert digest.trust_digest(opened) == digest.trust_digest(memory)
    for trust in (opened, memory, pickle.loads(pickle.dumps(opened)), pickle.loads(pickle.dumps(memory))):  # noqa: S301 - our own
        assert trust.issuer_term(court.did) == ("province-42", NOW + DAY)
        assert trust.issuer_term(other.did) == ("province-43", NOW + 7 * DAY)
        assert trust.issuer_term("did:web:none.example") is None
        verifier = Verifier(trust)
        certificates = [court.issue(), other.issue()]
        tokens = [(token, certificate) for certificate in certificates for token in (certificate.jwt, certificate.qr)]
        for _ in range(2):  # the second time straight
            assert {verifier.report(token, at=NOW + DAY - SECOND).code for token, _ in tokens} == {"ok"}
            codes = [verifier.report(token, at=NOW + DAY).code for token, _ in tokens]
            assert codes == ["bundle_expired", "bundle_expired", "ok", "ok"]
            later = [verifier.report(token, at=NOW, now=NOW + DAY).code for token, _ in tokens]
            assert later == codes
        [found] = [step for step in verifier.report(tokens[0][0], at=NOW + DAY).steps if step.code == "bundle_expired"]
        assert found.evidence["role"] == "province-42"
        assert found.evidence["since"] == "2026-11-24T09:00:00Z"
    simulator.entrusted["province-42"].lifetime = 90 * DAY
    import_bundle(tmp_path / "store", simulator.next().bundle(), at=NOW)
    assert Verifier(load(tmp_path / "store")).report(tokens[0][0], at=NOW + DAY).code == "ok"


def test_what_the_country_itself_names_lasts_as_long_as_the_bundle(tmp_path: Path, court: SimulatedCourt) -> None:
    alone = TUFSimulator(at=NOW)
    alone.targets["courts/420683/issuer.json"] = encoded(court.issuer_document())
    trust = TrustStore.from_bundle(alone.bundle(), root=alone.root_bytes, at=NOW)
    import_bundle(tmp_path / "store", alone.bundle(), root=alone.root_bytes, at=NOW)
    assert trust.issuer_term(court.did) is None
    assert load(tmp_path / "store").issuer_term(court.did) is None


def test_an_address_that_no_index_can_hold_is_refused(store: Path, simulator: TUFSimulator) -> None:
    targets = simulator.next().entrusted["court-420684"].targets
    targets["courts/420684/status/1/revocation.json"] = encoded({"id": "https://xz.example/" + "x" * 70_000})
    assert code(import_bundle, store, simulator.bundle(), at=NOW) == "trust_document_malformed"


# --- age --------------------------------------------------------------------------------------------------------------


def test_what_is_older_than_the_lender_allows_is_refused(store: Path, simulator: TUFSimulator) -> None:
    bundle = simulator.next(after=DAY).bundle()
    allowed: dict[str, Any] = {"max_age": timedelta(hours=24)}
    assert code(import_bundle, store, bundle, at=NOW + 3 * DAY, **allowed) == "bundle_stale"
    assert load(store).bundle_version == 1
    assert import_bundle(store, bundle, at=NOW + 2 * DAY, **allowed).changed
    simulator.extra["timestamp"] = {"publishedAt": None}
    undated = TUFSimulator(at=NOW, extra={"timestamp": {"publishedAt": None}})
    arguments: dict[str, Any] = {"root": undated.root_bytes, "at": NOW, **allowed}
    assert code(import_bundle, store.with_name("other"), undated.bundle(), **arguments) == "bundle_stale"


# --- earlier releases, media ------------------------------------------------------------------------------------------


def test_a_store_of_an_earlier_release_keeps_what_it_has_seen(store: Path, simulator: TUFSimulator) -> None:
    bundle = simulator.next().bundle()
    state = read_state(store)
    content = {
        "version": 1, "root": state.root.decode(), "firstRootSha256": state.first_root_sha256,
        "bundleSha256": state.bundle_sha256, "previousSha256": None,
        "seen": {
            "timestamp": 3, "timestampSha256": "00", "snapshot": 3, "metadata": {"targets.json": 3},
            "publishedAt": "2026-11-23T08:00:00Z",
        },
        "expires": "2026-11-30T09:00:00Z", "importedAt": "2026-11-23T09:00:00Z",
    }  # fmt: skip
    broken = json.dumps(content).replace('"snapshot": 3', '"snapshot": true')
    (store / "state.json").write_text(broken, "utf-8")
    assert code(load, store) == "bundle_unavailable"
    (store / "state.json").write_text(json.dumps(content), "utf-8")
    (store / f"bundle-{state.bundle_sha256}.xzb").write_bytes(b"of the earlier release")
    assert code(load, store) == "store_outdated"
    assert code(directory.import_update, store, b"", at=NOW) == "store_outdated"
    assert code(directory.keep, store, source="/media") == "store_outdated"
    assert code(import_bundle, store, bundle, at=NOW) == "bundle_rollback"
    simulator.version = 4
    assert import_bundle(store, simulator.bundle(), at=NOW).previous_version == 3
    assert load(store).bundle_version == 4
    assert not [*store.glob("bundle-*")]


def test_a_store_whose_index_is_of_an_earlier_release_keeps_what_it_saw_and_its_part(
    store: Path, simulator: TUFSimulator
) -> None:
    import_bundle(store, part(simulator.next(), provinces=["42"]), at=NOW)
    text = (store / "state.json").read_text("utf-8")
    (store / "state.json").write_text(text.replace('"version": 3', '"version": 2', 1), "utf-8")
    assert code(load, store) == "store_outdated"
    assert code(directory.import_update, store, b"", at=NOW) == "store_outdated"
    assert code(directory.keep, store, source="/media") == "store_outdated"
    simulator.version = 1
    assert code(import_bundle, store, simulator.bundle(), at=NOW) == "bundle_rollback"
    simulator.version = 2
    result = import_bundle(store, simulator.bundle(), at=NOW, source="/media")
    assert (result.changed, result.extent.provinces) == (True, frozenset({"42"}))
    assert lists_of(load(store)) == {"420683", "420684"}
    assert len([*store.glob("index-*")]) == 1


def test_a_store_on_a_medium_that_cannot_be_written_is_read(
    store: Path, simulator: TUFSimulator, court: SimulatedCourt, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = os.open

    def read_only(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
        return plain(path, flags, *arguments, **options)

    bundle = simulator.next().bundle()
    monkeypatch.setattr(os, "open", read_only)
    trust = load(store)
    assert Verifier(trust).report(court.issue().jwt, at=NOW).code == "ok"
    assert len(export_bundle(store).bundle) > 1_000
    assert code(import_bundle, store, bundle, at=NOW) == "store_not_written"


def test_a_store_that_is_copied_is_a_store(store: Path, court: SimulatedCourt, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path / "copy")
    shutil.rmtree(store)
    assert Verifier(load(tmp_path / "copy")).report(court.issue().jwt, at=NOW).code == "ok"


def test_links_among_the_files_of_a_store_are_not_followed(store: Path, tmp_path: Path) -> None:
    for name in ("index-*", "seen-*"):
        (path,) = store.glob(name)
        path.rename(tmp_path / path.name)
        path.symlink_to(tmp_path / path.name)
    assert code(load, store) == "bundle_unavailable"
    assert code(lambda: read_seen(store, read_state(store))) == "bundle_unavailable"


def test_a_link_in_the_place_of_a_file_to_be_written_is_not_followed(
    store: Path, simulator: TUFSimulator, tmp_path: Path
) -> None:
    (tmp_path / "victim").write_bytes(b"untouched")
    (store / ".new-index").symlink_to(tmp_path / "victim")
    assert code(import_bundle, store, simulator.next().bundle(), at=NOW) == "store_not_written"
    assert (tmp_path / "victim").read_bytes() == b"untouched"


# --- export to a medium -----------------------------------------------------------------------------------------------


def test_an_export_is_whole_or_not_there(tmp_path: Path) -> None:
    moment = 0
    while True:
        with stopping(moment, OSError) as counted:
            try:
                files.write_new(tmp_path / "carried.xzb", b"content")
            except OSError:
                pass
            else:
                break
        if not (tmp_path / "carried.xzb").exists():
            assert not [*tmp_path.iterdir()]
        else:  # only what follows its naming failed
            assert (tmp_path / "carried.xzb").read_bytes() == b"content"
            (tmp_path / "carried.xzb").unlink()
        moment += 1
    assert counted.done >= 3
    with pytest.raises(FileExistsError):
        files.write_new(tmp_path / "carried.xzb", b"other")
    assert (tmp_path / "carried.xzb").read_bytes() == b"content"


def test_counts_and_ages_are_known_without_reading(store: Path, simulator: TUFSimulator) -> None:
    simulator.next(after=DAY)
    simulator.entrusted["court-420684"].published_at = NOW + DAY
    import_bundle(store, simulator.bundle(), at=NOW + DAY)
    summary = read_state(store).summary
    assert summary is not None
    assert (summary.issuers, summary.status_lists, summary.status_changes) == (1, 4, 3)
    assert (summary.attested_from, summary.attested_until) == (NOW, NOW + DAY)
    paths = directory.open_index(store)[1].section(indexed.PATHS)
    assert [*paths.below("courts/420683/")] == [
        "courts/420683/issuer.json", REVOCATION, "courts/420683/status/1/suspension.json",
    ]  # fmt: skip
