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
container_ids() {
	local folder
	while read -r folder; do
		[ -d "$folder/$cgroup" ] || continue
		# A group may go while it is being read.
		find "$folder/$cgroup" -name cgroup.procs -exec cat {} + 2>/dev/null || true
	done < <(cgroup_controllers) | sort -un
}

# kill_all WHAT LIST: until LIST names no process any more.
kill_all() {
	local round pid ids
	for ((round = 0; round < 100; round++)); do
		ids=$("$2")
		[ -n "$ids" ] || return 0
		for pid in $ids; do
			kill -9 "$pid" 2>/dev/null || true
		done
		sleep 0.05
	done
	die "$1 of cluster '$name' do not end: $ids"
}

unmount_all() {
	local point
	awk -v a="$run/" -v b="$state/" 'index($5, a) == 1 || index($5, b) == 1 {print $5}' /proc/self/mountinfo | sort -r |
		while read -r point; do
			umount -l "$(printf '%b' "$point")" 2>/dev/null || true
		done
}

cgroups_down() {
	local folder
	while read -r folder; do
		[ ! -d "$folder/$cgroup" ] || find "$folder/$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || true
	done < <(cgroup_controllers)
}

command_down() {
	local part
	for part in kwok provisioner kubelet kube-proxy coredns kube-scheduler kube-controller-manager; do
		stop_part "$part"
	done
	kill_all containers container_ids
	for part in containerd kube-apiserver etcd; do
		stop_part "$part"
	done
	kill_all processes process_ids
	unmount_all
	cgroups_down
	network_down
	rm -rf "$state" "$run"/{pid,kubelet,volumes,etcd,pod-logs,cni,cni-leases,log,pki,containerd,*.conf,*.yaml,*.toml,Corefile}
	rmdir "$run" /run/neofleet 2>/dev/null || true
	say "cluster '$name' is down"
}
