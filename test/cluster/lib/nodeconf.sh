# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154

# Certificates, kubeconfigs and the configuration files of the parts.

certificate() { # NAME SUBJECT EXTENSIONS
	local file=$run/pki/$1
	[ ! -s "$file.crt" ] || return 0
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$file.key" -subj "$2" -out "$file.csr" 2>/dev/null
	openssl x509 -req -in "$file.csr" -CA "$run/pki/ca.crt" -CAkey "$run/pki/ca.key" -CAcreateserial -days 3650 \
		-extfile <(printf 'basicConstraints=CA:FALSE\n%s\n' "$3") -out "$file.crt.new" 2>/dev/null
	mv "$file.crt.new" "$file.crt"
}

certificates() {
	local san="DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
	if [ ! -s "$run/pki/ca.crt" ]; then
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$run/pki/ca.key" -out "$run/pki/ca.crt" \
			-days 3650 -subj "/CN=neofleet-$name" -addext basicConstraints=critical,CA:TRUE \
			-addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
	fi
	[ -s "$run/pki/sa.key" ] || openssl genrsa -out "$run/pki/sa.key" 2048 2>/dev/null
	certificate apiserver /CN=kube-apiserver \
		"extendedKeyUsage=serverAuth
subjectAltName=IP:$address,IP:$service_address,IP:127.0.0.1,$san"
	certificate admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
	certificate controllers /CN=system:kube-controller-manager extendedKeyUsage=clientAuth
	certificate scheduler /CN=system:kube-scheduler extendedKeyUsage=clientAuth
	certificate proxy /CN=system:kube-proxy extendedKeyUsage=clientAuth
}

kubeconfig_write() { # FILE CERTIFICATE
	umask 077
	cat >"$1" <<EOF
apiVersion: v1
kind: Config
current-context: neofleet-$name
clusters: [{name: neofleet-$name, cluster: {server: "https://$address:6443", certificate-authority: $run/pki/ca.crt}}]
users: [{name: $2, user: {client-certificate: $run/pki/$2.crt, client-key: $run/pki/$2.key}}]
contexts: [{name: neofleet-$name, context: {cluster: neofleet-$name, user: $2}}]
EOF
	umask 022
}

containerd_config() {
	cat >"$node_run/containerd.toml" <<EOF
version = 2
root = "$node_run/containerd"
state = "$node_state/containerd"
[grpc]
  address = "$socket"
[ttrpc]
  address = "$socket.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/neofleet/pause:1"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  Root = "$node_state/runc"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "$node_run/cni"
EOF
	cat >"$node_run/cni/10-ptp.conflist" <<EOF
{"cniVersion": "0.4.0", "name": "neofleet", "plugins": [{"type": "ptp", "ipMasq": false, "ipam": {"type": "host-local",
 "dataDir": "$node_run/cni-leases", "ranges": [[{"subnet": "$pods"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
EOF
}

# Whether it is at least Kubernetes 1.MINOR.
kubernetes_is() { # MINOR
	local minor=${kubernetes#1.}
	[ -z "$minor" ] || [ "$minor" -ge "$1" ]
}

kubelet_config() {
	cat >"$node_run/kubelet.yaml" <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $node_address
healthzBindAddress: $node_address
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $run/pki/ca.crt}}
authorization: {mode: Webhook}
containerRuntimeEndpoint: unix://$socket
cgroupDriver: cgroupfs
cgroupRoot: /$node_cgroup
failSwapOn: false
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
evictionHard: {}
clusterDNS: [$dns_address]
clusterDomain: cluster.local
resolvConf: ""
maxPods: 200
imageGCHighThresholdPercent: 100
podLogsDir: $node_run/pod-logs
EOF
	if kubernetes_is 31; then printf 'failCgroupV1: false\n'; fi >>"$node_run/kubelet.yaml"
	if kubernetes_is 32; then
		printf 'featureGates: {KubeletCrashLoopBackOffMax: true}\ncrashLoopBackOff: {maxContainerRestartPeriod: 1s}\n'
	fi >>"$node_run/kubelet.yaml"
	[ "$(node_count)" -eq 0 ] || printf 'nodeLeaseDurationSeconds: 12\n' >>"$node_run/kubelet.yaml"
}

dns_config() {
	cat >"$run/Corefile" <<EOF
.:53 {
	bind $address
	ready $address:8181
	errors
	cache 5
	kubernetes cluster.local elsewhere.test {
		kubeconfig $kubeconfig
	}
}
EOF
}

# What the deployed operator asks of the API server, for test/e2e/rights.py; with NEOFLEET_CLUSTER_AUDIT, what everybody asks.
audit_config() {
	local who=', users: ["system:serviceaccount:neofleet-system:neofleet"]'
	[ -z "${NEOFLEET_CLUSTER_AUDIT:-}" ] || who=''
	cat >"$run/audit.yaml" <<EOF
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata$who}, {level: None}]
EOF
}
