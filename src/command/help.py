"""`--help` of the commands that Hydra configures: what they do, and every group with its choices.

Hydra would compose a configuration first and copy all it has in store once a group.
"""

from omegaconf import DictConfig, OmegaConf

from src.command.presets import CONF, choices

_OPTIONS = "--cfg job shows the configuration and stops, -m runs several; --hydra-help lists all options"


def help_text(about: str | None, config_name: str) -> str:
    """The docstring of a command, then the groups that a file of conf/ chooses from, in its order."""
    defaults = OmegaConf.load(CONF / f"{config_name}.yaml").defaults
    groups = [str(name) for entry in defaults if isinstance(entry, DictConfig) for name in entry]
    lines = [f"  {name}: {', '.join(choices(name))}" for name in groups if name.isidentifier()]
    return "\n".join([(about or "").strip(), "", "Groups: choose with group=choice", *lines, "", _OPTIONS])
