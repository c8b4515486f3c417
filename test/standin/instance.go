// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// One server: its identity, the groups it takes part in, what it knows of its peers.

// A peer that has been silent for longer is Unavailable.
const silence = 6 * time.Second

type hello struct {
	Server server                 `json:"server"`
	Formed string                 `json:"formed"` // id of the DBMS; empty while the server has none
	Groups map[string]groupStatus `json:"groups"`
}

type peer struct {
	hello
	seen time.Time
}

type instance struct {
	c      *config
	id     string
	ctx    context.Context
	sys    *system
	counts *counts
	bad    *misbehaviour
	steps  *notes
	fleet  *fleet
	client *http.Client

	mu      sync.Mutex
	peers   map[string]*peer
	groups  map[string]*member
	asking  map[string]bool // addresses with a hello under way
	marks   map[string]mark // of databases; tidy's alone
	started time.Time
	rewire  chan struct{}
}

// member is a database that this server hosts.
type member struct {
	*group
	store *store // nil for system
	stop  context.CancelFunc
	ended chan struct{}
}

func newInstance(ctx context.Context, c *config) (*instance, error) {
	in := &instance{c: c, ctx: ctx, peers: map[string]*peer{}, groups: map[string]*member{}, asking: map[string]bool{}, marks: map[string]mark{},
		started: time.Now(), rewire: make(chan struct{}, 1),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: 10 * time.Second}}}
	var known struct {
		ID       string `json:"id"`
		Password *user  `json:"password"`
	}
	file := filepath.Join(c.data, "server.json")
	if err := readJSON(file, &known); err != nil {
		return nil, err
	}
	if known.ID == "" {
		known.ID, known.Password = newUUID(), c.initial
		if known.Password == nil {
			known.Password = newUser(c.password, c.change)
		}
		data, err := json.Marshal(known)
		if err == nil {
			// By this folder everybody sees that the volume has its users.
			err = os.MkdirAll(filepath.Join(c.data, "databases/system"), 0o755)
		}
		if err == nil {
			err = replaceFile(file, data)
		}
		if err != nil {
			return nil, err
		}
	}
	in.id = known.ID
	in.bad = &misbehaviour{filepath.Join(c.data, "misbehave"), c.misbehave}
	in.steps = &notes{filepath.Join(c.data, "step-down")}
	in.counts = openCounts(filepath.Join(c.data, "counts.json"))
	in.sys = newSystem(func() {
		select {
		case in.rewire <- struct{}{}:
		default:
		}
	})
	in.fleet = newFleet(in)
	return in, in.startSystem(known.Password)
}

func (in *instance) startSystem(login *user) error {
	ids := func(voters bool) []string {
		var list []string
		in.sys.view(func() {
			for _, one := range in.sys.sorted() {
				if !voters || !one.AsReads {
					list = append(list, one.ID)
				}
			}
		})
		return list
	}
	env := groupEnv{
		voters:  func() []string { return ids(true) },
		members: func() []string { return ids(false) },
		send:    in.sendRaft,
		apply:   in.sys.apply,
	}
	if err := in.startGroup(systemName, env, nil); err != nil {
		return err
	}
	if len(in.c.endpoints) == 0 {
		in.bootstrap([]*server{in.self()}, login)
	} else {
		go in.form(login)
	}
	go in.gossip()
	go in.keepDatabases()
	go in.tidy()
	go in.fleet.run(in.ctx)
	return nil
}

func (in *instance) startGroup(name string, env groupEnv, s *store) error {
	g, err := newGroup(name, in.id, filepath.Join(in.c.data, "groups"), env)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(in.ctx)
	m := &member{g, s, stop, make(chan struct{})}
	go func() {
		g.run(ctx)
		close(m.ended)
	}()
	in.mu.Lock()
	in.groups[name] = m
	in.mu.Unlock()
	return nil
}

func (in *instance) member(name string) *member {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.groups[name]
}

// self is how this server presents itself.
func (in *instance) self() *server {
	return &server{ID: in.id, Name: in.id, Bolt: in.c.boltAddress, Cluster: in.c.clusterAddress, HTTP: in.c.httpAddress,
		Version: in.c.release.text, Mode: in.c.get("initial.server.mode_constraint", modeNone),
		AsReads: in.c.get("server.cluster.system_database_mode", modePrimary) == modeSecondary, State: stateFree}
}

func (in *instance) formed() string {
	var id string
	in.sys.view(func() { id = in.sys.Cluster })
	return id
}

func (in *instance) hello() hello {
	h := hello{Server: *in.self(), Formed: in.formed(), Groups: map[string]groupStatus{}}
	in.mu.Lock()
	groups := maps.Clone(in.groups)
	in.mu.Unlock()
	stuck, found := in.bad.all()["database-stuck"]
	for name, m := range groups {
		status := m.status()
		if found && name == stuck {
			status.Applied = 0
		}
		h.Groups[name] = status
	}
	return h
}

