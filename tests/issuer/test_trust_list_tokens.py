"""The country's trust list with keys in hardware tokens: ceremonies, the publisher and a court, at the command line.

Two shares of the root lie in a token each, one named by the reviewed file and one by its holder; the online keys lie in
a third; the court hands in by a key in a fourth. The others are files, as before.
"""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from securesystemslib.signer import SSlibKey

from support.office import EXAMPLES
from support.softhsm import PIN, library, make_token, needs_softhsm
from xinzheng_issuer.cli import main
from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.trust_list.configuration import load_configuration
from xinzheng_issuer.publishing.trust_list.shares import PublicShare, public_octets
from xinzheng_verifier import TrustStore
from xinzheng_verifier.trust.directory import import_bundle

pytestmark = needs_softhsm

COURT = "420683"
SECRET = "the passphrase of this rehearsal"
OTHER_PIN = "424242"
TOKENS = ("holder-1", "holder-2", "publisher", "spare", "court")


class Desk:
    """Everything of a country in one folder, worked on by commands alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tokens = {name: make_token(pin=OTHER_PIN if name == "holder-2" else PIN) for name in TOKENS}
        self.config = folder / "trust-list.toml"
        (folder / "passphrase").touch(mode=0o600)
        (folder / "passphrase").write_text(SECRET)
        self.environment = {
            "LC_ALL": "C.UTF-8",
            "XINZHENG_PKCS11_MODULES": f"soft={library()}",
            "XINZHENG_KEY_PASSPHRASE_FROM": f"file:{folder}/passphrase",
        }

    def write(self) -> None:
        online = [self.share("timestamp-1", "publisher", "P-256"), self.share("timestamp-2", "spare", "P-256")]
        roles = {
            "root": (
                "version = 1\nthreshold = 2\nvalid_days = 700",
                [self.share("root-1", "holder-1", "P-384"), self.share("root-2", kind="P-256"), self.share("root-3")],
            ),
            "targets": ("version = 1\nvalid_days = 300", [self.share("targets-1")]),
            "snapshot": ("valid_hours = 100", [self.share("snapshot-1", "publisher")]),
            "timestamp": ("valid_hours = 100", online),
            "provinces.42": (f'version = 1\nvalid_days = 90\ncourts = ["{COURT}"]', [self.share("province-42-1")]),
        }
        lines = ['title = "Tokens"']
        for role, (members, shares) in roles.items():
            lines.append(f"[{role}]\n{members}\nshares = [{', '.join(shares)}]")
        self.config.write_text("\n".join(lines), "utf-8")

    def share(self, name: str, token: str = "", kind: str = "Ed25519") -> str:
        medium = "publisher" if name.startswith(("snapshot", "timestamp")) else f"media/{name}"
        (self.folder / medium).mkdir(parents=True, exist_ok=True)
        uri = f"pkcs11:token={self.tokens[token].label}" if token else ""
        return f'{{name = "{name}", holder = "{name}", medium = "{medium}", token = "{uri}", key_type = "{kind}"}}'

    def run(self, *arguments: object, typed: str | None = None, **environment: str) -> Result:
        command = [str(argument) for argument in arguments]
        return CliRunner(env=self.environment | environment).invoke(main, command, input=typed)

    def step(self, step: str, *arguments: object, typed: str | None = None, **environment: str) -> Result:
        where = ("--config", self.config, "--work", self.folder / "work")
        return self.run("trust-list", "ceremony", step, *where, *arguments, typed=typed, **environment)

    def pin(self, token: str) -> dict[str, str]:
        return {"XINZHENG_PKCS11_PIN_FROM": f"file:{self.tokens[token].pin_file}"}

    def keys(self) -> None:
        for name in ("root-1", "root-2", "root-3", "targets-1", "snapshot-1", "timestamp-1", "province-42-1"):
            held = {"root-1": "holder-1", "snapshot-1": "publisher", "timestamp-1": "publisher"}.get(name)
            options: tuple[str, ...] = ()
            if name == "root-2":  # its holder knows the token, and types the PIN
                options = ("--token", f"pkcs11:token={self.tokens['holder-2'].label}")
            elif held:
                options = ("--pin-from", f"file:{self.tokens[held].pin_file}")
            good(self.step("keys", "--share", name, *options, typed=f"{OTHER_PIN}\n"))
        good(self.step("keys", "--share", "timestamp-2", **self.pin("spare")))

    def court(self) -> None:
        text = (EXAMPLES / "court.toml").read_text("utf-8")
        place = f"pkcs11:token={self.tokens['court'].label}"
        section = f'\n[keys]\ncontribution = "{place}"\ncontribution_type = "P-256"\n'
        (self.folder / "court.toml").write_text(text + section, "utf-8")
        data = ("--data", self.folder / "var")
        good(self.run("init", *data, "--config", self.folder / "court.toml", **self.pin("court")))

    def hand_in(self, **environment: str) -> Result:
        out = self.folder / "incoming" / COURT
        given = {**self.pin("court"), **environment}
        return self.run("bundle", "--data", self.folder / "var", "--contribution", out, **given)

    def take_from_court(self) -> None:
        courts = self.folder / "work" / "courts" / COURT
        courts.mkdir(parents=True, exist_ok=True)
        for name in ("issuer.json", "key.json"):
            (courts / name).write_bytes((self.folder / "incoming" / COURT / name).read_bytes())

    def publish(self, *arguments: object, typed: str | None = None, **environment: str) -> Result:
        places = ("--take", self.folder / "work", "--take", self.folder / "incoming")
        where = ("--config", self.config, "--repository", self.folder / "public")
        return self.run("trust-list", "publish", *where, *places, *arguments, typed=typed, **environment)

    def content(self, name: str) -> dict[str, bytes]:
        place = self.folder / name
        return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def good(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def code(result: Result) -> str:
    assert result.exit_code == 1, result.output
    return result.stderr.rpartition("[")[2].strip().removesuffix("]")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Everything up to what the publisher takes; on the way each token is missed once."""
    desk = Desk(tmp_path_factory.mktemp("tokens"))
    desk.write()
    with desk.tokens["holder-1"].taken_away():
        missed = desk.step("keys", "--share", "root-1", **desk.pin("holder-1"))
        assert (code(missed), "hardware token and stay there" in missed.stdout) == ("token_missing", True)
        assert (desk.content("media"), (desk.folder / "work").exists()) == ({}, False)
    desk.keys()
    desk.court()
    assert "Contribution 1: " in good(desk.hand_in())
    desk.take_from_court()
    good(desk.step("draft", "--role", "root"))
    before = desk.content("work")
    with desk.tokens["holder-1"].taken_away():
        assert code(desk.step("sign", "--role", "root", "--share", "root-1", **desk.pin("holder-1"))) == "token_missing"
    assert desk.content("work") == before
    good(desk.step("sign", "--role", "root", "--share", "root-1", **desk.pin("holder-1")))
    assert code(desk.step("assemble", "--role", "root")) == "ceremony_refused"
    typed = desk.step("sign", "--role", "root", "--share", "root-2", typed=f"{OTHER_PIN}\n")
    assert "PIN of the token of root-2" in typed.output
    assert OTHER_PIN not in good(typed) + typed.stderr
    good(desk.step("assemble", "--role", "root"))
    for role, share in (("targets", "targets-1"), ("province-42", "province-42-1")):
        for arguments in (("draft",), ("sign", "--share", share), ("assemble",)):
            good(desk.step(*arguments, "--role", role))
    yield desk
    for token in desk.tokens.values():
        token.destroy()


