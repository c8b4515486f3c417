// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"time"
)

const (
	maxPluginBody = 8 << 20
	maxAdminBody  = 64 << 10
)

// What a server may post, and the fields of the answer that satisfies it. An answer with a field that
// the Fleet Manager does not know is an error to it.
var endpoints = map[string]any{
	"connect":       nil,
	"ping":          struct{}{},
	"report":        map[string]string{"status": "OK"},
	"metrics":       map[string]string{"status": "OK"},
	"config":        map[string]string{"status": "OK"},
	"queries":       map[string]string{"status": "OK"},
	"security-logs": map[string]string{"status": "OK"},
}

var adminStates = map[string]string{
	"rotate": stateDue,
	"expire": stateExpired,
	"revoke": stateRevoked,
	"deny":   stateDenied,
	"accept": stateActive,
}

type service struct {
	store    *store
	interval string // ISO 8601, how often servers report
}

func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/plugin/{endpoint}", s.plugin)
	mux.HandleFunc("GET /admin/deployments", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, s.store.listDeployments())
	})
	mux.HandleFunc("GET /admin/keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, s.store.listKeys())
	})
	mux.HandleFunc("POST /admin/keys", s.register)
	mux.HandleFunc("POST /admin/keys/{kid}/{action}", s.act)
	newAPI(s.store).routes(mux)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	return mux
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Printf("answer: %v", err)
	}
}

// fail answers with the error body that the Fleet Manager reads. A refusal without a code of its own
// carries none: any other number would not be understood.
func fail(w http.ResponseWriter, err error) int {
	var r *refusal
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &r):
	case errors.As(err, &large):
		r = &refusal{http.StatusRequestEntityTooLarge, 0, "body is too large"}
	default:
		log.Printf("internal error: %v", err)
		r = &refusal{http.StatusInternalServerError, 0, "internal error"}
	}
	body := map[string]any{"message": r.message}
	if r.code != 0 {
		body["code"] = r.code
	}
	answer(w, r.status, body)
	return r.status
}

func (s *service) plugin(w http.ResponseWriter, req *http.Request) {
	endpoint := req.PathValue("endpoint")
	status, dbms := http.StatusOK, "-"
	body, c, err := s.accept(w, req, endpoint)
	if c != nil {
		dbms = c.DbmsID
	}
	if err != nil {
		status = fail(w, err)
		log.Printf("%s dbms=%s %d %v", endpoint, dbms, status, err)
		return
	}
	answer(w, status, body)
	log.Printf("%s dbms=%s %d", endpoint, dbms, status)
}

func (s *service) accept(w http.ResponseWriter, req *http.Request, endpoint string) (any, *claims, error) {
	body, known := endpoints[endpoint]
	if !known {
		return nil, nil, &refusal{http.StatusNotFound, 0, "no such endpoint"}
	}
	bearer, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return nil, nil, &refusal{http.StatusUnauthorized, 0, "no bearer"}
	}
	key, c, err := s.store.authorize(bearer, endpoint)
	if err != nil {
		return nil, nil, err
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxPluginBody))
	if err != nil {
		return nil, c, err
	}
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, c, &refusal{http.StatusBadRequest, 0, "body is not the expected JSON"}
	}
	if err := s.store.record(key.Kid, c, endpoint, m); err != nil {
		return nil, c, err
	}
	if endpoint == "connect" {
		body, err = s.connected(key.Kid)
	}
	return body, c, err
}

func (s *service) connected(kid string) (any, error) {
	token, err := s.store.successor(kid)
	if err != nil {
		return nil, err
	}
	intervals := map[string]string{}
	for _, task := range []string{"TOPOLOGY", "METRICS", "PING", "QUERIES", "SECURITY_LOGS", "MIGRATIONS_TO_AURA"} {
		intervals[task] = s.interval
	}
	body := map[string]any{
		"metrics":                []any{},
		"neo4j_config_key_globs": []any{},
		"reporting_intervals":    intervals,
	}
	if token != "" {
		body["new_token"] = token
	}
	return body, nil
}

func (s *service) register(w http.ResponseWriter, req *http.Request) {
	var r registration
	decoder := json.NewDecoder(http.MaxBytesReader(w, req.Body, maxAdminBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		var large *http.MaxBytesError
		if !errors.As(err, &large) {
			err = &refusal{http.StatusBadRequest, 0, "body is not a registration"}
		}
		fail(w, err)
		return
	}
	if err := s.store.register(r); err != nil {
		fail(w, err)
		return
	}
	log.Printf("registered kid=%s project=%s expires=%s", r.Kid, r.Project, r.Expires.Format(time.RFC3339))
	answer(w, http.StatusCreated, map[string]string{"kid": r.Kid})
}

func (s *service) act(w http.ResponseWriter, req *http.Request) {
	state, known := adminStates[req.PathValue("action")]
	if !known {
		fail(w, &refusal{http.StatusNotFound, 0, "no such action"})
		return
	}
	if err := s.store.setState(req.PathValue("kid"), state); err != nil {
		fail(w, err)
		return
	}
	log.Printf("kid=%s is now %s", req.PathValue("kid"), state)
	answer(w, http.StatusOK, map[string]string{"state": state})
}
