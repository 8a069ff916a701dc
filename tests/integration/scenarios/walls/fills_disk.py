"""Writes more into its folder than there may be."""


def save(path):
    with open("large", "wb", 0) as file:
        for _ in range(8000):
            file.write(b"x" * 2**20)
    raise RuntimeError("8 GB were written")
