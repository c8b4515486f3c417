// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// One group of servers that keeps one database's log: leader election with a vote before the vote, replication, commitment by
// majority (Raft, without snapshots: a test writes little). The group does not know what the entries mean.

const (
	heartbeat    = 300 * time.Millisecond
	electionMin  = 3 * time.Second
	electionMore = 2 * time.Second
	rpcTimeout   = 2000 * time.Millisecond
	batch        = 512
)

type logEntry struct {
	Term uint64          `json:"t"`
	Data json.RawMessage `json:"d,omitempty"` // null: a new leader's mark
}

type raftMessage struct {
	Kind      string     `json:"kind"` // ask, vote, append, lead
	Group     string     `json:"group"`
	From      string     `json:"from"`
	To        string     `json:"to"` // an address may have passed on to another server
	Term      uint64     `json:"term"`
	Force     bool       `json:"force,omitempty"` // the leader itself asked for this election
	PrevIndex int        `json:"prev,omitempty"`
	PrevTerm  uint64     `json:"prevTerm,omitempty"`
	Entries   []logEntry `json:"entries,omitempty"`
	Commit    int        `json:"commit,omitempty"`
}

type raftReply struct {
	Term uint64 `json:"term"`
	OK   bool   `json:"ok"`
	Have int    `json:"have,omitempty"`
}

type role string

const (
	follower  role = "follower"
	candidate role = "candidate"
	leader    role = "leader"
)

type groupStatus struct {
	Role    role   `json:"role"`
	Leader  string `json:"leader"` // id of the server
	Term    uint64 `json:"term"`
	Applied int    `json:"applied"`
	Writes  bool   `json:"writes"` // a leader that has committed something in its term
}

// groupEnv is what a group needs of its surroundings. voters and members name servers by id; members holds the voters and
// those that only listen.
type groupEnv struct {
	voters  func() []string
	members func() []string
	send    func(ctx context.Context, peer string, m *raftMessage) (*raftReply, error)
	apply   func(index int, data json.RawMessage) any
}

type notLeader struct{ leader string }

func (e *notLeader) Error() string { return "this server is not the leader" }

var errLostLead = errors.New("the leader changed before the write was agreed upon")

type group struct {
	name, self string
	env        groupEnv
	disk       *raftDisk

	mu       sync.Mutex
	meta     raftMeta
	log      []logEntry // entry 1 is log[0]
	applied  int
	role     role
	leader   string
	deadline time.Time // of the wait for a leader
	contact  time.Time // last word of a leader
	next     map[string]int
	match    map[string]int
	acked    map[string]time.Time
	sent     map[string]time.Time
	busy     map[string]bool
	silent   map[string]bool // did not answer last time: only heartbeats go there
	begun    int             // index of this leader's mark
	waiters  map[int]chan any
	stopped  bool
}

func newGroup(name, self, dir string, env groupEnv) (*group, error) {
	disk, meta, log, err := openRaftDisk(dir, name)
	if err != nil {
		return nil, err
	}
	g := &group{name: name, self: self, env: env, disk: disk, meta: meta, log: log, role: follower, waiters: map[int]chan any{}}
	g.meta.Commit = min(g.meta.Commit, len(log))
	g.applyCommitted()
	g.wait()
	if len(log) == 0 || g.alone() {
		g.soon()
	}
	return g, nil
}

// soon is the wait of a group that has never had a leader, so that none is missed: its servers have all just begun.
func (g *group) soon() {
	g.deadline = time.Now().Add(heartbeat + rand.N(3*heartbeat))
	if g.alone() {
		g.deadline = time.Now()
	}
}

func (g *group) wait() {
	g.deadline = time.Now().Add(electionMin + rand.N(electionMore))
}

func (g *group) alone() bool {
	voters := g.env.voters()
	return len(voters) == 1 && voters[0] == g.self
}

func (g *group) run(ctx context.Context) {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			g.mu.Lock()
			g.stopped = true
			g.lose()
			g.disk.close()
			g.mu.Unlock()
			return
		case <-ticker.C:
			g.tick()
		}
	}
}

