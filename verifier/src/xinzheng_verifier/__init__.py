"""Offline verifier of xinzheng court credentials: library, command line and HTTP endpoint.

    from xinzheng_verifier import Policy, TrustStore, Verifier

    trust = TrustStore.open("store")
    report = Verifier(trust, policy=Policy()).report(data, at=datetime.now(UTC))

    Verifier            judges credentials: `report`, or `verify`, which raises; `report_many` for a batch
    Item                one input of a batch with an identity of its own
    TrustStore          whom one trusts, and the status of what they issued
    Policy              what one asks beyond a genuine signature
    Report, Step        the answer: one verdict, ten steps
    Verdict, Outcome    passed, failed, indeterminate; of a step also not-run
    VerificationError   raised by `verify`; carries the report
    TrustError          a bundle, a store or a trust document is refused

The names are loaded when they are first used. Nothing here opens a connection or reads a clock.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xinzheng_verifier.bulk.items import Item
    from xinzheng_verifier.errors import TrustError, VerificationError
    from xinzheng_verifier.policy import Policy
    from xinzheng_verifier.report import Outcome, Report, Step, Verdict
    from xinzheng_verifier.trust.store import TrustStore
    from xinzheng_verifier.verifier import Verifier

__all__ = [
    "Item",
    "Outcome",
    "Policy",
    "Report",
    "Step",
    "TrustError",
    "TrustStore",
    "Verdict",
    "VerificationError",
    "Verifier",
]

_HOMES = {
    "Item": "bulk.items",
    "Outcome": "report",
    "Policy": "policy",
    "Report": "report",
    "Step": "report",
    "TrustError": "errors",
    "TrustStore": "trust.store",
    "Verdict": "report",
    "VerificationError": "errors",
    "Verifier": "verifier",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__]