@pytest.fixture
def desk(founded: Desk, tmp_path: Path) -> Desk:
    """A copy of all folders; the tokens are shared."""
    copied = Desk.__new__(Desk)
    copied.__dict__ |= founded.__dict__
    copied.folder = tmp_path / "desk"
    shutil.copytree(founded.folder, copied.folder)
    copied.config = copied.folder / "trust-list.toml"
    return copied


# --- keys, signatures, publication ------------------------------------------------------------------------------------


def test_media_hold_records_of_keys_in_tokens_and_no_pin_travels(desk: Desk) -> None:
    files = {name: sorted(desk.content(name)) for name in ("media", "publisher")}
    assert files["media"] == [
        "province-42-1/province-42-1.pem",
        "root-1/root-1.json",
        "root-2/root-2.json",
        "root-3/root-3.pem",
        "targets-1/targets-1.pem",
    ]
    assert files["publisher"] == ["snapshot-1.json", "timestamp-1.json", "timestamp-2.json"]
    record = json.loads(desk.content("media")["root-2/root-2.json"])
    assert record["uri"].startswith(f"pkcs11:token={desk.tokens['holder-2'].label};object=root-2;id=")
    everything = b"".join(data for data in desk.content("").values())
    assert not [pin for pin in (PIN, OTHER_PIN) if pin.encode() in everything]
    entries = json.loads(desk.content("work")["transcript.json"])["entries"]
    made = {entry["share"]: entry["result"] for entry in entries if entry["step"] == "keys"}
    assert made["root-1"] == "P-384, in a hardware token 在硬件令牌中"
    assert made["root-3"] == "Ed25519, in an encrypted file 在加密文件中"
    assert "P-256, in a hardware token 在硬件令牌中" in desk.content("work")["transcript.md"].decode()


