"""What the trust list's ceremonies and its publisher have to say, in English and Chinese."""

from xinzheng_schemas.errors import Message

_CONFIGURATION = {
    "ceremony_file_missing": Message(
        "The trust list's configuration {path} cannot be read: {reason}",
        "无法读取信任名单配置 {path}：{reason}",
    ),
    "ceremony_file_invalid": Message(
        "The trust list's configuration {path} is wrong at {field}: expected {reason}",
        "信任名单配置 {path} 的 {field} 有误：应为 {reason}",
    ),
    "ceremony_threshold": Message(
        "a threshold of at most {shares}, the number of shares",
        "不大于份额数 {shares} 的门限",
    ),
    "ceremony_twice": Message(
        "{field} {found} only once: each share has a name and a medium of its own, each court one province",
        "{field} {found} 只能出现一次：每个份额有各自的名称和介质，每个法院只属一省",
    ),
    "ceremony_code": Message(
        "in {field} codes such as 42 for a province and 420683 for a court of it; {found} is none",
        "{field} 中应为如 42 的省级代码、如 420683 的该省法院代码；{found} 不是",
    ),
    "ceremony_role": Message(
        "The configuration has no role {found} that is signed in a ceremony: expected one of {known}.",
        "配置中没有需经仪式签名的角色 {found}：应为以下之一：{known}。",
    ),
    "ceremony_section_missing": Message(
        "The configuration lacks the section {field}.",
        "配置缺少 {field} 一节。",
    ),
    "ceremony_share_unknown": Message(
        "The configuration has no share {found}.",
        "配置中没有份额 {found}。",
    ),
}

_SHARES = {
    "share_record_invalid": Message(
        "{name} is not the public record of a share: it is damaged, or its key did not sign it. Take it away. On the "
        "medium of its key `xinzheng trust-list ceremony keys` makes it again; that of a court the court hands in.",
        "{name} 不是份额的公开记录：已损坏，或未由其密钥签名。请移除。在该密钥所在的介质上执行 "
        "`xinzheng trust-list ceremony keys` 可重新生成；法院的公开记录由法院报送。",
    ),
    "share_record_exists": Message(
        "The share {field} has a key already; a lost or renewed key gets a share of another name. The same key, with "
        "its public record in the folder of work, is ready to sign.",
        "份额 {field} 已有密钥；丢失或更换的密钥应使用另一个份额名称。同一密钥如在工作目录中有公开记录，即可用于签名。",
    ),
    "share_key_kind": Message(
        "A key of the trust list is of kind {found}: expected one of {expected}.",
        "信任名单的密钥类型为 {found}：应为以下之一：{expected}。",
    ),
    "share_module_path": Message(
        "A share names the library of its hardware module by {field}: what is loaded says the machine and no medium. "
        "Expected module-name, or neither, and XINZHENG_PKCS11_MODULES.",
        "份额以 {field} 指定硬件模块的库：加载什么由本机决定，不由介质决定。应写 module-name 或两者皆不写，"
        "并设置 XINZHENG_PKCS11_MODULES。",
    ),
    "ceremony_share_leaves": Message(
        "The share {field} leaves its role by this configuration: no key is made for it.",
        "按此配置，份额 {field} 将退出其角色：不再为其生成密钥。",
    ),
    "ceremony_share_role": Message(
        "The share {field} belongs to the role {role} and signs nothing else.",
        "份额 {field} 属于角色 {role}，不签署其他文件。",
    ),
    "ceremony_share_changed": Message(
        "Shares have another key elsewhere than in the document at hand, which is as in {taken}. Find out which is "
        "genuine; a new key needs a share of another name. If what a signed document says is nobody's, a thief's say, "
        "let the configuration disown it: disowned, with the words at the end of this line about it, or for {taken} "
        "with words of the same form. A false record is taken away. Elsewhere: {found}",
        "下列份额在别处的密钥与待签文件中的（与 {taken} 一致）不同。请查明真伪；新密钥应使用另一个份额名称。"
        "如某份已签文件所载并非任何人所有（例如系窃贼所签），请在配置的 disowned 中照录本行末尾的相应字样"
        "（对 {taken} 则按同样格式书写），不予承认。虚假的公开记录应予移除。别处：{found}",
    ),
    "medium_missing": Message(
        "The medium of the share {share} is not there: {path} is no folder.",
        "份额 {share} 的介质不在：{path} 不是目录。",
    ),
    "medium_taken": Message(
        "The medium {path} holds the key of {found} already: each share has a medium of its own.",
        "介质 {path} 上已有 {found} 的密钥：每个份额应有各自的介质。",
    ),
}

