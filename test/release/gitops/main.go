// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// What Argo CD and Flux make of objects: the first argument is a health check in Lua, standard input has JSON objects. For each of them it prints the health by that
// check, as Argo CD runs one (gopher-lua with the libraries base, package and table, and numbers as they come from JSON), and the status by kstatus, as Flux and Helm 4 have it.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func value(state *lua.LState, from any) lua.LValue {
	switch known := from.(type) {
	case bool:
		return lua.LBool(known)
	case int64:
		return lua.LNumber(known)
	case float64:
		return lua.LNumber(known)
	case string:
		return lua.LString(known)
	case []any:
		table := state.NewTable()
		for _, item := range known {
			table.Append(value(state, item))
		}
		return table
	case map[string]any:
		table := state.NewTable()
		for name, item := range known {
			table.RawSetString(name, value(state, item))
		}
		return table
	}
	return lua.LNil
}

// health runs the check; its answer has to be a table with a status.
func health(script string, object map[string]any) (string, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{lua.LoadLibName: lua.OpenPackage, lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable} {
		if err := state.CallByParam(lua.P{Fn: state.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			return "", err
		}
	}
	state.SetGlobal("obj", value(state, object))
	if err := state.DoString(script); err != nil {
		return "", err
	}
	table, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return "", fmt.Errorf("the check returns a %s", state.Get(-1).Type())
	}
	return table.RawGetString("status").String(), nil
}

func run(script string) error {
	decoder := json.NewDecoder(os.Stdin)
	for {
		var text json.RawMessage
		if err := decoder.Decode(&text); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var object unstructured.Unstructured
		if err := object.UnmarshalJSON(text); err != nil {
			return err
		}
		argo, err := health(script, object.Object)
		if err != nil {
			return err
		}
		flux, err := status.Compute(&object)
		if err != nil {
			return err
		}
		fmt.Printf("%s %s\n", argo, flux.Status)
	}
}

func main() {
	script, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = run(string(script))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
