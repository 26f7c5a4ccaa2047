"""The documents by which others know a court's keys.

    controller document    what the court serves at its did:web address (DID Core 1.0, Controlled Identifiers 1.0)
    issuer document        what the trust list says of the court: the same, with use, state and window of every key

Each key appears twice, as Multikey `#<name>` and as JsonWebKey `#<name>-jwk`, since proofs and JWTs name different
types of method. Keys of every state stay in the controller document and among its assertion methods: a staged key so
that it is known before its first use, a retired one for what it signed in its window. The window stands in the issuer
document alone, for `expires` would void what was signed before (CID 1.0 §2.2); a compromised key is `revoked` in both.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from xinzheng_keys import public_keys
from xinzheng_keys.errors import DocumentError
from xinzheng_keys.lifecycle import KeyRecord
from xinzheng_schemas.certificate import CourtIdentity
from xinzheng_schemas.timestamps import format_timestamp
from xinzheng_schemas.trust_documents import ControllerDocument, IssuerDocument, IssuerKey

CONTEXTS: Final = (
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/multikey/v1",
    "https://w3id.org/security/jwk/v1",
)

CREDENTIAL_TYPES: Final = ("CreditRepairCredential",)


def multikey_method(did: str, name: str) -> str:
    """DID URL of the Multikey method of a key: the `verificationMethod` of a Data Integrity proof."""
    return f"{did}#{name}"


def json_web_key_method(did: str, name: str) -> str:
    """DID URL of the JsonWebKey method of a key: the `kid` of a JWT."""
    return f"{did}#{name}-jwk"


def build_controller_document(did: str, keys: Iterable[KeyRecord]) -> ControllerDocument:
    """The DID document of a court.

    Args:
        did: the court's did:web identifier.
        keys: its keys in every state, in the order in which they shall appear.

    Returns:
        The document as a verifier reads it; `dict(result.document)` is what to serve.

    Raises:
        DocumentError: `key_list_empty`, `key_ambiguous`, `public_key_invalid`.
        TrustDocumentError: (schemas) the DID is none.
    """
    records = _distinct(did, tuple(keys))
    methods = [method for record in records for method in _methods(did, record)]
    return ControllerDocument.parse(
        {
            "@context": list(CONTEXTS),
            "id": did,
            "verificationMethod": methods,
            "assertionMethod": [method["id"] for method in methods],
        }
    )


def build_issuer_document(
    did: str,
    keys: Iterable[KeyRecord],
    *,
    court: CourtIdentity,
    name: Mapping[str, str],
    credential_types: Sequence[str] = CREDENTIAL_TYPES,
) -> IssuerDocument:
    """What the trust list says of a court (target `courts/<region code>/issuer.json`).

    Args:
        did: the court's did:web identifier.
        keys: its keys in every state.
        court: name, court code and region code.
        name: names to show, {"zh": …, "en": …}; the Chinese one is that of `court`.
        credential_types: the types that the court may issue.

    Raises:
        DocumentError: as `build_controller_document`; `court_name_mismatch`.
        TrustDocumentError: (schemas) a name or code that the document cannot bear.
    """
    if name.get("zh") != court.name:
        raise DocumentError("court_name_mismatch", field="name", expected=court.name)
    records = tuple(keys)
    document = IssuerDocument(
        controller=build_controller_document(did, records),
        name=name,
        court=court,
        credential_types=tuple(credential_types),
        keys=tuple(_issuer_key(did, record) for record in records),
    )
    return IssuerDocument.parse(document.to_json())


def _distinct(did: str, records: tuple[KeyRecord, ...]) -> tuple[KeyRecord, ...]:
    if not records:
        raise DocumentError("key_list_empty", did=did)
    names: set[str] = set()
    public: set[str] = set()
    for record in records:
        if record.name in names or record.public_key_multibase in public:
            raise DocumentError("key_ambiguous", name=record.name)
        names.add(record.name)
        public.add(record.public_key_multibase)
    return records


def _methods(did: str, record: KeyRecord) -> list[dict[str, Any]]:
    """Both methods of a key (CID 1.0 §2.2.2 Multikey, §2.2.3 JsonWebKey)."""
    public_key = public_keys.read_multikey(record.public_key_multibase)
    forms: tuple[dict[str, Any], ...] = (
        {
            "id": multikey_method(did, record.name),
            "type": "Multikey",
            "controller": did,
            "publicKeyMultibase": public_keys.multikey(public_key),
        },
        {
            "id": json_web_key_method(did, record.name),
            "type": "JsonWebKey",
            "controller": did,
            "publicKeyJwk": public_keys.json_web_key(public_key),
        },
    )
    if record.compromised_at is None:
        return list(forms)
    return [{**form, "revoked": format_timestamp(record.compromised_at)} for form in forms]


def _issuer_key(did: str, record: KeyRecord) -> IssuerKey:
    return IssuerKey(
        methods=(multikey_method(did, record.name), json_web_key_method(did, record.name)),
        usage=record.usage,
        state=record.state,
        valid_from=record.valid_from,
        valid_until=record.valid_until,
        compromised_at=record.compromised_at,
    )
