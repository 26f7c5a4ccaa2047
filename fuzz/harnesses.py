"""One harness for each parser: any bytes in, and what must hold of whatever comes out.

A harness returns for input that its parser refuses with an error of its own; any other exception, and any assertion, is
a finding. `SEEDS` takes the inputs to start from out of the test vectors.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import cbor2

from support.issuers import SimulatedCourt, forged_jws
from support.tar_writer import Entry, packed, tar
from xinzheng_schemas import base64url, bitstring, multibase, qr_profile, strict_json
from xinzheng_schemas.certificate import Certificate
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_verifier import Policy, TrustStore, Verifier
from xinzheng_verifier.errors import VerifierError
from xinzheng_verifier.read import detect, enveloped, qr_cwt
from xinzheng_verifier.secure import cbor, cose, data_integrity, jws
from xinzheng_verifier.secure.canonical import canonical_json
from xinzheng_verifier.status import changes, entry
from xinzheng_verifier.status.authentic import Authentic
from xinzheng_verifier.status.lists import StatusList
from xinzheng_verifier.trust import names, self_contained, updates
from xinzheng_verifier.trust.archive import Archive, pack
from xinzheng_verifier.trust.extent import Extent

VECTORS: Final = Path(__file__).parents[1] / "tests" / "vectors"
AT: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)

Check = Callable[[bytes], None]


class Harness(NamedTuple):
    """A parser under test.

    Attributes:
        check: runs it over one input.
        seeds: inputs to start from.
        largest: bytes of the largest input that is tried.
    """

    check: Check
    seeds: Callable[[], Iterable[bytes]]
    largest: int = 4096


# --- seeds ------------------------------------------------------------------------------------------------------------


def files(*patterns: str) -> Callable[[], Iterator[bytes]]:
    """The vectors whose names match, and are short enough to be changed with some hope."""

    def seeds() -> Iterator[bytes]:
        for pattern in patterns:
            for path in sorted((VECTORS / "files").rglob(pattern)):
                if path.stat().st_size <= 8192:  # noqa: PLR2004
                    yield path.read_bytes()

    return seeds


def _documents() -> Iterator[bytes]:
    for path in sorted((VECTORS / "trust").glob("issuer*.json")):
        yield json.dumps(json.loads(path.read_bytes()), ensure_ascii=False).encode()


def _tokens() -> Iterator[bytes]:
    """What tokens say."""
    for data in files("good*.jwt", "6-shape/*.jwt", "7-time/*.jwt")():
        yield base64url.decode(data.strip().split(b".")[1])


def _proofs() -> Iterator[bytes]:
    for data in files("good*.json", "2-mechanism/json-*.json")():
        with suppress(CodedError):
            yield json.dumps(strict_json.loads_object(data).get("proof")).encode()


def _entries() -> Iterator[bytes]:
    for data in files("8-status/*.json", "good*.json")():
        status = strict_json.loads_object(data).get("credentialStatus")
        yield from (json.dumps(one).encode() for one in (status if isinstance(status, list) else [status]))


def _lists() -> Iterator[bytes]:
    for path in sorted((VECTORS / "trust").glob("*.json")):
        encoded = json.loads(path.read_bytes()).get("credentialSubject", {})
        if isinstance(encoded, dict) and isinstance(encoded.get("encodedList"), str):
            yield encoded["encodedList"].encode()[:8192]


def _claims() -> Iterator[bytes]:
    for data in files("good*.qr.txt", "6-shape/*.qr.txt", "4-key/*.qr.txt")():
        yield qr_cwt.read(data).message.payload


def _archives() -> Iterator[bytes]:
    yield tar([Entry(name=b"a.json", content=b"{}")])
    yield tar([Entry(name=b"a.json", content=b"{}"), Entry(name=b"b/c.json", content=b"[]" * 50)])


def _patches() -> Iterator[bytes]:
    """What leads from one edition to the next, and what a part of it says of itself."""
    new = {name: content.replace(b"1", b"2") for name, content in _OLD.items()}
    update = Archive(updates.make(_OLD, new, first=1, last=2), names=re.compile(".*"))
    yield update["patches/1.json"]
    yield b'[["court-420683",[3,1,"x",2,1,{"sha256":1}],2]]'
    yield b'[["courts/420683/status/1/revocation.json",[3,1,{"flip":[7]}],null]]'
    yield Extent(edition=1, provinces=frozenset({"42"}), changes=False, left_out={"courts": 7}).to_json()


def _texts(*texts: str) -> Callable[[], Iterable[bytes]]:
    return lambda: [text.encode() for text in texts]


# --- text -------------------------------------------------------------------------------------------------------------


def check_strict_json(data: bytes) -> None:
    """What is accepted is what the standard library reads, and reads the same once written again."""
    try:
        value = strict_json.loads(data)
    except CodedError:
        return
    assert value == json.loads(data.decode("utf-8"))
    again = json.dumps(value, ensure_ascii=False)
    assert strict_json.loads(again) == value
    canonical = canonical_json(value)
    # RFC 8785 writes 1e17 as an integer, which this reader takes from nobody (RFC 7493, 2.2).
    with suppress(CodedError):
        assert canonical_json(strict_json.loads(canonical)) == canonical


def check_base64url(data: bytes) -> None:
    """One spelling of every text."""
    try:
        decoded = base64url.decode(data)
    except CodedError:
        return
    assert base64url.encode(decoded).encode() == data


def check_multibase(data: bytes) -> None:
    """One spelling of every value, and of every key."""
    text = data.decode("utf-8", "replace")
    with suppress(CodedError):
        decoded = multibase.decode(text)
        assert multibase.encode(decoded) == text
        key_type, key = multibase.decode_multikey(text)
        assert multibase.encode_multikey(key_type, key) == text


def check_timestamp(data: bytes) -> None:
    """What is read is an instant in UTC, and reads the same once written again."""
    try:
        moment = parse_timestamp(data.decode("utf-8", "replace"))
    except CodedError:
        return
    assert moment.tzinfo is UTC
    assert parse_timestamp(format_timestamp(moment)) == moment.replace(microsecond=0)


# --- signed wrappings -------------------------------------------------------------------------------------------------


def check_jws(data: bytes) -> None:
    """What was taken apart is put together again, byte for byte."""
    try:
        token = jws.parse(data)
    except VerifierError:
        return
    assert token.signing_input + b"." + base64url.encode(token.signature).encode() == data
    with suppress(VerifierError):
        jws.algorithm_of(token.header)
        assert token.header["typ"] == jws.TYP


def check_cbor(data: bytes) -> None:
    """One encoding of every value; no tag is ever read."""
    try:
        value = cbor.loads(data)
    except VerifierError:
        return
    assert cbor2.dumps(value, canonical=True) == data


def check_cose(data: bytes) -> None:
    """What was taken apart is put together again, byte for byte."""
    try:
        message = cose.parse(data)
    except VerifierError:
        return
    parts = [message.protected_bytes, message.unprotected, message.payload, message.signature]
    assert cose.TAG_18 + cbor2.dumps(parts, canonical=True) == data
    for header in (cose.claims_header, cose.credential_header):
        with suppress(VerifierError):
            found = header(message)
            assert message.protected[1] in (-7, -9, -35, -51, -8, -19)
            assert isinstance(found.kid, bytes)


def check_symbol(data: bytes) -> None:
    """The text of a symbol holds a message of at most 16 KiB."""
    with suppress(VerifierError):
        symbol = qr_cwt.read(data)
        assert len(symbol.message.payload) < 16_384  # noqa: PLR2004


def check_envelope(data: bytes) -> None:
    """Read by itself or as part of what is detected, an envelope is the same."""
    try:
        content = enveloped.read(data)
    except VerifierError:
        return
    form, presented = detect.read(data, detect.form_of(data), unwrap=True)
    assert (form, presented) == ("enveloped", content)


def check_proof(data: bytes) -> None:
    """At most four proofs, each with a signature of a known length and everything that it builds on."""
    with suppress(CodedError):
        document: dict[str, Any] = {"proof": strict_json.loads(data), "@context": []}
        unsecured, proofs = data_integrity.split(document)
        assert "proof" not in unsecured
        options = data_integrity.parse_proofs(proofs, context=[])
        assert 1 <= len(options) <= 4  # noqa: PLR2004
        for one in options:
            assert len(one.signature) in (64, 96)
            assert all(previous in proofs and previous is not one.proof for previous in one.previous)


# --- status and trust -------------------------------------------------------------------------------------------------


def check_entry(data: bytes) -> None:
    """Index, size and words of an entry fit one another."""
    with suppress(CodedError):
        found = entry.parse(strict_json.loads(data))
        assert found.index >= 0
        assert 1 <= found.size <= 8  # noqa: PLR2004
        assert not found.messages or set(found.messages) == set(range(1 << found.size))


def check_changes(data: bytes) -> None:
    """A journal that is taken turns entries over in order of time, and leads to its list."""
    with suppress(CodedError):
        found = Authentic(strict_json.loads_object(data), "did:web:court", (), (), ("ecdsa-jcs-2019",))
        journal = changes.journal_of(found, _CLEAR_LIST)
        for index, moments in journal.moments.items():
            assert 0 <= index < bitstring.MINIMUM_BYTES * 8
            assert [*moments] == sorted(moments)
            assert len(moments) % 2 == 0
            last = datetime.fromtimestamp(moments[-1], UTC)
            assert last <= _CLEAR_LIST.valid_from
            assert changes.look_back(journal, index, at=last, latest=last).value == 0


_CLEAR_LIST: Final = StatusList(
    url="https://court/1",
    issuer_id="did:web:court",
    signatures=(),
    purposes=frozenset({"revocation"}),
    bits=bytes(bitstring.MINIMUM_BYTES),
    size=None,
    valid_from=AT,
    valid_until=None,
    attested_at=None,
    sequence=1,
)


def _journals() -> Iterator[bytes]:
    """Changes that cancel one another, and some that do not."""
    head = b'{"id":"https://court/1#changes","list":"https://court/1","type":"StatusListChanges","sequence":1,'
    for told in (b"", b"[1780000000,7,1],[1780000000,7,0]", b"[1780000000,7,1],[1780000001,9,1],[1780000002,7,0]"):
        yield head + b'"since":"2026-01-01T00:00:00Z","changes":[' + told + b"]}"


def check_status_list(data: bytes) -> None:
    """Bounded, and the same list once written again."""
    try:
        bits = bitstring.decode(data.decode("utf-8", "replace"), max_bytes=65_536, min_bytes=0)
    except CodedError:
        return
    assert len(bits) <= 65_536  # noqa: PLR2004
    assert bitstring.decode(bitstring.encode(bits), max_bytes=65_536, min_bytes=0) == bits
    for size in range(1, 9):
        with suppress(CodedError):
            assert 0 <= bitstring.get_value(bits, 3, size=size) < 1 << size


def check_trust_document(data: bytes) -> None:
    """A document of trust is taken, or refused with an error of its own."""
    with suppress(VerifierError):
        TrustStore.from_documents([data])
    with suppress(VerifierError):
        self_contained.controller_document("did:" + data.decode("utf-8", "replace"))


def check_archive(data: bytes) -> None:
    """Names are harmless, and what is read is the same once packed again; as xz or below its checksum."""
    harmless = re.compile("[a-z/]{1,20}[.]json")
    for archive in (data, packed(data)):
        with suppress(VerifierError):
            found = Archive(archive, names=harmless)
            for name in found:
                assert not name.startswith("/")
                assert ".." not in name
            assert dict(Archive(pack(found), names=harmless)) == dict(found)


def check_update(data: bytes) -> None:
    """Whatever the patches say, files with known names come out, or an error of its own."""
    head = b'{"version": 3, "first": 1, "last": 2, "removed": []}'
    with suppress(VerifierError):
        made = updates.apply(_OLD, pack({"update.json": head, "patches/1.json": data}))
        assert all(names.FILE_NAME.fullmatch(name) for name in made)
        assert len(made) == len(_OLD)
    with suppress(VerifierError):
        extent = Extent.parse(data)
        assert Extent.parse(extent.to_json()) == extent


# --- certificates -----------------------------------------------------------------------------------------------------


def check_claims(data: bytes) -> None:
    """A claims set that is read is the very one that is written."""
    with suppress(CodedError):
        claims = cbor.loads(data)
        for court in (_COURT.court, None):
            with suppress(CodedError):
                credential = qr_profile.from_claims(claims, court=court)
                Certificate.from_credential(credential)
                again = qr_profile.to_claims(credential, court=court)
                assert again == claims or court is not None


def check_signed(data: bytes) -> None:
    """Whatever the court's key signs is answered; what passes is what was signed."""
    token = forged_jws(_HEADER, data, _COURT.certificate_signer)
    for profile in ("court", "vcdm"):
        report = Verifier(_TRUST, policy=Policy(profile=profile)).report(token, at=AT)
        answer = json.loads(json.dumps(report.to_json()))
        if report.code == "ok" and profile == "court":
            assert Certificate.from_credential(answer["claims"]).to_credential() == answer["claims"]
        if report.steps[4].code != "ok":
            assert answer["claims"] is None


