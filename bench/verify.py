"""What a check costs, as a ratio to the bare signature check of `cryptography` in the same run, one thread, warm.

Usage: python bench/verify.py [ROUNDS]. Every check includes trust and status; ratios say more than times.
"""

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.issuers import SimulatedCourt
from xinzheng_verifier import TrustStore, Verifier

ROUNDS = 30
CALLS = 100  # of each kind in one round
TARGETS = {"vc+jwt, ES256": 1.6, "JSON-LD, ecdsa-jcs-2019": 2.5, "QR, COSE ES256": None}


def bare_check() -> Callable[[], object]:
    """One P-256 verification of a short message, key and signature ready."""
    key = ec.generate_private_key(ec.SECP256R1())
    message, scheme = b"x" * 64, ec.ECDSA(hashes.SHA256())
    public, signature = key.public_key(), key.sign(message, scheme)
    return lambda: public.verify(signature, message, scheme)


def checks() -> dict[str, Callable[[], object]]:
    """A genuine certificate in each form, judged with trust and status."""
    court = SimulatedCourt()
    verifier = Verifier(TrustStore.from_documents([court.issuer_document()], court.status_lists()))
    forms = court.issue()

    def check(data: bytes | str) -> Callable[[], object]:
        assert verifier.report(data, at=court.now).code == "ok"
        return lambda: verifier.report(data, at=court.now)

    inputs: tuple[bytes | str, ...] = (forms.jwt, forms.json_text, forms.qr)
    return {name: check(data) for name, data in zip(TARGETS, inputs, strict=True)}


def measure(work: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median time of one call of each kind in microseconds; the kinds take turns, so that noise falls on all."""
    times: dict[str, list[float]] = {name: [] for name in work}
    gc.disable()
    for _ in range(rounds):
        for name, call in work.items():
            began = time.perf_counter()
            for _ in range(CALLS):
                call()
            times[name].append((time.perf_counter() - began) / CALLS * 1e6)
        gc.collect()
    gc.enable()
    return {name: median(values) for name, values in times.items()}


def main() -> None:
    """Prints the table as Markdown."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    bare = "bare P-256 verification"
    results = measure({bare: bare_check(), **checks()}, rounds)
    print("| work | µs | × bare | target |\n|---|---:|---:|---:|")
    for name, microseconds in results.items():
        target = TARGETS.get(name)
        goal = f"≤ {target}" if target else ""
        print(f"| {name} | {microseconds:.0f} | {microseconds / results[bare]:.2f} | {goal} |")


if __name__ == "__main__":
    main()
