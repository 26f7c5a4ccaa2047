"""What pydantic expected of a value, in English and Chinese: its own words are English alone."""

from collections.abc import Mapping
from typing import Any

from xinzheng_schemas.errors import CodedError, Message

_TEXTS: Mapping[str, Message] = {
    "missing": Message("a value", "应填写的值"),
    "extra_forbidden": Message("no such member", "没有此项"),
    "none_required": Message("nothing", "空值"),
    "string_type": Message("text", "文本"),
    "string_too_short": Message("{min_length} or more characters", "至少 {min_length} 个字符"),
    "string_too_long": Message("{max_length} characters at most", "最多 {max_length} 个字符"),
    "string_pattern_mismatch": Message("text of the form {pattern}", "符合 {pattern} 的文本"),
    "list_type": Message("a list", "数组"),
    "tuple_type": Message("a list", "数组"),
    "too_short": Message("{min_length} or more items", "至少 {min_length} 项"),
    "too_long": Message("{max_length} items at most", "最多 {max_length} 项"),
    "bool_type": Message("true or false", "true 或 false"),
    "bool_parsing": Message("true or false", "true 或 false"),
    "int_type": Message("a whole number", "整数"),
    "int_parsing": Message("a whole number", "整数"),
    "int_parsing_size": Message("a smaller whole number", "较小的整数"),
    "int_from_float": Message("a whole number", "整数"),
    "greater_than": Message("more than {gt}", "大于 {gt} 的数"),
    "greater_than_equal": Message("{ge} or more", "不小于 {ge} 的数"),
    "less_than": Message("less than {lt}", "小于 {lt} 的数"),
    "less_than_equal": Message("{le} or less", "不大于 {le} 的数"),
    "model_type": Message("an object", "对象"),
    "model_attributes_type": Message("an object", "对象"),
    "dict_type": Message("an object", "对象"),
    "path_type": Message("a path", "路径"),
}
_ONE_OF = Message("one of {expected}", "{expected} 之一")


def expected_of(entry: Mapping[str, Any]) -> Message:
    """What one entry of pydantic's error list expected.

    Args:
        entry: `type`, `msg` and `ctx` as pydantic gives them; the input itself is never repeated.

    Returns:
        A phrase for "expected …".
    """
    context: Mapping[str, Any] = entry.get("ctx", {})
    if isinstance(inner := context.get("error"), CodedError):
        return in_both_languages(inner)
    kind = entry["type"]
    if kind in {"enum", "literal_error"}:
        values = str(context["expected"]).replace(" or ", ", ").replace("'", "")
        return Message(_ONE_OF.en.format(expected=values), _ONE_OF.zh.format(expected=values.replace(", ", "、")))
    text = _TEXTS.get(kind)
    if text is None:
        return Message(str(entry["msg"]), "符合接口说明的值")
    return Message(text.en.format_map(context), text.zh.format_map(context))


def in_both_languages(error: CodedError) -> Message:
    """A coded error as a part of another one's message."""
    return Message(error.message("en"), error.message("zh"))
