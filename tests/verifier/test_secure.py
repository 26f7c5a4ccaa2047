"""The parsers and algorithms by themselves: published vectors, and properties over all input."""

import json
import string
import struct
from pathlib import Path
from typing import Any

import cbor2
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from support.repository import ROOT
from xinzheng_schemas.multibase import decode_multikey
from xinzheng_verifier import Policy, TrustStore, Verifier
from xinzheng_verifier.errors import RefusedError, shown
from xinzheng_verifier.secure import cbor, data_integrity
from xinzheng_verifier.secure.algorithms import ES256, HashName
from xinzheng_verifier.secure.canonical import canonical_json
from xinzheng_verifier.secure.moments import numeric_date, timestamp
from xinzheng_verifier.trust.issuers import TrustedIssuer, TrustedKey, thumbprint

DATA = ROOT.parent / "shared" / "data"


def beside(folder: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not (DATA / folder).is_dir(), reason=f"{folder} is not beside the project")


def code_of(caught: pytest.ExceptionInfo[RefusedError]) -> str:
    return caught.value.code


# --- RFC 8785 ---------------------------------------------------------------------------------------------------------


@beside("jcs")
@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_canonical_json_of_rfc_8785(name: str) -> None:
    folder = DATA / "jcs" / "testdata"
    value = json.loads((folder / "input" / f"{name}.json").read_bytes())
    expected = bytes.fromhex((folder / "outhex" / f"{name}.txt").read_text("ascii"))
    assert canonical_json(value) == expected


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        (0x0000000000000000, b"0"),
        (0x8000000000000000, b"0"),
        (0x0000000000000001, b"5e-324"),
        (0x7FEFFFFFFFFFFFFF, b"1.7976931348623157e+308"),
        (0x4340000000000000, b"9007199254740992"),
        (0x4430000000000000, b"295147905179352830000"),
        (0x44B52D02C7E14AF6, b"1e+23"),
        (0x44B52D02C7E14AF5, b"9.999999999999997e+22"),
        (0x3EB0C6F7A0B5ED8D, b"0.000001"),
        (0x41B3DE4355555554, b"333333333.33333325"),
        (0x3EB0C6F7A0B5ED8C, b"9.999999999999997e-7"),
    ],
)
def test_numbers_of_rfc_8785_appendix_b(bits: int, expected: bytes) -> None:
    (number,) = struct.unpack(">d", bits.to_bytes(8, "big"))
    assert canonical_json(number) == expected


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (2**53, "number_range"),
        (float("nan"), "number_range"),
        (float("inf"), "number_range"),
        ({"\ud800": 1}, "not_canonical"),
        ("\ud800", "not_canonical"),
        ({1: 1}, "not_canonical"),
        (object(), "not_canonical"),
    ],
)
def test_values_without_canonical_form(value: Any, code: str) -> None:
    with pytest.raises(RefusedError) as caught:
        canonical_json(value)
    assert code_of(caught) == code


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_canonical_json_is_that_of_the_reference(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@given(st.text(st.characters(max_codepoint=0x3FF), max_size=40))
def test_every_escape_is_that_of_the_reference(text: str) -> None:
    assert canonical_json({"text": text}) == rfc8785.dumps({"text": text})


def test_depth_beyond_the_stack_is_no_crash() -> None:
    value: Any = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(RefusedError) as caught:
        canonical_json(value)
    assert code_of(caught) == "not_canonical"


# --- W3C vc-di-ecdsa --------------------------------------------------------------------------------------------------

W3C = DATA / "vc-di-ecdsa" / "TestVectors"


@pytest.fixture
def signed() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((W3C / "ecdsa-jcs-2019-p256" / "signedJCSECDSAP256.json").read_bytes())
    return document


@beside("vc-di-ecdsa")
@pytest.mark.parametrize(("curve", "hash_name"), [("256", "sha256"), ("384", "sha384")])
def test_hash_data_of_the_recommendation(curve: str, hash_name: HashName) -> None:
    folder = W3C / f"ecdsa-jcs-2019-p{curve}"
    document = json.loads((folder / f"signedJCSECDSAP{curve}.json").read_bytes())
    config = json.loads((folder / f"proofConfigJCSECDSAP{curve}.json").read_bytes())
    unsecured, _ = data_integrity.split(document)
    assert canonical_json(unsecured).decode() == (folder / f"canonDocJCSECDSAP{curve}.txt").read_text("utf-8").strip()
    assert canonical_json(config).decode() == (folder / f"proofCanonJCSECDSAP{curve}.txt").read_text("utf-8").strip()
    combined = (folder / f"combinedHashJCSECDSAP{curve}.txt").read_text("ascii").strip()
    assert data_integrity.hash_data(unsecured, config, hash_name=hash_name).hex() == combined


@beside("vc-di-ecdsa")
def test_signature_of_the_recommendation(signed: dict[str, Any]) -> None:
    unsecured, proofs = data_integrity.split(signed)
    (parsed,) = data_integrity.parse_proofs(proofs, context=signed["@context"])
    hexadecimal = (W3C / "ecdsa-jcs-2019-p256" / "sigHexJCSECDSAP256.txt").read_text("ascii").strip()
    assert parsed.signature.hex() == hexadecimal
    multikey = json.loads((W3C / "p256KeyPair.json").read_bytes())["publicKeyMultibase"]
    _, point = decode_multikey(multikey)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    message = data_integrity.signed_bytes(unsecured, parsed, hash_name="sha256")
    assert ES256.verify(key, signature=parsed.signature, message=message)


@beside("vc-di-ecdsa")
def test_credential_of_the_recommendation_passes_the_whole_procedure(signed: dict[str, Any]) -> None:
    """Its issuer is not the key's controller; here the lender's own trust says that the key is the issuer's."""
    multikey = json.loads((W3C / "p256KeyPair.json").read_bytes())["publicKeyMultibase"]
    key_type, point = decode_multikey(multikey)
    public_key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    names = frozenset({signed["proof"]["verificationMethod"]})
    key = TrustedKey(
        method_ids=names,
        assertion_methods=names,
        key_type=key_type,
        public_key=public_key,
        kid=thumbprint(key_type, public_key)[:8],
    )
    terms = ("AlumniCredential", "alumniOf")
    vocabulary = {term: f"https://www.w3.org/ns/credentials/examples#{term}" for term in terms}
    contexts: dict[str, dict[str, Any]] = {url: {"@context": vocabulary} for url in signed["@context"][1:]}
    trust = TrustStore({signed["issuer"]: TrustedIssuer(id=signed["issuer"], keys=(key,))}, {}, contexts)
    at = timestamp("2026-11-23T08:00:00Z", field="")
    report = Verifier(trust, policy=Policy(profile="vcdm")).report(json.dumps(signed), at=at)
    assert report.code == "ok"
    signed["credentialSubject"]["alumniOf"] = "Another School"
    report = Verifier(trust, policy=Policy(profile="vcdm")).report(json.dumps(signed), at=at)
    assert report.code == "signature_invalid"


# --- ECDSA ------------------------------------------------------------------------------------------------------------


def wycheproof() -> list[tuple[str, dict[str, Any]]]:
    path = DATA / "wycheproof" / "testvectors_v1" / "ecdsa_secp256r1_sha256_p1363_test.json"
    groups = json.loads(path.read_bytes())["testGroups"] if path.is_file() else []
    return [(group["publicKey"]["uncompressed"], test) for group in groups for test in group["tests"]]


@beside("wycheproof")
def test_ecdsa_of_wycheproof() -> None:
    cases = wycheproof()
    assert len(cases) > 200
    for point, test in cases:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(point))
        holds = ES256.verify(key, signature=bytes.fromhex(test["sig"]), message=bytes.fromhex(test["msg"]))
        assert holds is (test["result"] == "valid"), test["comment"]


