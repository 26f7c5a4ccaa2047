"""Vectors of JSON-LD: the same graph in other words, terms that nothing explains, and texts that deceive the eye."""

import json
from collections.abc import Iterator
from typing import Any

from support.samples import ABSENT, changed
from vectors.mechanism_cases import vector
from vectors.vector import Vector, World
from xinzheng_schemas.contexts import CREDENTIALS_V2, CREDIT_REPAIR_V1

_FOREIGN = "https://look-alike.example/v1"
_VC = "https://www.w3.org/2018/credentials#"


def jsonld_cases(world: World) -> Iterator[Vector]:
    """Signed by the court's key throughout: even so, it must not be read in two ways."""
    yield from _contexts(world)
    yield from _other_words(world)
    yield from _terms(world)
    yield from _spelling(world)
    yield from _texts(world)


def _signed(world: World, change: dict[str, Any]) -> dict[str, Any]:
    return world.court.secure(changed(world.court.credential(), change))


def _case(world: World, name: str, change: dict[str, Any], code: str, attack: str, **settings: Any) -> Vector:
    settings = {"controllers": ("issuer",)} | settings
    return vector(f"6-shape/json-{name}.json", _signed(world, change), code, attack, **settings)


def _contexts(world: World) -> Iterator[Vector]:
    """vc-data-integrity 2.4.1, 4.6: known contexts only, in their order, at the top."""
    own = [CREDENTIALS_V2, CREDIT_REPAIR_V1]
    contexts: dict[str, Any] = {
        "first": [_FOREIGN, *own],
        "only": [_FOREIGN],
        "text": CREDENTIALS_V2,
        "base-only": [CREDENTIALS_V2],
        "twice": [*own, CREDIT_REPAIR_V1],
        "vocab": [*own, {"@vocab": "https://look-alike.example/#"}],
        "base": [*own, {"@base": "https://look-alike.example/"}],
        "import": [*own, {"@import": _FOREIGN}],
        "propagate": [*own, {"@propagate": False}],
        "protected": [*own, {"validUntil": {"@id": f"{_VC}validFrom", "@protected": False}}],
        "null": [*own, None],
        "null-only": None,
        "none": ABSENT,
        "object": {"@vocab": "https://look-alike.example/#"},
        "slash": [f"{CREDENTIALS_V2}/", CREDIT_REPAIR_V1],
        "http": [CREDENTIALS_V2.replace("https", "http"), CREDIT_REPAIR_V1],
        "file": [*own, "file:///etc/passwd"],
        "loopback": [*own, "http://127.0.0.1/v1"],
        "thousand": [*own, *[CREDENTIALS_V2] * 1000],
    }
    for name, context in contexts.items():
        attack = "other contexts than those of a certificate"
        yield _case(world, f"context-{name}", {"@context": context}, "context_unknown", attack)
    inner = {"name": {"@id": f"{_VC}holder"}}
    status = changed(world.court.credential(), {})["credentialStatus"]
    nested: dict[str, dict[str, Any]] = {
        "status": {"credentialStatus": [status[0] | {"@context": inner}, status[1]]},
        "masking": {"credentialSubject": {"masking": {"@context": inner}}},
    }
    for name, change in nested.items():
        yield _case(world, f"context-in-{name}", change, "context_unknown", "a context inside")
    attack = "a context inside, asked under the general profile"
    change = {"credentialSubject": {"masking": {"@context": inner}}}
    yield _case(world, "context-in-masking-vcdm", change, "context_unknown", attack, profile="vcdm")
    attack = "a context in the proof that the document does not have"
    document = changed(world.genuine.json_ld, {"proof": {"@context": [*own, _FOREIGN]}})
    yield vector("2-mechanism/json-proof-context.json", document, "context_mismatch", attack, controllers=("issuer",))


def _other_words(world: World) -> Iterator[Vector]:
    """The same graph in other JSON: an end or a status that a reader by name would not find (VCDM 2.0, 6.1.1)."""
    credential = world.court.credential()
    until, status = credential["validUntil"], credential["credentialStatus"]
    hidden = {"validUntil": ABSENT}
    unlisted = {"credentialStatus": ABSENT}
    changes: dict[str, dict[str, Any]] = {
        "until-iri": hidden | {f"{_VC}validUntil": until},
        "until-prefix": hidden | {"cred:validUntil": until},
        "until-alias": hidden | {"until": until},
        "until-nest": hidden | {"@nest": {"validUntil": until}},
        "until-case": hidden | {"validuntil": until},
        "status-iri": unlisted | {f"{_VC}credentialStatus": status},
        "status-alias": unlisted | {"status": status},
        "status-nest": unlisted | {"@nest": {"credentialStatus": status}},
        "graph": {"@graph": [{"validUntil": until}]},
        "included": {"@included": [{"id": "urn:uuid:0"}]},
        "reverse": {"@reverse": {"issuer": "urn:uuid:0"}},
        "set": {"credentialSubject": {"name": {"@set": ["王某"]}, "@set": []}},
        "at-type": {"@type": ["VerifiableCredential"]},
        "at-id": {"@id": "urn:uuid:0"},
        "look-alike": {"@foo": 1},
        "json-literal": {"credentialSubject": {"x": {"@type": "@json", "@value": {}}}},
        "proto": {"__proto__": {"verdict": "passed"}},
        "constructor": {"constructor": {"prototype": {}}},
        "empty-name": {"": 1},
    }
    for name, change in changes.items():
        yield _case(world, name, change, "data_loss", "a member that no term of the certificate explains")
    wrapped: dict[str, dict[str, Any]] = {
        "language-map": {"credentialSubject": {"name": {"@language": "zh", "@value": "王某"}}},
        "value": {"validUntil": {"@value": until}},
        "until-list": {"validUntil": [until]},
        "subject-in-list": {"credentialSubject": [credential["credentialSubject"]]},
        "id-empty": {"id": ""},
        "id-relative": {"id": "certificate"},
        "id-fragment": {"id": "#list"},
        "issuer-object": {"issuer": {"id": credential["issuer"], "name": "枣阳市人民法院"}},
        "status-one": {"credentialStatus": status[0]},
        "status-twice": {"credentialStatus": [status[0], status[0]]},
        "context-in-schema": {"credentialSchema": {"@context": None}},
        "status-relative": {"credentialStatus": [status[0] | {"statusListCredential": "list"}, status[1]]},
    }
    for name, change in wrapped.items():
        yield _case(world, name, change, "shape_invalid", "written otherwise than a certificate is")
    array = [world.genuine.json_ld]
    yield vector("1-read/json-array-wrapper.json", json.dumps(array), "malformed", "an array around the document")


