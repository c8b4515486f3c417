# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Shared by build, load, accept-conf and selftest. Source it after script/lib/common.sh.
#
#   neo4j_cache                    the folder of everything built here
#   sweep_images CACHE DIR TAR     notes that DIR and the archives TAR* are used, and deletes images that nobody has used for days
#   kernel_jars VERSION            makes sure of a kernel's jars; prints their folder
#   base_rootfs                    makes sure of the bare root file system (Java 21); prints its tar
#   in_box SCRIPT ARGS...          runs a script as root in network, mount, process and name spaces of
#                                  its own; whatever it starts ends with it
#   box_begin                      first thing inside: loopback up, a host name
#   box_make ROOTFS DIR            DIR/root: a throw-away writable view of ROOTFS, mounted
#   box_lay TOP DIR                what a kernel's layer TOP holds, over that view
#   box_drop DIR                   takes it away
#   box_chroot DIR UID CMD...      runs CMD in there with a clean environment (box_env holds more)
#   box_exec DIR UID CMD... &      the same for the background: $! is CMD itself
#   wait_for SECONDS CMD...        until CMD succeeds; fails after the deadline
#   bolt_up [PORT]                 whether a server answers the Bolt handshake on loopback

# shellcheck disable=SC2034 # for those who source this
readonly KERNEL=2026.05.0
# shellcheck disable=SC2034
readonly SHELL_VERSION=5.26.12
# shellcheck disable=SC2034
readonly ECJ_VERSION=3.38.0
readonly IMAGE_DAYS=7 # an image that nobody has used for so long is deleted
readonly DEPENDENCY_PLUGIN=org.apache.maven.plugins:maven-dependency-plugin:3.8.1

neo4j_cache() { cache_dir neo4j; }

# Clones of different commits share the cache, and each has an image of its own content: so only age tells which of them no clone uses any more.
# Call it with the lock held.
sweep_images() { # CACHE DIR TAR
	local old
	touch "$2/used"
	for old in "$3"*.tar; do
		[ ! -e "$old" ] || touch "$old"
	done
	for old in "$1"/image-*; do
		[ -n "$(find "$old" -maxdepth 0 -mtime -"$IMAGE_DAYS")$(find "$old" -maxdepth 1 -name used -mtime -"$IMAGE_DAYS")" ] || as_root rm -rf "$old"
	done
	find "$1" -mindepth 2 -maxdepth 2 -path "$1/image-*" -name '*.tar' -mtime +"$((IMAGE_DAYS - 1))" -delete
}

# GROUP:ARTIFACT:VERSION... into FOLDER, with everything they need at run time.
maven_fetch() {
	local dir=$1 pom one group artifact version
	shift
	[ ! -d "$dir" ] || return 0
	pom=$(mktemp -d "$(neo4j_cache)/pom.XXXXXX")
	{
		printf '%s\n' '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>' \
			'<groupId>test</groupId><artifactId>jars</artifactId><version>1</version><dependencies>'
		for one in "$@"; do
			IFS=: read -r group artifact version <<<"$one"
			printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n' \
				"$group" "$artifact" "$version"
		done
		printf '%s\n' '</dependencies></project>'
	} >"$pom/pom.xml"
	rm -rf "$dir.part"
	with_progress "Fetching ${1#*:} from Maven Central" mvn -B -C -f "$pom/pom.xml" \
		"$DEPENDENCY_PLUGIN:copy-dependencies" -DincludeScope=runtime "-DoutputDirectory=$dir.part" >&2 ||
		die "Maven could not fetch $1"
	rm -rf "$pom"
	mv "$dir.part" "$dir"
}

kernel_jars() {
	local dir
	dir=$(neo4j_cache)/kernel-$1
	# The Fleet Manager came into the kernel with 2025.11.
	case $1 in
	4.* | 5.*) maven_fetch "$dir" "org.neo4j:neo4j:$1" "org.neo4j.app:neo4j-server:$1" ;;
	*) maven_fetch "$dir" "org.neo4j:neo4j:$1" "org.neo4j.app:neo4j-server:$1" \
		"org.neo4j:neo4j-fleet-management:$1" ;;
	esac
	printf '%s\n' "$dir"
}

