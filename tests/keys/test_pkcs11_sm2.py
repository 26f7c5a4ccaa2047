"""SM2 keys in a hardware module, by the numbers that the installation gives: a module written for these tests."""

import pickle
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.signatures import der
from support.sm2_module import SIGN, Maker, SM2Token, make_token, needs_compiler
from support.softhsm import PIN, needs_softhsm
from support.softhsm import make_token as make_soft_token
from xinzheng_keys import CreatedKey, Signer, create_key, open_signer, sm2_library
from xinzheng_keys.errors import KeysError, KeyURIError
from xinzheng_keys.pkcs11_sm2 import identity
from xinzheng_keys.sm2_mechanisms import CURVE, INPUTS, SIGNATURES, SM2Mechanisms, read_sm2_setting
from xinzheng_keys.sm2_signer import SM2Signer
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.sm2_point import SM2Point
from xinzheng_verifier.secure.sm2 import SM2PublicKey

MESSAGES = (b"", b"court", bytes(100_000))


def never_asked() -> bytes:
    raise AssertionError("no passphrase belongs to a token")


def create(token: SM2Token, setting: str | None = None, name: str = "sm2-1") -> CreatedKey:
    access = token.access(setting)
    return create_key(token.uri(), name=name, key_type=KeyType.SM2, passphrase=never_asked, tokens=access)


def open_key(token: SM2Token, setting: str | None = None, name: str = "sm2-1") -> Signer:
    return open_signer(token.uri(name), passphrase=never_asked, tokens=token.access(setting))


def refusal(action: object, *arguments: object) -> str:
    assert callable(action)
    with pytest.raises(KeysError) as refused:
        action(*arguments)
    assert PIN not in repr(refused.value) + refused.value.message("en") + refused.value.message("zh")
    assert refused.value.message("en") != refused.value.message("zh")
    return refused.value.code


def public_key(signer: Signer) -> SM2PublicKey:
    assert isinstance(signer.public_key, SM2Point)
    return SM2PublicKey(signer.public_key.x, signer.public_key.y)


# --- what makers settle differently -----------------------------------------------------------------------------------


@needs_compiler
@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("given_to", INPUTS)
def test_lenders_take_what_a_module_signs_whatever_its_mechanism_is_given(
    tmp_path: Path, given_to: str, signature: str
) -> None:
    token = make_token(tmp_path, Maker(input=given_to, signature=signature))
    made = create(token)
    found = open_signer(made.uri, passphrase=never_asked, tokens=token.access())
    assert isinstance(found, Signer)
    assert (found.key_type, found.public_key) == (KeyType.SM2, made.signer.public_key)
    assert (found.kid, found.public_jwk["crv"]) == (made.signer.kid, "SM2-P-256")
    for message in MESSAGES:
        made_here = found.sign(message)
        assert len(made_here) == 64
        assert public_key(found).verify(made_here, message)
        assert not public_key(found).verify(made_here, message + b"\0")


@needs_compiler
@pytest.mark.parametrize(
    "maker",
    [
        Maker(sign=0x1041, key_type=3, generate=0x1040),  # the standard's numbers of ECDSA, the curve of SM2
        Maker(sign=0x80000004, key_type=0x80000001, generate=0x80000003, curve="none"),
        Maker(sign=0x8005000B, key_type=0x80050002, generate=0x8005000A),
        Maker(sign=0x00010004, key_type=0xFFFFF001, generate=0x00010009, curve="none", input="message"),
    ],
)
def test_any_numbers_will_do(tmp_path: Path, maker: Maker) -> None:
    token = make_token(tmp_path, maker)
    made = create(token)
    assert public_key(made.signer).verify(open_key(token).sign(b"court"), b"court")


@needs_compiler
def test_a_key_of_the_makers_tool_is_found_and_none_is_made_without_a_mechanism(tmp_path: Path) -> None:
    made = create(make_token(tmp_path))
    bought = SM2Token(tmp_path / "token", (tmp_path / "token/label").read_text(), tmp_path / "pin", Maker(generate=0))
    bought.put_in()
    assert open_key(bought).public_key == made.signer.public_key
    assert refusal(create, bought, None, "sm2-2") == "pkcs11_sm2_made_elsewhere"
    assert "stage" in KeyURIError("pkcs11_sm2_made_elsewhere", setting="").message("en")
    assert len(list((tmp_path / "token").glob("*.pem"))) == 1