_CEREMONY = {
    "ceremony_keys_forgotten": Message(
        "The issuer.json of {field} says less of its keys than was signed before. What is missing stands at the end, "
        "with every document that says it. Ask each court by telephone whether that is its own; what a document says "
        "that you signed yourselves is, though its key folder, which came back from a backup, has forgotten it. Then "
        "the court takes over what the list says (xinzheng db adopt --listed-in BUNDLE --root ROOT) and hands in "
        "again. What is nobody's, a thief's say, nobody takes over: let the configuration disown it (disowned, with "
        "the words before the brackets, of each of these documents), draw up anew, and find out who had it listed. "
        "The same for a court that begins anew. issuer.json in the place of a key's name takes away all that the "
        "document says of the court; it stands there where the key itself is the court's. Missing: {keys}",
        "{field} 的 issuer.json 所载密钥少于此前所签。缺少的内容连同载有它的每份文件列于末尾。"
        "请致电各法院，逐一核实是否为其所有；贵方自己签署的文件所载即为其所有，只是其由备份恢复的密钥目录已无记载。"
        "若为其所有，请该法院接管名单所载内容（xinzheng db adopt --listed-in BUNDLE --root ROOT）后重新报送。"
        "若并非任何人所有（例如系窃贼所列），任何人不得接管：请在配置的 disowned 中照录括号前的字样"
        "（相关的每份文件各录一条），不予承认，重新制作待签文件，并查明由谁列入。重新开始的法院亦同。"
        "以 issuer.json 代替密钥名称的，是指不予承认该文件关于该法院的全部内容；密钥本身确属该法院时即如此列出。"
        "缺少：{keys}",
    ),
    "ceremony_key_disowned": Message(
        "The document at hand says of {field} what the configuration disowns. Sign nothing, find out who handed it in, "
        "and let the owner hand in anew (of a court issuer.json and key.json, of a share its record in shares/). What "
        "is the owner's own after all is signed once its line is out of the configuration; if the line has to stay, "
        "the owner makes a new key, of a name that was never used.",
        "待签文件中关于 {field} 的内容正是配置不予承认的。请勿签名，查明由谁报送，并请其所有者重新报送"
        "（法院为 issuer.json 和 key.json，份额为 shares/ 中的公开记录）。确为其自己的，从配置中删去该行后即可签名；"
        "该行须保留的，由所有者以从未用过的名称生成新密钥。",
    ),
    "ceremony_court_key_disowned": Message(
        "The document at hand says of {field} what the configuration disowns. Sign nothing, find out who handed it in, "
        "and let the court hand in anew (issuer.json and key.json). What is the court's own after all is signed once "
        "its line is out of the configuration; where the key is the court's, and only what an earlier document said of "
        "it is nobody's, put in the place of that line: {instead}",
        "待签文件中关于 {field} 的内容正是配置不予承认的。请勿签名，查明由谁报送，并请该法院重新报送"
        "（issuer.json 和 key.json）。确为该法院自己的，从配置中删去该行后即可签名；如密钥确属该法院，"
        "只是此前某份文件关于它的内容并非任何人所有，请将该行改为：{instead}",
    ),
    "ceremony_issuer_missing": Message(
        "What an earlier document lists is not there, and what it said of keys cannot be compared: {name}. Bring it "
        "along (--published, or into the folder of work): the publisher and its mirrors have it.",
        "缺少此前文件所列的文件，无从核对其所载密钥：{name}。请带来该文件（以 --published 给出，或放入工作目录）："
        "发布方及其镜像均有。",
    ),
    "ceremony_key_missing": Message(
        "The public record of the share {field} is not there. Bring shares/{field}.json along; on its medium "
        "`xinzheng trust-list ceremony keys --share {field}` makes key and record, of a key that is there the record "
        "alone.",
        "没有份额 {field} 的公开记录。请带来 shares/{field}.json；在其介质上执行 "
        "`xinzheng trust-list ceremony keys --share {field}` 即生成密钥及其记录，已有密钥的只补作记录。",
    ),
    "ceremony_key_unexpected": Message(
        "The key of {field} is not the one that was reviewed: expected {expected}. Sign nothing: compare medium, "
        "record and configuration with the transcript. Where the configuration is wrong it is reviewed again; a false "
        "record is taken away.",
        "{field} 的密钥与经审核的不符：应为 {expected}。请勿签名：请将介质、公开记录和配置与仪式记录核对。"
        "配置有误的应重新审核；虚假的公开记录应予移除。",
    ),
    "ceremony_key_unproven": Message(
        "Nothing but {name} says which key {field} has, and this share cannot tell whether that file is genuine. Bring "
        "the record shares/{field}.json along, put the fingerprint into the configuration, or give --root-sha256, the "
        "digest of a root that you know.",
        "只有 {name} 说明 {field} 的密钥，而本份额无从判断该文件真伪。请带来公开记录 shares/{field}.json，"
        "或将其指纹写入配置，或以 --root-sha256 给出您确知为真的根的摘要。",
    ),
    "ceremony_key_twice": Message(
        "One key stands for two of these shares: {field}. Each has a key of its own: find out whose it is, and let the "
        "other bring its own record, or make a new key.",
        "下列份额中有两个使用同一密钥：{field}。应各有密钥：请查明其归属，并请另一方带来自己的公开记录，或生成新密钥。",
    ),
    "ceremony_court_missing": Message(
        "What the court {field} hands in is not there: expected issuer.json and key.json in courts/{field}.",
        "没有法院 {field} 报送的文件：courts/{field} 中应有 issuer.json 和 key.json。",
    ),
    "ceremony_issuer_unvouched": Message(
        "courts/{field}/key.json does not vouch for the issuer.json beside it: the two are not of one hand-in, one of "
        "them was exchanged on its way, or the court handed in by an earlier release and this share has not signed "
        "that document before. Sign nothing; let the court hand in again (xinzheng bundle --contribution), and take "
        "both files from there.",
        "courts/{field}/key.json 未为同目录的 issuer.json 作证：二者并非同一次报送，或其一在途中被调换，"
        "或该院以较早版本的程序报送而本份额此前未签署过该文件。请勿签名；"
        "请该法院重新报送（xinzheng bundle --contribution），并从中取用这两个文件。",
    ),
    "ceremony_issuer_invalid": Message(
        "The issuer document of the court {field} cannot be listed ({reason}): let the court put it right and hand in "
        "again. If it did not hand this in, find out who did.",
        "法院 {field} 的签发者文件不能列入（{reason}）：请该院更正后重新报送。如非该院所报送，请查明来源。",
    ),
    "ceremony_document_missing": Message(
        "{name} is not there: draw the document up first, and bring it along.",
        "没有 {name}：请先制作待签文件并带来。",
    ),
    "ceremony_document_differs": Message(
        "{name} is not what the reviewed configuration says: {members} differ. Sign nothing; draw it up anew.",
        "{name} 与经审核的配置不符：{members} 不同。请勿签名；应重新制作。",
    ),
    "ceremony_document_time": Message(
        "{name} is not of this time: it expired, or was drawn up later than this machine's clock shows. Set the clock "
        "right; if it is, draw the document up anew.",
        "{name} 与当前时间不符：已过期，或制作时间晚于本机时钟。请校准时钟；时钟无误的，应重新制作待签文件。",
    ),
    "ceremony_previous_missing": Message(
        "{name}, which the document at hand follows or whose keys it needs, is not there. Give the folder of what is "
        "published (--published), as it is now: the publisher and its mirrors have it; or put {name} together first. "
        "Numbers are given in turn: if nobody ever signed one of that number, take the lowest above the newest that "
        "is there.",
        "缺少待签文件所接续或所依据的 {name}。请给出已发布内容的现有目录（--published）：发布方及其镜像均有；"
        "或先汇集其签名。版本号依次使用：如该号从未有人签署，请取现有最新版本之后的最小号。",
    ),
    "ceremony_unsigned": Message(
        "{name} is not signed by those who name its keys: it is not genuine, or what names them, a former root or "
        "targets, is not there. Bring that along: the publisher and its mirrors have it. Where nobody has, find out "
        "who put {name} there, and take it away; nothing is signed by it.",
        "{name} 没有其密钥指定者的有效签名：文件不真，或缺少指定其密钥的以前的 root 或 targets。"
        "请带来后者：发布方及其镜像均有。如各处均无，请查明 {name} 的来源并将其移除；不会据此签署。",
    ),
    "ceremony_root_unknown": Message(
        "No root with the SHA-256 {found} is among the roots that follow one another here: the digest is of another "
        "file, or a false root is there.",
        "此处前后相接的根中没有 SHA-256 为 {found} 的根：摘要属于另一文件，或此处有伪造的根。",
    ),
    "ceremony_signed_already": Message(
        "{name} has been signed already, and a number is given once: the next free version is {free}. If none of yours "
        "signed it, somebody else has the key of this role.",
        "{name} 已签名，同一版本号只能使用一次：下一个可用的版本号为 {free}。"
        "如非贵方所签，则该角色的密钥已落入他人之手。",
    ),
    "ceremony_refused": Message(
        "The signed document would be refused by lenders ({refusal}): {reason}",
        "核验方会拒绝该签名文件（{refusal}）：{reason}",
    ),
    "ceremony_not_written": Message("{path} cannot be written: {reason}", "无法写入 {path}：{reason}"),
    "ceremony_not_read": Message("{path} cannot be read: {reason}", "无法读取 {path}：{reason}"),
    "signature_invalid": Message(
        "{name} is no signature of this document by the share after which it is named: it is damaged, or somebody else "
        "made it. Take it away, let the share sign again, and find out who put it there.",
        "{name} 不是其名称所示份额对本文件的有效签名：已损坏，或由他人制作。请移除，由该份额重新签名，并查明来源。",
    ),
    "signature_of_other_document": Message(
        "Signatures are missing, and {name} signs a document that was drawn up before the one at hand: let these "
        "shares sign again, if they are to.",
        "签名不足，而 {name} 签署的是此前制作的另一份文件：如需这些份额签名，请其重新签名。",
    ),
    "metadata_invalid": Message(
        "{name} is not the metadata that its name says: it is damaged, or somebody put it there. Take it away, and if "
        "it was published, put it back from a mirror.",
        "{name} 不是其名称所示的元数据：已损坏，或由他人放入。请移除；如系已发布的文件，请从镜像放回。",
    ),
    "metadata_conflict": Message(
        "{name} is published, and another {name} lies in the folder of work. Take that one and its document and "
        "signatures out of the folder of work and begin the step again: if the published one is signed, it stays, and "
        "the next version is drawn up; if none of yours signed it, somebody else has the key. If it is not signed "
        "(ceremony_unsigned), take it out of the published folder instead, and put the other back.",
        "已发布 {name}，而工作目录中的 {name} 与之不同。请将后者连同其待签文件和签名移出工作目录，然后重做此步骤："
        "若已发布的一份有有效签名，则予保留，另行制作下一版；如非贵方所签，则密钥已落入他人之手。"
        "若其没有有效签名（ceremony_unsigned），则应将其移出已发布目录，并放回另一份。",
    ),
    "metadata_role": Message(
        "No metadata names the keys of {name}: targets names those of a province, a province those of a court. Let "
        "that be signed first, and bring it along.",
        "没有元数据指定 {name} 的密钥：省级的由 targets 指定，法院的由省级指定。请先签署该文件并带来。",
    ),
    "transcript_damaged": Message(
        "The entry {name} of the transcript cannot be read. Nothing was done: take the file out of transcript/, keep "
        "it, and begin the step again.",
        "无法读取仪式记录条目 {name}。未执行任何操作：请将该文件移出 transcript/ 另行保存，然后重做此步骤。",
    ),
}

