"""The one error of receipts."""

from xinzheng_verifier.errors import VerifierError


class ReceiptError(VerifierError):
    """A receipt or a lender's key cannot be used: a `receipt_…` code."""
