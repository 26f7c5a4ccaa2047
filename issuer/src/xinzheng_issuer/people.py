"""People with API tokens. A token is shown once, when it is made; the register keeps its SHA-256 digest alone.

Digests of 256 random bits need no salt and no slow hash: nobody guesses the token behind one.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable

import structlog
from sqlalchemy.exc import IntegrityError

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.domain.workflow import PERSONAL_ROLES, Actor, Role
from xinzheng_issuer.errors import AccessError, ConfigurationError, RegisterError
from xinzheng_issuer.register.tables import User

_log = structlog.get_logger("xinzheng.people")

TOKEN_BYTES = 32
"""Randomness of a token, bytes."""

_PREFIX = "xz_"
_NAME = re.compile(r"[\w.-]{1,64}")


def add_user(office: Office, name: str, roles: Iterable[Role]) -> str:
    """Give a person a token.

    Args:
        office: the court.
        name: unique at the court.
        roles: at least one personal role.

    Returns:
        The token, never to be seen again.

    Raises:
        RegisterError: `user_name_malformed`, `user_exists`.
        ConfigurationError: `token_roles`.
    """
    wanted = sorted(set(roles))
    if not _NAME.fullmatch(name):
        raise RegisterError("user_name_malformed", field="name")
    if not wanted or not set(wanted) <= set(PERSONAL_ROLES):
        raise ConfigurationError("token_roles", field="roles", expected=", ".join(PERSONAL_ROLES))
    token = _new_token()
    user = User(
        court_id=office.court.id,
        name=name,
        roles=list(wanted),
        token_sha256=_digest(token),
        created_at=office.clock(),
    )
    try:
        with office.writing() as store:
            store.add(user)
    except IntegrityError as error:
        raise RegisterError("user_exists", field="name", name=name) from error
    return token


def disable_user(office: Office, name: str) -> None:
    """Put a person's token out of use, at once and for every request that comes after.

    Args:
        office: the court.
        name: of the person.

    Raises:
        RegisterError: `user_not_found`.
    """
    with office.writing() as store:
        user = store.user(name)
        user.disabled_at = user.disabled_at or office.clock()
        store.add(user)
    _log.warning("user_disabled", user=user.id, name=name)


def renew_token(office: Office, name: str) -> str:
    """Give a person a new token; the old one is of no use from this moment, and a disabled person is back.

    Args:
        office: the court.
        name: of the person.

    Returns:
        The new token, never to be seen again.

    Raises:
        RegisterError: `user_not_found`.
    """
    token = _new_token()
    with office.writing() as store:
        user = store.user(name)
        user.token_sha256, user.disabled_at = _digest(token), None
        store.add(user)
    _log.warning("token_renewed", user=user.id, name=name)
    return token


def actor_of(office: Office, token: str) -> Actor:
    """Who a token belongs to.

    Raises:
        AccessError: `token_unknown`, also for a token of another court, or one that is out of use.
    """
    with office.reading() as store:
        user = store.user_by_token(_digest(token))
    if user is None:
        raise AccessError("token_unknown", field="Authorization")
    return Actor(user.id, user.name, frozenset(Role(role) for role in user.roles))


def _new_token() -> str:
    return _PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
