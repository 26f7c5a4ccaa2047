"""Bitstring Status Lists: authentic, of this issuer and purpose, fresh, index in range."""
