"""A module and its tokens in conditions that are rarer: other keys, other log-ins, a library that will not begin."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from support.signatures import check_signature
from support.softhsm import PIN, Token, library, make_token, needs_softhsm, replaced, util
from xinzheng_keys import create_key, open_signer
from xinzheng_keys.errors import KeysError
from xinzheng_keys.pkcs11_uri import parse_pkcs11_uri
from xinzheng_schemas.multibase import KeyType

pytestmark = needs_softhsm

CKR_GENERAL_ERROR = 0x5


@pytest.fixture
def token() -> Iterator[Token]:
    token = make_token()
    yield token
    token.destroy()


def refusal(uri: str) -> str:
    with pytest.raises(KeysError) as refused:
        open_signer(uri, passphrase=bytes)
    return refused.value.code


@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP521R1())],
    ids=["RSA", "P-521"],
)
def test_a_key_of_another_kind_is_refused(
    token: Token, tmp_path: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    util("--import", str(file), "--token", token.label, "--pin", PIN, "--label", "seal", "--id", "A1")
    assert refusal(token.uri("seal")) == "token_key_unusable"


def test_edwards_keys_go_by_the_name_of_the_curve_too(token: Token) -> None:
    script = (
        "import sys, pkcs11\n"
        "session = pkcs11.lib(sys.argv[1]).get_token(token_label=sys.argv[2]).open(user_pin=sys.argv[3], rw=True)\n"
        "session._generate_keypair(pkcs11.KeyType.EC_EDWARDS, id=b'x', label='seal', store=True,\n"
        "    capabilities=pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY,\n"
        "    public_template={pkcs11.Attribute.EC_PARAMS: b'\\x13\\x0cedwards25519'})\n"
    )
    subprocess.run([sys.executable, "-c", script, str(library()), token.label, PIN], check=True, timeout=60)
    signer = open_signer(token.uri("seal"), passphrase=bytes)
    assert signer.key_type is KeyType.ED25519
    check_signature(signer, signer.sign(b"court"), b"court")


@pytest.mark.parametrize(("key_type", "octets"), [("P256", 65), ("P384", 97), ("ED25519", 32)])
def test_a_point_may_be_bare(key_type: str, octets: int) -> None:
    from xinzheng_keys.pkcs11_signer import _POINT_OCTETS, _point  # noqa: PLC0415 - an extra

    assert _POINT_OCTETS[KeyType[key_type]] == octets
    # Also where the point itself begins like a header.
    for point in (b"\x04" + bytes([octets]) + bytes(octets - 2), bytes(octets)):
        assert _point(point, octets) == point
        assert _point(b"\x04" + bytes([octets]) + point, octets) == point


def test_a_token_that_another_part_of_the_process_logged_in_to(token: Token) -> None:
    from xinzheng_keys.pkcs11_library import library_at  # noqa: PLC0415 - an extra

    path = library()
    assert path is not None
    opened = library_at(path, sessions=4, deadline=5)
    opened.restart(generation=opened.generation, deadline=5)  # SoftHSM looks for new tokens when it begins
    with opened.gate.shared():
        (found,) = opened.tokens(parse_pkcs11_uri(token.uri()))
        session = found.open(user_pin=PIN)
    signer = create_key(token.uri(), name="cert-1", passphrase=bytes).signer
    check_signature(signer, signer.sign(b"court"), b"court")
    assert session is not None


def test_a_pin_that_is_no_text_is_none(token: Token) -> None:
    token.pin_file.write_bytes(b"\xff\xfe123456")
    assert refusal(token.uri("cert-1")) == "token_pin_unset"


def test_two_tokens_of_one_name_are_told_apart_by_serial(token: Token) -> None:
    create_key(token.uri(), name="cert-1", passphrase=bytes)
    other = make_token(token.label)
    try:
        # Only a beginning shows SoftHSM's new token: that of a process that starts now.
        script = "import sys; from xinzheng_keys import open_signer; open_signer(sys.argv[1], passphrase=None)"
        command = [sys.executable, "-c", script, token.uri("cert-1")]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert "matches 2 hardware tokens" in ended.stderr
        listed = util("--show-slots").split("\nSlot ")
        serials = [slot.partition("Serial number:")[2].split()[0] for slot in listed if token.label in slot]
        uris = [token.uri("cert-1").replace("pkcs11:", f"pkcs11:serial={serial};") for serial in serials]
        codes = [subprocess.run([*command[:3], uri], capture_output=True, check=False).returncode for uri in uris]
        assert sorted(codes) == [0, 1]
    finally:
        other.destroy()


def test_a_library_that_will_not_begin_again_is_named_and_asked_again(token: Token) -> None:
    signer = create_key(token.uri(), name="cert-1", passphrase=bytes).signer
    with token.taken_away(), replaced("C_Initialize", lambda _original, *_: CKR_GENERAL_ERROR, 1):
        with pytest.raises(KeysError) as refused:
            signer.sign(b"court")
        assert refused.value.code == "token_module_unusable"
    check_signature(signer, signer.sign(b"court"), b"court")


def test_a_deadline_counts_for_the_beginning_too(token: Token) -> None:
    create_key(token.uri(), name="cert-1", passphrase=bytes)
    script = (
        "import sys\n"
        "from support.softhsm import library, replaced\n"
        "from xinzheng_keys import TokenAccess, open_signer\n"
        "from xinzheng_keys.errors import TokenError\n"
        "import time\n"
        "with replaced('C_Initialize', lambda original, *given: time.sleep(3) or original(*given), 1):\n"
        "    try: open_signer(sys.argv[1], passphrase=None, tokens=TokenAccess(deadline=0.3))\n"
        "    except TokenError as error: print(error.code)\n"
    )
    command = [sys.executable, "-c", script, token.uri("cert-1")]
    tests = str(Path(__file__).resolve().parent.parent)
    ended = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60, env={**os.environ, "PYTHONPATH": tests}
    )
    assert ended.stdout.strip() == "token_slow"


def test_the_marks_of_a_token_are_compared_without_their_padding(token: Token) -> None:
    create_key(token.uri(), name="cert-1", passphrase=bytes)
    uri = replace(parse_pkcs11_uri(token.uri("cert-1")), manufacturer="SoftHSM project", model="SoftHSM v2")
    assert open_signer(str(uri), passphrase=bytes).key_type is KeyType.P256
