import pytest

from src.pipeline.pipeline import Pipeline
from src.run import execute
from tests.forked import Command


@pytest.fixture
def paths(tmp_path):
    """Overrides that keep a run's files inside the test's folder."""
    return [f"paths.runs_dir={tmp_path}/runs", f"paths.cache_dir={tmp_path}/cache"]


@pytest.fixture
def run(make_config, paths):
    """Execute the smoke run with overrides; the finished run's folder."""

    def one(*overrides):
        config = make_config("debug=smoke", *paths, *overrides)
        execute(config)
        return Pipeline(config).folder.path

    return one


@pytest.fixture
def command(paths):
    """Start `python -m src.run debug=smoke` as a user does."""

    return lambda *overrides, **options: Command("src.run", "debug=smoke", *paths, *overrides, **options)
