// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Fleet stands in for the service that a Neo4j server's Fleet Manager reports to, and for the Aura API that makes deployments and tokens, in
// tests only.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

const usage = `usage:
  fleet serve [--listen :8080] [--state-dir DIR] [--interval PT10S]
  fleet mint [--project P] [--expires RFC3339|DURATION] [--out FILE] [--server URL | --state-dir DIR | --unregistered]
  fleet list [--json] [--server URL]            servers that connected
  fleet keys [--server URL]                     tokens known, without their secrets (JSON)
  fleet rotate|expire|revoke|deny|accept KID [--server URL]
KID may be 'all'. A minted token goes to standard output or to FILE (mode 0600), nowhere else.
`

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("no command\n" + usage)
	}
	switch args[0] {
	case "serve":
		return serve(args[1:])
	case "mint":
		return mintCommand(args[1:], out)
	case "list":
		return list(args[1:], out)
	case "keys":
		return keys(args[1:], out)
	default:
		if _, known := adminStates[args[0]]; known {
			return act(args[0], args[1:], out)
		}
		return fmt.Errorf("unknown command '%s'\n%s", args[0], usage)
	}
}

func serve(args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	listen := flags.String("listen", ":8080", "address to listen on")
	stateDir := flags.String("state-dir", "", "folder to keep the public keys in")
	interval := flags.String("interval", "PT10S", "how often servers report")
	if err := flags.Parse(args); err != nil {
		return err
	}
	store, err := newStore(*stateDir)
	if err != nil {
		return err
	}
	server := &http.Server{
		Addr:              *listen,
		Handler:           (&service{store, *interval}).handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	log.Printf("listening on %s", *listen)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func serverFlag(flags *flag.FlagSet) *string {
	fallback := os.Getenv("FLEET_SERVER")
	if fallback == "" {
		fallback = "http://127.0.0.1:8080"
	}
	return flags.String("server", fallback, "the service ($FLEET_SERVER)")
}

func call(method, url string, body any, into any) error {
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(data)
	}
	req, err := http.NewRequest(method, url, reader)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: 10 * time.Second}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, url, res.Status, strings.TrimSpace(string(data)))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(data, into)
}

func mintCommand(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("mint", flag.ContinueOnError)
	project := flags.String("project", "00000000-0000-4000-8000-000000000001", "project_id of the token")
	expires := flags.String("expires", "2160h", "when the token ends: RFC 3339 or a duration")
	file := flags.String("out", "", "file for the token instead of standard output")
	stateDir := flags.String("state-dir", "", "register in this folder, for a service that starts later")
	unregistered := flags.Bool("unregistered", false, "do not tell the service about the token")
	server := serverFlag(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	end, err := parseExpiry(*expires, time.Now())
	if err != nil {
		return err
	}
	token, reg, err := mint(*project, end)
	if err != nil {
		return err
	}
	switch {
	case *unregistered:
	case *stateDir != "":
		store, err := newStore(*stateDir)
		if err != nil {
			return err
		}
		if err := store.register(reg); err != nil {
			return err
		}
	default:
		if err := call(http.MethodPost, *server+"/admin/keys", reg, nil); err != nil {
			return err
		}
	}
	if *file != "" {
		_ = os.Remove(*file)
		return os.WriteFile(*file, []byte(token), 0o600)
	}
	_, err = fmt.Fprintln(out, token)
	return err
}

func list(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("list", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "the whole records")
	server := serverFlag(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	found := []deployment{}
	if err := call(http.MethodGet, *server+"/admin/deployments", nil, &found); err != nil {
		return err
	}
	if *asJSON {
		return printJSON(out, found)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PROJECT\tDBMS\tSERVER\tADDRESS\tVERSION\tCONNECTED\tLAST REPORT\tKID")
	for _, d := range found {
		report := "-"
		if d.LastReport != nil {
			report = d.LastReport.Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%.12s\t%.8s\t%s\t%s\t%s\t%s\t%.8s\n", d.Project, d.DbmsID, d.ServerID, d.Address,
			d.ServerVersion, d.LastConnect.Format(time.RFC3339), report, d.Kid)
	}
	return table.Flush()
}

func keys(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("keys", flag.ContinueOnError)
	server := serverFlag(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	found := []tokenKey{}
	if err := call(http.MethodGet, *server+"/admin/keys", nil, &found); err != nil {
		return err
	}
	return printJSON(out, found)
}

func act(action string, args []string, out io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("%s needs a KID ('fleet keys' lists them) or 'all'", action)
	}
	flags := flag.NewFlagSet(action, flag.ContinueOnError)
	server := serverFlag(flags)
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	kids := []string{args[0]}
	if args[0] == "all" {
		found := []tokenKey{}
		if err := call(http.MethodGet, *server+"/admin/keys", nil, &found); err != nil {
			return err
		}
		kids = nil
		for _, k := range found {
			if k.State != stateRotated {
				kids = append(kids, k.Kid)
			}
		}
	}
	for _, kid := range kids {
		if err := call(http.MethodPost, *server+"/admin/keys/"+kid+"/"+action, nil, nil); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s %s\n", kid, adminStates[action])
	}
	return nil
}

func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
