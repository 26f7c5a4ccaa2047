"""The folder that travels between the machines of a ceremony, on a stick or otherwise: no secret ever lies in it.

    shares/root-1.json               public record of a share
    courts/420683/                   what a court handed in: issuer.json, key.json
    documents/2.root.json            metadata as drawn up, unsigned
    signatures/2.root/root-1.json    one share's signature of it
    metadata/2.root.json             the signed metadata
    targets/…                        the files that it lists
    transcript/                      one entry for each step; transcript.md and transcript.json put them together

Copies of one folder may be worked on in different places; copied together again, they are one ceremony.
"""

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.publishing.reading import read_published
from xinzheng_issuer.publishing.trust_list.documents import Document, file_role, parse_document
from xinzheng_issuer.publishing.trust_list.shares import PublicShare
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import Limits, loads_object
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_verifier.trust.files import replace_file
from xinzheng_verifier.trust.names import FILE_NAME, target_name

_VERSIONED = re.compile(r"([1-9][0-9]{0,8})\.([a-z]+|province-[0-9]{2}|court-[0-9A-Za-z._-]+)\.json")
_SIGNATURE_JSON = Limits(max_bytes=16_384)
MAX_FILE_BYTES = 8_388_608
"""Octets of one file of a ceremony; as the largest file of a bundle."""


