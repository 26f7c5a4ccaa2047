"""The straight way of the usual certificate gives the report of the ten steps, or leaves it to them."""

import gc
import json
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.issuers import SimulatedCourt, forged_jws
from support.samples import WANG_ID
from support.vector_files import MANIFEST, SETTING, VECTORS, verifier_for
from xinzheng_schemas.timestamps import format_timestamp, parse_timestamp
from xinzheng_verifier import Policy, Report, TrustStore, Verifier, usual
from xinzheng_verifier.trust.store import IssuerTerm

COURT = SimulatedCourt()
LISTS = COURT.status_lists(revoked=[7], suspended=[8])
TRUST = TrustStore.from_documents([COURT.issuer_document()], LISTS)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def forms(overrides: dict[str, Any] | None = None, court: SimulatedCourt = COURT) -> list[bytes]:
    """One certificate in the three forms that go this way."""
    issued = court.issue(overrides)
    return [issued.jwt.encode(), issued.json_text, issued.qr.encode()]


def at_place(index: str) -> dict[str, Any]:
    """A certificate at another place of the status lists."""
    return {"credentialStatus": [e | {"statusListIndex": index} for e in COURT.credential()["credentialStatus"]]}


def used(trust: TrustStore = TRUST, policy: Policy | None = None, at: datetime = COURT.now) -> Verifier:
    """A verifier that has seen a good certificate in each form."""
    verifier = Verifier(trust, policy=policy)
    for data in forms():
        verifier.report(data, at=at)
    return verifier


def went_straight(report: Report) -> bool:
    return "passed" in vars(report)


def same(verifier: Verifier, data: bytes | str, at: datetime = COURT.now, **arguments: Any) -> Report:
    """What a verifier answers that has seen others, if it is what one answers that has not."""
    report = verifier.report(data, at=at, **arguments)
    straight = went_straight(report)
    expected = Verifier(verifier.trust, policy=verifier.policy).report(data, at=at, **arguments)
    assert not went_straight(expected)
    assert (report.verdict, report.code, report.claims) == (expected.verdict, expected.code, expected.claims)
    assert report.to_json() == expected.to_json()
    assert report == expected
    assert straight == went_straight(report)
    return report


# --- what passes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [0, 1, 2])
def test_second_certificate_of_a_court_goes_straight(form: int) -> None:
    verifier = Verifier(TRUST)
    assert not went_straight(verifier.report(forms()[form], at=COURT.now))
    other = forms({"certificateNumber": "鄂0683-2026-0000000000001"})[form]
    assert went_straight(same(verifier, other))
    assert went_straight(same(verifier, other + b"\n"))


def test_what_was_given_to_compare_with_is_compared() -> None:
    verifier, (jwt, document, qr) = used(), forms()
    for data in (jwt, document, qr):
        assert went_straight(same(verifier, data, identity=WANG_ID))
        assert same(verifier, data, identity="420683198506151235").code == "identity_mismatch"
        assert same(verifier, data, number="鄂0683-2026-0000000000000").code == "number_mismatch"
        assert went_straight(same(verifier, data, other=qr, number=COURT.credential()["certificateNumber"]))
        assert same(verifier, data, other=qr[:-3]).code == "other_form_refused"


def test_form_that_is_asked_for_is_asked_of_the_ten_steps() -> None:
    assert not went_straight(same(used(), forms()[0], form="jwt"))
    assert same(used(), forms()[0], form="qr").code != "ok"


def test_enveloped_token_stays_an_enveloped_token() -> None:
    verifier, token = used(), forms()[0].decode()
    envelope = f"data:application/vc+jwt,{token}"
    for data, form in ((envelope, "enveloped"), (token, "jwt"), (envelope, "enveloped")):
        assert same(verifier, data).form == form


def test_report_can_be_kept_and_copied() -> None:
    report = used().report(forms()[0], at=COURT.now)
    for copied in (copy(report), replace(report)):
        assert copied == report
        assert copied.to_json() == report.to_json()
    with pytest.raises(AttributeError):
        report.findings_of_yesterday  # type: ignore[attr-defined]  # noqa: B018 - there is no such thing


