// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

type systemTest struct {
	*system
	t *testing.T
}

func (s *systemTest) try(op operation) *failure {
	s.t.Helper()
	data, err := json.Marshal(op)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.apply(1, data).(*outcome).Failure
}

func (s *systemTest) do(op operation) {
	s.t.Helper()
	if f := s.try(op); f != nil {
		s.t.Fatalf("%s: %s", op.Kind, f.Message)
	}
}

func (s *systemTest) refuse(op operation, why string) {
	s.t.Helper()
	f := s.try(op)
	if f == nil || !strings.Contains(f.Message, why) {
		s.t.Fatalf("%s: got %v, want a refusal with '%s'", op.Kind, f, why)
	}
}

func (s *systemTest) state(id, want string) {
	s.t.Helper()
	if got := s.Servers[id].State; got != want {
		s.t.Fatalf("%s is %s, not %s", id, got, want)
	}
}

func (s *systemTest) hosted(db string) string {
	list := []string{}
	for _, h := range s.Databases[db].Hosts {
		list = append(list, h.Server)
	}
	return strings.Join(list, " ")
}

func makeServer(i int) *server {
	return &server{ID: fmt.Sprint("s", i), Name: fmt.Sprint("s", i), Bolt: fmt.Sprintf("h%d:7687", i),
		Cluster: fmt.Sprintf("h%d:6000", i), Mode: modeNone, State: stateFree}
}

func newSystemTest(t *testing.T, servers, primaries int) *systemTest {
	s := &systemTest{newSystem(func() {}), t}
	op := operation{Kind: "bootstrap", Cluster: "c", ID: "d", Primaries: primaries, Login: newUser("password1", false)}
	for i := range servers {
		op.Servers = append(op.Servers, makeServer(i))
	}
	s.do(op)
	return s
}

func TestDrainAndDrop(t *testing.T) {
	s := newSystemTest(t, 3, 3)
	s.refuse(operation{Kind: "drop", Server: "s2"}, "must be deallocated")
	s.refuse(operation{Kind: "deallocate", Server: "s2"}, "no other enabled server")
	s.state("s2", stateEnabled)
	s.do(operation{Kind: "topology", Database: "neo4j", Primaries: 2, Keep: "s2"})
	if got := s.hosted("neo4j"); got != "s0 s2" {
		t.Fatalf("neo4j is on %s: the leader's copy is the last to go", got)
	}
	s.do(operation{Kind: "deallocate", Server: "s2"})
	s.state("s2", stateDeallocating)
	if got := s.hosted("neo4j"); got != "s0 s2 s1" {
		t.Fatalf("neo4j is on %s: a copy leaves when its successor is there", got)
	}
	s.do(operation{Kind: "unhost", Server: "s2", Database: "neo4j"})
	s.do(operation{Kind: "deallocated", Server: "s2"})
	s.do(operation{Kind: "drop", Server: "s2"})
	if s.Servers["s2"] != nil || s.hosted("neo4j") != "s0 s1" {
		t.Fatalf("neo4j is on %s", s.hosted("neo4j"))
	}
	s.refuse(operation{Kind: "join", Servers: []*server{makeServer(2)}}, "was dropped")
	s.refuse(operation{Kind: "enable", Server: "s2"}, "not found")
}

// Two copies that know nothing must not outvote the one that knows all.
func TestALateCopyDoesNotVoteBeforeItHasCaughtUp(t *testing.T) {
	s := newSystemTest(t, 3, 1)
	joining := func() string {
		var names []string
		for _, h := range s.Databases["neo4j"].Hosts {
			if h.Joining {
				names = append(names, h.Server)
			}
		}
		return strings.Join(names, " ")
	}
	if got := joining(); got != "" {
		t.Fatalf("the first copy is joining: %s", got)
	}
	s.do(operation{Kind: "topology", Database: "neo4j", Primaries: 3})
	if got := joining(); got != "s1 s2" {
		t.Fatalf("joining: %s", got)
	}
	s.do(operation{Kind: "joined", Database: "neo4j", Server: "s1"})
	if got := joining(); got != "s2" {
		t.Fatalf("joining: %s", got)
	}
}

