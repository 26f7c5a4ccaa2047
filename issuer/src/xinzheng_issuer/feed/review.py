"""Records that a person has to look at, and that somebody did."""

import structlog

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.domain.workflow import Actor, Role
from xinzheng_issuer.feed.intake import require_role
from xinzheng_issuer.register.tables import FeedRecord

_log = structlog.get_logger("xinzheng.feed")

REVIEWING_ROLES = frozenset({Role.CLERK, Role.JUDGE, Role.ADMINISTRATOR})
"""Who may say that a record was looked at."""


def review(office: Office, record_id: int, actor: Actor, *, note: str) -> FeedRecord:
    """Mark a record as looked at; a later mark replaces an earlier one.

    Args:
        office: the court at work.
        record_id: of the record.
        actor: who looked.
        note: what was found.

    Raises:
        RegisterError: `feed_record_not_found`.
        WorkflowError: `role_not_allowed`.
    """
    require_role(actor, REVIEWING_ROLES, "reviewFeed")
    with office.writing() as store:
        row = store.feed_record(record_id)
        row.reviewed_at, row.reviewed_by, row.review_note = office.clock(), actor.name, note
        store.add(row)
    _log.info("feed_record_reviewed", record=record_id, actor=actor.id)
    return row
