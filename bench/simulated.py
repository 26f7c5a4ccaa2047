"""A country's trust list, made with python-tuf's own classes: provinces, courts, lists, journals, days that pass."""

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from securesystemslib.signer import CryptoSigner, Key
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from support.issuers import SimulatedCourt
from xinzheng_issuer.issuing.forms import sign_data_integrity
from xinzheng_issuer.publishing.status_lists import ENTRIES, status_list_credential
from xinzheng_schemas.contexts import CREDENTIALS_V2, CREDIT_REPAIR_V1
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier.trust.names import sha256_of, target_name
from xinzheng_verifier.trust.tuf_workflow import PUBLISHED_AT

Signed = TypeVar("Signed", Root, Timestamp, Snapshot, Targets)

PROVINCES: Final = (
    "11 京, 12 津, 13 冀, 14 晋, 15 内, 21 辽, 22 吉, 23 黑, 31 沪, 32 苏, 33 浙, 34 皖, 35 闽, 36 赣, 37 鲁, 41 豫, "
    "42 鄂, 43 湘, 44 粤, 45 桂, 46 琼, 50 渝, 51 川, 52 贵, 53 云, 54 藏, 61 陕, 62 甘, 63 青, 64 宁, 65 新"
)
"""Codes of GB/T 2260 and how case numbers abbreviate the provinces."""
CERTIFICATES_EACH: Final = 4_000
REVOKED_SHARE: Final = 0.05
HISTORY: Final = timedelta(days=180)
CHANGES_A_DAY_EACH: Final = 3_835 / 3_500
NOW: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_PURPOSES: Final = ("revocation", "suspension")
_NAMES: Final = "安宁江山林海河阳州城德清泰和永康新平昌兴东西南北云石龙凤泉溪"
_SYLLABLES: Final = ("an", "ning", "jiang", "shan", "lin", "hai", "he", "yang", "zhou", "cheng", "de", "qing", "tai")


@dataclass(kw_only=True)
class Court:
    """One court, its keys and its lists.

    Attributes:
        code: as its folder and its role are called.
        changes: purpose → what was set: moment and index, in order of time.
        version: of its metadata.
        targets: path → content.
        metadata: its signed metadata.
    """

    code: str
    documents: SimulatedCourt
    key: CryptoSigner = field(default_factory=CryptoSigner.generate_ed25519)
    changes: dict[str, list[tuple[datetime, int]]]
    sequence: dict[str, int] = field(default_factory=dict)
    version: int = 0
    targets: dict[str, bytes] = field(default_factory=dict)
    metadata: bytes = b""

    @property
    def role(self) -> str:
        """Name of its role."""
        return f"court-{self.code}"


