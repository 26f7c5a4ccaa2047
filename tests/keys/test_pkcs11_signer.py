"""Keys in a hardware module: SoftHSM 2, and what it never does by itself put in at the module's own boundary."""

import copy
import json
import logging
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.signatures import TYPES, check_signature
from support.softhsm import PIN, Token, folder, library, make_token, needs_softhsm, replaced, util
from xinzheng_keys import CreatedKey, Signer, TokenAccess, create_key, open_signer
from xinzheng_keys.custody import rehearse_key
from xinzheng_keys.errors import KeysError, KeyStoreError, KeyURIError, TokenError
from xinzheng_keys.pkcs11_uri import parse_pkcs11_uri
from xinzheng_schemas.multibase import KeyType

pytestmark = needs_softhsm

CKR_OK, CKR_GENERAL_ERROR, CKR_DEVICE_REMOVED, CKR_PIN_INCORRECT, CKR_PIN_LOCKED = 0x0, 0x5, 0x32, 0xA0, 0xA4
PIN_FINAL_TRY, PIN_LOCKED = 0x20000, 0x40000
TOKEN_INFO_FLAGS = 96  # octets of CK_TOKEN_INFO before its flags


def never_asked() -> bytes:
    raise AssertionError("no passphrase belongs to a token")


@pytest.fixture
def token() -> Iterator[Token]:
    token = make_token()
    yield token
    token.destroy()


def create(token: Token, name: str = "cert-1", key_type: KeyType = KeyType.P256) -> CreatedKey:
    return create_key(token.uri(), name=name, key_type=key_type, passphrase=never_asked)


def open_key(token: Token, name: str = "cert-1", **access: Any) -> Signer:
    return open_signer(token.uri(name), passphrase=never_asked, tokens=replace(token.access, **access))


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(KeysError) as refused:
        action()
    assert PIN not in repr(refused.value) + refused.value.message("en") + refused.value.message("zh")
    return refused.value.code


# --- keys and signatures --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key_type", TYPES)
def test_a_key_made_in_a_token_signs_and_is_found_again(token: Token, key_type: KeyType) -> None:
    made = create(token, key_type=key_type)
    found = open_signer(made.uri, passphrase=never_asked)
    assert isinstance(found, Signer)
    assert found.key_type is key_type
    assert found.public_key_multibase == made.signer.public_key_multibase
    assert (found.kid, found.public_jwk) == (made.signer.kid, made.signer.public_jwk)
    for message in (b"", b"court", bytes(100_000)):
        check_signature(found, found.sign(message), message)
    with pytest.raises(InvalidSignature):
        check_signature(found, found.sign(b"court"), b"Court")


def test_the_uri_of_a_made_key_names_it_alone_and_bears_no_secret(token: Token) -> None:
    made = create(token)
    uri = parse_pkcs11_uri(made.uri)
    assert (uri.token, uri.object, len(uri.id or b"")) == (token.label, "cert-1", 8)
    assert uri.pin_source == f"file:{token.pin_file}"
    assert PIN not in made.uri
    assert made.uri not in repr(made.signer)


def test_a_key_of_another_program_is_found(token: Token, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "key.pem").write_bytes(plain)
    util("--import", str(tmp_path / "key.pem"), "--token", token.label, "--pin", PIN, "--label", "seal", "--id", "A1")
    signer = open_key(token, "seal")
    assert signer.public_key == key.public_key()
    check_signature(signer, signer.sign(b"court"), b"court")


def test_a_token_is_found_by_each_of_its_marks(token: Token) -> None:
    kid = create(token).signer.kid
    listed = util("--show-slots").split("\nSlot ")
    (mine,) = [slot for slot in listed if token.label in slot]
    serial = mine.partition("Serial number:")[2].split()[0]
    query = token.uri().partition("?")[2]
    for marks in (f"serial={serial}", f"slot-id={mine.split()[0]}", f"token={token.label};model=SoftHSM%20v2"):
        assert open_signer(f"pkcs11:{marks};object=cert-1?{query}", passphrase=never_asked).kid == kid
    for marks in ("serial=0", f"token={token.label};model=other", f"token={token.label};manufacturer=other"):
        wrong = f"pkcs11:{marks};object=cert-1?{query}"
        assert refusal(lambda wrong=wrong: open_signer(wrong, passphrase=never_asked)) == "token_missing"  # type: ignore[misc]


