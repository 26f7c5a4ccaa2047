"""The QR form: an exact inverse pair, refused in any other spelling, and small enough for paper."""

import copy
import os
import zlib
from collections.abc import Iterator
from typing import Any

import base45
import cbor2
import pytest
import qrcode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.certificate_strategies import credentials, texts
from support.certificates import ZAOYANG_COURT, company_credential, zaoyang_credential
from xinzheng_schemas import qr_profile
from xinzheng_schemas.certificate import STATUS_PURPOSES, CertificateError
from xinzheng_schemas.qr_profile import BODY, CourtIdentity, QRProfileError, from_claims, to_claims
from xinzheng_schemas.vocabulary import (
    ConsumptionRestrictionStatus,
    IdType,
    ListingGround,
    MaskingGround,
    PerformanceStatus,
    Purpose,
    SubjectKind,
)

COURT = CourtIdentity(ZAOYANG_COURT["name"], ZAOYANG_COURT["courtCode"], ZAOYANG_COURT["regionCode"])
OTHER_COURT = CourtIdentity("襄阳市中级人民法院", "鄂06", "420600")


def through_cbor(claims: dict[int, Any]) -> Any:
    return cbor2.loads(cbor2.dumps(claims, canonical=True))


def refusal(claims: object, court: CourtIdentity | None = COURT) -> QRProfileError:
    with pytest.raises(QRProfileError) as caught:
        from_claims(claims, court=court)
    assert caught.value.message("en") != caught.value.message("zh")
    return caught.value


# --- an exact inverse pair ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("court", [COURT, OTHER_COURT, None])
@pytest.mark.parametrize("credential", [zaoyang_credential(), company_credential()])
def test_examples_come_back(credential: dict[str, Any], court: CourtIdentity | None) -> None:
    claims = to_claims(credential, court=court)
    assert from_claims(through_cbor(claims), court=court) == credential


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(credentials(), st.booleans())
def test_every_certificate_comes_back(credential: dict[str, Any], known: bool) -> None:
    named = credential["credentialSubject"]["enforcementCourt"]
    court = CourtIdentity(named["name"], named["courtCode"], named["regionCode"]) if known else None
    claims = to_claims(credential, court=court)
    assert (claims[BODY][0] is None) is known
    assert from_claims(through_cbor(claims), court=court) == credential


def test_court_that_is_carried_needs_no_trust_list() -> None:
    claims = to_claims(zaoyang_credential(), court=None)
    assert from_claims(claims, court=COURT) == from_claims(claims, court=None) == zaoyang_credential()


def test_what_follows_from_the_rest_is_left_out() -> None:
    body = to_claims(zaoyang_credential(), court=COURT)[BODY]
    assert body[:2] == [None, [1, 94567]]
    assert len(body[2]) == 8  # of the certificate number
    assert "枣阳市人民法院".encode() not in cbor2.dumps(body)
    assert len(cbor2.dumps(to_claims(company_credential(), court=COURT)[BODY][8])) == 17  # the salt alone


def test_credential_is_checked_before_it_is_written() -> None:
    with pytest.raises(CertificateError):
        to_claims(zaoyang_credential(name=""), court=COURT)


def test_word_order_of_the_format_is_fixed() -> None:
    # Positions are what paper carries for ever: a new word goes to the end of its enumeration.
    assert [[member.value for member in kind] for kind in (SubjectKind, IdType, ListingGround)] == [
        ["naturalPerson", "organization"],
        ["residentId", "uscc", "orgCode", "passport", "other"],
        ["art1-1", "art1-2", "art1-3", "art1-4", "art1-5", "art1-6"],
    ]
    assert [member.value for member in PerformanceStatus] == [
        "fullyPerformed",
        "settlementPerformed",
        "enforcedInFull",
        "partlyPerformed",
        "notPerformed",
    ]
    assert [member.value for member in MaskingGround] == [
        *(f"art10-{number}" for number in range(1, 8)),
        "termExpired",
        "art2EarlyDeletion",
        "conditionalRepair",
    ]
    assert [member.value for member in ConsumptionRestrictionStatus] == ["lifted", "inForce", "notStated"]
    assert [member.value for member in Purpose] == ["financing", "bidding", "other"]


