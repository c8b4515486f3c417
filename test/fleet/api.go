// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The part of the Aura API (v2beta1) that keeps deployments and tokens, by its description and by what was seen of it: answers are wrapped
// in "data"; a call for a token in the wrong state is a 500; an unknown deployment and an expired bearer are the same 403; errors have
// several shapes; unknown fields of a request are ignored. It counts calls and can be told to fail.

const (
	maxNameLength  = 30
	maxFaults      = 1000
	bearerLife     = time.Hour
	tokenLife      = 90 * 24 * time.Hour
	callsAMinute   = 125
	retryAfter     = "7"
	deploymentRoot = "/v2beta1/organizations/{org}/projects/{project}/fleet-manager/deployments"
)

// apiClient may work on one project.
type apiClient struct {
	ID      string `json:"id"`
	Secret  string `json:"secret"`
	Org     string `json:"organization"`
	Project string `json:"project"`
	Quota   int    `json:"quota"` // of deployments; 0: none
}

type apiBearer struct {
	client  *apiClient
	expires time.Time
}

type apiDeployment struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	URL     string `json:"connection_url"`
	By      string `json:"created_by"`
	project string
	// The kids of its tokens; the last one is live unless deleted.
	kids    []string
	hasLive bool
}

// apiFault spoils the next calls that fit.
type apiFault struct {
	Method string `json:"method"` // "": any
	Suffix string `json:"suffix"` // of the path
	// "status", "slow" (answers after Millis), "lost" (carries it out and closes the connection), "broken" (half an answer), "garbage", "expire"
	// (the bearer ends)
	Kind   string `json:"kind"`
	Status int    `json:"status"`
	Body   string `json:"body"`
	Millis int    `json:"millis"`
	Times  int    `json:"times"`
}

type apiCall struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Status int       `json:"status"` // 0: the connection was closed
}

type api struct {
	mu          sync.Mutex
	store       *store
	now         func() time.Time
	clients     map[string]*apiClient
	bearers     map[string]*apiBearer
	deployments map[string]*apiDeployment
	faults      []*apiFault
	calls       []apiCall
	requests    int
}

func newAPI(store *store) *api {
	return &api{store: store, now: store.now, clients: map[string]*apiClient{}, bearers: map[string]*apiBearer{},
		deployments: map[string]*apiDeployment{}}
}

// apiAnswer is a status with a body; body nil: none.
type apiAnswer struct {
	status int
	body   any
	header map[string]string
}

func wrapped(body any) apiAnswer {
	return apiAnswer{status: http.StatusOK, body: map[string]any{"data": body}}
}

func apiErrors(status int, message, reason, field string) apiAnswer {
	one := map[string]string{"message": message, "reason": reason}
	if field != "" {
		one["field"] = field
	}
	return apiAnswer{status: status, body: map[string]any{"errors": []any{one}}}
}

var accessDenied = apiAnswer{status: http.StatusForbidden, body: map[string]string{"error": "Access denied"}}

func (a *api) routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /oauth/token", a.serve(a.token))
	mux.HandleFunc("GET "+deploymentRoot, a.serve(a.bound(a.list)))
	mux.HandleFunc("POST "+deploymentRoot, a.serve(a.bound(a.create)))
	mux.HandleFunc("GET "+deploymentRoot+"/{id}", a.serve(a.bound(a.one(a.show))))
	mux.HandleFunc("DELETE "+deploymentRoot+"/{id}", a.serve(a.bound(a.one(a.remove))))
	mux.HandleFunc("POST "+deploymentRoot+"/{id}/token", a.serve(a.bound(a.one(a.mintToken))))
	mux.HandleFunc("PATCH "+deploymentRoot+"/{id}/token", a.serve(a.bound(a.one(a.rotateToken))))
	mux.HandleFunc("DELETE "+deploymentRoot+"/{id}/token", a.serve(a.bound(a.one(a.removeToken))))
	mux.HandleFunc("GET "+deploymentRoot+"/{id}/servers", a.serve(a.bound(a.one(a.nothing))))
	mux.HandleFunc("GET "+deploymentRoot+"/{id}/databases", a.serve(a.bound(a.one(a.nothing))))
	a.adminRoutes(mux)
}

