"""Signers found by URI and the life of court keys."""

from xinzheng_keys.custody import CreatedKey, create_key, open_signer
from xinzheng_keys.signer import Signer
from xinzheng_keys.software_signer import SoftwareSigner
from xinzheng_keys.token_access import TokenAccess

__all__ = ["CreatedKey", "Signer", "SoftwareSigner", "TokenAccess", "create_key", "open_signer"]
