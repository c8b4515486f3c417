# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# Programs that a folder's go.mod and go.sum pin, each built once from its Go module; sourced after common.sh and packages.sh.
#
#   gotool_path FOLDER                                    prints where the folder's program is
#   gotool_build NAME FOLDER PACKAGE [GO BUILD OPTION]... builds it if the cache lacks it; says nothing on standard output

gotool_path() { # FOLDER
	local digest
	digest=$(cat "$1/go.mod" "$1/go.sum" | sha256sum | cut -c1-16)
	printf '%s\n' "$(cache_dir tools)/${1##*/}-$digest"
}

gotool_make() { # FOLDER OUT PACKAGE [GO BUILD OPTION]...
	local out=$2 package=$3
	cd "$1" || return 1
	shift 3
	CGO_ENABLED=0 GOTOOLCHAIN=auto nice -n 19 go build -mod=readonly -p 2 -trimpath "$@" -o "$out.new" "$package"
	mv "$out.new" "$out"
}

gotool_build() { # NAME FOLDER PACKAGE [GO BUILD OPTION]...
	local name=$1 folder=$2 out
	shift 2
	out=$(gotool_path "$folder")
	[ -x "$out" ] && return 0
	packages_go >&2
	# shellcheck disable=SC2016 # expanded inside
	flock "$out.lock" bash -euo pipefail -c '
		. script/lib/common.sh
		. script/lib/gotool.sh
		name=$1 folder=$2 out=$3
		shift 3
		[ -x "$out" ] || with_progress "building $name (some minutes, once)" gotool_make "$folder" "$out" "$@"' bash "$name" "$folder" "$out" "$@" >&2
}
