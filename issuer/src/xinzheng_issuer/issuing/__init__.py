"""Issuing: the cycle, the forms of a certificate, the printed symbol."""
