// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// container is a root with the folders of a pod.
func container(t *testing.T, tag, conf string, env ...string) *entry {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"conf", "data", "logs", "plugins"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "conf/neo4j.conf"), []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	e := newEntry(append([]string{"STANDIN_ROOT=" + root, "IMAGE_TAG=" + tag, "NEO4J_ACCEPT_LICENSE_AGREEMENT=yes",
		"NEO4J_AUTH=neo4j/password1"}, env...))
	e.note = func(format string, args ...any) { t.Logf(format, args...) }
	return e
}

func TestRefusedStarts(t *testing.T) {
	const tag = "2025.12.1-enterprise"
	cases := []struct{ name, tag, conf, env, want string }{
		{"no licence", tag, "", "NEO4J_ACCEPT_LICENSE_AGREEMENT=", "accept the license"},
		{"licence true", tag, "", "NEO4J_ACCEPT_LICENSE_AGREEMENT=true", "accept the license"},
		{"other user", tag, "", "NEO4J_AUTH=admin/password1", "must be neo4j"},
		{"default password", tag, "", "NEO4J_AUTH=neo4j/neo4j", "cannot be 'neo4j'"},
		{"slash", tag, "", "NEO4J_AUTH=neo4j/pass/word1", "cannot contain '/'"},
		{"empty password", tag, "", "NEO4J_AUTH=neo4j/", "is empty"},
		{"short password", tag, "", "NEO4J_AUTH=neo4j/short", "at least 8"},
		{"dash", tag, "", "NEO4J_AUTH=neo4j/-password1", "was refused"},
		{"no pair", tag, "", "NEO4J_AUTH=neo4j", "must be 'none' or"},
		{"unknown plugin", tag, "", `NEO4J_PLUGINS=["apoc","unheard-of"]`,
			"'unheard-of' is not a known Neo4j plugin. Choose among: apoc apoc-extended bloom fleet-management"},
		{"n10s in calver", tag, "", `NEO4J_PLUGINS=["n10s"]`, "'n10s' is not a known"},
		{"no list", tag, "", "NEO4J_PLUGINS=apoc,bloom", "must be a JSON list"},
		{"numbers", tag, "", "NEO4J_PLUGINS=[1]", "must be a JSON list"},
		{"unknown setting", tag, "no.such=1\n", "X=1", "No declared setting with name: no.such"},
		{"service link", tag, "", "NEO4J_HEADLESS_SERVICE_HOST=10.0.0.1", "HEADLESS.SERVICE.HOST"},
		{"twice", tag, "server.http.enabled=true\nserver.http.enabled=true\n", "X=1", "declared multiple times"},
		{"5.26 setting", tag, "dbms.cluster.discovery.version=V2_ONLY\n", "X=1", "dbms.cluster.discovery.version"},
		{"2025 setting", "5.26.12-enterprise", "dbms.cluster.endpoints=a:6000\n", "X=1", "dbms.cluster.endpoints"},
		{"fleet twice", tag, "dbms.fleet_manager.enabled=true\n", `NEO4J_PLUGINS=["fleet-management"]`, "already in use"},
		{"TLS without a policy", tag, "server.bolt.tls_level=REQUIRED\n", "X=1", "tls_level"},
		{"no key", tag, "dbms.ssl.policy.bolt.enabled=true\ndbms.ssl.policy.bolt.base_directory=/nowhere\n", "X=1", "SSL policy"},
		{"secret file", tag, "", "NEO4J_AUTH_FILE=/nowhere", "'/nowhere' of NEO4J_AUTH_FILE"},
		{"tag", "latest", "", "X=1", "does not name a release"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := container(t, c.tag, c.conf, c.env).config()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got '%v', want '%s'", err, c.want)
			}
		})
	}
}

// The first password by neo4j-admin, as a pod's init container sets it.
func TestInitialPasswordByTheAdminTool(t *testing.T) {
	e := container(t, "2025.12.1-enterprise", "", "NEO4J_AUTH=")
	tool := newEntry([]string{"STANDIN_ROOT=" + e.root, "NEO4J_CONF=" + t.TempDir()})
	file := filepath.Join(t.TempDir(), "arguments")
	cases := []struct{ content, password string }{
		{"--\n\"correct-horse\"\n", "correct-horse"},
		{"--\n\"@@@s3cret-pass\"\n", "@@s3cret-pass"},
		{"--\n\"-a \\\"b\\\" \\\\c\\nd/true\"\n", "-a \"b\" \\c\nd/true"},
		{"correct-horse\n", "correct-horse"},
	}
	for _, c := range cases {
		if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := adminTool(tool, []string{"dbms", "set-initial-password", "@" + file}); err != nil {
			t.Fatal(err)
		}
		got, err := e.config()
		if err != nil || got.initial == nil || !got.initial.knows(c.password) || got.initial.Change {
			t.Errorf("%q: %v %v", c.content, got, err)
		}
	}
	for _, words := range [][]string{{"short"}, {"-starts-with-a-dash"}, {"two-words", "are-too-many"}, {}} {
		if err := adminTool(tool, append([]string{"dbms", "set-initial-password"}, words...)); err == nil {
			t.Errorf("%q was taken", words)
		}
	}
}

