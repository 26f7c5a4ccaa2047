"""Names as they are compared: by what a reader sees, not by how it was typed."""

import unicodedata

_BRACKETS = str.maketrans({"〔": "(", "〕": ")", "[": "(", "]": ")", "【": "(", "】": ")"})
_DOTS = str.maketrans(dict.fromkeys("•‧・∙⋅･", "·"))
_UNSEEN = frozenset({"Cc", "Cf"})


def folded_name(name: str) -> str:
    """A name without the spellings that do not matter.

    Compatibility forms (NFKC: full and half width, brackets), kinds of brackets, the dots within names of minorities,
    small letters, blanks and what cannot be seen.

    Args:
        name: as the list or an application bears it.

    Returns:
        Equal for two spellings of one name; to be compared, never shown.
    """
    plain = unicodedata.normalize("NFKC", name.translate(_DOTS)).translate(_BRACKETS)
    kept = (each for each in plain if not each.isspace() and unicodedata.category(each) not in _UNSEEN)
    return "".join(kept).upper()
