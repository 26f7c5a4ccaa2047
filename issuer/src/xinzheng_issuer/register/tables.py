"""The tables. Invariants stand here as constraints, so that no race and no second process can break them.

Rows never leave the store's callers for the wire: `api.wire` has types of its own. No table holds a full
personal ID number: a case keeps the masked form, the salted commitment of the certificate, and keyed digests that serve
equality alone.
"""

from datetime import UTC, date, datetime
from typing import Any, ClassVar
from uuid import uuid4

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Index,
    LargeBinary,
    String,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlmodel import Field, SQLModel

from xinzheng_issuer.domain.workflow import LIVE_STATES, OPEN_STATES, State
from xinzheng_issuer.register.names import folded_name

MAX_PAGE = 200
"""Most rows that one listing returns."""

HAD_EFFECT = "outcome = 'applied' AND repeated IS NOT TRUE"
"""Of a record of the feed: it did something when it came. An index holds these alone, under this very condition."""


def _new_id() -> str:
    return str(uuid4())


class UTCDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone must not reach the register")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _moment(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(default=None if nullable else ..., sa_type=UTCDateTime, nullable=nullable, index=index)


def _json_list() -> Any:
    return Field(sa_column=Column(JSON, nullable=False))


def _states(states: frozenset[State]) -> str:
    return "state IN (" + ", ".join(f"'{state}'" for state in sorted(states)) + ")"


def _unique_while(name: str, condition: str, *columns: str) -> Index:
    return Index(name, *columns, unique=True, sqlite_where=text(condition), postgresql_where=text(condition))


def _index_where(name: str, condition: str, *columns: str) -> Index:
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


def _new_values(context: DefaultExecutionContext) -> dict[str, Any]:
    values: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    return values


def _name_key(context: DefaultExecutionContext) -> str:
    return folded_name(_new_values(context)["name"])


def _original_numbers(context: DefaultExecutionContext) -> str | None:
    numbers: list[str] = _new_values(context)["original_case_numbers"]
    return f" {' '.join(numbers)} " if numbers else None


class Court(SQLModel, table=True):
    """A tenant. Its id is the last segment of its DID."""

    id: str = Field(primary_key=True)
    did: str = Field(unique=True)
    created_at: datetime = _moment()
    contribution_version: int = Field(
        default=0, description="Of the last contribution to the country's trust list; 0 if there was none"
    )


class User(SQLModel, table=True):
    """A person with an API token; the token itself is not stored."""

    __tablename__: ClassVar[str] = "user_account"
    __table_args__ = (UniqueConstraint("court_id", "name", name="uq_user_name"),)

    id: str = Field(default_factory=_new_id, primary_key=True)
    court_id: str = Field(foreign_key="court.id")
    name: str
    roles: list[str] = _json_list()
    token_sha256: str = Field(unique=True)
    created_at: datetime = _moment()
    disabled_at: datetime | None = _moment(nullable=True)


