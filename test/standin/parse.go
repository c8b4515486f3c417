// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strconv"
	"strings"
)

// A recursive descent over the words of one statement. Inside, a mistake is a panic with a *failure; parse catches it.

type parser struct {
	text   string
	tokens []token
	at     int
}

func parse(text string) (clauses []clause, f *failure) {
	tokens, f := lex(text)
	if f != nil {
		return nil, f
	}
	defer func() {
		switch caught := recover().(type) {
		case nil:
		case *failure:
			f = caught
		default:
			panic(caught)
		}
	}()
	p := &parser{text: text, tokens: tokens}
	for p.peek().kind != tokenEnd {
		clauses = append(clauses, p.clause())
	}
	if len(clauses) == 0 {
		return nil, failf("ClientError.Statement.SyntaxError", "Unexpected end of input: expected a statement")
	}
	return clauses, nil
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	one := p.tokens[p.at]
	if one.kind != tokenEnd {
		p.at++
	}
	return one
}

func (p *parser) fail() { panic(syntaxError(p.text, p.peek().at)) }

// is tells whether the next words are these keywords; take also moves past them.
func (p *parser) is(words ...string) bool {
	for i, word := range words {
		if p.at+i >= len(p.tokens) {
			return false
		}
		one := p.tokens[p.at+i]
		if one.kind != tokenWord || !strings.EqualFold(one.text, word) {
			return false
		}
	}
	return true
}

func (p *parser) take(words ...string) bool {
	if !p.is(words...) {
		return false
	}
	p.at += len(words)
	return true
}

func (p *parser) must(words ...string) {
	if !p.take(words...) {
		p.fail()
	}
}

func (p *parser) symbol(text string) bool {
	one := p.peek()
	if one.kind != tokenSymbol || one.text != text {
		return false
	}
	p.at++
	return true
}

func (p *parser) mustSymbol(text string) {
	if !p.symbol(text) {
		p.fail()
	}
}

func (p *parser) name() string {
	one := p.peek()
	if one.kind != tokenWord && one.kind != tokenName {
		p.fail()
	}
	return p.next().text
}

// dotted reads a name of parts: db.ping, fleetManagement.status.
func (p *parser) dotted() string {
	name := p.name()
	for p.symbol(".") {
		name += "." + p.name()
	}
	return name
}

func (p *parser) integer() int {
	n, err := strconv.Atoi(p.peek().text)
	if p.peek().kind != tokenNumber || err != nil {
		p.fail()
	}
	p.next()
	return n
}

// ---- expressions, loosest first -------------------------------------------------------------------

func (p *parser) expr() expr {
	e := p.and()
	for p.take("OR") {
		e = infix{"OR", e, p.and()}
	}
	return e
}

func (p *parser) and() expr {
	e := p.not()
	for p.take("AND") {
		e = infix{"AND", e, p.not()}
	}
	return e
}

func (p *parser) not() expr {
	if p.take("NOT") {
		return prefix{"NOT", p.not()}
	}
	return p.comparison()
}

func (p *parser) comparison() expr {
	e := p.sum()
	for {
		op := ""
		for _, symbol := range []string{"=", "<>", "<=", ">=", "<", ">", "=~"} {
			if p.symbol(symbol) {
				op = symbol
				break
			}
		}
		switch {
		case op != "":
		case p.take("IN"):
			op = "IN"
		case p.take("CONTAINS"):
			op = "CONTAINS"
		case p.take("STARTS", "WITH"):
			op = "STARTS WITH"
		case p.take("ENDS", "WITH"):
			op = "ENDS WITH"
		case p.take("IS", "NOT", "NULL"):
			e = prefix{"IS NOT NULL", e}
			continue
		case p.take("IS", "NULL"):
			e = prefix{"IS NULL", e}
			continue
		default:
			return e
		}
		e = infix{op, e, p.sum()}
	}
}

func (p *parser) sum() expr {
	e := p.product()
	for {
		switch {
		case p.symbol("+"):
			e = infix{"+", e, p.product()}
		case p.symbol("-"):
			e = infix{"-", e, p.product()}
		default:
			return e
		}
	}
}

