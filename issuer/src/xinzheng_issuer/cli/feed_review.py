"""`xinzheng feed-review`."""

from contextlib import closing
from pathlib import Path

import click

from xinzheng_issuer.cli.options import data_option, operator, settings_of
from xinzheng_issuer.cli.words import word
from xinzheng_issuer.feed.intake import FeedOutcome
from xinzheng_issuer.feed.review import review
from xinzheng_issuer.installation import open_office
from xinzheng_schemas.timestamps import format_timestamp


@click.command("feed-review", help=word("feed-review"))
@data_option
@click.argument("record", type=int, required=False)
@click.option("--note", default="", help=word("feed_review_note"))
def command(data: Path | None, record: int | None, note: str) -> None:
    """List what waits, or mark one."""
    with closing(open_office(settings_of(data))) as office:
        if record is not None:
            review(office, record, operator(), note=note)
            click.echo(word("feed_reviewed", id=record))
            return
        with office.reading() as store:
            rows = store.feed_records(outcome=FeedOutcome.FLAGGED, reviewed=False)
        for row in rows:
            at = format_timestamp(row.received_at) if row.received_at else "—"
            click.echo(word("feed_waiting", id=row.id, at=at, codes=", ".join(row.codes)))
