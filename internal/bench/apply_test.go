package bench

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/commandline"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// source is the provider's address. It names Terraform's registry for every command line.
const source = "registry.terraform.io/terraform-goto/goto"

// programs are the programs measured from outside: a release build of the provider, the floor built with the same
// flags, and the command line that runs them.
type programs struct{ provider, floor, cli string }

func buildPrograms(t *testing.T) programs {
	cli, err := commandline.Find(cmp.Or(os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform"))
	must(t, err)
	t.Setenv("CGO_ENABLED", "0")
	path := func(kind string) string { return filepath.Join(t.TempDir(), kind, "terraform-provider-goto") }
	p := programs{path("provider"), path("floor"), cli}
	build(t, p.provider, "")
	build(t, p.floor, "/internal/bench/floor")
	return p
}

func build(tb testing.TB, path, program string) {
	tb.Helper()
	must(tb, commandline.Build(tb.Context(), "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", path, commandline.Module+program))
}

// apply applies the configuration of w with the provider at path and returns the seconds it took.
func (p programs) apply(w *world, path string, variables ...string) float64 {
	w.Helper()
	configuration := filepath.Join(w.directory, "cli.tfrc")
	must(w, commandline.Configure(configuration, map[string]string{source: filepath.Dir(path)}))
	cli := commandline.CommandLine{Path: p.cli, Directory: w.directory,
		Environment: commandline.Environment(configuration, slices.Concat(w.variables, variables)...)}
	started := time.Now()
	output, err := cli.Run(w.Context(), "apply", "-auto-approve")
	took := time.Since(started).Seconds()
	if err != nil {
		w.Fatalf("%v\n%s", err, output[max(0, len(output)-2000):])
	}
	return took
}

// writeBlocks writes a configuration with one goto_access_token for each refresh token; "" stands for the
// provider's own. Something changes in every run, so the command line never skips the apply walk.
func writeBlocks(w *world, refreshTokens []string) {
	var text strings.Builder
	fmt.Fprintf(&text, "terraform {\n  required_providers {\n    goto = { source = %q }\n  }\n}\n\n"+
		"resource \"terraform_data\" \"every_run\" {\n  triggers_replace = timestamp()\n}\n", source)
	for i, token := range refreshTokens {
		fmt.Fprintf(&text, "\nephemeral \"goto_access_token\" \"token_%d\" {\n", i)
		if token != "" {
			fmt.Fprintf(&text, "  refresh_token = %q\n", token)
		}
		text.WriteString("}\n")
	}
	must(w, os.WriteFile(filepath.Join(w.directory, "main.tf"), []byte(text.String()), 0o600))
}

// refreshTokens issues the given number of refresh tokens.
func (w *world) refreshTokens(count int) (tokens []string) {
	for range count {
		tokens = append(tokens, w.standin.IssueRefreshToken())
	}
	return tokens
}

// warmLimits are the targets for warm applies, by number of blocks.
var warmLimits = map[int][2]float64{1000: {1.03, 1.08}}

func (p programs) measureApplies(t *testing.T, found *results) {
	const runs = 5
	one := found.section("One apply, one credential", "blocks", "warm", "floor", "cold", "token requests cold", "warm")
	one.text = `The server takes ` + inMilliseconds(serverTime) + ` to answer. The floor is the constant provider, which logs nothing, like this provider.`
	many := found.section("One apply, a credential per block", "blocks", "warm", "floor", "token requests warm")
	for _, count := range []int{1, 100, 1000} {
		w := newWorld(t, serverTime)
		floor, warm := func() float64 { return p.apply(w, p.floor) }, func() float64 { return p.apply(w, p.provider) }
		writeBlocks(w, make([]string, count))
		measured := alternate(runs, func() float64 {
			w.clearCache()
			cold := p.apply(w, p.provider)
			w.wantRequests(1)
			return cold
		}, floor, warm)
		w.wantRequests(0)
		one.compare(number(count), warmLimits[count][0], seconds, measured[2], measured[1], seconds(measured[0].median()), "1", "0")

		w = newWorld(t, 0)
		tokens := w.refreshTokens(count)
		for _, token := range tokens {
			w.provider().open(arguments{"refresh_token": token}) // not delayed by GoTo's limit
		}
		w.standin.ResetCounts()
		writeBlocks(w, tokens)
		measured = alternate(runs, floor, warm)
		w.wantRequests(0)
		many.compare(number(count), warmLimits[count][1], seconds, measured[1], measured[0], "0")
	}
}

// measureLimit measures cold applies of many credentials against a server that enforces GoTo's limit.
func (p programs) measureLimit(t *testing.T, found *results) {
	const credentials, perSecond = 30, 10
	limited := found.section("30 credentials, cold, against a limit of 10 requests per second", "Retry-After from the server", "provider", "floor", "token requests", "requests refused at most")
	limited.text = `The server answers 429 to further requests. It counts the requests of the last 1000 ms, which is stricter than counting
per second of the clock. The floor is the time until the last second begins, plus an apply of the constant provider.`
	for _, retryAfter := range []time.Duration{0, time.Second} {
		refused := 0
		apply := func(path string) float64 { // each run has its own world, so earlier requests don't count
			w := newWorld(t, serverTime)
			w.standin.Configure(func(s *standin.Behavior) { s.RequestsPerSecond, s.RetryAfter = perSecond, retryAfter })
			writeBlocks(w, w.refreshTokens(credentials))
			took := p.apply(w, path)
			refused = max(refused, w.standin.Counts().TurnedAway)
			return took
		}
		measured := alternate(3, func() float64 { return apply(p.floor) + credentials/perSecond - 1 }, func() float64 { return apply(p.provider) })
		limited.compare(retryAfter.String(), 1.5, seconds, measured[1], measured[0], number(credentials), number(refused))
	}
}