// reports are the latest words of every server that is up, this one's included, by id.
func (in *instance) reports() map[string]hello {
	all := map[string]hello{in.id: in.hello()}
	in.mu.Lock()
	defer in.mu.Unlock()
	for id, p := range in.peers {
		if time.Since(p.seen) < silence {
			all[id] = p.hello
		}
	}
	return all
}

// leaderOf names the server that can write to a database, empty while there is none.
func leaderOf(reports map[string]hello, db string) string {
	best, term := "", uint64(0)
	for id, h := range reports {
		if s, hosts := h.Groups[db]; hosts && s.Role == leader && s.Writes && (best == "" || s.Term > term) {
			best, term = id, s.Term
		}
	}
	return best
}

// ---- membership -----------------------------------------------------------------------------------

func (in *instance) gossip() {
	every(in.ctx, 500*time.Millisecond, func() {
		targets := slices.Clone(in.c.endpoints)
		in.sys.view(func() {
			for _, one := range in.sys.Servers {
				targets = append(targets, one.Cluster)
			}
		})
		slices.Sort(targets)
		for _, address := range slices.Compact(targets) {
			in.mu.Lock()
			skip := in.asking[address] || address == in.c.clusterAddress
			in.asking[address] = true
			in.mu.Unlock()
			if !skip {
				go in.greet(address)
			}
		}
	})
}

func (in *instance) greet(address string) {
	ctx, cancel := context.WithTimeout(in.ctx, rpcTimeout)
	defer cancel()
	var answer hello
	err := in.call(ctx, address, "hello", in.hello(), &answer)
	if err == nil {
		in.learn(answer)
	}
	in.mu.Lock()
	in.asking[address] = false
	in.mu.Unlock()
}

