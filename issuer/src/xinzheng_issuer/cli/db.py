"""`xinzheng db`."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from xinzheng_issuer.cli.options import data_option, settings_of
from xinzheng_issuer.cli.talk import Talk, json_option, require_published
from xinzheng_issuer.cli.words import word
from xinzheng_issuer.installation import open_issuer, upgrade_register
from xinzheng_issuer.publishing.adoption import Behind
from xinzheng_schemas.errors import Message


@click.group("db", help=word("db"))
def command() -> None:
    """The register's database."""


@command.command("upgrade", help=word("db_upgrade"))
@data_option
def upgrade(data: Path | None) -> None:
    """Run the migrations that are missing."""
    upgrade_register(settings_of(data))
    click.echo(word("upgraded"))


@command.command("adopt", help=word("db_adopt"))
@data_option
@click.option("--yes", is_flag=True, help=word("key_yes"))
@click.option("--dry-run", is_flag=True, help=word("key_dry_run"))
@json_option
def adopt(data: Path | None, **how: bool) -> None:
    """What was published counts; exit 1 if steps have to be taken again before."""
    with closing(open_issuer(settings_of(data))) as issuer:
        talk = Talk("adopt", **how)
        lists = issuer.outbox.behind()
        if not lists:
            talk.end({}, word("adopt_nothing"))
        elif talk.goes_on(_effects(lists)):
            publication = issuer.outbox.adopt()
            talk.end({"bundleVersion": publication.bundle_version}, word("upgraded"))
            require_published(publication)
            talk.say(word("key_published", version=publication.bundle_version))


def _effects(lists: list[Behind]) -> Iterator[Message]:
    for each in lists:
        yield Message(
            f"Status list {each.number} ({each.purpose}): edition {each.published} was published, the register has "
            f"{each.known}. {len(each.missing)} change(s) are taken over; {each.unknown} set entry(ies) belong to "
            "certificates that the register does not know, and stay set.",
            f"状态列表 {each.number}（{each.purpose}）：已发布至第 {each.published} 版，登记库为第 {each.known} 版。"
            f"将接管 {len(each.missing)} 项变更；其中 {each.unknown} 个已置位条目所属证明为登记库所未知，仍保持置位。",
        )
        for number in each.to_repeat:
            yield Message(
                f"Certificate {number} was published in list {each.number} ({each.purpose}), and the register believes "
                "it in force: revoke or suspend it again before this step.",
                f"证明 {number} 已在列表 {each.number}（{each.purpose}）中发布，登记库却仍作有效："
                "请先重新撤销或暂停，再执行本步骤。",
            )
    yield Message(
        "New certificates go onto a new status list, for indexes of the old ones may be taken.",
        "新证明将登记于新的状态列表，因旧列表的索引可能已被占用。",
    )
