"""What `xinzheng bundle-keys` says, in English and Chinese."""

from xinzheng_schemas.errors import Message

BUNDLE_KEY_WORDS: dict[str, Message] = {
    "bundle-keys": Message(
        "The root and the role keys of the court's own bundle: show, renew, replace.",
        "本院信任包的根和各角色密钥：显示、续期、更换。",
    ),
    "bundle_keys_show": Message(
        "Show the root, its end and its keys, each of which is opened; ends with 1 if something is due or a key cannot "
        "sign.",
        "显示根、到期日及各密钥，并逐一打开密钥；如有须办事项或密钥无法签名，以 1 退出。",
    ),
    "bundle_keys_closed": Message(
        "Do not open the keys: look only whether key files are there, encrypted and for their owner alone, and tokens "
        "in their slots. For monitoring that has neither passphrase nor PIN.",
        "不打开密钥：仅查看密钥文件是否存在、是否加密且仅限所有者访问，以及令牌是否在位。"
        "适用于既无口令也无 PIN 的监控。",
    ),
    "bundle_keys_renew": Message(
        "Sign the next root with the same keys: its life begins anew. To be done before the present one ends.",
        "以相同密钥签署下一版根：有效期重新计算。须在现有的根到期之前办理。",
    ),
    "bundle_keys_rotate": Message(
        "Replace the keys of roles (root, targets, snapshot, timestamp) by one new root: because they are old, lost or "
        "stolen.",
        "以一版新根更换若干角色（root、targets、snapshot、timestamp）的密钥：到期更换、丢失或被盗时使用。",
    ),
    "bundle_keys_begin": Message(
        "Begin the bundle anew with another first root and new keys, once public/ was moved away: only when the root "
        "key is lost, for every lender has to be given that root by another way.",
        "移走 public/ 后，以另一个首个根和全新密钥重新开始信任包：仅限根密钥确已丢失时使用，"
        "须以其他途径向每个机构交付该根。",
    ),
    "bundle_keys_keep": Message(
        "Keep copies of the roots from ROOT on, the first root as lenders were given it: for a court of an earlier "
        "release whose old root keys are destroyed (roots_unproven).",
        "自 ROOT（当初交付各机构的首个根）起留存各根的副本：用于旧版安装且旧的根密钥已销毁的法院（roots_unproven）。",
    ),
    "bundle_keys_kept": Message(
        "Roots 1 to {version} count as the court's from now on. The first has SHA-256 {sha256}: compare it with what "
        "lenders were told by another way; whoever can write the publication folder may have made another.",
        "自此第 1 至 {version} 版根视为本院的根。首个根的 SHA-256 为 {sha256}：请与当初以其他途径告知各机构的核对；"
        "凡能写入发布目录者均可另造一份。",
    ),
    "bundle_keys_copied": Message(
        "Copies of the roots are kept beside the keys; the next edition is published under them.",
        "各根的副本已存于密钥旁；下一版据其发布。",
    ),
    "begin_before": Message(
        "What was published last: the public/ that was moved away, or the newest bundle that a lender or mirror has. "
        "The new line is refused while register or key folder know less.",
        "上次发布的内容：已移走的 public/，或机构、镜像所持的最新信任包。"
        "登记库或密钥目录所知少于其内容时，拒绝重新开始。",
    ),
    "begin_nothing": Message(
        "Nobody has anything of what was published: what the register has forgotten is forgotten for good.",
        "无人持有任何曾发布的内容：登记库所遗忘的将永远遗忘。",
    ),
    "begin_which": Message(
        "Say what was published last (--before), or that nobody has anything of it (--nothing-before).",
        "请指明上次发布的内容（--before），或声明无人持有（--nothing-before）。",
    ),
    "bundle_keys_uri": Message(
        "Where the new keys are made: pkcs11:token=…, or file: for the key folder; by default where the old ones lie, "
        "or where court.toml says if they are gone; for begin where court.toml says, or else where the old ones lie.",
        "新密钥的生成位置：pkcs11:token=…，或 file: 表示密钥目录；默认与旧密钥相同，旧密钥已不在时以 court.toml 为准；"
        "使用 begin 时以 court.toml 为准，其中未写明则与旧密钥相同。",
    ),
    "root_line": Message(
        "Root {version}, good until {expires}, SHA-256 {sha256}",
        "第 {version} 版根，有效至 {expires}，SHA-256 {sha256}",
    ),
    "root_due": Message(
        "The root of the bundle ends on {expires}, in {days} days: xinzheng bundle-keys renew. After that lenders "
        "import nothing and nothing can be published.",
        "信任包的根将于 {expires} 到期（还有 {days} 天）：请执行 xinzheng bundle-keys renew。"
        "到期后各机构无法导入，也不能发布。",
    ),
    "root_ended": Message(
        "The root of the bundle ended on {expires}: lenders import nothing, and nothing is published until another "
        "follows: xinzheng bundle-keys renew.",
        "信任包的根已于 {expires} 到期：各机构无法导入，在后续的根产生之前也不能发布："
        "请执行 xinzheng bundle-keys renew。",
    ),
    "root_waits": Message(
        "The newest root is in no edition yet: xinzheng bundle.", "最新的根尚未随任何一版发布：请执行 xinzheng bundle。"
    ),
    "role_key_missing": Message("\tcannot be opened: {reason} [{code}]", "\t无法打开：{reason} [{code}]"),
    "role_key_replaced": Message(
        "{now} signs in place of {before}: destroy keys/bundle/{before}.pem and its copies.",
        "由 {now} 代替 {before} 签名：请销毁 keys/bundle/{before}.pem 及其副本。",
    ),
    "role_key_replaced_token": Message(
        "{now} signs in place of {before}: destroy that key in its module, and keys/bundle/{before}.json.",
        "由 {now} 代替 {before} 签名：请在其模块中销毁旧密钥，并删除 keys/bundle/{before}.json。",
    ),
}
