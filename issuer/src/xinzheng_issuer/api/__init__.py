"""The HTTP door: wire types, problem documents, routes. Nothing here decides anything."""
