"""How the files of a trust repository are called: roles, paths of targets, names in consistent snapshots.

    metadata/timestamp.json                    metadata/<version>.<role>.json
    targets/courts/<court>/<sha256>.issuer.json
    targets/courts/<court>/status/<n>/<sha256>.revocation.json, .suspension.json, and .changes.json of each;
                                               a list may be .jwt or .cose instead

Roles: root, timestamp, snapshot, targets, `province-<PP>` and `court-<code>`.
"""

import hashlib
import re
from typing import Final

EXTENT_FILE: Final = "bundle.json"
"""The first file of a bundle: which parts of the repository it carries."""
ISSUER_FILE: Final = "issuer.json"
CHANGES: Final = ".changes.json"
"""How the path of a journal of changes ends; the list that it tells of has `.json`, `.jwt` or `.cose` there."""

MAX_VERSION: Final = 999_999_999
"""The highest version that the name of a metadata file can bear; lenders read no other names."""

_CODE = r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}"
_VERSION = r"[1-9][0-9]{0,8}"
_DELEGATED = rf"province-[0-9]{{2}}|court-{_CODE}"
_METADATA = rf"metadata/(?:timestamp|{_VERSION}\.(?:root|snapshot|targets|{_DELEGATED}))\.json"
_LIST = r"status/[1-9][0-9]{0,8}/"
_LIST_FILE = r"(?:revocation|suspension)\.(?:(?:changes\.)?json|jwt|cose)"
_TARGET = (
    rf"targets/(courts/({_CODE})/)[0-9a-f]{{64}}\.(issuer\.json)"
    rf"|targets/(courts/({_CODE})/{_LIST})[0-9a-f]{{64}}\.({_LIST_FILE})"
)

COURT_CODE: Final = re.compile(_CODE)
"""Code of a court."""
PROVINCE_CODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]?")
"""How the code of a court begins; of a country's courts these are the two digits of the province."""
DELEGATED_ROLE: Final = re.compile(rf"province-(?P<province>[0-9]{{2}})|court-(?P<court>{_CODE})")
"""Name of a delegated role."""
TARGET_PATH: Final = re.compile(rf"courts/(?P<court>{_CODE})/(?:(?P<issuer>issuer\.json)|{_LIST}{_LIST_FILE})")
"""Path of a target file."""
FILE_NAME: Final = re.compile(rf"{EXTENT_FILE}|{_METADATA}|{_TARGET}")
"""Name of a file in a bundle."""
METADATA_FILE: Final = re.compile(rf"metadata/(?:(?P<version>{_VERSION})\.)?(?P<role>[a-z]+|{_DELEGATED})\.json")
"""Name of a metadata file, taken apart."""
COURT_FILE: Final = re.compile(
    rf"targets/courts/(?P<target>{_CODE})/.*|metadata/{_VERSION}\.court-(?P<role>{_CODE})\.json"
)
"""Name of a file that belongs to one court."""
PROVINCE_FILE: Final = re.compile(rf"metadata/{_VERSION}\.province-(?P<province>[0-9]{{2}})\.json")
"""Name of a province's metadata."""
COURT_DID: Final = re.compile(rf"did:.+:(?P<court>(?=[0-9]{{2}}){_CODE})")
"""Identifier of a court: its last segment is the court's code, which begins with that of its province."""

_TARGET_FILE = re.compile(_TARGET)


def target_name(path: str, sha256: str) -> str:
    """Where a consistent snapshot keeps the target of this path (TUF specification, 6.2).

    Args:
        path: such as `courts/420683/issuer.json`.
        sha256: digest of the content, lower-case hexadecimal.
    """
    folder, _, base = path.rpartition("/")
    return f"targets/{folder}/{sha256}.{base}"


def target_path(name: str) -> str | None:
    """The path that the file of this name has as a target; None if it is none."""
    match = _TARGET_FILE.fullmatch(name)
    if match is None:
        return None
    issuer_folder, _, issuer, folder, _, base = match.groups()
    return f"{issuer_folder or folder}{issuer or base}"


def court_of(name: str) -> str | None:
    """The court that a file of this name belongs to; None if it belongs to no one court."""
    match = COURT_FILE.fullmatch(name)
    return (match["target"] or match["role"]) if match else None


def province_of(name: str) -> str | None:
    """The province whose metadata has this name; None if it is other than that."""
    match = PROVINCE_FILE.fullmatch(name)
    return match["province"] if match else None


def sha256_of(content: bytes) -> str:
    """Digest as lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()
