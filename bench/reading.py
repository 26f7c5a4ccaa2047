"""Judges one bundle in a process that does nothing else: `python bench/reading.py FOLDER MOMENT`, JSON on stdout."""

import json
import resource
import sys
import time
from datetime import datetime
from pathlib import Path

from xinzheng_verifier import TrustStore


def main() -> None:
    """Reads `bundle.xzb` by `root.json`, and says how long it took and how much memory."""
    folder, at = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
    begun = time.perf_counter()
    bundle, root = (folder / "bundle.xzb").read_bytes(), (folder / "root.json").read_bytes()
    trust = TrustStore.from_bundle(bundle, root=root, at=at)
    seconds = time.perf_counter() - begun
    # Linux counts kibibytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(json.dumps({"seconds": seconds, "bytes": memory, "issuers": len(trust.issuers)}))


if __name__ == "__main__":
    main()
