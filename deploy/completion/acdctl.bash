# SPDX-License-Identifier: Apache-2.0
# Completion of acdctl for bash. Made by clients/cli/pages.py from
# clients/cli/commands.def; do not edit. Source it, or put it into
# /usr/share/bash-completion/completions/ as "acdctl".

_acdctl()
{
        local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
        local command="" i
        local commands="apply status queues agents contacts submit cancel agent gateway events export drain stop version help"
        local -A options=(
                [apply]="--dry-run"
                [status]="--limits --metrics"
                [agents]="--queue --state"
                [contacts]="--queue --agent --key --state --all"
                [submit]="--channel --key --customer --band --credit --skill --exclude --attributes"
                [cancel]="--key"
                [agent]="--auto --address --shared --answer --handle --wrap-up --reject --miss --fixed --count --duration --seed"
                [gateway]="--auto --rate --mix --channel --patience --talk --ring --fail --fixed --count --duration --seed"
                [events]="--from --contact --count --duration"
                [export]="--from --until --follow --fresh --output"
                [drain]="--resume"
                [stop]="--fast"
                [all]="--connect --tenant --client --role --timeout --json"
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
