"""`store update`: what a source offers is fetched within limits, and judged like any bundle that somebody brings."""

import ipaddress
import json
import os
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.publisher import StaticTree, WebServer, answering
from support.tuf_simulator import TUFSimulator, status_list
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import TrustError
from xinzheng_verifier.cli import main, sources, updating
from xinzheng_verifier.cli.sources import FolderSource, WebSource, source_of
from xinzheng_verifier.trust.directory import export_bundle, import_bundle, load, read_state

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LIST = "courts/420683/status/1/revocation.json"


@pytest.fixture
def simulator() -> TUFSimulator:
    simulator = TUFSimulator(at=NOW)
    simulator.country("420683", "420684", "430101")
    return simulator


@pytest.fixture
def tree(tmp_path: Path, simulator: TUFSimulator) -> StaticTree:
    """Editions 1, 2 and 3, with updates from each to the next."""
    tree = StaticTree(tmp_path / "tree", simulator)
    tree.publish()
    publish_next(tree)
    publish_next(tree)
    return tree


@pytest.fixture
def store(tmp_path: Path, tree: StaticTree) -> Path:
    """A store that holds edition 2."""
    bundle = tree.path("bundles/bundle-2.xzb").read_bytes()
    import_bundle(tmp_path / "store", bundle, root=tree.simulator.root_bytes, at=NOW)
    return tmp_path / "store"


@pytest.fixture
def server(tree: StaticTree) -> Iterator[WebServer]:
    with WebServer(tree.folder).running() as server:
        yield server


def publish_next(tree: StaticTree, *, update: bool = True) -> int:
    simulator = tree.simulator.next()
    simulator.entrusted["court-420683"].targets[LIST] = status_list(
        "420683", "revocation", credentialSubject={"sequence": simulator.version}
    )
    return tree.publish(update=update)


def updated(store: Path, place: object, **options: object) -> updating.Updated:
    arguments = {"root": None, "at": NOW + DAY, "max_age": None, **options}
    return updating.update(store, None if place is None else str(place), **arguments)  # type: ignore[arg-type]


def code(store: Path, place: object, **options: object) -> str:
    before = {path.name: path.read_bytes() for path in store.iterdir()} if store.exists() else None
    with pytest.raises(TrustError) as caught:
        updated(store, place, **options)
    assert str(caught.value)
    assert caught.value.message("zh")
    assert before == ({path.name: path.read_bytes() for path in store.iterdir()} if store.exists() else None)
    return caught.value.code


# --- from a folder ----------------------------------------------------------------------------------------------------


def test_what_changed_is_fetched_and_not_the_whole(store: Path, tree: StaticTree) -> None:
    done = updated(store, tree.folder)
    assert (done.by, done.result.bundle_version, done.result.previous_version) == ("update", 3, 2)
    names = ("metadata/timestamp.json", "updates/2-3.xzu")
    assert done.fetched == sum(tree.path(name).stat().st_size for name in names)
    content = load(store).status_list("https://xz.example/status/420683/1/revocation")
    assert json.loads(content or b"")["credentialSubject"]["sequence"] == 3


def test_where_it_came_from_is_remembered(store: Path, tree: StaticTree) -> None:
    updated(store, tree.folder)
    publish_next(tree)
    done = updated(store, None)
    assert (done.by, done.result.bundle_version, done.place) == ("update", 4, str(tree.folder))
    done = updated(store, None)
    assert (done.by, done.result.changed, done.result.bundle_version) == ("nothing", False, 4)


def test_nothing_new_is_remembered_too(store: Path, tree: StaticTree) -> None:
    import_bundle(store, tree.path("bundles/bundle-3.xzb").read_bytes(), at=NOW)
    done = updated(store, tree.folder)
    assert (done.by, done.result.root_version, done.result.issuers) == ("nothing", 1, 0)
    assert read_state(store).source == str(tree.folder)
    assert load(store).bundle_version == 3


def test_the_whole_bundle_comes_where_there_is_no_update(store: Path, tree: StaticTree) -> None:
    tree.path("updates/2-3.xzu").unlink()
    done = updated(store, tree.folder)
    assert (done.by, done.result.bundle_version, done.unusable) == ("bundle", 3, None)


