# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154

# The binaries, built once for each content of their sources.

build_digest() {
	(cd "$top/test/cluster" && find control node dns pause go.mod go.sum -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-16)
}

build_go() {
	(cd "$top/test/cluster/$2" && GOTOOLCHAIN=auto go build -p 2 -trimpath -ldflags '-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3' -o "$1" "$3")
}

# What the parts of another Kubernetes need to be told to build.
build_tags() {
	case $kubernetes in
	1.29 | 1.3[0-4]) printf 'oldkubelet\n' ;;
	esac
}

build_kubernetes() { # OUT VERSION
	(cd "$top/test/cluster/minors" && GOTOOLCHAIN=auto go build -modfile="$kubernetes.mod" -tags "$(build_tags)" -p 2 -trimpath \
		-ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$2" -o "$1.new" . && mv "$1.new" "$1")
}

build_other() {
	local version digest part
	version=$(sed -nE 's|^\tk8s.io/kubernetes (v[0-9.]+)$|\1|p' "$top/test/cluster/minors/$kubernetes.mod")
	digest=$(cat "$top"/test/cluster/minors/{*.go,"$kubernetes".mod} | sha256sum | cut -c1-16)
	[ ! -e "$parts/built-$digest" ] || return 0
	mkdir -p "$parts"
	with_progress "building Kubernetes $version (10 to 30 minutes, once)" build_kubernetes "$parts/kubernetes" "$version" || return 1
	for part in kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy; do
		ln -sf kubernetes "$parts/$part"
	done
	rm -f "$parts"/built-*
	touch "$parts/built-$digest"
}

# Whoever comes second waits for the first one's binaries.
build_binaries() {
	local stamp
	stamp=$bin/built-$(build_digest)
	[ -e "$stamp" ] || (flock 9 && { [ -e "$stamp" ] || build_all "$stamp"; }) 9>"$bin/lock"
	[ -e "$stamp" ] || die "the binaries of the cluster were not built"
	[ -z "$kubernetes" ] || (flock 9 && build_other) 9>"$bin/lock-$kubernetes" || die "Kubernetes $kubernetes was not built"
}

build_all() { # STAMP
	local part
	command -v go >/dev/null 2>&1 || die "no go command; run script/setup cluster"
	with_progress "building the Kubernetes control plane (5 to 10 minutes the first time)" build_go "$bin/control" . ./control || return 1
	with_progress "building kubelet and kube-proxy" build_go "$bin/node" . ./node || return 1
	CGO_ENABLED=0 with_progress "building CoreDNS" build_go "$bin/coredns" dns . || return 1
	CGO_ENABLED=0 with_progress "building the pause program" build_go "$bin/pause" . ./pause || return 1
	build_pause_image || return 1
	for part in etcd kube-apiserver kube-controller-manager kube-scheduler kubectl; do
		ln -sf control "$bin/$part"
	done
	ln -sf node "$bin/kubelet"
	ln -sf node "$bin/kube-proxy"
	rm -f "$bin"/built-*
	touch "$1"
}

build_pause_image() {
	local rootfs
	rootfs=$(mktemp -d)
	install -m 755 "$bin/pause" "$rootfs/pause"
	"$top/test/cluster/mkimage.py" --out "$bin/pause.tar" --tag docker.io/neofleet/pause:1 --rootfs "$rootfs" \
		--entrypoint '["/pause"]' --user 65535
	rm -rf "$rootfs"
}
