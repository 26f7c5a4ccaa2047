"""`xinzheng db`."""

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import click

from xinzheng_issuer.cli.listing import edition_of, root_option
from xinzheng_issuer.cli.options import data_option, operator, settings_of
from xinzheng_issuer.cli.talk import Talk, json_option, require_published
from xinzheng_issuer.cli.words import word
from xinzheng_issuer.clock import system_clock
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.installation import (
    Issuer,
    begin_register,
    open_issuer,
    open_office,
    open_repository,
    upgrade_register,
)
from xinzheng_issuer.issuing.epoch import EPOCH_FILE, Epoch
from xinzheng_issuer.keylife.country import CountryEdition, listed_document
from xinzheng_issuer.keylife.found_keys import FoundKeys
from xinzheng_issuer.keylife.root_trail import catch_up_roots
from xinzheng_issuer.publishing.adoption import Again, Behind, behind
from xinzheng_issuer.publishing.ahead import not_before
from xinzheng_issuer.publishing.known_keys import forgotten_keys
from xinzheng_issuer.publishing.restoring import CourtRepository, FoundEdition
from xinzheng_issuer.publishing.trust_list.documents import issuer_path
from xinzheng_issuer.publishing.witnesses import readable_editions
from xinzheng_issuer.settings import Settings
from xinzheng_schemas.errors import CodedError, Message
from xinzheng_schemas.vocabulary import RevocationReason, label
from xinzheng_verifier.trust.files import locked

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_NEXT_LIST = Message(
    "New certificates go onto a new status list, for indexes of the old ones may be taken.",
    "新证明将登记于新的状态列表，因旧列表的索引可能已被占用。",
)


@click.group("db", help=word("db"))
def command() -> None:
    """The register's database."""


@command.command("upgrade", help=word("db_upgrade"))
@data_option
@click.option("--anew", is_flag=True, help=word("upgrade_anew"))
def upgrade(data: Path | None, *, anew: bool) -> None:
    """Run the migrations that are missing."""
    settings = settings_of(data)
    if anew:
        begin_register(settings)
        click.echo(word("begun_anew"))
    else:
        upgrade_register(settings)
        click.echo(word("upgraded"))


@command.command("adopt", help=word("db_adopt"))
@data_option
@click.option("--bundle", "newest", type=_FILE, help=word("adopt_bundle"))
@click.option("--first-root", type=_FILE, metavar="ROOT", help=word("adopt_first_root"))
@click.option("--listed-in", type=_FILE, metavar="BUNDLE", help=word("adopt_listed_in"))
@root_option
@click.option("--open-next-list", "opens_list", is_flag=True, help=word("adopt_open"))
@click.option(
    "--revoke-again", "reason", type=click.Choice([each.value for each in RevocationReason]), help=word("adopt_again")
)
@click.option("--yes", is_flag=True, help=word("key_yes"))
@click.option("--dry-run", is_flag=True, help=word("key_dry_run"))
@json_option
def adopt(
    data: Path | None,
    newest: Path | None,
    listed_in: Path | None,
    root: Path | None,
    reason: str | None,
    *,
    first_root: Path | None,
    opens_list: bool,
    **how: bool,
) -> None:
    """What was published counts; exit 1 if steps have to be taken again before."""
    settings, talk = settings_of(data), Talk("adopt", **how)
    again = None if reason is None else Again(reason=RevocationReason(reason), ordered_by=operator().name)
    documents = list(_listed(settings, edition_of(listed_in, root)))
    if first_root is not None and newest is None:
        raise click.UsageError(word("adopt_first_root"))
    found: list[FoundEdition] = []
    said_lost: list[str] = []
    if newest is not None:
        repository = open_repository(settings, first_root)
        bundle = newest.read_bytes()
        older = repository.judge(bundle, at=system_clock())
        if older.here is not None and older.is_before:
            talk.say(word("adopt_before", here=older.here.version, version=older.version))
            newest = None
        else:
            found, said_lost = _taken(settings, repository, bundle, documents, talk=talk, again=again)
            if not found:
                return
    if newest is None and not how["dry_run"]:
        found = _finish_taking(settings)
    with closing(open_issuer(settings, without_signers=True)) as issuer:
        catch_up_roots(issuer.office, issuer.outbox)
        if newest is None:
            lists, lost = issuer.outbox.behind(), issuer.outbox.forgotten_edition()
            said, said_lost = ([], []) if lost is None else ([_lost(lost)], [lost.code])
            if (refusal := issuer.outbox.forgotten()) is not None:
                said.append(Message(refusal.message("en"), refusal.message("zh")))
            keys = _found_keys(issuer, documents, found)
            opens = bool(lists or lost or opens_list or (said and not issuer.outbox.is_taken_over))
            effects = [*keys.effects(), *said, *_effects(lists, again, opens=opens)]
            if not effects:
                talk.end({}, word("adopt_nothing"))
                if not _remembers(issuer):
                    talk.say(word("adopt_no_epoch"))
                return
            if not talk.goes_on(effects):
                return
        with issuer.outbox.alone():
            _found_keys(issuer, documents, found).take_over(issuer, operator())
        publication = issuer.outbox.adopt(opens_list=opens_list, again=again, gives_up=said_lost)
        talk.end(
            {"bundleVersion": publication.bundle_version}, word("upgraded" if publication.published else "adopted")
        )
        require_published(publication, then="adopt_once_more")
        talk.say(word("key_published", version=publication.bundle_version))


