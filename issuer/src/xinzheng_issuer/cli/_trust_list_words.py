"""What `xinzheng trust-list` says, in English and Chinese."""

from xinzheng_schemas.errors import Message

_COMMANDS = {
    "trust-list": Message("The country's trust list: ceremonies and publisher.", "全国信任名单：签名仪式与发布。"),
    "ceremony": Message(
        "Make keys and sign documents, step by step, each share on its own medium.",
        "逐步生成密钥并签署文件，每个份额使用各自的介质。",
    ),
    "ceremony_check": Message(
        "Read the configuration and say what it asks for; nothing is written.",
        "读取配置并说明其内容；不写入任何文件。",
    ),
    "ceremony_keys": Message(
        "Make the key of one share on its medium; its public record goes into the work folder.",
        "在介质上为一个份额生成密钥；其公开记录写入工作目录。",
    ),
    "ceremony_draft": Message(
        "Draw up the document of a role, unsigned, from the configuration and the public records.",
        "按配置和公开记录制作某角色的待签文件。",
    ),
    "ceremony_sign": Message(
        "Compare the document with the configuration, and sign it with one share.",
        "将待签文件与配置核对，并以一个份额签名。",
    ),
    "ceremony_assemble": Message(
        "Put the signatures together and let the verifier judge the result.",
        "汇集签名，并由核验程序检查结果。",
    ),
    "publish": Message(
        "Publish the next edition from what was handed in; what is refused is reported and leaves the rest alone.",
        "以报送的内容发布下一版；被拒绝的会报告，不影响其余。",
    ),
    "country_bundle": Message(
        "Write the edition in effect as one file, whole or of some provinces and courts.",
        "将现行版本写成一个文件，可为全部或部分省、法院。",
    ),
    "country_show": Message(
        "Show every role of the edition in effect: version, keys, expiry, and what is due.",
        "显示现行版本的各角色：版本、密钥、到期日及待办事项。",
    ),
    "country_restore": Message(
        "Take over a newer edition of this repository from a bundle, after a backup was restored.",
        "恢复备份后，从信任包接管本仓库的较新版本。",
    ),
    "court_key": Message("The key by which a court signs for the country.", "法院向全国报送所用的签名密钥。"),
    "court_key_new": Message(
        "Make the key that is to follow; until the old ones are retired, all sign.",
        "生成后续密钥；旧密钥停用之前，所有密钥同时签名。",
    ),
    "court_key_retire": Message(
        "Delete the oldest of several keys, once an edition of the country's list names the newest.",
        "在全国名单已列入最新密钥之后，删除各密钥中最旧的一个。",
    ),
}

