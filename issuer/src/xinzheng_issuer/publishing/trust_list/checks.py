"""The verifier's own check of signed metadata, for ceremonies: nothing leaves a ceremony that a lender would refuse."""

from collections.abc import Iterable, Mapping

from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Key, Signature
from tuf.api.metadata import Role, Root, Targets

from xinzheng_issuer.errors import TrustListError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.publishing.trust_list.configuration import ROOT
from xinzheng_issuer.publishing.trust_list.documents import Document, file_role
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import ROOT_JSON, TARGETS_JSON
from xinzheng_verifier.trust.tuf_metadata import check_threshold, parsed


def add_signature(document: Document, *, signature: Signature, keys: Iterable[Key], name: str) -> None:
    """Put a signature to a document, in nobody else's place.

    Args:
        document: that is signed.
        signature: by one of `keys`.
        keys: those of the share that is said to have made it.
        name: of its file.

    Raises:
        TrustListError: `signature_invalid`, none of these keys made it.
    """
    try:
        key = next(key for key in keys if key.keyid == signature.keyid)
        key.verify_signature(signature, document.signed_bytes)
    except (StopIteration, UnverifiedSignatureError) as error:
        raise TrustListError("signature_invalid", name=name) from error
    document.signatures[key.keyid] = signature


def check_signed(document: Document, data: bytes, role: str, *, by: Iterable[Root | Targets]) -> str:
    """Judge a signed document by those who name its keys.

    Args:
        document: with its signatures.
        data: its file, which lenders read: the document written anew may be longer than they take.
        role: whose metadata it is.
        by: the metadata whose thresholds it must reach, each.

    Returns:
        What was found, in words for the transcript.

    Raises:
        TrustListError: `ceremony_refused`, with what the verifier says.
    """
    name = file_role(document, role)
    try:
        found = _root(data, by, name) if isinstance(document.signed, Root) else _targets(data, role, by, name)
    except TrustError as error:
        raise TrustListError("ceremony_refused", refusal=error.code, reason=in_both_languages(error)) from error
    return f"{name}: signed and accepted by the verifier 已签名并通过核验程序检查 ({'; '.join(found)})"


def _root(data: bytes, by: Iterable[Root | Targets], name: str) -> list[str]:
    read = parsed(data, Root, name=name, limits=ROOT_JSON)
    found = []
    for judge in by:
        named, keys = _named(judge, ROOT)
        check_threshold(read, role=named, keys=keys, name=name)
        found.append(_words(judge, named))
    return found


def _targets(data: bytes, role: str, by: Iterable[Root | Targets], name: str) -> list[str]:
    read = parsed(data, Targets, name=name, limits=TARGETS_JSON)
    found = []
    for judge in by:
        named, keys = _named(judge, role)
        check_threshold(read, role=named, keys=keys, name=name)
        found.append(_words(judge, named))
    return found


def _words(judge: Root | Targets, named: Role) -> str:
    return f"{judge.type} {judge.version}: ≥ {named.threshold} / {len(named.keyids)}"


def _named(judge: Root | Targets, role: str) -> tuple[Role, Mapping[str, Key]]:
    """The role as the judge names it, and the judge's keys."""
    delegations = None if isinstance(judge, Root) else judge.delegations
    roles: Mapping[str, Role] = judge.roles if isinstance(judge, Root) else (delegations and delegations.roles) or {}
    keys = judge.keys if isinstance(judge, Root) else (delegations.keys if delegations else {})
    if role not in roles:
        raise TrustListError("metadata_role", name=role)
    return roles[role], keys
