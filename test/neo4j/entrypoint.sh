#!/bin/bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Entrypoint of the test image. It does what the official image's entrypoint does, step by step and in its order; the server is started as
# there, by the command that the real bootloader prints, evaluated by this shell. entrypoint.tsv describes each step of the official
# one, and says where ours does otherwise and why. That which makes the Community kernel stand in for the product is in standin.sh.
set -euo pipefail

readonly home=${NEO4J_HOME:-/var/lib/neo4j}
readonly share=/usr/local/share/neo4j-image
readonly conf=$home/conf/neo4j.conf
readonly cmd=${1:-neo4j}
# shellcheck source=test/neo4j/standin.sh
. "$share/standin.sh"

note() { printf '%s\n' "$*" >&2; }
refuse() {
	note "$@"
	exit 1
}

root() { [ "$(id -u)" -eq 0 ]; }

as_neo4j() {
	if root; then
		setpriv --reuid=7474 --regid=7474 --clear-groups -- "$@"
	else
		"$@"
	fi
}

# The hints stand behind the cause, as there: who looks at the last line alone learns nothing.
not_accessible() {
	refuse "
Folder $1 is not accessible for user: $(id -u) or group $(id -g). Its mode or its owner is not fit for what is mounted there.

Hints:
1) Give it to the user, for example by fsGroup 7474.
2) Start the container as the folder's owner:
  --user=\$(id -u):\$(id -g)
       "
}

need_readable() { as_neo4j test -r "$1" || not_accessible "$1"; }

# As root the folder is given to the server's user instead.
need_writable() {
	if root; then
		as_neo4j test -w "$1" || chown -R 7474:7474 "$1"
	elif [ ! -w "$1" ] && [ "$(stat -c %U "$1")" != neo4j ]; then
		not_accessible "$1"
	fi
}

owners() {
	root || return 0
	chown -R 7474:7474 "$home"/{conf,import,licenses,plugins,run}
	find "$home/conf" -type f -exec chmod 600 {} +
}

# ---- variables ------------------------------------------------------------------------------------

# NEO4J_X_FILE=path gives NEO4J_X the file's content.
secret_files() {
	local name file
	for name in $(compgen -e | grep -E '^NEO4J_.*_FILE$' || true); do
		file=${!name}
		[ -r "$file" ] || refuse "The secret file '$file' of $name does not exist or is not readable."
		export "${name%_FILE}=$(<"$file")"
	done
}

license() {
	[[ $cmd == *neo4j* && ${NEO4J_EDITION:-} == enterprise ]] || return 0
	case ${NEO4J_ACCEPT_LICENSE_AGREEMENT:-} in
	yes | eval) ;;
	*) refuse "
In order to use Neo4j Enterprise Edition you must accept the license agreement.

Set the variable to 'yes', or to 'eval' for an evaluation:

    --env=NEO4J_ACCEPT_LICENSE_AGREEMENT=<yes|eval>
" ;;
	esac
}

old_plugins_variable() {
	[ -n "${NEO4JLABS_PLUGINS:-}" ] || return 0
	note "NEO4JLABS_PLUGINS is now called NEO4J_PLUGINS; the old name still works."
	: "${NEO4J_PLUGINS:=$NEO4JLABS_PLUGINS}"
}

# $1 is the variable of a setting: it has the value of the variable $2 where it has none.
old_variable() {
	local old=${!2:-}
	[ -n "${!1:-}" ] || printf -v "$1" %s "$old"
}

old_variables() {
	old_variable NEO4J_db_tx__log_rotation_retention__policy NEO4J_dbms_tx__log_rotation_retention__policy
	old_variable NEO4J_server_memory_pagecache_size NEO4J_dbms_memory_pagecache_size
	old_variable NEO4J_server_default__listen__address NEO4J_dbms_default__listen__address
	[ "${NEO4J_EDITION:-}" = enterprise ] || return 0
	[[ $release != 5.* ]] ||
		old_variable NEO4J_server_discovery_advertised__address NEO4J_causal__clustering_discovery__advertised__address
	old_variable NEO4J_server_cluster_advertised__address NEO4J_causal__clustering_transaction__advertised__address
	old_variable NEO4J_server_cluster_raft_advertised__address NEO4J_causal__clustering_raft__advertised__address
}

# ---- folders --------------------------------------------------------------------------------------

