"""Whom the lender trusts: issuers and their keys, status lists, bundles, the store on disk."""
