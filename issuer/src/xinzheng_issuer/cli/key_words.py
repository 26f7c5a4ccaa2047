"""What `xinzheng keys` and `xinzheng feed-review` say, in English and Chinese."""

from xinzheng_keys.messages import KEY_STATES
from xinzheng_schemas.errors import Message

KEY_WORDS: dict[str, Message] = {
    "keys": Message(
        "The court's keys: make, publish, take into use, retire, say that they are compromised.",
        "本院的密钥：生成、发布、启用、退役、宣告泄露。",
    ),
    "keys_list": Message("List the keys.", "列出密钥。"),
    "keys_show": Message("Show a key, what it signed and what was done with it.", "显示某密钥及其签署情况和变更记录。"),
    "keys_create": Message("Make a key and publish it; it signs nothing yet.", "生成密钥并发布；暂不签名。"),
    "keys_stage": Message(
        "Publish a key that is there already, by its URI; it signs nothing yet.",
        "按 URI 发布已有的密钥；暂不签名。",
    ),
    "keys_activate": Message("Take a published key into use.", "启用已发布的密钥。"),
    "keys_retire": Message(
        "Close a key's window: it signs nothing more; what it signed stays valid.",
        "关闭密钥的有效窗口：不再签名；已签署的继续有效。",
    ),
    "keys_compromise": Message(
        "Say that others may have had a key since a moment; what it signed is refused.",
        "宣告密钥自某时刻起可能已被他人掌握；其签署的内容将被拒绝。",
    ),
    "keys_drill": Message(
        "List what a key signed and how long issuing it anew would take; changes nothing.",
        "列出某密钥签署的证明及重新出具所需时间；不作任何变更。",
    ),
    "keys_reissue": Message(
        "Issue anew what a compromised key signed; may be interrupted and run again.\n\nEnds with 1 if anything "
        "was left but suspended certificates, or if the change could not be published; those are named, and end with 0 "
        "by themselves.",
        "重新出具由已泄露密钥签署的证明；可中断后再次运行。\n\n除暂停中的证明外仍有未处理的，"
        "或变更未能发布时，退出状态为 1；暂停中的证明逐一列出，仅此一项时退出状态为 0。",
    ),
    "key_usage": Message("What the key signs.", "密钥用途。"),
    "key_uri": Message(
        "Where the key is: a file name in the key folder, or a key URI.", "密钥所在：密钥目录中的文件名，或密钥 URI。"
    ),
    "key_new_uri": Message(
        "Where the key is made: pkcs11:token=…, or file: for a new file in the key folder; by default where [keys] of "
        "court.toml says, or else where the newest key of the same sort lies.",
        "密钥的生成位置：pkcs11:token=…，或以 file: 表示密钥目录中的新文件；默认按 court.toml 的 [keys]，"
        "未设定时与最近生成的同类密钥相同。",
    ),
    "key_type": Message(
        "Kind of key (by default as [keys] of court.toml says).", "密钥类型（默认按 court.toml 的 [keys]）。"
    ),
    "key_reason": Message("Why; kept in the register.", "理由；记入登记库。"),
    "key_reason_empty": Message("expected words that say why.", "应写明理由。"),
    "key_yes": Message("Do not ask.", "不再询问。"),
    "key_dry_run": Message("Only say what would happen.", "只说明将会发生什么。"),
    "key_json": Message("Print JSON.", "以 JSON 输出。"),
    "key_now": Message(
        "Although lenders may not know the key yet; says what that means.", "即使各机构可能尚不认识该密钥；会说明后果。"
    ),
    "key_leave_none": Message("Although no other key signs certificates then.", "即使此后没有其他密钥签发证明。"),
    "key_at": Message(
        "Since when, such as 2026-11-23T08:00:00Z (default: now).", "自何时起，例如 2026-11-23T08:00:00Z（默认现在）。"
    ),
    "key_out": Message("Also write the list to this new CSV file.", "同时将清单写入此新 CSV 文件。"),
    "key_confirm": Message("Go on?", "是否继续？"),
    "key_done": Message("{name} is {state} now.", "{name} 现为{state}。"),
    "key_published": Message("Published as version {version}.", "已发布为第 {version} 版。"),
    "key_role_keys": Message(
        "The step stands and waits. Nothing is published until the keys of the bundle's roles are back; then: xinzheng "
        "bundle. If they never come back: xinzheng bundle-keys rotate targets snapshot timestamp; if the root key is "
        "lost too, move public/ away, then xinzheng bundle-keys begin --before FOLDER.",
        "本步骤已生效，等待发布。信任包各角色的密钥恢复之前不会发布任何内容；恢复后请执行 xinzheng bundle。"
        "如无法恢复：xinzheng bundle-keys rotate targets snapshot timestamp；如根密钥亦失，请移走 public/，"
        "再执行 xinzheng bundle-keys begin --before 目录。",
    ),
    "key_root_expired": Message(
        "The step stands and waits. The root of the bundle has ended, and nothing is published until another follows: "
        "xinzheng bundle-keys renew.",
        "本步骤已生效，等待发布。信任包的根已到期，在后续的根产生之前不会发布任何内容："
        "请执行 xinzheng bundle-keys renew。",
    ),
    "keys_restored_next": Message(
        "The key folder came back from a backup and knows less of the court's keys than was published or recorded. "
        "Look at what is missing, then take it over: xinzheng db adopt --dry-run, xinzheng db adopt --yes.",
        "密钥目录系由备份恢复，所知本院密钥少于已发布或已登记的内容。请先查看缺失内容再接管："
        "xinzheng db adopt --dry-run，xinzheng db adopt --yes。",
    ),
    "key_missing_next": Message(
        "No active key may sign now what has to be signed, as if it were lost. Make another one: xinzheng keys create "
        "NAME --usage …, then xinzheng keys activate NAME --now.",
        "现在没有可用于签名的已启用密钥，与密钥丢失相同。请另行生成：xinzheng keys create NAME --usage …，"
        "再执行 xinzheng keys activate NAME --now。",
    ),
    "key_waits_for_province": Message(
        "That was the court's own bundle. Lenders who use the country's trust list do not know of it yet: hand in "
        "(xinzheng bundle --contribution …), have the province sign the new issuer.json, have the country publish.",
        "以上为本院自己的信任包。使用全国信任名单的机构尚不知悉：请报送（xinzheng bundle --contribution …），"
        "由省级签署新的 issuer.json，再由全国名单发布。",
    ),
    "key_listed_in": Message(
        "Bundle of the country's trust list that names the key; the court waits from its publication.",
        "列有该密钥的全国信任名单信任包；等待时间自其发布起算。",
    ),
    "key_root": Message("Root metadata from which that bundle is judged.", "核验该信任包所依据的根文件。"),
    "key_edition_whole": Message("--listed-in and --root go together.", "--listed-in 与 --root 须一同给出。"),
    "key_certificate": Message("certificate", "证明"),
    "key_status": Message("status", "状态"),
    **{f"key_{state}": said for state, said in KEY_STATES.items()},
    "key_only_said": Message("Nothing was changed (--dry-run).", "未作任何变更（--dry-run）。"),
    "key_heads": Message(
        "name\tusage\ttype\tstate\tfrom\tuntil\tcompromised since\tpublished since\tcertificates in force\twhere",
        "名称\t用途\t类型\t状态\t起\t止\t泄露时间\t发布时间\t有效证明\t所在",
    ),
    "key_event": Message("{at}  {action}  {actor}: {reason}", "{at}  {action}  {actor}：{reason}"),
    "key_counts": Message(
        "{live} certificates signed by it are in force or suspended.", "由其签署的证明有效或暂停 {live} 份。"
    ),
    "key_list_written": Message("The list is in {path}.", "清单已写入 {path}。"),
    "reissue_progress": Message("{done} of {all} issued anew", "已重新出具 {done}/{all}"),
    "reissue_done": Message(
        "{count} issued anew, {left} left as they are, {suspended} suspended; {seconds} s.",
        "已重新出具 {count} 份，{left} 份未处理，{suspended} 份暂停中；用时 {seconds} 秒。",
    ),
    "reissue_suspended": Message(
        "suspended: {number}; once it is reinstated, run this again", "暂停中：{number}；恢复之后请再次运行"
    ),
    "reissue_left": Message("left: {number} [{code}]", "未处理：{number} [{code}]"),
    "reissue_pair": Message("{old} → {new}", "{old} → {new}"),
    "feed-review": Message(
        "Mark a flagged record of the public list as looked at; without an id, list those that wait.",
        "将待核对的名单记录标记为已核对；不给编号则列出待核对的记录。",
    ),
    "feed_review_note": Message("What was found.", "核对结果。"),
    "feed_waiting": Message("{id}: received {at}: {codes}", "{id}：收到于 {at}：{codes}"),
    "feed_reviewed": Message("Record {id} is marked as looked at.", "记录 {id} 已标记为已核对。"),
}
