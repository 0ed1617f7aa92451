import subprocess
import sys

import pytest

from src.errors import ConfigError, DataError
from src.metrics.catalog import METRICS, check_names, check_samples, names_needing, resolve
from src.metrics.shared.together import Together


def test_unknown_name_is_refused_with_all_that_is_accepted():
    with pytest.raises(ConfigError) as error:
        check_names(["cka_debiased", "ckaa"])
    families = "information, geometry, shift, optimization, lens"
    accepted = f"families ({families}) and metrics: {', '.join(METRICS)}"
    assert str(error.value) == f"metrics.names: given 'ckaa'; accepted: {accepted}"
    assert {"cka_debiased", "mean_shift", "effective_rank", "weight_change"} < METRICS.keys()


def test_a_name_given_twice_is_refused():
    with pytest.raises(ConfigError, match="each metric once; mean_shift is named twice"):
        check_names(["mean_shift", "cka_biased", "mean_shift"])


def test_catalog_answers_without_torch():
    code = "import sys, src.metrics.catalog; sys.exit('torch' in sys.modules or 'jaxtyping' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_locations_lead_to_documented_functions(metric):
    assert resolve(metric.function).__name__ == metric.name
    assert resolve(metric.function).__doc__
    if metric.parts is not None:
        assert resolve(metric.parts).__name__ == f"{metric.name}_parts"
    if metric.needs in ("pooled", "pair", "views"):
        assert isinstance(resolve(metric.function), Together) == (metric.interval in ("jackknife", "groups"))


def test_names_needing_keeps_the_given_order():
    names = ["prompt_entropy", "weight_change", "mean_shift", "effective_rank"]
    assert names_needing(names, "pair", "tokens") == ["prompt_entropy", "mean_shift"]


def test_too_few_samples_names_metric_given_and_needed():
    check_samples("cka_debiased", 4)
    with pytest.raises(DataError) as error:
        check_samples("cka_debiased", 3)
    assert str(error.value) == "metric cka_debiased: given 3 samples; needed: at least 4 (data.num_probe)"
