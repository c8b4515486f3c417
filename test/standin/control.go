// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
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

// misbehaviour is a file of lines "name argument", read whenever it matters, so that it outlives the container; the environment
// may hold more, between semicolons. "name off" in the file ends one of the environment's.
type misbehaviour struct{ path, environment string }

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
	"crash-on-start":     "[TIMES] [MESSAGE]: the container ends at once",
	"crash-with-plugin":  "NAME: the container ends at once while NEO4J_PLUGINS has that name",
	"slow-start":         "SECONDS: Bolt opens that much later",
	"isolated":           "talks to no other server, and none to it",
	"database-stuck":     "NAME: its copy of the database is said to be starting",
}

func (m *misbehaviour) all() map[string]string {
	data, _ := os.ReadFile(m.path) // none: nothing is wrong
	found := map[string]string{}
	for _, line := range strings.FieldsFunc(m.environment+"\n"+string(data), func(c rune) bool { return c == '\n' || c == ';' }) {
		name, argument, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case argument == "off":
			delete(found, name)
		case name != "":
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
	case strings.HasPrefix(name, "slow") && argument != "off":
		if _, err := strconv.ParseFloat(argument, 64); err != nil {
			return fmt.Errorf("%s takes a number of seconds", name)
		}
		now[name] = argument
	default:
		now[name] = argument
	}
	return m.write(now)
}

// write also keeps what switches one of the environment's off.
func (m *misbehaviour) write(now map[string]string) error {
	for name := range (&misbehaviour{environment: m.environment}).all() {
		if _, on := now[name]; !on {
			now[name] = "off"
		}
	}
	text := ""
	for _, one := range slices.Sorted(maps.Keys(now)) {
		text += strings.TrimSpace(one+" "+now[one]) + "\n"
	}
	return replaceFile(m.path, []byte(text))
}

// crash is the container's end before there is a server. A number of times is counted down.
func (m *misbehaviour) crash(plugins string) error {
	all := m.all()
	if name, found := all["crash-with-plugin"]; found && strings.Contains(plugins, `"`+name+`"`) {
		return fmt.Errorf("Failed to start Neo4j: the plugin '%s' could not be loaded.", name)
	}
	words, found := all["crash-on-start"]
	if !found {
		return nil
	}
	number, message, _ := strings.Cut(words, " ")
	if times, err := strconv.Atoi(number); err == nil {
		words = message
		all["crash-on-start"] = fmt.Sprintf("%d %s", times-1, message)
		if times <= 1 {
			delete(all, "crash-on-start")
		}
		if err := m.write(all); err != nil {
			return err
		}
	}
	return fmt.Errorf("Failed to start Neo4j: %s", words)
}

// linger is what "slow-start" does; false when the end came first.
func (m *misbehaviour) linger(term context.Context) bool {
	seconds, _ := strconv.ParseFloat(m.all()["slow-start"], 64) // zero where there is none
	select {
	case <-term.Done():
		return false
	case <-time.After(time.Duration(seconds * float64(time.Second))):
		return true
	}
}

// notes is a file in which a command leaves words for the server, which takes them away.
type notes struct{ path string }

func (n *notes) leave(words []string) error {
	if len(words) == 0 {
		return errors.New("a name is missing")
	}
	return replaceFile(n.path, []byte(strings.Join(words, "\n")))
}

func (n *notes) take() []string {
	data, err := os.ReadFile(n.path)
	if err != nil {
		return nil
	}
	_ = os.Remove(n.path)
	return strings.Fields(string(data))
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
