"""Where tensors live."""

import torch

from src.config.rules import refuse


def pick_device(name: str) -> torch.device:
    """`auto` takes the GPU where there is one; ConfigError for cuda where torch sees none."""
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        refuse("device", name, "auto or cpu: torch sees no GPU here")
    return torch.device("cuda" if name != "cpu" and available else "cpu")
