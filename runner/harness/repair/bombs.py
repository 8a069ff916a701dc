"""Archives and HDF5 files that reach outside of themselves, or unpack to far more than they hold."""

import io
import os
import posixpath
import re
import stat
import struct
import zipfile

LARGEST = 4 * 2**30
SUSPICIOUS = 256 * 2**20
RATIO = 1000
_MOST_MEMBERS = 100000
# Compact, contiguous and chunked, by HDF5's numbers; the fourth is virtual: data of other files.
_OWN_LAYOUTS = (0, 1, 2)
_HDF5 = b"\x89HDF\r\n\x1a\n"


def trouble(path):
    """
    Say what is wrong with a file, in a sentence without its end and with ``{name}`` for its name; None if nothing is.

    A zip and an HDF5 file are recognised by their content, whatever they are called and whatever comes before them: one
    file can be both.
    """
    with open(path, "rb") as file:
        inside = begins_hdf5(file)
    found = _in_hdf5(path, os.path.getsize(path)) if inside else None
    return found or (_in_zip(path) if zipfile.is_zipfile(path) else None)


def begins_hdf5(file):
    """
    Tell whether an HDF5 file begins somewhere in a file.

    It may have a block of something else first, of 512 bytes or twice as many, and so on.
    """
    at, end = 0, file.seek(0, os.SEEK_END)
    while at < end:
        file.seek(at)
        if file.read(8) == _HDF5:
            return True
        at = 2 * at or 512
    return False


def _in_zip(path):
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            found = _in_members(members)
            return found or _in_inner_files(archive, path, members)
    except Exception:  # damaged, in any of the ways that zipfile and what unpacks have for it
        return None


def _in_members(members):
    if len(members) > _MOST_MEMBERS:
        return "The archive {{name}} has {} members, more than any model".format(len(members))
    seen, total, packed = set(), 0, 0
    for member in members:
        found = _in_member(member, seen)
        if found:
            return found
        seen.add(member.filename)
        total, packed = total + member.file_size, packed + member.compress_size
    if total > LARGEST and total > packed:
        return "The archive {{name}} unpacks from {} to {} bytes".format(packed, total)
    if total > SUSPICIOUS and total > RATIO * max(packed, 1):
        return "The archive {{name}} unpacks from {} to {} bytes".format(packed, total)
    return None


def _in_member(member, seen):
    # What the archive has is judged, not what zipfile made of it: it cuts at a NUL and turns separators.
    name = _escaped(getattr(member, "orig_filename", member.filename))
    if _climbs(member.orig_filename):
        return "The archive {{name}} has the member '{}', which would be written outside of it".format(name)
    if stat.S_ISLNK(member.external_attr >> 16):
        return "The archive {{name}} has the member '{}', which is a symbolic link".format(name)
    if member.filename in seen:
        return "The archive {{name}} has the member '{}' twice, so two readers may see two models".format(name)
    if member.flag_bits & 0x1:
        return "The archive {{name}} has the member '{}', which is encrypted".format(name)
    return None


def _escaped(text):
    return ascii(text)[1:-1].replace("{", "{{").replace("}", "}}")


def _climbs(name):
    return (
        name.startswith("/")
        or "\\" in name
        or "\0" in name
        or re.match(r"[A-Za-z]:", name) is not None
        or ".." in name.split("/")
    )


def _in_inner_files(archive, path, members):
    """Look into the HDF5 files of an archive."""
    for member in members:
        try:
            found = _in_inner_file(archive, path, member)
        except Exception:  # as above
            continue
        if found:
            return found.replace("{name}", "{name}/" + _escaped(member.filename))
    return None


