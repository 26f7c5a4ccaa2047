"""The published JSON Schema of the report: every report fits, and nothing that a report never says does."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from support.issuers import SimulatedCourt
from support.repository import ROOT
from xinzheng_schemas.json_schemas import REPORT_SCHEMA_ID, document
from xinzheng_verifier import Outcome, Policy, Report, TrustStore, Verdict, Verifier
from xinzheng_verifier.limits import MAX_INPUT_BYTES
from xinzheng_verifier.read.forms import Form
from xinzheng_verifier.report import STEP_NAMES
from xinzheng_verifier.testkit import PERSON, FakeCourt, FakeIssuer

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SCHEMA = document(REPORT_SCHEMA_ID)
VALIDATOR = Draft202012Validator(SCHEMA)
COURT = FakeCourt(now=NOW)


def problems(report: object) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(report)]


def reports() -> dict[str, Report]:
    parties = (COURT, FakeIssuer(now=NOW))
    found = {f"{case.policy.profile}-{case.name}": case.report() for party in parties for case in party.cases()}
    real = SimulatedCourt(now=NOW)
    trust = TrustStore.from_documents([real.controller_document()], real.status_lists())
    policy = Policy(
        max_status_age=timedelta(seconds=90.5),
        issuers=frozenset({real.did}),
        unsafe_trust_dates_of_compromised_keys=True,
    )
    found["nameless issuer"] = Verifier(trust, policy=policy).report(real.issue().jwt, at=NOW, identity=PERSON)
    found["too large"] = Verifier(trust).report(bytes(MAX_INPUT_BYTES + 1), at=NOW)
    with_bundle = TrustStore(COURT.trust().issuers, {}, bundle_version=3, bundle_expires=NOW)
    found["bundle"] = Verifier(with_bundle).report(COURT.certificate().jwt, at=NOW)
    return found


REPORTS = reports()


def test_schema_is_sound_and_names_itself() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"] == REPORT_SCHEMA_ID


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_fits(name: str) -> None:
    assert problems(json.loads(json.dumps(REPORTS[name].to_json()))) == []


def test_schema_lists_what_the_code_has() -> None:
    assert SCHEMA["$defs"]["verdict"]["enum"] == [*Verdict]
    assert SCHEMA["$defs"]["step"]["properties"]["outcome"]["enum"] == [*Outcome]
    assert SCHEMA["properties"]["form"]["enum"] == [*Form, None]
    steps = SCHEMA["properties"]["steps"]["prefixItems"]
    assert [step["properties"]["name"]["const"] for step in steps] == [*STEP_NAMES]
    good = REPORTS["court-good-jwt"].to_json()
    assert [*good] == [*SCHEMA["properties"]] == SCHEMA["required"]
    assert [*Policy().to_json()] == [*SCHEMA["$defs"]["policy"]["properties"]] == SCHEMA["$defs"]["policy"]["required"]


def test_schema_lets_nothing_unnamed_in() -> None:
    def objects(schema: Any) -> list[dict[str, Any]]:
        inner = list(schema.values()) if isinstance(schema, dict) else schema if isinstance(schema, list) else []
        found = [item for part in inner for item in objects(part)]
        return [schema, *found] if isinstance(schema, dict) and "required" in schema else found

    closed = objects(SCHEMA)
    assert len(closed) == 6
    assert all(schema["additionalProperties"] is False for schema in closed)
    assert all([*schema["properties"]] == schema["required"] for schema in closed)


def change(*path: str | int, to: object) -> Callable[[dict[str, Any]], None]:
    def spoil(report: dict[str, Any]) -> None:
        target: Any = report
        for name in path[:-1]:
            target = target[name]
        target[path[-1]] = to

    return spoil


SPOILED = {
    "verdict unheard of": change("verdict", to="ok"),
    "verdict against the steps": change("verdict", to="failed"),
    "undecided against the steps": change("verdict", to="indeterminate"),
    "code against the verdict": change("code", to="revoked"),
    "code of another spelling": change("code", to="OK"),
    "one language": change("message", to={"en": "x"}),
    "empty message": change("message", "zh", to=""),
    "member more": change("score", to=1),
    "form": change("form", to="pdf"),
    "form of a passed report": change("form", to=None),
    "moment without zone": change("at", to="2026-11-23T09:00:00"),
    "moment as number": change("at", to=0),
    "digest": change("inputSha256", to="ABC"),
    "status as of": change("statusAsOf", to="yesterday"),
    "bundle version": change("bundleVersion", to=0),
    "issuer as text": change("issuer", to="did:web:a.example"),
    "issuer without name": change("issuer", to={"id": "did:web:a.example"}),
    "issuer not named": change("issuer", to=None),
    "claims as text": change("claims", to="{}"),
    "claims not shown": change("claims", to=None),
    "scope statement": change("scopeStatement", to="x"),
    "version": change("version", to=2),
    "policy more": change("policy", "skewSeconds", to=60),
    "policy profile": change("policy", "profile", to="any"),
    "policy age": change("policy", "maxStatusAgeSeconds", to=-1),
    "policy types": change("policy", "types", to="A"),
    "step number": change("steps", 3, "number", to=5),
    "step name": change("steps", 3, "name", to="keys"),
    "step outcome": change("steps", 3, "outcome", to="skipped"),
    "step failed though passed": change("steps", 3, "outcome", to="failed"),
    "step code": change("steps", 3, "code", to="key_expired"),
    "step evidence": change("steps", 3, "evidence", to=[]),
    "step more": change("steps", 3, "note", to="x"),
    "step not run under a shown claim": change("steps", 4, to={**REPORTS["court-unreadable"].steps[4].to_json()}),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_no_report_says_does_not_fit(name: str) -> None:
    report = copy.deepcopy(REPORTS["court-identity-matches-jwt"].to_json())
    assert problems(report) == []
    SPOILED[name](report)
    assert problems(report)


@pytest.mark.parametrize("name", SCHEMA["required"])
def test_every_member_is_there(name: str) -> None:
    report = REPORTS["court-good-jwt"].to_json()
    del report[name]
    assert problems(report)


@pytest.mark.parametrize(
    "change_steps", [lambda steps: steps[:9], lambda steps: [*steps, steps[9]], lambda steps: steps[::-1]]
)
def test_ten_steps_in_their_order(change_steps: Callable[[list[Any]], list[Any]]) -> None:
    report: dict[str, Any] = REPORTS["court-good-jwt"].to_json()
    assert problems({**report, "steps": change_steps(report["steps"])})


def test_nothing_is_shown_of_what_is_not_genuine() -> None:
    forged, good = (REPORTS[f"court-{name}-jwt"].to_json() for name in ("forged", "good"))
    for member in ("claims", "scopeStatement", "statusAsOf"):
        assert problems({**forged, member: good[member]})


def test_page_describes_every_member() -> None:
    page = (ROOT / "docs" / "reference" / "report.md").read_text("utf-8")
    members = {
        *SCHEMA["properties"],
        *SCHEMA["$defs"]["step"]["properties"],
        *SCHEMA["$defs"]["issuer"]["properties"],
        *SCHEMA["$defs"]["policy"]["properties"],
    }
    assert [name for name in members if f"`{name}`" not in page] == []
    assert REPORT_SCHEMA_ID in page
