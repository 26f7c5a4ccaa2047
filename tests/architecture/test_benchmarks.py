"""The benchmark runs, and its page has every row. Nothing here looks at a time."""

import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from bench.certificates import BARE, COUNT, FORMS, Form, Supply
from bench.timing import Bench, Child, Times, in_turn

from support.demo import plain_environment
from support.repository import ROOT

PAGE = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
ROWS = [*BARE.values(), *(form.name for form in FORMS)]


def part(text: str, name: str) -> str:
    return text.partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0]


@pytest.fixture(scope="module")
def supply() -> Supply:
    return Supply()


def test_one_round_prints_every_row() -> None:
    command = [sys.executable, "-m", "bench.verify", "--rounds", "1", "--starts", "1", "--batch", "40"]
    environment = plain_environment(language="en_GB.UTF-8") | {"PYTHONPATH": str(ROOT / "tests")}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    for row in [*ROWS, "`python -c pass`", "the same and the first report"]:
        assert f"\n| {row} | " in result.stdout
    assert re.search(r"^\| network modules loaded by then \| none \|", result.stdout, re.MULTILINE)


def test_page_has_every_row_with_its_target() -> None:
    table = part(PAGE, "checks")
    for form in FORMS:
        [row] = [line for line in table.splitlines() if line.startswith(f"| {form.name} |")]
        assert (f"≤ {form.target} |" in row) is (form.target is not None)
    beside = part(PAGE, "peer")
    assert [form.name for form in FORMS if form.peer and f"| {form.name} |" not in beside] == []
    assert "openvc-core" in part(PAGE, "machine")
    assert "xinzheng-verify" in part(PAGE, "starts")
    assert part(PAGE, "batches").strip()


def test_targets_are_those_of_the_page() -> None:
    goals = {form.mechanism: form.target for form in FORMS if form.target}
    assert goals == {"ES256": 1.6, "ecdsa-jcs-2019": 2.5, "ecdsa-rdfc-2019": 8}


@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
def test_certificates_of_a_form_differ(form: Form, supply: Supply) -> None:
    assert len(set(supply.inputs(form))) == COUNT


def test_every_kind_of_work_gets_one_figure_a_round() -> None:
    seen: list[str] = []

    def note(name: str) -> Callable[[], object]:
        return lambda: seen.append(name)

    bench = Bench({name: note(name) for name in ("one", "two")})
    seen.clear()
    bench.round()
    bench.round()
    assert [len(times.values) for times in bench.times.values()] == [2, 2]
    assert seen == sorted(seen[: len(seen) // 2]) + sorted(seen[len(seen) // 2 :])


def test_ratio_is_taken_round_by_round() -> None:
    calm, disturbed = Times([10.0, 10.0, 40.0]), Times([20.0, 20.0, 80.0])
    assert disturbed.over(calm) == 2
    assert disturbed.middle == 20
    assert Times([5.0]).spread == 0


def test_work_takes_its_inputs_round_and_round() -> None:
    taken: list[int] = []
    work = in_turn(taken.append, [1, 2])
    for _ in range(3):
        work()
    assert taken == [1, 2, 1]


def test_child_works_only_when_it_is_asked() -> None:
    program = (
        "import sys, json\n"
        "told = json.loads(sys.stdin.readline())\n"
        "print(json.dumps({'version': told['n']}), flush=True)\n"
        "for number, _ in enumerate(sys.stdin): print(json.dumps({'work': number}), flush=True)"
    )
    child = Child([sys.executable, "-c", program], {"n": "7"})
    child.round()
    child.round()
    child.close()
    assert child.versions == {"version": "7"}
    assert child.times["work"].values == [0, 1]
