// Package bench measures the cost of the provider: the number of token requests and where the time is spent.
package bench

import (
	"flag"
	"os"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/servers"
)

func TestMain(m *testing.M) { servers.Main(m) }

var measure = flag.Bool("page", false, "measure everything, and write README.md and its charts")

// TestPage writes the page of measurements. "make bench" runs it.
func TestPage(t *testing.T) { //nolint:paralleltest // other tests would distort the measurements
	if !*measure {
		t.Skip("run make bench to measure")
	}
	p, found := buildPrograms(t), &results{}
	machine := machine(t, p.cli) // before the benchmarks load it
	for _, part := range []struct {
		name    string
		measure func(*testing.T, *results)
	}{
		{"openings", measureOpenings},
		{"process", p.measureProcess},
		{"crowds", measureCrowds},
		{"applies", p.measureApplies},
		{"limit", p.measureLimit},
		{"storage", p.measureObjectStorage},
	} {
		if !t.Run(part.name, func(t *testing.T) { part.measure(t, found) }) {
			return
		}
	}
	must(t, os.WriteFile("README.md", []byte(found.render(t, machine)), 0o644))
}
