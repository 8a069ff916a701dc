"""
Copies of an artifact that another Keras can load, and stored weights put into a model that is there already.

``artifacts`` says what a file is and refuses what must not be opened; ``config`` and ``weights`` are what a remedy asks
for. Nothing here has a list of layers: the Keras that will load the copy is asked which classes it has (``live``), what
their constructors take (``objects``) and where a file's variables belong (``places``).
"""


class NothingToRepair(Exception):
    """Nothing was found that a copy could change; the message is a sentence that says so."""


class WeightsError(Exception):
    """The stored weights do not fit the model; the message is a sentence that says where."""
