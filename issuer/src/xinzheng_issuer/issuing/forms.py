"""The forms of one credential, signed.

One unsigned credential goes in, and every form says the same: JSON-LD with a Data Integrity proof or a set of two, a
JWT whose payload is the credential, a COSE_Sign1 message small enough for a printed symbol. The private key stays
behind the `Signer`. Nothing here judges the credential; that is for the linter, which runs the verifier over a
rehearsal of these functions.
"""

import json
import zlib
from collections.abc import Mapping
from datetime import datetime

import base45
import cbor2

from xinzheng_issuer.errors import IssuingError
from xinzheng_issuer.issuing.signer_jws import sign_compact
from xinzheng_issuer.issuing.suites import (
    ALGORITHMS,
    DEFAULT_CRYPTOSUITE,
    Cryptosuite,
    SecondCryptosuite,
    cryptosuites_of,
)
from xinzheng_keys.signer import Signer
from xinzheng_schemas import multibase
from xinzheng_schemas.certificate import CourtIdentity
from xinzheng_schemas.qr_profile import to_claims
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.secure.algorithms import CRYPTOSUITES, SUITE_HASHES
from xinzheng_verifier.secure.data_integrity import hash_data

QR_PREFIX = "XZ1:"

_COSE_SIGN1_TAG = 18
_COSE_ALGORITHM, _COSE_KEY_IDENTIFIER = 1, 4  # RFC 9052 §3.1
_ZLIB_LEVEL = 9

JSONObject = dict[str, object]


def sign_data_integrity(
    credential: Mapping[str, object],
    signer: Signer,
    *,
    verification_method: str,
    created: datetime,
    cryptosuite: Cryptosuite = DEFAULT_CRYPTOSUITE,
) -> JSONObject:
    """`credential` with a Data Integrity proof (vc-di-ecdsa 1.0 §3.2, §3.3; vc-di-eddsa 1.0 §3.2, §3.3).

    Args:
        credential: any VCDM 2.0 credential without proof, a status list too.
        signer: its key is of a kind that the suite takes.
        verification_method: DID URL of the signer's method in the controller document.
        created: when the proof is made; whole seconds count.
        cryptosuite: how the credential is brought into one form, hashed and signed.

    Returns:
        A new object; it shares its parts with `credential`.

    Raises:
        IssuingError: `already_secured`, `signer_unsuitable`.
        RefusedError: (verifier) the credential cannot be written canonically.
    """
    proof = data_integrity_proof(
        credential, signer, verification_method=verification_method, created=created, cryptosuite=cryptosuite
    )
    return {**credential, "proof": proof}


def data_integrity_proof(
    credential: Mapping[str, object],
    signer: Signer,
    *,
    verification_method: str,
    created: datetime,
    cryptosuite: Cryptosuite | SecondCryptosuite,
) -> JSONObject:
    """One proof over `credential`, of which several make a proof set (vc-data-integrity 1.0 §2.1.1).

    Args:
        credential: as for `sign_data_integrity`; what each proof of a set is over.
        signer: its key is of a kind that the suite takes.
        verification_method: DID URL of the signer's method in the controller document.
        created: when the proof is made; whole seconds count.
        cryptosuite: as for `sign_data_integrity`, or the one of SM2 keys.

    Raises:
        IssuingError, RefusedError: as `sign_data_integrity`.
    """
    _check(credential)
    if cryptosuite not in cryptosuites_of(signer.key_type):
        raise IssuingError("signer_unsuitable", found=signer.key_type.value, expected=cryptosuite)
    suite = CRYPTOSUITES[cryptosuite]
    proof: JSONObject = {
        "type": "DataIntegrityProof",
        "cryptosuite": cryptosuite,
        "created": format_timestamp(created),
        "verificationMethod": verification_method,
        "proofPurpose": "assertionMethod",
    }
    config = proof
    if "@context" in credential:
        # Part of the proof in the JCS suites (§3.3.1 step 2), of what is hashed alone in the others (§3.2.5 step 4).
        config = {**proof, "@context": credential["@context"]}
        proof = config if suite.canonicalization == "jcs" else proof
    data = hash_data(
        credential, config, hash_name=SUITE_HASHES[signer.key_type], canonicalization=suite.canonicalization
    )
    return {**proof, "proofValue": multibase.encode(signer.sign(data))}


def sign_jwt(credential: Mapping[str, object], signer: Signer, *, kid: str) -> str:
    """`credential` as a JWT (VC-JOSE-COSE §3.1.1): the payload is the credential itself, `typ` is `vc+jwt`.

    Args:
        credential: a VCDM 2.0 credential without proof.
        signer: its key says the algorithm: ES256, ES384 or EdDSA.
        kid: DID URL of the signer's JsonWebKey method.

    Raises:
        IssuingError: `already_secured`.
    """
    _check(credential)
    payload = json.dumps(credential, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return sign_compact(payload.encode("utf-8"), signer, headers={"typ": "vc+jwt", "cty": "vc", "kid": kid})


def sign_qr(credential: Mapping[str, object], signer: Signer, *, court: CourtIdentity | None) -> str:
    """`credential` as the text of a QR symbol: `XZ1:`, base45, zlib, COSE_Sign1 (RFC 9052 §4.2), CWT claims.

    Args:
        credential: a credit repair certificate without proof.
        signer: its key says the algorithm: ES256, ES384 or EdDSA.
        court: the court as the trust list names it; what the list says is left out of the symbol.

    Raises:
        IssuingError: `already_secured`.
        CodedError: (schemas) the credential has no claims set in the QR profile.
    """
    _check(credential)
    payload = _deterministic(to_claims(dict(credential), court=court))
    protected = _deterministic({_COSE_ALGORITHM: ALGORITHMS[signer.key_type].cose, _COSE_KEY_IDENTIFIER: signer.kid})
    signature = signer.sign(_deterministic(["Signature1", protected, b"", payload]))  # §4.4
    message = _deterministic(cbor2.CBORTag(_COSE_SIGN1_TAG, [protected, {}, payload, signature]))
    text: bytes = base45.b45encode(zlib.compress(message, _ZLIB_LEVEL))
    return QR_PREFIX + text.decode("ascii")


def _deterministic(value: object) -> bytes:
    """`value` in deterministic CBOR (RFC 8949 §4.2)."""
    return cbor2.dumps(value, canonical=True)


def _check(credential: Mapping[str, object]) -> None:
    if "proof" in credential:
        raise IssuingError("already_secured", field="/proof")
