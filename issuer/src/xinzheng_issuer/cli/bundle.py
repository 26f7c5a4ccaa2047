"""`xinzheng bundle`."""

from contextlib import closing
from pathlib import Path

import click

from xinzheng_issuer.cli.bundle_keys import warn_of_clock, warn_of_root
from xinzheng_issuer.cli.options import data_option, settings_of
from xinzheng_issuer.cli.talk import require_published
from xinzheng_issuer.cli.words import word
from xinzheng_issuer.installation import Issuer, open_contributor, open_issuer
from xinzheng_issuer.keylife.contributions import last_contribution
from xinzheng_issuer.keylife.root_trail import catch_up_roots
from xinzheng_issuer.publishing.trust_list.documents import issuer_path


@click.command("bundle", help=word("bundle"))
@data_option
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help=word("out"))
@click.option("--contribution", type=click.Path(path_type=Path), help=word("contribution"))
@click.option("--above", type=click.IntRange(0), default=0, help=word("above"))
def command(data: Path | None, out: Path | None, contribution: Path | None, above: int) -> None:
    """Publish anew, although nothing may have changed."""
    settings = settings_of(data)
    with closing(open_issuer(settings)) as issuer:
        catch_up_roots(issuer.office, issuer.outbox)  # numbers of a line that was given up are told from this one's
        state = issuer.outbox.renew()
        publisher = issuer.outbox.publisher
        latest, edition = publisher.latest, publisher.in_effect
        if not state.published or latest is None or edition is None:
            warn_of_root(publisher.signed_root.expires)
            require_published(state)
            raise click.ClickException(word("not_published", reason=state.reason))
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            (out / "bundle.xzb").write_bytes(edition.bundle)
            (out / "root.json").write_bytes(publisher.root)
        click.echo(word("published", version=latest.version, path=out / "bundle.xzb" if out else latest.path))
        warn_of_root(publisher.signed_root.expires)
        warn_of_clock(issuer.outbox.ahead())
        if contribution is not None:
            _hand_in(issuer, contribution, above=above)


def _hand_in(issuer: Issuer, out: Path, *, above: int) -> None:
    """Contribute, above whatever the folder or the register knows of, and note it in the register."""
    settings, office = issuer.settings, issuer.office
    above = max(above, last_contribution(office, settings.contribution_folder))
    contributor = open_contributor(settings)
    version = contributor.contribute(out, at=office.clock(), above=above)
    with office.writing() as store:
        store.note_contribution(version)
    made = contributor.handed_in()
    for name, digest in ((made.name, made.fingerprint), (issuer_path(contributor.court), made.issuer)):
        click.echo(word("compared", share=name, fingerprint=digest, by=word("known_court")))
    click.echo(word("contributed", version=version, path=out))
