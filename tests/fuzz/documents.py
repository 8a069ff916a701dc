"""What people write: the matrix and the baseline."""

from datetime import date
from pathlib import Path

from runner.baseline import judge
from runner.baseline.document import read_baseline
from runner.errors import DocumentError, NothingSelectedError
from runner.matrix import read_matrix
from runner.plan import Filters, plan
from runner.preview import preview
from tests.fuzz.formats import yaml_document
from tests.fuzz.target import ROOT, Target, check_sentence, check_text
from tests.unit.baselines import MATRIX, cell

_SMALL = b"""\
version: 1
environments:
  tf2.8: {tensorflow: "2.8.4", packages: ["h5py<4"], as_of: "2022-06-01", variables: {A: "1"}}
  tf2.16-legacy: {tensorflow: "2.16.2", tf-keras: "2.16.0", backend: docker, image: "python:{python}-slim"}
releases: {tensorflow: ">=2.20,<2.22"}
pairs: {direction: both, save: ["*"], load: ["tf2.?"], exclude: [{save: "tf2.8", load: "tf2.[12]*", reason: "none"}]}
scenarios:
  dense: {formats: [h5, keras], requires: {save: "tensorflow>=2.4"}, tolerance: {rtol: 1.0e-4}}
  other: {formats: [savedmodel], folder: scenarios/custom_activation, load: load_without_class.py, call: predict}
tolerance: {rtol: 1.0e-5, atol: 1.0e-6}
limits: {seconds: 120, memory_mb: 4096, output_kb: 256}
backend: nox
"""
_ROWS = b"""\
version: 1
accepted:
- cells: ["*.h5@tf2.{8,15}->*", dense.keras@tf2.8->tf2.15]
  status: fail
  cause: config-keyword
  reason: known
  link: https://example.org/1
  expires: 2027-01-31
- {cells: "lstm.[!k]*@*", status: crash, reason: "it dies"}
"""
_CELLS = tuple(cell(name) for name in MATRIX)


def read_matrix_file(data: bytes, folder: Path) -> None:
    """Read, plan and preview a matrix."""
    path = folder / "matrix.yaml"
    path.write_bytes(data)
    if not (folder / "scenarios").exists():
        (folder / "scenarios").symlink_to(ROOT / "scenarios")
    try:
        check_text(preview(plan(read_matrix(path), Filters()), 2))
    except (DocumentError, NothingSelectedError) as error:
        check_sentence(error)


def read_baseline_file(data: bytes, folder: Path) -> None:
    """Read a baseline, and hold a run against it."""
    path = folder / "baseline.yaml"
    path.write_bytes(data)
    try:
        judge(_CELLS, read_baseline(path), date(2026, 11, 28))
    except DocumentError as error:
        check_sentence(error)


def _shipped(name: str) -> tuple[bytes, ...]:
    path = ROOT / name
    return (path.read_bytes(),) if path.exists() else ()


TARGETS = (
    Target(
        name="matrix.yaml",
        read=read_matrix_file,
        seeds=lambda: (_SMALL, _SMALL, *_shipped("matrix.yaml")),
        mutate=yaml_document,
        inputs=250,
    ),
    Target(
        name="baseline.yaml",
        read=read_baseline_file,
        seeds=lambda: (_ROWS, _ROWS, *(text[:4000] for text in _shipped("reports/baseline.yaml"))),
        mutate=yaml_document,
        inputs=250,
    ),
)
