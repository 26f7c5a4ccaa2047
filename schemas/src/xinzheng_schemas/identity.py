"""Who a certificate is about: resident ID numbers, unified social credit codes, masked numbers, commitments.

    ResidentId                 公民身份号码, GB 11643
    UnifiedSocialCreditCode    统一社会信用代码, GB 32100, with the organization code of GB 11714 inside
    DocumentNumber             any other document
    MaskedId                   what a certificate shows of a resident ID
    IdCommitment               salted digest that lets a holder of the full number check that it is the same

No text form of these types (`repr`, error messages) carries a full number; `number` alone does.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import ClassVar, Final, Self, TypeAlias

from xinzheng_schemas import base64url
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.messages import MESSAGES
from xinzheng_schemas.vocabulary import IdType

SALT_BYTES = 16
"""Bytes of random salt in a commitment."""

_LENGTH = 18
_MAX_DOCUMENT_CHARACTERS = 64
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECK_DIGITS = "10X98765432"
_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_VALUES = {character: value for value, character in enumerate(_USCC_ALPHABET)}
_USCC_WEIGHTS = tuple(pow(3, exponent, 31) for exponent in range(17))
_USCC_REGION = range(2, 8)
_ORGANIZATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANIZATION_CHECK_CHARACTERS = "0123456789X"
_ORGANIZATION_CODE = re.compile(r"[0-9A-Z]{8}-?[0-9X]")
_FULL_WIDTH_OFFSET = 0xFEE0
_TO_ASCII = {code + _FULL_WIDTH_OFFSET: code for code in (*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B))}


class IdentityError(CodedError):
    """A number that cannot be used; every way of being wrong has a code of its own."""

    catalogue = MESSAGES


@dataclass(frozen=True, slots=True)
class ResidentId:
    """A resident ID number (GB 11643) whose date of birth exists and whose check digit fits.

    Attributes:
        number: 18 characters; personal data.
        born: date of birth (digits 7 to 14).
    """

    id_type: ClassVar[IdType] = IdType.RESIDENT_ID
    number: str = field(repr=False)
    born: date = field(repr=False)

    @classmethod
    def parse(cls, text: str, *, field: str | None = None) -> Self:
        """Reads a resident ID number.

        Args:
            text: 18 characters; a small x and full-width characters are read as X and digits.
            field: what the error names.

        Returns:
            The number.

        Raises:
            IdentityError: resident_id_length, resident_id_characters, resident_id_birth_date or
                resident_id_check_digit.
        """
        if len(text) != _LENGTH:
            raise IdentityError("resident_id_length", field=field, length=len(text))
        number = _ascii_capitals(text)
        if not _RESIDENT.fullmatch(number):
            raise IdentityError("resident_id_characters", field=field)
        born = _birth_date(number[6:14], field)
        total = sum(int(digit) * weight for digit, weight in zip(number, _RESIDENT_WEIGHTS, strict=False))
        if _RESIDENT_CHECK_DIGITS[total % 11] != number[-1]:
            raise IdentityError("resident_id_check_digit", field=field)
        return cls(number, born)

    @property
    def region_code(self) -> str:
        """Region of the first registration (GB/T 2260); regions are abolished, so an unknown one is no error."""
        return self.number[:6]


@dataclass(frozen=True, slots=True)
class UnifiedSocialCreditCode:
    """A unified social credit code (GB 32100); public.

    Attributes:
        number: 18 characters.
        failed_check: code of the check that failed and was overridden, if one was.
    """

    id_type: ClassVar[IdType] = IdType.USCC
    number: str
    failed_check: str | None = None

    @classmethod
    def parse(cls, text: str, *, allow_failed_check: bool = False, field: str | None = None) -> Self:
        """Reads a unified social credit code.

        Args:
            text: 18 characters; small letters and full-width characters are read as capitals and digits.
            allow_failed_check: accept a code whose check characters do not fit, and record that in `failed_check`;
                some codes in use are reported to fail.
            field: what the error names.

        Returns:
            The code.

        Raises:
            IdentityError: uscc_length, uscc_characters, uscc_check_character or uscc_organization_check.
        """
        if len(text) != _LENGTH:
            raise IdentityError("uscc_length", field=field, length=len(text))
        number = _ascii_capitals(text)
        for position, character in enumerate(number):
            if character not in _USCC_VALUES or (position in _USCC_REGION and not character.isdigit()):
                raise IdentityError("uscc_characters", field=field, position=position + 1)
        failed_check = _failed_check(number)
        if failed_check is not None and not allow_failed_check:
            raise IdentityError(failed_check, field=field)
        return cls(number, failed_check)


@dataclass(frozen=True, slots=True)
class DocumentNumber:
    """The number of a document without a check digit that is known here.

    Attributes:
        id_type: orgCode, passport or other.
        number: normalised; personal data for a passport.
    """

    id_type: IdType
    number: str = field(repr=False)

    @classmethod
    def parse(cls, id_type: IdType, text: str, *, field: str | None = None) -> Self:
        """Reads a document number.

        Args:
            id_type: orgCode (8 characters and check character, hyphen optional), passport or other (up to 64
                characters).
            text: the number; small letters and full-width letters and digits are read as ASCII capitals and digits.
            field: what the error names.

        Returns:
            The number; an organization code without its hyphen.

        Raises:
            IdentityError: id_number_malformed or organization_code_malformed.
        """
        number = _ascii_capitals(text[: _MAX_DOCUMENT_CHARACTERS + 1])
        if id_type is IdType.ORG_CODE:
            if not _ORGANIZATION_CODE.fullmatch(number) or _organization_check(number) != number[-1]:
                raise IdentityError("organization_code_malformed", field=field)
            return cls(id_type, number.replace("-", ""))
        if not 0 < len(number) <= _MAX_DOCUMENT_CHARACTERS or not number.isprintable() or " " in number:
            raise IdentityError("id_number_malformed", field=field, limit=_MAX_DOCUMENT_CHARACTERS)
        return cls(id_type, number)


Identity: TypeAlias = ResidentId | UnifiedSocialCreditCode | DocumentNumber


def parse_identity(id_type: IdType, text: str, *, field: str | None = None) -> Identity:
    """Reads a full number of the given type.

    Args:
        id_type: what kind of number it is.
        text: the number.
        field: what the error names.

    Returns:
        ResidentId, UnifiedSocialCreditCode (a failed check is recorded, not refused) or DocumentNumber.

    Raises:
        IdentityError: with the codes of that type.
    """
    if id_type is IdType.RESIDENT_ID:
        return ResidentId.parse(text, field=field)
    if id_type is IdType.USCC:
        return UnifiedSocialCreditCode.parse(text, allow_failed_check=True, field=field)
    return DocumentNumber.parse(id_type, text, field=field)


class MaskStyle(StrEnum):
    """How much of a resident ID number a certificate shows; a court's choice."""

    PUBLIC_LIST = "publicList"
    STRICT = "strict"


