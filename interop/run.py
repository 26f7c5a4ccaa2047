"""Cross-checks with other implementations, each in an environment of its own.

    PYTHONPATH=tests python -m interop.run [--write] [--record] [--keep FOLDER]

What we sign they verify, what they sign we verify; of everything there are copies with one byte changed, which all
refuse.
`--write` puts the tables into docs/how-to/interop.md, `--record` what everybody answers to the strange inputs into
vectors/manifest.json. Ends with 1 if any answer differs from what is expected or on record.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from interop import divergences, page
from interop.cases import OURS, Ours
from interop.exchange import JSON, Case, Exchange

ROOT: Final = Path(__file__).resolve().parent.parent
PEERS: Final = ROOT / "interop" / "peers"
JAVASCRIPT: Final = ROOT / ".venv-interop-js"

COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "openvc": (".venv-interop/bin/python", "-W", "ignore", "interop/peers/peer_openvc.py", "{folder}", "{half}"),
    "pyjwt": (".venv-interop/bin/python", "-W", "ignore", "interop/peers/peer_jose.py", "{folder}", "{half}", "pyjwt"),
    "joserfc": (
        ".venv-interop/bin/python",
        "-W",
        "ignore",
        "interop/peers/peer_jose.py",
        "{folder}",
        "{half}",
        "joserfc",
    ),
    "cwt": (".venv-interop-cose/bin/python", "-W", "ignore", "interop/peers/peer_cwt.py", "{folder}", "{half}"),
    "digitalbazaar": ("node", "interop/javascript/peer.mjs", ".venv-interop-js", "{folder}", "{half}", "digitalbazaar"),
    "jose-js": ("node", "interop/javascript/peer.mjs", ".venv-interop-js", "{folder}", "{half}", "jose-js"),
}


DEVIATIONS: Final[Mapping[tuple[str, str, str], str]] = {
    ("openvc", "ecdsa-rdfc-2019", "P-384"): "names blank nodes with SHA-256, where vc-di-ecdsa 3.2.4 asks for SHA-384",
}
"""Where an implementation is known to differ from the standard: others refuse what it signs, and it what they sign."""


def run(who: str, half: str, folder: Path) -> None:
    """Lets one implementation make or check."""
    command = [part.format(folder=folder, half=half) for part in COMMANDS[who]]
    subprocess.run(command, cwd=ROOT, check=True, timeout=300)


def taking_part() -> list[str]:
    """Who is installed; the JavaScript ones only where there is Node.js."""
    return [who for who, command in COMMANDS.items() if command[0] != "node" or (JAVASCRIPT / ".stamp").exists()]


def unexpected(cases: Iterable[Case], answers: Mapping[str, Mapping[str, JSON]]) -> list[str]:
    """Every answer that is not what it should be, in words."""
    wrong = []
    for case in cases:
        for who, given in answers.items():
            answer = given[case.name]["answer"]
            deviates = (who, case.mechanism, case.key_type) in DEVIATIONS
            signed_so = (case.maker, case.mechanism, case.key_type) in DEVIATIONS
            if answer != "unsupported" and (answer == "accepted") is not (case.genuine and deviates is signed_so):
                wrong.append(f"{who} {answer} {case.name} ({case.change or 'genuine'}): {given[case.name]['reason']}")
    return wrong


def table(cases: Iterable[Case], answers: Mapping[str, Mapping[str, JSON]]) -> list[list[str]]:
    """One row for each signer and mechanism: who accepted the genuine one, and refused how many others."""
    grouped: dict[tuple[str, str, str, str], list[Case]] = defaultdict(list)
    for case in cases:
        grouped[case.row].append(case)
    rows = []
    for row, group in grouped.items():
        cells = []
        for given in answers.values():
            found = [given[case.name]["answer"] for case in group]
            accepted, refused = found.count("accepted"), found.count("refused")
            cells.append(f"{accepted} / {refused}" if accepted or refused else "–")
        rows.append([*row, *cells])
    return rows


def main() -> None:
    """Runs everything and reports."""
    parser = argparse.ArgumentParser(description="Cross-checks with other implementations.")
    parser.add_argument("--write", action="store_true", help="put the tables into the page")
    parser.add_argument("--record", action="store_true", help="put down the answers to the strange inputs")
    parser.add_argument("--keep", type=Path, help="folder for what is exchanged; otherwise it is thrown away")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        wrong = exchange_all(options.keep or Path(scratch), write=options.write, record=options.record)
    for line in wrong:
        print(line, file=sys.stderr)
    sys.exit(1 if wrong else 0)


def exchange_all(folder: Path, *, write: bool, record: bool) -> list[str]:
    """The whole exchange in `folder`; what came out otherwise than it should."""
    exchange = Exchange(folder)
    ours = Ours(exchange)
    (folder / "material.json").write_text(json.dumps(ours.material(), ensure_ascii=False), "utf-8")
    exchange.write()
    ours.add_own()
    peers = taking_part()
    for who in peers:
        run(who, "make", folder)
        ours.add_made(who)
    divergences.add_to(exchange)
    ours.trust_strange()
    exchange.write()
    for who in peers:
        run(who, "check", folder)
    reports = {who: exchange.answers_of(who) for who in peers}
    answers = {OURS: ours.answers(), **{who: report["answers"] for who, report in reports.items()}}
    cases = [case for case in exchange.cases if case.maker != divergences.MAKER]
    rows = table(cases, answers)
    versions = {name: version for report in reports.values() for name, version in report["versions"].items()}
    print(page.grid(["signed by", "form", "mechanism", "key", *answers], rows))
    print(f"\n{len(cases)} inputs; " + ", ".join(f"{name} {version}" for name, version in versions.items()))
    complete = len(peers) == len(COMMANDS)
    if record and complete:
        divergences.record(answers)
    if write and complete:
        page.write(rows, [*answers], versions, divergences.rows([*answers]))
    if (write or record) and not complete:
        print("Not everybody took part; nothing is written.", file=sys.stderr)
    return unexpected(cases, answers) + divergences.compare(answers)


if __name__ == "__main__":
    main()
