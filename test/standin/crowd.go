// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// A crowd: one process that answers Bolt for every pod of a cluster of pretend nodes. Who is asked follows from the address that
// the client came to. The servers are in order, always, and know a handful of statements; what the operator's speed is measured with.

const instanceLabel = "app.kubernetes.io/instance"

type crowd struct {
	mu         sync.Mutex
	pods       map[string]pod             // by address
	members    map[string]map[string]bool // names of pods by deployment
	registered map[string]bool            // by deployment
	states     map[string]string          // of servers that were enabled or drained, by name of the pod and deployment
}

type pod struct {
	Metadata struct {
		Name, Namespace     string
		Labels, Annotations map[string]string
	}
	Spec struct {
		Subdomain string
	}
	Status struct {
		PodIP string
	}
}

func (p *pod) deployment() string {
	return p.Metadata.Namespace + "/" + p.Metadata.Labels[instanceLabel]
}

func (p *pod) key(name string) string {
	return p.deployment() + "/" + name
}

// A standalone's pod has a name that says so.
func (p *pod) server(i int) string {
	name := p.Metadata.Labels[instanceLabel]
	if strings.HasPrefix(p.Metadata.Name, name+"-server-") {
		name += "-server"
	}
	return fmt.Sprintf("%s-%d", name, i)
}

func (p *pod) address(name string) string {
	return fmt.Sprintf("%s.%s.%s.svc.cluster.local:7687", name, p.Spec.Subdomain, p.Metadata.Namespace)
}

func (c *crowd) take(kind string, p pod) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.members[p.deployment()]
	if kind == "DELETED" {
		delete(c.pods, p.Status.PodIP)
		delete(all, p.Metadata.Name)
		// Whoever comes under that name later is a new server.
		if c.states[p.key(p.Metadata.Name)] == "Dropped" {
			delete(c.states, p.key(p.Metadata.Name))
		}
		return
	}
	if p.Status.PodIP == "" {
		return
	}
	if all == nil {
		all = map[string]bool{}
		c.members[p.deployment()] = all
	}
	all[p.Metadata.Name] = true
	c.pods[p.Status.PodIP] = p
}

// follow watches the pods for ever.
func (c *crowd) follow(client *http.Client, server string) {
	for {
		if err := c.watch(client, server); err != nil {
			log.Printf("watch: %v", err)
			time.Sleep(time.Second)
		}
	}
}

func (c *crowd) watch(client *http.Client, server string) error {
	answer, err := client.Get(server + "/api/v1/pods?watch=true&labelSelector=app.kubernetes.io%2Fmanaged-by%3Dneofleet")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	decoder := json.NewDecoder(answer.Body)
	for {
		var event struct {
			Type   string
			Object pod
		}
		if err := decoder.Decode(&event); err != nil {
			return nil // it ends now and then
		}
		c.take(event.Type, event.Object)
	}
}

// ---- answers --------------------------------------------------------------------------------------

// The servers that a deployment begins with are enabled, and have a copy of each database; later ones have none.
const founders = 3

func (c *crowd) state(p pod, i int) string {
	if state := c.states[p.key(p.server(i))]; state != "" {
		return state
	}
	if i < founders {
		return "Enabled"
	}
	return "Free"
}

func (c *crowd) servers(p pod) [][]any {
	var rows [][]any
	for i := 0; c.members[p.deployment()][p.server(i)]; i++ {
		hosting := []any{"system"}
		if i < founders {
			hosting = []any{"neo4j", "system"}
		}
		if state := c.state(p, i); state != "Dropped" {
			rows = append(rows, []any{serverID(i), p.server(i), p.address(p.server(i)), state, "Available", "5.26.12", hosting})
		}
	}
	return rows
}

func serverID(i int) string {
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
}

// set changes the servers whose ids are parameters.
func (c *crowd) set(p pod, state string, params any) {
	ids, _ := params.(map[string]any)
	for _, id := range ids {
		for i := range len(c.members[p.deployment()]) {
			if id == serverID(i) {
				c.states[p.key(p.server(i))] = state
			}
		}
	}
}

func (c *crowd) databases(p pod) [][]any {
	var rows [][]any
	for _, name := range []string{"neo4j", "system"} {
		kind := map[string]string{"neo4j": "standard", "system": "system"}[name]
		for i, server := range c.servers(p) {
			if name == "system" || i < founders {
				rows = append(rows, []any{name, kind, server[2], "primary", i == 0, "online", "online"})
			}
		}
	}
	return rows
}

