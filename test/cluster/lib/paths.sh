# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154

# Where a cluster of a name keeps what. Everything that it makes is below $run (on disk) and $state (short socket paths).
paths_set() {
	name=$1
	run=$(cache_dir "clusters/$name")
	state=/run/neofleet/$name
	bin=$(cache_dir cluster-bin)
	# Its Kubernetes, which is another one where "up" was told so.
	[ -n "$kubernetes" ] || kubernetes=$(cat "$run/kubernetes" 2>/dev/null || true)
	parts=$bin${kubernetes:+-$kubernetes}
	netns=nf-$name
	cgroup=nf-$name
	address=10.244.0.1
	service_address=10.96.0.1
	dns_address=10.96.0.10
	kubeconfig=$run/admin.conf
	# kubectl keeps what it has read of an API server's kinds by address, and that is the same for all clusters.
	export KUBECACHEDIR=$run/kubectl
	node_set node
}
