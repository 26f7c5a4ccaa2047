"""Tables of courts: both file forms, and every way in which a file can be unusable."""

import json
from pathlib import Path

import pytest

from xinzheng_schemas.court_table import MAX_COURTS, MAX_FILE_BYTES, Court, CourtTable, CourtTableError
from xinzheng_schemas.strict_json import StrictJSONError

ROW: dict[str, object] = {
    "code": "鄂0683",
    "name": {"zh": "枣阳市人民法院", "en": "Zaoyang People's Court"},
    "regionCode": "420683",
}
COURT = Court(code="鄂0683", name_zh="枣阳市人民法院", name_en="Zaoyang People's Court", region_code="420683")
CSV = "code,name_zh,name_en,region_code\n鄂0683,枣阳市人民法院,Zaoyang People's Court,420683\n"


def file(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def error_of(path: Path) -> CourtTableError:
    with pytest.raises(CourtTableError) as caught:
        CourtTable.load(path)
    assert caught.value.message("en") != caught.value.message("zh")
    return caught.value


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("courts.json", json.dumps([ROW])),
        ("courts.csv", CSV),
        ("COURTS.CSV", b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode()),
        ("quoted.csv", CSV.replace("Zaoyang People's Court", '"Zaoyang People\'s Court"')),
    ],
)
def test_load(tmp_path: Path, name: str, data: bytes | str) -> None:
    for path in (file(tmp_path, name, data), str(tmp_path / name)):
        table = CourtTable.load(path)
        assert list(table) == [COURT]
        assert table.get("鄂0683") == COURT
        assert table.get("鄂0684") is None
        assert "鄂0683" in table
        assert "鄂0684" not in table
        assert len(table) == 1


def test_special_courts_are_data() -> None:
    codes = ["最高法", "鄂", "鄂06", "鄂71", "京0491", "军01"]
    assert [court.code for court in CourtTable.from_rows({**ROW, "code": code} for code in codes)] == codes


@pytest.mark.parametrize(
    "row",
    [
        None,
        "鄂0683",
        [],
        {},
        {**ROW, "code": "鄂683"},
        {**ROW, "code": "X0683"},
        {**ROW, "code": 683},
        {**ROW, "name": "枣阳市人民法院"},
        {**ROW, "name": {"zh": "枣阳市人民法院"}},
        {**ROW, "name": {"zh": "", "en": "Court"}},
        {**ROW, "name": {"zh": "院", "en": ""}},
        {**ROW, "regionCode": "42068"},
        {**ROW, "regionCode": 420683},
        {**ROW, "regioncode": "420683"},
    ],
)
def test_rows_are_checked_and_counted(row: object) -> None:
    with pytest.raises(CourtTableError, match="entry 2") as caught:
        CourtTable.from_rows([ROW, row])
    assert caught.value.code == "court_table_malformed"


@pytest.mark.parametrize(
    ("name", "data", "entry"),
    [
        ("table.json", "{}", 0),
        ("table.json", json.dumps([ROW, {}]), 2),
        ("table.csv", "", 0),
        ("table.csv", "a,b\n", 0),
        ("table.csv", CSV + "鄂0684,宜城市人民法院\n", 2),
        ("table.csv", CSV + "鄂0684,宜城市人民法院,Court,x\n", 2),
        ("table.csv", CSV + '"鄂0684,宜城市人民法院,Court,420684\n', 0),
        ("table.csv", CSV.encode("gb18030"), 0),
    ],
)
def test_files_refused(tmp_path: Path, name: str, data: bytes | str, entry: int) -> None:
    error = error_of(file(tmp_path, name, data))
    assert (error.code, error.params["row"]) == ("court_table_malformed", entry)


def test_json_is_strict(tmp_path: Path) -> None:
    with pytest.raises(StrictJSONError):
        CourtTable.load(file(tmp_path, "table.json", '[{"code":1,"code":2}]'))


def test_codes_are_unique(tmp_path: Path) -> None:
    error = error_of(file(tmp_path, "table.json", json.dumps([ROW, ROW])))
    assert error.code == "court_table_duplicate"
    assert "鄂0683" in error.message("zh")


def test_bounds(tmp_path: Path) -> None:
    assert error_of(file(tmp_path, "table.csv", b" " * (MAX_FILE_BYTES + 1))).code == "court_table_too_large"
    with pytest.raises(CourtTableError) as caught:
        CourtTable.from_rows({**ROW, "code": f"鄂{n:04}"} for n in range(MAX_COURTS + 1))
    assert caught.value.code == "court_table_too_large"


def test_a_missing_file_is_the_systems_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        CourtTable.load(tmp_path / "none.json")
