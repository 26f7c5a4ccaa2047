"""What the commands of a store say, in English and Chinese."""

from typing import Final

from xinzheng_schemas.errors import Message

STORE_WORDS: Final[dict[str, Message]] = {
    # what the commands are
    "import": Message(
        "Takes a trust bundle into a store; an older one than was seen before is refused.",
        "将信任包导入本地库；比已见过的更旧的一律拒绝。",
    ),
    "update": Message(
        "Brings a store up to date from a publisher's folder or web server: what has changed since, or a whole "
        "bundle. Asks for nothing but the publisher's files; which certificates you check stays with you.",
        "从发布方的文件夹或网站更新本地库：只取变化部分，或取完整的信任包。除发布方的文件外不查询任何内容，"
        "核验了哪些证明不会外传。",
    ),
    "show": Message("Shows what a store holds and how current it is.", "显示本地库的内容及其时效。"),
    "export": Message(
        "Writes what a store holds, or a part of it, as a bundle to be carried to another machine.",
        "将本地库的全部或部分内容写成信任包，以便带到另一台计算机。",
    ),
    # arguments
    "bundle_file": Message(
        "the trust bundle (.xzb), or an update (.xzu) from just what the store holds",
        "信任包（.xzb），或以本地库现有版本为起点的更新包（.xzu）",
    ),
    "import_root": Message("root metadata, for the first import", "根元数据，首次导入时需要"),
    "import_at": Message("the moment of the import (default: now)", "导入时刻（默认为当前时刻）"),
    "import_max_age": Message(
        "refuse what was made longer ago than this, such as 24h, 90m, 7d",
        "拒绝制作时间早于此时限的内容，如 24h、90m、7d",
    ),
    "update_source": Message(
        "a folder or an https address, where metadata/timestamp.json lies (default: that of the last update)",
        "文件夹或 https 地址，其中有 metadata/timestamp.json（默认：上次更新所用者）",
    ),
    "update_root": Message("root metadata, where there is no store yet", "根元数据，尚无本地库时需要"),
    "show_court": Message("show keys and lists of this court, such as 420683", "显示该法院的密钥和列表，如 420683"),
    "show_at": Message("the moment asked about (default: now)", "查询时刻（默认为当前时刻）"),
    "export_file": Message("the bundle to be written; nothing is replaced", "要写入的信任包；不覆盖任何文件"),
    "export_province": Message(
        "take this province with all its courts: two digits, such as 42; may be repeated",
        "包含该省及其全部法院：两位代码，如 42，可重复",
    ),
    "export_courts": Message(
        "take these courts: codes with commas between them, or a file with one on each line",
        "包含这些法院：以逗号分隔的代码，或每行一个代码的文件",
    ),
    "export_no_changes": Message(
        "leave out what status lists said in the past; certificates are then judged by the present alone",
        "不含状态列表的历史变更；此时只能按当前状态判断",
    ),
    # what they answer
    "imported": Message("Imported: the store holds bundle {version} now.", "已导入：本地库现为第 {version} 版信任包。"),
    "imported_before": Message(
        "Nothing to do: the store holds bundle {version} already.", "无需导入：本地库已是第 {version} 版信任包。"
    ),
    "updated": Message(
        "Updated: the store holds bundle {version} now ({bytes} bytes were fetched).",
        "已更新：本地库现为第 {version} 版信任包（读取 {bytes} 字节）。",
    ),
    "updated_before": Message(
        "Nothing new: the publisher offers bundle {version}, which the store holds.",
        "没有更新：发布方提供的是第 {version} 版信任包，本地库已有。",
    ),
    "update_unusable": Message(
        "The update could not be used, so the whole bundle was fetched: {reason}",
        "更新包无法使用，已改取完整的信任包：{reason}",
    ),
    "exported": Message(
        "Written: bundle {version}, {bytes} bytes. It opens a store elsewhere with the same root metadata.",
        "已写入：第 {version} 版信任包，{bytes} 字节。在别处建立信任库需使用同一根元数据。",
    ),
    "store_bundle": Message("Bundle", "信任包"),
    "store_version": Message("version {version}", "第 {version} 版"),
    "store_current": Message("How current", "时效"),
    "store_is_current": Message(
        "Current. Made {age} ago; counts as current for another {left}.", "有效。制作于 {age}前；时效还余 {left}。"
    ),
    "store_is_current_undated": Message(
        "Current for another {left}. The publisher does not say when it was made.",
        "时效还余 {left}。发布方未说明制作时间。",
    ),
    "store_not_current": Message(
        "NOT CURRENT for {age}: certificates that would pass are not decided until a newer bundle is taken in.",
        "已失效 {age}：在导入更新的信任包之前，本应通过的证明一律无法判定。",
    ),
    "store_lists_over": Message(
        "BUT EVERY STATUS LIST HAS ENDED: no court vouches any more, and certificates that would pass are not decided "
        "(status_stale) until the courts have handed in anew, the publisher has published that, and it is taken in.",
        "但所有状态列表均已到期：已无法院予以确认；在法院重新报送、发布方发布并导入之前，"
        "本应通过的证明一律无法判定（status_stale）。",
    ),
    "store_clock": Message(
        "This machine's clock shows an earlier time than the bundle was made at: set the clock.",
        "本机时钟早于信任包的制作时间：请校准时钟。",
    ),
    "store_expires": Message("Counts as current until", "时效至"),
    "store_published": Message("Made", "制作时间"),
    "store_imported_at": Message("Taken in", "导入时间"),
    "store_extent": Message("Extent", "范围"),
    "extent_whole": Message("everything that the publisher lists", "发布方列出的全部内容"),
    "extent_nothing": Message("no province and no court", "不含任何省份或法院"),
    "extent_provinces": Message("provinces {codes}", "省级代码 {codes}"),
    "extent_courts": Message("{count} courts: {codes}", "{count} 个法院：{codes}"),
    "extent_no_changes": Message("without past changes of status", "不含状态的历史变更"),
    "extent_left_out": Message(
        "left out: {provinces} provinces, {courts} courts, {changes} journals of changes",
        "未包含：{provinces} 个省、{courts} 个法院、{changes} 份变更记录",
    ),
    "extent_no_longer": Message("No longer held", "不再包含"),
    "and_more": Message("and {count} more", "另有 {count} 个"),
    "store_root": Message("Root it was started with (SHA-256)", "起始根元数据（SHA-256）"),
    "store_source": Message("Updates come from", "更新来源"),
    "store_issuers": Message("Issuers", "签发机构"),
    "store_lists": Message("Status lists", "状态列表"),
    "store_lists_counted": Message(
        "{lists}, {changes} of them with past changes", "{lists} 份，其中 {changes} 份含历史变更"
    ),
    "store_attested": Message("Courts vouch for them as of", "法院确认时间"),
    "store_attested_between": Message(
        "{oldest} (oldest) to {freshest} (freshest)", "{oldest}（最早）至 {freshest}（最新）"
    ),
    # one court
    "court_name": Message("Court", "法院"),
    "court_id": Message("Identifier", "标识"),
    "court_term": Message("Named by", "由谁列出"),
    "court_term_line": Message("{role}, until {until}", "{role}，有效至 {until}"),
    "court_key": Message("Key", "密钥"),
    "court_key_line": Message("{type}, for {usage}: {since} to {until}", "{type}，用于{usage}：{since} 至 {until}"),
    "court_key_compromised": Message("COMPROMISED since {since}", "自 {since} 起已泄露"),
    "court_key_open": Message("open", "不限"),
    "usage_certificate": Message("certificates", "证明"),
    "usage_status": Message("status lists", "状态列表"),
    "usage_any": Message("anything", "任何用途"),
    "court_list": Message("Status list", "状态列表"),
    "court_list_line": Message(
        "edition {sequence}, made {made}, good until {until}", "第 {sequence} 期，制作于 {made}，有效至 {until}"
    ),
    "court_list_attested": Message("vouched for as of {moment}", "法院确认至 {moment}"),
    "court_list_changes": Message("with past changes", "含历史变更"),
    # misuse
    "source_needed": Message(
        "Say where updates come from: a folder or an https address. The store has not been updated before.",
        "请指明更新来源：文件夹或 https 地址。该本地库尚未更新过。",
    ),
    "file_exists": Message("{file} exists already; nothing is replaced.", "{file} 已存在；不覆盖任何文件。"),
    "expected_province": Message("two digits, such as 42", "两位数字，如 42"),
    "expected_courts": Message(
        "codes such as 420683 with commas between them, or a file with one on each line",
        "以逗号分隔的代码（如 420683），或每行一个代码的文件",
    ),
}
