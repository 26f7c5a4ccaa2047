"""Documents of the status of certificates: signed by whom the trust list names, whatever they say."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.errors import RefusedError, UndecidedError
from xinzheng_verifier.read.forms import Presented
from xinzheng_verifier.secure import genuine, mechanism
from xinzheng_verifier.trust.eligibility import check_key
from xinzheng_verifier.trust.issuers import TrustedKey
from xinzheng_verifier.trust.store import TrustStore

Signatures = tuple[tuple[TrustedKey, datetime | None], ...]
"""Each key that signed a document, and when by the document's own word."""


Reader = Callable[[bytes], Presented]


class Codes(NamedTuple):
    """How a kind of document speaks of what is wrong with it.

    Attributes:
        unreadable: reason code of a document that cannot be read, or bears no usable proof.
        foreign: reason code of one that its issuer has not signed with a status key.
    """

    unreadable: str
    foreign: str


class Authentic(NamedTuple):
    """A document whose signatures hold.

    Attributes:
        content: what is signed, without proof.
        issuer_id: who signed it.
        signatures: with which keys; whether they are still good is asked at each use, by `check_keys`.
        ends: moments from which a proof says that it is over.
        suites: names of the proofs' cryptosuites.
    """

    content: JSONObject
    issuer_id: str
    signatures: Signatures
    ends: tuple[datetime, ...]
    suites: tuple[str, ...]


def authentic(data: bytes, *, url: str, trust: TrustStore, at: datetime, read: Reader, codes: Codes) -> Authentic:
    """Reads a document and judges it like a certificate: read, mechanism, issuer, key, signature (steps 1 to 5).

    Args:
        data: the document as received.
        url: address of the status list that it is about, for errors.
        trust: where its issuer's keys are.
        at: the moment of judgement, for the keys.
        read: reads it, in the forms that it may have.
        codes: reason codes.

    Raises:
        UndecidedError: one of `codes`, with the reason; what a token says twice and differently.
    """
    try:
        secured = mechanism.secured(read(data), contexts=trust.contexts)
    except CodedError as error:
        raise UndecidedError(codes.unreadable, list=url, reason=error.code) from error
    try:
        issuer = genuine.trusted_issuer(secured, trust)
        signed = [genuine.named_keys(proof, issuer) for proof in secured.proofs]
        keys = genuine.check_signatures(
            [(one.proof, genuine.keys_in_force(one, usage="status", at=at)) for one in signed]
        )
        signed_at = [one.proof.signed_at() for one in signed]
        ends = [proof.validity().until for proof in secured.proofs]
    except (RefusedError, UndecidedError) as error:
        raise UndecidedError(codes.foreign, list=url, reason=error.code) from error
    try:
        content = secured.credential(issuer)
    except CodedError as error:
        raise UndecidedError(error.code, list=url, field=error.field) from error
    return Authentic(
        content=content,
        issuer_id=issuer.id,
        signatures=tuple(zip(keys, signed_at, strict=True)),
        ends=tuple(end for end in ends if end is not None),
        suites=tuple(proof.name for proof in secured.proofs),
    )


def check_keys(signatures: Signatures, *, url: str, at: datetime, code: str) -> None:
    """Asks again, at each use of what was kept, whether the keys that signed it are good.

    Args:
        signatures: of the document.
        url: address of the status list that it is about, for errors.
        at: the moment of judgement.
        code: reason code.

    Raises:
        UndecidedError: `code`, with the reason.
    """
    try:
        for key, signed_at in signatures:
            check_key(key, usage="status", signed_at=signed_at, at=at)
    except RefusedError as error:
        raise UndecidedError(code, list=url, reason=error.code) from error
