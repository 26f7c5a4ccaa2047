"""A policy that names proofs: the others need not even be known, and are told; COSE and JOSE share their names."""

import json
from typing import Any

import pytest

from support.issuers import NOW, SimulatedCourt
from support.mechanisms import SimulatedSigner, compact, sign1, with_keys
from support.signatures import TYPES
from xinzheng_verifier import Policy, Report, TrustStore, Verifier
from xinzheng_verifier.secure.algorithms import COSE, COSE_NAMES, JOSE, PROOF_NAMES, common_name

SUITE = "ecdsa-jcs-2019"
UNKNOWN: dict[str, Any] = {"type": "DataIntegrityProof", "cryptosuite": "bbs-2099", "proofValue": "u2V0C"}
ODD: list[dict[str, Any]] = [
    UNKNOWN,
    {"type": "Ed25519Signature2020"},
    {"type": ["DataIntegrityProof"], "cryptosuite": SUITE},
    {"type": "DataIntegrityProof", "cryptosuite": {}},
    {"cryptosuite": SUITE},
    {"type": "x" * 1_000},
]


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


def judged(court: SimulatedCourt, data: bytes | str, *names: str) -> Report:
    trust = TrustStore.from_documents([court.issuer_document()], court.status_lists())
    return Verifier(trust, policy=Policy(proofs=frozenset(names) or None)).report(data, at=NOW)


def with_proofs(court: SimulatedCourt, *others: dict[str, Any]) -> str:
    document = json.loads(court.issue().json_text)
    return json.dumps(document | {"proof": [*others, document["proof"]]})


@pytest.mark.parametrize("odd", ODD)
def test_unknown_proof_counts_where_no_policy_names_another(court: SimulatedCourt, odd: dict[str, Any]) -> None:
    document = with_proofs(court, odd)
    assert judged(court, document).code == "suite_mismatch"
    report = judged(court, document, SUITE)
    assert report.code == "ok"
    evidence = report.steps[1].evidence
    assert evidence["mechanism"] == SUITE
    told: Any = evidence["unknownProofs"]
    assert [len(kind) <= 80 for kind in told] == [True]


def test_unknown_proofs_are_told_by_their_kind(court: SimulatedCourt) -> None:
    evidence = judged(court, with_proofs(court, *ODD[:3]), SUITE).steps[1].evidence
    assert evidence["unknownProofs"] == ["bbs-2099", "Ed25519Signature2020", "list"]
    assert "unknownProofs" not in judged(court, with_proofs(court), SUITE).steps[1].evidence


def test_policy_that_names_an_unknown_proof_is_not_met(court: SimulatedCourt) -> None:
    document = with_proofs(court, UNKNOWN)
    for names in (("bbs-2099",), ("bbs-2099", SUITE)):
        assert judged(court, document, *names).code == "suite_mismatch"
    assert judged(court, with_proofs(court), "bbs-2099").code == "proof_required"


SIGNERS = {key_type: SimulatedSigner.generate(key_type) for key_type in TYPES}


@pytest.mark.parametrize("name", sorted(JOSE.keys() - {"SGD_SM3_SM2"}))  # COSE has no SM2
def test_one_name_for_an_algorithm_in_jose_and_cose(court: SimulatedCourt, name: str) -> None:
    key_type = JOSE[name].key_type
    signer = SIGNERS[key_type]
    trust = TrustStore.from_documents([with_keys(court.issuer_document(), {"k": signer})], court.status_lists())
    kid, credential = court.method("k"), court.issue().credential
    token = compact({"alg": name, "typ": "vc+jwt", "kid": kid}, credential, signer)
    messages = [
        sign1({1: identifier, 4: kid.encode(), 16: "application/vc+cose"}, json.dumps(credential).encode(), signer)
        for identifier, algorithm in COSE.items()
        if algorithm.key_type is key_type
    ]
    assert len(messages) == 2
    inputs: list[bytes | str] = [token, *messages]
    for data in inputs:
        report = Verifier(trust, policy=Policy(proofs=frozenset({name}))).report(data, at=NOW)
        assert report.code == "ok"
        assert common_name(str(report.steps[1].evidence["mechanism"])) == common_name(name)
        for others in (JOSE.keys() - {name, "EdDSA", "Ed25519"}, {"COSE -7"}, {"-7"}):
            policy = Policy(proofs=frozenset(others))
            assert Verifier(trust, policy=policy).report(data, at=NOW).code == "proof_required"


def test_names_are_those_of_the_tables() -> None:
    assert COSE_NAMES.keys() == COSE.keys()
    assert {identifier: JOSE[name] for identifier, name in COSE_NAMES.items()} == COSE
    assert set(JOSE) < set(PROOF_NAMES)
