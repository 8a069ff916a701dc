"""Folders that strangers wrote to are emptied without doing harm elsewhere."""

import os
import threading
import uuid
from contextlib import suppress
from pathlib import Path

import pytest

from runner.errors import OutputError
from runner.files import TooLargeError, emptied, open_left, read_left, remove, remove_few


def mode(path: Path) -> int:
    """Return the permissions of a file or folder."""
    return path.stat().st_mode & 0o777


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a folder that is none of ours, with one inside that is closed for writing."""
    folder = tmp_path / "outside"
    (folder / "inside").mkdir(parents=True)
    (folder / "inside" / "file").write_text("kept")
    (folder / "inside").chmod(0o555)
    return folder


def test_closed_folders_are_removed(tmp_path: Path) -> None:
    """What is closed for reading or writing is removed like anything else."""
    folder = tmp_path / "folder"
    for permissions in (0o000, 0o300, 0o500):
        closed = folder / f"{permissions:o}" / "inside"
        closed.mkdir(parents=True)
        (closed / "file").touch(0o000)
        closed.chmod(permissions)
        closed.parent.chmod(permissions)
    folder.chmod(0o500)
    remove(folder)
    assert not folder.exists()


def test_deep_folders_are_removed(tmp_path: Path) -> None:
    """Folders in folders are removed, however deep, and however long their path is."""
    folder, here = tmp_path / "folder", Path.cwd()
    folder.mkdir()
    os.chdir(folder)
    try:
        for number in range(1500):
            Path("deeper").mkdir()
            os.chdir("deeper")
            Path("file").touch(0o000)
            if number % 500 == 0:
                Path(os.fsdecode(b"\xff\n")).mkdir(0o000)
    finally:
        os.chdir(here)
    remove(folder)
    assert not folder.exists()


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    """A folder that is not there is removed already."""
    remove(tmp_path / "nothing")


def test_link_in_place_of_the_folder(tmp_path: Path, outside: Path) -> None:
    """Where a link stands in the place of the folder it is removed, and what it leads to stays as it is."""
    link = tmp_path / "folder"
    link.symlink_to(outside)
    remove(link)
    assert not link.is_symlink()
    assert mode(outside / "inside") == 0o555
    assert (outside / "inside" / "file").read_text() == "kept"


def test_link_inside_the_folder(tmp_path: Path, outside: Path) -> None:
    """A link inside is removed, and what it leads to stays as it is."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    assert emptied(folder) == folder
    assert list(folder.iterdir()) == []
    assert mode(outside / "inside") == 0o555
    assert (outside / "inside" / "file").read_text() == "kept"


def test_file_in_the_way(tmp_path: Path) -> None:
    """A folder that cannot be made is an error that names it."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="folder cannot be written"):
        emptied(tmp_path / "file" / "folder")


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "missing"])
def test_only_regular_files_are_opened(tmp_path: Path, kind: str) -> None:
    """Nothing but a regular file is opened, and nothing is waited for."""
    path = tmp_path / "path"
    match kind:
        case "link":
            (tmp_path / "file").touch()
            path.symlink_to(tmp_path / "file")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
    with pytest.raises(OSError, match=r"\[Errno"):
        open_left(path)
    with pytest.raises(OSError, match=r"\[Errno"):
        read_left(path, 1)


def test_what_is_left_is_read_up_to_a_limit(tmp_path: Path) -> None:
    """A file that is as large as it may be is read whole, and one that is larger is not read at all."""
    (tmp_path / "file").write_bytes(b"four")
    assert read_left(tmp_path / "file", 4) == b"four"
    with pytest.raises(TooLargeError):
        read_left(tmp_path / "file", 3)


def test_folder_that_something_still_writes_to_is_emptied_in_the_end(tmp_path: Path) -> None:
    """What a job has left running for a moment does not keep its folder from the next."""
    folder, stop = tmp_path / "job", threading.Event()
    folder.mkdir()

    def write() -> None:
        while not stop.is_set():
            with suppress(OSError):
                folder.mkdir(exist_ok=True)
                (folder / uuid.uuid4().hex).touch()

    writer = threading.Thread(target=write)
    writer.start()
    threading.Timer(0.1, stop.set).start()
    try:
        assert emptied(folder) == folder
    finally:
        stop.set()
        writer.join()


def test_few_are_removed_at_once(tmp_path: Path) -> None:
    """A folder as most jobs leave it, with some files, links and empty folders, is removed without a second look."""
    folder, other = tmp_path / "folder", tmp_path / "other"
    (folder / "scratch").mkdir(parents=True)
    (folder / "file").touch(0o000)
    (folder / "link").symlink_to(other)
    other.mkdir()
    assert remove_few(folder)
    assert not folder.exists()
    assert other.exists()


@pytest.mark.parametrize("kind", ["many", "nested", "link", "missing"])
def test_more_is_left(tmp_path: Path, outside: Path, kind: str) -> None:
    """A folder that may take time is left for later, and a link in its place is not followed."""
    folder = tmp_path / "folder"
    match kind:
        case "many":
            folder.mkdir()
            for number in range(100):
                (folder / str(number)).touch()
        case "nested":
            (folder / "inside" / "deeper").mkdir(parents=True)
        case "link":
            folder.symlink_to(outside)
    assert not remove_few(folder)
    remove(folder)
    assert not os.path.lexists(folder)
    assert (outside / "inside" / "file").read_text() == "kept"
