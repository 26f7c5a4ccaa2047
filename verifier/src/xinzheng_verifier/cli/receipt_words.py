"""What the receipt commands say, in English and Chinese."""

from typing import Final

from xinzheng_schemas.errors import Message

RECEIPT_WORDS: Final[dict[str, Message]] = {
    # what the commands are
    "receipt_make": Message(
        "Checks one credential and keeps a signed receipt of what was asked, by what, and what came of it.",
        "核验一份凭证，并留存签名回执：问了什么、依据什么、结果如何。",
    ),
    "receipt_check": Message(
        "Checks a receipt: the signature; with --input, whether it is about that file; with trust data, whether "
        "judging it again at the same moment gives the same outcome.",
        "检查核验回执：签名是否成立；给出 --input 时，是否针对该文件；给出信任数据时，按同一时刻重新核验结果是否相同。",
    ),
    "receipt_key": Message(
        "Makes the key with which you sign receipts, and prints its public half for whoever checks them.",
        "生成用于签署回执的密钥，并输出其公钥，供检查回执者使用。",
    ),
    # arguments
    "receipt_keys": Message("your key and the receipt", "密钥与回执"),
    "receipt_input": Message(
        "the credential: JSON-LD, vc+jwt, the text of a QR code or a picture of it; - reads standard input",
        "凭证：JSON-LD、vc+jwt、二维码文本或图片；- 表示标准输入",
    ),
    "receipt_key_file": Message("your encrypted key", "您的加密密钥文件"),
    "receipt_key_new": Message(
        "where to keep the new key, encrypted and for your account alone", "新密钥的存放位置（加密，仅限本账户访问）"
    ),
    "receipt_type": Message("type of the key (default: %(default)s)", "密钥类型（默认 %(default)s）"),
    "receipt_pem": Message("print the public key as PEM instead of JWK", "以 PEM 而非 JWK 输出公钥"),
    "receipt_out": Message(
        "where to write the receipt (default: FILE.receipt); nothing is overwritten",
        "回执的存放位置（默认为 FILE.receipt）；不覆盖已有文件",
    ),
    "receipt_file": Message("the receipt", "回执"),
    "receipt_public": Message("public key of who signed it, PEM or JWK", "签署者的公钥，PEM 或 JWK"),
    "receipt_about": Message(
        "the file that it is said to be about; - reads standard input", "回执所针对的文件；- 表示标准输入"
    ),
    "receipt_issuers": Message(
        "where the receipt has no more than a digest of the issuers that were accepted: one of them (repeatable)",
        "回执只载有所接受签发者的摘要时：其中一个签发者（可重复）",
    ),
    "passphrase_env": Message(
        "environment variable that holds the passphrase (otherwise it is asked for)",
        "存放口令的环境变量（否则当场询问）",
    ),
    "passphrase_file": Message(
        "file that holds the passphrase, readable for you alone", "存放口令的文件，仅限您本人可读"
    ),
    # misuse
    "passphrase_needed": Message(
        "There is no terminal to ask for the passphrase: give --passphrase-env or --passphrase-file.",
        "没有可询问口令的终端：请使用 --passphrase-env 或 --passphrase-file。",
    ),
    "passphrases_differ": Message("The two passphrases differ; nothing was made.", "两次输入的口令不同，未生成密钥。"),
    "receipt_out_needed": Message(
        "Say where to write the receipt: --out RECEIPT.", "请指明回执的存放位置：--out 回执文件。"
    ),
    "receipt_input_needed": Message(
        "An ID number or trust data is of use only with the file itself: --input FILE.",
        "给出证件号码或信任数据时，须同时给出原件：--input 文件。",
    ),
    # the screen
    "passphrase_prompt": Message("Passphrase of {path}: ", "{path} 的口令："),
    "passphrase_again": Message("Once more: ", "再次输入："),
    "receipt_written": Message("Receipt: {path}", "回执：{path}"),
    "receipt_passed": Message("HOLDS, as far as it was compared", "成立（就已比对的项目而言）"),
    "receipt_failed": Message("DOES NOT HOLD", "不成立"),
    "receipt_indeterminate": Message("NOT DECIDED", "无法判定"),
    "aspect_form": Message("Form", "格式"),
    "aspect_signature": Message("Signature", "签名"),
    "aspect_input": Message("File", "原件"),
    "aspect_trust": Message("Trust data", "信任数据"),
    "aspect_policy": Message("Rules", "规则"),
    "aspect_outcome": Message("Judged again", "重新核验"),
    "receipt_says": Message("Outcome then", "当时结果"),
    "receipt_said_passed": Message("passed", "通过"),
    "receipt_said_failed": Message("failed", "不通过"),
    "receipt_said_indeterminate": Message("not decided", "无法判定"),
    "receipt_asked": Message("Asked about", "查询时刻"),
    "receipt_issuer": Message("Issued by", "签发机构"),
    "receipt_number": Message("Certificate number", "证明编号"),
    "receipt_made_at": Message("Receipt made", "回执生成时间"),
    "receipt_compared": Message("ID number", "证件号码"),
    "receipt_was_compared": Message("was compared", "当时已比对"),
    "receipt_not_compared": Message("was not compared", "当时未比对"),
    "receipt_release": Message("Judged by", "核验程序"),
}
