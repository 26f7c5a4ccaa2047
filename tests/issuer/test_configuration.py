"""The court's file, the settings, the data folder, the logs: what must not be used is refused by name."""

import io
import json
import logging
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog

from support.office import EXAMPLES, StandingClock, court_keys, zaoyang_court
from xinzheng_issuer.court import CourtConfiguration, load_court
from xinzheng_issuer.domain.workflow import Role
from xinzheng_issuer.errors import ConfigurationError, RefusalError, RegisterError
from xinzheng_issuer.installation import initialise, open_issuer, open_office
from xinzheng_issuer.issuing.court_keys import CourtKeys, load_court_keys
from xinzheng_issuer.issuing.credential import certificate_number
from xinzheng_issuer.logs import configure_logs
from xinzheng_issuer.messages import MESSAGES
from xinzheng_issuer.people import actor_of, add_user
from xinzheng_issuer.register.identity_keys import IdentityKeys
from xinzheng_issuer.settings import Settings, load_settings
from xinzheng_keys.errors import KeyStoreError, LifecycleError
from xinzheng_schemas.identity import DocumentNumber, MaskedId, ResidentId, UnifiedSocialCreditCode
from xinzheng_schemas.trust_documents import KeyUsage
from xinzheng_schemas.vocabulary import IdType

COURT = (EXAMPLES / "court.toml").read_text("utf-8")


def court_file(folder: Path, text: str) -> Path:
    path = folder / "a-court.toml"
    path.write_text(text, "utf-8")
    return path


# --- the court --------------------------------------------------------------------------------------------------------


def test_the_example_court() -> None:
    court = load_court(EXAMPLES / "court.toml")
    assert court.id == "420683"
    assert court.status_list_url(1, "revocation") == "https://xz.example/status/420683/1/revocation"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ('did = "did:web:xz.example:did:420683"', "did"),
        ('did = "did:key:abc"\n', "did"),
        ('region_code = "4206"\n', "region_code"),
        ("surplus = 1\n", "surplus"),
        ("[policy]\nvalidity_months = 0\n", "policy.validity_months"),
        ("[policy]\nvalidity_months = 2\n", "policy"),
        ("[policy]\nsame_case_relisting = 'nothing'\n", "policy.same_case_relisting"),
        ("[status]\nrefresh_hours = 200\n", "status"),
        ("[certificate]\nnumber_form = '{year}'\n", "certificate.number_form"),
        ("[certificate]\nnumber_form = '{court_code}/{random}'\n", "certificate.number_form"),
        ("[certificate]\nmasked_id_style = 'none'\n", "certificate.masked_id_style"),
        ("= broken", "(TOML)"),
    ],
)
def test_a_wrong_court_file_is_refused_by_field(changed: str, field: str, tmp_path: Path) -> None:
    base = {"did": "did:web:xz.example:did:1", "court_code": "鄂0683", "region_code": "420683"}
    name = changed.partition(" ")[0]
    lines = [f'{key} = "{value}"' for key, value in base.items() if key != name]
    top, table, section = changed.partition("[")
    if not changed.endswith("\n"):
        top = top if field == "(TOML)" else ""
    text = "\n".join([*lines, top, '[name]\nzh = "某院"\nen = "A court"', table + section])
    with pytest.raises(ConfigurationError) as refusal:
        load_court(court_file(tmp_path, text))
    assert (refusal.value.code, refusal.value.field) == ("court_file_invalid", field)


def test_a_court_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load_court(tmp_path / "none.toml")
    assert refusal.value.code == "court_file_missing"


def test_a_port_in_the_did_and_an_address_of_its_own() -> None:
    values = zaoyang_court().model_dump() | {"did": "did:web:localhost%3A8443:did:420683"}
    assert CourtConfiguration.model_validate(values).base_url == "https://localhost:8443"
    values["public_url"] = "https://other.example"
    assert CourtConfiguration.model_validate(values).base_url == "https://other.example"


