"""The root of a court that runs alone is renewed and its keys replaced, as lenders and python-tuf's client see it."""

import functools
import json
import shutil
import stat
from contextlib import closing
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Metadata

from support.alone import WORDS, changes, lender_imports, opened, settings_of
from support.keyed import OPERATOR
from support.office import EXAMPLES, StandingClock
from support.power_cut import PowerCutError, stopping
from support.softhsm import Token, library, needs_softhsm
from support.tuf_client import client_of
from xinzheng_issuer.errors import PublishingError
from xinzheng_issuer.installation import Issuer, initialise, open_issuer
from xinzheng_issuer.keylife.role_desk import RoleDesk
from xinzheng_issuer.keylife.role_effects import RootEffects
from xinzheng_issuer.publishing import role_keys
from xinzheng_issuer.publishing.bundle import BundlePublisher, Lifetimes
from xinzheng_issuer.publishing.bundle_keys import KEY_MEMBER, ONLINE_ROLES, ROLES, key_names
from xinzheng_keys.errors import KeysError
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust.directory import import_bundle

DAY = timedelta(days=1)


@pytest.fixture
def desk(issuer: Issuer) -> RoleDesk:
    return RoleDesk(issuer)


def refusal(action: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises((PublishingError, KeysError, TrustError)) as caught:
        action(*arguments, **options)
    assert caught.value.message("zh")
    return str(caught.value.code)


def signed_by(folder: Path, role: str) -> int:
    """How many keys signed what is in effect of a role."""
    metadata = folder / "var" / "public" / "metadata"
    name = "timestamp.json" if role == "timestamp" else max(metadata.glob(f"*.{role}.json"), key=_number).name
    return len(json.loads((metadata / name).read_bytes())["signatures"])


def waits(desk: RoleDesk) -> bool:
    return desk.issuer.outbox.publisher.root_waits


def _number(path: Path) -> int:
    return int(path.name.partition(".")[0])


# --- in good order ----------------------------------------------------------------------------------------------------


def test_a_renewed_root_leads_old_stores_on(folder: Path, desk: RoleDesk, clock: StandingClock) -> None:
    first = desk.root
    for version in (2, 3):
        clock.now += 30 * DAY
        step = desk.renew(OPERATOR, reason="yearly")
        assert (step.version, step.expires, step.publication.published) == (
            version,
            (clock.now + Lifetimes().root).replace(microsecond=0),
            True,
        )
        assert dict(step.replaced) == {}
    assert {role: key_names(desk.root, role) for role in ROLES} == {role: key_names(first, role) for role in ROLES}
    assert lender_imports(folder, clock.now) == 3


def test_a_root_that_has_ended_can_be_renewed(folder: Path, desk: RoleDesk, clock: StandingClock) -> None:
    clock.now += 366 * DAY
    state = desk.issuer.outbox.renew()
    assert (state.published, state.reason) == (False, "root_expired")
    assert desk.renew(OPERATOR, reason="late").publication.published
    assert lender_imports(folder, clock.now) == 2


@pytest.mark.parametrize("roles", [*((role,) for role in ROLES), ("targets", "snapshot", "timestamp"), ROLES])
def test_lenders_and_another_client_follow_to_new_keys(
    folder: Path, desk: RoleDesk, clock: StandingClock, roles: tuple[str, ...]
) -> None:
    public, cache = folder / "var" / "public", folder / "cache"
    client_of(public, cache, root=desk.issuer.outbox.publisher.root).refresh()
    # A server that has been running since before.
    with closing(opened(folder, clock)) as server:
        clock.now += timedelta(seconds=1)
        step = desk.rotate(roles, OPERATOR, reason="yearly")
        assert step.publication.published
        assert step.replaced == {
            "root-1" if role == "root" else role: "root-2" if role == "root" else f"{role}-2" for role in roles
        }
        client_of(public, cache, root=None).refresh()
        assert lender_imports(folder, clock.now) == 2
        clock.now += timedelta(seconds=1)
        assert server.outbox.renew().published
    for role in ONLINE_ROLES:
        assert signed_by(folder, role) == 1
    client_of(public, cache, root=None).refresh()
    assert lender_imports(folder, clock.now) == 2
    for name in step.replaced.values():
        path = folder / "var" / "keys" / "bundle" / f"{name}.pem"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    # The keys before are needed for nothing more.
    for name in step.replaced:
        (folder / "var" / "keys" / "bundle" / f"{name}.pem").unlink()
    with closing(opened(folder, clock)) as later:
        assert RoleDesk(later).renew(OPERATOR, reason="again").publication.published
    assert lender_imports(folder, clock.now) == 3


def test_a_root_with_new_root_keys_is_signed_by_both(desk: RoleDesk) -> None:
    before = desk.root
    desk.rotate(("root",), OPERATOR, reason="its holder leaves")
    publisher = desk.issuer.outbox.publisher
    metadata: Metadata[Any] = Metadata.from_bytes(publisher.root)
    for judge in (before, metadata.signed):
        judge.verify_delegate("root", metadata.signed_bytes, metadata.signatures)
    (key_id,) = metadata.signed.roles["root"].keyids
    assert metadata.signed.keys[key_id].unrecognized_fields == {KEY_MEMBER: "root-2"}


def test_old_and_new_keys_sign_an_edition_before_the_root_changes(
    folder: Path, desk: RoleDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[tuple[int, ...]] = []
    take = BundlePublisher.take_root

    def watched(self: BundlePublisher, following: bytes) -> None:
        found.append(tuple(signed_by(folder, role) for role in ONLINE_ROLES))
        take(self, following)

    monkeypatch.setattr(BundlePublisher, "take_root", watched)
    desk.rotate(("snapshot", "timestamp"), OPERATOR, reason="yearly")
    desk.rotate(("root",), OPERATOR, reason="yearly")
    assert found == [(1, 2, 2), (1, 1, 1)]


def test_a_root_of_several_keys_keeps_its_threshold(tmp_path: Path, clock: StandingClock, desk: RoleDesk) -> None:
    public, keys = desk.issuer.settings.public_folder, desk.issuer.settings.keys_folder / "bundle"
    shutil.rmtree(public)
    shutil.rmtree(keys)
    BundlePublisher.create(
        public, keys=keys, passphrase=lambda: WORDS, at=clock.now, root_keys=3, root_threshold=2
    ).publish({}, at=clock.now)
    with closing(opened(tmp_path / "alone", clock)) as issuer:
        (keys / "root-2.pem").unlink()
        step = RoleDesk(issuer).rotate(("root",), OPERATOR, reason="root-2 is lost")
        assert step.replaced == {"root-1": "root-4", "root-2": "root-5", "root-3": "root-6"}
        root = RoleDesk(issuer).root
        assert (root.roles["root"].threshold, len(root.roles["root"].keyids)) == (2, 3)
        for number in (4, 5):
            (keys / f"root-{number}.pem").unlink()
        assert refusal(RoleDesk(issuer).renew, OPERATOR, reason="too few") == "root_keys_missing"


def test_a_step_is_in_the_register(desk: RoleDesk, issuer: Issuer) -> None:
    desk.rotate(("timestamp",), OPERATOR, reason="yearly")
    desk.renew(OPERATOR, reason="also")
    with issuer.office.reading() as store:
        found = [(row.key_name, row.action, row.from_state, row.to_state, row.reason) for row in store.key_events()]
    assert sorted(found, key=str) == [
        ("bundle/root-1", "renew", "active", "active", "also"),
        ("bundle/timestamp", "rotate", "active", "retired", "yearly"),
        ("bundle/timestamp-2", "rotate", None, "active", "yearly"),
    ]


# --- stolen, lost, ahead of time --------------------------------------------------------------------------------------


def thief(folder: Path, clock: StandingClock) -> None:
    """Whoever holds the keys pushes versions and time up, and a lender takes the bundle."""
    stolen = shutil.copytree(folder / "var", folder / "stolen")
    (stolen / "public" / "bundles" / "bundle-998.xzb").touch()
    settings = settings_of(folder).model_copy(update={"data": stolen})
    with closing(open_issuer(settings, clock=lambda: clock.now + 6 * DAY)) as issuer:
        assert issuer.outbox.renew().bundle_version == 999
    bundle = (stolen / "public" / "bundles" / "bundle-999.xzb").read_bytes()
    import_bundle(folder / "store", bundle, at=clock.now)


@pytest.mark.parametrize("roles", [("timestamp",), ("snapshot",), ("targets", "snapshot", "timestamp")])
def test_what_a_thief_pushed_up_is_forgotten_with_the_key(
    folder: Path, desk: RoleDesk, clock: StandingClock, roles: tuple[str, ...]
) -> None:
    thief(folder, clock)
    assert refusal(lender_imports, folder, clock.now) == "bundle_rollback"
    assert any("Lenders forget the versions" in text.en for text in RootEffects(desk).of_rotation(roles))
    desk.rotate(roles, OPERATOR, reason="stolen")
    assert lender_imports(folder, clock.now) == 2


def test_a_new_targets_key_alone_lets_nobody_forget(folder: Path, desk: RoleDesk, clock: StandingClock) -> None:
    thief(folder, clock)
    assert any("rotate targets snapshot timestamp" in text.en for text in RootEffects(desk).of_rotation(("targets",)))
    desk.rotate(("targets",), OPERATOR, reason="stolen")
    assert refusal(lender_imports, folder, clock.now) == "bundle_rollback"
    desk.rotate(("snapshot",), OPERATOR, reason="stolen")
    assert lender_imports(folder, clock.now) == 3


def test_lost_keys_are_replaced_by_the_root(folder: Path, clock: StandingClock) -> None:
    for role in ONLINE_ROLES:
        (folder / "var" / "keys" / "bundle" / f"{role}.pem").unlink()
    with pytest.raises(KeysError):
        opened(folder, clock)
    with closing(opened(folder, clock, without_signers=True)) as issuer:
        desk = RoleDesk(issuer)
        assert issuer.outbox.renew().reason == "role_keys_missing"
        assert refusal(desk.renew, OPERATOR, reason="-") == "role_keys_left"
        assert refusal(desk.rotate, ("timestamp",), OPERATOR, reason="-") == "role_keys_left"
        assert any("cannot sign once more" in text.en for text in RootEffects(desk).of_rotation(ONLINE_ROLES))
        assert desk.rotate(ONLINE_ROLES, OPERATOR, reason="lost").publication.published
    opened(folder, clock).close()
    assert lender_imports(folder, clock.now) == 2


def test_without_the_root_key_no_root_follows(folder: Path, desk: RoleDesk) -> None:
    (folder / "var" / "keys" / "bundle" / "root-1.pem").unlink()
    for step in (functools.partial(desk.rotate, ("timestamp",)), desk.renew):
        assert refusal(step, OPERATOR, reason="-") == "root_keys_missing"
    assert desk.root.version == 1
    assert desk.issuer.outbox.renew().published


def test_a_clock_that_was_ahead_is_left_behind_with_the_keys(
    folder: Path, desk: RoleDesk, clock: StandingClock
) -> None:
    now = clock.now
    clock.now += 90 * DAY
    assert desk.issuer.outbox.renew().published
    lender_imports(folder, clock.now)
    clock.now = now
    assert desk.issuer.outbox.renew().reason == "publication_clock"
    assert refusal(desk.renew, OPERATOR, reason="-") == "publication_clock"
    assert desk.rotate(("timestamp",), OPERATOR, reason="the clock was wrong").publication.published
    assert lender_imports(folder, now) == 2
    clock.now += timedelta(minutes=1)
    assert desk.issuer.outbox.renew().published


# --- stopped at any point ---------------------------------------------------------------------------------------------


def test_a_rotation_stopped_anywhere_leaves_a_readable_repository_and_is_finished(
    folder: Path, clock: StandingClock, tmp_path: Path
) -> None:
    first = (folder / "var" / "public" / "metadata" / "1.root.json").read_bytes()
    client_of(folder / "var" / "public", folder / "cache", root=first).refresh()
    roots = set()
    for moment in count():
        copy = shutil.copytree(folder, tmp_path / f"cut-{moment}")
        public = copy / "var" / "public"
        issuer = opened(copy, clock)
        try:
            with closing(issuer), stopping(moment):
                RoleDesk(issuer).rotate(("root", "timestamp"), OPERATOR, reason="yearly")
        except PowerCutError:
            # Read file by file, by who knew the edition before and by who begins now; and as a bundle.
            client_of(public, copy / "cache", root=None).refresh()
            client_of(public, copy / "new", root=first).refresh()
            with closing(opened(copy, clock)) as later:
                latest = later.outbox.publisher.latest
                assert latest is not None
                known = lender_imports(copy, clock.now, number=latest.version)
                step = RoleDesk(later).rotate(("root", "timestamp"), OPERATOR, reason="yearly")
                assert step.publication.published
                trail = changes(later)
                assert len(trail) == 4 * (step.version - 1), trail
            roots.add((known, step.version, tuple(step.replaced)))
            assert lender_imports(copy, clock.now) == step.version
            client_of(public, copy / "cache", root=None).refresh()
            shutil.rmtree(copy)
        else:
            break
    assert moment > 30
    # What lenders could not know yet was begun anew or finished, not done once more.
    assert roots - {(2, 3, ("root-2", "timestamp-2"))} == {(1, 2, ("root-1", "timestamp")), (1, 2, ())}


def test_the_server_finishes_what_was_stopped(
    folder: Path, desk: RoleDesk, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with closing(opened(folder, clock)) as server:
        with monkeypatch.context() as patch:
            patch.setattr(BundlePublisher, "publish", fail)
            assert refusal(desk.rotate, ("timestamp",), OPERATOR, reason="-") == "edition_before_failed"
            assert desk.root.version == 1
            assert not desk.renew(OPERATOR, reason="-").publication.published
        assert waits(desk)
        assert [text.en[:6] for text in RootEffects(desk).of_renewal()] == ["Root 2"]
        assert server.tend().published
        assert not waits(desk)
    assert lender_imports(folder, clock.now) == 2


def test_what_lenders_would_refuse_takes_no_place(desk: RoleDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xinzheng_issuer.keylife.role_desk.following_root", _signed_by_nobody)
    assert refusal(desk.rotate, ("timestamp",), OPERATOR, reason="-") == "publication_refused"
    assert desk.root.version == 1


def _signed_by_nobody(root: Any, _signers: Any, *, expires: datetime, **_: Any) -> bytes:
    root.version, root.expires = root.version + 1, expires
    return Metadata(root).to_bytes()


@pytest.mark.parametrize("name", ["../cert-1", 7])
def test_a_root_that_names_no_key_file_is_damaged(desk: RoleDesk, name: object) -> None:
    root = desk.root
    for key in root.keys.values():
        key.unrecognized_fields[KEY_MEMBER] = name
    for role in ROLES:
        assert refusal(key_names, root, role) == "repository_damaged"


# --- in a hardware module ---------------------------------------------------------------------------------------------


@needs_softhsm
def test_keys_in_a_token_follow_each_other_there_or_into_files(
    tmp_path: Path, token: Token, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = {"pkcs11_modules": f"soft={library()}", "pkcs11_pin_from": f"file:{token.pin_file}"}
    settings = settings_of(tmp_path, **access)
    place = f"pkcs11:token={token.label}"
    initialise(settings, EXAMPLES / "court.toml", keys=place, clock=clock)
    keys = settings.keys_folder / "bundle"
    with closing(open_issuer(settings, clock=clock)) as issuer:
        desk = RoleDesk(issuer)
        with monkeypatch.context() as patch:

            def dies(*_: object) -> None:
                raise PowerCutError

            patch.setattr(role_keys, "write_new_private_file", dies)
            with pytest.raises(PowerCutError):
                desk.rotate(("timestamp",), OPERATOR, reason="-")
        step = desk.rotate(("root", "timestamp"), OPERATOR, reason="yearly")
        # The label of the key whose record was never written is not given again.
        assert (step.publication.published, step.replaced) == (True, {"root-1": "root-2", "timestamp": "timestamp-3"})
        entry = json.loads((keys / "timestamp-3.json").read_text())
        assert f"token={token.label};object=420683-bundle-timestamp-3;" in entry["uri"]
        assert not desk.is_in_file("timestamp-3")
    with token.taken_away(), closing(open_issuer(settings, clock=clock, without_signers=True)) as issuer:
        assert refusal(RoleDesk(issuer).renew, OPERATOR, reason="-") == "root_keys_missing"
    with closing(open_issuer(settings, clock=clock)) as issuer:
        step = RoleDesk(issuer).rotate(ROLES, OPERATOR, reason="out of the module", place="file:")
        assert step.publication.published
    assert {path.name for path in keys.glob("*.pem")} >= {f"{name}.pem" for name in step.replaced.values()}
    with closing(open_issuer(settings, clock=clock)) as issuer:
        step = RoleDesk(issuer).rotate(("targets",), OPERATOR, reason="back", place=place)
        assert (keys / f"{step.replaced['targets-2']}.json").exists()


@needs_softhsm
def test_a_court_with_its_keys_in_a_token_gets_a_new_one_there_though_the_record_is_lost(
    tmp_path: Path, token: Token, clock: StandingClock
) -> None:
    settings = settings_of(tmp_path, pkcs11_modules=f"soft={library()}")
    place = f"pkcs11:token={token.label}?pin-source=file:{token.pin_file}"
    court = tmp_path / "court.toml"
    lines = (EXAMPLES / "court.toml").read_text()
    court.write_text(f'{lines}\n[keys]\nbundle = "{place}"\n')
    initialise(settings, court, clock=clock)
    keys = settings.keys_folder / "bundle"
    (keys / "targets.json").unlink()
    with closing(open_issuer(settings, clock=clock, without_signers=True)) as issuer:
        desk = RoleDesk(issuer)
        said = [text.en for text in RootEffects(desk).of_rotation(("targets", "snapshot"))]
        assert f"New keys for targets, snapshot are made in the hardware module (pkcs11:token={token.label})." in said
        moved = [text.zh for text in RootEffects(desk).of_rotation(("targets", "snapshot"), "file:")]
        assert "targets、snapshot 的新密钥生成于密钥目录（加密文件）。" in moved
        step = desk.rotate(("targets",), OPERATOR, reason="the record is lost")
        assert step.publication.published
        # The token holds a key of the first label still.
        assert not desk.is_in_file("targets")
    assert step.replaced == {"targets": "targets-2"}
    assert not list(keys.glob("targets*.pem"))
    entry = json.loads((keys / "targets-2.json").read_text())
    assert f"token={token.label};object=420683-bundle-targets-2;" in entry["uri"]