# A mounted folder is a setting's value like one from the environment, which wins over neo4j.conf.
folders() {
	local dir name
	if [ -d /conf ]; then
		need_readable /conf
		rm -rf "${home:?}"/conf/*
		find /conf -type f -exec cp --preserve=ownership,mode {} "$home/conf" \;
	fi
	if [ -d /ssl ]; then
		need_readable /ssl
		rm -rf "$home/certificates"
		ln -s /ssl "$home/certificates"
	fi
	for dir in plugins import metrics logs licenses; do
		[ -d "/$dir" ] || continue
		case $dir in
		metrics) [ "${NEO4J_EDITION:-}" = enterprise ] || continue ;;&
		metrics | logs) need_writable "/$dir" ;;
		plugins) [ -z "${NEO4J_PLUGINS:-}" ] || need_writable /plugins ;;&
		*) need_readable "/$dir" ;;
		esac
		name=NEO4J_server_directories_$dir
		[ -n "${!name:-}" ] || printf -v "$name" %s "/$dir"
	done
	for dir in /data /data/databases /data/dbms /data/transactions; do
		[ ! -d "$dir" ] || need_writable "$dir"
	done
}

# ---- plugins --------------------------------------------------------------------------------------

# Name, jar inside the home folder, and the settings in their order, by '|'.
plugin_table() {
	local unrestricted=dbms.security.procedures.unrestricted
	printf '%s\n' \
		"apoc|labs/apoc-*-core.jar|$unrestricted=apoc.*" \
		"apoc-extended||$unrestricted=apoc.*" \
		"bloom|products/bloom-plugin-*.jar|server.unmanaged_extension_classes=com.neo4j.bloom.server=/browser/bloom|$unrestricted=bloom.*|dbms.bloom.license_file=/licenses/bloom.license" \
		"fleet-management|products/neo4j-fleet-management-*.jar|$unrestricted=fleetManagement.*|dbms.security.procedures.allowlist=fleetManagement.*" \
		"genai|products/neo4j-genai-plugin-*.jar|$unrestricted=genai.*" \
		"graph-data-science|products/neo4j-graph-data-science-*.jar|$unrestricted=gds.*"
	case $release in 5.*) printf '%s\n' "n10s||$unrestricted=semantics.*" ;; esac
}

# Whether FILE names the setting anywhere but in a comment.
mentions() { grep -o '^[^#]*' "$2" | grep -qF "$1="; }

# PLUGIN's settings; BEFORE is the configuration as it was before any plugin.
plugin_settings() {
	local before=$2 setting name value
	shift 2
	for setting in "$@"; do
		name=${setting%%=*} value=${setting#*=}
		if mentions "$name" "$before"; then
			note "Skipping $name: it is set already. You may need to add $value to it."
		elif mentions "$name" "$conf"; then
			sed -i "s|$name=|&$value,|" "$conf"
		else
			printf '\n%s\n' "$setting" >>"$conf"
		fi
	done
}

plugin_install() { # BEFORE ROW
	local before=$1 dir=$home/plugins row name jar
	IFS='|' read -r -a row <<<"$2"
	name=${row[0]}
	[ ! -d /plugins ] || dir=/plugins
	jar=
	# shellcheck disable=SC2086 # the glob is meant to expand
	[ -z "${row[1]}" ] || ! bundled "$name" || jar=$(compgen -G "$home/${row[1]}" || true)
	if [ -z "$jar" ]; then
		note "ERROR: plugin '$name' is not bundled with Neo4j $release and could not be downloaded." \
			"Neo4j will continue to start, but \"$name\" will not be loaded."
		return
	fi
	note "Installing Plugin '$name' from $jar to $dir/$name.jar"
	cp --preserve "$jar" "$dir/$name.jar"
	chmod +rw "$dir/$name.jar"
	installed+=("$name")
	plugin_settings "$name" "$before" "${row[@]:2}"
}

# A list that is none is jq's error and no plugin.
plugins() {
	local before name row rows=()
	[ -n "${NEO4J_PLUGINS:-}" ] || return 0
	for name in $(jq -r '.[]' <<<"$NEO4J_PLUGINS"); do
		row=$(plugin_table | awk -F '|' -v name="$name" '$1 == name')
		[ -n "$row" ] || refuse "\"$name\" is not a known Neo4j plugin. Options are:"$'\n'"$(plugin_table | cut -d '|' -f 1 | LC_ALL=C sort)"
		rows+=("$row")
	done
	before=$(mktemp)
	touch "$conf"
	cat "$conf" >"$before"
	for row in "${rows[@]}"; do plugin_install "$before" "$row"; done
	rm "$before"
}

# ---- settings -------------------------------------------------------------------------------------

default() { grep -q "^$1=" "$conf" 2>/dev/null || printf '\n%s=%s\n' "$1" "$2" >>"$conf"; }

docker_defaults() {
	default server.memory.pagecache.size 512M
	default server.default_listen_address 0.0.0.0
	[ "${NEO4J_EDITION:-}" = enterprise ] || return 0
	[[ $release != 5.* ]] || default server.discovery.advertised_address "$(hostname):5000"
	default server.cluster.advertised_address "$(hostname):6000"
	default server.cluster.raft.advertised_address "$(hostname):7000"
	default server.routing.advertised_address "$(hostname):7688"
}

# In place of what stands in the file, but for the one setting that may stand there more than once.
env_setting() { # NAME VALUE
	local file=$conf
	[[ $1 != apoc.* ]] || file=$home/conf/apoc.conf
	if [ "$1" != server.jvm.additional ] && [ -e "$file" ] && grep -qF "$1=" "$file"; then
		sed -i "/^$1=.*/d" "$file"
	fi
	printf '%s=%s\n' "$1" "$2" >>"$file"
}

