"""One issuer on one data folder: making it, opening it, and everything in it wired together.

<data>/court.toml        configuration of the court
<data>/register.sqlite   register, unless a database URL is set
<data>/register.secret   key of the register's identity digests, mode 0600
<data>/keys/             encrypted key files, their records, and the passphrase unless it is set
<data>/public/           the bundle as it is published
<data>/contribution/     what was last handed in for the country's trust list
"""

import secrets
import shutil
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from xinzheng_issuer.casework.office import Office
from xinzheng_issuer.clock import Clock, system_clock
from xinzheng_issuer.court import CourtConfiguration, load_court
from xinzheng_issuer.data_folder import court_in, has_published, holds_court
from xinzheng_issuer.errors import ConfigurationError
from xinzheng_issuer.expectations import in_both_languages
from xinzheng_issuer.issuing.court_keys import KeySource, create_court_keys, load_court_keys
from xinzheng_issuer.issuing.cycle import IssuingCycle, Recovery
from xinzheng_issuer.issuing.live_keys import LiveKeys
from xinzheng_issuer.keylife.contributions import catch_up_contribution
from xinzheng_issuer.keylife.root_trail import catch_up_roots
from xinzheng_issuer.keylife.trail import catch_up
from xinzheng_issuer.publishing.bundle import BundlePublisher, Lifetimes
from xinzheng_issuer.publishing.bundle_keys import BundleKeys
from xinzheng_issuer.publishing.last_edition import LastEdition
from xinzheng_issuer.publishing.memory import MEMORY_FILE
from xinzheng_issuer.publishing.outbox import Outbox, PublicationState
from xinzheng_issuer.publishing.repository import Repository
from xinzheng_issuer.publishing.restoring import CourtRepository
from xinzheng_issuer.publishing.role_keys import RoleCustody
from xinzheng_issuer.publishing.trust_list.contributor import Contributor
from xinzheng_issuer.register.engine import open_engine
from xinzheng_issuer.register.identity_keys import IdentityKeys
from xinzheng_issuer.register.migration import register_missing, require_current, require_there, upgrade
from xinzheng_issuer.register.store import Register
from xinzheng_issuer.register.tables import Court
from xinzheng_issuer.settings import Settings
from xinzheng_keys.passphrase import PassphraseSource, passphrase_from_file, passphrase_source
from xinzheng_keys.private_files import Guard, UnsafeFileError, read_private_file, write_new_private_file
from xinzheng_schemas.case_number import CourtTable
from xinzheng_schemas.errors import CodedError

_log = structlog.get_logger("xinzheng.installation")

ABANDONED_AFTER = timedelta(minutes=10)
"""Age at which a recorded certificate cannot belong to a request that is still at work."""

SECRET_BYTES = 32
"""Randomness of secrets that `init` makes, bytes."""

_MAX_SECRET_BYTES = 1024
_MAKING_SUFFIX = ".making"


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """A court's issuer at work.

    Attributes:
        settings: of this process.
        office: court, register, clock.
        keys: the court's keys.
        cycle: issues certificates.
        outbox: publishes changes.
    """

    settings: Settings
    office: Office
    keys: KeySource
    cycle: IssuingCycle
    outbox: Outbox

    def start(self) -> tuple[Recovery, PublicationState]:
        """Finish what a crash left behind, then publish what waits. To be called before anything is served."""
        catch_up(self.office, self.settings.keys_folder)
        catch_up_roots(self.office, self.outbox)
        catch_up_contribution(self.office, self.settings.contribution_folder)
        self.outbox.look()
        recovery = self.cycle.recover()
        return recovery, self.outbox.settle_or_renew()

    def tend(self) -> PublicationState:
        """What a running server does from time to time: retry, renew, and finish what a failed request left."""
        self.outbox.look()
        try:
            catch_up(self.office, self.settings.keys_folder)
            self.cycle.recover(minimum_age=ABANDONED_AFTER)
            catch_up_roots(self.office, self.outbox)
        except Exception:  # noqa: BLE001 - the next round tries again
            _log.exception("tending_failed")
        return self.outbox.settle_or_renew()

    def close(self) -> None:
        """Let go of the database."""
        self.office.close()


