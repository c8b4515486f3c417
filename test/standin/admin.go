// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
)

// Administrative commands: each becomes one operation on database system.

type adminClause struct {
	key  string // for the counts
	make func(x *execution) ([]operation, *failure)
}

func (c *adminClause) run(x *execution, _ []row) ([]row, *failure) {
	x.in.counts.add(c.key)
	if x.db != systemName {
		return nil, failf("ClientError.Database.UnsupportedAdministrationCommand", "This is an administration command and it "+
			"should be executed against the system database: %s", c.key)
	}
	ops, f := c.make(x)
	if f != nil {
		return nil, f
	}
	x.kind = "s"
	x.columns = nil
	for _, op := range ops {
		if f := x.operate(op); f != nil {
			return nil, f
		}
	}
	return nil, nil
}

// operate brings one operation to system's leader.
func (x *execution) operate(op operation) *failure {
	if x.readOnly {
		return failf("ClientError.Statement.AccessMode", "Writing in read access mode not allowed.")
	}
	out, err := x.in.submit(x.ctx, systemName, op, x.routed)
	if err != nil {
		return x.unwritable(systemName, err)
	}
	x.bookmark = max(x.bookmark, out.Index)
	return out.Failure
}

// text evaluates what has to be a string.
func (x *execution) text(e expr) (string, *failure) {
	value, f := e.eval(&scope{params: x.params})
	if f != nil {
		return "", f
	}
	text, ok := value.(string)
	if !ok {
		return "", failf("ClientError.Statement.ArgumentError", "Expected a string, got %T", value)
	}
	return text, nil
}

func (p *parser) admin() clause {
	switch {
	case p.take("ENABLE", "SERVER"):
		return p.serverCommand("ENABLE SERVER", "enable")
	case p.take("ALTER", "SERVER"):
		return p.alterServer()
	case p.take("CORDON", "SERVER"):
		return p.serverCommand("CORDON SERVER", "cordon")
	case p.take("DROP", "SERVER"):
		return p.serverCommand("DROP SERVER", "drop")
	case p.take("DEALLOCATE"):
		if !p.take("DATABASES") {
			p.must("DATABASE")
		}
		p.must("FROM")
		if !p.take("SERVERS") {
			p.must("SERVER")
		}
		return p.serverCommand("DEALLOCATE DATABASES", "deallocate")
	case p.take("ALTER", "DATABASE"):
		return p.alterDatabase()
	case p.take("CREATE", "DATABASE"):
		return p.createDatabase()
	case p.take("DROP", "DATABASE"):
		return p.databaseCommand("DROP DATABASE", "dropDatabase")
	case p.take("STOP", "DATABASE"):
		return p.databaseCommand("STOP DATABASE", "stop")
	case p.take("START", "DATABASE"):
		return p.databaseCommand("START DATABASE", "start")
	case p.take("ALTER", "USER"):
		return p.alterUser()
	case p.take("ALTER", "CURRENT", "USER"):
		return p.alterCurrentUser()
	}
	p.fail()
	return nil
}

func (p *parser) serverCommand(key, kind string) clause {
	names := []expr{p.nameExpr()}
	for p.symbol(",") {
		names = append(names, p.nameExpr())
	}
	var options map[string]expr
	if p.take("OPTIONS") {
		options = p.properties()
	}
	return &adminClause{key, func(x *execution) ([]operation, *failure) {
		mode, f := x.modeOption(options)
		if f != nil {
			return nil, f
		}
		var ops []operation
		for _, name := range names {
			text, f := x.text(name)
			if f != nil {
				return nil, f
			}
			ops = append(ops, operation{Kind: kind, Server: text, Mode: mode})
		}
		return ops, nil
	}}
}

func (x *execution) modeOption(options map[string]expr) (string, *failure) {
	if options["modeConstraint"] == nil {
		return "", nil
	}
	return x.text(options["modeConstraint"])
}

func (p *parser) alterServer() clause {
	name := p.nameExpr()
	p.must("SET", "OPTIONS")
	options := p.properties()
	return &adminClause{"ALTER SERVER", func(x *execution) ([]operation, *failure) {
		mode, f := x.modeOption(options)
		if f != nil {
			return nil, f
		}
		text, f := x.text(name)
		return []operation{{Kind: "enable", Server: text, Mode: mode}}, f
	}}
}

// topology reads n PRIMARIES [m SECONDARIES].
func (p *parser) topology() (primaries, secondaries int) {
	for p.peek().kind == tokenNumber {
		n := p.integer()
		switch {
		case p.take("PRIMARY") || p.take("PRIMARIES"):
			primaries = n
		case p.take("SECONDARY") || p.take("SECONDARIES"):
			secondaries = n
		default:
			p.fail()
		}
	}
	return primaries, secondaries
}

