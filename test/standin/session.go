// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// One client's connection: the states of the Bolt protocol.

const (
	msgHello     = 0x01
	msgGoodbye   = 0x02
	msgReset     = 0x0F
	msgRun       = 0x10
	msgBegin     = 0x11
	msgCommit    = 0x12
	msgRollback  = 0x13
	msgDiscard   = 0x2F
	msgPull      = 0x3F
	msgTelemetry = 0x54
	msgRoute     = 0x66
	msgLogon     = 0x6A
	msgLogoff    = 0x6B

	msgSuccess = 0x70
	msgRecord  = 0x71
	msgIgnored = 0x7E
	msgFailure = 0x7F

	maxBeforeLogin = 8 << 10
)

type state int

const (
	negotiation state = iota
	authentication
	ready
	failed
)

type session struct {
	in        *instance
	conn      net.Conn
	r         *bufio.Reader
	version   boltVersion
	state     state
	user      string
	routed    bool
	router    string // the address that the client came by, where it wants routing
	tx        *transaction
	results   map[int64]*cursor
	lastQid   int64
	db        string // of the last statement
	written   int    // index of the last write, which this server may not have yet,
	writtenTo string // and its database
}

// cursor is a result that the client has not pulled to its end.
type cursor struct {
	*result
	at int
}

type transaction struct {
	db       string
	readOnly bool
	explicit bool
	work     *work
}

var connections atomic.Int64

var errClosed = errors.New("the client said goodbye")

func (in *instance) serveBolt(ctx context.Context, listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			if ctx.Err() == nil {
				log.Fatalf("bolt: %v", err)
			}
			return
		}
		go in.serveConn(ctx, conn)
	}
}

func (in *instance) serveConn(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	bad := in.bad.onWire(conn.RemoteAddr().String())
	if bad == "silent" {
		_, _ = io.Copy(io.Discard, conn)
		return
	}
	if in.c.tls != nil {
		conn = tls.Server(conn, in.c.tls)
	}
	s := &session{in: in, conn: conn, r: bufio.NewReader(conn), results: map[int64]*cursor{}, lastQid: -1}
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	switch bad {
	case "wrong-version":
		_, _ = readHandshake(s.r)
		_, _ = conn.Write([]byte{0, 0, 0, 3})
		return
	case "garbage":
		_, _ = readHandshake(s.r)
		_, _ = io.WriteString(conn, "\xffHTTP/1.1 400 this is no Bolt\r\n\r\n")
		return
	}
	var err error
	if s.version, err = handshake(s.r, conn, spokenVersions(in.c.release)); err != nil {
		return
	}
	if bad == "half-open" {
		_ = conn.SetReadDeadline(time.Time{})
		_, _ = io.Copy(io.Discard, s.r)
		return
	}
	s.serve(ctx)
}

func (s *session) serve(ctx context.Context) {
	for {
		limit := maxMessage
		if s.state < ready {
			limit = maxBeforeLogin
		} else {
			_ = s.conn.SetReadDeadline(time.Time{})
		}
		data, err := readMessage(s.r, limit)
		if err != nil {
			return
		}
		value, err := unpack(data)
		message, ok := value.(structure)
		if err != nil || !ok {
			_ = s.failure(failf("ClientError.Request.InvalidFormat", "the message is not understood: %v", err))
			return
		}
		if s.answer(ctx, message) != nil {
			return
		}
	}
}

// ---- answers --------------------------------------------------------------------------------------

func (s *session) send(tag byte, fields ...any) error {
	p := packer{modern: s.version.major >= 5}
	p.structure(tag, fields...)
	_, err := s.conn.Write(appendChunks(nil, p.out))
	return err
}

func (s *session) success(meta map[string]any) error { return s.send(msgSuccess, meta) }

func (s *session) failure(f *failure) error {
	meta := map[string]any{"code": f.Code, "message": f.Message}
	if s.version.atLeast(5, 7) {
		kind := "DATABASE_ERROR"
		switch {
		case strings.HasPrefix(f.Code, "Neo.ClientError"):
			kind = "CLIENT_ERROR"
		case strings.HasPrefix(f.Code, "Neo.TransientError"):
			kind = "TRANSIENT_ERROR"
		}
		meta = map[string]any{"neo4j_code": f.Code, "message": f.Message, "gql_status": "50N42",
			"description": "error: general processing exception - unexpected error. " + f.Message,
			"diagnostic_record": map[string]any{"OPERATION": "", "OPERATION_CODE": "0", "CURRENT_SCHEMA": "/",
				"_classification": kind}}
	}
	return s.send(msgFailure, meta)
}

