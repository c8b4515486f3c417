# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154

# A cluster of pretend nodes: the real control plane, and KWOK in place of kubelets. Its pods have addresses and are Ready, but
# nothing runs. All their addresses are the machine's own, so that one process can answer for all of them.

pretend_cidr=10.128.0.0/12

build_kwok() {
	local digest
	digest=$(cat "$top"/test/cluster/kwok/* | sha256sum | cut -c1-16)
	[ -e "$bin/kwok-$digest" ] || {
		rm -f "$bin"/kwok-*
		CGO_ENABLED=0 with_progress "building KWOK" build_go "$bin/kwok" kwok sigs.k8s.io/kwok/cmd/kwok
		touch "$bin/kwok-$digest"
	}
}

# No volume is ever needed: claims stay as they are, and the scheduler does not wait for them.
scheduler_config() {
	cat >"$run/scheduler.yaml" <<EOF
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: {kubeconfig: $run/scheduler.conf, qps: 1000, burst: 1000}
leaderElection: {leaderElect: false}
profiles:
  - schedulerName: default-scheduler
    plugins:
      multiPoint: {disabled: [{name: VolumeBinding}, {name: VolumeRestrictions}, {name: VolumeZone}, {name: NodeVolumeLimits}]}
EOF
}

pretend_nodes() { # COUNT
	local i
	for ((i = 0; i < $1; i++)); do
		cat <<EOF
---
apiVersion: v1
kind: Node
metadata: {name: pretend-$i, labels: {kubernetes.io/hostname: pretend-$i}}
spec: {podCIDR: "10.$((128 + i)).0.0/16", podCIDRs: ["10.$((128 + i)).0.0/16"]}
status:
  allocatable: {cpu: "10000", memory: 100Ti, pods: "20000"}
  capacity: {cpu: "10000", memory: 100Ti, pods: "20000"}
EOF
	done
}

# What is measured has a name of its own, by which its calls are found in the API server's log.
measured_audit() {
	cat >"$run/audit.yaml" <<EOF
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Request, users: [measured]}, {level: None}]
EOF
}

# The pods of these nodes have volumes that nobody looks for, of a class of their own: the scheduler is that of real pods, and asks for them.
command_beside() { # VOLUMES
	need_up
	build_kwok
	network_run ip route replace local "$pretend_cidr" dev lo
	pretend_nodes 4 | kubectl_run apply -f - >/dev/null
	kubectl_run label --overwrite node pretend-{0..3} neofleet.test/pretend=yes >/dev/null
	kubectl_run taint --overwrite node pretend-{0..3} neofleet.test/pretend=yes:NoSchedule >/dev/null
	pretend_volumes "${1:?beside takes the number of volumes}" | kubectl_run apply -f - >/dev/null
	process_start kwok "$bin/kwok" --kubeconfig="$kubeconfig" --config="$top/test/cluster/stages.yaml" --manage-all-nodes=false \
		--manage-nodes-with-label-selector=neofleet.test/pretend=yes --node-ip="$address" --node-lease-duration-seconds=40 \
		--server-address=127.0.0.1:10247
	await 60 "the pretend nodes" kubectl_run wait --for=condition=Ready node --all --timeout=0s
}

pretend_volumes() { # NUMBER
	local i
	cat <<EOF
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: pretend}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: Immediate
EOF
	for ((i = 0; i < $1; i++)); do
		cat <<EOF
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pretend-$i}
spec:
  storageClassName: pretend
  capacity: {storage: 10Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  hostPath: {path: /nowhere}
EOF
	done
}

command_pretend() {
	local part
	build_binaries
	build_kwok
	! process_alive kube-apiserver || {
		say "cluster '$name' is up already"
		return 0
	}
	clear_remains
	say "starting the control plane of cluster '$name'"
	mkdir -p "$run"/{pid,log,pki,etcd} "$state"
	chmod 700 "$run/pki" "$run/etcd"
	network_up
	network_run ip route replace local "$pretend_cidr" dev lo
	certificates
	kubeconfig_write "$kubeconfig" admin
	certificate measured /O=system:masters/CN=measured extendedKeyUsage=clientAuth
	kubeconfig_write "$run/measured.conf" measured
	measured_audit
	for part in controllers scheduler; do
		kubeconfig_write "$run/$part.conf" "$part"
	done
	scheduler_config
	# Collecting garbage costs the API server a second of both cores each time: as rarely as memory allows, or it is what is measured.
	# etcd's own limit of 2 GB is not enough for thousands of clusters and what etcd keeps of their past.
	ETCD_QUOTA_BACKEND_BYTES=8589934592 GOGC=800 GOMEMLIMIT=6GiB start_control_plane --config="$run/scheduler.yaml"
	pretend_nodes 4 | kubectl_run apply -f - >/dev/null
	process_start kwok "$bin/kwok" --kubeconfig="$kubeconfig" --config="$top/test/cluster/stages.yaml" --manage-all-nodes=true --node-ip="$address" --node-lease-duration-seconds=40 --server-address=127.0.0.1:10247
	await 60 "the pretend nodes" kubectl_run wait --for=condition=Ready node --all --timeout=0s
	await 60 "the default account" kubectl_run get serviceaccount default
	command_crds
	say "cluster '$name' is up"
}
