package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	module  = "github.com/terraform-goto/terraform-provider-goto"
	version = "0.0.1"
)

// repository returns the top directory of the repository.
func repository(ctx context.Context) (string, error) {
	printed, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("finding the repository (start the demo inside it): %w", err)
	}
	return strings.TrimSpace(string(printed)), nil
}

// install builds the provider and makes it the only one that a CLI with the returned configuration
// file can find. Terraform and OpenTofu each look for it under the name of their own registry.
func install(ctx context.Context, repository, directory string) (configFile string, err error) {
	binary := "terraform-provider-goto_v" + version
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	mirror := filepath.Join(directory, "providers")
	inRegistry := func(host string) string {
		return filepath.Join(mirror, host, "terraform-goto", "goto", version, runtime.GOOS+"_"+runtime.GOARCH)
	}
	built := filepath.Join(inRegistry("registry.terraform.io"), binary)

	say("$ go build")
	command := exec.CommandContext(ctx, "go", "build", "-o", built, ".")
	command.Dir = repository
	if printed, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, printed)
	}
	program, err := os.ReadFile(built)
	if err != nil {
		return "", err
	}
	opentofu := inRegistry("registry.opentofu.org")
	configFile = filepath.Join(directory, "cli.tfrc")
	return configFile, errors.Join(
		os.MkdirAll(opentofu, 0o700),
		os.WriteFile(filepath.Join(opentofu, binary), program, 0o700),
		os.WriteFile(configFile, fmt.Appendf(nil,
			"provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(mirror)), 0o600),
	)
}
