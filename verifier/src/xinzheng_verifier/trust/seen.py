"""What a store has believed so far: the floor under what it may believe next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Versions and times of the last repository that was believed (TUF specification, 5.4.3 and 5.5.5).

    Attributes:
        timestamp: version of the timestamp metadata; 0 if none was seen.
        timestamp_sha256: digest of those bytes, lower-case hexadecimal.
        snapshot: version of the snapshot metadata; 0 if none was seen.
        metadata: name of each targets metadata in the snapshot → its version.
        keys: name of each delegated role's metadata → short digest of the public keys that its delegator named for it;
            other keys mean that what the old ones vouched for is forgotten (5.3.11 for delegations).
        published_at: the latest moment at which the publisher says a timestamp was made; None if it never said.
    """

    timestamp: int = 0
    timestamp_sha256: str = ""
    snapshot: int = 0
    metadata: Mapping[str, int] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    published_at: datetime | None = None


NOTHING_SEEN = Seen()
