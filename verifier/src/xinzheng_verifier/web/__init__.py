"""The HTTP endpoint and the page for people (extra `server`)."""

from xinzheng_verifier.web.app import create_app

__all__ = ["create_app"]
