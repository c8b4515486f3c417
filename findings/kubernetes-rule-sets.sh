#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# k8s.io/apiextensions-apiserver v0.37.2: rules (CEL) on a list of a custom resource with x-kubernetes-list-type: set.
# Guess: of two sets the order of the items does not matter, as Kubernetes says of ==, and + joins them: from either side.
# Found: the operand on the left decides. self == ['b', 'a'] is true for [a, b], ['b', 'a'] == self is false; self + ['a'] has two items,
# ['a'] + self has three. [1, 1.0] of numbers is a set, and is stored as [1, 1], which is none.
. "$(dirname "$0")/lib.sh"

got=$(
	go_run k8s.io/apiextensions-apiserver@v0.37.2 <<'GO'
package main

import (
	"context"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apimachinery/pkg/util/json"
	limits "k8s.io/apiserver/pkg/apis/cel"
)

func list(kind, items, rule string) *schema.Structural {
	field := apiextensions.JSONSchemaProps{
		Type: "array", XListType: &kind,
		Items: &apiextensions.JSONSchemaPropsOrArray{Schema: &apiextensions.JSONSchemaProps{Type: items}},
	}
	if rule != "" {
		field.XValidations = apiextensions.ValidationRules{{Rule: rule}}
	}
	whole := apiextensions.JSONSchemaProps{Type: "object", Properties: map[string]apiextensions.JSONSchemaProps{"x": field}}
	structural, err := schema.NewStructural(&whole)
	if err != nil {
		panic(err)
	}
	return structural
}

func read(text string) map[string]any {
	var resource map[string]any
	if err := json.Unmarshal([]byte(text), &resource); err != nil {
		panic(err)
	}
	return resource
}

func main() {
	for _, kind := range []string{"set", "atomic"} {
		for _, rule := range []string{"self == ['b', 'a']", "['b', 'a'] == self", "size(self + ['a']) == 2", "size(['a'] + self) == 2"} {
			structural := list(kind, "string", rule)
			errors, _ := cel.NewValidator(structural, true, limits.PerCallLimit).Validate(context.Background(), nil, structural,
				read(`{"x":["a","b"]}`), nil, limits.RuntimeCELCostBudget)
			fmt.Printf("%s %s: %t\n", kind, rule, len(errors) == 0)
		}
	}
	numbers := list("set", "number", "")
	sent := read(`{"x":[1,1.0]}`)
	stored, err := json.Marshal(sent)
	if err != nil {
		panic(err)
	}
	fmt.Println("as sent:", len(listtype.ValidateListSetsAndMaps(nil, numbers, sent)), "duplicates")
	fmt.Println("as stored:", string(stored), len(listtype.ValidateListSetsAndMaps(nil, numbers, read(string(stored)))), "duplicates")
}
GO
)
expect "of [a, b]" "set self == ['b', 'a']: true
set ['b', 'a'] == self: false
set size(self + ['a']) == 2: true
set size(['a'] + self) == 2: false
atomic self == ['b', 'a']: false
atomic ['b', 'a'] == self: false
atomic size(self + ['a']) == 2: false
atomic size(['a'] + self) == 2: false" "$(head -n 8 <<<"$got")"
expect "[1, 1.0]" 'as sent: 0 duplicates
as stored: {"x":[1,1]} 1 duplicates' "$(tail -n 2 <<<"$got")"
verdict