class Case(SQLModel, table=True):
    """One application and what became of it: the row whose `state` the workflow moves.

    `name_key` and `original_numbers` are made of `name` and `original_case_numbers` when the row is written first, for
    the feed to search by.
    """

    __tablename__: ClassVar[str] = "case_file"
    __table_args__ = (
        _unique_while("uq_open_case_per_entry", _states(OPEN_STATES), "court_id", "case_number", "identity_key"),
        _unique_while("uq_live_certificate_per_entry", _states(LIVE_STATES), "court_id", "case_number", "identity_key"),
        Index("ix_case_state", "court_id", "state", "valid_until"),
        Index("ix_case_identity", "court_id", "identity_key"),
        Index("ix_case_alias", "court_id", "alias_key"),
        Index("ix_case_name", "court_id", "name_key"),
        Index("ix_case_number", "court_id", "case_number"),
        Index("ix_case_reissue", "court_id", "reissues_key", "state"),
        Index("ix_case_superseded", "supersedes_case_id"),
        Index("ix_case_registered", "court_id", "registered_at"),
        _index_where("ix_case_originals", "original_numbers IS NOT NULL", "court_id", "original_numbers"),
    )

    id: str = Field(default_factory=_new_id, primary_key=True)
    court_id: str = Field(foreign_key="court.id")
    state: str
    version: int
    registered_at: datetime = _moment()

    name: str
    name_key: str | None = Field(default=None, sa_column=Column(String, nullable=False, default=_name_key))
    subject_kind: str
    id_type: str
    masked_id_number: str | None = None
    unified_social_credit_code: str | None = None
    id_commitment: str
    identity_key: str
    alias_key: str
    check_digit_override: str | None = None
    agent_name: str | None = None
    agent_authority: str | None = None
    papers: list[str] = _json_list()

    case_number: str
    original_case_numbers: list[str] = _json_list()
    original_numbers: str | None = Field(default=None, sa_column=Column(String, default=_original_numbers))
    basis_number: str | None = None
    basis_issuing_body: str | None = None
    filed_on: date
    published_on: date
    grounds: list[str] = _json_list()
    term_end: date | None = None

    purposes: list[str] = _json_list()
    purpose_text: str | None = None
    supersedes_case_id: str | None = Field(default=None, foreign_key="case_file.id")
    reissues_key: str | None = None

    masking_serial: str | None = None
    masked_on: date | None = None
    masking_approved_on: date | None = None
    masking_ground: str | None = None
    conditional: bool | None = None
    performance: str | None = None
    consumption_restriction: str | None = None
    evidence: str | None = None
    list_checked_at: datetime | None = _moment(nullable=True)
    confirmed_by: str | None = None

    approved_by: str | None = None
    approval_opinion: str | None = None
    approved_draft_sha256: str | None = None
    reinstatement_proposed_by: str | None = None
    revocation_reason: str | None = None
    valid_until: datetime | None = _moment(nullable=True)


class Certificate(SQLModel, table=True):
    """One number, one id, one status index, recorded before anything is signed. Never deleted, never reused.

    A row is recorded (neither moment set), then either issued or voided. A voided row keeps its number and index
    burned, and its revocation bit is set.
    """

    __tablename__: ClassVar[str] = "certificate"
    __table_args__ = (
        UniqueConstraint("court_id", "number", name="uq_certificate_number"),
        UniqueConstraint("court_id", "list_number", "list_index", name="uq_status_index"),
        _unique_while("uq_certificate_per_case", "voided_at IS NULL", "case_id"),
        CheckConstraint("issued_at IS NULL OR voided_at IS NULL", name="ck_issued_or_voided"),
        Index("ix_certificate_pending", "court_id", "issued_at", "voided_at"),
        Index("ix_certificate_key", "court_id", "signing_key", "id"),
        Index("ix_certificate_second_key", "court_id", "second_key", "id"),
    )

    id: str = Field(primary_key=True, description="The credential's id, urn:uuid:…")
    court_id: str = Field(foreign_key="court.id")
    case_id: str = Field(foreign_key="case_file.id")
    number: str
    list_number: int
    list_index: int
    unsigned_sha256: str
    unsigned: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    recorded_at: datetime = _moment()
    recorded_by: str
    issued_at: datetime | None = _moment(nullable=True)
    voided_at: datetime | None = _moment(nullable=True)
    void_reason: str | None = None
    credential_json: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    credential_jwt: str | None = None
    credential_qr: str | None = None
    signing_key: str | None = None
    second_key: str | None = None


