"""Key files: what is written is for its owner alone, and nothing else is opened."""

import os
import re
import shutil
import stat
import subprocess
import sys
import traceback
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519

from support.signatures import TYPES
from xinzheng_keys.errors import KeyStoreError
from xinzheng_keys.file_keystore import (
    MAX_KEY_FILE_OCTETS,
    create_key_file,
    load_key_file,
    read_private_key,
    write_private_key,
)
from xinzheng_keys.pkcs8 import ScryptCost, encrypt_private_key
from xinzheng_schemas.multibase import KeyType

PASSPHRASE = b"correct horse battery staple"
CHEAP = ScryptCost(n=2, r=8, p=1)


def passphrase() -> bytes:
    return PASSPHRASE


def never_asked() -> bytes:
    raise AssertionError("the passphrase must not be asked for")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "cert-1.pem"
    write(path, encrypt_private_key(ec.generate_private_key(ec.SECP256R1()), passphrase=PASSPHRASE, cost=CHEAP))
    return path


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)


def refusal(path: Path, source: Callable[[], bytes] = never_asked) -> KeyStoreError:
    with pytest.raises(KeyStoreError) as refused:
        load_key_file(path, passphrase=source)
    assert str(path) in refused.value.message("en")
    assert str(path) in refused.value.message("zh")
    return refused.value


@pytest.mark.parametrize("key_type", TYPES)
def test_a_created_key_is_loaded_again(tmp_path: Path, key_type: KeyType) -> None:
    path = tmp_path / "cert-1.pem"
    created = create_key_file(path, passphrase=passphrase, key_type=key_type)
    assert created.key_type is key_type
    loaded = load_key_file(path, passphrase=passphrase)
    assert list(tmp_path.iterdir()) == [path]
    assert loaded.public_jwk == created.public_jwk
    assert loaded.sign(b"data") == created.sign(b"data")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
def test_a_created_file_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        create_key_file(tmp_path / "key.pem", passphrase=passphrase)
    finally:
        os.umask(before)
    mode = stat.S_IMODE((tmp_path / "key.pem").stat().st_mode)
    assert mode & 0o177 == 0
    assert load_key_file(tmp_path / "key.pem", passphrase=passphrase)


def test_a_key_file_is_never_overwritten(key_file: Path) -> None:
    before = key_file.read_bytes()
    with pytest.raises(KeyStoreError, match="exists already") as refused:
        create_key_file(key_file, passphrase=passphrase)
    assert refused.value.code == "key_file_exists"
    assert key_file.read_bytes() == before
    assert list(key_file.parent.iterdir()) == [key_file]


def test_no_key_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.pem").symlink_to(tmp_path / "elsewhere.pem")
    with pytest.raises(KeyStoreError) as refused:
        create_key_file(tmp_path / "link.pem", passphrase=passphrase)
    assert refused.value.code == "key_file_exists"
    assert not (tmp_path / "elsewhere.pem").exists()


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyStoreError) as refused:
        create_key_file(tmp_path / "missing" / "key.pem", passphrase=passphrase)
    assert refused.value.code == "key_file_not_written"


def test_a_full_disk_leaves_no_half_key(tmp_path: Path) -> None:
    script = (
        "import resource, sys, signal, pathlib\n"
        "from xinzheng_keys.file_keystore import create_key_file\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))\n"
        "try:\n"
        "    create_key_file(pathlib.Path(sys.argv[1]), passphrase=lambda: b'long enough passphrase')\n"
        "except ValueError as error:\n"
        "    print(error.code)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))\n"
    )
    result = subprocess.run(
        [sys.executable, "-B", "-c", script, str(tmp_path / "key.pem")], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "key_file_not_written"
    assert list(tmp_path.iterdir()) == []


def test_a_key_of_another_type_is_kept_for_other_doors(tmp_path: Path) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    write_private_key(tmp_path / "root.pem", key, passphrase=passphrase)
    opened = read_private_key(tmp_path / "root.pem", passphrase=passphrase)
    assert isinstance(opened, ed25519.Ed25519PrivateKey)
    assert opened.public_key() == key.public_key()


def test_a_short_passphrase_makes_no_key(tmp_path: Path) -> None:
    with pytest.raises(KeyStoreError) as refused:
        create_key_file(tmp_path / "key.pem", passphrase=lambda: b"elevenchars")
    assert refused.value.code == "passphrase_short"
    assert list(tmp_path.iterdir()) == []


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="this machine has no openssl command")


@needs_openssl
def test_a_created_file_costs_scrypt_per_guess(tmp_path: Path) -> None:
    create_key_file(tmp_path / "key.pem", passphrase=passphrase)
    listing = openssl("asn1parse", "-in", str(tmp_path / "key.pem"))
    assert "scrypt" in listing
    assert "aes-256-cbc" in listing
    integers = [int(value, 16) for value in re.findall(r"INTEGER\s+:([0-9A-F]+)", listing)]
    assert integers == [ScryptCost().n, ScryptCost().r, ScryptCost().p]


@needs_openssl
def test_openssl_opens_a_created_file_and_the_other_way_round(tmp_path: Path) -> None:
    ours = create_key_file(tmp_path / "ours.pem", passphrase=passphrase)
    public = openssl("pkey", "-in", str(tmp_path / "ours.pem"), "-passin", f"pass:{PASSPHRASE.decode()}", "-pubout")
    assert serialization.load_pem_public_key(public.encode()) == ours.public_key

    theirs = tmp_path / "theirs.pem"
    openssl(
        "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes-256-cbc",
        "-pass", f"pass:{PASSPHRASE.decode()}", "-out", str(theirs),
    )  # fmt: skip
    theirs.chmod(0o600)
    assert load_key_file(theirs, passphrase=passphrase).kid