@needs_compiler
@pytest.mark.skipif(shutil.which("openssl") is None, reason="this machine has no openssl command")
def test_the_openssl_command_verifies_what_the_module_signs(tmp_path: Path) -> None:
    signer = create(make_token(tmp_path)).signer
    head = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
    (tmp_path / "public.der").write_bytes(head + public_key(signer).uncompressed())
    (tmp_path / "message").write_bytes(b"court")
    (tmp_path / "signature").write_bytes(der(signer.sign(b"court")))
    command = "openssl pkeyutl -verify -rawin -digest sm3 -pubin -keyform DER -inkey public.der -in message"
    options = ["-sigfile", "signature", "-pkeyopt", "distid:1234567812345678"]
    shown = subprocess.run([*command.split(), *options], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Signature Verified Successfully" in shown.stdout


@needs_compiler
def test_a_signer_keeps_to_itself(tmp_path: Path) -> None:
    signer = create(make_token(tmp_path)).signer
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        pickle.dumps(signer)
    assert repr(signer) == f"<PKCS11Signer {signer.public_key_multibase}>"


# --- what the installation says wrongly -------------------------------------------------------------------------------


@needs_compiler
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sign": SIGN + 1}, "token_signature_wrong"),  # another mechanism, which signs without Z
        ({"sign": 0x80009999}, "token_failed"),  # no mechanism
        ({"input": "z-message"}, "token_failed"),  # more than 32 octets where a digest belongs
        ({"input": "message"}, "token_failed"),
        ({"signature": "der"}, "token_signature_wrong"),
        ({"key_type": 3}, "pkcs11_sm2_unset"),
        ({"curve": "none", "key_type": 3}, "pkcs11_sm2_unset"),
    ],
)
def test_wrong_numbers_sign_nothing(tmp_path: Path, change: dict[str, object], code: str) -> None:
    token = make_token(tmp_path)
    create(token)
    said = Maker(**change).setting  # type: ignore[arg-type]  # one of several kinds of fields
    assert refusal(open_key, token, said) == code


@needs_compiler
@pytest.mark.parametrize(
    ("built", "said"),
    [("message", "digest"), ("z-message", "digest"), ("message", "z-message"), ("z-message", "message")],
)
def test_what_a_mechanism_hashes_twice_or_not_enough_leaves_nothing(tmp_path: Path, built: str, said: str) -> None:
    token = make_token(tmp_path, Maker(input=built))
    assert refusal(create, token, Maker(input=said).setting) == "token_signature_wrong"
    # The key is there; with the right words it serves.
    assert public_key(open_key(token)).verify(open_key(token).sign(b"court"), b"court")


@needs_compiler
def test_a_mechanism_that_begins_to_sign_something_else_is_stopped(tmp_path: Path) -> None:
    token = make_token(tmp_path)
    signer = create(token).signer
    SM2Token(token.place, token.label, token.pin_file, Maker(sign=SIGN - 1)).put_in()  # its next one is the old number
    assert refusal(signer.sign, b"court") == "token_signature_wrong"
    token.put_in()
    assert public_key(signer).verify(signer.sign(b"court"), b"court")


@needs_compiler
def test_making_with_wrong_numbers_makes_nothing(tmp_path: Path) -> None:
    token = make_token(tmp_path)
    for change in ({"generate": 0x80009999}, {"key_type": 5}, {"curve": "none"}):
        assert refusal(create, token, Maker(**change).setting) == "token_failed"
    assert list(token.place.glob("*.pem")) == []


@needs_compiler
def test_without_settings_an_sm2_key_is_none(tmp_path: Path) -> None:
    for maker in (Maker(), Maker(key_type=3), Maker(curve="none")):
        folder = tmp_path / f"{maker.key_type}{maker.curve}"
        folder.mkdir()
        token = make_token(folder, maker)
        create(token)
        assert refusal(open_key, token, "") == "pkcs11_sm2_unset"
        assert refusal(create, token, "", "sm2-2") == "pkcs11_sm2_unset"
        assert refusal(open_key, token, maker.setting.replace("maker=", "other=")) == "pkcs11_sm2_unset"


@needs_softhsm
def test_softhsm_has_no_sm2() -> None:
    token = make_soft_token()
    try:
        with pytest.raises(KeyURIError) as refused:
            create_key(token.uri(), name="sm2-1", key_type=KeyType.SM2, passphrase=never_asked)
        assert refused.value.code == "pkcs11_sm2_unset"
        assert "XINZHENG_PKCS11_SM2" in refused.value.message("zh")
        made = create_key(token.uri(), name="cert-1", key_type=KeyType.P256, passphrase=never_asked)
        assert made.signer.key_type is KeyType.P256
    finally:
        token.destroy()


# --- the token --------------------------------------------------------------------------------------------------------


@needs_compiler
def test_a_token_that_goes_and_comes(tmp_path: Path) -> None:
    token = make_token(tmp_path)
    signer = create(token).signer
    with token.taken_away():
        assert refusal(signer.sign, b"court") == "token_missing"
        assert refusal(open_key, token) == "token_missing"
        assert refusal(create, token, None, "sm2-2") == "token_missing"
    assert public_key(signer).verify(signer.sign(b"court"), b"court")


