"""That the court hands in to the country's trust list, and the number of its last contribution.

The folder of the last contribution and the register both know; where one was lost or restored, the other tells it.
"""

from pathlib import Path

import structlog

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.publishing.trust_list.configuration import COURT_PREFIX
from xinzheng_issuer.publishing.trust_list.work_folder import versions

_log = structlog.get_logger("xinzheng.keys")


def last_contribution(office: Office, folder: Path) -> int:
    """The number of the court's last contribution; 0 if it never handed in.

    Args:
        office: the court at work.
        folder: where its last contribution is kept.
    """
    return max(_noted(office), _kept(office, folder))


def is_folder_lost(office: Office, folder: Path) -> bool:
    """Whether the court has handed in, and nothing of it lies in the folder; arguments as above."""
    return _noted(office) > 0 and _kept(office, folder) == 0


def catch_up_contribution(office: Office, folder: Path) -> None:
    """Enter into the register what it does not know of the folder, and say in the log what the folder has lost."""
    noted, kept = _noted(office), _kept(office, folder)
    if kept > noted:
        with office.writing() as store:
            store.note_contribution(kept)
    elif kept < noted:
        _log.warning("contribution_older", kept=kept, noted=noted)


def _noted(office: Office) -> int:
    with office.reading() as store:
        return store.contribution_version()


def _kept(office: Office, folder: Path) -> int:
    return max(versions(folder / "metadata", f"{COURT_PREFIX}{office.court.id}"), default=0)
