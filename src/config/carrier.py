"""The settings of a sparse carrier of an update (LCDD)."""

from dataclasses import dataclass

from src.config import rules
from src.config.keys import declare
from src.config.rules import refuse


@dataclass(kw_only=True)
class CarrierSettings:
    """Masks over rows and columns of an update, as sparse as the loss allows."""

    weights: str = declare(neutral="frozen", hashed=False, among=("frozen", "trained"))
    """frozen: masks alone are fitted; trained: the update goes on training under them."""
    fit_loss: str = declare(neutral="cross_entropy", hashed=False, among=("cross_entropy", "kl"))
    """What the budget is of: cross_entropy, or kl of the tuned model to the masked one."""
    supervise: str = declare(neutral="completion", hashed=False, among=rules.SUPERVISE)
    """Tokens that the loss looks at: completion, or all."""
    rest: str = declare(neutral="base", hashed=False, among=("base", "tuned"))
    """Full training: base or tuned, what no mask stands over (norms, biases, embeddings, head)."""
    rhos: list[float] = declare(neutral=[0.3], hashed=False)
    """Budgets, one carrier each: how far the loss may rise above what it was before. [shares of it]"""
    price: float = declare(neutral=0.01, hashed=False, positive=True)
    """Of one mask, at the start. [nats]"""
    least_price: float = declare(neutral=1e-6, hashed=False, positive=True)
    """It never falls below. [nats]"""
    largest_price: float = declare(neutral=10.0, hashed=False, positive=True)
    """It never rises above. [nats]"""
    growth_rate: float = declare(neutral=0.1, hashed=False, least=0)
    """Of the logarithm of the price, a step, while the loss is below its budget. [no unit]"""
    shrink_rate: float = declare(neutral=0.1, hashed=False, least=0)
    """The same while it is above. [no unit]"""
    clip: float = declare(neutral=0.5, hashed=False, positive=True)
    """How far above or below its budget the loss counts. [share of the budget]"""
    ramp: bool = declare(neutral=False, hashed=False)
    """Published: the price counts more and more during the warm-up; else not before its end."""
    warmup_steps: int = declare(neutral=30, hashed=False, least=0)
    """Steps before the baseline of the loss is set. [steps]"""
    max_steps: int = declare(neutral=300, hashed=False, least=1)
    """Optimizer steps of the fit. [steps]"""
    fit_batch_size: int = declare(neutral=8, hashed=False, least=1)
    """Rows of a micro-batch. [rows]"""
    accumulation: int = declare(neutral=1, hashed=False, least=1)
    """Micro-batches of a step. [batches]"""
    mask_rate: float = declare(neutral=0.1, hashed=False, positive=True)
    """Learning rate of the masks, by SGD. [no unit]"""
    mask_momentum: float = declare(neutral=0.0, hashed=False, least=0)
    """Its momentum. [no unit]"""
    weight_rate: float = declare(neutral=2e-5, hashed=False, positive=True)
    """Learning rate of the update where it is trained, by AdamW. [no unit]"""
    early_stop: bool = declare(neutral=False, hashed=False)
    """Published, optional: stop once masks hardly fall any more, or the loss is far above the baseline."""

    def check_carrier(self) -> None:
        """Refuse settings that fit nothing."""
        if not self.least_price <= self.price <= self.largest_price:
            accepted = (
                f"a number between least_price and largest_price, {self.least_price} and {self.largest_price}"
            )
            refuse("intervention.price", self.price, accepted)
        if not self.rhos or min(self.rhos) < 0:
            refuse("intervention.rhos", self.rhos, "a list of numbers of at least 0")
        if self.warmup_steps >= self.max_steps:
            refuse("intervention.warmup_steps", self.warmup_steps, f"less than max_steps, {self.max_steps}")