func (g *group) tick() {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if g.role == leader {
		if !g.majority(func(id string) bool { return id == g.self || now.Sub(g.acked[id]) < electionMin }) {
			g.stepDown(g.meta.Term)
			return
		}
		g.feed(now.Add(-heartbeat))
		return
	}
	if now.After(g.deadline) && slices.Contains(g.env.voters(), g.self) {
		g.wait()
		go g.elect(false)
	}
}

func (g *group) majority(has func(id string) bool) bool {
	voters, n := g.env.voters(), 0
	for _, id := range voters {
		if has(id) {
			n++
		}
	}
	return len(voters) > 0 && n > len(voters)/2
}

// lose ends the waits of those whose writes are not agreed upon.
func (g *group) lose() {
	for index, waiter := range g.waiters {
		waiter <- errLostLead
		delete(g.waiters, index)
	}
}

func (g *group) stepDown(term uint64) {
	if term > g.meta.Term {
		g.meta.Term, g.meta.Vote = term, ""
		g.saveMeta()
	}
	g.role, g.leader = follower, ""
	g.lose()
	g.wait()
}

func (g *group) lastTerm() uint64 {
	if len(g.log) == 0 {
		return 0
	}
	return g.log[len(g.log)-1].Term
}

// elect asks whether an election would be won, and then holds it.
func (g *group) elect(force bool) {
	g.mu.Lock()
	term := g.meta.Term + 1
	g.mu.Unlock()
	if !force && !g.poll("ask", term, false) {
		return
	}
	g.mu.Lock()
	if g.role == leader || g.meta.Term+1 != term || g.stopped {
		g.mu.Unlock()
		return
	}
	g.role, g.leader = candidate, ""
	g.meta.Term, g.meta.Vote = term, g.self
	g.saveMeta()
	g.wait()
	g.mu.Unlock()
	if !g.poll("vote", term, force) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.role == candidate && g.meta.Term == term && !g.stopped {
		g.lead()
	}
}

// poll sends one question to all voters and says whether a majority, with us, agrees.
func (g *group) poll(kind string, term uint64, force bool) bool {
	g.mu.Lock()
	m := &raftMessage{Kind: kind, Group: g.name, From: g.self, Term: term, Force: force,
		PrevIndex: len(g.log), PrevTerm: g.lastTerm()}
	voters := g.env.voters()
	g.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), rpcTimeout)
	defer cancel()
	replies := make(chan *raftReply, len(voters))
	yes := 0
	asked := 0
	for _, id := range voters {
		if id == g.self {
			yes++
			continue
		}
		asked++
		go func() {
			reply, err := g.env.send(ctx, id, m)
			if err != nil {
				reply = &raftReply{}
			}
			replies <- reply
		}()
	}
	for ; asked > 0 && yes <= len(voters)/2; asked-- {
		reply := <-replies
		if reply.OK {
			yes++
		}
		g.mu.Lock()
		if reply.Term > g.meta.Term { // also by one that only asks: below the others' term it would never be elected
			g.stepDown(reply.Term)
		}
		g.mu.Unlock()
	}
	return yes > len(voters)/2
}

func (g *group) lead() {
	now := time.Now()
	g.role, g.leader = leader, g.self
	g.next, g.match = map[string]int{}, map[string]int{}
	g.acked, g.sent = map[string]time.Time{}, map[string]time.Time{}
	g.busy, g.silent = map[string]bool{}, map[string]bool{}
	for _, id := range g.env.members() {
		g.next[id], g.acked[id] = len(g.log)+1, now
	}
	g.append(logEntry{Term: g.meta.Term})
	g.begun = len(g.log)
	g.feed(now)
	g.advance()
}

func (g *group) append(entries ...logEntry) {
	g.log = append(g.log, entries...)
	g.disk.append(entries)
}

