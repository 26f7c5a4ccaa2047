"""What the scripts of the other implementations share: the exchange folder, answers, a few encodings.

The standard library alone, since each script runs in the environment of what it speaks for.
"""

import base64
import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

JSON = dict[str, Any]


class Unsupported(Exception):  # noqa: N818 - an answer, not an error
    """What the implementation does not claim to do."""


class Folder:
    """The exchange folder as one implementation sees it.

    Args:
        path: the folder.
        who: name of the implementation.
    """

    def __init__(self, path: str, who: str) -> None:
        self.path = Path(path)
        self.who = who

    def read(self, name: str) -> Any:
        """A JSON file of the folder."""
        return json.loads((self.path / name).read_text("utf-8"))

    def data(self, case: JSON) -> bytes:
        """The input of a case."""
        return (self.path / "files" / str(case["name"])).read_bytes()

    def answer(self, check: Callable[[JSON], None], packages: tuple[str, ...]) -> None:
        """Asks `check` about every case; whatever it raises is a refusal, `Unsupported` no answer at all."""
        answers: JSON = {}
        for case in self.read("cases.json"):
            try:
                check(case)
            except Unsupported as reason:
                answers[case["name"]] = {"answer": "unsupported", "reason": str(reason)}
            except Exception as error:  # noqa: BLE001 - every error is an answer
                reason_text = f"{type(error).__name__}: {error}"[:300]
                answers[case["name"]] = {"answer": "refused", "reason": reason_text}
            else:
                answers[case["name"]] = {"answer": "accepted", "reason": ""}
        self._write(
            "answers", f"{self.who}.json", {"versions": {name: version(name) for name in packages}, "answers": answers}
        )

    def made(self, controller: JSON, credentials: list[JSON], **further: Any) -> None:
        """Writes what the implementation signed.

        Args:
            controller: its controller document.
            credentials: objects with `form`, `mechanism`, `key_type`, `method`, and `text` or `hex`.
            further: other members of the file.
        """
        self._write(self.who, "made.json", {"controller": controller, "made": credentials, **further})

    def _write(self, folder: str, name: str, value: JSON) -> None:
        (self.path / folder).mkdir(exist_ok=True)
        (self.path / folder / name).write_text(json.dumps(value, ensure_ascii=False), "utf-8")


def key_of(controllers: Mapping[str, JSON], case: JSON) -> JSON:
    """The JWK that a case names, from the controller document that is trusted."""
    document = controllers[case["controller"]]
    for method in document["verificationMethod"]:
        jwk: JSON | None = method.get("publicKeyJwk")
        if jwk is not None and case["method"] in (method["id"], thumbprint(jwk)[:8].hex()):
            return jwk
    raise KeyError(case["method"])


def thumbprint(jwk: Mapping[str, str]) -> bytes:
    """RFC 7638."""
    members = {name: jwk[name] for name in sorted(("crv", "kty", "x", *(("y",) if "y" in jwk else ())))}
    return hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Base64url without padding, decoded."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def controller_document(did: str, jwks: Mapping[str, JSON], *, multikeys: Mapping[str, str] | None = None) -> JSON:
    """A controller document with a JsonWebKey method for each key, or a Multikey method where one is given."""
    methods: list[JSON] = []
    for name, jwk in jwks.items():
        method: JSON = {"id": f"{did}#{name}", "controller": did}
        if multikeys and name in multikeys:
            methods.append({**method, "type": "Multikey", "publicKeyMultibase": multikeys[name]})
        else:
            methods.append({**method, "type": "JsonWebKey", "publicKeyJwk": jwk})
    return {
        "@context": [
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/multikey/v1",
            "https://w3id.org/security/jwk/v1",
        ],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }


def main(make: Callable[[], None], check: Callable[[], None]) -> None:
    """Runs the half that the command line asks for."""
    {"make": make, "check": check}[sys.argv[2]]()
