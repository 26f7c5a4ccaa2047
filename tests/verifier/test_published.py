"""Published vectors, and what is known of the curves: signatures and keys that no honest signer makes."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from support import edwards
from support.doors import by_http, command
from support.issuers import NOW
from support.repository import ROOT
from xinzheng_schemas import base64url, multibase
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import TrustError, TrustStore, Verifier
from xinzheng_verifier.secure.algorithms import ED25519, ES384

DATA = ROOT.parent / "shared" / "data"
WYCHEPROOF = DATA / "wycheproof" / "testvectors_v1"
JSON_SUITE = DATA / "json-test-suite" / "test_parsing"
TRUST = ROOT / "tests" / "vectors" / "trust"


def beside(folder: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not (DATA / folder).is_dir(), reason=f"{folder} is not beside the project")


def groups(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((WYCHEPROOF / name).read_bytes())["testGroups"]
    return found


# --- Wycheproof -------------------------------------------------------------------------------------------------------


@beside("wycheproof")
def test_ecdsa_with_p_384_of_wycheproof() -> None:
    tried = 0
    for group in groups("ecdsa_secp384r1_sha384_p1363_test.json"):
        point = bytes.fromhex(group["publicKey"]["uncompressed"])
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), point)
        for test in group["tests"]:
            holds = ES384.verify(key, signature=bytes.fromhex(test["sig"]), message=bytes.fromhex(test["msg"]))
            assert holds is (test["result"] == "valid"), test["comment"]
            tried += 1
    assert tried > 200


@beside("wycheproof")
def test_ed25519_of_wycheproof() -> None:
    """The key by the way that a trust document takes, so that an unsound one would be refused there."""
    tried = 0
    for group in groups("ed25519_test.json"):
        (key,) = issuer_with(bytes.fromhex(group["publicKey"]["pk"])).keys
        for test in group["tests"]:
            holds = ED25519.verify(
                key.public_key, signature=bytes.fromhex(test["sig"]), message=bytes.fromhex(test["msg"])
            )
            assert holds is (test["result"] == "valid"), test["comment"]
            tried += 1
    assert tried > 140


def test_a_key_of_another_kind_verifies_nothing() -> None:
    elliptic = ec.generate_private_key(ec.SECP256R1()).public_key()
    edwards_key = ed25519.Ed25519PrivateKey.generate().public_key()
    assert not ED25519.verify(elliptic, signature=bytes(64), message=b"")
    assert not ES384.verify(edwards_key, signature=bytes(96), message=b"")


# --- Ed25519 ----------------------------------------------------------------------------------------------------------


def issuer_with(public_key: bytes) -> Any:
    did = f"did:key:{multibase.encode_multikey(KeyType.ED25519, public_key)}"
    issuer = TrustStore.from_documents([did]).issuer(did)
    assert issuer is not None
    return issuer


def spelled(point: edwards.Point) -> list[bytes]:
    """Every 32 bytes that some decoder takes for the point: y reduced or not, the sign of x right or not."""
    _, y = point
    values = [y, y + edwards.P] if y + edwards.P < 1 << 255 else [y]
    return [(value | sign << 255).to_bytes(32, "little") for value in values for sign in (0, 1)]


@pytest.mark.parametrize("number", range(8))
def test_no_key_of_small_order_is_trusted(number: int, tmp_path: Path) -> None:
    """In did:key, did:jwk and a document; at the command line too (RFC 8032, 5.1.7)."""
    point = edwards.of_small_order()[number]
    assert edwards.multiply(8, point) == edwards.NEUTRAL
    for key in spelled(point):
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(key)}
        dids = [
            f"did:key:{multibase.encode_multikey(KeyType.ED25519, key)}",
            "did:jwk:" + base64url.encode(json.dumps(jwk).encode()),
        ]
        for did in dids:
            with pytest.raises(TrustError) as caught:
                TrustStore.from_documents([did])
            assert caught.value.code == "key_invalid"
            (tmp_path / "c").write_bytes(b"{}")
            printed = command(tmp_path / "c", "--controller", did)
            assert (printed.status, printed.out) == (2, "")
            assert "key_invalid" in printed.err


@given(st.binary(min_size=32, max_size=32))
def test_a_key_is_trusted_if_and_only_if_it_is_a_point(data: bytes) -> None:
    point = edwards.decode(data)
    sound = point is not None and edwards.multiply(8, point) != edwards.NEUTRAL
    try:
        issuer_with(data)
    except TrustError:
        assert not sound
    else:
        assert sound


def test_the_equation_is_the_one_without_the_cofactor() -> None:
    """Under a key of mixed order two equations give two answers; the verifier gives one, and always the same."""
    secret, messages = 7**80, [str(number).encode() for number in range(40)]
    public_key, _ = edwards.mixed_key(secret)
    (key,) = issuer_with(public_key).keys
    answers = set()
    for nonce, message in enumerate(messages, 11**60):
        signature = edwards.sign(secret, nonce, public_key, message)
        holds = ED25519.verify(key.public_key, signature=signature, message=message)
        assert holds is (edwards.challenge(signature[:32], public_key, message) % 8 == 0)
        answers.add(holds)
    assert answers == {True, False}


def test_own_arithmetic_is_that_of_the_library() -> None:
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public_key = private.public_key().public_bytes_raw()
    point = edwards.decode(public_key)
    assert point is not None
    assert edwards.encode(point) == public_key
    assert edwards.multiply(edwards.ORDER, point) == edwards.NEUTRAL
    assert len(edwards.of_small_order()) == 8


# --- JSON -------------------------------------------------------------------------------------------------------------


@beside("json-test-suite")
def test_json_test_suite_is_answered_alike_at_every_door() -> None:
    trust = TrustStore.from_documents([(TRUST / "issuer.json").read_bytes()])
    verifier = Verifier(trust)
    options: list[str | Path] = ["--controller", TRUST / "issuer.json", "--at", format_timestamp(NOW), "--json"]
    paths = sorted(JSON_SUITE.iterdir())
    assert len(paths) > 300
    for path in paths:
        report = verifier.report(path.read_bytes(), at=NOW).to_json()
        assert report["verdict"] == "failed", path.name
        assert by_http(verifier, path.read_bytes(), at=NOW) == report, path.name
        printed = command(path, *options)
        assert json.loads(printed.out) == {"file": str(path), **report}, path.name
        assert printed.status == 1
