"""Vectors of step 8: whatever is wrong with the status data is never taken for "not revoked"."""

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from support.issuers import NOW, IssuedForms
from support.samples import ABSENT
from vectors.vector import INDEX, Vector, World
from xinzheng_schemas import base64url

_HOUR = timedelta(hours=1)


def status_cases(world: World) -> Iterator[Vector]:
    """Every answer of a status list but a clear and current one."""
    yield from _meanings(world)
    yield from _ages(world)
    yield from _unusable_lists(world)
    yield from _foreign_lists(world)
    yield from _entries(world)


def _three(name: str, forms: IssuedForms, code: str, attack: str, **settings: Any) -> Iterator[Vector]:
    """The same of all three forms."""
    inputs = {"json": forms.json_text, "jwt": forms.jwt.encode(), "qr.txt": forms.qr.encode()}
    for suffix, data in inputs.items():
        yield Vector(name=f"8-status/{name}.{suffix}", data=data, code=code, attack=attack, **settings)


def _meanings(world: World) -> Iterator[Vector]:
    court = world.court
    revoked = world.status_list("revocation-set", court.status_list("revocation", [INDEX]))
    suspended = world.status_list("suspension-set", court.status_list("suspension", [INDEX]))
    neighbours = [INDEX - 1, INDEX + 1, INDEX ^ 7, 0, 131_071]
    beside = world.status_list("revocation-neighbours", court.status_list("revocation", neighbours))
    genuine = world.genuine
    yield from _three("revoked", genuine, "revoked", "revoked", status_lists=(revoked, "suspension"))
    yield from _three("suspended", genuine, "suspended", "suspended", status_lists=("revocation", suspended))
    yield from _three("both", genuine, "revoked", "revoked while suspended", status_lists=(revoked, suspended))
    attack = "revoked, and the other list is missing"
    yield from _three("revoked-other-missing", genuine, "revoked", attack, status_lists=(revoked,))
    earlier = {"status_lists": (revoked, "suspension"), "at": NOW - _HOUR / 3}
    yield from _three("revoked-later", genuine, "revoked", "asked about a moment before the list", **earlier)
    old = world.status_list(
        "revocation-set-old", court.status_list("revocation", [INDEX], valid_from=NOW - timedelta(days=30))
    )
    attack = "revoked in a list that is no longer current"
    yield from _three("revoked-old", genuine, "revoked", attack, status_lists=(old, "suspension"))
    data = genuine.jwt.encode()
    yield Vector(
        name="good-neighbours-revoked.jwt",
        data=data,
        code="ok",
        attack="",
        verdict="passed",
        status_lists=(beside, "suspension"),
    )


def _ages(world: World) -> Iterator[Vector]:
    genuine = world.genuine
    unknown = {"verdict": "indeterminate"}
    attack = "status data older than the lender's limit"
    settings = {"at": NOW + 24 * _HOUR, "max_status_age": "24h", **unknown}
    yield from _three("stale", genuine, "status_stale", attack, **settings)
    attack = "a list that has run out"
    yield from _three("list-expired", genuine, "status_stale", attack, at=NOW + timedelta(days=8), **unknown)
    attack = "asked about a moment before the list, which is clear"
    yield from _three("not-yet-known", genuine, "status_not_yet_known", attack, at=NOW - _HOUR / 3, **unknown)
    made = NOW - timedelta(minutes=10)
    for name, at in {"age-exact": made + 24 * _HOUR, "list-last-second": made + timedelta(days=7)}.items():
        limit = "24h" if name == "age-exact" else None
        yield Vector(
            name=f"good-{name}.json",
            data=genuine.json_text,
            code="ok",
            attack="",
            verdict="passed",
            at=at,
            max_status_age=limit,
        )


