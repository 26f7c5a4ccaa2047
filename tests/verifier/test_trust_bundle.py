"""The one-file bundle: from bytes to issuers and status lists, without a network and without a path."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.issuers import SimulatedCourt
from support.tar_writer import Entry, archive
from support.tuf_simulator import TUFSimulator, pack, status_list
from xinzheng_schemas.trust_documents import KeyState
from xinzheng_verifier import TrustError, TrustStore, Verifier
from xinzheng_verifier.trust.bundle import load
from xinzheng_verifier.trust.directory import import_bundle
from xinzheng_verifier.trust.extent import select
from xinzheng_verifier.trust.names import FILE_NAME, TARGET_PATH, target_path

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FOLDER = "courts/420683"


def encoded(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def publish(
    court: SimulatedCourt, *, revoked: tuple[int, ...] = (), simulator: TUFSimulator | None = None
) -> TUFSimulator:
    """A publisher of what this court says."""
    simulator = simulator or TUFSimulator(at=NOW)
    simulator.targets = {
        f"{FOLDER}/issuer.json": encoded(court.issuer_document()),
        f"{FOLDER}/status/1/revocation.json": encoded(court.status_list("revocation", revoked)),
        f"{FOLDER}/status/1/suspension.json": encoded(court.status_list("suspension")),
    }
    return simulator


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt(now=NOW)


def refusal(simulator: TUFSimulator) -> TrustError:
    with pytest.raises(TrustError) as caught:
        load(simulator.bundle(), root=simulator.root_bytes, at=NOW)
    assert str(caught.value)
    assert caught.value.message("zh")
    return caught.value


def test_a_bundle_becomes_trust(court: SimulatedCourt) -> None:
    simulator = publish(court)
    trust = TrustStore.from_bundle(simulator.bundle(), root=simulator.root_bytes, at=NOW)
    issuer = trust.issuer(court.did)
    assert issuer is not None
    assert issuer.name == court.name
    assert trust.status_list(court.status_url("revocation")) == simulator.targets[f"{FOLDER}/status/1/revocation.json"]
    assert (trust.bundle_version, trust.bundle_expires, trust.issued_floor) == (1, NOW + 7 * DAY, NOW)


def test_a_certificate_is_judged_by_the_bundle_and_by_the_store(court: SimulatedCourt, tmp_path: Path) -> None:
    forms = court.issue()
    simulator = publish(court)
    import_bundle(tmp_path, simulator.bundle(), root=simulator.root_bytes, at=NOW)
    from_bundle = load(simulator.bundle(), root=simulator.root_bytes, at=NOW)
    for trust in (from_bundle, TrustStore.open(tmp_path)):
        for data in (forms.json_text, forms.jwt, forms.qr):
            assert Verifier(trust).report(data, at=NOW).code == "ok"
    import_bundle(tmp_path, publish(court, revoked=(94567,), simulator=simulator.next()).bundle(), at=NOW)
    assert Verifier(TrustStore.open(tmp_path)).report(forms.jwt, at=simulator.at).code == "revoked"


def test_two_courts_with_one_name_are_refused(court: SimulatedCourt) -> None:
    simulator = publish(court)
    simulator.targets["courts/420684/issuer.json"] = encoded(court.issuer_document())
    assert refusal(simulator).code == "issuer_ambiguous"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("courts/420684/issuer.json", b"{}"),
        ("courts/420684/issuer.json", b"not JSON"),
        ("courts/420684/issuer.json", b'{"version": 1, "version": 1}'),
        ("courts/420684/status/1/revocation.json", b"[]"),
        ("courts/420684/status/1/revocation.json", b"{}"),
        ("courts/420684/status/1/revocation.json", b'{"id": 7}'),
        ("courts/420684/status/1/revocation.json", status_list("420683", "revocation")),  # the address of another list
    ],
)
def test_a_document_that_is_none_is_refused_and_named(court: SimulatedCourt, path: str, content: bytes) -> None:
    simulator = publish(court)
    simulator.targets[path] = content
    error = refusal(simulator)
    assert (error.code, error.params["document"]) == ("trust_document_malformed", path)
    assert not re.search("[a-z]{2,} [a-z]{2,}", error.message("zh"))  # words of English


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "courts/420683/issuer.json", "courts/0491-1/status/12/suspension.json",
        "courts/420683/status/1/revocation.changes.json",
    ],
)  # fmt: skip
def test_paths_of_targets(path: str) -> None:
    assert TARGET_PATH.fullmatch(path)
    folder, _, base = path.rpartition("/")
    name = f"targets/{folder}/{'0' * 64}.{base}"
    assert FILE_NAME.fullmatch(name)
    assert target_path(name) == path


@pytest.mark.parametrize(
    "path",
    [
        "courts/../issuer.json", "courts//issuer.json", "issuer.json", "courts/420683/issuer.json/",
        "Courts/420683/issuer.json", "courts/420683/status/0/revocation.json",
        "courts/420683/status/01/revocation.json", "courts/420683/status/1/names.json",
        "courts/420683/issuer.changes.json", "courts/420683/revocation.json", "courts/420683/status/1/issuer.json",
        "courts/４２０６８３/issuer.json", "courts/420683/issuer.json\n",
        "courts/.hidden/issuer.json", f"courts/{'4' * 33}/issuer.json",
    ],
)  # fmt: skip
def test_no_paths_of_targets(path: str) -> None:
    assert not TARGET_PATH.fullmatch(path)


@pytest.mark.parametrize(
    "name",
    [
        "metadata/timestamp.json.bak", "metadata/0.root.json", "metadata/01.root.json", "metadata/root.json",
        "metadata/1.hubei.json", "timestamp.json", f"metadata/{2**63}.timestamp.json",
        f"metadata/{2**63}.snapshot.json", "targets/courts/420683/issuer.json", "metadata/../metadata/1.root.json",
        "README.txt",
    ],
)  # fmt: skip
def test_a_file_off_the_list_is_refused_whatever_it_holds(court: SimulatedCourt, name: str) -> None:
    simulator = publish(court)
    bundle = pack(simulator.files() | {name: b"{}"})
    with pytest.raises(TrustError) as caught:
        load(bundle, root=simulator.root_bytes, at=NOW)
    assert caught.value.code == "bundle_file_name"


def test_a_link_in_place_of_a_file_is_refused(court: SimulatedCourt) -> None:
    simulator = publish(court)
    links = (
        Entry(name=name.encode(), content=content, kind=b"2" if "issuer" in name else b"0")
        for name, content in select(simulator.files()).items()
    )
    with pytest.raises(TrustError) as caught:
        load(archive(links), root=simulator.root_bytes, at=NOW)
    assert caught.value.code == "bundle_file_kind"


# --- no network, nothing loaded before it is needed -------------------------------------------------------------------

NETWORK = ("asyncio", "http.client", "requests", "socket", "ssl", "urllib.request", "urllib3")
PROGRAM = """
import sys
sys.modules["asn1crypto"] = None  # securesystemslib takes it where keys[pkcs11] brought it; it loads sockets
from datetime import UTC, datetime
from pathlib import Path
from xinzheng_verifier import TrustStore
bundle, root, store = map(Path, sys.argv[1:])
assert "tuf" not in sys.modules
TrustStore.open(store)
print(*(name for name in ("tuf", "securesystemslib") if name in sys.modules))
TrustStore.from_bundle(bundle.read_bytes(), root=root.read_bytes(), at=datetime(2026, 11, 23, 9, tzinfo=UTC))
assert "tuf" in sys.modules
print(*sorted(sys.modules))
"""


def test_no_network_module_is_loaded_and_tuf_only_to_judge_a_bundle(court: SimulatedCourt, tmp_path: Path) -> None:
    simulator = publish(court)
    (tmp_path / "bundle.xzb").write_bytes(simulator.bundle())
    (tmp_path / "root.json").write_bytes(simulator.root_bytes)
    import_bundle(tmp_path / "store", simulator.bundle(), root=simulator.root_bytes, at=NOW)
    arguments = [str(tmp_path / name) for name in ("bundle.xzb", "root.json", "store")]
    # Measuring coverage would load modules of its own.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    command = [sys.executable, "-I", "-c", PROGRAM, *arguments]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    opened, judged = run.stdout.splitlines()
    assert opened == ""
    assert set(judged.split()).isdisjoint(NETWORK)


# --- keys that come to an end (threats T09 and T10) -------------------------------------------------------------------


def test_a_key_that_is_gone_and_a_key_that_was_compromised_on_a_day() -> None:
    court = SimulatedCourt(now=NOW)
    before, after = court.issue(), court.issue({"validFrom": "2026-11-23T08:30:00Z"})
    simulator = publish(court)

    def codes() -> list[str]:
        trust = load(simulator.bundle(), root=simulator.root_bytes, at=NOW)
        return [Verifier(trust).report(forms.jwt, at=NOW).code for forms in (before, after)]

    assert codes() == ["ok", "ok"]
    # In other hands since 08:15: what says that it was signed later fails; nothing proves that the rest was not.
    compromised = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)
    court.records["cert-1"] = replace(court.records["cert-1"], state=KeyState.COMPROMISED, compromised_at=compromised)
    publish(court, simulator=simulator)
    assert codes() == ["key_compromised", "key_compromised"]
    # Gone without a word: nobody knows the key.
    del court.records["cert-1"]
    publish(court, simulator=simulator)
    assert codes() == ["kid_unknown", "kid_unknown"]


def test_the_key_of_another_purpose_signs_nothing(court: SimulatedCourt) -> None:
    simulator = publish(court)
    trust = load(simulator.bundle(), root=simulator.root_bytes, at=NOW)
    forms = court.issue(signer=court.status_signer, key="status-1")
    assert [Verifier(trust).report(form, at=NOW).code for form in (forms.jwt, forms.json_text)] == ["key_usage"] * 2
    listed = encoded(court.status_list("revocation", signer=court.certificate_signer, key="cert-1"))
    simulator.targets[f"{FOLDER}/status/1/revocation.json"] = listed
    trust = load(simulator.bundle(), root=simulator.root_bytes, at=NOW)
    assert Verifier(trust).report(court.issue().jwt, at=NOW).code == "status_issuer"
