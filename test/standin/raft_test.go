// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// ring is a network of groups whose links a test can cut.
type ring struct {
	t      *testing.T
	mu     sync.Mutex
	groups map[string]*group
	stops  map[string]context.CancelFunc
	ends   map[string]chan struct{}
	seen   map[string][]string // what each applied
	cut    map[string]bool     // servers without a network
	asked  map[string]int      // how often each asked whether it would be elected
	voters []string
	dir    map[string]string
}

func newRing(t *testing.T, n int) *ring {
	r := &ring{t: t, groups: map[string]*group{}, stops: map[string]context.CancelFunc{}, ends: map[string]chan struct{}{},
		seen: map[string][]string{}, cut: map[string]bool{}, dir: map[string]string{}, asked: map[string]int{}}
	for i := range n {
		r.voters = append(r.voters, fmt.Sprint("s", i))
	}
	for _, id := range r.voters {
		r.dir[id] = t.TempDir()
		r.start(id)
	}
	t.Cleanup(func() {
		for _, id := range slices.Clone(r.members()) {
			r.stop(id)
		}
	})
	return r
}

func (r *ring) members() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.voters
}

func (r *ring) start(id string) {
	r.t.Helper()
	r.mu.Lock()
	r.seen[id] = nil
	r.mu.Unlock()
	g, err := newGroup("db", id, r.dir[id], groupEnv{
		voters:  r.members,
		members: r.members,
		send: func(_ context.Context, to string, m *raftMessage) (*raftReply, error) {
			r.mu.Lock()
			if m.Kind == "ask" {
				r.asked[m.From]++
			}
			target := r.groups[to]
			lost := target == nil || r.cut[to] || r.cut[m.From]
			r.mu.Unlock()
			if lost {
				return nil, errors.New("cut off")
			}
			return target.handle(m), nil
		},
		apply: func(_ int, data json.RawMessage) any {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.seen[id] = append(r.seen[id], string(data))
			return "applied " + string(data)
		},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	end := make(chan struct{})
	go func() {
		g.run(ctx)
		close(end)
	}()
	r.mu.Lock()
	r.groups[id], r.stops[id], r.ends[id] = g, stop, end
	r.mu.Unlock()
}

func (r *ring) stop(id string) {
	r.mu.Lock()
	stop, end := r.stops[id], r.ends[id]
	delete(r.groups, id)
	r.mu.Unlock()
	stop()
	<-end
}

func (r *ring) set(cut bool, ids ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		r.cut[id] = cut
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// leader waits until exactly one of the servers leads and can write.
func (r *ring) leader(among ...string) string {
	r.t.Helper()
	found := ""
	eventually(r.t, "a leader", func() bool {
		found = ""
		for _, id := range among {
			r.mu.Lock()
			g := r.groups[id]
			r.mu.Unlock()
			if s := g.status(); s.Role == leader && s.Writes {
				if found != "" {
					return false
				}
				found = id
			}
		}
		return found != ""
	})
	return found
}

func (r *ring) write(id, text string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	data, _ := json.Marshal(text)
	result, _, err := r.groups[id].propose(ctx, data)
	if err == nil && result != "applied "+string(data) {
		return fmt.Errorf("result %v", result)
	}
	return err
}

func (r *ring) has(id string, want ...string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	quoted := make([]string, len(want))
	for i, one := range want {
		quoted[i] = fmt.Sprintf("%q", one)
	}
	return slices.Equal(r.seen[id], quoted)
}

func but(list []string, without string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == without })
}

func TestAloneLeadsAtOnce(t *testing.T) {
	t.Parallel()
	r := newRing(t, 1)
	begin := time.Now()
	at := r.leader("s0")
	if time.Since(begin) > time.Second {
		t.Error("a group of one waited for others")
	}
	if err := r.write(at, "a"); err != nil || !r.has("s0", "a") {
		t.Fatal(err)
	}
}

// Writes survive their leader, go on without it, and reach it when it comes back; what it wrote alone is gone.
func TestLeaderIsLost(t *testing.T) {
	t.Parallel()
	r := newRing(t, 3)
	first := r.leader(r.voters...)
	if err := r.write(first, "a"); err != nil {
		t.Fatal(err)
	}
	others := but(r.voters, first)
	var refused *notLeader
	if err := r.write(others[0], "x"); !errors.As(err, &refused) {
		t.Fatalf("a follower took a write: %v", err)
	}
	r.set(true, first)
	lonely := make(chan error, 1)
	go func() { lonely <- r.write(first, "alone") }()
	second := r.leader(others...)
	if err := r.write(second, "b"); err != nil {
		t.Fatal(err)
	}
	if err := <-lonely; err == nil {
		t.Fatal("a leader without a majority took a write")
	}
	eventually(t, "the old leader steps down", func() bool { return r.groups[first].status().Role != leader })
	r.set(false, first)
	for _, id := range r.voters {
		eventually(t, id+" has both writes", func() bool { return r.has(id, "a", "b") })
	}
}

// One server has more, the other has heard of a later term, whose candidate is gone: they agree on a leader all the same.
func TestTermOfAVanishedCandidate(t *testing.T) {
	t.Parallel()
	r := newRing(t, 3)
	entry := logEntry{1, json.RawMessage(`"a"`)}
	for _, one := range []struct {
		id      string
		meta    raftMeta
		entries []logEntry
	}{{"s0", raftMeta{Term: 1}, []logEntry{entry, entry}}, {"s1", raftMeta{Term: 2, Vote: "s2"}, []logEntry{entry}}, {id: "s2"}} {
		r.stop(one.id)
		d, _, _, err := openRaftDisk(r.dir[one.id], "db")
		if err != nil {
			t.Fatal(err)
		}
		d.rewrite(one.entries)
		d.saveMeta(one.meta)
		d.close()
	}
	r.start("s0")
	r.start("s1")
	if at := r.leader("s0", "s1"); at != "s0" {
		t.Fatalf("%s leads, which lacks an entry", at)
	}
}

func TestNoMajorityNoLeader(t *testing.T) {
	t.Parallel()
	r := newRing(t, 3)
	at := r.leader(r.voters...)
	others := but(r.voters, at)
	r.set(true, others...)
	eventually(t, "the leader steps down", func() bool { return r.groups[at].status().Role != leader })
	r.set(false, others[0])
	r.leader(at, others[0])
}

func TestRestartKeepsTheLog(t *testing.T) {
	t.Parallel()
	r := newRing(t, 3)
	at := r.leader(r.voters...)
	for _, text := range []string{"a", "b", "c"} {
		if err := r.write(at, text); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range r.voters {
		r.stop(id)
	}
	for _, id := range r.voters {
		r.start(id)
	}
	at = r.leader(r.voters...)
	if err := r.write(at, "d"); err != nil {
		t.Fatal(err)
	}
	for _, id := range r.voters {
		eventually(t, id+" has all", func() bool { return r.has(id, "a", "b", "c", "d") })
	}
}

// A server that was away gets what it missed, and its return does not unseat the leader.
func TestReturnIsQuiet(t *testing.T) {
	t.Parallel()
	r := newRing(t, 3)
	at := r.leader(r.voters...)
	away := but(r.voters, at)[0]
	r.set(true, away)
	if err := r.write(at, "a"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the one that is away asks for elections", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.asked[away] >= 4
	})
	term := r.groups[at].status().Term
	r.set(false, away)
	eventually(t, "the one that was away has the write", func() bool { return r.has(away, "a") })
	if s := r.groups[at].status(); s.Role != leader || s.Term != term {
		t.Fatalf("the leader was unseated: %+v", s)
	}
}

func TestNewcomerGetsAllAndTheDroppedOneNothing(t *testing.T) {
	t.Parallel()
	r := newRing(t, 3)
	at := r.leader(r.voters...)
	if err := r.write(at, "a"); err != nil {
		t.Fatal(err)
	}
	r.dir["s3"] = t.TempDir()
	r.mu.Lock()
	r.voters = append(slices.Clone(r.voters), "s3")
	r.mu.Unlock()
	r.start("s3")
	eventually(t, "the newcomer has the write", func() bool { return r.has("s3", "a") })
	gone := but(r.members(), at)[0]
	r.mu.Lock()
	all := r.voters
	r.voters = but(all, gone)
	r.mu.Unlock()
	if err := r.write(at, "b"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the newcomer has both", func() bool { return r.has("s3", "a", "b") })
	if r.has(gone, "a", "b") {
		t.Fatal("a server outside of the group still gets writes")
	}
	r.stop(gone)
}

func TestLeadIsHandedOver(t *testing.T) {
	t.Parallel()
	r := newRing(t, 3)
	at := r.leader(r.voters...)
	if err := r.write(at, "a"); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	r.groups[at].transfer()
	others := but(r.voters, at)
	next := r.leader(others...)
	if took := time.Since(begin); took > electionMin {
		t.Errorf("it took %v, as long as without a word", took)
	}
	if err := r.write(next, "b"); err != nil {
		t.Fatal(err)
	}
}

// A line that the end of the process cut off is as if it had not been written.
func TestTornLog(t *testing.T) {
	dir := t.TempDir()
	d, _, _, err := openRaftDisk(dir, "db")
	if err != nil {
		t.Fatal(err)
	}
	d.append([]logEntry{{1, json.RawMessage(`"a"`)}, {1, json.RawMessage(`"b"`)}})
	if _, err := d.file.WriteString(`{"t":1,"d":"c`); err != nil {
		t.Fatal(err)
	}
	d.close()
	_, _, entries, err := openRaftDisk(dir, "db")
	if err != nil || len(entries) != 2 || string(entries[1].Data) != `"b"` {
		t.Fatalf("%v %v", entries, err)
	}
}
