"""Mappings that read what they are asked for."""

from collections.abc import Mapping
from typing import TypeVar

Content_co = TypeVar("Content_co", covariant=True)


class LookUp(Mapping[str, Content_co]):
    """A mapping that reads what it is asked for. It never changes, so a `TrustStore` takes it as it is."""
