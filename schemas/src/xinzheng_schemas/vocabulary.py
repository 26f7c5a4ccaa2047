"""The closed word lists of the certificate, their labels in English and Chinese, and the fixed scope statement.

Values are those of the credential; article numbers are those of the Supreme People's Court's provisions on the list of
dishonest judgment debtors (法释〔2017〕7号).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from xinzheng_schemas.errors import Language, Message


class SubjectKind(StrEnum):
    """What the listed party is (主体类型)."""

    NATURAL_PERSON = "naturalPerson"
    ORGANIZATION = "organization"


class IdType(StrEnum):
    """Kind of identity document (证件类型)."""

    RESIDENT_ID = "residentId"
    USCC = "uscc"
    ORG_CODE = "orgCode"
    PASSPORT = "passport"
    OTHER = "other"


class ListingGround(StrEnum):
    """Ground of the listing (失信行为情形), Article 1."""

    ART1_1 = "art1-1"
    ART1_2 = "art1-2"
    ART1_3 = "art1-3"
    ART1_4 = "art1-4"
    ART1_5 = "art1-5"
    ART1_6 = "art1-6"


class PerformanceStatus(StrEnum):
    """How far the obligation was performed (履行情况); says nothing about the ground of masking."""

    FULLY_PERFORMED = "fullyPerformed"
    SETTLEMENT_PERFORMED = "settlementPerformed"
    ENFORCED_IN_FULL = "enforcedInFull"
    PARTLY_PERFORMED = "partlyPerformed"
    NOT_PERFORMED = "notPerformed"


class MaskingGround(StrEnum):
    """Ground of the masking (屏蔽原因), Articles 10 and 2; grounds 3 to 7 do not mean that the debt is paid."""

    ART10_1 = "art10-1"
    ART10_2 = "art10-2"
    ART10_3 = "art10-3"
    ART10_4 = "art10-4"
    ART10_5 = "art10-5"
    ART10_6 = "art10-6"
    ART10_7 = "art10-7"
    TERM_EXPIRED = "termExpired"
    ART2_EARLY_DELETION = "art2EarlyDeletion"
    CONDITIONAL_REPAIR = "conditionalRepair"


class ConsumptionRestrictionStatus(StrEnum):
    """State of the consumption restriction (限制消费), a measure apart from the listing."""

    LIFTED = "lifted"
    IN_FORCE = "inForce"
    NOT_STATED = "notStated"


class Purpose(StrEnum):
    """What the certificate was asked for (用途)."""

    FINANCING = "financing"
    BIDDING = "bidding"
    OTHER = "other"


class RevocationReason(StrEnum):
    """Why a certificate was revoked (撤销证明的原因); kept in the register, never published."""

    RELISTED = "relisted"
    ISSUED_IN_ERROR = "issuedInError"
    FRAUD = "fraud"
    SUPERSEDED = "superseded"
    CONDITION_BROKEN = "conditionBroken"
    COURT_ORDER = "courtOrder"


Term = (
    SubjectKind
    | IdType
    | ListingGround
    | PerformanceStatus
    | MaskingGround
    | ConsumptionRestrictionStatus
    | Purpose
    | RevocationReason
)

SCOPE_STATEMENT: Mapping[Language, str] = MappingProxyType(
    {
        "en": (
            "This certificate states that ONE entry of the list of dishonest judgment debtors, the entry named in it, "
            "was masked. It does not state that there is no other entry, that a consumption restriction was lifted "
            "(unless it says so), that the record of a credit bureau was erased, or that the person named is "
            "creditworthy."
        ),
        "zh": (
            "本证明仅说明其所载明的一条失信被执行人名单信息已被屏蔽。本证明不说明：没有其他失信被执行人名单信息；"
            "限制消费措施已经解除（本证明另有载明的除外）；征信机构的记录已经消除；被证明人信用良好。"
        ),
    }
)
"""Fixed text of `scopeStatement`: what the certificate states, and what it does not prove."""


def label(value: Term, language: Language = "en") -> str:
    """The words for a value, as a certificate or a screen shows them.

    Args:
        value: a member of one of the enumerations of this module.
        language: "en" or "zh".

    Returns:
        A phrase without final punctuation.
    """
    # Keyed by class first: members of different StrEnums with one value are equal.
    text: str = getattr(_LABELS[type(value)][value], language)
    return text


_LABELS: dict[type[StrEnum], dict[StrEnum, Message]] = {
    SubjectKind: {
        SubjectKind.NATURAL_PERSON: Message("natural person", "自然人"),
        SubjectKind.ORGANIZATION: Message("legal person or other organization", "法人或者其他组织"),
    },
    IdType: {
        IdType.RESIDENT_ID: Message("resident ID card", "居民身份证"),
        IdType.USCC: Message("unified social credit code", "统一社会信用代码"),
        IdType.ORG_CODE: Message("organization code", "组织机构代码"),
        IdType.PASSPORT: Message("passport", "护照"),
        IdType.OTHER: Message("other document", "其他证件"),
    },
    ListingGround: {
        ListingGround.ART1_1: Message(
            "able to perform but refuses (Art. 1 (1))", "有履行能力而拒不履行（第一条第一项）"
        ),
        ListingGround.ART1_2: Message(
            "resists enforcement by forged evidence, violence or threats (Art. 1 (2))",
            "以伪造证据、暴力、威胁等方法妨碍、抗拒执行（第一条第二项）",
        ),
        ListingGround.ART1_3: Message(
            "evades enforcement by sham litigation or hiding property (Art. 1 (3))",
            "以虚假诉讼、隐匿或转移财产等方法规避执行（第一条第三项）",
        ),
        ListingGround.ART1_4: Message(
            "breach of the duty to report property (Art. 1 (4))", "违反财产报告制度（第一条第四项）"
        ),
        ListingGround.ART1_5: Message(
            "breach of a consumption restriction order (Art. 1 (5))", "违反限制消费令（第一条第五项）"
        ),
        ListingGround.ART1_6: Message(
            "refuses to perform a settlement without good reason (Art. 1 (6))",
            "无正当理由拒不履行执行和解协议（第一条第六项）",
        ),
    },
    PerformanceStatus: {
        PerformanceStatus.FULLY_PERFORMED: Message("performed in full", "已全部履行"),
        PerformanceStatus.SETTLEMENT_PERFORMED: Message("settlement performed", "执行和解协议已履行完毕"),
        PerformanceStatus.ENFORCED_IN_FULL: Message("enforced in full", "已全部执行到位"),
        PerformanceStatus.PARTLY_PERFORMED: Message("performed in part", "部分履行"),
        PerformanceStatus.NOT_PERFORMED: Message("not performed", "全部未履行"),
    },
    MaskingGround: {
        MaskingGround.ART10_1: Message(
            "obligation performed or fully enforced (Art. 10 (1))", "义务已履行或者已执行完毕（第十条第一项）"
        ),
        MaskingGround.ART10_2: Message("settlement performed (Art. 10 (2))", "执行和解协议已履行完毕（第十条第二项）"),
        MaskingGround.ART10_3: Message(
            "creditor asked for deletion and the court agreed (Art. 10 (3))",
            "申请执行人申请删除，人民法院审查同意（第十条第三项）",
        ),
        MaskingGround.ART10_4: Message(
            "round of enforcement ended, two later searches found no property (Art. 10 (4))",
            "终结本次执行程序后两次以上查询未发现可供执行财产（第十条第四项）",
        ),
        MaskingGround.ART10_5: Message(
            "enforcement stayed for retrial or bankruptcy (Art. 10 (5))", "因再审或者破产中止执行（第十条第五项）"
        ),
        MaskingGround.ART10_6: Message("enforcement refused (Art. 10 (6))", "裁定不予执行（第十条第六项）"),
        MaskingGround.ART10_7: Message("enforcement terminated (Art. 10 (7))", "裁定终结执行（第十条第七项）"),
        MaskingGround.TERM_EXPIRED: Message("term of the listing ended", "纳入期限届满"),
        MaskingGround.ART2_EARLY_DELETION: Message(
            "deleted early for active performance or correction (Art. 2)",
            "积极履行或者主动纠正失信行为，提前删除（第二条）",
        ),
        MaskingGround.CONDITIONAL_REPAIR: Message("masked under conditions", "附条件信用修复"),
    },
    ConsumptionRestrictionStatus: {
        ConsumptionRestrictionStatus.LIFTED: Message("consumption restriction lifted", "限制消费措施已解除"),
        ConsumptionRestrictionStatus.IN_FORCE: Message(
            "consumption restriction still in force", "限制消费措施仍在执行"
        ),
        ConsumptionRestrictionStatus.NOT_STATED: Message(
            "consumption restriction not stated", "未说明限制消费措施的情况"
        ),
    },
    Purpose: {
        Purpose.FINANCING: Message("financing", "融资"),
        Purpose.BIDDING: Message("bidding", "招标投标"),
        Purpose.OTHER: Message("other", "其他"),
    },
    RevocationReason: {
        RevocationReason.RELISTED: Message("listed again", "再次纳入失信被执行人名单"),
        RevocationReason.ISSUED_IN_ERROR: Message("issued in error", "出具有误"),
        RevocationReason.FRAUD: Message("obtained by fraud", "以欺骗手段取得"),
        RevocationReason.SUPERSEDED: Message("superseded by a new certificate", "已由新的证明取代"),
        RevocationReason.CONDITION_BROKEN: Message("condition of the repair broken", "违反信用修复所附条件"),
        RevocationReason.COURT_ORDER: Message("ordered by a court", "依法院裁判撤销"),
    },
}
