"""A row's states are those it has alone, whatever a model reads of the padding beside it."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForMaskedLM

from src.data.batches import collate
from src.data.encode import EncodedRow
from src.model.beside import ALONE, EQUAL, PADDED, kind_of, probed_beside
from src.model.tiny import build_tiny
from src.probe.states.probe_rows import ProbeRows

SIZES = {
    "vocab_size": 61,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "intermediate_size": 24,
    "pad_token_id": 0,
}
ROWS = [EncodedRow(str(length), list(range(3, 3 + length)), None) for length in (4, 9, 6, 4, 9)]


def encoder(kind, **sizes):
    torch.manual_seed(0)
    return AutoModelForMaskedLM.from_config(AutoConfig.for_model(kind, **SIZES, **sizes)).eval()


@torch.no_grad()
def apart(model, batches):
    """The largest distance of a last state from that of its row alone, by hand."""
    found = []
    for batch in batches:
        ids, mask = batch["input_ids"], batch["attention_mask"]
        states = model.base_model(input_ids=ids, attention_mask=mask)[0]
        for row, of_row in zip(batch["row"], states, strict=True):
            alone = model.base_model(input_ids=torch.tensor([ROWS[row].input_ids]))[0][0]
            found.append((of_row[: len(alone)] - alone).abs().max().item())
    return max(found)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (lambda: encoder("fnet"), EQUAL),
        (lambda: encoder("convbert", num_attention_heads=4, embedding_size=16), EQUAL),
        (lambda: encoder("bert", num_attention_heads=4), PADDED),
        (lambda: build_tiny("mamba", 2, 16), PADDED),
    ],
    ids=["fnet", "convbert", "bert", "mamba"],
)
def test_probed_rows_have_the_states_they_have_alone(model, kind):
    model = model().train()
    assert probed_beside(model, 0) == kind
    assert model.training
    model.eval()
    batches = ProbeRows(ROWS, [], 0, batch_size=3).batches(ROWS, model)
    lengths = [len(ROWS[row].input_ids) for batch in batches for row in batch["row"]]
    assert lengths == [9, 9, 6, 4, 4]
    assert [len(batch["row"]) for batch in batches] == ([2, 1, 2] if kind == EQUAL else [3, 2])
    assert apart(model, batches) < 1e-4
    if kind == EQUAL:  # else nothing would be proven
        together = collate(ROWS, 0) | {"row": torch.arange(len(ROWS))}
        assert apart(model, [together]) > 1e-3


def test_a_model_that_mixes_the_rows_of_a_batch_reads_them_one_by_one():
    alone = torch.arange(8.0)[:, None]
    assert kind_of([alone, alone, alone], torch.float32) == PADDED
    assert kind_of([alone, alone, alone + 1], torch.float32) == EQUAL
    assert kind_of([alone, alone + 1, alone], torch.float32) == ALONE
