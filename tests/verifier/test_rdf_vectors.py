"""W3C's published values for ecdsa-rdfc-2019 and eddsa-rdfc-2022, byte for byte up to what is signed."""

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from support.rdf_paths import NOT_COMPILED, compiled, general
from support.repository import ROOT
from xinzheng_verifier.secure.rdf import HashName, canonical_nquads

DATA = ROOT.parent / "shared" / "data"
EXAMPLES_URL = "https://www.w3.org/ns/credentials/examples/v2"
CITIZENSHIP_URL = "https://w3id.org/citizenship/v4rc1"
_SCHEMA, _CITIZENSHIP = "https://schema.org/", "https://w3id.org/citizenship#"
_MOMENT = {"@type": "http://www.w3.org/2001/XMLSchema#dateTime"}

# The terms of the citizenship vocabulary that the vectors use, as their canonical forms show them.
CITIZENSHIP: dict[str, Any] = {
    "@context": {
        "@protected": True,
        **{
            name: _CITIZENSHIP + name
            for name in ("EmploymentAuthorizationDocumentCredential", "EmployablePerson", "birthCountry")
        },
        **{
            name: _SCHEMA + name
            for name in ("Person", "additionalName", "familyName", "gender", "givenName", "identifier")
        },
        **{name: _CITIZENSHIP + name for name in ("EmploymentAuthorizationDocument", "lprCategory", "lprNumber")},
        "birthDate": {"@id": f"{_SCHEMA}birthDate", **_MOMENT},
        "residentSince": {"@id": f"{_CITIZENSHIP}residentSince", **_MOMENT},
        "image": {"@id": f"{_SCHEMA}image", "@type": "@id"},
        "employmentAuthorizationDocument": {"@id": f"{_CITIZENSHIP}employmentAuthorizationDocument", "@type": "@id"},
    }
}


class Vector(NamedTuple):
    folder: Path
    suffix: str
    hash_name: HashName

    def text(self, name: str) -> str:
        return (self.folder / f"{name}{self.suffix}.txt").read_text("utf-8")

    def load(self, name: str) -> dict[str, Any]:
        value = json.loads((self.folder / f"{name}{self.suffix}.json").read_bytes())
        assert isinstance(value, dict)
        return value


ECDSA, EDDSA = DATA / "vc-di-ecdsa" / "TestVectors", DATA / "vc-di-eddsa" / "TestVectors"
SUITES: tuple[tuple[Path, str, HashName], ...] = (
    (ECDSA / "ecdsa-rdfc-2019-p256", "ECDSAP256", "sha256"),
    (ECDSA / "ecdsa-rdfc-2019-p384", "ECDSAP384", "sha384"),
    (EDDSA / "eddsa-rdfc-2022", "DataInt", "sha256"),
)
VECTORS = [
    Vector(folder, suffix, hash_name) for base, suffix, hash_name in SUITES for folder in (base, base / "employ")
]


def known_contexts() -> dict[str, Any]:
    examples = DATA / "contexts" / "contexts" / "credentials" / "examples" / "v2"
    return {EXAMPLES_URL: json.loads(examples.read_bytes()), CITIZENSHIP_URL: CITIZENSHIP}


def parts(vector: Vector) -> dict[str, dict[str, Any]]:
    document = {name: value for name, value in vector.load("signed").items() if name != "proof"}
    return {"Doc": document, "proof": vector.load("proofConfig")}


def canonical(vector: Vector, part: str) -> bytes:
    return vector.text("canonDoc" if part == "Doc" else "proofCanon").encode()


@pytest.mark.skipif(not (ECDSA.is_dir() and EDDSA.is_dir()), reason="W3C's rdfc vectors are not beside the project")
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: "-".join(vector.folder.parts[-2:]))
def test_canonical_forms_and_hashes(vector: Vector) -> None:
    contexts = known_contexts()
    hashes = {}
    for part, document in parts(vector).items():
        nquads = canonical_nquads(document, contexts=contexts, hash_name=vector.hash_name)
        assert nquads == canonical(vector, part)
        hashes[part] = hashlib.new(vector.hash_name, nquads).hexdigest()
    assert hashes == {"Doc": vector.text("docHash").strip(), "proof": vector.text("proofHash").strip()}
    assert hashes["proof"] + hashes["Doc"] == vector.text("combinedHash").strip()


@pytest.mark.skipif(not (ECDSA.is_dir() and EDDSA.is_dir()), reason="W3C's rdfc vectors are not beside the project")
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: "-".join(vector.folder.parts[-2:]))
def test_both_paths(vector: Vector) -> None:
    for part, document in parts(vector).items():
        assert general(document, known_contexts(), vector.hash_name) == canonical(vector, part).decode()
        short = compiled(document, known_contexts(), vector.hash_name)
        # The examples context says that every word is a term; that is not compiled.
        assert short == (NOT_COMPILED if EXAMPLES_URL in document["@context"] else canonical(vector, part).decode())
