// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// What the image's entrypoint does before there is a server: folders, licence, plugins, settings, password.

type release struct {
	major, minor, patch int
	text                string
}

// releaseOf reads a tag such as 5.26.12-enterprise. One without a patch stands for the newest that the tests know.
func releaseOf(tag string) (release, error) {
	text, _, _ := strings.Cut(tag, "-")
	newest := map[string]string{"5.26": "5.26.12", "2025.12": "2025.12.1", "2026.02": "2026.02.3", "2026.05": "2026.05.0"}
	if full, found := newest[text]; found {
		text = full
	}
	r := release{text: text}
	var err error
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return r, fmt.Errorf("tag '%s' does not name a release such as 5.26.12", tag)
	}
	for i, into := range []*int{&r.major, &r.minor, &r.patch} {
		if *into, err = strconv.Atoi(parts[i]); err != nil {
			return r, fmt.Errorf("tag '%s' does not name a release such as 5.26.12", tag)
		}
	}
	return r, nil
}

func (r release) atLeast(major, minor, patch int) bool {
	return slices.Compare([]int{r.major, r.minor, r.patch}, []int{major, minor, patch}) >= 0
}

type config struct {
	tag     string
	release release

	set     map[string]string // neo4j.conf
	plugins []string

	misbehave string // from the environment

	data     string
	auth     bool
	password string
	change   bool  // the initial password must be changed
	initial  *user // what neo4j-admin has set instead; nil: nothing

	boltListen, clusterListen                string
	boltAddress, clusterAddress, httpAddress string
	endpoints                                []string
	tls                                      *tls.Config
	fleet                                    fleetForm
	fleetURL                                 string
}

type fleetForm int

const (
	fleetMissing fleetForm = iota
	fleetSandboxed
	fleetThere
)

// entry is the container: its environment, its folders.
type entry struct {
	env  map[string]string
	root string // in front of /conf, /data, /plugins and /logs; empty in a container
	note func(format string, args ...any)
}

func newEntry(environ []string) *entry {
	e := &entry{env: map[string]string{}, note: func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
	}}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		e.env[name] = value
	}
	e.root = e.env["STANDIN_ROOT"]
	return e
}

func (e *entry) path(name string) string { return filepath.Join(e.root, "/", name) }

