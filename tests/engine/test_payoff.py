"""A team follows alone where that is faster, comes back where it is not, and looking costs little."""

import os
import threading
from contextlib import contextmanager

import numpy as np
import pytest

from chainrule import Dense, Network
from chainrule.engine import team as teams
from chainrule.engine.kernels.access import MOST_PARTS
from chainrule.engine.payoff import Payoff


def spent(payoff, jobs, together, alone=1.0):
    """Seconds of so many jobs, and the share of them that was done together."""
    seconds, shared = 0.0, 0
    for job in range(jobs):
        one = (together(job) if callable(together) else together) if payoff.together else alone
        shared += payoff.together
        seconds += one
        payoff.note(one)
    return seconds, shared / jobs


@pytest.mark.parametrize("together", [0.55, 0.8, 0.95])
def test_a_team_that_pays_goes_on(together):
    seconds, shared = spent(Payoff(), 3000, together)
    assert shared > 0.9
    assert seconds < 1.03 * 3000 * together


@pytest.mark.parametrize("together", [1.1, 2.0, 20.0])
def test_a_team_that_does_not_pay_is_left_alone(together):
    payoff = Payoff()
    spent(payoff, 100, together)  # until it is seen
    seconds, shared = spent(payoff, 5000, together)
    assert shared < 0.2
    assert seconds < 1.05 * 5000


def test_now_and_then_a_part_waits_for_milliseconds():
    """One job in ten takes fifteen times as long: most are faster than alone, and all in all it does not pay."""
    payoff = Payoff()
    stalls = np.random.default_rng(0).random(6000) < 0.1
    seconds, _ = spent(payoff, 6000, lambda job: 9.0 if stalls[job] else 0.6)
    assert seconds < 1.2 * 6000


def test_what_changes_is_seen():
    payoff = Payoff()
    assert spent(payoff, 2000, 0.6)[1] > 0.9
    seconds, _ = spent(payoff, 2000, 10.0)
    assert seconds < 1.2 * 2000
    spent(payoff, 20_000, 0.6)
    assert spent(payoff, 2000, 0.6)[1] > 0.9


@pytest.fixture(autouse=True)
def numba_kernels(monkeypatch):
    monkeypatch.setenv("CHAINRULE_KERNELS", "numba")


def test_a_short_last_batch_tells_nothing_of_the_others():
    network = Network([Dense(40, "tanh"), Dense(3)], 20)
    plan = network.plan(network.init(0), 83, loss="squared_error", n_threads=2)
    assert plan.run(83).whole.rows == 83
    assert plan.run(60).whole.rows == 60
    assert plan.run(8).whole.rows == 0


def test_more_threads_than_parts_may_be(monkeypatch):
    """Claims have room for so many."""
    network = Network([Dense(400, "tanh"), Dense(3)], 20)
    plan = network.plan(network.init(0), 8, loss="squared_error", n_threads=300)
    assert plan.parts == MOST_PARTS
    run = plan.run(8)
    assert run.whole.parts == MOST_PARTS
    run.arrays["x"][...], run.arrays["w"][...] = 1, 1
    with team_of(3) as team:
        run(team)
    found = plan.gradients.vector.copy()
    run()
    np.testing.assert_array_equal(plan.gradients.vector, found)


@contextmanager
def team_of(size):
    team = teams.Team(size)
    try:
        yield team
    finally:
        team.dismiss()


def test_teams_that_crowd_each_other_follow_alone(monkeypatch):
    monkeypatch.setenv("CHAINRULE_KERNELS", "numba")
    monkeypatch.setattr(teams, "available", lambda: 3)
    network = Network([Dense(40, "tanh"), Dense(3)], 20)
    plan = network.plan(network.init(0), 83, loss="squared_error", n_threads=2)
    job = plan.run(83).whole

    def issued(team):
        before = team._board[0]
        team.follow(job)
        return team._board[0] > before

    with plan.team() as team:
        assert issued(team)
        with plan.team() as other:
            assert not issued(team)
            assert not issued(other)
        assert issued(team)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is POSIX's")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
def test_a_fork_amid_a_team_goes_on_without_workers(monkeypatch):
    """In the child the same work gives the same bits, teams of its own have workers, and the end comes."""
    monkeypatch.setenv("CHAINRULE_KERNELS", "numba")
    network = Network([Dense(40, "tanh"), Dense(3)], 20)
    plan = network.plan(network.init(0), 83, loss="squared_error", n_threads=2)
    run = plan.run(83)
    run.arrays["x"][...], run.arrays["w"][...] = 1, 1
    with plan.team() as team:
        run(team)
        expected = plan.gradients.vector.copy()
        child = os.fork()
        if not child:
            run(team)
            same = np.array_equal(plan.gradients.vector, expected)
            with plan.team() as own:
                before = own._board[0]
                run(own)
                same &= own._board[0] > before and np.array_equal(plan.gradients.vector, expected)
            team.dismiss()
            os._exit(0 if same else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not any(thread.name == "chainrule worker" for thread in threading.enumerate())
