"""Finished results at a URL: read through a copy, written whole, and no place for what runs."""

import json

import fsspec
import pytest

from src.command import program
from src.dashboard.__main__ import main as dashboard
from src.errors import ConfigError, StorageError
from src.storage.remote import copied, written_to


@pytest.fixture(params=["memory", "file"])
def url(request, tmp_path):
    """An experiment of one run at a URL: of fsspec's memory, or of a file system."""
    where = {"memory": f"memory://bucket/{tmp_path.name}", "file": f"file://{tmp_path}/there"}
    root = f"{where[request.param]}/study"
    score = {"stage": "tuned", "task": "sums", "metric": "exact_match", "value": 0.5}
    put(root, "a/run.json", json.dumps({"status": "success", "scores": [score], "profiles": []}))
    put(root, "a/adapter/adapter_model.safetensors", "weights")
    return root


def put(root, name, text):
    system, path = fsspec.url_to_fs(f"{root}/{name}")
    system.makedirs(path.rpartition("/")[0], exist_ok=True)
    system.pipe_file(path, text.encode())


def names(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return sorted(str(path.relative_to(folder)) for path in files)


def test_what_a_report_reads_is_copied_and_weights_where_they_are_asked_for(url, tmp_path):
    here = copied(url, tmp_path / "cache")
    assert here.name == "study"
    assert names(here) == ["a/run.json"]
    whole = copied(url, tmp_path / "cache", weights=True)
    assert names(whole) == ["a/adapter/adapter_model.safetensors", "a/run.json"]


def test_a_copy_follows_what_is_there(url, tmp_path):
    here = copied(url, tmp_path / "cache")
    before = (here / "a" / "run.json").stat().st_mtime_ns
    assert copied(url, tmp_path / "cache") == here
    assert (here / "a" / "run.json").stat().st_mtime_ns == before  # not copied again: an index stays good
    put(url, "a/run.json", '{"status": "failed"}')
    put(url, "b/run.json", "{}")
    copied(url, tmp_path / "cache")
    assert json.loads((here / "a" / "run.json").read_text()) == {"status": "failed"}
    system, root = fsspec.url_to_fs(url)
    system.rm(f"{root}/a/run.json")
    assert names(copied(url, tmp_path / "cache")) == ["b/run.json"]


def test_results_are_written_to_a_url_whole_or_not_at_all(url):
    target = f"{url}/published"
    with pytest.raises(ZeroDivisionError), written_to(target) as folder:
        (folder / "scores.csv").write_text("half")
        raise ZeroDivisionError
    system, root = fsspec.url_to_fs(target)
    assert not system.exists(root)
    with written_to(target) as folder:
        (folder / "scores.csv").write_text("whole")
    assert system.cat_file(f"{root}/scores.csv") == b"whole"


def test_commands_that_read_runs_take_a_url(url, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(program, "_copied", lambda url: copied(url, tmp_path / "cache"))
    dashboard([url, "--dry-run"])
    assert "sums exact_match, tuned" in capsys.readouterr().out


@pytest.mark.parametrize("url", ["nothing://at/all", "memory://bucket/nobody/wrote/this"])
def test_a_url_without_results_is_refused_in_one_line(url, tmp_path):
    with pytest.raises(StorageError, match=f"^{url}: .*; accepted: .*URL") as caught:
        copied(url, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["runs_dir", "cache_dir"])
def test_no_run_works_at_a_url(make_config, key):
    with pytest.raises(ConfigError, match=rf"paths.{key}: given 's3://bucket/runs'; accepted: a folder"):
        make_config(f"paths.{key}='s3://bucket/runs'")
