// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"time"
)

const (
	maxKeys    = 10000
	maxServers = 10000
)

// Where a token stands. A token that is due becomes rotating with the first call that was told so,
// and rotated with the first call that its successor signed.
const (
	stateActive   = "active"
	stateDue      = "rotation-due"
	stateRotating = "rotating"
	stateRotated  = "rotated"
	stateExpired  = "expired"
	stateRevoked  = "revoked"
	stateDenied   = "denied"
)

// Codes that the Fleet Manager acts upon; with the last three it forgets its token.
const (
	codeRotationDue = 1000
	codeExpired     = 1001
	codeRevoked     = 1002
	codeDenied      = 1003
)

type tokenKey struct {
	registration
	State     string `json:"state"`
	Successor string `json:"successor,omitempty"`
	// The successor's token until its first use; never written anywhere.
	pending string
}

// deployment is one server that has connected.
type deployment struct {
	Project       string         `json:"project"`
	DbmsID        string         `json:"dbms_id"`
	ServerID      string         `json:"server_id"`
	Name          string         `json:"name"`
	ServerVersion string         `json:"server_version"`
	PluginVersion string         `json:"plugin_version"`
	Address       string         `json:"address"`   // from its reports
	Databases     []string       `json:"databases"` // from its reports
	Kid           string         `json:"kid"`
	FirstConnect  time.Time      `json:"first_connect"`
	LastConnect   time.Time      `json:"last_connect"`
	LastReport    *time.Time     `json:"last_report"`
	LastSeen      time.Time      `json:"last_seen"`
	Counts        map[string]int `json:"counts"`
}

type refusal struct {
	status  int
	code    int
	message string
}

func (r *refusal) Error() string { return r.message }

type store struct {
	mu          sync.Mutex
	dir         string // empty: in memory only
	keys        map[string]*tokenKey
	deployments map[string]*deployment
	now         func() time.Time
}

func newStore(stateDir string) (*store, error) {
	s := &store{keys: map[string]*tokenKey{}, deployments: map[string]*deployment{}, now: time.Now}
	if stateDir == "" {
		return s, nil
	}
	s.dir = stateDir
	if err := s.load("keys.json", &s.keys); err != nil {
		return nil, err
	}
	return s, s.load("deployments.json", &s.deployments)
}

func (s *store) load(name string, into any) error {
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// keep replaces one file of the state; called with the lock held.
func (s *store) keep(name string, value any) error {
	if s.dir == "" {
		return nil
	}
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	file := filepath.Join(s.dir, name)
	if err := os.WriteFile(file+".part", data, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".part", file)
}

// save is called with the lock held after every change to the keys.
func (s *store) save() error { return s.keep("keys.json", s.keys) }

func (s *store) sortedKeys() []*tokenKey {
	keys := make([]*tokenKey, 0, len(s.keys))
	for _, k := range s.keys {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i].Kid < keys[j].Kid })
	return keys
}