def _in_inner_file(archive, path, member):
    if member.compress_type == zipfile.ZIP_STORED:
        with open(path, "rb") as whole:
            window = _Window(whole, member)
            return _in_hdf5(window, member.file_size) if begins_hdf5(window) else None
    if not (member.filename.endswith((".h5", ".hdf5")) or _is_packed_hdf5(archive, member)):
        return None
    # What is packed comes into memory to be looked at, if it can be as large as it says.
    with archive.open(member) as file:
        data = file.read(SUSPICIOUS)
    if len(data) == SUSPICIOUS:
        return "The archive {name} packs an HDF5 file of more than %d bytes" % SUSPICIOUS
    return _in_hdf5(io.BytesIO(data), len(data))


def _is_packed_hdf5(archive, member):
    with archive.open(member) as file:
        return file.read(8) == _HDF5


class _Window(io.RawIOBase):
    """A member that is stored as it is, read in its place: h5py wants to jump about in it."""

    def __init__(self, whole, member):
        super().__init__()
        whole.seek(member.header_offset + 26)
        self._whole, self._size, self._at = whole, member.file_size, 0
        self._start = member.header_offset + 30 + sum(struct.unpack("<HH", whole.read(4)))

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=os.SEEK_SET):
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def tell(self):
        return self._at

    def readinto(self, buffer):
        self._whole.seek(self._start + self._at)
        data = self._whole.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _in_hdf5(source, size):
    import h5py

    try:
        file = h5py.File(source, "r")
    except Exception:  # damaged, in any of the ways that HDF5 has for it
        return None
    with file:
        return _in_objects(file, size)


def _in_objects(file, size):
    declared, seen, waiting = 0, set(), [file]
    while waiting:
        group = waiting.pop()
        for name in _names(group):
            where = group.name.rstrip("/") + "/" + name
            found = _in_link(file, where)
            if found:
                return found
            kind, address, found, bytes_declared = _object(file, where)
            if found:
                return found
            if kind is None or address in seen:
                continue
            seen.add(address)
            declared += bytes_declared
            if kind == "group":
                waiting.append(file[where])
    if declared > SUSPICIOUS and declared > RATIO * size:
        return "The HDF5 file {{name}} declares {} bytes of data, and has {}".format(declared, size)
    return None


def _names(group):
    try:
        return list(group)
    except Exception:  # damaged
        return []


def _in_link(file, where):
    """Say what is wrong with a link that leaves the file, or leads back to itself."""
    import h5py

    followed, first = set(), where
    while True:
        try:
            link = file.get(where, getlink=True)
        except Exception:  # damaged
            return None
        if isinstance(link, h5py.ExternalLink):
            target = (_escaped(first), _escaped(link.filename))
            return "The HDF5 file {{name}} has at '{}' a link into the file '{}'".format(*target)
        if not isinstance(link, h5py.SoftLink):
            return None
        target = posixpath.normpath(posixpath.join(posixpath.dirname(where), link.path))
        followed.add(where)
        if target in followed or where.startswith(target.rstrip("/") + "/"):
            return "The HDF5 file {{name}} has at '{}' a link that leads back to itself".format(_escaped(first))
        where = target


def _object(file, where):
    """Return (group or dataset or None, its address, what is wrong with it, the bytes that it declares)."""
    import h5py

    try:
        item = file[where]
        address = h5py.h5o.get_info(item.id).addr
        if isinstance(item, h5py.Group):
            return "group", address, None, 0
        if not isinstance(item, h5py.Dataset):
            return None, address, None, 0
        return "dataset", address, _in_dataset(item, where), _declared(item)
    except Exception:  # damaged
        return None, None, None, 0


def _in_dataset(dataset, where):
    plist = dataset.id.get_create_plist()
    if plist.get_external_count():
        target = (_escaped(where), _escaped(os.fsdecode(plist.get_external(0)[0])))
        return "The HDF5 file {{name}} keeps the data of '{}' in another file, '{}'".format(*target)
    if plist.get_layout() not in _OWN_LAYOUTS:
        return "The HDF5 file {{name}} puts '{}' together from other files".format(_escaped(where))
    return None


def _declared(dataset):
    total = dataset.dtype.itemsize
    for length in dataset.shape or ():
        total *= length
    return total