_OPTIONS = {
    "configuration": Message("The reviewed configuration, TOML.", "经审核的配置，TOML。"),
    "work": Message("The folder that travels; no secret lies in it.", "随行的工作目录；其中没有秘密。"),
    "known": Message(
        "Folder of what is published (it holds metadata/), for every document but the first.",
        "已发布内容的目录（含 metadata/）；首份文件以外均须给出。",
    ),
    "root_sha256": Message(
        "SHA-256 of the file of a root that you know to be genuine, such as the first from the gazette: what follows "
        "from it is believed.",
        "您确知为真的某份根文件的 SHA-256（例如公报刊载的首个根）：由其接续的内容方予采信。",
    ),
    "ceremony_role": Message(
        "The role whose document it is: root, targets, province-42.", "文件所属角色：root、targets、province-42。"
    ),
    "share": Message("Name of the share.", "份额名称。"),
    "medium": Message(
        "Where the medium is on this machine, if not where the configuration says.",
        "介质在本机的位置（如与配置所述不同）。",
    ),
    "passphrase_from": Message(
        "Where the passphrase is read: env:NAME, credential:NAME or file:PATH; otherwise it is asked for.",
        "口令来源：env:名称、credential:名称 或 file:路径；否则当场询问。",
    ),
    "pin_from": Message(
        "Where the PIN of a hardware token is read, if the key URI has no pin-source: env:NAME, credential:NAME or "
        "file:PATH; otherwise XINZHENG_PKCS11_PIN_FROM, otherwise it is asked for.",
        "硬件令牌 PIN 的来源（密钥 URI 未写明 pin-source 时）：env:名称、credential:名称 或 file:路径；"
        "否则用 XINZHENG_PKCS11_PIN_FROM，再否则当场询问。",
    ),
    "share_token": Message(
        "Hardware token to make the key in, if not as the configuration says: pkcs11:token=….",
        "生成密钥所用的硬件令牌（如与配置所述不同）：pkcs11:token=…。",
    ),
    "court_key_uri": Message(
        "Hardware token to make the key in: pkcs11:token=…; otherwise as court.toml says, by default an encrypted "
        "file.",
        "生成密钥所用的硬件令牌：pkcs11:token=…；否则按 court.toml，默认为加密文件。",
    ),
    "witness": Message("Who is present; may be given several times.", "见证人；可多次给出。"),
    "dry_run": Message("Check everything and write nothing.", "完成全部检查，不写入任何文件。"),
    "repository": Message("The publisher's folder of static files.", "发布方的静态文件目录。"),
    "take": Message(
        "What was handed in: a contribution, or a folder of them; may be given several times.",
        "报送内容：一份，或含多份的目录；可多次给出。",
    ),
    "last_is_lost": Message(
        "Go on from what is there, under a root with other online keys: no bundle of the last edition is to be found. "
        "What that edition alone said is lost, unless it is handed in again.",
        "最后一版的信任包已无处可寻：在列有其他在线密钥的根之下，从现有内容继续。仅见于该版的内容除非重新报送，否则丢失。",
    ),
    "province": Message("Code of a province, such as 42; may be given several times.", "省级代码，如 42；可多次给出。"),
    "court": Message(
        "Code of a court, such as 420683; may be given several times.", "法院代码，如 420683；可多次给出。"
    ),
    "without_changes": Message("Leave out the journals of changes.", "不含变更记录。"),
    "out_file": Message("The file to write.", "要写入的文件。"),
    "configuration_of_roots": Message(
        "The reviewed configuration, TOML: copies of the roots lie on the first medium of its timestamp section. "
        "Otherwise give --root.",
        "经审核的配置，TOML：各根文件的副本在其 timestamp 部分的首个介质上。否则请给出 --root。",
    ),
    "first_root": Message(
        "The country's first root, from its ceremony, where no copies of the roots are kept.",
        "全国的首个根文件，取自其签名仪式；用于没有根文件副本之处。",
    ),
    "roots_needed": Message(
        "give either --config FILE or --root FILE: without the country's roots nothing tells what is genuine.",
        "请给出 --config 文件 或 --root 文件之一：没有全国的根文件则无从辨别真伪。",
    ),
    "restore_bundle": Message("The newest whole bundle that can be found.", "能找到的最新完整信任包。"),
    "contribution": Message(
        "Also write what is handed in for the country's trust list: a folder, or one file (.xzc).",
        "同时写出向全国信任名单报送的内容：目录，或一个文件（.xzc）。",
    ),
    "above": Message(
        "Give the contribution a version above this one, after a backup was restored.",
        "恢复备份后，使报送版本号大于此数。",
    ),
}

