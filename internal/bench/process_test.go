package bench

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

// process is a provider process, started the way the command line starts it but without TLS.
type process struct {
	testing.TB
	command          *exec.Cmd
	network, address string
	connection       *grpc.ClientConn
}

// start starts the provider at path and waits until it listens. The provider's log goes to logs.
func start(tb testing.TB, path string, logs io.Writer, variables ...string) *process {
	tb.Helper()
	p := &process{TB: tb, command: exec.CommandContext(tb.Context(), path)}
	// https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol
	p.command.Env = append(variables, "PLUGIN_PROTOCOL_VERSIONS=6", "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
	p.command.Stderr = logs
	output, err := p.command.StdoutPipe()
	must(tb, err)
	must(tb, p.command.Start())
	line, err := bufio.NewReader(output).ReadString('\n')
	must(tb, err)
	handshake := strings.Split(line, "|") // 1|6|unix|/tmp/plugin123|grpc|
	p.network, p.address = handshake[2], handshake[3]
	p.connection, err = grpc.NewClient("passthrough:", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, p.network, p.address)
		}))
	must(tb, err)
	return p
}

// call calls a method with an empty request and discards the reply.
func (p *process) call(method string) error {
	return p.connection.Invoke(p.Context(), method, &emptypb.Empty{}, &emptypb.Empty{})
}

func (p *process) schema() { must(p, p.call("/tfplugin6.Provider/GetProviderSchema")) }

func (p *process) stop() {
	_ = p.call("/plugin.GRPCController/Shutdown") // the process may exit before it answers
	must(p, p.connection.Close())
	must(p, p.command.Wait())
}

// reattach returns the environment variable that makes a command line use this process.
func (p *process) reattach() string {
	type address struct{ Network, String string }
	text, err := json.Marshal(map[string]any{source: struct {
		Protocol             string
		ProtocolVersion, Pid int
		Test                 bool
		Addr                 address
	}{"grpc", 6, p.command.Process.Pid, true, address{p.network, p.address}}})
	must(p, err)
	return "TF_REATTACH_PROVIDERS=" + string(text)
}

// residentMemory returns the resident memory of the process in bytes. It requires Linux.
func (p *process) residentMemory() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	must(p, err)
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kibibytes, err := strconv.Atoi(strings.Fields(rest)[0])
	must(p, err)
	return float64(kibibytes) * 1024
}

func (p programs) measureProcess(t *testing.T, found *results) {
	w := newWorld(t, 0)
	costs := found.section("The provider process", "measurement", "provider", "floor")
	costs.text = `The floor for the start includes the time that the object storage SDKs need to initialize. The additional memory after an
apply of one block is mostly pages of the binary's file, which the operating system maps in groups around each page that is
used. The floor with the SDKs linked, but not used, starts only about 0.15 ms faster than the provider and has nearly the
same resident memory. So only leaving out the SDKs would change much.`
	took := map[string]samples{} // by module
	measured := alternate(41, func() float64 { return startToSchema(w, p.floor) }, func() float64 { return startToSchema(w, p.provider) },
		func() (sum float64) {
			for module, seconds := range p.sdkInitialization(w) {
				took[module] = append(took[module], seconds)
				sum += seconds
			}
			return sum
		})
	floor, provider, sdks := measured[0], measured[1], measured[2]
	for i := range floor {
		floor[i] += sdks[i]
	}
	costs.compare("start to schema", 1.03, milliseconds, provider, floor)
	costs.compare("initialization of the SDKs, compared with 2 ms", 1, milliseconds, sdks, slices.Repeat(samples{2e-3}, len(sdks)))
	for _, count := range []int{1, 1000} {
		measured := alternate(3, func() float64 { return p.memory(w, p.floor, count) }, func() float64 { return p.memory(w, p.provider, count) })
		costs.compare(fmt.Sprintf("resident memory after an apply, blocks: %d", count), 1.1, mebibytes, measured[1], measured[0])
	}
	costs.compare("binary, stripped", 2, mebibytes, samples{size(t, p.provider)}, samples{size(t, p.floor)})

	packages := found.section("Initialization of linked packages", "module", "time")
	packages.text = "The times that `GODEBUG=inittrace=1` reports for the packages that the floor doesn't have, as sums per module. Modules below 0.01 ms are left out."
	for _, module := range slices.SortedFunc(maps.Keys(took), func(a, b string) int { return cmp.Compare(took[b].median(), took[a].median()) }) {
		if took[module].median() >= 0.01e-3 {
			packages.add(module, milliseconds(took[module].median()))
		}
	}
}

// startToSchema returns the seconds from the start of a provider until it has sent its schema.
func startToSchema(w *world, path string) float64 {
	started := time.Now()
	process := start(w, path, io.Discard, w.variables...)
	process.schema()
	took := time.Since(started).Seconds()
	process.stop()
	return took
}

// memory returns the resident memory of a provider after an apply of the given number of blocks.
func (p programs) memory(w *world, path string, count int) float64 {
	writeBlocks(w, make([]string, count))
	process := start(w, path, io.Discard, w.variables...)
	defer process.stop()
	p.apply(w, "", process.reattach())
	return process.residentMemory()
}

func size(tb testing.TB, path string) float64 {
	info, err := os.Stat(path)
	must(tb, err)
	return float64(info.Size())
}

var initialization = regexp.MustCompile(`(?m)^init (\S+) @\S+ ms, (\S+) ms clock`)

// sdkInitialization returns the time to initialize the packages that only the real provider links, by module.
func (p programs) sdkInitialization(w *world) map[string]float64 {
	provider, floor, modules := initializations(w, p.provider), initializations(w, p.floor), map[string]float64{}
	built, err := buildinfo.ReadFile(p.provider)
	must(w, err)
	for name, seconds := range provider {
		if _, both := floor[name]; both {
			continue
		}
		module := "the standard library"
		for _, dependency := range append(built.Deps, &built.Main) {
			if strings.HasPrefix(name+"/", dependency.Path+"/") {
				module = dependency.Path
			}
		}
		modules[module] += seconds
	}
	return modules
}

// initializations returns the initialization time of each package of a provider, in seconds.
func initializations(w *world, path string) map[string]float64 {
	var traced bytes.Buffer
	process := start(w, path, &traced, append(slices.Clip(w.variables), "GODEBUG=inittrace=1")...)
	process.stop()
	packages := map[string]float64{}
	for _, match := range initialization.FindAllStringSubmatch(traced.String(), -1) {
		milliseconds, err := strconv.ParseFloat(match[2], 64)
		must(w, err)
		packages[match[1]] += milliseconds / 1000
	}
	return packages
}

// Every log line costs the command line time, even one that it drops.
func TestProcessLogsOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	path := filepath.Join(w.directory, "terraform-provider-goto.exe") // Windows requires the extension
	build(t, path, "")
	for asked, variable := range map[bool]string{false: "TF_LOG=", true: "TF_LOG=TRACE"} {
		var logged bytes.Buffer
		process := start(t, path, &logged, append(slices.Clip(w.variables), variable)...)
		process.schema()
		process.stop()
		if found := strings.Contains(logged.String(), `"@module":"sdk.proto"`); found != asked {
			t.Errorf("%s: logged = %t", variable, found)
		}
	}
}