_PUBLISHER = {
    "contribution_unreadable": Message(
        "{name} cannot be read ({reason}): let this account read it, have it handed in anew, or take it away.",
        "无法读取 {name}（{reason}）：请授予本账户读取权限、请对方重新报送，或将其移除。",
    ),
    "contribution_expired": Message(
        "{name} has expired: the court hands in anew; of a document of a ceremony the next version is drawn up.",
        "{name} 已过期：请法院重新报送；签名仪式的文件应制作下一版。",
    ),
    "contribution_time": Message(
        "What was handed in says that it was made later than it is now: whoever made it sets the clock right, and "
        "hands in anew.",
        "所报送内容声称的制作时间晚于当前时间：请制作方校准时钟后重新报送。",
    ),
    "contribution_list": Message(
        "The status list {field} is not good: {reason}",
        "状态列表 {field} 不可用：{reason}",
    ),
    "contribution_changes": Message(
        "The journal of status changes {field} is not good ({refusal}): {reason}",
        "状态变更记录 {field} 不可用（{refusal}）：{reason}",
    ),
    "contribution_history": Message(
        "{field} takes back what was published of the past: {reason} Until that is mended its status stays as it was "
        "published. A court that came back from a backup first takes over what was published (`xinzheng db adopt`); "
        "where it cannot sign that past, it makes a new key (trust-list court-key new), and under that, once its "
        "province names it, the past may be told anew.",
        "{field} 改动了已发布的历史：{reason}在此之前其状态保持已发布的内容。由备份恢复的法院应先接管已发布的内容"
        "（`xinzheng db adopt`）；如无法签署该段历史，则生成新密钥（trust-list court-key new），"
        "待省级列入后，可在新密钥下重新记载。",
    ),
    "contribution_older": Message(
        "{name} is older than what is published; nothing goes back. A court that came back from a backup first takes "
        "over what was published (`xinzheng db adopt --bundle FILE`, with the newest bundle of its own that anybody "
        "has) and makes no new key before; then it hands in, with --above if the version is told. Of any other court a "
        "thief pushed the numbers up, with its keys, its province's or those of targets: it makes a new key "
        "(trust-list court-key new), and its province names it; until then the province lists it under without_lists, "
        "and nothing waits for it. Of a document of a ceremony a higher version is drawn up.",
        "{name} 比已发布的更旧；不得回退。由备份恢复的法院应先接管已发布的内容"
        "（`xinzheng db adopt --bundle FILE`，取任何一方持有的该院自身的最新信任包），此前不得生成新密钥；然后报送，"
        "如提示版本号则加 --above。其他法院则系窃贼以该院、其省级或 targets 的密钥推高了编号："
        "该院应生成新密钥（trust-list court-key new）并由省级列入；在此之前由省级列于 without_lists，其余即无须等待。"
        "签名仪式的文件则应制作更高的版本。",
    ),
    "contribution_former": Message(
        "{name} is below version {last}, which was published last, and may be older than all that was said since. A "
        "court hands in again: what it says now is later; where the last word lies ahead of the clock, it does so in "
        "the hour before it is published. A document of a ceremony is signed by a share with a new key, or has a "
        "higher version than {last}; what names its keys waits for it. Where {last} is a thief's and the highest there "
        "is, replace the shares that stayed too.",
        "{name} 低于最近发布的第 {last} 版，可能早于此后发布的一切内容。法院请重新提交：此时所述即为较新；"
        "如最近一次所述时刻晚于当前时钟，请在发布前一小时内提交。"
        "签名仪式的文件应由持有新密钥的份额签署，或采用高于 {last} 的版本号；列入其密钥的文件将等待该文件。"
        "如 {last} 系窃贼所用且为最大版本号，请将留任的份额也一并更换。",
    ),
    "contribution_conflict": Message(
        "{name} is published with other content: a version is given once. A court that came back from a backup first "
        "takes over what was published (`xinzheng db adopt --bundle FILE`, with the newest bundle of its own that "
        "anybody has); then it hands in --above the version that is told. For a ceremony what is published is "
        "brought along (--published), and the next version is drawn up.",
        "已发布的 {name} 内容不同：同一版本号只能使用一次。由备份恢复的法院应先接管已发布的内容"
        "（`xinzheng db adopt --bundle FILE`，取任何一方持有的该院自身的最新信任包），"
        "然后以 --above 给出所提示的版本号报送。签名仪式的文件则应带来已发布的内容（--published），制作下一版。",
    ),
    "contribution_undelegated": Message(
        "Nobody entrusts the role of {name} with anything: targets does not name that province, or its province does "
        "not name that court, or has it under without_lists. It is taken once that is signed and handed in.",
        "没有任何角色委托 {name} 的角色：targets 未列该省，或省级未列该法院，或将其列于 without_lists。"
        "待有关文件签署并报送后即予采用。",
    ),
    "contribution_waits": Message(
        "{name} waits for {field}: what it entrusts has no metadata yet that is good under it. What is told of {field} "
        "says why; if nothing is, let it hand in. For a court that cannot, its province's next document has "
        "without_lists.",
        "{name} 在等待 {field}：其所委托的角色尚无在其之下有效的元数据。原因见关于 {field} 的提示；如无提示，请其报送。"
        "法院一时不能报送的，由省级在下一份文件中列于 without_lists。",
    ),
    "court_keys_one": Message(
        "{name} has no second key: make a new one before the old one is retired.",
        "{name} 没有第二个密钥：停用旧密钥前请先生成新密钥。",
    ),
    "publication_impossible": Message(
        "Nothing can be published: {reason}",
        "无法发布：{reason}",
    ),
    "online_key_missing": Message(
        "The keys of {role} that root version {version} names are not on this machine: put them where the "
        "configuration says, or let the next root name new ones that are made here.",
        "本机没有根（版本 {version}）所列的 {role} 密钥：请将其放到配置所指之处，或由下一版根列入在本机生成的新密钥。",
    ),
    "repository_restored": Message(
        "The repository does not hold what was published last from here, edition {expected}: edition {found} lies "
        "there. A backup was restored, the folder was lost, or somebody changed timestamp.json. Take over the newest "
        "bundle with `xinzheng trust-list restore`; new online keys do not make it unnecessary.",
        "仓库中不是此处最后发布的第 {expected} 版，而是第 {found} 版：已恢复了旧备份，目录已丢失，"
        "或有人改动了 timestamp.json。请用 `xinzheng trust-list restore` 接管最新信任包；"
        "更换在线密钥并不能代替这一步。",
    ),
    "first_root_missing": Message(
        "No copies of the roots are kept beside the online keys yet, and a root that lies in {path} alone is not "
        "believed: hand in the first root from the folder of its ceremony (publish --take FOLDER; otherwise --root "
        "FILE).",
        "在线密钥旁尚无各根文件的副本，而仅存于 {path} 的根文件不予采信：请报送首个根的签名仪式目录所存的根文件"
        "（publish --take 目录；其他命令用 --root 文件）。",
    ),
    "first_root_differs": Message(
        "There are different first roots, and no copies of the roots are kept beside the online keys that would tell "
        "which is the country's: {found}. Compare with the transcript of the ceremony, take away what is foreign, and "
        "begin again; nothing was published.",
        "存在不同的首个根，而在线密钥旁没有可供辨别的副本：{found}。"
        "请与签名仪式的记录核对，移除外来的根文件后重新执行；未发布任何内容。",
    ),
    "restore_partial": Message(
        "The bundle leaves things out: a repository is restored from a whole one.",
        "该信任包有省略内容：恢复仓库须用完整的信任包。",
    ),
    "restore_refused": Message(
        "The bundle was not taken over, for the verifier refuses it ({refusal}): {reason}",
        "未接管该信任包，因为核验程序拒绝接受（{refusal}）：{reason}",
    ),
}

