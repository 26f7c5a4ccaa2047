"""Documents to turn into RDF: credentials as courts and others issue them, and everything that can be done to them.

honest(random)      one that both paths have to accept
hostile(random)     one that was tampered with in one to four places
"""

import copy
from collections.abc import Callable
from random import Random
from typing import Any, Final

from support.samples import company_credential, zaoyang_credential
from xinzheng_schemas.contexts import BUNDLED, CREDENTIALS_V2, CREDIT_REPAIR_V1, DATA_INTEGRITY_V2

ODD_TEXTS: Final = (
    *(
        "",
        " ",
        "x",
        "a\tb\nc\rd\be\ff",
        '"quoted" \\ \\" \\\\n',
        "\x00\x01\x0b\x1f\x7f\x80",
        "\ufffe\uffff\ufdd0",
        "\u2028",
    ),
    *(
        "王某",
        "𠮷野",
        "🙂👩‍👩‍👧",
        "é",
        "e\u0301",
        "\u202eabc",
        "\ufeff",
        "\ue000",
        "\xa0",
        "_:a",
        "_:z",
        "<x>",
        "^^",
        "@en",
    ),
    *("name", "type", "id", "@id", "@value", "http://x.example/ y", "http://x.example/é", "urn:a", "did:web:a.example"),
    *(
        "naturalPerson",
        "assertionMethod",
        "VerifiableCredential",
        "https://schema.org/name",
        "ex:a",
        "//a/b",
        "#list",
        "a b",
    ),
    "https://xinzheng.example/ns/credit-repair/v1#naturalPerson",
    "https://www.w3.org/2018/credentials#VerifiableCredential",
)
NUMBERS: Final = (
    0,
    1,
    -1,
    2**53 - 1,
    2**53,
    -(2**53),
    0.5,
    -0.0,
    1.0,
    1e20,
    1e21,
    1e22,
    5e-324,
    0.1,
    1 / 3,
    1e300,
    123.456,
)
TYPES: Final = (
    *(
        "VerifiableCredential",
        "CreditRepairCredential",
        "BitstringStatusListCredential",
        "BitstringStatusList",
        "JsonSchema",
    ),
    *("BitstringStatusListEntry", "DataIntegrityProof", "VerifiablePresentation", "EnvelopedVerifiableCredential"),
    *(
        "https://types.example/Other",
        "https://www.w3.org/2018/credentials#VerifiableCredential",
        "Unknown",
        "name",
        "issuer",
    ),
    *("id", "type", "_:t", "", "http://bad example/", "originalCaseNumber", "scopeStatement", "_sd", "..."),
)
_V2_MEMBERS: Final = (
    *("description", "name", "mediaType", "digestSRI", "digestMultibase", "evidence", "termsOfUse", "refreshService"),
    *(
        "relatedResource",
        "renderMethod",
        "confidenceMethod",
        "proof",
        "validUntil",
        "credentialStatus",
        "issuer",
        "statusSize",
    ),
    *(
        "statusMessage",
        "message",
        "status",
        "jsonSchema",
        "cnf",
        "kid",
        "iss",
        "exp",
        "encodedList",
        "ttl",
        "holder",
        "nonce",
    ),
    *("verifiableCredential", "statusReference", "statusPurpose", "created", "challenge", "proofPurpose", "_sd", "jwk"),
)
_OWN_MEMBERS: Final = (
    "certificateNumber",
    "scopeStatement",
    "purpose",
    "masking",
    "ground",
    "courtCode",
    "sequence",
    "idType",
)
_STRANGE_MEMBERS: Final = (
    *(
        "unknown",
        "@id",
        "@type",
        "@graph",
        "@included",
        "@reverse",
        "@nest",
        "@set",
        "@list",
        "@index",
        "@language",
        "@value",
    ),
    *("@direction", "@context", "@foo", "https://schema.org/name", "schema:name", "urn:x", "", "Name", "validUntil "),
)


def text(random: Random) -> str:
    return (
        random.choice(ODD_TEXTS)
        if random.random() < 0.5
        else "".join(random.choices('aB9 é王𠮷\n"\\\x7f', k=random.randint(0, 12)))
    )


def url(random: Random) -> str:
    return random.choice(("https://", "urn:", "did:web:", "data:,")) + "".join(random.choices("abc9-é", k=6))


# --- honest -----------------------------------------------------------------------------------------------------------


def honest(number: int) -> dict[str, Any]:
    return _honest(Random(number))  # noqa: S311 - repeatable on purpose


def _honest(random: Random) -> dict[str, Any]:
    return random.choice((_certificate, _certificate, _status_list, _vcdm, _proof))(random)


