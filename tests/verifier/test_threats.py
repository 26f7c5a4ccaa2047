"""Every line of `threats.toml` is answered by a vector or a test; here are the answers that no single file can show."""

import ast
import fnmatch
import json
import re
import sys
import tomllib
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from support.doors import by_http, command
from support.issuers import NOW, SimulatedCourt, forged_jws
from support.repository import ROOT
from xinzheng_schemas import base64url, multibase
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import TrustError, TrustStore, Verifier
from xinzheng_verifier import verifier as procedure
from xinzheng_verifier.cli.screen import printable_json
from xinzheng_verifier.show.sheet import printable
from xinzheng_verifier.web import create_app

VECTORS = ROOT / "tests" / "vectors"
THREATS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("threats.toml").read_text("utf-8"))
MANIFEST = [vector["file"] for vector in json.loads((VECTORS / "manifest.json").read_text("utf-8"))]
NUMBERS = {"J": 34, "C": 14, "L": 18, "D": 16, "O": 15, "B": 20, "Q": 6, "E": 8, "K": 5, "U": 3, "V": 4, "T": 18}
NUMBERS |= {"H": 12}
"""How many lines each letter has: J tokens, C JSON, L JSON-LD, D proofs, O COSE, B status, Q symbols, E cryptography, K
clocks, U text, V the process, T the trust bundle, H the past. What belongs to PDF and X.509 waits for those forms."""


# --- the table --------------------------------------------------------------------------------------------------------


def test_no_line_is_missing() -> None:
    assert [*THREATS] == [f"{letter}{number:02}" for letter, last in NUMBERS.items() for number in range(1, last + 1)]
    assert all(set(line) <= {"area", "attack", "vectors", "tests", "note"} for line in THREATS.values())


@pytest.mark.parametrize("name", THREATS)
def test_what_a_line_names_exists(name: str) -> None:
    line = THREATS[name]
    assert line["vectors"] or line["tests"]
    for pattern in line["vectors"]:
        assert fnmatch.filter(MANIFEST, pattern), pattern
    for test in line["tests"]:
        path, _, function = test.partition("::")
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test


# --- trust ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def trust(court: SimulatedCourt) -> TrustStore:
    return TrustStore.from_documents([court.issuer_document()], court.status_lists())


def refused_everywhere(folder: Path, code: str, controllers: list[Any], lists: list[Any] | None = None) -> None:
    """No trust comes about, by the library and by the command; the endpoint is built from the library's trust."""
    with pytest.raises(TrustError) as caught:
        TrustStore.from_documents(controllers, lists or ())
    assert caught.value.code == code
    (folder / "c").write_text("{}", "utf-8")
    options: list[str | Path] = []
    for kind, documents in (("controller", controllers), ("status-list", lists or [])):
        for number, document in enumerate(documents):
            path = folder / f"{kind}-{number}"
            path.write_text(json.dumps(document), "utf-8")
            options += [f"--{kind}", path]
    printed = command(folder / "c", *options)
    assert (printed.status, printed.out) == (2, "")
    assert f"({code})" in printed.err


def test_ambiguous_trust_is_no_trust_at_any_door(court: SimulatedCourt, tmp_path: Path) -> None:
    issuer = court.issuer_document()
    doubled = json.loads(json.dumps(issuer["controllerDocument"]))
    doubled["verificationMethod"][2]["id"] = doubled["verificationMethod"][0]["id"]
    refused_everywhere(tmp_path, "trust_document_malformed", [doubled])
    refused_everywhere(tmp_path, "issuer_ambiguous", [issuer, issuer])
    lists = [court.status_list("revocation", [94567]), court.status_list("revocation")]
    refused_everywhere(tmp_path, "status_list_ambiguous", [issuer], lists)
    same = TrustStore.from_documents([issuer], [lists[0], lists[0]])  # the very same twice says nothing new
    assert Verifier(same).report(court.issue().jwt, at=NOW).code == "revoked"