func (p *parser) product() expr {
	e := p.signed()
	for {
		op := p.peek().text
		if p.peek().kind != tokenSymbol || !slices.Contains([]string{"*", "/", "%"}, op) {
			return e
		}
		p.next()
		e = infix{op, e, p.signed()}
	}
}

func (p *parser) signed() expr {
	if p.symbol("-") {
		return prefix{"-", p.signed()}
	}
	e := p.primary()
	for {
		switch {
		case p.symbol("."):
			e = property{e, p.name()}
		case p.symbol("["):
			e = index{e, p.expr()}
			p.mustSymbol("]")
		default:
			return e
		}
	}
}

func (p *parser) primary() expr {
	switch one := p.peek(); {
	case one.kind == tokenNumber:
		return p.number()
	case one.kind == tokenText:
		return literal{p.next().text}
	case one.kind == tokenParameter:
		return parameter{p.next().text}
	case p.symbol("("):
		e := p.expr()
		p.mustSymbol(")")
		return e
	case p.symbol("["):
		return listExpr{p.arguments("]")}
	case one.kind == tokenSymbol && one.text == "{":
		return mapExpr{p.properties()}
	case p.take("true"):
		return literal{true}
	case p.take("false"):
		return literal{false}
	case p.take("null"):
		return literal{nil}
	}
	if p.isCall() {
		return p.call()
	}
	return variable{p.name()}
}

func (p *parser) number() expr {
	text := p.next().text
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return literal{n}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		p.fail()
	}
	return literal{f}
}

// isCall looks past a dotted name for a parenthesis.
func (p *parser) isCall() bool {
	at := p.at
	defer func() { p.at = at }()
	if p.peek().kind != tokenWord {
		return false
	}
	p.next()
	for p.symbol(".") {
		p.next()
	}
	return p.symbol("(")
}

func (p *parser) call() expr {
	e := callExpr{name: p.dotted()}
	p.mustSymbol("(")
	e.distinct = p.take("DISTINCT")
	if p.symbol("*") {
		e.star = true
		p.mustSymbol(")")
		return e
	}
	e.args = p.arguments(")")
	return e
}

func (p *parser) arguments(end string) []expr {
	var list []expr
	for !p.symbol(end) {
		if len(list) > 0 {
			p.mustSymbol(",")
		}
		list = append(list, p.expr())
	}
	return list
}

func (p *parser) properties() map[string]expr {
	items := map[string]expr{}
	p.mustSymbol("{")
	for !p.symbol("}") {
		if len(items) > 0 {
			p.mustSymbol(",")
		}
		key := p.name()
		p.mustSymbol(":")
		items[key] = p.expr()
	}
	return items
}

// ---- projections ----------------------------------------------------------------------------------

type item struct {
	expr  expr
	alias string
}

type sorting struct {
	by         expr
	descending bool
}

// projection is what RETURN, WITH and YIELD have in common.
type projection struct {
	star        bool
	items       []item
	distinct    bool
	order       []sorting
	skip, limit expr
	where       expr
}

func (p *parser) projection() projection {
	var out projection
	out.distinct = p.take("DISTINCT")
	if p.symbol("*") {
		out.star = true
	} else {
		for {
			out.items = append(out.items, p.item())
			if !p.symbol(",") {
				break
			}
		}
	}
	if p.take("ORDER", "BY") {
		for {
			one := sorting{by: p.expr()}
			one.descending = p.take("DESC") || p.take("DESCENDING")
			_ = p.take("ASC") || p.take("ASCENDING")
			out.order = append(out.order, one)
			if !p.symbol(",") {
				break
			}
		}
	}
	if p.take("SKIP") || p.take("OFFSET") {
		out.skip = p.expr()
	}
	if p.take("LIMIT") {
		out.limit = p.expr()
	}
	if p.take("WHERE") {
		out.where = p.expr()
	}
	return out
}

// item names a column by its text where no name is given.
func (p *parser) item() item {
	start := p.peek().at
	e := p.expr()
	end := p.peek().at
	if p.take("AS") {
		return item{e, p.name()}
	}
	if v, ok := e.(variable); ok {
		return item{e, v.name}
	}
	return item{e, strings.TrimRight(p.text[start:min(end, len(p.text))], "; \t\r\n")}
}

// ---- clauses --------------------------------------------------------------------------------------

