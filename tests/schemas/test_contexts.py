"""The bundled contexts: whole, of known digest, and ours sound."""

import hashlib
import json
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from support.certificates import company_credential, zaoyang_credential
from support.repository import ROOT
from xinzheng_schemas import contexts
from xinzheng_schemas.contexts import (
    BUNDLED,
    CREDENTIALS_V2,
    CREDIT_REPAIR_NAMESPACE,
    CREDIT_REPAIR_V1,
    DATA_INTEGRITY_V2,
    ContextError,
)
from xinzheng_schemas.vocabulary import (
    ConsumptionRestrictionStatus,
    IdType,
    ListingGround,
    MaskingGround,
    PerformanceStatus,
    Purpose,
    SubjectKind,
)

W3C_CREDENTIALS_V2 = ROOT.parent / "shared" / "data" / "contexts" / "contexts" / "credentials" / "v2"


def test_three_contexts_are_bundled_and_cannot_be_replaced() -> None:
    assert list(BUNDLED) == [CREDENTIALS_V2, DATA_INTEGRITY_V2, CREDIT_REPAIR_V1]
    with pytest.raises(TypeError):
        BUNDLED["https://evil.example"] = BUNDLED[CREDENTIALS_V2]  # type: ignore[index]


@pytest.mark.parametrize("url", BUNDLED)
def test_bytes_have_the_digest(url: str) -> None:
    context = BUNDLED[url]
    assert hashlib.sha256(context.text()).hexdigest() == context.sha256
    assert context.sha256 in context.known_sha256
    assert context.document() == json.loads(context.text())


def test_document_is_a_fresh_copy() -> None:
    BUNDLED[CREDENTIALS_V2].document()["@context"].clear()
    assert BUNDLED[CREDENTIALS_V2].document()["@context"]


def test_altered_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "contexts"
    folder.mkdir(parents=True)
    (folder / "credentials-v2.jsonld").write_bytes(b"{}")
    monkeypatch.setattr("xinzheng_schemas.contexts.resources.files", lambda _: tmp_path)
    contexts._checked.cache_clear()
    with pytest.raises(ContextError, match=r"credentials-v2\.jsonld") as caught:
        BUNDLED[CREDENTIALS_V2].document()
    assert caught.value.code == "context_altered"
    contexts._checked.cache_clear()


@pytest.mark.skipif(not W3C_CREDENTIALS_V2.exists(), reason="W3C's context files are not beside the project")
def test_credentials_context_is_the_one_of_w3c() -> None:
    published = W3C_CREDENTIALS_V2.read_bytes()
    assert BUNDLED[CREDENTIALS_V2].document() == json.loads(published)
    assert hashlib.sha256(published).hexdigest() in BUNDLED[CREDENTIALS_V2].known_sha256


def test_data_integrity_context_is_the_one_of_w3c_but_for_the_last_line_feed() -> None:
    context = BUNDLED[DATA_INTEGRITY_V2]
    assert hashlib.sha256(context.text().removesuffix(b"\n")).hexdigest() in context.known_sha256 - {context.sha256}


# --- ours -----------------------------------------------------------------------------------------------------------

OURS = BUNDLED[CREDIT_REPAIR_V1].document()["@context"]
W3C = BUNDLED[CREDENTIALS_V2].document()["@context"]


def scopes(context: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The context and every property-scoped one below it."""
    yield context
    for definition in context.values():
        if isinstance(definition, dict) and "@context" in definition:
            yield from scopes(definition["@context"])


def test_every_term_is_protected_and_has_an_absolute_iri() -> None:
    for scope in scopes(OURS):
        assert scope["@protected"] is True
        for term, definition in scope.items():
            if term.startswith("@") or term in {"id", "type"}:
                continue
            iri = definition["@id"] if isinstance(definition, dict) else definition
            assert re.fullmatch(re.escape(CREDIT_REPAIR_NAMESPACE) + "[A-Za-z0-9-]+", iri), term
    assert not {"@vocab", "@base", "@import"} & OURS.keys()


def test_no_term_of_w3c_is_redefined() -> None:
    assert {term: OURS[term] for term in OURS.keys() & W3C.keys() if not term.startswith("@")} == {
        "id": "@id",
        "type": "@type",
    }


@pytest.mark.parametrize(
    ("term", "kind"),
    [
        ("subjectKind", SubjectKind),
        ("idType", IdType),
        ("listingGround", ListingGround),
        ("performanceStatus", PerformanceStatus),
        ("consumptionRestrictionStatus", ConsumptionRestrictionStatus),
        ("purpose", Purpose),
    ],
)
def test_every_word_has_an_iri(term: str, kind: type[StrEnum]) -> None:
    assert set(OURS[term]["@context"]) - {"@protected"} == set(kind)
    masking_grounds = OURS["masking"]["@context"]["ground"]["@context"]
    assert set(masking_grounds) - {"@protected"} == set(MaskingGround)


def test_two_words_share_no_iri() -> None:
    iris = [
        iri
        for scope in scopes(OURS)
        for term, definition in scope.items()
        if not term.startswith("@") and term not in {"id", "type"}
        for iri in [definition["@id"] if isinstance(definition, dict) else definition]
    ]
    assert len(set(iris)) == len(iris)


@pytest.mark.parametrize("credential", [zaoyang_credential(), company_credential()])
def test_every_member_of_a_certificate_is_defined(credential: dict[str, Any]) -> None:
    subject = credential["credentialSubject"]
    assert {"certificateNumber", "scopeStatement", "CreditRepairCredential", "sequence"} <= OURS.keys()
    assert subject.keys() <= OURS.keys() | {"name"}
    assert subject["masking"].keys() <= OURS["masking"]["@context"].keys()
    assert subject["enforcementCourt"].keys() <= OURS["enforcementCourt"]["@context"].keys() | {"name"}
