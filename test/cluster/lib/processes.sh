# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154

# Long-running parts: one pid file and one log each.

# process_start NAME CMD...: inside the cluster's network namespace, detached from this shell.
process_start() {
	process_start_in "$netns" "$@"
}

process_start_in() { # NETNS NAME CMD...
	local inside=$1 part=$2
	shift 2
	! process_alive "$part" || return 0
	nsenter --net="/run/netns/$inside" setsid "$@" >>"$run/log/$part.log" 2>&1 </dev/null &
	printf '%s\n' "$!" >"$run/pid/$part"
}

# A pid file may outlive its process and its pid be somebody else's: the command line must speak of this cluster.
process_alive() {
	local pid
	pid=$(cat "$run/pid/$1" 2>/dev/null) || return 1
	[ -n "$pid" ] && process_names "$pid" "$run/" "$state/"
}

# process_names PID PART PART: whether its command line has one of the two.
# grep reads to the end: what writes to one that leaves early would fail, and the process would pass for somebody else's.
process_names() {
	[ -r "/proc/$1/cmdline" ] || return 1
	{ tr "\0" " " <"/proc/$1/cmdline"; } 2>/dev/null | grep -F -e "$2" -e "$3" >/dev/null
}

process_ids() { # PART PART
	local proc pid
	for proc in /proc/[0-9]*; do
		pid=${proc#/proc/}
		[ "$pid" != "$$" ] && [ "$pid" != "$BASHPID" ] && process_names "$pid" "$1" "$2" && printf '%s\n' "$pid"
	done
	return 0
}

# await SECONDS LABEL CMD...: until CMD succeeds; says what it waited for when it does not.
await() {
	local limit=$1 label=$2 end
	shift 2
	end=$((SECONDS + limit))
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || die "$label: not within $limit s; logs are in $run/log"
		sleep 0.1
	done
}
