"""Where a court's next keys are made: where its configuration says, or its keys lie; and where anybody can read it."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from support.office import EXAMPLES, StandingClock
from support.softhsm import PIN, Token, library, make_token, needs_softhsm
from xinzheng_issuer.cli import main
from xinzheng_issuer.installation import initialise
from xinzheng_issuer.issuing.court_keys import shown_uri
from xinzheng_issuer.issuing.key_records import KeyEntry, read_entries, write_entries
from xinzheng_issuer.settings import Settings, load_settings

NEXT = ("create", "cert-2", "--usage", "certificate", "--reason", "yearly change")


@pytest.fixture
def token() -> Iterator[Token]:
    token = make_token()
    yield token
    token.destroy()


def made(folder: Path, section: str = "", *, keys: str | None = None, token: Token | None = None) -> Settings:
    """A data folder by a configuration with these lines under `[keys]`."""
    (folder / "court.toml").write_text(f"{(EXAMPLES / 'court.toml').read_text('utf-8')}\n[keys]\n{section}\n", "utf-8")
    given = {"pkcs11_modules": f"soft={library()}", "pkcs11_pin_from": f"file:{token.pin_file}"} if token else {}
    settings = load_settings(data=folder / "var", **given)
    initialise(settings, folder / "court.toml", keys=keys, clock=StandingClock())
    return settings


def keys(settings: Settings, *arguments: str, language: str = "C.UTF-8", group: str = "keys") -> Result:
    environment = {
        "LC_ALL": language,
        "XINZHENG_PKCS11_MODULES": settings.pkcs11_modules,
        "XINZHENG_PKCS11_PIN_FROM": settings.pkcs11_pin_from,
    }
    return CliRunner(env=environment).invoke(main, [group, *arguments, "--data", str(settings.data)])


def entry(settings: Settings, name: str) -> KeyEntry:
    return next(each for each in read_entries(settings.keys_folder) if each.record.name == name)


@needs_softhsm
@pytest.mark.parametrize("said_by", ["the configuration", "init --keys"])
def test_the_next_key_of_a_court_with_a_module_is_made_in_the_module(
    tmp_path: Path, token: Token, said_by: str
) -> None:
    """Without `--uri`: no file, the kind of the configuration, and the place is said before anybody answers."""
    place = f"pkcs11:token={token.label}"
    if said_by == "the configuration":
        settings = made(tmp_path, f'certificate = "{place}"\ncertificate_type = "P-384"', token=token)
    else:
        settings = made(tmp_path, 'certificate_type = "P-384"\nbundle_type = "P-256"', keys=place, token=token)
    files = set(settings.keys_folder.rglob("*.pem"))
    dry = keys(settings, *NEXT, "--dry-run")
    assert f"Its kind is P-384; it lies in the hardware module ({place})." in dry.stdout, dry.output
    assert f"位于硬件模块（{place}）" in keys(settings, *NEXT, "--dry-run", language="zh_CN.UTF-8").stdout
    assert [each.record.name for each in read_entries(settings.keys_folder)] == ["cert-1", "status-1"]
    assert keys(settings, *NEXT, "--yes").exit_code == 0
    assert entry(settings, "cert-2").uri.startswith(f"{place};object=420683-cert-2;")
    assert entry(settings, "cert-2").record.key_type == "P-384"
    assert set(settings.keys_folder.rglob("*.pem")) == files
    assert keys(settings, "activate", "cert-2", "--now", "--reason", "-", "--yes").exit_code == 0


@needs_softhsm
def test_a_key_that_was_forgotten_and_taken_over_brings_no_key_out_of_the_module(tmp_path: Path, token: Token) -> None:
    """The folder alone knew where it lies, and is not asked."""
    settings = made(tmp_path, keys=f"pkcs11:token={token.label}", token=token)
    before = (settings.keys_folder / "keys.json").read_bytes()
    assert keys(settings, *NEXT, "--yes").exit_code == 0
    (settings.keys_folder / "keys.json").write_bytes(before)
    assert keys(settings, "adopt", "--yes", group="db").exit_code == 0
    assert entry(settings, "cert-2").uri == "cert-2.pem"
    again = ("create", "cert-3", *NEXT[2:])
    assert keys(settings, *again, "--yes").exit_code == 0
    assert entry(settings, "cert-3").uri.startswith(f"pkcs11:token={token.label};")


@needs_softhsm
def test_a_file_in_place_of_the_module_is_asked_for_by_name(tmp_path: Path, token: Token) -> None:
    settings = made(tmp_path, keys=f"pkcs11:token={token.label}", token=token)
    with token.taken_away():
        for how in ("--dry-run", "--yes"):
            lost = keys(settings, *NEXT, how)
            assert (lost.exit_code, lost.stdout, "[key_place_missing]" in lost.stderr) == (1, "", True), lost.output
            assert "--uri file:" in lost.stderr
        instead = keys(settings, *NEXT, "--uri", "file:", "--yes")
    assert "it lies in the key folder (encrypted files)" in instead.stdout
    assert (entry(settings, "cert-2").uri, entry(settings, "cert-2").record.key_type) == ("cert-2.pem", "P-256")


@needs_softhsm
def test_the_role_keys_of_a_new_line_are_made_in_the_module_too_or_where_somebody_says(
    tmp_path: Path, token: Token
) -> None:
    place = f"pkcs11:token={token.label}"
    settings = made(tmp_path, 'bundle_type = "P-256"', keys=place, token=token)
    shutil.rmtree(settings.public_folder)
    begin = ("begin", "--nothing-before", "--reason", "module lost")
    dry = keys(settings, *begin, "--dry-run", group="bundle-keys")
    assert f"are made in the hardware module ({place})" in dry.stdout, dry.output
    with token.taken_away():
        lost = keys(settings, *begin, "--yes", group="bundle-keys")
        assert (lost.exit_code, "[key_place_missing]" in lost.stderr) == (1, True), lost.output
        assert not settings.public_folder.exists()
        assert [*settings.keys_folder.rglob("*.pem")] == []
        elsewhere = keys(settings, *begin, "--uri", "file:", "--yes", group="bundle-keys")
    assert "are made in the key folder (encrypted files)" in elsewhere.stdout, elsewhere.output
    assert (settings.keys_folder / "bundle" / "root-2.pem").exists()


@needs_softhsm
def test_each_use_has_its_own_place(tmp_path: Path, token: Token) -> None:
    settings = made(tmp_path, f'status = "pkcs11:token={token.label}"\nstatus_type = "P-384"', token=token)
    assert keys(settings, *NEXT, "--yes").exit_code == 0
    assert keys(settings, "create", "status-2", "--usage", "status", "--reason", "-", "--yes").exit_code == 0
    assert (entry(settings, "cert-2").uri, entry(settings, "cert-2").record.key_type) == ("cert-2.pem", "P-256")
    assert entry(settings, "status-2").uri.startswith(f"pkcs11:token={token.label};object=420683-status-2;")
    assert entry(settings, "status-2").record.key_type == "P-384"


@needs_softhsm
def test_whoever_looks_sees_where_each_key_lies_and_no_way_in(tmp_path: Path, token: Token) -> None:
    settings = made(tmp_path, token=token)
    place = f"pkcs11:token={token.label}?pin-source=file:{token.pin_file}"
    assert keys(settings, *NEXT, "--uri", place, "--yes").exit_code == 0
    assert "pin-source" in entry(settings, "cert-2").uri
    listed, shown = keys(settings, "list"), keys(settings, "show", "cert-2")
    rows = {row["name"]: row["uri"] for row in json.loads(keys(settings, "list", "--json").stdout)}
    assert rows["cert-1"] == "cert-1.pem"
    assert rows["cert-2"].startswith(f"pkcs11:token={token.label};object=420683-cert-2;id=")
    assert rows["cert-2"] == json.loads(keys(settings, "show", "cert-2", "--json").stdout)["uri"]
    assert f"where: {rows['cert-2']}\n" in shown.stdout
    assert f"\t{rows['cert-2']}\n" in listed.stdout
    assert f"所在: {rows['cert-2']}\n" in keys(settings, "show", "cert-2", language="zh_CN.UTF-8").stdout
    for text in (listed.stdout, shown.stdout, *rows.values()):
        assert str(token.pin_file) not in text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("cert-1.pem", "cert-1.pem"),
        ("file:///var/keys/cert-1.pem", "file:///var/keys/cert-1.pem"),
        ("pkcs11:token=a;object=b?module-path=/lib.so&pin-source=env:PIN", "pkcs11:token=a;object=b;type=private"),
        (f"pkcs11:token=a;object=b?pin-value={PIN}", "pkcs11:…"),
        (f"vault:{PIN}", "vault:…"),
    ],
)
def test_a_uri_is_shown_without_what_could_be_a_secret(tmp_path: Path, written: str, shown: str) -> None:
    """Whatever somebody has written into keys.json by hand."""
    settings = made(tmp_path)
    first, *others = read_entries(settings.keys_folder)
    write_entries(settings.keys_folder, [KeyEntry(first.record, written), *others])
    assert json.loads(keys(settings, "show", "cert-1", "--json").stdout)["uri"] == shown == shown_uri(written)
