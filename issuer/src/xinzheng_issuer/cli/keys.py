"""`xinzheng keys`."""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from xinzheng_issuer.cli.listing import edition_of, listed_in_option, root_option
from xinzheng_issuer.cli.options import data_option, operator, settings_of
from xinzheng_issuer.cli.talk import Talk, changing, json_option, require_published
from xinzheng_issuer.cli.words import word
from xinzheng_issuer.installation import open_issuer
from xinzheng_issuer.issuing.court_keys import shown_uri
from xinzheng_issuer.issuing.key_records import KeyEntry
from xinzheng_issuer.keylife.country import in_country
from xinzheng_issuer.keylife.desk import Changed, KeyDesk
from xinzheng_issuer.keylife.drill import drill
from xinzheng_issuer.keylife.effects import Effects
from xinzheng_issuer.keylife.reissue import Reissue, Reissued
from xinzheng_schemas.errors import Message, language_from
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_schemas.trust_documents import KeyUsage

_NONE = "—"
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("keys", help=word("keys"))
def command() -> None:
    """The court's keys."""


def _moment(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime | None:
    return None if value is None else parse_timestamp(value, field="at")


_NAME = click.argument("name")
_USAGE = click.option(
    "--usage", type=click.Choice([usage.value for usage in KeyUsage]), required=True, help=word("key_usage")
)
_NOW = click.option("--now", is_flag=True, help=word("key_now"))
_LEAVE_NONE = click.option("--leave-none", is_flag=True, help=word("key_leave_none"))
_AT = click.option("--at", "moment", callback=_moment, metavar="T", help=word("key_at"))
_OUT = click.option("--out", type=_FILE, help=word("key_out"))


@contextmanager
def _desk(data: Path | None, *, without_signers: bool = True) -> Iterator[KeyDesk]:
    """The desk on a data folder; a key that is lost must not keep anybody from replacing it."""
    with closing(open_issuer(settings_of(data), without_signers=without_signers)) as issuer:
        yield KeyDesk(issuer)


def _take(
    talk: Talk,
    desk: KeyDesk,
    step: Callable[[KeyDesk], Changed],
    effects: Callable[[KeyEntry], Iterable[Message]],
) -> None:
    """A step: rehearsed, for what refuses it comes before any promise; told from that, asked for, taken."""
    planned = step(desk.rehearsal()).entry
    if talk.goes_on(effects(planned)):
        _changed(talk, desk, step(desk))


def _changed(talk: Talk, desk: KeyDesk, changed: Changed) -> None:
    """What a step made; exit 1 if lenders cannot see it yet."""
    record, publication = changed.entry.record, changed.publication
    waits = in_country(desk.issuer)
    talk.end(
        {
            "key": _entry_json(changed.entry),
            "published": publication.published,
            "bundleVersion": publication.bundle_version,
            "waitsForProvince": waits,
        },
        word("key_done", name=record.name, state=word(f"key_{record.state.value}")),
    )
    require_published(publication)
    talk.say(word("key_published", version=publication.bundle_version))
    if waits:
        talk.say(word("key_waits_for_province"))


# ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@command.command("list", help=word("keys_list"))
@data_option
@json_option
def list_keys(data: Path | None, as_json: bool) -> None:
    """One line for each key."""
    with _desk(data) as desk:
        rows = [_row(desk, entry) for entry in desk.entries()]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    click.echo(word("key_heads"))
    for row in rows:
        click.echo("\t".join(_shown(row)))


@command.command("show", help=word("keys_show"))
@data_option
@_NAME
@json_option
def show(data: Path | None, name: str, as_json: bool) -> None:
    """A key with the steps of its life."""
    with _desk(data) as desk:
        entry = desk.entry(name)
        row = _row(desk, entry)
    if as_json:
        click.echo(json.dumps(row | {"changes": _entry_json(entry).get("changes", [])}, ensure_ascii=False))
        return
    for head, value in zip(word("key_heads").split("\t"), _shown(row), strict=True):
        click.echo(f"{head}: {value}")
    for change in entry.changes:
        about = f" ({format_timestamp(change.moment)})" if change.moment else ""
        facts = {"at": format_timestamp(change.at), "actor": change.actor_name, "reason": change.reason}
        click.echo(word("key_event", action=f"{change.action}{about}", **facts))


def _row(desk: KeyDesk, entry: KeyEntry) -> dict[str, Any]:
    office, record = desk.issuer.office, entry.record
    now = office.clock()
    with office.reading() as store:
        published = store.published_key(record.public_key_multibase)
        count = store.signed_count(record.name, since=now, at=now)
    return {
        "name": record.name,
        "usage": record.usage.value,
        "type": record.key_type.value,
        "state": record.state.value,
        "validFrom": format_timestamp(record.valid_from),
        "validUntil": record.valid_until and format_timestamp(record.valid_until),
        "compromisedAt": record.compromised_at and format_timestamp(record.compromised_at),
        "publishedAt": published and format_timestamp(published.published_at),
        "certificates": count.live,
        "uri": shown_uri(entry.uri),
    }


def _shown(row: dict[str, Any]) -> Iterator[str]:
    """A row for people: use and state in their language."""
    for member, value in row.items():
        if value is None:
            yield _NONE
        else:
            yield word(f"key_{value}") if member in {"usage", "state"} else str(value)


def _entry_json(entry: KeyEntry) -> dict[str, Any]:
    """Without the URI, which may bear a PIN."""
    return {name: value for name, value in entry.to_json().items() if name != "uri"}


# ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@command.command("create", help=word("keys_create"))
@_NAME
@_USAGE
@click.option("--uri", help=word("key_new_uri"))
@click.option(
    "--type",
    "key_type",
    type=click.Choice([kind.value for kind in KeyType]),
    help=word("key_type"),
)
@changing
def create(
    data: Path | None, name: str, usage: str, *, uri: str | None, key_type: str | None, reason: str, **how: bool
) -> None:
    """Make and publish."""
    kind = KeyType(key_type) if key_type else None
    with _desk(data) as desk:
        _take(
            Talk("create", **how),
            desk,
            lambda at: at.create(name, KeyUsage(usage), operator(), reason=reason, uri=uri, key_type=kind),
            Effects(desk).of_new,
        )


@command.command("stage", help=word("keys_stage"))
@_NAME
@_USAGE
@click.option("--uri", required=True, help=word("key_uri"))
@changing
def stage(data: Path | None, name: str, usage: str, uri: str, reason: str, **how: bool) -> None:
    """Publish what is there."""
    with _desk(data) as desk:
        _take(
            Talk("stage", **how),
            desk,
            lambda at: at.stage(name, KeyUsage(usage), uri, operator(), reason=reason),
            Effects(desk).of_new,
        )


@command.command("activate", help=word("keys_activate"))
@_NAME
@_NOW
@listed_in_option
@root_option
@changing
def activate(
    data: Path | None, name: str, *, now: bool, listed_in: Path | None, root: Path | None, reason: str, **how: bool
) -> None:
    """Take into use."""
    edition = edition_of(listed_in, root)
    with _desk(data) as desk:
        _take(
            Talk("activate", **how),
            desk,
            lambda at: at.activate(name, operator(), reason=reason, now=now, listed_in=edition),
            lambda _: Effects(desk).of_activation(name, edition),
        )


@command.command("retire", help=word("keys_retire"))
@_NAME
@_LEAVE_NONE
@changing
def retire(data: Path | None, name: str, leave_none: bool, reason: str, **how: bool) -> None:
    """Close the window."""
    with _desk(data) as desk:
        _take(
            Talk("retire", **how),
            desk,
            lambda at: at.retire(name, operator(), reason=reason, leave_none=leave_none),
            lambda planned: Effects(desk).of_retirement(planned, leave_none=leave_none),
        )


@command.command("compromise", help=word("keys_compromise"))
@_NAME
@_AT
@changing
def compromise(data: Path | None, name: str, moment: datetime | None, reason: str, **how: bool) -> None:
    """Say that others may have it."""
    with _desk(data) as desk:
        since = moment or desk.issuer.office.clock()
        _take(
            Talk("compromise", **how),
            desk,
            lambda at: at.compromise(name, since, operator(), reason=reason),
            lambda _: Effects(desk).of_compromise(name, since),
        )


# ── after a compromise ──────────────────────────────────────────────────────────────────────────────────────────────


@command.command("drill", help=word("keys_drill"))
@data_option
@_NAME
@_AT
@_OUT
@json_option
def drill_command(data: Path | None, name: str, moment: datetime | None, out: Path | None, as_json: bool) -> None:
    """Count, list, measure."""
    with _desk(data) as desk:
        desk.entry(name)
        since = moment or desk.issuer.office.clock()
        try:
            found = drill(desk.issuer, name, since, out=out)
        except OSError as error:
            raise click.ClickException(f"{out}: {error.strerror}") from error
        said = list(Effects(desk).of_drill(name, since, found))
    if as_json:
        members = {
            "key": name,
            "signed": found.signed,
            "live": found.count.live,
            "since": found.count.since,
            "toReissue": found.to_reissue,
            "seconds": None if found.duration is None else round(found.duration.total_seconds(), 1),
        }
        click.echo(json.dumps(members, ensure_ascii=False))
        return
    for text in said:
        click.echo(getattr(text, language_from(os.environ)))
    if out is not None:
        click.echo(word("key_list_written", path=out))


@command.command("reissue", help=word("keys_reissue"))
@_NAME
@_NOW
@listed_in_option
@root_option
@changing
def reissue(
    data: Path | None,
    name: str,
    *,
    now: bool,
    listed_in: Path | None,
    root: Path | None,
    reason: str,
    as_json: bool,
    **how: bool,
) -> None:
    """Issue anew; exit 1 if something was left or could not be published."""
    edition = edition_of(listed_in, root)
    with _desk(data, without_signers=False) as desk:
        work = Reissue(desk.issuer, name, operator(), reason=reason, listed_in=edition, now=now)
        work.check()
        found = drill(desk.issuer, name, desk.issuer.office.clock())
        talk = Talk("reissue", as_json=as_json, **how)
        if not talk.goes_on(Effects(desk).of_reissue(found, edition)):
            return
        began = time.monotonic()
        result = work.run(_progress)
    if as_json:
        members = {
            "reissued": result.numbers,
            "left": result.left,
            "suspended": result.suspended,
            "published": result.published,
        }
        click.echo(json.dumps(members, ensure_ascii=False))
    else:
        _tell(result, seconds=round(time.monotonic() - began))
    if result.left or not result.published:
        raise SystemExit(1)


def _progress(done: int, total: int) -> None:
    click.echo(word("reissue_progress", done=done, all=total), err=True)


def _tell(result: Reissued, *, seconds: int) -> None:
    for old, new in result.numbers.items():
        click.echo(word("reissue_pair", old=old, new=new))
    for number, code in result.left.items():
        click.echo(word("reissue_left", number=number, code=code))
    for number in result.suspended:
        click.echo(word("reissue_suspended", number=number))
    counts = {"count": len(result.numbers), "left": len(result.left), "suspended": len(result.suspended)}
    click.echo(word("reissue_done", seconds=seconds, **counts))
