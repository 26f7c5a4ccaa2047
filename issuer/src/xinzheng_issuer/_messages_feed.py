"""What the feed of public-list records has to say, in English and Chinese."""

from xinzheng_schemas.errors import Message

FEED = {
    "feed_malformed": Message(
        "The delivery has no record that can be read: {reason}. Expected a JSON array of records, or one JSON object "
        "per line.",
        "该批次没有可读的记录：{reason}。应为 JSON 记录数组，或每行一个 JSON 对象。",
    ),
    "feed_array_damaged": Message(
        "The array breaks off or is damaged here. The records before this place were taken; send the rest again.",
        "数组在此处中断或已损坏。此前的记录已受理；其余记录请重新发送。",
    ),
    "feed_record_not_utf8": Message(
        "The record has octets that are not UTF-8.",
        "该记录含有非 UTF-8 字节。",
    ),
    "feed_too_many_records": Message(
        "The batch has more than {maximum} records: expected that many at most.",
        "该批次的记录超过 {maximum} 条：最多 {maximum} 条。",
    ),
    "feed_record_malformed": Message(
        "The record is no well-formed JSON object: {reason}",
        "该记录不是合格的 JSON 对象：{reason}",
    ),
    "feed_record_defective": Message(
        "{reason} What could be read of it counts all the same.",
        "{reason} 其余可读内容照常处理。",
    ),
    "feed_record_unclear": Message(
        "The record cannot be read as a whole and names the case of {number}: no effect, for the clerk to look at. "
        "Look the public list up again before anything is issued.",
        "该记录无法完整读取，但指向 {number} 的案件：不产生效力，请书记员核对。出具证明前须重新核查公布名单。",
    ),
    "feed_field_twice": Message(
        "{field} stands there more than once, with different values.",
        "{field} 多次出现且取值不同。",
    ),
    "feed_field_damaged": Message(
        "{field} has characters that cannot be read.",
        "{field} 含有无法读取的字符。",
    ),
    "feed_field_missing": Message(
        "{field} is missing or empty.",
        "缺少 {field} 或其为空。",
    ),
    "feed_field_type": Message(
        "{field} must be {expected}.",
        "{field} 应为 {expected}。",
    ),
    "feed_date_malformed": Message(
        "{field} {value!r} is no date: expected 20190709, 2019-07-09 or 2019年07月09日.",
        "{field} {value!r} 不是日期：应为 20190709、2019-07-09 或 2019年07月09日。",
    ),
    "feed_date_in_future": Message(
        "{field} {value} lies in the future: expected {today} or earlier. Nothing was done; send the record again when "
        "it is put right, or when it is published.",
        "{field} {value} 在将来：应不晚于 {today}。未作任何处理；更正后或到发布之日请重新发送该记录。",
    ),
    "feed_case_number_malformed": Message(
        "{field}: {reason}",
        "{field}：{reason}",
    ),
    "feed_card_number_malformed": Message(
        "{field} is neither a resident ID, a unified social credit code, an organization code nor one of them masked.",
        "{field} 既不是身份证号、统一社会信用代码、组织机构代码，也不是其遮蔽形式。",
    ),
    "feed_performance_unknown": Message(
        "{field} {value!r} is unknown: expected 全部未履行, 部分未履行 or 全部已履行.",
        "{field} {value!r} 无法识别：应为 全部未履行、部分未履行 或 全部已履行。",
    ),
    "feed_ground_unknown": Message(
        "{field} {value!r} is none of the grounds of Art. 1.",
        "{field} {value!r} 不属于第一条所列情形。",
    ),
    "feed_field_unknown": Message(
        "{field} is no field of the public list; it was kept and not used.",
        "{field} 不是公布名单的字段；已保留但未使用。",
    ),
    "feed_record_unknown": Message(
        "No certificate or application of this court belongs to the record.",
        "该记录与本院的任何证明或申请均不对应。",
    ),
    "feed_namesake": Message(
        "{number} is for a person of the same name with another ID: no effect, for the clerk to look at.",
        "{number} 的持有人同名但证件号不同：不产生效力，请书记员核对。",
    ),
    "feed_identity_unclear": Message(
        "The record names the same person without an ID number: no effect on {number}, for the clerk to look at.",
        "该记录同名但无证件号：对 {number} 不产生效力，请书记员核对。",
    ),
    "feed_application_open": Message(
        "The application {number} is under way for the person of the record: no effect, for the judge to look at.",
        "该记录所涉人员有在办申请 {number}：不产生效力，请法官核对。",
    ),
    "feed_suspended_already": Message(
        "{number} is suspended already: for the judge to decide.",
        "{number} 已暂停：请法官决定。",
    ),
    "feed_answered": Message(
        "The record was in the register before the look-up that {number} rests on, and comes again: suspended until "
        "the judge has looked, not revoked.",
        "该记录在 {number} 所依据的核查之前已收到，现再次出现：在法官核对前暂停，不予撤销。",
    ),
    "feed_older_than_masking": Message(
        "The record was published on {published}, before the masking of {masked}: it is the masked entry itself, not a "
        "re-listing. No effect on {number}, for the clerk to look at.",
        "该记录发布于 {published}，早于屏蔽日 {masked}：应为已屏蔽的记录本身而非重新纳入。"
        "对 {number} 不产生效力，请书记员核对。",
    ),
    "feed_record_failed": Message(
        "The record could not be applied: {reason}. It is kept; send it again.",
        "无法处理该记录：{reason}。记录已保留，请重新发送。",
    ),
}
