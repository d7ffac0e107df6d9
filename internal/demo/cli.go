package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// cli is the command line under demonstration. It sees nothing of what the user has set up for own
// work, and leaves nothing outside the demo's directory.
type cli struct {
	path        string
	directory   string
	environment []string
	printed     bytes.Buffer // everything it has ever printed
}

func newCLI(path, directory, configFile string, variables ...string) *cli {
	c := &cli{path: path, directory: directory}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(strings.ToUpper(variable), "=")
		if !strings.HasPrefix(name, "GOTO_") && !strings.HasPrefix(name, "TF_") && name != "TERRAFORM_CONFIG" {
			c.environment = append(c.environment, variable)
		}
	}
	c.environment = append(c.environment, variables...)
	c.environment = append(c.environment,
		"TF_CLI_CONFIG_FILE="+configFile,
		"TF_CLI_ARGS=-no-color",
		"TF_INPUT=0",
		"TF_IN_AUTOMATION=1", // no hints about what to type next
		"CHECKPOINT_DISABLE=1",
	)
	return c
}

// run runs the CLI and returns what it printed. The error repeats it.
func (c *cli) run(ctx context.Context, arguments ...string) (string, error) {
	say("$ %s %s", c.name(), shortened(quoted(arguments)))
	var printed bytes.Buffer
	command := exec.CommandContext(ctx, c.path, arguments...)
	command.Dir, command.Env = c.directory, c.environment
	command.Stdout, command.Stderr = &printed, &printed
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) } // so that it ends its providers
	command.WaitDelay = 10 * time.Second
	err := command.Run()
	c.printed.Write(printed.Bytes())
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s", c.name(), arguments[0], err, shortened(printed.String()))
	}
	return printed.String(), err
}

// name is what people call it: terraform or tofu.
func (c *cli) name() string { return strings.TrimSuffix(filepath.Base(c.path), ".exe") }

// quoted joins arguments as they are typed into a shell.
func quoted(arguments []string) string {
	typed := make([]string, len(arguments))
	for i, argument := range arguments {
		if typed[i] = argument; strings.ContainsAny(argument, " ?&") {
			typed[i] = "'" + argument + "'"
		}
	}
	return strings.Join(typed, " ")
}

// show prints the lines that pattern matches.
func show(printed string, pattern *regexp.Regexp) {
	for line := range strings.Lines(printed) {
		if line = strings.TrimRight(line, "\r\n"); pattern.MatchString(line) {
			say("  %s", line)
		}
	}
}

var code = regexp.MustCompile(`(\bcode=[\w.%-]{8})[\w.%-]+`)

// shortened takes the end off every authorization code in text.
func shortened(text string) string { return code.ReplaceAllString(text, "$1…") }

// fileURL is how token_cache names a directory.
func fileURL(directory string) string {
	path := filepath.ToSlash(directory)
	if !strings.HasPrefix(path, "/") { // a drive letter
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}
