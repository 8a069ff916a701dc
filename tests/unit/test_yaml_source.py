"""What is read out of YAML text, and what is said of text that is none."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import DocumentError
from runner.yaml_source import Source, read_yaml


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where a file would be."""
    return tmp_path / "matrix.yaml"


def read(file: Path, text: str | bytes) -> Source:
    """Write a file and read it."""
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_yaml(file)


def refusal(file: Path, text: str | bytes) -> str:
    """Return the one sentence that a file is refused with, its place included."""
    with pytest.raises(DocumentError) as raised:
        read(file, text)
    (mistake,) = raised.value.mistakes
    assert "\n" not in mistake.message
    return f"{mistake.line}:{mistake.column}: {mistake.message}"


def test_everything_has_its_place(file: Path) -> None:
    """Keys and values are found again by the way that leads to them."""
    source = read(file, "a:\n  - b: c\n    d: [e, 2.10]\n")
    assert source.data == {"a": [{"b": "c", "d": ["e", 2.1]}]}
    mistake = source.mistake(("a", 0, "d", 1), "wrong")
    assert (mistake.file, mistake.line, mistake.column) == (str(file), 3, 12)
    assert str(source.mistake(("a", 0, "d"), "wrong", key=True)) == f"{file}:3:5: wrong"


def test_what_is_missing_is_placed_at_what_should_hold_it(file: Path) -> None:
    """A mistake about a key that is not there points at the key of the mapping that should have it."""
    source = read(file, "a:\n  b: {c: d}\n")
    assert str(source.mistake(("a", "b", "x"), "missing")).endswith(":2:3: missing")
    assert str(source.mistake(("x",), "missing")).endswith(":1:1: missing")


def test_numbers_keep_what_is_written(file: Path) -> None:
    """What YAML turned into a number or a boolean is still known as text; dates stay text."""
    source = read(file, "a: 2.10\nb: yes\nc: 2020-06-01\nd: 0x1F\ne: 1e-4\nf: '1'\n")
    assert source.data == {"a": 2.1, "b": True, "c": "2020-06-01", "d": 31, "e": 1e-4, "f": "1"}
    assert source.written == {("a",): "2.10", ("b",): "yes", ("d",): "0x1F", ("e",): "1e-4"}


def test_anchors_and_merge_keys_work(file: Path) -> None:
    """A mapping may be used again and merged into others, whose own keys win."""
    source = read(file, "a: &a {x: '1', y: '2'}\nb: {<<: *a, y: '3'}\nc: {<<: [*a, {z: '4'}]}\nd: *a\n")
    assert source.data == {
        "a": {"x": "1", "y": "2"},
        "b": {"y": "3", "x": "1"},
        "c": {"x": "1", "y": "2", "z": "4"},
        "d": {"x": "1", "y": "2"},
    }
    assert source.mistakes == []


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1", "'a' is there twice; it was given at line 1 already"),
        ("2.10: x\n", "1:1", 'quote it: "2.10" (YAML reads 2.10 as the number 2.1)'),
        ("no: x\n", "1:1", 'quote it: "no" (YAML reads no as false)'),
        ("~: x\n", "1:1", "a key must be text, not nothing"),
        ("[a]: x\n", "1:1", "a key must be text, not a mapping or a list"),
        ("a: {{ b }}\n", "1:5", "a key must be text, not a mapping or a list"),
        ("a: !!python/name:os.system x\n", "1:4", "the tag '!!python/name:os.system' means nothing here"),
        ("a: !x [b]\n", "1:4", "the tag '!x' means nothing here"),
        ("a: {<<: b}\n", "1:9", "only a mapping, or a list of them, can be merged in with '<<'"),
        ('a: "\\ud800"\n', "1:4", "'\\ud800' holds a character that is no text"),
        ('a: "\\0"\n', "1:4", "'\\x00' holds a character that is no text"),
    ],
)
def test_what_yaml_lets_pass_is_a_mistake_at_its_place(file: Path, text: str, place: str, message: str) -> None:
    """Doubled keys, keys that are no text, tags and characters that are no text are mistakes; the rest is read."""
    (mistake,) = read(file, text).mistakes
    assert str(mistake) == f"{file}:{place}: {message}"


