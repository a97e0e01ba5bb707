# SPDX-License-Identifier: Apache-2.0
"""A reader of queue_log files, written from what the format is and from nothing
of this project: it stands for the reporting that people have.

It trusts column 1 for the time and column 2 for who it is about, so its hold and
talk times come from other columns than those that the lines state.
"""

from collections import namedtuple

Line = namedtuple("Line", "second call queue agent event data")
# How many fields follow each name at least.
FIELDS = {
    "ENTERQUEUE": 3, "CONNECT": 3, "COMPLETEAGENT": 3, "COMPLETECALLER": 3, "ABANDON": 3,
    "EXITWITHTIMEOUT": 3, "EXITEMPTY": 3, "EXITWITHKEY": 4, "WITHDRAW": 4, "RINGNOANSWER": 1,
    "RINGCANCELED": 1, "AGENTDUMP": 0, "SYSCOMPAT": 0, "BLINDTRANSFER": 5,
    "ATTENDEDTRANSFER": 5, "ADDMEMBER": 0, "REMOVEMEMBER": 0, "PAUSE": 0, "UNPAUSE": 0,
    "PAUSEALL": 0, "UNPAUSEALL": 0, "PENALTY": 1, "RINGINUSE": 1, "OUTCALL": 1,
    "AGENTLOGIN": 1, "AGENTLOGOFF": 2, "QUEUESTART": 0, "CONFIGRELOAD": 0,
}
COMPLETED = ("COMPLETEAGENT", "COMPLETECALLER")
GONE = ("ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY", "WITHDRAW")


def parse(text):
    """The lines; ValueError names the one that is none."""
    lines = []
    for number, row in enumerate(text.splitlines(), 1):
        fields = row.split("|")
        if len(fields) < 6 or not fields[0].isdigit() or fields[4] not in FIELDS:
            raise ValueError("line %d: %r" % (number, row))
        if len(fields) - 5 < FIELDS[fields[4]]:
            raise ValueError("line %d has too few fields: %r" % (number, row))
        lines.append(Line(int(fields[0]), *fields[1:5], fields[5:]))
    return lines


class Queue:
    """What a report says about a queue."""

    def __init__(self):
        self.entered = self.answered = self.abandoned = self.withdrawn = self.completed = 0
        self.calls_answered = set()
        self.hold = []
        self.talk = []

    def mean_hold(self):
        return sum(self.hold) / len(self.hold) if self.hold else 0

    def mean_talk(self):
        return sum(self.talk) / len(self.talk) if self.talk else 0


def statistics(lines):
    """name -> Queue, and what does not fit together, as sentences."""
    queues, entered, connected, odd = {}, {}, {}, []

    def agrees(line, what, stated, seen):
        if stated != "" and abs(int(stated) - seen) > 1:
            odd.append("%s: %s is stated %s, seen %d" % (line, what, stated, seen))

    for line in lines:
        queue = queues.setdefault(line.queue, Queue()) if line.queue != "NONE" else None
        if line.event == "ENTERQUEUE":
            queue.entered += 1
            entered[line.call] = line.second
        elif line.event == "CONNECT":
            queue.answered += 1
            queue.calls_answered.add(line.call)
            connected[line.call] = line.second
            hold = line.second - entered.get(line.call, line.second - int(line.data[0]))
            queue.hold.append(hold)
            agrees(line, "hold", line.data[0], hold)
        elif line.event in COMPLETED:
            queue.completed += 1
            talk = line.second - connected.pop(line.call, line.second - int(line.data[1]))
            queue.talk.append(talk)
            agrees(line, "talk", line.data[1], talk)
        elif line.event in GONE:
            queue.abandoned += line.event == "ABANDON"
            queue.withdrawn += line.event == "WITHDRAW"
            at = 1 if line.event == "EXITWITHKEY" else 0
            agrees(line, "wait", line.data[at + 2],
                   line.second - entered.get(line.call, line.second - int(line.data[at + 2])))
    return queues, odd