func TestAServerWithoutDatabasesIsDeallocatedAtOnce(t *testing.T) {
	s := newSystemTest(t, 3, 1)
	s.do(operation{Kind: "deallocate", Server: "s2"})
	s.state("s2", stateDeallocated)
	s.refuse(operation{Kind: "enable", Server: "s2"}, "can't be enabled")
}

func TestJoinEnableCordon(t *testing.T) {
	s := newSystemTest(t, 3, 3)
	s.do(operation{Kind: "join", Servers: []*server{makeServer(3)}})
	s.state("s3", stateFree)
	s.refuse(operation{Kind: "topology", Database: "neo4j", Primaries: 4}, "cannot be satisfied")
	s.do(operation{Kind: "enable", Server: "s3"})
	s.do(operation{Kind: "cordon", Server: "s3"})
	s.refuse(operation{Kind: "topology", Database: "neo4j", Primaries: 4}, "cannot be satisfied")
	s.do(operation{Kind: "enable", Server: "s3"})
	s.do(operation{Kind: "topology", Database: "neo4j", Primaries: 4})
	s.do(operation{Kind: "join", Servers: []*server{makeServer(3)}}) // again: nothing
	s.state("s3", stateEnabled)
	moved := makeServer(3)
	moved.Bolt, moved.Version = "new:7687", "2026.05.0"
	s.do(operation{Kind: "announce", Servers: []*server{moved}})
	s.state("s3", stateEnabled)
	if s.Servers["s3"].Bolt != "new:7687" {
		t.Fatal("the new address was not taken")
	}
}

func TestDatabases(t *testing.T) {
	s := newSystemTest(t, 3, 1)
	s.do(operation{Kind: "create", Database: "movies", ID: "m", Primaries: 2})
	if got := s.hosted("movies"); got != "s1 s2" {
		t.Fatalf("movies is on %s: the emptiest servers come first", got)
	}
	s.refuse(operation{Kind: "create", Database: "movies", ID: "n"}, "already exists")
	s.do(operation{Kind: "create", Database: "movies", ID: "n", Lenient: true})
	s.refuse(operation{Kind: "create", Database: "big", ID: "b", Primaries: 4}, "too few")
	if s.Databases["big"] != nil {
		t.Fatal("a refused database is there")
	}
	s.refuse(operation{Kind: "topology", Database: "none", Primaries: 1}, "does not exist")
	s.refuse(operation{Kind: "topology", Database: "movies"}, "at least one primary")
	s.do(operation{Kind: "dropDatabase", Database: "movies"})
	s.refuse(operation{Kind: "dropDatabase", Database: "movies"}, "does not exist")
}

func TestModeConstraints(t *testing.T) {
	s := newSystemTest(t, 3, 1)
	s.do(operation{Kind: "enable", Server: "s1", Mode: modeSecondary})
	s.refuse(operation{Kind: "topology", Database: "neo4j", Primaries: 3}, "cannot be satisfied")
	s.do(operation{Kind: "topology", Database: "neo4j", Primaries: 2, Second: 1})
	for _, h := range s.Databases["neo4j"].Hosts {
		if (h.Server == "s1") != (h.Mode == modeSecondary) {
			t.Fatalf("%s is %s", h.Server, h.Mode)
		}
	}
}

// A server that rotates the token does not undo what another, or a user, did meanwhile.
func TestTokenIsComparedBeforeItIsSet(t *testing.T) {
	s := newSystemTest(t, 3, 1)
	one, two, three := "one", "two", "three"
	s.do(operation{Kind: "token", Token: &one})
	s.do(operation{Kind: "token", Old: &one, Token: &two})
	s.do(operation{Kind: "token", Old: &one, Token: &three})
	if *s.Token != "two" {
		t.Fatalf("the token is %s", *s.Token)
	}
	s.do(operation{Kind: "token", Old: &one})
	if s.Token == nil {
		t.Fatal("the new token was taken away with the old one")
	}
	s.do(operation{Kind: "token"})
	if s.Token != nil {
		t.Fatal("disable left the token")
	}
}

func TestUnknownOperation(t *testing.T) {
	newSystemTest(t, 1, 1).refuse(operation{Kind: "explode"}, "unknown operation")
}
