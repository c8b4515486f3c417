#!/bin/bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Entrypoint of the test image: keeps the documented behaviour of the official Neo4j image as far as
# an operator depends on it, on top of the Community kernel. Two facts come from the image's own
# environment: IMAGE_TAG (which release to behave as) and FLEET_MANAGEMENT_API_BASE_URL (whom the
# Fleet Manager reports to). Which kernel there is stands in a file: that of IMAGE_TAG's own release, or
# that of 2026.05.0, which is then made to look like the other.
set -euo pipefail
shopt -s nullglob

readonly home=${NEO4J_HOME:-/var/lib/neo4j}
readonly share=/usr/local/share/neo4j-image
readonly conf=$home/conf/neo4j.conf
readonly apoc_conf=$home/conf/apoc.conf
readonly tag=${IMAGE_TAG:-2026.05-enterprise}
readonly release=${tag%%-*}
readonly family=$(cut -d . -f 1,2 <<<"$release")
readonly kernel=$(<"$share/server.version")
declare -A set_by_plugin=()
plugins=()

note() { printf '%s\n' "$*" >&2; }
refuse() {
	note "$@"
	exit 1
}

# Whether the kernel is that of the release itself, and not one that stands in for it.
own_kernel() { [[ $kernel == "$release" || $kernel == "$release".* ]]; }

# Whether the kernel has the Fleet Manager; 5.26 has it as a plugin that is in no registry.
kernel_has_fleet() { [[ $kernel != 5.* ]]; }

# ---- neo4j.conf -----------------------------------------------------------------------------------

conf_pattern() {
	local name=${1//./\\.}
	printf '^[[:space:]]*%s[[:space:]]*=' "${name//\*/\\*}"
}

conf_has() { grep -qE "$(conf_pattern "$1")" "${2:-$conf}"; }

# The last value of a setting, empty where there is none.
conf_value() {
	sed -nE "s/$(conf_pattern "$1")[[:space:]]*//p" "$conf" | tail -n 1
}

conf_delete() {
	local left
	left=$(grep -vE "$(conf_pattern "$1")" "${2:-$conf}" || true)
	printf '%s\n' "$left" >"${2:-$conf}"
}

conf_append() {
	local file=${3:-$conf}
	[ -z "$(tail -c 1 "$file")" ] || printf '\n' >>"$file"
	printf '%s=%s\n' "$1" "$2" >>"$file"
}

conf_default() { conf_has "$1" || conf_append "$1" "$2"; }

conf_names() { sed -nE 's/^[[:space:]]*([^#=[:space:]][^=[:space:]]*)[[:space:]]*=.*/\1/p' "$conf" | sort -u; }

# ---- start of the container -----------------------------------------------------------------------

# NEO4J_X_FILE=path gives NEO4J_X the file's content.
secret_files() {
	local name file
	for name in $(compgen -e | grep -E '^NEO4J_.+_FILE$' || true); do
		file=${!name}
		[ -n "$file" ] || continue
		[ -r "$file" ] || refuse "Secret file '$file' of $name is not readable."
		export "${name%_FILE}=$(<"$file")"
	done
}

license() {
	case ${NEO4J_ACCEPT_LICENSE_AGREEMENT:-} in
	yes | eval) ;;
	*) refuse "To use Neo4j Enterprise Edition you must accept the license agreement:" \
		"set NEO4J_ACCEPT_LICENSE_AGREEMENT to 'yes' (or to 'eval' for an evaluation)." ;;
	esac
}

need_writable() {
	[ -w "$1" ] || refuse "Folder $1 is not accessible for user '$(id -u)': it must be writable." \
		"Give it to the user, for example by fsGroup 7474."
}

