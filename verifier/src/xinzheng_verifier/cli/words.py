"""What the command line says, in English and Chinese."""

from typing import Final

from xinzheng_schemas.errors import Language, Message
from xinzheng_verifier.cli.receipt_words import RECEIPT_WORDS
from xinzheng_verifier.cli.store_words import STORE_WORDS

WORDS: Final[dict[str, Message]] = {
    **RECEIPT_WORDS,
    **STORE_WORDS,
    # what the commands are
    "verify": Message(
        "Checks court credentials offline: genuine or not, whose, in force or not. Further commands: store import, "
        "store update, store show, store export, receipt make, receipt check, receipt key, serve.",
        "离线核验法院凭证：真伪、归属、是否有效。其他命令：store import、store update、store show、"
        "store export、receipt make、receipt check、receipt key、serve。",
    ),
    "serve": Message(
        "Offers the page for people and POST /v1/verify on this machine.", "在本机提供核验网页和 POST /v1/verify 接口。"
    ),
    "epilog": Message(
        "Exit status: 0 passed, 1 failed, 2 indeterminate or no usable trust data, 64 misused, 74 an answer could not "
        "be written; of several files the worst.",
        "退出码：0 通过，1 不通过，2 无法判定或没有可用的信任数据，64 用法错误，74 结果无法写出；多个文件取最差者。",
    ),
    # headings of the help
    "inputs": Message("what to check", "核验对象"),
    "trusts": Message("whom to trust", "信任来源"),
    "rules": Message("what to ask for", "核验要求"),
    "outputs": Message("how to answer", "输出方式"),
    "options": Message("options", "选项"),
    # arguments
    "help": Message("show this text and end", "显示本说明"),
    "version": Message("show the version and end", "显示版本"),
    "files": Message(
        "credentials: JSON-LD, vc+jwt, the text of a QR code or a picture of it; folders with all that is in them; "
        "patterns in quotes; - reads standard input",
        "凭证：JSON-LD、vc+jwt、二维码文本或图片；文件夹（含其中所有文件）；加引号的通配符；- 表示标准输入",
    ),
    "jsonl": Message(
        "JSON lines: on each a credential, a string that holds one, or an object with credential, identity and id; "
        "- reads standard input; may be repeated",
        "JSON 行文件：每行一份凭证、一个含凭证的字符串，或含 credential、identity、id 的对象；- 表示标准输入，可重复",
    ),
    "brief": Message("print one line for each credential", "每份凭证只输出一行"),
    "summary": Message(
        "write a summary to a new file, one row for each credential: S.csv or S.json",
        "将汇总写入新文件，每份凭证一行：S.csv 或 S.json",
    ),
    "workers": Message(
        "processes to check with (default: one for each core, for more than 200 credentials)",
        "核验进程数（默认：超过 200 份时每个处理器核一个）",
    ),
    "form": Message("accept this form only", "仅接受此形式"),
    "store": Message("folder of a trust store", "本地信任库文件夹"),
    "bundle": Message("a trust bundle (.xzb); needs --root", "信任包（.xzb），需同时给出 --root"),
    "root": Message("root metadata that you obtained and compared by another way", "经其他途径取得并比对过的根元数据"),
    "controller": Message(
        "a controller, DID or issuer document that you trust, or a did:key or did:jwk; may be repeated",
        "您信任的控制者、DID 或签发机构文件，或 did:key、did:jwk，可重复",
    ),
    "status_list": Message(
        "a signed status list (JSON-LD, vc+jwt or vc+cose), with --controller; may be repeated",
        "已签名的状态列表（JSON-LD、vc+jwt 或 vc+cose），与 --controller 同用，可重复",
    ),
    "status_changes": Message(
        "the signed journal of changes of a status list, with --controller, for moments before the list was made; may "
        "be repeated",
        "状态列表的已签名变更记录，与 --controller 同用，用于查询早于列表生成的时刻；可重复",
    ),
    "context": Message(
        "a JSON-LD context that credentials may name, by its address, with --controller; may be repeated",
        "凭证可引用的 JSON-LD 上下文及其网址，与 --controller 同用，可重复",
    ),
    "at": Message(
        "the moment asked about, such as 2026-11-23T08:00:00Z (default: now)",
        "查询时刻，如 2026-11-23T08:00:00Z（默认为当前时刻）",
    ),
    "max_age": Message(
        "oldest status data that counts as current, such as 24h, 90m, 7d", "状态数据的最长时效，如 24h、90m、7d"
    ),
    "skew": Message(
        "how slow the clock may be, at most 5m; excuses what seems to lie in the future, prolongs nothing",
        "允许时钟偏慢的时长，至多 5m；仅宽容看似未来的时刻，不延长任何期限",
    ),
    "proofs": Message(
        "cryptosuite or algorithm whose proofs have to hold, while others are not looked at (default: every proof); "
        "may be repeated: {names}",
        "必须成立的签名套件或算法，其他证明数据不予查看（默认：全部），可重复：{names}",
    ),
    "types": Message(
        "a type of credential that is accepted (default: that of the profile, vcdm: any); may be repeated",
        "可接受的凭证类型（默认：按 profile，vcdm 为任何类型），可重复",
    ),
    "issuers": Message(
        "an issuer that is accepted, by its id (default: everyone you trust); may be repeated",
        "可接受的签发者，以其 id 指明（默认：所有您信任的签发者），可重复",
    ),
    "require_status": Message(
        "refuse credentials that state no status, or accept them (default: that of the profile, court: refuse, "
        "vcdm: accept)",
        "未载明状态的凭证不予接受，或予以接受（默认：按 profile，court 不接受，vcdm 接受）",
    ),
    "controllers": Message(
        "accept credentials of any issuer that somebody you trust has signed; the issuer's name is then only a claim",
        "接受任何签发者的凭证，只要由您信任的一方签名；此时签发者名称仅为自述",
    ),
    "expected_number": Message("the certificate number that is expected", "应有的证明编号"),
    "same_as": Message(
        "the same credential in another form, which has to be genuine and to say the same",
        "同一凭证的另一形式，须真实且内容一致",
    ),
    "id_number": Message(
        "compare an ID number or social credit code, typed on the terminal or read from the first line of standard "
        "input; it is never given as an argument, where others could see it",
        "比对证件号码或统一社会信用代码，从终端输入或标准输入首行读取；不可写在命令行上，以免他人看到",
    ),
    "profile": Message(
        "court: Credit Repair Certificates (default); vcdm: any credential of the W3C data model",
        "court：信用修复证明（默认）；vcdm：W3C 数据模型的任何凭证",
    ),
    "json": Message("print the report as JSON, one line for each file", "以 JSON 输出报告，每个文件一行"),
    "host": Message("address to listen on (default: %(default)s)", "监听地址（默认 %(default)s）"),
    "port": Message("port to listen on (default: %(default)s)", "监听端口（默认 %(default)s）"),
    # misuse
    "usage": Message("usage: ", "用法： "),
    "value_refused": Message(
        "{option}: {expected} is expected, not {value}.", "{option}：应为{expected}，而不是 {value}。"
    ),
    "value_unnamed": Message("{option}: {expected}", "{option}：{expected}"),
    "value_missing": Message("{option} needs a value.", "{option} 缺少取值。"),
    "value_unwanted": Message("{option} takes no value.", "{option} 不带取值。"),
    "options_exclude": Message("{option} and {names} exclude each other.", "{option} 与 {names} 不能同用。"),
    "arguments_missing": Message("Something is missing: {names}.", "缺少参数：{names}。"),
    "arguments_refused": Message("These arguments cannot be read: {reason}.", "无法读取命令参数：{reason}。"),
    "option_unknown": Message("There is no option {option}.", "没有 {option} 这一选项。"),
    "argument_unwanted": Message("{value} has no place here.", "此处不应有 {value}。"),
    "expected_one_of": Message("one of {names}", "{names} 之一"),
    "expected_moment": Message("a moment such as 2026-11-23T08:00:00Z", "形如 2026-11-23T08:00:00Z 的时刻"),
    "expected_duration": Message("a time such as 90m, 24h or 7d", "形如 90m、24h、7d 的时长"),
    "expected_skew": Message("a time of at most 5m", "不超过 5m 的时长"),
    "expected_number_from": Message("a number from {least} to {most}", "{least} 至 {most} 的整数"),
    "expected_named_file": Message(
        "an address and a file, such as https://example.org/context=context.jsonld,",
        "网址和文件，形如 https://example.org/context=context.jsonld，",
    ),
    "standard_output": Message("Standard output", "标准输出"),
    "trust_needed": Message(
        "Say whom to trust: --store DIR, or --bundle B --root R, or --controller DOC.",
        "请指明信任来源：--store 文件夹，或 --bundle 信任包 --root 根，或 --controller 文件。",
    ),
    "trust_twice": Message(
        "Say whom to trust in one way only: --store, or --bundle with --root, or --controller with --status-list.",
        "信任来源只能选一种：--store，或 --bundle 加 --root，或 --controller 加 --status-list。",
    ),
    "unreadable": Message("{file} cannot be read: {reason}", "无法读取 {file}：{reason}"),
    "stdin_twice": Message(
        "Standard input can be read once only: for a file (-) or for the ID number.",
        "标准输入只能用于一处：文件（-）或证件号码。",
    ),
    "stdin_missing": Message("Standard input is closed: nothing can be read from it.", "标准输入已关闭，无法读取。"),
    "number_as_argument": Message(
        "- is expected: the number is typed or read from standard input, and never written here.",
        "应为 -：号码须从终端或标准输入读入，不可写在此处。",
    ),
    "number_empty": Message("No ID number was typed.", "未输入证件号码。"),
    "server_missing": Message(
        "This needs the server: install xinzheng-verifier[server].", "需要安装 xinzheng-verifier[server]。"
    ),
    "number_prompt": Message("ID number or social credit code: ", "证件号码或统一社会信用代码："),
    # batches
    "counted": Message(
        "{total} checked: {passed} passed, {failed} failed, {indeterminate} not decided",
        "共 {total} 份：通过 {passed}，不通过 {failed}，无法判定 {indeterminate}",
    ),
    "counted_unread": Message(", {count} could not be read", "，无法读取 {count}"),
    "interrupted": Message("Interrupted; up to here:", "已中断；截至此处："),
    "left_out_hidden": Message("Left out of folders: {count} hidden", "文件夹中未读取：隐藏项 {count} 个"),
    "left_out_special": Message(
        "Left out of folders: {count} that are no plain files", "文件夹中未读取：非普通文件 {count} 个"
    ),
    "line_malformed": Message(
        "{file} is not a credential with credential, identity and id: {reason}",
        "{file} 不是含 credential、identity、id 的凭证：{reason}",
    ),
    "files_needed": Message(
        "Say what to check: FILE … or --jsonl LINES.", "请指明核验对象：FILE …，或 --jsonl LINES。"
    ),
    "nothing_found": Message("Nothing was found to check.", "没有找到可核验的内容。"),
    "summary_exists": Message(
        "{file} exists already; a summary replaces nothing.", "{file} 已存在；汇总不覆盖任何文件。"
    ),
    "summary_kind": Message("{file} should end with .csv or .json.", "{file} 应以 .csv 或 .json 结尾。"),
    "unwritable": Message("{file} cannot be written: {reason}", "无法写入 {file}：{reason}"),
    "column_name": Message("Input", "核验对象"),
    "column_id": Message("Your number", "您的编号"),
    "column_verdict": Message("Verdict", "结论"),
    "column_code": Message("Code", "代码"),
    "column_certificateNumber": Message("Certificate number", "证明编号"),
    "column_maskedIdNumber": Message("Masked ID number", "证件号码（遮蔽）"),
    "column_issuer": Message("Issued by", "签发机构"),
    "column_statusAsOf": Message("Status as of", "状态截至"),
    "column_message": Message("Explanation", "说明"),
}


def say(word: str, language: Language, **params: object) -> str:
    """A text, filled.

    Args:
        word: key in `WORDS`.
        language: "en" or "zh".
        params: what the text is filled with.
    """
    text: str = getattr(WORDS[word], language)
    return text.format(**params)
