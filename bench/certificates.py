"""Different certificates of one court in every form, and bare signature checks to compare with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bench.timing import Work, in_turn
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from interop.keys import Issuer, text_of

from support.issuers import SimulatedCourt
from xinzheng_schemas.contexts import BUNDLED, CREDIT_REPAIR_V1
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import TrustStore, Verifier

COUNT: Final = 100
"""Different certificates of each form: no figure rests on one input that everything remembers."""

BARE: Final = {"p256": "bare check, P-256", "p384": "bare check, P-384", "ed25519": "bare check, Ed25519"}


@dataclass(frozen=True, kw_only=True)
class Form:
    """One row of the table.

    Attributes:
        name: how the row is called.
        key: kind of key.
        mechanism: algorithm or cryptosuite.
        target: most that it may take, as a multiple of the bare P-256 check; None where none is set.
        peer: kind of the peer's work that it is compared with; None if the peer does not do it.
    """

    name: str
    key: str
    mechanism: str
    target: float | None = None
    peer: str | None = None


FORMS: Final = (
    Form(name="vc+jwt, ES256", key="p256", mechanism="ES256", target=1.6, peer="vc-jwt, ES256"),
    Form(name="vc+jwt, ES384", key="p384", mechanism="ES384"),
    Form(name="vc+jwt, EdDSA", key="ed25519", mechanism="EdDSA"),
    Form(name="ecdsa-jcs-2019, P-256", key="p256", mechanism="ecdsa-jcs-2019", target=2.5, peer="ecdsa-jcs-2019"),
    Form(name="ecdsa-jcs-2019, P-384", key="p384", mechanism="ecdsa-jcs-2019"),
    Form(name="eddsa-jcs-2022", key="ed25519", mechanism="eddsa-jcs-2022", peer="eddsa-jcs-2022"),
    Form(name="ecdsa-rdfc-2019, P-256", key="p256", mechanism="ecdsa-rdfc-2019", target=8, peer="ecdsa-rdfc-2019"),
    Form(name="ecdsa-rdfc-2019, P-384", key="p384", mechanism="ecdsa-rdfc-2019"),
    Form(name="eddsa-rdfc-2022", key="ed25519", mechanism="eddsa-rdfc-2022", peer="eddsa-rdfc-2022"),
    Form(name="vc+cose, ES256", key="p256", mechanism="COSE"),
    Form(name="QR symbol, COSE ES256", key="p256", mechanism="QR"),
)


class Supply:
    """What there is to be verified, and the trust to verify it by."""

    def __init__(self) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        self.court = SimulatedCourt(now=now)
        self.issuer = Issuer("did:web:bench.example:did:420683")
        self.lists = self.court.status_lists(revoked=[1], suspended=[2])
        self.credentials = [self.court.credential(self._own(number)) for number in range(COUNT)]
        court = self.court.issuer_document()
        controller = self.issuer.controller_document()
        methods = [[f"{self.issuer.method(key)}{suffix}" for suffix in ("", "-jwk")] for key in self.issuer.keys]
        common = {"usage": "certificate", "state": "active", "validFrom": "2026-01-01T00:00:00Z"}
        keys = [{"methods": names, **common} for names in methods]
        delegates: dict[str, Any] = {"keys": keys, "statusListIssuers": [self.court.did]}
        self.trust = TrustStore.from_documents(
            [court, {**court, "controllerDocument": controller, **delegates}], self.lists
        )

    def _own(self, number: int) -> dict[str, Any]:
        """What makes a certificate another one."""
        begins = self.court.now - timedelta(hours=1, seconds=number)
        entries = self.court.credential()["credentialStatus"]
        return {
            "id": f"urn:uuid:0192f3a1-7c5e-4b8a-9d1e-{number:012x}",
            "certificateNumber": f"{self.court.court_code}-2026-{number:013d}",
            "validFrom": format_timestamp(begins),
            "validUntil": format_timestamp(begins + timedelta(days=181)),
            "credentialSubject": {"masking": {"serial": f"2026屏{number:04d}"}},
            "credentialStatus": [{**entry, "statusListIndex": str(1000 + number)} for entry in entries],
        }

    def inputs(self, form: Form) -> list[bytes]:
        """The certificates in one form."""
        if form.mechanism == "QR":
            return [self.court.issue(self._own(number)).qr.encode() for number in range(COUNT)]
        return [self._signed({**credential, "issuer": self.issuer.did}, form) for credential in self.credentials]

    def _signed(self, credential: Mapping[str, Any], form: Form) -> bytes:
        if form.mechanism == "COSE":
            return self.issuer.message(credential, alg="ES256", key=form.key)
        if "-20" in form.mechanism:
            created = self.court.now
            return text_of(self.issuer.proven(credential, suite=form.mechanism, key=form.key, created=created))
        return self.issuer.token(credential, alg=form.mechanism, key=form.key)

    def work(self) -> dict[str, Work]:
        """The bare checks, and every form judged with trust and status."""
        verifier = Verifier(self.trust)

        def judge(data: bytes) -> object:
            return verifier.report(data, at=self.court.now).verdict

        work = dict(bare_checks())
        for form in FORMS:
            inputs = self.inputs(form)
            codes = {verifier.report(data, at=self.court.now).code for data in inputs}
            assert codes == {"ok"}, (form.name, codes)
            work[form.name] = in_turn(judge, inputs)
        return work

    def told(self) -> dict[str, Any]:
        """What another implementation needs to do the same."""
        mechanisms = {form.peer: form for form in FORMS if form.peer and "-20" in form.mechanism}
        return {
            "credentials": [{**credential, "issuer": self.issuer.did} for credential in self.credentials],
            "documents": {
                name: [data.decode("utf-8") for data in self.inputs(form)] for name, form in mechanisms.items()
            },
            "controllers": {
                self.issuer.did: self.issuer.controller_document(),
                self.court.did: self.court.controller_document(),
            },
            "lists": {one["id"]: one for one in self.lists},
            "contexts": {CREDIT_REPAIR_V1: BUNDLED[CREDIT_REPAIR_V1].document()},
        }


def bare_checks() -> dict[str, Work]:
    """One verification of a short message for each kind of key, everything ready."""
    message = b"x" * 64
    curves = {"p256": (ec.SECP256R1(), hashes.SHA256()), "p384": (ec.SECP384R1(), hashes.SHA384())}
    work: dict[str, Work] = {}
    for name, (curve, digest) in curves.items():
        private, scheme = ec.generate_private_key(curve), ec.ECDSA(digest)
        public, signature = private.public_key(), private.sign(message, scheme)
        work[BARE[name]] = lambda public=public, signature=signature, scheme=scheme: public.verify(  # type: ignore[misc]
            signature, message, scheme
        )
    edwards = ed25519.Ed25519PrivateKey.generate()
    public_key, signed = edwards.public_key(), edwards.sign(message)
    work[BARE["ed25519"]] = lambda: public_key.verify(signed, message)
    return work
