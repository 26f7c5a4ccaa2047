"""A lender's key: encrypted, for its owner alone, and readable by others' tools."""

import json
import os
import stat
from pathlib import Path
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from xinzheng_keys.file_keystore import create_key_file, load_key_file
from xinzheng_verifier.limits import MAX_KEY_FILE_BYTES
from xinzheng_verifier.receipt import LenderKey, ReceiptError, create_key, load_key, public_jwk, read_public_key
from xinzheng_verifier.receipt.keys import read_private, write_new

PASSPHRASE = b"correct horse battery staple"


def code_of(error: "pytest.ExceptionInfo[ReceiptError]") -> str:
    # Never a passphrase in a message.
    assert PASSPHRASE.decode() not in str(error.value)
    assert error.value.message("zh")
    return error.value.code


@pytest.fixture(scope="module")
def pem() -> bytes:
    return LenderKey.generate().encrypted_pem(PASSPHRASE)


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ed25519_key", [False, True])
def test_made_and_loaded(tmp_path: Path, ed25519_key: bool) -> None:
    path = tmp_path / "lender.pem"
    made = create_key(path, PASSPHRASE, ed25519_key=ed25519_key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    loaded = load_key(path, PASSPHRASE)
    assert loaded.public_key == made.public_key
    message = b"receipt"
    # Both kinds sign the same message the same way twice.
    assert loaded.sign(message) == made.sign(message)
    assert len(loaded.sign(message)) == 64


def test_issuer_and_lender_read_each_others_files(tmp_path: Path) -> None:
    ours = create_key(tmp_path / "ours.pem", PASSPHRASE)
    assert load_key_file(tmp_path / "ours.pem", passphrase=lambda: PASSPHRASE).public_key == ours.public_key
    theirs = create_key_file(tmp_path / "theirs.pem", passphrase=lambda: PASSPHRASE)
    assert load_key(tmp_path / "theirs.pem", PASSPHRASE).public_key == theirs.public_key


def test_nothing_is_overwritten(tmp_path: Path, pem: bytes) -> None:
    path = tmp_path / "lender.pem"
    path.write_bytes(pem)
    with pytest.raises(ReceiptError) as caught:
        create_key(path, PASSPHRASE)
    assert code_of(caught) == "receipt_file_exists"
    assert path.read_bytes() == pem
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ReceiptError) as caught:
        create_key(tmp_path / "dangling", PASSPHRASE)
    assert code_of(caught) == "receipt_file_exists"


def test_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    with (
        patch.object(os, "fsync", side_effect=OSError(28, "No space left on device")),
        pytest.raises(ReceiptError) as caught,
    ):
        write_new(tmp_path / "lender.pem", b"x", mode=0o600)
    assert code_of(caught) == "receipt_file_not_written"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ReceiptError) as caught:
        create_key(tmp_path / "no" / "folder", PASSPHRASE)
    assert code_of(caught) == "receipt_file_not_written"


def test_short_passphrase_protects_nothing(tmp_path: Path) -> None:
    with pytest.raises(ReceiptError) as caught:
        create_key(tmp_path / "lender.pem", b"12345678901")
    assert code_of(caught) == "receipt_passphrase_short"
    assert not (tmp_path / "lender.pem").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o777])
def test_file_that_others_can_use_is_refused(tmp_path: Path, pem: bytes, mode: int) -> None:
    path = tmp_path / "lender.pem"
    path.write_bytes(pem)
    path.chmod(mode)
    with pytest.raises(ReceiptError) as caught:
        load_key(path, PASSPHRASE)
    assert code_of(caught) == "receipt_key_permissions"
    assert f"mode={mode:04o}" in str(caught.value)


def test_file_of_another_user_is_refused(tmp_path: Path, pem: bytes) -> None:
    path = tmp_path / "lender.pem"
    path.write_bytes(pem)
    path.chmod(0o600)
    with patch.object(os, "geteuid", return_value=os.geteuid() + 1), pytest.raises(ReceiptError) as caught:
        load_key(path, PASSPHRASE)
    assert code_of(caught) == "receipt_key_permissions"


