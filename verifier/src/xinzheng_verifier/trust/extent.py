"""What a bundle carries: all of the country's trust list, or some provinces and courts of it.

The extent is not signed. Leaving things out can only keep an answer from being found, never make one pass; what is
there is judged as in a whole bundle.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, Self

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONObject, Limits, loads_object
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import MAX_DELEGATED_ROLES
from xinzheng_verifier.trust.names import (
    CHANGES,
    COURT_CODE,
    COURT_DID,
    EXTENT_FILE,
    PROVINCE_CODE,
    court_of,
    province_of,
)

_VERSION: Final = 2
_JSON: Final = Limits(max_bytes=262_144, max_members=2 * MAX_DELEGATED_ROLES)
_TIMESTAMP: Final = "metadata/timestamp.json"


@dataclass(frozen=True, kw_only=True)
class Extent:
    """What a bundle says of itself.

    Attributes:
        edition: version of the timestamp that it carries; None for a repository that is no bundle.
        provinces: two-digit codes (GB/T 2260) of the provinces that are there; None is all of them.
        courts: codes of the courts that are there; None is all those of `provinces`.
        changes: whether the journals of changes are there.
        left_out: how many provinces, courts and journals of the whole are not there, by its word.
    """

    edition: int | None = None
    provinces: frozenset[str] | None = None
    courts: frozenset[str] | None = None
    changes: bool = True
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.provinces is None and self.courts is None and self.changes

    def includes(self, name: str) -> bool:
        """Whether a file of this name in the repository belongs to the bundle."""
        if (province := province_of(name)) is not None:
            return self.includes_province(province)
        if (court := court_of(name)) is not None and not self.includes_court(court):
            return False
        return self.changes or not name.endswith(CHANGES)

    def includes_province(self, code: str) -> bool:
        """Whether the metadata of this province belongs to the bundle."""
        return self.provinces is None or code in self.provinces

    def includes_court(self, code: str) -> bool:
        """Whether what there is of this court belongs to the bundle; its code begins with that of its province."""
        return self.includes_province(code[:2]) and (self.courts is None or code in self.courts)

    def leaves_out(self, issuer_id: str) -> bool:
        """Whether an issuer of this id, which nothing that is there describes, may be a court that was left out.

        The id of a court ends with its code. So one that ends otherwise, or with the code of a court that belongs to
        the bundle, is known to be no court, as in a whole bundle any id that is not there.
        """
        match = COURT_DID.fullmatch(issuer_id)
        return match is not None and not self.includes_court(match["court"])

    def covers(self, other: "Extent") -> bool:
        """Whether everything that belongs to `other` belongs to this one."""
        return (
            (self.changes or not other.changes)
            and _holds(self.provinces, other.provinces)
            and (self.courts is None or (other.courts is not None and other.courts <= self.courts))
        )

    def to_json(self) -> bytes:
        """The text of `bundle.json`."""
        includes: dict[str, object] = {}
        if self.provinces is not None:
            includes["provinces"] = sorted(self.provinces)
        if self.courts is not None:
            includes["courts"] = sorted(self.courts)
        if not self.changes:
            includes["changes"] = False
        content: dict[str, object] = {"version": _VERSION, "edition": self.edition, "includes": includes}
        if self.left_out:
            content["leftOut"] = dict(self.left_out)
        return json.dumps(content, separators=(",", ":")).encode("ascii")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Reads `bundle.json`.

        Raises:
            TrustError: bundle_version (made for another reader), bundle_extent (not an extent).
        """
        try:
            content = loads_object(data, limits=_JSON)
            extent = cls.read(content) if content.get("version") == _VERSION else None
            if extent is not None:
                _refuse_invented_codes(extent)
        except (CodedError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise TrustError("bundle_extent") from error
        if extent is None:
            raise TrustError("bundle_version", supported=_VERSION)
        return extent

    @classmethod
    def read(cls, content: JSONObject) -> Self:
        """Reads what `to_json` wrote, once it is parsed, and whatever codes an earlier release took in.

        Raises:
            ValueError, LookupError, TypeError, AttributeError: it is something else.
        """
        if content["version"] != _VERSION:
            raise ValueError("another format")
        return cls(**_members(content))


WHOLE: Final = Extent()
"""All that there is."""


def select(
    files: Mapping[str, bytes],
    *,
    provinces: Iterable[str] | None = None,
    courts: Iterable[str] | None = None,
    changes: bool = True,
) -> dict[str, bytes]:
    """The files of a bundle, ready to be packed: those of some provinces and some single courts, or all.

    Args:
        files: a whole repository, or a bundle's content; name → content.
        provinces: codes of provinces to take with all their courts.
        courts: codes of courts to take besides. With neither, everything is taken.
        changes: whether to take the journals of changes.

    Returns:
        `bundle.json` first, then every file that belongs to it; name → content.

    Raises:
        TrustError: bundle_incomplete (no timestamp metadata), bundle_metadata (it is none), court_unknown,
            court_left_out, province_unknown, province_left_out (what is asked for is not there), bundle_extent.
    """
    before = Extent.parse(files[EXTENT_FILE]) if EXTENT_FILE in files else WHOLE
    extent = _chosen(files, before, provinces=provinces, courts=courts, changes=changes and before.changes)
    kept = {name: content for name, content in files.items() if name != EXTENT_FILE and extent.includes(name)}
    return {EXTENT_FILE: extent.to_json(), **kept}


def refuse_absent_court(court: str, extent: Extent) -> NoReturn:
    """Say why nothing is known of a court.

    Args:
        court: its code.
        extent: of what it is not in.

    Raises:
        TrustError: `court_left_out`, what there is is another part of the country; `court_unknown`.
    """
    raise TrustError("court_unknown" if extent.includes_court(court) else "court_left_out", court=court)


def _chosen(
    files: Mapping[str, bytes],
    before: Extent,
    *,
    provinces: Iterable[str] | None,
    courts: Iterable[str] | None,
    changes: bool,
) -> Extent:
    there = {code for name in files if (code := court_of(name)) is not None}
    all_provinces = {code for name in files if (code := province_of(name)) is not None}
    wanted_provinces, wanted_courts = before.provinces, before.courts
    if provinces is not None or courts is not None:
        whole, single = frozenset(provinces or ()), frozenset(courts or ())
        for court in sorted(single - there):
            refuse_absent_court(court, before)
        for province in sorted(whole - all_provinces - {code[:2] for code in there}):
            is_there = before.includes_province(province)
            raise TrustError("province_unknown" if is_there else "province_left_out", province=province)
        wanted_provinces = whole | {code[:2] for code in single}
        if single or before.courts is not None:
            wanted_courts = single | {code for code in there if code[:2] in whole}
    chosen = Extent(provinces=wanted_provinces, courts=wanted_courts, changes=changes)
    gone = {
        "provinces": sum(not chosen.includes_province(code) for code in all_provinces),
        "courts": sum(not chosen.includes_court(code) for code in there),
        "changes": sum(name.endswith(CHANGES) and not chosen.includes(name) for name in files),
    }
    left_out = {kind: count + before.left_out.get(kind, 0) for kind, count in gone.items()}
    return Extent(
        edition=_edition(files),
        provinces=chosen.provinces,
        courts=chosen.courts,
        changes=chosen.changes,
        left_out={} if chosen.is_whole else left_out,
    )


def _edition(files: Mapping[str, bytes]) -> int:
    data = files.get(_TIMESTAMP)
    if data is None:
        raise TrustError("bundle_incomplete", name=_TIMESTAMP)
    try:
        content: Any = loads_object(data)
        return _count(content["signed"]["version"])
    except (CodedError, ValueError, TypeError, LookupError) as error:
        raise TrustError("bundle_metadata", name="timestamp.json") from error


def _members(content: JSONObject) -> dict[str, Any]:
    if set(content) - {"version", "edition", "includes", "leftOut"}:
        raise ValueError("unknown member")
    includes: Any = content["includes"]
    left_out: Any = content.get("leftOut", {})
    if set(includes) - {"provinces", "courts", "changes"} or set(left_out) - {"provinces", "courts", "changes"}:
        raise ValueError("unknown member")
    if type(changes := includes.get("changes", True)) is not bool:
        raise ValueError("not a truth value")
    return {
        "edition": _count(content["edition"]),
        "provinces": _codes(includes.get("provinces")),
        "courts": _codes(includes.get("courts")),
        "changes": changes,
        "left_out": {kind: _count(count) for kind, count in left_out.items()},
    }


def _codes(value: Any) -> frozenset[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise ValueError("not a list of codes")
    return frozenset(value)


def _refuse_invented_codes(extent: Extent) -> None:
    """No bundle has such provinces or courts, or so many; a store would have to remember them."""
    provinces, courts = extent.provinces or (), extent.courts or ()
    if len(provinces) + len(courts) > MAX_DELEGATED_ROLES:
        raise ValueError("too many codes")
    if not all(map(PROVINCE_CODE.fullmatch, provinces)) or not all(map(COURT_CODE.fullmatch, courts)):
        raise ValueError("not a code")


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("not a count")
    return int(value)


def _holds(codes: Collection[str] | None, others: Collection[str] | None) -> bool:
    return codes is None or (others is not None and set(others) <= set(codes))
