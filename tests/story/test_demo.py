"""The demo tells the story in two languages, leaves its files, and fails when something is not as expected."""

import json
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.demo import plain_environment, run_demo
from support.repository import ROOT
from xinzheng_issuer.demo.play import ZAOYANG
from xinzheng_issuer.demo.words import WORDS

FILES = {
    *(
        "certificate.json",
        "certificate.jwt",
        "certificate.qr.txt",
        "certificate.qr.png",
        "tampered.json",
        "forged.json",
    ),
    *("root.json", "bundle-1.xzb", "bundle-2.xzb", "story.txt"),
    *("certificate-2.json", "certificate-2.jwt", "certificate-2-reissued.json"),
    *("bundle-rotation.xzb", "bundle-compromise.xzb", "bundle-reissue.xzb"),
}
QR_VERSION_13_M = 483  # alphanumeric characters (ISO/IEC 18004, table 7)


def test_every_file_of_the_story_is_there(demo_out: Path) -> None:
    assert {path.name for path in demo_out.iterdir()} == FILES
    assert all(path.stat().st_size for path in demo_out.iterdir())


def test_every_expectation_of_the_story_was_met(demo_out: Path) -> None:
    story = (demo_out / "story.txt").read_text("utf-8")
    assert "✘" not in story
    ending = re.search(r"All (\d+) answers were as expected", story)
    assert ending is not None
    assert int(ending[1]) == story.count("✔") >= 29


@pytest.mark.parametrize(
    "told",
    [
        "not_approved:",
        "self_approval:",
        "passed (ok, 0)",
        "failed (signature_invalid, 1)",
        "failed (issuer_untrusted, 1)",
        "failed (identity_mismatch, 1)",
        "indeterminate (status_stale, 2)",
        "failed (revoked, 1)",
        "bundle_rollback (1):",
        "no network here: socket.__new__",
        "key_lead_time:",
        "failed (key_compromised, 1)",
        "cert-3: certificate-2-reissued.json names the key that signed it",
        "make serve",
    ],
)
def test_story_shows(demo_out: Path, told: str) -> None:
    assert told in (demo_out / "story.txt").read_text("utf-8")


def test_all_four_forms_are_checked_before_and_after_the_relisting(demo_out: Path) -> None:
    story = (demo_out / "story.txt").read_text("utf-8")
    for name in ("certificate.json", "certificate.jwt", "certificate.qr.txt", "certificate.qr.png"):
        for bundle, verdict in (("bundle-1.xzb", "passed (ok, 0)"), ("bundle-2.xzb", "failed (revoked, 1)")):
            command = f"$ xinzheng-verify {name} --bundle {bundle} --root root.json\n   ✔ {verdict}"
            assert command in story


def test_each_certificate_passes_or_fails_by_the_key_that_signed_it(demo_out: Path) -> None:
    story = (demo_out / "story.txt").read_text("utf-8")
    for name, bundle, verdict in (
        ("certificate.json", "rotation", "passed (ok, 0)"),
        ("certificate-2.json", "rotation", "passed (ok, 0)"),
        ("certificate-2.json", "compromise", "failed (key_compromised, 1)"),
        ("certificate-2.jwt", "compromise", "failed (key_compromised, 1)"),
        ("certificate.json", "compromise", "passed (ok, 0)"),
        ("certificate-2-reissued.json", "reissue", "passed (ok, 0)"),
    ):
        assert f"$ xinzheng-verify {name} --bundle bundle-{bundle}.xzb --root root.json\n   ✔ {verdict}" in story
    old, new = (json.loads((demo_out / f"certificate-2{part}.json").read_bytes()) for part in ("", "-reissued"))
    assert {name for name in old if old[name] != new[name]} == {
        "id",
        "certificateNumber",
        "validFrom",
        "credentialStatus",
        "proof",
    }


