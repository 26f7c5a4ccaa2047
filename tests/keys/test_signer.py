"""Signers: found by URI, checked by a second implementation, silent about their private key."""

import copy
import hashlib
import json
import logging
import pickle
import shutil
import subprocess
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448

from support.signatures import TYPES, check_signature, der
from xinzheng_keys import Signer, SoftwareSigner, create_key, open_signer
from xinzheng_keys.custody import rehearse_key
from xinzheng_keys.errors import KeysError, KeyStoreError, KeyURIError
from xinzheng_keys.file_keystore import create_key_file
from xinzheng_keys.messages import MESSAGES
from xinzheng_keys.pkcs8 import ScryptCost, encrypt_private_key
from xinzheng_schemas.multibase import KeyType, decode_multikey

PASSPHRASE = b"correct horse battery staple"


def passphrase() -> bytes:
    return PASSPHRASE


def never_asked() -> bytes:
    raise AssertionError("the passphrase must not be asked for")


def key_file(path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(encrypt_private_key(key, passphrase=PASSPHRASE, cost=ScryptCost(n=2, r=8, p=1)))
    path.chmod(0o600)
    return path


# --- URIs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cert-1.pem", "with blank.pem", "枣阳.pem", "100%.pem", "a;b,c&d=e.pem", "a+b~.pem"])
def test_a_file_uri_finds_its_key(tmp_path: Path, name: str) -> None:
    path = key_file(tmp_path / name)
    signer = open_signer(path.as_uri(), passphrase=passphrase)
    assert isinstance(signer, Signer)
    assert signer.key_type is KeyType.P256


def test_every_spelling_of_a_local_file_uri(tmp_path: Path) -> None:
    path = key_file(tmp_path / "key.pem")
    kids = {
        open_signer(f"{prefix}{path}", passphrase=passphrase).kid
        for prefix in ("file:", "file://", "file://localhost", "FILE:", "File://LOCALHOST")
    }
    assert len(kids) == 1


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/etc/key.pem",
        "file",
        "file:",
        "file:key.pem",
        "file:./key.pem",
        "file://host/key.pem",
        "file://user:password@localhost/key.pem",
        "file:////key.pem",
        "file:///key.pem?pin=1234",
        "file:///key.pem#1",
        "file:///key%.pem",
        "file:///key%0.pem",
        "file:///key%00.pem",
        "file:///with blank.pem",
        "file:///key.pem\n",
        "file:///枣阳.pem",
        "file:\\key.pem",
    ],
)
def test_a_malformed_uri_is_refused_and_not_repeated(uri: str) -> None:
    with pytest.raises(KeyURIError) as refused:
        open_signer(uri, passphrase=never_asked)
    assert refused.value.code == "key_uri_malformed"
    assert "key.pem" not in str(refused.value)


def test_a_hardware_key_without_the_extra_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    for name in [name for name in sys.modules if name.startswith("xinzheng_keys.pkcs11_") and name[-3:] != "uri"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("xinzheng_keys.pkcs11_signer", raising=False)
    with pytest.raises(KeyURIError, match=r"xinzheng-keys\[pkcs11\]") as refused:
        open_signer("pkcs11:token=court;object=cert-1", passphrase=never_asked)
    assert refused.value.code == "key_scheme_unavailable"


@pytest.mark.parametrize("uri", ["http://host/key", "vault:court", ":", "x:"])
def test_an_unknown_scheme_names_the_known(uri: str) -> None:
    with pytest.raises(KeyURIError, match="file") as refused:
        open_signer(uri, passphrase=never_asked)
    assert refused.value.code == "key_scheme_unknown"


def test_refusals_of_the_key_file_come_through(tmp_path: Path) -> None:
    path = key_file(tmp_path / "key.pem")
    path.chmod(0o644)
    with pytest.raises(KeyStoreError) as refused:
        open_signer(path.as_uri(), passphrase=never_asked)
    assert refused.value.code == "key_file_permissions"


@pytest.mark.parametrize("key_type", list(KeyType))
@pytest.mark.parametrize("place", ["/seal.pem", "/"])
def test_a_key_is_made_where_a_file_uri_says(tmp_path: Path, key_type: KeyType, place: str) -> None:
    uri = f"{tmp_path.as_uri()}{place}"
    made = create_key(uri, name="seal", key_type=key_type, passphrase=passphrase)
    assert made.uri == (tmp_path / "seal.pem").as_uri()
    assert made.signer.key_type is key_type
    assert open_signer(made.uri, passphrase=passphrase).kid == made.signer.kid
    with pytest.raises(KeyStoreError) as refused:
        create_key(uri, name="seal", key_type=key_type, passphrase=passphrase)
    assert refused.value.code == "key_file_exists"


@pytest.mark.parametrize(("uri", "code"), [("seal.pem", "key_uri_malformed"), ("vault:seal", "key_scheme_unknown")])
def test_no_key_is_made_elsewhere(uri: str, code: str) -> None:
    with pytest.raises(KeyURIError) as refused:
        create_key(uri, name="seal", passphrase=never_asked)
    assert refused.value.code == code


# --- signatures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key_type", TYPES)
def test_signatures_verify_with_cryptography_alone(key_type: KeyType) -> None:
    signer = SoftwareSigner.generate(key_type)
    assert (signer.key_type, isinstance(signer, Signer)) == (key_type, True)
    for message in (b"", b"court", bytes(100_000)):
        check_signature(signer, signer.sign(message), message)
    with pytest.raises(InvalidSignature):
        check_signature(signer, signer.sign(b"court"), b"Court")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="this machine has no openssl command")
