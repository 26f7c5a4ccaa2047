"""Writes the test vectors: one file, one fault, with the verdict and reason code that it must get.

    PYTHONPATH=tests python -m vectors.make

Keys are made for each run and thrown away; only public documents and signed inputs are written: `files/` holds the
inputs by deciding step, `trust/` the documents that the lender trusts, `manifest.json` what must come of each.
Signatures are random, so that every run writes other files that say the same.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from vectors.compare_cases import compare_cases
from vectors.cose_cases import cose_cases
from vectors.document_cases import document_cases
from vectors.entry_cases import entry_cases
from vectors.envelope_cases import envelope_cases
from vectors.jsonld_cases import jsonld_cases
from vectors.list_cases import list_cases
from vectors.mechanism_cases import mechanism_cases
from vectors.message_cases import message_cases
from vectors.proof_cases import proof_cases
from vectors.rdfc_cases import rdfc_cases
from vectors.status_cases import status_cases
from vectors.token_cases import token_cases
from vectors.vector import Vector, World, good

CASES = (
    token_cases,
    document_cases,
    message_cases,
    mechanism_cases,
    proof_cases,
    rdfc_cases,
    cose_cases,
    envelope_cases,
    jsonld_cases,
    compare_cases,
    status_cases,
    entry_cases,
    list_cases,
)
FOLDER = Path(__file__).parent
FILES, TRUST, MANIFEST = FOLDER / "files", FOLDER / "trust", FOLDER / "manifest.json"


def vectors(world: World) -> Iterator[Vector]:
    """All of them."""
    yield from good(world)
    for cases in CASES:
        yield from cases(world)


def main() -> None:
    """Replaces what was written before."""
    world = World()
    made = sorted(vectors(world), key=lambda vector: vector.name)
    for folder in (FILES, TRUST):
        shutil.rmtree(folder, ignore_errors=True)
    for vector in made:
        path = FILES / vector.name
        if path.exists():
            raise FileExistsError(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(vector.data)
    TRUST.mkdir()
    for name, document in sorted(world.documents.items()):
        (TRUST / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
    manifest = json.dumps([vector.to_json() for vector in made], ensure_ascii=False, indent=1)
    MANIFEST.write_text(manifest + "\n", "utf-8")


if __name__ == "__main__":
    main()
