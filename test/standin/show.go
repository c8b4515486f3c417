// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"slices"
	"strings"
)

// What SHOW tells. The first columns are shown without YIELD.

type showClause struct {
	what  string
	names []expr
	yield *projection
	short bool // WHERE without YIELD: only the first columns
}

func (c *showClause) run(x *execution, _ []row) ([]row, *failure) {
	x.in.counts.add("SHOW " + c.what)
	var names []string
	for _, e := range c.names {
		value, f := e.eval(x.scope(nil))
		if f != nil {
			return nil, f
		}
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		for _, one := range list {
			text, _ := one.(string)
			names = append(names, text)
		}
	}
	var columns []string
	var rows [][]any
	shown := 0
	switch c.what {
	case "SERVERS":
		if x.db != systemName {
			return nil, failf("ClientError.Database.UnsupportedAdministrationCommand", "This is an administration command and it "+
				"should be executed against the system database: SHOW SERVERS")
		}
		columns, shown, rows = x.in.showServers()
	case "DATABASES":
		columns, shown, rows = x.in.showDatabases(names)
	case "PROCEDURES":
		columns, shown, rows = x.in.showProcedures()
	case "FUNCTIONS":
		columns, shown, rows = x.in.showFunctions()
	case "SETTINGS":
		columns, shown, rows = x.in.showSettings(names)
	default:
		columns, shown, rows = x.in.showUsers(x.user, c.what == "CURRENT USER")
	}
	if c.short {
		columns = columns[:shown]
	}
	return x.table(columns, shown, rows, c.yield)
}

// Of the plugins only.
func (in *instance) showFunctions() ([]string, int, [][]any) {
	var rows [][]any
	for _, prefix := range slices.Sorted(maps.Values(pluginPrefixes)) {
		if name := prefix + "neofleet.echo"; in.hasPlugin(name) {
			rows = append(rows, []any{name, "Custom", "Answers what it is given."})
		}
	}
	return []string{"name", "category", "description"}, 3, rows
}

func (in *instance) showServers() ([]string, int, [][]any) {
	columns := []string{"name", "address", "state", "health", "hosting", "serverId", "httpAddress", "httpsAddress",
		"requestedHosting", "tags", "allowedDatabases", "deniedDatabases", "modeConstraint", "version"}
	reports := in.reports()
	var rows [][]any
	in.sys.view(func() {
		for _, one := range in.sys.sorted() {
			health, hosting := "Unavailable", []string{}
			if h, up := reports[one.ID]; up {
				health = "Available"
				hosting = slices.Sorted(maps.Keys(h.Groups))
			}
			requested := []string{systemName}
			for _, name := range slices.Sorted(maps.Keys(in.sys.Databases)) {
				if in.sys.Databases[name].hosts(one.ID) {
					requested = append(requested, name)
				}
			}
			slices.Sort(requested)
			if one.State == stateFree {
				requested = []string{systemName}
			}
			rows = append(rows, []any{one.Name, one.Bolt, one.State, health, strs(hosting), one.ID, one.HTTP, nil,
				strs(requested), []any{}, []any{}, []any{}, one.Mode, one.Version})
		}
	})
	return columns, 5, rows
}

var databaseColumns = []string{"name", "type", "aliases", "access", "address", "role", "writer", "requestedStatus",
	"currentStatus", "statusMessage", "default", "home", "constituents", "databaseID", "serverID",
	"requestedPrimariesCount", "requestedSecondariesCount", "currentPrimariesCount", "currentSecondariesCount", "store",
	"lastCommittedTxn", "replicationLag"}