func (p *parser) alterDatabase() clause {
	name := p.nameExpr()
	_ = p.take("IF", "EXISTS")
	p.must("SET", "TOPOLOGY")
	primaries, secondaries := p.topology()
	p.waiting()
	return &adminClause{"ALTER DATABASE", func(x *execution) ([]operation, *failure) {
		text, f := x.text(name)
		return []operation{{Kind: "topology", Database: text, Primaries: primaries, Second: secondaries,
			Keep: leaderOf(x.in.reports(), text)}}, f
	}}
}

// waiting reads WAIT [n [SECONDS]] and NOWAIT; operations are agreed upon before they are answered anyhow.
func (p *parser) waiting() {
	if p.take("NOWAIT") || !p.take("WAIT") {
		return
	}
	if p.peek().kind == tokenNumber {
		p.next()
		_ = p.take("SECONDS") || p.take("SECOND") || p.take("SEC")
	}
}

func (p *parser) createDatabase() clause {
	name := p.nameExpr()
	lenient := p.take("IF", "NOT", "EXISTS")
	primaries, secondaries := 0, 0
	if p.take("TOPOLOGY") || p.take("SET", "TOPOLOGY") {
		primaries, secondaries = p.topology()
	}
	p.waiting()
	return &adminClause{"CREATE DATABASE", func(x *execution) ([]operation, *failure) {
		text, f := x.text(name)
		wanted, other := primaries, secondaries
		if wanted == 0 {
			wanted = x.in.c.number("initial.dbms.default_primaries_count", 1)
			other = x.in.c.number("initial.dbms.default_secondaries_count", 0)
		}
		return []operation{{Kind: "create", Database: text, ID: newUUID(), Primaries: wanted, Second: other, Lenient: lenient}}, f
	}}
}

func (p *parser) databaseCommand(key, kind string) clause {
	name := p.nameExpr()
	lenient := p.take("IF", "EXISTS")
	_ = p.take("DESTROY", "DATA") || p.take("DUMP", "DATA")
	p.waiting()
	return &adminClause{key, func(x *execution) ([]operation, *failure) {
		text, f := x.text(name)
		return []operation{{Kind: kind, Database: text, Lenient: lenient}}, f
	}}
}

func (x *execution) checkPassword(password string) *failure {
	least := x.in.c.number("dbms.security.auth_minimum_password_length", 8)
	if len([]rune(password)) < least {
		return failf("ClientError.Statement.ArgumentError", "A password must be at least %d characters.", least)
	}
	return nil
}

func (p *parser) alterUser() clause {
	name := p.nameExpr()
	_ = p.take("IF", "EXISTS")
	p.must("SET")
	_ = p.take("PLAINTEXT")
	p.must("PASSWORD")
	password := p.expr()
	required := true
	if p.take("CHANGE", "NOT", "REQUIRED") || p.take("SET", "PASSWORD", "CHANGE", "NOT", "REQUIRED") {
		required = false
	} else {
		_ = p.take("CHANGE", "REQUIRED")
	}
	return &adminClause{"ALTER USER", func(x *execution) ([]operation, *failure) {
		user, f := x.text(name)
		if f != nil {
			return nil, f
		}
		text, f := x.text(password)
		if f == nil {
			f = x.checkPassword(text)
		}
		return []operation{{Kind: "login", User: user, Login: newUser(text, required)}}, f
	}}
}

func (p *parser) alterCurrentUser() clause {
	p.must("SET", "PASSWORD", "FROM")
	from := p.expr()
	p.must("TO")
	to := p.expr()
	return &adminClause{"ALTER CURRENT USER", func(x *execution) ([]operation, *failure) {
		before, f := x.text(from)
		if f != nil {
			return nil, f
		}
		after, f := x.text(to)
		if f == nil {
			f = x.checkPassword(after)
		}
		known := false
		x.in.sys.view(func() {
			known = x.in.sys.Users[x.user] != nil && x.in.sys.Users[x.user].knows(before)
		})
		if f == nil && !known {
			f = failf("ClientError.Statement.ArgumentError", "User '%s' failed to alter their own password: "+
				"Invalid principal or credentials.", x.user)
		}
		return []operation{{Kind: "login", User: x.user, Login: newUser(after, false)}}, f
	}}
}

func (x *execution) unwritable(db string, err error) *failure {
	var no *notLeader
	if errors.As(err, &no) {
		return failf("ClientError.Cluster.NotALeader", "No write operations are allowed directly on this database. Writes must pass "+
			"through the leader. The role of this server is: FOLLOWER")
	}
	return failf("TransientError.General.DatabaseUnavailable", "Database '%s' could not be written: %v", db, err)
}
