"""Vectors of step 8 beyond one bit: messages, several entries, delegates, and how long a list counts."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from support.issuers import NOW, forged_proof
from support.samples import ABSENT, changed
from vectors.mechanism_cases import vector
from vectors.vector import INDEX, Vector, World
from xinzheng_schemas.timestamps import format_timestamp

_MINIMUM = 131_072
_WORDS = ["as issued", "under review", "amended", "see the court"]


def entry_cases(world: World) -> Iterator[Vector]:
    """What a credential says of its status, and what counts as an answer."""
    yield from _messages(world)
    yield from _several(world)
    yield from _delegates(world)
    yield from _current(world)
    yield from _mistaken(world)


def _entry(world: World, purpose: str, **members: Any) -> dict[str, Any]:
    entry = {
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(INDEX),
        "statusListCredential": world.court.status_url(purpose),
    }
    return changed(entry, members)


def _with_status(world: World, status: Any) -> str:
    document = world.court.secure(changed(world.court.credential(), {"credentialStatus": status}))
    return json.dumps(document, ensure_ascii=False)


def _messages_of(words: list[str]) -> list[dict[str, str]]:
    return [{"status": f"0x{value:x}", "message": word} for value, word in enumerate(words)]


def _messages(world: World) -> Iterator[Vector]:
    """Bitstring Status List 2.1: as many messages as values, and room for as many holders as with one bit."""
    court = world.court
    for name, width, entries in (("message", 2, _MINIMUM), ("message-8", 8, _MINIMUM), ("message-narrow", 1, _MINIMUM)):
        bits = [INDEX * width + bit for bit in range(width)]
        document = court.status_list("message", bits, entries=entries * width)
        world.status_list(name, document)
    general: dict[str, Any] = {"controllers": ("issuer",), "profile": "vcdm"}
    wide = _entry(world, "message", statusSize=2, statusMessage=_messages_of(_WORDS))
    yield vector("good-message.json", _with_status(world, wide), status_lists=("message",), **general)
    widest = _entry(world, "message", statusSize=8, statusMessage=_messages_of([f"code {n}" for n in range(256)]))
    yield vector("good-message-8.json", _with_status(world, widest), status_lists=("message-8",), **general)
    plain = _entry(world, "message")
    yield vector("good-message-1.json", _with_status(world, plain), status_lists=("message-narrow",), **general)
    hint = _entry(world, "refresh")
    world.status_list("refresh", court.status_list("refresh", [INDEX]))
    yield vector("good-refresh.json", _with_status(world, hint), status_lists=("refresh",), **general)

    def case(
        name: str, attack: str, *, lists: str = "message", code: str = "status_malformed", **members: Any
    ) -> Vector:
        data = _with_status(world, changed(wide, members))
        settings = general | {"status_lists": (lists,), "verdict": "indeterminate"}
        return vector(f"8-status/message-{name}.json", data, code, attack, **settings)

    yield case("none", "two bits and no words for them", statusMessage=ABSENT)
    yield case("few", "three words for four values", statusMessage=_messages_of(_WORDS[:3]))
    yield case("many", "five words for four values", statusMessage=_messages_of([*_WORDS, "more"]))
    twice = [*_messages_of(_WORDS[:3]), {"status": "0x0", "message": "otherwise"}]
    yield case("twice", "two words for one value", statusMessage=twice)
    yield case("again", "four words, and one of them again", statusMessage=[*_messages_of(_WORDS), twice[-1]])
    yield case("text", "words that are no list", statusMessage="in force")
    odd: dict[str, Any] = {
        "decimal": {"status": "0", "message": "x"},
        "number": {"status": 0, "message": "x"},
        "wordless": {"status": "0x0"},
    }
    for name, one in odd.items():
        yield case(f"one-{name}", "a word that belongs to no value", statusMessage=[one, *_messages_of(_WORDS)[1:]])
    sizes: dict[str, Any] = {
        "zero": 0,
        "negative": -1,
        "true": True,
        "float": 1.5,
        "nine": 9,
        "text": "2",
    }
    for name, size in sizes.items():
        yield case(f"size-{name}", "an entry of no size", statusSize=size)
    dropped: dict[str, dict[str, Any]] = {
        "one-null": {"statusMessage": [None, *_messages_of(_WORDS)[1:]]},
        "size-null": {"statusSize": None},
    }
    for name, members in dropped.items():
        data = _with_status(world, changed(wide, members))
        attack = "null, which JSON-LD drops"
        yield vector(f"6-shape/message-{name}.json", data, "data_loss", attack, status_lists=("message",), **general)
    yield case("short", "a list with too little room", lists="message-narrow", code="status_length")
    world.status_list(
        "message-size",
        court.status_list("message", entries=_MINIMUM * 2, overrides={"credentialSubject": {"statusSize": 1}}),
    )
    yield case("size-of-list", "a list of another size", lists="message-size")


def _several(world: World) -> Iterator[Vector]:
    """VCDM 2.0, 4.10: every entry counts, and the worst of them decides."""
    court = world.court
    second = {
        purpose: changed(_entry(world, purpose), {"statusListCredential": court.status_url(purpose, number=7)})
        for purpose in ("revocation", "suspension")
    }
    for purpose in second:
        for name, bits in {"clear": [], "set": [INDEX]}.items():
            world.status_list(f"{purpose}-7-{name}", court.status_list(purpose, bits, number=7))
    data = _with_status(world, [_entry(world, "revocation"), _entry(world, "suspension"), *second.values()])
    settings: dict[str, Any] = {"controllers": ("issuer",), "profile": "vcdm"}
    lists = ("revocation", "suspension", "revocation-7-clear", "suspension-7-clear")
    yield vector("good-several.json", data, status_lists=lists, **settings)
    lists = (*lists[:3], "suspension-7-set")
    yield vector("8-status/several-suspended.json", data, "suspended", "one of four", status_lists=lists, **settings)
    lists = ("revocation", "suspension-set", "revocation-7-set", "suspension-7-set")
    yield vector("8-status/several-revoked.json", data, "revoked", "the worst of four", status_lists=lists, **settings)
    attack, undecided = "one of four has no answer", {"verdict": "indeterminate"}
    unknown = settings | undecided | {"status_lists": (*lists[:1], "suspension", "revocation-7-clear")}
    yield vector("8-status/several-missing.json", data, "status_unavailable", attack, **unknown)
    entries = [_entry(world, "revocation")] * 7 + [_entry(world, "suspension")]
    attack = "the last of eight"
    settings |= {"status_lists": ("revocation", "suspension-set")}
    yield vector("8-status/several-eight.json", _with_status(world, entries), "suspended", attack, **settings)
    unknown = settings | undecided | {"status_lists": ("revocation", "suspension")}
    old = "https://www.w3.org/ns/credentials/examples#RevocationList2020Status"
    foreign = [_entry(world, "revocation"), {"type": old}]
    attack = "a clear entry beside one of an unknown type"
    yield vector("8-status/several-foreign.json", _with_status(world, foreign), "status_unsupported", attack, **unknown)


def _delegates(world: World) -> Iterator[Vector]:
    """Who may sign the list: the issuer, or whom the trust list names for it."""
    url = world.court.status_url("revocation")
    members = {"id": url, "credentialSubject": {"id": f"{url}#list"}}
    for name, bits in {"clear": [], "set": [INDEX]}.items():
        by_other = world.other.status_list("revocation", bits, overrides=members)
        world.status_list(f"revocation-delegate-{name}", by_other)
    world.documents["issuer-delegating"] = world.court.issuer_document(statusListIssuers=[world.other.did])
    trusted: dict[str, Any] = {"controllers": ("issuer-delegating", "issuer-other")}
    lists: dict[str, Any] = {"status_lists": ("revocation-delegate-clear", "suspension")}
    yield vector("good-delegate.jwt", world.genuine.jwt, **trusted, **lists)
    attack = "a list by somebody whom the issuer does not name"
    settings: dict[str, Any] = {"controllers": ("issuer", "issuer-other"), "verdict": "indeterminate"} | lists
    yield vector("8-status/delegate-not-named.jwt", world.genuine.jwt, "status_issuer", attack, **settings)
    attack = "a list by a delegate who is not trusted"
    settings = {"controllers": ("issuer-delegating",), "verdict": "indeterminate"} | lists
    yield vector("8-status/delegate-not-trusted.jwt", world.genuine.jwt, "status_issuer", attack, **settings)
    lists = {"status_lists": ("revocation-delegate-set", "suspension")}
    yield vector(
        "8-status/delegate-revoked.jwt", world.genuine.jwt, "revoked", "revoked by a delegate", **trusted, **lists
    )


def _current(world: World) -> Iterator[Vector]:
    """`ttl` ends what may be kept and prolongs nothing; a proof that has run out carries no list."""
    court, genuine = world.court, world.genuine
    made = NOW - timedelta(minutes=10)

    def listed(name: str, ttl: Any, **overrides: Any) -> dict[str, Any]:
        members = {"credentialSubject": {"ttl": ttl}} | overrides
        world.status_list(name, court.status_list("revocation", overrides=members))
        return {"status_lists": (name, "suspension"), "controllers": ("issuer",)}

    hour = listed("revocation-ttl", 3_600_000)
    yield vector("good-ttl.jwt", genuine.jwt, at=made + timedelta(hours=1), **hour)
    undecided = {"verdict": "indeterminate", "at": made + timedelta(hours=1, seconds=1)}
    yield vector("8-status/ttl.jwt", genuine.jwt, "status_stale", "a list kept too long", **hour, **undecided)
    long = listed("revocation-ttl-long", 10**12) | {"verdict": "indeterminate", "at": NOW + timedelta(days=8)}
    yield vector("8-status/ttl-long.jwt", genuine.jwt, "status_stale", "a ttl for a longer life", **long)
    for name, ttl in {"negative": -1, "text": "60000", "true": True, "float": 0.5, "huge": 2**53 - 1}.items():
        settings = listed(f"revocation-ttl-{name}", ttl) | {"verdict": "indeterminate"}
        yield vector(f"8-status/ttl-{name}.jwt", genuine.jwt, "status_malformed", "a ttl that is none", **settings)
    unsigned = {name: value for name, value in court.status_list("revocation").items() if name != "proof"}
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "ecdsa-jcs-2019",
        "created": format_timestamp(made),
        "expires": format_timestamp(NOW),
        "verificationMethod": court.method("status-1"),
        "proofPurpose": "assertionMethod",
        "@context": unsigned["@context"],
    }
    world.status_list("revocation-proof-ended", forged_proof(unsigned, proof, court.status_signer))
    settings = {"status_lists": ("revocation-proof-ended", "suspension"), "controllers": ("issuer",)}
    yield vector("good-list-proof-expires.jwt", genuine.jwt, at=NOW, **settings)
    attack = "a list whose proof has run out"
    late: dict[str, Any] = {"at": NOW + timedelta(seconds=1), "verdict": "indeterminate"}
    yield vector("8-status/list-proof-expired.jwt", genuine.jwt, "status_stale", attack, **settings, **late)


def _mistaken(world: World) -> Iterator[Vector]:
    """What stands for a list and is none."""
    court = world.court
    certificate = court.secure(court.credential({"id": court.status_url("revocation")}), key="status-1")
    world.status_list("revocation-is-certificate", certificate)
    attack = "a certificate where a list should be"
    settings: dict[str, Any] = {"controllers": ("issuer",), "verdict": "indeterminate"}
    settings |= {"status_lists": ("revocation-is-certificate", "suspension")}
    yield vector("8-status/list-is-certificate.jwt", world.genuine.jwt, "status_type", attack, **settings)
