"""What a step of the bundle's root will do to lenders, in plain words."""

from collections.abc import Iterator, Sequence

from xinzheng_issuer.keylife.new_line import NewLine
from xinzheng_issuer.keylife.role_desk import RoleDesk
from xinzheng_issuer.publishing.bundle_keys import ONLINE_ROLES, ROLES, ROOT, key_names, shown_place
from xinzheng_schemas.errors import Message
from xinzheng_schemas.timestamps import format_timestamp

ROLE_WORDS: dict[str, Message] = {
    "stopped": Message(
        "Root {version} stands already and is in no edition yet: what was stopped is finished, and nothing else "
        "changed.",
        "第 {version} 版根已存在，但尚未随任何一版发布：仅完成上次中断的步骤，不作其他变更。",
    ),
    "next": Message(
        "Root {version} follows root {before}, signed by {keys}; it is good for {days} days from now. Root {before} "
        "would end at {ends}.",
        "第 {version} 版根将接替第 {before} 版，由 {keys} 签名，自现在起 {days} 天有效。"
        "第 {before} 版原于 {ends} 到期。",
    ),
    "walk": Message(
        "Lenders go over to it by themselves with the next bundle that they import, whichever root they hold. "
        "Certificates and status lists are not touched.",
        "各机构下次导入信任包时自动过渡到新根，不论其持有哪一版根。证明和状态列表不受影响。",
    ),
    "online": Message(
        "A new key signs {role} in place of {before}. What a thief signs with the old one is refused by every lender "
        "who has imported the bundle that follows; the others believe it until it expires.",
        "由新密钥代替 {before} 签署 {role}。导入随后信任包的机构将拒绝窃取者以旧密钥签署的内容；"
        "其他机构在其到期前仍会相信。",
    ),
    "made": Message("New keys for {roles} are made in {place}.", "{roles} 的新密钥生成于{place}。"),
    "forget": Message(
        "Lenders forget the versions and the moment for which the old keys of timestamp and snapshot vouched: if a "
        "thief pushed them up, that ends too.",
        "各机构将忘记旧的时间戳、快照密钥所担保的版本号和时刻：窃取者曾抬高的，也随之失效。",
    ),
    "again": Message(
        "What says that it was made later than this clock shows ({now}), up to {told}, begins again at that moment: "
        "status lists are made anew, and changes that were dated later count from now on. If this clock is behind, "
        "stop here and set it right.",
        "凡自称制作时间晚于本机时钟（{now}）者，最晚至 {told}，均自此刻重新计时：状态列表重新制作，"
        "所记时间更晚的变更自现在起计。如本机时钟偏慢，请就此停止并先行校准。",
    ),
    "targets_alone": Message(
        "If the targets key was stolen and used, lenders may remember a version that only a new snapshot or timestamp "
        "key lets them forget: rotate targets snapshot timestamp together.",
        "如 targets 密钥被盗用，各机构可能已记住被抬高的版本号，须更换 snapshot 或 timestamp 密钥才会忘记："
        "请一并更换 targets snapshot timestamp。",
    ),
    "root": Message(
        "New root keys take the place of {before}, which sign this root as well. Whoever has stolen an old one can "
        "still lead lenders who have not imported this bundle to another root {version}: tell lenders by another way "
        "to import it, and to compare the SHA-256 of the root.",
        "新的根密钥代替 {before}，旧密钥也签署本版根。窃得旧密钥者仍可将尚未导入本信任包的机构引向另一份第 {version} "
        "版根：请以其他途径告知各机构导入，并核对根文件的 SHA-256。",
    ),
    "without_old": Message(
        "The old keys cannot sign once more: whoever reads the published folder file by file, and not as a bundle, may "
        "be refused for the moment between the new root and the edition that follows at once.",
        "旧密钥无法再签一次：逐个文件读取发布目录（而非信任包）者，在新根与随后立即发布的一版之间可能短暂被拒绝。",
    ),
    "first_roots": Message(
        "Whoever begins anew should begin with this root: it is under /bundle/root.json and in xinzheng bundle --out.",
        "新加入者应从本版根开始：见 /bundle/root.json 和 xinzheng bundle --out。",
    ),
    "anew": Message(
        "The bundle begins anew with a root 1 and the keys {keys}, all new. Every lender has to be given that root by "
        "another way, to compare its SHA-256, and to begin a new store with it. A store that holds a root of before "
        "refuses this bundle and all that follow it.",
        "信任包以全新的第 1 版根和 {keys} 密钥重新开始。须以其他途径向每个机构交付该根并核对其 SHA-256，"
        "各机构据此新建信任库。持有原有根的信任库将拒绝本信任包及其后各版。",
    ),
    "anew_untouched": Message(
        "Certificates and status lists are not touched. Stop the server before, start it after.",
        "证明和状态列表不受影响。请先停止服务，完成后再启动。",
    ),
    "anew_lost": Message(
        "Edition {number} was published from here, and is given up: what it told, and what is given with --before does "
        "not, counts only as far as the register and the key folder know it. What they have forgotten is valid for new "
        "stores, a revoked certificate and a compromised key too. If a lender or mirror has it or a later one, stop "
        "here and take that over first (xinzheng db adopt --bundle FILE).",
        "此处曾发布第 {number} 版，现予放弃：其所载而 --before 所给内容未载者，仅以登记库和密钥目录所知为准；"
        "二者所遗忘的，对新建的信任库一律视为有效，包括已撤销的证明和已泄露的密钥。如有机构或镜像持有该版或更新的版本，"
        "请就此停止并先行接管（xinzheng db adopt --bundle 文件）。",
    ),
    "anew_before": Message(
        "The keys of before that still lie there ({keys}) are not used again: destroy them and their copies.",
        "目录中原有的密钥（{keys}）不再使用：请连同副本一并销毁。",
    ),
}


