"""The catalogue of `xinzheng_verifier`: one line per reason code, in English and Chinese.

A code that the schemas know as well is worded anew here: there it speaks to a clerk about a field, here to a lender
about a credential. The templates are filled from the evidence of a step; what the evidence lacks is left out.
"""

from collections.abc import Mapping

from xinzheng_schemas.errors import Language, Message
from xinzheng_schemas.messages import MESSAGES as SCHEMAS_MESSAGES
from xinzheng_verifier.receipt_messages import MESSAGES as RECEIPT_MESSAGES
from xinzheng_verifier.trust.messages import MESSAGES as TRUST_MESSAGES

REASONS: dict[str, Message] = {
    "ok": Message("In order.", "符合要求。"),
    "passed": Message("Genuine, and nothing known speaks against it.", "真实有效，未发现不利情形。"),
    "not_run": Message("Not examined, since an earlier step did not pass.", "前面的步骤未通过，本步骤未执行。"),
    "not_answered": Message(
        "The check of this input came to no end ({reason}), so that nothing is known about it.",
        "对此输入的核验未能完成（{reason}），因此对其一无所知。",
    ),
    # 1 read
    "form_unknown": Message(
        "This is no credential in a form that can be read here: JSON-LD, vc+jwt, or the text or picture of a QR code.",
        "无法识别：应为 JSON-LD、vc+jwt，或二维码的文本或图片。",
    ),
    "too_large": Message("Larger than {limit}, the most that is read.", "超过可读取的上限 {limit}。"),
    "malformed": Message("Damaged or not written as its form demands.", "已损坏，或书写不符合其格式。"),
    "duplicate_member": Message(
        "A name stands twice in one object, so that two readers could read two things.",
        "同一对象中名称重复，不同的读取者可能读出不同内容。",
    ),
    "too_complex": Message("Nested too deeply or made of too many parts.", "嵌套过深或组成部分过多。"),
    "number_range": Message(
        "A number lies outside the range that every reader keeps exactly.", "数值超出可精确读取的范围。"
    ),
    "not_canonical": Message(
        "Not in its one canonical spelling; it may have been altered.", "不是唯一的规范写法，可能被改动过。"
    ),
    "qr_malformed": Message("The QR code's text is damaged or incomplete.", "二维码内容损坏或不完整。"),
    "image_malformed": Message(
        "The picture cannot be read; PNG or JPEG is expected.", "图片无法读取，应为 PNG 或 JPEG。"
    ),
    "qr_not_found": Message(
        "The picture shows no QR code of a certificate that can be read; try a sharper or closer one.",
        "图片中没有可读取的证明二维码，请换一张更清晰或更近的图片。",
    ),
    "qr_ambiguous": Message(
        "The picture shows more than one certificate; show one at a time.", "图片中有多份证明，请逐份出示。"
    ),
    "scan_unavailable": Message(
        "Pictures need the scanner: install xinzheng-verifier[scan], or paste the QR code's text.",
        "读取图片需安装 xinzheng-verifier[scan]，或直接粘贴二维码文本。",
    ),
    # 2 mechanism
    "alg_not_allowed": Message(
        "Signed with an algorithm that is not accepted, or not with this key.", "签名算法不被接受，或与该密钥不符。"
    ),
    "alg_not_protected": Message("The algorithm is not covered by the signature.", "算法未受签名保护。"),
    "typ_unexpected": Message(
        "The token is of another kind than a credential (typ vc+jwt).", "该令牌不是凭证（typ 应为 vc+jwt）。"
    ),
    "header_forbidden": Message(
        "The header holds {name}, which a credential must not bring along.", "头部含有凭证不得自带的 {name}。"
    ),
    "crit_unknown": Message("The header demands an extension that is not known here.", "头部要求未知的扩展。"),
    "proof_missing": Message(
        "There is no proof: anybody could have written this.", "没有证明数据：任何人都可能写出此文件。"
    ),
    "proof_malformed": Message(
        "The proof is not written as it must be ({field}).", "证明数据的书写不符合要求（{field}）。"
    ),
    "proof_set": Message("More than {limit} proofs are not accepted.", "不接受超过 {limit} 个的证明数据。"),
    "proof_chain": Message(
        "A proof builds on another one that is not there, or on itself.", "某证明数据所依赖的前一证明缺失或循环引用。"
    ),
    "proof_required": Message(
        "Your rules ask for a proof that is not there: {proofs}.", "您的规则要求的证明数据不存在：{proofs}。"
    ),
    "challenge_mismatch": Message(
        "The proof answers somebody's challenge; none was asked here.", "证明数据是对他人质询的应答，此处未提出质询。"
    ),
    "domain_mismatch": Message(
        "The proof was made for one recipient; it is not yours to rely on.", "证明数据是为特定接收方作出的，不可采信。"
    ),
    "envelope_malformed": Message(
        "The envelope around the credential is not written as it must be ({field}).",
        "凭证外层封装的书写不符合要求（{field}）。",
    ),
    "suite_mismatch": Message(
        "Signed by a suite that is not accepted, or not with this key.", "签名套件不被接受，或与该密钥不符。"
    ),
    "purpose_mismatch": Message("The proof was made for another purpose.", "证明数据是为其他用途作出的。"),
    "context_mismatch": Message(
        "The terms of the proof and of the document are not the same (@context).", "证明数据与文件的 @context 不一致。"
    ),
    # 3 issuer
    "issuer_untrusted": Message("Issued by somebody who is not in your trust list.", "签发者不在您的信任名单中。"),
    "issuer_left_out": Message(
        "Your trust data holds a part of the country only: whether the issuer is a court cannot be told from it. Take "
        "the whole bundle, or one that has its province as well, and check again.",
        "您的信任数据仅含全国的一部分，无法据此判断签发者是否为法院。请导入完整的信任包，或同时包含其所在省份的信任包，再行核验。",
    ),
    "issuer_mismatch": Message("Names two different issuers.", "写有两个不同的签发者。"),
    "issuer_type": Message(
        "The issuer is not authorised to issue this type of credential.", "签发者无权签发此类凭证。"
    ),
    # 4 key
    "kid_unknown": Message("The issuer has no such key.", "签发者没有该密钥。"),
    "issuer_key_mismatch": Message(
        "The key is not one by which this issuer vouches for credentials.", "该密钥不是签发者用于签发凭证的密钥。"
    ),
    "key_usage": Message("The key is meant for something else.", "该密钥另有用途。"),
    "key_not_yet_valid": Message(
        "Signed before the key was in use (from {since}).", "签名早于密钥启用时间（{since}）。"
    ),
    "key_expired": Message("Signed after the key was retired ({until}).", "签名晚于密钥停用时间（{until}）。"),
    "key_compromised": Message(
        "The key fell into other hands ({since}); what it signed proves nothing.",
        "该密钥已泄露（{since}），其签名不再具有证明力。",
    ),
    "signing_time_missing": Message(
        "Bears no date by which to tell whether the key was in use.", "没有日期，无法判断签名时密钥是否在用。"
    ),
    # 5 signature
    "signature_invalid": Message(
        "The signature does not fit: the content was changed, or it was signed by somebody else.",
        "签名不符：内容被改动，或并非由所称的密钥签署。",
    ),
    # 6 shape
    "shape_invalid": Message(
        "Genuinely signed, but not a well-formed credential of its type ({field}).",
        "签名真实，但不是格式正确的此类凭证（{field}）。",
    ),
    "context_unknown": Message(
        "Uses terms that are not known here (@context), so that its meaning is uncertain.",
        "使用了未知的术语（@context），含义无法确定。",
    ),
    "type_unexpected": Message("Not a credential of the type that is asked for.", "不是所要求类型的凭证。"),
    "claim_forbidden": Message("Holds {field}, which a credential must not bear.", "含有凭证不得带有的 {field}。"),
    "claim_mismatch": Message("States {field} in two ways that differ.", "对 {field} 有两处不一致的记载。"),
    "data_loss": Message(
        "Holds {field}, which no known term explains; it might be read in several ways.",
        "含有无法以已知术语解释的 {field}，可能有多种解读。",
    ),
    "context_invalid": Message(
        "Its contexts give a protected term a second meaning ({field}).",
        "其 @context 赋予受保护的术语另一含义（{field}）。",
    ),
    "not_compacted": Message(
        "Says {field} in another way than readers expect; two readers could take it for two things.",
        "{field} 的写法与约定不同，不同的读取者可能有不同理解。",
    ),
    "jsonld_unavailable": Message(
        "Contains what only the full JSON-LD processor can judge: install xinzheng-verifier[jsonld].",
        "含有需要完整 JSON-LD 处理器才能判断的内容：请安装 xinzheng-verifier[jsonld]。",
    ),
    "date_malformed": Message(
        "{field} is not an existing date and time with zone.", "{field} 不是存在的、带时区的日期时间。"
    ),
    # 7 time
    "expired": Message("Genuine, but no longer valid: it ended {until}.", "真实，但已过有效期（至 {until}）。"),
    "not_yet_valid": Message("Genuine, but not yet valid: it begins {since}.", "真实，但尚未生效（自 {since} 起）。"),
    "proof_expired": Message("The signature was limited in time and ended {until}.", "签名有时限，已于 {until} 届满。"),
    "clock_implausible": Message(
        "The moment asked for lies before the trust data was made ({since}): check the clock and the date.",
        "所查时刻早于信任数据的生成时间（{since}），请检查时钟和日期。",
    ),
    # 8 status
    "status_not_stated": Message("States no place where its status is published.", "未载明状态的公布位置。"),
    "status_required": Message(
        "States no place where a revocation would be published; that is required.",
        "未载明撤销信息的公布位置，而这是必需的。",
    ),
    "status_unavailable": Message(
        "Genuine, but its current status is unknown: there is no usable status data at hand.",
        "真实，但当前状态未知：手头没有可用的状态数据。",
    ),
    "status_stale": Message(
        "Genuine, but its current status is unknown since {since}: the status data is too old.",
        "真实，但自 {since} 起的状态未知：状态数据过旧。",
    ),
    "status_not_yet_known": Message(
        "Genuine, but its status at that moment is not known: the status data was made later ({since}).",
        "真实，但所查时刻的状态未知：状态数据生成于其后（{since}）。",
    ),
    "status_range": Message(
        "Genuine, but its status is unknown: its place lies outside the status list.",
        "真实，但状态未知：其序号不在状态列表范围内。",
    ),
    "status_purpose": Message(
        "Genuine, but its status is unknown: the status list serves another purpose.",
        "真实，但状态未知：状态列表的用途不符。",
    ),
    "status_issuer": Message(
        "Genuine, but its status is unknown: the status list is not vouched for by the same issuer.",
        "真实，但状态未知：状态列表并非由同一签发者签署。",
    ),
    "status_id": Message(
        "Genuine, but its status is unknown: the status list bears another name.",
        "真实，但状态未知：状态列表的标识不符。",
    ),
    "status_type": Message(
        "Genuine, but its status is unknown: what stands for the status list is something else.",
        "真实，但状态未知：所给的不是状态列表。",
    ),
    "status_malformed": Message(
        "Genuine, but its status is unknown: the status data or the reference to it is damaged.",
        "真实，但状态未知：状态数据或其引用已损坏。",
    ),
    "status_shape": Message(
        "Genuine, but its status is unknown: the status list is not a well-formed credential ({reason}).",
        "真实，但状态未知：状态列表不是格式正确的凭证（{reason}）。",
    ),
    "status_length": Message(
        "Genuine, but its status is unknown: the status list is too short to be relied on.",
        "真实，但状态未知：状态列表过短，不可依赖。",
    ),
    "status_unsupported": Message(
        "Genuine, but its status is unknown: it is published in a way that is not known here.",
        "真实，但状态未知：其公布方式无法识别。",
    ),
    "status_before_changes": Message(
        "Genuine, but its status at that moment is not known: the record of changes begins later ({since}).",
        "真实，但所查时刻的状态未知：变更记录始于其后（{since}）。",
    ),
    "status_changes_unavailable": Message(
        "Genuine, but its status at that moment is not known: the record of changes cannot be read.",
        "真实，但所查时刻的状态未知：变更记录无法读取。",
    ),
    "status_changes_issuer": Message(
        "Genuine, but its status at that moment is not known: the record of changes is not vouched for by who signed "
        "the status list.",
        "真实，但所查时刻的状态未知：变更记录并非由状态列表的签发者签署。",
    ),
    "status_changes_list": Message(
        "Genuine, but its status at that moment is not known: the record of changes is of another status list, or of "
        "another edition of it.",
        "真实，但所查时刻的状态未知：变更记录属于另一状态列表或其另一版本。",
    ),
    "status_changes_malformed": Message(
        "Genuine, but its status at that moment is not known: the record of changes is damaged ({field}).",
        "真实，但所查时刻的状态未知：变更记录已损坏（{field}）。",
    ),
    "status_changes_contradict": Message(
        "Genuine, but its status at that moment is not known: the record of changes leads to another status list than "
        "the one at hand.",
        "真实，但所查时刻的状态未知：变更记录与手头的状态列表不一致。",
    ),
    "revoked": Message("Genuinely issued, but revoked: it is no longer in force.", "确为签发，但已被撤销，不再有效。"),
    "suspended": Message(
        "Genuinely issued, but suspended: do not rely on it while the court examines it.",
        "确为签发，但已被暂停，法院核查期间请勿采信。",
    ),
    "revoked_since": Message(
        "Genuine, and in force at the moment asked about; revoked since {revokedSince}.",
        "真实，所查时刻有效；自 {revokedSince} 起已被撤销。",
    ),
    "suspended_since": Message(
        "Genuine, and in force at the moment asked about; suspended since {suspendedSince}.",
        "真实，所查时刻有效；自 {suspendedSince} 起已被暂停。",
    ),
    "suspended_then": Message(
        "Genuinely issued, but suspended at the moment asked about; the suspension was lifted {liftedSince}.",
        "确为签发，但所查时刻处于暂停状态；该暂停已于 {liftedSince} 解除。",
    ),
    # 9 match
    "identity_not_given": Message("No ID number was given to compare.", "未输入用于比对的证件号码。"),
    "identity_mismatch": Message(
        "Genuine, but of another person: the ID number given does not match.", "真实，但属于他人：输入的证件号码不符。"
    ),
    "identity_malformed": Message(
        "The ID number given is mistyped, so that nothing was compared.", "输入的证件号码有误，未能比对。"
    ),
    "identity_not_stated": Message(
        "The credential bears nothing to compare an ID number with.", "凭证中没有可与证件号码比对的内容。"
    ),
    "number_mismatch": Message("Genuine, but not the certificate of the number given.", "真实，但不是所给编号的证明。"),
    "forms_differ": Message("The two forms do not say the same ({field}).", "两种形式的内容不一致（{field}）。"),
    "other_form_refused": Message(
        "The other form that was given is not genuine ({reason}).", "所给的另一形式并不真实（{reason}）。"
    ),
    # 10 policy
    "policy_issuer": Message("Your rules do not accept this issuer.", "您的规则不接受该签发者。"),
    "policy_type": Message("Your rules do not accept this type of credential.", "您的规则不接受此类凭证。"),
}
"""Every code that a step of a report can bear."""