// feed sends to every member that lags or has not been spoken to since then.
func (g *group) feed(since time.Time) {
	for _, id := range g.env.members() {
		if id == g.self || g.busy[id] {
			continue
		}
		if g.next[id] == 0 {
			g.next[id], g.acked[id] = len(g.log)+1, time.Now()
		}
		if g.sent[id].Before(since) || (g.next[id] <= len(g.log) && !g.silent[id]) {
			g.busy[id] = true
			go g.replicate(id, g.meta.Term)
		}
	}
}

// replicate sends to one member until it has everything or does not answer.
func (g *group) replicate(id string, term uint64) {
	for {
		g.mu.Lock()
		if g.role != leader || g.meta.Term != term || g.stopped {
			g.mu.Unlock()
			return
		}
		from := g.next[id]
		m := &raftMessage{Kind: "append", Group: g.name, From: g.self, Term: term, PrevIndex: from - 1, Commit: g.meta.Commit,
			Entries: slices.Clone(g.log[from-1 : min(len(g.log), from-1+batch)])}
		if from > 1 {
			m.PrevTerm = g.log[from-2].Term
		}
		g.sent[id] = time.Now()
		g.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), rpcTimeout)
		reply, err := g.env.send(ctx, id, m)
		cancel()
		if !g.answered(id, m, reply, err) {
			return
		}
	}
}

// answered takes in a member's answer and says whether there is more to send.
func (g *group) answered(id string, m *raftMessage, reply *raftReply, err error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.role != leader || g.meta.Term != m.Term {
		return false
	}
	if err == nil && reply.Term > g.meta.Term {
		g.stepDown(reply.Term)
		return false
	}
	g.silent[id] = err != nil
	if err != nil {
		g.busy[id] = false
		return false
	}
	g.acked[id] = time.Now()
	if reply.OK {
		g.match[id] = m.PrevIndex + len(m.Entries)
		g.next[id] = g.match[id] + 1
		g.advance()
	} else {
		g.next[id] = max(1, min(reply.Have+1, m.PrevIndex))
	}
	more := g.next[id] <= len(g.log)
	g.busy[id] = more
	return more
}

// advance commits what a majority has; only entries of this term are counted.
func (g *group) advance() {
	for n := len(g.log); n > g.meta.Commit && g.log[n-1].Term == g.meta.Term; n-- {
		if g.majority(func(id string) bool { return id == g.self || g.match[id] >= n }) {
			g.meta.Commit = n
			g.saveMeta()
			g.applyCommitted()
			g.feed(time.Now().Add(-heartbeat))
			return
		}
	}
}

func (g *group) applyCommitted() {
	for g.applied < g.meta.Commit {
		g.applied++
		var result any
		if data := g.log[g.applied-1].Data; len(data) > 0 && string(data) != "null" {
			result = g.env.apply(g.applied, data)
		}
		if waiter := g.waiters[g.applied]; waiter != nil {
			delete(g.waiters, g.applied)
			waiter <- result
		}
	}
}

