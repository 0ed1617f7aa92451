import pytest
import torch

from src.data.encode import EncodedRow
from src.errors import DataError, ModelError, StorageError
from src.metrics.information.prompt_entropy import prompt_entropy
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.states.probe_pass import probe_pass
from src.probe.states.probe_rows import ProbeRows

NAMES = ["effective_rank", "prompt_entropy", "prompt_entropy_paper"]
pytestmark = pytest.mark.filterwarnings("ignore:.*attention_mask.*:UserWarning")


@pytest.fixture
def passed(tmp_path_factory):
    """A pass with a folder of its own; the vectors are read back from it."""

    def run(model, blocks, batches, num_tokens, names):
        statistics = probe_pass(model, blocks, batches, num_tokens, names, tmp_path_factory.mktemp("pass"))
        return LayerStatistics(torch.stack(list(statistics.pooled)), statistics.tokens)

    return run


def close(first, second):
    torch.testing.assert_close(first.pooled, second.pooled, rtol=1e-4, atol=1e-5)
    assert first.tokens.keys() == second.tokens.keys()
    for name, values in first.tokens.items():
        torch.testing.assert_close(values, second.tokens[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["llama", "gpt2", "opt", "bert", "roberta", "mamba", "rwkv"])
def test_batch_size_and_padding_do_not_matter(kind, tiny, rows, batched, passed):
    model, blocks = tiny(kind)
    alone = passed(model, blocks, batched(rows, size=1), 6, NAMES)
    assert alone.pooled.shape == (4, 9, 16)
    assert alone.tokens["prompt_entropy"].shape == (4, 6)
    assert alone.pooled.dtype == torch.float32
    assert alone.pooled.std(dim=1).min() > 0
    for size, side, extra in ((4, "right", 0), (4, "left", 0), (9, "left", 3), (2, "right", 5)):
        close(passed(model, blocks, batched(rows, size, side, extra), 6, NAMES), alone)


def test_order_of_rows_is_the_order_of_statistics(tiny, rows, batched, passed):
    model, blocks = tiny("llama")
    straight = passed(model, blocks, batched(rows), 9, NAMES)
    back = passed(model, blocks, batched(rows[::-1]), 9, NAMES)
    close(LayerStatistics(back.pooled.flip(1), {n: v.flip(1) for n, v in back.tokens.items()}), straight)


def test_rows_with_numbers_come_in_any_order(tiny, rows, batched, passed):
    model, blocks = tiny("llama")
    probe = ProbeRows([EncodedRow(str(n), row, None) for n, row in enumerate(rows)], [], 0, batch_size=4)
    batches = probe.batches(probe.rows, model)
    lengths = [int(number) for batch in batches for number in batch["attention_mask"].sum(dim=1)]
    assert lengths == sorted(lengths, reverse=True) and len(set(lengths)) > 2
    assert sum(batch["input_ids"].numel() for batch in batches) < sum(
        batch["input_ids"].numel() for batch in batched(rows)
    )
    close(passed(model, blocks, batches, 6, NAMES), passed(model, blocks, batched(rows), 6, NAMES))


def test_statistics_are_those_of_the_hidden_states(tiny, rows, batched, passed):
    model, blocks = tiny("llama")
    statistics = passed(model, blocks, batched(rows), 4, NAMES)
    for index, row in enumerate(rows[:4]):
        with torch.no_grad():
            states = model.eval()(torch.tensor([row]), output_hidden_states=True).hidden_states[2][0]
        torch.testing.assert_close(statistics.pooled[2, index], states.mean(dim=0), rtol=1e-4, atol=1e-5)
        expected = prompt_entropy(states).item()
        assert statistics.tokens["prompt_entropy"][2, index].item() == pytest.approx(expected, rel=1e-4)


def test_only_the_trunk_runs_and_nothing_is_left_behind(tiny, rows, batched, passed):
    model, blocks = tiny("llama")
    model.train()
    model.model.layers[1].eval()
    modes = [module.training for module in model.modules()]
    model.lm_head.register_forward_hook(lambda *_: pytest.fail("the head ran"))
    model.model.register_forward_hook(
        lambda module, args, kwargs, output: (
            pytest.fail("cache, gradients or training mode")
            if output.past_key_values is not None or output.last_hidden_state.requires_grad or module.training
            else None
        ),
        with_kwargs=True,
    )
    passed(model, blocks, batched(rows), 4, NAMES)
    assert [module.training for module in model.modules()] == modes


def test_only_asked_token_metrics_are_computed(tiny, rows, batched, passed):
    model, blocks = tiny("llama")
    assert passed(model, blocks, batched(rows), 4, ["mean_shift"]).tokens == {}
    assert list(passed(model, blocks, batched(rows), 4, ["prompt_entropy"]).tokens) == ["prompt_entropy"]
    # a row of one token matters to token metrics only
    assert passed(model, blocks, batched([[5], *rows]), 4, ["mean_shift"]).pooled.shape[1] == 10
    with pytest.raises(DataError, match="prompt_entropy: given a prompt of 1 tokens"):
        passed(model, blocks, batched([[5], *rows]), 4, NAMES)


@pytest.mark.parametrize(
    ("block", "value", "place"),
    [(1, float("nan"), "layer 2 (output of block 1)"), (0, float("inf"), "layer 1 (output of block 0)")],
)
def test_states_that_are_not_finite_name_layer_and_row(block, value, place, tiny, rows, batched, passed):
    model, blocks = tiny("llama")
    calls = []

    def poison(module, args, output):
        calls.append(1)
        if len(calls) == 2:  # the second batch, its third row
            output[2, 1] = value
        return output

    model.model.layers[block].register_forward_hook(poison)
    with pytest.raises(ModelError) as error:
        passed(model, blocks, batched(rows), 4, NAMES)
    assert str(error.value) == f"{place}: hidden states of probe row 6 hold inf or NaN; needed: finite states"


def test_embeddings_that_are_not_finite_are_layer_0(tiny, rows, batched, passed):
    model, blocks = tiny("llama")
    torch.nn.init.constant_(model.model.embed_tokens.weight, float("inf"))
    with pytest.raises(ModelError, match=r"layer 0 \(input of block 0\): hidden states of probe row 0 hold"):
        passed(model, blocks, batched(rows), 4, NAMES)


def test_no_rows_and_idle_blocks_are_refused(tiny, rows, batched, passed):
    model, blocks = tiny("llama")
    with pytest.raises(DataError, match="given 0 rows; needed: at least 1"):
        passed(model, blocks, [], 4, NAMES)
    with pytest.raises(ModelError, match=r"layer 2 \(output of block 1\): seen 0 times in 1 forward passes"):
        passed(model, [blocks[0], "lm_head"], batched(rows), 4, ["mean_shift"])


def test_statistics_of_a_folder_are_read_back_equal(tiny, rows, batched, tmp_path):
    model, blocks = tiny("llama")
    statistics = probe_pass(model, blocks, batched(rows), 4, NAMES, tmp_path)
    loaded = LayerStatistics.load(tmp_path)
    assert loaded.pooled.shape == statistics.pooled.shape == (4, 9, 16)
    assert all(
        torch.equal(first, second) for first, second in zip(loaded.pooled, statistics.pooled, strict=True)
    )
    assert loaded.tokens.keys() == statistics.tokens.keys()
    assert all(torch.equal(loaded.tokens[name], values) for name, values in statistics.tokens.items())


def test_missing_and_damaged_statistics_are_named(tiny, rows, batched, tmp_path):
    with pytest.raises(StorageError, match=r"tokens.safetensors: cannot be read as layer statistics"):
        LayerStatistics.load(tmp_path)
    model, blocks = tiny("llama")
    probe_pass(model, blocks, batched(rows), 4, NAMES, tmp_path)
    path = tmp_path / "pooled.npy"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(StorageError, match=r"pooled.npy: cannot be read as layer vectors .*remove it"):
        LayerStatistics.load(tmp_path)


def test_statistics_say_what_they_do_not_cover():
    statistics = LayerStatistics(torch.zeros(2, 3, 4), {"prompt_entropy": torch.zeros(2, 3)})
    statistics.check_covers(["prompt_entropy", "mean_shift"])
    with pytest.raises(DataError) as error:
        statistics.check_covers(["prompt_entropy_paper"])
    expected = "layer statistics: asked for prompt_entropy_paper; gathered token metrics: prompt_entropy"
    assert str(error.value) == expected
