"""Signers found by URI and the life of court keys."""

from xinzheng_keys.signer import Signer, open_signer
from xinzheng_keys.software_signer import SoftwareSigner

__all__ = ["Signer", "SoftwareSigner", "open_signer"]