def test_unsound_keys_are_no_trust_at_any_door(court: SimulatedCourt, tmp_path: Path) -> None:
    def document(jwk: dict[str, str]) -> dict[str, Any]:
        method = {"id": f"{court.did}#k", "type": "JsonWebKey", "controller": court.did, "publicKeyJwk": jwk}
        return {"id": court.did, "verificationMethod": [method], "assertionMethod": [method["id"]]}

    one, zero = (base64url.encode(number.to_bytes(32, "big")) for number in (1, 0))
    good = court.certificate_signer.public_jwk
    unsound = [
        good | {"y": good["x"]},
        good | {"x": one, "y": one},
        good | {"x": zero, "y": zero},  # as some write the point at infinity
        good | {"crv": "P-384"},
        good | {"alg": "ES384"},
        good | {"use": "enc"},
        good | {"d": one},
    ]
    for jwk in unsound:
        refused_everywhere(tmp_path, "trust_document_malformed", [document(jwk)])
    # A key of a kind that nothing here verifies is left out, and so verifies nothing.
    rsa = document({"kty": "RSA", "n": base64url.encode(b"\xff" * 64), "e": "AQ"})
    token = forged_jws({"alg": "RS256", "typ": "vc+jwt", "kid": "#k"}, court.credential(), court.certificate_signer)
    report = Verifier(TrustStore.from_documents([rsa])).report(token, at=NOW)
    assert report.code == "alg_not_allowed"
    token = forged_jws({"alg": "ES256", "typ": "vc+jwt", "kid": "#k"}, court.credential(), court.certificate_signer)
    assert Verifier(TrustStore.from_documents([rsa])).report(token, at=NOW).code == "kid_unknown"


def test_private_keys_given_by_mistake_are_not_repeated(court: SimulatedCourt, tmp_path: Path) -> None:
    secret = base64url.encode(bytes(range(32)))
    jwk = {"d": secret, **court.certificate_signer.public_jwk}
    did = "did:jwk:" + base64url.encode(json.dumps(jwk).encode())
    for wrong in (did, did + "#", did[:-9], "did:jwk:" + did[8:] * 9, "did:unknown:" + did[8:]):
        (tmp_path / "c").write_text("{}", "utf-8")
        printed = command(tmp_path / "c", "--controller", wrong)
        assert (printed.status, printed.out) == (2, "")
        assert did[8:40] not in printed.err
        assert secret not in printed.err


def test_the_leaking_library_is_not_among_the_dependencies() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        assert not re.search(r"^ecdsa==", path.read_text("utf-8"), re.MULTILINE)
    assert "ecdsa" not in sys.modules


# --- the process ------------------------------------------------------------------------------------------------------


