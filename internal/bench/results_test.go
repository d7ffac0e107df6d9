package bench

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// results are the contents of the page.
type results struct{ sections []*section }

// section holds the measurements of one subject.
type section struct {
	title, text string
	head        []string
	rows        []row
}

// row is one measurement.
type row struct {
	what         string
	ratio, limit float64 // to the floor, and its target; 0 if there is none
	cells        []string
}

// section begins a section. Its table has the given columns in addition to ratio and target.
func (r *results) section(title string, head ...string) *section {
	s := &section{title: title, head: head}
	r.sections = append(r.sections, s)
	return s
}

func (s *section) add(what string, cells ...string) {
	s.rows = append(s.rows, row{what: what, cells: cells})
}

// compare adds a row with the ratio of two measurements. A limit other than 0 is the target for the ratio.
func (s *section) compare(what string, limit float64, format func(float64) string, provider, floor samples, cells ...string) {
	s.rows = append(s.rows, row{what, provider.ratioTo(floor), limit, append([]string{format(provider.median()), format(floor.median())}, cells...)})
}

func (s *section) hasRatios() bool {
	return slices.ContainsFunc(s.rows, func(r row) bool { return r.ratio > 0 })
}

// render writes the charts and returns the page.
func (r *results) render(t *testing.T, machine string) string {
	targets := section{title: "Targets", head: []string{"measurement", "result"}}
	for _, s := range r.sections {
		for _, row := range s.rows {
			if row.limit > 0 {
				row.what, row.cells = s.title+": "+row.what, []string{"met"}
				if row.ratio > row.limit {
					row.cells[0] = "**missed**"
				}
				targets.rows = append(targets.rows, row)
			}
		}
	}
	var page strings.Builder
	fmt.Fprintf(&page, introduction, machine)
	for i, s := range append([]*section{&targets}, r.sections...) {
		fmt.Fprintf(&page, "\n## %s\n\n", s.title)
		if s.text != "" {
			fmt.Fprintf(&page, "%s\n\n", s.text)
		}
		if s.hasRatios() && i > 0 {
			name := strings.ToLower(strings.Join(strings.FieldsFunc(s.title, func(r rune) bool { return strings.ContainsRune(" ,", r) }), "-")) + ".svg"
			must(t, os.WriteFile(name, []byte(chart(s.rows)), 0o644))
			fmt.Fprintf(&page, "![%s: ratios to the floor](%s)\n\n", s.title, name)
		}
		s.write(&page)
	}
	return page.String()
}

// write writes the table.
func (s *section) write(page *strings.Builder) {
	line := func(what string, ratio []string, cells []string) {
		if !s.hasRatios() {
			ratio = nil
		}
		fmt.Fprintf(page, "| %s |\n", strings.Join(slices.Concat([]string{what}, ratio, cells), " | "))
	}
	line(s.head[0], []string{"ratio", "target"}, s.head[1:])
	line("---", []string{"---", "---"}, slices.Repeat([]string{"---"}, len(s.head)-1))
	for _, r := range s.rows {
		limit := ""
		if r.limit > 0 {
			limit = times(r.limit)
		}
		line(r.what, []string{times(r.ratio), limit}, r.cells)
	}
}

const introduction = `# Benchmarks

` + "`make bench`" + ` writes this page; don't edit it. Each figure is compared with a floor. The figure and its floor are
measured alternately in the same run. Unless stated otherwise, the floor is the provider ` + "`constant`" + `, which has the same
framework and arguments but returns constant tokens. Figures are medians. Ratios are the medians of neighboring
measurements. The stand-in simulates GoTo. In the charts, the dashed line is the floor, and a red mark is the target.

%s.
`

// machine describes the machine and its load when the measurements begin.
func machine(t *testing.T, cli string) string {
	processor, load := runtime.GOARCH, "unknown"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		_, rest, _ := strings.Cut(string(text), "model name")
		rest, _, _ = strings.Cut(rest, "\n")
		processor = strings.Trim(rest, "\t :")
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = strings.Fields(string(text))[0]
	}
	version, err := exec.CommandContext(t.Context(), cli, "version").Output()
	must(t, err)
	first, _, _ := strings.Cut(string(version), "\n")
	return fmt.Sprintf("%s, %d × %s, %s, %s on %s; the load average before the start was %s", time.Now().UTC().Format("2 January 2006"),
		runtime.NumCPU(), processor, first, runtime.Version(), runtime.GOOS, load)
}

func number(n int) string { return strconv.Itoa(n) }

func milliseconds(seconds float64) string { return fmt.Sprintf("%.2f ms", 1000*seconds) }

// inMilliseconds formats a constant, without decimals.
func inMilliseconds(duration time.Duration) string {
	return fmt.Sprintf("%d ms", duration.Milliseconds())
}

func seconds(value float64) string { return fmt.Sprintf("%.2f s", value) }

func times(ratio float64) string { return fmt.Sprintf("%.2f ×", ratio) }

func mebibytes(bytes float64) string { return fmt.Sprintf("%.1f MiB", bytes/(1<<20)) }
