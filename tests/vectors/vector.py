"""What one test vector is, and the courts that the vectors come from."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from support.issuers import NOW, IssuedForms, SimulatedCourt, key_record
from support.samples import WANG_ID
from xinzheng_keys import SoftwareSigner
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.trust_documents import KeyUsage

INDEX = 94567
"""Status index of every certificate of the simulated court."""


@dataclass(frozen=True, kw_only=True)
class Vector:
    """One input and what must come of it.

    Attributes:
        name: path of the file below `files/`; begins with number and name of the deciding step.
        data: the input.
        code: reason code of the deciding step.
        attack: what is wrong, in one line; empty for a good one.
        verdict: "passed", "failed" or "indeterminate".
        at: the moment asked about.
        controllers, status_lists: names of documents in `trust/`.
        identity: full number to compare; synthetic.
        max_status_age: as the command line takes it.
        profile: "court" or "vcdm".
    """

    name: str
    data: bytes
    code: str
    attack: str
    verdict: str = "failed"
    at: datetime = NOW
    controllers: tuple[str, ...] = ("issuer", "issuer-other")
    status_lists: tuple[str, ...] = ("revocation", "suspension")
    identity: str | None = None
    max_status_age: str | None = None
    profile: str = "court"

    @property
    def step(self) -> int | None:
        """Number of the deciding step; None for a good one."""
        head = self.name.partition("-")[0]
        return int(head) if head.isdigit() else None

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.name,
            "attack": self.attack,
            "verdict": self.verdict,
            "code": self.code,
            "step": self.step,
            "at": format_timestamp(self.at),
            "controllers": list(self.controllers),
            "statusLists": list(self.status_lists),
            "identity": self.identity,
            "maxStatusAge": self.max_status_age,
            "profile": self.profile,
        }


@dataclass
class World:
    """One court that is trusted, another one that is, one that is not; all keys fresh.

    Attributes:
        documents: trust documents by name.
    """

    court: SimulatedCourt = field(default_factory=SimulatedCourt)
    other: SimulatedCourt = field(
        default_factory=lambda: SimulatedCourt(
            name={"zh": "襄阳市樊城区人民法院", "en": "Fancheng District People's Court"},
            court_code="鄂0606",
            region_code="420606",
        )
    )
    stranger: SimulatedCourt = field(default_factory=lambda: SimulatedCourt(host="look-alike.example"))
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.genuine: IssuedForms = self.court.issue()
        self.documents |= {
            "issuer": self.court.issuer_document(),
            "issuer-other": self.other.issuer_document(),
            "revocation": self.court.status_list("revocation"),
            "suspension": self.court.status_list("suspension"),
        }

    @property
    def certificate_signer(self) -> SoftwareSigner:
        return self.court.certificate_signer

    def with_certificate_key(self, name: str, **changes: Any) -> str:
        """A trust document that says something else of the certificate key; its name."""
        record: KeyRecord = replace(
            key_record("cert-1", KeyUsage.CERTIFICATE, self.court.certificate_signer), **changes
        )
        court = replace(self.court, records={"cert-1": record, "status-1": self.court.records["status-1"]})
        self.documents[name] = court.issuer_document()
        return name

    def status_list(self, name: str, document: dict[str, Any]) -> str:
        """A status list among the trust documents; its name."""
        self.documents[name] = document
        return name


def good(world: World) -> list[Vector]:
    """Nothing wrong with any of them."""
    forms = world.genuine
    inputs = {
        "good.json": forms.json_text,
        "good.jwt": forms.jwt.encode(),
        "good.qr.txt": forms.qr.encode(),
        "good-with-line-feed.jwt": forms.jwt.encode() + b"\n",
        "good-with-line-feed.qr.txt": forms.qr.encode() + b"\r\n",
    }
    vectors = [
        Vector(name=name, data=data, code="ok", attack="", verdict="passed", identity=WANG_ID, max_status_age="24h")
        for name, data in inputs.items()
    ]
    vectors.append(
        Vector(
            name="good-last-second.json",
            data=world.court.issue({"validUntil": format_timestamp(NOW), "validFrom": format_timestamp(NOW)}).json_text,
            code="ok",
            attack="",
            verdict="passed",
        )
    )
    return vectors
