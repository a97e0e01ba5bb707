# SPDX-License-Identifier: Apache-2.0
# Completion of acdbench for bash. Made by clients/bench/pages.py from
# clients/bench/options.def; do not edit. Source it, or put it into
# /usr/share/bash-completion/completions/ as "acdbench".

_acdbench()
{
        local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
        local options="--connect --desktop-connect --daemon --data-dir --tcp --tenant --pid --pin --pin-to --agents --desktops --gateways --queues --skills --agent-skills --no-setup --mix --channel --band --credit --attributes --client-keys --customer-keys --handle --waiting --all-pushes --in-flight --rate --arrivals --speed --sweep --warm-up --seconds --count --spin --timeout --no-audit --seed --json --hgrm --svg --quiet --help --version"

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
