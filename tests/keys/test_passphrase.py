"""Sources of passphrases: environment, file, systemd credential."""

import os
from pathlib import Path

import pytest

from xinzheng_keys.errors import KeyStoreError
from xinzheng_keys.passphrase import (
    MAX_PASSPHRASE_OCTETS,
    PassphraseSource,
    passphrase_from_credential,
    passphrase_from_environment,
    passphrase_from_file,
    passphrase_source,
)
from xinzheng_keys.private_files import Guard, UnsafeFileError, read_private_file


def refusal(source: PassphraseSource) -> KeyStoreError:
    with pytest.raises(KeyStoreError) as refused:
        source()
    assert refused.value.message("zh") != refused.value.message("en")
    return refused.value


def private(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_setting_names_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of the environment")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    private(tmp_path / "given", b"of a file\n")
    assert passphrase_source("env:SECRET")() == b"of the environment"
    assert passphrase_source(f"file:{tmp_path}/given")() == b"of a file"
    assert passphrase_source("credential:given")() == b"of a file"


@pytest.mark.parametrize("text", ["", "env:", "secret itself", "http://x", "file:"])
def test_a_setting_that_names_no_source_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(KeyStoreError) as caught:
        passphrase_source(text)
    assert caught.value.code == "passphrase_source_malformed"
    assert not text or text not in str(caught.value).replace("env:NAME", "").replace("file:PATH", "")


def test_environment() -> None:
    assert passphrase_from_environment("KEY", environ={"KEY": "口令 secret"})() == "口令 secret".encode()


def test_environment_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    source = passphrase_from_environment("XINZHENG_TEST_PASSPHRASE")
    monkeypatch.setenv("XINZHENG_TEST_PASSPHRASE", "secret")
    assert source() == b"secret"


@pytest.mark.parametrize("environ", [{}, {"KEY": ""}])
def test_environment_without_the_variable(environ: dict[str, str]) -> None:
    error = refusal(passphrase_from_environment("KEY", environ=environ))
    assert error.code == "passphrase_missing"
    assert "$KEY" in str(error)


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"secret", b"secret"), (b"secret\n", b"secret"), (b"secret\r\n", b"secret"), (b" secret \n\n", b" secret \n")],
)
def test_file_loses_one_line_end_only(tmp_path: Path, content: bytes, expected: bytes) -> None:
    assert passphrase_from_file(private(tmp_path / "passphrase", content))() == expected


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_file_that_others_can_use(tmp_path: Path, mode: int) -> None:
    error = refusal(passphrase_from_file(private(tmp_path / "passphrase", b"secret", mode)))
    assert error.code == "passphrase_file_permissions"


def test_file_behind_a_link(tmp_path: Path) -> None:
    private(tmp_path / "passphrase", b"secret")
    (tmp_path / "link").symlink_to("passphrase")
    assert refusal(passphrase_from_file(tmp_path / "link")).code == "passphrase_file_permissions"


def test_file_missing_empty_or_far_too_large(tmp_path: Path) -> None:
    assert refusal(passphrase_from_file(tmp_path / "missing")).code == "passphrase_file_missing"
    assert refusal(passphrase_from_file(private(tmp_path / "a", b"\n"))).code == "passphrase_missing"
    too_large = private(tmp_path / "b", b"x" * (MAX_PASSPHRASE_OCTETS + 1))
    assert refusal(passphrase_from_file(too_large)).code == "passphrase_file_too_large"


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600])
def test_credential_as_systemd_gives_it(tmp_path: Path, mode: int) -> None:
    private(tmp_path / "court-key", b"secret", mode)
    source = passphrase_from_credential("court-key", environ={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert source() == b"secret"


@pytest.mark.parametrize("mode", [0o404, 0o444, 0o420, 0o401])
def test_credential_that_others_can_use(tmp_path: Path, mode: int) -> None:
    private(tmp_path / "court-key", b"secret", mode)
    source = passphrase_from_credential("court-key", environ={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert refusal(source).code == "passphrase_file_permissions"


def test_credential_outside_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    error = refusal(passphrase_from_credential("court-key"))
    assert error.code == "passphrase_missing"
    assert "CREDENTIALS_DIRECTORY" in str(error)


def test_only_the_owners_of_a_guard_may_own_the_file(tmp_path: Path) -> None:
    path = private(tmp_path / "passphrase", b"secret")
    with pytest.raises(UnsafeFileError) as refused:
        read_private_file(path, guard=Guard(frozenset({os.geteuid() + 1})), max_octets=10)
    assert refused.value.found == f"uid={os.geteuid()}"
