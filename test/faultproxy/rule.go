// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"time"
)

// rule says which requests it is about and what they get in place of the server's answer.
type rule struct {
	Method     string `json:"method,omitempty"`     // regular expressions; empty: any
	URI        string `json:"uri,omitempty"`        // path and query
	Status     int    `json:"status,omitempty"`     // of the answer
	Reason     string `json:"reason,omitempty"`     // of the Status object
	RetryAfter int    `json:"retryAfter,omitempty"` // seconds
	GoneEvent  bool   `json:"goneEvent,omitempty"`  // a watch: 200, and an ERROR event with code 410
	AfterDone  bool   `json:"afterDone,omitempty"`  // the server does it, and its answer is lost
	DelayMs    int    `json:"delayMs,omitempty"`    // before the server is asked, or the answer is given
	Every      int    `json:"every,omitempty"`      // only each n-th of these requests
	Times      int    `json:"times,omitempty"`      // no more often than this; 0: no limit
	Seen       int    `json:"seen"`
	Used       int    `json:"used"`

	method, uri *regexp.Regexp
}

type ruleBook struct {
	mutex sync.Mutex
	rules []*rule
	calls map[string]int
}

func newRuleBook() *ruleBook {
	return &ruleBook{calls: map[string]int{}}
}

func (b *ruleBook) set(rules []*rule) error {
	for _, one := range rules {
		var err error
		if one.method, err = regexp.Compile("^(?:" + one.Method + ")$"); err != nil {
			return fmt.Errorf("method: %w", err)
		}
		if one.uri, err = regexp.Compile(one.URI); err != nil {
			return fmt.Errorf("uri: %w", err)
		}
		one.Seen, one.Used = 0, 0
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.rules = rules
	return nil
}

// take is the rule that a request falls under, or nil; it is counted.
func (b *ruleBook) take(request *http.Request) *rule {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	watch := ""
	if request.URL.Query().Get("watch") != "" {
		watch = " watch"
	}
	b.calls[request.Method+watch+" "+request.URL.Path]++
	for _, one := range b.rules {
		if one.Method != "" && !one.method.MatchString(request.Method) || !one.uri.MatchString(request.URL.RequestURI()) {
			continue
		}
		one.Seen++
		if one.Every > 1 && one.Seen%one.Every != 0 || one.Times > 0 && one.Used >= one.Times {
			continue
		}
		one.Used++
		copied := *one
		return &copied
	}
	return nil
}

// answer is what the request gets; false when the server is to be asked.
func (r *rule) answer(writer http.ResponseWriter, request *http.Request) bool {
	if r.DelayMs > 0 {
		select {
		case <-time.After(time.Duration(r.DelayMs) * time.Millisecond):
		case <-request.Context().Done():
			return true
		}
	}
	if r.GoneEvent {
		status := statusObject(410, "Expired")
		writer.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(writer).Encode(map[string]any{"type": "ERROR", "object": status})
		return true
	}
	if r.Status == 0 {
		return false
	}
	if r.RetryAfter > 0 {
		writer.Header().Set("Retry-After", fmt.Sprint(r.RetryAfter))
	}
	writer.Header().Set("Content-Type", "application/json")
	writer.WriteHeader(r.Status)
	_ = json.NewEncoder(writer).Encode(statusObject(r.Status, r.Reason))
	return true
}

func statusObject(code int, reason string) map[string]any {
	return map[string]any{
		"kind": "Status", "apiVersion": "v1", "metadata": map[string]any{}, "status": "Failure",
		"message": fmt.Sprintf("injected by the fault proxy: %d %s", code, reason), "reason": reason, "code": code,
	}
}