@pytest.mark.parametrize("cut", [0, -20])
def test_the_whole_bundle_comes_where_the_update_is_damaged(store: Path, tree: StaticTree, cut: int) -> None:
    update = tree.path("updates/2-3.xzu")
    update.write_bytes(update.read_bytes()[:cut])
    done = updated(store, tree.folder)
    assert (done.by, done.result.bundle_version) == ("bundle", 3)
    assert done.unusable is not None


def test_a_damaged_update_and_no_bundle_says_what_was_wrong(store: Path, tree: StaticTree) -> None:
    tree.path("updates/2-3.xzu").write_bytes(b"")
    tree.path("bundles/bundle-3.xzb").unlink()
    assert code(store, tree.folder) == "bundle_malformed"
    tree.path("updates/2-3.xzu").unlink()
    assert code(store, tree.folder) == "source_lacks"


def test_a_damaged_store_is_healed(store: Path, tree: StaticTree) -> None:
    updated(store, tree.folder)
    (index,) = (path for path in store.glob("index-*") if path.name == f"index-{read_state(store).index_sha256}.xzi")
    index.write_bytes(index.read_bytes()[:-1])
    done = updated(store, None)
    assert (done.by, done.result.changed) == ("bundle", True)
    assert load(store).bundle_version == 3


def test_a_part_stays_a_part(tmp_path: Path, tree: StaticTree) -> None:
    whole = tmp_path / "whole"
    import_bundle(whole, tree.path("bundles/bundle-2.xzb").read_bytes(), root=tree.simulator.root_bytes, at=NOW)
    for name, remove in (("by-update", False), ("by-bundle", True)):
        part = export_bundle(whole, provinces=["42"]).bundle
        import_bundle(tmp_path / name, part, root=tree.simulator.root_bytes, at=NOW)
        if remove:
            tree.path("updates/2-3.xzu").unlink()
        done = updated(tmp_path / name, tree.folder)
        assert done.by == ("bundle" if remove else "update")
        assert done.result.extent.provinces == frozenset({"42"})
        assert {url.split("/")[-3] for url in load(tmp_path / name).status_list_urls} == {"420683", "420684"}


def test_a_first_store_needs_the_root(tmp_path: Path, tree: StaticTree) -> None:
    assert code(tmp_path / "new", tree.folder) == "store_missing"
    done = updated(tmp_path / "new", tree.folder, root=tree.simulator.root_bytes)
    assert (done.by, done.result.bundle_version, done.result.previous_version) == ("bundle", 3, None)


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_source_that_went_back_is_refused(store: Path, tree: StaticTree, tmp_path: Path) -> None:
    updated(store, tree.folder)
    old = StaticTree(tmp_path / "old", tree.simulator)
    tree.simulator.version = 2
    old.publish()
    assert code(store, old.folder) == "bundle_rollback"


def test_another_publication_under_the_same_number_is_refused(store: Path, tree: StaticTree, tmp_path: Path) -> None:
    updated(store, tree.folder)
    other = StaticTree(tmp_path / "other", tree.simulator)
    tree.simulator.at += DAY
    other.publish()
    assert code(store, other.folder) == "bundle_conflict"


def test_an_offer_that_is_not_signed_as_it_says_is_refused(store: Path, tmp_path: Path) -> None:
    thief = TUFSimulator(at=NOW, version=9)
    forged = StaticTree(tmp_path / "forged", thief)
    forged.publish()
    assert code(store, forged.folder) == "bundle_threshold"


def test_what_is_older_than_allowed_is_refused(store: Path, tree: StaticTree) -> None:
    assert code(store, tree.folder, at=NOW + 9 * DAY, max_age=DAY) == "bundle_stale"


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"signed": 1}', b'{"signed": {"version": "3"}}', b'{"signed": {"version": 0}}']
)
def test_a_timestamp_that_is_none_is_refused(store: Path, tree: StaticTree, text: bytes) -> None:
    tree.path("metadata/timestamp.json").write_bytes(text)
    assert code(store, tree.folder) == "bundle_metadata"


