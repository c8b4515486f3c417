# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# What the operator's image holds: the program, the certificate authorities, a user. Sourced; the caller has a folder for it.
#
#   rootfs_make DIR PROGRAM [STRIP]      STRIP is the command, strip by default
#   rootfs_environment                   prints the environment of the image, a variable a line

rootfs_make() { # DIR PROGRAM [STRIP]
	chmod 755 "$1"
	mkdir -p "$1/etc/ssl/certs" "$1/usr/bin"
	"${3:-strip}" -o "$1/usr/bin/neofleet" "$2"
	chmod 755 "$1/usr/bin/neofleet"
	# Those of the distribution, and none that this machine trusts besides.
	find /usr/share/ca-certificates/mozilla -name '*.crt' -print0 | LC_ALL=C sort -z | xargs -0 cat >"$1/etc/ssl/certs/ca-certificates.crt"
	chmod 644 "$1/etc/ssl/certs/ca-certificates.crt"
	printf 'neofleet:x:65532:65532::/:/sbin/nologin\n' >"$1/etc/passwd"
	printf 'neofleet:x:65532:\n' >"$1/etc/group"
}

rootfs_environment() { grep -v '^#' script/lib/image.env; }
