"""The expectation of a stage: when it runs, and what it trains."""

from dataclasses import dataclass
from typing import ClassVar

from benchmark.strategy.measurements import CheckResult, StageMeasurement


@dataclass(frozen=True)
class ExpectStage:
    """A stage has its fraction of the steps, trains what it says and begins with its own head."""

    fraction: float  # of the steps that train more than the head
    extra_epochs: float = 0.0  # after the common budget, in place of a fraction
    head_alone: bool = False  # no other layer is trained, whatever the recipe says
    reset_head: bool = False  # the head is a new one
    lr_factor: float = 1.0  # times the learning rates of the first stage
    component: ClassVar[str] = "schedule"

    @property
    def claim(self) -> str:
        """The claim in words."""
        when = f"it has {self.fraction:.0%} of the steps that train more than the head"
        if self.extra_epochs:
            when = f"it has {self.extra_epochs:g} epochs after the common budget"
        trains = "trains the head alone" if self.head_alone else "trains what the recipe trains"
        head = "begins with a new head" if self.reset_head else "keeps the head"
        rates = f", at {self.lr_factor:g} times the first stage's rates"
        return f"{when}, {trains} and {head}{'' if self.lr_factor == 1 else rates}"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare steps, trained blocks and head."""
        if (schedule := measurement.schedule) is None:
            return CheckResult(None, "the stage was not measured")
        size = max(measurement.batches[1], 1)
        images = (measurement.class_counts + measurement.left_out).sum()
        steps = max(1, round(self.extra_epochs * images / size))
        in_time = abs(schedule.fraction - self.fraction) <= schedule.tolerance
        if self.extra_epochs:
            in_time = schedule.extra_steps == steps
        trains = schedule.trained_more is None or schedule.trained_more != self.head_alone
        more = {None: "its steps train the head in any case", True: "more than the head is trained"}
        same_rates = abs(schedule.lr_factor / self.lr_factor - 1) < 1e-6
        rates = f"; {schedule.lr_factor:g} times the first stage's learning rates"
        return CheckResult(
            in_time and trains and same_rates and schedule.resets_head == self.reset_head,
            f"{schedule.fraction:.0%} of the steps, {schedule.extra_steps} after the budget; "
            f"{more.get(schedule.trained_more, 'the head alone is trained')}; "
            f"{'a new head' if schedule.resets_head else 'no new head'}"
            f"{'' if schedule.lr_factor == 1 else rates}",
        )
