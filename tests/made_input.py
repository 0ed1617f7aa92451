"""Made input for every door: a value that is right, or one line that says what is wrong; never a traceback."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from src.command.compose import CONF
from src.config.schema import RunConfig
from src.data.chat.render import rendered
from src.data.encode import encode_rows
from src.data.jsonl import read_rows
from src.errors import UserError
from src.model.byte_tokenizer import byte_tokenizer
from src.model.folder import check_folder
from src.sweep.grid.expand import Composer, composer
from src.sweep.grid.spec import read_sweep
from tests.made_chats import TEMPLATES

IN_GROUPS = sorted(
    f"{group.name}.{key}"
    for group in CONF.iterdir()
    if (group / "_base.yaml").is_file()
    for key in yaml.safe_load((group / "_base.yaml").read_text())
    if key != "defaults"
)
TOP = ("seed", "experiment", "device", "model", "band", "method", "train", "data", "probe.seeds", "nonsense")
KEYS = [*IN_GROUPS, *TOP]
ODD = ["", "null", "nan", "-1", "0", "1e400", "[]", "[[1]]", "{}", "{a: 1}", "true", "'", "${x}", "../x", "~"]
NAMES = [path.stem for path in sorted((CONF / "method").glob("[!_]*.yaml"))]
VALUES = st.one_of(
    st.sampled_from([*ODD, *NAMES, "mid", "10000", "tiny_llama"]),
    st.integers().map(str),
    st.floats().map(str),
    st.text(max_size=12),
)
OVERRIDES = st.builds(
    "{}{}={}".format, st.sampled_from(["", "", "", "+", "~"]), st.sampled_from(KEYS), VALUES
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(
    st.dictionaries(st.sampled_from(["question", "answer", "other"]), JSON, max_size=3).map(json.dumps)
    | JSON.map(json.dumps)
    | st.text(max_size=20),
    max_size=4,
).map("\n".join)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["user", "assistant", "system", "tool"]) | JSON,
            "content": st.text(max_size=8) | JSON,
        },
        optional={"name": JSON, "weight": JSON},
    )
    | st.fixed_dictionaries(
        {"from": st.sampled_from(["human", "gpt"]) | JSON, "value": st.text(max_size=8) | JSON}
    )
    | JSON,
    max_size=4,
)
ASKED, SAID = {"role": "user", "content": "a?"}, {"role": "assistant", "content": "b"}
BETWEEN = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "system", "tool"]), "content": st.text(max_size=8)}
    ),
    max_size=3,
).map(lambda between: {"messages": [ASKED, *between, SAID]})
PAIRS = st.fixed_dictionaries(
    {"instruction": st.text(max_size=8), "output": st.text(min_size=1, max_size=8)}, optional={"input": JSON}
)
FIELDS = (
    "messages",
    "conversations",
    "prompt",
    "completion",
    "instruction",
    "input",
    "output",
    "system",
    "history",
)
WILD = st.dictionaries(st.sampled_from(FIELDS), MESSAGES | JSON, max_size=3)
CHATS = st.one_of(
    *(st.lists(one.map(json.dumps), min_size=1, max_size=3) for one in (BETWEEN, PAIRS)),
    st.lists((BETWEEN | PAIRS | WILD).map(json.dumps), max_size=3),
).map("\n".join)
"""Files of chats: of one form and nearly right, or of anything."""
CONFIGS = JSON.map(json.dumps) | st.text(max_size=20) | st.dictionaries(
    st.sampled_from(["model_type", "architectures", "auto_map", "quantization_config", "is_encoder_decoder"]),
    JSON | st.sampled_from(["llama", "t5", "gpt2"]),
).map(json.dumps)  # fmt: skip


DEEP = 100_000


def _in_place_of(pattern: bytes, other: bytes) -> Callable[[bytes, int], bytes]:
    """The first match at or behind a place becomes something else."""
    return lambda content, place: content[:place] + re.sub(pattern, lambda _: other, content[place:], count=1)


HOSTILE: dict[str, Callable[[bytes, int], bytes]] = {
    "byte order mark": lambda content, place: b"\xef\xbb\xbf" + content,
    "lines of Windows": lambda content, place: content.replace(b"\n", b"\r\n"),
    "Latin-1": lambda content, place: content[:place] + b"\xe9" + content[place:],
    "UTF-16": lambda content, place: content.decode("utf-8", "replace").encode("utf-16"),
    "zeros": lambda content, place: content[:place] + bytes(len(content) - place),
    "twice": lambda content, place: content + content,
    "a key twice": _in_place_of(rb'("\w+": )', b'"status": 1, "status": '),
    "nested": lambda content, place: b"[" * 1000 + b"]" * 1000,
    "nested deeper": lambda content, place: b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "a huge number": _in_place_of(rb"\d+", b"9" * 400),
    "a huger number": _in_place_of(rb"\d+", b"9" * 5000),
    "NaN": _in_place_of(rb"\d+(\.\d+)?", b"NaN"),
    "infinite": _in_place_of(rb"\d+(\.\d+)?", b"-Infinity"),
    "half a pair": _in_place_of(rb'"[^"]*"', b'"\\ud800"'),
    "a path": _in_place_of(rb'"[^"]*"', b'"../../../etc/passwd"'),
}
"""What editors, other systems and strangers make of a file."""


def hostile(texts: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """Texts as files, and what becomes of them."""
    return st.builds(
        lambda text, way, where: (
            HOSTILE[way](text.encode(), int(where * len(text))) if way else text.encode()
        ),
        texts,
        st.sampled_from(["", "", *HOSTILE]),
        st.floats(0, 0.999),
    )


HOSTILE_ROWS, HOSTILE_CHATS, HOSTILE_CONFIGS = map(hostile, (ROWS, CHATS, CONFIGS))


def bounded(examples: int) -> settings:
    """The same inputs every time."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=checks
    )


