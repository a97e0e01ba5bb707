#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write what is made from the table of commands: the manual page and the
completion for bash.

Both say what acdctl help says, in other forms; made from clients/cli/commands.def
they cannot say anything else. They are kept in the tree, because packages and
people take them from there; a test runs this with --check.

usage: pages.py [--check] ROOT
"""

import pathlib
import re
import sys

PAGE_HEAD = r""".\" SPDX-License-Identifier: Apache-2.0
.\" Made by clients/cli/pages.py from clients/cli/commands.def; do not edit.
.TH ACDCTL 1 "" "acdd" "User Commands"
.SH NAME
acdctl \- talk to acdd, the automatic contact distributor
.SH SYNOPSIS
.B acdctl
.I COMMAND
.RI [ ARGUMENTS ]
.RB [ \-\-OPTION
.RI [ VALUE ]]...
.SH DESCRIPTION
.B acdctl
configures a running
.BR acdd (8),
shows how it stands, submits and cancels contacts, is an agent's desktop in the
terminal, and plays agents and gateways for tests.
Results are tables for people; with
.B \-\-json
they are one JSON document, or one a line.
Every error ends with a command to try.
.PP
Options may stand before and after the command and its arguments, as
.B \-\-name value
or
.BR \-\-name=value ;
.B \-\-
ends them.
Durations have a unit: 500ms, 30s, 1m30s, 2h.
Ids are 13 letters and digits.
"""

PAGE_TAIL = r""".SH KEYS OF THE DESKTOP
.B acdctl agent
.I NAME
draws the agent's desk.
.BR r " is ready, " p " pauses and asks why, " a " accepts the offer, " x " rejects it,"
.BR c " completes the contact, " h " holds it and takes it back, " k " parks it, " u " takes the"
oldest parked one back,
.BR w " ends the wrap\-up, " e " extends it by a minute, " n " chooses what follows this"
contact,
.BR q " logs out, " ? " helps."
.SH ENVIRONMENT
.TP
.B ACD_CONNECT
Address of the daemon, when
.B \-\-connect
is not given.
.TP
.B ACD_TENANT
Tenant, when
.B \-\-tenant
is not given.
.TP
.B NO_COLOR
When set and not empty: no colours and no bold type.
.SH EXIT STATUS
.TP
.B 0
Done, now or before.
.TP
.B 1
Refused by the daemon; the message has the code, the field at fault and a command to try.
.TP
.B 2
The command line, or the file to apply, is wrong. Nothing was sent.
.TP
.B 3
No daemon is there, or the connection was lost.
.TP
.B 4
No answer in time.
.TP
.B 5
The role of the connection may not do that.
.SH FILES
The configuration that
.B acdctl apply
reads is described in
.IR docs/CONFIGURATION.md .
.SH SEE ALSO
.BR acdd (8)
"""

BASH = r"""# SPDX-License-Identifier: Apache-2.0
# Completion of acdctl for bash. Made by clients/cli/pages.py from
# clients/cli/commands.def; do not edit. Source it, or put it into
# /usr/share/bash-completion/completions/ as "acdctl".

_acdctl()
{
        local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
        local command="" i
        local commands="@commands@"
        local -A options=(
@options@
        )

        for ((i = 1; i < COMP_CWORD; i++)); do
                if [[ " $commands " == *" ${COMP_WORDS[i]} "* ]]; then
                        command=${COMP_WORDS[i]}
                        break
                fi
        done

        COMPREPLY=()
        case $command:$before in
        agents:--state)
                COMPREPLY=($(compgen -W "logged-out ready paused lost" -- "$word"))
                return
                ;;
        contacts:--state)
                COMPREPLY=($(compgen -W \
                        "waiting withheld offered connecting active ended" -- "$word"))
                return
                ;;
        help:help)
                COMPREPLY=($(compgen -W "$commands" -- "$word"))
                return
                ;;
        esac
        if [[ $word == -* ]]; then
                COMPREPLY=($(compgen -W "${options[$command]} ${options[all]}" -- "$word"))
        elif [[ -z $command ]]; then
                COMPREPLY=($(compgen -W "$commands" -- "$word"))
        elif [[ $command == apply ]]; then
                COMPREPLY=($(compgen -f -- "$word"))
        elif [[ $command == export ]]; then
                COMPREPLY=($(compgen -W "queue_log" -- "$word"))
        fi
}
complete -F _acdctl acdctl
"""


def table(root):
    text = (root / "clients/cli/commands.def").read_text()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    commands, options = [], []
    for macro, arguments in re.findall(r"^(COMMAND|OPTION)\((.*)\)$", text, re.M):
        row = [part.strip().strip('"') for part in
               re.findall(r'\s*"(?:[^"\\]|\\.)*"|[^,]+', arguments)]
        (commands if macro == "COMMAND" else options).append(row)
    return commands, options


def roff(text):
    return text.replace("\\", "\\\\").replace("-", "\\-").replace("'", "\\(aq")


def option_lines(options, command):
    for owner, name, _type, argument, text in options:
        if owner != command:
            continue
        yield ".TP"
        value = ' " " \\fI%s\\fR' % roff(argument) if argument else ""
        yield ".BR \\-\\-%s%s" % (roff(name), value)
        yield "%s." % roff(text[0].upper() + text[1:])


def manual(root):
    commands, options = table(root)
    lines = [PAGE_HEAD.rstrip("\n"), ".SH COMMANDS"]
    for name, arguments, _least, _most, _role, summary, example in commands:
        lines += [".SS acdctl %s %s" % (name, roff(arguments)) if arguments else ".SS acdctl " +
                  name, "%s." % roff(summary[0].upper() + summary[1:])]
        lines += option_lines(options, name)
        lines += [".PP", "Example:", ".PP", ".RS", ".B %s" % roff(example), ".RE"]
    lines += [".SH OPTIONS OF EVERY COMMAND"]
    lines += option_lines(options, "all")
    return "\n".join(lines) + "\n" + PAGE_TAIL


def bash(root):
    commands, options = table(root)
    rows = []
    for name in [row[0] for row in commands] + ["all"]:
        words = " ".join("--" + row[1] for row in options if row[0] == name)
        if words:
            rows.append('                [%s]="%s"' % (name, words))
    return BASH.replace("@commands@", " ".join(row[0] for row in commands)).replace(
        "@options@", "\n".join(rows))


def main():
    check = sys.argv[1] == "--check"
    root = pathlib.Path(sys.argv[-1])
    bad = 0
    for path, text in (("docs/man/acdctl.1", manual(root)),
                       ("deploy/completion/acdctl.bash", bash(root))):
        target = root / path
        if not check:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        elif not target.exists() or target.read_text() != text:
            sys.stderr.write("%s is not what clients/cli/pages.py makes; run it\n" % target)
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
