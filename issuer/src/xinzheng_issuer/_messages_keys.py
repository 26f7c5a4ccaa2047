"""What the life of keys and re-issuing have to say, in English and Chinese."""

from xinzheng_schemas.errors import Message

KEYS = {
    "key_unknown": Message(
        "This court has no key {name}: expected one of {known}.",
        "本院没有密钥 {name}：应为 {known} 之一。",
    ),
    "keys_changed": Message(
        "Somebody else changed the court's keys since you were told what this step does; nothing was done. "
        "Look at them (xinzheng keys list) and begin the step anew.",
        "在说明本步骤的后果之后，他人已变更本院密钥；未作任何处理。请查看（xinzheng keys list）后重新执行本步骤。",
    ),
    "key_name_taken": Message(
        "There is a key {name} already; names are never used twice.",
        "已有名为 {name} 的密钥；名称不得重复使用。",
    ),
    "key_place_missing": Message(
        "The hardware token in which this court makes its keys ({place}) is not there, and nothing was made: put it "
        "in, or name another place: --uri pkcs11:token=…, or --uri file: for an encrypted file in the key folder.",
        "本院生成密钥所用的硬件令牌（{place}）不在，未生成任何密钥：请插入该令牌，或另行指定位置："
        "--uri pkcs11:token=…，或以 --uri file: 表示密钥目录中的加密文件。",
    ),
    "court_not_listed": Message(
        "Edition {edition} of the country's list names no court {court}.",
        "全国名单第 {edition} 版未列入法院 {court}。",
    ),
    "key_name_twice": Message(
        "The name {name} stands for one key in the key folder, and for another in what is to be taken over: lenders "
        "can know one of them alone. Put keys/ back from the backup once more, without the key that was made since, "
        "and the register too if that key was taken into use; move public/ away if it was published; then take the "
        "step again with --bundle FILE, the newest bundle of the court's own that lenders have, or --listed-in as "
        "before. A new key gets a name that was never used. What the key made since has signed lenders refuse "
        "(signature_invalid): revoke it, and issue it anew. If the other key was never made here, somebody has the "
        "keys of the bundle's roles: move public/ away, and the bundles in epoch/ (*.xzb) too, take over the newest "
        "bundle of before that (--bundle FILE), and replace those keys (xinzheng bundle-keys rotate targets snapshot "
        "timestamp).",
        "名称 {name} 在密钥目录中与在待接管内容中是两个不同的密钥：各机构只能认识其一。请再次由备份恢复 keys/"
        "（不含此后生成的密钥）；如该密钥已启用，登记库亦须一并恢复；如已发布，请将 public/ 移开；然后以 --bundle 文件"
        "（取任何一方持有的本院最新信任包）或照旧以 --listed-in 重新执行本步骤。"
        "新密钥应取从未用过的名称。此后生成的密钥所签署的证明，各机构均不接受（signature_invalid）：请撤销并重新签发。"
        "如另一密钥从未在此生成，则信任包各角色的密钥已落入他人之手：请将 public/ 以及 epoch/ 中的信任包（*.xzb）移开，"
        "接管此前最新的信任包（--bundle 文件），并更换这些密钥"
        "（xinzheng bundle-keys rotate targets snapshot timestamp）。",
    ),
    "keys_foreign": Message(
        "What is to be taken over and the key folder cannot be published together, and nothing was changed: {why} No "
        "court lists its keys so: somebody has the keys of the bundle's roles. Move public/ away, and the bundles in "
        "epoch/ (*.xzb) too, take over the newest bundle of before that (--bundle FILE), and replace those keys "
        "(xinzheng bundle-keys rotate targets snapshot timestamp). Of the country's list (--listed-in): call the "
        "province.",
        "待接管的内容与密钥目录不能一并发布，未作任何更改：{why} "
        "法院不会如此列出其密钥：信任包各角色的密钥已落入他人之手。"
        "请将 public/ 以及 epoch/ 中的信任包（*.xzb）移开，接管此前最新的信任包（--bundle 文件），并更换这些密钥"
        "（xinzheng bundle-keys rotate targets snapshot timestamp）。如出自全国名单（--listed-in），请致电省级。",
    ),
    "key_not_published": Message(
        "No published bundle has carried the key {name} yet, so that no lender can know it: publish first "
        "(xinzheng bundle), or use it all the same with --now.",
        "尚无已发布的信任包含有密钥 {name}，各金融机构都不认识它：请先发布（xinzheng bundle），或以 --now 强行启用。",
    ),
    "key_lead_time": Message(
        "The key {name} has been published since {published}; this court waits {hours} hours, until {ready}, so that "
        "lenders have it before it signs. To use it all the same: --now.",
        "密钥 {name} 自 {published} 起发布；本院设定须等待 {hours} 小时（至 {ready}），以便金融机构先取得该密钥。"
        "强行启用请加 --now。",
    ),
    "key_listing_needed": Message(
        "This court is in the country's trust list: before that list names {name}, its lenders refuse what the key "
        "signs (kid_unknown), and the country every contribution with status lists that it signs. Expected "
        "--listed-in BUNDLE --root ROOT, an edition that names it, or --now.",
        "本院在全国信任名单中：该名单列入 {name} 之前，使用名单的机构会拒绝其签署的证明（kid_unknown），"
        "含其所签状态列表的报送也会被拒绝。应给出列有该密钥的全国名单：--listed-in 信任包 --root 根文件，或加 --now。",
    ),
    "key_not_listed": Message(
        "Edition {edition} of the country's list does not name the key {name} of this court: hand in, and have the "
        "province sign the new issuer.json first, or use the key all the same with --now.",
        "全国名单第 {edition} 版未列入本院密钥 {name}：请先报送，并由省级签署新的 issuer.json；强行启用请加 --now。",
    ),
    "court_key_listing_needed": Message(
        "Before the country's list names {name} as this court's key, what it signs alone is refused there, and the "
        "court's status stands still. Expected --listed-in BUNDLE --root ROOT, an edition that names it.",
        "全国名单列入 {name} 作为本院密钥之前，仅由其签名的报送会被拒绝，本院的状态将停止更新。"
        "应给出列有该密钥的全国名单：--listed-in 信任包 --root 根文件。",
    ),
    "court_key_not_listed": Message(
        "Edition {edition} of the country's list does not name {name} as a key that signs for this court: hand in, and "
        "have the province sign and the country publish first.",
        "全国名单第 {edition} 版未列入 {name} 作为本院报送的签名密钥：请先报送，由省级签署并由全国名单发布。",
    ),
    "key_edition_refused": Message(
        "The bundle that should name the key would be refused by lenders ({refusal}): {reason}",
        "用以证明密钥已列入的信任包会被核验方拒绝（{refusal}）：{reason}",
    ),
    "key_last": Message(
        "{name} is the only key that signs certificates now: activate another one first, or stop issuing with "
        "--leave-none.",
        "{name} 是目前唯一签发证明的密钥：请先启用另一密钥，或以 --leave-none 停止签发。",
    ),
    "status_key_last": Message(
        "{name} is the only key that signs status lists now; without one nothing can be published, not even this: "
        "first xinzheng keys create NAME --usage status, and xinzheng keys activate NAME --now.",
        "{name} 是目前唯一签署状态列表的密钥；没有它便无法发布任何内容，包括本次变更："
        "请先 xinzheng keys create 名称 --usage status，再 xinzheng keys activate 名称 --now。",
    ),
    "sm2_second_proof_only": Message(
        "An SM2 key makes the second proof of certificates (xinzheng keys create NAME --usage certificate --type "
        "SM2-P-256) and nothing else: expected P-256, P-384 or Ed25519.",
        "SM2 密钥只用于证明的第二个签名（xinzheng keys create 名称 --usage certificate --type SM2-P-256），"
        "不作他用：此处应为 P-256、P-384 或 Ed25519。",
    ),
    "compromise_in_future": Message(
        "{at} lies in the future: expected a moment that has passed, or none for now.",
        "{at} 在将来：应为已过去的时刻，省略则为现在。",
    ),
    "key_not_compromised": Message(
        "The key {name} is {state}: only what a compromised key signed is issued anew.",
        "密钥 {name} 的状态为“{state}”：只有已泄露密钥签署的证明才重新出具。",
    ),
    "confirmation_needed": Message(
        "Nobody confirmed: expected a person at a terminal, or --yes.",
        "未经确认：应在终端上由人确认，或加 --yes。",
    ),
    "reissue_running": Message(
        "Another re-issue is running on this data folder; nothing was done.",
        "此数据目录上已有重新出具正在运行；未作任何操作。",
    ),
    "reissue_ended": Message(
        "The certificate to be re-issued is {state} by now; nothing is issued in its place.",
        "拟重新出具的证明已是“{state}”状态；不再出具替代证明。",
    ),
    "feed_record_not_found": Message(
        "There is no record {id} of the public list at this court.",
        "本院没有编号为 {id} 的名单记录。",
    ),
}
