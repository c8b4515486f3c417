// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Running a statement: clauses hand rows on to each other.

type clause interface {
	run(x *execution, rows []row) ([]row, *failure)
}

// execution is one statement in one transaction.
type execution struct {
	in       *instance
	ctx      context.Context
	db       string
	user     string
	routed   bool // the client asked for routing, so writes may be passed on to the leader
	readOnly bool
	params   map[string]any
	work     *work
	columns  []string
	kind     string // r, w, rw, s
	bookmark int
	dropped  bool // the connection is to end without an answer
}

type result struct {
	columns []string
	rows    [][]any
	kind    string
}

func (x *execution) execute(text string, params map[string]any) (*result, *failure) {
	clauses, f := parse(text)
	if f != nil {
		return nil, f
	}
	x.params, x.columns, x.kind = params, nil, "r"
	if f := x.delay(); f != nil {
		return nil, f
	}
	rows := []row{{}}
	for _, c := range clauses {
		if rows, f = c.run(x, rows); f != nil {
			return nil, f
		}
	}
	out := &result{columns: x.columns, kind: x.kind}
	if x.columns == nil {
		if out.kind == "rw" {
			out.kind = "w"
		}
		return out, nil
	}
	for _, one := range rows {
		values := make([]any, len(x.columns))
		for i, column := range x.columns {
			values[i] = one[column]
		}
		out.rows = append(out.rows, values)
	}
	return out, nil
}

func (x *execution) scope(one row) *scope { return &scope{row: one, params: x.params} }

// nodes is the data of a user's database; system has none.
func (x *execution) nodes() (*work, *failure) {
	if x.work == nil {
		return nil, failf("ClientError.Statement.NotSystemDatabaseError", "This is not a recognised administration command, "+
			"and it cannot be executed against the system database.")
	}
	return x.work, nil
}

func (x *execution) writes() (*work, *failure) {
	w, f := x.nodes()
	if f != nil {
		return nil, f
	}
	if x.readOnly {
		return nil, failf("ClientError.Statement.AccessMode", "Writing in read access mode not allowed. Attempted write to %s", x.db)
	}
	if m := x.in.member(x.db); !x.routed && (m == nil || m.status().Role != leader) {
		return nil, x.unwritable(x.db, &notLeader{leaderOf(x.in.reports(), x.db)})
	}
	x.kind = "rw"
	return w, nil
}

// ---- projections ----------------------------------------------------------------------------------

type returnClause struct {
	projection
	final bool
}

func (c *returnClause) run(x *execution, rows []row) ([]row, *failure) {
	rows, f := c.project(x, rows, slices.Clone(x.columns))
	if f == nil && !c.final {
		x.columns = nil
	}
	return rows, f
}

// project makes new rows of rows and sets the statement's columns; before are the columns that a star stands for.
func (p *projection) project(x *execution, rows []row, before []string) ([]row, *failure) {
	items := slices.Clone(p.items)
	if p.star {
		if before == nil && len(rows) > 0 {
			before = slices.Sorted(maps.Keys(rows[0]))
		}
		for _, column := range before {
			items = append(items, item{variable{column}, column})
		}
	}
	x.columns = make([]string, len(items))
	for i, one := range items {
		x.columns[i] = one.alias
	}
	pairs, f := p.evaluate(x, items, rows)
	if f != nil {
		return nil, f
	}
	if pairs, f = p.filter(x, pairs); f != nil {
		return nil, f
	}
	if f := p.sort(x, pairs); f != nil {
		return nil, f
	}
	out := make([]row, len(pairs))
	for i, one := range pairs {
		out[i] = one.made
	}
	return p.cut(x, out)
}

// A made row with all that its ORDER BY and WHERE may look at.
type madeRow struct {
	made, seen row
}

