"""Which edition a lone court published last, as it remembers: beside its keys, and on another disk if one is set.

    <data>/keys/bundle/published.json   out of reach of whoever can write the publication folder
    `watermark` of court.toml           out of reach of a backup of the whole data folder

It is made of what was just signed and written, never of what lies in the publication folder.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from tuf.api.metadata import Root

from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.publishing.in_effect import EditionInEffect
from xinzheng_issuer.publishing.memory import Memory, online_keys
from xinzheng_issuer.publishing.other_disk import in_time
from xinzheng_verifier.trust.names import sha256_of

_log = structlog.get_logger("xinzheng.publishing")


@dataclass(frozen=True, kw_only=True)
class LastEdition:
    """What is remembered of the last publication.

    Attributes:
        own: the file beside the keys; an installation of before has none until its next publication.
        watermark: the file on another disk; None for none.
    """

    own: Path
    watermark: Path | None = None

    def number(self, root: Root) -> int:
        """The highest number that is remembered under the online keys of this root; 0 if none is.

        Raises:
            PublishingError: `memory_damaged`.
        """
        keys = online_keys(root)
        return max((memory.version for memory in self.memories() if memory.keys == keys), default=0)

    def of_other_line(self, roots: Iterable[Root]) -> int:
        """The highest number that is remembered under online keys that none of these roots names; 0 if none is.

        Raises:
            PublishingError: `memory_damaged`.
        """
        known = list(roots)
        lines, newest = {online_keys(root) for root in known}, max((root.version for root in known), default=0)
        return max(
            (each.version for each in self.memories() if each.root <= newest and each.keys not in lines), default=0
        )

    def forgotten(
        self, memories: Sequence[Memory], edition: EditionInEffect | None, roots: Mapping[int, Root], *, given: int
    ) -> PublishingError | None:
        """Compare an edition with what is remembered: it came back from a backup, or is not there any more.

        It is compared under the root that vouches for it, whatever root stands by now: keys that were replaced vouch
        for nothing that comes after.

        Args:
            memories: as of `memories`, read before the edition: another process may publish meanwhile.
            edition: the edition; None of none.
            roots: version → root, of its line.
            given: a number of which is known elsewhere that an edition under the present keys bears it.

        Returns:
            `edition_forgotten` if a later one was published from here, or `line_forgotten` if that was under roots that
            are not among these; None if it is the last.

        Raises:
            PublishingError: `memory_damaged`.
        """
        found = edition.version if edition else 0
        if other := self.of_other_line(roots.values()):
            return PublishingError("line_forgotten", found=found, expected=other)
        ahead = [
            memory.version
            for memory in memories
            if edition is None or memory.is_ahead_of(edition, next_root=roots[edition.vouching])
        ]
        if (last := max([given, *ahead])) > found or ahead:
            return PublishingError("edition_forgotten", found=found, expected=last)
        return None

    def remember(self, version: int, timestamp: bytes, *, root: Root) -> None:
        """Remember what was published, which is published whether it can be remembered or not.

        Args:
            version: its number.
            timestamp: the file.
            root: the root that vouches for it.
        """
        memory = Memory(
            version=version, timestamp_sha256=sha256_of(timestamp), keys=online_keys(root), root=root.version
        )
        _written(lambda: memory.write(self.own), self.own, "edition_not_remembered")
        if (away := self.watermark) is not None:
            _written(lambda: in_time(away, lambda: memory.write(away)), away, "watermark_not_kept")

    def forget(self) -> None:
        """Forget a line of editions that is given up.

        Raises:
            OSError: a file cannot be removed.
        """
        if (away := self.watermark) is not None:
            in_time(away, lambda: away.unlink(missing_ok=True))
        self.own.unlink(missing_ok=True)

    def memories(self) -> list[Memory]:
        """What each of the files tells; those that are not there, or on a disk that is away, tell nothing.

        Raises:
            PublishingError: `memory_damaged`, one cannot be read.
        """
        try:
            own = Memory.read(self.own)
        except OSError as error:
            raise PublishingError("memory_damaged", path=self.own) from error
        away = None if self.watermark is None else _on_another_disk(self.watermark)
        return [memory for memory in (own, away) if memory is not None]


def lost_number(refusal: PublishingError | None) -> int:
    """The number of the edition that `LastEdition.forgotten` misses; 0 if it misses none."""
    return 0 if refusal is None else int(str(refusal.params["expected"]))


def _written(write: Callable[[], None], path: Path, event: str) -> None:
    try:
        write()
    except OSError as error:
        _log.error(event, path=str(path), reason=error.strerror)


def _on_another_disk(watermark: Path) -> Memory | None:
    """A disk that is away, or does not answer, stops nothing."""
    try:
        memory = in_time(watermark, lambda: Memory.read(watermark))
    except OSError as error:
        _log.warning("watermark_unreadable", path=str(watermark), reason=error.strerror)
        return None
    if memory is None:
        _log.warning("watermark_missing", path=str(watermark))
    return memory