func (e *entry) config() (*config, error) {
	c := &config{tag: e.env["IMAGE_TAG"], set: map[string]string{}, auth: true, data: e.path("data"),
		misbehave: e.env["STANDIN_MISBEHAVE"]}
	var err error
	if c.release, err = releaseOf(c.tag); err != nil {
		return nil, err
	}
	for _, step := range []func(*config) error{e.secretFiles, e.license, e.folders, e.readConf, e.installPlugins,
		e.envSettings, e.checkSettings, e.addresses, e.tlsPolicy, e.fleetManager, e.initialPassword} {
		if err := step(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (e *entry) secretFiles(*config) error {
	for name, file := range e.env {
		target, found := strings.CutSuffix(name, "_FILE")
		if !found || !strings.HasPrefix(name, "NEO4J_") || file == "" {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("Secret file '%s' of %s is not readable.", file, name)
		}
		e.env[target] = strings.TrimRight(string(data), "\n")
	}
	return nil
}

func (e *entry) license(*config) error {
	switch e.env["NEO4J_ACCEPT_LICENSE_AGREEMENT"] {
	case "yes", "eval":
		return nil
	}
	return fmt.Errorf("To use Neo4j Enterprise Edition you must accept the license agreement: " +
		"set NEO4J_ACCEPT_LICENSE_AGREEMENT to 'yes' (or to 'eval' for an evaluation).")
}

func (e *entry) folders(*config) error {
	names := []string{"data", "logs"}
	if e.env["NEO4J_PLUGINS"] != "" {
		names = append(names, "plugins")
	}
	for _, name := range names {
		probe := filepath.Join(e.path(name), ".writable")
		if err := os.WriteFile(probe, nil, 0o600); err != nil {
			return fmt.Errorf("Folder /%s is not accessible for user '%d': it must be writable. "+
				"Give it to the user, for example by fsGroup 7474.", name, os.Getuid())
		}
		_ = os.Remove(probe)
	}
	return nil
}

func (e *entry) readConf(c *config) error {
	data, err := os.ReadFile(e.path("conf/neo4j.conf"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("neo4j.conf is not readable: %v", err)
	}
	scanner := bufio.NewScanner(bytes.NewReader(data))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !found {
			return fmt.Errorf("Failed to read config neo4j.conf: '%s' is not a setting.", line)
		}
		if _, twice := c.set[name]; twice && name != "server.jvm.additional" && c.release.major > 5 {
			return fmt.Errorf("Failed to read config neo4j.conf: %s declared multiple times.", name)
		}
		c.set[name] = value
	}
	return scanner.Err()
}

// Variables of the entrypoint's own, which are no settings.
var ownVariables = []string{"ACCEPT_LICENSE_AGREEMENT", "AUTH", "AUTH_PATH", "DEBUG", "EDITION", "HOME", "PLUGINS",
	"SHA256", "TARBALL", "DEPRECATION_WARNING"}

func (e *entry) envSettings(c *config) error {
	for name, value := range e.env {
		setting, found := strings.CutPrefix(name, "NEO4J_")
		if !found || value == "" || slices.Contains(ownVariables, setting) || strings.HasSuffix(name, "_FILE") {
			continue
		}
		setting = strings.ReplaceAll(strings.ReplaceAll(setting, "_", "."), "..", "_")
		if setting[0] >= '0' && setting[0] <= '9' {
			e.note("WARNING: %s is not a setting: names cannot start with a digit.", name)
			continue
		}
		if !strings.HasPrefix(setting, "apoc.") {
			c.set[setting] = value
		}
	}
	return nil
}

// Names that a release does not declare, of those that a deployment could set by mistake.
func unknownSetting(r release, name string) bool {
	switch name {
	case "dbms.cluster.endpoints", "dbms.kubernetes.discovery.service_port_name":
		return r.major == 5
	case "dbms.cluster.discovery.version", "dbms.cluster.discovery.endpoints", "dbms.cluster.discovery.v2.endpoints",
		"server.discovery.advertised_address", "server.discovery.listen_address":
		return r.major > 5
	case "dbms.fleet_manager.enabled":
		return !r.atLeast(2025, 11, 0)
	}
	for _, prefix := range []string{"server.", "db.", "dbms.", "initial.", "browser.", "client.", "internal."} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return true
}

func (e *entry) checkSettings(c *config) error {
	for name := range c.set {
		if !unknownSetting(c.release, name) {
			continue
		}
		if c.set["server.config.strict_validation.enabled"] != "false" {
			return fmt.Errorf("Failed to read config neo4j.conf: Unrecognized setting. No declared setting with name: %s. "+
				"(Cause: server.config.strict_validation.enabled is true, and Neo4j %s has no such setting.)", name, c.release.text)
		}
		e.note("Unrecognized setting. No declared setting with name: %s.", name)
		delete(c.set, name)
	}
	return nil
}

func (c *config) get(name, otherwise string) string {
	if value, found := c.set[name]; found {
		return value
	}
	return otherwise
}

func (c *config) number(name string, otherwise int) int {
	if n, err := strconv.Atoi(c.set[name]); err == nil {
		return n
	}
	return otherwise
}

func (c *config) list(name string) []string {
	var list []string
	for _, one := range strings.Split(c.set[name], ",") {
		if one = strings.TrimSpace(one); one != "" {
			list = append(list, one)
		}
	}
	return list
}

// withPort completes "host" and ":port" of a setting.
func withPort(text, host, port string) string {
	if h, p, err := net.SplitHostPort(text); err == nil {
		if h == "" {
			h = host
		}
		return net.JoinHostPort(h, p)
	}
	if text == "" {
		text = host
	}
	return net.JoinHostPort(text, port)
}

func portOf(address, otherwise string) string {
	if _, port, err := net.SplitHostPort(address); err == nil {
		return port
	}
	return otherwise
}

func (e *entry) addresses(c *config) error {
	hostname, _ := os.Hostname()
	listen := c.get("server.default_listen_address", "0.0.0.0")
	advertised := c.get("server.default_advertised_address", hostname)
	c.boltListen = withPort(c.set["server.bolt.listen_address"], listen, "7687")
	c.clusterListen = withPort(c.set["server.cluster.listen_address"], listen, "6000")
	c.boltAddress = withPort(c.set["server.bolt.advertised_address"], advertised, portOf(c.boltListen, "7687"))
	c.clusterAddress = withPort(c.set["server.cluster.advertised_address"], advertised, portOf(c.clusterListen, "6000"))
	c.httpAddress = withPort(c.set["server.http.advertised_address"], advertised, "7474")
	c.endpoints = c.list("dbms.cluster.endpoints")
	if c.release.major == 5 {
		c.endpoints = c.list("dbms.cluster.discovery.v2.endpoints")
	}
	return nil
}

func (e *entry) tlsPolicy(c *config) error {
	if c.set["dbms.ssl.policy.bolt.enabled"] != "true" {
		if c.get("server.bolt.tls_level", "DISABLED") != "DISABLED" {
			return fmt.Errorf("server.bolt.tls_level is %s, and dbms.ssl.policy.bolt.enabled is not true.",
				c.set["server.bolt.tls_level"])
		}
		return nil
	}
	base := c.get("dbms.ssl.policy.bolt.base_directory", "certificates/bolt")
	if !filepath.IsAbs(base) {
		base = filepath.Join("/var/lib/neo4j", base)
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(base, c.get("dbms.ssl.policy.bolt.public_certificate", "public.crt")),
		filepath.Join(base, c.get("dbms.ssl.policy.bolt.private_key", "private.key")))
	if err != nil {
		return fmt.Errorf("Error loading public certificate or private key of SSL policy 'bolt': %v", err)
	}
	if c.get("server.bolt.tls_level", "DISABLED") != "DISABLED" {
		c.tls = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	return nil
}

func (e *entry) initialPassword(c *config) error {
	auth := e.env["NEO4J_AUTH"]
	if file := e.env["NEO4J_AUTH_PATH"]; file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("NEO4J_AUTH_PATH: '%s' is not readable.", file)
		}
		auth = strings.TrimRight(string(data), "\n")
	}
	c.auth = c.get("dbms.security.auth_enabled", "true") == "true" && auth != "none"
	if auth == "" {
		if err := readJSON(e.path("data/"+initialFile), &c.initial); err != nil {
			return err
		}
	}
	if auth == "none" || auth == "" {
		c.password, c.change = defaultName, true
		return nil
	}
	name, password, found := strings.Cut(auth, "/")
	if !found {
		return fmt.Errorf("Invalid value for NEO4J_AUTH; it must be 'none' or 'neo4j/<password>'.")
	}
	password, c.change = strings.CutSuffix(password, "/true")
	c.password = password
	least := c.number("dbms.security.auth_minimum_password_length", 8)
	switch {
	case name != defaultName:
		return fmt.Errorf("Invalid admin username, it must be neo4j.")
	case password == "":
		return fmt.Errorf("Invalid value for NEO4J_AUTH; the password is empty.")
	case password == defaultName:
		return fmt.Errorf("Invalid value for password. It cannot be 'neo4j', which is the default.")
	case strings.Contains(password, "/"):
		return fmt.Errorf("Invalid value for password. It cannot contain '/'.")
	case len([]rune(password)) < least:
		return fmt.Errorf("A password must be at least %d characters.", least)
	case password[0] == '-':
		return fmt.Errorf("The initial password was refused: unknown option.")
	}
	return nil
}
