// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"io"
	"log"
	"os"
	"slices"
	"strings"
	"testing"
)

func standalone(t *testing.T, tag, conf string, env ...string) *fellows {
	t.Helper()
	c, err := container(t, tag, conf, env...).config()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	in, err := newInstance(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		in.drain()
	})
	eventually(t, "both databases can be written", func() bool {
		reports := in.reports()
		return leaderOf(reports, systemName) != "" && leaderOf(reports, defaultName) != ""
	})
	return &fellows{t: t, servers: []*instance{in}}
}

func TestStatements(t *testing.T) {
	t.Parallel()
	f := standalone(t, "2026.05.0-enterprise", "")
	params := map[string]any{"x": int64(7), "names": []any{"db.ping", "nothing"}}
	cases := []struct{ db, text, want string }{
		{"neo4j", "RETURN 1", "1"},
		{"neo4j", "RETURN 1 + 2 * 3 AS n, 'a' + \"b\", [1, 2], -$x;", "7 ab [1 2] -7"},
		{"neo4j", "UNWIND range(1, 5) AS i WITH i WHERE i % 2 = 1 RETURN i ORDER BY i DESC LIMIT 2", "5|3"},
		{"neo4j", "UNWIND [1, 1, 2] AS i RETURN i, count(*) AS n ORDER BY i", "1 2|2 1"},
		{"neo4j", "UNWIND [] AS i RETURN count(i)", "0"},
		{"neo4j", "UNWIND [1, null, 3] AS i RETURN count(i), sum(i), max(i), collect(i)", "2 4 3 [1 3]"},
		{"neo4j", "UNWIND [1, 1, 2] AS i RETURN DISTINCT i", "1|2"},
		{"neo4j", "RETURN null = null, null IS NULL, NOT true OR true AND false, 1 IN [1, 2], 'abc' STARTS WITH 'ab'",
			"<nil> true false true true"},
		{"neo4j", "MATCH (n) RETURN count(n)", "0"},
		{"system", "SHOW PROCEDURES YIELD name WHERE name IN $names RETURN count(name) AS n", "1"},
		{"system", "SHOW PROCEDURES YIELD * WHERE name STARTS WITH 'fleetManagement.register' RETURN name, mode",
			"fleetManagement.registerToken DBMS"},
		{"system", "show servers yield state, health", "Enabled Available"},
		{"system", "SHOW SERVERS YIELD version, state WHERE state <> 'Enabled' RETURN version", ""},
		{"system", "SHOW DATABASES YIELD name AS n, writer, currentStatus ORDER BY n", "neo4j true online|system true online"},
		{"system", "SHOW DATABASES WHERE name = 'system' RETURN name, role", "system primary"},
		{"system", "SHOW DATABASE `neo4j` YIELD requestedStatus", "online"},
		{"neo4j", "CALL dbms.components() YIELD versions, edition RETURN versions[0], edition", "2026.05.0 enterprise"},
		{"system", "CALL fleetManagement.status()", "false false Fleet Manager is disabled. Use the procedure " +
			"fleetManagement.registerToken to get started."},
		{"system", "CALL fleetManagement.registerToken('')", "An error occurred while registering the token: Token cannot be null or empty"},
		{"system", "CALL fleetManagement.registerToken('garbage!')",
			"An error occurred while registering the token: the token is not valid Base64"},
		{"system", "CALL fleetManagement.status() YIELD active", "true"},
		{"system", "CALL fleetManagement.disable", "Fleet Manager has been disabled"},
		{"system", "CALL fleetManagement.status() YIELD active RETURN active", "false"},
	}
	for _, c := range cases {
		rows, fail := f.ask(0, c.db, c.text, params)
		if got := strings.Join(rows, "|"); fail != nil || got != c.want {
			t.Errorf("%s\n got '%s' %v\nwant '%s'", c.text, got, fail, c.want)
		}
	}
}

func TestRefusedStatements(t *testing.T) {
	t.Parallel()
	f := standalone(t, "2025.12.1-enterprise", "")
	cases := []struct{ db, text, code string }{
		{"neo4j", "", "Statement.SyntaxError"},
		{"neo4j", "RETURN", "Statement.SyntaxError"},
		{"neo4j", "RETRUN 1", "Statement.SyntaxError"},
		{"neo4j", "RETURN 'open", "Statement.SyntaxError"},
		{"neo4j", "RETURN x", "Statement.SyntaxError"},
		{"neo4j", "RETURN $missing", "Statement.ParameterMissing"},
		{"neo4j", "RETURN 1 / 0", "Statement.ArithmeticError"},
		{"neo4j", "SHOW SERVERS", "Database.UnsupportedAdministrationCommand"},
		{"neo4j", "ENABLE SERVER 'x'", "Database.UnsupportedAdministrationCommand"},
		{"system", "ENABLE SERVER 'x'", "Statement.ArgumentError"},
		{"system", "CREATE (n)", "Statement.NotSystemDatabaseError"},
		{"system", "CALL fleetManagement.registerToken('x')", "Procedure.ProcedureNotFound"},
		{"system", "CALL db.ping(1)", "Statement.SyntaxError"},
		{"system", "ALTER USER neo4j SET PASSWORD 'short'", "Statement.ArgumentError"},
		{"system", "ALTER CURRENT USER SET PASSWORD FROM 'wrong-one' TO 'password2'", "Statement.ArgumentError"},
		{"system", "DROP DATABASE nothing", "Database.DatabaseNotFound"},
	}
	for _, c := range cases {
		rows, fail := f.ask(0, c.db, c.text, nil)
		if fail == nil || fail.Code != "Neo.ClientError."+c.code {
			t.Errorf("%s: got %v %v, want %s", c.text, rows, fail, c.code)
		}
	}
}