folders() {
	local dir file
	if [ -d /conf ]; then
		rm -rf "${home:?}"/conf/*
		while IFS= read -r file; do
			cp --preserve=mode "$file" "$home/conf/"
		done < <(find /conf -type f)
	fi
	[ -e "$conf" ] || : >"$conf"
	[ -e "$apoc_conf" ] || : >"$apoc_conf"
	[ -w "$conf" ] || refuse "$conf is not writable."
	for dir in plugins import metrics licenses logs data; do
		[ -d "/$dir" ] || continue
		case $dir in
		data | logs | metrics) need_writable "/$dir" ;;
		plugins) [ -z "${NEO4J_PLUGINS:-}" ] || need_writable /plugins ;;
		esac
		# Metrics are Enterprise's; the setting would only be dropped again.
		[ "$dir" = metrics ] || conf_default "server.directories.$dir" "/$dir"
	done
}

# ---- plugins --------------------------------------------------------------------------------------

# name | jar inside the home folder | unrestricted | allowlist | other settings, by ';'
plugin_table() {
	printf '%s\n' \
		'apoc|labs/apoc-*-core.jar|apoc.*||' \
		'apoc-extended||apoc.*||' \
		'bloom|products/bloom-plugin-*.jar|bloom.*||server.unmanaged_extension_classes=com.neo4j.bloom.server=/bloom;dbms.bloom.license_file=/licenses/bloom.license' \
		'fleet-management|products/neo4j-fleet-management-*.jar|fleetManagement.*|fleetManagement.*|' \
		'genai|products/neo4j-genai-plugin-*.jar|genai.*||' \
		'graph-data-science|products/neo4j-graph-data-science-*.jar|gds.*||'
	case $release in 5.*) printf '%s\n' 'n10s||semantics.*||' ;; esac
}

# From 2026.02.3 on the Fleet Manager is part of the server and no jar is bundled.
fleet_is_built_in() {
	[ "$(printf '%s\n' "$release" 2026.02.3 | sort -V | head -n 1)" = 2026.02.3 ]
}

plugin_setting() {
	local name=$1 value=$2
	if [ -n "${set_by_plugin[$name]:-}" ]; then
		value="$value,$(conf_value "$name")"
		conf_delete "$name"
	elif conf_has "$name"; then
		note "$name is set already in neo4j.conf; the plugin's '$value' is not added. Add it there if it is needed."
		return
	fi
	conf_append "$name" "$value"
	set_by_plugin[$name]=1
}

plugin_install() {
	local name=$1 glob=$2 unrestricted=$3 allowlist=$4 more=$5 dir setting jars
	dir=$(conf_value server.directories.plugins)
	dir=${dir:-$home/plugins}
	jars=()
	# shellcheck disable=SC2206 # the glob is meant to expand
	[ -z "$glob" ] || jars=($home/$glob)
	if [ "$name" = fleet-management ] && { fleet_is_built_in || ! kernel_has_fleet; }; then jars=(); fi
	if [ "${#jars[@]}" -eq 0 ]; then
		note "Plugin '$name' is not bundled with Neo4j $release and could not be downloaded; starting without it."
		return
	fi
	note "Installing plugin '$name' from ${jars[0]} to $dir/$name.jar"
	cp --preserve=timestamps "${jars[0]}" "$dir/$name.jar" ||
		refuse "The plugin '$name' could not be copied to $dir."
	plugins+=("$name")
	plugin_setting dbms.security.procedures.unrestricted "$unrestricted"
	[ -z "$allowlist" ] || plugin_setting dbms.security.procedures.allowlist "$allowlist"
	while IFS= read -r -d ';' setting; do
		plugin_setting "${setting%%=*}" "${setting#*=}"
	done < <([ -z "$more" ] || printf '%s;' "$more")
}

plugins_all() {
	local list name row known
	[ -n "${NEO4J_PLUGINS:-}" ] || return 0
	list=$(jq -r 'if type == "array" and all(.[]; type == "string") then .[] else error("") end' \
		<<<"$NEO4J_PLUGINS" 2>/dev/null) ||
		refuse "NEO4J_PLUGINS must be a JSON list of names, for example [\"apoc\"]; it is: $NEO4J_PLUGINS"
	known=$(plugin_table | cut -d '|' -f 1 | paste -s -d ' ')
	while IFS= read -r name; do
		[ -n "$name" ] || continue
		row=$(plugin_table | awk -F '|' -v name="$name" '$1 == name')
		[ -n "$row" ] || refuse "'$name' is not a known Neo4j plugin. Choose among: $known"
		IFS='|' read -r -a row <<<"$row|"
		plugin_install "${row[0]}" "${row[1]}" "${row[2]}" "${row[3]:-}" "${row[4]:-}"
	done <<<"$list"
}

# ---- settings -------------------------------------------------------------------------------------

docker_defaults() {
	conf_default server.memory.pagecache.size 512M
	conf_default server.default_listen_address 0.0.0.0
	# Ours: no report leaves a test, and Bolt does not linger 10 s at the end.
	conf_default dbms.usage_report.enabled false
	# Older kernels have neither setting; their Fleet Manager reads the variable itself.
	case $kernel in
	2026.*)
		conf_default internal.dbms.bolt.netty_server_shutdown_quiet_period_duration 0s
		conf_default internal.dbms.fleet_manager.base_url "$FLEET_MANAGEMENT_API_BASE_URL"
		;;
	esac
	! own_kernel || return 0
	case $release in
	5.*) conf_default internal.dbms.bolt.max_protocol_version 5.8 ;;
	esac
	# Fleet discovery came with 2026.05.
	case $release in 2026.0[5-9]* | 2026.1* | 202[7-9]*) ;; *) fleet_discovery=false ;; esac
}

env_settings() {
	local name value setting file
	while IFS='=' read -r -d '' name value; do
		case $name in
		NEO4J_ACCEPT_LICENSE_AGREEMENT | NEO4J_AUTH | NEO4J_AUTH_PATH | NEO4J_DEBUG | NEO4J_EDITION | \
			NEO4J_HOME | NEO4J_PLUGINS | NEO4J_SHA256 | NEO4J_TARBALL | NEO4J_DEPRECATION_WARNING | \
			NEO4J_*_FILE) continue ;;
		NEO4J_*) ;;
		*) continue ;;
		esac
		[ -n "$value" ] || continue
		setting=${name#NEO4J_}
		setting=${setting//_/.}
		setting=${setting//../_}
		case $setting in
		[0-9]*)
			note "WARNING: $name is not a setting: names cannot start with a digit."
			continue
			;;
		apoc.*) file=$apoc_conf ;;
		*) file=$conf ;;
		esac
		[ "$setting" = server.jvm.additional ] || conf_delete "$setting" "$file"
		conf_append "$setting" "$value" "$file"
	done < <(env -0)
}

unrecognized() {
	if [ "$(conf_value server.config.strict_validation.enabled)" = false ]; then
		note "Unrecognized setting. No declared setting with name: $1."
		conf_delete "$1"
	else
		refuse "Failed to read config $conf: Unrecognized setting. No declared setting with name: $1." \
			"(Cause: server.config.strict_validation.enabled is true, and Neo4j $release has no such setting.)"
	fi
}

# Makes the Community kernel take what the product behind the tag takes, and no more: settings.tsv. What
# its own release's kernel thinks of a setting of Community is left to it.
fit_settings() {
	local name edition versions pattern
	local -A row=()
	local -a globs=()
	while IFS=$'\t' read -r name edition versions; do
		case $name in '' | '#'*) continue ;; esac
		row[$name]="$edition $versions"
		case $name in *'*'*) globs+=("$name") ;; esac
	done <"$share/settings.tsv"
	for name in $(conf_names); do
		pattern=$name
		if [ -z "${row[$name]:-}" ]; then
			# shellcheck disable=SC2053 # the right side is a pattern
			for pattern in "${globs[@]}"; do [[ $name == $pattern ]] && break || pattern=; done
		fi
		[ -n "${row[${pattern:-none}]:-}" ] || continue
		read -r edition versions <<<"${row[$pattern]}"
		[ "$edition" = enterprise ] || ! own_kernel || continue
		case ",$versions,$edition" in
		*",$family,"*community) [ "$family" != 5.26 ] || [ "$versions" != 5.26 ] || conf_delete "$name" ;;
		*community) unrecognized "$name" ;;
		*",$family,"*) conf_delete "$name" ;;
		esac
	done
	case " ${plugins[*]} " in *' bloom '*) conf_delete dbms.bloom.license_file ;; esac
}

# Whether a list setting lets NAME through, as the server matches it: whole names, '*' is a wildcard.
list_covers() {
	local entry
	while IFS= read -r -d ',' entry; do
		entry=${entry//[[:space:]]/}
		# shellcheck disable=SC2053 # the right side is a pattern
		[[ -n $entry && $2 == $entry ]] && return 0
	done < <(printf '%s,' "$1")
	return 1
}

# The kernel has the Fleet Manager built in. Where the release has it as a plugin, it is switched by
# the plugin's presence and by the settings that would decide over the jar.
fleet_manager() {
	local dir allow='*' enabled=false
	if fleet_is_built_in || ! kernel_has_fleet; then return; fi
	dir=$(conf_value server.directories.plugins)
	dir=${dir:-$home/plugins}
	conf_has dbms.security.procedures.allowlist && allow=$(conf_value dbms.security.procedures.allowlist)
	if [ -e "$dir/fleet-management.jar" ] && list_covers "$allow" fleetManagement.registerToken; then
		if [ "$(conf_value dbms.fleet_manager.enabled)" = true ]; then
			refuse "Failed to start Neo4j: Unable to register procedure, because the name" \
				"\`fleetManagement.disable\` is already in use: dbms.fleet_manager.enabled=true and" \
				"$dir/fleet-management.jar exclude each other."
		fi
		if list_covers "$(conf_value dbms.security.procedures.unrestricted)" fleetManagement.registerToken; then
			enabled=true
		else
			cp "$share/fleet-management-sandboxed.jar" "$dir/fleet-management.jar"
		fi
	elif [ "$(conf_value dbms.fleet_manager.enabled)" = true ]; then
		enabled=true
	fi
	conf_delete dbms.fleet_manager.enabled
	conf_append dbms.fleet_manager.enabled "$enabled"
}

# ---- password -------------------------------------------------------------------------------------

initial_password() {
	local auth=${NEO4J_AUTH:-} password extra=() data
	if [ -n "${NEO4J_AUTH_PATH:-}" ]; then
		[ -r "$NEO4J_AUTH_PATH" ] || refuse "NEO4J_AUTH_PATH: '$NEO4J_AUTH_PATH' is not readable."
		auth=$(<"$NEO4J_AUTH_PATH")
	fi
	case $auth in
	'') return ;;
	none)
		conf_delete dbms.security.auth_enabled
		conf_append dbms.security.auth_enabled false
		return
		;;
	neo4j/neo4j | neo4j/neo4j/*) refuse "Invalid value for password. It cannot be 'neo4j', which is the default." ;;
	neo4j/*/true)
		password=${auth#neo4j/}
		password=${password%/true}
		extra=(--require-password-change)
		;;
	neo4j/?*) password=${auth#neo4j/} ;;
	neo4j/) refuse "Invalid value for NEO4J_AUTH; the password is empty." ;;
	*/*) refuse "Invalid admin username, it must be neo4j." ;;
	*) refuse "Invalid value for NEO4J_AUTH; it must be 'none' or 'neo4j/<password>'." ;;
	esac
	case $password in */*) refuse "Invalid value for password. It cannot contain '/'." ;; esac
	data=$(conf_value server.directories.data)
	if [ -d "${data:-$home/data}/databases/system" ]; then
		note "The initial password is not set: existing Neo4j users were detected."
		return
	fi
	as_neo4j set-initial-password "${extra[@]}" "$password" ||
		refuse "The initial password was refused."
}

