"""The issuer's reference pages say what the code says: every step, every route, every field, every role."""

import re
from itertools import pairwise

import pytest

from support.repository import ROOT
from xinzheng_issuer.api import wire
from xinzheng_issuer.api.routes import applications, certificates, feed, public
from xinzheng_issuer.domain.workflow import OPEN_STATES, PERSONAL_ROLES, TRANSITIONS, Action, Role, State
from xinzheng_issuer.feed.intake import FEED_ROLES
from xinzheng_issuer.feed.review import REVIEWING_ROLES
from xinzheng_issuer.messages import MESSAGES
from xinzheng_schemas.messages import MESSAGES as SCHEMA_MESSAGES

WORKFLOW = (ROOT / "docs" / "reference" / "workflow.md").read_text("utf-8")
HTTP_API = (ROOT / "docs" / "reference" / "http-api.md").read_text("utf-8")
ACTION_OF_PATH = {
    "": Action.REGISTER,
    "masking-confirmation": Action.CONFIRM_MASKING,
    "list-check": Action.RENEW_LIST_CHECK,
    "approval": Action.APPROVE,
    "issuance": Action.ISSUE,
    "return": Action.RETURN,
    "withdrawal": Action.WITHDRAW,
    "rejection": Action.REJECT,
    "send-back": Action.SEND_BACK,
    "suspension": Action.SUSPEND,
    "revocation": Action.REVOKE,
}


def rows(page: str) -> list[list[str]]:
    """Every table row of a page, cell by cell."""
    lines = [line for line in page.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def quoted(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


def roles(cell: str) -> set[str]:
    return set(re.findall(r"[a-zA-Z]+", cell)) & {str(role) for role in Role}


def test_the_workflow_page_is_the_state_machine() -> None:
    shown = {row[0].strip("`"): row for row in rows(WORKFLOW) if len(row) == 5 and row[0].startswith("`")}
    assert set(shown) == {str(action) for action in TRANSITIONS}
    for action, transition in TRANSITIONS.items():
        _, source, target, who, conditions = shown[action]
        assert quoted(source) == {str(state) for state in transition.sources if state}, action
        assert quoted(target) == ({str(transition.target)} if transition.target else set()), action
        assert {each.strip() for each in who.split(",")} == {str(role) for role in transition.roles}, action
        assert ("reason" in conditions) == transition.reason, action
        assert ("another person" in conditions) == transition.second_person, action


def test_the_workflow_page_names_every_final_state() -> None:
    taken_back = {Action.RESUME, Action.SUPERSEDE}  # of an end that has not come, which is none
    left = {source for row in TRANSITIONS.values() if row.action not in taken_back for source in row.sources}
    final = {str(state) for state in State if state not in left}
    sentence = next(line for line in WORKFLOW.splitlines() if "are final" in line)
    assert quoted(sentence.partition("are final")[0]) == final
    assert not {str(state) for state in OPEN_STATES} & final


def test_codes_on_the_pages_exist() -> None:
    codes = {code for row in rows(WORKFLOW) if len(row) == 2 for code in quoted(row[1])}
    assert codes
    assert codes <= MESSAGES.keys() | SCHEMA_MESSAGES.keys()


def test_every_route_is_on_the_page_and_no_other() -> None:
    routers = (applications.router, certificates.router, feed.router, feed.reviews, public.router)
    served = {
        f"{method} {route.path}"  # type: ignore[attr-defined]
        for router in routers
        for route in router.routes
        for method in route.methods  # type: ignore[attr-defined]
    }
    shown = {entry for row in rows(HTTP_API) for entry in quoted(row[0]) if re.match(r"(GET|POST) /", entry)}
    assert shown == served


@pytest.mark.parametrize("row", [row for row in rows(HTTP_API) if row[0].startswith("`POST ")], ids=lambda row: row[0])
def test_the_roles_on_the_page_are_those_of_the_workflow(row: list[str]) -> None:
    path = row[0].strip("`").removeprefix("POST ")
    *_, last = path.split("/")
    if path.endswith("feed-batches"):
        wanted = set(FEED_ROLES)
    elif path.endswith("review"):
        wanted = set(REVIEWING_ROLES)
    elif last == "reinstatement":
        wanted = set(TRANSITIONS[Action.PROPOSE_REINSTATEMENT].roles | TRANSITIONS[Action.REINSTATE].roles)
    else:
        wanted = set(TRANSITIONS[ACTION_OF_PATH[last if last in ACTION_OF_PATH else ""]].roles)
    assert roles(row[1]) == {str(role) for role in wanted & set(PERSONAL_ROLES)}


@pytest.mark.parametrize(
    ("model", "heading"),
    [(wire.ApplicationIn, "### An application"), (wire.MaskingConfirmationIn, "### A masking confirmation")],
)
def test_every_field_of_a_request_is_on_the_page(model: type[wire._Wire], heading: str) -> None:
    section = HTTP_API.partition(heading)[2].partition("\n## ")[0].partition("\n### ")[0]
    table = [row for row in rows(section) if row[0].startswith("`")]
    shown = {name: row[1] for row in table for name in quoted(row[0])}
    fields = {field.alias: field for field in model.model_fields.values()}
    assert set(shown) == set(fields)
    assert {name for name, need in shown.items() if need == "needed"} == {
        name for name, field in fields.items() if field.is_required()
    }


def test_feed_answers_are_on_the_page() -> None:
    section = HTTP_API.partition("## Feed")[2].partition("\n## ")[0]
    assert {field.alias for field in wire.FeedRecordOut.model_fields.values()} <= quoted(section)


def test_the_sections_stand_in_the_order_of_the_path() -> None:
    heads = [HTTP_API.index(f"\n## {head}\n") for head in ("Applications", "Certificates", "Feed", "For everybody")]
    assert all(before < after for before, after in pairwise(heads))
