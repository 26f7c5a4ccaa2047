"""What a store has believed so far: the floor under what it may believe next."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Versions and times of the last repository that was believed (TUF specification, 5.4.3 and 5.5.5).

    Attributes:
        timestamp: version of the timestamp metadata; 0 if none was seen.
        timestamp_sha256: digest of those bytes, lower-case hexadecimal.
        snapshot: version of the snapshot metadata; 0 if none was seen.
        metadata: name of each targets metadata in the snapshot → its version.
        keys: name of each delegated role's metadata → short digests of the public keys that its delegator named for it;
            under other keys it may begin anew (5.3.11 for delegations). Of a court those of before are named besides,
            and it is under neither, until it says something later. Roles that are gone keep their place here while
            numbers of their lists do.
        made: likewise of each court → as of when it attested, no later than it was seen; missing where that is not
            known.
        published_at: the latest moment at which the publisher says a timestamp was made; None if it never said.
        sequences: path of each status list that bears a sequence number → the highest number that was seen of it.
    """

    timestamp: int = 0
    timestamp_sha256: str = ""
    snapshot: int = 0
    metadata: Mapping[str, int] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    made: Mapping[str, datetime] = field(default_factory=dict)
    published_at: datetime | None = None
    sequences: Mapping[str, int] = field(default_factory=dict)

    def without_online_keys(self, *, at: datetime) -> Self:
        """What is left when the keys of timestamp or snapshot were replaced (5.3.11).

        Versions and time, for which those keys vouched, are forgotten. Numbers of lists for which a province's or a
        court's own key vouched are not, nor moments that have come.

        Args:
            at: the moment of judgement, by the clock.
        """
        made = {name: moment for name, moment in self.made.items() if moment <= at}
        roles = {name.removesuffix(".json") for name in self.keys}
        numbers = {path: number for path, number in self.sequences.items() if not roles.isdisjoint(roles_over(path))}
        return type(self)(keys=self.keys, made=made, sequences=numbers)

    def to_json(self) -> bytes:
        """The JSON text that `parse` reads."""
        content = {
            "timestamp": self.timestamp,
            "timestampSha256": self.timestamp_sha256,
            "snapshot": self.snapshot,
            "metadata": dict(self.metadata),
            "keys": dict(self.keys),
            "made": {name: format_timestamp(moment) for name, moment in self.made.items()},
            "publishedAt": format_timestamp(self.published_at) if self.published_at else None,
            "sequences": dict(self.sequences),
        }
        return json.dumps(content, ensure_ascii=False, indent=0).encode("utf-8")

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        """Reads what `to_json` wrote; a record without keys, moments and sequences is of an earlier release.

        Raises:
            ValueError, LookupError, TypeError, AttributeError: it is something else.
        """
        sequences = content.get("sequences", {})
        numbers = (content["timestamp"], content["snapshot"], *content["metadata"].values(), *sequences.values())
        if any(type(number) is not int for number in numbers):
            raise TypeError("version")
        return cls(
            timestamp=content["timestamp"],
            timestamp_sha256=content["timestampSha256"],
            snapshot=content["snapshot"],
            metadata=content["metadata"],
            keys=content.get("keys", {}),
            made={name: parse_timestamp(moment) for name, moment in content.get("made", {}).items()},
            published_at=parse_timestamp(content["publishedAt"]) if content["publishedAt"] else None,
            sequences=sequences,
        )


def roles_over(path: str) -> tuple[str, str]:
    """The delegated roles that may list what belongs to a court."""
    court = path.split("/")[1]
    return f"court-{court}", f"province-{court[:2]}"


NOTHING_SEEN = Seen()
