// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"
)

// The Fleet Manager: its procedures, and each server's own connection to the service.

const rotating = "ROTATING"

// The answers of the service that concern the token.
const (
	codeRotationDue = 1000
	codeExpired     = 1001
	codeRevoked     = 1002
	codeDenied      = 1003
)

type fleetToken struct {
	Project string `json:"project_id"`
	Private string `json:"private_key"`
	Kid     string `json:"kid"`
	Expiry  string `json:"expiry_time"`
	key     *ecdsa.PrivateKey
}

// parseToken reads standard base64 of a JSON object; errors do not quote what is in it.
func parseToken(text string) (*fleetToken, error) {
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, errors.New("the token is not valid Base64")
	}
	var t fleetToken
	if json.Unmarshal(data, &t) != nil {
		return nil, errors.New("the token is not a JSON object")
	}
	if t.Project == "" || t.Private == "" || t.Kid == "" || t.Expiry == "" {
		return nil, errors.New("the token lacks one of project_id, private_key, kid, expiry_time")
	}
	der, err := base64.StdEncoding.DecodeString(t.Private)
	if err != nil {
		return nil, errors.New("the token's private key is not valid Base64")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	key, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("the token's private key is not an EC key on P-256")
	}
	t.key = key
	return &t, nil
}

// jwt is what the server shows the service, good for an hour.
func (t *fleetToken) jwt(dbms string, now time.Time) (string, error) {
	part := func(v any) string {
		data, _ := json.Marshal(v) // maps of strings and numbers
		return base64.RawURLEncoding.EncodeToString(data)
	}
	input := part(map[string]any{"alg": "ES256", "typ": "JWT", "kid": t.Kid}) + "." + part(map[string]any{
		"iss": "plugin", "sub": "plugin", "aud": "fleet-management-api", "project_id": t.Project, "dbms_id": dbms,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "jti": newUUID()})
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, t.key, sum[:])
	if err != nil {
		return "", err
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return input + "." + base64.RawURLEncoding.EncodeToString(signature[:]), nil
}

type fleet struct {
	in     *instance
	client *http.Client

	mu        sync.Mutex
	token     string // the one connected with, or that connecting failed with
	connected bool
	problem   string
	retry     time.Time
	due       map[string]time.Time     // reports, by endpoint
	periods   map[string]time.Duration // by task
}

func newFleet(in *instance) *fleet {
	return &fleet{in: in, client: &http.Client{Timeout: 10 * time.Second}}
}

func (f *fleet) stored() *string {
	var token *string
	f.in.sys.view(func() { token = f.in.sys.Token })
	return token
}

func (f *fleet) run(ctx context.Context) {
	if f.in.c.fleet != fleetThere {
		return
	}
	every(ctx, time.Second, f.step)
}

// step looks at the stored token and does what is due.
func (f *fleet) step() {
	token := f.stored()
	f.mu.Lock()
	if token == nil {
		f.token, f.connected, f.problem = "", false, ""
		f.mu.Unlock()
		return
	}
	if *token != f.token && *token != rotating {
		f.token, f.connected, f.problem, f.retry = *token, false, "", time.Time{}
	}
	connected, mine, wait := f.connected, f.token, time.Now().Before(f.retry)
	f.mu.Unlock()
	switch {
	case mine == "" || wait:
	case !connected:
		f.connect(mine)
	default:
		f.report(mine)
	}
}

