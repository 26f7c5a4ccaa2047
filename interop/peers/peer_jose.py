"""PyJWT and joserfc: compact JWS whose payload is the credential.

Usage: python peer_jose.py FOLDER make|check WHO, where WHO is pyjwt or joserfc. The libraries verify signatures; that
the token is a credential by its `typ`, and who may sign it, is for whoever calls them, here as there.
"""

import json
import sys
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from folder import JSON, Folder, Unsupported, controller_document, key_of, main

WHO = sys.argv[3]
FOLDER = Folder(sys.argv[1], WHO)
DID = f"did:web:{WHO}.interop.example:did:420683"
ALGORITHMS = {"P-256": ("ES256",), "P-384": ("ES384",), "Ed25519": ("EdDSA", "Ed25519")}
VC_JWT = "vc+jwt"


def make() -> None:
    """Signs the credential with every algorithm that the library knows."""
    credential = FOLDER.read("material.json")["credential"] | {"issuer": DID}
    keys = {"P-256": ec.generate_private_key(ec.SECP256R1()), "P-384": ec.generate_private_key(ec.SECP384R1())}
    everything: dict[str, Any] = {**keys, "Ed25519": ed25519.Ed25519PrivateKey.generate()}
    jwks: dict[str, JSON] = {}
    made: list[JSON] = []
    for key_type, private in everything.items():
        jwks[key_type] = public_jwk(private)
        for algorithm in ALGORITHMS[key_type]:
            header = {"typ": VC_JWT, "cty": "vc", "kid": f"{DID}#{key_type}"}
            try:
                text = signed(credential, header, algorithm, private)
            except (NotImplementedError, ValueError) as reason:
                print(f"{WHO} does not sign with {algorithm}: {reason}")
                continue
            made.append(
                {
                    "form": "token",
                    "mechanism": algorithm,
                    "key_type": key_type,
                    "method": header["kid"],
                    "text": text,
                }
            )
    FOLDER.made(controller_document(DID, jwks), made)


def public_jwk(private: Any) -> JSON:
    """The public half as JWK."""
    kind = OKPKey if isinstance(private, ed25519.Ed25519PrivateKey) else ECKey
    jwk = kind.import_key(private).as_dict(private=False)
    return {name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk}


def signed(credential: JSON, header: JSON, algorithm: str, private: Any) -> str:
    """A token, by the library that is asked."""
    text = json.dumps(credential, ensure_ascii=False)
    if WHO == "pyjwt":
        token: str = jwt.PyJWS().encode(text.encode(), private, algorithm=algorithm, headers=header)
        return token
    kind = OKPKey if isinstance(private, ed25519.Ed25519PrivateKey) else ECKey
    header = {"alg": algorithm, **header}
    compact: str = jws.serialize_compact(header, text, kind.import_key(private), algorithms=[algorithm])
    return compact


def check() -> None:
    """Verifies every token."""
    controllers = FOLDER.read("controllers.json")

    def verify(case: JSON) -> None:
        if case["form"] != "token":
            raise Unsupported("JWS alone")
        jwk, token = key_of(controllers, case), FOLDER.data(case).decode("utf-8").strip()
        payload = verified(token, jwk, case["mechanism"])
        check_time(json.loads(payload))

    FOLDER.answer(verify, ("pyjwt",) if WHO == "pyjwt" else ("joserfc",))


def verified(token: str, jwk: JSON, algorithm: str) -> bytes:
    """The payload, if the library finds the signature right and the header says that it is a credential."""
    if WHO == "pyjwt":
        known = jwt.PyJWS()
        if algorithm not in known.get_algorithms():
            raise Unsupported(f"no algorithm {algorithm}")
        found = known.decode_complete(token, jwt.PyJWK(jwk, algorithm=algorithm).key, algorithms=[algorithm])
        header, payload = found["header"], found["payload"]
    else:
        kind = OKPKey if jwk["kty"] == "OKP" else ECKey
        taken = jws.deserialize_compact(token, kind.import_key(jwk), algorithms=[algorithm])
        header, payload = taken.headers(), taken.payload
    if header.get("typ") != VC_JWT:
        raise ValueError("typ")
    return bytes(payload)


def check_time(credential: JSON) -> None:
    """The validity, which the libraries do not know of."""
    now = datetime.now(UTC)
    if not datetime.fromisoformat(credential["validFrom"]) <= now <= datetime.fromisoformat(credential["validUntil"]):
        raise ValueError("time")


if __name__ == "__main__":
    main(make, check)
