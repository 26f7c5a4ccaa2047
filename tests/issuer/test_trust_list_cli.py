"""The trust list at the command line: a rehearsal of everything that its operators do, in both languages."""

import re
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from support.country import Country, passphrase_of
from support.foreign_roots import foreign_root, repacked
from support.lived_country import published_files
from support.office import EXAMPLES
from xinzheng_issuer.cli import main
from xinzheng_issuer.installation import open_office
from xinzheng_issuer.settings import Settings
from xinzheng_verifier import TrustStore, Verifier
from xinzheng_verifier.trust.archive import Archive
from xinzheng_verifier.trust.names import sha256_of

COURT = "420683"
CHINESE = {"LC_ALL": "zh_CN.UTF-8"}
ENGLISH = {"LC_ALL": "C.UTF-8"}


def run(*arguments: object, language: dict[str, str] = ENGLISH, typed: str | None = None) -> Result:
    return CliRunner(env=language).invoke(main, ["trust-list", *map(str, arguments)], input=typed)


class Desk:
    """A configuration, a work folder and passphrases in files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "trust-list.toml"
        self.write()

    def write(self, *, version: int = 1, share: str = "root-2", province: int = 1) -> None:
        roles = {
            "root": (f"version = {version}\nthreshold = 2\nvalid_days = 700", ("root-1", share)),
            "targets": ("version = 1\nvalid_days = 300", ("targets-1",)),
            "snapshot": ("valid_hours = 100", ("snapshot-1",)),
            "timestamp": ("valid_hours = 100", ("timestamp-1",)),
            "provinces.42": (
                f'version = {province}\nvalid_days = 90\ncourts = ["{COURT}"]',
                ("province-42-1",),
            ),
        }
        lines = ['title = "Rehearsal 演练"']
        for role, (members, shares) in roles.items():
            listed = ", ".join(self.share(name) for name in shares)
            lines.append(f"[{role}]\n{members}\nshares = [{listed}]")
        self.config.write_text("\n".join(lines), "utf-8")

    def share(self, name: str) -> str:
        medium = self.folder / ("publisher" if name.startswith(("snapshot", "timestamp")) else f"media/{name}")
        medium.mkdir(parents=True, exist_ok=True)
        secret = self.folder / f"{name}.passphrase"
        if not secret.exists():
            secret.touch(mode=0o600)
            secret.write_bytes(passphrase_of("the publisher" if medium.name == "publisher" else name)())
        return f'{{name = "{name}", holder = "持有人 {name}", medium = "{medium}"}}'

    def step(self, step: str, *arguments: str, language: dict[str, str] = ENGLISH, share: str = "") -> Result:
        source = ["--share", share, "--passphrase-from", f"file:{self.folder}/{share}.passphrase"] if share else []
        return run(
            "ceremony", step, "--config", self.config, "--work", self.folder / "work", *source, *arguments,
            language=language,
        )  # fmt: skip

    def hand_in(self) -> str:
        """The court hands in, and the province takes over what is for it.

        Returns:
            What the court was told.
        """
        out, courts = self.folder / "incoming" / COURT, self.folder / "work" / "courts" / COURT
        arguments = ["bundle", "--data", str(self.folder / "var"), "--contribution", str(out)]
        handed_in = CliRunner(env=ENGLISH).invoke(main, arguments)
        assert handed_in.exit_code == 0, handed_in.output
        courts.mkdir(parents=True, exist_ok=True)
        for name in ("issuer.json", "key.json"):
            (courts / name).write_bytes((out / name).read_bytes())
        return handed_in.stdout

    def publish(self, *arguments: object, language: dict[str, str] = ENGLISH) -> Result:
        return run(
            "publish", "--config", self.config, "--repository", self.folder / "public",
            "--passphrase-from", f"file:{self.folder}/timestamp-1.passphrase", *arguments,
            language=language,
        )  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Everything up to what the publisher takes."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    for name in ("root-1", "root-2", "targets-1", "snapshot-1", "timestamp-1", "province-42-1"):
        made = desk.step("keys", share=name)
        assert made.exit_code == 0, made.output
        assert re.search(rf"Fingerprint of {name}: [0-9a-f]{{64}}", made.stdout)
    data = desk.folder / "var"
    runner = CliRunner(env=ENGLISH)
    assert runner.invoke(main, ["init", "--data", str(data), "--config", str(EXAMPLES / "court.toml")]).exit_code == 0
    desk.hand_in()
    assert (desk.folder / "incoming" / COURT / "metadata" / f"1.court-{COURT}.json").exists()
    signing = {"root": ("root-1", "root-2"), "targets": ("targets-1",), "province-42": ("province-42-1",)}
    for role, shares in signing.items():
        for result in (
            desk.step("draft", "--role", role),
            *(desk.step("sign", "--role", role, share=share) for share in shares),
            desk.step("assemble", "--role", role),
        ):
            assert result.exit_code == 0, result.output
            assert re.match(r"Rehearsal 演练\nconfiguration SHA-256 [0-9a-f]{64}\n", result.stdout)
    return desk


def test_check_says_what_the_configuration_asks_for(desk: Desk) -> None:
    english = run("ceremony", "check", "--config", desk.config).stdout
    assert "root: version 1, 2 of 2 shares, good for 700 days" in english
    assert f"courts: {COURT}" in english
    chinese = run("ceremony", "check", "--config", desk.config, language=CHINESE).stdout
    assert "root：版本 1，2 个份额中的 2 个，有效 700 天" in chinese


def test_who_publishes_at_a_terminal_is_asked_for_each_key_by_its_name(desk: Desk) -> None:
    given = ("--config", desk.config, "--repository", desk.folder / "public", "--take", desk.folder / "work")
    keys = ("snapshot-1", "timestamp-1")
    typed = "".join((desk.folder / f"{key}.passphrase").read_text("utf-8").rstrip("\n") + "\n" for key in keys)
    asked = run("publish", *given, "--take", desk.folder / "incoming", "--dry-run", typed=typed)
    assert asked.exit_code == 0, asked.output
    assert re.findall(r"Passphrase of (\S+):", asked.output) == [*keys]


def test_an_edition_is_published_shown_filtered_and_read(desk: Desk) -> None:
    take = ("--take", desk.folder / "work", "--take", desk.folder / "incoming")
    dry = desk.publish(*take, "--dry-run", language=CHINESE)
    assert "试运行：第 1 版（1 个法院）可以发布" in dry.stdout
    published = desk.publish(*take)
    assert published.exit_code == 0, published.output
    assert published.stdout.startswith("taken: root 1 (work)\ntaken: targets 1 (work)\n")
    assert "Published as edition 1, 1 courts" in published.stdout
    repository = desk.folder / "public"
    trusted = ("--config", desk.config, "--repository", repository)
    shown = run("show", *trusted)
    assert (shown.exit_code, "province-42  1  expires" in shown.stdout) == (0, True)
    assert "状态截至" in run("show", *trusted, language=CHINESE).stdout
    out = desk.folder / "hubei.xzb"
    written = run("bundle", *trusted, "--province", "42", "--out", out)
    assert f"Edition 1 in {out}" in written.stdout
    root = (repository / "metadata" / "1.root.json").read_bytes()
    trust = TrustStore.from_bundle(out.read_bytes(), root=root, at=datetime.now(UTC))
    assert list(trust.issuers) == [f"did:web:xz.example:did:{COURT}"]
    for option, value, named in (
        ("--court", "420999", "420999. [court_unknown]"),
        ("--province", "43", "province 43. [province_unknown]"),
    ):
        refused = run("bundle", *trusted, option, value, "--out", out)
        assert (refused.exit_code, named in refused.stderr) == (1, True)
    restored = run(
        "restore", "--config", desk.config, "--repository", repository, "--bundle", repository / "bundles/bundle-1.xzb"
    )
    assert restored.stdout == "The repository is at edition 1 now.\n"


def test_what_is_not_taken_is_told_and_ends_with_one(desk: Desk) -> None:
    bad = desk.folder / "bad.xzc"
    bad.write_bytes(b"nothing")
    result = desk.publish("--take", desk.folder / "work", "--take", desk.folder / "incoming", "--take", bad)
    assert result.exit_code == 1
    assert "not taken: bad.xzc" in result.stdout
    assert "[contribution_unreadable]" in result.stdout
    foreign = desk.folder / "foreign" / "metadata"
    foreign.mkdir(parents=True, exist_ok=True)
    (foreign / "2.court-420683.json").write_text("{}", "utf-8")
    refused = desk.publish("--take", foreign.parent, language=CHINESE)
    assert refused.exit_code == 1
    assert "未采用：court-420683 2（foreign）" in refused.stdout
    nothing = desk.publish("--take", desk.folder / "nowhere")
    assert (nothing.exit_code, "[contribution_unreadable]" in nothing.stderr) == (1, True)


def test_steps_say_what_they_will_do_before_they_refuse(desk: Desk) -> None:
    again = desk.step("keys", share="root-1", language=CHINESE)
    assert again.exit_code == 1
    assert "不再生成" in again.stdout
    assert "[share_record_exists]" in again.stderr
    other = desk.step("sign", "--role", "root", share="targets-1")
    assert "belongs to the role targets and signs nothing else. [ceremony_share_role]" in other.stderr
    signed = desk.step("draft", "--role", "root")
    assert "[ceremony_signed_already]" in signed.stderr
    unknown = run("ceremony", "check", "--config", desk.folder / "none.toml")
    assert "[ceremony_file_missing]" in unknown.stderr


def test_a_dry_run_at_the_command_line_says_so(desk: Desk) -> None:
    dry = desk.step("assemble", "--role", "root", "--dry-run")
    assert dry.stdout.endswith("Dry run: all checks passed, nothing was written.\n")


def test_a_dry_run_beside_a_mirror_says_what_each_key_was_compared_with(desk: Desk, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    shutil.copytree(desk.folder / "work" / "metadata", mirror / "metadata")
    first = sha256_of((mirror / "metadata" / "1.root.json").read_bytes())
    desk.write(version=2)

    def step(name: str, *arguments: str, share: str = "", language: dict[str, str] = ENGLISH) -> Result:
        places = ("--work", str(tmp_path / "work"), "--published", str(mirror), "--role", "root")
        return desk.step(name, *places, *arguments, share=share, language=language)

    drawn_up = step("draft")
    assert re.search(rf"compared: targets-1  [0-9a-f]{{64}}  by 1.root.json alone \(SHA-256 {first}\)", drawn_up.stdout)
    signed = step("sign", "--dry-run", share="root-1")
    assert re.search(r"compared: root-1  [0-9a-f]{64}  on its medium\n", signed.stdout)
    assert re.search(rf"compared: targets-1  [0-9a-f]{{64}}  as in 1.root.json, .*{first}", signed.stdout)
    chinese = step("sign", "--dry-run", "--root-sha256", first, share="root-1", language=CHINESE)
    assert re.search(rf"比对：targets-1  [0-9a-f]{{64}}  与 1.root.json 一致.*{first}", chinese.stdout)
    given = step("draft", "--root-sha256", first, "--dry-run")
    assert "as in 1.root.json, which follows from the root given" in given.stdout
    other = step("sign", "--dry-run", "--root-sha256", "ab" * 32, share="root-1")
    assert (other.exit_code, "[ceremony_root_unknown]" in other.stderr) == (1, True)
    shutil.rmtree(mirror)
    assert "[ceremony_previous_missing]" in step("sign", "--dry-run", share="root-1").stderr
    desk.write()


def test_the_passphrase_is_asked_for_where_no_source_is_given(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    typed = "a passphrase that is typed\n"
    arguments = ("ceremony", "keys", "--config", desk.config, "--work", tmp_path / "work", "--share", "root-1")
    made = run(*arguments, typed=typed * 2)
    assert made.exit_code == 0, made.output
    assert "passphrase that is typed" not in made.output
    key_file = tmp_path / "media" / "root-1" / "root-1.pem"
    assert key_file.exists()
    wrong = run(*arguments[:-1], "root-2", "--passphrase-from", "passphrase")
    assert "[passphrase_source_malformed]" in wrong.stderr


def test_a_court_changes_its_key_twice_before_the_province_names_one(desk: Desk) -> None:
    data, repository = desk.folder / "var", desk.folder / "public"
    retire = ("court-key", "retire", "--data", data, "--reason", "yearly")
    assert "[court_keys_one]" in run(*retire, "--yes").stderr
    made = run("court-key", "new", "--data", data)
    assert "The key court-420683-2 is made, fingerprint" in made.stdout
    spoiled = run("court-key", "new", "--data", data)
    assert "The key court-420683-3 is made, fingerprint" in spoiled.stdout
    nowhere = run("court-key", "new", "--data", desk.folder / "nowhere")
    assert "[data_folder_missing]" in nowhere.stderr
    first = data / "keys" / "bundle" / "court-420683-1.pem"
    unlisted = run(*retire, "--yes")
    assert (unlisted.exit_code, "[court_key_listing_needed]" in unlisted.stderr) == (1, True)
    root = repository / "metadata" / "1.root.json"

    def shown_in(edition: int) -> tuple[object, ...]:
        return (*retire, "--listed-in", repository / "bundles" / f"bundle-{edition}.xzb", "--root", root)

    take = ("--take", desk.folder / "work", "--take", desk.folder / "incoming")
    desk.publish(*take)
    before = latest(repository)
    too_early = run(*shown_in(before), "--yes")
    assert (too_early.exit_code, "[court_key_not_listed]" in too_early.stderr) == (1, True)
    own_root = data / "public" / "metadata" / "1.root.json"
    assert "[key_edition_refused]" in run(*shown_in(before)[:-1], own_root, "--yes").stderr
    assert run(*shown_in(before)[:-2], "--yes").exit_code == 2
    assert first.exists()
    said = desk.hand_in()
    desk.write(province=2)
    for arguments, share in ((("draft",), ""), (("sign",), "province-42-1"), (("assemble",), "")):
        signed = desk.step(*arguments, "--role", "province-42", "--published", str(repository), share=share)
        assert signed.exit_code == 0, signed.output
        for name in ("court-420683-3", f"courts/{COURT}/issuer.json"):
            assert read_out(said, name) == read_out(signed.stdout, name)
    assert "taken: province-42 2 (work)" in desk.publish(*take).stdout
    listed = shown_in(latest(repository))
    dry = run(*listed, "--dry-run")
    assert (dry.exit_code, first.exists()) == (0, True)
    assert "names court-420683-3: what it signs alone is taken" in dry.stdout
    assert "court-420683-1 is deleted and cannot be brought back" in dry.stdout
    assert "is signed by court-420683-2, court-420683-3 alone" in dry.stdout
    asked = run(*listed)
    assert ("[confirmation_needed]" in asked.stderr, first.exists()) == (True, True)
    retired = run(*listed, "--yes", language=CHINESE)
    assert (retired.exit_code, "密钥 court-420683-1 已删除" in retired.stdout) == (0, True)
    assert not first.exists()
    with closing(open_office(Settings(data=data))) as office, office.reading() as store:
        (event,) = store.key_events("country/court-420683-1")
    assert (event.action, event.to_state, event.reason) == ("retire", "retired", "yearly")
    assert "signed by court-420683-3 alone" in run(*listed, "--yes").stdout
    assert [path.name for path in first.parent.glob("court-*.pem")] == ["court-420683-3.pem"]
    assert "[court_keys_one]" in run(*listed, "--yes").stderr
    desk.hand_in()
    assert desk.publish("--take", desk.folder / "incoming").stdout.startswith("taken: court-420683 ")


def read_out(said: str, name: str) -> str:
    """What people compare by telephone."""
    found = re.search(rf"compared: {name}  ([0-9a-f]{{64}})  ", said)
    assert found, said
    return found[1]


def of(country: Country) -> tuple[str, Path, str, Path]:
    return "--config", country.folder / "trust-list.toml", "--repository", country.folder / "public"


def latest(repository: Path) -> int:
    return max(int(path.stem.rpartition("-")[2]) for path in (repository / "bundles").glob("bundle-*.xzb"))


def test_what_is_due_is_marked_and_ends_show_with_one(country: Country, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xinzheng_issuer.cli.trust_list.system_clock", lambda: country.at + timedelta(days=75))
    result = run("show", *of(country))
    assert result.exit_code == 1
    assert re.search(r"^province-42  1  expires \S+  ! renew now$", result.stdout, re.MULTILINE)
    assert re.search(r"^targets  1  expires \S+$", result.stdout, re.MULTILINE)


def test_what_has_expired_is_told_from_what_soon_will(country: Country, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xinzheng_issuer.cli.trust_list.system_clock", lambda: country.at + timedelta(days=7))
    result = run("show", *of(country))
    assert result.exit_code == 1
    for role in ("timestamp", "snapshot", "court-420683"):
        assert re.search(rf"^{role}  1  expires .*  ! EXPIRED$", result.stdout, re.MULTILINE)
    assert "！已到期" in run("show", *of(country), language=CHINESE).stdout
    monkeypatch.setattr("xinzheng_issuer.cli.trust_list.system_clock", lambda: country.at + timedelta(days=6))
    assert re.search(r"^timestamp  1  expires .*  ! renew now$", run("show", *of(country)).stdout, re.MULTILINE)


def test_an_edition_of_the_future_is_marked(country: Country, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xinzheng_issuer.cli.trust_list.system_clock", lambda: country.at - timedelta(minutes=6))
    result = run("show", *of(country))
    assert result.exit_code == 1
    assert "  ! this clock shows " in result.stdout.splitlines()[0]
    assert "更换在线密钥" in run("show", *of(country), language=CHINESE).stdout
    monkeypatch.setattr("xinzheng_issuer.cli.trust_list.system_clock", lambda: country.at - timedelta(minutes=5))
    assert run("show", *of(country)).exit_code == 0


# --- what is written and shown is what was signed ---------------------------------------------------------------------


def says(country: Country, bundle: Path) -> str:
    trust = TrustStore.from_bundle(bundle.read_bytes(), root=country.first_root, at=country.at)
    certificate = country.houses[COURT].court.issue().json_text
    return Verifier(trust).report(certificate, at=country.at).code


@pytest.mark.parametrize("of_whom", [("--province", "42"), ()], ids=["filtered", "whole"])
def test_a_stick_is_written_from_what_was_signed(lived: Country, of_whom: tuple[str, ...]) -> None:
    """Whatever lies in the place of the one-file form: edition 2 did not know of the revocation."""
    bundles, stick = lived.folder / "public" / "bundles", lived.folder / "stick.xzb"
    first = lived.first_root
    for content in (
        (bundles / "bundle-2.xzb").read_bytes(),
        repacked((bundles / "bundle-2.xzb").read_bytes(), root_1=foreign_root(first, version=1)),
        b"",
    ):
        (bundles / "bundle-3.xzb").write_bytes(content)
        written = run("bundle", *of(lived), *of_whom, "--out", stick)
        assert (written.exit_code, written.stdout.startswith("Edition 3 in")) == (0, True)
        assert Archive(stick.read_bytes())["metadata/1.root.json"] == first
        assert says(lived, stick) == "revoked"


def test_a_stick_is_not_written_of_files_that_nobody_signed(lived: Country) -> None:
    public, stick = lived.folder / "public", lived.folder / "stick.xzb"
    (path,) = published_files(lived, ["/revocation.json"])
    listed = path.read_bytes()
    path.write_bytes(published_files(lived, ["/suspension.json"])[0].read_bytes())
    assert run("bundle", *of(lived), "--out", stick).exit_code == 0  # the one-file form has what the name says
    assert says(lived, stick) == "revoked"
    stick.unlink()
    (public / "bundles" / "bundle-3.xzb").unlink()
    assert "[repository_damaged]" in run("bundle", *of(lived), "--out", stick).stderr
    path.write_bytes(listed)
    (public / "metadata" / f"3.court-{COURT}.json").write_bytes(
        (public / "metadata" / f"2.court-{COURT}.json").read_bytes()
    )
    for command in (("bundle", "--out", stick), ("show",)):
        refused = run(*command, *of(lived))
        assert (refused.exit_code, "[repository_damaged]" in refused.stderr) == (1, True)
    assert not stick.exists()


def test_show_and_bundle_believe_no_root_of_the_folder(lived: Country) -> None:
    genuine, stick = lived.folder / "genuine.json", lived.folder / "stick.xzb"
    genuine.write_bytes(lived.first_root)
    path = lived.folder / "public" / "metadata" / "1.root.json"
    path.write_bytes(foreign_root(lived.first_root, version=1))
    mirror = ("--repository", lived.folder / "public")
    assert run("bundle", *of(lived), "--out", stick).exit_code == 0
    assert Archive(stick.read_bytes())["metadata/1.root.json"] == genuine.read_bytes()
    for command in (("bundle", "--out", stick), ("show",)):
        assert "[first_root_differs]" in run(*command, *mirror, "--root", genuine).stderr
        for neither_or_both in ((), (*of(lived)[:2], "--root", genuine)):
            asked = run(*command, *mirror, *neither_or_both, language=CHINESE)
            assert (asked.exit_code, "请给出 --config" in asked.stderr) == (2, True)
    path.write_bytes(genuine.read_bytes())
    assert run("bundle", *mirror, "--root", genuine, "--out", stick).exit_code == 0
    assert run("show", *mirror, "--root", genuine).stdout.startswith("Edition 3, published")
