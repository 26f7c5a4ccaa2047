"""The HTTP endpoint (extra `server`): `POST /v1/verify` and `GET /healthz`."""

from xinzheng_verifier.web.app import create_app

__all__ = ["create_app"]
