"""Status lists and journals that are of no use: what is wrong with one is found once, and told of every certificate."""

import json
import random
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from support.issuers import SimulatedCourt
from xinzheng_keys import SoftwareSigner
from xinzheng_schemas import bitstring
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.limits import MAX_STATUS_LIST_BYTES

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LARGEST = bitstring.encode(random.Random(1).randbytes(MAX_STATUS_LIST_BYTES))  # noqa: S311 - no secret
"""2^24 entries that do not compress."""
TOO_LARGE = bitstring.encode(bytes(MAX_STATUS_LIST_BYTES + 1))


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


def trust_of(court: SimulatedCourt, *lists: Any, **more: Any) -> TrustStore:
    return TrustStore.from_documents([court.issuer_document()], [*lists], **more)


def broken(court: SimulatedCourt) -> dict[str, tuple[str, Any]]:
    """Name → code and revocation list."""

    def revocations(**settings: Any) -> dict[str, Any]:
        return court.status_list("revocation", **settings)

    def subject(**members: Any) -> dict[str, Any]:
        return revocations(overrides={"credentialSubject": members})

    unsigned = {name: value for name, value in revocations().items() if name != "proof"}
    altered = revocations() | {"validUntil": format_timestamp(court.now + 9 * DAY)}
    return {
        "unsigned": ("status_unavailable", unsigned),
        "by a stranger": ("status_issuer", revocations(signer=SoftwareSigner.generate())),
        "by the certificate key": ("status_issuer", revocations(key="cert-1")),
        "altered": ("status_issuer", altered),
        "of another issuer": ("status_issuer", revocations(overrides={"issuer": "did:web:other.example"})),
        "another type": ("status_type", revocations(overrides={"type": ["VerifiableCredential"]})),
        "too large": ("status_malformed", subject(encodedList=TOO_LARGE)),
        "no bits": ("status_malformed", subject(encodedList="u####")),
        "unknown term": ("status_shape", revocations(overrides={"nonsense": 1})),
    }


NAMES = [*broken(SimulatedCourt())]


@pytest.mark.parametrize("name", NAMES)
def test_the_second_certificate_gets_the_answer_of_the_first(court: SimulatedCourt, name: str) -> None:
    code, found = broken(court)[name]
    url = court.status_url("revocation")
    lists = {url: json.dumps(found).encode(), court.status_url("suspension"): _text(court.status_list("suspension"))}
    trust = TrustStore(trust_of(court).issuers, lists)
    used = Verifier(trust)
    for certificate in (court.issue(), court.issue({"certificateNumber": "鄂0683-2026-0000000000001"})):
        for data in (certificate.jwt, certificate.json_text, certificate.qr):
            for at in (court.now, court.now + HOUR):
                answer = used.report(data, at=at)
                fresh = Verifier(TrustStore(trust.issuers, lists)).report(data, at=at)
                assert answer.code == code
                assert answer.to_json() == fresh.to_json()


def _text(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document).encode()


def certificates(court: SimulatedCourt, count: int) -> Iterator[str]:
    for number in range(count):
        yield court.issue({"certificateNumber": f"鄂0683-2026-{number:013d}"}).jwt


def worked(verifier: Verifier, court: SimulatedCourt, batch: list[str], code: str) -> float:
    begun = time.process_time()
    answers = [report.code for report in verifier.report_many(batch, at=court.now, workers=1)]
    assert answers == [code] * len(batch)
    return time.process_time() - begun


@pytest.mark.parametrize(
    ("code", "overrides"),
    [
        ("status_malformed", {"credentialSubject": {"encodedList": LARGEST, "ttl": "soon"}}),
        ("status_shape", {"credentialSubject": {"encodedList": LARGEST, "nonsense": 1}}),
        ("status_issuer", {"credentialSubject": {"encodedList": LARGEST}, "issuer": "did:web:xz.example:did:420684"}),
    ],
)
def test_a_batch_against_a_broken_list_of_the_largest_size_waits_for_it_once(
    court: SimulatedCourt, code: str, overrides: dict[str, Any]
) -> None:
    neighbour = SimulatedCourt(region_code="420684", court_code="鄂0684")
    hostile = court.status_list("revocation", overrides=overrides)
    trust = TrustStore.from_documents(
        [court.issuer_document(), neighbour.issuer_document()], [hostile, court.status_list("suspension")]
    )
    batch = [*certificates(court, 1_000)]
    verifier = Verifier(trust)
    once = worked(verifier, court, batch[:1], code)
    assert worked(verifier, court, batch, code) < max(30 * once, 3.0)