def test_lenders_take_an_edition_whose_keys_lie_in_tokens(desk: Desk, tmp_path: Path) -> None:
    missing = desk.publish(typed="")
    assert missing.exit_code == 1  # nobody is there to type the PIN
    with desk.tokens["publisher"].taken_away():
        assert code(desk.publish(**desk.pin("publisher"))) == "token_missing"
    assert not any(name.startswith(("metadata", "bundles")) for name in desk.content("public"))
    published = good(desk.publish(**desk.pin("publisher")))
    assert f"taken: court-{COURT} 1" in published
    bundle, root = (desk.content("public")[name] for name in ("bundles/bundle-1.xzb", "metadata/1.root.json"))
    trust = TrustStore.from_bundle(bundle, root=root, at=datetime.now(UTC))
    assert list(trust.issuers) == [f"did:web:xz.example:did:{COURT}"]
    import_bundle(tmp_path / "store", bundle, root=root, at=datetime.now(UTC))
    keys = json.loads(root)["signed"]["keys"].values()
    assert {key["x-xinzheng-share"]: key["scheme"] for key in keys} == {
        "root-1": "ecdsa-sha2-nistp384",
        "root-2": "ecdsa-sha2-nistp256",
        "root-3": "ed25519",
        "targets-1": "ed25519",
        "snapshot-1": "ed25519",
        "timestamp-1": "ecdsa-sha2-nistp256",
        "timestamp-2": "ecdsa-sha2-nistp256",
    }
    # A later edition while the token of a second key is away: the one that is here is enough.
    with desk.tokens["spare"].taken_away():
        assert "Published as edition 2" in good(desk.publish(**desk.pin("publisher")))
    assert len(json.loads(desk.content("public")["metadata/timestamp.json"])["signatures"]) == 1
    bundle = desk.content("public")["bundles/bundle-2.xzb"]
    import_bundle(tmp_path / "store", bundle, at=datetime.now(UTC))


def test_the_pin_of_the_online_keys_may_be_typed(desk: Desk) -> None:
    typed = desk.publish("--dry-run", typed=f"{PIN}\n")
    assert "Dry run: edition 1 with 1 courts would be good" in good(typed)
    assert "PIN of the token of snapshot, timestamp" in typed.output
    assert PIN not in typed.output


def test_a_court_without_its_token_keeps_what_it_handed_in(desk: Desk) -> None:
    before = desk.content("var/contribution")
    with desk.tokens["court"].taken_away():
        missed = desk.hand_in()
        assert (code(missed), "Published as version" in missed.stdout) == ("token_missing", True)
    assert desk.content("var/contribution") == before
    assert "Contribution 2: " in good(desk.hand_in())


