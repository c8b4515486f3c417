// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// NEO4J_PLUGINS and where the Fleet Manager comes from.

type pluginRow struct {
	name         string
	bundled      func(r release) bool
	unrestricted string
	allowlist    string
	more         [][2]string
}

func always(release) bool { return true }
func never(release) bool  { return false }

func fleetBundled(r release) bool {
	if r.major == 5 {
		return r.atLeast(5, 26, 12)
	}
	return r.atLeast(2025, 8, 0) && !r.atLeast(2026, 2, 3)
}

func knownPlugins(r release) []pluginRow {
	rows := []pluginRow{
		{"apoc", always, "apoc.*", "", nil},
		{"apoc-extended", never, "apoc.*", "", nil},
		{"bloom", always, "bloom.*", "", [][2]string{{"server.unmanaged_extension_classes", "com.neo4j.bloom.server=/browser/bloom"},
			{"dbms.bloom.license_file", "/licenses/bloom.license"}}},
		{"fleet-management", fleetBundled, "fleetManagement.*", "fleetManagement.*", nil},
		{"genai", always, "genai.*", "", nil},
		{"graph-data-science", always, "gds.*", "", nil},
	}
	if r.major == 5 {
		rows = append(rows, pluginRow{"n10s", never, "semantics.*", "", nil})
	}
	return rows
}

func (e *entry) installPlugins(c *config) error {
	text := e.env["NEO4J_PLUGINS"]
	if text == "" {
		return nil
	}
	var list []string
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return fmt.Errorf("NEO4J_PLUGINS must be a JSON list of names, for example [\"apoc\"]; it is: %s", text)
	}
	rows := knownPlugins(c.release)
	choices := make([]string, len(rows))
	for i, row := range rows {
		choices[i] = row.name
	}
	byPlugins := map[string]bool{}
	for _, name := range list {
		at := slices.Index(choices, name)
		if at < 0 {
			return fmt.Errorf("'%s' is not a known Neo4j plugin. Choose among: %s", name, strings.Join(choices, " "))
		}
		if err := e.installPlugin(c, rows[at], byPlugins); err != nil {
			return err
		}
	}
	return nil
}

func (e *entry) installPlugin(c *config, row pluginRow, byPlugins map[string]bool) error {
	if !row.bundled(c.release) {
		e.note("Plugin '%s' is not bundled with Neo4j %s and could not be downloaded; starting without it.", row.name,
			c.release.text)
		return nil
	}
	jar := filepath.Join(e.path("plugins"), row.name+".jar")
	if err := os.WriteFile(jar, []byte("stand-in for plugin "+row.name+"\n"), 0o644); err != nil {
		return fmt.Errorf("The plugin '%s' could not be copied to /plugins.", row.name)
	}
	c.plugins = append(c.plugins, row.name)
	settings := append([][2]string{{"dbms.security.procedures.unrestricted", row.unrestricted}}, row.more...)
	if row.allowlist != "" {
		settings = append(settings, [2]string{"dbms.security.procedures.allowlist", row.allowlist})
	}
	for _, one := range settings {
		e.pluginSetting(c, one[0], one[1], byPlugins)
	}
	return nil
}

// A setting that somebody made before stays; those of several plugins are joined.
func (e *entry) pluginSetting(c *config, name, value string, byPlugins map[string]bool) {
	old, there := c.set[name]
	switch {
	case byPlugins[name]:
		value += "," + old
	case there:
		e.note("%s is set already in neo4j.conf; the plugin's '%s' is not added. Add it there if it is needed.", name, value)
		return
	}
	c.set[name] = value
	byPlugins[name] = true
}

// covers matches whole names, '*' being a wildcard.
func covers(list []string, name string) bool {
	return slices.ContainsFunc(list, func(pattern string) bool {
		matched, err := filepath.Match(pattern, name)
		return err == nil && matched
	})
}

func (e *entry) fleetManager(c *config) error {
	c.fleetURL = c.get("internal.dbms.fleet_manager.base_url", e.env["FLEET_MANAGEMENT_API_BASE_URL"])
	builtIn := c.release.atLeast(2025, 11, 0) && c.get("dbms.fleet_manager.enabled",
		fmt.Sprint(c.release.atLeast(2026, 3, 0))) == "true"
	allow := c.list("dbms.security.procedures.allowlist")
	if _, set := c.set["dbms.security.procedures.allowlist"]; !set {
		allow = []string{"*"}
	}
	_, err := os.Stat(filepath.Join(e.path("plugins"), "fleet-management.jar"))
	jar := err == nil && covers(allow, "fleetManagement.registerToken")
	switch {
	case jar && builtIn:
		return fmt.Errorf("Failed to start Neo4j: Unable to register procedure, because the name `fleetManagement.disable` is " +
			"already in use: the server has the Fleet Manager built in, and /plugins holds fleet-management.jar.")
	case jar && !covers(c.list("dbms.security.procedures.unrestricted"), "fleetManagement.registerToken"):
		c.fleet = fleetSandboxed
	case jar || builtIn:
		c.fleet = fleetThere
	}
	return nil
}
