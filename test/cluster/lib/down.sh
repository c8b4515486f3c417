# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154

# Takes the cluster away whatever state it is in. Order: the agents that would start things again, the containers, the rest.

stop_part() {
	local pid
	process_alive "$1" || return 0
	pid=$(cat "$run/pid/$1")
	kill "$pid" 2>/dev/null || return 0
	await_end 10 "$pid" || kill -9 "$pid" 2>/dev/null || true
	await_end 5 "$pid" || true
}

await_end() {
	local end=$((SECONDS + $1))
	while [ -e "/proc/$2" ] && ! grep -q '^State:.*Z' "/proc/$2/status" 2>/dev/null; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# Processes in the cluster's cgroups are its containers, wherever their names point.
container_ids() { # CGROUP
	local folder
	while read -r folder; do
		[ -d "$folder/$1" ] || continue
		# A group may go while it is being read.
		find "$folder/$1" -name cgroup.procs -exec cat {} + 2>/dev/null || true
	done < <(cgroup_controllers) | sort -un
}

# kill_all WHAT LIST...: until LIST names no process any more.
kill_all() {
	local what=$1 round pid ids
	shift
	for ((round = 0; round < 100; round++)); do
		ids=$("$@")
		[ -n "$ids" ] || return 0
		for pid in $ids; do
			kill -9 "$pid" 2>/dev/null || true
		done
		sleep 0.05
	done
	die "$what of cluster '$name' do not end: $ids"
}

unmount_below() { # FOLDER FOLDER
	local point
	awk -v a="$1" -v b="$2" 'index($5, a) == 1 || index($5, b) == 1 {print $5}' /proc/self/mountinfo | sort -r |
		while read -r point; do
			umount -l "$(printf '%b' "$point")" 2>/dev/null || true
		done
}

cgroup_remove() { # CGROUP
	local folder
	while read -r folder; do
		[ ! -d "$folder/$1" ] || find "$folder/$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
	done < <(cgroup_controllers)
}

node_stop() { # PART...
	local part
	for part in "$@"; do stop_part "$part$node_suffix"; done
}

# A kubelet leaves links to the logs of its containers in a folder of the machine, and before 1.30 the logs of its pods in another.
logs_remove() {
	local pod
	find /var/log/containers -lname "$run/*" -delete 2>/dev/null || true
	for pod in "$run"/kubelet/pods/*; do
		[ -d "$pod" ] || continue
		find /var/log/containers -lname "/var/log/pods/*_${pod##*/}/*" -delete 2>/dev/null || true
		rm -rf "/var/log/pods/"*"_${pod##*/}"
	done
	rmdir /var/log/containers /var/log/pods 2>/dev/null || true
}

command_down() {
	local part
	for part in kwok provisioner; do stop_part "$part"; done
	for_nodes node_stop kubelet kube-proxy
	for part in coredns kube-scheduler kube-controller-manager; do stop_part "$part"; done
	kill_all containers container_ids "$cgroup"
	for_nodes node_stop containerd
	for part in kube-apiserver etcd; do stop_part "$part"; done
	kill_all processes process_ids "$run/" "$state/"
	unmount_below "$run/" "$state/"
	cgroup_remove "$cgroup"
	for_nodes network_down
	logs_remove
	rm -rf "$state" "$run"/{kubernetes,nodes,pid,kubectl,kubelet,volumes,etcd,pod-logs,cni,cni-leases,log,pki,containerd,*.conf,*.yaml,*.toml,Corefile}
	rmdir "$run" /run/neofleet 2>/dev/null || true
	say "cluster '$name' is down"
}
