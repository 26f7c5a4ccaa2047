"""Options of the command line: the rules that they say, and how mistyped ones are refused, in both languages."""

import argparse
import json
import re
from pathlib import Path
from typing import Any

import pytest

from support.doors import command
from support.issuers import SimulatedCourt
from support.samples import ABSENT, WANG_ID
from xinzheng_verifier.cli.arguments import serve_parser, verify_parser
from xinzheng_verifier.cli.check import policy_of
from xinzheng_verifier.cli.exits import UsageError
from xinzheng_verifier.cli.parser import Parser
from xinzheng_verifier.policy import Policy

AT = "2026-11-23T09:00:00Z"
TRUST = ("--controller", "issuer", "--status-list", "revocation", "suspension", "--at", AT)
CHINESE, ENGLISH = "zh_CN.UTF-8", "en_GB.UTF-8"


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", ENGLISH)


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(autouse=True)
def desk(court: SimulatedCourt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "c.jwt").write_text(court.issue().jwt, "ascii")
    (tmp_path / "issuer").write_text(json.dumps(court.issuer_document()), "utf-8")
    (tmp_path / "controller").write_text(json.dumps(court.controller_document()), "utf-8")
    for purpose in ("revocation", "suspension"):
        (tmp_path / purpose).write_text(json.dumps(court.status_list(purpose)), "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- rules ------------------------------------------------------------------------------------------------------------


def policy(*arguments: str) -> Policy:
    return policy_of(verify_parser("en").read(["c.jwt", *arguments]))


def test_options_say_what_a_policy_says() -> None:
    assert policy() == Policy()
    assert policy("--types", "A", "--types", "B") == Policy(types=frozenset("AB"))
    assert policy("--issuers", "did:web:a", "--issuers", "did:web:b") == Policy(
        issuers=frozenset({"did:web:a", "did:web:b"})
    )
    assert policy("--profile", "vcdm", "--require-status") == Policy(profile="vcdm", require_status=True)
    assert policy("--no-require-status") == Policy(require_status=False)
    assert policy("--proofs", "ES256", "--proofs", "ecdsa-jcs-2019") == Policy(
        proofs=frozenset({"ES256", "ecdsa-jcs-2019"})
    )


def test_server_takes_the_same_rules() -> None:
    options = serve_parser("en").read(["--store", "s", "--types", "A", "--issuers", "did:web:a", "--require-status"])
    assert policy_of(options) == Policy(types=frozenset("A"), issuers=frozenset({"did:web:a"}), require_status=True)


def judged(*arguments: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(command(*arguments, "--json").out)
    return report


def test_only_named_issuers_and_types_are_accepted(court: SimulatedCourt) -> None:
    assert judged("c.jwt", *TRUST, "--issuers", court.did)["code"] == "ok"
    assert judged("c.jwt", *TRUST, "--issuers", "did:web:another")["code"] == "policy_issuer"
    assert judged("c.jwt", *TRUST, "--types", "CreditRepairCredential")["code"] == "ok"
    assert judged("c.jwt", *TRUST, "--types", "UniversityDegree")["code"] == "policy_type"


def test_status_can_be_asked_for_or_not(court: SimulatedCourt, desk: Path) -> None:
    bare = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": court.did,
        "credentialSubject": {"id": "did:example:subject"},
    }
    (desk / "bare.json").write_text(json.dumps(court.secure(bare)), "utf-8")
    vcdm = ("bare.json", "--controller", "controller", "--at", AT, "--profile", "vcdm")
    assert judged(*vcdm)["code"] == "ok"
    assert judged(*vcdm, "--require-status")["code"] == "status_required"
    (desk / "without").write_text(json.dumps(court.secure(court.credential({"credentialStatus": ABSENT}))), "utf-8")
    assert judged("without", *TRUST)["steps"][7]["code"] == "status_required"
    assert judged("without", *TRUST, "--no-require-status")["steps"][7]["code"] == "status_not_stated"


# --- what is refused --------------------------------------------------------------------------------------------------

MISTYPED = (
    (("--profile", "foo"), "--profile", "foo"),
    (("--form", "pdf"), "--form", "pdf"),
    (("--at", "yesterday"), "--at", "yesterday"),
    (("--max-status-age", "x"), "--max-status-age", "x"),
    (("--max-clock-skew", "6m"), "--max-clock-skew", "6m"),
    (("--workers", "0"), "--workers", "0"),
    (
        ("--proofs", "COSE -7"),
        "--proofs",
        "eddsa-jcs-2022, eddsa-rdfc-2022, xinzheng-sm2-jcs-2026, ES256, ES384, EdDSA, Ed25519, SGD_SM3_SM2",
    ),
    (("--context", "context.jsonld"), "--context", "context.jsonld"),
    (("--summary",), "--summary", ""),
    (("--controller",), "--controller", ""),
    (("--json=yes",), "--json", ""),
    (("--types",), "--types", ""),
    (("--porfile", "court"), "--porfile", ""),
    (("--porfile=court",), "--porfile", ""),
    (("--id-number", WANG_ID), "--id-number", ""),
)
OF_OTHER_COMMANDS = (
    (("serve", "--store", "s", "--port", "70000"), "--port", "70000"),
    (("store", "import", "b.xzb"), "--store", ""),
    (("store", "show", "--store", "s", "more"), "more", ""),
    (("receipt", "make", "c.jwt"), "--key", ""),
    (("receipt", "check", "r", "--key", "k", "--id-number", WANG_ID), "--id-number", ""),
    (("receipt", "key", "k", "--type", "rsa"), "--type", "p256, ed25519"),
    (
        ("receipt", "key", "k", "--passphrase-env", "E", "--passphrase-file", "f"),
        "--passphrase-file",
        "--passphrase-env",
    ),
)


@pytest.mark.parametrize("language", [ENGLISH, CHINESE])
@pytest.mark.parametrize(
    ("arguments", "option", "said"), [*((("c.jwt", *a), o, s) for a, o, s in MISTYPED), *OF_OTHER_COMMANDS]
)
def test_mistyped_options_are_refused_by_name(
    arguments: tuple[str, ...], option: str, said: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", language)
    printed = command(*arguments)
    assert (printed.status, printed.out) == (64, "")
    usage, _, refusal = printed.err.rstrip().rpartition("\n")
    assert usage.startswith("用法： xinzheng-verify" if language == CHINESE else "usage: xinzheng-verify")
    assert option in refusal
    assert said in refusal
    assert WANG_ID not in printed.err
    if language == CHINESE:
        assert re.search("[\u4e00-\u9fff]", refusal)
        # Names of options, of what they take and of examples stay; nothing is said in English.
        assert not re.search(
            r"\b(?:argument|expected|invalid|choose|required|unrecognized|allowed|not|is|of)\b", refusal
        )


def test_value_is_repeated_harmlessly_and_in_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", CHINESE)
    refusal = command("c.jwt", "--at", "\x1b[31m" + "x" * 1_000).err.splitlines()[-1]
    assert "\x1b" not in refusal
    assert len(refusal) < 200


def test_whatever_else_the_parser_says_is_passed_on() -> None:
    parser = Parser("x", description="", language="zh")
    with pytest.raises(UsageError) as refused:
        parser._refuse(argparse.ArgumentError(None, "something new"))
    assert (refused.value.word, refused.value.params["reason"]) == ("arguments_refused", "something new")


def test_proofs_are_listed_where_they_are_explained() -> None:
    shown = "".join(command("--help").out.split())
    assert "ecdsa-jcs-2019,ecdsa-rdfc-2019,eddsa-jcs-2022,eddsa-rdfc-2022,xinzheng-sm2-jcs-2026,ES256,ES384" in shown


@pytest.mark.parametrize(("language", "said"), [(ENGLISH, "There is no trust store at"), (CHINESE, "不是信任库")])
@pytest.mark.parametrize("name", ["nowhere", "empty", "issuer"])
def test_folder_that_is_no_store_is_refused_by_name(
    name: str, language: str, said: str, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", language)
    (desk / "empty").mkdir()
    for arguments in (("c.jwt", "--store", name), ("store", "show", "--store", name), ("serve", "--store", name)):
        printed = command(*arguments)
        assert (printed.status, printed.out) == (2, "")
        assert said in printed.err
        assert name in printed.err
        assert "(store_missing)" in printed.err
