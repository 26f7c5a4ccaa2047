"""SM2 with SM3: the example of GM/T 0003.5, edges of the curve, and credentials signed with it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.doors import by_http
from support.issuers import NOW, SimulatedCourt
from support.mechanisms import compact, proof_over, with_keys
from support.sm2 import SM2TestKey
from xinzheng_schemas.sm2_point import GENERATOR, A, B, P, SM2Point
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import Policy, TrustStore, Verifier
from xinzheng_verifier.secure.sm2 import N, SM2PublicKey, sm3

SUITE = "xinzheng-sm2-jcs-2026"

# GM/T 0003.5 (also GB/T 32918.5, annex A): private key, nonce, and the signature over "message digest".
D = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
K = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
KEY = SM2PublicKey(
    0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020,
    0xCCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13,
)
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
MESSAGE = b"message digest"


def signature(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


# --- the arithmetic ---------------------------------------------------------------------------------------------------


def test_example_of_the_standard() -> None:
    assert SM2TestKey(D).public_key == KEY
    assert SM2TestKey(D).sign(MESSAGE, nonce=K) == signature(R, S)
    assert KEY.verify(signature(R, S), MESSAGE)
    assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905, A.1


@pytest.mark.parametrize(
    "bad",
    [
        signature(R, S ^ 1),
        signature(R ^ 1, S),
        signature(0, S),
        signature(R, 0),
        signature(N, S),
        signature(R, N),
        signature(R, N - R),  # r + s = n
        signature(S, R),
        signature(R, S)[:-1],
        signature(R, S) + b"\0",
        b"",
    ],
)
def test_no_other_signature_holds(bad: bytes) -> None:
    assert not KEY.verify(bad, MESSAGE)


def test_another_id_is_another_signer() -> None:
    for identity in (b"", b"ALICE123@YAHOO.COM"):
        assert not KEY.verify(SM2TestKey(D).sign(MESSAGE, nonce=K, identity=identity), MESSAGE)


@given(st.integers(1, N - 2), st.binary(max_size=80), st.binary(min_size=1, max_size=4))
def test_signatures_hold_for_their_key_and_message_alone(secret: int, message: bytes, more: bytes) -> None:
    key = SM2TestKey(secret)
    signed = key.sign(message)
    assert key.public_key.verify(signed, message)
    assert not key.public_key.verify(signed, message + more)
    assert not SM2TestKey(secret % (N - 2) + 1).public_key.verify(signed, message)


@pytest.mark.parametrize("secret", [1, 2, 15, 16, N - 2])
def test_keys_that_are_small_multiples_of_the_generator(secret: int) -> None:
    # The points of both tables meet: additions of a point to itself and to its negative.
    key = SM2TestKey(secret)
    for number in range(40):
        assert key.public_key.verify(key.sign(bytes([number]), nonce=number + 1), bytes([number]))


def test_points_and_what_is_none() -> None:
    for octets in (KEY.compressed(), KEY.uncompressed()):
        assert SM2Point.from_encoded(octets) == SM2Point(KEY.x, KEY.y)
    no_root = next(x for x in range(1, 50) if pow(x**3 + A * x + B, (P - 1) // 2, P) != 1)
    for octets in (
        b"\x02" + no_root.to_bytes(32, "big"),
        b"\x02" + P.to_bytes(32, "big"),
        b"\x05" + KEY.compressed()[1:],
        b"\x04" + KEY.compressed()[1:],
        KEY.uncompressed()[:-1] + b"\x00",
        KEY.uncompressed() + b"\x00",
        b"\x00",
        b"",
    ):
        with pytest.raises(ValueError, match="point"):
            SM2Point.from_encoded(octets)
    with pytest.raises(ValueError, match="no point"):
        SM2Point(GENERATOR[0] + P, GENERATOR[1])


# --- credentials ------------------------------------------------------------------------------------------------------

COURT = SimulatedCourt()
FORMS = COURT.issue()
SIGNER = SM2TestKey(D)
ISSUER = with_keys(COURT.issuer_document(), {"sm2-1": SIGNER})
LISTS = [COURT.status_list("revocation"), COURT.status_list("suspension")]
TRUST = TrustStore.from_documents([ISSUER], LISTS)


def options(**changes: Any) -> dict[str, Any]:
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": format_timestamp(NOW - timedelta(hours=1)),
        "verificationMethod": COURT.method("sm2-1"),
        "proofPurpose": "assertionMethod",
    } | changes


def token(algorithm: str = "SGD_SM3_SM2", key: str = "sm2-1") -> str:
    header = {"alg": algorithm, "typ": "vc+jwt", "cty": "vc", "kid": COURT.method(key)}
    return compact(header, FORMS.credential, SIGNER)


def document(*proofs: dict[str, Any]) -> bytes:
    return json.dumps({**FORMS.credential, "proof": list(proofs)}, ensure_ascii=False).encode()


SM2_PROOF = proof_over(FORMS.credential, options(), SIGNER)
ECDSA_PROOF = FORMS.json_ld["proof"]


def answer(data: bytes | str, **policy: Any) -> tuple[str, str]:
    verifier = Verifier(TRUST, policy=Policy(**policy))
    report = verifier.report(data, at=NOW)
    octets = data.encode() if isinstance(data, str) else data
    assert by_http(verifier, octets, at=NOW) == report.to_json()
    return report.verdict.value, report.code


def test_a_token_and_a_document_pass() -> None:
    assert answer(token()) == ("passed", "ok")
    assert answer(document(SM2_PROOF)) == ("passed", "ok")


def test_a_proof_set_holds_as_a_whole_or_as_the_policy_says() -> None:
    both = document(ECDSA_PROOF, SM2_PROOF)
    assert answer(both) == ("passed", "ok")
    assert answer(both, proofs=(SUITE,)) == ("passed", "ok")
    assert answer(both, proofs=(SUITE, "ecdsa-jcs-2019")) == ("passed", "ok")
    assert answer(document(ECDSA_PROOF), proofs=(SUITE,))[0] == "failed"
    forged = {**SM2_PROOF, "proofValue": ECDSA_PROOF["proofValue"]}
    assert answer(document(ECDSA_PROOF, forged)) == ("failed", "signature_invalid")
    assert answer(document(ECDSA_PROOF, forged), proofs=(SUITE,)) == ("failed", "signature_invalid")


def test_sole_algorithm_by_policy() -> None:
    assert answer(token(), proofs=("SGD_SM3_SM2",)) == ("passed", "ok")
    assert answer(FORMS.jwt, proofs=("SGD_SM3_SM2",))[0] == "failed"


@pytest.mark.parametrize(("algorithm", "key"), [("ES256", "sm2-1"), ("SGD_SM3_SM2", "cert-1"), ("SM2", "sm2-1")])
def test_an_algorithm_is_bound_to_its_key(algorithm: str, key: str) -> None:
    assert answer(token(algorithm, key)) in {("failed", "alg_key_mismatch"), ("failed", "alg_not_allowed")}


def test_a_suite_is_bound_to_its_key() -> None:
    for changes in ({"cryptosuite": "ecdsa-jcs-2019"}, {"verificationMethod": COURT.method("cert-1")}):
        proof = {**SM2_PROOF, **changes}
        assert answer(document(proof))[0] == "failed"


def test_keys_as_jwk_and_self_contained() -> None:
    jwk: dict[str, Any] = {
        "id": "did:web:bank.example",
        "verificationMethod": [
            {
                "id": "#1",
                "type": "JsonWebKey",
                "controller": "did:web:bank.example",
                "publicKeyJwk": {**SIGNER.public_jwk, "alg": "SGD_SM3_SM2", "use": "sig"},
            }
        ],
        "assertionMethod": ["#1"],
    }
    (key,) = TrustStore.from_documents([jwk]).issuers["did:web:bank.example"].keys
    assert key.public_key == KEY
    did = f"did:key:{SIGNER.public_key_multibase}"
    (key,) = TrustStore.from_documents([did]).issuers[did].keys
    assert key.public_key == KEY


def test_many_are_checked_by_several_processes() -> None:
    reports = Verifier(TRUST, policy=Policy()).report_many([token(), document(SM2_PROOF)] * 3, at=NOW, workers=2)
    assert {report.code for report in reports} == {"ok"}
