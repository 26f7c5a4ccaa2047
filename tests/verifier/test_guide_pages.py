"""What the developer guide and the reference of report and receipt list is what the code has."""

import ast
import re
from pathlib import Path

import pytest

import xinzheng_verifier
from support.markdown import blocks
from support.repository import ROOT
from xinzheng_verifier import receipt, testkit
from xinzheng_verifier.messages import MESSAGES
from xinzheng_verifier.receipt import content
from xinzheng_verifier.receipt.check import ASPECTS
from xinzheng_verifier.receipt_messages import MESSAGES as RECEIPT_MESSAGES
from xinzheng_verifier.testkit.cases import EXPECTED

GUIDE = ROOT / "docs" / "sdk"


def rows(page: Path) -> list[list[str]]:
    """Cells of all table rows."""
    lines = page.read_text("utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def test_catalogue_of_the_kit_is_listed_with_its_answers() -> None:
    listed = {
        situation: (cells[1], cells[2].strip("`"))
        for cells in rows(GUIDE / "testing.md")
        if len(cells) == 3
        for situation in re.findall(r"`([a-z-]+)`", cells[0])
    }
    assert listed == {situation.value: (verdict.value, code) for situation, (verdict, code) in EXPECTED.items()}


@pytest.mark.parametrize("page", [*sorted(GUIDE.glob("*.md")), ROOT / "docs" / "reference" / "receipt.md"], ids=str)
def test_codes_on_the_page_exist(page: Path) -> None:
    """Whatever looks like a code in the first column of a table, or like one of receipts anywhere."""
    text = page.read_text("utf-8")
    named = set(re.findall(r"`(receipt_[a-z_]+)`", text)) - {"receipt_input_"}
    if page.stem.removesuffix(".zh-CN") in ("decisions", "loan-desk"):
        named |= {code for cells in rows(page) for code in re.findall(r"`([a-z_]+)`", cells[0])} - {
            *("profile", "max_status_age", "require_status", "issuers", "unsafe_trust_dates_of_compromised_keys")
        }
    assert named <= MESSAGES.keys()


def test_receipt_is_described_whole() -> None:
    page = (ROOT / "docs" / "reference" / "receipt.md").read_text("utf-8")
    assert [name for name in content._MEMBERS if f"`{name}`" not in page] == []
    described = [cells[0] for cells in rows(ROOT / "docs" / "reference" / "receipt.md") if cells[0] in ASPECTS]
    assert described == [*ASPECTS]
    of_receipts = {
        code for code in RECEIPT_MESSAGES if not code.startswith(("receipt_key_", "receipt_pass", "receipt_file"))
    }
    not_run = {"receipt_not_reached", "receipt_input_not_given", "receipt_trust_not_given"}
    assert [code for code in of_receipts - not_run if f"`{code}`" not in page] == []


def test_public_names_are_listed() -> None:
    table = {cells[0].strip("`"): cells[1] for cells in rows(GUIDE / "index.md") if len(cells) == 2}
    assert [name for name in xinzheng_verifier.__all__ if f"`{name}`" not in table["xinzheng_verifier"]] == []
    for module in (receipt, testkit):
        named = re.findall(r"`(\w+)`", table[module.__name__])
        assert named
        assert set(named) <= set(module.__all__)
        # The module's own page of contents leaves nothing out.
        assert [name for name in module.__all__ if not re.search(rf"\b{name}\b", module.__doc__ or "")] == []


class _WithoutTexts(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("" if isinstance(node.value, str) else node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Constant:  # noqa: ARG002 - what a text says is its language's
        return ast.Constant("")


@pytest.mark.parametrize("name", ["index", "loan-desk"])
def test_both_languages_show_the_same_program(name: str) -> None:
    def program(page: Path) -> str:
        text = "\n".join(block.text for block in blocks(page) if block.kind == "python")
        return ast.dump(_WithoutTexts().visit(ast.parse(text)))

    assert program(GUIDE / f"{name}.zh-CN.md") == program(GUIDE / f"{name}.md")
