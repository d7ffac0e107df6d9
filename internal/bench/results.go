package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// results are what the page shows.
type results struct {
	machine string
	runs    int
	targets []target
	tables  []table
}

// target is something the provider is meant to achieve.
type target struct {
	what, limit, measured string
	met                   bool
}

// table is what was measured of one subject.
type table struct {
	title, text string
	head        []string
	rows        [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (r *results) aim(what, limit, measured string, met bool) {
	r.targets = append(r.targets, target{what, limit, measured, met})
}

// render returns the page.
func (r *results) render() string {
	var page strings.Builder
	fmt.Fprintf(&page, introduction, r.machine, r.runs)
	targets := table{title: "Targets", head: []string{"what", "at most", "measured", ""}}
	for _, t := range r.targets {
		verdict := "missed"
		if t.met {
			verdict = "met"
		}
		targets.add(t.what, t.limit, t.measured, verdict)
	}
	for _, t := range append([]table{targets}, r.tables...) {
		fmt.Fprintf(&page, "\n## %s\n\n", t.title)
		if t.text != "" {
			fmt.Fprintf(&page, "%s\n\n", t.text)
		}
		writeRow(&page, t.head)
		writeRow(&page, slices.Repeat([]string{"---"}, len(t.head)))
		for _, row := range t.rows {
			writeRow(&page, row)
		}
	}
	return page.String()
}

func writeRow(page *strings.Builder, cells []string) {
	fmt.Fprintf(page, "| %s |\n", strings.Join(cells, " | "))
}

const introduction = `# What the provider costs

Written by ` + "`make bench`" + `; do not edit. Every figure stands beside a floor measured in the same run, in turns with it:
a provider of the same framework with the same arguments whose tokens are constants (` + "`constant`" + `, served by
` + "`floor`" + `), or the bare POST. Figures are medians, ratios those of neighbours in time. GoTo is played by the stand-in.

%s, %d runs where nothing else is said.
`

// machine describes what is measured on.
func machine(ctx context.Context, cli string) string {
	processor := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				processor = strings.TrimSpace(value)
				break
			}
		}
	}
	version, err := exec.CommandContext(ctx, cli, "version").Output()
	first, _, _ := strings.Cut(string(version), "\n")
	if err != nil {
		first = cli
	}
	return fmt.Sprintf("%s, %d × %s, %s, %s on %s", time.Now().UTC().Format("2 January 2006"), runtime.NumCPU(), processor,
		first, runtime.Version(), runtime.GOOS)
}

func number(n int) string { return strconv.Itoa(n) }

func milliseconds(seconds float64) string { return fmt.Sprintf("%.2f ms", 1000*seconds) }

func seconds(value float64) string { return fmt.Sprintf("%.2f s", value) }

func times(ratio float64) string { return fmt.Sprintf("%.2f ×", ratio) }

func mebibytes(bytes float64) string { return fmt.Sprintf("%.1f MiB", bytes/(1<<20)) }
