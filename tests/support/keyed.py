"""An issuer whose keys lie in a key folder, as `xinzheng init` makes it; made once, copied for each test."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from support.office import KEYS_FROM, PublisherTemplate, make_office
from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.domain.workflow import Actor, Role
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.issuing.court_keys import create_court_keys
from xinzheng_issuer.issuing.cycle import IssuingCycle
from xinzheng_issuer.issuing.live_keys import LiveKeys
from xinzheng_issuer.publishing.outbox import Outbox
from xinzheng_issuer.settings import Settings

WORDS_THAT_OPEN = "of the tests, twelve and more"
OPERATOR = Actor("command-line", "command-line: tester", frozenset({Role.ADMINISTRATOR}))


def make_key_folder(folder: Path) -> Path:
    """Two keys, cert-1 and status-1."""
    folder.mkdir(mode=0o700)
    create_court_keys(folder, passphrase=WORDS_THAT_OPEN.encode, at=KEYS_FROM)
    return folder


def keyed_issuer(
    folder: Path,
    template: PublisherTemplate,
    key_folder: Path,
    *,
    office: Office | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Issuer:
    """The issuer on `folder`; what is there already is gone on with."""
    settings = Settings(data=folder, key_passphrase=WORDS_THAT_OPEN)  # type: ignore[arg-type]
    if not settings.keys_folder.exists():
        shutil.copytree(key_folder, settings.keys_folder)
    office = office or make_office(folder, clock=clock)
    keys = LiveKeys(settings.keys_folder, office.court, passphrase=WORDS_THAT_OPEN.encode)
    outbox = Outbox(office, keys, template.copy(folder / "public"), lock_folder=folder)
    cycle = IssuingCycle(office, keys, require_knowledge=outbox.require_knowledge, note=outbox.epoch.note)
    return Issuer(settings=settings, office=office, keys=keys, cycle=cycle, outbox=outbox)
