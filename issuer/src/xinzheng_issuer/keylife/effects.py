"""What a step will do to certificates that are already handed out, in plain words, counted from the register."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from xinzheng_issuer.errors import ConfigurationError, KeyLifeError, PublishingError
from xinzheng_issuer.issuing.key_records import KeyEntry
from xinzheng_issuer.keylife.country import CountryEdition, contribution_lost, in_country
from xinzheng_issuer.keylife.desk import KeyDesk, peers, whole_second
from xinzheng_issuer.keylife.drill import Drill
from xinzheng_issuer.publishing.bundle_keys import IN_FILES, shown_place
from xinzheng_issuer.register.key_rows import SignedCount
from xinzheng_keys.errors import LifecycleError
from xinzheng_keys.lifecycle import KeyRecord, usable_key
from xinzheng_keys.pkcs11_uri import SCHEME
from xinzheng_schemas.errors import Message
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.trust_documents import KeyState, KeyUsage

WORDS: dict[str, Message] = {
    "new": Message(
        "The key {name} is published at once and signs nothing yet. Nothing changes for certificates already handed "
        "out ({count} in force or suspended).",
        "密钥 {name} 将立即发布，暂不用于签名。已交付的证明（有效或暂停 {count} 份）不受影响。",
    ),
    "new_counts": Message(
        "From that publication on lenders believe what {name} signs, as that of any key: keep it like one in use, and "
        "retire it if it is not wanted.",
        "自该次发布起，{name} 的签名与其他密钥的签名同样为各机构所认可：请按在用密钥保管；如不需要，请将其退役。",
    ),
    "new_lies": Message("Its kind is {kind}; it lies in {place}.", "其类型为 {kind}，位于{place}。"),
    "new_unsuited": Message(
        "It cannot be taken into use as long as court.toml stays as it is: {reason}",
        "在 court.toml 不作修改的情况下无法启用：{reason}",
    ),
    "new_ready": Message(
        "It may be taken into use {hours} hours after its publication.",
        "发布满 {hours} 小时后方可启用。",
    ),
    "stay": Message(
        "{count} certificate(s) signed by {name} stay valid, the last of them until {until}.",
        "由 {name} 签署的 {count} 份证明继续有效，最晚至 {until}。",
    ),
    "stay_none": Message(
        "No certificate signed by {name} is in force.",
        "没有由 {name} 签署的有效证明。",
    ),
    "signs_from_now": Message(
        "From now on {name} signs new certificates.",
        "自现在起由 {name} 签署新证明。",
    ),
    "signs_lists_from_now": Message(
        "{name} signs the status lists from the publication that follows at once; lists published before stay valid.",
        "自随后立即进行的发布起，由 {name} 签署状态列表；此前发布的列表继续有效。",
    ),
    "adds_from_now": Message(
        "From now on {name} adds a second proof (SM2) to the JSON-LD form of new certificates; every form is signed by "
        "{main} as before. A lender has to know both keys then, and asks for one of the proofs alone by --proofs.",
        "自现在起由 {name} 在新证明的 JSON-LD 形式中加入第二个签名（SM2）；各种形式仍照旧由 {main} 签署。"
        "金融机构此后须认识两个密钥；只核验其中一个签名可用 --proofs。",
    ),
    "stays_active": Message(
        "{name} stays active but signs nothing as long as a newer key is active; then: xinzheng keys retire {name}.",
        "{name} 仍为启用状态，但有更新的密钥启用时不再签名；此后可执行：xinzheng keys retire {name}。",
    ),
    "too_early": Message(
        "Lenders may not know {name} yet. Whoever has a bundle from before its publication refuses what it signs "
        "(kid_unknown) until a newer bundle is fetched.",
        "各金融机构可能尚不认识 {name}。持有其发布前信任包的机构将拒绝其签署的证明（kid_unknown），直至取得新信任包。",
    ),
    "retires": Message(
        "{name} signs nothing any more. What it signed until now is checked with its window, which closes "
        "{closes}. Going on: {others}.",
        "{name} 不再签名。其此前签署的内容按有效窗口核验，窗口{closes}关闭。继续签名的密钥：{others}。",
    ),
    "closes_now": Message("now", "即刻"),
    "closes_later": Message(
        "at {until}, for it signed something that bears this moment; until then lenders believe whoever has the key",
        "于 {until} （其所签内容的最晚时间；在此之前，任何持有该密钥者的签名仍为各机构所认可）",
    ),
    "withdrawn": Message(
        "{name} was never taken into use, and no certificate or list of this court is signed by it; its window closes "
        "now. If somebody else may have it, say so instead: xinzheng keys compromise {name}.",
        "{name} 从未启用，本院没有由其签署的证明或列表；其有效窗口即刻关闭。如他人可能掌握该密钥，"
        "请改用 xinzheng keys compromise {name}。",
    ),
    "no_key_left": Message(
        "No key is left that signs certificates: nothing can be issued until another one is activated.",
        "将没有可签发证明的密钥：在启用另一密钥之前无法出具证明。",
    ),
    "second_ends": Message(
        "No SM2 key is left: the JSON-LD form of new certificates has one proof again, and a lender whose policy asks "
        "for SM2 refuses them (proof_required).",
        "将没有 SM2 密钥：新证明的 JSON-LD 形式恢复为一个签名，要求 SM2 的机构会拒绝（proof_required）。",
    ),
    "refused": Message(
        "After this {count} certificate(s) signed by {name} will be refused (key_compromised): {since} signed since "
        "{moment}, and {before} dated before it, for whoever has the key can write any date.",
        "此后由 {name} 签署的 {count} 份证明将被拒绝（key_compromised）：其中 {since} 份签于 {moment} 之后；"
        "另 {before} 份日期在此之前，但持有密钥者可任意填写日期。",
    ),
    "refused_none": Message(
        "No certificate in force or suspended is signed by {name}; whatever else bears its signature, with any date, "
        "will be refused (key_compromised since {moment}).",
        "没有由 {name} 签署的有效或暂停的证明；其他任何含其签名者，不论日期，将被拒绝"
        "（key_compromised，自 {moment} 起）。",
    ),
    "refused_but": Message(
        "A lender who chose unsafe_trust_dates_of_compromised_keys goes on accepting the {before}.",
        "选用 unsafe_trust_dates_of_compromised_keys 的机构仍会接受这 {before} 份。",
    ),
    "earlier": Message(
        "{name} is said to be compromised since {since}; that becomes {moment}. For lenders who refuse all that it "
        "signed nothing changes.",
        "{name} 此前宣告自 {since} 起泄露，现改为 {moment}。对拒绝其全部签名的机构而言没有变化。",
    ),
    "believed": Message(
        "Until a lender has the bundle that follows, it goes on accepting what {name} signs: have it imported today.",
        "各机构取得随后的信任包之前，仍会认可 {name} 的签名：请其今天即导入。",
    ),
    "goes_on": Message("Certificates are signed by {others} from then on.", "此后由 {others} 签署证明。"),
    "refused_second": Message(
        "After this the JSON-LD form of {count} certificate(s) with a second proof by {name} will be refused "
        "(key_compromised): {since} signed since {moment}, and {before} dated before it. Their JWT and QR forms, which "
        "another key signed, stay good, and so does the JSON-LD form for a lender whose policy asks for that key's "
        "proof alone.",
        "此后含 {name} 第二个签名的 {count} 份证明，其 JSON-LD 形式将被拒绝（key_compromised）："
        "其中 {since} 份签于 {moment} 之后，另 {before} 份日期在此之前。其 JWT 和二维码形式由另一密钥签署，仍然有效；"
        "只要求该密钥签名的机构也仍接受 JSON-LD 形式。",
    ),
    "refused_lists": Message(
        "Status lists signed by {name} are worth nothing after this; they are made anew with {others} and published "
        "at once. Lenders must fetch that bundle.",
        "此后由 {name} 签署的状态列表一律无效；将以 {others} 重新签署并立即发布，各机构须取得新信任包。",
    ),
    "reissue_next": Message(
        "They can be issued anew with the key that signs then, suspended ones once they are reinstated: xinzheng keys "
        "reissue {name}.",
        "可用届时的签名密钥重新出具（已暂停的待恢复之后）：xinzheng keys reissue {name}。",
    ),
    "country": Message(
        "This court hands in to the country's trust list: lenders who use that list learn of this step only when the "
        "province has signed the court's new issuer.json and the country has published. Hand in right after it "
        "(xinzheng bundle --contribution …) and have the province sign.",
        "本院向全国信任名单报送：使用该名单的机构须待省级签署本院新的 issuer.json、且全国名单发布之后，才会知悉本步骤。"
        "请在本步骤之后立即报送（xinzheng bundle --contribution …），并由省级签署。",
    ),
    "country_lost": Message(
        "The court's own copy of its last contribution (contribution/) is gone, as after a restored backup; the "
        "register knows its number, and the next contribution goes on from there.",
        "本院留存的最近一次报送（contribution/）已不在，例如恢复备份之后；登记库仍记有其编号，下次报送将接续编号。",
    ),
    "country_accepts": Message(
        "Until then those lenders go on accepting what {name} signs: call the province, do not wait for its next date.",
        "在此之前，这些机构仍会接受 {name} 签署的内容：请立即致电省级，不要等到其下次签署。",
    ),
    "country_certificate": Message(
        "As long as the country's list does not name the key that signs, its lenders refuse new certificates "
        "(kid_unknown).",
        "全国名单列入签名密钥之前，使用该名单的机构会拒绝新证明（kid_unknown）。",
    ),
    "country_status": Message(
        "As long as the country's list does not name {name}, every contribution is refused (contribution_list): the "
        "court's status stands still there, revocations too.",
        "全国名单列入 {name} 之前，每次报送都会被拒绝（contribution_list）：本院在全国名单中的状态停止更新，包括撤销。",
    ),
    "role_keys": Message(
        "The keys of the bundle's roles cannot be opened ({cause}): the step will stand, and nothing of it is "
        "published until they are back.",
        "信任包各角色的密钥无法打开（{cause}）：本步骤将生效，但在其恢复之前不会发布任何内容。",
    ),
    "final": Message("This cannot be undone.", "此操作不可撤销。"),
    "reissue": Message(
        "{count} certificate(s) in force get a new number and index each, with the ends that they have; the old ones "
        "are revoked as superseded, and their holders must be handed the new ones.",
        "{count} 份有效证明将获得新编号和新索引，到期日不变；原证明以“被取代”撤销，须向持有人交付新证明。",
    ),
    "reissue_suspended": Message(
        "{count} suspended one(s) are left: once they are reinstated, lenders refuse them all the same "
        "(key_compromised) until this is run again.",
        "另有 {count} 份已暂停，不予处理：恢复之后，各机构仍会拒绝（key_compromised），须再次运行本命令。",
    ),
    "drilled": Message(
        "{name} signed {signed} certificate(s) in all; {count} are in force or suspended, {since} of them signed since "
        "{moment}. A re-issue would take the {reissue} in force.",
        "{name} 共签署 {signed} 份证明；有效或暂停 {count} 份，其中 {since} 份签于 {moment} 之后。"
        "重新出具将处理有效的 {reissue} 份。",
    ),
    "duration_short": Message(
        "That takes less than a minute on this machine; a slow hardware module comes on top.",
        "在本机上不到一分钟；硬件密码模块较慢时另计。",
    ),
    "duration": Message(
        "That takes some {minutes} min on this machine, as measured now on a few of them; a slow hardware module comes "
        "on top.",
        "按刚才在本机抽样实测，约需 {minutes} 分钟；硬件密码模块较慢时另计。",
    ),
}


def says(word: str, **params: object) -> Message:
    """One sentence in both languages, and so is what of its parameters is a `Message`."""
    text = WORDS[word]
    english = {name: each.en if isinstance(each, Message) else each for name, each in params.items()}
    chinese = {name: each.zh if isinstance(each, Message) else each for name, each in params.items()}
    return Message(text.en.format_map(english), text.zh.format_map(chinese))


def _shown_place(uri: str) -> Message:
    """Where a key of the court lies."""
    if uri.lower().startswith(f"{SCHEME}:"):
        return shown_place(uri)
    return Message(uri, uri) if ":" in uri else shown_place(IN_FILES)


class Effects:
    """Counts and words for the steps of one desk."""

    def __init__(self, desk: KeyDesk) -> None:
        self._desk = desk
        self._office = desk.issuer.office

    def of_new(self, planned: KeyEntry) -> Iterator[Message]:
        """Before a key is made or staged.

        Args:
            planned: as the step would enter it.
        """
        records = [entry.record for entry in self._desk.entries()]
        yield says("new", name=planned.record.name, count=sum(self._count(record).live for record in records))
        yield says("new_counts", name=planned.record.name)
        yield says("new_lies", kind=planned.record.key_type.value, place=_shown_place(planned.uri))
        try:
            self._desk.check_suites(planned.record)
            yield says("new_ready", hours=self._office.court.keys.lead_hours)
        except ConfigurationError as error:
            yield says("new_unsuited", reason=Message(error.message("en"), error.message("zh")))
        yield from self._outside()

    def of_activation(self, name: str, listed_in: CountryEdition | None = None) -> Iterator[Message]:
        """Before a key is taken into use.

        Args:
            name: of the key.
            listed_in: as for `KeyDesk.check_published`.

        Raises:
            KeyLifeError: `key_unknown`.
        """
        record = self._desk.entry(name).record
        yield self._begins(record)
        try:
            self._desk.check_published(name, listed_in)
        except KeyLifeError:
            yield says("too_early", name=name)
        for other in peers(self._desk.entries(), record):
            if other.state is KeyState.ACTIVE:
                yield from self._staying(other)
                yield says("stays_active", name=other.name)
        yield from self._outside(None if listed_in else f"country_{record.usage.value}", name=name)

    def of_retirement(self, planned: KeyEntry, *, leave_none: bool) -> Iterator[Message]:
        """Before a key is retired.

        Args:
            planned: as the step would leave it.
            leave_none: as for `KeyDesk.retire`.

        Raises:
            KeyLifeError: as `KeyDesk.check_others`.
        """
        name, until = planned.record.name, planned.record.valid_until
        others = self._desk.check_others(name, leave_none=leave_none)
        record = self._desk.entry(name).record
        if record.state is KeyState.STAGED:
            yield says("withdrawn", name=name)
        else:
            yield from self._staying(record)
            closes = says("closes_now")
            if until is not None and until > self._office.clock():
                closes = says("closes_later", until=format_timestamp(until))
            yield says("retires", name=name, closes=closes, others=", ".join(others) or "—")
            if not others:
                yield says("second_ends" if record.national else "no_key_left")
        yield from self._outside()

    def of_compromise(self, name: str, moment: datetime) -> Iterator[Message]:
        """Before a key is said to be in other hands.

        Raises:
            KeyLifeError: as `KeyDesk.check_others`.
        """
        record = self._desk.entry(name).record
        others = self._desk.check_others(name, leave_none=True)
        if record.compromised_at is not None:
            since = format_timestamp(record.compromised_at)
            yield says("earlier", name=name, since=since, moment=format_timestamp(moment))
        if record.usage is KeyUsage.STATUS:
            yield says("refused_lists", name=name, others=", ".join(others) or "—")
        else:
            yield from self._refused(record, moment)
            yield says("believed", name=name)
            if record.state is KeyState.ACTIVE:
                yield self._goes_on(record, others)
        yield from self._outside("country_accepts", name=name)
        yield says("final")

    def _refused(self, record: KeyRecord, moment: datetime) -> Iterator[Message]:
        count = self._count(record, since=whole_second(moment))
        facts = {"name": record.name, "moment": format_timestamp(moment), "before": count.live - count.since}
        if not count.live:
            yield says("refused_none", **facts)
            return
        kind = "refused_second" if record.national else "refused"
        yield says(kind, count=count.live, since=count.since, **facts)
        if facts["before"]:
            yield says("refused_but", **facts)
        yield says("reissue_next", name=record.name)

    @staticmethod
    def _goes_on(record: KeyRecord, others: Sequence[str]) -> Message:
        """Which certificate keys sign in the place of one that ends."""
        if others:
            return says("goes_on", others=", ".join(others))
        return says("second_ends" if record.national else "no_key_left")

    def of_drill(self, name: str, moment: datetime, found: Drill) -> Iterator[Message]:
        """What a drill found."""
        yield says(
            "drilled",
            name=name,
            signed=found.signed,
            count=found.count.live,
            since=found.count.since,
            moment=format_timestamp(moment),
            reissue=found.to_reissue,
        )
        yield from self._lasts(found)

    def of_reissue(self, found: Drill, listed_in: CountryEdition | None = None) -> Iterator[Message]:
        """Before a re-issue.

        Args:
            found: what the key signed.
            listed_in: as for `Reissue`.
        """
        yield says("reissue", count=found.to_reissue)
        if found.suspended:
            yield says("reissue_suspended", count=found.suspended)
        if listed_in is None and in_country(self._desk.issuer):
            yield says("country_certificate")
        yield from self._lasts(found)

    @staticmethod
    def _lasts(found: Drill) -> Iterator[Message]:
        if found.duration is None:
            return
        minutes = found.duration / timedelta(minutes=1)
        yield says("duration_short") if minutes < 1 else says("duration", minutes=round(minutes))

    def _begins(self, record: KeyRecord) -> Message:
        if record.usage is not KeyUsage.CERTIFICATE:
            return says("signs_lists_from_now", name=record.name)
        if not record.national:
            return says("signs_from_now", name=record.name)
        records = [entry.record for entry in self._desk.entries()]
        try:
            main = usable_key(records, usage=KeyUsage.CERTIFICATE, at=self._office.clock()).name
        except LifecycleError:
            main = "—"
        return says("adds_from_now", name=record.name, main=main)

    def _outside(self, more: str | None = None, **params: object) -> Iterator[Message]:
        """What keeps lenders from learning of a step at once."""
        try:
            self._desk.issuer.outbox.publisher.require_signers()
        except PublishingError as error:
            yield says("role_keys", cause=error.params.get("cause", error.code))
        if in_country(self._desk.issuer):
            yield says("country")
            if contribution_lost(self._desk.issuer):
                yield says("country_lost")
            if more is not None:
                yield says(more, **params)

    def _staying(self, record: KeyRecord) -> Iterator[Message]:
        if record.usage is not KeyUsage.CERTIFICATE:
            return
        count = self._count(record)
        if count.last_end is None:
            yield says("stay_none", name=record.name)
        else:
            yield says("stay", name=record.name, count=count.live, until=format_timestamp(count.last_end))

    def _count(self, record: KeyRecord, *, since: datetime | None = None) -> SignedCount:
        now = self._office.clock()
        with self._office.reading() as store:
            return store.signed_count(record.name, since=since or now, at=now)
