"""`control.source=trained`: the run that is the same but for its control, wherever its folder is."""

from dataclasses import replace
from pathlib import Path

from src.config.control import TRAINED
from src.config.schema import RunConfig
from src.record.identity import Keys, hashed_keys, run_id


def with_source(
    config: RunConfig, data_fingerprint: str, model_content: str, keys: Keys = hashed_keys
) -> RunConfig:
    """The config with that run's folder, below the same experiment, in place of the word; any other as it is.

    Whether a finished run lies there is for its reader to say.
    """
    control = config.control
    if control.source != TRAINED:
        return config
    kept = control.log_relative_sizes or control.kind == "match_profile"  # that one reads what was logged
    plain = replace(
        control, name="none", kind="none", source=None, size=None, spectrum=False, log_relative_sizes=kept
    )
    found = run_id(replace(config, control=plain), data_fingerprint, model_content, keys)
    folder = Path(config.paths.runs_dir) / config.experiment / found
    return replace(config, control=replace(control, source=str(folder)))