@dataclass(frozen=True, kw_only=True)
class ShareSignature:
    """One share's signature of a document.

    Attributes:
        share: its name.
        key_id: identifier of its key in metadata.
        signature: 64 octets of Ed25519, or DER of ECDSA.
        document: SHA-256 of the unsigned document's file.
        configuration: SHA-256 of the configuration by which it was signed.
        at: when, aware.
    """

    share: str
    key_id: str
    signature: bytes
    document: str
    configuration: str
    at: datetime

    def to_bytes(self) -> bytes:
        """The signature as a file."""
        members = {
            "share": self.share,
            "keyid": self.key_id,
            "signature": b64encode(self.signature).decode("ascii"),
            "document": self.document,
            "configuration": self.configuration,
            "signedAt": format_timestamp(self.at),
        }
        return (json.dumps(members, indent=2) + "\n").encode("utf-8")

    @classmethod
    def parse(cls, data: bytes, *, name: str) -> "ShareSignature":
        """Read a signature file.

        Raises:
            TrustListError: `signature_invalid`.
        """
        try:
            content: Any = loads_object(data, limits=_SIGNATURE_JSON)
            return cls(
                share=content["share"],
                key_id=content["keyid"],
                signature=b64decode(content["signature"], validate=True),
                document=content["document"],
                configuration=content["configuration"],
                at=parse_timestamp(content["signedAt"]),
            )
        except (CodedError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise TrustListError("signature_invalid", name=name) from error


@dataclass(frozen=True, kw_only=True)
class WorkFolder:
    """The travelling folder, beside what is published already.

    Attributes:
        path: the folder.
        published: a folder that holds `metadata/` as it is published; None if nothing is yet.
    """

    path: Path
    published: Path | None = None

    # --- shares and courts --------------------------------------------------------------------------------------------

    def shares(self) -> Mapping[str, PublicShare]:
        """Name → public record of every share in the folder.

        Raises:
            TrustListError: `share_record_invalid`.
        """
        found = [PublicShare.parse(read_file(file), name=file.name) for file in json_files(self.path / "shares")]
        return {record.name: record for record in found}

    def court_files(self, code: str) -> tuple[bytes, PublicShare]:
        """What a court handed in: its issuer document, and the public record of its key, which vouches for that.

        Raises:
            TrustListError: `ceremony_court_missing`, `share_record_invalid`; `ceremony_issuer_unvouched`, the record
                is of another issuer document. One of an earlier release is of none.
        """
        folder = self.path / "courts" / code
        if not (folder / "issuer.json").is_file() or not (folder / "key.json").is_file():
            raise TrustListError("ceremony_court_missing", field=code)
        record = PublicShare.parse(read_file(folder / "key.json"), name=f"courts/{code}/key.json")
        issuer = read_file(folder / "issuer.json")
        if record.issuer not in {"", sha256(issuer)}:
            raise TrustListError("ceremony_issuer_unvouched", field=code)
        return issuer, record

    def target(self, path: str, digest: str) -> bytes | None:
        """A file that metadata lists, in this folder or published; None if it is in neither as it was listed.

        Args:
            path: `courts/420683/issuer.json`.
            digest: its SHA-256 as metadata states it, which may be anything.
        """
        name = target_name(path, digest)
        if not FILE_NAME.fullmatch(name):
            return None
        places = (folder / name for folder in (self.path, self.published) if folder is not None)
        found = (read_file(file) for file in places if file.is_file())
        return next((content for content in found if sha256(content) == digest), None)

    # --- documents, signatures, metadata ------------------------------------------------------------------------------

    def document(self, role: str, version: int) -> tuple[Document, bytes]:
        """A document as it was drawn up, and its bytes.

        Raises:
            TrustListError: `ceremony_document_missing`, `metadata_invalid`.
        """
        name = f"{version}.{role}.json"
        file = self.path / "documents" / name
        if not file.is_file():
            raise TrustListError("ceremony_document_missing", name=f"documents/{name}")
        data = read_file(file)
        return parse_document(data, name=name), data

    def signatures(self, role: str, version: int) -> Iterator[tuple[str, ShareSignature, bytes]]:
        """Name, content and bytes of every signature of a document.

        Raises:
            TrustListError: `signature_invalid`.
        """
        for file in json_files(self.path / "signatures" / f"{version}.{role}"):
            name = file.relative_to(self.path).as_posix()
            data = read_file(file)
            yield name, ShareSignature.parse(data, name=name), data

    def known(self, role: str) -> dict[int, tuple[Document, bytes]]:
        """Version → metadata of a role that lies in this folder or is published, and its bytes; signed or not.

        Raises:
            TrustListError: `metadata_invalid`; `metadata_conflict`, two of one version differ; `ceremony_not_read`.
        """
        found: dict[int, tuple[Document, bytes]] = {}
        for folder in filter(None, (self.published, self.path)):
            for version, file in sorted(versions(folder / "metadata", role).items()):
                data = _read_metadata(file)
                document = parse_document(data, name=file.name)
                if document.signed.version != version:
                    raise TrustListError("metadata_invalid", name=file.name)
                if version in found and found[version][0].signed != document.signed:
                    raise TrustListError("metadata_conflict", name=file.name)
                found[version] = document, data
        return found

    # --- writing ------------------------------------------------------------------------------------------------------

    def write(self, name: str, content: bytes) -> None:
        """Put a file into the folder, whole or not at all.

        Raises:
            TrustListError: `ceremony_not_written`.
        """
        file = self.path / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(file, content)
        except OSError as error:
            raise TrustListError("ceremony_not_written", path=file, reason=error.strerror) from error


def json_files(folder: Path) -> list[Path]:
    """The JSON files of a folder by name, but for hidden ones, which some systems put beside what they copy."""
    return sorted(file for file in folder.glob("*.json") if not file.name.startswith("."))


def versions(folder: Path, role: str) -> dict[int, Path]:
    """Version → file of the metadata of a role in a folder."""
    found = {}
    for file in folder.glob(f"*.{role}.json"):
        match = _VERSIONED.fullmatch(file.name)
        if match is not None and match[2] == role:
            found[int(match[1])] = file
    return found


def metadata_name(document: Document, role: str) -> str:
    """Where the signed metadata of a document lies."""
    return f"metadata/{file_role(document, role)}"


def read_file(path: Path) -> bytes:
    """A file of a ceremony.

    Raises:
        TrustListError: `ceremony_not_read`, also for one that is too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise TrustListError("ceremony_not_read", path=path, reason=error.strerror) from error
    if len(content) > MAX_FILE_BYTES:
        raise TrustListError("ceremony_not_read", path=path, reason=f"> {MAX_FILE_BYTES}")
    return content


def _read_metadata(path: Path) -> bytes:
    """A file that others may have put there, as `read_published` reads it."""
    try:
        return read_published(path, max_bytes=MAX_FILE_BYTES)
    except OSError as error:
        raise TrustListError("ceremony_not_read", path=path, reason=error.strerror or error) from error


def sha256(content: bytes) -> str:
    """Digest as lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()
