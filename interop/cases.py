"""What is exchanged: certificates by us and by others, genuine, revoked, suspended, and with one byte changed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any, Final

import cbor2
from interop import divergences
from interop.changes import CHANGES
from interop.exchange import JSON, Case, Exchange
from interop.keys import Issuer, text_of

from support.issuers import SimulatedCourt
from xinzheng_schemas.contexts import BUNDLED
from xinzheng_schemas.qr_profile import to_claims
from xinzheng_verifier import TrustStore, Verifier

KNOWS_RDFC: Final = find_spec("xinzheng_verifier.secure.rdf") is not None
OURS: Final = "ours"
STATUSES: Final = {"revocation": 4211, "suspension": 4212}
"""Index of the certificate that is revoked, and of the one that is suspended."""

_KEYS: Final = {"p256": "P-256", "p384": "P-384", "ed25519": "Ed25519"}
_SUITES: Final = {
    "ecdsa-jcs-2019": ("p256", "p384"),
    "eddsa-jcs-2022": ("ed25519",),
    "ecdsa-rdfc-2019": ("p256", "p384"),
    "eddsa-rdfc-2022": ("ed25519",),
}
_TOKENS: Final = (("ES256", "p256"), ("ES384", "p384"), ("EdDSA", "ed25519"), ("Ed25519", "ed25519"))
_MESSAGES: Final = (("ES256", "p256"), ("ES384", "p384"), ("EdDSA", "ed25519"))
_SUFFIXES: Final = {"document": "json", "token": "jwt", "message": "cose", "symbol": "qr.txt"}


class Ours:
    """A court by the issuing code, and an issuer with keys of every kind, both trusted.

    Args:
        exchange: takes up what they make.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.court = SimulatedCourt(now=self.now)
        self.issuer = Issuer("did:web:interop.example:did:420683")
        self.documents = [self.court.issuer_document(), self.trusted(self.issuer.controller_document())]
        exchange.controllers |= {
            self.court.did: self.court.controller_document(),
            self.issuer.did: self.issuer.controller_document(),
        }
        exchange.contexts |= {url: context.document() for url, context in BUNDLED.items()}
        exchange.lists |= {str(one["id"]): one for one in self._lists()}

    def _lists(self) -> Iterator[JSON]:
        """Both lists, and a pair of which one has a byte changed."""
        for purpose, index in STATUSES.items():
            yield self.court.status_list(purpose, [index])
            spoiled = self.court.status_list(purpose, number=2)
            if purpose == "revocation":
                subject = spoiled["credentialSubject"]
                digit = subject["sequence"]
                spoiled = {**spoiled, "credentialSubject": {**subject, "sequence": digit + 1}}
            yield spoiled

    def trusted(self, controller: JSON, usages: dict[str, str] | None = None) -> JSON:
        """An issuer document around a controller document of another; the court's lists count as its own."""
        by_key: dict[str, list[str]] = {}
        for method in controller["verificationMethod"]:
            fragment = method["id"].partition("#")[2].removesuffix("-jwk")
            by_key.setdefault(fragment, []).append(method["id"])
        entries = [
            {
                "methods": methods,
                "usage": (usages or {}).get(fragment, "certificate"),
                "state": "active",
                "validFrom": "2026-01-01T00:00:00Z",
            }
            for fragment, methods in by_key.items()
        ]
        court = self.court.issuer_document()
        return {**court, "controllerDocument": controller, "keys": entries, "statusListIssuers": [self.court.did]}

    def material(self) -> JSON:
        """The unsigned certificate that others sign, and its claims in CBOR."""
        credential = self.court.credential()
        # Addresses of lists that do not follow from the issuer's name are written out: any issuer may sign them.
        claims = to_claims({**credential, "issuer": "did:web:anybody.example"}, court=None)
        return {"credential": credential, "claims": cbor2.dumps(claims, canonical=True).hex()}

    def trust(self) -> TrustStore:
        """Everybody who takes part is trusted."""
        return TrustStore.from_documents(self.documents, [*self.exchange.lists.values()])

    def add_own(self) -> None:
        """Everything that our side signs."""
        for case, data in [*self._by_the_court(), *self._by_the_issuer()]:
            self.add(case, data)

    def add(self, case: Case, data: bytes) -> None:
        """A case, and where it is genuine its two changed copies."""
        self.exchange.add(case, data)
        if case.genuine:
            for change, spoil in CHANGES[case.form].items():
                spoiled = replace(case, name=_changed_name(case.name, change), genuine=False, change=change)
                self.exchange.add(spoiled, spoil(data))

    def _by_the_court(self) -> Iterator[tuple[Case, bytes]]:
        forms = self.court.issue()
        common: dict[str, Any] = {"maker": OURS, "key_type": "P-256", "controller": self.court.did}
        method = self.court.method("cert-1")
        inputs: tuple[tuple[str, str, str, bytes], ...] = (
            ("document", "ecdsa-jcs-2019", method, forms.json_text),
            ("token", "ES256", f"{method}-jwk", forms.jwt.encode()),
            ("symbol", "ES256", self.court.certificate_signer.kid.hex(), forms.qr.encode()),
        )
        for form, mechanism, name, data in inputs:
            file = f"court/good-{mechanism}.{_SUFFIXES[form]}"
            yield Case(name=file, form=form, mechanism=mechanism, method=name, **common), data
        for change, overrides in self._not_in_force().items():
            changed = Case(
                name=f"court/{change}-ecdsa-jcs-2019.json",
                form="document",
                mechanism="ecdsa-jcs-2019",
                method=method,
                genuine=False,
                change=change,
                **common,
            )
            yield changed, self.court.issue(overrides).json_text

    def _not_in_force(self) -> dict[str, JSON]:
        """What to change in a certificate that must be refused for what it says, by kind of fault."""
        entries = self.court.credential()["credentialStatus"]
        faults: dict[str, JSON] = {
            change: {"credentialStatus": [{**entry, "statusListIndex": str(index)} for entry in entries]}
            for change, index in STATUSES.items()
        }
        other = [
            {**entry, "statusListCredential": self.court.status_url(entry["statusPurpose"], number=2)}
            for entry in entries
        ]
        faults["list"] = {"credentialStatus": other}
        faults["expired"] = {"validFrom": "2026-02-01T00:00:00Z", "validUntil": "2026-03-01T00:00:00Z"}
        return faults

    def _by_the_issuer(self) -> Iterator[tuple[Case, bytes]]:
        credential = self.court.credential({"issuer": self.issuer.did})
        for suite, keys in _SUITES.items():
            for key in keys if KNOWS_RDFC or "rdfc" not in suite else ():
                document = self.issuer.proven(credential, suite=suite, key=key, created=self.now)
                yield self._case("document", suite, key), text_of(document)
        for algorithm, key in _TOKENS:
            yield self._case("token", algorithm, key), self.issuer.token(credential, alg=algorithm, key=key)
        for algorithm, key in _MESSAGES:
            yield self._case("message", algorithm, key), self.issuer.message(credential, alg=algorithm, key=key)

    def _case(self, form: str, mechanism: str, key: str) -> Case:
        method = self.issuer.method(key)
        return Case(
            name=f"issuer/good-{mechanism}-{key}.{_SUFFIXES[form]}",
            maker=OURS,
            form=form,
            mechanism=mechanism,
            key_type=_KEYS[key],
            controller=self.issuer.did,
            method=method if form == "document" else f"{method}-jwk",
        )

    def add_made(self, maker: str) -> None:
        """What another implementation signed; it becomes trusted with the controller document that it brings."""
        made = self.exchange.made_by(maker)
        controller = made["controller"]
        self.exchange.controllers[controller["id"]] = controller
        self.exchange.lists |= made.get("lists", {})
        self.documents.append(self.trusted(controller, {"status": "status"}))
        for number, one in enumerate(made["made"]):
            change = one.get("change", "")
            if "rdfc" in one["mechanism"] and not KNOWS_RDFC:
                continue
            case = Case(
                name=f"{maker}/{number}-{change or 'good'}-{one['mechanism']}.{_SUFFIXES[one['form']]}",
                maker=maker,
                form=one["form"],
                mechanism=one["mechanism"],
                key_type=one["key_type"],
                controller=controller["id"],
                method=one["method"],
                genuine=not change,
                change=change,
            )
            self.add(case, bytes.fromhex(one["hex"]) if "hex" in one else one["text"].encode())

    def trust_strange(self) -> None:
        """The court and the issuer of the strange inputs are trusted too; the court's lists speak for both."""
        documents = divergences.trust()
        court = documents["court"]
        own = court["controllerDocument"]["id"]
        [controller] = [one for did, one in documents["controllers"].items() if did != own]
        self.documents += [court, {**self.trusted(controller), "statusListIssuers": [own]}]

    def answers(self) -> dict[str, JSON]:
        """The verifier's own answer to every case."""
        verifier = Verifier(self.trust())
        found: dict[str, JSON] = {}
        for case in self.exchange.cases:
            report = verifier.report(self.exchange.path(case).read_bytes(), at=datetime.now(UTC))
            answer = "accepted" if report.code == "ok" else "refused"
            found[case.name] = {"answer": answer, "reason": report.code}
        return found


def _changed_name(name: str, change: str) -> str:
    folder, _, file = name.rpartition("/")
    return f"{folder}/{change}-{file}"
