package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// commandLine is a terraform or tofu that finds one provider under the name of the real one.
type commandLine struct {
	path          string
	configuration string // its configuration file
}

// newCommandLine writes the configuration file into directory.
func newCommandLine(path, provider, directory string) (commandLine, error) {
	c := commandLine{path: path, configuration: filepath.Join(directory, filepath.Base(filepath.Dir(provider))+".tfrc")}
	text := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"terraform-goto/goto\" = %q\n  }\n}\n", filepath.Dir(provider))
	return c, os.WriteFile(c.configuration, []byte(text), 0o600)
}

// apply applies the configuration in directory and returns the seconds it took.
func (c commandLine) apply(ctx context.Context, directory string, variables ...string) (float64, error) {
	command := exec.CommandContext(ctx, c.path, "apply", "-auto-approve", "-no-color", "-input=false")
	command.Dir = directory
	command.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + directory, "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=" + c.configuration,
	}, variables...)
	started := time.Now()
	output, err := command.CombinedOutput()
	took := time.Since(started).Seconds()
	if err != nil {
		return took, fmt.Errorf("%s apply: %w\n%s", c.path, err, output[max(0, len(output)-2000):])
	}
	return took, nil
}

// writeBlocks writes a configuration with one goto_access_token for each refresh token, "" being the
// provider's own, into directory. Its apply walk is never left out, because something changes at every run.
func writeBlocks(directory string, refreshTokens []string) error {
	var text strings.Builder
	text.WriteString("terraform {\n  required_providers {\n    goto = { source = \"terraform-goto/goto\" }\n  }\n}\n\n" +
		"resource \"terraform_data\" \"every_run\" {\n  triggers_replace = timestamp()\n}\n")
	for i, token := range refreshTokens {
		fmt.Fprintf(&text, "\nephemeral \"goto_access_token\" \"token_%d\" {\n", i)
		if token != "" {
			fmt.Fprintf(&text, "  refresh_token = %q\n", token)
		}
		text.WriteString("}\n")
	}
	return os.WriteFile(filepath.Join(directory, "main.tf"), []byte(text.String()), 0o600)
}
