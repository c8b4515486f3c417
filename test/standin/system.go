// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// The database system: what every server agrees on. Only operations change it, in the order of its log, the same on every
// server.

const (
	stateFree         = "Free"
	stateEnabled      = "Enabled"
	stateCordoned     = "Cordoned"
	stateDeallocating = "Deallocating"
	stateDeallocated  = "Deallocated"

	modeNone      = "NONE"
	modePrimary   = "PRIMARY"
	modeSecondary = "SECONDARY"

	systemName  = "system"
	defaultName = "neo4j"
)

type server struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Bolt    string `json:"bolt"`    // advertised addresses
	Cluster string `json:"cluster"` //
	HTTP    string `json:"http"`
	Version string `json:"version"`
	Mode    string `json:"mode"`
	State   string `json:"state"`
	AsReads bool   `json:"asReads"` // system is a secondary there
}

type host struct {
	Server  string `json:"server"`
	Mode    string `json:"mode"`    // PRIMARY or SECONDARY
	Joining bool   `json:"joining"` // it has not got everything yet, so it must not vote
}

type database struct {
	Name        string `json:"name"`
	ID          string `json:"id"`
	Primaries   int    `json:"primaries"` // asked for
	Secondaries int    `json:"secondaries"`
	Hosts       []host `json:"hosts"`
	Stopped     bool   `json:"stopped"`
}

func (d *database) hosts(id string) bool {
	return slices.ContainsFunc(d.Hosts, func(h host) bool { return h.Server == id })
}

func (d *database) count(mode string) int {
	n := 0
	for _, h := range d.Hosts {
		if h.Mode == mode {
			n++
		}
	}
	return n
}

type user struct {
	Salt   string `json:"salt"`
	Hash   string `json:"hash"`
	Change bool   `json:"change"` // the password must be changed
}

func newUser(password string, change bool) *user {
	u := &user{Salt: randomHex(8), Change: change}
	u.Hash = u.digest(password)
	return u
}

func (u *user) digest(password string) string {
	sum := sha256.Sum256([]byte(u.Salt + "/" + password))
	return hex.EncodeToString(sum[:])
}

func (u *user) knows(password string) bool {
	return subtle.ConstantTimeCompare([]byte(u.digest(password)), []byte(u.Hash)) == 1
}

func randomHex(n int) string {
	data := make([]byte, n)
	_, _ = rand.Read(data) // never fails
	return hex.EncodeToString(data)
}

func newUUID() string {
	h := randomHex(16)
	return strings.Join([]string{h[:8], h[8:12], "4" + h[13:16], "8" + h[17:20], h[20:]}, "-")
}

// failure is what a client is told, by Neo4j's code.
type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (f *failure) Error() string { return f.Message }

func failf(code, format string, args ...any) *failure {
	return &failure{"Neo." + code, fmt.Sprintf(format, args...)}
}

// operation is an entry of system's log. Kind decides which of the fields it uses.
type operation struct {
	Kind      string    `json:"kind"`
	Cluster   string    `json:"cluster,omitempty"` // of bootstrap: the DBMS's id
	Servers   []*server `json:"servers,omitempty"`
	Server    string    `json:"server,omitempty"` // id or name
	Database  string    `json:"database,omitempty"`
	ID        string    `json:"id,omitempty"`
	Keep      string    `json:"keep,omitempty"` // server that leads the database
	Primaries int       `json:"primaries,omitempty"`
	Second    int       `json:"secondaries,omitempty"`
	Mode      string    `json:"mode,omitempty"`
	User      string    `json:"user,omitempty"`
	Login     *user     `json:"login,omitempty"`
	Old       *string   `json:"old,omitempty"` // token: only if it is this one
	Token     *string   `json:"token,omitempty"`
	Lenient   bool      `json:"lenient,omitempty"` // IF EXISTS, IF NOT EXISTS
}

// outcome is what an operation came to; it travels between servers.
type outcome struct {
	Failure *failure       `json:"failure,omitempty"`
	Stats   map[string]int `json:"stats,omitempty"`
	Columns []string       `json:"columns,omitempty"`
	Rows    [][]any        `json:"-"`
	Index   int            `json:"index,omitempty"`
}

type system struct {
	mu        sync.Mutex
	Cluster   string
	Servers   map[string]*server
	Databases map[string]*database
	Users     map[string]*user
	Token     *string
	Dropped   map[string]bool
	changed   func()
}

func newSystem(changed func()) *system {
	return &system{Servers: map[string]*server{}, Databases: map[string]*database{}, Users: map[string]*user{},
		Dropped: map[string]bool{}, changed: changed}
}

