"""`xinzheng bundle-keys`: the root and the role keys of a court's own bundle."""

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from tuf.api.metadata import Root

from xinzheng_issuer.cli._bundle_key_words import BUNDLE_KEY_WORDS
from xinzheng_issuer.cli.options import data_option, operator, settings_of
from xinzheng_issuer.cli.talk import Talk, changing, json_option, require_published
from xinzheng_issuer.cli.words import word
from xinzheng_issuer.clock import system_clock
from xinzheng_issuer.installation import open_issuer, open_office
from xinzheng_issuer.keylife.new_line import NewLine
from xinzheng_issuer.keylife.role_desk import RoleDesk, RootStep
from xinzheng_issuer.keylife.role_effects import RootEffects, of_beginning
from xinzheng_issuer.keylife.root_trail import BUNDLE_PREFIX, Told
from xinzheng_issuer.publishing.bundle import ROOT_NOTICE
from xinzheng_issuer.publishing.bundle_keys import IN_FILES, ROLES, key_names
from xinzheng_issuer.register.tables import KeyEvent
from xinzheng_schemas.errors import CodedError, Message, language_from
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.trust.names import sha256_of


@click.group("bundle-keys", help=word("bundle-keys"))
def command() -> None:
    """The keys of the court's own bundle."""


@contextmanager
def _desk(data: Path | None) -> Iterator[RoleDesk]:
    """The desk on a data folder; a key that is lost must not keep anybody from replacing it."""
    with closing(open_issuer(settings_of(data), without_signers=True)) as issuer:
        yield RoleDesk(issuer)


@command.command("show", help=word("bundle_keys_show"))
@click.option("--without-passphrase", "closed", is_flag=True, help=word("bundle_keys_closed"))
@data_option
@json_option
def show(data: Path | None, as_json: bool, closed: bool) -> None:
    """The root, the keys, what was done; exit 1 if something is due."""
    with _desk(data) as desk:
        root, publisher = desk.root, desk.issuer.outbox.publisher
        waits, unusable = publisher.root_waits, desk.unusable_keys(closed=closed)
        digest, ahead = sha256_of(publisher.root), desk.ahead
        with desk.issuer.office.reading() as store:
            events = [each for each in store.key_events() if each.key_name.startswith(BUNDLE_PREFIX)]
    due = is_due(root.expires)
    if as_json:
        members = {
            "root": {"version": root.version, "expires": format_timestamp(root.expires), "sha256": digest},
            "keys": {role: _keys(root, role) for role in ROLES},
            "missing": [role for role in ROLES if not unusable.keys().isdisjoint(key_names(root, role))],
            "unusable": {name: error.code for name, error in unusable.items()},
            "due": due,
            "published": not waits,
            "ahead": None if ahead is None else ahead.params["told"],
            "changes": [_event_json(each) for each in events],
        }
        click.echo(json.dumps(members, ensure_ascii=False))
    else:
        click.echo(word("root_line", version=root.version, expires=format_timestamp(root.expires), sha256=digest))
        for role in ROLES:
            for name, kind in _keys(root, role).items():
                click.echo(f"{role}\t{name}\t{kind}{_lost(unusable.get(name))}")
        for each in events:
            click.echo(_event_line(each))
        _warn(root.expires, waits=waits)
        warn_of_clock(ahead)
    if due or waits or unusable or ahead:
        raise SystemExit(1)


def _lost(error: CodedError | None) -> str:
    if error is None:
        return ""
    return word("role_key_missing", reason=error.message(language_from(os.environ)), code=error.code)


def is_due(expires: datetime) -> bool:
    """Whether a root that ends then is to be renewed."""
    return system_clock() >= expires - ROOT_NOTICE


def warn_of_root(expires: datetime) -> None:
    """A line on standard error when the root is to be renewed, or has ended."""
    left = expires - system_clock()
    if left <= timedelta(0):
        click.echo(word("root_ended", expires=format_timestamp(expires)), err=True)
    elif is_due(expires):
        click.echo(word("root_due", expires=format_timestamp(expires), days=left.days), err=True)


def warn_of_clock(ahead: CodedError | None) -> None:
    """A line on standard error when lenders wait for a moment that is to come."""
    if ahead is not None:
        click.echo(f"{ahead.message(language_from(os.environ))} [{ahead.code}]", err=True)


def _warn(expires: datetime, *, waits: bool) -> None:
    warn_of_root(expires)
    if waits:
        click.echo(word("root_waits"), err=True)


def _keys(root: Root, role: str) -> dict[str, str]:
    """Name → kind of each key of a role."""
    kinds = (root.keys[key_id].scheme for key_id in root.roles[role].keyids)
    return dict(zip(key_names(root, role), kinds, strict=True))


