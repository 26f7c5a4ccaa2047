"""`xinzheng serve`."""

import os
from pathlib import Path

import click

from xinzheng_issuer.cli.options import data_option, settings_of
from xinzheng_issuer.cli.words import word
from xinzheng_schemas.errors import language_from

_KEEP_ALIVE_SECONDS = 15
_MAX_CONNECTIONS = 512


@click.command("serve", help=word("serve"))
@data_option
@click.option("--host", help=word("host"))
@click.option("--port", type=click.IntRange(0, 65535), help=word("port"))
def command(data: Path | None, host: str | None, port: int | None) -> None:
    """Serve until interrupted. The first line on standard output says where."""
    import uvicorn  # noqa: PLC0415 - other commands need no server

    from xinzheng_issuer.api.app import create_app  # noqa: PLC0415

    settings = settings_of(data, host=host, port=port)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        limit_concurrency=_MAX_CONNECTIONS,
    )
    listener = config.bind_socket()
    # From here on the kernel holds connections until the server has started.
    listener.listen(_MAX_CONNECTIONS)
    address, bound = listener.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    court = app.state.issuer.office.court
    click.echo(word("listening", name=getattr(court.name, language_from(os.environ)), url=f"http://{shown}:{bound}"))
    uvicorn.Server(config).run(sockets=[listener])
