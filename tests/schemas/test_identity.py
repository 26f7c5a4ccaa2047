"""Identity numbers: check digits, masking, commitments, and that no full number leaks."""

import contextlib
import hashlib
import hmac
import pickle
import string
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from xinzheng_schemas import base64url
from xinzheng_schemas.identity import (
    DocumentNumber,
    IdCommitment,
    Identity,
    IdentityError,
    MaskedId,
    MaskStyle,
    ResidentId,
    UnifiedSocialCreditCode,
    parse_identity,
)
from xinzheng_schemas.vocabulary import IdType

WANG = "42068319900101001X"
OTHER = "420683198506151235"
COMPANY = "91420683MA0000007M"
SALT = bytes(range(16))
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def iso7064_fits(number: str) -> bool:
    """ISO 7064 MOD 11-2: another way to the check digit than the weights of GB 11643."""
    remainder = 0
    for character in number:
        remainder = (remainder * 2 + "0123456789X".index(character)) % 11
    return remainder == 1


@st.composite
def resident_numbers(draw: st.DrawFn) -> str:
    region = draw(st.text("0123456789", min_size=6, max_size=6))
    born = draw(st.dates(date(1900, 1, 1), date(2026, 1, 1)))
    body = f"{region}{born:%Y%m%d}{draw(st.integers(0, 999)):03}"
    return next(body + digit for digit in "0123456789X" if iso7064_fits(body + digit))


def uscc_of(body: str) -> str:
    total = sum(USCC_ALPHABET.index(character) * 3**power for power, character in enumerate(body))
    return body + USCC_ALPHABET[-total % 31]


@st.composite
def uscc_numbers(draw: st.DrawFn) -> str:
    head = draw(st.text(USCC_ALPHABET, min_size=2, max_size=2)) + draw(st.text("0123456789", min_size=6, max_size=6))
    organization = draw(st.text(USCC_ALPHABET, min_size=8, max_size=8))
    values = [(string.digits + string.ascii_uppercase).index(character) for character in organization]
    total = sum(value * weight for value, weight in zip(values, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    return uscc_of(head + organization + {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11)))


def refuse_resident(text: str) -> str:
    with pytest.raises(IdentityError) as caught:
        ResidentId.parse(text, field="idNumber")
    assert caught.value.field == "idNumber"
    return caught.value.code


def refuse_uscc(text: str) -> str:
    with pytest.raises(IdentityError) as caught:
        UnifiedSocialCreditCode.parse(text)
    return caught.value.code


# --- resident ID ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "born"),
    [(WANG, date(1990, 1, 1)), (OTHER, date(1985, 6, 15)), ("11010519491231002X", date(1949, 12, 31))],
)
def test_resident_ids(text: str, born: date) -> None:
    identity = ResidentId.parse(text)
    assert (identity.number, identity.born, identity.region_code) == (text, born, text[:6])
    assert identity.id_type is IdType.RESIDENT_ID


def test_small_x_and_full_width_are_read() -> None:
    assert (
        ResidentId.parse(WANG.lower())
        == ResidentId.parse("４２０６８３１９９００１０１００１Ｘ")
        == ResidentId.parse(WANG)
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "resident_id_length"),
        (WANG[:-1], "resident_id_length"),
        ("420683900101001", "resident_id_length"),
        (WANG + "0", "resident_id_length"),
        ("4" * 500_000, "resident_id_length"),
        ("4206831990O101001X", "resident_id_characters"),
        ("4206831990010100X1", "resident_id_characters"),
        ("42068319900101001Y", "resident_id_characters"),
        ("4206831990****001X", "resident_id_characters"),
        ("42068319900101001ẍ", "resident_id_characters"),
        ("٤2068319900101001X", "resident_id_characters"),
        (" 2068319900101001X", "resident_id_characters"),
        ("42068319900230001X", "resident_id_birth_date"),
        ("42068319901301001X", "resident_id_birth_date"),
        ("42068300000101001X", "resident_id_birth_date"),
        ("42068319900000001X", "resident_id_birth_date"),
        ("420683199001010011", "resident_id_check_digit"),
        ("42068319900101002X", "resident_id_check_digit"),
    ],
)
def test_resident_ids_refused(text: str, code: str) -> None:
    assert refuse_resident(text) == code


