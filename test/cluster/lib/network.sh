# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154

# The network namespace: a bridge with the node's address, loopback, no way out.

network_up() {
	[ -e "/run/netns/$netns" ] || ip netns add "$netns"
	network_run ip link set lo up
	if ! network_run ip link show br0 >/dev/null 2>&1; then
		network_run ip link add br0 type bridge
		network_run ip address add "$address/24" dev br0
		network_run ip link set br0 up
		# The API server looks for a default route to learn its own address.
		network_run ip route add default via "$address"
	fi
	network_run sysctl -q -w net.ipv4.ip_forward=1
}

# A further node's namespace and its cable. Whatever it does not have itself it sends to the control plane, which knows the way to every node's pods.
network_node_up() {
	[ -e "/run/netns/$node_netns" ] || ip netns add "$node_netns"
	node_exec ip link set lo up
	if ! node_exec ip link show eth0 >/dev/null 2>&1; then
		network_run ip link add "$node" type veth peer name eth0 netns "$node_netns"
		network_run ip link set "$node" master br0 up
		node_exec ip address add "$node_address/24" dev eth0
		node_exec ip link set eth0 up
		node_exec ip route add default via "$address"
	fi
	node_exec sysctl -q -w net.ipv4.ip_forward=1
	network_run sysctl -q -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.br0.send_redirects=0
	network_run ip route replace "$pods" via "$node_address"
}

# Not by "ip netns exec": that mounts another /sys, without the cgroups.
network_run() {
	nsenter --net="/run/netns/$netns" "$@"
}

network_down() {
	[ ! -e "/run/netns/$node_netns" ] || ip netns delete "$node_netns"
}
