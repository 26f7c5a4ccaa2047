"""What the command line says, in English and Chinese; the locale chooses."""

import os

from xinzheng_issuer.cli._bundle_key_words import BUNDLE_KEY_WORDS
from xinzheng_issuer.cli._trust_list_words import TRUST_LIST_WORDS
from xinzheng_issuer.cli.key_words import KEY_WORDS
from xinzheng_schemas.errors import Message, language_from

COMMON_WORDS: dict[str, Message] = {
    "xinzheng": Message(
        "Issue credit repair certificates (信用修复证明) of one court.",
        "出具本院的信用修复证明。",
    ),
    "exit_status": Message(
        "Exit status: 0 done, 1 refused or not done in full, 2 misused, 74 an answer could not be written.",
        "退出码：0 完成，1 被拒绝或未全部完成，2 用法错误，74 结果无法写出。",
    ),
    "unwritable": Message(
        "Error: standard output cannot be written: {reason}. What was done stands.",
        "错误：无法写入标准输出：{reason}。已完成的操作仍然有效。",
    ),
    "version": Message("Show the version and exit.", "显示版本并退出。"),
    "init": Message(
        "Make a data folder: keys, register, secrets, first publication.",
        "建立数据目录：密钥、登记库、秘密值和首次发布。",
    ),
    "serve": Message("Serve the HTTP API.", "提供 HTTP 接口。"),
    "users": Message("People with API tokens.", "持有 API 令牌的人员。"),
    "users_add": Message(
        "Give a person a token and print it; it is shown this once.",
        "为某人生成令牌并显示；只显示这一次。",
    ),
    "users_list": Message("List people and their roles.", "列出人员及其角色。"),
    "users_disable": Message(
        "Put a person's token out of use at once, such as one that leaked.",
        "立即停用某人的令牌，例如已泄露的令牌。",
    ),
    "users_renew": Message(
        "Give a person a new token and print it once; the old one is dead at once, a disabled person is back.",
        "为某人更换令牌并显示一次；旧令牌立即失效，已停用的人员随之恢复。",
    ),
    "user_disabled": Message("The token of {name} is out of use.", "{name} 的令牌已停用。"),
    "disabled": Message("disabled", "已停用"),
    "feed": Message(
        "Apply public-list records from a file; - reads standard input.",
        "处理文件中的公布名单记录；- 表示标准输入。",
    ),
    "bundle": Message(
        "Publish now: status lists that have changed, and a bundle that vouches for all of them.",
        "立即发布：有变更的状态列表，以及确认全部列表现行有效的信任包。",
    ),
    "db": Message("The register's database.", "登记库的数据库。"),
    "db_upgrade": Message(
        "Bring the register to the version that this program needs.",
        "将登记库升级到本程序所需的版本。",
    ),
    "upgrade_anew": Message(
        "Make an empty register where none is: only after it was lost for good. Certificates that were handed out "
        "cannot be revoked by number any more.",
        "在没有登记库之处新建空库：仅用于登记库彻底丢失之后。此前发出的证明不能再按编号撤销。",
    ),
    "begun_anew": Message(
        "The register is there and up to date. If it was made anew: give people their tokens (xinzheng users add), run "
        "xinzheng db adopt, and let the certificate keys go (xinzheng keys compromise), for what they signed cannot be "
        "revoked by number.",
        "登记库已就位并为最新版本。如系新建：请重新发放令牌（xinzheng users add），运行 xinzheng db adopt，"
        "并停用证明密钥（xinzheng keys compromise），因其所签证明不能再按编号撤销。",
    ),
    "db_adopt": Message(
        "After a backup of the register or of the keys was restored: take over into it what was published since, and "
        "publish.",
        "登记库或密钥由备份恢复之后：接管其后已发布的内容，并重新发布。",
    ),
    "adopt_bundle": Message(
        "The newest bundle that a lender or mirror has; for a publication folder that was restored, damaged or lost.",
        "机构或镜像所持的最新信任包；用于发布目录由备份恢复、损坏或丢失的情形。",
    ),
    "adopt_first_root": Message(
        "The first root of the bundle, as lenders were given it, with --bundle: you vouch that it is the court's. "
        "Where neither copies of the roots nor a root key are left in the key folder.",
        "该信任包的首个根（即当初交付各机构者），与 --bundle 合用：由您确认其确属本院。"
        "用于密钥目录中既无各根副本、也无根密钥的情形。",
    ),
    "adopt_listed_in": Message(
        "Bundle of the country's trust list: what it says of the court's keys is taken over too.",
        "全国信任名单的信任包：其所载本院密钥的内容也予接管。",
    ),
    "adopt_before": Message(
        "Edition {here} came after edition {version}, which the bundle holds: nothing of it is taken over. If this "
        "court did not publish edition {here}, move public/ away and take the step again.",
        "第 {here} 版晚于该信任包所载的第 {version} 版：不从中接管任何内容。"
        "如第 {here} 版并非本院发布，请将 public/ 移开后重新执行本步骤。",
    ),
    "adopt_nothing": Message(
        "The register knows all that was published: nothing to take over.",
        "登记库已知全部已发布的内容：无须接管。",
    ),
    "adopt_open": Message(
        "Open the next status list although nothing shows that the register lacks anything: where epoch/ was lost, or "
        "came back, with the register.",
        "即使没有迹象表明登记库缺少内容，也启用下一个状态列表：用于 epoch/ 与登记库一同丢失或恢复的情形。",
    ),
    "adopt_again": Message(
        "Revoke again, for this reason, all that was published as revoked and that the register believes in force, and "
        "suspend again what was published as suspended: where it is too many for one by one, as after a re-issue "
        "(superseded), or the server does not start.",
        "以此原因一次性重新撤销全部已发布为撤销、而登记库仍作有效的证明，并重新暂停已发布为暂停的证明："
        "用于数量过多、无法逐一办理（如重新签发之后，superseded），或服务无法启动的情形。",
    ),
    "adopt_no_epoch": Message(
        "epoch/recorded.json is not there, which would tell of certificates that were only issued: if it was lost and "
        "the register came from a backup, open the next status list: xinzheng db adopt --open-next-list.",
        "epoch/recorded.json 不存在，而仅签发过的证明须由它得知：如该文件已丢失且登记库由备份恢复，"
        "请启用下一个状态列表：xinzheng db adopt --open-next-list。",
    ),
    "adopted": Message(
        "What was published is taken over into the register; lenders do not see that yet.",
        "已发布的内容已接管入库；各机构尚不可见。",
    ),
    "adopt_once_more": Message(
        "Once that is mended, run xinzheng db adopt once more, until it has published or finds nothing left to take "
        "over.",
        "排除该原因后，请再次执行 xinzheng db adopt，直至其已发布，或已无须接管任何内容。",
    ),
    "demo": Message(
        "Play the whole story, from application to revocation.",
        "演示从申请到撤销的全过程。",
    ),
    "demo_out": Message("Where the files go (default: demo/out).", "文件存放目录（默认 demo/out）。"),
    "demo_example": Message(
        "Folder with another story's input: court.toml, application.json, masking.json, relisting.json.",
        "另一案例的输入目录：court.toml、application.json、masking.json、relisting.json。",
    ),
    "data": Message("Data folder (or XINZHENG_DATA).", "数据目录（或 XINZHENG_DATA）。"),
    "config": Message("The court's configuration, TOML.", "法院配置，TOML。"),
    "init_keys": Message(
        "Make all keys in a hardware token (pkcs11:token=…), whatever [keys] of the configuration says.",
        "在硬件令牌中生成所有密钥（pkcs11:token=…），不论配置中的 [keys] 如何设置。",
    ),
    "host": Message("Address to listen on.", "监听地址。"),
    "port": Message("Port to listen on; 0 takes a free one.", "监听端口；0 表示任选空闲端口。"),
    "role": Message("Role; may be given several times.", "角色；可多次给出。"),
    "out": Message(
        "Also write bundle.xzb and root.json to this folder.", "同时将 bundle.xzb 和 root.json 写入此目录。"
    ),
    "made": Message("The issuer of {name} is ready in {path}.", "{name}的签发系统已建立于 {path}。"),
    "next_users": Message(
        "Next: xinzheng users add NAME --role clerk --data {path}",
        "下一步：xinzheng users add 姓名 --role clerk --data {path}",
    ),
    "next_watermark": Message(
        "Before the first certificate: name a file on another disk as `watermark` in {path}, or nobody notices that "
        "the whole machine came back from a backup (docs/how-to/restored-backup.md).",
        "签发首份证明之前：请在 {path} 中以 watermark 指定另一块磁盘上的文件，"
        "否则整机由备份恢复后无从察觉（docs/how-to/restored-backup.md）。",
    ),
    "listening": Message("Serving {name} on {url}", "正在为{name}提供服务：{url}"),
    "published": Message("Published as version {version}: {path}", "已发布为第 {version} 版：{path}"),
    "register_failed": Message(
        "The register cannot be read or written now: {reason}. See that it can be reached and that there is room, then "
        "run the command again; it goes on from what was done. [register_unavailable]",
        "登记库暂时无法读写：{reason}。请确认其可以访问且有空间，再执行一次本命令；将从已完成之处继续。"
        "[register_unavailable]",
    ),
    "file_failed": Message(
        "A file cannot be read or written: {reason}. See that it can be reached and that there is room, then run the "
        "command again; it goes on from what was done.",
        "文件无法读写：{reason}。请确认其可以访问且有空间，再执行一次本命令；将从已完成之处继续。",
    ),
    "not_published": Message("Publishing failed: {reason}", "发布失败：{reason}"),
    "upgraded": Message("The register is up to date.", "登记库已是最新版本。"),
    "record": Message("{line}: {outcome}, {effect} {number}", "{line}：{outcome}，{effect} {number}"),
}

WORDS: dict[str, Message] = {**COMMON_WORDS, **KEY_WORDS, **BUNDLE_KEY_WORDS, **TRUST_LIST_WORDS}


def word(key: str, **params: object) -> str:
    """One text in the language of the locale."""
    text: str = getattr(WORDS[key], language_from(os.environ))
    return text.format_map(params) if params else text
