"""`xinzheng trust-list`: the publisher of the country's trust list."""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import click

from xinzheng_issuer.cli import ceremony
from xinzheng_issuer.cli.ceremony import (
    configuration_option,
    passphrase_for,
    passphrase_option,
    pin_option,
    tokens_for,
)
from xinzheng_issuer.cli.listing import edition_of, listed_in_option, root_option
from xinzheng_issuer.cli.options import data_option, operator, settings_of
from xinzheng_issuer.cli.talk import Talk, changing
from xinzheng_issuer.cli.words import word
from xinzheng_issuer.clock import system_clock
from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.repository import Repository
from xinzheng_issuer.publishing.trust_list.configuration import ONLINE_ROLES, load_configuration
from xinzheng_issuer.publishing.trust_list.contributions import Contribution, find_contributions, read_contribution
from xinzheng_issuer.publishing.trust_list.first_root import trusted_roots
from xinzheng_issuer.publishing.trust_list.published import Published, published
from xinzheng_issuer.publishing.trust_list.publisher import Result, TrustListPublisher, kept_roots, online_tokens
from xinzheng_issuer.publishing.trust_list.state import RoleState, current_files, state_of
from xinzheng_issuer.publishing.trust_list.waiting import Waiting, waiting_for_province
from xinzheng_schemas.errors import language_from
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.trust.archive import pack
from xinzheng_verifier.trust.extent import Extent, select
from xinzheng_verifier.trust.files import replace_file
from xinzheng_verifier.trust.names import EXTENT_FILE

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)
_repository_option = click.option("--repository", type=_FOLDER, required=True, help=word("repository"))
_first_root_option = click.option("--root", "first_root", type=_FILE, metavar="ROOT", help=word("first_root"))
_trusted_configuration_option = click.option(
    "--config", "configuration", type=_FILE, help=word("configuration_of_roots")
)


@click.group("trust-list", help=word("trust-list"))
def command() -> None:
    """The country's trust list."""


command.add_command(ceremony.command)


@command.command("publish", help=word("publish"))
@configuration_option
@_repository_option
@click.option("--take", "places", type=click.Path(path_type=Path), multiple=True, help=word("take"))
@passphrase_option
@pin_option
@click.option("--last-edition-lost", "last_is_lost", is_flag=True, help=word("last_is_lost"))
@click.option("--dry-run", is_flag=True, help=word("dry_run"))
def publish(
    *,
    configuration: Path,
    repository: Path,
    places: tuple[Path, ...],
    passphrase_from: str | None,
    pin_from: str | None,
    last_is_lost: bool,
    dry_run: bool,
) -> None:
    """Publish the next edition; exit 1 if something was not taken."""
    reviewed, shares = load_configuration(configuration), ", ".join(ONLINE_ROLES)
    publisher = TrustListPublisher(
        repository,
        reviewed=reviewed,
        passphrases=lambda key: passphrase_for(key, passphrase_from),
        tokens=tokens_for(online_tokens(reviewed), pin_from, share=shares),
    )
    found, unread = _read(places)
    result = publisher.publish(found, at=system_clock(), last_is_lost=last_is_lost, dry_run=dry_run)
    _say(result)
    if result.publication is not None:
        _say_due(published(publisher.repository))
    if unread or result.waiting or any(answer.error for answer in result.answers):
        raise SystemExit(1)


def _read(places: tuple[Path, ...]) -> tuple[list[Contribution], int]:
    """What was handed in, and how much of it cannot be read, which is said."""
    found, unread = [], 0
    for path in (path for place in places for path in find_contributions(place)):
        try:
            found.append(read_contribution(path))
        except TrustListError as error:
            unread += 1
            click.echo(
                word("unread", source=path.name, reason=error.message(language_from(os.environ)), code=error.code)
            )
    return found, unread


def _say(result: Result) -> None:
    for answer in result.answers:
        facts = {"role": answer.role, "version": answer.version, "source": answer.source}
        error = answer.error
        if error is None:
            click.echo(word("taken", **facts))
        else:
            click.echo(word("refused", **facts, reason=error.message(language_from(os.environ)), code=error.code))
    _say_waiting(result.waiting)
    if result.publication is None:
        click.echo(word("would_publish", version=result.version, courts=result.courts))
    else:
        path = result.publication.path
        click.echo(word("country_published", version=result.version, courts=result.courts, path=path))


def _say_waiting(waiting: Iterable[Waiting]) -> None:
    for each in waiting:
        click.echo(word("waiting", province=each.province, court=each.court, source=each.source))


def _say_due(edition: Published) -> None:
    now = system_clock()
    for role in state_of(edition).roles:
        if role.due(now):
            click.echo(_line(role, now))


def _trusted(repository: Path, configuration: Path | None, first_root: Path | None) -> tuple[Repository, Published]:
    """A repository, and the edition in effect by the copies of its roots, or by the first root that is given.

    Raises:
        click.UsageError: neither or both are.
        TrustListError: `first_root_missing`, `first_root_differs`.
    """
    if (configuration is None) == (first_root is None):
        raise click.UsageError(word("roots_needed"))
    kept = kept_roots(load_configuration(configuration)) if configuration else None
    found = Repository(repository, kept)
    return found, published(found, trusted_roots(found, _first(first_root)))


