"""Issuer of credit repair certificates: workflow, register, feed, publishing, HTTP API."""
