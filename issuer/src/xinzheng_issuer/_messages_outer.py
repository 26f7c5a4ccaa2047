"""What requests, publishing and configuration have to say, in English and Chinese."""

from xinzheng_schemas.errors import Message

ACCESS = {
    "api_token_missing": Message(
        "An API token is needed: expected the header Authorization: Bearer ….",
        "需要 API 令牌：应有请求头 Authorization: Bearer …。",
    ),
    "token_unknown": Message(
        "The API token is not known at this court.",
        "本院不认识此 API 令牌。",
    ),
}

WIRE = {
    "field_missing": Message("{field} is required.", "{field} 为必填项。"),
    "field_unknown": Message(
        "{field} is not a field of this request.",
        "{field} 不是本请求的字段。",
    ),
    "value_not_listed": Message(
        "{field} must be {expected}.",
        "{field} 应为 {expected}。",
    ),
    "field_invalid": Message(
        "{field} is not valid: expected {expected}.",
        "{field} 无效：应为 {expected}。",
    ),
    "request_invalid": Message(
        "The request has {count} problem(s); see errors.",
        "请求有 {count} 处问题；见 errors。",
    ),
    "body_not_json": Message(
        "The body must be JSON with Content-Type application/json.",
        "请求体应为 JSON，Content-Type 应为 application/json。",
    ),
    "body_not_object": Message(
        "The body must be a JSON object.",
        "请求体应为 JSON 对象。",
    ),
    "body_too_large": Message(
        "The body is too large: expected at most {maximum} octets.",
        "请求体过大：最多 {maximum} 个字节。",
    ),
    "route_not_found": Message(
        "There is nothing at this address.",
        "此地址没有内容。",
    ),
    "method_not_allowed": Message(
        "The method {method} is not for this address: expected {allowed}.",
        "此地址不支持方法 {method}：应为 {allowed}。",
    ),
    "request_refused": Message(
        "The request was refused with HTTP status {status}.",
        "请求被拒绝，HTTP 状态 {status}。",
    ),
    "register_unavailable": Message(
        "The register cannot be written now, as with a full disk: the step was not taken. Try again.",
        "登记库暂时无法写入（如磁盘已满）：该步骤未办理。请重试。",
    ),
    "internal_error": Message(
        "The issuer failed; the event is in its log as {incident}.",
        "签发系统出错；事件已记入日志，编号 {incident}。",
    ),
    "publication_failed": Message(
        "The change is recorded; publishing it failed and is tried again: {reason}",
        "变更已登记；发布失败，将自动重试：{reason}",
    ),
}

