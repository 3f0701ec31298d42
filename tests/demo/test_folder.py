import pytest

from halfopen.demo.folder import MARK, afresh
from halfopen.errors import UsageError


def test_a_missing_folder_is_made(tmp_path):
    with afresh(tmp_path / "a" / "b") as folder:
        assert folder.is_dir()


def test_what_an_earlier_demo_made_goes_and_what_else_lies_there_stays(tmp_path):
    with afresh(tmp_path / "sv") as folder:
        for name in ("casino.sqlite", "casino.sqlite-wal", "mirror.duckdb", "mirror.duckdb.wal", "halfopen.toml"):
            (folder / name).write_text("old")
        (folder / "mirror.duckdb.spool").mkdir()
        (folder / "notes.txt").write_text("mine")
    with afresh(folder):
        assert sorted(path.name for path in folder.iterdir()) == [MARK, "notes.txt"]


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path):
    (tmp_path / "casino.sqlite").write_text("somebody's")
    with pytest.raises(UsageError, match="no demo made"), afresh(tmp_path):
        pass
    assert (tmp_path / "casino.sqlite").read_text() == "somebody's"


def test_a_file_in_its_place_is_named(tmp_path):
    (tmp_path / "sv").write_text("")
    with pytest.raises(UsageError, match="no folder"), afresh(tmp_path / "sv"):
        pass


def test_two_demos_do_not_share_a_folder(tmp_path):
    with (
        afresh(tmp_path / "sv") as folder,
        pytest.raises(UsageError, match="another demo"),
        afresh(folder),
    ):
        pass
    with afresh(folder):
        pass