def check_report(data: bytes) -> None:
    """Any bytes are answered; only a genuine certificate passes, and only as what it says."""
    report = Verifier(_VECTORS_TRUST, policy=Policy(profile="vcdm")).report(data, at=AT)
    answer = json.loads(json.dumps(report.to_json()))
    assert [step["number"] for step in answer["steps"]] == [*range(1, 11)]
    if answer["claims"] is not None:
        assert canonical_json(answer["claims"]) in _GENUINE
    assert report.verdict != "passed" or (report.steps[4].code, report.claims is not None) == ("ok", True)


def _genuine() -> Iterator[bytes]:
    """Everything that the keys of the vectors have signed."""
    for path in (VECTORS / "files").rglob("*"):
        if path.is_file():
            report = Verifier(_VECTORS_TRUST, policy=Policy(profile="vcdm")).report(path.read_bytes(), at=AT)
            if report.steps[4].code == "ok" and report.claims is not None:
                yield canonical_json(report.claims)


_OLD: Final = {
    "bundle.json": Extent(edition=1).to_json(),
    "metadata/1.court-420683.json": b'{"signed":{"version":1,"targets":{}}}',
    f"targets/courts/420683/status/1/{'0' * 64}.revocation.json": b'{"list":"%s"}'
    % bitstring.encode(bytes(16)).encode(),
}
_COURT: Final = SimulatedCourt()
_TRUST: Final = TrustStore.from_documents([_COURT.issuer_document()], _COURT.status_lists())
_HEADER: Final = {"alg": "ES256", "typ": "vc+jwt", "kid": _COURT.method("cert-1")}
_VECTORS_TRUST: Final = TrustStore.from_documents(
    [(VECTORS / "trust" / "issuer-keys.json").read_bytes()],
    [(VECTORS / "trust" / f"{purpose}.json").read_bytes() for purpose in ("revocation", "suspension")],
)
_GENUINE: Final = frozenset(_genuine())

