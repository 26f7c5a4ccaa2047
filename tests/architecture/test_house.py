"""Rules of the house that no linter knows: what tracked files may hold, and that the parts fit together."""

import ast
import fnmatch
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.repository import DISTRIBUTIONS, ROOT, source_files, tracked_files

# Hostile input on purpose: byte order marks, broken UTF-8, carriage returns.
SPOILED = ROOT / "tests" / "vectors" / "files"
TEXT = [path for path in tracked_files() if SPOILED not in path.parents and b"\0" not in path.read_bytes()[:8192]]
PROJECTS = {
    name: tomllib.loads((ROOT / name / "pyproject.toml").read_text("utf-8"))["project"] for name in DISTRIBUTIONS
}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# --- content --------------------------------------------------------------------------------------------------------

# Spelt in pieces, so that this file does not accuse itself.
_HOSTS = (r"pypi\." + "org", "python" + r"hosted\.org", "npm" + r"js\.(?:org|com)", "crates" + r"\.io")
_FOLDERS = ("ro" + "ot", "wo" + "rk", "ho" + "me/[a-z]", "Us" + "ers/[a-z]")
_KEYS = (
    "PRIVATE " + r"KEY-----(?:\s|\\n|\"|')+[A-Za-z0-9+/]{40}",
    '"' + r'd"\s*:\s*"[A-Za-z0-9_-]{43,}"',
    r"\bz" + r"(?:42t|3u2)[1-9A-HJ-NP-Za-km-z]{40,}",  # Multikey secret keys, P-256 and Ed25519
)
FORBIDDEN = {
    "a package registry's host": "|".join(_HOSTS),
    "a path of one machine": r"(?<![\w./<*])/(?:" + "|".join(_FOLDERS) + ")/",
    "a private key": "|".join(_KEYS),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    texts = {path: path.read_text("utf-8") for path in TEXT}
    texts |= {path: path.read_text("latin-1") for path in SPOILED.rglob("*") if path.is_file()}
    assert not {relative(path): match[0] for path, text in texts.items() if (match := pattern.search(text))}


def test_every_text_file_is_utf8_without_bom_or_carriage_returns() -> None:
    for path in TEXT:
        raw = path.read_bytes()
        raw.decode("utf-8")
        assert not raw.startswith(b"\xef\xbb\xbf"), path
        assert b"\r" not in raw, path


def test_no_lock_file_with_download_addresses() -> None:
    assert not [path for path in tracked_files() if path.name in {"uv.lock", "poetry.lock", "pdm.lock"}]


def test_ignore_patterns_are_anchored() -> None:
    # An unanchored `keys` or `data` would make a package vanish from clones and wheels.
    patterns = [line for line in (ROOT / ".gitignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert [line for line in patterns if not line.startswith("/")] == []


@pytest.mark.parametrize("path", source_files(), ids=relative)
def test_source_is_not_ignored(path: Path) -> None:
    assert path in tracked_files()


# --- size and words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [path for path in TEXT if path.suffix == ".py"], ids=relative)
def test_file_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 500


def test_functions_read_well() -> None:
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in source_files()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[len(lengths) // 2] < 12
    assert lengths[len(lengths) * 9 // 10] < 40


def undocumented(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    scopes: list[tuple[str, ast.AST]] = [(relative(path), tree)]
    while scopes:
        name, scope = scopes.pop()
        for node in ast.iter_child_nodes(scope):
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
                continue
            overload = any(
                isinstance(mark, ast.Name) and mark.id in {"overload", "override"} for mark in node.decorator_list
            )
            if not ast.get_docstring(node) and not overload:
                yield f"{name}:{node.lineno}: {node.name}"
            if isinstance(node, ast.ClassDef):
                scopes.append((name, node))
    if not ast.get_docstring(tree):
        yield f"{relative(path)}: module"


def test_every_public_name_has_a_docstring() -> None:
    assert [line for path in source_files() for line in undocumented(path)] == []


# --- the four distributions -----------------------------------------------------------------------------------------


def test_versions_are_in_step_and_siblings_pinned() -> None:
    versions = {project["version"] for project in PROJECTS.values()}
    assert len(versions) == 1
    wanted = f"=={versions.pop()}"
    siblings = {
        name: sorted(line.removesuffix(wanted) for line in project["dependencies"] if line.startswith("xinzheng-"))
        for name, project in PROJECTS.items()
    }
    assert siblings == {
        "schemas": [],
        "verifier": ["xinzheng-schemas"],
        "keys": ["xinzheng-schemas"],
        "issuer": ["xinzheng-keys", "xinzheng-schemas", "xinzheng-verifier"],
    }


def test_schemas_need_nothing() -> None:
    assert PROJECTS["schemas"]["dependencies"] == []
    assert "optional-dependencies" not in PROJECTS["schemas"]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


def test_schemas_import_the_standard_library_alone() -> None:
    names = {name for path in (ROOT / "schemas" / "src").rglob("*.py") for name in imported(path)}
    assert names <= sys.stdlib_module_names | {"xinzheng_schemas"}


def test_contract_covers_the_whole_core_of_the_verifier() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    covered = next(set(rule["source_modules"]) for rule in rules if rule["id"] == "verifier-core")
    doors = {"__init__", "__main__", "bulk", "cli", "web", "py.typed", "__pycache__"}
    folder = ROOT / "verifier" / "src" / "xinzheng_verifier"
    rooms = {
        f"xinzheng_verifier.{path.stem}"
        for path in folder.iterdir()
        if path.stem not in doors and path.name not in doors
    }
    assert rooms <= covered


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_wheels_carry_types_and_all_their_files(name: str) -> None:
    build = tomllib.loads((ROOT / name / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    assert build["ignore-vcs"] is True  # or a wheel built from a checkout would obey .gitignore
    assert (ROOT / name / "src" / f"xinzheng_{name}" / "py.typed").is_file()


# --- requirements ---------------------------------------------------------------------------------------------------

REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.mark.parametrize("path", REQUIREMENTS, ids=relative)
def test_requirements_are_pinned_hashed_and_name_no_address(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash)", text, re.MULTILINE)  # no index, no find-links, no nested file
    entries = re.sub(r"\\\n", " ", text).splitlines()
    for entry in filter(None, entries):
        assert re.match(r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9,]+\])?==[0-9]", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry


def pinned(path: Path) -> set[str]:
    return {
        match[1]
        for match in re.finditer(r"^([a-z0-9._-]+)(?:\[[a-z0-9,]+\])?==", path.read_text("utf-8"), re.MULTILINE)
    }


def needed(name: str) -> set[str]:
    project = PROJECTS[name]
    lines = [
        *project["dependencies"],
        *(line for extra in project.get("optional-dependencies", {}).values() for line in extra),
    ]
    names = {re.split(r"[\[><=!~ ;]", line, maxsplit=1)[0].lower().replace("_", "-") for line in lines}
    return {name for name in names if not name.startswith("xinzheng-")}


# The general JSON-LD processor is an extra on its own: it brings LGPL code, which nobody gets unasked.
JSONLD = ROOT / "requirements" / "verifier-jsonld.txt"


def test_requirements_pin_what_the_distributions_declare() -> None:
    assert needed("verifier") - {"pyld"} <= pinned(ROOT / "requirements" / "verifier.txt")
    assert "pyld" in pinned(JSONLD)
    for name in DISTRIBUTIONS:
        assert needed(name) <= pinned(ROOT / "requirements" / "dev.txt")


def test_strong_licences_stay_out_of_run_time_dependencies() -> None:
    names = pinned(ROOT / "requirements" / "verifier.txt").union(*(needed(name) for name in DISTRIBUTIONS))
    for pattern in ("pykcs11", "pymerkle", "borb", "gmssl*", "frozendict", "lxml"):
        assert not fnmatch.filter(names, pattern)
    assert pinned(JSONLD) - names <= {"cachetools", "frozendict", "lxml"}
