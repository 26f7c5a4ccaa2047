"""The register's trail of the bundle's root and keys is whole, whatever stopped a step."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from support.alone import changes, opened
from support.keyed import OPERATOR
from support.office import StandingClock
from support.power_cut import PowerCutError
from xinzheng_issuer.installation import Issuer
from xinzheng_issuer.keylife.role_desk import RoleDesk
from xinzheng_issuer.publishing.bundle import BundlePublisher


def killed(_: Issuer) -> None:
    raise PowerCutError


def full_disk(issuer: Issuer) -> None:
    """The register cannot commit what it has been told."""

    def fail(*_: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("database or disk is full"))

    event.listen(issuer.office.register.engine, "commit", fail, once=True)


@pytest.mark.parametrize("stop", [killed, full_disk])
@pytest.mark.parametrize("finisher", ["server's start", "running server", "same step"])
def test_a_root_that_took_its_place_is_entered_in_the_register_whatever_stopped_it(
    folder: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch, stop: Callable[[Issuer], None], finisher: str
) -> None:
    take = BundlePublisher.take_root
    with closing(opened(folder, clock)) as server:
        with closing(opened(folder, clock)) as issuer, monkeypatch.context() as patch:
            assert RoleDesk(issuer).renew(OPERATOR, reason="yearly").version == 2

            def stopped(self: BundlePublisher, following: bytes) -> None:
                take(self, following)
                stop(issuer)

            patch.setattr(BundlePublisher, "take_root", stopped)
            with pytest.raises((PowerCutError, OperationalError)):
                RoleDesk(issuer).rotate(("root", "timestamp"), OPERATOR, reason="stolen")
        assert (RoleDesk(server).root.version, len(changes(server))) == (3, 1)
        if finisher == "server's start":
            with closing(opened(folder, clock)) as later:
                later.start()
        elif finisher == "running server":
            server.tend()
        else:
            RoleDesk(server).rotate(("root", "timestamp"), OPERATOR, reason="stolen")
        found = changes(server)
        assert [each[:4] for each in found] == [
            ("bundle/root-1", "renew", "active", "active"),
            ("bundle/root-1", "rotate", "active", "retired"),
            ("bundle/root-2", "rotate", None, "active"),
            ("bundle/timestamp", "rotate", "active", "retired"),
            ("bundle/timestamp-2", "rotate", None, "active"),
        ]
        told = {each[4:] for each in found[1:]}
        if finisher == "same step":
            assert told == {(OPERATOR.name, "stolen")}
        else:
            ((name, reason),) = told
            assert (name, reason[:32]) == ("system", "Root 3 stands and the register d")
            assert "第 3 版根" in reason
        # Once, and not again with every look.
        server.tend()
        assert changes(server) == found


def test_a_register_that_came_back_from_a_backup_is_told_by_the_roots(issuer: Issuer) -> None:
    for _ in range(2):
        RoleDesk(issuer).renew(OPERATOR, reason="yearly")
    before = changes(issuer)
    with issuer.office.register.engine.begin() as connection:
        connection.execute(text("DELETE FROM key_event"))
    assert changes(issuer) == []
    issuer.start()
    assert [each[:4] for each in changes(issuer)] == [each[:4] for each in before]


@pytest.mark.parametrize("content", [b"{", None])
def test_an_old_root_that_cannot_be_read_keeps_no_server_from_starting(
    folder: Path, issuer: Issuer, content: bytes | None
) -> None:
    for _ in range(2):
        RoleDesk(issuer).renew(OPERATOR, reason="yearly")
    first = folder / "var" / "public" / "metadata" / "1.root.json"
    if content is None:
        first.unlink()
    else:
        first.write_bytes(content)
    before = changes(issuer)
    issuer.start()
    issuer.tend()
    assert changes(issuer) == before
