"""Vectors of the form JSON-LD with a Data Integrity proof."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from support.issuers import NOW, forged_proof
from support.samples import ABSENT, changed
from vectors.vector import Vector, World
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_schemas import multibase
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.trust_documents import KeyState

OTHER_NUMBER = "420683198506151235"
_EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"


def document_cases(world: World) -> Iterator[Vector]:
    """Every refusal of a document, one fault each."""
    yield from _syntax(world)
    yield from _proof(world)
    yield from _proof_values(world)
    yield from _issuer_and_key(world)
    yield from _key_windows(world)
    yield from _content(world)
    yield from _shape(world)
    yield from _time(world)
    yield from _match(world)


def _vector(name: str, document: dict[str, Any] | bytes, code: str, attack: str, **settings: Any) -> Vector:
    data = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    return Vector(name=f"{name}.json", data=data, code=code, attack=attack, **settings)


def _forms(world: World) -> dict[str, bytes]:
    """The genuine certificate by the suffix of its file."""
    genuine = world.genuine
    return {"json": genuine.json_text, "jwt": genuine.jwt.encode(), "qr.txt": genuine.qr.encode()}


def _syntax(world: World) -> Iterator[Vector]:
    """RFC 8259 within RFC 7493: what two readers could read in two ways is not read at all."""
    text = json.dumps(world.genuine.json_ld, ensure_ascii=False)
    body, plain = text.encode(), text[:-1]
    texts = {
        "duplicate": (f'{plain},"issuer":"did:web:look-alike.example"}}', "duplicate_member", "the issuer twice"),
        "escaped-duplicate": (
            plain + r',"\u0069ssuer":"did:web:look-alike.example"}',
            "duplicate_member",
            "the issuer twice, once in escapes",
        ),
        "nested-duplicate": (
            text.replace('"name": ', '"name": "李某", "name": ', 1),
            "duplicate_member",
            "the name twice",
        ),
        "lone-surrogate": (plain + r',"x":"\ud800"}', "malformed", "half a character"),
        "nan": (plain + ',"x":NaN}', "malformed", "NaN"),
        "comment": (f"{plain}/* */}}", "malformed", "a comment"),
        "trailing-comma": (f"{plain},}}", "malformed", "a comma too many"),
        "garbage": (f"{text} x", "malformed", "something behind the end"),
        "two-objects": (f"{text}{text}", "malformed", "two documents"),
        "array": (f"[{text}]", "malformed", "an array of one document"),
        "deep": (f'{plain},"x":{"[" * 100}{"]" * 100}}}', "too_complex", "100 levels"),
        "many": (f'{plain},"x":[{"0," * 20000}0]}}', "too_complex", "20,000 elements"),
        "integer": (f'{plain},"x":{"9" * 5000}}}', "number_range", "an integer of 5,000 digits"),
    }
    for name, (content, code, attack) in texts.items():
        yield _vector(f"1-read/json-{name}", content.encode(), code, attack)
    encodings = {
        "mark": b"\xef\xbb\xbf" + body,
        "utf-16": text.encode("utf-16"),
        "utf-16-be": text.encode("utf-16-be"),
        "utf-8-broken": body.replace("王".encode(), b"\xe7\x8e"),
        "overlong": body.replace(b'"issuer"', b'"\xc1\xa9ssuer"'),
        "surrogates": body.replace("王".encode(), b"\xed\xa0\xbd\xed\xb8\x80"),
    }
    for name, data in encodings.items():
        yield _vector(f"1-read/json-{name}", data, "malformed", "not UTF-8 without a mark")
    unknown = {"empty": b"", "blank": b" \n", "text": "信用修复证明".encode(), "pdf": b"%PDF-1.7\n", "xml": b"<vc/>"}
    for name, data in unknown.items():
        yield Vector(name=f"1-read/{name}.bin", data=data, code="form_unknown", attack="no credential at all")


def _options(world: World, **changes: Any) -> dict[str, Any]:
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "ecdsa-jcs-2019",
        "created": format_timestamp(NOW - timedelta(hours=1)),
        "verificationMethod": world.court.method("cert-1"),
        "proofPurpose": "assertionMethod",
        "@context": world.genuine.credential["@context"],
    }
    return changed(options, changes)


def _forged(world: World, **changes: Any) -> dict[str, Any]:
    """Genuinely signed, whatever the proof says."""
    return forged_proof(world.genuine.credential, _options(world, **changes), world.certificate_signer)


def _proof(world: World) -> Iterator[Vector]:
    """vc-data-integrity 2.1 and 4.4."""
    signed = world.genuine.json_ld

    def case(name: str, proof: Any, code: str, attack: str) -> Vector:
        return _vector(f"2-mechanism/json-proof-{name}", changed(signed, {"proof": ABSENT}) | proof, code, attack)

    attack = "nothing signed"
    for name, absent in {"missing": {}, "null": {"proof": None}, "empty": {"proof": {}}, "none": {"proof": []}}.items():
        yield case(name, absent, "proof_missing", attack)
    yield case("renamed", {"evidence": signed["proof"]}, "proof_missing", "the proof under another name")
    yield case("text", {"proof": "genuine"}, "proof_malformed", "a proof that is no object")
    yield case("of-null", {"proof": [None]}, "proof_missing", "a list of nothing")
    token = {"type": "JwtProof2020", "jwt": world.genuine.jwt}
    yield case("jwt", {"proof": token}, "suite_mismatch", "a genuine token attached to other claims")

    def forged(name: str, code: str, attack: str, **changes: Any) -> Vector:
        return _vector(f"2-mechanism/json-{name}", _forged(world, **changes), code, attack)

    for name, suite in {
        "unknown": "ecdsa-2099",
        "case": "ECDSA-JCS-2019",
        "list": [],
    }.items():
        yield forged(f"suite-{name}", "suite_mismatch", "another cryptosuite", cryptosuite=suite)
    for name, purpose in {"authentication": "authentication", "list": ["assertionMethod"], "missing": ABSENT}.items():
        yield forged(f"purpose-{name}", "purpose_mismatch", "made for another purpose", proofPurpose=purpose)
    method = world.court.method("cert-1")
    methods = {
        "object": {"id": method},
        "missing": ABSENT,
        "no-fragment": world.court.did,
        "two": f"{method} {method}",
        "two-fragments": f"{method}#cert-1",
        "data": "data:,key",
    }
    for name, value in methods.items():
        attack = "a method that is no name of a key"
        yield forged(f"method-{name}", "proof_malformed", attack, verificationMethod=value)
    yield forged("previous", "proof_chain", "a chain of proofs", previousProof="urn:uuid:0")
    for name, created in {
        "no-zone": "2026-11-23T08:00:00",
        "number": 1763884800,
        "leap": "2026-06-30T23:59:60Z",
    }.items():
        yield forged(f"created-{name}", "date_malformed", "created at no moment", created=created)
    yield forged("expires-text", "date_malformed", "expires at no moment", expires="tomorrow")
    context = [*signed["@context"], _EXAMPLES]
    attack = "a context appended behind those of the proof"
    yield _vector("2-mechanism/json-context-appended", signed | {"@context": context}, "context_mismatch", attack)
    # vc-di-ecdsa 3.3.2 asks for the context of a proof only where there is one.
    document = _forged(world, **{"@context": ABSENT})
    yield _vector("good-proof-without-context", document, "ok", "", verdict="passed")


def _proof_values(world: World) -> Iterator[Vector]:
    """vc-di-ecdsa 3.3.2: 64 bytes, base58-btc, one spelling."""
    signed = world.genuine.json_ld
    value = signed["proof"]["proofValue"]
    raw = multibase.decode(value)
    values: dict[str, Any] = {
        "missing": ABSENT,
        "null": None,
        "hex": "f" + raw.hex(),
        "no-prefix": value[1:],
        "upper-prefix": "Z" + value[1:],
        "white-space": value + " ",
        "not-base58": value[:-1] + "0",
        "leading-zero": "z1" + value[1:],
        "truncated": multibase.encode(raw[:-1]),
        "empty": "z",
    }
    for name, changed_value in values.items():
        document = changed(signed, {"proof": {"proofValue": changed_value}})
        attack = "a proof value that is none"
        yield _vector(f"2-mechanism/json-value-{name}", document, "proof_malformed", attack)
    long = changed(signed, {"proof": {"proofValue": "z" + "2" * 100_000}})
    yield _vector("2-mechanism/json-value-long", long, "too_large", "100,000 characters to decode")


def _issuer_and_key(world: World) -> Iterator[Vector]:
    court, other, stranger = world.court, world.other, world.stranger
    attack = "a look-alike court, all its own work"
    yield _vector("3-issuer/json-stranger", stranger.issue().json_ld, "issuer_untrusted", attack)
    for name, issuer in {"missing": ABSENT, "null": None, "blank": court.did + " "}.items():
        document = court.secure(court.credential({"issuer": issuer}))
        yield _vector(f"3-issuer/json-{name}", document, "issuer_untrusted", "no usable issuer")
    types = {"type": ["VerifiableCredential", "CreditRepairCredential", "DiplomaCredential"]}
    document = court.secure(court.credential(types))
    yield _vector("3-issuer/json-type", document, "issuer_type", "a type that the court may not issue")
    method = {"verificationMethod": other.method("cert-1")}
    document = forged_proof(world.genuine.credential, _options(world, **method), other.certificate_signer)
    yield _vector("4-key/json-other-court", document, "issuer_key_mismatch", "the key of another trusted court")
    method = {"verificationMethod": stranger.method("cert-1")}
    document = forged_proof(world.genuine.credential, _options(world, **method), stranger.certificate_signer)
    yield _vector("4-key/json-stranger", document, "issuer_key_mismatch", "the key of a stranger")
    method = {"verificationMethod": court.method("cert-9")}
    yield _vector("4-key/json-unknown", _forged(world, **method), "kid_unknown", "a key that the court does not have")
    document = _forged(world, cryptosuite="eddsa-jcs-2022")
    yield _vector("4-key/json-suite-other", document, "suite_mismatch", "the suite of another type of key")
    document = court.secure(world.genuine.credential, key="status-1")
    yield _vector("4-key/json-status-key", document, "key_usage", "signed with the key for status lists")
    document = court.status_list("revocation")
    yield _vector("3-issuer/json-status-list", document, "issuer_type", "a status list shown as a certificate")


def _key_windows(world: World) -> Iterator[Vector]:
    """A retired key still verifies what it signed in its window; a compromised one verifies nothing by default."""
    signed_at = NOW - timedelta(hours=1)
    record: KeyRecord = world.court.records["cert-1"]
    windows = {
        "retired-before": (
            replace(record, state=KeyState.RETIRED, valid_until=signed_at - timedelta(seconds=1)),
            False,
        ),
        "retired-at": (replace(record, state=KeyState.RETIRED, valid_until=signed_at), True),
        "starts-after": (replace(record, valid_from=signed_at + timedelta(seconds=1)), False),
        "starts-at": (replace(record, valid_from=signed_at), True),
        "compromised-before": (
            replace(record, state=KeyState.COMPROMISED, compromised_at=signed_at - timedelta(days=1)),
            False,
        ),
        "compromised-after": (
            replace(record, state=KeyState.COMPROMISED, compromised_at=signed_at + timedelta(days=1)),
            False,
        ),
    }
    codes = {"retired-before": "key_expired", "starts-after": "key_not_yet_valid"}
    for name, (changed_record, is_good) in windows.items():
        court = replace(world.court, records=world.court.records | {"cert-1": changed_record})
        world.documents[f"issuer-{name}"] = court.issuer_document()
        for suffix, data in _forms(world).items():
            yield Vector(
                name=f"good-key-{name}.{suffix}" if is_good else f"4-key/{name}.{suffix}",
                data=data,
                code="ok" if is_good else codes.get(name, "key_compromised"),
                attack="" if is_good else "signed outside the life of the key",
                verdict="passed" if is_good else "failed",
                controllers=(f"issuer-{name}",),
            )


def _content(world: World) -> Iterator[Vector]:
    """One signed byte changed."""
    signed = world.genuine.json_ld
    changes: dict[str, dict[str, Any]] = {
        "name": {"credentialSubject": {"name": "李某"}},
        "valid-until": {"validUntil": "2036-01-01T00:00:00Z"},
        "status-stripped": {"credentialStatus": ABSENT},
        "member-added": {"nonce": None},
        "order-of-types": {"type": ["CreditRepairCredential", "VerifiableCredential"]},
        "created": {"proof": {"created": "2026-11-23T08:00:01Z"}},
        "proof-member": {"proof": {"nonce": "1"}},
    }
    for name, change in changes.items():
        document = changed(signed, change)
        yield _vector(f"5-signature/json-{name}", document, "signature_invalid", "changed after signing")
    document = world.court.issue(signer=world.stranger.certificate_signer).json_ld
    yield _vector("5-signature/json-stranger", document, "signature_invalid", "signed under the court's name")
    document = world.genuine.json_ld | {
        "proof": world.court.issue({"credentialSubject": {"name": "李某"}}).json_ld["proof"]
    }
    yield _vector("5-signature/json-other-proof", document, "signature_invalid", "the proof of another certificate")
    reordered = dict(reversed(signed.items()))
    spaced = json.dumps(reordered, ensure_ascii=True, indent=4).replace("/", r"\/").encode()
    yield Vector(name="good-other-spelling.json", data=spaced, code="ok", attack="", verdict="passed")


def _shape(world: World) -> Iterator[Vector]:
    """Signed by the court, and yet no certificate: a slip of its own software must not pass either."""
    context = world.genuine.credential["@context"]
    changes: dict[str, tuple[dict[str, Any], str]] = {
        "context-further": ({"@context": [*context, _EXAMPLES]}, "context_unknown"),
        "context-inline": ({"@context": [*context, {"validUntil": None}]}, "context_unknown"),
        "context-reversed": ({"@context": [*reversed(context)]}, "context_unknown"),
        "context-nested": ({"credentialSubject": {"@context": {"name": "x"}}}, "context_unknown"),
        "type-missing": ({"type": ["CreditRepairCredential"]}, "type_unexpected"),
        "member": ({"creditScore": 999}, "data_loss"),
        "member-nested": ({"credentialSubject": {"creditScore": 999}}, "data_loss"),
        "member-null": ({"credentialSubject": {"basisIssuingBody": None}}, "shape_invalid"),
        "member-iri": ({"https://www.w3.org/2018/credentials#validUntil": "2036-01-01T00:00:00Z"}, "data_loss"),
        "member-keyword": ({"@included": []}, "data_loss"),
        "case-number": ({"credentialSubject": {"enforcementCaseNumber": "（2022）鄂0683执0123号"}}, "shape_invalid"),
        "subject-list": ({"credentialSubject": []}, "shape_invalid"),
        "scope": ({"scopeStatement": {"en": "Creditworthy.", "zh": "信用良好。"}}, "shape_invalid"),
        "valid-until-no-zone": ({"validUntil": "2027-05-23T08:00:00"}, "date_malformed"),
        "valid-until-leap": ({"validUntil": "2027-06-30T23:59:60Z"}, "date_malformed"),
        "valid-until-hour": ({"validUntil": "2027-06-30T24:00:00Z"}, "date_malformed"),
        "valid-until-day": ({"validUntil": "2027-02-30T00:00:00Z"}, "date_malformed"),
        "hidden-sign": ({"credentialSubject": {"name": "王\u202e某"}}, "shape_invalid"),
    }
    for name, (change, code) in changes.items():
        document = world.court.secure(world.court.credential(change))
        yield _vector(f"6-shape/json-{name}", document, code, "signed, but no certificate")


def _time(world: World) -> Iterator[Vector]:
    begins, ends = NOW - timedelta(hours=1), NOW + timedelta(days=181)
    second = timedelta(seconds=1)
    for suffix, data in _forms(world).items():
        attack = "asked about a moment after its end"
        yield Vector(name=f"7-time/expired.{suffix}", data=data, code="expired", attack=attack, at=ends + second)
        attack = "asked about a moment before its beginning"
        yield Vector(
            name=f"7-time/not-yet.{suffix}", data=data, code="not_yet_valid", attack=attack, at=begins - second
        )
    late = NOW + timedelta(minutes=5)
    document = world.court.secure(world.genuine.credential, created=late)
    yield _vector("7-time/json-created-later", document, "not_yet_valid", "a proof from the future")
    document = _forged(world, expires=format_timestamp(NOW))
    yield _vector("7-time/json-proof-expired", document, "proof_expired", "a proof that has run out")
    yield _vector("good-proof-expires", _forged(world, expires=format_timestamp(late)), "ok", "", verdict="passed")


def _match(world: World) -> Iterator[Vector]:
    for suffix, data in _forms(world).items():
        yield Vector(
            name=f"9-match/other-person.{suffix}",
            data=data,
            code="identity_mismatch",
            attack="shown by another person",
            identity=OTHER_NUMBER,
        )
    yield Vector(
        name="9-match/mistyped.jwt",
        data=world.genuine.jwt.encode(),
        code="identity_malformed",
        attack="a number with a wrong check digit",
        verdict="indeterminate",
        identity="420683199001010019",
    )
