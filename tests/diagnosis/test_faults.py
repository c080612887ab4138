"""The benchmark of faults: its parts, and a few of its cases through `chainrule.diagnose`."""

import json
from collections import Counter

import numpy as np
import pytest
from benchmarks.faults import data, healthy, on_tables, plans, raw, run, tables
from benchmarks.faults.planting import Case, Fault, Setting
from benchmarks.faults.proofs import train
from benchmarks.faults.run import Job, jobs, results
from benchmarks.faults.trial import trial

from chainrule.diagnosis.findings import Evidence, Finding, Findings
from chainrule.diagnosis.remedies import Remedy
from chainrule.diagnosis.rules import RULES


def named(fault: Fault) -> str:
    return f"{fault.rule}: {fault.name}"


def finds(rule: str, level: str = "warning") -> Findings:
    """What diagnosis says when it finds one thing, whose remedy is a lower rate."""
    remedy = Remedy("lower", "A lower rate.", (("learning_rate_init", 1e-3),))
    return Findings((Finding(rule, rule, level, "during", (), (Evidence("x", 1.0, "0"),), 1.0, "", "", (remedy,)),))


def test_every_rule_has_faults_and_every_fault_a_rule() -> None:
    assert set(run.RULES) == {rule.name for rule in RULES}


@pytest.mark.parametrize("half", data.HALVES)
def test_a_half_has_generated_and_real_data_of_both_kinds(half: data.Half) -> None:
    kinds = {(one.task, one.real) for one in data.SETS.values() if one.half == half}
    assert len(kinds) == 4


