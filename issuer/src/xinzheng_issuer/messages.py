"""The catalogue of `xinzheng_issuer`: one line per code, in English and Chinese."""

from xinzheng_issuer._messages_feed import FEED
from xinzheng_issuer._messages_keys import KEYS
from xinzheng_issuer._messages_outer import ACCESS, CONFIGURATION, PUBLISHING, WIRE
from xinzheng_issuer._messages_trust_list import TRUST_LIST
from xinzheng_schemas.errors import Message

_WORKFLOW = {
    "role_not_allowed": Message(
        "This step ({action}) is for: {roles}. This token bears: {held}.",
        "此步骤（{action}）只限：{roles}。本令牌的角色：{held}。",
    ),
    "transition_not_allowed": Message(
        "This step ({action}) is not possible in the state {state}: expected {allowed}.",
        "处于“{state}”状态时不能办理此步骤（{action}）：应处于 {allowed}。",
    ),
    "not_approved": Message(
        "No certificate can be issued in the state {state}: the masking must be confirmed by a judge and approved by "
        "another person first (expected {allowed}).",
        "处于“{state}”状态时不能出具证明：须先由法官确认屏蔽，并由另一人批准（应处于 {allowed}）。",
    ),
    "already_issued": Message(
        "The certificate of this case is issued already: {number}, now {state}.",
        "本案的证明已出具：{number}，现为“{state}”。",
    ),
    "self_approval": Message(
        "{actor} took the step that this one seconds: this step ({action}) needs a second person.",
        "{actor} 已办理前一步骤：此步骤（{action}）须由另一人办理。",
    ),
    "senior_approval_required": Message(
        "A conditional masking or an early deletion is approved by: {roles}.",
        "附条件屏蔽或提前删除须由以下人员批准：{roles}。",
    ),
    "reinstatement_not_proposed": Message(
        "No judge has proposed to reinstate this certificate: a judge proposes, another person confirms.",
        "尚无法官提议恢复本证明：应由法官提议，另一人确认。",
    ),
    "reason_missing": Message(
        "This step ({action}) needs a written reason in {field}.",
        "此步骤（{action}）须在 {field} 中写明理由。",
    ),
    "case_changed": Message(
        "The case was changed by somebody else at the same time: read it again and repeat the step.",
        "该案件同时被他人修改：请重新读取后再办理。",
    ),
}

