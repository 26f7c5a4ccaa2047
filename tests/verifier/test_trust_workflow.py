"""TUF's client workflow against a publisher that publishes anything; numbers are sections of the specification 1.0."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner, SSlibKey

from support.sm2 import SM2_PUBLIC_KEY
from support.tuf_simulator import TUFSimulator, status_list, target_name
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import limits
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust.seen import NOTHING_SEEN, Seen
from xinzheng_verifier.trust.tuf_metadata import key_material
from xinzheng_verifier.trust.tuf_workflow import TrustedRepository, walk

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PATH = "courts/420683/status/1/revocation.json"


@pytest.fixture
def simulator() -> TUFSimulator:
    return TUFSimulator(at=NOW)


def load(
    simulator: TUFSimulator,
    *,
    seen: Seen = NOTHING_SEEN,
    at: datetime | None = None,
    files: dict[str, bytes] | None = None,
    root: bytes | None = None,
) -> TrustedRepository:
    return walk(
        simulator.files() if files is None else files,
        root=root or simulator.root_bytes,
        seen=seen,
        at=at or simulator.at,
    )


def refusal(simulator: TUFSimulator, **how: Any) -> str:
    with pytest.raises(TrustError) as caught:
        load(simulator, **how)
    assert str(caught.value)
    assert caught.value.message("zh")
    return caught.value.code


def test_everything_that_the_root_vouches_for_is_handed_on(simulator: TUFSimulator) -> None:
    trusted = load(simulator)
    assert trusted.targets == simulator.targets
    assert (trusted.root, trusted.root_version) == (simulator.root_bytes, 1)
    assert (trusted.seen.timestamp, trusted.seen.snapshot, trusted.seen.metadata) == (1, 1, {"targets.json": 1})
    assert trusted.seen.published_at == NOW


def test_a_repository_without_targets_is_loaded(simulator: TUFSimulator) -> None:
    simulator.targets.clear()
    assert load(simulator).targets == {}


# --- 5.3 root ---------------------------------------------------------------------------------------------------------


def test_the_root_is_followed_over_several_rotations(simulator: TUFSimulator) -> None:
    simulator.rotate("root")
    simulator.rotate("root", "targets")
    simulator.rotate("timestamp")
    trusted = load(simulator)
    assert (trusted.root, trusted.root_version) == (simulator.roots[4], 4)
    assert load(simulator, root=simulator.roots[3]).root_version == 4
    assert load(simulator, root=simulator.roots[4]).root_version == 4


def test_a_root_below_the_one_trusted_is_not_looked_at(simulator: TUFSimulator) -> None:
    simulator.rotate("root")
    files = simulator.files() | {"metadata/1.root.json": b"not even JSON"}
    assert load(simulator, files=files, root=simulator.roots[2]).root_version == 2


def test_a_root_step_signed_by_the_new_keys_alone_is_refused(simulator: TUFSimulator) -> None:
    simulator.keys["root"] = [CryptoSigner.generate_ed25519()]
    simulator.publish_root()
    assert refusal(simulator) == "bundle_root"


def test_a_root_step_signed_by_the_old_keys_alone_is_refused(simulator: TUFSimulator) -> None:
    before = simulator.keys["root"]
    simulator.keys["root"] = [CryptoSigner.generate_ed25519()]
    simulator.publish_root(signers=before)
    assert refusal(simulator) == "bundle_root"


def test_a_skipped_root_version_is_refused(simulator: TUFSimulator) -> None:
    simulator.publish_root(version=3)
    assert refusal(simulator) == "bundle_root"


def test_a_root_that_states_another_version_than_its_name_is_refused(simulator: TUFSimulator) -> None:
    simulator.roots[2] = simulator.publish_root(version=3)
    del simulator.roots[3]
    assert refusal(simulator) == "bundle_root"


def test_more_root_steps_than_the_limit_are_refused(simulator: TUFSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xinzheng_verifier.trust.tuf_workflow.MAX_ROOT_STEPS", 2)
    simulator.rotate()
    simulator.rotate()
    assert load(simulator).root_version == 3
    simulator.rotate()
    assert refusal(simulator) == "bundle_root"


def test_a_root_of_another_publisher_is_refused(simulator: TUFSimulator) -> None:
    assert refusal(simulator, root=TUFSimulator(at=NOW).root_bytes) == "bundle_threshold"


def test_a_root_that_does_not_sign_itself_is_no_root_to_start_from() -> None:
    stranger = [CryptoSigner.generate_ed25519()]
    assert refusal(TUFSimulator(at=NOW, signers={"root": stranger})) == "bundle_threshold"


@pytest.mark.parametrize("offset", [timedelta(0), timedelta(seconds=1), 365 * DAY])
def test_an_expired_root_is_refused(simulator: TUFSimulator, offset: timedelta) -> None:
    expires = NOW + 365 * DAY
    assert load(simulator, at=expires - timedelta(seconds=1)).root_version == 1
    assert refusal(simulator, at=expires + offset) == "bundle_expired"


def test_an_expired_root_is_no_obstacle_on_the_way_to_a_new_one(simulator: TUFSimulator) -> None:
    simulator.next(after=500 * DAY).publish_root()
    assert load(simulator).root_version == 2


def test_a_root_without_consistent_snapshots_is_refused(simulator: TUFSimulator) -> None:
    simulator.publish_root(consistent_snapshot=False)
    assert refusal(simulator) == "bundle_metadata"


# --- thresholds -------------------------------------------------------------------------------------------------------


def ceremony(role: str, *, signing: int, keys: int = 3, threshold: int = 2) -> TUFSimulator:
    """A publisher that gives `role` several keys, of which some sign."""
    made = [CryptoSigner.generate_ed25519() for _ in range(keys)]
    return TUFSimulator(at=NOW, keys={role: made}, signers={role: made[:signing]}, threshold={role: threshold})


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
def test_a_threshold_is_enough_and_one_less_is_not(role: str) -> None:
    assert load(ceremony(role, signing=3)).root_version == 1
    assert load(ceremony(role, signing=2)).root_version == 1
    assert refusal(ceremony(role, signing=1)) == "bundle_threshold"
    assert refusal(ceremony(role, signing=0)) == "bundle_threshold"


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
def test_one_key_under_two_names_counts_once(role: str) -> None:
    signer = CryptoSigner.generate_ed25519()
    public = signer.public_key.keyval["public"]
    alias = CryptoSigner(signer._private_key, SSlibKey("another-name", "ed25519", "ed25519", {"public": public}))
    shouted = {"public": public.upper()}
    shouting = CryptoSigner(signer._private_key, SSlibKey("upper-case", "ed25519", "ed25519", shouted))
    for double in (alias, shouting):
        simulator = TUFSimulator(at=NOW, keys={role: [signer, double]}, threshold={role: 2})
        assert refusal(simulator) == "bundle_threshold"


def test_one_signature_repeated_is_refused(simulator: TUFSimulator) -> None:
    files = simulator.files()
    timestamp = json.loads(files["metadata/timestamp.json"])
    timestamp["signatures"] *= 2
    files["metadata/timestamp.json"] = json.dumps(timestamp).encode()
    assert refusal(simulator, files=files) == "bundle_metadata"


def test_keys_of_another_role_do_not_count(simulator: TUFSimulator) -> None:
    simulator.signers["timestamp"] = simulator.keys["snapshot"] + simulator.keys["targets"] + simulator.keys["root"]
    assert refusal(simulator) == "bundle_threshold"


def test_a_changed_signature_does_not_count(simulator: TUFSimulator) -> None:
    files = simulator.files()
    timestamp = json.loads(files["metadata/timestamp.json"])
    for signature in ("00" * 64, "not hexadecimal", ""):
        timestamp["signatures"][0]["sig"] = signature
        files["metadata/timestamp.json"] = json.dumps(timestamp).encode()
        assert refusal(simulator, files=files) == "bundle_threshold"


def test_key_of_a_curve_that_nobody_knows_is_no_key() -> None:
    public = {"public": SM2_PUBLIC_KEY.decode()}
    assert key_material(SSlibKey("odd", "ecdsa", "ecdsa-sha2-nistp256", public)) is None


@pytest.mark.parametrize("scheme", ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384"])
def test_keys_of_hardware_modules_sign_too(scheme: str) -> None:
    assert load(TUFSimulator(at=NOW, keys={"root": [CryptoSigner.generate_ecdsa(scheme=scheme)]})).root_version == 1


def test_kinds_of_keys_that_are_not_on_the_list_do_not_count() -> None:
    assert refusal(TUFSimulator(at=NOW, keys={"root": [CryptoSigner.generate_rsa()]})) == "bundle_threshold"


@pytest.mark.parametrize("public", ["zz", "00", 7, None])
def test_a_key_that_is_none_does_not_count(public: object) -> None:
    simulator = TUFSimulator(at=NOW, threshold={"targets": 2})
    broken = SSlibKey("broken", "ed25519", "ed25519", {"public": "00"})
    broken.keyval["public"] = public
    lacking = CryptoSigner.generate_ed25519().public_key
    root = json.loads(simulator.root_bytes)["signed"]
    root["roles"]["targets"]["keyids"] += ["broken", lacking.keyid]
    root["keys"]["broken"] = broken.to_dict()
    simulator.roots[1] = resigned(simulator, "root", root)
    assert refusal(simulator) in {"bundle_threshold", "bundle_metadata"}


# --- 5.4 timestamp ----------------------------------------------------------------------------------------------------


def test_an_older_timestamp_is_refused(simulator: TUFSimulator) -> None:
    old = simulator.files()
    seen = load(simulator.next()).seen
    assert refusal(simulator, seen=seen, files=old) == "bundle_rollback"


def test_the_same_timestamp_is_taken_again(simulator: TUFSimulator) -> None:
    seen = load(simulator).seen
    assert load(simulator, seen=seen).seen == seen


def test_another_timestamp_of_the_same_version_is_refused(simulator: TUFSimulator) -> None:
    seen = load(simulator).seen
    simulator.at += DAY
    assert refusal(simulator, seen=seen) == "bundle_conflict"


def test_a_timestamp_that_names_an_older_snapshot_is_refused(simulator: TUFSimulator) -> None:
    seen = load(simulator.next()).seen
    simulator.next().versions |= {"snapshot": 1, "targets": 1}
    assert refusal(simulator, seen=seen) == "bundle_rollback"


def test_the_moment_of_publication_only_moves_forward(simulator: TUFSimulator) -> None:
    seen = load(simulator).seen
    simulator.next().extra["timestamp"] = {"publishedAt": "2020-01-01T00:00:00Z"}
    assert load(simulator, seen=seen).seen.published_at == NOW
    simulator.next().extra["timestamp"] = {"publishedAt": None}
    assert load(simulator, seen=seen).seen.published_at == NOW
    assert load(simulator).seen.published_at is None


@pytest.mark.parametrize("stated", ["yesterday", 7, [], "2026-11-23T25:00:00Z"])
def test_a_moment_of_publication_that_is_none_is_refused(simulator: TUFSimulator, stated: object) -> None:
    simulator.extra["timestamp"] = {"publishedAt": stated}
    assert refusal(simulator) == "bundle_metadata"


# --- 5.5 snapshot, 5.6 targets ----------------------------------------------------------------------------------------


def test_older_targets_are_refused(simulator: TUFSimulator) -> None:
    seen = load(simulator.next()).seen
    simulator.next().versions["targets"] = 1
    assert refusal(simulator, seen=seen) == "bundle_rollback"


def test_targets_metadata_that_vanished_is_refused(simulator: TUFSimulator) -> None:
    files = simulator.files()
    snapshot = json.loads(files["metadata/1.snapshot.json"])["signed"] | {"meta": {}}
    files = chained(simulator, files, snapshot=snapshot)
    assert refusal(simulator, files=files) == "bundle_incomplete"
    assert refusal(simulator, files=files, seen=Seen(metadata={"targets.json": 1})) == "bundle_rollback"


@pytest.mark.parametrize("role", ["snapshot", "targets"])
@pytest.mark.parametrize("step", [-1, 1])
def test_metadata_of_another_version_than_named_is_refused(simulator: TUFSimulator, role: str, step: int) -> None:
    simulator.next()
    simulator.listed[role] = simulator.version + step
    assert refusal(simulator) == "bundle_mixed"


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_metadata_of_another_moment_is_refused(simulator: TUFSimulator, role: str) -> None:
    old = simulator.files()
    files = simulator.next().files()
    files[f"metadata/2.{role}.json"] = old[f"metadata/1.{role}.json"]
    assert refusal(simulator, files=files) == "bundle_hash"


def test_metadata_that_names_more_than_targets_is_refused(simulator: TUFSimulator) -> None:
    files = simulator.files()
    snapshot = json.loads(files["metadata/1.snapshot.json"])["signed"]
    snapshot["meta"]["hubei.json"] = {"version": 1}
    assert refusal(simulator, files=chained(simulator, files, snapshot=snapshot)) == "bundle_metadata"


@pytest.mark.parametrize("lacking", ["hashes", "length"])
@pytest.mark.parametrize("role", ["timestamp", "snapshot"])
def test_a_name_without_digest_or_length_is_refused(simulator: TUFSimulator, role: str, lacking: str) -> None:
    files = simulator.files()
    metadata = json.loads(files["metadata/timestamp.json" if role == "timestamp" else "metadata/1.snapshot.json"])
    del next(iter(metadata["signed"]["meta"].values()))[lacking]
    assert refusal(simulator, files=chained(simulator, files, **{role: metadata["signed"]})) == "bundle_metadata"


# --- 5.7 target files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"other", status_list("420683", "revocation") + b" "])
def test_a_changed_file_is_refused(simulator: TUFSimulator, content: bytes) -> None:
    files = simulator.files()
    files[target_name(PATH, simulator.targets[PATH])] = content
    assert refusal(simulator, files=files) == "bundle_hash"


@pytest.mark.parametrize("wrong", [{"length": 1}, {"hashes": {"sha256": "00" * 32}}, {"hashes": {"sha512": "00" * 64}}])
def test_targets_metadata_that_describes_another_file_is_refused(
    simulator: TUFSimulator, wrong: dict[str, Any]
) -> None:
    files = simulator.files()
    targets = json.loads(files["metadata/1.targets.json"])["signed"]
    targets["targets"][PATH] |= wrong
    name = target_name(PATH, simulator.targets[PATH])
    stated = targets["targets"][PATH]["hashes"].get("sha256")
    files[name.replace(name.rpartition("/")[2].partition(".")[0], str(stated))] = files.pop(name)
    code = refusal(simulator, files=chained(simulator, files, targets=targets))
    assert code == ("bundle_metadata" if "sha512" in str(wrong) else "bundle_hash")


@pytest.mark.parametrize("number", range(4))
def test_a_missing_file_is_refused(simulator: TUFSimulator, number: int) -> None:
    files = simulator.files()
    del files[[name for name in files if not name.endswith("root.json")][number]]
    assert refusal(simulator, files=files) == "bundle_incomplete"


@pytest.mark.parametrize(
    "name", ["metadata/9.snapshot.json", f"targets/courts/420683/{'0' * 64}.issuer.json", "metadata/x.root.json"]
)
def test_a_file_that_nothing_names_is_refused(simulator: TUFSimulator, name: str) -> None:
    assert refusal(simulator, files=simulator.files() | {name: b"{}"}) == "bundle_unlisted"


# --- expiry -----------------------------------------------------------------------------------------------------------


def test_expired_metadata_below_the_root_is_taken_and_said(simulator: TUFSimulator) -> None:
    assert load(simulator, at=NOW + 100 * DAY).expires == NOW + 7 * DAY


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
def test_the_earliest_expiry_counts(simulator: TUFSimulator, role: str) -> None:
    simulator.lifetimes[role] = timedelta(hours=3)
    simulator.publish_root(version=1)
    assert load(simulator).expires == NOW + timedelta(hours=3)


# --- 5.3.11 recovery from a fast-forward ------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["timestamp", "snapshot"])
def test_new_keys_undo_versions_that_a_thief_pushed_up(simulator: TUFSimulator, role: str) -> None:
    simulator.version = 999_999_999
    simulator.extra["timestamp"] = {"publishedAt": format_timestamp(NOW + 6 * DAY)}
    seen = load(simulator).seen
    assert seen.published_at == NOW + 6 * DAY
    simulator.version = 2
    simulator.extra.clear()
    assert refusal(simulator, seen=seen) == "bundle_rollback"
    simulator.rotate(role)
    recovered = load(simulator, seen=seen)
    assert recovered.seen.timestamp == 2
    assert recovered.seen.published_at == NOW
    simulator.version = 1
    assert refusal(simulator, seen=recovered.seen, root=simulator.roots[2]) == "bundle_rollback"


@pytest.mark.parametrize("role", ["root", "targets"])
def test_new_keys_of_other_roles_forget_nothing(simulator: TUFSimulator, role: str) -> None:
    seen = load(simulator.next()).seen
    simulator.rotate(role)
    simulator.version = 1
    assert refusal(simulator, seen=seen) == "bundle_rollback"


# --- metadata that is none --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"{}", b"null", b'"text"', b"\xef\xbb\xbf{}", b"\xff", b"[" * 100, b'{"signed": {}}',
        b'{"signed": {"_type": "root"}, "signatures": []}', b'{"signed": [], "signatures": []}',
        b'{"signatures": [], "signatures": []}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["metadata/timestamp.json", "metadata/2.root.json"])
def test_what_is_no_metadata_is_refused(simulator: TUFSimulator, name: str, content: bytes) -> None:
    assert refusal(simulator, files=simulator.files() | {name: content}) == "bundle_metadata"


def test_metadata_of_another_role_is_refused(simulator: TUFSimulator) -> None:
    files = simulator.files()
    files["metadata/timestamp.json"] = files["metadata/1.snapshot.json"]
    assert refusal(simulator, files=files) == "bundle_metadata"


def test_duplicate_members_are_refused(simulator: TUFSimulator) -> None:
    files = simulator.files()
    files["metadata/timestamp.json"] = files["metadata/timestamp.json"].replace(
        b'"version":1', b'"version":1,"version":1', 1
    )
    assert refusal(simulator, files=files) == "bundle_metadata"


@pytest.mark.parametrize("version", [True, 0, -1, "1", [1]])
def test_a_version_that_is_no_number_is_refused(simulator: TUFSimulator, version: object) -> None:
    files = simulator.files()
    timestamp = json.loads(files["metadata/timestamp.json"])["signed"] | {"version": version}
    assert refusal(simulator, files=chained(simulator, files, timestamp=timestamp)) == "bundle_metadata"


def test_a_fraction_cannot_be_signed(simulator: TUFSimulator) -> None:
    files = simulator.files()
    timestamp = json.loads(files["metadata/timestamp.json"])
    timestamp["signed"]["fraction"] = 1.5
    files["metadata/timestamp.json"] = json.dumps(timestamp).encode()
    assert refusal(simulator, files=files) == "bundle_metadata"


@pytest.mark.parametrize("spec_version", ["2.0.0", "1", 1, "one.two"])
def test_another_major_version_of_the_specification_is_refused(simulator: TUFSimulator, spec_version: object) -> None:
    files = simulator.files()
    timestamp = json.loads(files["metadata/timestamp.json"])["signed"] | {"spec_version": spec_version}
    assert refusal(simulator, files=chained(simulator, files, timestamp=timestamp)) == "bundle_metadata"


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("metadata/timestamp.json", limits.TIMESTAMP_JSON.max_bytes),
        ("metadata/2.root.json", limits.ROOT_JSON.max_bytes),
    ],
)
def test_endless_metadata_is_refused_unread(simulator: TUFSimulator, name: str, limit: int) -> None:
    files = simulator.files() | {name: b" " * (limit + 1)}
    assert refusal(simulator, files=files) == "bundle_too_large"


def resigned(simulator: TUFSimulator, role: str, signed: dict[str, Any]) -> bytes:
    """Signed metadata of any content, as the holder of the role's keys could make it."""
    payload = encode_canonical(signed)
    assert isinstance(payload, str)
    signatures = [signer.sign(payload.encode()).to_dict() for signer in simulator.keys[role]]
    return json.dumps({"signed": signed, "signatures": signatures}).encode()


def chained(simulator: TUFSimulator, files: dict[str, bytes], **signed: dict[str, Any]) -> dict[str, bytes]:
    """The files with some metadata replaced, and what names it made to fit."""
    files = dict(files)
    names = {
        "targets": "metadata/1.targets.json",
        "snapshot": "metadata/1.snapshot.json",
        "timestamp": "metadata/timestamp.json",
    }
    above = {"targets": "snapshot", "snapshot": "timestamp"}
    for role, name in names.items():
        if role not in signed:
            continue
        files[name] = resigned(simulator, role, signed[role])
        if role in above:
            parent = signed.setdefault(above[role], json.loads(files[names[above[role]]])["signed"])
            parent["meta"][f"{role}.json"] |= {
                "length": len(files[name]),
                "hashes": {"sha256": hashlib.sha256(files[name]).hexdigest()},
            }
    return files
