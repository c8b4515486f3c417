// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The procedures that somebody asks for.

type procedure struct {
	description string
	mode        string
	columns     []string
	params      []string // parameters of a call without parentheses, and how many may be given
	least       int
	call        func(x *execution, args []any) ([][]any, *failure)
}

var procedures map[string]*procedure

func init() {
	procedures = map[string]*procedure{
		"db.ping": {"Tests whether the server answers.", "READ", []string{"success"}, nil, 0,
			func(*execution, []any) ([][]any, *failure) { return [][]any{{true}}, nil }},
		"dbms.components": {"Names the product's parts and versions.", "DBMS", []string{"name", "versions", "edition"}, nil, 0,
			func(x *execution, _ []any) ([][]any, *failure) {
				return [][]any{{"Neo4j Kernel", []any{x.in.c.release.text}, "enterprise"}}, nil
			}},
		"dbms.info": {"Names the DBMS.", "READ", []string{"id", "name", "creationDate"}, nil, 0,
			func(x *execution, _ []any) ([][]any, *failure) {
				return [][]any{{x.in.formed(), systemName, "2026-01-01T00:00:00Z"}}, nil
			}},
		"dbms.routing.getRoutingTable": {"The routing table.", "DBMS", []string{"ttl", "servers"}, []string{"context", "database"}, 1,
			routingProcedure},
		"dbms.cluster.cordonServer":   {"Keeps new copies off a server.", "DBMS", []string{}, []string{"server"}, 1, cordonProcedure("cordon")},
		"dbms.cluster.uncordonServer": {"Takes that back.", "DBMS", []string{}, []string{"server"}, 1, cordonProcedure("enable")},
		"dbms.licenseAgreementDetails": {"The licence.", "DBMS", []string{"status", "daysLeftOnTrial", "totalTrialDays"}, nil, 0,
			func(*execution, []any) ([][]any, *failure) { return [][]any{{"yes", int64(0), int64(0)}}, nil }},
	}
	maps.Copy(procedures, fleetProcedures())
	for _, prefix := range pluginPrefixes {
		procedures[prefix+"neofleet.ping"] = &procedure{"Stands for all procedures of a plugin.", "READ", []string{"value"}, nil, 0,
			func(*execution, []any) ([][]any, *failure) { return [][]any{{"pong"}}, nil }}
	}
}

// Of the plugins that the images bundle, beside the Fleet Manager.
var pluginPrefixes = map[string]string{"apoc": "apoc.", "bloom": "bloom.", "genai": "genai.", "graph-data-science": "gds."}

// A procedure of a jar is there when the jar is, and the allowlist lets it through.
func (in *instance) hasPlugin(name string) bool {
	for plugin, prefix := range pluginPrefixes {
		if strings.HasPrefix(name, prefix) {
			_, limited := in.c.set["dbms.security.procedures.allowlist"]
			return slices.Contains(in.c.plugins, plugin) &&
				(!limited || covers(in.c.list("dbms.security.procedures.allowlist"), name))
		}
	}
	return true
}

func cordonProcedure(kind string) func(*execution, []any) ([][]any, *failure) {
	return func(x *execution, args []any) ([][]any, *failure) {
		return nil, x.operate(operation{Kind: kind, Server: fmt.Sprint(args[0])})
	}
}

func routingProcedure(x *execution, args []any) ([][]any, *failure) {
	db := defaultName
	if len(args) > 1 && args[1] != nil {
		db = fmt.Sprint(args[1])
	}
	rt, f := x.in.routingTable(db, "", false)
	if f != nil {
		return nil, f
	}
	return [][]any{{rt["ttl"], rt["servers"]}}, nil
}

func (in *instance) procedureNames() []string {
	missing := in.c.fleet == fleetMissing || in.bad.has("procedures-missing")
	var names []string
	for _, name := range slices.Sorted(maps.Keys(procedures)) {
		if (!missing || !strings.HasPrefix(name, "fleetManagement.")) && in.hasPlugin(name) {
			names = append(names, name)
		}
	}
	return names
}

type callClause struct {
	name  string
	args  []expr
	bare  bool // without parentheses: arguments are parameters by name
	yield *projection
}

func (c *callClause) run(x *execution, rows []row) ([]row, *failure) {
	x.in.counts.add("CALL " + c.name)
	proc := procedures[c.name]
	if proc == nil || !slices.Contains(x.in.procedureNames(), c.name) {
		return nil, failf("ClientError.Procedure.ProcedureNotFound", "There is no procedure with the name `%s` registered for this "+
			"database instance. Please ensure you've spelled the procedure name correctly and that the procedure is properly "+
			"deployed.", c.name)
	}
	if strings.HasPrefix(c.name, "fleetManagement.") && x.in.c.fleet == fleetSandboxed {
		return nil, failf("ClientError.Procedure.ProcedureRegistrationFailed", "%s is unavailable because it is sandboxed and has "+
			"dependencies outside of the sandbox. Sandboxing is controlled by the dbms.security.procedures.unrestricted setting. "+
			"Only unrestrict procedures you can trust with access to database internals.", c.name)
	}
	args, f := c.arguments(x, proc, rows)
	if f != nil {
		return nil, f
	}
	x.kind = "s"
	if proc.mode == "READ" {
		x.kind = "r"
	}
	table, f := proc.call(x, args)
	if f != nil {
		return nil, f
	}
	return x.table(proc.columns, len(proc.columns), table, c.yield)
}

func (c *callClause) arguments(x *execution, proc *procedure, rows []row) ([]any, *failure) {
	list := c.args
	if c.bare {
		for _, name := range proc.params[:proc.least] {
			list = append(list, parameter{name})
		}
	}
	if len(list) < proc.least || len(list) > len(proc.params) {
		return nil, failf("ClientError.Statement.SyntaxError", "Procedure call does not provide the required number of arguments: "+
			"got %d expected at least %d (total: %d).", len(list), proc.least, len(proc.params))
	}
	first := row{}
	if len(rows) > 0 {
		first = rows[0]
	}
	args := make([]any, len(list))
	for i, e := range list {
		var f *failure
		if args[i], f = e.eval(x.scope(first)); f != nil {
			return nil, f
		}
	}
	return args, nil
}
