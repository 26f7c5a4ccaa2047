"""`xinzheng trust-list ceremony`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

from xinzheng_issuer.cli.words import word
from xinzheng_issuer.clock import system_clock
from xinzheng_issuer.publishing.role_keys import role_key_exists, role_key_uri
from xinzheng_issuer.publishing.trust_list.ceremony import Step
from xinzheng_issuer.publishing.trust_list.configuration import (
    OfflineRole,
    OnlineRole,
    ProvinceRole,
    Reviewed,
    load_configuration,
)
from xinzheng_issuer.publishing.trust_list.documents import file_role, listed_shares
from xinzheng_issuer.publishing.trust_list.known import Compared
from xinzheng_issuer.publishing.trust_list.shares import fingerprint, key_file
from xinzheng_issuer.publishing.trust_list.work_folder import WorkFolder, sha256
from xinzheng_issuer.settings import load_settings
from xinzheng_keys.passphrase import PassphraseSource, passphrase_source
from xinzheng_keys.pkcs11_uri import parse_pkcs11_uri
from xinzheng_keys.token_access import TokenAccess

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("ceremony", help=word("ceremony"))
def command() -> None:
    """Keys and signatures of the trust list."""


def configuration_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--config FILE`."""
    return click.option("--config", "configuration", type=_FILE, required=True, help=word("configuration"))(function)


