"""What may not fall again: numbers of status lists inside of bundles that grow in number."""

from collections.abc import Mapping
from dataclasses import replace

from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust.seen import Seen


def refuse_older_lists(sequences: Mapping[str, int], *, seen: Seen) -> Seen:
    """Compare every status list of a repository with the highest number that was seen of it.

    A list that is not there keeps its number: it may have been left out, and come back.

    Args:
        sequences: path of each status list that is there → its number, 0 where it bears none.
        seen: what the walk through the repository wants remembered.

    Returns:
        What to remember, with the numbers.

    Raises:
        TrustError: bundle_rollback.
    """
    for path, number in sequences.items():
        if number < seen.sequences.get(path, 0):
            raise TrustError("bundle_rollback", name=path, version=number, seen=seen.sequences[path])
    return replace(seen, sequences={**seen.sequences, **{path: number for path, number in sequences.items() if number}})
