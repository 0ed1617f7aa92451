"""The settings of a soft trigger that undoes an update (SFT-Eraser)."""

from dataclasses import dataclass

from src.config.keys import declare
from src.config.rules import refuse


@dataclass(kw_only=True)
class EraserSettings:
    """Vectors before the prompt, fitted so that the tuned model answers as the base."""

    num_vectors: int = declare(neutral=20, hashed=False, least=1)
    """eraser: vectors before the prompt. [vectors]"""
    num_prompts: int = declare(neutral=200, hashed=False, least=1)
    """eraser: training rows whose prompts are fitted on. [rows]"""
    prompt_tokens: int = declare(neutral=256, hashed=False, least=1)
    """eraser: of a prompt, from the first on. [tokens]"""
    trigger_steps: int = declare(neutral=500, hashed=False, least=1)
    """eraser: optimizer steps of a trigger. [steps]"""
    prompt_batch: int = declare(neutral=16, hashed=False, least=1)
    """eraser: prompts of a step. [rows]"""
    trigger_rate: float = declare(neutral=0.003, hashed=False, positive=True)
    """eraser: learning rate of the vectors, by Adam. [no unit]"""
    channel_weight: float = declare(neutral=1.0, hashed=False, least=0)
    """eraser: of the distance to the base's states on the target channels. [no unit]"""
    kl_weight: float = declare(neutral=0.7, hashed=False, least=0)
    """eraser: of KL(base || tuned with the trigger) at the last positions of the prompt. [no unit]"""
    norm_weight: float = declare(neutral=0.1, hashed=False, least=0)
    """eraser: of the mean squared norm of the vectors. [no unit]"""
    last_positions: int = declare(neutral=8, hashed=False, least=1)
    """eraser: positions at the end of a prompt that the KL looks at. [tokens]"""
    radius: float = declare(neutral=1.0, hashed=False, positive=True)
    """eraser: the largest norm of a vector, which it is projected back to. [no unit]"""
    channels: str = declare(
        neutral="write", hashed=False, among=("write", "feed_forward", "attention", "all")
    )
    """eraser: target channels of a block: those that its carrier writes (write), of one half of it
    (feed_forward, attention), or all of the stream."""
    pool_prompts: bool = declare(neutral=True, hashed=False)
    """eraser: published: states are compared as means over prompts; else each prompt with itself."""
    own_split: bool = declare(neutral=True, hashed=False)
    """eraser: choose the best step on prompts of the probe rows; else, published, by the loss of a step's own
    prompts before it."""
    check_steps: int = declare(neutral=25, hashed=False, least=1)
    """eraser: steps between two looks at these prompts. [steps]"""
    repetition_penalty: float = declare(neutral=1.0, hashed=False, positive=True)
    """eraser: published 1.1, with the trigger only: logits of written tokens are divided by it. [no unit]"""

    def check_eraser(self) -> None:
        """Refuse settings that fit nothing."""
        if self.prompt_batch > self.num_prompts:
            refuse("intervention.prompt_batch", self.prompt_batch, f"at most num_prompts, {self.num_prompts}")