def passphrase_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--passphrase-from SOURCE`."""
    return click.option("--passphrase-from", envvar="XINZHENG_KEY_PASSPHRASE_FROM", help=word("passphrase_from"))(
        function
    )


def passphrase_for(share: str, source: str | None, *, new: bool = False) -> PassphraseSource:
    """The passphrase of a key file, from a source or from the person at the terminal.

    Args:
        share: whose key.
        source: `env:…`, `credential:…`, `file:…`; None to ask.
        new: whether it is being chosen: then it is asked for twice.
    """
    if source is not None:
        return passphrase_source(source)

    def ask() -> bytes:
        prompt = word("passphrase_prompt", share=share)
        text: str = click.prompt(prompt, hide_input=True, confirmation_prompt=new, err=True)
        return text.encode()

    return ask


def pin_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--pin-from SOURCE`."""
    return click.option("--pin-from", help=word("pin_from"))(function)


def tokens_for(uris: Iterable[str], source: str | None, *, share: str) -> TokenAccess:
    """How hardware tokens are reached: as the settings say, the PIN by a source or from the person at the terminal.

    It is asked for now and not when the token wants it, for its deadline waits for nobody.

    Args:
        uris: of the keys that will be used.
        source: `env:…`, `credential:…`, `file:…`; None for what the settings say.
        share: whose keys.
    """
    given = {} if source is None else {"pkcs11_pin_from": source}
    access = load_settings(**given).token_access
    if access.pin is not None or all(parse_pkcs11_uri(uri).pin_source for uri in uris):
        return access
    pin: str = click.prompt(word("pin_prompt", share=share), hide_input=True, err=True)
    return replace(access, pin=pin.encode)


@dataclass(frozen=True, kw_only=True)
class _Holder:
    """Who takes a step with a share: its name, and how its key is reached.

    Attributes:
        share: its name.
        medium: where its medium is on this machine, if not where the configuration says.
        passphrase_from: where its passphrase is read; None to ask.
        pin_from: where the PIN of its token is read; None for what the settings say.
    """

    share: str
    medium: Path | None
    passphrase_from: str | None
    pin_from: str | None


def _step_options(*, role: bool) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """What all steps share; the command is given the `Step` that they make."""
    options = [
        configuration_option,
        click.option("--work", type=_FOLDER, required=True, help=word("work")),
        click.option("--published", type=_FOLDER, help=word("known")),
        click.option("--root-sha256", default="", help=word("root_sha256")),
        click.option("--witness", "witnesses", multiple=True, help=word("witness")),
        click.option("--dry-run", is_flag=True, help=word("dry_run")),
    ]
    if role:
        options.insert(1, click.option("--role", required=True, help=word("ceremony_role")))

    def add(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def with_step(
            *,
            configuration: Path,
            work: Path,
            published: Path | None,
            root_sha256: str,
            witnesses: tuple[str, ...],
            dry_run: bool,
            **others: Any,
        ) -> None:
            folder = WorkFolder(path=work, published=published)
            step = _step(configuration, folder, witnesses, root_sha256=root_sha256, dry_run=dry_run)
            function(step, **others)

        for option in reversed(options):
            with_step = option(with_step)
        return with_step

    return add


def _share_options(function: Callable[..., None]) -> Callable[..., None]:
    """What steps with a share have besides; the command is given the `_Holder` that they make."""

    @wraps(function)
    def with_holder(
        step: Step,
        *,
        share: str,
        medium: Path | None,
        passphrase_from: str | None,
        pin_from: str | None,
        **others: Any,
    ) -> None:
        holder = _Holder(share=share, medium=medium, passphrase_from=passphrase_from, pin_from=pin_from)
        function(step, holder, **others)

    share = click.option("--share", required=True, help=word("share"))
    medium = click.option("--medium", type=_FOLDER, help=word("medium"))
    return share(medium(passphrase_option(pin_option(with_holder))))


def _step(
    configuration: Path, folder: WorkFolder, witnesses: tuple[str, ...], *, root_sha256: str, dry_run: bool
) -> Step:
    reviewed = load_configuration(configuration)
    _say_configuration(reviewed)
    return Step(
        reviewed=reviewed,
        folder=folder,
        at=system_clock(),
        witnesses=witnesses,
        dry_run=dry_run,
        root_sha256=root_sha256,
        told=_say_compared,
    )


def _say_compared(compared: Iterable[Compared]) -> None:
    for each in compared:
        by = word(f"known_{each.proof.value}", source=each.source, sha256=each.sha256)
        click.echo(word("compared", share=each.share, fingerprint=each.fingerprint, by=by))


def _say_configuration(reviewed: Reviewed) -> None:
    click.echo(word("said_configuration", title=reviewed.configuration.title, sha256=reviewed.sha256))


def _say_end(step: Step) -> None:
    if step.dry_run:
        click.echo(word("dry"))


@command.command("check", help=word("ceremony_check"))
@configuration_option
def check(configuration: Path) -> None:
    """Read the configuration."""
    reviewed = load_configuration(configuration)
    _say_configuration(reviewed)
    for name, section in reviewed.configuration.roles():
        click.echo(
            word(
                "said_role",
                role=name,
                version=section.version if isinstance(section, OfflineRole) else "–",
                threshold=section.threshold,
                count=len(section.shares),
                life=_life(section),
            )
        )
        for share in section.shares:
            facts = {"name": share.name, "holder": share.holder, "medium": reviewed.medium(share), "token": share.token}
            click.echo(word("said_share_token" if share.token else "said_share", **facts))
        for share in section.leaving:
            click.echo(word("said_leaving", name=share.name, holder=share.holder))
        if isinstance(section, ProvinceRole):
            click.echo(word("said_courts", courts=", ".join(section.courts)))


def _life(section: OfflineRole | OnlineRole) -> str:
    return word("said_days", days=section.valid_days) if isinstance(section, OfflineRole) else word("said_online")


@command.command("keys", help=word("ceremony_keys"))
@_step_options(role=False)
@_share_options
@click.option("--token", default="", help=word("share_token"))
def keys(step: Step, holder: _Holder, *, token: str) -> None:
    """Make the key of a share."""
    share = holder.share
    role, found = step.reviewed.share(share)
    place, token = holder.medium or step.reviewed.medium(found), token or found.token
    facts = {"share": share, "role": role, "medium": place, "work": step.folder.path, "kind": found.key_type.value}
    is_new = not role_key_exists(key_file(place, share))
    click.echo(word(("will_make_in_token" if token else "will_make") if is_new else "will_record", **facts))
    if token and not step.dry_run:
        step = replace(step, tokens=tokens_for([token], holder.pin_from, share=share))
    source = passphrase_for(share, holder.passphrase_from, new=is_new)
    made = step.make_key(share, medium=holder.medium, token=token, passphrase=source)
    if made is not None:
        click.echo(word("key_made", share=share, fingerprint=made.fingerprint))
    _say_media(step, share)
    _say_end(step)


@command.command("draft", help=word("ceremony_draft"))
@_step_options(role=True)
def draft(step: Step, *, role: str) -> None:
    """Draw up a document."""
    section = step.reviewed.section(role)
    click.echo(word("will_draft", name=f"{section.version}.{role}.json", threshold=section.threshold))
    document = step.draw_up(role)
    for owner, share, public in sorted(listed_shares(document.signed)):
        click.echo(word("listed_key", role=owner, share=share, fingerprint=fingerprint(public)))
    click.echo(word("drafted", name=file_role(document, role), sha256=sha256(document.to_bytes())))
    _say_end(step)


@command.command("sign", help=word("ceremony_sign"))
@_step_options(role=True)
@_share_options
def sign(step: Step, holder: _Holder, *, role: str) -> None:
    """Sign a document."""
    share = holder.share
    subject = f"{step.reviewed.section(role).version}.{role}"
    click.echo(word("will_sign", share=share, name=f"{subject}.json"))
    place = holder.medium or step.reviewed.medium(step.reviewed.share(share)[1])
    if uri := role_key_uri(key_file(place, share)):
        step = replace(step, tokens=tokens_for([uri], holder.pin_from, share=share))
    source = passphrase_for(share, holder.passphrase_from)
    signature = step.sign(role, share, medium=holder.medium, passphrase=source)
    if signature is not None:
        click.echo(word("drafted", name=f"{subject}.json", sha256=signature.document))
        click.echo(word("signed", subject=subject, share=share))
    _say_media(step, share)
    _say_end(step)


@command.command("assemble", help=word("ceremony_assemble"))
@_step_options(role=True)
def assemble(step: Step, *, role: str) -> None:
    """Put signatures together."""
    name = f"{step.reviewed.section(role).version}.{role}.json"
    click.echo(word("will_assemble", name=name))
    step.assemble(role)
    click.echo(word("assembled", name=name, work=step.folder.path))
    _say_end(step)


def _say_media(step: Step, share: str) -> None:
    others = step.other_media(share)
    if others:
        click.echo(word("other_media", shares=", ".join(others)))
