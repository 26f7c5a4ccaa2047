"""The transcript of a ceremony beside files that are no entries of it."""

import json
from pathlib import Path

import pytest

from support.country import Country, passphrase_of
from xinzheng_issuer.errors import TrustListError

ENTRIES = {
    "no JSON": b"{",
    "no object": b"[]",
    "no step": b'{"step": "other", "at": "2026-11-26T00:00:00Z"}',
    "no more than a step": b'{"step": "sign", "at": "2026-11-26T00:00:00Z"}',
}


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES.keys())
def test_an_entry_that_cannot_be_read_is_told_before_anything_is_done(empty_country: Country, entry: bytes) -> None:
    country = empty_country
    country.make_keys()
    country.step().draw_up("root")
    damaged = country.work / "transcript" / "z.json"
    damaged.write_bytes(entry)
    country.roles["root"]["shares"][0] = country.share("root-6")
    before = files(country.folder) | {"trust-list.toml": country.reviewed.path.read_bytes()}
    for step in (
        lambda: country.step().make_key("root-6", passphrase=passphrase_of("root-6")),
        lambda: country.step(dry_run=True).make_key("root-6", passphrase=passphrase_of("root-6")),
        lambda: country.step().draw_up("targets"),
    ):
        with pytest.raises(TrustListError) as refused:
            step()
        assert (refused.value.code, refused.value.params["name"]) == ("transcript_damaged", "z.json")
        assert files(country.folder) == before
    damaged.unlink()
    country.step().make_key("root-6", passphrase=passphrase_of("root-6"))


def test_files_that_a_system_leaves_beside_what_it_copies_are_passed_over(empty_country: Country) -> None:
    country = empty_country
    country.make_keys()
    country.step().draw_up("root")
    for name in ("shares/root-1", "transcript/x", "signatures/1.root/root-1", "metadata/1.root", "documents/1.root"):
        path = country.work / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
    for name in ("root-1", "root-2", "root-3"):
        country.step().sign("root", name, passphrase=passphrase_of(name))
    country.step().assemble("root")
    entries = json.loads((country.work / "transcript.json").read_text("utf-8"))["entries"]
    assert entries[-1]["step"] == "assemble"