// answer handles one message; an error ends the connection.
func (s *session) answer(ctx context.Context, m structure) error {
	switch {
	case m.tag == msgGoodbye:
		return errClosed
	case s.state < ready:
		return s.beforeLogin(m)
	case m.tag == msgReset:
		s.tx, s.results, s.state = nil, map[int64]*cursor{}, ready
		return s.success(map[string]any{})
	case s.state == failed:
		return s.send(msgIgnored)
	}
	meta, f := s.handle(ctx, m)
	if f == errDropped {
		return errClosed
	}
	if f != nil {
		s.state = failed
		s.tx, s.results = nil, map[int64]*cursor{}
		return s.failure(f)
	}
	return s.success(meta)
}

var errDropped = &failure{Message: "the connection is to end"}

func dict(m structure, i int) map[string]any {
	if i < len(m.fields) {
		if d, ok := m.fields[i].(map[string]any); ok {
			return d
		}
	}
	return map[string]any{}
}

func word(d map[string]any, key string) string {
	text, _ := d[key].(string)
	return text
}

func (s *session) handle(ctx context.Context, m structure) (map[string]any, *failure) {
	switch m.tag {
	case msgRun:
		return s.run(ctx, m)
	case msgPull, msgDiscard:
		return s.pull(m)
	case msgBegin:
		if s.tx != nil {
			return nil, failf("ClientError.Request.Invalid", "BEGIN within a transaction")
		}
		tx, f := s.begin(ctx, dict(m, 0))
		if f != nil {
			return nil, f
		}
		tx.explicit = true
		s.tx = tx
		return map[string]any{}, nil
	case msgCommit, msgRollback:
		return s.end(ctx, m.tag == msgCommit)
	case msgRoute:
		return s.route(m)
	case msgTelemetry:
		return map[string]any{}, nil
	case msgLogoff:
		s.state, s.user = authentication, ""
		return map[string]any{}, nil
	}
	return nil, failf("ClientError.Request.Invalid", "message 0x%02X is not expected here", m.tag)
}

// ---- login ----------------------------------------------------------------------------------------

func (s *session) beforeLogin(m structure) error {
	switch {
	case m.tag == msgHello && s.state == negotiation:
		return s.hello(dict(m, 0))
	case m.tag == msgLogon && s.state == authentication:
		meta, f := s.login(dict(m, 0))
		if f != nil {
			_ = s.failure(f)
			return f
		}
		return s.success(meta)
	}
	f := failf("ClientError.Request.Invalid", "message 0x%02X is not expected before the login", m.tag)
	_ = s.failure(f)
	return f
}

func (s *session) hello(d map[string]any) error {
	if routing, ok := d["routing"].(map[string]any); ok {
		s.routed, s.router = true, word(routing, "address")
	}
	meta := map[string]any{"server": "Neo4j/" + s.in.c.release.text,
		"connection_id": fmt.Sprintf("bolt-%d", connections.Add(1)),
		"hints":         map[string]any{"connection.recv_timeout_seconds": int64(120)}}
	if patches, ok := d["patch_bolt"].([]any); ok && contains("utc", patches) == true {
		meta["patch_bolt"] = []any{"utc"}
	}
	if s.version.atLeast(5, 1) {
		s.state = authentication
		return s.success(meta)
	}
	more, f := s.login(d)
	if f != nil {
		_ = s.failure(f)
		return f
	}
	for key, value := range more {
		meta[key] = value
	}
	return s.success(meta)
}

func (s *session) login(d map[string]any) (map[string]any, *failure) {
	meta := map[string]any{}
	if s.version.atLeast(5, 8) {
		meta["advertised_address"] = s.in.c.boltAddress
	}
	name := word(d, "principal")
	if s.in.c.auth {
		change, f := s.in.authenticate(name, word(d, "credentials"))
		if f != nil {
			s.in.counts.add("login refused")
			return nil, f
		}
		if change {
			meta["credentials_expired"] = true
		}
	}
	s.in.counts.add("login")
	s.state, s.user = ready, name
	return meta, nil
}

// ---- statements -----------------------------------------------------------------------------------

func (s *session) begin(ctx context.Context, d map[string]any) (*transaction, *failure) {
	db := word(d, "db")
	if db == "" {
		db = defaultName
	}
	tx := &transaction{db: strings.ToLower(db), readOnly: word(d, "mode") == "r"}
	if tx.db != systemName {
		known, stopped := false, false
		s.in.sys.view(func() {
			if found := s.in.sys.Databases[tx.db]; found != nil {
				known, stopped = true, found.Stopped
			}
		})
		m := s.in.member(tx.db)
		switch {
		case !known:
			return nil, noDatabase(tx.db)
		case stopped || (m == nil && !s.routed):
			return nil, failf("TransientError.General.DatabaseUnavailable", "Database '%s' is unavailable.", tx.db)
		case m == nil:
			return nil, failf("ClientError.Cluster.NotALeader", "Database '%s' is not on this server.", tx.db)
		}
		tx.work = newWork(m.store)
	}
	list, _ := d["bookmarks"].([]any)
	return tx, s.await(ctx, tx.db, list)
}