def test_zaoyang_claims_are_these_very_bytes() -> None:
    claims = to_claims(zaoyang_credential(), court=COURT)
    assert cbor2.dumps(claims, canonical=True).hex() == ZAOYANG_CBOR


ZAOYANG_CBOR = (
    "a501781d6469643a7765623a787a2e6578616d706c653a6469643a343230363833041a6bf29200051a6b03f28007507d1f9a523c0e4b8e"
    "9a4f5b6f1e2d3c4b3a00010000981bf682011a0001716748798e89bf05d5934c44738b67d00000462a1645fd8665f65820000102030405"
    "060708090a0b0c0d0e0fbdf657048a213bbac95f27aa42ff7a21830601187b8183050019041683050819090df5194a6c194a9500f6016c"
    "e5b18f323032362d3030313719512919512901f40000f6190708"
)


# --- size -----------------------------------------------------------------------------------------------------------


def qr_text(claims: dict[int, Any]) -> str:
    """The text of a symbol, with random bytes where the signature and the key name go."""
    protected = cbor2.dumps({1: -7, 4: os.urandom(8)}, canonical=True)
    message = cbor2.CBORTag(18, [protected, {}, cbor2.dumps(claims, canonical=True), os.urandom(64)])
    compressed = zlib.compress(cbor2.dumps(message), 9)
    return "XZ1:" + bytes(base45.b45encode(compressed)).decode()


def version(text: str) -> int:
    symbol = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    symbol.add_data(text)
    symbol.make(fit=True)
    return int(symbol.version or 0)


def at_host(credential: dict[str, Any], host: str) -> dict[str, Any]:
    moved: dict[str, Any] = copy.deepcopy(credential)
    moved["issuer"] = moved["issuer"].replace("xz.example", host)
    for entry in moved["credentialStatus"]:
        entry["statusListCredential"] = entry["statusListCredential"].replace("xz.example", host)
    return moved


LIMIT = 483
"""Alphanumeric characters of a QR symbol of version 13, level M (ISO/IEC 18004, table 7)."""


@pytest.mark.parametrize("host", ["xz.example", "xinzheng.example"])
@pytest.mark.parametrize("credential", [zaoyang_credential(), company_credential()])
def test_certificate_fits_into_version_13(credential: dict[str, Any], host: str) -> None:
    # Company: a name of 14 characters, and a purpose in words.
    text = qr_text(to_claims(at_host(credential, host), court=COURT))
    assert len(text) <= LIMIT
    assert version(text) <= 13


def test_strict_mask_is_packed_too() -> None:
    credential = zaoyang_credential(maskedIdNumber="420683********001X")
    claims = to_claims(credential, court=COURT)
    assert len(claims[BODY][PLACE["maskedIdNumber"]]) == 5
    assert from_claims(through_cbor(claims), court=COURT) == credential


def test_other_masks_stay_text() -> None:
    credential = zaoyang_credential(idType="passport", maskedIdNumber="E12****789")
    assert from_claims(to_claims(credential, court=COURT), court=COURT) == credential


def test_person_leaves_room() -> None:
    assert len(qr_text(to_claims(zaoyang_credential(), court=COURT))) <= LIMIT - 40
    assert len(qr_text(to_claims(zaoyang_credential(name="阿卜杜热合曼·买买提艾力江"), court=COURT))) <= LIMIT


@given(texts(200))
def test_chinese_takes_two_bytes_a_character(name: str) -> None:
    written = to_claims(zaoyang_credential(name=name), court=COURT)[BODY][3]
    octets = written if isinstance(written, bytes) else written.encode()
    assert len(octets) == min(len(name.encode()), len(name.encode("utf-16-be")))


# --- hostile claims -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims", [None, [], {}, b"", {1: "did:web:xz.example"}, {"1": 2}, cbor2.CBORTag(61, {}), 7, {None: 1}]
)
def test_no_claims_set(claims: object) -> None:
    assert refusal(claims).code == "qr_malformed"


