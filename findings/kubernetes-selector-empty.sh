#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# k8s.io/apimachinery v0.37.2: selectors of labels and of fields, as text in a request of list or watch and as an object's LabelSelector.
# Guess: "a in ()" is refused, as an In without values is in a LabelSelector. Both kinds of text are read alike: blanks round a sign do not count,
# a comma at the end is refused.
# Found: "a in ()" selects what has the label a with an empty value. A selector of labels drops blanks and refuses a comma at its end; a selector
# of fields keeps blanks as part of name and value, and passes over commas, so that "," alone selects everything.
. "$(dirname "$0")/lib.sh"

got=$(
	go_run k8s.io/apimachinery@v0.37.2 <<'GO'
package main

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

func main() {
	for _, text := range []string{"a in ()", "a in (b,)", "a notin ()", "a = b", "a=b,", ","} {
		selector, err := labels.Parse(text)
		if err != nil {
			fmt.Printf("labels %q: refused\n", text)
			continue
		}
		fmt.Printf("labels %q: none %t, empty %t, b %t\n", text, selector.Matches(labels.Set{}), selector.Matches(labels.Set{"a": ""}),
			selector.Matches(labels.Set{"a": "b"}))
	}
	_, err := metav1.LabelSelectorAsSelector(&metav1.LabelSelector{
		MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: metav1.LabelSelectorOpIn}},
	})
	fmt.Println("In without values, refused:", err != nil)
	for _, text := range []string{"a=b", "a = b", "a=b,", ","} {
		selector, err := fields.ParseSelector(text)
		if err != nil {
			fmt.Printf("fields %q: refused\n", text)
			continue
		}
		fmt.Printf("fields %q: b %t, c %t\n", text, selector.Matches(fields.Set{"a": "b"}), selector.Matches(fields.Set{"a": "c"}))
	}
}
GO
)
expect "selectors" 'labels "a in ()": none false, empty true, b false
labels "a in (b,)": none false, empty true, b true
labels "a notin ()": none true, empty false, b true
labels "a = b": none false, empty false, b true
labels "a=b,": refused
labels ",": refused
In without values, refused: true
fields "a=b": b true, c false
fields "a = b": b false, c false
fields "a=b,": b true, c false
fields ",": b true, c true' "$got"
verdict
