"""Word lists: exact values, labels in both languages, and what the certificate does not prove."""

from enum import StrEnum

import pytest

from xinzheng_schemas import vocabulary
from xinzheng_schemas.errors import Language
from xinzheng_schemas.vocabulary import (
    ConsumptionRestrictionStatus,
    IdType,
    ListingGround,
    MaskingGround,
    PerformanceStatus,
    Purpose,
    RevocationReason,
    SubjectKind,
    label,
)

VALUES: dict[type[vocabulary.Term], str] = {
    SubjectKind: "naturalPerson organization",
    IdType: "residentId uscc orgCode passport other",
    ListingGround: "art1-1 art1-2 art1-3 art1-4 art1-5 art1-6",
    PerformanceStatus: "fullyPerformed settlementPerformed enforcedInFull partlyPerformed notPerformed",
    MaskingGround: (
        "art10-1 art10-2 art10-3 art10-4 art10-5 art10-6 art10-7 termExpired art2EarlyDeletion conditionalRepair"
    ),
    ConsumptionRestrictionStatus: "lifted inForce notStated",
    Purpose: "financing bidding other",
    RevocationReason: "relisted issuedInError fraud superseded conditionBroken courtOrder",
}
LANGUAGES: tuple[Language, ...] = ("en", "zh")


def test_no_word_list_is_forgotten() -> None:
    defined = {each for each in vars(vocabulary).values() if isinstance(each, type) and issubclass(each, StrEnum)}
    assert defined - {StrEnum} == set(VALUES)


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_values_and_labels(kind: type[vocabulary.Term]) -> None:
    assert [member.value for member in kind] == VALUES[kind].split()
    for language in LANGUAGES:
        labels = [label(member, language) for member in kind]
        assert len(set(labels)) == len(labels)
        assert all(text.strip() == text and text[-1] not in ".。" for text in labels)
    assert all(label(member).isascii() for member in kind)
    assert not any(label(member, "zh").isascii() for member in kind)


def test_equal_values_of_two_lists_keep_their_own_labels() -> None:
    assert label(IdType.OTHER, "zh") == "其他证件"
    assert label(Purpose.OTHER, "zh") == "其他"


@pytest.mark.parametrize("ground", ["art10-3", "art10-4", "art10-5", "art10-6", "art10-7"])
def test_grounds_without_payment_do_not_speak_of_performance(ground: str) -> None:
    assert "履行" not in label(MaskingGround(ground), "zh")
    assert "perform" not in label(MaskingGround(ground), "en")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("ONE entry", "masked", "no other entry", "consumption restriction", "credit bureau", "creditworthy")),
        ("zh", ("一条", "已被屏蔽", "没有其他", "限制消费", "征信机构", "信用良好")),
    ],
)
def test_scope_statement(language: Language, words: tuple[str, ...]) -> None:
    for word in words:
        assert word in vocabulary.SCOPE_STATEMENT[language]


def test_scope_statement_is_fixed() -> None:
    assert sorted(vocabulary.SCOPE_STATEMENT) == ["en", "zh"]
    with pytest.raises(TypeError):
        vocabulary.SCOPE_STATEMENT["en"] = "anything"  # type: ignore[index]
