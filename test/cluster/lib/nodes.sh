# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

# The nodes. There is always one, "node", in the control plane's own network. --nodes N makes N further ones, node-1 to node-N, each
# with a network namespace, kubelet, containerd and kube-proxy of its own, and then the first bears the control plane's taint.
# A further node's cable ends in the control plane's bridge, in an interface that has the node's name.

# node_set NAME: whose files, sockets and addresses are meant from here on. What is a process's name with a suffix, is a node's.
node_set() {
	local number=${1#node}
	node=$1
	number=${number#-}
	node_run=$run node_state=$state node_netns=$netns node_cgroup=$cgroup node_address=$address pods=10.244.1.0/24
	if [ -n "$number" ]; then
		node_run=$run/nodes/$node node_state=$state/$node node_netns=$netns-$number node_cgroup=$cgroup/$node
		node_address=10.244.0.$((10 + number)) pods=10.244.$((10 + number)).0/24
	fi
	node_suffix=${number:+-$node}
	socket=$node_state/containerd.sock
}

# The further ones that there are.
node_names() {
	local folder
	for folder in "$run"/nodes/*/; do
		[ ! -d "$folder" ] || basename "$folder"
	done
}

node_count() { node_names | wc -l; }

# for_nodes CMD...: for each node in turn.
for_nodes() {
	local one
	for one in node $(node_names); do
		node_set "$one"
		"$@"
	done
	node_set node
}

node_exec() { nsenter --net="/run/netns/$node_netns" "$@"; }

node_process() { # PART CMD...
	local part=$1
	shift
	process_start_in "$node_netns" "$part$node_suffix" "$@"
}

node_prepare() {
	mkdir -p "$node_run"/{cni,kubelet,pod-logs} "$node_state"
	cgroups_up
	[ "$node" = node ] || network_node_up
	certificate "$node" "/O=system:nodes/CN=system:node:$node" extendedKeyUsage=clientAuth
	kubeconfig_write "$run/$node.conf" "$node"
	containerd_config
	kubelet_config
}

node_kubelet() { # [PREFIX]...
	local taints=()
	[ "$node" != node ] || [ "$(node_count)" -eq 0 ] || taints=(--register-with-taints=node-role.kubernetes.io/control-plane=:NoSchedule)
	node_process kubelet "$@" "$parts/kubelet" --config="$node_run/kubelet.yaml" --kubeconfig="$run/$node.conf" --root-dir="$node_run/kubelet" \
		--cert-dir="$node_run/kubelet/pki" --hostname-override="$node" --node-ip="$node_address" "${taints[@]}"
}

node_containerd() { # [PREFIX]...
	node_process containerd "$@" containerd --config "$node_run/containerd.toml"
	await 30 "containerd of $node" ctr --address "$socket" version
}

node_start() {
	local gates=()
	node_containerd
	image_load "$bin/pause.tar"
	node_kubelet
	kubernetes_is 31 || gates=(--feature-gates=NFTablesProxyMode=true)
	node_process kube-proxy "$parts/kube-proxy" "${gates[@]}" --kubeconfig="$run/proxy.conf" --proxy-mode=nftables --hostname-override="$node" \
		--cluster-cidr="$pods" --conntrack-max-per-core=0 --bind-address="$node_address" \
		--healthz-bind-address="$node_address:10256" --metrics-bind-address=127.0.0.1:10249
}

node_process_ids() { process_ids "$node_run/" "$node_state/"; }

# As when the power fails: every process of it at once, and what was in memory only. Sockets of shims lie outside of its folders.
node_kill() {
	local part
	for part in kubelet containerd kube-proxy; do
		! process_alive "$part$node_suffix" || kill -9 "$(cat "$run/pid/$part$node_suffix")"
	done
	kill_all containers container_ids "$node_cgroup"
	kill_all processes node_process_ids
	find "$node_state" -name address -exec sed 's|^unix://||' {} + 2>/dev/null | while read -r part; do rm -f "$part"; done
	unmount_below "$node_run/" "$node_state/"
	cgroup_remove "$node_cgroup"
	rm -rf "$node_state"
}

# Starts its kubelet and containerd anew, with a wall clock that is so many seconds off; containers are left alone.
node_clock() { # SECONDS
	local prefix=()
	if [ "$1" != 0 ]; then
		cc -std=gnu17 -O2 -Wall -Wextra -Werror -o "$bin/shift" "$top/test/cluster/shift/shift.c"
		prefix=("$bin/shift" "$1")
	fi
	node_stop kubelet containerd
	kill_all "old processes" process_ids "--root-dir=$node_run/kubelet " "containerd --config $node_run/containerd.toml"
	node_containerd "${prefix[@]}"
	node_kubelet "${prefix[@]}"
}

command_node() {
	local what=${1:-} one=${2:-}
	need_up
	[ -d "$run/nodes/$one" ] && [ -n "$one" ] || die "node: '$one' is not one of: $(node_names | tr '\n' ' ')(script/cluster --nodes N up makes them)"
	shift 2
	node_set "$one"
	case $what in
	cut) network_run ip link set "$node" down ;;
	mend) network_run ip link set "$node" up ;;
	kill) node_kill ;;
	start) node_prepare && node_start ;;
	clock) node_clock "${1:?node clock takes a number of seconds}" ;;
	exec) node_exec "$@" ;;
	*) die "node: cut, mend, kill, start, clock or exec, not '$what'" ;;
	esac
}
