# SPDX-License-Identifier: Apache-2.0
"""A day of a small call center as an Asterisk would have logged it.

A plain simulation of its own: two queues, agents who come and go, callers who
lose patience. The same seed is the same day. It counts what happened while it
happens, so that a reader of the file can be held against it.

    queue_log_day.py SEED > queue_log
"""

import heapq
import random
import sys

MIDNIGHT = 1767571200  # 2026-01-05, a Monday, UTC
OPENS, CLOSES = 8 * 3600, 18 * 3600
TALK_S, PATIENCE_S, WRAP_UP_S, TIMEOUT_S = 210, 240, 25, 300
# A queue's calls an hour, and its agents.
QUEUES = {"support": 75, "sales-north": 45}
AGENTS = {"SIP/%d" % number: ["support"] if number % 3 else ["support", "sales-north"]
          for number in range(101, 114)}


class Agent:
    def __init__(self, queues):
        self.queues = queues
        self.is_in = self.is_paused = self.is_busy = False
        self.idle_since = 0

    def is_ready(self):
        return self.is_in and not self.is_paused and not self.is_busy


class Day:
    """lines, and the counts of what they say."""

    def __init__(self, seed, midnight=MIDNIGHT):
        self.random = random.Random(seed)
        self.midnight = midnight
        self.lines = []
        self.agents = {name: Agent(queues) for name, queues in AGENTS.items()}
        self.waiting = []  # (arrival, number, queue, position at entry)
        self.tasks = []
        self.turn = 0
        self.calls = self.answered = self.abandoned = self.timed_out = self.shifts = 0
        self.wait_sum = 0
        self.play()

    def at(self, second, what, *arguments):
        self.turn += 1
        heapq.heappush(self.tasks, (second, self.turn, what, arguments))

    def say(self, second, call, queue, agent, event, *parameters):
        self.lines.append("|".join([str(self.midnight + int(second)), call, queue, agent, event,
                                    *[str(part) for part in parameters]] +
                                   ([] if parameters else [""])))

    @staticmethod
    def id_of(number):
        return "176757%04d.%d" % (number, number * 2)

    def plan_agents(self):
        for index, name in enumerate(self.agents):
            come = OPENS - 300 + index * 37
            noon = 11.5 * 3600 + index * 600
            for second, what in ((come, self.come), (noon, self.pause),
                                 (noon + 1800, self.unpause),
                                 (CLOSES + 120 + index * 11, self.go)):
                self.at(int(second), what, name)

    def plan_calls(self):
        for queue, rate in QUEUES.items():
            second = OPENS + self.random.expovariate(rate / 3600)
            while second < CLOSES:
                self.at(int(second), self.arrive, queue)
                second += self.random.expovariate(rate / 3600)

    def play(self):
        self.say(0, "NONE", "NONE", "NONE", "QUEUESTART")
        self.plan_agents()
        self.plan_calls()
        while self.tasks:
            second, _turn, what, arguments = heapq.heappop(self.tasks)
            what(second, *arguments)

    def come(self, second, name):
        for queue in self.agents[name].queues:
            self.say(second, "MANAGER", queue, name, "ADDMEMBER", "")
        self.agents[name].is_in = True
        self.shifts += 2
        self.free(second, name)

    def go(self, second, name):
        for queue in self.agents[name].queues:
            self.say(second, "MANAGER", queue, name, "REMOVEMEMBER", "")
        self.agents[name].is_in = False

    def pause(self, second, name):
        self.say(second, "NONE", "NONE", name, "PAUSEALL", "lunch")
        for queue in self.agents[name].queues:
            self.say(second, "NONE", queue, name, "PAUSE", "lunch")
        self.agents[name].is_paused = True

    def unpause(self, second, name):
        self.say(second, "NONE", "NONE", name, "UNPAUSEALL", "")
        for queue in self.agents[name].queues:
            self.say(second, "NONE", queue, name, "UNPAUSE", "")
        self.agents[name].is_paused = False
        self.free(second, name)

    def arrive(self, second, queue):
        self.calls += 1
        number = self.calls
        position = 1 + sum(call[2] == queue for call in self.waiting)
        self.say(second, self.id_of(number), queue, "NONE", "ENTERQUEUE", "", "0%d" % number,
                 position)
        ready = [(agent.idle_since, name) for name, agent in self.agents.items()
                 if agent.is_ready() and queue in agent.queues]
        self.waiting.append((second, number, queue, position))
        if ready:
            self.connect(second, min(ready)[1], self.waiting[-1])
        else:
            patience = max(1, round(self.random.expovariate(1 / PATIENCE_S)))
            self.at(second + min(patience, TIMEOUT_S), self.leave, number, patience > TIMEOUT_S)

    def connect(self, second, name, call):
        arrival, number, queue, position = call
        self.waiting.remove(call)
        agent = self.agents[name]
        agent.is_busy = True
        self.answered += 1
        self.wait_sum += second - arrival
        talk = max(1, round(self.random.lognormvariate(0, 0.8) * TALK_S / 1.377))
        self.say(second, self.id_of(number), queue, name, "CONNECT", second - arrival,
                 self.id_of(number + 5000), 0)
        self.at(second + talk, self.complete, name, call, second - arrival, talk)

    def complete(self, second, name, call, hold, talk):
        event = self.random.choice(["COMPLETEAGENT", "COMPLETECALLER"])
        if self.random.random() < 0.05:
            self.say(second, self.id_of(call[1]), call[2], name, "BLINDTRANSFER", "200",
                     "internal", hold, talk, call[3])
        else:
            self.say(second, self.id_of(call[1]), call[2], name, event, hold, talk, call[3])
        self.at(second + max(1, round(self.random.expovariate(1 / WRAP_UP_S))), self.wrapped_up,
                name)

    def wrapped_up(self, second, name):
        self.agents[name].is_busy = False
        self.free(second, name)

    def free(self, second, name):
        agent = self.agents[name]
        agent.idle_since = second
        mine = [call for call in self.waiting if call[2] in agent.queues]
        if agent.is_ready() and mine:
            self.connect(second, name, min(mine))

    def leave(self, second, number, is_timeout):
        for call in self.waiting:
            if call[1] == number:
                position = 1 + sum(other[2] == call[2] and other < call for other in self.waiting)
                self.waiting.remove(call)
                self.timed_out += is_timeout
                self.abandoned += not is_timeout
                self.say(second, self.id_of(number), call[2], "NONE",
                         "EXITWITHTIMEOUT" if is_timeout else "ABANDON", position, call[3],
                         second - call[0])
                return

    def text(self):
        return "\n".join(self.lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(Day(int(sys.argv[1])).text())
