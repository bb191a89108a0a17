"""Phase 5: the learning rate of equation 3 and the scheduler that sets it (paper 5.3)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import mechanics as oracle
from tests.support import checks
from tests.support.inputs import integers

EQUATION = "lrate = factor * d_model^-0.5 * min(step^-0.5, step * warmup_steps^-1.5)"

settings = {"d_model": st.integers(1, 1024), "warmup_steps": st.integers(1, 30), "factor": st.floats(0.1, 4.0)}


# -- noam_learning_rate -------------------------------------------------------------------------------------


@pytest.mark.task("noam_learning_rate")
def test_rates_of_width_four_with_four_steps_of_warm_up(phase5):
    # 4^-0.5 = 1/2 and 4^-1.5 = 1/8: the rate is half of step / 8, and from step 4 on half of 1 / sqrt(step).
    for step, expected in {1: 1 / 16, 2: 1 / 8, 4: 1 / 4, 9: 1 / 6, 16: 1 / 8}.items():
        got = phase5.noam_learning_rate(step, 4, 4)
        checks.expect_number(got, expected, f"noam_learning_rate({step}, d_model=4, warmup_steps=4)", EQUATION)


@pytest.mark.task("noam_learning_rate")
@pytest.mark.core
def test_the_rate_is_that_of_the_base_model_in_the_paper(phase5, gen):
    rates = {1: 1.74692811e-07, 4000: 6.98771243e-04, 8000: 4.94105884e-04, 100000: 1.39754249e-04}
    others = [*integers(gen, 2, 4000, 2).tolist(), *integers(gen, 4001, 100_000, 2).tolist()]
    rates.update({step: oracle.noam_learning_rate(step, 512, 4000) for step in others})
    for step, expected in rates.items():
        got = phase5.noam_learning_rate(step, 512, 4000)
        label = f"noam_learning_rate({step}, d_model=512, warmup_steps=4000)"
        checks.expect_number(got, expected, label, EQUATION, 1e-7)


@pytest.mark.task("noam_learning_rate")
@pytest.mark.holds("The learning rate of one training step", "min(step^-0.5, step * warmup_steps^-1.5)")
@given(step=st.integers(1, 90), **settings)
def test_the_rate_is_equation_3_on_both_sides_of_the_peak(phase5, step, d_model, warmup_steps, factor):
    # lr = factor * d_model^-0.5 * min(step^-0.5, step * warmup^-1.5)
    got = phase5.noam_learning_rate(step, d_model, warmup_steps, factor)
    expected = oracle.noam_learning_rate(step, d_model, warmup_steps, factor)
    label = f"noam_learning_rate({step}, {d_model}, {warmup_steps}, {factor:.4g})"
    checks.expect_number(got, expected, label, EQUATION)


@pytest.mark.task("noam_learning_rate")
@pytest.mark.holds("rises in a straight line")
def test_the_rate_rises_in_a_straight_line_to_its_peak(phase5):
    first = phase5.noam_learning_rate(1, 16, 25)
    why = "during the warm-up the rate is step * warmup_steps^-1.5 / sqrt(d_model): the exponent is -1.5, not -0.5"
    checks.expect_number(first, 1 / (25**1.5 * 4), "noam_learning_rate(1, 16, 25)", why)
    for step in (2, 7, 24, 25):
        got = phase5.noam_learning_rate(step, 16, 25)
        checks.expect_number(got, step * first, f"noam_learning_rate({step}, 16, 25), {step} times that of step 1", why)
    why = "the last step of the warm-up has the highest rate, 1 / sqrt(d_model * warmup_steps)"
    checks.expect_number(phase5.noam_learning_rate(25, 16, 25), 1 / 20, "noam_learning_rate(25, 16, 25)", why)


@pytest.mark.task("noam_learning_rate")
@pytest.mark.holds("falls with the root of the step")
def test_after_the_peak_the_rate_falls_with_the_root_of_the_step(phase5):
    for step in (25, 36, 49, 100, 2500):
        got = phase5.noam_learning_rate(step, 16, 25)
        why = "after the warm-up the rate is 1 / sqrt(d_model * step)"
        checks.expect_number(got, 1 / (4 * step**0.5), f"noam_learning_rate({step}, 16, 25)", why)


@pytest.mark.task("noam_learning_rate")
def test_a_wider_model_learns_more_slowly(phase5):
    why = "d_model^-0.5 multiplies the whole: four times the width halves every rate"
    for d_model, peak in ((64, 1 / 80), (256, 1 / 160), (1024, 1 / 320)):
        got = phase5.noam_learning_rate(100, d_model, 100)
        checks.expect_number(got, peak, f"noam_learning_rate(100, {d_model}, 100)", why)
    label = "noam_learning_rate(4000, d_model=1024, warmup_steps=4000)"
    checks.expect_number(phase5.noam_learning_rate(4000, 1024, 4000), 4.94105884e-04, label, why, 1e-7)


@pytest.mark.task("noam_learning_rate")
@pytest.mark.holds("``factor`` is 1 in the paper")
@given(step=st.integers(1, 90), **settings)
def test_the_factor_multiplies_every_rate(phase5, step, d_model, warmup_steps, factor):
    # lr(step; factor) = factor * lr(step; 1)
    label = f"noam_learning_rate({step}, {d_model}, {warmup_steps})"
    plain = oracle.noam_learning_rate(step, d_model, warmup_steps)
    why = "the factor is 1 unless another is given"
    checks.expect_number(phase5.noam_learning_rate(step, d_model, warmup_steps), plain, label, why)
    got = phase5.noam_learning_rate(step, d_model, warmup_steps, factor=factor)
    why = "the factor multiplies the minimum of both branches"
    checks.expect_number(got, factor * plain, f"{label[:-1]}, factor={factor:.4g})", why)


@pytest.mark.task("noam_learning_rate")
@pytest.mark.parametrize("factor", [0.25, 3.0])
def test_the_factor_scales_rise_peak_and_fall_alike(phase5, factor):
    why = "factor * d_model^-0.5 * min(...): outside of the minimum, so that the peak stays at warmup_steps"
    for step, plain in ((1, 1 / 500), (24, 24 / 500), (25, 1 / 20), (26, 1 / (4 * 26**0.5)), (400, 1 / 80)):
        got = phase5.noam_learning_rate(step, 16, 25, factor)
        checks.expect_number(got, factor * plain, f"noam_learning_rate({step}, 16, 25, factor={factor})", why)


@pytest.mark.task("noam_learning_rate")
@pytest.mark.holds("ValueError: if ``step`` is below 1")
@pytest.mark.parametrize("step", [0, -1, -4000])
def test_steps_below_1_are_refused(phase5, step):
    checks.expect_number(phase5.noam_learning_rate(1, 4, 1), 0.5, "noam_learning_rate(1, 4, 1)", EQUATION)
    label = f"noam_learning_rate({step}, 512, 4000)"
    checks.expect_raises(ValueError, lambda: phase5.noam_learning_rate(step, 512, 4000), label)


@pytest.mark.task("noam_learning_rate")
@pytest.mark.holds("counted from 1: a ``float``")
@pytest.mark.parametrize("step", [1, 9, 40])
def test_the_rate_is_a_plain_float(phase5, step):
    got = phase5.noam_learning_rate(step, 1, 9)
    label = f"noam_learning_rate({step}, 1, 9)"
    checks.expect_that(isinstance(got, float), f"{label} is a {type(got).__name__}, expected a float")
    checks.expect_number(got, oracle.noam_learning_rate(step, 1, 9), label, EQUATION)


# -- NoamScheduler ------------------------------------------------------------------------------------------


def expect_rates(got: Any, expected: float, label: str, why: str = "", groups: int = 1) -> None:
    """Every one of so many parameter groups has this rate."""
    checks.expect_that(isinstance(got, list), f"{label}: {checks.kind_of(got)} instead of one for every group", why)
    checks.expect_same(len(got), groups, f"{label}: the number of parameter groups", "leave the groups as they are")
    for group, rate in enumerate(got):
        checks.expect_number(rate, expected, f"{label}, parameter group {group}", why)


def expect_run(used: Any, steps: range, label: str, why: str, groups: int = 1, **equation: Any) -> None:
    """The rates ``used`` by these training steps are those of equation 3."""
    checks.expect_that(isinstance(used, list), f"the rates {label}: {checks.kind_of(used)}", why)
    checks.expect_same(len(used), len(steps), f"the number of steps {label}", why)
    for step, rates in zip(steps, used):
        expected = oracle.noam_learning_rate(step, **equation)
        expect_rates(rates, expected, f"the rate of step {step} {label}", why, groups)


@pytest.mark.task("NoamScheduler")
def test_the_first_five_steps_of_width_four_with_four_steps_of_warm_up(phase5, in_guest):
    optimizer = in_guest.schedule_tools.optimizer("SGD", [0.37])
    used = in_guest.schedule_tools.run(optimizer, phase5.NoamScheduler(optimizer, 4, warmup_steps=4), 5)
    why = "the rates are 1/16, 2/16, 3/16, 4/16, then they fall: the first is set on building, each step() moves on"
    for step, expected in enumerate((1 / 16, 2 / 16, 3 / 16, 4 / 16, 0.5 / 5**0.5), start=1):
        expect_rates(used[step - 1], expected, f"the rate of step {step} (d_model=4, warmup_steps=4)", why)


@pytest.mark.task("NoamScheduler")
@pytest.mark.holds(
    "step by step to ``noam_learning_rate``", "moves on to the rate of the next step", "Move to the next training step"
)
@pytest.mark.core
def test_every_training_step_has_the_rate_of_equation_3(phase5, in_guest, gen):
    for d_model, warmup in ((64, 6), (int(integers(gen, 65, 900, 1)), int(integers(gen, 3, 9, 1)))):
        optimizer = in_guest.schedule_tools.optimizer("SGD", [0.37, 5.0])
        scheduler = phase5.NoamScheduler(optimizer, d_model, warmup_steps=warmup)
        used = in_guest.schedule_tools.run(optimizer, scheduler, 20)
        why = "training step n uses noam_learning_rate(n): step 1 is set on building, each step() moves on by one"
        label = f"(d_model={d_model}, warmup_steps={warmup})"
        expect_run(used, range(1, 21), label, why, 2, d_model=d_model, warmup_steps=warmup)


@pytest.mark.task("NoamScheduler")
@pytest.mark.holds("Building it sets the rate of step 1", "Set the rate of step 1")
def test_building_it_sets_the_rate_of_step_1_in_every_group(phase5, in_guest):
    optimizer = in_guest.schedule_tools.optimizer("SGD", [0.37, 5.0, 1e-3])
    scheduler = phase5.NoamScheduler(optimizer, 16, warmup_steps=9, factor=2.0)
    expected = 2.0 / (4 * 27)
    why = "set group['lr'] for every group of optimizer.param_groups, whatever rate it had before"
    expect_rates(in_guest.schedule_tools.rates(optimizer), expected, "the rate after building the scheduler", why, 3)
    checks.expect_number(
        scheduler.last_lr, expected, "last_lr after building the scheduler", "the rate that is set now"
    )


@pytest.mark.task("NoamScheduler")
@given(steps=st.integers(0, 60), **settings)
def test_its_settings_reach_the_rate(phase5, in_guest, steps, d_model, warmup_steps, factor):
    # after n steps the rate is lr(n + 1) = factor * d_model^-0.5 * min((n + 1)^-0.5, (n + 1) * warmup^-1.5)
    optimizer = in_guest.schedule_tools.optimizer("SGD", [1.0])
    scheduler = phase5.NoamScheduler(optimizer, d_model=d_model, warmup_steps=warmup_steps, factor=factor)
    in_guest.schedule_tools.run(optimizer, scheduler, steps)
    expected = oracle.noam_learning_rate(steps + 1, d_model, warmup_steps, factor)
    label = f"d_model={d_model}, warmup_steps={warmup_steps}, factor={factor:.4g}"
    expect_rates(
        in_guest.schedule_tools.rates(optimizer), expected, f"the rate of step {steps + 1} ({label})", EQUATION
    )
    checks.expect_number(scheduler.last_lr, expected, f"last_lr at step {steps + 1} ({label})", EQUATION)


@pytest.mark.task("NoamScheduler")
def test_the_defaults_are_those_of_the_paper(phase5, in_guest):
    optimizer = in_guest.schedule_tools.optimizer("Adam", [1.0])
    scheduler = phase5.NoamScheduler(optimizer, 512)
    why = "by default 4000 steps of warm-up and a factor of 1 (5.3)"
    expect_rates(in_guest.schedule_tools.rates(optimizer), 512**-0.5 * 4000**-1.5, "the first rate", why)
    in_guest.schedule_tools.run(optimizer, scheduler, 9)
    expect_rates(in_guest.schedule_tools.rates(optimizer), 10 * 512**-0.5 * 4000**-1.5, "the rate of step 10", why)


@pytest.mark.task("NoamScheduler")
@pytest.mark.holds("last_lr: ")
def test_last_lr_is_the_rate_that_is_set_now(phase5, in_guest):
    optimizer = in_guest.schedule_tools.optimizer("SGD", [1.0])
    scheduler = phase5.NoamScheduler(optimizer, 4, warmup_steps=3)
    for step in range(1, 9):
        expected = oracle.noam_learning_rate(step, 4, 3)
        checks.expect_number(
            scheduler.last_lr, expected, f"last_lr at step {step}", "a plain number, set by every step()"
        )
        expect_rates(in_guest.schedule_tools.rates(optimizer), expected, f"the rate set at step {step}", EQUATION)
        in_guest.schedule_tools.run(optimizer, scheduler, 1)


@pytest.mark.task("NoamScheduler")
def test_the_parameters_move_by_the_rates(phase5, in_guest):
    optimizer = in_guest.schedule_tools.optimizer("SGD", [0.37, 5.0])
    scheduler = phase5.NoamScheduler(optimizer, 4, warmup_steps=3)
    in_guest.schedule_tools.run(optimizer, scheduler, 8)
    total = sum(oracle.noam_learning_rate(step, 4, 3) for step in range(1, 9))
    why = "the scheduler sets rates only: no optimizer.step() of its own, no parameter touched"
    moved = [-position for position in in_guest.schedule_tools.positions(optimizer)]
    expect_rates(moved, total, "the way that gradients of 1 move a parameter in 8 steps", why, 2)


@pytest.mark.task("NoamScheduler")
def test_adam_keeps_its_other_settings(phase5, in_guest):
    optimizer = in_guest.schedule_tools.optimizer("Adam", [0.37, 5.0])
    scheduler = phase5.NoamScheduler(optimizer, 16, warmup_steps=4, factor=0.5)
    used = in_guest.schedule_tools.run(optimizer, scheduler, 12)
    expect_run(used, range(1, 13), "of an Adam", EQUATION, 2, d_model=16, warmup_steps=4, factor=0.5)
    betas = in_guest.schedule_tools.settings(optimizer)
    checks.expect_same(betas, [[0.9, 0.98]] * 2, "the betas of the Adam", 'set "lr" and nothing else')


@pytest.mark.task("NoamScheduler")
def test_two_schedulers_count_their_own_steps(phase5, in_guest):
    one, other = (in_guest.schedule_tools.optimizer("SGD", [1.0]) for _ in range(2))
    first = phase5.NoamScheduler(one, 4, warmup_steps=5)
    second = phase5.NoamScheduler(other, 9, warmup_steps=3)
    used = in_guest.schedule_tools.run(one, first, 7)
    why = "the count belongs to one scheduler: keep it on self, not on the class or the module"
    expect_run(used, range(1, 8), "of one scheduler beside another", why, d_model=4, warmup_steps=5)
    used = in_guest.schedule_tools.run(other, second, 5)
    expect_run(used, range(1, 6), "of the other scheduler", why, d_model=9, warmup_steps=3)


# -- NoamScheduler: state_dict and load_state_dict ----------------------------------------------------------


@pytest.mark.task("NoamScheduler")
@pytest.mark.holds("Go on where ``state_dict`` was taken")
@pytest.mark.parametrize("done", [0, 2, 5, 11])
def test_a_resumed_run_goes_on_where_it_stopped(phase5, in_guest, done):
    tools = in_guest.schedule_tools
    before, after = tools.optimizer("SGD", [1.0, 2.0]), tools.optimizer("SGD", [1.0, 2.0])
    stopped = phase5.NoamScheduler(before, 16, warmup_steps=5, factor=2.0)
    tools.run(before, stopped, done)
    resumed = phase5.NoamScheduler(after, 16, warmup_steps=5, factor=2.0)
    tools.hand_over(stopped, resumed)
    label, expected = f"after loading the state of step {done + 1}", oracle.noam_learning_rate(done + 1, 16, 5, 2.0)
    why = "load_state_dict sets the rate in the optimizer at once: the next training step needs it"
    expect_rates(tools.rates(after), expected, f"the rate {label}", why, 2)
    checks.expect_number(resumed.last_lr, expected, f"last_lr {label}", "set it with the rate")
    used = tools.run(after, resumed, 9)
    why = "a resumed run has the same rates as one that never stopped: the step count is part of the state"
    expect_run(used, range(done + 1, done + 10), label, why, 2, d_model=16, warmup_steps=5, factor=2.0)


@pytest.mark.task("NoamScheduler")
@pytest.mark.holds("replace the ones given")
def test_the_loaded_settings_replace_the_ones_given(phase5, in_guest):
    # the rate after loading is lr(step; d_model, warmup, factor) of the state, not of __init__
    tools = in_guest.schedule_tools
    before, after = tools.optimizer("SGD", [1.0]), tools.optimizer("SGD", [1.0])
    stopped = phase5.NoamScheduler(before, 36, warmup_steps=8, factor=3.0)
    tools.run(before, stopped, 4)
    resumed = phase5.NoamScheduler(after, 100, warmup_steps=2, factor=0.7)
    tools.run(after, resumed, 2)
    tools.hand_over(stopped, resumed)
    why = "d_model, warmup_steps and factor are part of the state"
    expected = oracle.noam_learning_rate(5, 36, 8, 3.0)
    expect_rates(tools.rates(after), expected, "the rate after loading a state with other settings", why)
    used = tools.run(after, resumed, 9)
    expect_run(
        used, range(5, 14), "in a scheduler built with other settings", why, d_model=36, warmup_steps=8, factor=3.0
    )


@pytest.mark.task("NoamScheduler")
@pytest.mark.holds("plain numbers, no optimizer")
def test_the_state_is_plain_data_that_a_file_can_hold(phase5, in_guest):
    tools = in_guest.schedule_tools
    before, after = tools.optimizer("Adam", [1.0]), tools.optimizer("Adam", [1.0])
    stopped = phase5.NoamScheduler(before, 16, warmup_steps=5)
    tools.run(before, stopped, 7)
    state = stopped.state_dict()
    why = "a dict of plain numbers: no optimizer, no tensor, no function"
    checks.expect_that(isinstance(state, dict), f"state_dict() returned a {type(state).__name__}, expected a dict", why)
    try:
        written = json.dumps(state)
    except (TypeError, ValueError) as error:
        checks.fail(f"the state cannot be written as JSON: {error}", why)
    resumed = phase5.NoamScheduler(after, 16, warmup_steps=5)
    resumed.load_state_dict(json.loads(written))
    expected = oracle.noam_learning_rate(8, 16, 5)
    expect_rates(tools.rates(after), expected, "the rate after loading a state that was written to a file", why)


@pytest.mark.task("NoamScheduler")
def test_a_state_once_taken_does_not_move_on(phase5, in_guest):
    tools = in_guest.schedule_tools
    before, after = tools.optimizer("SGD", [1.0]), tools.optimizer("SGD", [1.0])
    stopped = phase5.NoamScheduler(before, 16, warmup_steps=5)
    tools.run(before, stopped, 3)
    kept = tools.state_then_steps(stopped, 6)
    resumed = phase5.NoamScheduler(after, 16, warmup_steps=5)
    tools.load_then_steps(resumed, kept, 4)
    why = "state_dict() returns a copy and load_state_dict() keeps none of the dict: self.__dict__ itself is neither"
    expected = oracle.noam_learning_rate(8, 16, 5)
    expect_rates(tools.rates(after), expected, "the rate 4 steps after loading step 4", why)
    tools.load_then_steps(resumed, kept, 0)
    expect_rates(
        tools.rates(after), oracle.noam_learning_rate(4, 16, 5), "the rate after loading step 4 once more", why
    )


@pytest.mark.task("NoamScheduler")
def test_the_rate_reaches_the_groups_of_an_optimizer_that_was_resumed_too(phase5, in_guest):
    tools = in_guest.schedule_tools
    before, after = tools.optimizer("Adam", [1.0, 2.0]), tools.optimizer("Adam", [1.0, 2.0])
    stopped = phase5.NoamScheduler(before, 16, warmup_steps=5)
    tools.run(before, stopped, 3)
    resumed = phase5.NoamScheduler(after, 16, warmup_steps=5)
    tools.hand_over(before, after)
    tools.hand_over(stopped, resumed)
    used = tools.run(after, resumed, 6)
    why = "optimizer.load_state_dict makes new groups: read optimizer.param_groups at every step"
    expect_run(used, range(4, 10), "after optimizer and scheduler were resumed", why, 2, d_model=16, warmup_steps=5)