def test_a_court_moves_from_token_to_token(desk: Desk) -> None:
    data = ("--data", desk.folder / "var")
    place = f"pkcs11:token={desk.tokens['spare'].label}?pin-source=file:{desk.tokens['spare'].pin_file}"
    made = good(desk.run("trust-list", "court-key", "new", *data, "--uri", place))
    assert f"in pkcs11:token={desk.tokens['spare'].label};object=court-420683-2" in made
    good(desk.hand_in())
    signed = json.loads(desk.content(f"incoming/{COURT}")[f"metadata/2.court-{COURT}.json"])
    assert len(signed["signatures"]) == 2
    desk.take_from_court()
    desk.config.write_text(
        desk.config.read_text("utf-8").replace("version = 1\nvalid_days = 90", "version = 2\nvalid_days = 90"), "utf-8"
    )
    for arguments in (("draft",), ("sign", "--share", "province-42-1"), ("assemble",)):
        good(desk.step(*arguments, "--role", "province-42"))
    good(desk.publish(**desk.pin("publisher")))
    edition = (
        "--listed-in",
        desk.folder / "public/bundles/bundle-1.xzb",
        "--root",
        desk.folder / "public/metadata/1.root.json",
    )
    retire = ("trust-list", "court-key", "retire", *data, *edition, "--reason", "another token", "--yes")
    with desk.tokens["court"].taken_away():  # the old token may be lost
        retired = good(desk.run(*retire))
    assert (
        f"it stays in its token until the module's own tool deletes it: pkcs11:token={desk.tokens['court'].label};"
        in retired
    )
    good(desk.hand_in())
    signed = json.loads(desk.content(f"incoming/{COURT}")[f"metadata/3.court-{COURT}.json"])
    assert len(signed["signatures"]) == 1


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_medium_with_the_record_of_another_share_gets_no_key(desk: Desk) -> None:
    shutil.copy(desk.folder / "media/root-1/root-1.json", desk.folder / "media/root-3/root-1.json")
    (desk.folder / "media/root-3/root-3.pem").unlink()
    (desk.folder / "work/shares/root-3.json").unlink()
    assert code(desk.step("keys", "--share", "root-3")) == "medium_taken"
    # Other files are nobody's keys.
    (desk.folder / "media/root-3/root-1.json").write_text('{"uri": 1}', "utf-8")
    good(desk.step("keys", "--share", "root-3", "--dry-run"))


@pytest.mark.parametrize("damage", ["{", "other"])
def test_a_record_that_leads_to_another_key_signs_nothing(desk: Desk, damage: str) -> None:
    record = desk.folder / "media/root-1/root-1.json"
    other = json.loads(record.read_text()) | {"publicKeyMultibase": "z6Mk"}
    record.write_text(json.dumps(other) if damage == "other" else damage, "utf-8")
    (desk.folder / "work/metadata/1.root.json").unlink()
    refused = desk.step("sign", "--role", "root", "--share", "root-1", **desk.pin("holder-1"))
    assert code(refused) == "role_key_record"


def test_a_key_of_another_kind_than_reviewed_gets_into_no_document(desk: Desk) -> None:
    text = desk.config.read_text("utf-8")
    (desk.folder / "work/metadata/1.root.json").unlink()
    desk.config.write_text(text.replace('"P-384"', '"Ed25519"', 1), "utf-8")
    drawn_up = desk.step("draft", "--role", "root")
    assert (code(drawn_up), "root-1" in drawn_up.stderr) == ("ceremony_key_unexpected", True)
    assert "expected Ed25519" in drawn_up.stderr


def test_no_medium_or_file_says_which_library_is_loaded(desk: Desk) -> None:
    record = desk.folder / "media/root-1/root-1.json"
    entry = json.loads(record.read_text())
    record.write_text(json.dumps(entry | {"uri": f"{entry['uri']}?module-path=/media/stick/thief.so"}), "utf-8")
    (desk.folder / "work/metadata/1.root.json").unlink()
    signed = desk.step("sign", "--role", "root", "--share", "root-1", **desk.pin("holder-1"))
    assert code(signed) == "share_module_path"
    named = desk.step("keys", "--share", "root-1", "--token", "pkcs11:token=x?module-path=/x.so", **desk.pin("spare"))
    assert code(named) == "share_module_path"
    label = desk.tokens["holder-1"].label
    text = desk.config.read_text("utf-8")
    desk.config.write_text(text.replace(f"token={label}", f"token={label}?module-path=/x.so"), "utf-8")
    refused = desk.run("trust-list", "ceremony", "check", "--config", desk.config, LC_ALL="zh_CN.UTF-8")
    assert (code(refused), "不由介质决定" in refused.stderr) == ("ceremony_file_invalid", True)