_REQUESTS: dict[str, Message] = {
    "request_malformed": Message(
        "The request is not one credential as raw body, as one file of a form, or as JSON with the members credential, "
        "identity, at, number and other: {field}.",
        "请求应为一份凭证：原始正文、表单中的一个文件，或含 credential、identity、at、number、other 的 JSON：{field}。",
    ),
    "batch_malformed": Message(
        "The request is not a batch: JSON with the members credentials (an array) and at, or JSON lines: {field}.",
        "请求不是批量核验：应为含 credentials（数组）和 at 的 JSON，或 JSON 行：{field}。",
    ),
    "too_many": Message("More than {limit} credentials in one request.", "一次请求中的凭证超过 {limit} 份。"),
    "encoding_unsupported": Message(
        "The body is compressed ({encoding}); send it as it is.", "请求正文经过压缩（{encoding}），请不压缩发送。"
    ),
    "request_timeout": Message("The body did not arrive within {limit} s.", "请求正文未能在 {limit} 秒内送达。"),
    "busy": Message("Too many requests wait already; try again soon.", "等待处理的请求过多，请稍后再试。"),
    "not_found": Message("There is nothing at this address.", "此地址没有内容。"),
    "method_not_allowed": Message("This address does not take that method.", "此地址不支持该请求方法。"),
    "internal_error": Message(
        "The check failed by a fault of this program; nothing is known about the credential.",
        "程序发生故障，核验未能完成，对该凭证一无所知。",
    ),
}

MESSAGES: dict[str, Message] = {**_REQUESTS, **SCHEMAS_MESSAGES, **TRUST_MESSAGES, **RECEIPT_MESSAGES, **REASONS}


class _Known(dict[str, object]):
    """Parameters of a template; a missing one reads as nothing."""

    def __missing__(self, name: str) -> str:
        return ""


def explain(code: str, params: Mapping[str, object], language: Language) -> str:
    """The text of a code, filled with what is known.

    Args:
        code: a code of `MESSAGES`.
        params: values for the template, a `Message` where the words depend on the language; None and missing ones are
            left out.
        language: "en" or "zh".
    """
    template: str = getattr(MESSAGES[code], language)
    known = (
        (name, getattr(value, language) if isinstance(value, Message) else value) for name, value in params.items()
    )
    return template.format_map(_Known((name, value) for name, value in known if value is not None))