def test_a_made_key_can_do_nothing_but_sign(token: Token) -> None:
    create(token)
    script = (
        "import sys, pkcs11\n"
        "from pkcs11 import Attribute as A\n"
        "session = pkcs11.lib(sys.argv[1]).get_token(token_label=sys.argv[2]).open(user_pin=sys.argv[3])\n"
        "(key,) = session.get_objects({A.CLASS: pkcs11.ObjectClass.PRIVATE_KEY})\n"
        "names = ('PRIVATE SENSITIVE NEVER_EXTRACTABLE SIGN TOKEN EXTRACTABLE DECRYPT UNWRAP DERIVE').split()\n"
        "print([key[A[name]] for name in names])\n"
        "try: print(key[A.VALUE])\n"
        "except pkcs11.AttributeSensitive: print('sensitive')\n"
    )
    command = [sys.executable, "-c", script, str(library()), token.label, PIN]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    assert shown == [str([True] * 5 + [False] * 4), "sensitive"]


# --- what is refused ------------------------------------------------------------------------------------------------


def test_a_key_is_never_made_twice(token: Token) -> None:
    create(token)
    assert refusal(lambda: create(token)) == "token_key_exists"


def test_a_rehearsal_makes_no_key_and_refuses_what_the_making_refuses(token: Token) -> None:
    def rehearse(name: str = "cert-1") -> CreatedKey:
        return rehearse_key(token.uri(), name=name, passphrase=never_asked)

    assert rehearse().signer.public_key_multibase != create(token).signer.public_key_multibase
    assert refusal(rehearse) == "token_key_exists"
    with token.taken_away():
        assert refusal(lambda: rehearse("cert-2")) == "token_missing"
    assert rehearse("cert-2").signer.key_type is KeyType.P256
    assert refusal(lambda: open_key(token, "cert-2")) == "token_key_missing"


def test_several_matching_objects_are_refused_and_told_apart_by_id(token: Token) -> None:
    first = create(token)
    # Another program may well give one label twice.
    second = subprocess_key(token, "cert-1", "B2")
    assert refusal(lambda: open_key(token)) == "token_key_ambiguous"
    assert open_signer(first.uri, passphrase=never_asked).kid == first.signer.kid
    by_id = f"pkcs11:token={token.label};object=cert-1;id=%B2?{token.uri().partition('?')[2]}"
    assert open_signer(by_id, passphrase=never_asked).public_key == second


def subprocess_key(token: Token, label: str, identifier: str) -> ec.EllipticCurvePublicKey:
    key = ec.generate_private_key(ec.SECP256R1())
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder() / "import.pem"
    path.write_bytes(plain)
    given = ("--token", token.label, "--pin", PIN, "--label", label, "--id", identifier)
    util("--import", str(path), *given)
    path.unlink()
    return key.public_key()


def test_what_is_not_there_is_named(token: Token) -> None:
    create(token)
    query = token.uri().partition("?")[2]
    assert refusal(lambda: open_key(token, "cert-2")) == "token_key_missing"
    away = f"pkcs11:token=nowhere;object=cert-1?{query}"
    assert refusal(lambda: open_signer(away, passphrase=never_asked)) == "token_missing"
    for module in ("/nowhere.so", "/etc/passwd"):
        uri = f"pkcs11:token={token.label};object=cert-1?module-path={module}"
        assert refusal(lambda uri=uri: open_signer(uri, passphrase=never_asked)) == "token_module_missing"  # type: ignore[misc]


def test_a_library_that_is_no_module_is_named(token: Token) -> None:
    import _ctypes  # noqa: PLC0415 - any shared library that is surely there

    uri = f"pkcs11:token={token.label};object=cert-1?module-path={_ctypes.__file__}"
    assert refusal(lambda: open_signer(uri, passphrase=never_asked)) == "token_module_missing"


