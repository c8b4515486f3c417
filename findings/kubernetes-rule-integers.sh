#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# k8s.io/apiextensions-apiserver v0.37.2: what the API server holds a custom resource against, its schema and the rules (CEL) in it.
# Guess: a rule that is true for every value of a type refuses no value that the schema takes.
# Found: 1.0 and 1e3 are integers for the schema, and with a rule on the field they are refused: "expected int, got float64". So is a date-time in
# small letters. A field that lived without a rule thus gets stricter with the first one, whatever it says.
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
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/json"
	limits "k8s.io/apiserver/pkg/apis/cel"
)

func word(refused bool) string {
	if refused {
		return "refused"
	}
	return "taken"
}

func main() {
	for _, one := range [][4]string{
		{"integer", "", "self > 0", "1"},
		{"integer", "", "self > 0", "1.0"},
		{"integer", "", "self > 0", "1e3"},
		{"number", "", "self > 0", "1"},
		{"string", "date-time", "self > timestamp(0)", `"2026-01-01T10:00:00Z"`},
		{"string", "date-time", "self > timestamp(0)", `"2026-01-01t10:00:00z"`},
	} {
		field := apiextensions.JSONSchemaProps{Type: one[0], Format: one[1], XValidations: apiextensions.ValidationRules{{Rule: one[2]}}}
		whole := apiextensions.JSONSchemaProps{Type: "object", Properties: map[string]apiextensions.JSONSchemaProps{"x": field}}
		var resource map[string]any
		if err := json.Unmarshal([]byte(`{"x":`+one[3]+`}`), &resource); err != nil {
			panic(err)
		}
		validator, _, err := validation.NewSchemaValidator(&whole)
		if err != nil {
			panic(err)
		}
		structural, err := schema.NewStructural(&whole)
		if err != nil {
			panic(err)
		}
		bySchema := validation.ValidateCustomResource(nil, resource, validator)
		byRule, _ := cel.NewValidator(structural, true, limits.PerCallLimit).Validate(context.Background(), nil, structural, resource, nil, limits.RuntimeCELCostBudget)
		fmt.Printf("%s %s: schema %s, rule %s\n", one[0], one[3], word(len(bySchema) > 0), word(len(byRule) > 0))
	}
}
GO
)
expect "values" 'integer 1: schema taken, rule taken
integer 1.0: schema taken, rule refused
integer 1e3: schema taken, rule refused
number 1: schema taken, rule taken
string "2026-01-01T10:00:00Z": schema taken, rule taken
string "2026-01-01t10:00:00z": schema taken, rule refused' "$got"
verdict
