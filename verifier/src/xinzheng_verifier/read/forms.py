"""What reading yields: the parts of one input, still to be believed."""

from enum import StrEnum
from typing import NamedTuple

from xinzheng_schemas.strict_json import LIMITS, JSONObject, Limits
from xinzheng_verifier.secure.cose import Claims, Sign1
from xinzheng_verifier.secure.jws import CompactJWS


class Form(StrEnum):
    """Forms of a credential."""

    JSONLD = "jsonld"
    JWT = "jwt"
    COSE = "cose"
    QR = "qr"
    ENVELOPED = "enveloped"


class PresentedDocument(NamedTuple):
    """A JSON document, which should bear Data Integrity proofs."""

    document: JSONObject


class PresentedToken(NamedTuple):
    """A compact JWS."""

    jws: CompactJWS


class PresentedMessage(NamedTuple):
    """A COSE_Sign1 message, whose payload should be a credential within these bounds."""

    message: Sign1
    limits: Limits = LIMITS


class PresentedSymbol(NamedTuple):
    """A COSE_Sign1 message with CWT claims, from a QR symbol."""

    message: Sign1
    claims: Claims


Presented = PresentedDocument | PresentedToken | PresentedMessage | PresentedSymbol