@pytest.mark.parametrize("uri", ["pkcs11:object=cert-1", "pkcs11:token=court", "pkcs11:id=%01"])
def test_a_uri_that_may_mean_any_token_or_key_is_refused(uri: str) -> None:
    with pytest.raises(KeyURIError) as refused:
        open_signer(f"{uri}?module-path={library()}", passphrase=never_asked)
    assert refused.value.code == "pkcs11_uri_incomplete"


def test_a_module_goes_by_name_only_if_the_installation_knows_it(token: Token) -> None:
    kid = create(token).signer.kid
    path = library()
    assert path is not None
    pin = f"pin-source=file:{token.pin_file}"
    named = f"pkcs11:token={token.label};object=cert-1?module-name=soft&{pin}"
    bare = f"pkcs11:token={token.label};object=cert-1?{pin}"
    one = TokenAccess(modules={"soft": path})
    assert {open_signer(uri, passphrase=never_asked, tokens=one).kid for uri in (named, bare)} == {kid}
    two = TokenAccess(modules={"soft": path, "hard": path})
    assert open_signer(named, passphrase=never_asked, tokens=two).kid == kid
    for uri, access in ((named, TokenAccess()), (bare, two), (bare, TokenAccess(modules={}))):
        with pytest.raises(KeyURIError) as refused:
            open_signer(uri, passphrase=never_asked, tokens=access)
        assert refused.value.code == "pkcs11_module_unknown"


def test_an_extractable_key_is_refused(token: Token) -> None:
    script = (
        "import sys, pkcs11\n"
        "from pkcs11.util.ec import encode_named_curve_parameters as named\n"
        "session = pkcs11.lib(sys.argv[1]).get_token(token_label=sys.argv[2]).open(user_pin=sys.argv[3], rw=True)\n"
        "curve = session.create_domain_parameters(\n"
        "    pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: named('secp256r1')}, local=True)\n"
        "curve.generate_keypair(label='loose', id=b'x', store=True, mechanism=pkcs11.Mechanism.EC_KEY_PAIR_GEN,\n"
        "    private_template={pkcs11.Attribute.EXTRACTABLE: True})\n"
    )
    command = [sys.executable, "-c", script, str(library()), token.label, PIN]
    subprocess.run(command, check=True, timeout=60)
    assert refusal(lambda: open_key(token, "loose")) == "token_key_exposed"


# --- the PIN --------------------------------------------------------------------------------------------------------


def test_the_pin_comes_from_the_named_source_or_that_of_the_installation(
    token: Token, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kid = create(token).signer.kid
    monkeypatch.setenv("COURT_PIN", PIN)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "court-pin").write_text(PIN + "\n")
    (tmp_path / "court-pin").chmod(0o400)
    bare = f"pkcs11:token={token.label};object=cert-1?module-path={library()}"
    assert open_signer(bare, passphrase=never_asked, tokens=TokenAccess(pin=PIN.encode)).kid == kid
    for source in ("env:COURT_PIN", "credential:court-pin"):
        # In a process of its own: here the token is logged in to.
        script = (
            "import sys\n"
            "from xinzheng_keys import open_signer\n"
            "print(open_signer(sys.argv[1], passphrase=None).kid.hex())\n"
        )
        command = [sys.executable, "-c", script, f"{bare}&pin-source={source}"]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == kid.hex()


def test_without_a_pin_nothing_is_tried(token: Token) -> None:
    bare = f"pkcs11:token={token.label};object=cert-1?module-path={library()}"
    with counted("C_Login", 4) as logins:
        assert refusal(lambda: open_signer(bare, passphrase=never_asked)) == "token_pin_unset"
        token.pin_file.chmod(0o644)
        with pytest.raises(KeyStoreError) as refused:
            open_key(token)
        assert refused.value.code == "passphrase_file_permissions"
    assert logins == []