def _unusable_lists(world: World) -> Iterator[Vector]:
    court = world.court

    def case(name: str, code: str, attack: str, document: dict[str, Any] | None) -> Iterator[Vector]:
        lists = () if document is None else (world.status_list(f"revocation-{name}", document),)
        yield Vector(
            name=f"8-status/list-{name}.jwt",
            data=world.genuine.jwt.encode(),
            code=code,
            attack=attack,
            verdict="indeterminate",
            status_lists=(*lists, "suspension"),
        )

    def signed(**overrides: Any) -> dict[str, Any]:
        return court.status_list("revocation", overrides=overrides)

    yield from case("missing", "status_unavailable", "no list", None)
    genuine = court.status_list("revocation")
    yield from case("unsigned", "status_unavailable", "a list that nobody signed", genuine | {"proof": ABSENT_PROOF})
    yield from case("type", "status_type", "a list of another type", signed(type=["VerifiableCredential"]))
    yield from case("subject", "status_type", "a subject of another type", _subject(court, type="TokenStatusList"))
    yield from case("subject-list", "status_type", "a subject that is a list", signed(credentialSubject=[]))
    own_status = {"credentialStatus": {"type": "BitstringStatusListEntry"}}
    yield from case("with-status", "status_type", "a list that itself has a status", signed(**own_status))
    yield from case("purpose", "status_purpose", "a list for something else", _subject(court, statusPurpose="refresh"))
    yield from case("purpose-number", "status_malformed", "no purpose", _subject(court, statusPurpose=1))
    yield from case("short", "status_length", "8 entries", court.status_list("revocation", entries=8))
    yield from case("size", "status_malformed", "two bits an entry", _subject(court, statusSize=2))
    yield from case("size-true", "status_malformed", "a size that is no number", _subject(court, statusSize=True))
    yield from case("no-date", "status_malformed", "no date", signed(validFrom=ABSENT))
    yield from case("bad-date", "status_malformed", "no date", signed(validUntil="soon"))
    for name, encoded in _encodings().items():
        yield from case(name, "status_malformed", "damaged", _subject(court, encodedList=encoded))


ABSENT_PROOF: dict[str, Any] = {}


def _subject(court: Any, **members: Any) -> dict[str, Any]:
    document: dict[str, Any] = court.status_list("revocation", overrides={"credentialSubject": members})
    return document


def _encodings() -> dict[str, Any]:
    """Bitstring Status List 2.2: `u`, base64url, one GZIP member, no more than the list may hold."""
    plain = gzip.compress(bytes(16_384), mtime=0)
    return {
        "no-prefix": base64url.encode(plain),
        "padding": "u" + base64url.encode(plain) + "=",
        "raw": "u" + base64url.encode(bytes(16_384)),
        "bomb": "u" + base64url.encode(gzip.compress(bytes(64 * 1024 * 1024), mtime=0)),
        "two-members": "u" + base64url.encode(plain + plain),
        "behind": "u" + base64url.encode(plain + b"\0"),
        "checksum": "u" + base64url.encode(plain[:-8] + b"\0\0\0\1" + plain[-4:]),
        "truncated": "u" + base64url.encode(plain[:-1]),
        "number": 1,
    }


def _foreign_lists(world: World) -> Iterator[Vector]:
    court, other, stranger = world.court, world.other, world.stranger
    url = court.status_url("revocation")
    subject = {"id": f"{url}#list"}
    by_other = other.status_list("revocation", overrides={"id": url, "credentialSubject": subject})
    by_stranger = stranger.status_list("revocation", overrides={"id": url, "credentialSubject": subject})
    lists = {
        "other-court": (by_other, "a list of another trusted court under this address"),
        "stranger": (by_stranger, "a list of a stranger under this address"),
        "forged": (court.status_list("revocation", signer=stranger.status_signer), "a list signed by a stranger"),
        "certificate-key": (court.status_list("revocation", key="cert-1"), "a list signed with the other key"),
        "altered": (court.status_list("revocation") | {"validUntil": "2036-01-01T00:00:00Z"}, "a prolonged list"),
    }
    for name, (document, attack) in lists.items():
        yield Vector(
            name=f"8-status/list-{name}.jwt",
            data=world.genuine.jwt.encode(),
            code="status_issuer",
            attack=attack,
            verdict="indeterminate",
            status_lists=(world.status_list(f"revocation-{name}", document), "suspension"),
        )