func (p *parser) clause() clause {
	switch {
	case p.take("RETURN"):
		return &returnClause{p.projection(), true}
	case p.take("WITH"):
		return &returnClause{p.projection(), false}
	case p.take("UNWIND"):
		of := p.expr()
		p.must("AS")
		return &unwindClause{of, p.name()}
	case p.take("MATCH"):
		return p.match()
	case p.take("MERGE"):
		return &createClause{p.pattern(), true}
	case p.is("DETACH", "DELETE") || p.is("DELETE"):
		p.take("DETACH")
		p.must("DELETE")
		return &deleteClause{p.name()}
	case p.is("SET"):
		return p.set()
	case p.take("CALL"):
		return p.procedure()
	case p.take("SHOW"):
		return p.show()
	case p.is("CREATE") && !p.is("CREATE", "DATABASE"):
		p.must("CREATE")
		return &createClause{p.pattern(), false}
	}
	return p.admin()
}

// pattern is one node: (n:Label {key: value}).
type pattern struct {
	name   string
	labels []string
	props  map[string]expr
}

func (p *parser) pattern() pattern {
	var out pattern
	p.mustSymbol("(")
	if p.peek().kind == tokenWord || p.peek().kind == tokenName {
		out.name = p.name()
	}
	for p.symbol(":") {
		out.labels = append(out.labels, p.name())
	}
	if p.peek().kind == tokenSymbol && p.peek().text == "{" {
		out.props = p.properties()
	}
	p.mustSymbol(")")
	return out
}

func (p *parser) match() clause {
	c := &matchClause{pattern: p.pattern()}
	if p.take("WHERE") {
		c.where = p.expr()
	}
	return c
}

func (p *parser) set() clause {
	p.must("SET")
	c := &setClause{}
	for {
		one := assignment{name: p.name()}
		p.mustSymbol(".")
		one.key = p.name()
		p.mustSymbol("=")
		one.value = p.expr()
		c.list = append(c.list, one)
		if !p.symbol(",") {
			return c
		}
	}
}

func (p *parser) procedure() clause {
	c := &callClause{name: p.dotted(), bare: true}
	if p.symbol("(") {
		c.bare = false
		c.args = p.arguments(")")
	}
	if p.take("YIELD") {
		yield := p.projection()
		c.yield = &yield
	}
	return c
}

// show reads SHOW <what> [names] [YIELD ...] [WHERE ...].
func (p *parser) show() clause {
	c := &showClause{}
	_ = p.take("ALL")
	switch {
	case p.take("SERVERS") || p.take("SERVER"):
		c.what = "SERVERS"
	case p.take("DATABASES"):
		c.what = "DATABASES"
	case p.take("DEFAULT", "DATABASE") || p.take("HOME", "DATABASE"):
		c.what, c.names = "DATABASES", []expr{literal{defaultName}}
	case p.take("DATABASE"):
		c.what = "DATABASES"
		c.names = []expr{p.nameExpr()}
	case p.take("PROCEDURES") || p.take("PROCEDURE"):
		c.what = "PROCEDURES"
		if p.take("EXECUTABLE") {
			_ = p.take("BY", "CURRENT", "USER")
		}
	case p.take("FUNCTIONS") || p.take("FUNCTION"):
		c.what = "FUNCTIONS"
	case p.take("SETTINGS") || p.take("SETTING"):
		c.what = "SETTINGS"
		for !p.is("YIELD") && !p.is("WHERE") && !p.is("RETURN") && p.peek().kind != tokenEnd {
			c.names = append(c.names, p.expr())
			_ = p.symbol(",")
		}
	case p.take("USERS"):
		c.what = "USERS"
	case p.take("CURRENT", "USER"):
		c.what = "CURRENT USER"
	default:
		p.fail()
	}
	if p.take("YIELD") {
		yield := p.projection()
		c.yield = &yield
	} else if p.take("WHERE") {
		c.yield = &projection{star: true, where: p.expr()}
		c.short = true
	}
	return c
}

// nameExpr is a name, a text or a parameter, all of which may name a server or a database.
func (p *parser) nameExpr() expr {
	switch p.peek().kind {
	case tokenText:
		return literal{p.next().text}
	case tokenParameter:
		return parameter{p.next().text}
	}
	return literal{p.dotted()}
}
