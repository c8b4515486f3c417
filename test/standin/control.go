// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What a test tells the server to do wrong, and what it may count on.

// misbehaviour is a file of lines "name argument", read whenever it matters, so that it outlives the container.
type misbehaviour struct{ path string }

var misbehaviours = map[string]string{
	"slow":               "SECONDS: answers every statement that much later",
	"silent":             "[all]: accepts connections and says nothing",
	"half-open":          "[all]: agrees on a version and then says nothing",
	"wrong-version":      "[all]: answers with a version that was not proposed",
	"garbage":            "[all]: sends bytes that are not Bolt",
	"error-row":          "registerToken answers with an error in its row and stores nothing",
	"register-then-drop": "registerToken stores the token and ends the connection without an answer",
	"procedures-missing": "the Fleet Manager's procedures do not exist",
	"refuse-login":       "every login is refused",
	"crash-on-start":     "[MESSAGE]: the container ends at once",
}

func (m *misbehaviour) all() map[string]string {
	data, err := os.ReadFile(m.path)
	found := map[string]string{}
	if err != nil {
		return found
	}
	for _, line := range strings.Split(string(data), "\n") {
		name, argument, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "" {
			found[name] = argument
		}
	}
	return found
}

func (m *misbehaviour) has(name string) bool {
	_, found := m.all()[name]
	return found
}

// onWire leaves the container's own probes alone, which come from 127.0.0.1, unless told not to.
func (m *misbehaviour) onWire(remote string) string {
	for _, name := range []string{"silent", "half-open", "wrong-version", "garbage"} {
		argument, found := m.all()[name]
		if found && (argument == "all" || !strings.HasPrefix(remote, "127.0.0.1:")) {
			return name
		}
	}
	return ""
}

// command is "standin misbehave ...".
func (m *misbehaviour) command(args []string, out io.Writer) error {
	now := m.all()
	if len(args) == 0 {
		for _, name := range slices.Sorted(maps.Keys(misbehaviours)) {
			mark := " "
			if _, on := now[name]; on {
				mark = "*"
			}
			fmt.Fprintf(out, "%s %s %s\n", mark, name, misbehaviours[name])
		}
		return nil
	}
	name, argument := args[0], strings.Join(args[1:], " ")
	switch {
	case name == "none":
		now = map[string]string{}
	case misbehaviours[name] == "":
		return fmt.Errorf("'%s' is no misbehaviour; without a name they are listed", name)
	case argument == "off":
		delete(now, name)
	default:
		if _, err := strconv.ParseFloat(argument, 64); name == "slow" && err != nil {
			return errors.New("slow takes a number of seconds")
		}
		now[name] = argument
	}
	text := ""
	for _, one := range slices.Sorted(maps.Keys(now)) {
		text += strings.TrimSpace(one+" "+now[one]) + "\n"
	}
	return replaceFile(m.path, []byte(text))
}

// delay is what "slow" does.
func (x *execution) delay() *failure {
	argument, found := x.in.bad.all()["slow"]
	if !found {
		return nil
	}
	seconds, _ := strconv.ParseFloat(argument, 64) // checked when it was set
	select {
	case <-x.ctx.Done():
		return failf("TransientError.Transaction.Terminated", "The transaction has been terminated.")
	case <-time.After(time.Duration(seconds * float64(time.Second))):
	}
	return nil
}

// counts tell how often what was asked, kept over restarts.
type counts struct {
	mu    sync.Mutex
	path  string
	all   map[string]int
	dirty bool
}

func openCounts(path string) *counts {
	c := &counts{path: path, all: map[string]int{}}
	if err := readJSON(path, &c.all); err != nil {
		log.Printf("counts begin anew: %v", err)
	}
	return c
}

func (c *counts) add(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[key]++
	c.save()
}

// note counts what is too frequent to be written each time.
func (c *counts) note(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[key]++
	c.dirty = true
}

func (c *counts) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dirty {
		c.save()
	}
}

func (c *counts) save() {
	data, err := json.MarshalIndent(c.all, "", "  ")
	if err == nil {
		err = replaceFile(c.path, append(data, '\n'))
	}
	if err != nil {
		log.Printf("counts: %v", err)
	}
	c.dirty = false
}