func TestUnwritableFolder(t *testing.T) {
	e := container(t, "2025.12.1-enterprise", "", `NEO4J_PLUGINS=["apoc"]`)
	if err := os.Remove(e.path("plugins")); err != nil {
		t.Fatal(err)
	}
	if _, err := e.config(); err == nil || !strings.Contains(err.Error(), "Folder /plugins is not accessible") {
		t.Fatal(err)
	}
}

func TestSettings(t *testing.T) {
	c, err := container(t, "5.26.12-enterprise",
		"# comment\nserver.default_listen_address=0.0.0.0\nserver.jvm.additional=-Xa\nserver.jvm.additional=-Xb\n"+
			"dbms.cluster.discovery.v2.endpoints=a:6000, b:6000\ndb.x_y=old\n",
		"NEO4J_server_default__advertised__address=me.example", "NEO4J_server_cluster_advertised__address=me.example:6001",
		"NEO4J_db_x__y=new", "NEO4J_server_empty=", "NEO4J_1x=1", "NEO4J_apoc_x=1").config()
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(c.boltAddress, c.clusterAddress, c.clusterListen, c.httpAddress, c.endpoints, c.set["db.x_y"], c.password)
	if want := "me.example:7687me.example:60010.0.0.0:6000me.example:7474[a:6000 b:6000]newpassword1"; got != want {
		t.Fatalf("got %s\nwant %s", got, want)
	}
}

// C4 and C5 as the product has them: where the procedures come from, and what the lists do.
func TestWhereTheFleetManagerComesFrom(t *testing.T) {
	const plugin = `NEO4J_PLUGINS=["fleet-management"]`
	cases := []struct {
		tag, conf, env string
		want           fleetForm
	}{
		{"5.26.5-enterprise", "", plugin, fleetMissing},
		{"5.26.12-enterprise", "", plugin, fleetThere},
		{"5.26.12-enterprise", "", "X=1", fleetMissing},
		{"2025.07.1-enterprise", "", plugin, fleetMissing},
		{"2025.12.1-enterprise", "", plugin, fleetThere},
		{"2025.12.1-enterprise", "dbms.fleet_manager.enabled=true\n", "X=1", fleetThere},
		{"2026.02.2-enterprise", "", plugin, fleetThere},
		{"2026.02.3-enterprise", "", plugin, fleetMissing},
		{"2026.02.3-enterprise", "dbms.fleet_manager.enabled=true\n", "X=1", fleetThere},
		{"2026.05.0-enterprise", "", "X=1", fleetThere},
		{"2026.05.0-enterprise", "dbms.fleet_manager.enabled=false\n", "X=1", fleetMissing},
		{"2025.12.1-enterprise", "dbms.security.procedures.allowlist=apoc.*\n", plugin, fleetMissing},
		{"2025.12.1-enterprise", "dbms.security.procedures.allowlist=fleetManagement.*,*\n", plugin, fleetThere},
		{"2025.12.1-enterprise", "dbms.security.procedures.unrestricted=apoc.*\n", plugin, fleetSandboxed},
		{"2026.05.0-enterprise", "dbms.security.procedures.allowlist=apoc.*\n", "X=1", fleetThere},
	}
	for _, c := range cases {
		got, err := container(t, c.tag, c.conf, c.env).config()
		if err != nil || got.fleet != c.want {
			t.Errorf("%s %q %s: %v, want %v (%v)", c.tag, c.conf, c.env, got.fleet, c.want, err)
		}
	}
}

func TestListsOfSeveralPlugins(t *testing.T) {
	c, err := container(t, "2025.12.1-enterprise", "", `NEO4J_PLUGINS=["apoc","fleet-management"]`).config()
	if err != nil {
		t.Fatal(err)
	}
	if got := c.set["dbms.security.procedures.unrestricted"]; got != "fleetManagement.*,apoc.*" {
		t.Errorf("unrestricted: %s", got)
	}
	if got := c.set["dbms.security.procedures.allowlist"]; got != "fleetManagement.*" {
		t.Errorf("allowlist: %s", got)
	}
}
