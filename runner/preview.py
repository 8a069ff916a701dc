"""What a run would do and what it would cost, before it does it."""

from dataclasses import dataclass

from runner.model import Backend, EnvironmentSpec
from runner.plan import Plan

# Measured with CPU wheels on two cores, Linux x86-64, TensorFlow 2.8 to 2.21: the largest of them, rounded up.
DOWNLOAD_MB = 350
DISK_MB = 1600
ENVIRONMENT_SECONDS = 12.0
IMPORT_SECONDS = 2.5
SAVE_SECONDS = 0.4
LOAD_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Upper bounds for a run with an empty cache: MiB to download, MiB on disk, seconds on `jobs` cores."""

    download_mb: int
    disk_mb: int
    seconds: float


def estimate(plan: Plan, jobs: int) -> Estimate:
    """Estimate a run from how many environments, saves and loads it has."""
    environments, loads = len(plan.environments), sum(map(len, plan.saves.values()))
    work = environments * IMPORT_SECONDS + len(plan.saves) * SAVE_SECONDS + loads * LOAD_SECONDS
    return Estimate(
        download_mb=environments * DOWNLOAD_MB,
        disk_mb=environments * DISK_MB,
        seconds=environments * ENVIRONMENT_SECONDS + work / jobs,
    )


def preview(plan: Plan, jobs: int) -> str:
    """Return the plan as text: environments, cells by scenario, and the estimate."""
    return "\n".join([*_environments(plan), "", *_scenarios(plan), "", *_totals(plan, jobs)])


def _environments(plan: Plan) -> list[str]:
    width = max((len(spec.name) for spec in plan.environments), default=0)
    lines = [f"Environments ({len(plan.environments)}):"]
    for spec in plan.environments:
        wanted = ", ".join(spec.requirements)
        when = f"as of {spec.as_of}" if spec.as_of else "as of today"
        lines.append(f"  {spec.name:<{width}}  Python {spec.python}, {wanted}, {when} ({_where(spec)})")
    return lines


def _where(spec: EnvironmentSpec) -> str:
    return str(spec.backend) if spec.backend is Backend.NOX else f"{spec.backend}, {spec.image_name}"


def _scenarios(plan: Plan) -> list[str]:
    counts: dict[str, dict[str, int]] = {}
    for cell in plan.cells:
        formats = counts.setdefault(cell.scenario.name, {})
        formats[cell.format] = formats.get(cell.format, 0) + 1
    width = max(map(len, counts), default=0)
    lines = [f"Scenarios ({len(counts)}), with the cells of each format:"]
    for name, formats in counts.items():
        lines.append(f"  {name:<{width}}  " + ", ".join(f"{key} {count}" for key, count in formats.items()))
    return lines


def _totals(plan: Plan, jobs: int) -> list[str]:
    loads = sum(map(len, plan.saves.values()))
    unsupported = len(plan.cells) - loads
    cost = estimate(plan, jobs)
    return [
        f"Cells: {len(plan.cells)} ({len(plan.saves)} saves, {loads} loads, {unsupported} declared unsupported)",
        (
            f"At most, with nothing in the cache: {cost.download_mb / 1024:.1f} GB to download, "
            f"{cost.disk_mb / 1024:.1f} GB of disk, {cost.seconds / 60:.0f} minutes with {jobs} jobs."
        ),
    ]