PUBLISHING = {
    "repository_exists": Message(
        "{path} holds a bundle repository already; its keys and versions are never started anew.",
        "{path} 已有信任包仓库；其密钥和版本号绝不重新开始。",
    ),
    "line_forgets": Message(
        "{path} published what the register or the key folder does not know ({forgotten}): under a new line lenders "
        "would take for valid what was revoked or compromised there. Bring both up to date first: put the folder back "
        "as public/ and run xinzheng db adopt (with a bundle: xinzheng db adopt --bundle FILE), take the steps again "
        "that it names, and let it end; that it cannot publish then (role_keys_missing) is no matter. Move public/ "
        "away, and repeat this step with that folder.",
        "{path} 曾发布登记库或密钥目录所不知的内容（{forgotten}）：若另起新的信任包，各机构会将已撤销的证明、"
        "已泄露密钥所签的证明视为有效。请先补齐两者：将该目录移回为 public/ 并执行 xinzheng db adopt（如为信任包："
        "xinzheng db adopt --bundle FILE），重新办理其所列的手续并使其完成；此时无法发布（role_keys_missing）并无妨碍。"
        "然后移走 public/，并以该目录重复本步骤。",
    ),
    "line_foreign": Message(
        "{path} tells nothing of the court {court}: expected its publication folder that was moved away, or its newest "
        "bundle.",
        "{path} 没有法院 {court} 的任何内容：应为已移走的本院发布目录，或本院最新的信任包。",
    ),
    "watermark_away": Message(
        "The watermark {path} is not there. It remembers the line that is given up, and once its disk is back it would "
        "keep the new one from being published for ever. Bring the disk back; if it is gone for good, or nothing was "
        "remembered there yet, leave it out of this step (XINZHENG_WATERMARK=).",
        "水印文件 {path} 不在。它记录的是即将放弃的信任包，一旦其磁盘恢复，新的信任包将永远无法发布。请恢复该磁盘；"
        "如磁盘确已不存，或此前从未记录，请在本步骤不使用它（XINZHENG_WATERMARK=）。",
    ),
    "repository_missing": Message(
        "{path} holds no bundle repository. If a court's was lost: xinzheng db adopt --bundle FILE takes over the "
        "newest bundle that a lender or mirror has.",
        "{path} 没有信任包仓库。如法院的仓库已丢失：请用 xinzheng db adopt --bundle FILE "
        "接管机构或镜像所持的最新信任包。",
    ),
    "repository_damaged": Message(
        "{path} of the bundle repository cannot be read. It is made whole by the newest bundle that a lender or mirror "
        "has: a court's publication folder by xinzheng db adopt --bundle FILE, the country's repository by xinzheng "
        "trust-list restore --bundle FILE.",
        "无法读取信任包仓库的 {path}。可用机构或镜像所持的最新信任包补全：法院的发布目录用 "
        "xinzheng db adopt --bundle FILE，国家级仓库用 xinzheng trust-list restore --bundle FILE。",
    ),
    "memory_damaged": Message(
        "{path} should name the edition that was published last from here, and cannot be read: nothing is published, "
        "for nothing else tells whether a backup was restored. Put it back from a copy. If there is none, see that no "
        "lender or mirror has a newer edition than public/, or take theirs over (a court's: xinzheng db adopt --bundle "
        "FILE, the country's: xinzheng trust-list restore --bundle FILE); remove the file before, it is made anew.",
        "{path} 应载明此处上次发布的版本，但无法读取：不再发布任何内容，因为别无他法判断是否恢复了旧备份。"
        "请由副本恢复；如无副本，请确认没有机构或镜像持有比 public/ 更新的版本，否则接管该版（法院用 "
        "xinzheng db adopt --bundle FILE，国家级用 xinzheng trust-list restore --bundle FILE）；"
        "事先请移除该文件，它会重新生成。",
    ),
    "kept_roots_damaged": Message(
        "{path} should hold copies of the roots, and cannot be read: nothing is published, for nothing else tells a "
        "root that somebody put into public/. Put it back from a copy. If there is none, remove the file and repeat "
        "the step: copies are made anew of the roots in public/, once they are proven to be your own.",
        "{path} 应留存各根的副本，但无法读取：不再发布任何内容，因为别无他法识别他人放入 public/ 的根。"
        "请由副本恢复；如无副本，请移除该文件并重复本步骤：待 public/ 中的各根经证明确属本方，即据其重新留存。",
    ),
    "root_foreign": Message(
        "{path} does not follow the roots of the court, and the next root would lie there. If lenders have this root, "
        "it was damaged: take over their newest bundle (xinzheng db adopt --bundle FILE). Else somebody put it there: "
        "remove it, and see who can write the folder.",
        "{path} 未接续本院的各版根，而下一版根须存于此处。如机构已持有该版根，则该文件已损坏：请接管其最新信任包"
        "（xinzheng db adopt --bundle FILE）；否则系他人放入：请将其移除，并查明谁能写入该目录。",
    ),
    "edition_damaged": Message(
        "Edition {version} of the bundle cannot be read from the publication folder, neither from its files nor from "
        "its bundle ({refusal}): {reason} Nothing is published; take over the newest bundle that a lender or mirror "
        "has: xinzheng db adopt --bundle FILE.",
        "无法从发布目录读取信任包第 {version} 版，其文件与信任包均不可用（{refusal}）：{reason}"
        "不再发布任何内容；请接管机构或镜像所持的最新信任包：xinzheng db adopt --bundle FILE。",
    ),
    "edition_forgotten": Message(
        "Edition {found} is what there is, but edition {expected} was published from here: public/ was restored from a "
        "backup, or somebody emptied it. Nothing is published; take over the newest bundle that a lender or mirror "
        "has: xinzheng db adopt --bundle FILE. Where nobody has one: xinzheng db adopt, with the newest public/ that "
        "there is in its place.",
        "现有的是第 {found} 版，但此处曾发布第 {expected} 版：已恢复了旧备份，或有人清空了发布目录。不再发布任何内容；"
        "请接管机构或镜像所持的最新信任包：xinzheng db adopt --bundle FILE；"
        "如无人持有：将现有最新的 public/ 放回原处，再执行 xinzheng db adopt。",
    ),
    "line_forgotten": Message(
        "Edition {expected} was published from here under other roots than edition {found}: the bundle was begun anew, "
        "and a backup of before is here, of keys/ alone perhaps. Nothing is published. Put keys/ of a newer backup in "
        "its place, move public/ away, and take over the newest bundle that a lender or mirror has: xinzheng db adopt "
        "--bundle FILE. Where there is no such backup, move keys/bundle/kept-roots.json away too, and add --first-root "
        "ROOT, the root that lenders were given, and none out of public/. Only if those roots were given up for good, "
        "or are not the court's (whoever can write public/ can put others there), go on from those of before: "
        "xinzheng db adopt, with their public/ in its place or with their newest bundle (--bundle FILE).",
        "此处曾在另一套根之下发布第 {expected} 版，与第 {found} 版的根不同：信任包已重新开始，"
        "而此处有此前的备份（或仅为 keys/）。不再发布任何内容。请恢复更新的 keys/ 备份，移走 public/，"
        "再接管机构或镜像所持的最新信任包：xinzheng db adopt --bundle FILE。如无此备份，请一并移走 "
        "keys/bundle/kept-roots.json，并加上 --first-root ROOT，即交付各机构的根，不得取自 public/。"
        "仅当那些根确已放弃，或并非本院的根（凡能写入 public/ 者均可放入）时，才由原有的根继续：将其 public/ "
        "放回原处后执行 xinzheng db adopt，或接管其最新信任包（--bundle FILE）。",
    ),
    "versions_used_up": Message(
        "No edition can follow: its number would be {version}, and lenders read none above {limit}. Numbers begin anew "
        "under other keys of snapshot and timestamp: a court's by xinzheng bundle-keys rotate snapshot timestamp, the "
        "country's by a root that names other online keys.",
        "不能再发布后续版本：其编号将为 {version}，而各机构不读取高于 {limit} 的编号。"
        "更换 snapshot 与 timestamp 的密钥后，编号重新开始："
        "法院用 xinzheng bundle-keys rotate snapshot timestamp，国家级由列出其他在线密钥的根实现。",
    ),
    "roots_unproven": Message(
        "No root key that lies in the key folder signed {path}, and no copy of it is kept there: whoever can write the "
        "publication folder could have made it. Nothing is published or handed out. If it is the court's, bring back "
        "the root key that signed it for one start, or vouch for the first root: xinzheng bundle-keys keep ROOT; for "
        "that of a bundle: xinzheng db adopt --bundle FILE --first-root ROOT. Copies are kept from then on. If it is "
        "not, put the court's own there.",
        "密钥目录中没有任何根密钥签署过 {path}，也没有留存其副本：凡能写入发布目录者均可伪造。不再发布或提供任何内容。"
        "如确为本院的根，请将签署它的根密钥带回并启动一次，或确认首个根：xinzheng bundle-keys keep ROOT；"
        "如为信任包中的根：xinzheng db adopt --bundle FILE --first-root ROOT。此后即留存各根的副本；"
        "如不是，请恢复本院的根文件。",
    ),
    "list_not_own": Message(
        "{list} in the publication folder is not what this court signed ({refusal}): {reason} Nothing is taken over or "
        "published; find out who wrote there, then take over the newest bundle that a lender or mirror has: xinzheng "
        "db adopt --bundle FILE.",
        "发布目录中的 {list} 并非本院所签（{refusal}）：{reason}未接管、也未发布任何内容；请查明何人写入，"
        "再接管机构或镜像所持的最新信任包：xinzheng db adopt --bundle FILE。",
    ),
    "bundle_list_not_own": Message(
        "{list} in the bundle is signed by no status key of the court, neither of the key folder nor of the bundle's "
        "own issuer.json ({refusal}): {reason} Nothing is taken over. Take a bundle from another lender or mirror; if "
        "all are so, somebody else has the keys of the bundle's roles: replace them (xinzheng bundle-keys "
        "rotate targets snapshot timestamp).",
        "信任包中的 {list} 并非由本院任何状态密钥（无论密钥目录还是该信任包自身 issuer.json 所列）签名（{refusal}）："
        "{reason}未接管任何内容。请改用其他机构或镜像的信任包；若均如此，则信任包各角色的密钥已落入他人之手："
        "请更换（xinzheng bundle-keys rotate targets snapshot timestamp）。",
    ),
    "keys_restored": Message(
        "The key folder does not know what was published or recorded of the court's keys ({keys}): keys/ came back "
        "from a backup. Nothing is published and no certificate is issued before it is brought up to date: xinzheng "
        "db adopt. If nobody here took these steps, xinzheng db adopt --dry-run says what to do.",
        "密钥目录不知本院密钥已发布或已登记的步骤（{keys}）：keys/ 系由备份恢复。补齐之前不发布任何内容，"
        "也不签发任何证明：xinzheng db adopt。如非本院所为，xinzheng db adopt --dry-run 会说明如何处理。",
    ),
    "publication_unwritable": Message(
        "The publication folder cannot be read or written: see the log for the reason, such as a full disk.",
        "无法读取或写入发布目录：原因（如磁盘已满）见日志。",
    ),
    "role_key_record": Message(
        "{path} should say where the key of a role lies, and which one it is: it is damaged, or another key is there.",
        "{path} 应说明某角色的密钥在何处、是哪一个：该文件已损坏，或该处是另一个密钥。",
    ),
    "role_key_files_gone": Message(
        "The key files of the bundle's roles ({roles}) are gone from keys/bundle/: the running server still publishes, "
        "the next start is refused. Bring them back from a copy, or replace the keys: xinzheng bundle-keys rotate "
        "{roles}.",
        "信任包各角色（{roles}）的密钥文件已不在 keys/bundle/ 中：运行中的服务仍可发布，下次启动将被拒绝。"
        "请由副本恢复，或更换密钥：xinzheng bundle-keys rotate {roles}。",
    ),
    "root_expired": Message(
        "The root of the bundle ended on {expires}: lenders import nothing under it, and nothing is published until "
        "another follows: xinzheng bundle-keys renew.",
        "信任包的根已于 {expires} 到期：各机构无法据其导入，在后续的根产生之前不会发布任何内容："
        "请执行 xinzheng bundle-keys renew。",
    ),
    "role_keys_missing": Message(
        "The keys of the bundle's roles ({roles}) cannot be opened ({cause}): {reason} Nothing is published until they "
        "are back.",
        "信任包各角色（{roles}）的密钥无法打开（{cause}）：{reason}在其恢复之前不会发布任何内容。",
    ),
    "role_keys_left": Message(
        "The keys of {roles} cannot be opened, and nothing could be published under the new root: replace them by the "
        "same root, xinzheng bundle-keys rotate {command}.",
        "{roles} 的密钥无法打开，在新根之下不能发布任何内容：请在同一版根中一并更换："
        "xinzheng bundle-keys rotate {command}。",
    ),
    "root_keys_missing": Message(
        "The root key {name} cannot be opened ({cause}): {reason} Without it no root can follow; if it is lost for "
        "good, every lender has to be given a new first root by another way.",
        "根密钥 {name} 无法打开（{cause}）：{reason}没有它便不能产生后续的根；"
        "如确已丢失，须以其他途径向每个机构交付新的首个根。",
    ),
    "edition_before_failed": Message(
        "The edition that old and new keys sign could not be published ({reason}): the root was not changed, and the "
        "new keys are in no use. Mend that first, then repeat the step.",
        "由新旧密钥共同签署的一版未能发布（{reason}）：根未变更，新密钥未启用。请先排除故障，再重复本步骤。",
    ),
    "role_key_unknown": Message(
        "The root of the bundle does not name the {role} key at hand: expected the key made with it. If the one in "
        "keys/bundle/ was made for a root that was given up, move its file away.",
        "信任包的根未列出现有的 {role} 密钥：应使用与其一同生成的密钥。如 keys/bundle/ 中的密钥是为已放弃的根所生成的，"
        "请将其文件移走。",
    ),
    "target_path": Message(
        "{field} is no path of a bundle: expected such as courts/420683/issuer.json.",
        "{field} 不是信任包的路径：应如 courts/420683/issuer.json。",
    ),
    "status_list_older": Message(
        "{list} was published as edition {published} already, and the register has edition {sequence}: it seems to "
        "have been restored from a backup. Nothing is published before it is brought up to date: xinzheng db adopt.",
        "{list} 已发布至第 {published} 版，登记库却为第 {sequence} 版：似由备份恢复。补齐数据之前不再发布："
        "xinzheng db adopt。",
    ),
    "revocations_forgotten": Message(
        "{count} entry(ies) that {list} publishes as revoked, such as {index}, are not so in the register: it seems to "
        "have been restored from a backup. Nothing is published before it is brought up to date: xinzheng db adopt.",
        "{list} 已发布为撤销的 {count} 个条目（如 {index}）在登记库中并未撤销：似由备份恢复。补齐数据之前不再发布："
        "xinzheng db adopt。",
    ),
    "register_restored": Message(
        "The register knows less than was published ({lists}): it came back from a backup. No certificate is issued "
        "before it is brought up to date, for numbers and indexes could be given out twice: xinzheng db adopt. "
        "Revocations, suspensions and re-listings are entered meanwhile, and published with it.",
        "登记库少于已发布的内容（{lists}）：系由备份恢复。补齐数据之前不签发任何证明，以免编号和索引重复使用："
        "xinzheng db adopt。其间撤销、暂停和重新列入照常登记，随补齐一并发布。",
    ),
    "register_forgetful": Message(
        "A certificate was recorded that the register does not know ({path}): it came back from a backup. No "
        "certificate is issued before the next status list is open, for numbers and indexes could be given out twice: "
        "xinzheng db adopt.",
        "曾登记过一份登记库所不知的证明（{path}）：登记库系由备份恢复。启用下一个状态列表之前不签发任何证明，"
        "以免编号和索引重复使用：xinzheng db adopt。",
    ),
    "register_doubted": Message(
        "Whether the register knows the certificate that was recorded last cannot be told ({path}): what was published "
        "is being taken over into it. No certificate is issued before the next status list is open and published: "
        "xinzheng db adopt, once more if it was stopped or could not publish.",
        "无从判断登记库是否知道最近登记的证明（{path}）：正在将已发布的内容接管入库。启用并发布下一个状态列表之前"
        "不签发任何证明：xinzheng db adopt；如曾中断或未能发布，请再执行一次。",
    ),
    "found_damaged": Message(
        "{path} is a published bundle that is being taken over into the register, and it cannot be read. Nothing is "
        "published before it is there again: put it back from a copy, or take the same bundle over once more "
        "(xinzheng db adopt --bundle FILE). If nobody has it any more, take over a newer one, then delete this file.",
        "{path} 是正在接管入库的已发布信任包，但无法读取。恢复该文件之前不发布任何内容：请从副本还原，"
        "或再次接管同一信任包（xinzheng db adopt --bundle 文件）。"
        "如已无人持有该包，请先接管更新的信任包，再删除此文件。",
    ),
    "epoch_damaged": Message(
        "{path} should name the certificate that was recorded last, and cannot be read: whether the register came "
        "back from a backup cannot be told. No certificate is issued before the next status list is open: xinzheng db "
        "adopt.",
        "{path} 应载明最近登记的证明，但无法读取：无从判断登记库是否由备份恢复。"
        "启用下一个状态列表之前不签发任何证明：xinzheng db adopt。",
    ),
    "steps_to_repeat": Message(
        "{count} certificate(s), such as {numbers}, were published as revoked or suspended, and the register believes "
        "them in force: take those steps again first, then repeat this one. No list was changed.",
        "{count} 份证明（如 {numbers}）已发布为撤销或暂停，登记库却仍作有效：请先重新办理上述手续，再执行本步骤。"
        "各列表未作任何更改。",
    ),
    "publication_clock": Message(
        "The last edition says that it was made at {published}, and this clock shows {now}: nothing was published. Set "
        "the clock right; if it was wrong then, the country replaces the online keys by a new root, and so does a "
        "court that runs alone: xinzheng bundle-keys rotate snapshot timestamp.",
        "上一版自称制作于 {published}，而本机时钟为 {now}：未发布任何内容。请校准时钟；如当时时钟有误，"
        "全国名单须以新根更换在线密钥，独立运行的法院亦然：xinzheng bundle-keys rotate snapshot timestamp。",
    ),
    "publication_ahead": Message(
        "The last edition or a status list says that it was made at {told}, and this clock shows {now}: until then "
        "lenders who have it pass nothing (clock_implausible). If this clock is behind, set it right. If it is right, "
        "an earlier one was ahead: xinzheng bundle-keys rotate snapshot timestamp lets all of it begin again now.",
        "上一版或某个状态列表自称制作于 {told}，而本机时钟为 {now}：在此之前，持有该版的机构不通过任何证明"
        "（clock_implausible）。如本机时钟偏慢，请校准；如本机时钟无误，则此前的时钟偏快："
        "xinzheng bundle-keys rotate snapshot timestamp 使其自现在起重新计时。",
    ),
    "publication_refused": Message(
        "The bundle was not published, for the verifier refuses it ({refusal}): {reason}",
        "信任包未发布，因为核验程序拒绝接受（{refusal}）：{reason}",
    ),
}

