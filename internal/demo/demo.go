package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/terraform-goto/terraform-provider-goto/internal/commandline"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

const (
	// getCommand is the argument that makes this program a replacement for curl, which may be missing. The provisioner
	// in the configuration runs it.
	getCommand = "get"
	// answerFile is where the provisioner stores the answer of GET Me.
	answerFile = "me.json"
)

// demo is the state of the demo. The directory of cli contains everything that is searched for secrets.
type demo struct {
	cli    commandline.CommandLine
	server *standin.Server
}

// prepare builds the provider and copies the configuration into a subdirectory of directory.
func prepare(ctx context.Context, cli, directory string, server *standin.Server) (*demo, error) {
	path, err := commandline.Find(cli)
	if err != nil {
		return nil, err
	}
	say("$ go build")
	provider, work, configuration := filepath.Join(directory, "provider"), filepath.Join(directory, "work"), filepath.Join(directory, "cli.tfrc")
	if err := commandline.Build(ctx, "-o", provider+string(filepath.Separator), commandline.Module); err != nil {
		return nil, fmt.Errorf("%w\nRun the demo inside the repository", err)
	}
	top, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", commandline.Module).Output()
	if err != nil {
		return nil, err
	}
	// Only this file, because the example's folder may contain a state.
	example, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(top)), "examples", "sign-in-once", "main.tf"))
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	err = errors.Join(os.Mkdir(work, 0o700), os.WriteFile(filepath.Join(work, "main.tf"), example, 0o600),
		commandline.Configure(configuration, map[string]string{"terraform-goto/goto": provider}))
	variables := append(server.Environment(),
		"GOTO_TOKEN_CACHE=file:///"+strings.TrimPrefix(filepath.ToSlash(filepath.Join(work, "tokens")), "/"),
		fmt.Sprintf(`TF_VAR_command="%s" %s %s/admin/rest/v1/me > %s`, program, getCommand, server.URL, answerFile))
	return &demo{commandline.CommandLine{Path: path, Directory: work, Environment: commandline.Environment(configuration, variables...)}, server}, err
}

// run runs the CLI and appends its output to a file, so that the search covers it.
func (d *demo) run(ctx context.Context, arguments ...string) (string, error) {
	typed := strings.Join(arguments, " ")
	if option, address, found := strings.Cut(typed, " callback_url="); found { // quoted for a shell
		typed = option + " 'callback_url=" + address + "'"
	}
	say("$ %s %s", d.cli.Name(), shortenCodes(typed))
	printed, err := d.cli.Run(ctx, arguments...)
	kept, openErr := os.OpenFile(filepath.Join(d.cli.Directory, "printed.txt"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if openErr != nil {
		return printed, errors.Join(err, openErr)
	}
	_, writeErr := kept.WriteString(printed)
	return printed, errors.Join(err, writeErr, kept.Close())
}

// get sends the header in AUTHORIZATION to address and prints the answer.
func get(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", os.Getenv("AUTHORIZATION"))
	response, err := (&http.Client{Transport: &http.Transport{}}).Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", address, response.Status)
	}
	_, err = io.Copy(os.Stdout, response.Body)
	return err
}
