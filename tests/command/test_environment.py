"""Where a command is started: full disks behind its streams, a folder that is gone, Ctrl-C before it has begun."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from src.command.compose import CONF
from src.command.program import TRACEBACK, run_command
from src.errors import StorageError
from src.storage.files import write_text
from src.storage.reason import storage_reason

ROOT = CONF.parent


def shell(code: str, **options) -> subprocess.CompletedProcess:
    """A process that imports the commands' frame and nothing heavy."""
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": ROOT} | options
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    return subprocess.run([sys.executable, "-c", code], **given | {"env": environment})


def test_a_full_disk_behind_standard_output_is_told_and_the_work_done(tmp_path):
    """`python -m src.suggest ... > preset.yaml` on a full disk must not look like success."""
    code = (
        "from pathlib import Path\nfrom src.command.program import run_command\n"
        f"def main():\n    print('text')\n    Path({str(tmp_path / 'done')!r}).touch()\n"
        "run_command(main)\n"
    )
    with open("/dev/full", "w") as full:
        done = shell(code, stdout=full)
    line = b"strata: standard output: cannot be written (No space left on device); the work itself is done\n"
    assert (done.returncode, done.stderr) == (2, line)
    assert (tmp_path / "done").is_file()


def test_a_current_folder_that_was_removed_is_one_line(tmp_path):
    code = (
        "import os\nfrom src.command.program import run_command\n"
        f"os.mkdir({str(tmp_path / 'gone')!r})\nos.chdir({str(tmp_path / 'gone')!r})\n"
        f"os.rmdir({str(tmp_path / 'gone')!r})\nrun_command(lambda: print('begun'))\n"
    )
    done = shell(code)
    line = b"strata: the current folder has been removed; accepted: one that is there\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", line)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_command_is_imported_is_one_line(number):
    """As `python -m src.run` is until its module is found; then as a shell expects, by the signal."""
    heard = f"signal.signal({number:d}, signal.default_int_handler); "  # background jobs of a shell are deaf
    code = (
        "import os, signal, sys; sys.argv = ['-m']; "
        + heard
        + f"import src; os.kill(os.getpid(), {number:d})"
    )
    done = shell(code)
    line = f"strata: stopped by {number.name}\n".encode()
    assert (done.returncode, done.stdout, done.stderr) == (-number, b"", line)
    deaf = shell(code.replace("default_int_handler", "SIG_IGN"))
    assert (deaf.returncode, deaf.stderr) == (0, b"")
    bug = shell("import sys; sys.argv = ['-m']; import src; raise ValueError('seen')")
    assert b"ValueError: seen" in bug.stderr


def test_a_path_in_another_encoding_comes_out_as_it_came_in():
    code = (
        "from src.command.program import run_command; run_command(lambda: print('a\\udcff/b\\udcc3\\udcbc'))"
    )
    for encoding in ("ascii", "utf-8"):
        done = shell(code, env={"PYTHONIOENCODING": encoding})
        assert (done.stdout, done.stderr) == (b"a\xff/b\xc3\xbc\n", b"")


def test_an_error_that_nobody_foresaw_is_one_line_and_its_place_on_request(monkeypatch, capsys):
    monkeypatch.delenv(TRACEBACK, raising=False)

    def main():
        return {}["profiles"]

    with pytest.raises(SystemExit, match="2"):
        run_command(main)
    line = f"strata: KeyError: 'profiles' (not foreseen; {TRACEBACK}=1 shows where)\n"
    assert capsys.readouterr() == ("", line)
    monkeypatch.setenv(TRACEBACK, "1")
    with pytest.raises(KeyError, match="profiles"):
        run_command(main)


def test_a_disk_that_cannot_be_written_is_told_by_the_name_of_the_file(tmp_path, monkeypatch):
    """Not by that of the file aside, which cannot be removed there either."""

    def refuse(path, *_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(
        StorageError, match=rf"^{tmp_path}/scores.csv: cannot be written \(read-only file system"
    ):
        write_text(tmp_path / "scores.csv", "a")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EFBIG, "larger than a file may be here, see ulimit -f"),
        (errno.EMFILE, "too many files are open, see ulimit -n"),
        (errno.EIO, "input/output error"),
        (errno.ELOOP, "a symbolic link leads to itself"),
        (errno.ENAMETOOLONG, "a name is too long"),
    ],
)
def test_what_a_disk_refuses_is_one_line_wherever_it_comes_up(number, said, capsys):
    def main():
        raise OSError(number, os.strerror(number), "runs/a/run.json")

    with pytest.raises(SystemExit, match="2"):
        run_command(main)
    assert capsys.readouterr() == ("", f"strata: runs/a/run.json: {said}\n")
    wrapped = RuntimeError(f"Error while serializing: I/O error: {os.strerror(number)} (os error {number})")
    assert storage_reason(wrapped) == said  # as safetensors tells it


def test_a_file_that_may_not_grow_is_left_as_it_was(tmp_path):
    """RLIMIT_FSIZE, as a quota has it: one line, the earlier content, and nothing aside."""
    (tmp_path / "run.json").write_text("earlier")
    code = (
        "import resource\nfrom pathlib import Path\nfrom src.command.program import run_command\n"
        "from src.storage.files import write_json\nresource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"run_command(lambda: write_json(Path({str(tmp_path / 'run.json')!r}), 'x' * 5000))\n"
    )
    done = shell(code, text=True)
    said = "cannot be written (larger than a file may be here, see ulimit -f); nothing was left half-written"
    assert (done.returncode, done.stderr) == (2, f"strata: {tmp_path / 'run.json'}: {said}\n")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("run.json", "earlier")]