def test_signatures_verify_with_openssl(tmp_path: Path) -> None:
    signer = create_key_file(tmp_path / "key.pem", passphrase=passphrase)
    assert isinstance(signer, SoftwareSigner)
    (tmp_path / "public.pem").write_bytes(
        signer.public_key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    (tmp_path / "message").write_bytes(b"court")
    (tmp_path / "signature").write_bytes(der(signer.sign(b"court")))
    command = ["openssl", "dgst", "-sha256", "-verify", "public.pem", "-signature", "signature", "message"]
    assert "OK" in subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout


def test_small_r_and_s_keep_their_leading_zeros() -> None:
    # A fixed key and RFC 6979 nonces: always the same 600 signatures, some of them with a leading zero.
    signer = SoftwareSigner(ec.derive_private_key(2, ec.SECP256R1()))
    signatures = [signer.sign(n.to_bytes(2, "big")) for n in range(600)]
    assert {len(signature) for signature in signatures} == {64}
    assert any(signature[0] == 0 or signature[32] == 0 for signature in signatures)


def test_nonces_are_those_of_rfc_6979() -> None:
    # RFC 6979 A.2.5, curve P-256 with SHA-256
    secret = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    signer = SoftwareSigner(ec.derive_private_key(secret, ec.SECP256R1()))
    assert signer.sign(b"sample").hex().upper() == (
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    )


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP521R1()), ed448.Ed448PrivateKey.generate()])
def test_no_other_kind_signs(key: ec.EllipticCurvePrivateKey) -> None:
    with pytest.raises(KeyStoreError, match=r"secp521r1|Ed448") as refused:
        SoftwareSigner(key)
    assert refused.value.code == "key_type_unsupported"


# --- written forms of the public key ----------------------------------------------------------------------------------


def test_public_forms_agree_with_an_independent_derivation() -> None:
    signer = SoftwareSigner.generate()
    point = signer.public_key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    x, y = (urlsafe_b64encode(half).rstrip(b"=").decode() for half in (point[1:33], point[33:]))
    assert signer.public_jwk == {"kty": "EC", "crv": "P-256", "x": x, "y": y}
    canonical = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'  # RFC 7638 section 3.2
    assert signer.kid == hashlib.sha256(canonical.encode()).digest()[:8]
    key_type, compressed = decode_multikey(signer.public_key_multibase)
    assert key_type is KeyType.P256
    assert ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), compressed) == signer.public_key


# --- nothing private leaks ------------------------------------------------------------------------------------------


def test_no_private_material_in_what_a_signer_shows(caplog: pytest.LogCaptureFixture) -> None:
    secret = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    signer = SoftwareSigner(ec.derive_private_key(secret, ec.SECP256R1()))
    with caplog.at_level(logging.DEBUG):
        signer.sign(b"data")
        logging.getLogger("court").info("signed with %r %s", signer, signer)
    shown = repr(signer) + str(signer) + caplog.text + json.dumps(signer.public_jwk)
    encoded = urlsafe_b64encode(secret.to_bytes(32, "big")).decode().rstrip("=")
    for spelling in (f"{secret:x}", f"{secret:X}", str(secret), encoded):
        assert spelling not in shown


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_signer_is_not_duplicated(duplicate: object) -> None:
    assert callable(duplicate)
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        duplicate(SoftwareSigner.generate())


def test_every_message_is_there_in_both_languages() -> None:
    for code, message in MESSAGES.items():
        assert message.en, code
        assert message.zh, code
        assert message.en != message.zh, code
    with pytest.raises(LookupError):
        KeysError("no_such_code")


# --- rehearsals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in KeyType if kind is not KeyType.SM2])
def test_a_rehearsal_makes_no_file_and_refuses_what_the_making_refuses(tmp_path: Path, kind: KeyType) -> None:
    folder = f"{tmp_path.as_uri()}/"
    rehearsed = rehearse_key(folder, name="cert-2", key_type=kind, passphrase=passphrase)
    assert (rehearsed.signer.key_type, list(tmp_path.iterdir())) == (kind, [])
    made = create_key(folder, name="cert-2", key_type=kind, passphrase=passphrase)
    assert made.signer.public_key_multibase != rehearsed.signer.public_key_multibase
    for uri, name, secret in (
        (folder, "cert-2", passphrase),
        (f"{folder}none/", "cert-2", passphrase),
        (folder, "cert-3", lambda: b"short"),
        ("cert-3.pem", "cert-3", passphrase),
    ):
        codes = []
        for make in (rehearse_key, create_key):
            with pytest.raises(KeysError) as refused:
                make(uri, name=name, key_type=kind, passphrase=secret)
            codes.append(refused.value.code)
        assert codes[0] == codes[1]