func (s *system) apply(_ int, data json.RawMessage) any {
	var op operation
	if err := json.Unmarshal(data, &op); err != nil {
		return &outcome{Failure: failf("DatabaseError.General.UnknownError", "not an operation: %v", err)}
	}
	do := map[string]func(*operation) *failure{
		"bootstrap": s.bootstrap, "join": s.join, "announce": s.announce, "enable": s.enable, "cordon": s.cordon,
		"deallocate": s.deallocate, "unhost": s.unhost, "joined": s.joined, "deallocated": s.deallocated, "drop": s.drop,
		"topology": s.topology, "create": s.create, "dropDatabase": s.dropDatabase,
		"stop": s.stop, "start": s.stop, "login": s.login, "token": s.token,
	}[op.Kind]
	if do == nil {
		return &outcome{Failure: failf("DatabaseError.General.UnknownError", "unknown operation '%s'", op.Kind)}
	}
	s.mu.Lock()
	f := do(&op)
	s.mu.Unlock()
	s.changed()
	if f != nil {
		return &outcome{Failure: f}
	}
	return &outcome{Stats: map[string]int{"system-updates": 1}}
}

func (s *system) sorted() []*server {
	return slices.SortedFunc(maps.Values(s.Servers), func(a, b *server) int {
		if c := strings.Compare(a.Bolt, b.Bolt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
}

func (s *system) find(name string) (*server, *failure) {
	for _, one := range s.sorted() {
		if one.ID == name || one.Name == name {
			return one, nil
		}
	}
	return nil, failf("ClientError.Statement.ArgumentError", "Server '%s' not found.", name)
}

func (s *system) bootstrap(op *operation) *failure {
	s.Cluster = op.Cluster
	for _, one := range op.Servers {
		s.Servers[one.ID] = one
		one.State = stateEnabled
	}
	s.Users[defaultName] = op.Login
	return s.create(&operation{Database: defaultName, ID: op.ID, Primaries: op.Primaries, Second: op.Second})
}

func (s *system) join(op *operation) *failure {
	one := op.Servers[0]
	if s.Dropped[one.ID] {
		return failf("ClientError.General.InvalidArguments", "server %s was dropped from this cluster", one.ID)
	}
	if s.Servers[one.ID] == nil {
		s.Servers[one.ID] = one
	}
	return nil
}

func (s *system) announce(op *operation) *failure {
	one := op.Servers[0]
	if old := s.Servers[one.ID]; old != nil {
		one.State, one.Mode, one.Name, one.AsReads = old.State, old.Mode, old.Name, old.AsReads
		s.Servers[one.ID] = one
	}
	return nil
}

func (s *system) enable(op *operation) *failure {
	one, f := s.find(op.Server)
	if f != nil {
		return f
	}
	switch one.State {
	case stateFree, stateCordoned, stateEnabled:
	default:
		return failf("ClientError.Statement.ArgumentError", "Server '%s' can't be enabled: it is %s.", op.Server, one.State)
	}
	one.State = stateEnabled
	if op.Mode != "" {
		one.Mode = op.Mode
	}
	return nil
}

func (s *system) cordon(op *operation) *failure {
	one, f := s.find(op.Server)
	if f != nil {
		return f
	}
	if one.State != stateEnabled && one.State != stateCordoned {
		return failf("ClientError.Statement.ArgumentError", "Server '%s' can't be cordoned: it is %s.", op.Server, one.State)
	}
	one.State = stateCordoned
	return nil
}

// candidates are servers that may take a copy of a database, those with the fewest first.
func (s *system) candidates(d *database, mode string) []*server {
	load := map[string]int{}
	for _, other := range s.Databases {
		for _, h := range other.Hosts {
			load[h.Server]++
		}
	}
	var list []*server
	for _, one := range s.sorted() {
		if one.State == stateEnabled && !d.hosts(one.ID) && (one.Mode == modeNone || one.Mode == mode) {
			list = append(list, one)
		}
	}
	slices.SortStableFunc(list, func(a, b *server) int { return load[a.ID] - load[b.ID] })
	return list
}

// The copies of a new database begin together; one that comes later has to catch up first.
func (s *system) grow(d *database, mode string, want int) bool {
	late := len(d.Hosts) > 0
	for d.count(mode) < want {
		list := s.candidates(d, mode)
		if len(list) == 0 {
			return false
		}
		d.Hosts = append(d.Hosts, host{list[0].ID, mode, late})
	}
	return true
}

// Copies leave servers that are on their way out first, and the server that leads last.
func (s *system) shrink(d *database, mode string, want int, keep string) {
	weight := func(h host) int {
		switch one := s.Servers[h.Server]; {
		case one == nil || one.State != stateEnabled:
			return 0
		case h.Server == keep:
			return 2
		}
		return 1
	}
	for d.count(mode) > want {
		worst := -1
		for i, h := range d.Hosts {
			if h.Mode == mode && (worst < 0 || weight(h) <= weight(d.Hosts[worst])) {
				worst = i
			}
		}
		d.Hosts = slices.Delete(d.Hosts, worst, worst+1)
	}
}

// deallocate gives every database that the server hosts another place first; the server keeps its copies until those are up.
func (s *system) deallocate(op *operation) *failure {
	one, f := s.find(op.Server)
	if f != nil {
		return f
	}
	if one.State == stateDeallocated || one.State == stateDeallocating {
		return nil
	}
	before := one.State
	one.State = stateDeallocating
	var moved []*database
	for _, name := range slices.Sorted(maps.Keys(s.Databases)) {
		d := s.Databases[name]
		if !d.hosts(one.ID) {
			continue
		}
		mode := d.Hosts[slices.IndexFunc(d.Hosts, func(h host) bool { return h.Server == one.ID })].Mode
		if !s.grow(d, mode, d.count(mode)+1) {
			for _, undo := range moved {
				undo.Hosts = undo.Hosts[:len(undo.Hosts)-1]
			}
			one.State = before
			return failf("ClientError.Statement.ArgumentError", "Could not deallocate server '%s': database '%s' needs %d "+
				"primaries and %d secondaries, and no other enabled server can take its copy.", op.Server, d.Name, d.Primaries,
				d.Secondaries)
		}
		moved = append(moved, d)
	}
	if len(moved) == 0 {
		one.State = stateDeallocated
	}
	return nil
}

// joined makes a copy that has caught up a full one.
func (s *system) joined(op *operation) *failure {
	if d := s.Databases[op.Database]; d != nil {
		for i := range d.Hosts {
			if d.Hosts[i].Server == op.Server {
				d.Hosts[i].Joining = false
			}
		}
	}
	return nil
}

// unhost takes a copy from a server that is being deallocated.
func (s *system) unhost(op *operation) *failure {
	d, one := s.Databases[op.Database], s.Servers[op.Server]
	if d != nil && one != nil && one.State == stateDeallocating {
		d.Hosts = slices.DeleteFunc(d.Hosts, func(h host) bool { return h.Server == op.Server })
	}
	return nil
}

func (s *system) deallocated(op *operation) *failure {
	if one := s.Servers[op.Server]; one != nil && one.State == stateDeallocating {
		one.State = stateDeallocated
	}
	return nil
}

func (s *system) drop(op *operation) *failure {
	one, f := s.find(op.Server)
	if f != nil {
		return f
	}
	if one.State != stateDeallocated && one.State != stateFree {
		return failf("ClientError.Statement.ArgumentError", "Server '%s' can't be dropped: it is %s and must be deallocated first.",
			op.Server, one.State)
	}
	delete(s.Servers, one.ID)
	s.Dropped[one.ID] = true
	return nil
}

func (s *system) topology(op *operation) *failure {
	d := s.Databases[op.Database]
	if d == nil {
		return noDatabase(op.Database)
	}
	if op.Primaries < 1 {
		return failf("ClientError.Statement.ArgumentError", "SET TOPOLOGY must have at least one primary.")
	}
	changed := *d
	changed.Hosts = slices.Clone(d.Hosts)
	s.shrink(&changed, modePrimary, op.Primaries, op.Keep)
	s.shrink(&changed, modeSecondary, op.Second, op.Keep)
	if !s.grow(&changed, modePrimary, op.Primaries) || !s.grow(&changed, modeSecondary, op.Second) {
		return failf("ClientError.Statement.ArgumentError", "Could not alter database '%s': topology %d PRIMARIES %d SECONDARIES "+
			"cannot be satisfied by the enabled servers.", op.Database, op.Primaries, op.Second)
	}
	changed.Primaries, changed.Secondaries = op.Primaries, op.Second
	*d = changed
	return nil
}

func (s *system) create(op *operation) *failure {
	if s.Databases[op.Database] != nil || op.Database == systemName {
		if op.Lenient {
			return nil
		}
		return failf("ClientError.Database.ExistingDatabaseFound", "Failed to create the specified database '%s': "+
			"Database already exists.", op.Database)
	}
	d := &database{Name: op.Database, ID: op.ID, Primaries: max(1, op.Primaries), Secondaries: op.Second}
	if !s.grow(d, modePrimary, d.Primaries) || !s.grow(d, modeSecondary, d.Secondaries) {
		return failf("ClientError.Statement.ArgumentError", "Could not create database '%s'. Desired number of primaries: %d, "+
			"secondaries: %d; there are too few enabled servers.", op.Database, d.Primaries, d.Secondaries)
	}
	s.Databases[op.Database] = d
	return nil
}

func noDatabase(name string) *failure {
	return failf("ClientError.Database.DatabaseNotFound", "Database does not exist. Database name: '%s'.", name)
}

func (s *system) dropDatabase(op *operation) *failure {
	if s.Databases[op.Database] == nil && !op.Lenient {
		return noDatabase(op.Database)
	}
	delete(s.Databases, op.Database)
	return nil
}

func (s *system) stop(op *operation) *failure {
	d := s.Databases[op.Database]
	if d == nil {
		return noDatabase(op.Database)
	}
	d.Stopped = op.Kind == "stop"
	return nil
}

func (s *system) login(op *operation) *failure {
	if s.Users[op.User] == nil {
		return failf("ClientError.Statement.EntityNotFound", "Failed to alter the specified user '%s': User does not exist.", op.User)
	}
	s.Users[op.User] = op.Login
	return nil
}

// token sets the Fleet Manager's token, or takes it away. One that was rotated on the side is not overwritten.
func (s *system) token(op *operation) *failure {
	if op.Old != nil && (s.Token == nil || *s.Token != *op.Old) {
		return nil
	}
	s.Token = op.Token
	return nil
}

// view runs f with the state at rest.
func (s *system) view(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}
