"""The output folder, while a run writes into it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.errors import OutputError
from runner.writing import unwritable


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """
    Let no other run write into a folder, which is made if it is not there.

    The system gives it back when the run ends, however that ends.

    Raises:
        OutputError: If another run writes into it, or it cannot be written.
    """
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock", timeout=0)
        lock.acquire()
    except Timeout as error:
        text = f"Another run is writing into {folder}. Wait until it has ended, or choose another --output."
        raise OutputError(text) from error
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        yield
    finally:
        lock.release()
