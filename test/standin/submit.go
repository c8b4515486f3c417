// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"time"
)

type submission struct {
	Database string          `json:"database"`
	Data     json.RawMessage `json:"data"`
	Forward  bool            `json:"forward"`
}

// submit brings a change to a database's leader: only here where it is not to be forwarded.
func (in *instance) submit(ctx context.Context, db string, change any, forward bool) (*outcome, error) {
	data, err := json.Marshal(change)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if m := in.member(db); m != nil && m.status().Role == leader {
		result, index, err := m.propose(ctx, data)
		if err != nil {
			return nil, err
		}
		out, _ := result.(*outcome)
		if out == nil {
			out = &outcome{}
		}
		out.Index = index
		return out, nil
	}
	at := leaderOf(in.reports(), db)
	if !forward || at == "" || at == in.id {
		return nil, &notLeader{at}
	}
	var out outcome
	if err := in.call(ctx, in.addressOf(at), "submit", submission{db, data, false}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

func (in *instance) addressOf(id string) string {
	in.mu.Lock()
	p := in.peers[id]
	in.mu.Unlock()
	if p != nil {
		return p.Server.Cluster
	}
	address := ""
	in.sys.view(func() {
		if one := in.sys.Servers[id]; one != nil {
			address = one.Cluster
		}
	})
	return address
}