def initialise(settings: Settings, court_file: Path, *, keys: str | None = None, clock: Clock = system_clock) -> None:
    """Make a data folder: configuration, secrets, keys, register, and the first publication.

    Everything is made in a folder beside it, which takes its name at the end: an interrupted run leaves no half-made
    data folder, and the next run begins anew.

    Args:
        settings: where, and which secrets are set.
        court_file: the court's configuration; it is copied.
        keys: `pkcs11:` URI of the token in which all keys are made, whatever the configuration says.
        clock: the present moment.

    Raises:
        ConfigurationError: `data_folder_exists`, `data_file_missing`, `data_folder_not_empty`, `data_folder_unusable`,
            `court_file_missing`, `court_file_invalid`, `suite_unsuitable`, `courts_table_unusable`,
            `courts_table_outside`.
        KeysError: (keys) a key cannot be made.
    """
    court = load_court(court_file)
    if keys is not None:
        court = court.model_copy(update={"keys": court.keys.moved_to(keys)})
    court.require_suites(certificate=court.keys.certificate_type, status=court.keys.status_type)
    _check_courts_table(court, court_file)
    target = settings.data.resolve()
    if settings.court_file.exists():
        raise ConfigurationError("data_folder_exists", field="data", path=settings.data)
    if holds_court(settings):
        raise ConfigurationError("data_file_missing", field="data", path=settings.court_file)
    if target.exists() and any(target.iterdir()):
        raise ConfigurationError("data_folder_not_empty", field="data", path=settings.data)
    try:
        making = _fresh_folder(target)
        _make_data(settings.model_copy(update={"data": making}), court, court_file, at=clock())
        making.rename(target)
    except OSError as error:
        raise ConfigurationError(
            "data_folder_unusable", field="data", path=settings.data, reason=error.strerror or type(error).__name__
        ) from error
    with closing(open_issuer(settings, clock=clock)) as issuer:
        issuer.start()


def _fresh_folder(target: Path) -> Path:
    """The folder in which `target` is made; what an interrupted run left there was never in use."""
    making = target.with_name(f".{target.name}{_MAKING_SUFFIX}")
    if making.exists():
        shutil.rmtree(making)
    making.mkdir(mode=0o700, parents=True)
    return making


def _make_data(settings: Settings, court: CourtConfiguration, court_file: Path, *, at: datetime) -> None:
    settings.keys_folder.mkdir(mode=0o700)
    if settings.register_secret is None:
        _write_secret(settings.secret_file)
    if settings.key_passphrase is None and not settings.key_passphrase_from:
        _write_secret(settings.keys_folder / "passphrase")
    passphrase = key_passphrase(settings)
    create_court_keys(settings.keys_folder, passphrase=passphrase, at=at, court=court, tokens=settings.token_access)
    begin_bundle(settings, court, at=at)
    _contributor(settings, court, passphrase).make_key(at=at)
    upgrade_register(settings, anew=True)
    settings.court_file.write_bytes(court_file.read_bytes())
    _copy_courts_table(court, court_file, settings.data)


def _check_courts_table(court: CourtConfiguration, court_file: Path) -> None:
    """The table must be usable, and so must its copy.

    Raises:
        ConfigurationError: `courts_table_unusable`, `courts_table_outside`.
    """
    table = court.courts_table
    if table is None:
        return
    if table.is_relative_to(court_file.parent) and ".." in table.relative_to(court_file.parent).parts:
        raise ConfigurationError("courts_table_outside", field="courts_table", path=table)
    try:
        CourtTable.load(table)
    except CodedError as error:
        raise ConfigurationError(
            "courts_table_unusable", field="courts_table", path=table, reason=in_both_languages(error)
        ) from error
    except OSError as error:
        raise ConfigurationError(
            "courts_table_unusable", field="courts_table", path=table, reason=error.strerror or type(error).__name__
        ) from error