def _terms(world: World) -> Iterator[Vector]:
    """VCDM 2.0, 4.5: the types of a certificate, in the order that its one shape has."""
    base, own = "VerifiableCredential", "CreditRepairCredential"
    for name, types in {
        "reversed": [own, base],
        "text": own,
        "twice": [base, own, own],
        "number": [base, own, 1],
    }.items():
        yield _case(
            world, f"type-{name}", {"type": types}, "type_unexpected", "other types than those of a certificate"
        )


def _spelling(world: World) -> Iterator[Vector]:
    """RFC 8785: the text may differ where the value does not; the signature holds, and the shape then decides."""
    document = _signed(world, {"x": [1, -0.0, 1e-7, 333333333.33333329, 1e21, 9007199254740991]})
    text = json.dumps(document, ensure_ascii=False)
    spelled = text.replace("[1, -0.0, 1e-07,", "[1.0, 0, 0.0000001,").replace("1e+21", "1000000000000000000000.0")
    attack = "numbers in another spelling, under a name that no term explains"
    yield vector("6-shape/json-numbers.json", spelled, "data_loss", attack, controllers=("issuer",))
    changed_number = text.replace("1e-07", "1.0000000000000002e-07")
    attack = "a number changed in its last digit"
    yield vector("5-signature/json-number.json", changed_number, "signature_invalid", attack, controllers=("issuer",))
    for name, number in {"beyond": 2**53, "below": -(2**53)}.items():
        beyond = text.replace("9007199254740991", str(number))
        attack = "an integer that not every reader keeps"
        yield vector(f"1-read/json-integer-{name}.json", beyond, "number_range", attack, controllers=("issuer",))
    order = _signed(world, {"\ufb33": 1, "\U0001f600": 2})
    attack = "names whose order differs by code point and by UTF-16 unit"
    yield vector("6-shape/json-order.json", order, "data_loss", attack, controllers=("issuer",))
    composed = _signed(world, {"credentialSubject": {"café": 1, "cafe\u0301": 2}})
    attack = "two names that look alike"
    yield vector("6-shape/json-names-alike.json", composed, "data_loss", attack, controllers=("issuer",))
    moved = text.replace('"x": [1,', '"x":\n\t[ 1 ,').replace("certificateNumber", r"certificate\u004eumber")
    attack = "white space and escapes, under a name that no term explains"
    yield vector("6-shape/json-escapes.json", moved, "data_loss", attack, controllers=("issuer",))


def _texts(world: World) -> Iterator[Vector]:
    """UTS 39: what deceives the eye is no name of a person, even if the court has signed it."""
    names = {
        "bidi": "王\u202e某",
        "isolate": "王\u2066某\u2069",
        "zero-width": "王\u200b某",
        "joiner": "王\u200d某",
        "mark": "\ufeff王某",
        "tag": "王某\U000e0041",
        "soft-hyphen": "王\xad某",
        "separator": "王\u2028某",
        "line-feed": "王\n某",
        "escape": "\x1b[2J王某",
        "csi": "\x9b2J王某",
        "blank-ends": " 王某 ",
    }
    for name, text in names.items():
        change = {"credentialSubject": {"name": text}}
        yield _case(world, f"text-{name}", change, "shape_invalid", "a name that deceives the eye")
    flagged = {
        "filler": "王\u3164某",
        "half-filler": "王\uffa0某",
        "grapheme-joiner": "王\u034f某",
        "variation": "王\ufe0f某",
        "not-nfc": "cafe\u0301",
        "compatibility": "\uf9f4某",
        "radical": "\u2f00某",
        "homoglyph": "B\u0430nk",
        "greek": "\u0391cme",
    }
    for name, text in flagged.items():
        document = _signed(world, {"credentialSubject": {"name": text}})
        yield vector(f"good-text-flagged-{name}.json", document, controllers=("issuer",))
    harmless = {
        "html": "<script>alert(1)</script>",
        "formula": '=HYPERLINK("https://look-alike.example")',
        "template": "{0.__class__} %s ${x}",
        "rare": "\U00030edd某",
        "dot": "阿依古丽·买买提",
        "latin": "Müller 某",
    }
    for name, text in harmless.items():
        forms = world.court.issue({"credentialSubject": {"name": text}})
        for suffix, data in {"json": forms.json_text, "jwt": forms.jwt.encode(), "qr.txt": forms.qr.encode()}.items():
            yield vector(f"good-text-{name}.{suffix}", data, controllers=("issuer",))
