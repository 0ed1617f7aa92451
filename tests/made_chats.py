"""Chats as people bring them, made from a seed, and chat templates of the kinds that families have.

The templates are written for the tests. Each has what makes its kind hard: a start token of its own, a system
prompt inside the first turn or none at all, other marks at the end of a turn, earlier text that changes.
"""

import json
import random
from pathlib import Path

SYSTEMS = ("You answer in one sentence.", "Du bist höflich.", "あなたは親切です。", "Be brief 🙂.")
THINGS = ("river", "Brücke", "山", "clock", "naïve café", "matrix", "🦉 owl", "fig tree", "violin", "λ-term")
ASKS = (
    "What is a {}?",
    "Tell me about the {}.",
    "Name a use of a {}:",
    "Why would one draw a {}?\nIn short.",
)
SAYS = (
    "A {} is a thing.",
    "One looks at a {}.\n\n- first\n- second",
    "The {}, of course: 3 + 4 = 7.",
    "It depends on the {}…",
)


def made_chat(number: int) -> list[dict[str, str]]:
    """The messages of one chat: one to four turns, every third with a system prompt; no two are alike."""
    draw = random.Random(number)
    messages = []
    if number % 3 == 0:
        messages.append({"role": "system", "content": draw.choice(SYSTEMS)})
    for turn in range(1 + number % 4):
        thing = f"{draw.choice(THINGS)} {number}.{turn}"
        messages.append({"role": "user", "content": draw.choice(ASKS).format(thing)})
        messages.append({"role": "assistant", "content": draw.choice(SAYS).format(thing)})
    return messages


def write_chats(path: Path, count: int = 500) -> Path:
    """A JSONL file of that many rows of messages."""
    lines = (json.dumps({"messages": made_chat(number)}, ensure_ascii=False) for number in range(count))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


CHATML_LIKE = """{%- for m in messages -%}
<|open|>{{ m.role }}
{{ m.content }}<|close|>
{% endfor -%}
{%- if add_generation_prompt -%}<|open|>assistant
{% endif -%}"""

HEADER_LIKE = """{{- bos_token -}}
{%- for m in messages -%}
<|head|>{{ m.role }}<|/head|>

{{ m.content | trim }}<|turn|>
{%- endfor -%}
{%- if add_generation_prompt -%}<|head|>assistant<|/head|>

{% endif -%}"""

SQUARE_LIKE = """{{- bos_token -}}
{%- if messages[0].role == 'system' -%}{%- set first = messages[0].content ~ '\n\n' -%}{%- set rest = messages[1:] -%}
{%- else -%}{%- set first = '' -%}{%- set rest = messages -%}{%- endif -%}
{%- for m in rest -%}
{%- if (m.role == 'user') != (loop.index0 % 2 == 0) -%}{{ raise_exception('user and assistant must take turns') }}{%- endif -%}
{%- if m.role == 'user' -%}[ASK] {{ (first if loop.first else '') ~ m.content }} [/ASK]
{%- else %} {{ m.content }}{{ eos_token }}{%- endif -%}
{%- endfor -%}"""

NO_SYSTEM_LIKE = """{{- bos_token -}}
{%- for m in messages -%}
{%- if m.role == 'system' -%}{{ raise_exception('System role not supported') }}{%- endif -%}
<turn>{{ 'model' if m.role == 'assistant' else m.role }}
{{ m.content | trim }}<end>
{% endfor -%}
{%- if add_generation_prompt -%}<turn>model
{% endif -%}"""

BAR_LIKE = """{%- for m in messages -%}
{{ '<|' ~ m.role ~ '|>' }}
{{ m.content }}<|done|>
{% endfor -%}
{%- if add_generation_prompt -%}{{ '<|assistant|>' }}
{% endif -%}"""

PLAIN_LIKE = """{%- for m in messages -%}
{{ m.role | capitalize }}: {{ m.content | trim }}
{% endfor -%}
{%- if add_generation_prompt -%}Assistant:{% endif -%}"""

BAR_AND_END_LIKE = BAR_LIKE.replace("{% endif -%}", "{% else -%}{{ eos_token }}{% endif -%}")

STRIPPED_LIKE = """{%- set ns = namespace(text='') -%}
{%- for m in messages -%}
{%- set ns.text = ns.text ~ '## ' ~ (m.role | upper) ~ '\n' ~ (m.content | trim) ~ '\n\n' -%}
{%- endfor -%}
{{- (ns.text ~ ('## ASSISTANT\n' if add_generation_prompt else '')) | trim -}}"""

FORGETS_THOUGHT = """{%- for m in messages -%}
<|open|>{{ m.role }}
{% if m.role == 'assistant' and not loop.last -%}{{ m.content.split('</think>')[-1] | trim }}
{%- else -%}{{ m.content }}{%- endif -%}<|close|>
{% endfor -%}
{%- if add_generation_prompt -%}<|open|>assistant
{% endif -%}"""

SAYS_THE_DAY = "{{ strftime_now('%d %b %Y') }}\n" + CHATML_LIKE

TEMPLATES = {
    "ChatML": CHATML_LIKE,
    "headers": HEADER_LIKE,
    "square brackets": SQUARE_LIKE,
    "no system role": NO_SYSTEM_LIKE,
    "bars": BAR_LIKE,
    "plain words": PLAIN_LIKE,
    "stripped": STRIPPED_LIKE,
    "bars and one end": BAR_AND_END_LIKE,
}
"""Templates whose beginnings are beginnings."""

MARKS = ("<|open|>", "<|close|>", "<|head|>", "<|/head|>", "<|turn|>", "<turn>", "<end>", "<|done|>")
