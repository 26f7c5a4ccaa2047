"""The JSON-LD contexts that the project bundles, so that none is ever fetched.

VC Data Model 2.0 §B.1 and Data Integrity 1.0 §2.4 ask implementations to treat their context addresses as already
resolved and to check the documents against known digests. A context that is not in `BUNDLED` does not exist here.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.messages import MESSAGES

CREDENTIALS_V2: Final = "https://www.w3.org/ns/credentials/v2"
DATA_INTEGRITY_V2: Final = "https://w3id.org/security/data-integrity/v2"
CREDIT_REPAIR_V1: Final = "https://xinzheng.example/ns/credit-repair/v1"

CREDIT_REPAIR_NAMESPACE: Final = CREDIT_REPAIR_V1 + "#"


class ContextError(CodedError):
    """A bundled document is not the one it should be: `context_altered`."""

    catalogue = MESSAGES


@dataclass(frozen=True)
class BundledContext:
    """One context document that travels with the package.

    Attributes:
        url: the address by which credentials name it.
        sha256: digest of the bundled bytes, lower-case hex.
        known_sha256: digests under which the same JSON is published, `sha256` included; for `relatedResource`
            (VC Data Model 2.0 §5.3), whose digests are over bytes and so depend on white space.
        file_name: name in the package's data folder.
    """

    url: str
    sha256: str
    known_sha256: frozenset[str]
    file_name: str

    def text(self) -> bytes:
        """The bundled bytes.

        Raises:
            ContextError: `context_altered`, the installed file is not the one that was shipped.
        """
        return _checked(self.file_name, self.sha256)

    def document(self) -> dict[str, Any]:
        """A fresh copy of the context document; the caller may change it.

        Raises:
            ContextError: as `text`.
        """
        document: dict[str, Any] = json.loads(self.text())
        return document


@cache
def _checked(file_name: str, sha256: str) -> bytes:
    data = resources.files("xinzheng_schemas").joinpath("data", "contexts", file_name).read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ContextError("context_altered", field=file_name, expected=sha256)
    return data


def _bundled(url: str, file_name: str, sha256: str, *published: str) -> BundledContext:
    return BundledContext(url, sha256, frozenset({sha256, *published}), file_name)


BUNDLED: Final[Mapping[str, BundledContext]] = MappingProxyType(
    {
        context.url: context
        for context in (
            _bundled(
                CREDENTIALS_V2,
                "credentials-v2.jsonld",
                "8a9f494a89ecc51db093e90e84713e07e84d6d9204364a9b3c7868b21751236f",
                # W3C's file, VC Data Model 2.0 §B.1; same JSON, other white space.
                "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
            ),
            _bundled(
                DATA_INTEGRITY_V2,
                "data-integrity-v2.jsonld",
                "0f77743daf5b4e8fc067fc5ba5b21044283053aa717fc6b0219843bed3b00363",
                # W3C's file, Data Integrity 1.0 §2.4; ours without its last line feed.
                "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
            ),
            _bundled(
                CREDIT_REPAIR_V1,
                "credit-repair-v1.jsonld",
                "1da3e9756b0c2c0c656132772ab6faa6ead818ee1525ffeff5b992bf91de5508",
            ),
        )
    }
)
