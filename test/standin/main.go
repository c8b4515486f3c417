// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Standin plays a Neo4j Enterprise server in tests: several of them form a cluster.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

const usage = `usage, in the container:
  standin neo4j                        the server; what the image runs
  standin misbehave [NAME [ARG|off]]   lists what it can do wrong, and begins or ends one of them
  standin misbehave none               ends all
  standin counts [KEY]                 how often what was asked for (JSON, or one number)
  standin step-down DATABASE...        gives the lead of databases to another server
  neo4j-admin dbms set-initial-password @FILE
                                       the same program by another name: the first password of a volume
  standin crowd SERVER CA CERT KEY     answers for all pods of a cluster of pretend nodes (script/cluster pretend)
The variable STANDIN_MISBEHAVE holds misbehaviours from the container's start on: "NAME ARG; NAME ARG".
`

func main() {
	do := func() error { return run(os.Args[1:], os.Stdout) }
	if filepath.Base(os.Args[0]) == "neo4j-admin" {
		do = func() error { return adminTool(newEntry(os.Environ()), os.Args[1:]) }
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	e := newEntry(os.Environ())
	switch args[0] {
	case "neo4j":
		return serve(e)
	case "crowd":
		return serveCrowd(args[1:])
	case "misbehave":
		return e.misbehaviour().command(args[1:], out)
	case "step-down":
		return (&notes{e.path("data/step-down")}).leave(args[1:])
	case "counts":
		return printCounts(e.path("data/counts.json"), args[1:], out)
	}
	return fmt.Errorf("unknown command '%s'\n%s", args[0], usage)
}

func (e *entry) misbehaviour() *misbehaviour {
	return &misbehaviour{e.path("data/misbehave"), e.env["STANDIN_MISBEHAVE"]}
}

func printCounts(path string, args []string, out io.Writer) error {
	all := map[string]int{}
	if err := readJSON(path, &all); err != nil {
		return err
	}
	if len(args) == 1 {
		_, err := fmt.Fprintln(out, all[args[0]])
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(all)
}

func serve(e *entry) error {
	log.SetFlags(log.Ltime | log.Lmicroseconds)
	bad := e.misbehaviour()
	if err := bad.crash(e.env["NEO4J_PLUGINS"]); err != nil {
		return err
	}
	c, err := e.config()
	if err != nil {
		return err
	}
	term, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := os.MkdirAll(filepath.Join(c.data, "groups"), 0o755); err != nil {
		return err
	}
	in, err := newInstance(ctx, c)
	if err != nil {
		return err
	}
	peers := in.servePeers()
	if len(c.endpoints) > 0 {
		go func() {
			if err := peers.ListenAndServe(); ctx.Err() == nil {
				log.Fatalf("cluster: %v", err)
			}
		}()
	}
	log.Printf("%s runs Neo4j %s", in, c.release.text)
	if !in.awaitFormation(term) || !bad.linger(term) {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.boltListen)
	if err != nil {
		return err
	}
	log.Printf("Bolt enabled on %s. Started.", c.boltListen)
	go in.serveBolt(ctx, listener)
	go every(ctx, time.Second, in.counts.flush)
	<-term.Done()
	log.Print("Stopping...")
	in.handOver()
	in.counts.flush()
	cancel()
	_ = listener.Close()
	_ = peers.Close()
	in.drain()
	return nil
}

// awaitFormation waits until there is a DBMS and the server's part in it is known.
func (in *instance) awaitFormation(term context.Context) bool {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		mine := false
		in.sys.view(func() { mine = in.sys.Servers[in.id] != nil })
		if mine && leaderOf(in.reports(), systemName) != "" {
			return true
		}
		if in.formed() != "" && mine && time.Since(in.started) > 15*time.Second {
			return true // known from before; the others may be down
		}
		select {
		case <-term.Done():
			return false
		case <-ticker.C:
		}
	}
}

// drain waits until every log is closed.
func (in *instance) drain() {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, m := range in.groups {
		<-m.ended
	}
}
