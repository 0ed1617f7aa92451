"""A JSONL file is read whole, or the line that is wrong is named."""

import bz2
import gzip
import lzma
import re

import pytest

from src.data.jsonl import read_rows
from src.errors import DataError

GOOD = b'{"question": "q", "answer": 1}\n'


def refused(path, config, message):
    with pytest.raises(DataError, match=f"^{re.escape(message)}") as caught:
        read_rows(str(path), config)
    assert "\n" not in str(caught.value)


def test_rows_keep_their_order_and_blank_lines_do_not_count(make_data, tmp_path):
    path = tmp_path / "rows.jsonl"
    lines = ['\ufeff{"question": "one\u2028", "answer": 1}', "", '{"question": "two", "answer": 2.5}\r', ""]
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
    rows = read_rows(str(path), make_data(prompt="{question}"))
    assert [(row.prompt, row.completion) for row in rows] == [("one\u2028", " 1"), ("two", " 2.5")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD * 6 + b"{oops\n", " line 7: not JSON ("),
        (GOOD + b"[1, 2]\n", " line 2: [1, 2] is not an object with the fields question, answer"),
        (GOOD + b'\n{"question": "q"}\n', " line 3: field 'answer' is missing; the record has question"),
        (
            GOOD + b'{"question": "q", "answer": null}\n',
            " line 2: field 'answer' is null; accepted: text or a",
        ),
        (
            GOOD + b'{"question": "bad \\ud83d half", "answer": 1}\n',
            " line 2: field 'question' holds half of a character, \\ud83d, which is no text; accepted: both",
        ),
        (GOOD + b'{"\\ud83d": 1}\n', " line 2: field 'question' is missing; the record has \\ud83d"),
        (GOOD + b"[" * 200_000 + b"\n", " line 2: nested too deeply; accepted: one JSON object a line"),
        (
            GOOD + b"[" * 700 + b"]" * 700 + b"\n",
            " line 2: [[[[[[[...]]]]]]] is not an object with the fields",
        ),
        (GOOD + b'{"question": {"a": 1}, "answer": 1}\n', " line 2: field 'question' is {'a': 1}; accepted:"),
        (
            GOOD + b'{"question": "q", "answer": 1e999}\n',
            " line 2: field 'answer' is inf; accepted: text or a",
        ),
        (GOOD + b'{"question": "q", "answer": 1' + b"0" * 5000 + b"}\n", " line 2: not JSON ("),
        (
            GOOD + b'{"question": "a", "question": "b", "answer": 1}\n',
            " line 2: field 'question' stands there twice; accepted: each field once",
        ),
        (
            GOOD + b'{"question": {"a": 1, "b": 2, "a": 3}, "answer": 1}\n',
            " line 2: field 'a' stands there twice; accepted: each field once",
        ),
        (
            gzip.compress(GOOD, mtime=0),  # else each process collects another test
            ": given gzip; accepted: one JSON object a line, or one array of them, unpacked",
        ),
        (
            bz2.compress(GOOD),
            ": given bzip2; accepted: one JSON object a line, or one array of them, unpacked",
        ),
        (lzma.compress(GOOD), ": given xz; accepted: one JSON object a line, or one array of them, unpacked"),
        (
            b"PAR1\x15\x04",
            ": given Parquet; accepted: one JSON object a line, or one array of them, or the folder that it lies "
            "in as data.id=FOLDER",
        ),
        (b"", ": the file is empty; accepted: one JSON object a line"),
        (b"\n \n", ": the file is empty; accepted: one JSON object a line"),
        (GOOD + b"\xff\n", ": not UTF-8 text (byte 31); save the file as UTF-8"),
    ],
)
def test_what_is_wrong_is_named(make_data, tmp_path, content, message):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    refused(path, make_data(), f"{path}{message}")


def test_missing_file_and_folder(make_data, tmp_path):
    missing = tmp_path / "none.jsonl"
    refused(missing, make_data(), f"{missing}: no such file; data.path and data.test_path name JSONL files")
    refused(tmp_path, make_data(), f"{tmp_path}: cannot be read (Is a directory); a JSONL file is needed")