CONFIGURATION = {
    "setting_placeholder": Message(
        "{field} is a placeholder: expected at least {minimum} characters of a secret of your own.",
        "{field} 是占位值：应为至少 {minimum} 个字符的自有密钥。",
    ),
    "setting_invalid": Message(
        "The setting {field} is wrong: expected {reason}",
        "设置 {field} 有误：应为 {reason}",
    ),
    "setting_order": Message(
        "{limit} or less, the value of {other}",
        "不大于 {limit}（{other} 的值）",
    ),
    "court_file_missing": Message(
        "The court's configuration {path} cannot be read: {reason}",
        "无法读取法院配置 {path}：{reason}",
    ),
    "court_file_invalid": Message(
        "The court's configuration {path} is wrong at {field}: expected {reason}",
        "法院配置 {path} 的 {field} 有误：应为 {reason}",
    ),
    "courts_table_unusable": Message(
        "The table of courts {path} cannot be used: {reason}",
        "法院代字表 {path} 无法使用：{reason}",
    ),
    "courts_table_outside": Message(
        "courts_table {path} leads out of the configuration's folder: expected a path below it, or an absolute one.",
        "courts_table {path} 指向配置所在目录之外：应为该目录之下的路径，或绝对路径。",
    ),
    "token_roles": Message(
        "A person's roles are some of {expected}.",
        "人员的角色应为以下若干项：{expected}。",
    ),
    "signer_missing": Message(
        "The active key {field} has no signer in this installation.",
        "正在使用的密钥 {field} 在本系统中没有签名器。",
    ),
    "key_records_damaged": Message(
        "The key records {path} cannot be read ({reason}): see whether their disk is there, or put the key folder back "
        "from its newest backup; what that does not know, xinzheng db adopt takes over.",
        "无法读取密钥记录 {path}（{reason}）：请检查其磁盘是否可用，或由最新备份恢复密钥目录；"
        "备份所缺内容由 xinzheng db adopt 接管。",
    ),
    "suite_unsuitable": Message(
        "The court's key cannot do what {field} of court.toml says ({found}): expected {expected}.",
        "法院密钥不支持 court.toml 中 {field} 的取值（{found}）：应为 {expected}。",
    ),
    "key_mismatch": Message(
        "The key of {field} is another one than was recorded or published of it. Put the right one there from a copy; "
        "where there is none, move this one away.",
        "{field} 的密钥与登记或发布的不是同一个。请由副本恢复正确的密钥；如无副本，请将现有的移走。",
    ),
    "data_folder_exists": Message(
        "{path} holds an issuer already; init never overwrites one.",
        "{path} 已有签发系统数据；init 绝不覆盖。",
    ),
    "data_folder_not_empty": Message(
        "{path} is not empty and holds no finished issuer: empty it, or name another folder.",
        "{path} 不为空，但没有完整的签发系统数据：请清空或另选目录。",
    ),
    "data_file_missing": Message(
        "{path} is gone, and the court's other data is there: put it back from a backup. Do not empty the folder, and "
        "begin no new court in it. (court.toml is the file that `xinzheng init` was given; what register.secret held "
        "may be set as XINZHENG_REGISTER_SECRET.)",
        "{path} 不见了，而本院的其他数据仍在：请由备份恢复该文件。请勿清空该目录，也勿在其中新建法院。"
        "（court.toml 即当初交给 `xinzheng init` 的文件；"
        "register.secret 的内容也可用 XINZHENG_REGISTER_SECRET 设置。）",
    ),
    "data_folder_unusable": Message(
        "{path} cannot be made: {reason}. If it is the root of a file system, name a folder inside it.",
        "无法建立 {path}：{reason}。如其为文件系统的根目录，请另选其下的目录。",
    ),
    "data_folder_missing": Message(
        "{path} holds no issuer: run `xinzheng init --data {path} --config FILE` first.",
        "{path} 没有签发系统数据：请先运行 `xinzheng init --data {path} --config FILE`。",
    ),
    "secret_file_permissions": Message(
        "{path} can be read by others: expected mode 0600.",
        "{path} 可被他人读取：权限应为 0600。",
    ),
}