# ---- the server -----------------------------------------------------------------------------------

as_neo4j() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=7474 --regid=7474 --clear-groups -- "$@"
	else
		"$@"
	fi
}

# Bytes of a size such as 512m, 1G or 1.5GiB, in KiB.
kib() {
	awk -v size="$1" 'BEGIN {
		if (!match(tolower(size), /^[0-9.]+/)) exit 1
		number = substr(size, 1, RLENGTH); unit = tolower(substr(size, RLENGTH + 1, 1))
		factor = unit == "g" ? 1048576 : unit == "m" ? 1024 : unit == "k" ? 1 : 1 / 1024
		printf "%d", number * factor
	}'
}

# The conf's own flags, less those that only cost memory and seconds here, then ours.
jvm_flags() {
	local initial max line flag
	initial=$(conf_value server.memory.heap.initial_size)
	max=$(conf_value server.memory.heap.max_size)
	max=$(kib "${max:-${initial:-256m}}") || refuse "server.memory.heap.max_size is not a size."
	initial=$(kib "${initial:-64m}") || refuse "server.memory.heap.initial_size is not a size."
	[ "$initial" -le "$max" ] || initial=$max
	jvm=(-Dfile.encoding=UTF-8)
	while IFS= read -r line; do
		for flag in $line; do
			case $flag in
			-XX:+Use*GC | -XX:+AlwaysPreTouch) ;;
			*) jvm+=("$flag") ;;
			esac
		done
	done < <(sed -nE "s/$(conf_pattern server.jvm.additional)[[:space:]]*//p" "$conf")
	jvm+=(-XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-Xms${initial}k" "-Xmx${max}k"
		--add-opens java.base/java.nio=ALL-UNNAMED --add-opens java.base/java.io=ALL-UNNAMED
		--add-opens java.base/sun.nio.ch=ALL-UNNAMED)
	[ ! -e "$share/server.jsa" ] || jvm+=("-XX:SharedArchiveFile=$share/server.jsa")
	! own_kernel || return 0
	case $release in
	5.26) jvm+=(-Dinternal.neo4j.custom.version=5.26.12) ;;
	2025.12) jvm+=(-Dinternal.neo4j.custom.version=2025.12.1) ;;
	esac
}