class Country:
    """Everything that is published; `files` is the present edition, `day` goes on to the next.

    Args:
        courts: how many.
        seed: of indexes, moments and names; keys are new each time.
    """

    entries = ENTRIES
    seconds = int(HISTORY.total_seconds())
    revoked_each = int(CERTIFICATES_EACH * REVOKED_SHARE)

    def __init__(self, *, courts: int, seed: int = 0) -> None:
        self.at, self.version, self.changed_lists = NOW, 1, 0
        self._random = random.Random(seed)  # noqa: S311 - a simulation
        self._top = {role: CryptoSigner.generate_ed25519() for role in ("root", "targets", "snapshot", "timestamp")}
        provinces = dict(one.split() for one in PROVINCES.split(", "))
        self._provinces = {code: CryptoSigner.generate_ed25519() for code in provinces}
        names = [*provinces.items()]
        self.courts = [self._court(number // len(names), *names[number % len(names)]) for number in range(courts)]
        for court in self.courts:
            self._publish_lists(court, _PURPOSES)
            self._attest(court)
        self._fixed = self._country()

    @property
    def root(self) -> bytes:
        """What a lender starts from."""
        return self._fixed["metadata/1.root.json"]

    def files(self) -> dict[str, bytes]:
        """The repository: name → content."""
        files = dict(self._fixed)
        meta = {"targets.json": MetaFile.from_data(1, files["metadata/1.targets.json"], ["sha256"])}
        meta |= {f"province-{code}.json": MetaFile(1) for code in self._provinces}
        for court in self.courts:
            meta[f"{court.role}.json"] = MetaFile(court.version)
            files[f"metadata/{court.version}.{court.role}.json"] = court.metadata
            for path, content in court.targets.items():
                files[target_name(path, sha256_of(content))] = content
        snapshot = signed(Snapshot(version=self.version, expires=self.at + 7 * _DAY, meta=meta), self._top["snapshot"])
        timestamp = Timestamp(
            version=self.version,
            expires=self.at + 7 * _DAY,
            snapshot_meta=MetaFile.from_data(self.version, snapshot, ["sha256"]),
            unrecognized_fields={PUBLISHED_AT: format_timestamp(self.at)},
        )
        files[f"metadata/{self.version}.snapshot.json"] = snapshot
        files["metadata/timestamp.json"] = signed(timestamp, self._top["timestamp"])
        return files

    def day(self) -> int:
        """A day passes: some certificates are revoked, and every court attests anew.

        Returns:
            How many were revoked.
        """
        begins, self.at, self.version = self.at, self.at + _DAY, self.version + 1
        changes = round(CHANGES_A_DAY_EACH * len(self.courts))
        changed = [self._random.choice(self.courts) for _ in range(changes)]
        moments = sorted(begins + timedelta(seconds=self._random.randrange(86_400)) for _ in changed)
        for court, moment in zip(changed, moments, strict=True):
            known = {index for _, index in court.changes["revocation"]}
            index = next(i for i in iter(lambda: self._random.randrange(ENTRIES), -1) if i not in known)
            court.changes["revocation"].append((moment, index))
        for court in {court.code: court for court in changed}.values():
            self._publish_lists(court, ["revocation"])
        for court in self.courts:
            self._attest(court)
        self.changed_lists = len({court.code for court in changed})
        return changes

    def _court(self, number: int, province: str, letter: str) -> Court:
        code = f"{province}{number // 12 + 1:02d}{number % 12 + 21:02d}"
        chinese = "".join(self._random.choices(_NAMES, k=2))
        english = "".join(self._random.choices(_SYLLABLES, k=2)).capitalize()
        name = {"zh": f"{chinese}县人民法院", "en": f"{english} County People's Court"}
        documents = SimulatedCourt(name=name, court_code=f"{letter}{code[2:]}", region_code=code, now=self.at)
        indexes = self._random.sample(range(ENTRIES), self.revoked_each)
        seconds = sorted(self._random.sample(range(self.seconds), self.revoked_each))
        moments = [self.at - HISTORY + timedelta(seconds=second) for second in seconds]
        court = Court(
            code=code,
            documents=documents,
            changes={"revocation": [*zip(moments, indexes, strict=True)], "suspension": []},
        )
        court.targets[f"courts/{code}/issuer.json"] = text(documents.issuer_document())
        return court

    def _publish_lists(self, court: Court, purposes: Any) -> None:
        for purpose in purposes:
            changes = court.changes[purpose]
            sequence = court.sequence[purpose] = court.sequence.get(purpose, len(changes)) + 1
            made = changes[-1][0] if changes else self.at - timedelta(seconds=self._random.randrange(86_400))
            documents = court.documents
            url = documents.status_url(purpose)
            credential = status_list_credential(
                (index for _, index in changes),
                url=url,
                issuer=documents.did,
                purpose=purpose,
                sequence=sequence,
                valid_from=made,
                valid_until=made + 90 * _DAY,
            )
            journal = {
                "@context": [CREDENTIALS_V2, CREDIT_REPAIR_V1],
                "id": f"{url}#changes",
                "type": "StatusListChanges",
                "issuer": documents.did,
                "list": url,
                "sequence": sequence,
                "since": format_timestamp(NOW - HISTORY),
                "changes": [[int(moment.timestamp()), index, 1] for moment, index in changes],
            }
            path = f"courts/{court.code}/status/1/{purpose}"
            for name, document in ((f"{path}.json", credential), (f"{path}.changes.json", journal)):
                method = documents.method("status-1")
                proven = sign_data_integrity(
                    document, documents.status_signer, verification_method=method, created=made
                )
                court.targets[name] = text(proven)

    def _attest(self, court: Court) -> None:
        court.version += 1
        made = self.at - timedelta(seconds=self._random.randrange(86_400))
        lists = {path: content for path, content in court.targets.items() if not path.endswith("issuer.json")}
        targets = Targets(
            version=court.version,
            expires=made + 14 * _DAY,
            targets=listed(lists),
            unrecognized_fields={PUBLISHED_AT: format_timestamp(made)},
        )
        court.metadata = signed(targets, court.key)

    def _country(self) -> dict[str, bytes]:
        """What does not change from day to day: root, the country's targets, the provinces."""
        root = Root(version=1, expires=self.at + 365 * _DAY, consistent_snapshot=True)
        for role, key in self._top.items():
            root.add_key(key.public_key, role)
        entrusted = {
            f"province-{code}": (key, [f"courts/{code}*/issuer.json", f"courts/{code}*/status/*/*"])
            for code, key in self._provinces.items()
        }
        targets = Targets(version=1, expires=self.at + 90 * _DAY, delegations=delegations(entrusted))
        files = {
            "metadata/1.root.json": signed(root, self._top["root"]),
            "metadata/1.targets.json": signed(targets, self._top["targets"]),
        }
        for code, key in self._provinces.items():
            courts = [court for court in self.courts if court.code.startswith(code)]
            issuers = {path: court.targets[path] for court in courts for path in [f"courts/{court.code}/issuer.json"]}
            below = {court.role: (court.key, [f"courts/{court.code}/status/*/*"]) for court in courts}
            province = Targets(
                version=1, expires=self.at + 90 * _DAY, targets=listed(issuers), delegations=delegations(below)
            )
            files[f"metadata/1.province-{code}.json"] = signed(province, key)
        return files


def signed(content: Signed, key: CryptoSigner) -> bytes:
    """One metadata file."""
    metadata = Metadata(content)
    metadata.sign(key)
    return metadata.to_bytes()


def listed(contents: dict[str, bytes]) -> dict[str, TargetFile]:
    """What targets metadata says of files: path → length and digest."""
    return {path: TargetFile.from_data(path, content, ["sha256"]) for path, content in contents.items()}


def delegations(entrusted: dict[str, tuple[CryptoSigner, list[str]]]) -> Delegations:
    """Roles with one key each: name → key and paths."""
    keys: dict[str, Key] = {key.public_key.keyid: key.public_key for key, _ in entrusted.values()}
    roles = {
        name: DelegatedRole(name, [key.public_key.keyid], 1, terminating=True, paths=paths)
        for name, (key, paths) in entrusted.items()
    }
    return Delegations(keys, roles)


def text(document: dict[str, Any]) -> bytes:
    """JSON as it is published."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
