# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154

# An archive is imported once for each of its contents.

image_run() {
	ctr --address "$socket" --namespace k8s.io "$@"
}

image_load() { # FILE
	local stamp
	stamp=$node_run/containerd/neofleet-loaded-$(stat -L -c '%s-%Y' "$1" | tr -d '\n'; sha256sum <"$1" | cut -c1-32)
	[ ! -e "$stamp" ] || return 0
	image_run images import --no-unpack=false "$1" >/dev/null 2>&1 || image_run images import "$1" >/dev/null
	touch "$stamp"
}

command_image() {
	local file=${1:-} source target loads=()
	[ -r "$file" ] || die "image: '$file' cannot be read; usage: script/cluster image FILE [NAME]..."
	shift
	source=$(tar -xOf "$file" manifest.json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["RepoTags"][0])')
	for node in node $(node_names); do
		(node_set "$node" && image_onto "$file" "$source" "$@") &
		loads+=($!)
	done
	node_set node
	for target in "${loads[@]}"; do wait "$target"; done
}

# A node that is dead gets none.
image_onto() { # FILE SOURCE [NAME]...
	local file=$1 source=$2 target
	shift 2
	process_alive "containerd$node_suffix" || return 0
	image_load "$file"
	for target in "$@"; do
		[ "$(image_name "$target")" = "$(image_name "$source")" ] ||
			image_run images tag --force "$(image_name "$source")" "$(image_name "$target")" >/dev/null
	done
}

# The full name that kubelet asks for: neo4j:5 is docker.io/library/neo4j:5.
image_name() {
	case $1 in
	*.*/* | localhost/*) printf '%s\n' "$1" ;;
	*/*) printf 'docker.io/%s\n' "$1" ;;
	*) printf 'docker.io/library/%s\n' "$1" ;;
	esac
}