class Calls(list[int]):
    """Return values of a function of the module."""


def counted(name: str, arguments: int) -> Any:
    """Counts the calls of a function of the module."""

    class Counting:
        def __enter__(self) -> Calls:
            self.calls = Calls()

            def count(original: Callable[..., int], *given: Any) -> int:
                answer = original(*given)
                self.calls.append(answer)
                return answer

            self.patch = replaced(name, count, arguments)
            self.patch.__enter__()
            return self.calls

        def __exit__(self, *raised: Any) -> None:
            self.patch.__exit__(*raised)

    return Counting()


def test_a_wrong_pin_is_tried_once(token: Token) -> None:
    token.write_pin("000000")
    with counted("C_Login", 4) as logins:
        for _ in range(5):
            assert refusal(lambda: open_key(token)) == "token_pin_wrong"
        assert logins == [CKR_PIN_INCORRECT]
        # Another PIN is another matter.
        token.write_pin(PIN)
        create(token)
    assert logins == [CKR_PIN_INCORRECT, CKR_OK]


def test_a_lost_login_with_a_changed_pin_is_tried_once_while_serving(token: Token) -> None:
    signer = create(token).signer
    with counted("C_Login", 4) as logins, token.taken_away():
        assert refusal(lambda: signer.sign(b"court")) == "token_missing"
    token.write_pin("000000")
    with counted("C_Login", 4) as logins:
        for _ in range(3):
            assert refusal(lambda: signer.sign(b"court")) == "token_pin_wrong"
        assert logins == [CKR_PIN_INCORRECT]
    token.write_pin(PIN)
    check_signature(signer, signer.sign(b"court"), b"court")


def test_a_locked_pin_is_named(token: Token) -> None:
    with replaced("C_Login", lambda _original, *_: CKR_PIN_LOCKED, 4):
        assert refusal(lambda: open_key(token)) == "token_pin_locked"


@pytest.mark.parametrize(("flag", "code"), [(PIN_FINAL_TRY, "token_pin_last_try"), (PIN_LOCKED, "token_pin_locked")])
def test_the_last_try_is_left_to_a_person(token: Token, flag: int, code: str) -> None:
    def flagged(original: Callable[..., int], slot: int, info: int) -> int:
        import ctypes  # noqa: PLC0415

        answer = original(slot, info)
        place = ctypes.c_ulong.from_address(info + TOKEN_INFO_FLAGS)
        place.value |= flag
        return answer

    with replaced("C_GetTokenInfo", flagged, 2), counted("C_Login", 4) as logins:
        assert refusal(lambda: open_key(token)) == code
    assert logins == []


# --- one login, many sessions ---------------------------------------------------------------------------------------


def test_one_login_for_many_threads_and_keys(token: Token) -> None:
    with counted("C_Login", 4) as logins, counted("C_OpenSession", 5) as sessions:
        signers = [create(token, f"cert-{number}").signer for number in (1, 2, 3)]
        with ThreadPoolExecutor(16) as pool:
            made = list(pool.map(lambda n: (n, signers[n % 3].sign(str(n).encode())), range(300)))
    assert logins == [CKR_OK]
    assert len(sessions) <= 1 + 3 + TokenAccess().sessions  # the login's, one for each creation, one a thread
    for number, signature in made:
        check_signature(signers[number % 3], signature, str(number).encode())


SIGNING = (
    "import sys\n"
    "from xinzheng_keys import open_signer\n"
    "signer = open_signer(sys.argv[1], passphrase=None)\n"
    "for n in range(200): signer.sign(str(n).encode())\n"
    "print(signer.kid.hex(), signer.sign(b'court').hex())\n"
)


