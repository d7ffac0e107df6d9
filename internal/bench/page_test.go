// Package bench measures what the provider costs: how many token requests there are, and where each millisecond goes.
package bench

import (
	"flag"
	"os"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/servers"
)

func TestMain(m *testing.M) { servers.Main(m) }

var measure = flag.Bool("page", false, "measure everything, and write README.md and its charts")

// TestPage is what "make bench" runs.
func TestPage(t *testing.T) { //nolint:paralleltest // it measures
	if !*measure {
		t.Skip("make bench measures")
	}
	p, found := buildPrograms(t), &results{}
	machine := machine(t, p.cli) // before it is busy with this
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
