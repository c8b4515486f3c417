// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// fellows are servers in this process that talk over loopback.
type fellows struct {
	t         *testing.T
	endpoints []string
	roots     []string
	servers   []*instance
	stops     []context.CancelFunc
	needs     int
}

var addresses atomic.Int32

// freeAddress is one that nobody else takes, not even between two lives of a server: 127.0.0.0/8 has an address for every process, and
// the kernel gives these ports to no connection.
func freeAddress() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d:%d", 64|pid>>16&63, pid>>8&255, pid&255, 6000+addresses.Add(1))
}

func newFellows(t *testing.T, n, needs int) *fellows {
	f := &fellows{t: t, needs: needs}
	for range n {
		f.add()
	}
	t.Cleanup(func() {
		for i := range f.servers {
			f.stop(i)
		}
	})
	return f
}

func (f *fellows) add() {
	f.endpoints = append(f.endpoints, freeAddress())
	f.roots = append(f.roots, f.t.TempDir())
	f.servers = append(f.servers, nil)
	f.stops = append(f.stops, nil)
}

// start brings server i up, at another Bolt address each time, as a pod gets another IP.
func (f *fellows) start(i int) {
	f.t.Helper()
	for _, dir := range []string{"conf", "data", "logs"} {
		if err := os.MkdirAll(filepath.Join(f.roots[i], dir), 0o755); err != nil {
			f.t.Fatal(err)
		}
	}
	conf := fmt.Sprintf("dbms.cluster.endpoints=%s\nserver.cluster.listen_address=%s\nserver.cluster.advertised_address=%s\n"+
		"server.bolt.advertised_address=%s\ndbms.cluster.minimum_initial_system_primaries_count=%d\n"+
		"initial.dbms.default_primaries_count=3\ninitial.dbms.automatically_enable_free_servers=true\n",
		strings.Join(f.endpoints, ","), f.endpoints[i], f.endpoints[i], freeAddress(), f.needs)
	if err := os.WriteFile(filepath.Join(f.roots[i], "conf/neo4j.conf"), []byte(conf), 0o644); err != nil {
		f.t.Fatal(err)
	}
	c, err := newEntry([]string{"STANDIN_ROOT=" + f.roots[i], "IMAGE_TAG=2025.12.1-enterprise",
		"NEO4J_ACCEPT_LICENSE_AGREEMENT=yes", "NEO4J_AUTH=neo4j/password1"}).config()
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	in, err := newInstance(ctx, c)
	if err != nil {
		f.t.Fatal(err)
	}
	peers := in.servePeers()
	listener, err := net.Listen("tcp", f.endpoints[i])
	if err != nil {
		f.t.Fatal(err)
	}
	go func() { _ = peers.Serve(listener) }()
	f.servers[i] = in
	f.stops[i] = func() {
		_ = peers.Close()
		stop()
		in.drain()
	}
}

func (f *fellows) stop(i int) {
	if f.stops[i] != nil {
		f.stops[i]()
		f.stops[i], f.servers[i] = nil, nil
	}
}

// ask runs a statement on server i and gives its rows, each as one text.
func (f *fellows) ask(i int, db, text string, params map[string]any) ([]string, *failure) {
	in := f.servers[i]
	x := &execution{in: in, ctx: in.ctx, db: db, user: "neo4j", routed: true}
	if m := in.member(db); m != nil && m.store != nil {
		x.work = newWork(m.store)
	}
	out, fail := x.execute(text, params)
	if fail != nil {
		return nil, fail
	}
	rows := []string{}
	for _, one := range out.rows {
		rows = append(rows, strings.TrimSpace(fmt.Sprintln(one...)))
	}
	return rows, nil
}

func (f *fellows) eventually(what string, i int, text string, want ...string) {
	f.t.Helper()
	var got []string
	var fail *failure
	defer func() {
		if f.t.Failed() {
			f.t.Logf("last seen: %q %v", got, fail)
		}
	}()
	eventually(f.t, what, func() bool {
		got, fail = f.ask(i, systemName, text, nil)
		slices.Sort(got)
		return fail == nil && slices.Equal(got, want)
	})
}

const health = "SHOW SERVERS YIELD state, health RETURN state + ' ' + health"