def _remembers(issuer: Issuer) -> bool:
    """Whether a certificate is remembered outside of the register, if it has any."""
    with issuer.office.reading() as store:
        return issuer.outbox.epoch.is_there or not store.recorded_count()


def _listed(settings: Settings, edition: CountryEdition | None) -> Iterator[bytes]:
    """What an edition of the country's list says of the court's keys."""
    if edition is not None:
        with closing(open_office(settings)) as office:
            yield listed_document(office, edition)


def _found_keys(issuer: Issuer, documents: Sequence[bytes], found: Sequence[FoundEdition] = ()) -> FoundKeys:
    now, edition = issuer.office.clock(), issuer.outbox.publisher.in_effect
    published = [each.published_at for each in (edition, *found) if each is not None]
    with issuer.office.reading() as store:
        end = not_before(store, published, at=now)
    forgotten = issuer.outbox.forgotten_keys(documents)
    return FoundKeys(issuer.settings, issuer.keys, forgotten, at=now, not_before=end)


def _taken(
    settings: Settings,
    repository: CourtRepository,
    bundle: bytes,
    documents: Sequence[bytes],
    *,
    talk: Talk,
    again: Again | None,
) -> tuple[list[FoundEdition], list[str]]:
    """The edition of a bundle once it is kept beside the epoch, and its files are in the publication folder.

    Also the codes of what is given up by it, as it was said.

    That comes first: from then on nothing is published before register and key folder know what it says. Of
    certificates that were only issued it says nothing, so that the register is in doubt before.
    """
    with closing(open_office(settings)) as office:
        now = office.clock()
        found = repository.judge(bundle, at=now)
        kept, damaged = readable_editions(Epoch(settings.data / EPOCH_FILE))
        editions = [found.targets, *([found.beside.targets] if found.beside else []), *kept]
        named = issuer_path(office.court.id)
        issuers = [edition[named] for edition in editions if named in edition]
        with office.reading() as store:
            lists = behind(store, editions, at=now)
            last = max(found.remembered, store.last_bundle_version())
            forgotten = forgotten_keys(store, repository.keys, [*issuers, *documents])
            end = not_before(store, [found.published_at], at=now)
            keys = FoundKeys(settings, repository.keys, forgotten, at=now, not_before=end)
    highest = found.version if found.is_taken or found.here is None else found.here.version
    lost = []
    if highest < last or (found.has_parted and found.is_taken):
        lost.append(PublishingError("edition_forgotten", found=highest, expected=last))
    if found.other_line:
        lost.append(PublishingError("line_forgotten", found=highest, expected=found.other_line))
    given_up = map(_lost, lost)
    passed_over = [Message(each.message("en"), each.message("zh")) for each in damaged]
    said = [_effect_of(found), *passed_over, *_keys_gone(found), *given_up]
    if not talk.goes_on([*said, *keys.effects(), *_effects(lists, again)]):
        return [], []
    with locked(settings.data):
        found = repository.judge(bundle, at=now)
        _keep_and_take(settings, repository, found)
    return [found], [each.code for each in lost]


def _keep_and_take(settings: Settings, repository: CourtRepository, found: FoundEdition) -> None:
    """Lines may have parted: what is replaced may tell what the bundle does not. The next run ends what is stopped."""
    epoch = Epoch(settings.data / EPOCH_FILE)
    epoch.doubt(found.bundle, replaced=found.beside.bundle if found.is_taken and found.beside else None)
    if found.is_taken:
        repository.take(found)
    else:
        repository.role_keys.kept_roots.write(found.roots)  # lenders of its line are led on from its newest
    epoch.took(found.bundle)


def _finish_taking(settings: Settings) -> list[FoundEdition]:
    """The editions of bundles that are kept, once the publication folder is brought to them, where that was stopped.

    What is refused now was not when it was kept: the folder is further, or its keys are others. It counts all the same.
    """
    editions = []
    for path in Epoch(settings.data / EPOCH_FILE).handed_in():
        with suppress(CodedError), locked(settings.data):
            repository = open_repository(settings)
            found = repository.judge(path.read_bytes(), at=system_clock())
            _keep_and_take(settings, repository, found)
            editions.append(found)
    return editions


def _lost(refusal: PublishingError) -> Message:
    """What is given up by going on from what is here."""
    if refusal.code == "edition_forgotten":
        return _given_up(refusal.params["found"], refusal.params["expected"])
    return Message(refusal.message("en"), refusal.message("zh"))


