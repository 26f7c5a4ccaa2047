"""The JSON Schemas (draft 2020-12) that the project bundles, by their `$id`."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.messages import MESSAGES

CREDIT_REPAIR_SCHEMA_ID: Final = "https://xinzheng.example/schemas/credit-repair/v1"

REPORT_SCHEMA_ID: Final = "https://xinzheng.example/schemas/report/v1"
"""What a verifier answers, see docs/reference/report.md."""

_FILES: Final[Mapping[str, str]] = MappingProxyType(
    {CREDIT_REPAIR_SCHEMA_ID: "credit-repair-v1.schema.json", REPORT_SCHEMA_ID: "report-v1.schema.json"}
)


class JSONSchemaError(CodedError):
    """No such schema is bundled: `schema_unknown`."""

    catalogue = MESSAGES


def document(identifier: str) -> dict[str, Any]:
    """A fresh copy of a bundled schema.

    Args:
        identifier: its `$id`; that of the certificate is what credentials name in `credentialSchema.id`.

    Returns:
        The schema; the caller may change it.

    Raises:
        JSONSchemaError: `schema_unknown`.
    """
    if identifier not in _FILES:
        raise JSONSchemaError("schema_unknown", identifier=identifier)
    schema: dict[str, Any] = json.loads(_data(_FILES[identifier]))
    return schema


@cache
def _data(file_name: str) -> bytes:
    return resources.files("xinzheng_schemas").joinpath("data", "schemas", file_name).read_bytes()