_JOURNALS = {
    "journal_unavailable": Message(
        "it cannot be read, or bears no proof that could be examined.",
        "无法读取，或没有可供检验的证明。",
    ),
    "journal_issuer": Message(
        "it is not signed by a status key of who signed its status list.",
        "未由该状态列表签发者的状态密钥签名。",
    ),
    "journal_list": Message(
        "it is of a status list, or of an edition of one, that is not handed in with it.",
        "其所属的状态列表或版本未一并报送。",
    ),
    "journal_malformed": Message(
        "at {place} it is out of order, or not of the form that a journal has.",
        "{place} 处的顺序或格式不符合要求。",
    ),
    "journal_contradict": Message(
        "its changes lead to other bits than those of the status list.",
        "其变更所得与状态列表不一致。",
    ),
    "history_gone": Message(
        "a journal was published, and there is none any more.",
        "曾发布变更记录，现已没有。",
    ),
    "history_lost": Message(
        "what was published cannot be compared, for {name} is missing from the repository or damaged: put it back from "
        "a mirror or a backup, or let the province name a new key of the court.",
        "无法与已发布的内容核对，因仓库中的 {name} 缺失或已损坏：请从镜像或备份放回该文件，或由省级为该院列入新密钥。",
    ),
    "history_shorter": Message(
        "the journal begins later than before, and leaves out what is younger than a full year.",
        "记录的起始时间后移，略去了未满一整年的内容。",
    ),
    "history_changed": Message(
        "of the entry {index} the journal says something else than before, for a time that was vouched for already.",
        "就已作保证的时段，记录对第 {index} 项的说法与此前不同。",
    ),
}

TRUST_LIST = {**_CONFIGURATION, **_SHARES, **_CEREMONY, **_PUBLISHER, **_JOURNALS}