def _first(root: Path | None) -> list[tuple[str, bytes]]:
    return [] if root is None else [(str(root), root.read_bytes())]


@command.command("bundle", help=word("country_bundle"))
@_trusted_configuration_option
@_first_root_option
@_repository_option
@click.option("--province", "provinces", multiple=True, help=word("province"))
@click.option("--court", "courts", multiple=True, help=word("court"))
@click.option("--without-changes", is_flag=True, help=word("without_changes"))
@click.option("--out", type=_FILE, required=True, help=word("out_file"))
def bundle(
    *,
    configuration: Path | None,
    first_root: Path | None,
    repository: Path,
    provinces: tuple[str, ...],
    courts: tuple[str, ...],
    without_changes: bool,
    out: Path,
) -> None:
    """Write a bundle, whole or filtered."""
    files = select(
        current_files(*_trusted(repository, configuration, first_root)),
        provinces=provinces or None,
        courts=courts or None,
        changes=not without_changes,
    )
    packed = pack(files)
    replace_file(out, packed)
    extent = Extent.parse(files[EXTENT_FILE])
    left_out = ", ".join(f"{kind} {count}" for kind, count in extent.left_out.items() if count) or word("nothing")
    click.echo(word("bundle_written", version=extent.edition, path=out, octets=len(packed), left_out=left_out))


@command.command("show", help=word("country_show"))
@_trusted_configuration_option
@_first_root_option
@_repository_option
@click.option("--take", "places", type=click.Path(path_type=Path), multiple=True, help=word("show_take"))
def show(configuration: Path | None, first_root: Path | None, repository: Path, places: tuple[Path, ...]) -> None:
    """What is in effect; exit 1 if something is due or wrong."""
    _, in_effect = _trusted(repository, configuration, first_root)
    state = state_of(in_effect)
    found, unread = _read(places)
    waiting = tuple(waiting_for_province(found, in_effect.roles))
    now = system_clock()
    edition = word("edition", version=state.version, at=format_timestamp(state.published_at))
    click.echo(word("edition_ahead", line=edition, now=format_timestamp(now)) if state.is_ahead(now) else edition)
    for role in state.roles:
        click.echo(_line(role, now))
    _say_waiting(waiting)
    if unread or waiting or state.is_ahead(now) or any(role.due(now) for role in state.roles):
        raise SystemExit(1)


def _line(role: RoleState, now: datetime) -> str:
    line = word("role_line", role=role.name, version=role.version, expires=format_timestamp(role.expires))
    if role.attested is not None:
        line = word("role_attested", line=line, at=format_timestamp(role.attested))
    if now >= role.expires:
        return word("role_over", line=line)
    return word("role_due", line=line) if role.due(now) else line


@command.command("restore", help=word("country_restore"))
@configuration_option
@_repository_option
@click.option("--bundle", "newest", type=_FILE, required=True, help=word("restore_bundle"))
@_first_root_option
def restore(configuration: Path, repository: Path, newest: Path, first_root: Path | None) -> None:
    """Take over a newer edition."""
    publisher = TrustListPublisher(repository, reviewed=load_configuration(configuration), passphrases=lambda _: bytes)
    publication = publisher.restore(newest.read_bytes(), at=system_clock(), first=_first(first_root))
    click.echo(word("restored", version=publication.version))


@command.group("court-key", help=word("court_key"))
def court_key() -> None:
    """The court's own key as a role of the country."""


@court_key.command("new", help=word("court_key_new"))
@data_option
@click.option("--uri", help=word("court_key_uri"))
def court_key_new(data: Path | None, uri: str | None) -> None:
    """Make the next key."""
    from xinzheng_issuer.installation import open_contributor  # noqa: PLC0415 - other commands need no register

    contributor = open_contributor(settings_of(data))
    if uri is not None:
        contributor = contributor.made_in(uri)
    made = contributor.make_key(at=system_clock())
    place = contributor.place_of(made.name)
    click.echo(word("court_key_made", share=made.name, fingerprint=made.fingerprint, place=place))


@court_key.command("retire", help=word("court_key_retire"))
@listed_in_option
@root_option
@changing
def court_key_retire(data: Path | None, *, listed_in: Path | None, root: Path | None, reason: str, **how: bool) -> None:
    """Delete the oldest key, once the country names the newest."""
    from xinzheng_issuer.keylife.court_key import CourtKeyDesk  # noqa: PLC0415 - other commands need no register

    desk = CourtKeyDesk(settings_of(data), edition_of(listed_in, root), at=system_clock())
    talk = Talk("retire", **how)
    if not talk.goes_on(desk.check()):
        return
    done = desk.retire(operator(), reason=reason)
    said = word(
        "court_key_retired_in_token" if done.uri else "court_key_retired", share=done.name, uri=done.uri, now=done.kept
    )
    talk.end({"key": done.name, "keptInToken": done.uri or None, "signs": done.kept}, said)
