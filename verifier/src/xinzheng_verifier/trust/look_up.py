"""Mappings that read what they are asked for."""

from collections.abc import Mapping
from typing import TypeVar

Content = TypeVar("Content", covariant=True)


class LookUp(Mapping[str, Content]):
    """A mapping that reads what it is asked for. It never changes, so a `TrustStore` takes it as it is."""