// serve counts a call, lets a fault spoil it, and gives it the id by which support would ask for it.
func (a *api) serve(handle func(*http.Request) apiAnswer) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		a.mu.Lock()
		a.requests++
		id := fmt.Sprintf("request-%d", a.requests)
		at := a.now()
		limited := a.tooMany(at)
		fault := a.faultFor(req)
		a.mu.Unlock()
		if fault != nil && fault.Kind == "slow" {
			time.Sleep(time.Duration(fault.Millis) * time.Millisecond)
		}
		result := apiAnswer{status: http.StatusTooManyRequests, body: map[string]string{"message": "Too many requests"},
			header: map[string]string{"Retry-After": retryAfter}}
		if !limited {
			a.mu.Lock()
			result = a.spoilt(fault, req, handle)
			a.mu.Unlock()
		}
		closed := fault != nil && (fault.Kind == "lost" || fault.Kind == "broken")
		a.note(at, req, result.status, closed)
		w.Header().Set("X-Request-Id", id)
		a.reply(w, fault, result, closed)
	}
}

func (a *api) note(at time.Time, req *http.Request, status int, closed bool) {
	if closed {
		status = 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, apiCall{at, req.Method, req.URL.Path, status})
}

func (a *api) reply(w http.ResponseWriter, fault *apiFault, result apiAnswer, closed bool) {
	data, _ := json.Marshal(result.body)
	if fault != nil && fault.Body != "" {
		data = []byte(fault.Body)
	}
	if result.body == nil && (fault == nil || fault.Body == "") {
		data = nil
	}
	if closed {
		if fault.Kind == "broken" {
			w.Header().Set("Content-Length", strconv.Itoa(len(data)+10))
			w.WriteHeader(result.status)
			_, _ = w.Write(data[:len(data)/2])
			_ = http.NewResponseController(w).Flush()
		}
		panic(http.ErrAbortHandler)
	}
	for key, value := range result.header {
		w.Header().Set(key, value)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(result.status)
	_, _ = w.Write(data)
}

// tooMany is called with the lock held.
func (a *api) tooMany(at time.Time) bool {
	n := 0
	for i := len(a.calls) - 1; i >= 0 && at.Sub(a.calls[i].At) < time.Minute; i-- {
		n++
	}
	return n >= callsAMinute
}

func (a *api) faultFor(req *http.Request) *apiFault {
	for _, fault := range a.faults {
		if fault.Times > 0 && (fault.Method == "" || fault.Method == req.Method) && strings.HasSuffix(req.URL.Path, fault.Suffix) {
			fault.Times--
			return fault
		}
	}
	return nil
}

func (a *api) spoilt(fault *apiFault, req *http.Request, handle func(*http.Request) apiAnswer) apiAnswer {
	if fault == nil {
		return handle(req)
	}
	switch fault.Kind {
	case "status":
		result := apiAnswer{status: fault.Status, body: map[string]string{"message": "told to fail", "reason": "fault"}}
		if fault.Status == http.StatusTooManyRequests || fault.Status == http.StatusServiceUnavailable {
			result.header = map[string]string{"Retry-After": retryAfter}
		}
		return result
	case "garbage":
		fault.Body = "<html>not JSON"
	case "expire":
		a.bearers = map[string]*apiBearer{}
	}
	return handle(req)
}

func (a *api) token(req *http.Request) apiAnswer {
	id, secret, ok := req.BasicAuth()
	client := a.clients[id]
	if err := req.ParseForm(); err != nil || req.PostForm.Get("grant_type") != "client_credentials" {
		return apiAnswer{status: http.StatusBadRequest, body: map[string]string{"error": "unsupported_grant_type", "error_description": "Unsupported grant type"}}
	}
	if !ok || client == nil || client.Secret != secret {
		return apiAnswer{status: http.StatusUnauthorized, body: map[string]string{"error": "access_denied", "error_description": "Unauthorized"}}
	}
	text := randomHex(32)
	a.bearers[text] = &apiBearer{client, a.now().Add(bearerLife)}
	return apiAnswer{status: http.StatusOK, body: map[string]any{"access_token": text, "expires_in": int(bearerLife.Seconds()), "token_type": "bearer"}}
}

// bound lets in a bearer that may see the project; all else is one and the same refusal.
func (a *api) bound(handle func(*http.Request, *apiClient) apiAnswer) func(*http.Request) apiAnswer {
	return func(req *http.Request) apiAnswer {
		text, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
		bearer := a.bearers[text]
		if !ok {
			return apiAnswer{status: http.StatusUnauthorized, body: map[string]string{"error": "Unauthorized"}}
		}
		if bearer == nil || !a.now().Before(bearer.expires) ||
			bearer.client.Org != req.PathValue("org") || bearer.client.Project != req.PathValue("project") {
			return accessDenied
		}
		return handle(req, bearer.client)
	}
}

func (a *api) one(handle func(*http.Request, *apiDeployment) apiAnswer) func(*http.Request, *apiClient) apiAnswer {
	return func(req *http.Request, client *apiClient) apiAnswer {
		d := a.deployments[req.PathValue("id")]
		if d == nil || d.project != client.Project {
			return accessDenied
		}
		return handle(req, d)
	}
}

func (d *apiDeployment) summary() map[string]any {
	return map[string]any{"id": d.ID, "name": d.Name, "connection_url": d.URL, "created_by": d.By, "status": "running"}
}

func (a *api) list(_ *http.Request, client *apiClient) apiAnswer {
	found := []any{}
	for _, d := range a.sorted(client.Project) {
		found = append(found, d.summary())
	}
	return wrapped(found)
}

func (a *api) sorted(project string) []*apiDeployment {
	found := []*apiDeployment{}
	for _, d := range a.deployments {
		if project == "" || d.project == project {
			found = append(found, d)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].ID < found[j].ID })
	return found
}

