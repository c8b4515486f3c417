# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# Shell helpers shared by every script of the project. Source it; it defines functions only.
#
#   say TEXT...            one line to the person at the terminal
#   die TEXT...            the same on standard error, and exit 1
#   cache_dir [SUB]        prints (and makes) the folder for things built once, outside the tree:
#                          $NEOFLEET_CACHE, else $XDG_CACHE_HOME/neofleet, else ~/.cache/neofleet
#   with_progress LABEL CMD...   runs CMD with its output in a log, prints a line every few seconds
#                          while it runs; on failure shows the log's tail and returns CMD's status
#   as_root CMD...         runs CMD as root, by sudo where needed

say() { printf '==> %s\n' "$*"; }

die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

cache_dir() {
	local dir=${NEOFLEET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/neofleet}${1:+/$1}
	mkdir -p "$dir"
	printf '%s\n' "$dir"
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		die "root is needed to run '$1'; run this script as root or install sudo"
	fi
}

with_progress() {
	local label=$1 log start last status=0 pid
	shift
	log=$(cache_dir log)/$(printf '%s' "$label" | tr -c 'A-Za-z0-9' '-').$$.log
	say "$label"
	start=$SECONDS
	last=0
	"$@" >"$log" 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		if [ $((SECONDS - start - last)) -ge 10 ]; then
			last=$((SECONDS - start))
			printf '    %s s: %s\n' "$last" "$(tail -n 1 "$log" 2>/dev/null | tr -d '\r' | cut -c1-110)"
		fi
	done
	wait "$pid" || status=$?
	if [ "$status" -ne 0 ]; then
		printf '    failed with status %s; the end of %s:\n' "$status" "$log" >&2
		tail -n 40 "$log" >&2
		return "$status"
	fi
	[ $((SECONDS - start)) -lt 3 ] || printf '    done in %s s\n' "$((SECONDS - start))"
	rm -f "$log"
}
