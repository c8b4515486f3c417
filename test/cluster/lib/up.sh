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
		mkdir -p "$folder/$cgroup"
		for file in cpuset.cpus cpuset.mems; do
			[ ! -e "$folder/$cgroup/$file" ] || [ -e /sys/fs/cgroup/cgroup.controllers ] ||
				cat "$folder/$file" >"$folder/$cgroup/$file"
		done
		[ ! -e "$folder/$cgroup/cpu.shares" ] || printf '20480\n' >"$folder/$cgroup/cpu.shares"
		[ ! -e "$folder/$cgroup/cpu.weight" ] || printf '2000\n' >"$folder/$cgroup/cpu.weight"
	done < <(cgroup_controllers)
}

# start_control_plane [OPTION]...: further options of the scheduler. Whose calls are logged stands in $run/audit.yaml.
start_control_plane() {
	local tls=(--tls-cert-file="$run/pki/apiserver.crt" --tls-private-key-file="$run/pki/apiserver.key")
	process_start etcd "$bin/etcd" --data-dir "$run/etcd" --unsafe-no-fsync --log-level warn \
		--listen-client-urls "http://127.0.0.1:2379" --advertise-client-urls "http://127.0.0.1:2379" \
		--listen-peer-urls "http://127.0.0.1:2380"
	process_start kube-apiserver "$bin/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --cert-dir="$run/pki" "${tls[@]}" \
		--bind-address="$address" --advertise-address="$address" --secure-port=6443 \
		--service-account-key-file="$run/pki/sa.key" --service-account-signing-key-file="$run/pki/sa.key" \
		--service-account-issuer=https://kubernetes.default.svc.cluster.local --client-ca-file="$run/pki/ca.crt" \
		--service-cluster-ip-range=10.96.0.0/16 --authorization-mode=Node,RBAC --allow-privileged=true \
		--kubelet-preferred-address-types=InternalIP --kubelet-client-certificate="$run/pki/admin.crt" \
		--kubelet-client-key="$run/pki/admin.key" --audit-policy-file="$run/audit.yaml" --audit-log-path="$run/log/audit.log" \
		--audit-log-maxsize=1000 --audit-log-maxbackup=1
	await 60 "the API server" kubectl_run get --raw /readyz
	process_start kube-controller-manager "$bin/kube-controller-manager" --kubeconfig="$run/controllers.conf" \
		--cert-dir="$run/pki" --bind-address=127.0.0.1 --root-ca-file="$run/pki/ca.crt" --use-service-account-credentials \
		--service-account-private-key-file="$run/pki/sa.key" --leader-elect=false --kube-api-qps=1000 --kube-api-burst=1000
	process_start kube-scheduler "$bin/kube-scheduler" --kubeconfig="$run/scheduler.conf" --bind-address=127.0.0.1 \
		--cert-dir="$run/pki" --leader-elect=false --kube-api-qps=1000 --kube-api-burst=1000 "$@"
}

start_node() {
	process_start containerd containerd --config "$run/containerd.toml"
	await 30 containerd ctr --address "$socket" version
	image_load "$bin/pause.tar"
	process_start kubelet "$bin/kubelet" --config="$run/kubelet.yaml" --kubeconfig="$run/node.conf" --root-dir="$run/kubelet" \
		--cert-dir="$run/kubelet/pki" --hostname-override=node --node-ip="$address"
	process_start kube-proxy "$bin/kube-proxy" --kubeconfig="$run/proxy.conf" --proxy-mode=nftables --hostname-override=node \
		--cluster-cidr=10.244.1.0/24 --conntrack-max-per-core=0 --bind-address="$address" \
		--healthz-bind-address="$address:10256" --metrics-bind-address=127.0.0.1:10249
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

start_storage() {
	kubectl_run apply -f - >/dev/null <<EOF
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: local, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: neofleet.test/local
volumeBindingMode: Immediate
reclaimPolicy: Delete
allowVolumeExpansion: true
EOF
	process_start provisioner /usr/bin/env KUBECONFIG="$kubeconfig" "$top/test/cluster/provisioner.py" \
		--kubectl "$bin/kubectl" --folder "$run/volumes"
}

# Everything that a pod needs: the node, names, and the account that it runs under.
is_ready() {
	kubectl_run wait --for=condition=Ready node/node --timeout=0s &&
		kubectl_run get serviceaccount default && network_run curl -fsS -m 1 "http://$address:8181/ready"
}

command_up() {
	local started=$SECONDS
	if process_alive kubelet && process_alive coredns && is_ready >/dev/null 2>&1; then
		say "cluster '$name' is up already"
		return 0
	fi
	build_binaries
	say "starting cluster '$name'"
	mkdir -p "$run"/{pid,log,pki,cni,kubelet,volumes,etcd,pod-logs} "$state"
	chmod 700 "$run/pki" "$run/etcd"
	network_up
	cgroups_up
	certificates
	kubeconfig_write "$kubeconfig" admin
	for part in node controllers scheduler proxy; do
		kubeconfig_write "$run/$part.conf" "$part"
	done
	containerd_config
	kubelet_config
	dns_config
	audit_config
	start_control_plane
	start_node
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
	await 90 "the node" is_ready
	say "cluster '$name' is up after $((SECONDS - started)) s; look at it with: script/cluster --name $name kubectl get pods -A"
}
