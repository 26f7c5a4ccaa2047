"""What the commands that change keys share: they say what will happen, ask, and say what did."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

import click

from xinzheng_issuer.cli.options import data_option
from xinzheng_issuer.cli.words import word
from xinzheng_issuer.errors import KeyLifeError
from xinzheng_issuer.publishing.outbox import ROLE_KEYS_MISSING, PublicationState
from xinzheng_schemas.errors import Message, language_from

json_option = click.option("--json", "as_json", is_flag=True, help=word("key_json"))

_HINTS = {
    ROLE_KEYS_MISSING: "key_role_keys",
    "root_expired": "key_root_expired",
    "keys_restored": "keys_restored_next",
    "key_missing": "key_missing_next",
}
"""Why a step is not published yet → what is to be done."""


def _told(_context: click.Context, _option: click.Parameter, value: str) -> str:
    if not (told := value.strip()):
        raise click.BadParameter(word("key_reason_empty"))
    return told


_CHANGING = (
    json_option,
    click.option("--dry-run", is_flag=True, help=word("key_dry_run")),
    click.option("--yes", is_flag=True, help=word("key_yes")),
    click.option("--reason", required=True, callback=_told, help=word("key_reason")),
    data_option,
)


def changing(function: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that changes something."""
    for option in _CHANGING:
        function = option(function)
    return function


class Talk:
    """Says what will happen, asks, and says what did.

    Args:
        action: name of the step, for programs.
        yes: do not ask.
        dry_run: only say.
        as_json: one JSON object instead of lines.
    """

    def __init__(self, action: str, *, yes: bool, dry_run: bool, as_json: bool) -> None:
        self._action = action
        self._yes = yes
        self._dry_run = dry_run
        self._as_json = as_json
        self._said: list[Message] = []

    def goes_on(self, effects: Iterable[Message]) -> bool:
        """Whether the step is to be taken.

        Raises:
            KeyLifeError: `confirmation_needed`.
            click.Abort: the person said no.
        """
        self._said = list(effects)
        for text in self._said:
            self.say(getattr(text, language_from(os.environ)))
        if self._dry_run:
            self.end({}, word("key_only_said"))
            return False
        if not self._yes:
            if not sys.stdin.isatty():
                raise KeyLifeError("confirmation_needed")
            click.confirm(word("key_confirm"), abort=True, err=self._as_json)
        return True

    def end(self, members: dict[str, Any], text: str) -> None:
        """What a step made, as a sentence or as the members of the one object."""
        if not self._as_json:
            click.echo(text)
            return
        effects = [{"en": each.en, "zh": each.zh} for each in self._said]
        answer = {"action": self._action, "dryRun": self._dry_run, "effects": effects, **members}
        click.echo(json.dumps(answer, ensure_ascii=False))

    def say(self, text: str) -> None:
        """A line for people."""
        if not self._as_json:
            click.echo(text)


def require_published(publication: PublicationState, *, then: str | None = None) -> None:
    """Raise unless lenders can see a step.

    Args:
        publication: what became of it.
        then: word of what is to be done once the reason is mended.

    Raises:
        click.ClickException: why they cannot.
    """
    if not publication.published:
        failed = word("not_published", reason=publication.reason)
        hints = [word(each) for each in (_HINTS.get(publication.reason or ""), then) if each]
        raise click.ClickException("\n".join([failed, *hints]))
