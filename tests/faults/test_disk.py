"""A disk that fills up, a folder that cannot be written."""

import os
import random
import subprocess

import pytest
from fault_runs import assert_same, count, only_run

TIMES = 12


@pytest.fixture
def disk(tmp_path):
    """A file system of 24 MiB of its own, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], capture_output=True)
    if made.returncode:
        pytest.skip("needs a small file system, and this user may not mount one")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def last_line(tmp_path) -> str:
    return (tmp_path / "output.txt").read_text().splitlines()[-1]


def test_full_at_any_size(small, ended, whole, disk, tmp_path):
    """Free space drawn up to what the run needs: one line, nothing half-written, and it goes on with space."""
    needed = sum(path.stat().st_size for path in whole.parents[2].rglob("*") if path.is_file())
    draw = random.Random(3)
    refused = 0
    for number in range(TIMES):
        root = disk / str(number)
        free = draw.randrange(4096, int(needed * 1.2))
        space = os.statvfs(disk)
        (disk / "ballast").write_bytes(b"\0" * (space.f_bavail * space.f_frsize - free))
        status = ended(small(root=root))
        if status:
            refused += 1
            assert status == 2, last_line(tmp_path)
            assert last_line(tmp_path).startswith("strata: ")
            assert "no space left on device" in last_line(tmp_path)
            assert not list(root.rglob("run.json"))
            assert not list((root / "runs").rglob(".partial-*"))
        (disk / "ballast").unlink()
        assert ended(small(root=root)) == 0, last_line(tmp_path)
        assert_same(only_run(root / "runs"), whole)
        subprocess.run(["rm", "-rf", root], check=True)
    assert refused >= TIMES // 2
    count("disk full", "one line, then went on with space, bit for bit", refused)


def test_no_file_may_be_larger(small, ended, whole, tmp_path):
    """RLIMIT_FSIZE drawn from the sizes of the files: each kind is the first that does not fit."""
    found = (path.stat().st_size for path in whole.parents[2].rglob("*") if path.is_file())
    sizes = sorted(size for size in found if size > 4096)  # what it says goes into a file, too
    draw = random.Random(5)
    refused = 0
    for number in range(TIMES):
        root = tmp_path / str(number)
        output = tmp_path / f"{number}.txt"
        if ended(small(root=root), largest=draw.choice(sizes) - 1, output=output):
            refused += 1
            said = output.read_text().splitlines()[-1]
            assert said.startswith("strata: ")
            assert "larger than a file may be here, see ulimit -f" in said
            assert not list((root / "runs").rglob("run.json"))
            assert not list(root.rglob(".partial-*"))
        assert ended(small(root=root)) == 0, last_line(tmp_path)
        assert_same(only_run(root / "runs"), whole)
    assert refused >= TIMES // 2
    count("files cut at a size", "one line, then went on, bit for bit", refused)


def test_read_only(small, start, ended, whole, disk, tmp_path):
    """A file system that turns read-only while the run works."""
    draw = random.Random(4)
    refused = 0
    for number in range(TIMES):
        root = disk / str(number)
        process = start(small(root=root))
        process.join(draw.uniform(0.0, 3.0))
        turned = subprocess.run(["mount", "-o", "remount,ro", disk], capture_output=True)
        process.join(300)
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        if turned.returncode == 0 and process.exitcode:
            refused += 1
            assert process.exitcode == 2, last_line(tmp_path)
            assert "read-only file system" in last_line(tmp_path)
        assert ended(small(root=root)) == 0, last_line(tmp_path)
        assert_same(only_run(root / "runs"), whole)
        subprocess.run(["rm", "-rf", root], check=True)
    count("disk read-only", "one line, then went on, bit for bit", refused)