def _copy_courts_table(court: CourtConfiguration, court_file: Path, folder: Path) -> None:
    """A table that the configuration names by a relative path is looked for at that path beside the copy."""
    table = court.courts_table
    if table is not None and table.is_relative_to(court_file.parent):
        copy = folder / table.relative_to(court_file.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(table.read_bytes())


def upgrade_register(settings: Settings, *, anew: bool = False) -> None:
    """Bring the register to the version that this program needs.

    Args:
        settings: of this process.
        anew: make the register that is not there.

    Raises:
        RegisterError: `register_missing`.
    """
    engine = open_engine(settings.register_url)
    try:
        if not anew and holds_court(settings):
            require_there(engine)
        upgrade(engine)
    finally:
        engine.dispose()


def begin_register(settings: Settings) -> None:
    """Give a court an empty register in place of one that is lost for good; one that is there stays as it is.

    Raises:
        ConfigurationError: as `open_office`.
    """
    court = court_in(settings)
    upgrade_register(settings, anew=True)
    with closing(_office(settings, court, system_clock)) as office:
        _enter_court(office)


def open_issuer(settings: Settings, *, clock: Clock = system_clock, without_signers: bool = False) -> Issuer:
    """Open a data folder.

    Args:
        settings: of this process.
        clock: the present moment.
        without_signers: open each key, also those of the bundle's roles, when it is to sign: one that cannot be opened
            keeps nobody from what it does not sign.

    Returns:
        The issuer; call `start` before it serves anybody.

    Raises:
        ConfigurationError: as `open_office`; `suite_unsuitable`.
        RegisterError: `register_outdated`, `register_missing`.
        KeysError: (keys) a key cannot be opened.
        PublishingError: the publication folder cannot be used.
    """
    office = open_office(settings, clock=clock)
    with ExitStack() as on_failure:
        on_failure.callback(office.close)
        passphrase = key_passphrase(settings)
        keys = LiveKeys(
            settings.keys_folder,
            office.court,
            passphrase=passphrase,
            tokens=settings.token_access,
            when_needed=without_signers,
        )
        if not without_signers:
            keys.current().require_signers()
            keys.current().require_suites(at=clock())
        publisher = BundlePublisher.open(
            settings.public_folder,
            keys=settings.keys_folder / "bundle",
            passphrase=passphrase,
            lifetimes=_lifetimes(office.court),
            custody=_custody(settings, office.court),
            watermark=settings.watermark_of(office.court),
            without_signers=without_signers,
        )
        on_failure.pop_all()
    outbox = Outbox(office, keys, publisher, lock_folder=settings.data)
    cycle = IssuingCycle(office, keys, require_knowledge=outbox.require_knowledge, note=outbox.epoch.note)
    return Issuer(settings=settings, office=office, keys=keys, cycle=cycle, outbox=outbox)


def open_repository(settings: Settings, first_root: Path | None = None) -> CourtRepository:
    """The repository of the court's own bundle, in whatever state it is, with the keys by which an edition is judged.

    Args:
        settings: of this process.
        first_root: the first root, for which the operator vouches; None where the key folder tells whose a root is.

    Raises:
        ConfigurationError: `data_folder_missing`, `data_file_missing`, `court_file_invalid`, `key_records_damaged`.
        OSError: the root cannot be read.
    """
    court, passphrase = court_in(settings), key_passphrase(settings)
    role_keys = open_bundle_keys(settings, court)
    return CourtRepository(
        court=court.id,
        repository=Repository(settings.public_folder, role_keys.kept_roots),
        role_keys=role_keys,
        keys=load_court_keys(settings.keys_folder, court, passphrase=passphrase, when_needed=True),
        last=LastEdition(own=role_keys.folder / MEMORY_FILE, watermark=settings.watermark_of(court)),
        first_root=None if first_root is None else first_root.read_bytes(),
    )


def open_contributor(settings: Settings) -> Contributor:
    """What hands the court's status over to the publisher of the country's trust list.

    Raises:
        ConfigurationError: `data_folder_missing`, `data_file_missing`, `court_file_invalid`.
    """
    return _contributor(settings, court_in(settings), key_passphrase(settings))


def begin_bundle(settings: Settings, court: CourtConfiguration, *, at: datetime) -> None:
    """Make the first root of a repository and the keys that are not there.

    Args:
        settings: of this process.
        court: whose.
        at: the present moment.

    Raises:
        PublishingError: `repository_exists`.
        KeysError: (keys) a key cannot be made or opened.
    """
    BundlePublisher.create(
        settings.public_folder,
        keys=settings.keys_folder / "bundle",
        passphrase=key_passphrase(settings),
        at=at,
        lifetimes=_lifetimes(court),
        custody=_custody(settings, court),
    )


def open_bundle_keys(settings: Settings, court: CourtConfiguration) -> BundleKeys:
    """The keys of the court's own bundle, unopened."""
    return BundleKeys(
        folder=settings.keys_folder / "bundle",
        passphrase=key_passphrase(settings),
        custody=_custody(settings, court),
    )


def _contributor(settings: Settings, court: CourtConfiguration, passphrase: PassphraseSource) -> Contributor:
    return Contributor(
        court=court.id,
        name=court.name.zh,
        keys=settings.keys_folder / "bundle",
        folder=settings.contribution_folder,
        repository=Repository(settings.public_folder, open_bundle_keys(settings, court).kept_roots),
        lifetime=timedelta(hours=court.status.validity_hours),
        passphrase=passphrase,
        custody=RoleCustody(
            place=court.keys.contribution,
            prefix="",
            key_type=court.keys.contribution_type or court.keys.bundle_type,
            tokens=settings.token_access,
        ),
    )


def open_office(settings: Settings, *, clock: Clock = system_clock) -> Office:
    """Open the register of a data folder, without its keys.

    Args:
        settings: of this process.
        clock: the present moment.

    Returns:
        The court at work, unable to sign.

    Raises:
        ConfigurationError: `data_folder_missing`, `data_file_missing`, `court_file_invalid`, `secret_file_permissions`.
        RegisterError: `register_outdated`, `register_missing`.
    """
    office = _office(settings, court_in(settings), clock)
    with ExitStack() as on_failure:
        on_failure.callback(office.close)
        require_current(office.register.engine)
        if has_published(settings):
            _require_court(office)
        _enter_court(office)
        on_failure.pop_all()
    return office


def _office(settings: Settings, court: CourtConfiguration, clock: Clock) -> Office:
    return Office(
        court=court,
        register=Register(open_engine(settings.register_url)),
        clock=clock,
        identity_keys=IdentityKeys(_register_secret(settings)),
        random_bytes=secrets.token_bytes,
        courts=CourtTable.load(court.courts_table) if court.courts_table else None,
    )


def _require_court(office: Office) -> None:
    """Whoever has published is in the register: without the row it is another one, or one that was made anew."""
    with office.reading() as store:
        if store.court() is None:
            raise register_missing(office.register.engine)


def _enter_court(office: Office) -> None:
    """The tenant's own row, made once; several courts may share one register."""
    with office.writing() as store:
        if store.court() is None:
            store.add(Court(id=office.court.id, did=office.court.did, created_at=office.clock()))


def _lifetimes(court: CourtConfiguration) -> Lifetimes:
    life = timedelta(hours=court.status.validity_hours)
    return Lifetimes(timestamp=life, snapshot=life)


def key_passphrase(settings: Settings) -> PassphraseSource:
    """What opens the key files of an installation; asked when one is opened."""
    secret = settings.key_passphrase
    if secret is not None:
        return lambda: secret.get_secret_value().encode()
    if settings.key_passphrase_from:
        return passphrase_source(settings.key_passphrase_from)
    return passphrase_from_file(settings.keys_folder / "passphrase")


def _custody(settings: Settings, court: CourtConfiguration) -> RoleCustody:
    return RoleCustody(
        place=court.keys.bundle,
        prefix=f"{court.id}-bundle-",
        key_type=court.keys.bundle_type,
        tokens=settings.token_access,
    )


def _register_secret(settings: Settings) -> bytes:
    if settings.register_secret is not None:
        return settings.register_secret.get_secret_value().encode()
    path = settings.secret_file
    try:
        return read_private_file(path, guard=Guard.of_this_user(), max_octets=_MAX_SECRET_BYTES).strip()
    except UnsafeFileError as error:
        raise ConfigurationError("secret_file_permissions", field="register_secret", path=path) from error
    except OSError as error:
        raise ConfigurationError("data_file_missing", field="register_secret", path=path) from error


def _write_secret(path: Path) -> None:
    write_new_private_file(path, secrets.token_urlsafe(SECRET_BYTES).encode())
