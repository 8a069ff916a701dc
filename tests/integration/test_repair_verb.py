"""The verb `repair`, as a stranger uses it on files of their own: real files, real environments, real loads."""

import asyncio
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.cache import cache_folder
from runner.environments.nox import NoxBuilder
from runner.matrix import read_matrix

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
MATRIX = HERE / "repair.yaml"
MODELS = """
import sys

import numpy as np
import tensorflow as tf

from own import Mine

layers = tf.keras.layers
# Not in the order of the alphabet, in which some versions flatten them.
ids, ages = tf.keras.Input((2,), dtype="int32", name="ids"), tf.keras.Input((3,), name="ages")
joined = layers.Concatenate()([layers.Flatten()(layers.Embedding(5, 2)(ids)), ages])
model = tf.keras.Model({"ids": ids, "ages": ages}, layers.Dense(2)(joined))
model.save(sys.argv[1] + "/inputs.keras")

words = layers.TextVectorization(output_sequence_length=3)
words.adapt(np.array(["alpha beta", "gamma delta"]))
model = tf.keras.Sequential([tf.keras.Input((1,), dtype="string"), words, layers.Embedding(10, 2)])
model.save(sys.argv[1] + "/words.keras")

model = tf.keras.Sequential([tf.keras.Input((4,)), Mine(3.0), layers.Dense(2)])
model.save(sys.argv[1] + "/own.h5")
"""
OWN = """
import tensorflow as tf

class Mine(tf.keras.layers.Layer):
    def __init__(self, by, **kwargs):
        super().__init__(**kwargs)
        self.by = by

    def call(self, inputs):
        return inputs * self.by

    def get_config(self):
        return dict(super().get_config(), by=self.by)
"""

Verb = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save models with the newest Keras."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "own.py").write_text(OWN)
    (folder / "models.py").write_text(MODELS)
    specs = {spec.name: spec for spec in read_matrix(MATRIX).environments}
    made = asyncio.run(NoxBuilder(cache_folder()).prepare(specs["tf2.21"]))
    command = [made.command[0], str(folder / "models.py"), str(folder)]
    subprocess.run(command, env=dict(made.variables), capture_output=True, text=True, timeout=600, check=True)
    return folder


@pytest.fixture
def repair(tmp_path: Path) -> Verb:
    """Return the verb, whose copy goes into an empty folder."""

    def run(artifact: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
        out = tmp_path / f"copy{artifact.suffix}"
        command = [sys.executable, "-m", "runner", "repair", str(artifact), "--for", "tf2.15", "-o", str(out)]
        return subprocess.run(
            [*command, "--matrix", str(MATRIX), *arguments],
            cwd=REPOSITORY,
            env=os.environ,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    return run


@pytest.mark.parametrize("name", ["inputs.keras", "words.keras"])
def test_the_copy_gives_what_the_original_gives(models: Path, repair: Verb, tmp_path: Path, name: str) -> None:
    """Inputs of any kind are made up: by name, whole numbers, words."""
    done = repair(models / name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tf2.15 loads it, and it gives what the original gives in tf2.21" in done.stdout
    assert zipfile.is_zipfile(tmp_path / "copy.keras")


def test_code_of_one_s_own_is_named(models: Path, repair: Verb, tmp_path: Path) -> None:
    """Without it no copy can be proved, and none is written."""
    done = repair(models / "own.h5")
    assert done.returncode == 1
    assert "--objects" in done.stdout
    assert not list(tmp_path.iterdir())
    done = repair(models / "own.h5", "--objects", str(models / "own.py"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "it gives what the original gives" in done.stdout


def test_what_must_not_be_opened_is_refused_in_a_sentence(models: Path, repair: Verb, tmp_path: Path) -> None:
    """An archive that would write outside of itself stays as it is, and nothing is written."""
    hostile = models / "hostile.keras"
    data = io.BytesIO((models / "inputs.keras").read_bytes())
    with zipfile.ZipFile(data, "a") as archive:
        archive.writestr("../outside", b"x")
    hostile.write_bytes(data.getvalue())
    done = repair(hostile)
    assert done.returncode == 2, done.stdout
    assert "'../outside', which would be written outside of it" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
