"""What reading yields: the parts of one input, still to be believed."""

from dataclasses import dataclass
from enum import StrEnum

from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.secure.cose import Sign1
from xinzheng_verifier.secure.jws import CompactJWS


class Form(StrEnum):
    """Forms of a credential."""

    JSONLD = "jsonld"
    JWT = "jwt"
    QR = "qr"


@dataclass(frozen=True)
class PresentedDocument:
    """A JSON document, which should bear a Data Integrity proof."""

    document: JSONObject


@dataclass(frozen=True)
class PresentedToken:
    """A compact JWS."""

    jws: CompactJWS


@dataclass(frozen=True)
class PresentedMessage:
    """A COSE_Sign1 message from a QR symbol."""

    message: Sign1


Presented = PresentedDocument | PresentedToken | PresentedMessage