// What one transaction did is seen by itself at once and by others once it is committed.
func TestWork(t *testing.T) {
	t.Parallel()
	f := standalone(t, "2025.12.1-enterprise", "")
	in := f.servers[0]
	w := newWork(in.member(defaultName).store)
	x := &execution{in: in, ctx: in.ctx, db: defaultName, work: w}
	for _, text := range []string{"UNWIND range(1, 3) AS i CREATE (n:X {id: i, name: 'n' + i})", "MATCH (n:X {id: 2}) SET n.name = 'two'",
		"MATCH (n:X) WHERE n.id = 3 DETACH DELETE n", "MERGE (n:X {id: 1})", "MERGE (n:Y {id: 1})"} {
		if _, fail := x.execute(text, nil); fail != nil {
			t.Fatalf("%s: %v", text, fail)
		}
	}
	const all = "MATCH (n) RETURN n.id + ' ' + n.name AS text ORDER BY text"
	out, fail := x.execute("MATCH (n) RETURN count(n), count(n.name)", nil)
	if fail != nil || out.rows[0][0] != int64(3) || out.rows[0][1] != int64(2) {
		t.Fatalf("%v %v", out, fail)
	}
	if rows, _ := f.ask(0, defaultName, "MATCH (n) RETURN count(n)", nil); rows[0] != "0" {
		t.Fatal("others see what is not committed")
	}
	if _, err := in.submit(in.ctx, defaultName, w.change(), false); err != nil {
		t.Fatal(err)
	}
	rows, fail := f.ask(0, defaultName, "MATCH (n:X) RETURN n.id, n.name ORDER BY n.id", nil)
	if fail != nil || !slices.Equal(rows, []string{"1 n1", "2 two"}) {
		t.Fatalf("%q %v", rows, fail)
	}
	if _, fail = f.ask(0, defaultName, all, nil); fail == nil {
		t.Fatal("a number and a text were added")
	}
}

func TestLogins(t *testing.T) {
	t.Parallel()
	f := standalone(t, "2025.12.1-enterprise", "")
	in := f.servers[0]
	if _, fail := in.authenticate("neo4j", "password1"); fail != nil {
		t.Fatal(fail)
	}
	if _, fail := f.ask(0, systemName, "ALTER CURRENT USER SET PASSWORD FROM $a TO $b",
		map[string]any{"a": "password1", "b": "password2"}); fail != nil {
		t.Fatal(fail)
	}
	if _, fail := in.authenticate("neo4j", "password2"); fail != nil {
		t.Fatal(fail)
	}
	for _, want := range []string{"Unauthorized", "Unauthorized", "Unauthorized", "AuthenticationRateLimit"} {
		if _, fail := in.authenticate("neo4j", "password1"); fail == nil || fail.Code != "Neo.ClientError.Security."+want {
			t.Fatalf("got %v, want %s", fail, want)
		}
	}
}

func TestMisbehaviour(t *testing.T) {
	var out strings.Builder
	m := &misbehaviour{path: t.TempDir() + "/misbehave"}
	for _, args := range [][]string{{"explode"}, {"slow"}, {"slow", "x"}} {
		if m.command(args, &out) == nil {
			t.Errorf("%v was taken", args)
		}
	}
	for _, args := range [][]string{{"slow", "0.5"}, {"silent"}, {"error-row"}, {"error-row", "off"}} {
		if err := m.command(args, &out); err != nil {
			t.Fatal(err)
		}
	}
	if !m.has("slow") || m.has("error-row") {
		t.Fatalf("%v", m.all())
	}
	if m.onWire("10.0.0.1:5") != "silent" || m.onWire("127.0.0.1:5") != "" {
		t.Fatal("the pod's own probes are not told from others")
	}
	if err := m.command([]string{"silent", "all"}, &out); err != nil || m.onWire("127.0.0.1:5") != "silent" {
		t.Fatal("'all' spares the probes")
	}
	if err := m.command([]string{"none"}, &out); err != nil || len(m.all()) != 0 {
		t.Fatal("none left something")
	}
	m.environment = "slow 2; crash-with-plugin fleet-management"
	if m.crash(`["apoc"]`) != nil || m.crash(`["apoc","fleet-management"]`) == nil || m.all()["slow"] != "2" {
		t.Fatal("the environment's are not heard")
	}
	if err := m.command([]string{"crash-on-start", "2", "bad", "luck"}, &out); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := m.crash(""); err == nil || err.Error() != "Failed to start Neo4j: bad luck" {
			t.Fatalf("%v", err)
		}
	}
	if err := m.crash(""); err != nil || m.all()["slow"] != "2" {
		t.Fatalf("more than two: %v", err)
	}
	if err := m.command([]string{"none"}, &out); err != nil || len(m.all()) != 0 {
		t.Fatal("none left something of the environment's")
	}
}

// TestMain keeps the servers' logs out of what passes.
func TestMain(m *testing.M) {
	flag.Parse()
	if !testing.Verbose() {
		log.SetOutput(io.Discard)
	}
	os.Exit(m.Run())
}
