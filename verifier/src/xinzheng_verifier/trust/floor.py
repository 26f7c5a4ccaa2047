"""What may not fall again: numbers of status lists inside of bundles that grow in number."""

from collections.abc import Mapping
from dataclasses import replace

from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust.seen import Seen


def refuse_older_lists(sequences: Mapping[str, int], *, before: Seen, now: Seen) -> Seen:
    """Compare every status list of a repository with the highest number that was seen of it.

    A list that is not there keeps its number: it may have been left out, and come back. Numbers are forgotten with the
    keys that vouched for them (TUF specification, 5.3.11): where the delegator of a court's lists names other keys for
    it, or any for the first time, a thief who pushed them up has no lasting effect.

    Args:
        sequences: path of each status list that is there → its number, 0 where it bears none.
        before: what was seen before this repository.
        now: what the walk through it wants remembered.

    Returns:
        What to remember, with the numbers.

    Raises:
        TrustError: bundle_rollback.
    """
    kept = {path: number for path, number in now.sequences.items() if not _has_other_keys(path, before, now)}
    for path, number in sequences.items():
        if number < kept.get(path, 0):
            raise TrustError("bundle_rollback", name=path, version=number, seen=kept[path])
    return replace(now, sequences=kept | {path: number for path, number in sequences.items() if number})


def _has_other_keys(path: str, before: Seen, now: Seen) -> bool:
    role = f"court-{path.split('/')[1]}.json"
    return before.keys.get(role) != now.keys.get(role)
