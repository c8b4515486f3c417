// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"net/http"
)

func (u *upstream) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	if one := u.rules.take(request); one != nil {
		if one.answer(writer, request) {
			return
		}
		if one.AfterDone {
			request = request.WithContext(context.WithValue(request.Context(), lostKey{}, true))
		}
	}
	if u.byToken.Load() {
		u.asItself.ServeHTTP(writer, request)
		return
	}
	request.Header.Del("Authorization")
	u.asAdmin.ServeHTTP(writer, request)
}

func reply(writer http.ResponseWriter, value any) {
	writer.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(writer).Encode(value)
}

// read decodes a request's body; false when it has been refused.
func read(writer http.ResponseWriter, request *http.Request, value any) bool {
	decoder := json.NewDecoder(request.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func wireHandlers(mux *http.ServeMux, wires *wires) {
	mux.HandleFunc("PUT /wire", func(writer http.ResponseWriter, request *http.Request) {
		var next struct {
			CutAfter int64 `json:"cutAfter"`
			Grow     int64 `json:"grow"`
		}
		if read(writer, request, &next) {
			wires.setCut(next.CutAfter, next.Grow)
		}
	})
	mux.HandleFunc("GET /wire", func(writer http.ResponseWriter, _ *http.Request) {
		cuts, next := wires.cutCount()
		reply(writer, map[string]int64{"cuts": cuts, "cutAfter": next})
	})
	mux.HandleFunc("POST /silence", func(writer http.ResponseWriter, _ *http.Request) {
		reply(writer, wires.each((*wire).silence))
	})
	mux.HandleFunc("POST /close", func(writer http.ResponseWriter, _ *http.Request) {
		reply(writer, wires.each(func(one *wire) { _ = one.Close() }))
	})
}

func controlHandler(rules *ruleBook, wires *wires, upstream *upstream, identity *identity) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /rules", func(writer http.ResponseWriter, request *http.Request) {
		var next []*rule
		if !read(writer, request, &next) {
			return
		}
		if err := rules.set(next); err != nil {
			http.Error(writer, err.Error(), http.StatusBadRequest)
			return
		}
		reply(writer, next)
	})
	mux.HandleFunc("GET /rules", func(writer http.ResponseWriter, _ *http.Request) {
		rules.mutex.Lock()
		defer rules.mutex.Unlock()
		reply(writer, rules.rules)
	})
	mux.HandleFunc("GET /calls", func(writer http.ResponseWriter, _ *http.Request) {
		rules.mutex.Lock()
		defer rules.mutex.Unlock()
		reply(writer, rules.calls)
	})
	mux.HandleFunc("DELETE /calls", func(writer http.ResponseWriter, _ *http.Request) {
		rules.mutex.Lock()
		defer rules.mutex.Unlock()
		rules.calls = map[string]int{}
	})
	wireHandlers(mux, wires)
	mux.HandleFunc("PUT /identity", func(writer http.ResponseWriter, request *http.Request) {
		var next struct {
			Token bool `json:"token"`
		}
		if read(writer, request, &next) {
			upstream.byToken.Store(next.Token)
		}
	})
	mux.HandleFunc("POST /certificate", func(writer http.ResponseWriter, _ *http.Request) {
		if err := identity.renew(); err != nil {
			http.Error(writer, err.Error(), http.StatusInternalServerError)
		}
	})
	return mux
}
