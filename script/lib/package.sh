# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# Archives and Debian packages of a release; sourced by script/release, whose variables it reads. The same input gives the same bytes: names are sorted,
# times are SOURCE_DATE_EPOCH, everything belongs to root.
#
#   package_tar OUT FOLDER FROM NAME...         a tar.gz in which everything is below FOLDER
#   package_program NAME ARCH WORK BUILT TEXT   a program that needs no library: tar.gz and .deb
#   package_library ARCH WORK BUILT             libneobolt: tar.gz, and .deb for programs and for those who write them

package_tar() { # OUT FOLDER FROM NAME...
	local out=$1 folder=$2 from=$3
	shift 3
	(cd "$from" && tar --sort=name --format=ustar --owner=0 --group=0 --numeric-owner --mode=u+rw,go+r,go-w --mtime="@$SOURCE_DATE_EPOCH" \
		--transform "flags=r;s|^|$folder/|" -cf - "$@") | gzip -9n >"$out"
}

# Debian's order of versions has '~' before the end: 0.2.0~rc.1 comes before 0.2.0.
package_version() { printf '%s\n' "${version/-/\~}"; }

# package_deb NAME ARCH ROOT TEXT FIELD...: ROOT holds what is installed.
package_deb() {
	local name=$1 arch=$2 root=$3 text=$4 docs=$3/usr/share/doc/$1
	shift 4
	mkdir -p "$root/DEBIAN" "$docs"
	install -m 644 "$tree/LICENSE" "$docs/copyright"
	find "$root/usr/share/man" -name '*.[0-9]' -exec gzip -9n {} + 2>/dev/null || true
	(cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
	{
		printf 'Package: %s\nVersion: %s\nArchitecture: %s\n' "$name" "$(package_version)" "$arch"
		printf 'Maintainer: The neofleet authors <neofleet@localhost>\nSection: database\nPriority: optional\n'
		printf 'Installed-Size: %s\n' "$(du -k -s --apparent-size "$root/usr" | cut -f1)"
		[ $# -eq 0 ] || printf '%s\n' "$@"
		printf 'Description: %s\n' "$text"
	} >"$root/DEBIAN/control"
	chmod -R u+rwX,go+rX,go-w "$root"
	find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
	dpkg-deb --root-owner-group -Zxz --build "$root" "$dist/${name}_$(package_version)_$arch.deb" >/dev/null
}

package_program() { # NAME ARCH WORK BUILT TEXT
	local name=$1 arch=$2 flat=$3/$1-tar root=$3/$1-deb built=$4 text=$5
	mkdir -p "$flat" "$root/usr/bin" "$root/usr/share/man/man1"
	"$(strip_of "$arch")" -o "$flat/$name" "$built/$name"
	chmod 755 "$flat/$name"
	install -m 644 "$tree/LICENSE" "$tree/docs/man/$name.1" "$flat"
	package_tar "$dist/$name-$version-linux-$arch.tar.gz" "$name-$version" "$flat" LICENSE "$name" "$name.1"
	install -m 755 "$flat/$name" "$root/usr/bin/$name"
	[ "$name" != kubectl-neofleet ] || ln -s kubectl-neofleet "$root/usr/bin/kubectl_complete-neofleet"
	install -m 644 "$tree/docs/man/$name.1" "$root/usr/share/man/man1"
	package_deb "$name" "$arch" "$root" "$text"
	bill "$name" "$arch" "$tree/linked-$arch" "$(libraries_folder "$arch")/sources" -- "$flat/$name=$name"
}

package_library() { # ARCH WORK BUILT
	local arch=$1 all=$2/library root dev=$2/libneobolt-dev triplet libdir numbers abi
	triplet=$(libraries_triplet "$arch")
	libdir=usr/lib/$triplet
	numbers=${version%%-*}
	# As the SONAME: until 1.0 the minor version is part of it (docs/bolt.md).
	abi=${numbers%%.*}
	[ "$abi" != 0 ] || abi=${numbers%.*}
	root=$2/libneobolt$abi
	DESTDIR=$all cmake --install "$3" --component neobolt --prefix /usr >/dev/null
	rm -rf "$all/usr/bin" "$all/usr/share/man/man1"
	"$(strip_of "$arch")" --strip-unneeded "$all/$libdir/libneobolt.so.$numbers"
	"$(strip_of "$arch")" --strip-debug --enable-deterministic-archives "$all/$libdir/libneobolt.a"
	install -m 644 "$tree/LICENSE" "$all"
	package_tar "$dist/libneobolt-$version-linux-$arch.tar.gz" "libneobolt-$version" "$all" usr LICENSE
	mkdir -p "$root/$libdir" "$dev"
	cp -a "$all/usr" "$dev/"
	mv "$dev/$libdir"/libneobolt.so.* "$root/$libdir/"
	package_deb "libneobolt$abi" "$arch" "$root" "Bolt client for Neo4j, shared library" \
		"Depends: libc6 (>= $(package_libc "$arch" "$root/$libdir/libneobolt.so.$numbers")), libssl3 | libssl3t64"
	package_deb libneobolt-dev "$arch" "$dev" "Bolt client for Neo4j, for programs that use it" \
		"Depends: libneobolt$abi (= $(package_version)), libssl-dev"
	bill libneobolt "$arch" -- "$root/$libdir/libneobolt.so.$numbers=$libdir/libneobolt.so.$numbers" "$all/$libdir/libneobolt.a=$libdir/libneobolt.a"
}

# The newest version of the C library that the file asks for a function of.
package_libc() { # ARCH FILE
	local objdump=objdump
	[ "$1" = "$(libraries_native)" ] || objdump=$(libraries_triplet "$1")-objdump
	"$objdump" -T "$2" | sed -nE 's/.*\(?GLIBC_([0-9.]+)\)?.*/\1/p' | sort -V | tail -n 1
}
