"""`xinzheng feed`."""

import os
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import click

from xinzheng_issuer.cli.options import COMMAND_LINE, data_option, settings_of
from xinzheng_issuer.cli.words import word
from xinzheng_issuer.domain.labels import EFFECTS, OUTCOMES
from xinzheng_issuer.feed.intake import FeedOutcome, take_batch
from xinzheng_issuer.installation import open_issuer
from xinzheng_schemas.errors import language_from


@click.command("feed", help=word("feed"))
@data_option
@click.argument("file", type=click.File("rb"))
def command(data: Path | None, file: BinaryIO) -> None:
    """Apply a delivery; exit 1 if a record was rejected or the change could not be published."""
    with closing(open_issuer(settings_of(data))) as issuer:
        result = take_batch(file.read(), issuer.office, COMMAND_LINE, max_records=issuer.settings.max_feed_records)
        state = issuer.outbox.settle()
    language = language_from(os.environ)
    for record in result.records:
        number = record.certificate_number or ""
        outcome, effect = (getattr(label, language) for label in (OUTCOMES[record.outcome], EFFECTS[record.effect]))
        click.echo(word("record", line=record.line, outcome=outcome, effect=effect, number=number).rstrip())
        for error in record.errors:
            click.echo(f"    {error.message(language)} [{error.code}]")
    if not state.published:
        raise click.ClickException(word("not_published", reason=state.reason))
    if any(record.outcome is FeedOutcome.REJECTED for record in result.records):
        raise SystemExit(1)
