"""W3C's published values, byte for byte (vc-di-ecdsa 1.0, appendix A; vc-di-eddsa 1.0, appendix B)."""

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from support.repository import ROOT
from xinzheng_issuer.issuing.forms import sign_data_integrity
from xinzheng_keys import SoftwareSigner
from xinzheng_schemas import multibase
from xinzheng_schemas.multibase import KeyType
from xinzheng_verifier.secure.canonical import canonical_json
from xinzheng_verifier.secure.data_integrity import hash_data

FOLDER = ROOT.parent / "shared" / "data" / "vc-di-ecdsa" / "TestVectors"
JCS = FOLDER / "ecdsa-jcs-2019-p256"

pytestmark = pytest.mark.skipif(not JCS.is_dir(), reason="W3C's ecdsa-jcs-2019 vectors are not beside the project")


def text(path: Path) -> str:
    return path.read_text("utf-8").strip()


def load(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_bytes())
    assert isinstance(value, dict)
    return value


@pytest.fixture
def signed() -> dict[str, Any]:
    return load(JCS / "signedJCSECDSAP256.json")


@pytest.fixture
def document(signed: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in signed.items() if name != "proof"}


@pytest.fixture
def proof_config() -> dict[str, Any]:
    return load(JCS / "proofConfigJCSECDSAP256.json")


@pytest.fixture
def signer() -> SoftwareSigner:
    """The published example key pair; a Multikey secret is two octets of header and the scalar."""
    secret = multibase.decode(load(FOLDER / "p256KeyPair.json")["secretKeyMultibase"])
    return SoftwareSigner(ec.derive_private_key(int.from_bytes(secret[2:], "big"), ec.SECP256R1()))


def test_the_key_pair_is_written_as_published(signer: SoftwareSigner) -> None:
    assert signer.public_key_multibase == load(FOLDER / "p256KeyPair.json")["publicKeyMultibase"]


def test_canonical_forms(document: dict[str, Any], proof_config: dict[str, Any]) -> None:
    assert canonical_json(document).decode() == text(JCS / "canonDocJCSECDSAP256.txt")
    assert canonical_json(proof_config).decode() == text(JCS / "proofCanonJCSECDSAP256.txt")


def test_hashes(document: dict[str, Any], proof_config: dict[str, Any]) -> None:
    data = hash_data(document, proof_config, hash_name="sha256")
    assert data[:32].hex() == text(JCS / "proofHashJCSECDSAP256.txt")
    assert data[32:].hex() == text(JCS / "docHashJCSECDSAP256.txt")
    assert data.hex() == text(JCS / "combinedHashJCSECDSAP256.txt")
    independent = (
        hashlib.sha256(rfc8785.dumps(proof_config)).digest() + hashlib.sha256(rfc8785.dumps(document)).digest()
    )
    assert data == independent


def test_signature(signer: SoftwareSigner) -> None:
    signature = signer.sign(bytes.fromhex(text(JCS / "combinedHashJCSECDSAP256.txt")))
    assert signature.hex() == text(JCS / "sigHexJCSECDSAP256.txt")
    assert multibase.encode(signature) == text(JCS / "sigBTC58JCSECDSAP256.txt")


def test_the_whole_signed_document(
    signed: dict[str, Any], document: dict[str, Any], proof_config: dict[str, Any], signer: SoftwareSigner
) -> None:
    secured = sign_data_integrity(
        document,
        signer,
        verification_method=proof_config["verificationMethod"],
        created=datetime.fromisoformat(proof_config["created"]),
    )
    assert secured == signed


# --- the other suites -------------------------------------------------------------------------------------------------

ECDSA, EDDSA = FOLDER, FOLDER.parent.parent / "vc-di-eddsa" / "TestVectors"
DOCUMENTS = [
    (KeyType.P384, ECDSA / "p384KeyPair.json", ECDSA / "ecdsa-jcs-2019-p384" / "signedJCSECDSAP384.json"),
    (KeyType.ED25519, EDDSA / "keyPair.json", EDDSA / "eddsa-jcs-2022" / "signedJCS.json"),
]
HASHES = [
    (KeyType.P256, ECDSA / "p256KeyPair.json", ECDSA / "ecdsa-rdfc-2019-p256", "ECDSAP256"),
    (KeyType.P384, ECDSA / "p384KeyPair.json", ECDSA / "ecdsa-rdfc-2019-p384", "ECDSAP384"),
    (KeyType.ED25519, EDDSA / "keyPair.json", EDDSA / "eddsa-rdfc-2022", "DataInt"),
]


def published_signer(key_type: KeyType, pair: Path) -> SoftwareSigner:
    published = load(pair)
    name = "privateKeyMultibase" if "privateKeyMultibase" in published else "secretKeyMultibase"
    secret = multibase.decode(published[name])[2:]
    if key_type is KeyType.ED25519:
        return SoftwareSigner(ed25519.Ed25519PrivateKey.from_private_bytes(secret))
    curve = ec.SECP256R1() if key_type is KeyType.P256 else ec.SECP384R1()
    return SoftwareSigner(ec.derive_private_key(int.from_bytes(secret, "big"), curve))


@pytest.mark.parametrize(("key_type", "pair", "file"), DOCUMENTS, ids=lambda value: getattr(value, "stem", None))
def test_whole_documents_of_other_jcs_suites(key_type: KeyType, pair: Path, file: Path) -> None:
    signed = load(file)
    proof = signed["proof"]
    secured = sign_data_integrity(
        {name: value for name, value in signed.items() if name != "proof"},
        published_signer(key_type, pair),
        verification_method=proof["verificationMethod"],
        created=datetime.fromisoformat(proof["created"]),
        cryptosuite=proof["cryptosuite"],
    )
    assert secured == signed


@pytest.mark.parametrize(
    ("key_type", "pair", "folder", "suffix"), HASHES, ids=lambda value: getattr(value, "name", None)
)
def test_signatures_of_rdfc_suites(key_type: KeyType, pair: Path, folder: Path, suffix: str) -> None:
    signer = published_signer(key_type, pair)
    assert signer.public_key_multibase == load(pair)["publicKeyMultibase"]
    signature = signer.sign(bytes.fromhex(text(folder / f"combinedHash{suffix}.txt")))
    assert signature.hex() == text(folder / f"sigHex{suffix}.txt")
