"""What RDF canonicalization costs, as a ratio to the bare signature check of `cryptography` in the same run, warm.

    PYTHONPATH=tests python -m bench.rdf [ROUNDS]

Each line is the canonical form of a certificate plus that of its proof's options,
which is what a check of `ecdsa-rdfc-2019` adds to the signature. The reference is PyLD with pyoxigraph.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import pyoxigraph
from bench.certificates import BARE, bare_checks
from bench.timing import Bench, grid
from pyld import ContextResolver, jsonld

from support.issuers import SimulatedCourt
from xinzheng_schemas.contexts import BUNDLED
from xinzheng_verifier.secure.canonical import canonical_json
from xinzheng_verifier.secure.rdf import canonical_nquads
from xinzheng_verifier.secure.rdf.readers import readers_for

ROUNDS = 20
TARGET = 3.0


def documents() -> tuple[dict[str, Any], dict[str, Any]]:
    """A certificate without its proof, and the options of the proof."""
    signed = SimulatedCourt().issue().json_ld
    document = {name: value for name, value in signed.items() if name != "proof"}
    options = {name: value for name, value in signed["proof"].items() if name != "proofValue"}
    return document, options | {"cryptosuite": "ecdsa-rdfc-2019"}


def reference() -> Callable[[dict[str, Any]], bytes]:
    """PyLD to RDF, its text to pyoxigraph, the canonical text back."""
    files = {url: context.document() for url, context in BUNDLED.items()}

    def load(url: str, _options: Any) -> dict[str, Any]:
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": files[url]}

    options = {"documentLoader": load, "contextResolver": ContextResolver({}, load), "format": "application/n-quads"}

    def canonical(document: dict[str, Any]) -> bytes:
        text = jsonld.to_rdf(document, options)
        dataset = pyoxigraph.Dataset(pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.N_QUADS))
        dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
        lines = (pyoxigraph.serialize(dataset, format=pyoxigraph.RdfFormat.N_QUADS) or b"").splitlines(keepends=True)
        return b"".join(sorted(lines))

    return canonical


def work() -> dict[str, Callable[[], object]]:
    """The kinds of work by name; all but JCS give the same bytes."""
    document, options = documents()
    general = readers_for(tuple(document["@context"]), {}).general
    outside = reference()

    def compiled_path(part: dict[str, Any]) -> bytes:
        return canonical_nquads(part, contexts={}, hash_name="sha256")

    def general_path(part: dict[str, Any]) -> bytes:
        return general.nquads(part, "sha256").encode()

    for part in (document, options):
        assert compiled_path(part) == general_path(part) == outside(part)
    paths: dict[str, Callable[[dict[str, Any]], object]] = {
        "compiled path": compiled_path,
        "general path (PyLD)": general_path,
        "PyLD and pyoxigraph": outside,
        "JCS, for comparison": canonical_json,
    }
    return {name: (lambda path=path: (path(document), path(options))) for name, path in paths.items()}  # type: ignore[misc]


def first_use() -> float:
    """Milliseconds to read the bundled contexts and compile them."""
    document, _ = documents()
    began = time.perf_counter()
    canonical_nquads(document, contexts={}, hash_name="sha256")
    return (time.perf_counter() - began) * 1e3


def main() -> None:
    """Prints the table as Markdown."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    compiling = first_use()
    bare = BARE["p256"]
    bench = Bench({bare: bare_checks()[bare], **work()})
    for _ in range(rounds):
        bench.round()
    times = bench.times
    rows = (
        (name, f"{one.middle:.0f}", f"{one.over(times[bare]):.2f}", f"≤ {TARGET}" if name == "compiled path" else "")
        for name, one in times.items()
    )
    print(grid(("canonical form of certificate and proof options", "µs", "× bare", "target"), rows))
    print(f"\nFirst use, contexts read and compiled: {compiling:.1f} ms.")


if __name__ == "__main__":
    main()