@needs_compiler
def test_a_wrong_pin_is_named(tmp_path: Path) -> None:
    token = make_token(tmp_path)
    token.pin_file.write_text("000000")
    assert refusal(create, token) == "token_pin_wrong"
    token.pin_file.write_text(PIN)
    assert create(token).signer.key_type is KeyType.SM2
    assert refusal(create, token) == "token_key_exists"


@needs_compiler
def test_a_module_that_is_gone_is_named(tmp_path: Path) -> None:
    token = make_token(tmp_path)
    uri = f"pkcs11:token={token.label};object=sm2-1?module-path=/nowhere/libsm2.so&pin-source=file:{token.pin_file}"
    assert refusal(lambda: open_signer(uri, passphrase=never_asked)) == "token_module_missing"


@needs_compiler
def test_without_libcrypto_nothing_is_signed_unverified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = make_token(tmp_path)
    signer = create(token).signer
    monkeypatch.setenv(sm2_library.LIBRARY_VARIABLE, "/nowhere/libcrypto.so")
    sm2_library._library.cache_clear()
    try:
        assert refusal(signer.sign, b"court") == "sm2_unavailable"
    finally:
        sm2_library._library.cache_clear()


# --- verifying by libcrypto, and Z ------------------------------------------------------------------------------------


def test_libcrypto_and_the_verifier_agree_on_what_verifies() -> None:
    signer = SM2Signer.generate()
    signature = signer.sign(b"court")
    assert sm2_library.verify(signer.public_key, signature, b"court")
    changed = [bytes([signature[0] ^ 1]) + signature[1:], signature[:-1] + bytes([signature[-1] ^ 1]), bytes(64)]
    for other, message in ((signature, b"Court"), *((each, b"court") for each in changed)):
        assert not sm2_library.verify(signer.public_key, other, message)
        assert not public_key(signer).verify(other, message)
    assert not sm2_library.verify(SM2Signer.generate().public_key, signature, b"court")


def test_both_sides_put_the_same_before_the_message() -> None:
    key = SM2Signer.generate().public_key
    assert identity(key) == SM2PublicKey(key.x, key.y)._identity


# --- the setting ------------------------------------------------------------------------------------------------------


def test_a_setting_says_what_differs_and_no_more() -> None:
    assert read_sm2_setting("") == {}
    assert read_sm2_setting("one=sign:0x80008105;two.b=sign:4096,curve:none,signature:der,input:message-id") == {
        "one": SM2Mechanisms(sign=0x80008105, key_type=3, generate=None, curve=CURVE, input="digest", signature="raw"),
        "two.b": SM2Mechanisms(sign=4096, curve=None, input="message-id", signature="der"),
    }
    full = read_sm2_setting("m=generate:0xFFFFF001,key-type:0xFFFFFFFF,curve:06082A811CCF5501822D,sign:1")
    assert full["m"] == SM2Mechanisms(sign=1, generate=0xFFFFF001, key_type=0xFFFFFFFF)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("maker", "key"),
        ("maker=", "key"),
        ("=sign:1", "NAME"),
        ("a b=sign:1", "NAME"),
        ("a=sign:1;a=sign:2", "NAME"),
        ("a=sign:1;", "NAME"),
        ("a=key-type:3", "sign"),
        ("a=sign:", "sign"),
        ("a=sign:0x1FFFFFFFF", "sign"),
        ("a=sign:4294967296", "sign"),
        ("a=sign:-1", "sign"),
        ("a=sign:010", "sign"),
        ("a=sign:1,sign:2", "sign"),
        ("a=sign:1,generate:x", "generate"),
        ("a=sign:1,key_type:3", "key"),
        ("a=sign:1,curve:0", "curve"),
        ("a=sign:1,curve:secp256r1", "curve"),
        ("a=sign:1,input:hash", "input"),
        ("a=sign:1,signature:", "signature"),
        ("a=sign:1,", "key"),
    ],
)
def test_a_setting_of_another_form_is_refused_with_its_part(text: str, part: str) -> None:
    with pytest.raises(KeyURIError) as refused:
        read_sm2_setting(text)
    assert (refused.value.code, refused.value.field) == ("pkcs11_sm2_setting", part)


@given(st.text(alphabet="abm=:,;0x123signkey-typecurvenoneinput", max_size=60))
def test_a_setting_is_read_or_refused(text: str) -> None:
    try:
        read = read_sm2_setting(text)
    except KeyURIError:
        return
    assert len(read) == (text.count(";") + 1 if text else 0)
