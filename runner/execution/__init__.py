"""
Plan x environments -> records: every save once, every cell as soon as its artifact and its environment are there.

It starts, feeds and ends harness servers, writes the journal and takes from an earlier one what did not change. It
never prints.
"""