func (p *projection) evaluate(x *execution, items []item, rows []row) ([]madeRow, *failure) {
	grouped := slices.ContainsFunc(items, func(one item) bool { return hasAggregate(one.expr) })
	groups := make([][]row, 0, len(rows))
	if grouped {
		var f *failure
		if groups, f = gather(x, items, rows); f != nil {
			return nil, f
		}
	} else {
		for _, one := range rows {
			groups = append(groups, []row{one})
		}
	}
	var out []madeRow
	for _, members := range groups {
		first := row{}
		if len(members) > 0 {
			first = members[0]
		}
		made := row{}
		for _, one := range items {
			value, f := one.expr.eval(&scope{row: first, group: members, params: x.params})
			if f != nil {
				return nil, f
			}
			made[one.alias] = value
		}
		if p.distinct && slices.ContainsFunc(out, func(other madeRow) bool { return equal(map[string]any(other.made), map[string]any(made)) }) {
			continue
		}
		seen := maps.Clone(first)
		maps.Copy(seen, made)
		out = append(out, madeRow{made, seen})
	}
	return out, nil
}

// gather groups rows whose plain columns are equal; without any there is one group, even of nothing.
func gather(x *execution, items []item, rows []row) ([][]row, *failure) {
	var keys []string
	found := map[string][]row{}
	plain := false
	for _, one := range rows {
		key := ""
		for _, it := range items {
			if hasAggregate(it.expr) {
				continue
			}
			plain = true
			value, f := it.expr.eval(x.scope(one))
			if f != nil {
				return nil, f
			}
			key += fmt.Sprintf("%T%v\x00", value, value)
		}
		if found[key] == nil {
			keys = append(keys, key)
		}
		found[key] = append(found[key], one)
	}
	if len(rows) == 0 {
		plain = slices.ContainsFunc(items, func(it item) bool { return !hasAggregate(it.expr) })
	}
	if len(keys) == 0 && !plain {
		return [][]row{{}}, nil
	}
	out := make([][]row, len(keys))
	for i, key := range keys {
		out[i] = found[key]
	}
	return out, nil
}

func (p *projection) filter(x *execution, rows []madeRow) ([]madeRow, *failure) {
	if p.where == nil {
		return rows, nil
	}
	var out []madeRow
	for _, one := range rows {
		value, f := p.where.eval(x.scope(one.seen))
		if f != nil {
			return nil, f
		}
		if value == true {
			out = append(out, one)
		}
	}
	return out, nil
}

