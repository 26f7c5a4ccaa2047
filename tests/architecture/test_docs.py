"""The pages tell the truth: their examples run, their links resolve, and the reference says what the code says."""

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from support.demo import plain_environment
from support.markdown import Step, blocks, pattern, play, steps
from support.repository import DISTRIBUTIONS, ROOT, tracked_files
from xinzheng_issuer import messages as issuer_messages
from xinzheng_keys import messages as keys_messages
from xinzheng_keys.errors import KeyStoreError
from xinzheng_keys.sm2_signer import SM2Signer
from xinzheng_schemas import messages as schemas_messages
from xinzheng_verifier import messages as verifier_messages
from xinzheng_verifier.cli import _COMMANDS

# Fragments of the changelog are not pages.
PAGES = [p for p in tracked_files() if p.suffix == ".md" and (p.parent.name != "changelog.d" or p.name == "README.md")]
BIN = Path(sys.executable).parent
SERVER_PORT = "8000"  # as the pages say it; each test takes a free one instead
IGNORED_KINDS = {"", "json", "text", "toml", "sh"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def desk(tmp_path: Path, demo_out: Path) -> Path:
    """A folder as a reader has it after `make demo`: the examples, and the demo's output in demo/out."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(demo_out, tmp_path / "demo" / "out")
    return tmp_path


def with_kind(*kinds: str) -> list[Path]:
    return [path for path in PAGES if any(block.kind in kinds for block in blocks(path))]


@pytest.mark.parametrize("page", with_kind("python"), ids=name)
def test_python_on_the_page_runs(page: Path, desk: Path) -> None:
    program = "\n".join(block.text for block in blocks(page) if block.kind == "python")
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=desk, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("page", with_kind("console"), ids=name)
def test_commands_on_the_page_print_what_it_shows(page: Path, desk: Path) -> None:
    shown = [step for block in blocks(page) if block.kind == "console" for step in steps(block)]
    if any("curl " in step.command for step in shown) and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    if any("softhsm2-util " in step.command for step in shown) and shutil.which("softhsm2-util") is None:
        pytest.skip("softhsm2 is not installed")
    if any("SM2-P-256" in step.command for step in shown):
        require_libcrypto()
    port = free_port()
    # A reader stands in the project's folder, where the commands are .venv/bin/xinzheng and so on.
    (desk / ".venv").symlink_to(BIN.parent)
    environment = plain_environment(language="zh_CN.UTF-8" if "zh-CN" in page.name else "en_GB.UTF-8")
    environment["XINZHENG_PORT"] = port
    commands = [step.command.replace(f":{SERVER_PORT}", f":{port}") for step in shown]
    printed = play(commands, folder=desk, environment=environment)
    for step, text in zip(shown, printed, strict=False):
        check(page, step, text.replace(f":{port}", f":{SERVER_PORT}"))
    assert len(printed) == len(shown) + 1, f"{name(page)}: the shell ended early: {printed[-1]}"


def require_libcrypto() -> None:
    try:
        SM2Signer.generate()
    except KeyStoreError as error:
        pytest.skip(f"{error} [{error.code}]")


def check(page: Path, step: Step, printed: str) -> None:
    printed = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
    assert pattern(step.shown).match(printed), f"{name(page)}:{step.line}: $ {step.command}\nprinted:\n{printed}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_is_of_a_kind_that_is_checked(page: Path) -> None:
    assert {block.kind for block in blocks(page)} <= IGNORED_KINDS | {"python", "console"}


def test_make_targets_on_the_pages_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in PAGES:
        assert set(re.findall(r"(?:`|^)make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE)) <= targets, page


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)) - {"help"}
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert targets <= {line.split()[0] for line in shown.splitlines()}


# --- reference ------------------------------------------------------------------------------------------------------


def test_reference_says_what_the_code_says() -> None:
    command = [sys.executable, str(ROOT / "tools" / "write_reference.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_reference_covers_every_command_of_the_verifier() -> None:
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text("utf-8")
    assert [names for names in _COMMANDS if f"\n## xinzheng-verify {' '.join(names)}\n" not in page] == []


@pytest.mark.parametrize("packages", [(verifier_messages, schemas_messages), (issuer_messages,), (keys_messages,)])
def test_every_reason_code_is_in_the_reference(packages: tuple[ModuleType, ...]) -> None:
    page = (ROOT / "docs" / "reference" / "reason-codes.md").read_text("utf-8")
    assert [code for package in packages for code in package.MESSAGES if f"| `{code}` |" not in page] == []


# --- links ----------------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_resolve(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"(https?|mailto):", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{name(page)} → {target}"
        assert linked.is_relative_to(ROOT), f"{name(page)} → {target}"
        assert not anchor or anchor in anchors(linked), f"{name(page)} → {target}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for target in re.findall(r"\]\(([^)\s#]+\.md)(?:#[^)]*)?\)", page.read_text("utf-8")):
            linked = (page.parent / target).resolve()
            if linked not in reached and linked.is_file():
                waiting.append(linked)
    apart = {ROOT / "docs" / "adr" / "template.md"}
    assert set(PAGES) - reached - apart == set()


# --- both languages, and what must be said --------------------------------------------------------------------------


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_readme_gives_the_three_warnings_and_claims_no_certification(readme: str) -> None:
    text = (ROOT / readme).read_text("utf-8")
    words = {
        "README.md": ("no national template", "discretionary", "ONE entry", "no certification", "placeholder"),
        "README.zh-CN.md": ("没有全国统一", "可以", "一条", "未经", "占位"),
    }
    assert [word for word in words[readme] if word not in text] == []


def test_the_two_readmes_show_the_same_commands() -> None:
    def commands(readme: str) -> list[str]:
        found = [step.command for block in blocks(ROOT / readme) if block.kind == "console" for step in steps(block)]
        return found + [block.text for block in blocks(ROOT / readme) if block.kind in {"python", "sh"}]

    assert commands("README.md") == commands("README.zh-CN.md")


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_every_distribution_has_a_readme_of_its_own(distribution: str) -> None:
    assert len((ROOT / distribution / "README.md").read_text("utf-8").splitlines()) > 5


def test_decisions_state_their_costs() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert decisions
    for number, decision in enumerate(decisions, 1):
        text = decision.read_text("utf-8")
        assert decision.name.startswith(f"{number:04}-")
        costs = re.search(r"^## What it costs\n(.+?)(?=^## )", text, re.MULTILINE | re.DOTALL)
        assert costs is not None, decision.name
        assert costs[1].count("\n- ") >= 2, decision.name
        assert f"({decision.name})" in (decision.parent / "README.md").read_text("utf-8")


def test_changelog_fragments_build() -> None:
    command = [str(BIN / "towncrier"), "build", "--draft", "--version", "0.0.0"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    names = [path.name for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    assert [
        text for text in names if not re.fullmatch(r"\+[a-z0-9-]+\.(added|changed|fixed|removed|security)\.md", text)
    ] == []