func (f *fleet) connect(text string) {
	var answer struct {
		Intervals map[string]string `json:"reporting_intervals"`
		New       string            `json:"new_token"`
	}
	err := f.post(text, "connect", map[string]any{
		"name": f.in.c.boltAddress, "server_id": f.in.id, "dbms_id": f.in.formed(), "server_version": f.in.c.release.text,
		"plugin_version": "stand-in", "build_profile": "test"}, &answer)
	if err == nil && answer.New != "" {
		f.replace(&answer.New)
		return
	}
	periods := map[string]time.Duration{}
	for task, interval := range answer.Intervals {
		if d, ok := isoDuration(interval); ok {
			periods[task] = d
		}
	}
	if err == nil && len(periods) == 0 {
		err = errors.New("the service gave no reporting intervals")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.token != text {
		return
	}
	if err != nil {
		if f.problem == "" {
			log.Printf("fleet manager: %v", err)
		}
		f.problem, f.retry = err.Error(), time.Now().Add(3*time.Second)
		return
	}
	log.Printf("fleet manager: connected")
	f.connected, f.problem, f.periods, f.due = true, "", periods, map[string]time.Time{}
}

// report posts what is due; an answer that ends the token ends the connection.
func (f *fleet) report(text string) {
	for endpoint, task := range map[string]string{"ping": "PING", "report": "TOPOLOGY", "metrics": "METRICS"} {
		f.mu.Lock()
		period := f.periods[task]
		due := period > 0 && time.Now().After(f.due[endpoint])
		if due {
			f.due[endpoint] = time.Now().Add(period)
		}
		f.mu.Unlock()
		if !due {
			continue
		}
		body := map[string]any{}
		if endpoint == "report" {
			body = f.topology()
		}
		if err := f.post(text, endpoint, body, nil); err != nil {
			f.mu.Lock()
			f.connected, f.problem = false, err.Error()
			f.mu.Unlock()
			log.Printf("fleet manager: %v", err)
			return
		}
	}
}

func (f *fleet) topology() map[string]any {
	var servers []any
	var databases []string
	f.in.sys.view(func() {
		for _, one := range f.in.sys.sorted() {
			servers = append(servers, map[string]any{"serverId": one.ID, "address": one.Bolt})
		}
		databases = append(slices.Sorted(maps.Keys(f.in.sys.Databases)), systemName)
	})
	return map[string]any{"dbms": map[string]any{"serverId": f.in.id, "databases": databases, "servers": servers}}
}

// post sends one message; what the service says about the token is done at once.
func (f *fleet) post(text, endpoint string, body, into any) error {
	token, err := parseToken(text)
	if err != nil {
		return err
	}
	bearer, err := token.jwt(f.in.formed(), time.Now())
	if err != nil {
		return err
	}
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(f.in.ctx, http.MethodPost, f.in.c.fleetURL+"/plugin/"+endpoint, bytes.NewReader(data))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Content-Type", "application/json")
	res, err := f.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	if res.StatusCode == http.StatusOK {
		if into == nil {
			return nil
		}
		return json.Unmarshal(answer, into)
	}
	return f.refused(endpoint, res.StatusCode, answer)
}

func (f *fleet) refused(endpoint string, status int, answer []byte) error {
	var said struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	_ = json.Unmarshal(answer, &said)
	switch said.Code {
	case codeRotationDue:
		marker := rotating
		f.replace(&marker)
	case codeExpired, codeRevoked, codeDenied:
		f.replace(nil)
	}
	return fmt.Errorf("%s was answered with %d %s", endpoint, status, said.Message)
}

// replace stores another token, or none, unless somebody has already.
func (f *fleet) replace(token *string) {
	f.mu.Lock()
	old := f.token
	f.mu.Unlock()
	if now := f.stored(); now != nil && *now == rotating {
		old = rotating
	}
	f.in.try(operation{Kind: "token", Old: &old, Token: token})
}

var isoPattern = regexp.MustCompile(`^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$`)

// isoDuration reads PT1H2M3S.
func isoDuration(text string) (time.Duration, bool) {
	m := isoPattern.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	total := 0
	for i, scale := range []int{3600, 60, 1} {
		n, _ := strconv.Atoi(m[i+1]) // empty is zero
		total += n * scale
	}
	return time.Duration(total) * time.Second, total > 0
}

// ---- procedures -----------------------------------------------------------------------------------

func fleetProcedures() map[string]*procedure {
	result := []string{"result"}
	return map[string]*procedure{
		"fleetManagement.registerToken": {"Registers the token.", "DBMS", result, []string{"token"}, 1, registerToken},
		"fleetManagement.inspectToken": {"Looks into a token.", "DBMS", []string{"projectId", "tokenExpires", "errorMessage"},
			[]string{"token"}, 0, inspectToken},
		"fleetManagement.disable": {"Forgets the token.", "DBMS", result, nil, 0, disableFleet},
		"fleetManagement.status":  {"Tells the state.", "READ", []string{"active", "connected", "statusMessage"}, nil, 0, fleetStatus},
		"fleetManagement.restart": {"Connects anew.", "DBMS", result, nil, 0, restartFleet},
	}
}

func onSystem(x *execution, name string) *failure {
	if x.db == systemName {
		return nil
	}
	return failf("ClientError.Procedure.ProcedureCallFailed", "Failed to invoke procedure `%s`: Caused by: "+
		"java.lang.IllegalStateException: This procedure can only be run on the system database", name)
}

func registerToken(x *execution, args []any) ([][]any, *failure) {
	if f := onSystem(x, "fleetManagement.registerToken"); f != nil {
		return nil, f
	}
	const failed = "An error occurred while registering the token: "
	if x.in.bad.has("error-row") {
		return [][]any{{failed + "the service is not available"}}, nil
	}
	text, _ := args[0].(string)
	if text == "" {
		return [][]any{{failed + "Token cannot be null or empty"}}, nil
	}
	// As the product does: stored first, read after.
	if f := x.operate(operation{Kind: "token", Token: &text}); f != nil {
		return nil, f
	}
	x.in.counts.add("token stored")
	if x.in.bad.has("register-then-drop") {
		x.dropped = true
		return nil, nil
	}
	token, err := parseToken(text)
	if err != nil {
		return [][]any{{failed + err.Error()}}, nil
	}
	return [][]any{{"Token registered successfully to monitor this deployment for Project with ID: `" + token.Project + "`"}}, nil
}

func inspectToken(x *execution, args []any) ([][]any, *failure) {
	text := ""
	if len(args) > 0 {
		text, _ = args[0].(string)
	}
	if text == "" {
		if f := onSystem(x, "fleetManagement.inspectToken"); f != nil {
			return nil, f
		}
		stored := x.in.fleet.stored()
		if stored == nil {
			return [][]any{{nil, nil, "No token is registered"}}, nil
		}
		text = *stored
	}
	token, err := parseToken(text)
	if err != nil {
		return [][]any{{nil, nil, err.Error()}}, nil
	}
	expires, err := time.Parse(time.RFC3339, token.Expiry)
	if err != nil {
		return nil, failf("ClientError.Procedure.ProcedureCallFailed", "Failed to invoke procedure `fleetManagement.inspectToken`: "+
			"Caused by: java.time.format.DateTimeParseException: Text could not be parsed")
	}
	return [][]any{{token.Project, expires.UTC().Format(time.RFC3339), nil}}, nil
}

func disableFleet(x *execution, _ []any) ([][]any, *failure) {
	if f := onSystem(x, "fleetManagement.disable"); f != nil {
		return nil, f
	}
	if f := x.operate(operation{Kind: "token"}); f != nil {
		return nil, f
	}
	return [][]any{{"Fleet Manager has been disabled"}}, nil
}

func fleetStatus(x *execution, _ []any) ([][]any, *failure) {
	f := x.in.fleet
	if x.db != systemName || f.stored() == nil {
		return [][]any{{false, false, "Fleet Manager is disabled. Use the procedure fleetManagement.registerToken to get started."}}, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.connected:
		return [][]any{{true, true, "Fleet Manager is active and connected."}}, nil
	case f.problem != "":
		return [][]any{{true, false, "Fleet Manager is active but not connected: " + f.problem}}, nil
	}
	return [][]any{{true, false, "Fleet Manager is active but not connected."}}, nil
}

func restartFleet(x *execution, _ []any) ([][]any, *failure) {
	f := x.in.fleet
	if f.stored() == nil {
		return [][]any{{"Fleet Manager has no token and was not restarted"}}, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.connected, f.retry = false, time.Time{}
	return [][]any{{"Fleet Manager has been restarted"}}, nil
}
