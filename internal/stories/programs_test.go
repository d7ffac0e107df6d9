package stories

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"

	"github.com/terraform-goto/terraform-provider-goto/internal/commandline"
)

// programs are the programs that the stories run.
type programs struct {
	cli      string // the command line under test
	product  string // terraform or opentofu
	version  *version.Version
	provider string
	// CLI configuration files: for the provider itself, for laterprovider, and for panickingprovider.
	config, laterConfig, panickingConfig string
}

// buildPrograms builds the providers and finds the command line.
func buildPrograms(t *testing.T) programs {
	t.Helper()
	dir := t.TempDir()
	built := programs{cli: findCommandLine(t), provider: newFilePath(t, dir, "now", "terraform-provider-goto")}
	built.identify(t)
	later := newFilePath(t, dir, "later", "terraform-provider-goto")
	panicking := newFilePath(t, dir, "panicking", "terraform-provider-goto")
	consumer := newFilePath(t, dir, "consumer-provider", "terraform-provider-bearer")
	if err := commandline.Build(t.Context(), "-o", dir+string(filepath.Separator),
		"../..", "./laterprovider", "./panickingprovider", "./consumer"); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		"terraform-provider-goto": built.provider,
		"laterprovider":           later,
		"panickingprovider":       panicking,
		"consumer":                consumer,
	} {
		if err := os.Rename(filepath.Join(dir, from), to); err != nil {
			t.Fatal(err)
		}
	}
	for provider, configuration := range map[string]*string{
		built.provider: &built.config, later: &built.laterConfig, panicking: &built.panickingConfig,
	} {
		*configuration = filepath.Dir(provider) + ".tfrc"
		if err := commandline.Configure(*configuration, map[string]string{
			"terraform-goto/goto": filepath.Dir(provider), "terraform-goto/bearer": filepath.Dir(consumer),
		}); err != nil {
			t.Fatal(err)
		}
	}
	return built
}

// findCommandLine returns the path of the command line under test.
func findCommandLine(t *testing.T) string {
	t.Helper()
	names := []string{"terraform", "tofu"}
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		names = []string{path}
	}
	cli, err := commandline.Find(names...)
	if err != nil {
		t.Fatalf("no command line found: add terraform or tofu to PATH, or set TF_ACC_TERRAFORM_PATH: %v", err)
	}
	return cli
}

// identify sets the product and the version. The command line prints "Terraform v1.11.4" or the like first.
func (p *programs) identify(t *testing.T) {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), p.cli, "version").Output()
	if err != nil {
		t.Fatalf("%s printed no version: %v", p.cli, err)
	}
	first, _, _ := strings.Cut(string(output), "\n")
	product, number, _ := strings.Cut(first, " v")
	p.product = strings.ToLower(product)
	full, err := version.NewVersion(number)
	if err != nil || p.product != "terraform" && p.product != "opentofu" {
		t.Fatalf("%s is neither Terraform nor OpenTofu (error %v): %s", p.cli, err, first)
	}
	p.version = full.Core() // a release candidate behaves like its release
}

// newFilePath creates a directory below dir and returns the path of a file in it.
func newFilePath(t *testing.T, dir, below, name string) string {
	t.Helper()
	path := filepath.Join(dir, below, name)
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// runCommandLine is the program "tf": the command line under test. It stores its output, and the secrets in its
// environment, for the search for leaks.
func runCommandLine() {
	os.Exit(runAndKeep(os.Args[1:]))
}

func runAndKeep(args []string) int {
	output, err := os.CreateTemp(os.Getenv("OUTPUT"), "tf-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	defer output.Close()
	if err := keepSecrets(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	command := exec.CommandContext(context.Background(), os.Getenv("CLI"), args...)
	ownGroup(command)
	command.Stdin = os.Stdin
	command.Stdout = io.MultiWriter(os.Stdout, output)
	command.Stderr = io.MultiWriter(os.Stderr, output)
	received := make(chan os.Signal, 2)
	signal.Notify(received, signals...)
	if err := command.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	go func() {
		for sent := range received {
			_ = signalGroup(command.Process, sent) // fails if the command line has just ended
		}
	}()
	if err := command.Wait(); err != nil {
		return cmp.Or(max(command.ProcessState.ExitCode(), 0), 1)
	}
	return 0
}
