"""DIDs that are their own document: did:key and did:jwk, for Multikeys and JWKs of the curves that are known here.

Nothing is fetched, and nobody is trusted for having such a DID: the lender names each one that is.
"""

from typing import Final

from xinzheng_schemas import base64url, strict_json
from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_schemas.trust_documents import ControllerDocument
from xinzheng_verifier.errors import TrustError, words

SCHEME: Final = "did:"

_KEY: Final = "did:key:"
_JWK: Final = "did:jwk:"
_MAX_CHARACTERS: Final = 1_024  # a JWK of P-384 with all its members takes some 300


def controller_document(did: str) -> ControllerDocument:
    """The document that a DID stands for (did:key 1.0, did:jwk 1.0).

    Args:
        did: `did:key:z…` or `did:jwk:…`.

    Raises:
        TrustError: `did_malformed` (another method, or not as the method demands), `trust_document_malformed` (a key
            that cannot be used, private ones included).
    """
    if len(did) > _MAX_CHARACTERS:
        raise TrustError("did_malformed", did=_shown(did))
    if did.startswith(_KEY):
        multikey = did.removeprefix(_KEY)
        method: JSONObject = {"id": f"{did}#{multikey}", "type": "Multikey", "publicKeyMultibase": multikey}
    elif did.startswith(_JWK):
        method = {"id": f"{did}#0", "type": "JsonWebKey", "publicKeyJwk": _jwk(did)}
    else:
        raise TrustError("did_malformed", did=_shown(did))
    try:
        document = ControllerDocument.parse(
            {"id": did, "verificationMethod": [{**method, "controller": did}], "assertionMethod": [method["id"]]}
        )
    except CodedError as error:
        raise TrustError("trust_document_malformed", document=_shown(did), problem=words(error)) from error
    if not document.verification_methods:
        raise TrustError("did_malformed", did=_shown(did))
    return document


def _jwk(did: str) -> JSONObject:
    try:
        return strict_json.loads_object(base64url.decode(did.removeprefix(_JWK)))
    except CodedError as error:
        raise TrustError("did_malformed", did=_shown(did)) from error


def _shown(did: str) -> str:
    """As much of a DID as may stand in an error: the rest may be a private key, given by mistake."""
    scheme, method, *rest = did.split(":", 2)
    return f"{scheme}:{method[:20]}:{'…' if rest else ''}"