// result answers one statement.
func (c *crowd) result(p pod, text string, params any) ([]string, [][]any, *failure) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.registered[p.deployment()]
	switch {
	case strings.HasPrefix(text, "SHOW SERVERS"):
		return []string{"serverId", "name", "address", "state", "health", "version", "hosting"}, c.servers(p), nil
	case strings.HasPrefix(text, "SHOW DATABASES"):
		return []string{"name", "type", "address", "role", "writer", "requestedStatus", "currentStatus"}, c.databases(p), nil
	case strings.HasPrefix(text, "SHOW PROCEDURES"):
		return []string{"n"}, [][]any{{int64(3)}}, nil
	case strings.HasPrefix(text, "ENABLE SERVER"):
		c.set(p, "Enabled", params)
		return nil, nil, nil
	case strings.HasPrefix(text, "DEALLOCATE DATABASES"):
		c.set(p, "Deallocated", params)
		return nil, nil, nil
	case strings.HasPrefix(text, "DROP SERVER"):
		c.set(p, "Dropped", params)
		return nil, nil, nil
	case strings.HasPrefix(text, "CALL fleetManagement.disable"):
		delete(c.registered, p.deployment())
		return []string{"result"}, [][]any{{"Fleet Manager has been disabled"}}, nil
	case strings.HasPrefix(text, "CALL fleetManagement.registerToken"):
		c.registered[p.deployment()] = true
		log.Printf("registered %s", p.deployment())
		return []string{"result"}, [][]any{{"Token registered successfully."}}, nil
	case strings.HasPrefix(text, "CALL fleetManagement.inspectToken($token)") || known && strings.HasPrefix(text, "CALL fleetManagement.inspectToken"):
		return []string{"projectId", "tokenExpires", "errorMessage"}, [][]any{{"project", "2099-01-01T00:00:00Z", nil}}, nil
	case strings.HasPrefix(text, "CALL fleetManagement.status"):
		return []string{"active", "connected", "statusMessage"}, [][]any{{known, known, nil}}, nil
	}
	return nil, nil, failf("ClientError.Statement.SyntaxError", "the crowd does not know this statement: %.60s", text)
}

type crowdTalk struct {
	crowd *crowd
	pod   pod
	conn  net.Conn
	major int
	out   []byte
	rows  [][]any
	ended bool // the connection is of no use any more
}

func (t *crowdTalk) send(tag byte, fields ...any) {
	p := packer{modern: t.major >= 5}
	p.structure(tag, fields...)
	t.out = appendChunks(t.out, p.out)
}

func (t *crowdTalk) answer(m structure) {
	switch m.tag {
	case msgHello:
		t.send(msgSuccess, map[string]any{"server": "Neo4j/2025.12.1", "connection_id": "bolt-1"})
	case msgRun:
		text, _ := m.fields[0].(string)
		columns, rows, f := t.crowd.result(t.pod, text, m.fields[1])
		if f != nil {
			t.send(msgFailure, map[string]any{"code": f.Code, "message": f.Message})
			return
		}
		t.rows = rows
		t.send(msgSuccess, map[string]any{"fields": strs(columns), "t_first": int64(0)})
	case msgPull:
		for _, row := range t.rows {
			t.send(msgRecord, row)
		}
		t.send(msgSuccess, map[string]any{"type": "r", "t_last": int64(0), "db": "system"})
	default:
		t.send(msgSuccess, map[string]any{})
	}
}

func (c *crowd) talk(conn net.Conn) {
	defer conn.Close()
	host, _, _ := net.SplitHostPort(conn.LocalAddr().String())
	c.mu.Lock()
	p, found := c.pods[strings.TrimPrefix(host, "::ffff:")]
	c.mu.Unlock()
	if !found {
		return
	}
	r := bufio.NewReader(conn)
	version, err := handshake(r, conn, spokenVersions(release{2025, 12, 1, "2025.12.1"}))
	t := &crowdTalk{crowd: c, pod: p, conn: conn, major: version.major}
	for err == nil {
		var data []byte
		var value any
		if data, err = readMessage(r, maxMessage); err != nil {
			return
		}
		value, err = unpack(data)
		m, ok := value.(structure)
		if !ok || m.tag == msgGoodbye {
			return
		}
		if !t.harm(m) {
			t.answer(m)
		}
		if t.ended {
			return
		}
		// What the client has sent in one go is answered in one go.
		if r.Buffered() == 0 {
			_, err = conn.Write(t.out)
			t.out = t.out[:0]
		}
	}
}

func serveCrowd(args []string) error {
	if len(args) != 4 {
		return errors.New("usage: standin crowd SERVER CA CERTIFICATE KEY")
	}
	authority, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(args[2], args[3])
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}}}
	c := &crowd{pods: map[string]pod{}, members: map[string]map[string]bool{}, registered: map[string]bool{}, states: map[string]string{}}
	go c.follow(client, args[0])
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp4", "0.0.0.0:7687")
	if err != nil {
		return err
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go c.talk(conn)
	}
}