@contextmanager
def composing(place: Path) -> Iterator[Composer]:
    """What composes a smoke run with further overrides, each on its own."""
    path = place / "made.yaml"
    path.write_text("defaults: [config, {override debug: smoke}, _self_]\n")
    with composer(read_sweep(path, [], None)) as composed:
        yield composed


def check_override(override: str, composed: Composer) -> None:
    """A command line with this override: typed, or refused in one line that is about it."""
    try:
        assert isinstance(composed.run((override,)), RunConfig)
    except UserError as error:
        assert_one_line(str(error))


def check_rows(content: bytes, place: Path, config: RunConfig) -> None:
    """A file of rows: all of them read, each with its text, or refused by its name."""
    path = place / "rows.jsonl"
    path.write_bytes(content)
    try:
        rows = read_rows(str(path), config.data)
    except UserError as error:
        assert_one_line(str(error), about=str(path))
        return
    assert all(row.prompt or row.completion for row in rows)
    assert len(encode_rows(rows, byte_tokenizer(), config.data.max_length, "all").rows) <= len(rows)


def check_chats(content: bytes, place: Path, config: RunConfig) -> None:
    """A file of chats: each is asked and answered and renders, whatever its messages hold, or one line says why."""
    path = place / "chats.jsonl"
    path.write_bytes(content)
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = TEMPLATES["plain words"]
    try:
        rows = rendered(read_rows(str(path), config.data), tokenizer, config.data)
    except UserError as error:
        assert_one_line(str(error), about=str(path))
        return
    assert all(row.prompt and row.completion for row in rows)
    assert len(encode_rows(rows, tokenizer, config.data.max_length, "completion").rows) == len(rows)


def check_config(content: bytes, place: Path) -> None:
    """A folder that says it is a model and holds no weights is refused, whatever its config.json holds."""
    folder = place / "model"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_bytes(content)
    try:
        check_folder(folder)
    except UserError as error:
        assert_one_line(str(error))
        return
    raise AssertionError(f"accepted without weights: {content!r}")


def assert_one_line(text: str, about: str = "") -> None:
    """What a person reads: not empty, one line once printed, no bare key and no traceback."""
    line = " ".join(text.split())
    assert len(line) > 10
    assert about in line
    assert "Traceback" not in line
    assert not re.fullmatch(r"'?\w+'?", line)
