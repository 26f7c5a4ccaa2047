"""The drill: what a key signed, as a list, and how long it would take to issue it anew. Nothing is changed."""

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from xinzheng_issuer.casework.steps import shown_state
from xinzheng_issuer.domain.workflow import State
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.issuing.rehearsal import Rehearsal
from xinzheng_issuer.register.key_rows import SignedCount
from xinzheng_issuer.register.tables import Case, Certificate
from xinzheng_schemas import strict_json
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.multibase import KeyType
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.trust_documents import KeyUsage

COLUMNS = ("certificateNumber", "application", "state", "issuedAt", "validUntil", "list", "index", "sinceMoment")
"""Columns of the list: no names, no ID numbers; the number leads to them in the register."""

SAMPLE = 10
"""Certificates that are rehearsed to measure this machine."""

REHEARSALS = 3.0
"""What a re-issue costs, in rehearsals: lint, sign and verify are two, the register some more (bench/reissue.py)."""

_PAGE = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Drill:
    """What the drill found.

    Attributes:
        signed: certificates of the key in any state.
        count: those that are out and not at their end.
        to_reissue: those in force, which a re-issue would take.
        duration: how long that would take on this machine; None if there is nothing to measure.
    """

    signed: int
    count: SignedCount
    to_reissue: int
    duration: timedelta | None

    @property
    def suspended(self) -> int:
        """Those that a re-issue leaves until they are reinstated."""
        return self.count.live - self.to_reissue


def drill(issuer: Issuer, key: str, since: datetime, *, out: Path | None = None) -> Drill:
    """Count and list what a key signed.

    Args:
        issuer: open.
        key: name of the key.
        since: the moment that is assumed for the compromise.
        out: file for the list (CSV, UTF-8 with a byte order mark); it must not exist.

    Raises:
        FileExistsError: `out` is there already.
        OSError: it cannot be written.
    """
    now = issuer.office.clock()
    with issuer.office.reading() as store:
        count = store.signed_count(key, since=since, at=now)
    rows = _rows(issuer, key)
    sample: list[Certificate] = []
    signed = in_force = 0
    if out is None:
        for certificate, case in rows:
            signed, in_force = signed + 1, in_force + _counted(certificate, case, now, sample)
    else:
        with out.open("x", encoding="utf-8-sig", newline="") as file:
            table = csv.writer(file)
            table.writerow(COLUMNS)
            for certificate, case in rows:
                signed, in_force = signed + 1, in_force + _counted(certificate, case, now, sample)
                table.writerow(_cells(certificate, case, now=now, since=since))
    return Drill(signed, count, in_force, _duration(issuer, sample, in_force))


def _counted(certificate: Certificate, case: Case, now: datetime, sample: list[Certificate]) -> int:
    if shown_state(case, at=now) is not State.ACTIVE:
        return 0
    if len(sample) < SAMPLE:
        sample.append(certificate)
    return 1


def _rows(issuer: Issuer, key: str) -> Iterator[tuple[Certificate, Case]]:
    after = ""
    while True:
        with issuer.office.reading() as store:
            page = store.signed_by(key, after=after, limit=_PAGE)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1][0].id


def _cells(certificate: Certificate, case: Case, *, now: datetime, since: datetime) -> list[str]:
    issued = certificate.issued_at or now
    cells = (
        certificate.number,
        case.id,
        shown_state(case, at=now).value,
        format_timestamp(issued),
        format_timestamp(case.valid_until) if case.valid_until else "",
        str(certificate.list_number),
        str(certificate.list_index),
        "yes" if issued >= since else "no",
    )
    return [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]


def _kinds(issuer: Issuer) -> tuple[KeyType, bool]:
    """The kind of the key that signs now, of the usual one if none does; and whether an SM2 key makes second proofs."""
    keys, now = issuer.keys.current(), issuer.office.clock()
    try:
        kind = keys.signer(KeyUsage.CERTIFICATE, at=now).signer.key_type
    except CodedError:
        kind = KeyType.P256
    try:
        return kind, keys.second_signer(at=now) is not None
    except CodedError:
        return kind, False


def _duration(issuer: Issuer, sample: list[Certificate], number: int) -> timedelta | None:
    """Measured by rehearsing some of them with throwaway keys; a slow hardware module comes on top."""
    if not sample:
        return None
    rehearsal = Rehearsal(issuer.keys)
    credentials: list[dict[str, Any]] = [strict_json.loads_object(each.unsigned) for each in sample]
    kind, national = _kinds(issuer)
    rehearsal.lint(credentials[0], key_type=kind, national=national)
    began = time.perf_counter()
    for credential in islice(credentials, SAMPLE):
        rehearsal.lint(credential, key_type=kind, national=national)
    each = (time.perf_counter() - began) / len(credentials)
    return timedelta(seconds=REHEARSALS * each * number)
