"""What lies in a data folder once a court does: what is gone of it is told by name, and never taken for no court."""

from xinzheng_issuer.court import CourtConfiguration, load_court
from xinzheng_issuer.errors import ConfigurationError
from xinzheng_issuer.issuing.key_records import RECORDS_FILE
from xinzheng_issuer.publishing.memory import MEMORY_FILE
from xinzheng_issuer.publishing.repository import TIMESTAMP_FILE
from xinzheng_issuer.settings import Settings


def court_in(settings: Settings) -> CourtConfiguration:
    """The configuration of the court whose data folder it is.

    Raises:
        ConfigurationError: `data_folder_missing`, `data_file_missing`, `court_file_invalid`.
    """
    if not settings.court_file.exists():
        if holds_court(settings):
            raise ConfigurationError("data_file_missing", field="data", path=settings.court_file)
        raise ConfigurationError("data_folder_missing", field="data", path=settings.data)
    return load_court(settings.court_file)


def holds_court(settings: Settings) -> bool:
    """Whether a court is in the folder, or what is left of one."""
    keys = settings.keys_folder
    files = settings.court_file, settings.register_file, settings.secret_file, keys / RECORDS_FILE, keys / "bundle"
    return any(path.exists() for path in files) or has_published(settings)


def has_published(settings: Settings) -> bool:
    """Whether the folder shows that something was published from it, so that a register has been there."""
    remembered = settings.keys_folder / "bundle" / MEMORY_FILE
    return remembered.exists() or (settings.public_folder / TIMESTAMP_FILE).exists()
