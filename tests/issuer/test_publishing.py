"""The bundle's publisher: what it makes is read by python-tuf's own client, and nothing stops it half-way."""

import functools
import json
import shutil
import stat
import tarfile
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from support.issuers import SimulatedCourt
from support.power_cut import PowerCutError, stopping
from support.tuf_client import client_of
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing import role_keys
from xinzheng_issuer.publishing.bundle import BundlePublisher, Lifetimes, Publication
from xinzheng_issuer.publishing.status_lists import ENTRIES, StatusPurpose, sign_status_document, status_list_credential
from xinzheng_keys import file_keystore
from xinzheng_keys.errors import KeyStoreError
from xinzheng_keys.pkcs8 import ScryptCost, encrypt_private_key
from xinzheng_schemas import bitstring
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.trust.directory import import_bundle

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SECRET = b"correct horse battery staple"
REVOCATION = "courts/420683/status/1/revocation.json"
TARGETS = {REVOCATION: b'{"id": "https://xz.example/status/420683/1/revocation"}'}


def passphrase() -> bytes:
    return SECRET


@pytest.fixture(autouse=True)
def _cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = functools.partial(encrypt_private_key, cost=ScryptCost(n=2, r=8, p=1))
    monkeypatch.setattr(file_keystore, "encrypt_private_key", quick)


def create(folder: Path, **options: Any) -> BundlePublisher:
    return BundlePublisher.create(folder / "public", keys=folder / "keys", passphrase=passphrase, at=NOW, **options)


def reopen(folder: Path, **options: Any) -> BundlePublisher:
    return BundlePublisher.open(folder / "public", keys=folder / "keys", passphrase=passphrase, **options)


@pytest.fixture
def publisher(tmp_path: Path) -> BundlePublisher:
    return create(tmp_path)


def loaded(publisher: BundlePublisher, publication: Publication | None = None) -> TrustStore:
    publication = publication or publisher.latest
    assert publication is not None
    return TrustStore.from_bundle(publication.path.read_bytes(), root=publisher.root, at=NOW)


