"""What one test vector is, and the courts that the vectors come from."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from support.issuers import NOW, IssuedForms, SimulatedCourt, key_record
from support.mechanisms import SimulatedSigner, with_keys
from support.samples import WANG_ID
from xinzheng_keys import SoftwareSigner
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_schemas.multibase import KeyType
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
        controllers, status_lists: names of documents in `trust/`; a controller may be a did:key or did:jwk.
        identity: full number to compare; synthetic.
        number: certificate number to compare.
        other: name of the vector that is the other form to compare.
        max_status_age, max_clock_skew: as the command line takes them.
        profile: "court" or "vcdm".
        proofs: the suites or algorithms that the policy names.
        unsafe_accept_other_controllers: of the policy.
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
    number: str | None = None
    other: str | None = None
    max_status_age: str | None = None
    max_clock_skew: str | None = None
    profile: str = "court"
    proofs: tuple[str, ...] | None = None
    unsafe_accept_other_controllers: bool = False

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
            "number": self.number,
            "other": self.other,
            "maxStatusAge": self.max_status_age,
            "maxClockSkew": self.max_clock_skew,
            "profile": self.profile,
            "proofs": None if self.proofs is None else list(self.proofs),
            "unsafeAcceptOtherControllers": self.unsafe_accept_other_controllers,
        }


@dataclass
class World:
    """One court that is trusted, another one that is, one that is not; all keys fresh.

    Attributes:
        p256: a key of the court besides its usual one; also that of a did:key.
        p384, ed25519: keys of the court of the other types; trusted where `issuer-keys` is.
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
    p256: SimulatedSigner = field(default_factory=lambda: SimulatedSigner.generate(KeyType.P256))
    p384: SimulatedSigner = field(default_factory=lambda: SimulatedSigner.generate(KeyType.P384))
    ed25519: SimulatedSigner = field(default_factory=lambda: SimulatedSigner.generate(KeyType.ED25519))
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.genuine: IssuedForms = self.court.issue()
        self.documents |= {
            "issuer": self.court.issuer_document(),
            "issuer-other": self.other.issuer_document(),
            "issuer-keys": with_keys(
                self.court.issuer_document(), {"p256": self.p256, "p384": self.p384, "ed25519": self.ed25519}
            ),
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