def test_everything_wrong_is_reported_at_once(file: Path) -> None:
    """One mistake does not hide the next."""
    assert len(read(file, "a: {b: 1, b: 2}\n3: x\nc: !y z\n").mistakes) == 3


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "1:1: the file is empty"),
        ("# nothing\n", "1:1: the file is empty"),
        ("- a\n", "1:1: the file must be a mapping, of keys and values"),
        ("a: b: c\n", "1:5: mapping values are not allowed here"),
        ("a:\n\tb: c\n", "2:1: a tab stands where YAML allows only spaces"),
        ("a: *b\n", "1:4: found undefined alias 'b'"),
        ("a: b\n---\nc: d\n", "2:1: expected a single document in the stream: but found another document"),
        ('a: "\\Uffffffff"\n', "1:7: this cannot be read as YAML"),
        ("ä: \x07\n", "1:4: the character '\\x07' is not allowed"),
        ("ä: b\nc: ".encode() + b"\xff\n", "2:4: the file is not UTF-8 text from here on"),
        ("a: b\n".encode("utf-16"), "1:1: the file is not UTF-8 text from here on"),
        ("a: &a [*a]\n", "1:4: an alias leads into itself, or too deep"),
        ("a: &a {<<: *a}\n", "1:4: an alias leads into itself, or too deep"),
        ("a: " + "[" * 5000, "1:34: nothing is nested deeper than 32 levels in such a file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(file: Path, text: str | bytes, sentence: str) -> None:
    """What is no YAML, or no mapping, is refused in one sentence that says where."""
    assert refusal(file, text) == sentence


@pytest.mark.parametrize(
    "used", ["[{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}]", "{{<<: [{0}, {0}, {0}, {0}, {0}, {0}]}}"]
)
def test_aliases_do_not_multiply_without_end(file: Path, used: str) -> None:
    """A small file whose aliases make billions of values of it is refused, and soon."""
    lines = ["a0: &a0 {k: v}"] + [f"a{i}: &a{i} " + used.format(f"*a{i - 1}") for i in range(1, 20)]
    assert "there are more than 100000 values in this file" in refusal(file, "\n".join(lines))


def test_values_are_counted_as_they_are_read(file: Path) -> None:
    """A file of very many values is refused at the first that is too many, before all of them take memory."""
    assert refusal(file, b"a:\n" + b"- b\n" * 250_000).startswith("100000:1: there are more than 100000 values")


def test_a_huge_file_is_refused(file: Path) -> None:
    """A file of megabytes is no matrix, and is not even parsed."""
    assert refusal(file, b"a: b\n" * 1_000_000) == "1:1: is larger than 1 MiB, which is more than is read"


def test_a_file_that_is_not_there_is_refused(file: Path) -> None:
    """A missing file and a folder are refused in one sentence."""
    with pytest.raises(DocumentError, match="there is no such file"):
        read_yaml(file)
    with pytest.raises(DocumentError, match="cannot be read: Is a directory"):
        read_yaml(file.parent)


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    """Files from Windows editors are read like any other."""
    assert read(tmp_path / "matrix.yaml", b"\xef\xbb\xbfa: b\r\nc: d\r\n").data == {"a": "b", "c": "d"}


YAMLISH = st.text(st.sampled_from("ab01.:-,[]{}#&*!|>'\"%@`? \n\t\\x~=<_e+\u2028\ud7ff"), max_size=60)


@settings(max_examples=150, deadline=None)
@given(text=YAMLISH | st.text(max_size=30).map(str) | st.binary(max_size=30))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str | bytes) -> None:
    """Whatever is in a file, it is read or refused, never a traceback."""
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    try:
        source = read_yaml(file)
    except DocumentError as error:
        mistakes = error.mistakes
    else:
        mistakes = tuple(source.mistakes)
    assert all(mistake.line >= 1 and mistake.column >= 1 and mistake.message for mistake in mistakes)
    assert str(DocumentError(mistakes)).encode() is not None
