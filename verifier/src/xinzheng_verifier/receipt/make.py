"""From a report to its receipt."""

from datetime import datetime
from functools import cache

from xinzheng_verifier.receipt import token
from xinzheng_verifier.receipt.content import Receipt
from xinzheng_verifier.report import Report
from xinzheng_verifier.trust.digest import trust_digest
from xinzheng_verifier.verifier import Verifier


def make_receipt(
    report: Report, *, verifier: Verifier, signer: token.ReceiptSigner, made_at: datetime, version: str | None = None
) -> str:
    """A receipt of `report`, signed by the lender.

    Args:
        report: what `verifier` said.
        verifier: the verifier that said it; its trust goes into the receipt as a digest.
        signer: the lender's key.
        made_at: the aware present moment, for the receipt; it need not be the moment asked about.
        version: release of the verifier; None looks up the one that is installed.

    Returns:
        A compact JWS of some 1.5 kB.

    Raises:
        ReceiptError: `receipt_key_malformed`, `receipt_signature_invalid`: the signer cannot be used.
            `receipt_unreadable`: it would be too large to be read again, or not be written as a receipt is.
        ValueError: the report is not of this verifier (other rules or other trust), or `made_at` has no zone.
    """
    trust_sha256 = trust_digest(verifier.trust)
    if report.policy != verifier.policy or report.trust.sha256 != trust_sha256:
        raise ValueError("the report was made by another verifier")
    if made_at.utcoffset() is None:
        raise ValueError("made_at must be an aware datetime")
    receipt = Receipt.of(
        report,
        trust_sha256=trust_sha256,
        verifier_version=version or installed_version(),
        made_at=made_at,
    )
    return token.sign(receipt, signer)


@cache
def installed_version() -> str:
    """The release of xinzheng-verifier that runs."""
    from importlib.metadata import version  # noqa: PLC0415 - slow to import

    return version("xinzheng-verifier")
