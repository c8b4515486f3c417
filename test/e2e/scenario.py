# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Scenarios: what they are, and how they are run.

A scenario is a function test_<name>(ns) whose docstring begins with the rules that it pins. It has a namespace of its own, or
shares one with others of its Group, and always a verdict and a line of its own.
"""
import concurrent.futures
import contextlib
import sys
import threading
import time
import traceback

from harness import DeployedOperator, Failure, Namespace, check, check_reports

PRINTING = threading.Lock()
REAL_REPOSITORY = "neo4j"


def on_real_server(function):
    """Marks a scenario, or what a group's scenarios begin with: the real Neo4j takes part, not the stand-in."""
    function.real = True
    return function


def on_own_kernel(function):
    """The same, on images that have the kernel of their own release; they are loaded for such scenarios only."""
    function.own_kernel = True
    return on_real_server(function)


def restarts_operator(function):
    """Marks a scenario that restarts or kills the operator. One that is deployed is everybody's: nothing else is under way then."""
    function.alone = True
    return function


class Turns:
    """Steps that may go together, and steps that go alone."""

    def __init__(self):
        self.changed = threading.Condition()
        self.together, self.alone, self.waiting = 0, False, 0

    @contextlib.contextmanager
    def shared(self):
        with self.changed:
            self.changed.wait_for(lambda: not self.alone and not self.waiting)
            self.together += 1
        try:
            yield
        finally:
            with self.changed:
                self.together -= 1
                self.changed.notify_all()

    @contextlib.contextmanager
    def exclusive(self):
        with self.changed:
            self.waiting += 1
            self.changed.wait_for(lambda: not self.alone and not self.together)
            self.waiting -= 1
            self.alone = True
        try:
            yield
        finally:
            with self.changed:
                self.alone = False
                self.changed.notify_all()


TURNS = Turns()


class Group:
    """Scenarios that begin with what given(ns) has set up, once for all of them, and get what it returns.

    Each is there without the others, so that a pattern may choose one. After one that failed the others are not run: what
    they would find is not what they were written for.
    """

    def __init__(self, given, *scenarios):
        self.given, self.scenarios = given, scenarios
        self.name = given.__name__.removeprefix("given_")
        for scenario in scenarios:
            scenario.real = getattr(given, "real", False)
            scenario.own_kernel = getattr(given, "own_kernel", False)

    def only(self, chosen):
        """The group with those of its scenarios only."""
        return type(self)(self.given, *[scenario for scenario in self.scenarios if scenario in chosen])


class Chain(Group):
    """A group whose scenarios go on where the one before has ended: whoever chooses one has those before it run, too."""

    def only(self, chosen):
        upto = max((i for i, scenario in enumerate(self.scenarios) if scenario in chosen), default=-1)
        return type(self)(self.given, *self.scenarios[:upto + 1])


class Single(Group):
    """A scenario by itself."""

    def __init__(self, scenario):
        self.given, self.scenarios = None, (scenario,)
        scenario.real = getattr(scenario, "real", False)
        scenario.own_kernel = getattr(scenario, "own_kernel", False)
        self.name = scenario.__name__.removeprefix("test_")

    def only(self, chosen):
        return self


def grouped(tests):
    return [test if isinstance(test, Group) else Single(test) for test in tests]


def listed(tests):
    """Every scenario of the tests, in their order."""
    return [scenario for group in grouped(tests) for scenario in group.scenarios]


def matching(tests, patterns):
    """The groups with those scenarios whose name, or whose group's name, holds one of the patterns."""
    found = []
    for group in grouped(tests):
        chosen = [scenario for scenario in group.scenarios
                  if any(pattern in scenario.__name__ or pattern in group.name for pattern in patterns)]
        if chosen:
            found.append(group.only(chosen))
    return found


def say(text, file=None):
    with PRINTING:
        print(text, file=file or sys.stdout, flush=True)


class Run:
    """One group's run in a namespace of its own."""

    def __init__(self, group):
        self.group, self.namespace, self.broken, self.results = group, None, None, []

    def guarded(self, what, step):
        """How long step() took; if it does not come through, everything that helps to see why is printed."""
        started = time.monotonic()
        try:
            step()
        except Exception:
            report = traceback.format_exc()
            if self.namespace:
                report += self.namespace.dump() + self.namespace.operator.logs()[-4000:]
            say(report, sys.stderr)
            self.broken = what
        return time.monotonic() - started

    def prepare(self):
        self.namespace = Namespace(self.group.name.replace("_", "-"))
        with TURNS.shared():
            state = self.group.given(self.namespace) if self.group.given else None
        self.arguments = (self.namespace,) if state is None else (self.namespace, state)

    def one(self, scenario):
        if self.broken:
            say(f"FAILED {scenario.__name__} (not run: {self.broken} failed)")
            self.results.append(False)
            return
        alone = getattr(scenario, "alone", False) and isinstance(self.namespace.operator, DeployedOperator)
        with TURNS.exclusive() if alone else TURNS.shared():
            took = self.guarded(scenario.__name__, lambda: self.attempt(scenario))
        say(f"{'FAILED' if self.broken else 'ok':6} {scenario.__name__} ({took:.1f} s)")
        self.results.append(not self.broken)

    def attempt(self, scenario):
        scenario(*self.arguments)
        check_reports(self.namespace.name)
        if scenario.real:
            check(REAL_REPOSITORY in self.namespace.repositories, "no real server took part")

    def end(self):
        """What the operator's end has brought to light; there is nothing left that could be printed with it."""
        try:
            check_reports(self.namespace.name)
        except Failure as failure:
            say(failure, sys.stderr)
            self.broken = self.broken or "the operator's end"

    def all(self):
        took = self.guarded(f"given_{self.group.name}", self.prepare)
        if self.group.given:
            say(f"       given_{self.group.name}: {took:.1f} s")
        for scenario in self.group.scenarios:
            self.one(scenario)
        if not self.broken:
            self.guarded("the evidence", self.namespace.keep_evidence)
        if self.namespace:
            self.namespace.close()
            self.end()
        if self.broken and all(self.results):
            self.results[-1] = False
        return self.results


def main(tests, patterns, jobs=2):
    """Runs the scenarios whose name holds a pattern, the last of all tests when the others are done; prints a line each
    and the closing line."""
    started = time.monotonic()
    last = grouped(tests)[-1].name
    chosen = matching(tests, patterns)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(lambda group: Run(group).all(), [group for group in chosen if group.name != last]))
    results += [Run(group).all() for group in chosen if group.name == last]
    verdicts = [verdict for group in results for verdict in group]
    say(f"{verdicts.count(True)} passed, {verdicts.count(False)} failed in {time.monotonic() - started:.0f} s")
    return 0 if verdicts and all(verdicts) else 1
