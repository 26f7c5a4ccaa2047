"""Coverage-guided fuzzing of every parser, one after the other, until the time is over or something is found.

    PYTHONPATH=tests python -m fuzz.run --seconds 3600                every harness in turn, as `make fuzz` does
    PYTHONPATH=tests python -m fuzz.run --harness cose --seconds 60   one of them
    PYTHONPATH=tests python -m fuzz.run --harness cose --replay FILE  what one input does

What was tried and led somewhere is kept in `--corpus` and is where the next run begins. A finding is written to
`--findings` as `<harness>-crash-…` (an exception or a broken rule), `-timeout-…` (more than ten seconds) or `-oom-…`,
and the exit status is then 1. The fuzzer is Atheris (libFuzzer); where it cannot be had, the seeds and random changes
of them are tried instead, without guidance, and the first line that is printed says so.
"""

import argparse
import importlib
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
HARNESSES: Final = "fuzz.harnesses"
_INSTRUMENTED: Final = ["xinzheng_schemas", "xinzheng_verifier"]
_ROUND: Final = 60  # seconds of one harness in one round
_FOUND, _CLEAN, _UNGUIDED = 1, 0, 3
_SLOW = 10  # seconds for one input


def atheris() -> ModuleType | None:
    """The fuzzer; None where it is not installed."""
    try:
        return importlib.import_module("atheris")
    except ImportError:
        return None


def fuzz(name: str, *, module: str, seconds: int, corpus: Path, findings: Path, seed: int) -> int:
    """Fuzzes one harness in this process, which does not return where it is guided.

    Returns:
        1 if something was found, else 3.
    """
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    fuzzer = atheris()
    if fuzzer is None:
        return _unguided(name, module=module, seconds=seconds, findings=findings, seed=seed)
    with fuzzer.instrument_imports(include=_INSTRUMENTED, enable_loader_override=False):
        harness = importlib.import_module(module).HARNESSES[name]
    if not any(corpus.iterdir()):
        for number, data in enumerate(harness.seeds()):
            (corpus / f"seed-{number:04}").write_bytes(data)
    options = {
        "max_total_time": seconds,
        "max_len": harness.largest,
        "timeout": _SLOW,
        "rss_limit_mb": 1024,
        "seed": seed,
        "verbosity": 0,
        "print_final_stats": 1,
        "artifact_prefix": f"{findings}/{name}-",
    }
    fuzzer.Setup(
        [sys.argv[0], *(f"-{option}={value}" for option, value in options.items()), str(corpus)], harness.check
    )
    fuzzer.Fuzz()
    return _CLEAN


def _unguided(name: str, *, module: str, seconds: int, findings: Path, seed: int) -> int:
    """Random changes of the seeds: the least that can be done without a fuzzer."""
    print(f"{name}: Atheris is not installed for this Python and machine; trying without guidance", flush=True)
    harness = importlib.import_module(module).HARNESSES[name]
    dice = random.Random(seed)  # noqa: S311 - no secret
    seeds = [b"", *harness.seeds()]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = bytearray(dice.choice(seeds))
        for _ in range(dice.randrange(8)):
            at, start, other = dice.randrange(len(data) + 1), dice.randrange(64), dice.choice(seeds)
            piece = dice.choice((dice.randbytes(1), b"", other[start % (len(other) + 1) :][: dice.randrange(1, 64)]))
            data[at : at + dice.choice((0, 0, 1, 4))] = piece
        try:
            harness.check(bytes(data[: harness.largest]))
        except Exception:
            (findings / f"{name}-crash-{seed}").write_bytes(data)
            raise
    return _UNGUIDED


def in_turn(names: list[str], options: argparse.Namespace) -> int:
    """Each harness in a process of its own, a minute at a time, until the time is over; each one once at least."""
    end = time.monotonic() + options.seconds
    share = min(_ROUND, max(1, options.seconds // len(names)))
    seed = options.seed
    while seed == options.seed or time.monotonic() < end:
        for name in names:
            command = [sys.executable, "-m", "fuzz.run", "--harness", name, "--seconds", str(share)]
            command += ["--corpus", str(options.corpus), "--findings", str(options.findings), "--seed", str(seed)]
            command += ["--module", options.module]
            ended = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603
            if ended.returncode not in (_CLEAN, _UNGUIDED):
                print(ended.stderr[-4000:], f"{name}: FOUND, see {options.findings}", sep="\n", flush=True)
                return _FOUND
            print(f"{name}: {share} s, {_last_count(ended.stderr)}", flush=True)
            if seed > options.seed and time.monotonic() >= end:
                break
        seed += 1
    return _CLEAN


def _last_count(log: str) -> str:
    """What the fuzzer says at its end of how much it did."""
    tried = re.search(r"^stat::number_of_executed_units:\s*(\d+)", log, re.MULTILINE)
    return f"{tried[1]} inputs" if tried else "unguided"


def main(arguments: list[str] | None = None) -> int:
    """Runs what the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=3600, help="for all harnesses together (default: an hour)")
    parser.add_argument("--harness", help="this one only, in this process")
    parser.add_argument("--replay", type=Path, help="an input that was found")
    parser.add_argument("--corpus", type=Path, default=ROOT / "var" / "fuzz" / "corpus")
    parser.add_argument("--findings", type=Path, default=ROOT / "var" / "fuzz" / "findings")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--module", default=HARNESSES, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.replay is not None:
        importlib.import_module(options.module).HARNESSES[options.harness].check(options.replay.read_bytes())
        return _CLEAN
    if options.harness is None:
        return in_turn([*importlib.import_module(options.module).HARNESSES], options)
    return fuzz(
        options.harness,
        module=options.module,
        seconds=options.seconds,
        corpus=options.corpus / options.harness,
        findings=options.findings,
        seed=options.seed,
    )


if __name__ == "__main__":
    sys.exit(main())