def test_only_a_regular_file_is_a_key(tmp_path: Path, pem: bytes) -> None:
    path = tmp_path / "lender.pem"
    path.write_bytes(pem)
    path.chmod(0o600)
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "fifo", 0o600)
    for name, code in (("link", "missing"), ("fifo", "permissions"), ("nothing", "missing")):
        with pytest.raises(ReceiptError) as caught:
            load_key(tmp_path / name, PASSPHRASE)
        assert code_of(caught) == f"receipt_key_{code}"


PLAIN = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
OTHER = ec.generate_private_key(ec.SECP384R1()).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, serialization.BestAvailableEncryption(PASSPHRASE)
)
FOREIGN = x25519.X25519PrivateKey.generate().private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, serialization.BestAvailableEncryption(PASSPHRASE)
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (PLAIN, "receipt_key_unencrypted"),
        (b"", "receipt_key_malformed"),
        (b"hello", "receipt_key_malformed"),
        (b"x" * (MAX_KEY_FILE_BYTES + 1), "receipt_key_malformed"),
        (OTHER, "receipt_key_malformed"),
        (FOREIGN, "receipt_key_malformed"),
        (
            b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
            "receipt_passphrase_wrong",
        ),
    ],
)
def test_file_that_holds_no_usable_key(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "lender.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ReceiptError) as caught:
        load_key(path, PASSPHRASE)
    assert code_of(caught) == code


@pytest.mark.parametrize("passphrase", [b"", b"wrong horse battery"])
def test_wrong_passphrase(tmp_path: Path, pem: bytes, passphrase: bytes) -> None:
    write_new(tmp_path / "lender.pem", pem, mode=0o600)
    with pytest.raises(ReceiptError) as caught:
        load_key(tmp_path / "lender.pem", passphrase)
    assert code_of(caught) == "receipt_passphrase_wrong"


def test_private_file_is_read_whole(tmp_path: Path) -> None:
    write_new(tmp_path / "passphrase", PASSPHRASE, mode=0o600)
    assert read_private(tmp_path / "passphrase") == PASSPHRASE


# --- the key in memory ------------------------------------------------------------------------------------------------


def test_key_does_not_show_itself() -> None:
    key = LenderKey.generate()
    assert repr(key) == f"<LenderKey {public_jwk(key.public_key)['kid']}>"
    with pytest.raises(ReceiptError):
        LenderKey(x25519.X25519PrivateKey.generate())
    with pytest.raises(ReceiptError):
        LenderKey(ec.generate_private_key(ec.SECP384R1()))


# --- the public half --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [LenderKey.generate(), LenderKey.generate(ed25519_key=True)], ids=["p256", "ed25519"])
def test_public_half_as_jwk_or_pem(key: LenderKey) -> None:
    jwk = public_jwk(key.public_key)
    assert "d" not in jwk
    for text in (
        json.dumps(jwk).encode(),
        json.dumps({name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk}).encode(),
        key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ):
        assert read_public_key(text) == key.public_key


def test_thumbprint_of_rfc_8037() -> None:
    """RFC 8037, appendix A.3."""
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    key = read_public_key(json.dumps(jwk).encode())
    assert public_jwk(key)["kid"] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


P256 = public_jwk(LenderKey.generate().public_key)
P384_PEM = ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(
    Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
)  # fmt: skip
X25519_PEM = x25519.X25519PrivateKey.generate().public_key().public_bytes(
    Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
)  # fmt: skip


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (PLAIN, "receipt_key_private"),
        (json.dumps({**P256, "d": "AAAA"}).encode(), "receipt_key_private"),
        (b"", "receipt_key_malformed"),
        (b"{", "receipt_key_malformed"),
        (b"{}", "receipt_key_malformed"),
        (json.dumps({**P256, "y": P256["x"]}).encode(), "receipt_key_malformed"),
        (json.dumps({**P256, "crv": "secp256k1"}).encode(), "receipt_key_malformed"),
        (json.dumps({**P256, "use": "enc"}).encode(), "receipt_key_malformed"),
        (P384_PEM, "receipt_key_malformed"),
        (X25519_PEM, "receipt_key_malformed"),
    ],
)
def test_what_is_no_public_key(content: bytes, code: str) -> None:
    with pytest.raises(ReceiptError) as caught:
        read_public_key(content, name="bank.jwk")
    assert code_of(caught) == code


def test_ed25519_key_of_others() -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    assert LenderKey(private).sign(b"x") == private.sign(b"x")
