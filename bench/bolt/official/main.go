// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// What bench/bolt/driver.c does, with the official Go driver: official URI rows|queries|runs|connects|writes|mixed N.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"
)

const rowsText = "UNWIND range(1, $n) AS i RETURN i AS id, 'name-' + i AS name, i * 0.5 AS score"
const oneText = "RETURN $x AS x"
const writeText = "UNWIND $rows AS row CREATE (n:Bench) SET n = row"
const mixedWriteText = "CREATE (n:Mixed {id: $x}) RETURN n.id AS x"

const (
	writeBatch = 1000
	threads    = 4
	sessions   = 16 // of each thread
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "official:", err)
		os.Exit(1)
	}
}

func open(uri string) neo4j.DriverWithContext {
	driver, err := neo4j.NewDriverWithContext(uri, neo4j.BasicAuth("neo4j", "password", ""), func(config *config.Config) {
		config.TelemetryDisabled = true // ours tells nothing unless it is asked to
	})
	must(err)
	return driver
}

func rows(ctx context.Context, uri string, n int64) {
	driver := open(uri)
	defer driver.Close(ctx)
	session := driver.NewSession(ctx, neo4j.SessionConfig{DatabaseName: "neo4j"})
	defer session.Close(ctx)
	result, err := session.Run(ctx, rowsText, map[string]any{"n": n})
	must(err)
	var count, sum int64
	for result.Next(ctx) {
		values := result.Record().Values
		count++
		sum += values[0].(int64) + int64(len(values[1].(string))) + int64(values[2].(float64))
	}
	must(result.Err())
	if count != n || sum == 0 {
		must(fmt.Errorf("%d rows came where %d were expected", count, n))
	}
}

func queries(ctx context.Context, driver neo4j.DriverWithContext, n int64) {
	for i := int64(0); i < n; i++ {
		result, err := neo4j.ExecuteQuery(ctx, driver, oneText, map[string]any{"x": i}, neo4j.EagerResultTransformer,
			neo4j.ExecuteQueryWithDatabase("neo4j"))
		must(err)
		if len(result.Records) != 1 {
			must(fmt.Errorf("%d rows came where 1 was expected", len(result.Records)))
		}
	}
}

func run(ctx context.Context, session neo4j.SessionWithContext, text string, x int64) {
	result, err := session.Run(ctx, text, map[string]any{"x": x})
	must(err)
	_, err = result.Single(ctx)
	must(err)
}

func runs(ctx context.Context, driver neo4j.DriverWithContext, n int64) {
	session := driver.NewSession(ctx, neo4j.SessionConfig{DatabaseName: "neo4j"})
	defer session.Close(ctx)
	for i := int64(0); i < n; i++ {
		run(ctx, session, oneText, i)
	}
}

func writes(ctx context.Context, driver neo4j.DriverWithContext, n int64) {
	session := driver.NewSession(ctx, neo4j.SessionConfig{DatabaseName: "neo4j"})
	defer session.Close(ctx)
	names := make([]string, writeBatch)
	for i := range names {
		names[i] = fmt.Sprintf("name-%08d", i)
	}
	for done := int64(0); done < n; done += writeBatch {
		rows := make([]map[string]any, writeBatch)
		for i := range rows {
			rows[i] = map[string]any{"id": done + int64(i), "name": names[i], "score": float64(i) * 0.5, "active": i%2 == 0, "city": "Malmö"}
		}
		result, err := session.Run(ctx, writeText, map[string]any{"rows": rows})
		must(err)
		_, err = result.Consume(ctx)
		must(err)
	}
}

func mix(ctx context.Context, driver neo4j.DriverWithContext, took []time.Duration) {
	var own [sessions]neo4j.SessionWithContext
	for i := range own {
		own[i] = driver.NewSession(ctx, neo4j.SessionConfig{DatabaseName: "neo4j"})
		defer own[i].Close(ctx)
	}
	for i := range took {
		text := oneText
		if i%4 == 3 {
			text = mixedWriteText
		}
		begun := time.Now()
		run(ctx, own[i%sessions], text, int64(i))
		took[i] = time.Since(begun)
	}
}

func mixed(ctx context.Context, driver neo4j.DriverWithContext, n int64) {
	var group sync.WaitGroup
	took := make([]time.Duration, n)
	share := int(n) / threads
	runtime.GOMAXPROCS(threads)
	for i := range threads {
		group.Add(1)
		go func() {
			defer group.Done()
			mix(ctx, driver, took[i*share:(i+1)*share])
		}()
	}
	group.Wait()
	slices.Sort(took)
	fmt.Printf("p99_us %.1f\n", float64(took[n*99/100].Nanoseconds())/1000)
}

func connects(ctx context.Context, uri string, n int64) {
	for i := int64(0); i < n; i++ {
		driver := open(uri)
		runs(ctx, driver, 1)
		must(driver.Close(ctx))
	}
}

func cpu() float64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1000
}

// The peak of this program alone: that of getrusage() would begin with its parent's.
func peak() string {
	status, err := os.ReadFile("/proc/self/status")
	must(err)
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, "VmHWM:") {
			return strings.Fields(line)[1]
		}
	}
	return "-1"
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: official URI rows|queries|runs|connects|writes|mixed N")
		os.Exit(2)
	}
	uri, kind := os.Args[1], os.Args[2]
	n, err := strconv.ParseInt(os.Args[3], 10, 64)
	must(err)
	ctx := context.Background()
	driver := open(uri)
	if kind == "queries" || kind == "runs" || kind == "writes" || kind == "mixed" {
		runs(ctx, driver, 100) // what only the first ones cost
	}
	used, start := cpu(), time.Now()
	switch kind {
	case "rows":
		rows(ctx, uri, n)
	case "queries":
		queries(ctx, driver, n)
	case "runs":
		runs(ctx, driver, n)
	case "connects":
		connects(ctx, uri, n)
	case "writes":
		writes(ctx, driver, n)
	case "mixed":
		mixed(ctx, driver, n)
	default:
		must(fmt.Errorf("unknown kind '%s'", kind))
	}
	used = cpu() - used
	wall := float64(time.Since(start).Microseconds())
	fmt.Printf("%s %d cpu_us %.3f wall_us %.3f peak_kib %s\n", kind, n, used/float64(n), wall/float64(n), peak())
	must(driver.Close(ctx))
}
