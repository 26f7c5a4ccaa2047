"""The command line in 简体中文, what click says itself included."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from tools.compile_catalogue import COMPILED, SOURCE, compiled, entries

from xinzheng_issuer.cli import COMMANDS

ENGLISH = (
    "Usage:",
    "Options:",
    "Commands:",
    "Show this",
    "default:",
    "required",
    "Error:",
    "Try '",
    "Missing",
    "Invalid",
)


def said(*arguments: str) -> str:
    """What a process of its own says in a Chinese locale: click remembers its own help."""
    run = subprocess.run(
        [sys.executable, "-c", "from xinzheng_issuer.cli import main; main()", *arguments],
        env={"PATH": os.environ["PATH"], "LC_ALL": "zh_CN.UTF-8", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return run.stdout + run.stderr


def known_to_click() -> Iterator[str]:
    for path in Path(click.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"_", "ngettext"}:
                texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
                yield "\0".join(str(text) for text in texts)


def test_the_catalogue_is_made_of_its_text_and_of_what_click_says() -> None:
    found = entries(SOURCE.read_text("utf-8"))
    assert compiled(found) == COMPILED.read_bytes()
    assert found.keys() - {"", "required"} <= {*known_to_click()}


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_chinese(command: str) -> None:
    text = said(*filter(None, [command]), "--help")
    assert "用法：" in text
    assert "选项" in text
    assert [word for word in ENGLISH if word in text] == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nothing"], "错误：没有命令 'nothing'。"),
        (["keys", "list", "--nothing"], "错误：没有选项 '--nothing'。"),
        (["init"], "缺少选项 '--config'"),
        (["serve", "--port", "x"], "不是有效的"),
        (["keys", "list", "--data", "/nowhere"], "错误：/nowhere 没有签发系统数据"),
        (["db", "adopt", "--bundle", "nothing.xzb"], "不存在。"),
        (["users", "add", "ada", "--role", "king"], "不在"),
    ],
)
def test_a_refusal_is_chinese(arguments: list[str], expected: str) -> None:
    text = said(*arguments)
    assert expected in text
    assert [word for word in ENGLISH if word in text] == []
