// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Holds a bundle against the Operator Framework's own rules: its folder is the argument. The framework's operator-verify prints errors and ends
// with 0 all the same, and leaves out most of the rules; this program ends with 1 on an error or a warning.
package main

import (
	"fmt"
	"os"

	"github.com/operator-framework/api/pkg/manifests"
	"github.com/operator-framework/api/pkg/validation"
)

func main() {
	bundle, err := manifests.GetBundleFromDir(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	validators := validation.DefaultBundleValidators.WithValidators(validation.OperatorHubV2Validator, validation.StandardCapabilitiesValidator,
		validation.StandardCategoriesValidator, validation.GoodPracticesValidator, validation.ObjectValidator)
	found := 0
	for _, result := range validators.Validate(bundle.ObjectsToValidate()...) {
		for _, problem := range append(result.Errors, result.Warnings...) {
			fmt.Println(problem.Error())
			found++
		}
	}
	if found > 0 {
		os.Exit(1)
	}
	fmt.Printf("%s: %d kinds, nothing to say\n", bundle.CSV.GetName(), len(bundle.V1CRDs))
}
