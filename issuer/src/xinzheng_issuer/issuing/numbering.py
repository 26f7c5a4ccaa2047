"""Numbers, ids and status indexes: drawn at random, taken for ever when they are recorded."""

import hashlib
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.court import STATUS_LIST_ENTRIES
from xinzheng_issuer.domain.rules import civil_date
from xinzheng_issuer.domain.workflow import Actor
from xinzheng_issuer.errors import IssuingError
from xinzheng_issuer.issuing.credential import NUMBER_RANDOM_BYTES, canonical, certificate_number, unsigned_credential
from xinzheng_issuer.register.store import Store
from xinzheng_issuer.register.tables import Case, Certificate

MAX_INDEX_ATTEMPTS = 64
"""Draws of a status index before a list counts as full; with half of a list taken, 2^-64 of all cases need more."""


@dataclass
class ListFill:
    """The newest status list, counted once for many certificates of one transaction.

    Attributes:
        number: of the list.
        taken: how many of its indexes are taken.
    """

    number: int
    taken: int

    def next(self, *, open_next_at: int) -> int:
        """The list of the next certificate, which takes one index of it."""
        if self.taken >= open_next_at:
            self.open_next()
        self.taken += 1
        return self.number

    def open_next(self) -> None:
        """Go over to a list of which nothing is taken."""
        self.number, self.taken = self.number + 1, 0


class Numbering:
    """Gives out the numbers of one court."""

    def __init__(self, office: Office, *, draw_index: Callable[[int], int] = secrets.randbelow) -> None:
        self._office = office
        self._draw_index = draw_index

    def take(
        self, store: Store, case: Case, actor: Actor, now: datetime, *, fill: ListFill | None = None
    ) -> Certificate:
        """Draw until number and index are free; the UNIQUE constraints decide, also between processes.

        Args:
            store: the open transaction.
            case: an approved case.
            actor: who issues.
            now: start of validity.
            fill: the newest list, if it was counted already.

        Returns:
            The recorded certificate.

        Raises:
            IssuingError: `status_list_exhausted`.
            RefusalError: the case makes no certificate.
        """
        fill = fill or ListFill(*store.list_fill())
        open_next_at = self._office.court.status.open_next_list_at
        found = self._draw(store, case, actor, now, list_number=fill.next(open_next_at=open_next_at))
        if found is None:
            fill.open_next()
            found = self._draw(store, case, actor, now, list_number=fill.next(open_next_at=open_next_at))
        if found is None:
            raise IssuingError("status_list_exhausted", attempts=2 * MAX_INDEX_ATTEMPTS)
        return found

    def _draw(self, store: Store, case: Case, actor: Actor, now: datetime, *, list_number: int) -> Certificate | None:
        """A recorded certificate on a list; None if the list seems to be full."""
        for _ in range(MAX_INDEX_ATTEMPTS):
            certificate = self._intent(case, actor, now, list_number=list_number)
            if store.add_unless_taken(certificate):
                return certificate
        return None

    def _intent(self, case: Case, actor: Actor, now: datetime, *, list_number: int) -> Certificate:
        number = certificate_number(
            self._office.court,
            year=civil_date(now, self._office.policy).year,
            random=self._office.random_bytes(NUMBER_RANDOM_BYTES),
        )
        credential_id = uuid.UUID(bytes=self._office.random_bytes(16), version=4).urn
        index = self._draw_index(STATUS_LIST_ENTRIES)
        credential = unsigned_credential(
            case,
            self._office.court,
            credential_id=credential_id,
            number=number,
            list_number=list_number,
            list_index=index,
            at=now,
        )
        unsigned = canonical(credential)
        return Certificate(
            id=credential_id,
            court_id=self._office.court.id,
            case_id=case.id,
            number=number,
            list_number=list_number,
            list_index=index,
            unsigned_sha256=hashlib.sha256(unsigned).hexdigest(),
            unsigned=unsigned,
            recorded_at=now,
            recorded_by=actor.id,
        )
