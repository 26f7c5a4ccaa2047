"""Status lists and journals of changes that tell one history."""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from support.issuers import SimulatedCourt
from xinzheng_verifier import Report

INDEX: Final = 94567
"""Status index of every certificate of the simulated court."""
SEQUENCE: Final = 7

Change = tuple[datetime, int, int]
"""Moment, index, value."""


def documents(
    court: SimulatedCourt, *, revocations: Iterable[Change] = (), suspensions: Iterable[Change] = (), **more: Any
) -> dict[str, Any]:
    """Lists and journals that say the same."""
    told = {"revocation": [*revocations], "suspension": [*suspensions]}
    bits = {purpose: set_after(changes) for purpose, changes in told.items()}
    return {
        "controllers": [court.issuer_document()],
        "status_lists": [court.status_list(purpose, bits[purpose], sequence=SEQUENCE) for purpose in told],
        "status_changes": [court.status_changes(purpose, told[purpose], sequence=SEQUENCE, **more) for purpose in told],
    }


def set_after(changes: Iterable[Change]) -> set[int]:
    found: set[int] = set()
    for _, index, value in changes:
        (found.add if value else found.discard)(index)
    return found


def entry(report: Report, place: int = 0) -> dict[str, Any]:
    entries: Any = report.steps[7].evidence["entries"]
    found: dict[str, Any] = entries[place]
    return found


_OPTIONS = {"controllers": "--controller", "status_lists": "--status-list", "status_changes": "--status-changes"}


def command_options(trust: dict[str, Any], folder: Path) -> list[str]:
    """What the command takes for these documents, which are written into `folder`."""
    options: list[str] = []
    for name, listed in trust.items():
        options.append(_OPTIONS[name])
        for number, document in enumerate(listed):
            path = folder / f"{name}-{number}.json"
            path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
            options.append(str(path))
    return options
