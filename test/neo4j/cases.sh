# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Part of selftest: what the entrypoint makes of neo4j.conf (entrypoint-cases.txt), and how it starts the server. No case of these needs a server.

# The configuration that comes out, where the image's command is another one: those have all steps but the last.
conf_made() {
	box_env=("${base_env[@]}" "$@")
	box_chroot "$work" 7474 /startup/docker-entrypoint.sh cat /var/lib/neo4j/conf/neo4j.conf 2>"$log" | sed '/^$/d'
}

# The flags of the image's own configuration are many, and image-conf.tsv's.
fold_flags() { sed 's/^server\.jvm\.additional=.*/server.jvm.additional=.../' | uniq; }

# One case of the file: its lines are in $1.
conf_case() {
	local kind text want='' mounted='' env=() folders=() got
	while read -r kind text; do
		case $kind in
		tag) tag=$text ;;
		env) env+=("$text") ;;
		conf) mounted+=$text$'\n' ;;
		folder) folders+=("$text") ;;
		is) want+=${text//HOST/box}$'\n' ;;
		*) fail "'$kind' is no word of entrypoint-cases.txt" ;;
		esac
	done <<<"$1"
	container "$tag"
	if [ -n "$mounted" ]; then printf '%s' "$mounted" | mount_conf; else rmdir "$work/root/conf"; fi
	for text in "${folders[@]}"; do volume "${text#/}"; done
	got=$(conf_made "${env[@]}")
	[[ $want != *=...* ]] || got=$(fold_flags <<<"$got")
	diff <(printf '%s' "$want") <(printf '%s\n' "$got") || fail 'the configuration is another'
}

# The mounted folders' settings go to apoc.conf as well.
conf_cases() {
	local line name='' lines=''
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		'#'*) ;;
		case\ *) name=${line#case } ;;
		'') check "conf: $name" conf_case "${lines%$'\n'}" && name='' lines='' ;;
		*) lines+=$line$'\n' ;;
		esac
	done < <(cat test/neo4j/entrypoint-cases.txt && echo)
}

own_script() {
	container 2025.12-enterprise
	mount_conf <<<'server.http.enabled=true'
	printf 'printf "server.https.enabled=true\\n" >>/var/lib/neo4j/conf/neo4j.conf\n' >"$work/root/tmp/extension"
	expect "$(conf_made EXTENSION_SCRIPT=/tmp/extension)" server.https.enabled=true
}

dumped() {
	container 5.26-enterprise
	rmdir "$work/root/conf"
	box_env=("${base_env[@]}")
	box_chroot "$work" 7474 /startup/docker-entrypoint.sh dump-config >"$log" 2>&1 && fail 'there was no folder for it'
	expect "$(<"$log")" 'must mount a folder to /conf'
	volume conf
	box_chroot "$work" 7474 /startup/docker-entrypoint.sh dump-config >"$log" 2>&1
	grep -q '^server.memory.pagecache.size=512M' "$work/root/conf/neo4j.conf"
}

# What Java is given, a line each: the container becomes the server, whose arguments are looked at, and is ended.
given() {
	box_env=("${base_env[@]}")
	box_exec "$work" 7474 /startup/docker-entrypoint.sh neo4j >"$log" 2>&1 &
	server=$!
	wait_for 60 eval 'grep -qas -- --console-mode "/proc/$server/cmdline" || ! kill -0 "$server" 2>/dev/null'
	arguments=$(tr '\0' '\n' <"/proc/$server/cmdline" || true)
	{ kill -KILL "$server" && wait "$server"; } 2>/dev/null || true
	server=0
	[[ $arguments == *--console-mode* ]] || fail "it was not started: $(tail -n 3 "$log")"
}

through_a_shell() {
	local arguments
	container 2026.05-enterprise
	printf '%s\n' 'server.jvm.additional=-Dwhole=localhost\\|*.svc' 'server.jvm.additional="-Dblank=a b"' \
		'server.jvm.additional=-XX:+UseZGC' server.memory.heap.max_size=300m | mount_conf
	given
	expect "$arguments" $'\n-Dwhole=localhost|*.svc\n'
	expect "$arguments" $'\n-Dblank=a b\n'
	expect "$arguments" $'\n-Xmx307200k\n'
	[[ $arguments != *UseZGC* ]] || fail 'two collectors'
	printf '%s\n' 'server.jvm.additional=-Dcut=localhost|*.svc' | mount_conf
	run_to_end && fail 'a pipe was kept from the shell'
	expect "$(<"$log")" '*.svc: command not found'
	base_env+=(JAVA_OPTS=-Donly=this)
	mount_conf <<<'server.jvm.additional=-Dlost=1'
	given
	expect "$arguments" -Donly=this
	[[ $arguments != *lost* ]] || fail 'JAVA_OPTS does not replace the flags'
}

commands() {
	local arguments
	container 2026.05-enterprise
	mount_conf <<<'server.memory.heap.max_size=$(printf 200m)'
	run_to_end && fail 'a command was run unasked'
	base_env+=(EXTENDED_CONF=yes)
	chmod 640 "$work/root/conf/neo4j.conf"
	chown 7474:7474 "$work/root/conf/neo4j.conf"
	given
	expect "$arguments" -Xmx204800k
}
