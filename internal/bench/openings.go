package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
)

// benchmarks are the measurements of the benchmarks of this package, in seconds, by their names.
type benchmarks map[string]samples

// runBenchmarks runs all of them that many times.
func (b *bencher) runBenchmarks(ctx context.Context) (benchmarks, error) {
	measured := benchmarks{}
	for range b.runs {
		output, err := exec.CommandContext(ctx, b.benchmarkBinary, "-test.run", "^$", "-test.bench", ".", "-test.benchtime", "300ms").CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("running the benchmarks: %w\n%s", err, output)
		}
		if err := measured.collect(string(output)); err != nil {
			return nil, err
		}
	}
	for _, name := range benchmarkNames() {
		if len(measured[name]) != b.runs {
			return nil, fmt.Errorf("the benchmark %s was measured %d times, want %d", name, len(measured[name]), b.runs)
		}
	}
	return measured, nil
}

var benchmarkLine = regexp.MustCompile(`(?m)^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op`)

// collect takes in what the benchmarks have printed.
func (m benchmarks) collect(output string) error {
	for _, match := range benchmarkLine.FindAllStringSubmatch(output, -1) {
		nanoseconds, err := strconv.ParseFloat(match[2], 64)
		if err != nil {
			return err
		}
		m[match[1]] = append(m[match[1]], nanoseconds/1e9)
	}
	return nil
}

var (
	grantNames  = []string{"code", "refresh_token", "personal_access_token"}
	entryCounts = []string{"1", "1000", "100000"}
	engineSteps = []struct{ name, description string }{
		{"read", "read and open an entry"},
		{"claim", "claim an entry that is new: create its lock file"},
		{"claim-known", "claim an entry that is known"},
		{"intent", "claim, and store an intent: reserve room, write, sync, rename, sync the directory"},
		{"request", "request a token: connect, post, decode"},
		{"write", "claim, and store a login: write, sync, rename, sync the directory"},
	}
)

// benchmarkNames returns the names of the benchmarks that the page shows.
func benchmarkNames() []string {
	names := []string{"POST", "ConstantOpen"}
	for _, grant := range grantNames {
		names = append(names, "ColdOpen/"+grant, "WarmOpen/"+grant)
	}
	for _, step := range engineSteps {
		names = append(names, "Step/"+step.name)
	}
	for _, count := range entryCounts {
		names = append(names, "Entries/warm/"+count, "Entries/cold/"+count)
	}
	return names
}

// measureOpenings measures what happens inside the process.
func (b *bencher) measureOpenings(ctx context.Context, found *results) error {
	measured, err := b.runBenchmarks(ctx)
	if err != nil {
		return err
	}
	measured.showOpenings(found)
	measured.showSteps(found)
	measured.showEntries(found)
	return nil
}

func (m benchmarks) showOpenings(found *results) {
	openings := table{
		title: "Openings inside the process",
		text: "Through the framework's server, without the socket, against a server that takes no time. The floor of a cold\n" +
			"opening is the bare POST on a connection of its own, that of a warm one the constant provider.",
		head: []string{"opening", "above the floor", "ratio", "ours", "floor"},
	}
	add := func(what string, ours, floor samples) {
		openings.add(what, milliseconds(ours.median()-floor.median()), times(ours.over(floor)), milliseconds(ours.median()), milliseconds(floor.median()))
	}
	post, constant := m["POST"], m["ConstantOpen"]
	var cold, warm float64
	for _, grant := range grantNames {
		add("cold, "+grant, m["ColdOpen/"+grant], post)
		add("warm, "+grant, m["WarmOpen/"+grant], constant)
		cold, warm = max(cold, m["ColdOpen/"+grant].median()-post.median()), max(warm, m["WarmOpen/"+grant].median())
	}
	found.aim("cold opening, above the bare POST", "5 ms", milliseconds(cold), cold <= 0.005)
	found.aim("warm opening inside the process", "1 ms", milliseconds(warm), warm < 0.001)
	found.tables = append(found.tables, openings)
}

func (m benchmarks) showSteps(found *results) {
	steps := table{
		title: "Where the time goes",
		text: "What the engine does in an opening, each step measured alone. The rest is the framework, which reads the arguments\n" +
			"and writes the attributes; it does that in the constant provider too.",
		head: []string{"step", "takes"},
	}
	for _, step := range engineSteps {
		steps.add(step.description, milliseconds(m["Step/"+step.name].median()))
	}
	found.tables = append(found.tables, steps)
}

func (m benchmarks) showEntries(found *results) {
	entries := table{
		title: "Entries in the cache",
		text:  "Openings with a refresh token beside the entries of others.",
		head:  []string{"entries", "warm, ratio to 1 entry", "cold, ratio to 1 entry", "warm", "cold"},
	}
	var warmest, coldest float64
	for _, count := range entryCounts {
		warm, cold := m["Entries/warm/"+count], m["Entries/cold/"+count]
		warmest, coldest = warm.over(m["Entries/warm/1"]), cold.over(m["Entries/cold/1"])
		entries.add(count, times(warmest), times(coldest), milliseconds(warm.median()), milliseconds(cold.median()))
	}
	found.aim("warm opening beside 100,000 entries, to one", "1.10 × (noise)", times(warmest), warmest <= 1.1)
	found.aim("cold opening beside 100,000 entries, to one", "1.10 × (noise)", times(coldest), coldest <= 1.1)
	found.tables = append(found.tables, entries)
}