def openssl(*arguments: str) -> str:
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True).stdout


# --- refused before the passphrase is asked for ----------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o644, 0o666, 0o777])
def test_a_key_file_that_others_can_use_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    error = refusal(key_file)
    assert error.code == "key_file_permissions"
    assert error.params["found"] == f"mode={mode:04o}"


def test_a_read_only_key_file_is_taken(key_file: Path) -> None:
    key_file.chmod(0o400)
    assert load_key_file(key_file, passphrase=passphrase)


def test_a_link_to_a_key_file_is_refused(key_file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.pem"
    link.symlink_to(key_file)
    error = refusal(link)
    assert (error.code, error.params["found"]) == ("key_file_permissions", "symlink")


def test_a_key_file_of_another_user_is_refused(key_file: Path) -> None:
    if os.geteuid() == 0:
        os.chown(key_file, 65534, -1)
    else:
        key_file = Path("/etc/passwd")
    error = refusal(key_file)
    assert (error.code, error.params["found"]) == ("key_file_permissions", f"uid={key_file.stat().st_uid}")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).code == "key_file_permissions"


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert refusal(tmp_path / "pipe").code == "key_file_permissions"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "missing.pem").code == "key_file_missing"


@pytest.mark.parametrize("label", ["PKCS8", "TraditionalOpenSSL"], ids=["PRIVATE KEY", "EC PRIVATE KEY"])
def test_an_unencrypted_key_is_refused(tmp_path: Path, label: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, getattr(serialization.PrivateFormat, label), serialization.NoEncryption()
    )
    write(tmp_path / "key.pem", pem)
    assert refusal(tmp_path / "key.pem").code == "key_file_unencrypted"


def test_a_plain_key_under_the_encrypted_label_is_refused(tmp_path: Path) -> None:
    der = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write(tmp_path / "key.pem", pem_of(der))
    assert refusal(tmp_path / "key.pem").code == "key_file_malformed"


def pem_of(der: bytes) -> bytes:
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + b64encode(der) + b"\n-----END ENCRYPTED PRIVATE KEY-----\n"


def test_every_truncation_is_refused_as_damage_not_as_a_wrong_passphrase(key_file: Path) -> None:
    whole = key_file.read_bytes().rstrip()
    for length in range(0, len(whole), 7):
        write(key_file, whole[:length])
        assert refusal(key_file).code == "key_file_malformed"


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda pem: pem + pem, id="two keys"),
        pytest.param(lambda pem: b"note\n" + pem, id="text before"),
        pytest.param(lambda pem: pem + b"note\n", id="text behind"),
        pytest.param(lambda pem: pem.replace(b"\n", b"\n!", 1), id="alien character"),
        pytest.param(lambda pem: b"\n".join(pem.splitlines()[:2] + pem.splitlines()[-1:]), id="a line only"),
        pytest.param(lambda pem: b"\xef\xbb\xbf" + pem, id="byte order mark"),
        pytest.param(lambda pem: pem + b"\n" * MAX_KEY_FILE_OCTETS, id="too large"),
        pytest.param(lambda pem: bytes(len(pem)), id="zeros"),
        pytest.param(lambda pem: pem_of(pem[:0]), id="empty"),
    ],
)
def test_a_damaged_file_is_refused(key_file: Path, spoil: Callable[[bytes], bytes]) -> None:
    write(key_file, spoil(key_file.read_bytes()))
    assert refusal(key_file).code in {"key_file_malformed", "key_file_unencrypted"}


# --- refused with the passphrase --------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [b"wrong", PASSPHRASE + b"\n", PASSPHRASE.upper(), b"\0", b"x" * 10_000])
def test_a_wrong_passphrase_is_named_as_such(key_file: Path, wrong: bytes) -> None:
    error = refusal(key_file, lambda: wrong)
    assert error.code == "passphrase_wrong"


def test_an_empty_passphrase_is_named_as_such(key_file: Path) -> None:
    assert refusal(key_file, lambda: b"").code == "passphrase_missing"


@pytest.mark.parametrize(
    ("key", "found"),
    [(ec.generate_private_key(ec.SECP521R1()), "secp521r1"), (ed448.Ed448PrivateKey.generate(), "Ed448")],
    ids=["P-521", "Ed448"],
)
def test_a_key_of_another_type_is_refused(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey, found: str
) -> None:
    encryption = serialization.BestAvailableEncryption(PASSPHRASE)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    write(tmp_path / "key.pem", pem)
    with pytest.raises(KeyStoreError, match=found) as refused:
        load_key_file(tmp_path / "key.pem", passphrase=passphrase)
    assert refused.value.code == "key_type_unsupported"


def test_no_refusal_bears_passphrase_or_key(key_file: Path) -> None:
    with pytest.raises(KeyStoreError) as refused:
        load_key_file(key_file, passphrase=lambda: b"-".join([b"secret", b"wrong"]))
    shown = "".join(traceback.format_exception(refused.value)) + repr(refused.value) + str(refused.value.params)
    assert "secret-wrong" not in shown
    for line in key_file.read_text().splitlines()[1:-1]:
        assert line not in shown
