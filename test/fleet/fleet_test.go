// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// plugin plays a server: it reads a token and signs calls with it.
type plugin struct {
	t   *testing.T
	url string
	kid string
	key *ecdsa.PrivateKey
	// What it claims; tests bend these.
	header map[string]any
	claims map[string]any
}

func newPlugin(t *testing.T, url, token string) *plugin {
	t.Helper()
	data, err := base64.StdEncoding.Strict().DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	var parts map[string]string
	if err := json.Unmarshal(data, &parts); err != nil {
		t.Fatal(err)
	}
	der, err := base64.StdEncoding.DecodeString(parts["private_key"])
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse(time.RFC3339, parts["expiry_time"]); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	return &plugin{t, url, parts["kid"], key.(*ecdsa.PrivateKey),
		map[string]any{"alg": "ES256", "typ": "JWT", "kid": parts["kid"]},
		map[string]any{"iss": "plugin", "sub": "plugin", "aud": "fleet-management-api",
			"project_id": parts["project_id"], "dbms_id": "dbms-1",
			"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "jti": "1"}}
}

func (p *plugin) jwt() string {
	part := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			p.t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	input := part(p.header) + "." + part(p.claims)
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, sum[:])
	if err != nil {
		p.t.Fatal(err)
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return input + "." + base64.RawURLEncoding.EncodeToString(signature[:])
}

func (p *plugin) post(endpoint string, body []byte) (int, map[string]any) {
	p.t.Helper()
	req, err := http.NewRequest(http.MethodPost, p.url+"/api/v1/plugin/"+endpoint, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.jwt())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, answer
}

func (p *plugin) call(endpoint string) (int, map[string]any) {
	p.t.Helper()
	return p.post(endpoint, []byte(`{"name":"s","server_id":"server-1","dbms_id":"dbms-1",`+
		`"server_version":"2026.05.0","plugin_version":"built-in","unknown":{}}`))
}

func (p *plugin) expect(endpoint string, status, code int) map[string]any {
	p.t.Helper()
	got, answer := p.call(endpoint)
	gotCode, _ := answer["code"].(float64)
	if got != status || int(gotCode) != code {
		p.t.Fatalf("%s: got %d %v, want status %d code %d", endpoint, got, answer, status, code)
	}
	return answer
}

func startService(t *testing.T, dir string) (*store, string) {
	t.Helper()
	s, err := newStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer((&service{s, "PT10S"}).handler())
	t.Cleanup(server.Close)
	return s, server.URL
}

func mintAt(t *testing.T, url string, more ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(append([]string{"mint", "--project", "p-1", "--server", url}, more...), &out); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

func TestConnectIsListed(t *testing.T) {
	_, url := startService(t, "")
	p := newPlugin(t, url, mintAt(t, url))
	answer := p.expect("connect", 200, 0)
	intervals, _ := answer["reporting_intervals"].(map[string]any)
	if intervals["PING"] != "PT10S" || len(intervals) != 6 || answer["new_token"] != nil {
		t.Fatalf("answer: %v", answer)
	}
	p.expect("report", 200, 0)
	status, _ := p.post("report", []byte(`{"dbms":{"serverId":"server-1","databases":["neo4j","system"],`+
		`"servers":[{"serverId":"server-1","address":"a:7687"}]}}`))
	if status != 200 {
		t.Fatalf("report: %d", status)
	}
	if got := p.expect("ping", 200, 0); len(got) != 0 {
		t.Fatalf("ping must answer an empty object, got %v", got)
	}
	var out bytes.Buffer
	if err := run([]string{"list", "--json", "--server", url}, &out); err != nil {
		t.Fatal(err)
	}
	var list []deployment
	if err := json.Unmarshal(out.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].Project != "p-1" || list[0].DbmsID != "dbms-1" || list[0].ServerID != "server-1" ||
		list[0].Kid != p.kid || list[0].Counts["report"] != 2 || list[0].Counts["connect"] != 1 ||
		list[0].LastReport == nil || list[0].Address != "a:7687" || len(list[0].Databases) != 2 {
		t.Fatalf("list: %s", out.String())
	}
	out.Reset()
	if err := run([]string{"list", "--server", url}, &out); err != nil || !strings.Contains(out.String(), "p-1") {
		t.Fatalf("table: %v %s", err, out.String())
	}
}

func TestRefusedSignatures(t *testing.T) {
	s, url := startService(t, "")
	token := mintAt(t, url)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name         string
		bend         func(p *plugin)
		status, code int
	}{
		{"another key", func(p *plugin) { p.key = other }, 401, 0},
		{"unknown kid", func(p *plugin) { p.header["kid"] = "nobody" }, 403, codeDenied},
		{"expired jwt", func(p *plugin) { p.claims["exp"] = time.Now().Add(-time.Second).Unix() }, 401, 0},
		{"no expiry", func(p *plugin) { delete(p.claims, "exp") }, 401, 0},
		{"from the future", func(p *plugin) { p.claims["iat"] = time.Now().Add(time.Hour).Unix() }, 401, 0},
		{"wrong audience", func(p *plugin) { p.claims["aud"] = "other" }, 401, 0},
		{"wrong issuer", func(p *plugin) { p.claims["iss"] = "other" }, 401, 0},
		{"wrong project", func(p *plugin) { p.claims["project_id"] = "p-2" }, 401, 0},
		{"no dbms", func(p *plugin) { delete(p.claims, "dbms_id") }, 401, 0},
		{"no algorithm", func(p *plugin) { p.header["alg"] = "none" }, 401, 0},
		{"another algorithm", func(p *plugin) { p.header["alg"] = "HS256" }, 401, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := newPlugin(t, url, token)
			c.bend(p)
			p.t = t
			p.expect("connect", c.status, c.code)
		})
	}
	if list := s.listDeployments(); len(list) != 0 {
		t.Fatalf("a refused server was listed: %v", list)
	}
	p := newPlugin(t, url, token)
	p.claims["aud"] = []string{"x", "fleet-management-api"}
	p.expect("connect", 200, 0)
}

func TestSignedDbmsMustMatchTheBody(t *testing.T) {
	_, url := startService(t, "")
	p := newPlugin(t, url, mintAt(t, url))
	p.claims["dbms_id"] = "dbms-2"
	p.expect("connect", 400, 0)
}

func TestNoBearer(t *testing.T) {
	_, url := startService(t, "")
	res, err := http.Post(url+"/api/v1/plugin/connect", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 401 {
		t.Fatalf("status %d", res.StatusCode)
	}
}

func TestBodyLimit(t *testing.T) {
	_, url := startService(t, "")
	p := newPlugin(t, url, mintAt(t, url))
	p.expect("connect", 200, 0)
	if status, _ := p.post("report", bytes.Repeat([]byte(" "), maxPluginBody+1)); status != 413 {
		t.Fatalf("status %d", status)
	}
	if status, _ := p.post("report", []byte("not json")); status != 400 {
		t.Fatalf("status %d", status)
	}
	res, err := http.Post(url+"/admin/keys", "application/json",
		strings.NewReader(`{"kid":"`+strings.Repeat("x", maxAdminBody)+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 413 {
		t.Fatalf("admin status %d", res.StatusCode)
	}
}

func TestTokenEnds(t *testing.T) {
	_, url := startService(t, "")
	past := newPlugin(t, url, mintAt(t, url, "--expires", "-1h"))
	past.expect("connect", 403, codeExpired)
	dated := newPlugin(t, url, mintAt(t, url, "--expires", "2020-01-01T00:00:00Z"))
	dated.expect("connect", 403, codeExpired)
	for action, code := range map[string]int{"expire": codeExpired, "revoke": codeRevoked, "deny": codeDenied} {
		p := newPlugin(t, url, mintAt(t, url))
		p.expect("connect", 200, 0)
		if err := run([]string{action, p.kid, "--server", url}, new(bytes.Buffer)); err != nil {
			t.Fatal(err)
		}
		p.expect("ping", 403, code)
		p.expect("connect", 403, code)
		if err := run([]string{"accept", p.kid, "--server", url}, new(bytes.Buffer)); err != nil {
			t.Fatal(err)
		}
		p.expect("connect", 200, 0)
	}
	if err := run([]string{"revoke", "nobody", "--server", url}, new(bytes.Buffer)); err == nil {
		t.Fatal("revoking an unknown token succeeded")
	}
}

func TestRotation(t *testing.T) {
	_, url := startService(t, "")
	p := newPlugin(t, url, mintAt(t, url))
	p.expect("connect", 200, 0)
	if err := run([]string{"rotate", p.kid, "--server", url}, new(bytes.Buffer)); err != nil {
		t.Fatal(err)
	}
	p.expect("ping", 403, codeRotationDue)
	p.expect("report", 403, codeRotationDue)
	first, _ := p.expect("connect", 200, 0)["new_token"].(string)
	again, _ := p.expect("connect", 200, 0)["new_token"].(string)
	if first == "" || again != first {
		t.Fatal("a lost answer must be given again")
	}
	next := newPlugin(t, url, first)
	if next.kid == p.kid {
		t.Fatal("the new token has the old kid")
	}
	next.expect("connect", 200, 0)
	next.expect("ping", 200, 0)
	p.expect("connect", 403, codeRevoked)
	var out bytes.Buffer
	if err := run([]string{"keys", "--server", url}, &out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), first) || !strings.Contains(out.String(), `"successor": "`+next.kid) {
		t.Fatalf("keys: %s", out.String())
	}
}

func TestStateSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	s, url := startService(t, dir)
	token := mintAt(t, url)
	p := newPlugin(t, url, token)
	p.expect("connect", 200, 0)
	if err := s.setState(p.kid, stateRevoked); err != nil {
		t.Fatal(err)
	}
	again, url := startService(t, dir)
	p.url = url
	p.expect("connect", 403, codeRevoked)
	if list := again.listDeployments(); len(list) != 1 || list[0].DbmsID != "dbms-1" {
		t.Fatalf("deployments: %v", list)
	}
	data, err := os.ReadFile(filepath.Join(dir, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte(base64.StdEncoding.EncodeToString(private))) || bytes.Contains(data, []byte(token)) {
		t.Fatal("the private key was written")
	}
}

func TestMintWithoutService(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "token")
	var out bytes.Buffer
	if err := run([]string{"mint", "--out", file, "--state-dir", dir}, &out); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if out.Len() != 0 || info.Mode().Perm() != 0o600 {
		t.Fatalf("printed %d bytes, mode %v", out.Len(), info.Mode())
	}
	token, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, url := startService(t, dir)
	newPlugin(t, url, string(token)).expect("connect", 200, 0)
	out.Reset()
	if err := run([]string{"mint", "--unregistered"}, &out); err != nil {
		t.Fatal(err)
	}
	newPlugin(t, url, strings.TrimSpace(out.String())).expect("connect", 403, codeDenied)
	if err := run([]string{"mint", "--unregistered", "--expires", "soon"}, &out); err == nil {
		t.Fatal("a bad expiry was taken")
	}
}