def test_foreign_or_missing_claims_are_refused() -> None:
    claims = to_claims(zaoyang_credential(), court=COURT)
    assert refusal({**claims, 6: 1795420800}).field == "/"
    for key in claims:
        assert refusal({name: value for name, value in claims.items() if name != key}).field == "/"


def test_true_is_no_claim_key() -> None:
    claims = to_claims(zaoyang_credential(), court=COURT)
    assert refusal({True if key == 1 else key: value for key, value in claims.items()}).code == "qr_malformed"


def test_unknown_court_is_said() -> None:
    error = refusal(to_claims(zaoyang_credential(), court=COURT), court=None)
    assert (error.code, error.field) == ("qr_court_unknown", "/court")


def with_claim(key: int, value: object) -> dict[int, Any]:
    return {**to_claims(zaoyang_credential(), court=COURT), key: value}


def with_place(place: int, value: object, credential: dict[str, Any] | None = None) -> dict[int, Any]:
    claims = to_claims(credential or zaoyang_credential(), court=COURT)
    claims[BODY][place] = value
    return claims


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (1, "did:key:z6Mk"),
        (1, b"did:web:xz.example:did:420683"),
        (1, "x" * 600),
        (4, 1795420800.0),
        (4, True),
        (4, "1795420800"),
        (4, 2**63),
        (4, 1795420799),
        (5, -(2**62)),
        (5, None),
        (7, b"\0" * 15),
        (7, "7d1f9a52"),
        (BODY, {}),
        (BODY, []),
        (BODY, [None] * 27),
        (BODY, (1, 2)),
    ],
)
def test_bad_claim(key: int, value: object) -> None:
    assert refusal(with_claim(key, value)).code == "qr_malformed"


PLACE = {slot.name: place for place, slot in enumerate(qr_profile._SLOTS, 2)} | {"court": 0, "status": 1}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("court", ["枣阳市人民法院", "鄂0683"]),
        ("court", ["枣阳市人民法院", "鄂683", "420683"]),
        ("court", [1, 2, 3]),
        ("court", False),
        ("status", [1]),
        ("status", [-1, 5]),
        ("status", [1, 10**11]),
        ("status", [1, "5"]),
        ("status", ["https://xz.example/a", None, 5]),
        ("status", ["https://xz.example/status/420683/1/" + purpose for purpose in STATUS_PURPOSES] + [5]),
        ("certificateNumber", b"\0" * 7),
        ("certificateNumber", [b"\0" * 8]),
        ("certificateNumber", [b"\0" * 8, 2026]),
        ("certificateNumber", [b"\0" * 8, 10_000]),
        ("certificateNumber", [b"\0" * 8, 2025, 7]),
        ("certificateNumber", "鄂0683-2026-7K3M9QW2XB4TC"),
        ("name", None),
        ("name", ""),
        ("name", b"\xd8\x00"),
        ("name", b"\x00"),
        ("name", "王某"),
        ("name", "王" * 600),
        ("name", b"\x73\x8b" * 600),
        ("name", ["王某"]),
        ("subjectKind", 2),
        ("subjectKind", -1),
        ("subjectKind", False),
        ("idType", 1),
        ("maskedIdNumber", None),
        ("maskedIdNumber", b"\xff" * 6),
        ("maskedIdNumber", b"\xff" * 7),
        ("maskedIdNumber", "4206831990****001X"),
        ("maskedIdNumber", 5),
        ("unifiedSocialCreditCode", b"\0" * 12),
        ("unifiedSocialCreditCode", b"\xff" * 12),
        ("unifiedSocialCreditCode", "91420683MA0000007M"),
        ("idCommitment", b"\0" * 16),
        ("idCommitment", "sha-256"),
        ("enforcementCaseNumber", [6, 1]),
        ("enforcementCaseNumber", [6, 1, 0]),
        ("enforcementCaseNumber", [6, 99, 7]),
        ("enforcementCaseNumber", [6, "执恢", 7]),
        ("enforcementCaseNumber", [6, 1, 7, None]),
        ("enforcementCaseNumber", [6, 1, 7, "鄂0683"]),
        ("enforcementCaseNumber", [6, 1, 7, None, "1"]),
        ("enforcementCaseNumber", [-1, 1, 7]),
        ("enforcementCaseNumber", [6, 8, 7]),
        ("enforcementCaseNumber", [6, [], 7]),
        ("enforcementCaseNumber", "（2022）鄂0683执恢123号"),
        ("originalCaseNumber", []),
        ("originalCaseNumber", [[5, 0, 1046]] * 2),
        ("originalCaseNumber", [[5, 0, 1046]] * 17),
        ("originalCaseNumber", [5, 0, 1046]),
        ("enforcementBasisNumber", [5, "", 7]),
        ("basisIssuingBody", "枣阳市人民法院"),
        ("basisIssuingBody", False),
        ("caseFiledDate", 2**40),
        ("caseFiledDate", -(2**40)),
        ("caseFiledDate", 19_000.0),
        ("listingGround", [0]),
        ("listingGround", []),
        ("listingGround", [0, 0]),
        ("listingGround", 6),
        ("performanceStatus", 5),
        ("serial", None),
        ("conditional", 0),
        ("conditional", None),
        ("ground", 10),
        ("purpose", [[0], 1]),
        ("purposeText", " "),
        ("listCheckedAt", 2**60),
        ("listCheckedAt", "1800"),
        ("listCheckedAt", None),
    ],
)
def test_bad_place_is_refused(name: str, value: object) -> None:
    error = refusal(with_place(PLACE[name], value))
    assert error.code == "qr_malformed"
    assert error.field is not None