_RULES = {
    "text_not_normal": Message(
        "{field} must be in Unicode normal form C, without blanks at its ends.",
        "{field} 应为 Unicode 规范形式 C，首尾不得有空白。",
    ),
    "text_invisible_character": Message(
        "{field} has a control, bidirectional, zero-width or unassigned character: expected visible characters only.",
        "{field} 含有控制、双向、零宽或未定义字符：只能使用可见字符。",
    ),
    "minor_at_listing": Message(
        "The debtor was under {adult} when the entry was published: minors must not be listed (Art. 4). "
        "This case goes to annulment of the listing (撤销纳入), not to a certificate.",
        "被执行人在发布时未满 {adult} 周岁：未成年人不得纳入（第四条）。本案应办理撤销纳入，不得出具证明。",
    ),
    "date_order": Message(
        "{later} lies before {earlier}: expected {earlier} first.",
        "{later} 早于 {earlier}：应为 {earlier} 在先。",
    ),
    "date_in_future": Message(
        "{field} lies in the future: expected {today} or earlier.",
        "{field} 在将来：应不晚于 {today}。",
    ),
    "listing_ground_missing": Message(
        "{field} is empty: expected at least one of art1-1 … art1-6.",
        "{field} 为空：应至少有 art1-1 … art1-6 之一。",
    ),
    "listing_term_missing": Message(
        "Grounds art1-2 to art1-6 have a term (Art. 2): expected its last day in {field}.",
        "art1-2 至 art1-6 情形有纳入期限（第二条）：{field} 应为期限届满日。",
    ),
    "listing_term_unexpected": Message(
        "Ground art1-1 has no term: {field} must be absent.",
        "art1-1 情形没有纳入期限：不得填写 {field}。",
    ),
    "purpose_missing": Message(
        "{field} is empty: expected at least one of financing, bidding, other.",
        "{field} 为空：应至少有 financing、bidding、other 之一。",
    ),
    "purpose_text_missing": Message(
        "The purpose other needs words of its own in {field}.",
        "用途为 other 时须在 {field} 中说明。",
    ),
    "masking_ground_contradicts_listing": Message(
        "{field} {ground} contradicts the listing grounds {listing} (term ends {term_end}): expected {expected}. "
        "An entry with a running term leaves the list only by early deletion (Art. 2), one without never by its end.",
        "{field} {ground} 与失信行为情形 {listing}（期限届满 {term_end}）矛盾：应为 {expected}。"
        "期限未届满的只能依第二条提前删除；无期限的不能以届满为由。",
    ),
    "performance_contradicts_ground": Message(
        "{field} {performance} contradicts masking ground {ground}: expected one of {expected}.",
        "{field} {performance} 与屏蔽原因 {ground} 矛盾：应为 {expected} 之一。",
    ),
    "conditional_expected": Message(
        "Masking ground {ground} is conditional: expected {field} true.",
        "屏蔽原因 {ground} 属附条件：{field} 应为 true。",
    ),
    "list_check_stale": Message(
        "{field} {checked_at} is older than {hours} hours: look up the public list again.",
        "{field} {checked_at} 已超过 {hours} 小时：请重新核查公布名单。",
    ),
    "list_check_in_future": Message(
        "{field} {checked_at} lies in the future: expected the moment of a look-up already made.",
        "{field} {checked_at} 在将来：应为已完成核查的时间。",
    ),
    "list_check_before_masking": Message(
        "{field} lies before the masking of {masked}: look up the public list again.",
        "{field} 早于屏蔽日 {masked}：请重新核查公布名单。",
    ),
    "list_check_not_newer": Message(
        "{field} {checked_at} is not later than the look-up that counts now, {known}: expected a newer one.",
        "{field} {checked_at} 不晚于现有核查时间 {known}：应为更新的核查。",
    ),
    "list_check_before_relisting": Message(
        "{field} {checked_at} is not later than {received}, when the public list's record of case {case}, published "
        "{published}, came in: look up the list again. While the person is listed, nothing can be issued.",
        "{field} {checked_at} 不晚于 {received}，即案号 {case}（发布日期 {published}）的公布名单记录收到之时："
        "请重新核查公布名单。在列期间不得出具证明。",
    ),
    "list_check_before_revocation": Message(
        "{field} {checked_at} is not later than {revoked}, when certificate {number}, which this one is to replace, "
        "was revoked ({reason}): look at the papers and at the public list again.",
        "{field} {checked_at} 不晚于 {revoked}，即拟取代的证明 {number} 被撤销之时（{reason}）："
        "请重新审查材料并核查公布名单。",
    ),
    "original_case_number_missing": Message(
        "A resumed case (执恢) needs the number of the case it resumes in {field}.",
        "恢复执行案件（执恢）须在 {field} 中填写原执行案号。",
    ),
    "original_case_number_unexpected": Message(
        "Only a resumed case (执恢) has an original case number: {field} must be empty for {found}.",
        "只有恢复执行案件（执恢）才有原执行案号：{found} 不得填写 {field}。",
    ),
    "original_case_number_same": Message(
        "{field} {found} is the case itself: expected the case that it resumes.",
        "{field} {found} 即本案：应为本案所恢复执行的原案件。",
    ),
    "original_case_number_later": Message(
        "{field} {found} is later than {number}: expected the earlier case that it resumes.",
        "{field} {found} 晚于 {number}：应为其所恢复执行的在先案件。",
    ),
    "case_year_in_future": Message(
        "{field} is of the year {year}: expected that of {today} or an earlier one.",
        "{field} 的年份为 {year}：应不晚于今日（{today}）的年份。",
    ),
    "case_year_contradicts_filing": Message(
        "{field} is of the year {year}, and the case was filed on {filed}: expected the same year, or the first days "
        "of the next.",
        "{field} 的年份为 {year}，而立案日期为 {filed}：应为同一年，或次年年初。",
    ),
    "case_number_other_court": Message(
        "{field} bears the court code {found}: expected a case of this court, {expected}.",
        "{field} 的法院代字为 {found}：应为本院案件，即 {expected}。",
    ),
    "id_type_contradicts_kind": Message(
        "{field} {id_type} does not belong to a subject of kind {kind}: expected {expected}.",
        "{field} {id_type} 与主体类型 {kind} 不符：应为 {expected}。",
    ),
    "id_number_malformed": Message(
        "{field} must have 5 to 30 letters, digits or hyphens for this ID type.",
        "此类证件的 {field} 应为 5 至 30 个字母、数字或连字符。",
    ),
}

