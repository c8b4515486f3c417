// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// How servers talk: JSON over HTTP on the cluster port, each call with the caller's DBMS so that strangers are refused.

const maxCall = 64 << 20

func (in *instance) call(ctx context.Context, address, kind string, body, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/"+kind, bytes.NewReader(data))
	if err != nil {
		return err
	}
	if in.bad.has("isolated") {
		return errors.New("this server is isolated")
	}
	req.Header.Set("Dbms", in.formed())
	res, err := in.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxCall))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, strings.TrimSpace(string(answer)))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

func (in *instance) sendRaft(ctx context.Context, id string, m *raftMessage) (*raftReply, error) {
	address := in.addressOf(id)
	if address == "" {
		return nil, errors.New("the server's address is unknown")
	}
	one, reply := *m, raftReply{} // the message goes to others, too
	one.To = id
	return &reply, in.call(ctx, address, "raft", one, &reply)
}

func (in *instance) peerHandler() http.Handler {
	mux := http.NewServeMux()
	for kind, answer := range map[string]func(context.Context, []byte) (any, error){
		"hello": in.onHello, "raft": in.onRaft, "bootstrap": in.onBootstrap, "submit": in.onSubmit,
	} {
		mux.HandleFunc("POST /"+kind, func(w http.ResponseWriter, req *http.Request) {
			data, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxCall))
			theirs, ours := req.Header.Get("Dbms"), in.formed()
			var result any
			switch {
			case err != nil:
			case in.bad.has("isolated"):
				err = errors.New("this server is isolated")
			case theirs != "" && ours != "" && theirs != ours:
				err = fmt.Errorf("this is DBMS %.8s, not %.8s", ours, theirs)
			default:
				result, err = answer(req.Context(), data)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusConflict)
				return
			}
			_ = json.NewEncoder(w).Encode(result)
		})
	}
	return mux
}

func (in *instance) servePeers() *http.Server {
	return &http.Server{Addr: in.c.clusterListen, Handler: in.peerHandler(), ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout: 30 * time.Second}
}

func (in *instance) onHello(_ context.Context, data []byte) (any, error) {
	var h hello
	if err := json.Unmarshal(data, &h); err != nil {
		return nil, err
	}
	in.learn(h)
	return in.hello(), nil
}

func (in *instance) onRaft(_ context.Context, data []byte) (any, error) {
	var m raftMessage
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, err
	}
	if m.To != in.id {
		return nil, fmt.Errorf("this is server %s, not %s", in.id, m.To)
	}
	g := in.member(m.Group)
	if g == nil {
		return nil, fmt.Errorf("database '%s' is not here", m.Group)
	}
	dropped := false
	in.sys.view(func() { dropped = in.sys.Dropped[m.From] })
	if dropped {
		return nil, fmt.Errorf("server %s was dropped", m.From)
	}
	return g.handle(&m), nil
}

// onBootstrap takes the first entry of a DBMS that this server was chosen for.
func (in *instance) onBootstrap(_ context.Context, data []byte) (any, error) {
	var op operation
	if err := json.Unmarshal(data, &op); err != nil {
		return nil, err
	}
	for _, one := range op.Servers {
		if one.ID == in.id {
			in.member(systemName).seed(data)
			return struct{}{}, nil
		}
	}
	return nil, errors.New("this server is not one of the founders")
}

func (in *instance) onSubmit(ctx context.Context, data []byte) (any, error) {
	var s submission
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, err
	}
	return in.submit(ctx, s.Database, s.Data, s.Forward)
}
