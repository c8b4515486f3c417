# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# The libraries of the image's program, to be linked into it (docs/decisions/0013); sourced after common.sh and packages.sh.
#
#   libraries_build [ARCH]     builds what the cache lacks, for amd64 or arm64, by default for this machine; says nothing on standard output
#   libraries_folder [ARCH]    prints where they are: include/, lib/ and lib/pkgconfig/; for another processor also sysroot/, with the
#                              distribution's own libraries for that one
#                              In it packages and sources name the distribution's packages that all of this came from, with their versions
#   libraries_paths [ARCH]     prints the assignments that CMake's presets want in the environment
#
# libcurl with HTTP and TLS alone, libmicrohttpd without TLS and yyjson come from the distribution's own source packages; OpenSSL,
# nghttp2, LZ4 and libfyaml from its -dev packages, which have what is wanted. The machine's apt configuration is left alone.

libraries_native() { dpkg --print-architecture; }

libraries_folder() { # [ARCH]
	local versions arch=${1:-$(libraries_native)} suffix=
	[ "$arch" = "$(libraries_native)" ] || suffix=-$arch
	versions=$(dpkg-query -W -f '${Package} ${Version}\n' libcurl4-openssl-dev libmicrohttpd-dev libyyjson-dev libnghttp2-dev 2>/dev/null || true)
	printf '%s\n' "$(cache_dir libraries)/$(cat script/lib/libraries.sh - <<<"$versions" | sha256sum | cut -c1-16)$suffix"
}

libraries_paths() { # [ARCH]
	local folder
	folder=$(libraries_folder "${1:-}")
	printf 'NEOFLEET_SYSROOT=%s/sysroot\nPKG_CONFIG_PATH=%s/lib/pkgconfig\n' "$folder" "$folder"
	[ ! -d "$folder/sysroot" ] || printf 'PKG_CONFIG_LIBDIR=%s/sysroot/usr/lib/aarch64-linux-gnu/pkgconfig\n' "$folder"
}

# A folder of apt's that has the sources of what this machine's own sources have binaries of.
libraries_apt() { # DIR
	local file
	mkdir -p "$1/lists/partial" "$1/cache/archives/partial" "$1/parts" "$1/none"
	rm -f "$1"/parts/*
	# shellcheck disable=SC2016 # apt expands it
	apt-get indextargets --format '$(ORIGIN) $(SOURCESENTRY)' 'Created-By: Packages' | sed -nE 's/^(Debian|Ubuntu) (.*):[0-9]+$/\2/p' | sort -u |
		while read -r file; do
			sed -E -e 's/^Types:.*/Types: deb-src/' -e 's/^deb /deb-src /' "$file" >"$1/parts/$(basename "$file")"
		done
	: >"$1/sources.list"
}

