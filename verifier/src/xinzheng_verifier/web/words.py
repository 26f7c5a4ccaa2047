"""What the page says around the sheet, in English and Chinese."""

from typing import Final

from xinzheng_schemas.errors import Message

PAGE: Final[dict[str, Message]] = {
    "name": Message("Credit Repair Certificate: check", "信用修复证明核验"),
    "promise": Message(
        "Checked on this server alone: the court is not asked, and nothing that you enter is kept.",
        "仅在本服务器上核验：不询问法院，您输入的内容均不留存。",
    ),
    "other_language": Message("中文", "English"),
    # asking
    "certificate": Message("Certificate", "证明"),
    "drop": Message("Drop the certificate here", "将证明拖放到此处"),
    "drop_forms": Message(
        "a file (JSON, JWT), a picture of the QR code, or its text", "文件（JSON、JWT）、二维码图片或二维码文本"
    ),
    "choose": Message("Choose a file", "选择文件"),
    "photograph": Message("Photograph", "拍照"),
    "paste": Message("or paste its text", "或粘贴文本"),
    "paste_hint": Message("XZ1:… or eyJ… or {…}", "XZ1:… 或 eyJ… 或 {…}"),
    "number": Message("ID number of the person before you", "当事人证件号码"),
    "number_hint": Message(
        "Optional. Compared with the certificate, then cleared; never stored.",
        "可选。仅用于比对，用后即清除，绝不保存。",
    ),
    "moment": Message("Another moment than now", "查询其他时刻"),
    "moment_label": Message("State of affairs at", "查询时刻"),
    "moment_hint": Message(
        "For tenders that ask for a given day. Your local time.", "适用于须查询指定时刻的招标，按本地时间填写。"
    ),
    "check": Message("Check", "核验"),
    "again": Message("Next certificate", "核验下一份"),
    "print": Message("Print for the file", "打印存档"),
    # answering
    "answer": Message("Result", "核验结果"),
    "waiting": Message("Nothing checked yet", "尚未核验"),
    "waiting_hint": Message("The result will stand here.", "核验结果将显示在此处。"),
    "checking": Message("Checking …", "正在核验……"),
    "no_answer": Message("Nothing was checked", "未能核验"),
    "unreachable": Message(
        "The checking server did not answer. Nothing is known about the certificate.",
        "核验服务器没有应答，对该证明一无所知。",
    ),
    "one_at_a_time": Message("One certificate at a time, please.", "请逐份核验。"),
    "file_too_large": Message(
        "This file is larger than any certificate; it was not sent.", "文件大于任何证明文件，未予发送。"
    ),
    "picture_unreadable": Message(
        "This picture cannot be opened here; take it as JPEG or PNG.", "无法打开此图片，请使用 JPEG 或 PNG 格式。"
    ),
    "picture_shrunk": Message("The picture was made smaller before it was checked.", "图片在核验前已缩小。"),
    "pasted": Message("pasted text", "粘贴的文本"),
    "nothing_given": Message("Choose, drop or paste a certificate first.", "请先选择、拖放或粘贴证明。"),
    "steps": Message("The ten steps of the check", "核验的十个步骤"),
    "raw": Message("Report for machines (JSON)", "机器可读报告（JSON）"),
    "fingerprint": Message("SHA-256 of the input", "输入内容的 SHA-256"),
    "bundle": Message("Trust bundle", "信任包"),
    "zone": Message("Times are local", "时间均为本地时间"),
    "input": Message("Input", "核验对象"),
    "script_needed": Message("This page needs JavaScript, which is switched off.", "本页面需要启用 JavaScript。"),
}