def _event_line(event: KeyEvent) -> str:
    name = event.key_name.removeprefix(BUNDLE_PREFIX)
    facts = {"at": format_timestamp(event.at), "actor": event.actor_name, "reason": event.reason}
    return word("key_event", action=f"{event.action} {name} ({word(f'key_{event.to_state}')})", **facts)


def _event_json(event: KeyEvent) -> dict[str, Any]:
    return {
        "key": event.key_name.removeprefix(BUNDLE_PREFIX),
        "action": event.action,
        "toState": event.to_state,
        "at": format_timestamp(event.at),
        "actorName": event.actor_name,
        "reason": event.reason,
    }


def _place(value: str | None) -> str | None:
    if value is not None and value != IN_FILES and not value.startswith("pkcs11:"):
        raise click.BadParameter(word("bundle_keys_uri"))
    return value


_uri_option = click.option("--uri", "place", callback=lambda *given: _place(given[2]), help=word("bundle_keys_uri"))


@command.command("renew", help=word("bundle_keys_renew"))
@changing
def renew(data: Path | None, reason: str, **how: bool) -> None:
    """The next root under the same keys."""
    with _desk(data) as desk:
        desk.check()
        talk = Talk("renew", **how)
        if talk.goes_on(RootEffects(desk).of_renewal()):
            _end(talk, desk, desk.renew(operator(), reason=reason))


@command.command("rotate", help=word("bundle_keys_rotate"))
@click.argument("roles", nargs=-1, required=True, type=click.Choice(ROLES), metavar="ROLE...")
@_uri_option
@changing
def rotate(data: Path | None, roles: tuple[str, ...], place: str | None, reason: str, **how: bool) -> None:
    """The next root with other keys."""
    wanted = tuple(role for role in ROLES if role in roles)
    with _desk(data) as desk:
        desk.check(wanted)
        talk = Talk("rotate", **how)
        if talk.goes_on(RootEffects(desk).of_rotation(wanted, place)):
            _end(talk, desk, desk.rotate(wanted, operator(), reason=reason, place=place))


@command.command("begin", help=word("bundle_keys_begin"))
@_uri_option
@click.option("--before", type=click.Path(exists=True, path_type=Path), help=word("begin_before"))
@click.option("--nothing-before", "is_first", is_flag=True, help=word("begin_nothing"))
@changing
def begin(
    data: Path | None, place: str | None, before: Path | None, reason: str, *, is_first: bool, **how: bool
) -> None:
    """A first root once more, under new keys; refused where anything is left of a bundle."""
    if is_first != (before is None):
        raise click.UsageError(word("begin_which"))
    settings = settings_of(data)
    talk = Talk("begin", **how)
    with closing(open_office(settings)) as office:
        line = NewLine(settings, office, before=before)
        given_up = line.check()
        if not talk.goes_on(of_beginning(line, place, given_up=given_up)):
            return
        line.begin(Told(operator(), reason), place=place)
    with _desk(data) as desk:
        _end(talk, desk, desk.publish())


@command.command("keep", help=word("bundle_keys_keep"))
@click.argument("first", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="ROOT")
@click.option("--yes", is_flag=True, help=word("key_yes"))
@click.option("--dry-run", is_flag=True, help=word("key_dry_run"))
@data_option
@json_option
def keep(data: Path | None, first: Path, **how: bool) -> None:
    """Copies of the roots, from a first one that the operator vouches for."""
    talk = Talk("keep", **how)
    with _desk(data) as desk:
        publisher = desk.issuer.outbox.publisher
        content = first.read_bytes()
        roots = publisher.roots_after(content, first)
        facts = {"version": max(roots), "sha256": sha256_of(content)}
        if talk.goes_on([Message(*(text.format(**facts) for text in BUNDLE_KEY_WORDS["bundle_keys_kept"]))]):
            with desk.issuer.outbox.alone():
                publisher.keep(roots)
            talk.end({"roots": list(roots)}, word("bundle_keys_copied"))


def _end(talk: Talk, desk: RoleDesk, step: RootStep) -> None:
    """What a step made; exit 1 if lenders cannot see it yet."""
    talk.end(
        {
            "root": {"version": step.version, "expires": format_timestamp(step.expires), "sha256": step.sha256},
            "replaced": dict(step.replaced),
            "published": step.publication.published,
            "bundleVersion": step.publication.bundle_version,
        },
        word("root_line", version=step.version, expires=format_timestamp(step.expires), sha256=step.sha256),
    )
    require_published(step.publication)
    talk.say(word("key_published", version=step.publication.bundle_version))
    for before, now in step.replaced.items():
        said = "role_key_replaced" if desk.is_in_file(before) else "role_key_replaced_token"
        talk.say(word(said, before=before, now=now))
