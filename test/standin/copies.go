// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

// When a copy of a database has caught up, and when a server on its way out may give its own away.

import (
	"slices"
	"time"
)

// finishJoining lets copies vote that have caught up, one of a database at a time.
func (in *instance) finishJoining(reports map[string]hello) {
	var ops []operation
	in.sys.view(func() {
		for name, d := range in.sys.Databases {
			for _, h := range d.Hosts {
				status, up := reports[h.Server].Groups[name]
				if h.Joining && up && in.isCurrent(name, status.Applied) {
					ops = append(ops, operation{Kind: "joined", Server: h.Server, Database: name})
					break
				}
			}
		}
	})
	for _, op := range ops {
		in.try(op)
	}
}

const (
	markAge = time.Second
	markMax = 30 * time.Second
)

// mark is how far a database had come markAge ago, or a little more. A report is always a little old: under a client that writes without
// a pause, no copy but the leader's own ever seems to have everything.
type mark struct {
	applied, next int
	since         time.Time
}

func (in *instance) setMarks(reports map[string]hello) {
	in.sys.view(func() {
		for name, d := range in.sys.Databases {
			m := in.marks[name]
			switch age := time.Since(m.since); {
			case age >= markMax: // of the last time that this server led
				in.marks[name] = mark{next: mostApplied(d, reports), since: time.Now()}
			case age >= markAge:
				in.marks[name] = mark{applied: m.next, next: mostApplied(d, reports), since: time.Now()}
			}
		}
	})
}

func (in *instance) isCurrent(database string, applied int) bool {
	m := in.marks[database]
	return m.applied > 0 && applied >= m.applied
}

// mostApplied is how far the copies have come that are not joining.
func mostApplied(d *database, reports map[string]hello) int {
	most := 0
	for _, h := range d.Hosts {
		if !h.Joining {
			most = max(most, reports[h.Server].Groups[d.Name].Applied)
		}
	}
	return most
}

// finishDeallocation takes copies from servers on their way out once every other copy is up to date.
func (in *instance) finishDeallocation(reports map[string]hello) {
	var ops []operation
	in.sys.view(func() {
		for _, one := range in.sys.sorted() {
			if one.State != stateDeallocating {
				continue
			}
			left := false
			for name, d := range in.sys.Databases {
				if !d.hosts(one.ID) {
					continue
				}
				left = true
				if in.othersCurrent(d, one.ID, reports) {
					ops = append(ops, operation{Kind: "unhost", Server: one.ID, Database: name})
				}
			}
			if !left {
				ops = append(ops, operation{Kind: "deallocated", Server: one.ID})
			}
		}
	})
	for _, op := range ops {
		in.try(op)
	}
}

func (in *instance) othersCurrent(d *database, leaving string, reports map[string]hello) bool {
	return !slices.ContainsFunc(d.Hosts, func(h host) bool {
		status, up := reports[h.Server].Groups[d.Name]
		return h.Server != leaving && (h.Joining || !up || !in.isCurrent(d.Name, status.Applied))
	})
}
