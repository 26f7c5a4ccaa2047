"""The register: tables, sessions, and the store through which every other room reads and writes."""
