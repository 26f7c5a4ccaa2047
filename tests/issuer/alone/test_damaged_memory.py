"""What a court remembers beside its keys, or on another disk, cannot be read: the refusal says what works."""

from pathlib import Path

import pytest

from support.alone import CHINESE, run

KEPT_ROOTS, MEMORY = "keys/bundle/kept-roots.json", "keys/bundle/published.json"


@pytest.mark.parametrize("content", [b"", b'{"version": 1}', b"{"])
@pytest.mark.parametrize(
    ("name", "code"), [(KEPT_ROOTS, "kept_roots_damaged"), (MEMORY, "memory_damaged"), ("elsewhere", "memory_damaged")]
)
def test_a_damaged_file_is_named_and_made_anew_once_it_is_gone(
    folder: Path, name: str, code: str, content: bytes
) -> None:
    path = folder / "var" / name
    settings = {"XINZHENG_WATERMARK": str(path)} if name == "elsewhere" else {}
    assert run(folder, group="bundle", settings=settings).exit_code == 0
    bundle = folder / "newest.xzb"
    bundles = (folder / "var" / "public" / "bundles").glob("bundle-*.xzb")
    bundle.write_bytes(max(bundles, key=lambda each: int(each.stem.removeprefix("bundle-"))).read_bytes())
    assert path.exists()
    path.write_bytes(content)
    for arguments in ((), ("adopt",), ("adopt", "--bundle", str(bundle), "--yes")):
        said = run(folder, *arguments, group="db" if arguments else "bundle", settings=settings)
        assert (said.exit_code, code in said.output) == (1, True), said.output
    adopt = ("adopt", "--bundle", str(bundle), "--yes")
    told = run(folder, *adopt, group="db", settings=settings).output
    assert (path.name in told, "remove the file" in told) == (True, True)
    assert "移除该文件" in run(folder, *adopt, group="db", settings=settings, language=CHINESE).output
    path.unlink()
    done = run(folder, *adopt, group="db", settings=settings)
    assert done.exit_code == 0, done.output
    assert run(folder, group="bundle", settings=settings).exit_code == 0
    assert path.read_bytes() != content
