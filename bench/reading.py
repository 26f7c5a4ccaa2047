"""Judges one bundle in a process that does nothing else: `python bench/reading.py FOLDER MOMENT`, JSON on stdout."""

import json
import resource
import sys
import time
from datetime import datetime
from pathlib import Path

from xinzheng_verifier import TrustStore


def main() -> None:
    """Reads `bundle.xzb` by `root.json`, and says how much processor time and memory it took."""
    folder, at = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
    bundle, root = (folder / "bundle.xzb").read_bytes(), (folder / "root.json").read_bytes()
    trust = TrustStore.from_bundle(bundle, root=root, at=at)
    found = {"seconds": time.process_time(), "bytes": largest_memory(), "issuers": len(trust.issuers)}
    print(json.dumps(found))


def largest_memory() -> int:
    """Bytes that this program has had in memory at most.

    Linux hands `ru_maxrss` of a large parent on to the program that its child becomes; VmHWM begins anew.
    """
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts bytes


if __name__ == "__main__":
    main()