def says(word: str, **params: object) -> Message:
    """One sentence in both languages."""
    text = ROLE_WORDS[word]
    return Message(text.en.format_map(params), text.zh.format_map(params))


def of_beginning(line: NewLine, place: str | None = None, *, given_up: int = 0) -> Iterator[Message]:
    """Before a bundle is begun anew, its keys at a place or the usual one.

    Args:
        line: the new line.
        place: where its keys are made; None for the usual one.
        given_up: the number of the last edition that is given up, as of `NewLine.check`.
    """
    yield says("anew", keys=", ".join(ROLES))
    if given_up:
        yield says("anew_lost", number=given_up)
    yield _made(ROLES, shown_place(line.usual_place if place is None else place))
    yield says("anew_untouched")
    if before := line.keys_before:
        yield says("anew_before", keys=", ".join(before))


def _made(roles: Sequence[str], place: Message) -> Message:
    text = ROLE_WORDS["made"]
    return Message(
        text.en.format(roles=", ".join(roles), place=place.en), text.zh.format(roles="、".join(roles), place=place.zh)
    )


class RootEffects:
    """Words for the steps of one desk."""

    def __init__(self, desk: RoleDesk) -> None:
        self._desk = desk

    def of_renewal(self) -> Iterator[Message]:
        """Before the root is renewed."""
        if self._desk.was_stopped_after(()):
            yield says("stopped", version=self._desk.root.version)
            return
        yield self._next(())
        yield says("walk")

    def of_rotation(self, roles: Sequence[str], place: str | None = None) -> Iterator[Message]:
        """Before keys of roles are replaced, by keys at a place or where those before lie."""
        root = self._desk.root
        if self._desk.was_stopped_after(roles):
            yield says("stopped", version=root.version)
            return
        yield self._next(roles)
        yield says("walk")
        yield from self._places(roles, place)
        online = [role for role in ONLINE_ROLES if role in roles]
        for role in online:
            yield says("online", role=role, before=", ".join(key_names(root, role)))
        if {"snapshot", "timestamp"} & {*roles}:
            yield says("forget")
            if (ahead := self._desk.ahead) is not None:
                yield says("again", **ahead.params)
        elif online:
            yield says("targets_alone")
        if online and not self._desk.old_keys_sign(roles):
            yield says("without_old")
        if ROOT in roles:
            yield says("root", before=", ".join(key_names(root, ROOT)), version=root.version + 1)
            yield says("first_roots")

    def _places(self, roles: Sequence[str], place: str | None) -> Iterator[Message]:
        places = {role: shown_place(self._desk.place_after(role) if place is None else place) for role in roles}
        for each in dict.fromkeys(places.values()):
            yield _made([role for role in roles if places[role] == each], each)

    def _next(self, roles: Sequence[str]) -> Message:
        root = self._desk.root
        keys = ", ".join(key_names(root, ROOT))
        both = Message(f"{keys} and its own new keys", f"{keys} 及其新密钥") if ROOT in roles else Message(keys, keys)
        text, life = ROLE_WORDS["next"], self._desk.issuer.outbox.publisher.lifetimes.root
        shown = {
            "version": root.version + 1,
            "before": root.version,
            "days": life.days,
            "ends": format_timestamp(root.expires),
        }
        return Message(text.en.format_map(shown | {"keys": both.en}), text.zh.format_map(shown | {"keys": both.zh}))