// A cluster forms, none before enough are there; a server that went away comes back as itself under another address; the rest
// goes on without it; a fourth joins, and one is drained and dropped.
func TestMembership(t *testing.T) {
	t.Parallel()
	f := newFellows(t, 3, 3)
	f.start(0)
	f.start(1)
	eventually(t, "two see each other", func() bool { return len(f.servers[0].reports()) == 2 && len(f.servers[1].reports()) == 2 })
	if f.servers[0].formed() != "" || f.servers[1].formed() != "" {
		t.Fatal("two of three founded a cluster that wants three")
	}
	f.start(2)
	for i := range 3 {
		f.eventually("formation", i, health, "Enabled Available", "Enabled Available", "Enabled Available")
	}
	one := "SHOW DATABASES YIELD name, writer WHERE writer RETURN name"
	f.eventually("one writer for each database", 1, one, "neo4j", "system")

	before := f.servers[2].id
	address := f.servers[2].c.boltAddress
	f.stop(2)
	f.eventually("its absence is seen", 0, health, "Enabled Available", "Enabled Available", "Enabled Unavailable")
	f.eventually("writers without it", 0, one, "neo4j", "system")
	if _, fail := f.ask(0, systemName, "CREATE DATABASE movies TOPOLOGY 1 PRIMARY", nil); fail != nil {
		t.Fatal(fail)
	}
	f.start(2)
	if f.servers[2].id != before || f.servers[2].c.boltAddress == address {
		t.Fatal("it came back as somebody else, or at the old address")
	}
	f.eventually("it is back", 1, health, "Enabled Available", "Enabled Available", "Enabled Available")
	f.eventually("it knows what it missed", 2, "SHOW DATABASES YIELD name WHERE name = 'movies' RETURN name", "movies")
	f.eventually("its new address is known", 0, "SHOW SERVERS YIELD serverId, address WHERE serverId = '"+before+
		"' RETURN address", f.servers[2].c.boltAddress)

	f.add()
	f.start(3)
	f.eventually("a fourth joins", 0, health, "Enabled Available", "Enabled Available", "Enabled Available", "Enabled Available")
	if _, fail := f.ask(1, systemName, "DEALLOCATE DATABASES FROM SERVER $id", map[string]any{"id": before}); fail != nil {
		t.Fatal(fail)
	}
	f.eventually("it is drained", 0, "SHOW SERVERS YIELD serverId, state WHERE serverId = '"+before+"' RETURN state", "Deallocated")
	f.eventually("it hosts only system", 0, "SHOW SERVERS YIELD serverId, hosting WHERE serverId = '"+before+
		"' RETURN size(hosting)", "1")
	if _, fail := f.ask(1, systemName, "DROP SERVER $id", map[string]any{"id": before}); fail != nil {
		t.Fatal(fail)
	}
	f.stop(2)
	f.eventually("three are left", 3, health, "Enabled Available", "Enabled Available", "Enabled Available")
	f.eventually("neo4j is on all of them", 3, "SHOW DATABASE neo4j YIELD currentStatus", "online", "online", "online")
}

func TestTwoServersAreEnoughWhereTwoAreAsked(t *testing.T) {
	t.Parallel()
	f := newFellows(t, 2, 2)
	f.start(0)
	f.start(1)
	f.eventually("formation", 0, health, "Enabled Available", "Enabled Available")
}

// A server on a new volume has its forerunner's address. What the others send to the one that is gone is none of its business: it joins
// as a server of its own.
func TestNewVolumeAtTheAddressOfOneThatIsGone(t *testing.T) {
	t.Parallel()
	f := newFellows(t, 3, 3)
	for i := range 3 {
		f.start(i)
	}
	f.eventually("formation", 0, health, "Enabled Available", "Enabled Available", "Enabled Available")
	gone := f.servers[2].id
	f.stop(2)
	f.eventually("its absence is seen", 0, health, "Enabled Available", "Enabled Available", "Enabled Unavailable")
	f.roots[2] = t.TempDir()
	f.start(2)
	if f.servers[2].id == gone {
		t.Fatal("the new volume is the old one")
	}
	f.eventually("it joins", 2, health, "Enabled Available", "Enabled Available", "Enabled Available", "Enabled Unavailable")
}
