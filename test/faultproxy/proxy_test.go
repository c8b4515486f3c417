// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func ask(book *ruleBook, method, uri string) *rule {
	return book.take(httptest.NewRequest(method, uri, nil))
}

func TestRulesByMethodAndURI(t *testing.T) {
	book := newRuleBook()
	if err := book.set([]*rule{{Method: "PUT|PATCH", URI: "/secrets", Status: 409}}); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		method, uri string
		hit         bool
	}{{"PUT", "/secrets/a", true}, {"PATCH", "/x/secrets", true}, {"GET", "/secrets/a", false}, {"PUT", "/pods", false}, {"XPUT", "/secrets", false}} {
		if got := ask(book, one.method, one.uri) != nil; got != one.hit {
			t.Errorf("%s %s: %v", one.method, one.uri, got)
		}
	}
	if book.calls["PUT /secrets/a"] != 1 || book.calls["GET /secrets/a"] != 1 {
		t.Errorf("calls: %v", book.calls)
	}
}

func TestEveryAndTimes(t *testing.T) {
	book := newRuleBook()
	if err := book.set([]*rule{{Status: 500, Every: 3, Times: 2}}); err != nil {
		t.Fatal(err)
	}
	hits := ""
	for range 12 {
		if ask(book, "GET", "/") != nil {
			hits += "x"
		} else {
			hits += "."
		}
	}
	if hits != "..x..x......" {
		t.Error(hits)
	}
}

func TestRuleThatIsNone(t *testing.T) {
	if err := newRuleBook().set([]*rule{{URI: "("}}); err == nil {
		t.Error("a broken expression was taken")
	}
}

func TestAnswers(t *testing.T) {
	request := httptest.NewRequest("GET", "/", nil)
	recorder := httptest.NewRecorder()
	if !(&rule{Status: 429, Reason: "TooManyRequests", RetryAfter: 7}).answer(recorder, request) {
		t.Fatal("not answered")
	}
	if recorder.Code != 429 || recorder.Header().Get("Retry-After") != "7" || !strings.Contains(recorder.Body.String(), `"reason":"TooManyRequests"`) {
		t.Error(recorder)
	}
	recorder = httptest.NewRecorder()
	if !(&rule{GoneEvent: true}).answer(recorder, request) || !strings.Contains(recorder.Body.String(), `"type":"ERROR"`) {
		t.Error(recorder)
	}
	if (&rule{AfterDone: true}).answer(httptest.NewRecorder(), request) {
		t.Error("the server is to be asked")
	}
}

// pair is a client's connection to a server that writes what it reads.
func pair(t *testing.T) (*wires, func() net.Conn) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	owner := newWires(listener)
	t.Cleanup(func() { _ = owner.Close() })
	go func() {
		for {
			conn, err := owner.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn); _ = conn.Close() }()
		}
	}()
	return owner, func() net.Conn {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
}

func TestCutAfterSoManyBytes(t *testing.T) {
	owner, dial := pair(t)
	owner.setCut(3, 2)
	for _, want := range []string{"abc", "abcde", "abcdefg"} {
		conn := dial()
		_, _ = conn.Write([]byte("abcdefghij"))
		got, _ := io.ReadAll(conn)
		if string(got) != want {
			t.Errorf("%q in place of %q", got, want)
		}
	}
	if cuts, next := owner.cutCount(); cuts != 3 || next != 9 {
		t.Error(cuts, next)
	}
}

func TestSilence(t *testing.T) {
	owner, dial := pair(t)
	conn, word := dial(), make([]byte, 4)
	_, _ = conn.Write([]byte("one "))
	if _, err := io.ReadFull(conn, word); err != nil {
		t.Fatal(err)
	}
	owner.each((*wire).silence)
	_, _ = conn.Write([]byte("two "))
	_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	if n, err := conn.Read(word); err == nil || n != 0 || err == io.EOF {
		t.Error("it is not silent:", n, err)
	}
	if conn = dial(); conn != nil {
		_, _ = conn.Write([]byte("new "))
		if _, err := io.ReadFull(conn, word); err != nil {
			t.Error("a new one is silent, too:", err)
		}
	}
}

func TestLostAnswer(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	book := newRuleBook()
	if err := book.set([]*rule{{AfterDone: true}}); err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(&upstream{rules: book, asAdmin: newProxy(address, nil)})
	defer front.Close()
	if answer, err := http.Get(front.URL); err == nil {
		_ = answer.Body.Close()
		t.Error("an answer came")
	}
	// Go asks again when a connection that was used before breaks; this one was new.
	if asked != 1 {
		t.Error("asked", asked)
	}
}
