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

# Not by "ip netns exec": that mounts another /sys, without the cgroups.
network_run() {
	nsenter --net="/run/netns/$netns" "$@"
}

network_down() {
	[ ! -e "/run/netns/$netns" ] || ip netns delete "$netns"
}
