package release

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const configuration = `terraform {
  required_providers {
    goto = {
      source  = "terraform-goto/goto"
      version = "` + version + `"
    }
  }
}

data "goto_authorize_url" "example" {}
`

// The CLI finds the provider only through files below the home directory.
func TestInstallAndUninstall(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("make soak runs this")
	}

	home, workspace := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(workspace, "main.tf"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(home, "documents"), 0o700); err != nil { // a home directory is never empty
		t.Fatal(err)
	}
	environment := append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME=", "XDG_DATA_HOME=",
		"TF_CLI_CONFIG_FILE=", "TF_PLUGIN_CACHE_DIR=", "TF_DATA_DIR=", "CHECKPOINT_DISABLE=1", "MAKEFLAGS=")
	for _, variable := range []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOENV"} { // their defaults depend on HOME
		value := strings.TrimSpace(run(t, exec.CommandContext(t.Context(), "go", "env", variable)))
		environment = append(environment, variable+"="+value)
	}
	do := func(directory, name string, arguments ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), name, arguments...)
		command.Dir, command.Env = directory, environment
		return run(t, command)
	}
	cli := cmp.Or(os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform")

	do(root, "make", "install", "VERSION="+version)
	do(workspace, cli, "init", "-no-color")
	do(workspace, cli, "validate", "-no-color")
	if said := do(workspace, cli, "version"); !strings.Contains(said, "terraform-goto/goto v"+version) {
		t.Errorf("the CLI does not use the installed provider: %s", said)
	}

	do(root, "make", "uninstall", "VERSION="+version)
	if _, err := os.Stat(filepath.Join(home, ".terraform.d")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("uninstalling leaves files behind: %v", err)
	}
}