def refusal(error: type[PublishingError | KeyStoreError], action: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(error) as caught:
        action(*arguments, **options)
    assert str(caught.value)
    assert caught.value.message("zh")
    return str(caught.value.code)


# --- read by another implementation -----------------------------------------------------------------------------------


@pytest.mark.parametrize("unpacked", [True, False], ids=["bundle", "folder"])
def test_pythons_tuf_client_follows_the_publications(tmp_path: Path, *, unpacked: bool) -> None:
    # That client reads the machine's clock.
    now = datetime.now(UTC)
    publisher = BundlePublisher.create(
        tmp_path / "public",
        keys=tmp_path / "keys",
        passphrase=passphrase,
        at=now,
        root_keys=3,
        root_threshold=2,
    )
    root: bytes | None = publisher.root
    for number in range(3):
        targets = {**TARGETS, f"courts/{number}/status/1/suspension.json": b'{"id": "https://xz.example/%d"}' % number}
        publication = publisher.publish(targets, at=now)
        folder = tmp_path / "public"
        if unpacked:
            folder = tmp_path / f"unpacked-{number}"
            with tarfile.open(publication.path, mode="r:xz") as archive:
                archive.extractall(folder, filter="data")
        client = client_of(folder, tmp_path / "cache", root=root)
        client.refresh()
        for path, content in targets.items():
            target = client.get_targetinfo(path)
            assert target is not None
            assert Path(client.download_target(target)).read_bytes() == content
        assert client.get_targetinfo(f"courts/{number - 1}/status/1/suspension.json") is None
        root = None  # from here on the client goes by its own memory


# --- publications -----------------------------------------------------------------------------------------------------


def test_versions_go_up_by_one_and_on_after_a_restart(publisher: BundlePublisher, tmp_path: Path) -> None:
    assert [publisher.publish(TARGETS, at=NOW).version for _ in range(2)] == [1, 2]
    again = reopen(tmp_path)
    publication = again.publish({}, at=NOW)
    assert publication.version == 3
    assert again.latest == publisher.latest == publication
    assert loaded(again).bundle_version == 3
    assert loaded(again).status_list_urls == ()


def test_nothing_is_in_effect_before_the_first_publication(publisher: BundlePublisher) -> None:
    assert publisher.latest is None


def test_a_publication_is_what_it_says(publisher: BundlePublisher) -> None:
    publication = publisher.publish(TARGETS, at=NOW)
    trust = loaded(publisher, publication)
    assert trust.bundle_version == publication.version
    assert trust.issued_floor == NOW
    assert trust.status_list("https://xz.example/status/420683/1/revocation") == TARGETS[REVOCATION]
    assert trust.attested_at("https://xz.example/status/420683/1/revocation") == NOW


def test_equal_content_makes_an_equal_bundle(publisher: BundlePublisher, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "public", tmp_path / "copy" / "public")
    shutil.copytree(tmp_path / "keys", tmp_path / "copy" / "keys")
    here = publisher.publish(TARGETS, at=NOW)
    there = reopen(tmp_path / "copy").publish(TARGETS, at=NOW)
    assert here.sha256 == there.sha256
    assert here.path.read_bytes() == there.path.read_bytes()


def test_lifetimes_are_settings(tmp_path: Path) -> None:
    usual = create(tmp_path / "usual")
    usual.publish(TARGETS, at=NOW)
    assert loaded(usual).bundle_expires == NOW + 7 * DAY
    lifetimes = Lifetimes(timestamp=timedelta(hours=2))
    hasty = create(tmp_path / "hasty", lifetimes=lifetimes)
    hasty.publish(TARGETS, at=NOW)
    assert loaded(hasty).bundle_expires == NOW + timedelta(hours=2)
    kept = reopen(tmp_path / "hasty", lifetimes=lifetimes)
    kept.publish(TARGETS, at=NOW + DAY)
    assert loaded(kept).bundle_expires == NOW + DAY + timedelta(hours=2)


def test_moments_are_utc_and_never_go_back(publisher: BundlePublisher) -> None:
    publisher.publish(TARGETS, at=NOW.astimezone(timezone(timedelta(hours=8))))
    publisher.publish(TARGETS, at=NOW - timedelta(minutes=5))
    trust = loaded(publisher)
    assert trust.issued_floor == NOW
    assert trust.bundle_expires == NOW + 7 * DAY - timedelta(minutes=5)


def test_a_clock_that_was_far_ahead_once_is_told(publisher: BundlePublisher) -> None:
    """Its moment again and again would keep lenders in the future, and expire before it began."""
    publisher.publish(TARGETS, at=NOW + 240 * DAY)
    before = publisher.latest
    with pytest.raises(PublishingError) as caught:
        publisher.publish(TARGETS, at=NOW)
    assert caught.value.code == "publication_clock"
    assert "2027" in caught.value.message("en")
    assert "2027" in caught.value.message("zh")
    assert publisher.latest == before
    assert publisher.publish(TARGETS, at=NOW + 240 * DAY).version == 2


@pytest.mark.parametrize("path", ["../evil.json", "/etc/passwd", "courts/420683/other.json", ""])
def test_a_path_that_is_none_is_refused(publisher: BundlePublisher, path: str) -> None:
    assert refusal(PublishingError, publisher.publish, {path: b"{}"}, at=NOW) == "target_path"
    assert publisher.latest is None


def test_what_lenders_would_refuse_is_not_published(publisher: BundlePublisher) -> None:
    before = publisher.publish(TARGETS, at=NOW)
    bad = {**TARGETS, "courts/420683/issuer.json": b"{}"}
    assert refusal(PublishingError, publisher.publish, bad, at=NOW) == "publication_refused"
    assert refusal(PublishingError, publisher.publish, TARGETS, at=NOW + 366 * DAY) == "root_expired"
    assert publisher.latest == before
    assert publisher.publish(TARGETS, at=NOW).version == before.version + 1


# --- the folder and its keys ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("publisher")
def test_keys_are_encrypted_and_for_their_owner_alone(tmp_path: Path) -> None:
    files = list((tmp_path / "keys").iterdir())
    keys = {"root-1.pem", "snapshot.pem", "targets.pem", "timestamp.pem"}
    assert {path.name for path in files} == {*keys, "kept-roots.json", "lock"}
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for path in (tmp_path / "keys" / name for name in keys):
        assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_each_role_has_a_key_of_its_own(publisher: BundlePublisher) -> None:
    roles = json.loads(publisher.root)["signed"]["roles"]
    assert len({key for role in roles.values() for key in role["keyids"]}) == 4


def test_a_repository_is_never_started_anew(publisher: BundlePublisher, tmp_path: Path) -> None:
    root = publisher.root
    assert refusal(PublishingError, create, tmp_path) == "repository_exists"
    assert reopen(tmp_path).root == root


def test_a_folder_without_repository_is_none(tmp_path: Path) -> None:
    assert refusal(PublishingError, reopen, tmp_path) == "repository_missing"


@pytest.mark.usefixtures("publisher")
def test_keys_of_another_repository_are_refused(tmp_path: Path) -> None:
    create(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "keys" / "snapshot.pem", tmp_path / "keys" / "snapshot.pem")
    assert refusal(PublishingError, reopen, tmp_path) == "role_key_unknown"


@pytest.mark.usefixtures("publisher")
def test_key_files_that_must_not_be_used(tmp_path: Path) -> None:
    key_file = tmp_path / "keys" / "targets.pem"
    key_file.chmod(0o640)
    assert refusal(KeyStoreError, reopen, tmp_path) == "key_file_permissions"
    key_file.chmod(0o600)
    wrong = {"keys": tmp_path / "keys", "passphrase": lambda: b"another passphrase"}
    assert refusal(KeyStoreError, BundlePublisher.open, tmp_path / "public", **wrong) == "passphrase_wrong"
    open_key = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key_file.write_bytes(open_key)
    assert refusal(KeyStoreError, reopen, tmp_path) == "key_file_unencrypted"
    curve_key = ec.generate_private_key(ec.SECP521R1())
    key_file.write_bytes(curve_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(SECRET)))
    assert refusal(KeyStoreError, reopen, tmp_path) == "key_type_unsupported"
    key_file.unlink()
    assert refusal(KeyStoreError, reopen, tmp_path) == "key_file_missing"


