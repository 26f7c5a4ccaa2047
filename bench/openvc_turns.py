"""openvc-core doing the same work in its own environment; driven line by line, see `timing.Child`."""

import gc
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from itertools import cycle
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from openvc import VerificationPolicy, verify_credential
from openvc.did.base import parse_did_document
from openvc.keys import P256SigningKey
from openvc.proof.vc_jwt import VcJwtProofSuite

JSON = dict[str, Any]
TURN_SECONDS = 0.01


class Resolver:
    """Documents parsed beforehand: trust comes from memory."""

    def __init__(self, controllers: JSON) -> None:
        self.documents = {did: parse_did_document(document) for did, document in controllers.items()}

    def resolve(self, did: str) -> Any:
        """The document of a DID."""
        return self.documents[did]


def work(told: JSON) -> dict[str, Callable[[], object]]:
    """Its bare check, then every kind with status and without."""
    issuer = told["credentials"][0]["issuer"]
    key = P256SigningKey.generate(kid=f"{issuer}#peer")
    told["controllers"][issuer]["verificationMethod"].append(
        {"id": f"{issuer}#peer", "type": "JsonWebKey", "controller": issuer, "publicKeyJwk": key.public_jwk()}
    )
    resolver, lists, contexts = Resolver(told["controllers"]), told["lists"], told["contexts"]
    plain = VerificationPolicy(require_status=False)

    def judge(given: Any, *, status: bool) -> object:
        return verify_credential(
            given,
            policy=None if status else plain,
            resolver=resolver,
            resolve_status_list=lists.__getitem__ if status else None,
            extra_contexts=contexts,
        )

    def judge_text(text: str, *, status: bool) -> object:
        return judge(json.loads(text), status=status)

    kinds: dict[str, Callable[[], object]] = {"bare": bare_check()}
    tokens = [VcJwtProofSuite().sign(credential, signing_key=key) for credential in told["credentials"]]
    for status in (False, True):
        label = " with status" if status else ""
        kinds[f"vc-jwt, ES256{label}"] = in_turn(partial(judge, status=status), tokens)
        for name, texts in told["documents"].items():
            kinds[f"{name}{label}"] = in_turn(partial(judge_text, status=status), texts)
    return kinds


def bare_check() -> Callable[[], object]:
    """One P-256 verification of a short message."""
    private, scheme, message = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(hashes.SHA256()), b"x" * 64
    public, signature = private.public_key(), private.sign(message, scheme)
    return lambda: public.verify(signature, message, scheme)


def in_turn(call: Callable[[Any], object], inputs: list[Any]) -> Callable[[], object]:
    """Another input at each call."""
    supply = cycle(inputs)
    return lambda: call(next(supply))


def calls_for(call: Callable[[], object]) -> int:
    """As many calls as fill a turn, after a warm-up."""
    for _ in range(20):
        call()
    began = time.process_time()
    for _ in range(5):
        call()
    return max(1, round(TURN_SECONDS / ((time.process_time() - began) / 5)))


def turn(call: Callable[[], object], calls: int) -> float:
    """Microseconds of one call."""
    gc.collect()
    gc.disable()
    began = time.process_time()
    for _ in range(calls):
        call()
    microseconds = (time.process_time() - began) / calls * 1e6
    gc.enable()
    return microseconds


def main() -> None:
    """Gets warm, says so, and works one round for each line."""
    kinds = work(json.loads(sys.stdin.readline()))
    calls = {name: calls_for(call) for name, call in kinds.items()}
    print(json.dumps({name: version(name) for name in ("openvc-core", "cryptography", "pyjwt", "pyld")}), flush=True)
    for _ in sys.stdin:
        print(json.dumps({name: turn(call, calls[name]) for name, call in kinds.items()}), flush=True)


if __name__ == "__main__":
    main()