@given(resident_numbers())
def test_every_check_digit_but_one_is_refused_and_named(number: str) -> None:
    assert ResidentId.parse(number).born == date.fromisoformat(number[6:14])
    for digit in set("0123456789X") - {number[-1]}:
        assert refuse_resident(number[:-1] + digit) == "resident_id_check_digit"


@given(resident_numbers(), st.integers(0, 16), st.sampled_from(string.digits))
def test_one_wrong_digit_is_always_noticed(number: str, position: int, digit: str) -> None:
    assume(number[position] != digit)
    changed = number[:position] + digit + number[position + 1 :]
    assert refuse_resident(changed) in {"resident_id_check_digit", "resident_id_birth_date"}


# --- unified social credit code -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["91350100M000100Y43", COMPANY, "92420683MA0000015D"])
def test_credit_codes(text: str) -> None:
    code = UnifiedSocialCreditCode.parse(text.lower())
    assert (code.number, code.failed_check, code.id_type) == (text, None, IdType.USCC)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "uscc_length"),
        (COMPANY + "1", "uscc_length"),
        ("91420683MA0000007I", "uscc_characters"),
        ("9142068OMA0000007M", "uscc_characters"),
        ("914206A3MA0000007M", "uscc_characters"),
        ("91420683MA000000*M", "uscc_characters"),
        ("91420683MA0000007N", "uscc_check_character"),
        ("91420683MA0000008M", "uscc_check_character"),
        (uscc_of("91420683MA0000008"), "uscc_organization_check"),
    ],
)
def test_credit_codes_refused(text: str, code: str) -> None:
    assert refuse_uscc(text) == code


def test_the_wrong_character_is_named() -> None:
    with pytest.raises(IdentityError, match="character 6 of the unified"):
        UnifiedSocialCreditCode.parse("91420O83MA0000007M")


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        (COMPANY, None),
        ("91420683MA0000007N", "uscc_check_character"),
        (uscc_of("91420683MA0000008"), "uscc_organization_check"),
    ],
)
def test_a_failed_check_can_be_overridden_and_stays_on_record(text: str, failed: str | None) -> None:
    assert UnifiedSocialCreditCode.parse(text, allow_failed_check=True).failed_check == failed


def test_an_override_covers_nothing_but_the_checks() -> None:
    for text in ("91420683MA0000007I", COMPANY[:-1]):
        with pytest.raises(IdentityError):
            UnifiedSocialCreditCode.parse(text, allow_failed_check=True)


@given(uscc_numbers())
def test_every_check_character_but_one_is_refused_and_named(number: str) -> None:
    UnifiedSocialCreditCode.parse(number)
    for character in set(USCC_ALPHABET) - {number[-1]}:
        assert refuse_uscc(number[:-1] + character) == "uscc_check_character"


# --- other documents ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id_type", "text", "number"),
    [
        (IdType.ORG_CODE, "M000100Y-4", "M000100Y4"),
        (IdType.ORG_CODE, "m000100y4", "M000100Y4"),
        (IdType.PASSPORT, "e12345678", "E12345678"),
        (IdType.PASSPORT, "Ｅ１２", "E12"),
        (IdType.OTHER, "军字第20260001号", "军字第20260001号"),
    ],
)
def test_documents(id_type: IdType, text: str, number: str) -> None:
    assert DocumentNumber.parse(id_type, text) == DocumentNumber(id_type, number)


