"""Signatures a second by a key in memory and by one in SoftHSM, in one run, by the kind of key.

Usage: PYTHONPATH=tests python -m bench.signing [SECONDS]. Without SoftHSM the second half of the table is empty.
"""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from support.signatures import TYPES
from support.softhsm import library, make_token
from xinzheng_keys import Signer, SoftwareSigner, create_key

SECONDS = 2.0
MESSAGE_OCTETS = 2_000
CALLERS = (1, 4)


def rate(sign: Callable[[bytes], bytes], *, callers: int, seconds: float) -> float:
    """Signatures a second of so many callers at once."""
    message = bytes(MESSAGE_OCTETS)
    began = time.perf_counter()

    def signatures(_caller: int) -> int:
        made = 0
        while time.perf_counter() < began + seconds:
            assert sign(message)
            made += 1
        return made

    with ThreadPoolExecutor(callers) as pool:
        made = sum(pool.map(signatures, range(callers)))
    return made / (time.perf_counter() - began)


def main() -> None:
    """Prints the table as Markdown."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    token = make_token() if library() else None
    heads = " | ".join(f"{place}, {n} at once" for place in ("memory", "SoftHSM") for n in CALLERS)
    print(f"| signatures per s | {heads} |")
    print("|---|" + "---:|" * (2 * len(CALLERS)))
    for key_type in TYPES:
        signers: list[Signer | None] = [SoftwareSigner.generate(key_type), None]
        if token is not None:
            uri = token.uri()
            signers[1] = create_key(uri, name=key_type.value, key_type=key_type, passphrase=bytes).signer
        cells = [
            f"{rate(signer.sign, callers=callers, seconds=seconds):.0f}" if signer else "–"
            for signer in signers
            for callers in CALLERS
        ]
        print(f"| {key_type.value} | {' | '.join(cells)} |", flush=True)
    if token is not None:
        token.destroy()


if __name__ == "__main__":
    main()