class TransitionRecord(SQLModel, table=True):
    """One step of the workflow; appended in the transaction that takes the step, never changed."""

    __tablename__: ClassVar[str] = "transition_log"
    __table_args__ = (Index("ix_transition_case", "court_id", "case_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    court_id: str = Field(foreign_key="court.id")
    case_id: str = Field(foreign_key="case_file.id")
    action: str
    from_state: str | None = None
    to_state: str
    actor_id: str
    actor_name: str
    at: datetime = _moment()
    reason: str | None = None
    note: str | None = None


class RefusalRecord(SQLModel, table=True):
    """A step that a person tried and the workflow refused, such as approving one's own file."""

    __tablename__: ClassVar[str] = "refusal_log"

    id: int | None = Field(default=None, primary_key=True)
    court_id: str = Field(foreign_key="court.id")
    case_id: str = Field(foreign_key="case_file.id", index=True)
    action: str
    code: str
    actor_id: str
    actor_name: str
    at: datetime = _moment()


class StatusList(SQLModel, table=True):
    """The last signed edition of one status list and of its journal; its bits are always derived anew from the rows.

    `sequence` counts editions, `since` is the moment from which all changes are known, and `attested_at` that of the
    last publication that named this edition as current.
    """

    __tablename__: ClassVar[str] = "status_list"

    court_id: str = Field(foreign_key="court.id", primary_key=True)
    number: int = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    sequence: int
    made_at: datetime = _moment()
    since: datetime = _moment()
    attested_at: datetime | None = _moment(nullable=True)
    document: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    journal: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class StatusChange(SQLModel, table=True):
    """One entry of a status list that was set or cleared; written in the transaction that causes it, never deleted.

    `sequence` is the first edition of the list that shows it; NULL until there is one. Who caused it and why stands in
    the transition log alone.
    """

    __tablename__: ClassVar[str] = "status_change"
    __table_args__ = (Index("ix_status_change_list", "court_id", "list_number", "purpose", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    court_id: str = Field(foreign_key="court.id")
    list_number: int
    purpose: str
    list_index: int
    is_set: bool
    at: datetime = _moment()
    sequence: int | None = None


class Publication(SQLModel, table=True):
    """Outbox: a change that the published lists and bundle must show; written with the change itself."""

    __tablename__: ClassVar[str] = "publication"
    __table_args__ = (Index("ix_publication_pending", "court_id", "published_at"),)

    id: int | None = Field(default=None, primary_key=True)
    court_id: str = Field(foreign_key="court.id")
    cause: str
    created_at: datetime = _moment()
    published_at: datetime | None = _moment(nullable=True)
    bundle_version: int | None = None


class KeyEvent(SQLModel, table=True):
    """One step in the life of a court key: who, when, why. The key folder's records hold the same under the same id."""

    __tablename__: ClassVar[str] = "key_event"
    __table_args__ = (Index("ix_key_event", "court_id", "key_name", "at"),)

    id: str = Field(primary_key=True)
    court_id: str = Field(foreign_key="court.id")
    key_name: str
    public_key: str
    action: str
    from_state: str | None = None
    to_state: str
    moment: datetime | None = _moment(nullable=True)
    at: datetime = _moment()
    actor_id: str
    actor_name: str
    reason: str


class PublishedKey(SQLModel, table=True):
    """Since when lenders can know a key: the first bundle that carried it."""

    __tablename__: ClassVar[str] = "published_key"

    court_id: str = Field(foreign_key="court.id", primary_key=True)
    public_key: str = Field(primary_key=True, description="Multikey")
    bundle_version: int
    published_at: datetime = _moment()


class FeedBatch(SQLModel, table=True):
    """One delivery of public-list records."""

    __tablename__: ClassVar[str] = "feed_batch"
    __table_args__ = (Index("ix_batch_received", "court_id", "received_at"),)

    id: str = Field(default_factory=_new_id, primary_key=True)
    court_id: str = Field(foreign_key="court.id")
    received_at: datetime = _moment()
    received_by: str
    records: int


class FeedRecord(SQLModel, table=True):
    """One record of a batch as it came (personal ID numbers masked) and what was done with it.

    `name` to `document_keys` find the records of a case again, the name folded; they are NULL in records that could not
    be read, and in those that a register of version 0001 took. `identity` is NULL in what could be read only in part.
    """

    __tablename__: ClassVar[str] = "feed_record"
    __table_args__ = (
        UniqueConstraint("batch_id", "line", name="uq_feed_line"),
        Index("ix_feed_identity", "court_id", "identity", "received_at"),
        _index_where("ix_feed_effect", HAD_EFFECT, "court_id", "identity"),
        Index("ix_feed_received", "court_id", "received_at"),
        Index("ix_feed_outcome", "court_id", "outcome", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    court_id: str = Field(foreign_key="court.id")
    batch_id: str = Field(foreign_key="feed_batch.id")
    line: int
    raw: str
    identity: str | None = None
    outcome: str
    effect: str
    codes: list[str] = _json_list()
    certificate_number: str | None = None
    received_at: datetime | None = _moment(nullable=True)
    repeated: bool | None = None
    problems: list[dict[str, str | None]] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    effects: list[dict[str, str]] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    name: str | None = None
    case_number: str | None = None
    original_case_numbers: str | None = None
    identity_key: str | None = None
    alias_key: str | None = None
    document_keys: str | None = None
    reviewed_at: datetime | None = _moment(nullable=True)
    reviewed_by: str | None = None
    review_note: str | None = None