@pytest.mark.parametrize(
    ("id_type", "text", "code"),
    [
        (IdType.ORG_CODE, "M000100Y-5", "organization_code_malformed"),
        (IdType.ORG_CODE, "M000100Y--4", "organization_code_malformed"),
        (IdType.ORG_CODE, "", "organization_code_malformed"),
        (IdType.ORG_CODE, "字000100Y-4", "organization_code_malformed"),
        (IdType.PASSPORT, "", "id_number_malformed"),
        (IdType.PASSPORT, "E 1", "id_number_malformed"),
        (IdType.PASSPORT, "E1\n", "id_number_malformed"),
        (IdType.OTHER, "E1\u202e2", "id_number_malformed"),
        (IdType.OTHER, "1" * 65, "id_number_malformed"),
        (IdType.OTHER, "1" * 10_000_000, "id_number_malformed"),
    ],
)
def test_documents_refused(id_type: IdType, text: str, code: str) -> None:
    with pytest.raises(IdentityError) as caught:
        parse_identity(id_type, text)
    assert caught.value.code == code


# --- masked numbers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "text"), [(MaskStyle.PUBLIC_LIST, "4206831990****001X"), (MaskStyle.STRICT, "420683********001X")]
)
def test_masked(style: MaskStyle, text: str) -> None:
    masked = MaskedId.of(ResidentId.parse(WANG), style=style)
    assert str(masked) == text
    assert MaskedId.parse(text) == masked
    assert masked.matches(ResidentId.parse(WANG))
    assert not masked.matches(ResidentId.parse(OTHER))


@pytest.mark.parametrize(
    "text",
    ["", WANG, "4206831990***001X", "4206831990*****01X", "420683****0101001X", "4206831990****001x", "*" * 18,
     "4206831990＊＊＊＊001X", "4206831990****001X\n"],
)  # fmt: skip
def test_masked_refused(text: str) -> None:
    with pytest.raises(IdentityError, match="never a full one") as caught:
        MaskedId.parse(text)
    assert (caught.value.code, caught.value.field) == ("masked_id_malformed", "maskedIdNumber")


@given(resident_numbers(), st.sampled_from(MaskStyle))
def test_masking_round_trip(number: str, style: MaskStyle) -> None:
    identity = ResidentId.parse(number)
    masked = MaskedId.of(identity, style=style)
    assert MaskedId.parse(str(masked)) == masked
    assert masked.matches(identity)
    assert number not in repr(masked)


# --- commitments ----------------------------------------------------------------------------------------------------


def test_commitment_is_the_documented_digest() -> None:
    message = b"xinzheng-id-commitment-v1\0residentId\0" + WANG.encode()
    digest = hmac.new(SALT, message, hashlib.sha256).digest()[:16]
    expected = f"sha-256:{base64url.encode(SALT)}:{base64url.encode(digest)}"
    assert str(IdCommitment.create(IdType.RESIDENT_ID, WANG.lower(), salt=SALT)) == expected


def test_commitment_matches_its_number_alone() -> None:
    commitment = IdCommitment.parse(str(IdCommitment.create(IdType.RESIDENT_ID, WANG, salt=SALT)))
    assert commitment.matches(ResidentId.parse(WANG))
    assert commitment.matches(WANG)
    assert commitment.matches(WANG.lower(), id_type=IdType.RESIDENT_ID)
    assert not commitment.matches(WANG, id_type=IdType.PASSPORT)
    assert not commitment.matches(ResidentId.parse(OTHER))
    assert not commitment.matches(UnifiedSocialCreditCode.parse(COMPANY))
    for text in ("", OTHER, COMPANY, "x" * 1000, WANG + " "):
        assert not commitment.matches(text)


@pytest.mark.parametrize(
    ("id_type", "number"),
    [
        (IdType.USCC, COMPANY),
        (IdType.USCC, "91420683MA0000007N"),
        (IdType.ORG_CODE, "M000100Y-4"),
        (IdType.PASSPORT, "E12345678"),
        (IdType.OTHER, "军字第20260001号"),
    ],
)
def test_commitments_to_other_numbers(id_type: IdType, number: str) -> None:
    commitment = IdCommitment.create(id_type, number, salt=SALT)
    assert commitment.matches(number)
    assert commitment.matches(parse_identity(id_type, number.lower()))
    assert not commitment.matches(number, id_type=IdType.RESIDENT_ID)


