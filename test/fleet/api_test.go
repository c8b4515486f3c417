// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

type apiUser struct {
	t      *testing.T
	url    string
	now    *time.Time
	bearer string
}

const apiRoot = "/v2beta1/organizations/o/projects/p/fleet-manager/deployments"

func newAPIUser(t *testing.T) *apiUser {
	t.Helper()
	store, err := newStore("")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	store.now = func() time.Time { return now }
	server := httptest.NewServer((&service{store, "PT10S"}).handler())
	t.Cleanup(server.Close)
	u := &apiUser{t: t, url: server.URL, now: &now}
	u.admin("clients", `{"id":"c","secret":"s","organization":"o","project":"p","quota":2}`)
	u.login(200, "c", "s")
	return u
}

func (u *apiUser) do(method, path, body, auth string) (int, map[string]any, http.Header) {
	u.t.Helper()
	req, err := http.NewRequest(method, u.url+path, strings.NewReader(body))
	if err != nil {
		u.t.Fatal(err)
	}
	if auth != "" {
		req.Header.Set("Authorization", auth)
	}
	if path == "/oauth/token" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, nil
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil, nil
	}
	var parsed map[string]any
	_ = json.Unmarshal(data, &parsed)
	return res.StatusCode, parsed, res.Header
}

func (u *apiUser) admin(what, body string) {
	u.t.Helper()
	if status, _, _ := u.do("POST", "/admin/aura/"+what, body, ""); status != 200 {
		u.t.Fatalf("%s: %d", what, status)
	}
}

func (u *apiUser) login(want int, id, secret string) {
	u.t.Helper()
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
	status, body, _ := u.do("POST", "/oauth/token", "grant_type=client_credentials", basic)
	if status != want {
		u.t.Fatalf("login: %d", status)
	}
	if want == 200 {
		u.bearer, _ = body["access_token"].(string)
	}
}

func (u *apiUser) call(want int, method, path, body string) map[string]any {
	u.t.Helper()
	status, parsed, header := u.do(method, path, body, "Bearer "+u.bearer)
	if status != want {
		u.t.Fatalf("%s %s: %d %v, want %d", method, path, status, parsed, want)
	}
	if status != 0 && header.Get("X-Request-Id") == "" {
		u.t.Fatal("no request id")
	}
	return parsed
}

func (u *apiUser) make(name string) string {
	u.t.Helper()
	data, _ := u.call(200, "POST", apiRoot, `{"name":"`+name+`","connection_url":"neo4j://h","unknown":1}`)["data"].(map[string]any)
	return data["id"].(string)
}

func (u *apiUser) sights() []apiSight {
	u.t.Helper()
	res, err := http.Get(u.url + "/admin/aura/deployments")
	if err != nil {
		u.t.Fatal(err)
	}
	defer res.Body.Close()
	var found []apiSight
	if err := json.NewDecoder(res.Body).Decode(&found); err != nil {
		u.t.Fatal(err)
	}
	return found
}

func TestAPITokens(t *testing.T) {
	u := newAPIUser(t)
	path := apiRoot + "/" + u.make("n") + "/token"
	u.call(500, "PATCH", path, "{}")
	u.call(500, "DELETE", path, "")
	data, _ := u.call(200, "POST", path, "{}")["data"].(map[string]any)
	if token, _ := data["token"].(string); token == "" {
		t.Fatal("no token")
	} else if parsed := newPlugin(t, u.url, token); parsed.kid != u.sights()[0].Kids[0] {
		t.Fatal("another token")
	}
	u.call(500, "POST", path, "{}")
	u.call(200, "PATCH", path, "{}")
	if seen := u.sights()[0]; len(seen.Kids) != 2 || seen.LiveTokens != 1 {
		t.Fatalf("%+v", seen)
	}
	u.call(204, "DELETE", path, "")
	u.call(200, "POST", path, "{}")
}

func TestAPIDeployments(t *testing.T) {
	u := newAPIUser(t)
	first := u.make("n")
	u.call(409, "POST", apiRoot, `{"name":"n"}`)
	u.call(400, "POST", apiRoot, `{"name":"`+strings.Repeat("n", 31)+`"}`)
	second := u.make("m")
	if body := u.call(400, "POST", apiRoot, `{"name":"l"}`); body["reason"] != "quota-exceeded" {
		t.Fatal(body)
	}
	list, _ := u.call(200, "GET", apiRoot, "")["data"].([]any)
	if len(list) != 2 {
		t.Fatal(list)
	}
	u.call(204, "DELETE", apiRoot+"/"+first, "")
	u.call(403, "GET", apiRoot+"/"+first, "")
	shown, _ := u.call(200, "GET", apiRoot+"/"+second, "")["data"].(map[string]any)
	if shown["name"] != "m" || shown["token"] != nil {
		t.Fatal(shown)
	}
}

func TestAPIAccess(t *testing.T) {
	u := newAPIUser(t)
	u.login(401, "c", "wrong")
	u.login(401, "nobody", "s")
	u.call(403, "GET", strings.Replace(apiRoot, "/p/", "/q/", 1), "")
	*u.now = u.now.Add(time.Hour)
	u.call(403, "GET", apiRoot, "")
	u.login(200, "c", "s")
	u.call(200, "GET", apiRoot, "")
	u.bearer = "another"
	u.call(403, "GET", apiRoot, "")
}

func TestAPILimit(t *testing.T) {
	u := newAPIUser(t)
	for range callsAMinute - 1 { // one was the login
		u.call(200, "GET", apiRoot, "")
	}
	status, _, header := u.do("GET", apiRoot, "", "Bearer "+u.bearer)
	if status != 429 || header.Get("Retry-After") == "" {
		t.Fatal(status, header)
	}
	*u.now = u.now.Add(time.Minute)
	u.call(200, "GET", apiRoot, "")
	if status, body, _ := u.do("GET", "/admin/aura/calls", "", ""); status != 200 || body["most_in_a_minute"] != float64(callsAMinute+1) {
		t.Fatal(status, body["most_in_a_minute"])
	}
}

func TestAPIFaults(t *testing.T) {
	u := newAPIUser(t)
	u.admin("faults", `{"method":"POST","suffix":"/deployments","kind":"lost"}`)
	u.call(0, "POST", apiRoot, `{"name":"n"}`)
	if len(u.sights()) != 1 {
		t.Fatal("the lost call was not carried out")
	}
	u.admin("faults", `{"suffix":"/deployments","kind":"status","status":503,"times":2}`)
	u.call(503, "GET", apiRoot, "")
	u.call(503, "GET", apiRoot, "")
	u.admin("faults", `{"suffix":"/deployments","kind":"broken"}`)
	u.call(0, "GET", apiRoot, "")
	u.admin("faults", `{"suffix":"/deployments","kind":"garbage"}`)
	if body := u.call(200, "GET", apiRoot, ""); body != nil {
		t.Fatal(body)
	}
	u.admin("faults", `{"suffix":"/deployments","kind":"expire"}`)
	u.call(403, "GET", apiRoot, "")
}