def _certificate(random: Random) -> dict[str, Any]:
    document = random.choice((zaoyang_credential, company_credential))()
    subject = document["credentialSubject"]
    for member in (
        "name",
        "maskedIdNumber",
        "enforcementCaseNumber",
        "basisIssuingBody",
        "purposeText",
        "listingTermEnd",
    ):
        if random.random() < 0.5:
            subject[member] = text(random)
    subject["originalCaseNumber"] = [text(random) for _ in range(random.randint(1, 3))]
    subject["listingGround"] = random.sample([f"art1-{n}" for n in range(1, 7)], random.randint(1, 6))
    subject["masking"]["ground"] = random.choice(["art10-1", "art10-2", "termExpired"])
    subject["masking"]["conditional"] = random.random() < 0.5
    document["credentialStatus"] = document["credentialStatus"][: random.randint(1, 2)]
    for member in ("id", "credentialSchema", "credentialStatus", "scopeStatement", "validUntil"):
        if random.random() < 0.2:
            del document[member]
    for member in ("listCheckedAt", "masking", "enforcementCourt", "listingGround"):
        if random.random() < 0.1:
            del subject[member]
    if random.random() < 0.2:
        document["credentialSubject"] = [
            subject,
            dict(subject, name="b", sequence=random.choice(NUMBERS[:4])),
            {"name": "c"},
        ]
    document["type"] = random.choice(
        (document["type"], document["type"][::-1], [*document["type"], "https://t.example/A"])
    )
    return document


def _status_list(random: Random) -> dict[str, Any]:
    subject: dict[str, Any] = {
        "id": "https://a.example/status/1#list",
        "type": "BitstringStatusList",
        "statusPurpose": random.choice(("revocation", ["revocation", "suspension"])),
        "encodedList": "u" + "".join(random.choices("ABCabc012-_", k=60)),
    }
    if random.random() < 0.5:
        subject["ttl"] = random.choice((300000, 0.5, 3e5))
    own = random.random() < 0.5
    if own:
        subject["sequence"] = random.randint(1, 9)
    return {
        "@context": [CREDENTIALS_V2, CREDIT_REPAIR_V1] if own else random.choice((CREDENTIALS_V2, [CREDENTIALS_V2])),
        "id": "https://a.example/status/1",
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": random.choice(("did:web:a.example", {"id": "did:web:a.example", "name": "A"})),
        "validFrom": "2026-11-23T08:00:00Z",
        "credentialSubject": subject,
    }


def _vcdm(random: Random) -> dict[str, Any]:
    """What VCDM 2.0 offers beyond our certificate, terms of the base context only."""
    blanks = [{"type": "https://t.example/E"} for _ in range(random.randint(1, 4))]
    entry = {
        "type": "BitstringStatusListEntry",
        "statusPurpose": "message",
        "statusListIndex": "7",
        "statusSize": 2,
        "statusMessage": [{"status": "0x0", "message": "ok"}, {"status": "0x1", "message": text(random)}],
        "statusListCredential": "https://a.example/3",
    }
    optional: dict[str, Any] = {
        "name": random.choice((text(random), {"@value": text(random), "@language": random.choice(("en", "zh-CN"))})),
        "description": [{"@value": "a", "@language": "en"}, {"@value": "b", "@language": "de"}],
        "evidence": blanks,
        "termsOfUse": {"type": ["https://t.example/T", "https://t.example/U"], "id": url(random)},
        "relatedResource": [{"id": url(random), "digestSRI": "sha384-x", "mediaType": "application/ld+json"}],
        "credentialStatus": random.choice(
            (entry, [entry, {**entry, "statusListIndex": "8"}, {**entry, "statusSize": 2}])
        ),
        "confidenceMethod": {"id": "did:a:b#c", "type": "https://t.example/C"},
        "renderMethod": [{"type": "https://t.example/R", "digestMultibase": "uXY"}],
        "refreshService": {"type": "https://t.example/S", "id": url(random)},
        "validUntil": "2027-01-01T00:00:00Z",
        "id": url(random),
    }
    chosen = {name: value for name, value in optional.items() if random.random() < 0.5}
    subject = random.choice(
        ({"id": url(random)}, {"name": text(random)}, [{"id": "urn:a"}, {"name": "x"}, {"name": "y"}])
    )
    urls = random.choice(
        (CREDENTIALS_V2, [CREDENTIALS_V2], [CREDENTIALS_V2, DATA_INTEGRITY_V2], [CREDENTIALS_V2, CREDIT_REPAIR_V1])
    )
    return {
        "@context": urls,
        "type": random.choice(("VerifiableCredential", ["VerifiableCredential"])),
        "issuer": random.choice(("did:web:a.example", {"id": "did:web:a.example", "description": text(random)})),
        "credentialSubject": subject,
        **chosen,
    }


