# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154

cgroup_controllers() {
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		printf '/sys/fs/cgroup\n'
	else
		find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -type d
	fi
}

# Kubelet wants its root in each hierarchy; a cpuset without processors takes no process. All pods together would weigh as
# much as one process of a busy machine.
cgroups_up() {
	local folder file
	while read -r folder; do
		mkdir -p "$folder/$node_cgroup"
		for file in cpuset.cpus cpuset.mems; do
			[ ! -e "$folder/$node_cgroup/$file" ] || [ -e /sys/fs/cgroup/cgroup.controllers ] ||
				cat "$folder/$file" >"$folder/$node_cgroup/$file"
		done
		[ ! -e "$folder/$node_cgroup/cpu.shares" ] || printf '20480\n' >"$folder/$node_cgroup/cpu.shares"
		[ ! -e "$folder/$node_cgroup/cpu.weight" ] || printf '2000\n' >"$folder/$node_cgroup/cpu.weight"
	done < <(cgroup_controllers)
}

# start_control_plane [OPTION]...: further options of the scheduler. Whose calls are logged stands in $run/audit.yaml. NEOFLEET_COMPACTION: how
# often the API server has etcd forget the past; 0: never.
# Where nodes can die, they are given up for dead after 16 s and their pods 15 s later, instead of 50 s and 5 minutes.
start_control_plane() {
	local bear=() grace=()
	local tls=(--tls-cert-file="$run/pki/apiserver.crt" --tls-private-key-file="$run/pki/apiserver.key")
	if [ "$(node_count)" -gt 0 ]; then
		bear=(--default-not-ready-toleration-seconds=15 --default-unreachable-toleration-seconds=15)
		grace=(--node-monitor-grace-period=16s --node-monitor-period=2s)
	fi
	process_start etcd "$bin/etcd" --data-dir "$run/etcd" --unsafe-no-fsync --log-level warn \
		--listen-client-urls "http://127.0.0.1:2379" --advertise-client-urls "http://127.0.0.1:2379" \
		--listen-peer-urls "http://127.0.0.1:2380"
	process_start kube-apiserver "$parts/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --cert-dir="$run/pki" "${tls[@]}" \
		--bind-address="$address" --advertise-address="$address" --secure-port=6443 \
		--service-account-key-file="$run/pki/sa.key" --service-account-signing-key-file="$run/pki/sa.key" \
		--service-account-issuer=https://kubernetes.default.svc.cluster.local --client-ca-file="$run/pki/ca.crt" \
		--service-cluster-ip-range=10.96.0.0/16 --authorization-mode=Node,RBAC --allow-privileged=true \
		--kubelet-preferred-address-types=InternalIP --kubelet-client-certificate="$run/pki/admin.crt" \
		--kubelet-client-key="$run/pki/admin.key" --audit-policy-file="$run/audit.yaml" --audit-log-path="$run/log/audit.log" \
		--audit-log-maxsize=1000 --audit-log-maxbackup=1 --etcd-compaction-interval="${NEOFLEET_COMPACTION:-5m}" "${bear[@]}"
	await 60 "the API server" kubectl_run get --raw /readyz
	process_start kube-controller-manager "$parts/kube-controller-manager" --kubeconfig="$run/controllers.conf" \
		--cert-dir="$run/pki" --bind-address=127.0.0.1 --root-ca-file="$run/pki/ca.crt" --use-service-account-credentials \
		--service-account-private-key-file="$run/pki/sa.key" --leader-elect=false --kube-api-qps=1000 --kube-api-burst=1000 \
		"${grace[@]}"
	process_start kube-scheduler "$parts/kube-scheduler" --kubeconfig="$run/scheduler.conf" --bind-address=127.0.0.1 \
		--cert-dir="$run/pki" --leader-elect=false --kube-api-qps=1000 --kube-api-burst=1000 "$@"
}

start_dns() {
	kubectl_run apply -f - >/dev/null <<EOF
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec:
  clusterIP: $dns_address
  ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kube-dns, namespace: kube-system, labels: {kubernetes.io/service-name: kube-dns}}
addressType: IPv4
ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
endpoints: [{addresses: [$address]}]
EOF
	process_start coredns "$bin/coredns" -conf "$run/Corefile"
}

# With several nodes the scheduler decides first where a volume is to be.
start_storage() {
	local wait=()
	[ "$(node_count)" -eq 0 ] || wait=(--wait)
	kubectl_run apply -f - >/dev/null <<EOF
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: local, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: neofleet.test/local
volumeBindingMode: $([ "$(node_count)" -eq 0 ] && echo Immediate || echo WaitForFirstConsumer)
reclaimPolicy: Delete
allowVolumeExpansion: true
EOF
	process_start provisioner /usr/bin/env KUBECONFIG="$kubeconfig" "$top/test/cluster/provisioner.py" \
		--kubectl "$bin/kubectl" --folder "$run/volumes" "${wait[@]}"
}

# Everything that a pod needs: the nodes, names, and the account that it runs under.
is_ready() {
	local names
	mapfile -t names < <(node_names)
	kubectl_run wait --for=condition=Ready node/node "${names[@]/#/node/}" --timeout=0s &&
		kubectl_run get serviceaccount default && network_run curl -fsS -m 1 "http://$address:8181/ready"
}

# A machine that went down, or took all processes away, left the data of a cluster behind: what ran in it would run again.
clear_remains() {
	! process_alive etcd && [ -d "$run/etcd" ] || return 0
	say "cluster '$name' ended without being taken down; clearing away what is left of it"
	command_down >/dev/null
}

command_up() {
	local started=$SECONDS
	if process_alive kubelet && [ "$(node_count)" -ne "$nodes" ]; then
		die "cluster '$name' is up with $(node_count) further nodes, not $nodes; take it down first: script/cluster --name $name down"
	fi
	if process_alive kubelet && [ "$kubernetes" != "$(cat "$run/kubernetes" 2>/dev/null || true)" ]; then
		die "cluster '$name' is up with another Kubernetes than $kubernetes; take it down first: script/cluster --name $name down"
	fi
	if process_alive kubelet && process_alive coredns && is_ready >/dev/null 2>&1; then
		say "cluster '$name' is up already"
		return 0
	fi
	build_binaries
	clear_remains
	say "starting cluster '$name'"
	mkdir -p "$run"/{pid,log,pki,volumes,etcd} "$state"
	[ "$nodes" -eq 0 ] || (cd "$run" && seq -f 'nodes/node-%g' "$nodes" | xargs mkdir -p)
	chmod 700 "$run/pki" "$run/etcd"
	network_up
	certificates
	kubeconfig_write "$kubeconfig" admin
	for part in controllers scheduler proxy; do
		kubeconfig_write "$run/$part.conf" "$part"
	done
	[ -z "$kubernetes" ] || printf '%s\n' "$kubernetes" >"$run/kubernetes"
	for_nodes node_prepare
	dns_config
	audit_config
	start_control_plane
	for_nodes node_start
	# kube-proxy has no rights of its own beyond this.
	kubectl_run apply -f - >/dev/null <<EOF
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: neofleet-test-proxy}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:node-proxier}
subjects: [{kind: User, name: "system:kube-proxy", apiGroup: rbac.authorization.k8s.io}]
EOF
	start_storage
	start_dns
	await 90 "the nodes" is_ready
	say "cluster '$name' is up after $((SECONDS - started)) s; look at it with: script/cluster --name $name kubectl get pods -A"
}