_REGISTER = {
    "application_not_found": Message(
        "There is no such application at this court.",
        "本院没有此申请。",
    ),
    "certificate_not_found": Message(
        "There is no such certificate at this court.",
        "本院没有此证明。",
    ),
    "application_open": Message(
        "An application for this entry is under way: {application}.",
        "该失信记录已有在办申请：{application}。",
    ),
    "certificate_active": Message(
        "Certificate {number} is out for this entry. For a new purpose, apply with supersedes = {number}: the new "
        "certificate then replaces it.",
        "该失信记录已有有效证明 {number}。如用途不同，请以 supersedes = {number} 重新申请，新证明将取代旧证明。",
    ),
    "case_taken": Message(
        "Another application or certificate for the entry in {field} appeared at the same time: read it first.",
        "{field} 所指失信记录同时出现了另一申请或证明：请先查阅。",
    ),
    "certificate_suspended": Message(
        "Certificate {number} is suspended: it must be reinstated or revoked before another one replaces it.",
        "证明 {number} 已暂停：须先恢复或撤销，才能由新证明取代。",
    ),
    "superseded_revoked": Message(
        "Certificate {number}, which this one is to replace, was revoked ({reason}) after the masking was confirmed: "
        "send the application back; a judge looks at it anew.",
        "拟取代的证明 {number} 在确认屏蔽后被撤销（{reason}）：请退回本申请，由法官重新审查。",
    ),
    "supersede_mismatch": Message(
        "{field} {number} is not the certificate that is out for this entry: expected {expected}.",
        "{field} {number} 不是该失信记录的有效证明：应为 {expected}。",
    ),
    "supersede_same_purpose": Message(
        "Certificate {number} serves these purposes already: expected a new purpose.",
        "证明 {number} 已涵盖这些用途：应为新的用途。",
    ),
    "user_exists": Message(
        "There is a user {name} already.",
        "用户 {name} 已存在。",
    ),
    "user_not_found": Message(
        "There is no user {name}.",
        "没有用户 {name}。",
    ),
    "user_name_malformed": Message(
        "A user name has 1 to 64 letters, digits, dots, hyphens or underscores.",
        "用户名应为 1 至 64 个字母、数字、点、连字符或下划线。",
    ),
    "register_outdated": Message(
        "The register is at version {found}, this program needs {expected}: run `xinzheng db upgrade`.",
        "登记库版本为 {found}，本程序需要 {expected}：请运行 `xinzheng db upgrade`。",
    ),
    "register_missing": Message(
        "{where} holds no register of this court, whose other data is there. See whether its disk or database is; if "
        "it is lost, put it back from its newest backup, then xinzheng db adopt --dry-run. Only where there is no "
        "backup, xinzheng db upgrade --anew makes an empty one, which knows no certificate that was handed out.",
        "{where} 没有本院的登记库，而本院的其他数据仍在。请先检查其磁盘或数据库是否可用；如已丢失，请由最新备份恢复，"
        "再运行 xinzheng db adopt --dry-run。仅在没有备份时，才用 xinzheng db upgrade --anew 新建空库，"
        "该库不知晓任何已发出的证明。",
    ),
}

