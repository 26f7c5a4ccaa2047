"""A country in small, as its operators run it: media, ceremonies, provinces, courts and a publisher, all in one folder.

    country = Country(tmp_path)
    country.found()                      # keys of all shares, first root, targets, provinces, courts' contributions
    country.publish()

Media are folders, passphrases differ from share to share; everything is done by the code that operators use.
"""

import copy
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from support.issuers import KEYS_FROM, NOW, SimulatedCourt
from xinzheng_issuer.publishing.bundle import BundlePublisher
from xinzheng_issuer.publishing.repository import Repository
from xinzheng_issuer.publishing.role_keys import RoleSigner
from xinzheng_issuer.publishing.trust_list.ceremony import Step
from xinzheng_issuer.publishing.trust_list.configuration import Reviewed, load_configuration
from xinzheng_issuer.publishing.trust_list.contributions import find_contributions, read_contribution
from xinzheng_issuer.publishing.trust_list.contributor import Contributor
from xinzheng_issuer.publishing.trust_list.published import Published, published
from xinzheng_issuer.publishing.trust_list.publisher import Result, TrustListPublisher
from xinzheng_issuer.publishing.trust_list.shares import key_file, open_share, public_share
from xinzheng_issuer.publishing.trust_list.work_folder import WorkFolder
from xinzheng_verifier.trust.names import sha256_of

HUBEI, GUANGDONG = "42", "44"
COURTS = {"420683": "枣阳市人民法院", "420684": "宜城市人民法院", "440106": "广州市天河区人民法院"}


def passphrase_of(share: str) -> Callable[[], bytes]:
    """Each share has a passphrase of its own."""
    return f"the passphrase of {share}".encode


def publishers_passphrase() -> bytes:
    return b"the passphrase of the publisher"


@dataclass(kw_only=True)
class CourtHouse:
    """One court with its own publication, and what it hands in."""

    court: SimulatedCourt
    publisher: BundlePublisher
    contributor: Contributor
    revoked: set[int] = field(default_factory=set)
    changes: list[tuple[datetime, int, int]] = field(default_factory=list)
    sequence: int = 0

    @classmethod
    def make(cls, folder: Path, code: str, name: str, *, at: datetime) -> "CourtHouse":
        court = SimulatedCourt(name={"zh": name, "en": f"Court {code}"}, region_code=code, now=at)
        passphrase = passphrase_of(code)
        publisher = BundlePublisher.create(
            folder / "public", keys=folder / "keys" / "bundle", passphrase=passphrase, at=at
        )
        contributor = Contributor(
            court=code,
            name=name,
            keys=folder / "keys" / "bundle",
            folder=folder / "contribution",
            repository=Repository(folder / "public"),
            lifetime=timedelta(days=7),
            passphrase=passphrase,
        )
        return cls(court=court, publisher=publisher, contributor=contributor)

    def moved(self, folder: Path) -> "CourtHouse":
        passphrase = self.contributor.passphrase
        keys = folder / "keys" / "bundle"
        return replace(
            self,
            court=replace(self.court, records=dict(self.court.records)),
            revoked=set(self.revoked),
            changes=list(self.changes),
            publisher=BundlePublisher.open(folder / "public", keys=keys, passphrase=passphrase),
            contributor=replace(
                self.contributor,
                keys=keys,
                folder=folder / "contribution",
                repository=Repository(folder / "public"),
            ),
        )

    def targets(self, at: datetime) -> dict[str, bytes]:
        """Issuer document, lists and journals as of a moment, in the next edition."""
        code = self.court.region_code
        self.sequence += 1
        told: set[int] = set()
        for _, index, _ in self.changes:
            told ^= {index}
        self.changes += [(at, index, int(index in self.revoked)) for index in sorted(told ^ self.revoked)]
        lists = {
            purpose: self.court.status_list(
                purpose,
                self.revoked if purpose == "revocation" else (),
                sequence=self.sequence,
                valid_from=at,
                valid_until=at + timedelta(days=30),
            )
            for purpose in ("revocation", "suspension")
        }
        journals = {
            purpose: self.court.status_changes(
                purpose,
                self.changes if purpose == "revocation" else (),
                sequence=self.sequence,
                since=KEYS_FROM,
            )
            for purpose in lists
        }
        folder = f"courts/{code}/status/1"
        return {
            f"courts/{code}/issuer.json": json.dumps(self.court.issuer_document()).encode(),
            **{f"{folder}/{purpose}.json": json.dumps(text).encode() for purpose, text in lists.items()},
            **{f"{folder}/{purpose}.changes.json": json.dumps(text).encode() for purpose, text in journals.items()},
        }

    def vouch(self, folder: Path, issuer: bytes, *, by: RoleSigner | None = None, name: str = "") -> None:
        """Put any issuer document into a folder, with the record by which a key vouches for it; the court's if none."""
        maker, name = self.contributor, name or self.contributor.shares()[-1]
        signer = by or open_share(key_file(maker.keys, name), passphrase=maker.passphrase)
        made = public_share(
            signer,
            name=name,
            role=maker.role,
            holder=maker.name,
            configuration="",
            at=self.court.now,
            issuer=sha256_of(issuer),
        )
        (folder / "issuer.json").write_bytes(issuer)
        (folder / "key.json").write_bytes(made.to_bytes())

    def hand_in(self, out: Path, *, at: datetime, above: int = 0) -> int:
        self.publisher.publish(self.targets(at), at=at)
        return self.contributor.contribute(out, at=at, above=above)


