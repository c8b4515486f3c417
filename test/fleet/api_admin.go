// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/http"
	"time"
)

// What tests ask and tell the stand-in of the Aura API.

type apiSight struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Project    string   `json:"project"`
	URL        string   `json:"connection_url"`
	Kids       []string `json:"kids"`
	LiveTokens int      `json:"live_tokens"`
}

func (a *api) adminRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /admin/aura/deployments", a.admin(func(*http.Request) (any, error) { return a.sights(), nil }))
	mux.HandleFunc("GET /admin/aura/calls", a.admin(func(*http.Request) (any, error) {
		return map[string]any{"calls": a.calls, "most_in_a_minute": mostInAMinute(a.calls)}, nil
	}))
	mux.HandleFunc("GET /admin/aura/bearers", a.admin(func(*http.Request) (any, error) {
		texts := []string{}
		for text := range a.bearers {
			texts = append(texts, text)
		}
		return texts, nil
	}))
	mux.HandleFunc("POST /admin/aura/clients", a.admin(a.addClient))
	mux.HandleFunc("POST /admin/aura/faults", a.admin(a.addFault))
	mux.HandleFunc("DELETE /admin/aura/faults", a.admin(func(*http.Request) (any, error) {
		a.faults = nil
		return nil, nil
	}))
}

func (a *api) admin(handle func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		a.mu.Lock()
		body, err := handle(req)
		a.mu.Unlock()
		if err != nil {
			fail(w, err)
			return
		}
		answer(w, http.StatusOK, body)
	}
}

func decodeAdmin(req *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(nil, req.Body, maxAdminBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return &refusal{http.StatusBadRequest, 0, "the body is not what is wanted here: " + err.Error()}
	}
	return nil
}

// addClient replaces a client of the same id.
func (a *api) addClient(req *http.Request) (any, error) {
	var client apiClient
	if err := decodeAdmin(req, &client); err != nil {
		return nil, err
	}
	a.clients[client.ID] = &client
	for text, bearer := range a.bearers {
		if bearer.client.ID == client.ID {
			delete(a.bearers, text)
		}
	}
	return nil, nil
}

func (a *api) addFault(req *http.Request) (any, error) {
	fault := &apiFault{Times: 1}
	if err := decodeAdmin(req, fault); err != nil {
		return nil, err
	}
	if len(a.faults) >= maxFaults {
		return nil, &refusal{http.StatusInsufficientStorage, 0, "too many faults"}
	}
	a.faults = append(a.faults, fault)
	return nil, nil
}

func (a *api) sights() []apiSight {
	seen := []apiSight{}
	for _, d := range a.sorted("") {
		live := 0
		for _, key := range a.store.listKeys() {
			for _, kid := range d.kids {
				if key.Kid == kid && key.State == stateActive {
					live++
				}
			}
		}
		seen = append(seen, apiSight{d.ID, d.Name, d.project, d.URL, d.kids, live})
	}
	return seen
}

// mostInAMinute looks at the minute that begins with each call.
func mostInAMinute(calls []apiCall) int {
	most := 0
	for i := range calls {
		n := 0
		for j := i; j < len(calls) && calls[j].At.Sub(calls[i].At) < time.Minute; j++ {
			n++
		}
		most = max(most, n)
	}
	return most
}
