"""How current a store is, in words: by what its publisher says, and by what its status lists say themselves."""

from datetime import datetime

from xinzheng_schemas.errors import CodedError, Language
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_schemas.timestamps import parse_timestamp
from xinzheng_verifier.cli.words import say
from xinzheng_verifier.read import status_list
from xinzheng_verifier.show.sheet import age_words
from xinzheng_verifier.trust.store import TrustStore


def currency(
    expires: datetime, published_at: datetime | None, at: datetime, language: Language, *, trust: TrustStore
) -> str:
    """How current what a store holds is, in words.

    Args:
        expires: from when it no longer counts as current.
        published_at: when the publisher says it was made; None if it does not say.
        at: the moment asked about.
        language: "en" or "zh".
        trust: what it holds.
    """
    if at >= expires:
        return say("store_not_current", language, age=age_words(at - expires, language))
    words = _since(expires, published_at, at, language)
    if trust.status_list_urls and not any_list_counts(trust, at):
        words += "\n" + say("store_lists_over", language)
    return words


def any_list_counts(trust: TrustStore, at: datetime) -> bool:
    """Whether a status list counts, by their own word; the first is enough, since a country has thousands."""
    return any(_counts(stated_list(trust, address).get("validUntil"), at) for address in trust.status_list_urls)


def stated_list(trust: TrustStore, address: str) -> JSONObject:
    """A list by its own word; its signature is checked when a certificate is."""
    try:
        return status_list.stated(trust.status_list(address) or b"")
    except CodedError:
        return {}


def _since(expires: datetime, published_at: datetime | None, at: datetime, language: Language) -> str:
    left = age_words(expires - at, language)
    if published_at is None:
        return say("store_is_current_undated", language, left=left)
    if at < published_at:
        return say("store_clock", language)
    return say("store_is_current", language, age=age_words(at - published_at, language), left=left)


def _counts(until: JSONValue, at: datetime) -> bool:
    try:
        return not isinstance(until, str) or at <= parse_timestamp(until)
    except ValueError:
        return True
