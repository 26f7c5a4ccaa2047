"""Re-issues what `cert-1` signed in a process of its own, which kills itself on the way: `FOLDER WHERE`."""

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from support.keyed import OPERATOR, keyed_issuer
from support.office import NOW, PublisherTemplate, StandingClock, make_office
from xinzheng_issuer.issuing.cycle import IssuingCycle
from xinzheng_issuer.keylife.reissue import Reissue
from xinzheng_issuer.publishing.outbox import Outbox
from xinzheng_issuer.settings import Settings

BATCH = 3


def die(*_: object, **__: object) -> NoReturn:
    """Ends this process as a power cut does: no exception, no clean-up."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def dies_at(owner: Any, name: str, call: int) -> None:
    """The process dies in the given call of a function, counted from 1."""
    original = getattr(owner, name)
    calls = iter(range(1, 1000))

    def counted(*arguments: Any, **named: Any) -> Any:
        if next(calls) == call:
            die()
        return original(*arguments, **named)

    setattr(owner, name, counted)


def main(folder: Path, where: str) -> None:
    clock = StandingClock(NOW + timedelta(seconds=1))  # cert-2 signs from then on
    office = make_office(folder, url=f"sqlite:///{folder / 'register.sqlite'}", clock=clock)
    key_folder = Settings(data=folder).keys_folder
    issuer = keyed_issuer(folder, PublisherTemplate(folder / "public", {}), key_folder, office=office)
    match where:
        case "in the first signature":
            dies_at(IssuingCycle, "sign", 1)
        case "in the middle of the second batch":
            dies_at(IssuingCycle, "sign", BATCH + 2)
        case "while the first batch is stored":
            dies_at(IssuingCycle, "enter", 2)
        case "after the first batch":
            dies_at(Reissue, "_publish_now_and_then", 1)
        case "before the publication":
            dies_at(Outbox, "settle", 1)
    Reissue(issuer, "cert-1", OPERATOR, reason="stolen", batch=BATCH).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
