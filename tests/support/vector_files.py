"""The vectors of tests/vectors, and the verifier that each is for."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from xinzheng_verifier import Policy, TrustStore, Verifier

VECTORS = Path(__file__).parents[1] / "vectors"
MANIFEST: list[dict[str, Any]] = json.loads((VECTORS / "manifest.json").read_text("utf-8"))

AGES = {None: None, "24h": timedelta(hours=24)}
SETTING = (
    "controllers",
    "statusLists",
    "profile",
    "maxStatusAge",
    "maxClockSkew",
    "proofs",
    "unsafeAcceptOtherControllers",
    "at",
)
SKEWS = {None: timedelta(0), "5m": timedelta(minutes=5)}


def trust_files(names: list[str]) -> list[Path | str]:
    """Where the documents are; a did:key or did:jwk stands for itself."""
    return [name if name.startswith("did:") else VECTORS / "trust" / f"{name}.json" for name in names]


def contents(names: list[str]) -> list[bytes | str]:
    return [path if isinstance(path, str) else path.read_bytes() for path in trust_files(names)]


def verifier_for(vector: dict[str, Any]) -> Verifier:
    policy = Policy(
        profile=vector["profile"],
        max_status_age=AGES[vector["maxStatusAge"]],
        max_clock_skew=SKEWS[vector["maxClockSkew"]],
        proofs=None if vector["proofs"] is None else frozenset(vector["proofs"]),
        unsafe_accept_other_controllers=vector["unsafeAcceptOtherControllers"],
    )
    trust = TrustStore.from_documents(contents(vector["controllers"]), contents(vector["statusLists"]))
    return Verifier(trust, policy=policy)