@pytest.mark.parametrize("name", [name for name in data.SETS if name != "adult"])
def test_a_data_set_is_standardised_and_has_no_fault_of_its_own(name: str) -> None:
    split = data.load(name)
    np.testing.assert_allclose(split.X.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(split.X.std(axis=0), 1, atol=1e-4)
    correlations = np.corrcoef(split.X.T) - np.eye(split.X.shape[1])
    assert np.abs(correlations).max() < 0.999
    if split.task == "classes":
        assert set(split.y) == set(split.y_held) == set(range(split.classes))
    else:
        assert split.y.std() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("fault", plans.FAULTS, ids=named)
def test_a_fault_changes_the_network_or_the_data(fault: Fault) -> None:
    data_set = {"classes": "blobs", "numbers": "friedman"}[fault.tasks[0]]
    case = Case(fault, Setting(data_set, fault.depths[0], fault.widths[0], 1))
    (sick, split), (twin, sound) = case.sick(), case.twin()
    same_rows = split.X.shape == sound.X.shape and (split.X == sound.X).all() and (split.y == sound.y).all()
    assert not same_rows or sick.get_params() != twin.get_params()
    assert split.X.dtype == sound.X.dtype == np.float32 and np.isfinite(split.X).all()
    again, rows = case.sick()
    assert again.get_params().keys() == sick.get_params().keys()
    np.testing.assert_array_equal(rows.X, split.X)
    np.testing.assert_array_equal(rows.y, split.y)


@pytest.mark.parametrize("half", data.HALVES)
def test_cases_stay_in_their_half_and_are_always_the_same(half: data.Half) -> None:
    for rule in plans.RULES:
        cases = plans.cases(rule, half, 12)
        assert len(cases) >= 12
        assert len({case.name for case in cases}) == len(cases)
        assert {data.SETS[case.setting.data].half for case in cases} == {half}
        assert [case.name for case in plans.cases(rule, half, 12)] == [case.name for case in cases]


def test_there_are_as_many_healthy_networks_as_faults() -> None:
    faults, sound = (jobs(data.HALVES, rules) for rules in (plans.RULES, ()))
    assert len(sound) >= 0.9 * (len(faults) - len(sound))


def test_a_case_that_is_not_proved_is_not_diagnosed() -> None:
    calls = Counter()
    fault = Fault("rate-too-high", "nothing at all", plans.FAULTS[-1].proof)  # miscalibration, which this is not

    def diagnose(*given: object) -> Findings:
        calls["diagnose"] += 1
        return Findings(())

    came = trial(Case(fault, Setting("digits", 1, 32, 0)), diagnose)
    assert not came["counted"] and not calls


def test_a_trial_says_what_was_found_and_what_the_remedy_did() -> None:
    rate = next(one for one in plans.FAULTS if named(one) == "rate-too-high: Adam at 0.5")
    case = Case(rate, Setting("digits", 2, 32, 0))
    came = json.loads(json.dumps({"rule": rate.rule, **trial(case, lambda *given: finds("rate-too-high"), mend=True)}))
    assert came["counted"] and came["mended"]["near"] and came["mended"]["remedy"] == "lower"
    assert came["scores"]["held_out"] < came["twin"]["held_out"] - 0.05
    assert "| rate-too-high | 1 | 1 | 1 | 100.0 % | 100.0 % | 1 of 1 |" in tables.recall([came])
    missed = json.loads(json.dumps({"rule": rate.rule, **trial(case, lambda *given: finds("saturation"))}))
    assert "| rate-too-high | 1 | 1 | 0 | 0.0 % | 0.0 % |  |" in tables.recall([missed])
    assert tables.details([missed])[0].startswith("- missed: rate-too-high: Adam at 0.5, 2 x 32, digits")


def test_false_alarms_are_warnings_and_errors() -> None:
    job = Job("chosen", "", 1, 0)
    (note,) = results([job], lambda *given: finds("plateau", "note"))
    (warning,) = results([job], lambda *given: finds("plateau", "warning"))
    assert note["counted"]
    assert "| plateau | 1 | 50.0 % | 1 |" in tables.alarms([note, warning])
    assert "| **any** | **1** | **50.0 %** | |" in tables.alarms([note, warning])


def test_an_error_of_diagnosis_is_a_result() -> None:
    def broken(*given: object) -> Findings:
        raise ZeroDivisionError

    (came,) = results([Job("chosen", "constant-columns", 2, 0)], broken)
    assert came["counted"] and "ZeroDivisionError" in came["error"]
    assert tables.details([came])[0].startswith("- error: constant-columns")


SURE = {
    "unscaled-inputs": 2,
    "constant-columns": 0,
    "label-leak": 0,
    "linear-stack": 0,
    "vanishing-gradients": 1,
    "exploding-gradients": 4,
    "not-finite": 0,
    "overfitting": 2,
}


@pytest.mark.parametrize(("rule", "place"), SURE.items(), ids=SURE)
def test_a_planted_fault_is_found(rule: str, place: int) -> None:
    (came,) = results([Job("chosen", rule, 2, place)])
    assert came["counted"] and "error" not in came
    assert rule in tables.rules_of(came)


@pytest.mark.parametrize("name", ["relu, Adam", "tanh, Adam", "layer norm", "batch norm", "dropout of 0.1"])
def test_a_healthy_network_raises_no_alarm(name: str) -> None:
    kind = next(one for one in healthy.KINDS if one.name == name)
    came = {"rule": "", **trial(healthy.HealthyCase(kind, Setting("digits", kind.depths[0], 64, 3)), _diagnose)}
    assert came["counted"], came
    assert not tables.rules_of(came, tables.ALARMS), tables.details([came])


def test_every_fault_of_tables_is_of_a_rule_and_changes_something() -> None:
    assert set(on_tables.RULES) <= {rule.name for rule in RULES}
    for fault in on_tables.FAULTS:
        case = Case(fault, on_tables.TableSetting("visits" if "classes" in fault.tasks else "rides", 0, 0, 1))
        (sick, split), (twin, sound) = case.sick(), case.twin()
        same = split.X.equals(sound.X) and len(split.y) == len(sound.y) and (split.y == sound.y).all()
        assert not same or sick.get_params() != twin.get_params()


@pytest.mark.parametrize("name", [name for name in raw.SETS if name != "adult, raw"])
def test_raw_tables_are_as_they_come_and_always_the_same(name: str) -> None:
    split = raw.load(name)
    assert len(split.X) == len(split.y) and set(split.X) == set(split.X_held)
    assert split.X.equals(raw.load.__wrapped__(name).X)
    assert split.task == "numbers" or set(split.y) == set(split.y_held) == set(range(split.classes))


ON_TABLES = {
    "label-leak": 1, "shuffled-labels": 0, "like-a-constant": 0, "rate-too-low": 0, "mixed-column": 0,
    "id-among-inputs": 2, "dates-beyond-training": 1, "unknown-levels": 0,
}  # fmt: skip


@pytest.mark.parametrize(("rule", "place"), ON_TABLES.items(), ids=ON_TABLES)
def test_a_fault_planted_in_a_table_is_found(rule: str, place: int) -> None:
    (came,) = results([Job("chosen", rule, 2, place, raw=True)])
    assert came["counted"] and "error" not in came, came
    assert rule in tables.rules_of(came)


@pytest.mark.parametrize("name", ["shop", "rides"])
def test_a_healthy_table_raises_no_alarm(name: str) -> None:
    case = on_tables.HealthyTable("fast", on_tables.TableSetting(name, 0, 0, 3))
    came = {"rule": "", **trial(case, _diagnose)}
    assert came["counted"], came
    assert not tables.rules_of(came, tables.ALARMS), tables.details([came])


def _diagnose(*given: object) -> Findings:
    from chainrule import diagnose

    return diagnose(*given)


def test_the_reference_is_a_network_that_learns() -> None:
    assert healthy.reference("xor") > 0.9  # which no linear model does
    trained = train(Setting("xor", 1, 64, 0).model(data.load("xor"), learning_rate_init=1e-6), data.load("xor"))
    assert not healthy.learns(trained, healthy.reference("xor"))
