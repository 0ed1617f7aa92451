"""The tiny models with an update of the room below, and a command on a finished run of one."""

from tests.intervene.conftest import adapted_pair, load_small  # noqa: F401
from tests.intervene.test_intervene_command import run_folder  # noqa: F401
