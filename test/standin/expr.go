// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Expressions: enough of Cypher for the WHERE, YIELD and RETURN of administrative statements and for simple reads. null is
// contagious, as it is there.

type row map[string]any

// scope is what an expression may look at: one row, and for an aggregate all rows of its group.
type scope struct {
	row    row
	group  []row
	params map[string]any
}

type expr interface {
	eval(s *scope) (any, *failure)
}

type literal struct{ value any }
type variable struct{ name string }
type parameter struct{ name string }
type property struct {
	of   expr
	name string
}
type index struct{ of, at expr }
type listExpr struct{ items []expr }
type mapExpr struct{ items map[string]expr }
type prefix struct {
	op string
	of expr
}
type infix struct {
	op   string
	a, b expr
}
type callExpr struct {
	name     string
	distinct bool
	star     bool
	args     []expr
}

var aggregates = []string{"count", "collect", "max", "min", "sum"}

func (e literal) eval(*scope) (any, *failure) { return e.value, nil }

func (e variable) eval(s *scope) (any, *failure) {
	value, found := s.row[e.name]
	if !found {
		return nil, failf("ClientError.Statement.SyntaxError", "Variable `%s` not defined", e.name)
	}
	return value, nil
}

func (e parameter) eval(s *scope) (any, *failure) {
	value, found := s.params[e.name]
	if !found {
		return nil, failf("ClientError.Statement.ParameterMissing", "Expected parameter(s): %s", e.name)
	}
	return value, nil
}

func (e property) eval(s *scope) (any, *failure) {
	of, f := e.of.eval(s)
	if f != nil {
		return nil, f
	}
	switch v := of.(type) {
	case *node:
		return v.Props[e.name], nil
	case map[string]any:
		return v[e.name], nil
	case nil:
		return nil, nil
	}
	return nil, failf("ClientError.Statement.TypeError", "Type mismatch: '%s' of no map or node", e.name)
}

func (e index) eval(s *scope) (any, *failure) {
	of, f := e.of.eval(s)
	if f != nil {
		return nil, f
	}
	at, f := e.at.eval(s)
	if f != nil {
		return nil, f
	}
	switch v := of.(type) {
	case []any:
		if i, ok := at.(int64); ok && i >= 0 && i < int64(len(v)) {
			return v[i], nil
		}
	case map[string]any:
		if key, ok := at.(string); ok {
			return v[key], nil
		}
	}
	return nil, nil
}

func (e listExpr) eval(s *scope) (any, *failure) {
	out := make([]any, len(e.items))
	for i, item := range e.items {
		var f *failure
		if out[i], f = item.eval(s); f != nil {
			return nil, f
		}
	}
	return out, nil
}

func (e mapExpr) eval(s *scope) (any, *failure) {
	out := make(map[string]any, len(e.items))
	for key, item := range e.items {
		var f *failure
		if out[key], f = item.eval(s); f != nil {
			return nil, f
		}
	}
	return out, nil
}

func (e prefix) eval(s *scope) (any, *failure) {
	of, f := e.of.eval(s)
	if f != nil {
		return nil, f
	}
	switch e.op {
	case "IS NULL":
		return of == nil, nil
	case "IS NOT NULL":
		return of != nil, nil
	case "NOT":
		if v, ok := of.(bool); ok {
			return !v, nil
		}
		return nil, nil
	}
	switch v := of.(type) { // minus
	case int64:
		return -v, nil
	case float64:
		return -v, nil
	}
	return nil, nil
}

func (e infix) eval(s *scope) (any, *failure) {
	a, f := e.a.eval(s)
	if f != nil {
		return nil, f
	}
	if e.op == "AND" && a == false || e.op == "OR" && a == true {
		return a, nil
	}
	b, f := e.b.eval(s)
	if f != nil {
		return nil, f
	}
	switch e.op {
	case "AND", "OR":
		if b == (e.op == "OR") {
			return b, nil
		}
		if a == nil || b == nil {
			return nil, nil
		}
		return e.op == "AND", nil
	case "IN":
		return contains(a, b), nil
	}
	if a == nil || b == nil {
		return nil, nil
	}
	switch e.op {
	case "=":
		return equal(a, b), nil
	case "<>":
		return !equal(a, b), nil
	case "<", "<=", ">", ">=":
		return compared(e.op, a, b), nil
	case "STARTS WITH", "ENDS WITH", "CONTAINS", "=~":
		return matched(e.op, a, b), nil
	}
	return arithmetic(e.op, a, b)
}

func equal(a, b any) bool {
	if x, ok := a.(int64); ok {
		if y, ok := b.(float64); ok {
			return float64(x) == y
		}
	}
	if _, ok := a.(float64); ok {
		if _, ok := b.(int64); ok {
			return equal(b, a)
		}
	}
	return reflect.DeepEqual(a, b)
}

func contains(a, b any) any {
	list, ok := b.([]any)
	if !ok || a == nil {
		return nil
	}
	return slices.ContainsFunc(list, func(item any) bool { return equal(a, item) })
}

// order compares values of one kind; others are unequal, and in a fixed order.
func order(a, b any) int {
	switch x := a.(type) {
	case int64:
		switch y := b.(type) {
		case int64:
			return cmp.Compare(x, y)
		case float64:
			return cmp.Compare(float64(x), y)
		}
	case float64:
		switch y := b.(type) {
		case int64:
			return cmp.Compare(x, float64(y))
		case float64:
			return cmp.Compare(x, y)
		}
	case string:
		if y, ok := b.(string); ok {
			return cmp.Compare(x, y)
		}
	case bool:
		if y, ok := b.(bool); ok && x != y {
			if y {
				return -1
			}
			return 1
		}
	}
	if a == nil || b == nil {
		return cmp.Compare(fmt.Sprint(a == nil), fmt.Sprint(b == nil))
	}
	return cmp.Compare(fmt.Sprintf("%T%v", a, a), fmt.Sprintf("%T%v", b, b))
}

