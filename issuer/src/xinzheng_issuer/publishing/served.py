"""Which edition of a status list the court's own address gives: never an older one than was published.

A register that came back from a backup has older editions than lenders have seen, each of them validly signed. One that
could not publish has a newer edition, and what that one revokes is revoked at once. The higher number counts; of two
with one number, that which was published.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

from xinzheng_issuer.register.tables import StatusList
from xinzheng_schemas.certificate import STATUS_PURPOSES
from xinzheng_verifier.trust.names import CHANGES


class Served(NamedTuple):
    """An edition of a status list.

    Attributes:
        document: the list, signed.
        journal: its changes, signed.
    """

    document: bytes
    journal: bytes


def served(
    row: StatusList | None, published: Mapping[str, bytes], *, court: str, number: int, purpose: str
) -> Served | None:
    """The edition to give out; None of a list that there is not.

    Args:
        row: of the list in the register, if there is one.
        published: path → content of what is in effect.
        court: whose list, the last segment of its DID.
        number: of the list.
        purpose: its purpose.
    """
    if purpose not in STATUS_PURPOSES:
        return None
    name = f"courts/{court}/status/{number}/{purpose}"
    document = published.get(f"{name}.json")
    known = 0 if document is None else json.loads(document)["credentialSubject"]["sequence"]
    if row is not None and row.document is not None and row.journal is not None and row.sequence > known:
        return Served(row.document, row.journal)
    return None if document is None else Served(document, published[name + CHANGES])