# --- CBOR -------------------------------------------------------------------------------------------------------------

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(-300, 300), inner, max_size=4),
    max_leaves=6,
)


@given(PLAIN)
def test_deterministic_cbor_is_read_as_it_was_written(value: Any) -> None:
    assert cbor.loads(cbor2.dumps(value, canonical=True)) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_cbor_or_refused(data: bytes) -> None:
    try:
        value = cbor.loads(data)
    except RefusedError:
        return
    assert cbor2.dumps(value, canonical=True) == data


# --- JSON -----------------------------------------------------------------------------------------------------


@beside("json-test-suite")
def test_json_test_suite_is_answered_and_nothing_of_it_passes() -> None:
    """Whatever must not parse is refused when read; whatever parses bears no proof."""
    paths = sorted((DATA / "json-test-suite" / "test_parsing").iterdir())
    assert len(paths) > 300
    for path in paths:
        report = Verifier(TRUST).report(path.read_bytes(), at=AT)
        assert report.verdict == "failed", path.name
        if path.name.startswith("n_"):
            assert report.deciding_step.number == 1, path.name


# --- moments ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, 7, True, "2026-11-23", "2026-11-23T08:00:00", "now", ["2026-11-23T08:00:00Z"]])
def test_what_is_no_timestamp(value: Any) -> None:
    with pytest.raises(RefusedError) as caught:
        timestamp(value, field="/validFrom")
    assert (code_of(caught), caught.value.field) == ("date_malformed", "/validFrom")


