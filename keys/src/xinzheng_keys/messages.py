"""The catalogue of `xinzheng_keys`: one line per code, in English and Chinese."""

from xinzheng_schemas.errors import Message

MESSAGES: dict[str, Message] = {
    "key_uri_malformed": Message(
        "The key URI is malformed: expected file:///absolute/path.",
        "密钥 URI 格式有误：应为 file:///绝对路径。",
    ),
    "key_scheme_unknown": Message(
        "No signer is known for the key URI scheme {scheme!r}: expected one of {known}.",
        "不认识密钥 URI 方案 {scheme!r}：应为以下之一：{known}。",
    ),
    "key_scheme_unavailable": Message(
        "Keys of scheme {scheme!r} need the extra xinzheng-keys[{extra}], which this version does not offer yet.",
        "方案为 {scheme!r} 的密钥需要附加组件 xinzheng-keys[{extra}]，本版本尚未提供。",
    ),
    "key_file_missing": Message(
        "The key file {path} cannot be opened: {reason}.",
        "无法打开密钥文件 {path}：{reason}。",
    ),
    "key_file_exists": Message(
        "The key file {path} exists already and is never overwritten.",
        "密钥文件 {path} 已存在，绝不覆盖。",
    ),
    "key_file_not_written": Message(
        "The key file {path} cannot be written: {reason}.",
        "无法写入密钥文件 {path}：{reason}。",
    ),
    "key_file_permissions": Message(
        "The key file {path} is not for its owner alone ({found}): expected a regular file of the user who runs this, "
        "mode 0600 or 0400.",
        "密钥文件 {path} 并非仅属主可用（{found}）：应为运行用户所有的普通文件，权限 0600 或 0400。",
    ),
    "key_file_unencrypted": Message(
        "The key file {path} is not encrypted: expected PEM with the label ENCRYPTED PRIVATE KEY (PKCS#8).",
        "密钥文件 {path} 未加密：应为标签 ENCRYPTED PRIVATE KEY 的 PEM（PKCS#8）。",
    ),
    "key_file_malformed": Message(
        "The key file {path} is damaged or no key file: expected one PEM block ENCRYPTED PRIVATE KEY (PKCS#8).",
        "密钥文件 {path} 已损坏或不是密钥文件：应为一个 ENCRYPTED PRIVATE KEY 的 PEM 块（PKCS#8）。",
    ),
    "key_type_unsupported": Message(
        "The key is of type {found}: expected {expected}.",
        "密钥类型为 {found}：应为 {expected}。",
    ),
    "passphrase_wrong": Message(
        "The passphrase does not open the key file {path}.",
        "口令无法打开密钥文件 {path}。",
    ),
    "passphrase_missing": Message(
        "There is no passphrase in {source}.",
        "{source} 中没有口令。",
    ),
    "passphrase_source_malformed": Message(
        "The source of the passphrase is not one: expected env:NAME, credential:NAME or file:PATH.",
        "口令来源有误：应为 env:名称、credential:名称 或 file:路径。",
    ),
    "passphrase_short": Message(
        "The passphrase is too short: expected at least {minimum} octets.",
        "口令太短：至少应为 {minimum} 个字节。",
    ),
    "passphrase_file_missing": Message(
        "The passphrase file {path} cannot be opened: {reason}.",
        "无法打开口令文件 {path}：{reason}。",
    ),
    "passphrase_file_permissions": Message(
        "The passphrase file {path} can be used by others ({found}): expected a regular file of the user who runs "
        "this, mode 0600 or 0400.",
        "口令文件 {path} 可被他人使用（{found}）：应为运行用户所有的普通文件，权限 0600 或 0400。",
    ),
    "passphrase_file_too_large": Message(
        "The passphrase file {path} is too large: expected at most {maximum} octets.",
        "口令文件 {path} 过大：最多 {maximum} 个字节。",
    ),
    "key_name_malformed": Message(
        "The key name {name!r} is malformed: expected lower-case letters, digits and single hyphens, not ending "
        "in -jwk.",
        "密钥名称 {name!r} 格式有误：应为小写字母、数字和单个连字符，且不以 -jwk 结尾。",
    ),
    "key_transition_forbidden": Message(
        "A key that is {state} cannot become {wanted}: expected {allowed}.",
        "状态为 {state} 的密钥不能变为 {wanted}：只允许 {allowed}。",
    ),
    "key_window": Message(
        "The window of key {name!r} is wrong: expected times with a zone, the end after the beginning.",
        "密钥 {name!r} 的有效期有误：时间应带时区，且结束晚于开始。",
    ),
    "key_not_usable": Message(
        "The key {name!r} must not sign at {at}: it is {state}, its window is {window}.",
        "密钥 {name!r} 在 {at} 不得签名：状态为 {state}，有效期为 {window}。",
    ),
    "key_compromise": Message(
        "The key {name!r} contradicts itself: expected compromised_at for a compromised key, and for no other.",
        "密钥 {name!r} 自相矛盾：仅泄露状态的密钥须有 compromised_at。",
    ),
    "key_missing": Message(
        "The court has no active key with usage {usage!r} at {at}.",
        "法院在 {at} 没有用途为 {usage!r} 的有效密钥。",
    ),
    "key_ambiguous": Message(
        "The key {name!r} is listed twice, by its name or by its public key: expected each key once.",
        "密钥 {name!r} 重复（名称或公钥相同）：每个密钥只能列出一次。",
    ),
    "key_list_empty": Message(
        "The court {did} has no key to publish.",
        "法院 {did} 没有可公布的密钥。",
    ),
    "public_key_invalid": Message(
        "{field} is no P-256 public key in Multikey form: expected zDn….",
        "{field} 不是 Multikey 形式的 P-256 公钥：应为 zDn…。",
    ),
    "court_name_mismatch": Message(
        "The Chinese name to show is not that of the court: expected {expected}.",
        "显示用中文名称与法院名称不符：应为 {expected}。",
    ),
}