// showDatabases has one row for every database and every server that has or should have it.
func (in *instance) showDatabases(names []string) ([]string, int, [][]any) {
	reports := in.reports()
	var list []*database
	servers := map[string]server{}
	in.sys.view(func() {
		own := &database{Name: systemName, ID: "system-" + in.sys.Cluster}
		for _, one := range in.sys.sorted() {
			servers[one.ID] = *one
			mode := modePrimary
			if one.AsReads {
				mode = modeSecondary
			}
			own.Hosts = append(own.Hosts, host{one.ID, mode, false})
		}
		own.Primaries = own.count(modePrimary)
		for _, name := range slices.Sorted(maps.Keys(in.sys.Databases)) {
			copied := *in.sys.Databases[name]
			list = append(list, &copied)
		}
		list = append(list, own)
	})
	var rows [][]any
	for _, d := range list {
		if len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, d.Name) }) {
			continue
		}
		for _, h := range d.Hosts {
			rows = append(rows, databaseRow(d, h, servers[h.Server], reports))
		}
		// A server may be about to give its copy up.
		for id, report := range reports {
			if one, known := servers[id]; known && !d.hosts(id) && hasGroup(report, d.Name) {
				rows = append(rows, databaseRow(d, host{id, modeSecondary, false}, one, reports))
			}
		}
	}
	return databaseColumns, 13, rows
}

func hasGroup(h hello, db string) bool {
	_, found := h.Groups[db]
	return found
}

func databaseRow(d *database, h host, one server, reports map[string]hello) []any {
	requested, current, message := "online", "unknown", "Server is unavailable"
	var part, lag, last any
	status, here := reports[h.Server].Groups[d.Name]
	up := func() bool { _, up := reports[h.Server]; return up }()
	at := leaderOf(reports, d.Name)
	if d.Stopped {
		requested = "offline"
	}
	switch {
	case !up:
	case d.Stopped:
		current, message = "offline", ""
	case !d.hosts(h.Server):
		current, message, requested = "deallocating", "", "unknown"
	case !here || status.Applied == 0:
		current, message = "starting", ""
	default:
		current, message = "online", ""
	}
	if up {
		part = strings.ToLower(h.Mode)
		last = int64(status.Applied)
		lag = int64(min(0, status.Applied-reports[at].Groups[d.Name].Applied))
	}
	primaries, secondaries := 0, 0
	for _, other := range d.Hosts {
		if hasGroup(reports[other.Server], d.Name) && other.Mode == modePrimary {
			primaries++
		} else if hasGroup(reports[other.Server], d.Name) {
			secondaries++
		}
	}
	kind := "standard"
	if d.Name == systemName {
		kind = "system"
	}
	standard := d.Name == defaultName
	return []any{d.Name, kind, []any{}, "read-write", one.Bolt, part, at == h.Server && !d.Stopped, requested, current, message,
		standard, standard, []any{}, d.ID, h.Server, int64(d.Primaries), int64(d.Secondaries), int64(primaries),
		int64(secondaries), "block-block-1.1", last, lag}
}

func (in *instance) showProcedures() ([]string, int, [][]any) {
	var rows [][]any
	for _, name := range in.procedureNames() {
		mode := procedures[name].mode
		rows = append(rows, []any{name, procedures[name].description, mode, strings.HasPrefix(name, "fleetManagement.") ||
			strings.HasPrefix(name, "dbms."), mode == "DBMS"})
	}
	return []string{"name", "description", "mode", "worksOnSystem", "admin"}, 4, rows
}

func (in *instance) showSettings(names []string) ([]string, int, [][]any) {
	var rows [][]any
	for _, name := range slices.Sorted(maps.Keys(in.c.set)) {
		if len(names) == 0 || slices.Contains(names, name) {
			value := in.c.set[name]
			rows = append(rows, []any{name, value, false, "", "", value, value, true, false})
		}
	}
	return []string{"name", "value", "isDynamic", "defaultValue", "description", "startupValue", "currentValue",
		"isExplicitlySet", "isDeprecated"}, 5, rows
}

func (in *instance) showUsers(current string, only bool) ([]string, int, [][]any) {
	var rows [][]any
	in.sys.view(func() {
		for _, name := range slices.Sorted(maps.Keys(in.sys.Users)) {
			if !only || name == current {
				rows = append(rows, []any{name, []any{"admin", "PUBLIC"}, in.sys.Users[name].Change, false, nil})
			}
		}
	})
	return []string{"user", "roles", "passwordChangeRequired", "suspended", "home"}, 5, rows
}
