"""Vectors of status lists as vc+jwt and vc+cose, and of lists that are not well-formed credentials."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from support.issuers import NOW
from support.mechanisms import Signs, compact, sign1
from support.samples import changed
from vectors.vector import INDEX, Vector, World
from xinzheng_schemas.contexts import CREDENTIALS_V2

_HOUR = timedelta(hours=1)
FORMS = ("jwt", "cose")


def list_cases(world: World) -> Iterator[Vector]:
    """Bitstring Status List 1.0, 3: a list is a credential, in any form, and judged like one."""
    for form in FORMS:
        yield from _meanings(world, form)
        yield from _forgeries(world, form)
        yield from _shapes(world, form)
    yield from _tokens(world)


def _unsigned(world: World, *indexes: int, **overrides: Any) -> dict[str, Any]:
    document = world.court.status_list("revocation", indexes, overrides=overrides)
    return {name: value for name, value in document.items() if name != "proof"}


def _enveloped(world: World, form: str, document: dict[str, Any], signer: Signs | None = None) -> dict[str, Any]:
    """The list as token or message, in the JSON object that W3C has for them."""
    signer, kid = signer or world.court.status_signer, world.court.method("status-1")
    if form == "jwt":
        url = "data:application/vc+jwt," + compact({"alg": "ES256", "typ": "vc+jwt", "kid": kid}, document, signer)
    else:
        head = {1: -7, 4: kid.encode(), 16: "application/vc+cose"}
        message = sign1(head, json.dumps(document).encode(), signer)
        url = "data:application/vc+cose;base64," + base64.b64encode(message).decode()
    return {"@context": CREDENTIALS_V2, "type": "EnvelopedVerifiableCredential", "id": url}


def _case(world: World, name: str, document: dict[str, Any], **settings: Any) -> Vector:
    listed = world.status_list(f"revocation-{name.rpartition('/')[2].removeprefix('good-')}", document)
    settings = {"verdict": "indeterminate", "attack": "", "data": world.genuine.jwt.encode()} | settings
    return Vector(name=f"{name}.jwt", status_lists=(listed, "suspension"), **settings)


def _meanings(world: World, form: str) -> Iterator[Vector]:
    clear = _enveloped(world, form, _unsigned(world))
    yield _case(world, f"good-list-as-{form}", clear, code="ok", verdict="passed")
    revoked = _enveloped(world, form, _unsigned(world, INDEX))
    settings = {"code": "revoked", "verdict": "failed", "attack": f"revoked in a list as {form}"}
    yield _case(world, f"8-status/list-as-{form}-set", revoked, **settings)
    old = _enveloped(world, form, _unsigned(world, validFrom="2026-10-01T00:00:00Z", validUntil="2026-10-08T00:00:00Z"))
    attack = f"a list as {form} that has run out"
    yield _case(world, f"8-status/list-as-{form}-expired", old, code="status_stale", attack=attack)


def _forgeries(world: World, form: str) -> Iterator[Vector]:
    forged = _enveloped(world, form, _unsigned(world), world.stranger.status_signer)
    attack = f"a list as {form} that somebody else signed"
    yield _case(world, f"8-status/list-as-{form}-forged", forged, code="status_issuer", attack=attack)


def _shapes(world: World, form: str) -> Iterator[Vector]:
    """All of them say that the certificate is revoked; what is not well-formed says nothing."""
    odd: dict[str, tuple[str, dict[str, Any]]] = {
        "term": ("a term that nothing explains", {"validity": "for ever"}),
        "subject-term": ("a term that nothing explains", {"credentialSubject": {"entries": 131_072}}),
        "context": ("a context that nobody knows", {"@context": [CREDENTIALS_V2, "https://odd.example/context"]}),
        "base-type": ("no credential by its types", {"type": ["BitstringStatusListCredential"]}),
        "null": ("a member that says nothing", {"name": None}),
    }
    for name, (attack, overrides) in odd.items():
        document = changed(_unsigned(world, INDEX), overrides)
        settings: dict[str, Any] = {"code": "status_shape", "attack": attack}
        yield _case(world, f"8-status/list-as-{form}-{name}", _enveloped(world, form, document), **settings)
        if form == FORMS[0]:
            signed = world.court.secure(document, key="status-1")
            yield _case(world, f"8-status/list-shape-{name}", signed, **settings)


def _tokens(world: World) -> Iterator[Vector]:
    """Claims beside those of the credential (vc-jose-cose 3.1.3)."""
    over = _unsigned(world) | {"exp": int((NOW - _HOUR).timestamp())}
    attack = "a list whose token has run out"
    yield _case(world, "8-status/list-as-jwt-exp", _enveloped(world, "jwt", over), code="status_stale", attack=attack)
    wrapped = _unsigned(world) | {"vc": _unsigned(world)}
    attack = "a list within a list"
    yield _case(
        world, "8-status/list-as-jwt-vc", _enveloped(world, "jwt", wrapped), code="claim_forbidden", attack=attack
    )
