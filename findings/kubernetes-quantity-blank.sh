#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# k8s.io/apimachinery v0.37.2: quantities, such as a limit of memory.
# Guess: one type has one syntax, so that what the parser refuses is refused in an object, too; and a quantity keeps its value.
# Found: " 10Gi" is refused by ParseQuantity() and taken from JSON; what is finer than a billionth is rounded up: 1e-10 becomes 1e-9.
. "$(dirname "$0")/lib.sh"

got=$(
	go_run k8s.io/apimachinery@v0.37.2 <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"
)

func main() {
	var read resource.Quantity
	_, err := resource.ParseQuantity(" 10Gi")
	fmt.Println("parsed", err == nil)
	err = json.Unmarshal([]byte(`" 10Gi"`), &read)
	fmt.Println("from JSON", err == nil, read.String())
	tiny := resource.MustParse("1e-10")
	fmt.Println("1e-10 is", tiny.String())
	huge := resource.MustParse("16Ei")
	fmt.Println("16Ei is", huge.Value())
}
GO
)
expect "ParseQuantity(\" 10Gi\")" "parsed false" "$(sed -n 1p <<<"$got")"
expect "the same from JSON" "from JSON true 10Gi" "$(sed -n 2p <<<"$got")"
expect "1e-10" "1e-10 is 1e-9" "$(sed -n 3p <<<"$got")"
expect "16Ei" "16Ei is 9223372036854775807" "$(sed -n 4p <<<"$got")"
verdict
