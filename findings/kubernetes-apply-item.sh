#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# k8s.io/apimachinery v0.37.2: server-side apply, as the API server carries it out on a custom resource.
# Guess: who no longer applies an object or an item of a list (x-kubernetes-list-type: map) gives up its own fields of it; what another manager
# has set in there stays, and keeps it.
# Found: that holds of an object, and of an item in which the other one has applied a field. With a field that came by an update, such as kubectl
# edit sends, the item goes whole: an update in an item owns the field, and not the item.
. "$(dirname "$0")/lib.sh"

got=$(
	go_run k8s.io/apimachinery@v0.37.2 <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/managedfields/managedfieldstest"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

const definition = `{
	"type": "object",
	"x-kubernetes-group-version-kind": [{"group": "example.org", "version": "v1", "kind": "Thing"}],
	"properties": {
		"apiVersion": {"type": "string"},
		"kind": {"type": "string"},
		"metadata": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
		"spec": {"type": "object", "properties": {
			"object": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
			"items": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": {
				"type": "object", "properties": {"name": {"type": "string"}, "a": {"type": "integer"}, "b": {"type": "integer"}}
			}}
		}}
	}
}`

func thing(spec string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	text := `{"apiVersion":"example.org/v1","kind":"Thing","metadata":{"name":"thing"},"spec":` + spec + `}`
	if err := object.UnmarshalJSON([]byte(text)); err != nil {
		panic(err)
	}
	return object
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	var whole spec.Schema
	must(json.Unmarshal([]byte(definition), &whole))
	converter, err := managedfields.NewTypeConverter(map[string]*spec.Schema{"Thing": &whole}, false)
	must(err)
	for _, how := range []string{"update", "apply"} {
		manager := managedfieldstest.NewTestFieldManager(converter, schema.GroupVersionKind{Group: "example.org", Version: "v1", Kind: "Thing"})
		must(manager.Apply(thing(`{"object":{"a":1},"items":[{"name":"x","a":1},{"name":"y","a":1}]}`), "operator", false))
		if how == "update" {
			must(manager.Update(thing(`{"object":{"a":1,"b":2},"items":[{"name":"x","a":1,"b":2},{"name":"y","a":1}]}`), "other"))
		} else {
			must(manager.Apply(thing(`{"object":{"b":2},"items":[{"name":"x","b":2}]}`), "other", false))
		}
		must(manager.Apply(thing(`{"items":[{"name":"y","a":1}]}`), "operator", false))
		left, err := json.Marshal(manager.Live().(*unstructured.Unstructured).Object["spec"])
		must(err)
		fmt.Println(how+":", string(left))
	}
}
GO
)
expect "b set by" 'update: {"items":[{"a":1,"name":"y"}],"object":{"b":2}}
apply: {"items":[{"b":2,"name":"x"},{"a":1,"name":"y"}],"object":{"b":2}}' "$got"
verdict
