# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# Helm at the versions that test/release/helm4 and helm3 pin, built once from the Go modules; sourced after common.sh and packages.sh.
#
#   helm_build MAJOR       builds it if the cache lacks it; says nothing on standard output
#   helm_path MAJOR        prints where it is
#   helm_run MAJOR ARG...  runs it, with folders of its own in place of the user's

helm_path() { # MAJOR
	local digest
	digest=$(cat "test/release/helm$1/go.mod" "test/release/helm$1/go.sum" | sha256sum | cut -c1-16)
	printf '%s\n' "$(cache_dir tools)/helm$1-$digest"
}

helm_go() { # MAJOR OUT
	local path=helm.sh/helm/v$1 version flags minor
	cd "test/release/helm$1" || return 1
	version=$(sed -nE "s|^\t$path (v[^ ]+).*|\1|p" go.mod)
	flags="-s -w -X $path/internal/version.version=$version"
	# The Kubernetes that Helm 3 takes for granted where it asks no cluster; Helm 4 finds it out itself.
	minor=$(sed -nE 's|^\tk8s.io/client-go v0\.([0-9]+).*|\1|p' go.mod)
	[ "$1" != 3 ] || flags+=" -X $path/pkg/chartutil.k8sVersionMajor=1 -X $path/pkg/chartutil.k8sVersionMinor=$minor"
	CGO_ENABLED=0 GOTOOLCHAIN=auto nice -n 19 go build -mod=readonly -p 2 -trimpath \
		-ldflags "$flags" -o "$2.new" "$path/cmd/helm"
	mv "$2.new" "$2"
}

helm_build() { # MAJOR
	local out
	out=$(helm_path "$1")
	[ -x "$out" ] && return 0
	packages_go >&2
	# shellcheck disable=SC2016 # expanded inside
	flock "$(cache_dir tools)/lock" bash -euo pipefail -c '
		. script/lib/common.sh
		. script/lib/helm.sh
		[ -x "$2" ] || with_progress "building Helm $1 (some minutes, once)" helm_go "$1" "$2"' bash "$1" "$out" >&2
}

helm_run() { # MAJOR ARG...
	local major=$1 home
	shift
	home=$(cache_dir helm-home)
	HELM_CACHE_HOME=$home/cache HELM_CONFIG_HOME=$home/config HELM_DATA_HOME=$home/data "$(helm_path "$major")" "$@"
}
