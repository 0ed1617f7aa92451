"""`python -m src.probe` is `python -m src.compare` by its older name."""

import pytest

from tests.forked import run


def told(module, *arguments):
    done = run(module, *arguments)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(("arguments", "status"), [(["--help"], 0), (["base=one", "tuned=one"], 2)])
def test_both_names_say_the_same(arguments, status):
    old, new = (told(module, *arguments) for module in ("src.probe", "src.compare"))
    assert old == new
    assert old[0] == status
    assert "Traceback" not in old[2]
    if status:
        assert old[2].strip() == "strata: tuned: given 'one'; accepted: another model than base"
