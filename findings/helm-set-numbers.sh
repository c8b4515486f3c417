#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# helm.sh/helm/v4 v4.3.1: its package strvals, which reads what follows --set.
# Guess: --set types a value as a file of values does: 1.5 is a number as 1 is one, and {} is an empty list.
# Found: of numbers only whole ones are known. 1.5 and 1e3 are texts, which a values.schema.json that says "number" then refuses, while True and +1
# are typed; {} is a list with one empty text, and a blank before a number makes a text of it.
. "$(dirname "$0")/lib.sh"

got=$(
	go_run helm.sh/helm/v4/pkg/strvals@v4.3.1 <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	"helm.sh/helm/v4/pkg/strvals"
)

func main() {
	for _, text := range []string{"a=1", "a=+1", "a=1.5", "a=1e3", "a=9223372036854775808", "a=True", "a=~", "a={}", "a={1,1.5}", "a={1, 2}", "a=[1]"} {
		values, err := strvals.Parse(text)
		if err != nil {
			fmt.Println(text, "refused")
			continue
		}
		typed, err := json.Marshal(values["a"])
		if err != nil {
			panic(err)
		}
		fmt.Println(text, "is", string(typed))
	}
}
GO
)
expect "--set" 'a=1 is 1
a=+1 is 1
a=1.5 is "1.5"
a=1e3 is "1e3"
a=9223372036854775808 is "9223372036854775808"
a=True is true
a=~ is "~"
a={} is [""]
a={1,1.5} is [1,"1.5"]
a={1, 2} is [1," 2"]
a=[1] is "[1]"' "$got"
verdict