def test_two_processes_sign_with_one_key(token: Token) -> None:
    signer = create(token).signer
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", SIGNING, token.uri("cert-1")], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for n in range(200):
        check_signature(signer, signer.sign(str(n).encode()), str(n).encode())
    for process in started:
        kid, signature = process.communicate(timeout=60)[0].split()
        assert process.returncode == 0
        assert kid == signer.kid.hex()
        check_signature(signer, bytes.fromhex(signature), b"court")


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_child_process_logs_in_for_itself_and_leaves_the_parent_alone(token: Token) -> None:
    signer = create(token).signer
    signer.sign(b"before")

    def child(answer: Any) -> None:
        with counted("C_Login", 4) as logins:
            signature = signer.sign(b"court")
        answer.send((list(logins), signature, os.getpid()))

    receiving, sending = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=child, args=(sending,))
    process.start()
    assert receiving.poll(30)
    logins, signature, pid = receiving.recv()
    process.join(30)
    assert (process.exitcode, pid != os.getpid()) == (0, True)
    assert logins == [CKR_OK]
    check_signature(signer, signature, b"court")
    with counted("C_Login", 4) as mine:
        check_signature(signer, signer.sign(b"after"), b"after")
    assert mine == []


# --- a token that goes, comes, dawdles ------------------------------------------------------------------------------


def test_a_token_taken_away_is_named_and_taken_up_again(token: Token) -> None:
    signer = create(token).signer
    with token.taken_away():
        with ThreadPoolExecutor(4) as pool:
            codes = Counter(pool.map(lambda _: refusal(lambda: signer.sign(b"court")), range(8)))
        assert codes == {"token_missing": 8}
    check_signature(signer, signer.sign(b"court"), b"court")


def test_a_token_put_back_with_another_key_signs_nothing(token: Token) -> None:
    create(token)
    signer = open_key(token)
    with token.taken_away():
        assert refusal(lambda: signer.sign(b"court")) == "token_missing"
    token.destroy()
    other = make_token(token.label)
    create(other)
    assert refusal(lambda: signer.sign(b"court")) == "token_key_changed"
    other.destroy()


@pytest.mark.parametrize("answer", [CKR_DEVICE_REMOVED, CKR_GENERAL_ERROR])
def test_a_session_lost_once_is_opened_again(token: Token, answer: int) -> None:
    signer = create(token).signer
    left = [answer]

    def once(original: Callable[..., int], *given: Any) -> int:
        return left.pop() if left else original(*given)

    with replaced("C_SignInit", once, 3):
        check_signature(signer, signer.sign(b"court"), b"court")
    assert left == []


def test_a_module_that_goes_on_failing_is_named(token: Token) -> None:
    signer = create(token).signer
    with replaced("C_SignInit", lambda _original, *_: CKR_GENERAL_ERROR, 3):
        assert refusal(lambda: signer.sign(b"court")) == "token_failed"
    check_signature(signer, signer.sign(b"court"), b"court")


def test_a_slow_module_is_left_when_the_time_is_over(token: Token) -> None:
    create(token)
    signer = open_key(token, deadline=0.3)
    held = threading.Event()

    def slow(original: Callable[..., int], *given: Any) -> int:
        held.wait(20)
        return original(*given)

    with replaced("C_Sign", slow, 5):
        began = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            codes = set(pool.map(lambda _: refusal(lambda: signer.sign(b"court")), range(4)))
        assert codes == {"token_slow"}
        assert time.monotonic() - began < 3
        # All threads of the module are left behind: from now on nobody waits, and nobody else is let in.
        began = time.monotonic()
        for _ in range(20):
            assert refusal(lambda: signer.sign(b"court")) == "token_slow"
        assert time.monotonic() - began < 0.3
        held.set()
        for _ in range(100):
            try:
                check_signature(signer, signer.sign(b"court"), b"court")
                break
            except TokenError:
                time.sleep(0.05)
        else:
            pytest.fail("the module is not taken up again")


# --- nothing private leaks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_signer_is_not_duplicated(token: Token, duplicate: Callable[[object], object]) -> None:
    signer = create(token).signer
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        duplicate(signer)


def test_no_pin_in_what_a_signer_shows(token: Token, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        signer = create(token).signer
        logging.getLogger("court").info("signed with %r", signer)
        signer.sign(b"data")
    assert PIN not in repr(signer) + str(signer) + caplog.text + json.dumps(signer.public_jwk)