def test_role_keys_are_made_once_and_under_a_real_passphrase(tmp_path: Path) -> None:
    role_keys.create_role_key(tmp_path / "key.pem", passphrase=passphrase)
    assert (
        refusal(KeyStoreError, role_keys.create_role_key, tmp_path / "key.pem", passphrase=passphrase)
        == "key_file_exists"
    )
    assert (
        refusal(KeyStoreError, role_keys.create_role_key, tmp_path / "b.pem", passphrase=lambda: b"x")
        == "passphrase_short"
    )
    nowhere = tmp_path / "none" / "key.pem"
    assert refusal(KeyStoreError, role_keys.create_role_key, nowhere, passphrase=passphrase) == "key_file_not_written"


@pytest.mark.parametrize("content", [b"", b"{}", b'{"signed": {"_type": "timestamp"}}'])
def test_a_damaged_repository_is_not_taken_for_an_empty_one(
    publisher: BundlePublisher, tmp_path: Path, content: bytes
) -> None:
    publisher.publish(TARGETS, at=NOW)
    (tmp_path / "public" / "metadata" / "timestamp.json").write_bytes(content)
    assert refusal(PublishingError, publisher.publish, TARGETS, at=NOW) == "repository_damaged"
    assert refusal(PublishingError, lambda: publisher.latest) == "repository_damaged"


def test_metadata_of_another_role_is_damage(publisher: BundlePublisher, tmp_path: Path) -> None:
    publisher.publish(TARGETS, at=NOW)
    metadata = tmp_path / "public" / "metadata"
    shutil.copy(metadata / "1.root.json", metadata / "timestamp.json")
    assert refusal(PublishingError, publisher.publish, TARGETS, at=NOW) == "repository_damaged"


# --- at any moment, and at the same time ------------------------------------------------------------------------------


def test_a_publication_cut_off_anywhere_never_gives_a_number_twice(publisher: BundlePublisher, tmp_path: Path) -> None:
    before = publisher.publish(TARGETS, at=NOW)
    store = tmp_path / "store"
    import_bundle(store, before.path.read_bytes(), root=publisher.root, at=NOW)
    changed = {REVOCATION: TARGETS[REVOCATION].replace(b"}", b', "sequence": 2}')}
    for moment in range(1_000):
        copy = tmp_path / f"cut-{moment}"
        for name in ("public", "keys"):
            shutil.copytree(tmp_path / name, copy / name)
        try:
            with stopping(moment):
                reopen(copy).publish(changed, at=NOW)
        except PowerCutError:
            after = reopen(copy)
            left = {path.name for path in (copy / "public" / "bundles").glob("bundle-*")}
            assert after.latest is not None
            assert after.latest.version in {1, 2}
            loaded(after)
            publication = after.publish(changed, at=NOW + DAY)
            assert publication.path.name not in left
            lender = shutil.copytree(store, copy / "store")
            for path in sorted((copy / "public" / "bundles").glob("bundle-*")):
                import_bundle(lender, path.read_bytes(), at=NOW + DAY)  # whichever was handed out: no conflict
        else:
            assert moment > 10
            return
    pytest.fail("the publication never took effect")


