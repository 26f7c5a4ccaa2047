"""Updates (.xzu): what leads from the files of one edition to those of a later one, as a `.tar.xz`.

    update.json         {"version": 3, "first": A, "last": B, "removed": [place, …]}
    patches/<n>.json    [[place, operations, check], …]
    metadata/…          new files whole, under their names
    targets/…

A place is what a file is called without what changes from edition to edition: the name of a role, or the path of a
target. Operations are an array of threes, *copy*, *skip*, *put*: so many tokens of the old text are copied, so many are
passed over, and something is put in their stead; what is left is copied. A token is a JSON string with its quotes, or
what stands between two strings, in parts that end with `]`: each change of a journal is one. What is put is text, or
{"flip": [index, …]} for the one encoded status list that is passed over (the same bits but these, encoded anew), or
{"sha256": n} for the digest of the nth file made by patches before this one, counted back from 1. The check is the
version that metadata has after it, or the first eight digits of the digest of a list that was encoded anew.

An update is transport, never trust: what it makes is judged by `tuf_workflow.walk` like any bundle. Nothing is copied
twice or from elsewhere, so that what it makes is no larger than the old files and the update together.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from xinzheng_schemas import bitstring
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import Limits, loads, loads_object
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import (
    MAX_BUNDLE_FILE_BYTES,
    MAX_BUNDLE_FILES,
    MAX_BUNDLE_INFLATED_BYTES,
    MAX_STATUS_LIST_BYTES,
)
from xinzheng_verifier.trust.archive import Archive, pack
from xinzheng_verifier.trust.extent import Extent
from xinzheng_verifier.trust.names import (
    CHANGES,
    EXTENT_FILE,
    FILE_NAME,
    ISSUER_FILE,
    METADATA_FILE,
    sha256_of,
    target_name,
    target_path,
)

_VERSION: Final = 3
_HEAD: Final = "update.json"
_NAMES: Final = re.compile(rf"update\.json|patches/[1-9][0-9]{{0,3}}\.json|(?!{EXTENT_FILE})(?:{FILE_NAME.pattern})")
_JSON: Final = Limits(max_bytes=MAX_BUNDLE_FILE_BYTES, max_depth=8, max_members=1_000_000)
_PATCHES_EACH: Final = 1_000
_TOKEN: Final = re.compile(r'"[^"]*"?|[^"\]]*\]|[^"\]]+')
_ENCODED_LIST: Final = re.compile(r'"u[0-9A-Za-z_-]+"')
_DIGEST: Final = re.compile(r'"[0-9a-f]{64}"')
_REFERRED_BACK: Final = 64  # a court's metadata follows its lists
_SAME_AGAIN: Final = 3
_WINDOW: Final = 120
_CHECK: Final = 8
_MAX_FLIPS: Final = 1_024


def make(old: Mapping[str, bytes], new: Mapping[str, bytes], *, first: int, last: int) -> bytes:
    """The update from one edition to another.

    Args:
        old: files of the earlier edition; name → content.
        new: files of the later one, of the same extent.
        first: the edition of `old`.
        last: the edition of `new`.

    Raises:
        TrustError: bundle_file_name, bundle_too_large (a file that no bundle can hold).
    """
    before = {_place(name): name for name in old}
    after = {_place(name): name for name in new if name != EXTENT_FILE}
    files: dict[str, bytes] = {}
    patches: list[list[object]] = []
    made: list[str] = []
    for place in sorted(after, key=_order):
        name = after[place]
        if name in old and old[name] == new[name]:
            continue
        patch = _patch(place, old.get(before.get(place, "")), new[name], made)
        if patch is None:
            files[name] = new[name]
        else:
            patches.append(patch)
            made.append(sha256_of(new[name]) if _may_be_referred_to(place) else "")
    head = {"version": _VERSION, "first": first, "last": last}
    removed = sorted(place for place in before if place not in after and place != EXTENT_FILE)
    files[_HEAD] = _text({**head, "removed": removed})
    for number, start in enumerate(range(0, len(patches), _PATCHES_EACH), 1):
        files[f"patches/{number}.json"] = _text(patches[start : start + _PATCHES_EACH])
    return pack(files)


def apply(old: Mapping[str, bytes], update: bytes, *, extent: Extent | None = None) -> dict[str, bytes]:
    """The files of the later edition, not yet judged.

    Args:
        old: files of the edition that the update starts from; name → content.
        update: the update, of this extent or a larger one.
        extent: what to keep; None is what `old` says of itself.

    Returns:
        The files with a `bundle.json`, as `archive.pack` and `tuf_workflow.walk` take them.

    Raises:
        TrustError: a `bundle_…` code of `archive.Archive`; bundle_version, update_malformed, update_base (it starts
            from another edition), update_encoding (this machine's zlib writes status lists in another way than the
            publisher's: take the whole bundle).
    """
    kept = Extent.parse(old[EXTENT_FILE]) if EXTENT_FILE in old else Extent()
    archive = Archive(update, names=_NAMES)
    removed, last = _head(archive, edition=kept.edition)
    kept = extent or kept
    before = {_place(name): name for name in old if name != EXTENT_FILE}
    files = {name: old[name] for name in before.values() if _place(name) not in removed and kept.includes(name)}
    whole = [name for name in archive if FILE_NAME.fullmatch(name) and kept.includes(name)]
    for name in whole:
        files.pop(before.get(_place(name), ""), None)
    workshop = _Workshop(old, before, kept)
    for name in archive:
        if name.startswith("patches/"):
            for replaced, made, content in workshop.patched(archive[name]):
                files.pop(replaced, None)
                files[made] = content
    for name in whole:
        files[name] = archive[name]
    if len(files) > MAX_BUNDLE_FILES or sum(map(len, files.values())) > MAX_BUNDLE_INFLATED_BYTES:
        raise TrustError("bundle_too_large", limit=MAX_BUNDLE_INFLATED_BYTES)
    bundle = Extent(
        edition=last, provinces=kept.provinces, courts=kept.courts, changes=kept.changes, left_out=kept.left_out
    )
    return {EXTENT_FILE: bundle.to_json(), **files}


class _Workshop:
    """Makes new files of old ones; each once."""

    def __init__(self, old: Mapping[str, bytes], before: Mapping[str, str], extent: Extent) -> None:
        self._old, self._before, self._extent = old, before, extent
        self._digests: list[str] = []
        self._done: set[str] = set()

    def patched(self, patches: bytes) -> Iterator[tuple[str, str, bytes]]:
        """Name of the old file, name of the new one and its content.

        Raises:
            TrustError: update_malformed, update_encoding.
        """
        try:
            listed: Any = loads(patches, limits=_JSON)
            for place, operations, check in listed:
                found = self._one(place, operations, check)
                if found is None:
                    self._digests.append("")
                else:
                    yield found
        except TrustError:
            raise
        except (CodedError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise TrustError("update_malformed") from error

    def _one(self, place: str, operations: list[Any], check: Any) -> tuple[str, str, bytes] | None:
        """None if the place does not belong to the extent."""
        if place in self._done:
            raise ValueError("one file patched twice")
        if len(self._done) == MAX_BUNDLE_FILES:
            raise ValueError("more patches than a bundle has files")
        self._done.add(place)
        name = self._before.get(place)
        if name is None or not self._extent.includes(name):
            if self._extent.includes(_any_name(place)):
                raise ValueError("nothing to patch")
            return None
        content = _patched(self._old[name].decode("utf-8"), operations, self._digest).encode("utf-8")
        digest = sha256_of(content)
        if place.startswith("courts/") and not digest.startswith(check or ""):
            raise TrustError("update_encoding", name=place)
        self._digests.append(digest if _may_be_referred_to(place) else "")
        return name, _new_name(place, check, digest), content

    def _digest(self, back: int) -> str:
        digest = self._digests[-back] if 0 < back <= len(self._digests) else ""
        if not digest:
            raise ValueError("no such digest")
        return digest


def _head(archive: Archive, *, edition: int | None) -> tuple[frozenset[str], int]:
    """Places of the files that are gone, and the edition that the update leads to."""
    if _HEAD not in archive:
        raise TrustError("update_malformed")
    try:
        head: Any = loads_object(archive[_HEAD], limits=_JSON)
        version, first, last, removed = (head.get(member) for member in ("version", "first", "last", "removed"))
        gone = frozenset(removed) if version == _VERSION else frozenset()
    except (CodedError, TypeError) as error:
        raise TrustError("update_malformed") from error
    if version != _VERSION:
        raise TrustError("bundle_version", supported=_VERSION)
    if type(first) is not int or type(last) is not int or first >= last:
        raise TrustError("update_malformed")
    if edition is not None and edition != first:
        raise TrustError("update_base", first=first, edition=edition)
    return gone, last


def _patch(place: str, old: bytes | None, new: bytes, made: list[str]) -> list[object] | None:
    """The patch of one file; None if it is to be sent whole."""
    if old is None or place.startswith("metadata/"):
        return None
    try:
        before, after = (_TOKEN.findall(content.decode("utf-8")) for content in (old, new))
    except UnicodeDecodeError:
        return None
    operations = [*_operations(before, after, made)]
    match = METADATA_FILE.fullmatch(f"metadata/1.{place}.json")
    digest = sha256_of(new)
    flipped = any(isinstance(put, dict) and "flip" in put for put in operations)
    check: object = digest[:_CHECK] if flipped else None
    if match and place != "timestamp":
        check = json.loads(new)["signed"]["version"]
    patch: list[object] = [place, operations, check]
    return patch if len(_text(patch)) < len(new) else None


def _operations(old: list[str], new: list[str], made: list[str]) -> Iterator[object]:
    """Copy, skip, put, again and again; changes are few and near each other's place."""
    here, there, copied = 0, 0, 0
    while here < len(old) or there < len(new):
        if here < len(old) and there < len(new) and old[here] == new[there]:
            here, there, copied = here + 1, there + 1, copied + 1
            continue
        skipped, put = _next_same(old, new, here, there)
        if skipped == put:  # one for one, as far as the first goes
            skipped = put = 1
        yield from (copied, skipped, _put(old[here : here + skipped], new[there : there + put], made))
        here, there, copied = here + skipped, there + put, 0


def _next_same(old: list[str], new: list[str], here: int, there: int) -> tuple[int, int]:
    """How many tokens of each side differ before both go on alike."""
    for distance in range(1, _WINDOW):
        for skipped in range(distance + 1):
            one, two = here + skipped, there + distance - skipped
            if one > len(old) or two > len(new):
                continue
            if old[one : one + _SAME_AGAIN] == new[two : two + _SAME_AGAIN]:
                return skipped, distance - skipped
    return len(old) - here, len(new) - there


def _put(old: list[str], new: list[str], made: list[str]) -> object:
    """The new tokens as they are, or by what they can be made from."""
    if len(old) == len(new) == 1:
        recent = made[: -_REFERRED_BACK - 1 : -1]
        if _DIGEST.fullmatch(new[0]) and (digest := new[0].strip('"')) in recent:
            return {"sha256": recent.index(digest) + 1}
        if _ENCODED_LIST.fullmatch(old[0]) and _ENCODED_LIST.fullmatch(new[0]):
            flips = _flips(old[0], new[0])
            if flips is not None:
                return {"flip": flips}
    return "".join(new)


def _flips(old: str, new: str) -> list[int] | None:
    """Indexes of the bits that differ; None if the new list is not what this machine makes of the old one and these."""
    try:
        before, after = (bitstring.decode(text.strip('"'), max_bytes=MAX_STATUS_LIST_BYTES) for text in (old, new))
    except CodedError:
        return None
    if len(before) != len(after):
        return None
    difference = int.from_bytes(before, "big") ^ int.from_bytes(after, "big")
    if difference.bit_count() > _MAX_FLIPS:
        return None
    bits = len(before) * 8
    flips = []
    while difference:
        highest = difference.bit_length()
        flips.append(bits - highest)
        difference ^= 1 << (highest - 1)
    return flips if _flipped(old, flips) == new else None


def _flipped(old: str, flips: list[int]) -> str:
    bits = bytearray(bitstring.decode(old.strip('"'), max_bytes=MAX_STATUS_LIST_BYTES))
    for index in flips:
        bitstring.set_bit(bits, index, value=not bitstring.get_bit(bits, index))
    return f'"{bitstring.encode(bits)}"'


def _patched(old: str, operations: list[Any], digest_of: Callable[[int], str]) -> str:
    """The new text.

    Raises:
        ValueError, TypeError, LookupError, CodedError: the operations do not fit the old text.
    """
    tokens, here, made = _TOKEN.findall(old), 0, []
    for number in range(0, len(operations), 3):
        copied, skipped, put = operations[number : number + 3]
        if type(copied) is not int or type(skipped) is not int or copied < 0 or skipped < 0:
            raise ValueError("not a number of tokens")
        end = here + copied + skipped
        if end > len(tokens):
            raise ValueError("more tokens than there are")
        made += tokens[here : here + copied]
        made.append(_made(put, tokens[here + copied : end], digest_of))
        here = end
    made += tokens[here:]
    return "".join(made)


def _made(put: Any, passed_over: list[str], digest_of: Callable[[int], str]) -> str:
    if isinstance(put, str):
        return put
    ((kind, value),) = put.items()
    if kind == "sha256":
        return f'"{digest_of(value)}"'
    (encoded,) = passed_over
    if kind != "flip" or not _ENCODED_LIST.fullmatch(encoded) or len(value) > _MAX_FLIPS:
        raise ValueError("not known")
    return _flipped(encoded, value)


def _place(name: str) -> str:
    """What a file is called without version and digest; every root is a place of its own."""
    if (path := target_path(name)) is not None:
        return path
    match = METADATA_FILE.fullmatch(name)
    return match["role"] if match and match["role"] != "root" else name


def _any_name(place: str) -> str:
    """A name that a file of this place might have, for asking an extent."""
    return target_name(place, "0" * 64) if place.startswith("courts/") else f"metadata/1.{place}.json"


def _new_name(place: str, version: object, digest: str) -> str:
    if place.startswith("courts/"):
        name = target_name(place, digest)
    elif place == "timestamp":
        name = f"metadata/{place}.json"
    else:
        name = f"metadata/{version}.{place}.json"
    if not FILE_NAME.fullmatch(name):
        raise ValueError("no name of a file")
    return name


def _may_be_referred_to(place: str) -> bool:
    """Status lists: whoever keeps a court's metadata keeps its lists, but perhaps neither journals nor issuers."""
    return place.startswith("courts/") and not place.endswith((CHANGES, ISSUER_FILE))


def _order(place: str) -> tuple[str, bool, str]:
    """Files of a court together, its metadata after its lists."""
    court = place.split("/")[1] if place.startswith("courts/") else place.removeprefix("court-")
    return court, not place.startswith("courts/"), place


def _text(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
