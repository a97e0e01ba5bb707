#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write what is made from the table of options: the manual page of acdbench and
its completion for bash.

They are kept in the tree, because packages and people take them from there; a
test runs this with --check.

usage: pages.py [--check] ROOT
"""

import pathlib
import re
import sys

PAGE_HEAD = r""".\" SPDX-License-Identifier: Apache-2.0
.\" Made by clients/bench/pages.py from clients/bench/options.def; do not edit.
.TH ACDBENCH 1 "" "acdd" "User Commands"
.SH NAME
acdbench \- load for acdd, and what came of it
.SH SYNOPSIS
.B acdbench
.RB [ \-\-OPTION
.RI [ VALUE ]]...
.RB [ \-\-
.I OPTIONS OF THE DAEMON\fR]
.br
.B acdbench core
.RB [ \-\-callgrind " | " \-\-memory " | " \-\-all ]
.RB [ \-\-long ]
.SH DESCRIPTION
.B acdbench
plays gateways and agents for
.BR acdd (8)
and says how many life cycles a second there were, how much processor time of
the daemon each took, and how long contacts waited for their offer.
A life cycle is: submit, its result, offer, accept, its result, complete, its
result.
.PP
Without
.B \-\-connect
it starts a daemon of its own in a temporary directory, and ends and removes both;
limits are raised to what the run needs, and options after
.B \-\-
are given to the daemon last.
With
.B \-\-connect
it needs a tenant of its own
.RB ( \-\-tenant ),
which it configures; contacts of others in it would be taken for mistakes.
.PP
.B Closed loop
(the preset): so many contacts are under way at any time, and a new one is
submitted when one is completed.
This finds the greatest rate.
Latencies of a closed loop are those of a full daemon and say little else.
.PP
.B Open loop
.RB ( \-\-rate ,
recorded arrivals,
.BR \-\-sweep ):
contacts are submitted when they are due, whatever became of those before.
Latency is counted from when the submit was due, not from when it could be sent,
so that a stall is felt by everybody who came during the stall.
.PP
.BR \-\-waiting :
in a closed loop so many contacts wait in the queues that are served, and each
offer is of the longest waiting.
In an open loop they would be served before the run begins; there they wait in a
queue of their own, whose one agent never comes, and are cancelled at the end.
.PP
.BR \-\-spin :
the load asks its sockets without pause, so that no wake\-up of its own is in the
latencies; its processor time then says nothing.
What was used is told.
.PP
Processor time of the daemon is that of its threads in /proc.
Which process it is, a unix socket tells; over TCP give
.BR \-\-pid .
"""

PAGE_TAIL = r""".SH THE CORE ALONE
.B acdbench core
runs the core without a daemon, a journal or a socket, beside a prototype of bare lists:
processor time for a life cycle by contacts waiting and agents, without and with client keys;
with
.B \-\-callgrind
instructions (valgrind must be there), with
.B \-\-memory
bytes of a contact, with
.B \-\-long
up to ten million contacts and a million agents.
.SH CHECKS
While it runs: every request is answered once and in order, a contact is with
one agent at a time and is completed once, an agent has one contact; at the end
everything that was submitted is completed.
After it, outside of the measured time, the events of the run are read back
through a subscription: each contact is submitted once, closed once and with one
agent at a time, each assignment connects once, nobody is offered before somebody
of the same queue and channel whose turn it is (band, credited arrival,
sequence), numbers have no gap.
The event log is kept to a size; how many events were checked, and how many were
no more in the log, is told.
.SH JSON
.B \-\-json
writes one object.
Times are in microseconds where a key ends in _us, and in the latencies.
.TP
.B settings
address, agents, desktops, gateways, queues, skills, agent_skills, in_flight,
waiting, attributes, seed, spin, pinned.
.TP
.B parts
A list: one measured part, or one a rate of a sweep.
Each has loop ("closed" or "open"), rate_asked, rate_median (of whole seconds), rate (over
all), interval_rates, seconds, life_cycles, submitted, refused, offers_ended,
daemon_cpu_us and client_cpu_us (processor time a life cycle; null: not known),
submit_to_offer_us and submit_to_ack_us (each: count, p50, p90, p99, p99.9, p99.99, max, mean),
late_max_us (the latest that a submit was sent), overloaded, bytes_out, bytes_in, frames_out,
frames_in.
.TP
.B checks
submitted, completed, cancelled, refused, ended, audited, events_checked, events_missing,
failed (checks that failed), violations (the first few, as sentences).
.TP
.B exit_code, trouble
Trouble is null or the sentence that says why the run stopped.
.SH EXAMPLES
The greatest rate without syncs, the daemon on one processor and the load on the other:
.PP
.RS
.B acdbench \-\-pin \-\- \-\-sync never
.RE
.PP
Latency against rate, as a plot:
.PP
.RS
.B acdbench \-\-pin \-\-spin \-\-sweep auto \-\-svg latency.svg
.RE
.PP
Sixteen queues, eight skills an agent, a tenth of the contacts urgent, with three minutes of
talk, 20 a second:
.PP
.RS
.B acdbench \-\-agents 4000 \-\-queues 16 \-\-agent\-skills 8 \-\-band 0=9,10=1
.B \-\-handle lognormal:180000,0.8 \-\-rate 20 \-\-seconds 600
.RE
.SH EXIT STATUS
.TP
.B 0
Done, and every check is good.
.TP
.B 1
A check failed, or the run was interrupted; a sentence says what and which contact.
.TP
.B 2
The command line is wrong. Nothing was sent.
.TP
.B 3
No daemon is there, or it went away.
.TP
.B 4
Something did not come in time.
.SH SEE ALSO
.BR acdd (8),
.BR acdctl (1)
"""

BASH = r"""# SPDX-License-Identifier: Apache-2.0
# Completion of acdbench for bash. Made by clients/bench/pages.py from
# clients/bench/options.def; do not edit. Source it, or put it into
# /usr/share/bash-completion/completions/ as "acdbench".