# The distribution's own libraries for another processor, unpacked beside the rest: dpkg's and apt's configuration are left alone.
libraries_sysroot() { # WORK FOLDER ARCH
	local dir=$1/apt-$3 options file
	options=(-o APT::Architecture="$3" -o APT::Architectures="$3" -o "Dir::Etc::sourcelist=$dir/sources.list" -o "Dir::Etc::sourceparts=$dir/parts"
		-o "Dir::State::lists=$dir/lists" -o "Dir::Cache=$dir/cache" -o "Dir::State::status=$dir/status" -o APT::Sandbox::User=root)
	mkdir -p "$dir/debs" "$2/sysroot"
	libraries_apt "$dir"
	sed -i -E -e 's/^Types:.*/Types: deb/' -e 's/^deb-src /deb /' "$dir"/parts/*
	: >"$dir/status"
	apt-get "${options[@]}" update
	(cd "$dir/debs" && apt-get "${options[@]}" download libssl-dev libssl3 libnghttp2-dev liblz4-dev libfyaml-dev libcmocka-dev libcmocka0 uthash-dev)
	for file in "$dir"/debs/*.deb; do
		dpkg-deb -x "$file" "$2/sysroot"
		dpkg-deb --show --showformat '${Package} ${Version}\n' "$file" >>"$2/packages"
	done
	# Where a compiler of that machine would look, too.
	cp -a "$2/sysroot/usr/include/$(libraries_triplet "$3")/." "$2/sysroot/usr/include/"
	sed -i "s|^prefix=/usr|prefix=$2/sysroot/usr|" "$2"/sysroot/usr/lib/*/pkgconfig/*.pc
}

# As above, of Debian 13: it has yyjson, which other releases lack.
libraries_apt_trixie() { # DIR
	local mirror
	mirror=$(packages_mirror) || mirror=http://deb.debian.org/debian
	mkdir -p "$1/lists/partial" "$1/cache/archives/partial" "$1/parts"
	printf 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s trixie main\n' "$mirror" >"$1/sources.list"
}

# libraries_source DIR PACKAGE OPTION...: downloads a source package; apt checks it against the signed index.
libraries_source() {
	local dir=$1 package=$2
	local options=(-o "Dir::Etc::sourcelist=$dir/sources.list" -o "Dir::Etc::sourceparts=$dir/parts"
		-o "Dir::State::lists=$dir/lists" -o "Dir::Cache=$dir/cache" -o APT::Sandbox::User=root)
	shift 2
	[ -e "$dir/updated" ] || { apt-get "${options[@]}" update && touch "$dir/updated"; }
	apt-get "${options[@]}" source --download-only "$@" "$package"
}

libraries_curl() { # WORK FOLDER ARCH
	local cross=()
	[ "$3" = "$(libraries_native)" ] || cross=(-DCMAKE_TOOLCHAIN_FILE="$libraries_top/cmake/$3.cmake")
	libraries_source "$1/apt" curl
	dpkg-source --no-check -x curl_*.dsc "$1/curl"
	cmake -S "$1/curl" -B "$1/curl-build" -G Ninja "${cross[@]}" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$2" -DCMAKE_INSTALL_LIBDIR=lib \
		-DCMAKE_C_FLAGS="$libraries_flags" -DBUILD_SHARED_LIBS=OFF -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF -DENABLE_MANUAL=OFF \
		-DENABLE_CURL_MANUAL=OFF -DBUILD_LIBCURL_DOCS=OFF -DBUILD_MISC_DOCS=OFF -DHTTP_ONLY=ON -DUSE_NGHTTP2=ON -DCURL_USE_OPENSSL=ON \
		-DCURL_ZLIB=OFF -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF -DCURL_USE_LIBSSH2=OFF -DCURL_USE_LIBSSH=OFF -DCURL_USE_LIBPSL=OFF \
		-DUSE_LIBIDN2=OFF -DCURL_USE_GSSAPI=OFF -DUSE_LIBRTMP=OFF -DCURL_DISABLE_COOKIES=ON -DCURL_DISABLE_ALTSVC=ON \
		-DCURL_DISABLE_HSTS=ON -DCURL_DISABLE_NETRC=ON -DCURL_DISABLE_DOH=ON -DCURL_DISABLE_MIME=ON -DCURL_DISABLE_NTLM=ON \
		-DCURL_CA_PATH=none -DCURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt
	cmake --build "$1/curl-build" -j 2
	cmake --install "$1/curl-build"
}

libraries_microhttpd() { # WORK FOLDER ARCH
	local cross=()
	[ "$3" = "$(libraries_native)" ] || cross=(--host="$libraries_prefix")
	libraries_source "$1/apt" libmicrohttpd
	dpkg-source --no-check -x libmicrohttpd_*.dsc "$1/microhttpd"
	cd "$1/microhttpd"
	./configure --prefix="$2" "${cross[@]}" --disable-shared --enable-static --disable-https --disable-doc --disable-examples --disable-curl \
		--disable-httpupgrade --disable-bauth --disable-dauth --disable-postprocessor --disable-nls CFLAGS="$libraries_flags"
	make -C src/include install
	make -j 2 -C src/microhttpd install
	make install-pkgconfigDATA
}

# The archive alone: it is one file, and Debian has no change to it.
libraries_yyjson() { # WORK FOLDER ARCH
	libraries_source "$1/apt" yyjson --tar-only || {
		libraries_apt_trixie "$1/apt-trixie"
		libraries_source "$1/apt-trixie" yyjson --tar-only
	}
	mkdir "$1/yyjson"
	tar -C "$1/yyjson" --strip-components=1 -xf yyjson_*.orig.tar.*
	# shellcheck disable=SC2086 # several flags
	"${libraries_prefix:+$libraries_prefix-}gcc" $libraries_flags -c "$1/yyjson/src/yyjson.c" -o "$1/yyjson.o"
	ar rcs "$2/lib/libyyjson.a" "$1/yyjson.o"
	install -m 644 "$1/yyjson/src/yyjson.h" "$2/include/yyjson.h"
	printf 'Name: yyjson\nDescription: JSON\nVersion: %s\nLibs: -L%s/lib -lyyjson\nCflags: -I%s/include\n' \
		"$(sed -nE 's/^#define YYJSON_VERSION_STRING "(.*)"/\1/p' "$1/yyjson/src/yyjson.h")" "$2" "$2" >"$2/lib/pkgconfig/yyjson.pc"
}

# Whatever libcurl's own file says, these are what it was built with.
libraries_curl_pc() { # FOLDER
	printf 'Name: libcurl\nDescription: HTTP\nVersion: %s\nLibs: -L%s/lib -lcurl -lnghttp2 -lssl -lcrypto\nCflags: -I%s/include -DCURL_STATICLIB\n' \
		"$(sed -nE 's/^#define LIBCURL_VERSION "(.*)"/\1/p' "$1/include/curl/curlver.h")" "$1" "$1" >"$1/lib/pkgconfig/libcurl.pc"
}

libraries_all() { # FOLDER ARCH
	local work part libraries_prefix= libraries_top=$PWD
	work=$(mktemp -d)
	rm -rf "$1"
	mkdir -p "$1/lib/pkgconfig" "$1/include"
	libraries_apt "$work/apt"
	if [ "$2" != "$(libraries_native)" ]; then
		libraries_prefix=$(libraries_triplet "$2")
		libraries_sysroot "$work" "$1" "$2"
		export NEOFLEET_SYSROOT=$1/sysroot PKG_CONFIG_LIBDIR=$1/sysroot/usr/lib/$libraries_prefix/pkgconfig
	fi
	for part in curl microhttpd yyjson; do
		mkdir "$work/$part-source"
		(cd "$work/$part-source" && "libraries_$part" "$work" "$1" "$2")
		(cd "$work/$part-source" && { compgen -G '*.dsc' || compgen -G '*.orig.tar.*'; } >>"$1/sources")
	done
	libraries_curl_pc "$1"
	rm -rf "$work"
	[ -e "$1/packages" ] || dpkg-query -W -f '${Package} ${Version}\n' libssl-dev libnghttp2-dev liblz4-dev libfyaml-dev >"$1/packages"
	touch "$1/complete"
}

libraries_flags="-O2 -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections"

# The GNU name of a processor. To build for arm64 on amd64 is what releases are made with; the other way round would be the same.
libraries_triplet() { # ARCH
	case $1 in
	arm64) printf 'aarch64-linux-gnu\n' ;;
	amd64) printf 'x86_64-linux-gnu\n' ;;
	*) die "no compiler for the processor '$1' is known: amd64 or arm64" ;;
	esac
}

libraries_build() { # [ARCH]
	local folder arch=${1:-$(libraries_native)}
	packages_install test/packages.txt test/image/packages.txt >&2
	packages_yyjson >&2
	if [ "$arch" != "$(libraries_native)" ]; then
		[ -e "cmake/$arch.cmake" ] || die "releases are made on amd64: there is no cmake/$arch.cmake"
		packages_install test/release/packages.txt >&2
	fi
	folder=$(libraries_folder "$arch")
	# shellcheck disable=SC2016 # expanded inside
	flock "$(cache_dir libraries)/lock" bash -euo pipefail -c '
		. script/lib/common.sh
		. script/lib/packages.sh
		. script/lib/libraries.sh
		[ -e "$1/complete" ] || with_progress "building the libraries of the image for $2 (a minute, once)" libraries_all "$1" "$2"' bash "$folder" "$arch" >&2
}