def _entries(world: World) -> Iterator[Vector]:
    """What the certificate itself says of its status; signed, since only the court could say it."""
    court = world.court
    beyond = [entry | {"statusListIndex": "131072"} for entry in court.credential()["credentialStatus"]]
    forms = court.issue({"credentialStatus": beyond})
    attack = "an index behind the end of the list"
    yield from _three("index-behind", forms, "status_range", attack, verdict="indeterminate")
    swapped = court.credential()["credentialStatus"]
    swapped[0]["statusListCredential"] = court.status_url("suspension")
    document = court.secure(court.credential({"credentialStatus": swapped}))
    yield Vector(
        name="8-status/lists-swapped.json",
        data=json.dumps(document, ensure_ascii=False).encode(),
        code="status_purpose",
        attack="the list of suspensions for that of revocations",
        verdict="indeterminate",
    )
    yield from _general_entries(world)


def _general_entries(world: World) -> Iterator[Vector]:
    """Entries that the court's certificate cannot have; asked under the general profile."""
    court = world.court
    entry = court.credential()["credentialStatus"][0]
    changes: dict[str, tuple[Any, str]] = {
        "empty": ([], "data_loss"),
        "many": ([entry] * 9, "status_malformed"),
        "index-negative": (entry | {"statusListIndex": "-1"}, "status_malformed"),
        "index-text": (entry | {"statusListIndex": "abc"}, "status_malformed"),
        "index-blank": (entry | {"statusListIndex": " 5"}, "status_malformed"),
        "index-float": (entry | {"statusListIndex": "1e3"}, "status_malformed"),
        "index-arabic": (entry | {"statusListIndex": "٣"}, "status_malformed"),
        "index-zero": (entry | {"statusListIndex": "007"}, "status_malformed"),
        "index-number": (entry | {"statusListIndex": 7}, "status_malformed"),
        "index-huge": (entry | {"statusListIndex": str(2**64)}, "status_range"),
        "size": (entry | {"statusSize": 2}, "status_malformed"),
        "size-zero": (entry | {"statusSize": 0}, "status_malformed"),
        "list-number": (entry | {"statusListCredential": 1}, "not_compacted"),
        "purpose": (entry | {"statusPurpose": "message"}, "status_purpose"),
        "purpose-unknown": (entry | {"statusPurpose": "licence"}, "status_purpose"),
        "purpose-list": (entry | {"statusPurpose": ["revocation"]}, "status_purpose"),
    }
    for name, (status, code) in changes.items():
        document = court.secure(court.credential({"credentialStatus": status}))
        is_told = code.startswith("status")  # what JSON-LD would drop or take otherwise is told before it is looked up
        yield Vector(
            name=f"{'8-status' if is_told else '6-shape'}/entry-{name}.json",
            data=json.dumps(document, ensure_ascii=False).encode(),
            code=code,
            attack="a reference to no place in a list",
            verdict="indeterminate" if is_told else "failed",
            profile="vcdm",
        )
    document = court.secure(court.credential({"credentialStatus": {"type": "RevocationList2099"}}))
    yield Vector(
        name="6-shape/entry-type.json",
        data=json.dumps(document, ensure_ascii=False).encode(),
        code="data_loss",
        attack="a status of a type that nothing defines",
        profile="vcdm",
    )
    old = "https://www.w3.org/ns/credentials/examples#RevocationList2020Status"
    document = court.secure(court.credential({"credentialStatus": {"type": old}}))
    yield Vector(
        name="8-status/entry-type.json",
        data=json.dumps(document, ensure_ascii=False).encode(),
        code="status_unsupported",
        attack="a status of another type",
        verdict="indeterminate",
        profile="vcdm",
    )
    other = court.status_list("revocation", overrides={"id": court.status_url("revocation", number=2)})
    named = world.status_list("revocation-2", other)
    lists = entry | {"statusListCredential": court.status_url("revocation", number=2)}
    document = court.secure(court.credential({"credentialStatus": lists}))
    yield Vector(
        name="good-other-list.json",
        data=json.dumps(document, ensure_ascii=False).encode(),
        code="ok",
        attack="",
        verdict="passed",
        profile="vcdm",
        status_lists=(named,),
        at=NOW,
    )
    stripped = court.secure(court.credential({"credentialStatus": ABSENT}))
    yield Vector(
        name="6-shape/json-status-stripped.json",
        data=json.dumps(stripped, ensure_ascii=False).encode(),
        code="shape_invalid",
        attack="no status at all",
    )
