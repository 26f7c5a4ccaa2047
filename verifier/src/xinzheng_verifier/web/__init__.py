"""The HTTP endpoint and the page for people (extra `server`)."""

from xinzheng_verifier.web.app import create_app
from xinzheng_verifier.web.following import FollowingVerifier

__all__ = ["FollowingVerifier", "create_app"]
