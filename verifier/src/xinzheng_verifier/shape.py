"""Step 6: whether what is signed is a well-formed credential, without terms that nothing explains."""

import re
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Final

from xinzheng_schemas.certificate import Certificate
from xinzheng_schemas.contexts import BUNDLED, CREDENTIALS_V2, CREDIT_REPAIR_V1
from xinzheng_schemas.deceptive_text import deceptions
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.errors import RefusedError, VerifierError, problem
from xinzheng_verifier.limits import MAX_PROBLEMS
from xinzheng_verifier.policy import Profile
from xinzheng_verifier.secure.canonical import Contexts, canonical
from xinzheng_verifier.secure.moments import timestamp
from xinzheng_verifier.secure.proof import BASE_TYPE

_COURT_CONTEXT: Final[JSONValue] = [CREDENTIALS_V2, CREDIT_REPAIR_V1]
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_TYPED: Final = ("credentialStatus", "credentialSchema", "termsOfUse", "evidence", "refreshService")
_FREE_TEXTS: Final = (
    ("name",),
    ("enforcementCourt", "name"),
    ("enforcementBasisNumber",),
    ("basisIssuingBody",),
    ("masking", "serial"),
    ("purposeText",),
)
"""Members of `credentialSubject` in words of the court's own."""

_DECIDING: Final = ("context_unknown", "type_unexpected", "data_loss", "date_malformed")
"""Codes that name the step's outcome if any problem bears them, most telling first; else it is `shape_invalid`."""


def check_shape(credential: JSONObject, *, profile: Profile, contexts: Contexts) -> None:
    """Refuses a credential whose content is not what its profile asks for.

    Whatever secured it, no term may be left unexplained: JSON-LD would drop it, and two readers would read two things.

    Args:
        credential: the credential without proof.
        profile: "court" (exactly the certificate of `xinzheng_schemas.certificate`) or "vcdm" (VCDM 2.0, 4).
        contexts: JSON-LD contexts besides the bundled ones, by URL; for "vcdm".

    Raises:
        RefusedError: `context_unknown`, `type_unexpected`, `data_loss`, `date_malformed` or `shape_invalid`, with all
            problems as evidence; for "vcdm" also as `canonical`.
        UndecidedError: `jsonld_unavailable`, for "vcdm" with contexts that only the extra can read.
    """
    found = _court_problems(credential) if profile == "court" else list(_vcdm_problems(credential, contexts))
    if not found:
        if profile == "vcdm":
            canonical(credential, method="rdfc", hash_name="sha256", contexts=contexts)
        return
    codes = [error.code for error in found]
    code = next((code for code in _DECIDING if code in codes), "shape_invalid")
    deciding = found[codes.index(code)] if code in codes else found[0]
    raise RefusedError(code, field=deciding.field, problems=[*map(problem, found[:MAX_PROBLEMS])])


def deceptive_texts(credential: JSONObject, *, profile: Profile) -> list[JSONValue]:
    """Where a text of a credential could deceive the eye (UTS 39): evidence, not a refusal of what was signed.

    Args:
        credential: the credential without proof, its signature verified.
        profile: "court" looks at the texts of a certificate that are free, "vcdm" at every text.

    Returns:
        At most `MAX_PROBLEMS` objects with `code`, `field` and `message`.
    """
    texts = _court_texts(credential) if profile == "court" else _texts(credential, "")
    found = (RefusedError(code, field=field) for field, text in texts for code in deceptions(text))
    return [problem(error) for error in islice(found, MAX_PROBLEMS)]


def _court_texts(credential: JSONObject) -> Iterator[tuple[str, str]]:
    for pointer in _FREE_TEXTS:
        value: JSONValue = credential.get("credentialSubject")
        for name in pointer:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str):
            yield "/".join(("/credentialSubject", *pointer)), value


def _texts(value: JSONValue, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _texts(member, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _texts(item, f"{pointer}/{place}")


def _court_problems(credential: JSONObject) -> list[CodedError]:
    """The court's certificate has exactly one shape: two contexts, the members of the schema and no others."""
    return [*map(_as_reason, Certificate.problems_of(credential))]


def _as_reason(error: CodedError) -> CodedError:
    """A member that no term explains and a foreign context are reasons of their own; the rest stays as it is."""
    field = error.field or ""
    if field.endswith("/@context") or field.startswith("/@context"):
        return RefusedError("context_unknown", field=field)
    if field == "/type" or field.startswith("/type/"):
        return RefusedError("type_unexpected", field=field)
    if error.code == "member_unknown":
        return RefusedError("data_loss", field=field)
    return error


def _vcdm_problems(credential: JSONObject, contexts: Collection[str]) -> Iterator[VerifierError]:
    """VCDM 2.0, 4: what every credential must be, whatever its type."""
    yield from _context_problems(credential, contexts)
    yield from _type_problems(credential.get("type"))
    for member in ("id", "issuer"):
        if member in credential and not _names_something(credential[member]):
            yield RefusedError("shape_invalid", field=f"/{member}")
    subjects = _listed(credential.get("credentialSubject"))
    if not subjects or not all(isinstance(subject, dict) and subject for subject in subjects):
        yield RefusedError("shape_invalid", field="/credentialSubject")
    yield from _validity_problems(credential)
    for member in _TYPED:
        if member in credential and not all(_is_typed(value) for value in _listed(credential[member])):
            yield RefusedError("shape_invalid", field=f"/{member}")


def _context_problems(credential: JSONObject, contexts: Collection[str]) -> Iterator[VerifierError]:
    """The base context first, known ones behind it, none inside (VCDM 2.0, 4.3; vc-data-integrity 2.4.1)."""
    listed = credential.get("@context")
    urls = listed if isinstance(listed, list) else []
    known = [isinstance(url, str) and (url in BUNDLED or url in contexts) for url in urls]
    if not urls or urls[0] != CREDENTIALS_V2 or not all(known):
        yield RefusedError("context_unknown", field="/@context")
    for name, value in credential.items():
        if name != "@context" and _holds_context(value):
            yield RefusedError("context_unknown", field=f"/{name}")


def _holds_context(value: JSONValue) -> bool:
    if isinstance(value, dict):
        return "@context" in value or any(_holds_context(member) for member in value.values())
    return isinstance(value, list) and any(_holds_context(item) for item in value)


def _type_problems(value: JSONValue) -> Iterator[VerifierError]:
    types = _listed(value)
    if BASE_TYPE not in types or not all(isinstance(name, str) and name for name in types):
        yield RefusedError("type_unexpected", field="/type")


def _validity_problems(credential: JSONObject) -> Iterator[VerifierError]:
    moments = []
    for member in ("validFrom", "validUntil"):
        if member in credential:
            try:
                moments.append(timestamp(credential[member], field=f"/{member}"))
            except RefusedError as error:
                yield error
    if moments != sorted(moments):
        yield RefusedError("shape_invalid", field="/validUntil")


def _names_something(value: JSONValue) -> bool:
    """A URL, or an object whose `id` is one."""
    url = value.get("id") if isinstance(value, dict) else value
    return isinstance(url, str) and _URL.fullmatch(url) is not None


def _is_typed(value: JSONValue) -> bool:
    if not isinstance(value, dict):
        return False
    types = _listed(value.get("type"))
    return bool(types) and all(isinstance(name, str) and name for name in types)


def _listed(value: JSONValue) -> list[JSONValue]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
