"""Figures that vc-di-ecdsa 1.0 prints for ecdsa-jcs-2019 with P-256 (appendix B): they hold in every clone.

The whole vectors, private key included, are checked by test_w3c_vectors.py where they lie beside the project.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from xinzheng_issuer.issuing.forms import sign_data_integrity
from xinzheng_keys import SoftwareSigner
from xinzheng_schemas import multibase
from xinzheng_verifier.secure.data_integrity import hash_data

PUBLIC_KEY = "zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP"
METHOD = f"did:key:{PUBLIC_KEY}#{PUBLIC_KEY}"
CONTEXT = ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"]
DOCUMENT = {
    "@context": CONTEXT,
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
}
PROOF_CONFIG = {
    "type": "DataIntegrityProof",
    "cryptosuite": "ecdsa-jcs-2019",
    "created": "2023-02-24T23:36:38Z",
    "verificationMethod": METHOD,
    "proofPurpose": "assertionMethod",
    "@context": CONTEXT,
}
PROOF_HASH = "fe5799489119c7fe3c528715e72bd39d2ec6b4ab345978df32e9a9312648ec25"
DOCUMENT_HASH = "59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19"
PROOF_VALUE = "z5ptCet75SaEgzG4v4zJhbJtfNi74Wv7Fq15hhKouJQQjEPQvPZKaYxcMXAMLPQS2FXrkCWokNJkFVkwxNzZfD5oT"


def proof_hash_first() -> bytes:
    return hash_data(DOCUMENT, PROOF_CONFIG, hash_name="sha256")


def test_the_hashes_are_the_published_ones() -> None:
    assert proof_hash_first().hex() == PROOF_HASH + DOCUMENT_HASH


def test_the_published_signature_covers_our_hashes() -> None:
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), multibase.decode(PUBLIC_KEY)[2:])
    raw = multibase.decode(PROOF_VALUE)
    signature = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(signature, proof_hash_first(), ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        key.verify(signature, proof_hash_first()[::-1], ec.ECDSA(hashes.SHA256()))


def test_our_proof_differs_from_the_published_one_in_the_signature_alone() -> None:
    created = datetime(2023, 2, 24, 23, 36, 38, tzinfo=UTC)
    secured = sign_data_integrity(DOCUMENT, SoftwareSigner.generate(), verification_method=METHOD, created=created)
    proof: Any = secured["proof"]
    assert secured == {**DOCUMENT, "proof": {**PROOF_CONFIG, "proofValue": proof["proofValue"]}}
    assert proof["proofValue"] != PROOF_VALUE
