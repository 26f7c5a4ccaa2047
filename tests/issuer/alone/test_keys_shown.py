"""`xinzheng bundle-keys show` under a monitoring: it tells every key that could not sign, root keys too."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support.alone import CHINESE, run, settings_of
from support.office import EXAMPLES, StandingClock
from support.softhsm import Token, library, needs_softhsm
from xinzheng_issuer.installation import initialise

NO_SECRET = {"XINZHENG_KEY_PASSPHRASE": None}


def key_file(folder: Path, name: str) -> Path:
    return folder / "var" / "keys" / "bundle" / f"{name}.pem"


def gone(path: Path) -> None:
    path.unlink()


def readable_by_others(path: Path) -> None:
    path.chmod(0o644)


def damaged(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:80])


def another_key(path: Path) -> None:
    shutil.copy(path.with_name("court-420683-1.pem"), path)


@pytest.mark.parametrize(
    ("spoil", "code", "seen_closed"),
    [
        (gone, "key_file_missing", True),
        (readable_by_others, "key_file_permissions", True),
        (damaged, "key_file_malformed", True),
        (another_key, "role_key_unknown", False),
    ],
)
@pytest.mark.parametrize("name", ["root-1", "targets"])
def test_a_key_that_cannot_sign_is_marked(
    folder: Path, name: str, spoil: Callable[[Path], None], code: str, seen_closed: bool
) -> None:
    role = name.partition("-")[0]
    spoil(key_file(folder, name))
    shown = run(folder, "show")
    assert shown.exit_code == 1
    (line,) = [line for line in shown.stdout.splitlines() if "cannot be opened" in line]
    assert line.startswith(f"{role}\t{name}\ted25519\tcannot be opened: ")
    assert line.endswith(f"[{code}]")
    assert f"[{code}]" in run(folder, "show", language=CHINESE).stdout
    listed = run(folder, "show", "--json")
    assert (listed.exit_code, json.loads(listed.stdout)["unusable"]) == (1, {name: code})
    assert json.loads(listed.stdout)["missing"] == [role]
    closed = run(folder, "show", "--without-passphrase", "--json", settings=NO_SECRET)
    expected = (1, {name: code}) if seen_closed else (0, {})
    assert (closed.exit_code, json.loads(closed.stdout)["unusable"]) == expected


def test_a_passphrase_that_does_not_open_is_told_and_one_that_is_not_there_unless_none_was_asked(folder: Path) -> None:
    names = ["root-1", "targets", "snapshot", "timestamp"]
    wrong = run(folder, "show", "--json", settings={"XINZHENG_KEY_PASSPHRASE": "not the words of the tests"})
    assert (wrong.exit_code, json.loads(wrong.stdout)["unusable"]) == (1, dict.fromkeys(names, "passphrase_wrong"))
    none = run(folder, "show", "--json", settings=NO_SECRET)
    assert (none.exit_code, json.loads(none.stdout)["unusable"]) == (
        1,
        dict.fromkeys(names, "passphrase_file_missing"),
    )
    assert run(folder, "show", "--without-passphrase", settings=NO_SECRET).exit_code == 0
    assert run(folder, "show").exit_code == 0


@needs_softhsm
def test_keys_of_a_token_that_is_away_are_all_marked(tmp_path: Path, token: Token, clock: StandingClock) -> None:
    pin = {"XINZHENG_PKCS11_PIN_FROM": f"file:{token.pin_file}"}
    module = {"XINZHENG_PKCS11_MODULES": f"soft={library()}"}
    settings = settings_of(tmp_path, pkcs11_modules=f"soft={library()}", pkcs11_pin_from=f"file:{token.pin_file}")
    initialise(settings, EXAMPLES / "court.toml", keys=f"pkcs11:token={token.label}", clock=clock)
    assert run(tmp_path, "show", settings=module | pin).exit_code == 0
    assert run(tmp_path, "show", "--without-passphrase", settings=module).exit_code == 0
    with token.taken_away():
        for shown in (
            run(tmp_path, "show", "--json", settings=module | pin),
            run(tmp_path, "show", "--json", "--without-passphrase", settings=module),
        ):
            names = ["root-1", "targets", "snapshot", "timestamp"]
            assert (shown.exit_code, json.loads(shown.stdout)["unusable"]) == (1, dict.fromkeys(names, "token_missing"))
