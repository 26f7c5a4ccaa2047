"""Texts of `TrustError`: one line per code, in English and Chinese."""

from xinzheng_schemas.errors import Message

MESSAGES: dict[str, Message] = {
    # the one-file bundle
    "bundle_malformed": Message(
        "The trust bundle cannot be read: it is damaged or not a trust bundle ({name}).",
        "信任包无法读取：已损坏，或不是信任包（{name}）。",
    ),
    "bundle_too_large": Message(
        "The trust bundle exceeds the limits of size; {limit} bytes are allowed.",
        "信任包超出大小限制（{limit} 字节）。",
    ),
    "bundle_too_many_files": Message(
        "The trust bundle holds too many files; {limit} are allowed.", "信任包内文件过多，上限为 {limit} 个。"
    ),
    "bundle_file_name": Message(
        "The trust bundle holds a file that has no place in it: {name}", "信任包内有不应出现的文件：{name}"
    ),
    "bundle_file_kind": Message(
        "{name} in the trust bundle is a link, a folder, a device or an extension; only files belong there.",
        "信任包内的 {name} 是链接、目录、设备或扩展项；信任包只可包含普通文件。",
    ),
    "bundle_duplicate_file": Message("The trust bundle holds {name} twice.", "信任包内的 {name} 出现了两次。"),
    "bundle_incomplete": Message("The trust bundle lacks {name}.", "信任包缺少 {name}。"),
    "bundle_unlisted": Message(
        "The trust bundle holds {name}, which its signed lists do not name.", "信任包内有签名清单未列出的文件 {name}。"
    ),
    "bundle_version": Message(
        "The trust bundle or update is of another format than this verifier reads (it reads format {supported}).",
        "信任包或更新包的格式与本核验程序不符（本程序读取格式 {supported}）。",
    ),
    "bundle_extent": Message(
        "What the trust bundle says of its own extent cannot be used.", "信任包关于自身范围的说明无法使用。"
    ),
    "update_malformed": Message(
        "The update of the trust bundle does not fit what it is to be applied to.", "信任包的更新与其所更新的内容不符。"
    ),
    "update_base": Message(
        "The update starts from edition {first} of the trust bundle; edition {edition} is at hand.",
        "该更新从信任包第 {first} 版开始，而现有的是第 {edition} 版。",
    ),
    "update_encoding": Message(
        "This machine writes the status list {name} otherwise than the publisher does; import the whole trust bundle.",
        "本机对状态列表 {name} 的编码与发布方不同；请导入完整的信任包。",
    ),
    # what it carries
    "bundle_metadata": Message(
        "{name} in the trust bundle is not the signed metadata it should be.",
        "信任包内的 {name} 不是应有的签名元数据。",
    ),
    "bundle_root": Message(
        "The root of the trust bundle does not follow from the root you trust (version {version}).",
        "信任包的根元数据与您信任的根不衔接（版本 {version}）。",
    ),
    "bundle_threshold": Message(
        "{name} in the trust bundle bears {valid} valid signatures of different keys; {threshold} are needed.",
        "信任包内的 {name} 只有 {valid} 个不同密钥的有效签名，需要 {threshold} 个。",
    ),
    "bundle_rollback": Message(
        "The trust bundle is older than one already seen: {name} has version {version}, version {seen} was seen.",
        "信任包比已见过的更旧：{name} 的版本为 {version}，已见过版本 {seen}。",
    ),
    "bundle_conflict": Message(
        "Two different trust bundles bear version {version}; ask the publisher which is genuine.",
        "两个不同的信任包都标为版本 {version}；请向发布方核实真伪。",
    ),
    "bundle_mixed": Message(
        "The trust bundle mixes different moments: {name} has version {version}, version {expected} is signed for.",
        "信任包混合了不同时刻的内容：{name} 的版本为 {version}，签名清单写明的是 {expected}。",
    ),
    "bundle_time": Message(
        "The trust bundle says that it was made on {made}, when its own metadata or its root has expired: the clock of "
        "its publisher was wrong, or somebody forged it.",
        "信任包自称制作于 {made}，而那时其自身元数据或根元数据已过期：发布方的时钟有误，或信任包系伪造。",
    ),
    "bundle_hash": Message(
        "{name} in the trust bundle differs from what its signed list says.", "信任包内的 {name} 与签名清单不符。"
    ),
    "bundle_delegation": Message(
        "In the trust bundle, {role} speaks for {path}, which is not entrusted to it.",
        "信任包内的 {role} 涉及未委托给它的 {path}。",
    ),
    "bundle_undelegated": Message(
        "The trust bundle names metadata of {role}, which nobody entrusts with anything.",
        "信任包列有 {role} 的元数据，但没有任何角色委托它。",
    ),
    "bundle_target_twice": Message("Two roles of the trust bundle list {path}.", "信任包内有两个角色都列出了 {path}。"),
    "bundle_expired": Message(
        "The trust data has expired; a newer bundle is needed to know the current status.",
        "信任数据已过期；要知道当前状态，需要更新的信任包。",
    ),
    # the store
    "bundle_unavailable": Message(
        "No trust data could be loaded; nothing can be judged without it.", "未能加载信任数据；没有信任数据就无法判断。"
    ),
    "bundle_stale": Message(
        "The bundle was made on {since}: that is longer ago than you allow. Nothing was changed; get a newer one.",
        "信任包制作于 {since}，已超过您允许的时限。未作任何更改；请取得更新的信任包。",
    ),
    "bundle_narrower": Message(
        "What is offered there leaves out some of the provinces, courts or journals that this store holds. Nothing was "
        "changed. Update from a place that offers all of them; only if the store is to hold less, import a bundle as a "
        "file (store import).",
        "该处提供的信任包缺少本地库已含的部分省份、法院或变更记录。未作任何更改。请改从内容完整的地址更新；"
        "若确要缩小本地库的范围，请用 store import 导入信任包文件。",
    ),
    "store_outdated": Message(
        "An earlier release wrote this store. What it has seen is kept; import the newest bundle again.",
        "该信任库由旧版本写入。已见过的版本仍然有效；请重新导入最新的信任包。",
    ),
    "store_missing": Message(
        "There is no trust store at {store}; a store is made by the import of a first bundle.",
        "{store} 不是信任库；首次导入信任包时才会建立信任库。",
    ),
    "store_root_required": Message(
        "A store takes its first bundle only with the root metadata to trust; get it from the court by another way.",
        "首次导入信任包必须同时给出所信任的根元数据；请通过其他途径向法院取得。",
    ),
    "store_root_conflict": Message(
        "The store already trusts another root than the one given; nothing was changed.",
        "信任库已信任另一个根，与所给的不同；未作任何更改。",
    ),
    "store_writable_by_others": Message(
        "{name} in the trust store belongs to another user or can be written by others; it cannot be relied on.",
        "信任库中的 {name} 属于其他用户或可被他人写入，其内容不可信赖。",
    ),
    "store_not_written": Message(
        "The trust store could not be written; what it holds is whole. Import the bundle again.",
        "信任库写入失败；库中内容仍完整，请重新导入。",
    ),
    "court_unknown": Message("This trust list has no court {court}.", "此信任名单中没有法院 {court}。"),
    "province_unknown": Message(
        "This trust list has no court of province {province}.", "此信任名单中没有省级代码 {province} 的法院。"
    ),
    "court_left_out": Message(
        "This trust list is a part of the country only, and court {court} is not in it.",
        "此信任名单只含部分地区，法院 {court} 不在其中。",
    ),
    "province_left_out": Message(
        "This trust list is a part of the country only, and province {province} is not in it.",
        "此信任名单只含部分地区，省级代码 {province} 不在其中。",
    ),
    # where updates come from
    "source_address": Message(
        "{place} is no address of updates: it should be a folder, or begin with https:// and bear no user, query or "
        "fragment.",
        "{place} 不能作为更新地址：应为文件夹，或以 https:// 开头且不含用户名、查询参数和片段。",
    ),
    "source_insecure": Message(
        "Updates are fetched over https only; plain http is for this machine alone ({place}).",
        "更新只能经 https 读取；http 仅限本机（{place}）。",
    ),
    "source_unreachable": Message(
        "{place} cannot be reached ({reason}). The store is as it was, and serves until it is too old; a bundle can "
        "also be carried here as a file (store import).",
        "无法连接 {place}（{reason}）。本地库未变，过期之前仍可使用；也可用 store import 导入带来的信任包文件。",
    ),
    "source_refused": Message(
        "{place} answered with status {status}. The store is as it was.", "{place} 返回状态码 {status}。本地库未变。"
    ),
    "source_redirect": Message(
        "{place} sends to another place; updates are taken from the place that was named and from no other.",
        "{place} 要求转到其他地址；更新只从指定的地址读取。",
    ),
    "source_too_large": Message(
        "{name} is longer than the {limit} bytes that it may have.", "{name} 超过其上限 {limit} 字节。"
    ),
    "source_lacks": Message("There is no {name} at {place}.", "{place} 没有 {name}。"),
    # trust documents
    "trust_document_malformed": Message(
        "The trust document {document} cannot be used: {problem}", "信任文件 {document} 无法使用：{problem}"
    ),
    "did_malformed": Message(
        "{did} is not a DID that is its own document: did:key or did:jwk with a P-256, P-384 or Ed25519 key.",
        "{did} 不是自带密钥的 DID（应为 did:key 或 did:jwk，密钥为 P-256、P-384 或 Ed25519）。",
    ),
    "status_list_ambiguous": Message(
        "Two different status lists bear the address {list}: give the newest one only.",
        "有两份不同的状态列表使用同一地址 {list}，请只给出最新的一份。",
    ),
    "status_changes_ambiguous": Message(
        "Two different journals of changes are about the status list {list}: give the newest one only.",
        "有两份不同的变更记录针对状态列表 {list}，请只给出最新的一份。",
    ),
    "issuer_ambiguous": Message("The issuer {issuer} is described more than once.", "签发者 {issuer} 被重复描述。"),
}
