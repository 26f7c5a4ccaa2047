"""The first root where no copies of the roots are kept yet: what a ceremony hands in, and never what a folder holds.

Everything else is believed because the first root leads to it, and whoever can write the folder can put one there that
names a key of his own beside the country's, whose public halves are public.
"""

from collections.abc import Iterable, Iterator

from xinzheng_issuer.errors import PublishingError, TrustListError
from xinzheng_issuer.publishing.reading import read_published
from xinzheng_issuer.publishing.repository import Repository
from xinzheng_issuer.publishing.root_chain import check_root_follows
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import ROOT_JSON
from xinzheng_verifier.trust.names import sha256_of

_SHOWN = 16  # digits of a digest


def trusted_roots(repository: Repository, handed_in: Iterable[tuple[str, bytes]]) -> dict[int, bytes]:
    """The roots of a repository that are trusted: of which copies are kept, or the first as handed in; later ones.

    Args:
        repository: where they lie, with the copies that are kept.
        handed_in: source, first root that was handed in with it; what is none is passed over.

    Returns:
        Version → root metadata, ascending; empty if there is neither a repository nor a first root.

    Raises:
        TrustListError: `first_root_missing`, nothing is kept or handed in; `first_root_differs`, of several first roots
            nothing tells which is the country's.
        PublishingError: `repository_damaged`.
    """
    if repository.kept_roots():
        return repository.roots()
    given = [(source, data) for source, data in handed_in if _is_first(data)]
    if not given:
        if repository.is_there:
            raise TrustListError("first_root_missing", path=repository.root_path(1))
        return {}
    found = [*given, *_in_folder(repository)]
    if len({data for _, data in found}) > 1:
        named = (f"{source} (SHA-256 {sha256_of(data)[:_SHOWN]}…)" for source, data in found)
        raise TrustListError("first_root_differs", found=", ".join(named))
    return repository.roots(first=given[0][1])


def _in_folder(repository: Repository) -> Iterator[tuple[str, bytes]]:
    path = repository.root_path(1)
    try:
        yield str(path), read_published(path, max_bytes=ROOT_JSON.max_bytes)
    except FileNotFoundError:
        return
    except OSError as error:
        raise PublishingError("repository_damaged", path=path) from error


def _is_first(data: bytes) -> bool:
    try:
        check_root_follows(data, None, name="1.root.json")
    except TrustError:
        return False
    return True