def test_a_publisher_loads_no_library_that_a_record_names(desk: Desk) -> None:
    record = desk.folder / "publisher/timestamp-2.json"
    entry = json.loads(record.read_text())
    record.write_text(json.dumps(entry | {"uri": f"{entry['uri']}?module-path=/nowhere/thief.so"}), "utf-8")
    assert code(desk.publish(**desk.pin("publisher"))) == "share_module_path"


def test_a_share_is_never_made_twice_in_a_token(desk: Desk) -> None:
    assert code(desk.step("keys", "--share", "root-1", **desk.pin("holder-1"))) == "share_record_exists"
    (desk.folder / "media/root-1/root-1.json").unlink()
    (desk.folder / "work/shares/root-1.json").unlink()
    assert code(desk.step("keys", "--share", "root-1", **desk.pin("holder-1"))) == "token_key_exists"


def test_a_wrong_pin_and_a_pin_in_the_file_are_refused_unrepeated(desk: Desk) -> None:
    text = desk.config.read_text("utf-8")
    label = desk.tokens["holder-1"].label
    desk.config.write_text(text.replace(f"token={label}", f"token={label}?pin-value={PIN}"), "utf-8")
    refused = desk.run("trust-list", "ceremony", "check", "--config", desk.config)
    assert (code(refused), PIN in refused.output) == ("ceremony_file_invalid", False)
    assert "bears a PIN" in refused.stderr
    for wrong in ("pkcs11:object=root-1", "file:///root-1.pem", "pkcs11:"):
        desk.config.write_text(text.replace(f"pkcs11:token={label}", wrong), "utf-8")
        assert code(desk.run("trust-list", "ceremony", "check", "--config", desk.config)) == "ceremony_file_invalid"
    desk.config.write_text(text.replace('"P-384"', '"SM2-P-256"'), "utf-8")
    with pytest.raises(TrustListError, match="SM2-P-256") as kind:
        load_configuration(desk.config)
    assert (kind.value.code, kind.value.field) == ("ceremony_file_invalid", "root.shares.0.key_type")


@pytest.mark.parametrize(
    "public",
    [
        "02" + "00" * 31 + "05",  # no point of P-256 has this x
        "04" + "00" * 32,
        "00" * 31,
        "",
    ],
)
def test_a_public_record_of_no_key_or_anothers_is_refused(founded: Desk, public: str) -> None:
    record = founded.content("work")["shares/root-2.json"]
    assert len(PublicShare.parse(record, name="root-2.json").public) == 33
    shown = json.loads(record)
    for other in (public, json.loads(founded.content("work")["shares/root-1.json"])["publicKey"]):
        forged = record.replace(shown["publicKey"].encode(), other.encode())
        with pytest.raises(TrustListError) as refused:
            PublicShare.parse(forged, name="root-2.json")
        assert refused.value.code == "share_record_invalid"


def test_metadata_lists_no_share_of_another_kind() -> None:
    for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP521R1())):
        with pytest.raises(TrustListError) as refused:
            public_octets(SSlibKey.from_crypto(key.public_key()))
        assert refused.value.code == "share_key_kind"
    good_key = SSlibKey.from_crypto(ec.generate_private_key(ec.SECP256R1()).public_key())
    for pem in ("", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "é"):
        with pytest.raises(TrustListError) as refused:
            public_octets(SSlibKey(good_key.keyid, good_key.keytype, good_key.scheme, {"public": pem}))
        assert refused.value.code == "share_key_kind"


def test_check_names_the_tokens(desk: Desk) -> None:
    shown = good(desk.run("trust-list", "ceremony", "check", "--config", desk.config))
    assert f"    root-1: root-1, in pkcs11:token={desk.tokens['holder-1'].label}, recorded on " in shown
    chinese = good(desk.run("trust-list", "ceremony", "check", "--config", desk.config, LC_ALL="zh_CN.UTF-8"))
    assert "，记录于 " in chinese
    assert f"{desk.folder}/media/root-3" in shown
