package bench

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	frameworkprovider "github.com/hashicorp/terraform-plugin-framework/provider"

	"github.com/terraform-goto/terraform-provider-goto/internal/bench/constant"
	"github.com/terraform-goto/terraform-provider-goto/internal/provider"
)

// crowdVariable is the environment variable that makes this binary run as one process of a crowd. Its value names the
// provider.
const crowdVariable = "GOTO_BENCH_CROWD"

// TestCrowdMember is one process of a crowd: it configures a provider, opens when it receives a line, and exits when its
// input ends.
func TestCrowdMember(t *testing.T) {
	t.Parallel()
	made := map[string]func() frameworkprovider.Provider{"provider": provider.New("bench"), "constant": constant.New}[os.Getenv(crowdVariable)]
	if made == nil {
		t.Skip("runs only as part of TestPage")
	}
	opener := newOpener(t, made)
	input := bufio.NewReader(os.Stdin)
	fmt.Println("ready")
	if _, err := input.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	opener.open(nil)
	fmt.Println("done")
	if _, err := io.Copy(io.Discard, input); err != nil {
		t.Fatal(err)
	}
}

// crowd makes the given number of processes open at once and returns how long they took.
func (w *world) crowd(count int, provider string, variables ...string) float64 {
	var inputs []io.WriteCloser
	var outputs []*bufio.Reader
	expect := func(output *bufio.Reader, word string) {
		if line, err := output.ReadString('\n'); line != word+"\n" {
			rest, _ := io.ReadAll(output)
			w.Fatalf("a crowd process printed %q%s (%v), want %q", line, rest, err, word)
		}
	}
	for range count {
		command := exec.CommandContext(w.Context(), os.Args[0], "-test.run=^TestCrowdMember$")
		command.Env = append(slices.Concat(w.variables, variables), crowdVariable+"="+provider)
		input, err := command.StdinPipe()
		must(w, err)
		output, err := command.StdoutPipe()
		must(w, err)
		must(w, command.Start())
		defer func() { must(w, errors.Join(input.Close(), command.Wait())) }()
		inputs, outputs = append(inputs, input), append(outputs, bufio.NewReader(output))
		expect(outputs[len(outputs)-1], "ready")
	}
	started := time.Now()
	for _, input := range inputs {
		_, err := io.WriteString(input, "\n")
		must(w, err)
	}
	for _, output := range outputs {
		expect(output, "done")
	}
	return time.Since(started).Seconds() // before the deferred exits
}

func measureCrowds(t *testing.T, found *results) {
	const runs, many = 9, 64
	w := newWorld(t, serverTime)
	crowds := found.section("Many processes at once, one credential", "processes", "provider", "floor")
	crowds.text = `Measured from the moment when all processes start to open until the last one has its token. The server takes ` + inMilliseconds(serverTime) + ` to
answer. For cold processes, with an empty cache, the floor is a single process; together, the processes make one request. For warm processes, the floor is the same number of processes with the constant provider.`
	cold := func(count int) func() float64 {
		return func() float64 {
			w.clearCache()
			took := w.crowd(count, "provider")
			w.wantRequests(1)
			return took
		}
	}
	measured := alternate(runs, cold(1), cold(many), // this warms the cache
		func() float64 { return w.crowd(many, "constant") }, func() float64 { return w.crowd(many, "provider") })
	w.wantRequests(0)
	crowds.compare(fmt.Sprintf("cold, %d", many), 1.25, milliseconds, measured[1], measured[0])
	crowds.compare(fmt.Sprintf("warm, %d", many), 1.1, milliseconds, measured[3], measured[2])
}
