"""What a person reads of a report, in English and Chinese: the same words on the terminal and on the page."""

from typing import Final

from xinzheng_schemas.errors import Language, Message

SHEET: Final[dict[str, Message]] = {
    "passed": Message("PASSED", "通过"),
    "failed": Message("FAILED: do not rely on it", "不通过：不可采信"),
    "indeterminate": Message("NOT DECIDED: do not rely on it yet", "无法判定：暂不可采信"),
    "also": Message("Also", "另外"),
    "careful": Message("Careful", "注意"),
    "whose": Message("Whose", "持有人"),
    "matches": Message("matches the ID number given", "与输入的证件号码相符"),
    "not_compared": Message("not compared with an ID number", "未与证件号码比对"),
    "issued_by": Message("Issued by", "签发机构"),
    "number": Message("Certificate number", "证明编号"),
    "entry": Message("Entry", "失信记录"),
    "published": Message("published {date}", "{date} 发布"),
    "masked": Message("Masked", "屏蔽"),
    "masked_since": Message("since {date}; {ground}", "自 {date} 起；{ground}"),
    "conditional": Message("under conditions", "附条件"),
    "performed": Message("Performance", "履行情况"),
    "restriction": Message("Consumption restriction", "限制消费"),
    "purpose": Message("For", "用途"),
    "valid": Message("Valid", "有效期"),
    "from_until": Message("{since} to {until}", "{since} 至 {until}"),
    "status": Message("Status", "当前状态"),
    "in_force": Message("neither revoked nor suspended as of {as_of}", "截至 {as_of} 未被撤销或暂停"),
    "in_force_then": Message("neither revoked nor suspended at the moment asked about", "所查时刻未被撤销或暂停"),
    "revokedSince": Message("revoked since {since}", "自 {since} 起已被撤销"),
    "suspendedSince": Message("suspended since {since}", "自 {since} 起已被暂停"),
    "as_of": Message("status data of {as_of}", "状态数据生成于 {as_of}"),
    "age": Message("{age} before the moment asked about", "早于查询时刻 {age}"),
    "asked": Message("Asked about", "查询时刻"),
    "proves_not": Message("What it does not prove", "不证明的事项"),
    "types": Message("Type", "类型"),
    "subject": Message("Subject", "主体"),
    "days": Message("{count} d", "{count} 天"),
    "hours": Message("{count} h", "{count} 小时"),
    "minutes": Message("{count} min", "{count} 分钟"),
}
"""The verdict, headings and phrases of the sheet."""

SINCE: Final = ("revokedSince", "suspendedSince")
"""What may have become of a credential after the moment asked about, as the evidence of the status step names it."""

STEPS: Final[dict[str, Message]] = {
    "read": Message("Reading", "读取"),
    "mechanism": Message("Signature method", "签名方法"),
    "issuer": Message("Issuer", "签发机构"),
    "key": Message("Key", "密钥"),
    "signature": Message("Signature", "签名"),
    "shape": Message("Content", "内容格式"),
    "time": Message("Validity", "有效期"),
    "status": Message("Status", "当前状态"),
    "match": Message("Person", "身份比对"),
    "policy": Message("Own rules", "本方规则"),
}
"""The ten steps by `STEP_NAMES`."""

OUTCOMES: Final[dict[str, Message]] = {
    "passed": Message("passed", "通过"),
    "failed": Message("failed", "不通过"),
    "indeterminate": Message("not decided", "无法判定"),
    "not-run": Message("not examined", "未执行"),
}
"""What a step came to, by `Outcome`."""


def say(words: dict[str, Message], word: str, language: Language, **params: object) -> str:
    """A text, filled.

    Args:
        words: one of the lists of this module, or another of its kind.
        word: key in `words`.
        language: "en" or "zh".
        params: what the text is filled with.
    """
    text: str = getattr(words[word], language)
    return text.format(**params)
