# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# Helm at the versions that test/release/helm4 and helm3 pin; sourced after common.sh and packages.sh, from the tree's root.
#
#   helm_build MAJOR       builds it if the cache lacks it; says nothing on standard output
#   helm_path MAJOR        prints where it is
#   helm_run MAJOR ARG...  runs it, with folders of its own in place of the user's

# shellcheck source=script/lib/gotool.sh
. script/lib/gotool.sh

helm_path() { gotool_path "test/release/helm$1"; } # MAJOR

helm_build() { # MAJOR
	local path=helm.sh/helm/v$1 pins=test/release/helm$1/go.mod version flags minor
	version=$(sed -nE "s|^\t$path (v[^ ]+).*|\1|p" "$pins")
	flags="-s -w -X $path/internal/version.version=$version"
	# The Kubernetes that Helm 3 takes for granted where it asks no cluster; Helm 4 finds it out itself.
	minor=$(sed -nE 's|^\tk8s.io/client-go v0\.([0-9]+).*|\1|p' "$pins")
	[ "$1" != 3 ] || flags+=" -X $path/pkg/chartutil.k8sVersionMajor=1 -X $path/pkg/chartutil.k8sVersionMinor=$minor"
	gotool_build "Helm $1" "test/release/helm$1" "$path/cmd/helm" -ldflags "$flags"
}

helm_run() { # MAJOR ARG...
	local major=$1 home
	shift
	home=$(cache_dir helm-home)
	HELM_CACHE_HOME=$home/cache HELM_CONFIG_HOME=$home/config HELM_DATA_HOME=$home/data "$(helm_path "$major")" "$@"
}
