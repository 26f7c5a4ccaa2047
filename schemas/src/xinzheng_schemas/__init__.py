"""Contexts, JSON Schemas, vocabulary, strict JSON and value types of xinzheng court credentials."""