# shellcheck disable=SC2016 # apt's own placeholders
# The mirror this machine's apt takes its own release from.
host_mirror() {
	apt-get indextargets --format '$(SITE)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages' |
		awk -F '|' -v codename="$1" '$2 == codename && $3 == "main" { print $1; exit }'
}

base_rootfs() {
	local id codename suite mirror components=main tar packages
	# shellcheck disable=SC1091
	read -r id codename < <(. /etc/os-release && printf '%s %s\n' "$ID" "$VERSION_CODENAME")
	case $id in
	debian) suite=trixie ;;
	ubuntu) suite=$codename components=main,universe ;;
	*) die "the Neo4j image is built on Debian or Ubuntu, not on '$id'" ;;
	esac
	packages=openjdk-21-jre-headless,bash,jq,tini,util-linux
	tar=$(neo4j_cache)/base-$suite-$(printf '%s' "$packages" | sha256sum | cut -c1-12).tar
	if [ ! -e "$tar" ]; then
		mirror=$(host_mirror "$codename")
		[ -n "$mirror" ] || die "no apt source for '$codename' main was found on this machine"
		with_progress "Making a root file system ($suite, Java 21)" as_root mmdebstrap --variant=essential \
			"--components=$components" "--include=$packages" --dpkgopt='path-exclude=/usr/share/doc/*' \
			--dpkgopt='path-exclude=/usr/share/locale/*' "$suite" "${tar%.tar}.part.tar" "$mirror" >&2 ||
			die "mmdebstrap could not make the root file system"
		as_root chown "$(id -u)" "${tar%.tar}.part.tar"
		mv "${tar%.tar}.part.tar" "$tar"
	fi
	printf '%s\n' "$tar"
}

in_box() {
	as_root unshare --net --mount --uts --ipc --pid --fork --kill-child --propagation private -- "$@"
}

box_begin() {
	mount -t proc proc /proc
	ip link set lo up
	hostname box
}

box_make() {
	local root=$2/root dir
	mkdir -p "$2"
	mount -t tmpfs -o mode=755 scratch "$2"
	mkdir "$2/upper" "$2/work" "$root"
	mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$root"
	mkdir -p "$root"/{proc,dev,tmp}
	mount -t proc proc "$root/proc"
	mount -t tmpfs -o mode=1777 tmp "$root/tmp"
	mount -t tmpfs -o mode=755 dev "$root/dev"
	for dir in null zero full random urandom tty; do
		: >"$root/dev/$dir"
		mount --bind "/dev/$dir" "$root/dev/$dir"
	done
	ln -s /proc/self/fd "$root/dev/fd"
	printf '127.0.0.1 localhost box\n' >"$root/etc/hosts"
}

box_lay() {
	local share=usr/local/share/neo4j-image
	rm -f "$2/root/$share"/{server,initial-password,bootloader}.jsa
	cp "$1/$share"/* "$2/root/$share/"
	mount --bind "$1/var/lib/neo4j/lib" "$2/root/var/lib/neo4j/lib"
}

box_drop() {
	umount -R "$1/root"
	umount "$1"
}

box_env=()
box_exec() {
	local dir=$1 uid=$2
	shift 2
	exec env -i PATH=/var/lib/neo4j/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/var/lib/neo4j "${box_env[@]}" \
		chroot --userspec="$uid:$uid" --groups= "$dir/root" "$@"
}

box_chroot() { (box_exec "$@"); }

wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

bolt_up() {
	local answer
	# shellcheck disable=SC2016 # for the inner shell
	answer=$(timeout 3 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" &&
		printf "\x60\x60\xb0\x17\x00\x08\x08\x05\x00\x02\x04\x04\x00\x00\x00\x00\x00\x00\x00\x00" >&3 &&
		head -c 4 <&3 | od -An -tx1' bolt "${1:-7687}" 2>/dev/null) || return 1
	[[ $answer == *[1-9a-f]* ]]
}
