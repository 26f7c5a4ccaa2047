"""The catalogue of `xinzheng_keys`: one line per code, in English and Chinese."""

from xinzheng_schemas.errors import Message

KEY_STATES: dict[str, Message] = {
    "staged": Message("staged", "待启用"),
    "active": Message("active", "启用"),
    "retired": Message("retired", "已退役"),
    "compromised": Message("compromised", "已泄露"),
}
"""What people call the states of a key, by the values of `KeyState`."""

MESSAGES: dict[str, Message] = {
    "key_uri_malformed": Message(
        "The key URI is malformed: expected file:///absolute/path or pkcs11:token=…;object=….",
        "密钥 URI 格式有误：应为 file:///绝对路径 或 pkcs11:token=…;object=…。",
    ),
    "key_scheme_unknown": Message(
        "No signer is known for the key URI scheme {scheme!r}: expected one of {known}.",
        "不认识密钥 URI 方案 {scheme!r}：应为以下之一：{known}。",
    ),
    "key_scheme_unavailable": Message(
        "Keys of scheme {scheme!r} need the extra xinzheng-keys[{extra}], which is not installed.",
        "方案为 {scheme!r} 的密钥需要附加组件 xinzheng-keys[{extra}]，尚未安装。",
    ),
    "pkcs11_uri_malformed": Message(
        "The pkcs11 URI is malformed at {field!r}: expected attributes of RFC 7512, such as "
        "pkcs11:token=court;object=cert-1?pin-source=credential:pin.",
        "pkcs11 URI 在 {field!r} 处格式有误：应为 RFC 7512 的属性，例如 "
        "pkcs11:token=court;object=cert-1?pin-source=credential:pin。",
    ),
    "pkcs11_uri_attribute": Message(
        "The pkcs11 URI says {field!r} twice, or in a way that is not followed here: expected {expected}.",
        "pkcs11 URI 中的 {field!r} 重复，或此处不支持其写法：应为 {expected}。",
    ),
    "pkcs11_uri_incomplete": Message(
        "The pkcs11 URI does not say which {field}: expected token=…;object=….",
        "pkcs11 URI 未指明 {field}：应为 token=…;object=…。",
    ),
    "pkcs11_pin_value": Message(
        "The pkcs11 URI bears a PIN, which belongs in no configuration: expected pin-source=file:/path, env:NAME or "
        "credential:NAME. Change that PIN.",
        "pkcs11 URI 中写有 PIN，配置中不得出现 PIN：应为 pin-source=file:/路径、env:名称 或 credential:名称。"
        "请更换该 PIN。",
    ),
    "pkcs11_module_unknown": Message(
        "The pkcs11 URI names no module of this installation: expected module-path=/path, or module-name={known}.",
        "pkcs11 URI 未指明本机已配置的模块：应为 module-path=/路径，或 module-name={known}。",
    ),
    "pkcs11_sm2_setting": Message(
        "The numbers of a module's SM2 are wrong at {field!r}: expected NAME=sign:0x…,key-type:0x…,generate:0x…,"
        "curve:none,input:digest,signature:raw; sign is needed, several modules go with semicolons.",
        "模块的 SM2 编号在 {field!r} 处有误：应为 NAME=sign:0x…,key-type:0x…,generate:0x…,"
        "curve:none,input:digest,signature:raw；sign 必填，多个模块以分号分隔。",
    ),
    "pkcs11_sm2_unset": Message(
        "The installation does not say how this module makes and uses SM2 keys: expected the numbers of its maker in "
        "{setting}.",
        "本机未说明该模块如何生成和使用 SM2 密钥：应在 {setting} 中写明厂商的编号。",
    ),
    "pkcs11_sm2_made_elsewhere": Message(
        "The installation names no mechanism by which this module makes SM2 keys: make one with the maker's own tool "
        "and stage it, or name the mechanism (generate) in {setting}.",
        "本机未写明该模块生成 SM2 密钥的机制：请用厂商工具生成后登记（stage），或在 {setting} 中写明（generate）。",
    ),
    "token_module_missing": Message(
        "The PKCS #11 module {path} cannot be loaded.",
        "无法加载 PKCS #11 模块 {path}。",
    ),
    "token_module_unusable": Message(
        "The PKCS #11 module {path} cannot be initialised: {reason}.",
        "无法初始化 PKCS #11 模块 {path}：{reason}。",
    ),
    "token_missing": Message(
        "The hardware token with the key is not there.",
        "存有该密钥的硬件令牌不在位。",
    ),
    "token_ambiguous": Message(
        "The key URI matches {count} hardware tokens: expected one; name its serial number too.",
        "密钥 URI 匹配 {count} 个硬件令牌：应只有一个，请同时写明序列号。",
    ),
    "token_pin_unset": Message(
        "There is no PIN for the hardware token: expected pin-source in the key URI, or XINZHENG_PKCS11_PIN_FROM.",
        "没有硬件令牌的 PIN：请在密钥 URI 中写明 pin-source，或设置 XINZHENG_PKCS11_PIN_FROM。",
    ),
    "token_pin_wrong": Message(
        "The hardware token refuses the PIN; it is not tried again until another one is given.",
        "硬件令牌拒绝该 PIN；在更换 PIN 之前不会再次尝试。",
    ),
    "token_pin_last_try": Message(
        "One more wrong PIN would lock the hardware token, so none is tried: log in once by hand with the right PIN.",
        "再输错一次 PIN 硬件令牌即被锁定，故不再尝试：请用正确的 PIN 人工登录一次。",
    ),
    "token_pin_locked": Message(
        "The PIN of the hardware token is locked or expired: its security officer has to set a new one.",
        "硬件令牌的 PIN 已锁定或过期：须由其安全管理员重新设置。",
    ),
    "token_slow": Message(
        "The hardware token has not answered within {seconds} s.",
        "硬件令牌在 {seconds} 秒内未应答。",
    ),
    "token_failed": Message(
        "The hardware token has failed: {reason}.",
        "硬件令牌出错：{reason}。",
    ),
    "token_signature_wrong": Message(
        "What the hardware token signed does not verify as SM2 with its public key: the numbers in {setting} do not "
        "fit the module. Nothing was handed out.",
        "硬件令牌所签内容无法用其公钥按 SM2 验证：{setting} 中的编号与该模块不符。未交出任何内容。",
    ),
    "token_key_missing": Message(
        "The hardware token holds no key pair as the key URI names it.",
        "硬件令牌中没有密钥 URI 所指的密钥对。",
    ),
    "token_key_ambiguous": Message(
        "The key URI matches {count} objects of the hardware token: expected one; name the id too.",
        "密钥 URI 匹配硬件令牌中的 {count} 个对象：应只有一个，请同时写明 id。",
    ),
    "token_key_exists": Message(
        "The hardware token holds a key named {name!r} already: expected a new name.",
        "硬件令牌中已有名为 {name!r} 的密钥：请换一个名称。",
    ),
    "token_key_exposed": Message(
        "The private key can be read out of the hardware token: expected one that is sensitive and not extractable.",
        "私钥可从硬件令牌中导出：应为敏感且不可导出的密钥。",
    ),
    "token_key_unusable": Message(
        "The hardware token has no public key of a known kind for the key: expected {expected}.",
        "硬件令牌中没有该密钥的、类型已知的公钥：应为 {expected}。",
    ),
    "token_key_changed": Message(
        "The hardware token holds another key under the same name than before; nothing is signed with it.",
        "硬件令牌中同名的密钥已不是原来的那一个；不会用它签名。",
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
    "sm2_unavailable": Message(
        "SM2 keys need libcrypto of OpenSSL 3.0 or newer, and none was found; its path can be set by {variable}.",
        "SM2 密钥需要 OpenSSL 3.0 或更高版本的 libcrypto，未能找到；可用 {variable} 指定其路径。",
    ),
    "sm2_failed": Message(
        "libcrypto could not do what an SM2 key was asked for.",
        "libcrypto 未能完成 SM2 密钥操作。",
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
        "The file of a passphrase or PIN, {path}, cannot be opened: {reason}.",
        "无法打开口令或 PIN 文件 {path}：{reason}。",
    ),
    "passphrase_file_permissions": Message(
        "The file of a passphrase or PIN, {path}, can be used by others ({found}): expected a regular file of the user "
        "who runs this, mode 0600 or 0400.",
        "口令或 PIN 文件 {path} 可被他人使用（{found}）：应为运行用户所有的普通文件，权限 0600 或 0400。",
    ),
    "passphrase_file_too_large": Message(
        "The file of a passphrase or PIN, {path}, is too large: expected at most {maximum} octets.",
        "口令或 PIN 文件 {path} 过大：最多 {maximum} 个字节。",
    ),
    "key_name_malformed": Message(
        "The key name {name!r} is malformed: expected lower-case letters, digits and single hyphens, not ending "
        "in -jwk.",
        "密钥名称 {name!r} 格式有误：应为小写字母、数字和单个连字符，且不以 -jwk 结尾。",
    ),
    "key_transition_forbidden": Message(
        "The key {name} is {state} and cannot become {wanted}: {allowed}.",
        "密钥 {name} 的状态为“{state}”，不能变为“{wanted}”：{allowed}。",
    ),
    "key_window": Message(
        "The window of key {name!r} is wrong: expected times with a zone, the end after the beginning.",
        "密钥 {name!r} 的有效期有误：时间应带时区，且结束晚于开始。",
    ),
    "key_not_usable": Message(
        "The key {name!r} must not sign at {at}: it is {state}, its window is {window}.",
        "密钥 {name!r} 在 {at} 不得签名：状态为“{state}”，有效期为 {window}。",
    ),
    "key_compromise": Message(
        "The key {name!r} contradicts itself: expected compromised_at for a compromised key, and for no other.",
        "密钥 {name!r} 自相矛盾：仅泄露状态的密钥须有 compromised_at。",
    ),
    "compromise_not_earlier": Message(
        "The key {name} is said to be compromised since {since} already: name an earlier moment by --at, for that word "
        "is never taken back, nor made later.",
        "密钥 {name} 已宣告自 {since} 起泄露：只能以 --at 给出更早的时刻；此宣告不可撤回，也不可推后。",
    ),
    "key_missing": Message(
        "The court has no active key with usage {usage!r} at {at}: make another one and use it at once, by xinzheng "
        "keys create and xinzheng keys activate --now. (A key that was taken into use by a clock that was ahead counts "
        "from that moment only.)",
        "法院在 {at} 没有用途为 {usage!r} 的有效密钥：请执行 xinzheng keys create 和 xinzheng keys activate --now，"
        "另行生成密钥并立即启用。（由偏快的时钟启用的密钥，自该时刻起方才有效。）",
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
        "{field} is no public key in Multikey form: expected zDn… (P-256), z82… (P-384) or z6Mk… (Ed25519).",
        "{field} 不是 Multikey 形式的公钥：应为 zDn…（P-256）、z82…（P-384）或 z6Mk…（Ed25519）。",
    ),
    "court_name_mismatch": Message(
        "The Chinese name to show is not that of the court: expected {expected}.",
        "显示用中文名称与法院名称不符：应为 {expected}。",
    ),
}