def test_a_twin_of_a_revoked_token_is_revoked(court: SimulatedCourt) -> None:
    """Revocation goes by what was signed, not by the bytes of the signature."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    head, payload, signature = court.issue().jwt.split(".")
    raw = base64url.decode(signature)
    twin = raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    lists = [court.status_list("revocation", [94567]), court.status_list("suspension")]
    verifier = Verifier(TrustStore.from_documents([court.issuer_document()], lists))
    other = f"{head}.{payload}.{base64url.encode(twin)}"
    assert other != court.issue().jwt
    assert verifier.report(other, at=NOW).code == "revoked"


def test_nothing_is_remembered_of_an_answer(court: SimulatedCourt, trust: TrustStore) -> None:
    """The same id, the same key name, the same trust: good, forged, good; and other trust at once, another answer."""
    good = court.issue().jwt
    forged = court.issue(signer=SimulatedCourt().certificate_signer).jwt
    verifier = Verifier(trust)
    answers = [verifier.report(token, at=NOW).code for token in (good, forged, good, forged)]
    assert answers == ["ok", "signature_invalid"] * 2
    revoked = [court.status_list("revocation", [94567]), court.status_list("suspension")]
    other = Verifier(TrustStore.from_documents([court.issuer_document()], revoked))
    assert [one.report(good, at=NOW).code for one in (verifier, other, verifier)] == ["ok", "revoked", "ok"]


@pytest.mark.parametrize("step", ["read", "secured", "check_shape", "check_time", "check_status", "check_policy"])
def test_an_unexpected_error_is_never_a_yes(
    court: SimulatedCourt, trust: TrustStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step: str
) -> None:
    """Whatever breaks in the procedure, no door says that anything passed."""

    def broken(*_: object, **__: object) -> None:
        raise ArithmeticError("broken")

    monkeypatch.setattr(procedure, step, broken)
    verifier, token = Verifier(trust), court.issue().jwt
    with pytest.raises(ArithmeticError):
        verifier.report(token, at=NOW)
    (tmp_path / "c").write_text(token, "ascii")
    (tmp_path / "issuer").write_text(json.dumps(court.issuer_document()), "utf-8")
    printed = command(tmp_path / "c", "--controller", tmp_path / "issuer", "--json")
    assert (printed.status, json.loads(printed.out)["code"]) == (2, "not_answered")
    client = TestClient(create_app(verifier), raise_server_exceptions=False)
    response = client.post("/v1/verify", content=token)
    assert response.status_code == 500
    assert "passed" not in response.text


def test_checks_at_once_do_not_mix(court: SimulatedCourt, trust: TrustStore) -> None:
    verifier = Verifier(trust)
    names = [f"王{number}" for number in range(40)]
    tokens = [court.issue({"credentialSubject": {"name": name}}).jwt for name in names]
    # One event loop for all, as a server has it.
    with TestClient(create_app(verifier, clock=lambda: NOW)) as client, ThreadPoolExecutor(8) as pool:

        def both(token: str) -> list[Any]:
            answer = client.post("/v1/verify", content=token).json()
            return [verifier.report(token, at=NOW).to_json()["claims"], answer["claims"]]

        answers = [*pool.map(both, tokens * 4)]
    told = [[claims["credentialSubject"]["name"] for claims in pair] for pair in answers]
    assert told == [[name, name] for name in names * 4]


def test_one_bad_item_changes_nothing_for_the_others(court: SimulatedCourt, tmp_path: Path) -> None:
    (tmp_path / "issuer").write_text(json.dumps(court.issuer_document()), "utf-8")
    lists = []
    for purpose in ("revocation", "suspension"):
        lists.append(tmp_path / purpose)
        lists[-1].write_text(json.dumps(court.status_list(purpose)), "utf-8")
    bad = [b"[" * 100_000, b"\xff\xfe", court.issue(signer=SimulatedCourt().certificate_signer).jwt.encode(), b""]
    contents = [court.issue().json_text, *bad, court.issue().qr.encode()]
    files = [tmp_path / f"{number}" for number in range(len(contents))]
    for path, content in zip(files, contents, strict=True):
        path.write_bytes(content)
    options: list[str | Path] = ["--controller", tmp_path / "issuer", "--status-list", *lists]
    printed = command(*files, *options, "--at", format_timestamp(NOW), "--json")
    answers = [json.loads(line)["code"] for line in printed.out.splitlines()]
    assert answers == ["ok", "too_complex", "malformed", "signature_invalid", "form_unknown", "ok"]
    assert printed.status == 1


def test_a_report_says_what_it_is_about(court: SimulatedCourt, trust: TrustStore) -> None:
    """A report that is shown again gives itself away: other input, other moment, other rules, other trust."""
    verifier, token = Verifier(trust), court.issue().jwt
    report = verifier.report(token, at=NOW).to_json()
    other = verifier.report(court.issue({"credentialSubject": {"name": "李某"}}).jwt, at=NOW).to_json()
    assert report["inputSha256"] != other["inputSha256"]
    assert report["at"] == format_timestamp(NOW)
    assert report["policy"] == verifier.policy.to_json()
    assert "bundleVersion" in report
    assert report["statusAsOf"] is not None


# --- text -------------------------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("https://look-alike.example")',
    "+1+1",
    "@SUM(1)",
    "{0.__class__} {field} %s %n ${x}",
    "'; DROP TABLE certificates; --",
    "$(reboot) `reboot`",
    "PASSED: 通过",
]


def vectors(pattern: str) -> list[bytes]:
    return [(VECTORS / "files" / name).read_bytes() for name in fnmatch.filter(MANIFEST, pattern)]


@pytest.fixture(scope="module")
def of_the_vectors() -> Verifier:
    documents = [(VECTORS / "trust" / f"{name}.json").read_bytes() for name in ("issuer", "revocation", "suspension")]
    return Verifier(TrustStore.from_documents(documents[:1], documents[1:]))


def test_texts_that_deceive_the_eye_are_pointed_out(of_the_vectors: Verifier) -> None:
    """Signed by the court, and so in order; but no screen would show what is odd about it."""
    files = fnmatch.filter(MANIFEST, "good-text-flagged-*.json")
    expected = {
        "compatibility": "text_not_nfc",
        "not-nfc": "text_not_nfc",
        "filler": "text_invisible",
        "half-filler": "text_invisible",
        "grapheme-joiner": "text_invisible",
        "variation": "text_invisible",
        "radical": "text_look_alike",
        "homoglyph": "text_mixed_script",
        "greek": "text_mixed_script",
    }
    assert len(files) == len(expected)
    for name in files:
        kind = name.removeprefix("good-text-flagged-").removesuffix(".json")
        path = VECTORS / "files" / name
        report = of_the_vectors.report(path.read_bytes(), at=NOW)
        found: Any = report.steps[5].evidence["deceptive"]
        assert [(one["code"], one["field"]) for one in found] == [(expected[kind], "/credentialSubject/name")]
        trusted: list[str | Path] = ["--controller", VECTORS / "trust" / "issuer.json"]
        trusted += [
            "--status-list",
            *(VECTORS / "trust" / f"{purpose}.json" for purpose in ("revocation", "suspension")),
        ]
        printed = command(path, *trusted, "--at", format_timestamp(NOW))
        assert printed.status == 0
        assert "Careful" in printed.out or "注意" in printed.out
        assert by_http(of_the_vectors, path.read_bytes(), at=NOW)["steps"][5]["evidence"]["deceptive"] == found
    for data in vectors("good-text-[!f]*"):
        assert "deceptive" not in of_the_vectors.report(data, at=NOW).steps[5].evidence


def test_other_credentials_are_looked_at_whole(court: SimulatedCourt, trust: TrustStore) -> None:
    nested = {"x": ["plain", {"a/b": "B\u0430nk"}]}
    token = court.issue().jwt
    header = {"alg": "ES256", "typ": "vc+jwt", "kid": court.method("cert-1")}
    token = forged_jws(header, court.credential() | nested, court.certificate_signer)
    general = Verifier(trust, policy=replace(Verifier(trust).policy, profile="vcdm", types=None))
    found: Any = general.report(token, at=NOW).steps[5].evidence["deceptive"]
    assert [(one["code"], one["field"]) for one in found] == [("text_mixed_script", "/x/1/a~1b")]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_data_over_http(court: SimulatedCourt, trust: TrustStore, text: str) -> None:
    client = TestClient(create_app(Verifier(trust), clock=lambda: NOW))
    response = client.post("/v1/verify", content=court.issue({"credentialSubject": {"name": text}}).jwt)
    assert response.json()["claims"]["credentialSubject"]["name"] == text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("output", [["--json"], []])
def test_hostile_text_is_harmless_on_a_terminal(
    court: SimulatedCourt, tmp_path: Path, text: str, output: list[str]
) -> None:
    """In the certificate, in the name of the file, and in what an unsigned document says of itself."""
    (tmp_path / "issuer").write_text(json.dumps(court.issuer_document()), "utf-8")
    escapes = "\x1b[2J\x9b2J\x07\r\n\u202e\u2066\u200b\U000e0041"
    hostile = tmp_path / "evil\x1b[2J\u202e.jwt"
    hostile.write_text(court.issue({"credentialSubject": {"name": text}}).jwt, "ascii")
    unsigned = tmp_path / "c.json"
    unsigned.write_text(json.dumps({"issuer": text + escapes, "proof": dict(PROOF, nonce=escapes)}), "utf-8")
    printed = command(hostile, unsigned, "--controller", tmp_path / "issuer", *output)
    for sign in set(printed.out) | set(printed.err):
        assert sign.isprintable() or sign == "\n", hex(ord(sign))
    if output:
        first, second = (json.loads(line) for line in printed.out.splitlines())
        assert first["file"] == str(hostile)
        assert second["steps"][2]["evidence"]["issuer"] == text + escapes


PROOF = {
    "type": "DataIntegrityProof",
    "cryptosuite": "ecdsa-jcs-2019",
    "verificationMethod": "did:web:x.example#k",
    "proofPurpose": "assertionMethod",
    "proofValue": multibase.encode(b"\1" * 64),
}


def test_every_sign_that_is_not_seen_is_escaped() -> None:
    for code in range(0x110000):
        sign = chr(code)
        if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp", "Cs"):
            assert printable(sign).isascii(), hex(code)
            assert printable(sign) != sign, hex(code)


def test_json_of_a_terminal_is_the_same_json() -> None:
    hostile: JSONObject = {"\x7f\x9b": '\x00\x1b\u2028\u202e\ue000\U000e0041王\U0001f600"\\'}
    text = printable_json(hostile)
    assert text.isprintable()
    assert json.loads(text) == hostile