def test_a_place_without_a_publication_is_said(store: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert code(store, tmp_path / "empty") == "source_lacks"
    assert code(store, tmp_path / "none") == "source_unreachable"


def test_only_plain_files_are_read_and_no_endless_ones(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_bytes(bytes(101))
    (tmp_path / "null").symlink_to("/dev/zero")
    source = FolderSource(tmp_path)
    for name, refusal in (
        ("pipe", "source_unreachable"), ("null", "source_unreachable"), (".", "source_unreachable"),
        ("long", "source_too_large"),
    ):  # fmt: skip
        with pytest.raises(TrustError) as caught:
            source.read(name, max_bytes=100)
        assert caught.value.code == refusal
    assert source.read("long", max_bytes=101) == bytes(101)


# --- over the web -----------------------------------------------------------------------------------------------------


def test_a_store_follows_a_web_server(store: Path, server: WebServer) -> None:
    done = updated(store, f"{server.address}/")
    assert (done.by, done.result.bundle_version) == ("update", 3)
    assert server.asked == ["/metadata/timestamp.json", "/updates/2-3.xzu"]
    assert updated(store, None).by == "nothing"
    assert server.asked[2:] == ["/metadata/timestamp.json"]


def test_a_gone_update_is_no_error(store: Path, server: WebServer) -> None:
    server.answers["/updates/2-3.xzu"] = answering(410)
    assert updated(store, server.address).by == "bundle"


@pytest.mark.parametrize(
    ("place", "refusal"),
    [
        ("http://xz.example/trust", "source_insecure"),
        ("http://127.0.0.1.xz.example/", "source_insecure"),
        ("ftp://127.0.0.1/", "source_address"),
        ("file:///etc", "source_address"),
        ("https://", "source_address"),
        ("https://user:secret@xz.example/", "source_address"),
        ("https://xz.example/?a=b", "source_address"),
        ("https://xz.example/#a", "source_address"),
        ("https://xz.example:port/", "source_address"),
        ("https://[::1/", "source_address"),
        ("https://xz.example/a b", "source_address"),
        ("https://xz.example/信", "source_address"),
        ("https://xz.example/\r\nX: y", "source_address"),
    ],
)
def test_addresses(place: str, refusal: str) -> None:
    with pytest.raises(TrustError) as caught:
        source_of(place)
    assert caught.value.code == refusal
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "place", ["http://localhost:8080", "http://[::1]/x", "http://127.8.8.8/", "https://xz.example"]
)
def test_addresses_that_will_do(place: str) -> None:
    assert isinstance(source_of(place), WebSource)


def test_a_redirect_stays_at_home(store: Path, server: WebServer, tmp_path: Path) -> None:
    server.answers["/metadata/timestamp.json"] = answering(302, headers={"Location": "/moved.json"})
    server.answers["/moved.json"] = answering(
        200, content=(tmp_path / "tree" / "metadata" / "timestamp.json").read_bytes()
    )
    assert updated(store, server.address).result.bundle_version == 3


@pytest.mark.parametrize(
    "target",
    [
        "http://localhost:{port}/metadata/timestamp.json",
        "http://127.0.0.1:9/metadata/timestamp.json",
        "https://127.0.0.1:{port}/metadata/timestamp.json",
        "//xz.example/metadata/timestamp.json",
        "file:///etc/passwd",
        "http://[",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:abc/",
    ],
)
def test_a_redirect_to_another_place_is_not_followed(store: Path, server: WebServer, target: str) -> None:
    location = target.format(port=server.port)
    server.answers["/metadata/timestamp.json"] = answering(307, headers={"Location": location})
    assert code(store, server.address) in {"source_redirect", "source_refused"}
    assert len(server.asked) == 1


def test_a_circle_of_redirects_ends(store: Path, server: WebServer) -> None:
    server.answers["/metadata/timestamp.json"] = answering(302, headers={"Location": "/metadata/timestamp.json"})
    assert code(store, server.address) == "source_refused"


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(bytes(65_536))


def dripping(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(1_000):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def silent(_: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (endless, "source_too_large"),
        (dripping, "source_unreachable"),
        (silent, "source_unreachable"),
        (answering(200, headers={"Content-Length": "1000"}, content=b"{"), "source_unreachable"),
        (answering(500), "source_refused"),
        (answering(404), "source_lacks"),
        (lambda handler: handler.wfile.write(b"no HTTP at all\r\n\r\n"), "source_unreachable"),
        (lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200), "source_unreachable"),
    ],
    ids=["endless", "dripping", "silent", "cut", "error", "absent", "babbling", "headers"],
)
def test_answers_that_are_none(
    store: Path, server: WebServer, monkeypatch: pytest.MonkeyPatch, answer: object, refusal: str
) -> None:
    monkeypatch.setattr(sources, "WAIT_SECONDS", 0.5)
    monkeypatch.setattr(sources, "WHOLE_SECONDS", 1.0)
    server.answers["/metadata/timestamp.json"] = answer  # type: ignore[assignment]
    begun = time.monotonic()
    assert code(store, server.address) == refusal
    assert time.monotonic() - begun < 20


