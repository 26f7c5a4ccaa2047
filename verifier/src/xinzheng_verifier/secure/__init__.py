"""How a credential is secured: JOSE, Data Integrity, COSE; keys and algorithms."""