def test_what_a_caller_does_to_a_report_changes_no_other() -> None:
    verifier, data = used(), forms()[0]
    expected = verifier.report(data, at=COURT.now).to_json()
    spoilt = verifier.report(data, at=COURT.now)
    for step in spoilt.steps:
        for value in step.evidence.values():
            if isinstance(value, list):
                value.clear()
        step.evidence.clear()  # type: ignore[attr-defined]
    assert verifier.report(data, at=COURT.now).to_json() == expected


def test_report_leaves_nothing_to_the_collector() -> None:
    verifier, certificates = used(), forms({"certificateNumber": "鄂0683-2026-0000000000002"})
    gc.disable()
    try:
        for data in certificates:
            left = []
            for _ in range(5):  # threads of other tests may leave something now and then
                gc.collect()
                report = verifier.report(data, at=COURT.now)
                assert went_straight(report)
                assert report.steps
                del report
                left.append(gc.collect())
            assert min(left) == 0
    finally:
        gc.enable()


# --- what does not ----------------------------------------------------------------------------------------------------


def settings_of_vectors() -> Iterator[list[dict[str, Any]]]:
    """The vectors by what they are judged by, moments aside."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for vector in MANIFEST:
        groups.setdefault(json.dumps([vector[name] for name in SETTING if name != "at"]), []).append(vector)
    yield from groups.values()


@pytest.mark.parametrize("group", [*settings_of_vectors()], ids=lambda group: group[0]["file"])
def test_vectors_get_the_same_answers_after_all_others(group: list[dict[str, Any]]) -> None:
    """Whatever a verifier saw before, good certificates of the same keys and lists among it, changes no answer."""
    verifier = verifier_for(group[0])
    contents = [((VECTORS / "files" / one["file"]).read_bytes(), parse_timestamp(one["at"])) for one in group]
    for data, at in contents:
        verifier.report(data, at=at)
    for data, at in contents:
        same(verifier, data, at)


FORMS = forms()
USED = used()


@settings(deadline=None)
@given(st.sampled_from(FORMS), st.integers(0, 5000), st.integers(0, 3), st.binary(max_size=3) | st.sampled_from(FORMS))
def test_changed_certificates_get_the_same_answers(data: bytes, place: int, gone: int, new: bytes) -> None:
    place %= len(data)
    same(USED, data[:place] + new + data[place + gone :])


@settings(deadline=None)
@given(
    st.sampled_from(["id", "validFrom", "certificateNumber", "issuer", "@context", "type", "credentialStatus"]),
    st.sampled_from(["{", ",", "}", '"a":1,', '"\\u0069d":"x",', '"proof":{},', " ", "\n", "\ufeff", "1e999", "NaN"]),
    st.integers(0, 3000),
)
def test_payloads_that_the_court_signs_get_the_same_answers(name: str, new: str, place: int) -> None:
    text = json.dumps(COURT.credential(), ensure_ascii=False, separators=(",", ":"))
    start = text.index(f'"{name}"')
    header = json.loads('{"alg":"ES256","typ":"vc+jwt"}') | {"kid": COURT.method("cert-1", jwk=True)}
    for changed in (text[:start] + new + text[start:], text[: place % len(text)] + new + text[place % len(text) :]):
        payload = changed.encode("utf-8", "surrogatepass")
        same(USED, forged_jws(header, payload, COURT.certificate_signer))


@pytest.mark.parametrize("name", ["id", "credentialSubject", "proof", "statusListIndex", "purpose"])
def test_repeated_names_are_seen(name: str) -> None:
    """Of two members with one name the last would count: what is signed could be read in two ways."""
    document = forms()[1].decode()
    start = document.index(f'"{name}"')
    repeated = f'{document[:start]}"{name}":"x",{document[start:]}'
    assert same(USED, repeated).code == "duplicate_member"
    signed = json.dumps(COURT.credential(), ensure_ascii=False)
    if name != "proof":
        start = signed.index(f'"{name}"')
        payload = f'{signed[:start]}"{name}":[],{signed[start:]}'.encode()
        header = {"alg": "ES256", "typ": "vc+jwt", "kid": COURT.method("cert-1", jwk=True)}
        assert same(USED, forged_jws(header, payload, COURT.certificate_signer)).code == "duplicate_member"


@pytest.mark.parametrize(
    ("overrides", "code"),
    [
        (
            {"credentialStatus": [e | {"statusListIndex": "7"} for e in COURT.credential()["credentialStatus"]]},
            "revoked",
        ),
        (
            {"credentialStatus": [e | {"statusListIndex": "8"} for e in COURT.credential()["credentialStatus"]]},
            "suspended",
        ),
        (
            {"credentialStatus": [e | {"statusListIndex": "131072"} for e in COURT.credential()["credentialStatus"]]},
            "status_range",
        ),
        ({"validUntil": format_timestamp(COURT.now - timedelta(minutes=1))}, "expired"),
        ({"validFrom": format_timestamp(COURT.now + HOUR)}, "not_yet_valid"),
        ({"issuer": "did:web:elsewhere.example"}, "issuer_untrusted"),
    ],
)
def test_what_does_not_pass_does_not_pass_here(overrides: dict[str, Any], code: str) -> None:
    for data in forms(overrides)[: 2 if "issuer" in overrides else 3]:
        assert same(USED, data).code == code


def test_signature_of_another_does_not_pass() -> None:
    issued = COURT.issue(signer=SimulatedCourt().certificate_signer)
    for data in (issued.jwt, issued.json_text):
        assert same(USED, data).code == "signature_invalid"
    signature = COURT.issue({"certificateNumber": "鄂0683-2026-0000000000003"}).jwt.rpartition(".")[2]
    assert same(USED, f"{COURT.issue().jwt.rpartition('.')[0]}.{signature}").code == "signature_invalid"


def test_deceptive_texts_are_pointed_out_as_ever() -> None:
    for data in forms({"credentialSubject": {"basisIssuingBody": "枣阳市人民法院 Court А"}}):
        report = same(USED, data)
        assert report.steps[5].evidence["deceptive"]


def test_larger_than_any_certificate_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    data = forms()[0]
    monkeypatch.setattr(usual, "_MAX_BYTES", len(data))
    verifier = used()
    assert went_straight(verifier.report(data, at=COURT.now))
    assert not went_straight(verifier.report(data + b" ", at=COURT.now))


# --- moments, policies, stores ----------------------------------------------------------------------------------------

MOMENTS = [
    COURT.now + offset
    for offset in (
        -400 * DAY,
        -HOUR - timedelta(seconds=1),
        -HOUR,
        -timedelta(minutes=11),
        -timedelta(minutes=10),
        timedelta(0),
        7 * DAY - timedelta(minutes=10),
        7 * DAY,
        181 * DAY,
        182 * DAY,
        4000 * DAY,
    )
] + [COURT.now.astimezone(timezone(8 * HOUR)), datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]


@pytest.mark.parametrize("at", MOMENTS)
@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(max_status_age=timedelta(minutes=5)),
        Policy(max_status_age=timedelta(minutes=20), max_clock_skew=timedelta(minutes=5)),
        Policy(max_status_age=timedelta.max),
        Policy(issuers=frozenset({COURT.did}), proofs=frozenset({"ES256", "ecdsa-jcs-2019", "COSE -7"})),
        Policy(proofs=frozenset({"ES256"})),
        Policy(issuers=frozenset()),
        Policy(types=frozenset({"Other"})),
        Policy(profile="vcdm"),
        Policy(unsafe_accept_other_controllers=True),
    ],
)
def test_every_moment_is_judged_by_itself(at: datetime, policy: Policy) -> None:
    verifier = used(policy=policy)
    for data in forms():
        same(verifier, data, at)
        same(verifier, data, COURT.now)


def key_states() -> Iterator[dict[str, Any]]:
    yield {"validUntil": format_timestamp(COURT.now + HOUR)}
    yield {"validFrom": format_timestamp(COURT.now)}
    yield {"state": "compromised", "compromisedAt": format_timestamp(COURT.now + DAY)}


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("state", [*key_states()], ids=str)
@pytest.mark.parametrize("trust_dates", [False, True])
def test_windows_of_keys_hold(place: int, state: dict[str, Any], trust_dates: bool) -> None:
    document = COURT.issuer_document()
    document["keys"][place] |= state
    trust = TrustStore.from_documents([document], LISTS)
    policy = Policy(unsafe_trust_dates_of_compromised_keys=trust_dates)
    verifier = used(trust, policy)
    for at in MOMENTS[1:9]:
        for data in forms() + forms({"validFrom": format_timestamp(COURT.now + DAY)}):
            same(verifier, data, at)


@pytest.mark.parametrize("place", [0, 1])
def test_ends_of_keys_hold(place: int) -> None:
    document = COURT.issuer_document()
    for method in document["controllerDocument"]["verificationMethod"]:
        if method["id"] in document["keys"][place]["methods"]:
            method["expires"] = format_timestamp(COURT.now + DAY)
    verifier = used(TrustStore.from_documents([document], LISTS))
    for data in forms():
        assert went_straight(same(verifier, data))
        assert same(verifier, data, COURT.now + DAY).code in ("key_expired", "status_issuer")


def test_other_trust_is_other_trust() -> None:
    """After an import there is a new store, and a verifier of its own for it; nothing is carried over."""
    verifier, data = used(), forms()[0]
    assert went_straight(verifier.report(data, at=COURT.now))
    document = COURT.issuer_document()
    document["keys"][0] |= {"state": "compromised", "compromisedAt": format_timestamp(COURT.now - DAY)}
    revoked = COURT.status_lists(revoked=[94567])
    assert same(used(TrustStore.from_documents([document], LISTS)), data).code == "key_compromised"
    assert same(used(TrustStore.from_documents([COURT.issuer_document()], revoked)), data).code == "revoked"
    assert same(used(TrustStore.from_documents([COURT.issuer_document()])), data).code == "status_unavailable"
    assert same(used(TrustStore.from_documents()), data).code == "issuer_untrusted"
    assert went_straight(verifier.report(data, at=COURT.now))


def test_bundle_that_has_ended_and_clock_that_is_behind() -> None:
    issuers = {COURT.did: TRUST.issuer(COURT.did)}
    lists = {url: TRUST.status_list(url) for url in TRUST.status_list_urls}
    trust = TrustStore(
        issuers,  # type: ignore[arg-type]  # none of them is None
        lists,  # type: ignore[arg-type]  # none of them is None
        bundle_version=3,
        bundle_expires=COURT.now + HOUR,
        issued_floor=COURT.now - timedelta(minutes=5),
    )
    verifier = used(trust)
    for data in forms():
        assert went_straight(same(verifier, data))
        assert same(verifier, data, COURT.now + HOUR).code == "bundle_expired"
        assert same(verifier, data, COURT.now - timedelta(minutes=6)).code == "clock_implausible"


def test_entry_of_the_issuer_that_has_ended() -> None:
    issuers = {COURT.did: TRUST.issuer(COURT.did)}
    lists = {url: TRUST.status_list(url) for url in TRUST.status_list_urls}
    term = IssuerTerm("province-42", COURT.now + HOUR)
    trust = TrustStore(
        issuers,  # type: ignore[arg-type]  # none of them is None
        lists,  # type: ignore[arg-type]  # none of them is None
        bundle_expires=COURT.now + DAY,
        issuer_terms={COURT.did: term, "did:web:other.example": IssuerTerm("province-43", COURT.now)},
    )
    verifier = used(trust)
    for data in forms():
        assert went_straight(same(verifier, data, term.expires - timedelta(seconds=1)))
        assert same(verifier, data, term.expires).code == "bundle_expired"


@pytest.mark.parametrize("delegated", [("revocation",), ("suspension",), ("revocation", "suspension")])
def test_entry_of_a_delegate_that_has_ended(delegated: tuple[str, ...]) -> None:
    """Who signs lists for others is known as long as its own province's word of it counts."""
    delegate = SimulatedCourt(host="delegate.example", region_code="430100", court_code="湘01")
    lists = [(delegate if name in delegated else COURT, name) for name in ("revocation", "suspension")]
    content = {
        COURT.status_url(name): json.dumps(
            court.status_list(name, [7] if name == "revocation" else [], overrides=as_of_court(name))
        ).encode()
        for court, name in lists
    }
    issuers = TrustStore.from_documents(
        [COURT.issuer_document(statusListIssuers=[delegate.did]), delegate.issuer_document()]
    ).issuers
    second, end = timedelta(seconds=1), COURT.now + HOUR
    for expires in (None, COURT.now + DAY, end, end - second):
        terms = {
            COURT.did: IssuerTerm("province-42", COURT.now + 2 * HOUR),
            delegate.did: IssuerTerm("province-43", end),
        }
        trust = TrustStore(issuers, content, bundle_expires=expires, issuer_terms=terms)
        verifier, last = used(trust), end - second if expires == end - second else end
        for data in forms():
            assert went_straight(same(verifier, data, last - timedelta(microseconds=1)))
            held_up = same(verifier, data, last)
            assert (held_up.verdict.value, held_up.code) == ("indeterminate", "bundle_expired")
            role = "province-43" if expires in {None, COURT.now + DAY} else None
            assert held_up.deciding_step.evidence.get("role") == role
            assert same(verifier, data, COURT.now, now=last).code == "bundle_expired"
        for data in forms(at_place("7")):  # a set bit counts however old it is
            assert same(verifier, data, last).code == "revoked"


