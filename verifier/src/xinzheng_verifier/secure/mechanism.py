"""Step 2: which mechanism secures an input."""

from collections.abc import Collection

from xinzheng_verifier.read.forms import Presented, PresentedDocument, PresentedMessage, PresentedToken
from xinzheng_verifier.secure.canonical import Contexts
from xinzheng_verifier.secure.documents import ProvenDocument
from xinzheng_verifier.secure.payloads import Message, Token
from xinzheng_verifier.secure.proof import Secured
from xinzheng_verifier.secure.symbols import Symbol


def secured(presented: Presented, *, contexts: Contexts, named: Collection[str] | None = None) -> Secured:
    """The credential under its proofs, if every one is by a mechanism of the allow-list and everything is in order.

    Args:
        presented: what was read.
        contexts: JSON-LD contexts besides the bundled ones, by URL.
        named: the proofs that have to hold; a proof of another kind beside them need not be known. None is all.

    Raises:
        RefusedError: see `ProvenDocument`, `Token`, `Message`, `Symbol`.
    """
    if isinstance(presented, PresentedDocument):
        return ProvenDocument(presented.document, contexts, named)
    if isinstance(presented, PresentedToken):
        return Token(presented.jws)
    if isinstance(presented, PresentedMessage):
        return Message(presented.message, presented.limits)
    return Symbol(presented.message, presented.claims)
