# The watchdog of a process: it ends its parent when that hangs, and becomes its successor. Bash
# reads this from the pipe on which the parent's signs of life follow, an empty line each.
#
# Arguments: a name for people, the process, the milliseconds between two signs of life, how many
# of them may be missing, the directory where it is noted who runs (empty for none).
#
# A wait without a sign counts only if it took about as long as it should: when this process was
# held up itself, the machine is busy or stood still as a whole, and the count begins anew.

headrace_watchdog() {
    set -f
    trap '' PIPE # who reads the log may be gone
    local parent=$2 between=$3 missing=$4 directory=$5
    local most=5 span=60 # restarts, in seconds
    local state ppid started born wait first silent before now status may_restart said command

    say() { printf '%(%FT%T%z)T headrace watchdog: %s\n' -1 "$*" >&2; }

    # Sets state, ppid and started of a process; false when there is none.
    look() {
        local line fields
        { IFS= read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
        # shellcheck disable=SC2206 # words, without patterns
        fields=(${line##*) })
        state=${fields[0]} ppid=${fields[1]} started=${fields[19]}
    }

    is_mine() {
        look $$ && [ "$ppid" = "$parent" ] && look "$parent" && [ "$started" = "$born" ]
    }

    # Hundredths of a second that only grow; nobody sets this clock.
    uptime() {
        local line
        read -r line _ </proc/uptime
        now=$((10#${line/./}))
    }

    # Notes in a file of the directory that this process is what the file is about.
    note() {
        local boot
        [ -n "$directory" ] || return 0
        read -r boot </proc/sys/kernel/random/boot_id
        look $$
        (
            umask 077
            printf '%s %s@%s\n%s' $$ "$started" "$boot" "${2-}" >"$directory/$1.new-$$" &&
                mv -f "$directory/$1.new-$$" "$directory/$1"
        )
    }

    # The restarts of the last minute, this one included.
    count_restarts() {
        local one recent=()
        uptime
        for one in ${HEADRACE_WATCHDOG_RESTARTS-} "$now"; do
            [[ $one =~ ^[0-9]{1,15}$ ]] && ((now - one < span * 100)) && recent+=("$one")
        done
        export HEADRACE_WATCHDOG_RESTARTS="${recent[*]}"
        ((${#recent[@]} <= most))
    }

    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
        say "bash 4.4 is needed; nobody will notice when process $parent hangs"
        exit 0
    fi
    if ((parent == 1)); then
        say "process 1 can only be ended from outside its container; nobody here will notice when it hangs"
        exit 0
    fi
    look "$parent" || exit 0
    born=$started
    is_mine || exit 0
    mapfile -d '' -t command <"/proc/$parent/cmdline"
    note watchdog

    printf -v wait '%d.%03d' $((between / 1000)) $((between % 1000))
    printf -v first '%d.%03d' $((2 * between / 1000)) $((2 * between % 1000))
    silent=0
    while ((silent < missing)); do
        if ((silent == 0)); then
            IFS= read -r -t "$first" _
            status=$?
        else
            IFS= read -r -t "$wait" _
            status=$?
        fi
        if ((status == 0)); then
            silent=0
        elif ((status <= 128)); then
            exit 0 # the parent has ended
        elif ((silent == 0)); then
            silent=2
            uptime
            before=$now
        else
            uptime
            if (((now - before) * 10 > 2 * between)); then
                silent=0
            else
                silent=$((silent + 1))
                before=$now
            fi
        fi
    done

    is_mine || exit 0
    count_restarts
    may_restart=$?
    say "process $parent gave no sign of life for $((between * missing)) ms: it is ended"
    kill -9 "$parent" || exit 1
    # The pipe ends when its files are closed.
    said=
    while :; do
        IFS= read -r -t 10 _
        case $? in
        0) ;;
        1) break ;;
        *)
            [ -n "$said" ] || say "process $parent does not end yet: it waits for a device"
            said=yes
            ;;
        esac
    done
    while look "$parent" && [ "$started" = "$born" ] && [ "$state" != Z ]; do
        sleep 0.02
    done
    if ((may_restart != 0)); then
        say "it hung more than $most times within $span s: it stays ended"
        exit 1
    fi
    note pid "instead of $parent"
    trap - PIPE
    say "process $parent is started again, as process $$"
    exec "${command[@]}" </dev/null
}

headrace_watchdog "$@"
