from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from repowright.agent.llm import Unusable, read_code, read_files
from repowright.agent.llm.json_answers import read_model
from repowright.agent.llm.repair import correction
from repowright.agent.llm.strict_schema import strict_schema


class Colour(StrEnum):
    RED = "red"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: Annotated[int, Field(ge=1, le=9)]


class Dog(BaseModel):
    kind: Literal["dog"]


class Home(BaseModel):
    """A home."""

    colour: Colour = Field(default=Colour.RED, description="of the door")
    pets: tuple[Annotated[Cat | Dog, Field(discriminator="kind")], ...] = ()
    note: str | None = None


class Free(BaseModel):
    names: dict[str, int]


class Pair(BaseModel):
    both: tuple[int, str]


HOME = '{"colour": "red", "pets": [{"kind": "cat", "lives": 9}], "note": null}'


def test_schema_is_closed_complete_and_plain() -> None:
    schema = strict_schema(Home)
    assert schema["required"] == ["colour", "pets", "note"]
    assert schema["additionalProperties"] is False and schema["description"] == "A home."
    assert schema["properties"]["colour"] == {"$ref": "#/$defs/Colour"}
    assert schema["properties"]["pets"]["items"] == {"anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]}
    assert schema["properties"]["note"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    cat = schema["$defs"]["Cat"]
    assert cat["properties"]["lives"] == {"type": "integer", "description": "(minimum 1, maximum 9)"}
    assert cat["properties"]["kind"] == {"type": "string", "enum": ["cat"]}
    assert schema["$defs"]["Colour"]["enum"] == ["red"]


@pytest.mark.parametrize(("model", "where"), [(Free, r"Free\.names"), (Pair, r"Pair\.both")])
def test_schema_strict_mode_cannot_say_is_refused_by_name(model: type[BaseModel], where: str) -> None:
    with pytest.raises(TypeError, match=where):
        strict_schema(model)


@pytest.mark.parametrize(
    "text",
    [
        HOME,
        "\ufeff" + HOME,
        f"Here you are:\n\n```json\n{HOME}\n```\nAnything else?",
        f"~~~\n{HOME}\n~~~",
        f"```json\n{HOME}",
        f"The set {{a, b}} leads to {HOME} as asked.",
        f"<think>maybe {{}} or [1]</think>\n{HOME}",
        HOME.replace("null", '"a\nb"'),
    ],
)
def test_json_is_found_in_whatever_stands_around_it(text: str) -> None:
    home = read_model(text, Home)
    assert home.colour is Colour.RED
    assert home.pets == (Cat(kind="cat", lives=9),)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the answer is empty"),
        ("I would rather not.", "the answer holds no JSON object|not valid JSON"),
        ('{"colour": "red",', "not valid JSON"),
        ('{"colour": "blue"}', "colour: Input should be 'red', not \"blue\""),
        ('{"pets": [{"kind": "cat", "lives": 10}]}', "pets.0.cat.lives: .*less than or equal to 9, not 10"),
        ('{"pets": [{"kind": "cat", "lives": "9"}]}', 'valid integer, not "9"'),
        ('{"pets": [{"kind": "cat"}]}', "pets.0.cat.lives: is missing"),
        ("[" * 5000, "not valid JSON|no JSON object"),
    ],
)
def test_problem_says_where_what_and_what_stands_there(text: str, problem: str) -> None:
    with pytest.raises(Unusable, match=problem):
        read_model(text, Home)


def test_long_lists_of_problems_are_cut() -> None:
    text = correction([f"problem {number}" for number in range(50)])
    assert text.count("\n- ") == 21 and "and 30 more" in text


@pytest.mark.parametrize(
    "text",
    [
        "```python\nx = 1\n```",
        "Here:\n\n~~~py\nx = 1\n~~~\nDone.",
        "```\nx = 1\n```",
        "```python\r\nx = 1\r\n```",
        "x = 1",
        "<think>```python\ny = 2\n```</think>\n```python\nx = 1\n```",
        "```bash\npip install something-long-enough\n```\n```python\nx = 1\n```",
        "````python\nx = 1\n````",
    ],
)
def test_code_is_read_from_its_block(text: str) -> None:
    assert read_code(text) == "x = 1\n"


def test_largest_block_counts_unless_one_is_named() -> None:
    text = "a.py:\n```python\nx = 1\n```\n\n```python\nlonger = 'than the other'\n```"
    assert read_code(text) == "longer = 'than the other'\n"
    assert read_code(text, "pkg/a.py") == "x = 1\n"


def test_fenced_example_in_a_docstring_does_not_end_the_code() -> None:
    code = 'def f():\n    """Shows.\n\n```\nf()\n```\n    """\n    return 1\n'
    assert read_code(f"```python\n{code}```\n") == code


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("I cannot do this.", "there is no code"),
        ("Sorry", "there is no code"),
        ("```python\nx = 1\n", "cut off"),
        ("```python\n\n```", "block is empty"),
        ("```python\ndef f(:\n    pass\n```", "not valid Python: line 1"),
        ("```python\nx = '\x00'\n```", "not valid Python"),
        ("```json\n{}\n```", "there is no code"),
    ],
)
def test_unusable_code_says_why(text: str, problem: str) -> None:
    with pytest.raises(Unusable, match=problem):
        read_code(text)


def test_invalid_escapes_are_no_reason_to_refuse_code() -> None:
    assert read_code("```python\nx = '\\d'\n```") == "x = '\\d'\n"


def test_files_are_read_by_every_usual_way_to_name_them() -> None:
    text = (
        "### `pkg/a.py`\n```python\na = 1\n```\n"
        "```python pkg/b.py\nb = 1\n```\n"
        "```python\n# pkg/c.py\nc = 1\n```\n"
        "**File: README.md**\n\n```markdown\n# Title\n```\n"
        "```pkg/d.py\nd = 1\n```\n"
        "```python\nignored = True\n```\n"
    )
    assert read_files(text) == {
        "pkg/a.py": "a = 1\n",
        "pkg/b.py": "b = 1\n",
        "pkg/c.py": "# pkg/c.py\nc = 1\n",
        "README.md": "# Title\n",
        "pkg/d.py": "d = 1\n",
    }


def test_problems_of_files_are_told_together() -> None:
    with pytest.raises(Unusable) as caught:
        read_files("a.py\n```python\n(\n```\nb.py\n```python\nb = 1\n")
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["a.py", "b.py"]
    with pytest.raises(Unusable, match="no file is there"):
        read_files("```python\nx = 1\n```")