# This shell's own variables count, too: the steps before have set some.
env_settings() {
	local name value setting
	for name in $(compgen -v NEO4J_ | LC_ALL=C sort -rn); do
		case $name in
		NEO4J_ACCEPT_LICENSE_AGREEMENT | NEO4J_AUTH | NEO4J_AUTH_PATH | NEO4J_DEBUG | NEO4J_EDITION | NEO4J_HOME | NEO4J_PLUGINS | \
			NEO4J_SHA256 | NEO4J_TARBALL | NEO4J_DEPRECATION_WARNING | NEO4J_*_FILE) continue ;;
		esac
		value=${!name}
		[ -n "$value" ] || continue
		setting=${name#NEO4J_}
		setting=${setting//_/.}
		setting=${setting//../_}
		if [[ $setting =~ ^[0-9] ]]; then
			note "WARNING: $setting not written to conf file. Settings that start with a number are not permitted."
			continue
		fi
		env_setting "$setting" "$value"
	done
}

# ---- password -------------------------------------------------------------------------------------

initial_password() {
	local auth=${NEO4J_AUTH:-} extra=() least
	if [ -n "${NEO4J_AUTH_PATH:-}" ]; then
		[ -f "$NEO4J_AUTH_PATH" ] || refuse "The password file '$NEO4J_AUTH_PATH' does not exist"
		need_readable "$NEO4J_AUTH_PATH"
		auth=$(<"$NEO4J_AUTH_PATH")
	fi
	[ "$cmd" = neo4j ] && [ -n "$auth" ] || return 0
	if [ "$auth" = none ]; then
		env_setting dbms.security.auth_enabled false
		return
	fi
	[[ $auth =~ ^([^/]+)/([^/]+)/?([tT][rR][uU][eE])?$ ]] || refuse "Invalid value for NEO4J_AUTH: '$auth'"
	[ "${BASH_REMATCH[2]}" != neo4j ] || refuse "Invalid value for password. It cannot be 'neo4j', which is the default."
	[ "${BASH_REMATCH[1]}" = neo4j ] || refuse "Invalid admin username, it must be neo4j."
	[ "${BASH_REMATCH[3]}" != true ] || extra+=(--require-password-change)
	[ -z "${EXTENDED_CONF+yes}" ] || extra+=(--expand-commands)
	least=$(sed -nE 's/.*dbms.security.auth_minimum_password_length.*=(.*)/\1/p' "$conf")
	[ "${#BASH_REMATCH[2]}" -ge "${least:-8}" ] || note "Invalid value for password. The minimum password length is 8 characters."
	if root; then install -d -o 7474 -g 7474 /data/dbms; fi
	as_neo4j neo4j-admin dbms set-initial-password "${BASH_REMATCH[2]}" "${extra[@]}"
}

# ---- the server -----------------------------------------------------------------------------------

extension() {
	[ -f "${EXTENSION_SCRIPT:-}" ] || return 0
	# shellcheck disable=SC1090 # the user's own
	. "$EXTENSION_SCRIPT"
}

dump_config() {
	[ "$cmd" = dump-config ] || return 0
	[ -d /conf ] || refuse "You must mount a folder to /conf so that the configuration file(s) can be dumped to there."
	need_writable /conf
	cp --recursive "$home"/conf/* /conf
	exit 0
}

other_command() {
	[ "$cmd" != neo4j ] || return 0
	if root; then exec setpriv --reuid=7474 --regid=7474 --clear-groups -- "$@"; fi
	exec "$@"
}

# What the bootloader prints is a command line for a shell: it is evaluated, and what the shell makes of it is what Java gets.
serve() {
	local extra=() command run=exec
	[ -z "${EXTENDED_CONF+yes}" ] || extra+=(--expand-commands)
	command=$(as_neo4j neo4j console --dry-run "${extra[@]}")
	command=$(fit_command "$command")
	! root || run='exec setpriv --reuid=7474 --regid=7474 --clear-groups --'
	# shellcheck disable=SC2086,SC2294 # words are split and joined again, as there
	eval $run ${command:?No Neo4j command was generated}
}

main() {
	image_conf
	owners
	secret_files
	license
	old_plugins_variable
	folders
	plugins
	old_variables
	docker_defaults
	env_settings
	fit_settings
	initial_password
	extension
	dump_config
	other_command "$@"
	serve
}

main "$@"