func (p *projection) sort(x *execution, rows []madeRow) *failure {
	var failed *failure
	slices.SortStableFunc(rows, func(a, b madeRow) int {
		for _, by := range p.order {
			left, f := by.by.eval(x.scope(a.seen))
			right, g := by.by.eval(x.scope(b.seen))
			if f != nil || g != nil {
				failed = f
				return 0
			}
			c := order(left, right)
			if by.descending {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	return failed
}

func (p *projection) cut(x *execution, rows []row) ([]row, *failure) {
	for i, e := range []expr{p.skip, p.limit} {
		if e == nil {
			continue
		}
		value, f := e.eval(x.scope(nil))
		if f != nil {
			return nil, f
		}
		n, ok := value.(int64)
		if !ok || n < 0 {
			return nil, failf("ClientError.Statement.ArgumentError", "SKIP and LIMIT take a number of rows")
		}
		n = min(n, int64(len(rows)))
		if i == 0 {
			rows = rows[n:]
		} else {
			rows = rows[:n]
		}
	}
	return rows, nil
}

// ---- reading and writing --------------------------------------------------------------------------

type unwindClause struct {
	of   expr
	name string
}

func (c *unwindClause) run(x *execution, rows []row) ([]row, *failure) {
	var out []row
	for _, one := range rows {
		value, f := c.of.eval(x.scope(one))
		if f != nil {
			return nil, f
		}
		list, _ := value.([]any)
		for _, item := range list {
			more := maps.Clone(one)
			more[c.name] = item
			out = append(out, more)
		}
	}
	return out, nil
}

type matchClause struct {
	pattern pattern
	where   expr
}

func (p *pattern) matches(x *execution, one row, n *node) (bool, *failure) {
	for _, label := range p.labels {
		if !slices.Contains(n.Labels, label) {
			return false, nil
		}
	}
	for key, e := range p.props {
		value, f := e.eval(x.scope(one))
		if f != nil || value == nil || !equal(n.Props[key], value) {
			return false, f
		}
	}
	return true, nil
}

func (c *matchClause) run(x *execution, rows []row) ([]row, *failure) {
	w, f := x.nodes()
	if f != nil {
		return nil, f
	}
	var out []row
	for _, one := range rows {
		for _, n := range w.all() {
			yes, f := c.pattern.matches(x, one, n)
			if f != nil {
				return nil, f
			}
			if !yes {
				continue
			}
			more := maps.Clone(one)
			more[c.pattern.name] = n
			if c.where != nil {
				value, f := c.where.eval(x.scope(more))
				if f != nil {
					return nil, f
				}
				if value != true {
					continue
				}
			}
			out = append(out, more)
		}
	}
	return out, nil
}

type createClause struct {
	pattern pattern
	merge   bool
}

func (c *createClause) run(x *execution, rows []row) ([]row, *failure) {
	w, f := x.writes()
	if f != nil {
		return nil, f
	}
	var out []row
	for _, one := range rows {
		if c.merge {
			found, f := (&matchClause{pattern: c.pattern}).run(x, []row{one})
			if f != nil {
				return nil, f
			}
			if len(found) > 0 {
				out = append(out, found...)
				continue
			}
		}
		n := &node{Labels: c.pattern.labels, Props: map[string]any{}}
		for key, e := range c.pattern.props {
			value, f := e.eval(x.scope(one))
			if f != nil {
				return nil, f
			}
			if value != nil {
				n.Props[key] = value
			}
		}
		w.create(n)
		more := maps.Clone(one)
		more[c.pattern.name] = n
		out = append(out, more)
	}
	return out, nil
}

type deleteClause struct{ name string }

func (c *deleteClause) run(x *execution, rows []row) ([]row, *failure) {
	w, f := x.writes()
	if f != nil {
		return nil, f
	}
	for _, one := range rows {
		n, ok := one[c.name].(*node)
		if !ok {
			return nil, failf("ClientError.Statement.SyntaxError", "Variable `%s` is no node", c.name)
		}
		w.remove(n)
	}
	return rows, nil
}

type assignment struct {
	name, key string
	value     expr
}

type setClause struct{ list []assignment }

func (c *setClause) run(x *execution, rows []row) ([]row, *failure) {
	w, f := x.writes()
	if f != nil {
		return nil, f
	}
	for _, one := range rows {
		for _, a := range c.list {
			n, ok := one[a.name].(*node)
			if !ok {
				return nil, failf("ClientError.Statement.SyntaxError", "Variable `%s` is no node", a.name)
			}
			value, f := a.value.eval(x.scope(one))
			if f != nil {
				return nil, f
			}
			w.set(n, a.key, value)
			if mine := w.changed[n.ID]; mine != nil {
				one[a.name] = mine
			}
		}
	}
	return rows, nil
}

// table turns rows of values into rows by column, and lets YIELD have its way.
func (x *execution) table(columns []string, shown int, rows [][]any, yield *projection) ([]row, *failure) {
	made := make([]row, len(rows))
	for i, values := range rows {
		made[i] = row{}
		for j, column := range columns {
			made[i][column] = values[j]
		}
	}
	if yield == nil {
		x.columns = columns[:shown]
		return made, nil
	}
	return yield.project(x, made, columns)
}

func strs(list []string) []any {
	out := make([]any, len(list))
	for i, one := range list {
		out[i] = one
	}
	return out
}

func orNull(text string) any {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return text
}