_acdbench()
{
        local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
        local options="@options@"

        COMPREPLY=()
        case $before in
        --daemon | --data-dir | --hgrm | --svg)
                COMPREPLY=($(compgen -f -- "$word"))
                return
                ;;
        --arrivals)
                COMPREPLY=($(compgen -W "fixed poisson burst: file: bank:" -- "$word"))
                return
                ;;
        esac
        if [[ $word == -* ]]; then
                COMPREPLY=($(compgen -W "$options" -- "$word"))
        fi
}
complete -F _acdbench acdbench
"""


def table(root):
    """Rows: (title,) for a group, (name, argument, text) for an option."""
    text = re.sub(r"/\*.*?\*/", "", (root / "clients/bench/options.def").read_text(), flags=re.S)
    rows = []
    for macro, arguments in re.findall(r"^(GROUP|OPTION)\((.*)\)$", text, re.M):
        rows.append([part.replace('\\"', '"') for part in
                     re.findall(r'"((?:[^"\\]|\\.)*)"', arguments)])
    return rows


def roff(text):
    return text.replace("\\", "\\\\").replace("-", "\\-").replace("'", "\\(aq")


def manual(root):
    lines = [PAGE_HEAD.rstrip("\n"), ".SH OPTIONS"]
    for row in table(root):
        if len(row) == 1:
            lines.append(".SS " + roff(row[0]))
            continue
        name, argument, text = row
        value = ' " " \\fI%s\\fR' % roff(argument) if argument else ""
        lines += [".TP", ".BR \\-\\-%s%s" % (roff(name), value),
                  "%s." % roff(text[0].upper() + text[1:])]
    return "\n".join(lines) + "\n" + PAGE_TAIL


def bash(root):
    return BASH.replace("@options@", " ".join("--" + row[0] for row in table(root)
                                              if len(row) == 3))


def main():
    check = sys.argv[1] == "--check"
    root = pathlib.Path(sys.argv[-1])
    bad = 0
    for path, text in (("docs/man/acdbench.1", manual(root)),
                       ("deploy/completion/acdbench.bash", bash(root))):
        target = root / path
        if not check:
            target.write_text(text)
        elif not target.exists() or target.read_text() != text:
            sys.stderr.write("%s is not what clients/bench/pages.py makes; run it\n" % target)
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