func compared(op string, a, b any) any {
	c := order(a, b)
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

func matched(op string, a, b any) any {
	x, ok1 := a.(string)
	y, ok2 := b.(string)
	if !ok1 || !ok2 {
		return nil
	}
	switch op {
	case "STARTS WITH":
		return strings.HasPrefix(x, y)
	case "ENDS WITH":
		return strings.HasSuffix(x, y)
	case "CONTAINS":
		return strings.Contains(x, y)
	}
	pattern, err := regexp.Compile("^(?:" + y + ")$")
	return err == nil && pattern.MatchString(x)
}

func arithmetic(op string, a, b any) (any, *failure) {
	if op == "+" {
		switch x := a.(type) {
		case string:
			return x + fmt.Sprint(b), nil
		case []any:
			if y, ok := b.([]any); ok {
				return slices.Concat(x, y), nil
			}
		}
	}
	x, ok1 := a.(int64)
	y, ok2 := b.(int64)
	if !ok1 || !ok2 {
		return nil, failf("ClientError.Statement.TypeError", "'%s' is for integers here", op)
	}
	switch {
	case op == "+":
		return x + y, nil
	case op == "-":
		return x - y, nil
	case op == "*":
		return x * y, nil
	case y == 0:
		return nil, failf("ClientError.Statement.ArithmeticError", "/ by zero")
	case op == "/":
		return x / y, nil
	}
	return x % y, nil
}

func hasAggregate(e expr) bool {
	switch v := e.(type) {
	case callExpr:
		return slices.Contains(aggregates, strings.ToLower(v.name)) || slices.ContainsFunc(v.args, hasAggregate)
	case infix:
		return hasAggregate(v.a) || hasAggregate(v.b)
	case prefix:
		return hasAggregate(v.of)
	case property:
		return hasAggregate(v.of)
	case index:
		return hasAggregate(v.of) || hasAggregate(v.at)
	case listExpr:
		return slices.ContainsFunc(v.items, hasAggregate)
	case mapExpr:
		return slices.ContainsFunc(slices.Collect(maps.Values(v.items)), hasAggregate)
	}
	return false
}

func (e callExpr) eval(s *scope) (any, *failure) {
	name := strings.ToLower(e.name)
	if slices.Contains(aggregates, name) {
		return e.aggregate(name, s)
	}
	args := make([]any, len(e.args))
	for i, arg := range e.args {
		var f *failure
		if args[i], f = arg.eval(s); f != nil {
			return nil, f
		}
	}
	return callFunction(name, args)
}

func (e callExpr) aggregate(name string, s *scope) (any, *failure) {
	var values []any
	for _, one := range s.group {
		if e.star {
			values = append(values, true)
			continue
		}
		if len(e.args) != 1 {
			return nil, failf("ClientError.Statement.SyntaxError", "%s takes one argument", name)
		}
		value, f := e.args[0].eval(&scope{row: one, params: s.params})
		if f != nil {
			return nil, f
		}
		if value == nil || (e.distinct && contains(value, values) == true) {
			continue
		}
		values = append(values, value)
	}
	switch name {
	case "count":
		return int64(len(values)), nil
	case "collect":
		return slices.Clip(append([]any{}, values...)), nil
	case "sum":
		var sum any = int64(0)
		for _, value := range values {
			var f *failure
			if sum, f = arithmetic("+", sum, value); f != nil {
				return nil, f
			}
		}
		return sum, nil
	}
	if len(values) == 0 {
		return nil, nil
	}
	slices.SortFunc(values, order)
	if name == "min" {
		return values[0], nil
	}
	return values[len(values)-1], nil
}

func callFunction(name string, args []any) (any, *failure) {
	unknown := failf("ClientError.Statement.SyntaxError", "Unknown function '%s'", name)
	if name == "range" && len(args) == 2 {
		from, ok1 := args[0].(int64)
		to, ok2 := args[1].(int64)
		if !ok1 || !ok2 || to-from > 1_000_000 {
			return nil, failf("ClientError.Statement.ArgumentError", "range is for integers, at most a million")
		}
		list := []any{}
		for i := from; i <= to; i++ {
			list = append(list, i)
		}
		return list, nil
	}
	if len(args) != 1 {
		return nil, unknown
	}
	switch name {
	case "tolower":
		return strings.ToLower(fmt.Sprint(args[0])), nil
	case "toupper":
		return strings.ToUpper(fmt.Sprint(args[0])), nil
	case "tostring":
		return fmt.Sprint(args[0]), nil
	case "tointeger":
		n, err := strconv.ParseInt(fmt.Sprint(args[0]), 10, 64)
		if err != nil {
			return nil, nil
		}
		return n, nil
	case "size":
		if list, ok := args[0].([]any); ok {
			return int64(len(list)), nil
		}
		return int64(len([]rune(fmt.Sprint(args[0])))), nil
	case "id":
		if n, ok := args[0].(*node); ok {
			return n.ID, nil
		}
	case "elementid":
		if n, ok := args[0].(*node); ok {
			return n.elementID(), nil
		}
	}
	return nil, unknown
}