def test_a_failure_keeps_nothing_of_the_document(court: SimulatedCourt) -> None:
    hostile = court.status_list(overrides={"credentialSubject": {"encodedList": LARGEST, "nonsense": 1}})
    trust, token = trust_of(court, hostile, court.status_list("suspension")), court.issue().jwt
    Verifier(trust_of(court, *court.status_lists())).report(token, at=court.now)  # what is loaded when first needed
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        assert Verifier(trust).report(token, at=court.now).code == "status_shape"
        after, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most - before > MAX_STATUS_LIST_BYTES
    assert after - before < 200_000


def test_addresses_that_are_not_at_hand_leave_nothing_behind(court: SimulatedCourt) -> None:
    trust = trust_of(court)
    verifier = Verifier(trust)
    for number in range(20):
        entries = [
            entry | {"statusListCredential": f"https://xz.example/{number}"}
            for entry in court.credential()["credentialStatus"]
        ]
        token = court.issue({"credentialStatus": entries}).jwt
        assert verifier.report(token, at=court.now).code == "status_unavailable"
    assert trust.decoded_status_lists == {}


# --- what the moment has a say in -------------------------------------------------------------------------------------


def expiring(court: SimulatedCourt, *lists: Any) -> TrustStore:
    """The status key is used at no moment from an hour on."""
    document = court.controller_document()
    for method in document["verificationMethod"]:
        if "status-1" in method["id"]:
            method["expires"] = format_timestamp(court.now + HOUR)
    return TrustStore.from_documents([document], [*lists])


def asked(trust: TrustStore, court: SimulatedCourt, verifier: Verifier | None = None) -> list[tuple[str, object]]:
    """Code and reason: after the key's end, before it, after it."""
    verifier, token = verifier or Verifier(trust), court.issue().jwt
    found = [verifier.report(token, at=court.now + hours * HOUR).deciding_step for hours in (2, 0, 2)]
    return [(step.code, step.evidence.get("reason")) for step in found]


def test_a_key_that_is_not_good_at_one_moment_says_nothing_of_another(court: SimulatedCourt) -> None:
    assert asked(expiring(court, *court.status_lists()), court) == [
        ("status_issuer", "key_expired"),
        ("ok", None),
        ("status_issuer", "key_expired"),
    ]


def test_of_a_broken_list_the_key_is_asked_first_at_every_moment(court: SimulatedCourt) -> None:
    _, found = broken(court)["unknown term"]
    assert asked(expiring(court, found, court.status_list("suspension")), court) == [
        ("status_issuer", "key_expired"),
        ("status_shape", "data_loss"),
        ("status_issuer", "key_expired"),
    ]


# --- journals ---------------------------------------------------------------------------------------------------------


def test_a_batch_about_the_past_waits_for_a_broken_journal_once(court: SimulatedCourt) -> None:
    """Of 130,000 changes, each of them good, the last one is impossible."""
    second = int((court.now - 2 * DAY).timestamp())
    changes = [[second + number, number, 1] for number in range(130_000)]
    hostile = court.status_changes(overrides={"changes": [*changes, [second + 200_000, 0, 1]]})
    journals = [hostile, court.status_changes("suspension")]
    trust = trust_of(court, *court.status_lists(), status_changes=journals)
    token = court.issue({"validFrom": format_timestamp(court.now - 9 * DAY)}).jwt
    begun, verifier, spent = time.process_time(), Verifier(trust), []
    for _ in range(200):
        report = verifier.report(token, at=court.now - DAY, now=court.now)
        assert report.code == "status_changes_malformed"
        assert report.deciding_step.evidence["field"] == "/changes/130000"
        spent.append(time.process_time() - begun)
    assert spent[-1] < max(5 * spent[0], 3.0)