// await holds a transaction back until this server has what the bookmarks stand for.
func (s *session) await(ctx context.Context, db string, bookmarks []any) *failure {
	need := 0
	for _, one := range bookmarks {
		text, _ := one.(string)
		if rest, found := strings.CutPrefix(text, "standin:"+db+":"); found {
			n, _ := strconv.Atoi(rest)
			need = max(need, n)
		}
	}
	end := time.Now().Add(30 * time.Second)
	for need > 0 {
		m := s.in.member(db)
		if m != nil && m.status().Applied >= need {
			return nil
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return failf("TransientError.Transaction.BookmarkTimeout", "Database '%s' not up to the requested version.", db)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

func (s *session) run(ctx context.Context, m structure) (map[string]any, *failure) {
	if len(m.fields) == 0 {
		return nil, failf("ClientError.Request.InvalidFormat", "RUN without a statement")
	}
	text, _ := m.fields[0].(string)
	tx := s.tx
	if tx == nil {
		var f *failure
		if tx, f = s.begin(ctx, dict(m, 2)); f != nil {
			return nil, f
		}
	}
	x := &execution{in: s.in, ctx: ctx, db: tx.db, user: s.user, routed: s.routed, readOnly: tx.readOnly, work: tx.work}
	out, f := x.execute(text, dict(m, 1))
	if x.dropped {
		return nil, errDropped
	}
	if f != nil {
		return nil, f
	}
	s.in.counts.note("statements")
	meta := map[string]any{"fields": strs(out.columns), "t_first": int64(0)}
	s.lastQid++
	if tx.explicit {
		meta["qid"] = s.lastQid
	} else {
		s.lastQid = 0
		s.results = map[int64]*cursor{}
		if f := s.commit(ctx, tx); f != nil {
			return nil, f
		}
	}
	if s.version.atLeast(5, 8) && word(dict(m, 2), "db") == "" {
		meta["db"] = tx.db
	}
	s.results[s.lastQid] = &cursor{result: out}
	s.db = tx.db
	return meta, nil
}

func (s *session) pull(m structure) (map[string]any, *failure) {
	d := dict(m, 0)
	n, _ := d["n"].(int64)
	qid, given := d["qid"].(int64)
	if !given || qid < 0 {
		qid = s.lastQid
	}
	c := s.results[qid]
	if c == nil {
		return nil, failf("ClientError.Request.Invalid", "there is no result to pull from")
	}
	end := len(c.rows)
	if n >= 0 {
		end = min(end, c.at+int(n))
	}
	for ; c.at < end; c.at++ {
		if m.tag == msgPull {
			if err := s.send(msgRecord, c.rows[c.at]); err != nil {
				return nil, errDropped
			}
		}
	}
	if c.at < len(c.rows) {
		return map[string]any{"has_more": true}, nil
	}
	delete(s.results, qid)
	meta := map[string]any{"type": c.kind, "t_last": int64(0), "db": s.db}
	if s.tx == nil {
		meta["bookmark"] = s.bookmark(s.db)
	}
	return meta, nil
}

func (s *session) bookmark(db string) string {
	applied := 0
	if m := s.in.member(db); m != nil {
		applied = m.status().Applied
	}
	if db == s.writtenTo {
		applied = max(applied, s.written)
	}
	return fmt.Sprintf("standin:%s:%d", db, applied)
}

// commit brings a transaction's changes to the leader.
func (s *session) commit(ctx context.Context, tx *transaction) *failure {
	if tx.work == nil {
		return nil
	}
	c := tx.work.change()
	if c == nil {
		return nil
	}
	out, err := s.in.submit(ctx, tx.db, c, s.routed)
	if err != nil {
		return (&execution{in: s.in}).unwritable(tx.db, err)
	}
	if out.Failure != nil {
		return out.Failure
	}
	s.in.counts.note("writes")
	s.written, s.writtenTo = out.Index, tx.db
	return nil
}

func (s *session) end(ctx context.Context, commit bool) (map[string]any, *failure) {
	tx := s.tx
	if tx == nil {
		return nil, failf("ClientError.Request.Invalid", "there is no transaction to end")
	}
	s.tx, s.results = nil, map[int64]*cursor{}
	if !commit {
		return map[string]any{}, nil
	}
	if f := s.commit(ctx, tx); f != nil {
		return nil, f
	}
	return map[string]any{"bookmark": s.bookmark(tx.db)}, nil
}

// ---- routing --------------------------------------------------------------------------------------

func (s *session) route(m structure) (map[string]any, *failure) {
	s.in.counts.note("route")
	db := ""
	if len(m.fields) > 2 {
		if text, ok := m.fields[2].(string); ok {
			db = text
		}
		if text := word(dict(m, 2), "db"); text != "" {
			db = text
		}
	}
	if db == "" {
		db = defaultName
	}
	address := word(dict(m, 0), "address")
	if address == "" {
		address = s.router
	}
	rt, f := s.in.routingTable(strings.ToLower(db), address, true)
	if f != nil {
		return nil, f
	}
	return map[string]any{"rt": rt}, nil
}
