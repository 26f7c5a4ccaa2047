"""What of the country a store holds, in words."""

from collections.abc import Sequence
from typing import Final

from xinzheng_schemas.errors import Language
from xinzheng_schemas.strict_json import JSONObject, Limits, loads_object
from xinzheng_verifier.cli.words import say
from xinzheng_verifier.trust.extent import Extent

_MAX_NAMED: Final = 10


def extent_members(extent: Extent) -> JSONObject:
    """The same for programs, with the names of `bundle.json`."""
    content = loads_object(extent.to_json(), limits=Limits(max_bytes=1_048_576, max_members=500_000))
    return {"includes": content["includes"], "leftOut": content.get("leftOut", {})}


def extent_words(extent: Extent, language: Language) -> str:
    """What is there and what is left out, a line each.

    Args:
        extent: what a bundle says of itself.
        language: "en" or "zh".
    """
    lines = []
    if frozenset() in {extent.provinces, extent.courts}:
        lines.append(say("extent_nothing", language))
    elif extent.provinces is not None and extent.courts is None:
        lines.append(say("extent_provinces", language, codes=some_of(sorted(extent.provinces), language)))
    elif extent.courts is not None:
        codes = some_of(sorted(extent.courts), language)
        lines.append(say("extent_courts", language, count=len(extent.courts), codes=codes))
    else:
        lines.append(say("extent_whole", language))
    if not extent.changes:
        lines.append(say("extent_no_changes", language))
    if extent.left_out:
        counts = {kind: extent.left_out.get(kind, 0) for kind in ("provinces", "courts", "changes")}
        lines.append(say("extent_left_out", language, **counts))
    return "\n".join(lines)


def some_of(names: Sequence[str], language: Language) -> str:
    """The first few, and how many more there are."""
    named = [*names[:_MAX_NAMED]]
    if len(names) > _MAX_NAMED:
        named.append(say("and_more", language, count=len(names) - _MAX_NAMED))
    return ("、" if language == "zh" else ", ").join(named)