def _given_up(found: object, last: object) -> Message:
    """What it means to go on from an edition that is not the last one: it may be all that there is."""
    return Message(
        f"Edition {last} was published from here, and this is edition {found}: if a lender or mirror has a newer one, "
        "take that over instead (--bundle FILE). What was published since counts only as far as the register knows it; "
        f"the next edition is above {last}.",
        f"此处曾发布第 {last} 版，而现有的是第 {found} 版：如机构或镜像持有更新的版本，"
        f"请改为接管该版（--bundle 文件）。此后发布的内容，仅以登记库所载为准；下一版高于第 {last} 版。",
    )


def _effect_of(found: FoundEdition) -> Message:
    if found.is_taken:
        return Message(
            f"The publication folder is brought to edition {found.version}, which the bundle holds; the next edition "
            "is published above it.",
            f"发布目录将恢复为该信任包所载的第 {found.version} 版；下一版在其之上发布。",
        )
    if found.has_parted or found.here is None:
        return Message(
            f"Another edition {found.version} was published from this folder after a backup was restored: the folder "
            "stays as it is, what the lists of the bundle tell is taken over, and the next edition is above both.",
            f"恢复备份之后，本目录已另行发布过第 {found.version} 版：目录保持不变，只接管该信任包中各列表所载内容，"
            "下一版高于两者。",
        )
    return Message(
        f"Edition {found.version} was never in this folder, which has edition {found.here.version}: the folder stays "
        "as it is, and what the lists of the bundle tell is taken over.",
        f"本目录从未有过第 {found.version} 版，现为第 {found.here.version} 版：目录保持不变，"
        "只接管该信任包中各列表所载内容。",
    )


def _keys_gone(found: FoundEdition) -> Iterator[Message]:
    """That nothing can be published above an edition, and how it goes on then."""
    if roles := " ".join(found.roles_gone):
        yield Message(
            f"The keys that sign for {roles} in the bundle are not in the key folder: what it tells is taken over, and "
            "nothing can be published until they are brought back from a newer backup or replaced "
            f"(xinzheng bundle-keys rotate {roles}, or, without the root key, begin). If this court never had such "
            "keys, stop here: somebody who has its root key made the bundle.",
            f"信任包中签署 {roles} 的密钥不在密钥目录中：其所载内容将予接管，但在由更新的备份恢复或更换这些密钥"
            f"（xinzheng bundle-keys rotate {roles}；如根密钥亦失，则用 begin）之前不会发布任何内容。"
            "如本院从未有过此类密钥，请就此停止：该信任包系持有本院根密钥者所制作。",
        )


def _effects(lists: Sequence[Behind], again: Again | None, *, opens: bool = True) -> Iterator[Message]:
    for each in lists:
        yield Message(
            f"Status list {each.number} ({each.purpose}): edition {each.published} was published, the register has "
            f"{each.known}. {len(each.missing)} change(s) are taken over; {each.unknown} set entry(ies) belong to "
            "certificates that the register does not know, and stay set.",
            f"状态列表 {each.number}（{each.purpose}）：已发布至第 {each.published} 版，登记库为第 {each.known} 版。"
            f"将接管 {len(each.missing)} 项变更；其中 {each.unknown} 个已置位条目所属证明为登记库所未知，仍保持置位。",
        )
        if again is not None and each.to_repeat:
            yield _repeated(each, again)
            continue
        for number in each.to_repeat:
            yield Message(
                f"Certificate {number} was published in list {each.number} ({each.purpose}), and the register believes "
                "it in force: revoke or suspend it again before this step.",
                f"证明 {number} 已在列表 {each.number}（{each.purpose}）中发布，登记库却仍作有效："
                "请先重新撤销或暂停，再执行本步骤。",
            )
        for certificate in each.to_void:
            yield Message(
                f"Certificate {certificate.number} was published in list {each.number} ({each.purpose}), and the "
                "register has it as not handed out yet: its number is void, and revoked from then on; the application "
                "goes back to the judge.",
                f"证明 {certificate.number} 已在列表 {each.number}（{each.purpose}）中发布，登记库却记为尚未交付："
                "其编号作废并自此撤销；申请退回承办法官。",
            )
        for number in each.to_reinstate:
            yield Message(
                f"Certificate {number} was published in list {each.number} ({each.purpose}) as reinstated, and the "
                "register has it suspended: reinstate it again before this step, or it is published as suspended from "
                "then on.",
                f"证明 {number} 已在列表 {each.number}（{each.purpose}）中发布为恢复，登记库却仍为暂停："
                "请先重新恢复，再执行本步骤；否则自该步骤起将再次发布为暂停。",
            )
    if opens:
        yield _NEXT_LIST


def _repeated(each: Behind, again: Again) -> Message:
    count, reason = len(each.to_repeat), (label(again.reason, "en"), label(again.reason, "zh"))
    if each.purpose == "revocation":
        return Message(
            f"{count} certificate(s) that were published in it as revoked are revoked again ({reason[0]}).",
            f"其中已发布为撤销的 {count} 份证明将重新撤销（{reason[1]}）。",
        )
    return Message(
        f"{count} certificate(s) that were published in it as suspended are suspended again ({reason[0]}), but for "
        "those that are revoked again.",
        f"其中已发布为暂停的 {count} 份证明将重新暂停（{reason[1]}），重新撤销的除外。",
    )
