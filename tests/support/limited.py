"""Asks one door of the verifier about the worst inputs, within 200 MB of memory; prints what was slow or raised.

    PYTHONPATH=tests python -m support.limited library|command|http

The address space may grow by 200 MB over what the process has once everything is imported and one certificate was
verified. The last line that is printed is a JSON object: name of an input to its seconds of processor time and code.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.doors import by_http, command
from support.issuers import NOW
from support.worst_inputs import WorstInputs
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import Policy, TrustStore, Verifier

ALLOWANCE = 200 * 1_000_000
MAX_SECONDS = 1.0

Ask = Callable[[bytes], dict[str, Any]]


def asking(door: str, worst: WorstInputs, folder: Path) -> Ask:
    """How this door is asked about one input, under the general profile, which looks at more."""
    verifier = Verifier(TrustStore.from_documents(*worst.trust), policy=Policy(profile="vcdm"))
    if door == "library":
        return lambda data: verifier.report(data, at=NOW).to_json()
    if door == "http":
        return lambda data: by_http(verifier, data, at=NOW)
    controllers, lists = worst.trust
    for number, document in enumerate([*controllers, *lists]):
        (folder / f"{number}").write_text(json.dumps(document), "utf-8")
    names = [folder / f"{number}" for number in range(len(controllers) + len(lists))]
    options: list[str | Path] = ["--controller", names[0], "--status-list", *names[1:], "--profile", "vcdm", "--json"]

    def ask(data: bytes) -> dict[str, Any]:
        (folder / "input").write_bytes(data)
        printed = command(folder / "input", *options, "--at", format_timestamp(NOW))
        answer: dict[str, Any] = json.loads(printed.out)
        return answer

    return ask


def main(door: str) -> None:
    worst = WorstInputs()
    inputs = [*worst.inputs()]
    answers: dict[str, tuple[float, str]] = {}
    with tempfile.TemporaryDirectory() as name:
        ask = asking(door, worst, Path(name))
        for data in (worst.court.issue().json_text, worst.court.issue().jwt.encode(), *warming(inputs)):
            ask(data)
        size = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + ALLOWANCE, resource.RLIM_INFINITY))
        for label, data in inputs:
            for _ in range(2):  # once more if the first answer was slow: another process may have been in the way
                begun = time.process_time()
                answer = ask(data)
                answers[label] = time.process_time() - begun, answer["code"]
                if answers[label][0] <= MAX_SECONDS:
                    break
    print(json.dumps(answers))


def warming(inputs: list[tuple[str, bytes]]) -> list[bytes]:
    """One input of each kind whose code is loaded when it is first needed: a picture, a graph."""
    wanted = ("noise", "ecdsa-rdfc-2019 over a deep tree", "ecdsa-rdfc-2019 over JSON")
    return [data for label, data in inputs if label in wanted]


if __name__ == "__main__":
    main(sys.argv[1])
