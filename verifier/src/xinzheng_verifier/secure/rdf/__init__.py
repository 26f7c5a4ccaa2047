"""JSON-LD documents as canonical N-Quads, for the cryptosuites `ecdsa-rdfc-2019` and `eddsa-rdfc-2022`.

vc-di-ecdsa 3.2.3 and vc-di-eddsa 3.2.3 (transformation): the document is expanded, turned into an RDF dataset (JSON-LD
1.1 API §8) and canonicalized with RDFC-1.0. Two paths give the same bytes: `compiled`, for what credentials use, and
`general`, for the rest, under the extra `jsonld`.

    canonical_nquads    the one thing that is asked for
"""

from collections.abc import Mapping

from xinzheng_schemas.strict_json import JSONObject, JSONValue
from xinzheng_verifier.errors import RefusedError
from xinzheng_verifier.secure.rdf.rdfc import HashName
from xinzheng_verifier.secure.rdf.readers import readers_for
from xinzheng_verifier.secure.rdf.refusals import NotCompiledError, Refusal
from xinzheng_verifier.secure.rdf.strict import check_single, context_urls

__all__ = ["HashName", "canonical_nquads"]


def canonical_nquads(
    document: JSONObject, *, contexts: Mapping[str, Mapping[str, JSONValue]], hash_name: HashName
) -> bytes:
    """The canonical N-Quads of a document, if nothing of it would be lost and it is written in compacted form.

    Args:
        document: a credential without its proof, or a proof configuration with the `@context` of its document.
        contexts: context documents (`{"@context": …}`) by URL, besides the bundled ones, which none of them replaces.
            They are compiled once and must not be changed afterwards.
        hash_name: the hash of RDFC-1.0: "sha256", or "sha384" for `ecdsa-rdfc-2019` with P-384 (vc-di-ecdsa 3.2.3).

    Returns:
        UTF-8, one line per quad. The caller hashes it.

    Raises:
        RefusedError: `context_unknown` (unknown, inline, nested or no context), `context_invalid` (a protected term
            would be redefined), `data_loss` (undefined terms, relative IRIs, null, empty arrays and whatever else
            RDF would drop), `not_compacted` (another way of writing the same graph), `number_range`, `not_canonical`,
            `too_complex`.
        UndecidedError: `jsonld_unavailable`, only the general path could tell, and the extra is not installed.
    """
    try:
        return _canonical(document, contexts, hash_name).encode("utf-8")
    except Refusal as refusal:
        raise refusal.error() from refusal.__cause__
    except RecursionError:
        raise RefusedError("too_complex") from None


def _canonical(document: JSONObject, contexts: Mapping[str, Mapping[str, JSONValue]], hash_name: HashName) -> str:
    if not isinstance(document, dict):
        raise Refusal("not_canonical")
    readers = readers_for(context_urls(document), contexts)
    check_single(document)
    if readers.compiled is not None:
        try:
            return readers.compiled.nquads(document, hash_name)
        except NotCompiledError:
            pass
    return readers.general.nquads(document, hash_name)