_SHOWN_BEFORE: Final = {MaskStyle.PUBLIC_LIST: 10, MaskStyle.STRICT: 6}
_SHOWN_BEHIND = 4
_MASKS = {
    style: re.compile(rf"[0-9]{{{shown}}}\*{{{_LENGTH - shown - _SHOWN_BEHIND}}}[0-9]{{3}}[0-9X]")
    for style, shown in _SHOWN_BEFORE.items()
}


@dataclass(frozen=True, slots=True)
class MaskedId:
    """A resident ID number with its middle hidden; still personal data, for the hidden part can be guessed.

    Attributes:
        text: 18 characters. publicList shows 10 and 4 of them (month and day are hidden: 33 candidates remain after the
            check digit), strict shows 6 and 4.
        style: which of the two.
    """

    text: str
    style: MaskStyle

    @classmethod
    def of(cls, identity: ResidentId, *, style: MaskStyle = MaskStyle.PUBLIC_LIST) -> Self:
        """Masks a resident ID number."""
        shown = _SHOWN_BEFORE[style]
        stars = "*" * (_LENGTH - shown - _SHOWN_BEHIND)
        return cls(identity.number[:shown] + stars + identity.number[-_SHOWN_BEHIND:], style)

    @classmethod
    def parse(cls, text: str, *, field: str = "maskedIdNumber") -> Self:
        """Reads a masked number of either style.

        Args:
            text: 18 characters, with 4 or 8 asterisks.
            field: what the error names.

        Returns:
            The masked number.

        Raises:
            IdentityError: masked_id_malformed, also for a full number.
        """
        for style, mask in _MASKS.items():
            if mask.fullmatch(text):
                return cls(text, style)
        raise IdentityError("masked_id_malformed", field=field)

    def matches(self, identity: ResidentId) -> bool:
        """Whether the number could be the one that is masked here."""
        return self == MaskedId.of(identity, style=self.style)

    def __str__(self) -> str:
        return self.text


_COMMITMENT_PREFIX = "sha-256"
_COMMITMENT_DOMAIN = b"xinzheng-id-commitment-v1"
_DIGEST_BYTES = 16
_ENCODED_CHARACTERS = 22
_COMMITMENT_CHARACTERS = len(_COMMITMENT_PREFIX) + 2 * (1 + _ENCODED_CHARACTERS)