serve() {
	local jvm=()
	jvm_flags
	cd "$home"
	set -- java "${jvm[@]}" -cp "$(<"$share/server.classpath")" "$(<"$share/server.main")" \
		"--home-dir=$home" "--config-dir=$home/conf" --console-mode
	if [ "$(id -u)" -eq 0 ]; then
		exec setpriv --reuid=7474 --regid=7474 --clear-groups -- "$@"
	fi
	exec "$@"
}

main() {
	local fleet_discovery=
	[ "${1:-}" = neo4j ] || exec "$@"
	: "${FLEET_MANAGEMENT_API_BASE_URL:=https://fleet-management-api.neo4j.io/api/v1}"
	if [ "$(id -u)" -eq 0 ]; then
		for dir in /data /logs "$home/conf"; do chown -R 7474:7474 "$dir"; done
	fi
	secret_files
	license
	folders
	plugins_all
	docker_defaults
	env_settings
	fit_settings
	[ "$fleet_discovery" != false ] || conf_append server.fleet_discovery.enabled false
	fleet_manager
	initial_password
	if [ -n "${EXTENSION_SCRIPT:-}" ]; then
		[ -r "$EXTENSION_SCRIPT" ] || refuse "EXTENSION_SCRIPT: '$EXTENSION_SCRIPT' is not readable."
		# shellcheck disable=SC1090 # the user's own
		. "$EXTENSION_SCRIPT"
	fi
	serve
}

main "$@"