def test_nobody_there_is_said_plainly(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "update", "http://127.0.0.1:9", "--store", str(store)]) == 2
    said = capsys.readouterr().err
    assert "127.0.0.1 cannot be reached" in said
    assert "store import" in said


def test_a_proxy_is_not_asked_for_this_machine(store: Path, server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert updated(store, server.address).result.bundle_version == 3


def certified(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS; `authority.pem` in the folder vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "xz.example")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - DAY)
        .not_valid_after(datetime.now(UTC) + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    text = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "authority.pem").write_bytes(text)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(text + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def test_https_is_believed_only_by_a_known_authority(
    store: Path, tree: StaticTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = certified(tmp_path)
    server = WebServer(tree.folder, wrap=lambda plain: context.wrap_socket(plain, server_side=True))
    with server.running():
        assert code(store, server.address) == "source_unreachable"
        assert server.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        assert updated(store, server.address).by == "update"


# --- at the command line ----------------------------------------------------------------------------------------------


def test_the_command_says_what_it_did(store: Path, tree: StaticTree, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["store", "update", str(tree.folder), "--store", str(store), "--at", format_timestamp(NOW)]
    assert main(command) == 0
    assert capsys.readouterr().out.startswith("Updated: the store holds bundle 3 now (")
    assert main(command[:2] + command[3:]) == 0
    assert capsys.readouterr().out.startswith("Nothing new: the publisher offers bundle 3")
    assert main(["store", "show", "--store", str(store)]) == 0
    assert "Updates come from" in capsys.readouterr().out
    publish_next(tree)
    tree.path("updates/3-4.xzu").write_bytes(b"x")
    assert main(command) == 0
    said = capsys.readouterr()
    assert said.out.startswith("Updated: the store holds bundle 4 now (")
    assert said.err.startswith("The update could not be used, so the whole bundle was fetched: ")
    publish_next(tree)
    assert main([*command, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["code"], answer["by"], answer["bundleVersion"], answer["previousVersion"]) == ("ok", "update", 5, 4)
    assert answer["source"] == str(tree.folder)


def test_the_command_says_what_it_needs_and_why_it_refuses(
    store: Path, tree: StaticTree, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["store", "update", "--store", str(store)]) == 64
    assert "https address" in capsys.readouterr().err
    tree.simulator.version = 1
    tree.publish(update=False)
    assert main(["store", "update", str(tree.folder), "--store", str(store)]) == 1
    assert "(bundle_rollback)" in capsys.readouterr().err
    assert main(["store", "update", "ftp://127.0.0.1", "--store", str(store), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == "source_address"


def test_an_update_can_be_carried_as_a_file(store: Path, tree: StaticTree, capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        "store",
        "import",
        str(tree.path("updates/2-3.xzu")),
        "--store",
        str(store),
        "--at",
        format_timestamp(NOW),
    ]
    assert main(command) == 0
    assert "the store holds bundle 3 now" in capsys.readouterr().out
    assert main(command) == 1
    assert "(update_base)" in capsys.readouterr().err
    assert main([*command[:4], str(store.with_name("none")), *command[5:]]) == 2
    assert "(store_missing)" in capsys.readouterr().err
