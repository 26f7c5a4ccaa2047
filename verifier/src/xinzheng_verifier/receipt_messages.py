"""Texts of receipts: one line per code, in English and Chinese."""

from xinzheng_schemas.errors import Message

MESSAGES: dict[str, Message] = {
    # the receipt itself
    "receipt_malformed": Message(
        "This is no receipt, or it is damaged ({field}).", "这不是核验回执，或回执已损坏（{field}）。"
    ),
    "receipt_typ": Message(
        "This is a signed token, but no receipt of a verification (typ {expected}).",
        "这是签名令牌，但不是核验回执（typ 应为 {expected}）。",
    ),
    "receipt_key_other": Message(
        "The receipt was signed with another key than the one given.", "回执由另一把密钥签名，而非所给的密钥。"
    ),
    "receipt_signature_invalid": Message(
        "The signature of the receipt does not fit: it was changed, or signed by somebody else.",
        "回执的签名不符：内容被改动，或由他人签名。",
    ),
    "receipt_unreadable": Message(
        "No receipt was made: nobody could read it again ({field}).", "未生成回执：生成后将无法读取（{field}）。"
    ),
    # what it is about
    "receipt_not_reached": Message(
        "Not examined, since something before it does not hold.", "前面的项目不成立，本项未检查。"
    ),
    "receipt_input_not_given": Message(
        "The input was not given, so that nothing was compared with it.", "未给出原件，无从比对。"
    ),
    "receipt_input_not_recorded": Message(
        "The input was too large to be read, so that the receipt does not say which one it was.",
        "原件过大而未被读取，回执未记载其摘要。",
    ),
    "receipt_input_differs": Message("The receipt is about another input.", "回执针对的是另一份原件。"),
    "receipt_trust_not_given": Message(
        "No trust data was given, so that nothing was judged again.", "未给出信任数据，未重新核验。"
    ),
    "receipt_trust_differs": Message(
        "The trust data given is other than that of the receipt.", "所给的信任数据与回执所载的不同。"
    ),
    "receipt_policy_differs": Message(
        "The rules given are other than those of the receipt.", "所给的规则与回执所载的不同。"
    ),
    "receipt_comparison_needed": Message(
        "The rest comes out the same; what was compared then is needed to compare it again: {missing}.",
        "其余各项结果相同；当时比对过的内容需再次提供方可比对：{missing}。",
    ),
    "receipt_outcome_differs": Message(
        "Judged again by the same trust and rules, it comes out differently: {differs}.",
        "按相同的信任数据和规则重新核验，结果不同：{differs}。",
    ),
    "receipt_outcome_not_comparable": Message(
        "Judged again by other trust or rules, it comes out differently: {differs}.",
        "按不同的信任数据或规则重新核验，结果不同：{differs}。",
    ),
    # the lender's key
    "receipt_key_missing": Message("The key file {path} cannot be read: {reason}", "无法读取密钥文件 {path}：{reason}"),
    "receipt_file_exists": Message(
        "There is a file at {path} already; it was left as it is.", "{path} 处已有文件，未作改动。"
    ),
    "receipt_file_not_written": Message("The file {path} cannot be written: {reason}", "无法写入文件 {path}：{reason}"),
    "receipt_key_permissions": Message(
        "The file {path} is not for its owner alone ({found}); its content may be known to others.",
        "文件 {path} 并非仅限所有者访问（{found}），其内容可能已为他人所知。",
    ),
    "receipt_key_unencrypted": Message(
        "The key in {path} is not encrypted; keep it under a passphrase.", "{path} 中的密钥未加密；请用口令加密保存。"
    ),
    "receipt_key_malformed": Message(
        "{path} holds no key that can be used here: P-256 or Ed25519, as PEM or JWK.",
        "{path} 中没有可用的密钥：应为 PEM 或 JWK 形式的 P-256 或 Ed25519 密钥。",
    ),
    "receipt_key_private": Message(
        "{path} holds a private key where a public one is meant; keep it to yourself.",
        "此处应为公钥，而 {path} 中是私钥；请勿外传。",
    ),
    "receipt_passphrase_wrong": Message("The passphrase does not open {path}.", "口令无法打开 {path}。"),
    "receipt_passphrase_missing": Message("There is no passphrase in {source}.", "{source} 中没有口令。"),
    "receipt_passphrase_short": Message(
        "The passphrase is too short; {minimum} bytes are needed.", "口令过短，至少需要 {minimum} 字节。"
    ),
}