@pytest.mark.parametrize(
    ("form", "number"),
    [
        ("{court_code}-{year}-{random}", "鄂0683-2026-0000000000000"),
        ("信修{year}第{random}号", "信修2026第0000000000000号"),
        ("{random}", "0000000000000"),
    ],
)
def test_the_form_of_numbers_is_the_courts_choice(form: str, number: str) -> None:
    court = zaoyang_court(certificate={"number_form": form})
    assert certificate_number(court, year=2026, random=bytes(8)) == number


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "secret",
    ["changeme-changeme-1", "short", "this is a PLACEHOLDER", "aaaaaaaaaaaaaaaaaaaaaaaa", "my-secret-for-today"],
)
@pytest.mark.parametrize("name", ["register_secret", "key_passphrase"])
def test_placeholder_secrets_are_refused_and_not_repeated(
    name: str, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"XINZHENG_{name.upper()}", secret)
    with pytest.raises(ConfigurationError) as refusal:
        load_settings()
    assert (refusal.value.code, refusal.value.field) == ("setting_placeholder", name)
    assert secret not in str(refusal.value)


def test_wrong_settings_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINZHENG_PORT", "many")
    with pytest.raises(ConfigurationError) as refusal:
        load_settings()
    assert (refusal.value.code, refusal.value.field) == ("setting_invalid", "port")


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/xinzheng")
    monkeypatch.setenv("XINZHENG_KEY_PASSPHRASE", "correct horse battery staple")
    settings = load_settings(data=tmp_path)
    assert settings.register_url == "postgresql://db/xinzheng"
    assert settings.data == tmp_path
    assert "horse" not in repr(settings)
    assert Settings(data=tmp_path, database_url="").register_url.endswith("/register.sqlite")


# --- the data folder --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("data")
    (folder / "courts.csv").write_text("code,name_zh,name_en,region_code\n鄂0683,枣阳,Zaoyang,420683\n", "utf-8")
    path = court_file(folder, COURT.replace("[name]", 'courts_table = "courts.csv"\n\n[name]'))
    settings = Settings(data=folder / "var")
    initialise(settings, path, clock=StandingClock())
    return settings


def test_init_makes_private_files_and_a_first_publication(data: Settings) -> None:
    private = [data.data / "register.secret", data.keys_folder / "passphrase", data.keys_folder / "cert-1.pem"]
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}
    issuer = open_issuer(data, clock=StandingClock())
    assert issuer.outbox.publisher.latest is not None
    assert issuer.office.courts is not None
    assert issuer.office.courts.get("鄂0683") is not None
    issuer.close()


def with_table(folder: Path, table: str) -> Path:
    return court_file(folder, COURT.replace("[name]", f'courts_table = "{table}"\n\n[name]'))


def test_init_copies_a_table_of_courts_from_any_folder_below(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "courts.csv").write_text("code,name_zh,name_en,region_code\n鄂0683,枣阳,Z,420683\n", "utf-8")
    settings = Settings(data=tmp_path / "var")
    initialise(settings, with_table(tmp_path, "tables/courts.csv"), clock=StandingClock())
    with closing(open_issuer(settings, clock=StandingClock())) as issuer:
        assert issuer.office.courts is not None
        assert "鄂0683" in issuer.office.courts


@pytest.mark.parametrize(
    ("table", "refused"),
    [
        ("missing.csv", "courts_table_unusable"),
        ("broken.csv", "courts_table_unusable"),
        ("../courts.csv", "courts_table_outside"),
    ],
)
def test_init_makes_nothing_with_a_table_of_courts_that_cannot_be_used(
    tmp_path: Path, table: str, refused: str
) -> None:
    folder = tmp_path / "configuration"
    folder.mkdir()
    for path in (folder / "broken.csv", tmp_path / "courts.csv"):
        path.write_text("code\n", "utf-8")
    settings = Settings(data=tmp_path / "var")
    with pytest.raises(ConfigurationError) as refusal:
        initialise(settings, with_table(folder, table))
    assert refusal.value.code == refused
    assert refusal.value.message("en") != refusal.value.message("zh")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["configuration", "courts.csv"]


def test_init_never_overwrites(data: Settings) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        initialise(data, data.court_file)
    assert refusal.value.code == "data_folder_exists"


KILLED_INIT = """
import os, signal, sys
from pathlib import Path
from xinzheng_issuer import installation
from xinzheng_issuer.settings import Settings

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(installation, sys.argv[3], die)
installation.initialise(Settings(data=Path(sys.argv[1])), Path(sys.argv[2]))
"""


