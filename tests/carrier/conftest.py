"""The tiny models with an update of the room below, and a command on a finished run of one."""

from tests.intervene.conftest import adapted_pair, load_small, run_folder, trained  # noqa: F401
