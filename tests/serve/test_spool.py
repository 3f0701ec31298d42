import os
from pathlib import Path

import pytest

from halfopen.serve.spool import SEGMENT_BYTES, SpoolFile, Spools


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("compress", [True, False])
def test_pieces_come_out_as_they_went_in_and_give_their_room_back(compress):
    spools = Spools()
    file = SpoolFile(spools, compress=compress)
    pieces = [os.urandom(1 << 20) for _ in range(2 * SEGMENT_BYTES >> 20)]
    before = open_files()
    records = [file.append(piece) for piece in pieces]
    assert open_files() == before + 2
    most = spools.used
    assert most >= 2 * SEGMENT_BYTES
    half = len(pieces) // 2
    assert [file.read(record) for record in records[:half]] == pieces[:half]
    assert spools.used <= most / 2, "the first segment is given back while the second is still unread"
    assert [file.read(record) for record in records[half:]] == pieces[half:]
    file.close()
    assert spools.used == 0
    assert open_files() == before


def test_there_is_no_more_room_than_was_said_for_all_together():
    spools = Spools(max_bytes=3000)
    one, other = SpoolFile(spools, compress=False), SpoolFile(spools, compress=False)
    assert one.append(b"a" * 2000)
    assert other.append(b"b" * 1001) is None
    assert other.append(b"b" * 1000)
    one.close()
    assert other.append(b"c" * 2000)
    other.close()
    assert spools.used == 0


def test_a_disk_that_refuses_is_a_full_one(tmp_path):
    spools = Spools(str(tmp_path / "away"))
    file = SpoolFile(spools, compress=True)
    assert file.append(b"a" * 100) is None
    assert spools.used == 0


def test_what_is_closed_stays_closed():
    file = SpoolFile(Spools(), compress=True)
    record = file.append(b"a")
    file.close()
    assert file.append(b"b") is None
    with pytest.raises(ValueError, match="closed"):
        file.read(record)