def _proof(random: Random) -> dict[str, Any]:
    urls = random.choice(
        ([CREDENTIALS_V2, CREDIT_REPAIR_V1], [CREDENTIALS_V2], [DATA_INTEGRITY_V2], [CREDENTIALS_V2, DATA_INTEGRITY_V2])
    )
    config: dict[str, Any] = {
        "type": "DataIntegrityProof",
        "cryptosuite": "ecdsa-rdfc-2019",
        "created": "2026-11-23T08:00:00Z",
        "verificationMethod": "did:web:a.example#k1",
        "proofPurpose": random.choice(("assertionMethod", "authentication", "https://purposes.example/other")),
        "@context": urls,
    }
    extra = {
        "expires": "2027-01-01T00:00:00Z",
        "domain": [text(random), "b"],
        "challenge": text(random),
        "nonce": "n",
        "id": url(random),
    }
    return (
        config
        | {name: value for name, value in extra.items() if random.random() < 0.3}
        | {"previousProof": url(random)}
    )


# --- hostile ----------------------------------------------------------------------------------------------------------


def hostile(number: int) -> dict[str, Any]:
    random = Random(number)  # noqa: S311 - repeatable on purpose
    document = copy.deepcopy(_honest(random))
    for _ in range(random.randint(1, 4)):
        _tamper(random, document)
    return document


def _objects(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(found for member in value.values() for found in _objects(member))]
    return [found for item in value for found in _objects(item)] if isinstance(value, list) else []


def _tamper(random: Random, document: dict[str, Any]) -> None:
    target = random.choice(_objects(document))
    names = [name for name in target if name != "@context"]
    name = random.choice(names) if names else "name"
    kind = random.random()
    if kind < 0.3:
        target[name] = any_value(random, 2)
    elif kind < 0.5:
        target[random.choice((*_V2_MEMBERS, *_OWN_MEMBERS))] = any_value(random, 2)
    elif kind < 0.6:
        target[random.choice(_STRANGE_MEMBERS)] = any_value(random, 1)
    elif kind < 0.7:
        target["type"] = random.choice((random.choice(TYPES), random.choices(TYPES, k=random.randint(1, 3))))
    elif kind < 0.8 and name in target:
        value = target[name]
        target[name] = random.choice(
            ([value], [value, value], [[value]], {"@value": value}, {"id": value}, {"@set": [value]})
        )
    elif kind < 0.9:
        target["id"] = random.choice(
            ("_:a", "_:b", "urn:a", url(random), text(random), document.get("id", ""), 5, None)
        )
    elif kind < 0.95:
        document["@context"] = random.choices(
            [*BUNDLED, *([None] if random.random() < 0.1 else [])], k=random.randint(1, 4)
        )
    elif name in target:
        del target[name]


def any_value(random: Random, depth: int) -> Any:
    kinds: list[tuple[int, Callable[[Random], Any]]] = [
        (30, text),
        (10, url),
        (10, _scalar),
        (10, _odd_value),
        (10, _value_object),
        (5, _language_map),
    ]
    if depth:
        kinds += [(10, lambda random: _array(random, depth)), (15, lambda random: _node(random, depth))]
    [make] = random.choices([make for _, make in kinds], [weight for weight, _ in kinds])
    return make(random)


def _scalar(random: Random) -> Any:
    return random.choice((*NUMBERS, True, False))


def _odd_value(random: Random) -> Any:
    return random.choice((None, [], {}, {"id": url(random)}, {"id": "_:a"}, {"@id": url(random)}, [[1]]))


def _language_map(random: Random) -> Any:
    return {random.choice(("en", "EN", "zh-Hans", "a b", "@none", "id", "x")): any_value(random, 0) for _ in range(2)}


def _array(random: Random, depth: int) -> Any:
    return [any_value(random, depth - 1) for _ in range(random.randint(1, 3))]


def _node(random: Random, depth: int) -> Any:
    members = random.choices((*_V2_MEMBERS, *_OWN_MEMBERS), k=random.randint(0, 3))
    node: dict[str, Any] = {member: any_value(random, depth - 1) for member in members}
    if random.random() < 0.7:
        node["type"] = random.choice(TYPES)
    if random.random() < 0.3:
        node["id"] = random.choice(("_:a", "_:b", "urn:a", url(random)))
    return node


def _value_object(random: Random) -> dict[str, Any]:
    value: dict[str, Any] = {"@value": random.choice((text(random), text(random), 5, True, None, "2026-01-01"))}
    for name, choices in (
        ("@language", ("en", "zh-CN", "x y", None, 5)),
        ("type", ("http://www.w3.org/2001/XMLSchema#dateTime", "https://t.example/D", "name", "Unknown")),
        ("@direction", ("rtl",)),
        ("@index", ("i",)),
    ):
        if random.random() < 0.3:
            value[name] = random.choice(choices)
    return value
