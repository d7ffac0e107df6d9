package release

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const (
	root    = "../.."
	version = "1.2.3"
)

// build is the build configuration in .goreleaser.yml.
type build struct {
	Binary  string
	Env     []string
	Flags   []string
	Ldflags []string
	Targets []string
}

func readBuild(t *testing.T) build {
	t.Helper()
	var file struct{ Builds []build }
	if err := yaml.Unmarshal(read(t, filepath.Join(root, ".goreleaser.yml")), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Builds) != 1 {
		t.Fatalf(".goreleaser.yml has %d builds, want one", len(file.Builds))
	}
	return file.Builds[0]
}

// from builds the provider from the sources in a directory and returns the path to the binary.
func (b build) from(t *testing.T, sources string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "terraform-provider-goto")
	flags := strings.ReplaceAll(strings.Join(b.Ldflags, " "), "{{ .Version }}", version)
	command := exec.CommandContext(t.Context(), "go", slices.Concat([]string{"build", "-o", binary, "-ldflags", flags}, b.Flags, []string{"."})...)
	command.Dir = sources
	command.Env = append(os.Environ(), append(b.Env, "GOENV=off", "GOFLAGS=")...)
	run(t, command)
	return binary
}

func run(t *testing.T, command *exec.Cmd) (output string) {
	t.Helper()
	said, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, said)
	}
	return string(said)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	contents, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return contents
}

func TestBuildIsReproducible(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("make soak runs this")
	}

	copied := t.TempDir()
	if err := os.CopyFS(filepath.Join(copied, "internal"), os.DirFS(filepath.Join(root, "internal"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum", "main.go"} {
		if err := os.WriteFile(filepath.Join(copied, name), read(t, filepath.Join(root, name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	here, there := read(t, readBuild(t).from(t, root)), read(t, readBuild(t).from(t, copied))
	if !bytes.Equal(here, there) {
		t.Error("builds in different directories produce different binaries")
	}
	if !bytes.Contains(here, []byte(version)) {
		t.Error("the binary does not contain its version")
	}
}

func TestManifestNamesTheProtocol(t *testing.T) {
	t.Parallel()

	var manifest struct {
		Metadata struct {
			ProtocolVersions []string `json:"protocol_versions"`
		}
	}
	if err := json.Unmarshal(read(t, filepath.Join(root, "terraform-registry-manifest.json")), &manifest); err != nil {
		t.Fatal(err)
	}

	provider := exec.CommandContext(t.Context(), readBuild(t).from(t, root), "-debug")
	provider.Cancel = func() error { return provider.Process.Signal(os.Interrupt) } // so that the provider removes its socket
	provider.WaitDelay = 10 * time.Second
	output, err := provider.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := provider.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = provider.Wait() }) // reports the interrupt as an error
	spoken := regexp.MustCompile(`"ProtocolVersion":([0-9]+)`)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if match := spoken.FindStringSubmatch(lines.Text()); match != nil {
			if diff := cmp.Diff([]string{match[1] + ".0"}, manifest.Metadata.ProtocolVersions); diff != "" {
				t.Error(diff)
			}
			return
		}
	}
	t.Error("the provider does not report its protocol version")
}

func TestCrossBuildsEveryReleasePlatform(t *testing.T) {
	t.Parallel()

	targets := readBuild(t).Targets
	if len(targets) == 0 {
		t.Fatal(".goreleaser.yml has no targets")
	}
	command := exec.CommandContext(t.Context(), "make", "--no-print-directory", "--dry-run", "cross")
	command.Dir = root
	built := run(t, command)
	if list := fmt.Sprintf("for target in %s;", strings.Join(targets, " ")); !strings.Contains(built, list) {
		t.Errorf("make cross does not run %q; it runs:\n%s", list, built)
	}
}
