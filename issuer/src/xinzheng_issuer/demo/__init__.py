"""The whole story on one machine: application, certificate, offline checks, re-listing, revocation."""