_SAID = {
    "said_configuration": Message("{title}\nconfiguration SHA-256 {sha256}", "{title}\n配置文件 SHA-256 {sha256}"),
    "said_role": Message(
        "{role}: version {version}, {threshold} of {count} shares, {life}",
        "{role}：版本 {version}，{count} 个份额中的 {threshold} 个，{life}",
    ),
    "said_days": Message("good for {days} days", "有效 {days} 天"),
    "said_online": Message("by the publisher", "由发布方签"),
    "said_share": Message("    {name}: {holder}, on {medium}", "    {name}：{holder}，介质 {medium}"),
    "said_share_token": Message(
        "    {name}: {holder}, in {token}, recorded on {medium}", "    {name}：{holder}，在 {token}，记录于 {medium}"
    ),
    "said_leaving": Message(
        "    {name}: {holder}, signs once more and leaves", "    {name}：{holder}，最后一次签名后退出"
    ),
    "said_courts": Message("    courts: {courts}", "    法院：{courts}"),
    "will_make": Message(
        "The key of {share} ({role}) will be made on {medium} and stay there, encrypted. Only its public record goes "
        "into {work}.",
        "将在 {medium} 上生成 {share}（{role}）的密钥，加密保存，不离开该介质。只有公开记录写入 {work}。",
    ),
    "will_make_in_token": Message(
        "The key of {share} ({role}, {kind}) will be made in its hardware token and stay there; {medium} gets the "
        "record of where it is. Only its public record goes into {work}.",
        "将在硬件令牌内生成 {share}（{role}，{kind}）的密钥，不离开该令牌；{medium} 只保存其所在位置的记录。"
        "只有公开记录写入 {work}。",
    ),
    "will_record": Message(
        "There is a key of {share} ({role}) on {medium} already, and none is made. If {work} has no public record of "
        "it, the record is made.",
        "{medium} 上已有 {share}（{role}）的密钥，不再生成。如 {work} 中没有其公开记录，则补作记录。",
    ),
    "key_made": Message("Made. Fingerprint of {share}: {fingerprint}", "已生成。{share} 的指纹：{fingerprint}"),
    "will_draft": Message(
        "The document {name} will be drawn up; nobody has signed it yet. Lenders believe none of it before {threshold} "
        "shares have.",
        "将制作待签文件 {name}；尚无人签名。{threshold} 个份额签名之前，核验方不予采信。",
    ),
    "drafted": Message("Drawn up: documents/{name}, SHA-256 {sha256}", "已制作：documents/{name}，SHA-256 {sha256}"),
    "listed_key": Message("    {role}  {share}  {fingerprint}", "    {role}  {share}  {fingerprint}"),
    "compared": Message("    compared: {share}  {fingerprint}  {by}", "    比对：{share}  {fingerprint}  {by}"),
    "known_court": Message("to be read out when the province asks for it by telephone", "省级来电核对时，请照此读出"),
    "known_medium": Message("on its medium", "在其介质上"),
    "known_signed": Message(
        "as in {source}, which this share signed or which follows from a root that it signed (SHA-256 {sha256})",
        "与 {source} 一致，该文件由本份额签署，或接续其签署的根（SHA-256 {sha256}）",
    ),
    "known_root": Message(
        "as in {source}, which follows from the root given (SHA-256 {sha256})",
        "与 {source} 一致，该文件接续所给的根（SHA-256 {sha256}）",
    ),
    "known_fingerprint": Message("as the configuration says", "与配置中的指纹一致"),
    "known_record": Message("as in {source} (SHA-256 {sha256})", "与 {source} 一致（SHA-256 {sha256}）"),
    "known_document": Message(
        "by {source} alone (SHA-256 {sha256}), whose roots nobody has vouched for here",
        "仅见于 {source}（SHA-256 {sha256}），其所依据的根在此尚无佐证",
    ),
    "known_disowned": Message(
        "in {source} (SHA-256 {sha256}), disowned by the configuration",
        "见于 {source}（SHA-256 {sha256}），配置不予承认",
    ),
    "will_sign": Message(
        "The share {share} will sign {name} if it is, to the last member, what the configuration says.",
        "若 {name} 与配置逐项一致，将以份额 {share} 签名。",
    ),
    "signed": Message("Signed: signatures/{subject}/{share}.json", "已签名：signatures/{subject}/{share}.json"),
    "will_assemble": Message(
        "The signatures of {name} will be put together. From its publication on lenders go by it.",
        "将汇集 {name} 的签名。自发布之日起，核验方即以其为准。",
    ),
    "assembled": Message(
        "Accepted by the verifier: metadata/{name}. Hand {work} in to the publisher.",
        "已通过核验程序检查：metadata/{name}。请将 {work} 交给发布方。",
    ),
    "dry": Message("Dry run: all checks passed, nothing was written.", "试运行：全部检查通过，未写入任何文件。"),
    "other_media": Message(
        "Other media are on this machine: {shares}. It stands in the transcript.",
        "本机上还有其他介质：{shares}。已载入记录。",
    ),
    "passphrase_prompt": Message("Passphrase of {share}", "{share} 的口令"),
    "pin_prompt": Message("PIN of the token of {share}", "{share} 所在令牌的 PIN"),
    "taken": Message("taken: {role} {version} ({source})", "已采用：{role} {version}（{source}）"),
    "refused": Message(
        "not taken: {role} {version} ({source}): {reason} [{code}]",
        "未采用：{role} {version}（{source}）：{reason} [{code}]",
    ),
    "waiting": Message(
        "waits for {province}: issuer.json of {court} ({source}) differs from the listed one. Until the province has "
        "signed it, lenders do not know new keys of this court and go on trusting stolen ones.",
        "待 {province} 签署：{court} 报送的 issuer.json（{source}）与现列内容不同。省级签署之前，"
        "各机构不认识该院的新密钥，并继续信任已失窃的密钥。",
    ),
    "show_take": Message(
        "Compare with what was handed in; may be given several times.", "与报送内容比较；可多次给出。"
    ),
    "unread": Message("not taken: {source}: {reason} [{code}]", "未采用：{source}：{reason} [{code}]"),
    "country_published": Message(
        "Published as edition {version}, {courts} courts: {path}", "已发布为第 {version} 版，{courts} 个法院：{path}"
    ),
    "would_publish": Message(
        "Dry run: edition {version} with {courts} courts would be good; nothing was written.",
        "试运行：第 {version} 版（{courts} 个法院）可以发布；未写入任何文件。",
    ),
    "bundle_written": Message(
        "Edition {version} in {path}, {octets} octets; left out: {left_out}.",
        "第 {version} 版已写入 {path}，{octets} 字节；省略：{left_out}。",
    ),
    "nothing": Message("nothing", "无"),
    "restored": Message("The repository is at edition {version} now.", "仓库现为第 {version} 版。"),
    "edition": Message("Edition {version}, published {at}", "第 {version} 版，发布于 {at}"),
    "edition_ahead": Message(
        "{line}  ! this clock shows {now}: set it right, or replace the online keys",
        "{line}  ！本机时钟为 {now}：请校准，或更换在线密钥",
    ),
    "role_line": Message("{role}  {version}  expires {expires}", "{role}  {version}  到期 {expires}"),
    "role_due": Message("{line}  ! renew now", "{line}  ！应尽快更新"),
    "role_over": Message("{line}  ! EXPIRED", "{line}  ！已到期"),
    "role_attested": Message("{line}, status as of {at}", "{line}，状态截至 {at}"),
    "contributed": Message("Contribution {version}: {path}", "报送第 {version} 版：{path}"),
    "court_key_made": Message(
        "The key {share} is made, fingerprint {fingerprint}, in {place}. Hand in, and ask the province to list it.",
        "已生成密钥 {share}，指纹 {fingerprint}，位于 {place}。请报送，并请省级列入。",
    ),
    "court_key_retired": Message(
        "The key {share} is deleted. Hand in anew: from now on it is signed by {now} alone.",
        "密钥 {share} 已删除。请重新报送：今后仅由 {now} 签名。",
    ),
    "court_key_retired_in_token": Message(
        "The key {share} is not used any more; it stays in its token until the module's own tool deletes it: {uri}. "
        "Hand in anew: from now on it is signed by {now} alone.",
        "密钥 {share} 不再使用；在用模块自带工具删除之前，它仍在令牌中：{uri}。请重新报送：今后仅由 {now} 签名。",
    ),
}

TRUST_LIST_WORDS: dict[str, Message] = {**_COMMANDS, **_OPTIONS, **_SAID}
