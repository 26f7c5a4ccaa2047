"""Documents of the status of certificates: signed by whom the trust list names, whatever they say."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from xinzheng_schemas.errors import CodedError
from xinzheng_schemas.strict_json import JSONObject
from xinzheng_verifier.errors import RefusedError, UndecidedError
from xinzheng_verifier.read.forms import Presented
from xinzheng_verifier.secure import genuine, mechanism
from xinzheng_verifier.secure.proof import Secured
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


class Signing(NamedTuple):
    """What a proof says of who made it.

    Attributes:
        keys: the keys that it names.
        at: when it was made, by its own word.
    """

    keys: tuple[TrustedKey, ...]
    at: datetime | None


class Failure(NamedTuple):
    """Why a document is of no use, whoever asks, as long as its keys are good; kept in the place of what it says.

    Attributes:
        code, field, params: of the refusal. No exception is kept, which would keep the document too.
        proofs: as far as the document could be read. Their keys are asked first, as of what can be used.
    """

    code: str
    field: str | None
    params: Mapping[str, object]
    proofs: tuple[Signing, ...]


class Authentic(NamedTuple):
    """A document whose signatures hold.

    Attributes:
        content: what is signed, without proof.
        issuer_id: who signed it.
        signatures: with which keys; whether they are good is asked at each use, by `usable`.
        ends: moments from which a proof says that it is over.
        suites: names of the proofs' cryptosuites.
    """

    content: JSONObject
    issuer_id: str
    signatures: Signatures
    ends: tuple[datetime, ...]
    suites: tuple[str, ...]


class Document(Protocol):
    """What is made of an authentic document."""

    @property
    def signatures(self) -> Signatures:
        """Each key that signed it, and when by its own word."""


D = TypeVar("D", bound=Document)


def opened(
    data: bytes, *, url: str, trust: TrustStore, read: Reader, codes: Codes, make: Callable[[Authentic], D]
) -> D | Failure:
    """Reads a document and judges it like a certificate: read, mechanism, issuer, signature (steps 1 to 3 and 5).

    The moment has no say in this, so that either answer can be kept; step 4 is left to `usable`.

    Args:
        data: the document as received.
        url: address of the status list that it is about, for errors.
        trust: where its issuer's keys are.
        read: reads it, in the forms that it may have.
        codes: reason codes.
        make: makes of it what it is kept as; may raise `UndecidedError`.
    """
    proofs: tuple[Signing, ...] = ()
    try:
        secured = _secured(data, url=url, trust=trust, read=read, code=codes.unreadable)
        try:
            issuer = genuine.trusted_issuer(secured, trust)
            named = [genuine.named_keys(proof, issuer) for proof in secured.proofs]
            signed_at = [proof.signed_at() for proof in secured.proofs]
            proofs = tuple(
                Signing(tuple(key for key, _ in one.keys), moment) for one, moment in zip(named, signed_at, strict=True)
            )
            keys = genuine.check_signatures([(one.proof, one.keys) for one in named])
            ends = [proof.validity().until for proof in secured.proofs]
        except (RefusedError, UndecidedError) as error:
            raise UndecidedError(codes.foreign, list=url, reason=error.code) from error
        try:
            content = secured.credential(issuer)
        except CodedError as error:
            raise UndecidedError(error.code, list=url, field=error.field) from error
        return make(
            Authentic(
                content=content,
                issuer_id=issuer.id,
                signatures=tuple(zip(keys, signed_at, strict=True)),
                ends=tuple(end for end in ends if end is not None),
                suites=tuple(proof.name for proof in secured.proofs),
            )
        )
    except UndecidedError as error:
        return Failure(error.code, error.field, error.params, proofs)


def _secured(data: bytes, *, url: str, trust: TrustStore, read: Reader, code: str) -> Secured:
    try:
        return mechanism.secured(read(data), contexts=trust.contexts)
    except CodedError as error:
        raise UndecidedError(code, list=url, reason=error.code) from error


def usable(found: D | Failure, *, url: str, at: datetime, code: str) -> D:
    """What was opened, if it can be used at the moment: its keys are asked again at each use (step 4).

    Args:
        found: what `opened` gave.
        url: address of the status list that it is about, for errors.
        at: the moment of judgement.
        code: reason code of keys that are not good.

    Raises:
        UndecidedError: `code`, with the reason; what is wrong with the document at any moment.
    """
    try:
        if isinstance(found, Failure):
            for proof in found.proofs:
                _check_one_of(proof, at=at)
            raise UndecidedError(found.code, field=found.field, **found.params)
        for key, signed_at in found.signatures:
            check_key(key, usage="status", signed_at=signed_at, at=at)
    except RefusedError as error:
        raise UndecidedError(code, list=url, reason=error.code) from error
    return found


def _check_one_of(proof: Signing, *, at: datetime) -> None:
    """Whether one of the keys that a proof names is good; of several the refusal of the last."""
    refusal: RefusedError | None = None
    for key in proof.keys:
        try:
            check_key(key, usage="status", signed_at=proof.at, at=at)
        except RefusedError as error:
            refusal = error
        else:
            return
    if refusal is not None:
        raise refusal
