"""Vectors of time and of comparison: tolerated skew, odd dates, the certificate number, the other form."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from support.issuers import NOW, IssuedForms, forged_jws
from support.samples import ABSENT, changed
from vectors.mechanism_cases import vector
from vectors.vector import Vector, World
from xinzheng_schemas.timestamps import format_timestamp

_SECOND = timedelta(seconds=1)


def compare_cases(world: World) -> Iterator[Vector]:
    """Limits in time to the second, and everything that a certificate can be compared with."""
    yield from _skew(world)
    yield from _dates(world)
    yield from _numbers(world)
    yield from _other_forms(world)


def _three(forms: IssuedForms) -> dict[str, bytes]:
    return {"json": forms.json_text, "jwt": forms.jwt.encode(), "qr.txt": forms.qr.encode()}


def _skew(world: World) -> Iterator[Vector]:
    """A slow clock is excused as far as the policy says; nothing lives longer for it."""
    genuine = world.genuine
    settings: dict[str, Any] = {"controllers": ("issuer",), "max_clock_skew": "5m"}
    begins, ends = NOW - timedelta(hours=1), NOW + timedelta(days=181)
    forms = _three(genuine)
    early = world.court.status_list("revocation", valid_from=begins - timedelta(hours=1))
    world.status_list("revocation-early", early)
    world.status_list("suspension-early", world.court.status_list("suspension", valid_from=begins - timedelta(hours=1)))
    lists: dict[str, Any] = {"status_lists": ("revocation-early", "suspension-early")}
    for suffix, data in forms.items():
        at = begins - timedelta(minutes=5)
        yield vector(f"good-skew.{suffix}", data, at=at, **settings, **lists)
        attack = "a second more than the policy excuses"
        yield vector(f"7-time/skew.{suffix}", data, "not_yet_valid", attack, at=at - _SECOND, **settings, **lists)
        attack = "an end is an end, whatever the clock"
        late = world.status_list("revocation-late", world.court.status_list("revocation", valid_from=ends))
        later = world.status_list("suspension-late", world.court.status_list("suspension", valid_from=ends))
        at = ends + _SECOND
        yield vector(
            f"7-time/skew-ended.{suffix}", data, "expired", attack, at=at, status_lists=(late, later), **settings
        )
    yield vector("good-first-second.json", genuine.json_text, at=begins, **lists, controllers=("issuer",))
    last = world.court.issue({"validFrom": "9999-12-31T23:00:00Z", "validUntil": "9999-12-31T23:59:59Z"})
    at = NOW.replace(year=9999, month=12, day=31, hour=23, minute=59, second=59)
    attack = "the last second that can be written, and a skew beyond it"
    settings |= {"code": "status_stale", "verdict": "indeterminate"}
    yield vector("8-status/skew-at-the-end.jwt", last.jwt, attack=attack, at=at, **settings)


def _dates(world: World) -> Iterator[Vector]:
    """XSD 1.1, 3.4.28: what is no moment with a zone is no moment (K03); instants are compared, not texts (K04)."""
    court = world.court
    odd = {
        "year-0000": "0000-01-01T00:00:00Z",
        "year-10000": "10000-01-01T00:00:00Z",
        "year-sign": "-2026-01-01T00:00:00Z",
        "lower-z": "2027-05-23T08:00:00z",
        "lower-t": "2027-05-23t08:00:00Z",
        "week": "2027-W20-1T08:00:00Z",
        "ordinal": "2027-143T08:00:00Z",
        "basic": "20270523T080000Z",
        "blank": "2027-05-23 08:00:00Z",
        "offset-15": "2027-05-23T08:00:00+15:00",
        "offset-short": "2027-05-23T08:00:00+08",
        "arabic": "２０２７-05-23T08:00:00Z",
        "number": 1811059200,
        "null": None,
    }
    for name, value in odd.items():
        document = court.secure(court.credential({"validUntil": value}))
        settings: dict[str, Any] = {"controllers": ("issuer",), "profile": "vcdm"}
        yield vector(f"6-shape/json-date-{name}.json", document, "date_malformed", "an end at no moment", **settings)
    far = {"since": "2026-11-23T23:00:00+14:00", "until": "2026-11-22T21:00:00.000000001-12:00"}
    zones = changed(court.credential(), {"validFrom": far["since"], "validUntil": far["until"]})
    settings = {"controllers": ("issuer",), "profile": "vcdm"}
    yield vector("good-zones.json", court.secure(zones, created=NOW), **settings)
    attack = "an earlier hour by its text, a later instant"
    ended = changed(court.credential(), {"validUntil": "2026-11-23T22:59:59+14:00"})
    yield vector("7-time/json-zone.json", court.secure(ended), "expired", attack, **settings)
    seconds = int(NOW.timestamp())
    header = {"alg": "ES256", "typ": "vc+jwt", "kid": court.method("cert-1")}
    token = forged_jws(
        header,
        changed(court.credential(), {"validUntil": format_timestamp(NOW - _SECOND)}) | {"exp": seconds + 9},
        court.certificate_signer,
    )
    yield vector("7-time/jwt-exp-later.jwt", token, "expired", "exp later than validUntil", controllers=("issuer",))


def _numbers(world: World) -> Iterator[Vector]:
    genuine = world.genuine
    number = genuine.credential["certificateNumber"]
    for suffix, data in _three(genuine).items():
        settings: dict[str, Any] = {"controllers": ("issuer",)}
        yield vector(f"good-number.{suffix}", data, number=number, **settings)
        attack = "another certificate than the one that was announced"
        other = number[:-1] + ("0" if number[-1] != "0" else "1")
        yield vector(f"9-match/number.{suffix}", data, "number_mismatch", attack, number=other, **settings)
    settings = {"controllers": ("issuer",), "number": "", "attack": "no number at all"}
    yield vector("9-match/number-empty.jwt", genuine.jwt, "number_mismatch", **settings)


def _other_forms(world: World) -> Iterator[Vector]:
    """Two papers that should be one certificate."""
    genuine, court = world.genuine, world.court
    settings: dict[str, Any] = {"controllers": ("issuer",)}
    yield vector("good-same-as-jwt.json", genuine.json_text, other="good.jwt", **settings)
    yield vector("good-same-as-qr.jwt", genuine.jwt, other="good.qr.txt", **settings)
    yield vector("good-same-as-json.qr.txt", genuine.qr, other="good.json", **settings)
    renamed = court.issue({"credentialSubject": {"name": "李某"}})
    attack = "two genuine certificates of different people"
    yield vector("9-match/other-name.json", renamed.json_text, "forms_differ", attack, other="good.jwt", **settings)
    yield vector("9-match/other-name.qr.txt", renamed.qr, "forms_differ", attack, other="good.json", **settings)
    shorter = court.issue({"credentialSubject": {"basisIssuingBody": ABSENT}})
    attack = "two genuine certificates, of which one says more"
    yield vector("9-match/other-more.jwt", shorter.jwt, "forms_differ", attack, other="good.json", **settings)
    attack = "the other form is forged"
    other = "5-signature/jwt-stranger.jwt"
    yield vector("9-match/other-forged.json", genuine.json_text, "other_form_refused", attack, other=other, **settings)
    attack = "the other form is no credential"
    other = "1-read/pdf.bin"
    yield vector("9-match/other-unknown.jwt", genuine.jwt, "other_form_refused", attack, other=other, **settings)
    plain = changed(court.credential(), {"credentialStatus": ABSENT})
    token = forged_jws(
        {"alg": "ES256", "typ": "vc+jwt", "kid": "#cert-1"}, plain | {"vc": {}}, court.certificate_signer
    )
    yield vector("6-shape/jwt-claims-for-other.jwt", token, "claim_forbidden", "a second credential in vc", **settings)
    attack = "the other form bears what a credential must not"
    other = "6-shape/jwt-claims-for-other.jwt"
    yield vector("9-match/other-claims.json", genuine.json_text, "other_form_refused", attack, other=other, **settings)
