"""`xinzheng demo`."""

import io
import os
import sys
from pathlib import Path

import click

from xinzheng_issuer.cli.words import word
from xinzheng_schemas.errors import language_from


@click.command("demo", help=word("demo"))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("demo/out"), help=word("demo_out")
)
@click.option("--example", type=click.Path(file_okay=False, exists=True, path_type=Path), help=word("demo_example"))
def command(out: Path, example: Path | None) -> None:
    """Play the story; exit 1 if any answer is not the expected one."""
    from xinzheng_issuer.demo.play import ZAOYANG, play  # noqa: PLC0415 - other commands need no demo

    # Names of people must not end the story on a terminal that cannot show them.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    raise SystemExit(play(out, example=example or ZAOYANG, language=language_from(os.environ)))
