# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154

kubectl_run() {
	network_run env KUBECONFIG="$kubeconfig" "$bin/kubectl" "$@"
}

need_up() {
	process_alive kube-apiserver || die "cluster '$name' is not up; start it with: script/cluster --name $name up"
}

command_kubectl() {
	need_up
	kubectl_run "$@"
}

command_exec() {
	need_up
	[ $# -gt 0 ] || die "exec: which command?"
	network_run env KUBECONFIG="$kubeconfig" PATH="$bin:$PATH" "$@"
}

command_status() {
	local part parts=(etcd kube-apiserver kube-controller-manager kube-scheduler coredns provisioner kwok containerd kubelet kube-proxy)
	for part in $(node_names); do parts+=("containerd-$part" "kubelet-$part" "kube-proxy-$part"); done
	for part in "${parts[@]}"; do
		if process_alive "$part"; then
			printf '%-24s runs (pid %s)\n' "$part" "$(cat "$run/pid/$part")"
		else
			printf '%-24s is down\n' "$part"
		fi
	done
	process_alive kube-apiserver || return 1
	kubectl_run get nodes,pods -A
}

command_kubeconfig() {
	printf '%s\n' "$kubeconfig"
}

command_address() {
	printf '%s\n' "$address"
}

command_audit() {
	printf '%s\n' "$run/log/audit.log"
}

command_logs() {
	need_up
	kubectl_run logs -n neofleet-system -l app.kubernetes.io/name=neofleet --tail=-1 "$@"
}

command_crds() {
	need_up
	kubectl_run apply --server-side --force-conflicts -f "$top/deploy/crds" >/dev/null
	kubectl_run wait --for=condition=Established -f "$top/deploy/crds" --timeout=30s >/dev/null
}

# Installs what the working tree holds; a new image under the same name needs a new pod.
command_operator() {
	local image digest
	need_up
	image=$(cache_dir image)/neofleet.tar
	"$top/script/image" "$image"
	command_image "$image"
	digest=$(sha256sum <"$image" | cut -c1-32)
	command_crds
	# The tests count passes, which are told at debug.
	sed 's/^\( *\)- --leader-elect$/&\n\1- --log-level=debug/' "$top/deploy/operator.yaml" | kubectl_run apply --server-side --force-conflicts -f - >/dev/null
	kubectl_run patch deployment neofleet -n neofleet-system --type=merge \
		-p "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"neofleet.test/image\":\"$digest\"}}}}}" >/dev/null
	if ! kubectl_run rollout status deployment/neofleet -n neofleet-system --timeout=60s; then
		kubectl_run describe pods -n neofleet-system >&2
		command_logs >&2 || true
		die "the operator is not rolled out"
	fi
}

# The page is served inside the cluster's network, and the browser is outside: each connection to the same port of this machine's own 127.0.0.1 is carried in.
command_look() {
	local port=${1:-8484} carrier
	need_up
	"$top/script/build" debug kubectl-neofleet
	socat "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork" "EXEC:nsenter --net=/run/netns/$netns socat - TCP\:127.0.0.1\:$port" &
	carrier=$!
	# shellcheck disable=SC2064 # the number as it is now
	trap "kill $carrier 2>/dev/null || true" EXIT
	kubectl_run version >/dev/null
	kill -0 "$carrier" 2>/dev/null || die "port $port of 127.0.0.1 is taken; name another: script/cluster --name $name look PORT"
	network_run env KUBECONFIG="$kubeconfig" "$top/build/debug/kubectl-neofleet" ui -A --port "$port"
}