def as_of_court(purpose: str) -> dict[str, Any]:
    """What a list says that is at the court's address, whoever signs it."""
    url = COURT.status_url(purpose)
    return {"id": url, "credentialSubject": {"id": f"{url}#list"}}


# --- what is remembered -----------------------------------------------------------------------------------------------


def known(verifier: Verifier) -> list[int]:
    way = verifier._usual
    return [len(table) for table in (way._headers, way._signers, way._lists)]


def test_only_what_passed_is_remembered() -> None:
    verifier = Verifier(TRUST)
    for data in forms(at_place("7")):
        verifier.report(data, at=COURT.now)
    stranger = COURT.issue(signer=SimulatedCourt().certificate_signer)
    verifier.report(stranger.jwt, at=COURT.now)
    verifier.report(forms()[0], at=COURT.now + 400 * DAY)
    assert known(verifier) == [0, 0, 0]
    for _ in range(2):
        for data in forms():
            verifier.report(data, at=COURT.now)
    assert known(verifier) == [3, 3, 1]


def test_certificate_of_another_shape_passes_and_teaches_nothing() -> None:
    """A case number of the numbering before 2016, which only the exact reader knows."""
    verifier = Verifier(TRUST)
    for data in forms({"credentialSubject": {"enforcementCaseNumber": "（2014）鄂枣阳执字第1号"}}) * 2:
        assert same(verifier, data).code == "ok"
    assert known(verifier) == [0, 0, 0]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usual, "_MAX_KEPT", 2)
    verifier = Verifier(TRUST)
    for _ in range(3):
        for kid in (COURT.method("cert-1"), "#cert-1", "cert-1", COURT.method("cert-1", jwk=True)):
            header = {"alg": "ES256", "typ": "vc+jwt", "kid": kid}
            token = forged_jws(header, COURT.credential(), COURT.certificate_signer)
            for _ in range(2):
                assert same(verifier, token).code == "ok"
            assert max(known(verifier)) <= 2
    assert went_straight(verifier.report(token, at=COURT.now))


def test_same_header_under_another_issuer_is_another_key() -> None:
    """A key name that is relative belongs to the issuer that the certificate names."""
    neighbour = SimulatedCourt(region_code="420682", court_code="鄂0682", host="xz2.example")
    trust = TrustStore.from_documents(
        [COURT.issuer_document(), neighbour.issuer_document()], [*LISTS, *neighbour.status_lists()]
    )
    verifier = Verifier(trust)
    header = {"alg": "ES256", "typ": "vc+jwt", "kid": "#cert-1"}
    tokens = {
        (court.did, signer.did): forged_jws(header, court.credential(), signer.certificate_signer)
        for court in (COURT, neighbour)
        for signer in (COURT, neighbour)
    }
    for _ in range(2):
        for (named, signed), token in tokens.items():
            report = same(verifier, token)
            assert report.code == ("ok" if named == signed else "signature_invalid")