@pytest.mark.parametrize("place", ["create_court_keys", "upgrade_register", "open_issuer"])
def test_an_init_that_was_killed_can_be_repeated(place: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new" / "var")
    command = [sys.executable, "-c", KILLED_INIT, str(settings.data), str(EXAMPLES / "court.toml"), place]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    if place != "open_issuer":
        assert not settings.data.exists()
        initialise(settings, EXAMPLES / "court.toml", clock=StandingClock())
    # Killed after the folder had its name: the start of a server makes the first publication.
    issuer = open_issuer(settings)
    issuer.start()
    assert issuer.outbox.publisher.latest is not None
    issuer.close()
    assert [path.name for path in settings.data.parent.iterdir()] == ["var"]


def test_init_takes_an_empty_folder_and_no_other(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    (tmp_path / "papers").write_text("of somebody else")
    with pytest.raises(ConfigurationError) as refusal:
        initialise(settings, EXAMPLES / "court.toml")
    assert refusal.value.code == "data_folder_not_empty"
    (tmp_path / "papers").unlink()
    initialise(settings, EXAMPLES / "court.toml")
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError) as refusal:
        initialise(Settings(data=tmp_path / "file" / "var"), EXAMPLES / "court.toml")
    assert refusal.value.code == "data_folder_unusable"


def test_a_folder_without_an_issuer(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        open_office(Settings(data=tmp_path))
    assert refusal.value.code == "data_folder_missing"


def test_a_secret_that_others_can_read_is_refused(data: Settings) -> None:
    secret = data.data / "register.secret"
    secret.chmod(0o644)
    with pytest.raises(ConfigurationError) as refusal:
        open_office(data)
    secret.chmod(0o600)
    assert refusal.value.code == "secret_file_permissions"
    hidden = secret.rename(secret.with_name("elsewhere"))
    with pytest.raises(ConfigurationError) as missing:
        open_office(data)
    hidden.rename(secret)
    assert (missing.value.code, missing.value.params["path"]) == ("data_file_missing", secret)


def test_secrets_of_the_environment_take_the_place_of_files(tmp_path: Path) -> None:
    settings = load_settings(
        data=tmp_path / "var",
        register_secret="a long unguessable thing",
        key_passphrase="correct horse battery staple",
    )
    initialise(settings, EXAMPLES / "court.toml", clock=StandingClock())
    assert not (settings.data / "register.secret").exists()
    assert not (settings.keys_folder / "passphrase").exists()
    open_issuer(settings, clock=StandingClock()).close()
    with pytest.raises(KeyStoreError):
        open_issuer(settings.model_copy(update={"key_passphrase": None}))


@pytest.mark.parametrize("source", ["env:COURT_PASSPHRASE", "credential:court", "file:{folder}/court"])
def test_the_passphrase_of_the_keys_may_come_from_elsewhere(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "court"
    file.write_text("correct horse battery staple\n")
    file.chmod(0o600)
    monkeypatch.setenv("COURT_PASSPHRASE", "correct horse battery staple")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("XINZHENG_KEY_PASSPHRASE_FROM", source.format(folder=tmp_path))
    settings = load_settings(data=tmp_path / "var")
    initialise(settings, EXAMPLES / "court.toml", clock=StandingClock())
    assert not (settings.keys_folder / "passphrase").exists()
    open_issuer(settings, clock=StandingClock()).close()
    file.unlink()
    monkeypatch.delenv("COURT_PASSPHRASE")
    with pytest.raises(KeyStoreError):
        open_issuer(settings)


@pytest.mark.parametrize("source", ["vault:x", "env:", "env:A B", "file:"])
def test_a_passphrase_source_of_another_kind_is_refused(source: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(key_passphrase_from=source)
    assert (refusal.value.code, refusal.value.field) == ("setting_invalid", "key_passphrase_from")


# --- keys -------------------------------------------------------------------------------------------------------------


def records_of(data: Settings) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((data.keys_folder / "keys.json").read_text())
    return found


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda entries: entries[0].update(publicKeyMultibase=entries[1]["publicKeyMultibase"]), "key_mismatch"),
        (lambda entries: entries[0].pop("usage"), "key_records_damaged"),
        (lambda entries: entries[0].update(usage="everything"), "key_records_damaged"),
        (lambda entries: entries.append("cert-2"), "key_records_damaged"),
    ],
)
def test_damaged_key_records(data: Settings, tmp_path: Path, change: Any, code: str) -> None:
    entries = records_of(data)
    change(entries)
    (tmp_path / "keys.json").write_text(json.dumps(entries))
    for path in data.keys_folder.glob("*.pem"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
        (tmp_path / path.name).chmod(0o600)
    passphrase = (data.keys_folder / "passphrase").read_bytes()
    with pytest.raises(ConfigurationError) as refusal:
        load_court_keys(tmp_path, zaoyang_court(), passphrase=lambda: passphrase).require_signers()
    assert refusal.value.code == code


def test_a_key_outside_its_window_or_without_signer_does_not_sign() -> None:
    keys = court_keys(zaoyang_court())
    with pytest.raises(LifecycleError):
        keys.signer(KeyUsage.CERTIFICATE, at=StandingClock().advance(days=-400))
    deaf = CourtKeys(court=keys.court, records=keys.records, signers={})
    with pytest.raises(ConfigurationError) as refusal:
        deaf.signer(KeyUsage.CERTIFICATE, at=StandingClock().now)
    assert refusal.value.code == "signer_missing"


# --- people and identities --------------------------------------------------------------------------------------------


def test_people(data: Settings) -> None:
    office = open_office(data, clock=StandingClock())
    token = add_user(office, "ada", [Role.CLERK, Role.JUDGE, Role.CLERK])
    assert actor_of(office, token).roles == {Role.CLERK, Role.JUDGE}
    assert token.encode() not in (data.data / "register.sqlite").read_bytes()
    with pytest.raises(RegisterError) as twice:
        add_user(office, "ada", [Role.CLERK])
    assert twice.value.code == "user_exists"
    for name in ("", "a b", "x" * 65):
        with pytest.raises(RegisterError):
            add_user(office, name, [Role.CLERK])
    for roles in ([], [Role.SYSTEM]):
        with pytest.raises(ConfigurationError) as refusal:
            add_user(office, "bo", roles)
        assert refusal.value.code == "token_roles"
    office.register.engine.dispose()


def test_identity_digests_serve_equality_alone() -> None:
    keys, other = IdentityKeys(b"one secret of sixteen"), IdentityKeys(b"another secret of sixteen")
    person = ResidentId.parse("42068319900101001X")
    company = UnifiedSocialCreditCode.parse("91420683MA0000007M")
    assert keys.of(person) == keys.of(ResidentId.parse("42068319900101001x"))
    assert keys.of(person) != other.of(person)
    assert keys.alias_of(person) == keys.of_masked(MaskedId.of(person))
    assert keys.alias_of(company) == keys.of(DocumentNumber.parse(IdType.ORG_CODE, "MA000000-7"))
    passport = DocumentNumber.parse(IdType.PASSPORT, "E12345678")
    assert keys.alias_of(passport) == keys.of(passport)
    with pytest.raises(ValueError, match="secret"):
        IdentityKeys(b"short")


# --- logs and messages ------------------------------------------------------------------------------------------------


def test_a_log_line_is_one_json_object_and_hides_numbers() -> None:
    stream = io.StringIO()
    configure_logs("info", stream=stream)
    log = structlog.get_logger("test")
    log.info(
        "line\nbreak \x1b[31m", number="42068319900101001X", nested={"list": ["420683198506151235"]}, at=Path("/x")
    )
    log.debug("not shown")
    secret = "420683198506151235"
    try:
        int(secret + "x")
    except ValueError:
        log.exception("failed")
    logging.getLogger("library").warning("trouble with %s", secret)
    logging.getLogger("library").info("daily work")
    lines = stream.getvalue().splitlines()
    assert [json.loads(line)["event"] for line in lines] == [
        "line\nbreak \x1b[31m",
        "failed",
        "trouble with 4206831985****1235",
    ]
    assert "42068319900101001X" not in stream.getvalue()
    assert secret not in stream.getvalue()
    assert "locals" not in stream.getvalue()
    logging.basicConfig(force=True)


def test_every_message_is_in_both_languages_with_the_same_parts() -> None:
    import string  # noqa: PLC0415

    for code, message in MESSAGES.items():
        parts = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (message.en, message.zh)
        ]
        assert parts[0] == parts[1], code
        assert message.en
        assert message.zh


def test_a_refusal_needs_a_problem() -> None:
    with pytest.raises(TypeError):
        RefusalError([])
