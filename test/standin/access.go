// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// Who may come in, and where to go from here.

// attempts locks a name for 5 s after three wrong passwords, as the product does.
type attempts struct {
	mu    sync.Mutex
	wrong map[string]int
	until map[string]time.Time
}

var guesses = attempts{wrong: map[string]int{}, until: map[string]time.Time{}}

func (a *attempts) locked(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return time.Now().Before(a.until[name])
}

func (a *attempts) record(name string, right bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if right {
		delete(a.wrong, name)
		return
	}
	if a.wrong[name]++; a.wrong[name] >= 3 {
		a.until[name] = time.Now().Add(5 * time.Second)
		a.wrong[name] = 0
	}
}

// authenticate also tells whether the password must be changed.
func (in *instance) authenticate(name, password string) (bool, *failure) {
	if guesses.locked(name) {
		return false, failf("ClientError.Security.AuthenticationRateLimit", "The client has provided incorrect authentication details "+
			"too many times in a row.")
	}
	known, change := false, false
	in.sys.view(func() {
		if u := in.sys.Users[name]; u != nil {
			known, change = u.knows(password), u.Change
		}
	})
	known = known && !in.bad.has("refuse-login")
	guesses.record(name, known)
	if !known {
		return false, failf("ClientError.Security.Unauthorized", "The client is unauthorized due to authentication failure.")
	}
	return change, nil
}

// enforced tells whether clients that came by this address are to route themselves although the router is the server.
func (in *instance) enforced(address string) bool {
	domain, _, err := net.SplitHostPort(address)
	if err != nil {
		domain = address
	}
	return covers(in.c.list("dbms.routing.client_side.enforce_for_domains"), strings.ToLower(domain))
}

// routingTable is for a client that came by an address; readers are the followers where there are any.
func (in *instance) routingTable(db, address string, policy bool) (map[string]any, *failure) {
	var d *database
	bolt := map[string]string{}
	in.sys.view(func() {
		for id, one := range in.sys.Servers {
			bolt[id] = one.Bolt
		}
		if found := in.sys.Databases[db]; found != nil {
			copied := *found
			d = &copied
		}
	})
	if d == nil && db != systemName {
		return nil, noDatabase(db)
	}
	reports := in.reports()
	at := leaderOf(reports, db)
	var routers, readers, writers []string
	for id, h := range reports {
		if bolt[id] == "" {
			continue
		}
		routers = append(routers, bolt[id])
		switch {
		case !hasGroup(h, db):
		case id == at:
			writers = append(writers, bolt[id])
		default:
			readers = append(readers, bolt[id])
		}
	}
	if len(readers) == 0 {
		readers = writers
	}
	if policy && address != "" && in.c.get("dbms.routing.default_router", "CLIENT") == "SERVER" && !in.enforced(address) {
		routers, readers, writers = []string{address}, []string{address}, []string{address}
	}
	servers := []any{}
	for _, one := range []struct {
		role      string
		addresses []string
	}{{"WRITE", writers}, {"READ", readers}, {"ROUTE", routers}} {
		slices.Sort(one.addresses)
		if len(one.addresses) > 0 {
			servers = append(servers, map[string]any{"role": one.role, "addresses": strs(one.addresses)})
		}
	}
	return map[string]any{"ttl": int64(in.c.routingTTL()), "db": db, "servers": servers}, nil
}

// routingTTL is in seconds; the setting is a duration such as 300s or 5m.
func (c *config) routingTTL() int {
	if d, err := time.ParseDuration(c.get("dbms.routing_ttl", "300s")); err == nil {
		return int(d / time.Second)
	}
	return 300
}