func (in *instance) learn(h hello) {
	if ours := in.formed(); h.Server.ID == in.id || (ours != "" && h.Formed != "" && h.Formed != ours) {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.peers[h.Server.ID] == nil {
		log.Printf("met server %.8s at %s", h.Server.ID, h.Server.Cluster)
	}
	in.peers[h.Server.ID] = &peer{h, time.Now()}
}

// form waits for enough peers that have no DBMS either and founds one with them, or joins one that is there.
func (in *instance) form(login *user) {
	ctx, done := context.WithCancel(in.ctx)
	defer done()
	every(ctx, 300*time.Millisecond, func() {
		if in.formed() != "" {
			done()
			return
		}
		var fresh []*server
		for id, h := range in.reports() {
			switch {
			case h.Formed != "":
				in.askToJoin(h.Server.Cluster)
				return
			case id != in.id && !slices.Contains(in.c.endpoints, h.Server.Cluster):
			default:
				one := h.Server
				fresh = append(fresh, &one)
			}
		}
		need := max(in.c.number("dbms.cluster.minimum_initial_system_primaries_count", 3), len(in.c.endpoints)/2+1)
		if len(fresh) >= need && in.founds(fresh) {
			in.bootstrap(fresh, login)
		}
	})
}

// founds decides who founds: the first of the endpoints, so that there are no two; where that one stays away, the first that is
// there.
func (in *instance) founds(fresh []*server) bool {
	for i, address := range in.c.endpoints {
		if address == in.c.clusterAddress {
			return i == 0 || time.Since(in.started) > 20*time.Second
		}
		if slices.ContainsFunc(fresh, func(s *server) bool { return s.Cluster == address }) {
			return false
		}
	}
	return false
}

func (in *instance) bootstrap(servers []*server, login *user) {
	m := in.member(systemName)
	if m.first() != nil {
		return
	}
	op := operation{Kind: "bootstrap", Cluster: newUUID(), Servers: servers, ID: newUUID(), Login: login,
		Primaries: min(len(servers), in.c.number("initial.dbms.default_primaries_count", 1)),
		Second:    in.c.number("initial.dbms.default_secondaries_count", 0)}
	data, err := json.Marshal(op)
	if err != nil {
		log.Fatal(err)
	}
	if m.seed(data) {
		log.Printf("founded DBMS %.8s with %d servers", op.Cluster, len(servers))
		in.spreadSeed()
	}
}

// spreadSeed gives the first entry to founding servers that have not got it yet.
func (in *instance) spreadSeed() {
	data := in.member(systemName).first()
	for id, h := range in.reports() {
		known := false
		in.sys.view(func() { known = in.sys.Servers[id] != nil })
		if h.Formed != "" || !known {
			continue
		}
		go func() {
			ctx, cancel := context.WithTimeout(in.ctx, rpcTimeout)
			defer cancel()
			_ = in.call(ctx, h.Server.Cluster, "bootstrap", data, nil) // is tried again while there is no leader
		}()
	}
}

func (in *instance) askToJoin(address string) {
	data, err := json.Marshal(operation{Kind: "join", Servers: []*server{in.self()}})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(in.ctx, 5*time.Second)
	defer cancel()
	var out outcome
	err = in.call(ctx, address, "submit", submission{systemName, data, true}, &out)
	if err == nil && out.Failure != nil {
		err = out.Failure
	}
	if err != nil {
		log.Printf("not joined yet: %v", err)
	}
}

// ---- databases ------------------------------------------------------------------------------------

// keepDatabases starts and ends groups as the topology says.
func (in *instance) keepDatabases() {
	for {
		wanted := map[string]bool{systemName: true}
		in.sys.view(func() {
			for name, d := range in.sys.Databases {
				wanted[name] = d.hosts(in.id)
			}
		})
		for name, yes := range wanted {
			if yes && in.member(name) == nil {
				if err := in.startDatabase(name); err != nil {
					log.Fatalf("database %s: %v", name, err)
				}
			}
		}
		in.mu.Lock()
		var gone []*member
		for name, m := range in.groups {
			if !wanted[name] {
				gone = append(gone, m)
				delete(in.groups, name)
			}
		}
		in.mu.Unlock()
		for _, m := range gone {
			m.transfer()
			m.stop()
			<-m.ended
			m.disk.remove()
		}
		select {
		case <-in.ctx.Done():
			return
		case <-in.rewire:
		}
	}
}

func (in *instance) startDatabase(name string) error {
	ids := func(voters bool) []string {
		var list []string
		in.sys.view(func() {
			if d := in.sys.Databases[name]; d != nil {
				for _, h := range d.Hosts {
					if !voters || (h.Mode == modePrimary && !h.Joining) {
						list = append(list, h.Server)
					}
				}
			}
		})
		return list
	}
	s := newStore()
	return in.startGroup(name, groupEnv{
		voters:  func() []string { return ids(true) },
		members: func() []string { return ids(false) },
		send:    in.sendRaft,
		apply:   s.apply,
	}, s)
}

// tidy does what needs doing now and then: the seed for latecomers, our own record, and as system's leader the servers that are
// free or on their way out.
func (in *instance) tidy() {
	every(in.ctx, 500*time.Millisecond, func() {
		if in.formed() == "" {
			return
		}
		in.stepDown()
		reports := in.reports()
		at := leaderOf(reports, systemName)
		switch at {
		case "":
			in.spreadSeed()
			return
		case in.id:
			in.enableFree()
			in.setMarks(reports)
			in.finishJoining(reports)
			in.finishDeallocation(reports)
		}
		self, differs := in.self(), false
		in.sys.view(func() {
			if known := in.sys.Servers[in.id]; known != nil {
				self.State, self.Mode, self.Name, self.AsReads = known.State, known.Mode, known.Name, known.AsReads
				differs = *known != *self
			}
		})
		if differs {
			in.try(operation{Kind: "announce", Servers: []*server{self}})
		}
	})
}

// stepDown gives the leads away that "standin step-down" has left a note about.
func (in *instance) stepDown() {
	for _, name := range in.steps.take() {
		if m := in.member(name); m != nil {
			m.transfer()
		}
	}
}

func (in *instance) try(op operation) {
	out, err := in.submit(in.ctx, systemName, op, true)
	if err == nil && out.Failure != nil {
		err = out.Failure
	}
	if err != nil {
		log.Printf("%s: %v", op.Kind, err)
	}
}

func (in *instance) enableFree() {
	if in.c.set["initial.dbms.automatically_enable_free_servers"] != "true" {
		return
	}
	var free []string
	in.sys.view(func() {
		for _, one := range in.sys.sorted() {
			if one.State == stateFree {
				free = append(free, one.ID)
			}
		}
	})
	for _, id := range free {
		in.try(operation{Kind: "enable", Server: id})
	}
}

// handOver gives the leads away and waits a little for others to take them.
func (in *instance) handOver() {
	in.mu.Lock()
	groups := maps.Clone(in.groups)
	in.mu.Unlock()
	for _, m := range groups {
		m.transfer()
	}
	for range 40 {
		if !slices.ContainsFunc(slices.Collect(maps.Values(groups)), func(m *member) bool {
			return m.status().Role == leader && !m.alone()
		}) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func every(ctx context.Context, period time.Duration, f func()) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		f()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (in *instance) String() string {
	return fmt.Sprintf("server %.8s at %s", in.id, strings.TrimSuffix(in.c.boltAddress, ":7687"))
}