HARNESSES: Final[dict[str, Harness]] = {
    "strict-json": Harness(check_strict_json, files("1-read/*.json", "good.json")),
    "base64url": Harness(check_base64url, _texts("", "QQ", "QUI", "QUJD", "_-8"), largest=256),
    "multibase": Harness(
        check_multibase, _texts("z", "z11", "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv"), largest=256
    ),
    "timestamp": Harness(check_timestamp, _texts("2026-11-23T08:00:00Z", "0001-01-01T00:00:00.5+14:00"), largest=64),
    "jws": Harness(check_jws, files("*.jwt")),
    "cbor": Harness(check_cbor, _claims, largest=2048),
    "cose": Harness(check_cose, files("*.cose")),
    "symbol": Harness(check_symbol, files("*.qr.txt"), largest=4300),
    "envelope": Harness(check_envelope, files("*envelope*")),
    "proof": Harness(check_proof, _proofs),
    "entry": Harness(check_entry, _entries),
    "status-list": Harness(check_status_list, _lists, largest=8192),
    "status-changes": Harness(check_changes, _journals),
    "trust-document": Harness(check_trust_document, _documents, largest=8192),
    "archive": Harness(check_archive, _archives),
    "update": Harness(check_update, _patches),
    "claims": Harness(check_claims, _claims, largest=2048),
    "signed": Harness(check_signed, _tokens),
    "report": Harness(check_report, files("good*", "4-key/*", "5-signature/*")),
}
"""By name; each stands for one parser, the last two for the whole procedure."""
