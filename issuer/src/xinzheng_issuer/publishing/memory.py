"""What a publisher remembers of its last publication outside the repository: a restored backup shows by it.

The file lies with the online keys, which no backup of the repository holds; a court's also where its setting says.
The country's also tells what was in effect before the last edition and is no more (`past`).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tuf.api.metadata import Root

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing.reading import read_published
from xinzheng_issuer.publishing.trust_list.candidates import root_of
from xinzheng_issuer.publishing.trust_list.configuration import ONLINE_ROLES
from xinzheng_issuer.publishing.trust_list.past import Past
from xinzheng_issuer.publishing.trust_list.published import Published
from xinzheng_schemas.strict_json import Limits, loads_object
from xinzheng_verifier.trust.files import replace_file
from xinzheng_verifier.trust.tuf_metadata import key_set_digest

MEMORY_FILE = "published.json"
"""Name of the file."""

_JSON = Limits(max_bytes=1_048_576)
# 3,500 courts add some 2 MB for each key that they have had; a thief of a province's keys 2 MB a day.
_WITH_PAST = Limits(max_bytes=536_870_912, max_members=32_000_000)


class Numbered(Protocol):
    """An edition that was judged."""

    @property
    def version(self) -> int:
        """Its number."""
        ...

    @property
    def timestamp_sha256(self) -> str:
        """Digest of its timestamp, lower-case hexadecimal."""
        ...


@dataclass(frozen=True, kw_only=True)
class Memory:
    """The last publication.

    Attributes:
        version: its number.
        timestamp_sha256: digest of its timestamp, lower-case hexadecimal.
        keys: short digests of the keys of snapshot and timestamp: versions under other keys are not comparable.
        root: version of the root that vouches for it; 0 in files of an earlier release.
        past: what was in effect before, and is no more; None in a court's file, and in files of an earlier release.
    """

    version: int
    timestamp_sha256: str
    keys: tuple[str, ...]
    root: int = 0
    past: Past | None = None

    @classmethod
    def of(cls, published: Published, past: Past | None = None) -> "Memory":
        """What to remember of an edition.

        Args:
            published: the edition.
            past: what was in effect before it, and is no more.
        """
        root = root_of(published.root)
        return cls(
            version=published.version,
            timestamp_sha256=published.timestamp_sha256,
            keys=online_keys(root),
            root=root.version,
            past=past,
        )

    @classmethod
    def read(cls, path: Path, *, with_past: bool = False) -> "Memory | None":
        """What is remembered; None if there was no publication yet.

        Args:
            path: of the file; a court's may lie on a share that others can write.
            with_past: whether it is the country's publisher's.

        Raises:
            PublishingError: `memory_damaged`, it is none.
            OSError: it cannot be read, or is no regular file; a symbolic link is none.
        """
        try:
            limits = _WITH_PAST if with_past else _JSON
            content: Any = loads_object(read_published(path, max_bytes=limits.max_bytes), limits=limits)
            keys = tuple(str(key) for key in content["keys"])
            return cls(
                version=int(content["version"]),
                timestamp_sha256=str(content["timestamp"]),
                keys=keys,
                root=int(content.get("root", 0)),
                past=Past.parse(content["past"]) if "past" in content else None,
            )
        except FileNotFoundError:
            return None
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise PublishingError("memory_damaged", path=path) from error

    def write(self, path: Path) -> None:
        """Remember.

        Raises:
            OSError: the file cannot be written.
        """
        members: dict[str, Any] = {
            "version": self.version,
            "timestamp": self.timestamp_sha256,
            "keys": list(self.keys),
            "root": self.root,
        }
        if self.past is not None:
            members["past"] = self.past.to_json()
        replace_file(path, json.dumps(members).encode(), mode=0o600)

    def is_ahead_of(self, published: Numbered | None, *, next_root: Root) -> bool:
        """Whether the repository is not where it was left; newer is right too, for the memory is written last.

        Args:
            published: the edition in effect; None if there is none.
            next_root: the root that the next edition will have, or the one that vouches for this; other online keys
                than remembered begin anew, unless they are those of a root that came before.
        """
        if next_root.version < self.root:
            return True
        if online_keys(next_root) != self.keys:
            return False
        version, sha256 = (published.version, published.timestamp_sha256) if published else (0, "")
        same = version == self.version and sha256 == self.timestamp_sha256
        return not same and version <= self.version


def online_keys(root: Root) -> tuple[str, ...]:
    """Short digests of the keys of snapshot and timestamp."""
    return tuple(key_set_digest(root.roles[role], root.keys) for role in ONLINE_ROLES)
