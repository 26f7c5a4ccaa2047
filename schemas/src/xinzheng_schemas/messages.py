"""The catalogue of `xinzheng_schemas`: one line per code, in English and Chinese."""

from xinzheng_schemas.errors import Message

MESSAGES: dict[str, Message] = {
    # strict_json; too_large also of base64url and multibase
    "malformed": Message(
        en="the text is not strict JSON at character {position}: expected UTF-8 without byte order mark, RFC 8259 "
        "syntax, no NaN or Infinity, no lone surrogate",
        zh="第 {position} 个字符处不是严格的 JSON：应为不带字节顺序标记的 UTF-8，符合 RFC 8259 语法，"
        "不含 NaN、Infinity 和孤立代理项",
    ),
    "duplicate_member": Message(
        en="the member name {name} occurs twice in one JSON object; names must be unique",
        zh="同一 JSON 对象中成员名 {name} 重复出现；成员名应当唯一",
    ),
    "too_complex": Message(
        en="the JSON text is nested too deeply or has too many members; the limit is {limit}",
        zh="JSON 文本嵌套过深或成员过多；上限为 {limit}",
    ),
    "too_large": Message(
        en="the input is longer than the limit of {limit}",
        zh="输入超过长度上限 {limit}",
    ),
    "number_range": Message(
        en="a number is out of range: integers from -{limit} to {limit} and finite doubles are expected",
        zh="数值超出范围：整数应在 -{limit} 至 {limit} 之间，浮点数应为有限值",
    ),
    # timestamps
    "date_malformed": Message(
        en="{field} must be an existing date or time in the form {expected}",
        zh="{field} 应为真实存在的日期或时间，格式如 {expected}",
    ),
    # base64url
    "not_canonical": Message(
        en="the text is not canonical base64url: expected only A-Z a-z 0-9 - _, without padding, blanks or unused bits",
        zh="不是规范的 base64url：应只含 A-Z a-z 0-9 - _，不带填充和空白，末位无多余比特",
    ),
    # multibase
    "multibase_malformed": Message(
        en="the text is not multibase base58btc: the letter z and base58 characters are expected",
        zh="不是 multibase base58btc：应为字母 z 加 base58 字符",
    ),
    "key_type_unknown": Message(
        en="the Multikey is of no known type: a public key of P-256, P-384 or Ed25519 is expected",
        zh="Multikey 的类型未知：应为 P-256、P-384 或 Ed25519 公钥",
    ),
    "multikey_malformed": Message(
        en="the Multikey does not have the form of {type}: {length} bytes are expected, a curve point compressed",
        zh="Multikey 不符合 {type} 的形式：应为 {length} 字节，曲线上的点应为压缩形式",
    ),
    # bitstring
    "status_malformed": Message(
        en="the status list cannot be read: u, base64url and one GZIP member of the expected size are needed",
        zh="状态列表无法读取：应为 u 加 base64url 编码的单个 GZIP 成员，大小与预期相符",
    ),
    "status_length": Message(
        en="the status list is too short: at least {minimum} entries are expected",
        zh="状态列表过短：应至少有 {minimum} 项",
    ),
    "status_range": Message(
        en="the index lies outside the status list of {entries} entries",
        zh="索引超出状态列表的范围（共 {entries} 项）",
    ),
    # case_number
    "case_number_empty": Message(
        en="the case number is empty; a number such as {example} is expected",
        zh="案号为空；应如 {example}",
    ),
    "case_number_too_long": Message(
        en="the case number is longer than {limit} characters",
        zh="案号超过 {limit} 个字符",
    ),
    "case_number_blank": Message(
        en="the case number contains a blank or an invisible character; write it without any, such as {example}",
        zh="案号中含有空格或不可见字符；应连续书写，如 {example}",
    ),
    "case_number_brackets": Message(
        en="the case number must begin with the year in round brackets, such as {example}",
        zh="案号应以圆括号中的年份开头，如 {example}",
    ),
    "case_number_year": Message(
        en="the year {year} does not fit this form of case number: it holds for cases filed from 2016 on, earlier ones "
        "are written with 字第",
        zh="年份 {year} 与案号形式不符：此形式适用于 2016 年起立案的案件，之前的案号带有“字第”",
    ),
    "case_number_year_legacy": Message(
        en="the year {year} does not fit this form of case number: the form with 字第 ended with 2015",
        zh="年份 {year} 与案号形式不符：带“字第”的案号形式用至 2015 年",
    ),
    "case_number_year_digits": Message(
        en="the year of the case number must have four digits, such as {example}",
        zh="案号中的年份应为四位数字，如 {example}",
    ),
    "case_number_court_code": Message(
        en="the court code of the case number is malformed: expected 最高法, or a province character with no, two or "
        "four digits, such as 鄂0683",
        zh="案号中的法院代字有误：应为最高法，或省份简称不加数字、加两位或四位数字，如 鄂0683",
    ),
    "case_number_court_unknown": Message(
        en="the court code {court_code} is not in the table of courts",
        zh="法院代字 {court_code} 不在法院代字表中",
    ),
    "case_number_court_legacy": Message(
        en="the case number must name court and kind of case in Chinese characters before 字第",
        zh="案号中“字第”之前应以汉字写明法院和案件类型",
    ),
    "case_number_type_malformed": Message(
        en="the kind of case must be one to three Chinese characters between court code and serial number, such as 执",
        zh="案件类型应为法院代字与编号之间的一至三个汉字，如“执”",
    ),
    "case_number_type": Message(
        en="the case is not an enforcement case: kind {type}; 执 or 执恢 is expected",
        zh="不是执行案件：案件类型为“{type}”；应为“执”或“执恢”",
    ),
    "case_number_serial": Message(
        en="the serial number before 号 must be one to {digits} digits, such as {example}",
        zh="“号”之前的编号应为一至 {digits} 位数字，如 {example}",
    ),
    "case_number_leading_zero": Message(
        en="the serial number of the case number must not begin with 0, such as {example}",
        zh="案号中的编号不得以 0 开头，如 {example}",
    ),
    "case_number_hao_missing": Message(
        en="the case number must end with 号, such as {example}",
        zh="案号末尾缺少“号”字，如 {example}",
    ),
    "case_number_suffix": Message(
        en="behind 号 only 之 and a Chinese numeral may stand, such as 之一",
        zh="“号”之后只能是“之”加中文数字，如“之一”",
    ),
    "case_number_trailing": Message(
        en="behind 号 nothing may stand in a case number with 字第",
        zh="带“字第”的案号，“号”之后不得有其他内容",
    ),
    # court_table
    "court_table_malformed": Message(
        en="the table of courts is malformed at entry {row}: code, name (zh, en) and regionCode are expected",
        zh="法院代字表第 {row} 条有误：应有 code、name（zh、en）和 regionCode",
    ),
    "court_table_duplicate": Message(
        en="the table of courts has the code {court_code} twice",
        zh="法院代字表中代字 {court_code} 重复",
    ),
    "court_table_too_large": Message(
        en="the table of courts is larger than the limit of {limit}",
        zh="法院代字表超过上限 {limit}",
    ),
    # identity
    "resident_id_length": Message(
        en="a resident ID number has 18 characters; {length} were given",
        zh="公民身份号码为 18 位；所填为 {length} 位",
    ),
    "resident_id_characters": Message(
        en="a resident ID number is 17 digits and a check digit from 0 to 9 or X",
        zh="公民身份号码应为 17 位数字加一位校验码（0 至 9 或 X）",
    ),
    "resident_id_birth_date": Message(
        en="digits 7 to 14 of the resident ID number are not an existing date of birth",
        zh="公民身份号码第 7 至 14 位不是真实存在的出生日期",
    ),
    "resident_id_check_digit": Message(
        en="the check digit (18th character) of the resident ID number does not fit the digits before it",
        zh="公民身份号码的校验码（第 18 位）与前面的数字不符",
    ),
    "uscc_length": Message(
        en="a unified social credit code has 18 characters; {length} were given",
        zh="统一社会信用代码为 18 位；所填为 {length} 位",
    ),
    "uscc_characters": Message(
        en="character {position} of the unified social credit code is wrong: expected digits and capital letters "
        "without I, O, S, V and Z, and only digits as characters 3 to 8",
        zh="统一社会信用代码由数字和大写字母（不含 I、O、S、V、Z）组成，第 3 至 8 位为数字；第 {position} 位不符",
    ),
    "uscc_check_character": Message(
        en="the check character (18th) of the unified social credit code does not fit the characters before it",
        zh="统一社会信用代码的校验码（第 18 位）与前面的字符不符",
    ),
    "uscc_organization_check": Message(
        en="character 17 of the unified social credit code, the check character of the organization code in characters "
        "9 to 17, does not fit",
        zh="统一社会信用代码第 17 位（第 9 至 17 位主体标识码的校验码）不符",
    ),
    "id_number_malformed": Message(
        en="the document number must be 1 to {limit} printable characters without blanks",
        zh="证件号码应为 1 至 {limit} 个可见字符，不含空格",
    ),
    "organization_code_malformed": Message(
        en="an organization code is 8 digits or capital letters, an optional hyphen and a fitting check character",
        zh="组织机构代码应为 8 位数字或大写字母、可省略的连字符和相符的校验码",
    ),
    "masked_id_malformed": Message(
        en="{field}: expected a resident ID number with 4 asterisks behind 10 digits or 8 behind 6, never a full one",
        zh="{field}：应为第 11 至 14 位或第 7 至 14 位以星号遮蔽的公民身份号码，不得为完整号码",
    ),
    "id_commitment_malformed": Message(
        en="the identity commitment must be sha-256:, 22 characters of salt, a colon and 22 characters of digest",
        zh="身份承诺值应为 sha-256:、22 个字符的盐、冒号和 22 个字符的摘要",
    ),
    # contexts, json_schemas
    "context_altered": Message(
        "{field}: not the document that was shipped; expected SHA-256 {expected}",
        "{field}：附带的文件已被改动；SHA-256 应为 {expected}",
    ),
    "schema_unknown": Message(
        "no JSON Schema is bundled under {identifier}",
        "软件中没有标识为 {identifier} 的 JSON Schema",
    ),
    # certificate: one field
    "certificate_malformed": Message(
        "the certificate has faults ({count}); the first: {first}",
        "证明有 {count} 处错误；第一处：{first}",
    ),
    "member_missing": Message("{field}: missing", "缺少 {field}"),
    "member_unknown": Message("{field}: not a member that this document may have", "本文件不应有 {field}"),
    "type_wrong": Message("{field}: wrong type; expected {expected}", "{field}：类型不对；应为 {expected}"),
    "value_unknown": Message("{field}: expected one of {expected}", "{field}：应为下列之一：{expected}"),
    "value_repeated": Message("{field}: names a value twice", "{field}：有重复的值"),
    "value_fixed": Message("{field}: expected exactly {expected}", "{field}：只能是 {expected}"),
    "text_malformed": Message(
        "{field}: expected 1 to {maximum} characters, none of them a control, invisible or direction character, no "
        "white space at either end",
        "{field}：应为 1 至 {maximum} 个字符，不含控制符、不可见字符和方向控制符，首尾无空白",
    ),
    "text_not_nfc": Message(
        "{field}: expected composed characters (Unicode normalization form C)",
        "{field}：应使用 Unicode 规范化形式 C（NFC）的字符",
    ),
    "text_invisible": Message("{field}: holds a character that cannot be seen", "{field}：含有看不见的字符"),
    "text_look_alike": Message(
        "{field}: holds a character that only looks like the usual one", "{field}：含有与常用字形似而不同的字符"
    ),
    "text_mixed_script": Message(
        "{field}: mixes letters of scripts that look alike", "{field}：混用了字形相近的不同文字的字母"
    ),
    "entry_count": Message("{field}: expected 1 to {maximum} entries", "{field}：应有 1 至 {maximum} 项"),
    "context_mismatch": Message(
        "{field}: expected exactly {expected}",
        "{field}：应恰为 {expected}",
    ),
    "type_unexpected": Message(
        "{field}: expected exactly {expected}",
        "{field}：应恰为 {expected}",
    ),
    "id_malformed": Message(
        "{field}: expected urn:uuid: and a lower-case UUID",
        "{field}：应为 urn:uuid: 加小写 UUID",
    ),
    "did_malformed": Message(
        "{field}: expected a did:web identifier with a host name, not an IP address",
        "{field}：应为 did:web 标识，含主机名而非 IP 地址",
    ),
    "url_malformed": Message(
        "{field}: expected an https address without user, query or fragment",
        "{field}：应为 https 网址，不含用户名、查询串和片段",
    ),
    "certificate_number_malformed": Message(
        "{field}: expected a certificate number such as 鄂0683-2026-7K3M9QW2XB4TC, or another one of 4 to 64 "
        "characters without blanks",
        "{field}：应为证明编号，如 鄂0683-2026-7K3M9QW2XB4TC，或其他 4 至 64 个字符的编号，不含空白",
    ),
    "court_code_malformed": Message(
        "{field}: expected a court code: 最高法, or a province character with no, two or four digits (鄂0683)",
        "{field}：应为法院代字：最高法，或省份简称加零、两位或四位数字（如 鄂0683）",
    ),
    "region_code_malformed": Message(
        "{field}: expected six digits (GB/T 2260)",
        "{field}：应为六位数字（GB/T 2260 行政区划代码）",
    ),
    "case_number_not_canonical": Message(
        "{field}: expected the case number as it is stored, with full-width brackets and ASCII digits: {expected}",
        "{field}：案号应采用规范写法（全角括号、半角数字）：{expected}",
    ),
    "uscc_malformed": Message(
        "{field}: expected 18 characters of a unified social credit code (GB 32100)",
        "{field}：应为 18 位统一社会信用代码（GB 32100）",
    ),
    "masked_number_malformed": Message(
        "{field}: expected an ID number with its middle hidden by at least four asterisks, never a full one",
        "{field}：应为中间以至少四个星号遮蔽的证件号码，不得为完整号码",
    ),
    "status_entry_malformed": Message(
        "{field}: expected a revocation and a suspension entry, in this order, with one plain decimal index",
        "{field}：应依次为撤销、暂停两项，序号相同，且为十进制整数",
    ),
    "validity_reversed": Message("{field}: earlier than validFrom", "{field}：早于 validFrom"),
    # certificate_rules
    "id_type_contradicts_subject": Message(
        "{field}: ID type {id_type} does not belong to a subject of kind {subject_kind}",
        "{field}：证件类型 {id_type} 与主体类型 {subject_kind} 不符",
    ),
    "minor_at_listing": Message(
        "{field}: under 18 when listed; minors must not be listed: annul the listing, issue no certificate",
        "{field}：被纳入时未满十八周岁；未成年人不得纳入失信名单，应撤销纳入，不得出具证明",
    ),
    "original_case_number_missing": Message(
        "{field}: missing; expected the number of the original case, since a resumed case (执恢) has one",
        "{field}：执恢案件应填写原执行案号",
    ),
    "listing_term_missing": Message(
        "{field}: missing; expected the end of the term, since grounds 2 to 6 of Article 1 have one",
        "{field}：依第一条第二至六项纳入的，应填写纳入期限届满日",
    ),
    "listing_term_unexpected": Message(
        "{field}: ground 1 of Article 1 alone has no term; expected none",
        "{field}：仅依第一条第一项纳入的没有期限，不应填写",
    ),
    "masking_ground_contradicts_listing": Message(
        "{field}: {ground} does not fit the listing; an entry with a running term needs art2EarlyDeletion, one whose "
        "term ended termExpired or a ground of Article 10, one without a term neither of those two",
        "{field}：{ground} 与纳入情形不符；期限未满的应为 art2EarlyDeletion，期限已满的应为 termExpired 或第十条情形，"
        "无期限的不得为该两项",
    ),
    "masking_condition_missing": Message(
        "{field}: expected true, since ground conditionalRepair is conditional",
        "{field}：屏蔽原因为 conditionalRepair 的，应为 true",
    ),
    "performance_contradicts_masking_ground": Message(
        "{field}: {performance} does not fit masking ground {ground}; expected one of {expected}",
        "{field}：{performance} 与屏蔽原因 {ground} 不符；应为下列之一：{expected}",
    ),
    "masking_before_listing": Message(
        "{field}: earlier than the day the entry was published",
        "{field}：早于发布日期",
    ),
    "list_check_before_masking": Message(
        "{field}: earlier than the day the entry was masked",
        "{field}：早于屏蔽日期",
    ),
    "purpose_text_missing": Message(
        "{field}: missing; expected a text, since purpose other needs one",
        "{field}：用途为 other 的应写明用途",
    ),
    # trust_documents
    "controller_document_malformed": Message(
        "controller document, {field}: expected {expected}",
        "控制者文件 {field}：应为 {expected}",
    ),
    "controller_mismatch": Message(
        "controller document, {field}: names another controller than the document itself",
        "控制者文件 {field}：控制者与文件本身不一致",
    ),
    "issuer_document_malformed": Message(
        "issuer document, {field}: expected {expected}",
        "签发机构文件 {field}：应为 {expected}",
    ),
    "key_invalid": Message("{field}: not a usable public key; {reason}", "{field}：不是可用的公钥；{reason}"),
    "key_private": Message(
        "{field}: carries private key material; consider the key compromised",
        "{field}：含有私钥，该密钥应视为已泄露",
    ),
    "key_ambiguous": Message(
        "{field}: one method name stands for two keys, or one key has two entries",
        "{field}：同一方法名对应两个密钥，或同一密钥有两条记录",
    ),
    # qr_profile
    "qr_malformed": Message("QR content, {field}: expected {expected}", "二维码内容 {field}：应为 {expected}"),
    "qr_court_unknown": Message(
        "{field}: the QR form leaves the court to the trust list, which does not name it for this issuer",
        "{field}：二维码未载明法院，而信任名单中没有该签发机构的法院信息",
    ),
}