def test_a_start_cut_off_anywhere_can_be_started_again(tmp_path: Path) -> None:
    for moment in range(1_000):
        folder = tmp_path / str(moment)
        try:
            with stopping(moment):
                create(folder)
        except PowerCutError:
            started = (folder / "public" / "metadata" / "1.root.json").exists()
            publisher = reopen(folder) if started else create(folder)
            assert publisher.publish(TARGETS, at=NOW).version == 1
        else:
            return
    pytest.fail("the repository was never made")


def test_a_full_disk_leaves_the_publication_before(publisher: BundlePublisher) -> None:
    before = publisher.publish(TARGETS, at=NOW)
    with stopping(3, OSError), pytest.raises(OSError, match="no space"):
        publisher.publish({}, at=NOW)
    assert publisher.latest == before
    assert publisher.publish({}, at=NOW).version > before.version


def test_two_publishers_at_once_share_one_line_of_versions(publisher: BundlePublisher, tmp_path: Path) -> None:
    publishers = [publisher, reopen(tmp_path)]
    versions: list[int] = []

    def run(mine: BundlePublisher) -> None:
        versions.extend(mine.publish(TARGETS, at=NOW).version for _ in range(5))

    threads = [threading.Thread(target=run, args=(mine,)) for mine in publishers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(versions) == list(range(1, 11))


# --- status lists -----------------------------------------------------------------------------------------------------


def unsigned_list(
    court: SimulatedCourt, *indexes: int, purpose: StatusPurpose = "revocation", sequence: int = 1
) -> dict[str, Any]:
    return status_list_credential(
        indexes,
        url=court.status_url(purpose),
        issuer=court.did,
        purpose=purpose,
        sequence=sequence,
        valid_from=NOW,
        valid_until=NOW + 7 * DAY,
    )


def test_a_list_has_all_its_entries_however_few_are_set() -> None:
    subject = unsigned_list(SimulatedCourt(), 0, 94567, ENTRIES - 1)["credentialSubject"]
    bits = bitstring.decode(subject["encodedList"], max_bytes=ENTRIES // 8)
    assert len(bits) * 8 == ENTRIES == 131_072
    assert [index for index in range(ENTRIES) if bitstring.get_bit(bits, index)] == [0, 94567, ENTRIES - 1]
    assert bits[0] == 0b1000_0000  # the left-most bit is entry 0


def test_lists_depend_on_what_is_set_alone() -> None:
    court = SimulatedCourt()
    assert unsigned_list(court, 5, 3, 3) == unsigned_list(court, 3, 5)


@pytest.mark.parametrize("index", [-1, ENTRIES])
def test_an_entry_outside_the_list_is_refused(index: int) -> None:
    with pytest.raises(bitstring.BitstringError) as caught:
        unsigned_list(SimulatedCourt(), index)
    assert caught.value.code == "status_range"


def test_a_certificate_is_in_force_and_then_revoked(publisher: BundlePublisher) -> None:
    court = SimulatedCourt(now=NOW)
    certificate = court.issue().json_text

    def signed(credential: dict[str, Any]) -> bytes:
        return sign_status_document(
            credential, court.status_signer, verification_method=court.method("status-1"), created=NOW
        )

    targets = {
        "courts/420683/issuer.json": json.dumps(court.issuer_document()).encode(),
        "courts/420683/status/1/revocation.json": signed(unsigned_list(court)),
        "courts/420683/status/1/suspension.json": signed(unsigned_list(court, purpose="suspension")),
    }
    publisher.publish(targets, at=NOW)
    report = Verifier(loaded(publisher)).report(certificate, at=NOW)
    assert (report.code, report.status_as_of, report.bundle_version) == ("ok", NOW, 1)
    targets["courts/420683/status/1/revocation.json"] = signed(unsigned_list(court, 94567, sequence=2))
    publisher.publish(targets, at=NOW)
    assert Verifier(loaded(publisher)).report(certificate, at=NOW).code == "revoked"
