# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Part of the test image's entrypoint: what the official one has no need of, since it starts the product itself. Two facts come from the
# image's own environment: IMAGE_TAG (which release to behave as) and FLEET_MANAGEMENT_API_BASE_URL (whom the Fleet Manager reports to).
# Which kernel there is stands in a file: that of IMAGE_TAG's own release, or that of 2026.05.0, which is then made to look like the other.
# The words of a refusal have the shape of the bootloader's own.

# shellcheck disable=SC2154 # share, conf, home and cmd are the entrypoint's
readonly tag=${IMAGE_TAG:-2026.05-enterprise}
readonly release=${tag%%-*}
readonly family=$(cut -d . -f 1,2 <<<"$release")
readonly kernel=$(<"$share/server.version")
installed=()

# Whether the kernel is that of the release itself, and not one that stands in for it.
own_kernel() { [[ $kernel == "$release" || $kernel == "$release".* ]]; }

# Whether the kernel has the Fleet Manager; 5.26 has it as a plugin that is in no registry.
kernel_has_fleet() { [[ $kernel != 5.* ]]; }

# From 2026.02.3 on the Fleet Manager is part of the server and no jar is bundled.
fleet_is_built_in() {
	[ "$(printf '%s\n' "$release" 2026.02.3 | sort -V | head -n 1)" = 2026.02.3 ]
}

# Whether the release's image has that plugin's jar.
bundled() { [ "$1" != fleet-management ] || { ! fleet_is_built_in && kernel_has_fleet; }; }

# ---- neo4j.conf -----------------------------------------------------------------------------------

conf_pattern() {
	local name=${1//./\\.}
	printf '^[[:space:]]*%s[[:space:]]*=' "${name//\*/\\*}"
}

conf_has() { grep -qE "$(conf_pattern "$1")" "$conf"; }

# The last value of a setting, empty where there is none.
conf_value() { sed -nE "s/$(conf_pattern "$1")[[:space:]]*//p" "$conf" | tail -n 1; }

conf_delete() {
	local left
	left=$(grep -vE "$(conf_pattern "$1")" "$conf" || true)
	printf '%s\n' "$left" >"$conf"
}

conf_append() {
	[ -z "$(tail -c 1 "$conf")" ] || printf '\n' >>"$conf"
	printf '%s=%s\n' "$1" "$2" >>"$conf"
}

conf_default() { conf_has "$1" || conf_append "$1" "$2"; }

conf_names() { sed -nE 's/^[[:space:]]*([^#=[:space:]][^=[:space:]]*)[[:space:]]*=.*/\1/p' "$conf" | sort -u; }

# Whether image-conf.tsv's word for releases holds the tag's.
among() {
	case $1 in
	5.26) [[ $release == 5.* ]] ;;
	2025+) [[ $release != 5.* ]] ;;
	2026.02+) [ "$(printf '%s\n' "$release" 2026.02 | sort -V | head -n 1)" = 2026.02 ] ;;
	*) return 1 ;;
	esac
}

# The configuration that the release's image holds. One content serves all releases, so it is written here.
image_conf() {
	local releases name value rest
	[ ! -s "$conf" ] || return 0
	while IFS=$'\t' read -r releases name value rest; do
		if among "$releases"; then printf '%s=%s\n' "$name" "$value"; fi
	done <"$share/image-conf.tsv" >"$conf"
}

# ---- what the release takes -----------------------------------------------------------------------

unrecognized() {
	local what="Unrecognized setting. No declared setting with name: $1."
	if [ "$(conf_value server.config.strict_validation.enabled)" = false ]; then
		note "$what"
		conf_delete "$1"
	else
		refuse "Validating Neo4j configuration: $conf
1 issue found.
Error: $what Cleanup the config or disable 'server.config.strict_validation.enabled' to continue.

Configuration file validation failed.

Run with '--verbose' for a more detailed error message."
	fi
}

# Makes the Community kernel take what the product behind the tag takes, and no more: settings.tsv. What
# its own release's kernel thinks of a setting of Community is left to it.
fit_editions() {
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
	case " ${installed[*]} " in *' bloom '*) conf_delete dbms.bloom.license_file ;; esac
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

# Ours alone: no report leaves a test, and Bolt does not linger 10 s at the end.
own_settings() {
	conf_default dbms.usage_report.enabled false
	# Older kernels have neither setting; their Fleet Manager reads the variable itself.
	case $kernel in
	2026.*)
		conf_default internal.dbms.bolt.netty_server_shutdown_quiet_period_duration 0s
		conf_default internal.dbms.fleet_manager.base_url \
			"${FLEET_MANAGEMENT_API_BASE_URL:-https://fleet-management-api.neo4j.io/api/v1}"
		;;
	esac
	! own_kernel || return 0
	[[ $release != 5.* ]] || conf_default internal.dbms.bolt.max_protocol_version 5.8
}

fit_settings() {
	[[ $cmd == *neo4j* ]] || return 0
	fit_editions
	own_settings
	if ! own_kernel; then
		# Fleet discovery came with 2026.05.
		case $release in 2026.0[5-9]* | 2026.1* | 202[7-9]*) ;; *) conf_append server.fleet_discovery.enabled false ;; esac
	fi
	fleet_manager
}

# ---- the command ----------------------------------------------------------------------------------

# The bootloader's command, less the flags that only cost memory and seconds here, with the kernel's own jars first on the class path, so that
# the archive of their classes fits.
fit_command() {
	local java=${1%% *} rest=${1#* } flags='-XX:+UseSerialGC -XX:TieredStopAtLevel=1'
	[[ $rest =~ ^-cp\ (\"[^\"]*\"|[^\ ]*)\ (.*)$ ]] || refuse "The bootloader's command has another shape than this image knows: $1"
	rest="-cp $(<"$share/server.classpath"):${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
	rest=$(sed -E ':again; s/ -XX:\+(Use[A-Za-z0-9]*GC|AlwaysPreTouch) / /; t again' <<<"$rest")
	[ ! -e "$share/server.jsa" ] || flags+=" -XX:SharedArchiveFile=$share/server.jsa"
	if ! own_kernel; then
		case $release in
		5.26) flags+=' -Dinternal.neo4j.custom.version=5.26.12' ;;
		2025.12) flags+=' -Dinternal.neo4j.custom.version=2025.12.1' ;;
		esac
	fi
	printf '%s %s %s\n' "$java" "$flags" "$rest"
}
