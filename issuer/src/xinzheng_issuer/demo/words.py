"""What the demo says, in both languages."""

from xinzheng_schemas.errors import Message

WORDS: dict[str, Message] = {
    "title": Message(
        "xinzheng: one Credit Repair Certificate, from application to offline check to revocation",
        "信证：一份《信用修复证明》，从申请、离线核验到撤销",
    ),
    "synthetic": Message(
        "Person, numbers and dates are made up. The certificates of this demo are worth nothing.",
        "人物、号码和日期均为虚构，本演示出具的证明没有任何效力。",
    ),
    "surprise": Message("expected {wanted}, but got {found}.", "应为 {wanted}，实为 {found}。"),
    # the court opens
    "court": Message("The court starts its server", "法院启动服务器"),
    "court_server": Message(
        "{court} listens on {address} (this machine only), with an empty register: {register}",
        "{court}监听 {address}（仅限本机），登记簿为空：{register}",
    ),
    "court_users": Message(
        "Four people, one role each: clerk 书记员, judge 承办法官, approver 执行局局长, seal operator 用印员.",
        "四名人员，各司其职：书记员、承办法官、执行局局长（审批）、用印员。",
    ),
    # the case
    "application": Message("The clerk registers the application", "书记员登记申请"),
    "application_told": Message(
        "{name}, case {case}, asks for a certificate for financing (typed with half-width brackets, kept full-width).",
        "{name}，案号 {case}，因融资申请证明。案号录入时为半角括号，入库时已规范。",
    ),
    "too_early": Message(
        "The seal operator tries to issue at once. The server must refuse:",
        "用印员想立即出具。服务器必须拒绝：",
    ),
    "masking": Message("The enforcement judge confirms that the entry was masked", "承办法官确认已屏蔽失信信息"),
    "masking_told": Message(
        "Masking decision {serial} of {date}. Ground of the masking: {ground}. State of the debt: {performance}. "
        "Looked up today: off the public list.",
        "屏蔽决定 {serial}（{date}）。屏蔽原因：{ground}。履行情况：{performance}。今日核查：已不在公布名单。",
    ),
    "self_approval": Message(
        "This judge may approve other people's cases, and tries to approve this one. The server must refuse:",
        "该法官有权审批他人的案件，现想审批自己确认的本案。服务器必须拒绝：",
    ),
    "approval": Message("Another person approves", "由另一人审批"),
    "approval_opinion": Message("Agreed.", "同意出具。"),
    "approval_told": Message("State: {state}.", "状态：{state}。"),
    "issuance": Message("The seal operator issues the certificate", "用印员出具证明"),
    "issuance_told": Message(
        "Number {number}, valid until {until}. Recorded, linted, signed, checked, handed over in these forms:",
        "证明编号 {number}，有效期至 {until}。已登记、预检、签名、复核并交付，形式如下：",
    ),
    "file": Message("{name}, {octets} bytes: {what}", "{name}，{octets} 字节：{what}"),
    "certificate.json": Message("JSON-LD with a Data Integrity proof", "JSON-LD，带数据完整性证明"),
    "certificate.jwt": Message("JWT (vc+jwt)", "JWT（vc+jwt）"),
    "certificate.qr.txt": Message("text of the QR symbol", "二维码文本"),
    "certificate.qr.png": Message("the QR symbol as a picture", "二维码图片"),
    "root.json": Message("root of trust, brought once by a safe way", "信任根，以安全方式一次性送达"),
    "bundle-1.xzb": Message("trust bundle: the court's keys and status lists", "信任包：法院的密钥与状态列表"),
    "bundle-2.xzb": Message("trust bundle after the re-listing", "再次纳入后的信任包"),
    "bundle_version": Message(
        "{name} is version {version} of the court's trust bundle{first}.",
        "{name} 是该院信任包的第 {version} 版{first}。",
    ),
    "bundle_first": Message(
        "; version 1, without any certificate, was published when the issuer was made",
        "；第 1 版在系统建立时发布，尚无证明",
    ),
    # states of a case
    "approved": Message("approved", "已审批"),
    "active": Message("active", "有效"),
    "suspended": Message("suspended", "已暂停"),
    "revoked": Message("revoked", "已撤销"),
    # the lender
    "lender": Message("A bank checks it, offline", "银行离线核验"),
    "lender_fence": Message(
        "Every check below runs in a process that cannot open a socket. It was tried: {answer}",
        "以下核验均在无法打开网络套接字的进程中运行。已实测：{answer}",
    ),
    "lender_store": Message("First the bank takes the bundle into its store:", "银行先将信任包导入本地库："),
    "genuine": Message("Genuine and in force, in all four forms:", "真实有效，四种形式一致："),
    "right_person": Message(
        "The bank types the full ID number of its customer 王某; it is compared and not kept:",
        "银行录入客户王某的完整身份证号，仅用于比对，不保存：",
    ),
    "screen": Message(
        "What the loan officer sees, here for the picture of the QR symbol:", "信贷员看到的内容（以二维码图片为例）："
    ),
    "cheats": Message("Cheats", "作假"),
    "tampered": Message("One byte changed (the case number's last digit):", "改动一个字节（案号末位数字）："),
    "forged": Message("A look-alike, signed by an unknown key:", "以未知密钥签名的仿冒件："),
    "wrong_person": Message(
        "The right paper, shown by the wrong person (another ID number):", "证明为真，但持证人不符（另一身份证号）："
    ),
    "stale": Message("Old news", "状态过旧"),
    "stale_told": Message(
        "This bank allows status data of 24 hours. Three days later, with the same bundle:",
        "该行只接受 24 小时内的状态数据。三天后，仍用同一信任包：",
    ),
    # the court's key
    "certificate-2.json": Message("the second certificate, JSON-LD", "第二份证明，JSON-LD"),
    "certificate-2.jwt": Message("the second certificate, JWT", "第二份证明，JWT"),
    "certificate-2-reissued.json": Message("the second certificate, issued anew", "重新出具的第二份证明"),
    "bundle-rotation.xzb": Message("trust bundle with the new key", "含新密钥的信任包"),
    "bundle-compromise.xzb": Message("trust bundle that says which key is stolen", "宣告密钥泄露的信任包"),
    "bundle-reissue.xzb": Message("trust bundle after the re-issue", "重新出具后的信任包"),
    "signed_by": Message("{name} names the key that signed it", "{name} 所示签名密钥"),
    "rotation": Message("The court changes its key", "法院更换签名密钥"),
    "rotation_create": Message(
        "The next key is made beside the running server, and published before it may sign:",
        "在服务器运行期间生成下一把密钥，先发布，后使用：",
    ),
    "rotation_early": Message(
        "Taking it into use in the same minute is refused: lenders shall have it first.",
        "同一分钟内启用会被拒绝：应让金融机构先取得该密钥。",
    ),
    "rotation_now": Message(
        "A court waits its week. The demo cannot, and is told what that means:",
        "法院会等待一周；演示无法等待，系统会说明后果：",
    ),
    "rotation_second": Message(
        "The server was not restarted. The certificate of a second person, {name}, is issued: {number}.",
        "服务器未重启。现为第二人{name}出具证明：{number}。",
    ),
    "rotation_both": Message(
        "With the new bundle the old certificate still passes, and so does the new one, each by its key:",
        "使用新信任包，旧证明仍通过，新证明也通过，各由其密钥签署：",
    ),
    "compromise": Message("A key is stolen", "密钥被盗"),
    "compromise_next_key": Message(
        "First another key takes over, so that the court can go on issuing:", "先由另一把密钥接替，使法院能继续出具："
    ),
    "compromise_told": Message(
        "The court says that cert-2 has been in other hands since {at}:", "法院宣告 cert-2 自 {at} 起已落入他人之手："
    ),
    "compromise_fails": Message(
        "What cert-2 signed is worth nothing any more, in every form:", "cert-2 签署的内容一律无效，各种形式均是："
    ),
    "compromise_spared": Message("What cert-1 signed is not touched:", "cert-1 签署的证明不受影响："),
    "reissue_told": Message(
        "What cert-2 signed is issued anew, with a new number, and passes:",
        "cert-2 签署的证明以新编号重新出具，并通过核验：",
    ),
    "reissued": Message("{old} is replaced by {new}.", "{old} 由 {new} 取代。"),
    # re-listing
    "relisting": Message("He is listed again", "再次被纳入失信名单"),
    "relisting_told": Message(
        "The public list's feed brings a record of {name}, case {case}, published {date}. The court's server answers:",
        "公布名单推送一条记录：{name}，案号 {case}，发布日期 {date}。法院服务器答复：",
    ),
    "relisting_effect": Message(
        "effect of the record: {effect}; state of the certificate, read again: {state}",
        "该记录的处理结果：{effect}；再次读取证明的状态：{state}",
    ),
    "new_bundle": Message("With the new bundle, in all four forms:", "使用新信任包，四种形式："),
    "old_bundle": Message(
        "Somebody brings the old bundle back, to hide the revocation. The store has seen the newer one:",
        "有人拿回旧信任包以掩盖撤销。本地库已见过新包：",
    ),
    "store_kept": Message("And the store still says:", "本地库仍答复："),
    # the end
    "end": Message("What is left", "留下的文件"),
    "end_files": Message(
        "Everything is in {folder}; this transcript is story.txt.", "全部文件在 {folder}；本记录为 story.txt。"
    ),
    "end_serve": Message(
        "To keep a server of your own running: make serve (data in var/). README.md goes on from there.",
        "如需持续运行自己的服务器：make serve（数据在 var/）。后续步骤见 README.zh-CN.md。",
    ),
    "all_as_expected": Message(
        "All {count} answers were as expected ({seconds} s).", "{count} 项答复全部符合预期（{seconds} 秒）。"
    ),
    "not_as_expected": Message(
        "{surprises} of {count} answers were NOT as expected.", "{count} 项答复中有 {surprises} 项不符合预期。"
    ),
    "broken": Message("The story broke off: {reason}", "演示中断：{reason}"),
}