func (a *api) create(req *http.Request, client *apiClient) apiAnswer {
	var body struct {
		Name string `json:"name"`
		URL  string `json:"connection_url"`
	}
	data, err := io.ReadAll(io.LimitReader(req.Body, maxAdminBody))
	if err != nil || json.Unmarshal(data, &body) != nil {
		return apiErrors(http.StatusBadRequest, "The request body is invalid", "bad-request", "")
	}
	if body.Name == "" || len(body.Name) > maxNameLength {
		return apiErrors(http.StatusBadRequest, "The name must have 1 to 30 characters", "invalid-name", "name")
	}
	known := a.sorted(client.Project)
	for _, d := range known {
		if d.Name == body.Name {
			return apiErrors(http.StatusConflict, "A deployment with this name already exists", "name-taken", "name")
		}
	}
	if client.Quota > 0 && len(known) >= client.Quota {
		return apiAnswer{status: http.StatusBadRequest, body: map[string]string{"message": "The project's quota of deployments is used up", "reason": "quota-exceeded"}}
	}
	d := &apiDeployment{ID: newID(), Name: body.Name, URL: body.URL, By: client.ID, project: client.Project}
	a.deployments[d.ID] = d
	return wrapped(map[string]string{"id": d.ID})
}

// What a server reports after it has claimed the token is not here; until then both are null.
func (a *api) show(_ *http.Request, d *apiDeployment) apiAnswer {
	whole := d.summary()
	whole["dbms"], whole["token"] = nil, nil
	return wrapped(whole)
}

func (a *api) remove(_ *http.Request, d *apiDeployment) apiAnswer {
	a.endToken(d)
	delete(a.deployments, d.ID)
	return apiAnswer{status: http.StatusNoContent}
}

func (a *api) endToken(d *apiDeployment) {
	if d.hasLive {
		_ = a.store.setState(d.kids[len(d.kids)-1], stateRevoked)
	}
	d.hasLive = false
}

func noKey(what string) apiAnswer {
	return apiAnswer{status: http.StatusInternalServerError, body: map[string]string{"message": "failed to " + what + " api key: sql: no rows in result set", "reason": "internal"}}
}

func (a *api) mintToken(_ *http.Request, d *apiDeployment) apiAnswer {
	if d.hasLive {
		return noKey("create")
	}
	return a.newToken(d)
}

func (a *api) rotateToken(_ *http.Request, d *apiDeployment) apiAnswer {
	if !d.hasLive {
		return noKey("update")
	}
	a.endToken(d)
	return a.newToken(d)
}

func (a *api) newToken(d *apiDeployment) apiAnswer {
	token, registration, err := mint(d.project, a.now().Add(tokenLife))
	if err == nil {
		err = a.store.register(registration)
	}
	if err != nil {
		return apiAnswer{status: http.StatusInternalServerError, body: map[string]string{"message": err.Error()}}
	}
	d.kids, d.hasLive = append(d.kids, registration.Kid), true
	return wrapped(map[string]string{"token": token})
}

func (a *api) removeToken(_ *http.Request, d *apiDeployment) apiAnswer {
	if !d.hasLive {
		return noKey("delete")
	}
	a.endToken(d)
	return apiAnswer{status: http.StatusNoContent}
}

func (a *api) nothing(_ *http.Request, _ *apiDeployment) apiAnswer { return wrapped([]any{}) }

func randomHex(n int) string {
	data := make([]byte, n)
	_, _ = rand.Read(data)
	return hex.EncodeToString(data)
}

func newID() string {
	text := randomHex(16)
	return text[:8] + "-" + text[8:12] + "-4" + text[13:16] + "-8" + text[17:20] + "-" + text[20:]
}
