"""Inputs about which implementations disagree: genuinely signed, and yet strange. What each answers is on record.

    PYTHONPATH=tests python -m interop.divergences        writes the inputs anew, with fresh keys, into vectors/
    PYTHONPATH=tests python -m interop.run --record       puts down what everybody answers now

`vectors/manifest.json` says of each input what it is, which code our verifier gives, and who accepts it. The inputs are
in force for twenty years, so that the record stays comparable.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import cbor2
from interop.exchange import JSON, Case, Exchange
from interop.keys import Issuer, text_of

from support.issuers import SimulatedCourt, forged_proof, qr_text
from xinzheng_schemas import base64url
from xinzheng_schemas.qr_profile import to_claims
from xinzheng_schemas.timestamps import format_timestamp

MAKER: Final = "divergence"
FOLDER: Final = Path(__file__).resolve().parent / "vectors"
MANIFEST: Final = FOLDER / "manifest.json"
TRUST: Final = FOLDER / "trust.json"

_MADE: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_LONG: Final = timedelta(days=7300)
_UNTIL: Final = format_timestamp(_MADE + _LONG)

Made = Iterator[tuple[str, str, str, bytes]]
"""Name, mechanism, what it is, data."""


class Strange:
    """Writes the inputs: one court with its lists, one issuer with keys of every kind."""

    def __init__(self) -> None:
        self.court = SimulatedCourt(host="strange.example", now=_MADE)
        self.issuer = Issuer("did:web:issuer.strange.example:did:420683")
        self.lists: dict[str, JSON] = {}
        for number in (1, 2, 3):
            for purpose in ("revocation", "suspension"):
                self._publish(purpose, number)
        self.credential = self.court.credential({"issuer": self.issuer.did, "validUntil": _UNTIL})

    def _publish(self, purpose: str, number: int) -> None:
        """List 1 is in order, list 2 is too short to hide anybody, list 3 was to be fetched anew after five minutes."""
        settings: dict[int, dict[str, Any]] = {
            2: {"entries": 65_536},
            3: {"overrides": {"credentialSubject": {"ttl": 300_000}}},
        }
        made = self.court.status_list(purpose, number=number, valid_until=_MADE + _LONG, **settings.get(number, {}))
        self.lists[made["id"]] = made

    def all(self) -> Made:
        """All inputs."""
        yield from self._tokens()
        yield from self._documents()
        yield from self._symbols()

    # --- tokens -------------------------------------------------------------------------------------------------------

    def _token(self, payload: Mapping[str, Any] | bytes | None = None, **header: Any) -> bytes:
        return self.issuer.token(self.credential if payload is None else payload, alg="ES256", key="p256", **header)

    def _tokens(self) -> Made:
        text = text_of(self.credential)
        twice = text.replace(b'"certificateNumber":', b'"certificateNumber":"another","certificateNumber":', 1)
        header, payload, signature = self._token().split(b".")
        spare = base64url.encode(base64url.decode(signature)).encode()
        last = {ord(b"A"): b"B", ord(b"Q"): b"R", ord(b"g"): b"h", ord(b"w"): b"x"}[spare[-1]]
        jwk = self.issuer.keys["p256"].jwk
        further = {**self.credential, "vc": {"type": ["VerifiableCredential"]}}
        late = {**self.credential, "nbf": 4_000_000_000}
        yield "member-twice.jwt", "ES256", "a member of the payload stands twice", self._token(twice)
        yield "nan.jwt", "ES256", "NaN as a value of the payload", self._token(_with(text, b'"nan":NaN'))
        yield "surrogate.jwt", "ES256", "half of a surrogate pair in a text", self._token(_with(text, rb'"x":"\ud800"'))
        yield (
            "integer.jwt",
            "ES256",
            "an integer that no double holds",
            self._token(_with(text, b'"x":9007199254740993')),
        )
        yield "padding.jwt", "ES256", "the signature padded with ==", b".".join((header, payload, signature + b"=="))
        unused = b".".join((header, payload, spare[:-1] + last))
        yield "unused-bits.jwt", "ES256", "bits set that base64url does not use", unused
        yield (
            "key-address.jwt",
            "ES256",
            "the header names an address for keys (jku)",
            self._token(jku="https://evil.example"),
        )
        yield "own-key.jwt", "ES256", "the header brings its own key (jwk)", self._token(jwk=jwk)
        yield "vc-claim.jwt", "ES256", "a vc claim beside the credential", self._token(further)
        yield "not-before.jwt", "ES256", "nbf in the year 2096", self._token(late)

    # --- documents ----------------------------------------------------------------------------------------------------

    def _jcs(self, changes: Mapping[str, Any] | None = None, **options: Any) -> bytes:
        credential = {**self.credential, **(changes or {})}
        return text_of(self.issuer.proven(credential, suite="ecdsa-jcs-2019", key="p256", created=_MADE, **options))

    def _forged(self, credential: Mapping[str, Any], **changes: Any) -> JSON:
        """A proof of exactly these options; None takes one away."""
        options = {
            "type": "DataIntegrityProof",
            "cryptosuite": "ecdsa-jcs-2019",
            "created": format_timestamp(_MADE),
            "verificationMethod": self.issuer.method("p256"),
            "proofPurpose": "assertionMethod",
            "@context": credential["@context"],
            **changes,
        }
        options = {name: value for name, value in options.items() if value is not None}
        return forged_proof(credential, options, self.issuer.keys["p256"])  # type: ignore[arg-type]

    def _documents(self) -> Made:
        suite = "ecdsa-jcs-2019"
        bare = self._forged(self.credential)
        del bare["proof"]["@context"]
        yield (
            "context-left-out.json",
            suite,
            "the proof does not bear the context that it was signed with",
            text_of(bare),
        )
        context = self.credential["@context"]
        longer = {**self._forged({**self.credential, "@context": context[:1]}), "@context": context}
        yield (
            "context-appended.json",
            suite,
            "a context appended after signing (vc-di-ecdsa 3.3.2 allows it)",
            text_of(longer),
        )
        subject = {**self.credential["credentialSubject"], "creditworthy": True}
        yield "unknown-term.json", suite, "a term that no context explains", self._jcs({"credentialSubject": subject})
        yield "created-later.json", suite, "a proof from the year 2040", self._later()
        yield (
            "created-no-date.json",
            suite,
            "created is no date",
            text_of(self._forged(self.credential, created="yesterday")),
        )
        answered = text_of(self._forged(self.credential, challenge="c", domain="bank.example"))
        yield "challenge.json", suite, "a proof that answers somebody's challenge", answered
        two = [self.issuer.proven(self.credential, suite=suite, key="p256", created=_MADE)["proof"] for _ in range(2)]
        two[1] = {**two[1], "proofValue": two[0]["proofValue"][:-4] + "1111"}
        yield (
            "second-proof-wrong.json",
            suite,
            "two proofs, the second one wrong",
            text_of({**self.credential, "proof": two}),
        )
        yield "no-zone.json", suite, "validFrom without a time zone", self._jcs({"validFrom": "2026-11-23T08:00:00"})
        yield "list-too-short.json", suite, "a status list of 65,536 entries", self._jcs(self._status(2))
        yield "list-ttl-over.json", suite, "a status list whose ttl is over", self._jcs(self._status(3))
        entries = [
            {**entry, "statusListIndex": int(entry["statusListIndex"])} for entry in self._status(1)["credentialStatus"]
        ]
        yield "index-number.json", suite, "a status index that is a number", self._jcs({"credentialStatus": entries})

    def _later(self) -> bytes:
        later = datetime(2040, 1, 1, tzinfo=UTC)
        return text_of(self.issuer.proven(self.credential, suite="ecdsa-jcs-2019", key="p256", created=later))

    def _status(self, number: int) -> JSON:
        entries = [{**entry, "statusListIndex": "4321"} for entry in self.credential["credentialStatus"]]
        urls = {purpose: self.court.status_url(purpose, number=number) for purpose in ("revocation", "suspension")}
        return {
            "credentialStatus": [{**entry, "statusListCredential": urls[entry["statusPurpose"]]} for entry in entries]
        }

    # --- symbols ------------------------------------------------------------------------------------------------------

    def _symbols(self) -> Made:
        key = self.issuer.keys["p256"]
        payload = cbor2.dumps(to_claims(self.credential, court=None), canonical=True)
        header = {1: -7, 4: key.kid}
        yield "good-neighbour.qr.txt", "ES256", "nothing wrong, to compare", self._symbol(header, payload)
        expires = cbor2.loads(payload)[4]
        wide = payload.replace(
            cbor2.dumps(4) + cbor2.dumps(expires), cbor2.dumps(4) + b"\x1b" + expires.to_bytes(8, "big")
        )
        yield "wide-integer.qr.txt", "ES256", "an integer in more bytes than it needs", self._symbol(header, wide)
        outside = self.issuer.sign1({1: -7}, payload, key="p256")
        parts = cbor2.loads(outside).value
        moved = cbor2.dumps(cbor2.CBORTag(18, [parts[0], {4: key.kid}, parts[2], parts[3]]))
        yield "key-name-outside.qr.txt", "ES256", "the key's name in the unprotected header", qr_text(moved).encode()
        yield (
            "content-type.qr.txt",
            "ES256",
            "a header parameter beyond the profile",
            self._symbol({**header, 3: 60}, payload),
        )

    def _symbol(self, header: Mapping[int, Any], payload: bytes) -> bytes:
        return qr_text(self.issuer.sign1(header, payload, key="p256")).encode()

    def case(self, name: str, mechanism: str) -> Case:
        """What the exchange needs to know of an input."""
        suffix = name.partition(".")[2]
        form = {"json": "document", "jwt": "token", "qr.txt": "symbol"}[suffix]
        method = self.issuer.method("p256")
        by_form = {"document": method, "token": f"{method}-jwk", "symbol": self.issuer.keys["p256"].kid.hex()}
        return Case(
            name=f"{MAKER}/{name}",
            maker=MAKER,
            form=form,
            mechanism=mechanism,
            key_type="P-256",
            controller=self.issuer.did,
            method=by_form[form],
        )


def _with(text: bytes, member: bytes) -> bytes:
    """One member more."""
    return text[:-1] + b"," + member + b"}"


def main() -> None:
    """Writes the inputs anew; the record of the answers is kept where the name is the same."""
    recorded = {one["file"]: one for one in json.loads(MANIFEST.read_text("utf-8"))} if MANIFEST.exists() else {}
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    strange = Strange()
    manifest = []
    for name, mechanism, what, data in strange.all():
        (FOLDER / name).write_bytes(data)
        kept = recorded.get(name, {})
        manifest.append(
            {
                "file": name,
                "what": what,
                "case": asdict(strange.case(name, mechanism)),
                "code": kept.get("code", ""),
                "acceptedBy": kept.get("acceptedBy", []),
                "refusedBy": kept.get("refusedBy", []),
            }
        )
    _write(MANIFEST, manifest)
    trust = {
        "controllers": {
            strange.court.did: strange.court.controller_document(),
            strange.issuer.did: strange.issuer.controller_document(),
        },
        "court": strange.court.issuer_document(),
        "lists": strange.lists,
    }
    _write(TRUST, trust)


def vectors() -> list[JSON]:
    """The manifest."""
    listed: list[JSON] = json.loads(MANIFEST.read_text("utf-8"))
    return listed


def trust() -> JSON:
    """The documents to be trusted."""
    documents: JSON = json.loads(TRUST.read_text("utf-8"))
    return documents


def add_to(exchange: Exchange) -> None:
    """Lets everybody answer."""
    documents = trust()
    exchange.controllers |= documents["controllers"]
    exchange.lists |= documents["lists"]
    for vector in vectors():
        exchange.add(Case(**vector["case"]), (FOLDER / vector["file"]).read_bytes())


def compare(answers: Mapping[str, Mapping[str, JSON]]) -> list[str]:
    """Whoever answers otherwise than on record, in words."""
    wrong = []
    for vector in vectors():
        name = vector["case"]["name"]
        recorded = dict.fromkeys(vector["acceptedBy"], "accepted") | dict.fromkeys(vector["refusedBy"], "refused")
        for who, given in answers.items():
            answer = given[name]["answer"]
            if answer != recorded.get(who, "unsupported"):
                wrong.append(f"{who} {answer} {name}, on record is {recorded.get(who)}: {given[name]['reason']}")
        if answers["ours"][name]["reason"] != vector["code"]:
            wrong.append(f"ours gives {answers['ours'][name]['reason']} for {name}, on record is {vector['code']}")
    return wrong


def record(answers: Mapping[str, Mapping[str, JSON]]) -> None:
    """Puts down what everybody answers."""
    manifest = vectors()
    for vector in manifest:
        found = {who: given[vector["case"]["name"]] for who, given in answers.items()}
        vector["code"] = found["ours"]["reason"]
        vector["acceptedBy"] = [who for who, one in found.items() if one["answer"] == "accepted"]
        vector["refusedBy"] = [who for who, one in found.items() if one["answer"] == "refused"]
    _write(MANIFEST, manifest)


def rows(who: list[str]) -> list[list[str]]:
    """The record as a table: one row an input, one column an implementation."""
    table = []
    for vector in vectors():
        cells = [
            "accepts" if one in vector["acceptedBy"] else "refuses" if one in vector["refusedBy"] else "–"
            for one in who
        ]
        cells[who.index("ours")] += f" `{vector['code']}`" if vector["code"] != "ok" else ""
        table.append([f"`{vector['file']}`", vector["what"], *cells])
    return table


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