def test_salt_separates_commitments_of_one_number() -> None:
    first, second = (IdCommitment.create(IdType.RESIDENT_ID, WANG, salt=salt) for salt in (SALT, bytes(16)))
    assert first.digest != second.digest
    with pytest.raises(ValueError, match="16 bytes"):
        IdCommitment.create(IdType.RESIDENT_ID, WANG, salt=bytes(15))


def test_only_a_number_can_be_committed_to() -> None:
    with pytest.raises(IdentityError):
        IdCommitment.create(IdType.RESIDENT_ID, OTHER[:-1] + "0", salt=SALT)


GOOD = str(IdCommitment.create(IdType.RESIDENT_ID, WANG, salt=SALT))


@pytest.mark.parametrize(
    "text",
    [
        "", "sha-256", GOOD[:-1], GOOD + "A", GOOD.replace("sha-256", "sha-512"), GOOD.replace("sha-256", "SHA-256"),
        GOOD.replace(":", "."), GOOD[:-1] + "_", GOOD[:-1] + "=", "sha-256:" + "A" * 23 + ":" + "A" * 21,
        "sha-256:" + "A" * 22 + ":" + "A" * 21 + ":", "A" * 500_000,
    ],
)  # fmt: skip
def test_commitments_refused(text: str) -> None:
    with pytest.raises(IdentityError) as caught:
        IdCommitment.parse(text, field="/credentialSubject/idCommitment")
    assert caught.value.code == "id_commitment_malformed"


@given(st.binary(min_size=16, max_size=16), resident_numbers())
def test_commitment_round_trip(salt: bytes, number: str) -> None:
    commitment = IdCommitment.create(IdType.RESIDENT_ID, number, salt=salt)
    assert IdCommitment.parse(str(commitment)) == commitment
    assert commitment.matches(number)
    assert str(commitment).isascii()


# --- nothing leaks, nothing crashes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "identity",
    [ResidentId.parse(WANG), DocumentNumber.parse(IdType.PASSPORT, "E12345678")],
    ids=["resident", "passport"],
)
def test_text_forms_hide_personal_numbers(identity: Identity) -> None:
    commitment = IdCommitment.create(identity.id_type, identity.number, salt=SALT)
    shown = f"{identity} {identity!r} {[identity]} {commitment!r}"
    assert identity.number not in shown
    assert identity.number[6:14] not in shown
    assert "1990" not in shown
    assert base64url.encode(SALT) not in shown
    assert pickle.loads(pickle.dumps(identity)) == identity  # noqa: S301


@given(st.sampled_from(IdType), resident_numbers(), st.data())
def test_errors_never_repeat_the_number(id_type: IdType, number: str, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, 17))
    changed = number[:position] + data.draw(st.sampled_from("0123456789XZ*-")) + number[position + 1 :]
    for parse in (lambda text: parse_identity(id_type, text), MaskedId.parse, IdCommitment.parse):
        try:
            parse(changed)
        except IdentityError as error:
            shown = f"{error} {error!r} {error.message('zh')} {error.params} {error.__cause__!r} {error.__context__!r}"
            assert changed not in shown
            assert changed[6:14] not in shown


@given(st.sampled_from(IdType), st.text(max_size=30) | st.text("0123456789XABCY*:-", min_size=18, max_size=18))
def test_any_text_gives_an_identity_or_a_coded_error(id_type: IdType, text: str) -> None:
    for parse in (lambda value: parse_identity(id_type, value), MaskedId.parse, IdCommitment.parse):
        with contextlib.suppress(IdentityError):
            parse(text)