func (s *store) register(r registration) error {
	if r.Kid == "" || r.Project == "" || r.Expires.IsZero() {
		return &refusal{400, 0, "kid, project, public_key and expires are required"}
	}
	if _, err := r.key(); err != nil {
		return &refusal{400, 0, err.Error()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.keys[r.Kid]; there {
		return &refusal{409, 0, "kid is registered already"}
	}
	if len(s.keys) >= maxKeys {
		return &refusal{507, 0, "too many keys"}
	}
	s.keys[r.Kid] = &tokenKey{registration: r, State: stateActive}
	return s.save()
}

// setState is the administrator's hand on a token.
func (s *store) setState(kid, state string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[kid]
	if k == nil {
		return &refusal{404, 0, "unknown kid"}
	}
	if k.State == stateRotated {
		return &refusal{409, 0, "the token has been rotated; its successor is " + k.Successor}
	}
	k.State = state
	return s.save()
}

// authorize decides over one call: its signature against the token's key, then the token's state.
func (s *store) authorize(bearer, endpoint string) (*tokenKey, *claims, error) {
	jwt, err := parseJWT(bearer)
	if err != nil {
		return nil, nil, &refusal{401, 0, err.Error()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[jwt.kid]
	if k == nil {
		return nil, nil, &refusal{403, codeDenied, "unknown token"}
	}
	public, err := k.key()
	if err != nil {
		return nil, nil, &refusal{500, 0, err.Error()}
	}
	c, err := jwt.verify(public, s.now())
	if err != nil {
		return nil, nil, &refusal{401, 0, err.Error()}
	}
	if c.ProjectID != k.Project {
		return nil, nil, &refusal{401, 0, "project_id is not the token's"}
	}
	if err := s.standing(k, endpoint); err != nil {
		return nil, nil, err
	}
	for _, old := range s.keys {
		if old.Successor == k.Kid && old.State == stateRotating {
			old.State, old.pending = stateRotated, ""
			if err := s.save(); err != nil {
				return nil, nil, err
			}
		}
	}
	return k, c, nil
}

func (s *store) standing(k *tokenKey, endpoint string) error {
	if k.State == stateActive && !s.now().Before(k.Expires) {
		k.State = stateExpired
	}
	switch k.State {
	case stateActive:
		return nil
	case stateDue:
		k.State = stateRotating
		if err := s.save(); err != nil {
			return err
		}
		return &refusal{403, codeRotationDue, "token rotation is due"}
	case stateRotating:
		if endpoint == "connect" {
			return nil
		}
		return &refusal{403, codeRotationDue, "token rotation is due"}
	case stateExpired:
		return &refusal{403, codeExpired, "token has expired"}
	case stateRotated, stateRevoked:
		return &refusal{403, codeRevoked, "token is revoked"}
	default:
		return &refusal{403, codeDenied, "access is denied"}
	}
}

// successor gives the token that takes over from a rotating one, the same until it is used; empty
// where nothing is to rotate.
func (s *store) successor(kid string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[kid]
	if k == nil || k.State != stateRotating {
		return "", nil
	}
	if k.pending == "" {
		token, reg, err := mint(k.Project, s.now().Add(90*24*time.Hour))
		if err != nil {
			return "", err
		}
		s.keys[reg.Kid] = &tokenKey{registration: reg, State: stateActive}
		k.Successor, k.pending = reg.Kid, token
		if err := s.save(); err != nil {
			return "", err
		}
	}
	return k.pending, nil
}

type message struct {
	ServerID      string `json:"server_id"`
	Name          string `json:"name"`
	DbmsID        string `json:"dbms_id"`
	ServerVersion string `json:"server_version"`
	ProjectID     string `json:"project_id"`
	PluginVersion string `json:"plugin_version"`
	// Only a report has it, in other spelling.
	Dbms *struct {
		ServerID  string   `json:"serverId"`
		Databases []string `json:"databases"`
		Servers   []struct {
			ServerID string `json:"serverId"`
			Address  string `json:"address"`
		} `json:"servers"`
	} `json:"dbms"`
}

// record notes an accepted call. Only connect makes an entry: other calls need one.
func (s *store) record(kid string, c *claims, endpoint string, m message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now().UTC()
	if m.DbmsID != "" && m.DbmsID != c.DbmsID {
		return &refusal{400, 0, "dbms_id differs from the signed one"}
	}
	if endpoint == "connect" {
		if m.ServerID == "" {
			return &refusal{400, 0, "server_id is missing"}
		}
		id := c.DbmsID + "/" + m.ServerID
		d := s.deployments[id]
		if d == nil {
			if len(s.deployments) >= maxServers {
				return &refusal{507, 0, "too many servers"}
			}
			d = &deployment{FirstConnect: now, Counts: map[string]int{}}
			s.deployments[id] = d
		}
		d.Project, d.DbmsID, d.ServerID, d.Kid = c.ProjectID, c.DbmsID, m.ServerID, kid
		d.Name, d.ServerVersion, d.PluginVersion = m.Name, m.ServerVersion, m.PluginVersion
		d.LastConnect, d.LastSeen = now, now
		d.Counts[endpoint]++
		return s.keep("deployments.json", s.deployments)
	}
	if m.ServerID == "" && m.Dbms != nil {
		m.ServerID = m.Dbms.ServerID
	}
	for _, d := range s.deployments {
		if d.DbmsID != c.DbmsID || (m.ServerID != "" && d.ServerID != m.ServerID) {
			continue
		}
		d.LastSeen, d.Kid = now, kid
		d.Counts[endpoint]++
		if endpoint == "report" {
			at := now
			d.LastReport = &at
			d.learn(m)
		}
	}
	return nil
}

func (d *deployment) learn(m message) {
	if m.Dbms == nil {
		return
	}
	d.Databases = m.Dbms.Databases
	for _, server := range m.Dbms.Servers {
		if server.ServerID == d.ServerID {
			d.Address = server.Address
		}
	}
}

func (s *store) listDeployments() []deployment {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]deployment, 0, len(s.deployments))
	for _, d := range s.deployments {
		copied := *d
		copied.Counts = map[string]int{}
		for k, v := range d.Counts {
			copied.Counts[k] = v
		}
		list = append(list, copied)
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i], list[j]
		return a.DbmsID+"/"+a.ServerID < b.DbmsID+"/"+b.ServerID
	})
	return list
}

func (s *store) listKeys() []tokenKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]tokenKey, 0, len(s.keys))
	for _, k := range s.sortedKeys() {
		list = append(list, *k)
	}
	return list
}
