"""All targets by name, and those that tell whether a finding would be seen."""

from tests.fuzz import artifacts, documents, left, planted, stored

TARGETS = {target.name: target for room in (documents, stored, left, artifacts) for target in room.TARGETS}
KNOWN = TARGETS | planted.TARGETS