// propose adds an entry at the leader and waits until it is agreed upon; the result is what apply made of it.
func (g *group) propose(ctx context.Context, data json.RawMessage) (any, int, error) {
	g.mu.Lock()
	if g.role != leader || g.stopped {
		at := g.leader
		g.mu.Unlock()
		return nil, 0, &notLeader{at}
	}
	waiter := make(chan any, 1)
	g.append(logEntry{Term: g.meta.Term, Data: data})
	index := len(g.log)
	g.waiters[index] = waiter
	g.advance()
	g.feed(time.Now())
	g.mu.Unlock()
	select {
	case result := <-waiter:
		if err, lost := result.(error); lost {
			return nil, 0, err
		}
		return result, index, nil
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
}

func (g *group) handle(m *raftMessage) *raftReply {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped {
		return &raftReply{Term: g.meta.Term}
	}
	switch m.Kind {
	case "append":
		return g.handleAppend(m)
	case "lead":
		if m.From == g.leader && m.Term == g.meta.Term {
			go g.elect(true)
		}
		return &raftReply{Term: g.meta.Term, OK: true}
	}
	return g.handleVote(m)
}

// handleVote answers both questions. Whoever hears from a leader does not help to replace it, unless it asked for that.
func (g *group) handleVote(m *raftMessage) *raftReply {
	no := &raftReply{Term: g.meta.Term}
	content := g.role == leader || (g.leader != "" && time.Since(g.contact) < electionMin)
	if m.Term < g.meta.Term || (content && !m.Force) {
		return no
	}
	if voters := g.env.voters(); len(voters) > 0 && !slices.Contains(voters, m.From) {
		return no
	}
	current := m.PrevTerm > g.lastTerm() || (m.PrevTerm == g.lastTerm() && m.PrevIndex >= len(g.log))
	if m.Kind == "ask" {
		return &raftReply{Term: g.meta.Term, OK: current && m.Term > g.meta.Term}
	}
	if m.Term > g.meta.Term {
		g.stepDown(m.Term)
	}
	if !current || (g.meta.Vote != "" && g.meta.Vote != m.From) {
		return &raftReply{Term: g.meta.Term}
	}
	g.meta.Vote = m.From
	g.saveMeta()
	g.wait()
	return &raftReply{Term: g.meta.Term, OK: true}
}

func (g *group) handleAppend(m *raftMessage) *raftReply {
	if m.Term < g.meta.Term {
		return &raftReply{Term: g.meta.Term}
	}
	if m.Term > g.meta.Term || g.role != follower {
		g.stepDown(m.Term)
	}
	g.leader, g.contact = m.From, time.Now()
	g.wait()
	if m.PrevIndex > len(g.log) || (m.PrevIndex > 0 && g.log[m.PrevIndex-1].Term != m.PrevTerm) {
		return &raftReply{Term: g.meta.Term, Have: min(len(g.log), m.PrevIndex-1)}
	}
	for i, entry := range m.Entries {
		at := m.PrevIndex + i
		if at < len(g.log) && g.log[at].Term == entry.Term {
			continue
		}
		if at < len(g.log) {
			g.log = g.log[:at]
			g.disk.rewrite(g.log)
		}
		g.append(m.Entries[i:]...)
		break
	}
	if commit := min(m.Commit, m.PrevIndex+len(m.Entries)); commit > g.meta.Commit {
		g.meta.Commit = commit
		g.saveMeta()
		g.applyCommitted()
	}
	return &raftReply{Term: g.meta.Term, OK: true, Have: len(g.log)}
}

// seed gives an empty group its first entry, the same on every server, which counts as agreed upon.
func (g *group) seed(data json.RawMessage) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.log) > 0 {
		return false
	}
	g.meta.Term = max(g.meta.Term, 1)
	g.append(logEntry{Term: 1, Data: data})
	g.meta.Commit = 1
	g.saveMeta()
	g.applyCommitted()
	g.soon()
	return true
}

// first is the entry a group was seeded with.
func (g *group) first() json.RawMessage {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.log) == 0 {
		return nil
	}
	return g.log[0].Data
}

func (g *group) status() groupStatus {
	g.mu.Lock()
	defer g.mu.Unlock()
	return groupStatus{g.role, g.leader, g.meta.Term, g.applied, g.role == leader && g.applied >= g.begun}
}

// transfer hands the lead to the member that has most; it only asks, and does not wait.
func (g *group) transfer() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.role != leader {
		return
	}
	best := ""
	for _, id := range g.env.voters() {
		if id != g.self && time.Since(g.acked[id]) < electionMin && (best == "" || g.match[id] > g.match[best]) {
			best = id
		}
	}
	if best == "" {
		return
	}
	m := &raftMessage{Kind: "lead", Group: g.name, From: g.self, Term: g.meta.Term}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), rpcTimeout)
		defer cancel()
		_, _ = g.env.send(ctx, best, m)
	}()
}

func (g *group) saveMeta() { g.disk.saveMeta(g.meta) }
