# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# Package steps for Debian 12, Debian 13 and Ubuntu 24.04; sourced after common.sh.
#
#   packages_install FILE...   installs what is missing of the packages the files name ('#' comments)
#   packages_yyjson            libyyjson-dev, from the next Debian release where this one lacks it
#   packages_go                a Go that can build go 1.26 modules

export DEBIAN_FRONTEND=noninteractive

package_is_installed() {
	[ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = "install ok installed" ]
}

# A fresh machine upgrades itself in its first minutes: whoever holds apt's locks is waited for.
apt_get() {
	local errors end=$((SECONDS + 300))
	until errors=$({ as_root env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get "$@" >&3; } 3>&1 2>&1 >/dev/null | tee /dev/stderr); do
		[[ $errors == *'Could not get lock'* ]] && [ "$SECONDS" -lt "$end" ] || return 100
		sleep 2
	done
}

packages_install() {
	local name missing=()
	while read -r name; do
		package_is_installed "$name" || missing+=("$name")
	done < <(sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$@" | sort -u)
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing by apt (as root): ${missing[*]}"
	with_progress "apt-get update" apt_get update
	with_progress "apt-get install" apt_get install -y --no-install-recommends "${missing[@]}"
}

# The Debian mirror that this machine's own apt sources name, without a trailing slash.
packages_mirror() {
	apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v -e security -e '/debian-security' | grep -m 1 debian
}

# Debian 12 and Ubuntu 24.04 have no yyjson. Its two packages (they need nothing but the C library) come from Debian 13
# through a private apt configuration, so that the machine's own stays as it is.
packages_yyjson() {
	local dir mirror
	if pkg-config --exists yyjson 2>/dev/null; then
		return 0
	fi
	if [[ $(apt-cache policy libyyjson-dev 2>/dev/null) == *'Candidate: '[0-9]* ]]; then
		with_progress "apt-get install libyyjson-dev" apt_get install -y --no-install-recommends libyyjson-dev
		return 0
	fi
	dir=$(cache_dir yyjson-apt)
	# Ubuntu names no Debian mirror of its own.
	mirror=$(packages_mirror) || mirror=http://deb.debian.org/debian
	printf 'debian-archive-keyring\n' >"$dir/packages"
	packages_install "$dir/packages"
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/parts"
	printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s trixie main\n' "$mirror" >"$dir/sources.list"
	say "libyyjson-dev is not in this release: taking it from Debian 13 (installed as root, apt's configuration is left alone)"
	with_progress "fetching libyyjson" packages_fetch_private "$dir" libyyjson0 libyyjson-dev
	with_progress "installing libyyjson" as_root dpkg -i "$dir"/libyyjson*.deb
}

packages_fetch_private() {
	local dir=$1
	local options=(-o "Dir::Etc::sourcelist=$dir/sources.list" -o "Dir::Etc::sourceparts=$dir/parts"
		-o "Dir::State::lists=$dir/lists" -o "Dir::Cache=$dir/cache" -o APT::Sandbox::User=root)
	shift
	rm -f "$dir"/*.deb
	apt-get "${options[@]}" update
	(cd "$dir" && apt-get "${options[@]}" download "$@")
}

# The toolchain named in go.mod files is fetched by Go itself through its module proxy when the packaged
# one is older; that works from Go 1.21 on.
packages_go() {
	local version
	if command -v go >/dev/null 2>&1; then
		version=$(GOTOOLCHAIN=local go env GOVERSION | sed -E 's/^go1\.([0-9]+).*/\1/')
		[ "${version:-0}" -lt 21 ] || return 0
	fi
	printf 'golang-go\n' >"$(cache_dir)/go-package.txt"
	packages_install "$(cache_dir)/go-package.txt"
}
