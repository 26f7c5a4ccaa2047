"""SM2 keys: made, kept and used inside of libcrypto; understood by the verifier and by the openssl command."""

import copy
import pickle
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.signatures import der
from xinzheng_keys import sm2_library
from xinzheng_keys.custody import create_key, open_signer
from xinzheng_keys.errors import KeyStoreError
from xinzheng_keys.file_keystore import create_key_file, load_key_file, read_private_key
from xinzheng_keys.sm2_signer import SM2Signer
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.sm2_point import SM2Point
from xinzheng_verifier.secure.sm2 import SM2PublicKey

PASSPHRASE = b"correct horse battery staple"
ID_OPTION = "distid:1234567812345678"
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="this machine has no openssl command")

try:
    SM2Signer.generate()
except KeyStoreError as error:
    pytest.skip(f"{error} [{error.code}]", allow_module_level=True)


def passphrase() -> bytes:
    return PASSPHRASE


def public_key(point: object) -> SM2PublicKey:
    assert isinstance(point, SM2Point)
    return SM2PublicKey(point.x, point.y)


def spki(point: object) -> bytes:
    """SubjectPublicKeyInfo in PEM: id-ecPublicKey with the curve of SM2."""
    head = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
    text = b64encode(head + public_key(point).uncompressed())
    return b"-----BEGIN PUBLIC KEY-----\n" + text + b"\n-----END PUBLIC KEY-----\n"


def openssl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("message", [b"", b"message digest", bytes(100_000)])
def test_the_verifier_takes_what_libcrypto_signs(message: bytes) -> None:
    signer = SM2Signer.generate()
    signature = signer.sign(message)
    assert len(signature) == 64
    key = public_key(signer.public_key)
    assert key.verify(signature, message)
    assert not key.verify(signature, message + b"\0")
    assert not key.verify(der(signature), message)


def test_a_key_file_opens_with_its_passphrase_alone(tmp_path: Path) -> None:
    path = tmp_path / "sm2.pem"
    made = create_key_file(path, passphrase=passphrase, key_type=KeyType.SM2)
    assert path.stat().st_mode & 0o777 == 0o600
    found = load_key_file(path, passphrase=passphrase)
    assert (found.key_type, found.public_key) == (KeyType.SM2, made.public_key)
    assert public_key(made.public_key).verify(found.sign(b"court"), b"court")
    for source, code in ((lambda: b"another passphrase", "passphrase_wrong"), (lambda: b"", "passphrase_missing")):
        with pytest.raises(KeyStoreError) as refused:
            load_key_file(path, passphrase=source)
        assert refused.value.code == code
    with pytest.raises(KeyStoreError) as refused:
        read_private_key(path, passphrase=passphrase)
    assert refused.value.code == "key_type_unsupported"


def test_a_uri_makes_and_opens_a_key(tmp_path: Path) -> None:
    created = create_key(f"file://{tmp_path}/", name="sm2-1", key_type=KeyType.SM2, passphrase=passphrase)
    assert created.uri.endswith("/sm2-1.pem")
    assert open_signer(created.uri, passphrase=passphrase).public_key == created.signer.public_key


def test_a_short_passphrase_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(KeyStoreError) as refused:
        create_key_file(tmp_path / "sm2.pem", passphrase=lambda: b"short", key_type=KeyType.SM2)
    assert (refused.value.code, list(tmp_path.iterdir())) == ("passphrase_short", [])


def test_the_private_key_leaves_the_library_nowhere() -> None:
    signer = SM2Signer.generate()
    for leave in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            leave(signer)
    assert repr(signer) == f"<SM2Signer {signer.public_key_multibase}>"
    assert signer.public_jwk.keys() == {"kty", "crv", "x", "y"}
    assert not hasattr(signer, "__dict__")


@needs_openssl
def test_the_openssl_command_opens_the_key_and_verifies(tmp_path: Path) -> None:
    signer = create_key_file(tmp_path / "sm2.pem", passphrase=passphrase, key_type=KeyType.SM2)
    shown = openssl(tmp_path, "pkey", "-in", "sm2.pem", "-passin", f"pass:{PASSPHRASE.decode()}", "-pubout")
    assert shown.stdout.encode().split() == spki(signer.public_key).split() or "PUBLIC KEY" in shown.stdout
    (tmp_path / "public.pem").write_bytes(spki(signer.public_key))
    (tmp_path / "message").write_bytes(b"message digest")
    (tmp_path / "signature").write_bytes(der(signer.sign(b"message digest")))
    command = "pkeyutl -verify -rawin -digest sm3 -pubin -inkey public.pem -in message -sigfile signature"
    assert "Verified" in openssl(tmp_path, *command.split(), "-pkeyopt", ID_OPTION).stdout
    assert "Verified Successfully" not in openssl(tmp_path, *command.split(), "-pkeyopt", "distid:other").stdout


@pytest.fixture(scope="module")
def by_openssl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("openssl")
    openssl(folder, "genpkey", "-algorithm", "SM2", "-out", "key.pem")
    openssl(folder, "pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "public.der")
    (folder / "message").write_bytes(b"message digest")
    return folder


def signed_by_openssl(folder: Path, *options: str) -> bytes:
    command = "pkeyutl -sign -rawin -digest sm3 -inkey key.pem -in message -out signature"
    done = openssl(folder, *command.split(), *options)
    assert done.returncode == 0, done.stderr
    return (folder / "signature").read_bytes()


def raw(signature: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature  # noqa: PLC0415 - the test's own

    return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(signature))


@needs_openssl
def test_what_the_openssl_command_signs_verifies_under_the_usual_id_alone(by_openssl: Path) -> None:
    key = SM2PublicKey.from_encoded((by_openssl / "public.der").read_bytes()[-65:])
    signature = signed_by_openssl(by_openssl, "-pkeyopt", ID_OPTION)
    assert key.verify(raw(signature), b"message digest")
    assert not key.verify(signature, b"message digest")
    for options in (("-pkeyopt", "distid:someone else"), ("-pkeyopt", "distid:")):
        assert not key.verify(raw(signed_by_openssl(by_openssl, *options)), b"message digest")


@needs_openssl
def test_a_key_of_another_curve_is_no_sm2_key(tmp_path: Path) -> None:
    create = "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -aes-256-cbc -outform DER -out key.der"
    openssl(tmp_path, *create.split(), "-pass", f"pass:{PASSPHRASE.decode()}")
    assert sm2_library.decrypt((tmp_path / "key.der").read_bytes(), PASSPHRASE) is None
    assert sm2_library.decrypt(b"no key at all", PASSPHRASE) is None


@pytest.fixture
def forgotten_library() -> Iterator[None]:
    sm2_library._library.cache_clear()
    yield
    sm2_library._library.cache_clear()


@pytest.mark.usefixtures("forgotten_library")
@pytest.mark.parametrize("library", ["/nowhere/libcrypto.so", "libc.so.6"])
def test_without_its_library_a_key_is_refused_by_name(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sm2_library.LIBRARY_VARIABLE, library)
    with pytest.raises(KeyStoreError, match=sm2_library.LIBRARY_VARIABLE) as refused:
        SM2Signer.generate()
    assert refused.value.code == "sm2_unavailable"