@pytest.mark.parametrize("value", [None, True, "1", -1, -0.5, float("nan"), float("inf"), 253_402_300_800, 10**30])
def test_what_is_no_numeric_date(value: Any) -> None:
    with pytest.raises(RefusedError) as caught:
        numeric_date(value, field="/exp")
    assert code_of(caught) == "date_malformed"


def test_last_numeric_date() -> None:
    assert numeric_date(253_402_300_799, field="/exp").isoformat() == "9999-12-31T23:59:59+00:00"
    assert numeric_date(0.5, field="/exp").isoformat() == "1970-01-01T00:00:00.500000+00:00"


# --- evidence ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x" * 1000, "x" * 80),
        (b"\xff" * 1000, "ff" * 40),
        pytest.param(10**6000, "integer", id="long integer"),
        (7, "7"),
        (None, "nothing"),
        ([1], "list"),
        ({}, "dict"),
    ],
)
def test_untrusted_values_are_shown_shortly(value: object, expected: str) -> None:
    assert shown(value) == expected


# --- nothing escapes --------------------------------------------------------------------------------------------------

VECTORS = Path(__file__).parents[1] / "vectors"
GOOD = [(VECTORS / "files" / name).read_bytes() for name in ("good.json", "good.jwt", "good.qr.txt")]
TRUST = TrustStore.from_documents(
    [(VECTORS / "trust" / "issuer.json").read_bytes()],
    [(VECTORS / "trust" / f"{purpose}.json").read_bytes() for purpose in ("revocation", "suspension")],
)
AT = timestamp("2026-11-23T09:00:00Z", field="")


@given(data=st.sampled_from(GOOD), position=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_one_changed_byte_never_passes_as_something_else(data: bytes, position: int, byte: int) -> None:
    at = position % len(data)
    changed = data[:at] + bytes([byte]) + data[at + 1 :]
    report = Verifier(TRUST).report(changed, at=AT)
    if report.code == "ok":  # white space between tokens of JSON, or the same byte
        assert report.claims == Verifier(TRUST).verify(data, at=AT)


@given(data=st.sampled_from(GOOD), start=st.integers(0, 10_000), length=st.integers(1, 200), text=st.text(max_size=20))
def test_cut_and_pasted_input_is_answered(data: bytes, start: int, length: int, text: str) -> None:
    at = start % len(data)
    report = Verifier(TRUST).report(data[:at] + text.encode() + data[at + length :], at=AT)
    if report.code == "ok":
        assert report.claims == Verifier(TRUST).verify(data, at=AT)


@given(st.binary(max_size=300) | st.text(string.printable, max_size=300).map(str.encode))
def test_any_bytes_are_answered_and_fail(data: bytes) -> None:
    report = Verifier(TRUST).report(data, at=AT)
    assert report.verdict == "failed"
    assert report.to_json()["claims"] is None


@given(text=st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=200))
def test_any_text_of_a_symbol_is_answered(text: str) -> None:
    assert Verifier(TRUST).report(f"XZ1:{text}", at=AT).verdict == "failed"
