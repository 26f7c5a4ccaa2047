"""Issues one certificate in a process of its own, which kills itself on the way: `FOLDER CASE WHERE`.

The folder holds a register with an approved case; the person `the-sealOperator` is the one who issues. Processes that
come one after the other have the court's keys in common, as those of a court do: what is published is its own.
"""

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from support.office import PublisherTemplate, StandingClock, court_keys, make_issuer, make_office
from xinzheng_issuer.domain.workflow import Actor, Role
from xinzheng_issuer.issuing.rehearsal import Rehearsal
from xinzheng_issuer.publishing.outbox import Outbox
from xinzheng_keys.software_signer import SoftwareSigner, generate_key
from xinzheng_schemas.multibase import KeyType


def die(*_: object, **__: object) -> NoReturn:
    """Ends this process as a power cut does: no exception, no clean-up."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


class DyingSigner(SoftwareSigner):
    """A signer in whose hands the process dies, once it has signed a number of times."""

    lives = 0

    def sign(self, data: bytes) -> bytes:
        if type(self).lives == 0:
            die()
        type(self).lives -= 1
        return super().sign(data)


def kept_signer(folder: Path, name: str, kind: type[SoftwareSigner] = SoftwareSigner) -> SoftwareSigner:
    """A key that all processes of a test have in common; made by the first."""
    path = folder / f"{name}.pem"
    if not path.exists():
        key = generate_key(KeyType.P256)
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return kind(load_pem_private_key(path.read_bytes(), password=None))


def main(folder: Path, case_id: str, where: str) -> None:
    office = make_office(folder, url=f"sqlite:///{folder / 'register.sqlite'}", clock=StandingClock())
    kind: type[SoftwareSigner] = SoftwareSigner
    match where:
        case "before the first signature":
            kind = DyingSigner
        case "before the last signature":
            DyingSigner.lives = 2
            kind = DyingSigner
        case "before the check":
            Rehearsal.check = die  # type: ignore[method-assign]
        case "before the publication":
            Outbox.settle = die  # type: ignore[method-assign]
    keys = court_keys(office.court, kept_signer(folder, "cert", kind), kept_signer(folder, "status"))
    issuer = make_issuer(folder, PublisherTemplate(folder / "public", {}), office=office, keys=keys)
    with office.reading() as store:
        user = next(user for user in store.users() if user.name == "the-sealOperator")
    issuer.cycle.issue(case_id, Actor(user.id, user.name, frozenset({Role.SEAL_OPERATOR})))
    issuer.outbox.settle()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