class Country:
    """All operators in one.

    Attributes:
        at: the present moment; move it on.
        roles: sections of the configuration by role, to be changed between ceremonies.
        disowned: what the configuration disowns, likewise.
    """

    def __init__(self, folder: Path, *, at: datetime = NOW, courts: Iterable[str] = COURTS) -> None:
        self.folder, self.at = folder, at
        self.disowned: list[str] = []
        self.houses = {code: CourtHouse.make(folder / "courts" / code, code, COURTS[code], at=at) for code in courts}
        self.roles: dict[str, dict[str, Any]] = {
            "root": self.role(5, "root", threshold=3, version=1, valid_days=730),
            "targets": self.role(3, "targets", threshold=2, version=1, valid_days=365),
            "snapshot": self.role(1, "snapshot", valid_hours=168),
            "timestamp": self.role(1, "timestamp", valid_hours=168),
        }
        for code in sorted({code[:2] for code in self.houses}):
            mine = [court for court in self.houses if court.startswith(code)]
            section = self.role(1, f"province-{code}", version=1, valid_days=90, courts=mine)
            self.roles[f"provinces.{code}"] = section

    def role(self, count: int, role: str, *, start: int = 1, threshold: int = 1, **members: Any) -> dict[str, Any]:
        names = [f"{role}-{number}" for number in range(start, start + count)]
        return {"threshold": threshold, "shares": [self.share(name) for name in names], "leaving": [], **members}

    def share(self, name: str) -> dict[str, str]:
        online = name.startswith(("snapshot", "timestamp"))
        medium = "publisher" if online else f"media/{name}"
        (self.folder / medium).mkdir(parents=True, exist_ok=True)
        return {"name": name, "holder": f"持有人 {name}", "medium": medium}

    def copy(self, folder: Path) -> "Country":
        """The same country in another folder."""
        shutil.copytree(self.folder, folder)
        copied = Country.__new__(Country)
        copied.folder, copied.at, copied.roles = folder, self.at, copy.deepcopy(self.roles)
        copied.disowned = list(self.disowned)
        copied.houses = {code: house.moved(folder / "courts" / code) for code, house in self.houses.items()}
        return copied

    @property
    def incoming(self) -> Path:
        """Where courts hand in."""
        return self.folder / "incoming"

    @property
    def work(self) -> Path:
        """The folder that travels."""
        return self.folder / "work"

    # --- ceremonies ---------------------------------------------------------------------------------------------------

    @property
    def reviewed(self) -> Reviewed:
        """The configuration as it now stands, written to its file and read from there."""
        path = self.folder / "trust-list.toml"
        lines = ['title = "Trust list of the tests"', f"disowned = {_toml(self.disowned)}"]
        for role, section in self.roles.items():
            lines.append(f"[{role}]")
            lines += [f"{name} = {_toml(value)}" for name, value in section.items()]
        path.write_text("\n".join(lines), "utf-8")
        return load_configuration(path)

    def step(self, **options: Any) -> Step:
        published = self.folder / "public"
        folder = WorkFolder(path=self.work, published=published if published.exists() else None)
        return Step(**{"reviewed": self.reviewed, "folder": folder, "at": self.at, **options})

    def make_keys(self) -> None:
        """Every key that is not there yet."""
        reviewed = self.reviewed
        for role, section in reviewed.configuration.roles():
            for share in section.shares:
                if not (reviewed.medium(share) / f"{share.name}.pem").exists():
                    online = role in {"snapshot", "timestamp"}
                    source = publishers_passphrase if online else passphrase_of(share.name)
                    self.step().make_key(share.name, passphrase=source)

    def sign(self, role: str, *, shares: Iterable[str] | None = None) -> None:
        """Draw the document of a role up, sign it by as few as are needed, and put it together."""
        step = self.step()
        section = step.reviewed.section(role)
        self.take_from_courts(role)
        step.draw_up(role)
        leaving = section.leaving if section.version > 1 else ()
        enough = [share.name for share in (*section.shares[: section.threshold], *leaving)]
        for name in enough if shares is None else shares:
            step.sign(role, name, passphrase=passphrase_of(name))
        step.assemble(role)

    def change(self, role: str, **members: Any) -> None:
        """The next version of a role's document has these members of its section."""
        section = self.roles[role.replace("province-", "provinces.")]
        section |= members
        if "version" in section:
            section["version"] += 1

    def rotate(self, role: str) -> None:
        """One new key for a role in place of all it had, which sign once more."""
        section = self.roles[role.replace("province-", "provinces.")]
        number = 1 + max(int(share["name"].rpartition("-")[2]) for share in section["shares"])
        section["leaving"] = section["shares"]
        section["shares"] = [self.share(f"{role}-{number}")]
        section["threshold"] = 1
        self.make_keys()

    def take_from_courts(self, role: str) -> None:
        """What a province gets from its courts lies where the ceremony looks for it."""
        section = dict(self.reviewed.configuration.roles())[role]
        for code in getattr(section, "courts", ()):
            for name in ("issuer.json", "key.json"):
                target = self.work / "courts" / code / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes((self.incoming / code / name).read_bytes())

    def found(self) -> None:
        """From nothing to a first publication's worth of files."""
        self.make_keys()
        self.hand_in()
        self.sign("root")
        self.sign("targets")
        for code in sorted({code[:2] for code in self.houses}):
            self.sign(f"province-{code}")

    # --- publishing ---------------------------------------------------------------------------------------------------

    def hand_in(self, *courts: str) -> None:
        """These courts, or all, hand in what they have."""
        for code in courts or self.houses:
            self.houses[code].hand_in(self.incoming / code, at=self.at)

    @property
    def publisher(self) -> TrustListPublisher:
        folder, reviewed = self.folder / "public", self.reviewed
        return TrustListPublisher(folder, reviewed=reviewed, passphrases=lambda _: publishers_passphrase)

    def publish(self, **options: Any) -> Result:
        """All that was handed in."""
        paths = [path for place in (self.work, self.incoming) for path in find_contributions(place)]
        return self.publisher.publish([read_contribution(path) for path in paths], at=self.at, **options)

    def next_day(self, days: int = 1) -> None:
        self.at += timedelta(days=days)
        for house in self.houses.values():
            house.court.now = self.at

    @property
    def published(self) -> Published:
        """The edition in effect."""
        return published(self.publisher.repository)

    @property
    def bundle(self) -> bytes:
        latest = self.publisher.repository.latest()
        assert latest is not None
        return latest.path.read_bytes()

    @property
    def first_root(self) -> bytes:
        return self.publisher.repository.roots()[1]


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(each)}" for name, each in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