def test_tampered_differs_by_one_byte_and_forged_by_its_issuer(demo_out: Path) -> None:
    genuine, tampered = ((demo_out / name).read_bytes() for name in ("certificate.json", "tampered.json"))
    assert len(genuine) == len(tampered)
    assert sum(a != b for a, b in zip(genuine, tampered, strict=True)) == 1
    forged = json.loads((demo_out / "forged.json").read_bytes())
    differing = {name for name, value in json.loads(genuine).items() if forged[name] != value}
    assert differing == {"issuer", "proof"}


def test_symbol_holds_the_whole_certificate_in_version_13(demo_out: Path) -> None:
    assert len((demo_out / "certificate.qr.txt").read_text("ascii").strip()) <= QR_VERSION_13_M


def test_no_full_number_leaves_the_court(demo_out: Path) -> None:
    number = json.loads((ZAOYANG / "application.json").read_text("utf-8"))["idNumber"]
    for path in demo_out.iterdir():
        assert number.encode() not in path.read_bytes(), path.name


def test_chinese_locale_tells_it_in_chinese(tmp_path: Path) -> None:
    result = run_demo(tmp_path / "out", language="zh_CN.UTF-8")
    assert result.returncode == 0, result.stdout
    assert (tmp_path / "out" / "story.txt").read_text("utf-8") == result.stdout
    told = [re.split(r"\{", WORDS[word].zh)[0] for word in ("court_users", "tampered", "old_bundle", "end_serve")]
    assert [text for text in told if text not in result.stdout] == []


@pytest.mark.parametrize(("bundle", "printed"), [(1, ("passed", "ok")), (2, ("failed", "revoked"))])
def test_embedding_example_says_what_a_lender_needs(
    demo_out: Path, tmp_path: Path, bundle: int, printed: tuple[str, str]
) -> None:
    shutil.copytree(demo_out, tmp_path / "out")
    shutil.copy(demo_out / f"bundle-{bundle}.xzb", tmp_path / "out" / "bundle-1.xzb")
    script = ROOT / "examples" / "embed" / "check_certificate.py"
    command = [sys.executable, "-W", "error", str(script), str(tmp_path / "out")]
    result = subprocess.run(
        command, check=False, env=plain_environment(language="en_GB.UTF-8"), capture_output=True, encoding="utf-8"
    )
    assert tuple(result.stdout.splitlines()[:2]) == printed, result.stderr
    assert "枣阳市人民法院" in result.stdout
    assert result.returncode == (0 if bundle == 1 else 1)


Spoil = Callable[[Any], None]


def _another_person(records: list[dict[str, Any]]) -> None:
    records[0] |= {"iname": "李某", "cardNum": "4206831985****1235"}


def _condition_not_met(masking: dict[str, Any]) -> None:
    masking["maskingGround"] = "art10-9"


@pytest.mark.parametrize(
    ("file", "spoil", "told"),
    [
        ("relisting.json", _another_person, "expected failed (revoked, 1), but got passed (ok, 0)"),
        ("masking.json", _condition_not_met, "The story broke off"),
    ],
)
def test_unexpected_answer_makes_it_fail(tmp_path: Path, file: str, spoil: Spoil, told: str) -> None:
    example = tmp_path / "example"
    shutil.copytree(ROOT / "examples" / "zaoyang", example)
    content = json.loads((example / file).read_text("utf-8"))
    spoil(content)
    (example / file).write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    result = run_demo(tmp_path / "out", "--example", str(example))
    assert result.returncode == 1, result.stdout
    assert told in result.stdout
    assert "make serve" not in result.stdout


def test_example_is_installed_with_the_package() -> None:
    assert {path.name for path in ZAOYANG.iterdir()} == {
        path.name for path in (ROOT / "examples" / "zaoyang").iterdir()
    }
    assert ZAOYANG.resolve() == ROOT / "examples" / "zaoyang"
    assert stat.S_ISLNK(ZAOYANG.lstat().st_mode)


def test_words_have_both_languages_and_the_same_blanks() -> None:
    for word, text in WORDS.items():
        assert set(re.findall(r"\{\w+\}", text.en)) == set(re.findall(r"\{\w+\}", text.zh)), word
        assert re.search(r"[\u4e00-\u9fff（]", text.zh), word
