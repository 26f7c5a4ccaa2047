"""What every step needs at hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from xinzheng_issuer.clock import Clock
from xinzheng_issuer.court import CourtConfiguration
from xinzheng_issuer.domain.policy import CourtPolicy
from xinzheng_issuer.register.identity_keys import IdentityKeys
from xinzheng_issuer.register.store import Register, Store
from xinzheng_schemas.case_number import CourtTable


@dataclass(frozen=True, kw_only=True)
class Office:
    """One court at work.

    Attributes:
        court: its configuration.
        register: the database.
        clock: the present moment.
        identity_keys: makes the register's digests of identities.
        courts: known courts for case numbers; None checks the grammar alone.
        random_bytes: source of salts and numbers; `secrets.token_bytes` outside simulations.
    """

    court: CourtConfiguration
    register: Register
    clock: Clock
    identity_keys: IdentityKeys
    random_bytes: Callable[[int], bytes]
    courts: CourtTable | None = None

    @property
    def policy(self) -> CourtPolicy:
        """The court's own rules."""
        return self.court.policy.to_policy()

    def close(self) -> None:
        """Let go of the database."""
        self.register.engine.dispose()

    @contextmanager
    def writing(self, *, snapshot: bool = False) -> Iterator[Store]:
        """One transaction on this court's rows; argument as for `Register.writing`."""
        with self.register.writing(self.court.id, snapshot=snapshot) as store:
            yield store

    @contextmanager
    def reading(self) -> Iterator[Store]:
        """One reading transaction on this court's rows."""
        with self.register.reading(self.court.id) as store:
            yield store