@dataclass(frozen=True, slots=True)
class IdCommitment:
    """A salted digest of a full number: HMAC-SHA-256 under the salt, cut to 16 bytes.

    The salt travels with the certificate. Whoever holds both can try the few numbers that the masked number leaves
    open: the commitment lets a lender compare, it does not hide the number from the lender.

    Attributes:
        salt: 16 random bytes.
        digest: 16 bytes.
    """

    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    @classmethod
    def create(cls, id_type: IdType, number: str, *, salt: bytes) -> Self:
        """Commits to a full number.

        Args:
            id_type: what kind of number it is; part of the digest.
            number: the full number; it is normalised first.
            salt: 16 fresh random bytes.

        Returns:
            The commitment.

        Raises:
            IdentityError: the number is none of its type.
            ValueError: the salt has another length.
        """
        if len(salt) != SALT_BYTES:
            raise ValueError(f"the salt must have {SALT_BYTES} bytes")
        return cls(bytes(salt), _commitment_digest(parse_identity(id_type, number), salt))

    @classmethod
    def parse(cls, text: str, *, field: str | None = None) -> Self:
        """Reads `sha-256:<salt>:<digest>`, both in base64url.

        Args:
            text: the commitment as the certificate carries it.
            field: what the error names.

        Returns:
            The commitment.

        Raises:
            IdentityError: id_commitment_malformed.
        """
        parts = text.split(":") if len(text) == _COMMITMENT_CHARACTERS else []
        if len(parts) != 3 or parts[0] != _COMMITMENT_PREFIX or len(parts[1]) != _ENCODED_CHARACTERS:  # noqa: PLR2004
            raise IdentityError("id_commitment_malformed", field=field)
        try:
            return cls(base64url.decode(parts[1]), base64url.decode(parts[2]))
        except base64url.Base64URLError:
            raise IdentityError("id_commitment_malformed", field=field) from None

    def matches(self, number: Identity | str, *, id_type: IdType | None = None) -> bool:
        """Whether the commitment is to this number, compared in constant time.

        Args:
            number: a typed identity, or the text of a full number.
            id_type: the type of a text; without it every type is tried whose grammar the text fits.

        Returns:
            True only for the very number; False also for a text that is no number of the type.
        """
        if isinstance(number, str):
            candidates = _candidates(number, tuple(IdType) if id_type is None else (id_type,))
        else:
            candidates = [number]
        return any(hmac.compare_digest(self.digest, _commitment_digest(each, self.salt)) for each in candidates)

    def __str__(self) -> str:
        return f"{_COMMITMENT_PREFIX}:{base64url.encode(self.salt)}:{base64url.encode(self.digest)}"


def _commitment_digest(identity: Identity, salt: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104) of domain, type and number, apart by NUL bytes; its first 16 bytes."""
    message = b"\0".join((_COMMITMENT_DOMAIN, identity.id_type.encode(), identity.number.encode()))
    return hmac.digest(salt, message, hashlib.sha256)[:_DIGEST_BYTES]


def _candidates(text: str, id_types: tuple[IdType, ...]) -> list[Identity]:
    """What the text can be read as."""
    found: list[Identity] = []
    for id_type in id_types:
        try:
            found.append(parse_identity(id_type, text))
        except IdentityError:
            continue
    return found


def _ascii_capitals(text: str) -> str:
    """Full-width letters and digits as ASCII, small letters as capitals; nothing else changes."""
    mapped = text.translate(_TO_ASCII)
    return mapped.upper() if mapped.isascii() else mapped


def _birth_date(digits: str, field: str | None) -> date:
    """Digits 7 to 14 as a date."""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        # `from None`: the cause would carry digits of the number into logs.
        raise IdentityError("resident_id_birth_date", field=field) from None


def _failed_check(number: str) -> str | None:
    """Code of the first check that a unified social credit code fails (GB 32100 section 5, GB 11714 annex)."""
    total = sum(_USCC_VALUES[character] * weight for character, weight in zip(number, _USCC_WEIGHTS, strict=False))
    if number[-1] != _USCC_ALPHABET[-total % 31]:
        return "uscc_check_character"
    return None if _organization_check(number[8:]) == number[16] else "uscc_organization_check"


def _organization_check(code: str) -> str:
    """The check character that belongs to the first 8 characters (GB 11714)."""
    total = sum(int(character, 36) * weight for character, weight in zip(code, _ORGANIZATION_WEIGHTS, strict=False))
    return _ORGANIZATION_CHECK_CHARACTERS[-total % 11]
