// Package commandline runs terraform or tofu with only the providers that were built from this module.
package commandline

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Module is the path of this module, for [Build].
const Module = "github.com/terraform-goto/terraform-provider-goto"

// CommandLine is terraform or tofu, run in a directory.
type CommandLine struct {
	Path        string // see [Find]
	Directory   string
	Environment []string // see [Environment]
}

// Run runs the command line and returns its output. When ctx is done, the command line is interrupted, so that it stops
// its providers.
func (c CommandLine) Run(ctx context.Context, arguments ...string) (printed string, err error) {
	var output bytes.Buffer
	command := exec.CommandContext(ctx, c.Path, arguments...)
	command.Dir, command.Env = c.Directory, c.Environment
	command.Stdout, command.Stderr = &output, &output
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	if err := command.Run(); err != nil {
		return output.String(), fmt.Errorf("%s %s: %w", c.Name(), arguments[0], err)
	}
	return output.String(), nil
}

// Name returns the name of the command line: terraform or tofu.
func (c CommandLine) Name() string { return strings.TrimSuffix(filepath.Base(c.Path), ".exe") }

// Find returns the absolute path of the first of these programs that exists. Each is given as a path or a name in PATH.
func Find(names ...string) (path string, err error) {
	for _, name := range names {
		if path, err = exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", err
}

// Build runs "go build" with arguments.
func Build(ctx context.Context, arguments ...string) error {
	if output, err := exec.CommandContext(ctx, "go", append([]string{"build"}, arguments...)...).CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, output)
	}
	return nil
}

// Configure writes a CLI configuration to path. It names no registry, so that nothing needs "init" or the network.
// Providers maps the addresses of providers to their folders.
func Configure(path string, providers map[string]string) error {
	var text strings.Builder
	text.WriteString("provider_installation {\n  dev_overrides {\n")
	for address, folder := range providers {
		fmt.Fprintf(&text, "    %q = %q\n", address, filepath.ToSlash(folder))
	}
	text.WriteString("  }\n}\n")
	return os.WriteFile(path, []byte(text.String()), 0o600)
}

// Environment returns the environment of this process without the user's own settings, with a configuration from
// [Configure], and with variables.
func Environment(configuration string, variables ...string) []string {
	environment := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name := strings.ToUpper(variable)
		return strings.HasPrefix(name, "GOTO_") || strings.HasPrefix(name, "TF_") || strings.HasPrefix(name, "TERRAFORM_CONFIG=")
	})
	environment = append(environment, "TF_CLI_CONFIG_FILE="+configuration, "TF_CLI_ARGS=-no-color", "TF_INPUT=0", "CHECKPOINT_DISABLE=1")
	return append(environment, variables...)
}
