"""TRL's trainer takes the step that ours is measured against: same rows, same supervised tokens, same loss."""

import pytest
import torch

from src.bench import sft_trainer
from src.bench.sft_trainer import over_trainer
from src.data.batches import collate
from src.data.encode import IGNORED, EncodedRow
from src.method.catalog import adapt
from src.objective.causal_lm import causal_lm_loss


@pytest.mark.filterwarnings("ignore")
def test_the_trainer_sees_our_rows_and_has_our_loss(load_tiny, make_config, monkeypatch):
    monkeypatch.setattr(sft_trainer, "PAIRS", 1)
    config = make_config("method=lora", "method.dropout=0.0", "method.rank=4")
    theirs = adapt(load_tiny("llama"), config.method, [2, 3], 0)
    rows = [EncodedRow(str(i), [i + 5] * 9, [IGNORED] * 5 + [i + 5] * 4) for i in range(2)]
    batch, seen, calls = collate(rows, 0), [], []
    expected = (lambda total, count: total / count)(*causal_lm_loss(theirs.model, batch))
    theirs.model.register_forward_hook(lambda *given: seen.append(given), with_kwargs=True)
    ratio = over_trainer(lambda: calls.append(1), theirs, batch)
    _, _, given, output = seen[0]
    assert torch.equal(given["input_ids"].sort(0).values, batch["input_ids"].sort(0).values)
    assert int((given["labels"] != IGNORED).sum()) == int((batch["labels"] != IGNORED).sum())
    torch.testing.assert_close(output.loss, expected, rtol=1e-5, atol=1e-6)
    assert len(seen) == len(calls) == 3
    assert 0 < ratio < 1  # ours does nothing
