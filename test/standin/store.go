// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// The nodes of a user's database.

type node struct {
	ID     int64          `json:"id"`
	Labels []string       `json:"labels"`
	Props  map[string]any `json:"props"`
}

func (n *node) elementID() string { return fmt.Sprintf("4:standin:%d", n.ID) }

func (n *node) clone() *node {
	return &node{n.ID, slices.Clone(n.Labels), maps.Clone(n.Props)}
}

// change is what one transaction did; new nodes get their ids when it is applied.
type change struct {
	Created []*node `json:"created,omitempty"`
	Changed []*node `json:"changed,omitempty"`
	Deleted []int64 `json:"deleted,omitempty"`
}

type store struct {
	mu    sync.Mutex
	nodes map[int64]*node
	order []int64
	next  int64
}

func newStore() *store { return &store{nodes: map[int64]*node{}} }

func (s *store) apply(_ int, data json.RawMessage) any {
	var c change
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	if err := decoder.Decode(&c); err != nil {
		return &outcome{Failure: failf("DatabaseError.General.UnknownError", "not a change: %v", err)}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range c.Created {
		n.ID = s.next
		s.next++
		s.put(n)
		s.order = append(s.order, n.ID)
	}
	for _, n := range c.Changed {
		if s.nodes[n.ID] != nil {
			s.put(n)
		}
	}
	for _, id := range c.Deleted {
		delete(s.nodes, id)
	}
	return &outcome{}
}

func (s *store) put(n *node) {
	for key, value := range n.Props {
		n.Props[key] = fromJSON(value)
	}
	s.nodes[n.ID] = n
}

// fromJSON gives numbers the types that Bolt's have.
func fromJSON(value any) any {
	switch v := value.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = fromJSON(v[i])
		}
	}
	return value
}

// work is a transaction's view: the store with its own changes on top.
type work struct {
	store   *store
	created []*node
	changed map[int64]*node
	deleted map[int64]bool
}

func newWork(s *store) *work {
	return &work{store: s, changed: map[int64]*node{}, deleted: map[int64]bool{}}
}

func (w *work) all() []*node {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	var list []*node
	for _, id := range w.store.order {
		n := w.store.nodes[id]
		if mine := w.changed[id]; mine != nil {
			n = mine
		}
		if n != nil && !w.deleted[id] {
			list = append(list, n)
		}
	}
	return append(list, w.created...)
}

func (w *work) create(n *node) {
	w.store.mu.Lock()
	n.ID = w.store.next + int64(len(w.created))
	w.store.mu.Unlock()
	w.created = append(w.created, n)
}

func (w *work) set(n *node, key string, value any) {
	if !slices.Contains(w.created, n) {
		if w.changed[n.ID] == nil {
			w.changed[n.ID] = n.clone()
		}
		n = w.changed[n.ID]
	}
	if value == nil {
		delete(n.Props, key)
	} else {
		n.Props[key] = value
	}
}

func (w *work) remove(n *node) {
	if at := slices.Index(w.created, n); at >= 0 {
		w.created = slices.Delete(w.created, at, at+1)
		return
	}
	w.deleted[n.ID] = true
}

func (w *work) change() *change {
	c := &change{Created: w.created, Deleted: slices.Collect(maps.Keys(w.deleted))}
	for id, n := range w.changed {
		if !w.deleted[id] {
			c.Changed = append(c.Changed, n)
		}
	}
	if len(c.Created)+len(c.Changed)+len(c.Deleted) == 0 {
		return nil
	}
	return c
}