_ISSUING = {
    "issuing_in_progress": Message(
        "This certificate is being issued by another request: read the application again.",
        "另一请求正在出具本证明：请重新读取该申请。",
    ),
    "draft_changed": Message(
        "The case does not say what the approver read: read it again. What is approved already must be sent back and "
        "approved anew.",
        "案件内容与批准人所阅不一致：请重新读取；已批准的须退回重新批准。",
    ),
    "lint_failed": Message(
        "The certificate would not stand the verifier ({form}: {reason}); nothing was signed with the court's key.",
        "该证明不能通过验证程序（{form}：{reason}）；未使用法院密钥签名。",
    ),
    "self_check_failed": Message(
        "The signed certificate does not verify with the court's public keys ({form}: {reason}); it was not "
        "handed over.",
        "已签名的证明不能以法院公钥验证（{form}：{reason}）；未予交付。",
    ),
    "issuing_unfinished": Message(
        "The number {number} is recorded, and the register cannot be written now. Nothing is lost; repeat the step "
        "once it can, which finishes this certificate. Otherwise the running server does so by itself.",
        "编号 {number} 已登记，但登记库暂时无法写入。未丢失任何内容；待可写入后请重复该步骤，即完成此证明；"
        "否则由运行中的服务自行完成。",
    ),
    "epoch_unwritable": Message(
        "{path} cannot be written: {reason}. It remembers the certificate that was recorded last, or what is to be "
        "taken over. Nothing is lost; make room for the file, or take away what lies in its place, then repeat the "
        "step as it was given, with --bundle if it had one.",
        "无法写入 {path}：{reason}。该处记有最近登记的证明或待接管的内容。未丢失任何内容；"
        "请腾出空间或移走占据该位置的内容，再原样重复该步骤（如曾带 --bundle，仍须带上）。",
    ),
    "signer_unavailable": Message(
        "The court's key cannot sign now: {reason}. Nothing is lost; repeat the step later.",
        "法院密钥暂时不能签名：{reason}。未丢失任何内容；请稍后重试。",
    ),
    "already_secured": Message(
        "The credential bears a proof already: expected one without {field}.",
        "该凭证已有证明部分：不应有 {field}。",
    ),
    "signer_unsuitable": Message(
        "The signer's key is of type {found}: this form is signed with {expected}.",
        "签名密钥类型为 {found}：此形式须用 {expected} 签名。",
    ),
    "qr_text_invalid": Message(
        "The text has characters that a QR symbol in alphanumeric mode cannot hold.",
        "文本含有二维码字母数字模式不能表示的字符。",
    ),
    "qr_large": Message(
        "The QR symbol has version {version}; up to {target} it reads well from paper at 48 mm. Print it larger, or "
        "hand over the file as well. Long names and purposes make it grow.",
        "二维码版本为 {version}；不超过 {target} 时，以 48 毫米宽度打印易于识读。请放大打印，或同时交付文件。"
        "名称和用途越长，二维码越大。",
    ),
    "qr_too_large": Message(
        "The QR form has {found} characters; a symbol holds {maximum} with error correction M. Shorten the name, the "
        "purpose, the basis or the masking serial, or name fewer original cases.",
        "二维码形式有 {found} 个字符，纠错级别 M 的二维码最多容纳 {maximum} 个。请缩短名称、用途、执行依据或屏蔽文号，"
        "或减少原执行案号。",
    ),
    "status_list_exhausted": Message(
        "No free status index was found in {attempts} attempts.",
        "尝试 {attempts} 次仍未找到空闲的状态索引。",
    ),
    "form_unknown": Message(
        "There is no form {form}: expected one of {expected}.",
        "没有 {form} 这种形式：应为 {expected} 之一。",
    ),
    "status_list_not_found": Message(
        "There is no such status list.",
        "没有此状态列表。",
    ),
    "court_not_found": Message(
        "This server does not serve the court {court}.",
        "本服务器不服务于法院 {court}。",
    ),
    "nothing_published": Message(
        "Nothing has been published yet.",
        "尚未发布任何内容。",
    ),
}

MESSAGES: dict[str, Message] = {
    **_WORKFLOW,
    **_RULES,
    **_REGISTER,
    **_ISSUING,
    **FEED,
    **ACCESS,
    **WIRE,
    **KEYS,
    **PUBLISHING,
    **CONFIGURATION,
    **TRUST_LIST,
}