def test_short_commitment_of_a_code_that_is_none_is_refused() -> None:
    claims = with_place(PLACE["unifiedSocialCreditCode"], (36**18 - 1).to_bytes(12, "big"), company_credential())
    assert refusal(claims).code == "qr_malformed"


def test_full_commitment_where_the_salt_is_enough_is_refused() -> None:
    claims = to_claims(company_credential(), court=COURT)
    place = PLACE["idCommitment"]
    digest = from_claims(claims, court=COURT)["credentialSubject"]["idCommitment"].rpartition(":")[2]
    assert digest
    claims[BODY][place] = claims[BODY][place] + bytes(16)
    assert from_claims(claims, court=COURT)  # another digest: stated in full
    stated = to_claims(from_claims(claims, court=COURT), court=COURT)
    assert stated == claims


hostile = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(-3, 40),
        st.floats(),
        st.text(max_size=20),
        st.binary(max_size=40),
        st.builds(cbor2.CBORTag, st.integers(0, 100), st.text(max_size=3)),
        st.just(cbor2.undefined),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.integers(), inner, max_size=3)),
    max_leaves=10,
)


def outcomes(claims: object) -> Iterator[object]:
    """What `from_claims` gives for the two kinds of trust; nothing but its own error may escape."""
    for court in (COURT, None):
        try:
            yield from_claims(claims, court=court)
        except QRProfileError as error:
            yield error.code


@given(hostile)
def test_anything_is_refused_with_a_code(claims: object) -> None:
    assert set(outcomes(claims)) <= {"qr_malformed", "qr_court_unknown"}


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 26), hostile, st.sampled_from([zaoyang_credential(), company_credential()]))
def test_anything_in_any_place_is_read_or_refused(place: int, value: object, credential: dict[str, Any]) -> None:
    claims = with_place(place, value, credential)
    for court in (COURT, None):
        try:
            read = from_claims(claims, court=court)
        except QRProfileError:
            continue
        assert to_claims(read, court=None if value else court) == claims or to_claims(read, court=court) == claims


@given(st.sampled_from([1, 4, 5, 7]), hostile)
def test_anything_in_any_claim_is_read_or_refused(key: int, value: object) -> None:
    for outcome in outcomes(with_claim(key, value)):
        assert isinstance(outcome, dict) or outcome in {"qr_malformed", "qr_court_unknown"}
